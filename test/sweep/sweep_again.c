/* SPDX-License-Identifier: MIT */
/*
 * The client goes on behind the failure (R16: memory is never ahead of the store): the n-th allocation, or the n-th call
 * of the store, and all from the n-th on; then the same client synchronises again. Twice: in the transcript, where the
 * link is gone afterwards, and in a synchronisation with the server that the transcript describes, where it stays if the
 * client keeps it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sweep/sweep.h"

enum what { ALLOCATION, STORE_CALL };
enum where { TRANSCRIPT, SERVER };

/* One position; `n` 0: nothing fails. */
struct failure {
    enum what what;
    enum where where;
    size_t n;
    bool on; /* all behind it fail, too */
    struct sweep sweep;
    uint64_t before;
    size_t calls; /* there were */
    bool failed;
};

static uint64_t calls_of(const struct failure *failure)
{
    const struct sweep *sweep = &failure->sweep;

    return failure->what == ALLOCATION ? sweep->allocator.calls : sweep->store.calls[SUPPORT_STORE_ANY];
}

static const uint64_t *failures_of(const struct failure *failure)
{
    return failure->what == ALLOCATION ? &failure->sweep.allocator.failures : &failure->sweep.store.failures;
}

static void let_fail(void *ctx, bool over)
{
    struct failure *failure = ctx;
    struct sweep *sweep = &failure->sweep;

    if (over) {
        failure->calls = (size_t)(calls_of(failure) - failure->before);
        failure->failed = *failures_of(failure) > 0;
        return;
    }
    failure->before = calls_of(failure);
    if (failure->what == ALLOCATION)
        (failure->on ? support_allocator_fail_from : support_allocator_fail_at)(&sweep->allocator, failure->n);
    else
        (failure->on ? support_store_fail_from : support_store_fail_at)(
            &sweep->store, SUPPORT_STORE_ANY, failure->n, CPMSYNC_ERR_STORE);
}

static void go_on(void *ctx, struct cpmsync_client *client, int64_t now)
{
    struct failure *failure = ctx;

    let_fail(failure, true);
    sweep_go_on(&failure->sweep, client, now);
}

static void hear(void *ctx, const struct cpmsync_event *event)
{
    struct failure *failure = ctx;

    sweep_hear(&failure->sweep, event);
}

/* Without a client (making it is what failed) a new one synchronises. */
static bool in_transcript(struct failure *failure)
{
    struct sweep *sweep = &failure->sweep;
    struct golden_play how = {0};

    how.failures = failures_of(failure);
    how.again = go_on;
    how.event = hear;
    how.ctx = failure;
    let_fail(failure, false);
    if (!sweep_play(sweep, &how) || sweep->why[0])
        return false;
    if (sweep->went_on)
        return true;
    let_fail(failure, true);
    return failure->n == 0 || sweep_recover(sweep);
}

static bool with_server(struct failure *failure)
{
    struct sweep *sweep = &failure->sweep;

    for (size_t i = 0; i < sweep->mailbox_count; i++)
        support_mirror_restart(&sweep->mirrors[i]);
    return sweep_sync_twice(sweep, let_fail, failure) && sweep_equal_mirrors(sweep);
}

static void run(struct failure *failure, const struct golden *golden)
{
    struct sweep *sweep = &failure->sweep;
    bool good =
        sweep_open(sweep, golden) && (failure->where == TRANSCRIPT ? in_transcript(failure) : with_server(failure));

    if (!sweep_close(sweep) || !good)
        fail_msg("%s %zu failing%s in the %s: %s", failure->what == ALLOCATION ? "allocation" : "store call",
            failure->n, failure->on ? ", and all behind it," : "",
            failure->where == TRANSCRIPT ? "transcript" : "conversation with the server", sweep->why);
}

static bool fail_one(const struct golden *golden, const struct failure *kind, size_t n, bool on)
{
    struct failure failure = *kind;

    failure.n = n;
    failure.on = on;
    run(&failure, golden);
    return failure.failed;
}

static void fail_each(void **state)
{
    const struct golden *golden = *state;
    size_t tried = 0;
    size_t there = 0;

    for (unsigned i = 0; i < 4; i++) {
        struct failure none = {0};
        none.what = i & 1 ? STORE_CALL : ALLOCATION;
        none.where = i & 2 ? SERVER : TRANSCRIPT;
        struct failure counted = none;
        run(&counted, golden);
        for (size_t n = 1; n <= counted.calls; n++) {
            tried += fail_one(golden, &none, n, false);
            tried += fail_one(golden, &none, n, true);
        }
        there += 2 * counted.calls;
    }
    sweep_counted(golden, tried, there);
}

int main(int argc, char **argv)
{
    return sweep_main(argc, argv, "failures the client goes on behind", fail_each);
}
