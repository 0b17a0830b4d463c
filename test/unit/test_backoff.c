/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/backoff.h"

static void test_delays_double_up_to_the_most(void **state)
{
    static const int64_t MOST[] = {2000, 4000, 8000, 16000, 20000, 20000};
    struct cpmsync_backoff backoff;

    (void)state;
    cpmsync_backoff_init(&backoff, 2000, 20000);
    assert_true(backoff.retry_at <= 0);
    for (size_t i = 0; i < sizeof MOST / sizeof MOST[0]; i++) {
        cpmsync_backoff_failed(&backoff, 1000, UINT32_MAX);
        assert_int_equal(backoff.retry_at, 1000 + MOST[i]);
    }
    cpmsync_backoff_reset(&backoff);
    cpmsync_backoff_failed(&backoff, 1000, 0);
    assert_int_equal(backoff.retry_at, 2000); /* half of it is not left to chance */
}

static void test_what_fails_as_soon_as_it_works_did_not_work(void **state)
{
    struct cpmsync_backoff backoff;

    (void)state;
    cpmsync_backoff_init(&backoff, 2000, 20000);
    cpmsync_backoff_failed(&backoff, 0, UINT32_MAX);
    cpmsync_backoff_failed(&backoff, 0, UINT32_MAX);
    cpmsync_backoff_worked(&backoff, 5000);
    assert_int_equal(backoff.failures, 0);
    cpmsync_backoff_worked(&backoff, 6000); /* it goes on */
    cpmsync_backoff_failed(&backoff, 6999, UINT32_MAX);
    assert_int_equal(backoff.retry_at, 6999 + 8000);
    cpmsync_backoff_worked(&backoff, 20000);
    cpmsync_backoff_failed(&backoff, 22000, UINT32_MAX);
    assert_int_equal(backoff.retry_at, 22000 + 2000);
    cpmsync_backoff_worked(&backoff, 30000);
    cpmsync_backoff_reset(&backoff);
    cpmsync_backoff_failed(&backoff, 30000, UINT32_MAX);
    assert_int_equal(backoff.failures, 1);
}

static void test_the_delay_is_spread(void **state)
{
    int64_t last = 0;

    (void)state;
    for (uint32_t random = 0; random <= 0xffff; random += 0x1111) {
        struct cpmsync_backoff backoff;
        cpmsync_backoff_init(&backoff, 10000, 900000);
        cpmsync_backoff_failed(&backoff, 0, random);
        assert_true(backoff.retry_at > last || random == 0);
        assert_in_range(backoff.retry_at, 5000, 10000);
        last = backoff.retry_at;
    }
    assert_int_equal(last, 10000);
}

static void test_nothing_overflows(void **state)
{
    struct cpmsync_backoff backoff;

    (void)state;
    cpmsync_backoff_init(&backoff, INT32_MAX, INT64_MAX);
    for (int i = 0; i < 100; i++) {
        cpmsync_backoff_failed(&backoff, INT64_MAX - 1000000 * (int64_t)i, UINT32_MAX - (uint32_t)i);
        assert_true(backoff.retry_at >= INT64_MAX - 1000000 * (int64_t)i);
    }
    assert_int_equal(backoff.failures, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays_double_up_to_the_most),
        cmocka_unit_test(test_what_fails_as_soon_as_it_works_did_not_work),
        cmocka_unit_test(test_the_delay_is_spread),
        cmocka_unit_test(test_nothing_overflows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
