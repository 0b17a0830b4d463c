#!/bin/sh
# SPDX-License-Identifier: MIT
# sh churn.sh BIN_DIR: the other client does what it says, on the server of the variables PEER_*.
set -eu
churn=$1/churn
mailbox=Churn
fail() { echo "$*" >&2; exit 1; }
first_line() { "$churn" truth $mailbox | head -n 1; }

"$churn" delete $mailbox 2>/dev/null || true
"$churn" create $mailbox
"$churn" deliver $mailbox 1 200
case $(first_line) in *' uidnext 201 '*' messages 200') ;; *) fail "200 deliveries: $(first_line)" ;; esac
before=$("$churn" truth $mailbox)
"$churn" exactly $mailbox 2 20 10 5
case $(first_line) in *' uidnext 206 '*' messages 195') ;; *) fail "20 flags, 10 expunges, 5 deliveries: $(first_line)" ;; esac
changed=$({ echo "$before"; "$churn" truth $mailbox; } | grep -v uidvalidity | sort | uniq -u | cut -d' ' -f1 | sort -u | wc -l)
[ "$changed" = 35 ] || fail "20 flags, 10 expunges, 5 deliveries changed $changed messages"
"$churn" rounds $mailbox 3 20
[ "$("$churn" truth $mailbox)" != "$before" ] || fail "20 rounds changed nothing"
