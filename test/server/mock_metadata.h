/* SPDX-License-Identifier: MIT */
/* Annotations of mailboxes and of the server (RFC 5464): entries by name, shared or of one user. */
#ifndef CPMSYNC_MOCK_METADATA_H
#define CPMSYNC_MOCK_METADATA_H

#include "mock_store.h"

enum { MOCK_ENTRY_NAME_MAX = 1000 };

/* Whether it is an entry's name: "/private" or "/shared" and more; `base` also takes what only stands above entries. */
bool cpmsync_mock_is_entry_name(struct cpmsync_slice name, bool base);
bool cpmsync_mock_is_private(struct cpmsync_slice name);

/* Whether `name` is `base` (depth 0), or at most `depth` levels below it. */
bool cpmsync_mock_is_entry_below(struct cpmsync_slice name, struct cpmsync_slice base, unsigned depth);

/* Whether the user sees the entry. */
bool cpmsync_mock_sees_entry(const struct mock_entry *entry, const struct mock_user *user);

/* The entry of this name the user sees; NULL if there is none. */
const struct mock_entry *cpmsync_mock_entry_of(
    const struct mock_metadata *metadata, struct cpmsync_slice name, const struct mock_user *user);
size_t cpmsync_mock_entries_of(const struct mock_metadata *metadata, const struct mock_user *user);

/* A value without data removes the entry. CPMSYNC_ERR_NOMEM. */
int cpmsync_mock_entry_set(const struct cpmsync_allocator *mem, struct mock_metadata *metadata,
    struct cpmsync_slice name, const struct mock_user *user, struct cpmsync_slice value);

/* `to` is empty before, and after a failure. */
int cpmsync_mock_metadata_copy(
    const struct cpmsync_allocator *mem, struct mock_metadata *to, const struct mock_metadata *from);
void cpmsync_mock_metadata_clear(const struct cpmsync_allocator *mem, struct mock_metadata *metadata);

#endif
