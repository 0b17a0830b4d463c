/* SPDX-License-Identifier: MIT */
/* What an app holds of a mailbox: made of the library's events alone, or read from its cache. */
#ifndef PEER_MIRROR_H
#define PEER_MIRROR_H

#include "peer_truth.h"

#include <cpmsync/client.h>

/* Does to the mirror of the event's mailbox what it says. */
void peer_mirror_apply(struct peer_truth *mirror, const struct cpmsync_event *event);

/* There are descriptors of messages that are not: a batch is open, and the store is looked at through its own handle. */
enum { PEER_MIRROR_IN_BETWEEN = 1 };

/* Fills *cache from the store; that, or a cpmsync error, with *cache to be cleared all the same. */
int peer_mirror_view(struct peer_truth *cache, const struct cpmsync_store *store, const char *mailbox);

#endif
