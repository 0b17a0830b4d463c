/* SPDX-License-Identifier: MIT */
#include "session/login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "support/session_talk.h"

#define PLAIN_IR "AHVzZXIAcGVuY2ls" /* NUL user NUL pencil */

static void open_with(struct support_talk *talk, const char *mechanism)
{
    support_talk_init(talk);
    talk->config.mechanism = mechanism;
    support_talk_open(talk, true);
}

/* ---- the greeting */

static void test_c_01_an_ok_without_capabilities_draws_the_question(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    support_talk_open(&t, true);
    support_talk_client(&t, "");
    support_talk_server(&t, "* OK hello\r\n");
    support_talk_client(&t, "C1 CAPABILITY\r\n");
    support_talk_server(&t, "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\nC1 OK\r\n");
    support_talk_client(&t, "C2 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
    support_talk_heard(&t, "capability|login");
    support_talk_close(&t);
}

static void test_s_07_capabilities_of_the_greeting_save_a_round_trip(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, NULL);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
    support_talk_close(&t);
}

static void test_c_01_preauth_needs_no_login(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, NULL);
    support_talk_server(&t, "* PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC] hello\r\n");
    support_talk_client(&t, "C1 ENABLE QRESYNC\r\n");
    support_talk_heard(&t, "ready");
    support_talk_close(&t);

    open_with(&t, NULL);
    support_talk_server(&t, "* PREAUTH hello\r\n");
    support_talk_client(&t, "C1 CAPABILITY\r\n");
    support_talk_server(&t, "* CAPABILITY IMAP4rev1\r\nC1 OK\r\n");
    support_talk_heard(&t, "capability after login|ready");
    support_talk_client(&t, "");
    support_talk_close(&t);
}

static void test_c_01_bye_is_a_refusal_with_its_words(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, NULL);
    support_talk_server(&t, "* BYE [UNAVAILABLE] too busy\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_BYE);
    assert_string_equal(cpmsync_session_error(t.session)->text, "too busy");
    assert_string_equal(cpmsync_session_error(t.session)->code, "UNAVAILABLE");
    assert_false(cpmsync_session_error(t.session)->trusted);
    support_talk_close(&t);
}

static void test_c_01_anything_else_is_an_error(void **state)
{
    static const char *const greetings[] = {"* NO hello\r\n", "* BAD hello\r\n", "+ hello\r\n", "C1 OK hello\r\n",
        "* CAPABILITY IMAP4rev1\r\n", "HTTP/1.1 400 Bad Request\r\n", "* 1 EXISTS\r\n", "220 mail ESMTP\r\n", "\r\n"};
    struct support_talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(greetings) / sizeof(*greetings); i++) {
        open_with(&t, NULL);
        support_talk_server(&t, greetings[i]);
        support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
        support_talk_heard(&t, "failed");
        support_talk_close(&t);
    }
}

static void test_pf_113_preauth_in_clear_is_refused(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.config.security = CPMSYNC_TLS_STARTTLS;
    support_talk_open(&t, false);
    support_talk_server(&t, "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_TLS_REQUIRED);
    support_talk_close(&t);
}

static void test_an_unsecured_transport_is_refused_where_tls_is_implicit(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    support_talk_open(&t, false);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_TLS_REQUIRED);
    support_talk_close(&t);
}

static void test_s_09_a_list_without_imap4rev1_is_fatal(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, NULL);
    support_talk_server(&t, "* OK [CAPABILITY IMAP2 AUTH=PLAIN] hello\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_CAPABILITY);
    support_talk_close(&t);
    open_with(&t, NULL);
    support_talk_server(&t, "* OK hello\r\n");
    support_talk_client(&t, "C1 CAPABILITY\r\n");
    support_talk_server(&t, "C1 OK nothing\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_CAPABILITY);
    support_talk_close(&t);
}

/* ---- STARTTLS */

static void starttls(struct support_talk *t)
{
    support_talk_init(t);
    t->config.security = CPMSYNC_TLS_STARTTLS;
}

static void starttls_script(struct support_talk *t)
{
    t->config.security = CPMSYNC_TLS_STARTTLS;
    support_talk_open(t, false);
    support_talk_server(t, "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR X-CLEAR] hello\r\n");
    support_talk_client(t, "C1 STARTTLS\r\n");
    support_talk_server(t, "* CAPABILITY IMAP4rev1 X-INJECTED\r\nC1 OK begin\r\n");
    /* S-01: nothing is sent until it is done. */
    support_talk_client(t, "");
    support_talk_heard(t, "starttls|handshake");
    if (t->session)
        cpmsync_session_secured(t->session, t->now);
    if (t->session && !t->lenient)
        assert_string_equal(cpmsync_session_capabilities(t->session), "");
    support_talk_client(t, "C2 CAPABILITY\r\n");
    support_talk_server(t, "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\nC2 OK\r\n");
    support_talk_client(t, "C3 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
    support_talk_server(t, "C3 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n");
    support_talk_heard(t, "capability|login|ready");
    support_talk_close(t);
}

static void test_s_02_capabilities_learnt_in_clear_are_dropped(void **state)
{
    (void)state;
    support_talk_sweep(starttls_script);
}

static void test_pf_110_octets_behind_the_ok_of_starttls_end_it(void **state)
{
    static const char *const injected[] = {
        "C1 OK begin\r\n* PREAUTH hi\r\n", "C1 OK begin\r\n*", "C1 OK begin\r\n\r\n"};
    struct support_talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(injected) / sizeof(*injected); i++) {
        for (int dribble = 0; dribble < 2; dribble++) {
            starttls(&t);
            support_talk_open(&t, false);
            support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
            support_talk_client(&t, "C1 STARTTLS\r\n");
            t.dribble = dribble != 0;
            support_talk_server(&t, injected[i]);
            support_talk_failed(&t, CPMSYNC_ERR_TLS_INJECTED);
            support_talk_close(&t);
        }
    }
}

static void test_pf_112_without_starttls_no_credentials_are_sent(void **state)
{
    static const char *const refusals[] = {"C1 NO not now\r\n", "C1 BAD what\r\n"};
    struct support_talk t;

    (void)state;
    starttls(&t);
    support_talk_open(&t, false);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_TLS_REQUIRED);
    support_talk_close(&t);
    for (size_t i = 0; i < 2; i++) {
        starttls(&t);
        support_talk_open(&t, false);
        support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
        support_talk_client(&t, "C1 STARTTLS\r\n");
        support_talk_server(&t, refusals[i]);
        support_talk_failed(&t, CPMSYNC_ERR_TLS_REQUIRED);
        support_talk_heard(&t, "starttls|failed");
        support_talk_close(&t);
    }
}

static void test_pf_111_an_ok_before_starttls_was_sent_is_no_answer(void **state)
{
    struct support_talk t;

    (void)state;
    starttls(&t);
    support_talk_open(&t, false);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\nC1 OK begin\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_close(&t);
}

/* ---- credentials */

static void test_credentials_may_come_later_and_wait_for_ever(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.silent = true;
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_client(&t, "");
    support_talk_heard(&t, "login");
    assert_true(cpmsync_session_expiry(t.session) == CPMSYNC_NEVER);
    t.now += 10000000;
    (void)cpmsync_session_tick(t.session, t.now, 0);
    cpmsync_session_credentials(t.session, 0, "user", "pencil", NULL);
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
    assert_int_equal(cpmsync_session_expiry(t.session), t.now + 60000);
    support_talk_server(&t, "C1 OK [CAPABILITY IMAP4rev1] in\r\n");
    support_talk_heard(&t, "ready");
    support_talk_close(&t);
}

static void test_an_app_without_credentials_ends_it(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.silent = true;
    support_talk_open(&t, true);
    cpmsync_session_credentials(t.session, CPMSYNC_ERR_CANCELLED, NULL, NULL, NULL);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH_CREDENTIALS);
    support_talk_close(&t);
    support_talk_init(&t);
    t.password = "";
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1] hello\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH_CREDENTIALS);
    support_talk_close(&t);
}

/* ---- the answer */

static void test_pf_84_capabilities_that_do_not_come_with_login_are_asked_for(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, NULL);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
    support_talk_server(&t, "C1 OK in\r\n");
    support_talk_client(&t, "C2 CAPABILITY\r\n");
    support_talk_server(&t, "* CAPABILITY IMAP4rev1 IDLE\r\nC2 OK\r\n");
    support_talk_heard(&t, "login|capability after login|ready");
    assert_string_equal(cpmsync_session_capabilities(t.session), "IMAP4rev1 IDLE");
    assert_string_equal(t.facts.before_login, "IMAP4rev1 AUTH=PLAIN SASL-IR");
    assert_string_equal(t.facts.after_login, "IMAP4rev1 IDLE");
    assert_true(t.facts.last_login_ok);
    support_talk_close(&t);
}

static void test_r1_nothing_learnt_in_clear_becomes_a_fact(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.config.security = CPMSYNC_TLS_NONE;
    support_talk_open(&t, false);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1] hello\r\n");
    support_talk_client(&t, "C1 LOGIN user pencil\r\n");
    support_talk_server(&t, "C1 OK [CAPABILITY IMAP4rev1] in\r\n");
    assert_null(t.facts.before_login);
    assert_null(t.facts.after_login);
    assert_string_equal(t.traced, "* OK [CAPABILITY IMAP4rev1] hello\r\nC1 LOGIN <secret>\r\n"
                                  "C1 OK [CAPABILITY IMAP4rev1] in\r\n");
    support_talk_close(&t);
}

static void test_a_secret_does_not_outlive_login(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, NULL);
    support_talk_login(&t, "IMAP4rev1");
    cpmsync_session_credentials(t.session, 0, "late", "answer", NULL);
    support_talk_client(&t, "");
    support_talk_close(&t);
}

/* ---- ENABLE */

static void submit_at_ready(struct support_talk *t, enum cpmsync_session_state to)
{
    if (to == CPMSYNC_SESSION_READY)
        support_talk_submit(t, "SELECT", CPMSYNC_COMMAND_SELECT, NULL);
}

static void ready_script(struct support_talk *t)
{
    t->on_state = submit_at_ready;
    support_talk_open(t, true);
    support_talk_login(t, "IMAP4rev1 ENABLE CONDSTORE QRESYNC");
    support_talk_client(t, "C2 ENABLE QRESYNC\r\nC3 SELECT\r\n");
    if (t->session && !t->lenient) {
        assert_int_equal(cpmsync_session_enabled(t->session, "qresync"), CPMSYNC_ENABLED_PENDING);
        assert_int_equal(cpmsync_session_enabled(t->session, "CONDSTORE"), CPMSYNC_ENABLED_PENDING);
        assert_int_equal(cpmsync_session_enabled(t->session, "UTF8=ACCEPT"), CPMSYNC_ENABLED_NO);
    }
    support_talk_server(t, "* ENABLED QRESYNC X\r\nC2 OK\r\n* 3 EXISTS\r\nC3 OK\r\n");
    support_talk_heard(t, "EXISTS 3|SELECT OK");
    if (t->session && !t->lenient) {
        assert_int_equal(cpmsync_session_enabled(t->session, "QRESYNC"), CPMSYNC_ENABLED_YES);
        assert_int_equal(cpmsync_session_enabled(t->session, "CONDSTORE"), CPMSYNC_ENABLED_YES);
        assert_string_equal(cpmsync_session_enabled_list(t->session), "QRESYNC X");
        assert_false(t->facts.no_qresync);
    }
    support_talk_close(t);
}

static void test_p_06_enable_leaves_with_what_ready_submits(void **state)
{
    (void)state;
    support_talk_sweep(ready_script);
}

static void test_e_02_only_enabled_counts(void **state)
{
    static const char *const answers[] = {
        "C2 OK\r\n", "* ENABLED\r\nC2 OK\r\n", "* ENABLED CONDSTORE\r\nC2 OK\r\n", "C2 BAD what\r\n", "C2 NO no\r\n"};
    struct support_talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        open_with(&t, NULL);
        support_talk_login(&t, "IMAP4rev1 ENABLE QRESYNC");
        support_talk_client(&t, "C2 ENABLE QRESYNC\r\n");
        support_talk_server(&t, answers[i]);
        assert_int_equal(cpmsync_session_enabled(t.session, "QRESYNC"), CPMSYNC_ENABLED_NO);
        assert_int_equal(
            cpmsync_session_enabled(t.session, "CONDSTORE"), i == 2 ? CPMSYNC_ENABLED_YES : CPMSYNC_ENABLED_NO);
        assert_true(t.facts.no_qresync);
        assert_int_equal(cpmsync_session_state(t.session), CPMSYNC_SESSION_READY);
        support_talk_close(&t);
    }
}

static void test_e_02_an_enabled_nobody_asked_for_counts_for_nothing(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, NULL);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
    support_talk_server(&t, "* ENABLED QRESYNC\r\nC1 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC] in\r\n");
    support_talk_client(&t, "C2 ENABLE QRESYNC\r\n");
    assert_int_equal(cpmsync_session_enabled(t.session, "QRESYNC"), CPMSYNC_ENABLED_PENDING);
    support_talk_server(&t, "* ENABLED\r\n");
    assert_int_equal(cpmsync_session_enabled(t.session, "QRESYNC"), CPMSYNC_ENABLED_NO);
    support_talk_server(&t, "C2 OK\r\n* ENABLED QRESYNC\r\n");
    assert_int_equal(cpmsync_session_enabled(t.session, "QRESYNC"), CPMSYNC_ENABLED_NO);
    support_talk_close(&t);
}

static void enable(const char *capabilities, bool no_qresync, bool no_condstore, const char *sent)
{
    static const char *const disabled[] = {"ENABLE"};
    struct support_talk t;

    support_talk_init(&t);
    t.facts.no_qresync = no_qresync;
    t.facts.no_condstore = no_condstore;
    if (!sent) {
        t.config.disabled = disabled;
        t.config.disabled_count = 1;
        sent = "";
    }
    support_talk_open(&t, true);
    support_talk_login(&t, capabilities);
    support_talk_client(&t, sent);
    support_talk_close(&t);
}

static void test_e_01_what_is_enabled(void **state)
{
    (void)state;
    enable("IMAP4rev1 ENABLE CONDSTORE", false, false, "C2 ENABLE CONDSTORE\r\n");
    enable("IMAP4rev1 ENABLE CONDSTORE", false, true, "");
    enable("IMAP4rev1 QRESYNC CONDSTORE", false, false, "");
    enable("IMAP4rev1 ENABLE QRESYNC", true, false, "C2 ENABLE CONDSTORE\r\n");
    enable("IMAP4rev1 ENABLE IDLE", false, false, "");
    enable("IMAP4rev1 ENABLE QRESYNC", false, false, NULL);
    enable("IMAP4rev2 QRESYNC", false, false, "C2 ENABLE QRESYNC\r\n");
}

static void test_another_list_gives_the_server_a_new_chance(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.facts.no_qresync = true;
    t.facts.after_login = cpmsync_mem_copy(&t.allocator.mem, "OLD", 3);
    support_talk_open(&t, true);
    support_talk_login(&t, "IMAP4rev1 ENABLE QRESYNC");
    support_talk_client(&t, "C2 ENABLE QRESYNC\r\n");
    support_talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_c_01_an_ok_without_capabilities_draws_the_question),
        cmocka_unit_test(test_s_07_capabilities_of_the_greeting_save_a_round_trip),
        cmocka_unit_test(test_c_01_preauth_needs_no_login),
        cmocka_unit_test(test_c_01_bye_is_a_refusal_with_its_words),
        cmocka_unit_test(test_c_01_anything_else_is_an_error),
        cmocka_unit_test(test_pf_113_preauth_in_clear_is_refused),
        cmocka_unit_test(test_an_unsecured_transport_is_refused_where_tls_is_implicit),
        cmocka_unit_test(test_s_09_a_list_without_imap4rev1_is_fatal),
        cmocka_unit_test(test_s_02_capabilities_learnt_in_clear_are_dropped),
        cmocka_unit_test(test_pf_110_octets_behind_the_ok_of_starttls_end_it),
        cmocka_unit_test(test_pf_112_without_starttls_no_credentials_are_sent),
        cmocka_unit_test(test_pf_111_an_ok_before_starttls_was_sent_is_no_answer),
        cmocka_unit_test(test_credentials_may_come_later_and_wait_for_ever),
        cmocka_unit_test(test_an_app_without_credentials_ends_it),
        cmocka_unit_test(test_pf_84_capabilities_that_do_not_come_with_login_are_asked_for),
        cmocka_unit_test(test_r1_nothing_learnt_in_clear_becomes_a_fact),
        cmocka_unit_test(test_a_secret_does_not_outlive_login),
        cmocka_unit_test(test_p_06_enable_leaves_with_what_ready_submits),
        cmocka_unit_test(test_e_02_only_enabled_counts),
        cmocka_unit_test(test_e_02_an_enabled_nobody_asked_for_counts_for_nothing),
        cmocka_unit_test(test_e_01_what_is_enabled),
        cmocka_unit_test(test_another_list_gives_the_server_a_new_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
