/* SPDX-License-Identifier: MIT */
/* Reading a struct that begins with its size (types.h). */
#ifndef CPMSYNC_BASE_SIZED_H
#define CPMSYNC_BASE_SIZED_H

#include <cpmsync/error.h>

#include <string.h>

/*
 * Copies the struct at `given`, which begins with its size, into `known` of `known_size` octets. A `given` that is
 * smaller, or larger and not zero behind what we know, is CPMSYNC_ERR_INVALID_ARGUMENT; so is NULL.
 */
static inline int cpmsync_sized_read(void *known, size_t known_size, const void *given)
{
    if (!given)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    size_t size;
    memcpy(&size, given, sizeof(size));
    if (size < known_size)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    const uint8_t *octets = given;
    for (size_t i = known_size; i < size; i++)
        if (octets[i])
            return CPMSYNC_ERR_INVALID_ARGUMENT;
    memcpy(known, given, known_size);
    return 0;
}

#endif
