/* SPDX-License-Identifier: MIT */
#include "client/saved_facts.h"

static const char FACTS_KEY[] = "server_facts";
enum { FACTS_MAX = 65536 };

static int load_facts(void *ctx, const uint8_t *octets, size_t len)
{
    return cpmsync_server_facts_load(ctx, cpmsync_slice_of(octets, len));
}

int cpmsync_saved_facts_load(struct cpmsync_client *client)
{
    const struct cpmsync_store *store = &client->store;
    int error = store->ops->value_get(store->self, FACTS_KEY, load_facts, &client->facts);

    return error == CPMSYNC_ERR_NOMEM ? error : 0;
}

void cpmsync_saved_facts_save(struct cpmsync_client *client)
{
    const struct cpmsync_store *store = &client->store;
    struct cpmsync_buf octets;

    cpmsync_buf_init(&octets, client->mem, FACTS_MAX);
    int error = cpmsync_server_facts_save(&client->facts, &octets);
    if (!error)
        error = store->ops->begin(store->self, CPMSYNC_STORE_CACHE);
    if (!error) {
        struct cpmsync_slice slice = cpmsync_buf_slice(&octets);
        error = store->ops->value_put(store->self, FACTS_KEY, slice.data, slice.len);
        if (error)
            store->ops->rollback(store->self);
        else
            error = store->ops->commit(store->self);
    }
    if (error)
        cpmsync_log(&client->log, CPMSYNC_LOG_WARNING, "server facts not saved: %s", cpmsync_error_name(error));
    cpmsync_buf_clear(&octets);
}
