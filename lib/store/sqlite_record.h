/* SPDX-License-Identifier: MIT */
/* A mailbox's record as a row of SQLite. */
#ifndef CPMSYNC_STORE_SQLITE_RECORD_H
#define CPMSYNC_STORE_SQLITE_RECORD_H

#include <cpmsync/store.h>

#include "base/mem.h"
#include "store/sqlite_db.h"

/* Memory that shown records point into. */
struct cpmsync_sqlite_record {
    const struct cpmsync_allocator *mem;
    struct cpmsync_range *block;
    size_t capacity; /* in ranges */
};

void cpmsync_sqlite_record_init(struct cpmsync_sqlite_record *record, const struct cpmsync_allocator *mem);
void cpmsync_sqlite_record_clear(struct cpmsync_sqlite_record *record);

int cpmsync_sqlite_record_put(
    struct cpmsync_sqlite_record *record, struct cpmsync_sqlite_db *db, const struct cpmsync_store_mailbox *mailbox);
/* The row the statement of MAILBOX_GET or MAILBOX_EACH stands on; *mailbox lives until the next call. 0,
 * CPMSYNC_ERR_NOMEM, CPMSYNC_ERR_STORE_CORRUPT. */
int cpmsync_sqlite_record_show(
    struct cpmsync_sqlite_record *record, sqlite3_stmt *statement, struct cpmsync_store_mailbox *mailbox);

#endif
