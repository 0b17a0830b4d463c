/* SPDX-License-Identifier: MIT */
#include "hostile/hostile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 65536, LOG_LINES = 300 };

/*
 * What the client may hold, whatever a server says; a buffer that grows is held once and a half while it moves.
 *   fixed: lists of capabilities, here, with the account and in the store; SASL's messages; spellings of flags remembered
 *   a response: as it comes, and what a flag list is cut into: two octets of it are a flag, a slice and a pointer for each
 *   a message: 16 octets in the columns and in the store's chunk, with an eighth of slack; a range of UIDs that is asked for,
 *     seen or held back, twice while ranges are gathered
 *   a descriptor: what it is made of as it comes, told and stored, and one that is stored for each message; two sets of those
 *     that lack theirs, and what is made of them when they meet
 *   a flag set: its octets here and in the store, its places in tables, the store's node
 */
static size_t bound(const struct cpmsync_client_config *config)
{
    size_t fixed = 128 * 1024;
    size_t response = (size_t)config->response_max * (2 + 16) + (size_t)config->literal_max;
    size_t messages = (size_t)(config->messages_max ? config->messages_max : 1000000) * (2 * 18 + 3 * 2 * 8);
    size_t flagsets = (size_t)config->flagset_octets_max * 3 + (size_t)config->flagsets_max * 320;

    size_t descriptors = 0;

    if (config->descriptors != CPMSYNC_OFF) {
        descriptors = (size_t)config->response_max * 12;
        descriptors += (size_t)(config->messages_max ? config->messages_max : 1000000) * (4 * 2 * 8);
        descriptors += (size_t)HOSTILE_DESCRIBED * ((size_t)config->literal_max + 128);
    }
    return fixed + response + messages + flagsets + descriptors + (size_t)config->output_max * 2;
}

static int hear(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct hostile *h = ctx;

    (void)client;
    h->events[event->type]++;
    return 0;
}

static void log_line(void *ctx, enum cpmsync_log_level level, const char *text)
{
    struct hostile *h = ctx;

    (void)level, (void)text;
    h->log_lines++;
}

static void ask(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    (void)ctx;
    assert_int_equal(cpmsync_client_credentials(client, conn, 0, "fred", "secret", NULL), 0);
}

static void done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct hostile *h = ctx;

    (void)client, (void)operation;
    h->completed++;
    h->error = fault->error;
}

void hostile_init(struct hostile *h)
{
    memset(h, 0, sizeof *h);
    support_allocator_init(&h->allocator);
    support_crypto_init(&h->crypto);
    h->now = 1000;
    h->config.size = sizeof h->config;
    h->config.allocator = &h->allocator.mem;
    h->config.crypto = &h->crypto.crypto;
    h->config.early = CPMSYNC_EARLY_NEVER;
    h->config.response_max = 4096;
    h->config.literal_max = 1024;
    h->config.output_max = 4096;
    h->config.messages_max = 2000;
    h->config.flagsets_max = 100;
    h->config.flagset_octets_max = 8192;
    h->config.ctx = h;
    h->config.event = hear;
    h->config.credentials = ask;
    h->config.descriptors = CPMSYNC_OFF;
    h->config.log = log_line;
}

void hostile_open(struct hostile *h)
{
    assert_int_equal(cpmsync_client_new(&h->client, &h->config), 0);
}

void hostile_close(struct hostile *h, const char *what)
{
    cpmsync_client_free(h->client);
    assert_int_equal(h->allocator.live_blocks, 0);
    print_message("%s: %" PRIu64 " octets said, %zu held of %zu allowed, %s\n", what, h->octets,
        h->allocator.peak_octets, bound(&h->config), cpmsync_error_name(h->error));
    if (h->log_lines > LOG_LINES)
        fail_msg("%s: it logged %" PRIu64 " lines", what, h->log_lines);
    if (h->allocator.peak_octets > bound(&h->config))
        fail_msg("%s: it held too much", what);
}

/* Everything the client wants to send is sent. */
static void take(struct hostile *h)
{
    const uint8_t *data;
    size_t len;

    while ((len = cpmsync_conn_output(h->client, 0, &data)) != 0) {
        size_t keep = len < sizeof h->sent / 2 ? len : sizeof h->sent / 2;

        if (h->sent_len + keep >= sizeof h->sent) {
            memmove(h->sent, h->sent + h->sent_len - sizeof h->sent / 4, sizeof h->sent / 4);
            h->sent_len = sizeof h->sent / 4;
        }
        memcpy(h->sent + h->sent_len, data + len - keep, keep);
        h->sent_len += keep;
        h->sent[h->sent_len] = '\0';
        assert_int_equal(cpmsync_conn_ack(h->client, 0, h->now, len), 0);
    }
}

bool hostile_over(const struct hostile *h)
{
    return !(cpmsync_conn_want(h->client, 0) & CPMSYNC_WANT_READ);
}

static void feed(struct hostile *h, const char *octets, size_t len)
{
    if (hostile_over(h))
        return;
    h->octets += len;
    assert_int_equal(cpmsync_conn_feed(h->client, 0, h->now, (const uint8_t *)octets, len), 0);
    take(h);
}

void hostile_say(struct hostile *h, const char *octets)
{
    feed(h, octets, strlen(octets));
}

void hostile_repeat(struct hostile *h, const char *octets, uint64_t total)
{
    size_t len = strlen(octets);
    size_t count = PIECE / len;
    char *piece = malloc(count * len);

    assert_non_null(piece);
    for (size_t i = 0; i < count; i++)
        memcpy(piece + i * len, octets, len);
    for (uint64_t said = 0; said < total && !hostile_over(h); said += count * len)
        feed(h, piece, count * len);
    free(piece);
}

static size_t write_number(char *to, const char *format, uint32_t number)
{
    size_t len = 0;

    for (; *format; format++) {
        if (format[0] == '%' && format[1] == 'u') {
            len += (size_t)sprintf(to + len, "%" PRIu32, number);
            format++;
        } else {
            to[len++] = *format;
        }
    }
    return len;
}

void hostile_count(struct hostile *h, const char *format, uint32_t first, int32_t step, uint32_t count)
{
    char *piece = malloc(PIECE);
    size_t len = 0;

    assert_non_null(piece);
    for (uint32_t i = 0; i < count && !hostile_over(h); i++) {
        len += write_number(piece + len, format, first + i * (uint32_t)step);
        if (len > PIECE - 1024 || i == count - 1) {
            feed(h, piece, len);
            len = 0;
        }
    }
    free(piece);
}

void hostile_eof(struct hostile *h)
{
    assert_int_equal(cpmsync_conn_closed(h->client, 0, h->now, NULL), 0);
}

bool hostile_sent(const struct hostile *h, const char *text)
{
    return strstr(h->sent, text) != NULL;
}

void hostile_sync(struct hostile *h)
{
    assert_true(cpmsync_client_sync(h->client, "INBOX", done, h) > 0);
    assert_int_equal(cpmsync_conn_tick(h->client, h->now, 0), 0);
    take(h);
}

void hostile_connect(struct hostile *h)
{
    assert_true(cpmsync_client_sync(h->client, "INBOX", done, h) > 0);
    assert_int_equal(cpmsync_conn_opened(h->client, 0, h->now, CPMSYNC_CONN_SECURE), 0);
}

void hostile_select(struct hostile *h)
{
    hostile_connect(h);
    hostile_say(h, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n");
    hostile_say(h, "C1 OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT] welcome\r\n");
    assert_true(hostile_sent(h, "C2 ENABLE QRESYNC\r\nC3 SELECT INBOX\r\nC4 UID FETCH 1:200 (FLAGS MODSEQ"));
    assert_int_equal(hostile_sent(h, "(FLAGS MODSEQ)\r\n"), h->config.descriptors == CPMSYNC_OFF);
    hostile_say(h, "* ENABLED QRESYNC\r\nC2 OK\r\n");
}

void hostile_selected(struct hostile *h, unsigned exists)
{
    char answer[256];

    hostile_select(h);
    (void)snprintf(answer, sizeof answer,
        "* %u EXISTS\r\n* OK [UIDVALIDITY 42]\r\n* OK [UIDNEXT %u]\r\n* OK [HIGHESTMODSEQ 100]\r\nC3 OK\r\n", exists,
        exists + 1);
    hostile_say(h, answer);
}
