/* SPDX-License-Identifier: MIT */
#include "support/tls_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/version.h>

void support_random_init(struct support_random *random)
{
    mbedtls_entropy_init(&random->entropy);
    mbedtls_ctr_drbg_init(&random->drbg);
    assert_int_equal(mbedtls_ctr_drbg_seed(&random->drbg, mbedtls_entropy_func, &random->entropy, NULL, 0), 0);
}

void support_random_clear(struct support_random *random)
{
    mbedtls_ctr_drbg_free(&random->drbg);
    mbedtls_entropy_free(&random->entropy);
}

/* ---------------------------------------------------------------- certificates */

/* One GeneralName, written backwards as mbedTLS does: returns its length. */
static size_t put_name(unsigned char **at, unsigned char *start, const void *data, size_t len, unsigned char tag)
{
    int n = mbedtls_asn1_write_raw_buffer(at, start, data, len);
    assert_int_equal(n, len);
    n += mbedtls_asn1_write_len(at, start, len);
    n += mbedtls_asn1_write_tag(at, start, (unsigned char)(MBEDTLS_ASN1_CONTEXT_SPECIFIC | tag));
    return (size_t)n;
}

static void put_alternative_names(mbedtls_x509write_cert *writer, const struct support_certificate_spec *spec)
{
    unsigned char octets[256], *at = octets + sizeof(octets);
    size_t len = 0;
    for (size_t i = 0; i < 2; i++)
        if (spec->dns[i])
            len += put_name(&at, octets, spec->dns[i], strlen(spec->dns[i]), 2);
    if (spec->address)
        len += put_name(&at, octets, spec->address, spec->address_len, 7);
    if (!len)
        return;
    len += (size_t)mbedtls_asn1_write_len(&at, octets, len);
    len += (size_t)mbedtls_asn1_write_tag(&at, octets, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
    assert_int_equal(mbedtls_x509write_crt_set_extension(writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, at, len),
        0);
}

static void put_serial(mbedtls_x509write_cert *writer, struct support_random *random)
{
    unsigned char serial[8];
    assert_int_equal(mbedtls_ctr_drbg_random(&random->drbg, serial, sizeof(serial)), 0);
    serial[0] = 1;
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    assert_int_equal(mbedtls_x509write_crt_set_serial_raw(writer, serial, sizeof(serial)), 0);
#else
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    assert_int_equal(mbedtls_mpi_read_binary(&number, serial, sizeof(serial)), 0);
    assert_int_equal(mbedtls_x509write_crt_set_serial(writer, &number), 0);
    mbedtls_mpi_free(&number);
#endif
}

void support_certificate_make(struct support_certificate *certificate, const struct support_certificate_spec *spec,
    const struct support_certificate *issuer, struct support_random *random)
{
    mbedtls_x509write_cert writer;
    if (!issuer)
        issuer = certificate;
    memset(certificate, 0, sizeof(*certificate));
    mbedtls_pk_init(&certificate->key);
    mbedtls_x509_crt_init(&certificate->crt);
    assert_int_equal(mbedtls_pk_setup(&certificate->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(certificate->key),
                         mbedtls_ctr_drbg_random, &random->drbg),
        0);
    snprintf(certificate->name, sizeof(certificate->name), "CN=%s", spec->common_name);

    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, &certificate->key);
    mbedtls_x509write_crt_set_issuer_key(&writer, (mbedtls_pk_context *)(uintptr_t)&issuer->key);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(&writer, certificate->name), 0);
    assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&writer, issuer->name), 0);
    assert_int_equal(mbedtls_x509write_crt_set_validity(&writer, spec->not_before ? spec->not_before : "20010101000000",
                         spec->not_after ? spec->not_after : "20491231235959"),
        0);
    assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(&writer, spec->is_ca, -1), 0);
    put_serial(&writer, random);
    put_alternative_names(&writer, spec);
    assert_int_equal(mbedtls_x509write_crt_pem(&writer, (unsigned char *)certificate->pem, sizeof(certificate->pem),
                         mbedtls_ctr_drbg_random, &random->drbg),
        0);
    mbedtls_x509write_crt_free(&writer);

    certificate->pem_len = strlen(certificate->pem) + 1;
    assert_int_equal(
        mbedtls_x509_crt_parse(&certificate->crt, (unsigned char *)certificate->pem, certificate->pem_len), 0);
}

void support_certificate_clear(struct support_certificate *certificate)
{
    mbedtls_x509_crt_free(&certificate->crt);
    mbedtls_pk_free(&certificate->key);
}

void support_certificate_pin(struct support_certificate *certificate, uint8_t pin[32])
{
    unsigned char der[256]; /* filled from its end */
    int len = mbedtls_pk_write_pubkey_der(&certificate->key, der, sizeof(der));
    assert_true(len > 0);
    assert_int_equal(
        mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), der + sizeof(der) - len, (size_t)len, pin), 0);
}

void support_certificate_append(struct support_certificate *certificate, const struct support_certificate *shown)
{
    assert_int_equal(mbedtls_x509_crt_parse_der(&certificate->crt, shown->crt.raw.p, shown->crt.raw.len), 0);
}

/* ---------------------------------------------------------------- a pipe in memory */

static size_t smallest(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t support_pipe_write(struct support_pipe *pipe, const void *data, size_t len)
{
    size_t room = pipe->room ? pipe->room : SUPPORT_PIPE_MAX;
    len = smallest(len, room > pipe->len ? room - pipe->len : 0);
    if (pipe->chunk)
        len = smallest(len, pipe->chunk);
    memmove(pipe->octets, pipe->octets + pipe->start, pipe->len);
    pipe->start = 0;
    memcpy(pipe->octets + pipe->len, data, len);
    pipe->len += len;
    pipe->total += (int64_t)len;
    return len;
}

int64_t support_pipe_read(struct support_pipe *pipe, void *data, size_t len)
{
    if (!pipe->len)
        return pipe->closed ? -1 : 0;
    len = smallest(len, pipe->len);
    if (pipe->chunk)
        len = smallest(len, pipe->chunk);
    memcpy(data, pipe->octets + pipe->start, len);
    pipe->start += len;
    pipe->len -= len;
    return (int64_t)len;
}

/* ---------------------------------------------------------------- the server */

static int bio_send(void *ctx, const unsigned char *data, size_t len)
{
    struct support_tls_server *server = ctx;
    size_t n = support_pipe_write(server->out, data, len);
    return n ? (int)n : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int bio_recv(void *ctx, unsigned char *data, size_t len)
{
    struct support_tls_server *server = ctx;
    int64_t n = support_pipe_read(server->in, data, len);
    if (n > 0)
        return (int)n;
    return n < 0 ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
}

static int note_name(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *name, size_t len)
{
    struct support_tls_server *server = ctx;
    (void)ssl;
    assert_true(len < sizeof(server->sni));
    memcpy(server->sni, name, len);
    server->sni[len] = '\0';
    return 0;
}

void support_tls_server_init(struct support_tls_server *server, struct support_pipe *in, struct support_pipe *out,
    struct support_certificate *certificate, mbedtls_ssl_ticket_context *tickets, struct support_random *random)
{
    memset(server, 0, sizeof(*server));
    server->in = in;
    server->out = out;
    mbedtls_ssl_config_init(&server->conf);
    mbedtls_ssl_init(&server->ssl);
    assert_int_equal(mbedtls_ssl_config_defaults(&server->conf, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                         MBEDTLS_SSL_PRESET_DEFAULT),
        0);
    mbedtls_ssl_conf_rng(&server->conf, mbedtls_ctr_drbg_random, &random->drbg);
    mbedtls_ssl_conf_sni(&server->conf, note_name, server);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&server->conf, &certificate->crt, &certificate->key), 0);
    if (tickets)
        mbedtls_ssl_conf_session_tickets_cb(&server->conf, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, tickets);
    assert_int_equal(mbedtls_ssl_setup(&server->ssl, &server->conf), 0);
    mbedtls_ssl_set_bio(&server->ssl, server, bio_send, bio_recv, NULL);
}

int support_tls_server_step(struct support_tls_server *server)
{
    int code = mbedtls_ssl_handshake(&server->ssl);
    if (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE)
        return 0;
    return code ? code : 1;
}

void support_tls_server_clear(struct support_tls_server *server)
{
    mbedtls_ssl_free(&server->ssl);
    mbedtls_ssl_config_free(&server->conf);
}
