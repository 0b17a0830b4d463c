/* SPDX-License-Identifier: MIT */
/*
 * Changes to the rows of a mailbox, as they lie over its chunks: UIDs that were removed, then rows that were put. Written
 * as octets they are the SQLite store's change log; numbers are little-endian on every machine.
 */
#ifndef CPMSYNC_STORE_ROW_CHANGES_H
#define CPMSYNC_STORE_ROW_CHANGES_H

#include "base/uidset.h"

enum { CPMSYNC_ROW_OCTETS = 16 };

struct cpmsync_stored_row {
    uint32_t uid;
    uint32_t flagset;
    uint64_t modseq;
};

struct cpmsync_row_changes {
    struct cpmsync_uidset removed;   /* a row put later is in `rows` all the same */
    struct cpmsync_stored_row *rows; /* ascending UID */
    size_t count;
    size_t capacity;
};

void cpmsync_row_changes_init(struct cpmsync_row_changes *changes, const struct cpmsync_allocator *mem);
void cpmsync_row_changes_clear(struct cpmsync_row_changes *changes);
void cpmsync_row_changes_empty(struct cpmsync_row_changes *changes); /* memory kept */
bool cpmsync_row_changes_none(const struct cpmsync_row_changes *changes);

/* 0 or CPMSYNC_ERR_NOMEM. */
int cpmsync_row_changes_put(struct cpmsync_row_changes *changes, const struct cpmsync_stored_row *row);
int cpmsync_row_changes_remove(struct cpmsync_row_changes *changes, uint32_t first, uint32_t last);
/* Adds the changes of `later`, which come behind those of `changes`. */
int cpmsync_row_changes_add(struct cpmsync_row_changes *changes, const struct cpmsync_row_changes *later);

/* The first row at or above `uid`; count if there is none. */
size_t cpmsync_row_changes_find(const struct cpmsync_row_changes *changes, uint64_t uid);
/* The first UID at or above `from` that is changed; false if there is none. */
bool cpmsync_row_changes_next(const struct cpmsync_row_changes *changes, uint64_t from, uint32_t *uid);

size_t cpmsync_row_changes_size(const struct cpmsync_row_changes *changes);
/* Writes as many octets as size says. */
void cpmsync_row_changes_encode(const struct cpmsync_row_changes *changes, uint8_t *octets);
/* Adds what one or more encodings in a row say. 0, CPMSYNC_ERR_NOMEM, CPMSYNC_ERR_STORE_CORRUPT. */
int cpmsync_row_changes_decode(struct cpmsync_row_changes *changes, const uint8_t *octets, size_t len);

/* Columns of a chunk as octets, 16 a row. */
void cpmsync_rows_encode(
    const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count, uint8_t *octets);
/* False if UIDs do not ascend from 1 on. */
bool cpmsync_rows_decode(const uint8_t *octets, size_t count, uint32_t *uid, uint64_t *modseq, uint32_t *flagset);

#endif
