/* SPDX-License-Identifier: MIT */
#include "peer_app.h"

#include "loop_poll.h"
#include "peer_connect.h"
#include "peer_mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOTHING_MOVES_MS = 60000 };

static void check(int error, const char *what)
{
    if (error < 0)
        peer_die("%s: %s", what, cpmsync_error_text(error));
}

/* ------------------------------------------------------------------ the client */

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct peer_app *app = ctx;
    (void)client;
    if (event->mailbox != NULL && strcmp(event->mailbox, app->mailbox) != 0)
        peer_die("an event about %s", event->mailbox);
    if (event->type == CPMSYNC_EVENT_MAILBOX_MISSING || event->type == CPMSYNC_EVENT_MAILBOX_FAILED ||
        event->type == CPMSYNC_EVENT_MAILBOX_LEFT || event->type == CPMSYNC_EVENT_MAILBOX_RENAMED)
        peer_die("an event of an account, and none was synchronised");
    peer_mirror_apply(&app->mirror, event);
    return 0;
}

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

void peer_app_open(struct peer_app *app)
{
    struct cpmsync_store_sqlite_config store = {.size = sizeof store};
    struct cpmsync_client_config config = {.size = sizeof config};
    struct cpmsync_connector connector;
    store.path = app->store_path;
    store.account = "peer";
    check(cpmsync_store_sqlite_open(&app->store, &store, NULL), "open the store");
    check(cpmsync_crypto_mbedtls(&app->crypto, NULL), "crypto");
    peer_connect(&connector, &app->account, app->link, &app->cut, 0);
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
    peer_connect_forget(app->store_path);
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
    struct pollfd pollers[PEER_LINK_FDS + PEER_CONNECT_FDS];
    int silent = peer_link_is_silent(app->link);
    if (cpmsync_client_want(app->client) & CPMSYNC_WANT_NOW)
        return;
    size_t count = peer_link_pollfds(app->link, pollers);
    count += peer_connect_pollfds(app->client, pollers + count);
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

int peer_app_is_plain(const struct peer_app *app)
{
    return app->disabled != NULL && strcmp(app->disabled, "CONDSTORE") == 0;
}

int peer_app_equals(struct peer_app *app, struct peer_client *other, const char *mailbox_on_the_wire)
{
    struct peer_truth truth, cache;
    peer_truth_ask(&truth, other, mailbox_on_the_wire);
    peer_truth_ask_descriptors(&truth, other, mailbox_on_the_wire);
    if (peer_app_is_plain(app))
        peer_truth_forget_modseqs(&truth);
    int error = peer_mirror_view(&cache, &app->store, app->mailbox);
    check(error, "view");
    if (error == PEER_MIRROR_IN_BETWEEN)
        peer_die("a descriptor of no message");
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
