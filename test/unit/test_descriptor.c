/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "sync/descriptor.h"

static const char *const NAMES[] = {"From", "Subject", "X-Mine"};

/* A list of fields, and the last descriptor that was read. */
struct bench {
    struct support_allocator allocator;
    struct cpmsync_header_list fields;
    struct cpmsync_buf text;
    struct cpmsync_description description;
};

static void open_bench(struct bench *bench, size_t fields)
{
    memset(bench, 0, sizeof *bench);
    support_allocator_init(&bench->allocator);
    assert_int_equal(cpmsync_header_list_init(&bench->fields, &bench->allocator.mem, NAMES, fields), 0);
    cpmsync_buf_init(&bench->text, &bench->allocator.mem, CPMSYNC_DESCRIPTOR_OCTETS_MAX);
}

static void close_bench(struct bench *bench)
{
    cpmsync_header_list_clear(&bench->fields);
    cpmsync_buf_clear(&bench->text);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

/* "7 size 3 date 0 From=a|" */
static const char *text_of(const struct cpmsync_descriptor *is)
{
    static char text[2048];
    int used = snprintf(text, sizeof text, "%u size %" PRIu64 " date %" PRId64 "%s ", is->parts, is->message_size,
        is->internaldate, is->truncated ? " truncated" : "");

    assert_int_equal(is->size, sizeof *is);
    for (size_t i = 0; i < is->field_count; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s=%s|", is->names[i], is->values[i]);
    return text;
}

static int read_fetch(struct bench *bench, const char *items)
{
    struct cpmsync_fetch fetch;

    assert_int_equal(cpmsync_fetch_parse(cpmsync_slice_str(items), 10, &fetch), 0);
    return cpmsync_descriptor_read(&bench->description, &bench->text, &bench->fields, &fetch);
}

static void assert_reads(struct bench *bench, const char *items, const char *expected)
{
    assert_int_equal(read_fetch(bench, items), 1);
    assert_string_equal(text_of(&bench->description.is), expected);
}

static void test_g_20_items_come_in_any_order(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 3);
    assert_reads(&bench,
        "(UID 5 RFC822.SIZE 44 INTERNALDATE \"01-Jan-1970 00:00:07 +0000\" BODY[HEADER.FIELDS (From Subject X-Mine)] "
        "{27}\r\nFrom: a\r\nSubject: b\r\n c\r\n\r\n FLAGS (\\Seen))",
        "7 size 44 date 7 From=a|Subject=b c|");
    assert_reads(&bench,
        "(BODY[HEADER.FIELDS (FROM)] {11}\r\nFrom: a\r\n\r\n INTERNALDATE \" 1-Jan-1970 00:00:00 +0100\" RFC822.SIZE "
        "0)",
        "7 size 0 date -3600 From=a|");
    assert_true(cpmsync_descriptor_is_whole(&bench.description.is, &bench.fields));
    close_bench(&bench);
}

static void test_g_24_sizes_have_63_bits(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 3);
    assert_reads(&bench, "(RFC822.SIZE 9223372036854775807)", "1 size 9223372036854775807 date 0 ");
    assert_int_equal(read_fetch(&bench, "(RFC822.SIZE 9223372036854775808)"), 0);
    close_bench(&bench);
}

static void test_g_19_the_section_may_be_spelled_in_other_ways(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 3);
    assert_reads(&bench, "(body[header.fields (\"from\" \"SUBJECT\")] {9}\r\nfrom: a\r\n)", "4 size 0 date 0 From=a|");
    assert_reads(&bench, "(BODY[HEADER.FIELDS (From)]<0> {9}\r\nFrom: a\r\n)", "4 size 0 date 0 From=a|");
    assert_reads(&bench, "(BODY[HEADER.FIELDS (From)] \"From: a \\\"b\\\"\")", "4 size 0 date 0 From=a \"b\"|");
    assert_reads(&bench, "(BODY[HEADER] {9}\r\nFrom: a\r\n)", "4 size 0 date 0 From=a|");
    assert_reads(&bench, "(RFC822.HEADER {9}\r\nFrom: a\r\n)", "4 size 0 date 0 From=a|");
    assert_reads(&bench, "(BODY[HEADER.FIELDS (From)] {0}\r\n)", "4 size 0 date 0 ");
    assert_reads(&bench, "(BODY[HEADER.FIELDS (From)] \"\")", "4 size 0 date 0 ");
    assert_int_equal(read_fetch(&bench, "(BODY[HEADER.FIELDS (From)]<7> {9}\r\nFrom: a\r\n)"), 0);
    assert_int_equal(read_fetch(&bench, "(BODY[HEADER.FIELDS.NOT (From)] {9}\r\nFrom: a\r\n)"), 0);
    assert_int_equal(read_fetch(&bench, "(BODY[1.HEADER] {9}\r\nFrom: a\r\n)"), 0);
    assert_int_equal(read_fetch(&bench, "(BODY[TEXT] {9}\r\nFrom: a\r\n)"), 0);
    assert_int_equal(read_fetch(&bench, "(BINARY[] {9}\r\nFrom: a\r\n)"), 0);
    close_bench(&bench);
}

static void test_u_13_nil_is_no_header(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 3);
    assert_int_equal(read_fetch(&bench, "(BODY[HEADER.FIELDS (From)] NIL)"), 0);
    assert_reads(&bench, "(RFC822.SIZE 4 BODY[HEADER.FIELDS (From)] NIL INTERNALDATE NIL)", "1 size 4 date 0 ");
    assert_false(cpmsync_descriptor_is_whole(&bench.description.is, &bench.fields));
    assert_int_equal(read_fetch(&bench, "(FLAGS () MODSEQ (3) INTERNALDATE \"no date\")"), 0);
    close_bench(&bench);
}

static void test_of_several_fields_of_a_name_the_first_counts(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 3);
    assert_reads(
        &bench, "(BODY[HEADER.FIELDS (From)] {30}\r\nX-Other: o\r\nFrom: a\r\nFROM: b\r\n)", "4 size 0 date 0 From=a|");
    assert_reads(&bench,
        "(BODY[HEADER.FIELDS (From)] {9}\r\nFrom: a\r\n BODY[HEADER.FIELDS (From X-Mine)] {20}\r\nFrom: b\r\nX-Mine: "
        "c\r\n)",
        "4 size 0 date 0 From=a|X-Mine=c|");
    close_bench(&bench);
}

static void test_fields_that_were_streamed_past_are_truncated(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 3);
    assert_reads(&bench, "(BODY[HEADER.FIELDS (From)] {70000-} RFC822.SIZE 7)", "5 size 7 date 0 truncated ");
    close_bench(&bench);
}

static void test_without_fields_size_and_date_are_the_whole(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 0);
    assert_reads(&bench,
        "(RFC822.SIZE 4 INTERNALDATE \"01-Jan-1970 00:00:07 +0000\" BODY[HEADER.FIELDS (From)] {9}\r\nFrom: a\r\n)",
        "3 size 4 date 7 ");
    assert_true(cpmsync_descriptor_is_whole(&bench.description.is, &bench.fields));
    close_bench(&bench);
}

/* ---- octets */

static char *copy_of(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    assert_non_null(copy);
    return strcpy(copy, text);
}

static void assert_survives(const struct cpmsync_descriptor *is)
{
    struct cpmsync_description read;
    struct cpmsync_buf octets;
    char *expected = copy_of(text_of(is));

    cpmsync_buf_init(&octets, NULL, CPMSYNC_DESCRIPTOR_OCTETS_MAX);
    assert_int_equal(cpmsync_descriptor_encode(is, &octets), 0);
    assert_true(cpmsync_descriptor_decode(&read, cpmsync_buf_slice(&octets)));
    assert_string_equal(text_of(&read.is), expected);
    /* Nor a part of it, nor more, is one; and none is read beyond its end. */
    for (size_t len = 0; len < octets.len; len++) {
        uint8_t *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, cpmsync_buf_data(&octets), len);
        assert_false(cpmsync_descriptor_decode(&read, cpmsync_slice_of(copy, len)));
        free(copy);
    }
    assert_int_equal(cpmsync_buf_add_char(&octets, 0), 0);
    assert_false(cpmsync_descriptor_decode(&read, cpmsync_buf_slice(&octets)));
    cpmsync_buf_clear(&octets);
    free(expected);
}

static void test_a_descriptor_survives_the_store(void **state)
{
    static const char *const names[] = {"Message-ID", "X-Mine", "Content-Type"};
    static const char *const values[] = {"<a@b>", "", "text/plain; charset=\xff"};
    struct cpmsync_description description;
    struct cpmsync_descriptor *is = &description.is;

    (void)state;
    cpmsync_descriptor_begin(&description);
    assert_survives(is);
    is->parts = CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE | CPMSYNC_DESCRIPTOR_HEADER;
    assert_survives(is);
    is->message_size = INT64_MAX;
    is->internaldate = INT64_MIN;
    is->truncated = 1;
    assert_survives(is);
    is->message_size = 127;
    is->internaldate = -1;
    is->names = names;
    is->values = values;
    is->field_count = 3;
    is->truncated = 0;
    assert_survives(is);
    is->parts = CPMSYNC_DESCRIPTOR_HEADER;
    is->message_size = 0;
    is->internaldate = 0;
    assert_survives(is);
}

static void test_octets_of_another_version_are_none(void **state)
{
    static const uint8_t other[] = {2, 0};
    static const uint8_t parts[] = {1, 16};
    static const uint8_t name[] = {1, 4, 1, 14, 'x', 0};
    static const uint8_t many[] = {1, 4, 33};
    static const uint8_t number[] = {1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    struct cpmsync_description read;

    (void)state;
    assert_false(cpmsync_descriptor_decode(&read, cpmsync_slice_of(other, sizeof other)));
    assert_false(cpmsync_descriptor_decode(&read, cpmsync_slice_of(parts, sizeof parts)));
    assert_false(cpmsync_descriptor_decode(&read, cpmsync_slice_of(name, sizeof name)));
    assert_false(cpmsync_descriptor_decode(&read, cpmsync_slice_of(many, sizeof many)));
    assert_false(cpmsync_descriptor_decode(&read, cpmsync_slice_of(number, sizeof number)));
}

static void test_a_part_does_not_replace_one_that_is_there(void **state)
{
    static const char *const names[] = {"From"};
    static const char *const values[] = {"a"};
    struct cpmsync_descriptor other = {sizeof other, 7, 0, 5, 6, names, values, 1};
    struct cpmsync_description description;

    (void)state;
    cpmsync_descriptor_begin(&description);
    description.is.parts = CPMSYNC_DESCRIPTOR_SIZE;
    description.is.message_size = 1;
    cpmsync_descriptor_complete(&description, &other);
    assert_string_equal(text_of(&description.is), "7 size 1 date 6 From=a|");
}

static void test_without_memory_nothing_is_read(void **state)
{
    struct bench bench;

    (void)state;
    for (uint64_t n = 1;; n++) {
        open_bench(&bench, 3);
        support_allocator_fail_at(&bench.allocator, n);
        int result = read_fetch(&bench, "(BODY[HEADER.FIELDS (From)] \"From: a\" RFC822.SIZE 7)");
        bool failed = bench.allocator.failures != 0;
        assert_int_equal(result, failed ? CPMSYNC_ERR_NOMEM : 1);
        close_bench(&bench);
        if (!failed)
            break;
        assert_in_range(n, 1, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_20_items_come_in_any_order),
        cmocka_unit_test(test_g_24_sizes_have_63_bits),
        cmocka_unit_test(test_g_19_the_section_may_be_spelled_in_other_ways),
        cmocka_unit_test(test_u_13_nil_is_no_header),
        cmocka_unit_test(test_of_several_fields_of_a_name_the_first_counts),
        cmocka_unit_test(test_fields_that_were_streamed_past_are_truncated),
        cmocka_unit_test(test_without_fields_size_and_date_are_the_whole),
        cmocka_unit_test(test_a_descriptor_survives_the_store),
        cmocka_unit_test(test_octets_of_another_version_are_none),
        cmocka_unit_test(test_a_part_does_not_replace_one_that_is_there),
        cmocka_unit_test(test_without_memory_nothing_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
