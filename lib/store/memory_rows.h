/* SPDX-License-Identifier: MIT */
/* The rows of the memory store: packed chunks of columns in its map, copied once a transaction when touched. */
#ifndef CPMSYNC_STORE_MEMORY_ROWS_H
#define CPMSYNC_STORE_MEMORY_ROWS_H

#include <cpmsync/store.h>

#include "store/undo_map.h"

/* What is kept by mailbox and number has keys of kind, mailbox, number: they sort by number within a mailbox. */
enum { CPMSYNC_MEMORY_KEY = 9 };
void cpmsync_memory_key(uint8_t key[CPMSYNC_MEMORY_KEY], char kind, uint32_t mailbox, uint32_t number);

/* As rows_put, rows_remove (without descriptors) and rows_load of the contract. */
int cpmsync_memory_rows_put(struct cpmsync_undo_map *map, uint32_t mailbox, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count);
int cpmsync_memory_rows_remove(
    struct cpmsync_undo_map *map, uint32_t mailbox, const struct cpmsync_range *ranges, size_t count);
int cpmsync_memory_rows_load(const struct cpmsync_undo_map *map, uint32_t mailbox, cpmsync_store_rows_fn fn, void *ctx);

#endif
