#!/bin/sh
# SPDX-License-Identifier: MIT
# exports.sh TOP LIBRARY: the library exports exactly what its public headers declare: mock.h and error.h for that of the mock
# server, all but mock.h for the client's. For an archive: it defines all of that, whatever the options.
set -eu
cd "$1"
case $2 in
*mockserver*) headers="include/cpmsync/mock.h include/cpmsync/error.h" ;;
*) headers=$(ls include/cpmsync/*.h | grep -v /mock.h) ;;
esac
declared=$(cat $headers | awk '
{ text = text " " $0 }
END {
    while ((start = index(text, "/*")) > 0) {
        rest = substr(text, start + 2)
        text = substr(text, 1, start - 1) " " substr(rest, index(rest, "*/") + 2)
    }
    n = split(text, statement, ";")
    for (i = 1; i <= n; i++) {
        if (!match(statement[i], /CPMSYNC_API [a-z]/))
            continue
        part = substr(statement[i], RSTART)
        part = substr(part, 1, index(part, "(") - 1)
        sub(/.*[ *]/, "", part)
        print part
    }
}' | sort -u)
[ -n "$declared" ] || { echo "no declaration seen"; exit 1; }

case $2 in
*.a) defined=$(nm -g --defined-only "$2") ;;
*) defined=$(nm -D --defined-only "$2") ;;
esac
# Some linkers add their own marks.
defined=$(echo "$defined" | awk 'NF == 3 && $3 !~ /^(_end|_edata|__bss_start)$/ { print $3 }' | sort -u)

status=0
for name in $declared; do
    echo "$defined" | grep -qx "$name" || { echo "declared, but not there: $name"; status=1; }
done
case $2 in
*.a) exit $status ;;
esac
for name in $defined; do
    echo "$declared" | grep -qx "$name" || { echo "exported, but not declared: $name"; status=1; }
done
exit $status
