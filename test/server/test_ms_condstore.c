/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>

static void test_ms_13_every_change_has_a_new_modseq_and_no_change_none(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(talk_status(talk, "INBOX").highestmodseq, 1);
    talk_deliver(talk, 2);
    assert_int_equal(talk_status(talk, "INBOX").highestmodseq, 3);
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "[HIGHESTMODSEQ 3]");
    talk_expect_has(talk, conn, "b STORE 1 +FLAGS (\\Seen)\n", "MODSEQ (4)");
    talk_expect_has(talk, conn, "b STORE 2 +FLAGS (\\Seen)\n", "MODSEQ (5)");
    talk_expect_has(talk, conn, "b STORE 1:2 +FLAGS (\\Seen)\n", "MODSEQ (4)");
    talk_expect_has(talk, conn, "b STORE 1:2 -FLAGS (\\Draft)\n", "MODSEQ (5)");
    assert_int_equal(talk_status(talk, "INBOX").highestmodseq, 5);
    talk_expect_has(talk, conn, "b STORE 1:2 FLAGS (\\Draft)\n", "MODSEQ (6)");
    talk_expect(talk, conn, "b STORE 1:2 FLAGS.SILENT (\\Draft)\n", "b OK STORE completed\n");
    talk_expect_has(talk, conn, "b FETCH 1 BODY[]\n", "MODSEQ (7)");
    talk_expect_no(talk, conn, "b FETCH 1 BODY[]\n", "MODSEQ");
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Seen"), 0);
    assert_int_equal(talk_status(talk, "INBOX").highestmodseq, 7);
    talk_expect_has(talk, conn, "b APPEND INBOX {1+}\nx\n", "b OK ");
    assert_int_equal(talk_status(talk, "INBOX").highestmodseq, 8);
    talk_expect_has(talk, conn, "b COPY 1 INBOX\n", "b OK ");
    assert_int_equal(talk_status(talk, "INBOX").highestmodseq, 9);
}

static void test_ms_14_highestmodseq_or_nomodseq_at_every_select(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 1);
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* OK [HIGHESTMODSEQ 2]");
    talk_expect_has(talk, conn, "a EXAMINE INBOX\n", "* OK [HIGHESTMODSEQ 2]");
    assert_int_equal(cpmsync_mock_nomodseq(talk->mock, NULL, "INBOX", 1), 0);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* OK [NOMODSEQ]");
    assert_false(talk_has(talk, "HIGHESTMODSEQ"));
    talk_expect_has(talk, conn, "a FETCH 1 FLAGS (CHANGEDSINCE 1)\n", "a BAD ");
    talk_expect_has(talk, conn, "a FETCH 1 MODSEQ\n", "a BAD ");
    talk_expect_has(talk, conn, "a SEARCH MODSEQ 1\n", "a BAD ");
    talk_expect_has(talk, conn, "a STORE 1 (UNCHANGEDSINCE 1) FLAGS (\\Seen)\n", "a BAD ");
    talk_expect(talk, conn, "a STORE 1 FLAGS (\\Seen)\n", "* 1 FETCH (UID 1 FLAGS (\\Seen))\na OK STORE completed\n");
    talk_expect(
        talk, conn, "a STATUS INBOX (HIGHESTMODSEQ)\n", "* STATUS INBOX (HIGHESTMODSEQ 0)\na OK STATUS completed\n");
    talk_expect_has(talk, conn, "a SELECT INBOX (QRESYNC (1 1 1:5))\n", "a OK ");
    assert_false(talk_has(talk, "VANISHED"));
}

static void test_ms_15_unasked_fetches_have_modseq_and_uid_once_enabled(void **state)
{
    static const char *const ENABLING[] = {"a FETCH 1 MODSEQ\n", "a FETCH 1 UID (CHANGEDSINCE 500)\n",
        "a SEARCH MODSEQ 500\n", "a STATUS INBOX (HIGHESTMODSEQ)\n",
        "a STORE 1 (UNCHANGEDSINCE 500) +FLAGS.SILENT (\\Draft)\n"};
    struct talk *talk = (struct talk *)*state;
    char line[200];
    size_t i;
    talk_deliver(talk, 1);
    for (i = 0; i < sizeof ENABLING / sizeof *ENABLING; i++) {
        int conn = talk_login(talk, false);
        talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
        cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Answered");
        talk_expect_has(talk, conn, "n NOOP\n", "* 1 FETCH (FLAGS (\\Answered");
        assert_false(talk_has(talk, "MODSEQ"));
        snprintf(line, sizeof line, "* OK [HIGHESTMODSEQ %llu]",
            (unsigned long long)talk_status(talk, "INBOX").highestmodseq);
        talk_expect_has(talk, conn, ENABLING[i], line);
        talk_expect_no(talk, conn, ENABLING[i], "[HIGHESTMODSEQ");
        cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "-\\Answered");
        talk_expect_has(talk, conn, "n NOOP\n", "* 1 FETCH (UID 1 FLAGS (");
        snprintf(line, sizeof line, "MODSEQ (%llu))", (unsigned long long)talk_status(talk, "INBOX").highestmodseq);
        assert_true(talk_has(talk, line));
    }
    int conn = talk_login(talk, false);
    talk_expect_no(talk, conn, "a SELECT INBOX (CONDSTORE)\n", "NOMODSEQ");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Answered");
    talk_expect_has(talk, conn, "n NOOP\n", " MODSEQ (");
}

static void test_ms_15_a_silent_store_does_not_hide_what_another_changed(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 1);
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Flagged");
    talk_expect(talk, conn, "b UID STORE 1 +FLAGS.SILENT (\\Seen)\n",
        "* 1 FETCH (UID 1 FLAGS (\\Seen \\Flagged \\Recent) MODSEQ (4))\nb OK STORE completed\n");
    talk_expect(talk, conn, "c NOOP\n", "c OK NOOP completed\n");
}

static void test_ms_16_unchangedsince(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 4); /* mod-sequences 2 to 5 */
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX (CONDSTORE)\n", "a OK ");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "3", "+\\Flagged"); /* 6 */
    talk_expect(talk, conn, "b STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\\Seen)\n",
        "* 1 FETCH (UID 1 MODSEQ (7))\n* 2 FETCH (UID 2 MODSEQ (7))\n"
        "* 3 FETCH (UID 3 FLAGS (\\Flagged \\Recent) MODSEQ (6))\nb OK [MODIFIED 3] Conditional STORE failed\n");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    talk_say(talk, conn, "n NOOP\n");
    talk_expect(talk, conn, "c UID STORE 3,4 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)\n",
        "c OK [MODIFIED 3:4] Conditional STORE failed\n");
    talk_expect(talk, conn, "d STORE 3 (UNCHANGEDSINCE 0) +FLAGS ($x)\n",
        "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $x)\n"
        "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $x \\*)] Flags permitted\n"
        "d OK [MODIFIED 3] Conditional STORE failed\n");
    talk_expect(talk, conn, "e STORE 3,1:3,3 (UNCHANGEDSINCE 100) +FLAGS.SILENT ($x)\n",
        "* 1 FETCH (UID 2 MODSEQ (9))\n* 2 FETCH (UID 3 MODSEQ (9))\n* 3 FETCH (UID 4 MODSEQ (9))\n"
        "e OK STORE completed\n");
    talk_expect_has(talk, conn, "f STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS ()\n", "f BAD ");
}

static void test_ms_17_changedsince_is_greater_and_search_at_least(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 4);
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect(talk, conn, "b UID FETCH 1:* (FLAGS) (CHANGEDSINCE 4)\n",
        "* 4 FETCH (UID 4 MODSEQ (5) FLAGS (\\Recent))\nb OK FETCH completed\n");
    talk_expect(
        talk, conn, "b FETCH 1:* UID (CHANGEDSINCE 4)\n", "* 4 FETCH (MODSEQ (5) UID 4)\nb OK FETCH completed\n");
    talk_expect(talk, conn, "b SEARCH MODSEQ 4\n", "* SEARCH 3 4 (MODSEQ 5)\nb OK SEARCH completed\n");
    talk_expect(talk, conn, "b UID SEARCH 1:3 MODSEQ \"/flags/\\\\draft\" all 3\n",
        "* SEARCH 2 3 (MODSEQ 4)\nb OK SEARCH completed\n");
    talk_expect(talk, conn, "b SEARCH MODSEQ 6\n", "* SEARCH\nb OK SEARCH completed\n");
    talk_expect_has(talk, conn, "b FETCH 1 UID (CHANGEDSINCE 0)\n", "b BAD ");
    talk_expect_has(talk, conn, "b SEARCH MODSEQ 0\n", "(MODSEQ 5)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_ms_13_every_change_has_a_new_modseq_and_no_change_none, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_14_highestmodseq_or_nomodseq_at_every_select, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_15_unasked_fetches_have_modseq_and_uid_once_enabled, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_15_a_silent_store_does_not_hide_what_another_changed, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_16_unchangedsince, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_17_changedsince_is_greater_and_search_at_least, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
