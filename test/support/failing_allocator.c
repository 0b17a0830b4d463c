/* SPDX-License-Identifier: MIT */
#include "support/failing_allocator.h"

#include <stdlib.h>
#include <string.h>

/* In front of each block; a union, so that what follows is aligned for anything. */
union header {
    size_t size;
    long double align_number;
    void *align_pointer;
    uint64_t align_integer;
};

static bool fails(struct support_allocator *allocator)
{
    uint64_t call = ++allocator->calls;

    if (allocator->fail_call == 0 || call < allocator->fail_call)
        return false;
    if (call > allocator->fail_call && !allocator->fail_on)
        return false;
    allocator->failures++;
    return true;
}

static void release(void *ctx, void *block)
{
    struct support_allocator *allocator = ctx;
    union header *header;

    if (!block)
        return;
    header = (union header *)block - 1;
    allocator->live_blocks--;
    allocator->live_octets -= header->size;
    memset(block, 0xdd, header->size);
    free(header);
}

static void *reallocate(void *ctx, void *block, size_t size)
{
    struct support_allocator *allocator = ctx;
    union header *header;

    if (size == 0)
        abort();
    if (fails(allocator) || size > SIZE_MAX - sizeof(*header))
        return NULL;
    header = malloc(sizeof(*header) + size);
    if (!header)
        return NULL;
    header->size = size;
    memset(header + 1, 0xa5, size);
    if (block) {
        size_t old = ((union header *)block - 1)->size;

        memcpy(header + 1, block, old < size ? old : size);
        release(ctx, block);
    }
    allocator->live_blocks++;
    allocator->live_octets += size;
    if (allocator->live_octets > allocator->peak_octets)
        allocator->peak_octets = allocator->live_octets;
    return header + 1;
}

void support_allocator_init(struct support_allocator *allocator)
{
    memset(allocator, 0, sizeof(*allocator));
    allocator->mem.size = sizeof(allocator->mem);
    allocator->mem.ctx = allocator;
    allocator->mem.reallocate = reallocate;
    allocator->mem.release = release;
}

void support_allocator_fail_at(struct support_allocator *allocator, uint64_t n)
{
    allocator->fail_call = n ? allocator->calls + n : 0;
    allocator->fail_on = false;
    allocator->failures = 0;
}

void support_allocator_fail_from(struct support_allocator *allocator, uint64_t n)
{
    support_allocator_fail_at(allocator, n);
    allocator->fail_on = true;
}
