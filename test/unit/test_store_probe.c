/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/check_scene.h"
#include "store/store_probe.h"

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

static uint64_t digest(void)
{
    static const char *const keys[] = {"key"};
    struct cpmsync_store_probe probe = {&store, &cpmsync_check_inbox, 1, keys, 1};
    uint64_t result;

    assert_int_equal(cpmsync_store_probe_digest(&probe, &result), 0);
    return result;
}

static void test_the_digest_sees_each_kind_of_data(void **state)
{
    struct cpmsync_slice inbox = cpmsync_check_inbox;
    uint64_t seen[7];

    (void)state;
    assert_int_equal(cpmsync_check_begin(&store), 0);
    seen[0] = digest();
    assert_int_equal(cpmsync_check_put_mailbox(&store, inbox, 1), 0);
    seen[1] = digest();
    assert_int_equal(cpmsync_check_put_row(&store, inbox, 1, 1, 1), 0);
    seen[2] = digest();
    assert_int_equal(cpmsync_check_put_flagset(&store, inbox, 1, inbox), 0);
    seen[3] = digest();
    assert_int_equal(cpmsync_check_put_descriptor(&store, inbox, 1, inbox), 0);
    seen[4] = digest();
    assert_int_equal(cpmsync_check_put_entry(&store, 1, inbox, inbox), 0);
    seen[5] = digest();
    assert_int_equal(cpmsync_check_put_value(&store, "key", cpmsync_slice_of(NULL, 0)), 0);
    seen[6] = digest();
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    store.ops->rollback(store.self);
    assert_true(digest() == seen[0]);
}

static void test_more_fewer_or_other_items_differ(void **state)
{
    struct cpmsync_slice inbox = cpmsync_check_inbox;
    struct cpmsync_store_probe_item items[2] = {
        cpmsync_check_item(1, CPMSYNC_SLICE("one")), cpmsync_check_item(2, CPMSYNC_SLICE("two"))};

    (void)state;
    assert_int_equal(cpmsync_check_begin(&store), 0);
    assert_int_equal(cpmsync_check_put_mailbox(&store, inbox, 1), 0);
    assert_int_equal(cpmsync_check_put_flagset(&store, inbox, 1, items[0].octets), 0);
    assert_int_equal(cpmsync_store_probe_flagsets(&store, inbox, items, 1), 0);
    assert_int_equal(cpmsync_store_probe_flagsets(&store, inbox, items, 2), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_store_probe_flagsets(&store, inbox, items, 0), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_store_probe_flagsets(&store, inbox, items + 1, 1), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_store_probe_rows(&store, inbox, NULL, NULL, NULL, 0), 0);
    assert_int_equal(cpmsync_check_put_row(&store, inbox, 1, 1, 1), 0);
    assert_int_equal(cpmsync_store_probe_rows(&store, inbox, NULL, NULL, NULL, 0), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_check_expect_row(&store, inbox, 1, 1, 2), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_check_expect_row(&store, inbox, 1, 1, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_digest_sees_each_kind_of_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_fewer_or_other_items_differ, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
