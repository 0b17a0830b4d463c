/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"
#include "scram_client.h"

#include <stdio.h>

static struct talk *in_clear(bool require_tls)
{
    struct cpmsync_mock_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.starttls = 1;
    config.require_tls = require_tls;
    return talk_new(&config);
}

static void test_ms_08_starttls_throws_away_what_stands_behind_it(void **state)
{
    struct talk *talk = in_clear(false);
    (void)state;
    int conn = talk_connect(talk, false);
    assert_true(talk_has(talk, " STARTTLS "));
    talk_expect(talk, conn, "a STARTTLS\nb LOGIN test test\nc NOOP\n", "a OK Begin TLS negotiation now\n");
    assert_true(cpmsync_mock_wants_starttls(talk->mock, conn));
    assert_string_equal(talk_say(talk, conn, "d NOOP\n"), "");
    cpmsync_mock_secured(talk->mock, conn);
    assert_false(cpmsync_mock_wants_starttls(talk->mock, conn));
    talk_expect_no(talk, conn, "e CAPABILITY\n", "STARTTLS");
    talk_expect(talk, conn, "f STARTTLS\n", "f BAD Unknown command\n");
    talk_expect_has(talk, conn, "g LOGIN test test\n", "g OK ");
    talk_free(talk);
}

static void test_ms_08_starttls_is_not_offered_under_tls_or_after_login(void **state)
{
    struct talk *talk = in_clear(false);
    (void)state;
    int conn = talk_connect(talk, true);
    assert_false(talk_has(talk, "STARTTLS"));
    conn = talk_connect(talk, false);
    talk_expect_no(talk, conn, "a LOGIN test test\n", "STARTTLS");
    talk_expect_has(talk, conn, "a STARTTLS\n", "a BAD ");
    talk_free(talk);
}

static void test_ms_09_capability_code_in_greeting_and_login(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    assert_true(talk_has(talk, "* OK [CAPABILITY IMAP4rev1 "));
    assert_false(talk_has(talk, "QRESYNC"));
    talk_expect_has(talk, conn, "a LOGIN test test\n", "a OK [CAPABILITY IMAP4rev1 ");
    assert_true(talk_has(talk, " QRESYNC "));
    assert_false(talk_has(talk, "AUTH="));
    conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN AHRlc3QAdGVzdA==\n", "a OK [CAPABILITY ");
    talk_fault(talk, "no-capability-code");
    conn = talk_connect(talk, true);
    assert_string_equal(talk->answer, "* OK cpm-mockserver ready\n");
    talk_expect(talk, conn, "a LOGIN test test\n", "a OK LOGIN completed\n");
    conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a AUTHENTICATE PLAIN AHRlc3QAdGVzdA==\n", "a OK AUTHENTICATE completed\n");
}

static void test_ms_09_logindisabled_refuses_the_right_password(void **state)
{
    struct talk *talk = in_clear(true);
    (void)state;
    int conn = talk_connect(talk, false);
    assert_true(talk_has(talk, " LOGINDISABLED"));
    assert_false(talk_has(talk, "AUTH="));
    talk_expect(talk, conn, "a LOGIN test test\n", "a NO [PRIVACYREQUIRED] LOGIN is disabled\n");
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN AHRlc3QAdGVzdA==\n", "a NO ");
    talk_expect_has(talk, conn, "b STARTTLS\n", "b OK ");
    cpmsync_mock_secured(talk->mock, conn);
    talk_expect_no(talk, conn, "c CAPABILITY\n", "LOGINDISABLED");
    talk_expect_has(talk, conn, "d LOGIN test test\n", "d OK ");
    talk_fault(talk, "logindisabled");
    conn = talk_connect(talk, true);
    assert_true(talk_has(talk, " LOGINDISABLED"));
    talk_expect_has(talk, conn, "a LOGIN test test\n", "a NO ");
    talk_free(talk);
}

static void test_ms_10_plain_with_and_without_initial_response(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN AHRlc3QAd3Jvbmc=\n", "a NO [AUTHENTICATIONFAILED]");
    talk_expect(talk, conn, "a AUTHENTICATE PLAIN\n", "+ \n");
    talk_expect_has(talk, conn, "AHRlc3QAdGVzdA==\n", "a OK ");
    conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN =\n", "a BAD ");
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN !!!!\n", "a BAD ");
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN dGVzdA==\n", "a BAD ");
    talk_expect_has(talk, conn, "a AUTHENTICATE FOO\n", "a NO ");
    /* authzid: oneself, and somebody else */
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN b3RoZXIAdGVzdAB0ZXN0\n", "a NO ");
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q=\n", "a OK ");
}

static void test_ms_10_a_star_cancels_and_is_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a AUTHENTICATE PLAIN\n", "+ \n");
    talk_expect(talk, conn, "*\n", "a BAD AUTHENTICATE cancelled\n");
    talk_expect_has(talk, conn, "b NOOP\n", "b OK ");
    talk_expect(talk, conn, "c AUTHENTICATE SCRAM-SHA-256\n", "+ \n");
    talk_expect_has(talk, conn, "biwsbj10ZXN0LHI9YWJj\n", "+ ");
    talk_expect(talk, conn, "*\n", "c BAD AUTHENTICATE cancelled\n");
}

static void test_ms_10_without_sasl_ir_an_initial_response_is_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "no-sasl-ir");
    int conn = talk_connect(talk, true);
    assert_false(talk_has(talk, "SASL-IR"));
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN AHRlc3QAdGVzdA==\n", "a BAD ");
    talk_expect(talk, conn, "a AUTHENTICATE PLAIN\n", "+ \n");
    talk_expect_has(talk, conn, "AHRlc3QAdGVzdA==\n", "a OK ");
}

/* ---- SCRAM ---- */

/* Sends the first message and hears the server's. */
static void begin(struct talk *talk, int conn, const char *mechanism, const char *nonce, struct scram_client *s)
{
    char first[200], line[400];
    memset(s, 0, sizeof *s);
    s->sha1 = strcmp(mechanism, "SCRAM-SHA-1") == 0;
    s->gs2 = "n,,";
    s->user = "test";
    s->nonce = nonce;
    scram_client_first(s, first, sizeof first);
    snprintf(line, sizeof line, "a AUTHENTICATE %s %s\n", mechanism, first);
    talk_say(talk, conn, line);
    assert_int_equal(strncmp(talk->answer, "+ ", 2), 0);
    scram_client_hear(s, talk->answer + 2);
}

static void finish(struct talk *talk, int conn, struct scram_client *s)
{
    char line[2000];
    scram_client_final(s, line, sizeof line - 2);
    strcat(line, "\n");
    talk_say(talk, conn, line);
}

static void expect_signature(const struct talk *talk, const struct scram_client *s, bool right)
{
    assert_int_equal(strncmp(talk->answer, "+ ", 2), 0);
    assert_int_equal(scram_client_believes(s, talk->answer + 2), right);
}

static void scram_logs_in(struct talk *talk, const char *mechanism)
{
    struct scram_client s;
    int conn = talk_connect(talk, true);
    begin(talk, conn, mechanism, "fyko+d2lbbFgONRv9qkxdawL", &s);
    assert_int_equal(strncmp(s.server_first, "r=fyko+d2lbbFgONRv9qkxdawL", 26), 0);
    assert_true(strstr(s.server_first, ",s=") - s.server_first > 26);
    scram_client_compute(&s, "test");
    finish(talk, conn, &s);
    expect_signature(talk, &s, true);
    talk_expect_has(talk, conn, "\n", "a OK [CAPABILITY ");
    talk_expect_has(talk, conn, "b SELECT INBOX\n", "b OK ");
}

static void test_ms_10_scram_sha_256_and_sha_1_prove_both_sides(void **state)
{
    scram_logs_in((struct talk *)*state, "SCRAM-SHA-256");
    scram_logs_in((struct talk *)*state, "SCRAM-SHA-1");
}

static void test_ms_10_scram_refuses_a_wrong_proof_and_a_wrong_nonce(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct scram_client s;
    int conn = talk_connect(talk, true);
    begin(talk, conn, "SCRAM-SHA-256", "abcdef", &s);
    scram_client_compute(&s, "wrong");
    finish(talk, conn, &s);
    assert_true(talk_has(talk, "a NO [AUTHENTICATIONFAILED]"));
    begin(talk, conn, "SCRAM-SHA-256", "abcdef", &s);
    scram_client_compute(&s, "test");
    s.server_first[2] = 'X';
    finish(talk, conn, &s);
    assert_true(talk_has(talk, "a NO [AUTHENTICATIONFAILED]"));
    /* the final answer must be empty */
    begin(talk, conn, "SCRAM-SHA-256", "abcdef", &s);
    scram_client_compute(&s, "test");
    finish(talk, conn, &s);
    talk_expect_has(talk, conn, "AAAA\n", "a BAD ");
    talk_expect_has(talk, conn, "b SELECT INBOX\n", "b BAD ");
    /* channel binding is not offered */
    talk_expect_has(talk, conn, "a AUTHENTICATE SCRAM-SHA-256 cD10bHMtdW5pcXVlLCxuPXRlc3Qscj1hYmM=\n", "a BAD ");
}

static void test_ms_10_scram_faults(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct scram_client s;
    int conn = talk_connect(talk, true);
    talk_fault(talk, "scram-iterations=77");
    talk_fault(talk, "scram-signature");
    begin(talk, conn, "SCRAM-SHA-256", "abcdef", &s);
    assert_non_null(strstr(s.server_first, ",i=77"));
    scram_client_compute(&s, "test");
    finish(talk, conn, &s);
    expect_signature(talk, &s, false);
    talk_expect_has(talk, conn, "*\n", "a BAD ");
    talk_fault(talk, "scram-nonce");
    begin(talk, conn, "SCRAM-SHA-256", "abcdef", &s);
    assert_int_not_equal(strncmp(s.server_first, "r=abcdef", 8), 0);
}

static void test_ms_12_enable_lists_only_what_it_enabled(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    char before[2000];
    talk_say(talk, conn, "a CAPABILITY\n");
    assert_true(strlen(talk->answer) < sizeof before);
    memcpy(before, talk->answer, strlen(talk->answer) + 1);
    talk_expect(talk, conn, "a ENABLE FOO BAR=1\n", "* ENABLED\na OK ENABLE completed\n");
    talk_expect(talk, conn, "a ENABLE qresync foo\n", "* ENABLED QRESYNC\na OK ENABLE completed\n");
    talk_expect(talk, conn, "a ENABLE QRESYNC\n", "* ENABLED\na OK ENABLE completed\n");
    talk_expect_has(talk, conn, "a ENABLE\n", "a BAD ");
    talk_expect(talk, conn, "a CAPABILITY\n", before);
    conn = talk_login(talk, false);
    talk_expect(talk, conn, "a ENABLE CONDSTORE QRESYNC\n", "* ENABLED CONDSTORE QRESYNC\na OK ENABLE completed\n");
}

static void test_ms_40_enable_refused_or_empty(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_fault(talk, "enabled-empty");
    talk_expect(talk, conn, "a ENABLE QRESYNC\n", "* ENABLED\na OK ENABLE completed\n");
    talk_expect_has(talk, conn, "a SELECT INBOX (QRESYNC (1 1))\n", "a BAD ");
    talk_fault(talk, "enable-refused");
    talk_expect(talk, conn, "a ENABLE QRESYNC\n", "a BAD ENABLE is refused\n");
}

static void test_what_is_not_advertised_does_not_work(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 ENABLE CONDSTORE X-UNKNOWN";
    struct talk *talk = talk_new(&config);
    int conn = talk_connect(talk, true);
    assert_string_equal(talk->answer, "* OK [CAPABILITY IMAP4rev1 ENABLE X-UNKNOWN] cpm-mockserver ready\n");
    talk_expect(
        talk, conn, "a LOGIN test test\n", "a OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE X-UNKNOWN] LOGIN completed\n");
    talk_expect(talk, conn, "a ENABLE QRESYNC\n", "* ENABLED\na OK ENABLE completed\n");
    talk_expect_has(talk, conn, "a NAMESPACE\n", "a BAD ");
    talk_expect_has(talk, conn, "a SELECT INBOX (CONDSTORE)\n", "a OK ");
    talk_expect_has(talk, conn, "a UNSELECT\n", "a BAD ");
    talk_expect_has(talk, conn, "a UID EXPUNGE 1\n", "a BAD ");
    talk_free(talk);
}

static void test_logout_says_bye_first_and_ends(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    assert_false(cpmsync_mock_closed(talk->mock, conn));
    talk_expect(talk, conn, "a LOGOUT\nb NOOP\n", "* BYE Logging out\na OK LOGOUT completed\n");
    assert_true(cpmsync_mock_closed(talk->mock, conn));
    assert_int_equal(cpmsync_mock_feed(talk->mock, conn, "x", 1), CPMSYNC_ERR_CLOSED);
    cpmsync_mock_disconnect(talk->mock, conn);
    assert_int_equal(cpmsync_mock_feed(talk->mock, conn, "x", 1), CPMSYNC_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ms_08_starttls_throws_away_what_stands_behind_it),
        cmocka_unit_test(test_ms_08_starttls_is_not_offered_under_tls_or_after_login),
        cmocka_unit_test_setup_teardown(test_ms_09_capability_code_in_greeting_and_login, talk_setup, talk_teardown),
        cmocka_unit_test(test_ms_09_logindisabled_refuses_the_right_password),
        cmocka_unit_test_setup_teardown(test_ms_10_plain_with_and_without_initial_response, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_10_a_star_cancels_and_is_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_10_without_sasl_ir_an_initial_response_is_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_10_scram_sha_256_and_sha_1_prove_both_sides, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_10_scram_refuses_a_wrong_proof_and_a_wrong_nonce, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_10_scram_faults, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_12_enable_lists_only_what_it_enabled, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_40_enable_refused_or_empty, talk_setup, talk_teardown),
        cmocka_unit_test(test_what_is_not_advertised_does_not_work),
        cmocka_unit_test_setup_teardown(test_logout_says_bye_first_and_ends, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
