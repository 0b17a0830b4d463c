/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "wire/date.h"

static int64_t parsed(const char *text)
{
    int64_t seconds = 0;

    if (!cpmsync_date_parse(cpmsync_slice_str(text), &seconds))
        fail_msg("not a date: %s", text);
    return seconds;
}

static void test_a_date_is_seconds_since_1970_in_any_zone(void **state)
{
    (void)state;
    assert_int_equal(parsed("01-Jan-1970 00:00:00 +0000"), 0);
    assert_int_equal(parsed("17-Jul-1996 02:44:25 -0700"), 837596665);
    assert_int_equal(parsed("14-Nov-2023 22:13:20 +0000"), 1700000000);
    assert_int_equal(parsed("14-Nov-2023 23:43:20 +0130"), 1700000000);
    assert_int_equal(parsed("15-Nov-2023 12:13:20 +1400"), 1700000000);
    assert_int_equal(parsed("14-Nov-2023 10:13:20 -1200"), 1700000000);
    assert_int_equal(parsed("31-Dec-1969 23:59:59 -0000"), -1);
    assert_int_equal(parsed("19-Jan-2038 03:14:08 +0000"), 2147483648);
    assert_int_equal(parsed("31-Dec-9999 23:59:59 +0000"), 253402300799);
    assert_int_equal(parsed("01-Jan-0000 00:00:00 +0000"), -62167219200);
    assert_int_equal(parsed("30-jun-2015 23:59:60 +0000"), parsed("01-JUL-2015 00:00:00 +0000"));
}

/* Counted, not computed. */
static void test_every_day_of_400_years_follows_the_one_before_it(void **state)
{
    static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = parsed("01-Jan-1900 12:00:00 +0000");
    size_t tried = 0;

    (void)state;
    assert_int_equal(expected, -2208945600);
    for (int year = 1900; year < 2300; year++) {
        for (int month = 0; month < 12; month++) {
            int leap = month == 1 && (year % 400 == 0 || (year % 4 == 0 && year % 100 != 0));
            for (int day = 1; day <= days[month] + leap; day++) {
                char text[64];
                snprintf(text, sizeof text, "%02d-%s-%04d 12:00:00 +0000", day, months[month], year);
                assert_int_equal(parsed(text), expected);
                expected += 86400;
                tried++;
            }
        }
    }
    assert_int_equal(tried, 146097);
}

static void test_g_18_the_day_may_be_padded_with_a_blank(void **state)
{
    (void)state;
    assert_int_equal(parsed(" 1-Jan-2024 00:00:00 +0000"), 1704067200);
    assert_int_equal(parsed("1-Jan-2024 00:00:00 +0000"), 1704067200);
}

static void test_what_is_no_date_is_refused(void **state)
{
    static const char *const texts[] = {"", " ", "1-Jan-2024", "1-Jan-2024 00:00:00", "00-Jan-2024 00:00:00 +0000",
        "32-Jan-2024 00:00:00 +0000", "30-Feb-2024 00:00:00 +0000", "29-Feb-2023 00:00:00 +0000",
        "29-Feb-1900 00:00:00 +0000", "1-Foo-2024 00:00:00 +0000", "1-Jan-24 00:00:00 +0000",
        "1-Jan-20244 00:00:00 +0000", "1-Jan-2024 24:00:00 +0000", "1-Jan-2024 00:60:00 +0000",
        "1-Jan-2024 00:00:61 +0000", "1-Jan-2024 0:00:00 +0000", "1-Jan-2024 00:00:00 0000", "1-Jan-2024 00:00:00 +000",
        "1-Jan-2024 00:00:00 +0060", "1-Jan-2024 00:00:00 GMT", "1-Jan-2024 00:00:00 +0000 x",
        "001-Jan-2024 00:00:00 +0000", "1-Ja", "\xff-Jan-2024 00:00:00 +0000"};
    int64_t seconds = 7;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (cpmsync_date_parse(cpmsync_slice_str(texts[i]), &seconds) || seconds != 7)
            fail_msg("taken for a date: %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_date_is_seconds_since_1970_in_any_zone),
        cmocka_unit_test(test_every_day_of_400_years_follows_the_one_before_it),
        cmocka_unit_test(test_g_18_the_day_may_be_padded_with_a_blank),
        cmocka_unit_test(test_what_is_no_date_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
