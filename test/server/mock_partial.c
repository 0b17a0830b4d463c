/* SPDX-License-Identifier: MIT */
#include "mock_partial.h"

/* partial-range-first = nz-number ":" nz-number; partial-range-last = MINUS nz-number ":" MINUS nz-number */
bool cpmsync_mock_read_partial(struct mock_parser *p, struct mock_partial *range)
{
    range->from_end = cpmsync_mock_read_char(p, '-');
    return cpmsync_mock_read_nz_number(p, &range->first) && cpmsync_mock_read_char(p, ':') &&
           cpmsync_mock_read_char(p, '-') == range->from_end && cpmsync_mock_read_nz_number(p, &range->last);
}

bool cpmsync_mock_partial_of(const struct mock_partial *range, const struct mock_set *whole, struct mock_set *part)
{
    uint64_t size = cpmsync_mock_set_size(whole), passed = 0;
    uint64_t low = range->first < range->last ? range->first : range->last;
    uint64_t high = range->first < range->last ? range->last : range->first;
    size_t i;
    if (low > size)
        return true;
    high = high < size ? high : size;
    if (range->from_end) {
        uint64_t nearest = low;
        low = size - high + 1;
        high = size - nearest + 1;
    }
    for (i = 0; i < whole->count && passed < high; i++) {
        const struct mock_range *members = &whole->ranges[i];
        uint64_t length = (uint64_t)members->last - members->first + 1;
        uint64_t from = low > passed + 1 ? low - passed - 1 : 0;
        uint64_t to = high - passed < length ? high - passed : length;
        if (from < to &&
            !cpmsync_mock_set_append(part, members->first + (uint32_t)from, members->first + (uint32_t)(to - 1)))
            return false;
        passed += length;
    }
    return true;
}
