#!/bin/sh
# SPDX-License-Identifier: MIT
# core_symbols.sh ARCHIVE: the core asks for nothing but a C99 library.
set -eu
c99="memchr memcmp memcpy memmove memset strchr strcmp strcpy strlen strncmp strrchr strspn strcspn strstr
    malloc calloc realloc free qsort bsearch strtol strtoul strtoll strtoull abs labs
    snprintf vsnprintf"
# What compilers and hardened C libraries put in their places.
compiler="_GLOBAL_OFFSET_TABLE_ __stack_chk_fail __memcpy_chk __memmove_chk __memset_chk __snprintf_chk __vsnprintf_chk
    __isoc99_sscanf __assert_fail bcmp"
nm -u "$1" | awk -v allowed="$(echo $c99 $compiler)" '
BEGIN {
    n = split(allowed, name, " ")
    for (i = 1; i <= n; i++)
        ok[name[i]] = 1
}
NF == 2 && $1 == "U" && $2 !~ /^cpmsync_/ && !($2 in ok) {
    print "the core needs " $2
    bad = 1
}
END { exit bad }'
