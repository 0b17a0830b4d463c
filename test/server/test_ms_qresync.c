/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>
#include <stdlib.h>

static struct talk *with_log(int64_t entries)
{
    struct cpmsync_mock_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.expunge_log = entries;
    return talk_new(&config);
}

static struct cpmsync_mock_status status_of(struct talk *talk)
{
    struct cpmsync_mock_status status;
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "INBOX", &status), 0);
    return status;
}

/* Says `format` with INBOX's UIDVALIDITY in its place. */
static const char *resync(struct talk *talk, int conn, const char *format)
{
    char line[500];
    int len = snprintf(line, sizeof line, "s SELECT INBOX (QRESYNC (%lu ", (unsigned long)status_of(talk).uidvalidity);
    snprintf(line + len, sizeof line - (size_t)len, "%s))\n", format);
    return talk_say(talk, conn, line);
}

static void test_ms_18_qresync_and_vanished_want_enable_and_their_grammar(void **state)
{
    static const char *const WRONG[] = {"a SELECT INBOX (QRESYNC)\n", "a SELECT INBOX (QRESYNC ())\n",
        "a SELECT INBOX (QRESYNC (1))\n", "a SELECT INBOX (QRESYNC (0 1))\n", "a SELECT INBOX (QRESYNC (1 0))\n",
        "a SELECT INBOX (QRESYNC (1 9223372036854775808))\n", "a SELECT INBOX (QRESYNC (1 1 1:*))\n",
        "a SELECT INBOX (QRESYNC (1 1 1:5 (1 2)\n", "a SELECT INBOX (QRESYNC (1 1 1:5 (1,2 2)))\n",
        "a SELECT INBOX (QRESYNC (1 1 1:5 (2,1 2,3)))\n", "a SELECT INBOX (QRESYNC (1 1 1:5 (1 *)))\n",
        "a SELECT INBOX (QRESYNC (1 1) QRESYNC (1 1))\n", "a SELECT INBOX (CONDSTORE CONDSTORE)\n",
        "a SELECT INBOX QRESYNC (1 1)\n", "a SELECT INBOX (QRESYNC (1 1) )\n"};
    struct talk *talk = (struct talk *)*state;
    size_t i;
    talk_deliver(talk, 2);
    int conn = talk_login(talk, false);
    assert_int_equal(strncmp(resync(talk, conn, "1"), "s BAD ", 6), 0);
    talk_expect_has(talk, conn, "a SELECT INBOX (CONDSTORE)\n", "a OK ");
    talk_expect_has(talk, conn, "a UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\n", "a BAD ");
    conn = talk_login(talk, true);
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
        talk_expect(talk, conn, "b CHECK\n", "b BAD Not in this state\n");
    }
    talk_expect_has(talk, conn, "a SELECT INBOX (CONDSTORE QRESYNC (1 1 1:2 (1 1)))\n", "a OK ");
    talk_expect_has(talk, conn, "a UID FETCH 1 FLAGS (VANISHED)\n", "a BAD ");
    talk_expect_has(talk, conn, "a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\n", "a BAD ");
    talk_expect_has(talk, conn, "a UID FETCH 1 FLAGS (VANISHED CHANGEDSINCE 1)\n", "a OK ");
}

static void test_ms_18_another_uidvalidity_is_an_ordinary_select(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "a SELECT INBOX (QRESYNC (42 1 1:3))\n", "a OK [READ-WRITE]");
    assert_false(talk_has(talk, "VANISHED"));
    assert_false(talk_has(talk, "FETCH"));
}

static void test_ms_19_vanished_earlier_comes_first_and_keeps_to_known_uids(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 6);                                          /* mod-sequences 2 to 7 */
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1,6", "+\\Seen"); /* 8 */
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2:3,5");       /* 9 */
    int conn = talk_login(talk, true);
    resync(talk, conn, "7");
    assert_true(talk_has_order(talk, "[HIGHESTMODSEQ 9]", "* VANISHED (EARLIER) 2:3,5\n* 1 FETCH (UID 1 "));
    assert_true(talk_has(talk, "* 3 FETCH (UID 6 FLAGS (\\Seen \\Recent) MODSEQ (8))\ns OK [READ-WRITE]"));
    assert_true(talk_has_order(talk, "* 3 EXISTS\n", "VANISHED"));
    resync(talk, conn, "7 3:4");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 3\ns OK "));
    resync(talk, conn, "8");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 2:3,5\ns OK "));
    resync(talk, conn, "9");
    assert_false(talk_has(talk, "VANISHED"));
    resync(talk, conn, "99");
    assert_true(talk_has(talk, "[HIGHESTMODSEQ 9]"));
    assert_false(talk_has(talk, "FETCH"));
    talk_expect(talk, conn, "f UID FETCH 1:5 (FLAGS) (CHANGEDSINCE 7 VANISHED)\n",
        "* VANISHED (EARLIER) 2:3,5\n* 1 FETCH (UID 1 MODSEQ (8) FLAGS (\\Seen))\nf OK FETCH completed\n");
}

static void test_ms_19_a_log_that_does_not_reach_back_names_all_absent_uids(void **state)
{
    struct talk *talk = with_log(2);
    (void)state;
    talk_deliver(talk, 8);                                /* to 9 */
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1"); /* 10 */
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3"); /* 11 */
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "5"); /* 12: forgets 10 */
    int conn = talk_login(talk, true);
    resync(talk, conn, "10");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 3,5\n"));
    resync(talk, conn, "9");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 1,3,5\n"));
    resync(talk, conn, "9 1:2,4:100");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 1,5\n"));
    assert_int_equal(cpmsync_mock_drop_expunge_log(talk->mock, NULL, "INBOX"), 0);
    resync(talk, conn, "11");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 1,3,5\n"));
    resync(talk, conn, "12");
    assert_false(talk_has(talk, "VANISHED"));
    talk_free(talk);
    talk = with_log(CPMSYNC_OFF);
    talk_deliver(talk, 3);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2:3");
    conn = talk_login(talk, true);
    resync(talk, conn, "4");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 2:3\n"));
    resync(talk, conn, "5");
    assert_false(talk_has(talk, "VANISHED"));
    talk_free(talk);
}

/* The example of RFC 7162 3.2.5.2: only UIDs divisible by three are there, and no expunge is remembered. */
static void test_ms_19_sequence_match_data_trims_what_is_named(void **state)
{
    struct talk *talk = with_log(CPMSYNC_OFF);
    char uids[40];
    unsigned i;
    (void)state;
    talk_deliver(talk, 60);
    for (i = 1; i <= 60; i++)
        if (i % 3) {
            snprintf(uids, sizeof uids, "%u", i);
            assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", uids), 1);
        }
    int conn = talk_login(talk, true);
    resync(talk, conn, "61 1:60 (5,10,15 15,30,45)");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 46:47,49:50,52:53,55:56,58:59\n"));
    /* the second pair does not match: nothing below or at the first is named */
    resync(talk, conn, "61 1:60 (5,10 15,31)");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 16:17,19:20,"));
    resync(talk, conn, "61 1:60 (1:20 3,6,9,12,15,18,21,24,27,30,33,36,39,42,45,48,51,54,57,60)");
    assert_false(talk_has(talk, "VANISHED"));
    resync(talk, conn, "61 (1000 1000)");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 1:2,4:5,"));
    talk_free(talk);
}

static void test_ms_20_expunges_raise_the_modseq_and_tell_it(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 5); /* to 6 */
    int conn = talk_login(talk, true), plain = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "[HIGHESTMODSEQ 6]");
    talk_expect_has(talk, plain, "a SELECT INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "b STORE 1:2 +FLAGS.SILENT (\\Deleted)\n", "b OK ");
    talk_expect(talk, conn, "c UID EXPUNGE 1,5\n", "* VANISHED 1\nc OK [HIGHESTMODSEQ 8] EXPUNGE completed\n");
    talk_expect(talk, conn, "d EXPUNGE\n", "* VANISHED 2\nd OK [HIGHESTMODSEQ 9] EXPUNGE completed\n");
    talk_expect(talk, conn, "e EXPUNGE\n", "e OK EXPUNGE completed\n");
    talk_expect(talk, plain, "b EXPUNGE\n", "* 1 EXPUNGE\n* 1 EXPUNGE\nb OK EXPUNGE completed\n");
    talk_expect_has(talk, conn, "f STORE 1 +FLAGS.SILENT (\\Deleted)\n", "MODSEQ (10)");
    talk_expect(talk, conn, "g CLOSE\n", "g OK CLOSE completed\n");
    assert_int_equal(status_of(talk).highestmodseq, 11);
    assert_int_equal(status_of(talk).messages, 2);
}

static void test_ms_21_live_vanished_names_only_what_was_announced(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3);
    int conn = talk_login(talk, true), plain = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* 3 EXISTS\n");
    talk_expect_has(talk, plain, "a SELECT INBOX\n", "* 3 EXISTS\n");
    talk_deliver(talk, 1);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2,4");
    talk_expect(talk, conn, "b NOOP\n", "* VANISHED 2\nb OK NOOP completed\n");
    talk_expect(talk, plain, "b NOOP\n", "* 2 EXPUNGE\nb OK NOOP completed\n");
    /* a NOMODSEQ mailbox has no VANISHED */
    cpmsync_mock_nomodseq(talk->mock, NULL, "INBOX", 1);
    talk_expect_has(talk, conn, "c SELECT INBOX\n", "[NOMODSEQ]");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    talk_expect(talk, conn, "d NOOP\n", "* 1 EXPUNGE\nd OK NOOP completed\n");
    talk_expect_has(talk, conn, "e STORE 1 +FLAGS (\\Deleted)\n", "e OK ");
    talk_expect(talk, conn, "f EXPUNGE\n", "* 1 EXPUNGE\nf OK EXPUNGE completed\n");
}

static void test_ms_21_earlier_and_live_are_told_apart(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 4);                                /* to 5 */
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1"); /* 6 */
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* 3 EXISTS\n");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3"); /* 7 */
    talk_expect(talk, conn, "b UID FETCH 1:4 (UID) (CHANGEDSINCE 5 VANISHED)\n",
        "* VANISHED 3\n* VANISHED (EARLIER) 1,3\nb OK FETCH completed\n");
    talk_expect(talk, conn, "c FETCH 2 UID\n", "* 2 FETCH (UID 4)\nc OK FETCH completed\n");
}

static void test_ms_22_closed_stands_between_two_mailboxes(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 1);
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "other"), 0);
    int conn = talk_login(talk, false);
    talk_expect_no(talk, conn, "a SELECT INBOX\n", "CLOSED");
    talk_expect_has(talk, conn, "b SELECT other\n", "* OK [CLOSED] Previous mailbox closed\n* FLAGS");
    talk_expect_has(talk, conn, "c EXAMINE other\n", "* OK [CLOSED]");
    talk_expect_no(talk, conn, "d CLOSE\n", "CLOSED");
    talk_expect_no(talk, conn, "e SELECT other\n", "CLOSED");
    talk_expect_no(talk, conn, "f UNSELECT\n", "CLOSED");
    talk_say(talk, conn, "g SELECT INBOX\n");
    talk_fault(talk, "no-closed");
    talk_expect_no(talk, conn, "h SELECT other\n", "CLOSED");
}

static void test_ms_23_highestmodseq_stays_below_an_expunge_held_back(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3); /* to 4 */
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "[HIGHESTMODSEQ 4]");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3"); /* 5 */
    talk_expect_has(talk, conn, "b FETCH 1 MODSEQ\n", "* OK [HIGHESTMODSEQ 4]");
}

/* ---- random histories against a client of the simplest kind ---- */

enum { UIDS = 400 };

struct mirror {
    uint64_t modseq[UIDS]; /* 0: not there */
    uint64_t highest;
};

static void take_set(const char *at, bool *named)
{
    while (*at >= '0' && *at <= '9') {
        unsigned long first = strtoul(at, (char **)(uintptr_t)&at, 10), last = first;
        if (*at == ':')
            last = strtoul(at + 1, (char **)(uintptr_t)&at, 10);
        assert_true(first <= last && last < UIDS);
        for (; first <= last; first++)
            named[first] = true;
        at += *at == ',';
    }
}

/* Applies a resync's answer; what is new is fetched behind it. */
static void apply(struct talk *talk, struct mirror *mirror)
{
    bool named[UIDS] = {false};
    const char *at = strstr(talk->answer, "* VANISHED (EARLIER) ");
    unsigned i;
    if (at)
        take_set(at + 21, named);
    for (i = 0; i < UIDS; i++)
        if (named[i])
            mirror->modseq[i] = 0;
    for (at = talk->answer; (at = strstr(at, " FETCH (UID ")) != NULL;) {
        unsigned long uid = strtoul(at += 12, NULL, 10);
        assert_true(uid < UIDS);
        mirror->modseq[uid] = strtoull(strstr(at, "MODSEQ (") + 8, NULL, 10);
    }
    mirror->highest = strtoull(strstr(talk->answer, "[HIGHESTMODSEQ ") + 15, NULL, 10);
}

static void compare(struct talk *talk, const struct mirror *mirror)
{
    static char dump[40000];
    bool seen[UIDS] = {false};
    const char *at;
    unsigned i;
    assert_true(cpmsync_mock_dump(talk->mock, NULL, "INBOX", dump, sizeof dump) < (int64_t)sizeof dump);
    for (at = strchr(dump, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
        char *end;
        unsigned long uid = strtoul(at, &end, 10);
        assert_int_equal(mirror->modseq[uid], strtoull(end, NULL, 10));
        seen[uid] = true;
    }
    for (i = 0; i < UIDS; i++)
        assert_true(seen[i] || mirror->modseq[i] == 0);
}

static void change_something(struct talk *talk, unsigned *random)
{
    char uids[40];
    unsigned what = (*random = *random * 1103515245 + 12345) >> 16, next = status_of(talk).uidnext;
    unsigned first = 1 + (what / 16) % next, last = first + (what >> 12) % 4;
    snprintf(uids, sizeof uids, "%u:%u", first, last);
    switch (what % 4) {
    case 0:
        cpmsync_mock_flag(talk->mock, NULL, "INBOX", uids, what & 64 ? "+\\Seen" : "-\\Seen");
        break;
    case 1:
        cpmsync_mock_expunge(talk->mock, NULL, "INBOX", uids);
        break;
    default:
        if (next + 3 < UIDS)
            talk_deliver(talk, 1 + what % 2);
    }
}

static void test_ms_19_random_histories_resync_to_the_servers_state(void **state)
{
    static const int64_t LOGS[] = {CPMSYNC_OFF, 1, 3, 10, 0};
    unsigned random = 1, round, i, k;
    (void)state;
    for (i = 0; i < sizeof LOGS / sizeof *LOGS; i++) {
        struct talk *talk = with_log(LOGS[i]);
        struct mirror mirror = {{0}, 1};
        for (round = 0; round < 60; round++) {
            char arguments[60];
            int conn = talk_login(talk, true);
            for (k = 0; k < round % 7; k++)
                change_something(talk, &random);
            snprintf(arguments, sizeof arguments, "%llu", (unsigned long long)mirror.highest);
            resync(talk, conn, arguments);
            apply(talk, &mirror);
            compare(talk, &mirror);
            cpmsync_mock_disconnect(talk->mock, conn);
        }
        talk_free(talk);
    }
}

static void test_a_mailbox_is_set_to_the_state_it_had_elsewhere(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_status status = status_of(talk);
    char text[200];
    assert_int_equal(cpmsync_mock_place(talk->mock, NULL, "INBOX", 5, 70, "\\Seen $x"), 0);
    assert_int_equal(cpmsync_mock_place(talk->mock, NULL, "INBOX", 5, 71, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_place_message(talk->mock, NULL, "INBOX", 8, 110, NULL, 86400, "A: b\r\n\r\nc", 9), 0);
    status.uidvalidity = 42;
    status.uidnext = 8;
    status.highestmodseq = 120;
    assert_int_equal(cpmsync_mock_state(talk->mock, NULL, "INBOX", &status), CPMSYNC_ERR_INVALID_ARGUMENT);
    status.uidnext = 12;
    assert_int_equal(cpmsync_mock_state(talk->mock, NULL, "INBOX", &status), 0);
    cpmsync_mock_dump(talk->mock, NULL, "INBOX", text, sizeof text);
    assert_string_equal(text, "uidvalidity 42 uidnext 12 highestmodseq 120 messages 2\n5 70 ($x \\Seen)\n8 110 ()\n");
    /* What went before is not known, so all that is missing is named, but not to one who is up to date. */
    int conn = talk_login(talk, true);
    resync(talk, conn, "100 1:9");
    assert_true(talk_has(talk, "* VANISHED (EARLIER) 1:4,6:7,9\n* 2 FETCH (UID 8 "));
    assert_false(talk_has(talk, "UID 5 "));
    conn = talk_login(talk, true);
    resync(talk, conn, "120 1:9");
    assert_false(talk_has(talk, "VANISHED"));
    status.highestmodseq = 0;
    assert_int_equal(cpmsync_mock_state(talk->mock, NULL, "INBOX", &status), 0);
    conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "[NOMODSEQ]");
    talk_expect_has(talk, conn, "b UID FETCH 8 (INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])\n",
        "INTERNALDATE \" 2-Jan-1970 00:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER] {8}\nA: b\n\n)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_ms_18_qresync_and_vanished_want_enable_and_their_grammar, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_18_another_uidvalidity_is_an_ordinary_select, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_19_vanished_earlier_comes_first_and_keeps_to_known_uids, talk_setup, talk_teardown),
        cmocka_unit_test(test_ms_19_a_log_that_does_not_reach_back_names_all_absent_uids),
        cmocka_unit_test(test_ms_19_sequence_match_data_trims_what_is_named),
        cmocka_unit_test(test_ms_19_random_histories_resync_to_the_servers_state),
        cmocka_unit_test_setup_teardown(test_ms_20_expunges_raise_the_modseq_and_tell_it, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_21_live_vanished_names_only_what_was_announced, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_21_earlier_and_live_are_told_apart, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_22_closed_stands_between_two_mailboxes, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_23_highestmodseq_stays_below_an_expunge_held_back, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_a_mailbox_is_set_to_the_state_it_had_elsewhere, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
