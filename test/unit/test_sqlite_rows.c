/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "store/sqlite_rows.h"
#include "support/failing_allocator.h"

enum { UIDS = 12000 };

static struct support_allocator allocator;
static struct cpmsync_sqlite_db db;
static struct cpmsync_sqlite_rows rows;
static uint64_t model[UIDS]; /* modseq by UID, 0: no row */

static int set_up(void **state)
{
    (void)state;
    support_allocator_init(&allocator);
    memset(model, 0, sizeof model);
    if (cpmsync_sqlite_db_open(&db, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
        return -1;
    cpmsync_sqlite_rows_init(&rows, &allocator.mem, &db);
    return cpmsync_sqlite_db_exec(&db, "CREATE TABLE chunk (id INTEGER PRIMARY KEY, octets BLOB NOT NULL);"
                                       "CREATE TABLE change (id INTEGER PRIMARY KEY, octets BLOB NOT NULL)");
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_sqlite_rows_clear(&rows);
    cpmsync_sqlite_db_close(&db);
    return allocator.live_blocks ? -1 : 0;
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *statement;
    int64_t result;

    assert_int_equal(sqlite3_prepare_v2(db.handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    result = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return result;
}

static int put_row(uint32_t uid, uint64_t modseq)
{
    uint32_t set = uid ^ 5;
    return cpmsync_sqlite_rows_put(&rows, 1, &uid, &modseq, &set, 1);
}

static int compare(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    uint32_t *last = ctx;

    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        while (++*last < uid[i])
            assert_int_equal(model[*last], 0);
        assert_int_equal(*last, uid[i]);
        assert_int_equal(model[uid[i]], modseq[i]);
        assert_int_equal(flagset[i], uid[i] ^ 5);
    }
    return 0;
}

static void assert_rows(void)
{
    uint32_t last = 0;

    assert_int_equal(cpmsync_sqlite_rows_load(&rows, 1, compare, &last), 0);
    while (++last < UIDS)
        assert_int_equal(model[last], 0);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static void change_at_random(uint32_t *seed, uint64_t modseq)
{
    uint32_t uid = next_random(seed) % (UIDS - 1) + 1;
    struct cpmsync_range range = {uid, uid + next_random(seed) % (next_random(seed) % 50 ? 10 : 4000)};

    if (next_random(seed) % 20) {
        assert_int_equal(put_row(uid, modseq), 0);
        model[uid] = modseq;
        return;
    }
    assert_int_equal(cpmsync_sqlite_rows_remove(&rows, 1, &range, 1), 0);
    for (; range.first <= range.last && range.first < UIDS; range.first++)
        model[range.first] = 0;
}

static void test_random_changes_match_a_plain_array_however_the_log_is_folded(void **state)
{
    uint32_t seed = 3;
    int64_t folds = 0;

    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 700; i++)
            change_at_random(&seed, round + 1);
        assert_rows(); /* with changes pending */
        assert_int_equal(cpmsync_sqlite_rows_flush(&rows), 0);
        assert_rows();
        folds += number("SELECT count(*) = 0 FROM change");
    }
    assert_true(folds >= 5);
    assert_true(number("SELECT max(length(octets)) FROM chunk") <= CPMSYNC_SQLITE_CHUNK * CPMSYNC_ROW_OCTETS);
}

static void test_newest_first_and_oldest_first_fill_their_chunks(void **state)
{
    (void)state;
    for (uint32_t batch = 0; batch < 30; batch++) {
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t old = 1 + batch * 200 + i;
            uint32_t new = UIDS - 1 - batch * 200 - 199 + i;

            if (old < new)
                model[old] = 1;
            model[new] = 1;
            assert_int_equal(put_row(old, model[old] ? model[old] : 1), 0);
            assert_int_equal(put_row(new, 1), 0);
            model[old] = 1;
        }
        assert_int_equal(cpmsync_sqlite_rows_flush(&rows), 0);
    }
    assert_rows();
    /* 12,000 rows need 12 chunks; what is still in the log is at most 4,096. */
    assert_in_range(number("SELECT count(*) FROM chunk"), 7, 20);
}

static void test_small_commits_share_a_record_of_the_log(void **state)
{
    (void)state;
    for (uint32_t uid = 1; uid <= 300; uid++) {
        model[uid] = uid;
        assert_int_equal(put_row(uid, uid), 0);
        assert_int_equal(cpmsync_sqlite_rows_flush(&rows), 0);
    }
    assert_rows();
    assert_true(number("SELECT count(*) FROM change") < 6);
}

static void test_a_large_transaction_is_bounded_in_memory(void **state)
{
    (void)state;
    for (uint32_t uid = 1; uid < UIDS; uid++) {
        model[uid] = 2;
        assert_int_equal(put_row(uid, 2), 0);
    }
    /* Pending and overlay, 64 KiB each before they double a last time. */
    assert_true(allocator.peak_octets < 500000);
    assert_true(number("SELECT count(*) FROM chunk") > 0);
    assert_rows();
}

static void test_mailboxes_are_apart_and_go_whole(void **state)
{
    uint32_t uid = UINT32_MAX;
    uint64_t modseq = 7;

    (void)state;
    assert_int_equal(cpmsync_sqlite_rows_put(&rows, 2, &uid, &modseq, &uid, 1), 0);
    model[5] = 5;
    assert_int_equal(put_row(5, 5), 0);
    assert_rows();
    assert_int_equal(cpmsync_sqlite_rows_drop(&rows, 2), 0);
    assert_rows();
    assert_int_equal(cpmsync_sqlite_rows_drop(&rows, 1), 0);
    model[5] = 0;
    assert_rows();
    assert_int_equal(cpmsync_sqlite_rows_flush(&rows), 0);
    assert_int_equal(number("SELECT count(*) FROM change"), 0);
}

static void test_damaged_chunks_are_corrupt(void **state)
{
    uint32_t last = 0;

    (void)state;
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "INSERT INTO chunk VALUES (4294967296, x'00')"), 0);
    assert_int_equal(cpmsync_sqlite_rows_load(&rows, 1, compare, &last), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "UPDATE chunk SET octets = zeroblob(16)"), 0);
    assert_int_equal(cpmsync_sqlite_rows_load(&rows, 1, compare, &last), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "UPDATE chunk SET octets = zeroblob(16400)"), 0);
    assert_int_equal(cpmsync_sqlite_rows_load(&rows, 1, compare, &last), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "DELETE FROM chunk"), 0);
    assert_int_equal(cpmsync_sqlite_db_exec(&db, "INSERT INTO change VALUES (4294967296, x'01')"), 0);
    assert_int_equal(cpmsync_sqlite_rows_load(&rows, 1, compare, &last), CPMSYNC_ERR_STORE_CORRUPT);
}

static void test_each_failed_allocation_is_said_and_leaks_nothing(void **state)
{
    int error = -1;

    (void)state;
    for (uint64_t n = 1; error; n++) {
        uint32_t last = 0;

        cpmsync_sqlite_rows_clear(&rows);
        cpmsync_sqlite_rows_forget(&rows);
        assert_int_equal(cpmsync_sqlite_db_exec(&db, "DELETE FROM chunk; DELETE FROM change"), 0);
        support_allocator_fail_at(&allocator, n);
        error = 0;
        for (uint32_t uid = 1; uid < 200 && !error; uid++) {
            model[uid] = 1;
            error = put_row(uid, 1);
        }
        if (!error)
            error = cpmsync_sqlite_rows_flush(&rows);
        if (!error)
            error = cpmsync_sqlite_rows_load(&rows, 1, compare, &last);
        assert_int_equal(error, allocator.failures ? CPMSYNC_ERR_NOMEM : 0);
        assert_true(n < 100);
    }
    support_allocator_fail_at(&allocator, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_random_changes_match_a_plain_array_however_the_log_is_folded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_newest_first_and_oldest_first_fill_their_chunks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_commits_share_a_record_of_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_large_transaction_is_bounded_in_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mailboxes_are_apart_and_go_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_chunks_are_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_failed_allocation_is_said_and_leaks_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
