/* SPDX-License-Identifier: MIT */
/* Whom a TLS client trusts, and whether a certificate is for the host asked for (CPMSYNC_WITH_TLS). */
#ifndef CPMSYNC_TRANSPORT_TLS_TRUST_H
#define CPMSYNC_TRANSPORT_TLS_TRUST_H

#include <cpmsync/transport.h>

#include <stdbool.h>

#include "transport/tls_shim.h"

struct cpmsync_tls_trust {
    const char *ca_file; /* NULL with no ca_data: the system's bundle */
    const uint8_t *ca_data;
    size_t ca_data_len;
    const uint8_t (*pins)[CPMSYNC_TLS_PIN_LEN];
    size_t pin_count;
    bool asks; /* the app has the last word, and needs no anchors */
};

/* What a session is bound to beside the trust. */
struct cpmsync_tls_binding {
    const char *host;
    uint16_t port;
    const char *account; /* never NULL */
    int starttls;
};

enum { CPMSYNC_TLS_DIGEST_LEN = 32 };

/* Parses what is trusted into the empty *chain, which stays empty where nothing is and the app has the last word. 0, CPMSYNC_ERR_TLS_TRUST with mbedTLS's code in *code, or _NOMEM. */
int cpmsync_tls_trust_load(const struct cpmsync_tls_trust *trust, mbedtls_x509_crt *chain, int *code);

/*
 * A digest of the binding and the trust settings, cheap because files are represented by their name, place, size and
 * times (R26). CPMSYNC_ERR_TLS_TRUST if the file cannot be looked at, _UNSUPPORTED where the system tells no more about a
 * file than its content, _NOMEM.
 */
int cpmsync_tls_trust_digest(const struct cpmsync_tls_trust *trust, const struct cpmsync_tls_binding *binding,
    uint8_t digest[CPMSYNC_TLS_DIGEST_LEN]);

/* 1 if the certificate's key is among the pins, 0 if not, CPMSYNC_ERR_NOMEM. */
int cpmsync_tls_trust_is_pinned(const struct cpmsync_tls_trust *trust, const mbedtls_x509_crt *certificate);

/*
 * What mbedTLS's own check of a host name leaves to us: with an `address`, the certificate must have exactly it as an
 * iPAddress (2.28 does not know how); without, the name must have been found as a dNSName, not as the Common Name of a
 * certificate that has none (RFC 9525 6.3). Returns MBEDTLS_X509_BADCERT_CN_MISMATCH or 0.
 */
uint32_t cpmsync_tls_trust_check_host(const mbedtls_x509_crt *certificate, const struct cpmsync_address *address);

#endif
