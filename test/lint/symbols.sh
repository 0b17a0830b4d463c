#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh ARCHIVE FUNCTION: every external symbol begins with cpmsync_, and nothing is writable. FUNCTION is one that it
# defines.
set -eu
status=0
strange=$(nm -g --defined-only "$1" | awk 'NF == 3 && $3 !~ /^cpmsync_/ { print $3 }')
if [ -n "$strange" ]; then
    echo "external symbols without the prefix:" $strange
    status=1
fi

# Constant tables with addresses in them lie in .data.rel.ro: the loader writes them once.
writable=$(nm -f sysv "$1" | awk -F'|' 'NF == 7 {
    gsub(/[ \t]/, "")
    section = $7
    if (section ~ /^\.t?(data|bss)/ && section !~ /^\.data\.rel\.ro/ || section ~ /COM/)
        print $1
}')
if [ -n "$writable" ]; then
    echo "writable globals:" $writable
    status=1
fi

if ! nm -g --defined-only "$1" | grep -q " T $2\$"; then
    echo "$1: no $2 seen"
    status=1
fi
exit $status
