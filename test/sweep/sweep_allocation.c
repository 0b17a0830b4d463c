/* SPDX-License-Identifier: MIT */
/* Each allocation fails, the client's and the store's: the n-th alone, and all from the n-th on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep/sweep.h"

/* How many there are when none fails. */
static size_t count(const struct golden *golden)
{
    struct sweep sweep;
    struct golden_play how = {0};
    bool good = sweep_open(&sweep, golden);
    uint64_t before = sweep.allocator.calls;

    good = good && sweep_play(&sweep, &how);
    size_t calls = (size_t)(sweep.allocator.calls - before);
    if (!sweep_close(&sweep) || !good)
        fail_msg("none failing: %s", sweep.why);
    return calls;
}

/* The n-th fails, and with `on` all behind it. True if it did. */
static bool fail_one(const struct golden *golden, size_t n, bool on)
{
    struct sweep sweep;
    struct golden_play how = {0};

    bool good = sweep_open(&sweep, golden);
    if (on)
        support_allocator_fail_from(&sweep.allocator, n);
    else
        support_allocator_fail_at(&sweep.allocator, n);
    how.failures = &sweep.allocator.failures;
    good = good && sweep_play(&sweep, &how);
    bool failed = sweep.allocator.failures > 0;
    good = good && sweep_recover(&sweep);
    if (!sweep_close(&sweep) || !good)
        fail_msg("allocation %zu failing%s: %s", n, on ? ", and all behind it" : "", sweep.why);
    return failed;
}

static void fail_each(void **state)
{
    const struct golden *golden = *state;
    size_t calls = count(golden);
    size_t tried = 0;

    for (size_t n = 1; n <= calls; n++) {
        tried += fail_one(golden, n, false);
        tried += fail_one(golden, n, true);
    }
    sweep_counted(golden, tried, 2 * calls);
}

int main(int argc, char **argv)
{
    return sweep_main(argc, argv, "allocations", fail_each);
}
