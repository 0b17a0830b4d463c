/* SPDX-License-Identifier: MIT */
#include "client/saved_facts.h"

static const char FACTS_KEY[] = "server_facts";
enum { FACTS_MAX = 65536 };

static int load_facts(void *ctx, const uint8_t *octets, size_t len)
{
    struct cpmsync_client *client = ctx;
    int error = cpmsync_server_facts_load(&client->facts, cpmsync_slice_of(octets, len));

    return error ? error : cpmsync_buf_add(&client->saved_facts, octets, len);
}

int cpmsync_saved_facts_load(struct cpmsync_client *client)
{
    const struct cpmsync_store *store = &client->store;

    cpmsync_buf_init(&client->saved_facts, client->mem, FACTS_MAX);
    int error = store->ops->value_get(store->self, FACTS_KEY, load_facts, client);
    return error == CPMSYNC_ERR_NOMEM ? error : 0;
}

static int write_facts(struct cpmsync_client *client, struct cpmsync_slice octets)
{
    const struct cpmsync_store *store = &client->store;
    int error = store->ops->begin(store->self, CPMSYNC_STORE_CACHE);

    if (error)
        return error;
    error = store->ops->value_put(store->self, FACTS_KEY, octets.data, octets.len);
    if (error) {
        store->ops->rollback(store->self);
        return error;
    }
    return store->ops->commit(store->self);
}

void cpmsync_saved_facts_save(struct cpmsync_client *client)
{
    struct cpmsync_buf octets;

    cpmsync_buf_init(&octets, client->mem, FACTS_MAX);
    int error = cpmsync_server_facts_save(&client->facts, &octets);
    if (!error && cpmsync_slice_eq(cpmsync_buf_slice(&octets), cpmsync_buf_slice(&client->saved_facts))) {
        cpmsync_buf_clear(&octets);
        return;
    }
    if (!error)
        error = write_facts(client, cpmsync_buf_slice(&octets));
    if (error) {
        cpmsync_log(&client->log, CPMSYNC_LOG_WARNING, "server facts not saved: %s", cpmsync_error_name(error));
        cpmsync_buf_clear(&octets);
        return;
    }
    cpmsync_buf_clear(&client->saved_facts);
    client->saved_facts = octets;
}
