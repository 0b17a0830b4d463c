#!/bin/sh
# SPDX-License-Identifier: MIT
# headers.sh TOP CC CXX: each public header compiles alone as C99 and as C++11, each internal one as C99.
set -eu
cd "$1"
status=0
flags="-fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror"
seen=0
for header in include/cpmsync/*.h; do
    seen=$((seen + 1))
    echo "#include <cpmsync/$(basename "$header")>" | "$2" -x c -std=c99 $flags -Wconversion -Iinclude - || status=1
    echo "#include <cpmsync/$(basename "$header")>" | "$3" -x c++ -std=c++11 $flags -Iinclude - || status=1
done
for header in lib/*/*.h; do
    echo "#include \"${header#lib/}\"" | "$2" -x c -std=c99 $flags -Wconversion -Iinclude -Ilib - || status=1
done
[ "$seen" -gt 0 ] || status=1
exit $status
