/* SPDX-License-Identifier: MIT */
/* A slice: octets that somebody else owns, with a length. Any octet may occur, NUL included. */
#ifndef CPMSYNC_BASE_SLICE_H
#define CPMSYNC_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cpmsync_slice {
    const uint8_t *data;
    size_t len;
};

/* A string literal as a slice. */
#define CPMSYNC_SLICE(literal) cpmsync_slice_of((literal), sizeof(literal) - 1)

static inline struct cpmsync_slice cpmsync_slice_of(const void *data, size_t len)
{
    struct cpmsync_slice slice = {(const uint8_t *)data, len};
    return slice;
}

static inline struct cpmsync_slice cpmsync_slice_str(const char *text)
{
    return cpmsync_slice_of(text, strlen(text));
}

bool cpmsync_slice_eq(struct cpmsync_slice a, struct cpmsync_slice b);

/* ASCII letters compare without case (G-04). */
bool cpmsync_slice_ieq(struct cpmsync_slice a, struct cpmsync_slice b);
bool cpmsync_slice_is(struct cpmsync_slice a, const char *text); /* ieq with a NUL-terminated text */

/* Bytewise order, a prefix first. */
int cpmsync_slice_cmp(struct cpmsync_slice a, struct cpmsync_slice b);
/* The same on ASCII-lowercased octets. */
int cpmsync_slice_icmp(struct cpmsync_slice a, struct cpmsync_slice b);

/* The whole slice as a decimal number of digits only; false if empty, not digits, or above `max` (G-08). */
bool cpmsync_slice_number(struct cpmsync_slice a, uint64_t max, uint64_t *number);

#endif
