/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <cpmsync/push.h>

static struct cpmsync_push_hint hint;

static int parse(const char *octets, size_t len)
{
    memset(&hint, 0x55, sizeof hint);
    hint.size = sizeof hint;
    return cpmsync_push_parse((const uint8_t *)octets, len, &hint);
}

static void test_each_form_is_known_by_its_first_octets(void **state)
{
    static const char xml[] = "\xef\xbb\xbf\r\n <emn mailbox='imap://h/xml'/>";
    static const char json[] = "\n{\"uri\":\"imap://h/json\"}";
    static const char wbxml[] = "\x02\x0d\x6a\x00\x85\x09\x03h/wbxml\0\x01";

    (void)state;
    assert_int_equal(parse(xml, sizeof xml - 1), 0);
    assert_string_equal(hint.mailbox, "xml");
    assert_int_equal(hint.modseq, 0);
    assert_int_equal(parse(json, sizeof json - 1), 0);
    assert_string_equal(hint.mailbox, "json");
    assert_int_equal(parse(wbxml, sizeof wbxml - 1), 0);
    assert_string_equal(hint.mailbox, "wbxml");
    assert_int_equal(hint.size, sizeof hint);
}

static void test_anything_else_is_refused_and_the_hint_stays(void **state)
{
    static const char *const others[] = {
        "", " ", "imap://h/m", "MessageNew", "<si/>", "\x04\x0d\x6a", "\xef\xbb\xbf", "\xff"};
    struct cpmsync_push_hint untouched;

    (void)state;
    memset(&untouched, 0x55, sizeof untouched);
    untouched.size = sizeof untouched;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(parse(others[i], strlen(others[i])), CPMSYNC_ERR_UNSUPPORTED);
        assert_memory_equal(&hint, &untouched, sizeof hint);
    }
}

static void test_wrong_arguments_are_refused(void **state)
{
    const uint8_t octet = '{';

    (void)state;
    hint.size = sizeof hint - 1;
    assert_int_equal(cpmsync_push_parse(&octet, 1, &hint), CPMSYNC_ERR_INVALID_ARGUMENT);
    hint.size = sizeof hint;
    assert_int_equal(cpmsync_push_parse(NULL, 0, &hint), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_push_parse(&octet, 1, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_push_parse(&octet, 1, &hint), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_form_is_known_by_its_first_octets),
        cmocka_unit_test(test_anything_else_is_refused_and_the_hint_stays),
        cmocka_unit_test(test_wrong_arguments_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
