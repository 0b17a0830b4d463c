/* SPDX-License-Identifier: MIT */
/* Each call of the store fails: the n-th alone, and all from the n-th on. */
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
    uint64_t before = sweep.store.calls[SUPPORT_STORE_ANY];

    good = good && sweep_play(&sweep, &how);
    size_t calls = (size_t)(sweep.store.calls[SUPPORT_STORE_ANY] - before);
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
        support_store_fail_from(&sweep.store, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
    else
        support_store_fail_at(&sweep.store, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
    how.failures = &sweep.store.failures;
    good = good && sweep_play(&sweep, &how);
    bool failed = sweep.store.failures > 0;
    good = good && sweep_recover(&sweep);
    if (!sweep_close(&sweep) || !good)
        fail_msg("store call %zu failing%s: %s", n, on ? ", and all behind it" : "", sweep.why);
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
    return sweep_main(argc, argv, "store calls", fail_each);
}
