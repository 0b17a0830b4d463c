/* SPDX-License-Identifier: MIT */
#include "store/undo_map.h"

#include <string.h>

enum node_state {
    COMMITTED, /* Next: REMOVED on remove, kept as `older` on replacement */
    INSERTED,  /* Next: COMMITTED on commit, freed on rollback or remove */
    REMOVED    /* out of the map. Next: freed on commit, COMMITTED on rollback */
};

static int compare(const struct cpmsync_undo_node *node, const void *key, size_t len)
{
    size_t common = node->key_len < len ? node->key_len : len;
    int order = common ? memcmp(node->key, key, common) : 0;
    if (order == 0 && node->key_len != len)
        order = node->key_len < len ? -1 : 1;
    return order;
}

/* path[l][l] becomes the first node of level l at or above the key. */
static void seek(struct cpmsync_undo_map *map, const void *key, size_t len, struct cpmsync_undo_node ***path)
{
    struct cpmsync_undo_node **links = map->head;

    for (size_t level = CPMSYNC_UNDO_MAP_HEIGHT; level-- > 0;) {
        while (links[level] != NULL && compare(links[level], key, len) < 0)
            links = links[level]->next;
        path[level] = links;
    }
}

static void link_node(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node)
{
    struct cpmsync_undo_node **path[CPMSYNC_UNDO_MAP_HEIGHT] = {NULL};

    seek(map, node->key, node->key_len, path);
    for (size_t level = 0; level < node->height; level++) {
        node->next[level] = path[level][level];
        path[level][level] = node;
    }
}

static void unlink_node(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node)
{
    struct cpmsync_undo_node **path[CPMSYNC_UNDO_MAP_HEIGHT] = {NULL};

    seek(map, node->key, node->key_len, path);
    for (size_t level = 0; level < node->height; level++)
        path[level][level] = node->next[level];
}

static void add_change(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node, enum node_state state)
{
    node->state = (uint8_t)state;
    node->before = map->last_change;
    node->behind = NULL;
    if (map->last_change != NULL)
        map->last_change->behind = node;
    else
        map->first_change = node;
    map->last_change = node;
}

static void drop_change(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node)
{
    if (node->before != NULL)
        node->before->behind = node->behind;
    else
        map->first_change = node->behind;
    if (node->behind != NULL)
        node->behind->before = node->before;
    else
        map->last_change = node->before;
    node->before = NULL;
    node->behind = NULL;
    node->state = COMMITTED;
}

void cpmsync_undo_map_init(struct cpmsync_undo_map *map, const struct cpmsync_allocator *mem)
{
    memset(map, 0, sizeof *map);
    map->mem = mem;
    map->dice = 0x9e3779b9U;
}

void cpmsync_undo_map_clear(struct cpmsync_undo_map *map)
{
    struct cpmsync_undo_node *node;

    cpmsync_undo_map_rollback(map);
    while ((node = map->head[0]) != NULL) {
        map->head[0] = node->next[0];
        cpmsync_mem_free(map->mem, node);
    }
    memset(map->head, 0, sizeof map->head);
}

void cpmsync_undo_map_commit(struct cpmsync_undo_map *map)
{
    struct cpmsync_undo_node *node;

    while ((node = map->first_change) != NULL) {
        bool removed = node->state == REMOVED;
        drop_change(map, node);
        cpmsync_mem_free(map->mem, node->older);
        node->older = NULL;
        if (removed)
            cpmsync_mem_free(map->mem, node);
    }
}

void cpmsync_undo_map_rollback(struct cpmsync_undo_map *map)
{
    struct cpmsync_undo_node *node;

    /* The newest first: a key that was removed and put again has two changes. */
    while ((node = map->last_change) != NULL) {
        bool removed = node->state == REMOVED;
        drop_change(map, node);
        if (removed) {
            link_node(map, node);
            continue;
        }
        unlink_node(map, node);
        if (node->older != NULL)
            link_node(map, node->older);
        cpmsync_mem_free(map->mem, node);
    }
}

struct cpmsync_undo_node *cpmsync_undo_map_ceiling(const struct cpmsync_undo_map *map, const void *key, size_t len)
{
    struct cpmsync_undo_node *const *links = map->head;

    for (size_t level = CPMSYNC_UNDO_MAP_HEIGHT; level-- > 0;)
        while (links[level] != NULL && compare(links[level], key, len) < 0)
            links = links[level]->next;
    return links[0];
}

struct cpmsync_undo_node *cpmsync_undo_map_find(const struct cpmsync_undo_map *map, const void *key, size_t len)
{
    struct cpmsync_undo_node *node = cpmsync_undo_map_ceiling(map, key, len);
    return node != NULL && compare(node, key, len) == 0 ? node : NULL;
}

struct cpmsync_undo_node *cpmsync_undo_map_floor(const struct cpmsync_undo_map *map, const void *key, size_t len)
{
    struct cpmsync_undo_node *const *links = map->head;
    struct cpmsync_undo_node *last = NULL;

    for (size_t level = CPMSYNC_UNDO_MAP_HEIGHT; level-- > 0;)
        while (links[level] != NULL && compare(links[level], key, len) <= 0) {
            last = links[level];
            links = last->next;
        }
    return last;
}

/* A quarter of the nodes of a level reach the next. */
static uint8_t throw_height(struct cpmsync_undo_map *map)
{
    uint8_t height = 1;

    map->dice ^= map->dice << 13;
    map->dice ^= map->dice >> 17;
    map->dice ^= map->dice << 5;
    for (uint32_t bits = map->dice; height < CPMSYNC_UNDO_MAP_HEIGHT && (bits & 3) == 0; bits >>= 2)
        height++;
    return height;
}

struct cpmsync_undo_node *cpmsync_undo_map_make(
    struct cpmsync_undo_map *map, const void *key, size_t key_len, size_t value_len)
{
    uint8_t height = throw_height(map);
    size_t head = sizeof(struct cpmsync_undo_node) + height * sizeof(struct cpmsync_undo_node *);
    struct cpmsync_undo_node *node;

    head = (head + 7) & ~(size_t)7;
    if (value_len > SIZE_MAX - head - key_len)
        return NULL;
    node = cpmsync_mem_alloc(map->mem, head + value_len + key_len);
    if (node == NULL)
        return NULL;
    memset(node, 0, head);
    node->height = height;
    node->value = (uint8_t *)node + head;
    node->value_len = value_len;
    if (key_len)
        memcpy(node->value + value_len, key, key_len);
    node->key = node->value + value_len;
    node->key_len = key_len;
    return node;
}

void cpmsync_undo_map_put(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node)
{
    struct cpmsync_undo_node *old = cpmsync_undo_map_find(map, node->key, node->key_len);

    if (old != NULL)
        unlink_node(map, old);
    if (old != NULL && old->state == INSERTED) {
        node->older = old->older;
        drop_change(map, old);
        cpmsync_mem_free(map->mem, old);
    } else {
        node->older = old;
    }
    link_node(map, node);
    add_change(map, node, INSERTED);
}

void cpmsync_undo_map_remove(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node)
{
    struct cpmsync_undo_node *committed = node;

    unlink_node(map, node);
    if (node->state == INSERTED) {
        committed = node->older;
        drop_change(map, node);
        cpmsync_mem_free(map->mem, node);
    }
    if (committed != NULL)
        add_change(map, committed, REMOVED);
}

bool cpmsync_undo_map_fresh(const struct cpmsync_undo_node *node)
{
    return node->state == INSERTED;
}
