/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cpmsync/error.h>

#include "cache/flag_names.h"
#include "support/failing_allocator.h"

struct bench {
    struct support_allocator allocator;
    struct cpmsync_flagsets *sets;
    struct cpmsync_flag_names names;
};

static void open_bench(struct bench *bench)
{
    support_allocator_init(&bench->allocator);
    bench->sets = cpmsync_flagsets_new(&bench->allocator.mem, 100, 10000);
    assert_non_null(bench->sets);
    cpmsync_flag_names_init(&bench->names, &bench->allocator.mem);
}

static void close_bench(struct bench *bench)
{
    cpmsync_flag_names_clear(&bench->names);
    cpmsync_flagsets_free(bench->sets);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

static uint32_t intern(struct bench *bench, const char *text)
{
    uint32_t id;

    assert_int_equal(cpmsync_flagsets_intern(bench->sets, cpmsync_slice_str(text), &id, NULL), 0);
    return id;
}

static void test_a_set_is_cut_into_its_names(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    uint32_t id = intern(&bench, "\\Seen $Forwarded a");
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, id), 0);
    assert_int_equal(bench.names.count, 3);
    assert_string_equal(bench.names.names[0], "$Forwarded");
    assert_string_equal(bench.names.names[1], "\\Seen");
    assert_string_equal(bench.names.names[2], "a");
    uint32_t one = intern(&bench, "only");
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, one), 0);
    assert_int_equal(bench.names.count, 1);
    assert_string_equal(bench.names.names[0], "only");
    close_bench(&bench);
}

static void test_the_empty_set_has_no_names(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, intern(&bench, "a b")), 0);
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, 0), 0);
    assert_int_equal(bench.names.count, 0);
    close_bench(&bench);
}

static void test_the_last_set_is_kept_until_it_is_forgotten(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    uint32_t id = intern(&bench, "a b");
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, id), 0);
    uint64_t calls = bench.allocator.calls;
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, id), 0);
    assert_int_equal(bench.allocator.calls, calls);
    /* A new generation gives the number to another set. */
    cpmsync_flagsets_free(bench.sets);
    bench.sets = cpmsync_flagsets_new(&bench.allocator.mem, 100, 10000);
    assert_int_equal(intern(&bench, "other"), id);
    cpmsync_flag_names_forget(&bench.names);
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, id), 0);
    assert_int_equal(bench.names.count, 1);
    assert_string_equal(bench.names.names[0], "other");
    close_bench(&bench);
}

static void test_without_memory_nothing_stale_is_named(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    uint32_t first = intern(&bench, "a b");
    uint32_t more = intern(&bench, "c d e f g h");
    for (uint64_t n = 1; n <= 2; n++) {
        assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, first), 0);
        support_allocator_fail_at(&bench.allocator, n);
        assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, more), CPMSYNC_ERR_NOMEM);
        assert_int_equal(bench.names.count, 0);
        support_allocator_fail_at(&bench.allocator, 0);
    }
    assert_int_equal(cpmsync_flag_names_cut(&bench.names, bench.sets, more), 0);
    assert_int_equal(bench.names.count, 6);
    assert_string_equal(bench.names.names[5], "h");
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_is_cut_into_its_names),
        cmocka_unit_test(test_the_empty_set_has_no_names),
        cmocka_unit_test(test_the_last_set_is_kept_until_it_is_forgotten),
        cmocka_unit_test(test_without_memory_nothing_stale_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
