/* SPDX-License-Identifier: MIT */
/* Descriptors without end, or none of them where they were asked for (PF-120, G-26). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "hostile/hostile.h"

enum { MILLION = 1000000, MANY = 300000 };

static void begin(struct hostile *h, int64_t most)
{
    hostile_init(h);
    h->config.descriptors = 0;
    h->config.messages_max = most;
    hostile_open(h);
    hostile_selected(h, 1);
}

static void test_pf_120_a_descriptor_that_is_told_again_and_again(void **state)
{
    static const char *const lines[] = {
        "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 1 BODY[HEADER.FIELDS (From)] {18}\r\nFrom: a\r\nFrom: b\r\n)\r\n",
        "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 1)\r\n* 1 FETCH (UID 1 BODY[HEADER.FIELDS (To)] \"To: x\")\r\n",
        "* 1 FETCH (UID 1 FLAGS () BODY[HEADER.FIELDS (From)] NIL)\r\n",
        "* 1 FETCH (UID 1 FLAGS ())\r\n* 1 FETCH (UID 1 RFC822.SIZE 1)\r\n* VANISHED 1\r\n* 1 EXISTS\r\n",
        "* 1 FETCH (UID 7 RFC822.SIZE 1)\r\n", "* 1 FETCH (RFC822.SIZE 1)\r\n"};
    struct hostile h;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        begin(&h, 2000);
        hostile_repeat(&h, lines[i], MILLION);
        assert_false(hostile_over(&h));
        hostile_eof(&h);
        assert_int_equal(h.completed, 1);
        hostile_close(&h, lines[i]);
    }
}

/* A header of a million fields is a literal that is streamed past; one that is not is small. */
static void test_g_26_a_header_without_end(void **state)
{
    char item[128];
    struct hostile h;

    (void)state;
    begin(&h, 2000);
    snprintf(item, sizeof item, "* 1 FETCH (UID 1 FLAGS () BODY[HEADER.FIELDS (From)] {%d}\r\n", 10 * MILLION);
    hostile_say(&h, item);
    hostile_count(&h, "a: b\r\nF:\r\n", 0, 0, MILLION);
    hostile_say(&h, " RFC822.SIZE 1 INTERNALDATE \" 1-Jan-2024 00:00:00 +0000\")\r\nC4 OK\r\n");
    assert_int_equal(h.completed, 1);
    assert_int_equal(h.error, 0);
    assert_int_equal(h.events[CPMSYNC_EVENT_MESSAGE], 1);
    hostile_close(&h, "a long header");
}

/* All there are, in any order, by their flags alone: what lacks is a set, and is asked for in ranges. */
static void test_pf_120_many_messages_without_descriptors(void **state)
{
    struct hostile h;

    (void)state;
    for (int down = 0; down < 2; down++) {
        begin(&h, 0);
        hostile_say(&h, "* 1 FETCH (X\r\nC4 OK\r\n"); /* so that all are asked for */
        assert_true(hostile_sent(&h, "C5 UID FETCH 1:4294967295 (FLAGS MODSEQ)\r\n"));
        hostile_count(
            &h, "* 1 FETCH (UID %u FLAGS () MODSEQ (99))\r\n", down ? 2 * MANY - 10 : 5, down ? -2 : 2, MANY - 10);
        hostile_say(&h, "* 299990 EXISTS\r\nC5 OK\r\n");
        hostile_say(&h, "C6 OK\r\n"); /* and what came meanwhile */
        assert_int_equal(h.completed, 0);
        assert_true(hostile_sent(&h, " (RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS ("));
        /* None is told: each is asked for once, and not again. */
        for (uint32_t tag = 7; tag < 200; tag++)
            hostile_count(&h, "C%u OK\r\n", tag, 1, 1);
        assert_false(hostile_over(&h));
        hostile_eof(&h);
        assert_int_equal(h.completed, 1);
        hostile_close(&h, down ? "messages without descriptors, downwards" : "messages without descriptors");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pf_120_a_descriptor_that_is_told_again_and_again),
        cmocka_unit_test(test_g_26_a_header_without_end),
        cmocka_unit_test(test_pf_120_many_messages_without_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
