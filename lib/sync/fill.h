/* SPDX-License-Identifier: MIT */
/*
 * The descriptors that cached messages lack, asked for by and by in ranges: of messages that became known by flags alone, or
 * that were cached without descriptors or with other fields. Each message is asked for once in a synchronisation; what was not
 * told then is not asked for again.
 */
#ifndef CPMSYNC_SYNC_FILL_H
#define CPMSYNC_SYNC_FILL_H

#include "sync/batch.h"

struct cpmsync_fill {
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_uidset tried; /* asked for, answered or not */
    uint64_t next;               /* where the next range begins */
    uint32_t width;              /* messages in it */
};

void cpmsync_fill_init(struct cpmsync_fill *fill, struct cpmsync_open_mailbox *mailbox);
void cpmsync_fill_clear(struct cpmsync_fill *fill);

/* What was asked for was asked in vain: another SELECT follows. */
void cpmsync_fill_restart(struct cpmsync_fill *fill);

/* A cached message lacks its descriptor and was not asked for. `lacking` must be settled. */
bool cpmsync_fill_due(const struct cpmsync_fill *fill);

/* Fills *set, which is empty, with what to ask for next; leaves it empty if there is nothing. 0, CPMSYNC_ERR_NOMEM. */
int cpmsync_fill_next(struct cpmsync_fill *fill, struct cpmsync_uidset *set);

/* The range from first to last was answered: what of it is lacking still, the server does not tell. Or refused: it is asked
 * for again in smaller ones, but for a single message. 0, or the batch's error. */
int cpmsync_fill_answered(struct cpmsync_fill *fill, struct cpmsync_batch *batch, uint32_t first, uint32_t last);
int cpmsync_fill_refused(struct cpmsync_fill *fill, struct cpmsync_batch *batch, uint32_t first, uint32_t last);

#endif
