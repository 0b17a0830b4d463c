/* SPDX-License-Identifier: MIT */
#include "wire/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <cpmsync/error.h>

#include "support/failing_allocator.h"

enum { MAX = 65536 };

static struct cpmsync_command command;

static void begin(enum cpmsync_literals literals, const char *name)
{
    cpmsync_command_init(&command, NULL, MAX, literals);
    cpmsync_command_begin(&command, name);
}

static void finish_octets(const char *expected, size_t len)
{
    struct cpmsync_slice bytes = cpmsync_buf_slice(&command.bytes);

    assert_int_equal(cpmsync_command_end(&command), 0);
    if (!cpmsync_slice_eq(bytes, cpmsync_slice_of(expected, len)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)bytes.len, (const char *)bytes.data, expected);
    cpmsync_command_clear(&command);
}

static void finish(const char *expected)
{
    finish_octets(expected, strlen(expected));
}

static void finish_error(int error)
{
    assert_int_equal(cpmsync_command_end(&command), error);
    cpmsync_command_clear(&command);
}

static void test_g_03_one_space_between_arguments(void **state)
{
    struct cpmsync_uidset set;

    (void)state;
    cpmsync_uidset_init(&set, NULL, 10);
    assert_int_equal(cpmsync_uidset_add(&set, 1, 5), 0);
    assert_int_equal(cpmsync_uidset_add(&set, 9, 9), 0);
    begin(CPMSYNC_LITERALS_SYNC, "SELECT");
    cpmsync_command_astring(&command, CPMSYNC_SLICE("INBOX"));
    cpmsync_command_open(&command);
    cpmsync_command_atom(&command, "QRESYNC");
    cpmsync_command_open(&command);
    cpmsync_command_number(&command, 67890007);
    cpmsync_command_number(&command, UINT64_C(9223372036854775807));
    cpmsync_command_set(&command, &set);
    cpmsync_command_open(&command);
    cpmsync_command_range(&command, 5000, 5000);
    cpmsync_command_range(&command, 1, 4294967295);
    cpmsync_command_close(&command);
    cpmsync_command_close(&command);
    cpmsync_command_close(&command);
    finish("SELECT INBOX (QRESYNC (67890007 9223372036854775807 1:5,9 (5000 1:4294967295)))");
    begin(CPMSYNC_LITERALS_SYNC, "UID STORE");
    cpmsync_command_range(&command, 7, 8);
    cpmsync_command_atom(&command, "+FLAGS.SILENT");
    cpmsync_command_open(&command);
    cpmsync_command_flag(&command, CPMSYNC_SLICE("\\read-report-sent"));
    cpmsync_command_flag(&command, CPMSYNC_SLICE("$Forwarded"));
    cpmsync_command_close(&command);
    finish("UID STORE 7:8 +FLAGS.SILENT (\\read-report-sent $Forwarded)");
    cpmsync_uidset_clear(&set);
}

static void test_m_06_names_are_quoted_where_they_must_be(void **state)
{
    static const char *const names[][2] = {{"INBOX", "X INBOX"}, {"a/b.c&AOk-", "X a/b.c&AOk-"}, {"NIL", "X \"NIL\""},
        {"nil", "X \"nil\""}, {"NILs", "X NILs"}, {"", "X \"\""}, {"a b", "X \"a b\""}, {"a]b", "X \"a]b\""},
        {"a\"b\\", "X \"a\\\"b\\\\\""}, {"a%*", "X \"a%*\""}, {"{5}", "X \"{5}\""}, {"(a)", "X \"(a)\""},
        {"\x7f", "X \"\x7f\""}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        begin(CPMSYNC_LITERALS_SYNC, "X");
        cpmsync_command_astring(&command, cpmsync_slice_str(names[i][0]));
        finish(names[i][1]);
    }
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_string(&command, CPMSYNC_SLICE("abc"));
    finish("X \"abc\"");
}

static void test_l_08_and_pf_123_what_fits_no_quotes_is_a_literal(void **state)
{
    (void)state;
    begin(CPMSYNC_LITERALS_SYNC, "LOGIN");
    cpmsync_command_astring(&command, CPMSYNC_SLICE("a\r\nA2 LOGOUT"));
    cpmsync_command_astring(&command, CPMSYNC_SLICE("\xc3\xa9"));
    assert_int_equal(command.break_count, 2);
    assert_int_equal(command.breaks[0], strlen("LOGIN {12}\r\n"));
    assert_int_equal(command.breaks[1], strlen("LOGIN {12}\r\na\r\nA2 LOGOUT {2}\r\n"));
    finish("LOGIN {12}\r\na\r\nA2 LOGOUT {2}\r\n\xc3\xa9");
    begin(CPMSYNC_LITERALS_PLUS, "LOGIN");
    cpmsync_command_astring(&command, CPMSYNC_SLICE("a\nb"));
    assert_int_equal(command.break_count, 0);
    finish("LOGIN {3+}\r\na\nb");
    begin(CPMSYNC_LITERALS_PLUS, "LOGIN");
    cpmsync_command_astring(&command, CPMSYNC_SLICE("a\0b"));
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
}

static void check_literal(enum cpmsync_literals literals, size_t len, bool synchronising)
{
    char *text = malloc(len);
    char head[32];

    assert_non_null(text);
    memset(text, 'a', len);
    begin(literals, "X");
    cpmsync_command_string(&command, cpmsync_slice_of(text, len));
    assert_int_equal(cpmsync_command_end(&command), 0);
    snprintf(head, sizeof(head), "X {%u%s}\r\n", (unsigned)len, synchronising ? "" : "+");
    assert_memory_equal(cpmsync_buf_data(&command.bytes), head, strlen(head));
    assert_int_equal(command.bytes.len, strlen(head) + len);
    assert_int_equal(command.break_count, synchronising);
    cpmsync_command_clear(&command);
    free(text);
}

static void test_l_06_4096_octets_need_not_wait_and_4097_must(void **state)
{
    (void)state;
    check_literal(CPMSYNC_LITERALS_MINUS, 4096, false);
    check_literal(CPMSYNC_LITERALS_MINUS, 4097, true);
}

static void test_l_05_and_pf_124_literals_by_capability(void **state)
{
    (void)state;
    check_literal(CPMSYNC_LITERALS_SYNC, CPMSYNC_QUOTED_MAX + 1, true);
    check_literal(CPMSYNC_LITERALS_PLUS, 20000, false);
}

static void test_pf_125_atoms_and_flags_are_checked(void **state)
{
    static const char *const atoms[] = {
        "", "a b", "a\r\n", "a(", "a)", "a{", "%", "*", "a\"", "a\\", "a]", "[a]", "a[b]c", "\x80", "\t"};
    static const char *const flags[] = {
        "", "\\", "\\*", "\\\\a", "a\\", "a b", "\\Recent", "\\reCENT", "a)", "a]", "\xc3\xa9"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(atoms) / sizeof(atoms[0]); i++) {
        begin(CPMSYNC_LITERALS_SYNC, "ENABLE");
        cpmsync_command_atom(&command, atoms[i]);
        finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    }
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        begin(CPMSYNC_LITERALS_SYNC, "X");
        cpmsync_command_flag(&command, cpmsync_slice_str(flags[i]));
        finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    }
    begin(CPMSYNC_LITERALS_SYNC, "FETCH");
    cpmsync_command_atom(&command, "BODY.PEEK[1.MIME]");
    cpmsync_command_flag(&command, CPMSYNC_SLICE("Recent"));
    finish("FETCH BODY.PEEK[1.MIME] Recent");
}

static void test_header_fields_are_a_section(void **state)
{
    static const char *const names[] = {"From", "X-(\"a\\", "NIL", "a]"};

    (void)state;
    begin(CPMSYNC_LITERALS_SYNC, "FETCH");
    cpmsync_command_open(&command);
    cpmsync_command_atom(&command, "FLAGS");
    cpmsync_command_header_fields(&command, names, 4);
    cpmsync_command_close(&command);
    finish("FETCH (FLAGS BODY.PEEK[HEADER.FIELDS (From \"X-(\\\"a\\\\\" \"NIL\" \"a]\")])");
    begin(CPMSYNC_LITERALS_SYNC, "FETCH");
    cpmsync_command_header_fields(&command, names, 0);
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
}

static void test_an_error_stays_and_the_shape_is_checked(void **state)
{
    struct cpmsync_uidset empty;

    (void)state;
    begin(CPMSYNC_LITERALS_SYNC, "X\r\n");
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_atom(&command, "a b");
    cpmsync_command_atom(&command, "fine");
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_open(&command);
    cpmsync_command_close(&command);
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_open(&command);
    cpmsync_command_atom(&command, "a");
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_close(&command);
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_range(&command, 0, 1);
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_range(&command, 5, 4);
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    cpmsync_uidset_init(&empty, NULL, 1);
    begin(CPMSYNC_LITERALS_SYNC, "X");
    cpmsync_command_set(&command, &empty);
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
}

static void test_l_11_lines_have_a_budget(void **state)
{
    struct cpmsync_uidset set;
    char text[CPMSYNC_QUOTED_MAX];
    uint32_t i;

    (void)state;
    memset(text, 'a', sizeof(text));
    begin(CPMSYNC_LITERALS_SYNC, "X");
    for (i = 0; i < 7; i++)
        cpmsync_command_astring(&command, cpmsync_slice_of(text, sizeof(text)));
    cpmsync_command_astring(&command, CPMSYNC_SLICE("\n"));
    for (i = 0; i < 7; i++) /* behind a literal it begins again */
        cpmsync_command_astring(&command, cpmsync_slice_of(text, sizeof(text)));
    assert_int_equal(cpmsync_command_end(&command), 0);
    cpmsync_command_astring(&command, cpmsync_slice_of(text, sizeof(text)));
    finish_error(CPMSYNC_ERR_LIMIT);

    cpmsync_uidset_init(&set, NULL, 5000);
    for (i = 1; i <= 2000; i++)
        assert_int_equal(cpmsync_uidset_add(&set, 3 * i, 3 * i), 0);
    begin(CPMSYNC_LITERALS_SYNC, "UID FETCH");
    cpmsync_command_set(&command, &set);
    finish_error(CPMSYNC_ERR_LIMIT);
    cpmsync_uidset_clear(&set);

    begin(CPMSYNC_LITERALS_SYNC, "X");
    for (i = 0; i <= CPMSYNC_COMMAND_BREAKS; i++)
        cpmsync_command_astring(&command, CPMSYNC_SLICE("\n"));
    finish_error(CPMSYNC_ERR_LIMIT);
}

static void test_secrets_are_marked_from_their_first_octet(void **state)
{
    (void)state;
    begin(CPMSYNC_LITERALS_SYNC, "LOGIN");
    cpmsync_command_astring(&command, CPMSYNC_SLICE("joe"));
    assert_false(command.secret);
    cpmsync_command_secret(&command, CPMSYNC_SLICE("pa ss"));
    assert_true(command.secret && command.bytes.secret);
    assert_int_equal(command.secret_from, strlen("LOGIN joe "));
    finish("LOGIN joe \"pa ss\"");
    begin(CPMSYNC_LITERALS_SYNC, "AUTHENTICATE");
    cpmsync_command_atom(&command, "PLAIN");
    cpmsync_command_base64(&command, CPMSYNC_SLICE("AGpvZQBwYQ=="));
    assert_int_equal(command.secret_from, strlen("AUTHENTICATE PLAIN "));
    finish("AUTHENTICATE PLAIN AGpvZQBwYQ==");
}

static void test_base64_alone_is_a_line_of_its_own(void **state)
{
    static const char *const good[] = {"", "=", "*", "YQ==", "ab+/"};
    static const char *const bad[] = {"a", "YQ=", "Y===", "YQ\r\n", "a b=", "=aaa", "YQ==YQ=="};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        cpmsync_command_init(&command, NULL, MAX, CPMSYNC_LITERALS_SYNC);
        cpmsync_command_base64(&command, cpmsync_slice_str(good[i]));
        finish(good[i]);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cpmsync_command_init(&command, NULL, MAX, CPMSYNC_LITERALS_SYNC);
        cpmsync_command_base64(&command, cpmsync_slice_str(bad[i]));
        finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
    }
    begin(CPMSYNC_LITERALS_SYNC, "AUTHENTICATE");
    cpmsync_command_base64(&command, CPMSYNC_SLICE(""));
    finish_error(CPMSYNC_ERR_INVALID_ARGUMENT);
}

static void test_memory_and_size_have_limits(void **state)
{
    struct support_allocator allocator;

    (void)state;
    support_allocator_init(&allocator);
    support_allocator_fail_at(&allocator, 1);
    cpmsync_command_init(&command, &allocator.mem, MAX, CPMSYNC_LITERALS_SYNC);
    cpmsync_command_begin(&command, "NOOP");
    finish_error(CPMSYNC_ERR_NOMEM);
    assert_int_equal(allocator.live_blocks, 0);
    cpmsync_command_init(&command, NULL, 6, CPMSYNC_LITERALS_SYNC);
    cpmsync_command_begin(&command, "NOOP");
    cpmsync_command_atom(&command, "abc");
    finish_error(CPMSYNC_ERR_LIMIT);
}

/* No octets of an argument, quoted or literal, can end the line or begin another one. */
static void test_pf_123_random_arguments_never_end_the_line(void **state)
{
    static const char octets[] = "a\"\\\r\n {}+()\x80*%]";
    unsigned round;

    (void)state;
    srand(99);
    for (round = 0; round < 5000; round++) {
        char text[12];
        size_t len = (size_t)rand() % sizeof(text);
        size_t header = 0;
        const uint8_t *data;
        size_t i;

        for (i = 0; i < len; i++)
            text[i] = octets[(size_t)rand() % (sizeof(octets) - 1)];
        begin(rand() % 2 ? CPMSYNC_LITERALS_PLUS : CPMSYNC_LITERALS_SYNC, "X");
        cpmsync_command_astring(&command, cpmsync_slice_of(text, len));
        cpmsync_command_atom(&command, "END");
        assert_int_equal(cpmsync_command_end(&command), 0);
        data = cpmsync_buf_data(&command.bytes);
        if (data[2] == '{') {
            header = (size_t)((const uint8_t *)memchr(data, '\n', command.bytes.len) - data) + 1;
            assert_int_equal(strtoul((const char *)data + 3, NULL, 10), len);
            assert_memory_equal(data + header, text, len);
            header += len;
        }
        assert_null(memchr(data + header, '\n', command.bytes.len - header));
        assert_null(memchr(data + header, '\r', command.bytes.len - header));
        assert_memory_equal(data + command.bytes.len - 4, " END", 4);
        cpmsync_command_clear(&command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_03_one_space_between_arguments),
        cmocka_unit_test(test_m_06_names_are_quoted_where_they_must_be),
        cmocka_unit_test(test_l_08_and_pf_123_what_fits_no_quotes_is_a_literal),
        cmocka_unit_test(test_l_06_4096_octets_need_not_wait_and_4097_must),
        cmocka_unit_test(test_l_05_and_pf_124_literals_by_capability),
        cmocka_unit_test(test_pf_125_atoms_and_flags_are_checked),
        cmocka_unit_test(test_header_fields_are_a_section),
        cmocka_unit_test(test_an_error_stays_and_the_shape_is_checked),
        cmocka_unit_test(test_l_11_lines_have_a_budget),
        cmocka_unit_test(test_secrets_are_marked_from_their_first_octet),
        cmocka_unit_test(test_base64_alone_is_a_line_of_its_own),
        cmocka_unit_test(test_memory_and_size_have_limits),
        cmocka_unit_test(test_pf_123_random_arguments_never_end_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
