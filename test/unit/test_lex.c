/* SPDX-License-Identifier: MIT */
#include "wire/lex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void assert_slice(struct cpmsync_slice slice, const char *text)
{
    if (!cpmsync_slice_eq(slice, cpmsync_slice_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)slice.len, (const char *)slice.data, text);
}

static void test_pf_93_atoms_end_where_the_grammar_ends_them(void **state)
{
    static const char *const atoms[] = {
        "a]b", "[Gmail]/All", "%", "*", "a+b&-", "\\Seen", "NILxxx", "2024:Q1", "\xc3\xa9"};
    static const char *const behind[] = {" x", "(", ")", "\"", "{3}", "\r", "\x7f", ""};
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < sizeof(atoms) / sizeof(atoms[0]); i++) {
        for (k = 0; k < sizeof(behind) / sizeof(behind[0]); k++) {
            char line[32];
            struct cpmsync_slice text;
            struct cpmsync_slice atom;

            snprintf(line, sizeof(line), "%s%s", atoms[i], behind[k]);
            text = cpmsync_slice_str(line);
            assert_true(cpmsync_lex_atom(&text, &atom));
            assert_slice(atom, atoms[i]);
            assert_slice(text, behind[k]);
        }
    }
}

static void test_g_08_numbers(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        uint64_t number;
    } cases[] = {{"0", true, 0}, {"007 ", true, 7}, {"4294967295", true, UINT32_MAX}, {"4294967296", false, 0},
        {"99999999999999999999", false, 0}, {"", false, 0}, {"-1", false, 0}, {"1.0", true, 1}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cpmsync_slice text = cpmsync_slice_str(cases[i].text);
        uint64_t number = 0;

        assert_int_equal(cpmsync_lex_number(&text, UINT32_MAX, &number), cases[i].valid);
        assert_int_equal(number, cases[i].number);
        if (!cases[i].valid)
            assert_slice(text, cases[i].text);
    }
}

static void test_g_06_nil_empty_and_quoted_nil_differ(void **state)
{
    static const struct {
        const char *text;
        bool nil;
        int form;
        const char *octets;
    } cases[] = {{"NIL", true, CPMSYNC_STRING_NIL, ""}, {"nil)", true, CPMSYNC_STRING_NIL, ""},
        {"NIL", false, CPMSYNC_STRING_ATOM, "NIL"}, {"\"\"", true, CPMSYNC_STRING_QUOTED, ""},
        {"\"NIL\"", true, CPMSYNC_STRING_QUOTED, "NIL"}, {"{3}\r\nNIL", true, CPMSYNC_STRING_LITERAL, "NIL"},
        {"{0}\r\n", true, CPMSYNC_STRING_LITERAL, ""}, {"~{3}\r\na\r\n", true, CPMSYNC_STRING_LITERAL, "a\r\n"},
        {"{2}\nab", true, CPMSYNC_STRING_LITERAL, "ab"}, {"{12-})", true, CPMSYNC_STRING_LITERAL, ""},
        {"NILs", true, CPMSYNC_STRING_ATOM, "NILs"}, {"~a", true, CPMSYNC_STRING_ATOM, "~a"}};
    static const char *const damaged[] = {"\"a", "\"a\\", "\"a\\\"", "\"a\rb\"", "{3}\r\nab", "{3}ab", "{3", "{}\r\n",
        "{3+}\r\nabc", "{-1}\r\n", "(", ")", "", " a"};
    struct cpmsync_string string;
    struct cpmsync_slice text;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text = cpmsync_slice_str(cases[i].text);
        assert_true(cpmsync_lex_string(&text, cases[i].nil, &string));
        assert_int_equal(string.form, cases[i].form);
        assert_slice(string.octets, cases[i].octets);
    }
    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        text = cpmsync_slice_str(damaged[i]);
        if (cpmsync_lex_string(&text, true, &string))
            fail_msg("%s", damaged[i]);
        assert_slice(text, damaged[i]);
    }
}

static void test_g_07_quoted_strings_unescape_two(void **state)
{
    struct cpmsync_slice text = CPMSYNC_SLICE("\"a\\\"b\\\\c\" x");
    struct cpmsync_string string;
    uint8_t out[8];

    (void)state;
    assert_true(cpmsync_lex_string(&text, true, &string));
    assert_slice(text, " x");
    assert_int_equal(cpmsync_string_copy(&string, out, 8), 5);
    assert_memory_equal(out, "a\"b\\c", 5);
    assert_int_equal(cpmsync_string_copy(&string, out, 5), 5);
    assert_true(cpmsync_string_copy(&string, out, 4) == SIZE_MAX);
    string.form = CPMSYNC_STRING_NIL;
    assert_int_equal(cpmsync_string_copy(&string, out, 0), 0);
}

static void check_flags(const char *line, bool more, const char *expected)
{
    struct cpmsync_slice text = cpmsync_slice_str(line);
    struct cpmsync_slice flags;
    struct cpmsync_slice flag;
    char joined[128] = "";
    size_t len = 0;

    if (!cpmsync_lex_flags(&text, more, &flags)) {
        if (expected)
            fail_msg("%s", line);
        return;
    }
    while (cpmsync_lex_flag(&flags, &flag))
        len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%.*s|", (int)flag.len, (const char *)flag.data);
    if (!expected)
        fail_msg("%s", line);
    assert_string_equal(joined, expected);
}

static void test_pf_98_flag_lists(void **state)
{
    (void)state;
    check_flags("(\\Seen $Fwd a]b \\*)", false, "\\Seen|$Fwd|a]b|\\*|");
    check_flags("(  \\Seen   x  )", false, "\\Seen|x|");
    check_flags("()", false, "");
    check_flags("( )", false, "");
    check_flags("nil", false, "");
    check_flags("(\"\\Seen\" NIL)", false, "\\Seen|NIL|");
    check_flags("(a", true, "a|");
    check_flags("(a", false, NULL);
    check_flags("(a (b))", false, NULL);
    check_flags("a", false, NULL);
    check_flags("", true, NULL);
}

static void check_value(const char *line, unsigned depth, const char *expected)
{
    struct cpmsync_slice text = cpmsync_slice_str(line);
    struct cpmsync_slice value;

    if (!cpmsync_lex_value(&text, depth, &value)) {
        assert_null(expected);
        assert_slice(text, line);
        return;
    }
    assert_non_null(expected);
    assert_slice(value, expected);
}

static void test_pf_102_any_value_is_skipped_balanced(void **state)
{
    (void)state;
    check_value("atom x", 1, "atom");
    check_value("foo[bar x", 1, "foo[bar");
    check_value(
        "BODY[HEADER.FIELDS (From \"X]Y\" {1}\r\n])]<0> x", 1, "BODY[HEADER.FIELDS (From \"X]Y\" {1}\r\n])]<0>");
    check_value("\"a)\\\"\" x", 0, "\"a)\\\"\"");
    check_value("{3}\r\n))) x", 0, "{3}\r\n)))");
    check_value("(a (b \")\" {1}\r\n)) c ( )) x", 2, "(a (b \")\" {1}\r\n)) c ( ))");
    check_value("(a (b))", 1, NULL);
    check_value("(a (b)", 9, NULL);
    check_value("(a \"b)", 9, NULL);
    check_value("(a {9}\r\nb)", 9, NULL);
    check_value(")", 9, NULL);
    check_value("", 9, NULL);
}

static void test_pf_121_depth_costs_no_stack(void **state)
{
    enum { DEEP = 100000 };
    char *text = calloc(2, DEEP);
    struct cpmsync_slice slice = cpmsync_slice_of(text, 2 * DEEP);
    struct cpmsync_slice value;

    (void)state;
    assert_non_null(text);
    memset(text, '(', DEEP);
    memset(text + DEEP, ')', DEEP);
    assert_false(cpmsync_lex_value(&slice, 64, &value));
    assert_true(cpmsync_lex_value(&slice, DEEP, &value));
    assert_int_equal(value.len, 2 * DEEP);
    free(text);
}

static void test_items_are_separated_by_spaces(void **state)
{
    struct cpmsync_slice text = CPMSYNC_SLICE("  IMAP4rev1  AUTH=PLAIN ");
    struct cpmsync_slice item;

    (void)state;
    assert_true(cpmsync_lex_item(&text, &item));
    assert_slice(item, "IMAP4rev1");
    assert_true(cpmsync_lex_item(&text, &item));
    assert_slice(item, "AUTH=PLAIN");
    assert_false(cpmsync_lex_item(&text, &item));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pf_93_atoms_end_where_the_grammar_ends_them),
        cmocka_unit_test(test_g_08_numbers),
        cmocka_unit_test(test_g_06_nil_empty_and_quoted_nil_differ),
        cmocka_unit_test(test_g_07_quoted_strings_unescape_two),
        cmocka_unit_test(test_pf_98_flag_lists),
        cmocka_unit_test(test_pf_102_any_value_is_skipped_balanced),
        cmocka_unit_test(test_pf_121_depth_costs_no_stack),
        cmocka_unit_test(test_items_are_separated_by_spaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
