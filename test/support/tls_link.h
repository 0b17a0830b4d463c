/* SPDX-License-Identifier: MIT */
/*
 * The TLS transport over a pipe in memory, with a server at the other end (CPMSYNC_WITH_TLS). Failing assertions fail the
 * test.
 */
#ifndef CPMSYNC_TEST_TLS_LINK_H
#define CPMSYNC_TEST_TLS_LINK_H

#include <cpmsync/transport.h>

#include "support/tls_peer.h"
#include "transport/tls_session.h"

/* Made once: keys and certificates. */
struct tls_world {
    struct support_random random;
    struct support_certificate ca, other_ca, server, expired, self_signed, common_name;
    mbedtls_ssl_ticket_context tickets;
};

/* A client and a server with two pipes between them. */
struct tls_link {
    struct tls_world *world;
    struct support_pipe up, down;
    struct support_certificate *certificate;
    mbedtls_ssl_ticket_context *tickets;
    struct support_tls_server server;
    struct cpmsync_connector connector;
    struct cpmsync_transport transport;
    int inner_steps; /* steps the transport below still needs */
    int inner_open;  /* how many are open */
    int inner_frees;
    int wakes;
    int server_open;
    uint8_t kept[CPMSYNC_TLS_SESSION_MAX]; /* by the session hooks */
    size_t kept_len;
    int saves, forgets;
    int64_t wall;
};

/* Group fixtures: *state is a tls_world. */
int tls_world_setup(void **state);
int tls_world_teardown(void **state);

struct tls_link *tls_link_new(void **state);
/* With whatever is still open. */
void tls_link_free(struct tls_link *link);

/* Trusts the world's CA. */
struct cpmsync_tls_config tls_link_config(struct tls_link *link, const char *host);
/* ... and keeps sessions in the link. */
struct cpmsync_tls_config tls_link_config_with_hooks(struct tls_link *link, const char *host);
int64_t tls_link_load(void *ctx, uint8_t *data, size_t max);
int tls_link_save(void *ctx, const uint8_t *data, size_t len);
int64_t tls_link_wall(void *ctx);

/* Makes the connector over the pipes; cpmsync_connector_tls's result. */
int tls_link_make(struct tls_link *link, const struct cpmsync_tls_config *config);
void tls_link_drop(struct tls_link *link);
/* Connects over pipes, but cannot be woken. */
extern const struct cpmsync_connector_ops tls_link_mute_ops;

/* A fresh server; a fresh client; both, still to shake hands; and the connector too. */
void tls_link_server(struct tls_link *link);
int tls_link_open(struct tls_link *link, int64_t now);
void tls_link_reconnect(struct tls_link *link, int64_t now);
void tls_link_connect(struct tls_link *link, const struct cpmsync_tls_config *config);
void tls_link_disconnect(struct tls_link *link);

/* The client's calls. */
int tls_link_step(struct tls_link *link, int64_t now);
struct cpmsync_transport_info tls_link_info(struct tls_link *link);
int64_t tls_link_recv(struct tls_link *link, void *data, size_t size);
int64_t tls_link_send(struct tls_link *link, const void *data, size_t size);

/* Both sides by turns until the client is through (1), failed, or nothing moves any more (0). */
int tls_link_shake(struct tls_link *link, int64_t now);
/* Text goes both ways; TLS 1.3's tickets ride along. */
void tls_link_talk(struct tls_link *link);
/* Connects, talks, disconnects; whether the session was resumed. */
int tls_link_visit(struct tls_link *link, int64_t now);

#endif
