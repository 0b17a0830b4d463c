/* SPDX-License-Identifier: MIT */
/*
 * Interned flag sets of one mailbox: a message holds a 4-byte id, so keywords are open-ended and cost nothing a message
 * (design 6). A set is canonical: sorted by ASCII-lowercase, no duplicates, without \Recent (F-01, PF-136); two
 * sets that differ only in case of letters are one, in the spelling that came first (F-06). Id 0 is the empty set.
 */
#ifndef CPMSYNC_CACHE_FLAGSET_H
#define CPMSYNC_CACHE_FLAGSET_H

#include "base/buf.h"

struct cpmsync_flagsets; /* opaque */

/* At most `sets_max` sets of together `octets_max` octets. NULL without memory. */
struct cpmsync_flagsets *cpmsync_flagsets_new(const struct cpmsync_allocator *mem, size_t sets_max, size_t octets_max);
void cpmsync_flagsets_free(struct cpmsync_flagsets *sets);

/* The id of the set written as "\Seen $Forwarded" (flags separated by SP, any order). 0 and *id; CPMSYNC_ERR_LIMIT,
 * CPMSYNC_ERR_NOMEM with nothing changed. *added (may be NULL) is true if the set is new. New ids are one above the highest
 * known. A repeated text is found without sorting: the last 128 texts of at most 256 octets are remembered beside the
 * sets. */
int cpmsync_flagsets_intern(struct cpmsync_flagsets *sets, struct cpmsync_slice text, uint32_t *id, bool *added);

/* Puts a stored set under its stored id (load). Text as cpmsync_flagsets_text gives it. CPMSYNC_ERR_STORE_CORRUPT for an
 * id used twice or not in 1..sets_max, and for a text that is not canonical or known under another id; CPMSYNC_ERR_LIMIT,
 * CPMSYNC_ERR_NOMEM. */
int cpmsync_flagsets_restore(struct cpmsync_flagsets *sets, uint32_t id, struct cpmsync_slice text);

/* "\Seen $Forwarded": canonical, lives until free. Empty for id 0 and unknown ids. */
struct cpmsync_slice cpmsync_flagsets_text(const struct cpmsync_flagsets *sets, uint32_t id);
bool cpmsync_flagsets_known(const struct cpmsync_flagsets *sets, uint32_t id);
/* How many sets there are besides the empty one. */
uint32_t cpmsync_flagsets_count(const struct cpmsync_flagsets *sets);

#endif
