/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <cpmsync/error.h>

#include "store/row_changes.h"
#include "support/failing_allocator.h"

static struct support_allocator allocator;
static struct cpmsync_row_changes changes;

static int set_up(void **state)
{
    (void)state;
    support_allocator_init(&allocator);
    cpmsync_row_changes_init(&changes, &allocator.mem);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_row_changes_clear(&changes);
    return allocator.live_blocks ? -1 : 0;
}

static int put(uint32_t uid, uint64_t modseq)
{
    struct cpmsync_stored_row row = {uid, uid + 1, modseq};
    return cpmsync_row_changes_put(&changes, &row);
}

static void assert_row(size_t at, uint32_t uid, uint64_t modseq)
{
    assert_true(at < changes.count);
    assert_int_equal(changes.rows[at].uid, uid);
    assert_int_equal(changes.rows[at].flagset, uid + 1);
    assert_true(changes.rows[at].modseq == modseq);
}

static void test_the_last_put_of_a_uid_counts(void **state)
{
    (void)state;
    assert_true(cpmsync_row_changes_none(&changes));
    assert_int_equal(put(9, 1), 0);
    assert_int_equal(put(3, 2), 0);
    assert_int_equal(put(9, 3), 0);
    assert_int_equal(changes.count, 2);
    assert_row(0, 3, 2);
    assert_row(1, 9, 3);
    assert_false(cpmsync_row_changes_none(&changes));
}

static void test_a_removal_takes_rows_put_before_and_spares_those_put_behind(void **state)
{
    (void)state;
    assert_int_equal(put(1, 1), 0);
    assert_int_equal(put(5, 1), 0);
    assert_int_equal(put(UINT32_MAX, 1), 0);
    assert_int_equal(cpmsync_row_changes_remove(&changes, 2, UINT32_MAX), 0);
    assert_int_equal(put(7, 2), 0);
    assert_int_equal(changes.count, 2);
    assert_row(0, 1, 1);
    assert_row(1, 7, 2);
    assert_true(cpmsync_uidset_contains(&changes.removed, 7));
}

static void test_what_was_encoded_is_decoded_in_order(void **state)
{
    struct cpmsync_row_changes copy;
    uint8_t octets[256];
    size_t size;

    (void)state;
    assert_int_equal(cpmsync_row_changes_remove(&changes, 4, 6), 0);
    assert_int_equal(put(5, UINT64_C(0x0123456789abcdef)), 0);
    assert_int_equal(put(UINT32_MAX, UINT64_MAX), 0);
    size = cpmsync_row_changes_size(&changes);
    assert_int_equal(size, 8 + 8 + 2 * 16);
    cpmsync_row_changes_encode(&changes, octets);
    /* One range and two rows; little-endian on every machine. */
    assert_memory_equal(octets, "\1\0\0\0\2\0\0\0\4\0\0\0\6\0\0\0\5\0\0\0\377\377\377\377\357\315\253\211", 28);
    cpmsync_row_changes_empty(&changes);
    assert_int_equal(put(5, 9), 0);
    cpmsync_row_changes_encode(&changes, octets + size);
    cpmsync_row_changes_init(&copy, &allocator.mem);
    assert_int_equal(cpmsync_row_changes_decode(&copy, octets, size + 8 + 16), 0);
    assert_int_equal(copy.removed.count, 1);
    assert_int_equal(copy.count, 2);
    assert_true(copy.rows[0].modseq == 9);
    assert_true(copy.rows[1].modseq == UINT64_MAX);
    cpmsync_row_changes_clear(&copy);
}

/* No arithmetic on rows that are not there: UndefinedBehaviorSanitizer sees it. */
static void test_removals_alone_are_decoded(void **state)
{
    uint8_t octets[64];
    size_t len;

    (void)state;
    assert_int_equal(cpmsync_row_changes_remove(&changes, 3, 7), 0);
    len = cpmsync_row_changes_size(&changes);
    assert_true(len <= sizeof octets);
    cpmsync_row_changes_encode(&changes, octets);
    cpmsync_row_changes_clear(&changes);
    cpmsync_row_changes_init(&changes, &allocator.mem);
    assert_int_equal(cpmsync_row_changes_decode(&changes, octets, len), 0);
    assert_int_equal(changes.count, 0);
    assert_true(cpmsync_uidset_contains(&changes.removed, 7));
    assert_false(cpmsync_uidset_contains(&changes.removed, 8));
}

static void test_damaged_octets_are_refused(void **state)
{
    static const uint8_t zero_uid[24] = {0, 0, 0, 0, 1};
    static const uint8_t backward[16] = {1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 4};
    static const uint8_t many[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    (void)state;
    assert_int_equal(cpmsync_row_changes_decode(&changes, zero_uid, 24), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_row_changes_decode(&changes, zero_uid, 23), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_row_changes_decode(&changes, zero_uid, 7), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_row_changes_decode(&changes, backward, 16), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_row_changes_decode(&changes, many, 16), CPMSYNC_ERR_STORE_CORRUPT);
}

static void test_columns_keep_their_numbers_and_must_ascend(void **state)
{
    const uint32_t uid[] = {1, 70000, UINT32_MAX};
    const uint64_t modseq[] = {UINT64_MAX, 0, 1};
    const uint32_t set[] = {UINT32_MAX, 0, 258};
    uint8_t octets[3 * CPMSYNC_ROW_OCTETS];
    uint32_t uid_back[3];
    uint64_t modseq_back[3];
    uint32_t set_back[3];

    (void)state;
    cpmsync_rows_encode(uid, modseq, set, 3, octets);
    assert_true(cpmsync_rows_decode(octets, 3, uid_back, modseq_back, set_back));
    assert_memory_equal(uid, uid_back, sizeof uid);
    assert_memory_equal(modseq, modseq_back, sizeof modseq);
    assert_memory_equal(set, set_back, sizeof set);
    memset(octets + 4, 0, 4);
    assert_false(cpmsync_rows_decode(octets, 3, uid_back, modseq_back, set_back));
}

static void test_next_finds_rows_and_removals(void **state)
{
    uint32_t uid;

    (void)state;
    assert_false(cpmsync_row_changes_next(&changes, 0, &uid));
    assert_int_equal(put(20, 1), 0);
    assert_int_equal(cpmsync_row_changes_remove(&changes, 5, 10), 0);
    assert_true(cpmsync_row_changes_next(&changes, 0, &uid));
    assert_int_equal(uid, 5);
    assert_true(cpmsync_row_changes_next(&changes, 8, &uid));
    assert_int_equal(uid, 8);
    assert_true(cpmsync_row_changes_next(&changes, 11, &uid));
    assert_int_equal(uid, 20);
    assert_false(cpmsync_row_changes_next(&changes, 21, &uid));
}

static void test_later_changes_are_added_behind_earlier_ones(void **state)
{
    struct cpmsync_row_changes later;

    (void)state;
    cpmsync_row_changes_init(&later, &allocator.mem);
    assert_int_equal(cpmsync_row_changes_remove(&later, 1, 5), 0);
    assert_int_equal(put(2, 1), 0);
    assert_int_equal(put(6, 1), 0);
    assert_int_equal(cpmsync_row_changes_add(&changes, &later), 0);
    assert_int_equal(changes.count, 1);
    assert_row(0, 6, 1);
    cpmsync_row_changes_clear(&later);
}

/* Encodings whose rows lie below, between and on those before them. */
static void test_batches_are_merged_wherever_they_lie(void **state)
{
    static const uint32_t uids[4][4] = {{50, 60, 70, 80}, {10, 20, 30, 40}, {5, 30, 55, 90}, {1, 5, 80, 90}};
    static const uint32_t all[] = {1, 5, 10, 20, 30, 40, 50, 55, 60, 70, 80, 90};
    static const uint64_t modseq[] = {3, 3, 1, 1, 2, 1, 0, 2, 0, 0, 3, 3};
    struct cpmsync_row_changes sum;

    (void)state;
    cpmsync_row_changes_init(&sum, &allocator.mem);
    for (size_t batch = 0; batch < 4; batch++) {
        uint8_t octets[128];

        cpmsync_row_changes_empty(&changes);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(put(uids[batch][i], batch), 0);
        cpmsync_row_changes_encode(&changes, octets);
        assert_int_equal(cpmsync_row_changes_decode(&sum, octets, cpmsync_row_changes_size(&changes)), 0);
    }
    cpmsync_row_changes_empty(&changes);
    assert_int_equal(cpmsync_row_changes_add(&changes, &sum), 0);
    cpmsync_row_changes_clear(&sum);
    assert_int_equal(changes.count, 12);
    for (size_t i = 0; i < 12; i++)
        assert_row(i, all[i], modseq[i]);
}

static void test_no_memory_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(put(2, 1), 0);
    for (uint32_t uid = 3; changes.count < changes.capacity; uid++)
        assert_int_equal(put(uid, 1), 0);
    support_allocator_fail_from(&allocator, 1);
    assert_int_equal(put(1000, 1), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_row_changes_remove(&changes, 1, 3), CPMSYNC_ERR_NOMEM);
    support_allocator_fail_at(&allocator, 0);
    assert_int_equal(changes.count, changes.capacity);
    assert_row(0, 2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_last_put_of_a_uid_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_removal_takes_rows_put_before_and_spares_those_put_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_encoded_is_decoded_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_removals_alone_are_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_octets_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns_keep_their_numbers_and_must_ascend, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_next_finds_rows_and_removals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_later_changes_are_added_behind_earlier_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_batches_are_merged_wherever_they_lie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory_changes_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
