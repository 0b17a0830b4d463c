/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cpmsync/store.h>

#include "support/failing_allocator.h"

static void test_close_frees_and_clears_the_store(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_store store;

    (void)state;
    support_allocator_init(&allocator);
    assert_int_equal(cpmsync_store_memory_open(&store, &allocator.mem), 0);
    assert_true(allocator.live_blocks > 0);
    cpmsync_store_close(&store);
    assert_int_equal(allocator.live_blocks, 0);
    assert_null(store.ops);
    assert_null(store.self);
    cpmsync_store_close(&store);
    cpmsync_store_close(NULL);
}

#if !defined(CPMSYNC_WITH_SQLITE)
static void test_a_build_without_sqlite_says_unsupported(void **state)
{
    struct cpmsync_store_sqlite_config config = {0};
    struct cpmsync_store store = {0};
    int code = 1;

    (void)state;
    config.size = sizeof config;
    assert_int_equal(cpmsync_store_sqlite_open(&store, &config, &code), CPMSYNC_ERR_UNSUPPORTED);
    assert_int_equal(code, 0);
    assert_int_equal(cpmsync_store_sqlite_suspend(&store), CPMSYNC_ERR_UNSUPPORTED);
    assert_int_equal(cpmsync_store_sqlite_resume(&store), CPMSYNC_ERR_UNSUPPORTED);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_frees_and_clears_the_store),
#if !defined(CPMSYNC_WITH_SQLITE)
        cmocka_unit_test(test_a_build_without_sqlite_says_unsupported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
