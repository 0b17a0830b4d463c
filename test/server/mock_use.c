/* SPDX-License-Identifier: MIT */
#include "mock_use.h"

static const char *const NAMES[MOCK_USES] = {
    "\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash"};

const char *cpmsync_mock_use_name(enum mock_use use)
{
    return NAMES[use];
}

bool cpmsync_mock_read_uses(struct cpmsync_slice text, mock_use_set *uses)
{
    struct mock_flag_list list;
    size_t i, use;
    *uses = 0;
    if (!cpmsync_mock_split_flags(text, &list))
        return false;
    for (i = 0; i < list.count; i++) {
        for (use = 0; use < MOCK_USES; use++)
            if (cpmsync_slice_is(list.flags[i], NAMES[use]))
                break;
        if (use == MOCK_USES)
            return false;
        *uses |= 1u << use;
    }
    return true;
}
