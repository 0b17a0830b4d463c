/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/sqlite_db.h"

static struct cpmsync_sqlite_db db;

static int set_up(void **state)
{
    (void)state;
    return cpmsync_sqlite_db_open(&db, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_sqlite_db_close(&db);
    return 0;
}

static void test_each_result_of_sqlite_has_an_error(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_OK), 0);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_ROW), 0);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_DONE), 0);
    assert_int_equal(db.code, 0);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_FULL), CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_NOMEM), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_IOERR_NOMEM), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_NOTADB), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_CORRUPT_VTAB), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_BUSY_RECOVERY), CPMSYNC_ERR_STORE_LOCKED);
    assert_int_equal(cpmsync_sqlite_db_error(&db, SQLITE_IOERR_FSYNC), CPMSYNC_ERR_STORE);
    assert_int_equal(db.code, SQLITE_IOERR_FSYNC);
}

static void test_statements_on_foreign_tables_say_corrupt(void **state)
{
    sqlite3_stmt *statement;

    (void)state;
    assert_int_equal(cpmsync_sqlite_db_use(&db, CPMSYNC_SQL_MAILBOX_ID, &statement), CPMSYNC_ERR_STORE_CORRUPT);
}

static void test_a_statement_is_prepared_once_and_forgets_its_parameters(void **state)
{
    sqlite3_stmt *first;
    sqlite3_stmt *second;

    (void)state;
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "CREATE TABLE value (name BLOB PRIMARY KEY, octets BLOB)"), 0);
    assert_int_equal(cpmsync_sqlite_db_use(&db, CPMSYNC_SQL_VALUE_PUT, &first), 0);
    cpmsync_sqlite_db_bind_octets(&db, first, 1, "key", 3);
    cpmsync_sqlite_db_bind_octets(&db, first, 2, NULL, 0);
    assert_int_equal(cpmsync_sqlite_db_run(&db, first), 0);
    assert_int_equal(cpmsync_sqlite_db_use(&db, CPMSYNC_SQL_VALUE_GET, &second), 0);
    assert_int_equal(cpmsync_sqlite_db_step(&db, second), 0); /* no key bound: nothing found */
    assert_int_equal(cpmsync_sqlite_db_use(&db, CPMSYNC_SQL_VALUE_GET, &first), 0);
    assert_ptr_equal(first, second);
    cpmsync_sqlite_db_bind_octets(&db, first, 1, "key", 3);
    assert_int_equal(cpmsync_sqlite_db_step(&db, first), 1);
    assert_int_equal(sqlite3_column_type(first, 0), SQLITE_BLOB); /* empty, not NULL */
    assert_int_equal(cpmsync_sqlite_db_step(&db, first), 0);
}

static void test_a_failed_binding_is_not_run(void **state)
{
    sqlite3_stmt *statement;

    (void)state;
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "CREATE TABLE value (name BLOB PRIMARY KEY, octets BLOB)"), 0);
    assert_int_equal(cpmsync_sqlite_db_use(&db, CPMSYNC_SQL_VALUE_REMOVE, &statement), 0);
    cpmsync_sqlite_db_bind(&db, statement, 7, 1);
    assert_int_equal(cpmsync_sqlite_db_run(&db, statement), CPMSYNC_ERR_STORE);
    assert_int_equal(db.code, SQLITE_RANGE);
}

static void test_unsigned_numbers_are_the_same_64_bits(void **state)
{
    (void)state;
    assert_true(cpmsync_sqlite_signed(UINT64_MAX) == -1);
    assert_true(cpmsync_sqlite_unsigned(cpmsync_sqlite_signed(UINT64_C(1) << 63)) == UINT64_C(1) << 63);
    assert_true(cpmsync_sqlite_rowid(1, UINT32_MAX) + 1 == cpmsync_sqlite_rowid(2, 0));
    assert_true(cpmsync_sqlite_rowid(INT32_MAX, UINT32_MAX) == INT64_MAX);
}

static void test_a_file_that_cannot_be_opened_leaves_nothing_open(void **state)
{
    struct cpmsync_sqlite_db other;

    (void)state;
    assert_int_equal(
        cpmsync_sqlite_db_open(&other, "no such directory/file", SQLITE_OPEN_READWRITE, NULL), CPMSYNC_ERR_STORE);
    assert_null(other.handle);
    assert_int_equal(other.code & 0xff, SQLITE_CANTOPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_result_of_sqlite_has_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_statements_on_foreign_tables_say_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_statement_is_prepared_once_and_forgets_its_parameters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_binding_is_not_run, set_up, tear_down),
        cmocka_unit_test(test_unsigned_numbers_are_the_same_64_bits),
        cmocka_unit_test(test_a_file_that_cannot_be_opened_leaves_nothing_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
