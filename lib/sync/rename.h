/* SPDX-License-Identifier: MIT */
/*
 * Cached mailboxes that have other names now. The store is changed first, all of it in one transaction that also writes down
 * what the app is to be told; then the app is told, and what it heard is struck out. Whoever finds something written down
 * tells it before anything else of these mailboxes, so the app hears of each rename at least once, and hearing it again does
 * no harm: nothing else has the old name until it is struck out. Everything survives the loss of power, since the app may
 * keep what it was told.
 */
#ifndef CPMSYNC_SYNC_RENAME_H
#define CPMSYNC_SYNC_RENAME_H

#include <cpmsync/client.h>

#include "base/slice.h"

struct cpmsync_rename {
    char *from; /* keys, NUL-terminated */
    char *to;
    uint32_t uidvalidity;
    bool behind; /* `to` is the `from` of an earlier step: that one must have been heard before this one is told */
};

struct cpmsync_renames {
    const struct cpmsync_allocator *mem;
    struct cpmsync_rename *steps;
    size_t count, capacity;
};

void cpmsync_renames_init(struct cpmsync_renames *renames, const struct cpmsync_allocator *mem);
void cpmsync_renames_clear(struct cpmsync_renames *renames);

/* The cached mailbox `from` is now `to`. No name is `from` twice, none `to` twice, and they differ. 0, CPMSYNC_ERR_NOMEM. */
int cpmsync_renames_add(
    struct cpmsync_renames *renames, struct cpmsync_slice from, struct cpmsync_slice to, uint32_t uidvalidity);

/* Takes a step out; another one comes into its place. */
void cpmsync_renames_remove(struct cpmsync_renames *renames, size_t at);

/* Whether a mailbox of this name is renamed, or another one to it. */
bool cpmsync_renames_from(const struct cpmsync_renames *renames, const char *name);
bool cpmsync_renames_to(const struct cpmsync_renames *renames, const char *name);

/*
 * Puts the steps into an order in which each finds its new name free or given up, a circle by way of a name that is nobody's,
 * and renames in the store. What has a new name there and is not renamed itself is replaced. 0, CPMSYNC_ERR_NOMEM, the store's
 * error: then nothing is changed.
 */
int cpmsync_renames_store(struct cpmsync_renames *renames, const struct cpmsync_store *store);

/*
 * Tells what is written down and was not heard yet. 0, CPMSYNC_ERR_ABORTED if the app refuses, CPMSYNC_ERR_NOMEM, the store's
 * error: then what is left is told the next time.
 */
int cpmsync_renames_tell(const struct cpmsync_store *store, const struct cpmsync_allocator *mem,
    int (*event)(void *ctx, const struct cpmsync_event *event), void *ctx);

#endif
