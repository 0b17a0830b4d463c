/* SPDX-License-Identifier: MIT */
/*
 * A client on its bytes face. The first octets say how it is configured and what fails (see `prepare`); the rest is what the
 * server says, with single octets from 0xf5 on in between that are steps of the app and of the link.
 *
 * Whatever comes: every operation completes exactly once, nothing leaks or grows, the contract of the store is kept and what
 * it holds can be read, no call of the client leads to endless work, the log names nothing, the trace has no password; and
 * as long as no batch was aborted the mirror built from events equals the store.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "support/mirror.h"
#include "support/plain_crypto.h"

#define USER "PLANTuser"
#define PASSWORD "PLANTpassword"
#define PLAIN "AFBMQU5UdXNlcgBQTEFOVHBhc3N3b3Jk" /* AUTHENTICATE PLAIN with both */

enum {
    OPERATIONS_MAX = 64,
    CONNECTS_MAX = 16,
    PUMPS_MAX = 100000,
    OCTETS_MAX = 1 << 20 /* of memory: far above what an input can need, far below what a number in it can ask for */
};

enum step {
    STEP_RESTART = 0xf5, /* the client is freed, a new one begins on the same store */
    STEP_CREDENTIALS,
    STEP_SYNC,
    STEP_SYNC_OTHER,
    STEP_LOGIN,
    STEP_LOGOUT,
    STEP_CANCEL,
    STEP_TICK,
    STEP_EOF,
    STEP_REFUSE, /* the next connection cannot be made */
    STEP_SPLIT   /* the octets before and behind come apart */
};

struct play {
    struct cpmsync_client *client;
    struct cpmsync_client_config config;
    const char *disabled[2];
    struct support_allocator allocator;
    struct support_store store;
    struct support_crypto crypto;
    struct support_mirror mirror;
    int64_t now;
    int64_t operations[OPERATIONS_MAX];
    unsigned completed[OPERATIONS_MAX];
    size_t count;
    unsigned connects;
    unsigned refuse_event; /* the n-th event is refused; 0: none */
    bool refuse_connect;
    bool late; /* credentials are answered by a step */
    bool open;
    bool unfinished; /* events came that no BATCH has ended */
    bool astray;     /* a batch was aborted: the app may be ahead of the store */
};

/* ---- the app */

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct play *play = ctx;

    (void)client;
    FUZZ_EXPECT(event->size == sizeof *event);
    if (event->type == CPMSYNC_EVENT_STATE || event->type == CPMSYNC_EVENT_ALERT)
        return 0;
    support_mirror_event(&play->mirror, event);
    play->unfinished = event->type != CPMSYNC_EVENT_BATCH;
    if (play->refuse_event == 0 || --play->refuse_event)
        return 0;
    play->astray = true;
    return 1;
}

static void give_credentials(struct play *play)
{
    (void)cpmsync_client_credentials(play->client, 0, 0, USER, PASSWORD, NULL);
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    (void)client;
    (void)conn;
    if (!((struct play *)ctx)->late)
        give_credentials(ctx);
}

static bool contains(const uint8_t *data, size_t len, const char *text)
{
    size_t size = strlen(text);

    for (size_t i = 0; i + size <= len; i++)
        if (memcmp(data + i, text, size) == 0)
            return true;
    return false;
}

static void on_log(void *ctx, enum cpmsync_log_level level, const char *text)
{
    (void)ctx;
    (void)level;
    FUZZ_EXPECT(!strchr(text, '\n') && !strstr(text, "PLANT"));
}

static void on_trace(void *ctx, uint32_t conn, int sent, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)conn;
    if (sent)
        FUZZ_EXPECT(!contains(data, len, PASSWORD) && !contains(data, len, PLAIN));
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct play *play = ctx;
    size_t at = 0;

    (void)client;
    while (at < play->count && play->operations[at] != operation)
        at++;
    FUZZ_EXPECT(at < play->count);
    FUZZ_EXPECT(++play->completed[at] == 1);
    FUZZ_EXPECT(cpmsync_error_name(fault->error) != NULL);
    if (fault->error && play->unfinished)
        play->astray = true;
}

/* ---- the store as it was */

static int put_cache(const struct cpmsync_store *store)
{
    const struct cpmsync_range covered = {1, 10};
    const uint32_t uid[] = {2, 4, 5, 8, 10}, flagset[] = {1, 0, 0, 2, 0};
    const uint64_t modseq[] = {50, 60, 70, 80, 90};
    struct cpmsync_store_mailbox record = {0};

    record.size = sizeof record;
    record.name = (const uint8_t *)"INBOX";
    record.name_len = 5;
    record.uidvalidity = 42;
    record.uidnext = 11;
    record.highestmodseq = 100;
    record.covered = &covered;
    record.covered_count = 1;
    record.messages = 5;
    return store->ops->begin(store->self, CPMSYNC_STORE_CACHE) || store->ops->mailbox_put(store->self, &record) ||
           store->ops->flagset_put(store->self, record.name, 5, 1, (const uint8_t *)"\\Seen", 5) ||
           store->ops->flagset_put(store->self, record.name, 5, 2, (const uint8_t *)"\\Flagged", 8) ||
           store->ops->rows_put(store->self, record.name, 5, uid, modseq, flagset, 5) ||
           store->ops->commit(store->self);
}

static int learn_mailbox(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct cpmsync_event event = {0};

    event.size = sizeof event;
    event.type = CPMSYNC_EVENT_BEGIN;
    event.mailbox = info->name;
    event.uidvalidity = info->uidvalidity;
    support_mirror_event(ctx, &event);
    return 0;
}

static int learn_message(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    struct support_mirror *mirror = ctx;
    struct cpmsync_event event = {0};

    event.size = sizeof event;
    event.type = CPMSYNC_EVENT_MESSAGE;
    event.mailbox = mirror->mailbox;
    event.uidvalidity = mirror->uidvalidity;
    event.uid = uid;
    event.modseq = modseq;
    event.flags = flags;
    event.flag_count = count;
    support_mirror_event(mirror, &event);
    return 0;
}

/* The app holds what the store holds. */
static void learn(struct play *play)
{
    int error = cpmsync_view_messages(&play->store.inner, NULL, "INBOX", learn_mailbox, learn_message, &play->mirror);

    FUZZ_EXPECT(error == 0 || error == CPMSYNC_ERR_NOT_FOUND);
    support_mirror_restart(&play->mirror);
}

/* ---- set up from the first octets */

static void limit(struct cpmsync_client_config *config)
{
    config->response_max = 1024;
    config->literal_max = 64;
    config->output_max = 1024;
    config->messages_max = 8;
    config->flagsets_max = 4;
    config->flagset_octets_max = 64;
    config->operations_max = 3;
    config->scram_iterations_max = 5000;
}

static void prepare(struct play *play, struct fuzz_input *input)
{
    static const char *const capabilities[] = {
        NULL, "QRESYNC", "CONDSTORE", "ENABLE", "UNSELECT", "SASL-IR", "LITERAL+"};
    static const char *const mechanisms[] = {NULL, "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "EXTERNAL"};
    struct cpmsync_client_config *config = &play->config;

    uint8_t how = fuzz_octet(input);
    config->size = sizeof *config;
    config->allocator = &play->allocator.mem;
    config->store = &play->store.store;
    config->crypto = how & 1 ? &play->crypto.crypto : NULL;
    config->security = (enum cpmsync_security)((how >> 1 & 3) % 3);
    config->early = (enum cpmsync_early)((how >> 3 & 3) % 3);
    if (how & 64)
        limit(config);
    play->late = (how & 128) != 0;
    config->disabled = play->disabled;
    uint8_t offered = fuzz_octet(input);
    play->disabled[0] = capabilities[(offered & 127) % (sizeof capabilities / sizeof *capabilities)];
    config->descriptors = offered & 128 ? 0 : CPMSYNC_OFF;
    config->disabled_count = play->disabled[0] != NULL;
    config->mechanism = mechanisms[fuzz_octet(input) % (sizeof mechanisms / sizeof *mechanisms)];
    config->ctx = play;
    config->event = on_event;
    config->credentials = on_credentials;
    config->log = on_log;
    config->trace = on_trace;

    support_allocator_init(&play->allocator);
    support_crypto_init(&play->crypto);
    FUZZ_EXPECT(support_store_open(&play->store, NULL) == 0);
    if (!(how & 32))
        FUZZ_EXPECT(put_cache(&play->store.inner) == 0);
    support_mirror_init(&play->mirror, "INBOX");
    learn(play);

    uint32_t memory = fuzz_number(input);
    uint8_t store = fuzz_octet(input);
    if (memory & 0x8000)
        support_allocator_fail_from(&play->allocator, memory & 0x7fff);
    else
        support_allocator_fail_at(&play->allocator, memory);
    if (store & 0x80)
        support_store_fail_from(&play->store, SUPPORT_STORE_ANY, store & 0x7f, CPMSYNC_ERR_STORE);
    else
        support_store_fail_at(&play->store, SUPPORT_STORE_ANY, store, CPMSYNC_ERR_STORE);
    play->refuse_event = fuzz_octet(input);
}

/* ---- the link */

static void connect_or_not(struct play *play)
{
    unsigned flags = play->config.security == CPMSYNC_TLS_IMPLICIT ? CPMSYNC_CONN_SECURE : 0;

    if (play->refuse_connect || ++play->connects > CONNECTS_MAX) {
        struct cpmsync_fault fault = {0};
        fault.size = sizeof fault;
        fault.error = CPMSYNC_ERR_CONNECT;
        play->refuse_connect = false;
        (void)cpmsync_conn_closed(play->client, 0, play->now, &fault);
        return;
    }
    play->open = true;
    flags |= play->config.early == CPMSYNC_EARLY_ALLOWED ? CPMSYNC_CONN_EARLY : 0;
    (void)cpmsync_conn_opened(play->client, 0, play->now, flags);
}

/* Whatever the client wants is done, until it wants to read. */
static void pump(struct play *play)
{
    for (unsigned i = 0; play->client; i++) {
        unsigned want = cpmsync_conn_want(play->client, 0);
        FUZZ_EXPECT(i < PUMPS_MAX);
        if (want & CPMSYNC_WANT_CONNECT) {
            connect_or_not(play);
        } else if (want & CPMSYNC_WANT_CLOSE) {
            play->open = false;
            (void)cpmsync_conn_closed(play->client, 0, play->now, NULL);
        } else if (want & CPMSYNC_WANT_WRITE) {
            const uint8_t *data;
            size_t len = cpmsync_conn_output(play->client, 0, &data);
            FUZZ_EXPECT(len);
            (void)cpmsync_conn_ack(play->client, 0, play->now, len);
        } else if (want & CPMSYNC_WANT_STARTTLS) {
            (void)cpmsync_conn_secured(play->client, 0, play->now);
        } else if (want & CPMSYNC_WANT_NOW) {
            (void)cpmsync_conn_tick(play->client, play->now, 0);
        } else {
            return;
        }
    }
}

static void feed(struct play *play, const uint8_t *data, size_t len)
{
    if (len == 0 || !play->client || !play->open)
        return;
    uint8_t *copy = malloc(len); /* of exactly this size, so that reading behind it shows */
    FUZZ_EXPECT(copy);
    memcpy(copy, data, len);
    (void)cpmsync_conn_feed(play->client, 0, play->now, copy, len);
    free(copy);
    pump(play);
}

/* ---- steps */

/* Two in a row are found by the contract of the store: it fails as often as it did. */
static bool failed(const struct play *play)
{
    return play->allocator.failures || play->store.failures;
}

static void submit(struct play *play, enum step step)
{
    int64_t id;

    if (!play->client || play->count == OPERATIONS_MAX)
        return;
    if (step == STEP_LOGIN)
        id = cpmsync_client_login(play->client, on_done, play);
    else if (step == STEP_LOGOUT)
        id = cpmsync_client_logout(play->client, on_done, play);
    else
        id = cpmsync_client_sync(play->client, step == STEP_SYNC ? "INBOX" : "PLANT/other", on_done, play);
    FUZZ_EXPECT(id > 0 || id == CPMSYNC_ERR_LIMIT || (id == CPMSYNC_ERR_NOMEM && failed(play)));
    if (id > 0)
        play->operations[play->count++] = id;
}

/* Frees the client: what it was asked has completed then. */
static void end(struct play *play)
{
    cpmsync_client_free(play->client);
    play->client = NULL;
    play->open = false;
    for (size_t i = 0; i < play->count; i++)
        FUZZ_EXPECT(play->completed[i] == 1);
    memset(play->completed, 0, sizeof play->completed);
    play->count = 0;
    FUZZ_EXPECT(play->allocator.live_blocks == 0);
    FUZZ_EXPECT(play->allocator.peak_octets < OCTETS_MAX);
    FUZZ_EXPECT(!play->store.open && play->store.abuses == 0);
}

static void begin(struct play *play)
{
    int error = cpmsync_client_new(&play->client, &play->config);

    FUZZ_EXPECT(error == 0 || failed(play));
    if (error)
        play->client = NULL;
    play->unfinished = false;
    support_mirror_restart(&play->mirror);
}

static void take_step(struct play *play, enum step step)
{
    switch (step) {
    case STEP_RESTART:
        end(play);
        begin(play);
        break;
    case STEP_CREDENTIALS:
        if (play->client)
            give_credentials(play);
        break;
    case STEP_SYNC:
    case STEP_SYNC_OTHER:
    case STEP_LOGIN:
    case STEP_LOGOUT:
        submit(play, step);
        break;
    case STEP_CANCEL:
        if (play->count && play->client)
            (void)cpmsync_client_cancel(play->client, play->operations[play->count - 1]);
        break;
    case STEP_TICK:
        play->now += 7000;
        if (play->client)
            (void)cpmsync_conn_tick(play->client, play->now, 0);
        break;
    case STEP_EOF:
        if (play->client && play->open)
            (void)cpmsync_conn_closed(play->client, 0, play->now, NULL);
        play->open = false;
        break;
    case STEP_REFUSE:
        play->refuse_connect = true;
        break;
    case STEP_SPLIT:
        break;
    }
    pump(play);
}

/* What must hold at the end, with everything given back. */
static void finish(struct play *play)
{
    char why[256];

    end(play);
    support_store_fail_at(&play->store, SUPPORT_STORE_ANY, 0, 0);
    int error = cpmsync_view_messages(&play->store.inner, NULL, "INBOX", NULL, NULL, NULL);
    FUZZ_EXPECT(error == 0 || error == CPMSYNC_ERR_NOT_FOUND);
    if (!play->astray && !play->unfinished && error == 0 &&
        !support_mirror_equals(&play->mirror, &play->store.inner, why, sizeof why)) {
        fprintf(stderr, "%s\n", why);
        abort();
    }
    support_mirror_clear(&play->mirror);
    support_store_close(&play->store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {data, len};
    struct play *play = calloc(1, sizeof *play);

    FUZZ_EXPECT(play);
    play->now = 1000;
    prepare(play, &input);
    begin(play);
    while (input.len) {
        size_t run = 0;
        while (run < input.len && input.data[run] < STEP_RESTART)
            run++;
        feed(play, input.data, run);
        if (failed(play))
            play->astray = true;
        if (run < input.len)
            take_step(play, (enum step)input.data[run++]);
        input.data += run;
        input.len -= run;
    }
    if (failed(play))
        play->astray = true;
    finish(play);
    free(play);
    return 0;
}
