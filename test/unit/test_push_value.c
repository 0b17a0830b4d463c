/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sync/push_value.h"

static void test_text_is_kept_whole_or_not_at_all(void **state)
{
    static uint8_t many[CPMSYNC_PUSH_TEXT_MAX];
    struct cpmsync_push_text text;

    (void)state;
    text.len = 0;
    text.too_long = false;
    memset(many, 'x', sizeof many);
    cpmsync_push_text_add(&text, many, sizeof many - 1);
    cpmsync_push_text_add(&text, "", 0);
    cpmsync_push_text_add(&text, "y", 1);
    assert_int_equal(cpmsync_push_text_slice(&text).len, CPMSYNC_PUSH_TEXT_MAX);
    cpmsync_push_text_add(&text, "z", 1);
    assert_int_equal(cpmsync_push_text_slice(&text).len, 0);
}

static void test_characters_become_utf8(void **state)
{
    static const struct {
        uint32_t character;
        const char *octets;
    } known[] = {{0x41, "A"}, {0x7f, "\x7f"}, {0x80, "\xc2\x80"}, {0x7ff, "\xdf\xbf"}, {0x800, "\xe0\xa0\x80"},
        {0xffff, "\xef\xbf\xbf"}, {0x10000, "\xf0\x90\x80\x80"}, {0x10ffff, "\xf4\x8f\xbf\xbf"}};
    static const uint32_t none[] = {0, 0xd800, 0xdfff, 0x110000, UINT32_MAX};
    struct cpmsync_push_text text;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        text.len = 0;
        text.too_long = false;
        cpmsync_push_text_add_character(&text, known[i].character);
        assert_true(cpmsync_slice_eq(cpmsync_push_text_slice(&text), cpmsync_slice_str(known[i].octets)));
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        text.len = 1;
        text.too_long = false;
        cpmsync_push_text_add_character(&text, none[i]);
        assert_int_equal(cpmsync_push_text_slice(&text).len, 0);
    }
}

static void test_a_name_fits_or_is_left_out(void **state)
{
    char to[4] = "old";

    (void)state;
    cpmsync_push_name(to, sizeof to, CPMSYNC_SLICE("abc"));
    assert_string_equal(to, "abc");
    cpmsync_push_name(to, sizeof to, CPMSYNC_SLICE("abcd"));
    assert_string_equal(to, "");
    cpmsync_push_name(to, sizeof to, CPMSYNC_SLICE("a\rb"));
    assert_string_equal(to, "");
    cpmsync_push_name(to, sizeof to, CPMSYNC_SLICE("a\0b"));
    assert_string_equal(to, "");
    cpmsync_push_name(to, sizeof to, CPMSYNC_SLICE("\xc3\xa4"));
    assert_string_equal(to, "\xc3\xa4");
}

static void test_digits(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        if (octet >= '0' && octet <= '9')
            assert_int_equal(cpmsync_push_digit((uint8_t)octet), octet - '0');
        else if (octet >= 'a' && octet <= 'f')
            assert_int_equal(cpmsync_push_digit((uint8_t)octet), octet - 'a' + 10);
        else if (octet >= 'A' && octet <= 'F')
            assert_int_equal(cpmsync_push_digit((uint8_t)octet), octet - 'A' + 10);
        else
            assert_int_equal(cpmsync_push_digit((uint8_t)octet), 16);
    }
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } known[] = {{"1970-01-01T00:00:00Z", 0}, {"1970-01-02T00:00:00", 86400000}, {"2000-02-29T12:00:00Z", 951825600000},
        {"2014-10-20T13:34:14.966+02:00", 1413804854966}, {"2015-03-04t09:11:39.7z", 1425460299700},
        {"2026-11-24 19:05:31-05:30", 1795566931000}, {"1969-12-31T23:59:59Z", -1000},
        {"0001-01-01T00:00:00Z", -62135596800000}, {"9999-12-31T23:59:60.9999Z", 253402300800999}};
    static const char *const none[] = {"", "2014", "2014-10-20", "2014-13-01T00:00:00Z", "2014-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2014-00-01T00:00:00Z", "2014-01-00T00:00:00Z", "2014-01-01T24:00:00Z",
        "2014-01-01T00:60:00Z", "2014-01-01T00:00:61Z", "2014-01-01T00:00:00.Z", "2014-01-01T00:00:00+2:00",
        "2014-01-01T00:00:00Zx", "2014-01-01T00:00:00+02", "0000-01-01T00:00:00Z", "2014-01-01T00:00:00+24:00"};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ms = 1;
        assert_true(cpmsync_push_time(cpmsync_slice_str(known[i].text), &ms));
        assert_int_equal(ms, known[i].ms);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        ms = 1;
        assert_false(cpmsync_push_time(cpmsync_slice_str(none[i]), &ms));
        assert_int_equal(ms, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_kept_whole_or_not_at_all),
        cmocka_unit_test(test_characters_become_utf8),
        cmocka_unit_test(test_a_name_fits_or_is_left_out),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
