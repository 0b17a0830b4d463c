#!/bin/sh
# SPDX-License-Identifier: MIT
# package_mockserver.sh KIND TOP WORK CMAKE GENERATOR CC: outside tests use the installed component mockserver (KIND static
# or shared) by find_package and by pkg-config, alone and with the client, from an installation that was moved, and run.
# Without the component nothing of it is installed, and asking for it is refused.
set -eu
kind=$1 top=$2 work=$3 cmake=$4 generator=$5 cc=$6
outside=$top/test/package/outside_mock
case $kind in
static) shared=OFF static_flag=--static ;;
shared) shared=ON static_flag= ;;
*) echo "$kind: static or shared"; exit 2 ;;
esac

rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
    echo "$*"
    exit 1
}

quietly() { # COMMAND...
    "$@" >log 2>&1 || { cat log; fail "$*"; }
}

run_all() { # DIRECTORY
    for program in alone before_client behind_client; do
        "$1/$program" || fail "$1/$program"
    done
}

install_with() { # ON|OFF PREFIX
    quietly "$cmake" -G "$generator" -S "$top" -B library -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Release \
        -DBUILD_SHARED_LIBS=$shared -DCPMSYNC_BUILD_TESTS=OFF -DCPMSYNC_BUILD_EXAMPLES=OFF \
        -DCPMSYNC_BUILD_MOCKSERVER="$1" -DCMAKE_INSTALL_PREFIX="$2"
    quietly "$cmake" --build library
    quietly "$cmake" --install library
}

echo "== $kind, without the component"
install_with OFF "$work/without"
[ -z "$(find without -name '*mock*')" ] || fail "installed: $(find without -name '*mock*')"
if "$cmake" -G "$generator" -S "$outside" -B refused -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$work/without" \
    >log 2>&1; then
    fail "a component that is not there was found"
fi
grep -q mockserver log || { cat log; fail "the refusal does not name the component"; }

echo "== $kind, find_package"
install_with ON "$work/first"
mv first moved
prefix=$work/moved
quietly "$cmake" -G "$generator" -S "$outside" -B package -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix"
grep -q 'CMake Warning' log && { cat log; fail "not quiet"; }
quietly "$cmake" --build package
run_all package
(cd package && quietly ctest --no-tests=error)

echo "== $kind, pkg-config"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name cpmsync-mockserver.pc)")
export PKG_CONFIG_PATH
library_dir=$(pkg-config --variable=libdir cpmsync-mockserver)
mkdir plain
compile() { # PROGRAM FLAG... -- PACKAGE...
    program=$1
    shift
    flags=
    while [ "$1" != -- ]; do
        flags="$flags $1"
        shift
    done
    shift
    quietly "$cc" -std=c99 -Wall -Werror $flags $(pkg-config --cflags "$@") "$outside/outside_mock.c" \
        $(pkg-config --libs $static_flag "$@") -Wl,-rpath,"$library_dir" -o "plain/$program"
}
compile alone -- cpmsync-mockserver
compile before_client -DWITH_CLIENT -- cpmsync-mockserver cpmsync
compile behind_client -DWITH_CLIENT -- cpmsync cpmsync-mockserver
run_all plain

echo "== the program"
"$prefix/bin/cpm-mockserver" --help >help
grep -q '^cpm-mockserver' help || fail "no help"
if [ "$kind" = shared ]; then
    echo "== exports"
    sh "$top/test/lint/exports.sh" "$top" "$library_dir/libcpmsync_mockserver.so"
    readelf -d "$library_dir/libcpmsync_mockserver.so" | grep -q 'SONAME.*\[libcpmsync_mockserver\.so\.[0-9]*\]' ||
        fail "no SONAME"
else
    sh "$top/test/lint/exports.sh" "$top" "$library_dir/libcpmsync_mockserver.a"
    if nm -u "plain/alone" | grep -q cpmsync_; then fail "the mock server needs the client"; fi
fi
