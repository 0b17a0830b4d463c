/* SPDX-License-Identifier: MIT */
/*
 * chunk holds up to 1,024 rows as columns of octets from the rowid's UID on, change what was changed since (both see
 * row_changes.h), flagset and descriptor a set or descriptor each; all by rowid mailbox << 32 | number. The ids of journal
 * are turned by 2^63, so that unsigned ids sort.
 */
#include "store/sqlite_schema.h"

#include <string.h>

static const char create[] =
    "CREATE TABLE mailbox (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, uidvalidity INTEGER NOT NULL,"
    " uidnext INTEGER NOT NULL, highestmodseq INTEGER NOT NULL, messages INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " covered BLOB NOT NULL, extra BLOB NOT NULL);"
    "CREATE TABLE chunk (id INTEGER PRIMARY KEY, octets BLOB NOT NULL);"
    "CREATE TABLE change (id INTEGER PRIMARY KEY, octets BLOB NOT NULL);"
    "CREATE TABLE flagset (id INTEGER PRIMARY KEY, octets BLOB NOT NULL);"
    "CREATE TABLE descriptor (id INTEGER PRIMARY KEY, octets BLOB NOT NULL);"
    "CREATE TABLE journal (id INTEGER PRIMARY KEY, mailbox BLOB NOT NULL, octets BLOB NOT NULL);"
    "CREATE INDEX journal_mailbox ON journal (mailbox);"
    "CREATE TABLE value (name BLOB PRIMARY KEY NOT NULL, octets BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE account (name TEXT NOT NULL);"
    "PRAGMA application_id = 1129336147;"
    "PRAGMA user_version = 1";

/* The first column of the first row as a number; 0 if there is no row. */
static int read_number(struct cpmsync_sqlite_db *db, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    int error = 0;

    *number = 0;
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    else if (code != SQLITE_DONE)
        error = cpmsync_sqlite_db_error(db, sqlite3_extended_errcode(db->handle));
    (void)sqlite3_finalize(statement);
    return error;
}

/* Readers never block the writer and the writer never blocks readers: that needs the write-ahead log. */
static int set_wal(struct cpmsync_sqlite_db *db)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    int error = 0;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        error = cpmsync_sqlite_db_error(db, sqlite3_extended_errcode(db->handle));
    } else {
        const char *mode = (const char *)sqlite3_column_text(statement, 0);

        if (mode == NULL || strcmp(mode, "wal") != 0)
            error = CPMSYNC_ERR_STORE;
    }
    (void)sqlite3_finalize(statement);
    return error;
}

static int put_account(struct cpmsync_sqlite_db *db, const char *account)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, "INSERT INTO account (name) VALUES (?1)", -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, account, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    (void)sqlite3_finalize(statement);
    return cpmsync_sqlite_db_error(db, code);
}

int cpmsync_sqlite_schema_create(struct cpmsync_sqlite_db *db, const char *account)
{
    /* The change to the write-ahead log is the one transaction with a rollback journal. Were only the journal's deletion
     * lost with the power, it would come back and undo the file under all that was committed since: flush the directory. */
    int error = cpmsync_sqlite_db_exec(db, "PRAGMA synchronous = EXTRA");

    if (!error)
        error = set_wal(db);
    if (!error)
        error = cpmsync_sqlite_db_exec(db, "BEGIN IMMEDIATE");
    if (error)
        return error;
    error = cpmsync_sqlite_db_exec(db, create);
    if (!error)
        error = put_account(db, account);
    if (!error)
        error = cpmsync_sqlite_db_exec(db, "COMMIT");
    if (error)
        (void)cpmsync_sqlite_db_rollback(db);
    return error;
}

static int check_account(struct cpmsync_sqlite_db *db, const char *account)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, "SELECT name FROM account", -1, &statement, NULL);
    int error = 0;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);

        if (name == NULL)
            error = CPMSYNC_ERR_NOMEM;
        else if (account != NULL && strcmp(name, account) != 0)
            error = CPMSYNC_ERR_STORE_ACCOUNT;
    } else {
        error =
            code == SQLITE_DONE || code == SQLITE_ERROR ? CPMSYNC_ERR_STORE_CORRUPT : cpmsync_sqlite_db_error(db, code);
    }
    (void)sqlite3_finalize(statement);
    return error;
}

static int check_tables(struct cpmsync_sqlite_db *db, const char *account)
{
    int64_t application;
    int64_t version;
    int64_t tables;
    int error = read_number(db, "PRAGMA application_id", &application);

    if (!error)
        error = read_number(db, "PRAGMA user_version", &version);
    if (!error)
        error = read_number(db, "SELECT count(*) FROM sqlite_master", &tables);
    if (error)
        return error;
    if (application == 0 && version == 0 && tables == 0)
        return CPMSYNC_ERR_NOT_FOUND;
    if (application != CPMSYNC_SQLITE_APPLICATION || version < 1)
        return CPMSYNC_ERR_STORE_CORRUPT;
    if (version > CPMSYNC_SQLITE_VERSION)
        return CPMSYNC_ERR_STORE_NEWER;
    return check_account(db, account);
}

int cpmsync_sqlite_schema_check(struct cpmsync_sqlite_db *db, const char *account)
{
    int error = cpmsync_sqlite_db_exec(db, "BEGIN");

    if (error)
        return error;
    error = check_tables(db, account);
    (void)cpmsync_sqlite_db_rollback(db);
    return error;
}
