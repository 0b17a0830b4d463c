/* SPDX-License-Identifier: MIT */
#include "sync/lacking.h"

#include "sync/descriptor.h"
#include "sync/mailbox_extra.h"

enum { VERSION = 1, HEAD = 9 };

static void put_head(uint8_t head[HEAD], const struct cpmsync_header_list *fields)
{
    head[0] = VERSION;
    for (size_t i = 1; i < HEAD; i++)
        head[i] = (uint8_t)(fields->digest >> 8 * (i - 1));
}

/* The ranges behind the head. False if these are not the fields that are asked for. */
static bool cut_head(
    const struct cpmsync_store_mailbox *record, const struct cpmsync_header_list *fields, struct cpmsync_slice *ranges)
{
    struct cpmsync_slice value;
    uint8_t head[HEAD];

    put_head(head, fields);
    if (!cpmsync_extra_get(cpmsync_slice_of(record->extra, record->extra_len), CPMSYNC_EXTRA_LACKING, &value) ||
        value.len < HEAD || memcmp(value.data, head, HEAD) != 0)
        return false;
    *ranges = cpmsync_slice_of(value.data + HEAD, value.len - HEAD);
    return true;
}

/* Each number is the distance from the one before it. */
static bool next_range(struct cpmsync_slice *ranges, uint64_t *before, struct cpmsync_range *range)
{
    uint64_t gap;
    uint64_t more;

    if (!cpmsync_descriptor_get_number(ranges, &gap) || !cpmsync_descriptor_get_number(ranges, &more) || gap == 0 ||
        gap > UINT32_MAX || more > UINT32_MAX || *before + gap + more > UINT32_MAX)
        return false;
    range->first = (uint32_t)(*before + gap);
    range->last = (uint32_t)(range->first + more);
    *before = range->last;
    return true;
}

static int all_lack(struct cpmsync_uidset *lacking, const struct cpmsync_store_mailbox *record)
{
    cpmsync_uidset_empty(lacking);
    if (record->covered_count == 0)
        return 0;
    return cpmsync_uidset_add(lacking, 1, record->covered[record->covered_count - 1].last);
}

int cpmsync_lacking_read(struct cpmsync_uidset *lacking, const struct cpmsync_store_mailbox *record,
    const struct cpmsync_header_list *fields)
{
    struct cpmsync_slice ranges;
    struct cpmsync_range range;
    uint64_t before = 0;
    int error = 0;

    cpmsync_uidset_empty(lacking);
    if (!cut_head(record, fields, &ranges))
        return all_lack(lacking, record);
    while (ranges.len && !error) {
        if (!next_range(&ranges, &before, &range))
            return all_lack(lacking, record);
        error = cpmsync_uidset_add(lacking, range.first, range.last);
    }
    return error;
}

static int write_ranges(
    const struct cpmsync_uidset *lacking, const struct cpmsync_header_list *fields, struct cpmsync_buf *value)
{
    uint8_t head[HEAD];
    uint64_t before = 0;

    put_head(head, fields);
    int error = cpmsync_buf_add(value, head, HEAD);
    for (size_t i = 0; i < lacking->count && !error; i++) {
        bool rest = i + 1 == CPMSYNC_LACKING_RANGES;
        uint32_t last = lacking->ranges[rest ? lacking->count - 1 : i].last;
        error = cpmsync_descriptor_put_number(value, lacking->ranges[i].first - before);
        if (!error)
            error = cpmsync_descriptor_put_number(value, last - lacking->ranges[i].first);
        before = last;
        if (rest)
            break;
    }
    return error;
}

int cpmsync_lacking_write(
    const struct cpmsync_uidset *lacking, const struct cpmsync_header_list *fields, struct cpmsync_buf *extra)
{
    struct cpmsync_buf value;

    cpmsync_buf_init(&value, extra->mem, CPMSYNC_LACKING_OCTETS_MAX);
    int error = fields ? write_ranges(lacking, fields, &value) : 0;
    if (!error)
        error = cpmsync_extra_set(extra, CPMSYNC_EXTRA_LACKING, cpmsync_buf_slice(&value));
    cpmsync_buf_clear(&value);
    return error < 0 ? error : 0;
}

bool cpmsync_lacking_any(const struct cpmsync_store_mailbox *record, const struct cpmsync_header_list *fields)
{
    struct cpmsync_slice ranges;

    return record->messages && (!cut_head(record, fields, &ranges) || ranges.len);
}
