/* SPDX-License-Identifier: MIT */
#include "support/mock_link.h"

#include <inttypes.h>
#include <cpmsync/mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINES_MAX = 20 }; /* waited for in one synchronisation before it is said to hang */

/* ---- the app */

static void complain(struct support_link *link, const char *what)
{
    if (!link->wrong[0])
        snprintf(link->wrong, sizeof link->wrong, "%s", what);
}

static size_t index_of(const struct support_link *link, const char *mailbox)
{
    size_t i = 0;

    while (i < link->mirror_count && strcmp(link->mirrors[i].mailbox, mailbox) != 0)
        i++;
    return i;
}

/* MISSING and FAILED. They cannot be refused. */
static int note_mailbox(struct support_link *link, const struct cpmsync_event *event, size_t at)
{
    if (at == link->mirror_count)
        complain(link, "a mailbox that never was is missing, or failed");
    else if (event->type == CPMSYNC_EVENT_MAILBOX_MISSING && link->missing[at])
        complain(link, "a mailbox is told as missing twice");
    else if (event->type == CPMSYNC_EVENT_MAILBOX_MISSING)
        link->missing[at] = true;
    else if (event->error == 0)
        complain(link, "a mailbox failed with no error");
    else
        link->failed[at] = event->error;
    return 1;
}

static int note_rename(struct support_link *link, const struct cpmsync_event *event)
{
    bool refuse = link->refuse_in == 0;

    if (link->refused_rename)
        complain(link, "a rename behind one that was refused");
    if (link->refuse_in >= 0)
        link->refuse_in--;
    link->refused_rename = refuse;
    link->renamed++;
    if (!(refuse && link->refuse_deaf))
        support_mirror_renamed(link->mirrors, link->mirror_count, &link->aside, event);
    return refuse;
}

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct support_link *link = ctx;

    (void)client;
    if (event->type == CPMSYNC_EVENT_SYNC && link->sync)
        link->sync(link->ctx, event);
    if (!event->mailbox || event->type == CPMSYNC_EVENT_LIVE || event->type == CPMSYNC_EVENT_MAILBOX_LEFT ||
        event->type == CPMSYNC_EVENT_SYNC)
        return 0;
    size_t at = index_of(link, event->mailbox);
    if (event->type == CPMSYNC_EVENT_MAILBOX_RENAMED)
        return note_rename(link, event);
    if (event->type == CPMSYNC_EVENT_MAILBOX_MISSING || event->type == CPMSYNC_EVENT_MAILBOX_FAILED)
        return note_mailbox(link, event, at);
    if (at == link->mirror_count)
        return 0;
    struct support_mirror *mirror = &link->mirrors[at];
    if (link->refused == mirror)
        complain(link, "an event behind one that was refused");
    bool refuse = link->refuse_in == 0;
    if (refuse)
        link->refused = mirror;
    if (link->refuse_in >= 0)
        link->refuse_in--;
    link->begins[at] += event->type == CPMSYNC_EVENT_BEGIN;
    if (!(refuse && link->refuse_deaf))
        support_mirror_event(mirror, event);
    return refuse;
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    (void)ctx;
    cpmsync_client_credentials(client, conn, 0, "fred", "secret", NULL);
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct support_link *link = ctx;

    (void)client;
    (void)operation;
    if (link->done)
        complain(link, "an operation completed twice");
    if (link->refused && !fault->error)
        complain(link, "a synchronisation whose batch was refused succeeded");
    if (link->refused_rename && !fault->error)
        complain(link, "a synchronisation whose rename was refused succeeded");
    bool renames_left = link->refused_rename;
    link->refused_rename = false;
    bool told = false;
    for (size_t i = 0; i < link->mirror_count; i++)
        told = told || link->failed[i];
    if (told && !fault->error)
        complain(link, "the account is in sync, and a mailbox failed");
    /* Nothing but what was told failed, so no other mailbox lost a batch. */
    bool only_told = told && link->conn && link->store.failures == 0 && !renames_left;
    if (link->account && link->refused && fault->error == CPMSYNC_ERR_ABORTED &&
        link->failed[link->refused - link->mirrors] != CPMSYNC_ERR_ABORTED)
        complain(link, "a mailbox was refused, and is not told as failed");
    link->refused = NULL;
    link->done = true;
    link->error = fault->error;
    snprintf(link->words, sizeof link->words, "%s", fault->server_text);
    for (size_t i = 0; i < link->mirror_count && fault->error; i++)
        if (!only_told || link->failed[i])
            support_mirror_restart(&link->mirrors[i]);
}

/* ---- life */

bool support_link_init(struct support_link *link, struct cpmsync_mock *mock, const char *const *mailboxes, size_t count)
{
    memset(link, 0, sizeof *link);
    link->mock = mock;
    link->now = 1000;
    link->open_flags = CPMSYNC_CONN_SECURE;
    link->cut_in = link->cut_out = link->kill_in = link->refuse_in = -1;
    link->config.size = sizeof link->config;
    link->config.security = CPMSYNC_TLS_IMPLICIT;
    link->config.ctx = link;
    link->config.event = on_event;
    link->config.credentials = on_credentials;
    link->config.descriptors = CPMSYNC_OFF;
    link->config.disabled = link->disabled;
    if (support_store_open(&link->store, NULL))
        return false;
    link->config.store = &link->store.store;
    for (; link->mirror_count < count; link->mirror_count++)
        support_mirror_init(&link->mirrors[link->mirror_count], mailboxes[link->mirror_count]);
    return true;
}

void support_link_clear(struct support_link *link)
{
    cpmsync_client_free(link->client);
    if (link->conn)
        cpmsync_mock_disconnect(link->mock, link->conn);
    for (size_t i = 0; i < link->mirror_count; i++)
        support_mirror_clear(&link->mirrors[i]);
    support_mirror_clear(&link->aside);
    support_store_close(&link->store);
    memset(link, 0, sizeof *link);
}

bool support_link_restart(struct support_link *link)
{
    cpmsync_client_free(link->client);
    link->client = NULL;
    if (link->conn)
        cpmsync_mock_disconnect(link->mock, link->conn);
    link->conn = 0;
    for (size_t i = 0; i < link->mirror_count; i++)
        support_mirror_restart(&link->mirrors[i]);
    return cpmsync_client_new(&link->client, &link->config) == 0;
}

void support_link_cut(struct support_link *link)
{
    if (!link->conn)
        return;
    cpmsync_mock_disconnect(link->mock, link->conn);
    link->conn = 0;
    link->cut_in = link->cut_out = -1;
    cpmsync_conn_closed(link->client, 0, link->now, NULL);
}

/* ---- the link */

/* How much of `len` octets goes; *left loses as much. */
static size_t portion(struct support_link *link, size_t len, int64_t *left)
{
    size_t goes = len && link->portion ? link->portion(link->ctx, len) : len;

    if (*left >= 0 && (int64_t)goes > *left)
        goes = (size_t)*left;
    if (*left >= 0)
        *left -= (int64_t)goes;
    return goes;
}

static bool send_octets(struct support_link *link)
{
    const uint8_t *data;
    size_t there = cpmsync_conn_output(link->client, 0, &data);
    size_t len = portion(link, there, &link->cut_out);

    if (len) {
        cpmsync_mock_feed(link->mock, link->conn, data, len);
        cpmsync_conn_ack(link->client, 0, link->now, len);
    }
    if (there && link->cut_out == 0)
        support_link_cut(link);
    return there > 0;
}

static bool receive_octets(struct support_link *link)
{
    const void *data;
    size_t there = cpmsync_mock_output(link->mock, link->conn, &data);
    size_t len = portion(link, there, &link->cut_in);

    if (len) {
        cpmsync_mock_output(link->mock, link->conn, &data); /* it may have moved, never shrunk */
        uint8_t *copy = malloc(len);
        if (!copy)
            abort(); /* the test itself is out of memory */
        memcpy(copy, data, len);
        cpmsync_mock_ack(link->mock, link->conn, len);
        cpmsync_conn_feed(link->client, 0, link->now, copy, len);
        free(copy);
    }
    if (there && link->cut_in == 0)
        support_link_cut(link);
    else if (!there && cpmsync_mock_closed(link->mock, link->conn))
        support_link_cut(link);
    else
        return there > 0;
    return true;
}

/* One step; false when nothing moves. */
static bool go_on(struct support_link *link)
{
    unsigned want = cpmsync_conn_want(link->client, 0);

    if (want & CPMSYNC_WANT_CLOSE) {
        cpmsync_mock_disconnect(link->mock, link->conn);
        link->conn = 0;
        cpmsync_conn_closed(link->client, 0, link->now, NULL);
        return true;
    }
    if ((want & CPMSYNC_WANT_CONNECT) && !link->conn) {
        link->conn = cpmsync_mock_connect(link->mock, 1);
        link->connects++;
        cpmsync_conn_opened(link->client, 0, link->now, link->open_flags);
        return true;
    }
    if (want & CPMSYNC_WANT_NOW) {
        cpmsync_conn_tick(link->client, link->now, 0);
        return true;
    }
    bool moved = link->conn && send_octets(link);
    return (link->conn && receive_octets(link)) || moved;
}

static int synchronise(struct support_link *link, bool account, const char *mailbox)
{
    unsigned deadlines = 0;

    link->done = false;
    link->account = account;
    memset(link->missing, 0, sizeof link->missing);
    memset(link->failed, 0, sizeof link->failed);
    link->words[0] = '\0';
    link->now += 1000;
    int64_t operation = account ? cpmsync_client_sync_account(link->client, mailbox, on_done, link)
                                : cpmsync_client_sync(link->client, mailbox, on_done, link);
    if (operation < 0)
        return (int)operation;
    while (!link->done) {
        if (link->kill_in == 0)
            return support_link_restart(link) ? link->error : CPMSYNC_ERR_NOMEM;
        if (link->kill_in > 0)
            link->kill_in--;
        if (go_on(link))
            continue;
        int64_t expiry = cpmsync_client_expiry(link->client);
        if (expiry == CPMSYNC_NEVER || ++deadlines > DEADLINES_MAX)
            return 1;
        if (expiry > link->now)
            link->now = expiry;
        cpmsync_conn_tick(link->client, link->now, 0);
    }
    return link->error;
}

int support_link_sync(struct support_link *link, const char *mailbox)
{
    return synchronise(link, false, mailbox);
}

int support_link_sync_account(struct support_link *link, const char *first)
{
    return synchronise(link, true, first);
}

bool support_link_run(struct support_link *link, int64_t until)
{
    for (unsigned idle = 0; idle <= DEADLINES_MAX;) {
        if (go_on(link))
            continue;
        int64_t expiry = cpmsync_client_expiry(link->client);
        if (expiry > until) {
            link->now = until;
            return true;
        }
        idle = expiry > link->now ? 0 : idle + 1;
        link->wakes += expiry > link->now;
        link->now = expiry > link->now ? expiry : link->now;
        cpmsync_conn_tick(link->client, link->now, 0);
    }
    return false;
}

/* ---- both compared */

struct text {
    char *data;
    size_t len, size;
    bool modseqs;
};

static void add(struct text *text, const char *octets, size_t len)
{
    if (text->len + len >= text->size) {
        text->size = 2 * (text->len + len) + 1024;
        text->data = realloc(text->data, text->size);
        if (!text->data)
            abort(); /* the test itself is out of memory */
    }
    memcpy(text->data + text->len, octets, len);
    text->len += len;
    text->data[text->len] = '\0';
}

static int add_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    char line[160];
    int len = snprintf(line, sizeof line,
        "uidvalidity %" PRIu32 " uidnext %" PRIu32 " highestmodseq %" PRIu64 " messages %" PRIu32 "\n",
        info->uidvalidity, info->uidnext, info->highestmodseq, info->messages);

    add(ctx, line, (size_t)len);
    return 0;
}

static int add_row(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    char head[64];
    int len = snprintf(head, sizeof head, "%" PRIu32 " %" PRIu64 " (", uid, modseq);

    add(ctx, head, (size_t)len);
    for (size_t i = 0; i < count; i++) {
        add(ctx, " ", i ? 1 : 0);
        add(ctx, flags[i], strlen(flags[i]));
    }
    add(ctx, ")\n", 2);
    return 0;
}

/* Makes the server's HIGHESTMODSEQ the store's where that is lower: the next synchronisation is told more than it needs. */
static void let_lag(char *server, const char *store)
{
    char *theirs = strstr(server, "highestmodseq ") + 14;
    const char *ours = strstr(store, "highestmodseq ") + 14;
    size_t theirs_len = strspn(theirs, "0123456789"), ours_len = strspn(ours, "0123456789");

    if (strtoull(ours, NULL, 10) > strtoull(theirs, NULL, 10) || ours_len > theirs_len)
        return;
    memmove(theirs + ours_len, theirs + theirs_len, strlen(theirs + theirs_len) + 1);
    memcpy(theirs, ours, ours_len);
}

/* "12 345 (" becomes "12 0 ("; "... highestmodseq 345 ..." likewise. */
static void without_modseqs(char *text)
{
    char *to = text;
    bool head = true;

    while (*text) {
        size_t len = strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
        size_t before = head ? (size_t)(strstr(text, "highestmodseq ") + 14 - text) : strcspn(text, " ") + 1;
        size_t number = strspn(text + before, "0123456789");
        memmove(to, text, before);
        to[before] = '0';
        memmove(to + before + 1, text + before + number, len - before - number);
        to += len - number + 1;
        text += len;
        head = false;
    }
    *to = '\0';
}

static struct support_mirror *mirror_of(struct support_link *link, const char *mailbox)
{
    return &link->mirrors[index_of(link, mailbox)];
}

bool support_link_mirrored(struct support_link *link, const char *mailbox, char *why, size_t why_size)
{
    if (link->store.abuses)
        complain(link, "the store was called as its contract forbids");
    if (link->wrong[0]) {
        snprintf(why, why_size, "%s", link->wrong);
        return false;
    }
    return support_mirror_equals(mirror_of(link, mailbox), &link->store.store, why, why_size);
}

static char *server_text(struct support_link *link, const char *mailbox)
{
    int64_t len = cpmsync_mock_dump(link->mock, NULL, mailbox, NULL, 0);
    char *text = len < 0 ? NULL : malloc((size_t)len + 2);

    if (text)
        cpmsync_mock_dump(link->mock, NULL, mailbox, text, (size_t)len + 1);
    return text;
}

char *support_link_rows(struct support_link *link, const char *mailbox)
{
    struct text store = {0};

    add(&store, "", 0);
    cpmsync_view_messages(&link->store.store, NULL, mailbox, add_info, add_row, &store);
    return store.data;
}

static bool are_described(struct support_link *link, const char *mailbox, char *why, size_t why_size);

bool support_link_equals(struct support_link *link, const char *mailbox, bool modseqs, char *why, size_t why_size)
{
    struct text store = {0};
    char *server = server_text(link, mailbox);

    if (!server) {
        snprintf(why, why_size, "the server has no %s", mailbox);
        return false;
    }
    if (!modseqs)
        without_modseqs(server); /* a number takes at least an octet, so the text never grows */
    int error = cpmsync_view_messages(&link->store.store, NULL, mailbox, add_info, add_row, &store);
    if (!error && link->may_lag)
        let_lag(server, store.data);
    bool same = !error && strcmp(store.data, server) == 0;
    if (!same) {
        size_t line = 0;
        const char *have = store.data ? store.data : "";
        while (have[line] && have[line] == server[line])
            line++;
        while (line && (have[line - 1] != '\n'))
            line--;
        snprintf(why, why_size, "%s: the store has \"%.*s\", the server \"%.*s\"", mailbox,
            (int)strcspn(have + line, "\n"), have + line, (int)strcspn(server + line, "\n"), server + line);
    }
    free(store.data);
    free(server);
    return same && support_link_mirrored(link, mailbox, why, why_size) && are_described(link, mailbox, why, why_size);
}

/* ---- descriptors */

struct described {
    struct support_link *link;
    const char *mailbox;
    size_t count;
    char *why;
    size_t why_size;
};

/* The message has this field. */
static bool has_field(const char *message, size_t len, const char *name, const char *value)
{
    char line[512];
    size_t line_len = (size_t)snprintf(line, sizeof line, "%s: %s\r\n", name, value);

    for (size_t at = 0; at + line_len <= len; at++)
        if ((at == 0 || message[at - 1] == '\n') && memcmp(message + at, line, line_len) == 0)
            return true;
    return false;
}

static int compare_descriptor(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    struct described *described = ctx;
    const void *message;
    int64_t len = cpmsync_mock_message(described->link->mock, NULL, described->mailbox, uid, &message);
    bool same =
        len >= 0 && descriptor->message_size == (uint64_t)len && descriptor->parts == 7 && descriptor->field_count;

    for (size_t i = 0; same && i < descriptor->field_count; i++)
        same = has_field(message, (size_t)len, descriptor->names[i], descriptor->values[i]);
    described->count++;
    if (!same)
        snprintf(described->why, described->why_size, "%s: the descriptor of %" PRIu32 " is not that of the message",
            described->mailbox, uid);
    return !same;
}

static int count_messages(void *ctx, const struct cpmsync_mailbox_info *info)
{
    *(size_t *)ctx = info->messages;
    return 0;
}

/* Every message has a descriptor, which is that of the server's. */
static bool are_described(struct support_link *link, const char *mailbox, char *why, size_t why_size)
{
    struct described described = {link, mailbox, 0, why, why_size};
    size_t messages = 0;

    if (link->config.descriptors == CPMSYNC_OFF)
        return true;
    cpmsync_view_messages(&link->store.store, NULL, mailbox, count_messages, NULL, &messages);
    if (cpmsync_view_descriptors(&link->store.store, NULL, mailbox, 1, UINT32_MAX, compare_descriptor, &described))
        return false;
    if (described.count != messages)
        snprintf(why, why_size, "%s: %zu messages, %zu descriptors", mailbox, messages, described.count);
    return described.count == messages;
}

struct cursor {
    uint32_t uidvalidity;
    uint64_t highestmodseq;
};

static int take_cursor(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct cursor *cursor = ctx;

    cursor->uidvalidity = info->uidvalidity;
    cursor->highestmodseq = info->highestmodseq;
    return 0;
}

uint64_t support_link_cursor(struct support_link *link, const char *mailbox, uint32_t *uidvalidity)
{
    struct cursor cursor = {0, 0};

    cpmsync_view_messages(&link->store.store, NULL, mailbox, take_cursor, NULL, &cursor);
    if (uidvalidity)
        *uidvalidity = cursor.uidvalidity;
    return cursor.highestmodseq;
}
