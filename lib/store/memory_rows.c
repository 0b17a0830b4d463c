/* SPDX-License-Identifier: MIT */
/*
 * A chunk holds the rows from its key's UID up to the next chunk's. The first chunk of a mailbox has the key 0, so that
 * each UID has a chunk it belongs to, whatever order rows come in.
 */
#include "store/memory_rows.h"

#include <string.h>

enum { CHUNK_ROWS = 256, CHUNK_STEP = 16, ROW_SIZE = 16, HEAD_SIZE = 8 };

/* A chunk as arrays; they lie in the node's value. */
struct chunk {
    struct cpmsync_undo_node *node;
    uint64_t *count;
    uint64_t *modseq;
    uint32_t *uid;
    uint32_t *flagset;
    size_t capacity;
};

void cpmsync_memory_key(uint8_t key[CPMSYNC_MEMORY_KEY], char kind, uint32_t mailbox, uint32_t number)
{
    key[0] = (uint8_t)kind;
    for (unsigned i = 0; i < 4; i++) {
        key[1 + i] = (uint8_t)(mailbox >> (24 - 8 * i));
        key[5 + i] = (uint8_t)(number >> (24 - 8 * i));
    }
}

static struct chunk chunk_of(struct cpmsync_undo_node *node)
{
    struct chunk chunk = {0};

    chunk.node = node;
    chunk.capacity = (node->value_len - HEAD_SIZE) / ROW_SIZE;
    chunk.count = (uint64_t *)(void *)node->value;
    chunk.modseq = chunk.count + 1;
    chunk.uid = (uint32_t *)(void *)(chunk.modseq + chunk.capacity);
    chunk.flagset = chunk.uid + chunk.capacity;
    return chunk;
}

static uint32_t first_uid(const struct cpmsync_undo_node *node)
{
    const uint8_t *at = node->key + 5;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool is_chunk(const struct cpmsync_undo_node *node, uint32_t mailbox)
{
    uint8_t key[CPMSYNC_MEMORY_KEY];

    cpmsync_memory_key(key, 'r', mailbox, 0);
    return node != NULL && node->key_len == sizeof key && memcmp(node->key, key, 5) == 0;
}

static size_t lower_bound(const struct chunk *chunk, uint32_t uid)
{
    size_t low = 0;
    size_t high = (size_t)*chunk->count;

    if (high > 0 && chunk->uid[high - 1] < uid)
        return high;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (chunk->uid[middle] < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void copy_rows(struct chunk *to, size_t at, const struct chunk *from, size_t start, size_t count)
{
    memcpy(to->modseq + at, from->modseq + start, count * sizeof *to->modseq);
    memcpy(to->uid + at, from->uid + start, count * sizeof *to->uid);
    memcpy(to->flagset + at, from->flagset + start, count * sizeof *to->flagset);
}

static bool make_chunk(
    struct cpmsync_undo_map *map, uint32_t mailbox, uint32_t first, size_t capacity, struct chunk *chunk)
{
    uint8_t key[CPMSYNC_MEMORY_KEY];
    struct cpmsync_undo_node *node;

    capacity = (capacity + CHUNK_STEP - 1) / CHUNK_STEP * CHUNK_STEP;
    cpmsync_memory_key(key, 'r', mailbox, first);
    node = cpmsync_undo_map_make(map, key, sizeof key, HEAD_SIZE + capacity * ROW_SIZE);
    if (node == NULL)
        return false;
    *chunk = chunk_of(node);
    *chunk->count = 0;
    return true;
}

/* Makes *chunk changeable, with room for `rows` rows. */
static int own_chunk(struct cpmsync_undo_map *map, uint32_t mailbox, struct chunk *chunk, size_t rows)
{
    struct chunk copy;

    if (cpmsync_undo_map_fresh(chunk->node) && chunk->capacity >= rows)
        return 0;
    if (rows > *chunk->count)
        rows += rows / 8;
    if (rows > CHUNK_ROWS)
        rows = CHUNK_ROWS;
    if (!make_chunk(map, mailbox, first_uid(chunk->node), rows, &copy))
        return CPMSYNC_ERR_NOMEM;
    *copy.count = *chunk->count;
    copy_rows(&copy, 0, chunk, 0, (size_t)*chunk->count);
    cpmsync_undo_map_put(map, copy.node);
    *chunk = copy;
    return 0;
}

/* The chunk `uid` belongs to, made if there is none, and the first UID behind it (2^32 if there is no end). */
static int find_chunk(
    struct cpmsync_undo_map *map, uint32_t mailbox, uint32_t uid, struct chunk *chunk, uint64_t *limit)
{
    uint8_t key[CPMSYNC_MEMORY_KEY];
    struct cpmsync_undo_node *node;

    cpmsync_memory_key(key, 'r', mailbox, uid);
    node = cpmsync_undo_map_floor(map, key, sizeof key);
    if (is_chunk(node, mailbox)) {
        *chunk = chunk_of(node);
    } else {
        if (!make_chunk(map, mailbox, 0, CHUNK_STEP, chunk))
            return CPMSYNC_ERR_NOMEM;
        cpmsync_undo_map_put(map, chunk->node);
    }
    node = chunk->node->next[0];
    *limit = is_chunk(node, mailbox) ? first_uid(node) : UINT64_C(1) << 32;
    return 0;
}

/* Moves rows of a full chunk into a new one behind it: half of them, or none when `uid` goes behind the last. */
static int split_chunk(struct cpmsync_undo_map *map, uint32_t mailbox, struct chunk *chunk, uint32_t uid)
{
    size_t count = (size_t)*chunk->count;
    bool append = chunk->uid[count - 1] < uid;
    size_t keep = append ? count : count / 2;
    struct chunk right;
    int error = own_chunk(map, mailbox, chunk, count);

    if (error)
        return error;
    if (!make_chunk(map, mailbox, append ? uid : chunk->uid[keep], append ? CHUNK_STEP : count - keep, &right))
        return CPMSYNC_ERR_NOMEM;
    copy_rows(&right, 0, chunk, keep, count - keep);
    *right.count = count - keep;
    *chunk->count = keep;
    cpmsync_undo_map_put(map, right.node);
    return 0;
}

static void set_row(struct chunk *chunk, size_t at, uint32_t uid, uint64_t modseq, uint32_t flagset)
{
    chunk->uid[at] = uid;
    chunk->modseq[at] = modseq;
    chunk->flagset[at] = flagset;
}

static void open_gap(struct chunk *chunk, size_t at)
{
    size_t behind = (size_t)*chunk->count - at;

    memmove(chunk->uid + at + 1, chunk->uid + at, behind * sizeof *chunk->uid);
    memmove(chunk->modseq + at + 1, chunk->modseq + at, behind * sizeof *chunk->modseq);
    memmove(chunk->flagset + at + 1, chunk->flagset + at, behind * sizeof *chunk->flagset);
    ++*chunk->count;
}

int cpmsync_memory_rows_put(struct cpmsync_undo_map *map, uint32_t mailbox, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    struct chunk chunk = {0};
    uint64_t limit = 0;
    int error;

    for (size_t i = 0; i < count;) {
        size_t at;
        bool found;

        if (chunk.node == NULL || uid[i] >= limit) {
            error = find_chunk(map, mailbox, uid[i], &chunk, &limit);
            if (error)
                return error;
        }
        at = lower_bound(&chunk, uid[i]);
        found = at < *chunk.count && chunk.uid[at] == uid[i];
        if (!found && *chunk.count == CHUNK_ROWS) {
            error = split_chunk(map, mailbox, &chunk, uid[i]);
            chunk.node = NULL;
            if (error)
                return error;
            continue;
        }
        error = own_chunk(map, mailbox, &chunk, (size_t)*chunk.count + !found);
        if (error)
            return error;
        if (!found)
            open_gap(&chunk, at);
        set_row(&chunk, at, uid[i], modseq[i], flagset[i]);
        i++;
    }
    return 0;
}

/* Removes first..last from one chunk; *node is the chunk behind it afterwards. */
static int cut_chunk(
    struct cpmsync_undo_map *map, uint32_t mailbox, struct cpmsync_undo_node **node, const struct cpmsync_range *range)
{
    struct chunk chunk = chunk_of(*node);
    size_t count = (size_t)*chunk.count;
    size_t from = lower_bound(&chunk, range->first);
    size_t to = range->last == UINT32_MAX ? count : lower_bound(&chunk, range->last + 1);
    int error;

    *node = chunk.node->next[0];
    if (from == to)
        return 0;
    if (to - from == count) {
        cpmsync_undo_map_remove(map, chunk.node);
        return 0;
    }
    error = own_chunk(map, mailbox, &chunk, count);
    if (error)
        return error;
    memmove(chunk.uid + from, chunk.uid + to, (count - to) * sizeof *chunk.uid);
    memmove(chunk.modseq + from, chunk.modseq + to, (count - to) * sizeof *chunk.modseq);
    memmove(chunk.flagset + from, chunk.flagset + to, (count - to) * sizeof *chunk.flagset);
    *chunk.count = count - (to - from);
    return 0;
}

int cpmsync_memory_rows_remove(
    struct cpmsync_undo_map *map, uint32_t mailbox, const struct cpmsync_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t key[CPMSYNC_MEMORY_KEY];
        struct cpmsync_undo_node *node;

        cpmsync_memory_key(key, 'r', mailbox, ranges[i].first);
        node = cpmsync_undo_map_floor(map, key, sizeof key);
        if (!is_chunk(node, mailbox))
            node = cpmsync_undo_map_ceiling(map, key, sizeof key);
        while (is_chunk(node, mailbox) && first_uid(node) <= ranges[i].last) {
            int error = cut_chunk(map, mailbox, &node, &ranges[i]);
            if (error)
                return error;
        }
    }
    return 0;
}

int cpmsync_memory_rows_load(const struct cpmsync_undo_map *map, uint32_t mailbox, cpmsync_store_rows_fn fn, void *ctx)
{
    uint8_t key[CPMSYNC_MEMORY_KEY];
    struct cpmsync_undo_node *node;

    cpmsync_memory_key(key, 'r', mailbox, 0);
    node = cpmsync_undo_map_ceiling(map, key, sizeof key);
    for (; is_chunk(node, mailbox); node = node->next[0]) {
        struct chunk chunk = chunk_of(node);
        int verdict;

        if (*chunk.count == 0)
            continue;
        verdict = fn(ctx, chunk.uid, chunk.modseq, chunk.flagset, (size_t)*chunk.count);
        if (verdict)
            return verdict;
    }
    return 0;
}
