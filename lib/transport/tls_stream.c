/* SPDX-License-Identifier: MIT */
#include "transport/tls_stream.h"

#include <string.h>

#include "transport/tls_ask.h"
#include "transport/tls_handshake.h"
#include "transport/tls_resume.h"

enum { IDLE_RECORDS_MAX = 8 };

/* ---------------------------------------------------------------- octets */

/*
 * mbedTLS may have encrypted a record it could not send; it wants to be called again with the same octets. The caller
 * may come with others, so they are held here and count as taken.
 */
static int flush_held(struct cpmsync_tls *tls)
{
    while (tls->held_len) {
        int code = mbedtls_ssl_write(&tls->ssl, tls->held, tls->held_len);
        if (cpmsync_tls_would_block(code))
            return 0;
        if (code < 0)
            return cpmsync_tls_fail_code(tls, code);
        tls->held_len -= (size_t)code;
        memmove(tls->held, tls->held + code, tls->held_len);
    }
    cpmsync_mem_wipe(tls->held, sizeof(tls->held));
    return 1;
}

static int64_t send_encrypted(struct cpmsync_tls *tls, const uint8_t *data, size_t size)
{
    if (tls->held_len) {
        int flushed = flush_held(tls);
        if (flushed <= 0)
            return flushed;
    }
    size_t len = size < CPMSYNC_TLS_SEND_MAX ? size : CPMSYNC_TLS_SEND_MAX;
    int code = mbedtls_ssl_write(&tls->ssl, data, len);
    if (code > 0)
        return code;
    if (code < 0 && !cpmsync_tls_would_block(code))
        return cpmsync_tls_fail_code(tls, code);
    memcpy(tls->held, data, len);
    tls->held_len = len;
    return (int64_t)len;
}

static int64_t recv_decrypted(struct cpmsync_tls *tls, uint8_t *data, size_t size)
{
    for (int idle = 0; idle < IDLE_RECORDS_MAX; idle++) {
        int code = mbedtls_ssl_read(&tls->ssl, data, size);
        if (code > 0)
            return code;
        if (cpmsync_tls_would_block(code)) {
            /* In TLS 1.3 it may only have put a ticket aside, for the next call to read. */
            if (mbedtls_ssl_check_pending(&tls->ssl))
                continue;
            return 0;
        }
        if (cpmsync_tls_is_ticket(code))
            cpmsync_tls_keep_session(tls);
        else if (code < 0)
            return cpmsync_tls_fail_code(tls, code);
        else if (tls->inner_error) /* else it was a record without octets */
            return cpmsync_tls_fail_code(tls, MBEDTLS_ERR_SSL_CONN_EOF);
    }
    return 0;
}

/* ---------------------------------------------------------------- the contract */

static int step_inner(struct cpmsync_tls *tls)
{
    int result = tls->inner.ops->step(tls->inner.self, tls->now);
    if (result < 0)
        return cpmsync_tls_fail(tls, result);
    if (!result || tls->state != CPMSYNC_TLS_CONNECTING)
        return result;
    if (tls->connector->config.starttls)
        tls->state = CPMSYNC_TLS_CLEAR;
    else if (cpmsync_tls_start_handshake(tls))
        return tls->error;
    return 1;
}

static int tls_step(void *self, int64_t now)
{
    struct cpmsync_tls *tls = self;
    int result;
    tls->now = now;
    if (tls->state == CPMSYNC_TLS_FAILED)
        return tls->error;
    result = step_inner(tls);
    if (result < 0)
        return result;
    if (tls->state == CPMSYNC_TLS_CONNECTING)
        return 0;
    if (tls->state == CPMSYNC_TLS_HANDSHAKE)
        return cpmsync_tls_step_handshake(tls);
    if (tls->held_len && flush_held(tls) < 0)
        return tls->error;
    return 1;
}

static int64_t tls_recv(void *self, void *data, size_t size)
{
    struct cpmsync_tls *tls = self;
    if (tls->state == CPMSYNC_TLS_FAILED)
        return tls->error;
    if (tls->state == CPMSYNC_TLS_CLEAR)
        return tls->inner.ops->recv(tls->inner.self, data, size);
    if (tls->state != CPMSYNC_TLS_OPEN || !size)
        return 0;
    return recv_decrypted(tls, data, size);
}

static int64_t tls_send(void *self, const void *data, size_t size)
{
    struct cpmsync_tls *tls = self;
    if (tls->state == CPMSYNC_TLS_FAILED)
        return tls->error;
    if (tls->state == CPMSYNC_TLS_CLEAR)
        return tls->inner.ops->send(tls->inner.self, data, size);
    if (tls->state != CPMSYNC_TLS_OPEN || !size)
        return 0;
    return send_encrypted(tls, data, size);
}

static int64_t tls_expiry(void *self)
{
    const struct cpmsync_tls *tls = self;
    if (tls->state == CPMSYNC_TLS_FAILED)
        return CPMSYNC_NEVER;
    if (cpmsync_tls_ask_is_due(tls))
        return tls->now;
    int64_t inner = tls->inner.ops->expiry(tls->inner.self);
    return inner < tls->deadline ? inner : tls->deadline;
}

static size_t tls_pollfds(void *self, unsigned want, struct cpmsync_pollfd *fds, size_t max)
{
    const struct cpmsync_tls *tls = self;
    if (tls->state == CPMSYNC_TLS_HANDSHAKE)
        want = tls->want;
    else if (tls->held_len)
        want |= CPMSYNC_POLL_WRITE;
    return tls->inner.ops->pollfds(tls->inner.self, want, fds, max);
}

static size_t tls_pending(void *self)
{
    const struct cpmsync_tls *tls = self;
    size_t pending = tls->inner.ops->pending(tls->inner.self);
    if (tls->state != CPMSYNC_TLS_OPEN)
        return pending;
    size_t own = mbedtls_ssl_get_bytes_avail(&tls->ssl);
    if (!own && mbedtls_ssl_check_pending(&tls->ssl))
        own = 1;
    return own + pending;
}

static int tls_starttls(void *self)
{
    struct cpmsync_tls *tls = self;
    if (tls->state == CPMSYNC_TLS_FAILED)
        return tls->error;
    if (tls->state != CPMSYNC_TLS_CLEAR)
        return CPMSYNC_ERR_STATE;
    return cpmsync_tls_start_handshake(tls);
}

static void tls_info(void *self, struct cpmsync_transport_info *info)
{
    const struct cpmsync_tls *tls = self;
    tls->inner.ops->info(tls->inner.self, info);
    info->x509_flags = tls->x509_flags;
    if (tls->code)
        info->backend_code = tls->code;
    info->detail = tls->detail;
    info->secure = tls->state == CPMSYNC_TLS_OPEN;
    info->resumed = info->secure && !tls->certificate;
    info->early = info->secure && !tls->connector->config.starttls && (info->resumed || cpmsync_tls_is_1_3(&tls->ssl));
}

/* The connector knows its connections, so that an answer finds the one that waits. */

static void join(struct cpmsync_tls *tls)
{
    tls->next = tls->connector->open;
    tls->connector->open = tls;
}

static void leave(struct cpmsync_tls *tls)
{
    struct cpmsync_tls **at = &tls->connector->open;
    while (*at != tls)
        at = &(*at)->next;
    *at = tls->next;
}

static void tls_close(void *self)
{
    struct cpmsync_tls *tls = self;
    const struct cpmsync_allocator *mem = tls->connector->mem;
    leave(tls);
    if (tls->state == CPMSYNC_TLS_OPEN && (!tls->held_len || flush_held(tls) > 0))
        (void)mbedtls_ssl_close_notify(&tls->ssl);
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->conf);
    mbedtls_x509_crt_free(&tls->chain);
    cpmsync_tls_ask_clear(tls);
    tls->inner.ops->close(tls->inner.self);
    cpmsync_mem_wipe(tls, sizeof(*tls));
    cpmsync_mem_free(mem, tls);
}

static const struct cpmsync_transport_ops tls_ops = {
    sizeof(struct cpmsync_transport_ops),
    tls_step,
    tls_recv,
    tls_send,
    tls_expiry,
    tls_pollfds,
    tls_pending,
    tls_starttls,
    tls_info,
    tls_close,
};

int cpmsync_tls_open(struct cpmsync_tls_connector *connector, int64_t now, struct cpmsync_transport *transport)
{
    int error = connector->random.seeded ? 0 : cpmsync_tls_random_seed(&connector->random);
    if (error)
        return error;
    struct cpmsync_tls *tls = cpmsync_mem_zalloc(connector->mem, sizeof(*tls));
    if (!tls)
        return CPMSYNC_ERR_NOMEM;
    error = connector->inner.ops->open(connector->inner.self, now, &tls->inner);
    if (error) {
        cpmsync_mem_free(connector->mem, tls);
        return error;
    }
    tls->connector = connector;
    join(tls);
    tls->state = CPMSYNC_TLS_CONNECTING;
    tls->now = now;
    tls->deadline = CPMSYNC_NEVER;
    mbedtls_ssl_config_init(&tls->conf);
    mbedtls_ssl_init(&tls->ssl);
    mbedtls_x509_crt_init(&tls->chain);
    transport->ops = &tls_ops;
    transport->self = tls;
    return 0;
}
