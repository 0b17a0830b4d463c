/* SPDX-License-Identifier: MIT */
#include "client/watch.h"

#include "client/network.h"
#include "client/queue.h"
#include "client/saved_facts.h"
#include "wire/lex.h"

/* ---- the wish */

void cpmsync_watch_begin(struct cpmsync_client *client, struct cpmsync_operation *operation)
{
    client->watch = operation;
}

struct cpmsync_operation *cpmsync_watch_take(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *watch = client->watch;

    if (!watch || watch->id != id)
        return NULL;
    client->watch = NULL;
    return watch;
}

void cpmsync_watch_renamed(struct cpmsync_client *client, const char *from, const char *to)
{
    struct cpmsync_operation *watch = client->watch;

    if (!watch || strcmp(watch->mailbox, from) != 0)
        return;
    char *name = cpmsync_mem_copy(client->mem, to, strlen(to));
    if (!name)
        return; /* it ends with CPMSYNC_ERR_NO_MAILBOX */
    cpmsync_mem_free(client->mem, watch->mailbox);
    watch->mailbox = name;
}

bool cpmsync_watch_wants_connection(const struct cpmsync_client *client)
{
    return client->watch && !client->pause_until && client->now >= client->backoff.retry_at &&
           !cpmsync_network_is_lost(client);
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
    cpmsync_saved_pause_save(client);
    return NULL;
}

/* ---- on a connection */

bool cpmsync_watch_is_wished(const struct cpmsync_conn *conn)
{
    return conn->client->watch && conn->client->watch->id == conn->watching.id;
}

bool cpmsync_watch_is_on(const struct cpmsync_conn *conn)
{
    return conn->watching.phase != CPMSYNC_WATCH_NOTHING;
}

static bool is_whole(const struct cpmsync_client *client)
{
    return client->watch->kind == CPMSYNC_OPERATION_WATCH_ACCOUNT;
}

/* Another watch begins on the session. */
static void forget_account(struct cpmsync_watching *watching)
{
    watching->surveyed = false;
    if (watching->revisit)
        cpmsync_roster_clear(&watching->told);
    watching->revisit = false;
}

void cpmsync_watch_session(struct cpmsync_conn *conn)
{
    struct cpmsync_client *client = conn->client;
    int64_t idle_ms = client->config.idle_ms == CPMSYNC_OFF ? CPMSYNC_NEVER : client->config.idle_ms;

    memset(&conn->watching, 0, sizeof conn->watching);
    cpmsync_live_init(&conn->watching.live, &conn->chain, idle_ms);
    cpmsync_notify_init(&conn->watching.notify, client->mem, conn->session, (size_t)client->config.mailboxes_max);
}

void cpmsync_watch_session_over(struct cpmsync_conn *conn)
{
    forget_account(&conn->watching);
    cpmsync_notify_clear(&conn->watching.notify);
    memset(&conn->watching, 0, sizeof conn->watching);
}

/* A mailbox that is gone, out of reach, or has another name: news also among the lines of a list. */
static bool is_news(const struct cpmsync_list *list)
{
    struct cpmsync_slice attributes = list->attributes;
    struct cpmsync_slice attribute;
    struct cpmsync_string oldname;

    while (cpmsync_lex_item(&attributes, &attribute))
        if (cpmsync_slice_is(attribute, "\\NonExistent") || cpmsync_slice_is(attribute, "\\NoAccess"))
            return true;
    return cpmsync_list_oldname(list, &oldname);
}

void cpmsync_watch_data(struct cpmsync_conn *conn, const struct cpmsync_response *response)
{
    bool asked = conn->account && cpmsync_account_asks(conn->account) && response->type != CPMSYNC_RESPONSE_STATUS;

    if (conn->listing && response->type == CPMSYNC_RESPONSE_LIST)
        asked = !is_news(&response->list);
    if (!asked)
        cpmsync_notify_data(&conn->watching.notify, response);
}

static void lose(struct cpmsync_conn *conn, int error)
{
    if (error)
        cpmsync_session_fail(conn->session, error);
}

/* The server goes, or cannot now: on another connection, later, it may. */
static bool passes(int error)
{
    return cpmsync_error_class(error) == CPMSYNC_CLASS_NETWORK || error == CPMSYNC_ERR_SERVER_TRYAGAIN ||
           error == CPMSYNC_ERR_IN_USE;
}

static void end(struct cpmsync_conn *conn, const struct cpmsync_err *err)
{
    struct cpmsync_client *client = conn->client;

    if (passes(err->error))
        lose(conn, err->error);
    else if (client->watch)
        cpmsync_queue_complete(client, cpmsync_watch_take(client, client->watch->id), err);
}

static void fail(struct cpmsync_conn *conn, int error)
{
    struct cpmsync_err err;

    cpmsync_err_clear(&err);
    cpmsync_err_set(&err, error);
    end(conn, &err);
}

/* When the connection ended, its own error says more. */
static bool is_over(struct cpmsync_conn *conn)
{
    conn->watching.phase = CPMSYNC_WATCH_NOTHING;
    conn->watching.leaving = false;
    return cpmsync_session_state(conn->session) == CPMSYNC_SESSION_FAILED;
}

/* ---- the account */

static void account_done(void *ctx, const struct cpmsync_err *err)
{
    struct cpmsync_conn *conn = ctx;
    struct cpmsync_err copy = *err; /* it is the account's, which goes */
    bool whole = cpmsync_account_learnt(conn->account) && cpmsync_error_class(copy.error) != CPMSYNC_CLASS_STORE &&
                 copy.error != CPMSYNC_ERR_NOMEM;

    cpmsync_account_free(conn->account);
    conn->account = NULL;
    if (is_over(conn) || !copy.error)
        return;
    if (copy.error == CPMSYNC_ERR_PROTOCOL)
        lose(conn, copy.error);                       /* whose data are whose is not known any more */
    else if (cpmsync_watch_is_wished(conn) && !whole) /* a mailbox that failed was told of */
        end(conn, &copy);
}

static int start_account(struct cpmsync_conn *conn)
{
    struct cpmsync_watching *watching = &conn->watching;
    const struct cpmsync_client *client = conn->client;
    const char *first = client->watch->mailbox;
    struct cpmsync_account_config config;
    int error = watching->surveyed ? 0 : cpmsync_notify_set(&watching->notify); /* ahead of LIST (R9) */

    if (error)
        return error;
    cpmsync_conduct_account_config(conn, &config);
    config.done = account_done;
    if (watching->surveyed) {
        config.told = &watching->told;
        watching->revisit = false;
        error = cpmsync_account_new(&conn->account, &config, cpmsync_slice_of(NULL, 0));
        cpmsync_roster_clear(&watching->told);
        if (!error)
            cpmsync_account_go(conn->account);
        return error;
    }
    watching->surveyed = true;
    watching->survey_at =
        client->now > INT64_MAX - client->config.survey_ms ? CPMSYNC_NEVER : client->now + client->config.survey_ms;
    watching->notify.overflow = false;
    config.hints = watching->revisit ? &watching->told : NULL;
    error = cpmsync_account_new(&conn->account, &config, cpmsync_slice_str(first));
    if (watching->revisit)
        cpmsync_roster_clear(&watching->told);
    watching->revisit = false;
    return error;
}

/* ---- the mailbox that stays */

static void watched(void *ctx, const struct cpmsync_err *err, bool unfinished)
{
    struct cpmsync_conn *conn = ctx;
    bool wished = cpmsync_watch_is_wished(conn);

    (void)unfinished;
    if (!is_over(conn) && err->error && wished)
        end(conn, err);
}

static int start_staying(struct cpmsync_conn *conn)
{
    return cpmsync_chain_visit(
        &conn->chain, cpmsync_slice_str(conn->client->watch->mailbox), NULL, CPMSYNC_VISIT_STAYS, watched, conn);
}

/* ---- what is to be done */

static bool leave_due(const struct cpmsync_conn *conn)
{
    const struct cpmsync_watching *watching = &conn->watching;

    if (watching->phase == CPMSYNC_WATCH_NOTHING || watching->leaving)
        return false;
    bool others = watching->phase == CPMSYNC_WATCH_STAYING && !conn->client->quiet &&
                  (conn->first || watching->revisit || !watching->surveyed);
    return others || !cpmsync_watch_is_wished(conn);
}

static bool start_due(const struct cpmsync_conn *conn)
{
    return conn->index == 0 && conn->watching.phase == CPMSYNC_WATCH_NOTHING && conn->client->watch && !conn->first &&
           !conn->running && !conn->draining && !conn->client->quiet;
}

bool cpmsync_watch_due(const struct cpmsync_conn *conn)
{
    return leave_due(conn) || start_due(conn);
}

static void leave(struct cpmsync_conn *conn)
{
    conn->watching.leaving = true;
    cpmsync_session_end_idle(conn->session);
    if (conn->watching.phase == CPMSYNC_WATCH_ACCOUNT)
        cpmsync_account_stop(conn->account, CPMSYNC_ERR_CANCELLED);
    else
        cpmsync_chain_leave(&conn->chain);
}

static void start(struct cpmsync_conn *conn)
{
    struct cpmsync_watching *watching = &conn->watching;

    if (watching->id != conn->client->watch->id)
        forget_account(watching);
    bool account = is_whole(conn->client) && (!watching->surveyed || watching->revisit);
    watching->id = conn->client->watch->id;
    watching->phase = account ? CPMSYNC_WATCH_ACCOUNT : CPMSYNC_WATCH_STAYING;
    if (!account)
        watching->surveyed = true;
    int error = cpmsync_conduct_tell_renames(conn);
    if (!cpmsync_watch_is_wished(conn)) {
        watching->phase = CPMSYNC_WATCH_NOTHING; /* the app gave it up as it was told */
        return;
    }
    if (!error)
        error = account ? start_account(conn) : start_staying(conn);
    if (!error) {
        cpmsync_conduct_compress(conn);
        return;
    }
    watching->phase = CPMSYNC_WATCH_NOTHING;
    fail(conn, error);
}

void cpmsync_watch_go_on(struct cpmsync_conn *conn)
{
    if (leave_due(conn))
        leave(conn);
    else if (start_due(conn))
        start(conn);
}

/* Whether others are to be visited in between, as NOTIFY told. */
static void look_around(struct cpmsync_conn *conn)
{
    struct cpmsync_watching *watching = &conn->watching;

    if (watching->revisit)
        return;
    if (!is_whole(conn->client)) {
        cpmsync_roster_clear(&watching->notify.told);
        return;
    }
    bool doubtful = watching->notify.state == CPMSYNC_NOTIFY_ON && conn->client->now >= watching->survey_at;
    if (watching->notify.overflow || doubtful) {
        watching->surveyed = false;
        return;
    }
    int differ =
        cpmsync_notify_take(&watching->notify, &conn->client->store, conn->client->watch->mailbox, &watching->told);
    if (differ < 0)
        fail(conn, differ);
    else
        watching->revisit = differ == 1;
    /* Of those below a renamed one no word is said (N-10): LIST tells, and the UIDVALIDITYs. */
    if (watching->revisit && cpmsync_roster_has_oldnames(&watching->told))
        watching->surveyed = false;
}

void cpmsync_watch_rest(struct cpmsync_conn *conn)
{
    if (conn->watching.phase != CPMSYNC_WATCH_STAYING)
        return;
    cpmsync_chain_rest(&conn->chain);
    if (cpmsync_chain_rests(&conn->chain) && cpmsync_watch_is_wished(conn))
        look_around(conn);
}

void cpmsync_watch_idle(struct cpmsync_conn *conn)
{
    const struct cpmsync_watching *watching = &conn->watching;

    if (watching->phase == CPMSYNC_WATCH_STAYING && !watching->leaving && !conn->client->quiet &&
        cpmsync_session_logged_in(conn->session) && !cpmsync_chain_slides(&conn->chain))
        lose(conn, cpmsync_live_idle(&conn->watching.live, conn->client->now));
}

void cpmsync_watch_tick(struct cpmsync_conn *conn)
{
    if (conn->session && conn->watching.phase == CPMSYNC_WATCH_STAYING && !conn->client->quiet &&
        cpmsync_session_state(conn->session) == CPMSYNC_SESSION_READY)
        lose(conn, cpmsync_live_tick(&conn->watching.live, conn->client->now));
}

int64_t cpmsync_watch_expiry(const struct cpmsync_client *client)
{
    const struct cpmsync_conn *conn = &client->conns[0];

    if (conn->phase == CPMSYNC_PHASE_NONE && client->watch && client->backoff.retry_at > client->now)
        return cpmsync_network_is_lost(client) ? CPMSYNC_NEVER : client->backoff.retry_at;
    return conn->phase == CPMSYNC_PHASE_OPEN && conn->watching.phase == CPMSYNC_WATCH_STAYING && !client->quiet
               ? cpmsync_live_expiry(&conn->watching.live)
               : CPMSYNC_NEVER;
}
