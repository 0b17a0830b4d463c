/* SPDX-License-Identifier: MIT */
#include "support/store_mutant.h"

const struct cpmsync_store_ops *store_mutant_real(void)
{
    static const struct cpmsync_store_ops *ops;
    struct cpmsync_store store;

    if (ops == NULL && cpmsync_store_memory_open(&store, NULL) == 0) {
        ops = store.ops;
        cpmsync_store_close(&store);
    }
    return ops;
}

int store_mutant_check(store_mutant_fn mutate, const struct cpmsync_store_check_config *config, const char **rule)
{
    struct cpmsync_store store;
    struct cpmsync_store_ops ops;
    int error = cpmsync_store_memory_open(&store, NULL);

    *rule = "";
    if (error)
        return error;
    ops = *store.ops;
    mutate(&ops);
    store.ops = &ops;
    error = cpmsync_store_check(&store, config, rule);
    if (*rule == NULL)
        *rule = "";
    store.ops->close(store.self);
    return error;
}
