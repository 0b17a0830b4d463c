# SPDX-License-Identifier: MIT
# Sourced by test/run and examples/run: what they need from the system. A need is PACKAGE:KIND:PROBE, where PACKAGE is
# Debian's name and KIND says what is looked for: a command, or a header where compilers look.

packages_to_build="gcc:command:gcc libc6-dev:header:stdio.h cmake:command:cmake ninja-build:command:ninja
    libmbedtls-dev:header:mbedtls/ssl.h libsqlite3-dev:header:sqlite3.h zlib1g-dev:header:zlib.h"
packages_to_test="g++:command:g++ clang:command:clang clang-format:command:clang-format binutils:command:nm
    pkg-config:command:pkg-config libcmocka-dev:header:cmocka.h libgd-dev:header:gd.h
    libuv1-dev:header:uv.h libglib2.0-dev:header:glib-2.0/glib.h
    curl:command:curl interimap:command:interimap isync:command:mbsync neomutt:command:neomutt
    offlineimap3:command:offlineimap python3:command:python3"
packages_to_check="valgrind:command:valgrind"

# Prints the packages whose probe finds nothing.
packages_missing() { # NEED...
    for need in "$@"; do
        package=${need%%:*}
        probe=${need##*:}
        case $need in
        *:command:*)
            command -v "$probe" >/dev/null 2>&1 || echo "$package"
            ;;
        *:header:*)
            ls /usr/include/"$probe" /usr/include/*-linux-*/"$probe" /usr/local/include/"$probe" 2>/dev/null | grep -q . ||
                echo "$package"
            ;;
        esac
    done
}

packages_install() { # PACKAGE...
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# Installs what is missing when root, else prints one line that names it, and returns non-zero.
packages_need() { # NEED...
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing:" $missing
        # The package lists of a fresh system are empty, those of an old one out of date.
        packages_install $missing >/dev/null 2>&1 || { apt-get update -q && packages_install $missing; } || return 1
        missing=$(packages_missing "$@")
        [ -n "$missing" ] || return 0
    fi
    echo "Missing packages (install them, or run this as root on Debian):" $missing >&2
    return 1
}
