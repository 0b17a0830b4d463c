/* SPDX-License-Identifier: MIT */
/* Mechanisms beside PLAIN and SCRAM without a binding, and acting for another (MS-10). */
#include "mock_talk.h"
#include "scram_client.h"

#include <stdio.h>

#include <mbedtls/base64.h>

/* test:test, the participating function pf:pf, and other:other. */
static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "pf", "pf"), 0);
    assert_int_equal(cpmsync_mock_user_participating(talk->mock, "pf", 1), 0);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "other"), 0);
    *state = talk;
    return 0;
}

static const char END_POINT[] = "the hash of a certificate", UNIQUE[] = "a Finished message";

static int connect_over(struct talk *talk, const char *client, bool bound)
{
    struct cpmsync_mock_channel channel;
    memset(&channel, 0, sizeof channel);
    channel.size = sizeof channel;
    channel.client = client;
    if (bound) {
        channel.server_end_point = END_POINT;
        channel.server_end_point_len = sizeof END_POINT - 1;
        channel.unique = UNIQUE;
        channel.unique_len = sizeof UNIQUE - 1;
    }
    int conn = cpmsync_mock_connect_over(talk->mock, &channel);
    assert_true(conn > 0);
    talk_hear(talk, conn);
    return conn;
}

/* "a AUTHENTICATE MECHANISM base64", or a line of base64 only. */
static const char *authenticate(struct talk *talk, int conn, const char *mechanism, const void *message, size_t len)
{
    char coded[800], line[1000];
    size_t written;
    assert_int_equal(
        mbedtls_base64_encode((unsigned char *)coded, sizeof coded, &written, (const unsigned char *)message, len), 0);
    if (mechanism)
        snprintf(line, sizeof line, "a AUTHENTICATE %s %s\n", mechanism, coded);
    else
        snprintf(line, sizeof line, "%s\n", coded);
    return talk_say(talk, conn, line);
}

#define AUTHENTICATE(conn, mechanism, literal) authenticate(talk, conn, mechanism, literal, sizeof(literal) - 1)

static void expect_begins(const char *answer, const char *wanted)
{
    if (strncmp(answer, wanted, strlen(wanted)) != 0)
        fail_msg("%s does not begin with %s", answer, wanted);
}

static void expect_json(const char *answer, const char *status)
{
    char text[300];
    size_t len;
    expect_begins(answer, "+ ");
    assert_int_equal(mbedtls_base64_decode((unsigned char *)text, sizeof text - 1, &len,
                         (const unsigned char *)answer + 2, strcspn(answer + 2, "\n")),
        0);
    text[len] = 0;
    assert_non_null(strstr(text, status));
}

static void expect_store_of(struct talk *talk, int conn, const char *user)
{
    struct cpmsync_mock_status status;
    talk_expect_has(talk, conn, "b APPEND INBOX {5+}\nhello\n", "b OK ");
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, user, "INBOX", &status), 0);
    assert_int_equal(status.messages, 1);
}

static void test_ms_10_login_asks_for_name_and_password(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    assert_true(talk_has(talk, " AUTH=LOGIN"));
    talk_expect(talk, conn, "a AUTHENTICATE LOGIN\n", "+ VXNlcm5hbWU6\n");
    talk_expect(talk, conn, "dGVzdA==\n", "+ UGFzc3dvcmQ6\n");
    expect_begins(AUTHENTICATE(conn, NULL, "wrong"), "a NO [AUTHENTICATIONFAILED]");
    talk_expect(talk, conn, "a AUTHENTICATE LOGIN bm9ib2R5\n", "+ UGFzc3dvcmQ6\n");
    talk_expect_has(talk, conn, "dGVzdA==\n", "a NO [AUTHENTICATIONFAILED]");
    talk_expect(talk, conn, "a AUTHENTICATE LOGIN dGVzdA==\n", "+ UGFzc3dvcmQ6\n");
    talk_expect_has(talk, conn, "*\n", "a BAD ");
    talk_expect(talk, conn, "a AUTHENTICATE LOGIN dGVzdA==\n", "+ UGFzc3dvcmQ6\n");
    talk_expect_has(talk, conn, "dGVzdA==\n", "a OK ");
}

static void test_ms_10_external_takes_the_name_of_the_certificate(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    assert_false(talk_has(talk, "AUTH=EXTERNAL"));
    talk_expect_has(talk, conn, "a AUTHENTICATE EXTERNAL =\n", "a NO [CANNOT]");
    conn = connect_over(talk, "nobody", false);
    assert_true(talk_has(talk, " AUTH=EXTERNAL"));
    talk_expect_has(talk, conn, "a AUTHENTICATE EXTERNAL =\n", "a NO [AUTHENTICATIONFAILED]");
    conn = connect_over(talk, "other", false);
    expect_begins(AUTHENTICATE(conn, "EXTERNAL", "test"), "a NO [AUTHORIZATIONFAILED]");
    expect_begins(AUTHENTICATE(conn, "EXTERNAL", "te\0st"), "a BAD ");
    talk_expect(talk, conn, "a AUTHENTICATE EXTERNAL\n", "+ \n");
    talk_expect_has(talk, conn, "\n", "a OK ");
    expect_store_of(talk, conn, "other");
    conn = connect_over(talk, "test", false);
    expect_begins(AUTHENTICATE(conn, "EXTERNAL", "test"), "a OK ");
}

static void test_ms_10_starttls_tells_of_the_channel(void **state)
{
    struct cpmsync_mock_config config;
    struct cpmsync_mock_channel channel;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.starttls = 1;
    struct talk *talk = talk_new(&config);
    memset(&channel, 0, sizeof channel);
    channel.size = sizeof channel;
    channel.client = "test";
    int conn = talk_connect(talk, false);
    assert_false(talk_has(talk, "OAUTHBEARER"));
    talk_say(talk, conn, "a STARTTLS\n");
    assert_int_equal(cpmsync_mock_secured_over(talk->mock, conn, &channel), 0);
    talk_expect_has(talk, conn, "a CAPABILITY\n", " AUTH=EXTERNAL AUTH=OAUTHBEARER");
    talk_expect_has(talk, conn, "a AUTHENTICATE EXTERNAL =\n", "a OK ");
    channel.size--;
    assert_int_equal(cpmsync_mock_connect_over(talk->mock, &channel), CPMSYNC_ERR_INVALID_ARGUMENT);
    talk_free(talk);
}

static void test_ms_10_oauthbearer_takes_a_token(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_user_token(talk->mock, "other", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="), 0);
    int conn = talk_connect(talk, true);
    assert_true(talk_has(talk, " AUTH=OAUTHBEARER"));
    expect_begins(AUTHENTICATE(conn, "OAUTHBEARER",
                      "n,a=other,\1host=server.example.com\1port=143\1auth=Bearer "
                      "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"),
        "a OK ");
    expect_store_of(talk, conn, "other");
    conn = talk_connect(talk, true);
    expect_begins(
        AUTHENTICATE(conn, "OAUTHBEARER", "y,,\1auth=bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1x=y\1\1"),
        "a OK ");
}

static void test_ms_10_oauthbearer_fails_with_a_challenge(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char *const BROKEN[] = {"n,,", "n,,\1", "n,,\1auth=Bearer x", "n,,\1auth=Bearer x\1",
        "n,,auth=Bearer x\1\1", "p=tls-unique,,\1auth=Bearer x\1\1", "n,a=,\1auth=Bearer x\1\1",
        "n,a=b\1auth=Bearer x\1\1", "n,,\1=Bearer x\1\1", "n,,\1auth\1\1", "\1"};
    size_t i;
    assert_int_equal(cpmsync_mock_user_token(talk->mock, "other", "token"), 0);
    int conn = talk_connect(talk, true);
    expect_json(AUTHENTICATE(conn, "OAUTHBEARER", "n,,\1auth=Bearer wrong\1\1"), "{\"status\":\"invalid_token\"");
    talk_expect(talk, conn, "AQ==\n", "a NO [AUTHENTICATIONFAILED] Wrong user name or password\n");
    expect_json(AUTHENTICATE(conn, "OAUTHBEARER", "n,,\1auth=Basic token\1\1"), "invalid_token");
    talk_expect_has(talk, conn, "*\n", "a BAD ");
    expect_json(AUTHENTICATE(conn, "OAUTHBEARER", "n,,\1host=x\1\1"), "invalid_token");
    expect_begins(AUTHENTICATE(conn, NULL, "x"), "a BAD ");
    expect_json(AUTHENTICATE(conn, "OAUTHBEARER", "n,a=test,\1auth=Bearer token\1\1"), "insufficient_scope");
    talk_expect_has(talk, conn, "AQ==\n", "a NO [AUTHORIZATIONFAILED]");
    for (i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++)
        expect_begins(authenticate(talk, conn, "OAUTHBEARER", BROKEN[i], strlen(BROKEN[i])), "a BAD ");
    talk_expect_has(talk, conn, "b SELECT INBOX\n", "b BAD ");
}

static void test_ms_10_only_a_participating_function_acts_for_others(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    expect_begins(AUTHENTICATE(conn, "PLAIN", "test\0other\0other"), "a NO [AUTHORIZATIONFAILED]");
    expect_begins(AUTHENTICATE(conn, "PLAIN", "test\0pf\0wrong"), "a NO [AUTHENTICATIONFAILED]");
    expect_begins(AUTHENTICATE(conn, "PLAIN", "nobody\0pf\0pf"), "a NO [AUTHORIZATIONFAILED]");
    expect_begins(AUTHENTICATE(conn, "PLAIN", "test\0pf\0pf"), "a OK ");
    expect_store_of(talk, conn, "test");
    assert_int_equal(cpmsync_mock_user_token(talk->mock, "pf", "token"), 0);
    conn = talk_connect(talk, true);
    expect_begins(AUTHENTICATE(conn, "OAUTHBEARER", "n,a=other,\1auth=Bearer token\1\1"), "a OK ");
    expect_store_of(talk, conn, "other");
    conn = connect_over(talk, "pf", false);
    expect_begins(AUTHENTICATE(conn, "EXTERNAL", "pf"), "a OK ");
    expect_store_of(talk, conn, "pf");
    assert_int_equal(cpmsync_mock_user_participating(talk->mock, "pf", 0), 0);
    conn = connect_over(talk, "pf", false);
    expect_begins(AUTHENTICATE(conn, "EXTERNAL", "other"), "a NO [AUTHORIZATIONFAILED]");
}

/* ---- SCRAM ---- */

/* The answer to the final message; the client's believing in it is checked when there is a challenge. */
static const char *scram(
    struct talk *talk, int conn, const char *mechanism, struct scram_client *s, const char *password)
{
    char coded[2000], line[2100];
    s->nonce = "rOprNGfwEbeRWgbNEkqO";
    s->sha1 = strncmp(mechanism, "SCRAM-SHA-1", 11) == 0;
    scram_client_first(s, coded, sizeof coded);
    snprintf(line, sizeof line, "a AUTHENTICATE %s %s\n", mechanism, coded);
    if (strncmp(talk_say(talk, conn, line), "+ ", 2) != 0)
        return talk->answer;
    scram_client_hear(s, talk->answer + 2);
    scram_client_compute(s, password);
    scram_client_final(s, coded, sizeof coded);
    snprintf(line, sizeof line, "%s\n", coded);
    if (strncmp(talk_say(talk, conn, line), "+ ", 2) != 0)
        return talk->answer;
    assert_true(scram_client_believes(s, talk->answer + 2));
    return talk_say(talk, conn, "\n");
}

static struct scram_client client(const char *gs2, const char *user, const void *binding, size_t len)
{
    struct scram_client s;
    memset(&s, 0, sizeof s);
    s.gs2 = gs2;
    s.user = user;
    s.binding = binding;
    s.binding_len = len;
    return s;
}

static void test_ms_10_scram_plus_binds_to_the_channel(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char *const MECHANISMS[] = {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"};
    size_t i;
    int conn = talk_connect(talk, true);
    assert_false(talk_has(talk, "-PLUS"));
    for (i = 0; i < 2; i++) {
        struct scram_client s = client("p=tls-server-end-point,,", "test", END_POINT, sizeof END_POINT - 1);
        talk_expect_has(talk, talk_connect(talk, true), "a CAPABILITY\n", "AUTH=SCRAM-SHA-1 ");
        conn = connect_over(talk, NULL, true);
        assert_true(talk_has(talk, " AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-1-PLUS"));
        expect_begins(scram(talk, conn, MECHANISMS[i], &s, "test"), "a OK ");
        s = client("p=tls-unique,a=test,", "test", UNIQUE, sizeof UNIQUE - 1);
        conn = connect_over(talk, NULL, true);
        expect_begins(scram(talk, conn, MECHANISMS[i], &s, "test"), "a OK ");
    }
}

static void test_ms_10_scram_plus_refuses_another_channel(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = connect_over(talk, NULL, true);
    struct scram_client s = client("p=tls-server-end-point,,", "test", "somebody in the middle", 22);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256-PLUS", &s, "test"), "a NO [AUTHENTICATIONFAILED]");
    s = client("p=tls-server-end-point,,", "test", UNIQUE, sizeof UNIQUE - 1);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256-PLUS", &s, "test"), "a NO [AUTHENTICATIONFAILED]");
    s = client("p=tls-server-end-point,,", "test", NULL, 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256-PLUS", &s, "test"), "a NO [AUTHENTICATIONFAILED]");
    s = client("p=tls-exporter,,", "test", "", 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256-PLUS", &s, "test"), "a NO [AUTHENTICATIONFAILED]");
    s = client("p=tls-nonsense,,", "test", "", 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256-PLUS", &s, "test"), "a NO [AUTHENTICATIONFAILED]");
    s = client("n,,", "test", NULL, 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256-PLUS", &s, "test"), "a BAD ");
    s = client("p=tls-unique,,", "test", UNIQUE, sizeof UNIQUE - 1);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256", &s, "test"), "a BAD ");
}

/* RFC 5802 6: "y" says that the server offers no -PLUS. */
static void test_ms_10_scram_finds_out_that_the_offer_was_cut(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = connect_over(talk, NULL, true);
    struct scram_client s = client("y,,", "test", NULL, 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256", &s, "test"), "a NO [AUTHENTICATIONFAILED]");
    s = client("n,,", "test", NULL, 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256", &s, "test"), "a OK ");
    conn = talk_connect(talk, true);
    s = client("y,,", "test", NULL, 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256", &s, "test"), "a OK ");
}

static void test_ms_10_scram_acts_for_another(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "a,b=c", "x"), 0);
    int conn = talk_connect(talk, true);
    struct scram_client s = client("n,a=test,", "other", NULL, 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-256", &s, "other"), "a NO [AUTHORIZATIONFAILED]");
    expect_begins(scram(talk, conn, "SCRAM-SHA-256", &s, "wrong"), "a NO [AUTHENTICATIONFAILED]");
    s = client("n,a=a=2Cb=3Dc,", "pf", NULL, 0);
    expect_begins(scram(talk, conn, "SCRAM-SHA-1", &s, "pf"), "a OK ");
    expect_store_of(talk, conn, "a,b=c");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, talk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ms_10_login_asks_for_name_and_password),
        TEST(test_ms_10_external_takes_the_name_of_the_certificate),
        TEST(test_ms_10_starttls_tells_of_the_channel),
        TEST(test_ms_10_oauthbearer_takes_a_token),
        TEST(test_ms_10_oauthbearer_fails_with_a_challenge),
        TEST(test_ms_10_only_a_participating_function_acts_for_others),
        TEST(test_ms_10_scram_plus_binds_to_the_channel),
        TEST(test_ms_10_scram_plus_refuses_another_channel),
        TEST(test_ms_10_scram_finds_out_that_the_offer_was_cut),
        TEST(test_ms_10_scram_acts_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
