/* SPDX-License-Identifier: MIT */
#include "session/dispatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#include "support/session_talk.h"

static void ready(struct support_talk *t)
{
    support_talk_init(t);
    support_talk_open(t, true);
    support_talk_login(t, "IMAP4rev1");
}

/* ---- mailbox data */

static void test_g_01_mailbox_data_goes_up_in_order_whatever_is_in_flight(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_server(&t, "* 3 EXISTS\r\n* 1 RECENT\r\n* FLAGS (\\Seen)\r\n* 2 EXPUNGE\r\n* VANISHED 1:3\r\n"
                            "* 3 FETCH (UID 7 FLAGS ())\r\n");
    support_talk_heard(&t, "EXISTS 3|RECENT 1|FLAGS 0|EXPUNGE 2|VANISHED 0|FETCH 3");
    support_talk_close(&t);
}

static void test_untagged_mailbox_codes_go_up(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_server(&t,
        "* OK [UIDVALIDITY 1] v\r\n* OK [UIDNEXT 2]\r\n* OK [HIGHESTMODSEQ 3]\r\n* OK [NOMODSEQ]\r\n"
        "* OK [PERMANENTFLAGS (\\*)] p\r\n* OK [CLOSED]\r\n* OK [READ-ONLY]\r\n* OK [READ-WRITE]\r\n"
        "* NO [UIDNOTSTICKY]\r\n* OK [UNSEEN 1]\r\n* OK [X-NEW 1] x\r\n* OK fine\r\n"
        "* BAD [UIDNEXT 3]\r\n");
    support_talk_heard(&t, "[UIDVALIDITY]|[UIDNEXT]|[HIGHESTMODSEQ]|[NOMODSEQ]|[PERMANENTFLAGS]|[CLOSED]|[READ-ONLY]|"
                           "[READ-WRITE]|[UIDNOTSTICKY]|[UNSEEN]");
    support_talk_close(&t);
}

static void test_pf_114_before_login_nothing_but_capabilities_counts(void **state)
{
    static const char injected[] =
        "* 3 EXISTS\r\n* LIST () \"/\" INBOX\r\n* SEARCH 1\r\n* STATUS INBOX (MESSAGES 1)\r\n"
        "* VANISHED 1\r\n* 1 FETCH (UID 1)\r\n* OK [UIDNEXT 7] n\r\n* ENABLED QRESYNC\r\n"
        "* 1 FETCH (damaged\r\n* OK [ALERT] read me\r\n";
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK hello\r\n");
    support_talk_client(&t, "C1 CAPABILITY\r\n");
    support_talk_server(&t, injected);
    support_talk_server(&t, "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\nC1 OK\r\n");
    support_talk_client(&t, "C2 AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\n");
    support_talk_server(&t, injected);
    support_talk_server(&t, "C2 OK in\r\n");
    support_talk_client(&t, "C3 CAPABILITY\r\n");
    support_talk_server(&t, "* 3 EXISTS\r\n");
    support_talk_server(&t, "* CAPABILITY IMAP4rev1 ENABLE QRESYNC\r\nC3 OK\r\n");
    support_talk_heard(&t, "capability|alert read me|login|alert read me|capability after login|ready");
    assert_int_equal(cpmsync_session_enabled(t.session, "QRESYNC"), CPMSYNC_ENABLED_PENDING);
    support_talk_close(&t);
}

static void test_a_long_list_comes_in_pieces(void **state)
{
    struct support_talk t;
    char text[4000] = "* VANISHED (EARLIER) 1";

    (void)state;
    support_talk_init(&t);
    t.config.response_max = 512;
    support_talk_open(&t, true);
    support_talk_login(&t, "IMAP4rev1");
    for (int i = 2; i < 400; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ",%d", i * 10);
    strcat(text, "\r\n");
    support_talk_server(&t, text);
    assert_non_null(strstr(t.heard, "VANISHED 0|VANISHED 0"));
    assert_null(strstr(t.heard, "lost"));
    support_talk_close(&t);
}

static void test_what_is_lost_of_a_mailbox_is_told(void **state)
{
    static const char *const damaged[] = {"* 3 FETCH (UID x)\r\n", "* 3 FETCH (FLAGS (\r\n", "* VANISHED x\r\n",
        "* FLAGS \\Seen\r\n", "* SEARCH 1 x\r\n", "* 99999999999 EXPUNGE\r\n"};
    struct support_talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
        ready(&t);
        support_talk_server(&t, damaged[i]);
        support_talk_heard(&t, "lost CPMSYNC_ERR_PROTOCOL");
        support_talk_close(&t);
    }
}

static void test_a_fetch_beyond_the_cap_is_told_and_survived(void **state)
{
    struct support_talk t;
    char text[4000] = "* 3 FETCH (UID 3 ENVELOPE (";

    (void)state;
    support_talk_init(&t);
    t.config.response_max = 512;
    support_talk_open(&t, true);
    support_talk_login(&t, "IMAP4rev1");
    memset(text + strlen(text), 'x', 3000);
    strcat(text, "))\r\n* 4 EXISTS\r\n");
    support_talk_server(&t, text);
    support_talk_heard(&t, "lost CPMSYNC_ERR_LIMIT|EXISTS 4");
    support_talk_close(&t);
}

static void test_a_damaged_response_of_no_mailbox_is_skipped_but_not_for_ever(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    for (int i = 0; i < CPMSYNC_DAMAGED_MAX; i++)
        support_talk_server(&t, "* STATUS\r\n");
    support_talk_heard(&t, "");
    support_talk_server(&t, "* STATUS\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_close(&t);
}

static void test_a_tagged_response_that_cannot_be_read_ends_it(void **state)
{
    static const char *const damaged[] = {"C2 WHAT\r\n", "C2\r\n", "C2 PREAUTH in\r\n", "hello\r\n"};
    struct support_talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
        ready(&t);
        support_talk_submit(&t, "NOOP", 0, NULL);
        support_talk_client(&t, "C2 NOOP\r\n");
        support_talk_server(&t, damaged[i]);
        support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
        support_talk_heard(&t, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|failed");
        support_talk_close(&t);
    }
}

/* ---- data of commands */

static void test_g_15_data_goes_to_the_command_that_asked(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_server(&t, "* LIST () \"/\" INBOX\r\n");
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "* LIST () \"/\" INBOX\r\n* SEARCH\r\n");
    support_talk_heard(&t, "");
    support_talk_submit(&t, "LIST", 0, NULL);
    support_talk_client(&t, "C3 LIST\r\n");
    support_talk_server(&t, "* LIST () \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 1)\r\n* X-UNKNOWN {3}\r\n\r\n* foo\r\n"
                            "* NAMESPACE NIL NIL NIL\r\n* OK [COPYUID 1 2 3] moved\r\n* OK fine\r\n* 1 EXISTS\r\n");
    support_talk_heard(&t, "data LIST|data STATUS|data NAMESPACE|data OK|EXISTS 1");
    support_talk_server(&t, "C3 OK\r\n* LIST () \"/\" INBOX\r\n");
    support_talk_heard(&t, "LIST OK");
    support_talk_close(&t);
}

/* ---- status */

static void test_g_17_untagged_no_and_bad_complete_nothing(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "* NO disk full\r\n* BAD whatever\r\n* OK\r\n");
    support_talk_heard(&t, "");
    support_talk_server(&t, "C2 OK\r\n");
    support_talk_heard(&t, "NOOP OK");
    support_talk_close(&t);
}

static void test_c_10_alerts_go_up_and_say_whether_to_trust_them(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK [ALERT] first\r\n");
    support_talk_client(&t, "C1 CAPABILITY\r\n");
    support_talk_server(&t, "* CAPABILITY IMAP4rev1\r\nC1 OK [ALERT] second\r\n");
    support_talk_client(&t, "C2 LOGIN user pencil\r\n");
    support_talk_server(&t, "* CAPABILITY IMAP4rev1\r\nC2 OK in\r\n* NO [alert] third\r\n");
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C3 NOOP\r\n");
    support_talk_server(&t, "C3 OK [ALERT] fourth\r\n");
    support_talk_heard(&t, "alert first|capability|alert second|login|ready|alert! third|alert! fourth|NOOP OK");
    support_talk_close(&t);
    support_talk_init(&t);
    t.config.security = CPMSYNC_TLS_NONE;
    support_talk_open(&t, false);
    support_talk_server(&t, "* PREAUTH [CAPABILITY IMAP4rev1] in\r\n* OK [ALERT] in clear\r\n");
    support_talk_heard(&t, "ready|alert in clear");
    support_talk_close(&t);
}

static void test_s_09_any_later_list_replaces_the_old_one(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_server(&t, "* CAPABILITY IMAP4rev1 IDLE\r\n");
    assert_true(cpmsync_session_can(t.session, "IDLE"));
    assert_string_equal(t.facts.after_login, "IMAP4rev1 IDLE");
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 MOVE LITERAL+] new\r\n");
    assert_false(cpmsync_session_can(t.session, "IDLE"));
    assert_true(cpmsync_session_can(t.session, "MOVE"));
    assert_int_equal(cpmsync_session_literals(t.session), CPMSYNC_LITERALS_PLUS);
    support_talk_server(&t, "* NO [CAPABILITY IMAP4rev1 NOT] new\r\n");
    assert_true(cpmsync_session_can(t.session, "MOVE"));
    support_talk_server(&t, "* CAPABILITY NOTHING\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_CAPABILITY);
    support_talk_close(&t);
}

static void test_s_07_a_long_list_in_a_tagged_ok_comes_in_pieces(void **state)
{
    struct support_talk t;
    char text[4000] = "C2 OK [CAPABILITY IMAP4rev1";

    (void)state;
    support_talk_init(&t);
    t.config.response_max = 512;
    support_talk_open(&t, true);
    support_talk_login(&t, "IMAP4rev1");
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    for (int i = 0; i < 200; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " X-WORD-%d", i);
    strcat(text, " LAST] done\r\n");
    support_talk_server(&t, text);
    support_talk_heard(&t, "NOOP OK");
    assert_true(cpmsync_session_can(t.session, "X-WORD-0"));
    assert_true(cpmsync_session_can(t.session, "X-WORD-150"));
    assert_true(cpmsync_session_can(t.session, "LAST"));
    /* It completed once, with its last piece. */
    support_talk_server(&t, "* 4 EXISTS\r\n");
    support_talk_heard(&t, "EXISTS 4");
    support_talk_close(&t);
}

static void test_pf_118_answers_to_finished_tags_are_borne_up_to_a_limit(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    for (int i = 0; i < CPMSYNC_STRANGE_TAGS_MAX; i++)
        support_talk_server(&t, i % 2 ? "C1 OK again\r\n" : "abc NO again\r\n");
    assert_int_equal(cpmsync_session_state(t.session), CPMSYNC_SESSION_READY);
    support_talk_server(&t, "C1 OK again\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_close(&t);
}

static void test_pf_118_an_answer_to_an_unsent_command_ends_it(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_server(&t, "C2 OK early\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_close(&t);
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_server(&t, "C2 OK early\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_heard(&t, "NOOP CPMSYNC_ERR_PROTOCOL|failed");
    support_talk_close(&t);
}

/* ---- continuations */

static void test_pf_79_a_stray_continuation_is_ignored(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "+\r\n+ \r\n+ OK go\r\n+idling\r\n");
    support_talk_client(&t, "");
    support_talk_server(&t, "C2 OK\r\n");
    support_talk_heard(&t, "NOOP OK");
    support_talk_close(&t);
}

static void test_a_continuation_goes_to_the_command_that_takes_it(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "IDLE", CPMSYNC_COMMAND_ALONE, NULL);
    support_talk_client(&t, "C2 IDLE\r\n");
    support_talk_server(&t, "+ idling\r\n* 4 EXISTS\r\n");
    support_talk_heard(&t, "+ idling|EXISTS 4");
    support_talk_close(&t);
}

static void test_pf_78_no_instead_of_the_continuation(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "APPEND", 0, "\xc3\xa9");
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 APPEND {2}\r\n");
    support_talk_server(&t, "C2 NO [TOOBIG] no\r\n");
    support_talk_client(&t, "C3 NOOP\r\n");
    support_talk_heard(&t, "APPEND CPMSYNC_ERR_SERVER_LIMIT");
    assert_string_equal(cpmsync_session_error(t.session)->code, "TOOBIG");
    assert_string_equal(cpmsync_session_error(t.session)->text, "no");
    assert_true(cpmsync_session_error(t.session)->trusted);
    support_talk_server(&t, "C3 OK\r\n");
    support_talk_close(&t);
}

static void test_l_02_while_a_literal_waits_the_rest_goes_on(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_submit(&t, "APPEND", 0, "\xc3\xa9");
    support_talk_client(&t, "C2 NOOP\r\nC3 APPEND {2}\r\n");
    support_talk_server(&t, "* 4 EXISTS\r\nC2 OK\r\n");
    support_talk_heard(&t, "EXISTS 4|NOOP OK");
    support_talk_client(&t, "");
    support_talk_server(&t, "+ go\r\n");
    support_talk_client(&t, "\xc3\xa9\r\n");
    support_talk_server(&t, "C3 OK\r\n");
    support_talk_heard(&t, "APPEND OK");
    support_talk_close(&t);
}

static void test_an_ok_before_the_literal_was_sent_is_no_answer(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "APPEND", 0, "\xc3\xa9");
    support_talk_client(&t, "C2 APPEND {2}\r\n");
    support_talk_server(&t, "C2 OK done\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_close(&t);
}

/* ---- BYE */

static void test_c_03_behind_bye_tagged_results_are_delivered(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_submit(&t, "CHECK", 0, NULL);
    support_talk_submit(&t, "IDLE", CPMSYNC_COMMAND_ALONE, NULL);
    support_talk_submit(&t, "LIST", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\nC3 CHECK\r\nC4 IDLE\r\n");
    support_talk_server(&t, "* BYE [UNAVAILABLE] going\r\n* 4 EXISTS\r\nC2 OK\r\n");
    support_talk_heard(&t, "EXISTS 4|NOOP OK");
    support_talk_server(&t, "C4 NO\r\n");
    support_talk_client(&t, "");
    support_talk_server(&t, "C3 OK\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_BYE);
    support_talk_heard(&t, "IDLE CPMSYNC_ERR_NO|CHECK OK|LIST CPMSYNC_ERR_BYE|failed");
    assert_string_equal(cpmsync_session_error(t.session)->text, "going");
    support_talk_close(&t);
}

static void test_c_04_a_close_behind_bye_leaves_the_outcome_unknown(void **state)
{
    struct support_talk t;
    struct cpmsync_err closed;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "* BYE going\r\n");
    cpmsync_err_clear(&closed);
    cpmsync_session_closed(t.session, &closed);
    support_talk_failed(&t, CPMSYNC_ERR_BYE);
    support_talk_heard(&t, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|failed");
    support_talk_close(&t);
}

static void test_pf_76_bye_with_nothing_in_flight_ends_at_once(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_server(&t, "* BYE Autologout\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_BYE);
    support_talk_heard(&t, "failed");
    support_talk_close(&t);
}

static void test_pf_76_a_tagged_bye_is_no_success(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "C2 BYE [UNAVAILABLE] going\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_BYE);
    assert_string_equal(cpmsync_session_error(t.session)->text, "going");
    assert_string_equal(cpmsync_session_error(t.session)->code, "UNAVAILABLE");
    support_talk_heard(&t, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|failed");
    support_talk_close(&t);
}

static void test_a_refused_login_says_more_than_the_bye_before_it(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1] hello\r\n");
    support_talk_client(&t, "C1 LOGIN user pencil\r\n");
    support_talk_server(&t, "* BYE too many failures\r\nC1 NO wrong\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH);
    support_talk_close(&t);
}

/* ---- the framer's errors */

static void test_octets_that_can_be_no_response_end_it(void **state)
{
    static const char *const wrong[] = {"* OK a\rb\r\n", "* 1 FETCH (BODY[] {99999999999999999999}\r\n"};
    struct support_talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        ready(&t);
        support_talk_server(&t, wrong[i]);
        support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
        support_talk_close(&t);
    }
}

static void test_pf_129_the_trace_shows_everything_but_secrets(void **state)
{
    struct support_talk t;

    (void)state;
    for (int dribble = 0; dribble < 2; dribble++) {
        support_talk_init(&t);
        t.dribble = dribble != 0;
        t.config.mechanism = "PLAIN";
        support_talk_open(&t, true);
        support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n");
        support_talk_client(&t, "C1 AUTHENTICATE PLAIN\r\n");
        support_talk_server(&t, "* OK + not secret\r\n+ \r\n");
        support_talk_client(&t, "AHVzZXIAcGVuY2ls\r\n");
        support_talk_server(&t, "+c2VjcmV0 c2VjcmV0\r\n");
        support_talk_client(&t, "*\r\n");
        support_talk_server(&t, "C1 NO no\r\n");
        assert_string_equal(t.traced, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\nC1 AUTHENTICATE PLAIN\r\n"
                                      "* OK + not secret\r\n+ \r\n<secret>\r\n+<secret>\r\n*\r\nC1 NO no\r\n");
        support_talk_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_01_mailbox_data_goes_up_in_order_whatever_is_in_flight),
        cmocka_unit_test(test_untagged_mailbox_codes_go_up),
        cmocka_unit_test(test_pf_114_before_login_nothing_but_capabilities_counts),
        cmocka_unit_test(test_a_long_list_comes_in_pieces),
        cmocka_unit_test(test_what_is_lost_of_a_mailbox_is_told),
        cmocka_unit_test(test_a_fetch_beyond_the_cap_is_told_and_survived),
        cmocka_unit_test(test_a_damaged_response_of_no_mailbox_is_skipped_but_not_for_ever),
        cmocka_unit_test(test_a_tagged_response_that_cannot_be_read_ends_it),
        cmocka_unit_test(test_g_15_data_goes_to_the_command_that_asked),
        cmocka_unit_test(test_g_17_untagged_no_and_bad_complete_nothing),
        cmocka_unit_test(test_c_10_alerts_go_up_and_say_whether_to_trust_them),
        cmocka_unit_test(test_s_09_any_later_list_replaces_the_old_one),
        cmocka_unit_test(test_s_07_a_long_list_in_a_tagged_ok_comes_in_pieces),
        cmocka_unit_test(test_pf_118_answers_to_finished_tags_are_borne_up_to_a_limit),
        cmocka_unit_test(test_pf_118_an_answer_to_an_unsent_command_ends_it),
        cmocka_unit_test(test_pf_79_a_stray_continuation_is_ignored),
        cmocka_unit_test(test_a_continuation_goes_to_the_command_that_takes_it),
        cmocka_unit_test(test_pf_78_no_instead_of_the_continuation),
        cmocka_unit_test(test_l_02_while_a_literal_waits_the_rest_goes_on),
        cmocka_unit_test(test_an_ok_before_the_literal_was_sent_is_no_answer),
        cmocka_unit_test(test_c_03_behind_bye_tagged_results_are_delivered),
        cmocka_unit_test(test_c_04_a_close_behind_bye_leaves_the_outcome_unknown),
        cmocka_unit_test(test_pf_76_bye_with_nothing_in_flight_ends_at_once),
        cmocka_unit_test(test_pf_76_a_tagged_bye_is_no_success),
        cmocka_unit_test(test_a_refused_login_says_more_than_the_bye_before_it),
        cmocka_unit_test(test_octets_that_can_be_no_response_end_it),
        cmocka_unit_test(test_pf_129_the_trace_shows_everything_but_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
