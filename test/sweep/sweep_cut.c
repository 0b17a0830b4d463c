/* SPDX-License-Identifier: MIT */
/* The link is cut in front of each octet the server says, and behind the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep/sweep.h"

static void cut(const struct golden *golden, size_t octets)
{
    struct sweep sweep;
    struct golden_play how = {0};

    how.cut = true;
    how.cut_at = octets;
    bool good = sweep_open(&sweep, golden) && sweep_play(&sweep, &how) && sweep_recover(&sweep);
    if (!sweep_close(&sweep) || !good)
        fail_msg("cut behind %zu octets: %s", octets, sweep.why);
}

static void cut_everywhere(void **state)
{
    const struct golden *golden = *state;
    size_t octets = golden_octets(golden);
    size_t tried = 0;

    for (size_t at = 0; octets && at <= octets; at++, tried++)
        cut(golden, at);
    sweep_counted(golden, tried, octets ? octets + 1 : 0);
}

int main(int argc, char **argv)
{
    return sweep_main(argc, argv, "cuts", cut_everywhere);
}
