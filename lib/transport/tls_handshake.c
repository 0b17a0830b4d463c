/* SPDX-License-Identifier: MIT */
#include "transport/tls_handshake.h"

#include <stdio.h>
#include <string.h>

#include "transport/tls_ask.h"
#include "transport/tls_resume.h"

/* ---------------------------------------------------------------- the transport below */

static int bio_result(struct cpmsync_tls *tls, int64_t n, int blocked)
{
    if (n > 0)
        return (int)n;
    if (!n)
        return blocked;
    tls->inner_error = (int)n;
    return MBEDTLS_ERR_SSL_CONN_EOF;
}

static int bio_send(void *ctx, const unsigned char *data, size_t len)
{
    struct cpmsync_tls *tls = ctx;
    return bio_result(tls, tls->inner.ops->send(tls->inner.self, data, len), MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int bio_recv(void *ctx, unsigned char *data, size_t len)
{
    struct cpmsync_tls *tls = ctx;
    return bio_result(tls, tls->inner.ops->recv(tls->inner.self, data, len), MBEDTLS_ERR_SSL_WANT_READ);
}

/* ---------------------------------------------------------------- whom we talk to */

static int error_of_flags(uint32_t flags)
{
    return flags == MBEDTLS_X509_BADCERT_CN_MISMATCH ? CPMSYNC_ERR_TLS_HOST : CPMSYNC_ERR_TLS_CERT;
}

static int check_pin(struct cpmsync_tls *tls, const mbedtls_x509_crt *certificate, uint32_t flags)
{
    const struct cpmsync_tls_trust *trust = &tls->connector->trust;
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) /* whatever is above did not sign it */
        tls->pinned = false;
    if (!trust->pin_count || tls->pinned)
        return 0;
    int found = cpmsync_tls_trust_is_pinned(trust, certificate);
    if (found < 0)
        return found;
    tls->pinned = found;
    return 0;
}

/* Runs for each certificate of the chain, the server's own last. */
static int verify(void *ctx, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    struct cpmsync_tls *tls = ctx;
    const struct cpmsync_tls_connector *connector = tls->connector;
    const struct cpmsync_address *address = &connector->address;
    if (check_pin(tls, certificate, *flags))
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    int code = cpmsync_tls_asks(connector) ? cpmsync_tls_ask_collect(tls, certificate, depth) : 0;
    if (code)
        return code;
    if (depth)
        return 0;
    if (connector->trust.pin_count && !tls->pinned)
        *flags |= MBEDTLS_X509_BADCERT_OTHER;
    *flags |= cpmsync_tls_trust_check_host(certificate, address->family ? address : NULL);
    tls->checked = true;
    return 0;
}

int cpmsync_tls_start_handshake(struct cpmsync_tls *tls)
{
    struct cpmsync_tls_connector *connector = tls->connector;
    int64_t timeout = connector->config.handshake_timeout_ms;
    const char *name =
        connector->address.family ? NULL : connector->host; /* RFC 6066 3: an address is no server name */
    int code = mbedtls_ssl_config_defaults(
        &tls->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (code)
        return cpmsync_tls_fail_code(tls, code);
    /* With optional, mbedTLS goes on past what it found wrong, and the app is asked before the next step. */
    mbedtls_ssl_conf_authmode(
        &tls->conf, cpmsync_tls_asks(connector) ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(&tls->conf, verify, tls);
    cpmsync_tls_min_1_2(&tls->conf);
    cpmsync_tls_random_use(&connector->random, &tls->conf);
    cpmsync_tls_want_tickets(&tls->conf);

    code = mbedtls_ssl_setup(&tls->ssl, &tls->conf);
    if (!code)
        code = mbedtls_ssl_set_hostname(&tls->ssl, name);
    if (code)
        return cpmsync_tls_fail_code(tls, code);
    mbedtls_ssl_set_bio(&tls->ssl, tls, bio_send, bio_recv, NULL);
    cpmsync_tls_offer_session(tls);
    tls->deadline = timeout == CPMSYNC_OFF || timeout > CPMSYNC_NEVER - tls->now ? CPMSYNC_NEVER : tls->now + timeout;
    tls->want = CPMSYNC_POLL_WRITE;
    tls->state = CPMSYNC_TLS_HANDSHAKE;
    return 0;
}

/* The server is about to show its certificate: now somebody has to be trusted. */
static int load_trust(struct cpmsync_tls *tls)
{
    const struct cpmsync_tls_connector *connector = tls->connector;
    tls->certificate = true;
    /* Bound to what is parsed now, not to what was there when the handshake began. */
    if (cpmsync_tls_trust_digest(&connector->trust, &connector->binding, tls->facts.digest))
        memset(tls->facts.digest, 0, sizeof(tls->facts.digest));
    int error = cpmsync_tls_trust_load(&connector->trust, &tls->chain, &tls->code);
    if (error)
        return error;
    mbedtls_ssl_conf_ca_chain(&tls->conf, tls->chain.raw.p ? &tls->chain : NULL, NULL);
    tls->session_checked = tls->now;
    tls->facts.checked = cpmsync_tls_wall_time(connector);
    return 0;
}

static void drop_trust(struct cpmsync_tls *tls)
{
    mbedtls_ssl_conf_ca_chain(&tls->conf, NULL, NULL);
    mbedtls_x509_crt_free(&tls->chain);
    mbedtls_x509_crt_init(&tls->chain);
}

static int handshake_failed(struct cpmsync_tls *tls, int code)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    if (tls->certificate && flags && flags != UINT32_MAX && !tls->inner_error) {
        tls->x509_flags = flags;
        tls->code = code;
        cpmsync_tls_fail(tls, error_of_flags(flags));
    } else {
        cpmsync_tls_fail_code(tls, code);
    }
    /* It may be the session that the server chokes on. */
    if (tls->offered && tls->error == CPMSYNC_ERR_TLS)
        cpmsync_tls_forget_session(tls->connector);
    return tls->error;
}

/*
 * Where the server declined the session and gave no new ticket, mbedTLS keeps the old ticket beside the new secret: the
 * next handshake would fail with them. So a declined session is forgotten, and the next connection offers none.
 */
static void after_handshake(struct cpmsync_tls *tls)
{
    if (tls->offered && tls->certificate)
        cpmsync_tls_forget_session(tls->connector);
    else if (!cpmsync_tls_is_1_3(&tls->ssl)) /* whose tickets come later */
        cpmsync_tls_keep_session(tls);
}

static int refuse(struct cpmsync_tls *tls)
{
    uint32_t flags = tls->ask.flags ? tls->ask.flags : MBEDTLS_X509_BADCERT_OTHER;
    (void)mbedtls_ssl_send_alert_message(&tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
    tls->x509_flags = flags;
    tls->code = MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
    return cpmsync_tls_fail(tls, error_of_flags(flags));
}

/* 1: the handshake may go on; 0: the app has yet to answer. */
static int settle_trust(struct cpmsync_tls *tls)
{
    if (!tls->checked || !cpmsync_tls_asks(tls->connector))
        return 1;
    int verdict = cpmsync_tls_ask_verdict(tls);
    if (verdict == CPMSYNC_TLS_TRUST)
        return 1;
    if (verdict == CPMSYNC_TLS_REFUSE)
        return refuse(tls);
    tls->want = 0;
    return tls->now >= tls->deadline ? cpmsync_tls_fail(tls, CPMSYNC_ERR_TIMEOUT) : 0;
}

/* Somebody vouched for the server: now, or when the session was made. */
static bool is_vouched(const struct cpmsync_tls *tls, uint32_t flags)
{
    bool asks = cpmsync_tls_asks(tls->connector);
    if (!tls->certificate) /* the session is bound to whether the app is asked */
        return tls->offered && (asks || !flags);
    return tls->checked && (asks ? tls->ask.verdict == CPMSYNC_TLS_TRUST : !flags);
}

static int handshake_done(struct cpmsync_tls *tls)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    drop_trust(tls);
    /* Never reached unless mbedTLS lets a handshake pass that nobody vouched for. */
    if (!is_vouched(tls, flags)) {
        tls->x509_flags = flags;
        return cpmsync_tls_fail(tls, CPMSYNC_ERR_TLS_CERT);
    }
    snprintf(tls->detail, sizeof(tls->detail), "%s %s", mbedtls_ssl_get_version(&tls->ssl),
        mbedtls_ssl_get_ciphersuite(&tls->ssl));
    tls->state = CPMSYNC_TLS_OPEN;
    tls->deadline = CPMSYNC_NEVER;
    after_handshake(tls);
    return 1;
}

int cpmsync_tls_step_handshake(struct cpmsync_tls *tls)
{
    int code = 0;
    while (!cpmsync_tls_is_over(&tls->ssl)) {
        int settled = settle_trust(tls);
        if (settled <= 0)
            return settled;
        if (cpmsync_tls_state(&tls->ssl) == MBEDTLS_SSL_SERVER_CERTIFICATE && !tls->certificate) {
            int error = load_trust(tls);
            if (error)
                return cpmsync_tls_fail(tls, error);
        }
        code = mbedtls_ssl_handshake_step(&tls->ssl);
        if (cpmsync_tls_would_block(code)) {
            tls->want = code == MBEDTLS_ERR_SSL_WANT_READ ? CPMSYNC_POLL_READ : CPMSYNC_POLL_WRITE;
            return tls->now >= tls->deadline ? cpmsync_tls_fail(tls, CPMSYNC_ERR_TIMEOUT) : 0;
        }
        if (code)
            return handshake_failed(tls, code);
    }
    return handshake_done(tls);
}
