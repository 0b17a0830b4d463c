/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "wire/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <cpmsync/error.h>

static struct cpmsync_response response;

static void assert_slice(struct cpmsync_slice slice, const char *text)
{
    if (!cpmsync_slice_eq(slice, cpmsync_slice_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)slice.len, (const char *)slice.data, text);
}

static int parse(const char *line)
{
    return cpmsync_response_parse(cpmsync_slice_str(line), false, false, &response);
}

static void expect(const char *line, enum cpmsync_response_type type)
{
    int error = parse(line);

    if (error || response.type != type)
        fail_msg("%s: error %d, type %d", line, error, (int)response.type);
}

static void expect_damaged(const char *line, enum cpmsync_response_type type)
{
    int error = parse(line);

    if (error != CPMSYNC_ERR_PROTOCOL || response.type != type)
        fail_msg("%s: error %d, type %d", line, error, (int)response.type);
}

static void expect_status(
    const char *line, const char *tag, enum cpmsync_condition condition, enum cpmsync_code_type code, const char *text)
{
    expect(line, CPMSYNC_RESPONSE_STATUS);
    assert_slice(response.tag, tag);
    assert_int_equal(response.condition, condition);
    assert_int_equal(response.code.type, code);
    assert_slice(response.text, text);
}

static void test_g_16_and_pf_96_status_lines(void **state)
{
    (void)state;
    expect_status("* OK IMAP4rev1 ready", "", CPMSYNC_CONDITION_OK, CPMSYNC_CODE_NONE, "IMAP4rev1 ready");
    expect_status("* ok [HIGHESTMODSEQ 5]", "", CPMSYNC_CONDITION_OK, CPMSYNC_CODE_HIGHESTMODSEQ, "");
    assert_int_equal(response.code.number, 5);
    expect_status("A1 OK", "A1", CPMSYNC_CONDITION_OK, CPMSYNC_CODE_NONE, "");
    expect_status("A1  NO  [TRYCREATE]  no such", "A1", CPMSYNC_CONDITION_NO, CPMSYNC_CODE_TRYCREATE, "no such");
    expect_status("A1 BAD [XUNKNOWN 1] what", "A1", CPMSYNC_CONDITION_BAD, CPMSYNC_CODE_UNKNOWN, "what");
    expect_status("* BYE", "", CPMSYNC_CONDITION_BYE, CPMSYNC_CODE_NONE, "");
    expect_status("* PREAUTH hi", "", CPMSYNC_CONDITION_PREAUTH, CPMSYNC_CODE_NONE, "hi");
    expect_status("* NO [", "", CPMSYNC_CONDITION_NO, CPMSYNC_CODE_UNKNOWN, "[");
}

static void test_g_16_continuations(void **state)
{
    static const char *const lines[] = {"+", "+ ", "+ text", "+text"};
    static const char *const texts[] = {"", "", "text", "text"};
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        expect(lines[i], CPMSYNC_RESPONSE_CONTINUATION);
        assert_slice(response.text, texts[i]);
    }
}

static void test_lines_that_are_no_response(void **state)
{
    static const char *const lines[] = {
        "", " ", "*", "* ", "A1", "A1 ", "A1 BYE x", "A1 PREAUTH", "A1 FETCH", "(A1 OK", "*OK"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        expect_damaged(lines[i], CPMSYNC_RESPONSE_UNKNOWN);
}

static void test_g_14_unknown_responses_are_skipped(void **state)
{
    (void)state;
    expect("* XLARGE 1 (2 \"3", CPMSYNC_RESPONSE_UNKNOWN);
    assert_slice(response.name, "XLARGE");
    expect("* 5 UIDFETCH (FLAGS ())", CPMSYNC_RESPONSE_UNKNOWN);
    assert_slice(response.name, "UIDFETCH");
    expect("* 2024:Q1 report", CPMSYNC_RESPONSE_UNKNOWN);
    expect("* 7", CPMSYNC_RESPONSE_UNKNOWN);
    expect("* NAMESPACE ((\"\" \"/\")) NIL NIL", CPMSYNC_RESPONSE_OTHER);
    assert_slice(response.name, "NAMESPACE");
    assert_slice(response.items, "((\"\" \"/\")) NIL NIL");
}

static void test_g_08_and_pf_106_message_numbers(void **state)
{
    (void)state;
    expect("* 23 EXISTS", CPMSYNC_RESPONSE_EXISTS);
    assert_int_equal(response.number, 23);
    expect("*  4294967295  exists ", CPMSYNC_RESPONSE_EXISTS);
    assert_true(response.number == UINT32_MAX);
    expect("* 0 RECENT", CPMSYNC_RESPONSE_RECENT);
    expect("* 007 EXPUNGE", CPMSYNC_RESPONSE_EXPUNGE);
    assert_int_equal(response.number, 7);
    expect("* 0 EXPUNGE", CPMSYNC_RESPONSE_EXPUNGE);
    assert_int_equal(response.number, 0);
    expect("* 0 FETCH (UID 3)", CPMSYNC_RESPONSE_FETCH);
    expect("* 3 FETCH (FLAGS (\\Seen) UID 9 MODSEQ (12))", CPMSYNC_RESPONSE_FETCH);
    assert_int_equal(response.number, 3);
    assert_int_equal(response.fetch.uid, 9);
    expect("* 4294967295 FETCH (UID 9)", CPMSYNC_RESPONSE_FETCH);
    assert_true(response.number == UINT32_MAX);
    assert_slice(response.name, "FETCH");
    expect("* 3 FETCH (UID 9)", CPMSYNC_RESPONSE_FETCH);
    assert_slice(response.name, "FETCH");
    expect_damaged("* 4294967296 FETCH (UID 9)", CPMSYNC_RESPONSE_FETCH);
    expect_damaged("* 99999999999 FETCH (UID 9)", CPMSYNC_RESPONSE_FETCH);
    expect_damaged("* 4294967296 EXISTS", CPMSYNC_RESPONSE_EXISTS);
    expect_damaged("* 99999999999999999999 EXPUNGE", CPMSYNC_RESPONSE_EXPUNGE);
    expect_damaged("* -1 EXISTS", CPMSYNC_RESPONSE_EXISTS);
    expect_damaged("* 1.0 FETCH (UID 3)", CPMSYNC_RESPONSE_FETCH);
    expect_damaged("* 3 EXISTS 4", CPMSYNC_RESPONSE_EXISTS);
    expect_damaged("* 3 FETCH", CPMSYNC_RESPONSE_FETCH);
}

static void test_vanished_is_checked(void **state)
{
    (void)state;
    expect("* VANISHED (EARLIER) 41,43:116,5:2,1:4294967295", CPMSYNC_RESPONSE_VANISHED);
    assert_true(response.earlier);
    assert_slice(response.items, "41,43:116,5:2,1:4294967295");
    expect("* vanished 405 ", CPMSYNC_RESPONSE_VANISHED);
    assert_false(response.earlier);
    assert_slice(response.items, "405");
    expect_damaged("* VANISHED", CPMSYNC_RESPONSE_VANISHED);
    expect_damaged("* VANISHED (EARLIER)", CPMSYNC_RESPONSE_VANISHED);
    expect_damaged("* VANISHED (LATER) 1", CPMSYNC_RESPONSE_VANISHED);
    expect_damaged("* VANISHED 1:*", CPMSYNC_RESPONSE_VANISHED);
    expect_damaged("* VANISHED 0", CPMSYNC_RESPONSE_VANISHED);
    expect_damaged("* VANISHED 1,,2", CPMSYNC_RESPONSE_VANISHED);
    expect_damaged("* VANISHED 1 2", CPMSYNC_RESPONSE_VANISHED);
    expect_damaged("* VANISHED 4294967296", CPMSYNC_RESPONSE_VANISHED);
}

static void test_pf_99_search_and_esearch(void **state)
{
    (void)state;
    expect("* SEARCH", CPMSYNC_RESPONSE_SEARCH);
    assert_slice(response.items, "");
    expect("* SEARCH 2  84 882 (MODSEQ 917162500) ", CPMSYNC_RESPONSE_SEARCH);
    assert_slice(response.items, "2  84 882");
    assert_int_equal(response.modseq, 917162500);
    expect("* SEARCH 1 (MODSEQ 9223372036854775808)", CPMSYNC_RESPONSE_SEARCH);
    assert_int_equal(response.modseq, 0);
    expect("* SEARCH (MODSEQ 9)", CPMSYNC_RESPONSE_SEARCH);
    expect_damaged("* SEARCH 1 0", CPMSYNC_RESPONSE_SEARCH);
    expect_damaged("* SEARCH 1.0", CPMSYNC_RESPONSE_SEARCH);
    expect_damaged("* SEARCH 1 4294967296", CPMSYNC_RESPONSE_SEARCH);
    expect_damaged("* SEARCH 1 (MODSEQ 5", CPMSYNC_RESPONSE_SEARCH);
    expect("* ESEARCH (TAG \"a567\") UID COUNT 5 ALL 4:19,21,28", CPMSYNC_RESPONSE_ESEARCH);
    assert_true(response.uid);
    assert_slice(response.tag_correlator, "a567");
    assert_slice(response.items, "COUNT 5 ALL 4:19,21,28");
    expect("* ESEARCH", CPMSYNC_RESPONSE_ESEARCH);
    expect("* ESEARCH UIDX 5", CPMSYNC_RESPONSE_ESEARCH);
    assert_false(response.uid);
    expect_damaged("* ESEARCH (TAX \"a\")", CPMSYNC_RESPONSE_ESEARCH);
}

static void test_capabilities_and_flags(void **state)
{
    (void)state;
    expect("* CAPABILITY IMAP4rev1 AUTH=PLAIN  ", CPMSYNC_RESPONSE_CAPABILITY);
    assert_slice(response.items, "IMAP4rev1 AUTH=PLAIN");
    expect("* ENABLED", CPMSYNC_RESPONSE_ENABLED);
    assert_slice(response.items, "");
    expect("* ENABLED QRESYNC", CPMSYNC_RESPONSE_ENABLED);
    expect("* FLAGS (\\Answered \\read-report-sent a]b)", CPMSYNC_RESPONSE_FLAGS);
    assert_slice(response.items, "\\Answered \\read-report-sent a]b");
    expect("* FLAGS NIL", CPMSYNC_RESPONSE_FLAGS);
    expect_damaged("* FLAGS (a", CPMSYNC_RESPONSE_FLAGS);
    expect_damaged("* FLAGS (a) b", CPMSYNC_RESPONSE_FLAGS);
}

static void test_pieces_lack_their_end(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_response_parse(CPMSYNC_SLICE("* FLAGS (a b"), true, true, &response), 0);
    assert_slice(response.items, "a b");
    assert_true(response.more && response.continued);
    assert_int_equal(cpmsync_response_parse(CPMSYNC_SLICE("A1 OK [CAPABILITY IMAP4rev1"), true, false, &response), 0);
    assert_int_equal(response.code.type, CPMSYNC_CODE_CAPABILITY);
    assert_slice(response.code.args, "IMAP4rev1");
    assert_int_equal(cpmsync_response_parse(CPMSYNC_SLICE("* OK [PERMANENTFLAGS (a \\*"), true, false, &response), 0);
    assert_int_equal(response.code.type, CPMSYNC_CODE_PERMANENTFLAGS);
    assert_slice(response.code.args, "a \\*");
}

static void test_m_06_and_g_06_mailbox_names_in_list(void **state)
{
    (void)state;
    expect("* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent \\\"x\\\"\" (\"CHILDINFO\" (\"SUBSCRIBED\"))",
        CPMSYNC_RESPONSE_LIST);
    assert_slice(response.list.attributes, "\\HasNoChildren \\Sent");
    assert_int_equal(response.list.delimiter, '/');
    assert_int_equal(response.list.name.form, CPMSYNC_STRING_QUOTED);
    assert_slice(response.list.name.octets, "Sent \\\"x\\\"");
    assert_slice(response.list.extended, "(\"CHILDINFO\" (\"SUBSCRIBED\"))");
    expect("* LIST () \"\\\\\" NIL", CPMSYNC_RESPONSE_LIST);
    assert_int_equal(response.list.delimiter, '\\');
    assert_int_equal(response.list.name.form, CPMSYNC_STRING_ATOM);
    assert_slice(response.list.name.octets, "NIL");
    expect("* LSUB () nil {5}\r\na\"b)]", CPMSYNC_RESPONSE_LSUB);
    assert_int_equal(response.list.delimiter, -1);
    assert_slice(response.list.name.octets, "a\"b)]");
    expect("* LIST () \"\xc3\xa9\" [Gmail]/All%*", CPMSYNC_RESPONSE_LIST);
    assert_int_equal(response.list.delimiter, -1);
    assert_slice(response.list.name.octets, "[Gmail]/All%*");
    expect("* LIST () \"/\" \"\"", CPMSYNC_RESPONSE_LIST);
    expect_damaged("* LIST () NIL", CPMSYNC_RESPONSE_LIST);
    expect_damaged("* LIST () \"/\" a b", CPMSYNC_RESPONSE_LIST);
    expect_damaged("* LIST () \"/\" \"a", CPMSYNC_RESPONSE_LIST);
}

static void test_g_23_status_items_in_any_order(void **state)
{
    const struct cpmsync_mailbox_status *status = &response.status;

    (void)state;
    expect("* STATUS \"a b\" (UNSEEN 1 X-NEW (1 (2)) HIGHESTMODSEQ 18446744073709551615 MAILBOXID (F1) "
           "UIDNEXT 4294967295 SIZE 9223372036854775807 UIDVALIDITY 3 RECENT 4 MESSAGES 5 ) ",
        CPMSYNC_RESPONSE_MAILBOX_STATUS);
    assert_slice(status->name.octets, "a b");
    assert_int_equal(status->items, 255);
    assert_slice(status->mailboxid, "F1");
    assert_int_equal(status->messages, 5);
    assert_int_equal(status->recent, 4);
    assert_int_equal(status->unseen, 1);
    assert_int_equal(status->uidvalidity, 3);
    assert_true(status->uidnext == UINT32_MAX);
    assert_true(status->highestmodseq == UINT64_MAX);
    assert_true(status->size == INT64_MAX);
    expect("* STATUS INBOX ()", CPMSYNC_RESPONSE_MAILBOX_STATUS);
    assert_int_equal(status->items, 0);
    expect("* STATUS {5}\r\nINBOX (HIGHESTMODSEQ 0)", CPMSYNC_RESPONSE_MAILBOX_STATUS);
    assert_int_equal(status->items, CPMSYNC_STATUS_HIGHESTMODSEQ);
    expect_damaged("* STATUS INBOX (MESSAGES 4294967296)", CPMSYNC_RESPONSE_MAILBOX_STATUS);
    expect_damaged("* STATUS INBOX (MESSAGES -1)", CPMSYNC_RESPONSE_MAILBOX_STATUS);
    expect_damaged("* STATUS INBOX (MESSAGES)", CPMSYNC_RESPONSE_MAILBOX_STATUS);
    expect_damaged("* STATUS INBOX (MESSAGES 1", CPMSYNC_RESPONSE_MAILBOX_STATUS);
    expect_damaged("* STATUS INBOX", CPMSYNC_RESPONSE_MAILBOX_STATUS);
}

static const char *const corpus[] = {
    "* OK [PERMANENTFLAGS (\\Deleted a]b \\*)] Limited",
    "* NO [BADCHARSET (\"a]b\" {2}\r\n)])] x",
    "* 12 FETCH (FLAGS (\\Seen \"q\") UID 4827313 MODSEQ (917162500) BODY[HEADER.FIELDS (From \"X]Y\")]<0> {3}\r\nabc)",
    "* 12 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286 ENVELOPE (\"a\\\"\" NIL ((NIL))) X "
    "~{2}\r\n\n\n)",
    "* 12 FETCH (BODY[] {4294967296-} BINARY.SIZE[1.2] 12 BODYSTRUCTURE (\"TEXT\" \"PLAIN\" (\"CHARSET\" "
    "\"US-ASCII\")))",
    "* VANISHED (EARLIER) 41,43:116,118",
    "* SEARCH 2 3 6 (MODSEQ 917162500)",
    "* ESEARCH (TAG \"A282\") UID MIN 2 COUNT 3 ALL 1:3,5",
    "* LIST (\\Noselect) \"/\" {7}\r\nfoo bar (\"CHILDINFO\" (\"SUBSCRIBED\"))",
    "* STATUS \"blurdybloop\" (MESSAGES 231 X (a \"b\" {1}\r\nc) UIDNEXT 44292)",
    "* CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI",
    "A142 OK [READ-WRITE] SELECT completed",
    "+ [ALERT] go ahead",
};

/* Every prefix of every response, ending right at a page nobody may touch. */
/* RFC 8474 7. */
static void test_o_01_object_ids(void **state)
{
    char line[400] = "* STATUS a (MAILBOXID (";
    size_t head = strlen(line);

    (void)state;
    expect("* STATUS a (MAILBOXID ( aZ09_- ) UIDNEXT 7)", CPMSYNC_RESPONSE_MAILBOX_STATUS);
    assert_slice(response.status.mailboxid, "aZ09_-");
    for (size_t len = 255; len <= 256; len++) {
        memset(line + head, 'x', len);
        strcpy(line + head + len, "))");
        expect(line, CPMSYNC_RESPONSE_MAILBOX_STATUS);
        assert_int_equal(response.status.items, len == 255 ? CPMSYNC_STATUS_MAILBOXID : 0);
    }
    static const char *const none[] = {"()", "(a.b)", "(a b)", "NIL", "a", "(\"a\")", "(\xc3\xa9)"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        snprintf(line, sizeof line, "* STATUS a (MAILBOXID %s UIDNEXT 7)", none[i]);
        expect(line, CPMSYNC_RESPONSE_MAILBOX_STATUS);
        assert_int_equal(response.status.items, CPMSYNC_STATUS_UIDNEXT);
    }
    expect("* OK [MAILBOXID (F2)] x", CPMSYNC_RESPONSE_STATUS);
    assert_int_equal(response.code.type, CPMSYNC_CODE_MAILBOXID);
    assert_slice(response.code.args, "F2");
}

/* RFC 9051 6.3.9.7. */
static void test_y_03_oldname_among_other_extended_data(void **state)
{
    struct cpmsync_string oldname;

    (void)state;
    expect("* LIST () \"/\" b (\"OLDNAME\" (a))", CPMSYNC_RESPONSE_LIST);
    assert_true(cpmsync_list_oldname(&response.list, &oldname));
    assert_slice(oldname.octets, "a");
    expect("* LIST () \"/\" b ( CHILDINFO (\"SUBSCRIBED\") X (1 (2 \")\")) oldname ( {3}\r\na b ) )",
        CPMSYNC_RESPONSE_LIST);
    assert_true(cpmsync_list_oldname(&response.list, &oldname));
    assert_slice(oldname.octets, "a b");
    expect("* LIST () \"/\" b (\"OLDNAME\" \"a\")", CPMSYNC_RESPONSE_LIST); /* without its parentheses */
    assert_true(cpmsync_list_oldname(&response.list, &oldname));
    assert_slice(oldname.octets, "a");
    static const char *const none[] = {"", " ()", " (\"CHILDINFO\" (\"SUBSCRIBED\"))", " (OLDNAME)", " (OLDNAME ())",
        " (\"OLDNAME\" (", " (X OLDNAME)", " (1 2 3"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        char line[100];
        snprintf(line, sizeof line, "* LIST () \"/\" b%s", none[i]);
        expect(line, CPMSYNC_RESPONSE_LIST);
        assert_false(cpmsync_list_oldname(&response.list, &oldname));
    }
}

static void test_nothing_is_read_behind_the_unit(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t i;
    size_t len;

    (void)state;
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
    for (i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
        assert_int_equal(parse(corpus[i]), 0);
        for (len = 0; len <= strlen(corpus[i]); len++) {
            uint8_t *unit = map + page - len;
            struct cpmsync_fetch_section section;

            memcpy(unit, corpus[i], len);
            if (cpmsync_response_parse(cpmsync_slice_of(unit, len), len % 2 == 0, false, &response) == 0) {
                while (cpmsync_fetch_section(&response.fetch.sections, &section))
                    ;
            }
        }
    }
    assert_int_equal(munmap(map, 2 * page), 0);
}

static bool is_inside(struct cpmsync_slice slice, const uint8_t *data, size_t len)
{
    return slice.len == 0 || (slice.data >= data && slice.data + slice.len <= data + len);
}

/* PF-120: whatever octets come, the parser ends and its slices stay inside. */
static void test_pf_120_octets_changed_at_random(void **state)
{
    static const char octets[] = "()[]{}\"\\ <>,:*%~+-0129aZ\r\n\x80\x01";
    unsigned round;

    (void)state;
    srand(815);
    for (round = 0; round < 20000; round++) {
        const char *text = corpus[(size_t)rand() % (sizeof(corpus) / sizeof(corpus[0]))];
        size_t len = strlen(text);
        uint8_t *unit = malloc(len);
        int changes = 1 + rand() % 4;

        assert_non_null(unit);
        memcpy(unit, text, len);
        while (changes--)
            unit[(size_t)rand() % len] = (uint8_t)octets[(size_t)rand() % (sizeof(octets) - 1)];
        (void)cpmsync_response_parse(cpmsync_slice_of(unit, len), rand() % 2, false, &response);
        assert_true(is_inside(response.items, unit, len) && is_inside(response.text, unit, len));
        assert_true(is_inside(response.code.args, unit, len) && is_inside(response.fetch.flags, unit, len));
        assert_true(is_inside(response.fetch.sections, unit, len) && is_inside(response.list.name.octets, unit, len));
        free(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_16_and_pf_96_status_lines),
        cmocka_unit_test(test_g_16_continuations),
        cmocka_unit_test(test_lines_that_are_no_response),
        cmocka_unit_test(test_g_14_unknown_responses_are_skipped),
        cmocka_unit_test(test_g_08_and_pf_106_message_numbers),
        cmocka_unit_test(test_vanished_is_checked),
        cmocka_unit_test(test_pf_99_search_and_esearch),
        cmocka_unit_test(test_capabilities_and_flags),
        cmocka_unit_test(test_pieces_lack_their_end),
        cmocka_unit_test(test_m_06_and_g_06_mailbox_names_in_list),
        cmocka_unit_test(test_g_23_status_items_in_any_order),
        cmocka_unit_test(test_o_01_object_ids),
        cmocka_unit_test(test_y_03_oldname_among_other_extended_data),
        cmocka_unit_test(test_nothing_is_read_behind_the_unit),
        cmocka_unit_test(test_pf_120_octets_changed_at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
