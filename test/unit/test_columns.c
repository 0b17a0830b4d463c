/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <cpmsync/error.h>

#include "cache/columns.h"
#include "support/failing_allocator.h"

#define TOP UINT32_MAX

struct fixture {
    struct support_allocator allocator;
    struct cpmsync_columns *columns;
};

static void begin(struct fixture *fixture, size_t rows_max)
{
    support_allocator_init(&fixture->allocator);
    fixture->columns = cpmsync_columns_new(&fixture->allocator.mem, rows_max);
    assert_non_null(fixture->columns);
}

static void end(struct fixture *fixture)
{
    cpmsync_columns_free(fixture->columns);
    assert_int_equal(fixture->allocator.live_blocks, 0);
}

static struct cpmsync_row row_of(uint32_t uid, uint32_t salt)
{
    struct cpmsync_row row;

    row.uid = uid;
    row.flagset = uid * 7 + salt;
    row.modseq = ((uint64_t)uid << 32) + salt;
    return row;
}

static int put(struct fixture *fixture, uint32_t uid, uint32_t salt)
{
    struct cpmsync_row row = row_of(uid, salt);

    return cpmsync_columns_put(fixture->columns, &row, NULL);
}

static void assert_row(const struct cpmsync_row *row, uint32_t uid, uint32_t salt)
{
    struct cpmsync_row expected = row_of(uid, salt);

    assert_int_equal(row->uid, expected.uid);
    assert_int_equal(row->flagset, expected.flagset);
    assert_true(row->modseq == expected.modseq);
}

/* --- against a model: salt[uid], 0 if there is no such row --- */

enum { MODEL = 3000 };

struct model {
    uint32_t salt[MODEL + 1];
    size_t count;
};

struct walked {
    const struct model *model;
    uint32_t next; /* UID the next row is sought from */
    size_t count;
};

static int compare_piece(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct walked *walked = ctx;
    size_t i;

    assert_true(count > 0);
    for (i = 0; i < count; i++) {
        struct cpmsync_row row;

        while (!walked->model->salt[walked->next])
            walked->next++;
        row.uid = uid[i];
        row.modseq = modseq[i];
        row.flagset = flagset[i];
        assert_row(&row, walked->next, walked->model->salt[walked->next]);
        walked->next++;
        walked->count++;
    }
    return 0;
}

static size_t model_rank(const struct model *model, uint32_t uid)
{
    size_t rank = 0;
    uint32_t i;

    for (i = 1; i <= uid && i <= MODEL; i++)
        rank += model->salt[i] != 0;
    return rank;
}

/* Readers that leave pending rows pending. */
static void compare_readers(const struct fixture *fixture, const struct model *model)
{
    struct cpmsync_row row;
    uint32_t uid, last = 0;
    size_t rank = 0;

    assert_int_equal(cpmsync_columns_count(fixture->columns), model->count);
    for (uid = 1; uid <= MODEL; uid++) {
        bool there = model->salt[uid] != 0;

        if (there != cpmsync_columns_get(fixture->columns, uid, &row))
            fail();
        if (there) {
            assert_row(&row, uid, model->salt[uid]);
            rank++;
            last = uid;
            assert_true(cpmsync_columns_at(fixture->columns, rank, &row));
            assert_row(&row, uid, model->salt[uid]);
        }
        assert_int_equal(cpmsync_columns_rank(fixture->columns, uid), rank);
    }
    assert_int_equal(cpmsync_columns_last_uid(fixture->columns), last);
    assert_false(cpmsync_columns_at(fixture->columns, 0, &row));
    assert_false(cpmsync_columns_at(fixture->columns, rank + 1, &row));
    assert_false(cpmsync_columns_get(fixture->columns, 0, &row));
    assert_false(cpmsync_columns_get(fixture->columns, TOP, &row));
    assert_int_equal(cpmsync_columns_rank(fixture->columns, TOP), rank);
    assert_int_equal(cpmsync_columns_rank(fixture->columns, 0), 0);
}

static void compare_walk(const struct fixture *fixture, const struct model *model, uint32_t first, uint32_t last)
{
    struct walked walked;

    walked.model = model;
    walked.next = first ? first : 1;
    walked.count = 0;
    assert_int_equal(cpmsync_columns_walk(fixture->columns, first, last, compare_piece, &walked), 0);
    assert_int_equal(
        walked.count, first > last ? 0 : model_rank(model, last) - (first ? model_rank(model, first - 1) : 0));
}

static uint32_t next_random(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static void random_put(struct fixture *fixture, struct model *model, uint32_t uid, uint32_t salt, size_t rows_max)
{
    struct cpmsync_row row = row_of(uid, salt), before = row_of(9, 9);
    int error = cpmsync_columns_put(fixture->columns, &row, &before);

    if (error == CPMSYNC_ERR_LIMIT)
        assert_true(!model->salt[uid] && model->count == rows_max);
    else if (error)
        assert_int_equal(error, CPMSYNC_ERR_NOMEM);
    if (error) {
        assert_row(&before, 9, 9);
        return;
    }
    if (model->salt[uid])
        assert_row(&before, uid, model->salt[uid]);
    else
        assert_int_equal(before.uid, 0);
    model->count += !model->salt[uid];
    model->salt[uid] = salt;
    assert_true(model->count <= rows_max);
}

static void random_remove(
    struct fixture *fixture, struct model *model, uint32_t first, uint32_t last, size_t ranges_max)
{
    struct cpmsync_uidset removed;
    int error = 77;
    size_t count = 0, said;
    uint32_t uid;

    cpmsync_uidset_init(&removed, &fixture->allocator.mem, ranges_max);
    said = cpmsync_columns_remove(fixture->columns, first, last, &removed, &error);
    assert_true(error == 0 || error == CPMSYNC_ERR_LIMIT || error == CPMSYNC_ERR_NOMEM);
    assert_int_equal(said, cpmsync_uidset_size(&removed));
    for (uid = first; uid <= last; uid++) {
        if (!model->salt[uid])
            continue;
        if (!cpmsync_uidset_contains(&removed, uid)) {
            assert_int_not_equal(error, 0);
            break;
        }
        model->salt[uid] = 0;
        count++;
    }
    model->count -= count;
    assert_int_equal(said, count);
    cpmsync_uidset_clear(&removed);
}

static void run_history(uint32_t seed, size_t rows_max, bool failing)
{
    struct model *model = calloc(1, sizeof(*model));
    struct fixture fixture;
    uint32_t salt, round;

    assert_non_null(model);
    begin(&fixture, rows_max);
    for (round = 0, salt = 1; round < 250; round++) {
        uint32_t puts = next_random(&seed, 120), at = 1 + next_random(&seed, MODEL), i;

        for (i = 0; i < puts; i++, salt++) {
            uint32_t uid = 1 + next_random(&seed, MODEL);

            if (round % 3 == 0) /* a run, as of a range that is fetched */
                uid = at + i <= MODEL ? at + i : MODEL;
            if (failing && next_random(&seed, 4) == 0)
                support_allocator_fail_from(&fixture.allocator, 1 + next_random(&seed, 5));
            random_put(&fixture, model, uid, salt, rows_max);
            support_allocator_fail_at(&fixture.allocator, 0);
        }
        if (round % 5 == 0)
            compare_readers(&fixture, model);
        if (round % 7 == 0)
            compare_walk(&fixture, model, next_random(&seed, MODEL), next_random(&seed, MODEL));
        for (i = next_random(&seed, 20); i > 0; i--) {
            uint32_t first = 1 + next_random(&seed, MODEL), last = first + next_random(&seed, i == 1 ? 800 : 5);

            if (failing && next_random(&seed, 2) == 0)
                support_allocator_fail_from(&fixture.allocator, 1 + next_random(&seed, 3));
            random_remove(&fixture, model, first, last < MODEL ? last : MODEL, next_random(&seed, 8) ? 1000 : 1 + i);
            support_allocator_fail_at(&fixture.allocator, 0);
        }
        if (round % 11 == 0)
            compare_readers(&fixture, model);
        compare_walk(&fixture, model, 0, MODEL);
    }
    compare_readers(&fixture, model);
    end(&fixture);
    free(model);
}

static void test_random_histories_agree_with_a_plain_array(void **state)
{
    (void)state;
    run_history(1, 100000, false);
    run_history(2, 100000, false);
}

static void test_random_histories_agree_when_memory_fails(void **state)
{
    (void)state;
    run_history(3, 100000, true);
    run_history(4, 700, true);
}

/* --- single promises --- */

static void test_appending_costs_16_octets_a_message_and_an_eighth(void **state)
{
    struct fixture fixture;
    uint32_t uid;

    (void)state;
    begin(&fixture, 200000);
    for (uid = 1; uid <= 100000; uid++)
        assert_int_equal(put(&fixture, uid * 3, 1), 0);
    assert_true(cpmsync_columns_memory(fixture.columns) <= 100000 * 18);
    assert_true(cpmsync_columns_memory(fixture.columns) >= 100000 * 16);
    assert_int_equal(cpmsync_columns_memory(fixture.columns), fixture.allocator.live_octets);
    end(&fixture);
}

static void test_memory_follows_the_messages_down(void **state)
{
    struct fixture fixture;
    uint32_t uid, left = 40000, seed = 5;

    (void)state;
    begin(&fixture, 200000);
    for (uid = 1; uid <= left; uid++)
        assert_int_equal(put(&fixture, uid, 1), 0);
    while (left) {
        struct cpmsync_row row;

        assert_true(cpmsync_columns_at(fixture.columns, 1 + next_random(&seed, left), &row));
        assert_int_equal(cpmsync_columns_remove(fixture.columns, row.uid, row.uid, NULL, NULL), 1);
        left--;
        if (left >= 1000)
            assert_true(fixture.allocator.live_octets <= left * 17 * 5 / 4);
    }
    assert_true(fixture.allocator.live_octets < 2000);
    end(&fixture);
}

/* The newest first, range by range (R19): each range ascends, and lies below all before. */
static void test_ranges_may_come_newest_first(void **state)
{
    struct fixture fixture;
    struct cpmsync_row row;
    uint32_t range, i;

    (void)state;
    begin(&fixture, 200000);
    for (range = 100; range-- > 0;) {
        for (i = 1; i <= 200; i++)
            assert_int_equal(put(&fixture, range * 200 + i, 1), 0);
        assert_int_equal(cpmsync_columns_count(fixture.columns), (100 - range) * 200);
        assert_true(cpmsync_columns_at(fixture.columns, 1, &row));
        assert_row(&row, range * 200 + 1, 1);
    }
    for (i = 1; i <= 20000; i++) {
        assert_true(cpmsync_columns_at(fixture.columns, i, &row));
        assert_row(&row, i, 1);
    }
    assert_true(fixture.allocator.live_octets <= 20000 * 18 + 8192 + 2000);
    end(&fixture);
}

/* EXPUNGE of message 1, again and again. */
static void test_numbers_close_up_behind_each_removal(void **state)
{
    struct fixture fixture;
    struct cpmsync_row row;
    uint32_t uid;

    (void)state;
    begin(&fixture, 200000);
    for (uid = 1; uid <= 2000; uid++)
        assert_int_equal(put(&fixture, uid, 1), 0);
    for (uid = 1; uid < 2000; uid++) {
        assert_true(cpmsync_columns_at(fixture.columns, 1, &row));
        assert_row(&row, uid, 1);
        assert_int_equal(cpmsync_columns_remove(fixture.columns, uid, uid, NULL, NULL), 1);
        assert_true(cpmsync_columns_at(fixture.columns, 2000 - uid, &row));
        assert_row(&row, 2000, 1);
        assert_int_equal(cpmsync_columns_rank(fixture.columns, 2000), 2000 - uid);
    }
    end(&fixture);
}

static void test_q_33_removal_intersects_and_says_what_was_there(void **state)
{
    static const uint32_t uids[] = {2, 3, 4, 7, 9, 10, TOP - 1, TOP};
    static const struct cpmsync_range expected[] = {{3, 4}, {7, 7}, {9, 10}, {TOP - 1, TOP}};
    struct cpmsync_uidset removed;
    struct fixture fixture;
    int error = 77;
    size_t i;

    (void)state;
    begin(&fixture, 100);
    for (i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
        assert_int_equal(put(&fixture, uids[i], 1), 0);
    cpmsync_uidset_init(&removed, NULL, 100);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 5, 6, &removed, &error), 0);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 9, 7, &removed, &error), 0);
    assert_int_equal(error, 0);
    assert_int_equal(removed.count, 0);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 3, TOP, &removed, &error), 7);
    assert_int_equal(error, 0);
    assert_int_equal(removed.count, 4);
    assert_memory_equal(removed.ranges, expected, sizeof(expected));
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 1, TOP, &removed, &error), 1);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 1, TOP, &removed, &error), 0);
    assert_int_equal(cpmsync_columns_count(fixture.columns), 0);
    assert_int_equal(cpmsync_columns_last_uid(fixture.columns), 0);
    cpmsync_uidset_clear(&removed);
    end(&fixture);
}

static void test_a_removal_stops_where_its_list_is_full(void **state)
{
    struct cpmsync_uidset removed;
    struct fixture fixture;
    uint32_t uid, calls, count = 0;
    int error = CPMSYNC_ERR_LIMIT;

    (void)state;
    begin(&fixture, 100);
    for (uid = 1; uid <= 20; uid++)
        assert_int_equal(put(&fixture, uid * 2, 1), 0);
    cpmsync_uidset_init(&removed, NULL, 8);
    for (calls = 0; error; calls++) {
        cpmsync_uidset_empty(&removed);
        count += (uint32_t)cpmsync_columns_remove(fixture.columns, 1, TOP, &removed, &error);
        assert_int_equal(cpmsync_uidset_last(&removed), count * 2);
        assert_int_equal(cpmsync_columns_count(fixture.columns), 20 - count);
    }
    assert_int_equal(calls, 3);
    assert_int_equal(count, 20);
    cpmsync_uidset_clear(&removed);
    end(&fixture);
}

static void test_the_limit_counts_living_rows(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, 3);
    assert_int_equal(put(&fixture, 0, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(put(&fixture, 10, 1), 0);
    assert_int_equal(put(&fixture, 30, 1), 0);
    assert_int_equal(put(&fixture, 20, 1), 0);
    assert_int_equal(put(&fixture, 40, 1), CPMSYNC_ERR_LIMIT);
    assert_int_equal(put(&fixture, 5, 1), CPMSYNC_ERR_LIMIT);
    assert_int_equal(put(&fixture, 20, 2), 0);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 10, 10, NULL, NULL), 1);
    assert_int_equal(put(&fixture, 40, 1), 0);
    assert_int_equal(put(&fixture, 10, 1), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_columns_count(fixture.columns), 3);
    cpmsync_columns_empty(fixture.columns);
    assert_int_equal(cpmsync_columns_count(fixture.columns), 0);
    assert_int_equal(put(&fixture, 10, 1), 0);
    end(&fixture);
}

/* A rollback must not need memory: undoing an insertion is a removal. */
static void test_removal_needs_no_memory(void **state)
{
    struct fixture fixture;
    uint32_t uid;

    (void)state;
    begin(&fixture, 10000);
    for (uid = 1; uid <= 3000; uid++)
        assert_int_equal(put(&fixture, uid * 2, 1), 0);
    for (uid = 1; uid <= 300; uid++)
        assert_int_equal(put(&fixture, uid * 2 + 1, 1), 0);
    support_allocator_fail_from(&fixture.allocator, 1);
    for (uid = 1; uid <= 300; uid++)
        assert_int_equal(cpmsync_columns_remove(fixture.columns, uid * 2 + 1, uid * 2 + 1, NULL, NULL), 1);
    assert_int_equal(cpmsync_columns_count(fixture.columns), 3000);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 1, TOP, NULL, NULL), 3000);
    assert_int_equal(cpmsync_columns_count(fixture.columns), 0);
    end(&fixture);
}

static int stop_at_once(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    (void)modseq;
    (void)flagset;
    (void)count;
    *(uint32_t *)ctx += uid[0];
    return -7;
}

static void test_a_walk_stops_when_told_to(void **state)
{
    struct fixture fixture;
    uint32_t seen = 0, uid;

    (void)state;
    begin(&fixture, 1000);
    assert_int_equal(cpmsync_columns_walk(fixture.columns, 1, TOP, stop_at_once, &seen), 0);
    for (uid = 1; uid <= 100; uid++)
        assert_int_equal(put(&fixture, uid, 1), 0);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 50, 50, NULL, NULL), 1);
    assert_int_equal(cpmsync_columns_walk(fixture.columns, 40, 60, stop_at_once, &seen), -7);
    assert_int_equal(seen, 40);
    end(&fixture);
}

/* Appends until the next row would need memory; returns the number of rows. */
static uint32_t fill(struct fixture *fixture, uint32_t at_least)
{
    uint32_t uid = 0;

    for (;;) {
        support_allocator_fail_from(&fixture->allocator, uid < at_least ? 0 : 1);
        if (put(fixture, 2 * (uid + 1), 1))
            break;
        uid++;
    }
    support_allocator_fail_at(&fixture->allocator, 0);
    return uid;
}

static void test_without_memory_a_put_changes_nothing(void **state)
{
    struct fixture fixture;
    uint32_t n, below;

    (void)state;
    for (below = 0; below < 2; below++) {
        for (n = 1;; n++) { /* five columns, and the place where rows wait */
            uint32_t rows, uid;
            uint64_t failures;

            begin(&fixture, 100000);
            rows = fill(&fixture, 600);
            uid = below ? 101 : 2 * rows + 2;
            support_allocator_fail_at(&fixture.allocator, n);
            assert_int_equal(put(&fixture, uid, 1), n <= 5 + below ? CPMSYNC_ERR_NOMEM : 0);
            failures = fixture.allocator.failures;
            support_allocator_fail_at(&fixture.allocator, 0);
            assert_int_equal(cpmsync_columns_count(fixture.columns), failures ? rows : rows + 1);
            assert_int_equal(
                cpmsync_columns_rank(fixture.columns, uid) - cpmsync_columns_rank(fixture.columns, uid - 1),
                failures ? 0 : 1);
            assert_int_equal(put(&fixture, uid, 2), 0);
            assert_int_equal(cpmsync_columns_count(fixture.columns), rows + 1);
            end(&fixture);
            if (!failures)
                break;
        }
        assert_int_equal(n, 6 + below);
    }
}

static void test_without_memory_the_place_of_the_dead_is_used(void **state)
{
    struct fixture fixture;
    uint32_t rows;

    (void)state;
    begin(&fixture, 100000);
    rows = fill(&fixture, 600);
    assert_int_equal(cpmsync_columns_remove(fixture.columns, 2, 2, NULL, NULL), 1);
    support_allocator_fail_from(&fixture.allocator, 1);
    assert_int_equal(put(&fixture, TOP, 1), 0);
    assert_int_equal(put(&fixture, 2, 1), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_columns_count(fixture.columns), rows);
    end(&fixture);
}

static void test_without_memory_there_are_no_columns(void **state)
{
    struct support_allocator allocator;

    (void)state;
    support_allocator_init(&allocator);
    support_allocator_fail_at(&allocator, 1);
    assert_null(cpmsync_columns_new(&allocator.mem, 10));
    cpmsync_columns_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_histories_agree_with_a_plain_array),
        cmocka_unit_test(test_random_histories_agree_when_memory_fails),
        cmocka_unit_test(test_appending_costs_16_octets_a_message_and_an_eighth),
        cmocka_unit_test(test_memory_follows_the_messages_down),
        cmocka_unit_test(test_ranges_may_come_newest_first),
        cmocka_unit_test(test_numbers_close_up_behind_each_removal),
        cmocka_unit_test(test_q_33_removal_intersects_and_says_what_was_there),
        cmocka_unit_test(test_a_removal_stops_where_its_list_is_full),
        cmocka_unit_test(test_the_limit_counts_living_rows),
        cmocka_unit_test(test_removal_needs_no_memory),
        cmocka_unit_test(test_a_walk_stops_when_told_to),
        cmocka_unit_test(test_without_memory_a_put_changes_nothing),
        cmocka_unit_test(test_without_memory_the_place_of_the_dead_is_used),
        cmocka_unit_test(test_without_memory_there_are_no_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
