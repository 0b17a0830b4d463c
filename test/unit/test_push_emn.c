/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sync/push_emn.h"

static int xml(struct cpmsync_push_hint *hint, const char *text)
{
    memset(hint, 0, sizeof *hint);
    return cpmsync_push_emn_xml(hint, cpmsync_slice_str(text));
}

static int wbxml(struct cpmsync_push_hint *hint, struct cpmsync_slice octets)
{
    uint8_t *copy = malloc(octets.len ? octets.len : 1); /* of this size: reading behind it shows */

    assert_non_null(copy);
    memcpy(copy, octets.data, octets.len);
    memset(hint, 0, sizeof *hint);
    int error = cpmsync_push_emn_wbxml(hint, cpmsync_slice_of(copy, octets.len));
    free(copy);
    return error;
}

static void test_emn_in_xml(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(
        xml(&hint, "<?xml version=\"1.0\"?>\r\n"
                   "<!DOCTYPE emn PUBLIC \"-//WAPFORUM//DTD EMN 1.0//EN\" \"http://www.wapforum.org/DTD/emn.dtd\">\n"
                   "<!-- <emn mailbox='imap://no/no'/> -->\n"
                   "<emn mailbox=\"imap://fred@store.example/INBOX\"\n timestamp = '2004-06-14T10:11:12Z' />"),
        0);
    assert_string_equal(hint.user, "fred");
    assert_string_equal(hint.mailbox, "INBOX");
    assert_true(hint.time_ms == INT64_C(1087207872000));
    assert_int_equal(hint.event, CPMSYNC_PUSH_UNKNOWN);
    assert_int_equal(xml(&hint, "<emn mailbox=\"mailat:user@wapforum.org\">"), 0);
    assert_string_equal(hint.user, "user");
    assert_string_equal(hint.host, "wapforum.org");
    assert_int_equal(xml(&hint, "<EMN/>"), 0);
}

static void test_entities_are_characters_and_others_spoil_the_value(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(xml(&hint, "<emn mailbox='imap://h/R&amp;D&#43;&#x2B;&#xC4;&lt;&gt;&quot;&apos;'/>"), 0);
    assert_string_equal(hint.mailbox, "R&D++\xc3\x84<>\"'");
    assert_int_equal(
        xml(&hint, "<!DOCTYPE emn [<!ENTITY a 'x'> <!ENTITY b '&a;&a;>'>]><emn mailbox='imap://h/&b;'/>"), 0);
    assert_string_equal(hint.mailbox, "");
    assert_string_equal(hint.host, "");
    static const char *const wrong[] = {
        "&#0;", "&#xd800;", "&#x110000;", "&#99999999999999999999;", "&;", "&#;", "&#x;", "&#1f;", "&amp"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[100] = "<emn mailbox='imap://h/";
        strcat(text, wrong[i]);
        strcat(text, "' timestamp='1970-01-01T00:00:01Z'/>");
        assert_int_equal(xml(&hint, text), 0);
        if (strcmp(wrong[i], "&amp") != 0)
            assert_string_equal(hint.mailbox, "");
        assert_int_equal(hint.time_ms, 1000); /* what follows counts */
    }
}

static void test_what_is_not_emn_is_refused(void **state)
{
    static const char *const others[] = {"", "<", "emn", "<si/>", "<emnx/>", "<emn", "<emn mailbox",
        "<emn mailbox=", "<emn mailbox=x/>", "<emn mailbox='imap://h/a", "<emn mailbox='a'", "<!-- <emn/>", "<?xml",
        "<!DOCTYPE emn", "<emn =''/>", "<emn a''/>", "</emn>"};
    struct cpmsync_push_hint hint;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(xml(&hint, others[i]), CPMSYNC_ERR_UNSUPPORTED);
    memset(&hint, 0, sizeof hint);
    assert_int_equal(cpmsync_push_emn_xml(&hint, CPMSYNC_SLICE("<emn\0/>")), CPMSYNC_ERR_UNSUPPORTED);
}

/* version 1.3, EMN 1.0, UTF-8, no string table */
#define HEAD "\x03\x0d\x6a\x00"

static void test_emn_in_wbxml(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(
        wbxml(&hint, CPMSYNC_SLICE(HEAD "\x85\x09\x03"
                                        "fred@store\0\x85\x03/INBOX;UIDVALIDITY=7\0\x05\xc3\x07\x20\x04\x06\x14"
                                        "\x10\x11\x12\x01")),
        0);
    assert_string_equal(hint.user, "fred");
    assert_string_equal(hint.host, "store.com");
    assert_string_equal(hint.mailbox, "INBOX");
    assert_int_equal(hint.uidvalidity, 7);
    assert_true(hint.time_ms == INT64_C(1087207872000));
    assert_int_equal(
        wbxml(&hint, CPMSYNC_SLICE(HEAD "\xc5\x07\x03u@wapforum\0\x88\x05\xc3\x04\x20\x04\x06\x14\x01\x01")), 0);
    assert_string_equal(hint.user, "u");
    assert_string_equal(hint.host, "wapforum.org");
    assert_true(hint.time_ms == INT64_C(1087171200000)); /* zeros at the end are left off */
    assert_int_equal(wbxml(&hint, CPMSYNC_SLICE(HEAD "\x85\x05\xc3\x08\x20\x04\x06\x14\x10\x11\x12\x00\x01")), 0);
    assert_int_equal(hint.time_ms, 0); /* more than there is to say */
    assert_int_equal(wbxml(&hint, CPMSYNC_SLICE(HEAD "\x05")), 0);
    assert_int_equal(wbxml(&hint, CPMSYNC_SLICE(HEAD "\x85\x06\x03imap://h/x\0\x05\x03"
                                                     "1970-01-01T00:00:01Z\0\x01")),
        0);
    assert_string_equal(hint.mailbox, "x");
    assert_int_equal(hint.time_ms, 1000);
}

static void test_wbxml_strings_may_be_in_the_table(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    /* The document type by name, the attribute by name, its value by parts. */
    assert_int_equal(wbxml(&hint, CPMSYNC_SLICE("\x01\x00\x00\x6a\x2f-//WAPFORUM//DTD EMN 1.0//EN\0mailbox\0imap://h/\0"
                                                "\x85\x04\x1d\x83\x25\x02\x81\x01\x00\x00\x01")),
        0);
    assert_string_equal(hint.host, "h");
    assert_string_equal(hint.mailbox, "\xc2\x81"); /* 0x81 0x01 is U+0081; page 0 is the only one there is */
    assert_int_equal(wbxml(&hint, CPMSYNC_SLICE("\x00\x01\x00\x85\x09\x03h/y\0\x01")), 0); /* 1.0 has no charset */
    assert_string_equal(hint.mailbox, "y");
}

static void test_wbxml_of_another_type_is_refused(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
#define REFUSED(octets) assert_int_equal(wbxml(&hint, CPMSYNC_SLICE(octets)), CPMSYNC_ERR_UNSUPPORTED)
    REFUSED("\x03\x05\x6a\x00\x85\x01");                  /* Service Indication */
    REFUSED("\x03\x00\x00\x6a\x03si\0\x85\x01");          /* by name */
    REFUSED("\x03\x00\x09\x6a\x03si\0\x85\x01");          /* behind the table */
    REFUSED(HEAD "\x86\x01");                             /* another element */
    REFUSED(HEAD "\x85\x0e\x03x\0\x01");                  /* another attribute */
    REFUSED(HEAD "\x85\x00\x01\x01");                     /* another page */
    REFUSED(HEAD "\x85\x43\x01");                         /* a processing instruction */
    REFUSED(HEAD "\x85\x83\x05\x01");                     /* a string the table does not have */
    REFUSED(HEAD "\x85\x05\xc3\x84\x80\x80\x80\x00\x01"); /* longer than there is */
    REFUSED(HEAD "\x85\x05\xc3\x9f\xff\xff\xff\x7f\x01"); /* and than 32 bits */
    REFUSED("\x03\x0d\x6a\x8f\xff\xff\xff\x7f");
#undef REFUSED
}

static void test_wbxml_that_is_cut_anywhere_is_refused(void **state)
{
    static const char octets[] = HEAD "\x85\x09\x03h\0\x85\x03/x\0\x05\xc3\x03\x20\x04\x06\x01";
    struct cpmsync_slice whole = cpmsync_slice_of(octets, sizeof octets - 1);
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(wbxml(&hint, whole), 0);
    assert_string_equal(hint.host, "h.com");
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(wbxml(&hint, cpmsync_slice_of(whole.data, len)), CPMSYNC_ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emn_in_xml),
        cmocka_unit_test(test_entities_are_characters_and_others_spoil_the_value),
        cmocka_unit_test(test_what_is_not_emn_is_refused),
        cmocka_unit_test(test_emn_in_wbxml),
        cmocka_unit_test(test_wbxml_strings_may_be_in_the_table),
        cmocka_unit_test(test_wbxml_of_another_type_is_refused),
        cmocka_unit_test(test_wbxml_that_is_cut_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
