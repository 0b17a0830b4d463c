/* SPDX-License-Identifier: MIT */
#include "support/session_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "session/state.h"

#define GREETING "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n"

static void hear(struct support_talk *talk, const char *what, struct cpmsync_slice text)
{
    size_t len = strlen(talk->heard);
    int more = snprintf(talk->heard + len, sizeof(talk->heard) - len, "%s%s%.*s", len ? "|" : "", what, (int)text.len,
        text.len ? (const char *)text.data : "");

    assert_true(more >= 0 && (size_t)more < sizeof(talk->heard) - len);
}

/* ---- what the session calls */

static void on_credentials(void *ctx)
{
    struct support_talk *talk = ctx;

    assert_int_equal(talk->asked, 0);
    talk->asked++;
    if (!talk->silent)
        cpmsync_session_credentials(talk->session, 0, talk->user, talk->password, talk->authzid);
}

static void on_state(void *ctx, enum cpmsync_session_state from, enum cpmsync_session_state to)
{
    struct support_talk *talk = ctx;

    assert_true(from != to);
    assert_int_equal(cpmsync_session_state(talk->session), to);
    hear(talk, cpmsync_state_name(to), cpmsync_slice_of(NULL, 0));
    if (talk->on_state)
        talk->on_state(talk, to);
}

static void on_mailbox_data(void *ctx, const struct cpmsync_response *response)
{
    struct support_talk *talk = ctx;
    char text[64];

    if (response->type == CPMSYNC_RESPONSE_STATUS)
        snprintf(text, sizeof(text), "[%.*s]", (int)response->code.name.len, (const char *)response->code.name.data);
    else
        snprintf(text, sizeof(text), "%.*s %u", (int)response->name.len, (const char *)response->name.data,
            (unsigned)response->number);
    hear(talk, text, cpmsync_slice_of(NULL, 0));
    if (talk->on_mailbox)
        talk->on_mailbox(talk, response);
}

static void on_mailbox_lost(void *ctx, int error)
{
    hear(ctx, "lost ", cpmsync_slice_str(cpmsync_error_name(error)));
}

static void on_other_data(void *ctx, const struct cpmsync_response *response)
{
    (void)ctx;
    (void)response;
}

static void on_alert(void *ctx, struct cpmsync_slice text, bool trusted)
{
    hear(ctx, trusted ? "alert! " : "alert ", text);
}

static void on_trace(void *ctx, int sent, const uint8_t *data, size_t len)
{
    struct support_talk *talk = ctx;
    size_t at = strlen(talk->traced);

    (void)sent;
    assert_true(at + len < sizeof(talk->traced));
    memcpy(talk->traced + at, data, len);
    talk->traced[at + len] = '\0';
}

/* ---- life */

void support_talk_init(struct support_talk *talk)
{
    /* "fyko+d2lbbFgONRv9qkxdawL", the client's nonce of RFC 5802 5 */
    static const uint8_t nonce[] = {
        0x7f, 0x29, 0x28, 0xf9, 0xdd, 0xa5, 0x6d, 0xb1, 0x60, 0x38, 0xd4, 0x6f, 0xf6, 0xa9, 0x31, 0x75, 0xac, 0x0b};
    static const struct cpmsync_session_upward up = {
        NULL, on_credentials, on_state, on_mailbox_data, on_mailbox_lost, on_other_data, on_alert, on_trace};

    memset(talk, 0, sizeof(*talk));
    support_allocator_init(&talk->allocator);
    support_crypto_init(&talk->crypto);
    memcpy(talk->crypto.random, nonce, sizeof(nonce));
    cpmsync_server_facts_init(&talk->facts, &talk->allocator.mem);
    talk->now = 1000;
    talk->user = "user";
    talk->password = "pencil";
    talk->config.mem = &talk->allocator.mem;
    talk->config.crypto = &talk->crypto.crypto;
    talk->config.security = CPMSYNC_TLS_IMPLICIT;
    talk->config.response_max = 4096;
    talk->config.literal_max = 1024;
    talk->config.output_max = 65536;
    talk->config.scram_iterations_max = 100000;
    talk->config.timeout_ms = 60000;
    talk->config.facts = &talk->facts;
    talk->config.up = up;
    talk->config.up.ctx = talk;
}

static bool over(const struct support_talk *talk)
{
    return talk->lenient && (!talk->session || cpmsync_session_state(talk->session) == CPMSYNC_SESSION_FAILED);
}

void support_talk_open(struct support_talk *talk, bool secure)
{
    int rc = cpmsync_session_new(&talk->session, &talk->config, talk->now, secure);

    if (talk->lenient && rc == CPMSYNC_ERR_NOMEM) {
        assert_null(talk->session);
        return;
    }
    assert_int_equal(rc, 0);
    assert_int_equal(talk->asked, 1);
}

void support_talk_close(struct support_talk *talk)
{
    if (talk->lenient && talk->allocator.failures && talk->session &&
        cpmsync_session_state(talk->session) == CPMSYNC_SESSION_FAILED &&
        cpmsync_session_error(talk->session)->error != CPMSYNC_OK)
        assert_int_equal(cpmsync_session_error(talk->session)->error, CPMSYNC_ERR_NOMEM);
    cpmsync_session_free(talk->session);
    cpmsync_server_facts_clear(&talk->facts);
    assert_int_equal(talk->running, 0);
    assert_int_equal(talk->allocator.live_blocks, 0);
}

/* ---- the script */

void support_talk_server(struct support_talk *talk, const char *text)
{
    support_talk_octets(talk, (const uint8_t *)text, strlen(text));
}

void support_talk_octets(struct support_talk *talk, const uint8_t *data, size_t left)
{
    if (over(talk))
        return;
    while (left) {
        size_t len = left;

        if (talk->dribble)
            len = 1;
        else if (talk->split > talk->said && talk->split - talk->said < left)
            len = talk->split - talk->said;
        cpmsync_session_feed(talk->session, talk->now, data, len);
        talk->said += len;
        data += len;
        left -= len;
    }
}

void support_talk_client(struct support_talk *talk, const char *text)
{
    const uint8_t *data;
    size_t len;

    if (over(talk))
        return;
    len = cpmsync_session_output(talk->session, &data);
    if (len != strlen(text) || (len && memcmp(data, text, len) != 0))
        fail_msg("sent\n%.*s\ninstead of\n%s", (int)len, len ? (const char *)data : "", text);
    cpmsync_session_ack(talk->session, talk->now, len);
}

void support_talk_heard(struct support_talk *talk, const char *text)
{
    if (!over(talk))
        assert_string_equal(talk->heard, text);
    talk->heard[0] = '\0';
}

void support_talk_failed(struct support_talk *talk, int error)
{
    const uint8_t *data;

    if (talk->lenient)
        return;
    assert_int_equal(cpmsync_session_state(talk->session), CPMSYNC_SESSION_FAILED);
    assert_string_equal(cpmsync_error_name(cpmsync_session_error(talk->session)->error), cpmsync_error_name(error));
    assert_int_equal(cpmsync_session_output(talk->session, &data), 0);
    assert_true(cpmsync_session_expiry(talk->session) == CPMSYNC_NEVER);
}

void support_talk_login(struct support_talk *talk, const char *capabilities)
{
    char text[1024];

    support_talk_server(talk, GREETING);
    support_talk_client(talk, "C1 AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\n");
    snprintf(text, sizeof(text), "C1 OK [CAPABILITY %s] in\r\n", capabilities);
    support_talk_server(talk, text);
    support_talk_heard(talk, "login|ready");
}

/* ---- commands */

static void on_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct support_talk_command *mine = (struct support_talk_command *)command;
    struct support_talk *talk = mine->talk;
    void (*then)(struct support_talk *) = mine->then;
    char text[64];

    assert_true(tagged || error);
    snprintf(text, sizeof(text), "%s %s", mine->name, error ? cpmsync_error_name(error) : "OK");
    cpmsync_command_clear(&command->text);
    free(mine);
    talk->running--;
    hear(talk, text, cpmsync_slice_of(NULL, 0));
    if (then)
        then(talk);
}

static void on_data(struct cpmsync_session_command *command, const struct cpmsync_response *response)
{
    hear(((struct support_talk_command *)command)->talk, "data ", response->name);
}

static void on_continuation(struct cpmsync_session_command *command, struct cpmsync_slice text)
{
    hear(((struct support_talk_command *)command)->talk, "+ ", text);
}

struct support_talk_command *support_talk_make(struct support_talk *talk, const char *name, const char *literal)
{
    struct support_talk_command *mine = calloc(1, sizeof(*mine));

    assert_non_null(mine);
    mine->talk = talk;
    mine->name = name;
    mine->command.done = on_done;
    if (strcmp(name, "LIST") == 0)
        mine->command.data = on_data;
    if (strcmp(name, "IDLE") == 0)
        mine->command.continuation = on_continuation;
    cpmsync_command_init(&mine->command.text, talk->config.mem, 100000, cpmsync_session_literals(talk->session));
    cpmsync_command_begin(&mine->command.text, name);
    if (literal)
        cpmsync_command_string(&mine->command.text, cpmsync_slice_str(literal));
    return mine;
}

struct support_talk_command *support_talk_submit(
    struct support_talk *talk, const char *name, unsigned rules, const char *literal)
{
    struct support_talk_command *mine;
    int rc;

    if (over(talk))
        return NULL;
    mine = support_talk_make(talk, name, literal);
    mine->command.rules = rules;
    rc = cpmsync_session_submit(talk->session, &mine->command);
    if (rc) {
        assert_true(talk->lenient && rc == CPMSYNC_ERR_NOMEM);
        cpmsync_command_clear(&mine->command.text);
        free(mine);
        /* What the script expects cannot come any more. */
        cpmsync_session_fail(talk->session, CPMSYNC_ERR_NOMEM);
        return NULL;
    }
    talk->running++;
    return mine;
}

/* ---- sweeps */

static struct support_talk *fresh(void)
{
    struct support_talk *talk = malloc(sizeof(*talk));

    assert_non_null(talk);
    support_talk_init(talk);
    return talk;
}

void support_talk_sweep(void (*script)(struct support_talk *talk))
{
    struct support_talk *talk = fresh();
    size_t total;
    uint64_t failures = 1;

    script(talk);
    total = talk->said;
    support_talk_init(talk);
    talk->dribble = true;
    script(talk);
    for (size_t split = 1; split < total; split++) {
        support_talk_init(talk);
        talk->split = split;
        script(talk);
    }
    for (uint64_t n = 1; failures; n++) {
        support_talk_init(talk);
        talk->lenient = true;
        support_allocator_fail_at(&talk->allocator, n);
        script(talk);
        failures = talk->allocator.failures;
        assert_true(n < 10000);
    }
    free(talk);
}
