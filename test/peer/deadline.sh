#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh deadline.sh CPMSYNC PEER_DEADLINE BIN_DIR [MAILBOXES [DELAY_MS [MILLISECONDS...]]]
#
# On the server of the variables PEER_*: the first synchronisation of an account of MAILBOXES (100) mailboxes of 20 messages,
# through a proxy that delays each way by DELAY_MS (5), is to be over after so many MILLISECONDS (20 60 200), each on a store of its
# own. What was not left is in the store as a whole synchronisation has it; what was left is named; and together they are all.
# BIN_DIR holds churn and flight_proxy.
set -eu
cpmsync=$1
deadline=$2
bin=$3
mailboxes=${4:-100}
delay=${5:-5}
[ $# -le 5 ] || shift 5
[ "$1" != "$cpmsync" ] || set -- 20 60 200
work=$(mktemp -d ./deadline.XXXXXX)
proxy=
trap '[ -z "$proxy" ] || kill $proxy 2>/dev/null; rm -rf "$work"' EXIT
CPMSYNC_PASSWORD=$PEER_PASSWORD
export CPMSYNC_PASSWORD

. "$(dirname "$0")/account_setup.sh"

dump() { # STORE MAILBOX: nothing if it is not there
    "$cpmsync" --store "$work/$1" dump "$2" 2>/dev/null || true
}

make_account
start_proxy
url=imaps://$PEER_USER@localhost:$(cat "$work/port")/
"$cpmsync" --url "$url" --ca "$PEER_CA" --store "$work/whole" sync >"$work/out"
"$cpmsync" --store "$work/whole" mailboxes | sed 's/ messages .*//' >"$work/all"

for ms in "$@"; do
    "$deadline" "$ms" --url "$url" --ca "$PEER_CA" --store "$work/$ms" sync >"$work/left" 2>"$work/err" ||
        fail "$ms: $(cat "$work/err")"
    [ "$(sort "$work/left" | uniq -d | wc -l)" = 0 ] || fail "$ms: a mailbox was left twice"
    synchronised=0
    while read -r mailbox; do
        grep -qxF "$mailbox" "$work/left" && continue
        dump whole "$mailbox" >"$work/one"
        dump "$ms" "$mailbox" >"$work/other"
        # Before the list is there nothing is known to be left, and nothing is stored.
        if [ ! -s "$work/other" ] && [ ! -s "$work/left" ]; then continue; fi
        cmp "$work/one" "$work/other" || fail "$ms: $mailbox is neither left nor whole"
        synchronised=$((synchronised + 1))
    done <"$work/all"
    echo "$ms ms: $synchronised of $(wc -l <"$work/all") mailboxes whole, $(wc -l <"$work/left") left; $(cat "$work/err")"
    "$cpmsync" --url "$url" --ca "$PEER_CA" --store "$work/$ms" sync >"$work/out" || fail "$ms: it does not go on"
    while read -r mailbox; do
        dump whole "$mailbox" >"$work/one"
        dump "$ms" "$mailbox" >"$work/other"
        cmp "$work/one" "$work/other" || fail "$ms: $mailbox is not whole at the end"
    done <"$work/all"
done
