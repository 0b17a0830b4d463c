/* SPDX-License-Identifier: MIT */
/* One response, or one part of it, without end (PF-119 to PF-121). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "hostile/hostile.h"

enum { ENDLESS = 4 * 1024 * 1024 }; /* many times what may be held */

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The mailbox's limits play no part. */
static void open_small(struct hostile *h)
{
    hostile_init(h);
    h->config.messages_max = 10;
    h->config.flagsets_max = 10;
    h->config.flagset_octets_max = 100;
    hostile_open(h);
}

/* When the server begins to be hostile. */
enum moment { AT_GREETING, AT_LOGIN, AT_SELECT, AT_DATA, MOMENTS };

static void come_to(struct hostile *h, enum moment moment)
{
    if (moment == AT_SELECT)
        hostile_select(h);
    else if (moment == AT_DATA)
        hostile_selected(h, 1);
    else
        hostile_connect(h);
    if (moment == AT_LOGIN)
        hostile_say(h, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n");
}

/* Says `begin`, and `again` without end, at any moment; the link ends at last. */
static void endless(const char *begin, const char *again)
{
    struct hostile h;

    for (enum moment moment = AT_GREETING; moment < MOMENTS; moment++) {
        open_small(&h);
        come_to(&h, moment);
        hostile_say(&h, begin);
        hostile_repeat(&h, again, ENDLESS);
        if (!hostile_over(&h))
            hostile_eof(&h);
        assert_int_equal(h.completed, 1);
        assert_int_not_equal(h.error, 0);
        hostile_close(&h, begin);
    }
}

static void test_pf_120_an_endless_line(void **state)
{
    static const char *const begins[] = {"", "x", "* ", "* OK ", "* OK [", "* OK [ALERT] ", "* BYE ", "* NO [X ", "+ ",
        "C1 ", "C1 OK ", "C3 NO [NOPERM] ", "C4 OK ", "* 1 FETCH (", "* 1 FETCH (X \"", "* 1 FETCH (FLAGS (",
        "* CAPABILITY ", "* LIST () \"/\" ", "* STATUS INBOX (", "* XUNKNOWN ", "* ESEARCH (TAG \""};

    (void)state;
    for (size_t i = 0; i < COUNT(begins); i++)
        endless(begins[i], "x");
}

static void test_pf_120_an_endless_run_of_small_tokens(void **state)
{
    static const char *const begins[] = {"", "* ", "* OK [X ", "* OK [CAPABILITY ", "* OK [PERMANENTFLAGS (",
        "C1 OK [X ", "C1 OK [CAPABILITY ", "* 1 FETCH (FLAGS (", "* 1 FETCH (X (", "* CAPABILITY ", "* ENABLED ",
        "* FLAGS (", "* SEARCH ", "* LIST (", "* STATUS INBOX (", "* XUNKNOWN ("};

    (void)state;
    for (size_t i = 0; i < COUNT(begins); i++) {
        endless(begins[i], "1 ");
        endless(begins[i], "() ");
        endless(begins[i], "\"\" ");
    }
    endless("* VANISHED ", "1,");
    endless("* VANISHED (EARLIER) ", "1:2,");
    endless("* ESEARCH (TAG \"C4\") UID ALL ", "7,");
    endless("* ESEARCH ", "ALL 1 ");
}

static void test_pf_120_many_literals_in_one_response(void **state)
{
    static const char *const literals[] = {
        "{0}\r\n ", "{1}\r\nx ", "BODY[1] {1}\r\nx ", "~{3}\r\nabc", "{9}\r\n{5}\r\n)\r\n "};
    char large[2100];

    (void)state;
    for (size_t i = 0; i < COUNT(literals); i++) {
        endless("* 1 FETCH (", literals[i]);
        endless("* LIST () ", literals[i]);
        endless("* XUNKNOWN ", literals[i]);
        endless("C1 OK ", literals[i]);
    }
    memset(large, 'x', sizeof large);
    memcpy(large, "BODY[] {2000}\r\n", 15);
    large[2015] = ' ';
    large[2016] = '\0';
    endless("* 1 FETCH (", large);
    endless("", "* 1 FETCH (BODY[] {1000}\r\n");
}

/* An announced size is no reason to get memory, and what cannot be counted cannot be skipped. */
static void test_pf_119_an_endless_literal(void **state)
{
    static const char *const sizes[] = {"{4294967295}", "{4294967296}", "~{4294967296}", "{9223372036854775807}",
        "{9223372036854775808}", "{18446744073709551616}", "{1+}", "{4294967295+}"};
    static const char *const begins[] = {"* 1 FETCH (BODY[] ", "* 1 FETCH (UID 1 FLAGS (", "* LIST () \"/\" ", "* X "};
    char begin[128];

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t k = 0; k < COUNT(begins); k++) {
            (void)snprintf(begin, sizeof begin, "%s%s\r\n", begins[k], sizes[i]);
            endless(begin, "x");
        }
    }
}

/* No size at all is text, and the response is damaged at most: the connection goes on, and the full pass says what was lost. */
static void test_pf_119_what_is_no_size(void **state)
{
    static const char *const sizes[] = {"{-1}", "{}", "{1.0}", "{ 1}", "{1 }", "{0x1}", "{1"};
    char line[128];
    struct hostile h;

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        open_small(&h);
        hostile_selected(&h, 1);
        (void)snprintf(line, sizeof line, "* 1 FETCH (UID 1 FLAGS () MODSEQ (5) BODY[] %s\r\n", sizes[i]);
        hostile_say(&h, line);
        hostile_say(&h, "C4 OK\r\n");
        assert_true(hostile_sent(&h, "UID FETCH 1:4294967295 (FLAGS MODSEQ)\r\n"));
        hostile_say(&h, "* 1 FETCH (UID 1 FLAGS () MODSEQ (5))\r\nC5 OK\r\n");
        assert_int_equal(h.completed, 1);
        assert_int_equal(h.error, 0);
        hostile_close(&h, sizes[i]);
    }
}

/* As deep as a response may be long: refused by counting, without a stack of its own. */
static void test_pf_121_parentheses_100000_deep(void **state)
{
    static const char *const begins[] = {"* 1 FETCH (BODYSTRUCTURE ", "* 1 FETCH (ENVELOPE ", "* 1 FETCH (X ",
        "* 1 FETCH (FLAGS ", "* 1 FETCH (MODSEQ ", "* LIST ", "* STATUS INBOX ", "* XUNKNOWN ", "* FLAGS ",
        "* ESEARCH ", "* OK [X ", "* OK [PERMANENTFLAGS ", "* "};
    static const char *const ends[] = {"", ")))", "x"};
    struct hostile h;

    (void)state;
    for (size_t i = 0; i < COUNT(begins); i++) {
        hostile_init(&h);
        h.config.response_max = 262144;
        hostile_open(&h);
        hostile_selected(&h, 1);
        for (size_t k = 0; k < COUNT(ends); k++) {
            hostile_say(&h, begins[i]);
            hostile_repeat(&h, "(", 100000);
            hostile_repeat(&h, "(((((((())", 50000);
            hostile_say(&h, ends[k]);
            hostile_say(&h, "\r\n");
        }
        assert_false(hostile_over(&h));
        hostile_say(&h, "* 1 FETCH (UID 1 FLAGS () MODSEQ (5))\r\nC4 OK\r\n");
        if (!h.completed) /* what was lost was the mailbox's */
            hostile_say(&h, "* 1 FETCH (UID 1 FLAGS () MODSEQ (5))\r\nC5 OK\r\n");
        assert_int_equal(h.completed, 1);
        assert_int_equal(h.error, 0);
        hostile_close(&h, begins[i]);
    }
}

static void scram(struct hostile *h)
{
    hostile_connect(h);
    hostile_say(h, "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=SCRAM-SHA-256 SASL-IR] ready\r\n");
    assert_true(hostile_sent(h, "C1 AUTHENTICATE SCRAM-SHA-256 "));
}

static void test_pf_120_an_endless_challenge(void **state)
{
    struct hostile h;

    (void)state;
    open_small(&h);
    scram(&h);
    hostile_say(&h, "+ ");
    hostile_repeat(&h, "cj1h", ENDLESS);
    hostile_say(&h, "\r\nC1 NO no\r\n");
    assert_int_equal(h.error, CPMSYNC_ERR_AUTH);
    hostile_close(&h, "one challenge");

    open_small(&h);
    scram(&h);
    hostile_repeat(&h, "+ cj1h\r\n", ENDLESS);
    hostile_repeat(&h, "+\r\n", ENDLESS);
    hostile_say(&h, "C1 BAD stop\r\n");
    assert_int_equal(h.error, CPMSYNC_ERR_PROTOCOL);
    hostile_close(&h, "challenges");
}

static void test_pf_120_an_endless_list_of_capabilities(void **state)
{
    struct hostile h;

    (void)state;
    open_small(&h);
    hostile_connect(&h);
    hostile_say(&h, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN");
    hostile_count(&h, " X-NUMBER-%u", 1, 1, 200000);
    hostile_say(&h, "] ready\r\n");
    assert_true(hostile_sent(&h, "C1 AUTHENTICATE PLAIN "));
    hostile_say(&h, "* CAPABILITY IMAP4rev1 ENABLE QRESYNC");
    hostile_count(&h, " X-NUMBER-%u", 1, 1, 200000);
    hostile_say(&h, "\r\nC1 OK in\r\n");
    assert_true(hostile_sent(&h, "C2 ENABLE QRESYNC\r\n"));
    hostile_count(&h, "* CAPABILITY IMAP4rev1 X-NUMBER-%u\r\n", 1, 1, 50000);
    hostile_say(&h, "* ENABLED QRESYNC");
    hostile_count(&h, " X-NUMBER-%u", 1, 1, 200000);
    hostile_say(&h, "\r\nC2 OK\r\n");
    assert_false(hostile_over(&h));
    assert_true(strlen(cpmsync_client_enabled(h.client)) < 4096);
    assert_true(strlen(cpmsync_client_capabilities(h.client)) < 4096);
    hostile_close(&h, "capabilities");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pf_120_an_endless_line),
        cmocka_unit_test(test_pf_120_an_endless_run_of_small_tokens),
        cmocka_unit_test(test_pf_120_many_literals_in_one_response),
        cmocka_unit_test(test_pf_119_an_endless_literal),
        cmocka_unit_test(test_pf_119_what_is_no_size),
        cmocka_unit_test(test_pf_121_parentheses_100000_deep),
        cmocka_unit_test(test_pf_120_an_endless_challenge),
        cmocka_unit_test(test_pf_120_an_endless_list_of_capabilities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
