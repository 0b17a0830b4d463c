#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sh cli_commands.sh CPMSYNC: what the commands print and leave behind, on the server of the variables PEER_*, whose
# INBOX and Sent hold messages.
set -eu
cpmsync=$1
work=$(mktemp -d ./cli_commands.XXXXXX)
trap 'rm -rf "$work"' EXIT
url=imaps://$PEER_USER@localhost:$PEER_PORT/
CPMSYNC_PASSWORD=$PEER_PASSWORD
export CPMSYNC_PASSWORD
failed=0

matches() { # WHAT PATTERN FILE: every line of the file matches, and there is one
    [ -s "$3" ] && ! grep -qvE "^$2\$" "$3" && return
    echo "$1 is not as it should be:"
    head -n 5 "$3"
    failed=1
}

online() {
    "$cpmsync" --url "$url" --ca "$PEER_CA" --store "$work/store" "$@"
}

n='[0-9]+'
online sync INBOX >"$work/out"
matches 'sync' "INBOX: $n messages, $n of them new or changed" "$work/out"
online --json sync inbox >"$work/out"
matches 'sync --json' \
    "\{\"mailbox\":\"INBOX\",\"messages\":$n,\"uidvalidity\":$n,\"uidnext\":$n,\"highestmodseq\":$n,\"told\":0\}" "$work/out"

online --stats --trace "$work/trace" sync INBOX >"$work/out" 2>"$work/err"
matches '--stats' "\{\"bytes_in\":$n,\"bytes_out\":$n,\"flights\":$n,\"commands\":$n,\"connects\":1,\"tls_resumed\":1,\
\"messages_added\":0,\"flags_changed\":0,\"vanished\":0,\"peak_memory\":$n,\"ms\":$n\}" "$work/err"
matches '--trace' '0[<>] .*' "$work/trace"
grep -q '^0> .*SELECT' "$work/trace" || { echo "the trace has no SELECT"; failed=1; }
base64=$(printf '\0%s\0%s' "$PEER_USER" "$PEER_PASSWORD" | base64)
if grep -qF -e "$PEER_PASSWORD" -e "$base64" "$work/trace"; then
    echo "the trace shows the password"
    failed=1
fi
for file in trace store store.tls; do
    mode=$(stat -c %a "$work/$file")
    [ "$mode" = 600 ] || { echo "$file has mode $mode"; failed=1; }
done

"$cpmsync" --store "$work/store" dump INBOX >"$work/out"
head -n 1 "$work/out" >"$work/first"
matches 'dump, first line' "uidvalidity $n uidnext $n highestmodseq $n messages $(($(wc -l <"$work/out") - 1))" "$work/first"
sed 1d "$work/out" >"$work/rest"
matches 'dump' "$n $n \([^)]*\)" "$work/rest"
cut -d ' ' -f 1 "$work/rest" | sort -c -n -u || failed=1
"$cpmsync" --store "$work/store" --json dump INBOX | sed 1d >"$work/out"
strings='("[^"]*"(,"[^"]*")*)?'
matches 'dump --json' \
    "\{\"uid\":$n,\"modseq\":$n,\"flags\":\[$strings\],\"size\":$n,\"internaldate\":$n,\"header\":\{\"[^{}]*\"\}\}" "$work/out"
grep -q '"Message-ID":"<[^"]*>","From":"' "$work/out" || { echo "dump --json has no header fields"; failed=1; }
[ "$(wc -l <"$work/out")" = "$(wc -l <"$work/rest")" ] || { echo "dump --json has other lines"; failed=1; }

"$cpmsync" --store "$work/store" mailboxes >"$work/out"
matches 'mailboxes' "INBOX messages $n uidvalidity $n uidnext $n highestmodseq $n" "$work/out"
"$cpmsync" --store "$work/store" --json mailboxes >"$work/out"
matches 'mailboxes --json' \
    "\{\"mailbox\":\"INBOX\",\"messages\":$n,\"uidvalidity\":$n,\"uidnext\":$n,\"highestmodseq\":$n\}" "$work/out"

online list >"$work/out"
matches 'list' '.+ \([^()]*\)' "$work/out"
grep -q '^INBOX (.*)$' "$work/out" || { echo "list has no INBOX"; failed=1; }
online --json list 'INB%' >"$work/out"
strings='("[^"]*"(,"[^"]*")*)?'
matches 'list --json' "\{\"mailbox\":\"INBOX\",\"delimiter\":\"[./]\",\"attributes\":\[$strings\],\"uses\":\[$strings\],\
\"selectable\":true,\"subscribed\":(true|false),\"children\":(true|false)\}" "$work/out"
online --disable LIST-EXTENDED --disable NAMESPACE --trace "$work/trace" --json list INBOX >"$work/out"
matches 'list of an old server' '\{"mailbox":"INBOX",.*,"subscribed":(true|false),.*\}' "$work/out"
grep -q '^0> .*LSUB "" "\{0,1\}INBOX' "$work/trace" || { echo "LSUB was not asked"; failed=1; }
online list 'Nowhere*' >"$work/out"
[ ! -s "$work/out" ] || { echo "list Nowhere* lists $(head -n 1 "$work/out")"; failed=1; }

online capabilities >"$work/out"
sed -n 1p "$work/out" >"$work/first"
matches 'capabilities, offered' 'offered .*IMAP4rev1.*' "$work/first"
sed -n 2p "$work/out" >"$work/first"
matches 'capabilities, enabled' 'enabled .*QRESYNC.*' "$work/first"
online --json capabilities >"$work/out"
matches 'capabilities --json' '\{"offered":\["[^]]*"\],"enabled":\["[^]]*"\]\}' "$work/out"
online --disable QRESYNC capabilities | sed -n 2p >"$work/out"
matches '--disable QRESYNC' 'enabled( CONDSTORE)?' "$work/out"

# Compression is asked for where the server offers it, and only for what it pays for.
if online --json capabilities | grep -q COMPRESS=DEFLATE; then
    online --trace - sync 2>"$work/err" >"$work/out"
    grep -q '^0> .*COMPRESS DEFLATE' "$work/err" || { echo "nothing was compressed"; failed=1; }
    for command in "--disable COMPRESS=DEFLATE sync" "sync INBOX" capabilities; do
        # shellcheck disable=SC2086
        online --trace - $command 2>"$work/err" >"$work/out"
        ! grep -q '^0> .*COMPRESS DEFLATE' "$work/err" || { echo "$command was compressed"; failed=1; }
    done
fi

for mechanism in LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256; do
    online --mech "$mechanism" --trace - capabilities 2>"$work/err" >"$work/out"
    grep -q "^0> .*\(AUTHENTICATE $mechanism\|$mechanism\)" "$work/err" || { echo "--mech $mechanism was not used"; failed=1; }
done

# watch goes on until it is told to end, and ends well.
for how in "" --json; do
    : >"$work/out"
    "$cpmsync" --url "$url" --ca "$PEER_CA" --store "$work/store" $how watch >"$work/out" 2>"$work/err" &
    watch=$!
    tries=0
    until grep -q live "$work/out" || [ "$tries" = 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -TERM "$watch"
    status=0
    wait "$watch" || status=$?
    [ "$status" = 0 ] || { echo "watch $how ended with $status"; cat "$work/err"; failed=1; }
    tail -n 1 "$work/out" >"$work/first"
    [ -n "$how" ] || matches 'watch' 'INBOX: live' "$work/first"
    [ -z "$how" ] || matches 'watch --json' '\{"event":"state","state":"closed"\}' "$work/first"
done

# A dump is complete or the status says so.
status=0
"$cpmsync" --store "$work/store" dump INBOX >/dev/full 2>"$work/err" || status=$?
[ "$status" = 1 ] || { echo "a full disk gave status $status"; failed=1; }
matches 'a full disk' 'cpmsync: output: .*; the result is incomplete' "$work/err"
exit $failed
