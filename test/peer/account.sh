#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh account.sh CPMSYNC BIN_DIR [MAILBOXES [DELAY_MS [CAPABILITY]]]
#
# The whole account on the server of the variables PEER_*: MAILBOXES (100) mailboxes of 20 messages are synchronised for the
# first time; again when nothing changed, when another client changed three of them, and all. Each time every cached mailbox
# equals the server's words. Prints octets, flights and time of each, through a proxy that delays each way by DELAY_MS (5):
# nothing changed is one flight, anything else two. With CAPABILITY, the client acts as if the server had not got it, and
# flights are not judged but without COMPRESS=DEFLATE, which costs none. BIN_DIR holds churn and flight_proxy.
set -eu
cpmsync=$1
bin=$2
mailboxes=${3:-100}
delay=${4:-5}
disable=${5:-}
judged=yes
[ -z "$disable" ] || [ "$disable" = COMPRESS=DEFLATE ] || judged=
work=$(mktemp -d ./account.XXXXXX)
proxy=
trap '[ -z "$proxy" ] || kill $proxy 2>/dev/null; rm -rf "$work"' EXIT
CPMSYNC_PASSWORD=$PEER_PASSWORD
export CPMSYNC_PASSWORD

. "$(dirname "$0")/account_setup.sh"

synchronise() { # WHAT MAILBOXES_SYNCHRONISED
    "$cpmsync" --url "imaps://$PEER_USER@localhost:$(cat "$work/port")/" --ca "$PEER_CA" --store "$work/store" --stats \
        --trace "$work/trace" ${disable:+--disable $disable} sync >"$work/out" 2>"$work/stats" || { cat "$work/stats" >&2; exit 1; }
    echo "$1: $(tail -n 1 "$work/out")"
    echo "  $(cat "$work/stats")"
    [ -z "$judged" ] || [ -z "$2" ] || tail -n 1 "$work/out" | grep -q " $2 of them synchronised" || fail "$2 should have been synchronised"
}

in_flights() { # COUNT
    [ -z "$judged" ] || grep -q "\"flights\":$1," "$work/stats" || fail "not in $1 flights"
    [ "$PEER_SERVER" != dovecot ] || grep -q '"tls_resumed":1,' "$work/stats" || fail "the TLS session was not resumed"
}

# Without CONDSTORE the cache knows no mod-sequences.
known() {
    if [ "$disable" = CONDSTORE ]; then sed 's/ highestmodseq [0-9]*//; s/^\([0-9]*\) [0-9]* /\1 /'; else cat; fi
}

compare() {
    number=0
    while [ $number -lt "$mailboxes" ]; do
        number=$((number + 1))
        "$cpmsync" --store "$work/store" dump "Account$number" | known >"$work/dump"
        "$bin/churn" truth "Account$number" | known >"$work/truth"
        [ -s "$work/truth" ] || fail "nothing to compare with"
        cmp "$work/dump" "$work/truth" || { diff "$work/dump" "$work/truth" | head -n 10; exit 1; }
    done
    echo "  $number caches equal the server"
}

change() { # MAILBOX
    "$bin/churn" exactly "Account$1" "$seed" 2 1 1
}

make_account
start_proxy

synchronise "First synchronisation" ""
compare
if [ "$disable" = COMPRESS=DEFLATE ] || [ -n "${WITHOUT_ZLIB:-}" ]; then
    ! grep -q ' COMPRESS DEFLATE' "$work/trace" || fail "it was asked to compress"
else
    tag=$(sed -n 's/.*> \(C[0-9]*\) COMPRESS DEFLATE.*/\1/p' "$work/trace")
    [ -n "$tag" ] && grep -q "< $tag OK " "$work/trace" || fail "nothing was compressed"
fi
synchronise "Nothing changed" 0
in_flights 1

seed=1
for number in 1 $((mailboxes / 2)) "$mailboxes"; do change $number; done
synchronise "Three changed" 3
in_flights 2
compare

seed=2
number=0
while [ $number -lt "$mailboxes" ]; do
    number=$((number + 1))
    change $number
done
synchronise "All changed" "$mailboxes"
in_flights 2
compare
