/* SPDX-License-Identifier: MIT */
/*
 * peer_rounds [--disable CAPABILITY] STORE ROUNDS [SEED]: ROUNDS times another client makes random changes, the library
 * synchronises, and then its cache, and a mirror made of its events alone, equal the server's own words: every UID,
 * MODSEQ and flag. Now and then the connection is closed, or client and store as well, as when an app ends. Without
 * QRESYNC or CONDSTORE (which takes QRESYNC along) a lower step of the ladder is what is tried, and seen to be; without
 * CONDSTORE there are no mod-sequences to compare: all are 0. The account is in the variables PEER_*.
 */
#include "loop_poll.h"
#include "peer_change.h"
#include "peer_truth.h"

#include <cpmsync/client.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAILBOX                                                                                                        \
    "Gespr\xc3\xa4"                                                                                                    \
    "ch"
#define MAILBOX_ON_THE_WIRE "Gespr&AOQ-ch"

enum { FIRST_MESSAGES = 60, LINE_SIZE = 512 };

struct rounds {
    struct peer_account account;
    const char *store_path;
    const char *disabled; /* a capability, or NULL */
    struct peer_random random;
    struct peer_client *other;
    struct cpmsync_store store;
    struct cpmsync_crypto crypto;
    struct cpmsync_client *client;
    struct peer_truth mirror;
    int done;
    int error; /* of the last operation */
    char words[200];
    char line[LINE_SIZE]; /* the command that is being sent: its first octets */
    size_t line_len;
    int qresync_selects, condstore_selects, plain_selects;
    int first_selects; /* at most so many had nothing to resynchronise */
};

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

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct rounds *rounds = ctx;
    struct peer_truth *mirror = &rounds->mirror;
    (void)client;
    if (event->mailbox != NULL && strcmp(event->mailbox, MAILBOX) != 0)
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
        break;
    }
    return 0;
}

/* ------------------------------------------------------------------ the library */

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    const struct rounds *rounds = ctx;
    cpmsync_client_credentials(client, conn, 0, rounds->account.user, rounds->account.password, NULL);
}

static void count_select(struct rounds *rounds)
{
    if (strstr(rounds->line, " SELECT ") == NULL)
        return;
    if (strstr(rounds->line, " (QRESYNC (") != NULL)
        rounds->qresync_selects++;
    else if (strstr(rounds->line, " (CONDSTORE)") != NULL)
        rounds->condstore_selects++;
    else
        rounds->plain_selects++;
}

/* Which step of the ladder is taken. */
static void on_trace(void *ctx, uint32_t conn, int sent, const uint8_t *data, size_t len)
{
    struct rounds *rounds = ctx;
    (void)conn;
    for (size_t i = 0; sent && i < len; i++) {
        if (data[i] == '\n') {
            rounds->line[rounds->line_len] = '\0';
            rounds->line_len = 0;
            count_select(rounds);
        } else if (rounds->line_len < LINE_SIZE - 1) {
            rounds->line[rounds->line_len++] = (char)data[i];
        }
    }
}

static void open_client(struct rounds *rounds)
{
    struct cpmsync_store_sqlite_config store = {.size = sizeof store};
    struct cpmsync_tcp_config tcp = {.size = sizeof tcp};
    struct cpmsync_tls_config tls = {.size = sizeof tls};
    struct cpmsync_client_config config = {.size = sizeof config};
    struct cpmsync_connector inner, connector;
    store.path = rounds->store_path;
    store.account = "peer";
    check(cpmsync_store_sqlite_open(&rounds->store, &store, NULL), "open the store");
    check(cpmsync_crypto_mbedtls(&rounds->crypto, NULL), "crypto");
    tcp.host = rounds->account.host;
    tcp.port = (uint16_t)atoi(rounds->account.port);
    check(cpmsync_connector_tcp(&inner, &tcp), "TCP");
    tls.host = rounds->account.host;
    tls.ca_file = rounds->account.ca_file;
    tls.single_thread = 1;
    check(cpmsync_connector_tls(&connector, &inner, &tls), "TLS");
    config.store = &rounds->store;
    config.crypto = &rounds->crypto;
    config.ctx = rounds;
    config.event = on_event;
    config.credentials = on_credentials;
    config.trace = on_trace;
    config.mechanism = getenv("PEER_MECHANISM");
    if (rounds->disabled != NULL) {
        config.disabled = &rounds->disabled;
        config.disabled_count = 1;
    }
    config.command_timeout_ms = 20000;
    check(cpmsync_client_new(&rounds->client, &config), "client");
    check(cpmsync_client_connector(rounds->client, &connector), "connector");
}

static void remove_store(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[1024];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static void close_client(struct rounds *rounds)
{
    cpmsync_client_free(rounds->client);
    cpmsync_crypto_free(&rounds->crypto);
    cpmsync_store_close(&rounds->store);
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct rounds *rounds = ctx;
    (void)client;
    (void)operation;
    rounds->done = 1;
    rounds->error = fault->error;
    snprintf(rounds->words, sizeof rounds->words, "%s", fault->server_text);
}

/* Runs the operation that was submitted. */
static void run(struct rounds *rounds, int64_t operation)
{
    check(operation < 0 ? (int)operation : 0, "submit");
    rounds->done = 0;
    check(loop_poll_run(rounds->client, &rounds->done), "step");
    if (!rounds->done)
        peer_die("the client has nothing to wait for");
}

static void sync_mailbox(struct rounds *rounds)
{
    /* Servers cut connections whose mailbox is deleted: an app tries again, and so does this. */
    for (int attempts = 2; attempts > 0; attempts--) {
        rounds->first_selects += rounds->mirror.uidnext <= 1;
        run(rounds, cpmsync_client_sync(rounds->client, MAILBOX, on_done, rounds));
        if (rounds->error == 0)
            return;
        fprintf(stderr, "sync: %s (%s)\n", cpmsync_error_text(rounds->error), rounds->words);
        if (cpmsync_error_class(rounds->error) != CPMSYNC_CLASS_NETWORK)
            break;
    }
    peer_die("the sync failed");
}

static void log_out(struct rounds *rounds)
{
    run(rounds, cpmsync_client_logout(rounds->client, on_done, rounds));
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

static int is_plain(const struct rounds *rounds)
{
    return rounds->disabled != NULL && strcmp(rounds->disabled, "CONDSTORE") == 0;
}

static int is_equal(struct rounds *rounds)
{
    struct peer_truth truth, cache;
    memset(&cache, 0, sizeof cache);
    peer_truth_ask(&truth, rounds->other, MAILBOX_ON_THE_WIRE);
    if (is_plain(rounds))
        peer_truth_forget_modseqs(&truth);
    check(cpmsync_view_messages(&rounds->store, NULL, MAILBOX, on_info, on_message, &cache), "view");
    int equal = peer_truth_equal(&truth, "server", &cache, "cache") &&
                peer_truth_equal(&truth, "server", &rounds->mirror, "mirror");
    peer_truth_clear(&truth);
    peer_truth_clear(&cache);
    return equal;
}

static void one_round(struct rounds *rounds)
{
    peer_change_round(rounds->other, MAILBOX_ON_THE_WIRE, &rounds->random);
    sync_mailbox(rounds);
    uint32_t then = peer_random_below(&rounds->random, 6);
    if (then < 2)
        log_out(rounds);
    if (then == 2) {
        close_client(rounds);
        open_client(rounds);
    }
}

/* Every SELECT was on the step to be tried; none fell from it. */
static void check_ladder(const struct rounds *rounds)
{
    int qresync = rounds->qresync_selects, condstore = rounds->condstore_selects, plain = rounds->plain_selects;
    printf("SELECT: %d QRESYNC, %d CONDSTORE, %d plain\n", qresync, condstore, plain);
    int held = rounds->disabled == NULL ? qresync > 0 && condstore == 0 && plain <= rounds->first_selects
               : is_plain(rounds)       ? plain > 0 && qresync == 0 && condstore == 0
                                        : condstore > 0 && qresync == 0 && plain == 0;
    if (!held)
        peer_die("not the step of the ladder that was to be tried");
}

int main(int argc, char **argv)
{
    static struct rounds rounds;
    if (argc > 2 && strcmp(argv[1], "--disable") == 0) {
        rounds.disabled = argv[2];
        argc -= 2;
        argv += 2;
    }
    if (argc < 3) {
        fputs("peer_rounds [--disable CAPABILITY] STORE ROUNDS [SEED]\n", stderr);
        return 2;
    }
    int count = atoi(argv[2]);
    unsigned long seed = argc > 3 ? strtoul(argv[3], NULL, 10) : (unsigned long)time(NULL);
    rounds.store_path = argv[1];
    peer_random_seed(&rounds.random, seed);
    peer_account_from_environment(&rounds.account);
    rounds.other = peer_client_open(&rounds.account);
    peer_client_try(rounds.other, NULL, NULL, "DELETE \"%s\"", MAILBOX_ON_THE_WIRE);
    peer_client_do(rounds.other, NULL, NULL, "CREATE \"%s\"", MAILBOX_ON_THE_WIRE);
    peer_change_deliver(rounds.other, MAILBOX_ON_THE_WIRE, &rounds.random, FIRST_MESSAGES, 1);
    remove_store(rounds.store_path);
    open_client(&rounds);
    for (int i = 0; i < count; i++) {
        fprintf(stderr, "round %d of %d, seed %lu\n", i + 1, count, seed);
        one_round(&rounds);
        if (!is_equal(&rounds))
            peer_die("round %d of %d, seed %lu: not equal", i + 1, count, seed);
    }
    close_client(&rounds);
    peer_client_close(rounds.other);
    peer_truth_clear(&rounds.mirror);
    check_ladder(&rounds);
    printf("%d rounds: cache and mirror equalled the server each time (seed %lu)\n", count, seed);
    return 0;
}
