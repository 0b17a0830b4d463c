/* SPDX-License-Identifier: MIT */
/* The app's last word on whom we talk to, now or later (R27; CPMSYNC_WITH_TLS). */
#ifndef CPMSYNC_TRANSPORT_TLS_ASK_H
#define CPMSYNC_TRANSPORT_TLS_ASK_H

#include "transport/tls_connection.h"

/* Whether it wants to have it. */
bool cpmsync_tls_asks(const struct cpmsync_tls_connector *connector);

/* Copies a certificate of the chain being verified. 0 or mbedTLS's code. */
int cpmsync_tls_ask_collect(struct cpmsync_tls *tls, const mbedtls_x509_crt *certificate, int depth);

/* Asks once, with what was collected. The verdict: CPMSYNC_TLS_LATER as long as there is none. */
int cpmsync_tls_ask_verdict(struct cpmsync_tls *tls);

/* Whether a late verdict came that the handshake has not seen yet. */
bool cpmsync_tls_ask_is_due(const struct cpmsync_tls *tls);

/* Frees what was collected. */
void cpmsync_tls_ask_clear(struct cpmsync_tls *tls);

#endif
