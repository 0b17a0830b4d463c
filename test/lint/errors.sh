#!/bin/sh
# SPDX-License-Identifier: MIT
# errors.sh TOP: every error of error.h has its entry, is told by some code of the library, and is provoked by a test beside the one of
# the table.
set -eu
cd "$1"
status=0
complain() {
    echo "$*"
    status=1
}

# used ERROR TABLE DIRECTORY: the error stands in a file below DIRECTORY that is not the table itself.
used() {
    grep -rlw "$1" "$3" | grep -qv "/$2\$"
}

seen=0
for error in $(sed -n 's/^    \(CPMSYNC_ERR_[A-Z_]*\) = .*/\1/p' include/cpmsync/error.h); do
    seen=$((seen + 1))
    grep -q "ENTRY($error," lib/base/err.c || complain "$error has no entry"
    grep -qw "$error" test/unit/test_err.c || complain "$error is not in test_err.c's table"
    used "$error" err.c lib || complain "$error is never returned"
    used "$error" test_err.c test || complain "$error is provoked by no test"
done
[ "$seen" -gt 30 ] || complain "only $seen errors seen"
exit $status
