#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh seen_to_hold.sh CPMSYNC BIN_DIR [MESSAGES [DELAY_MS]]
#
# The main job on the server of the variables PEER_*: MESSAGES (10,000) messages are synchronised; another client changes
# 100 flags, expunges 50 messages and delivers 20; `cpmsync sync` brings the cache up to date and `cpmsync dump` equals the
# server's words. Prints octets, flights and peak memory of both synchronisations, counted by a proxy that delays each
# way by DELAY_MS (20); the second one must take one flight. BIN_DIR holds churn and flight_proxy.
set -eu
cpmsync=$1
bin=$2
messages=${3:-10000}
delay=${4:-20}
work=$(mktemp -d ./seen_to_hold.XXXXXX)
proxy=
trap '[ -z "$proxy" ] || kill $proxy 2>/dev/null; rm -rf "$work"' EXIT
mailbox=SeenToHold
CPMSYNC_PASSWORD=$PEER_PASSWORD
export CPMSYNC_PASSWORD

synchronise() { # WHAT
    before=$(wc -l <"$work/flights")
    "$cpmsync" --url "imaps://$PEER_USER@localhost:$(cat "$work/port")/" --ca "$PEER_CA" --store "$work/store" --stats \
        sync "$mailbox" 2>"$work/stats" || { cat "$work/stats" >&2; exit 1; }
    echo "$1"
    echo "  cpmsync --stats: $(cat "$work/stats")"
    tries=0
    until [ "$(wc -l <"$work/flights")" -gt "$before" ]; do
        tries=$((tries + 1))
        [ $tries -le 100 ] || { echo "the proxy saw no connection end" >&2; exit 1; }
        sleep 0.05
    done
    tail -n +"$((before + 1))" "$work/flights" | sed 's/^/  the proxy:       /'
}

# A known server: one flight, the TLS session resumed, and the proxy counts the same but for LOGOUT's (R1, R2). It counts
# bursts: on a machine so busy that the client sleeps inside one, what comes meanwhile makes two of it. True if not so.
in_one_flight() {
    counted=$(tail -n 1 "$work/flights" | sed 's/.*"flights":\([0-9]*\).*/\1/')
    grep -q '"flights":1,.*"tls_resumed":1,' "$work/stats" || { echo "not in one flight" >&2; exit 1; }
    [ "$counted" -eq 2 ]
}

# Changes, synchronises and compares until the proxy counted one flight.
until_one_flight() { # WHAT [CHURN...]
    what=$1
    shift
    tried=0
    until [ $tried -gt 0 ] && in_one_flight; do
        tried=$((tried + 1))
        [ $tried -le 5 ] || { echo "the proxy counted more than one flight" >&2; exit 1; }
        if [ $# -gt 0 ]; then
            "$bin/churn" "$@"
            sleep 2 # a Maildir changed less than a second ago is read anew
        fi
        synchronise "$what"
        compare
    done
}

compare() {
    "$cpmsync" --store "$work/store" dump "$mailbox" >"$work/dump"
    "$bin/churn" truth "$mailbox" >"$work/truth"
    cmp "$work/dump" "$work/truth" || { diff "$work/dump" "$work/truth" | head -n 10; exit 1; }
    echo "  cache and server are equal: $(head -n 1 "$work/dump")"
}

: >"$work/flights"
"$bin/churn" delete "$mailbox" 2>/dev/null || true
"$bin/churn" create "$mailbox"
"$bin/churn" deliver "$mailbox" 1 "$messages"
setpriv --pdeathsig TERM "$bin/flight_proxy" localhost "$PEER_PORT" "$delay" "$work/port" >"$work/flights" &
proxy=$!
tries=0
until [ -s "$work/port" ]; do
    tries=$((tries + 1))
    [ $tries -le 100 ] || { echo "the proxy did not start" >&2; exit 1; }
    sleep 0.05
done

synchronise "First synchronisation of $messages messages:"
compare
until_one_flight "After another client changed 100 flags, expunged 50, delivered 20 (flights with LOGOUT):" \
    exactly "$mailbox" 2 100 50 20
until_one_flight "Nothing changed:"
