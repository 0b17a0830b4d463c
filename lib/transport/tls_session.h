/* SPDX-License-Identifier: MIT */
/*
 * A resumable TLS session as octets to keep: what it is bound to, when the certificate behind it was last checked, and
 * mbedTLS's own serialisation (CPMSYNC_WITH_TLS). The octets are secret.
 */
#ifndef CPMSYNC_TRANSPORT_TLS_SESSION_H
#define CPMSYNC_TRANSPORT_TLS_SESSION_H

#include "base/mem.h"
#include "transport/tls_shim.h"
#include "transport/tls_trust.h"

/* Larger ones are not kept: tickets are a few hundred octets, the certificate that mbedTLS adds a few thousand. */
enum { CPMSYNC_TLS_SESSION_MAX = 16384 };

/* R26: a resumed session skips the certificate checks, so they must be a day old at most. */
enum { CPMSYNC_TLS_SESSION_SECONDS = 86400 };

/* Beside mbedTLS's own octets. */
struct cpmsync_tls_session_facts {
    uint8_t digest[CPMSYNC_TLS_DIGEST_LEN]; /* of host, mode and trust */
    int64_t checked;                        /* seconds since 1970 when the certificate was checked, 0: not known */
};

/*
 * Writes the session of a finished handshake. *out is allocated, *len octets, and belongs to the caller, who wipes it.
 * 0, CPMSYNC_ERR_NOMEM, _LIMIT above the maximum, _NOT_FOUND if there is nothing that could be resumed.
 */
int cpmsync_tls_session_write(const struct cpmsync_allocator *mem, const mbedtls_ssl_context *ssl,
    const struct cpmsync_tls_session_facts *facts, uint8_t **out, size_t *len);

/* Reads the facts only. CPMSYNC_ERR_NOT_FOUND if these octets are not of our making. */
int cpmsync_tls_session_facts(const uint8_t *data, size_t len, struct cpmsync_tls_session_facts *facts);

/* Whether a session with these facts may be offered at `wall` (seconds since 1970, 0: not known) under `digest`. */
int cpmsync_tls_session_is_valid(
    const struct cpmsync_tls_session_facts *facts, const uint8_t digest[CPMSYNC_TLS_DIGEST_LEN], int64_t wall);

/* Offers the session in the coming handshake. An error leaves a full handshake. */
int cpmsync_tls_session_offer(mbedtls_ssl_context *ssl, const uint8_t *data, size_t len);

#endif
