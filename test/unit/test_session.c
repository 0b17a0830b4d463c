/* SPDX-License-Identifier: MIT */
#include "session/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "support/session_talk.h"

static void ready(struct support_talk *t)
{
    support_talk_init(t);
    support_talk_open(t, true);
    support_talk_login(t, "IMAP4rev1");
}

static void close_link(struct support_talk *t, int error)
{
    struct cpmsync_err err;

    cpmsync_err_clear(&err);
    err.error = error;
    err.backend_code = 104;
    if (t->session)
        cpmsync_session_closed(t->session, &err);
}

/* ---- whole conversations */

static void logout_script(struct support_talk *t)
{
    support_talk_open(t, true);
    support_talk_login(t, "IMAP4rev1 LITERAL+");
    support_talk_submit(t, "NOOP", 0, NULL);
    if (t->session && cpmsync_session_state(t->session) == CPMSYNC_SESSION_READY) {
        int rc = cpmsync_session_logout(t->session);

        if (rc)
            cpmsync_session_fail(t->session, rc);
        else
            assert_int_equal(cpmsync_session_logout(t->session), CPMSYNC_ERR_STATE);
    }
    support_talk_client(t, "C2 NOOP\r\nC3 LOGOUT\r\n");
    support_talk_server(t, "* 5 EXISTS\r\nC2 OK\r\n* BYE so long\r\nC3 OK\r\n");
    if (!t->lenient)
        support_talk_failed(t, CPMSYNC_OK);
    support_talk_heard(t, "logout|EXISTS 5|NOOP OK|failed");
    support_talk_close(t);
}

static void test_c_05_logout_is_complete_with_bye_and_ok(void **state)
{
    (void)state;
    support_talk_sweep(logout_script);
}

static void test_c_05_logout_is_complete_with_a_close_behind_bye(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    assert_int_equal(cpmsync_session_logout(t.session), 0);
    support_talk_client(&t, "C2 LOGOUT\r\n");
    support_talk_server(&t, "* BYE so long\r\n");
    support_talk_heard(&t, "logout");
    close_link(&t, CPMSYNC_ERR_CLOSED);
    support_talk_failed(&t, CPMSYNC_OK);
    support_talk_close(&t);
}

static void test_logout_cut_off_without_bye_is_an_error(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    assert_int_equal(cpmsync_session_logout(t.session), 0);
    support_talk_client(&t, "C2 NOOP\r\nC3 LOGOUT\r\n");
    close_link(&t, 0);
    support_talk_failed(&t, CPMSYNC_ERR_CLOSED);
    support_talk_heard(&t, "logout|NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|failed");
    support_talk_close(&t);
}

static void test_pf_77_the_link_breaks(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_submit(&t, "CHECK", 0, NULL);
    support_talk_server(&t, "* 1 FETCH (BODY[] {100}\r\nabc");
    close_link(&t, CPMSYNC_ERR_CLOSED);
    support_talk_failed(&t, CPMSYNC_ERR_CLOSED);
    assert_int_equal(cpmsync_session_error(t.session)->backend_code, 104);
    support_talk_heard(&t, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|CHECK CPMSYNC_ERR_CLOSED|failed");
    /* Nothing has an effect any more. */
    support_talk_server(&t, "* 3 EXISTS\r\nC2 OK\r\n");
    close_link(&t, CPMSYNC_ERR_TLS);
    cpmsync_session_fail(t.session, CPMSYNC_ERR_LIMIT);
    support_talk_heard(&t, "");
    support_talk_failed(&t, CPMSYNC_ERR_CLOSED);
    support_talk_close(&t);
}

static void test_a_broken_record_behind_bye_is_told_as_what_it_is(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "* BYE going\r\n");
    close_link(&t, CPMSYNC_ERR_TLS);
    support_talk_failed(&t, CPMSYNC_ERR_TLS);
    support_talk_close(&t);
}

/* ---- submitting */

static void test_commands_are_taken_in_ready_only(void **state)
{
    struct support_talk t;
    struct support_talk_command *command;

    (void)state;
    support_talk_init(&t);
    support_talk_open(&t, true);
    command = support_talk_make(&t, "NOOP", NULL);
    assert_int_equal(cpmsync_session_submit(t.session, &command->command), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_session_logout(t.session), CPMSYNC_ERR_STATE);
    support_talk_login(&t, "IMAP4rev1");
    assert_true(cpmsync_session_quiet(t.session));
    t.running++;
    assert_int_equal(cpmsync_session_submit(t.session, &command->command), 0);
    assert_false(cpmsync_session_quiet(t.session));
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "* BYE going\r\n");
    command = support_talk_make(&t, "CHECK", NULL);
    assert_int_equal(cpmsync_session_submit(t.session, &command->command), CPMSYNC_ERR_BYE);
    assert_int_equal(cpmsync_session_logout(t.session), CPMSYNC_ERR_BYE);
    support_talk_server(&t, "C2 OK\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_BYE);
    assert_int_equal(cpmsync_session_submit(t.session, &command->command), CPMSYNC_ERR_STATE);
    t.running++;
    command->command.done(&command->command, CPMSYNC_ERR_STATE, NULL);
    support_talk_close(&t);
}

static void test_withdrawing(void **state)
{
    struct support_talk t;
    struct support_talk_command *sent, *queued;

    (void)state;
    ready(&t);
    sent = support_talk_submit(&t, "SELECT", CPMSYNC_COMMAND_SELECT, NULL);
    queued = support_talk_submit(&t, "UID STORE", CPMSYNC_COMMAND_CHANGES, NULL);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 SELECT\r\n");
    assert_int_equal(cpmsync_session_withdraw(t.session, &sent->command), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_session_withdraw(t.session, &queued->command), 0);
    support_talk_heard(&t, "UID STORE CPMSYNC_ERR_CANCELLED");
    support_talk_client(&t, "C3 NOOP\r\n");
    support_talk_server(&t, "C2 OK\r\nC3 OK\r\n");
    support_talk_heard(&t, "SELECT OK|NOOP OK");
    support_talk_close(&t);
}

static void test_c_06_a_refusal_reaches_its_command_and_the_session_goes_on(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "SELECT", 0, NULL);
    support_talk_submit(&t, "CHECK", 0, NULL);
    support_talk_client(&t, "C2 SELECT\r\nC3 CHECK\r\n");
    support_talk_server(&t, "C2 NO [NOPERM] not yours\r\nC3 BAD what\r\n");
    support_talk_heard(&t, "SELECT CPMSYNC_ERR_PERMISSION|CHECK CPMSYNC_ERR_BAD");
    assert_string_equal(cpmsync_session_error(t.session)->text, "what");
    assert_int_equal(cpmsync_session_state(t.session), CPMSYNC_SESSION_READY);
    support_talk_close(&t);
}

/* ---- re-entrancy */

static void submit_two(struct support_talk *t)
{
    support_talk_submit(t, "LIST", 0, NULL);
    support_talk_submit(t, "CHECK", 0, NULL);
}

static void test_pf_130_commands_submitted_in_done_leave_at_once(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL)->then = submit_two;
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "C2 OK\r\n* LIST () NIL x\r\n");
    support_talk_client(&t, "C3 LIST\r\nC4 CHECK\r\n");
    support_talk_heard(&t, "NOOP OK|data LIST");
    support_talk_close(&t);
}

static void end_it(struct support_talk *t)
{
    cpmsync_session_fail(t->session, CPMSYNC_ERR_ABORTED);
}

static void end_it_at_data(struct support_talk *t, const struct cpmsync_response *response)
{
    (void)response;
    end_it(t);
}

static void end_it_at_ready(struct support_talk *t, enum cpmsync_session_state to)
{
    if (to == CPMSYNC_SESSION_READY)
        end_it(t);
}

static void test_pf_130_the_session_may_be_ended_in_any_callback(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL)->then = end_it;
    support_talk_submit(&t, "CHECK", 0, NULL)->then = end_it;
    support_talk_client(&t, "C2 NOOP\r\nC3 CHECK\r\n");
    support_talk_server(&t, "C2 OK\r\n* 1 EXISTS\r\nC3 OK\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_ABORTED);
    support_talk_heard(&t, "NOOP OK|CHECK CPMSYNC_ERR_OUTCOME_UNKNOWN|failed");
    support_talk_close(&t);

    ready(&t);
    t.on_mailbox = end_it_at_data;
    support_talk_server(&t, "* 1 EXISTS\r\n* 2 EXISTS\r\n");
    support_talk_heard(&t, "EXISTS 1|failed");
    support_talk_close(&t);

    support_talk_init(&t);
    t.on_state = end_it_at_ready;
    support_talk_open(&t, true);
    support_talk_server(&t, "* PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC] in\r\n* 2 EXISTS\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_ABORTED);
    support_talk_close(&t);
}

static void test_freeing_completes_what_is_left(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_submit(&t, "CHECK", 0, NULL);
    support_talk_close(&t);
    assert_string_equal(t.heard, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|CHECK CPMSYNC_ERR_CANCELLED");
}

/* ---- deadlines */

static void test_a_server_that_never_greets_times_out(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    support_talk_open(&t, true);
    assert_int_equal(cpmsync_session_expiry(t.session), 61000);
    (void)cpmsync_session_tick(t.session, 60999, 0);
    assert_int_equal(cpmsync_session_state(t.session), CPMSYNC_SESSION_GREETING);
    (void)cpmsync_session_tick(t.session, 61000, 0);
    support_talk_failed(&t, CPMSYNC_ERR_TIMEOUT);
    support_talk_close(&t);
}

static void test_pf_85_a_command_without_an_answer_times_out(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    assert_true(cpmsync_session_expiry(t.session) == CPMSYNC_NEVER);
    t.now += 3600000;
    support_talk_submit(&t, "NOOP", 0, NULL);
    assert_true(cpmsync_session_expiry(t.session) <= t.now);
    (void)cpmsync_session_tick(t.session, t.now, 0);
    assert_int_equal(cpmsync_session_state(t.session), CPMSYNC_SESSION_READY);
    support_talk_client(&t, "C2 NOOP\r\n");
    assert_int_equal(cpmsync_session_expiry(t.session), t.now + 60000);
    t.now += 59000;
    support_talk_server(&t, "* BAD go away\r\n");
    assert_int_equal(cpmsync_session_expiry(t.session), t.now + 60000);
    (void)cpmsync_session_tick(t.session, t.now + 60000, 0);
    support_talk_failed(&t, CPMSYNC_ERR_TIMEOUT);
    support_talk_heard(&t, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|failed");
    support_talk_close(&t);
}

static void test_an_idle_session_has_no_deadline(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    (void)cpmsync_session_tick(t.session, t.now + 100000000, 0);
    assert_int_equal(cpmsync_session_state(t.session), CPMSYNC_SESSION_READY);
    support_talk_close(&t);
}

static void test_a_jump_past_the_deadline_ends_it_at_once(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    cpmsync_session_ack(t.session, t.now + 36000000, 0);
    support_talk_failed(&t, CPMSYNC_ERR_TIMEOUT);
    support_talk_close(&t);
}

static void test_silence_behind_bye_is_byes(void **state)
{
    struct support_talk t;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\n");
    support_talk_server(&t, "* BYE going\r\n");
    (void)cpmsync_session_tick(t.session, t.now + 60000, 0);
    support_talk_failed(&t, CPMSYNC_ERR_BYE);
    support_talk_close(&t);
    ready(&t);
    assert_int_equal(cpmsync_session_logout(t.session), 0);
    support_talk_client(&t, "C2 LOGOUT\r\n");
    support_talk_server(&t, "* BYE going\r\n");
    (void)cpmsync_session_tick(t.session, t.now + 60000, 0);
    support_talk_failed(&t, CPMSYNC_OK);
    support_talk_close(&t);
}

/* ---- counters */

static void test_counters(void **state)
{
    struct support_talk t;
    struct cpmsync_session_counts counts;

    (void)state;
    ready(&t);
    support_talk_submit(&t, "NOOP", 0, NULL);
    support_talk_submit(&t, "CHECK", 0, NULL);
    support_talk_client(&t, "C2 NOOP\r\nC3 CHECK\r\n");
    support_talk_server(&t, "C2 OK\r\nC3 OK\r\n");
    assert_int_equal(cpmsync_session_logout(t.session), 0);
    support_talk_client(&t, "C4 LOGOUT\r\n");
    cpmsync_session_counts(t.session, &counts);
    assert_int_equal(counts.bytes_in, t.said);
    assert_int_equal(counts.bytes_out, 40 + 9 + 10 + 11);
    assert_int_equal(counts.commands, 4);
    assert_int_equal(counts.flights, 2);
    support_talk_close(&t);
}

static void test_what_is_disabled_does_not_count(void **state)
{
    static const char *const disabled[] = {"condstore", "LITERAL+"};
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.config.disabled = disabled;
    t.config.disabled_count = 2;
    support_talk_open(&t, true);
    support_talk_login(&t, "IMAP4rev1 ENABLE QRESYNC CONDSTORE LITERAL+");
    support_talk_client(&t, "");
    assert_false(cpmsync_session_can(t.session, "QRESYNC"));
    assert_int_equal(cpmsync_session_literals(t.session), CPMSYNC_LITERALS_SYNC);
    assert_string_equal(cpmsync_session_capabilities(t.session), "IMAP4rev1 ENABLE");
    assert_string_equal(cpmsync_session_enabled_list(t.session), "");
    support_talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_c_05_logout_is_complete_with_bye_and_ok),
        cmocka_unit_test(test_c_05_logout_is_complete_with_a_close_behind_bye),
        cmocka_unit_test(test_logout_cut_off_without_bye_is_an_error),
        cmocka_unit_test(test_pf_77_the_link_breaks),
        cmocka_unit_test(test_a_broken_record_behind_bye_is_told_as_what_it_is),
        cmocka_unit_test(test_commands_are_taken_in_ready_only),
        cmocka_unit_test(test_withdrawing),
        cmocka_unit_test(test_c_06_a_refusal_reaches_its_command_and_the_session_goes_on),
        cmocka_unit_test(test_pf_130_commands_submitted_in_done_leave_at_once),
        cmocka_unit_test(test_pf_130_the_session_may_be_ended_in_any_callback),
        cmocka_unit_test(test_freeing_completes_what_is_left),
        cmocka_unit_test(test_a_server_that_never_greets_times_out),
        cmocka_unit_test(test_pf_85_a_command_without_an_answer_times_out),
        cmocka_unit_test(test_an_idle_session_has_no_deadline),
        cmocka_unit_test(test_a_jump_past_the_deadline_ends_it_at_once),
        cmocka_unit_test(test_silence_behind_bye_is_byes),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_what_is_disabled_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
