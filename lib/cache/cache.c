/* SPDX-License-Identifier: MIT */
#include "cache/cache.h"

#include <cpmsync/error.h>

int cpmsync_cache_init(
    struct cpmsync_cache *cache, const struct cpmsync_allocator *mem, const struct cpmsync_cache_limits *limits)
{
    memset(cache, 0, sizeof *cache);
    cache->mem = mem;
    cache->limits = *limits;
    cpmsync_uidset_init(&cache->covered, mem, limits->ranges_max);
    cache->columns = cpmsync_columns_new(mem, limits->rows_max);
    cache->flagsets = cpmsync_flagsets_new(mem, limits->flagsets_max, limits->flagset_octets_max);
    if (!cache->columns || !cache->flagsets) {
        cpmsync_cache_clear(cache);
        return CPMSYNC_ERR_NOMEM;
    }
    return 0;
}

void cpmsync_cache_clear(struct cpmsync_cache *cache)
{
    cpmsync_columns_free(cache->columns);
    cpmsync_flagsets_free(cache->flagsets);
    cpmsync_uidset_clear(&cache->covered);
    cache->columns = NULL;
    cache->flagsets = NULL;
}

int cpmsync_cache_reset(struct cpmsync_cache *cache)
{
    struct cpmsync_flagsets *fresh =
        cpmsync_flagsets_new(cache->mem, cache->limits.flagsets_max, cache->limits.flagset_octets_max);
    if (!fresh)
        return CPMSYNC_ERR_NOMEM;
    cpmsync_flagsets_free(cache->flagsets);
    cache->flagsets = fresh;
    cpmsync_columns_empty(cache->columns);
    cpmsync_uidset_empty(&cache->covered);
    cache->uidvalidity = 0;
    cache->highestmodseq = 0;
    return 0;
}

uint32_t cpmsync_cache_uidnext(const struct cpmsync_cache *cache)
{
    return cpmsync_uidset_last(&cache->covered) + 1;
}

int cpmsync_cache_restore(
    struct cpmsync_cache *cache, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cpmsync_row row = {uid[i], flagset[i], modseq[i]};
        if (row.uid <= cpmsync_columns_last_uid(cache->columns))
            return CPMSYNC_ERR_STORE_CORRUPT;
        if (!cpmsync_flagsets_known(cache->flagsets, row.flagset))
            return CPMSYNC_ERR_STORE_CORRUPT;
        int error = cpmsync_columns_put(cache->columns, &row, NULL);
        if (error)
            return error;
    }
    return 0;
}

int cpmsync_cache_put(
    struct cpmsync_cache *cache, const struct cpmsync_cache_news *news, struct cpmsync_cache_change *change)
{
    struct cpmsync_row before;
    bool cached = cpmsync_columns_get(cache->columns, news->uid, &before);

    memset(change, 0, sizeof *change);
    if (!cached && !news->has_flags)
        return 0;
    change->row.uid = news->uid;
    change->row.modseq = news->has_modseq ? news->modseq : cached ? before.modseq : 0;
    change->row.flagset = cached ? before.flagset : 0;
    if (news->has_flags) {
        int error = cpmsync_flagsets_intern(cache->flagsets, news->flags, &change->row.flagset, &change->set_added);
        if (error)
            return error;
    }
    change->added = !cached;
    change->flags_changed = cached && before.flagset != change->row.flagset;
    int error = cpmsync_columns_put(cache->columns, &change->row, NULL);
    return error ? error : 1;
}

uint32_t cpmsync_cache_uid_of(const struct cpmsync_cache *cache, uint32_t number)
{
    struct cpmsync_row row;

    if (cache->covered.count == 0 || cache->covered.ranges[0].first != 1)
        return 0;
    if (!cpmsync_columns_at(cache->columns, number, &row))
        return 0;
    return row.uid <= cache->covered.ranges[0].last ? row.uid : 0;
}

uint32_t cpmsync_cache_highest(const struct cpmsync_cache *cache, uint32_t first, uint32_t last)
{
    struct cpmsync_row row;
    size_t rank = cpmsync_columns_rank(cache->columns, last);

    if (rank == 0 || !cpmsync_columns_at(cache->columns, rank, &row) || row.uid < first)
        return 0;
    return row.uid;
}
