/* SPDX-License-Identifier: MIT */
#include "client/saved_facts.h"

static const char FACTS_KEY[] = "server_facts";
static const char PAUSE_KEY[] = "connect_pause";
enum { FACTS_MAX = 65536, PAUSE_VERSION = 1, PAUSE_LEN = 13 };

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

static int write_value(struct cpmsync_client *client, const char *key, struct cpmsync_slice octets)
{
    const struct cpmsync_store *store = &client->store;
    int error = store->ops->begin(store->self, CPMSYNC_STORE_CACHE);

    if (error)
        return error;
    error = octets.len ? store->ops->value_put(store->self, key, octets.data, octets.len)
                       : store->ops->value_remove(store->self, key);
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
        error = write_value(client, FACTS_KEY, cpmsync_buf_slice(&octets));
    if (error) {
        cpmsync_log(&client->log, CPMSYNC_LOG_WARNING, "server facts not saved: %s", cpmsync_error_name(error));
        cpmsync_buf_clear(&octets);
        return;
    }
    cpmsync_buf_clear(&client->saved_facts);
    client->saved_facts = octets;
}

/* ---- when to connect again: a version, failures in a row (4), seconds since 1970 (8) */

static uint64_t read_number(const uint8_t *octets, size_t len)
{
    uint64_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number << 8 | octets[i];
    return number;
}

static void write_number(uint8_t *octets, size_t len, uint64_t number)
{
    for (size_t i = len; i-- > 0; number >>= 8)
        octets[i] = (uint8_t)number;
}

static int64_t time_of_day(const struct cpmsync_client *client)
{
    return client->config.wall_time ? client->config.wall_time(client->config.ctx) : 0;
}

static int load_pause(void *ctx, const uint8_t *octets, size_t len)
{
    struct cpmsync_client *client = ctx;

    if (len != PAUSE_LEN || octets[0] != PAUSE_VERSION)
        return 0;
    client->backoff.failures = (uint32_t)read_number(octets + 1, 4);
    client->pause_until = (int64_t)(read_number(octets + 5, 8) & INT64_MAX);
    return 0;
}

void cpmsync_saved_pause_load(struct cpmsync_client *client)
{
    const struct cpmsync_store *store = &client->store;

    if (client->config.wall_time)
        (void)store->ops->value_get(store->self, PAUSE_KEY, load_pause, client);
    client->pause_saved = client->backoff.failures != 0;
}

void cpmsync_saved_pause_save(struct cpmsync_client *client)
{
    uint8_t octets[PAUSE_LEN];
    int64_t today = time_of_day(client);
    bool pause = client->backoff.failures != 0 && client->backoff.retry_at != CPMSYNC_NEVER;

    if (today <= 0 || (!pause && !client->pause_saved))
        return;
    int64_t left = pause ? (client->backoff.retry_at - client->now + 999) / 1000 : 0;
    octets[0] = PAUSE_VERSION;
    write_number(octets + 1, 4, client->backoff.failures);
    write_number(octets + 5, 8, (uint64_t)(today + left));
    int error = write_value(client, PAUSE_KEY, cpmsync_slice_of(octets, pause ? PAUSE_LEN : 0));
    if (error)
        cpmsync_log(&client->log, CPMSYNC_LOG_WARNING, "pause not saved: %s", cpmsync_error_name(error));
    else
        client->pause_saved = pause;
}

void cpmsync_saved_pause_begin(struct cpmsync_client *client)
{
    int64_t today = time_of_day(client);
    int64_t left = client->pause_until - today;

    if (client->pause_until == 0)
        return;
    client->pause_until = 0;
    if (today <= 0 || left <= 0)
        return;
    /* A clock that was set back must not put it off for ever. */
    left = left > client->backoff.most_ms / 1000 ? client->backoff.most_ms : left * 1000;
    client->backoff.retry_at = client->now > INT64_MAX - left ? CPMSYNC_NEVER : client->now + left;
}
