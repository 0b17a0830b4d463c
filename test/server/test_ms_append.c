/* SPDX-License-Identifier: MIT */
/* Messages that come and go: UIDPLUS, MOVE, BINARY, MULTIAPPEND, APPENDLIMIT, REPLACE, CATENATE and literals refused. */
#include "mock_talk.h"

#include <stdio.h>

static void expect_message(struct talk *talk, uint32_t uid, const char *text)
{
    const void *data;
    int64_t len = cpmsync_mock_message(talk->mock, NULL, "INBOX", uid, &data);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(data, text, strlen(text));
}

/* Logged in with QRESYNC, INBOX selected, with this many messages in it; the empty mailbox "t" beside it. */
static int with_messages(struct talk *talk, unsigned count)
{
    talk_deliver(talk, count);
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "t"), 0);
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_ms_29_copyuid_before_the_expunges_of_move_and_highestmodseq_in_its_answer(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char expected[200];
    int conn = with_messages(talk, 4), plain = talk_login(talk, false);
    unsigned long uidvalidity = talk_status(talk, "t").uidvalidity;
    talk_expect_has(talk, plain, "s SELECT INBOX\n", "s OK ");
    snprintf(expected, sizeof expected,
        "* OK [COPYUID %lu 2:3 1:2] Moved\n* VANISHED 2:3\na OK [HIGHESTMODSEQ 6] MOVE completed\n", uidvalidity);
    talk_expect(talk, conn, "a UID MOVE 3,2 t\n", expected);
    talk_say(talk, plain, "n NOOP\n");
    snprintf(
        expected, sizeof expected, "* OK [COPYUID %lu 1 3] Moved\n* 1 EXPUNGE\na OK MOVE completed\n", uidvalidity);
    talk_expect(talk, plain, "a MOVE 1 t\n", expected);
    talk_expect(talk, plain, "a UID MOVE 9 t\n", "a OK MOVE completed\n");
    talk_expect_has(talk, plain, "a MOVE 1 INBOX\n", "* 1 EXPUNGE\n* 1 EXISTS\n");
    talk_expect_has(talk, plain, "a EXAMINE INBOX\n", "a OK ");
    talk_expect_has(talk, plain, "a MOVE 1 t\n", "a NO [CANNOT]");
    assert_int_equal(talk_status(talk, "t").messages, 3);
    assert_int_equal(talk_status(talk, "INBOX").messages, 1);
}

static void test_ms_29_uids_that_do_not_last(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "uid-not-sticky");
    int conn = with_messages(talk, 2);
    uint32_t before = talk_status(talk, "INBOX").uidvalidity;
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "* NO [UIDNOTSTICKY]");
    assert_true(talk_status(talk, "INBOX").uidvalidity > before);
    talk_expect_no(talk, conn, "a UID COPY 1 t\n", "COPYUID");
    assert_true(talk_has(talk, "a OK "));
    talk_expect_no(talk, conn, "a APPEND t {1+}\nx\n", "APPENDUID");
    assert_true(talk_has(talk, "a OK "));
    talk_expect_no(talk, conn, "a UID MOVE 1 t\n", "COPYUID");
    assert_true(talk_has(talk, "a OK "));
    assert_true(talk_has(talk, "* VANISHED 1\n"));
}

static void test_ms_33_several_messages_in_one_append_come_all_or_none(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char expected[400];
    int conn = with_messages(talk, 1);
    snprintf(expected, sizeof expected,
        "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $k)\n"
        "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $k \\*)] Flags permitted\n"
        "* 3 EXISTS\n* 3 RECENT\na OK [APPENDUID %lu 2:3] APPEND completed\n",
        (unsigned long)talk_status(talk, "INBOX").uidvalidity);
    talk_expect(
        talk, conn, "a APPEND INBOX (\\Seen) {1+}\nx (\\Draft $k) \" 1-Feb-2024 03:04:05 +0000\" {2+}\nyz\n", expected);
    talk_expect(talk, conn, "b FETCH 2:3 (FLAGS RFC822.SIZE)\n",
        "* 2 FETCH (FLAGS (\\Seen \\Recent) RFC822.SIZE 1)\n* 3 FETCH (FLAGS (\\Draft $k \\Recent) RFC822.SIZE 2)\n"
        "b OK FETCH completed\n");
    talk_expect_has(talk, conn, "a APPEND INBOX {1+}\nx {0+}\n\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a APPEND INBOX {1+}\nx (\\Seen)\n", "a BAD ");
    talk_expect_has(talk, conn, "a APPEND INBOX {1+}\nx{1+}\ny\n", "a BAD ");
    struct cpmsync_mock_status status = talk_status(talk, "INBOX");
    assert_int_equal(status.messages, 3);
    assert_int_equal(status.uidnext, 4);
}

static void test_ms_31_parts_without_their_transfer_encoding(void **state)
{
    static const char MESSAGE[] =
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: BASE64\r\n"
        "\r\nYQBi\r\n--x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3D=\r\n=20b\r\n"
        "--x\r\nContent-Transfer-Encoding: uuencode\r\n\r\nbegin\r\n--x--\r\n";
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, MESSAGE, sizeof MESSAGE - 1), 1);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    cpmsync_mock_feed(talk->mock, conn, "a FETCH 1 BINARY.PEEK[1]\r\n", 26);
    const void *data;
    size_t len = cpmsync_mock_output(talk->mock, conn, &data);
    static const char ANSWER[] = "* 1 FETCH (BINARY[1] ~{3}\r\na\0b)\r\na OK FETCH completed\r\n";
    assert_int_equal(len, sizeof ANSWER - 1);
    assert_memory_equal(data, ANSWER, len);
    cpmsync_mock_ack(talk->mock, conn, len);
    talk_expect(talk, conn, "a FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2] BINARY.SIZE[9])\n",
        "* 1 FETCH (BINARY.SIZE[1] 3 BINARY.SIZE[2] 4 BINARY.SIZE[9] 0)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 (BINARY.PEEK[2]<1.2> BINARY.PEEK[1]<2.9> BINARY.PEEK[2]<9.1>)\n",
        "* 1 FETCH (BINARY[2]<1> \"= \" BINARY[1]<2> \"b\" BINARY[2]<9> \"\")\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 BINARY.PEEK[9]\n", "* 1 FETCH (BINARY[9] NIL)\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 BINARY[3]\n", "a NO [UNKNOWN-CTE] Not an encoding I know\n");
    talk_expect(talk, conn, "a FETCH 1 BINARY.SIZE[3]\n", "a NO [UNKNOWN-CTE] Not an encoding I know\n");
    talk_expect(talk, conn, "a FETCH 1 FLAGS\n", "* 1 FETCH (FLAGS (\\Recent))\na OK FETCH completed\n");
    talk_expect(talk, conn, "a FETCH 1 BINARY[2]\n",
        "* 1 FETCH (FLAGS (\\Seen \\Recent) BINARY[2] \"a= b\")\na OK FETCH completed\n");
    talk_expect_has(talk, conn, "a FETCH 1 BINARY[]\n", "BINARY[] {");
    talk_expect_has(talk, conn, "a FETCH 1 BINARY[1.MIME]\n", "a BAD ");
    talk_expect_has(talk, conn, "a FETCH 1 BINARY.SIZE[1]<0.1>\n", "a BAD ");
    talk_expect_has(talk, conn, "a FETCH 1 BINARY\n", "a BAD ");
    talk_fault(talk, "unknown-cte");
    talk_expect(talk, conn, "a FETCH 1 BINARY[1]\n", "a NO [UNKNOWN-CTE] Not an encoding I know\n");
}

static void test_ms_31_append_with_literal8(void **state)
{
    static const char APPEND[] =
        "a APPEND INBOX ~{65+}\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n"
        "\r\n1\0002\r\n\r\n";
    static const char NUL_IN_HEADER[] = "a APPEND INBOX ~{5+}\r\nA:\0\r\n\r\n";
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk, 0);
    talk_send(talk, conn, APPEND, sizeof APPEND - 1);
    assert_true(talk_has(talk, "a OK "));
    expect_message(talk, 1, "Content-Transfer-Encoding: base64\r\nContent-Type: image/x\r\n\r\nMQAyDQo=");
    cpmsync_mock_feed(talk->mock, conn, "a FETCH 1 BINARY.PEEK[1]\r\n", 26);
    const void *data;
    size_t len = cpmsync_mock_output(talk->mock, conn, &data);
    static const char ANSWER[] = "* 1 FETCH (BINARY[1] ~{5}\r\n1\0002\r\n)\r\na OK FETCH completed\r\n";
    assert_int_equal(len, sizeof ANSWER - 1);
    assert_memory_equal(data, ANSWER, len);
    cpmsync_mock_ack(talk->mock, conn, len);
    talk_send(talk, conn, NUL_IN_HEADER, sizeof NUL_IN_HEADER - 1);
    assert_true(talk_has(talk, "a NO [CANNOT]"));
    talk_send(talk, conn, "a APPEND INBOX {3+}\r\n1\0002\r\n", 26);
    assert_true(talk_has(talk, "a BAD "));
    talk_expect(talk, conn, "c APPEND INBOX ~{1}\n", "+ Ready for the literal\n");
    talk_expect_has(talk, conn, "x (\\Seen)\n", "c BAD ");
    talk_expect_has(talk, conn, "a APPEND INBOX ~{4+}\na\nb\n", "a OK ");
    expect_message(talk, 2, "a\r\nb");
    talk_fault(talk, "unknown-cte");
    talk_expect_has(talk, conn, "a APPEND INBOX ~{1+}\nx\n", "a NO [UNKNOWN-CTE]");
    assert_int_equal(talk_status(talk, "INBOX").messages, 2);
}

static void test_ms_42_modified_that_tells_too_much_or_too_little(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk, 2);
    talk_fault(talk, "modified-spurious");
    talk_expect(talk, conn, "a UID STORE 1:2 (UNCHANGEDSINCE 100) +FLAGS.SILENT (\\Seen)\n",
        "* 2 FETCH (UID 2 MODSEQ (4))\na OK [MODIFIED 1] Conditional STORE failed\n");
    talk_fault(talk, "modified-spurious=off");
    talk_fault(talk, "modified-no");
    talk_expect(talk, conn, "a STORE 1:2 (UNCHANGEDSINCE 3) +FLAGS.SILENT (\\Flagged)\n",
        "* 1 FETCH (UID 1 MODSEQ (5))\na NO [MODIFIED 2] Conditional STORE failed\n");
    talk_fault(talk, "modified-no=off");
    cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2", "+\\Draft");
    talk_fault(talk, "modified-silent");
    talk_expect(talk, conn, "a STORE 2 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\\Flagged)\n",
        "a OK [MODIFIED 2] Conditional STORE failed\n");
}

static void test_ms_48_literals_refused_too_big_or_cut_off(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = with_messages(talk, 0);
    talk_fault(talk, "literal-refuse");
    talk_expect(talk, conn, "a APPEND INBOX {3}\n", "a NO [LIMIT] No literal now\n");
    talk_expect_has(talk, conn, "a APPEND INBOX {3+}\nabc\n", "a OK ");
    talk_fault(talk, "literal-refuse=off");
    talk_fault(talk, "literal-toobig");
    talk_expect(talk, conn, "a APPEND INBOX {3}\n", "a NO [TOOBIG] Larger than a message may be\n");
    talk_expect(talk, conn, "a APPEND INBOX {3+}\nabc\n", "a NO [TOOBIG] Larger than a message may be\n");
    talk_expect(talk, conn, "a UID REPLACE 1 INBOX {3}\n", "a NO [TOOBIG] Larger than a message may be\n");
    talk_expect_has(talk, conn, "n NOOP\n", "n OK ");
    talk_fault(talk, "literal-toobig=off");
    talk_fault(talk, "bye-in-literal=2");
    talk_expect(talk, conn, "a APPEND INBOX {4}\n", "+ Ready for the literal\n");
    talk_expect(talk, conn, "a", "");
    talk_expect(talk, conn, "b", "* BYE That will do\n");
    assert_true(cpmsync_mock_closed(talk->mock, conn));
    assert_int_equal(talk_status(talk, "INBOX").messages, 1);
}

static void test_appendlimit_is_advertised_and_kept(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.max_literal = 10;
    struct talk *talk = talk_new(&config);
    int conn = with_messages(talk, 0);
    talk_expect_has(talk, conn, "a CAPABILITY\n", " APPENDLIMIT=10");
    talk_expect_has(talk, conn, "a APPEND INBOX {11}\n", "a NO [TOOBIG]");
    talk_expect_has(talk, conn, "a APPEND INBOX CATENATE (TEXT {6+}\n123456 TEXT {5+}\n12345)\n", "a NO [TOOBIG]");
    talk_expect_has(talk, conn, "a APPEND INBOX CATENATE (TEXT {5+}\n12345 TEXT {5+}\n12345)\n", "a OK ");
    talk_free(talk);
}

static void test_ox_04_replace_is_one_step(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char expected[300];
    int conn = with_messages(talk, 3);
    unsigned long uidvalidity = talk_status(talk, "INBOX").uidvalidity;
    snprintf(expected, sizeof expected,
        "* OK [APPENDUID %lu 4] Replacement message ready\n* VANISHED 2\n* 3 EXISTS\n* 3 RECENT\n"
        "a OK [HIGHESTMODSEQ 6] REPLACE completed\n",
        uidvalidity);
    talk_expect(talk, conn, "a REPLACE 2 INBOX (\\Draft) {3+}\nnew\n", expected);
    snprintf(expected, sizeof expected,
        "* OK [APPENDUID %lu 1] Replacement message ready\n* VANISHED 4\na OK [HIGHESTMODSEQ 7] REPLACE completed\n",
        (unsigned long)talk_status(talk, "t").uidvalidity);
    talk_expect(talk, conn, "a UID REPLACE * t CATENATE (TEXT {1+}\nx URL \"/INBOX/;UID=4\")\n", expected);
    talk_expect_has(talk, conn, "a UID REPLACE 99 t {1+}\nx\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a REPLACE 3 t {1+}\nx\n", "a BAD ");
    talk_expect_has(talk, conn, "a REPLACE 1:2 t {1+}\nx\n", "a BAD ");
    talk_expect_has(talk, conn, "a REPLACE 1 t {1+}\nx {1+}\ny\n", "a BAD ");
    talk_expect_has(talk, conn, "a REPLACE 1 nowhere {1+}\nx\n", "a NO [TRYCREATE]");
    talk_expect_has(talk, conn, "a REPLACE 1 t {0+}\n\n", "a NO ");
    assert_int_equal(talk_status(talk, "t").messages, 1);
    assert_int_equal(talk_status(talk, "INBOX").messages, 2);
    talk_expect_has(talk, conn, "a EXAMINE INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "a REPLACE 1 t {1+}\nx\n", "a NO [CANNOT]");
    talk_expect_has(talk, conn, "a UNSELECT\n", "a OK ");
    talk_expect_has(talk, conn, "a REPLACE 1 t {1+}\nx\n", "a BAD ");
}

static void test_ox_03_a_message_put_together_from_texts_and_urls(void **state)
{
    static const char *const NOTHING[] = {"/INBOX/;UID=99", "/INBOX;UIDVALIDITY=1/;UID=1", "/INBOX/;UID=1/;SECTION=9",
        "/nowhere/;UID=1", "/INBOX", "imap://test@localhost/INBOX/;UID=1", "http://a.example/", "/INBOX/;UID=0",
        "/INBOX/;UID=1/;SECTION=HEADER;URLAUTH=anonymous", "%zz/;UID=1", "/INBOX/;UID=1/;SECTION="};
    struct talk *talk = (struct talk *)*state;
    char line[200], expected[200];
    size_t i;
    int conn = with_messages(talk, 1);
    talk_expect_has(
        talk, conn, "a APPEND INBOX CATENATE (TEXT {2+}\nA: URL \"/INBOX/;UID=1/;SECTION=TEXT\")\n", "a OK ");
    expect_message(talk, 2, "A:Hello\r\n");
    snprintf(line, sizeof line,
        "a APPEND INBOX (\\Draft) CATENATE (URL "
        "\"/IN%%42OX;UIDVALIDITY=%lu/;uid=1/;section=HEADER.FIELDS%%20(Subject)\" "
        "URL \";UID=1/;SECTION=1/;PARTIAL=1.3\" URL /INBOX/;UID=1/;PARTIAL=6.1)\n",
        (unsigned long)talk_status(talk, "INBOX").uidvalidity);
    talk_expect_has(talk, conn, line, "a OK ");
    expect_message(talk, 3, "Subject: Number 0\r\n\r\nella");
    talk_expect(talk, conn, "a FETCH 1 FLAGS\n", "* 1 FETCH (FLAGS (\\Recent))\na OK FETCH completed\n");
    for (i = 0; i < sizeof NOTHING / sizeof *NOTHING; i++) {
        snprintf(line, sizeof line, "a APPEND INBOX CATENATE (TEXT {1+}\nx URL \"%s\")\n", NOTHING[i]);
        snprintf(expected, sizeof expected, "a NO [BADURL \"%s\"] Names nothing\n", NOTHING[i]);
        talk_say(talk, conn, line);
        if (strcmp(talk->answer, expected) != 0)
            fail_msg("%s: %s", line, talk->answer);
    }
    talk_expect_has(talk, conn, "a APPEND INBOX CATENATE ()\n", "a BAD ");
    talk_expect_has(talk, conn, "a APPEND INBOX CATENATE (TEXT \"x\")\n", "a BAD ");
    talk_expect_has(talk, conn, "a APPEND INBOX CATENATE (FILE x)\n", "a BAD ");
    assert_int_equal(talk_status(talk, "INBOX").messages, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_ms_29_copyuid_before_the_expunges_of_move_and_highestmodseq_in_its_answer, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_29_uids_that_do_not_last, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_33_several_messages_in_one_append_come_all_or_none, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_31_parts_without_their_transfer_encoding, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_31_append_with_literal8, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_42_modified_that_tells_too_much_or_too_little, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_48_literals_refused_too_big_or_cut_off, talk_setup, talk_teardown),
        cmocka_unit_test(test_appendlimit_is_advertised_and_kept),
        cmocka_unit_test_setup_teardown(test_ox_04_replace_is_one_step, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ox_03_a_message_put_together_from_texts_and_urls, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
