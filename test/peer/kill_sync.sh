#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh kill_sync.sh CPMSYNC BIN_DIR [MESSAGES [KILLS [DELAY_MS]]]
#
# `cpmsync sync` of a mailbox of MESSAGES (20,000) on the server of the variables PEER_* is killed with -9 KILLS (20) times,
# through a proxy that delays each way by DELAY_MS (40), at different moments behind the SELECT that its trace shows. Then
# the store is looked into: every fifth time the first synchronisation was killed, and the store must hold what the server
# has of the UIDs it says are covered; else another client had changed 100 flags, expunged 50 messages and delivered 20, and
# the store must hold the state from before, or the new one, whole. The synchronisation after that equals the server.
set -eu
cpmsync=$1
bin=$2
messages=${3:-20000}
kills=${4:-20}
delay=${5:-40}
work=$(mktemp -d ./kill_sync.XXXXXX)
proxy=
trap '[ -z "$proxy" ] || kill $proxy 2>/dev/null; rm -rf "$work"' EXIT
mailbox=KillSync
CPMSYNC_PASSWORD=$PEER_PASSWORD
export CPMSYNC_PASSWORD

# Takes the place of the shell, so that what is killed is the command itself.
synchronise() { # OPTION...
    exec "$cpmsync" --url "imaps://$PEER_USER@localhost:$(cat "$work/port")/" --ca "$PEER_CA" --store "$work/store" "$@" \
        sync "$mailbox"
}

dump() { "$cpmsync" --store "$work/store" dump "$mailbox"; }

# Waits until `test ARGUMENT...` holds, 5 seconds at most.
await() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -le 500 ] || { echo "in vain awaited: $*" >&2; exit 1; }
        sleep 0.01
    done
}

shows_select() { grep -q 'SELECT' "$work/trace" 2>/dev/null; }

kill_one() { # SECONDS behind the SELECT
    rm -f "$work/trace"
    (synchronise --trace "$work/trace") >/dev/null 2>&1 &
    victim=$!
    await shows_select
    sleep "$1"
    kill -9 $victim 2>/dev/null || true
    wait $victim 2>/dev/null || true
}

# What the server has of the UIDs below the dump's uidnext must be what the dump has.
holds_a_part() {
    uidnext=$(sed -n '1s/.* uidnext \([0-9]*\) .*/\1/p' "$work/dump")
    awk -v end="$uidnext" 'NR > 1 && $1 < end' "$work/truth" >"$work/part"
    tail -n +2 "$work/dump" | cmp -s - "$work/part" &&
        [ "$(sed -n '1s/.* messages //p' "$work/dump")" -eq "$(wc -l <"$work/part")" ]
}

"$bin/churn" delete "$mailbox" 2>/dev/null || true
"$bin/churn" create "$mailbox"
"$bin/churn" deliver "$mailbox" 1 "$messages"
setpriv --pdeathsig TERM "$bin/flight_proxy" localhost "$PEER_PORT" "$delay" "$work/port" >/dev/null &
proxy=$!
await test -s "$work/port"
(synchronise) >/dev/null
before=0 after=0 parts=0 done=0
while [ $done -lt "$kills" ]; do
    done=$((done + 1))
    pause=$(awk -v n="$done" 'BEGIN { printf "%.3f", (n * 37 % 20) * 0.005 }')
    if [ $((done % 5)) -eq 0 ]; then
        rm -f "$work"/store*
        kill_one "$pause"
        "$bin/churn" truth "$mailbox" >"$work/truth"
        if dump >"$work/dump" 2>/dev/null; then
            holds_a_part || { echo "kill $done: the store holds a mixture: $(head -n 1 "$work/dump")" >&2; exit 1; }
        fi
        parts=$((parts + 1))
    else
        dump >"$work/old"
        "$bin/churn" exactly "$mailbox" $((done + 1)) 100 50 20
        "$bin/churn" truth "$mailbox" >"$work/truth"
        kill_one "$pause"
        dump >"$work/dump"
        if cmp -s "$work/dump" "$work/old"; then
            before=$((before + 1))
        elif cmp -s "$work/dump" "$work/truth"; then
            after=$((after + 1))
        elif holds_a_part; then
            parts=$((parts + 1)) # the old messages are committed, the range of new ones is not
        else
            echo "kill $done: the store holds neither the old nor the new state" >&2
            diff "$work/old" "$work/dump" | head -n 5 >&2
            exit 1
        fi
    fi
    (synchronise) >/dev/null
    dump | cmp - "$work/truth" || { echo "kill $done: the next synchronisation does not equal the server" >&2; exit 1; }
done
echo "$kills kills behind the SELECT: $before left the old state, $after the new one, $parts a first or last part, none a mixture"
