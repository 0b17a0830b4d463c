/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "store/check_scene.h"
#include "store/sqlite_state.h"
#include "support/powerloss_vfs.h"
#include "support/scratch_dir.h"

#define INBOX (const uint8_t *)"INBOX", 5

static char directory[32];
static char path[64];
static struct powerloss_disk *disk;
static uint32_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = 5;
    disk = powerloss_new("powerloss", 512);
    if (disk == NULL || scratch_dir_make(directory, sizeof directory) != 0)
        return -1;
    (void)snprintf(path, sizeof path, "%s/store", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    powerloss_free(disk);
    scratch_dir_remove(directory);
    return 0;
}

static int open_store(struct cpmsync_store *store)
{
    struct cpmsync_store_sqlite_config config = {0};

    config.size = sizeof config;
    config.path = path;
    config.account = "me@host:993";
    config.vfs = "powerloss";
    return cpmsync_store_sqlite_open(store, &config, NULL);
}

static int reopen(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    powerloss_kill(disk);
    cpmsync_store_close(store);
    return open_store(store);
}

static int lose_power(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    powerloss_cut_random(disk, &seed);
    cpmsync_store_close(store);
    return open_store(store);
}

static int lose_all(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    powerloss_cut_all(disk);
    cpmsync_store_close(store);
    return open_store(store);
}

static int check(int (*power_loss)(void *ctx, struct cpmsync_store *store), const char **rule)
{
    struct cpmsync_store_check_config config = {0};
    struct cpmsync_store store;
    int error;

    config.size = sizeof config;
    config.reopen = reopen;
    config.power_loss = power_loss;
    assert_int_equal(open_store(&store), 0);
    error = cpmsync_store_check(&store, &config, rule);
    cpmsync_store_close(&store);
    return error;
}

static void test_the_contract_holds_over_kills_and_power_losses(void **state)
{
    const char *rule;

    (void)state;
    if (check(lose_power, &rule) != 0)
        fail_msg("broken: %s", rule);
    if (check(lose_all, &rule) != 0)
        fail_msg("broken: %s", rule);
}

static void test_the_contract_holds_on_sectors_of_4096_octets(void **state)
{
    const char *rule;

    (void)state;
    powerloss_free(disk);
    disk = powerloss_new("powerloss", 4096);
    if (check(lose_power, &rule) != 0)
        fail_msg("broken: %s", rule);
}

static void test_the_checker_sees_a_medium_that_does_not_flush(void **state)
{
    const char *rule;

    (void)state;
    powerloss_ignore_flush(disk, true);
    assert_int_equal(check(lose_all, &rule), CPMSYNC_ERR_STORE);
    assert_non_null(strstr(rule, "power loss behind a durable commit"));
}

/* Rows of a table after a power loss behind a commit of SQLite's own. */
static int rows_left(const char *synchronous)
{
    static const char create[] = "PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL; CREATE TABLE t (a)";
    sqlite3 *db;
    sqlite3_stmt *statement;
    int rows;

    assert_int_equal(sqlite3_open_v2("plain", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "powerloss"), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, create, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, synchronous, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO t VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
    powerloss_cut_all(disk);
    (void)sqlite3_close(db);
    assert_int_equal(sqlite3_open_v2("plain", &db, SQLITE_OPEN_READWRITE, "powerloss"), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    rows = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE t", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    return rows;
}

static void test_the_disk_loses_what_synchronous_off_wrote(void **state)
{
    (void)state;
    assert_int_equal(rows_left("PRAGMA synchronous = FULL"), 1);
    assert_int_equal(rows_left("PRAGMA synchronous = OFF"), 0);
    assert_int_equal(rows_left("PRAGMA synchronous = NORMAL"), 0);
}

static int put_number(struct cpmsync_store *store, uint32_t number, enum cpmsync_store_durability durability)
{
    struct cpmsync_store_mailbox mailbox = {0};
    uint64_t modseq = number;
    uint32_t uid = number;
    int error = store->ops->begin(store->self, durability);

    mailbox.size = sizeof mailbox;
    mailbox.name = (const uint8_t *)"INBOX";
    mailbox.name_len = 5;
    mailbox.messages = number;
    if (!error)
        error = store->ops->mailbox_put(store->self, &mailbox);
    for (uid = 1; !error && uid <= number; uid++)
        error = store->ops->rows_put(store->self, INBOX, &uid, &modseq, &uid, 1);
    if (!error)
        error = store->ops->journal_put(store->self, number, INBOX, (const uint8_t *)"entry", 5);
    if (!error)
        return store->ops->commit(store->self);
    store->ops->rollback(store->self);
    return error;
}

static void test_only_durable_commits_wait_for_the_medium(void **state)
{
    struct cpmsync_store store;
    uint64_t flushes;

    (void)state;
    assert_int_equal(open_store(&store), 0);
    assert_int_equal(put_number(&store, 1, CPMSYNC_STORE_DURABLE), 0);
    flushes = powerloss_flushes(disk);
    assert_int_equal(put_number(&store, 2, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(put_number(&store, 3, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(powerloss_flushes(disk), flushes);
    assert_true(powerloss_unflushed(disk) > 0);
    assert_int_equal(put_number(&store, 4, CPMSYNC_STORE_DURABLE), 0);
    assert_true(powerloss_flushes(disk) > flushes);
    cpmsync_store_close(&store);
}

struct seen {
    uint32_t rows;
    uint64_t modseq;
    uint32_t entries;
};

static int see_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct seen *seen = ctx;

    (void)uid, (void)flagset;
    for (size_t i = 0; i < count; i++) {
        assert_true(seen->rows == 0 || seen->modseq == modseq[i]);
        seen->modseq = modseq[i];
        seen->rows++;
    }
    return 0;
}

static int see_entry(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    struct seen *seen = ctx;

    (void)mailbox, (void)mailbox_len, (void)octets, (void)len;
    assert_int_equal(id, ++seen->entries);
    return 0;
}

/* The number the store holds: record, rows and journal agree on it. */
static uint32_t read_number(struct cpmsync_store *store)
{
    struct cpmsync_store_mailbox mailbox = {0};
    struct seen seen = {0};
    int error;

    mailbox.size = sizeof mailbox;
    error = store->ops->mailbox_get(store->self, INBOX, &mailbox);
    assert_true(error == 0 || error == CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(store->ops->rows_load(store->self, INBOX, see_rows, &seen), 0);
    assert_int_equal(store->ops->journal_each(store->self, NULL, 0, see_entry, &seen), 0);
    assert_int_equal(seen.rows, error ? 0 : mailbox.messages);
    assert_int_equal(seen.entries, seen.rows);
    assert_true(seen.rows == 0 || seen.modseq == seen.rows);
    return seen.rows;
}

/* Commits 1, 2, ... until the disk stops; the last that returned 0. */
static uint32_t write_until_stopped(struct cpmsync_store *store, uint32_t last)
{
    for (uint32_t number = 1; number <= last; number++)
        if (put_number(store, number, number % 3 ? CPMSYNC_STORE_CACHE : CPMSYNC_STORE_DURABLE) != 0)
            return number - 1;
    return last;
}

static void stop_everywhere(bool cut)
{
    enum { LAST = 9 };
    uint32_t reached = 0;

    for (uint64_t calls = 0; reached < LAST; calls++) {
        struct cpmsync_store store;
        uint32_t number;

        assert_int_equal(open_store(&store), 0);
        powerloss_stop_after(disk, calls);
        reached = write_until_stopped(&store, LAST);
        if (cut)
            powerloss_cut_random(disk, &seed);
        else
            powerloss_kill(disk);
        cpmsync_store_close(&store);
        assert_int_equal(open_store(&store), 0);
        number = read_number(&store);
        /* Old or new: a commit that failed may have come through, one that returned did. */
        assert_true(number <= reached + 1);
        assert_true(number >= (cut ? reached / 3 * 3 : reached));
        cpmsync_store_close(&store);
        powerloss_free(disk);
        disk = powerloss_new("powerloss", 512);
        assert_true(calls < 1000);
    }
}

static void test_pf_37_a_kill_at_every_write_leaves_old_or_new(void **state)
{
    (void)state;
    stop_everywhere(false);
}

static void test_pf_37_a_power_loss_at_every_write_keeps_durable_commits(void **state)
{
    (void)state;
    stop_everywhere(true);
}

static void test_a_full_disk_is_said_and_the_store_works_on(void **state)
{
    static uint8_t large[100000];
    struct cpmsync_store store;

    (void)state;
    assert_int_equal(open_store(&store), 0);
    assert_int_equal(put_number(&store, 1, CPMSYNC_STORE_DURABLE), 0);
    powerloss_limit(disk, 200000);
    assert_int_equal(store.ops->begin(store.self, CPMSYNC_STORE_DURABLE), 0);
    for (int i = 0, error = 0; !error; i++) {
        char key[16];

        (void)snprintf(key, sizeof key, "k%d", i);
        error = store.ops->value_put(store.self, key, large, sizeof large);
        if (!error && i == 9)
            error = store.ops->commit(store.self);
        assert_true(error == 0 || error == CPMSYNC_ERR_STORE_FULL);
        /* Nothing of it can be committed any more. */
        if (error && i < 9)
            assert_int_equal(store.ops->commit(store.self), CPMSYNC_ERR_STORE_FULL);
    }
    powerloss_limit(disk, 0);
    assert_int_equal(read_number(&store), 1);
    assert_int_equal(put_number(&store, 2, CPMSYNC_STORE_DURABLE), 0);
    assert_int_equal(read_number(&store), 2);
    cpmsync_store_close(&store);
}

static void test_after_an_error_a_transaction_cannot_be_committed(void **state)
{
    struct cpmsync_store store;
    struct cpmsync_sqlite_store *self;

    (void)state;
    assert_int_equal(open_store(&store), 0);
    self = store.self;
    assert_int_equal(put_number(&store, 1, CPMSYNC_STORE_DURABLE), 0);
    assert_int_equal(cpmsync_sqlite_state_begin(self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(cpmsync_sqlite_state_write(self), 0);
    assert_int_equal(cpmsync_sqlite_state_wrote(self, CPMSYNC_ERR_NOT_FOUND), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_sqlite_state_write(self), 0);
    assert_int_equal(cpmsync_sqlite_state_wrote(self, CPMSYNC_ERR_STORE), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_sqlite_state_write(self), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_sqlite_state_read(self), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_sqlite_state_commit(self), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_sqlite_state_commit(self), CPMSYNC_ERR_STATE);
    assert_int_equal(read_number(&store), 1);
    cpmsync_store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_contract_holds_over_kills_and_power_losses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_contract_holds_on_sectors_of_4096_octets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_checker_sees_a_medium_that_does_not_flush, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_disk_loses_what_synchronous_off_wrote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_durable_commits_wait_for_the_medium, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pf_37_a_kill_at_every_write_leaves_old_or_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_pf_37_a_power_loss_at_every_write_keeps_durable_commits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_said_and_the_store_works_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_after_an_error_a_transaction_cannot_be_committed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
