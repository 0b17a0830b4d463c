/* SPDX-License-Identifier: MIT */
/* A connection to SQLite as the store uses it: statements prepared once, errors as ours. */
#ifndef CPMSYNC_STORE_SQLITE_DB_H
#define CPMSYNC_STORE_SQLITE_DB_H

#include <cpmsync/error.h>

#include <sqlite3.h>
#include <stdbool.h>

enum cpmsync_sqlite_sql {
    CPMSYNC_SQL_BEGIN_READ,
    CPMSYNC_SQL_BEGIN_WRITE,
    CPMSYNC_SQL_COMMIT,
    CPMSYNC_SQL_MAILBOX_ID,
    CPMSYNC_SQL_MAILBOX_PUT,
    CPMSYNC_SQL_MAILBOX_GET,
    CPMSYNC_SQL_MAILBOX_EACH,
    CPMSYNC_SQL_MAILBOX_REMOVE,
    CPMSYNC_SQL_MAILBOX_RENAME,
    CPMSYNC_SQL_CHUNK_PUT,
    CPMSYNC_SQL_CHUNK_REMOVE,
    CPMSYNC_SQL_CHUNK_FLOOR,
    CPMSYNC_SQL_CHUNK_ABOVE,
    CPMSYNC_SQL_CHUNK_EACH,
    CPMSYNC_SQL_CHANGE_PUT,
    CPMSYNC_SQL_CHANGE_REMOVE,
    CPMSYNC_SQL_CHANGE_EACH,
    CPMSYNC_SQL_CHANGE_STATE,
    CPMSYNC_SQL_CHANGE_LAST,
    CPMSYNC_SQL_FLAGSET_PUT,
    CPMSYNC_SQL_FLAGSET_REMOVE,
    CPMSYNC_SQL_FLAGSET_EACH,
    CPMSYNC_SQL_DESCRIPTOR_PUT,
    CPMSYNC_SQL_DESCRIPTOR_REMOVE,
    CPMSYNC_SQL_DESCRIPTOR_EACH,
    CPMSYNC_SQL_JOURNAL_PUT,
    CPMSYNC_SQL_JOURNAL_REMOVE,
    CPMSYNC_SQL_JOURNAL_ALL,
    CPMSYNC_SQL_JOURNAL_OF,
    CPMSYNC_SQL_JOURNAL_RENAME,
    CPMSYNC_SQL_VALUE_PUT,
    CPMSYNC_SQL_VALUE_GET,
    CPMSYNC_SQL_VALUE_REMOVE,
    CPMSYNC_SQL_COUNT
};

struct cpmsync_sqlite_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[CPMSYNC_SQL_COUNT];
    int bind_code; /* the first that failed since use */
    int code;      /* SQLite's extended code of the last error */
};

/* Opens with flags SQLITE_OPEN_*; on an error nothing is left open. */
int cpmsync_sqlite_db_open(struct cpmsync_sqlite_db *db, const char *path, int flags, const char *vfs);
void cpmsync_sqlite_db_close(struct cpmsync_sqlite_db *db);

/* Our error for a result code of SQLite, which is kept in db->code. */
int cpmsync_sqlite_db_error(struct cpmsync_sqlite_db *db, int code);

/* Statements without parameters and results. */
int cpmsync_sqlite_db_exec(struct cpmsync_sqlite_db *db, const char *sql);
/* Ends the transaction that is open in SQLite, if there is one. It may lack memory for it: try again before the next. */
int cpmsync_sqlite_db_rollback(struct cpmsync_sqlite_db *db);

/* The statement, prepared and free of parameters. Bind, then run, or step to the end or reset. */
int cpmsync_sqlite_db_use(struct cpmsync_sqlite_db *db, enum cpmsync_sqlite_sql sql, sqlite3_stmt **statement);
void cpmsync_sqlite_db_bind(struct cpmsync_sqlite_db *db, sqlite3_stmt *statement, int at, int64_t number);
/* The octets must live until the statement has run. */
void cpmsync_sqlite_db_bind_octets(
    struct cpmsync_sqlite_db *db, sqlite3_stmt *statement, int at, const void *octets, size_t len);
int cpmsync_sqlite_db_run(struct cpmsync_sqlite_db *db, sqlite3_stmt *statement);
/* 1 for a row, 0 at the end, or an error; the statement is reset behind the last row. */
int cpmsync_sqlite_db_step(struct cpmsync_sqlite_db *db, sqlite3_stmt *statement);

/* Uses, binds `count` numbers, runs. */
int cpmsync_sqlite_db_do(struct cpmsync_sqlite_db *db, enum cpmsync_sqlite_sql sql, const int64_t *numbers, int count);

/* SQLite has signed numbers only: the same 64 bits. */
int64_t cpmsync_sqlite_signed(uint64_t number);
uint64_t cpmsync_sqlite_unsigned(int64_t number);

/* What is kept by mailbox and number has the rowid mailbox << 32 | number. */
static inline int64_t cpmsync_sqlite_rowid(uint32_t mailbox, uint32_t number)
{
    return (int64_t)mailbox << 32 | (int64_t)number;
}

#endif
