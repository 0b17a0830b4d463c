/* SPDX-License-Identifier: MIT */
/* The engine's face: connections, and the framing of what they say into commands. */
#include "mock_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_OCTETS = 65536, OUT_ENOUGH = 1 << 20 };

/* splitmix64: any seed is a good one, 0 too. */
uint64_t cpmsync_mock_random(struct cpmsync_mock *mock)
{
    uint64_t z = mock->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int cpmsync_mock_explain(struct cpmsync_mock *mock, int error, const char *format, ...)
{
    va_list arguments;
    if (!mock)
        return error;
    va_start(arguments, format);
    vsnprintf(mock->why, sizeof mock->why, format, arguments);
    va_end(arguments);
    return error;
}

const char *cpmsync_mock_why(const struct cpmsync_mock *mock)
{
    return mock->why;
}

static bool is_valid(const struct cpmsync_mock_config *config)
{
    return config->size == sizeof *config && config->expunge_log >= CPMSYNC_OFF && config->max_literal >= 0 &&
           config->max_literal <= UINT32_MAX && config->scram_iterations >= 0 && config->scram_iterations <= 10000000 &&
           (unsigned char)config->delimiter < 0x7f;
}

struct cpmsync_mock *cpmsync_mock_new(const struct cpmsync_mock_config *config)
{
    if (!config || !is_valid(config))
        return NULL;
    struct cpmsync_mock *mock = (struct cpmsync_mock *)cpmsync_mem_zalloc(config->allocator, sizeof *mock);
    if (!mock)
        return NULL;
    mock->mem = config->allocator;
    cpmsync_mock_store_init(&mock->store, mock->mem);
    mock->store.watch = cpmsync_mock_notify_tree;
    mock->store.watch_ctx = mock;
    mock->random = config->seed;
    mock->store.next_uidvalidity += (uint32_t)(cpmsync_mock_random(mock) % 100000);
    if (config->expunge_log)
        mock->store.log_max = config->expunge_log == CPMSYNC_OFF ? 0 : (size_t)config->expunge_log;
    if (config->delimiter)
        mock->store.delimiter = config->delimiter;
    mock->starttls = config->starttls != 0;
    mock->require_tls = config->require_tls != 0;
    mock->max_literal = config->max_literal ? (uint64_t)config->max_literal : UINT64_C(64) << 20;
    mock->scram_iterations = config->scram_iterations ? (unsigned)config->scram_iterations : 4096;
    mock->trace = config->trace;
    mock->trace_ctx = config->trace_ctx;
    if (config->capabilities) {
        mock->capabilities = cpmsync_mock_own(mock->mem, cpmsync_slice_str(config->capabilities));
        if (!mock->capabilities.data) {
            cpmsync_mock_free(mock);
            return NULL;
        }
    }
    return mock;
}

static void conn_free(struct mock_conn *conn)
{
    cpmsync_mock_logout(conn);
    cpmsync_mock_channel_clear(conn->mock->mem, &conn->channel);
    cpmsync_mock_compress_end(conn);
    cpmsync_buf_clear(&conn->in);
    cpmsync_buf_clear(&conn->out);
    cpmsync_mem_free(conn->mock->mem, conn);
}

void cpmsync_mock_free(struct cpmsync_mock *mock)
{
    if (!mock)
        return;
    while (mock->conns) {
        struct mock_conn *conn = mock->conns;
        mock->conns = conn->next;
        conn_free(conn);
    }
    cpmsync_mock_script_clear(&mock->script, mock->mem);
    cpmsync_mock_store_clear(&mock->store);
    cpmsync_mock_disown(mock->mem, &mock->capabilities);
    cpmsync_mem_free(mock->mem, mock);
}

static struct mock_conn *find(const struct cpmsync_mock *mock, int id)
{
    struct mock_conn *conn = mock->conns;
    while (conn && conn->id != id)
        conn = conn->next;
    return conn;
}

/* A copy of octets where there are some; false without memory. */
static bool keep(const struct cpmsync_allocator *mem, struct cpmsync_slice *copy, const void *data, size_t len)
{
    if (data)
        *copy = cpmsync_mock_own(mem, cpmsync_slice_of(data, len));
    return !data || copy->data;
}

static int keep_channel(struct mock_conn *conn, const struct cpmsync_mock_channel *given)
{
    const struct cpmsync_allocator *mem = conn->mock->mem;
    struct mock_channel *channel = &conn->channel;
    cpmsync_mock_channel_clear(mem, channel);
    if (!given)
        return 0;
    if (given->size != sizeof *given)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    bool ok =
        keep(mem, &channel->client, given->client, given->client ? strlen(given->client) : 0) &&
        keep(mem, &channel->bindings[MOCK_SERVER_END_POINT], given->server_end_point, given->server_end_point_len) &&
        keep(mem, &channel->bindings[MOCK_UNIQUE], given->unique, given->unique_len) &&
        keep(mem, &channel->bindings[MOCK_EXPORTER], given->exporter, given->exporter_len);
    return ok ? 0 : CPMSYNC_ERR_NOMEM;
}

static int connect_client(struct cpmsync_mock *mock, bool secure, const struct cpmsync_mock_channel *channel)
{
    struct mock_conn *conn = (struct mock_conn *)cpmsync_mem_zalloc(mock->mem, sizeof *conn);
    if (!conn)
        return CPMSYNC_ERR_NOMEM;
    conn->mock = mock;
    int error = keep_channel(conn, channel);
    if (error) {
        conn_free(conn);
        return error;
    }
    conn->id = ++mock->last_conn;
    conn->secure = secure;
    cpmsync_buf_init(&conn->in, mock->mem, (size_t)mock->max_literal + 4 * LINE_MAX_OCTETS);
    cpmsync_buf_init(&conn->out, mock->mem, SIZE_MAX / 2);
    cpmsync_mock_set_init(&conn->saved, mock->mem);
    cpmsync_buf_init(&conn->news, mock->mem, SIZE_MAX / 2);
    conn->next = mock->conns;
    mock->conns = conn;
    cpmsync_mock_moment(mock, MOCK_AT_CONNECT, cpmsync_slice_of(NULL, 0), false);
    cpmsync_mock_greet(conn);
    return conn->id;
}

int cpmsync_mock_connect(struct cpmsync_mock *mock, int secure)
{
    return connect_client(mock, secure != 0, NULL);
}

int cpmsync_mock_connect_over(struct cpmsync_mock *mock, const struct cpmsync_mock_channel *channel)
{
    return connect_client(mock, true, channel);
}

void cpmsync_mock_disconnect(struct cpmsync_mock *mock, int id)
{
    struct mock_conn **link = &mock->conns;
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    if (*link) {
        struct mock_conn *conn = *link;
        *link = conn->next;
        conn_free(conn);
    }
}

/* Whether a line, CRLF included, announces a literal: "{" number ["+"] "}" CRLF at its end. */
static bool announces_literal(const uint8_t *line, size_t len, uint64_t *literal, bool *sync)
{
    size_t end, start;
    if (len < 5 || line[len - 2] != '\r' || line[len - 3] != '}')
        return false;
    end = len - 3;
    *sync = line[end - 1] != '+';
    if (!*sync)
        end--;
    for (start = end; start > 0 && line[start - 1] >= '0' && line[start - 1] <= '9'; start--)
        ;
    return start > 0 && start < end && line[start - 1] == '{' &&
           cpmsync_slice_number(cpmsync_slice_of(line + start, end - start), UINT32_MAX, literal);
}

static void begin_command(struct mock_conn *conn, size_t consumed)
{
    cpmsync_buf_consume(&conn->in, consumed);
    conn->scanned = conn->line = 0;
}

/* The line up to `end` is followed by a literal, or not if that is refused. */
static void meet_literal(struct mock_conn *conn, size_t end, uint64_t literal, bool sync)
{
    if (cpmsync_mock_admits_literal(conn, cpmsync_slice_of(cpmsync_buf_data(&conn->in), end), literal, sync)) {
        conn->literal_left = literal;
        conn->literal_come = 0;
        conn->scanned = conn->line = end;
        if (sync)
            cpmsync_mock_putf(conn, "+ Ready for the literal\r\n");
        return;
    }
    begin_command(conn, end);
    conn->swallow = sync ? 0 : literal;
    conn->refused = !sync;
}

/* The trace sees the answers before they are compressed. */
static void trace_out(struct mock_conn *conn)
{
    struct cpmsync_mock *mock = conn->mock;
    if (mock->trace && conn->out.len > conn->traced)
        mock->trace(mock->trace_ctx, conn->id, CPMSYNC_MOCK_TO_CLIENT, cpmsync_buf_data(&conn->out) + conn->traced,
            conn->out.len - conn->traced);
    conn->traced = conn->out.len;
}

static void begin_compression(struct mock_conn *conn)
{
    size_t plain = conn->compress_from < conn->out.len ? conn->compress_from : conn->out.len;
    conn->compress_from = 0;
    if (conn->state == MOCK_LOGOUT) /* cut */
        return;
    if (conn->mock->faults.compress_coalesce)
        cpmsync_mock_putf(conn, "* OK Compressed from here on\r\n");
    trace_out(conn);
    cpmsync_mock_compress_begin(conn, plain);
    conn->traced = conn->out.len;
}

static void meet_line(struct mock_conn *conn, size_t end)
{
    uint8_t *data = cpmsync_buf_data(&conn->in);
    uint64_t literal;
    bool sync, plain = end - conn->line >= 2 && data[end - 2] == '\r';
    bool has_nul = memchr(data + conn->line, 0, end - conn->line) != NULL;
    if (conn->continuation != MOCK_LINE_IS_COMMAND) {
        cpmsync_mock_continue(conn, cpmsync_slice_of(data, end - (plain ? 2 : 1)));
        begin_command(conn, end);
    } else if (plain && announces_literal(data + conn->line, end - conn->line, &literal, &sync)) {
        if (!conn->refused)
            meet_literal(conn, end, literal, sync);
        else {
            conn->swallow = literal;
            begin_command(conn, end);
        }
    } else if (conn->refused) {
        conn->refused = false;
        begin_command(conn, end);
    } else {
        /* A bare LF and a NUL are no part of any command: what stands before is executed as if its end were wrong. */
        if (!plain || has_nul)
            data[end - 1] = 0;
        cpmsync_mock_execute(conn, data, end - (plain && !has_nul ? 2 : 0));
        begin_command(conn, conn->wants_starttls ? conn->in.len : end);
        if (conn->compress_from)
            begin_compression(conn);
    }
}

/* Takes one step through the input; false when there is nothing to go on with. */
static bool advance(struct mock_conn *conn)
{
    struct cpmsync_buf *in = &conn->in;
    if (conn->swallow) {
        size_t len = conn->swallow < in->len ? (size_t)conn->swallow : in->len;
        conn->swallow -= len;
        begin_command(conn, len);
        return len > 0;
    }
    if (conn->literal_left) {
        size_t there = in->len - conn->scanned;
        size_t len = conn->literal_left < there ? (size_t)conn->literal_left : there;
        conn->literal_left -= len;
        conn->literal_come += len;
        conn->scanned += len;
        conn->line = conn->scanned;
        if (conn->mock->faults.bye_in_literal && conn->literal_come >= conn->mock->faults.bye_in_literal)
            cpmsync_mock_bye(conn, "That will do");
        return len > 0;
    }
    if (in->len == conn->scanned)
        return false;
    const uint8_t *data = cpmsync_buf_data(in);
    const uint8_t *lf = (const uint8_t *)memchr(data + conn->scanned, '\n', in->len - conn->scanned);
    if (!lf) {
        conn->scanned = in->len;
        if (in->len - conn->line > LINE_MAX_OCTETS)
            cpmsync_mock_bye(conn, "A line is too long");
        return false;
    }
    meet_line(conn, (size_t)(lf - data) + 1);
    return true;
}

static size_t waiting(const struct mock_conn *conn)
{
    return conn->out.len + (conn->compress ? cpmsync_mock_wire(conn->compress)->len : 0);
}

static void run(struct mock_conn *conn)
{
    while (conn->state != MOCK_LOGOUT && !conn->broken && !conn->wants_starttls && !conn->silenced &&
           waiting(conn) < OUT_ENOUGH && advance(conn))
        ;
    if (conn->state == MOCK_LOGOUT || conn->silenced)
        cpmsync_buf_clear(&conn->in);
}

/* Octets of the wire become input. */
static int take(struct mock_conn *conn, const void *data, size_t len)
{
    struct cpmsync_mock *mock = conn->mock;
    size_t before = conn->in.len;
    int error = conn->compress ? cpmsync_mock_inflate(conn, data, len) : cpmsync_buf_add(&conn->in, data, len);
    if (mock->trace && conn->in.len > before)
        mock->trace(mock->trace_ctx, conn->id, CPMSYNC_MOCK_FROM_CLIENT, cpmsync_buf_data(&conn->in) + before,
            conn->in.len - before);
    if (error != CPMSYNC_ERR_LIMIT && error != CPMSYNC_ERR_CLOSED)
        return error;
    cpmsync_mock_bye(conn, error == CPMSYNC_ERR_LIMIT ? "Too much at once" : "Not DEFLATE");
    return CPMSYNC_ERR_CLOSED;
}

int cpmsync_mock_feed(struct cpmsync_mock *mock, int id, const void *data, size_t len)
{
    struct mock_conn *conn = find(mock, id);
    if (!conn)
        return CPMSYNC_ERR_NOT_FOUND;
    bool deaf = conn->state == MOCK_LOGOUT || conn->broken;
    if (deaf || conn->silenced || conn->wants_starttls) {
        if (mock->trace && len)
            mock->trace(mock->trace_ctx, id, CPMSYNC_MOCK_FROM_CLIENT, data, len);
        return deaf ? CPMSYNC_ERR_CLOSED : 0;
    }
    int error = take(conn, data, len);
    if (!error)
        run(conn);
    return error;
}

size_t cpmsync_mock_output(struct cpmsync_mock *mock, int id, const void **data)
{
    struct mock_conn *conn = find(mock, id);
    if (!conn || conn->broken)
        return 0;
    trace_out(conn);
    if (conn->compress) {
        cpmsync_mock_deflate(conn);
        conn->traced = 0;
    }
    struct cpmsync_buf *wire = conn->compress ? cpmsync_mock_wire(conn->compress) : &conn->out;
    if (conn->broken || wire->len == 0)
        return 0;
    *data = cpmsync_buf_data(wire);
    return mock->faults.dribble ? 1 : wire->len;
}

void cpmsync_mock_ack(struct cpmsync_mock *mock, int id, size_t len)
{
    struct mock_conn *conn = find(mock, id);
    if (!conn)
        return;
    struct cpmsync_buf *wire = conn->compress ? cpmsync_mock_wire(conn->compress) : &conn->out;
    len = len < wire->len ? len : wire->len;
    cpmsync_buf_consume(wire, len);
    if (!conn->compress)
        conn->traced -= len < conn->traced ? len : conn->traced;
    run(conn);
}

int cpmsync_mock_wants_starttls(struct cpmsync_mock *mock, int id)
{
    struct mock_conn *conn = find(mock, id);
    return conn && conn->wants_starttls;
}

int cpmsync_mock_secured_over(struct cpmsync_mock *mock, int id, const struct cpmsync_mock_channel *channel)
{
    struct mock_conn *conn = find(mock, id);
    if (!conn)
        return CPMSYNC_ERR_NOT_FOUND;
    cpmsync_mock_logout(conn);
    conn->wants_starttls = false;
    conn->secure = true;
    return keep_channel(conn, channel);
}

void cpmsync_mock_secured(struct cpmsync_mock *mock, int id)
{
    cpmsync_mock_secured_over(mock, id, NULL);
}

int cpmsync_mock_closed(struct cpmsync_mock *mock, int id)
{
    struct mock_conn *conn = find(mock, id);
    return !conn || conn->broken || conn->state == MOCK_LOGOUT;
}

uint64_t cpmsync_mock_commands(const struct cpmsync_mock *mock)
{
    return mock->commands;
}
