/* SPDX-License-Identifier: MIT */
/*
 * The store contract: where caches and the journal live between runs (design 5, 6).
 *
 * A store belongs to one account (one user@host:port) and has one writer. All calls come from the client's thread, never
 * from two at once, and may wait for flash, for nothing else. The library ships a memory store and an SQLite store;
 * vendors bring their own and prove it with cpmsync_store_check().
 *
 * Data
 *   mailboxes   a record per mailbox, keyed by name (arbitrary octets, at most 4096, no NUL)
 *   columns     per mailbox: one row {uid, modseq, flag-set id} a message, ascending UID
 *   flag sets   per mailbox: id -> the set as opaque octets
 *   descriptors per mailbox and uid: opaque octets
 *   journal     id -> mailbox name + opaque octets; the user's actions
 *   values      key -> opaque octets
 *
 * Transactions. Every write happens between begin and commit; nesting is not allowed. Until commit returned 0, a crash,
 * kill or rollback leaves the state from before begin, all of it. Reads inside a transaction see its writes. A commit of
 * a CPMSYNC_STORE_DURABLE transaction survives power loss once it returned (the journal); one of CPMSYNC_STORE_CACHE
 * survives a kill of the process at least, and after a power loss is there whole or not at all. A failed commit is a
 * rollback.
 *
 * Errors: CPMSYNC_ERR_STORE, _STORE_FULL, _STORE_CORRUPT, _NOMEM; CPMSYNC_ERR_NOT_FOUND where said. After any error but
 * NOT_FOUND inside a transaction the caller rolls back; the store must then work on.
 */
#ifndef CPMSYNC_STORE_H
#define CPMSYNC_STORE_H

#include <cpmsync/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cpmsync_store_durability { CPMSYNC_STORE_CACHE, CPMSYNC_STORE_DURABLE };

/* A mailbox record. `covered` is a sorted array of disjoint ranges. Pointers are the caller's in put, the store's in
 * get and each: valid until the next call on the store. */
struct cpmsync_store_mailbox {
    size_t size;
    const uint8_t *name;
    size_t name_len;
    uint32_t uidvalidity;   /* 0: never synchronised */
    uint32_t uidnext;       /* one above the last covered UID, 1 if none */
    uint64_t highestmodseq; /* the cursor; 0: none */
    const struct cpmsync_range *covered;
    size_t covered_count;
    uint32_t messages;    /* number of rows; kept by the caller */
    uint32_t flags;       /* opaque bits of the library */
    const uint8_t *extra; /* opaque octets of the library */
    size_t extra_len;
};

/* Columns as they are handed over: `count` rows, ascending UID. */
typedef int (*cpmsync_store_rows_fn)(
    void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count);
typedef int (*cpmsync_store_mailbox_fn)(void *ctx, const struct cpmsync_store_mailbox *mailbox);
typedef int (*cpmsync_store_flagset_fn)(void *ctx, uint32_t id, const uint8_t *octets, size_t len);
typedef int (*cpmsync_store_descriptor_fn)(void *ctx, uint32_t uid, const uint8_t *octets, size_t len);
typedef int (*cpmsync_store_journal_fn)(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len);
typedef int (*cpmsync_store_value_fn)(void *ctx, const uint8_t *octets, size_t len);

/*
 * The functions of a store; all are required. Callbacks are called in ascending order of their key and must not call the
 * store; a non-zero return stops the walk and is returned. Names are octets with a length.
 */
struct cpmsync_store_ops {
    size_t size;

    int (*begin)(void *store, enum cpmsync_store_durability durability);
    int (*commit)(void *store);
    void (*rollback)(void *store); /* without an open transaction: nothing */

    /* Inserts or replaces the record; rows, flag sets and descriptors of the mailbox stay. */
    int (*mailbox_put)(void *store, const struct cpmsync_store_mailbox *mailbox);
    /* NOT_FOUND if there is none. `mailbox->size` is set by the caller. */
    int (*mailbox_get)(void *store, const uint8_t *name, size_t name_len, struct cpmsync_store_mailbox *mailbox);
    int (*mailbox_each)(void *store, cpmsync_store_mailbox_fn fn, void *ctx);
    /* Removes the record with its rows, flag sets and descriptors; its journal entries stay. Missing is no error. */
    int (*mailbox_remove)(void *store, const uint8_t *name, size_t name_len);
    /* Moves everything, the journal entries too. NOT_FOUND if `from` is missing; what was at `to` is removed first. */
    int (*mailbox_rename)(void *store, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len);

    /* Inserts or replaces rows. `uid` ascends strictly. The mailbox record must exist (else NOT_FOUND). */
    int (*rows_put)(void *store, const uint8_t *name, size_t name_len, const uint32_t *uid, const uint64_t *modseq,
        const uint32_t *flagset, size_t count);
    /* Removes the rows, and the descriptors, of these UIDs; ranges may span 1..4294967295 and are sorted, disjoint. */
    int (*rows_remove)(
        void *store, const uint8_t *name, size_t name_len, const struct cpmsync_range *ranges, size_t count);
    /* All rows, in pieces of any size. A mailbox without rows, or unknown, calls nothing and returns 0. */
    int (*rows_load)(void *store, const uint8_t *name, size_t name_len, cpmsync_store_rows_fn fn, void *ctx);

    /* flagset_put, descriptor_put: NOT_FOUND if the mailbox has no record. */
    int (*flagset_put)(
        void *store, const uint8_t *name, size_t name_len, uint32_t id, const uint8_t *octets, size_t len);
    int (*flagset_remove)(void *store, const uint8_t *name, size_t name_len, uint32_t id);
    int (*flagset_each)(void *store, const uint8_t *name, size_t name_len, cpmsync_store_flagset_fn fn, void *ctx);

    int (*descriptor_put)(
        void *store, const uint8_t *name, size_t name_len, uint32_t uid, const uint8_t *octets, size_t len);
    /* Descriptors with first <= uid <= last. */
    int (*descriptor_each)(void *store, const uint8_t *name, size_t name_len, uint32_t first, uint32_t last,
        cpmsync_store_descriptor_fn fn, void *ctx);

    /* Inserts or replaces the entry `id` (1 or more). */
    int (*journal_put)(
        void *store, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len);
    int (*journal_remove)(void *store, uint64_t id); /* missing is no error */
    /* All entries, or one mailbox's if `mailbox` is not NULL. */
    int (*journal_each)(
        void *store, const uint8_t *mailbox, size_t mailbox_len, cpmsync_store_journal_fn fn, void *ctx);

    /* Named values; `len` 0 is a value too. */
    int (*value_put)(void *store, const char *key, const uint8_t *octets, size_t len);
    int (*value_get)(void *store, const char *key, cpmsync_store_value_fn fn, void *ctx); /* NOT_FOUND */
    int (*value_remove)(void *store, const char *key);                                    /* missing is no error */

    /* Rolls back what is open and frees the store. */
    void (*close)(void *store);
};

/* A store: functions and their first argument. Owned by whoever made it; a client only borrows it. */
struct cpmsync_store {
    const struct cpmsync_store_ops *ops;
    void *self;
};

/* Calls ops->close and clears *store. A cleared store is ignored. */
CPMSYNC_API void cpmsync_store_close(struct cpmsync_store *store);

/* A store in memory, gone at close. Transactions roll back like any other's. Returns 0, or CPMSYNC_ERR_NOMEM. */
CPMSYNC_API int cpmsync_store_memory_open(struct cpmsync_store *store, const struct cpmsync_allocator *allocator);

/* The SQLite store (CPMSYNC_WITH_SQLITE; without it cpmsync_store_sqlite_open returns CPMSYNC_ERR_UNSUPPORTED). */
struct cpmsync_store_sqlite_config {
    size_t size;
    const struct cpmsync_allocator *allocator;
    const char *path;    /* UTF-8; created with mode 0600 if missing; PATH-wal, PATH-shm and PATH.lock beside it */
    const char *account; /* user@host:port; written at creation, compared later (CPMSYNC_ERR_STORE_ACCOUNT); NULL takes
                            any, for readers */
    int read_only;       /* no lock, no writes; works beside a writer in another process. begin opens a view: reads see
                            one state of the store until commit or rollback */
    const char *vfs;     /* SQLite VFS name, NULL for the default */
};

/*
 * Opens or creates. Returns 0; CPMSYNC_ERR_STORE_LOCKED if another writer has it, _STORE_NEWER if the schema is newer,
 * _STORE_ACCOUNT, _STORE_CORRUPT if it is no store of ours, _STORE_FULL, _STORE (backend_code, if not NULL, has SQLite's
 * extended code), _NOMEM, _NOT_FOUND for read_only and no file.
 */
CPMSYNC_API int cpmsync_store_sqlite_open(
    struct cpmsync_store *store, const struct cpmsync_store_sqlite_config *config, int *backend_code);

/* Releases the writer's lock so that another process may write, and takes it again; between them writes fail. */
CPMSYNC_API int cpmsync_store_sqlite_suspend(struct cpmsync_store *store);
CPMSYNC_API int cpmsync_store_sqlite_resume(struct cpmsync_store *store);

/*
 * The contract checker: runs every rule of this header against an empty store and reports the first broken one.
 * `reopen(ctx, store)` closes the store as a killed process would (without a clean close) and opens it again, so that
 * persistence and the two durabilities can be checked; NULL for stores that do not persist. `power_loss` (may be NULL)
 * does the same but drops all that was not flushed: after it a committed journal entry must still be there.
 * Returns 0, or the error of the failing call, or CPMSYNC_ERR_STORE for a wrong result; `*rule` then names the rule
 * (static storage).
 */
struct cpmsync_store_check_config {
    size_t size;
    void *ctx;
    int (*reopen)(void *ctx, struct cpmsync_store *store);
    int (*power_loss)(void *ctx, struct cpmsync_store *store);
};
CPMSYNC_API int cpmsync_store_check(
    struct cpmsync_store *store, const struct cpmsync_store_check_config *config, const char **rule);

#ifdef __cplusplus
}
#endif
#endif
