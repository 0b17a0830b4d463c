/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>

/* Message 1: ISO-8859-1, quoted-printable. 2: HTML and a picture. 3: encoded words. */
static const char LATIN[] = "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
                            "quoted-printable\r\n\r\nna=EFve\r\n";
static const char MIXED[] =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n"
    "<html><head><title>no</title><style>p {}</style></head><!-- no -> <b> --><body><h1>A &amp;\r\n B</h1>"
    "<p>One<br>two   &#x20ac;&#65; &bogus; <i>three</i></p><ul><li>x<li>y</ul>"
    "<table><tr><td>1</td><td>2</td></tr></table></body></html>\r\n"
    "--b\r\nContent-Type: video/mp4\r\n\r\nnot one\r\n--b\r\nContent-Type: text/plain; charset=koi8-nonsense\r\n\r\n"
    "x\r\n--b--\r\n";
static const char WORDS[] =
    "From: =?koi8-r?Q?x=F0=D2=C9=D7=C5=D4?= =?iso-8859-1?Q?_na=EFve?= <a@b.example>\r\nSubject: "
    "=?x-unknown?Q?a?= plain\r\n\r\nbody\r\n";
static const char PAGE[] = "A & B\nOne\ntwo \xe2\x82\xac"
                           "A &bogus; three\n* x\n* y\n1\t2\n";

static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, LATIN, sizeof LATIN - 1), 1);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, MIXED, sizeof MIXED - 1), 2);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, WORDS, sizeof WORDS - 1), 3);
    *state = talk;
    return 0;
}

static int select_inbox(struct talk *talk)
{
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

static void test_ms_35_conversions_are_listed(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a CAPABILITY\n", " CONVERT ");
    talk_expect(talk, conn, "a CONVERSIONS text/plain TEXT/Plain\n",
        "* CONVERSION \"text/plain\" \"text/plain\" (\"charset\" \"unknown-character-replacement\")\n"
        "a OK CONVERSIONS completed\n");
    talk_expect(talk, conn, "a CONVERSIONS \"text/*\" \"*\"\n",
        "* CONVERSION \"text/plain\" \"text/plain\" (\"charset\" \"unknown-character-replacement\")\n"
        "* CONVERSION \"text/html\" \"text/plain\" (\"charset\" \"unknown-character-replacement\")\n"
        "a OK CONVERSIONS completed\n");
    talk_expect(talk, conn, "a CONVERSIONS video/mp4 \"*\"\n", "a OK CONVERSIONS completed\n");
    talk_expect_has(talk, conn, "a CONVERSIONS text \"*\"\n", "a BAD ");
    talk_expect_has(talk, conn, "a CONVERSIONS text/plain \"*/plain\"\n", "a BAD ");
    talk_expect_has(talk, conn, "a CONVERSIONS text/plain \"text/pl*\"\n", "a BAD ");
    talk_expect_has(talk, conn, "a CONVERSIONS text/plain\n", "a BAD ");
}

static void test_ms_35_charsets_are_converted(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    talk_expect(talk, conn, "a CONVERT 1 (\"text/plain\" (\"charset\" \"utf-8\")) BINARY[1]\n",
        "* 1 CONVERTED (TAG \"a\") (BINARY[1] {8}\nna\xc3\xafve\n)\na OK CONVERT completed\n");
    talk_expect(talk, conn,
        "b CONVERT 1 (\"TEXT/PLAIN\" (\"CHARSET\" \"iso-8859-15\")) (BINARY.SIZE[1] BINARY[1]<2.3>)\n",
        "* 1 CONVERTED (TAG \"b\") (BINARY.SIZE[1] 7 BINARY[1]<2> {3}\n\xefve)\nb OK CONVERT completed\n");
    talk_expect(talk, conn, "c UID CONVERT 1 (NIL (charset \"utf-8\")) (BODYPARTSTRUCTURE[1] UID BINARY[1]<0.2>)\n",
        "* 1 CONVERTED (TAG \"c\") (UID 1 BODYPARTSTRUCTURE[1] (\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL "
        "\"8BIT\" 8 1 NIL NIL NIL NIL) BINARY[1]<0> \"na\")\nc OK CONVERT completed\n");
    talk_expect(talk, conn,
        "d UID CONVERT 1 (NIL (charset \"us-ascii\" unknown-character-replacement \"??\")) BINARY[1]\n",
        "* 1 CONVERTED (TAG \"d\") (UID 1 BINARY[1] {8}\nna??ve\n)\nd OK CONVERT completed\n");
    talk_expect_no(talk, conn, "e FETCH 1 FLAGS\n", "\\Seen");
}

static void test_ms_35_the_charsets_that_must_be(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char *const NUMBERS[] = {"1", "2", "3", "4", "5", "6", "7", "8", "15"};
    char text[200], line[200];
    size_t i;
    int conn = talk_login(talk, false);
    for (i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        int len =
            snprintf(text, sizeof text, "Content-Type: text/plain; charset=ISO-8859-%s\r\n\r\na\xa0z", NUMBERS[i]);
        assert_true(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, text, (size_t)len) > 0);
    }
    talk_say(talk, conn, "s SELECT INBOX\n");
    for (i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        snprintf(
            line, sizeof line, "a CONVERT %u (\"text/plain\" (\"charset\" \"utf-8\")) BINARY[1]\n", (unsigned)i + 4);
        talk_expect_has(talk, conn, line, "{4}\na\xc2\xa0z)\na OK ");
    }
}

static void test_ms_35_html_becomes_text(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL (\"charset\" \"utf-8\")) BINARY[1]\n", PAGE);
    assert_true(talk_has(talk, "a OK CONVERT completed\n"));
    talk_expect(talk, conn, "a CONVERT 2 (NIL (\"charset\" \"us-ascii\")) BINARY[1]\n",
        "* 2 CONVERTED (TAG \"a\") (BINARY[1] (ERROR \"The source has characters that are not in this charset\" "
        "BADPARAMETERS \"text/html\" \"text/plain\" (\"charset\" \"us-ascii\")))\na NO All conversions failed\n");
}

static void test_ms_35_errors_say_which_parameters(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    talk_expect(talk, conn, "a CONVERT 1 (\"text/plain\") BINARY[1]\n",
        "* 1 CONVERTED (TAG \"a\") (BINARY[1] (ERROR \"CHARSET must be specified for text conversions\" "
        "MISSINGPARAMETERS \"text/plain\" \"text/plain\" (\"charset\")))\na NO All conversions failed\n");
    talk_expect_has(talk, conn, "a CONVERT 1 (\"application/pdf\") BINARY[1]\n",
        "(ERROR \"There is no such conversion\" BADPARAMETERS \"text/plain\" \"application/pdf\")");
    talk_expect_has(talk, conn, "a CONVERT 1 (\"text/plain\" (\"charset\" \"utf-8\" \"pix-x\" \"5\")) BINARY[1]\n",
        "BADPARAMETERS \"text/plain\" \"text/plain\" (\"pix-x\" \"5\"))");
    talk_expect_has(talk, conn, "a CONVERT 1 (\"text/plain\" (\"charset\" \"nonsense\")) BINARY[1]\n",
        "BADPARAMETERS \"text/plain\" \"text/plain\" (\"charset\" \"nonsense\"))");
    talk_expect_has(
        talk, conn, "a CONVERT 1 (\"text/plain\" (\"charset\" \"utf-8//TRANSLIT\")) BINARY[1]\n", "BADPARAMETERS");
    talk_expect_has(talk, conn,
        "a CONVERT 1 (NIL (charset us-ascii unknown-character-replacement {2+}\n\xc3\xa9)) BINARY[1]\n",
        "(\"unknown-character-replacement\" {2}\n\xc3\xa9))");
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (charset utf-8)) BINARY[2]\n", "BADPARAMETERS NIL \"text/plain\")");
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL (charset utf-8)) BINARY.SIZE[2]\n", "BADPARAMETERS \"video/mp4\" ");
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL (charset utf-8)) BINARY[3]\n", "BADPARAMETERS \"text/plain\" ");
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL (charset utf-8)) BINARY[]\n", "BADPARAMETERS \"message/rfc822\" ");
    talk_expect_has(talk, conn, "a CONVERT 1:2 (NIL (charset utf-8)) (BINARY.SIZE[2] BINARY.SIZE[1])\n",
        "a OK Some conversions failed\n");
}

static void test_ms_35_wrong_arguments_are_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char *const WRONG[] = {"1 (NIL) BINARY[1]<0>", "1 NIL BINARY[1]", "1 (text/plain) BINARY[1]",
        "1 (\"text\") BINARY[1]", "1 (\"text/*\") BINARY[1]", "1 (NIL ()) BINARY[1]", "1 (NIL (charset)) BINARY[1]",
        "1 (NIL (a b A c)) BINARY[1]", "1 (NIL) BINARY[1.TEXT]", "1 (NIL) BODY[1]", "1 (NIL) BODY[TEXT]",
        "1 (NIL) BODY[HEADER]", "1 (\"text/plain\" (charset utf-8)) BODY[HEADER]", "1 (NIL) FLAGS", "1 (NIL) ()",
        "1 (NIL)", "1:9 (NIL) BINARY[1]", "1 (NIL) BINARY.SIZE[1]<0.2>"};
    char line[100];
    size_t i;
    int conn = select_inbox(talk);
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        snprintf(line, sizeof line, "a CONVERT %s\n", WRONG[i]);
        talk_expect(talk, conn, line, "a BAD Wrong arguments\n");
    }
}

static void test_ms_35_headers_are_recoded(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    talk_expect(talk, conn, "a CONVERT 3 (NIL (charset utf-8)) BODY[HEADER]\n",
        "* 3 CONVERTED (TAG \"a\") (BODY[HEADER] {113}\n"
        "From: =?utf-8?B?eNCf0YDQuNCy0LU=?=\n =?utf-8?B?0YIgbmHDr3Zl?= <a@b.example>\n"
        "Subject: =?x-unknown?Q?a?= plain\n\n)\na OK CONVERT completed\n");
    talk_expect_has(talk, conn, "a CONVERT 3 (NIL (charset iso-8859-1)) BODY[HEADER]\n",
        "BODY[HEADER] (ERROR \"The source has characters that are not in this charset\" BADPARAMETERS ");
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL (charset utf-8)) BODY[1.MIME]\n",
        "BODY[1.MIME] {42}\nContent-Type: text/html; charset=utf-8\n\n)\na OK ");
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL (charset utf-8)) BODY[1.HEADER]\n", "(ERROR \"No such header\" ");
}

static void test_ms_35_available_conversions(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    talk_expect(talk, conn, "a CONVERT 2 (NIL) (AVAILABLECONVERSIONS[1] UID)\n",
        "* 2 CONVERTED (TAG \"a\") (UID 2 AVAILABLECONVERSIONS[1] ((\"text/plain\")))\na OK CONVERT completed\n");
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL) AVAILABLECONVERSIONS[2]\n", "AVAILABLECONVERSIONS[2] (())");
    talk_expect_has(talk, conn, "a CONVERT 2 (NIL (pix-x 1)) AVAILABLECONVERSIONS[1]\n",
        "(ERROR \"There is no such conversion\" BADPARAMETERS \"text/html\" \"text/plain\" (\"pix-x\" \"1\"))");
    talk_expect_has(talk, conn, "a CONVERT 2 (\"text/plain\") AVAILABLECONVERSIONS[1]\n", "((\"text/plain\"))");
    talk_expect_has(talk, conn, "a CONVERT 2 (\"image/png\") AVAILABLECONVERSIONS[1]\n", "(ERROR ");
}

static void test_ms_35_limits_and_temporary_failures(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    talk_fault(talk, "max-convert-messages=1");
    talk_expect(talk, conn, "a CONVERT 1:2 (NIL (charset utf-8)) BINARY[1]\n",
        "a NO [MAXCONVERTMESSAGES 1] Too many messages\n");
    talk_fault(talk, "max-convert-parts=1");
    talk_expect(talk, conn, "a CONVERT 1 (NIL (charset utf-8)) (BINARY[1] BINARY[2])\n",
        "a NO [MAXCONVERTPARTS 1] Too many parts\n");
    talk_expect_has(talk, conn, "a CONVERT 1 (NIL (charset utf-8)) (UID BINARY[1] BINARY.SIZE[1])\n", "a OK ");
    talk_fault(talk, "convert-tempfail-in=5");
    talk_expect(talk, conn, "a CONVERT 1 (NIL (charset utf-8)) BINARY[1]\n",
        "* 1 CONVERTED (TAG \"a\") (BINARY[1] (ERROR \"Not now\" TEMPFAIL 5))\na NO All conversions failed\n");
    talk_fault(talk, "convert-tempfail");
    talk_expect(talk, conn, "a CONVERT 1 (NIL (charset utf-8)) BINARY[1]\n", "a NO [TEMPFAIL] Not now\n");
}

static void test_ms_35_an_expunge_waits_for_convert(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = select_inbox(talk);
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2"), 1);
    talk_expect(
        talk, conn, "a CONVERT 2 (NIL (charset utf-8)) BINARY[1]\n", "a NO [EXPUNGEISSUED] Some messages are gone\n");
    talk_expect_has(talk, conn, "a UID CONVERT 2 (NIL (charset utf-8)) BINARY[1]\n", "* 2 EXPUNGE\na OK ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, talk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ms_35_conversions_are_listed),
        TEST(test_ms_35_charsets_are_converted),
        TEST(test_ms_35_the_charsets_that_must_be),
        TEST(test_ms_35_html_becomes_text),
        TEST(test_ms_35_errors_say_which_parameters),
        TEST(test_ms_35_wrong_arguments_are_bad),
        TEST(test_ms_35_headers_are_recoded),
        TEST(test_ms_35_available_conversions),
        TEST(test_ms_35_limits_and_temporary_failures),
        TEST(test_ms_35_an_expunge_waits_for_convert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
