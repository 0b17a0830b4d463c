/* SPDX-License-Identifier: MIT */
/* UIDONLY (RFC 9586) and MESSAGELIMIT (RFC 9738). */
#include "mock_talk.h"

#include <stdio.h>

/* UIDs 1, 3, 4 and 5 in INBOX, 1 flagged; the mailbox "t". Nothing is selected. */
static int with_four(struct talk *talk)
{
    talk_deliver(talk, 5);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Flagged");
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "t"), 0);
    return talk_login(talk, false);
}

static int only_uids(struct talk *talk)
{
    int conn = with_four(talk);
    talk_expect(talk, conn, "e ENABLE UIDONLY\n", "* ENABLED UIDONLY\ne OK ENABLE completed\n");
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_pg_07_message_numbers_are_bad(void **state)
{
    static const char *const WRONG[] = {"a FETCH 1 FLAGS\n", "a STORE 1 +FLAGS (\\Seen)\n", "a SEARCH ALL\n",
        "a COPY 1 t\n", "a MOVE 1 t\n", "a REPLACE 1 t {1+}\nx\n", "a UID SEARCH 1:2\n", "a UID SEARCH NOT (SEEN 1)\n",
        "a UID FETCH 1:* FLAGS\n", "a UID SEARCH UID 5:*\n", "a UID REPLACE * t {1+}\nx\n",
        "a SELECT INBOX (QRESYNC (1 1 1:5 (1 1)))\n"};
    struct talk *talk = (struct talk *)*state;
    size_t i;
    int conn = only_uids(talk);
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        talk_expect(talk, conn, WRONG[i], "a BAD [UIDREQUIRED] Message numbers are off\n");
    talk_expect(talk, conn, "a UID SEARCH UID 2:4\n", "* SEARCH 3 4\na OK SEARCH completed\n");
    talk_expect_has(talk, conn, "a UID SEARCH RETURN (SAVE) ALL\n", "a OK ");
    talk_expect_has(talk, conn, "a UID FETCH $ UID\n", "a OK ");
    talk_expect_no(talk, conn, "a SELECT INBOX\n", "UNSEEN");
    assert_true(talk_has(talk, "* 4 EXISTS\n"));
}

static void test_pg_08_uidfetch_in_place_of_fetch(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = only_uids(talk);
    talk_expect(talk, conn, "a UID FETCH 1:3 FLAGS\n",
        "* 1 UIDFETCH (FLAGS (\\Flagged \\Recent))\n* 3 UIDFETCH (FLAGS (\\Recent))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a UID FETCH 4 (UID BODY[TEXT]<0.1>)\n",
        "* 4 UIDFETCH (FLAGS (\\Seen \\Recent) UID 4 BODY[TEXT]<0> {1}\nH)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a UID STORE 5 +FLAGS (\\Draft)\n",
        "* 5 UIDFETCH (FLAGS (\\Draft \\Recent))\na OK STORE completed\n");
    talk_expect_has(
        talk, conn, "a UID STORE 5 (UNCHANGEDSINCE 100) +FLAGS.SILENT (\\Seen)\n", "* 5 UIDFETCH (MODSEQ (");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "3", "+\\Seen");
    talk_expect_has(talk, conn, "n NOOP\n", "* 3 UIDFETCH (FLAGS (\\Seen \\Recent) MODSEQ (");
}

static void test_pg_09_expunges_come_as_vanished_without_qresync(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = only_uids(talk);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3:4");
    talk_deliver(talk, 1);
    talk_expect(talk, conn, "n NOOP\n", "* VANISHED 3:4\n* 3 EXISTS\n* 3 RECENT\nn OK NOOP completed\n");
    talk_expect_has(talk, conn, "a UID STORE 1 +FLAGS.SILENT (\\Deleted)\n", "a OK ");
    talk_expect(talk, conn, "a EXPUNGE\n", "* VANISHED 1\na OK EXPUNGE completed\n");
}

static int limited(struct talk *talk, const char *fault, const char *capability)
{
    int conn = with_four(talk);
    assert_int_equal(cpmsync_mock_fault(talk->mock, fault), 0);
    talk_expect_has(talk, conn, "c CAPABILITY\n", capability);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_ms_49_the_highest_messages_are_touched_and_the_answer_tells_down_to_which(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = limited(talk, "messagelimit=2", " MESSAGELIMIT=2");
    talk_expect(talk, conn, "a UID FETCH 1:* UID\n",
        "* 3 FETCH (UID 4)\n* 4 FETCH (UID 5)\na OK [MESSAGELIMIT 2 4] FETCH completed\n");
    talk_expect(talk, conn, "a UID FETCH 1:3 UID\n", "* 1 FETCH (UID 1)\n* 2 FETCH (UID 3)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1:3 UID\n",
        "* 2 FETCH (UID 3)\n* 3 FETCH (UID 4)\na OK [MESSAGELIMIT 2 3] FETCH completed\n");
    talk_expect(talk, conn, "a UID STORE 1:4 +FLAGS.SILENT (\\Draft)\n", "a OK [MESSAGELIMIT 2 3] STORE completed\n");
    talk_expect(talk, conn, "a SEARCH DRAFT\n", "* SEARCH 2 3\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a UID SEARCH ALL\n", "* SEARCH 4 5\na OK [MESSAGELIMIT 2 4] SEARCH completed\n");
    talk_expect(talk, conn, "a UID SEARCH RETURN (SAVE COUNT) ALL\n",
        "* ESEARCH (TAG \"a\") UID COUNT 2\na OK [MESSAGELIMIT 2 4] SEARCH completed\n");
    talk_expect(talk, conn, "a UID SEARCH $\n", "* SEARCH 4 5\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a UID STORE 1:* (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Seen)\n",
        "* OK [HIGHESTMODSEQ 9] From now on\n* NO [MESSAGELIMIT 2 4] Not all of them\n"
        "a OK [MODIFIED 4:5] Conditional STORE failed\n");
    talk_expect_has(talk, conn, "a UID STORE 4:5 +FLAGS.SILENT (\\Deleted)\n", "a OK ");
    talk_expect_has(talk, conn, "a UID STORE 1:3 +FLAGS.SILENT (\\Deleted)\n", "a OK ");
    talk_expect(
        talk, conn, "a UID EXPUNGE 1:4\n", "* 2 EXPUNGE\n* 2 EXPUNGE\na OK [MESSAGELIMIT 2 3] EXPUNGE completed\n");
}

static void test_ms_49_move_is_limited_and_copy_and_append_are_refused(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = limited(talk, "messagelimit=2", " MESSAGELIMIT=2");
    talk_expect(talk, conn, "a UID COPY 1:4 t\n", "a NO [MESSAGELIMIT 2] Too many at once\n");
    talk_expect_has(talk, conn, "a UID COPY 1:3 t\n", "a OK ");
    talk_expect(talk, conn, "a APPEND t {1+}\na {1+}\nb {1+}\nc\n", "a NO [MESSAGELIMIT 2] Too many at once\n");
    talk_expect_has(talk, conn, "a APPEND t {1+}\na {1+}\nb\n", "a OK ");
    talk_expect_has(
        talk, conn, "a UID MOVE 1:4 t\n", " 3:4 5:6] Moved\n* 2 EXPUNGE\n* 2 EXPUNGE\na OK [MESSAGELIMIT 2 3] ");
    talk_expect_has(talk, conn, "u UNSELECT\n", "u OK ");
    talk_expect_has(talk, conn, "e ENABLE QRESYNC\n", "e OK ");
    talk_expect_has(talk, conn, "s SELECT t\n", "s OK ");
    talk_expect_has(talk, conn, "a UID MOVE 1:3 INBOX\n",
        "* VANISHED 2:3\n* NO [MESSAGELIMIT 2 2] Not all of them\na OK [HIGHESTMODSEQ ");
}

static void test_ms_49_savelimit_stops_copy_and_append_only(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = limited(talk, "savelimit=2", " SAVELIMIT=2");
    assert_null(strstr(talk_say(talk, conn, "c CAPABILITY\n"), "MESSAGELIMIT"));
    talk_expect_has(talk, conn, "a FETCH 1:* UID\n", "* 1 FETCH (UID 1)\n");
    talk_expect(talk, conn, "a COPY 1:* t\n", "a NO [MESSAGELIMIT 2] Too many at once\n");
    talk_expect(talk, conn, "a APPEND t {1+}\na {1+}\nb {1+}\nc\n", "a NO [MESSAGELIMIT 2] Too many at once\n");
    talk_expect_has(talk, conn, "a MOVE 1:* t\n", "a OK MOVE completed\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pg_07_message_numbers_are_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_pg_08_uidfetch_in_place_of_fetch, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_pg_09_expunges_come_as_vanished_without_qresync, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_49_the_highest_messages_are_touched_and_the_answer_tells_down_to_which, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_49_move_is_limited_and_copy_and_append_are_refused, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_49_savelimit_stops_copy_and_append_only, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
