/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "sync/described.h"

static const struct cpmsync_cache_limits LIMITS = {2000, 100, 10000, 6};

/* A mailbox of the store in an open transaction. */
struct bench {
    struct support_allocator allocator;
    struct support_store store;
    struct cpmsync_header_list fields;
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_described described;
};

static void open_bench(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    support_allocator_init(&bench->allocator);
    assert_int_equal(support_store_open(&bench->store, NULL), 0);
    assert_int_equal(cpmsync_header_list_init(&bench->fields, NULL, NULL, 0), 0);
    assert_int_equal(cpmsync_open_mailbox_new(&bench->mailbox, &bench->allocator.mem, &bench->store.store, &LIMITS,
                         &bench->fields, CPMSYNC_SLICE("INBOX")),
        0);
    cpmsync_described_init(&bench->described, bench->mailbox);
    assert_int_equal(bench->store.store.ops->begin(bench->store.store.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(cpmsync_open_mailbox_put(bench->mailbox), 0);
}

static void close_bench(struct bench *bench)
{
    bench->store.store.ops->rollback(bench->store.store.self);
    cpmsync_described_clear(&bench->described);
    cpmsync_open_mailbox_free(bench->mailbox);
    cpmsync_header_list_clear(&bench->fields);
    support_store_close(&bench->store);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

/* A FETCH told `parts`, with `size` and an empty header. 0: nothing. What the app is to hear. */
static const struct cpmsync_descriptor *keep(
    struct bench *bench, uint32_t uid, bool added, unsigned parts, uint64_t size)
{
    static struct cpmsync_description description;
    const struct cpmsync_descriptor *descriptor = parts ? &description.is : NULL;

    cpmsync_descriptor_begin(&description);
    description.is.parts = parts;
    description.is.message_size = size;
    assert_int_equal(cpmsync_described_keep(&bench->described, uid, added, false, &descriptor), 0);
    return descriptor;
}

static void assert_lacking(struct bench *bench, uint32_t first, uint32_t last)
{
    const struct cpmsync_uidset *lacking = &bench->mailbox->lacking;

    assert_int_equal(cpmsync_described_settle(&bench->described), 0);
    assert_int_equal(lacking->count, first != 0);
    if (first) {
        assert_int_equal(lacking->ranges[0].first, first);
        assert_int_equal(lacking->ranges[0].last, last);
    }
}

enum { WHOLE = CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE | CPMSYNC_DESCRIPTOR_HEADER };

static void test_a_whole_descriptor_is_stored_and_none_lacks(void **state)
{
    const struct cpmsync_descriptor *stored;
    struct bench bench;

    (void)state;
    open_bench(&bench);
    const struct cpmsync_descriptor *told = keep(&bench, 5, true, WHOLE, 7);
    assert_int_equal(told->message_size, 7);
    assert_lacking(&bench, 0, 0);
    assert_int_equal(cpmsync_described_read(&bench.described, 5, &stored), 0);
    assert_int_equal(stored->parts, WHOLE);
    assert_int_equal(stored->message_size, 7);
    assert_int_equal(cpmsync_described_read(&bench.described, 6, &stored), 0);
    assert_null(stored);
    close_bench(&bench);
}

static void test_g_20_a_message_lacks_until_all_parts_came(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_null(keep(&bench, 5, true, 0, 0));
    assert_null(keep(&bench, 6, true, 0, 0));
    assert_lacking(&bench, 5, 6);
    const struct cpmsync_descriptor *told = keep(&bench, 5, false, CPMSYNC_DESCRIPTOR_SIZE, 9);
    assert_int_equal(told->parts, CPMSYNC_DESCRIPTOR_SIZE);
    assert_lacking(&bench, 5, 6);
    told = keep(&bench, 5, false, CPMSYNC_DESCRIPTOR_HEADER | CPMSYNC_DESCRIPTOR_INTERNALDATE, 0);
    assert_int_equal(told->parts, WHOLE);
    assert_int_equal(told->message_size, 9);
    assert_lacking(&bench, 6, 6);
    assert_null(keep(&bench, 7, true, 0, 0)); /* and in one go */
    keep(&bench, 7, false, WHOLE, 1);
    assert_lacking(&bench, 6, 6);
    assert_null(keep(&bench, 6, false, 0, 0)); /* flags say nothing of it */
    assert_lacking(&bench, 6, 6);
    close_bench(&bench);
}

static void test_a_message_that_came_back_without_lacks_it(void **state)
{
    const struct cpmsync_descriptor *none = NULL;
    struct bench bench;

    (void)state;
    open_bench(&bench);
    keep(&bench, 4, true, 0, 0);
    keep(&bench, 5, true, WHOLE, 7);
    assert_int_equal(cpmsync_described_keep(&bench.described, 5, true, true, &none), 0);
    assert_lacking(&bench, 4, 5);
    close_bench(&bench);
}

static void test_too_many_ranges_lack_all(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    for (uint32_t uid = 1; uid < 30; uid += 2) {
        keep(&bench, uid, true, 0, 0);
        assert_int_equal(cpmsync_described_settle(&bench.described), 0);
    }
    assert_lacking(&bench, 1, UINT32_MAX);
    cpmsync_described_forget(&bench.described);
    close_bench(&bench);
}

static void test_what_fails_is_an_error(void **state)
{
    const struct cpmsync_descriptor *descriptor;
    struct cpmsync_description description;
    struct bench bench;
    unsigned failed = 0;

    (void)state;
    for (uint64_t n = 1; n < 8; n++) {
        for (int store = 0; store < 2; store++) {
            open_bench(&bench);
            keep(&bench, 5, true, CPMSYNC_DESCRIPTOR_SIZE, 7);
            cpmsync_descriptor_begin(&description);
            description.is.parts = CPMSYNC_DESCRIPTOR_HEADER;
            descriptor = &description.is;
            cpmsync_described_clear(&bench.described);
            if (store)
                support_store_fail_at(&bench.store, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
            else
                support_allocator_fail_at(&bench.allocator, n);
            int error = cpmsync_described_keep(&bench.described, 5, false, false, &descriptor);
            bool one = (store ? bench.store.failures : bench.allocator.failures) != 0;
            assert_int_equal(error, !one ? 0 : store ? CPMSYNC_ERR_STORE : CPMSYNC_ERR_NOMEM);
            failed += one;
            support_store_fail_at(&bench.store, SUPPORT_STORE_ANY, 0, 0);
            close_bench(&bench);
        }
    }
    assert_in_range(failed, 4, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_descriptor_is_stored_and_none_lacks),
        cmocka_unit_test(test_g_20_a_message_lacks_until_all_parts_came),
        cmocka_unit_test(test_a_message_that_came_back_without_lacks_it),
        cmocka_unit_test(test_too_many_ranges_lack_all),
        cmocka_unit_test(test_what_fails_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
