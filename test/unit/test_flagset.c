/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <cpmsync/error.h>

#include "cache/flagset.h"
#include "support/failing_allocator.h"

struct fixture {
    struct support_allocator allocator;
    struct cpmsync_flagsets *sets;
};

static void begin(struct fixture *fixture, size_t sets_max, size_t octets_max)
{
    support_allocator_init(&fixture->allocator);
    fixture->sets = cpmsync_flagsets_new(&fixture->allocator.mem, sets_max, octets_max);
    assert_non_null(fixture->sets);
}

static void end(struct fixture *fixture)
{
    cpmsync_flagsets_free(fixture->sets);
    assert_int_equal(fixture->allocator.live_blocks, 0);
}

static uint32_t intern(struct fixture *fixture, const char *text)
{
    uint32_t id = 12345;

    assert_int_equal(cpmsync_flagsets_intern(fixture->sets, cpmsync_slice_str(text), &id, NULL), 0);
    return id;
}

static void assert_text(const struct fixture *fixture, uint32_t id, const char *text)
{
    assert_true(cpmsync_slice_eq(cpmsync_flagsets_text(fixture->sets, id), cpmsync_slice_str(text)));
}

static void test_a_set_is_sorted_without_duplicates(void **state)
{
    static const char *const cases[][2] = {
        {"\\Seen", "\\Seen"},
        {"\\Seen $Forwarded", "$Forwarded \\Seen"},
        {"b a C", "a b C"},
        {"Z _ a", "_ a Z"},
        {"a \\Seen a \\seen A", "\\Seen a"},
        {"  a   b ", "a b"},
        {"ab a abc", "a ab abc"},
        {"\\read-report-sent \\Answered", "\\Answered \\read-report-sent"},
        {"\xc3\xbc \xc3\x9c", "\xc3\x9c \xc3\xbc"},
    };
    struct fixture fixture;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&fixture, 10, 1000);
        assert_text(&fixture, intern(&fixture, cases[i][0]), cases[i][1]);
        assert_int_equal(intern(&fixture, cases[i][1]), 1);
        end(&fixture);
    }
}

static void test_pf_136_recent_is_not_kept(void **state)
{
    struct fixture fixture;
    bool added = true;
    uint32_t id = 9;

    (void)state;
    begin(&fixture, 10, 1000);
    assert_int_equal(cpmsync_flagsets_intern(fixture.sets, CPMSYNC_SLICE("\\rEcEnT"), &id, &added), 0);
    assert_int_equal(id, 0);
    assert_false(added);
    assert_int_equal(cpmsync_flagsets_count(fixture.sets), 0);
    id = intern(&fixture, "\\Recent \\Seen");
    assert_text(&fixture, id, "\\Seen");
    assert_int_equal(intern(&fixture, "\\Seen"), id);
    assert_int_equal(intern(&fixture, "\\RECENT \\Seen \\recent"), id);
    assert_int_not_equal(intern(&fixture, "\\Recently \\Seen"), id);
    end(&fixture);
}

static void test_the_empty_set_is_0(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, 10, 1000);
    assert_int_equal(intern(&fixture, ""), 0);
    assert_int_equal(intern(&fixture, "  "), 0);
    assert_text(&fixture, 0, "");
    assert_true(cpmsync_flagsets_known(fixture.sets, 0));
    assert_false(cpmsync_flagsets_known(fixture.sets, 1));
    assert_false(cpmsync_flagsets_known(fixture.sets, UINT32_MAX));
    assert_text(&fixture, 1, "");
    assert_text(&fixture, UINT32_MAX, "");
    end(&fixture);
}

static void test_f_06_sets_that_differ_in_case_are_one_in_the_first_spelling(void **state)
{
    struct fixture fixture;
    bool added;
    uint32_t id, other;

    (void)state;
    begin(&fixture, 10, 1000);
    assert_int_equal(cpmsync_flagsets_intern(fixture.sets, CPMSYNC_SLICE("NonJunk \\Seen"), &id, &added), 0);
    assert_true(added);
    assert_int_equal(cpmsync_flagsets_intern(fixture.sets, CPMSYNC_SLICE("\\SEEN nonjunk"), &other, &added), 0);
    assert_false(added);
    assert_int_equal(other, id);
    assert_text(&fixture, id, "\\Seen NonJunk");
    assert_int_equal(cpmsync_flagsets_count(fixture.sets), 1);
    end(&fixture);
}

static void test_a_repeated_text_costs_no_memory(void **state)
{
    static const char *const texts[] = {"\\Seen", "\\Recent \\Seen", "\\Seen \\Answered $Forwarded", "", "nonJUNK"};
    struct fixture fixture;
    uint32_t ids[5];
    uint64_t calls;
    int round, i;

    (void)state;
    begin(&fixture, 10, 1000);
    for (i = 0; i < 5; i++)
        ids[i] = intern(&fixture, texts[i]);
    assert_int_equal(ids[0], ids[1]);
    calls = fixture.allocator.calls;
    for (round = 0; round < 1000; round++) {
        for (i = 0; i < 5; i++)
            assert_int_equal(intern(&fixture, texts[i]), ids[i]);
    }
    assert_int_equal(fixture.allocator.calls, calls);
    end(&fixture);
}

/* One set in as many orders as the server likes: what is remembered of them stays bounded. */
static void test_spellings_of_a_set_do_not_pile_up(void **state)
{
    struct fixture fixture;
    char text[200];
    unsigned i, k;

    (void)state;
    begin(&fixture, 10, 1000);
    for (i = 0; i < 4096; i++) {
        size_t len = 0;

        for (k = 0; k < 12; k++) {
            text[len++] = (char)((i >> k & 1 ? 'a' : 'A') + k);
            text[len++] = ' ';
        }
        text[len] = '\0';
        assert_int_equal(intern(&fixture, text), 1);
    }
    assert_text(&fixture, 1, "A B C D E F G H I J K L");
    assert_true(fixture.allocator.live_octets < 16384);
    end(&fixture);
}

static void test_limits_are_kept(void **state)
{
    struct fixture fixture;
    uint32_t id = 77;

    (void)state;
    begin(&fixture, 2, 1000);
    assert_int_equal(intern(&fixture, "a"), 1);
    assert_int_equal(intern(&fixture, "b"), 2);
    assert_int_equal(cpmsync_flagsets_intern(fixture.sets, CPMSYNC_SLICE("c"), &id, NULL), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_flagsets_intern(fixture.sets, CPMSYNC_SLICE("c"), &id, NULL), CPMSYNC_ERR_LIMIT);
    assert_int_equal(id, 77);
    assert_int_equal(cpmsync_flagsets_count(fixture.sets), 2);
    assert_int_equal(intern(&fixture, "B"), 2);
    end(&fixture);

    begin(&fixture, 100, 6);
    assert_int_equal(intern(&fixture, "abcd"), 1);
    assert_int_equal(cpmsync_flagsets_intern(fixture.sets, CPMSYNC_SLICE("efg"), &id, NULL), CPMSYNC_ERR_LIMIT);
    assert_int_equal(intern(&fixture, "f f \\Recent f F"), 2);
    assert_int_equal(intern(&fixture, "g"), 3);
    assert_int_equal(cpmsync_flagsets_intern(fixture.sets, CPMSYNC_SLICE("h"), &id, NULL), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_flagsets_restore(fixture.sets, 9, CPMSYNC_SLICE("h")), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_flagsets_count(fixture.sets), 3);
    end(&fixture);
}

static void test_stored_sets_come_back_under_their_ids(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, 100, 1000);
    assert_int_equal(cpmsync_flagsets_restore(fixture.sets, 7, CPMSYNC_SLICE("$Forwarded \\Seen")), 0);
    assert_int_equal(cpmsync_flagsets_restore(fixture.sets, 2, CPMSYNC_SLICE("\\Seen")), 0);
    assert_int_equal(cpmsync_flagsets_restore(fixture.sets, 100, CPMSYNC_SLICE("last")), 0);
    assert_int_equal(intern(&fixture, "\\seen $forwarded"), 7);
    assert_int_equal(intern(&fixture, "\\Seen"), 2);
    assert_text(&fixture, 7, "$Forwarded \\Seen");
    assert_false(cpmsync_flagsets_known(fixture.sets, 1));
    assert_false(cpmsync_flagsets_known(fixture.sets, 3));
    assert_true(cpmsync_flagsets_known(fixture.sets, 100));
    assert_int_equal(cpmsync_flagsets_count(fixture.sets), 3);
    end(&fixture);

    begin(&fixture, 100, 1000);
    assert_int_equal(cpmsync_flagsets_restore(fixture.sets, 7, CPMSYNC_SLICE("a")), 0);
    assert_int_equal(intern(&fixture, "b"), 8);
    end(&fixture);
}

static void test_a_stored_set_that_cannot_be_ours_is_corrupt(void **state)
{
    static const struct {
        uint32_t id;
        const char *text;
    } bad[] = {{5, "x"}, {0, ""}, {0, "x"}, {6, ""}, {101, "x"}, {UINT32_MAX, "x"}, {6, "b a"}, {6, "a a"},
        {6, "\\Recent"}, {6, "x "}, {6, "Taken"}, {6, "taken"}};
    struct fixture fixture;
    size_t i;

    (void)state;
    begin(&fixture, 100, 1000);
    assert_int_equal(cpmsync_flagsets_restore(fixture.sets, 5, CPMSYNC_SLICE("taken")), 0);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(cpmsync_flagsets_restore(fixture.sets, bad[i].id, cpmsync_slice_str(bad[i].text)),
            CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(cpmsync_flagsets_count(fixture.sets), 1);
    assert_int_equal(intern(&fixture, "x"), 6);
    end(&fixture);
}

static void test_texts_live_while_sets_are_added(void **state)
{
    struct fixture fixture;
    struct cpmsync_slice first;
    char text[32];
    unsigned i;

    (void)state;
    begin(&fixture, 5000, 100000);
    first = cpmsync_flagsets_text(fixture.sets, intern(&fixture, "\\Seen first"));
    for (i = 0; i < 3000; i++) {
        snprintf(text, sizeof(text), "k%u \\Seen", i);
        assert_int_equal(intern(&fixture, text), i + 2);
    }
    assert_true(cpmsync_slice_eq(first, CPMSYNC_SLICE("\\Seen first")));
    for (i = 0; i < 3000; i++) {
        snprintf(text, sizeof(text), "\\SEEN k%u", i);
        assert_int_equal(intern(&fixture, text), i + 2);
    }
    end(&fixture);
}

static void test_many_flags_are_sorted_too(void **state)
{
    static char text[3000], expected[3000];
    struct fixture fixture;
    size_t len = 0, want = 0;
    unsigned i;

    (void)state;
    for (i = 0; i < 300; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%sk%03u", i ? " " : "", i * 77 % 300);
        want += (size_t)snprintf(expected + want, sizeof(expected) - want, "%sk%03u", i ? " " : "", i);
    }
    begin(&fixture, 10, 10000);
    assert_text(&fixture, intern(&fixture, text), expected);
    assert_int_equal(intern(&fixture, text), 1);
    assert_int_equal(intern(&fixture, expected), 1);
    end(&fixture);
}

static void test_without_memory_nothing_changes(void **state)
{
    static char many[401];
    struct fixture fixture;
    uint64_t n, failures;
    unsigned i;

    (void)state;
    for (i = 0; i < 100; i++)
        snprintf(many + 4 * i, 5, "k%02u ", 99 - i);
    support_allocator_init(&fixture.allocator);
    support_allocator_fail_at(&fixture.allocator, 1);
    assert_null(cpmsync_flagsets_new(&fixture.allocator.mem, 10, 10));
    for (n = 1;; n++) {
        uint32_t id = 77;
        bool added = false;
        int error;

        begin(&fixture, 1000, 10000);
        for (i = 0; i < 16; i++) { /* one more needs room everywhere */
            char text[2] = {(char)('a' + i), 0};

            intern(&fixture, text);
        }
        support_allocator_fail_at(&fixture.allocator, n);
        error = cpmsync_flagsets_intern(fixture.sets, cpmsync_slice_str(many), &id, &added);
        failures = fixture.allocator.failures;
        support_allocator_fail_at(&fixture.allocator, 0);
        if (error) {
            assert_int_equal(error, CPMSYNC_ERR_NOMEM);
            assert_int_equal(id, 77);
            assert_int_equal(cpmsync_flagsets_count(fixture.sets), 16);
            assert_false(cpmsync_flagsets_known(fixture.sets, 17));
            assert_int_equal(cpmsync_flagsets_restore(fixture.sets, 40, CPMSYNC_SLICE("z")), 0);
        } else {
            assert_true(added);
            assert_int_equal(id, 17);
            assert_int_equal(cpmsync_flagsets_text(fixture.sets, id).len, 399);
        }
        assert_int_equal(intern(&fixture, "P"), 16);
        end(&fixture);
        if (failures == 0)
            break;
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_is_sorted_without_duplicates),
        cmocka_unit_test(test_pf_136_recent_is_not_kept),
        cmocka_unit_test(test_the_empty_set_is_0),
        cmocka_unit_test(test_f_06_sets_that_differ_in_case_are_one_in_the_first_spelling),
        cmocka_unit_test(test_a_repeated_text_costs_no_memory),
        cmocka_unit_test(test_spellings_of_a_set_do_not_pile_up),
        cmocka_unit_test(test_limits_are_kept),
        cmocka_unit_test(test_stored_sets_come_back_under_their_ids),
        cmocka_unit_test(test_a_stored_set_that_cannot_be_ours_is_corrupt),
        cmocka_unit_test(test_texts_live_while_sets_are_added),
        cmocka_unit_test(test_many_flags_are_sorted_too),
        cmocka_unit_test(test_without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
