/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/sqlite_record.h"
#include "support/failing_allocator.h"

static struct support_allocator allocator;
static struct cpmsync_sqlite_db db;
static struct cpmsync_sqlite_record record;

static int set_up(void **state)
{
    (void)state;
    support_allocator_init(&allocator);
    cpmsync_sqlite_record_init(&record, &allocator.mem);
    if (cpmsync_sqlite_db_open(&db, "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
        return -1;
    return cpmsync_sqlite_db_exec(&db,
        "CREATE TABLE mailbox (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, uidvalidity, uidnext,"
        " highestmodseq, messages, flags, covered BLOB NOT NULL, extra BLOB NOT NULL)");
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_sqlite_record_clear(&record);
    cpmsync_sqlite_db_close(&db);
    return allocator.live_blocks ? -1 : 0;
}

static int show(struct cpmsync_store_mailbox *mailbox)
{
    sqlite3_stmt *statement;
    int error = cpmsync_sqlite_db_use(&db, CPMSYNC_SQL_MAILBOX_EACH, &statement);

    if (!error && cpmsync_sqlite_db_step(&db, statement) == 1)
        error = cpmsync_sqlite_record_show(&record, statement, mailbox);
    (void)sqlite3_reset(statement);
    return error;
}

static void test_a_shown_record_can_be_put_again(void **state)
{
    const struct cpmsync_range covered[] = {{1, 5}, {7, UINT32_MAX}};
    struct cpmsync_store_mailbox mailbox = {0};

    (void)state;
    mailbox.size = sizeof mailbox;
    mailbox.name = (const uint8_t *)"a\xff";
    mailbox.name_len = 2;
    mailbox.highestmodseq = UINT64_MAX;
    mailbox.covered = covered;
    mailbox.covered_count = 2;
    mailbox.extra = (const uint8_t *)"\0\1\2";
    mailbox.extra_len = 3;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cpmsync_sqlite_record_put(&record, &db, &mailbox), 0);
        assert_int_equal(show(&mailbox), 0);
        assert_int_equal(mailbox.name_len, 2);
        assert_memory_equal(mailbox.name, "a\xff", 2);
        assert_true(mailbox.highestmodseq == UINT64_MAX);
        assert_int_equal(mailbox.covered_count, 2);
        assert_memory_equal(mailbox.covered, covered, sizeof covered);
        assert_int_equal(mailbox.extra_len, 3);
        assert_memory_equal(mailbox.extra, "\0\1\2", 3);
    }
}

static void test_damaged_ranges_are_corrupt(void **state)
{
    struct cpmsync_store_mailbox mailbox = {0};

    (void)state;
    assert_int_equal(
        cpmsync_sqlite_db_exec(&db, "INSERT INTO mailbox VALUES (1, x'41', 1, 1, 1, 1, 1, x'0102', x'')"), 0);
    assert_int_equal(show(&mailbox), CPMSYNC_ERR_STORE_CORRUPT);
}

static void test_no_memory_is_said(void **state)
{
    struct cpmsync_store_mailbox mailbox = {0};

    (void)state;
    mailbox.size = sizeof mailbox;
    mailbox.name = (const uint8_t *)"a";
    mailbox.name_len = 1;
    support_allocator_fail_at(&allocator, 1);
    assert_int_equal(cpmsync_sqlite_record_put(&record, &db, &mailbox), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_sqlite_record_put(&record, &db, &mailbox), 0);
    support_allocator_fail_at(&allocator, 1);
    assert_int_equal(show(&mailbox), CPMSYNC_ERR_NOMEM);
    assert_int_equal(show(&mailbox), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_shown_record_can_be_put_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_ranges_are_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
