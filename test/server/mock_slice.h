/* SPDX-License-Identifier: MIT */
/* Steps over a slice. One without octets may be nowhere, and no number is added to that (C99 6.5.6), not even 0. */
#ifndef CPMSYNC_MOCK_SLICE_H
#define CPMSYNC_MOCK_SLICE_H

#include "base/slice.h"

/* What is behind the first `len` octets. */
static inline struct cpmsync_slice cpmsync_mock_behind(struct cpmsync_slice slice, size_t len)
{
    return len ? cpmsync_slice_of(slice.data + len, slice.len - len) : slice;
}

static inline const uint8_t *cpmsync_mock_end_of(struct cpmsync_slice slice)
{
    return slice.len ? slice.data + slice.len : slice.data;
}

#endif
