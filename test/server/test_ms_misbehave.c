/* SPDX-License-Identifier: MIT */
/* The faults of commands, as the wire shows them. Each of these servers has four messages, 1:4. */
#include "mock_talk.h"

#include <stdio.h>

static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    talk_deliver(talk, 4);
    *state = talk;
    return 0;
}

static void fault(struct talk *talk, const char *name)
{
    assert_int_equal(cpmsync_mock_fault(talk->mock, name), 0);
}

static uint32_t uidvalidity(struct talk *talk)
{
    struct cpmsync_mock_status status;
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "INBOX", &status), 0);
    return status.uidvalidity;
}

static int select_inbox(struct talk *talk, bool qresync)
{
    int conn = talk_login(talk, qresync);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static const char *resync(struct talk *talk, int conn, unsigned modseq)
{
    char line[100];
    snprintf(line, sizeof line, "r SELECT INBOX (QRESYNC (%lu %u))\n", (unsigned long)uidvalidity(talk), modseq);
    return talk_say(talk, conn, line);
}

static void test_ms_36_expunge_inside_a_uid_fetch_and_a_uid_store(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false);
    fault(talk, "expunge-inside=2");
    talk_expect_no(talk, conn, "a UID FETCH 1:4 (UID)\n", "EXPUNGE");
    talk_expect(talk, conn, "b UID FETCH 1:4 (UID)\n",
        "* 1 FETCH (UID 1)\n* 1 EXPUNGE\n* 1 FETCH (UID 2)\n* 2 FETCH (UID 3)\n* 3 FETCH (UID 4)\n"
        "b OK FETCH completed\n");
    talk_expect_no(talk, conn, "c UID FETCH 1:4 (UID)\n", "EXPUNGE");
    fault(talk, "expunge-inside=1");
    talk_expect(talk, conn, "d UID STORE 3:4 +FLAGS (\\Seen)\n",
        "* 2 FETCH (UID 3 FLAGS (\\Seen \\Recent))\n* 1 EXPUNGE\n* 2 FETCH (UID 4 FLAGS (\\Seen \\Recent))\n"
        "d OK STORE completed\n");
}

static void test_ms_36_vanished_inside_a_uid_fetch(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, true);
    fault(talk, "expunge-inside=1");
    talk_expect_has(talk, conn, "a UID FETCH 2:4 (UID)\n", "* 2 FETCH (UID 2)\n* VANISHED 1\n* 2 FETCH (UID 3)\n");
}

static void test_ms_37_vanished_is_held_back_under_a_lower_highestmodseq(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char code[60];
    int conn = select_inbox(talk, true);
    uint64_t before = talk_status(talk, "INBOX").highestmodseq;
    fault(talk, "hold-vanished");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    snprintf(code, sizeof code, "* OK [HIGHESTMODSEQ %llu]", (unsigned long long)before);
    talk_expect_has(talk, conn, "a UID FETCH 4 (FLAGS)\n", code);
    assert_false(talk_has(talk, "VANISHED"));
    assert_true(talk_status(talk, "INBOX").highestmodseq > before);
    talk_expect_has(talk, conn, "b NOOP\n", "* VANISHED 2\n");
    /* together with a cut the client sees neither */
    snprintf(code, sizeof code, "cut=tagged:%llu", (unsigned long long)cpmsync_mock_commands(talk->mock) + 1);
    fault(talk, code);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3");
    talk_expect_no(talk, conn, "c UID FETCH 4 (FLAGS)\n", "c OK");
    assert_false(talk_has(talk, "VANISHED"));
    assert_true(cpmsync_mock_closed(talk->mock, conn));
}

static void test_ms_38_rfc5162_mode(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char code[60];
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    fault(talk, "rfc5162");
    int conn = talk_login(talk, true);
    unsigned since = (unsigned)talk_status(talk, "INBOX").highestmodseq;
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    resync(talk, conn, since);
    assert_true(talk_has_order(talk, "* VANISHED (EARLIER) 2\n", "* VANISHED (EARLIER) 1:2\n"));
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "4");
    talk_expect_has(talk, conn, "a NOOP\n", "* 2 EXPUNGE\n");
    snprintf(
        code, sizeof code, "b OK [HIGHESTMODSEQ %llu] ", (unsigned long long)talk_status(talk, "INBOX").highestmodseq);
    talk_expect_has(talk, conn, "b CLOSE\n", code);
}

static void test_ms_38_vanished_names_what_went_before_and_names_it_again(void **state)
{
    struct talk *talk = (struct talk *)*state;
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    int conn = select_inbox(talk, true);
    fault(talk, "vanished-again");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3");
    talk_expect(talk, conn, "a NOOP\n", "* VANISHED 3\n* VANISHED 1,3\na OK NOOP completed\n");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2,4");
    talk_expect(talk, conn, "b NOOP\n", "* VANISHED 2,4\n* VANISHED 1:4\nb OK NOOP completed\n");
}

static void test_ms_39_rfc4551_mode(void **state)
{
    struct talk *talk = (struct talk *)*state;
    fault(talk, "rfc4551");
    int conn = talk_login(talk, false);
    talk_expect_no(talk, conn, "a CAPABILITY\n", "QRESYNC");
    assert_true(talk_has(talk, "CONDSTORE"));
    uint64_t before = talk_status(talk, "INBOX").highestmodseq;
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    assert_int_equal(talk_status(talk, "INBOX").highestmodseq, before);
    fault(talk, "modseq-64");
    talk_expect_has(talk, conn, "b SELECT INBOX\n", "[HIGHESTMODSEQ 9223372036854775813]");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "3", "+\\Seen");
    talk_expect_has(talk, conn, "c UID FETCH 3 (MODSEQ)\n", "MODSEQ (9223372036854775814)");
}

static void test_ms_40_enable_without_qresync_or_refused_with_select_behind(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char BURST[] = "a ENABLE QRESYNC\nb SELECT INBOX (QRESYNC (1 1))\n";
    fault(talk, "enabled-empty");
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, BURST, "* ENABLED\na OK ENABLE completed\nb BAD Wrong arguments\n");
    fault(talk, "enabled-empty=off");
    fault(talk, "enable-refused");
    talk_expect(talk, conn, BURST, "a BAD ENABLE is refused\nb BAD Wrong arguments\n");
    fault(talk, "enable-refused=off");
    talk_expect_has(talk, conn, BURST, "* ENABLED QRESYNC\n");
    assert_true(talk_has(talk, "b OK "));
}

static void test_ms_41_uidvalidity_and_nomodseq_change_between_selects(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char code[60];
    int conn = select_inbox(talk, false);
    uint32_t before = uidvalidity(talk);
    fault(talk, "uidvalidity-at=2");
    fault(talk, "nomodseq-at=3");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "[HIGHESTMODSEQ ");
    snprintf(code, sizeof code, "[UIDVALIDITY %lu]", (unsigned long)uidvalidity(talk));
    assert_true(talk_has(talk, code));
    assert_true(uidvalidity(talk) > before);
    before = uidvalidity(talk);
    talk_expect_has(talk, conn, "b SELECT INBOX\n", "[NOMODSEQ]");
    assert_int_equal(uidvalidity(talk), before);
}

static void test_ms_46_no_closed_code_between_pipelined_selects(void **state)
{
    struct talk *talk = (struct talk *)*state;
    cpmsync_mock_mailbox_create(talk->mock, NULL, "B");
    fault(talk, "no-closed");
    int conn = talk_login(talk, true);
    talk_expect_no(talk, conn, "a SELECT INBOX\nb SELECT B\nc SELECT INBOX\n", "CLOSED");
    assert_true(talk_has_order(talk, "a OK ", "b OK ") && talk_has_order(talk, "b OK ", "c OK "));
    fault(talk, "no-closed=off");
    talk_expect_has(talk, conn, "d SELECT B\n", "[CLOSED]");
}

static void test_ms_50_counts_and_numbers_that_cannot_be(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false);
    fault(talk, "exists-lower=1");
    talk_expect(talk, conn, "a UID FETCH 4 (UID)\n", "* 4 FETCH (UID 4)\n* 3 EXISTS\na OK FETCH completed\n");
    fault(talk, "expunge-above=2");
    talk_expect(talk, conn, "b UID FETCH 4 (UID)\n", "* 4 FETCH (UID 4)\n* 5 EXPUNGE\nb OK FETCH completed\n");
    fault(talk, "fetch-above=4");
    talk_expect_no(talk, conn, "c UID FETCH 4 (UID)\n", "* 5 FETCH");
    talk_expect_has(talk, conn, "d UID FETCH 4 (UID)\n", "* 5 FETCH (FLAGS (\\Flagged))\nd OK ");
}

static void test_ms_50_expunge_during_a_fetch_by_numbers(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false);
    fault(talk, "expunge-in-fetch=2");
    talk_expect_no(talk, conn, "a FETCH 1:4 (UID)\n", "EXPUNGE");
    talk_expect_no(talk, conn, "b UID FETCH 1:4 (UID)\n", "EXPUNGE");
    talk_expect(talk, conn, "c FETCH 1:2,4 (UID)\n",
        "* 1 FETCH (UID 1)\n* 1 EXPUNGE\n* 1 FETCH (UID 2)\n* 3 FETCH (UID 4)\nc OK FETCH completed\n");
    talk_expect_no(talk, conn, "d FETCH 1:3 (UID)\n", "EXPUNGE");
    conn = select_inbox(talk, true);
    fault(talk, "expunge-in-fetch=1");
    talk_expect_has(talk, conn, "e FETCH 2:3 (UID)\n", "* 2 FETCH (UID 3)\n* VANISHED 2\n* 2 FETCH (UID 4)\n");
}

static void test_ms_52_vanished_names_what_is_there(void **state)
{
    struct talk *talk = (struct talk *)*state;
    fault(talk, "vanished-lies");
    int conn = talk_login(talk, true);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3");
    resync(talk, conn, 5);
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 1,3\n"));
    talk_expect_has(talk, conn, "a UID FETCH 1 (UID)\n", "* 1 FETCH (UID 1)\n");
}

static void test_ms_53_bad_keeps_the_old_mailbox_and_no_leaves_none(void **state)
{
    struct talk *talk = (struct talk *)*state;
    cpmsync_mock_mailbox_create(talk->mock, NULL, "B");
    int conn = select_inbox(talk, false);
    fault(talk, "select-bad=2");
    fault(talk, "select-no=3");
    talk_expect(talk, conn, "a SELECT B\n", "a BAD Not this one\n");
    talk_expect(talk, conn, "b UID FETCH 1 (UID)\n", "* 1 FETCH (UID 1)\nb OK FETCH completed\n");
    talk_expect_has(talk, conn, "c SELECT B\n", "c NO ");
    talk_expect(talk, conn, "d UID FETCH 1 (UID)\n", "d BAD Not in this state\n");
    talk_expect_has(talk, conn, "e SELECT B\n", "e OK ");
}

static void test_ms_55_arrivals_and_expunges_just_before_the_tagged_ok(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, true);
    fault(talk, "arrive-vanish=1");
    talk_expect_has(talk, conn, "a UID FETCH 5:200 (FLAGS)\n", "* 6 EXISTS\n");
    assert_true(talk_has_order(talk, "EXISTS", "* VANISHED 1,5\na OK "));
    talk_expect_has(talk, conn, "b UID FETCH 5:200 (UID)\n", "* 4 FETCH (UID 6)\n");
}

static void test_ms_57_highestmodseq_without_the_changes_it_covers(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char code[60];
    int conn = select_inbox(talk, true);
    fault(talk, "modseq-ahead");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Seen");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    snprintf(code, sizeof code, "* OK [HIGHESTMODSEQ %llu] So far\na OK ",
        (unsigned long long)talk_status(talk, "INBOX").highestmodseq);
    talk_expect_has(talk, conn, "a UID FETCH 5:200 (FLAGS)\n", code);
    assert_false(talk_has(talk, "VANISHED") || talk_has(talk, " FETCH (") || talk_has(talk, "EXISTS"));
}

static void test_ms_58_qresync_floods(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, true);
    resync(talk, conn, (unsigned)talk_status(talk, "INBOX").highestmodseq);
    assert_false(talk_has(talk, "FETCH"));
    fault(talk, "qresync-flood");
    resync(talk, conn, (unsigned)talk_status(talk, "INBOX").highestmodseq);
    assert_true(talk_has_order(talk, "* 1 FETCH (UID 1 ", "* 4 FETCH (UID 4 "));
}

static void test_a_fault_goes_together_with_others_and_can_be_switched_off(void **state)
{
    struct talk *talk = (struct talk *)*state;
    const char *name, *proves, *text;
    char off[64];
    size_t i;
    int conn = select_inbox(talk, true);
    fault(talk, "expunge-inside=1");
    fault(talk, "arrive-vanish=1");
    fault(talk, "rfc5162");
    fault(talk, "exists-lower=1");
    talk_expect_has(talk, conn, "a UID FETCH 3:4 (UID)\n", "* 3 FETCH (UID 3)\n* 1 EXPUNGE\n");
    assert_true(talk_has_order(talk, "* 5 EXISTS\n", "* 1 EXPUNGE\n"));
    assert_true(talk_has_order(talk, "EXPUNGE\n", "* 2 EXISTS\na OK "));
    for (i = 0; cpmsync_mock_fault_list(i, &name, &proves, &text) == 0; i++) {
        snprintf(off, sizeof off, "%s=off", name);
        assert_int_equal(cpmsync_mock_fault(talk->mock, off), 0);
    }
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3");
    talk_expect_has(talk, conn, "b NOOP\n", "* VANISHED 3\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, talk_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_ms_36_expunge_inside_a_uid_fetch_and_a_uid_store),
        TEST(test_ms_36_vanished_inside_a_uid_fetch),
        TEST(test_ms_37_vanished_is_held_back_under_a_lower_highestmodseq),
        TEST(test_ms_38_rfc5162_mode),
        TEST(test_ms_38_vanished_names_what_went_before_and_names_it_again),
        TEST(test_ms_39_rfc4551_mode),
        TEST(test_ms_40_enable_without_qresync_or_refused_with_select_behind),
        TEST(test_ms_41_uidvalidity_and_nomodseq_change_between_selects),
        TEST(test_ms_46_no_closed_code_between_pipelined_selects),
        TEST(test_ms_50_counts_and_numbers_that_cannot_be),
        TEST(test_ms_50_expunge_during_a_fetch_by_numbers),
        TEST(test_ms_52_vanished_names_what_is_there),
        TEST(test_ms_53_bad_keeps_the_old_mailbox_and_no_leaves_none),
        TEST(test_ms_55_arrivals_and_expunges_just_before_the_tagged_ok),
        TEST(test_ms_57_highestmodseq_without_the_changes_it_covers),
        TEST(test_ms_58_qresync_floods),
        TEST(test_a_fault_goes_together_with_others_and_can_be_switched_off),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
