/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>

static void test_ms_02_select_sends_what_it_must_before_its_ok(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char expected[1000];
    talk_deliver(talk, 3);
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Seen"), 0);
    int conn = talk_login(talk, false);
    snprintf(expected, sizeof expected,
        "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)\n"
        "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft \\*)] Flags permitted\n"
        "* 3 EXISTS\n* 3 RECENT\n* OK [UIDVALIDITY %lu] UIDs valid\n* OK [URLMECH INTERNAL] URLs can be authorised\n* "
        "OK [UIDNEXT 4] Predicted next UID\n"
        "* OK [UNSEEN 2] First unseen\n* OK [ANNOTATIONS 20480] Annotations\n* OK [MAILBOXID (F1)] Its identifier\n* "
        "OK [HIGHESTMODSEQ 5] Highest\na OK "
        "[READ-WRITE] SELECT completed\n",
        (unsigned long)talk_status(talk, "INBOX").uidvalidity);
    talk_expect(talk, conn, "a SELECT inbox\n", expected);
    talk_expect_has(talk, conn, "b EXAMINE INBOX\n", "b OK [READ-ONLY]");
    assert_true(talk_has(talk, "[PERMANENTFLAGS ()]"));
    assert_true(talk_has(talk, "* 0 RECENT\n"));
    talk_expect_has(talk, conn, "c STORE 1 FLAGS (\\Seen)\n", "c NO ");
    talk_expect_has(talk, conn, "c EXPUNGE\n", "c NO ");
    talk_expect_no(talk, conn, "c FETCH 2 BODY[]\n", "\\Seen");
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1:*", "+\\Seen"), 0);
    talk_expect_no(talk, conn, "d SELECT INBOX\n", "UNSEEN");
}

static void test_ms_02_a_failed_select_deselects(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "b SELECT nowhere\n", "b NO [NONEXISTENT]");
    talk_expect(talk, conn, "c CHECK\n", "c BAD Not in this state\n");
    talk_expect_has(talk, conn, "d SELECT INBOX\n", "d OK ");
    talk_expect_has(talk, conn, "e SELECT INBOX (FOO)\n", "e BAD ");
    talk_expect(talk, conn, "f CHECK\n", "f OK CHECK completed\n");
}

static void test_ms_02_recent_is_for_the_first_that_selects(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 2);
    int reader = talk_login(talk, false), writer = talk_login(talk, false);
    talk_expect_has(talk, reader, "a EXAMINE INBOX\n", "* 2 RECENT\n");
    talk_expect_has(talk, writer, "a SELECT INBOX\n", "* 2 RECENT\n");
    talk_expect(talk, writer, "b SEARCH RECENT\n", "* SEARCH 1 2\nb OK SEARCH completed\n");
    talk_expect_has(talk, reader, "b SELECT INBOX\n", "* 0 RECENT\n");
}

static void test_ms_03_expunges_wait_until_they_are_allowed(void **state)
{
    struct talk *talk = (struct talk *)*state;
    bool qresync;
    for (qresync = false;; qresync = true) {
        int conn = talk_login(talk, qresync);
        const char *word = qresync ? "* VANISHED " : " EXPUNGE\n";
        talk_deliver(talk, 4);
        talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
        cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "*");
        assert_string_equal(talk_hear(talk, conn), "");
        talk_expect_no(talk, conn, "b FETCH 1:* UID\n", word);
        assert_true(talk_has(talk, "b NO [EXPUNGEISSUED]"));
        talk_expect_no(talk, conn, "b STORE 1 +FLAGS (\\Flagged)\n", word);
        talk_expect_no(talk, conn, "b SEARCH ALL\n", word);
        talk_expect_no(talk, conn, "b UID SEARCH 1:2\n", word);
        talk_expect_has(talk, conn, "b UID SEARCH ALL\n", word);
        assert_true(talk_has_order(talk, "* SEARCH", word));
        cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "*");
        talk_expect_has(talk, conn, "b UID FETCH 1:* UID\n", word);
        cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "*");
        talk_expect_has(talk, conn, "b NOOP\n", word);
        talk_expect_no(talk, conn, "b NOOP\n", word);
        cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1:*");
        talk_say(talk, conn, "b LOGOUT\n");
        if (qresync)
            break;
    }
}

static void test_ms_03_numbers_stay_while_an_expunge_waits(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1:2");
    talk_expect(talk, conn, "b FETCH 3 UID\n", "* 3 FETCH (UID 3)\nb OK FETCH completed\n");
    talk_expect(talk, conn, "b NOOP\n", "* 1 EXPUNGE\n* 1 EXPUNGE\nb OK NOOP completed\n");
    talk_expect(talk, conn, "b FETCH 1 UID\n", "* 1 FETCH (UID 3)\nb OK FETCH completed\n");
}

static void test_ms_04_sizes_change_with_any_command_and_exists_never_falls(void **state)
{
    static const char *const COMMANDS[] = {"x NOOP\n", "x CHECK\n", "x FETCH 1 UID\n", "x STORE 1 FLAGS.SILENT ()\n",
        "x SEARCH ALL\n", "x UID FETCH 1 UID\n", "x STATUS other (MESSAGES)\n", "x LIST \"\" \"\"\n"};
    struct talk *talk = (struct talk *)*state;
    char expected[40];
    unsigned i;
    talk_deliver(talk, 1);
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "other"), 0);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    for (i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        talk_deliver(talk, 1);
        snprintf(expected, sizeof expected, "* %u EXISTS\n", i + 2);
        talk_expect_has(talk, conn, COMMANDS[i], expected);
        assert_true(talk_has_order(talk, "EXISTS", "x OK"));
    }
    /* one goes and one comes while expunges wait: EXISTS counts both */
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    talk_deliver(talk, 1);
    talk_expect_has(talk, conn, "x FETCH 1 UID\n", "* 10 EXISTS\n");
    talk_expect(talk, conn, "x NOOP\n", "* 2 EXPUNGE\nx OK NOOP completed\n");
}

static void test_ms_05_uids_ascend_and_are_never_used_again(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_deliver(talk, 2);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "[UIDNEXT 3]");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1:*");
    assert_int_equal(talk_status(talk, "INBOX").uidnext, 3);
    talk_expect_has(talk, conn, "a APPEND INBOX {1+}\nx\n", " 3] APPEND");
    talk_deliver(talk, 1);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "4");
    assert_int_equal(talk_status(talk, "INBOX").uidnext, 5);
    /* a message that came and went between two answers is never told */
    talk_expect_no(talk, conn, "b NOOP\n", "* 4 ");
}

static void test_ms_05_a_name_made_again_has_a_greater_uidvalidity(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a CREATE x\n", "a OK ");
    uint32_t first = talk_status(talk, "x").uidvalidity;
    talk_expect_has(talk, conn, "a DELETE x\n", "a OK ");
    talk_expect_has(talk, conn, "a CREATE x\n", "a OK ");
    assert_true(talk_status(talk, "x").uidvalidity > first);
    first = talk_status(talk, "x").uidvalidity;
    assert_int_equal(cpmsync_mock_uidvalidity_change(talk->mock, NULL, "x"), 0);
    assert_true(talk_status(talk, "x").uidvalidity > first);
}

static void test_a_mailbox_that_goes_away_ends_the_connections_that_selected_it(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 2);
    int conn = talk_login(talk, true), other = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    assert_int_equal(cpmsync_mock_uidvalidity_change(talk->mock, NULL, "INBOX"), 0);
    talk_expect(talk, conn, "b NOOP\n", "* BYE The selected mailbox is gone\n");
    assert_true(cpmsync_mock_closed(talk->mock, conn));
    talk_expect_has(talk, other, "b SELECT INBOX\n", "* 2 EXISTS\n");
    assert_true(talk_has(talk, "[UIDNEXT 3]"));
}

static void test_seeds_decide_everything(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    struct talk *a = talk_new(&config), *b = talk_new(&config);
    config.seed = 1;
    struct talk *c = talk_new(&config);
    assert_int_equal(talk_status(a, "INBOX").uidvalidity, talk_status(b, "INBOX").uidvalidity);
    assert_int_not_equal(talk_status(a, "INBOX").uidvalidity, talk_status(c, "INBOX").uidvalidity);
    talk_free(a);
    talk_free(b);
    talk_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ms_02_select_sends_what_it_must_before_its_ok, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_02_a_failed_select_deselects, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_02_recent_is_for_the_first_that_selects, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_03_expunges_wait_until_they_are_allowed, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_03_numbers_stay_while_an_expunge_waits, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_04_sizes_change_with_any_command_and_exists_never_falls, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_05_uids_ascend_and_are_never_used_again, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_05_a_name_made_again_has_a_greater_uidvalidity, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_a_mailbox_that_goes_away_ends_the_connections_that_selected_it, talk_setup, talk_teardown),
        cmocka_unit_test(test_seeds_decide_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
