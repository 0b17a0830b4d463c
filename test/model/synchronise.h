/* SPDX-License-Identifier: MIT */
/* A client of the world synchronises, and what must hold behind it. False with the world's `why` if it does not. */
#ifndef CPMSYNC_TEST_SYNCHRONISE_H
#define CPMSYNC_TEST_SYNCHRONISE_H

#include "model/world.h"

/* While the server changes, and the link may be cut: the end is open, the mirror is not. */
bool world_sync_in_noise(struct world *w, struct support_link *link, const char *box);
bool world_account_in_noise(struct world *w, struct support_link *link);

/* While nothing else happens: the store is the mirror, the server and the reference. */
bool world_sync_in_quiet(struct world *w, struct support_link *link, const char *box);
/* Of all mailboxes; those that are not there any more are told, and kept. One may be refused: the others are in sync. */
bool world_account_in_quiet(struct world *w, struct support_link *link);

#endif
