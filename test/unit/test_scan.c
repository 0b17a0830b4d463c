/* SPDX-License-Identifier: MIT */
#include "wire/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static enum cpmsync_scan_literal scan(const char *line, uint64_t *octets)
{
    struct cpmsync_slice text = cpmsync_slice_str(line);
    struct cpmsync_scan scan;
    size_t from = cpmsync_scan_begin(&scan, text);

    cpmsync_scan_feed(&scan, text.data + from, text.len - from);
    return cpmsync_scan_end(&scan, octets);
}

static void test_pf_88_where_a_literal_may_stand(void **state)
{
    static const struct {
        const char *line;
        enum cpmsync_scan_literal verdict;
    } cases[] = {
        {"* LIST () \"/\" {5}", CPMSYNC_SCAN_LITERAL},
        {"* 1 FETCH (BINARY[1] ~{5}", CPMSYNC_SCAN_LITERAL},
        {"* X a{5}", CPMSYNC_SCAN_LITERAL},
        {"* X {{5}", CPMSYNC_SCAN_LITERAL},
        {"* X {5} ", CPMSYNC_SCAN_NO_LITERAL},
        {"* X {5}}", CPMSYNC_SCAN_NO_LITERAL},
        {"* X {5}", CPMSYNC_SCAN_LITERAL},
        {"* X \"\\\"\" {5}", CPMSYNC_SCAN_LITERAL},
        {"* X \"\\\\\" {5}", CPMSYNC_SCAN_LITERAL},
        {"* X \"{5}\"", CPMSYNC_SCAN_NO_LITERAL},
        {"* X \" {5}", CPMSYNC_SCAN_BAD_LITERAL},
        {"* X {5+}", CPMSYNC_SCAN_BAD_LITERAL},
        {"* X {+}", CPMSYNC_SCAN_NO_LITERAL},
        {"* X {9223372036854775808}", CPMSYNC_SCAN_BAD_LITERAL},
        {"* ok {5}", CPMSYNC_SCAN_NO_LITERAL},
        {"* BYE {5+}", CPMSYNC_SCAN_NO_LITERAL},
        {"+{5}", CPMSYNC_SCAN_NO_LITERAL},
        {"A1 OK {5}", CPMSYNC_SCAN_NO_LITERAL},
        {"A1 NO [BADCHARSET ({5}", CPMSYNC_SCAN_LITERAL},
        {"A1 NO [badcharset (\"]\" {5}", CPMSYNC_SCAN_LITERAL},
        {"A1 NO [BADCHARSET (\"]\")] {5}", CPMSYNC_SCAN_NO_LITERAL},
        {"A1 NO [X \"] {5}", CPMSYNC_SCAN_NO_LITERAL},
        {"", CPMSYNC_SCAN_NO_LITERAL},
        {"{5}", CPMSYNC_SCAN_NO_LITERAL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t octets = 0;

        if (scan(cases[i].line, &octets) != cases[i].verdict)
            fail_msg("%s", cases[i].line);
        if (cases[i].verdict == CPMSYNC_SCAN_LITERAL)
            assert_int_equal(octets, 5);
    }
}

static void test_a_literal_of_a_code_leaves_the_code_open(void **state)
{
    struct cpmsync_scan scan;
    struct cpmsync_slice line = CPMSYNC_SLICE("* OK [X {5}");
    uint64_t octets;
    size_t from = cpmsync_scan_begin(&scan, line);

    (void)state;
    cpmsync_scan_feed(&scan, line.data + from, line.len - from);
    assert_int_equal(cpmsync_scan_end(&scan, &octets), CPMSYNC_SCAN_LITERAL);
    cpmsync_scan_resume(&scan);
    cpmsync_scan_feed(&scan, (const uint8_t *)" {7}", 4);
    assert_int_equal(cpmsync_scan_end(&scan, &octets), CPMSYNC_SCAN_LITERAL);
    cpmsync_scan_resume(&scan);
    cpmsync_scan_feed(&scan, (const uint8_t *)"] {7}", 5);
    assert_int_equal(cpmsync_scan_end(&scan, &octets), CPMSYNC_SCAN_NO_LITERAL);
}

static void test_where_lists_are_cut(void **state)
{
    static const struct {
        const char *line;
        size_t max;
        size_t head; /* 0: not at all */
        size_t end;
    } cases[] = {
        {"* VANISHED 1,2,3,4,5,6,7,8,9,10", 24, 11, 24},
        {"* VANISHED (EARLIER) 1,2,3,4,5,6,7,8,9,10,11,12", 44, 21, 44},
        {"* VANISHED 1:4294967295", 22, 0, 0},
        {"* SEARCH 1 2 3 (MODSEQ 5)", 22, 9, 14},
        {"* LIST (a b c d e f) NIL INBOX", 20, 0, 0},
        {"* FLAGS (a b c d e f) trailing", 25, 0, 0},
        {"* FLAGS (aaa \"b c d\" e f)", 19, 9, 12},
        {"* OK [CAPABILITY A B] and text", 28, 0, 0},
        {"* OK [CAPABILITY A B C D E F G H I J K L M N]", 36, 17, 36},
        {"* OK [ALERT] a b c d e f g", 20, 0, 0},
        {"LONGTAGLONGTAG OK [CAPABILITY A B C D E F", 40, 0, 0},
    };
    struct cpmsync_scan_cut cut;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cpmsync_scan_cut(cpmsync_slice_str(cases[i].line), cases[i].max, &cut) != (cases[i].head > 0))
            fail_msg("%s", cases[i].line);
        if (cases[i].head == 0)
            continue;
        assert_int_equal(cut.head, cases[i].head);
        assert_int_equal(cut.end, cases[i].end);
        assert_int_equal(cut.next, cases[i].end + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pf_88_where_a_literal_may_stand),
        cmocka_unit_test(test_a_literal_of_a_code_leaves_the_code_open),
        cmocka_unit_test(test_where_lists_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
