/* SPDX-License-Identifier: MIT */
#include "store/row_changes.h"

#include <cpmsync/error.h>

enum { HEAD_OCTETS = 8, RANGE_OCTETS = 8, FIRST_ROWS = 32 };

static void put32(uint8_t *to, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

static void put64(uint8_t *to, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint64_t get64(const uint8_t *from)
{
    return (uint64_t)get32(from) | (uint64_t)get32(from + 4) << 32;
}

void cpmsync_row_changes_init(struct cpmsync_row_changes *changes, const struct cpmsync_allocator *mem)
{
    memset(changes, 0, sizeof *changes);
    cpmsync_uidset_init(&changes->removed, mem, SIZE_MAX / RANGE_OCTETS);
}

void cpmsync_row_changes_clear(struct cpmsync_row_changes *changes)
{
    cpmsync_mem_free(changes->removed.mem, changes->rows);
    changes->rows = NULL;
    changes->count = 0;
    changes->capacity = 0;
    cpmsync_uidset_clear(&changes->removed);
}

void cpmsync_row_changes_empty(struct cpmsync_row_changes *changes)
{
    changes->count = 0;
    cpmsync_uidset_empty(&changes->removed);
}

bool cpmsync_row_changes_none(const struct cpmsync_row_changes *changes)
{
    return changes->count == 0 && changes->removed.count == 0;
}

size_t cpmsync_row_changes_find(const struct cpmsync_row_changes *changes, uint64_t uid)
{
    size_t low = 0;
    size_t high = changes->count;

    if (high > 0 && changes->rows[high - 1].uid < uid)
        return high;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (changes->rows[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int reserve(struct cpmsync_row_changes *changes, size_t count)
{
    size_t capacity = changes->capacity ? changes->capacity * 2 : FIRST_ROWS;
    struct cpmsync_stored_row *rows;

    if (count <= changes->capacity)
        return 0;
    if (capacity < count)
        capacity = count;
    rows = cpmsync_mem_resize(changes->removed.mem, changes->rows, capacity, sizeof *rows);
    if (rows == NULL)
        return CPMSYNC_ERR_NOMEM;
    changes->rows = rows;
    changes->capacity = capacity;
    return 0;
}

/* Puts `count` ascending rows in one pass from the back: batches that come in below each other cost no move a row. There
 * is room for them, and `in` lies behind that. */
static void merge(struct cpmsync_row_changes *changes, const struct cpmsync_stored_row *in, size_t count)
{
    struct cpmsync_stored_row *rows = changes->rows;
    size_t i = count ? cpmsync_row_changes_find(changes, in[0].uid) : 0;
    size_t to = changes->count + count;

    for (size_t j = 0; i < changes->count && j < count; i++) {
        while (j < count && in[j].uid < rows[i].uid)
            j++;
        to -= j < count && in[j].uid == rows[i].uid;
    }
    i = changes->count;
    changes->count = to;
    while (count > 0) {
        if (i > 0 && rows[i - 1].uid > in[count - 1].uid) {
            rows[--to] = rows[--i];
            continue;
        }
        i -= i > 0 && rows[i - 1].uid == in[count - 1].uid;
        rows[--to] = in[--count];
    }
}

int cpmsync_row_changes_put(struct cpmsync_row_changes *changes, const struct cpmsync_stored_row *row)
{
    size_t at = cpmsync_row_changes_find(changes, row->uid);
    int error;

    if (at < changes->count && changes->rows[at].uid == row->uid) {
        changes->rows[at] = *row;
        return 0;
    }
    error = reserve(changes, changes->count + 1);
    if (error)
        return error;
    memmove(changes->rows + at + 1, changes->rows + at, (changes->count - at) * sizeof *changes->rows);
    changes->rows[at] = *row;
    changes->count++;
    return 0;
}

int cpmsync_row_changes_remove(struct cpmsync_row_changes *changes, uint32_t first, uint32_t last)
{
    size_t from = cpmsync_row_changes_find(changes, first);
    size_t to = cpmsync_row_changes_find(changes, (uint64_t)last + 1);
    int error = cpmsync_uidset_add(&changes->removed, first, last);

    if (error)
        return error;
    if (from < to) {
        memmove(changes->rows + from, changes->rows + to, (changes->count - to) * sizeof *changes->rows);
        changes->count -= to - from;
    }
    return 0;
}

int cpmsync_row_changes_add(struct cpmsync_row_changes *changes, const struct cpmsync_row_changes *later)
{
    for (size_t i = 0; i < later->removed.count; i++) {
        const struct cpmsync_range *range = later->removed.ranges + i;
        int error = cpmsync_row_changes_remove(changes, range->first, range->last);

        if (error)
            return error;
    }
    if (reserve(changes, changes->count + later->count))
        return CPMSYNC_ERR_NOMEM;
    merge(changes, later->rows, later->count);
    return 0;
}

bool cpmsync_row_changes_next(const struct cpmsync_row_changes *changes, uint64_t from, uint32_t *uid)
{
    size_t row = cpmsync_row_changes_find(changes, from);
    uint64_t next = UINT64_MAX;

    if (row < changes->count)
        next = changes->rows[row].uid;
    for (size_t i = 0; i < changes->removed.count; i++) {
        const struct cpmsync_range *range = changes->removed.ranges + i;

        if (range->last < from)
            continue;
        if (range->first < next)
            next = range->first > from ? range->first : from;
        break;
    }
    *uid = (uint32_t)next;
    return next <= UINT32_MAX;
}

size_t cpmsync_row_changes_size(const struct cpmsync_row_changes *changes)
{
    return HEAD_OCTETS + changes->removed.count * RANGE_OCTETS + changes->count * CPMSYNC_ROW_OCTETS;
}

void cpmsync_row_changes_encode(const struct cpmsync_row_changes *changes, uint8_t *octets)
{
    put32(octets, (uint32_t)changes->removed.count);
    put32(octets + 4, (uint32_t)changes->count);
    octets += HEAD_OCTETS;
    for (size_t i = 0; i < changes->removed.count; i++, octets += RANGE_OCTETS) {
        put32(octets, changes->removed.ranges[i].first);
        put32(octets + 4, changes->removed.ranges[i].last);
    }
    for (size_t i = 0; i < changes->count; i++) {
        put32(octets + 4 * i, changes->rows[i].uid);
        put64(octets + 4 * changes->count + 8 * i, changes->rows[i].modseq);
        put32(octets + 12 * changes->count + 4 * i, changes->rows[i].flagset);
    }
}

void cpmsync_rows_encode(
    const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count, uint8_t *octets)
{
    for (size_t i = 0; i < count; i++)
        put32(octets + 4 * i, uid[i]);
    octets += 4 * count;
    for (size_t i = 0; i < count; i++)
        put64(octets + 8 * i, modseq[i]);
    octets += 8 * count;
    for (size_t i = 0; i < count; i++)
        put32(octets + 4 * i, flagset[i]);
}

bool cpmsync_rows_decode(const uint8_t *octets, size_t count, uint32_t *uid, uint64_t *modseq, uint32_t *flagset)
{
    uint32_t last = 0;
    bool ascending = true;

    for (size_t i = 0; i < count; i++) {
        uid[i] = get32(octets + 4 * i);
        ascending &= uid[i] > last;
        last = uid[i];
    }
    octets += 4 * count;
    for (size_t i = 0; i < count; i++)
        modseq[i] = get64(octets + 8 * i);
    octets += 8 * count;
    for (size_t i = 0; i < count; i++)
        flagset[i] = get32(octets + 4 * i);
    return ascending;
}

static int decode_rows(struct cpmsync_row_changes *changes, const uint8_t *octets, size_t count)
{
    struct cpmsync_stored_row *in;
    uint32_t last = 0;

    if (count == 0)
        return 0;
    if (reserve(changes, changes->count + 2 * count))
        return CPMSYNC_ERR_NOMEM;
    in = changes->rows + changes->count + count;
    for (size_t i = 0; i < count; i++) {
        in[i].uid = get32(octets + 4 * i);
        in[i].modseq = get64(octets + 4 * count + 8 * i);
        in[i].flagset = get32(octets + 12 * count + 4 * i);
        if (in[i].uid <= last)
            return CPMSYNC_ERR_STORE_CORRUPT;
        last = in[i].uid;
    }
    merge(changes, in, count);
    return 0;
}

/* One encoding at the front of the octets; *used is its length. */
static int decode_one(struct cpmsync_row_changes *changes, const uint8_t *octets, size_t len, size_t *used)
{
    uint64_t ranges;
    uint64_t rows;
    const uint8_t *at = octets + HEAD_OCTETS;
    int error;

    if (len < HEAD_OCTETS)
        return CPMSYNC_ERR_STORE_CORRUPT;
    ranges = get32(octets);
    rows = get32(octets + 4);
    if (ranges * RANGE_OCTETS + rows * CPMSYNC_ROW_OCTETS > len - HEAD_OCTETS)
        return CPMSYNC_ERR_STORE_CORRUPT;
    for (uint64_t i = 0; i < ranges; i++, at += RANGE_OCTETS) {
        uint32_t first = get32(at);
        uint32_t last = get32(at + 4);

        error =
            first == 0 || last < first ? CPMSYNC_ERR_STORE_CORRUPT : cpmsync_row_changes_remove(changes, first, last);
        if (error)
            return error;
    }
    error = decode_rows(changes, at, (size_t)rows);
    if (error)
        return error;
    *used = HEAD_OCTETS + (size_t)(ranges * RANGE_OCTETS + rows * CPMSYNC_ROW_OCTETS);
    return 0;
}

int cpmsync_row_changes_decode(struct cpmsync_row_changes *changes, const uint8_t *octets, size_t len)
{
    while (len > 0) {
        size_t used = 0;
        int error = decode_one(changes, octets, len, &used);

        if (error)
            return error;
        octets += used;
        len -= used;
    }
    return 0;
}
