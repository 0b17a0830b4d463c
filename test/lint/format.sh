#!/bin/sh
# SPDX-License-Identifier: MIT
# format.sh TOP: clang-format would change nothing.
set -eu
cd "$1"
find lib include examples test -name '*.[ch]' | sort | xargs clang-format --dry-run -Werror
