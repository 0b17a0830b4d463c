/* SPDX-License-Identifier: MIT */
/* The tables of the SQLite store, their version, and whose they are. */
#ifndef CPMSYNC_STORE_SQLITE_SCHEMA_H
#define CPMSYNC_STORE_SQLITE_SCHEMA_H

#include "store/sqlite_db.h"

enum { CPMSYNC_SQLITE_APPLICATION = 0x43504d53 /* "CPMS" */, CPMSYNC_SQLITE_VERSION = 1 };

/* Makes the tables in an empty database, durably. */
int cpmsync_sqlite_schema_create(struct cpmsync_sqlite_db *db, const char *account);

/*
 * 0 if the tables are ours, of our version and `account`'s (NULL: anyone's). CPMSYNC_ERR_NOT_FOUND for an empty database,
 * _STORE_NEWER, _STORE_CORRUPT, _STORE_ACCOUNT, or an error of reading.
 */
int cpmsync_sqlite_schema_check(struct cpmsync_sqlite_db *db, const char *account);

#endif
