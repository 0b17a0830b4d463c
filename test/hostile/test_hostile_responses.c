/* SPDX-License-Identifier: MIT */
/* Responses without end, each of them legal (PF-120, PF-122). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "hostile/hostile.h"

enum { MILLION = 1000000 };

/* The first message is told and stored, so that there is something to lose. */
static void begin_with(struct hostile *h)
{
    hostile_open(h);
    hostile_selected(h, 1);
    hostile_say(h, "* 1 FETCH (UID 1 FLAGS () MODSEQ (5))\r\nC4 OK\r\n");
    assert_int_equal(h->completed, 1);
    assert_int_equal(h->error, 0);
}

static void begin(struct hostile *h)
{
    hostile_init(h);
    begin_with(h);
}

/* The second synchronisation, up to its SELECT: C6 of UNSELECT C5, with C7 for new messages. */
static void again(struct hostile *h, const char *data)
{
    hostile_sync(h);
    assert_true(hostile_sent(h, "C6 SELECT INBOX (QRESYNC (42 100 1"));
    hostile_say(h, "C5 OK\r\n* 1 EXISTS\r\n* OK [UIDNEXT 2]\r\n* OK [HIGHESTMODSEQ 100]\r\n");
    hostile_say(h, data);
}

/* Past a limit the mailbox says so, keeps what it had, and the connection goes on. */
static void assert_limit(struct hostile *h)
{
    hostile_say(h, "C6 OK\r\nC7 OK\r\n");
    assert_int_equal(h->completed, 2);
    assert_int_equal(h->error, CPMSYNC_ERR_LIMIT);
    assert_false(hostile_over(h));
    hostile_sync(h);
    assert_true(hostile_sent(h, "SELECT INBOX (QRESYNC (42 100 1"));
    hostile_say(h, "C8 OK\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 42]\r\n* OK [UIDNEXT 2]\r\n* OK [HIGHESTMODSEQ 100]\r\n"
                   "C9 OK\r\nC10 OK\r\n");
    assert_int_equal(h->completed, 3);
    assert_int_equal(h->error, 0);
}

static void test_pf_120_responses_that_change_nothing(void **state)
{
    static const char *const lines[] = {"* OK still here\r\n", "* NO not now\r\n", "* BAD what\r\n", "* 1 EXISTS\r\n",
        "* 0 RECENT\r\n", "* 1 FETCH (UID 1 FLAGS () MODSEQ (5))\r\n", "* 1 FETCH ()\r\n", "* 1 FETCH (BODY[] NIL)\r\n",
        "* FLAGS (\\Seen)\r\n", "* SEARCH\r\n", "* SEARCH 1\r\n", "* ESEARCH (TAG \"C7\") UID ALL 1\r\n",
        "* VANISHED 7\r\n", "* VANISHED (EARLIER) 7\r\n", "* LIST () \"/\" a\r\n", "* STATUS a (MESSAGES 1)\r\n",
        "* XUNKNOWN\r\n", "* CAPABILITY IMAP4rev1\r\n", "* ENABLED X\r\n", "* OK [HIGHESTMODSEQ 100]\r\n",
        "* OK [PERMANENTFLAGS (\\*)]\r\n", "* OK [UIDNEXT 2]\r\n", "* OK [CLOSED]\r\n", "+ go on\r\n"};
    struct hostile h;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        begin(&h);
        again(&h, "* OK [UIDVALIDITY 42]\r\n");
        hostile_repeat(&h, lines[i], MILLION);
        hostile_say(&h, "C6 OK\r\n");
        hostile_repeat(&h, lines[i], MILLION);
        assert_false(hostile_over(&h));
        hostile_eof(&h);
        assert_int_equal(h.completed, 2);
        hostile_close(&h, lines[i]);
    }
}

static void test_pf_120_more_messages_than_are_allowed(void **state)
{
    struct hostile h;

    (void)state;
    begin(&h);
    again(&h, "* OK [UIDVALIDITY 42]\r\n* OK [UIDNEXT 4294967295]\r\n");
    hostile_count(&h, "* %u EXISTS\r\n", 2, 1, MILLION / 10);
    hostile_count(&h, "* %u FETCH (UID %u FLAGS () MODSEQ (99))\r\n", 2, 1, MILLION / 10);
    assert_int_equal(h.events[CPMSYNC_EVENT_MESSAGE], 201); /* what was asked for */
    hostile_say(&h, "C6 OK\r\n");
    hostile_count(&h, "* %u FETCH (UID %u FLAGS () MODSEQ (99))\r\n", 202, 1, MILLION / 10);
    assert_int_equal(h.events[CPMSYNC_EVENT_MESSAGE], 2000);
    for (uint32_t tag = 7; h.completed < 2; tag++)
        hostile_count(&h, "C%u OK\r\n", tag, 1, 1);
    assert_int_equal(h.error, CPMSYNC_ERR_LIMIT);
    assert_false(hostile_over(&h));
    hostile_close(&h, "messages");
}

/* Each message is gone as soon as it was told: no more than one at a time, but a change each. */
static void test_pf_120_messages_come_and_go(void **state)
{
    struct hostile h;

    (void)state;
    begin(&h);
    again(&h, "* OK [UIDVALIDITY 42]\r\n* OK [UIDNEXT 2]\r\n* 1 FETCH (X\r\nC6 OK\r\nC7 OK\r\n");
    assert_true(hostile_sent(&h, "UID FETCH 1:4294967295 (FLAGS MODSEQ)\r\n"));
    hostile_count(
        &h, "* 2 EXISTS\r\n* 2 FETCH (UID %u FLAGS () MODSEQ (99))\r\n* VANISHED %u\r\n", 1000, 2, MILLION / 10);
    hostile_eof(&h);
    hostile_close(&h, "messages that come and go");
}

/* Numbers that name messages that are there, that are not, and none at all. */
static void test_pf_120_expunges_without_end(void **state)
{
    static const char *const lines[] = {"* 1 EXPUNGE\r\n", "* 2000 EXPUNGE\r\n", "* 0 EXPUNGE\r\n",
        "* 4294967295 EXPUNGE\r\n", "* 1 EXISTS\r\n* 1 EXPUNGE\r\n", "* 1 EXPUNGE\r\n* 2000 EXISTS\r\n"};
    struct hostile h;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        hostile_init(&h);
        hostile_open(&h);
        hostile_selected(&h, 200);
        hostile_count(&h, "* %u FETCH (UID %u FLAGS () MODSEQ (5))\r\n", 1, 1, 200);
        hostile_say(&h, "C4 OK\r\n");
        assert_int_equal(h.completed, 1);
        hostile_sync(&h);
        hostile_say(&h, "C5 OK\r\n* 200 EXISTS\r\n* OK [UIDVALIDITY 42]\r\n* OK [HIGHESTMODSEQ 100]\r\nC6 OK\r\n");
        hostile_repeat(&h, lines[i], MILLION);
        assert_false(hostile_over(&h));
        hostile_eof(&h);
        assert_int_equal(h.completed, 2);
        hostile_close(&h, lines[i]);
    }
}

static void test_pf_120_thousands_of_alerts(void **state)
{
    struct hostile h;

    (void)state;
    hostile_init(&h);
    hostile_open(&h);
    hostile_connect(&h);
    hostile_count(&h, "* OK [ALERT] number %u in clear\r\n", 1, 1, 10000);
    hostile_say(&h, "C1 OK [CAPABILITY IMAP4rev1] in\r\n");
    hostile_count(&h, "* OK [ALERT] number %u\r\n", 1, 1, 10000);
    hostile_count(&h, "* NO [ALERT] number %u\r\n", 1, 1, 10000);
    assert_int_equal(h.events[CPMSYNC_EVENT_ALERT], 30000);
    hostile_close(&h, "alerts");
}

static void test_pf_120_thousands_of_keywords(void **state)
{
    struct hostile h;

    (void)state;
    begin(&h);
    again(&h, "* OK [UIDVALIDITY 42]\r\n* FLAGS (");
    hostile_count(&h, "keyword%u ", 1, 1, MILLION / 10);
    hostile_say(&h, "last)\r\n* OK [PERMANENTFLAGS (");
    hostile_count(&h, "keyword%u ", 1, 1, MILLION / 10);
    hostile_say(&h, "\\*)] allowed\r\nC6 OK\r\nC7 OK\r\n");
    assert_int_equal(h.completed, 2);
    assert_int_equal(h.error, 0);
    hostile_close(&h, "keywords offered");

    begin(&h); /* a new set of one each time */
    again(&h, "* OK [UIDVALIDITY 42]\r\n");
    hostile_count(&h, "* 1 FETCH (UID 1 FLAGS (keyword%u) MODSEQ (99))\r\n", 1, 1, MILLION / 10);
    assert_limit(&h);
    hostile_close(&h, "sets of one");

    begin(&h); /* few sets, long ones */
    again(&h, "* OK [UIDVALIDITY 42]\r\n");
    for (uint32_t i = 0; i < 20; i++) {
        hostile_say(&h, "* 1 FETCH (UID 1 MODSEQ (99) FLAGS (");
        hostile_count(&h, "a%u ", 1000 * i, 1, 500);
        hostile_say(&h, "z))\r\n");
    }
    assert_limit(&h);
    hostile_close(&h, "long sets");

    begin(&h); /* as many flags as fit a response */
    again(&h, "* OK [UIDVALIDITY 42]\r\n* 1 FETCH (UID 1 MODSEQ (99) FLAGS (");
    hostile_count(&h, "a ", 1, 1, 2000 - 50);
    hostile_say(&h, "a))\r\nC6 OK\r\nC7 OK\r\n");
    assert_int_equal(h.completed, 2);
    hostile_close(&h, "one set");
}

static void vanish(const char *uidvalidity, uint32_t first, int32_t step, bool earlier)
{
    struct hostile h;

    hostile_init(&h);
    h.config.messages_max = 2000; /* no set of a million ranges */
    begin_with(&h);
    again(&h, uidvalidity);
    hostile_say(&h, earlier ? "* VANISHED (EARLIER) 4294967295" : "* VANISHED 4294967295");
    hostile_count(&h, ",%u", first, step, MILLION);
    hostile_say(&h, "\r\n");
    hostile_say(&h, earlier ? "* VANISHED (EARLIER) 3:4294967295\r\n" : "* VANISHED 3:4294967295\r\n");
    assert_false(hostile_over(&h));
    hostile_say(&h, "* OK [UIDVALIDITY 42]\r\nC6 OK\r\nC7 OK\r\n");
    if (h.completed == 1) /* it may have named messages that were on their way (PF-5) */
        hostile_say(&h, "C8 OK\r\n");
    assert_int_equal(h.completed, 2);
    assert_int_equal(h.error, 0);
    hostile_close(&h, "VANISHED");
}

static void test_pf_122_a_million_ranges_in_vanished(void **state)
{
    const char *known = "* OK [UIDVALIDITY 42]\r\n";

    (void)state;
    vanish(known, 3, 2, true);
    vanish(known, 2 * MILLION + 3, -2, true);
    vanish(known, 3, 2, false);
    vanish(known, 2 * MILLION + 3, -2, false);
    /* Before it is known whose UIDs they are. */
    vanish("", 3, 2, true);
    vanish("", 2 * MILLION + 3, -2, true);
}

/* Without QRESYNC what is left is searched for. */
static void begin_search(struct hostile *h)
{
    hostile_connect(h);
    hostile_say(h, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n");
    hostile_say(h, "C1 OK [CAPABILITY IMAP4rev1 CONDSTORE UNSELECT ESEARCH] in\r\n");
    hostile_say(h, "* 3 EXISTS\r\n* OK [UIDVALIDITY 42]\r\n* OK [UIDNEXT 4]\r\n* OK [HIGHESTMODSEQ 100]\r\nC2 OK\r\n");
    hostile_count(h, "* %u FETCH (UID %u FLAGS () MODSEQ (5))\r\n", 1, 1, 3);
    hostile_say(h, "C3 OK\r\n");
    assert_int_equal(h->completed, 1);
    assert_int_equal(h->error, 0);
    hostile_sync(h);
    hostile_say(h, "C4 OK\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 42]\r\n* OK [UIDNEXT 4]\r\n* OK [HIGHESTMODSEQ 100]\r\n");
    hostile_say(h, "C5 OK\r\nC6 OK\r\n");
    assert_true(hostile_sent(h, "C7 UID SEARCH RETURN (ALL) UID 1:3\r\n"));
}

static void search(const char *head, const char *format, bool down, int64_t most, int error)
{
    struct hostile h;

    hostile_init(&h);
    h.config.messages_max = most;
    hostile_open(&h);
    begin_search(&h);
    hostile_say(&h, head);
    hostile_count(&h, format, down ? 2 * MILLION + 3 : 5, down ? -2 : 2, MILLION);
    hostile_say(&h, "\r\nC7 OK\r\n");
    assert_int_equal(h.completed, 2);
    assert_int_equal(h.error, error);
    hostile_close(&h, head);
}

static void test_pf_122_a_million_numbers_in_search(void **state)
{
    (void)state;
    for (int down = 0; down < 2; down++) {
        search("* SEARCH 1", " %u", down, 2000, CPMSYNC_ERR_LIMIT);
        search("* ESEARCH (TAG \"C7\") UID ALL 1", ",%u", down, 2000, CPMSYNC_ERR_LIMIT);
        search("* SEARCH 1", " %u", down, 0, 0);
        search("* ESEARCH (TAG \"C7\") UID ALL 1", ",%u", down, 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pf_120_responses_that_change_nothing),
        cmocka_unit_test(test_pf_120_more_messages_than_are_allowed),
        cmocka_unit_test(test_pf_120_messages_come_and_go),
        cmocka_unit_test(test_pf_120_expunges_without_end),
        cmocka_unit_test(test_pf_120_thousands_of_alerts),
        cmocka_unit_test(test_pf_120_thousands_of_keywords),
        cmocka_unit_test(test_pf_122_a_million_ranges_in_vanished),
        cmocka_unit_test(test_pf_122_a_million_numbers_in_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
