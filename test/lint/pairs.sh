#!/bin/sh
# SPDX-License-Identifier: MIT
# pairs.sh TOP: every lib/<layer>/<x>.c is listed in lib/sources.cmake, has an x.h (or is declared by a contract in
# include/cpmsync) and a test/unit/test_x.c; every unit test has its source; file names are unique.
set -eu
cd "$1"
status=0
complain() {
    echo "$*"
    status=1
}

# The public header that declares x.c; the other x.c have an x.h beside them.
contract() {
    case $1 in
    lib/store/store.c | lib/store/store_memory.c | lib/store/store_sqlite.c | lib/store/store_check.c) echo store.h ;;
    lib/transport/transport.c | lib/transport/tcp.c | lib/transport/tls.c) echo transport.h ;;
    lib/crypto/crypto.c | lib/crypto/crypto_mbedtls.c) echo crypto.h ;;
    lib/client/client.c | lib/client/version.c) echo client.h ;;
    esac
}

seen=0
for source in lib/*/*.c; do
    seen=$((seen + 1))
    name=$(basename "$source" .c)
    count=$(grep -cx "  $source" lib/sources.cmake || true)
    [ "$count" = 1 ] || complain "$source is listed $count times in lib/sources.cmake"
    header=$(contract "$source")
    if [ -n "$header" ]; then
        header=include/cpmsync/$header
    else
        header=${source%.c}.h
    fi
    [ -f "$header" ] || complain "$source has no $header"
    [ -f "test/unit/test_$name.c" ] || complain "$source has no test/unit/test_$name.c"
done
[ "$seen" -gt 0 ] || complain "no source seen"

for listed in $(sed -n 's/^  \(lib\/.*\.c\)$/\1/p' lib/sources.cmake); do
    [ -f "$listed" ] || complain "$listed is listed and not there"
done
for test in test/unit/test_*.c; do
    name=$(basename "$test" .c)
    ls lib/*/"${name#test_}.c" >/dev/null 2>&1 || complain "$test tests no file of lib"
done

twice=$(find lib test -type f ! -name CMakeLists.txt | sed 's|.*/||' | sort | uniq -d)
[ -z "$twice" ] || complain "names used twice in lib and test:" $twice
exit $status
