/* SPDX-License-Identifier: MIT */
/*
 * The list of what the server can do (RFC 3501 7.2.1). A new list replaces the old one when it is whole; it may arrive in
 * pieces. What the app disabled never counts, and CONDSTORE disabled takes QRESYNC along.
 */
#ifndef CPMSYNC_SESSION_CAPABILITY_H
#define CPMSYNC_SESSION_CAPABILITY_H

#include "base/buf.h"
#include "wire/command.h"

enum { CPMSYNC_CAPABILITY_OCTETS_MAX = 16384 };

struct cpmsync_capability {
    const char *const *disabled; /* borrowed */
    size_t disabled_count;
    struct cpmsync_buf incoming; /* the list that is arriving */
    struct cpmsync_buf listed;   /* as the server sent it, separated by SP, NUL behind it; empty: unknown */
    struct cpmsync_buf allowed;  /* the same without what is disabled */
    bool known;
};

void cpmsync_capability_init(struct cpmsync_capability *list, const struct cpmsync_allocator *mem,
    const char *const *disabled, size_t disabled_count);
/* Unknown again. */
void cpmsync_capability_clear(struct cpmsync_capability *list);

/*
 * A list, or a piece of one: atoms separated by SP. 1 when a whole list took effect, 0 when pieces are missing; or
 * CPMSYNC_ERR_NOMEM with the list as before. What goes beyond CPMSYNC_CAPABILITY_OCTETS_MAX is not kept.
 */
int cpmsync_capability_take(struct cpmsync_capability *list, struct cpmsync_slice items, bool more, bool continued);

/* Offered and not disabled. QRESYNC implies CONDSTORE; IMAP4rev2 without rev1 implies what is folded in (W-07). */
bool cpmsync_capability_can(const struct cpmsync_capability *list, const char *name);
/* Listed, disabled or not: for what forbids something. */
bool cpmsync_capability_lists(const struct cpmsync_capability *list, const char *name);
/* IMAP4rev1 or IMAP4rev2 is listed (S-09). */
bool cpmsync_capability_is_imap(const struct cpmsync_capability *list);
enum cpmsync_literals cpmsync_capability_literals(const struct cpmsync_capability *list);

/* Separated by SP; "" if unknown. */
const char *cpmsync_capability_listed(const struct cpmsync_capability *list);
const char *cpmsync_capability_allowed(const struct cpmsync_capability *list);

/* `name` stands in `items`, separated by SP. */
bool cpmsync_capability_among(struct cpmsync_slice items, const char *name);
/* The next word of *items; false at the end. */
bool cpmsync_capability_next(struct cpmsync_slice *items, struct cpmsync_slice *word);

#endif
