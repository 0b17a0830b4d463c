/* SPDX-License-Identifier: MIT */
/*
 * The rows of one mailbox in packed columns, ascending UID: uid 4 octets, modseq 8, flag-set id 4, plus an eighth of
 * slack, half of it room to grow and half the dead (design 6). A row's place among the living is its message number as
 * far as the cache is complete.
 *
 * Removal marks rows dead, which costs no move of the rows behind and no memory; the dead are swept out when they exceed
 * a sixteenth. Appending in ascending order is O(1); rows that arrive below the highest UID are merged in batches.
 */
#ifndef CPMSYNC_CACHE_COLUMNS_H
#define CPMSYNC_CACHE_COLUMNS_H

#include "base/uidset.h"

struct cpmsync_columns; /* opaque */

struct cpmsync_row {
    uint32_t uid;
    uint32_t flagset;
    uint64_t modseq;
};

struct cpmsync_columns *cpmsync_columns_new(const struct cpmsync_allocator *mem, size_t rows_max);
void cpmsync_columns_free(struct cpmsync_columns *columns);
void cpmsync_columns_empty(struct cpmsync_columns *columns);

size_t cpmsync_columns_count(const struct cpmsync_columns *columns);      /* living rows */
uint32_t cpmsync_columns_last_uid(const struct cpmsync_columns *columns); /* 0 if none */

/* Inserts or replaces. *before (may be NULL) gets the old row; uid 0 if there was none. 0, CPMSYNC_ERR_LIMIT,
 * CPMSYNC_ERR_NOMEM, and CPMSYNC_ERR_INVALID_ARGUMENT for UID 0, with nothing changed. */
int cpmsync_columns_put(struct cpmsync_columns *columns, const struct cpmsync_row *row, struct cpmsync_row *before);

/* The living row with this UID; false if there is none. */
bool cpmsync_columns_get(const struct cpmsync_columns *columns, uint32_t uid, struct cpmsync_row *row);
/* The n-th living row, counted from 1; false if there is none. */
bool cpmsync_columns_at(const struct cpmsync_columns *columns, size_t number, struct cpmsync_row *row);
/* How many living rows have a UID <= uid. */
size_t cpmsync_columns_rank(const struct cpmsync_columns *columns, uint32_t uid);

/* Removes the living rows first..last; returns how many; adds them to *removed (may be NULL) as ranges whose UIDs were
 * all there, one range a run of neighbouring rows with consecutive UIDs. 0 or an error of the uidset, in *error (may be
 * NULL): then exactly the rows added to *removed are removed, the lowest ones, and the call can be repeated. */
size_t cpmsync_columns_remove(
    struct cpmsync_columns *columns, uint32_t first, uint32_t last, struct cpmsync_uidset *removed, int *error);

/* Walks living rows with first <= uid <= last in pieces of arrays; a non-zero return stops and is returned.
 * The callback must not change the columns. */
typedef int (*cpmsync_columns_fn)(
    void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count);
int cpmsync_columns_walk(
    struct cpmsync_columns *columns, uint32_t first, uint32_t last, cpmsync_columns_fn fn, void *ctx);

/* Octets of memory held. */
size_t cpmsync_columns_memory(const struct cpmsync_columns *columns);

#endif
