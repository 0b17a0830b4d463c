/* SPDX-License-Identifier: MIT */
/* URLAUTH (RFC 4467). */
#include "mock_talk.h"

#include <stdio.h>

#define URL "imap://test@localhost/INBOX/;UID=1/;SECTION=TEXT"

static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    talk_deliver(talk, 1);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "other"), 0);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "submit", "submit"), 0);
    assert_int_equal(cpmsync_mock_user_participating(talk->mock, "submit", 1), 0);
    *state = talk;
    return 0;
}

/* The URL this session gets for a rump. */
static void generate(struct talk *talk, int conn, const char *rump, char *url, size_t size)
{
    char line[300];
    snprintf(line, sizeof line, "g GENURLAUTH \"%s\" INTERNAL\n", rump);
    talk_expect_has(talk, conn, line, "g OK GENURLAUTH completed\n");
    const char *start = strchr(talk->answer, '"'), *end = start ? strchr(start + 1, '"') : NULL;
    assert_non_null(end);
    assert_true((size_t)(end - start) < size);
    memcpy(url, start + 1, (size_t)(end - start - 1));
    url[end - start - 1] = 0;
    assert_memory_equal(url, rump, strlen(rump));
    assert_memory_equal(url + strlen(rump), ":internal:01", 12);
    assert_int_equal(strlen(url), strlen(rump) + 10 + 34);
}

/* What URLFETCH gives for it: NIL, or the text. */
static void expect_fetch(struct talk *talk, int conn, const char *url, const char *data)
{
    char line[400], expected[500];
    snprintf(line, sizeof line, "f URLFETCH \"%s\"\n", url);
    snprintf(expected, sizeof expected, "* URLFETCH \"%s\" %s\nf OK URLFETCH completed\n", url, data);
    talk_expect(talk, conn, line, expected);
}

static void test_ms_35_an_authorised_url_gives_its_text_to_whom_it_may(void **state)
{
    static const struct {
        const char *access;
        bool own, other, submit;
    } CASES[] = {{"anonymous", true, true, true}, {"authuser", true, true, true}, {"user+other", false, true, false},
        {"USER+test", true, false, false}, {"submit+test", false, false, true}};
    struct talk *talk = (struct talk *)*state;
    char rump[200], url[300];
    size_t i;
    int own = talk_login(talk, false), other = talk_login_as(talk, "other"), submit = talk_login_as(talk, "submit");
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(rump, sizeof rump, URL ";URLAUTH=%s", CASES[i].access);
        generate(talk, own, rump, url, sizeof url);
        expect_fetch(talk, own, url, CASES[i].own ? "{7}\nHello\n" : "NIL");
        expect_fetch(talk, other, url, CASES[i].other ? "{7}\nHello\n" : "NIL");
        expect_fetch(talk, submit, url, CASES[i].submit ? "{7}\nHello\n" : "NIL");
    }
}

static void test_ms_35_what_is_not_exactly_what_was_authorised_is_nil(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char url[300], wrong[300];
    int conn = talk_login(talk, false);
    generate(talk, conn, URL ";URLAUTH=anonymous", url, sizeof url);
    expect_fetch(talk, conn, URL ";URLAUTH=anonymous", "NIL");
    expect_fetch(talk, conn, "imap://test@localhost/INBOX", "NIL");
    expect_fetch(talk, conn, "nonsense", "NIL");
    memcpy(wrong, url, sizeof wrong);
    wrong[strlen(wrong) - 1] ^= 1;
    expect_fetch(talk, conn, wrong, "NIL");
    memcpy(wrong, url, sizeof wrong);
    memcpy(strstr(wrong, "UID=1"), "uid=1", 5);
    expect_fetch(talk, conn, wrong, "NIL");
    memcpy(wrong, url, sizeof wrong);
    memcpy(strstr(wrong, ":internal:"), ":INTERNAL:", 10);
    expect_fetch(talk, conn, wrong, "{7}\nHello\n");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    expect_fetch(talk, conn, url, "NIL");
    talk_expect_has(talk, conn, "f URLFETCH\n", "f BAD ");
}

static void test_ms_35_several_urls_and_a_part_of_one(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char first[300], second[300], line[800], expected[900];
    int conn = talk_login(talk, false);
    generate(talk, conn, URL "/;PARTIAL=1.3;URLAUTH=anonymous", first, sizeof first);
    generate(talk, conn, "imap://test@localhost/INBOX/;UID=1/;SECTION=9;URLAUTH=anonymous", second, sizeof second);
    snprintf(line, sizeof line, "f URLFETCH \"%s\" \"%s\"\n", first, second);
    snprintf(
        expected, sizeof expected, "* URLFETCH \"%s\" \"ell\" \"%s\" NIL\nf OK URLFETCH completed\n", first, second);
    talk_expect(talk, conn, line, expected);
}

static void test_ms_35_urls_expire(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char url[300];
    int conn = talk_login(talk, false);
    generate(talk, conn, URL ";EXPIRE=2023-11-14T22:13:19Z;URLAUTH=anonymous", url, sizeof url);
    expect_fetch(talk, conn, url, "NIL");
    generate(talk, conn, URL ";EXPIRE=2023-11-15T01:00:00.5+01:00;URLAUTH=anonymous", url, sizeof url);
    expect_fetch(talk, conn, url, "{7}\nHello\n");
    talk_expect_has(talk, conn, "g GENURLAUTH \"" URL ";EXPIRE=tomorrow;URLAUTH=anonymous\" INTERNAL\n", "g BAD ");
}

static void test_ms_35_resetkey_revokes(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char url[300], again[300];
    int conn = talk_login(talk, false), watching = talk_login(talk, false);
    talk_expect_has(talk, watching, "s SELECT INBOX\n", "* OK [URLMECH INTERNAL]");
    generate(talk, conn, URL ";URLAUTH=anonymous", url, sizeof url);
    talk_expect(talk, conn, "r RESETKEY INBOX\n", "r OK [URLMECH INTERNAL] The key is new\n");
    talk_expect_has(talk, watching, "n NOOP\n", "* OK [URLMECH INTERNAL] The key is new\n");
    expect_fetch(talk, conn, url, "NIL");
    generate(talk, conn, URL ";URLAUTH=anonymous", again, sizeof again);
    assert_string_not_equal(url, again);
    expect_fetch(talk, conn, again, "{7}\nHello\n");
    talk_expect(talk, conn, "r RESETKEY\n", "r OK All keys are gone\n");
    expect_fetch(talk, conn, again, "NIL");
    talk_expect_has(talk, conn, "r RESETKEY INBOX XSAMPLE\n", "r OK [URLMECH INTERNAL]");
    talk_expect_has(talk, conn, "r RESETKEY nowhere\n", "r NO ");
    talk_expect_has(talk, conn, "r RESETKEY INBOX \"x\"\n", "r BAD ");
}

static void test_ms_35_genurlauth_refuses_what_cannot_be_authorised(void **state)
{
    static const char *const WRONG[] = {"g GENURLAUTH \"/INBOX/;UID=1;URLAUTH=anonymous\" INTERNAL\n",
        "g GENURLAUTH \"imap://localhost/INBOX/;UID=1;URLAUTH=anonymous\" INTERNAL\n",
        "g GENURLAUTH \"imap://other@localhost/INBOX/;UID=1;URLAUTH=anonymous\" INTERNAL\n",
        "g GENURLAUTH \"imap://test@localhost/nowhere/;UID=1;URLAUTH=anonymous\" INTERNAL\n",
        "g GENURLAUTH \"imap://test@localhost/INBOX;URLAUTH=anonymous\" INTERNAL\n",
        "g GENURLAUTH \"" URL "\" INTERNAL\n", "g GENURLAUTH \"" URL ";URLAUTH=everybody\" INTERNAL\n",
        "g GENURLAUTH \"" URL ";URLAUTH=user+\" INTERNAL\n", "g GENURLAUTH \"" URL ";URLAUTH=anonymous\"\n",
        "g GENURLAUTH \"" URL ";URLAUTH=anonymous\" XSAMPLE\n", "g GENURLAUTH\n"};
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    size_t i;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        talk_say(talk, conn, WRONG[i]);
        if (strcmp(talk->answer, "g BAD Wrong arguments\n") != 0)
            fail_msg("%s: %s", WRONG[i], talk->answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_ms_35_an_authorised_url_gives_its_text_to_whom_it_may, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_35_what_is_not_exactly_what_was_authorised_is_nil, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_35_several_urls_and_a_part_of_one, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_35_urls_expire, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_35_resetkey_revokes, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_35_genurlauth_refuses_what_cannot_be_authorised, setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
