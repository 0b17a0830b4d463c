/* SPDX-License-Identifier: MIT */
/*
 * Looking up a name without blocking (CPMSYNC_WITH_RESOLVER): a thread per lookup runs getaddrinfo.
 *
 * getaddrinfo cannot be interrupted, so a lookup that is no longer wanted is left behind: what both sides use is counted,
 * and the last one out frees it. That memory comes from malloc, because the app's allocator belongs to the client's thread.
 */
#ifndef CPMSYNC_TRANSPORT_RESOLVE_H
#define CPMSYNC_TRANSPORT_RESOLVE_H

#include <cpmsync/transport.h>

struct cpmsync_resolve;

/* Fills up to `max` addresses (without port) and returns how many, or a negative EAI_* or errno in *code and
 * CPMSYNC_ERR_RESOLVE. Runs on a thread of its own. */
typedef int (*cpmsync_lookup_fn)(void *ctx, const char *host, struct cpmsync_address *addresses, size_t max, int *code);

enum { CPMSYNC_RESOLVE_MAX = 16 };

/* Starts looking up `host`, which is copied. `lookup` NULL: getaddrinfo. 0 or CPMSYNC_ERR_NOMEM (also: no thread). */
int cpmsync_resolve_start(struct cpmsync_resolve **resolve, const char *host, cpmsync_lookup_fn lookup, void *ctx);

/* Readable when the answer is there. */
int cpmsync_resolve_fd(const struct cpmsync_resolve *resolve);

/*
 * 0 while there is no answer; then the number of addresses, copied to `addresses` (at most CPMSYNC_RESOLVE_MAX), or
 * CPMSYNC_ERR_RESOLVE with getaddrinfo's code (errno where that is EAI_SYSTEM) in *code.
 */
int cpmsync_resolve_result(struct cpmsync_resolve *resolve, struct cpmsync_address *addresses, int *code);

/* Gives the lookup up, without waiting for it. NULL is ignored. */
void cpmsync_resolve_free(struct cpmsync_resolve *resolve);

#endif
