#!/bin/sh
# SPDX-License-Identifier: MIT
# core_alone.sh TOP WORK CMAKE CTEST GENERATOR CC: with every option off the library builds, needs nothing but a C99
# library, defines every public function, and passes its unit tests and the transcripts.
set -eu
top=$1 work=$2 cmake=$3 ctest=$4 generator=$5 cc=$6

rm -rf "$work"
mkdir -p "$work"
set --
for part in TLS SOCKETS RESOLVER SQLITE ZLIB; do
    set -- "$@" -DCPMSYNC_WITH_$part=OFF
done
"$cmake" -G "$generator" -S "$top" -B "$work" -DCMAKE_C_COMPILER="$cc" -DCPMSYNC_BUILD_EXAMPLES=OFF \
    -DCPMSYNC_BUILD_MOCKSERVER=OFF -DCPMSYNC_TEST_BUILDS=OFF "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$cmake" --build "$work" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
sh "$top/test/lint/core_symbols.sh" "$work/libcpmsync.a"
sh "$top/test/lint/exports.sh" "$top" "$work/libcpmsync.a"
cd "$work"
"$ctest" --output-on-failure --no-tests=error -R '^(unit|golden)\.'
