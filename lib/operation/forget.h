/* SPDX-License-Identifier: MIT */
/* A mailbox leaves the cache: what the server has, or had, is no matter. */
#ifndef CPMSYNC_OPERATION_FORGET_H
#define CPMSYNC_OPERATION_FORGET_H

#include <cpmsync/client.h>

/* `name` is UTF-8. 0; CPMSYNC_ERR_NOT_FOUND if it is not cached, CPMSYNC_ERR_INVALID_ARGUMENT for a name that can be none,
 * CPMSYNC_ERR_NOMEM, the store's error. */
int cpmsync_forget(const struct cpmsync_store *store, const struct cpmsync_allocator *mem, const char *name);

#endif
