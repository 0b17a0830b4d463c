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

# Sets header: the public one that declares x.c, or the x.h beside it.
contract() {
    case $1 in
    lib/store/store.c | lib/store/store_memory.c | lib/store/store_sqlite.c | lib/store/store_check.c) header=include/cpmsync/store.h ;;
    lib/transport/transport.c | lib/transport/tcp.c | lib/transport/tls.c) header=include/cpmsync/transport.h ;;
    lib/crypto/crypto.c | lib/crypto/crypto_mbedtls.c) header=include/cpmsync/crypto.h ;;
    lib/client/client.c | lib/client/version.c) header=include/cpmsync/client.h ;;
    lib/sync/provisioning.c) header=include/cpmsync/trigger.h ;;
    lib/sync/push.c) header=include/cpmsync/push.h ;;
    *) header=${1%.c}.h ;;
    esac
}

listed=" $(sed -n 's/^  \(lib\/.*\.c\)$/ \1 /p' lib/sources.cmake | tr -d '\n') "
seen=0
for source in lib/*/*.c; do
    seen=$((seen + 1))
    name=${source##*/}
    name=${name%.c}
    case $listed in
    *" $source "*" $source "*) complain "$source is listed twice in lib/sources.cmake" ;;
    *" $source "*) ;;
    *) complain "$source is not listed in lib/sources.cmake" ;;
    esac
    contract "$source"
    [ -f "$header" ] || complain "$source has no $header"
    [ -f "test/unit/test_$name.c" ] || complain "$source has no test/unit/test_$name.c"
done
[ "$seen" -gt 0 ] || complain "no source seen"

for source in $listed; do
    [ -f "$source" ] || complain "$source is listed and not there"
done
for test in test/unit/test_*.c; do
    name=${test##*/test_}
    case $listed in
    *"/$name "*) ;;
    *) complain "$test tests no file of lib" ;;
    esac
done

twice=$(find lib test -type f ! -name CMakeLists.txt | sed 's|.*/||' | sort | uniq -d)
[ -z "$twice" ] || complain "names used twice in lib and test:" $twice
exit $status
