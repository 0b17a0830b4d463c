/* SPDX-License-Identifier: MIT */
#include "session/compress.h"

#include <stddef.h>

#include "session/dispatch.h"
#include "session/state.h"

static bool failed(const struct cpmsync_session *session)
{
    return session->state == CPMSYNC_SESSION_FAILED;
}

/* ---- life */

void cpmsync_compress_init(struct cpmsync_session *session)
{
    cpmsync_buf_init(&session->compress.held, session->config.mem, CPMSYNC_COMPRESS_HELD_MAX);
}

static void drop_streams(struct cpmsync_compression *compress)
{
    cpmsync_deflate_free(compress->streams);
    compress->streams = NULL;
    compress->active = false;
    compress->left = false;
    compress->wire = cpmsync_slice_of(NULL, 0);
}

void cpmsync_compress_clear(struct cpmsync_session *session)
{
    drop_streams(&session->compress);
    cpmsync_buf_clear(&session->compress.held);
    cpmsync_command_clear(&session->compress.command.text);
}

/* ---- COMPRESS */

static void on_compress(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_session *session =
        (struct cpmsync_session *)((char *)command - offsetof(struct cpmsync_session, compress.command));
    struct cpmsync_compression *compress = &session->compress;

    if (!tagged)
        return;
    if (!error) {
        compress->active = true;
        compress->from = session->pipeline.given;
        return;
    }
    /* NO says that something below compresses already (Z-05), or that it cannot be done now. */
    cpmsync_log(&session->config.log, CPMSYNC_LOG_INFO, "session: COMPRESS: %s", cpmsync_error_text(error));
    if (error == CPMSYNC_ERR_BAD)
        session->config.facts->no_compress = true;
    drop_streams(compress);
}

void cpmsync_compress_ask(struct cpmsync_session *session)
{
    struct cpmsync_compression *compress = &session->compress;

    if (compress->asked || session->state != CPMSYNC_SESSION_READY || session->bye.error ||
        session->config.facts->no_compress || !cpmsync_capability_can(&session->capability, "COMPRESS=DEFLATE") ||
        cpmsync_deflate_new(&compress->streams, session->config.mem))
        return;
    cpmsync_login_prepare(session, &compress->command, "COMPRESS", on_compress);
    cpmsync_command_atom(&compress->command.text, "DEFLATE");
    compress->command.rules = CPMSYNC_COMMAND_ALONE;
    compress->asked = cpmsync_pipeline_submit(&session->pipeline, &compress->command) == 0;
    if (!compress->asked)
        drop_streams(compress);
}

/* ---- what comes */

/* At most `most` octets, and what a piece goes beyond them. Returns how many. */
static int64_t inflate_some(struct cpmsync_session *session, struct cpmsync_slice *input, int64_t most)
{
    struct cpmsync_compression *compress = &session->compress;
    struct cpmsync_slice piece;
    int64_t done = 0;

    compress->left = true;
    while (!failed(session) && compress->left && done < most) {
        int error = cpmsync_deflate_in(compress->streams, input, &piece);

        if (error)
            cpmsync_state_fail(session, error);
        else if (piece.len)
            cpmsync_dispatch(session, piece);
        compress->left = piece.len != 0;
        done += (int64_t)piece.len;
    }
    return done;
}

static int64_t inflate_held(struct cpmsync_session *session, int64_t most)
{
    struct cpmsync_buf *held = &session->compress.held;
    struct cpmsync_slice input = cpmsync_buf_slice(held);
    int64_t done = inflate_some(session, &input, most);

    if (failed(session))
        cpmsync_buf_clear(held);
    else
        cpmsync_buf_consume(held, held->len - input.len);
    return done;
}

void cpmsync_compress_feed(struct cpmsync_session *session, struct cpmsync_slice input)
{
    struct cpmsync_compression *compress = &session->compress;
    int64_t most = input.len > CPMSYNC_COMPRESS_HELD_MAX ? INT64_MAX : CPMSYNC_COMPRESS_RATIO * (int64_t)input.len;
    int error;

    if (!compress->active)
        input = cpmsync_dispatch(session, input);
    if (compress->held.len + input.len > CPMSYNC_COMPRESS_HELD_MAX)
        inflate_held(session, INT64_MAX);
    if (failed(session) || !compress->active || input.len == 0)
        return;
    if (compress->held.len == 0)
        inflate_some(session, &input, most);
    if (failed(session) || input.len == 0)
        return;
    error = cpmsync_buf_add_slice(&compress->held, input);
    if (error)
        cpmsync_state_fail(session, error);
}

int64_t cpmsync_compress_work(struct cpmsync_session *session, int64_t budget)
{
    return cpmsync_compress_busy(session) ? inflate_held(session, budget > 0 ? budget : INT64_MAX) : 0;
}

bool cpmsync_compress_busy(const struct cpmsync_session *session)
{
    return !failed(session) && (session->compress.left || session->compress.held.len);
}

void cpmsync_compress_heard(struct cpmsync_session *session)
{
    if (!session->compress.active || session->compress.heard)
        return;
    session->compress.heard = true;
    session->config.facts->compress_failures = 0;
}

/* ---- what leaves */

/* Octets the pipeline had given when the server said OK, not all of them sent: these leave as they are. */
static bool leaves_plain(const struct cpmsync_session *session)
{
    return !session->compress.active || session->pipeline.acked < session->compress.from;
}

static size_t plain_output(struct cpmsync_session *session, const uint8_t **data)
{
    size_t len = cpmsync_pipeline_output(&session->pipeline, data);
    uint64_t most = session->compress.active ? session->compress.from - session->pipeline.acked : UINT64_MAX;

    return len < most ? len : (size_t)most;
}

/* All there is, and one flush, so that no command waits in the compressor (Z-04). */
static void fill_wire(struct cpmsync_session *session)
{
    struct cpmsync_compression *compress = &session->compress;
    const uint8_t *data;
    size_t len = cpmsync_pipeline_output(&session->pipeline, &data);
    struct cpmsync_slice plain = cpmsync_slice_of(data, len);

    if (compress->taken)
        plain = cpmsync_slice_of(data + compress->taken, len - compress->taken);
    cpmsync_deflate_out(compress->streams, &plain, &compress->wire);
    compress->taken = len - plain.len;
}

size_t cpmsync_compress_output(struct cpmsync_session *session, const uint8_t **data)
{
    struct cpmsync_compression *compress = &session->compress;

    if (failed(session) || leaves_plain(session))
        return failed(session) ? cpmsync_pipeline_output(&session->pipeline, data) : plain_output(session, data);
    if (compress->wire.len == 0)
        fill_wire(session);
    *data = compress->wire.len ? compress->wire.data : NULL;
    return compress->wire.len;
}

size_t cpmsync_compress_ack(struct cpmsync_session *session, size_t len)
{
    struct cpmsync_compression *compress = &session->compress;
    const uint8_t *data;
    size_t there = cpmsync_compress_output(session, &data);

    if (len > there)
        len = there;
    if (len == 0)
        return 0;
    if (leaves_plain(session)) {
        cpmsync_pipeline_ack(&session->pipeline, len);
        return len;
    }
    compress->wire = cpmsync_slice_of(data + len, there - len);
    if (len == there)
        fill_wire(session);
    /* The commands have left when their last octet has. */
    if (compress->wire.len == 0) {
        cpmsync_pipeline_ack(&session->pipeline, compress->taken);
        compress->taken = 0;
    }
    return len;
}

/* ---- what is learnt */

bool cpmsync_compress_quiet(const struct cpmsync_session *session)
{
    const struct cpmsync_session_command *first = session->pipeline.first;

    return !first || (first == &session->compress.command && !first->next);
}

/* Everything sent ahead of COMPRESS was answered, and nothing behind it that somebody waited for. A server that is told LOGOUT
 * may just close, and so may an app that has what it wanted. */
static bool silent(const struct cpmsync_session *session)
{
    const struct cpmsync_compression *compress = &session->compress;
    const struct cpmsync_pipeline *pipeline = &session->pipeline;

    if (!compress->streams || compress->heard || pipeline->in_flight == 0 || pipeline->ends != UINT64_MAX)
        return false;
    if (compress->active)
        return true;
    return pipeline->first == &compress->command &&
           (compress->command.next || session->err.error == CPMSYNC_ERR_TIMEOUT);
}

void cpmsync_compress_ended(struct cpmsync_session *session)
{
    struct cpmsync_server_facts *facts = session->config.facts;

    switch (session->err.error) {
    case CPMSYNC_ERR_COMPRESSION:
        facts->no_compress = true;
        break;
    case CPMSYNC_ERR_CLOSED:
    case CPMSYNC_ERR_TIMEOUT:
    case CPMSYNC_ERR_BYE:
    case CPMSYNC_ERR_PROTOCOL:
        /* A link that is cut in this moment looks the same; not twice in a row. */
        if (silent(session) && ++facts->compress_failures >= CPMSYNC_COMPRESS_FAILURES) {
            facts->compress_failures = 0;
            facts->no_compress = true;
        }
        break;
    default:
        break;
    }
}

/* ---- the streams this build leaves out */

#if !defined(CPMSYNC_WITH_ZLIB)
int cpmsync_deflate_new(struct cpmsync_deflate **streams, const struct cpmsync_allocator *mem)
{
    (void)mem;
    *streams = NULL;
    return CPMSYNC_ERR_UNSUPPORTED;
}

void cpmsync_deflate_free(struct cpmsync_deflate *streams)
{
    (void)streams;
}

int cpmsync_deflate_in(struct cpmsync_deflate *streams, struct cpmsync_slice *input, struct cpmsync_slice *piece)
{
    (void)streams;
    (void)input;
    *piece = cpmsync_slice_of(NULL, 0);
    return CPMSYNC_ERR_UNSUPPORTED;
}

void cpmsync_deflate_out(struct cpmsync_deflate *streams, struct cpmsync_slice *plain, struct cpmsync_slice *piece)
{
    (void)streams;
    (void)plain;
    *piece = cpmsync_slice_of(NULL, 0);
}
#endif
