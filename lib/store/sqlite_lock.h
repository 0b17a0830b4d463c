/* SPDX-License-Identifier: MIT */
/* The writer's lock: an exclusive lock on PATH.lock that dies with its process and is never waited for. */
#ifndef CPMSYNC_STORE_SQLITE_LOCK_H
#define CPMSYNC_STORE_SQLITE_LOCK_H

#include "base/mem.h"

/* Makes the file with mode 0600 if it is missing, and locks it. 0 and a descriptor; CPMSYNC_ERR_STORE_LOCKED if someone
 * else has it, this process included; CPMSYNC_ERR_STORE_FULL, CPMSYNC_ERR_STORE, CPMSYNC_ERR_NOMEM. */
int cpmsync_sqlite_lock(const struct cpmsync_allocator *mem, const char *path, int *fd);
/* Ignores -1. The file stays: removing it would let two writers lock two files of one name. */
void cpmsync_sqlite_unlock(int fd);

/* Makes an empty file with mode 0600 unless there is one. 0 or CPMSYNC_ERR_STORE, CPMSYNC_ERR_STORE_FULL. */
int cpmsync_sqlite_create(const char *path);

#endif
