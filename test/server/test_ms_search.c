/* SPDX-License-Identifier: MIT */
/* What SEARCH returns (RFC 4731, 5182, 9394), and SAVEDATE's keys (RFC 8514). */
#include "mock_talk.h"

#include <stdio.h>

/* Six messages of UIDs 1 to 6 and mod-sequences 2 to 7; 2, 3, 5 and 6 are flagged, as 8; INBOX is selected. */
static int with_six(struct talk *talk)
{
    talk_deliver(talk, 6);
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2:3,5:6", "+\\Flagged");
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_ox_01_esearch_returns_what_was_asked_for(void **state)
{
    static const struct {
        const char *arguments, *answer;
    } CASES[] = {{"() FLAGGED", " ALL 2:3,5:6"}, {"(ALL) FLAGGED", " ALL 2:3,5:6"},
        {"(MIN MAX COUNT) FLAGGED", " MIN 2 MAX 6 COUNT 4"}, {"(MAX) FLAGGED", " MAX 6"}, {"(MIN) DELETED", ""},
        {"(MIN MAX ALL COUNT) DELETED", " COUNT 0"}, {"(COUNT) MODSEQ 1", " COUNT 6 MODSEQ 8"},
        {"(MIN) MODSEQ 1", " MIN 1 MODSEQ 2"}, {"(MIN MAX) MODSEQ 1 NOT 6", " MIN 1 MAX 5 MODSEQ 8"},
        {"(MAX) MODSEQ 1 1:4 NOT FLAGGED", " MAX 4 MODSEQ 5"}, {"(ALL) MODSEQ 9", ""}};
    static const char *const WRONG[] = {"a SEARCH RETURN ALL\n", "a SEARCH RETURN (MIN MIN) ALL\n",
        "a SEARCH RETURN (MIN)\n", "a SEARCH RETURN (NOTHING) ALL\n", "a SEARCH RETURN (MIN  MAX) ALL\n"};
    struct talk *talk = (struct talk *)*state;
    char line[200], expected[200];
    size_t i;
    int conn = with_six(talk);
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(line, sizeof line, "a SEARCH RETURN %s\n", CASES[i].arguments);
        snprintf(expected, sizeof expected, "* ESEARCH (TAG \"a\")%s\na OK SEARCH completed\n", CASES[i].answer);
        talk_say(talk, conn, line);
        if (strcmp(talk->answer, expected) != 0)
            fail_msg("%s: %s", line, talk->answer);
    }
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    talk_say(talk, conn, "n NOOP\n");
    talk_expect(talk, conn, "a UID SEARCH RETURN (MIN ALL) CHARSET UTF-8 FLAGGED\n",
        "* ESEARCH (TAG \"a\") UID MIN 2 ALL 2:3,5:6\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH RETURN (MIN ALL) FLAGGED\n",
        "* ESEARCH (TAG \"a\") MIN 1 ALL 1:2,4:5\na OK SEARCH completed\n");
}

static void test_ms_17_every_kind_of_search_carries_the_highest_modseq(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_six(talk);
    talk_expect(talk, conn, "a SEARCH MODSEQ 2 NOT FLAGGED\n", "* SEARCH 1 4 (MODSEQ 5)\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a UID SEARCH MODSEQ 9\n", "* SEARCH\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH RETURN (ALL) MODSEQ 2 NOT FLAGGED\n",
        "* ESEARCH (TAG \"a\") ALL 1,4 MODSEQ 5\na OK SEARCH completed\n");
    talk_expect(
        talk, conn, "a SEARCH RETURN (COUNT) MODSEQ 9\n", "* ESEARCH (TAG \"a\") COUNT 0\na OK SEARCH completed\n");
    talk_expect_no(talk, conn, "a SEARCH RETURN (ALL) FLAGGED\n", "MODSEQ");
}

static void test_ox_02_the_saved_result_is_a_set_in_every_command(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_six(talk);
    talk_say(talk, conn, "c CREATE t\n");
    talk_expect(talk, conn, "a SEARCH RETURN (SAVE) FLAGGED\n", "a OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH $ 1:3\n", "* SEARCH 2 3\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a UID SEARCH UID $ NOT 3\n", "* SEARCH 2 5 6\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH NOT $\n", "* SEARCH 1 4\na OK SEARCH completed\n");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1:2");
    talk_say(talk, conn, "n NOOP\n");
    talk_expect(talk, conn, "a FETCH $ UID\n",
        "* 1 FETCH (UID 3)\n* 3 FETCH (UID 5)\n* 4 FETCH (UID 6)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a UID FETCH $ UID\n",
        "* 1 FETCH (UID 3)\n* 3 FETCH (UID 5)\n* 4 FETCH (UID 6)\na OK FETCH completed\n");
    talk_expect_has(talk, conn, "a UID STORE $ +FLAGS.SILENT (\\Seen)\n", "a OK ");
    talk_expect(talk, conn, "a SEARCH SEEN\n", "* SEARCH 1 3 4\na OK SEARCH completed\n");
    talk_expect_has(talk, conn, "a COPY $ t\n", " 3,5:6 1:3] COPY completed\n");
    talk_expect_has(talk, conn, "a MOVE $ t\n", " 3,5:6 4:6] Moved\n* VANISHED 3,5:6\n");
    talk_expect(talk, conn, "a FETCH $ UID\n", "a OK FETCH completed\n");
    talk_expect(talk, conn, "a STORE $ +FLAGS (\\Deleted)\n", "a OK STORE completed\n");
    talk_expect_has(talk, conn, "a UID EXPUNGE $\n", "a OK ");
    talk_expect_has(talk, conn, "a FETCH $,1 UID\n", "a BAD ");
    talk_expect_has(talk, conn, "a SELECT INBOX (QRESYNC (1 1 $))\n", "a BAD ");
}

static void test_ox_02_what_is_saved(void **state)
{
    static const struct {
        const char *options, *saved;
    } CASES[] = {{"SAVE", "2:3,5:6"}, {"SAVE ALL", "2:3,5:6"}, {"SAVE COUNT MIN", "2:3,5:6"}, {"SAVE MIN", "2"},
        {"SAVE MAX", "6"}, {"MIN SAVE MAX", "2,6"}, {"SAVE MIN MAX ALL", "2:3,5:6"}, {"SAVE PARTIAL 2:3", "3,5"},
        {"SAVE PARTIAL -2:-3 MAX", "3,5:6"}, {"SAVE PARTIAL 2:3 COUNT", "2:3,5:6"}};
    struct talk *talk = (struct talk *)*state;
    char line[200], expected[200];
    size_t i;
    int conn = with_six(talk);
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(line, sizeof line, "a SEARCH RETURN (%s) FLAGGED\n", CASES[i].options);
        talk_expect_has(talk, conn, line, "a OK ");
        snprintf(expected, sizeof expected, "* ESEARCH (TAG \"b\") ALL %s\nb OK SEARCH completed\n", CASES[i].saved);
        talk_say(talk, conn, "b SEARCH RETURN () $\n");
        if (strcmp(talk->answer, expected) != 0)
            fail_msg("%s: %s", line, talk->answer);
    }
    talk_expect_has(talk, conn, "a SEARCH RETURN (SAVE) NOTHING\n", "a BAD ");
    talk_expect(talk, conn, "b SEARCH $\n", "* SEARCH 2 3 5 6\nb OK SEARCH completed\n");
    talk_expect_has(talk, conn, "a SEARCH RETURN (SAVE) CHARSET X ALL\n", "a NO [BADCHARSET");
    talk_expect(talk, conn, "b SEARCH $\n", "* SEARCH\nb OK SEARCH completed\n");
    talk_expect_has(talk, conn, "a SEARCH RETURN (SAVE) ALL\n", "a OK ");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect(talk, conn, "b SEARCH $\n", "* SEARCH\nb OK SEARCH completed\n");
    talk_say(talk, conn, "a SEARCH RETURN (SAVE) ALL\n");
    talk_fault(talk, "not-saved");
    talk_expect_has(talk, conn, "a SEARCH RETURN (SAVE) ALL\n", "a NO [NOTSAVED]");
    talk_expect(talk, conn, "b SEARCH $\n", "* SEARCH\nb OK SEARCH completed\n");
}

static void test_pg_01_partial_results_from_both_ends(void **state)
{
    static const struct {
        const char *range, *found;
    } CASES[] = {{"1:2", "2:3"}, {"2:1", "2:3"}, {"2:3", "3,5"}, {"3:100", "5:6"}, {"5:9", "NIL"}, {"-1:-1", "6"},
        {"-1:-2", "5:6"}, {"-3:-2", "3,5"}, {"-2:-100", "2:3,5"}, {"-5:-6", "NIL"}, {"1:4294967295", "2:3,5:6"}};
    static const char *const WRONG[] = {"a SEARCH RETURN (PARTIAL 1:2 ALL) ALL\n",
        "a SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL\n", "a SEARCH RETURN (PARTIAL -1:2) ALL\n",
        "a SEARCH RETURN (PARTIAL 1:-2) ALL\n", "a SEARCH RETURN (PARTIAL 1:*) ALL\n",
        "a SEARCH RETURN (PARTIAL 0:1) ALL\n", "a SEARCH RETURN (PARTIAL 1) ALL\n"};
    struct talk *talk = (struct talk *)*state;
    char line[200], expected[200];
    size_t i;
    int conn = with_six(talk);
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(line, sizeof line, "a UID SEARCH RETURN (PARTIAL %s) FLAGGED\n", CASES[i].range);
        snprintf(expected, sizeof expected, "* ESEARCH (TAG \"a\") UID PARTIAL (%s %s)\na OK SEARCH completed\n",
            CASES[i].range, CASES[i].found);
        talk_say(talk, conn, line);
        if (strcmp(talk->answer, expected) != 0)
            fail_msg("%s: %s", line, talk->answer);
    }
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
    talk_expect(talk, conn, "a SEARCH RETURN (PARTIAL 1:1) DELETED\n",
        "* ESEARCH (TAG \"a\") PARTIAL (1:1 NIL)\na OK SEARCH completed\n");
}

static void test_pg_02_partial_fetches_are_cut_before_they_are_filtered(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_six(talk);
    talk_expect(talk, conn, "a UID FETCH 1:* UID (PARTIAL -1:-2)\n",
        "* 5 FETCH (UID 5)\n* 6 FETCH (UID 6)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a UID FETCH 2,4:6 UID (CHANGEDSINCE 6 PARTIAL 1:3)\n",
        "* 2 FETCH (MODSEQ (8) UID 2)\n* 5 FETCH (MODSEQ (8) UID 5)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a UID FETCH 1:* UID (PARTIAL 7:9)\n", "a OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 1:* UID (PARTIAL 1:2)\n", "a BAD ");
    talk_expect_has(talk, conn, "a UID FETCH 1:* UID (PARTIAL 1:2 PARTIAL 1:2)\n", "a BAD ");
}

static void test_ox_07_savedate_is_when_the_message_came_into_this_mailbox(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 86400, "x", 1), 1);
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    talk_expect(talk, conn, "a FETCH 1 (INTERNALDATE SAVEDATE)\n",
        "* 1 FETCH (INTERNALDATE \" 2-Jan-1970 00:00:00 +0000\" SAVEDATE \"14-Nov-2023 22:13:20 +0000\")\n"
        "a OK FETCH completed\n");
    talk_expect(talk, conn, "a SEARCH SAVEDON 14-Nov-2023 BEFORE 14-Nov-2023\n", "* SEARCH 1\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH SAVEDBEFORE 14-Nov-2023\n", "* SEARCH\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH SAVEDSINCE 14-Nov-2023\n", "* SEARCH 1\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH SAVEDATESUPPORTED\n", "* SEARCH 1\na OK SEARCH completed\n");
}

static void test_nothing_of_it_works_unless_it_is_offered(void **state)
{
    static const char *const COMMANDS[] = {"a SEARCH RETURN (ALL) ALL\n", "a SEARCH $\n", "a FETCH $ UID\n",
        "a SEARCH SAVEDATESUPPORTED\n", "a FETCH 1 SAVEDATE\n", "a UID FETCH 1 UID (PARTIAL 1:1)\n"};
    struct cpmsync_mock_config config;
    size_t i;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 LITERAL+";
    struct talk *talk = talk_new(&config);
    talk_deliver(talk, 1);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    for (i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        talk_expect_has(talk, conn, COMMANDS[i], "a BAD ");
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ox_01_esearch_returns_what_was_asked_for, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_17_every_kind_of_search_carries_the_highest_modseq, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ox_02_the_saved_result_is_a_set_in_every_command, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ox_02_what_is_saved, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_pg_01_partial_results_from_both_ends, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_pg_02_partial_fetches_are_cut_before_they_are_filtered, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ox_07_savedate_is_when_the_message_came_into_this_mailbox, talk_setup, talk_teardown),
        cmocka_unit_test(test_nothing_of_it_works_unless_it_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
