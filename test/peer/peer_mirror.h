/* SPDX-License-Identifier: MIT */
/* What an app holds of a mailbox: made of the library's events alone, or read from its cache. */
#ifndef PEER_MIRROR_H
#define PEER_MIRROR_H

#include "peer_truth.h"

#include <cpmsync/client.h>

/* Does to the mirror of the event's mailbox what it says. */
void peer_mirror_apply(struct peer_truth *mirror, const struct cpmsync_event *event);

/* Fills *cache from the store; a cpmsync error, with *cache to be cleared all the same. */
int peer_mirror_view(struct peer_truth *cache, const struct cpmsync_store *store, const char *mailbox);
/* And their descriptors; while nothing is under way. */
int peer_mirror_view_descriptors(struct peer_truth *cache, const struct cpmsync_store *store, const char *mailbox);

#endif
