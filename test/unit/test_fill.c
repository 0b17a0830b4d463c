/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/failing_store.h"
#include "sync/fill.h"

static const struct cpmsync_cache_limits LIMITS = {10000, 100, 10000, 10000};

struct bench {
    struct support_store store;
    struct cpmsync_header_list fields;
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_batch batch;
    struct cpmsync_fill fill;
    struct cpmsync_uidset set;
};

static int hear(void *ctx, const struct cpmsync_event *event)
{
    (void)ctx;
    (void)event;
    return 0;
}

static void put(struct bench *bench, uint32_t uid, bool described)
{
    static struct cpmsync_description description;
    struct cpmsync_cache_news news = {0};

    cpmsync_descriptor_begin(&description);
    description.is.parts = CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE | CPMSYNC_DESCRIPTOR_HEADER;
    news.uid = uid;
    news.has_flags = true;
    news.descriptor = described ? &description.is : NULL;
    assert_int_equal(cpmsync_batch_put(&bench->batch, &news), 1);
    assert_int_equal(cpmsync_batch_settle(&bench->batch), 0);
}

static void open_bench(struct bench *bench)
{
    const struct cpmsync_batch_upward up = {NULL, hear};

    memset(bench, 0, sizeof *bench);
    assert_int_equal(support_store_open(&bench->store, NULL), 0);
    assert_int_equal(cpmsync_header_list_init(&bench->fields, NULL, NULL, 0), 0);
    assert_int_equal(cpmsync_open_mailbox_new(
                         &bench->mailbox, NULL, &bench->store.store, &LIMITS, &bench->fields, CPMSYNC_SLICE("INBOX")),
        0);
    cpmsync_batch_init(&bench->batch, bench->mailbox, &up);
    cpmsync_fill_init(&bench->fill, bench->mailbox);
    cpmsync_uidset_init(&bench->set, NULL, 1000);
}

static void close_bench(struct bench *bench)
{
    cpmsync_uidset_clear(&bench->set);
    cpmsync_fill_clear(&bench->fill);
    cpmsync_batch_clear(&bench->batch);
    cpmsync_open_mailbox_free(bench->mailbox);
    cpmsync_header_list_clear(&bench->fields);
    support_store_close(&bench->store);
}

/* What is asked for next, as text. */
static void assert_next(struct bench *bench, const char *expected)
{
    struct cpmsync_buf text;
    size_t next = 0;

    cpmsync_uidset_empty(&bench->set);
    assert_int_equal(cpmsync_fill_due(&bench->fill), expected[0] != '\0');
    assert_int_equal(cpmsync_fill_next(&bench->fill, &bench->set), 0);
    cpmsync_buf_init(&text, NULL, 8000);
    assert_int_equal(cpmsync_uidset_format(&bench->set, &text, 8000, &next), 0);
    assert_int_equal(cpmsync_buf_add_char(&text, '\0'), 0);
    assert_string_equal((const char *)cpmsync_buf_data(&text), expected);
    cpmsync_buf_clear(&text);
}

static void test_each_message_is_asked_for_once(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_next(&bench, "");
    put(&bench, 3, false);
    put(&bench, 7, false);
    put(&bench, 9, true);
    put(&bench, 12, false);
    put(&bench, UINT32_MAX, false);
    assert_next(&bench, "3:7,12:4294967295"); /* no message is between them */
    assert_next(&bench, "");
    put(&bench, 7, true);
    assert_int_equal(cpmsync_fill_answered(&bench.fill, &bench.batch, 3, UINT32_MAX), 0);
    assert_int_equal(bench.mailbox->lacking.count, 0); /* three of them for good */
    assert_next(&bench, "");
    put(&bench, 5, false); /* that came behind it is due all the same */
    assert_int_equal(cpmsync_uidset_remove(&bench.fill.tried, 5, 5), 0);
    assert_next(&bench, "5");
    close_bench(&bench);
}

static void test_ranges_are_of_200_messages(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    for (uint32_t i = 1; i <= 401; i++)
        put(&bench, i * 10, false);
    assert_next(&bench, "10:2000");
    assert_next(&bench, "2010:4000");
    assert_next(&bench, "4010");
    assert_next(&bench, "");
    cpmsync_fill_restart(&bench.fill);
    assert_next(&bench, "10:2000");
    close_bench(&bench);
}

static void test_a_line_has_64_ranges_at_most(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    for (uint32_t i = 1; i <= 200; i++)
        put(&bench, i, i % 2 == 0);
    size_t asked = 0;
    for (int i = 0; i < 2; i++) {
        cpmsync_uidset_empty(&bench.set);
        assert_int_equal(cpmsync_fill_next(&bench.fill, &bench.set), 0);
        asked += bench.set.count;
        assert_in_range(bench.set.count, 1, 64);
    }
    assert_int_equal(asked, 100);
    assert_next(&bench, "");
    close_bench(&bench);
}

static void test_u_13_a_refused_range_is_asked_for_in_smaller_ones(void **state)
{
    struct bench bench;
    unsigned commands = 0;

    (void)state;
    open_bench(&bench);
    for (uint32_t i = 1; i <= 200; i++)
        put(&bench, i, false);
    /* The server tells the messages below the 77th, which it cannot read, and says NO. */
    while (cpmsync_fill_due(&bench.fill)) {
        cpmsync_uidset_empty(&bench.set);
        assert_int_equal(cpmsync_fill_next(&bench.fill, &bench.set), 0);
        uint32_t first = bench.set.ranges[0].first;
        uint32_t last = cpmsync_uidset_last(&bench.set);
        bool refused = first <= 77 && 77 <= last;
        for (uint32_t uid = first; uid <= (refused ? 76 : last); uid++)
            put(&bench, uid, true);
        assert_int_equal(refused ? cpmsync_fill_refused(&bench.fill, &bench.batch, first, last)
                                 : cpmsync_fill_answered(&bench.fill, &bench.batch, first, last),
            0);
        assert_in_range(++commands, 1, 20);
    }
    assert_int_equal(bench.mailbox->lacking.count, 0);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_message_is_asked_for_once),
        cmocka_unit_test(test_ranges_are_of_200_messages),
        cmocka_unit_test(test_a_line_has_64_ranges_at_most),
        cmocka_unit_test(test_u_13_a_refused_range_is_asked_for_in_smaller_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
