/* SPDX-License-Identifier: MIT */
/* What a TLS connection and its connector are made of, shared by the files that work on them (CPMSYNC_WITH_TLS). */
#ifndef CPMSYNC_TRANSPORT_TLS_CONNECTION_H
#define CPMSYNC_TRANSPORT_TLS_CONNECTION_H

#include <cpmsync/transport.h>

#include <stdbool.h>

#include "base/mem.h"
#include "transport/tls_session.h"
#include "transport/tls_shim.h"
#include "transport/tls_trust.h"

enum { CPMSYNC_TLS_SEND_MAX = 4096, CPMSYNC_TLS_DETAIL_MAX = 96 };

/* The server's own certificate, eight authorities (mbedTLS's limit) and the anchor. */
enum { CPMSYNC_TLS_CHAIN_MAX = MBEDTLS_X509_MAX_INTERMEDIATE_CA + 2 };

struct cpmsync_tls;

struct cpmsync_tls_connector {
    const struct cpmsync_allocator *mem;
    struct cpmsync_tls *open; /* its connections */
    uint64_t asked;           /* how many questions there were */
    struct cpmsync_connector inner;
    struct cpmsync_tls_config config; /* without the pointers that are copied below */
    char *host;                       /* without a final dot */
    struct cpmsync_address address;   /* family 0: host is a name */
    char *account;
    char *ca_file;
    uint8_t *ca_data;
    uint8_t (*pins)[CPMSYNC_TLS_PIN_LEN];
    struct cpmsync_tls_trust trust;
    struct cpmsync_tls_binding binding;
    struct cpmsync_tls_random random;
    uint8_t *session; /* in memory: the octets of tls_session.h; secret */
    size_t session_len;
    int64_t session_checked; /* when its certificate was checked, by step's clock */
};

enum cpmsync_tls_state {
    CPMSYNC_TLS_CONNECTING, /* the transport below is not ready. Next: CLEAR with starttls, else HANDSHAKE, FAILED */
    CPMSYNC_TLS_CLEAR,      /* octets pass untouched. Next: HANDSHAKE by starttls(), FAILED */
    CPMSYNC_TLS_HANDSHAKE,  /* Next: OPEN, FAILED */
    CPMSYNC_TLS_OPEN,       /* octets flow encrypted. Next: FAILED */
    CPMSYNC_TLS_FAILED      /* `error` says why */
};

/* What the app is asked about the server. */
struct cpmsync_tls_ask {
    uint64_t id;                           /* 0: not asked yet */
    int verdict;                           /* enum cpmsync_tls_verdict */
    bool due;                              /* the verdict came from outside and the handshake has not seen it */
    uint32_t flags;                        /* what it was asked about */
    uint8_t *chain[CPMSYNC_TLS_CHAIN_MAX]; /* copies in DER, until the app has seen them */
    size_t lens[CPMSYNC_TLS_CHAIN_MAX];
    size_t count;
};

struct cpmsync_tls {
    struct cpmsync_tls_connector *connector;
    struct cpmsync_tls *next; /* of the connector's open ones */
    struct cpmsync_transport inner;
    enum cpmsync_tls_state state;
    int error;
    int code; /* mbedTLS's, of the last failure */
    uint32_t x509_flags;
    int inner_error; /* what the transport below said in recv or send */
    int64_t now;
    int64_t deadline; /* of the handshake; CPMSYNC_NEVER until it began */
    unsigned want;    /* CPMSYNC_POLL_* of the handshake */

    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    /* What is trusted; parsed only if the server shows a certificate, dropped behind it (R27). */
    mbedtls_x509_crt chain;
    bool certificate; /* the handshake came to the server's certificate: it is a full one */
    bool pinned;      /* an unbroken chain leads from the certificate being looked at to a pinned key */
    bool checked;     /* our own check of the certificate ran */
    bool offered;     /* a saved session was offered */

    struct cpmsync_tls_ask ask;

    struct cpmsync_tls_session_facts facts; /* of the session in use */
    int64_t session_checked;

    /* Taken from the caller and handed to mbedTLS, which could not send all of it yet. */
    uint8_t held[CPMSYNC_TLS_SEND_MAX];
    size_t held_len;
    char detail[CPMSYNC_TLS_DETAIL_MAX];
};

/* ---------------------------------------------------------------- memory */

static inline void cpmsync_tls_wipe_free(const struct cpmsync_allocator *mem, uint8_t *block, size_t len)
{
    if (block)
        cpmsync_mem_wipe(block, len);
    cpmsync_mem_free(mem, block);
}

/* ---------------------------------------------------------------- errors */

static inline int cpmsync_tls_fail(struct cpmsync_tls *tls, int error)
{
    tls->state = CPMSYNC_TLS_FAILED;
    tls->error = error;
    return error;
}

static inline bool cpmsync_tls_would_block(int code)
{
    return code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE;
}

static inline int cpmsync_tls_error_of(const struct cpmsync_tls *tls, int code)
{
    if (tls->inner_error)
        return tls->inner_error;
    if (code == MBEDTLS_ERR_SSL_CONN_EOF || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return CPMSYNC_ERR_CLOSED;
    if (code == MBEDTLS_ERR_SSL_ALLOC_FAILED || code == MBEDTLS_ERR_X509_ALLOC_FAILED) /* one and the same in 4.x */
        return CPMSYNC_ERR_NOMEM;
    return CPMSYNC_ERR_TLS;
}

static inline int cpmsync_tls_fail_code(struct cpmsync_tls *tls, int code)
{
    int error = cpmsync_tls_error_of(tls, code);
    tls->code = error == CPMSYNC_ERR_CLOSED ? 0 : code;
    return cpmsync_tls_fail(tls, error);
}

#endif
