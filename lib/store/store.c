/* SPDX-License-Identifier: MIT */
#include <cpmsync/store.h>

void cpmsync_store_close(struct cpmsync_store *store)
{
    if (store == NULL || store->ops == NULL)
        return;
    store->ops->close(store->self);
    store->ops = NULL;
    store->self = NULL;
}

/* The store this build leaves out. */

#if !defined(CPMSYNC_WITH_SQLITE)
int cpmsync_store_sqlite_open(
    struct cpmsync_store *store, const struct cpmsync_store_sqlite_config *config, int *backend_code)
{
    (void)store;
    (void)config;
    if (backend_code != NULL)
        *backend_code = 0;
    return CPMSYNC_ERR_UNSUPPORTED;
}

int cpmsync_store_sqlite_suspend(struct cpmsync_store *store)
{
    (void)store;
    return CPMSYNC_ERR_UNSUPPORTED;
}

int cpmsync_store_sqlite_resume(struct cpmsync_store *store)
{
    (void)store;
    return CPMSYNC_ERR_UNSUPPORTED;
}
#endif
