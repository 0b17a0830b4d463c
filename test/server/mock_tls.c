/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "mock_tls.h"

#include "mock_session.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

enum { TICKET_SECONDS = 86400, NAME_MAX_OCTETS = 256 };

struct mock_tls {
    struct cpmsync_mock *mock;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt chain;
    mbedtls_x509_crt client_ca;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_cache_context cache;
    mbedtls_ssl_ticket_context tickets;
};

struct mock_tls_session {
    mbedtls_ssl_context ssl;
    const struct mock_tls *tls;
    int fd;
    int wants_write;
    int failed;         /* mbedTLS's code of a handshake */
    int first_finished; /* the state in which the first Finished message went or came */
    char client[NAME_MAX_OCTETS];
    unsigned char end_point[MBEDTLS_MD_MAX_SIZE];
};

static int complain(const struct mock_tls *tls, const char *what, int code)
{
    char text[128];
    mbedtls_strerror(code, text, sizeof text);
    return cpmsync_mock_explain(tls->mock, CPMSYNC_ERR_TLS, "%s: %s", what, text);
}

static int read_files(struct mock_tls *tls, const char *cert_file, const char *key_file)
{
    int code = mbedtls_x509_crt_parse_file(&tls->chain, cert_file);
    if (code != 0)
        return complain(tls, cert_file, code);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    code = mbedtls_pk_parse_keyfile(&tls->key, key_file, NULL, mbedtls_ctr_drbg_random, &tls->random);
#else
    code = mbedtls_pk_parse_keyfile(&tls->key, key_file, NULL);
#endif
    if (code != 0)
        return complain(tls, key_file, code);
    code = mbedtls_ssl_conf_own_cert(&tls->config, &tls->chain, &tls->key);
    return code ? complain(tls, "certificate and key", code) : 0;
}

static int ask_for_certificates(struct mock_tls *tls, const char *ca_file)
{
    int code = ca_file ? mbedtls_x509_crt_parse_file(&tls->client_ca, ca_file) : 0;
    if (code != 0)
        return complain(tls, ca_file, code);
    if (ca_file) {
        mbedtls_ssl_conf_ca_chain(&tls->config, &tls->client_ca, NULL);
        mbedtls_ssl_conf_authmode(&tls->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    }
    return 0;
}

static int configure(struct mock_tls *tls)
{
    int code = mbedtls_ssl_config_defaults(
        &tls->config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (code != 0)
        return complain(tls, "TLS", code);
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    mbedtls_ssl_conf_min_tls_version(&tls->config, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    mbedtls_ssl_conf_min_version(&tls->config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
    mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &tls->random);
    mbedtls_ssl_conf_session_cache(&tls->config, &tls->cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
    code = mbedtls_ssl_ticket_setup(
        &tls->tickets, mbedtls_ctr_drbg_random, &tls->random, MBEDTLS_CIPHER_AES_256_GCM, TICKET_SECONDS);
    if (code != 0)
        return complain(tls, "TLS tickets", code);
    mbedtls_ssl_conf_session_tickets_cb(
        &tls->config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tls->tickets);
    return 0;
}

int cpmsync_mock_tls_new(struct mock_tls **out, struct cpmsync_mock *mock, const char *cert_file, const char *key_file,
    const char *client_ca_file)
{
    struct mock_tls *tls = (struct mock_tls *)calloc(1, sizeof *tls);
    if (!tls)
        return CPMSYNC_ERR_NOMEM;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    psa_crypto_init();
#endif
    tls->mock = mock;
    mbedtls_entropy_init(&tls->entropy);
    mbedtls_ctr_drbg_init(&tls->random);
    mbedtls_x509_crt_init(&tls->chain);
    mbedtls_x509_crt_init(&tls->client_ca);
    mbedtls_pk_init(&tls->key);
    mbedtls_ssl_config_init(&tls->config);
    mbedtls_ssl_cache_init(&tls->cache);
    mbedtls_ssl_ticket_init(&tls->tickets);
    int code = mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0);
    int error = code ? complain(tls, "random numbers", code) : configure(tls);
    error = error ? error : read_files(tls, cert_file, key_file);
    error = error ? error : ask_for_certificates(tls, client_ca_file);
    if (error) {
        cpmsync_mock_tls_free(tls);
        return error;
    }
    *out = tls;
    return 0;
}

void cpmsync_mock_tls_free(struct mock_tls *tls)
{
    if (!tls)
        return;
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_ssl_cache_free(&tls->cache);
    mbedtls_ssl_ticket_free(&tls->tickets);
    mbedtls_pk_free(&tls->key);
    mbedtls_x509_crt_free(&tls->chain);
    mbedtls_x509_crt_free(&tls->client_ca);
    mbedtls_ctr_drbg_free(&tls->random);
    mbedtls_entropy_free(&tls->entropy);
    free(tls);
}

static int send_octets(void *ctx, const unsigned char *data, size_t len)
{
    ssize_t sent = send(((struct mock_tls_session *)ctx)->fd, data, len, MSG_NOSIGNAL);
    if (sent >= 0)
        return (int)sent;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int receive_octets(void *ctx, unsigned char *data, size_t size)
{
    ssize_t got = recv(((struct mock_tls_session *)ctx)->fd, data, size, 0);
    if (got >= 0)
        return (int)got;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

struct mock_tls_session *cpmsync_mock_tls_start(struct mock_tls *tls, int fd)
{
    struct mock_tls_session *session = (struct mock_tls_session *)calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->fd = fd;
    session->tls = tls;
    session->first_finished = MBEDTLS_SSL_HANDSHAKE_OVER;
    mbedtls_ssl_init(&session->ssl);
    if (mbedtls_ssl_setup(&session->ssl, &tls->config) != 0) {
        cpmsync_mock_tls_end(session);
        return NULL;
    }
    mbedtls_ssl_set_bio(&session->ssl, session, send_octets, receive_octets, NULL);
    return session;
}

void cpmsync_mock_tls_end(struct mock_tls_session *session)
{
    if (!session)
        return;
    mbedtls_ssl_free(&session->ssl);
    free(session);
}

static int is_again(struct mock_tls_session *session, int code)
{
    session->wants_write = code == MBEDTLS_ERR_SSL_WANT_WRITE;
    return code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE;
}

int cpmsync_mock_tls_wants_write(const struct mock_tls_session *session)
{
    return session->wants_write;
}

int cpmsync_mock_tls_handshake(struct mock_tls_session *session)
{
    /* Step by step, since nothing tells later whose Finished was the first: the client's unless a session is resumed. */
    while (session->ssl.MBEDTLS_PRIVATE(state) != MBEDTLS_SSL_HANDSHAKE_OVER) {
        int state = session->ssl.MBEDTLS_PRIVATE(state), code = mbedtls_ssl_handshake_step(&session->ssl);
        if (code != 0) {
            session->failed = code;
            return is_again(session, code) ? MOCK_TLS_AGAIN : MOCK_TLS_FAILED;
        }
        if (session->first_finished == MBEDTLS_SSL_HANDSHAKE_OVER &&
            (state == MBEDTLS_SSL_CLIENT_FINISHED || state == MBEDTLS_SSL_SERVER_FINISHED))
            session->first_finished = state;
    }
    return MOCK_TLS_DONE;
}

void cpmsync_mock_tls_why(const struct mock_tls_session *session, char *text, size_t size)
{
    mbedtls_strerror(session->failed, text, size);
}

/* The common name of a certificate that was asked for and verified. */
static void read_client(struct mock_tls_session *session)
{
    const mbedtls_x509_crt *cert = mbedtls_ssl_get_peer_cert(&session->ssl);
    const mbedtls_x509_name *name;
    if (!cert || !session->tls->client_ca.raw.p || mbedtls_ssl_get_verify_result(&session->ssl) != 0)
        return;
    for (name = &cert->subject; name; name = name->next)
        if (name->oid.p && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0 && name->val.len < NAME_MAX_OCTETS &&
            !memchr(name->val.p, 0, name->val.len)) {
            memcpy(session->client, name->val.p, name->val.len);
            session->client[name->val.len] = 0;
        }
}

/* tls-server-end-point: the certificate under the hash of its signature, SHA-256 for weaker ones (RFC 5929 4.1). */
static size_t read_end_point(struct mock_tls_session *session)
{
    const mbedtls_x509_crt *cert = &session->tls->chain;
    mbedtls_md_type_t type = cert->MBEDTLS_PRIVATE(sig_md);
    const mbedtls_md_info_t *hash =
        mbedtls_md_info_from_type(type == MBEDTLS_MD_MD5 || type == MBEDTLS_MD_SHA1 ? MBEDTLS_MD_SHA256 : type);
    return hash && mbedtls_md(hash, cert->raw.p, cert->raw.len, session->end_point) == 0 ? mbedtls_md_get_size(hash)
                                                                                         : 0;
}

void cpmsync_mock_tls_channel(struct mock_tls_session *session, struct cpmsync_mock_channel *channel)
{
    memset(channel, 0, sizeof *channel);
    channel->size = sizeof *channel;
    read_client(session);
    channel->client = session->client[0] ? session->client : NULL;
    channel->server_end_point_len = read_end_point(session);
    channel->server_end_point = channel->server_end_point_len ? session->end_point : NULL;
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    /* The first Finished of TLS 1.2 (RFC 5929 3.1), which renegotiation keeps; TLS 1.3 has no such binding. */
    const mbedtls_ssl_context *ssl = &session->ssl;
    bool client_first = session->first_finished == MBEDTLS_SSL_CLIENT_FINISHED;
    channel->unique_len =
        strcmp(mbedtls_ssl_get_version(ssl), "TLSv1.2") == 0 ? ssl->MBEDTLS_PRIVATE(verify_data_len) : 0;
    if (channel->unique_len)
        channel->unique = client_first ? ssl->MBEDTLS_PRIVATE(peer_verify_data) : ssl->MBEDTLS_PRIVATE(own_verify_data);
#endif
}

int cpmsync_mock_tls_read(struct mock_tls_session *session, void *data, size_t size)
{
    int code = mbedtls_ssl_read(&session->ssl, (unsigned char *)data, size);
    if (code > 0)
        return code;
    if (code == 0 || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return -2;
    return is_again(session, code) ? 0 : -1;
}

int cpmsync_mock_tls_write(struct mock_tls_session *session, const void *data, size_t len)
{
    int code = mbedtls_ssl_write(&session->ssl, (const unsigned char *)data, len);
    if (code >= 0)
        return code;
    return is_again(session, code) ? 0 : -1;
}

void cpmsync_mock_tls_close(struct mock_tls_session *session)
{
    mbedtls_ssl_close_notify(&session->ssl);
}
