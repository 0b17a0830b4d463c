/* SPDX-License-Identifier: MIT */
/* QUOTA (RFC 9208) and PREVIEW (RFC 8970). */
#include "mock_talk.h"

#include <stdio.h>

static void limit(struct talk *talk, const char *resource, int64_t value)
{
    assert_int_equal(cpmsync_mock_quota(talk->mock, NULL, resource, value), 0);
}

/* Two messages of 1000 octets in INBOX, which is selected; the mailbox "t". */
static int with_two(struct talk *talk)
{
    static char octets[1000];
    memset(octets, 'x', sizeof octets);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, octets, sizeof octets), 1);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", "\\Deleted", 0, octets, sizeof octets), 2);
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "t"), 0);
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_ox_05_roots_and_their_limits(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_two(talk);
    talk_expect(talk, conn, "a GETQUOTAROOT INBOX\n",
        "* QUOTAROOT INBOX \"#user/test\"\n* QUOTA \"#user/test\" ()\na OK GETQUOTAROOT completed\n");
    limit(talk, "STORAGE", 10);
    limit(talk, "MAILBOX", 5);
    talk_expect(talk, conn, "a GETQUOTA #user/test\n",
        "* QUOTA \"#user/test\" (STORAGE 2 10 MAILBOX 2 5)\na OK GETQUOTA completed\n");
    talk_expect_has(talk, conn, "a GETQUOTAROOT nowhere/yet\n", "(STORAGE 2 10 MAILBOX 2 5)\na OK ");
    talk_expect(talk, conn, "a SETQUOTA #user/test (MESSAGE 9223372036854775807)\n",
        "* QUOTA \"#user/test\" (MESSAGE 2 9223372036854775807)\na OK SETQUOTA completed\n");
    talk_expect_has(talk, conn, "a SETQUOTA #user/test ()\n", "* QUOTA \"#user/test\" ()\n");
    talk_expect_has(talk, conn, "a GETQUOTA #user/other\n", "a NO [NONEXISTENT]");
    talk_expect_has(talk, conn, "a SETQUOTA \"\" (MESSAGE 1)\n", "a NO [NONEXISTENT]");
    talk_expect_has(talk, conn, "a SETQUOTA #user/test (WISHES 3)\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a SETQUOTA #user/test (MESSAGE 9223372036854775808)\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETQUOTA #user/test (MESSAGE -1)\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETQUOTA #user/test MESSAGE 1\n", "a BAD ");
    talk_expect_has(talk, conn, "a GETQUOTA\n", "a BAD ");
    talk_expect(talk, conn, "a STATUS INBOX (DELETED DELETED-STORAGE APPENDLIMIT)\n",
        "* STATUS INBOX (DELETED 1 DELETED-STORAGE 1 APPENDLIMIT 67108864)\na OK STATUS completed\n");
    assert_int_equal(cpmsync_mock_quota(talk->mock, NULL, "WISHES", 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_quota(talk->mock, "nobody", "MESSAGE", 1), CPMSYNC_ERR_NOT_FOUND);
}

static void test_ox_05_overquota_stops_what_grows_and_nothing_else(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_two(talk);
    limit(talk, "MESSAGE", 3);
    talk_expect_has(talk, conn, "a APPEND t {1+}\nx {1+}\ny\n", "a NO [OVERQUOTA]");
    talk_expect_has(talk, conn, "a COPY 1:2 t\n", "a NO [OVERQUOTA]");
    talk_expect_has(talk, conn, "a MOVE 1:2 t\n", "a OK ");
    talk_expect_has(talk, conn, "a APPEND INBOX {1+}\nx\n", "a OK ");
    talk_expect_has(talk, conn, "a APPEND INBOX {1+}\nx\n", "a NO [OVERQUOTA]");
    talk_expect_has(talk, conn, "a REPLACE 1 INBOX {1+}\ny\n", "a OK ");
    limit(talk, "MESSAGE", 1);
    talk_expect_has(talk, conn, "a REPLACE 1 INBOX {1+}\nz\n", "a OK ");
    limit(talk, "MESSAGE", CPMSYNC_OFF);
    limit(talk, "STORAGE", 2);
    talk_expect_has(talk, conn, "a APPEND t {40+}\n0123456789012345678901234567890123456789\n", "a OK ");
    talk_expect_has(talk, conn, "a APPEND t {10+}\n0123456789\n", "a NO [OVERQUOTA]");
    talk_fault(talk, "quota-soft");
    talk_expect_has(talk, conn, "a APPEND t {10+}\n0123456789\n", "* NO [OVERQUOTA] More than is wise\n");
    assert_true(talk_has(talk, "a OK "));
    talk_fault(talk, "quota-soft=off");
    limit(talk, "MAILBOX", 2);
    talk_expect_has(talk, conn, "a CREATE u\n", "a NO [OVERQUOTA]");
    talk_expect_has(talk, conn, "a RENAME t u\n", "a OK ");
    talk_deliver(talk, 1);
}

static void test_ox_05_the_names_of_rfc_2087(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 QUOTA";
    struct talk *talk = talk_new(&config);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SETQUOTA #user/test (STORAGE 5)\n", "a OK ");
    talk_expect_has(talk, conn, "a STATUS INBOX (DELETED)\n", "a BAD ");
    talk_free(talk);
    config.capabilities = "IMAP4rev1 QUOTA QUOTA=RES-STORAGE";
    talk = talk_new(&config);
    conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SETQUOTA #user/test (STORAGE 5)\n", "a BAD ");
    talk_expect_has(talk, conn, "a GETQUOTA #user/test\n", "a OK ");
    talk_free(talk);
}

static void expect_preview(const char *message, const char *shown)
{
    struct talk *talk = talk_new(NULL);
    char expected[600];
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, message, strlen(message)), 1);
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    snprintf(expected, sizeof expected, "* 1 FETCH (PREVIEW %s)\na OK FETCH completed\n", shown);
    talk_expect(talk, conn, "a FETCH 1 PREVIEW\n", expected);
    talk_expect(talk, conn, "a FETCH 1 (PREVIEW (LAZY))\n", expected);
    talk_expect_no(talk, conn, "a FETCH 1 FLAGS\n", "\\Seen");
    talk_free(talk);
}

static void test_ox_06_the_first_words_of_a_message(void **state)
{
    char message[700], expected[300];
    (void)state;
    expect_preview("Subject: x\r\n\r\n  Hello,\r\n\r\n\tworld \r\n", "\"Hello, world\"");
    expect_preview(
        "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>H\r\n"
        "--x\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "P=C3=A9\r\n--x--\r\n",
        "{3}\nP\xc3\xa9");
    expect_preview(
        "Content-Type: text/html\r\n\r\n<html><b>bold</b>\r\n<i title=\"x\">italic</i>\r\n", "\"bold italic\"");
    expect_preview("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n", "\"\"");
    memcpy(message, "A: b\r\n\r\n", 8);
    memset(message + 8, 'x', 600);
    message[608] = 0;
    snprintf(expected, sizeof expected, "\"%.200s\"", message + 8);
    expect_preview(message, expected);
}

static void test_ox_06_a_lazy_preview_and_the_modifiers_behind_it(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_two(talk);
    talk_fault(talk, "preview-lazy");
    talk_expect(talk, conn, "a FETCH 1 PREVIEW (LAZY)\n", "* 1 FETCH (PREVIEW NIL)\na OK FETCH completed\n");
    talk_expect_no(talk, conn, "a FETCH 1 PREVIEW\n", "NIL");
    talk_expect(talk, conn, "a FETCH 1 PREVIEW (LAZY) (CHANGEDSINCE 500)\n", "a OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 PREVIEW (CHANGEDSINCE 500)\n", "a OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 1 (PREVIEW (EAGER))\n", "a BAD ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ox_05_roots_and_their_limits, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ox_05_overquota_stops_what_grows_and_nothing_else, talk_setup, talk_teardown),
        cmocka_unit_test(test_ox_05_the_names_of_rfc_2087),
        cmocka_unit_test(test_ox_06_the_first_words_of_a_message),
        cmocka_unit_test_setup_teardown(
            test_ox_06_a_lazy_preview_and_the_modifiers_behind_it, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
