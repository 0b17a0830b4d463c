/* SPDX-License-Identifier: MIT */
/* Changes that another client makes: the same seed and the same mailbox give the same changes. */
#ifndef PEER_CHANGE_H
#define PEER_CHANGE_H

#include "peer_client.h"

struct peer_random {
    uint64_t state;
};

void peer_random_seed(struct peer_random *random, uint64_t seed);
/* A number below `bound`, which is not 0. */
uint32_t peer_random_below(struct peer_random *random, uint32_t bound);

/* Delivers `count` messages; `flagged` sets random flags on some of them. */
void peer_change_deliver(
    struct peer_client *client, const char *mailbox, struct peer_random *random, uint32_t count, int flagged);

/* Exactly: a flag of `flags` messages changes, `expunges` other messages go, `deliveries` messages come. */
void peer_change_exactly(struct peer_client *client, const char *mailbox, struct peer_random *random, uint32_t flags,
    uint32_t expunges, uint32_t deliveries);

/*
 * Up to six random things: flags and keywords set, added, removed on one, some or all messages; messages expunged,
 * delivered, delivered and expunged at once, copied. Returns how many.
 */
uint32_t peer_change_some(struct peer_client *client, const char *mailbox, struct peer_random *random);

/* The same, or, seldom, the mailbox is deleted and made anew, with another UIDVALIDITY. */
void peer_change_round(struct peer_client *client, const char *mailbox, struct peer_random *random);

#endif
