/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cpmsync/client.h>

static void test_version_is_the_one_of_the_build(void **state)
{
    (void)state;
    assert_string_equal(cpmsync_version(), CPMSYNC_TEST_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_is_the_one_of_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
