/* SPDX-License-Identifier: MIT */
/* The handshake: whom we talk to is decided here (CPMSYNC_WITH_TLS). */
#ifndef CPMSYNC_TRANSPORT_TLS_HANDSHAKE_H
#define CPMSYNC_TRANSPORT_TLS_HANDSHAKE_H

#include "transport/tls_connection.h"

/* Begins over the transport below, which can exchange octets. 0, or the error the connection now failed with. */
int cpmsync_tls_start_handshake(struct cpmsync_tls *tls);

/* Goes on. 1 when octets can be exchanged, 0 while not, the error the connection now failed with. */
int cpmsync_tls_step_handshake(struct cpmsync_tls *tls);

#endif
