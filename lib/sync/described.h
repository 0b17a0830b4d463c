/* SPDX-License-Identifier: MIT */
/*
 * The descriptors of a batch, on their way from a FETCH to the store and the app: none stays in memory. What stays is which
 * messages lack theirs (`lacking` of the mailbox); what a batch changes of that is gathered here until it is settled.
 */
#ifndef CPMSYNC_SYNC_DESCRIBED_H
#define CPMSYNC_SYNC_DESCRIBED_H

#include "sync/descriptor.h"
#include "sync/open_mailbox.h"

struct cpmsync_described {
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_uidset lacks; /* since it was settled: these were cached without */
    struct cpmsync_uidset whole; /* and these got theirs */
    bool came_back;              /* some of those cached without may have had it before, and were gone in between */
    struct cpmsync_buf old_octets;
    struct cpmsync_buf new_octets;
    struct cpmsync_description description;
};

void cpmsync_described_init(struct cpmsync_described *described, struct cpmsync_open_mailbox *mailbox);
void cpmsync_described_clear(struct cpmsync_described *described);
/* The batch is lost. */
void cpmsync_described_forget(struct cpmsync_described *described);

/* What the store has of the message: valid until the next call here; NULL if it has none that this version wrote. 0, or the
 * store's error. */
int cpmsync_described_read(
    struct cpmsync_described *described, uint32_t uid, const struct cpmsync_descriptor **descriptor);

/*
 * What a FETCH said of a message that is cached, in the store's open transaction; *descriptor is NULL if it said nothing, and
 * becomes what is known of it now, valid until the next call here. `added`: the message was not cached before;
 * `some_gone`: others of the batch are gone. 0, CPMSYNC_ERR_NOMEM, or the store's error.
 */
int cpmsync_described_keep(struct cpmsync_described *described, uint32_t uid, bool added, bool some_gone,
    const struct cpmsync_descriptor **descriptor);

/* `lacking` becomes what it is, until more is kept. 0 or CPMSYNC_ERR_NOMEM. */
int cpmsync_described_settle(struct cpmsync_described *described);

#endif
