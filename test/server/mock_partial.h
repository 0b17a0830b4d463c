/* SPDX-License-Identifier: MIT */
/* partial-range of SEARCH and UID FETCH (RFC 9394): some of the results, counted from the first or from the last. */
#ifndef CPMSYNC_MOCK_PARTIAL_H
#define CPMSYNC_MOCK_PARTIAL_H

#include "mock_parser.h"

struct mock_partial {
    bool from_end; /* both numbers had a minus */
    uint32_t first;
    uint32_t last; /* as written, so it may be below first */
};

bool cpmsync_mock_read_partial(struct mock_parser *p, struct mock_partial *range);

/* Appends the members of `whole`, which is resolved, that the range covers. false without memory. */
bool cpmsync_mock_partial_of(const struct mock_partial *range, const struct mock_set *whole, struct mock_set *part);

#endif
