/* SPDX-License-Identifier: MIT */
/* What RFC 3501 and the small extensions ask beyond the lines that have a file of their own. */
#include "mock_talk.h"

#include <stdio.h>

static const char NESTED[] =
    "From: \"Last, First\" <a@b.example>, plain@c.example\r\nTo: friends: x@y.example, z@y.example;\r\n"
    "Subject: =?utf-8?q?h=C3=A4?=\r\n folded\r\nDate: Tue, 2 Jan 2024 03:04:05 +0100\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=\"=_1\"\r\n\r\npreamble\r\n"
    "--=_1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo\r\n"
    "--=_1\r\nContent-Type: message/rfc822\r\nContent-Disposition: inline; filename=x.eml\r\n\r\n"
    "Subject: inner\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n"
    "--b2\r\n\r\nA\r\n--b2\r\nContent-Type: text/html\r\n\r\n<b>\r\n--b2--\r\n\r\n--=_1--\r\nepilogue\r\n";

static int with_nested(struct talk *talk)
{
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, NESTED, sizeof NESTED - 1), 1);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s EXAMINE INBOX\n", "s OK ");
    return conn;
}

static void test_fetch_structure_and_envelope(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_nested(talk);
    talk_expect(talk, conn, "a FETCH 1 ENVELOPE\n",
        "* 1 FETCH (ENVELOPE (\"Tue, 2 Jan 2024 03:04:05 +0100\" \"=?utf-8?q?h=C3=A4?= folded\" "
        "((\"Last, First\" NIL \"a\" \"b.example\")(NIL NIL \"plain\" \"c.example\")) "
        "((\"Last, First\" NIL \"a\" \"b.example\")(NIL NIL \"plain\" \"c.example\")) "
        "((\"Last, First\" NIL \"a\" \"b.example\")(NIL NIL \"plain\" \"c.example\")) "
        "((NIL NIL \"friends\" NIL)(NIL NIL \"x\" \"y.example\")(NIL NIL \"z\" \"y.example\")(NIL NIL NIL NIL)) "
        "NIL NIL NIL NIL))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 BODYSTRUCTURE\n",
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7BIT\" 8 2 NIL NIL NIL NIL)"
        "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 125 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) "
        "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1 1 NIL NIL NIL NIL)"
        "(\"text\" \"html\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3 1 NIL NIL NIL NIL) "
        "\"alternative\" (\"boundary\" \"b2\") NIL NIL NIL) 11 NIL (\"inline\" (\"filename\" \"x.eml\")) NIL NIL) "
        "\"mixed\" (\"boundary\" \"=_1\") NIL NIL NIL))\na OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 1 BODY\n", " \"alternative\") 11) \"mixed\"))");
}

static void test_fetch_sections(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_nested(talk);
    talk_expect(talk, conn, "a FETCH 1 BODY.PEEK[1]\n", "* 1 FETCH (BODY[1] {8}\none\ntwo)\na OK FETCH completed\n");
    talk_expect_has(
        talk, conn, "a FETCH 1 BODY[1.MIME]\n", "BODY[1.MIME] {43}\nContent-Type: text/plain; charset=utf-8\n\n)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[2.HEADER.FIELDS (subject)]\n",
        "BODY[2.HEADER.FIELDS (subject)] {18}\nSubject: inner\n\n)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[2.2]\n", "BODY[2.2] {3}\n<b>)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[2.1]\n", "BODY[2.1] {1}\nA)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[3]\n", "BODY[3] NIL)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[1.1]\n", "BODY[1.1] NIL)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[1.HEADER]\n", "BODY[1.HEADER] NIL)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[TEXT]<0.8>\n", "BODY[TEXT]<0> {8}\npreamble)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[]<100000.5>\n", "BODY[]<100000> {0}\n)");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[HEADER.FIELDS.NOT (From To Subject Date MIME-Version)]\n",
        "(From To Subject Date MIME-Version)] {49}\nContent-Type: multipart/mixed; boundary=\"=_1\"\n\n)");
    talk_expect_has(
        talk, conn, "a FETCH 1 (RFC822.SIZE INTERNALDATE)\n", "INTERNALDATE \"14-Nov-2023 22:13:20 +0000\")");
    talk_expect_has(talk, conn, "a FETCH 1 FAST\n", "(FLAGS (\\Recent) INTERNALDATE ");
    talk_expect_has(talk, conn, "a FETCH 1 RFC822.HEADER\n", "RFC822.HEADER {");
}

static void test_a_single_part_is_number_one(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 1);
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    talk_expect(talk, conn, "a FETCH 1 BODY.PEEK[1]\n", "* 1 FETCH (BODY[1] {7}\nHello\n)\na OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[2]\n", "BODY[2] NIL");
    talk_expect(talk, conn, "a FETCH 1 FLAGS\n", "* 1 FETCH (FLAGS (\\Seen \\Recent))\na OK FETCH completed\n");
}

static void test_search_keys(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const struct {
        const char *keys, *found;
    } CASES[] = {{"ALL", " 1 2 3"}, {"SEEN", " 2"}, {"UNSEEN", " 1 3"}, {"NOT SEEN", " 1 3"},
        {"OR SEEN FLAGGED", " 2 3"}, {"NOT OR SEEN FLAGGED", " 1"}, {"OR NOT SEEN (FLAGGED 3)", " 1 3"},
        {"KEYWORD $x", " 2"}, {"UNKEYWORD $x", " 1 3"}, {"KEYWORD nowhere", ""}, {"2:*", " 2 3"}, {"UID 3 SEEN", ""},
        {"SUBJECT number", " 1 2 3"}, {"SUBJECT \"number 1\"", " 2"}, {"HEADER Subject \"\"", " 1 2 3"},
        {"HEADER Nothing \"\"", ""}, {"FROM b.example", " 1 2 3"}, {"BODY hello", " 1 2 3"}, {"TEXT subject", " 1 2 3"},
        {"BODY subject", ""}, {"LARGER 10 SMALLER 1000", " 1 2 3"}, {"ON 14-Nov-2023", " 1 2 3"},
        {"BEFORE 14-Nov-2023", ""}, {"SINCE 1-Nov-2023", " 1 2 3"}, {"SENTON \"14-Nov-2023\"", " 1 2 3"},
        {"CHARSET UTF-8 SEEN", " 2"}, {"(SEEN)", " 2"}, {"((SEEN) (ALL))", " 2"}, {"NEW", " 1 3"}, {"OLD", ""}};
    char line[200], expected[200];
    size_t i;
    talk_deliver(talk, 3);
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2", "+\\Seen $x");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "3", "+\\Flagged");
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(line, sizeof line, "a SEARCH %s\n", CASES[i].keys);
        snprintf(expected, sizeof expected, "* SEARCH%s\na OK SEARCH completed\n", CASES[i].found);
        talk_say(talk, conn, line);
        if (strcmp(talk->answer, expected) != 0)
            fail_msg("%s: %s", line, talk->answer);
    }
    talk_expect_has(talk, conn, "a SEARCH CHARSET KOI8-R ALL\n", "a NO [BADCHARSET (US-ASCII UTF-8)]");
}

static void test_deep_nesting_is_bad_and_no_crash(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char line[5000];
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    memcpy(line, "a SEARCH ", 9);
    memset(line + 9, '(', 4000);
    memcpy(line + 4009, "ALL\n", 5);
    talk_expect_has(talk, conn, line, "a BAD ");
}

static void test_copy_and_move_with_uidplus(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_status target;
    char expected[300];
    memset(&target, 0, sizeof target);
    target.size = sizeof target;
    talk_deliver(talk, 4);
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2", "+\\Seen $x");
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "t"), 0);
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "t", &target), 0);
    int conn = talk_login(talk, true);
    talk_say(talk, conn, "s SELECT INBOX\n");
    snprintf(
        expected, sizeof expected, "a OK [COPYUID %lu 2,4 1:2] COPY completed\n", (unsigned long)target.uidvalidity);
    talk_expect(talk, conn, "a UID COPY 2,4,99 t\n", expected);
    snprintf(expected, sizeof expected,
        "* OK [COPYUID %lu 1:2 3:4] Moved\n* VANISHED 1:2\na OK [HIGHESTMODSEQ 7] MOVE completed\n",
        (unsigned long)target.uidvalidity);
    talk_expect(talk, conn, "a MOVE 1:2 t\n", expected);
    talk_expect(talk, conn, "a COPY 1 nowhere\n", "a NO [TRYCREATE] No such mailbox\n");
    talk_expect(talk, conn, "a UID COPY 99 t\n", "a OK COPY completed\n");
    char text[500];
    assert_true(cpmsync_mock_dump(talk->mock, NULL, "t", text, sizeof text) > 0);
    assert_string_equal(strchr(text, '\n') + 1, "1 2 ($x \\Seen)\n2 2 ()\n3 3 ()\n4 3 ($x \\Seen)\n");
}

static void test_append_keeps_flags_date_and_octets(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    talk_expect_has(talk, conn, "a APPEND INBOX (\\Seen $x) \" 1-Feb-2024 03:04:05 -0130\" {4+}\n\x80\nx\n", "a OK ");
    assert_true(talk_has(talk, "* 1 EXISTS\n"));
    talk_expect(talk, conn, "b FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\n",
        "* 1 FETCH (FLAGS (\\Seen $x \\Recent) INTERNALDATE \" 1-Feb-2024 03:04:05 -0130\" BODY[] {4}\n\x80\nx)\n"
        "b OK FETCH completed\n");
    talk_expect(talk, conn, "c APPEND nowhere {1+}\nx\n", "c NO [TRYCREATE] No such mailbox\n");
    talk_expect_has(talk, conn, "c APPEND INBOX \"32-Feb-2024 03:04:05 +0000\" {1+}\nx\n", "c BAD ");
    talk_expect_has(talk, conn, "c APPEND INBOX {0+}\n\n", "c NO ");
}

static void test_the_tree_of_mailboxes(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a LIST \"\" \"\"\n", "* LIST (\\Noselect) \"/\" \"\"\na OK LIST completed\n");
    talk_expect(talk, conn, "a CREATE a/b/c/\n", "a OK [MAILBOXID (F4)] CREATE completed\n");
    talk_expect(talk, conn, "a CREATE \"with space\"\n", "a OK [MAILBOXID (F5)] CREATE completed\n");
    talk_expect_has(talk, conn, "a CREATE inbox\n", "a NO [ALREADYEXISTS]");
    talk_expect_has(talk, conn, "a CREATE a//b\n", "a NO [CANNOT]");
    talk_expect(talk, conn, "a LIST \"\" %\n",
        "* LIST (\\HasNoChildren) \"/\" INBOX\n* LIST (\\HasChildren) \"/\" a\n"
        "* LIST (\\HasNoChildren) \"/\" \"with space\"\na OK LIST completed\n");
    talk_expect(talk, conn, "a LIST a/ *\n",
        "* LIST (\\HasChildren) \"/\" a/b\n* LIST (\\HasNoChildren) \"/\" a/b/c\na OK LIST completed\n");
    talk_expect_has(talk, conn, "a LIST \"\" *%b%*c\n", "a/b/c\na OK");
    talk_expect_has(talk, conn, "a LIST \"\" inbox\n", "INBOX\na OK");
    talk_expect(talk, conn, "a RENAME a/b x\n", "a OK RENAME completed\n");
    talk_expect(talk, conn, "a LIST \"\" x*\n",
        "* LIST (\\HasChildren) \"/\" x\n* LIST (\\HasNoChildren) \"/\" x/c\na OK LIST completed\n");
    talk_expect_has(talk, conn, "a RENAME x INBOX\n", "a NO ");
    talk_expect_has(talk, conn, "a RENAME x x/y\n", "a NO ");
    talk_expect_has(talk, conn, "a RENAME nowhere y\n", "a NO [NONEXISTENT]");
    talk_expect(talk, conn, "a DELETE x\n", "a OK DELETE completed\n");
    talk_expect_has(talk, conn, "a LIST \"\" x\n", "* LIST (\\Noselect \\HasChildren) \"/\" x\n");
    talk_expect_has(talk, conn, "a SELECT x\n", "a NO ");
    talk_expect_has(talk, conn, "a DELETE x\n", "a NO ");
    talk_expect_has(talk, conn, "a DELETE INBOX\n", "a NO ");
    talk_expect_has(talk, conn, "a CREATE x\n", "a OK ");
    talk_expect_has(talk, conn, "a SELECT x\n", "a OK ");
    talk_expect(talk, conn, "a NAMESPACE\n",
        "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\na OK NAMESPACE completed\n");
}

static void test_a_delete_that_cannot_be_leaves_everything_as_it_is(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_deliver(talk, 1);
    talk_expect_has(talk, conn, "a CREATE x/y\n", "a OK ");
    talk_expect_has(talk, conn, "a DELETE x\n", "a OK ");
    talk_expect(talk, conn, "a DELETE x\n", "a NO [HASCHILDREN] There are mailboxes below it\n");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect(talk, conn, "a DELETE inbox\n", "a NO [CANNOT] INBOX stays\n");
    talk_expect(talk, conn, "a FETCH 1 UID\n", "* 1 FETCH (UID 1)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a DELETE none\n", "a NO [NONEXISTENT] No such mailbox\n");
}

static void test_rename_inbox_moves_its_messages(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 3);
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a RENAME INBOX old\n", "a OK RENAME completed\n");
    talk_expect_has(talk, conn, "a STATUS INBOX (MESSAGES UIDNEXT)\n", "(MESSAGES 0 UIDNEXT 4)");
    talk_expect_has(talk, conn, "a STATUS old (MESSAGES UNSEEN RECENT)\n", "(MESSAGES 3 RECENT 3 UNSEEN 3)");
}

static void test_subscriptions(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "a CREATE a/b\n");
    talk_expect(talk, conn, "a SUBSCRIBE a/b\n", "a OK SUBSCRIBE completed\n");
    talk_expect_has(talk, conn, "a SUBSCRIBE nowhere\n", "a NO ");
    talk_expect(talk, conn, "a LSUB \"\" *\n", "* LSUB () \"/\" a/b\na OK LSUB completed\n");
    talk_expect(talk, conn, "a LSUB \"\" %\n", "* LSUB (\\Noselect) \"/\" a\na OK LSUB completed\n");
    talk_expect(talk, conn, "a UNSUBSCRIBE a/b\n", "a OK UNSUBSCRIBE completed\n");
    talk_expect_has(talk, conn, "a UNSUBSCRIBE a/b\n", "a NO ");
    talk_expect(talk, conn, "a LSUB \"\" *\n", "a OK LSUB completed\n");
}

static void test_ms_28_idle_pushes_until_done(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 2);
    int conn = talk_login(talk, true), other = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    talk_say(talk, other, "s SELECT INBOX\n");
    talk_expect(talk, conn, "a IDLE\n", "+ idling\n");
    talk_say(talk, other, "b STORE 1 +FLAGS (\\Deleted)\n");
    assert_string_equal(talk_hear(talk, conn), "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Recent) MODSEQ (4))\n");
    talk_say(talk, other, "b EXPUNGE\n");
    assert_string_equal(talk_hear(talk, conn), "* VANISHED 1\n");
    talk_deliver(talk, 1);
    assert_string_equal(talk_hear(talk, conn), "* 2 EXISTS\n* 2 RECENT\n");
    talk_expect(talk, conn, "DONE\n", "a OK IDLE ends\n");
    talk_say(talk, conn, "a IDLE\n");
    talk_expect(talk, conn, "b NOOP\n", "a BAD DONE was expected\n");
}

static void test_users_have_stores_of_their_own(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "x\"y"), 0);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "z"), CPMSYNC_ERR_STATE);
    talk_deliver(talk, 1);
    int conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a LOGIN other \"x\\\"y\"\n", "a OK ");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* 0 EXISTS\n");
}

static void test_more_flags_than_a_mailbox_holds_are_refused(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char line[60];
    unsigned i;
    talk_deliver(talk, 1);
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "s SELECT INBOX\n");
    for (i = 0; i < 123; i++) {
        snprintf(line, sizeof line, "a STORE 1 +FLAGS.SILENT (k%u)\n", i);
        talk_expect_has(talk, conn, line, "a OK ");
    }
    assert_false(talk_has(talk, "\\*"));
    talk_expect(talk, conn, "a STORE 1 +FLAGS (k123)\n", "a NO [LIMIT] Too many\n");
}

/* ---- NAMESPACE, ID, UNSELECT ---- */

static void test_m_08_namespace_has_prefix_and_delimiter(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.delimiter = '\\';
    struct talk *talk = talk_new(&config);
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a NAMESPACE\n", "a BAD Not in this state\n");
    talk_expect_has(talk, conn, "a LOGIN test test\n", "a OK ");
    talk_expect(talk, conn, "a NAMESPACE\n",
        "* NAMESPACE ((\"\" \"\\\\\")) ((\"Other Users\\\\\" \"\\\\\")) NIL\na OK NAMESPACE completed\n");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "a namespace\n", "a OK NAMESPACE completed\n");
    talk_expect_has(talk, conn, "a NAMESPACE \n", "a BAD ");
    talk_expect_has(talk, conn, "a NAMESPACE NIL\n", "a BAD ");
    talk_expect_has(talk, conn, "a UID NAMESPACE\n", "a BAD ");
    /* What stands below the prefix of a namespace is in it. */
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "ann", "ann"), 0);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "ann", "INBOX", "test", "lr"), 0);
    talk_expect_has(talk, conn, "a EXAMINE \"Other Users\\\\ann\\\\INBOX\"\n", "a OK [READ-ONLY]");
    talk_free(talk);
}

static void test_s_18_id_in_every_state(void **state)
{
    static const char *const RIGHT[] = {"a ID NIL\n", "a ID nil\n", "a ID ()\n",
        "a ID (\"name\" \"x\" \"version\" NIL)\n", "a ID ({4+}\nname {4+}\na\nb)\n", "a ID (\"\" \"\")\n"};
    struct talk *talk = (struct talk *)*state;
    size_t round, i;
    int conn = talk_connect(talk, true);
    for (round = 0; round < 3; round++) {
        for (i = 0; i < sizeof RIGHT / sizeof *RIGHT; i++)
            talk_expect(talk, conn, RIGHT[i], "* ID (\"name\" \"cpm-mockserver\")\na OK ID completed\n");
        talk_expect_has(talk, conn, round ? "s SELECT INBOX\n" : "l LOGIN test test\n", " OK ");
    }
    talk_expect(talk, conn, "a ID ({4}\n", "+ Ready for the literal\n");
    talk_expect(talk, conn, "name NIL)\n", "* ID (\"name\" \"cpm-mockserver\")\na OK ID completed\n");
}

static void test_s_18_wrong_ids_are_bad(void **state)
{
    static const char *const WRONG[] = {"a ID\n", "a ID \n", "a ID x\n", "a ID \"name\"\n", "a ID (name \"x\")\n",
        "a ID (\"name\")\n", "a ID (\"name\" x)\n", "a ID (NIL \"x\")\n", "a ID (\"name\" \"x\" )\n",
        "a ID ( \"name\" \"x\")\n", "a ID (\"name\"  \"x\")\n", "a ID (\"name\" \"x\"\n", "a ID (\"name\" \"x\") \n",
        "a ID (\"name\" \"x\")NIL\n", "a ID (\"name\" \"x\" \"NAME\" \"y\")\n",
        "a ID (\"1234567890123456789012345678901\" NIL)\n", "a UID ID NIL\n"};
    struct talk *talk = (struct talk *)*state;
    size_t i;
    int conn = talk_connect(talk, true);
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        talk_expect_has(talk, conn, WRONG[i], "a BAD ");
    talk_expect_has(talk, conn, "a ID (\"123456789012345678901234567890\" NIL)\n", "a OK ");
}

/* `pairs` pairs, the last value of `octets` octets */
static void say_id(struct talk *talk, int conn, unsigned pairs, unsigned octets)
{
    char line[2000];
    int at = snprintf(line, sizeof line, "a ID (");
    unsigned i;
    for (i = 1; i < pairs; i++)
        at += snprintf(line + at, sizeof line - (size_t)at, "\"n%u\" NIL ", i);
    snprintf(line + at, sizeof line - (size_t)at, "\"last\" \"%0*u\")\n", (int)octets, 1u);
    talk_say(talk, conn, line);
}

static void test_s_18_id_has_30_pairs_and_values_of_1024_octets(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    say_id(talk, conn, 30, 1024);
    assert_true(talk_has(talk, "a OK "));
    say_id(talk, conn, 31, 1);
    assert_true(talk_has(talk, "a BAD "));
    say_id(talk, conn, 1, 1025);
    assert_true(talk_has(talk, "a BAD "));
}

static void test_c_09_unselect_expunges_nothing(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_deliver(talk, 2);
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a UNSELECT\n", "a BAD Not in this state\n");
    talk_expect_has(talk, conn, "a LOGIN test test\n", "a OK ");
    talk_expect(talk, conn, "a UNSELECT\n", "a BAD Not in this state\n");
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "a STORE 1 +FLAGS.SILENT (\\Deleted)\n", "a OK ");
    talk_expect_has(talk, conn, "a UNSELECT INBOX\n", "a BAD ");
    talk_expect_has(talk, conn, "a UNSELECT \n", "a BAD ");
    talk_expect_has(talk, conn, "a UID UNSELECT\n", "a BAD ");
    talk_expect_has(talk, conn, "a SEARCH RETURN (SAVE) ALL\n", "a OK ");
    talk_deliver(talk, 1); /* what happened to the mailbox is told no more */
    talk_expect(talk, conn, "a UNSELECT\n", "a OK UNSELECT completed\n");
    talk_expect(talk, conn, "a UNSELECT\n", "a BAD Not in this state\n");
    talk_expect(talk, conn, "a FETCH 1 UID\n", "a BAD Not in this state\n");
    assert_int_equal(talk_status(talk, "INBOX").messages, 3);
    talk_expect_has(talk, conn, "a EXAMINE INBOX\n", "* 3 EXISTS\n");
    assert_false(talk_has(talk, "CLOSED"));
    talk_expect(talk, conn, "a UID FETCH $ UID\n", "a OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 FLAGS\n", "* 1 FETCH (FLAGS (\\Deleted))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a UNSELECT\n", "a OK UNSELECT completed\n");
}

static void test_what_is_not_advertised_of_them_does_not_work(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1";
    struct talk *talk = talk_new(&config);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect(talk, conn, "a NAMESPACE\n", "a BAD Unknown command\n");
    talk_expect(talk, conn, "a ID NIL\n", "a BAD Unknown command\n");
    talk_expect(talk, conn, "a UNSELECT\n", "a BAD Unknown command\n");
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fetch_structure_and_envelope, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_fetch_sections, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_a_single_part_is_number_one, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_search_keys, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_deep_nesting_is_bad_and_no_crash, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_copy_and_move_with_uidplus, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_append_keeps_flags_date_and_octets, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_the_tree_of_mailboxes, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_a_delete_that_cannot_be_leaves_everything_as_it_is, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_rename_inbox_moves_its_messages, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_subscriptions, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_28_idle_pushes_until_done, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_users_have_stores_of_their_own, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_more_flags_than_a_mailbox_holds_are_refused, talk_setup, talk_teardown),
        cmocka_unit_test(test_m_08_namespace_has_prefix_and_delimiter),
        cmocka_unit_test_setup_teardown(test_s_18_id_in_every_state, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_s_18_wrong_ids_are_bad, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_s_18_id_has_30_pairs_and_values_of_1024_octets, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_c_09_unselect_expunges_nothing, talk_setup, talk_teardown),
        cmocka_unit_test(test_what_is_not_advertised_of_them_does_not_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
