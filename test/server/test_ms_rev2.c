/* SPDX-License-Identifier: MIT */
/* IMAP4rev2 (RFC 9051): enabled, or the only revision there is. */
#include "mock_talk.h"

#include <stdio.h>

#define UMLAUT "\xc3\xa4" /* in modified UTF-7 &AOQ- */

static int enable(struct talk *talk)
{
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "e ENABLE IMAP4rev2\n", "* ENABLED IMAP4rev2\ne OK ENABLE completed\n");
    return conn;
}

/* A server that knows no other revision and advertises nothing else. */
static struct talk *only_rev2(const char *capabilities)
{
    struct cpmsync_mock_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = capabilities;
    return talk_new(&config);
}

static void test_w_01_rev1_rules_apply_until_it_is_enabled(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 1);
    int conn = talk_login(talk, false);
    assert_true(talk_has(talk, "[CAPABILITY IMAP4rev1 IMAP4rev2 "));
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* 1 RECENT\n");
    assert_true(talk_has(talk, "* OK [UNSEEN 1]"));
    assert_false(talk_has(talk, "* LIST"));
    talk_expect(talk, conn, "a SEARCH ALL\n", "* SEARCH 1\na OK SEARCH completed\n");
    talk_expect_has(talk, conn, "a CHECK\n", "a OK ");
    talk_expect_has(talk, conn, "a UNSELECT\n", "a OK ");
    talk_expect(talk, conn, "a ENABLE IMAP4rev2 CONDSTORE\n", "* ENABLED CONDSTORE IMAP4rev2\na OK ENABLE completed\n");
    talk_expect_has(talk, conn, "a CHECK\n", "a BAD ");
}

static void test_w_02_search_is_answered_by_esearch(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    int conn = enable(talk);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    talk_expect(talk, conn, "a SEARCH ALL\n", "* ESEARCH (TAG \"a\") ALL 1:2\na OK SEARCH completed\n");
    talk_expect(talk, conn, "b UID SEARCH ALL\n", "* ESEARCH (TAG \"b\") UID ALL 2:3\nb OK SEARCH completed\n");
    talk_expect(talk, conn, "c UID SEARCH SEEN\n", "* ESEARCH (TAG \"c\") UID\nc OK SEARCH completed\n");
    talk_expect(talk, conn, "d SEARCH RETURN (COUNT) ALL\n", "* ESEARCH (TAG \"d\") COUNT 2\nd OK SEARCH completed\n");
    talk_expect(talk, conn, "e SEARCH RETURN (SAVE) 1\n", "e OK SEARCH completed\n");
    talk_expect(talk, conn, "f UID SEARCH $\n", "* ESEARCH (TAG \"f\") UID ALL 2\nf OK SEARCH completed\n");
    talk_expect_has(talk, conn, "g SEARCH MODSEQ 1\n", "* ESEARCH (TAG \"g\") ALL 1:2 MODSEQ ");
}

static void test_w_02_search_strings_are_utf_8_without_a_charset(void **state)
{
    static const char MESSAGE[] = "Subject: =?utf-8?q?=C3=A4?=\r\n\r\nx\r\n";
    struct talk *talk = (struct talk *)*state;
    assert_true(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, MESSAGE, sizeof MESSAGE - 1) > 0);
    int conn = enable(talk);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    talk_expect_has(talk, conn, "a SEARCH SUBJECT \"" UMLAUT "\"\n", "* ESEARCH (TAG \"a\") ALL 1\n");
    talk_expect_has(talk, conn, "b SEARCH CHARSET UTF-8 SUBJECT {2+}\n" UMLAUT "\n", "* ESEARCH (TAG \"b\") ALL 1\n");
    talk_expect_has(talk, conn, "c SEARCH CHARSET KLINGON SUBJECT x\n", "c NO [BADCHARSET ");
}

static void test_w_03_select_and_examine_return_list(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "Sent/&AOQ-"), 0);
    assert_int_equal(cpmsync_mock_special_use(talk->mock, NULL, "Sent", "\\Sent"), 0);
    int conn = enable(talk);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "\n* LIST (\\HasNoChildren) \"/\" INBOX\n");
    talk_expect_has(talk, conn, "a SELECT iNboX\n", "\n* LIST (\\HasNoChildren) \"/\" INBOX (\"OLDNAME\" (iNboX))\n");
    talk_expect_has(talk, conn, "a EXAMINE Sent\n", "\n* LIST (\\Sent \\HasChildren) \"/\" Sent\n");
    talk_expect_has(
        talk, conn, "a SELECT \"Sent/" UMLAUT "\"\n", "\n* LIST (\\HasNoChildren) \"/\" \"Sent/" UMLAUT "\"\n");
    talk_expect_no(talk, conn, "a SELECT none\n", "* LIST");
    assert_true(talk_has(talk, "a NO [NONEXISTENT]"));
}

static void test_w_03_the_mailbox_of_another_is_listed_as_it_is_known(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "ann", "ann"), 0);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "ann", "INBOX", "test", "lr"), 0);
    int conn = enable(talk);
    talk_expect_has(talk, conn, "a SELECT \"Other Users/ann/INBOX\"\n",
        "\n* LIST (\\HasNoChildren) \"/\" \"Other Users/ann/INBOX\"\n");
}

static void test_w_04_nothing_is_recent_and_unasked_fetches_have_the_uid(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 2);
    int conn = enable(talk);
    talk_expect_no(talk, conn, "a SELECT INBOX\n", "RECENT");
    assert_false(talk_has(talk, "UNSEEN"));
    assert_true(talk_has(talk, "* 2 EXISTS\n"));
    talk_expect(talk, conn, "a FETCH 1 FLAGS\n", "* 1 FETCH (FLAGS ())\na OK FETCH completed\n");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2", "+\\Seen");
    talk_expect(talk, conn, "a NOOP\n", "* 2 FETCH (UID 2 FLAGS (\\Seen))\na OK NOOP completed\n");
    talk_deliver(talk, 1);
    talk_expect(talk, conn, "a NOOP\n", "* 3 EXISTS\na OK NOOP completed\n");
}

static void test_w_05_names_are_utf_8(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int old = talk_login(talk, false), conn = enable(talk);
    talk_expect_has(talk, conn, "a CREATE \"" UMLAUT "/&\"\n", "a OK ");
    talk_expect_has(talk, conn, "a LIST \"\" \"" UMLAUT "*\"\n", "* LIST (\\HasNoChildren) \"/\" \"" UMLAUT "/&\"\n");
    talk_expect_has(talk, old, "a LIST \"\" \"&*\"\n", "* LIST (\\HasNoChildren) \"/\" &AOQ-/&-\n");
    talk_expect_has(talk, conn, "a SELECT &AOQ-\n", "a NO [NONEXISTENT]");
    talk_expect(talk, conn, "a STATUS {4+}\n" UMLAUT "/& (MESSAGES)\n",
        "* STATUS \"" UMLAUT "/&\" (MESSAGES 0)\na OK STATUS completed\n");
    talk_expect_has(talk, conn, "a CREATE \"\xe4\"\n", "a BAD ");
}

static void test_w_05_a_header_in_utf_8_needs_no_frame(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = enable(talk);
    talk_expect_has(talk, conn, "a APPEND INBOX {18+}\nSubject: " UMLAUT "\n\nxxx\n", "a OK [APPENDUID ");
}

static void test_w_06_what_was_taken_out_is_bad(void **state)
{
    static const char *const WRONG[] = {"a CHECK\n", "a LSUB \"\" *\n", "a FETCH 1 RFC822\n",
        "a FETCH 1 RFC822.HEADER\n", "a UID FETCH 1 (FLAGS RFC822.TEXT)\n", "a SEARCH NEW\n", "a SEARCH OLD\n",
        "a UID SEARCH RECENT\n", "a STATUS INBOX (MESSAGES RECENT)\n", "a LIST \"\" * RETURN (STATUS (RECENT))\n",
        "a STORE 1 +FLAGS (\\Recent)\n"};
    struct talk *talk = (struct talk *)*state;
    size_t i;
    talk_deliver(talk, 1);
    int conn = enable(talk);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
    talk_expect_has(talk, conn, "a FETCH 1 (RFC822.SIZE BODY[HEADER] BODY[TEXT])\n", "a OK ");
}

/* The extensions a server of IMAP4rev2 need not advertise. */
static void test_w_07_what_was_folded_in_is_there(void **state)
{
    struct talk *talk = only_rev2("IMAP4rev2");
    (void)state;
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "t"), 0);
    talk_deliver(talk, 2);
    int conn = talk_connect(talk, true);
    assert_string_equal(talk->answer, "* OK [CAPABILITY IMAP4rev2] cpm-mockserver ready\n");
    talk_expect(talk, conn, "a LOGIN {4+}\ntest test\n", "a OK [CAPABILITY IMAP4rev2] LOGIN completed\n");
    talk_expect(talk, conn, "a NAMESPACE\n", "* NAMESPACE ((\"\" \"/\")) NIL NIL\na OK NAMESPACE completed\n");
    talk_expect(talk, conn, "a ENABLE IMAP4rev2\n", "* ENABLED IMAP4rev2\na OK ENABLE completed\n");
    talk_expect(
        talk, conn, "a STATUS INBOX (SIZE DELETED)\n", "* STATUS INBOX (SIZE 94 DELETED 0)\na OK STATUS completed\n");
    talk_expect_has(talk, conn, "a LIST (SUBSCRIBED) \"\" * RETURN (CHILDREN STATUS (MESSAGES))\n", "a OK ");
    talk_expect(talk, conn, "a IDLE\n", "+ idling\n");
    talk_expect(talk, conn, "DONE\n", "a OK IDLE ends\n");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "a SEARCH RETURN (SAVE MIN) ALL\n", "a OK ");
    talk_expect_has(talk, conn, "a FETCH $ (BINARY[1] BINARY.SIZE[1])\n", "a OK ");
    talk_expect_has(talk, conn, "a MOVE $ t\n", "* OK [COPYUID ");
    talk_expect_has(talk, conn, "a UID EXPUNGE 2\n", "a OK ");
    talk_expect_has(talk, conn, "a APPEND t {3+}\n\nx\n", "a OK [APPENDUID ");
    talk_expect_has(talk, conn, "a UNSELECT\n", "a OK ");
    talk_free(talk);
}

static void test_w_07_what_was_not_folded_in_is_not_there(void **state)
{
    static const char *const WRONG[] = {"a LIST \"\" (a b)\n", "a SELECT INBOX (CONDSTORE)\n",
        "a STATUS INBOX (HIGHESTMODSEQ)\n", "a APPEND INBOX ~{1+}\nx\n", "a APPEND INBOX {4097+}\n", "a ID NIL\n",
        "a CHECK\n"};
    struct talk *talk = only_rev2("IMAP4rev2");
    size_t i;
    (void)state;
    int conn = talk_login(talk, false);
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
        if (strstr(WRONG[i], "4097")) { /* its literal is thrown away */
            cpmsync_mock_disconnect(talk->mock, conn);
            conn = talk_login(talk, false);
        }
    }
    talk_free(talk);
}

static void test_w_07_before_the_login_too(void **state)
{
    struct talk *talk = only_rev2("IMAP4rev2 AUTH=PLAIN");
    (void)state;
    int conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN AHRlc3QAdGVzdA==\n", "a OK ");
    talk_fault(talk, "no-sasl-ir");
    conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a AUTHENTICATE PLAIN AHRlc3QAdGVzdA==\n", "a BAD ");
    talk_free(talk);
}

static void test_ms_22_closed_needs_no_condstore(void **state)
{
    struct talk *talk = only_rev2("IMAP4rev2");
    (void)state;
    int conn = talk_login(talk, false);
    talk_expect_no(talk, conn, "a SELECT INBOX\n", "[CLOSED]");
    talk_expect_has(talk, conn, "a EXAMINE INBOX\n", "* OK [CLOSED] ");
    assert_true(talk_has_order(talk, "* OK [CLOSED] ", "* FLAGS "));
    talk_expect_has(talk, conn, "a SELECT none\n", "* OK [CLOSED] ");
    talk_expect_has(talk, conn, "a FETCH 1 UID\n", "a BAD ");
    talk_free(talk);
}

static void test_it_goes_together_with_qresync(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3);
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "e ENABLE QRESYNC IMAP4rev2\n", "* ENABLED QRESYNC IMAP4rev2\ne OK ENABLE completed\n");
    struct cpmsync_mock_status before = talk_status(talk, "INBOX");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    char line[100];
    snprintf(line, sizeof line, "a SELECT INBOX (QRESYNC (%lu %llu 1:3))\n", (unsigned long)before.uidvalidity,
        (unsigned long long)before.highestmodseq);
    talk_expect_has(talk, conn, line, "* VANISHED (EARLIER) 2\n");
    assert_true(talk_has(talk, "* LIST (\\HasNoChildren) \"/\" INBOX\n"));
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3");
    talk_expect(talk, conn, "b NOOP\n", "* VANISHED 3\nb OK NOOP completed\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_w_01_rev1_rules_apply_until_it_is_enabled, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_w_02_search_is_answered_by_esearch, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_w_02_search_strings_are_utf_8_without_a_charset, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_w_03_select_and_examine_return_list, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_w_03_the_mailbox_of_another_is_listed_as_it_is_known, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_w_04_nothing_is_recent_and_unasked_fetches_have_the_uid, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_w_05_names_are_utf_8, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_w_05_a_header_in_utf_8_needs_no_frame, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_w_06_what_was_taken_out_is_bad, talk_setup, talk_teardown),
        cmocka_unit_test(test_w_07_what_was_folded_in_is_there),
        cmocka_unit_test(test_w_07_what_was_not_folded_in_is_not_there),
        cmocka_unit_test(test_w_07_before_the_login_too),
        cmocka_unit_test(test_ms_22_closed_needs_no_condstore),
        cmocka_unit_test_setup_teardown(test_it_goes_together_with_qresync, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
