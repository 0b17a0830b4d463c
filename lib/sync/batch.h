/* SPDX-License-Identifier: MIT */
/*
 * The commit rule (R15 to R17): one command's changes go into the cache, to the app as events, and into one transaction of
 * the store, and are committed together with the cursors at its tagged OK, or all thrown away.
 *
 * Messages that are there are told as they come, ahead of the commit: should it fail, all that is cached is told again while
 * the mailbox is open, and later the next synchronisation finds them again. Messages that are gone are told at the end, since
 * only an honest server would say it again: the record is committed with a mark, then they are told, then the mark is taken
 * away. A mailbox found marked is told to the app anew, all of it.
 *
 * Errors are sticky: after the first one every call does nothing and returns it, until commit or abort ends the batch.
 */
#ifndef CPMSYNC_SYNC_BATCH_H
#define CPMSYNC_SYNC_BATCH_H

#include <cpmsync/client.h>

#include "cache/flag_names.h"
#include "sync/described.h"

enum { CPMSYNC_BATCH_ROWS = 256 };

/* How events leave; a non-zero verdict refuses the batch. The event's `mailbox` and `size` are filled by the batch. */
struct cpmsync_batch_upward {
    void *ctx;
    int (*event)(void *ctx, const struct cpmsync_event *event);
};

struct cpmsync_batch_counts {
    uint64_t added, flags_changed, vanished;
};

struct cpmsync_batch {
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_batch_upward up;
    struct cpmsync_batch_counts counts; /* of committed batches */

    bool open; /* the store's transaction is open */
    int error;
    bool changed;   /* something is to be committed */
    bool reset_due; /* RESET is to be told in front of the next event */
    bool told;      /* a message was, that is not committed yet: if the batch is lost, all is told again (R17) */
    bool held;      /* UIDVALIDITY is not confirmed yet: no event may leave (R17, Q-15) */
    struct cpmsync_uidset held_put;
    bool held_described;        /* with a descriptor among them */
    struct cpmsync_uidset gone; /* not told yet */
    bool contradicts;           /* the store holds what is gone, or knows that what is there was gone */
    bool all_due;               /* all there is is to be told */
    struct cpmsync_batch_counts pending;

    /* rows on their way to the store, ascending */
    uint32_t uid[CPMSYNC_BATCH_ROWS];
    uint64_t modseq[CPMSYNC_BATCH_ROWS];
    uint32_t flagset[CPMSYNC_BATCH_ROWS];
    size_t rows;

    struct cpmsync_flag_names flags; /* of the last event */

    struct cpmsync_described described;
};

void cpmsync_batch_init(
    struct cpmsync_batch *batch, struct cpmsync_open_mailbox *mailbox, const struct cpmsync_batch_upward *up);
/* Aborts what is open and frees. */
void cpmsync_batch_clear(struct cpmsync_batch *batch);

/* Events are held back until release (the UIDVALIDITY is confirmed) or reset (it is another one). */
void cpmsync_batch_hold(struct cpmsync_batch *batch);
int cpmsync_batch_release(struct cpmsync_batch *batch);

/* A new generation: cache, rows and cursors emptied (V-02). If the mailbox had been synchronised before, RESET is told in
 * front of the batch's first event: a SELECT that is cut before its OK must not empty what the app holds. If the batch is lost
 * and the old UIDVALIDITY comes back, all of it is told again. */
int cpmsync_batch_reset(struct cpmsync_batch *batch, uint32_t uidvalidity);

/* A message's news. 1 if it is cached now, 0 if it says nothing that can be held, or an error. Its descriptor goes to the store
 * and to the app; if only parts of it came, with those that came before. */
int cpmsync_batch_put(struct cpmsync_batch *batch, const struct cpmsync_cache_news *news);

/*
 * The messages in `count` ranges, in any order, are gone; *removed (may be NULL) is how many of them were cached.
 * The app is told at the end of the batch: of all in these ranges if `announce`, else only of what was cached.
 */
int cpmsync_batch_vanish(
    struct cpmsync_batch *batch, const struct cpmsync_range *ranges, size_t count, bool announce, size_t *removed);

/* Cursors, to be committed with the batch. */
int cpmsync_batch_cover(struct cpmsync_batch *batch, uint32_t first, uint32_t last);
int cpmsync_batch_uncover(struct cpmsync_batch *batch, uint32_t first); /* this UID and all above */
int cpmsync_batch_cursor(struct cpmsync_batch *batch, uint64_t highestmodseq);
/* `lacking` of the mailbox is what it is from here on, until more is put. 0, or the batch's error. */
int cpmsync_batch_settle(struct cpmsync_batch *batch);
/* The messages from first to last do not lack their descriptors any more, whether they have them or not. */
int cpmsync_batch_give_up(struct cpmsync_batch *batch, uint32_t first, uint32_t last);
int cpmsync_batch_bits(struct cpmsync_batch *batch, unsigned bits);
/* A value of the record's `extra` (mailbox_extra.h), likewise. */
int cpmsync_batch_extra(struct cpmsync_batch *batch, unsigned tag, struct cpmsync_slice value);

/* Tells BATCH, commits. On any error, the app's refusal (CPMSYNC_ERR_ABORTED) among them, everything is as before; but where
 * messages were gone it is told, and can be refused, behind the commit: then all is told again in the next batch. */
int cpmsync_batch_commit(struct cpmsync_batch *batch);

/* Everything as before the batch. Returns the error that made the batch fail, or of reading the mailbox again: then the
 * batch stays failed, and abort can be called once more. */
int cpmsync_batch_abort(struct cpmsync_batch *batch);

#endif
