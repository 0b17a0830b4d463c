/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <cpmsync/error.h>

#include "support/failing_allocator.h"
#include "sync/mailbox_extra.h"

static void assert_value(const struct cpmsync_buf *extra, unsigned tag, const char *text)
{
    struct cpmsync_slice value;

    assert_int_equal(cpmsync_extra_get(cpmsync_buf_slice(extra), tag, &value), text != NULL);
    if (text)
        assert_true(cpmsync_slice_eq(value, cpmsync_slice_str(text)));
}

static int set(struct cpmsync_buf *extra, unsigned tag, const char *text)
{
    return cpmsync_extra_set(extra, tag, cpmsync_slice_str(text));
}

static void test_values_are_set_changed_and_taken_away(void **state)
{
    struct cpmsync_buf extra;

    (void)state;
    cpmsync_buf_init(&extra, NULL, CPMSYNC_EXTRA_MAX);
    assert_value(&extra, 1, NULL);
    assert_int_equal(set(&extra, 1, ""), 0);
    assert_int_equal(extra.len, 0);
    assert_int_equal(set(&extra, 1, "F1"), 1);
    assert_int_equal(set(&extra, 1, "F1"), 0);
    assert_int_equal(set(&extra, 255, "other"), 1);
    assert_int_equal(set(&extra, 1, "F22"), 1);
    assert_value(&extra, 1, "F22");
    assert_value(&extra, 255, "other");
    assert_int_equal(set(&extra, 1, ""), 1);
    assert_value(&extra, 1, NULL);
    assert_value(&extra, 255, "other");
    cpmsync_buf_clear(&extra);
}

static void test_tags_nobody_knows_are_kept(void **state)
{
    const uint8_t later[] = {1, 7, 0, 2, 'a', 'b', 9, 0, 0};
    const uint8_t wanted[] = {1, 7, 0, 2, 'a', 'b', 9, 0, 0, 1, 0, 1, 'x'};
    struct cpmsync_buf extra;

    (void)state;
    cpmsync_buf_init(&extra, NULL, CPMSYNC_EXTRA_MAX);
    assert_int_equal(cpmsync_buf_add(&extra, later, sizeof later), 0);
    assert_int_equal(set(&extra, 1, "x"), 1);
    assert_true(cpmsync_slice_eq(cpmsync_buf_slice(&extra), cpmsync_slice_of(wanted, sizeof wanted)));
    cpmsync_buf_clear(&extra);
}

static void test_what_cannot_be_read_is_given_up(void **state)
{
    static const struct {
        uint8_t octets[8];
        size_t len;
    } bad[] = {{{2, 1, 0, 1, 'x'}, 5}, {{0}, 1}, {{1, 1, 0, 2, 'x'}, 5}, {{1, 1, 0}, 3}, {{1, 1, 0, 1, 'x', 1}, 6},
        {{1, 1, 255, 255}, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cpmsync_buf extra;
        uint8_t *exact = malloc(bad[i].len);
        assert_non_null(exact);
        for (size_t j = 0; j < bad[i].len; j++)
            exact[j] = bad[i].octets[j];
        struct cpmsync_slice value;
        assert_false(cpmsync_extra_get(cpmsync_slice_of(exact, bad[i].len), 1, &value));
        cpmsync_buf_init(&extra, NULL, CPMSYNC_EXTRA_MAX);
        assert_int_equal(cpmsync_buf_add(&extra, exact, bad[i].len), 0);
        assert_int_equal(set(&extra, 1, "new"), 1);
        assert_value(&extra, 1, "new");
        cpmsync_buf_clear(&extra);
        free(exact);
    }
}

static void test_what_is_too_long_changes_nothing(void **state)
{
    struct cpmsync_buf extra;
    char *large = calloc(1, CPMSYNC_EXTRA_MAX + 1);

    (void)state;
    assert_non_null(large);
    cpmsync_buf_init(&extra, NULL, CPMSYNC_EXTRA_MAX);
    assert_int_equal(set(&extra, 2, "kept"), 1);
    assert_int_equal(cpmsync_extra_set(&extra, 1, cpmsync_slice_of(large, CPMSYNC_EXTRA_MAX)), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_extra_set(&extra, 1, cpmsync_slice_of(large, CPMSYNC_EXTRA_MAX - 10)), CPMSYNC_ERR_LIMIT);
    assert_value(&extra, 2, "kept");
    assert_value(&extra, 1, NULL);
    cpmsync_buf_clear(&extra);
    free(large);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf extra;

    (void)state;
    support_allocator_init(&allocator);
    for (uint64_t n = 1;; n++) {
        cpmsync_buf_init(&extra, &allocator.mem, CPMSYNC_EXTRA_MAX);
        assert_int_equal(set(&extra, 2, "kept"), 1);
        support_allocator_fail_at(&allocator, n);
        int done = set(&extra, 1, "new");
        bool whole = allocator.failures == 0;
        support_allocator_fail_at(&allocator, 0);
        assert_int_equal(done, whole ? 1 : CPMSYNC_ERR_NOMEM);
        assert_value(&extra, 2, "kept");
        assert_value(&extra, 1, whole ? "new" : NULL);
        cpmsync_buf_clear(&extra);
        assert_int_equal(allocator.live_blocks, 0);
        if (whole)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_set_changed_and_taken_away),
        cmocka_unit_test(test_tags_nobody_knows_are_kept),
        cmocka_unit_test(test_what_cannot_be_read_is_given_up),
        cmocka_unit_test(test_what_is_too_long_changes_nothing),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
