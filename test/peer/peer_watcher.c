/* SPDX-License-Identifier: MIT */
#include "peer_watcher.h"

#include "loop_poll.h"
#include "peer_connect.h"
#include "peer_mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check(int error, const char *what)
{
    if (error < 0)
        peer_die("%s: %s", what, cpmsync_error_text(error));
}

/* ------------------------------------------------------------------ what the library calls */

static struct peer_truth *mirror_of(struct peer_watcher *watcher, const char *name)
{
    for (size_t i = 0; i < watcher->mailbox_count; i++)
        if (strcmp(watcher->mailboxes[i].name, name) == 0)
            return &watcher->mailboxes[i].mirror;
    watcher->mailboxes = realloc(watcher->mailboxes, (watcher->mailbox_count + 1) * sizeof watcher->mailboxes[0]);
    if (watcher->mailboxes == NULL)
        peer_die("out of memory");
    struct peer_mailbox *mailbox = &watcher->mailboxes[watcher->mailbox_count++];
    memset(mailbox, 0, sizeof *mailbox);
    mailbox->name = strdup(name);
    if (mailbox->name == NULL)
        peer_die("out of memory");
    return &mailbox->mirror;
}

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct peer_watcher *watcher = ctx;
    (void)client;
    switch (event->type) {
    case CPMSYNC_EVENT_LIVE:
        watcher->lives++;
        watcher->is_live = 1;
        break;
    case CPMSYNC_EVENT_STATE:
        watcher->is_live = 0;
        if (event->state == CPMSYNC_CONN_CONNECTING)
            watcher->connects++;
        if (event->state == CPMSYNC_CONN_CLOSED)
            watcher->why_closed = event->error;
        if (watcher->traces)
            fprintf(stderr, "%08lld E: connection in state %d, %s\n", (long long)loop_poll_now() % 100000000,
                event->state, cpmsync_error_name(event->error));
        break;
    case CPMSYNC_EVENT_MAILBOX_FAILED:
        watcher->failed++;
        break;
    case CPMSYNC_EVENT_MAILBOX_MISSING:
        watcher->missing++;
        break;
    case CPMSYNC_EVENT_MAILBOX_RENAMED:
        peer_die("%s: nobody renames", event->mailbox);
    default:
        if (event->mailbox != NULL)
            peer_mirror_apply(mirror_of(watcher, event->mailbox), event);
        break;
    }
    return 0;
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    const struct peer_watcher *watcher = ctx;
    cpmsync_client_credentials(client, conn, 0, watcher->account.user, watcher->account.password, NULL);
}

/* A line at a time, since others print as well. */
static void print_trace(int sent, const uint8_t *data, size_t len)
{
    char line[160];
    size_t end = 0;
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '\r' && data[i] != '\n' && end < sizeof line - 1)
            line[end++] = (char)data[i];
        if (data[i] != '\n' && i + 1 < len)
            continue;
        line[end] = '\0';
        if (end > 0)
            fprintf(stderr, "%08lld %c: %s%s\n", (long long)loop_poll_now() % 100000000, sent ? 'C' : 'S', line,
                data[i] == '\n' ? "" : "\\");
        end = 0;
    }
}

/* Commands come without their tag. */
static void on_trace(void *ctx, uint32_t conn, int sent, const uint8_t *data, size_t len)
{
    struct peer_watcher *watcher = ctx;
    (void)conn;
    watcher->surveys += sent && len > 5 && memcmp(data, "LIST ", 5) == 0;
    if (watcher->traces)
        print_trace(sent, data, len);
}

static void on_ended(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct peer_watcher *watcher = ctx;
    (void)client;
    (void)operation;
    watcher->watch = 0;
    watcher->error = fault->error;
}

/* A cut may fall into it, and the mailbox may be gone. */
static void on_synced(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct peer_watcher *watcher = ctx;
    enum cpmsync_error_class class = cpmsync_error_class(fault->error);
    (void)client;
    (void)operation;
    watcher->syncs++;
    if (class != CPMSYNC_CLASS_NONE && class != CPMSYNC_CLASS_NETWORK && class != CPMSYNC_CLASS_TLS &&
        fault->error != CPMSYNC_ERR_NO_MAILBOX && fault->error != CPMSYNC_ERR_CANCELLED)
        peer_die("a sync while a mailbox is watched: %s (%s)", cpmsync_error_text(fault->error), fault->server_text);
}

/* ------------------------------------------------------------------ life */

void peer_watcher_open(struct peer_watcher *watcher)
{
    struct cpmsync_store_sqlite_config store = {.size = sizeof store};
    struct cpmsync_client_config config = {.size = sizeof config};
    struct cpmsync_connector connector;
    store.path = watcher->store_path;
    store.account = "peer";
    check(cpmsync_store_sqlite_open(&watcher->store, &store, NULL), "open the store");
    check(cpmsync_crypto_mbedtls(&watcher->crypto, NULL), "crypto");
    peer_connect(&connector, &watcher->account, watcher->link, &watcher->cut, watcher->timeout_ms);
    config.store = &watcher->store;
    config.crypto = &watcher->crypto;
    config.ctx = watcher;
    config.event = on_event;
    config.credentials = on_credentials;
    config.trace = on_trace;
    config.disabled = watcher->disabled;
    config.disabled_count = watcher->disabled_count;
    config.command_timeout_ms = watcher->timeout_ms;
    config.idle_ms = watcher->idle_ms;
    config.retry_least_ms = watcher->retry_least_ms;
    config.retry_most_ms = watcher->retry_most_ms;
    config.survey_ms = watcher->survey_ms;
    check(cpmsync_client_new(&watcher->client, &config), "client");
    check(cpmsync_client_connector(watcher->client, &connector), "connector");
    peer_watcher_again(watcher);
}

void peer_watcher_close(struct peer_watcher *watcher)
{
    cpmsync_client_free(watcher->client);
    cpmsync_crypto_free(&watcher->crypto);
    cpmsync_store_close(&watcher->store);
    watcher->client = NULL;
}

void peer_watcher_clear(struct peer_watcher *watcher)
{
    for (size_t i = 0; i < watcher->mailbox_count; i++) {
        peer_truth_clear(&watcher->mailboxes[i].mirror);
        free(watcher->mailboxes[i].name);
    }
    free(watcher->mailboxes);
    watcher->mailboxes = NULL;
    watcher->mailbox_count = 0;
}

void peer_watcher_again(struct peer_watcher *watcher)
{
    watcher->watch = watcher->whole ? cpmsync_client_watch_account(watcher->client, watcher->mailbox, on_ended, watcher)
                                    : cpmsync_client_watch(watcher->client, watcher->mailbox, on_ended, watcher);
    check(watcher->watch < 0 ? (int)watcher->watch : 0, "watch");
}

void peer_watcher_sync(struct peer_watcher *watcher, const char *mailbox)
{
    int64_t operation = cpmsync_client_sync(watcher->client, mailbox, on_synced, watcher);
    check(operation < 0 ? (int)operation : 0, "sync");
}

void peer_watcher_turn(struct peer_watcher *watcher, int fd, int64_t until)
{
    struct pollfd pollers[1 + PEER_LINK_FDS + PEER_CONNECT_FDS];
    int64_t now = loop_poll_now();
    check(cpmsync_client_step(watcher->client, now, LOOP_POLL_BUDGET), "step");
    if (peer_link_turn(watcher->link) || cpmsync_client_want(watcher->client) & CPMSYNC_WANT_NOW)
        return;
    int64_t expiry = cpmsync_client_expiry(watcher->client);
    if (expiry < until)
        until = expiry;
    pollers[0] = (struct pollfd){fd, POLLIN, 0};
    size_t count = 1 + peer_link_pollfds(watcher->link, pollers + 1);
    count += peer_connect_pollfds(watcher->client, pollers + count);
    if (poll(pollers, (nfds_t)count, until > now ? (int)(until - now) : 0) < 0 && errno != EINTR)
        peer_die("poll: %s", strerror(errno));
}

/* ------------------------------------------------------------------ comparing */

int peer_watcher_is_plain(const struct peer_watcher *watcher)
{
    for (size_t i = 0; i < watcher->disabled_count; i++)
        if (strcmp(watcher->disabled[i], "CONDSTORE") == 0)
            return 1;
    return 0;
}

static void forgive_cursors(struct peer_truth *ours, const struct peer_truth *truth)
{
    if (ours->uidnext != 0 && ours->uidnext < truth->uidnext)
        ours->uidnext = truth->uidnext;
    if (ours->highestmodseq < truth->highestmodseq)
        ours->highestmodseq = truth->highestmodseq;
}

int peer_watcher_equals(struct peer_watcher *watcher, const char *mailbox, const struct peer_truth *truth, int quietly)
{
    struct peer_truth cache, mirror = *mirror_of(watcher, mailbox);
    int error = peer_mirror_view(&cache, &watcher->store, mailbox);
    if (error != CPMSYNC_ERR_NOT_FOUND)
        check(error, "view");
    if (strcmp(mailbox, watcher->mailbox) == 0) {
        forgive_cursors(&cache, truth);
        forgive_cursors(&mirror, truth);
    }
    if (error == PEER_MIRROR_IN_BETWEEN && !quietly)
        fputs("cache: a descriptor of no message\n", stderr);
    int equal = error != PEER_MIRROR_IN_BETWEEN &&
                peer_truth_equal(truth, quietly ? NULL : "server", &cache, "cache") &&
                peer_truth_equal(truth, quietly ? NULL : "server", &mirror, "mirror");
    peer_truth_clear(&cache);
    return equal;
}
