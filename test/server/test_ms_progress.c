/* SPDX-License-Identifier: MIT */
/* INPROGRESS (RFC 9585), as it should be and as it should not. */
#include "mock_talk.h"

/* `count` messages in INBOX, which is selected. */
static int with_messages(struct talk *talk, unsigned count)
{
    talk_deliver(talk, count);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_ms_49_a_long_command_tells_how_far_it_is(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk, 5);
    talk_expect_has(talk, conn, "a CAPABILITY\n", " INPROGRESS ");
    talk_expect_no(talk, conn, "a UID FETCH 1:5 UID\n", "INPROGRESS");
    talk_fault(talk, "inprogress=2");
    talk_expect(talk, conn, "f1 UID FETCH 1:5 UID\n",
        "* 1 FETCH (UID 1)\n* 2 FETCH (UID 2)\n* OK [INPROGRESS (\"f1\" 2 5)] Still at it\n* 3 FETCH (UID 3)\n"
        "* 4 FETCH (UID 4)\n* OK [INPROGRESS (\"f1\" 4 5)] Still at it\n* 5 FETCH (UID 5)\nf1 OK FETCH completed\n");
    talk_expect(talk, conn, "f2 FETCH 1:2 UID\n", "* 1 FETCH (UID 1)\n* 2 FETCH (UID 2)\nf2 OK FETCH completed\n");
    talk_expect(talk, conn, "g SEARCH ALL\n",
        "* OK [INPROGRESS (\"g\" 2 5)] Still at it\n* OK [INPROGRESS (\"g\" 4 5)] Still at it\n* SEARCH 1 2 3 4 5\n"
        "g OK SEARCH completed\n");
    talk_expect(talk, conn, "h STORE 1:3 +FLAGS.SILENT (\\Seen)\n",
        "* OK [INPROGRESS (\"h\" 2 3)] Still at it\nh OK STORE completed\n");
    talk_expect_has(talk, conn, "i COPY 1:3 INBOX\n", "* OK [INPROGRESS (\"i\" 2 3)] Still at it\n");
    talk_expect_has(talk, conn, "j MOVE 1:3 INBOX\n", "* OK [INPROGRESS (\"j\" 2 3)] Still at it\n");
    talk_expect_has(talk, conn, "k CONVERT 1:3 (NIL (charset utf-8)) BINARY[1]\n", "* OK [INPROGRESS (\"k\" 2 3)] ");
}

static void test_ms_49_a_tag_that_would_end_the_code_is_not_told(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk, 2);
    talk_fault(talk, "inprogress=1");
    talk_expect_has(talk, conn, "a]b SEARCH ALL\n", "* OK [INPROGRESS (NIL 1 2)] Still at it\n");
}

static void test_ms_49_inprogress_that_says_less(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk, 5);
    talk_fault(talk, "inprogress=1");
    talk_fault(talk, "inprogress-forms");
    talk_expect(talk, conn, "a SEARCH ALL\n",
        "* OK [INPROGRESS] Still at it\n* OK [INPROGRESS (NIL 2 5)] Still at it\n* OK [INPROGRESS (\"a\" NIL NIL)] "
        "Still "
        "at it\n* OK [INPROGRESS (\"a\" 4 NIL)] Still at it\n* SEARCH 1 2 3 4 5\na OK SEARCH completed\n");
}

static void test_ms_49_inprogress_that_cannot_be(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk, 5);
    talk_fault(talk, "inprogress=1");
    talk_fault(talk, "inprogress-bad");
    talk_expect(talk, conn, "a SEARCH ALL\n",
        "* OK [INPROGRESS (\"a\" 1 0)] Still at it\n* OK [INPROGRESS (\"a\" 6 5)] Still at it\n* OK [INPROGRESS (\"a\" "
        "4294967296 4294967297)] Still at it\n* OK [INPROGRESS (\"nobody\" 4 5)] Still at it\n* SEARCH 1 2 3 4 5\n"
        "a OK SEARCH completed\n");
}

static void test_ms_49_without_the_capability_there_is_no_inprogress(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1";
    struct talk *talk = talk_new(&config);
    int conn = with_messages(talk, 3);
    talk_fault(talk, "inprogress=1");
    talk_expect(talk, conn, "a SEARCH ALL\n", "* SEARCH 1 2 3\na OK SEARCH completed\n");
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ms_49_a_long_command_tells_how_far_it_is, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_49_a_tag_that_would_end_the_code_is_not_told, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_49_inprogress_that_says_less, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_49_inprogress_that_cannot_be, talk_setup, talk_teardown),
        cmocka_unit_test(test_ms_49_without_the_capability_there_is_no_inprogress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
