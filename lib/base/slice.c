/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static size_t shorter(struct cpmsync_slice a, struct cpmsync_slice b)
{
    return a.len < b.len ? a.len : b.len;
}

static int by_length(struct cpmsync_slice a, struct cpmsync_slice b)
{
    return (a.len > b.len) - (a.len < b.len);
}

bool cpmsync_slice_eq(struct cpmsync_slice a, struct cpmsync_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool cpmsync_slice_ieq(struct cpmsync_slice a, struct cpmsync_slice b)
{
    return a.len == b.len && cpmsync_slice_icmp(a, b) == 0;
}

bool cpmsync_slice_is(struct cpmsync_slice a, const char *text)
{
    return cpmsync_slice_ieq(a, cpmsync_slice_str(text));
}

int cpmsync_slice_cmp(struct cpmsync_slice a, struct cpmsync_slice b)
{
    size_t len = shorter(a, b);
    int order = len ? memcmp(a.data, b.data, len) : 0;

    return order ? order : by_length(a, b);
}

int cpmsync_slice_icmp(struct cpmsync_slice a, struct cpmsync_slice b)
{
    size_t len = shorter(a, b);
    size_t i;

    for (i = 0; i < len; i++) {
        int order = lower(a.data[i]) - lower(b.data[i]);

        if (order)
            return order;
    }
    return by_length(a, b);
}

bool cpmsync_slice_number(struct cpmsync_slice a, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    size_t i;

    if (a.len == 0)
        return false;
    for (i = 0; i < a.len; i++) {
        uint64_t digit;

        if (a.data[i] < '0' || a.data[i] > '9')
            return false;
        digit = (uint64_t)(a.data[i] - '0');
        if (value > max / 10 || digit > max - value * 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}
