#!/bin/sh
# SPDX-License-Identifier: MIT
# sh first.sh FIRST: the README's program, on the server of the variables PEER_*, whose INBOX holds 3 messages.
set -eu
out=$("$1" "$PEER_HOST" "$PEER_PORT" "$PEER_USER" "$PEER_PASSWORD" "$PEER_CA")
echo "$out"
[ "$(echo "$out" | grep -c '^message [1-3]: [0-9]* flags$')" = 3 ]
[ "$(echo "$out" | tail -n 1)" = 'INBOX: synchronised' ]
! "$1" "$PEER_HOST" "$PEER_PORT" "$PEER_USER" wrong "$PEER_CA"
