/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_ms_01_what_the_grammar_forbids_is_bad(void **state)
{
    static const char *const WRONG[] = {
        "a NOOP \n",
        "a  NOOP\n",
        "a NOOP x\n",
        "a\n",
        "a \n",
        "a FROBNICATE\n",
        "a UID\n",
        "a UID NOOP\n",
        "a SELECT\n",
        "a SELECT  INBOX\n",
        "a SELECT INBOX \n",
        "a SELECT \"INBOX\n",
        "a SELECT IN(BOX\n",
        "a SELECT \"IN\\BOX\"\n",
        "a SELECT \"\xe4\"\n",
        "a SELECT INBOX ()\n",
        "a FETCH 1 ()\n",
        "a FETCH 0 FLAGS\n",
        "a FETCH 1, FLAGS\n",
        "a FETCH 1:2:3 FLAGS\n",
        "a FETCH 01 FLAGS\n",
        "a FETCH 1\n",
        "a FETCH 4294967296 FLAGS\n",
        "a FETCH 1 (FLAGS\n",
        "a FETCH 1 (FLAGS )\n",
        "a FETCH 1 BODY[\n",
        "a FETCH 1 BODY[MIME]\n",
        "a FETCH 1 BODY[]<0>\n",
        "a FETCH 1 BODY[]<0.0>\n",
        "a FETCH 1 (FAST)\n",
        "a STORE 1 FLAGS\n",
        "a STORE 1 FLAGS (\\Recent)\n",
        "a STORE 1 *FLAGS (\\Seen)\n",
        "a SEARCH\n",
        "a SEARCH (ALL\n",
        "a SEARCH NOT\n",
        "a SEARCH OR ALL\n",
        "a SEARCH ALL)\n",
        "a SEARCH SINCE 1-Foo-2020\n",
        "a STATUS INBOX ()\n",
        "a STATUS INBOX (FOO)\n",
        "a APPEND INBOX \"x\"\n",
        "a LIST \"\"\n",
        "a ENABLE\n",
        "a IDLE x\n",
        "a ID\n",
        "a ID (\"a\")\n",
    };
    struct talk *talk = (struct talk *)*state;
    size_t i;
    talk_deliver(talk, 1);
    int conn = talk_login(talk, true);
    for (i = 0; i < COUNT(WRONG); i++) {
        talk_say(talk, conn, WRONG[i]);
        if (strncmp(talk->answer, "a BAD ", 6) != 0)
            fail_msg("%s was answered %s", WRONG[i], talk->answer);
    }
    talk_expect_has(talk, conn, "b SELECT INBOX\n", "b OK [READ-WRITE]");
    for (i = 0; i < COUNT(WRONG); i++) {
        talk_say(talk, conn, WRONG[i]);
        if (strncmp(talk->answer, "a BAD ", 6) != 0)
            fail_msg("%s was answered %s", WRONG[i], talk->answer);
    }
}

static void test_ms_01_nul_bare_lf_and_missing_tag(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    assert_string_equal(talk_send(talk, conn, "a NO\0OP\r\n", 9), "a BAD Unknown command\n");
    assert_int_equal(strncmp(talk_send(talk, conn, "a NOOP\n", 7), "a BAD ", 6), 0);
    assert_int_equal(strncmp(talk_send(talk, conn, "a CAPABILITY\0\r\n", 15), "a BAD ", 6), 0);
    talk_expect(talk, conn, "\n", "* BAD No tag\n");
    talk_expect(talk, conn, "+ NOOP\n", "* BAD No tag\n");
    talk_expect(talk, conn, "* NOOP\n", "* BAD No tag\n");
    talk_expect(talk, conn, "a]b NOOP\n", "a]b OK NOOP completed\n");
    talk_expect(talk, conn, "a noop\n", "a OK NOOP completed\n");
}

static void test_ms_01_commands_of_another_state_are_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a SELECT INBOX\n", "a BAD Not in this state\n");
    talk_expect(talk, conn, "a FETCH 1 FLAGS\n", "a BAD Not in this state\n");
    talk_expect(talk, conn, "a ENABLE QRESYNC\n", "a BAD Not in this state\n");
    talk_expect_has(talk, conn, "a LOGIN test test\n", "a OK ");
    talk_expect(talk, conn, "a FETCH 1 FLAGS\n", "a BAD Not in this state\n");
    talk_expect(talk, conn, "a LOGIN test test\n", "a BAD Not in this state\n");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect(talk, conn, "a ENABLE QRESYNC\n", "a BAD Not in this state\n");
    talk_expect(talk, conn, "a CLOSE\n", "a OK CLOSE completed\n");
    talk_expect(talk, conn, "a CLOSE\n", "a BAD Not in this state\n");
}

static void test_ms_06_uid_commands_show_uids_and_numbers_have_bounds(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect(talk, conn, "a UID FETCH 1:* FLAGS\n", "a OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH * FLAGS\n", "a BAD ");
    talk_deliver(talk, 3);
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2"), 1);
    talk_say(talk, conn, "a NOOP\n");
    talk_expect(talk, conn, "a UID FETCH 1:2 FLAGS\n", "* 1 FETCH (UID 1 FLAGS (\\Recent))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a UID FETCH 500:* FLAGS\n", "* 2 FETCH (UID 3 FLAGS (\\Recent))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH * UID\n", "* 2 FETCH (UID 3)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH *:1 UID\n", "* 1 FETCH (UID 1)\n* 2 FETCH (UID 3)\na OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 3 UID\n", "a BAD ");
    talk_expect_has(talk, conn, "a FETCH 1,3 UID\n", "a BAD ");
    talk_expect_has(talk, conn, "a FETCH 3:1 UID\n", "a BAD ");
    talk_expect_has(talk, conn, "a STORE 1:3 FLAGS ()\n", "a BAD ");
    talk_expect(talk, conn, "a UID STORE 3 +FLAGS (\\Seen)\n",
        "* 2 FETCH (UID 3 FLAGS (\\Seen \\Recent))\na OK STORE completed\n");
    talk_expect(talk, conn, "a UID STORE 2 +FLAGS (\\Seen)\n", "a OK STORE completed\n");
    talk_expect(talk, conn, "a FETCH 2,1,2 UID\n", "* 1 FETCH (UID 1)\n* 2 FETCH (UID 3)\na OK FETCH completed\n");
}

static void test_ms_07_pipelined_commands_run_in_order(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 2);
    int conn = talk_connect(talk, true);
    talk_say(talk, conn,
        "a LOGIN test test\nb ENABLE QRESYNC\nc SELECT INBOX\nd STORE 1 +FLAGS.SILENT (\\Deleted)\ne EXPUNGE\n"
        "f FETCH 1 UID\ng UNSELECT\nh FETCH 1 UID\n");
    assert_true(talk_has_order(talk, "a OK ", "b OK "));
    assert_true(talk_has_order(talk, "b OK ", "* 2 EXISTS\n"));
    assert_true(talk_has_order(talk, "c OK ", "d OK "));
    assert_true(talk_has_order(talk, "* VANISHED 1\n", "e OK "));
    assert_true(talk_has_order(talk, "e OK ", "* 1 FETCH (UID 2)\n"));
    assert_true(talk_has_order(talk, "g OK ", "h BAD "));
}

static void test_ms_11_literals_synchronising_or_not(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a LOGIN {4}\n", "+ Ready for the literal\n");
    talk_expect(talk, conn, "test {4}\n", "+ Ready for the literal\n");
    talk_expect_has(talk, conn, "test\n", "a OK ");
    talk_expect_has(talk, conn, "b APPEND {5+}\nINBOX (\\Seen) {17+}\nSubject: x\n\nline\n", "b BAD ");
    talk_expect_has(talk, conn, "b APPEND {5+}\nINBOX (\\Seen) {20+}\nSubject: x\n\nline\n\n", "b OK [APPENDUID ");
    talk_expect_has(talk, conn, "b SELECT {0}\n", "+ ");
    talk_expect_has(talk, conn, "\n", "b NO ");
    talk_expect_has(talk, conn, "b NOOP\n", "b OK ");
    assert_int_equal(strncmp(talk_send(talk, conn, "b SELECT {3+}\r\nI\0N\r\n", 20), "b BAD ", 6), 0);
    talk_expect_has(talk, conn, "b SELECT {1000000000}\n", "b BAD [TOOBIG]");
    talk_expect_has(talk, conn, "b NOOP\n", "b OK ");
    talk_expect_has(talk, conn, "b APPEND INBOX {1000000000}\n", "b NO [TOOBIG]");
    talk_expect_has(talk, conn, "b NOOP\n", "b OK ");
}

static void test_ms_11_a_refused_nonsynchronising_literal_is_thrown_away(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.max_literal = 100;
    struct talk *talk = talk_new(&config);
    char message[200];
    memset(message, 'x', 200);
    memcpy(message + 100, "\r\nz NOOP\r\n", 10); /* nothing in it is a command */
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a APPEND INBOX {200+}\n", "a NO [TOOBIG] Larger than a message may be\n");
    assert_string_equal(talk_send(talk, conn, message, 200), "");
    talk_expect(talk, conn, " {3+}\nabc\nb NOOP\n", "b OK NOOP completed\n");
    talk_free(talk);
}

static void test_ms_11_literal_minus_ends_at_4096_octets(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char *text = (char *)malloc(5000);
    assert_non_null(text);
    talk_fault(talk, "literal-minus");
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "a CAPABILITY\n");
    assert_true(talk_has(talk, " LITERAL- "));
    assert_false(talk_has(talk, " LITERAL+ "));
    memset(text, 'x', 4097);
    text[4096] = 0;
    talk_say(talk, conn, "a APPEND INBOX {4096+}\n");
    talk_say(talk, conn, text);
    talk_expect_has(talk, conn, "\n", "a OK ");
    talk_expect_has(talk, conn, "a APPEND INBOX {4097+}\n", "a BAD [TOOBIG]");
    text[4096] = 'x';
    text[4097] = 0;
    talk_expect(talk, conn, text, "");
    talk_expect(talk, conn, "\nb NOOP\n", "b OK NOOP completed\n");
    talk_expect_has(talk, conn, "a APPEND INBOX {4097}\n", "+ ");
    free(text);
}

static void test_ms_11_literal_plus_and_minus_are_never_both_offered(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 LITERAL- LITERAL+";
    struct talk *talk = talk_new(&config);
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a CAPABILITY\n", "* CAPABILITY IMAP4rev1 LITERAL+\na OK CAPABILITY completed\n");
    talk_fault(talk, "literal-minus");
    talk_expect(talk, conn, "a CAPABILITY\n", "* CAPABILITY IMAP4rev1 LITERAL-\na OK CAPABILITY completed\n");
    talk_fault(talk, "no-literal-plus");
    talk_expect(talk, conn, "a CAPABILITY\n", "* CAPABILITY IMAP4rev1\na OK CAPABILITY completed\n");
    talk_free(talk);
    config.capabilities = "IMAP4rev1 LITERAL-";
    talk = talk_new(&config);
    conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a CAPABILITY\n", "* CAPABILITY IMAP4rev1 LITERAL-\na OK CAPABILITY completed\n");
    talk_free(talk);
}

static void test_ms_11_without_literal_plus_it_is_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "no-literal-plus");
    int conn = talk_login(talk, false);
    talk_expect_no(talk, conn, "a CAPABILITY\n", "LITERAL");
    talk_expect_has(talk, conn, "a SELECT {5+}\nINBOX\n", "a BAD ");
    talk_expect(talk, conn, "a NOOP\n", "a OK NOOP completed\n");
}

static void test_ms_11_a_literal_may_be_refused_before_it_is_sent(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_fault(talk, "literal-refuse");
    talk_expect(talk, conn, "a APPEND INBOX {10}\n", "a NO [LIMIT] No literal now\n");
    talk_expect(talk, conn, "b NOOP\n", "b OK NOOP completed\n");
}

static void test_the_same_stream_in_single_octets_gives_the_same_answers(void **state)
{
    static const char STREAM[] =
        "a LOGIN {4+}\r\ntest test\r\nb APPEND INBOX {8+}\r\nx\r\n{3}\r\n\r\nc SELECT INBOX\r\nd FETCH 1 BODY[]\r\n";
    struct talk *whole = (struct talk *)*state, *split = talk_new(NULL);
    char *answers = (char *)calloc(1, sizeof whole->answer);
    size_t i;
    assert_non_null(answers);
    int a = talk_connect(whole, true), b = talk_connect(split, true);
    talk_send(whole, a, STREAM, sizeof STREAM - 1);
    for (i = 0; i < sizeof STREAM - 1; i++)
        strcat(answers, talk_send(split, b, STREAM + i, 1));
    assert_string_equal(answers, whole->answer);
    assert_true(talk_has(whole, "d OK "));
    free(answers);
    talk_free(split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ms_01_what_the_grammar_forbids_is_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_01_nul_bare_lf_and_missing_tag, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_01_commands_of_another_state_are_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_06_uid_commands_show_uids_and_numbers_have_bounds, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_07_pipelined_commands_run_in_order, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_11_literals_synchronising_or_not, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_11_a_refused_nonsynchronising_literal_is_thrown_away, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_11_literal_minus_ends_at_4096_octets, talk_setup, talk_teardown),
        cmocka_unit_test(test_ms_11_literal_plus_and_minus_are_never_both_offered),
        cmocka_unit_test_setup_teardown(test_ms_11_without_literal_plus_it_is_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_11_a_literal_may_be_refused_before_it_is_sent, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_the_same_stream_in_single_octets_gives_the_same_answers, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
