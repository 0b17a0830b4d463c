/* SPDX-License-Identifier: MIT */
/*
 * When to connect again after a connection failed: each time later, spread at random so that a whole network of clients does
 * not come back at once. Plain arithmetic: the clock and the random octets are the caller's.
 */
#ifndef CPMSYNC_CLIENT_BACKOFF_H
#define CPMSYNC_CLIENT_BACKOFF_H

#include <stdint.h>

#include <cpmsync/types.h>

struct cpmsync_backoff {
    int64_t least_ms, most_ms; /* of the delays; CPMSYNC_NEVER as `most_ms`: it grows without end */
    uint32_t failures;         /* in a row */
    int64_t retry_at;          /* not before; INT64_MIN: at once */
    uint32_t before;           /* failures there were until it worked, at `worked_at` */
    int64_t worked_at;
};

void cpmsync_backoff_init(struct cpmsync_backoff *backoff, int64_t least_ms, int64_t most_ms);

/* One more failure at `now`: the delay doubles with each, and half of it is as `random` says. */
void cpmsync_backoff_failed(struct cpmsync_backoff *backoff, int64_t now, uint32_t random);

/* It works. If it fails within `least_ms` that was no success: the delays go on where they were. */
void cpmsync_backoff_worked(struct cpmsync_backoff *backoff, int64_t now);

/* There is reason to try at once: the network came back. */
void cpmsync_backoff_reset(struct cpmsync_backoff *backoff);

#endif
