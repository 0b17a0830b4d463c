/* SPDX-License-Identifier: MIT */
#include "client/conduct.h"

#include "client/queue.h"
#include "client/saved_facts.h"
#include "client/watch.h"
#include "operation/forget.h"

/* ---- operations */

/* It ends with `error`, perhaps at once; a LOGOUT that is sent goes on. */
static void stop_running(struct cpmsync_conn *conn, int error)
{
    if (conn->account)
        cpmsync_account_stop(conn->account, error);
    else if (conn->listing)
        cpmsync_listing_stop(conn->listing, error);
    else
        cpmsync_chain_stop(&conn->chain, error);
}

int cpmsync_conduct_cancel(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *operation = cpmsync_queue_take(client, id);
    struct cpmsync_err err;

    if (operation) {
        cpmsync_err_clear(&err);
        cpmsync_err_set(&err, CPMSYNC_ERR_CANCELLED);
        cpmsync_queue_complete(client, operation, &err);
        return 0;
    }
    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++) {
        struct cpmsync_conn *conn = &client->conns[i];
        if (!conn->running || conn->running->id != id)
            continue;
        stop_running(conn, CPMSYNC_ERR_CANCELLED);
        return 0;
    }
    return CPMSYNC_ERR_NOT_FOUND;
}

/* ---- deadlines */

/* The operation is over now; the answers to what it sent are waited for by themselves. */
static void give_up_running(struct cpmsync_conn *conn, const struct cpmsync_err *err)
{
    if (!conn->running || conn->client->now < conn->running->deadline)
        return;
    int64_t id = conn->running->id;

    stop_running(conn, err->error);
    struct cpmsync_operation *operation = conn->running;
    if (!operation || operation->id != id)
        return;
    conn->running = NULL;
    conn->draining = conn->session != NULL;
    cpmsync_queue_complete(conn->client, operation, err);
}

void cpmsync_conduct_deadlines(struct cpmsync_client *client)
{
    struct cpmsync_err err;

    cpmsync_err_clear(&err);
    cpmsync_err_set(&err, CPMSYNC_ERR_DEADLINE);
    while (!client->dying && client->now >= cpmsync_queue_deadline(client)) {
        struct cpmsync_operation *late = cpmsync_queue_take_late(client);
        if (late)
            cpmsync_queue_complete(client, late, &err);
        for (size_t i = 0; !late && i < CPMSYNC_CONN_COUNT; i++)
            give_up_running(&client->conns[i], &err);
    }
}

static int64_t conn_busy_for(const struct cpmsync_conn *conn)
{
    const struct cpmsync_client *client = conn->client;
    bool endless = client->config.command_timeout_ms == CPMSYNC_OFF;

    if (conn->phase == CPMSYNC_PHASE_NONE)
        return 0;
    if (!conn->session)
        return endless ? CPMSYNC_NEVER : client->config.command_timeout_ms;
    if (endless)
        return cpmsync_session_quiet(conn->session) || cpmsync_session_idles(conn->session) ? 0 : CPMSYNC_NEVER;
    int64_t expiry = cpmsync_session_expiry(conn->session);
    if (expiry == CPMSYNC_NEVER)
        return 0;
    return expiry > client->now ? expiry - client->now : 1;
}

int64_t cpmsync_conduct_busy_for(const struct cpmsync_client *client)
{
    int64_t most = 0;

    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++) {
        int64_t busy = conn_busy_for(&client->conns[i]);
        most = busy > most ? busy : most;
    }
    return most;
}

/* ---- events */

static int event(struct cpmsync_client *client, struct cpmsync_event *ev)
{
    ev->size = sizeof *ev;
    return client->config.event && !client->dying ? client->config.event(client->config.ctx, client, ev) : 0;
}

static void tell_state(struct cpmsync_conn *conn, enum cpmsync_conn_state state)
{
    struct cpmsync_err why = conn->end;
    struct cpmsync_event ev;

    if (conn->told == state)
        return;
    conn->told = state;
    memset(&ev, 0, sizeof ev);
    ev.type = CPMSYNC_EVENT_STATE;
    ev.conn = conn->index;
    ev.state = state;
    if (state == CPMSYNC_CONN_CLOSED && why.error) {
        ev.error = why.error;
        ev.text = why.text[0] ? why.text : NULL;
        ev.trusted = why.trusted;
    }
    event(conn->client, &ev);
}

static int up_event(void *ctx, const struct cpmsync_event *ev)
{
    struct cpmsync_conn *conn = ctx;
    const struct cpmsync_client_config *config = &conn->client->config;

    if (conn->client->dying)
        return 1; /* whoever would listen may be gone: nothing more is stored either */
    if (ev->type == CPMSYNC_EVENT_MAILBOX_RENAMED)
        cpmsync_watch_renamed(conn->client, ev->old_mailbox, ev->mailbox);
    return config->event ? config->event(config->ctx, conn->client, ev) : 0;
}

static void up_credentials(void *ctx)
{
    struct cpmsync_conn *conn = ctx;
    if (!conn->client->dying)
        conn->client->config.credentials(conn->client->config.ctx, conn->client, conn->index);
}

static void up_state(void *ctx, enum cpmsync_session_state from, enum cpmsync_session_state to)
{
    (void)from;
    if (to == CPMSYNC_SESSION_LOGOUT)
        tell_state(ctx, CPMSYNC_CONN_LOGOUT);
}

static void up_mailbox_data(void *ctx, const struct cpmsync_response *response)
{
    struct cpmsync_conn *conn = ctx;
    cpmsync_chain_data(&conn->chain, response);
}

/* The watched mailbox is in sync: the connection is worth something. */
static void up_synced(void *ctx)
{
    struct cpmsync_conn *conn = ctx;
    struct cpmsync_event ev;

    cpmsync_backoff_worked(&conn->client->backoff, conn->client->now);
    cpmsync_saved_pause_save(conn->client);
    memset(&ev, 0, sizeof ev);
    ev.type = CPMSYNC_EVENT_LIVE;
    if (!cpmsync_watch_is_wished(conn))
        return;
    ev.mailbox = conn->client->watch->mailbox;
    event(conn->client, &ev);
}

static void up_other_data(void *ctx, const struct cpmsync_response *response)
{
    cpmsync_watch_data(ctx, response);
}

static void up_mailbox_lost(void *ctx, int error)
{
    struct cpmsync_conn *conn = ctx;
    cpmsync_chain_lost(&conn->chain, error);
}

static void up_alert(void *ctx, struct cpmsync_slice text, bool trusted)
{
    struct cpmsync_conn *conn = ctx;
    struct cpmsync_err words;
    struct cpmsync_event ev;

    cpmsync_err_clear(&words);
    cpmsync_err_server(&words, 0, cpmsync_slice_of(NULL, 0), text, trusted);
    memset(&ev, 0, sizeof ev);
    ev.type = CPMSYNC_EVENT_ALERT;
    ev.conn = conn->index;
    ev.text = words.text;
    ev.trusted = trusted;
    event(conn->client, &ev);
}

static void up_trace(void *ctx, int sent, const uint8_t *data, size_t len)
{
    struct cpmsync_conn *conn = ctx;
    conn->client->config.trace(conn->client->config.ctx, conn->index, sent, data, len);
}

/* ---- a connection's life */

/* None of its commands is in flight. */
static void drop_sync(struct cpmsync_conn *conn)
{
    cpmsync_chain_clear(&conn->chain);
    cpmsync_account_free(conn->account);
    conn->account = NULL;
    cpmsync_listing_free(conn->listing);
    conn->listing = NULL;
}

static void end_running(struct cpmsync_conn *conn, const struct cpmsync_err *err)
{
    struct cpmsync_operation *operation = conn->running;

    drop_sync(conn);
    conn->running = NULL;
    conn->draining = false;
    /* Not only at the end of the connection, which a process that is killed does not see. */
    if (operation && conn->session)
        cpmsync_saved_facts_save(conn->client);
    if (operation)
        cpmsync_queue_complete(conn->client, operation, err);
}

/* It could not begin. */
static void fail_running(struct cpmsync_conn *conn, int error)
{
    struct cpmsync_err err;

    cpmsync_err_set(&err, error);
    end_running(conn, &err);
}

static void visited(void *ctx, const struct cpmsync_err *err, bool unfinished)
{
    struct cpmsync_conn *conn = ctx;

    (void)unfinished;
    /* When the connection ended, its own error says more than the command's (and comes from session_ended). */
    if (conn->session && cpmsync_session_state(conn->session) == CPMSYNC_SESSION_FAILED)
        return;
    end_running(conn, err);
}

int cpmsync_conduct_tell_renames(struct cpmsync_conn *conn)
{
    return cpmsync_renames_tell(&conn->client->store, conn->client->mem, up_event, conn);
}

static void start_sync(struct cpmsync_conn *conn)
{
    int error = cpmsync_conduct_tell_renames(conn);

    if (!error)
        error = cpmsync_chain_visit(&conn->chain, cpmsync_slice_str(conn->running->mailbox), NULL, 0, visited, conn);
    if (error)
        fail_running(conn, error);
}

static void account_done(void *ctx, const struct cpmsync_err *err)
{
    struct cpmsync_err copy = *err; /* it is the account's, which goes */

    end_running(ctx, &copy);
}

void cpmsync_conduct_account_config(struct cpmsync_conn *conn, struct cpmsync_account_config *config)
{
    memset(config, 0, sizeof *config);
    config->mem = conn->client->mem;
    config->chain = &conn->chain;
    config->mailboxes_max = (size_t)conn->client->config.mailboxes_max;
    config->ctx = conn;
    config->event = up_event;
}

static void start_sync_account(struct cpmsync_conn *conn)
{
    const char *first = conn->running->mailbox;
    struct cpmsync_account_config config;

    cpmsync_conduct_account_config(conn, &config);
    config.done = account_done;
    int error = cpmsync_conduct_tell_renames(conn);
    if (!error)
        error = cpmsync_account_new(&conn->account, &config, cpmsync_slice_of(first, first ? strlen(first) : 0));
    if (error)
        fail_running(conn, error);
}

static void on_listed(void *ctx, const struct cpmsync_list_info *info)
{
    struct cpmsync_conn *conn = ctx;
    const struct cpmsync_operation *operation = conn->running;

    if (!conn->client->dying)
        operation->listed(operation->ctx, conn->client, operation->id, info);
}

static void on_namespaces(void *ctx, struct cpmsync_namespace_list *list)
{
    struct cpmsync_conn *conn = ctx;
    struct cpmsync_client *client = conn->client;

    cpmsync_namespace_list_clear(&client->namespaces, client->mem);
    client->namespaces = *list;
    memset(list, 0, sizeof *list);
    conn->namespaces_told = true;
}

static void start_list(struct cpmsync_conn *conn)
{
    struct cpmsync_client *client = conn->client;
    struct cpmsync_listing_config config;

    memset(&config, 0, sizeof config);
    config.mem = client->mem;
    config.session = conn->session;
    config.subscriptions_max = (size_t)client->config.mailboxes_max;
    config.ask_namespaces = !conn->namespaces_told;
    config.ctx = conn;
    config.listed = on_listed;
    config.namespaces = on_namespaces;
    config.done = account_done;
    int error = cpmsync_listing_new(&conn->listing, &config, cpmsync_slice_str(conn->running->mailbox));
    if (error)
        fail_running(conn, error);
}

void cpmsync_conduct_compress(struct cpmsync_conn *conn)
{
    bool watched = cpmsync_watch_is_on(conn);
    bool stays = conn->synchronised || watched;

    conn->synchronised = true;
    if (conn->client->config.compress == CPMSYNC_COMPRESS_NEVER || (!conn->running && !watched))
        return;
    if (stays || conn->account || cpmsync_chain_is_first(&conn->chain))
        cpmsync_session_compress(conn->session);
}

static void end_watch_well(struct cpmsync_client *client)
{
    struct cpmsync_err ok;

    cpmsync_err_clear(&ok);
    if (client->watch)
        cpmsync_queue_complete(client, cpmsync_watch_take(client, client->watch->id), &ok);
}

static void start_logout(struct cpmsync_conn *conn)
{
    if (conn->index == 0)
        end_watch_well(conn->client);
    int error = cpmsync_session_logout(conn->session);

    if (error)
        fail_running(conn, error);
}

static void start_operation(struct cpmsync_conn *conn)
{
    struct cpmsync_err ok;

    conn->running = cpmsync_queue_pop(conn);
    switch (conn->running->kind) {
    case CPMSYNC_OPERATION_LOGIN:
        cpmsync_err_clear(&ok);
        end_running(conn, &ok);
        break;
    case CPMSYNC_OPERATION_SYNC:
        start_sync(conn);
        cpmsync_conduct_compress(conn);
        break;
    case CPMSYNC_OPERATION_SYNC_ACCOUNT:
        start_sync_account(conn);
        cpmsync_conduct_compress(conn);
        break;
    case CPMSYNC_OPERATION_LIST:
        start_list(conn);
        break;
    case CPMSYNC_OPERATION_LOGOUT:
        start_logout(conn);
        break;
    case CPMSYNC_OPERATION_FORGET:
    case CPMSYNC_OPERATION_WATCH:
    case CPMSYNC_OPERATION_WATCH_ACCOUNT:
        break;
    }
}

void cpmsync_conduct_add_stats(const struct cpmsync_conn *conn, struct cpmsync_stats *stats)
{
    struct cpmsync_session_counts counts;
    struct cpmsync_batch_counts batches;

    cpmsync_session_counts(conn->session, &counts);
    stats->bytes_in += counts.bytes_in;
    stats->bytes_out += counts.bytes_out;
    stats->commands += counts.commands;
    stats->flights += counts.flights;
    cpmsync_chain_counts(&conn->chain, &batches);
    stats->messages_added += batches.added;
    stats->flags_changed += batches.flags_changed;
    stats->vanished += batches.vanished;
}

static void end_session(struct cpmsync_conn *conn)
{
    struct cpmsync_client *client = conn->client;

    conn->end = *cpmsync_session_error(conn->session);
    /* What is not committed by now is aborted. */
    cpmsync_conduct_add_stats(conn, &client->stats);
    if (conn->account && conn->end.error)
        client->facts.proven = false; /* perhaps it bears less than was sent */
    cpmsync_saved_facts_save(client);
    if (conn->index == 0) {
        const char *enabled = cpmsync_session_enabled_list(conn->session);
        cpmsync_mem_free(client->mem, client->enabled);
        client->enabled = cpmsync_mem_copy(client->mem, enabled, strlen(enabled));
    }
    /* Completes the commands; the resync's done is silent, since the session has failed. */
    struct cpmsync_session *session = conn->session;
    cpmsync_session_free(session);
    conn->session = NULL;
    drop_sync(conn);
    conn->draining = false;
    cpmsync_watch_session_over(conn);
    memset(&conn->chain, 0, sizeof conn->chain);
}

/* The running operation is the next one again, as if it had not been started. */
static void start_over(struct cpmsync_conn *conn)
{
    struct cpmsync_operation *operation = conn->running;

    drop_sync(conn);
    conn->running = NULL;
    if (!operation)
        return;
    cpmsync_queue_push_back(conn, operation);
}

/* No connection, or no longer: what stands tries again, or ends. */
static void connection_failed(struct cpmsync_conn *conn, const struct cpmsync_err *err)
{
    struct cpmsync_client *client = conn->client;
    struct cpmsync_operation *watch = conn->index == 0 ? cpmsync_watch_failed(client, err) : NULL;

    cpmsync_queue_complete_all(conn, err);
    if (watch)
        cpmsync_queue_complete(client, watch, err);
}

/* The session is over: its operations end, and so do those that wait for it, unless it was a LOGOUT. */
static void session_ended(struct cpmsync_conn *conn)
{
    bool logout = conn->running && conn->running->kind == CPMSYNC_OPERATION_LOGOUT;
    bool swallowed = cpmsync_session_swallowed(conn->session);

    end_session(conn);
    if (swallowed && !conn->client->dying) {
        start_over(conn); /* R3: the next connection waits for each answer */
        return;
    }
    struct cpmsync_err end = conn->end;
    if (!logout && end.error) {
        if (conn->running)
            end_running(conn, &end);
        connection_failed(conn, &end);
    } else if (!logout && conn->running) {
        cpmsync_err_set(&end, CPMSYNC_ERR_CLOSED);
        end_running(conn, &end);
    }
}

static void transport_ended(struct cpmsync_conn *conn)
{
    struct cpmsync_err end = conn->end;

    conn->phase = CPMSYNC_PHASE_NONE;
    tell_state(conn, CPMSYNC_CONN_CLOSED);
    if (conn->running)
        end_running(conn, &end); /* the LOGOUT */
}

static void begin_chain(struct cpmsync_conn *conn)
{
    struct cpmsync_client *client = conn->client;
    struct cpmsync_chain *chain = &conn->chain;

    conn->synchronised = false;
    conn->namespaces_told = false;
    memset(chain, 0, sizeof *chain);
    chain->mem = client->mem;
    chain->session = conn->session;
    chain->facts = &client->facts;
    chain->store = &client->store;
    chain->limits = client->limits;
    chain->fields = client->config.descriptors == CPMSYNC_OFF ? NULL : &client->fields;
    chain->ctx = conn;
    chain->event = up_event;
    chain->synced = up_synced;
    cpmsync_watch_session(conn);
}

int cpmsync_conduct_opened(struct cpmsync_conn *conn, int64_t now, unsigned flags)
{
    struct cpmsync_client *client = conn->client;
    const struct cpmsync_client_config *from = &client->config;
    struct cpmsync_session_config config;

    if (conn->phase != CPMSYNC_PHASE_WANTED)
        return CPMSYNC_ERR_STATE;
    memset(&config, 0, sizeof config);
    config.mem = client->mem;
    config.crypto = from->crypto;
    config.log = client->log;
    config.security = from->security;
    config.mechanism = from->mechanism;
    config.disabled = from->disabled;
    config.disabled_count = from->disabled_count;
    config.response_max = (size_t)from->response_max;
    config.literal_max = (size_t)from->literal_max;
    config.output_max = (size_t)from->output_max;
    config.scram_iterations_max = (uint32_t)from->scram_iterations_max;
    config.timeout_ms = from->command_timeout_ms == CPMSYNC_OFF ? CPMSYNC_NEVER : from->command_timeout_ms;
    config.facts = &client->facts;
    config.early = from->early;
    if (config.early == CPMSYNC_EARLY_ALLOWED && !(flags & CPMSYNC_CONN_EARLY))
        config.early = CPMSYNC_EARLY_GREETING;
    config.up.ctx = conn;
    config.up.credentials = up_credentials;
    config.up.state = up_state;
    config.up.mailbox_data = up_mailbox_data;
    config.up.mailbox_lost = up_mailbox_lost;
    config.up.other_data = up_other_data;
    config.up.alert = up_alert;
    config.up.trace = from->trace ? up_trace : NULL;
    conn->phase = CPMSYNC_PHASE_OPEN;
    cpmsync_err_clear(&conn->end);
    client->stats.connects++;
    client->stats.tls_resumed += (flags & CPMSYNC_CONN_RESUMED) != 0;
    tell_state(conn, CPMSYNC_CONN_LOGIN);
    int error = cpmsync_session_new(&conn->session, &config, now, (flags & CPMSYNC_CONN_SECURE) != 0);
    if (error) {
        cpmsync_err_set(&conn->end, error);
        conn->phase = CPMSYNC_PHASE_CLOSING;
        connection_failed(conn, &conn->end);
    } else {
        begin_chain(conn);
    }
    return 0;
}

void cpmsync_conduct_closed(struct cpmsync_conn *conn, const struct cpmsync_err *err)
{
    switch (conn->phase) {
    case CPMSYNC_PHASE_NONE:
        break;
    case CPMSYNC_PHASE_WANTED:
        conn->end = *err;
        if (!conn->end.error)
            cpmsync_err_set(&conn->end, CPMSYNC_ERR_CONNECT);
        conn->phase = CPMSYNC_PHASE_NONE;
        tell_state(conn, CPMSYNC_CONN_CLOSED);
        connection_failed(conn, &conn->end);
        break;
    case CPMSYNC_PHASE_OPEN:
        if (cpmsync_session_state(conn->session) != CPMSYNC_SESSION_FAILED)
            cpmsync_session_closed(conn->session, err);
        session_ended(conn);
        transport_ended(conn);
        break;
    case CPMSYNC_PHASE_CLOSING:
        transport_ended(conn);
        break;
    }
}

/* ---- what is possible now */

static bool is_ready(const struct cpmsync_conn *conn)
{
    return conn->phase == CPMSYNC_PHASE_OPEN && conn->session &&
           cpmsync_session_state(conn->session) == CPMSYNC_SESSION_READY;
}

/* A SYNC may leave with a login that is not answered yet (R1). */
static bool can_start(const struct cpmsync_conn *conn)
{
    if (!conn->first || conn->client->quiet || conn->running || conn->draining || !is_ready(conn) ||
        cpmsync_watch_is_on(conn))
        return false;
    return conn->first->kind == CPMSYNC_OPERATION_SYNC || conn->first->kind == CPMSYNC_OPERATION_SYNC_ACCOUNT ||
           cpmsync_session_logged_in(conn->session);
}

static bool ready_untold(const struct cpmsync_conn *conn)
{
    return conn->told == CPMSYNC_CONN_LOGIN && is_ready(conn) && cpmsync_session_logged_in(conn->session);
}

static bool has_failed(const struct cpmsync_conn *conn)
{
    return conn->phase == CPMSYNC_PHASE_OPEN && conn->session &&
           cpmsync_session_state(conn->session) == CPMSYNC_SESSION_FAILED;
}

/* It waits its turn: nothing that writes to the mailbox is under way. */
static bool forget_due(const struct cpmsync_conn *conn)
{
    return conn->first && conn->first->kind == CPMSYNC_OPERATION_FORGET && !conn->client->quiet && !conn->running &&
           !conn->draining && !cpmsync_watch_is_on(conn);
}

bool cpmsync_conduct_done_offline(const struct cpmsync_conn *conn)
{
    return conn->first && (conn->first->kind == CPMSYNC_OPERATION_LOGOUT || forget_due(conn));
}

bool cpmsync_conduct_due(const struct cpmsync_conn *conn)
{
    return has_failed(conn) || ready_untold(conn) || forget_due(conn) || can_start(conn) ||
           (is_ready(conn) && cpmsync_watch_due(conn));
}

bool cpmsync_conduct_wants_connection(const struct cpmsync_conn *conn)
{
    if (conn->phase != CPMSYNC_PHASE_NONE || conn->client->quiet)
        return false;
    return conn->first || (conn->index == 0 && cpmsync_watch_wants_connection(conn->client));
}

/* A LOGOUT with nothing connected is done already. */
static void drop_idle_logouts(struct cpmsync_conn *conn)
{
    struct cpmsync_err ok;

    cpmsync_err_clear(&ok);
    while (conn->first && conn->first->kind == CPMSYNC_OPERATION_LOGOUT) {
        if (conn->index == 0)
            end_watch_well(conn->client);
        if (conn->first)
            cpmsync_queue_complete(conn->client, cpmsync_queue_pop(conn), &ok);
    }
}

static void forget(struct cpmsync_conn *conn)
{
    struct cpmsync_client *client = conn->client;
    struct cpmsync_operation *operation = cpmsync_queue_pop(conn);
    struct cpmsync_err err;

    cpmsync_err_clear(&err);
    int error = cpmsync_forget(&client->store, client->mem, operation->mailbox);
    if (error)
        cpmsync_err_set(&err, error);
    cpmsync_queue_complete(client, operation, &err);
}

/* True if something was done, so that more may be possible. */
static bool run_one(struct cpmsync_conn *conn)
{
    if (has_failed(conn)) {
        conn->phase = CPMSYNC_PHASE_CLOSING;
        session_ended(conn);
    } else if (forget_due(conn)) {
        forget(conn);
    } else if (cpmsync_conduct_wants_connection(conn)) {
        drop_idle_logouts(conn);
        if (!cpmsync_conduct_wants_connection(conn))
            return true;
        conn->phase = CPMSYNC_PHASE_WANTED;
        tell_state(conn, CPMSYNC_CONN_CONNECTING);
    } else if (ready_untold(conn)) {
        tell_state(conn, CPMSYNC_CONN_READY);
    } else if (can_start(conn)) {
        start_operation(conn);
    } else if (is_ready(conn) && cpmsync_watch_due(conn)) {
        cpmsync_watch_go_on(conn);
    } else {
        return false;
    }
    return true;
}

static void run(struct cpmsync_client *client)
{
    bool more = true;

    client->resumed = false;
    if (is_ready(&client->conns[0]))
        cpmsync_watch_rest(&client->conns[0]);
    while (more) {
        more = false;
        for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++)
            while (!client->dying && run_one(&client->conns[i]))
                more = true;
    }
    if (!client->dying && is_ready(&client->conns[0]))
        cpmsync_watch_idle(&client->conns[0]);
}

int cpmsync_conduct_enter(struct cpmsync_client *client)
{
    if (client->depth)
        return CPMSYNC_ERR_STATE;
    client->depth++;
    return 0;
}

void cpmsync_conduct_leave(struct cpmsync_client *client)
{
    run(client);
    client->depth--;
    if (client->dying && client->pins == 0)
        cpmsync_client_destroy(client);
}

int cpmsync_conduct_init(struct cpmsync_client *client)
{
    for (uint32_t i = 0; i < CPMSYNC_CONN_COUNT; i++) {
        client->conns[i].client = client;
        client->conns[i].index = i;
        cpmsync_err_clear(&client->conns[i].end);
    }
    return 0;
}

void cpmsync_conduct_clear(struct cpmsync_client *client)
{
    struct cpmsync_err err;

    cpmsync_err_clear(&err);
    cpmsync_err_set(&err, CPMSYNC_ERR_CANCELLED);
    client->depth++;
    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++) {
        struct cpmsync_conn *conn = &client->conns[i];
        if (conn->session) {
            cpmsync_session_fail(conn->session, CPMSYNC_ERR_CANCELLED);
            end_session(conn);
        }
        if (conn->running)
            end_running(conn, &err);
        cpmsync_queue_complete_all(conn, &err);
    }
    if (client->watch)
        cpmsync_queue_complete(client, cpmsync_watch_take(client, client->watch->id), &err);
    client->depth--;
}
