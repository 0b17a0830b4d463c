/* SPDX-License-Identifier: MIT */
/* Renames in the store and in the app, which hears of them at least once: whatever fails in between, both end equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "sync/rename.h"

enum { NAMES = 8, HELD_MAX = 16 };

/* A mailbox: its name, and which it was. */
struct held {
    char name[32];
    uint64_t which;
};

struct app {
    struct held held[HELD_MAX];
    size_t count;
    char heard[512];
    int64_t refuse_in; /* so many events, -1: none */
    bool deaf;         /* what is refused is not done either */
};

struct bench {
    struct support_allocator allocator;
    struct support_store store;
    struct cpmsync_renames renames;
    struct app app;
};

/* ---- the app */

static struct held *find(struct app *app, const char *name)
{
    for (size_t i = 0; i < app->count; i++)
        if (strcmp(app->held[i].name, name) == 0)
            return &app->held[i];
    return NULL;
}

static void drop(struct app *app, const char *name)
{
    struct held *held = find(app, name);

    if (held)
        *held = app->held[--app->count];
}

static void hold(struct app *app, const char *name, uint64_t which)
{
    assert_true(app->count < HELD_MAX);
    snprintf(app->held[app->count].name, sizeof app->held[0].name, "%s", name);
    app->held[app->count++].which = which;
}

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    struct app *app = ctx;
    size_t len = strlen(app->heard);
    bool refuse = app->refuse_in == 0;

    assert_int_equal(event->type, CPMSYNC_EVENT_MAILBOX_RENAMED);
    assert_int_equal(event->size, sizeof *event);
    assert_int_equal(event->uidvalidity, 42);
    snprintf(app->heard + len, sizeof app->heard - len, "%s>%s ", event->old_mailbox, event->mailbox);
    if (app->refuse_in >= 0)
        app->refuse_in--;
    struct held *old = find(app, event->old_mailbox);
    if (old && !(refuse && app->deaf)) {
        uint64_t which = old->which;
        drop(app, event->old_mailbox);
        drop(app, event->mailbox);
        hold(app, event->mailbox, which);
    }
    return refuse;
}

/* ---- the store */

static void put(struct bench *bench, const char *name, uint64_t which)
{
    const struct cpmsync_store *store = &bench->store.inner;
    struct cpmsync_store_mailbox record = {.size = sizeof record, .name = (const uint8_t *)name};

    record.name_len = strlen(name);
    record.uidvalidity = 42;
    record.uidnext = 1;
    record.highestmodseq = which;
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->mailbox_put(store->self, &record), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
    hold(&bench->app, name, which);
}

static int compare(void *ctx, const struct cpmsync_store_mailbox *record)
{
    struct app *app = ctx;
    char name[32];

    snprintf(name, sizeof name, "%.*s", (int)record->name_len, (const char *)record->name);
    struct held *held = find(app, name);
    assert_non_null(held);
    assert_int_equal(held->which, record->highestmodseq);
    app->refuse_in++; /* counts */
    return 0;
}

static void assert_app_is_store(struct bench *bench)
{
    struct app app = bench->app;

    app.refuse_in = 0;
    assert_int_equal(bench->store.inner.ops->mailbox_each(bench->store.inner.self, compare, &app), 0);
    assert_int_equal(app.refuse_in, app.count);
    assert_int_equal(bench->store.abuses, 0);
}

static void open_bench(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    support_allocator_init(&bench->allocator);
    assert_int_equal(support_store_open(&bench->store, NULL), 0);
    cpmsync_renames_init(&bench->renames, &bench->allocator.mem);
    bench->app.refuse_in = -1;
}

static void close_bench(struct bench *bench)
{
    cpmsync_renames_clear(&bench->renames);
    assert_int_equal(bench->allocator.live_blocks, 0);
    support_store_close(&bench->store);
}

static void add(struct bench *bench, const char *from, const char *to)
{
    assert_int_equal(cpmsync_renames_add(&bench->renames, cpmsync_slice_str(from), cpmsync_slice_str(to), 42), 0);
}

static int tell(struct bench *bench)
{
    return cpmsync_renames_tell(&bench->store.store, &bench->allocator.mem, on_event, &bench->app);
}

/* ---- one after the other */

static void assert_told(const char *const *pairs, const char *heard)
{
    struct bench bench;

    open_bench(&bench);
    for (uint64_t i = 0; i < 4; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        put(&bench, name, i + 1);
    }
    for (; *pairs; pairs += 2)
        add(&bench, pairs[0], pairs[1]);
    assert_int_equal(cpmsync_renames_store(&bench.renames, &bench.store.store), 0);
    assert_int_equal(tell(&bench), 0);
    assert_true(!*heard || bench.store.durability == CPMSYNC_STORE_DURABLE);
    assert_string_equal(bench.app.heard, heard);
    assert_app_is_store(&bench);
    assert_int_equal(tell(&bench), 0); /* heard is heard */
    assert_string_equal(bench.app.heard, heard);
    close_bench(&bench);
}

static void test_r_17_renames_are_told_in_an_order_that_loses_nothing(void **state)
{
    (void)state;
    assert_told((const char *const[]){NULL}, "");
    assert_told((const char *const[]){"a", "x", NULL}, "a>x ");
    assert_told((const char *const[]){"a", "b", NULL}, "a>b "); /* b was deleted */
    assert_told((const char *const[]){"a", "b", "b", "x", NULL}, "b>x a>b ");
    assert_told((const char *const[]){"c", "b", "b", "a", NULL}, "b>a c>b ");
    assert_told((const char *const[]){"b", "c", "a", "b", "c", "d", NULL}, "c>d b>c a>b ");
    assert_told((const char *const[]){"a", "b", "b", "a", NULL}, "a>\177"
                                                                 "1 b>a \177"
                                                                 "1>b ");
    assert_told((const char *const[]){"a", "b", "b", "c", "c", "a", "d", "x", NULL}, "a>\177"
                                                                                     "1 c>a b>c \177"
                                                                                     "1>b d>x ");
    assert_told((const char *const[]){"a", "b", "b", "a", "c", "d", "d", "c", NULL}, "a>\177"
                                                                                     "1 b>a \177"
                                                                                     "1>b c>\177"
                                                                                     "2 d>c \177"
                                                                                     "2>d ");
}

static void test_a_name_for_the_moment_is_nobodys(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    put(&bench, "a", 1);
    put(&bench, "b", 2);
    put(&bench,
        "\177"
        "1",
        3);
    put(&bench,
        "\177"
        "2",
        4);
    add(&bench, "a", "b");
    add(&bench, "b", "a");
    add(&bench,
        "\177"
        "2",
        "\177"
        "3");
    assert_int_equal(cpmsync_renames_store(&bench.renames, &bench.store.store), 0);
    assert_int_equal(tell(&bench), 0);
    assert_string_equal(bench.app.heard, "a>\177"
                                         "4 b>a \177"
                                         "4>b \177"
                                         "2>\177"
                                         "3 ");
    close_bench(&bench);
}

/* ---- anything fails anywhere */

static uint64_t chance;

static unsigned below(unsigned n)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(chance >> 33) % n;
}

/* Some of the first NAMES / 2 + 1 names are mailboxes; some of them have the names of others, or new ones. */
static void some_renames(struct bench *bench)
{
    unsigned order[NAMES];

    for (unsigned i = 0; i < NAMES; i++) {
        unsigned at = below(i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    for (unsigned i = 0; i < NAMES; i++) {
        char from[2] = {(char)('a' + i), '\0'}, to[2] = {(char)('a' + order[i]), '\0'};
        if (i > NAMES / 2)
            continue;
        put(bench, from, i + 1);
        if (order[i] != i && below(3))
            add(bench, from, to);
    }
}

/* False if nothing failed. */
static bool fail_once(uint64_t seed, unsigned kind, uint64_t n)
{
    struct bench bench;
    int error;

    chance = seed;
    open_bench(&bench);
    some_renames(&bench);
    struct app before = bench.app;
    if (kind == 0)
        support_store_fail_at(&bench.store, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
    else if (kind == 1)
        support_allocator_fail_at(&bench.allocator, n);
    else
        bench.app.refuse_in = (int64_t)n - 1;
    bench.app.deaf = kind == 3;
    int stored = error = cpmsync_renames_store(&bench.renames, &bench.store.store);
    if (stored)
        assert_app_is_store(&bench);
    else
        error = tell(&bench);
    bool failed = error != 0;
    support_store_fail_at(&bench.store, SUPPORT_STORE_ANY, 0, 0);
    support_allocator_fail_at(&bench.allocator, 0);
    bench.app.refuse_in = -1;
    assert_int_equal(error, !failed     ? 0
                            : kind == 0 ? CPMSYNC_ERR_STORE
                            : kind == 1 ? CPMSYNC_ERR_NOMEM
                                        : CPMSYNC_ERR_ABORTED);
    assert_int_equal(tell(&bench), 0);
    assert_app_is_store(&bench);
    assert_true(stored == 0 || memcmp(before.held, bench.app.held, sizeof before.held) == 0);
    close_bench(&bench);
    return failed;
}

static void test_r_17_whatever_fails_the_app_hears_of_every_rename(void **state)
{
    size_t failed = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        for (unsigned kind = 0; kind < 4; kind++)
            for (uint64_t n = 1; fail_once(seed, kind, n); n++)
                failed++;
    assert_in_range(failed, 1000, 100000);
}

static void test_what_is_written_down_and_damaged_is_an_error_once(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    const struct cpmsync_store *store = &bench.store.store;
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->value_put(store->self, "renames", (const uint8_t *)"a\0b\0x", 5), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
    assert_int_equal(tell(&bench), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(tell(&bench), 0);
    assert_string_equal(bench.app.heard, "");
    close_bench(&bench);
}

static void test_steps_can_be_taken_out(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    add(&bench, "a", "x");
    add(&bench, "b", "y");
    assert_true(cpmsync_renames_from(&bench.renames, "a"));
    cpmsync_renames_remove(&bench.renames, 0);
    assert_false(cpmsync_renames_from(&bench.renames, "a"));
    assert_true(cpmsync_renames_from(&bench.renames, "b"));
    assert_int_equal(bench.renames.count, 1);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r_17_renames_are_told_in_an_order_that_loses_nothing),
        cmocka_unit_test(test_a_name_for_the_moment_is_nobodys),
        cmocka_unit_test(test_r_17_whatever_fails_the_app_hears_of_every_rename),
        cmocka_unit_test(test_what_is_written_down_and_damaged_is_an_error_once),
        cmocka_unit_test(test_steps_can_be_taken_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
