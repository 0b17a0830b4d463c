/* SPDX-License-Identifier: MIT */
/* SQLite's memory, counted and failing on demand. For the whole process. */
#ifndef CPMSYNC_TEST_FAILING_SQLITE_H
#define CPMSYNC_TEST_FAILING_SQLITE_H

#include <stdint.h>

/* Before anything else of SQLite is called. 0, or SQLite's error. */
int failing_sqlite_install(void);
/* The n-th allocation from now (1 is the next one) fails, and no other. 0: none fails. */
void failing_sqlite_fail_at(uint64_t n);
/* Whether that one has been asked for. */
int failing_sqlite_failed(void);

#endif
