/* SPDX-License-Identifier: MIT */
/* When a session is offered, kept and forgotten (R26; CPMSYNC_WITH_TLS). */
#ifndef CPMSYNC_TRANSPORT_TLS_RESUME_H
#define CPMSYNC_TRANSPORT_TLS_RESUME_H

#include "transport/tls_connection.h"

/* Seconds since 1970, 0: not known. */
int64_t cpmsync_tls_wall_time(const struct cpmsync_tls_connector *connector);

/* Offers the saved session in the coming handshake, if it is bound to what we are about to do. */
void cpmsync_tls_offer_session(struct cpmsync_tls *tls);

/* Keeps the session in use; failing is harmless. */
void cpmsync_tls_keep_session(struct cpmsync_tls *tls);

/* Whatever is saved is no more. */
void cpmsync_tls_forget_session(struct cpmsync_tls_connector *connector);

#endif
