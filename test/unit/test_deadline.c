/* SPDX-License-Identifier: MIT */
#include "session/deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_silence_is_borne_for_the_timeout_and_no_longer(void **state)
{
    struct cpmsync_deadline deadline;

    (void)state;
    cpmsync_deadline_init(&deadline, 1000);
    assert_false(cpmsync_deadline_check(&deadline, 5000, true, false));
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 5000, true), 6000);
    assert_false(cpmsync_deadline_check(&deadline, 5999, true, false));
    assert_true(cpmsync_deadline_check(&deadline, 6000, true, false));
}

static void test_a_sign_of_life_begins_it_anew(void **state)
{
    struct cpmsync_deadline deadline;

    (void)state;
    cpmsync_deadline_init(&deadline, 1000);
    assert_false(cpmsync_deadline_check(&deadline, 0, true, false));
    assert_false(cpmsync_deadline_check(&deadline, 900, true, true));
    assert_false(cpmsync_deadline_check(&deadline, 1899, true, false));
    assert_true(cpmsync_deadline_check(&deadline, 1900, true, false));
}

static void test_a_jump_of_the_clock_is_over_at_once(void **state)
{
    struct cpmsync_deadline deadline;

    (void)state;
    cpmsync_deadline_init(&deadline, 1000);
    assert_false(cpmsync_deadline_check(&deadline, 0, true, false));
    assert_true(cpmsync_deadline_check(&deadline, 36000000, true, false));
}

static void test_it_starts_with_the_first_time_shown_not_with_an_old_one(void **state)
{
    struct cpmsync_deadline deadline;

    (void)state;
    cpmsync_deadline_init(&deadline, 1000);
    assert_false(cpmsync_deadline_check(&deadline, 0, false, true));
    /* A command is submitted an hour later: "now" is still 0 here, and the next call shows the hour. */
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 0, true), 0);
    assert_false(cpmsync_deadline_check(&deadline, 3600000, true, false));
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 3600000, true), 3601000);
}

static void test_nothing_due_or_no_timeout_never_ends(void **state)
{
    struct cpmsync_deadline deadline;

    (void)state;
    cpmsync_deadline_init(&deadline, 1000);
    assert_false(cpmsync_deadline_check(&deadline, 0, true, false));
    assert_false(cpmsync_deadline_check(&deadline, INT64_MAX, false, false));
    assert_true(cpmsync_deadline_expiry(&deadline, 0, false) == CPMSYNC_NEVER);
    cpmsync_deadline_init(&deadline, CPMSYNC_NEVER);
    assert_false(cpmsync_deadline_check(&deadline, 0, true, false));
    assert_false(cpmsync_deadline_check(&deadline, INT64_MAX - 1, true, false));
    assert_true(cpmsync_deadline_expiry(&deadline, 0, true) == CPMSYNC_NEVER);
    cpmsync_deadline_init(&deadline, 1000);
    assert_false(cpmsync_deadline_check(&deadline, INT64_MAX - 10, true, false));
    assert_false(cpmsync_deadline_check(&deadline, INT64_MAX - 1, true, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_is_borne_for_the_timeout_and_no_longer),
        cmocka_unit_test(test_a_sign_of_life_begins_it_anew),
        cmocka_unit_test(test_a_jump_of_the_clock_is_over_at_once),
        cmocka_unit_test(test_it_starts_with_the_first_time_shown_not_with_an_old_one),
        cmocka_unit_test(test_nothing_due_or_no_timeout_never_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
