/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "sync/open_mailbox.h"

#define NAME (const uint8_t *)"INBOX", 5

static const struct cpmsync_cache_limits LIMITS = {100, 100, 10000, 100};

struct bench {
    struct support_allocator allocator;
    struct support_store failing;
};

static void open_bench(struct bench *bench)
{
    support_allocator_init(&bench->allocator);
    assert_int_equal(support_store_open(&bench->failing, NULL), 0);
}

static void close_bench(struct bench *bench)
{
    assert_int_equal(bench->failing.abuses, 0);
    support_store_close(&bench->failing);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

/* INBOX: 1:10 covered, messages 2 (a), 5 (), 9 (a). */
static void fill(struct bench *bench, uint32_t messages)
{
    const struct cpmsync_store *store = &bench->failing.store;
    const struct cpmsync_range covered = {1, 10};
    const uint32_t uid[] = {2, 5, 9}, flagset[] = {1, 0, 1};
    const uint64_t modseq[] = {20, 50, INT64_MAX};
    struct cpmsync_store_mailbox record = {0};

    record.size = sizeof record;
    record.name = (const uint8_t *)"INBOX";
    record.name_len = 5;
    record.uidvalidity = 42;
    record.uidnext = 11;
    record.highestmodseq = INT64_MAX;
    record.covered = &covered;
    record.covered_count = 1;
    record.messages = messages;
    record.flags = CPMSYNC_MAILBOX_NOMODSEQ;
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->mailbox_put(store->self, &record), 0);
    assert_int_equal(store->ops->flagset_put(store->self, NAME, 1, (const uint8_t *)"a", 1), 0);
    assert_int_equal(store->ops->rows_put(store->self, NAME, uid, modseq, flagset, 3), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
}

static int open_inbox(struct bench *bench, struct cpmsync_open_mailbox **mailbox)
{
    return cpmsync_open_mailbox_new(
        mailbox, &bench->allocator.mem, &bench->failing.store, &LIMITS, NULL, CPMSYNC_SLICE("INBOX"));
}

static void assert_filled(const struct cpmsync_open_mailbox *mailbox)
{
    struct cpmsync_row row;

    assert_int_equal(mailbox->cache.uidvalidity, 42);
    assert_int_equal(mailbox->cache.highestmodseq, INT64_MAX);
    assert_int_equal(cpmsync_cache_uidnext(&mailbox->cache), 11);
    assert_int_equal(mailbox->bits, CPMSYNC_MAILBOX_NOMODSEQ);
    assert_int_equal(cpmsync_columns_count(mailbox->cache.columns), 3);
    assert_true(cpmsync_columns_get(mailbox->cache.columns, 9, &row));
    assert_int_equal(row.modseq, INT64_MAX);
    assert_true(cpmsync_slice_is(cpmsync_flagsets_text(mailbox->cache.flagsets, row.flagset), "a"));
}

static void test_an_unknown_mailbox_is_empty_and_begins(void **state)
{
    struct bench bench;
    struct cpmsync_open_mailbox *mailbox;

    (void)state;
    open_bench(&bench);
    assert_int_equal(open_inbox(&bench, &mailbox), 0);
    assert_string_equal(mailbox->name, "INBOX");
    assert_int_equal(mailbox->cache.uidvalidity, 0);
    assert_int_equal(cpmsync_cache_uidnext(&mailbox->cache), 1);
    assert_false(mailbox->stored);
    assert_true(mailbox->begin_due);
    cpmsync_open_mailbox_free(mailbox);
    cpmsync_open_mailbox_free(NULL);
    close_bench(&bench);
}

static void test_a_stored_mailbox_is_read_whole(void **state)
{
    struct bench bench;
    struct cpmsync_open_mailbox *mailbox;

    (void)state;
    open_bench(&bench);
    fill(&bench, 3);
    assert_int_equal(open_inbox(&bench, &mailbox), 0);
    assert_filled(mailbox);
    assert_true(mailbox->stored);
    assert_true(mailbox->begin_due);
    cpmsync_open_mailbox_free(mailbox);
    close_bench(&bench);
}

static void test_pf_38_another_number_of_rows_is_corruption(void **state)
{
    struct bench bench;
    struct cpmsync_open_mailbox *mailbox;

    (void)state;
    open_bench(&bench);
    fill(&bench, 4);
    assert_int_equal(open_inbox(&bench, &mailbox), CPMSYNC_ERR_STORE_CORRUPT);
    assert_null(mailbox);
    close_bench(&bench);
}

static void test_put_writes_what_reload_reads(void **state)
{
    struct bench bench;
    struct cpmsync_open_mailbox *mailbox;
    const struct cpmsync_store *store = &bench.failing.store;

    (void)state;
    open_bench(&bench);
    fill(&bench, 3);
    assert_int_equal(open_inbox(&bench, &mailbox), 0);
    mailbox->cache.highestmodseq = 77;
    cpmsync_uidset_add(&mailbox->cache.covered, 20, 30);
    mailbox->begin_due = false;
    store->ops->begin(store->self, CPMSYNC_STORE_CACHE);
    assert_int_equal(cpmsync_open_mailbox_put(mailbox), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
    assert_int_equal(cpmsync_open_mailbox_reload(mailbox), 0);
    assert_int_equal(mailbox->cache.highestmodseq, 77);
    assert_int_equal(mailbox->cache.covered.count, 2);
    assert_int_equal(cpmsync_cache_uidnext(&mailbox->cache), 31);
    assert_int_equal(cpmsync_columns_count(mailbox->cache.columns), 3);
    assert_true(mailbox->begin_due);
    cpmsync_open_mailbox_free(mailbox);
    close_bench(&bench);
}

static void test_opening_fails_whole_at_every_store_call_and_allocation(void **state)
{
    struct bench bench;
    struct cpmsync_open_mailbox *mailbox;
    uint64_t tried = 0;

    (void)state;
    open_bench(&bench);
    fill(&bench, 3);
    for (uint64_t n = 1; n < 100; n++) {
        support_store_fail_at(&bench.failing, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
        int error = open_inbox(&bench, &mailbox);
        if (bench.failing.failures == 0) {
            assert_int_equal(error, 0);
            cpmsync_open_mailbox_free(mailbox);
            break;
        }
        tried++;
        assert_int_equal(error, CPMSYNC_ERR_STORE);
        assert_null(mailbox);
        assert_int_equal(bench.allocator.live_blocks, 0);
    }
    assert_int_equal(tried, 3);
    support_store_fail_at(&bench.failing, SUPPORT_STORE_ANY, 0, 0);
    for (uint64_t n = 1; n < 1000; n++) {
        support_allocator_fail_at(&bench.allocator, n);
        int error = open_inbox(&bench, &mailbox);
        if (error == 0) {
            /* What needs no memory at once may go on without. */
            assert_filled(mailbox);
            cpmsync_open_mailbox_free(mailbox);
        } else {
            assert_int_equal(error, CPMSYNC_ERR_NOMEM);
            assert_null(mailbox);
        }
        assert_int_equal(bench.allocator.live_blocks, 0);
        if (bench.allocator.failures == 0)
            break;
    }
    close_bench(&bench);
}

static void test_a_reload_that_failed_is_empty_and_can_be_repeated(void **state)
{
    struct bench bench;
    struct cpmsync_open_mailbox *mailbox;

    (void)state;
    open_bench(&bench);
    fill(&bench, 3);
    assert_int_equal(open_inbox(&bench, &mailbox), 0);
    for (uint64_t n = 1; n <= 3; n++) {
        support_store_fail_at(&bench.failing, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
        assert_int_equal(cpmsync_open_mailbox_reload(mailbox), CPMSYNC_ERR_STORE);
        assert_int_equal(cpmsync_columns_count(mailbox->cache.columns), 0);
        assert_int_equal(mailbox->cache.uidvalidity, 0);
        assert_int_equal(mailbox->cache.highestmodseq, 0);
        assert_int_equal(cpmsync_cache_uidnext(&mailbox->cache), 1);
        assert_int_equal(cpmsync_open_mailbox_reload(mailbox), 0);
        assert_filled(mailbox);
    }
    cpmsync_open_mailbox_free(mailbox);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_unknown_mailbox_is_empty_and_begins),
        cmocka_unit_test(test_a_stored_mailbox_is_read_whole),
        cmocka_unit_test(test_pf_38_another_number_of_rows_is_corruption),
        cmocka_unit_test(test_put_writes_what_reload_reads),
        cmocka_unit_test(test_opening_fails_whole_at_every_store_call_and_allocation),
        cmocka_unit_test(test_a_reload_that_failed_is_empty_and_can_be_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
