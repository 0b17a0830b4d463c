/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cpmsync/error.h>

#include "cache/cache.h"
#include "support/failing_allocator.h"

static const struct cpmsync_cache_limits LIMITS = {8, 8, 1024, 8};

struct bench {
    struct support_allocator allocator;
    struct cpmsync_cache cache;
};

static void open_bench(struct bench *bench)
{
    support_allocator_init(&bench->allocator);
    assert_int_equal(cpmsync_cache_init(&bench->cache, &bench->allocator.mem, &LIMITS), 0);
}

static void close_bench(struct bench *bench)
{
    cpmsync_cache_clear(&bench->cache);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

static int put(
    struct bench *bench, uint32_t uid, const char *flags, uint64_t modseq, struct cpmsync_cache_change *change)
{
    struct cpmsync_cache_news news = {0};

    news.uid = uid;
    news.has_flags = flags != NULL;
    if (flags)
        news.flags = cpmsync_slice_str(flags);
    news.has_modseq = modseq != 0;
    news.modseq = modseq;
    return cpmsync_cache_put(&bench->cache, &news, change);
}

static void assert_flags(const struct bench *bench, uint32_t uid, const char *flags, uint64_t modseq)
{
    struct cpmsync_row row;

    assert_true(cpmsync_columns_get(bench->cache.columns, uid, &row));
    assert_true(cpmsync_slice_eq(cpmsync_flagsets_text(bench->cache.flagsets, row.flagset), cpmsync_slice_str(flags)));
    assert_int_equal(row.modseq, modseq);
}

static void test_u_07_flags_replace_the_set_that_was_cached(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    assert_int_equal(put(&bench, 5, "\\Seen a", 10, &change), 1);
    assert_true(change.added);
    assert_true(change.set_added);
    assert_false(change.flags_changed);
    assert_int_equal(put(&bench, 5, "b", 11, &change), 1);
    assert_false(change.added);
    assert_true(change.flags_changed);
    assert_flags(&bench, 5, "b", 11);
    assert_int_equal(put(&bench, 5, "B", 12, &change), 1);
    assert_false(change.flags_changed); /* F-06: the same keyword */
    assert_flags(&bench, 5, "b", 12);
    close_bench(&bench);
}

static void test_q_36_a_modseq_alone_leaves_the_flags(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    put(&bench, 5, "\\Seen", 10, &change);
    assert_int_equal(put(&bench, 5, NULL, 20, &change), 1);
    assert_false(change.flags_changed);
    assert_flags(&bench, 5, "\\Seen", 20);
    close_bench(&bench);
}

static void test_flags_alone_leave_the_modseq(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    put(&bench, 5, "\\Seen", 10, &change);
    assert_int_equal(put(&bench, 5, "", 0, &change), 1);
    assert_flags(&bench, 5, "", 10);
    close_bench(&bench);
}

static void test_a_modseq_of_an_unknown_message_says_nothing(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    assert_int_equal(put(&bench, 5, NULL, 20, &change), 0);
    assert_int_equal(cpmsync_columns_count(bench.cache.columns), 0);
    close_bench(&bench);
}

static void test_f_01_recent_is_not_kept(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    put(&bench, 1, "\\Recent \\Seen", 3, &change);
    assert_flags(&bench, 1, "\\Seen", 3);
    close_bench(&bench);
}

static void test_q_06_a_modseq_of_63_bits_is_kept(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    put(&bench, UINT32_MAX, "", INT64_MAX, &change);
    assert_flags(&bench, UINT32_MAX, "", INT64_MAX);
    close_bench(&bench);
}

static void test_past_a_limit_the_row_is_as_it_was(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;
    char keyword[] = "k0";

    (void)state;
    open_bench(&bench);
    for (uint32_t uid = 1; uid <= 8; uid++)
        assert_int_equal(put(&bench, uid, "\\Seen", 1, &change), 1);
    assert_int_equal(put(&bench, 9, "\\Seen", 1, &change), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_columns_count(bench.cache.columns), 8);
    for (uint32_t i = 0; i < 7; i++) {
        keyword[1] = (char)('0' + i);
        assert_int_equal(put(&bench, 1, keyword, 2, &change), 1);
    }
    assert_int_equal(put(&bench, 1, "one too many", 3, &change), CPMSYNC_ERR_LIMIT);
    assert_flags(&bench, 1, "k6", 2);
    close_bench(&bench);
}

static void test_u_09_a_number_is_resolved_only_where_the_map_is_whole(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    put(&bench, 2, "", 1, &change);
    put(&bench, 4, "", 1, &change);
    put(&bench, 40, "", 1, &change);
    assert_int_equal(cpmsync_cache_uid_of(&bench.cache, 1), 0); /* nothing is covered */
    cpmsync_uidset_add(&bench.cache.covered, 1, 10);
    assert_int_equal(cpmsync_cache_uid_of(&bench.cache, 1), 2);
    assert_int_equal(cpmsync_cache_uid_of(&bench.cache, 2), 4);
    assert_int_equal(cpmsync_cache_uid_of(&bench.cache, 3), 0); /* 11..39 may hold any number of messages */
    assert_int_equal(cpmsync_cache_uid_of(&bench.cache, 0), 0);
    assert_int_equal(cpmsync_cache_uid_of(&bench.cache, 4), 0);
    cpmsync_uidset_remove(&bench.cache.covered, 1, 1);
    assert_int_equal(cpmsync_cache_uid_of(&bench.cache, 1), 0);
    close_bench(&bench);
}

static void test_v_07_uidnext_is_0_when_no_uid_can_follow(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_int_equal(cpmsync_cache_uidnext(&bench.cache), 1);
    cpmsync_uidset_add(&bench.cache.covered, 1, UINT32_MAX - 1);
    assert_int_equal(cpmsync_cache_uidnext(&bench.cache), UINT32_MAX);
    cpmsync_uidset_add(&bench.cache.covered, 1, UINT32_MAX);
    assert_int_equal(cpmsync_cache_uidnext(&bench.cache), 0);
    close_bench(&bench);
}

static void test_the_highest_uid_of_a_range(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    assert_int_equal(cpmsync_cache_highest(&bench.cache, 1, UINT32_MAX), 0);
    put(&bench, 2, "", 1, &change);
    put(&bench, 7, "", 1, &change);
    assert_int_equal(cpmsync_cache_highest(&bench.cache, 1, UINT32_MAX), 7);
    assert_int_equal(cpmsync_cache_highest(&bench.cache, 1, 6), 2);
    assert_int_equal(cpmsync_cache_highest(&bench.cache, 3, 6), 0);
    assert_int_equal(cpmsync_cache_highest(&bench.cache, 8, 9), 0);
    close_bench(&bench);
}

static void test_q_48_reset_forgets_rows_sets_and_both_cursors(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    open_bench(&bench);
    put(&bench, 2, "a", 1, &change);
    cpmsync_uidset_add(&bench.cache.covered, 1, 10);
    bench.cache.uidvalidity = 7;
    bench.cache.highestmodseq = 9;
    support_allocator_fail_at(&bench.allocator, 1);
    assert_int_equal(cpmsync_cache_reset(&bench.cache), CPMSYNC_ERR_NOMEM);
    assert_flags(&bench, 2, "a", 1);
    assert_int_equal(bench.cache.uidvalidity, 7);
    assert_int_equal(bench.cache.highestmodseq, 9);
    assert_int_equal(cpmsync_cache_uidnext(&bench.cache), 11);
    support_allocator_fail_at(&bench.allocator, 0);
    assert_int_equal(cpmsync_cache_reset(&bench.cache), 0);
    assert_int_equal(cpmsync_columns_count(bench.cache.columns), 0);
    assert_int_equal(cpmsync_flagsets_count(bench.cache.flagsets), 0);
    assert_int_equal(bench.cache.uidvalidity, 0);
    assert_int_equal(bench.cache.highestmodseq, 0);
    assert_int_equal(cpmsync_cache_uidnext(&bench.cache), 1);
    close_bench(&bench);
}

static void test_rows_of_a_store_must_ascend_and_know_their_flags(void **state)
{
    const uint32_t uid[] = {3, 5, 5};
    const uint32_t flagset[] = {0, 1, 0};
    const uint64_t modseq[] = {1, 2, 3};
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_int_equal(cpmsync_cache_restore(&bench.cache, uid, modseq, flagset, 2), CPMSYNC_ERR_STORE_CORRUPT);
    cpmsync_columns_empty(bench.cache.columns);
    assert_int_equal(cpmsync_flagsets_restore(bench.cache.flagsets, 1, CPMSYNC_SLICE("\\Seen")), 0);
    assert_int_equal(cpmsync_cache_restore(&bench.cache, uid, modseq, flagset, 2), 0);
    assert_flags(&bench, 5, "\\Seen", 2);
    assert_int_equal(
        cpmsync_cache_restore(&bench.cache, uid + 2, modseq + 2, flagset + 2, 1), CPMSYNC_ERR_STORE_CORRUPT);
    close_bench(&bench);
}

static void test_init_and_put_without_memory_leak_nothing(void **state)
{
    struct bench bench;
    struct cpmsync_cache_change change;

    (void)state;
    support_allocator_init(&bench.allocator);
    for (uint64_t n = 1;; n++) {
        support_allocator_fail_at(&bench.allocator, n);
        int error = cpmsync_cache_init(&bench.cache, &bench.allocator.mem, &LIMITS);
        if (error == 0)
            error = put(&bench, 5, "\\Seen", 10, &change);
        assert_true(error == 1 || error == CPMSYNC_ERR_NOMEM);
        assert_true(error == 1 || bench.allocator.failures == 1);
        bool whole = bench.allocator.failures == 0;
        cpmsync_cache_clear(&bench.cache);
        assert_int_equal(bench.allocator.live_blocks, 0);
        if (whole)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u_07_flags_replace_the_set_that_was_cached),
        cmocka_unit_test(test_q_36_a_modseq_alone_leaves_the_flags),
        cmocka_unit_test(test_flags_alone_leave_the_modseq),
        cmocka_unit_test(test_a_modseq_of_an_unknown_message_says_nothing),
        cmocka_unit_test(test_f_01_recent_is_not_kept),
        cmocka_unit_test(test_q_06_a_modseq_of_63_bits_is_kept),
        cmocka_unit_test(test_past_a_limit_the_row_is_as_it_was),
        cmocka_unit_test(test_u_09_a_number_is_resolved_only_where_the_map_is_whole),
        cmocka_unit_test(test_v_07_uidnext_is_0_when_no_uid_can_follow),
        cmocka_unit_test(test_the_highest_uid_of_a_range),
        cmocka_unit_test(test_q_48_reset_forgets_rows_sets_and_both_cursors),
        cmocka_unit_test(test_rows_of_a_store_must_ascend_and_know_their_flags),
        cmocka_unit_test(test_init_and_put_without_memory_leak_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
