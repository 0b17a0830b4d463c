/* SPDX-License-Identifier: MIT */
/* What differs between mbedTLS 2.28, 3.x and 4.x, and nothing else (CPMSYNC_WITH_TLS). */
#ifndef CPMSYNC_TRANSPORT_TLS_SHIM_H
#define CPMSYNC_TRANSPORT_TLS_SHIM_H

#include <mbedtls/version.h>

#if MBEDTLS_VERSION_NUMBER < 0x021c0000
#error "mbedTLS 2.28 or newer is needed"
#endif

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <cpmsync/error.h>

/* R28: where TLS runs on PSA, whose state belongs to the process. */
#if MBEDTLS_VERSION_NUMBER >= 0x04000000 || defined(MBEDTLS_USE_PSA_CRYPTO) || defined(MBEDTLS_SSL_PROTO_TLS1_3)
#define CPMSYNC_TLS_PSA 1
#include <psa/crypto.h>
#endif

/* ... and that state is guarded by nothing. */
#if defined(CPMSYNC_TLS_PSA) && (MBEDTLS_VERSION_NUMBER < 0x03060000 || !defined(MBEDTLS_THREADING_C))
#define CPMSYNC_TLS_PSA_UNGUARDED 1
#endif

/* ---------------------------------------------------------------- random numbers */

#if MBEDTLS_VERSION_NUMBER >= 0x04000000

struct cpmsync_tls_random {
    int seeded;
};

static inline int cpmsync_tls_random_seed(struct cpmsync_tls_random *random)
{
    random->seeded = psa_crypto_init() == PSA_SUCCESS;
    return random->seeded ? 0 : CPMSYNC_ERR_TLS;
}

static inline void cpmsync_tls_random_use(struct cpmsync_tls_random *random, mbedtls_ssl_config *conf)
{
    (void)random;
    (void)conf;
}

static inline void cpmsync_tls_random_clear(struct cpmsync_tls_random *random)
{
    random->seeded = 0;
}

#else

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>

struct cpmsync_tls_random {
    int seeded;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
};

static inline void cpmsync_tls_random_clear(struct cpmsync_tls_random *random)
{
    if (!random->seeded)
        return;
    mbedtls_ctr_drbg_free(&random->drbg);
    mbedtls_entropy_free(&random->entropy);
    random->seeded = 0;
}

static inline int cpmsync_tls_random_seed(struct cpmsync_tls_random *random)
{
#if defined(CPMSYNC_TLS_PSA)
    if (psa_crypto_init() != PSA_SUCCESS)
        return CPMSYNC_ERR_TLS;
#endif
    mbedtls_entropy_init(&random->entropy);
    mbedtls_ctr_drbg_init(&random->drbg);
    random->seeded = 1;
    if (!mbedtls_ctr_drbg_seed(&random->drbg, mbedtls_entropy_func, &random->entropy, NULL, 0))
        return 0;
    cpmsync_tls_random_clear(random);
    return CPMSYNC_ERR_TLS;
}

static inline void cpmsync_tls_random_use(struct cpmsync_tls_random *random, mbedtls_ssl_config *conf)
{
    mbedtls_ssl_conf_rng(conf, mbedtls_ctr_drbg_random, &random->drbg);
}

#endif

/* ---------------------------------------------------------------- versions and states */

#if MBEDTLS_VERSION_NUMBER >= 0x03000000

static inline void cpmsync_tls_min_1_2(mbedtls_ssl_config *conf)
{
    mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
}

/* mbedTLS's manual names this spelling for callers that step a handshake. */
static inline int cpmsync_tls_state(const mbedtls_ssl_context *ssl)
{
    return ssl->MBEDTLS_PRIVATE(state);
}

static inline int cpmsync_tls_is_over(mbedtls_ssl_context *ssl)
{
    return mbedtls_ssl_is_handshake_over(ssl);
}

static inline int cpmsync_tls_is_1_3(const mbedtls_ssl_context *ssl)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    return mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
#else
    (void)ssl;
    return 0;
#endif
}

#else

static inline void cpmsync_tls_min_1_2(mbedtls_ssl_config *conf)
{
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}

static inline int cpmsync_tls_state(const mbedtls_ssl_context *ssl)
{
    return ssl->state;
}

/* States of the handshake are numbered behind this one too. */
static inline int cpmsync_tls_is_over(mbedtls_ssl_context *ssl)
{
    return ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER;
}

static inline int cpmsync_tls_is_1_3(const mbedtls_ssl_context *ssl)
{
    (void)ssl;
    return 0;
}

#endif

/* TLS 1.3 sends tickets behind the handshake; from 3.6.1 on, but not in 4.x, one has to ask to be told. */
static inline void cpmsync_tls_want_tickets(mbedtls_ssl_config *conf)
{
#if defined(MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED) && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#else
    (void)conf;
#endif
}

/* Whether `code` of a read means that a ticket came, and not that anything is wrong. */
static inline int cpmsync_tls_is_ticket(int code)
{
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    return code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
#else
    (void)code;
    return 0;
#endif
}

#endif
