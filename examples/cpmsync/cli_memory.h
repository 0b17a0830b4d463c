/* SPDX-License-Identifier: MIT */
/* An allocator that knows its high water. */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <cpmsync/types.h>

struct cli_memory {
    struct cpmsync_allocator allocator;
    size_t in_use, peak;
};

void cli_memory_init(struct cli_memory *memory);

#endif
