/* SPDX-License-Identifier: MIT */
/*
 * One mailbox in memory: its rows, its flag sets, and both cursors (design 5, R15). It knows no store and no server: the
 * layer above says what happened, and keeps the invariant that makes message numbers meaningful: every row lies in a range
 * that was fetched, so as long as the covered UIDs begin at 1 without a gap, the n-th row is message n.
 */
#ifndef CPMSYNC_CACHE_CACHE_H
#define CPMSYNC_CACHE_CACHE_H

#include "cache/columns.h"
#include "cache/flagset.h"

struct cpmsync_cache_limits {
    size_t rows_max;
    size_t flagsets_max;
    size_t flagset_octets_max;
    size_t ranges_max; /* covered ranges */
};

struct cpmsync_descriptor; /* cpmsync/client.h */

struct cpmsync_cache {
    const struct cpmsync_allocator *mem;
    struct cpmsync_columns *columns;
    struct cpmsync_flagsets *flagsets;
    struct cpmsync_uidset covered;
    struct cpmsync_cache_limits limits;
    uint32_t uidvalidity;   /* 0: never synchronised */
    uint64_t highestmodseq; /* 0: none */
};

/* 0 or CPMSYNC_ERR_NOMEM. */
int cpmsync_cache_init(
    struct cpmsync_cache *cache, const struct cpmsync_allocator *mem, const struct cpmsync_cache_limits *limits);
void cpmsync_cache_clear(struct cpmsync_cache *cache);

/* Forgets everything, both cursors included. CPMSYNC_ERR_NOMEM leaves the cache as it was. */
int cpmsync_cache_reset(struct cpmsync_cache *cache);

/* One above the last covered UID; 1 if nothing is covered. 0 when UID 4294967295 is covered: no UID can follow. */
uint32_t cpmsync_cache_uidnext(const struct cpmsync_cache *cache);

/* Rows as a store gives them back: ascending, with known flag sets; else CPMSYNC_ERR_STORE_CORRUPT. */
int cpmsync_cache_restore(
    struct cpmsync_cache *cache, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count);

/* What a FETCH says of a message; what it does not say stays as it was. */
struct cpmsync_cache_news {
    uint32_t uid;
    bool has_flags;
    struct cpmsync_slice flags;
    bool has_modseq;
    uint64_t modseq;
    const struct cpmsync_descriptor *descriptor; /* goes past the cache, which does not hold it; may be NULL */
};

struct cpmsync_cache_change {
    struct cpmsync_row row;
    bool added;         /* the message was not cached */
    bool flags_changed; /* it was, with other flags */
    bool set_added;     /* row.flagset is new in this mailbox */
};

/*
 * Applies it. Returns 1, or 0 if there is nothing to hold: flags of a message that is not cached are unknown. Errors:
 * CPMSYNC_ERR_LIMIT, CPMSYNC_ERR_NOMEM; the row is then as it was.
 */
int cpmsync_cache_put(
    struct cpmsync_cache *cache, const struct cpmsync_cache_news *news, struct cpmsync_cache_change *change);

/* The UID of message `number`, 0 if that message is not known (U-09: it is fetched, not guessed). */
uint32_t cpmsync_cache_uid_of(const struct cpmsync_cache *cache, uint32_t number);

/* The highest cached UID in first..last, 0 if none. */
uint32_t cpmsync_cache_highest(const struct cpmsync_cache *cache, uint32_t first, uint32_t last);

#endif
