/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/memory_rows.h"
#include "support/failing_allocator.h"

enum { UIDS = 3000 };

static struct support_allocator allocator;
static struct cpmsync_undo_map map;
static uint64_t model[UIDS]; /* modseq by UID, 0: no row */

static int set_up(void **state)
{
    (void)state;
    support_allocator_init(&allocator);
    cpmsync_undo_map_init(&map, &allocator.mem);
    memset(model, 0, sizeof model);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_undo_map_clear(&map);
    return allocator.live_blocks ? -1 : 0;
}

static int put_row(uint32_t uid, uint64_t modseq)
{
    uint32_t set = uid ^ 5;
    return cpmsync_memory_rows_put(&map, 1, &uid, &modseq, &set, 1);
}

struct walk {
    const uint64_t *rows;
    uint32_t uid; /* the last */
};

static int compare(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct walk *walk = ctx;

    for (size_t i = 0; i < count; i++) {
        while (++walk->uid < uid[i])
            assert_int_equal(walk->rows[walk->uid], 0);
        assert_int_equal(walk->uid, uid[i]);
        assert_int_equal(walk->rows[uid[i]], modseq[i]);
        assert_int_equal(flagset[i], uid[i] ^ 5);
    }
    return 0;
}

static void assert_rows(const uint64_t rows[UIDS])
{
    struct walk walk = {rows, 0};

    assert_int_equal(cpmsync_memory_rows_load(&map, 1, compare, &walk), 0);
    while (++walk.uid < UIDS)
        assert_int_equal(rows[walk.uid], 0);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static void change_at_random(uint32_t *seed, uint64_t modseq)
{
    uint32_t uid = next_random(seed) % (UIDS - 1) + 1;
    struct cpmsync_range range = {uid, uid + next_random(seed) % 40};

    if (next_random(seed) % 8) {
        assert_int_equal(put_row(uid, modseq), 0);
        model[uid] = modseq;
        return;
    }
    assert_int_equal(cpmsync_memory_rows_remove(&map, 1, &range, 1), 0);
    for (; range.first <= range.last && range.first < UIDS; range.first++)
        model[range.first] = 0;
}

static void test_random_changes_and_rollbacks_match_a_plain_array(void **state)
{
    uint32_t seed = 7;
    uint64_t before[UIDS];

    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        memcpy(before, model, sizeof before);
        for (unsigned i = 0; i < 150; i++)
            change_at_random(&seed, round + 1);
        assert_rows(model);
        if (round % 3 == 2) {
            cpmsync_undo_map_rollback(&map);
            memcpy(model, before, sizeof before);
            assert_rows(model);
        } else {
            cpmsync_undo_map_commit(&map);
        }
    }
}

static void test_100000_rows_in_batches_hold_little_more_than_16_octets_each(void **state)
{
    uint32_t uid[200];
    uint64_t modseq[200] = {0};
    uint32_t set[200] = {0};

    (void)state;
    for (uint32_t batch = 0; batch < 500; batch++) {
        for (uint32_t i = 0; i < 200; i++)
            uid[i] = batch * 200 + i + 1;
        assert_int_equal(cpmsync_memory_rows_put(&map, 1, uid, modseq, set, 200), 0);
        cpmsync_undo_map_commit(&map);
    }
    assert_true(allocator.live_octets < 100000 * 18);
    /* A batch copies the chunk it touches, not the mailbox. */
    assert_true(allocator.peak_octets < allocator.live_octets + 32768);
}

static void test_mailboxes_are_apart(void **state)
{
    const struct cpmsync_range all = {1, UINT32_MAX};
    uint32_t uid = UINT32_MAX;
    uint64_t modseq = 1;

    (void)state;
    assert_int_equal(cpmsync_memory_rows_put(&map, 2, &uid, &modseq, &uid, 1), 0);
    assert_int_equal(put_row(9, 9), 0);
    assert_int_equal(cpmsync_memory_rows_remove(&map, 2, &all, 1), 0);
    assert_int_equal(cpmsync_memory_rows_remove(&map, 3, &all, 1), 0);
    model[9] = 9;
    assert_rows(model);
}

static void test_each_failed_allocation_is_undone_by_rollback(void **state)
{
    uint64_t before[UIDS];

    (void)state;
    for (uint32_t uid = 1; uid < 600; uid++) {
        assert_int_equal(put_row(uid * 2, 1), 0);
        model[uid * 2] = 1;
    }
    cpmsync_undo_map_commit(&map);
    memcpy(before, model, sizeof before);
    for (uint64_t n = 1;; n++) {
        int error = 0;

        support_allocator_fail_at(&allocator, n);
        for (uint32_t uid = 1; uid < 900 && !error; uid += 2)
            error = put_row(uid, 2);
        if (!error) {
            const struct cpmsync_range range = {100, 105};
            error = cpmsync_memory_rows_remove(&map, 1, &range, 1);
        }
        cpmsync_undo_map_rollback(&map);
        assert_rows(before);
        if (!error)
            break;
        assert_int_equal(error, CPMSYNC_ERR_NOMEM);
        assert_true(n < 200);
    }
    assert_int_equal(allocator.failures, 0);
    support_allocator_fail_at(&allocator, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_changes_and_rollbacks_match_a_plain_array, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_100000_rows_in_batches_hold_little_more_than_16_octets_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mailboxes_are_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_failed_allocation_is_undone_by_rollback, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
