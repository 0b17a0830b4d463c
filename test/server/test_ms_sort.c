/* SPDX-License-Identifier: MIT */
/* SORT (RFC 5256): criteria, the base subject, and mod-sequences (RFC 7162 3.1.9). */
#include "mock_talk.h"

#include <stdio.h>

static void deliver(struct talk *talk, int64_t internaldate, const char *header)
{
    char message[400];
    int len = snprintf(message, sizeof message, "%s\r\n\r\nx\r\n", header);
    assert_true(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, internaldate, message, (size_t)len) > 0);
}

static int with_messages(struct talk *talk)
{
    deliver(talk, 400,
        "From: Zed <bob@a.example>\r\nTo: x@a.example\r\nSubject: Re: pears\r\n"
        "Date: Tue, 2 Jan 2024 03:04:05 +0100");
    deliver(talk, 300,
        "From: alice@z.example, bob@a.example\r\nCc: y@a.example\r\nSubject: apples\r\n"
        "Date: 2 Jan 2024 02:04:04 -0000");
    deliver(talk, 200,
        "From: friends: carl@a.example;\r\nTo: B@a.example\r\nSubject: [list] Fwd: Apples (fwd)\r\n"
        "Date: Mon, 1 Jan 2024 23:59 -0800");
    deliver(talk, 1704103200, "Subject: =?utf-8?q?Re=3A?= [x] re[2]: pears\r\nDate: some day");
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void expect(struct talk *talk, int conn, const char *criteria, const char *order)
{
    char line[200], answer[200];
    snprintf(line, sizeof line, "a SORT (%s) US-ASCII ALL\n", criteria);
    snprintf(answer, sizeof answer, "* SORT%s\na OK SORT completed\n", order);
    talk_expect(talk, conn, line, answer);
}

static void test_ox_08_messages_are_sorted(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk);
    expect(talk, conn, "ARRIVAL", " 3 2 1 4");
    expect(talk, conn, "REVERSE ARRIVAL", " 4 1 2 3");
    expect(talk, conn, "FROM", " 4 2 1 3"); /* none, alice, bob, friends */
    expect(talk, conn, "TO", " 2 4 3 1");
    expect(talk, conn, "CC", " 1 3 4 2");
    /* 1704103200 is 10:00 on the first; in UTC the others are 02:04:05, 02:04:04 and 07:59 of the second */
    expect(talk, conn, "DATE", " 4 2 1 3");
    expect(talk, conn, "SUBJECT", " 2 3 1 4");
    expect(talk, conn, "REVERSE SUBJECT", " 1 4 2 3"); /* what is equal stays in order */
    expect(talk, conn, "SUBJECT REVERSE DATE", " 3 2 1 4");
    expect(talk, conn, "REVERSE SIZE", " 3 2 1 4");
    talk_expect(talk, conn, "b SORT (ARRIVAL) UTF-8 SUBJECT pears\n", "* SORT 1 4\nb OK SORT completed\n");
    talk_expect(talk, conn, "c SORT (ARRIVAL) UTF-8 SUBJECT none\n", "* SORT\nc OK SORT completed\n");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    talk_expect(talk, conn, "d SORT (ARRIVAL) UTF-8 ALL\n", "* SORT 3 2 4\nd OK SORT completed\n");
    talk_expect(talk, conn, "e UID SORT (ARRIVAL) UTF-8 ALL\n", "* SORT 3 2 4\n* 1 EXPUNGE\ne OK SORT completed\n");
    talk_expect(talk, conn, "f SORT (ARRIVAL) UTF-8 ALL\n", "* SORT 2 1 3\nf OK SORT completed\n");
}

/* RFC 5257 4.9: messages without the annotation come first. */
static void test_ms_35_sorted_by_an_annotation(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk);
    talk_expect_has(talk, conn, "a STORE 1 ANNOTATION (/altsubject (value.shared \"pears\"))\n", "a OK ");
    talk_expect_has(talk, conn, "a STORE 2 ANNOTATION (/altsubject (value.shared \"apples\"))\n", "a OK ");
    talk_expect_has(talk, conn, "a STORE 3 ANNOTATION (/altsubject (value.priv \"mine\"))\n", "a OK ");
    expect(talk, conn, "ANNOTATION /altsubject value.shared", " 3 4 2 1");
    expect(talk, conn, "REVERSE ANNOTATION /altsubject value.shared", " 1 2 3 4");
    expect(talk, conn, "ANNOTATION /altsubject value.priv REVERSE ARRIVAL", " 4 1 2 3");
    talk_expect_has(talk, conn, "a SORT (ANNOTATION /altsubject value) UTF-8 ALL\n", "a BAD "); /* which of the two? */
    talk_expect_has(talk, conn, "a SORT (ANNOTATION /* value.priv) UTF-8 ALL\n", "a BAD ");
}

static void test_ox_08_the_base_subject(void **state)
{
    /* each pair of lines has one base subject; the pairs ascend */
    static const char *const SUBJECTS[] = {"Subject: a", "Subject: Re: a", "Subject: b",
        "Subject: FW: [x][y] fwd : b (fwd) ", "Subject: [c]", "Subject: re: [c]", "Subject: d", "Subject: [Fwd: Re: d]",
        "Subject: e f", "Subject: Re [2]: e\r\n\t f"};
    struct talk *talk = (struct talk *)*state;
    size_t i;
    for (i = 10; i > 0; i--)
        deliver(talk, 0, SUBJECTS[i - 1]);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    /* a bracket stands before the small letters */
    expect(talk, conn, "SUBJECT", " 5 6 9 10 7 8 3 4 1 2");
}

static void test_ms_17_sort_carries_the_highest_modseq(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk); /* mod-sequences 2 to 5 */
    talk_expect(talk, conn, "a SORT (REVERSE ARRIVAL) UTF-8 MODSEQ 3 1:3\n",
        "* OK [HIGHESTMODSEQ 5] From now on\n* SORT 2 3 (MODSEQ 4)\na OK SORT completed\n");
    talk_expect(talk, conn, "b UID SORT (SIZE) UTF-8 MODSEQ 6\n", "* SORT\nb OK SORT completed\n");
    talk_expect_no(talk, conn, "c SORT (SIZE) UTF-8 ALL\n", "MODSEQ");
}

static void test_ox_08_wrong_sorts_are_refused(void **state)
{
    static const char *const WRONG[] = {"a SORT\n", "a SORT ()\n", "a SORT () UTF-8 ALL\n", "a SORT (SIZE) UTF-8\n",
        "a SORT (SIZE) ALL\n", "a SORT SIZE UTF-8 ALL\n", "a SORT (REVERSE) UTF-8 ALL\n", "a SORT (SIZE ) UTF-8 ALL\n",
        "a SORT (REVERSE REVERSE SIZE) UTF-8 ALL\n", "a SORT (FOO) UTF-8 ALL\n", "a SORT (SIZE) CHARSET UTF-8 ALL\n",
        "a SORT (SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE) UTF-8 ALL\n",
        "a SORT (SIZE) UTF-8 9\n"};
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_config config;
    size_t i;
    int conn = with_messages(talk);
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
    talk_expect_has(talk, conn, "a SORT (SIZE) KLINGON ALL\n", "a NO [BADCHARSET (US-ASCII UTF-8)]");
    talk_expect_has(talk, conn, "a UNSELECT\n", "a OK ");
    talk_expect(talk, conn, "a SORT (SIZE) UTF-8 ALL\n", "a BAD Not in this state\n");
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1";
    talk = talk_new(&config);
    conn = with_messages(talk);
    talk_expect(talk, conn, "a SORT (SIZE) UTF-8 ALL\n", "a BAD Unknown command\n");
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ms_35_sorted_by_an_annotation, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ox_08_messages_are_sorted, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ox_08_the_base_subject, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_17_sort_carries_the_highest_modseq, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ox_08_wrong_sorts_are_refused, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
