/* SPDX-License-Identifier: MIT */
#include <cpmsync/client.h>

#include "base/sized.h"
#include "client/automatic.h"
#include "client/network.h"
#include "client/saved_facts.h"
#include "client/queue.h"
#include "client/watch.h"

/* ---- configuration */

struct limit {
    size_t offset;
    int64_t standard;
    int64_t most; /* what fits our own types; also what CPMSYNC_OFF means */
};

#define LIMIT(member, standard, most)                                                                                  \
    {                                                                                                                  \
        offsetof(struct cpmsync_client_config, member), (standard), (most)                                             \
    }

static const struct limit LIMITS[] = {
    LIMIT(response_max, 65536, 16777216),
    LIMIT(literal_max, 16384, 16777216),
    LIMIT(output_max, 1048576, 16777216),
    LIMIT(messages_max, 1000000, UINT32_MAX - 1),
    LIMIT(mailboxes_max, 100000, UINT32_MAX),
    LIMIT(flagsets_max, 65536, UINT32_MAX - 1),
    LIMIT(flagset_octets_max, 4194304, 1073741824),
    LIMIT(operations_max, 1024, INT32_MAX),
    LIMIT(scram_iterations_max, 1000000, UINT32_MAX),
    LIMIT(retry_least_ms, 2000, INT32_MAX),
    LIMIT(retry_most_ms, 900000, INT64_MAX),
    LIMIT(survey_ms, 6 * 60 * 60 * 1000, INT64_MAX),
};

static const int64_t TIMEOUT_STANDARD = 60000;
static const int64_t IDLE_STANDARD = 29 * 60 * 1000;
static const int64_t RESPONSE_LEAST = 1024;
static const int64_t OUTPUT_LEAST = 1024; /* a tag and a piece of its command must fit */

static int apply_limits(struct cpmsync_client_config *config)
{
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        int64_t *value = (int64_t *)(void *)((char *)config + LIMITS[i].offset);
        if (*value == 0)
            *value = LIMITS[i].standard;
        else if (*value == CPMSYNC_OFF)
            *value = LIMITS[i].most;
        if (*value < 1 || *value > LIMITS[i].most)
            return CPMSYNC_ERR_INVALID_ARGUMENT;
    }
    if (config->response_max < RESPONSE_LEAST || config->output_max < OUTPUT_LEAST)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (config->command_timeout_ms == 0)
        config->command_timeout_ms = TIMEOUT_STANDARD;
    if (config->idle_ms == 0)
        config->idle_ms = IDLE_STANDARD;
    if (config->idle_ms < CPMSYNC_OFF)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return config->command_timeout_ms < CPMSYNC_OFF ? CPMSYNC_ERR_INVALID_ARGUMENT : 0;
}

static int check(const struct cpmsync_client_config *config)
{
    if (!config->credentials || (config->store && !config->store->ops))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if ((unsigned)config->security > CPMSYNC_TLS_NONE || (unsigned)config->early > CPMSYNC_EARLY_NEVER ||
        (unsigned)config->compress > CPMSYNC_COMPRESS_NEVER || (config->disabled_count && !config->disabled))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < config->disabled_count; i++)
        if (!config->disabled[i])
            return CPMSYNC_ERR_INVALID_ARGUMENT;
    if ((config->descriptors && config->descriptors != CPMSYNC_OFF) ||
        (config->header_field_count && !config->header_fields))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return 0;
}

static int copy_strings(struct cpmsync_client *client, const struct cpmsync_client_config *config)
{
    if (config->mechanism) {
        client->config.mechanism = cpmsync_mem_copy(client->mem, config->mechanism, strlen(config->mechanism));
        if (!client->config.mechanism)
            return CPMSYNC_ERR_NOMEM;
    }
    if (config->disabled_count == 0)
        return 0;
    char **list = cpmsync_mem_zalloc(client->mem, config->disabled_count * sizeof *list);
    if (!list)
        return CPMSYNC_ERR_NOMEM;
    client->config.disabled = (const char *const *)list;
    for (size_t i = 0; i < config->disabled_count; i++) {
        list[i] = cpmsync_mem_copy(client->mem, config->disabled[i], strlen(config->disabled[i]));
        if (!list[i])
            return CPMSYNC_ERR_NOMEM;
        client->config.disabled_count++;
    }
    return 0;
}

static void log_line(void *ctx, int level, const char *text)
{
    struct cpmsync_client *client = ctx;
    client->config.log(client->config.ctx, (enum cpmsync_log_level)level, text);
}

static int setup(struct cpmsync_client *client, const struct cpmsync_client_config *config)
{
    int error = apply_limits(&client->config);
    if (!error)
        error = copy_strings(client, config);
    if (error)
        return error;
    if (config->log) {
        client->log.ctx = client;
        client->log.line = log_line;
    }
    cpmsync_backoff_init(&client->backoff, client->config.retry_least_ms, client->config.retry_most_ms);
    client->limits.rows_max = (size_t)client->config.messages_max;
    client->limits.flagsets_max = (size_t)client->config.flagsets_max;
    client->limits.flagset_octets_max = (size_t)client->config.flagset_octets_max;
    client->limits.ranges_max = (size_t)client->config.messages_max + 1;
    error = cpmsync_header_list_init(&client->fields, client->mem, config->header_fields, config->header_field_count);
    if (error)
        return error;
    if (config->store) {
        client->store = *config->store;
    } else {
        error = cpmsync_store_memory_open(&client->store, client->mem);
        if (error)
            return error;
        client->own_store = true;
    }
    cpmsync_saved_pause_load(client);
    return cpmsync_saved_facts_load(client);
}

/* ---- life */

int cpmsync_client_new(struct cpmsync_client **out, const struct cpmsync_client_config *given)
{
    struct cpmsync_client_config config;

    if (!out)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    *out = NULL;
    int error = cpmsync_sized_read(&config, sizeof config, given);
    if (!error)
        error = check(&config);
    if (error)
        return error;
    struct cpmsync_client *client = cpmsync_mem_zalloc(config.allocator, sizeof *client);
    if (!client)
        return CPMSYNC_ERR_NOMEM;
    client->config = config;
    /* Copied later: what is freed is never the app's own. */
    client->config.mechanism = NULL;
    client->config.disabled = NULL;
    client->config.disabled_count = 0;
    client->config.header_fields = NULL;
    client->config.header_field_count = 0;
    client->mem = config.allocator;
    cpmsync_server_facts_init(&client->facts, client->mem);
    cpmsync_conduct_init(client);
    cpmsync_trigger_init(&client->trigger);
    error = setup(client, &config);
    if (error) {
        cpmsync_client_destroy(client);
        return error;
    }
    *out = client;
    return 0;
}

void cpmsync_client_destroy(struct cpmsync_client *client)
{
    client->dying = true;
    cpmsync_conduct_clear(client);
    cpmsync_step_free(client);
    cpmsync_server_facts_clear(&client->facts);
    cpmsync_buf_clear(&client->saved_facts);
    cpmsync_mem_free(client->mem, client->enabled);
    cpmsync_namespace_list_clear(&client->namespaces, client->mem);
    if (client->own_store)
        cpmsync_store_close(&client->store);
    for (size_t i = 0; i < client->config.disabled_count; i++)
        cpmsync_mem_free(client->mem, (void *)(uintptr_t)client->config.disabled[i]);
    cpmsync_mem_free(client->mem, (void *)(uintptr_t)client->config.disabled);
    cpmsync_mem_free(client->mem, (void *)(uintptr_t)client->config.mechanism);
    cpmsync_header_list_clear(&client->fields);
    cpmsync_mem_free(client->mem, client);
}

void cpmsync_client_free(struct cpmsync_client *client)
{
    if (!client || client->dying)
        return;
    client->dying = true;
    if (client->depth == 0 && client->pins == 0)
        cpmsync_client_destroy(client);
}

int cpmsync_client_credentials(struct cpmsync_client *client, uint32_t conn, int error, const char *user,
    const char *password, const char *authzid)
{
    if (!client || conn >= CPMSYNC_CONN_COUNT || (!error && (!user || !password)))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!client->conns[conn].session)
        return CPMSYNC_ERR_STATE;
    bool outer = cpmsync_conduct_enter(client) == 0;
    cpmsync_session_credentials(client->conns[conn].session, error, user, password, authzid);
    if (outer)
        cpmsync_conduct_leave(client);
    return 0;
}

/* ---- operations */

int64_t cpmsync_client_login(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[0], CPMSYNC_OPERATION_LOGIN, NULL, done, ctx);
}

int64_t cpmsync_client_sync(struct cpmsync_client *client, const char *mailbox, cpmsync_done_fn done, void *ctx)
{
    if (!client || !mailbox || !*mailbox)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[0], CPMSYNC_OPERATION_SYNC, mailbox, done, ctx);
}

int64_t cpmsync_client_sync_account(struct cpmsync_client *client, const char *first, cpmsync_done_fn done, void *ctx)
{
    if (!client || (first && !*first))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[0], CPMSYNC_OPERATION_SYNC_ACCOUNT, first, done, ctx);
}

int64_t cpmsync_client_watch(struct cpmsync_client *client, const char *mailbox, cpmsync_done_fn done, void *ctx)
{
    if (!client || !mailbox || !*mailbox)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[0], CPMSYNC_OPERATION_WATCH, mailbox, done, ctx);
}

int64_t cpmsync_client_watch_account(struct cpmsync_client *client, const char *first, cpmsync_done_fn done, void *ctx)
{
    if (!client || (first && !*first))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[0], CPMSYNC_OPERATION_WATCH_ACCOUNT, first ? first : "INBOX", done, ctx);
}

int64_t cpmsync_client_list(
    struct cpmsync_client *client, const char *pattern, cpmsync_list_fn fn, cpmsync_done_fn done, void *ctx)
{
    if (!client || !fn || (pattern && (!*pattern || strchr(pattern, '\r') || strchr(pattern, '\n'))))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct cpmsync_conn *conn = &client->conns[0];
    int64_t id = cpmsync_queue_submit(conn, CPMSYNC_OPERATION_LIST, pattern ? pattern : "*", done, ctx);
    if (id > 0)
        conn->last->listed = fn;
    return id;
}

int64_t cpmsync_client_forget(struct cpmsync_client *client, const char *mailbox, cpmsync_done_fn done, void *ctx)
{
    if (!client || !mailbox || !*mailbox)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[0], CPMSYNC_OPERATION_FORGET, mailbox, done, ctx);
}

int64_t cpmsync_client_logout(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[0], CPMSYNC_OPERATION_LOGOUT, NULL, done, ctx);
}

int64_t cpmsync_client_bulk_open(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[1], CPMSYNC_OPERATION_LOGIN, NULL, done, ctx);
}

int64_t cpmsync_client_bulk_close(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_queue_submit(&client->conns[1], CPMSYNC_OPERATION_LOGOUT, NULL, done, ctx);
}

int cpmsync_client_deadline(struct cpmsync_client *client, int64_t operation, int64_t at)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct cpmsync_operation *found = cpmsync_queue_find(client, operation);
    if (!found)
        return CPMSYNC_ERR_NOT_FOUND;
    found->deadline = at;
    return 0;
}

int64_t cpmsync_client_quiesce(struct cpmsync_client *client, int64_t now)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    client->now = now;
    client->quiet = true;
    return cpmsync_conduct_busy_for(client);
}

void cpmsync_client_resume(struct cpmsync_client *client)
{
    if (!client)
        return;
    client->resumed = client->resumed || client->quiet;
    client->quiet = false;
}

int cpmsync_client_cancel(struct cpmsync_client *client, int64_t operation)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    bool outer = cpmsync_conduct_enter(client) == 0;
    int error = cpmsync_conduct_cancel(client, operation);
    if (outer)
        cpmsync_conduct_leave(client);
    return error;
}

/* ---- the bytes face */

static struct cpmsync_session *session_of(const struct cpmsync_client *client, uint32_t conn)
{
    const struct cpmsync_conn *at = &client->conns[conn];
    return at->phase == CPMSYNC_PHASE_OPEN ? at->session : NULL;
}

unsigned cpmsync_conn_want(const struct cpmsync_client *client, uint32_t conn)
{
    if (!client || conn >= CPMSYNC_CONN_COUNT)
        return 0;
    const struct cpmsync_conn *at = &client->conns[conn];
    switch (at->phase) {
    case CPMSYNC_PHASE_NONE:
        if (conn == 0 && client->watch && client->pause_until)
            return CPMSYNC_WANT_NOW; /* how long to wait is known when the time is */
        if (!cpmsync_conduct_wants_connection(at))
            return conn == 0 && (cpmsync_automatic_due(client) || cpmsync_network_due(client)) ? CPMSYNC_WANT_NOW : 0;
        /* No connection need be made for it: the next tick ends it. */
        return cpmsync_conduct_done_offline(at) ? CPMSYNC_WANT_NOW : CPMSYNC_WANT_CONNECT;
    case CPMSYNC_PHASE_WANTED:
        return CPMSYNC_WANT_CONNECT;
    case CPMSYNC_PHASE_CLOSING:
        return CPMSYNC_WANT_CLOSE;
    case CPMSYNC_PHASE_OPEN:
        break;
    }
    const uint8_t *data;
    if (!at->session)
        return 0; /* it is just being made or ended: we are inside a callback */
    bool output = cpmsync_session_output(at->session, &data) > 0;
    if (cpmsync_session_full(at->session))
        return CPMSYNC_WANT_NOW | (output ? CPMSYNC_WANT_WRITE : 0);
    if (output)
        return CPMSYNC_WANT_READ | CPMSYNC_WANT_WRITE;
    if (cpmsync_session_state(at->session) == CPMSYNC_SESSION_HANDSHAKE)
        return CPMSYNC_WANT_STARTTLS;
    bool now = cpmsync_session_busy(at->session) || cpmsync_conduct_due(at) || client->resumed ||
               (conn == 0 && cpmsync_automatic_due(client)) || cpmsync_network_due(client);
    return CPMSYNC_WANT_READ | (now ? CPMSYNC_WANT_NOW : 0);
}

int cpmsync_conn_opened(struct cpmsync_client *client, uint32_t conn, int64_t now, unsigned flags)
{
    if (!client || conn >= CPMSYNC_CONN_COUNT)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_conduct_enter(client);
    if (error)
        return error;
    struct cpmsync_conn *at = &client->conns[conn];
    client->now = now;
    if (cpmsync_conduct_wants_connection(at))
        at->phase = CPMSYNC_PHASE_WANTED;
    error = cpmsync_conduct_opened(at, now, flags);
    cpmsync_conduct_leave(client);
    return error;
}

int cpmsync_conn_secured(struct cpmsync_client *client, uint32_t conn, int64_t now)
{
    if (!client || conn >= CPMSYNC_CONN_COUNT)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct cpmsync_session *session = session_of(client, conn);
    if (!session || cpmsync_session_state(session) != CPMSYNC_SESSION_HANDSHAKE || cpmsync_conduct_enter(client))
        return CPMSYNC_ERR_STATE;
    client->now = now;
    cpmsync_session_secured(session, now);
    cpmsync_conduct_leave(client);
    return 0;
}

int cpmsync_conn_feed(struct cpmsync_client *client, uint32_t conn, int64_t now, const uint8_t *data, size_t len)
{
    if (!client || conn >= CPMSYNC_CONN_COUNT || (len && !data))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct cpmsync_session *session = session_of(client, conn);
    if (!session || cpmsync_conduct_enter(client))
        return CPMSYNC_ERR_STATE;
    client->now = now;
    cpmsync_session_feed(session, now, data, len);
    cpmsync_conduct_leave(client);
    return 0;
}

size_t cpmsync_conn_output(struct cpmsync_client *client, uint32_t conn, const uint8_t **data)
{
    struct cpmsync_session *session = client && conn < CPMSYNC_CONN_COUNT ? session_of(client, conn) : NULL;

    *data = NULL;
    return session ? cpmsync_session_output(session, data) : 0;
}

int cpmsync_conn_ack(struct cpmsync_client *client, uint32_t conn, int64_t now, size_t len)
{
    const uint8_t *data;

    if (!client || conn >= CPMSYNC_CONN_COUNT)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct cpmsync_session *session = session_of(client, conn);
    if (!session || client->depth)
        return CPMSYNC_ERR_STATE;
    if (len > cpmsync_session_output(session, &data))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    cpmsync_conduct_enter(client);
    client->now = now;
    cpmsync_session_ack(session, now, len);
    cpmsync_conduct_leave(client);
    return 0;
}

int cpmsync_conn_closed(struct cpmsync_client *client, uint32_t conn, int64_t now, const struct cpmsync_fault *fault)
{
    struct cpmsync_err err;

    if (!client || conn >= CPMSYNC_CONN_COUNT)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_conduct_enter(client);
    if (error)
        return error;
    cpmsync_err_from_fault(&err, fault, CPMSYNC_OK);
    struct cpmsync_conn *at = &client->conns[conn];
    client->now = now;
    if (cpmsync_conduct_wants_connection(at))
        at->phase = CPMSYNC_PHASE_WANTED;
    cpmsync_conduct_closed(at, &err);
    cpmsync_conduct_leave(client);
    return 0;
}

int cpmsync_conn_tick(struct cpmsync_client *client, int64_t now, int64_t budget)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_conduct_enter(client);
    if (error)
        return error;
    client->now = now;
    cpmsync_saved_pause_begin(client);
    cpmsync_conduct_deadlines(client);
    cpmsync_network_tick(client);
    for (uint32_t i = 0; i < CPMSYNC_CONN_COUNT; i++) {
        if (session_of(client, i))
            cpmsync_session_tick(client->conns[i].session, now, budget);
        cpmsync_watch_tick(&client->conns[i]);
    }
    cpmsync_automatic_tick(client, now);
    cpmsync_conduct_leave(client);
    return 0;
}

/* ---- facts */

const char *cpmsync_client_capabilities(const struct cpmsync_client *client)
{
    if (client->conns[0].session)
        return cpmsync_session_capabilities(client->conns[0].session);
    if (client->facts.after_login)
        return client->facts.after_login;
    return client->facts.before_login ? client->facts.before_login : "";
}

int cpmsync_client_namespaces(const struct cpmsync_client *client, cpmsync_namespace_fn fn, void *ctx)
{
    struct cpmsync_namespace_info info;
    int result = 0;

    if (!client || !fn)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < client->namespaces.count && !result; i++) {
        const struct cpmsync_namespace *item = &client->namespaces.items[i];
        memset(&info, 0, sizeof info);
        info.size = sizeof info;
        info.kind = item->kind;
        info.prefix = item->prefix;
        info.delimiter = item->delimiter;
        result = fn(ctx, &info);
    }
    return client->namespaces.known ? result : CPMSYNC_ERR_NOT_FOUND;
}

const char *cpmsync_client_enabled(const struct cpmsync_client *client)
{
    if (client->conns[0].session)
        return cpmsync_session_enabled_list(client->conns[0].session);
    return client->enabled ? client->enabled : "";
}

void cpmsync_client_stats(const struct cpmsync_client *client, struct cpmsync_stats *stats)
{
    size_t size = stats->size;

    if (size != sizeof *stats)
        return;
    *stats = client->stats;
    stats->size = size;
    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++)
        if (client->conns[i].session)
            cpmsync_conduct_add_stats(&client->conns[i], stats);
}
