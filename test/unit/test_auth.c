/* SPDX-License-Identifier: MIT */
#include "session/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "support/session_talk.h"

#define PLAIN_IR "AHVzZXIAcGVuY2ls" /* NUL user NUL pencil */

/* SCRAM-SHA-256 of user and pencil, nonce fyko+d2lbbFgONRv9qkxdawL */
#define SCRAM_FIRST "biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM"
#define SCRAM_SERVER_FIRST                                                                                             \
    "cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wlaHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscz1XMjJaYUowU05ZN3NvRXNVRWpiNmdRPT0s" \
    "a"                                                                                                                \
    "T00MDk2"
#define SCRAM_FINAL                                                                                                    \
    "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMJWh2WURwV1VhMlJhVENBZnV4RklsailoTmxGJGswLHA9MkZVU04wcFBjUzdQOGhCaHN4" \
    "Q"                                                                                                                \
    "kpPaVVEYlJvVzRLVk5HWlQwTHhWblNlaz0="
#define SCRAM_SERVER_FINAL "dj16Slpqc1ZwMmcrVzlqZDAxdmdic3NoaXBwZkgxc00wdExkQnZzK2UzREY0PQ=="
/* v=zJZjsVp2g+W9jd01vgbsshippfH1sM0tLdBvs+e3DF5= would not be canonical: the first octet differs here. */
#define SCRAM_WRONG_FINAL "dj16UFpqc1ZwMmcrVzlqZDAxdmdic3NoaXBwZkgxc00wdExkQnZzK2UzREY0PQ=="

static void open_with(struct support_talk *talk, const char *mechanism)
{
    support_talk_init(talk);
    talk->config.mechanism = mechanism;
    support_talk_open(talk, true);
}

/* ---- the choice */

static void choose(const char *mechanism, bool secure, const char *capabilities, const char *sent, int error)
{
    struct support_talk t;
    char greeting[256];

    support_talk_init(&t);
    t.config.mechanism = mechanism;
    t.config.security = secure ? CPMSYNC_TLS_IMPLICIT : CPMSYNC_TLS_NONE;
    support_talk_open(&t, secure);
    (void)snprintf(greeting, sizeof(greeting), "* OK [CAPABILITY IMAP4rev1 %s] hello\r\n", capabilities);
    support_talk_server(&t, greeting);
    if (error)
        support_talk_failed(&t, error);
    else
        support_talk_client(&t, sent);
    support_talk_close(&t);
}

static void test_s_11_an_initial_response_only_where_it_is_offered(void **state)
{
    struct cpmsync_command command;

    (void)state;
    choose("PLAIN", true, "AUTH=PLAIN SASL-IR", "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n", 0);
    choose("PLAIN", true, "AUTH=PLAIN LITERAL+", "C1 AUTHENTICATE PLAIN\r\n", 0);
    choose("SCRAM-SHA-256", true, "AUTH=SCRAM-SHA-256", "C1 AUTHENTICATE SCRAM-SHA-256\r\n", 0);
    /* An empty one, and one too long for a quoted string: neither quoted nor a literal. */
    cpmsync_command_init(&command, NULL, CPMSYNC_COMMAND_LINE_MAX, CPMSYNC_LITERALS_PLUS);
    cpmsync_command_begin(&command, "AUTHENTICATE EXTERNAL");
    cpmsync_command_base64(&command, CPMSYNC_SLICE("="));
    assert_int_equal(cpmsync_command_end(&command), 0);
    assert_true(cpmsync_slice_eq(cpmsync_buf_slice(&command.bytes), CPMSYNC_SLICE("AUTHENTICATE EXTERNAL =")));
    cpmsync_command_clear(&command);
    char text[CPMSYNC_QUOTED_MAX + 4 - CPMSYNC_QUOTED_MAX % 4];
    memset(text, 'A', sizeof text);
    cpmsync_command_init(&command, NULL, CPMSYNC_COMMAND_LINE_MAX, CPMSYNC_LITERALS_PLUS);
    cpmsync_command_begin(&command, "AUTHENTICATE PLAIN");
    cpmsync_command_base64(&command, cpmsync_slice_of(text, sizeof text));
    assert_int_equal(cpmsync_command_end(&command), 0);
    assert_int_equal(command.bytes.len, strlen("AUTHENTICATE PLAIN ") + sizeof text);
    assert_int_equal(command.break_count, 0);
    cpmsync_command_clear(&command);
}

static void test_under_tls_the_choice_saves_flights(void **state)
{
    (void)state;
    choose(NULL, true, "AUTH=SCRAM-SHA-256 AUTH=PLAIN SASL-IR", "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n", 0);
    choose(NULL, true, "AUTH=PLAIN", "C1 LOGIN user pencil\r\n", 0);
    choose(NULL, true, "AUTH=PLAIN LOGINDISABLED", "C1 AUTHENTICATE PLAIN\r\n", 0);
    choose(NULL, true, "AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256 LOGINDISABLED SASL-IR",
        "C1 AUTHENTICATE SCRAM-SHA-256 " SCRAM_FIRST "\r\n", 0);
    choose(NULL, true, "AUTH=SCRAM-SHA-1 LOGINDISABLED", "C1 AUTHENTICATE SCRAM-SHA-1\r\n", 0);
    choose(NULL, true, "LOGINDISABLED AUTH=GSSAPI", NULL, CPMSYNC_ERR_AUTH_MECHANISM);
}

static void test_in_clear_the_password_is_shown_last(void **state)
{
    (void)state;
    choose(NULL, false, "AUTH=PLAIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 SASL-IR",
        "C1 AUTHENTICATE SCRAM-SHA-256 " SCRAM_FIRST "\r\n", 0);
    choose(NULL, false, "AUTH=PLAIN AUTH=SCRAM-SHA-1 SASL-IR", "C1 AUTHENTICATE SCRAM-SHA-1 " SCRAM_FIRST "\r\n", 0);
    choose(NULL, false, "AUTH=PLAIN SASL-IR", "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n", 0);
    choose(NULL, false, "", "C1 LOGIN user pencil\r\n", 0);
}

static void test_s_06_login_is_not_sent_while_it_is_disabled(void **state)
{
    (void)state;
    choose(NULL, false, "LOGINDISABLED", NULL, CPMSYNC_ERR_AUTH_MECHANISM);
    choose("LOGIN", true, "LOGINDISABLED AUTH=PLAIN", NULL, CPMSYNC_ERR_AUTH_MECHANISM);
}

static void test_pf_128_a_mechanism_asked_for_is_not_exchanged_for_another(void **state)
{
    (void)state;
    choose("SCRAM-SHA-256", true, "AUTH=PLAIN AUTH=SCRAM-SHA-1 SASL-IR", NULL, CPMSYNC_ERR_AUTH_MECHANISM);
    choose("PLAIN", true, "AUTH=SCRAM-SHA-256", NULL, CPMSYNC_ERR_AUTH_MECHANISM);
    choose("CRAM-MD5", true, "AUTH=CRAM-MD5", NULL, CPMSYNC_ERR_AUTH_MECHANISM);
    choose("login", true, "AUTH=PLAIN SASL-IR", "C1 LOGIN user pencil\r\n", 0);
    choose("scram-sha-1", true, "AUTH=PLAIN AUTH=SCRAM-SHA-1 SASL-IR",
        "C1 AUTHENTICATE SCRAM-SHA-1 " SCRAM_FIRST "\r\n", 0);
}

static void test_another_identity_is_never_left_out(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.authzid = "boss";
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1] hello\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH_MECHANISM);
    support_talk_close(&t);
    support_talk_init(&t);
    t.authzid = "boss";
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN Ym9zcwB1c2VyAHBlbmNpbA==\r\n");
    support_talk_close(&t);
}

/* ---- the exchanges */

static void login_script(struct support_talk *t)
{
    t->user = "us\"er";
    t->password = "p\xc3\xa9ncil";
    support_talk_open(t, true);
    support_talk_server(t, "* OK [CAPABILITY IMAP4rev1] hello\r\n");
    support_talk_client(t, "C1 LOGIN \"us\\\"er\" {7}\r\n");
    support_talk_server(t, "* OK still here\r\n+ go on\r\n");
    support_talk_client(t, "p\xc3\xa9ncil\r\n");
    support_talk_server(t, "C1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n");
    support_talk_heard(t, "login|ready");
    support_talk_close(t);
}

static void test_login_with_a_literal(void **state)
{
    (void)state;
    support_talk_sweep(login_script);
}

static void plain_script(struct support_talk *t)
{
    t->config.mechanism = "PLAIN";
    support_talk_open(t, true);
    support_talk_server(t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n");
    support_talk_client(t, "C1 AUTHENTICATE PLAIN\r\n");
    support_talk_server(t, "+ \r\n");
    support_talk_client(t, PLAIN_IR "\r\n");
    support_talk_server(t, "* CAPABILITY IMAP4rev1 IDLE\r\nC1 OK in\r\n");
    support_talk_heard(t, "login|ready");
    support_talk_close(t);
}

static void test_s_12_plain_without_sasl_ir_waits_for_the_empty_challenge(void **state)
{
    (void)state;
    support_talk_sweep(plain_script);
}

static void test_g_16_a_continuation_without_a_space_is_one(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, "PLAIN");
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN\r\n");
    support_talk_server(&t, "+\r\n");
    support_talk_client(&t, PLAIN_IR "\r\n");
    support_talk_close(&t);
}

static void test_s_10_a_challenge_nobody_expects_is_cancelled(void **state)
{
    struct support_talk t;

    (void)state;
    open_with(&t, "PLAIN");
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
    support_talk_server(&t, "+ aGVsbG8=\r\n+ aGVsbG8=\r\n");
    support_talk_client(&t, "*\r\n");
    support_talk_server(&t, "C1 BAD cancelled\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_close(&t);
    open_with(&t, "PLAIN");
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE PLAIN\r\n");
    support_talk_server(&t, "+ not base64\r\n");
    support_talk_client(&t, "*\r\n");
    support_talk_server(&t, "C1 OK in all the same\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_PROTOCOL);
    support_talk_close(&t);
}

static void hash(struct support_talk *t)
{
    if (t->session && cpmsync_session_busy(t->session))
        (void)cpmsync_session_tick(t->session, t->now, 0);
}

static void scram_script(struct support_talk *t)
{
    t->config.mechanism = "SCRAM-SHA-256";
    support_talk_open(t, true);
    support_talk_server(t, "* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hello\r\n");
    support_talk_client(t, "C1 AUTHENTICATE SCRAM-SHA-256 " SCRAM_FIRST "\r\n");
    support_talk_server(t, "+ " SCRAM_SERVER_FIRST "\r\n");
    support_talk_client(t, "");
    hash(t);
    support_talk_client(t, SCRAM_FINAL "\r\n");
    support_talk_server(t, "+ " SCRAM_SERVER_FINAL "\r\n");
    support_talk_client(t, "\r\n");
    support_talk_server(t, "C1 OK [CAPABILITY IMAP4rev1] in\r\n");
    support_talk_heard(t, "login|ready");
    support_talk_close(t);
}

static void test_s_16_scram_answers_the_final_message_with_an_empty_line(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    scram_script(&t);
    assert_string_equal(t.traced, "* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hello\r\n"
                                  "C1 AUTHENTICATE SCRAM-SHA-256 <secret>\r\n"
                                  "+ <secret>\r\n<secret>\r\n+ <secret>\r\n\r\n"
                                  "C1 OK [CAPABILITY IMAP4rev1] in\r\n");
}

static void scram_until_final(struct support_talk *t)
{
    open_with(t, "SCRAM-SHA-256");
    support_talk_server(t, "* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256] hello\r\n");
    support_talk_client(t, "C1 AUTHENTICATE SCRAM-SHA-256\r\n");
    support_talk_server(t, "+ \r\n");
    support_talk_client(t, SCRAM_FIRST "\r\n");
    support_talk_server(t, "+ " SCRAM_SERVER_FIRST "\r\n");
    hash(t);
    support_talk_client(t, SCRAM_FINAL "\r\n");
}

static void test_s_15_an_ok_without_the_servers_signature_fails(void **state)
{
    struct support_talk t;

    (void)state;
    scram_until_final(&t);
    support_talk_server(&t, "C1 OK [CAPABILITY IMAP4rev1] in\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH_SERVER);
    support_talk_close(&t);
    scram_until_final(&t);
    support_talk_server(&t, "+ " SCRAM_WRONG_FINAL "\r\n");
    support_talk_client(&t, "*\r\n");
    support_talk_server(&t, "C1 OK in\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH_SERVER);
    assert_false(t.facts.last_login_ok);
    support_talk_close(&t);
    open_with(&t, "SCRAM-SHA-256");
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE SCRAM-SHA-256 " SCRAM_FIRST "\r\n");
    support_talk_server(&t, "C1 OK in\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH_SERVER);
    support_talk_close(&t);
}

static void test_r28_hashing_is_sliced_by_the_budget_of_tick(void **state)
{
    struct support_talk t;
    int slices = 0;

    (void)state;
    open_with(&t, "SCRAM-SHA-256");
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE SCRAM-SHA-256 " SCRAM_FIRST "\r\n");
    support_talk_server(&t, "+ " SCRAM_SERVER_FIRST "\r\n");
    assert_int_equal(t.crypto.rounds, 0);
    assert_int_equal(cpmsync_session_tick(t.session, t.now, 10), 0);
    assert_int_equal(t.crypto.rounds, 1);
    assert_int_equal(cpmsync_session_tick(t.session, t.now, 64 * 100 + 5), 5);
    assert_int_equal(t.crypto.rounds, 101);
    /* The server owes us nothing meanwhile. */
    assert_true(cpmsync_session_expiry(t.session) == CPMSYNC_NEVER);
    for (; cpmsync_session_busy(t.session); slices++)
        (void)cpmsync_session_tick(t.session, t.now, 64 * 1000);
    assert_int_equal(slices, 4);
    support_talk_client(&t, SCRAM_FINAL "\r\n");
    support_talk_close(&t);
}

static void test_r28_too_many_iterations_are_refused(void **state)
{
    struct support_talk t;

    (void)state;
    support_talk_init(&t);
    t.config.mechanism = "SCRAM-SHA-256";
    t.config.scram_iterations_max = 4095;
    support_talk_open(&t, true);
    support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hello\r\n");
    support_talk_client(&t, "C1 AUTHENTICATE SCRAM-SHA-256 " SCRAM_FIRST "\r\n");
    support_talk_server(&t, "+ " SCRAM_SERVER_FIRST "\r\n");
    support_talk_client(&t, "*\r\n");
    support_talk_server(&t, "C1 BAD cancelled\r\n");
    support_talk_failed(&t, CPMSYNC_ERR_AUTH_ITERATIONS);
    assert_int_equal(t.crypto.rounds, 0);
    support_talk_close(&t);
}

/* ---- the answer */

static void test_pf_83_refusals_and_what_they_mean(void **state)
{
    static const struct {
        const char *answer;
        int error;
    } answers[] = {{"C1 NO [AUTHENTICATIONFAILED] wrong\r\n", CPMSYNC_ERR_AUTH}, {"C1 NO wrong\r\n", CPMSYNC_ERR_AUTH},
        {"C1 NO [AUTHORIZATIONFAILED] wrong\r\n", CPMSYNC_ERR_AUTH}, {"C1 NO [EXPIRED] wrong\r\n", CPMSYNC_ERR_AUTH},
        {"C1 NO [UNAVAILABLE] wrong\r\n", CPMSYNC_ERR_AUTH_UNAVAILABLE},
        {"C1 NO [LIMIT] wrong\r\n", CPMSYNC_ERR_SERVER_LIMIT}, {"C1 NO [INUSE] wrong\r\n", CPMSYNC_ERR_IN_USE},
        {"C1 NO [PRIVACYREQUIRED] wrong\r\n", CPMSYNC_ERR_TLS_REQUIRED}, {"C1 BAD wrong\r\n", CPMSYNC_ERR_BAD},
        {"C1 NO [REFERRAL imap://;AUTH=*@evil.example/] wrong\r\n", CPMSYNC_ERR_AUTH}};
    struct support_talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        open_with(&t, NULL);
        t.facts.last_login_ok = true;
        support_talk_server(&t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
        support_talk_client(&t, "C1 AUTHENTICATE PLAIN " PLAIN_IR "\r\n");
        support_talk_server(&t, answers[i].answer);
        support_talk_failed(&t, answers[i].error);
        assert_string_equal(cpmsync_session_error(t.session)->text, "wrong");
        assert_int_equal(t.facts.last_login_ok, answers[i].error != CPMSYNC_ERR_AUTH);
        /* P-09: what else comes is fallout. */
        support_talk_server(&t, "C2 BAD fallout\r\n* 1 EXISTS\r\n");
        support_talk_heard(&t, "login|failed");
        support_talk_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s_11_an_initial_response_only_where_it_is_offered),
        cmocka_unit_test(test_under_tls_the_choice_saves_flights),
        cmocka_unit_test(test_in_clear_the_password_is_shown_last),
        cmocka_unit_test(test_s_06_login_is_not_sent_while_it_is_disabled),
        cmocka_unit_test(test_pf_128_a_mechanism_asked_for_is_not_exchanged_for_another),
        cmocka_unit_test(test_another_identity_is_never_left_out),
        cmocka_unit_test(test_login_with_a_literal),
        cmocka_unit_test(test_s_12_plain_without_sasl_ir_waits_for_the_empty_challenge),
        cmocka_unit_test(test_g_16_a_continuation_without_a_space_is_one),
        cmocka_unit_test(test_s_10_a_challenge_nobody_expects_is_cancelled),
        cmocka_unit_test(test_s_16_scram_answers_the_final_message_with_an_empty_line),
        cmocka_unit_test(test_s_15_an_ok_without_the_servers_signature_fails),
        cmocka_unit_test(test_r28_hashing_is_sliced_by_the_budget_of_tick),
        cmocka_unit_test(test_r28_too_many_iterations_are_refused),
        cmocka_unit_test(test_pf_83_refusals_and_what_they_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
