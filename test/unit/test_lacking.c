/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/failing_allocator.h"
#include "sync/lacking.h"
#include "sync/mailbox_extra.h"

struct bench {
    struct support_allocator allocator;
    struct cpmsync_header_list fields;
    struct cpmsync_buf extra;
    struct cpmsync_uidset set;
    struct cpmsync_range covered[2];
    struct cpmsync_store_mailbox record;
};

/* A record of a mailbox with messages, 1:10 and 20:30 covered. */
static void open_bench(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    support_allocator_init(&bench->allocator);
    assert_int_equal(cpmsync_header_list_init(&bench->fields, &bench->allocator.mem, NULL, 0), 0);
    cpmsync_buf_init(&bench->extra, &bench->allocator.mem, CPMSYNC_EXTRA_MAX);
    cpmsync_uidset_init(&bench->set, &bench->allocator.mem, 10000);
    bench->covered[0].first = 1;
    bench->covered[0].last = 10;
    bench->covered[1].first = 20;
    bench->covered[1].last = 30;
    bench->record.size = sizeof bench->record;
    bench->record.covered = bench->covered;
    bench->record.covered_count = 2;
    bench->record.messages = 5;
}

static void close_bench(struct bench *bench)
{
    cpmsync_header_list_clear(&bench->fields);
    cpmsync_buf_clear(&bench->extra);
    cpmsync_uidset_clear(&bench->set);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

static void write_record(struct bench *bench)
{
    assert_int_equal(cpmsync_lacking_write(&bench->set, &bench->fields, &bench->extra), 0);
    bench->record.extra = cpmsync_buf_data(&bench->extra);
    bench->record.extra_len = bench->extra.len;
}

static void assert_set(const struct bench *bench, const char *expected)
{
    char text[256] = "";
    struct cpmsync_buf buf;
    size_t next = 0;

    cpmsync_buf_init(&buf, NULL, sizeof text - 1);
    assert_int_equal(cpmsync_uidset_format(&bench->set, &buf, sizeof text - 1, &next), 0);
    if (buf.len)
        memcpy(text, cpmsync_buf_data(&buf), buf.len);
    assert_string_equal(text, expected);
    cpmsync_buf_clear(&buf);
}

static void test_what_lacks_survives_the_record(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    write_record(&bench);
    assert_false(cpmsync_lacking_any(&bench.record, &bench.fields));
    assert_int_equal(cpmsync_uidset_add(&bench.set, 7, 7), 0);
    assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &bench.fields), 0);
    assert_set(&bench, "");
    assert_int_equal(cpmsync_uidset_add(&bench.set, 1, 1), 0);
    assert_int_equal(cpmsync_uidset_add(&bench.set, 3, 300), 0);
    assert_int_equal(cpmsync_uidset_add(&bench.set, 70000, UINT32_MAX), 0);
    write_record(&bench);
    assert_true(cpmsync_lacking_any(&bench.record, &bench.fields));
    cpmsync_uidset_empty(&bench.set);
    assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &bench.fields), 0);
    assert_set(&bench, "1,3:300,70000:4294967295");
    close_bench(&bench);
}

static void test_a_record_from_before_or_of_other_fields_lacks_all(void **state)
{
    static const char *const others[] = {"From"};
    struct cpmsync_header_list other;
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_true(cpmsync_lacking_any(&bench.record, &bench.fields));
    assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &bench.fields), 0);
    assert_set(&bench, "1:30");
    cpmsync_uidset_empty(&bench.set);
    write_record(&bench);
    assert_int_equal(cpmsync_header_list_init(&other, NULL, others, 1), 0);
    assert_true(cpmsync_lacking_any(&bench.record, &other));
    assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &other), 0);
    assert_set(&bench, "1:30");
    bench.record.covered_count = 0;
    bench.record.messages = 0;
    assert_false(cpmsync_lacking_any(&bench.record, &other)); /* nobody is there to lack any */
    assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &other), 0);
    assert_set(&bench, "");
    cpmsync_header_list_clear(&other);
    close_bench(&bench);
}

static void test_damaged_ranges_are_as_if_all_lacked(void **state)
{
    struct bench bench;

    (void)state;
    for (size_t cut = 1;; cut++) {
        open_bench(&bench);
        assert_int_equal(cpmsync_uidset_add(&bench.set, 3, 300), 0);
        write_record(&bench);
        size_t ranges = bench.record.extra_len - 13;
        if (cut > ranges) {
            close_bench(&bench);
            break;
        }
        uint8_t *octets = cpmsync_buf_data(&bench.extra);
        bench.record.extra_len -= cut;
        octets[3] = (uint8_t)(octets[3] - cut); /* the value's length */
        assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &bench.fields), 0);
        assert_set(&bench, cut == ranges ? "" : "1:30");
        bench.record.extra_len += cut;
        octets[3] = (uint8_t)(octets[3] + cut);
        octets[13] = 0; /* two ranges that overlap */
        assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &bench.fields), 0);
        assert_set(&bench, "1:30");
        close_bench(&bench);
    }
}

static void test_many_ranges_are_written_as_fewer_that_hold_them(void **state)
{
    struct cpmsync_uidset before;
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_uidset_init(&before, NULL, 10000);
    for (uint32_t uid = 1; uid < 4000; uid += 2) {
        assert_int_equal(cpmsync_uidset_add(&bench.set, uid, uid), 0);
        assert_int_equal(cpmsync_uidset_add(&before, uid, uid), 0);
    }
    write_record(&bench);
    assert_int_equal(cpmsync_lacking_read(&bench.set, &bench.record, &bench.fields), 0);
    assert_int_equal(bench.set.count, CPMSYNC_LACKING_RANGES);
    assert_int_equal(cpmsync_uidset_last(&bench.set), 3999);
    for (uint32_t uid = 1; uid < 4000; uid += 2)
        assert_true(cpmsync_uidset_contains(&bench.set, uid));
    assert_false(cpmsync_uidset_contains(&bench.set, 2));
    cpmsync_uidset_clear(&before);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_lacks_survives_the_record),
        cmocka_unit_test(test_a_record_from_before_or_of_other_fields_lacks_all),
        cmocka_unit_test(test_damaged_ranges_are_as_if_all_lacked),
        cmocka_unit_test(test_many_ranges_are_written_as_fewer_that_hold_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
