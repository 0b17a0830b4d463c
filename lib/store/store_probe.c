/* SPDX-License-Identifier: MIT */
#include "store/store_probe.h"

struct digest {
    uint64_t hash; /* FNV-1a */
};

static void add_octets(struct digest *digest, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest->hash = (digest->hash ^ octets[i]) * UINT64_C(0x100000001b3);
}

static void add_number(struct digest *digest, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        digest->hash = (digest->hash ^ (number >> 8 * i & 0xff)) * UINT64_C(0x100000001b3);
}

static void add_item(struct digest *digest, char kind, uint64_t key, const uint8_t *octets, size_t len)
{
    add_number(digest, (uint64_t)(uint8_t)kind);
    add_number(digest, key);
    add_number(digest, len);
    add_octets(digest, octets, len);
}

static int digest_mailbox(void *ctx, const struct cpmsync_store_mailbox *mailbox)
{
    struct digest *digest = ctx;

    add_item(digest, 'm', mailbox->uidvalidity, mailbox->name, mailbox->name_len);
    add_number(digest, mailbox->uidnext);
    add_number(digest, mailbox->highestmodseq);
    add_number(digest, mailbox->messages);
    add_number(digest, mailbox->flags);
    add_item(digest, 'x', mailbox->covered_count, mailbox->extra, mailbox->extra_len);
    for (size_t i = 0; i < mailbox->covered_count; i++) {
        add_number(digest, mailbox->covered[i].first);
        add_number(digest, mailbox->covered[i].last);
    }
    return 0;
}

static int digest_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_number(ctx, uid[i]);
        add_number(ctx, modseq[i]);
        add_number(ctx, flagset[i]);
    }
    return 0;
}

static int digest_flagset(void *ctx, uint32_t id, const uint8_t *octets, size_t len)
{
    add_item(ctx, 'f', id, octets, len);
    return 0;
}

static int digest_descriptor(void *ctx, uint32_t uid, const uint8_t *octets, size_t len)
{
    add_item(ctx, 'd', uid, octets, len);
    return 0;
}

static int digest_entry(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    add_item(ctx, 'j', id, mailbox, mailbox_len);
    add_item(ctx, 'o', 0, octets, len);
    return 0;
}

static int digest_value(void *ctx, const uint8_t *octets, size_t len)
{
    add_item(ctx, 'v', 0, octets, len);
    return 0;
}

static int digest_name(const struct cpmsync_store *store, struct cpmsync_slice name, struct digest *digest)
{
    int error;

    add_item(digest, 'n', 0, name.data, name.len);
    error = store->ops->rows_load(store->self, name.data, name.len, digest_rows, digest);
    if (!error)
        error = store->ops->flagset_each(store->self, name.data, name.len, digest_flagset, digest);
    if (!error)
        error = store->ops->descriptor_each(store->self, name.data, name.len, 1, UINT32_MAX, digest_descriptor, digest);
    return error;
}

int cpmsync_store_probe_digest(const struct cpmsync_store_probe *probe, uint64_t *result)
{
    const struct cpmsync_store *store = probe->store;
    struct digest digest = {UINT64_C(0xcbf29ce484222325)};
    int error = store->ops->mailbox_each(store->self, digest_mailbox, &digest);

    for (size_t i = 0; !error && i < probe->name_count; i++)
        error = digest_name(store, probe->names[i], &digest);
    if (!error)
        error = store->ops->journal_each(store->self, NULL, 0, digest_entry, &digest);
    for (size_t i = 0; !error && i < probe->key_count; i++) {
        add_number(&digest, i);
        error = store->ops->value_get(store->self, probe->keys[i], digest_value, &digest);
        if (error == CPMSYNC_ERR_NOT_FOUND)
            error = 0;
    }
    *result = digest.hash;
    return error;
}

struct expected_rows {
    const uint32_t *uid;
    const uint64_t *modseq;
    const uint32_t *flagset;
    size_t count;
    size_t seen;
};

static int compare_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct expected_rows *expected = ctx;

    if (count > expected->count - expected->seen)
        return CPMSYNC_ERR_STORE;
    for (size_t i = 0; i < count; i++, expected->seen++)
        if (uid[i] != expected->uid[expected->seen] || modseq[i] != expected->modseq[expected->seen] ||
            flagset[i] != expected->flagset[expected->seen])
            return CPMSYNC_ERR_STORE;
    return 0;
}

int cpmsync_store_probe_rows(const struct cpmsync_store *store, struct cpmsync_slice name, const uint32_t *uid,
    const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct expected_rows expected = {uid, modseq, flagset, count, 0};
    int error = store->ops->rows_load(store->self, name.data, name.len, compare_rows, &expected);

    if (!error && expected.seen != count)
        error = CPMSYNC_ERR_STORE;
    return error;
}

struct expected_items {
    const struct cpmsync_store_probe_item *items;
    size_t count;
    size_t seen;
};

static int compare_item(
    struct expected_items *expected, uint64_t key, struct cpmsync_slice mailbox, struct cpmsync_slice octets)
{
    const struct cpmsync_store_probe_item *item = expected->items + expected->seen;

    if (expected->seen == expected->count || item->key != key || !cpmsync_slice_eq(item->mailbox, mailbox) ||
        !cpmsync_slice_eq(item->octets, octets))
        return CPMSYNC_ERR_STORE;
    expected->seen++;
    return 0;
}

static int compare_number(void *ctx, uint32_t number, const uint8_t *octets, size_t len)
{
    return compare_item(ctx, number, cpmsync_slice_of(NULL, 0), cpmsync_slice_of(octets, len));
}

static int compare_entry(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    return compare_item(ctx, id, cpmsync_slice_of(mailbox, mailbox_len), cpmsync_slice_of(octets, len));
}

static int all_seen(int error, const struct expected_items *expected)
{
    return !error && expected->seen != expected->count ? CPMSYNC_ERR_STORE : error;
}

int cpmsync_store_probe_flagsets(const struct cpmsync_store *store, struct cpmsync_slice name,
    const struct cpmsync_store_probe_item *items, size_t count)
{
    struct expected_items expected = {items, count, 0};
    int error = store->ops->flagset_each(store->self, name.data, name.len, compare_number, &expected);
    return all_seen(error, &expected);
}

int cpmsync_store_probe_descriptors(const struct cpmsync_store *store, struct cpmsync_slice name, uint32_t first,
    uint32_t last, const struct cpmsync_store_probe_item *items, size_t count)
{
    struct expected_items expected = {items, count, 0};
    int error = store->ops->descriptor_each(store->self, name.data, name.len, first, last, compare_number, &expected);
    return all_seen(error, &expected);
}

int cpmsync_store_probe_journal(const struct cpmsync_store *store, const struct cpmsync_slice *mailbox,
    const struct cpmsync_store_probe_item *items, size_t count)
{
    struct expected_items expected = {items, count, 0};
    int error = store->ops->journal_each(
        store->self, mailbox ? mailbox->data : NULL, mailbox ? mailbox->len : 0, compare_entry, &expected);
    return all_seen(error, &expected);
}

static int compare_value(void *ctx, const uint8_t *octets, size_t len)
{
    const struct cpmsync_slice *expected = ctx;
    return cpmsync_slice_eq(*expected, cpmsync_slice_of(octets, len)) ? 0 : CPMSYNC_ERR_STORE;
}

int cpmsync_store_probe_value(const struct cpmsync_store *store, const char *key, struct cpmsync_slice octets)
{
    return store->ops->value_get(store->self, key, compare_value, &octets);
}
