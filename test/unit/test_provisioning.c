/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <cpmsync/trigger.h>

static const struct cpmsync_sync_policy OWN = {sizeof OWN, 5, 6, 7, CPMSYNC_SUPPRESS_ROAMING, CPMSYNC_TRIGGER_LOCAL};

static int provision(struct cpmsync_sync_policy *policy, const char *sync_timer, const char *data_connection)
{
    struct cpmsync_provisioning values = {sizeof values, sync_timer, data_connection};

    *policy = OWN;
    return cpmsync_policy_from_provisioning(policy, &values);
}

static void test_seconds_become_milliseconds_and_the_rest_of_the_policy_stays(void **state)
{
    struct cpmsync_sync_policy policy;

    (void)state;
    assert_int_equal(provision(&policy, "120", " 3600\r\n"), 0);
    assert_int_equal(policy.interval_ms, 120000);
    assert_int_equal(policy.online_distance_ms, 3600000);
    assert_int_equal(policy.distance_ms, OWN.distance_ms);
    assert_int_equal(policy.suppress, OWN.suppress);
    assert_int_equal(policy.off, OWN.off);
}

static void test_zero_is_a_value_of_its_own(void **state)
{
    struct cpmsync_sync_policy policy;

    (void)state;
    assert_int_equal(provision(&policy, "0", NULL), 0);
    assert_int_equal(policy.interval_ms, CPMSYNC_OFF); /* no timer */
    assert_int_equal(policy.online_distance_ms, OWN.online_distance_ms);
    assert_int_equal(provision(&policy, NULL, "0"), 0);
    assert_int_equal(policy.interval_ms, OWN.interval_ms);
    assert_int_equal(policy.online_distance_ms, CPMSYNC_OFF); /* no distance */
    assert_int_equal(provision(&policy, "000", "00"), 0);
    assert_int_equal(policy.interval_ms, CPMSYNC_OFF);
    assert_int_equal(policy.online_distance_ms, CPMSYNC_OFF);
}

static void test_what_is_not_provisioned_changes_nothing(void **state)
{
    struct cpmsync_sync_policy policy;

    (void)state;
    assert_int_equal(provision(&policy, NULL, NULL), 0);
    assert_memory_equal(&policy, &OWN, sizeof policy);
    assert_int_equal(provision(&policy, "", " \t"), 0);
    assert_memory_equal(&policy, &OWN, sizeof policy);
}

static void test_a_value_that_is_no_number_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "-1", "1.5", "1 2", "ten", "0x10", "9223372036854776", "99999999999999999999", "+1"};
    struct cpmsync_sync_policy policy;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(provision(&policy, "120", wrong[i]), CPMSYNC_ERR_INVALID_ARGUMENT);
        assert_memory_equal(&policy, &OWN, sizeof policy);
        assert_int_equal(provision(&policy, wrong[i], "120"), CPMSYNC_ERR_INVALID_ARGUMENT);
        assert_memory_equal(&policy, &OWN, sizeof policy);
    }
    assert_int_equal(provision(&policy, "9223372036854775", NULL), 0);
    assert_true(policy.interval_ms == INT64_C(9223372036854775000));
}

static void test_structs_of_a_wrong_size_are_refused(void **state)
{
    struct cpmsync_sync_policy policy = OWN;
    struct cpmsync_provisioning values = {sizeof values, "1", "1"};

    (void)state;
    assert_int_equal(cpmsync_policy_from_provisioning(NULL, &values), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_policy_from_provisioning(&policy, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    values.size--;
    assert_int_equal(cpmsync_policy_from_provisioning(&policy, &values), CPMSYNC_ERR_INVALID_ARGUMENT);
    values.size = sizeof values;
    policy.size = 0;
    assert_int_equal(cpmsync_policy_from_provisioning(&policy, &values), CPMSYNC_ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seconds_become_milliseconds_and_the_rest_of_the_policy_stays),
        cmocka_unit_test(test_zero_is_a_value_of_its_own),
        cmocka_unit_test(test_what_is_not_provisioned_changes_nothing),
        cmocka_unit_test(test_a_value_that_is_no_number_changes_nothing),
        cmocka_unit_test(test_structs_of_a_wrong_size_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
