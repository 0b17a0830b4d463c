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

static void test_i_05_a_suspect_is_given_less_until_it_is_heard(void **state)
{
    struct cpmsync_deadline deadline;

    (void)state;
    cpmsync_deadline_init(&deadline, 60000);
    assert_false(cpmsync_deadline_check(&deadline, 1000, true, true));
    cpmsync_deadline_suspect(&deadline, 2000, 5000);
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 2000, true), 7000);
    assert_false(
        cpmsync_deadline_check(&deadline, 3000, true, true)); /* octets of ours were taken, which proves nothing */
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 3000, true), 8000);
    assert_true(cpmsync_deadline_check(&deadline, 8000, true, false));
    cpmsync_deadline_suspect(&deadline, 8000, CPMSYNC_NEVER);
    assert_false(cpmsync_deadline_check(&deadline, 8000, true, true));
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 8000, true), 68000);
}

static void test_i_05_a_suspect_has_a_deadline_where_others_have_none(void **state)
{
    struct cpmsync_deadline deadline;

    (void)state;
    cpmsync_deadline_init(&deadline, CPMSYNC_NEVER);
    assert_false(cpmsync_deadline_check(&deadline, 1000, true, true));
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 1000, true), CPMSYNC_NEVER);
    cpmsync_deadline_suspect(&deadline, 2000, 5000);
    assert_int_equal(cpmsync_deadline_expiry(&deadline, 2000, true), 7000);
    assert_true(cpmsync_deadline_check(&deadline, 7000, true, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_is_borne_for_the_timeout_and_no_longer),
        cmocka_unit_test(test_a_sign_of_life_begins_it_anew),
        cmocka_unit_test(test_a_jump_of_the_clock_is_over_at_once),
        cmocka_unit_test(test_it_starts_with_the_first_time_shown_not_with_an_old_one),
        cmocka_unit_test(test_nothing_due_or_no_timeout_never_ends),
        cmocka_unit_test(test_i_05_a_suspect_is_given_less_until_it_is_heard),
        cmocka_unit_test(test_i_05_a_suspect_has_a_deadline_where_others_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
