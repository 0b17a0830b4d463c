/* SPDX-License-Identifier: MIT */
#include "support/client_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- the app */

static void say(struct support_script *script, const char *format, ...)
{
    size_t room = sizeof script->heard - script->heard_len;
    va_list args;

    va_start(args, format);
    int len = vsnprintf(script->heard + script->heard_len, room, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room)
        fail_msg("the app heard too much");
    script->heard_len += (size_t)len;
}

static void say_ranges(struct support_script *script, const struct cpmsync_event *event)
{
    for (size_t i = 0; i < event->range_count; i++)
        say(script, " %" PRIu32 ":%" PRIu32, event->ranges[i].first, event->ranges[i].last);
}

static void say_sync(struct support_script *script, const struct cpmsync_event *event)
{
    static const char *const phases[] = {"", "held", "began", "ended"};
    static const char *const held[] = {"", "offline", "policy", "metered", "roaming", "refused", "distance"};
    static const char *const kinds[] = {"timer", "online", "local", "push", "user"};

    say(script, "%s", phases[event->sync]);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (event->triggers & 1U << i)
            say(script, " %s", kinds[i]);
    if (event->sync == CPMSYNC_SYNC_HELD)
        say(script, ": %s", held[event->held]);
    else
        say(script, ": %s", event->mailbox ? event->mailbox : "*");
    if (event->sync == CPMSYNC_SYNC_HELD && event->until != CPMSYNC_NEVER)
        say(script, " until %" PRId64, event->until);
    if (event->sync == CPMSYNC_SYNC_ENDED)
        say(script, " %s", cpmsync_error_name(event->error));
}

static void say_event(struct support_script *script, const struct cpmsync_event *event)
{
    static const char *const states[] = {"closed", "connecting", "login", "ready", "logout"};

    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
        say(script, "begin %" PRIu32, event->uidvalidity);
        say_ranges(script, event);
        break;
    case CPMSYNC_EVENT_MESSAGE:
        say(script, "+%" PRIu32, event->uid);
        break;
    case CPMSYNC_EVENT_VANISHED:
        say(script, "gone");
        say_ranges(script, event);
        break;
    case CPMSYNC_EVENT_RESET:
        say(script, "reset %" PRIu32, event->uidvalidity);
        break;
    case CPMSYNC_EVENT_BATCH:
        say(script, "batch %" PRIu32 " %" PRIu64, event->uidnext, event->highestmodseq);
        break;
    case CPMSYNC_EVENT_ALERT:
        say(script, "alert %s", event->text);
        break;
    case CPMSYNC_EVENT_STATE:
        if (!script->states)
            return;
        say(script, "state %s", states[event->state]);
        break;
    case CPMSYNC_EVENT_MAILBOX_MISSING:
        say(script, "missing %s%s%s", event->mailbox, event->text ? " " : "", event->text ? event->text : "");
        break;
    case CPMSYNC_EVENT_MAILBOX_RENAMED:
        say(script, "renamed %s %s %" PRIu32, event->old_mailbox, event->mailbox, event->uidvalidity);
        break;
    case CPMSYNC_EVENT_MAILBOX_FAILED:
        say(script, "failed %s %s", event->mailbox, cpmsync_error_name(event->error));
        break;
    case CPMSYNC_EVENT_MAILBOX_LEFT:
        say(script, "left %s", event->mailbox);
        break;
    case CPMSYNC_EVENT_LIVE:
        say(script, "live %s", event->mailbox);
        break;
    case CPMSYNC_EVENT_SYNC:
        say_sync(script, event);
        break;
    }
    say(script, "|");
}

static int hear(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct support_script *script = ctx;

    (void)client;
    say_event(script, event);
    if (event->mailbox)
        support_mirror_event(&script->mirror, event);
    return script->on_event ? script->on_event(script, event) : 0;
}

static void ask(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    struct support_script *script = ctx;

    script->asked++;
    if (!script->silent)
        assert_int_equal(cpmsync_client_credentials(client, conn, 0, "fred", "secret", NULL), 0);
}

static void done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct support_script *script = ctx;

    (void)client;
    assert_in_range(operation, 1, SUPPORT_SCRIPT_OPERATIONS_MAX - 1);
    script->done[operation]++;
    script->errors[operation] = fault->error;
    say(script, "done %d %s|", (int)operation, cpmsync_error_name(fault->error));
    if (fault->error)
        support_mirror_restart(&script->mirror);
    if (script->on_done)
        script->on_done(script, operation, fault->error);
}

/* ---- life */

void support_script_init(struct support_script *script)
{
    memset(script, 0, sizeof *script);
    support_allocator_init(&script->allocator);
    assert_int_equal(support_store_open(&script->failing, NULL), 0);
    support_mirror_init(&script->mirror, "INBOX");
    script->now = 1000;
    script->config.size = sizeof script->config;
    script->config.allocator = &script->allocator.mem;
    script->config.store = &script->failing.store;
    script->config.ctx = script;
    script->config.event = hear;
    script->config.credentials = ask;
    script->config.descriptors = CPMSYNC_OFF;
}

void support_script_open(struct support_script *script)
{
    script->config.early = CPMSYNC_EARLY_NEVER; /* each answer is awaited, also of a server known by now */
    assert_int_equal(cpmsync_client_new(&script->client, &script->config), 0);
}

void support_script_restart(struct support_script *script)
{
    cpmsync_client_free(script->client);
    script->client = NULL;
    assert_int_equal(script->allocator.live_blocks, 0);
    memset(script->done, 0, sizeof script->done);
    script->sent_len = 0;
    support_mirror_restart(&script->mirror);
}

static void assert_mirrored(struct support_script *script)
{
    char why[256] = "";

    if (script->mirror.due && !script->mirror.wrong[0])
        return; /* a batch was aborted and none followed: the app may be ahead */
    if (!support_mirror_equals(&script->mirror, &script->failing.store, why, sizeof why))
        fail_msg("%s (%s)", why, script->heard);
}

void support_script_close(struct support_script *script)
{
    cpmsync_client_free(script->client);
    script->client = NULL;
    for (size_t i = 0; i < SUPPORT_SCRIPT_OPERATIONS_MAX; i++)
        assert_in_range(script->done[i], 0, 1);
    if (script->config.store == &script->failing.store)
        assert_mirrored(script);
    support_mirror_clear(&script->mirror);
    assert_int_equal(script->failing.abuses, 0);
    assert_false(script->failing.open);
    support_store_close(&script->failing);
    assert_int_equal(script->allocator.live_blocks, 0);
}

void support_script_cache(struct support_script *script)
{
    const struct cpmsync_store *store = &script->failing.store;
    const struct cpmsync_range covered = {1, 10};
    const uint32_t uid[] = {2, 4, 5, 8, 10}, flagset[] = {1, 0, 0, 2, 0};
    const uint64_t modseq[] = {50, 60, 70, 80, 90};
    struct cpmsync_store_mailbox record = {0};
    struct cpmsync_event event = {0};

    record.size = sizeof record;
    record.name = (const uint8_t *)"INBOX";
    record.name_len = 5;
    record.uidvalidity = 42;
    record.uidnext = 11;
    record.highestmodseq = 100;
    record.covered = &covered;
    record.covered_count = 1;
    record.messages = 5;
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->mailbox_put(store->self, &record), 0);
    assert_int_equal(store->ops->flagset_put(store->self, record.name, 5, 1, (const uint8_t *)"\\Seen", 5), 0);
    assert_int_equal(store->ops->flagset_put(store->self, record.name, 5, 2, (const uint8_t *)"\\Flagged", 8), 0);
    assert_int_equal(store->ops->rows_put(store->self, record.name, 5, uid, modseq, flagset, 5), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
    /* The app has heard of them in its time. */
    event.size = sizeof event;
    event.mailbox = "INBOX";
    event.uidvalidity = 42;
    event.ranges = &covered;
    event.range_count = 1;
    event.type = CPMSYNC_EVENT_BEGIN;
    support_mirror_event(&script->mirror, &event);
    event.type = CPMSYNC_EVENT_MESSAGE;
    for (size_t i = 0; i < 5; i++) {
        const char *flag = i == 0 ? "\\Seen" : "\\Flagged";
        event.uid = uid[i];
        event.modseq = modseq[i];
        event.flags = &flag;
        event.flag_count = flagset[i] != 0;
        support_mirror_event(&script->mirror, &event);
    }
    support_mirror_restart(&script->mirror);
}

int64_t support_script_sync(struct support_script *script, const char *mailbox)
{
    return cpmsync_client_sync(script->client, mailbox, done, script);
}

int64_t support_script_login(struct support_script *script)
{
    return cpmsync_client_login(script->client, done, script);
}

int64_t support_script_logout(struct support_script *script)
{
    return cpmsync_client_logout(script->client, done, script);
}

/* ---- the link */

/* Everything the client wants to send is sent. */
static void take(struct support_script *script)
{
    const uint8_t *data;
    size_t len;

    while (script->client && (len = cpmsync_conn_output(script->client, 0, &data)) != 0) {
        assert_true(script->sent_len + len < sizeof script->sent);
        memcpy(script->sent + script->sent_len, data, len);
        script->sent_len += len;
        script->sent[script->sent_len] = '\0';
        assert_int_equal(cpmsync_conn_ack(script->client, 0, script->now, len), 0);
    }
}

static bool over(const struct support_script *script)
{
    unsigned want = script->client ? cpmsync_conn_want(script->client, 0) : 0;

    return !(want & (CPMSYNC_WANT_READ | CPMSYNC_WANT_WRITE));
}

void support_script_connect(struct support_script *script)
{
    if (script->lenient && !script->client)
        return;
    assert_true(cpmsync_conn_want(script->client, 0) & CPMSYNC_WANT_CONNECT);
    assert_int_equal(cpmsync_conn_opened(script->client, 0, script->now, CPMSYNC_CONN_SECURE), 0);
    take(script);
}

void support_script_eof(struct support_script *script)
{
    if (script->lenient && !script->client)
        return;
    assert_int_equal(cpmsync_conn_closed(script->client, 0, script->now, NULL), 0);
}

void support_script_closed(struct support_script *script)
{
    assert_int_equal(cpmsync_conn_want(script->client, 0), CPMSYNC_WANT_CLOSE);
    support_script_eof(script);
}

void support_script_server(struct support_script *script, const char *lines)
{
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        char line[2048];

        if (script->lenient && over(script))
            return;
        assert_true(len + 2 < sizeof line);
        memcpy(line, lines, len);
        memcpy(line + len, "\r\n", 2);
        assert_int_equal(cpmsync_conn_feed(script->client, 0, script->now, (const uint8_t *)line, len + 2), 0);
        take(script);
        lines += len + (lines[len] == '\n');
    }
}

void support_script_sent(struct support_script *script, const char *lines)
{
    char expected[4096];
    size_t len = 0;

    take(script);
    for (; *lines; lines++) {
        if (*lines == '\n')
            expected[len++] = '\r';
        expected[len++] = *lines;
        assert_true(len + 3 < sizeof expected);
    }
    if (len) {
        expected[len++] = '\r';
        expected[len++] = '\n';
    }
    expected[len] = '\0';
    script->sent[script->sent_len] = '\0';
    if (!script->lenient)
        assert_string_equal(script->sent, expected);
    script->sent_len = 0;
}

void support_script_heard(struct support_script *script, const char *text)
{
    script->heard[script->heard_len] = '\0';
    if (!script->lenient)
        assert_string_equal(script->heard, text);
    script->heard_len = 0;
}

void support_script_ready(struct support_script *script, const char *capabilities, const char *enabled)
{
    char line[512];

    support_script_connect(script);
    support_script_server(script, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready");
    support_script_sent(script, "C1 AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0");
    snprintf(line, sizeof line, "C1 OK [CAPABILITY IMAP4rev1 %s] welcome", capabilities);
    support_script_server(script, line);
    if (strstr(capabilities, "ENABLE")) {
        const char *end = script->sent_len ? strstr(script->sent, "\r\n") : NULL;
        if (end) {
            script->sent_len -= (size_t)(end + 2 - script->sent);
            memmove(script->sent, end + 2, script->sent_len + 1);
        } else if (!script->lenient) {
            fail_msg("no ENABLE");
        }
    }
    if (enabled) {
        snprintf(line, sizeof line, "* ENABLED %s\nC2 OK done", enabled);
        support_script_server(script, line);
    }
    script->heard_len = 0;
}
