#!/bin/sh
# SPDX-License-Identifier: MIT
# package.sh KIND TOP WORK CMAKE GENERATOR CC CXX: an outside C and an outside C++ program use the library (KIND static
# or shared) by add_subdirectory, by find_package and by pkg-config, from an installation that was moved, and run.
set -eu
kind=$1 top=$2 work=$3 cmake=$4 generator=$5 cc=$6 cxx=$7
outside=$top/test/package/outside
case $kind in
static) shared=OFF ;;
shared) shared=ON ;;
*) echo "$kind: static or shared"; exit 2 ;;
esac

rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
    echo "$*"
    exit 1
}

configure() { # BUILD-DIRECTORY OPTION...
    into=$1
    shift
    "$cmake" -G "$generator" -S "$outside" -B "$into" -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_BUILD_TYPE=Release "$@" >"$into.log" 2>&1 || { cat "$into.log"; fail "configuring $into"; }
    if grep -q 'CMake Warning\|CMake Deprecation' "$into.log"; then
        cat "$into.log"
        fail "$into: not quiet"
    fi
}

build() { # BUILD-DIRECTORY
    "$cmake" --build "$1" >"$1.log" 2>&1 || { cat "$1.log"; fail "building $1"; }
}

run() { # DIRECTORY
    "$1/outside_c"
    "$1/outside_cxx"
}

echo "== $kind, add_subdirectory"
configure subdirectory -DCPMSYNC_DIR="$top" -DBUILD_SHARED_LIBS=$shared -DCPMSYNC_INSTALL=ON -DCMAKE_INSTALL_PREFIX="$work/first"
build subdirectory
run subdirectory
[ ! -d subdirectory/cpmsync/test ] && [ ! -d subdirectory/cpmsync/examples ] || fail "a subproject builds tests or examples"

"$cmake" --install subdirectory >/dev/null
mv first moved
prefix=$work/moved

echo "== $kind, find_package"
configure package -DCMAKE_PREFIX_PATH="$prefix"
build package
run package

echo "== $kind, pkg-config"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name cpmsync.pc)")
export PKG_CONFIG_PATH
static_flag=
[ "$kind" = shared ] || static_flag=--static
cflags=$(pkg-config --cflags cpmsync)
libs=$(pkg-config --libs $static_flag cpmsync)
library_dir=$(pkg-config --variable=libdir cpmsync)
mkdir plain
"$cc" -std=c99 -Wall -Werror $cflags "$outside/outside_c.c" $libs -Wl,-rpath,"$library_dir" -o plain/outside_c
"$cxx" -std=c++11 -Wall -Werror $cflags "$outside/outside_cxx.cpp" $libs -Wl,-rpath,"$library_dir" -o plain/outside_cxx
run plain

if [ "$kind" = shared ]; then
    echo "== exports"
    sh "$top/test/lint/exports.sh" "$top" "$library_dir/libcpmsync.so"
    readelf -d "$library_dir/libcpmsync.so" | grep -q 'SONAME.*\[libcpmsync\.so\.[0-9]*\]' || fail "no SONAME"
fi
