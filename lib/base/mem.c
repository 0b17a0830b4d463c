/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void *cpmsync_mem_alloc(const struct cpmsync_allocator *mem, size_t size)
{
    return cpmsync_mem_resize(mem, NULL, size, 1);
}

void *cpmsync_mem_zalloc(const struct cpmsync_allocator *mem, size_t size)
{
    void *block = cpmsync_mem_alloc(mem, size);

    if (block)
        memset(block, 0, size);
    return block;
}

void *cpmsync_mem_resize(const struct cpmsync_allocator *mem, void *block, size_t count, size_t size)
{
    if (count == 0 || size == 0 || count > SIZE_MAX / size)
        return NULL;
    if (mem)
        return mem->reallocate(mem->ctx, block, count * size);
    return realloc(block, count * size);
}

char *cpmsync_mem_copy(const struct cpmsync_allocator *mem, const void *data, size_t len)
{
    char *copy;

    if (len == SIZE_MAX)
        return NULL;
    copy = cpmsync_mem_alloc(mem, len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

void cpmsync_mem_free(const struct cpmsync_allocator *mem, void *block)
{
    if (!block)
        return;
    if (mem)
        mem->release(mem->ctx, block);
    else
        free(block);
}

void cpmsync_mem_wipe(void *data, size_t len)
{
    volatile uint8_t *octet = data; /* volatile: these stores are not dead to the compiler */

    while (len--)
        *octet++ = 0;
}
