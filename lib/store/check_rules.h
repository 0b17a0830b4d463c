/* SPDX-License-Identifier: MIT */
/* A rule of the store contract that needs neither a kill nor a power loss. */
#ifndef CPMSYNC_STORE_CHECK_RULES_H
#define CPMSYNC_STORE_CHECK_RULES_H

#include <cpmsync/store.h>

struct cpmsync_check_rule {
    const char *name;
    /* Begins on an empty store and may leave a transaction open. 0, the error of a call, or CPMSYNC_ERR_STORE for a wrong
     * result. */
    int (*check)(struct cpmsync_store *store);
};

#endif
