/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/slice.h"

static void test_any_octet_may_occur(void **state)
{
    (void)state;
    assert_true(cpmsync_slice_eq(CPMSYNC_SLICE("a\0b"), CPMSYNC_SLICE("a\0b")));
    assert_false(cpmsync_slice_eq(CPMSYNC_SLICE("a\0b"), CPMSYNC_SLICE("a\0c")));
    assert_false(cpmsync_slice_eq(CPMSYNC_SLICE("a"), CPMSYNC_SLICE("a\0")));
    assert_true(cpmsync_slice_eq(cpmsync_slice_of(NULL, 0), CPMSYNC_SLICE("")));
    assert_int_equal(cpmsync_slice_cmp(cpmsync_slice_of(NULL, 0), CPMSYNC_SLICE("")), 0);
}

static void test_g_04_ascii_letters_alone_compare_without_case(void **state)
{
    (void)state;
    assert_true(cpmsync_slice_ieq(CPMSYNC_SLICE("\\SEEN"), CPMSYNC_SLICE("\\seen")));
    assert_false(cpmsync_slice_eq(CPMSYNC_SLICE("\\SEEN"), CPMSYNC_SLICE("\\seen")));
    assert_true(cpmsync_slice_is(CPMSYNC_SLICE("UidValidity"), "UIDVALIDITY"));
    assert_false(cpmsync_slice_is(CPMSYNC_SLICE("OK"), "OKAY"));
    /* neighbours of the letters that differ in the same bit, and Latin-1 letters */
    assert_false(cpmsync_slice_ieq(CPMSYNC_SLICE("@["), CPMSYNC_SLICE("`{")));
    assert_false(cpmsync_slice_ieq(CPMSYNC_SLICE("\xc4"), CPMSYNC_SLICE("\xe4")));
}

static void test_order_is_bytewise_with_a_prefix_first(void **state)
{
    (void)state;
    assert_true(cpmsync_slice_cmp(CPMSYNC_SLICE("a"), CPMSYNC_SLICE("ab")) < 0);
    assert_true(cpmsync_slice_cmp(CPMSYNC_SLICE("ab"), CPMSYNC_SLICE("a")) > 0);
    assert_true(cpmsync_slice_cmp(CPMSYNC_SLICE("B"), CPMSYNC_SLICE("a")) < 0);
    assert_true(cpmsync_slice_cmp(CPMSYNC_SLICE("\x7f"), CPMSYNC_SLICE("\x80")) < 0);
    assert_true(cpmsync_slice_icmp(CPMSYNC_SLICE("B"), CPMSYNC_SLICE("a")) > 0);
    assert_true(cpmsync_slice_icmp(CPMSYNC_SLICE("\x7f"), CPMSYNC_SLICE("\x80")) < 0);
    assert_int_equal(cpmsync_slice_icmp(CPMSYNC_SLICE("aB"), CPMSYNC_SLICE("Ab")), 0);
}

static void test_g_08_numbers_are_digits_within_their_bound(void **state)
{
    uint64_t number = 7;

    (void)state;
    assert_true(cpmsync_slice_number(CPMSYNC_SLICE("4294967295"), UINT32_MAX, &number));
    assert_int_equal(number, UINT32_MAX);
    assert_true(cpmsync_slice_number(CPMSYNC_SLICE("18446744073709551615"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_true(cpmsync_slice_number(CPMSYNC_SLICE("000"), 0, &number));
    assert_int_equal(number, 0);
    assert_true(cpmsync_slice_number(CPMSYNC_SLICE("0000000000000000000000042"), 42, &number));
    assert_int_equal(number, 42);

    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("4294967296"), UINT32_MAX, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("18446744073709551616"), UINT64_MAX, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("99999999999999999999999"), UINT64_MAX, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("43"), 42, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("1"), 0, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE(""), 9, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("+1"), 9, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("-1"), 9, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE(" 1"), 9, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("1\0"), 9, &number));
    assert_false(cpmsync_slice_number(CPMSYNC_SLICE("1:"), 99, &number));
    assert_int_equal(number, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_octet_may_occur),
        cmocka_unit_test(test_g_04_ascii_letters_alone_compare_without_case),
        cmocka_unit_test(test_order_is_bytewise_with_a_prefix_first),
        cmocka_unit_test(test_g_08_numbers_are_digits_within_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
