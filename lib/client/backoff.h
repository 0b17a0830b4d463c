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
};

void cpmsync_backoff_init(struct cpmsync_backoff *backoff, int64_t least_ms, int64_t most_ms);

/* One more failure at `now`: the delay doubles with each, and half of it is as `random` says. */
void cpmsync_backoff_failed(struct cpmsync_backoff *backoff, int64_t now, uint32_t random);

/* It works, or there is reason to try at once: the network came back. */
void cpmsync_backoff_reset(struct cpmsync_backoff *backoff);

#endif
