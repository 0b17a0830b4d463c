/* SPDX-License-Identifier: MIT */
#include "store/sqlite_db.h"

#include <string.h>

static const char *const texts[CPMSYNC_SQL_COUNT] = {
    [CPMSYNC_SQL_BEGIN_READ] = "BEGIN",
    [CPMSYNC_SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [CPMSYNC_SQL_COMMIT] = "COMMIT",
    [CPMSYNC_SQL_MAILBOX_ID] = "SELECT id FROM mailbox WHERE name = ?1",
    [CPMSYNC_SQL_MAILBOX_PUT] =
        "INSERT INTO mailbox (name, uidvalidity, uidnext, highestmodseq, messages, flags, covered, extra)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name) DO UPDATE SET uidvalidity = ?2, uidnext = ?3,"
        " highestmodseq = ?4, messages = ?5, flags = ?6, covered = ?7, extra = ?8",
    [CPMSYNC_SQL_MAILBOX_GET] = "SELECT name, uidvalidity, uidnext, highestmodseq, messages, flags, covered, extra"
                                " FROM mailbox WHERE name = ?1",
    [CPMSYNC_SQL_MAILBOX_EACH] = "SELECT name, uidvalidity, uidnext, highestmodseq, messages, flags, covered, extra"
                                 " FROM mailbox ORDER BY name",
    [CPMSYNC_SQL_MAILBOX_REMOVE] = "DELETE FROM mailbox WHERE id = ?1",
    [CPMSYNC_SQL_MAILBOX_RENAME] = "UPDATE mailbox SET name = ?2 WHERE id = ?1",
    [CPMSYNC_SQL_CHUNK_PUT] = "INSERT OR REPLACE INTO chunk (id, octets) VALUES (?1, ?2)",
    [CPMSYNC_SQL_CHUNK_REMOVE] = "DELETE FROM chunk WHERE id BETWEEN ?1 AND ?2",
    [CPMSYNC_SQL_CHUNK_FLOOR] = "SELECT id, octets FROM chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
    [CPMSYNC_SQL_CHUNK_ABOVE] = "SELECT id FROM chunk WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1",
    [CPMSYNC_SQL_CHUNK_EACH] = "SELECT id, octets FROM chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    [CPMSYNC_SQL_CHANGE_PUT] = "INSERT OR REPLACE INTO change (id, octets) VALUES (?1, ?2)",
    [CPMSYNC_SQL_CHANGE_REMOVE] = "DELETE FROM change WHERE id BETWEEN ?1 AND ?2",
    [CPMSYNC_SQL_CHANGE_EACH] = "SELECT id, octets FROM change WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    [CPMSYNC_SQL_CHANGE_STATE] = "SELECT max(id), sum(length(octets)) FROM change WHERE id BETWEEN ?1 AND ?2",
    [CPMSYNC_SQL_CHANGE_LAST] = "SELECT octets FROM change WHERE id = ?1",
    [CPMSYNC_SQL_FLAGSET_PUT] = "INSERT OR REPLACE INTO flagset (id, octets) VALUES (?1, ?2)",
    [CPMSYNC_SQL_FLAGSET_REMOVE] = "DELETE FROM flagset WHERE id BETWEEN ?1 AND ?2",
    [CPMSYNC_SQL_FLAGSET_EACH] = "SELECT id, octets FROM flagset WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    [CPMSYNC_SQL_DESCRIPTOR_PUT] = "INSERT OR REPLACE INTO descriptor (id, octets) VALUES (?1, ?2)",
    [CPMSYNC_SQL_DESCRIPTOR_REMOVE] = "DELETE FROM descriptor WHERE id BETWEEN ?1 AND ?2",
    [CPMSYNC_SQL_DESCRIPTOR_EACH] = "SELECT id, octets FROM descriptor WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    [CPMSYNC_SQL_JOURNAL_PUT] = "INSERT OR REPLACE INTO journal (id, mailbox, octets) VALUES (?1, ?2, ?3)",
    [CPMSYNC_SQL_JOURNAL_REMOVE] = "DELETE FROM journal WHERE id = ?1",
    [CPMSYNC_SQL_JOURNAL_ALL] = "SELECT id, mailbox, octets FROM journal ORDER BY id",
    [CPMSYNC_SQL_JOURNAL_OF] = "SELECT id, mailbox, octets FROM journal WHERE mailbox = ?1 ORDER BY id",
    [CPMSYNC_SQL_JOURNAL_RENAME] = "UPDATE journal SET mailbox = ?2 WHERE mailbox = ?1",
    [CPMSYNC_SQL_VALUE_PUT] = "INSERT OR REPLACE INTO value (name, octets) VALUES (?1, ?2)",
    [CPMSYNC_SQL_VALUE_GET] = "SELECT octets FROM value WHERE name = ?1",
    [CPMSYNC_SQL_VALUE_REMOVE] = "DELETE FROM value WHERE name = ?1",
};

int cpmsync_sqlite_db_error(struct cpmsync_sqlite_db *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return 0;
    db->code = code;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return CPMSYNC_ERR_NOMEM;
    case SQLITE_FULL:
        return CPMSYNC_ERR_STORE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return CPMSYNC_ERR_STORE_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CPMSYNC_ERR_STORE_LOCKED;
    default:
        return code == SQLITE_IOERR_NOMEM ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_STORE;
    }
}

static int failed(struct cpmsync_sqlite_db *db)
{
    return cpmsync_sqlite_db_error(db, sqlite3_extended_errcode(db->handle));
}

int cpmsync_sqlite_db_open(struct cpmsync_sqlite_db *db, const char *path, int flags, const char *vfs)
{
    int code;
    int error = 0;

    memset(db, 0, sizeof *db);
    code = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, vfs);
    if (code != SQLITE_OK) {
        error = cpmsync_sqlite_db_error(db, db->handle ? sqlite3_extended_errcode(db->handle) : code);
        (void)sqlite3_close(db->handle);
        db->handle = NULL;
        return error;
    }
    (void)sqlite3_extended_result_codes(db->handle, 1);
    (void)sqlite3_busy_timeout(db->handle, 0); /* no call waits for another process */
    return 0;
}

void cpmsync_sqlite_db_close(struct cpmsync_sqlite_db *db)
{
    for (int i = 0; i < CPMSYNC_SQL_COUNT; i++) {
        (void)sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    (void)sqlite3_close(db->handle);
    db->handle = NULL;
}

int cpmsync_sqlite_db_exec(struct cpmsync_sqlite_db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(db);
}

int cpmsync_sqlite_db_rollback(struct cpmsync_sqlite_db *db)
{
    return sqlite3_get_autocommit(db->handle) ? 0 : cpmsync_sqlite_db_exec(db, "ROLLBACK");
}

int cpmsync_sqlite_db_use(struct cpmsync_sqlite_db *db, enum cpmsync_sqlite_sql sql, sqlite3_stmt **statement)
{
    int error;

    db->bind_code = SQLITE_OK;
    *statement = db->statements[sql];
    if (*statement != NULL) {
        (void)sqlite3_reset(*statement);
        (void)sqlite3_clear_bindings(*statement);
        return 0;
    }
    if (sqlite3_prepare_v3(db->handle, texts[sql], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
        error = failed(db);
        /* Our own statement does not fit the tables: they are not ours. */
        return db->code == SQLITE_ERROR ? CPMSYNC_ERR_STORE_CORRUPT : error;
    }
    db->statements[sql] = *statement;
    return 0;
}

static void note_bind(struct cpmsync_sqlite_db *db, int code)
{
    if (db->bind_code == SQLITE_OK)
        db->bind_code = code;
}

void cpmsync_sqlite_db_bind(struct cpmsync_sqlite_db *db, sqlite3_stmt *statement, int at, int64_t number)
{
    note_bind(db, sqlite3_bind_int64(statement, at, number));
}

void cpmsync_sqlite_db_bind_octets(
    struct cpmsync_sqlite_db *db, sqlite3_stmt *statement, int at, const void *octets, size_t len)
{
    /* A null pointer would be SQL's NULL. */
    note_bind(db, sqlite3_bind_blob64(statement, at, len ? octets : "", len, SQLITE_STATIC));
}

int cpmsync_sqlite_db_step(struct cpmsync_sqlite_db *db, sqlite3_stmt *statement)
{
    int code = db->bind_code;
    int error;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    db->bind_code = SQLITE_OK;
    if (code == SQLITE_ROW)
        return 1;
    error = cpmsync_sqlite_db_error(db, code);
    (void)sqlite3_reset(statement);
    return error;
}

int cpmsync_sqlite_db_run(struct cpmsync_sqlite_db *db, sqlite3_stmt *statement)
{
    int result = cpmsync_sqlite_db_step(db, statement);

    (void)sqlite3_reset(statement);
    return result < 0 ? result : 0;
}

int cpmsync_sqlite_db_do(struct cpmsync_sqlite_db *db, enum cpmsync_sqlite_sql sql, const int64_t *numbers, int count)
{
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_db_use(db, sql, &statement);

    if (error)
        return error;
    for (int i = 0; i < count; i++)
        cpmsync_sqlite_db_bind(db, statement, i + 1, numbers[i]);
    return cpmsync_sqlite_db_run(db, statement);
}

int64_t cpmsync_sqlite_signed(uint64_t number)
{
    int64_t same;

    memcpy(&same, &number, sizeof same);
    return same;
}

uint64_t cpmsync_sqlite_unsigned(int64_t number)
{
    return (uint64_t)number;
}
