/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>

static const char MULTIPART[] = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                                "boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n";

/* test:test with a plain message and one of two parts in INBOX, and other:other. */
static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "other"), 0);
    talk_deliver(talk, 1);
    assert_true(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, MULTIPART, sizeof MULTIPART - 1) > 0);
    *state = talk;
    return 0;
}

static int select_inbox(struct talk *talk, bool qresync, const char *parameters)
{
    char line[100];
    int conn = talk_login(talk, qresync);
    snprintf(line, sizeof line, "s SELECT INBOX%s\n", parameters);
    talk_expect_has(talk, conn, line, "s OK ");
    return conn;
}

static int select_as_other(struct talk *talk, const char *rights, const char *parameters)
{
    char line[100];
    int conn = talk_connect(talk, true);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "test", "INBOX", "other", rights), 0);
    talk_expect_has(talk, conn, "a LOGIN other other\n", "a OK ");
    snprintf(line, sizeof line, "s SELECT \"Other Users/test/INBOX\"%s\n", parameters);
    talk_expect_has(talk, conn, line, "s OK ");
    return conn;
}

static void store(struct talk *talk, int conn, const char *values)
{
    char line[600];
    snprintf(line, sizeof line, "t STORE 1 ANNOTATION (%s)\n", values);
    talk_expect_has(talk, conn, line, "t OK STORE completed\n");
}

static void test_ms_35_annotations_are_stored_and_fetched(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, "");
    talk_expect(talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"My comment\" value.shared \"Ours\"))\n",
        "a OK STORE completed\n");
    talk_expect(talk, conn, "a FETCH 1 (ANNOTATION (/comment value))\n",
        "* 1 FETCH (ANNOTATION (/comment (value.priv \"My comment\" value.shared \"Ours\")))\na OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 1 ANNOTATION (/comment (value size))\n",
        "(/comment (value.priv \"My comment\" value.shared \"Ours\" size.priv \"10\" size.shared \"4\")))\n");
    talk_expect_has(talk, conn, "a UID FETCH 1 (UID ANNOTATION ((/comment /altsubject) (value.shared size.priv)))\n",
        "* 1 FETCH (UID 1 ANNOTATION (/comment (value.shared \"Ours\" size.priv \"10\") "
        "/altsubject (value.shared NIL size.priv \"0\")))\n");
    store(talk, conn, "/comment (value.priv NIL) /altsubject (value.priv \"Rhino\")");
    talk_expect_has(talk, conn, "a FETCH 1 (ANNOTATION ((/comment /altsubject /Comment) value.priv))\n",
        "(/comment (value.priv NIL) /altsubject (value.priv \"Rhino\") /Comment (value.priv NIL))");
}

static void test_ms_35_wildcards_match_entries(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, "");
    store(talk, conn, "/comment (value.priv \"a\") /altsubject (value.shared \"b\") /vendor/x/y (value.priv \"c\")");
    talk_expect(talk, conn, "a FETCH 1 (ANNOTATION (/% value))\n",
        "* 1 FETCH (ANNOTATION (/comment (value.priv \"a\" value.shared NIL) "
        "/altsubject (value.priv NIL value.shared \"b\")))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 (ANNOTATION (/* value.priv))\n",
        "* 1 FETCH (ANNOTATION (/comment (value.priv \"a\") /vendor/x/y (value.priv \"c\")))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1:2 (ANNOTATION (/v* value.shared))\n", "a OK FETCH completed\n");
    talk_expect(talk, conn, "a UID FETCH 1:2 (ANNOTATION (/v* value.priv))\n",
        "* 1 FETCH (UID 1 ANNOTATION (/vendor/x/y (value.priv \"c\")))\n* 2 FETCH (UID 2)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 2 (ANNOTATION (/% value) RFC822.SIZE)\n",
        "* 2 FETCH (RFC822.SIZE 95)\na OK FETCH completed\n");
    store(talk, conn, "/comment (value.shared \"s\")");
    talk_expect(talk, conn, "a FETCH 1 (ANNOTATION (/c* value))\n",
        "* 1 FETCH (ANNOTATION (/comment (value.priv \"a\" value.shared \"s\")))\na OK FETCH completed\n");
}

static void test_ms_35_parts_have_entries_of_their_own(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, "");
    talk_expect_has(
        talk, conn, "a STORE 2 ANNOTATION (/2/comment (value.priv \"x\") /1/flags/seen (value.priv \"1\"))\n", "a OK ");
    talk_expect_has(talk, conn, "a FETCH 2 (ANNOTATION (/2/comment value.priv))\n", "(/2/comment (value.priv \"x\"))");
    talk_expect_has(talk, conn, "a FETCH 2 (ANNOTATION (/%/comment value.priv))\n", "(/2/comment (value.priv \"x\"))");
    talk_expect_has(talk, conn, "a STORE 2 ANNOTATION (/3/comment (value.priv \"x\"))\n", "a BAD ");
    talk_expect_has(talk, conn, "a STORE 1:2 ANNOTATION (/2/comment (value.priv \"x\"))\n", "a BAD ");
    talk_expect(talk, conn, "a FETCH 1:2 (ANNOTATION (/2/comment value.priv))\n",
        "a BAD An entry names a part that is not there\n");
    talk_expect_has(talk, conn, "a STORE 2 ANNOTATION (/1/flags/seen (value.priv \"2\"))\n", "a NO ");
    talk_expect_has(talk, conn, "a STORE 2 ANNOTATION (/1/flags/seen (value.priv NIL))\n", "a OK ");
}

static void test_ms_35_wrong_names_are_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char *const WRONG[] = {"STORE 1 ANNOTATION (comment (value.priv \"x\"))",
        "STORE 1 ANNOTATION (/comment/ (value.priv \"x\"))", "STORE 1 ANNOTATION (/a//b (value.priv \"x\"))",
        "STORE 1 ANNOTATION (\"/a*\" (value.priv \"x\"))", "STORE 1 ANNOTATION (/flags/x (value.priv \"x\"))",
        "STORE 1 ANNOTATION (/01/x (value.priv \"x\"))", "STORE 1 ANNOTATION (/1. (value.priv \"x\"))",
        "STORE 1 ANNOTATION (/1 (value.priv \"x\"))", "STORE 1 ANNOTATION (/comment (value \"x\"))",
        "STORE 1 ANNOTATION (/comment (size.priv \"1\"))", "STORE 1 ANNOTATION (/comment (value.both \"1\"))",
        "STORE 1 ANNOTATION (/comment (value.priv x))", "STORE 1 ANNOTATION (/comment ())", "STORE 1 ANNOTATION ()",
        "STORE 1 ANNOTATION /comment (value.priv \"x\")", "STORE 1 +ANNOTATION (/comment (value.priv \"x\"))",
        "FETCH 1 ANNOTATION /comment value", "FETCH 1 ANNOTATION (/comment)", "FETCH 1 ANNOTATION (/comment valu)",
        "FETCH 1 ANNOTATION (comment value)", "FETCH 1 ANNOTATION (() value)",
        "SEARCH ANNOTATION /comment size.priv \"x\"", "SEARCH ANNOTATION /comment value",
        "SELECT INBOX (ANNOTATE ANNOTATE)"};
    char line[100];
    size_t i;
    int conn = select_inbox(talk, false, "");
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        snprintf(line, sizeof line, "a %s\n", WRONG[i]);
        talk_expect(talk, conn, line, "a BAD Wrong arguments\n");
    }
}

static void test_ms_35_toobig_and_toomany(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char line[1400];
    unsigned i;
    int conn = select_inbox(talk, false, "");
    assert_true(talk_has(talk, "* OK [ANNOTATIONS 20480] "));
    for (i = 0; i < 10; i++) {
        int len = snprintf(line, sizeof line, "a STORE 1 ANNOTATION (/vendor/x/%u (value.priv {1024+}\n", i);
        memset(line + len, 'v', 1024);
        memcpy(line + len + 1024, "))\n", 4);
        talk_expect_has(talk, conn, line, "a OK ");
    }
    talk_fault(talk, "annotate-max=10");
    talk_expect(talk, conn, "a STORE 1 ANNOTATION (/vendor/x/0 (value.priv \"n\") /comment (value.priv \"x\"))\n",
        "a NO [ANNOTATE TOOMANY] Too many\n");
    talk_expect_has(talk, conn, "a FETCH 1 ANNOTATION (/vendor/x/0 size.priv)\n", "\"1024\"");
    talk_fault(talk, "annotate-max=5");
    store(talk, conn, "/vendor/x/1 (value.priv \"replaced\")");
    talk_fault(talk, "annotate-max=10");
    store(talk, conn, "/vendor/x/0 (value.priv NIL) /comment (value.priv \"x\")");
    talk_fault(talk, "annotate-maxsize=3");
    talk_expect(
        talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"1234\"))\n", "a NO [ANNOTATE TOOBIG] Too large\n");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* OK [ANNOTATIONS 3] ");
}

static void test_ms_35_what_a_mailbox_supports(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, "");
    talk_expect_has(talk, conn, "a EXAMINE INBOX\n", "* OK [ANNOTATIONS READ-ONLY] ");
    talk_expect_has(talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"x\"))\n", "a NO ");
    talk_fault(talk, "no-private-annotations");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* OK [ANNOTATIONS 20480 NOPRIVATE] ");
    talk_expect_has(talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"x\"))\n", "a NO ");
    store(talk, conn, "/comment (value.shared \"x\")");
    talk_fault(talk, "annotations-read-only");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* OK [ANNOTATIONS READ-ONLY NOPRIVATE] ");
    talk_expect_has(talk, conn, "a STORE 1 ANNOTATION (/comment (value.shared \"x\"))\n", "a NO ");
    talk_fault(talk, "annotations-none");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* OK [ANNOTATIONS NONE] ");
}

static void test_ms_35_the_right_n_is_for_shared_values(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a CAPABILITY\n", " RIGHTS=texkn ");
    conn = select_as_other(talk, "lr", "");
    assert_true(talk_has(talk, "* OK [ANNOTATIONS 20480] "));
    assert_true(talk_has(talk, "s OK [READ-ONLY] "));
    talk_expect_has(talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"his\"))\n", "a OK ");
    talk_expect(talk, conn, "a STORE 1 ANNOTATION (/comment (value.shared \"x\"))\n", "a NO [NOPERM] You may not\n");
    conn = select_as_other(talk, "lrn", "");
    assert_true(talk_has(talk, "s OK [READ-WRITE] "));
    talk_expect_has(talk, conn, "a STORE 1 ANNOTATION (/comment (value.shared \"x\"))\n", "a OK ");
    talk_expect_has(talk, conn, "a STORE 1 FLAGS (\\Seen)\n", "a NO [NOPERM]");
    conn = select_inbox(talk, false, "");
    talk_expect_has(talk, conn, "a FETCH 1 (ANNOTATION (/comment value))\n", "(value.priv NIL value.shared \"x\")");
}

static void test_ms_13_an_annotation_takes_a_mod_sequence(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, true, "");
    talk_expect(talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"x\"))\n",
        "* 1 FETCH (UID 1 MODSEQ (4))\na OK STORE completed\n");
    talk_expect(talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"x\"))\n", "a OK STORE completed\n");
    talk_expect(talk, conn, "a STORE 1:2 (UNCHANGEDSINCE 3) ANNOTATION (/comment (value.priv \"y\"))\n",
        "* 2 FETCH (UID 2 MODSEQ (5))\na OK [MODIFIED 1] Conditional STORE failed\n");
}

static void test_ms_35_others_are_told_names_if_they_selected_so(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, ""), same = select_inbox(talk, false, " (ANNOTATE)");
    int other = select_as_other(talk, "lr", " (ANNOTATE)"), silent = select_inbox(talk, false, "");
    store(talk, conn, "/comment (value.priv \"a\" value.shared \"b\") /altsubject (value.priv \"c\")");
    talk_expect_has(talk, same, "a NOOP\n",
        "* 1 FETCH (FLAGS () ANNOTATION (/comment /altsubject))\n"
        "a OK ");
    talk_expect_has(talk, other, "a NOOP\n", " ANNOTATION (/comment))\n");
    talk_expect_no(talk, silent, "a NOOP\n", "ANNOTATION");
    talk_expect(talk, conn, "a NOOP\n", "a OK NOOP completed\n");
    talk_expect(talk, same, "a NOOP\n", "a OK NOOP completed\n");
    store(talk, conn, "/altsubject (value.priv \"d\")");
    talk_expect_has(talk, same, "a NOOP\n", " ANNOTATION (/altsubject))\n");
    store(talk, conn, "/comment (value.shared NIL)");
    talk_expect_has(talk, other, "a NOOP\n", " ANNOTATION (/comment))\n");
    talk_say(talk, other, "a SELECT \"Other Users/test/INBOX\"\n");
    store(talk, conn, "/comment (value.shared \"z\")");
    talk_expect_no(talk, other, "a NOOP\n", "ANNOTATION");
}

static void test_ms_35_append_takes_annotations(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, "");
    talk_expect_has(talk, conn,
        "a APPEND INBOX (\\Seen) \" 1-Jan-2024 00:00:00 +0000\" ANNOTATION (/comment (value.priv \"later\")) "
        "{5+}\nhello\n",
        "a OK ");
    talk_expect_has(talk, conn, "a FETCH 3 (FLAGS ANNOTATION (/comment value.priv))\n",
        "ANNOTATION (/comment (value.priv \"later\"))");
    assert_true(talk_has(talk, "\\Seen"));
    talk_expect_has(talk, conn, "a APPEND INBOX ANNOTATION (/2/comment (value.priv \"x\")) {5+}\nhello\n", "a NO ");
    talk_fault(talk, "annotate-max=1");
    talk_expect(talk, conn,
        "a APPEND INBOX ANNOTATION (/comment (value.priv \"x\") /altsubject (value.priv \"x\")) {5+}\nhello\n",
        "a NO [ANNOTATE TOOMANY] Too many\n");
    talk_fault(talk, "annotate-maxsize=1");
    talk_expect(talk, conn, "a APPEND INBOX ANNOTATION (/comment (value.priv \"xx\")) {5+}\nhello\n",
        "a NO [ANNOTATE TOOBIG] Too large\n");
    talk_expect_has(talk, conn, "a STATUS INBOX (MESSAGES)\n", "(MESSAGES 3)");
}

static void test_ms_35_copy_takes_shared_and_ones_own(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, ""), other = select_as_other(talk, "lrin", "");
    store(talk, conn, "/comment (value.priv \"mine\" value.shared \"ours\")");
    store(talk, other, "/comment (value.priv \"his\")");
    talk_expect_has(talk, other, "a COPY 1 INBOX\n", "a OK ");
    talk_expect_has(talk, other, "a COPY 1 \"Other Users/test/INBOX\"\n", "a OK ");
    talk_expect_has(
        talk, other, "a FETCH 3 (ANNOTATION (/comment value))\n", "(value.priv \"his\" value.shared \"ours\")");
    talk_say(talk, conn, "a NOOP\n");
    talk_expect_has(talk, conn, "a FETCH 3 (ANNOTATION (/comment value))\n", "(value.priv NIL value.shared \"ours\")");
    assert_int_equal(cpmsync_mock_acl(talk->mock, "test", "INBOX", "other", "lri"), 0);
    talk_expect_has(talk, other, "a COPY 1 \"Other Users/test/INBOX\"\n", "a OK ");
    talk_expect_has(talk, other, "a FETCH 4 (ANNOTATION (/comment value))\n", "(value.priv \"his\" value.shared NIL)");
    talk_say(talk, other, "a SELECT INBOX\n");
    talk_expect_has(
        talk, other, "a FETCH 1 (ANNOTATION (/comment value))\n", "(value.priv \"his\" value.shared \"ours\")");
    /* and a whole mailbox keeps everybody's */
    talk_say(talk, conn, "a UNSELECT\na RENAME INBOX old\na SELECT old\n");
    talk_expect_has(
        talk, conn, "a FETCH 1 (ANNOTATION (/comment value))\n", "(value.priv \"mine\" value.shared \"ours\")");
}

static void test_ms_35_search_looks_into_values(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk, false, "");
    talk_say(talk, conn, "a STORE 1 ANNOTATION (/comment (value.priv \"About IMAP4\"))\n");
    talk_say(talk, conn, "a STORE 2 ANNOTATION (/vendor/x/y (value.shared \"imap4 too\"))\n");
    talk_expect(talk, conn, "a SEARCH ANNOTATION /comment value \"IMAP4\"\n", "* SEARCH 1\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH ANNOTATION * value \"IMAP4\"\n", "* SEARCH 1 2\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH ANNOTATION * value.priv \"IMAP4\"\n", "* SEARCH 1\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH ANNOTATION /% value \"IMAP4\"\n", "* SEARCH 1\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH NOT ANNOTATION /% value \"IMAP4\"\n", "* SEARCH 2\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH ANNOTATION /comment value NIL\n", "* SEARCH 2\na OK SEARCH completed\n");
    talk_expect(talk, conn, "a SEARCH ANNOTATION /comment value \"POP\"\n", "* SEARCH\na OK SEARCH completed\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, talk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ms_35_annotations_are_stored_and_fetched),
        TEST(test_ms_35_wildcards_match_entries),
        TEST(test_ms_35_parts_have_entries_of_their_own),
        TEST(test_ms_35_wrong_names_are_bad),
        TEST(test_ms_35_toobig_and_toomany),
        TEST(test_ms_35_what_a_mailbox_supports),
        TEST(test_ms_35_the_right_n_is_for_shared_values),
        TEST(test_ms_13_an_annotation_takes_a_mod_sequence),
        TEST(test_ms_35_others_are_told_names_if_they_selected_so),
        TEST(test_ms_35_append_takes_annotations),
        TEST(test_ms_35_copy_takes_shared_and_ones_own),
        TEST(test_ms_35_search_looks_into_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
