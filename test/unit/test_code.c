/* SPDX-License-Identifier: MIT */
#include "wire/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct expected {
    const char *text;
    enum cpmsync_code_type type;
    const char *name;
    const char *args;
    uint64_t number;
    const char *rest;
};

static void assert_slice(const char *line, struct cpmsync_slice slice, const char *text)
{
    if (!cpmsync_slice_eq(slice, cpmsync_slice_str(text)))
        fail_msg("%s: \"%.*s\" is not \"%s\"", line, (int)slice.len, (const char *)slice.data, text);
}

static void check(const struct expected *expected, bool more)
{
    struct cpmsync_slice text = cpmsync_slice_str(expected->text);
    struct cpmsync_code code;

    cpmsync_code_parse(&text, more, &code);
    if (code.type != expected->type)
        fail_msg("%s: type %d", expected->text, (int)code.type);
    assert_slice(expected->text, code.name, expected->name);
    assert_slice(expected->text, code.args, expected->args);
    assert_slice(expected->text, text, expected->rest);
    assert_true(code.number == expected->number);
}

static void test_codes_with_numbers(void **state)
{
    static const struct expected cases[] = {
        {"[UIDNEXT 4392] Predicted", CPMSYNC_CODE_UIDNEXT, "UIDNEXT", "4392", 4392, "Predicted"},
        {"[uidvalidity 4294967295]", CPMSYNC_CODE_UIDVALIDITY, "uidvalidity", "4294967295", UINT32_MAX, ""},
        {"[UIDVALIDITY 0] x", CPMSYNC_CODE_UNKNOWN, "UIDVALIDITY", "0", 0, "x"},
        {"[UIDVALIDITY 1713632002544] x", CPMSYNC_CODE_UNKNOWN, "UIDVALIDITY", "1713632002544", 0, "x"},
        {"[UNSEEN 12] x", CPMSYNC_CODE_UNSEEN, "UNSEEN", "12", 12, "x"},
        {"[UNSEEN] x", CPMSYNC_CODE_UNKNOWN, "UNSEEN", "", 0, "x"},
        {"[HIGHESTMODSEQ 9223372036854775807]", CPMSYNC_CODE_HIGHESTMODSEQ, "HIGHESTMODSEQ", "9223372036854775807",
            INT64_MAX, ""},
        {"[HIGHESTMODSEQ 18446744073709551615]", CPMSYNC_CODE_HIGHESTMODSEQ, "HIGHESTMODSEQ", "18446744073709551615",
            UINT64_MAX, ""},
        {"[HIGHESTMODSEQ 0] x", CPMSYNC_CODE_HIGHESTMODSEQ, "HIGHESTMODSEQ", "0", 0, "x"},
        {"[HIGHESTMODSEQ -1] x", CPMSYNC_CODE_UNKNOWN, "HIGHESTMODSEQ", "-1", 0, "x"},
        {"[HIGHESTMODSEQ 18446744073709551616] x", CPMSYNC_CODE_UNKNOWN, "HIGHESTMODSEQ", "18446744073709551616", 0,
            "x"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i], false);
}

static void test_g_11_and_g_12_unknown_codes_run_to_the_first_bracket(void **state)
{
    static const struct expected cases[] = {
        {"[XFOO \"a]b\"] x", CPMSYNC_CODE_UNKNOWN, "XFOO", "\"a", 0, "b\"] x"},
        {"[XFOO] x", CPMSYNC_CODE_UNKNOWN, "XFOO", "", 0, "x"},
        {"[XFOO bar", CPMSYNC_CODE_UNKNOWN, "XFOO", "", 0, "[XFOO bar"},
        {"[] x", CPMSYNC_CODE_UNKNOWN, "", "", 0, "x"},
        {"[", CPMSYNC_CODE_UNKNOWN, "", "", 0, "["},
        {"[PERMANENTFLAGS a] x", CPMSYNC_CODE_UNKNOWN, "PERMANENTFLAGS", "a", 0, "x"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i], false);
}

static void test_g_12_known_lists_have_their_own_grammar(void **state)
{
    static const struct expected cases[] = {
        {"[PERMANENTFLAGS (\\Seen a]b \\*)] Limited", CPMSYNC_CODE_PERMANENTFLAGS, "PERMANENTFLAGS", "\\Seen a]b \\*",
            0, "Limited"},
        {"[PERMANENTFLAGS ( ) ] x", CPMSYNC_CODE_PERMANENTFLAGS, "PERMANENTFLAGS", " ", 0, "x"},
        {"[BADCHARSET (\"a]b\" {2}\r\n)])] x", CPMSYNC_CODE_BADCHARSET, "BADCHARSET", "\"a]b\" {2}\r\n)]", 0, "x"},
        {"[BADCHARSET] x", CPMSYNC_CODE_BADCHARSET, "BADCHARSET", "", 0, "x"},
        {"[CAPABILITY IMAP4rev1 IDLE ] x", CPMSYNC_CODE_CAPABILITY, "CAPABILITY", "IMAP4rev1 IDLE", 0, "x"},
        {"[COPYUID 1 1:3 4:6] x", CPMSYNC_CODE_COPYUID, "COPYUID", "1 1:3 4:6", 0, "x"},
        {"[MODIFIED 7,9]", CPMSYNC_CODE_MODIFIED, "MODIFIED", "7,9", 0, ""},
        {"[READ-ONLY] x", CPMSYNC_CODE_READ_ONLY, "READ-ONLY", "", 0, "x"},
        {"[closed]", CPMSYNC_CODE_CLOSED, "closed", "", 0, ""},
    };
    static const struct expected pieces[] = {
        {"[PERMANENTFLAGS (\\Seen a]b", CPMSYNC_CODE_PERMANENTFLAGS, "PERMANENTFLAGS", "\\Seen a]b", 0, ""},
        {"[CAPABILITY IMAP4rev1 IDLE", CPMSYNC_CODE_CAPABILITY, "CAPABILITY", "IMAP4rev1 IDLE", 0, ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i], false);
    for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        check(&pieces[i], true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_with_numbers),
        cmocka_unit_test(test_g_11_and_g_12_unknown_codes_run_to_the_first_bracket),
        cmocka_unit_test(test_g_12_known_lists_have_their_own_grammar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
