/* SPDX-License-Identifier: MIT */
#include "mock_set.h"

#include "mock_slice.h"

#include <stdlib.h>

void cpmsync_mock_set_init(struct mock_set *set, const struct cpmsync_allocator *mem)
{
    memset(set, 0, sizeof *set);
    set->mem = mem;
}

void cpmsync_mock_set_clear(struct mock_set *set)
{
    cpmsync_mem_free(set->mem, set->ranges);
    cpmsync_mock_set_init(set, set->mem);
}

static bool push(struct mock_set *set, uint32_t first, uint32_t last)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 8;
        struct mock_range *ranges =
            (struct mock_range *)cpmsync_mem_resize(set->mem, set->ranges, capacity, sizeof *ranges);
        if (!ranges)
            return false;
        set->ranges = ranges;
        set->capacity = capacity;
    }
    set->ranges[set->count].first = first;
    set->ranges[set->count].last = last;
    set->count++;
    return true;
}

bool cpmsync_mock_set_append(struct mock_set *set, uint32_t first, uint32_t last)
{
    struct mock_range *tail = set->count ? &set->ranges[set->count - 1] : NULL;
    if (tail && tail->last != UINT32_MAX && first == tail->last + 1) {
        tail->last = last;
        return true;
    }
    return push(set, first, last);
}

static int compare(const void *a, const void *b)
{
    const struct mock_range *x = (const struct mock_range *)a, *y = (const struct mock_range *)b;
    return x->first < y->first ? -1 : x->first > y->first;
}

void cpmsync_mock_set_resolve(struct mock_set *set, uint32_t highest)
{
    size_t kept = 0, i;
    for (i = 0; i < set->count; i++) {
        struct mock_range range = set->ranges[i];
        if ((range.first == 0 || range.last == 0) && highest == 0)
            continue;
        range.first = range.first ? range.first : highest;
        range.last = range.last ? range.last : highest;
        if (range.first > range.last) {
            uint32_t swap = range.first;
            range.first = range.last;
            range.last = swap;
        }
        set->ranges[kept++] = range;
    }
    set->count = kept;
    if (kept < 2)
        return;
    qsort(set->ranges, kept, sizeof *set->ranges, compare);
    kept = 1;
    for (i = 1; i < set->count; i++) {
        struct mock_range *tail = &set->ranges[kept - 1];
        if (tail->last == UINT32_MAX || set->ranges[i].first <= tail->last + 1) {
            if (set->ranges[i].last > tail->last)
                tail->last = set->ranges[i].last;
        } else
            set->ranges[kept++] = set->ranges[i];
    }
    set->count = kept;
}

bool cpmsync_mock_set_contains(const struct mock_set *set, uint32_t number)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ranges[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && set->ranges[low].first <= number;
}

uint32_t cpmsync_mock_set_highest(const struct mock_set *set)
{
    return set->count ? set->ranges[set->count - 1].last : 0;
}

uint64_t cpmsync_mock_set_size(const struct mock_set *set)
{
    uint64_t size = 0;
    size_t i;
    for (i = 0; i < set->count; i++)
        size += (uint64_t)set->ranges[i].last - set->ranges[i].first + 1;
    return size;
}

bool cpmsync_mock_set_has_star(const struct mock_set *set)
{
    size_t i;
    for (i = 0; i < set->count; i++)
        if (set->ranges[i].first == 0 || set->ranges[i].last == 0)
            return true;
    return false;
}

bool cpmsync_mock_set_ascends(const struct mock_set *set)
{
    size_t i;
    for (i = 0; i < set->count; i++) {
        const struct mock_range *range = &set->ranges[i];
        if (range->first == 0 || range->last < range->first)
            return false;
        if (i > 0 && range->first <= set->ranges[i - 1].last)
            return false;
    }
    return true;
}

bool cpmsync_mock_set_write(const struct mock_set *set, struct cpmsync_buf *out)
{
    size_t i;
    for (i = 0; i < set->count; i++) {
        const struct mock_range *range = &set->ranges[i];
        if (i > 0 && cpmsync_buf_add_char(out, ',') != 0)
            return false;
        if (cpmsync_buf_add_number(out, range->first) != 0)
            return false;
        if (range->last != range->first &&
            (cpmsync_buf_add_char(out, ':') != 0 || cpmsync_buf_add_number(out, range->last) != 0))
            return false;
    }
    return true;
}

/* seq-number = nz-number / "*" */
static bool read_number(const uint8_t **at, const uint8_t *end, uint32_t *number)
{
    const uint8_t *start = *at;
    if (*at < end && **at == '*') {
        ++*at;
        *number = 0;
        return true;
    }
    while (*at < end && **at >= '0' && **at <= '9')
        ++*at;
    uint64_t value;
    if (!cpmsync_slice_number(cpmsync_slice_of(start, (size_t)(*at - start)), UINT32_MAX, &value) || value == 0)
        return false;
    *number = (uint32_t)value;
    return start[0] != '0';
}

/* sequence-set = (seq-number / seq-range) *("," sequence-set) */
bool cpmsync_mock_set_parse(struct mock_set *set, struct cpmsync_slice text)
{
    const uint8_t *at = text.data, *end = cpmsync_mock_end_of(text);
    for (;;) {
        uint32_t first, last;
        if (!read_number(&at, end, &first))
            return false;
        last = first;
        if (at < end && *at == ':') {
            at++;
            if (!read_number(&at, end, &last))
                return false;
        }
        if (!push(set, first, last))
            return false;
        if (at == end)
            return true;
        if (*at++ != ',')
            return false;
    }
}
