/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing_store.h"
#include "support/store_mutant.h"

#include <string.h>

#define REAL store_mutant_real()

static void none(struct cpmsync_store_ops *ops)
{
    (void)ops;
}

static int commit_on_flagset(
    void *self, const uint8_t *name, size_t len, uint32_t id, const uint8_t *octets, size_t octets_len)
{
    int error = REAL->flagset_put(self, name, len, id, octets, octets_len);

    if (!error && len == 7 && id == 3) { /* what was written so far escapes the rollback */
        error = REAL->commit(self);
        if (!error)
            error = REAL->begin(self, CPMSYNC_STORE_CACHE);
    }
    return error;
}

static void rollback_forgets_flagsets(struct cpmsync_store_ops *ops)
{
    ops->flagset_put = commit_on_flagset;
}

static int put_nothing(
    void *self, const uint8_t *name, size_t len, uint32_t uid, const uint8_t *octets, size_t octets_len)
{
    return len == 7 && uid == 12 ? 0 : REAL->descriptor_put(self, name, len, uid, octets, octets_len);
}

static void writes_nothing(struct cpmsync_store_ops *ops)
{
    ops->descriptor_put = put_nothing;
}

static void test_each_kind_of_write_is_checked_against_rollback(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(store_mutant_check(rollback_forgets_flagsets, NULL, &rule), CPMSYNC_ERR_STORE);
    assert_string_equal(rule, "flagset_put of a new id is undone by rollback");
    assert_int_equal(store_mutant_check(writes_nothing, NULL, &rule), CPMSYNC_ERR_STORE);
    assert_string_equal(rule, "descriptor_put of a new UID is visible inside its transaction");
}

/* A memory store "survives" when its open transaction is undone. */
static int keep(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    store->ops->rollback(store->self);
    return 0;
}

static int keep_uncommitted(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    (void)store->ops->commit(store->self);
    return 0;
}

static int lose_value(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    store->ops->rollback(store->self);
    (void)store->ops->begin(store->self, CPMSYNC_STORE_CACHE);
    (void)store->ops->value_remove(store->self, "new");
    return store->ops->commit(store->self);
}

/* The third power loss loses one of two journal entries. */
static int lose_entry(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    store->ops->rollback(store->self);
    (void)store->ops->begin(store->self, CPMSYNC_STORE_CACHE);
    (void)store->ops->journal_remove(store->self, 3);
    return store->ops->commit(store->self);
}

static int tear(void *ctx, struct cpmsync_store *store)
{
    (void)ctx;
    store->ops->rollback(store->self);
    (void)store->ops->begin(store->self, CPMSYNC_STORE_CACHE);
    if (store->ops->value_put(store->self, "facts", (const uint8_t *)"\0\0\0\2", 4))
        return CPMSYNC_ERR_STORE;
    return store->ops->commit(store->self);
}

static int locked(void *ctx, struct cpmsync_store *store)
{
    (void)ctx, (void)store;
    return CPMSYNC_ERR_STORE_LOCKED;
}

static int check_with(
    int (*reopen)(void *, struct cpmsync_store *), int (*power_loss)(void *, struct cpmsync_store *), const char **rule)
{
    struct cpmsync_store_check_config config = {0};

    config.size = sizeof config;
    config.reopen = reopen;
    config.power_loss = power_loss;
    return store_mutant_check(none, &config, rule);
}

static void test_a_store_that_survives_passes(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(check_with(keep, keep, &rule), 0);
    assert_string_equal(rule, "");
}

static void test_uncommitted_writes_that_survive_a_kill_are_found(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(check_with(keep_uncommitted, NULL, &rule), CPMSYNC_ERR_STORE);
    assert_string_equal(rule, "mailbox_put of a new mailbox is gone after a kill before commit");
}

static void test_committed_writes_lost_by_a_kill_are_found(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(check_with(lose_value, NULL, &rule), CPMSYNC_ERR_STORE);
    assert_string_equal(rule, "value_put of a new key is there after a kill behind commit");
}

static void test_durable_writes_lost_by_a_power_loss_are_found(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(check_with(NULL, lose_value, &rule), CPMSYNC_ERR_STORE);
    assert_string_equal(rule, "value_put of a new key is there after a power loss behind a durable commit");
    assert_int_equal(check_with(NULL, lose_entry, &rule), CPMSYNC_ERR_STORE);
    assert_string_equal(rule, "journal entries survive a power loss once their commit returned");
}

static void test_pf_37_a_torn_commit_is_found(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(check_with(tear, NULL, &rule), CPMSYNC_ERR_STORE);
    assert_string_equal(rule, "mailbox_put of a new mailbox is gone after a kill before commit");
}

static void test_the_error_of_a_failing_reopen_is_returned(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(check_with(locked, NULL, &rule), CPMSYNC_ERR_STORE_LOCKED);
}

/* A check of a memory store that survives everything; its call `fail_at` fails. */
static int check_failing(uint64_t fail_at, uint64_t *calls, uint64_t *refused, const char **rule)
{
    struct cpmsync_store_check_config config = {0};
    struct support_store failing;
    int error;

    assert_int_equal(support_store_open(&failing, NULL), 0);
    support_store_fail_at(&failing, SUPPORT_STORE_ANY, fail_at, CPMSYNC_ERR_STORE_FULL);
    config.size = sizeof config;
    config.reopen = keep;
    config.power_loss = keep;
    error = cpmsync_store_check(&failing.store, &config, rule);
    *calls = failing.calls[SUPPORT_STORE_ANY];
    *refused = failing.refused;
    support_store_close(&failing);
    return error;
}

/* A call that fails breaks a rule, unless the contract wants it refused anyhow. One in 97 is tried, and the last ones. */
static void test_a_failing_call_is_found_wherever_it_is(void **state)
{
    uint64_t calls, refused, all, rightly;
    const char *rule;

    (void)state;
    assert_int_equal(check_failing(0, &all, &rightly, &rule), 0);
    for (uint64_t n = 1; n <= all; n += n + 40 < all ? 97 : 1) {
        int error = check_failing(n, &calls, &refused, &rule);

        if (error == 0) {
            assert_int_equal(calls, all);
            assert_int_equal(refused, rightly - 1);
        } else {
            assert_true(error == CPMSYNC_ERR_STORE_FULL || error == CPMSYNC_ERR_STORE);
            assert_non_null(rule);
        }
    }
}

static void test_a_store_without_all_functions_is_refused(void **state)
{
    struct cpmsync_store_ops ops = {0};
    struct cpmsync_store store = {&ops, NULL};
    const char *rule;

    (void)state;
    ops.size = sizeof ops - 1;
    assert_int_equal(cpmsync_store_check(&store, NULL, &rule), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_store_check(NULL, NULL, &rule), CPMSYNC_ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_write_is_checked_against_rollback),
        cmocka_unit_test(test_a_store_that_survives_passes),
        cmocka_unit_test(test_uncommitted_writes_that_survive_a_kill_are_found),
        cmocka_unit_test(test_committed_writes_lost_by_a_kill_are_found),
        cmocka_unit_test(test_durable_writes_lost_by_a_power_loss_are_found),
        cmocka_unit_test(test_pf_37_a_torn_commit_is_found),
        cmocka_unit_test(test_the_error_of_a_failing_reopen_is_returned),
        cmocka_unit_test(test_a_failing_call_is_found_wherever_it_is),
        cmocka_unit_test(test_a_store_without_all_functions_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
