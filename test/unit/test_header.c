/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <cpmsync/error.h>

#include "support/failing_allocator.h"
#include "wire/header.h"

/* All fields of the block, "name=value|" each, NUL in a value cannot be. */
static const char *fields_of(const char *octets, size_t len)
{
    static char text[1024];
    struct cpmsync_slice block = cpmsync_slice_of(octets, len);
    struct cpmsync_slice name;
    struct cpmsync_slice body;
    size_t used = 0;

    text[0] = '\0';
    while (cpmsync_header_next(&block, &name, &body)) {
        struct cpmsync_buf value;
        cpmsync_buf_init(&value, NULL, 4096);
        assert_int_equal(cpmsync_header_unfold(body, &value), 0);
        assert_int_equal(strlen((const char *)cpmsync_buf_data(&value)) + 1, value.len);
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s=%s|", (int)name.len, (const char *)name.data,
            (const char *)cpmsync_buf_data(&value));
        cpmsync_buf_clear(&value);
    }
    assert_int_equal(block.len, 0);
    return text;
}

#define assert_fields(literal, expected) assert_string_equal(fields_of(literal, sizeof(literal) - 1), expected)

static void test_fields_are_name_and_value(void **state)
{
    (void)state;
    assert_fields("From: a\r\nSubject:b c \r\nX:\r\n\r\n", "From=a|Subject=b c|X=|");
    assert_fields("", "");
    assert_fields("\r\n", "");
    assert_fields("\r\nFrom: a\r\n", "");
    assert_fields("From: a\r\n\r\nTo: b\r\n", "From=a|"); /* what is behind the empty line is no header */
}

static void test_folded_lines_are_one_value(void **state)
{
    (void)state;
    assert_fields("Subject: a\r\n b\r\n\tc\r\nTo: x\r\n\r\n", "Subject=a b\tc|To=x|");
    assert_fields("Subject:\r\n a\r\n\r\n", "Subject=a|");
    assert_fields("Subject: a\r\n \r\n", "Subject=a|");
    assert_fields(" a\r\nTo: x\r\n", "To=x|");
}

static void test_bare_line_feeds_and_no_empty_line_are_borne(void **state)
{
    (void)state;
    assert_fields("From: a\nSubject: b\n c\n\n", "From=a|Subject=b c|");
    assert_fields("From: a\r\nTo: b", "From=a|To=b|");
    assert_fields("From: a\r\nTo: b\r", "From=a|To=b|");
    assert_fields("To", "");
    assert_fields("To:", "To=|");
}

static void test_octets_of_any_kind_are_borne(void **state)
{
    (void)state;
    assert_fields("Subject: \xc3\xa4\xff\r\n", "Subject=\xc3\xa4\xff|");
    assert_fields("Subject: a\0b\r\n", "Subject=a b|");
    assert_fields("Subject: \0\r\n", "Subject=|");
    assert_fields("Subject: a\rb\r\n", "Subject=a b|");
    assert_fields("\0\0: a\r\nTo: b\r\n", "To=b|");
    assert_fields("a\xff: a\r\nTo: b\r\n", "To=b|");
}

static void test_lines_that_are_no_field_are_passed_over(void **state)
{
    (void)state;
    assert_fields("From alice Mon Jan 1 00:00:00 2024\r\nTo: b\r\n", "To=b|");
    assert_fields("no colon\r\n : nothing\r\n: empty\r\nTo : b\r\n", "To=b|");
}

/* ---- the list */

static void test_the_default_list_is_what_identifies_an_object(void **state)
{
    struct cpmsync_header_list list;

    (void)state;
    assert_int_equal(cpmsync_header_list_init(&list, NULL, NULL, 0), 0);
    assert_int_equal(list.count, 13);
    assert_string_equal(list.names[0], "Message-ID");
    assert_string_equal(list.names[12], "Content-Type");
    assert_null(cpmsync_header_identity(13));
    assert_int_equal(cpmsync_header_list_find(&list, CPMSYNC_SLICE("imdn-message-id")), 1);
    assert_int_equal(cpmsync_header_list_find(&list, CPMSYNC_SLICE("imdn-message-i")), 13);
    cpmsync_header_list_clear(&list);
}

static void test_a_name_that_could_end_the_command_is_refused(void **state)
{
    static const char *const bad[] = {"", "a b", "a:", "a\r\n", "a\n", "\t", "\x7f", "\xc3\xa4", NULL};
    char longest[CPMSYNC_HEADER_NAME_MAX + 2];
    const char *names[CPMSYNC_HEADER_FIELDS_MAX + 1];
    struct cpmsync_header_list list;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cpmsync_header_list_init(&list, NULL, &bad[i], 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    names[0] = longest;
    assert_int_equal(cpmsync_header_list_init(&list, NULL, names, 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    longest[sizeof longest - 2] = '\0';
    assert_int_equal(cpmsync_header_list_init(&list, NULL, names, 1), 0);
    cpmsync_header_list_clear(&list);
    for (size_t i = 0; i <= CPMSYNC_HEADER_FIELDS_MAX; i++)
        names[i] = "(\"{%*\\])";
    assert_int_equal(
        cpmsync_header_list_init(&list, NULL, names, CPMSYNC_HEADER_FIELDS_MAX + 1), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_header_list_init(&list, NULL, names, CPMSYNC_HEADER_FIELDS_MAX), 0);
    cpmsync_header_list_clear(&list);
}

static uint64_t digest(const char *a, const char *b)
{
    const char *names[] = {a, b};
    struct cpmsync_header_list list;

    assert_int_equal(cpmsync_header_list_init(&list, NULL, names, b ? 2 : 1), 0);
    uint64_t value = list.digest;
    cpmsync_header_list_clear(&list);
    return value;
}

static void test_the_digest_tells_lists_apart_but_not_by_case(void **state)
{
    (void)state;
    assert_true(digest("From", "To") == digest("FROM", "to"));
    assert_true(digest("From", "To") != digest("From", NULL));
    assert_true(digest("ab", "c") != digest("a", "bc"));
}

static void test_without_memory_there_is_no_list(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_header_list list;

    (void)state;
    support_allocator_init(&allocator);
    support_allocator_fail_at(&allocator, 1);
    assert_int_equal(cpmsync_header_list_init(&list, &allocator.mem, NULL, 0), CPMSYNC_ERR_NOMEM);
    cpmsync_header_list_clear(&list);
    assert_int_equal(allocator.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_name_and_value),
        cmocka_unit_test(test_folded_lines_are_one_value),
        cmocka_unit_test(test_bare_line_feeds_and_no_empty_line_are_borne),
        cmocka_unit_test(test_octets_of_any_kind_are_borne),
        cmocka_unit_test(test_lines_that_are_no_field_are_passed_over),
        cmocka_unit_test(test_the_default_list_is_what_identifies_an_object),
        cmocka_unit_test(test_a_name_that_could_end_the_command_is_refused),
        cmocka_unit_test(test_the_digest_tells_lists_apart_but_not_by_case),
        cmocka_unit_test(test_without_memory_there_is_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
