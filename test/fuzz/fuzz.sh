#!/bin/sh
# SPDX-License-Identifier: MIT
set -u
usage='sh test/fuzz/fuzz.sh [--build DIRECTORY] [--seconds N] [HARNESS]...
Runs each harness (frame, push, response, session, store, mock; or those named) under libFuzzer, AddressSanitizer and
UndefinedBehaviorSanitizer, N seconds each, default 60. Needs clang.
    --build DIRECTORY  everything is written there; default build/fuzz. Inputs that reach something new are kept in
                       DIRECTORY/found/HARNESS and used next time; one that fails is left in DIRECTORY/failed/HARNESS
The last line of each says how many inputs were run. The status is 0 only if none failed.'

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
build=$top/build/fuzz
seconds=60
harnesses=
while [ $# -gt 0 ]; do
    case $1 in
    --build | --seconds)
        [ $# -gt 1 ] || { echo "$1 needs an argument" >&2; exit 2; }
        case $1 in
        --build) build=$2 ;;
        --seconds) seconds=$2 ;;
        esac
        shift
        ;;
    --help) echo "$usage"; exit 0 ;;
    -*) echo "$usage" >&2; exit 2 ;;
    *) harnesses="$harnesses $1" ;;
    esac
    shift
done
command -v clang >/dev/null 2>&1 || { echo "clang is missing" >&2; exit 1; }
[ -n "$harnesses" ] || harnesses="frame push response session store mock"

mkdir -p "$build" && build=$(cd "$build" && pwd) || exit 1
targets=
for name in $harnesses; do
    targets="$targets fuzz_$name"
done
if ! cmake -S "$top" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    "-DCPMSYNC_SANITIZE=fuzzer-no-link;address;undefined" -DCPMSYNC_BUILD_EXAMPLES=OFF >"$build/build.log" 2>&1 ||
    ! cmake --build "$build" --target $targets >>"$build/build.log" 2>&1; then
    tail -n 40 "$build/build.log"
    exit 1
fi

# What is freed is overwritten by the harnesses' allocator: a long quarantine costs more than it shows.
ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64
export ASAN_OPTIONS
status=0
for name in $harnesses; do
    mkdir -p "$build/found/$name" "$build/failed/$name"
    dict=
    [ ! -f "$top/test/fuzz/$name.dict" ] || dict=-dict=$top/test/fuzz/$name.dict
    # In a directory of its own: the SQLite store's lock is a file.
    if (cd "$build/failed/$name" && "$build/test/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -max_len=4096 ${dict:+"$dict"} -artifact_prefix="$build/failed/$name/" "$build/found/$name" "$top/test/fuzz/corpus/$name") \
        >"$build/$name.log" 2>&1; then
        echo "$name: $(sed -n 's/^Done \([0-9]* runs\) in \([0-9]* second\).*/\1 in \2s/p' "$build/$name.log")"
    else
        status=1
        echo "$name: FAILED; all of it: $build/$name.log"
        grep -v '^#[0-9]*[[:space:]]' "$build/$name.log" | tail -n 40
    fi
done
exit $status
