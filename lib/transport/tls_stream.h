/* SPDX-License-Identifier: MIT */
/* The transport contract over a TLS connection (CPMSYNC_WITH_TLS). */
#ifndef CPMSYNC_TRANSPORT_TLS_STREAM_H
#define CPMSYNC_TRANSPORT_TLS_STREAM_H

#include "transport/tls_connection.h"

/* Opens a connection over a transport of the connector's inner one. 0, CPMSYNC_ERR_NOMEM, or what that one said. */
int cpmsync_tls_open(struct cpmsync_tls_connector *connector, int64_t now, struct cpmsync_transport *transport);

#endif
