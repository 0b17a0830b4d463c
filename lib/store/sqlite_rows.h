/* SPDX-License-Identifier: MIT */
/*
 * Rows in SQLite: chunks of packed columns, a log of changes over them, and what the open transaction has not written yet
 * (design 6). Writing 200 changes costs a record of the log; the log is folded into the chunks it touches when it has
 * grown to 64 KiB.
 */
#ifndef CPMSYNC_STORE_SQLITE_ROWS_H
#define CPMSYNC_STORE_SQLITE_ROWS_H

#include <cpmsync/store.h>

#include "store/row_changes.h"
#include "store/sqlite_db.h"

enum { CPMSYNC_SQLITE_CHUNK = 1024 /* rows */ };

/* Arrays for one chunk. */
struct cpmsync_sqlite_columns {
    uint64_t modseq[CPMSYNC_SQLITE_CHUNK];
    uint32_t uid[CPMSYNC_SQLITE_CHUNK];
    uint32_t flagset[CPMSYNC_SQLITE_CHUNK];
    size_t count;
};

struct cpmsync_sqlite_rows {
    const struct cpmsync_allocator *mem;
    struct cpmsync_sqlite_db *db;
    uint32_t mailbox; /* the one `pending` belongs to; 0: none */
    struct cpmsync_row_changes pending;
    struct cpmsync_row_changes overlay;  /* scratch: what lies over the chunks */
    struct cpmsync_sqlite_columns chunk; /* scratch: read */
    struct cpmsync_sqlite_columns out;   /* scratch: merged */
    uint8_t octets[CPMSYNC_SQLITE_CHUNK * CPMSYNC_ROW_OCTETS];
};

void cpmsync_sqlite_rows_init(
    struct cpmsync_sqlite_rows *rows, const struct cpmsync_allocator *mem, struct cpmsync_sqlite_db *db);
void cpmsync_sqlite_rows_clear(struct cpmsync_sqlite_rows *rows);

int cpmsync_sqlite_rows_put(struct cpmsync_sqlite_rows *rows, uint32_t mailbox, const uint32_t *uid,
    const uint64_t *modseq, const uint32_t *flagset, size_t count);
int cpmsync_sqlite_rows_remove(
    struct cpmsync_sqlite_rows *rows, uint32_t mailbox, const struct cpmsync_range *ranges, size_t count);
/* All rows of a mailbox that goes. */
int cpmsync_sqlite_rows_drop(struct cpmsync_sqlite_rows *rows, uint32_t mailbox);
int cpmsync_sqlite_rows_load(struct cpmsync_sqlite_rows *rows, uint32_t mailbox, cpmsync_store_rows_fn fn, void *ctx);

/* Writes what is pending; before each commit. */
int cpmsync_sqlite_rows_flush(struct cpmsync_sqlite_rows *rows);
/* Forgets what is pending; at each rollback. */
void cpmsync_sqlite_rows_forget(struct cpmsync_sqlite_rows *rows);

#endif
