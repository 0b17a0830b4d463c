#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh cli_trust.sh CPMSYNC SERVER BIN_DIR
#
# R26 seen from outside: what is saved in FILE.tls is resumed by the same account under the same authority and by nobody
# else. SERVER is the mock server, which makes its own certificate; BIN_DIR holds make_tls.
set -eu
cpmsync=$1
server=$2
bin=$3
work=$(mktemp -d ./cli_trust.XXXXXX)
pid=
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$work"' EXIT
failed=0

"$bin/make_tls" "$work/wrong" localhost
mkdir "$work/tls"
"$server" --listen 127.0.0.1:0 --port-file "$work/port" --tls-auto "$work/tls" --name localhost --generate INBOX=3 \
    --user alice:secret --user bob:secret >"$work/log" 2>&1 &
pid=$!
tries=0
until [ -s "$work/port" ]; do
    tries=$((tries + 1))
    [ $tries -le 200 ] && kill -0 $pid 2>/dev/null || { echo "the server did not start: $(cat "$work/log")"; exit 1; }
    sleep 0.05
done
port=$(cat "$work/port")
CPMSYNC_PASSWORD=secret
export CPMSYNC_PASSWORD

# sync USER STORE CA: sets status and resumed.
sync() {
    status=0
    "$cpmsync" --url "imaps://$1@localhost:$port/" --store "$work/$2" --ca "$3" --stats sync INBOX >"$work/out" \
        2>"$work/err" || status=$?
    resumed=$(sed -n 's/.*"tls_resumed":\([0-9]*\).*/\1/p' "$work/err")
}

# expect WHAT STATUS RESUMED
expect() {
    [ "$status" = "$2" ] && [ "${resumed:-0}" = "$3" ] && return
    echo "$1: status $status, resumed '$resumed': $(cat "$work/err")"
    failed=1
}

sync alice store "$work/tls/ca.pem"
expect 'the first connection' 0 0
sync alice store "$work/tls/ca.pem"
expect 'the second connection' 0 1
cp -p "$work/store.tls" "$work/saved"

sync alice store "$work/wrong/ca.pem"
expect 'the wrong authority, a moment later' 4 0
grep -q 'certificate' "$work/err" || { echo "it does not name the certificate: $(cat "$work/err")"; failed=1; }
[ ! -e "$work/store.tls" ] || { echo "the session of the other authority is still there"; failed=1; }

cp -p "$work/saved" "$work/store.tls"
sync alice store "$work/tls/ca.pem"
expect 'what was saved is good still' 0 1

cp -p "$work/saved" "$work/other.tls"
sync bob other "$work/tls/ca.pem"
expect 'another user with that session' 0 0
sync bob other "$work/tls/ca.pem"
expect 'that user again' 0 1

# The file grows by a comment: it might be another authority.
cp -p "$work/tls/ca.pem" "$work/ca.pem"
sync alice third "$work/ca.pem"
expect 'a third store' 0 0
sync alice third "$work/ca.pem"
expect 'the third store again' 0 1
echo '# changed' >>"$work/ca.pem"
sync alice third "$work/ca.pem"
expect 'a changed file' 0 0
[ $failed = 0 ] && echo "sessions were resumed only under what they were made under"
exit $failed
