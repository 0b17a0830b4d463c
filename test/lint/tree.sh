#!/bin/sh
# SPDX-License-Identifier: MIT
# tree.sh TOP: the top level is what it should be, sources carry their licence, and nothing is left undone.
set -eu
cd "$1"
status=0
complain() {
    echo "$*"
    status=1
}

for entry in lib include examples test cmake CMakeLists.txt README.md COPYING .clang-format .gitignore .ci/run; do
    [ -e "$entry" ] || complain "$entry is missing"
done
for entry in *; do
    case $entry in
    lib | include | examples | test | cmake | CMakeLists.txt | README.md | COPYING) ;;
    build* | compile_commands.json) ;; # never committed: .gitignore names them
    *) complain "$entry does not belong at the top" ;;
    esac
done

find lib include examples test -name '*.[ch]' -exec awk '
FNR == 1 && $0 != "/* SPDX-License-Identifier: MIT */" {
    print FILENAME ": the first line is not the SPDX line"
    bad = 1
}
END { exit bad }' {} + || status=1
grep -rnE '\b(TO''DO|FIX''ME|X''XX|HA''CK)\b' lib include examples test cmake CMakeLists.txt README.md && complain "left undone"
exit $status
