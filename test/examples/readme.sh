#!/bin/sh
# SPDX-License-Identifier: MIT
# readme.sh TOP: the program that README.md shows is examples/first.c, line for line.
set -eu
cd "$1"
sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d' | diff - examples/first.c && exit 0
echo "README.md shows another program than examples/first.c"
exit 1
