#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh mockserver.sh SERVER TLS_DIR COMMAND [ARGUMENT...]
#
# Runs COMMAND beside the mock server SERVER, as dovecot.sh does beside Dovecot, with the same variables PEER_*. TLS_DIR
# holds ca.pem, cert.pem and key.pem. Further options of the server: MOCKSERVER_OPTIONS.
set -eu
server=$1
tls=$(cd "$2" && pwd)
shift 2
dir=$(mktemp -d ./mockserver.XXXXXX)
pid=
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
# shellcheck disable=SC2086
"$server" --listen 127.0.0.1:0 --port-file "$dir/port" --tls-cert "$tls/cert.pem" --tls-key "$tls/key.pem" \
    --user alice:secret-of-alice ${MOCKSERVER_OPTIONS:-} >"$dir/log" 2>&1 &
pid=$!
trap 'exit 130' INT
trap 'exit 143' TERM HUP
tries=0
until [ -s "$dir/port" ]; do
    tries=$((tries + 1))
    [ $tries -le 200 ] && kill -0 $pid 2>/dev/null || { echo "the server did not start: $(cat "$dir/log")" >&2; exit 1; }
    sleep 0.05
done
PEER_PORT=$(cat "$dir/port")
PEER_HOST=localhost PEER_CA=$tls/ca.pem PEER_USER=alice PEER_PASSWORD=secret-of-alice
export PEER_HOST PEER_PORT PEER_CA PEER_USER PEER_PASSWORD
status=0
"$@" || status=$?
exit $status
