/* SPDX-License-Identifier: MIT */
/* The SQLite store as its files share it. */
#ifndef CPMSYNC_STORE_SQLITE_STATE_H
#define CPMSYNC_STORE_SQLITE_STATE_H

#include <cpmsync/store.h>

#include "store/sqlite_db.h"
#include "store/sqlite_record.h"
#include "store/sqlite_rows.h"
#include "store/store_args.h"

struct cpmsync_sqlite_store {
    const struct cpmsync_allocator *mem;
    struct cpmsync_sqlite_db db;
    struct cpmsync_sqlite_rows rows;
    struct cpmsync_sqlite_record record;
    char *path;
    char *account; /* NULL: anyone's */
    int lock;      /* -1: none */
    bool read_only;
    bool suspended;
    bool open;   /* a transaction is */
    bool inside; /* a read that began its own */
    int failed;  /* the first error of the open transaction: it cannot be committed any more */
    int synchronous;
    uint32_t named; /* the mailbox `name` is, 0: unknown; trusted inside a transaction only */
    size_t name_len;
    uint8_t name[CPMSYNC_STORE_NAME_MAX];
};

/* Around each write: the error that refuses it, and the error it ended with. */
int cpmsync_sqlite_state_write(struct cpmsync_sqlite_store *store);
int cpmsync_sqlite_state_wrote(struct cpmsync_sqlite_store *store, int error);

/* Around each read: all its statements see one state of the store. */
int cpmsync_sqlite_state_read(struct cpmsync_sqlite_store *store);
int cpmsync_sqlite_state_done(struct cpmsync_sqlite_store *store, int result);

/* The number of a mailbox; CPMSYNC_ERR_NOT_FOUND. */
int cpmsync_sqlite_state_mailbox(
    struct cpmsync_sqlite_store *store, const uint8_t *name, size_t len, uint32_t *mailbox);
void cpmsync_sqlite_state_forget(struct cpmsync_sqlite_store *store);

int cpmsync_sqlite_state_begin(struct cpmsync_sqlite_store *store, enum cpmsync_store_durability durability);
int cpmsync_sqlite_state_commit(struct cpmsync_sqlite_store *store);
void cpmsync_sqlite_state_rollback(struct cpmsync_sqlite_store *store);

#endif
