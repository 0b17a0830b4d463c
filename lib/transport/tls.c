/* SPDX-License-Identifier: MIT */
#include <cpmsync/transport.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/sized.h"
#include "transport/address.h"
#include "transport/tls_session.h"
#include "transport/tls_shim.h"
#include "transport/tls_trust.h"

#define HANDSHAKE_TIMEOUT_MS 60000
#define SESSION_MS ((int64_t)CPMSYNC_TLS_SESSION_SECONDS * 1000)

enum { SEND_MAX = 4096, IDLE_RECORDS_MAX = 8, DETAIL_MAX = 96 };

struct connector {
    const struct cpmsync_allocator *mem;
    struct cpmsync_connector inner;
    struct cpmsync_tls_config config; /* without the pointers that are copied below */
    char *host;                       /* without a final dot */
    struct cpmsync_address address;   /* family 0: host is a name */
    char *ca_file;
    uint8_t *ca_data;
    struct cpmsync_tls_trust trust;
    struct cpmsync_tls_random random;
    uint8_t *session; /* in memory: the octets of tls_session.h; secret */
    size_t session_len;
    int64_t session_checked; /* when its certificate was checked, by step's clock */
};

enum state {
    STATE_CONNECTING, /* the transport below is not ready. Next: CLEAR with starttls, else HANDSHAKE, FAILED */
    STATE_CLEAR,      /* octets pass untouched. Next: HANDSHAKE by starttls(), FAILED */
    STATE_HANDSHAKE,  /* Next: OPEN, FAILED */
    STATE_OPEN,       /* octets flow encrypted. Next: FAILED */
    STATE_FAILED      /* `error` says why */
};

struct tls {
    struct connector *connector;
    struct cpmsync_transport inner;
    enum state state;
    int error;
    int code; /* mbedTLS's, of the last failure */
    uint32_t x509_flags;
    int inner_error; /* what the transport below said in recv or send */
    int64_t now;
    int64_t deadline; /* of the handshake; CPMSYNC_NEVER until it began */
    unsigned want;    /* CPMSYNC_POLL_* of the handshake */

    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt
        chain;        /* what is trusted; parsed only if the server shows a certificate, dropped behind it (R27) */
    bool certificate; /* the handshake came to the server's certificate: it is a full one */
    bool checked;     /* our own check of the certificate ran */
    bool offered;     /* a saved session was offered */

    struct cpmsync_tls_session_facts facts; /* of the session in use */
    int64_t session_checked;

    uint8_t held[SEND_MAX]; /* taken from the caller and handed to mbedTLS, which could not send all of it yet */
    size_t held_len;
    char detail[DETAIL_MAX];
};

/* ---------------------------------------------------------------- errors */

static int fail(struct tls *tls, int error)
{
    tls->state = STATE_FAILED;
    tls->error = error;
    return error;
}

static bool would_block(int code)
{
    return code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int error_of_flags(uint32_t flags)
{
    return flags == MBEDTLS_X509_BADCERT_CN_MISMATCH ? CPMSYNC_ERR_TLS_HOST : CPMSYNC_ERR_TLS_CERT;
}

static int error_of(const struct tls *tls, int code)
{
    if (tls->inner_error)
        return tls->inner_error;
    if (code == MBEDTLS_ERR_SSL_CONN_EOF || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return CPMSYNC_ERR_CLOSED;
    if (code == MBEDTLS_ERR_SSL_ALLOC_FAILED || code == MBEDTLS_ERR_X509_ALLOC_FAILED) /* one and the same in 4.x */
        return CPMSYNC_ERR_NOMEM;
    return CPMSYNC_ERR_TLS;
}

static int fail_code(struct tls *tls, int code)
{
    int error = error_of(tls, code);
    tls->code = error == CPMSYNC_ERR_CLOSED ? 0 : code;
    return fail(tls, error);
}

/* ---------------------------------------------------------------- the transport below */

static int bio_result(struct tls *tls, int64_t n, int blocked)
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
    struct tls *tls = ctx;
    return bio_result(tls, tls->inner.ops->send(tls->inner.self, data, len), MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int bio_recv(void *ctx, unsigned char *data, size_t len)
{
    struct tls *tls = ctx;
    return bio_result(tls, tls->inner.ops->recv(tls->inner.self, data, len), MBEDTLS_ERR_SSL_WANT_READ);
}

/* ---------------------------------------------------------------- sessions */

static int64_t wall_time(const struct connector *connector)
{
    const struct cpmsync_tls_config *config = &connector->config;
    int64_t wall = config->wall_time ? config->wall_time(config->session_ctx) : 0;
    return wall > 0 ? wall : 0;
}

static bool keeps_in_memory(const struct connector *connector)
{
    return !connector->config.session_load && !connector->config.session_save;
}

static void wipe_free(const struct cpmsync_allocator *mem, uint8_t *block, size_t len)
{
    if (block)
        cpmsync_mem_wipe(block, len);
    cpmsync_mem_free(mem, block);
}

static void forget_session(struct connector *connector)
{
    wipe_free(connector->mem, connector->session, connector->session_len);
    connector->session = NULL;
    connector->session_len = 0;
    if (connector->config.session_save)
        connector->config.session_save(connector->config.session_ctx, NULL, 0);
}

static void keep_session(struct tls *tls)
{
    struct connector *connector = tls->connector;
    uint8_t *data;
    size_t len;
    if (connector->config.no_resumption)
        return;
    if (cpmsync_tls_session_write(connector->mem, &tls->ssl, &tls->facts, &data, &len))
        return;
    if (keeps_in_memory(connector)) {
        wipe_free(connector->mem, connector->session, connector->session_len);
        connector->session = data;
        connector->session_len = len;
        connector->session_checked = tls->session_checked;
        return;
    }
    if (connector->config.session_save)
        connector->config.session_save(connector->config.session_ctx, data, len);
    wipe_free(connector->mem, data, len);
}

/* Offers these octets if they are bound to what we are about to do. */
static void offer_octets(struct tls *tls, const uint8_t *data, size_t len)
{
    const struct connector *connector = tls->connector;
    struct cpmsync_tls_session_facts facts;
    if (cpmsync_tls_session_facts(data, len, &facts) ||
        !cpmsync_tls_session_is_valid(&facts, tls->facts.digest, wall_time(connector)))
        return;
    if (cpmsync_tls_session_offer(&tls->ssl, data, len))
        return;
    tls->offered = true;
    tls->facts.checked = facts.checked;
}

static void offer_session(struct tls *tls)
{
    const struct connector *connector = tls->connector;
    const struct cpmsync_tls_config *config = &connector->config;
    if (config->no_resumption ||
        cpmsync_tls_trust_digest(&connector->trust, connector->host, config->starttls, tls->facts.digest))
        return;
    if (keeps_in_memory(connector)) {
        if (!connector->session || tls->now - connector->session_checked >= SESSION_MS)
            return;
        offer_octets(tls, connector->session, connector->session_len);
        tls->session_checked = connector->session_checked;
        return;
    }
    if (!config->session_load)
        return;
    uint8_t *data = cpmsync_mem_alloc(connector->mem, CPMSYNC_TLS_SESSION_MAX);
    if (!data)
        return;
    int64_t len = config->session_load(config->session_ctx, data, CPMSYNC_TLS_SESSION_MAX);
    if (len > 0 && len <= CPMSYNC_TLS_SESSION_MAX)
        offer_octets(tls, data, (size_t)len);
    wipe_free(connector->mem, data, CPMSYNC_TLS_SESSION_MAX);
}

/* ---------------------------------------------------------------- the handshake */

/* Runs for each certificate of the chain, the server's own last. */
static int verify(void *ctx, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    struct tls *tls = ctx;
    const struct cpmsync_address *address = &tls->connector->address;
    if (depth)
        return 0;
    *flags |= cpmsync_tls_trust_check_host(certificate, address->family ? address : NULL);
    tls->checked = true;
    return 0;
}

static int start_handshake(struct tls *tls)
{
    struct connector *connector = tls->connector;
    int64_t timeout = connector->config.handshake_timeout_ms;
    const char *name =
        connector->address.family ? NULL : connector->host; /* RFC 6066 3: an address is no server name */
    int code = mbedtls_ssl_config_defaults(
        &tls->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (code)
        return fail_code(tls, code);
    mbedtls_ssl_conf_authmode(&tls->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(&tls->conf, verify, tls);
    cpmsync_tls_min_1_2(&tls->conf);
    cpmsync_tls_random_use(&connector->random, &tls->conf);
    cpmsync_tls_want_tickets(&tls->conf);

    code = mbedtls_ssl_setup(&tls->ssl, &tls->conf);
    if (!code)
        code = mbedtls_ssl_set_hostname(&tls->ssl, name);
    if (code)
        return fail_code(tls, code);
    mbedtls_ssl_set_bio(&tls->ssl, tls, bio_send, bio_recv, NULL);
    offer_session(tls);
    tls->deadline = timeout == CPMSYNC_OFF || timeout > CPMSYNC_NEVER - tls->now ? CPMSYNC_NEVER : tls->now + timeout;
    tls->want = CPMSYNC_POLL_WRITE;
    tls->state = STATE_HANDSHAKE;
    return 0;
}

/* The server is about to show its certificate: now somebody has to be trusted. */
static int load_trust(struct tls *tls)
{
    const struct connector *connector = tls->connector;
    tls->certificate = true;
    /* Bound to what is parsed now, not to what was there when the handshake began. */
    int unbound =
        cpmsync_tls_trust_digest(&connector->trust, connector->host, connector->config.starttls, tls->facts.digest);
    if (unbound)
        memset(tls->facts.digest, 0, sizeof(tls->facts.digest));
    int error = cpmsync_tls_trust_load(&connector->trust, &tls->chain, &tls->code);
    if (error)
        return error;
    mbedtls_ssl_conf_ca_chain(&tls->conf, &tls->chain, NULL);
    tls->session_checked = tls->now;
    tls->facts.checked = wall_time(connector);
    return 0;
}

static void drop_trust(struct tls *tls)
{
    mbedtls_ssl_conf_ca_chain(&tls->conf, NULL, NULL);
    mbedtls_x509_crt_free(&tls->chain);
    mbedtls_x509_crt_init(&tls->chain);
}

static int handshake_failed(struct tls *tls, int code)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    if (tls->certificate && flags && flags != UINT32_MAX && !tls->inner_error) {
        tls->x509_flags = flags;
        tls->code = code;
        fail(tls, error_of_flags(flags));
    } else {
        fail_code(tls, code);
    }
    /* It may be the session that the server chokes on. */
    if (tls->offered && tls->error == CPMSYNC_ERR_TLS)
        forget_session(tls->connector);
    return tls->error;
}

/*
 * Where the server declined the session and gave no new ticket, mbedTLS keeps the old ticket beside the new secret: the
 * next handshake would fail with them. So a declined session is forgotten, and the next connection offers none.
 */
static void after_handshake(struct tls *tls)
{
    if (tls->offered && tls->certificate)
        forget_session(tls->connector);
    else if (!cpmsync_tls_is_1_3(&tls->ssl)) /* whose tickets come later */
        keep_session(tls);
}

static int handshake_done(struct tls *tls)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    drop_trust(tls);
    /* Never reached unless mbedTLS lets a handshake pass that nobody vouched for. */
    if (flags || (tls->certificate ? !tls->checked : !tls->offered)) {
        tls->x509_flags = flags;
        return fail(tls, CPMSYNC_ERR_TLS_CERT);
    }
    snprintf(tls->detail, sizeof(tls->detail), "%s %s", mbedtls_ssl_get_version(&tls->ssl),
        mbedtls_ssl_get_ciphersuite(&tls->ssl));
    tls->state = STATE_OPEN;
    tls->deadline = CPMSYNC_NEVER;
    after_handshake(tls);
    return 1;
}

static int step_handshake(struct tls *tls)
{
    int code = 0;
    while (!cpmsync_tls_is_over(&tls->ssl)) {
        if (cpmsync_tls_state(&tls->ssl) == MBEDTLS_SSL_SERVER_CERTIFICATE && !tls->certificate) {
            int error = load_trust(tls);
            if (error)
                return fail(tls, error);
        }
        code = mbedtls_ssl_handshake_step(&tls->ssl);
        if (would_block(code)) {
            tls->want = code == MBEDTLS_ERR_SSL_WANT_READ ? CPMSYNC_POLL_READ : CPMSYNC_POLL_WRITE;
            return tls->now >= tls->deadline ? fail(tls, CPMSYNC_ERR_TIMEOUT) : 0;
        }
        if (code)
            return handshake_failed(tls, code);
    }
    return handshake_done(tls);
}

/* ---------------------------------------------------------------- octets */

/*
 * mbedTLS may have encrypted a record it could not send; it wants to be called again with the same octets. The caller
 * may come with others, so they are held here and count as taken.
 */
static int flush_held(struct tls *tls)
{
    while (tls->held_len) {
        int code = mbedtls_ssl_write(&tls->ssl, tls->held, tls->held_len);
        if (would_block(code))
            return 0;
        if (code < 0)
            return fail_code(tls, code);
        tls->held_len -= (size_t)code;
        memmove(tls->held, tls->held + code, tls->held_len);
    }
    cpmsync_mem_wipe(tls->held, sizeof(tls->held));
    return 1;
}

static int64_t send_encrypted(struct tls *tls, const uint8_t *data, size_t size)
{
    if (tls->held_len) {
        int flushed = flush_held(tls);
        if (flushed <= 0)
            return flushed;
    }
    size_t len = size < SEND_MAX ? size : SEND_MAX;
    int code = mbedtls_ssl_write(&tls->ssl, data, len);
    if (code > 0)
        return code;
    if (code < 0 && !would_block(code))
        return fail_code(tls, code);
    memcpy(tls->held, data, len);
    tls->held_len = len;
    return (int64_t)len;
}

static int64_t recv_decrypted(struct tls *tls, uint8_t *data, size_t size)
{
    for (int idle = 0; idle < IDLE_RECORDS_MAX; idle++) {
        int code = mbedtls_ssl_read(&tls->ssl, data, size);
        if (code > 0)
            return code;
        if (would_block(code)) {
            /* In TLS 1.3 it may only have put a ticket aside, for the next call to read. */
            if (mbedtls_ssl_check_pending(&tls->ssl))
                continue;
            return 0;
        }
        if (cpmsync_tls_is_ticket(code))
            keep_session(tls);
        else if (code < 0)
            return fail_code(tls, code);
        else if (tls->inner_error) /* else it was a record without octets */
            return fail_code(tls, MBEDTLS_ERR_SSL_CONN_EOF);
    }
    return 0;
}

/* ---------------------------------------------------------------- the contract */

static int step_inner(struct tls *tls)
{
    int result = tls->inner.ops->step(tls->inner.self, tls->now);
    if (result < 0)
        return fail(tls, result);
    if (!result || tls->state != STATE_CONNECTING)
        return result;
    if (tls->connector->config.starttls)
        tls->state = STATE_CLEAR;
    else if (start_handshake(tls))
        return tls->error;
    return 1;
}

static int tls_step(void *self, int64_t now)
{
    struct tls *tls = self;
    int result;
    tls->now = now;
    if (tls->state == STATE_FAILED)
        return tls->error;
    result = step_inner(tls);
    if (result < 0)
        return result;
    if (tls->state == STATE_CONNECTING)
        return 0;
    if (tls->state == STATE_HANDSHAKE)
        return step_handshake(tls);
    if (tls->held_len && flush_held(tls) < 0)
        return tls->error;
    return 1;
}

static int64_t tls_recv(void *self, void *data, size_t size)
{
    struct tls *tls = self;
    if (tls->state == STATE_FAILED)
        return tls->error;
    if (tls->state == STATE_CLEAR)
        return tls->inner.ops->recv(tls->inner.self, data, size);
    if (tls->state != STATE_OPEN || !size)
        return 0;
    return recv_decrypted(tls, data, size);
}

static int64_t tls_send(void *self, const void *data, size_t size)
{
    struct tls *tls = self;
    if (tls->state == STATE_FAILED)
        return tls->error;
    if (tls->state == STATE_CLEAR)
        return tls->inner.ops->send(tls->inner.self, data, size);
    if (tls->state != STATE_OPEN || !size)
        return 0;
    return send_encrypted(tls, data, size);
}

static int64_t tls_expiry(void *self)
{
    const struct tls *tls = self;
    if (tls->state == STATE_FAILED)
        return CPMSYNC_NEVER;
    int64_t inner = tls->inner.ops->expiry(tls->inner.self);
    return inner < tls->deadline ? inner : tls->deadline;
}

static size_t tls_pollfds(void *self, unsigned want, struct cpmsync_pollfd *fds, size_t max)
{
    const struct tls *tls = self;
    if (tls->state == STATE_HANDSHAKE)
        want = tls->want;
    else if (tls->held_len)
        want |= CPMSYNC_POLL_WRITE;
    return tls->inner.ops->pollfds(tls->inner.self, want, fds, max);
}

static size_t tls_pending(void *self)
{
    const struct tls *tls = self;
    size_t pending = tls->inner.ops->pending(tls->inner.self);
    if (tls->state != STATE_OPEN)
        return pending;
    size_t own = mbedtls_ssl_get_bytes_avail(&tls->ssl);
    if (!own && mbedtls_ssl_check_pending(&tls->ssl))
        own = 1;
    return own + pending;
}

static int tls_starttls(void *self)
{
    struct tls *tls = self;
    if (tls->state == STATE_FAILED)
        return tls->error;
    if (tls->state != STATE_CLEAR)
        return CPMSYNC_ERR_STATE;
    return start_handshake(tls);
}

static void tls_info(void *self, struct cpmsync_transport_info *info)
{
    const struct tls *tls = self;
    tls->inner.ops->info(tls->inner.self, info);
    info->x509_flags = tls->x509_flags;
    if (tls->code)
        info->backend_code = tls->code;
    info->detail = tls->detail;
    info->secure = tls->state == STATE_OPEN;
    info->resumed = info->secure && !tls->certificate;
    info->early = info->secure && !tls->connector->config.starttls && (info->resumed || cpmsync_tls_is_1_3(&tls->ssl));
}

static void tls_close(void *self)
{
    struct tls *tls = self;
    const struct cpmsync_allocator *mem = tls->connector->mem;
    if (tls->state == STATE_OPEN && (!tls->held_len || flush_held(tls) > 0))
        (void)mbedtls_ssl_close_notify(&tls->ssl);
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->conf);
    mbedtls_x509_crt_free(&tls->chain);
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

/* ---------------------------------------------------------------- the connector */

static int connector_open(void *self, int64_t now, struct cpmsync_transport *transport)
{
    struct connector *connector = self;
    int error = connector->random.seeded ? 0 : cpmsync_tls_random_seed(&connector->random);
    if (error)
        return error;
    struct tls *tls = cpmsync_mem_zalloc(connector->mem, sizeof(*tls));
    if (!tls)
        return CPMSYNC_ERR_NOMEM;
    error = connector->inner.ops->open(connector->inner.self, now, &tls->inner);
    if (error) {
        cpmsync_mem_free(connector->mem, tls);
        return error;
    }
    tls->connector = connector;
    tls->state = STATE_CONNECTING;
    tls->now = now;
    tls->deadline = CPMSYNC_NEVER;
    mbedtls_ssl_config_init(&tls->conf);
    mbedtls_ssl_init(&tls->ssl);
    mbedtls_x509_crt_init(&tls->chain);
    transport->ops = &tls_ops;
    transport->self = tls;
    return 0;
}

/* Waking is the matter of whoever has descriptors. */

static size_t connector_pollfds(void *self, struct cpmsync_pollfd *fds, size_t max)
{
    const struct cpmsync_connector *inner = &((struct connector *)self)->inner;
    return inner->ops->pollfds ? inner->ops->pollfds(inner->self, fds, max) : 0;
}

static int connector_wake(void *self)
{
    const struct cpmsync_connector *inner = &((struct connector *)self)->inner;
    return inner->ops->wake ? inner->ops->wake(inner->self) : CPMSYNC_ERR_UNSUPPORTED;
}

static void connector_woken(void *self)
{
    const struct cpmsync_connector *inner = &((struct connector *)self)->inner;
    if (inner->ops->woken)
        inner->ops->woken(inner->self);
}

static void connector_free(void *self)
{
    struct connector *connector = self;
    const struct cpmsync_allocator *mem = connector->mem;
    wipe_free(mem, connector->session, connector->session_len);
    cpmsync_tls_random_clear(&connector->random);
    cpmsync_mem_free(mem, connector->host);
    cpmsync_mem_free(mem, connector->ca_file);
    cpmsync_mem_free(mem, connector->ca_data);
    cpmsync_connector_free(&connector->inner);
    cpmsync_mem_free(mem, connector);
}

static const struct cpmsync_connector_ops connector_ops = {
    sizeof(struct cpmsync_connector_ops),
    connector_open,
    connector_pollfds,
    connector_wake,
    connector_woken,
    connector_free,
};

static int check_config(struct cpmsync_tls_config *config, const struct cpmsync_tls_config *given)
{
    int error = cpmsync_sized_read(config, sizeof(*config), given);
    if (error)
        return error;
    size_t host_len = config->host ? strlen(config->host) : 0;
    if (!host_len || host_len > MBEDTLS_SSL_MAX_HOST_NAME_LEN || !config->ca_data != !config->ca_data_len)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (config->handshake_timeout_ms < CPMSYNC_OFF)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!config->handshake_timeout_ms)
        config->handshake_timeout_ms = HANDSHAKE_TIMEOUT_MS;
#if defined(CPMSYNC_TLS_PSA_UNGUARDED)
    if (!config->single_thread)
        return CPMSYNC_ERR_STATE;
#endif
    return 0;
}

static int copy_settings(struct connector *connector)
{
    struct cpmsync_tls_config *config = &connector->config;
    size_t host_len = strlen(config->host);
    if (host_len > 1 && config->host[host_len - 1] == '.') /* certificates hold names without it */
        host_len--;
    connector->host = cpmsync_mem_copy(connector->mem, config->host, host_len);
    if (config->ca_file)
        connector->ca_file = cpmsync_mem_copy(connector->mem, config->ca_file, strlen(config->ca_file));
    if (config->ca_data)
        connector->ca_data = (uint8_t *)cpmsync_mem_copy(connector->mem, config->ca_data, config->ca_data_len);
    if (!connector->host || (config->ca_file && !connector->ca_file) || (config->ca_data && !connector->ca_data))
        return CPMSYNC_ERR_NOMEM;
    connector->trust.ca_file = connector->ca_file;
    connector->trust.ca_data = connector->ca_data;
    connector->trust.ca_data_len = config->ca_data_len;
    config->host = config->ca_file = NULL;
    config->ca_data = NULL;
    if (!cpmsync_address_parse(connector->host, &connector->address, NULL))
        connector->address.family = 0;
    return 0;
}

int cpmsync_connector_tls(
    struct cpmsync_connector *out, struct cpmsync_connector *inner, const struct cpmsync_tls_config *given)
{
    struct cpmsync_tls_config config;
    struct connector *connector = NULL;
    int error = out && inner && inner->ops ? check_config(&config, given) : CPMSYNC_ERR_INVALID_ARGUMENT;
    if (error)
        goto refused;
    connector = cpmsync_mem_zalloc(config.allocator, sizeof(*connector));
    if (!connector) {
        error = CPMSYNC_ERR_NOMEM;
        goto refused;
    }
    connector->mem = config.allocator;
    connector->config = config;
    connector->inner = *inner;
    inner->ops = NULL;
    error = copy_settings(connector);
    if (error) {
        connector_free(connector);
        return error;
    }
    out->ops = &connector_ops;
    out->self = connector;
    return 0;

refused:
    cpmsync_connector_free(inner);
    return error;
}
