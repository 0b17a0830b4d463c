#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh cli_errors.sh CPMSYNC BIN_DIR
#
# What cpmsync says when something is wrong: one clear line on stderr, nothing on stdout, and the right exit status. The
# server is the one of the variables PEER_*; BIN_DIR holds make_tls and silent_server.
set -eu
cpmsync=$1
bin=$2
work=$(mktemp -d ./cli_errors.XXXXXX)
silent=
trap '[ -z "$silent" ] || kill $silent 2>/dev/null; rm -rf "$work"' EXIT
failed=0

# fails NAME STATUS PATTERN OPTION-OR-ARGUMENT...
fails() {
    name=$1 expected=$2 pattern=$3
    shift 3
    status=0
    "$cpmsync" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    echo "$name: $(cat "$work/err")"
    [ "$status" = "$expected" ] || { echo "  FAILED: status $status, not $expected"; failed=1; }
    [ "$(wc -l <"$work/err")" = 1 ] || { echo "  FAILED: not one line"; failed=1; }
    [ ! -s "$work/out" ] || { echo "  FAILED: output: $(head -n 1 "$work/out")"; failed=1; }
    grep -Eq "$pattern" "$work/err" || { echo "  FAILED: it does not say '$pattern'"; failed=1; }
}

wait_for_port() { # FILE
    tries=0
    until [ -s "$1" ]; do
        tries=$((tries + 1))
        [ $tries -le 100 ] || { echo "no port in $1"; exit 1; }
        sleep 0.05
    done
}

"$bin/make_tls" "$work/wrong" localhost
"$bin/silent_server" "$work/port" &
silent=$!
wait_for_port "$work/port"
silent_port=$(cat "$work/port")
url=imaps://$PEER_USER@localhost:$PEER_PORT/
CPMSYNC_PASSWORD=$PEER_PASSWORD
export CPMSYNC_PASSWORD

fails 'wrong certificate' 4 '^cpmsync: connection to localhost:[0-9]+: .*certificate.*; .*--ca' \
    --url "$url" --ca "$work/wrong/ca.pem" sync INBOX
fails 'wrong host' 4 '^cpmsync: connection to 127\.0\.0\.1:[0-9]+: .*another host.*; use the host name' \
    --url "imaps://$PEER_USER@127.0.0.1:$PEER_PORT/" --ca "$PEER_CA" sync INBOX
fails 'unreadable CA' 4 '^cpmsync: connection to .*; check the file named with --ca' \
    --url "$url" --ca "$work/none.pem" sync INBOX
for mechanism in LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256; do
    fails "wrong password, $mechanism" 3 '^cpmsync: login of .*; check the user and the password' \
        --url "$url" --ca "$PEER_CA" --password-file "$work/wrong/cert.pem" --mech $mechanism sync INBOX
done
fails 'no password' 2 '^cpmsync: --password-file /dev/null: its first line is missing' \
    --url "$url" --password-file /dev/null sync INBOX
fails 'no such mailbox' 1 '^cpmsync: sync of Nowhere: .*; check its name' \
    --url "$url" --ca "$PEER_CA" sync Nowhere
fails 'a server that falls silent before the handshake' 4 '^cpmsync: connection to .*; .*--timeout' \
    --url "imaps://alice@127.0.0.1:$silent_port/" --timeout 1 sync INBOX
fails 'a server that falls silent before the greeting' 4 '^cpmsync: connection to .*; .*--timeout' \
    --url "imap://alice@127.0.0.1:$silent_port/" --plaintext --timeout 1 sync INBOX
"$cpmsync" --url "imaps://alice@127.0.0.1:$silent_port/" --timeout 60 sync INBOX >"$work/out" 2>"$work/err" &
pid=$!
sleep 0.5
kill -TERM $pid
status=0
wait $pid || status=$?
echo "interrupted: $(cat "$work/err")"
[ "$status" = 1 ] || { echo "  FAILED: status $status, not 1"; failed=1; }
[ "$(cat "$work/err")" = 'cpmsync: interrupted: what was complete is kept; run it again for the rest' ] || failed=1
kill "$silent"
wait "$silent" 2>/dev/null || true
silent=
fails 'dead server' 4 '^cpmsync: connection to 127\.0\.0\.1:[0-9]+: .*refused.*; check host and port' \
    --url "imaps://alice@127.0.0.1:$silent_port/" sync INBOX
fails 'no such host' 4 '^cpmsync: connection to nowhere\.invalid:993: .*; check the host' \
    --url imaps://alice@nowhere.invalid/ --timeout 20 sync INBOX

echo 'no store at all, but longer than the head of an SQLite file, so that it is looked at: 0123456789' >"$work/text"
fails 'a file that is no store' 5 '^cpmsync: store .*; ' --url "$url" --ca "$PEER_CA" --store "$work/text" sync INBOX
fails 'no store to dump' 5 '^cpmsync: store .*; synchronise' --store "$work/none" dump INBOX
"$cpmsync" --url "$url" --ca "$PEER_CA" --store "$work/store" sync INBOX >/dev/null
fails "another account's store" 5 '^cpmsync: store .*; use another --store' \
    --url "imaps://bob@localhost:$PEER_PORT/" --store "$work/store" sync INBOX
fails 'a mailbox that is not cached' 1 '^cpmsync: dump of Nowhere: .*; synchronise it first' \
    --store "$work/store" dump Nowhere
fails 'usage' 2 '^cpmsync: journal: not in this version' --url "$url" journal
[ $failed = 0 ] && echo "every error was one line with the right status"
exit $failed
