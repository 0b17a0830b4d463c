/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>
#include <stdlib.h>

static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "other"), 0);
    *state = talk;
    return 0;
}

static void set(struct talk *talk, int conn, const char *entries)
{
    char line[3000];
    snprintf(line, sizeof line, "s SETMETADATA INBOX (%s)\n", entries);
    talk_expect(talk, conn, line, "s OK SETMETADATA completed\n");
}

static void test_ms_26_entries_are_set_replaced_and_removed(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    set(talk, conn, "/private/comment \"My own\" /shared/comment {10+}\ntwo\nlines");
    talk_expect(talk, conn, "a GETMETADATA INBOX (/shared/comment /PRIVATE/Comment)\n",
        "* METADATA INBOX (/shared/comment {10}\ntwo\nlines /PRIVATE/Comment \"My own\")\na OK GETMETADATA "
        "completed\n");
    set(talk, conn, "/private/comment \"\" /shared/comment nil");
    talk_expect(talk, conn, "a GETMETADATA INBOX (/shared/comment /private/comment)\n",
        "* METADATA INBOX (/shared/comment NIL /private/comment \"\")\na OK GETMETADATA completed\n");
    set(talk, conn, "/shared/vendor/x/binary ~{3+}\na\x01z");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX /shared/vendor/x/binary\n", "{3}\na\x01z)\n");
}

static void test_ms_26_a_value_with_nul_is_a_literal8(void **state)
{
    static const char SET[] = "a SETMETADATA INBOX (/private/comment ~{3+}\r\na\0b)\r\n";
    static const char WRONG[] = "a SETMETADATA INBOX (/private/comment {3+}\r\na\0b)\r\n";
    static const char GET[] = "b GETMETADATA INBOX /private/comment\r\n";
    static const char ANSWER[] = "* METADATA INBOX (/private/comment ~{3}\r\na\0b)\r\nb OK ";
    struct talk *talk = (struct talk *)*state;
    const void *data;
    int conn = talk_login(talk, false);
    assert_string_equal(talk_send(talk, conn, WRONG, sizeof WRONG - 1), "a BAD Wrong arguments\n");
    assert_string_equal(talk_send(talk, conn, SET, sizeof SET - 1), "a OK SETMETADATA completed\n");
    cpmsync_mock_feed(talk->mock, conn, GET, sizeof GET - 1);
    assert_true(cpmsync_mock_output(talk->mock, conn, &data) > sizeof ANSWER);
    assert_memory_equal(data, ANSWER, sizeof ANSWER - 1);
}

static void test_ms_26_maxsize_leaves_out_and_tells_the_longest(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SETMETADATA INBOX (/private/comment 12345)\n", "s BAD ");
    set(talk, conn, "/private/comment \"12345\" /shared/comment \"123456789\" /shared/vendor/a/b \"1234567\"");
    talk_expect(talk, conn, "a GETMETADATA (MAXSIZE 5) INBOX (/private/comment /shared/comment /shared/vendor/a/b)\n",
        "* METADATA INBOX (/private/comment \"12345\")\na OK [METADATA LONGENTRIES 9] GETMETADATA completed\n");
    talk_expect(talk, conn, "a GETMETADATA INBOX (MAXSIZE 9) (/shared/comment)\n",
        "* METADATA INBOX (/shared/comment \"123456789\")\na OK GETMETADATA completed\n");
    talk_expect(talk, conn, "a GETMETADATA (maxsize 4) INBOX /private/comment\n",
        "a OK [METADATA LONGENTRIES 5] GETMETADATA completed\n");
}

static void test_ms_26_depth_returns_what_is_below(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    set(talk, conn,
        "/private/f/v/small \"1\" /private/f/v/boss \"2\" /private/f/v/boss/deep \"3\" /private/f/vx \"4\" /private/f "
        "\"0\"");
    talk_expect(talk, conn, "a GETMETADATA INBOX (DEPTH 1) (/private/f/v)\n",
        "* METADATA INBOX (/private/f/v/small \"1\" /private/f/v/boss \"2\")\na OK GETMETADATA completed\n");
    talk_expect(talk, conn, "a GETMETADATA (DEPTH infinity) INBOX /private/f/v\n",
        "* METADATA INBOX (/private/f/v/small \"1\" /private/f/v/boss \"2\" /private/f/v/boss/deep \"3\")\n"
        "a OK GETMETADATA completed\n");
    talk_expect_has(talk, conn, "a GETMETADATA (DEPTH 1) INBOX /private/F\n", "(/private/f/vx \"4\" /private/f \"0\")");
    talk_expect(talk, conn, "a GETMETADATA (DEPTH 0) INBOX /private/f/v\n",
        "* METADATA INBOX (/private/f/v NIL)\na OK GETMETADATA completed\n");
    talk_expect(talk, conn, "a GETMETADATA (DEPTH 1 MAXSIZE 0) INBOX /private/f/v\n",
        "a OK [METADATA LONGENTRIES 1] GETMETADATA completed\n");
    talk_expect(talk, conn, "a GETMETADATA (DEPTH infinity) INBOX /shared\n", "a OK GETMETADATA completed\n");
}

static void test_ms_26_wrong_names_and_options_are_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    static const char *const WRONG[] = {"GETMETADATA INBOX /comment", "GETMETADATA INBOX /private",
        "GETMETADATA INBOX /private/", "GETMETADATA INBOX /private//x", "GETMETADATA INBOX \"/private/*\"",
        "GETMETADATA INBOX \"/private/%x\"", "GETMETADATA INBOX {10+}\n/private/\xc3", "GETMETADATA INBOX /privatex/y",
        "GETMETADATA INBOX /shared/vendor/x", "GETMETADATA (DEPTH 2) INBOX /private/x",
        "GETMETADATA (DEPTH 1 DEPTH 1) INBOX /private/x", "GETMETADATA (MAXSIZE) INBOX /private/x",
        "GETMETADATA (FOO) INBOX /private/x", "GETMETADATA () INBOX /private/x", "GETMETADATA INBOX ()",
        "GETMETADATA INBOX /private/x /private/y", "GETMETADATA INBOX", "SETMETADATA INBOX /private/x \"y\"",
        "SETMETADATA INBOX (/private/x)", "SETMETADATA INBOX ()", "SETMETADATA INBOX (/private/x y)",
        "SETMETADATA INBOX (/private/x \"y\"", "SETMETADATA INBOX (/shared/vendor/x \"y\")"};
    size_t i;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char line[100];
        snprintf(line, sizeof line, "a %s\n", WRONG[i]);
        talk_expect(talk, conn, line, "a BAD Wrong arguments\n");
    }
}

static void test_ms_26_setmetadata_is_all_or_nothing(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    set(talk, conn, "/private/a \"old\"");
    talk_fault(talk, "metadata-maxsize=4");
    talk_expect(talk, conn, "a SETMETADATA INBOX (/private/a \"new\" /private/b \"12345\")\n",
        "a NO [METADATA MAXSIZE 4] Too large\n");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX (/private/a /private/b)\n", "(/private/a \"old\" /private/b NIL)");
    talk_fault(talk, "metadata-max=2");
    talk_expect(talk, conn, "a SETMETADATA INBOX (/private/a \"new\" /private/b \"1\" /shared/c \"2\")\n",
        "a NO [METADATA TOOMANY] Too many\n");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX (/private/a /private/b)\n", "(/private/a \"old\" /private/b NIL)");
    set(talk, conn, "/private/a NIL /private/b \"1\" /shared/c \"2\"");
    set(talk, conn, "/private/b \"3\"");
    talk_fault(talk, "no-private-metadata");
    talk_expect(talk, conn, "a SETMETADATA INBOX (/shared/c \"new\" /private/b \"x\")\n",
        "a NO [METADATA NOPRIVATE] Nothing private here\n");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX (/shared/c /private/b)\n", "(/shared/c \"2\" /private/b \"3\")");
}

static void test_ms_26_room_for_1024_octets_and_10_entries(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char line[9000];
    unsigned i;
    int conn = talk_login(talk, false);
    for (i = 0; i < 100; i++) {
        int len = snprintf(line, sizeof line, "a SETMETADATA INBOX (/shared/n%u {1024+}\n", i);
        memset(line + len, 'v', 1024);
        memcpy(line + len + 1024, ")\n", 3);
        talk_expect(talk, conn, line, "a OK SETMETADATA completed\n");
    }
    talk_expect_has(talk, conn, "a SETMETADATA INBOX (/shared/n100 \"x\")\n", "a NO [METADATA TOOMANY]");
    talk_expect_has(talk, conn, "a SETMETADATA \"\" (/shared/n100 \"x\")\n", "a OK ");
    int len = snprintf(line, sizeof line, "a SETMETADATA INBOX (/shared/n1 {8193+}\n");
    memset(line + len, 'v', 8193);
    memcpy(line + len + 8193, ")\n", 3);
    talk_expect_has(talk, conn, line, "a NO [METADATA MAXSIZE 8192]");
}

static void test_ms_26_the_server_has_annotations_of_its_own(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), other = talk_login_as(talk, "other");
    assert_int_equal(cpmsync_mock_annotate(talk->mock, NULL, NULL, "/shared/admin", "mailto:a@b.example", 18), 0);
    talk_expect(talk, conn, "a GETMETADATA \"\" /shared/admin\n",
        "* METADATA \"\" (/shared/admin \"mailto:a@b.example\")\na OK GETMETADATA completed\n");
    talk_expect_has(talk, conn, "a SETMETADATA \"\" (/shared/admin \"x\")\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a SETMETADATA \"\" (/shared/comment \"hi\" /private/vendor/v/x \"mine\")\n", "a OK ");
    talk_expect_has(talk, other, "a GETMETADATA \"\" (/shared/comment /private/vendor/v/x)\n",
        "(/shared/comment \"hi\" /private/vendor/v/x NIL)");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX /shared/comment\n", "NIL");
}

static void test_ms_26_private_is_private_and_rights_are_asked(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), other = talk_login_as(talk, "other");
    static const char ENOUGH[] = "rswip";
    char rights[3] = "l";
    size_t i;
    set(talk, conn, "/private/comment \"mine\" /shared/comment \"ours\"");
    talk_expect(talk, other, "a GETMETADATA \"Other Users/test/INBOX\" /shared/comment\n",
        "a NO [NONEXISTENT] No such mailbox\n");
    cpmsync_mock_acl(talk->mock, "test", "INBOX", "other", "lkxtea");
    talk_expect(
        talk, other, "a GETMETADATA \"Other Users/test/INBOX\" /shared/comment\n", "a NO [NOPERM] You may not\n");
    talk_expect(
        talk, other, "a SETMETADATA \"Other Users/test/INBOX\" (/shared/comment NIL)\n", "a NO [NOPERM] You may not\n");
    for (i = 0; ENOUGH[i]; i++) {
        rights[1] = ENOUGH[i];
        cpmsync_mock_acl(talk->mock, "test", "INBOX", "other", rights);
        talk_expect(talk, other, "a GETMETADATA \"Other Users/test/INBOX\" (/private/comment /shared/comment)\n",
            "* METADATA \"Other Users/test/INBOX\" (/private/comment NIL /shared/comment \"ours\")\n"
            "a OK GETMETADATA completed\n");
    }
    talk_expect_has(talk, other, "a SETMETADATA \"Other Users/test/INBOX\" (/private/comment \"his\")\n", "a OK ");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX /private/comment\n", "\"mine\"");
}

static void test_ms_26_annotations_follow_a_rename_and_end_with_the_mailbox(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "a CREATE x/y\na SETMETADATA x (/shared/comment \"x\")\na RENAME x z\n");
    talk_expect_has(talk, conn, "a GETMETADATA z /shared/comment\n", "\"x\"");
    cpmsync_mock_uidvalidity_change(talk->mock, NULL, "z");
    talk_expect_has(talk, conn, "a GETMETADATA z /shared/comment\n", "\"x\"");
    talk_say(talk, conn, "a DELETE z\n");
    talk_expect_has(talk, conn, "a GETMETADATA z /shared/comment\n", "NIL");
    set(talk, conn, "/shared/comment \"in\"");
    talk_say(talk, conn, "a RENAME INBOX old\n");
    talk_expect_has(talk, conn, "a GETMETADATA old /shared/comment\n", "\"in\"");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX /shared/comment\n", "\"in\"");
}

static void test_ms_26_others_are_told_names_once_they_enabled_it(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), same = talk_login(talk, false), silent = talk_login(talk, false);
    int other = talk_login_as(talk, "other");
    cpmsync_mock_acl(talk->mock, "test", "INBOX", "other", "lr");
    talk_expect(talk, same, "a ENABLE METADATA\n", "* ENABLED METADATA\na OK ENABLE completed\n");
    talk_expect(talk, conn, "a ENABLE METADATA METADATA-SERVER\n", "* ENABLED METADATA\na OK ENABLE completed\n");
    talk_say(talk, other, "a ENABLE METADATA\ni IDLE\n");
    set(talk, conn, "/shared/comment \"a\" /private/comment \"b\"");
    assert_string_equal(talk_hear(talk, other), "* METADATA \"Other Users/test/INBOX\" /shared/comment\n");
    talk_expect(talk, same, "a NOOP\n",
        "* METADATA INBOX /shared/comment\n* METADATA INBOX /private/comment\na OK NOOP completed\n");
    talk_expect(talk, same, "a NOOP\n", "a OK NOOP completed\n");
    talk_expect(talk, conn, "a NOOP\n", "a OK NOOP completed\n");
    talk_expect(talk, silent, "a NOOP\n", "a OK NOOP completed\n");
    cpmsync_mock_annotate(talk->mock, "test", NULL, "/shared/comment", "x", 1);
    assert_string_equal(talk_hear(talk, other), "* METADATA \"\" /shared/comment\n");
    cpmsync_mock_acl(talk->mock, "test", "INBOX", "other", "");
    cpmsync_mock_annotate(talk->mock, "test", "INBOX", "/shared/comment", "x", 1);
    assert_string_equal(talk_hear(talk, other), "");
}

static void test_ms_26_a_server_with_metadata_server_alone(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 ENABLE METADATA-SERVER";
    struct talk *talk = talk_new(&config);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a CAPABILITY\n", " METADATA-SERVER\n");
    talk_expect(
        talk, conn, "a ENABLE METADATA METADATA-SERVER\n", "* ENABLED METADATA-SERVER\na OK ENABLE completed\n");
    talk_expect_has(talk, conn, "a GETMETADATA INBOX /shared/comment\n", "a NO ");
    talk_expect_has(talk, conn, "a SETMETADATA \"\" (/shared/comment \"x\")\n", "a OK ");
    cpmsync_mock_annotate(talk->mock, "test", NULL, "/shared/comment", "y", 1);
    talk_expect_has(talk, conn, "a GETMETADATA \"\" /shared/comment\n", "* METADATA \"\" /shared/comment\na OK ");
    talk_free(talk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, talk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ms_26_entries_are_set_replaced_and_removed),
        TEST(test_ms_26_a_value_with_nul_is_a_literal8),
        TEST(test_ms_26_maxsize_leaves_out_and_tells_the_longest),
        TEST(test_ms_26_depth_returns_what_is_below),
        TEST(test_ms_26_wrong_names_and_options_are_bad),
        TEST(test_ms_26_setmetadata_is_all_or_nothing),
        TEST(test_ms_26_room_for_1024_octets_and_10_entries),
        TEST(test_ms_26_the_server_has_annotations_of_its_own),
        TEST(test_ms_26_private_is_private_and_rights_are_asked),
        TEST(test_ms_26_annotations_follow_a_rename_and_end_with_the_mailbox),
        TEST(test_ms_26_others_are_told_names_once_they_enabled_it),
        TEST(test_ms_26_a_server_with_metadata_server_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
