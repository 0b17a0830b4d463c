/* SPDX-License-Identifier: MIT */
#include "store/sqlite_state.h"

#include <string.h>

int cpmsync_sqlite_state_write(struct cpmsync_sqlite_store *store)
{
    if (!store->open || store->read_only)
        return CPMSYNC_ERR_STATE;
    return store->failed;
}

int cpmsync_sqlite_state_wrote(struct cpmsync_sqlite_store *store, int error)
{
    if (error < 0 && error != CPMSYNC_ERR_NOT_FOUND && error != CPMSYNC_ERR_INVALID_ARGUMENT)
        store->failed = error;
    return error;
}

int cpmsync_sqlite_state_read(struct cpmsync_sqlite_store *store)
{
    int error;

    if (store->open)
        return store->failed;
    error = cpmsync_sqlite_db_rollback(&store->db); /* what could not be ended when it should have been */
    if (!error)
        error = cpmsync_sqlite_db_do(&store->db, CPMSYNC_SQL_BEGIN_READ, NULL, 0);
    store->inside = !error;
    return error;
}

int cpmsync_sqlite_state_done(struct cpmsync_sqlite_store *store, int result)
{
    if (store->inside) {
        store->inside = false;
        cpmsync_sqlite_state_forget(store);
        (void)cpmsync_sqlite_db_do(&store->db, CPMSYNC_SQL_COMMIT, NULL, 0);
        (void)cpmsync_sqlite_db_rollback(&store->db);
    }
    return result;
}

void cpmsync_sqlite_state_forget(struct cpmsync_sqlite_store *store)
{
    store->named = 0;
}

int cpmsync_sqlite_state_mailbox(struct cpmsync_sqlite_store *store, const uint8_t *name, size_t len, uint32_t *mailbox)
{
    sqlite3_stmt *statement;
    int64_t id;
    int result;

    if (!cpmsync_store_valid_name(name, len))
        return CPMSYNC_ERR_NOT_FOUND;
    if (store->named && store->name_len == len && memcmp(store->name, name, len) == 0) {
        *mailbox = store->named;
        return 0;
    }
    result = cpmsync_sqlite_db_use(&store->db, CPMSYNC_SQL_MAILBOX_ID, &statement);
    if (result)
        return result;
    cpmsync_sqlite_db_bind_octets(&store->db, statement, 1, name, len);
    result = cpmsync_sqlite_db_step(&store->db, statement);
    if (result < 1)
        return result ? result : CPMSYNC_ERR_NOT_FOUND;
    id = sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement);
    if (id < 1 || id > INT32_MAX)
        return CPMSYNC_ERR_STORE_CORRUPT;
    *mailbox = (uint32_t)id;
    store->named = *mailbox;
    store->name_len = len;
    memcpy(store->name, name, len);
    return 0;
}

static int set_synchronous(struct cpmsync_sqlite_store *store, enum cpmsync_store_durability durability)
{
    int error;

    if (store->synchronous == (int)durability)
        return 0;
    store->synchronous = -1;
    error = cpmsync_sqlite_db_exec(
        &store->db, durability == CPMSYNC_STORE_DURABLE ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    if (!error)
        store->synchronous = (int)durability;
    return error;
}

int cpmsync_sqlite_state_begin(struct cpmsync_sqlite_store *store, enum cpmsync_store_durability durability)
{
    int error;

    if (store->open || store->suspended)
        return CPMSYNC_ERR_STATE;
    error = cpmsync_sqlite_db_rollback(&store->db);
    if (!error && !store->read_only)
        error = set_synchronous(store, durability);
    if (!error)
        error = cpmsync_sqlite_db_do(
            &store->db, store->read_only ? CPMSYNC_SQL_BEGIN_READ : CPMSYNC_SQL_BEGIN_WRITE, NULL, 0);
    if (error)
        return error;
    store->open = true;
    store->failed = 0;
    cpmsync_sqlite_state_forget(store);
    return 0;
}

int cpmsync_sqlite_state_commit(struct cpmsync_sqlite_store *store)
{
    int error = store->failed;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (!error)
        error = cpmsync_sqlite_rows_flush(&store->rows);
    /* SQLite itself rolls some errors back; what came behind them must not be committed alone. */
    if (!error && sqlite3_get_autocommit(store->db.handle))
        error = CPMSYNC_ERR_STORE;
    if (!error)
        error = cpmsync_sqlite_db_do(&store->db, CPMSYNC_SQL_COMMIT, NULL, 0);
    if (error) {
        cpmsync_sqlite_state_rollback(store);
        return error;
    }
    store->open = false;
    cpmsync_sqlite_state_forget(store);
    return 0;
}

void cpmsync_sqlite_state_rollback(struct cpmsync_sqlite_store *store)
{
    cpmsync_sqlite_rows_forget(&store->rows);
    cpmsync_sqlite_state_forget(store);
    store->open = false;
    store->failed = 0;
    (void)cpmsync_sqlite_db_rollback(&store->db);
}
