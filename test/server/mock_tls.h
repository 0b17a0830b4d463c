/* SPDX-License-Identifier: MIT */
/* The server's side of TLS: one configuration, a session for every connection, tickets and a cache for resumption. */
#ifndef CPMSYNC_MOCK_TLS_H
#define CPMSYNC_MOCK_TLS_H

#include <cpmsync/mock.h>

#include <stddef.h>

struct mock_tls;
struct mock_tls_session;

enum { MOCK_TLS_FAILED = -1, MOCK_TLS_AGAIN = 0, MOCK_TLS_DONE = 1 };

/* PEM files. Clients are asked for a certificate of `client_ca_file`, which may be NULL, and may have none. CPMSYNC_ERR_TLS
 * if they cannot be read, or do not belong together: explained. */
int cpmsync_mock_tls_new(struct mock_tls **tls, struct cpmsync_mock *mock, const char *cert_file, const char *key_file,
    const char *client_ca_file);
void cpmsync_mock_tls_free(struct mock_tls *tls);

/* A session on a connected, non-blocking socket. NULL without memory. */
struct mock_tls_session *cpmsync_mock_tls_start(struct mock_tls *tls, int fd);
void cpmsync_mock_tls_end(struct mock_tls_session *session);

/* MOCK_TLS_*; after AGAIN `wants_write` says what to wait for. */
int cpmsync_mock_tls_handshake(struct mock_tls_session *session);
int cpmsync_mock_tls_wants_write(const struct mock_tls_session *session);

/* After FAILED: why. */
void cpmsync_mock_tls_why(const struct mock_tls_session *session, char *text, size_t size);

/* What a finished handshake tells of the channel; it stays the session's. */
void cpmsync_mock_tls_channel(struct mock_tls_session *session, struct cpmsync_mock_channel *channel);

/* How many octets, 0 for not now, negative for never again (-2: the end of the stream). */
int cpmsync_mock_tls_read(struct mock_tls_session *session, void *data, size_t size);
int cpmsync_mock_tls_write(struct mock_tls_session *session, const void *data, size_t len);
/* Tells the end, as far as that does not block. */
void cpmsync_mock_tls_close(struct mock_tls_session *session);

#endif
