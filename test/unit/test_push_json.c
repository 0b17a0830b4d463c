/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sync/push_json.h"

static int json(struct cpmsync_push_hint *hint, const char *text)
{
    memset(hint, 0, sizeof *hint);
    return cpmsync_push_json(hint, cpmsync_slice_str(text));
}

static void test_n_13_parameters_of_a_message_event(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(
        json(&hint,
            "{ \"event\" : \"MessageNew\", \"messages\":6,\"modseq\":20, \"pid\":2340,\"service\":\"lmtpunix\",\n"
            "\"timestamp\":\"2014-10-20T13:34:14.966+02:00\",\"uidnext\":7,\"uidset\":\"6\","
            "\"messageHeaders\":{\"6\":{\"Subject\":\"}\\\"]\",\"From\":[\"a\",[\"b\"]]}},"
            "\"uri\":\"imap://john@example.org@kolab.example.org/INBOX;UIDVALIDITY=1411487714/;UID=6\","
            "\"vnd.cmu.midset\":[\"NIL\"],\"seen\":true,\"user\":\"john@example.org\"}"),
        0);
    assert_int_equal(hint.event, CPMSYNC_PUSH_MESSAGE_NEW);
    assert_string_equal(hint.mailbox, "INBOX");
    assert_string_equal(hint.user, "john@example.org");
    assert_string_equal(hint.host, "kolab.example.org");
    assert_int_equal(hint.uidvalidity, 1411487714);
    assert_int_equal(hint.uid, 6);
    assert_int_equal(hint.uidnext, 7);
    assert_int_equal(hint.modseq, 20);
    assert_true(hint.time_ms == INT64_C(1413804854966));
}

static void test_every_event_of_rfc_5423_has_its_name(void **state)
{
    static const char *const names[] = {"vnd.x.other", "MessageAppend", "MessageExpire", "MessageExpunge", "MessageNew",
        "QuotaExceed", "QuotaWithin", "QuotaChange", "MessageRead", "MessageTrash", "FlagsSet", "FlagsClear", "Login",
        "Logout", "MailboxCreate", "MailboxDelete", "MailboxRename", "MailboxSubscribe", "MailboxUnSubscribe"};
    struct cpmsync_push_hint hint;
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(text, sizeof text, "{\"event\":\"%s\"}", names[i]);
        assert_int_equal(json(&hint, text), 0);
        assert_int_equal(hint.event, i);
    }
    assert_int_equal(hint.event, CPMSYNC_PUSH_MAILBOX_UNSUBSCRIBE); /* the last there is */
}

static void test_strings_are_unescaped(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(
        json(&hint, "{\"\\u0065vent\":\"Flags\\u0053et\",\"uri\":\"imap:\\/\\/h\\/\\u00c4\\ud83d\\ude00\\\\\\\"\"}"),
        0);
    assert_int_equal(hint.event, CPMSYNC_PUSH_FLAGS_SET);
    assert_string_equal(hint.mailbox, "\xc3\x84\xf0\x9f\x98\x80\\\"");
    assert_int_equal(json(&hint, "{\"uri\":\"imap://h/a\\nb\",\"modseq\":1}"), 0);
    assert_string_equal(hint.mailbox, "");
    assert_int_equal(hint.modseq, 1);
    static const char *const spoilt[] = {"\\u0000", "\\ud800", "\\ud800\\u0041", "\\udc00"};
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"uri\":\"imap://h/%s\",\"modseq\":2}", spoilt[i]);
        assert_int_equal(json(&hint, text), 0);
        assert_string_equal(hint.mailbox, "");
        assert_int_equal(hint.modseq, 2);
    }
}

static void test_several_messages_have_no_uid(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(json(&hint, "{\"uri\":\"imap://h/m/;UID=5\",\"uidset\":\"5:9,12\"}"), 0);
    assert_int_equal(hint.uid, 0);
    assert_string_equal(hint.mailbox, "m");
    assert_int_equal(json(&hint, "{\"mailboxID\":\"imap://h/m;UIDVALIDITY=3\",\"uidset\":4294967295}"), 0);
    assert_int_equal(hint.uid, UINT32_MAX);
    assert_int_equal(hint.uidvalidity, 3);
}

static void test_numbers_out_of_range_say_nothing(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    assert_int_equal(json(&hint, "{\"modseq\":9223372036854775807,\"uidnext\":4294967296,\"uidset\":-1}"), 0);
    assert_true(hint.modseq == INT64_MAX);
    assert_int_equal(hint.uidnext, 0);
    assert_int_equal(hint.uid, 0);
    assert_int_equal(json(&hint, "{\"modseq\":9223372036854775808,\"uidnext\":1.5}"), 0);
    assert_int_equal(hint.modseq, 0);
    assert_int_equal(hint.uidnext, 0);
}

static void test_what_is_cut_or_odd_ends_the_reading(void **state)
{
    static const char *const odd[] = {"", ",", ",1:2", ",\"", ",\"x\"", ",\"x\":", ",\"x\":}", ",\"x\":\"\\q\"",
        ",\"x\":\"\\u12\"", ",\"x\":{", ",\"x\":[\"", ",\"x\":[[[[", ",\"x\":]", ",\"x\":\"\\",
        ",\"x\":\"\\ud800\\u1\""};
    struct cpmsync_push_hint hint;

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"modseq\":5%s", odd[i]);
        assert_int_equal(json(&hint, text), 0);
        assert_int_equal(hint.modseq, 5);
    }
    assert_int_equal(json(&hint, "{}"), 0);
    assert_int_equal(json(&hint, "[]"), CPMSYNC_ERR_UNSUPPORTED);
    assert_int_equal(json(&hint, ""), CPMSYNC_ERR_UNSUPPORTED);
}

static void test_depth_costs_nothing(void **state)
{
    static char text[200000];
    struct cpmsync_push_hint hint;

    (void)state;
    memset(text, '[', sizeof text - 1);
    memcpy(text, "{\"x\":", 5);
    assert_int_equal(json(&hint, text), 0);
    memset(text + 100000, ']', 99995);
    memcpy(text + 199995, "}", 2);
    assert_int_equal(json(&hint, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_n_13_parameters_of_a_message_event),
        cmocka_unit_test(test_every_event_of_rfc_5423_has_its_name),
        cmocka_unit_test(test_strings_are_unescaped),
        cmocka_unit_test(test_several_messages_have_no_uid),
        cmocka_unit_test(test_numbers_out_of_range_say_nothing),
        cmocka_unit_test(test_what_is_cut_or_odd_ends_the_reading),
        cmocka_unit_test(test_depth_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
