/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "support/mirror.h"
#include "sync/batch.h"

static const struct cpmsync_cache_limits LIMITS = {2000, 100, 10000, 2000};

/* A mailbox, a batch on it, an app with a mirror. */
struct bench {
    struct support_allocator allocator;
    struct support_store failing;
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_batch batch;
    struct support_mirror mirror;
    const struct cpmsync_header_list *fields; /* NULL: no descriptors */
    char heard[2048];
    size_t heard_len;
    enum cpmsync_event_type refuse;
    enum cpmsync_store_durability committed; /* the last transaction */
};

static void say(struct bench *bench, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(bench->heard + bench->heard_len, sizeof bench->heard - bench->heard_len, format, args);
    va_end(args);
    bench->heard_len += (size_t)len;
    if (bench->heard_len >= sizeof bench->heard)
        bench->heard_len = sizeof bench->heard - 1;
}

static void say_ranges(struct bench *bench, const struct cpmsync_event *event)
{
    for (size_t i = 0; i < event->range_count; i++)
        say(bench, " %" PRIu32 ":%" PRIu32, event->ranges[i].first, event->ranges[i].last);
}

static int hear(void *ctx, const struct cpmsync_event *event)
{
    struct bench *bench = ctx;

    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
        say(bench, "begin %" PRIu32, event->uidvalidity);
        say_ranges(bench, event);
        break;
    case CPMSYNC_EVENT_MESSAGE:
        say(bench, "%" PRIu32 " %" PRIu64, event->uid, event->modseq);
        for (size_t i = 0; i < event->flag_count; i++)
            say(bench, " %s", event->flags[i]);
        if (event->descriptor)
            say(bench, " {%" PRIu64 "}", event->descriptor->message_size);
        break;
    case CPMSYNC_EVENT_VANISHED:
        say(bench, "gone");
        say_ranges(bench, event);
        break;
    case CPMSYNC_EVENT_RESET:
        say(bench, "reset %" PRIu32, event->uidvalidity);
        break;
    case CPMSYNC_EVENT_BATCH:
        say(bench, "batch %" PRIu32 " %" PRIu64, event->uidnext, event->highestmodseq);
        break;
    default:
        say(bench, "?");
    }
    say(bench, "|");
    support_mirror_event(&bench->mirror, event);
    return event->type == bench->refuse;
}

static void assert_heard(struct bench *bench, const char *text)
{
    assert_string_equal(bench->heard, text);
    bench->heard[0] = '\0';
    bench->heard_len = 0;
}

static int open_mailbox(struct bench *bench)
{
    const struct cpmsync_batch_upward up = {bench, hear};
    int error = cpmsync_open_mailbox_new(
        &bench->mailbox, &bench->allocator.mem, &bench->failing.store, &LIMITS, bench->fields, CPMSYNC_SLICE("INBOX"));

    if (!error)
        cpmsync_batch_init(&bench->batch, bench->mailbox, &up);
    return error;
}

static void close_mailbox(struct bench *bench)
{
    cpmsync_batch_clear(&bench->batch);
    cpmsync_open_mailbox_free(bench->mailbox);
    support_mirror_restart(&bench->mirror);
}

static void open_bench(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    support_allocator_init(&bench->allocator);
    assert_int_equal(support_store_open(&bench->failing, NULL), 0);
    support_mirror_init(&bench->mirror, "INBOX");
    assert_int_equal(open_mailbox(bench), 0);
}

static void close_bench(struct bench *bench)
{
    close_mailbox(bench);
    support_mirror_clear(&bench->mirror);
    assert_int_equal(bench->failing.abuses, 0);
    support_store_close(&bench->failing);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

static int put(struct bench *bench, uint32_t uid, const char *flags, uint64_t modseq)
{
    struct cpmsync_cache_news news = {0};

    news.uid = uid;
    news.has_flags = flags != NULL;
    if (flags)
        news.flags = cpmsync_slice_str(flags);
    news.has_modseq = modseq != 0;
    news.modseq = modseq;
    return cpmsync_batch_put(&bench->batch, &news);
}

/* With a descriptor that has this size. */
static int put_described(struct bench *bench, uint32_t uid, uint64_t size)
{
    struct cpmsync_cache_news news = {0};
    struct cpmsync_description description;

    cpmsync_descriptor_begin(&description);
    description.is.parts = CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE;
    description.is.message_size = size;
    news.uid = uid;
    news.has_flags = true;
    news.descriptor = &description.is;
    return cpmsync_batch_put(&bench->batch, &news);
}

static int vanish(struct bench *bench, uint32_t first, uint32_t last)
{
    const struct cpmsync_range range = {first, last};

    return cpmsync_batch_vanish(&bench->batch, &range, 1, true, NULL);
}

static void assert_mirrored(struct bench *bench)
{
    char why[256] = "";

    if (!support_mirror_equals(&bench->mirror, &bench->failing.store, why, sizeof why))
        fail_msg("%s", why);
}

static uint32_t stored_messages;
static int see_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    (void)ctx;
    stored_messages = info->messages;
    return 0;
}

/* The memory of a fresh reading of the store equals the cache (R16). */
static void assert_cache_is_the_store(struct bench *bench)
{
    struct cpmsync_open_mailbox *fresh;
    struct cpmsync_row row, other;

    assert_int_equal(
        cpmsync_open_mailbox_new(&fresh, NULL, &bench->failing.store, &LIMITS, NULL, CPMSYNC_SLICE("INBOX")), 0);
    assert_int_equal(fresh->cache.uidvalidity, bench->mailbox->cache.uidvalidity);
    assert_int_equal(fresh->cache.highestmodseq, bench->mailbox->cache.highestmodseq);
    assert_int_equal(fresh->stored, bench->mailbox->stored);
    assert_int_equal(fresh->bits, bench->mailbox->bits);
    assert_int_equal(fresh->cache.covered.count, bench->mailbox->cache.covered.count);
    assert_int_equal(cpmsync_cache_uidnext(&fresh->cache), cpmsync_cache_uidnext(&bench->mailbox->cache));
    size_t count = cpmsync_columns_count(fresh->cache.columns);
    assert_int_equal(count, cpmsync_columns_count(bench->mailbox->cache.columns));
    for (size_t n = 1; n <= count; n++) {
        assert_true(cpmsync_columns_at(fresh->cache.columns, n, &row));
        assert_true(cpmsync_columns_at(bench->mailbox->cache.columns, n, &other));
        assert_int_equal(row.uid, other.uid);
        assert_int_equal(row.modseq, other.modseq);
        assert_true(cpmsync_slice_eq(cpmsync_flagsets_text(fresh->cache.flagsets, row.flagset),
            cpmsync_flagsets_text(bench->mailbox->cache.flagsets, other.flagset)));
    }
    cpmsync_open_mailbox_free(fresh);
}

/* First synchronisation: UIDVALIDITY 42, 1:10 covered, 2 (a), 4 (), 9 (\Seen), cursor 100. */
static int first_sync(struct bench *bench)
{
    cpmsync_batch_reset(&bench->batch, 42);
    put(bench, 2, "a", 20);
    put(bench, 4, "", 40);
    put(bench, 9, "\\Seen", 90);
    cpmsync_batch_cover(&bench->batch, 1, 10);
    cpmsync_batch_cursor(&bench->batch, 100);
    return cpmsync_batch_commit(&bench->batch);
}

static void test_r_17_a_first_batch_begins_and_ends(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_int_equal(first_sync(&bench), 0);
    assert_heard(&bench, "begin 42|2 20 a|4 40|9 90 \\Seen|batch 11 100|");
    assert_mirrored(&bench);
    assert_cache_is_the_store(&bench);
    assert_int_equal(bench.batch.counts.added, 3);
    assert_int_equal(bench.failing.commits, 1);
    close_bench(&bench);
}

static void test_r_17_begin_names_the_covered_uids_after_every_open(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    close_mailbox(&bench);
    assert_int_equal(open_mailbox(&bench), 0);
    bench.heard_len = 0;
    put(&bench, 4, "b", 101);
    vanish(&bench, 9, 9);
    cpmsync_batch_cursor(&bench.batch, 102);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42 1:10|4 101 b|gone 9:9|batch 11 102|");
    assert_mirrored(&bench);
    assert_int_equal(bench.batch.counts.flags_changed, 1);
    assert_int_equal(bench.batch.counts.vanished, 1);
    close_bench(&bench);
}

static void test_r_17_an_app_hears_begin_even_when_nothing_changed(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    close_mailbox(&bench);
    assert_int_equal(open_mailbox(&bench), 0);
    bench.heard_len = 0;
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42 1:10|batch 11 100|");
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "");
    assert_int_equal(bench.failing.commits, 1); /* nothing was written for it */
    close_bench(&bench);
}

/* The app heard of 12 in a batch that was lost; before the next one 12 was expunged, and 11:20 is covered all the same. */
static void test_r_17_begin_does_not_name_what_this_batch_covers(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    put(&bench, 12, "", 120);
    cpmsync_batch_abort(&bench.batch);
    support_mirror_restart(&bench.mirror);
    bench.heard_len = 0;
    cpmsync_batch_cover(&bench.batch, 11, 20);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42 1:10|2 20 a|4 40|9 90 \\Seen|gone 1:1 3:3 5:8 10:4294967295|batch 21 100|");
    assert_mirrored(&bench);
    close_bench(&bench);
}

/* A server told of 12 ahead of its range, and the range was lost: BEGIN has the app drop 12, which is cached. */
static void test_r_17_what_is_cached_beyond_the_covered_uids_is_told_again(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    put(&bench, 12, "", 120);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    close_mailbox(&bench);
    assert_int_equal(open_mailbox(&bench), 0);
    bench.heard_len = 0;
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(
        &bench, "begin 42 1:10|2 20 a|4 40|9 90 \\Seen|12 120|gone 1:1 3:3 5:8 10:11 13:4294967295|batch 11 100|");
    assert_mirrored(&bench);
    close_bench(&bench);
}

static void test_q_15_held_events_leave_when_the_uidvalidity_is_confirmed(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    bench.heard_len = 0;
    bench.heard[0] = '\0';
    cpmsync_batch_hold(&bench.batch);
    put(&bench, 4, "b", 110);
    put(&bench, 2, "c", 111);
    vanish(&bench, 9, 9);
    vanish(&bench, 2, 2);
    assert_heard(&bench, "");
    assert_int_equal(cpmsync_batch_release(&bench.batch), 0);
    assert_heard(&bench, "4 110 b|");
    put(&bench, 4, "", 112);
    assert_heard(&bench, "4 112|");
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "gone 2:2 9:9|batch 11 100|");
    assert_mirrored(&bench);
    close_bench(&bench);
}

static void test_q_15_held_events_of_another_generation_never_leave(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    bench.heard_len = 0;
    cpmsync_batch_hold(&bench.batch);
    put(&bench, 4, "b", 110);
    vanish(&bench, 9, 9);
    assert_int_equal(cpmsync_batch_reset(&bench.batch, 43), 0);
    put(&bench, 1, "new", 5);
    cpmsync_batch_cover(&bench.batch, 1, 1);
    cpmsync_batch_cursor(&bench.batch, 7);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "reset 43|begin 43|1 5 new|batch 2 7|");
    assert_mirrored(&bench);
    assert_cache_is_the_store(&bench);
    close_bench(&bench);
}

static void note_durability(void *ctx, bool over, int error)
{
    struct bench *bench = ctx;

    if (over && !error)
        bench->committed = bench->failing.durability;
}

/* The app was told RESET, the batch is lost, and the old UIDVALIDITY comes back. */
static void test_r_17_after_a_reset_that_was_lost_all_is_told_again(void **state)
{
    (void)state;
    for (int killed = 0; killed < 2; killed++) {
        struct bench bench;
        open_bench(&bench);
        first_sync(&bench);
        bench.heard_len = 0;
        bench.heard[0] = '\0';
        bench.failing.committing = note_durability;
        bench.failing.ctx = &bench;
        cpmsync_batch_hold(&bench.batch);
        put(&bench, 12, "", 110);
        assert_int_equal(cpmsync_batch_reset(&bench.batch, 43), 0);
        assert_int_equal(bench.committed, CPMSYNC_STORE_DURABLE);
        assert_heard(&bench, "");
        bench.refuse = CPMSYNC_EVENT_BATCH;
        if (killed) {
            put(&bench, 1, "", 1);
            assert_heard(&bench, "reset 43|begin 43|1 1|");
            close_mailbox(&bench);
            assert_int_equal(open_mailbox(&bench), 0);
        } else {
            assert_int_equal(cpmsync_batch_commit(&bench.batch), CPMSYNC_ERR_ABORTED);
            assert_heard(&bench, "reset 43|begin 43|batch 1 0|");
            assert_cache_is_the_store(&bench);
        }
        assert_int_equal(bench.mailbox->cache.uidvalidity, 42);
        assert_int_equal(bench.mailbox->cache.highestmodseq, 100);
        assert_int_equal(cpmsync_columns_count(bench.mailbox->cache.columns), 3);
        assert_int_equal(cpmsync_cache_uidnext(&bench.mailbox->cache), 11);
        bench.refuse = 0;
        bench.heard_len = 0;
        assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
        assert_heard(&bench, "begin 42 1:10|2 20 a|4 40|9 90 \\Seen|gone 1:1 3:3 5:8 10:4294967295|batch 11 100|");
        assert_mirrored(&bench);
        close_mailbox(&bench); /* and only once */
        assert_int_equal(open_mailbox(&bench), 0);
        bench.heard_len = 0;
        assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
        assert_heard(&bench, "begin 42 1:10|batch 11 100|");
        close_bench(&bench);
    }
}

/* The second UIDVALIDITY of one SELECT: what the batch has of the first one is thrown away. */
static void test_v_02_a_reset_behind_a_reset(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    bench.heard_len = 0;
    assert_int_equal(cpmsync_batch_reset(&bench.batch, 43), 0);
    put(&bench, 1, "", 1);
    assert_int_equal(cpmsync_batch_reset(&bench.batch, 44), 0);
    put(&bench, 2, "", 2);
    cpmsync_batch_cover(&bench.batch, 1, 2);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "reset 43|begin 43|1 1|reset 44|begin 44|2 2|batch 3 0|");
    assert_int_equal(bench.batch.counts.added, 4);
    assert_mirrored(&bench);
    assert_cache_is_the_store(&bench);
    close_bench(&bench);
}

/* 5 was gone and is said to be there; its second news must not leave ahead of the commit either, and what went is told once. */
static void test_r_17_what_comes_back_is_told_behind_the_commit(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    bench.heard_len = 0;
    bench.heard[0] = '\0';
    put(&bench, 5, "", 110);
    put(&bench, 5, "x", 111);
    vanish(&bench, 9, 9);
    assert_heard(&bench, "");
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "2 20 a|4 40|5 111 x|gone 1:1 3:3 6:4294967295|batch 11 100|");
    assert_mirrored(&bench);
    put(&bench, 4, "b", 112);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "4 112 b|batch 11 100|");
    close_bench(&bench);
}

static void test_q_33_a_huge_range_is_intersected(void **state)
{
    struct bench bench;
    const struct cpmsync_range ranges[] = {{5, UINT32_MAX}, {1, 3}};
    size_t removed;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    bench.heard_len = 0;
    assert_int_equal(cpmsync_batch_vanish(&bench.batch, ranges, 2, true, &removed), 0);
    assert_int_equal(removed, 2);
    bench.heard_len = 0;
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "gone 1:3 5:4294967295|batch 11 100|");
    bench.heard_len = 0;
    assert_mirrored(&bench);
    assert_int_equal(cpmsync_batch_vanish(&bench.batch, ranges, 2, false, &removed), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "batch 11 100|"); /* unannounced: nothing of it was cached */
    close_bench(&bench);
}

static void test_q_29_vanish_of_rows_that_still_wait_for_the_store(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_batch_reset(&bench.batch, 42);
    for (uint32_t uid = 1; uid <= 700; uid++)
        assert_int_equal(put(&bench, uid, uid % 3 ? "" : "x", uid), 1);
    for (uint32_t uid = 700; uid >= 690; uid--) /* against the order of the chunk */
        assert_int_equal(put(&bench, uid, "y", 1000 + uid), 1);
    vanish(&bench, 600, 650);
    put(&bench, 620, "back", 2000);
    cpmsync_batch_cover(&bench.batch, 1, 700);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_mirrored(&bench);
    assert_cache_is_the_store(&bench);
    close_bench(&bench);
}

static void test_r_16_the_apps_refusal_loses_nothing(void **state)
{
    /* What takes messages away is told behind the commit. A message that was told is told as it is kept. */
    static const struct {
        enum cpmsync_event_type type;
        bool retold;
        const char *again;
        uint64_t cursor;
    } REFUSED[] = {
        {CPMSYNC_EVENT_BEGIN, false, "begin 42 1:10|", 100},
        {CPMSYNC_EVENT_MESSAGE, true, "begin 42 1:10|2 20 a|4 110 b|9 90 \\Seen|gone 1:1 3:3 5:8 10:4294967295|", 100},
        {CPMSYNC_EVENT_VANISHED, true, "begin 42 1:10|2 20 a|4 110 b|gone 1:1 3:3 5:4294967295|", 120},
        {CPMSYNC_EVENT_BATCH, true, "begin 42 1:10|2 20 a|4 110 b|gone 1:1 3:3 5:4294967295|", 120},
    };

    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct bench bench;
        open_bench(&bench);
        first_sync(&bench);
        close_mailbox(&bench);
        assert_int_equal(open_mailbox(&bench), 0);
        bench.refuse = REFUSED[i].type;
        put(&bench, 4, "b", 110);
        vanish(&bench, 9, 9);
        cpmsync_batch_cursor(&bench.batch, 120);
        assert_int_equal(cpmsync_batch_commit(&bench.batch), CPMSYNC_ERR_ABORTED);
        assert_cache_is_the_store(&bench);
        assert_int_equal(bench.mailbox->cache.highestmodseq, REFUSED[i].cursor);
        assert_int_equal(bench.mailbox->retell_due, REFUSED[i].retold);
        support_mirror_restart(&bench.mirror);
        bench.refuse = 0;
        bench.heard_len = 0;
        put(&bench, 4, "b", 110);
        vanish(&bench, 9, 9);
        cpmsync_batch_cursor(&bench.batch, 120);
        assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
        char again[256];
        snprintf(again, sizeof again, "%s4 110 b|gone 9:9|batch 11 120|", REFUSED[i].again);
        assert_heard(&bench, again);
        assert_mirrored(&bench);
        close_bench(&bench);
    }
}

static void test_errors_are_sticky_until_the_batch_ends(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    support_store_fail_at(&bench.failing, SUPPORT_STORE_BEGIN, 1, CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(put(&bench, 4, "b", 110), CPMSYNC_ERR_STORE_FULL);
    bench.heard_len = 0;
    bench.heard[0] = '\0';
    uint64_t calls = bench.failing.calls[SUPPORT_STORE_ANY];
    assert_int_equal(put(&bench, 4, "b", 110), CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(vanish(&bench, 1, 10), CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(cpmsync_batch_cover(&bench.batch, 11, 20), CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(cpmsync_batch_cursor(&bench.batch, 500), CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(cpmsync_batch_bits(&bench.batch, 1), CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(cpmsync_batch_reset(&bench.batch, 50), CPMSYNC_ERR_STORE_FULL);
    assert_int_equal(bench.failing.calls[SUPPORT_STORE_ANY], calls);
    assert_heard(&bench, "");
    assert_int_equal(cpmsync_batch_commit(&bench.batch), CPMSYNC_ERR_STORE_FULL);
    support_mirror_restart(&bench.mirror);
    assert_cache_is_the_store(&bench);
    assert_int_equal(put(&bench, 4, "b", 110), 1);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_mirrored(&bench);
    close_bench(&bench);
}

/* The store cannot be read back: nothing may be written over what it holds. */
static void test_r_16_a_batch_that_cannot_be_read_back_stays_failed(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    put(&bench, 4, "b", 110);
    support_store_fail_at(&bench.failing, SUPPORT_STORE_MAILBOX_GET, 1, CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_batch_abort(&bench.batch), CPMSYNC_ERR_STORE);
    assert_int_equal(put(&bench, 4, "b", 110), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_batch_reset(&bench.batch, 43), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_batch_abort(&bench.batch), 0);
    support_mirror_restart(&bench.mirror);
    assert_cache_is_the_store(&bench);
    assert_int_equal(cpmsync_columns_count(bench.mailbox->cache.columns), 3);
    assert_int_equal(put(&bench, 4, "b", 110), 1);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_mirrored(&bench);
    close_bench(&bench);
}

/* Every kind of change in one batch; behind a new generation if `reset`. */
static int change_everything(struct bench *bench, bool reset)
{
    cpmsync_batch_hold(&bench->batch);
    put(bench, 4, "b c", 110);
    put(bench, 2, "", 111);
    vanish(bench, 9, 9);
    if (reset)
        cpmsync_batch_reset(&bench->batch, 43);
    else
        cpmsync_batch_release(&bench->batch);
    for (uint32_t uid = 11; uid < 310; uid += 3)
        put(bench, uid, uid % 2 ? "odd" : "even", uid);
    const struct cpmsync_range ranges[] = {{1, 2}, {100, 140}};
    cpmsync_batch_vanish(&bench->batch, ranges, 2, false, NULL);
    put(bench, 14, "d", 500);
    cpmsync_batch_cover(&bench->batch, 11, 310);
    cpmsync_batch_cursor(&bench->batch, 600);
    return cpmsync_batch_commit(&bench->batch);
}

static void check_after_failure(struct bench *bench, int error, int expected)
{
    assert_true(error == 0 || error == expected);
    if (error) {
        /* Reading back may have failed too; then abort again is what the owner does. */
        if (bench->batch.error)
            assert_int_equal(cpmsync_batch_abort(&bench->batch), expected);
        support_mirror_restart(&bench->mirror);
    }
    assert_int_equal(bench->batch.error, 0);
    assert_cache_is_the_store(bench);
}

static void test_r_16_every_store_call_fails_in_turn(void **state)
{
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        for (int on = 0; on < 2; on++) {
            uint64_t tried = 0;
            for (bool whole = false; !whole;) {
                struct bench bench;
                open_bench(&bench);
                first_sync(&bench);
                tried++;
                if (on)
                    support_store_fail_from(&bench.failing, SUPPORT_STORE_ANY, tried, CPMSYNC_ERR_STORE_FULL);
                else
                    support_store_fail_at(&bench.failing, SUPPORT_STORE_ANY, tried, CPMSYNC_ERR_STORE_FULL);
                int error = change_everything(&bench, reset);
                whole = bench.failing.failures == 0;
                support_store_fail_at(&bench.failing, SUPPORT_STORE_ANY, 0, 0);
                assert_true(whole ? error == 0 : error != 0 || bench.mailbox->marked); /* or only the mark stayed */
                if (bench.batch.error)
                    cpmsync_batch_abort(&bench.batch);
                check_after_failure(&bench, error, CPMSYNC_ERR_STORE_FULL);
                assert_int_equal(bench.mailbox->cache.uidvalidity, error == 0 && reset ? 43 : 42);
                assert_int_equal(change_everything(&bench, reset), 0);
                assert_mirrored(&bench);
                close_bench(&bench);
            }
            assert_in_range(tried, 8, 60);
        }
    }
}

static void test_r_16_every_allocation_fails_in_turn(void **state)
{
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        for (int on = 0; on < 2; on++) {
            uint64_t tried = 0;
            for (bool whole = false; !whole;) {
                struct bench bench;
                open_bench(&bench);
                first_sync(&bench);
                tried++;
                if (on)
                    support_allocator_fail_from(&bench.allocator, tried);
                else
                    support_allocator_fail_at(&bench.allocator, tried);
                int error = change_everything(&bench, reset);
                whole = bench.allocator.failures == 0;
                support_allocator_fail_at(&bench.allocator, 0);
                if (bench.batch.error)
                    cpmsync_batch_abort(&bench.batch);
                check_after_failure(&bench, error, CPMSYNC_ERR_NOMEM);
                assert_int_equal(change_everything(&bench, reset), 0);
                assert_mirrored(&bench);
                close_bench(&bench);
            }
            assert_in_range(tried, 8, 200);
        }
    }
}

static void test_clear_rolls_back_what_is_open(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    first_sync(&bench);
    vanish(&bench, 1, 10);
    close_mailbox(&bench);
    assert_int_equal(cpmsync_view_messages(&bench.failing.store, NULL, "INBOX", see_info, NULL, NULL), 0);
    assert_int_equal(stored_messages, 3);
    assert_int_equal(open_mailbox(&bench), 0);
    close_bench(&bench);
}

/* ---- descriptors */

/* Size and date are the whole of one. */
static void open_described(struct bench *bench)
{
    static const char *const none[] = {NULL};
    static struct cpmsync_header_list fields;

    open_bench(bench);
    close_mailbox(bench);
    assert_int_equal(cpmsync_header_list_init(&fields, NULL, none, 0), 0);
    bench->fields = &fields;
    assert_int_equal(open_mailbox(bench), 0);
    cpmsync_batch_reset(&bench->batch, 42);
}

static void close_described(struct bench *bench)
{
    cpmsync_header_list_clear((struct cpmsync_header_list *)(uintptr_t)bench->fields);
    close_bench(bench);
}

static void test_a_descriptor_is_told_and_stored_with_its_message(void **state)
{
    struct bench bench;

    (void)state;
    open_described(&bench);
    assert_int_equal(put_described(&bench, 5, 44), 1);
    assert_int_equal(put(&bench, 6, "\\Seen", 0), 1);
    assert_int_equal(cpmsync_batch_cover(&bench.batch, 1, 6), 0);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42|5 0 {44}|6 0 \\Seen|batch 7 0|");
    assert_mirrored(&bench);
    assert_int_equal(bench.mailbox->lacking.count, 1); /* UID 6 */
    close_mailbox(&bench);
    assert_int_equal(open_mailbox(&bench), 0);
    assert_int_equal(bench.mailbox->lacking.count, 1);
    assert_int_equal(bench.mailbox->lacking.ranges[0].first, 6);
    assert_int_equal(vanish(&bench, 5, 5), 0);
    assert_int_equal(put_described(&bench, 6, 45), 1);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42 1:6|6 0 {45}|gone 5:5|batch 7 0|");
    assert_int_equal(bench.mailbox->lacking.count, 0);
    assert_mirrored(&bench); /* what is gone took its descriptor along */
    close_described(&bench);
}

static void test_r_16_what_lacks_is_as_before_behind_a_lost_batch(void **state)
{
    struct bench bench;

    (void)state;
    open_described(&bench);
    put(&bench, 5, "", 0);
    put_described(&bench, 6, 7);
    cpmsync_batch_cover(&bench.batch, 1, 6);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42|5 0|6 0 {7}|batch 7 0|");
    put_described(&bench, 5, 8);
    put(&bench, 9, "", 0);
    assert_int_equal(cpmsync_batch_settle(&bench.batch), 0);
    assert_int_equal(bench.mailbox->lacking.ranges[0].first, 9);
    cpmsync_batch_abort(&bench.batch);
    assert_int_equal(bench.mailbox->lacking.count, 1);
    assert_int_equal(bench.mailbox->lacking.ranges[0].first, 5);
    assert_heard(&bench, "5 0 {8}|9 0|");
    /* All is told again, with the descriptors that are stored. */
    put_described(&bench, 5, 8);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42 1:6|5 0|6 0 {7}|gone 1:4 7:4294967295|5 0 {8}|batch 7 0|");
    assert_mirrored(&bench);
    close_described(&bench);
}

static void test_a_descriptor_that_is_held_back_is_told_when_it_is_released(void **state)
{
    struct bench bench;

    (void)state;
    open_described(&bench);
    put_described(&bench, 5, 44);
    cpmsync_batch_cover(&bench.batch, 1, 6);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_heard(&bench, "begin 42|5 0 {44}|batch 7 0|");
    cpmsync_batch_hold(&bench.batch);
    put(&bench, 5, "\\Seen", 0);
    put_described(&bench, 8, 3);
    assert_heard(&bench, "");
    assert_int_equal(cpmsync_batch_release(&bench.batch), 0);
    assert_heard(&bench, "5 0 \\Seen {44}|8 0 {3}|");
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    assert_mirrored(&bench);
    close_described(&bench);
}

static void test_without_descriptors_what_comes_lacks_them_later(void **state)
{
    struct bench bench;

    (void)state;
    open_described(&bench);
    const struct cpmsync_header_list *fields = bench.fields;
    put_described(&bench, 5, 44);
    cpmsync_batch_cover(&bench.batch, 1, 6);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    close_mailbox(&bench);
    bench.fields = NULL;
    assert_int_equal(open_mailbox(&bench), 0);
    put_described(&bench, 6, 3);
    assert_int_equal(cpmsync_batch_commit(&bench.batch), 0);
    close_mailbox(&bench);
    bench.fields = fields;
    assert_int_equal(open_mailbox(&bench), 0);
    assert_int_equal(bench.mailbox->lacking.count, 1);
    assert_int_equal(bench.mailbox->lacking.ranges[0].last, 6);
    assert_mirrored(&bench);
    close_described(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r_17_a_first_batch_begins_and_ends),
        cmocka_unit_test(test_r_17_begin_names_the_covered_uids_after_every_open),
        cmocka_unit_test(test_r_17_an_app_hears_begin_even_when_nothing_changed),
        cmocka_unit_test(test_r_17_begin_does_not_name_what_this_batch_covers),
        cmocka_unit_test(test_r_17_what_is_cached_beyond_the_covered_uids_is_told_again),
        cmocka_unit_test(test_q_15_held_events_leave_when_the_uidvalidity_is_confirmed),
        cmocka_unit_test(test_q_15_held_events_of_another_generation_never_leave),
        cmocka_unit_test(test_r_17_after_a_reset_that_was_lost_all_is_told_again),
        cmocka_unit_test(test_v_02_a_reset_behind_a_reset),
        cmocka_unit_test(test_r_17_what_comes_back_is_told_behind_the_commit),
        cmocka_unit_test(test_q_33_a_huge_range_is_intersected),
        cmocka_unit_test(test_q_29_vanish_of_rows_that_still_wait_for_the_store),
        cmocka_unit_test(test_r_16_the_apps_refusal_loses_nothing),
        cmocka_unit_test(test_errors_are_sticky_until_the_batch_ends),
        cmocka_unit_test(test_r_16_a_batch_that_cannot_be_read_back_stays_failed),
        cmocka_unit_test(test_r_16_every_store_call_fails_in_turn),
        cmocka_unit_test(test_r_16_every_allocation_fails_in_turn),
        cmocka_unit_test(test_clear_rolls_back_what_is_open),
        cmocka_unit_test(test_a_descriptor_is_told_and_stored_with_its_message),
        cmocka_unit_test(test_r_16_what_lacks_is_as_before_behind_a_lost_batch),
        cmocka_unit_test(test_a_descriptor_that_is_held_back_is_told_when_it_is_released),
        cmocka_unit_test(test_without_descriptors_what_comes_lacks_them_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
