/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "mock_talk.h"

#include <stdio.h>

static int script(struct talk *talk, const char *text, unsigned *line)
{
    return cpmsync_mock_script(talk->mock, text, strlen(text), line);
}

static void expect_dump(struct talk *talk, const char *mailbox, const char *lines)
{
    char text[2000];
    assert_true(cpmsync_mock_dump(talk->mock, NULL, mailbox, text, sizeof text) > 0);
    assert_string_equal(strchr(text, '\n') + 1, lines);
}

static void test_a_script_acts_at_its_moments(void **state)
{
    struct talk *talk = (struct talk *)*state;
    unsigned line = 0;
    assert_int_equal(script(talk,
                         "# a comment\n"
                         "deliver INBOX 3 \\Seen   # now\r\n"
                         "\n"
                         "at-connect 2 flag INBOX 1:2 +\\Flagged -\\Seen\n"
                         "before 1 UID FETCH deliver INBOX\n"
                         "before 2 select expunge INBOX 3\n"
                         "after 1 FETCH deliver INBOX $x\n",
                         &line),
        0);
    expect_dump(talk, "INBOX", "1 2 (\\Seen)\n2 3 (\\Seen)\n3 4 (\\Seen)\n");
    assert_int_equal(cpmsync_mock_script_unfired(talk->mock, &line), 4);
    assert_int_equal(line, 4);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* 3 EXISTS\n");
    talk_expect_has(talk, conn, "b FETCH 1 FLAGS\n", "* 1 FETCH (FLAGS (\\Seen \\Recent))\nb OK ");
    talk_expect_has(talk, conn, "c NOOP\n", "* 4 EXISTS\n");
    conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* 3 EXISTS\n");
    expect_dump(talk, "INBOX", "1 7 (\\Flagged)\n2 7 (\\Flagged)\n4 5 ($x)\n");
    assert_int_equal(cpmsync_mock_script_unfired(talk->mock, &line), 1);
    assert_int_equal(line, 5);
}

static void test_a_script_changes_the_tree(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_status before, after;
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    before.size = after.size = sizeof before;
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "x"), 0);
    assert_int_equal(script(talk,
                         "create a\ndeliver a 2\nrename a \"b c\"\nuidvalidity \"b c\"\nexpunge \"b c\" 1\n"
                         "drop-log \"b c\"\nraise-modseq \"b c\" 1000\nfault no-closed\ncreate gone\ndelete gone\n"
                         "user other\ndeliver INBOX\nnomodseq INBOX\n",
                         NULL),
        0);
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "a", &before), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "gone", &before), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "b c", &after), 0);
    assert_int_equal(after.highestmodseq, 1000);
    assert_int_equal(after.messages, 1);
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, "other", "INBOX", &after), 0);
    assert_int_equal(after.messages, 1);
    assert_int_equal(after.highestmodseq, 0);
}

static void test_wrong_scripts_name_their_line(void **state)
{
    static const char *const WRONG[] = {"frobnicate INBOX\n", "deliver\n", "deliver nowhere\n", "flag INBOX 1\n",
        "flag INBOX x +\\Seen\n", "expunge INBOX\n", "after x NOOP deliver INBOX\n", "after 0 NOOP deliver INBOX\n",
        "after 1 deliver INBOX\n", "after 1 SELCT deliver INBOX\n", "after 1 UID SELECT deliver INBOX\n",
        "after 1 NOOP\n", "generate INBOX\n", "generate INBOX x\n", "generate INBOX 1 x\n", "conversations a x\n",
        "conversations a 1 x\n", "at-connect deliver INBOX\n", "rename INBOX\n", "fault nonsense\n"};
    struct talk *talk = (struct talk *)*state;
    char text[200];
    size_t i;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        unsigned line = 0;
        snprintf(text, sizeof text, "\ncreate x%zu\n%s", i, WRONG[i]);
        assert_int_equal(script(talk, text, &line), CPMSYNC_ERR_INVALID_ARGUMENT);
        assert_int_equal(line, 3);
        assert_int_equal(strncmp(cpmsync_mock_why(talk->mock), "line 3: ", 8), 0);
    }
}

static void test_a_step_that_fails_counts_as_unfired(void **state)
{
    struct talk *talk = (struct talk *)*state;
    unsigned line = 0;
    assert_int_equal(script(talk, "after 1 NOOP deliver nowhere\n", NULL), 0);
    int conn = talk_connect(talk, true);
    talk_say(talk, conn, "a NOOP\n");
    assert_int_equal(cpmsync_mock_script_unfired(talk->mock, &line), 1);
    assert_int_equal(line, 1);
}

static void test_a_step_waits_for_the_uid_form_alone(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char text[200];
    assert_int_equal(script(talk, "after 1 UID FETCH deliver INBOX\n", NULL), 0);
    talk_deliver(talk, 1);
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "a SELECT INBOX\nb FETCH 1 FLAGS\n");
    assert_int_equal(cpmsync_mock_script_report(talk->mock, 0, text, sizeof text), 0);
    assert_string_equal(text, "line 1: \"deliver\" \"INBOX\": never fired, 1 too few");
    talk_say(talk, conn, "c UID FETCH 1 FLAGS\n");
    assert_int_equal(cpmsync_mock_script_report(talk->mock, 0, text, sizeof text), CPMSYNC_ERR_NOT_FOUND);
}

static void test_scripts_generate(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(
        script(
            talk, "generate a/b 30 2000\ngenerate INBOX 2\nconversations Default 3 2\nconversations Default 1\n", NULL),
        0);
    assert_int_equal(talk_status(talk, "a/b").messages, 30);
    assert_int_equal(talk_status(talk, "INBOX").messages, 2);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT a/b\nb SEARCH LARGER 1999\n", "* SEARCH 1 2 3 ");
    talk_say(talk, conn, "c LIST \"\" Default/% RETURN (STATUS (MESSAGES))\n");
    const char *at = talk->answer;
    size_t twos = 0, ones = 0;
    for (; *at; at++) {
        twos += strncmp(at, "(MESSAGES 2)", 12) == 0;
        ones += strncmp(at, "(MESSAGES 1)", 12) == 0;
    }
    assert_int_equal(twos, 3);
    assert_int_equal(ones, 1);
    /* the mailbox's name is what its messages say */
    const char *name = strstr(talk->answer, "Default/");
    char select[200];
    assert_non_null(name);
    snprintf(
        select, sizeof select, "d SELECT Default/%.36s\ne SEARCH HEADER Conversation-ID %.36s\n", name + 8, name + 8);
    talk_say(talk, conn, select);
    assert_true(talk_has(talk, "* SEARCH 1"));
}

static void test_failed_steps_are_reported_in_words(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char text[200], cut[10];
    assert_int_equal(script(talk, "\nafter 1 NOOP deliver nowhere\nafter 3 NOOP deliver INBOX\n", NULL), 0);
    int conn = talk_connect(talk, true);
    talk_say(talk, conn, "a NOOP\n");
    assert_int_equal(cpmsync_mock_script_report(talk->mock, 0, text, sizeof text), 0);
    assert_string_equal(text, "line 2: \"deliver\" \"nowhere\": no such user or mailbox");
    assert_int_equal(cpmsync_mock_script_report(talk->mock, 1, text, sizeof text), 0);
    assert_string_equal(text, "line 3: \"deliver\" \"INBOX\": never fired, 2 too few");
    assert_int_equal(cpmsync_mock_script_report(talk->mock, 1, cut, sizeof cut), 0);
    assert_string_equal(cut, "line 3: \"");
    assert_int_equal(cpmsync_mock_script_report(talk->mock, 2, text, sizeof text), CPMSYNC_ERR_NOT_FOUND);
}

static void test_generated_messages_repeat_with_the_seed(void **state)
{
    struct talk *a = (struct talk *)*state, *b = talk_new(NULL);
    const void *x, *y;
    assert_int_equal(cpmsync_mock_generate(a->mock, NULL, "INBOX", 100, 3000), 0);
    assert_int_equal(cpmsync_mock_generate(b->mock, NULL, "INBOX", 100, 3000), 0);
    int64_t len = cpmsync_mock_message(a->mock, NULL, "INBOX", 77, &x);
    assert_true(len >= 3000);
    assert_int_equal(cpmsync_mock_message(b->mock, NULL, "INBOX", 77, &y), len);
    assert_memory_equal(x, y, (size_t)len);
    talk_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_script_acts_at_its_moments, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_a_script_changes_the_tree, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_wrong_scripts_name_their_line, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_a_step_that_fails_counts_as_unfired, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_a_step_waits_for_the_uid_form_alone, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_scripts_generate, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_failed_steps_are_reported_in_words, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_generated_messages_repeat_with_the_seed, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
