/* SPDX-License-Identifier: MIT */
#include "client/watch.h"

/* ---- the wish */

void cpmsync_watch_begin(struct cpmsync_client *client, struct cpmsync_operation *operation)
{
    client->watch = operation;
    cpmsync_backoff_reset(&client->backoff);
}

struct cpmsync_operation *cpmsync_watch_take(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *watch = client->watch;

    if (!watch || watch->id != id)
        return NULL;
    client->watch = NULL;
    return watch;
}

bool cpmsync_watch_wants_connection(const struct cpmsync_client *client)
{
    return client->watch && client->now >= client->backoff.retry_at;
}

struct cpmsync_operation *cpmsync_watch_failed(struct cpmsync_client *client, const struct cpmsync_err *err)
{
    enum cpmsync_advice advice = cpmsync_error_advice(err->error);
    uint8_t octets[4] = {0x5a, 0xa5, 0x3c, 0xc3};
    struct cpmsync_crypto *crypto = client->config.crypto;

    if (!client->watch)
        return NULL;
    if (err->error && advice != CPMSYNC_ADVICE_BACK_OFF && advice != CPMSYNC_ADVICE_NOW)
        return cpmsync_watch_take(client, client->watch->id);
    if (crypto)
        (void)crypto->ops->random(crypto->self, octets, sizeof octets);
    cpmsync_backoff_failed(&client->backoff, client->now,
        (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3]);
    return NULL;
}

/* ---- on a connection */

static bool is_wished(const struct cpmsync_conn *conn)
{
    return conn->client->watch && conn->client->watch->id == conn->watched;
}

bool cpmsync_watch_is_on(const struct cpmsync_conn *conn)
{
    return conn->watched != 0;
}

void cpmsync_watch_session(struct cpmsync_conn *conn)
{
    const struct cpmsync_client_config *config = &conn->client->config;

    conn->watched = 0;
    conn->leaving = false;
    cpmsync_live_init(&conn->live, &conn->chain, config->idle_ms == CPMSYNC_OFF ? CPMSYNC_NEVER : config->idle_ms);
}

/* It was left, or it failed. When the connection ended, its own error says more. */
static void watched(void *ctx, const struct cpmsync_err *err, bool unfinished)
{
    struct cpmsync_conn *conn = ctx;
    bool wished = is_wished(conn);

    (void)unfinished;
    if (cpmsync_session_state(conn->session) == CPMSYNC_SESSION_FAILED)
        return;
    conn->watched = 0;
    conn->leaving = false;
    if (err->error && wished)
        cpmsync_conduct_complete(conn->client, cpmsync_watch_take(conn->client, conn->client->watch->id), err);
}

static void start(struct cpmsync_conn *conn)
{
    struct cpmsync_client *client = conn->client;
    struct cpmsync_err err;

    conn->watched = client->watch->id;
    int error = cpmsync_chain_visit(
        &conn->chain, cpmsync_slice_str(client->watch->mailbox), NULL, CPMSYNC_VISIT_STAYS, watched, conn);
    if (!error)
        return;
    conn->watched = 0;
    cpmsync_err_clear(&err);
    cpmsync_err_set(&err, error);
    cpmsync_conduct_complete(client, cpmsync_watch_take(client, client->watch->id), &err);
}

static bool leave_due(const struct cpmsync_conn *conn)
{
    return conn->watched && !conn->leaving && (conn->client->first || !is_wished(conn));
}

static bool start_due(const struct cpmsync_conn *conn)
{
    return !conn->watched && conn->client->watch && !conn->client->first && !conn->running;
}

bool cpmsync_watch_due(const struct cpmsync_conn *conn)
{
    return leave_due(conn) || start_due(conn);
}

void cpmsync_watch_go_on(struct cpmsync_conn *conn)
{
    if (leave_due(conn)) {
        conn->leaving = true;
        cpmsync_session_end_idle(conn->session);
        cpmsync_chain_leave(&conn->chain);
    } else if (start_due(conn)) {
        start(conn);
    }
}

void cpmsync_watch_rest(struct cpmsync_conn *conn)
{
    if (conn->watched)
        cpmsync_chain_rest(&conn->chain);
}

static void lose(struct cpmsync_conn *conn, int error)
{
    if (error)
        cpmsync_session_fail(conn->session, error);
}

void cpmsync_watch_idle(struct cpmsync_conn *conn)
{
    if (conn->watched && !conn->leaving && cpmsync_session_logged_in(conn->session))
        lose(conn, cpmsync_live_idle(&conn->live, conn->client->now));
}

void cpmsync_watch_tick(struct cpmsync_conn *conn)
{
    if (conn->session && conn->watched && cpmsync_session_state(conn->session) == CPMSYNC_SESSION_READY)
        lose(conn, cpmsync_live_tick(&conn->live, conn->client->now));
}

int64_t cpmsync_watch_expiry(const struct cpmsync_client *client)
{
    const struct cpmsync_conn *conn = &client->conns[0];

    if (conn->phase == CPMSYNC_PHASE_NONE && client->watch && client->backoff.retry_at > client->now)
        return client->backoff.retry_at;
    return conn->phase == CPMSYNC_PHASE_OPEN && conn->watched ? cpmsync_live_expiry(&conn->live) : CPMSYNC_NEVER;
}
