/* SPDX-License-Identifier: MIT */
#include "support/failing_sqlite.h"

#include <sqlite3.h>
#include <stddef.h>

static sqlite3_mem_methods usual;
static uint64_t left; /* allocations until the one that fails, itself included; 0: none does */
static int failed;

static int fails(void)
{
    if (left == 0 || --left > 0)
        return 0;
    failed = 1;
    return 1;
}

static void *allocate(int octets)
{
    return fails() ? NULL : usual.xMalloc(octets);
}

static void *resize(void *block, int octets)
{
    return fails() ? NULL : usual.xRealloc(block, octets);
}

int failing_sqlite_install(void)
{
    static sqlite3_mem_methods methods;
    int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual);

    methods = usual;
    methods.xMalloc = allocate;
    methods.xRealloc = resize;
    if (code == SQLITE_OK)
        code = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    if (code == SQLITE_OK)
        code = sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* each allocation is one of ours */
    return code;
}

void failing_sqlite_fail_at(uint64_t n)
{
    left = n;
    failed = 0;
}

int failing_sqlite_failed(void)
{
    return failed;
}
