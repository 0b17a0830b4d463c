/* SPDX-License-Identifier: MIT */
/* Reads a store as the contract checker needs it: the whole of it as one number, or compared with what must be there. */
#ifndef CPMSYNC_STORE_STORE_PROBE_H
#define CPMSYNC_STORE_STORE_PROBE_H

#include <cpmsync/store.h>

#include "base/slice.h"

/* The names and values that a probe looks at besides the mailboxes that mailbox_each shows. */
struct cpmsync_store_probe {
    const struct cpmsync_store *store;
    const struct cpmsync_slice *names;
    size_t name_count;
    const char *const *keys;
    size_t key_count;
};

/* A number that stands for everything the store holds. 0 or an error of the store. */
int cpmsync_store_probe_digest(const struct cpmsync_store_probe *probe, uint64_t *digest);

/* Compares; 0, CPMSYNC_ERR_STORE if it differs, or an error of the store. */
int cpmsync_store_probe_rows(const struct cpmsync_store *store, struct cpmsync_slice name, const uint32_t *uid,
    const uint64_t *modseq, const uint32_t *flagset, size_t count);

/* What the walks of flag sets, descriptors and journal entries show: keys in order, octets of all in one piece. */
struct cpmsync_store_probe_item {
    uint64_t key;
    struct cpmsync_slice mailbox; /* of journal entries */
    struct cpmsync_slice octets;
};
int cpmsync_store_probe_flagsets(const struct cpmsync_store *store, struct cpmsync_slice name,
    const struct cpmsync_store_probe_item *items, size_t count);
int cpmsync_store_probe_descriptors(const struct cpmsync_store *store, struct cpmsync_slice name, uint32_t first,
    uint32_t last, const struct cpmsync_store_probe_item *items, size_t count);
/* `mailbox` NULL: all entries. */
int cpmsync_store_probe_journal(const struct cpmsync_store *store, const struct cpmsync_slice *mailbox,
    const struct cpmsync_store_probe_item *items, size_t count);
int cpmsync_store_probe_value(const struct cpmsync_store *store, const char *key, struct cpmsync_slice octets);

#endif
