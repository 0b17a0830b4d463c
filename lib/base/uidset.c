/* SPDX-License-Identifier: MIT */
#include "base/uidset.h"

#include <cpmsync/error.h>

enum { FIRST_RANGES = 4, LOOSE_LEAST = 64, RANGE_TEXT_MAX = 22 /* ",4294967295:4294967295" */ };

void cpmsync_uidset_init(struct cpmsync_uidset *set, const struct cpmsync_allocator *mem, size_t max)
{
    memset(set, 0, sizeof(*set));
    set->mem = mem;
    set->max = max;
}

void cpmsync_uidset_clear(struct cpmsync_uidset *set)
{
    cpmsync_mem_free(set->mem, set->ranges);
    set->ranges = NULL;
    set->count = 0;
    set->loose = 0;
    set->capacity = 0;
}

void cpmsync_uidset_empty(struct cpmsync_uidset *set)
{
    set->count = 0;
    set->loose = 0;
}

/* Memory for so many ranges; growing never goes beyond `most` by itself. */
static int make_room(struct cpmsync_uidset *set, size_t count, size_t most)
{
    struct cpmsync_range *ranges;
    size_t capacity;

    if (count <= set->capacity)
        return 0;
    capacity = set->capacity > most / 2 ? most : set->capacity * 2;
    if (capacity < FIRST_RANGES)
        capacity = FIRST_RANGES < most ? FIRST_RANGES : most;
    if (capacity < count)
        capacity = count;
    ranges = cpmsync_mem_resize(set->mem, set->ranges, capacity, sizeof(*ranges));
    if (!ranges)
        return CPMSYNC_ERR_NOMEM;
    set->ranges = ranges;
    set->capacity = capacity;
    return 0;
}

static int reserve(struct cpmsync_uidset *set, size_t count)
{
    return count > set->max ? CPMSYNC_ERR_LIMIT : make_room(set, count, set->max);
}

/* The first range that ends at `uid` or above it; count if there is none. */
size_t cpmsync_uidset_find(const struct cpmsync_uidset *set, uint32_t uid)
{
    size_t low = 0, high = set->count;

    /* Most sets grow at their end. */
    if (high && set->ranges[high - 1].last < uid)
        return high;
    if (high && set->ranges[high - 1].first <= uid)
        return high - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->ranges[middle].last < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first range behind `from` that begins above `uid`. */
static size_t find_above(const struct cpmsync_uidset *set, size_t from, uint32_t uid)
{
    size_t low = from, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->ranges[middle].first <= uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Puts `count` ranges in the place of those from `low` up to, not including, `high`. */
static int replace(
    struct cpmsync_uidset *set, size_t low, size_t high, const struct cpmsync_range *ranges, size_t count)
{
    size_t total = set->count - (high - low) + count;
    int error;

    if (total > set->count) {
        error = reserve(set, total);
        if (error)
            return error;
    }
    if (high < set->count && high != low + count)
        memmove(set->ranges + low + count, set->ranges + high, (set->count - high) * sizeof(*ranges));
    if (count)
        memcpy(set->ranges + low, ranges, count * sizeof(*ranges));
    set->count = total;
    return 0;
}

static int order(uint32_t *first, uint32_t *last)
{
    if (*first > *last) {
        uint32_t swap = *first;

        *first = *last;
        *last = swap;
    }
    return *first ? 0 : CPMSYNC_ERR_INVALID_ARGUMENT;
}

int cpmsync_uidset_add(struct cpmsync_uidset *set, uint32_t first, uint32_t last)
{
    struct cpmsync_range joined;
    size_t low, high;
    int error = order(&first, &last);

    if (error)
        return error;
    /* Neighbours join too, hence one below and, unless that would wrap, one above. */
    low = cpmsync_uidset_find(set, first - 1);
    high = find_above(set, low, last == UINT32_MAX ? last : last + 1);
    joined.first = first;
    joined.last = last;
    if (low < high) {
        if (set->ranges[low].first < first)
            joined.first = set->ranges[low].first;
        if (set->ranges[high - 1].last > last)
            joined.last = set->ranges[high - 1].last;
    }
    return replace(set, low, high, &joined, 1);
}

int cpmsync_uidset_remove(struct cpmsync_uidset *set, uint32_t first, uint32_t last)
{
    struct cpmsync_range rest[2];
    size_t low, high, count = 0;
    int error = order(&first, &last);

    if (error)
        return error;
    low = cpmsync_uidset_find(set, first);
    high = find_above(set, low, last);
    if (low == high)
        return 0;
    if (set->ranges[low].first < first) {
        rest[count].first = set->ranges[low].first;
        rest[count++].last = first - 1;
    }
    if (set->ranges[high - 1].last > last) {
        rest[count].first = last + 1;
        rest[count++].last = set->ranges[high - 1].last;
    }
    return replace(set, low, high, rest, count);
}

/* Appends a range that begins at or above the start of the last one. `out` may be NULL: only counts. */
static size_t join(
    struct cpmsync_range *out, size_t count, struct cpmsync_range *last, const struct cpmsync_range *range)
{
    if (count && range->first - 1 <= last->last) {
        if (range->last > last->last)
            last->last = range->last;
    } else {
        *last = *range;
        count++;
    }
    if (out)
        out[count - 1] = *last;
    return count;
}

/* ---- gathering */

static void sift_down(struct cpmsync_range *ranges, size_t root, size_t count)
{
    struct cpmsync_range moved = ranges[root];

    for (;;) {
        size_t child = 2 * root + 1;

        if (child + 1 < count && ranges[child].first < ranges[child + 1].first)
            child++;
        if (child >= count || ranges[child].first <= moved.first)
            break;
        ranges[root] = ranges[child];
        root = child;
    }
    ranges[root] = moved;
}

static void sort(struct cpmsync_range *ranges, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(ranges, i, count);
    for (size_t i = count; i-- > 1;) {
        struct cpmsync_range highest = ranges[0];

        ranges[0] = ranges[i];
        ranges[i] = highest;
        sift_down(ranges, 0, i);
    }
}

int cpmsync_uidset_settle(struct cpmsync_uidset *set)
{
    struct cpmsync_range last = {0, 0};
    size_t total = set->count + set->loose, joined = 0;

    if (set->loose == 0)
        return set->count > set->max ? CPMSYNC_ERR_LIMIT : 0;
    sort(set->ranges, total);
    for (size_t i = 0; i < total; i++)
        joined = join(set->ranges, joined, &last, &set->ranges[i]);
    set->count = joined;
    set->loose = 0;
    return joined > set->max ? CPMSYNC_ERR_LIMIT : 0;
}

static bool touch(const struct cpmsync_range *a, const struct cpmsync_range *b)
{
    return a->first - 1 <= b->last && b->first - 1 <= a->last;
}

int cpmsync_uidset_gather(struct cpmsync_uidset *set, uint32_t first, uint32_t last)
{
    struct cpmsync_range range;
    size_t end = set->count + set->loose;
    int error = order(&first, &last);

    if (error)
        return error;
    if (set->loose == 0 && (set->count == 0 || first >= set->ranges[set->count - 1].first))
        return cpmsync_uidset_add(set, first, last);
    range.first = first;
    range.last = last;
    if (set->loose && touch(&set->ranges[end - 1], &range)) {
        if (range.first < set->ranges[end - 1].first)
            set->ranges[end - 1].first = range.first;
        if (range.last > set->ranges[end - 1].last)
            set->ranges[end - 1].last = range.last;
        return 0;
    }
    /* Sorted when there is as much to sort in as there was: each range takes part log n times. */
    if (set->loose >= LOOSE_LEAST && set->loose >= set->count) {
        error = cpmsync_uidset_settle(set);
        end = set->count;
    }
    if (!error)
        error = make_room(set, end + 1, 2 * set->max < LOOSE_LEAST ? LOOSE_LEAST : 2 * set->max);
    if (error)
        return error;
    set->ranges[end] = range;
    set->loose++;
    return 0;
}

/* ---- sets together */

static size_t merge(const struct cpmsync_uidset *a, const struct cpmsync_uidset *b, struct cpmsync_range *out)
{
    struct cpmsync_range last = {0, 0};
    size_t i = 0, k = 0, count = 0;

    while (i < a->count || k < b->count) {
        if (k == b->count || (i < a->count && a->ranges[i].first <= b->ranges[k].first))
            count = join(out, count, &last, &a->ranges[i++]);
        else
            count = join(out, count, &last, &b->ranges[k++]);
    }
    return count;
}

int cpmsync_uidset_add_set(struct cpmsync_uidset *set, const struct cpmsync_uidset *other)
{
    struct cpmsync_range *merged;
    size_t count;

    if (other->count == 0 || other == set)
        return 0;
    if (other->count == 1)
        return cpmsync_uidset_add(set, other->ranges[0].first, other->ranges[0].last);
    count = merge(set, other, NULL);
    if (count > set->max)
        return CPMSYNC_ERR_LIMIT;
    merged = cpmsync_mem_resize(set->mem, NULL, count, sizeof(*merged));
    if (!merged)
        return CPMSYNC_ERR_NOMEM;
    merge(set, other, merged);
    cpmsync_mem_free(set->mem, set->ranges);
    set->ranges = merged;
    set->count = count;
    set->capacity = count;
    return 0;
}

/* What of the range is not in `other`, whose ranges before *at lie below it. */
static size_t cut_out(
    struct cpmsync_range range, const struct cpmsync_uidset *other, size_t *at, struct cpmsync_range *out)
{
    size_t count = 0;

    while (*at < other->count && other->ranges[*at].last < range.first)
        ++*at;
    for (size_t i = *at; i < other->count && other->ranges[i].first <= range.last; i++) {
        if (other->ranges[i].first > range.first) {
            out[count].first = range.first;
            out[count++].last = other->ranges[i].first - 1;
        }
        if (other->ranges[i].last >= range.last)
            return count;
        range.first = other->ranges[i].last + 1;
        *at = i;
    }
    out[count++] = range;
    return count;
}

int cpmsync_uidset_remove_set(struct cpmsync_uidset *set, const struct cpmsync_uidset *other)
{
    size_t count = 0;
    size_t at = 0;

    if (set->count == 0 || other->count == 0)
        return 0;
    if (other->count == 1)
        return cpmsync_uidset_remove(set, other->ranges[0].first, other->ranges[0].last);
    struct cpmsync_range *rest = cpmsync_mem_resize(
        set->mem, NULL, set->count + other->count, sizeof(*rest)); /* each of theirs splits at most one */
    if (!rest)
        return CPMSYNC_ERR_NOMEM;
    for (size_t i = 0; i < set->count; i++)
        count += cut_out(set->ranges[i], other, &at, rest + count);
    if (count > set->max) {
        cpmsync_mem_free(set->mem, rest);
        return CPMSYNC_ERR_LIMIT;
    }
    cpmsync_mem_free(set->mem, set->ranges);
    set->ranges = rest;
    set->capacity = set->count + other->count;
    set->count = count;
    return 0;
}

int cpmsync_uidset_assign(struct cpmsync_uidset *set, const struct cpmsync_range *ranges, size_t count)
{
    struct cpmsync_range last = {0, 0};
    size_t i, joined = 0;
    int error;

    for (i = 0; i < count; i++) {
        if (ranges[i].first == 0 || ranges[i].first > ranges[i].last || (i && ranges[i].first <= ranges[i - 1].last))
            return CPMSYNC_ERR_INVALID_ARGUMENT;
        joined = join(NULL, joined, &last, &ranges[i]);
    }
    error = reserve(set, joined);
    if (error)
        return error;
    for (joined = 0, i = 0; i < count; i++)
        joined = join(set->ranges, joined, &last, &ranges[i]);
    set->count = joined;
    return 0;
}

bool cpmsync_uidset_contains(const struct cpmsync_uidset *set, uint32_t uid)
{
    size_t at = cpmsync_uidset_find(set, uid);

    return at < set->count && set->ranges[at].first <= uid;
}

uint64_t cpmsync_uidset_size(const struct cpmsync_uidset *set)
{
    uint64_t size = 0;
    size_t i;

    for (i = 0; i < set->count; i++)
        size += (uint64_t)(set->ranges[i].last - set->ranges[i].first) + 1;
    return size;
}

uint32_t cpmsync_uidset_last(const struct cpmsync_uidset *set)
{
    return set->count ? set->ranges[set->count - 1].last : 0;
}

/* nz-number: takes the digits at *at. */
static bool parse_number(struct cpmsync_slice text, size_t *at, uint32_t *number)
{
    size_t start = *at, end = start;
    uint64_t value;

    while (end < text.len && text.data[end] >= '0' && text.data[end] <= '9')
        end++;
    if (end == start || !cpmsync_slice_number(cpmsync_slice_of(text.data + start, end - start), UINT32_MAX, &value))
        return false;
    *number = (uint32_t)value;
    *at = end;
    return value != 0;
}

int cpmsync_uidset_parse_next(struct cpmsync_slice *text, struct cpmsync_range *range)
{
    uint32_t first, last;
    size_t at = 0;

    if (text->len == 0)
        return 0;
    if (!parse_number(*text, &at, &first))
        return CPMSYNC_ERR_PROTOCOL;
    last = first;
    if (at < text->len && text->data[at] == ':') {
        at++;
        if (!parse_number(*text, &at, &last))
            return CPMSYNC_ERR_PROTOCOL;
    }
    if (at < text->len && text->data[at++] != ',')
        return CPMSYNC_ERR_PROTOCOL;
    order(&first, &last);
    range->first = first;
    range->last = last;
    text->data += at;
    text->len -= at;
    return 1;
}

static size_t format_number(char *out, uint32_t number)
{
    char digits[10];
    size_t len = 0, i;

    do {
        digits[len++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    for (i = 0; i < len; i++)
        out[i] = digits[len - 1 - i];
    return len;
}

static size_t format_range(char *out, const struct cpmsync_range *range)
{
    size_t len = format_number(out, range->first);

    if (range->last == range->first)
        return len;
    out[len++] = ':';
    return len + format_number(out + len, range->last);
}

int cpmsync_uidset_format(const struct cpmsync_uidset *set, struct cpmsync_buf *buf, size_t budget, size_t *next)
{
    char text[RANGE_TEXT_MAX];
    size_t before = buf->len, at;

    for (at = *next; at < set->count; at++) {
        size_t len = 0;
        int error;

        if (at > *next)
            text[len++] = ',';
        len += format_range(text + len, &set->ranges[at]);
        if (len > budget)
            break;
        error = cpmsync_buf_add(buf, text, len);
        if (error) {
            cpmsync_buf_truncate(buf, before);
            return error;
        }
        budget -= len;
    }
    *next = at;
    return 0;
}
