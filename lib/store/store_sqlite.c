/* SPDX-License-Identifier: MIT */
/* The store in an SQLite file: opening, closing, and the functions of the contract. */
#include <cpmsync/store.h>

#include "base/mem.h"
#include "base/sized.h"
#include "store/sqlite_lock.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_state.h"

#include <string.h>

/* --- transactions ------------------------------------------------------------------------------------------------- */

static int begin(void *self, enum cpmsync_store_durability durability)
{
    return cpmsync_sqlite_state_begin(self, durability);
}

static int commit(void *self)
{
    return cpmsync_sqlite_state_commit(self);
}

static void rollback(void *self)
{
    struct cpmsync_sqlite_store *store = self;

    if (store->open)
        cpmsync_sqlite_state_rollback(store);
}

/* --- mailboxes ---------------------------------------------------------------------------------------------------- */

static int mailbox_put(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    struct cpmsync_sqlite_store *store = self;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    if (!cpmsync_store_valid_mailbox(mailbox))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_sqlite_state_wrote(store, cpmsync_sqlite_record_put(&store->record, &store->db, mailbox));
}

static int get_mailbox(
    struct cpmsync_sqlite_store *store, const uint8_t *name, size_t name_len, struct cpmsync_store_mailbox *mailbox)
{
    sqlite3_stmt *statement;
    int result = cpmsync_sqlite_db_use(&store->db, CPMSYNC_SQL_MAILBOX_GET, &statement);

    if (result)
        return result;
    cpmsync_sqlite_db_bind_octets(&store->db, statement, 1, name, name_len);
    result = cpmsync_sqlite_db_step(&store->db, statement);
    if (result == 0)
        return CPMSYNC_ERR_NOT_FOUND;
    if (result == 1) {
        result = cpmsync_sqlite_record_show(&store->record, statement, mailbox);
        (void)sqlite3_reset(statement);
    }
    return result;
}

static int mailbox_get(void *self, const uint8_t *name, size_t name_len, struct cpmsync_store_mailbox *mailbox)
{
    struct cpmsync_sqlite_store *store = self;
    int error;

    if (mailbox->size < sizeof *mailbox)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = cpmsync_sqlite_state_read(store);
    if (error)
        return error;
    return cpmsync_sqlite_state_done(store, get_mailbox(store, name, name_len, mailbox));
}

static int each_mailbox(struct cpmsync_sqlite_store *store, cpmsync_store_mailbox_fn fn, void *ctx)
{
    sqlite3_stmt *statement;
    int result = cpmsync_sqlite_db_use(&store->db, CPMSYNC_SQL_MAILBOX_EACH, &statement);

    if (result)
        return result;
    while ((result = cpmsync_sqlite_db_step(&store->db, statement)) == 1) {
        struct cpmsync_store_mailbox mailbox = {0};
        int verdict;

        mailbox.size = sizeof mailbox;
        verdict = cpmsync_sqlite_record_show(&store->record, statement, &mailbox);
        if (!verdict)
            verdict = fn(ctx, &mailbox);
        if (verdict) {
            (void)sqlite3_reset(statement);
            return verdict;
        }
    }
    return result;
}

static int mailbox_each(void *self, cpmsync_store_mailbox_fn fn, void *ctx)
{
    struct cpmsync_sqlite_store *store = self;
    int error = cpmsync_sqlite_state_read(store);

    return error ? error : cpmsync_sqlite_state_done(store, each_mailbox(store, fn, ctx));
}

static int remove_range(
    struct cpmsync_sqlite_store *store, enum cpmsync_sqlite_sql sql, uint32_t mailbox, uint32_t first, uint32_t last)
{
    int64_t bounds[2] = {cpmsync_sqlite_rowid(mailbox, first), cpmsync_sqlite_rowid(mailbox, last)};

    return cpmsync_sqlite_db_do(&store->db, sql, bounds, 2);
}

static int remove_mailbox(struct cpmsync_sqlite_store *store, const uint8_t *name, size_t name_len)
{
    uint32_t mailbox;
    int64_t id;
    int error = cpmsync_sqlite_state_mailbox(store, name, name_len, &mailbox);

    if (error)
        return error == CPMSYNC_ERR_NOT_FOUND ? 0 : error;
    cpmsync_sqlite_state_forget(store);
    error = cpmsync_sqlite_rows_drop(&store->rows, mailbox);
    if (!error)
        error = remove_range(store, CPMSYNC_SQL_FLAGSET_REMOVE, mailbox, 0, UINT32_MAX);
    if (!error)
        error = remove_range(store, CPMSYNC_SQL_DESCRIPTOR_REMOVE, mailbox, 0, UINT32_MAX);
    id = mailbox;
    return error ? error : cpmsync_sqlite_db_do(&store->db, CPMSYNC_SQL_MAILBOX_REMOVE, &id, 1);
}

static int mailbox_remove(void *self, const uint8_t *name, size_t name_len)
{
    struct cpmsync_sqlite_store *store = self;
    int error = cpmsync_sqlite_state_write(store);

    return error ? error : cpmsync_sqlite_state_wrote(store, remove_mailbox(store, name, name_len));
}

static int rename_mailbox(struct cpmsync_sqlite_store *store, uint32_t mailbox, const uint8_t *to, size_t to_len)
{
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_db_use(&store->db, CPMSYNC_SQL_MAILBOX_RENAME, &statement);

    if (error)
        return error;
    cpmsync_sqlite_state_forget(store);
    cpmsync_sqlite_db_bind(&store->db, statement, 1, mailbox);
    cpmsync_sqlite_db_bind_octets(&store->db, statement, 2, to, to_len);
    return cpmsync_sqlite_db_run(&store->db, statement);
}

static int rename_entries(
    struct cpmsync_sqlite_store *store, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_db_use(&store->db, CPMSYNC_SQL_JOURNAL_RENAME, &statement);

    if (error)
        return error;
    cpmsync_sqlite_db_bind_octets(&store->db, statement, 1, from, from_len);
    cpmsync_sqlite_db_bind_octets(&store->db, statement, 2, to, to_len);
    return cpmsync_sqlite_db_run(&store->db, statement);
}

static int mailbox_rename(void *self, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    struct cpmsync_sqlite_store *store = self;
    uint32_t mailbox;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    if (!cpmsync_store_valid_name(to, to_len))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = cpmsync_sqlite_state_mailbox(store, from, from_len, &mailbox);
    if (!error && from_len == to_len && memcmp(from, to, to_len) == 0)
        return 0;
    if (!error)
        error = remove_mailbox(store, to, to_len);
    if (!error)
        error = rename_mailbox(store, mailbox, to, to_len);
    if (!error)
        error = rename_entries(store, from, from_len, to, to_len);
    return cpmsync_sqlite_state_wrote(store, error);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static int rows_put(void *self, const uint8_t *name, size_t name_len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    struct cpmsync_sqlite_store *store = self;
    uint32_t mailbox;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    if (!cpmsync_store_valid_uids(uid, count))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = cpmsync_sqlite_state_mailbox(store, name, name_len, &mailbox);
    if (!error)
        error = cpmsync_sqlite_rows_put(&store->rows, mailbox, uid, modseq, flagset, count);
    return cpmsync_sqlite_state_wrote(store, error);
}

static int rows_remove(
    void *self, const uint8_t *name, size_t name_len, const struct cpmsync_range *ranges, size_t count)
{
    struct cpmsync_sqlite_store *store = self;
    uint32_t mailbox;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    if (!cpmsync_store_valid_ranges(ranges, count))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = cpmsync_sqlite_state_mailbox(store, name, name_len, &mailbox);
    if (error == CPMSYNC_ERR_NOT_FOUND)
        return 0;
    for (size_t i = 0; !error && i < count; i++)
        error = remove_range(store, CPMSYNC_SQL_DESCRIPTOR_REMOVE, mailbox, ranges[i].first, ranges[i].last);
    if (!error)
        error = cpmsync_sqlite_rows_remove(&store->rows, mailbox, ranges, count);
    return cpmsync_sqlite_state_wrote(store, error);
}

static int rows_load(void *self, const uint8_t *name, size_t name_len, cpmsync_store_rows_fn fn, void *ctx)
{
    struct cpmsync_sqlite_store *store = self;
    uint32_t mailbox;
    int error = cpmsync_sqlite_state_read(store);

    if (error)
        return error;
    error = cpmsync_sqlite_state_mailbox(store, name, name_len, &mailbox);
    if (error == CPMSYNC_ERR_NOT_FOUND)
        return cpmsync_sqlite_state_done(store, 0);
    if (!error)
        error = cpmsync_sqlite_rows_load(&store->rows, mailbox, fn, ctx);
    return cpmsync_sqlite_state_done(store, error);
}

/* --- flag sets and descriptors ------------------------------------------------------------------------------------ */

static int put_number(struct cpmsync_sqlite_store *store, enum cpmsync_sqlite_sql sql, const uint8_t *name,
    size_t name_len, uint32_t number, const uint8_t *octets, size_t len)
{
    sqlite3_stmt *statement;
    uint32_t mailbox;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    error = cpmsync_sqlite_state_mailbox(store, name, name_len, &mailbox);
    if (!error)
        error = cpmsync_sqlite_db_use(&store->db, sql, &statement);
    if (!error) {
        cpmsync_sqlite_db_bind(&store->db, statement, 1, cpmsync_sqlite_rowid(mailbox, number));
        cpmsync_sqlite_db_bind_octets(&store->db, statement, 2, octets, len);
        error = cpmsync_sqlite_db_run(&store->db, statement);
    }
    return cpmsync_sqlite_state_wrote(store, error);
}

struct numbers {
    const uint8_t *name;
    size_t name_len;
    uint32_t first;
    uint32_t last;
};

/* Flag sets and descriptors are shown alike. */
static int each_number(struct cpmsync_sqlite_store *store, enum cpmsync_sqlite_sql sql, const struct numbers *numbers,
    cpmsync_store_descriptor_fn fn, void *ctx)
{
    sqlite3_stmt *statement;
    uint32_t mailbox;
    int result = cpmsync_sqlite_state_mailbox(store, numbers->name, numbers->name_len, &mailbox);

    if (result)
        return result == CPMSYNC_ERR_NOT_FOUND ? 0 : result;
    result = cpmsync_sqlite_db_use(&store->db, sql, &statement);
    if (result)
        return result;
    cpmsync_sqlite_db_bind(&store->db, statement, 1, cpmsync_sqlite_rowid(mailbox, numbers->first));
    cpmsync_sqlite_db_bind(&store->db, statement, 2, cpmsync_sqlite_rowid(mailbox, numbers->last));
    while ((result = cpmsync_sqlite_db_step(&store->db, statement)) == 1) {
        uint32_t number = (uint32_t)(sqlite3_column_int64(statement, 0) & UINT32_MAX);
        const uint8_t *octets = sqlite3_column_blob(statement, 1);
        int verdict = fn(ctx, number, octets, (size_t)sqlite3_column_bytes(statement, 1));

        if (verdict) {
            (void)sqlite3_reset(statement);
            return verdict;
        }
    }
    return result;
}

static int flagset_put(void *self, const uint8_t *name, size_t name_len, uint32_t id, const uint8_t *octets, size_t len)
{
    return put_number(self, CPMSYNC_SQL_FLAGSET_PUT, name, name_len, id, octets, len);
}

static int flagset_remove(void *self, const uint8_t *name, size_t name_len, uint32_t id)
{
    struct cpmsync_sqlite_store *store = self;
    uint32_t mailbox;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    error = cpmsync_sqlite_state_mailbox(store, name, name_len, &mailbox);
    if (error == CPMSYNC_ERR_NOT_FOUND)
        return 0;
    if (!error)
        error = remove_range(store, CPMSYNC_SQL_FLAGSET_REMOVE, mailbox, id, id);
    return cpmsync_sqlite_state_wrote(store, error);
}

static int flagset_each(void *self, const uint8_t *name, size_t name_len, cpmsync_store_flagset_fn fn, void *ctx)
{
    struct cpmsync_sqlite_store *store = self;
    struct numbers numbers = {name, name_len, 0, UINT32_MAX};
    int error = cpmsync_sqlite_state_read(store);

    if (error)
        return error;
    return cpmsync_sqlite_state_done(store, each_number(store, CPMSYNC_SQL_FLAGSET_EACH, &numbers, fn, ctx));
}

static int descriptor_put(
    void *self, const uint8_t *name, size_t name_len, uint32_t uid, const uint8_t *octets, size_t len)
{
    if (uid == 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return put_number(self, CPMSYNC_SQL_DESCRIPTOR_PUT, name, name_len, uid, octets, len);
}

static int descriptor_each(void *self, const uint8_t *name, size_t name_len, uint32_t first, uint32_t last,
    cpmsync_store_descriptor_fn fn, void *ctx)
{
    struct cpmsync_sqlite_store *store = self;
    struct numbers numbers = {name, name_len, first, last};
    int error = cpmsync_sqlite_state_read(store);

    if (error)
        return error;
    return cpmsync_sqlite_state_done(store, each_number(store, CPMSYNC_SQL_DESCRIPTOR_EACH, &numbers, fn, ctx));
}

/* --- journal ------------------------------------------------------------------------------------------------------ */

static const uint64_t id_turn = UINT64_C(1) << 63;

static int journal_put(
    void *self, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    struct cpmsync_sqlite_store *store = self;
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    if (id == 0 || !cpmsync_store_valid_entry_name(mailbox, mailbox_len))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = cpmsync_sqlite_db_use(&store->db, CPMSYNC_SQL_JOURNAL_PUT, &statement);
    if (!error) {
        cpmsync_sqlite_db_bind(&store->db, statement, 1, cpmsync_sqlite_signed(id ^ id_turn));
        cpmsync_sqlite_db_bind_octets(&store->db, statement, 2, mailbox, mailbox_len);
        cpmsync_sqlite_db_bind_octets(&store->db, statement, 3, octets, len);
        error = cpmsync_sqlite_db_run(&store->db, statement);
    }
    return cpmsync_sqlite_state_wrote(store, error);
}

static int journal_remove(void *self, uint64_t id)
{
    struct cpmsync_sqlite_store *store = self;
    int64_t turned = cpmsync_sqlite_signed(id ^ id_turn);
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    return cpmsync_sqlite_state_wrote(store, cpmsync_sqlite_db_do(&store->db, CPMSYNC_SQL_JOURNAL_REMOVE, &turned, 1));
}

static int each_entry(struct cpmsync_sqlite_store *store, const uint8_t *mailbox, size_t mailbox_len,
    cpmsync_store_journal_fn fn, void *ctx)
{
    sqlite3_stmt *statement;
    int result =
        cpmsync_sqlite_db_use(&store->db, mailbox ? CPMSYNC_SQL_JOURNAL_OF : CPMSYNC_SQL_JOURNAL_ALL, &statement);

    if (result)
        return result;
    if (mailbox != NULL)
        cpmsync_sqlite_db_bind_octets(&store->db, statement, 1, mailbox, mailbox_len);
    while ((result = cpmsync_sqlite_db_step(&store->db, statement)) == 1) {
        uint64_t id = cpmsync_sqlite_unsigned(sqlite3_column_int64(statement, 0)) ^ id_turn;
        const uint8_t *name = sqlite3_column_blob(statement, 1);
        size_t name_len = (size_t)sqlite3_column_bytes(statement, 1);
        const uint8_t *octets = sqlite3_column_blob(statement, 2);
        int verdict = fn(ctx, id, name, name_len, octets, (size_t)sqlite3_column_bytes(statement, 2));

        if (verdict) {
            (void)sqlite3_reset(statement);
            return verdict;
        }
    }
    return result;
}

static int journal_each(void *self, const uint8_t *mailbox, size_t mailbox_len, cpmsync_store_journal_fn fn, void *ctx)
{
    struct cpmsync_sqlite_store *store = self;
    int error = cpmsync_sqlite_state_read(store);

    if (error)
        return error;
    return cpmsync_sqlite_state_done(store, each_entry(store, mailbox, mailbox_len, fn, ctx));
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static int use_value(
    struct cpmsync_sqlite_store *store, enum cpmsync_sqlite_sql sql, const char *key, sqlite3_stmt **statement)
{
    int error = cpmsync_sqlite_db_use(&store->db, sql, statement);

    /* A blob like every key: its octets are compared. */
    if (!error)
        cpmsync_sqlite_db_bind_octets(&store->db, *statement, 1, key, strlen(key));
    return error;
}

static int value_put(void *self, const char *key, const uint8_t *octets, size_t len)
{
    struct cpmsync_sqlite_store *store = self;
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    if (strlen(key) > CPMSYNC_STORE_NAME_MAX)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = use_value(store, CPMSYNC_SQL_VALUE_PUT, key, &statement);
    if (!error) {
        cpmsync_sqlite_db_bind_octets(&store->db, statement, 2, octets, len);
        error = cpmsync_sqlite_db_run(&store->db, statement);
    }
    return cpmsync_sqlite_state_wrote(store, error);
}

static int get_value(struct cpmsync_sqlite_store *store, const char *key, cpmsync_store_value_fn fn, void *ctx)
{
    sqlite3_stmt *statement;
    int result = use_value(store, CPMSYNC_SQL_VALUE_GET, key, &statement);

    if (!result)
        result = cpmsync_sqlite_db_step(&store->db, statement);
    if (result == 0)
        return CPMSYNC_ERR_NOT_FOUND;
    if (result == 1) {
        const uint8_t *octets = sqlite3_column_blob(statement, 0);

        result = fn(ctx, octets, (size_t)sqlite3_column_bytes(statement, 0));
        (void)sqlite3_reset(statement);
    }
    return result;
}

static int value_get(void *self, const char *key, cpmsync_store_value_fn fn, void *ctx)
{
    struct cpmsync_sqlite_store *store = self;
    int error = cpmsync_sqlite_state_read(store);

    return error ? error : cpmsync_sqlite_state_done(store, get_value(store, key, fn, ctx));
}

static int value_remove(void *self, const char *key)
{
    struct cpmsync_sqlite_store *store = self;
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_state_write(store);

    if (error)
        return error;
    error = use_value(store, CPMSYNC_SQL_VALUE_REMOVE, key, &statement);
    if (!error)
        error = cpmsync_sqlite_db_run(&store->db, statement);
    return cpmsync_sqlite_state_wrote(store, error);
}

/* --- opening and closing ------------------------------------------------------------------------------------------ */

static void close_store(void *self)
{
    struct cpmsync_sqlite_store *store = self;

    rollback(store);
    if (store->db.handle != NULL)
        cpmsync_sqlite_db_close(&store->db);
    /* Only now: closing may still move the log into the file. */
    cpmsync_sqlite_unlock(store->lock);
    cpmsync_sqlite_rows_clear(&store->rows);
    cpmsync_sqlite_record_clear(&store->record);
    cpmsync_mem_free(store->mem, store->path);
    cpmsync_mem_free(store->mem, store->account);
    cpmsync_mem_free(store->mem, store);
}

static const struct cpmsync_store_ops sqlite_ops = {
    .size = sizeof sqlite_ops,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .mailbox_put = mailbox_put,
    .mailbox_get = mailbox_get,
    .mailbox_each = mailbox_each,
    .mailbox_remove = mailbox_remove,
    .mailbox_rename = mailbox_rename,
    .rows_put = rows_put,
    .rows_remove = rows_remove,
    .rows_load = rows_load,
    .flagset_put = flagset_put,
    .flagset_remove = flagset_remove,
    .flagset_each = flagset_each,
    .descriptor_put = descriptor_put,
    .descriptor_each = descriptor_each,
    .journal_put = journal_put,
    .journal_remove = journal_remove,
    .journal_each = journal_each,
    .value_put = value_put,
    .value_get = value_get,
    .value_remove = value_remove,
    .close = close_store,
};

static int make_store(const struct cpmsync_store_sqlite_config *config, struct cpmsync_sqlite_store **made)
{
    struct cpmsync_sqlite_store *store = cpmsync_mem_zalloc(config->allocator, sizeof *store);

    *made = store;
    if (store == NULL)
        return CPMSYNC_ERR_NOMEM;
    store->mem = config->allocator;
    store->lock = -1;
    store->synchronous = -1;
    store->read_only = config->read_only != 0;
    cpmsync_sqlite_rows_init(&store->rows, store->mem, &store->db);
    cpmsync_sqlite_record_init(&store->record, store->mem);
    store->path = cpmsync_mem_copy(store->mem, config->path, strlen(config->path));
    if (config->account != NULL)
        store->account = cpmsync_mem_copy(store->mem, config->account, strlen(config->account));
    return store->path == NULL || (config->account != NULL && store->account == NULL) ? CPMSYNC_ERR_NOMEM : 0;
}

static bool is_missing(const char *path, const char *name)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(name);
    int there = 1;

    return vfs != NULL && vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && !there;
}

static int open_reader(struct cpmsync_sqlite_store *store, const char *vfs)
{
    int error = cpmsync_sqlite_db_open(&store->db, store->path, SQLITE_OPEN_READONLY, vfs);

    if (error && is_missing(store->path, vfs))
        return CPMSYNC_ERR_NOT_FOUND;
    return error ? error : cpmsync_sqlite_schema_check(&store->db, store->account);
}

static int open_writer(struct cpmsync_sqlite_store *store, const char *vfs)
{
    int error = cpmsync_sqlite_lock(store->mem, store->path, &store->lock);

    if (!error && vfs == NULL)
        error = cpmsync_sqlite_create(store->path); /* SQLite itself would make it readable for others */
    if (!error)
        error = cpmsync_sqlite_db_open(&store->db, store->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);
    if (error)
        return error;
    error = cpmsync_sqlite_schema_check(&store->db, store->account);
    if (error != CPMSYNC_ERR_NOT_FOUND)
        return error;
    if (store->account == NULL)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_sqlite_schema_create(&store->db, store->account);
}

static int tune(struct cpmsync_sqlite_store *store)
{
    int error = cpmsync_sqlite_db_exec(
        &store->db, "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -512; PRAGMA trusted_schema = OFF");

    if (error || store->read_only)
        return error;
    /* The log is cut to a megabyte once it was moved; Apple's fsync reaches the medium only when told so. */
    return cpmsync_sqlite_db_exec(&store->db, "PRAGMA journal_size_limit = 1048576; PRAGMA fullfsync = ON");
}

int cpmsync_store_sqlite_open(
    struct cpmsync_store *store, const struct cpmsync_store_sqlite_config *config, int *backend_code)
{
    struct cpmsync_store_sqlite_config known;
    struct cpmsync_sqlite_store *self;
    int error = cpmsync_sized_read(&known, sizeof known, config);

    if (backend_code != NULL)
        *backend_code = 0;
    if (error || known.path == NULL || known.path[0] == '\0')
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = make_store(&known, &self);
    if (!error)
        error = known.read_only ? open_reader(self, known.vfs) : open_writer(self, known.vfs);
    if (!error)
        error = tune(self);
    if (error) {
        if (backend_code != NULL && self != NULL)
            *backend_code = self->db.code;
        if (self != NULL)
            close_store(self);
        return error;
    }
    store->ops = &sqlite_ops;
    store->self = self;
    return 0;
}

static struct cpmsync_sqlite_store *writer_of(const struct cpmsync_store *store)
{
    struct cpmsync_sqlite_store *self;

    if (store == NULL || store->ops != &sqlite_ops)
        return NULL;
    self = store->self;
    return self->read_only ? NULL : self;
}

int cpmsync_store_sqlite_suspend(struct cpmsync_store *store)
{
    struct cpmsync_sqlite_store *self = writer_of(store);

    if (self == NULL)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (self->open || self->suspended)
        return CPMSYNC_ERR_STATE;
    cpmsync_sqlite_unlock(self->lock);
    self->lock = -1;
    self->suspended = true;
    return 0;
}

int cpmsync_store_sqlite_resume(struct cpmsync_store *store)
{
    struct cpmsync_sqlite_store *self = writer_of(store);
    int error;

    if (self == NULL)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!self->suspended)
        return CPMSYNC_ERR_STATE;
    error = cpmsync_sqlite_lock(self->mem, self->path, &self->lock);
    if (error)
        return error;
    /* Whoever wrote meanwhile may have been a newer version. */
    error = cpmsync_sqlite_schema_check(&self->db, self->account);
    if (error) {
        cpmsync_sqlite_unlock(self->lock);
        self->lock = -1;
        return error;
    }
    self->suspended = false;
    return 0;
}
