/* SPDX-License-Identifier: MIT */
/*
 * The other end of a TLS connection, for tests: certificates made on the spot, and a server that is stepped like a client
 * (CPMSYNC_WITH_TLS).
 */
#ifndef CPMSYNC_TEST_TLS_PEER_H
#define CPMSYNC_TEST_TLS_PEER_H

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

struct support_random {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
};

void support_random_init(struct support_random *random);
void support_random_clear(struct support_random *random);

/* ---------------------------------------------------------------- certificates */

struct support_certificate_spec {
    const char *common_name;
    const char *dns[2];     /* dNSNames, NULL where there are less */
    const uint8_t *address; /* an iPAddress, or NULL */
    size_t address_len;
    const char *not_before; /* NULL: 20010101000000 */
    const char *not_after;  /* NULL: 20491231235959 */
    int is_ca;
};

/* A P-256 key and the certificate for it. */
struct support_certificate {
    mbedtls_pk_context key;
    mbedtls_x509_crt crt;
    char pem[2048];
    size_t pem_len; /* the NUL counted, as mbedTLS likes it */
    char name[96];  /* the subject */
};

/* `issuer` NULL: signed by itself. Fails the test on any error. */
void support_certificate_make(struct support_certificate *certificate, const struct support_certificate_spec *spec,
    const struct support_certificate *issuer, struct support_random *random);
void support_certificate_clear(struct support_certificate *certificate);
/* SHA-256 of its SubjectPublicKeyInfo, written anew from the key. */
void support_certificate_pin(struct support_certificate *certificate, uint8_t pin[32]);
/* Shown by the server behind its own certificate from now on. */
void support_certificate_append(struct support_certificate *certificate, const struct support_certificate *shown);

/* ---------------------------------------------------------------- a pipe in memory */

enum { SUPPORT_PIPE_MAX = 65536 };

struct support_pipe {
    uint8_t octets[SUPPORT_PIPE_MAX];
    size_t start, len;
    size_t room;   /* octets it takes before the writer would block; 0: all of it */
    size_t chunk;  /* octets a call moves at most; 0: no limit */
    int64_t total; /* octets that ever went in */
    int closed;    /* the writer is gone: the reader gets what is left, then the end */
};

/* Octets moved; 0: would block. */
size_t support_pipe_write(struct support_pipe *pipe, const void *data, size_t len);
/* The same; -1: the end. */
int64_t support_pipe_read(struct support_pipe *pipe, void *data, size_t len);

/* ---------------------------------------------------------------- the server */

struct support_tls_server {
    struct support_pipe *in, *out;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    char sni[64]; /* what the client named, "" if nothing */
};

/* The tickets may be shared by several servers; NULL: none are given. */
void support_tls_server_init(struct support_tls_server *server, struct support_pipe *in, struct support_pipe *out,
    struct support_certificate *certificate, mbedtls_ssl_ticket_context *tickets, struct support_random *random);
/* 1 when the handshake is done, 0 while not, mbedTLS's code when it failed. */
int support_tls_server_step(struct support_tls_server *server);
void support_tls_server_clear(struct support_tls_server *server);

#endif
