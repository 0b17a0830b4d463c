/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include <cpmsync/error.h>

#include "base/uidset.h"
#include "support/failing_allocator.h"

#define TOP UINT32_MAX

struct fixture {
    struct support_allocator allocator;
    struct cpmsync_uidset set;
};

static void begin(struct fixture *fixture, size_t max)
{
    support_allocator_init(&fixture->allocator);
    cpmsync_uidset_init(&fixture->set, &fixture->allocator.mem, max);
}

static void end(struct fixture *fixture)
{
    cpmsync_uidset_clear(&fixture->set);
    assert_int_equal(fixture->allocator.live_blocks, 0);
}

static void assert_set(const struct cpmsync_uidset *set, const char *expected)
{
    struct cpmsync_buf buf;
    size_t next = 0;

    cpmsync_buf_init(&buf, NULL, 4096);
    assert_int_equal(cpmsync_uidset_format(set, &buf, 4000, &next), 0);
    assert_int_equal(next, set->count);
    assert_int_equal(cpmsync_buf_add(&buf, "", 1), 0);
    assert_string_equal((const char *)cpmsync_buf_data(&buf), expected);
    cpmsync_buf_clear(&buf);
}

/* Adds each range of `text` by parsing it. */
static int add_text(struct cpmsync_uidset *set, const char *text)
{
    struct cpmsync_slice rest = cpmsync_slice_str(text);
    struct cpmsync_range range;
    int got;

    while ((got = cpmsync_uidset_parse_next(&rest, &range)) == 1) {
        int error = cpmsync_uidset_add(set, range.first, range.last);

        if (error)
            return error;
    }
    return got;
}

static void test_ranges_that_touch_or_overlap_become_one(void **state)
{
    static const struct {
        const char *add, *expected;
    } cases[] = {
        {"1,2,3", "1:3"},
        {"3,2,1", "1:3"},
        {"1,3", "1,3"},
        {"1,3,2", "1:3"},
        {"5:9,1:3", "1:3,5:9"},
        {"5:9,1:4", "1:9"},
        {"5:9,1:20", "1:20"},
        {"5:9,6:7", "5:9"},
        {"1,3,5,7,9,3:7", "1,3:7,9"},
        {"1,3,5,7,9,2:8", "1:9"},
        {"10,20,30,21:29", "10,20:30"},
        {"10:12,20:22,1:100,50", "1:100"},
        {"7,7,7", "7"},
    };
    struct fixture fixture;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&fixture, 16);
        assert_int_equal(add_text(&fixture.set, cases[i].add), 0);
        assert_set(&fixture.set, cases[i].expected);
        end(&fixture);
    }
}

static void test_the_highest_uid_does_not_wrap(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, 16);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, TOP, TOP), 0);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 1, 1), 0);
    assert_set(&fixture.set, "1,4294967295");
    assert_true(cpmsync_uidset_contains(&fixture.set, TOP));
    assert_false(cpmsync_uidset_contains(&fixture.set, TOP - 1));
    assert_false(cpmsync_uidset_contains(&fixture.set, 0));
    assert_int_equal(cpmsync_uidset_add(&fixture.set, TOP - 1, TOP - 1), 0);
    assert_set(&fixture.set, "1,4294967294:4294967295");
    assert_int_equal(cpmsync_uidset_remove(&fixture.set, TOP, TOP), 0);
    assert_set(&fixture.set, "1,4294967294");
    assert_int_equal(cpmsync_uidset_add(&fixture.set, TOP, 1), 0);
    assert_set(&fixture.set, "1:4294967295");
    assert_true(cpmsync_uidset_size(&fixture.set) == TOP);
    assert_int_equal(cpmsync_uidset_last(&fixture.set), TOP);
    assert_int_equal(cpmsync_uidset_remove(&fixture.set, 1, 1), 0);
    assert_set(&fixture.set, "2:4294967295");
    assert_int_equal(cpmsync_uidset_remove(&fixture.set, 1, TOP), 0);
    assert_set(&fixture.set, "");
    assert_int_equal(cpmsync_uidset_last(&fixture.set), 0);
    end(&fixture);
}

static void test_a_uid_of_0_is_refused(void **state)
{
    struct fixture fixture;
    struct cpmsync_range ranges[1] = {{0, 3}};

    (void)state;
    begin(&fixture, 16);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 0, 3), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 3, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_uidset_remove(&fixture.set, 0, 3), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, ranges, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_set(&fixture.set, "");
    end(&fixture);
}

static void test_removing_cuts_what_it_meets(void **state)
{
    static const struct {
        uint32_t first, last;
        const char *expected;
    } cases[] = {
        {1, 9, "10:20,30:40,50"},
        {10, 20, "30:40,50"},
        {10, 10, "11:20,30:40,50"},
        {20, 20, "10:19,30:40,50"},
        {15, 15, "10:14,16:20,30:40,50"},
        {19, 12, "10:11,20,30:40,50"},
        {15, 35, "10:14,36:40,50"},
        {15, 60, "10:14"},
        {21, 29, "10:20,30:40,50"},
        {50, 50, "10:20,30:40"},
        {51, TOP, "10:20,30:40,50"},
        {1, TOP, ""},
    };
    struct fixture fixture;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&fixture, 16);
        assert_int_equal(add_text(&fixture.set, "10:20,30:40,50"), 0);
        assert_int_equal(cpmsync_uidset_remove(&fixture.set, cases[i].first, cases[i].last), 0);
        assert_set(&fixture.set, cases[i].expected);
        end(&fixture);
    }
}

static void test_pf_122_ranges_are_bounded_and_never_enumerated(void **state)
{
    struct cpmsync_range many[3] = {{1, 1}, {3, 3}, {5, 5}};
    struct fixture fixture;
    struct cpmsync_uidset other;

    (void)state;
    begin(&fixture, 2);
    assert_int_equal(add_text(&fixture.set, "10:20,30:40"), 0);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 50, 50), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 1, 8), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_uidset_remove(&fixture.set, 15, 15), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, many, 3), CPMSYNC_ERR_LIMIT);
    cpmsync_uidset_init(&other, NULL, 3);
    assert_int_equal(add_text(&other, "41,43"), 0);
    assert_int_equal(cpmsync_uidset_add_set(&fixture.set, &other), CPMSYNC_ERR_LIMIT);
    assert_set(&fixture.set, "10:20,30:40");
    /* at the limit, what needs no further range still works */
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 41, 41), 0);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 9, 29), 0);
    assert_set(&fixture.set, "9:41");
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 1, TOP), 0);
    assert_true(fixture.allocator.peak_octets <= 2 * sizeof(struct cpmsync_range));
    cpmsync_uidset_clear(&other);
    end(&fixture);
}

static void test_add_set_joins_two_sets(void **state)
{
    static const struct {
        const char *a, *b, *expected;
    } cases[] = {
        {"", "1,3", "1,3"},
        {"1,3", "", "1,3"},
        {"1:3,7", "4:6,9", "1:7,9"},
        {"1,3,5,7", "2,4,6,8", "1:8"},
        {"1:4294967295", "5,9:12", "1:4294967295"},
        {"5,9:12", "1,2:4294967295,7", "1:4294967295"},
        {"10:20,40", "1:5,15:30,39:50", "1:5,10:30,39:50"},
        {"4294967295", "1,4294967293:4294967294", "1,4294967293:4294967295"},
        {"1,9", "5", "1,5,9"},
    };
    struct fixture fixture;
    struct cpmsync_uidset other;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&fixture, 16);
        cpmsync_uidset_init(&other, NULL, 16);
        assert_int_equal(add_text(&fixture.set, cases[i].a), 0);
        assert_int_equal(add_text(&other, cases[i].b), 0);
        assert_int_equal(cpmsync_uidset_add_set(&fixture.set, &other), 0);
        assert_set(&fixture.set, cases[i].expected);
        assert_int_equal(cpmsync_uidset_add_set(&fixture.set, &fixture.set), 0);
        assert_set(&fixture.set, cases[i].expected);
        cpmsync_uidset_clear(&other);
        end(&fixture);
    }
}

static void assert_removed(const char *from, const char *what, const char *left)
{
    struct fixture fixture;
    struct cpmsync_uidset other;

    begin(&fixture, 100);
    cpmsync_uidset_init(&other, NULL, 100);
    assert_int_equal(add_text(&fixture.set, from), 0);
    assert_int_equal(add_text(&other, what), 0);
    assert_int_equal(cpmsync_uidset_remove_set(&fixture.set, &other), 0);
    assert_set(&fixture.set, left);
    cpmsync_uidset_clear(&other);
    end(&fixture);
}

static void test_remove_set_takes_one_set_from_another(void **state)
{
    struct cpmsync_uidset other;
    struct fixture fixture;

    (void)state;
    assert_removed("1:10", "", "1:10");
    assert_removed("", "1,3", "");
    assert_removed("1:10", "4", "1:3,5:10");
    assert_removed("1:10,20:30", "2,5:6,8:25,40", "1,3:4,7,26:30");
    assert_removed("5:6,8,10:12", "1:7,9:20", "8");
    assert_removed("5:6,8,10:12", "1:4,7,9,13", "5:6,8,10:12");
    assert_removed("1:4294967295", "1,4294967295", "2:4294967294");
    assert_removed("1,3,5,7", "1:2,4:7", "3");
    begin(&fixture, 3);
    cpmsync_uidset_init(&other, NULL, 16);
    assert_int_equal(add_text(&other, "2,4,6"), 0);
    assert_int_equal(add_text(&fixture.set, "1:10"), 0);
    assert_int_equal(cpmsync_uidset_remove_set(&fixture.set, &other), CPMSYNC_ERR_LIMIT);
    assert_set(&fixture.set, "1:10");
    support_allocator_fail_from(&fixture.allocator, 1);
    assert_int_equal(cpmsync_uidset_remove_set(&fixture.set, &other), CPMSYNC_ERR_NOMEM);
    assert_set(&fixture.set, "1:10");
    support_allocator_fail_at(&fixture.allocator, 0);
    cpmsync_uidset_clear(&other);
    end(&fixture);
}

static void test_assign_takes_sorted_ranges_only(void **state)
{
    struct cpmsync_range good[4] = {{1, 3}, {4, 6}, {8, 9}, {TOP, TOP}};
    struct cpmsync_range overlap[2] = {{1, 3}, {3, 4}};
    struct cpmsync_range unsorted[2] = {{5, 6}, {1, 2}};
    struct cpmsync_range reversed[1] = {{6, 5}};
    struct fixture fixture;

    (void)state;
    begin(&fixture, 3);
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, good, 4), 0);
    assert_set(&fixture.set, "1:6,8:9,4294967295");
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, overlap, 2), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, unsorted, 2), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, reversed, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_set(&fixture.set, "1:6,8:9,4294967295");
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, NULL, 0), 0);
    assert_set(&fixture.set, "");
    end(&fixture);
}

static void test_without_memory_the_set_is_as_before(void **state)
{
    struct cpmsync_range many[5] = {{1, 1}, {3, 3}, {5, 5}, {7, 7}, {9, 9}};
    struct fixture fixture;
    struct cpmsync_uidset other;

    (void)state;
    begin(&fixture, 100);
    cpmsync_uidset_init(&other, NULL, 16);
    assert_int_equal(add_text(&other, "41,43,45"), 0);
    support_allocator_fail_from(&fixture.allocator, 1);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 1, 1), CPMSYNC_ERR_NOMEM);
    assert_set(&fixture.set, "");
    support_allocator_fail_at(&fixture.allocator, 0);
    assert_int_equal(add_text(&fixture.set, "10:20,30,40,50"), 0);
    support_allocator_fail_from(&fixture.allocator, 1);
    assert_int_equal(cpmsync_uidset_add(&fixture.set, 5, 5), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_uidset_remove(&fixture.set, 15, 15), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_uidset_assign(&fixture.set, many, 5), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_uidset_add_set(&fixture.set, &other), CPMSYNC_ERR_NOMEM);
    assert_set(&fixture.set, "10:20,30,40,50");
    assert_int_equal(fixture.allocator.failures, 4);
    cpmsync_uidset_empty(&fixture.set);
    assert_int_equal(add_text(&fixture.set, "2,4,6,8"), 0); /* the memory was kept */
    cpmsync_uidset_clear(&other);
    end(&fixture);
}

static void test_g_22_received_ranges_are_read_in_either_order(void **state)
{
    struct cpmsync_slice text = CPMSYNC_SLICE("5:2,7,4294967295:1,3:3");
    static const struct cpmsync_range expected[] = {{2, 5}, {7, 7}, {1, TOP}, {3, 3}};
    struct cpmsync_range range;
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        assert_int_equal(cpmsync_uidset_parse_next(&text, &range), 1);
        assert_int_equal(range.first, expected[i].first);
        assert_int_equal(range.last, expected[i].last);
    }
    assert_int_equal(cpmsync_uidset_parse_next(&text, &range), 0);
    text = CPMSYNC_SLICE("1,2,");
    assert_int_equal(cpmsync_uidset_parse_next(&text, &range), 1);
    assert_int_equal(cpmsync_uidset_parse_next(&text, &range), 1);
    assert_int_equal(cpmsync_uidset_parse_next(&text, &range), 0);
}

static void test_g_08_what_is_no_uid_set_is_a_protocol_error(void **state)
{
    static const char *const bad[] = {"0", "*", "1:*", "0:5", "5:0", "+1", "-1", " 1", "1 ", "x", "1x", "1:", ":1",
        ",1", "1:2:3", "4294967296", "1:4294967296", "99999999999999999999", "1;2", "1)"};
    struct cpmsync_range range;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cpmsync_slice text = cpmsync_slice_str(bad[i]);

        assert_int_equal(cpmsync_uidset_parse_next(&text, &range), CPMSYNC_ERR_PROTOCOL);
        assert_true(cpmsync_slice_is(text, bad[i]));
    }
    {
        struct cpmsync_slice text = CPMSYNC_SLICE("1,,2");

        assert_int_equal(cpmsync_uidset_parse_next(&text, &range), 1);
        assert_int_equal(cpmsync_uidset_parse_next(&text, &range), CPMSYNC_ERR_PROTOCOL);
    }
}

static void test_the_text_is_written_in_parts_within_a_budget(void **state)
{
    static const char *const parts[] = {"1,10:12", "200:3000", "7000", "7002"};
    struct fixture fixture;
    struct cpmsync_buf buf;
    size_t next = 0, i;

    (void)state;
    begin(&fixture, 16);
    assert_int_equal(add_text(&fixture.set, "1,10:12,200:3000,7000,7002"), 0);
    cpmsync_buf_init(&buf, NULL, 100);
    for (i = 0; i < 4; i++) {
        cpmsync_buf_truncate(&buf, 0);
        assert_int_equal(cpmsync_uidset_format(&fixture.set, &buf, 8, &next), 0);
        assert_true(cpmsync_slice_is(cpmsync_buf_slice(&buf), parts[i]));
    }
    assert_int_equal(next, 5);
    cpmsync_buf_truncate(&buf, 0);
    assert_int_equal(cpmsync_uidset_format(&fixture.set, &buf, 8, &next), 0);
    assert_int_equal(buf.len, 0);
    next = 2; /* one range that does not fit alone */
    assert_int_equal(cpmsync_uidset_format(&fixture.set, &buf, 7, &next), 0);
    assert_int_equal(buf.len, 0);
    assert_int_equal(next, 2);
    cpmsync_buf_clear(&buf);

    cpmsync_buf_init(&buf, NULL, 10);
    assert_int_equal(cpmsync_buf_add_str(&buf, "UID"), 0);
    next = 0;
    assert_int_equal(cpmsync_uidset_format(&fixture.set, &buf, 100, &next), CPMSYNC_ERR_LIMIT);
    assert_int_equal(next, 0);
    assert_true(cpmsync_slice_is(cpmsync_buf_slice(&buf), "UID"));
    cpmsync_buf_clear(&buf);
    end(&fixture);
}

enum { MODEL = 64 };

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Small UIDs, and as many at the top of the number range. */
static uint32_t model_uid(uint32_t index)
{
    return index < MODEL / 2 ? index + 1 : TOP - (MODEL - 1 - index);
}

static void check_against_model(const struct cpmsync_uidset *set, const uint8_t *model)
{
    uint64_t size = 0;
    uint32_t i;
    size_t k;

    for (i = 0; i < MODEL; i++) {
        size += model[i];
        assert_int_equal(cpmsync_uidset_contains(set, model_uid(i)), model[i]);
    }
    assert_true(cpmsync_uidset_size(set) == size);
    for (k = 0; k < set->count; k++) {
        assert_true(set->ranges[k].first >= 1 && set->ranges[k].first <= set->ranges[k].last);
        if (k)
            assert_true(set->ranges[k].first - 1 > set->ranges[k - 1].last);
    }
}

static void restart(struct fixture *fixture, uint8_t *model)
{
    cpmsync_uidset_clear(&fixture->set);
    memset(model, 0, MODEL);
}

static void test_random_histories_agree_with_a_bitmap(void **state)
{
    struct fixture fixture;
    uint8_t model[MODEL] = {0}, before[MODEL];
    uint32_t seed = 7162, round, i;

    (void)state;
    begin(&fixture, 12);
    for (round = 0; round < 20000; round++) {
        uint32_t half = next_random(&seed) % 2 * (MODEL / 2);
        uint32_t a = half + next_random(&seed) % (MODEL / 2), b = half + next_random(&seed) % (MODEL / 2);
        bool add = next_random(&seed) % 2;
        int error;

        memcpy(before, model, sizeof(model));
        for (i = a < b ? a : b; i <= (a < b ? b : a); i++)
            model[i] = add;
        if (next_random(&seed) % 16 == 0)
            support_allocator_fail_from(&fixture.allocator, 1);
        error = add ? cpmsync_uidset_add(&fixture.set, model_uid(a), model_uid(b))
                    : cpmsync_uidset_remove(&fixture.set, model_uid(a), model_uid(b));
        support_allocator_fail_at(&fixture.allocator, 0);
        if (error) {
            assert_true(error == CPMSYNC_ERR_LIMIT || error == CPMSYNC_ERR_NOMEM);
            memcpy(model, before, sizeof(model));
        }
        check_against_model(&fixture.set, model);
        if (next_random(&seed) % 64 == 0)
            restart(&fixture, model);
    }
    end(&fixture);
}

static void test_remove_set_agrees_with_removing_one_by_one(void **state)
{
    uint32_t seed = 7162;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct cpmsync_uidset all, one, other;
        cpmsync_uidset_init(&all, NULL, 1000);
        cpmsync_uidset_init(&one, NULL, 1000);
        cpmsync_uidset_init(&other, NULL, 1000);
        for (int i = 0; i < 12; i++) {
            uint32_t first = 1 + next_random(&seed) % 60, last = first + next_random(&seed) % 6;
            if (i % 2) {
                assert_int_equal(cpmsync_uidset_add(&all, first, last), 0);
                assert_int_equal(cpmsync_uidset_add(&one, first, last), 0);
            } else {
                assert_int_equal(cpmsync_uidset_add(&other, first, last), 0);
            }
        }
        assert_int_equal(cpmsync_uidset_remove_set(&all, &other), 0);
        for (size_t i = 0; i < other.count; i++)
            assert_int_equal(cpmsync_uidset_remove(&one, other.ranges[i].first, other.ranges[i].last), 0);
        assert_int_equal(all.count, one.count);
        if (all.count)
            assert_memory_equal(all.ranges, one.ranges, all.count * sizeof *all.ranges);
        cpmsync_uidset_clear(&all);
        cpmsync_uidset_clear(&one);
        cpmsync_uidset_clear(&other);
    }
}

/* In whatever order they come, gathered ranges make the set that adding them makes. */
static void test_g_22_gathering_gives_the_same_set(void **state)
{
    struct fixture gathered, added;
    uint32_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        begin(&gathered, 100000);
        begin(&added, 100000);
        for (unsigned i = 0; i < round * 3; i++) {
            uint32_t first = round % 3 == 0   ? TOP - i * (round % 7)
                             : round % 3 == 1 ? i * 3 + 1
                                              : next_random(&seed) % 2000 + 1;
            uint32_t last = next_random(&seed) % 4 ? first : first > TOP - 5 ? TOP : first + next_random(&seed) % 5;

            assert_int_equal(cpmsync_uidset_gather(&gathered.set, last, first), 0);
            assert_int_equal(cpmsync_uidset_add(&added.set, first, last), 0);
            if (next_random(&seed) % 200 == 0)
                assert_int_equal(cpmsync_uidset_settle(&gathered.set), 0);
        }
        assert_int_equal(cpmsync_uidset_settle(&gathered.set), 0);
        assert_int_equal(cpmsync_uidset_settle(&gathered.set), 0);
        assert_int_equal(gathered.set.count, added.set.count);
        if (added.set.count)
            assert_memory_equal(gathered.set.ranges, added.set.ranges, added.set.count * sizeof(struct cpmsync_range));
        end(&gathered);
        end(&added);
    }
}

static void test_gathering_has_a_limit_and_survives_without_memory(void **state)
{
    struct fixture fixture;
    uint32_t uid;
    int error = 0;

    (void)state;
    begin(&fixture, 1000);
    assert_int_equal(cpmsync_uidset_gather(&fixture.set, 0, 3), CPMSYNC_ERR_INVALID_ARGUMENT);
    for (uid = 1000000; !error && uid > 2; uid -= 2)
        error = cpmsync_uidset_gather(&fixture.set, uid, uid);
    assert_int_equal(error, CPMSYNC_ERR_LIMIT);
    assert_true(fixture.set.capacity <= 2000);
    cpmsync_uidset_empty(&fixture.set);
    for (uid = 2022; uid > 2; uid -= 2)
        assert_int_equal(cpmsync_uidset_gather(&fixture.set, uid, uid), 0);
    assert_int_equal(cpmsync_uidset_settle(&fixture.set), CPMSYNC_ERR_LIMIT);
    end(&fixture);

    begin(&fixture, 1000);
    assert_int_equal(cpmsync_uidset_gather(&fixture.set, 9, 9), 0);
    assert_int_equal(cpmsync_uidset_gather(&fixture.set, 7, 7), 0);
    support_allocator_fail_from(&fixture.allocator, 1);
    for (uid = 5000, error = 0; !error; uid -= 2)
        error = cpmsync_uidset_gather(&fixture.set, uid, uid);
    assert_int_equal(error, CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_uidset_settle(&fixture.set), 0);
    assert_true(cpmsync_uidset_contains(&fixture.set, 7) && cpmsync_uidset_contains(&fixture.set, 9));
    assert_int_equal(cpmsync_uidset_size(&fixture.set), fixture.set.count);
    end(&fixture);
}

static double seconds_downwards(uint32_t count)
{
    struct fixture fixture;
    clock_t start;

    begin(&fixture, count);
    start = clock();
    for (uint32_t i = count; i > 0; i--)
        assert_int_equal(cpmsync_uidset_gather(&fixture.set, 2 * i, 2 * i), 0);
    assert_int_equal(cpmsync_uidset_settle(&fixture.set), 0);
    start = clock() - start;
    assert_int_equal(fixture.set.count, count);
    end(&fixture);
    return (double)start / CLOCKS_PER_SEC;
}

/* Four times as much takes about four times as long; moving what lies above took sixteen times. */
static void test_pf_120_a_strangers_order_is_no_quadratic_work(void **state)
{
    double some = seconds_downwards(100000), more = seconds_downwards(400000);

    (void)state;
    print_message("downwards: 100000 ranges in %.3f s, 400000 in %.3f s\n", some, more);
    assert_true(more < 9 * some + 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_that_touch_or_overlap_become_one),
        cmocka_unit_test(test_the_highest_uid_does_not_wrap),
        cmocka_unit_test(test_a_uid_of_0_is_refused),
        cmocka_unit_test(test_removing_cuts_what_it_meets),
        cmocka_unit_test(test_pf_122_ranges_are_bounded_and_never_enumerated),
        cmocka_unit_test(test_add_set_joins_two_sets),
        cmocka_unit_test(test_remove_set_takes_one_set_from_another),
        cmocka_unit_test(test_remove_set_agrees_with_removing_one_by_one),
        cmocka_unit_test(test_assign_takes_sorted_ranges_only),
        cmocka_unit_test(test_without_memory_the_set_is_as_before),
        cmocka_unit_test(test_g_22_received_ranges_are_read_in_either_order),
        cmocka_unit_test(test_g_08_what_is_no_uid_set_is_a_protocol_error),
        cmocka_unit_test(test_the_text_is_written_in_parts_within_a_budget),
        cmocka_unit_test(test_random_histories_agree_with_a_bitmap),
        cmocka_unit_test(test_g_22_gathering_gives_the_same_set),
        cmocka_unit_test(test_gathering_has_a_limit_and_survives_without_memory),
        cmocka_unit_test(test_pf_120_a_strangers_order_is_no_quadratic_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
