/* SPDX-License-Identifier: MIT */
/* UTF8=ACCEPT and UTF8=ONLY (RFC 6855): names, quoted strings, SEARCH and APPEND. */
#include "mock_talk.h"

#include <stdio.h>

#define UMLAUT "\xc3\xa4" /* in modified UTF-7 &AOQ- */
#define SMILE "\xf0\x9f\x98\x80"

static int enable(struct talk *talk)
{
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "e ENABLE UTF8=ACCEPT\n", "* ENABLED UTF8=ACCEPT\ne OK ENABLE completed\n");
    return conn;
}

static void test_names_are_utf_8_once_it_is_enabled(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int old = talk_login(talk, false);
    assert_true(talk_has(talk, " UTF8=ACCEPT"));
    int conn = enable(talk);
    talk_expect_has(talk, conn, "a CREATE \"" UMLAUT UMLAUT "/&" SMILE "\"\n", "a OK ");
    talk_expect(talk, conn, "a LIST \"\" *&*\n",
        "* LIST (\\HasNoChildren) \"/\" \"" UMLAUT UMLAUT "/&" SMILE "\"\na OK LIST completed\n");
    talk_expect(talk, conn, "a LIST \"\" \"" UMLAUT "%\"\n",
        "* LIST (\\HasChildren) \"/\" \"" UMLAUT UMLAUT "\"\na OK LIST completed\n");
    talk_expect(talk, old, "a LIST \"\" *-\n",
        "* LIST (\\HasChildren) \"/\" &AOQA5A-\n* LIST (\\HasNoChildren) \"/\" &AOQA5A-/&-&2D3eAA-\na OK LIST "
        "completed\n");
    talk_expect(talk, old, "a STATUS \"" UMLAUT UMLAUT "\" (MESSAGES)\n",
        "* STATUS &AOQA5A- (MESSAGES 0)\na OK STATUS completed\n");
    talk_expect(talk, conn, "a STATUS {4+}\n" UMLAUT UMLAUT " (MESSAGES)\n",
        "* STATUS \"" UMLAUT UMLAUT "\" (MESSAGES 0)\na OK STATUS completed\n");
    talk_expect_has(talk, conn, "a SELECT &AOQA5A-\n", "a NO [NONEXISTENT]");
    talk_expect(talk, conn, "a RENAME \"" UMLAUT UMLAUT "\" \"" UMLAUT "\"\n", "a OK RENAME completed\n");
    talk_expect_has(talk, conn, "a SELECT \"" UMLAUT "/&" SMILE "\"\n", "a OK ");
    talk_expect(talk, conn, "a SUBSCRIBE \"" UMLAUT "\"\n", "a OK SUBSCRIBE completed\n");
    talk_expect(talk, conn, "a LSUB \"\" \"" UMLAUT "*\"\n", "* LSUB () \"/\" \"" UMLAUT "\"\na OK LSUB completed\n");
    talk_expect_has(talk, conn, "a MYRIGHTS \"" UMLAUT "\"\n", "* MYRIGHTS \"" UMLAUT "\" lrs");
    talk_expect_has(talk, conn, "a GETMETADATA \"" UMLAUT "\" /shared/comment\n", "* METADATA \"" UMLAUT "\" (");
}

static void test_names_that_cannot_be_are_refused(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = enable(talk);
    talk_expect_has(talk, conn, "a CREATE \"a\xc2\x85z\"\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a CREATE \"a\xe2\x80\xa8z\"\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a CREATE {2+}\n\xe4z\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a CREATE \"\xe4\"\n", "a BAD ");
    talk_expect_has(talk, conn, "a CREATE \"\xed\xa0\x80\"\n", "a BAD ");
    talk_expect_has(talk, conn, "a CREATE " UMLAUT "\n", "a BAD ");
}

static void test_login_takes_no_utf_8(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_user_add(talk->mock, UMLAUT, "x"), 0);
    int conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a LOGIN \"" UMLAUT "\" x\n", "a BAD ");
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN AMOkAHg=\n", "a OK ");
}

static void test_strings_are_quoted_utf_8_only_once_it_is_enabled(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char MESSAGE[] = "Subject: " UMLAUT "\r\nContent-Type: text/plain; name=\"" UMLAUT "\"\r\n\r\nx\r\n";
    assert_true(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, MESSAGE, sizeof MESSAGE - 1) > 0);
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "a SELECT INBOX\n");
    talk_expect_has(talk, conn, "a FETCH 1 ENVELOPE\n", "NIL {2}\n" UMLAUT " NIL");
    conn = enable(talk);
    talk_say(talk, conn, "a SELECT INBOX\n");
    talk_expect_has(talk, conn, "a FETCH 1 ENVELOPE\n", "NIL \"" UMLAUT "\" NIL");
    talk_expect_has(talk, conn, "a FETCH 1 BODYSTRUCTURE\n", "\"" UMLAUT "\"");
    talk_expect(talk, conn, "a SEARCH SUBJECT \"" UMLAUT "\"\n", "* SEARCH 1\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH CHARSET UTF-8 SUBJECT x\n", "a BAD Wrong arguments\n");
}

static void test_append_of_a_header_in_utf_8_wants_utf8(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char PLAIN[] = "a APPEND INBOX {15+}\nSubject: " UMLAUT "\n\n\n";
    static const char UTF8[] = "a APPEND INBOX UTF8 (~{15+}\nSubject: " UMLAUT "\n\n)\n";
    static const char CATENATE[] =
        "a APPEND INBOX CATENATE (UTF8 (~{15+}\nSubject: " UMLAUT "\n\n) TEXT {5+}\nhello)\n";
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, PLAIN, "a NO [CANNOT]");
    talk_expect_has(talk, conn, UTF8, "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a APPEND INBOX {17+}\nSubject: x\n\n" UMLAUT "x\n", "a OK ");
    conn = enable(talk);
    talk_expect_has(talk, conn, PLAIN, "a NO [CANNOT]");
    talk_expect_has(talk, conn, UTF8, "a OK [APPENDUID ");
    talk_expect_has(talk, conn, CATENATE, "a OK [APPENDUID ");
    talk_expect_has(talk, conn, "a APPEND INBOX UTF8 {1+}\nx\n", "a BAD ");
    talk_expect_has(talk, conn, "a APPEND INBOX UTF8 ({1+}\nx)\n", "a BAD ");
    const void *data;
    assert_int_equal(cpmsync_mock_message(talk->mock, NULL, "INBOX", 2, &data), 15);
    assert_memory_equal(data, "Subject: " UMLAUT "\r\n\r\n", 15);
    assert_int_equal(cpmsync_mock_message(talk->mock, NULL, "INBOX", 3, &data), 20);
}

static void test_utf8_only_wants_its_enable_first(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "utf8-only");
    int conn = talk_login(talk, false);
    assert_true(talk_has(talk, " UTF8=ONLY"));
    assert_false(talk_has(talk, "UTF8=ACCEPT"));
    talk_expect(talk, conn, "a SELECT INBOX\n", "a NO [CANNOT] ENABLE UTF8=ACCEPT comes first\n");
    talk_expect(talk, conn, "a LIST \"\" *\n", "a NO [CANNOT] ENABLE UTF8=ACCEPT comes first\n");
    talk_expect(talk, conn, "a APPEND INBOX {1+}\nx\n", "a NO [CANNOT] ENABLE UTF8=ACCEPT comes first\n");
    talk_expect_has(talk, conn, "a NOOP\n", "a OK ");
    talk_expect(talk, conn, "a ENABLE UTF8=ONLY\n", "* ENABLED\na OK ENABLE completed\n");
    talk_expect(talk, conn, "a ENABLE UTF8=ACCEPT\n", "* ENABLED UTF8=ACCEPT\na OK ENABLE completed\n");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
}

static void test_without_the_capability_there_is_no_utf_8(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 ENABLE LITERAL+";
    struct talk *talk = talk_new(&config);
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a ENABLE UTF8=ACCEPT\n", "* ENABLED\na OK ENABLE completed\n");
    talk_expect_has(talk, conn, "a CREATE \"" UMLAUT "\"\n", "a BAD ");
    talk_expect_has(talk, conn, "a APPEND INBOX {15+}\nSubject: " UMLAUT "\n\n\n", "a OK ");
    talk_expect_has(talk, conn, "a APPEND INBOX UTF8 (~{1+}\nx)\n", "a BAD ");
    talk_free(talk);
}

/* What a name of old servers is not modified UTF-7 is shown as it is. */
static void test_odd_names_stay_as_they_are(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char *const ODD[] = {"a&b", "&AGE-", "&2D3-", "&AOQ", "&AOR-", "&-&AOQ-\xe4"};
    char line[100];
    size_t i;
    int conn = enable(talk);
    for (i = 0; i < sizeof ODD / sizeof *ODD; i++)
        assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, ODD[i]), 0);
    talk_say(talk, conn, "a LIST \"\" *\n");
    for (i = 0; i + 1 < sizeof ODD / sizeof *ODD; i++) {
        snprintf(line, sizeof line, " \"/\" %s\n", ODD[i]);
        assert_true(talk_has(talk, line));
    }
    assert_true(talk_has(talk, " {8}\n&-&AOQ-\xe4\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_setup, talk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names_are_utf_8_once_it_is_enabled),
        TEST(test_names_that_cannot_be_are_refused),
        TEST(test_login_takes_no_utf_8),
        TEST(test_strings_are_quoted_utf_8_only_once_it_is_enabled),
        TEST(test_append_of_a_header_in_utf_8_wants_utf8),
        TEST(test_utf8_only_wants_its_enable_first),
        TEST(test_without_the_capability_there_is_no_utf_8),
        TEST(test_odd_names_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
