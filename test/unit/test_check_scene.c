/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/check_scene.h"

static struct cpmsync_store store;

static int set_up(void **state)
{
    (void)state;
    return cpmsync_store_memory_open(&store, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_store_close(&store);
    return 0;
}

static void test_what_fill_commits_is_what_is_expected(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_check_fill(&store, cpmsync_check_inbox, 3), 0);
    assert_int_equal(cpmsync_check_expect_uidvalidity(&store, cpmsync_check_inbox, 3), 0);
    assert_int_equal(cpmsync_check_expect_uidvalidity(&store, cpmsync_check_inbox, 4), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_check_expect_content(&store, cpmsync_check_inbox), 0);
    assert_int_equal(cpmsync_check_expect_no_content(&store, cpmsync_check_inbox), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_check_expect_content(&store, cpmsync_check_other), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_check_expect_no_content(&store, cpmsync_check_nowhere), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_fill_commits_is_what_is_expected, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
