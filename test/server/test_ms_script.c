/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "mock_talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
                         "before 1 UID deliver INBOX\n"
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
        "after 1 deliver INBOX\n", "at-connect deliver INBOX\n", "rename INBOX\n", "fault nonsense\n"};
    struct talk *talk = (struct talk *)*state;
    char text[200];
    size_t i;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        unsigned line = 0;
        snprintf(text, sizeof text, "\ncreate x%zu\n%s", i, WRONG[i]);
        assert_int_equal(script(talk, text, &line), CPMSYNC_ERR_INVALID_ARGUMENT);
        assert_int_equal(line, 3);
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

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void test_loads_maildir_and_mbox(void **state)
{
    static const char *const FOLDERS[] = {"", "/cur", "/new", "/tmp", "/.A.B", "/.A.B/cur", "/.A.B/new"};
    struct talk *talk = (struct talk *)*state;
    char root[] = "maildir-XXXXXX", path[200];
    const void *data;
    size_t i;
    assert_non_null(mkdtemp(root));
    for (i = 1; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        snprintf(path, sizeof path, "%s%s", root, FOLDERS[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    snprintf(path, sizeof path, "%s/cur/1.x:2,FS", root);
    put(path, "Subject: one\n\nbody\r\n");
    snprintf(path, sizeof path, "%s/new/2.x", root);
    put(path, "Subject: two\n\n");
    snprintf(path, sizeof path, "%s/.A.B/cur/3.x:2,RT", root);
    put(path, "Subject: three\n\n");
    assert_int_equal(cpmsync_mock_load(talk->mock, NULL, root), 3);
    expect_dump(talk, "INBOX", "1 2 (\\Flagged \\Seen)\n2 3 ()\n");
    expect_dump(talk, "A/B", "1 2 (\\Answered \\Deleted)\n");
    assert_int_equal(cpmsync_mock_message(talk->mock, NULL, "INBOX", 1, &data), 22);
    assert_memory_equal(data, "Subject: one\r\n\r\nbody\r\n", 22);
    snprintf(path, sizeof path, "%s/mbox", root);
    put(path, "From a\nSubject: four\n\n>From me\n\nFrom b\nSubject: five\n\nx\n");
    assert_int_equal(cpmsync_mock_load(talk->mock, NULL, path), 2);
    assert_int_equal(cpmsync_mock_message(talk->mock, NULL, "INBOX", 3, &data), 27);
    assert_memory_equal(data, "Subject: four\r\n\r\n>From me\r\n", 27);
    assert_int_equal(cpmsync_mock_message(talk->mock, NULL, "INBOX", 4, &data), 20);
    assert_int_equal(cpmsync_mock_load(talk->mock, NULL, "/nonexistent"), CPMSYNC_ERR_NOT_FOUND);
    snprintf(path, sizeof path, "rm -r %s", root);
    assert_int_equal(system(path), 0);
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
        cmocka_unit_test_setup_teardown(test_loads_maildir_and_mbox, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_generated_messages_repeat_with_the_seed, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
