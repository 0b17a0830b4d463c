/* SPDX-License-Identifier: MIT */
/*
 * An ordered map of octets to octets whose changes can be undone: what the memory store is made of.
 *
 * A skip list. Inside a transaction a replaced or removed node is kept aside until the end, so that a rollback needs no
 * memory and costs what was touched, not what is held. Keys compare bytewise, a prefix first.
 */
#ifndef CPMSYNC_STORE_UNDO_MAP_H
#define CPMSYNC_STORE_UNDO_MAP_H

#include "base/mem.h"

#include <stdbool.h>

enum { CPMSYNC_UNDO_MAP_HEIGHT = 12 };

struct cpmsync_undo_node {
    const uint8_t *key;
    uint8_t *value; /* aligned for uint64_t */
    size_t key_len;
    size_t value_len;
    struct cpmsync_undo_node *older; /* the committed node it replaced in the open transaction */
    struct cpmsync_undo_node *before;
    struct cpmsync_undo_node *behind; /* neighbours in the list of changes */
    uint8_t height;
    uint8_t state;
    struct cpmsync_undo_node *next[];
};

struct cpmsync_undo_map {
    const struct cpmsync_allocator *mem;
    struct cpmsync_undo_node *head[CPMSYNC_UNDO_MAP_HEIGHT];
    struct cpmsync_undo_node *first_change;
    struct cpmsync_undo_node *last_change;
    uint32_t dice;
};

void cpmsync_undo_map_init(struct cpmsync_undo_map *map, const struct cpmsync_allocator *mem);
void cpmsync_undo_map_clear(struct cpmsync_undo_map *map);

/* Ends the changes since the last commit or rollback: keeps or undoes them. Neither can fail. */
void cpmsync_undo_map_commit(struct cpmsync_undo_map *map);
void cpmsync_undo_map_rollback(struct cpmsync_undo_map *map);

/* The node of this key, the first at or above it, the last at or below it; NULL if there is none. Its neighbour above is
 * next[0]. */
struct cpmsync_undo_node *cpmsync_undo_map_find(const struct cpmsync_undo_map *map, const void *key, size_t len);
struct cpmsync_undo_node *cpmsync_undo_map_ceiling(const struct cpmsync_undo_map *map, const void *key, size_t len);
struct cpmsync_undo_node *cpmsync_undo_map_floor(const struct cpmsync_undo_map *map, const void *key, size_t len);

/* A node that is not in the map yet, its value to be filled in; NULL without memory. It is handed over by put. */
struct cpmsync_undo_node *cpmsync_undo_map_make(
    struct cpmsync_undo_map *map, const void *key, size_t key_len, size_t value_len);
/* Inserts the node, or replaces the one with the same key. */
void cpmsync_undo_map_put(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node);
void cpmsync_undo_map_remove(struct cpmsync_undo_map *map, struct cpmsync_undo_node *node);

/* The node was made in the open transaction: its value may be changed in place. */
bool cpmsync_undo_map_fresh(const struct cpmsync_undo_node *node);

#endif
