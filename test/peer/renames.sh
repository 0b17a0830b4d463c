#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh renames.sh CPMSYNC BIN_DIR
#
# Another client renames mailboxes on the server of the variables PEER_*: one with another below it, then two change names.
# Where the server offers OBJECTID the caches have moved and nothing is downloaded again; elsewhere what has gone is reported and
# kept. Each time what is listed is cached as the server has it. BIN_DIR holds churn.
set -eu
cpmsync=$1
bin=$2
work=$(mktemp -d ./renames.XXXXXX)
trap 'rm -rf "$work"' EXIT
CPMSYNC_PASSWORD=$PEER_PASSWORD
export CPMSYNC_PASSWORD

fail() { echo "$*" >&2; exit 1; }

online() {
    "$cpmsync" --url "imaps://$PEER_USER@$PEER_HOST:$PEER_PORT/" --ca "$PEER_CA" --store "$work/store" "$@"
}

synchronise() { # WHAT
    online --stats sync >"$work/out" 2>"$work/err" || fail "$1: $(cat "$work/err")"
    echo "$1: $(grep -v '^{' "$work/err" | sort | tr '\n' ' ')"
    echo "  $(grep '^{' "$work/err")"
}

equal() { # MAILBOX...
    for mailbox in "$@"; do
        "$cpmsync" --store "$work/store" dump "$mailbox" >"$work/dump"
        "$bin/churn" truth "$mailbox" >"$work/truth"
        [ "$(wc -l <"$work/truth")" -gt 5 ] || fail "nothing to compare with"
        cmp "$work/dump" "$work/truth" || fail "$mailbox is not what the server has"
    done
}

told() { # OLD NEW: and nothing was fetched
    if [ -n "$followed" ]; then
        grep -qx "cpmsync: $1: its name is now $2" "$work/err" || fail "the rename of $1 was not seen"
        ! "$cpmsync" --store "$work/store" dump "$1" >"$work/dump" 2>&1 || [ "$3" = taken ] || fail "$1 is still cached"
        grep -q '"messages_added":0,' "$work/err" || fail "messages were fetched again"
    elif [ "$3" = free ]; then
        grep -q "^cpmsync: $1: the server does not list it any more" "$work/err" || fail "$1 was not reported"
    fi
}

followed=
online capabilities | grep -q '^offered .*OBJECTID' && followed=yes
delimiter=$(online --json list INBOX | sed 's/.*"delimiter":"\(.\)".*/\1/')
uidvalidity() { "$bin/churn" truth "$1" | sed -n '1s/^uidvalidity \([0-9]*\) .*/\1/p'; }

for mailbox in Moved "Moved${delimiter}below" One Two; do
    "$bin/churn" create "$mailbox"
    "$bin/churn" deliver "$mailbox" 1 10
done
# Cyrus makes UIDVALIDITYs from the clock: names that are changed within one second break RFC 3501 2.3.1.1, and nothing shows it.
tries=0
while [ "$(uidvalidity One)" = "$(uidvalidity Two)" ]; do
    tries=$((tries + 1))
    [ $tries -le 1000 ] || fail "One and Two have one UIDVALIDITY"
    "$bin/churn" delete Two
    "$bin/churn" create Two
    "$bin/churn" deliver Two 1 10
done
synchronise "First synchronisation"
equal Moved "Moved${delimiter}below" One Two

"$bin/churn" rename Moved Elsewhere
# Not every server takes along what is below.
online list "Moved${delimiter}below" | grep -q . && "$bin/churn" rename "Moved${delimiter}below" "Elsewhere${delimiter}below"
synchronise "Renamed, with one below"
told Moved Elsewhere free
told "Moved${delimiter}below" "Elsewhere${delimiter}below" free
equal Elsewhere "Elsewhere${delimiter}below"

"$bin/churn" exactly One 1 2 1 1
"$bin/churn" rename One Aside
"$bin/churn" rename Two One
"$bin/churn" rename Aside Two
synchronise "Two changed names"
equal One Two
if [ -n "$followed" ]; then
    grep -q "its name is now One$" "$work/err" && grep -q "its name is now Two$" "$work/err" || fail "names were not changed"
    grep -q '"messages_added":1,' "$work/err" || fail "more than the new message was fetched"
fi
"$bin/churn" rename Two Three
synchronise "Renamed once more"
told Two Three free
equal Three
if [ -n "$followed" ]; then echo "renames are followed"; else echo "renames are reported"; fi
