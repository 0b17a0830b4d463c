#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh kill_sync.sh CPMSYNC BIN_DIR [MESSAGES [KILLS [DELAY_MS]]]
#
# `cpmsync sync` of a mailbox of MESSAGES (20,000) on the server of the variables PEER_* is killed with -9 KILLS (20) times,
# through a proxy that delays each way by DELAY_MS (40) and lets the server's octets pass in small portions, until the trace
# shows the SELECT sent and as much behind it as is due this time. Then the store is looked into: every fifth time the first
# synchronisation was killed, and the store must hold what the server has of the UIDs it says are covered; else another client
# had changed 100 flags, expunged 50 messages and delivered 20, and the store must hold the state from before, or the new one,
# whole; the one from before if the trace has no OK to the SELECT. The synchronisation after that equals the server.
# What the store holds has its descriptors, at any time. Three of four kills or more must have fallen between the SELECT and the commit: there is no such OK in the trace, or, the
# first time, not all is in the store.
#
# With 20,000 messages, from the build directory:
#   sh ../test/peer/dovecot.sh test/peer test/peer/tls sh ../test/peer/kill_sync.sh examples/cpmsync/cpmsync test/peer
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

# A message and its descriptor are stored together.
is_described() {
    "$cpmsync" --store "$work/store" --json dump "$mailbox" >"$work/json" 2>/dev/null || return 0
    undescribed=$(tail -n +2 "$work/json" | grep -vc '"size":[0-9]*,"internaldate":[0-9]*,"header":{"Message-ID":"<' || true)
    [ "$undescribed" -eq 0 ] || { echo "kill $done: $undescribed messages have no descriptor" >&2; exit 1; }
}

# Until the command succeeds.
await() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -le 1000 ] || { echo "in vain awaited: $*" >&2; exit 1; }
        sleep 0.01
    done
}

# The tagged OK to the SELECT.
shows_answer() {
    tag=$(sed -n 's/.*[> ]\([^ ]*\) SELECT.*/\1/p' "$work/trace" | head -n 1)
    [ -n "$tag" ] && grep -q "^[0-9]*< $tag OK" "$work/trace"
}

# The trace has the SELECT and this many octets behind it.
has_grown() { # OCTETS
    awk -v most="$1" '/SELECT/ { on = 1 } on { n += length($0) + 1 } END { exit !(on && n >= most) }' "$work/trace"
}

# Whether the moment has come; if not, the server may say a little more.
let_pass_until() { # CONDITION...
    "$@" || ! kill -0 $victim 2>/dev/null || { kill -USR1 $proxy && return 1; }
}

kill_one() { # CONDITION...
    : >"$work/trace"
    kill -USR1 $proxy
    (synchronise --trace "$work/trace") >/dev/null 2>&1 &
    victim=$!
    await let_pass_until "$@"
    kill -9 $victim 2>/dev/null || true
    wait $victim 2>/dev/null || true
    kill -USR2 $proxy
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
before=0 after=0 parts=0 done=0 between=0
while [ $done -lt "$kills" ]; do
    done=$((done + 1))
    if [ $((done % 5)) -eq 0 ]; then
        rm -f "$work"/store*
        kill_one has_grown $((done * 1000))
        "$bin/churn" truth "$mailbox" >"$work/truth"
        if dump >"$work/dump" 2>/dev/null; then
            holds_a_part || { echo "kill $done: the store holds a mixture: $(head -n 1 "$work/dump")" >&2; exit 1; }
        fi
        cmp -s "$work/dump" "$work/truth" || between=$((between + 1))
        parts=$((parts + 1))
    else
        dump >"$work/old"
        "$bin/churn" exactly "$mailbox" $((done + 1)) 100 50 20
        "$bin/churn" truth "$mailbox" >"$work/truth"
        if [ $((done % 16)) -eq 7 ]; then
            kill_one shows_answer
        else
            kill_one has_grown $(((done * 37 % 20) * 250))
        fi
        shows_answer || between=$((between + 1))
        dump >"$work/dump"
        if cmp -s "$work/dump" "$work/old"; then
            before=$((before + 1))
        elif ! shows_answer; then
            echo "kill $done: SELECT was not answered, and the store does not hold the old state" >&2
            exit 1
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
    is_described
    (synchronise) >/dev/null
    is_described
    dump | cmp - "$work/truth" || { echo "kill $done: the next synchronisation does not equal the server" >&2; exit 1; }
done
echo "$kills kills behind the SELECT: $before left the old state, $after the new one, $parts a first or last part, none a mixture"
echo "$between of them fell between the SELECT and the commit"
[ $((between * 4)) -ge $((kills * 3)) ] || { echo "fewer than three of four" >&2; exit 1; }
