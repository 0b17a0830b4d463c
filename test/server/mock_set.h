/* SPDX-License-Identifier: MIT */
/* The mock's own sets of numbers: ranges as a client wrote them, then sorted and merged. */
#ifndef CPMSYNC_MOCK_SET_H
#define CPMSYNC_MOCK_SET_H

#include "base/buf.h"

/* In a set as parsed 0 stands for `*`, and first may be above last. */
struct mock_range {
    uint32_t first;
    uint32_t last;
};

struct mock_set {
    const struct cpmsync_allocator *mem;
    struct mock_range *ranges;
    size_t count;
    size_t capacity;
    bool is_saved; /* it was written "$" (RFC 5182) */
};

void cpmsync_mock_set_init(struct mock_set *set, const struct cpmsync_allocator *mem);
void cpmsync_mock_set_clear(struct mock_set *set);

/* Puts a range behind the others, joined with the last one where it continues it. false without memory. */
bool cpmsync_mock_set_append(struct mock_set *set, uint32_t first, uint32_t last);

/* Replaces `*` by `highest` (with 0, ranges that hold `*` go), orders, sorts and merges. */
void cpmsync_mock_set_resolve(struct mock_set *set, uint32_t highest);

/* The questions below want a resolved set. */
bool cpmsync_mock_set_contains(const struct mock_set *set, uint32_t number);
uint32_t cpmsync_mock_set_highest(const struct mock_set *set);
uint64_t cpmsync_mock_set_size(const struct mock_set *set);

/* Whether a set as parsed holds `*`. */
bool cpmsync_mock_set_has_star(const struct mock_set *set);

/* Whether a set as parsed is in ascending order, without `*` and overlaps. */
bool cpmsync_mock_set_ascends(const struct mock_set *set);

/* Appends "1,3:5". false without memory. */
bool cpmsync_mock_set_write(const struct mock_set *set, struct cpmsync_buf *out);

/* Reads a whole text such as "1,3:5,9:*". false if it is not a set, or without memory. */
bool cpmsync_mock_set_parse(struct mock_set *set, struct cpmsync_slice text);

#endif
