/* SPDX-License-Identifier: MIT */
/* Memory through the app's allocator. Every function takes the allocator first; NULL means malloc and free. */
#ifndef CPMSYNC_BASE_MEM_H
#define CPMSYNC_BASE_MEM_H

#include <cpmsync/types.h>

/* NULL when there is no memory; 0 octets yield NULL too. */
void *cpmsync_mem_alloc(const struct cpmsync_allocator *mem, size_t size);
void *cpmsync_mem_zalloc(const struct cpmsync_allocator *mem, size_t size);

/* An array of `count` elements; NULL also when count * size overflows. `block` stays valid on failure. */
void *cpmsync_mem_resize(const struct cpmsync_allocator *mem, void *block, size_t count, size_t size);

/* A copy of `len` octets with a NUL behind them. */
char *cpmsync_mem_copy(const struct cpmsync_allocator *mem, const void *data, size_t len);

void cpmsync_mem_free(const struct cpmsync_allocator *mem, void *block);

/* Overwrites `len` octets in a way the compiler keeps. */
void cpmsync_mem_wipe(void *data, size_t len);

#endif
