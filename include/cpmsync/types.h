/* SPDX-License-Identifier: MIT */
/*
 * What every public header builds on: visibility, time, memory, ranges.
 *
 * Conventions that hold everywhere:
 *  - Functions that can fail return 0 (or a count) on success and a negative `enum cpmsync_error` (error.h) otherwise.
 *  - Structs the app fills begin with `size`, set to sizeof the struct; a zeroed field is the default. Fields are only
 *    ever added at the end. A struct that is too small, or larger and not zero behind what we know, is
 *    CPMSYNC_ERR_INVALID_ARGUMENT.
 *  - Structs the library fills are passed by pointer and live as long as the call or callback that shows them.
 *  - Limits are int64_t: 0 is the documented default, CPMSYNC_OFF switches the limit off where that is allowed.
 *  - Times are milliseconds of a clock that never goes back and counts suspended time (CLOCK_BOOTTIME). The library
 *    reads no clock of its own.
 */
#ifndef CPMSYNC_TYPES_H
#define CPMSYNC_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(CPMSYNC_SHARED)
#ifdef CPMSYNC_BUILDING
#define CPMSYNC_API __declspec(dllexport)
#else
#define CPMSYNC_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define CPMSYNC_API __attribute__((visibility("default")))
#else
#define CPMSYNC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A limit that is switched off, or a feature the app forbids. */
#define CPMSYNC_OFF (-1)

/* A deadline that never comes. */
#define CPMSYNC_NEVER INT64_MAX

/*
 * Memory. One allocator serves one client and everything made for it; it must outlive them. `reallocate(ctx, NULL, n)`
 * allocates, `release(ctx, NULL)` does nothing, sizes are never 0. Returning NULL is survived: the call that needed the
 * memory fails with CPMSYNC_ERR_NOMEM and nothing is lost. A NULL `struct cpmsync_allocator *` means malloc and free.
 */
struct cpmsync_allocator {
    size_t size;
    void *ctx;
    void *(*reallocate)(void *ctx, void *block, size_t size);
    void (*release)(void *ctx, void *block);
};

/* The UIDs (or numbers) first..last, both included; 1 <= first <= last. */
struct cpmsync_range {
    uint32_t first;
    uint32_t last;
};

/* A descriptor to watch, and for what. */
enum { CPMSYNC_POLL_READ = 1, CPMSYNC_POLL_WRITE = 2 };
struct cpmsync_pollfd {
    int fd;
    unsigned events;
};

#ifdef __cplusplus
}
#endif
#endif
