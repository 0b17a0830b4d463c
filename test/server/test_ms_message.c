/* SPDX-License-Identifier: MIT */
/* What RFC 3501 asks of messages: sections, structures, addresses, search, APPEND and COPY that happen or do not. */
#include "mock_talk.h"

#include <stdio.h>

/* One message of this text in INBOX, which is selected. */
static int with_message(struct talk *talk, const char *message)
{
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, message, strlen(message)), 1);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_addresses_with_comments_routes_and_quoted_pairs(void **state)
{
    static const struct {
        const char *field, *shown;
    } CASES[] = {
        {"a@b.example (Real Name)", "((\"Real Name\" NIL \"a\" \"b.example\"))"},
        {"\"Q \\\"x\\\" (y), z\" <a@b.example>", "((\"Q \\\"x\\\" (y), z\" NIL \"a\" \"b.example\"))"},
        {"Name <@r1.example,@r2.example:a@b.example>", "((\"Name\" \"@r1.example,@r2.example\" \"a\" \"b.example\"))"},
        {"\"odd @ local\"@b.example", "((NIL NIL \"odd @ local\" \"b.example\"))"},
        {"group:;, a@[127.0.0.1]", "((NIL NIL \"group\" NIL)(NIL NIL NIL NIL)(NIL NIL \"a\" \"[127.0.0.1]\"))"},
        {"open group: a@b.example", "((NIL NIL \"open group\" NIL)(NIL NIL \"a\" \"b.example\")(NIL NIL NIL NIL))"},
        {"nobody", "((NIL NIL \"nobody\" \"MISSING_DOMAIN\"))"},
        {", ,", "NIL"},
        {"(only (a) comment)", "NIL"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct talk *talk = talk_new(NULL);
        char message[300], shown[300];
        snprintf(message, sizeof message, "To: %s\r\n\r\n", CASES[i].field);
        snprintf(shown, sizeof shown, "(ENVELOPE (NIL NIL NIL NIL NIL %s NIL NIL NIL NIL))", CASES[i].shown);
        talk_expect_has(talk, with_message(talk, message), "a FETCH 1 ENVELOPE\n", shown);
        talk_free(talk);
    }
}

static void test_structure_with_comments_quoted_pairs_languages_and_a_digest(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_message(talk,
        "Content-Type: multipart/digest (a \\) comment); boundary=x\r\nContent-Language: en (English) , de\r\n"
        "Content-Disposition: inline\r\nContent-Location: http://a.example/\r\n\r\n"
        "--x\r\n\r\nSubject: inner\r\n\r\nbody\r\n"
        "--x\r\nContent-Type: text / plain (c); name=\"a \\\"b\\\"\" ; charset=us-ascii (c)\r\n"
        "Content-MD5: abc\r\nContent-Language: fr\r\n\r\nt\r\n--x--\r\n");
    talk_expect(talk, conn, "a FETCH 1 BODYSTRUCTURE\n",
        "* 1 FETCH (BODYSTRUCTURE ((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 22 "
        "(NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) "
        "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 4 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)"
        "(\"text\" \"plain\" (\"name\" \"a \\\"b\\\"\" \"charset\" \"us-ascii\") NIL NIL \"7BIT\" 1 1 "
        "\"abc\" NIL \"fr\" NIL) "
        "\"digest\" (\"boundary\" \"x\") (\"inline\" NIL) (\"en\" \"de\") \"http://a.example/\"))\n"
        "a OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 1 BODY.PEEK[1.HEADER]\n", "BODY[1.HEADER] {18}\nSubject: inner\n\n)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY.PEEK[1.1]\n", "BODY[1.1] {4}\nbody)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY.PEEK[1.TEXT]<1.2>\n", "BODY[1.TEXT]<1> {2}\nod)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY.PEEK[1.HEADER.FIELDS.NOT (SUBJECT)]\n", "] {2}\n\n)");
}

static void test_wrong_fetches_are_bad(void **state)
{
    static const char *const WRONG[] = {"a FETCH 1 (ALL)\n", "a FETCH 1 ()\n", "a FETCH 1 (FLAGS  UID)\n",
        "a FETCH 1 BODY[0]\n", "a FETCH 1 BODY[1.]\n", "a FETCH 1 BODY[MIME]\n", "a FETCH 1 BODY[HEADER.FIELDS]\n",
        "a FETCH 1 BODY[HEADER.FIELDS ()]\n", "a FETCH 1 BODY[]<0.0>\n", "a FETCH 1 BODY[]<1>\n",
        "a FETCH 1 BODY[TEXT.HEADER]\n", "a FETCH 1 RFC822.PEEK\n", "a FETCH 1 BODYSTRUCTURE[]\n", "a FETCH 2 UID\n",
        "a FETCH 0 UID\n", "a FETCH 1:2 UID\n", "a FETCH 1\n", "a FETCH 1 FLAGS UID\n"};
    struct talk *talk = (struct talk *)*state;
    int conn = with_message(talk, "Subject: x\r\n\r\ny\r\n");
    size_t i;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
    talk_expect(talk, conn, "a UID FETCH 2 UID\n", "a OK FETCH completed\n");
}

static void test_only_items_that_read_the_message_set_seen(void **state)
{
    static const char *const QUIET[] = {"BODY.PEEK[]", "RFC822.HEADER", "RFC822.SIZE", "ENVELOPE", "BODY",
        "BODYSTRUCTURE", "FULL", "BODY.PEEK[1]<0.1>"};
    static const char *const LOUD[] = {"BODY[]", "BODY[HEADER]", "RFC822", "RFC822.TEXT", "BODY[1]<0.1>"};
    struct talk *talk = (struct talk *)*state;
    char line[80];
    int conn = with_message(talk, "Subject: x\r\n\r\ny\r\n");
    size_t i;
    for (i = 0; i < sizeof QUIET / sizeof *QUIET; i++) {
        snprintf(line, sizeof line, "a FETCH 1 %s\n", QUIET[i]);
        talk_expect_no(talk, conn, line, "\\Seen");
    }
    for (i = 0; i < sizeof LOUD / sizeof *LOUD; i++) {
        talk_say(talk, conn, "b STORE 1 FLAGS.SILENT ()\n");
        snprintf(line, sizeof line, "a FETCH 1 %s\n", LOUD[i]);
        talk_expect_has(talk, conn, line, "FLAGS (\\Seen \\Recent)");
    }
    talk_say(talk, conn, "b STORE 1 FLAGS.SILENT ()\n");
    talk_say(talk, conn, "s EXAMINE INBOX\n");
    talk_expect_no(talk, conn, "a FETCH 1 BODY[]\n", "\\Seen");
}

static void test_search_reads_encoded_words_and_encoded_bodies(void **state)
{
    static const struct {
        const char *keys, *found;
    } CASES[] = {{"SUBJECT \"folded in\"", " 1"}, {"SUBJECT \" og\"", " 1"},
        {"CHARSET UTF-8 SUBJECT {3+}\n\xc3\xa9t", " 1"}, {"CHARSET utf-8 FROM {7+}\nJos\xc3\xa9 M", " 1"},
        {"CHARSET UTF-8 BODY {6+}\nna\xc3\xafve", " 1"}, {"CHARSET UTF-8 TEXT {6+}\nNA\xc3\xafVE", " 1"},
        {"BODY hidden", " 1"}, {"BODY \"in latin\"", " 1"}, {"CHARSET US-ASCII BODY nothing", ""}, {"TEXT inner", " 1"},
        {"BODY inner", " 1"}, {"SUBJECT inner", ""}, {"HEADER x-empty \"\"", " 1"}, {"HEADER x-empty x", ""},
        {"TEXT x-empty", " 1"}};
    struct talk *talk = (struct talk *)*state;
    char line[120], expected[60];
    int conn = with_message(talk,
        "From: =?iso-8859-1?q?Jos=E9?= =?utf-8?b?IE0=?= <j@a.example>\r\nSubject: =?UTF-8?Q?=C3=A9t=C3=A9_og?= "
        "folded\r\n"
        " in two\r\nX-Empty:\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "bmHDr3ZlIGhpZGRlbg==\r\n"
        "--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "in l=\r\natin =E9\r\n"
        "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n--x--\r\n");
    size_t i;
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(line, sizeof line, "a SEARCH %s\n", CASES[i].keys);
        snprintf(expected, sizeof expected, "* SEARCH%s\na OK SEARCH completed\n", CASES[i].found);
        talk_say(talk, conn, line);
        if (strcmp(talk->answer, expected) != 0)
            fail_msg("%s: %s", line, talk->answer);
    }
}

static void test_search_strings_are_of_their_charset(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_message(talk, "Subject: x\r\n\r\ny\r\n");
    talk_expect_has(talk, conn, "a SEARCH BODY {2+}\n\xc3\xa9\n", "a BAD ");
    talk_expect_has(talk, conn, "a SEARCH CHARSET US-ASCII BODY {2+}\n\xc3\xa9\n", "a BAD ");
    talk_expect_has(talk, conn, "a SEARCH CHARSET UTF-8 BODY {1+}\n\xc3\n", "a BAD ");
    talk_expect(talk, conn, "a SEARCH CHARSET UTF-8 BODY {2+}\n\xc3\xa9\n", "* SEARCH\na OK SEARCH completed\n");
    talk_expect_has(talk, conn, "a SEARCH CHARSET KOI8-R BODY {1+}\n\xc3\n", "a NO [BADCHARSET (US-ASCII UTF-8)]");
    talk_expect_has(talk, conn, "a SEARCH CHARSET UTF-8\n", "a BAD ");
    talk_expect_has(talk, conn, "a SEARCH 2\n", "a BAD ");
    talk_expect_has(talk, conn, "a SEARCH ()\n", "a BAD ");
    talk_expect_has(talk, conn, "a SEARCH OR SEEN\n", "a BAD ");
}

static void dump(struct talk *talk, const char *mailbox, char *text, size_t size)
{
    int64_t len = cpmsync_mock_dump(talk->mock, NULL, mailbox, text, size);
    assert_true(len > 0 && (size_t)len < size);
}

/* A mailbox that takes no further keyword. */
static void fill_flags(struct talk *talk, const char *mailbox)
{
    char flag[20];
    unsigned i;
    for (i = 0; i < 123; i++) {
        snprintf(flag, sizeof flag, "+f%u", i);
        assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, mailbox, "1", flag), 0);
    }
}

static void test_ms_33_a_failed_append_or_copy_leaves_nothing(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char before[4000], after[4000];
    talk_deliver(talk, 3);
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "3", "+new");
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "full"), 0);
    fill_flags(talk, "full");
    assert_true(cpmsync_mock_deliver(talk->mock, NULL, "full", NULL, 0, "x", 1) > 0);
    fill_flags(talk, "full");
    dump(talk, "full", before, sizeof before);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    talk_expect(talk, conn, "a APPEND full (more) {1+}\nx\n", "a NO [LIMIT] Too many\n");
    talk_expect(talk, conn, "a COPY 1:3 full\n", "a NO [LIMIT] Too many\n");
    talk_expect(talk, conn, "a UID MOVE 1:3 full\n", "a NO [LIMIT] Too many\n");
    dump(talk, "full", after, sizeof after);
    assert_string_equal(before, after);
    talk_expect(talk, conn, "a SEARCH ALL\n", "* SEARCH 1 2 3\na OK SEARCH completed\n");
}

static void test_ms_33_trycreate_where_a_create_would_help_and_never_a_mailbox_made(void **state)
{
    static const char *const COMMANDS[] = {
        "a APPEND %s {1+}\nx\n", "a COPY 1 %s\n", "a UID COPY 1 %s\n", "a MOVE 1 %s\n", "a UID MOVE 1 %s\n"};
    struct talk *talk = (struct talk *)*state;
    char line[80];
    size_t i;
    talk_deliver(talk, 1);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    talk_expect_has(talk, conn, "c CREATE parent/child\n", "c OK ");
    talk_expect_has(talk, conn, "c DELETE parent\n", "c OK ");
    for (i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        snprintf(line, sizeof line, COMMANDS[i], "a/nowhere");
        talk_expect(talk, conn, line, "a NO [TRYCREATE] No such mailbox\n");
        snprintf(line, sizeof line, COMMANDS[i], "parent");
        talk_expect(talk, conn, line, "a NO [TRYCREATE] No such mailbox\n");
        snprintf(line, sizeof line, COMMANDS[i], "a//b");
        talk_expect(talk, conn, line, "a NO [CANNOT] No mailbox can have this name\n");
    }
    talk_expect_no(talk, conn, "l LIST \"\" *\n", "nowhere");
    assert_true(talk_has(talk, "(\\Noselect"));
}

static void test_ms_16_a_conditional_store_over_and_over(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3); /* mod-sequences 2 to 4 */
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    talk_expect(talk, conn, "a UID STORE 1:2 (UNCHANGEDSINCE 3) -FLAGS.SILENT (\\Seen)\n",
        "* 1 FETCH (UID 1 MODSEQ (2))\n* 2 FETCH (UID 2 MODSEQ (3))\na OK STORE completed\n");
    talk_expect(talk, conn, "a UID STORE 1:3,2,1:* (UNCHANGEDSINCE 3) +FLAGS (\\Seen)\n",
        "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (5))\n* 2 FETCH (UID 2 FLAGS (\\Seen \\Recent) MODSEQ (5))\n"
        "a OK [MODIFIED 3] Conditional STORE failed\n");
    talk_expect(
        talk, conn, "a STORE 1:3 (UNCHANGEDSINCE 0) FLAGS ()\n", "a OK [MODIFIED 1:3] Conditional STORE failed\n");
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2");
    talk_expect(talk, conn, "a STORE 1:3 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Flagged)\n",
        "* 1 FETCH (UID 1 MODSEQ (7))\n* 3 FETCH (UID 3 MODSEQ (7))\n"
        "a NO [EXPUNGEISSUED] Some messages are gone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_with_comments_routes_and_quoted_pairs),
        cmocka_unit_test_setup_teardown(
            test_structure_with_comments_quoted_pairs_languages_and_a_digest, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_wrong_fetches_are_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_only_items_that_read_the_message_set_seen, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_search_reads_encoded_words_and_encoded_bodies, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_search_strings_are_of_their_charset, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_33_a_failed_append_or_copy_leaves_nothing, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_33_trycreate_where_a_create_would_help_and_never_a_mailbox_made, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_16_a_conditional_store_over_and_over, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
