/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/session_talk.h"
#include "sync/plan.h"
#include "sync/resync.h"

static const struct cpmsync_cache_limits LIMITS = {5000, 100, 10000, 5000};

struct bench {
    struct support_talk talk;
    struct cpmsync_store store;
    struct cpmsync_open_mailbox *mailbox;
};

/* Logged in on a server with these capabilities; ENABLE is in flight if it offers that. */
static void open_bench(struct bench *bench, const char *capabilities)
{
    support_talk_init(&bench->talk);
    support_talk_open(&bench->talk, true);
    support_talk_login(&bench->talk, capabilities);
    assert_int_equal(cpmsync_store_memory_open(&bench->store, NULL), 0);
    assert_int_equal(
        cpmsync_open_mailbox_new(&bench->mailbox, NULL, &bench->store, &LIMITS, NULL, CPMSYNC_SLICE("INBOX")), 0);
}

static void close_bench(struct bench *bench)
{
    cpmsync_open_mailbox_free(bench->mailbox);
    cpmsync_store_close(&bench->store);
    support_talk_close(&bench->talk);
}

/* UIDVALIDITY 42, cursor 100, 1:10 covered. */
static void synchronised(struct bench *bench)
{
    bench->mailbox->cache.uidvalidity = 42;
    bench->mailbox->cache.highestmodseq = 100;
    cpmsync_uidset_add(&bench->mailbox->cache.covered, 1, 10);
}

static enum cpmsync_rung rung(const struct bench *bench)
{
    return cpmsync_plan_rung(bench->talk.session, &bench->talk.facts, bench->mailbox);
}

static void assert_parameter(const struct bench *bench, enum cpmsync_rung rung_, const char *text)
{
    struct cpmsync_command command;

    cpmsync_command_init(&command, NULL, CPMSYNC_COMMAND_LINE_MAX * 2, CPMSYNC_LITERALS_SYNC);
    cpmsync_command_begin(&command, "SELECT");
    cpmsync_command_atom(&command, "m");
    cpmsync_plan_select_parameter(&command, rung_, bench->mailbox);
    assert_int_equal(cpmsync_command_end(&command), 0);
    struct cpmsync_slice bytes = cpmsync_buf_slice(&command.bytes);
    if (!cpmsync_slice_eq(bytes, cpmsync_slice_str(text)))
        fail_msg("%.*s", (int)bytes.len, (const char *)bytes.data);
    cpmsync_command_clear(&command);
}

static void test_d_24_the_ladder_with_qresync(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE QRESYNC");
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_PLAIN); /* R7: nothing is covered */
    synchronised(&bench);
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_QRESYNC); /* P-07: ENABLE is in flight */
    bench.mailbox->cache.highestmodseq = 0;
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_PLAIN); /* */
    synchronised(&bench);
    bench.mailbox->cache.uidvalidity = 0;
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_PLAIN); /* */
    synchronised(&bench);
    bench.talk.facts.no_qresync = true;
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_CONDSTORE); /* implied */
    bench.talk.facts.no_condstore = true;
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_PLAIN);
    close_bench(&bench);
}

static void test_e_02_enabled_without_qresync_is_condstore(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC");
    synchronised(&bench);
    support_talk_client(&bench.talk, "C2 ENABLE QRESYNC\r\n");
    support_talk_server(&bench.talk, "* ENABLED CONDSTORE\r\nC2 OK done\r\n");
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_CONDSTORE);
    close_bench(&bench);
}

static void test_d_24_the_ladder_without_extensions(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    synchronised(&bench);
    assert_int_equal(rung(&bench), CPMSYNC_RUNG_PLAIN);
    assert_parameter(&bench, CPMSYNC_RUNG_PLAIN, "SELECT m");
    close_bench(&bench);
}

static void test_q_22_each_bad_goes_one_rung_down(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    assert_true(cpmsync_plan_lower(&bench.talk.facts, CPMSYNC_RUNG_QRESYNC));
    assert_true(bench.talk.facts.no_qresync);
    assert_false(bench.talk.facts.no_condstore);
    assert_true(cpmsync_plan_lower(&bench.talk.facts, CPMSYNC_RUNG_CONDSTORE));
    assert_true(bench.talk.facts.no_condstore);
    assert_false(cpmsync_plan_lower(&bench.talk.facts, CPMSYNC_RUNG_PLAIN));
    close_bench(&bench);
}

static void test_q_14_the_parameter(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    synchronised(&bench);
    assert_parameter(&bench, CPMSYNC_RUNG_CONDSTORE, "SELECT m (CONDSTORE)");
    assert_parameter(&bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 100 1:10))");
    cpmsync_uidset_add(&bench.mailbox->cache.covered, 20, UINT32_MAX);
    bench.mailbox->cache.highestmodseq = INT64_MAX;
    assert_parameter(&bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 9223372036854775807 1:10,20:4294967295))");
    close_bench(&bench);
}

static void test_q_16_known_uids_are_the_covered_ones_without_a_star(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    synchronised(&bench);
    bench.mailbox->bits = CPMSYNC_MAILBOX_VERIFIED;
    cpmsync_uidset_add(&bench.mailbox->cache.covered, 4000000000u, UINT32_MAX);
    for (uint32_t uid = 2; uid <= 4; uid += 2) {
        struct cpmsync_row row = {uid, 0, 1};
        cpmsync_columns_put(bench.mailbox->cache.columns, &row, NULL);
    }
    struct cpmsync_row last = {UINT32_MAX, 0, 1};
    cpmsync_columns_put(bench.mailbox->cache.columns, &last, NULL);
    /* The gap is not named, expunged messages in between are, and the last UID there can be is a number. */
    assert_parameter(
        &bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 100 1:10,4000000000:4294967295 (2:3 4,4294967295)))");
    close_bench(&bench);
}

static void test_q_20_no_sequence_match_before_the_count_was_right(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    synchronised(&bench);
    for (uint32_t uid = 2; uid <= 10; uid += 2) {
        struct cpmsync_row row = {uid, 0, 1};
        cpmsync_columns_put(bench.mailbox->cache.columns, &row, NULL);
    }
    bench.mailbox->bits = ~(unsigned)CPMSYNC_MAILBOX_VERIFIED;
    assert_parameter(&bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 100 1:10))");
    bench.mailbox->bits = CPMSYNC_MAILBOX_VERIFIED;
    assert_parameter(&bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 100 1:10 (2,4:5 4,8,10)))");
    close_bench(&bench);
}

static void test_q_19_sequence_match_pairs_numbers_with_uids(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    synchronised(&bench);
    for (uint32_t uid = 2; uid <= 10; uid += 2) {
        struct cpmsync_row row = {uid, 0, 1};
        cpmsync_columns_put(bench.mailbox->cache.columns, &row, NULL);
    }
    bench.mailbox->bits = CPMSYNC_MAILBOX_VERIFIED;
    assert_parameter(&bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 100 1:10 (2,4:5 4,8,10)))");
    cpmsync_columns_empty(bench.mailbox->cache.columns);
    assert_parameter(&bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 100 1:10))");
    close_bench(&bench);
}

static void test_q_23_too_many_ranges_are_left_out(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    synchronised(&bench);
    bench.mailbox->bits = CPMSYNC_MAILBOX_VERIFIED;
    for (uint32_t i = 0; i < 2000; i++)
        cpmsync_uidset_add(&bench.mailbox->cache.covered, 4000000000u + 3 * i, 4000000000u + 3 * i + 1);
    assert_parameter(&bench, CPMSYNC_RUNG_QRESYNC, "SELECT m (QRESYNC (42 100))");
    close_bench(&bench);
}

static void test_ranges_hold_about_as_many_messages_however_sparse(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_plan_range(10000, 10000), CPMSYNC_RESYNC_RANGE);
    assert_int_equal(cpmsync_plan_range(10000, 100000), CPMSYNC_RESYNC_RANGE); /* more messages than UIDs: a lie */
    assert_int_equal(cpmsync_plan_range(100000, 10000), 10 * CPMSYNC_RESYNC_RANGE);
    assert_int_equal(cpmsync_plan_range(100000, 0), 100000);
    assert_int_equal(cpmsync_plan_range(UINT32_MAX, CPMSYNC_RESYNC_RANGE), UINT32_MAX);
    assert_in_range(cpmsync_plan_range(UINT32_MAX, CPMSYNC_RESYNC_RANGE + 1), UINT32_MAX / 2, UINT32_MAX);
    assert_int_equal(cpmsync_plan_range(UINT32_MAX, UINT32_MAX), CPMSYNC_RESYNC_RANGE);
}

static void test_r_14_three_failures_running_are_a_rung_lower(void **state)
{
    struct cpmsync_server_facts facts;

    (void)state;
    cpmsync_server_facts_init(&facts, NULL);
    cpmsync_plan_failed(&facts, CPMSYNC_RUNG_QRESYNC);
    cpmsync_plan_failed(&facts, CPMSYNC_RUNG_QRESYNC);
    cpmsync_plan_held(&facts, CPMSYNC_RUNG_QRESYNC);
    cpmsync_plan_failed(&facts, CPMSYNC_RUNG_QRESYNC);
    cpmsync_plan_failed(&facts, CPMSYNC_RUNG_QRESYNC);
    cpmsync_plan_failed(&facts, CPMSYNC_RUNG_CONDSTORE); /* says nothing about QRESYNC */
    assert_false(facts.no_qresync);
    cpmsync_plan_failed(&facts, CPMSYNC_RUNG_QRESYNC);
    assert_true(facts.no_qresync);
    assert_false(facts.no_condstore);
    cpmsync_plan_failed(&facts, CPMSYNC_RUNG_CONDSTORE);
    cpmsync_plan_held(&facts, CPMSYNC_RUNG_CONDSTORE);
    for (int i = 0; i < CPMSYNC_PLAN_FAILURES; i++) {
        assert_false(facts.no_condstore);
        cpmsync_plan_failed(&facts, CPMSYNC_RUNG_CONDSTORE);
    }
    assert_true(facts.no_condstore);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r_14_three_failures_running_are_a_rung_lower),
        cmocka_unit_test(test_d_24_the_ladder_with_qresync),
        cmocka_unit_test(test_e_02_enabled_without_qresync_is_condstore),
        cmocka_unit_test(test_d_24_the_ladder_without_extensions),
        cmocka_unit_test(test_q_22_each_bad_goes_one_rung_down),
        cmocka_unit_test(test_q_14_the_parameter),
        cmocka_unit_test(test_q_16_known_uids_are_the_covered_ones_without_a_star),
        cmocka_unit_test(test_q_20_no_sequence_match_before_the_count_was_right),
        cmocka_unit_test(test_q_19_sequence_match_pairs_numbers_with_uids),
        cmocka_unit_test(test_q_23_too_many_ranges_are_left_out),
        cmocka_unit_test(test_ranges_hold_about_as_many_messages_however_sparse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
