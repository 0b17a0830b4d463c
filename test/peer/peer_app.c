/* SPDX-License-Identifier: MIT */
#include "peer_app.h"

#include "loop_poll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIENT_FDS = 8, NOTHING_MOVES_MS = 60000 };

static void check(int error, const char *what)
{
    if (error < 0)
        peer_die("%s: %s", what, cpmsync_error_text(error));
}

/* ------------------------------------------------------------------ the mirror */

/* Drops what is outside of `ranges`. */
static void keep(struct peer_truth *mirror, const struct cpmsync_range *ranges, size_t count)
{
    uint32_t next = 1;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first > next)
            peer_truth_remove(mirror, next, ranges[i].first - 1);
        if (ranges[i].last == UINT32_MAX)
            return;
        next = ranges[i].last + 1;
    }
    peer_truth_remove(mirror, next, UINT32_MAX);
}

static void describe(struct peer_truth *truth, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    const unsigned whole = CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE | CPMSYNC_DESCRIPTOR_HEADER;
    const char *message_id = "";
    for (size_t i = 0; i < descriptor->field_count; i++)
        if (strcmp(descriptor->names[i], "Message-ID") == 0)
            message_id = descriptor->values[i];
    if (descriptor->parts == whole)
        peer_truth_describe(truth, uid, descriptor->message_size, descriptor->internaldate, message_id);
}

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct peer_app *app = ctx;
    struct peer_truth *mirror = &app->mirror;
    (void)client;
    if (event->mailbox != NULL && strcmp(event->mailbox, app->mailbox) != 0)
        peer_die("an event about %s", event->mailbox);
    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
        if (event->uidvalidity != mirror->uidvalidity)
            peer_truth_clear(mirror);
        mirror->uidvalidity = event->uidvalidity;
        keep(mirror, event->ranges, event->range_count);
        break;
    case CPMSYNC_EVENT_RESET:
        peer_truth_clear(mirror);
        break;
    case CPMSYNC_EVENT_MESSAGE:
        peer_truth_put(mirror, event->uid, event->modseq, event->flags, event->flag_count);
        if (event->descriptor != NULL)
            describe(mirror, event->uid, event->descriptor);
        break;
    case CPMSYNC_EVENT_VANISHED:
        for (size_t i = 0; i < event->range_count; i++)
            peer_truth_remove(mirror, event->ranges[i].first, event->ranges[i].last);
        break;
    case CPMSYNC_EVENT_BATCH:
        mirror->uidnext = event->uidnext;
        mirror->highestmodseq = event->highestmodseq;
        break;
    case CPMSYNC_EVENT_ALERT:
    case CPMSYNC_EVENT_STATE:
    case CPMSYNC_EVENT_LIVE:
    case CPMSYNC_EVENT_SYNC:
        break;
    case CPMSYNC_EVENT_MAILBOX_MISSING:
    case CPMSYNC_EVENT_MAILBOX_FAILED:
    case CPMSYNC_EVENT_MAILBOX_LEFT:
    case CPMSYNC_EVENT_MAILBOX_RENAMED:
        peer_die("an event of an account, and none was synchronised");
    }
    return 0;
}

/* ------------------------------------------------------------------ the client */

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    const struct peer_app *app = ctx;
    cpmsync_client_credentials(client, conn, 0, app->account.user, app->account.password, NULL);
}

static int on_cursors(void *ctx, const struct cpmsync_mailbox_info *info)
{
    *(int *)ctx = info->highestmodseq != 0 && info->uidnext > 1;
    return 0;
}

/* There is a cursor, and it stands for something. */
static int can_resynchronise(const struct peer_app *app)
{
    int can = 0;
    int error = cpmsync_view_messages(&app->store, NULL, app->mailbox, on_cursors, NULL, &can);
    if (error != CPMSYNC_ERR_NOT_FOUND)
        check(error, "view the cursors");
    return can;
}

static void count_select(struct peer_app *app)
{
    if (strstr(app->line, " SELECT ") == NULL)
        return;
    if (strstr(app->line, " (QRESYNC (") != NULL) {
        app->qresync_selects++;
    } else if (strstr(app->line, " (CONDSTORE)") != NULL) {
        app->condstore_selects++;
    } else {
        app->plain_selects++;
        app->wasted_cursors += (unsigned)can_resynchronise(app);
    }
}

/* Which step of the ladder is taken. */
static void on_trace(void *ctx, uint32_t conn, int sent, const uint8_t *data, size_t len)
{
    struct peer_app *app = ctx;
    (void)conn;
    for (size_t i = 0; sent && i < len; i++) {
        if (data[i] == '\n') {
            app->line[app->line_len] = '\0';
            app->line_len = 0;
            count_select(app);
        } else if (app->line_len < PEER_APP_LINE_SIZE - 1) {
            app->line[app->line_len++] = (char)data[i];
        }
    }
}

static void connect_to(struct peer_app *app, struct cpmsync_connector *connector)
{
    struct cpmsync_tcp_config tcp = {.size = sizeof tcp};
    struct cpmsync_tls_config tls = {.size = sizeof tls};
    struct cpmsync_connector inner;
    tcp.host = app->link != NULL ? "127.0.0.1" : app->account.host;
    tcp.port = app->link != NULL ? peer_link_port(app->link) : (uint16_t)atoi(app->account.port);
    check(cpmsync_connector_tcp(&inner, &tcp), "TCP");
    tls.host = app->account.host;
    tls.ca_file = app->account.ca_file;
    tls.single_thread = 1;
    check(cpmsync_connector_tls(connector, &inner, &tls), "TLS");
    if (app->link != NULL) {
        inner = *connector;
        peer_cut_connector(&app->cut, connector, &inner);
    }
}

void peer_app_open(struct peer_app *app)
{
    struct cpmsync_store_sqlite_config store = {.size = sizeof store};
    struct cpmsync_client_config config = {.size = sizeof config};
    struct cpmsync_connector connector;
    store.path = app->store_path;
    store.account = "peer";
    check(cpmsync_store_sqlite_open(&app->store, &store, NULL), "open the store");
    check(cpmsync_crypto_mbedtls(&app->crypto, NULL), "crypto");
    connect_to(app, &connector);
    config.store = &app->store;
    config.crypto = &app->crypto;
    config.ctx = app;
    config.event = on_event;
    config.credentials = on_credentials;
    config.trace = on_trace;
    config.mechanism = getenv("PEER_MECHANISM");
    if (app->disabled != NULL) {
        config.disabled = &app->disabled;
        config.disabled_count = 1;
    }
    config.command_timeout_ms = 20000;
    check(cpmsync_client_new(&app->client, &config), "client");
    check(cpmsync_client_connector(app->client, &connector), "connector");
    app->line_len = 0;
}

void peer_app_close(struct peer_app *app)
{
    cpmsync_client_free(app->client);
    cpmsync_crypto_free(&app->crypto);
    cpmsync_store_close(&app->store);
    app->client = NULL;
}

void peer_app_forget(struct peer_app *app)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[1024];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(name, sizeof name, "%s%s", app->store_path, suffixes[i]);
        unlink(name);
    }
    peer_truth_clear(&app->mirror);
}

/* ------------------------------------------------------------------ operations */

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct peer_app *app = ctx;
    (void)client;
    (void)operation;
    app->done = 1;
    app->error = fault->error;
    snprintf(app->words, sizeof app->words, "%s", fault->server_text);
}

static size_t client_pollfds(struct peer_app *app, struct pollfd *pollers)
{
    struct cpmsync_pollfd fds[CLIENT_FDS];
    size_t count = cpmsync_client_pollfds(app->client, fds, CLIENT_FDS);
    if (count > CLIENT_FDS)
        peer_die("the client watches %zu descriptors", count);
    for (size_t i = 0; i < count; i++) {
        int events =
            (fds[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) | (fds[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0);
        pollers[i] = (struct pollfd){fds[i].fd, (short)events, 0};
    }
    return count;
}

/* Nobody but the client's own clock will end the silence. */
static void pass_the_time(struct peer_app *app)
{
    int64_t expiry = cpmsync_client_expiry(app->client);
    if (expiry == CPMSYNC_NEVER)
        peer_die("the client waits for a silent server for ever");
    app->now = expiry > app->now ? expiry : app->now + 1;
    app->deadlines++;
}

static void wait_with_link(struct peer_app *app)
{
    struct pollfd pollers[PEER_LINK_FDS + CLIENT_FDS];
    int silent = peer_link_is_silent(app->link);
    if (cpmsync_client_want(app->client) & CPMSYNC_WANT_NOW)
        return;
    size_t count = peer_link_pollfds(app->link, pollers);
    count += client_pollfds(app, pollers + count);
    int ready = poll(pollers, (nfds_t)count, silent ? 0 : NOTHING_MOVES_MS);
    if (ready < 0 && errno != EINTR)
        peer_die("poll: %s", strerror(errno));
    if (ready == 0 && !silent)
        peer_die("nothing moves");
    if (ready == 0)
        pass_the_time(app);
}

static void run_with_link(struct peer_app *app)
{
    while (!app->done && !app->leaves) {
        check(cpmsync_client_step(app->client, app->now, LOOP_POLL_BUDGET), "step");
        if (!peer_link_turn(app->link) && !app->done && !app->leaves)
            wait_with_link(app);
    }
}

/* Runs the operation that was submitted. */
static void run(struct peer_app *app, int64_t operation)
{
    check(operation < 0 ? (int)operation : 0, "submit");
    app->done = 0;
    if (app->link != NULL) {
        run_with_link(app);
        return;
    }
    check(loop_poll_run(app->client, &app->done), "step");
    if (!app->done)
        peer_die("the client has nothing to wait for");
}

void peer_app_sync(struct peer_app *app)
{
    if (app->link != NULL)
        peer_cut_again(&app->cut);
    run(app, cpmsync_client_sync(app->client, app->mailbox, on_done, app));
}

void peer_app_log_out(struct peer_app *app)
{
    run(app, cpmsync_client_logout(app->client, on_done, app));
}

/* ------------------------------------------------------------------ comparing */

static int on_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct peer_truth *cache = ctx;
    cache->uidvalidity = info->uidvalidity;
    cache->uidnext = info->uidnext;
    cache->highestmodseq = info->highestmodseq;
    return 0;
}

static int on_message(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count)
{
    peer_truth_put(ctx, uid, modseq, flags, flag_count);
    return 0;
}

static int on_descriptor(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    describe(ctx, uid, descriptor);
    return 0;
}

int peer_app_is_plain(const struct peer_app *app)
{
    return app->disabled != NULL && strcmp(app->disabled, "CONDSTORE") == 0;
}

int peer_app_equals(struct peer_app *app, struct peer_client *other, const char *mailbox_on_the_wire)
{
    struct peer_truth truth, cache;
    memset(&cache, 0, sizeof cache);
    peer_truth_ask(&truth, other, mailbox_on_the_wire);
    peer_truth_ask_descriptors(&truth, other, mailbox_on_the_wire);
    if (peer_app_is_plain(app))
        peer_truth_forget_modseqs(&truth);
    check(cpmsync_view_messages(&app->store, NULL, app->mailbox, on_info, on_message, &cache), "view");
    check(cpmsync_view_descriptors(&app->store, NULL, app->mailbox, 1, UINT32_MAX, on_descriptor, &cache), "view");
    int equal = peer_truth_equal(&truth, "server", &cache, "cache") &&
                peer_truth_equal(&truth, "server", &app->mirror, "mirror");
    peer_truth_clear(&truth);
    peer_truth_clear(&cache);
    return equal;
}

void peer_app_check_ladder(const struct peer_app *app)
{
    unsigned qresync = app->qresync_selects, condstore = app->condstore_selects, plain = app->plain_selects;
    printf("SELECT: %u QRESYNC, %u CONDSTORE, %u plain\n", qresync, condstore, plain);
    int held = app->disabled == NULL    ? qresync > 0 && condstore == 0 && app->wasted_cursors == 0
               : peer_app_is_plain(app) ? plain > 0 && qresync == 0 && condstore == 0
                                        : condstore > 0 && qresync == 0 && plain == 0;
    if (!held)
        peer_die("not the step of the ladder that was to be tried");
}
