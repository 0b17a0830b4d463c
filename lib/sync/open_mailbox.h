/* SPDX-License-Identifier: MIT */
/*
 * A mailbox that is open: its cache in memory, and the store it came from. The store holds the truth: when a batch is
 * aborted the cache is thrown away and read again (R16), so there is no undo log to be wrong.
 */
#ifndef CPMSYNC_SYNC_OPEN_MAILBOX_H
#define CPMSYNC_SYNC_OPEN_MAILBOX_H

#include <cpmsync/store.h>

#include "cache/cache.h"
#include "sync/mailbox_extra.h"
#include "wire/header.h"

enum cpmsync_mailbox_bits {
    CPMSYNC_MAILBOX_NOMODSEQ = 1, /* the server keeps no mod-sequences here */
    CPMSYNC_MAILBOX_VERIFIED = 2, /* at the cursor the rows were all messages there are: the n-th is message n */
    CPMSYNC_MAILBOX_MARKED = 4    /* in the store only: `marked` */
};

struct cpmsync_open_mailbox {
    const struct cpmsync_allocator *mem;
    const struct cpmsync_store *store;
    char *name; /* the key, NUL-terminated */
    size_t name_len;
    struct cpmsync_cache cache;
    unsigned bits;            /* enum cpmsync_mailbox_bits */
    struct cpmsync_buf extra; /* mailbox_extra.h */
    bool stored;              /* the store has a record */
    bool begin_due;           /* the next event must be BEGIN (R17) */
    bool marked;              /* what the app was told may differ from what the store holds (R17) */
    bool retell_due; /* so it was when the mailbox was read, or rows are not covered: all there is follows BEGIN */
    const struct cpmsync_header_list *fields; /* of descriptors; NULL: there are none */
    struct cpmsync_uidset lacking;            /* UIDs of messages that lack theirs are in it, others may be */
};

/* Reads the mailbox from the store; an unknown one is empty. `fields` is lent, NULL: no descriptors. 0, CPMSYNC_ERR_NOMEM, or
 * the store's error. */
int cpmsync_open_mailbox_new(struct cpmsync_open_mailbox **mailbox, const struct cpmsync_allocator *mem,
    const struct cpmsync_store *store, const struct cpmsync_cache_limits *limits,
    const struct cpmsync_header_list *fields, struct cpmsync_slice key);
void cpmsync_open_mailbox_free(struct cpmsync_open_mailbox *mailbox);

/* Reads it again, after a rollback. On error it is empty and the next reload may succeed. */
int cpmsync_open_mailbox_reload(struct cpmsync_open_mailbox *mailbox);

/* Writes the record (cursors, covered UIDs, bits) inside the open transaction. */
int cpmsync_open_mailbox_put(struct cpmsync_open_mailbox *mailbox);

#endif
