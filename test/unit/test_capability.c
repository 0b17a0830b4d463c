/* SPDX-License-Identifier: MIT */
#include "session/capability.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/err.h"
#include "support/failing_allocator.h"

static void take(struct cpmsync_capability *list, const char *items)
{
    assert_int_equal(cpmsync_capability_take(list, cpmsync_slice_str(items), false, false), 1);
}

static void test_g_13_names_match_without_case_and_in_any_order(void **state)
{
    struct cpmsync_capability list;

    (void)state;
    cpmsync_capability_init(&list, NULL, NULL, 0);
    assert_false(list.known);
    assert_string_equal(cpmsync_capability_listed(&list), "");
    take(&list, " X-NEW  idle imap4REV1 AUTH=Plain ");
    assert_true(list.known);
    assert_true(cpmsync_capability_can(&list, "IDLE"));
    assert_true(cpmsync_capability_can(&list, "AUTH=PLAIN"));
    assert_false(cpmsync_capability_can(&list, "AUTH"));
    assert_false(cpmsync_capability_can(&list, "IDL"));
    assert_true(cpmsync_capability_is_imap(&list));
    assert_string_equal(cpmsync_capability_allowed(&list), "X-NEW idle imap4REV1 AUTH=Plain");
    cpmsync_capability_clear(&list);
    assert_false(list.known);
    assert_false(cpmsync_capability_can(&list, "IDLE"));
}

static void test_q_01_qresync_implies_condstore(void **state)
{
    struct cpmsync_capability list;

    (void)state;
    cpmsync_capability_init(&list, NULL, NULL, 0);
    take(&list, "IMAP4rev1 QRESYNC");
    assert_true(cpmsync_capability_can(&list, "CONDSTORE"));
    take(&list, "IMAP4rev1 CONDSTORE");
    assert_false(cpmsync_capability_can(&list, "QRESYNC"));
    cpmsync_capability_clear(&list);
}

static void test_condstore_disabled_takes_qresync_along(void **state)
{
    static const char *const condstore[] = {"condstore"};
    static const char *const qresync[] = {"QRESYNC"};
    struct cpmsync_capability list;

    (void)state;
    cpmsync_capability_init(&list, NULL, condstore, 1);
    take(&list, "IMAP4rev1 CONDSTORE QRESYNC IDLE");
    assert_false(cpmsync_capability_can(&list, "CONDSTORE"));
    assert_false(cpmsync_capability_can(&list, "QRESYNC"));
    assert_string_equal(cpmsync_capability_allowed(&list), "IMAP4rev1 IDLE");
    assert_string_equal(cpmsync_capability_listed(&list), "IMAP4rev1 CONDSTORE QRESYNC IDLE");
    cpmsync_capability_clear(&list);
    cpmsync_capability_init(&list, NULL, qresync, 1);
    take(&list, "IMAP4rev1 QRESYNC");
    assert_false(cpmsync_capability_can(&list, "QRESYNC"));
    assert_true(cpmsync_capability_can(&list, "CONDSTORE"));
    cpmsync_capability_clear(&list);
}

static void test_w_07_rev2_alone_brings_what_is_folded_into_it(void **state)
{
    struct cpmsync_capability list;

    (void)state;
    cpmsync_capability_init(&list, NULL, NULL, 0);
    take(&list, "IMAP4rev2");
    assert_true(cpmsync_capability_is_imap(&list));
    assert_true(cpmsync_capability_can(&list, "ENABLE"));
    assert_true(cpmsync_capability_can(&list, "SASL-IR"));
    assert_false(cpmsync_capability_can(&list, "LITERAL+"));
    assert_int_equal(cpmsync_capability_literals(&list), CPMSYNC_LITERALS_MINUS);
    take(&list, "IMAP4rev1 IMAP4rev2");
    assert_false(cpmsync_capability_can(&list, "ENABLE"));
    cpmsync_capability_clear(&list);
}

static void test_l_05_literals_follow_the_list(void **state)
{
    static const char *const disabled[] = {"LITERAL+"};
    struct cpmsync_capability list;

    (void)state;
    cpmsync_capability_init(&list, NULL, NULL, 0);
    take(&list, "IMAP4rev1");
    assert_int_equal(cpmsync_capability_literals(&list), CPMSYNC_LITERALS_SYNC);
    take(&list, "IMAP4rev1 LITERAL+");
    assert_int_equal(cpmsync_capability_literals(&list), CPMSYNC_LITERALS_PLUS);
    cpmsync_capability_clear(&list);
    cpmsync_capability_init(&list, NULL, disabled, 1);
    take(&list, "IMAP4rev1 LITERAL+ LITERAL-");
    assert_int_equal(cpmsync_capability_literals(&list), CPMSYNC_LITERALS_MINUS);
    cpmsync_capability_clear(&list);
}

static void test_a_list_in_pieces_takes_effect_when_whole(void **state)
{
    struct cpmsync_capability list;

    (void)state;
    cpmsync_capability_init(&list, NULL, NULL, 0);
    take(&list, "IMAP4rev1 OLD");
    assert_int_equal(cpmsync_capability_take(&list, CPMSYNC_SLICE("IMAP4rev1"), true, false), 0);
    assert_true(cpmsync_capability_can(&list, "OLD"));
    assert_int_equal(cpmsync_capability_take(&list, CPMSYNC_SLICE("NEW"), false, true), 1);
    assert_string_equal(cpmsync_capability_listed(&list), "IMAP4rev1 NEW");
    cpmsync_capability_clear(&list);
}

static void test_what_goes_beyond_the_cap_is_not_kept(void **state)
{
    struct cpmsync_capability list;

    (void)state;
    cpmsync_capability_init(&list, NULL, NULL, 0);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(cpmsync_capability_take(&list, CPMSYNC_SLICE("X-CAPABILITY-OF-SOME-LENGTH"), true, i > 0), 0);
    assert_int_equal(cpmsync_capability_take(&list, CPMSYNC_SLICE("IDLE"), false, true), 1);
    assert_true(list.listed.len < CPMSYNC_CAPABILITY_OCTETS_MAX);
    assert_true(cpmsync_capability_can(&list, "X-CAPABILITY-OF-SOME-LENGTH"));
    cpmsync_capability_clear(&list);
}

static void test_without_memory_the_old_list_stays(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_capability list;
    int rc = 0;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_capability_init(&list, &allocator.mem, NULL, 0);
    take(&list, "IMAP4rev1 OLD");
    for (uint64_t n = 1; rc != 1; n++) {
        support_allocator_fail_at(&allocator, n);
        rc = cpmsync_capability_take(&list, CPMSYNC_SLICE("IMAP4rev1 NEW"), false, false);
        assert_true(rc == 1 || rc == CPMSYNC_ERR_NOMEM);
        assert_string_equal(cpmsync_capability_listed(&list), rc == 1 ? "IMAP4rev1 NEW" : "IMAP4rev1 OLD");
        assert_true(n < 20);
    }
    cpmsync_capability_clear(&list);
    assert_int_equal(allocator.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_13_names_match_without_case_and_in_any_order),
        cmocka_unit_test(test_q_01_qresync_implies_condstore),
        cmocka_unit_test(test_condstore_disabled_takes_qresync_along),
        cmocka_unit_test(test_w_07_rev2_alone_brings_what_is_folded_into_it),
        cmocka_unit_test(test_l_05_literals_follow_the_list),
        cmocka_unit_test(test_a_list_in_pieces_takes_effect_when_whole),
        cmocka_unit_test(test_what_goes_beyond_the_cap_is_not_kept),
        cmocka_unit_test(test_without_memory_the_old_list_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
