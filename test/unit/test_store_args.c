/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/store_args.h"

static void test_names_have_1_to_4096_octets_without_nul(void **state)
{
    uint8_t name[CPMSYNC_STORE_NAME_MAX + 1];

    (void)state;
    memset(name, 0xff, sizeof name);
    assert_true(cpmsync_store_valid_name(name, 1));
    assert_true(cpmsync_store_valid_name(name, CPMSYNC_STORE_NAME_MAX));
    assert_false(cpmsync_store_valid_name(name, CPMSYNC_STORE_NAME_MAX + 1));
    assert_false(cpmsync_store_valid_name(name, 0));
    assert_false(cpmsync_store_valid_name(NULL, 1));
    assert_true(cpmsync_store_valid_entry_name(NULL, 0));
    name[3] = 0;
    assert_false(cpmsync_store_valid_name(name, 4));
    assert_true(cpmsync_store_valid_name(name, 3));
}

static void test_uids_ascend_strictly_from_1(void **state)
{
    const uint32_t uid[] = {1, 2, UINT32_MAX, 5, 5, 0};

    (void)state;
    assert_true(cpmsync_store_valid_uids(NULL, 0));
    assert_true(cpmsync_store_valid_uids(uid, 3));
    assert_false(cpmsync_store_valid_uids(uid, 4));
    assert_false(cpmsync_store_valid_uids(uid + 3, 2));
    assert_false(cpmsync_store_valid_uids(uid + 5, 1));
}

static void test_ranges_are_sorted_and_disjoint(void **state)
{
    const struct cpmsync_range good[] = {{1, 1}, {2, 5}, {7, UINT32_MAX}};
    const struct cpmsync_range touching[] = {{1, 5}, {5, 6}};
    const struct cpmsync_range backward[] = {{3, 2}};
    const struct cpmsync_range zero[] = {{0, 2}};

    (void)state;
    assert_true(cpmsync_store_valid_ranges(NULL, 0));
    assert_false(cpmsync_store_valid_ranges(NULL, 1));
    assert_true(cpmsync_store_valid_ranges(good, 3));
    assert_false(cpmsync_store_valid_ranges(touching, 2));
    assert_false(cpmsync_store_valid_ranges(backward, 1));
    assert_false(cpmsync_store_valid_ranges(zero, 1));
}

static void test_a_mailbox_record_is_checked_whole(void **state)
{
    struct cpmsync_store_mailbox mailbox = {0};

    (void)state;
    mailbox.size = sizeof mailbox;
    mailbox.name = (const uint8_t *)"INBOX";
    mailbox.name_len = 5;
    assert_true(cpmsync_store_valid_mailbox(&mailbox));
    mailbox.extra_len = 1;
    assert_false(cpmsync_store_valid_mailbox(&mailbox));
    mailbox.extra_len = 0;
    mailbox.covered_count = 1;
    assert_false(cpmsync_store_valid_mailbox(&mailbox));
    mailbox.covered_count = 0;
    mailbox.size--;
    assert_false(cpmsync_store_valid_mailbox(&mailbox));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_have_1_to_4096_octets_without_nul),
        cmocka_unit_test(test_uids_ascend_strictly_from_1),
        cmocka_unit_test(test_ranges_are_sorted_and_disjoint),
        cmocka_unit_test(test_a_mailbox_record_is_checked_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
