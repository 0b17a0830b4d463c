/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "store/sqlite_schema.h"
#include "support/powerloss_vfs.h"

static struct powerloss_disk *disk;
static struct cpmsync_sqlite_db db;

static int open_db(void)
{
    return cpmsync_sqlite_db_open(&db, "file", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "schema");
}

static int set_up(void **state)
{
    (void)state;
    disk = powerloss_new("schema", 512);
    return disk != NULL ? open_db() : -1;
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_sqlite_db_close(&db);
    powerloss_free(disk);
    return 0;
}

static void test_an_empty_database_is_no_store_yet(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_sqlite_schema_check(&db, NULL), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_sqlite_schema_create(&db, "me@host:993"), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, NULL), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, "me@host:993"), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, "me@host:143"), CPMSYNC_ERR_STORE_ACCOUNT);
}

static void test_the_numbers_in_the_file_are_those_of_the_header(void **state)
{
    char sql[80];

    (void)state;
    assert_int_equal(cpmsync_sqlite_schema_create(&db, "me"), 0);
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", CPMSYNC_SQLITE_VERSION + 1);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, sql), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, "me"), CPMSYNC_ERR_STORE_NEWER);
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", CPMSYNC_SQLITE_VERSION);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, sql), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, "me"), 0);
    (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d", CPMSYNC_SQLITE_APPLICATION - 1);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, sql), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, "me"), CPMSYNC_ERR_STORE_CORRUPT);
}

static void test_tables_of_others_are_left_alone(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "CREATE TABLE theirs (a)"), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, NULL), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "DROP TABLE theirs"), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, NULL), CPMSYNC_ERR_NOT_FOUND);
}

static void test_a_store_without_its_account_is_corrupt(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_sqlite_schema_create(&db, "me"), 0);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "DELETE FROM account"), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, NULL), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "DROP TABLE account"), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, NULL), CPMSYNC_ERR_STORE_CORRUPT);
}

/* The rollback journal of the change to the write-ahead log must not come back: its deletion is flushed too. */
static void test_a_creation_that_returned_survives_a_power_loss(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_sqlite_schema_create(&db, "me"), 0);
    powerloss_cut_all(disk);
    cpmsync_sqlite_db_close(&db);
    assert_int_equal(open_db(), 0);
    assert_int_equal(cpmsync_sqlite_schema_check(&db, "me"), 0);
}

/* Whatever write of the creation is the last, with every subset kept at random: there is no store or a whole one. */
static void test_a_creation_cut_anywhere_can_be_repeated(void **state)
{
    uint32_t seed = 1;
    bool done = false;

    (void)state;
    for (uint64_t calls = 0; !done; calls++) {
        int error;

        cpmsync_sqlite_db_close(&db);
        powerloss_free(disk);
        disk = powerloss_new("schema", 512);
        assert_int_equal(open_db(), 0);
        powerloss_stop_after(disk, calls);
        done = cpmsync_sqlite_schema_create(&db, "me") == 0;
        powerloss_cut_random(disk, &seed);
        cpmsync_sqlite_db_close(&db);
        assert_int_equal(open_db(), 0);
        error = cpmsync_sqlite_schema_check(&db, "me");
        if (done)
            assert_int_equal(error, 0);
        else if (error == CPMSYNC_ERR_NOT_FOUND)
            assert_int_equal(cpmsync_sqlite_schema_create(&db, "me"), 0);
        assert_int_equal(cpmsync_sqlite_schema_check(&db, "me"), 0);
        assert_true(calls < 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_empty_database_is_no_store_yet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_numbers_in_the_file_are_those_of_the_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tables_of_others_are_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_store_without_its_account_is_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_creation_that_returned_survives_a_power_loss, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_creation_cut_anywhere_can_be_repeated, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
