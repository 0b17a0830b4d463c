/* SPDX-License-Identifier: MIT */
#include "golden/golden_parse.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that grows; a test may use malloc as it likes. */
struct text {
    char *data;
    size_t len;
    size_t capacity;
    size_t taken; /* compared so far */
};

struct player {
    const struct golden *golden;
    const struct golden_play *play;
    struct cpmsync_client *client;
    struct cpmsync_client_config config;
    const char *disabled[16];
    char user[256];
    char password[256];
    char mech[64];
    char refuse[32];
    struct cpmsync_store store;
    bool own_store;
    struct cpmsync_crypto crypto;
    struct text out;   /* what the client sent */
    struct text heard; /* events and completions, a line each */
    int64_t now;
    int64_t last_operation;
    bool open;     /* the transport is open */
    bool starttls; /* asked for, not met by a step */
    bool closed;   /* the client asked to close, not met by a step */
    size_t fed;
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

static void add(struct text *text, const void *data, size_t len)
{
    if (text->len + len + 1 > text->capacity) {
        text->capacity = (text->len + len + 1) * 2;
        text->data = realloc(text->data, text->capacity);
        if (!text->data)
            abort();
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

static void add_format(struct text *text, const char *format, ...)
{
    char line[4096];
    va_list list;

    va_start(list, format);
    int len = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    add(text, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

/* ---- what the app hears */

static void add_ranges(struct text *text, const struct cpmsync_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first == ranges[i].last)
            add_format(text, "%s%" PRIu32, i ? "," : "", ranges[i].first);
        else
            add_format(text, "%s%" PRIu32 ":%" PRIu32, i ? "," : "", ranges[i].first, ranges[i].last);
    }
}

static void add_flags(struct text *text, const char *const *flags, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_format(text, " %s", flags[i]);
}

static const char *event_name(enum cpmsync_event_type type)
{
    switch (type) {
    case CPMSYNC_EVENT_BEGIN:
        return "begin";
    case CPMSYNC_EVENT_MESSAGE:
        return "message";
    case CPMSYNC_EVENT_VANISHED:
        return "vanished";
    case CPMSYNC_EVENT_RESET:
        return "reset";
    case CPMSYNC_EVENT_BATCH:
        return "batch";
    case CPMSYNC_EVENT_ALERT:
        return "alert";
    case CPMSYNC_EVENT_STATE:
        return "state";
    }
    return "?";
}

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct player *player = ctx;
    struct text *heard = &player->heard;

    (void)client;
    if (event->type == CPMSYNC_EVENT_STATE)
        return 0;
    add_format(heard, "E: %s", event_name(event->type));
    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
        add_format(heard, " %s %" PRIu32 " (", event->mailbox, event->uidvalidity);
        add_ranges(heard, event->ranges, event->range_count);
        add(heard, ")", 1);
        break;
    case CPMSYNC_EVENT_MESSAGE:
        add_format(heard, " %s %" PRIu32 " %" PRIu64, event->mailbox, event->uid, event->modseq);
        add_flags(heard, event->flags, event->flag_count);
        break;
    case CPMSYNC_EVENT_VANISHED:
        add_format(heard, " %s ", event->mailbox);
        add_ranges(heard, event->ranges, event->range_count);
        break;
    case CPMSYNC_EVENT_RESET:
        add_format(heard, " %s %" PRIu32, event->mailbox, event->uidvalidity);
        break;
    case CPMSYNC_EVENT_BATCH:
        add_format(
            heard, " %s uidnext %" PRIu32 " cursor %" PRIu64, event->mailbox, event->uidnext, event->highestmodseq);
        break;
    case CPMSYNC_EVENT_ALERT:
        add_format(heard, " %s %s", event->trusted ? "trusted" : "untrusted", event->text);
        break;
    case CPMSYNC_EVENT_STATE:
        break;
    }
    add(heard, "\n", 1);
    return player->refuse[0] && strcmp(player->refuse, event_name(event->type)) == 0;
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct player *player = ctx;

    (void)client;
    (void)operation;
    add_format(&player->heard, "D: %s", fault->error ? cpmsync_error_name(fault->error) : "OK");
    if (fault->server_text[0])
        add_format(&player->heard, " %s", fault->server_text);
    add(&player->heard, "\n", 1);
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    struct player *player = ctx;
    cpmsync_client_credentials(client, conn, 0, player->user, player->password, NULL);
}

/* ---- the store */

static int add_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct text *text = ctx;
    add_format(text, "%s %" PRIu32 " %" PRIu32 " %" PRIu64 "\n", info->name, info->uidvalidity, info->uidnext,
        info->highestmodseq);
    return 0;
}

static int add_row(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    struct text *text = ctx;
    add_format(text, "row %" PRIu32 " %" PRIu64, uid, modseq);
    add_flags(text, flags, count);
    add(text, "\n", 1);
    return 0;
}

/* The "row" steps behind step `at`, as lines. */
static void add_expected_rows(const struct golden *golden, size_t at, struct text *text)
{
    for (size_t i = at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++)
        add_format(text, "row %s\n", golden->steps[i].text);
}

static void check_store(struct player *player, size_t at)
{
    const struct golden_step *step = &player->golden->steps[at];
    struct text have = {0};
    struct text want = {0};
    char mailbox[512];

    sscanf(step->text, "%511s", mailbox);
    int error = cpmsync_view_messages(&player->store, NULL, mailbox, add_info, add_row, &have);
    if (error)
        add_format(&have, "%s none\n", mailbox);
    add_format(&want, "%s\n", step->text);
    add_expected_rows(player->golden, at, &want);
    if (strcmp(have.data, want.data) != 0)
        fail(player, step->line, "the store holds\n%swanted\n%s", have.data, want.data);
    free(have.data);
    free(want.data);
}

static bool parse_ranges(const char *text, struct cpmsync_range *ranges, size_t max, size_t *count)
{
    *count = 0;
    while (*text && *text != '-') {
        char *end;
        unsigned long first = strtoul(text, &end, 10);
        unsigned long last = first;
        if (*end == ':')
            last = strtoul(end + 1, &end, 10);
        if (*count == max || first == 0 || last < first)
            return false;
        ranges[*count].first = (uint32_t)first;
        ranges[(*count)++].last = (uint32_t)last;
        text = *end == ',' ? end + 1 : end;
        if (end != text && *end != ',')
            return false;
    }
    return true;
}

/* One of the rows; equal flags share the set of the first row that has them. */
static bool fill_row(const struct cpmsync_store *store, const struct cpmsync_store_mailbox *record,
    const struct golden_step *rows, uint32_t row)
{
    uint32_t uid;
    uint64_t modseq;
    uint32_t id = 0;
    int used = 0;

    sscanf(rows[row].text, "%" SCNu32 " %" SCNu64 "%n", &uid, &modseq, &used);
    const char *flags = rows[row].text + used;
    if (*flags == ' ') {
        for (id = 1; id <= row; id++) {
            const char *other = strchr(strchr(rows[id - 1].text, ' ') + 1, ' ');
            if (other && strcmp(other, flags) == 0)
                break;
        }
        flags++;
        if (id == row + 1 && store->ops->flagset_put(store->self, record->name, record->name_len, id,
                                 (const uint8_t *)flags, strlen(flags)))
            return false;
    }
    return !store->ops->rows_put(store->self, record->name, record->name_len, &uid, &modseq, &id, 1);
}

/* Puts the mailbox of a "cache" step and its rows into the store. */
static void fill_store(struct player *player, size_t at)
{
    const struct golden *golden = player->golden;
    const struct cpmsync_store *store = &player->store;
    struct cpmsync_store_mailbox record;
    struct cpmsync_range ranges[64];
    char mailbox[512];
    char covered[1024] = "-";
    size_t count;

    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    int got = sscanf(golden->steps[at].text, "%511s %" SCNu32 " %" SCNu64 " %1023s %" SCNu32, mailbox,
        &record.uidvalidity, &record.highestmodseq, covered, &record.flags);
    if (got < 4 || !parse_ranges(covered, ranges, 64, &count)) {
        fail(player, golden->steps[at].line, "not a cache");
        return;
    }
    record.name = (const uint8_t *)mailbox;
    record.name_len = strlen(mailbox);
    record.covered = ranges;
    record.covered_count = count;
    record.uidnext = count ? ranges[count - 1].last + 1 : 1;
    for (size_t i = at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++)
        record.messages++;
    bool good = !store->ops->begin(store->self, CPMSYNC_STORE_CACHE) && !store->ops->mailbox_put(store->self, &record);
    for (uint32_t i = 0; i < record.messages && good; i++)
        good = fill_row(store, &record, golden->steps + at + 1, i);
    if (!good || store->ops->commit(store->self))
        fail(player, golden->steps[at].line, "the store cannot be filled");
}

/* ---- playing */

static void pump(struct player *player)
{
    struct cpmsync_client *client = player->client;

    for (;;) {
        unsigned want = cpmsync_conn_want(client, 0);
        if ((want & CPMSYNC_WANT_CONNECT) && !player->open) {
            player->open = true;
            unsigned flags = player->config.security == CPMSYNC_TLS_IMPLICIT ? CPMSYNC_CONN_SECURE : 0;
            cpmsync_conn_opened(client, 0, player->now, flags);
        } else if (want & CPMSYNC_WANT_WRITE) {
            const uint8_t *data;
            size_t len = cpmsync_conn_output(client, 0, &data);
            add(&player->out, data, len);
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

static void feed(struct player *player, const char *data, size_t len)
{
    const struct golden_play *play = player->play;

    while (len) {
        size_t piece = len;
        if (play->octets)
            piece = 1;
        else if (play->split_at > player->fed && play->split_at - player->fed < len)
            piece = play->split_at - player->fed;
        cpmsync_conn_feed(player->client, 0, player->now, (const uint8_t *)data, piece);
        player->fed += piece;
        data += piece;
        len -= piece;
        pump(player);
    }
}

/* All server lines in a row are one block. Returns the index of the last. */
static size_t feed_block(struct player *player, size_t at)
{
    const struct golden *golden = player->golden;
    struct text block = {0};

    for (;; at++) {
        add(&block, golden->steps[at].text, golden->steps[at].len);
        if (at + 1 == golden->count || golden->steps[at + 1].type != GOLDEN_SERVER_SAYS)
            break;
    }
    feed(player, block.data, block.len);
    free(block.data);
    return at;
}

static void expect_sent(struct player *player, const struct golden_step *step)
{
    struct text *out = &player->out;
    const char *have = out->data ? out->data + out->taken : "";
    size_t left = out->len - out->taken;
    bool line = step->type == GOLDEN_CLIENT_LINE;
    size_t len = step->len;
    bool open = line && len && step->text[len - 1] == '~';

    len -= open;
    if (left < len || memcmp(have, step->text, len) != 0) {
        fail(player, step->line, "the client sent\n%s", have);
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
        fail(player, step->line, "the client sent\n%s", have);
    else
        out->taken += 2;
}

static void expect_heard(struct player *player, const struct golden_step *step)
{
    struct text *heard = &player->heard;
    char line[4096];
    const char *have = heard->data ? heard->data + heard->taken : "";
    size_t len = strcspn(have, "\n");

    snprintf(line, sizeof line, "%s%s", step->type == GOLDEN_EVENT ? "E: " : "D: ", step->text);
    if (strlen(line) != len || memcmp(line, have, len) != 0)
        fail(player, step->line, "the app heard\n%s", have);
    else
        heard->taken += len + 1;
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
    else if (strcmp(key, "mech") == 0)
        config->mechanism = value;
    else if (strcmp(key, "disable") == 0 && config->disabled_count < 16)
        player->disabled[config->disabled_count++] = value;
    else if (strcmp(key, "user") == 0)
        snprintf(player->user, sizeof player->user, "%s", value);
    else if (strcmp(key, "password") == 0)
        snprintf(player->password, sizeof player->password, "%s", value);
    else if (strcmp(key, "response-max") == 0)
        config->response_max = atoi(value);
    else if (strcmp(key, "timeout") == 0)
        config->command_timeout_ms = atoi(value);
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
    if (error)
        fail(player, step->line, "no client: %s", cpmsync_error_name(error));
}

static void submit(struct player *player, const struct golden_step *step)
{
    need_client(player, step);
    if (player->failed)
        return;
    int64_t id = 0;
    if (step->type == GOLDEN_LOGIN)
        id = cpmsync_client_login(player->client, on_done, player);
    else if (step->type == GOLDEN_SYNC)
        id = cpmsync_client_sync(player->client, step->text, on_done, player);
    else if (step->type == GOLDEN_LOGOUT)
        id = cpmsync_client_logout(player->client, on_done, player);
    else
        cpmsync_client_cancel(player->client, player->last_operation);
    if (id < 0)
        fail(player, step->line, "submit: %s", cpmsync_error_name((int)id));
    if (id > 0)
        player->last_operation = id;
    pump(player);
}

static void transport_step(struct player *player, const struct golden_step *step)
{
    if (step->type == GOLDEN_STARTTLS) {
        if (!player->starttls)
            fail(player, step->line, "the client does not ask for TLS");
        else
            cpmsync_conn_secured(player->client, 0, player->now);
    } else if (step->type == GOLDEN_CLOSED && !player->closed) {
        fail(player, step->line, "the client does not close");
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
        fill_store(player, at);
        break;
    case GOLDEN_LOGIN:
    case GOLDEN_SYNC:
    case GOLDEN_LOGOUT:
    case GOLDEN_CANCEL:
        submit(player, step);
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
        cpmsync_conn_tick(player->client, player->now, 0);
        pump(player);
        break;
    case GOLDEN_CHECK:
        check_store(player, at);
        break;
    case GOLDEN_ROW:
    case GOLDEN_SERVER:
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
    config->ctx = player;
    config->event = on_event;
    config->credentials = on_credentials;
    strcpy(player->user, "fred");
    strcpy(player->password, "secret");
    if (play->store)
        player->store = *play->store;
    else if (cpmsync_store_memory_open(&player->store, NULL))
        return false;
    player->own_store = !play->store;
    if (cpmsync_crypto_mbedtls(&player->crypto, NULL) == 0)
        config->crypto = &player->crypto;
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
    if (!player->failed && player->out.taken != player->out.len)
        fail(player, 0, "more was sent\n%s", player->out.data + player->out.taken);
    if (!player->failed && player->heard.taken != player->heard.len)
        fail(player, 0, "more was heard\n%s", player->heard.data + player->heard.taken);
    if (player->failed && player->heard.taken < player->heard.len) {
        size_t used = strlen(why);
        snprintf(
            why + used, GOLDEN_WHY_MAX - used, "\nnot yet compared:\n%s", player->heard.data + player->heard.taken);
    }
    cpmsync_client_free(player->client);
    cpmsync_crypto_free(&player->crypto);
    if (player->own_store)
        cpmsync_store_close(&player->store);
    free(player->out.data);
    free(player->heard.data);
    bool good = !player->failed;
    free(player);
    return good;
}
