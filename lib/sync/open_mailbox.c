/* SPDX-License-Identifier: MIT */
#include "sync/open_mailbox.h"

#include "sync/lacking.h"

static int load_flagset(void *ctx, uint32_t id, const uint8_t *octets, size_t len)
{
    struct cpmsync_cache *cache = ctx;
    return cpmsync_flagsets_restore(cache->flagsets, id, cpmsync_slice_of(octets, len));
}

static int load_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    return cpmsync_cache_restore(ctx, uid, modseq, flagset, count);
}

/* Committed with what was told before their range was: BEGIN makes the app drop them. */
static bool has_rows_outside(const struct cpmsync_cache *cache)
{
    const struct cpmsync_columns *columns = cache->columns;
    size_t inside = 0;

    for (size_t i = 0; i < cache->covered.count; i++)
        inside +=
            cpmsync_columns_rank(columns, cache->covered.ranges[i].last) -
            (cache->covered.ranges[i].first > 1 ? cpmsync_columns_rank(columns, cache->covered.ranges[i].first - 1)
                                                : 0);
    return inside != cpmsync_columns_count(columns);
}

static int load(struct cpmsync_open_mailbox *mailbox)
{
    const struct cpmsync_store *store = mailbox->store;
    const uint8_t *name = (const uint8_t *)mailbox->name;
    struct cpmsync_cache *cache = &mailbox->cache;
    struct cpmsync_store_mailbox record;

    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    int error = store->ops->mailbox_get(store->self, name, mailbox->name_len, &record);
    if (error == CPMSYNC_ERR_NOT_FOUND)
        return 0;
    if (error)
        return error;
    cache->uidvalidity = record.uidvalidity;
    cache->highestmodseq = record.highestmodseq;
    mailbox->bits = record.flags & ~(unsigned)CPMSYNC_MAILBOX_MARKED;
    mailbox->marked = (record.flags & CPMSYNC_MAILBOX_MARKED) != 0;
    mailbox->retell_due = mailbox->marked;
    uint32_t messages = record.messages;
    error = cpmsync_buf_add(&mailbox->extra, record.extra, record.extra_len);
    if (error)
        return error == CPMSYNC_ERR_LIMIT ? CPMSYNC_ERR_STORE_CORRUPT : error;
    if (mailbox->fields) {
        error = cpmsync_lacking_read(&mailbox->lacking, &record, mailbox->fields);
        if (error)
            return error;
    }
    error = cpmsync_uidset_assign(&cache->covered, record.covered, record.covered_count);
    if (error)
        return error == CPMSYNC_ERR_INVALID_ARGUMENT ? CPMSYNC_ERR_STORE_CORRUPT : error;
    error = store->ops->flagset_each(store->self, name, mailbox->name_len, load_flagset, cache);
    if (!error)
        error = store->ops->rows_load(store->self, name, mailbox->name_len, load_rows, cache);
    if (!error && cpmsync_columns_count(cache->columns) != messages)
        error = CPMSYNC_ERR_STORE_CORRUPT;
    if (!error && has_rows_outside(cache))
        mailbox->retell_due = true;
    mailbox->stored = true;
    return error;
}

int cpmsync_open_mailbox_reload(struct cpmsync_open_mailbox *mailbox)
{
    mailbox->begin_due = true;
    mailbox->stored = false;
    mailbox->bits = 0;
    cpmsync_buf_truncate(&mailbox->extra, 0);
    mailbox->marked = false;
    mailbox->retell_due = false;
    cpmsync_uidset_empty(&mailbox->lacking);
    int error = cpmsync_cache_reset(&mailbox->cache);
    if (!error)
        error = load(mailbox);
    if (error) {
        cpmsync_columns_empty(mailbox->cache.columns);
        cpmsync_uidset_empty(&mailbox->cache.covered);
        cpmsync_uidset_empty(&mailbox->lacking);
        mailbox->cache.uidvalidity = 0;
        mailbox->cache.highestmodseq = 0;
    }
    return error;
}

int cpmsync_open_mailbox_new(struct cpmsync_open_mailbox **out, const struct cpmsync_allocator *mem,
    const struct cpmsync_store *store, const struct cpmsync_cache_limits *limits,
    const struct cpmsync_header_list *fields, struct cpmsync_slice key)
{
    *out = NULL;
    struct cpmsync_open_mailbox *mailbox = cpmsync_mem_zalloc(mem, sizeof *mailbox);
    if (!mailbox)
        return CPMSYNC_ERR_NOMEM;
    mailbox->mem = mem;
    mailbox->store = store;
    mailbox->name = cpmsync_mem_copy(mem, key.data, key.len);
    mailbox->name_len = key.len;
    mailbox->begin_due = true;
    mailbox->fields = fields;
    cpmsync_uidset_init(&mailbox->lacking, mem, limits->ranges_max);
    cpmsync_buf_init(&mailbox->extra, mem, CPMSYNC_EXTRA_MAX);
    int error = mailbox->name ? cpmsync_cache_init(&mailbox->cache, mem, limits) : CPMSYNC_ERR_NOMEM;
    if (!error)
        error = load(mailbox);
    if (error) {
        cpmsync_open_mailbox_free(mailbox);
        return error;
    }
    *out = mailbox;
    return 0;
}

void cpmsync_open_mailbox_free(struct cpmsync_open_mailbox *mailbox)
{
    if (!mailbox)
        return;
    if (mailbox->cache.columns)
        cpmsync_cache_clear(&mailbox->cache);
    cpmsync_uidset_clear(&mailbox->lacking);
    cpmsync_buf_clear(&mailbox->extra);
    cpmsync_mem_free(mailbox->mem, mailbox->name);
    cpmsync_mem_free(mailbox->mem, mailbox);
}

int cpmsync_open_mailbox_put(struct cpmsync_open_mailbox *mailbox)
{
    const struct cpmsync_cache *cache = &mailbox->cache;
    struct cpmsync_store_mailbox record;

    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    record.name = (const uint8_t *)mailbox->name;
    record.name_len = mailbox->name_len;
    record.uidvalidity = cache->uidvalidity;
    record.uidnext = cpmsync_cache_uidnext(cache);
    record.highestmodseq = cache->highestmodseq;
    record.covered = cache->covered.ranges;
    record.covered_count = cache->covered.count;
    record.messages = (uint32_t)cpmsync_columns_count(cache->columns);
    record.flags = mailbox->bits | (mailbox->marked ? CPMSYNC_MAILBOX_MARKED : 0);
    /* Without descriptors nothing is said of them: what comes now lacks them. */
    int error = cpmsync_lacking_write(&mailbox->lacking, mailbox->fields, &mailbox->extra);
    if (error)
        return error;
    record.extra = cpmsync_buf_data(&mailbox->extra);
    record.extra_len = mailbox->extra.len;
    error = mailbox->store->ops->mailbox_put(mailbox->store->self, &record);
    if (!error)
        mailbox->stored = true;
    return error;
}
