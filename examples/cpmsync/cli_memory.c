/* SPDX-License-Identifier: MIT */
#include "cli_memory.h"

#include <stdlib.h>
#include <string.h>

/* Stands before each block, and keeps it aligned for anything. */
union head {
    size_t size;
    long double align_number;
    void *align_pointer;
};

static void *reallocate(void *ctx, void *block, size_t size)
{
    struct cli_memory *memory = ctx;
    union head *old = block != NULL ? (union head *)block - 1 : NULL;
    size_t old_size = old != NULL ? old->size : 0;
    if (size > SIZE_MAX - sizeof *old)
        return NULL;
    union head *grown = realloc(old, sizeof *grown + size);
    if (grown == NULL)
        return NULL;
    grown->size = size;
    memory->in_use += size;
    memory->in_use -= old_size;
    if (memory->in_use > memory->peak)
        memory->peak = memory->in_use;
    return grown + 1;
}

static void release(void *ctx, void *block)
{
    struct cli_memory *memory = ctx;
    if (block == NULL)
        return;
    union head *head = (union head *)block - 1;
    memory->in_use -= head->size;
    free(head);
}

void cli_memory_init(struct cli_memory *memory)
{
    memset(memory, 0, sizeof *memory);
    memory->allocator.size = sizeof memory->allocator;
    memory->allocator.ctx = memory;
    memory->allocator.reallocate = reallocate;
    memory->allocator.release = release;
}
