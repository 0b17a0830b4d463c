/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/golden_store.h"
#include "support/plain_crypto.h"

enum { OPERATIONS_MAX = 16 };

enum credentials { CREDENTIALS_NOW, CREDENTIALS_LATER, CREDENTIALS_NONE };

struct operation {
    int64_t id;
    bool sync;
    bool stands;        /* a watch: no end of a link ends it */
    unsigned completed; /* times its done ran */
};

struct player {
    const struct golden *golden;
    const struct golden_play *play;
    struct cpmsync_client *client;
    struct cpmsync_client_config config;
    const char *disabled[16];
    const char *fields[33];
    char user[256];
    char password[256];
    enum credentials credentials;
    char refuse[32];
    struct cpmsync_store store;
    bool own_store;
    struct support_crypto crypto;
    struct golden_text out;   /* what the client sent */
    struct golden_text heard; /* events and completions, a line each */
    int64_t now;
    struct operation operations[OPERATIONS_MAX];
    size_t operation_count;
    bool synced;   /* the last synchronisation that completed was OK */
    bool open;     /* the transport is open */
    bool starttls; /* asked for, not met by a step */
    bool closed;   /* the client asked to close, not met by a step */
    size_t fed;
    bool gone; /* the link ended for good, because something failed */
    char *why;
    bool failed;
};

static void fail(struct player *player, unsigned line, const char *format, ...)
{
    va_list list;
    int used;

    if (player->failed)
        return;
    player->failed = true;
    used = snprintf(player->why, GOLDEN_WHY_MAX, "%s:%u: ", player->golden->path, line);
    va_start(list, format);
    vsnprintf(player->why + used, (size_t)(GOLDEN_WHY_MAX - used), format, list);
    va_end(list);
}

/* Something failed on purpose: from now on the script is not what must happen. */
static bool disturbed(const struct player *player)
{
    return player->gone || (player->play->failures && *player->play->failures);
}

/* What a watch was told so far is a batch: the stream's pieces show. */
static bool batches_vary(const struct player *player)
{
    return player->golden->watches && (player->play->octets || player->play->split_at);
}

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct player *player = ctx;

    (void)client;
    if (player->play->event)
        player->play->event(player->play->ctx, event);
    if (event->type == CPMSYNC_EVENT_STATE || (event->type == CPMSYNC_EVENT_BATCH && batches_vary(player)))
        return strcmp(player->refuse, golden_event_name(event->type)) == 0;
    golden_text_event(&player->heard, event);
    return strcmp(player->refuse, golden_event_name(event->type)) == 0;
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct player *player = ctx;

    (void)client;
    for (size_t i = 0; i < player->operation_count; i++) {
        if (player->operations[i].id != operation)
            continue;
        player->operations[i].completed++;
        if (player->operations[i].sync)
            player->synced = fault->error == 0;
    }
    golden_text_format(&player->heard, "D: %s", fault->error ? cpmsync_error_name(fault->error) : "OK");
    if (fault->server_code[0])
        golden_text_format(&player->heard, " [%s]", fault->server_code);
    if (fault->server_text[0])
        golden_text_format(&player->heard, " %s", fault->server_text);
    golden_text_add(&player->heard, "\n", 1);
}

static void give_credentials(struct player *player)
{
    int error = player->credentials == CREDENTIALS_NONE ? CPMSYNC_ERR_AUTH_CREDENTIALS : 0;
    cpmsync_client_credentials(player->client, 0, error, player->user, player->password, NULL);
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    struct player *player = ctx;

    (void)client;
    (void)conn;
    if (player->credentials != CREDENTIALS_LATER)
        give_credentials(player);
}

static void on_log(void *ctx, enum cpmsync_log_level level, const char *text)
{
    const struct golden_play *play = ((struct player *)ctx)->play;

    play->log(play->ctx, level, text);
}

static void on_trace(void *ctx, uint32_t conn, int sent, const uint8_t *data, size_t len)
{
    const struct golden_play *play = ((struct player *)ctx)->play;

    (void)conn;
    play->trace(play->ctx, sent, data, len);
}

static uint64_t cursor_of(const char *line)
{
    uint64_t cursor = 0;

    sscanf(line, "%*s %*u %*u %" SCNu64, &cursor);
    return cursor;
}

/* Of a server's state the cursor is the most the store's may be: it follows only what was told whole. */
static void check_store(struct player *player, size_t at)
{
    const struct golden_step *step = &player->golden->steps[at];
    struct golden_text have = {0};
    struct golden_text want = {0};

    golden_store_read(player->play->checked ? player->play->checked : &player->store, player->golden, at, &have, &want);
    size_t head = strcspn(have.data, "\n") + 1;
    if (step->type == GOLDEN_SERVER && cursor_of(have.data) <= cursor_of(want.data)) {
        head--;
        while (head && have.data[head - 1] != ' ')
            head--;
    }
    if (strncmp(have.data, want.data, head) != 0 || strcmp(strchr(have.data, '\n'), strchr(want.data, '\n')) != 0)
        fail(player, step->line, "the store holds\n%swanted\n%s", have.data, want.data);
    free(have.data);
    free(want.data);
}

/* ---- playing */

static void refuse_connection(struct player *player)
{
    struct cpmsync_fault fault;

    memset(&fault, 0, sizeof fault);
    fault.size = sizeof fault;
    fault.error = CPMSYNC_ERR_CONNECT;
    cpmsync_conn_closed(player->client, 0, player->now, &fault);
}

static void pump(struct player *player)
{
    struct cpmsync_client *client = player->client;

    if (!client)
        return;
    for (;;) {
        unsigned want = cpmsync_conn_want(client, 0);
        if ((want & CPMSYNC_WANT_CONNECT) && player->gone) {
            refuse_connection(player);
        } else if ((want & CPMSYNC_WANT_CLOSE) && disturbed(player)) {
            player->gone = true;
            player->open = false;
            cpmsync_conn_closed(client, 0, player->now, NULL);
        } else if ((want & CPMSYNC_WANT_CONNECT) && !player->open) {
            player->open = true;
            unsigned flags = player->config.security == CPMSYNC_TLS_IMPLICIT ? CPMSYNC_CONN_SECURE : 0;
            flags |= player->config.early == CPMSYNC_EARLY_ALLOWED ? CPMSYNC_CONN_EARLY : 0;
            cpmsync_conn_opened(client, 0, player->now, flags);
        } else if (want & CPMSYNC_WANT_WRITE) {
            const uint8_t *data;
            size_t len = cpmsync_conn_output(client, 0, &data);
            golden_text_add(&player->out, data, len);
            cpmsync_conn_ack(client, 0, player->now, len);
        } else if (want & CPMSYNC_WANT_NOW) {
            cpmsync_conn_tick(client, player->now, 0);
        } else {
            player->starttls = (want & CPMSYNC_WANT_STARTTLS) != 0;
            player->closed = (want & CPMSYNC_WANT_CLOSE) != 0;
            return;
        }
    }
}

static void cut_link(struct player *player)
{
    player->gone = true;
    if (player->open)
        cpmsync_conn_closed(player->client, 0, player->now, NULL);
    player->open = false;
    pump(player);
}

static void feed(struct player *player, const char *data, size_t len)
{
    const struct golden_play *play = player->play;

    while (len && !player->gone) {
        size_t piece = len;
        if (play->octets)
            piece = 1;
        else if (play->cut && play->cut_at - player->fed < len)
            piece = play->cut_at - player->fed;
        else if (play->split_at > player->fed && play->split_at - player->fed < len)
            piece = play->split_at - player->fed;
        cpmsync_conn_feed(player->client, 0, player->now, (const uint8_t *)data, piece);
        player->fed += piece;
        data += piece;
        len -= piece;
        pump(player);
        if (play->cut && play->cut_at == player->fed)
            cut_link(player);
    }
}

/* All server lines in a row are one block. Returns the index of the last. */
static size_t feed_block(struct player *player, size_t at)
{
    const struct golden *golden = player->golden;
    struct golden_text block = {0};

    /* What the client sent behind a failure is not what these lines answer, or the cut is in front of them. */
    bool astray = disturbed(player) && player->out.taken != player->out.len;
    if (!player->gone && (astray || (player->play->cut && player->play->cut_at == player->fed)))
        cut_link(player);
    for (;; at++) {
        golden_text_add(&block, golden->steps[at].text, golden->steps[at].len);
        if (at + 1 == golden->count || golden->steps[at + 1].type != GOLDEN_SERVER_SAYS)
            break;
    }
    feed(player, block.data, block.len);
    free(block.data);
    return at;
}

/* The client did not do what the script says: an error, unless something failed. */
static void strayed(struct player *player, const struct golden_step *step, const char *what, const char *have)
{
    if (!disturbed(player))
        fail(player, step->line, "the client %s\n%s", what, have);
    else if (!player->gone)
        cut_link(player);
}

static void expect_sent(struct player *player, const struct golden_step *step)
{
    struct golden_text *out = &player->out;
    const char *have = out->data ? out->data + out->taken : "";
    size_t left = out->len - out->taken;
    bool line = step->type == GOLDEN_CLIENT_LINE;
    size_t len = step->len;
    bool open = line && len && step->text[len - 1] == '~';

    len -= open;
    if (left < len || memcmp(have, step->text, len) != 0) {
        strayed(player, step, "sent", have);
        return;
    }
    out->taken += len;
    if (!line)
        return;
    if (open) {
        char *end = strstr(out->data + out->taken, "\r\n");
        out->taken = end ? (size_t)(end - out->data) : out->len;
    }
    if (out->len - out->taken < 2 || memcmp(out->data + out->taken, "\r\n", 2) != 0)
        strayed(player, step, "sent", have);
    else
        out->taken += 2;
}

static void expect_heard(struct player *player, const struct golden_step *step)
{
    struct golden_text *heard = &player->heard;
    char line[4096];
    const char *have = heard->data ? heard->data + heard->taken : "";
    size_t len = strcspn(have, "\n");

    if (disturbed(player) || (batches_vary(player) && strncmp(step->text, "batch ", 6) == 0))
        return;
    snprintf(line, sizeof line, "%s%s", step->type == GOLDEN_EVENT ? "E: " : "D: ", step->text);
    if (strlen(line) != len || memcmp(line, have, len) != 0)
        fail(player, step->line, "the app heard\n%s", have);
    else
        heard->taken += len + 1;
}

static void configure_random(struct player *player, const struct golden_step *step, const char *value)
{
    size_t len = golden_hex(value, player->crypto.random, sizeof player->crypto.random);

    if (len == 0)
        fail(player, step->line, "not octets in hexadecimal");
}

static void configure(struct player *player, const struct golden_step *step)
{
    struct cpmsync_client_config *config = &player->config;
    char key[64];
    int used = 0;

    sscanf(step->text, "%63s %n", key, &used);
    const char *value = step->text + used;
    if (strcmp(key, "security") == 0)
        config->security = strcmp(value, "tls") == 0        ? CPMSYNC_TLS_IMPLICIT
                           : strcmp(value, "starttls") == 0 ? CPMSYNC_TLS_STARTTLS
                                                            : CPMSYNC_TLS_NONE;
    else if (strcmp(key, "early") == 0)
        config->early = strcmp(value, "allowed") == 0 ? CPMSYNC_EARLY_ALLOWED : CPMSYNC_EARLY_GREETING;
    else if (strcmp(key, "mech") == 0)
        config->mechanism = value;
    else if (strcmp(key, "disable") == 0 && config->disabled_count < 16)
        player->disabled[config->disabled_count++] = value;
    else if (strcmp(key, "user") == 0)
        snprintf(player->user, sizeof player->user, "%s", value);
    else if (strcmp(key, "password") == 0)
        snprintf(player->password, sizeof player->password, "%s", value);
    else if (strcmp(key, "credentials") == 0)
        player->credentials = strcmp(value, "later") == 0 ? CREDENTIALS_LATER : CREDENTIALS_NONE;
    else if (strcmp(key, "random") == 0)
        configure_random(player, step, value);
    else if (strcmp(key, "iterations-max") == 0)
        config->scram_iterations_max = atoi(value);
    else if (strcmp(key, "response-max") == 0)
        config->response_max = atoi(value);
    else if (strcmp(key, "descriptors") == 0 || strcmp(key, "field") == 0 || strcmp(key, "literal-max") == 0)
        golden_config_descriptors(player->golden, config, player->fields);
    else if (strcmp(key, "timeout") == 0)
        config->command_timeout_ms = atoi(value);
    else if (strcmp(key, "idle") == 0)
        config->idle_ms = atoi(value);
    else if (strcmp(key, "survey") == 0)
        config->survey_ms = atoi(value);
    else if (strcmp(key, "retry") == 0)
        config->retry_least_ms = atoi(value);
    else if (strcmp(key, "refuse") == 0)
        snprintf(player->refuse, sizeof player->refuse, "%s", value);
    else
        fail(player, step->line, "unknown key %s", key);
}

static void need_client(struct player *player, const struct golden_step *step)
{
    if (player->client)
        return;
    player->config.disabled = player->disabled;
    int error = cpmsync_client_new(&player->client, &player->config);
    if (error && disturbed(player))
        player->gone = true;
    else if (error)
        fail(player, step->line, "no client: %s", cpmsync_error_name(error));
}

static void submit(struct player *player, const struct golden_step *step)
{
    int64_t id;

    need_client(player, step);
    if (!player->client)
        return;
    if (player->operation_count == OPERATIONS_MAX) {
        fail(player, step->line, "too many operations");
        return;
    }
    if (step->type == GOLDEN_LOGIN)
        id = cpmsync_client_login(player->client, on_done, player);
    else if (step->type == GOLDEN_SYNC)
        id = cpmsync_client_sync(player->client, step->text, on_done, player);
    else if (step->type == GOLDEN_ACCOUNT || step->type == GOLDEN_ACCOUNT_FIRST)
        id = cpmsync_client_sync_account(player->client, step->len ? step->text : NULL, on_done, player);
    else if (step->type == GOLDEN_WATCH)
        id = cpmsync_client_watch(player->client, step->text, on_done, player);
    else if (step->type == GOLDEN_WATCH_ACCOUNT)
        id = cpmsync_client_watch_account(player->client, step->text, on_done, player);
    else
        id = cpmsync_client_logout(player->client, on_done, player);
    if (id < 0 && disturbed(player))
        return;
    if (id < 0) {
        fail(player, step->line, "submit: %s", cpmsync_error_name((int)id));
        return;
    }
    struct operation *operation = &player->operations[player->operation_count++];
    operation->id = id;
    operation->stands = step->type == GOLDEN_WATCH || step->type == GOLDEN_WATCH_ACCOUNT;
    operation->sync = step->type != GOLDEN_LOGIN && step->type != GOLDEN_LOGOUT && !operation->stands;
    pump(player);
}

static void cancel(struct player *player, const struct golden_step *step)
{
    size_t count = player->operation_count;

    int error = count ? cpmsync_client_cancel(player->client, player->operations[count - 1].id) : CPMSYNC_ERR_NOT_FOUND;
    if (error && !disturbed(player))
        fail(player, step->line, "nothing to cancel");
    else
        pump(player);
}

static void transport_step(struct player *player, const struct golden_step *step)
{
    if (player->gone)
        return;
    if (step->type == GOLDEN_STARTTLS && !player->starttls) {
        strayed(player, step, "does not ask for TLS", "");
    } else if (step->type == GOLDEN_STARTTLS) {
        cpmsync_conn_secured(player->client, 0, player->now);
    } else if (step->type == GOLDEN_CLOSED && !player->closed) {
        strayed(player, step, "does not close", "");
    } else {
        player->open = false;
        cpmsync_conn_closed(player->client, 0, player->now, NULL);
    }
    if (!player->failed)
        pump(player);
}

static size_t play_step(struct player *player, size_t at)
{
    const struct golden_step *step = &player->golden->steps[at];

    switch (step->type) {
    case GOLDEN_CONFIG:
        configure(player, step);
        break;
    case GOLDEN_CACHE:
        if (player->own_store && !golden_store_fill(&player->store, player->golden, at))
            fail(player, step->line, "the store cannot be filled");
        break;
    case GOLDEN_LOGIN:
    case GOLDEN_SYNC:
    case GOLDEN_ACCOUNT:
    case GOLDEN_ACCOUNT_FIRST:
    case GOLDEN_WATCH:
    case GOLDEN_WATCH_ACCOUNT:
    case GOLDEN_LOGOUT:
        submit(player, step);
        break;
    case GOLDEN_CANCEL:
        cancel(player, step);
        break;
    case GOLDEN_CREDENTIALS:
        if (player->client)
            give_credentials(player);
        pump(player);
        break;
    case GOLDEN_SERVER_SAYS:
        return feed_block(player, at);
    case GOLDEN_CLIENT_LINE:
    case GOLDEN_CLIENT_OCTETS:
        expect_sent(player, step);
        break;
    case GOLDEN_EVENT:
    case GOLDEN_DONE:
        expect_heard(player, step);
        break;
    case GOLDEN_STARTTLS:
    case GOLDEN_EOF:
    case GOLDEN_CLOSED:
        transport_step(player, step);
        break;
    case GOLDEN_TICK:
        player->now += atoi(step->text);
        if (player->client)
            cpmsync_conn_tick(player->client, player->now, 0);
        pump(player);
        break;
    case GOLDEN_CHECK:
        if (!disturbed(player))
            check_store(player, at);
        break;
    case GOLDEN_SERVER:
        if (player->synced && !disturbed(player))
            check_store(player, at);
        break;
    case GOLDEN_ROW:
    case GOLDEN_MESSAGE:
        break;
    }
    return at;
}

static bool setup(struct player *player, const struct golden_play *play)
{
    struct cpmsync_client_config *config = &player->config;

    config->size = sizeof *config;
    config->allocator = play->allocator;
    config->store = &player->store;
    config->security = CPMSYNC_TLS_IMPLICIT;
    config->early = CPMSYNC_EARLY_NEVER;
    config->ctx = player;
    config->event = on_event;
    config->credentials = on_credentials;
    config->descriptors = CPMSYNC_OFF;
    config->log = play->log ? on_log : NULL;
    config->trace = play->trace ? on_trace : NULL;
    strcpy(player->user, "fred");
    strcpy(player->password, "secret");
    if (play->store)
        player->store = *play->store;
    else if (cpmsync_store_memory_open(&player->store, NULL))
        return false;
    player->own_store = !play->store;
    support_crypto_init(&player->crypto);
    config->crypto = &player->crypto.crypto;
    return true;
}

static void expect_completed(struct player *player)
{
    for (size_t i = 0; i < player->operation_count; i++)
        if (player->operations[i].completed != 1)
            fail(player, 0, "operation %zu completed %u times", i + 1, player->operations[i].completed);
}

static void go_on(struct player *player)
{
    player->refuse[0] = '\0';
    player->credentials = CREDENTIALS_NOW;
    if (player->play->again && !player->failed)
        player->play->again(player->play->ctx, player->client, player->now);
}

/* Nothing the client sent or the app heard is left over, and every operation completes exactly once. */
static void finish(struct player *player)
{
    const struct golden_text *out = &player->out;
    const struct golden_text *heard = &player->heard;
    size_t used;

    bool fallout = disturbed(player);
    if (player->play->cut && !player->gone)
        fail(player, 0, "the link was not cut");
    if (fallout && player->client) {
        cut_link(player);
        for (size_t i = 0; i < player->operation_count; i++)
            if (player->operations[i].stands)
                (void)cpmsync_client_cancel(player->client, player->operations[i].id);
        expect_completed(player);
        go_on(player);
    }
    if (!fallout && !player->failed && out->taken != out->len)
        fail(player, 0, "more was sent\n%s", out->data + out->taken);
    if (!fallout && !player->failed && heard->taken != heard->len)
        fail(player, 0, "more was heard\n%s", heard->data + heard->taken);
    if (player->failed && heard->taken < heard->len) {
        used = strlen(player->why);
        snprintf(player->why + used, GOLDEN_WHY_MAX - used, "\nnot yet compared:\n%s", heard->data + heard->taken);
    }
    cpmsync_client_free(player->client);
    expect_completed(player);
}

bool golden_fill(const struct golden *golden, const struct cpmsync_store *store)
{
    for (size_t at = 0; at < golden->count; at++)
        if (golden->steps[at].type == GOLDEN_CACHE && !golden_store_fill(store, golden, at))
            return false;
    return true;
}

bool golden_play(const struct golden *golden, const struct golden_play *play, char why[GOLDEN_WHY_MAX])
{
    struct player *player = calloc(1, sizeof *player);

    why[0] = '\0';
    if (!player || !setup(player, play)) {
        snprintf(why, GOLDEN_WHY_MAX, "no memory");
        free(player);
        return false;
    }
    player->golden = golden;
    player->play = play;
    player->why = why;
    for (size_t at = 0; at < golden->count && !player->failed; at++)
        at = play_step(player, at);
    finish(player);
    if (player->own_store)
        cpmsync_store_close(&player->store);
    free(player->out.data);
    free(player->heard.data);
    bool good = !player->failed;
    free(player);
    return good;
}
