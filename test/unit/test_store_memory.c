/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <cpmsync/store.h>

#include "store/store_probe.h"
#include "support/failing_allocator.h"

#define NAME (const uint8_t *)"INBOX", 5
#define OTHER (const uint8_t *)"Other", 5

static void test_the_memory_store_keeps_the_contract(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_store store;
    const char *rule;
    int error;

    (void)state;
    support_allocator_init(&allocator);
    assert_int_equal(cpmsync_store_memory_open(&store, &allocator.mem), 0);
    error = cpmsync_store_check(&store, NULL, &rule);
    if (error)
        print_error("broken: %s\n", rule);
    assert_int_equal(error, 0);
    assert_null(rule);
    cpmsync_store_close(&store);
    assert_int_equal(allocator.live_blocks, 0);
}

static int put_mailbox(const struct cpmsync_store *store)
{
    struct cpmsync_store_mailbox mailbox = {0};

    mailbox.size = sizeof mailbox;
    mailbox.name = (const uint8_t *)"INBOX";
    mailbox.name_len = 5;
    return store->ops->mailbox_put(store->self, &mailbox);
}

static int write_everything(const struct cpmsync_store *store)
{
    const struct cpmsync_range range = {2, 3};
    const uint32_t uid[] = {1, 2, 3};
    const uint64_t modseq[] = {1, 2, 3};
    const uint8_t *octets = (const uint8_t *)"octets";
    int error = put_mailbox(store);

    if (!error)
        error = store->ops->rows_put(store->self, NAME, uid, modseq, uid, 3);
    if (!error)
        error = store->ops->flagset_put(store->self, NAME, 1, octets, 6);
    if (!error)
        error = store->ops->descriptor_put(store->self, NAME, 1, octets, 6);
    if (!error)
        error = store->ops->rows_remove(store->self, NAME, &range, 1);
    if (!error)
        error = store->ops->journal_put(store->self, 1, NAME, octets, 6);
    if (!error)
        error = store->ops->value_put(store->self, "key", octets, 6);
    if (!error)
        error = store->ops->mailbox_rename(store->self, NAME, OTHER);
    if (!error)
        error = put_mailbox(store);
    return error;
}

static uint64_t digest(const struct cpmsync_store *store)
{
    static const struct cpmsync_slice names[] = {{NAME}, {OTHER}};
    static const char *const keys[] = {"key"};
    struct cpmsync_store_probe probe = {store, names, 2, keys, 1};
    uint64_t result;

    assert_int_equal(cpmsync_store_probe_digest(&probe, &result), 0);
    return result;
}

static void test_each_failed_allocation_leaves_the_state_from_before_begin(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_store store;
    uint64_t before;
    int error = -1;

    (void)state;
    support_allocator_init(&allocator);
    assert_int_equal(cpmsync_store_memory_open(&store, &allocator.mem), 0);
    assert_int_equal(store.ops->begin(store.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(write_everything(&store), 0);
    assert_int_equal(store.ops->commit(store.self), 0);
    before = digest(&store);
    for (uint64_t n = 1; error; n++) {
        size_t octets = allocator.live_octets;

        support_allocator_fail_at(&allocator, n);
        error = store.ops->begin(store.self, CPMSYNC_STORE_CACHE);
        if (!error)
            error = write_everything(&store);
        assert_int_equal(error, allocator.failures ? CPMSYNC_ERR_NOMEM : 0);
        support_allocator_fail_from(&allocator, 1); /* rollback needs no memory */
        store.ops->rollback(store.self);
        support_allocator_fail_at(&allocator, 0);
        assert_int_equal(digest(&store), before);
        assert_int_equal(allocator.live_octets, octets);
        assert_true(n < 100);
    }
    cpmsync_store_close(&store);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_open_without_memory_fails(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_store store;

    (void)state;
    support_allocator_init(&allocator);
    support_allocator_fail_at(&allocator, 1);
    assert_int_equal(cpmsync_store_memory_open(&store, &allocator.mem), CPMSYNC_ERR_NOMEM);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_wrong_arguments_are_refused(void **state)
{
    const uint32_t uid[] = {2, 1};
    const uint64_t modseq[] = {1, 1};
    const struct cpmsync_range backward = {2, 1};
    struct cpmsync_store store;

    (void)state;
    assert_int_equal(cpmsync_store_memory_open(&store, NULL), 0);
    assert_int_equal(store.ops->begin(store.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(put_mailbox(&store), 0);
    assert_int_equal(store.ops->rows_put(store.self, NAME, uid, modseq, uid, 2), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(store.ops->rows_remove(store.self, NAME, &backward, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(store.ops->descriptor_put(store.self, NAME, 0, NULL, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(store.ops->journal_put(store.self, 0, NAME, NULL, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(store.ops->mailbox_rename(store.self, NAME, (const uint8_t *)"", 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(store.ops->flagset_put(store.self, OTHER, 1, NULL, 0), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(store.ops->descriptor_put(store.self, OTHER, 1, NULL, 0), CPMSYNC_ERR_NOT_FOUND);
    cpmsync_store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_memory_store_keeps_the_contract),
        cmocka_unit_test(test_each_failed_allocation_leaves_the_state_from_before_begin),
        cmocka_unit_test(test_open_without_memory_fails),
        cmocka_unit_test(test_wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
