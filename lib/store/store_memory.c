/* SPDX-License-Identifier: MIT */
/*
 * The store in memory: one ordered map holds everything. Keys begin with a letter that says what it is:
 *   m name             the mailbox's record, with a number that names it in the other keys
 *   r mailbox uid      a chunk of rows         f mailbox id   a flag set         d mailbox uid   a descriptor
 *   j id               a journal entry         v key          a value
 */
#include <cpmsync/store.h>

#include "store/memory_rows.h"
#include "store/store_args.h"
#include "store/undo_map.h"

#include <string.h>

struct store_memory {
    const struct cpmsync_allocator *mem;
    struct cpmsync_undo_map map;
    uint32_t last_mailbox;
    bool open; /* a transaction is */
    uint8_t key[1 + CPMSYNC_STORE_NAME_MAX];
};

/* Begins the value of a mailbox; the covered ranges and the extra octets follow. */
struct record {
    uint64_t highestmodseq;
    uint32_t mailbox;
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint32_t messages;
    uint32_t flags;
    uint32_t unused;
    size_t covered_count;
    size_t extra_len;
};

enum { ENTRY_KEY = 9 };

static struct cpmsync_undo_node *find_mailbox(struct store_memory *store, const uint8_t *name, size_t len)
{
    if (!cpmsync_store_valid_name(name, len))
        return NULL;
    store->key[0] = 'm';
    memcpy(store->key + 1, name, len);
    return cpmsync_undo_map_find(&store->map, store->key, 1 + len);
}

static struct record record_of(const struct cpmsync_undo_node *node)
{
    struct record record;

    memcpy(&record, node->value, sizeof record);
    return record;
}

/* False for an unknown mailbox. */
static bool mailbox_number(struct store_memory *store, const uint8_t *name, size_t len, uint32_t *mailbox)
{
    struct cpmsync_undo_node *node = find_mailbox(store, name, len);

    if (node == NULL)
        return false;
    *mailbox = record_of(node).mailbox;
    return true;
}

static int put(struct store_memory *store, const void *key, size_t key_len, const void *value, size_t value_len)
{
    struct cpmsync_undo_node *node = cpmsync_undo_map_make(&store->map, key, key_len, value_len);

    if (node == NULL)
        return CPMSYNC_ERR_NOMEM;
    if (value_len)
        memcpy(node->value, value, value_len);
    cpmsync_undo_map_put(&store->map, node);
    return 0;
}

static int begin(void *self, enum cpmsync_store_durability durability)
{
    struct store_memory *store = self;

    (void)durability;
    if (store->open)
        return CPMSYNC_ERR_STATE;
    store->open = true;
    return 0;
}

static int commit(void *self)
{
    struct store_memory *store = self;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    cpmsync_undo_map_commit(&store->map);
    store->open = false;
    return 0;
}

static void rollback(void *self)
{
    struct store_memory *store = self;

    cpmsync_undo_map_rollback(&store->map);
    store->open = false;
}

static int mailbox_put(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    struct store_memory *store = self;
    struct record record = {0};
    struct cpmsync_undo_node *node;
    size_t covered_len;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (!cpmsync_store_valid_mailbox(mailbox))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!mailbox_number(store, mailbox->name, mailbox->name_len, &record.mailbox)) {
        if (store->last_mailbox == UINT32_MAX)
            return CPMSYNC_ERR_STORE_FULL;
        record.mailbox = ++store->last_mailbox;
    }
    record.highestmodseq = mailbox->highestmodseq;
    record.uidvalidity = mailbox->uidvalidity;
    record.uidnext = mailbox->uidnext;
    record.messages = mailbox->messages;
    record.flags = mailbox->flags;
    record.covered_count = mailbox->covered_count;
    record.extra_len = mailbox->extra_len;
    covered_len = mailbox->covered_count * sizeof *mailbox->covered;
    /* The key was composed by the search above. */
    node = cpmsync_undo_map_make(
        &store->map, store->key, 1 + mailbox->name_len, sizeof record + covered_len + mailbox->extra_len);
    if (node == NULL)
        return CPMSYNC_ERR_NOMEM;
    memcpy(node->value, &record, sizeof record);
    if (covered_len)
        memcpy(node->value + sizeof record, mailbox->covered, covered_len);
    if (mailbox->extra_len)
        memcpy(node->value + sizeof record + covered_len, mailbox->extra, mailbox->extra_len);
    cpmsync_undo_map_put(&store->map, node);
    return 0;
}

static void show_mailbox(const struct cpmsync_undo_node *node, struct cpmsync_store_mailbox *mailbox)
{
    struct record record = record_of(node);

    mailbox->name = node->key + 1;
    mailbox->name_len = node->key_len - 1;
    mailbox->uidvalidity = record.uidvalidity;
    mailbox->uidnext = record.uidnext;
    mailbox->highestmodseq = record.highestmodseq;
    mailbox->covered = (const struct cpmsync_range *)(const void *)(node->value + sizeof record);
    mailbox->covered_count = record.covered_count;
    mailbox->messages = record.messages;
    mailbox->flags = record.flags;
    mailbox->extra = node->value + sizeof record + record.covered_count * sizeof *mailbox->covered;
    mailbox->extra_len = record.extra_len;
}

static int mailbox_get(void *self, const uint8_t *name, size_t name_len, struct cpmsync_store_mailbox *mailbox)
{
    struct cpmsync_undo_node *node;

    if (mailbox->size < sizeof *mailbox)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    node = find_mailbox(self, name, name_len);
    if (node == NULL)
        return CPMSYNC_ERR_NOT_FOUND;
    show_mailbox(node, mailbox);
    return 0;
}

static int mailbox_each(void *self, cpmsync_store_mailbox_fn fn, void *ctx)
{
    struct store_memory *store = self;
    struct cpmsync_undo_node *node = cpmsync_undo_map_ceiling(&store->map, "m", 1);

    for (; node != NULL && node->key[0] == 'm'; node = node->next[0]) {
        struct cpmsync_store_mailbox mailbox = {0};
        int verdict;

        mailbox.size = sizeof mailbox;
        show_mailbox(node, &mailbox);
        verdict = fn(ctx, &mailbox);
        if (verdict)
            return verdict;
    }
    return 0;
}

/* The nodes of a kind and mailbox whose number is in first..last: *node is the first, *end what lies behind them. */
static void find_numbers(struct store_memory *store, char kind, uint32_t mailbox, uint32_t first, uint32_t last,
    struct cpmsync_undo_node **node, struct cpmsync_undo_node **end)
{
    uint8_t key[CPMSYNC_MEMORY_KEY + 1];

    cpmsync_memory_key(key, kind, mailbox, first);
    *node = cpmsync_undo_map_ceiling(&store->map, key, CPMSYNC_MEMORY_KEY);
    cpmsync_memory_key(key, kind, mailbox, last);
    key[CPMSYNC_MEMORY_KEY] = 0; /* one octet longer: just above the last */
    *end = cpmsync_undo_map_ceiling(&store->map, key, sizeof key);
}

static uint32_t number_of(const struct cpmsync_undo_node *node)
{
    const uint8_t *at = node->key + 5;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void remove_numbers(struct store_memory *store, char kind, uint32_t mailbox, uint32_t first, uint32_t last)
{
    struct cpmsync_undo_node *node;
    struct cpmsync_undo_node *end;

    find_numbers(store, kind, mailbox, first, last, &node, &end);
    while (node != end) {
        struct cpmsync_undo_node *next = node->next[0];
        cpmsync_undo_map_remove(&store->map, node);
        node = next;
    }
}

static void remove_mailbox(struct store_memory *store, struct cpmsync_undo_node *node)
{
    uint32_t mailbox = record_of(node).mailbox;

    remove_numbers(store, 'r', mailbox, 0, UINT32_MAX);
    remove_numbers(store, 'f', mailbox, 0, UINT32_MAX);
    remove_numbers(store, 'd', mailbox, 0, UINT32_MAX);
    cpmsync_undo_map_remove(&store->map, node);
}

static int mailbox_remove(void *self, const uint8_t *name, size_t name_len)
{
    struct store_memory *store = self;
    struct cpmsync_undo_node *node;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    node = find_mailbox(store, name, name_len);
    if (node != NULL)
        remove_mailbox(store, node);
    return 0;
}

static void entry_key(uint8_t key[ENTRY_KEY], uint64_t id)
{
    key[0] = 'j';
    for (unsigned i = 0; i < 8; i++)
        key[1 + i] = (uint8_t)(id >> (56 - 8 * i));
}

/* A journal entry's value: length of the name in 2 octets, name, octets. */
static size_t entry_name(const struct cpmsync_undo_node *node)
{
    return (size_t)node->value[0] << 8 | node->value[1];
}

static int put_entry(struct store_memory *store, const uint8_t key[ENTRY_KEY], const uint8_t *mailbox,
    size_t mailbox_len, const uint8_t *octets, size_t len)
{
    struct cpmsync_undo_node *node = cpmsync_undo_map_make(&store->map, key, ENTRY_KEY, 2 + mailbox_len + len);

    if (node == NULL)
        return CPMSYNC_ERR_NOMEM;
    node->value[0] = (uint8_t)(mailbox_len >> 8);
    node->value[1] = (uint8_t)mailbox_len;
    if (mailbox_len)
        memcpy(node->value + 2, mailbox, mailbox_len);
    if (len)
        memcpy(node->value + 2 + mailbox_len, octets, len);
    cpmsync_undo_map_put(&store->map, node);
    return 0;
}

static bool entry_is_of(const struct cpmsync_undo_node *node, const uint8_t *mailbox, size_t mailbox_len)
{
    return entry_name(node) == mailbox_len && (mailbox_len == 0 || memcmp(node->value + 2, mailbox, mailbox_len) == 0);
}

static int rename_entries(
    struct store_memory *store, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    struct cpmsync_undo_node *node = cpmsync_undo_map_ceiling(&store->map, "j", 1);

    while (node != NULL && node->key[0] == 'j') {
        struct cpmsync_undo_node *next = node->next[0];
        size_t name = 2 + entry_name(node);

        if (entry_is_of(node, from, from_len)) {
            int error = put_entry(store, node->key, to, to_len, node->value + name, node->value_len - name);
            if (error)
                return error;
        }
        node = next;
    }
    return 0;
}

static int mailbox_rename(void *self, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    struct store_memory *store = self;
    struct cpmsync_undo_node *source;
    struct cpmsync_undo_node *target;
    int error;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (!cpmsync_store_valid_name(to, to_len))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    source = find_mailbox(store, from, from_len);
    if (source == NULL)
        return CPMSYNC_ERR_NOT_FOUND;
    target = find_mailbox(store, to, to_len);
    if (target == source)
        return 0;
    if (target != NULL)
        remove_mailbox(store, target);
    error = put(store, store->key, 1 + to_len, source->value, source->value_len);
    if (error)
        return error;
    cpmsync_undo_map_remove(&store->map, source);
    return rename_entries(store, from, from_len, to, to_len);
}

static int rows_put(void *self, const uint8_t *name, size_t name_len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    struct store_memory *store = self;
    uint32_t mailbox;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (!cpmsync_store_valid_uids(uid, count))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!mailbox_number(store, name, name_len, &mailbox))
        return CPMSYNC_ERR_NOT_FOUND;
    return cpmsync_memory_rows_put(&store->map, mailbox, uid, modseq, flagset, count);
}

static int rows_remove(
    void *self, const uint8_t *name, size_t name_len, const struct cpmsync_range *ranges, size_t count)
{
    struct store_memory *store = self;
    uint32_t mailbox;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (!cpmsync_store_valid_ranges(ranges, count))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!mailbox_number(store, name, name_len, &mailbox))
        return 0;
    for (size_t i = 0; i < count; i++)
        remove_numbers(store, 'd', mailbox, ranges[i].first, ranges[i].last);
    return cpmsync_memory_rows_remove(&store->map, mailbox, ranges, count);
}

static int rows_load(void *self, const uint8_t *name, size_t name_len, cpmsync_store_rows_fn fn, void *ctx)
{
    struct store_memory *store = self;
    uint32_t mailbox;

    if (!mailbox_number(store, name, name_len, &mailbox))
        return 0;
    return cpmsync_memory_rows_load(&store->map, mailbox, fn, ctx);
}

static int put_number(struct store_memory *store, char kind, const uint8_t *name, size_t name_len, uint32_t number,
    const uint8_t *octets, size_t len)
{
    uint8_t key[CPMSYNC_MEMORY_KEY];
    uint32_t mailbox;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (!mailbox_number(store, name, name_len, &mailbox))
        return CPMSYNC_ERR_NOT_FOUND;
    cpmsync_memory_key(key, kind, mailbox, number);
    return put(store, key, sizeof key, octets, len);
}

static int flagset_put(void *self, const uint8_t *name, size_t name_len, uint32_t id, const uint8_t *octets, size_t len)
{
    return put_number(self, 'f', name, name_len, id, octets, len);
}

static int flagset_remove(void *self, const uint8_t *name, size_t name_len, uint32_t id)
{
    struct store_memory *store = self;
    uint32_t mailbox;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (mailbox_number(store, name, name_len, &mailbox))
        remove_numbers(store, 'f', mailbox, id, id);
    return 0;
}

static int flagset_each(void *self, const uint8_t *name, size_t name_len, cpmsync_store_flagset_fn fn, void *ctx)
{
    struct store_memory *store = self;
    struct cpmsync_undo_node *node;
    struct cpmsync_undo_node *end;
    uint32_t mailbox;

    if (!mailbox_number(store, name, name_len, &mailbox))
        return 0;
    find_numbers(store, 'f', mailbox, 0, UINT32_MAX, &node, &end);
    for (; node != end; node = node->next[0]) {
        int verdict = fn(ctx, number_of(node), node->value, node->value_len);
        if (verdict)
            return verdict;
    }
    return 0;
}

static int descriptor_put(
    void *self, const uint8_t *name, size_t name_len, uint32_t uid, const uint8_t *octets, size_t len)
{
    if (uid == 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return put_number(self, 'd', name, name_len, uid, octets, len);
}

static int descriptor_each(void *self, const uint8_t *name, size_t name_len, uint32_t first, uint32_t last,
    cpmsync_store_descriptor_fn fn, void *ctx)
{
    struct store_memory *store = self;
    struct cpmsync_undo_node *node;
    struct cpmsync_undo_node *end;
    uint32_t mailbox;

    if (first > last || !mailbox_number(store, name, name_len, &mailbox))
        return 0;
    find_numbers(store, 'd', mailbox, first, last, &node, &end);
    for (; node != end; node = node->next[0]) {
        int verdict = fn(ctx, number_of(node), node->value, node->value_len);
        if (verdict)
            return verdict;
    }
    return 0;
}

static int journal_put(
    void *self, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    struct store_memory *store = self;
    uint8_t key[ENTRY_KEY];

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (id == 0 || !cpmsync_store_valid_entry_name(mailbox, mailbox_len))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    entry_key(key, id);
    return put_entry(store, key, mailbox, mailbox_len, octets, len);
}

static int remove_key(struct store_memory *store, const void *key, size_t len)
{
    struct cpmsync_undo_node *node;

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    node = cpmsync_undo_map_find(&store->map, key, len);
    if (node != NULL)
        cpmsync_undo_map_remove(&store->map, node);
    return 0;
}

static int journal_remove(void *self, uint64_t id)
{
    uint8_t key[ENTRY_KEY];

    entry_key(key, id);
    return remove_key(self, key, sizeof key);
}

static int journal_each(void *self, const uint8_t *mailbox, size_t mailbox_len, cpmsync_store_journal_fn fn, void *ctx)
{
    struct store_memory *store = self;
    struct cpmsync_undo_node *node = cpmsync_undo_map_ceiling(&store->map, "j", 1);

    for (; node != NULL && node->key[0] == 'j'; node = node->next[0]) {
        size_t name_len = entry_name(node);
        const uint8_t *octets = node->value + 2 + name_len;
        uint64_t id = 0;
        int verdict;

        if (mailbox != NULL && !entry_is_of(node, mailbox, mailbox_len))
            continue;
        for (unsigned i = 0; i < 8; i++)
            id = id << 8 | node->key[1 + i];
        verdict = fn(ctx, id, node->value + 2, name_len, octets, node->value_len - 2 - name_len);
        if (verdict)
            return verdict;
    }
    return 0;
}

/* The key of a value; 0 if it is too long. */
static size_t value_key(struct store_memory *store, const char *key)
{
    size_t len = strlen(key);

    if (len > CPMSYNC_STORE_NAME_MAX)
        return 0;
    store->key[0] = 'v';
    memcpy(store->key + 1, key, len);
    return 1 + len;
}

static int value_put(void *self, const char *key, const uint8_t *octets, size_t len)
{
    struct store_memory *store = self;
    size_t key_len = value_key(store, key);

    if (!store->open)
        return CPMSYNC_ERR_STATE;
    if (key_len == 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return put(store, store->key, key_len, octets, len);
}

static int value_get(void *self, const char *key, cpmsync_store_value_fn fn, void *ctx)
{
    struct store_memory *store = self;
    size_t key_len = value_key(store, key);
    struct cpmsync_undo_node *node = key_len ? cpmsync_undo_map_find(&store->map, store->key, key_len) : NULL;

    if (node == NULL)
        return CPMSYNC_ERR_NOT_FOUND;
    return fn(ctx, node->value, node->value_len);
}

static int value_remove(void *self, const char *key)
{
    struct store_memory *store = self;
    size_t key_len = value_key(store, key);

    return remove_key(store, store->key, key_len);
}

static void close_store(void *self)
{
    struct store_memory *store = self;

    cpmsync_undo_map_clear(&store->map);
    cpmsync_mem_free(store->mem, store);
}

static const struct cpmsync_store_ops memory_ops = {
    .size = sizeof memory_ops,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .mailbox_put = mailbox_put,
    .mailbox_get = mailbox_get,
    .mailbox_each = mailbox_each,
    .mailbox_remove = mailbox_remove,
    .mailbox_rename = mailbox_rename,
    .rows_put = rows_put,
    .rows_remove = rows_remove,
    .rows_load = rows_load,
    .flagset_put = flagset_put,
    .flagset_remove = flagset_remove,
    .flagset_each = flagset_each,
    .descriptor_put = descriptor_put,
    .descriptor_each = descriptor_each,
    .journal_put = journal_put,
    .journal_remove = journal_remove,
    .journal_each = journal_each,
    .value_put = value_put,
    .value_get = value_get,
    .value_remove = value_remove,
    .close = close_store,
};

int cpmsync_store_memory_open(struct cpmsync_store *store, const struct cpmsync_allocator *allocator)
{
    struct store_memory *self = cpmsync_mem_zalloc(allocator, sizeof *self);

    if (self == NULL)
        return CPMSYNC_ERR_NOMEM;
    self->mem = allocator;
    cpmsync_undo_map_init(&self->map, allocator);
    store->ops = &memory_ops;
    store->self = self;
    return 0;
}
