/* SPDX-License-Identifier: MIT */
#include "wire/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <cpmsync/error.h>

static void assert_slice(struct cpmsync_slice slice, const char *text)
{
    if (!cpmsync_slice_eq(slice, cpmsync_slice_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)slice.len, (const char *)slice.data, text);
}

static int parse(const char *text, struct cpmsync_fetch *fetch)
{
    return cpmsync_fetch_parse(cpmsync_slice_str(text), 64, fetch);
}

static void test_g_20_and_pf_29_items_in_any_order(void **state)
{
    static const char *const lines[] = {
        "(UID 7 FLAGS (\\Seen $Fwd) MODSEQ (917))",
        "(MODSEQ (917) X-A (b (c \")\")) FLAGS (\\Seen $Fwd) BODY[1] NIL X-B {1}\r\n) UID 7)",
        "( modseq ( 917 )  flags (\\Seen $Fwd)  uid 7 ) ",
        "(ANNOTATION (/x (\"a\" \"b\")) UID 7 MODSEQ (917) FLAGS (\\Seen $Fwd) BINARY.SIZE[1] 5)",
    };
    struct cpmsync_fetch fetch;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(parse(lines[i], &fetch), 0);
        assert_int_equal(fetch.items & 7, CPMSYNC_FETCH_UID | CPMSYNC_FETCH_FLAGS | CPMSYNC_FETCH_MODSEQ);
        assert_int_equal(fetch.uid, 7);
        assert_int_equal(fetch.modseq, 917);
        assert_slice(fetch.flags, "\\Seen $Fwd");
        assert_int_equal((fetch.items & CPMSYNC_FETCH_UNKNOWN) != 0, i == 1 || i == 3);
    }
}

static void test_pf_27_and_q_06_mod_sequences(void **state)
{
    static const struct {
        const char *text;
        uint64_t modseq; /* 0: not taken */
    } cases[] = {{"(MODSEQ (0))", 0}, {"(MODSEQ (-1))", 0}, {"(MODSEQ (9223372036854775807))", INT64_MAX},
        {"(MODSEQ (9223372036854775808))", 0}, {"(MODSEQ (18446744073709551615))", 0}, {"(MODSEQ (1))", 1},
        {"(MODSEQ ())", 0}, {"(MODSEQ NIL)", 0}, {"(MODSEQ (1.0))", 0}, {"(MODSEQ 5)", 5},
        {"(MODSEQ (99999999999999999999))", 0}};
    struct cpmsync_fetch fetch;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(cases[i].text, &fetch), 0);
        assert_int_equal(fetch.modseq, cases[i].modseq);
        assert_int_equal(fetch.items, cases[i].modseq ? CPMSYNC_FETCH_MODSEQ : 0);
    }
}

static void test_pf_58_uid_zero_is_ignored(void **state)
{
    struct cpmsync_fetch fetch;

    (void)state;
    assert_int_equal(parse("(UID 0 FLAGS ())", &fetch), 0);
    assert_int_equal(fetch.items, CPMSYNC_FETCH_FLAGS | CPMSYNC_FETCH_UID_ZERO);
    assert_int_equal(parse("(UID 4294967295)", &fetch), 0);
    assert_int_equal(fetch.uid, UINT32_MAX);
    assert_int_equal(parse("(UID 4294967296)", &fetch), CPMSYNC_ERR_PROTOCOL);
    assert_int_equal(parse("(UID 1.0)", &fetch), CPMSYNC_ERR_PROTOCOL);
    assert_int_equal(parse("(UID -1)", &fetch), CPMSYNC_ERR_PROTOCOL);
}

static void test_g_24_sizes_have_63_bits(void **state)
{
    struct cpmsync_fetch fetch;

    (void)state;
    assert_int_equal(parse("(RFC822.SIZE 4294967296)", &fetch), 0);
    assert_true(fetch.size == 4294967296u);
    assert_int_equal(parse("(RFC822.SIZE 9223372036854775807)", &fetch), 0);
    assert_true(fetch.size == INT64_MAX);
    assert_int_equal(parse("(RFC822.SIZE 9223372036854775808)", &fetch), 0);
    assert_int_equal(fetch.items, 0); /* never wraps */
}

static void test_g_18_date_and_size(void **state)
{
    struct cpmsync_fetch fetch;

    (void)state;
    assert_int_equal(parse("(INTERNALDATE \" 1-Jan-2024 00:00:00 +0000\" RFC822.SIZE 9223372036854775807)", &fetch), 0);
    assert_int_equal(fetch.items, CPMSYNC_FETCH_INTERNALDATE | CPMSYNC_FETCH_SIZE);
    assert_slice(fetch.internaldate, " 1-Jan-2024 00:00:00 +0000");
    assert_true(fetch.size == INT64_MAX);
    assert_int_equal(parse("(RFC822.SIZE NIL INTERNALDATE NIL UID 3)", &fetch), 0);
    assert_int_equal(fetch.items, CPMSYNC_FETCH_UID);
}

static void test_g_09_and_pf_101_structures_are_kept_whole(void **state)
{
    struct cpmsync_fetch fetch;

    (void)state;
    assert_int_equal(
        parse("(BODYSTRUCTURE ((\"text\" \"plain\" NIL -1 ()) (x (y {1}\r\n)))) ENVELOPE (\"d\" NIL) UID 3)", &fetch),
        0);
    assert_slice(fetch.bodystructure, "((\"text\" \"plain\" NIL -1 ()) (x (y {1}\r\n))))");
    assert_slice(fetch.envelope, "(\"d\" NIL)");
    assert_int_equal(parse("(BODY (\"text\") ENVELOPE NIL)", &fetch), 0);
    assert_int_equal(fetch.items, CPMSYNC_FETCH_BODYSTRUCTURE);
    assert_int_equal(parse("(BODYSTRUCTURE NIL)", &fetch), 0);
    assert_int_equal(fetch.items, 0);
    assert_int_equal(parse("(ENVELOPE (\"HTML\"\" NIL))", &fetch), CPMSYNC_ERR_PROTOCOL);
}

static void test_g_19_sections_with_origin_and_every_kind_of_value(void **state)
{
    static const char text[] = "(UID 7 BODY[HEADER.FIELDS (From \"X]Y\")] {5}\r\na)\r\n\" FLAGS (a\"b \\Seen) "
                               "body[]<12> \"x\\\"\" BODY[TEXT] NIL X (y) BINARY[1.2]<0> ~{2}\r\n\0( RFC822 {9-} "
                               "RFC822.HEADER \"\" BODY[1.MIME]<4294967296> {0}\r\n)";
    struct cpmsync_fetch_section section;
    struct cpmsync_fetch fetch;

    (void)state;
    assert_int_equal(cpmsync_fetch_parse(cpmsync_slice_of(text, sizeof(text) - 1), 64, &fetch), 0);
    assert_int_equal(
        fetch.items, CPMSYNC_FETCH_UID | CPMSYNC_FETCH_FLAGS | CPMSYNC_FETCH_SECTION | CPMSYNC_FETCH_UNKNOWN);
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 1);
    assert_slice(section.name, "BODY");
    assert_slice(section.section, "HEADER.FIELDS (From \"X]Y\")");
    assert_slice(section.value, "a)\r\n\"");
    assert_false(section.has_origin || section.nil || section.external || section.quoted);
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 1);
    assert_slice(section.section, "");
    assert_true(section.has_origin && section.quoted);
    assert_int_equal(section.origin, 12);
    assert_slice(section.value, "x\\\"");
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 1);
    assert_slice(section.section, "TEXT");
    assert_true(section.nil);
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 1);
    assert_slice(section.name, "BINARY");
    assert_int_equal(section.value.len, 2);
    assert_memory_equal(section.value.data, "\0(", 2);
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 1);
    assert_slice(section.name, "RFC822");
    assert_true(section.external);
    assert_int_equal(section.size, 9);
    assert_int_equal(section.value.len, 0);
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 1);
    assert_slice(section.name, "RFC822.HEADER");
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 1);
    assert_true(section.origin == UINT64_C(4294967296));
    assert_int_equal(section.size, 0);
    assert_int_equal(cpmsync_fetch_section(&fetch.sections, &section), 0);
}

static void test_damage_is_told(void **state)
{
    static const char *const lines[] = {"", "(", "UID 7", "(UID 7", "(UID)", "(UID 7) x", "(FLAGS (a (b)))",
        "(FLAGS a)", "(BODY[1 NIL)", "(BODY[1] (a))", "(BODY[1] atom)", "(BODY[]<a> NIL)", "(X)", "(X (a)", "(\"a\" b)",
        "((a))", "(BODY[] {5}\r\nabc)"};
    struct cpmsync_fetch fetch;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (parse(lines[i], &fetch) != CPMSYNC_ERR_PROTOCOL)
            fail_msg("%s", lines[i]);
    }
}

static void test_pf_121_nesting_has_a_limit_of_its_own(void **state)
{
    struct cpmsync_fetch fetch;

    (void)state;
    assert_int_equal(cpmsync_fetch_parse(CPMSYNC_SLICE("(X ((a)))"), 3, &fetch), 0);
    assert_int_equal(cpmsync_fetch_parse(CPMSYNC_SLICE("(X ((a)))"), 2, &fetch), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_fetch_parse(CPMSYNC_SLICE("(BODYSTRUCTURE ((a)))"), 2, &fetch), CPMSYNC_ERR_LIMIT);
}

static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);

    snprintf(text + len, size - len, "%s", more);
}

/* Items spelled as servers do are read by a way of their own: small letters take the general one, to the same end. */
static void test_both_ways_to_read_an_item_agree(void **state)
{
    static const char *const names[][2] = {{"UID", "uid"}, {"FLAGS", "flags"}, {"MODSEQ", "modseq"}, {"X", "x"}};
    static const char *const values[] = {" 7", " 0", " 4294967295", " 4294967296", " (5)", " (0)",
        " (9223372036854775807)", " (9223372036854775808)", " (18446744073709551617)", " (00000000000000000000005)",
        " (5 )", " ( 5)", " (", " ()", " (\\Seen a]b)", " (\"a)b\" c)", " (a(b))", " (a\x7f)", " (a\x01)", "", "  7",
        " 7x", " (5", " 5)"};
    unsigned round;

    (void)state;
    srand(12);
    for (round = 0; round < 20000; round++) {
        struct cpmsync_fetch fetches[2];
        char texts[2][256] = {"(", "("};
        int errors[2];
        int i;
        int items = 1 + rand() % 4;

        while (items--) {
            size_t name = (size_t)rand() % 4;
            const char *value = values[(size_t)rand() % (sizeof(values) / sizeof(values[0]))];

            for (i = 0; i < 2; i++) {
                append(texts[i], sizeof(texts[i]), names[name][i]);
                append(texts[i], sizeof(texts[i]), value);
                append(texts[i], sizeof(texts[i]), items ? " " : ")");
            }
        }
        for (i = 0; i < 2; i++)
            errors[i] = parse(texts[i], &fetches[i]);
        if (errors[0] != errors[1])
            fail_msg("%s: %d, %d", texts[0], errors[0], errors[1]);
        if (errors[0])
            continue;
        assert_int_equal(fetches[0].items, fetches[1].items);
        assert_int_equal(fetches[0].uid, fetches[1].uid);
        assert_true(fetches[0].modseq == fetches[1].modseq);
        assert_true(cpmsync_slice_ieq(fetches[0].flags, fetches[1].flags));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_20_and_pf_29_items_in_any_order),
        cmocka_unit_test(test_pf_27_and_q_06_mod_sequences),
        cmocka_unit_test(test_pf_58_uid_zero_is_ignored),
        cmocka_unit_test(test_g_24_sizes_have_63_bits),
        cmocka_unit_test(test_g_18_date_and_size),
        cmocka_unit_test(test_g_09_and_pf_101_structures_are_kept_whole),
        cmocka_unit_test(test_g_19_sections_with_origin_and_every_kind_of_value),
        cmocka_unit_test(test_damage_is_told),
        cmocka_unit_test(test_both_ways_to_read_an_item_agree),
        cmocka_unit_test(test_pf_121_nesting_has_a_limit_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
