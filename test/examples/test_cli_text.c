/* SPDX-License-Identifier: MIT */
#include "cli_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *written;
static size_t written_len;

static const char *json(const char *text)
{
    free(written);
    FILE *out = open_memstream(&written, &written_len);
    assert_non_null(out);
    cli_text_json(out, text);
    fclose(out);
    return written;
}

static const char *clean(const char *text)
{
    static char out[64];
    cli_text_sanitise(out, sizeof out, text);
    return out;
}

static void test_json_escapes_quotes_backslashes_and_controls(void **state)
{
    (void)state;
    assert_string_equal(json("\\Seen"), "\"\\\\Seen\"");
    assert_string_equal(json("a\"b"), "\"a\\\"b\"");
    assert_string_equal(json("a\nb\tc\x01\x7f"), "\"a\\nb\\u0009c\\u0001\\u007f\"");
    assert_string_equal(json(""), "\"\"");
}

static void test_json_keeps_utf8_and_replaces_what_is_none(void **state)
{
    (void)state;
    assert_string_equal(json("Gespr\xc3\xa4"
                             "ch \xf0\x9f\x98\x80"),
        "\"Gespr\xc3\xa4"
        "ch \xf0\x9f\x98\x80\"");
    assert_string_equal(json("\xff"), "\"\\ufffd\"");
    assert_string_equal(json("\xc3"), "\"\\ufffd\"");
    assert_string_equal(json("\xc3\x28"), "\"\\ufffd(\"");
    assert_string_equal(json("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
    assert_string_equal(json("\xc0\x80"), "\"\\ufffd\\ufffd\"");
    assert_string_equal(json("\xe2\x80\xa8"), "\"\\u2028\"");
}

static void test_the_terminal_sees_no_control_character(void **state)
{
    (void)state;
    assert_string_equal(clean("\x1b[2Jhello\r\n"), "?[2Jhello??");
    assert_string_equal(clean("a\xc2\x9b"
                              "b"),
        "a?b");
    assert_string_equal(clean("a\xe2\x80\xae"
                              "b"),
        "a?b");
    assert_string_equal(clean("a\x9b\xfe"), "a??");
    assert_string_equal(clean("Gespr\xc3\xa4"
                              "ch"),
        "Gespr\xc3\xa4"
        "ch");
}

static void test_sanitise_cuts_between_characters(void **state)
{
    char out[4];
    (void)state;
    cli_text_sanitise(out, sizeof out, "ab\xc3\xa4");
    assert_string_equal(out, "ab");
    cli_text_sanitise(out, sizeof out, "abcdef");
    assert_string_equal(out, "abc");
}

static void test_decode_takes_the_edges_of_each_length(void **state)
{
    uint32_t code;
    (void)state;
    assert_int_equal(cli_text_decode("\x7f", 1, &code), 1);
    assert_int_equal(cli_text_decode("\xc2\x80", 2, &code), 2);
    assert_int_equal(code, 0x80);
    assert_int_equal(cli_text_decode("\xe0\xa0\x80", 3, &code), 3);
    assert_int_equal(code, 0x800);
    assert_int_equal(cli_text_decode("\xf4\x8f\xbf\xbf", 4, &code), 4);
    assert_int_equal(code, 0x10ffff);
    assert_int_equal(cli_text_decode("\xf4\x90\x80\x80", 4, &code), 0);
    assert_int_equal(cli_text_decode("\xe0\x9f\xbf", 3, &code), 0);
    assert_int_equal(cli_text_decode("\xf0\x8f\xbf\xbf", 4, &code), 0);
    assert_int_equal(cli_text_decode("", 0, &code), 0);
}

static void test_flags_are_sorted_bytewise(void **state)
{
    const char *flags[] = {"\\Seen", "a", "$x", "A", "\\Answered"};
    (void)state;
    cli_text_sort(flags, 5);
    assert_string_equal(flags[0], "$x");
    assert_string_equal(flags[1], "A");
    assert_string_equal(flags[2], "\\Answered");
    assert_string_equal(flags[3], "\\Seen");
    assert_string_equal(flags[4], "a");
}

static int free_written(void **state)
{
    (void)state;
    free(written);
    written = NULL;
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_escapes_quotes_backslashes_and_controls),
        cmocka_unit_test(test_json_keeps_utf8_and_replaces_what_is_none),
        cmocka_unit_test(test_the_terminal_sees_no_control_character),
        cmocka_unit_test(test_sanitise_cuts_between_characters),
        cmocka_unit_test(test_decode_takes_the_edges_of_each_length),
        cmocka_unit_test(test_flags_are_sorted_bytewise),
    };
    return cmocka_run_group_tests(tests, NULL, free_written);
}
