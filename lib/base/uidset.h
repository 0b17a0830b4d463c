/* SPDX-License-Identifier: MIT */
/*
 * A set of UIDs (or message numbers) as sorted, disjoint, non-adjacent ranges. Never enumerated: 1:4294967295 costs one
 * range (PF-122). The number of ranges is bounded.
 */
#ifndef CPMSYNC_BASE_UIDSET_H
#define CPMSYNC_BASE_UIDSET_H

#include "base/buf.h"

struct cpmsync_uidset {
    const struct cpmsync_allocator *mem;
    struct cpmsync_range *ranges;
    size_t count;
    size_t capacity;
    size_t max;   /* ranges at most */
    size_t loose; /* behind `count`: ranges gathered and not sorted in yet */
};

void cpmsync_uidset_init(struct cpmsync_uidset *set, const struct cpmsync_allocator *mem, size_t max);
void cpmsync_uidset_clear(struct cpmsync_uidset *set); /* empty, memory freed, usable */
void cpmsync_uidset_empty(struct cpmsync_uidset *set); /* empty, memory kept */

/* 0, CPMSYNC_ERR_LIMIT, CPMSYNC_ERR_NOMEM (set unchanged). first and last in either order (G-22), both at least 1.
 * Appending in ascending order is O(1). A UID 0 is CPMSYNC_ERR_INVALID_ARGUMENT. */
int cpmsync_uidset_add(struct cpmsync_uidset *set, uint32_t first, uint32_t last);

/*
 * The same for a stranger's order: add moves what lies above, so that a million ranges downwards take a million million steps
 * (PF-120). What is gathered is not in the set until settle was called, and until then nothing else may be, but empty and
 * clear. CPMSYNC_ERR_LIMIT may come late, with the set above its maximum (twice at most): of no use but to be emptied.
 */
int cpmsync_uidset_gather(struct cpmsync_uidset *set, uint32_t first, uint32_t last);
int cpmsync_uidset_settle(struct cpmsync_uidset *set);

int cpmsync_uidset_add_set(struct cpmsync_uidset *set, const struct cpmsync_uidset *other);
int cpmsync_uidset_remove(struct cpmsync_uidset *set, uint32_t first, uint32_t last);
int cpmsync_uidset_remove_set(struct cpmsync_uidset *set, const struct cpmsync_uidset *other);
/* set becomes a copy of `count` sorted, disjoint ranges. CPMSYNC_ERR_INVALID_ARGUMENT if they are not. */
int cpmsync_uidset_assign(struct cpmsync_uidset *set, const struct cpmsync_range *ranges, size_t count);

bool cpmsync_uidset_contains(const struct cpmsync_uidset *set, uint32_t uid);
/* The first range that ends at `uid` or above it; `count` if there is none. */
size_t cpmsync_uidset_find(const struct cpmsync_uidset *set, uint32_t uid);
uint64_t cpmsync_uidset_size(const struct cpmsync_uidset *set); /* number of UIDs */
uint32_t cpmsync_uidset_last(const struct cpmsync_uidset *set); /* highest UID, 0 if empty */

/* Reads the next range of "1,3:5" from *text (RFC 3501 sequence-set without `*`), ordered first <= last, and drops it and
 * its comma from *text. 1, 0 at the end, CPMSYNC_ERR_PROTOCOL with *text as before. A comma at the very end passes: a long
 * set comes in pieces that may be cut behind one. */
int cpmsync_uidset_parse_next(struct cpmsync_slice *text, struct cpmsync_range *range);

/* Appends "1,3:5" for the ranges from *next on, as long as the text stays within `budget` octets; *next is the first
 * range not written. 0, or an error of buf with nothing appended. */
int cpmsync_uidset_format(const struct cpmsync_uidset *set, struct cpmsync_buf *buf, size_t budget, size_t *next);

#endif
