/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#if defined(CPMSYNC_WITH_SOCKETS)
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <mbedtls/version.h>

#include <cpmsync/transport.h>

#include "support/failing_allocator.h"
#include "support/tls_peer.h"
#include "transport/tls_session.h"
#include "transport/tls_shim.h"
#include "transport/tls_trust.h"

/* ---------------------------------------------------------------- fixtures */

static const uint8_t loopback[4] = {127, 0, 0, 1};

/* Made once: keys and certificates. */
struct world {
    struct support_random random;
    struct support_certificate ca, other_ca, server, expired, self_signed, common_name;
    mbedtls_ssl_ticket_context tickets;
};

/* A client and a server with two pipes between them. */
struct link {
    struct world *world;
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

static int setup(void **state)
{
    static struct world world;
    struct support_certificate_spec ca = {.common_name = "Test CA", .is_ca = 1};
    struct support_certificate_spec server = {
        .common_name = "somewhere", .dns = {"MSS.example", "*.wild.example"}, .address = loopback, .address_len = 4};
    struct support_certificate_spec expired = {
        .common_name = "mss", .dns = {"mss.example"}, .not_after = "20020101000000"};
    struct support_certificate_spec self_signed = {.common_name = "mss", .dns = {"mss.example"}};
    struct support_certificate_spec common_name = {.common_name = "mss.example"};
#if defined(CPMSYNC_TLS_PSA)
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
#endif
    support_random_init(&world.random);
    support_certificate_make(&world.ca, &ca, NULL, &world.random);
    support_certificate_make(&world.other_ca, &ca, NULL, &world.random);
    support_certificate_make(&world.server, &server, &world.ca, &world.random);
    support_certificate_make(&world.expired, &expired, &world.ca, &world.random);
    support_certificate_make(&world.self_signed, &self_signed, NULL, &world.random);
    support_certificate_make(&world.common_name, &common_name, &world.ca, &world.random);
    mbedtls_ssl_ticket_init(&world.tickets);
    assert_int_equal(mbedtls_ssl_ticket_setup(&world.tickets, mbedtls_ctr_drbg_random, &world.random.drbg,
                         MBEDTLS_CIPHER_AES_256_GCM, 86400),
        0);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    mbedtls_ssl_ticket_free(&world->tickets);
    support_certificate_clear(&world->common_name);
    support_certificate_clear(&world->self_signed);
    support_certificate_clear(&world->expired);
    support_certificate_clear(&world->server);
    support_certificate_clear(&world->other_ca);
    support_certificate_clear(&world->ca);
    support_random_clear(&world->random);
    return 0;
}

/* The transport below TLS: the pipes. */

static int inner_step(void *self, int64_t now)
{
    struct link *link = self;
    (void)now;
    if (!link->inner_steps)
        return 1;
    link->inner_steps--;
    return 0;
}

static int64_t inner_recv(void *self, void *data, size_t size)
{
    int64_t n = support_pipe_read(&((struct link *)self)->down, data, size);
    return n < 0 ? CPMSYNC_ERR_CLOSED : n;
}

static int64_t inner_send(void *self, const void *data, size_t size)
{
    struct link *link = self;
    return link->up.closed ? CPMSYNC_ERR_CLOSED : (int64_t)support_pipe_write(&link->up, data, size);
}

static int64_t inner_expiry(void *self)
{
    return ((struct link *)self)->inner_steps ? 77 : CPMSYNC_NEVER;
}

static size_t inner_pollfds(void *self, unsigned want, struct cpmsync_pollfd *fds, size_t max)
{
    (void)self;
    if (max) {
        fds[0].fd = 5;
        fds[0].events = want;
    }
    return 1;
}

static size_t inner_pending(void *self)
{
    (void)self;
    return 0;
}

static int inner_starttls(void *self)
{
    (void)self;
    return CPMSYNC_ERR_UNSUPPORTED;
}

static void inner_info(void *self, struct cpmsync_transport_info *info)
{
    (void)self;
    memset(info, 0, sizeof(*info));
    info->size = sizeof(*info);
    info->backend_code = 4711;
    info->detail = "";
}

static void inner_close(void *self)
{
    struct link *link = self;
    link->inner_open--;
    link->up.closed = 1;
}

static const struct cpmsync_transport_ops inner_ops = {sizeof(inner_ops), inner_step, inner_recv, inner_send,
    inner_expiry, inner_pollfds, inner_pending, inner_starttls, inner_info, inner_close};

static int inner_connect(void *self, int64_t now, struct cpmsync_transport *transport)
{
    struct link *link = self;
    (void)now;
    link->inner_open++;
    transport->ops = &inner_ops;
    transport->self = link;
    return 0;
}

static void inner_free(void *self)
{
    ((struct link *)self)->inner_frees++;
}

static size_t inner_wake_pollfds(void *self, struct cpmsync_pollfd *fds, size_t max)
{
    (void)self;
    if (max)
        fds[0].fd = 6;
    return 1;
}

static int inner_wake(void *self)
{
    ((struct link *)self)->wakes++;
    return 0;
}

static void inner_woken(void *self)
{
    ((struct link *)self)->wakes--;
}

static const struct cpmsync_connector_ops inner_connector_ops = {
    sizeof(inner_connector_ops), inner_connect, inner_wake_pollfds, inner_wake, inner_woken, inner_free};

static const struct cpmsync_connector_ops mute_connector_ops = {
    .size = sizeof(mute_connector_ops), .open = inner_connect, .free = inner_free};

static int64_t hook_load(void *ctx, uint8_t *data, size_t max)
{
    struct link *link = ctx;
    assert_true(link->kept_len <= max);
    memcpy(data, link->kept, link->kept_len);
    return (int64_t)link->kept_len;
}

static int hook_save(void *ctx, const uint8_t *data, size_t len)
{
    struct link *link = ctx;
    assert_true(len <= sizeof(link->kept));
    if (len)
        memcpy(link->kept, data, len);
    link->kept_len = len;
    *(len ? &link->saves : &link->forgets) += 1;
    return 0;
}

static int64_t hook_wall(void *ctx)
{
    return ((struct link *)ctx)->wall;
}

/* ---------------------------------------------------------------- client and server */

static struct link *link_new(void **state)
{
    struct link *link = test_calloc(1, sizeof(*link));
    link->world = *state;
    link->certificate = &link->world->server;
    link->tickets = &link->world->tickets;
    return link;
}

static struct cpmsync_tls_config config_for(struct link *link, const char *host)
{
    struct cpmsync_tls_config config = {.size = sizeof(config)};
    config.host = host;
    config.ca_data = (const uint8_t *)link->world->ca.pem;
    config.ca_data_len = link->world->ca.pem_len;
    config.session_ctx = link;
    config.single_thread = 1;
    return config;
}

static int connector_make(struct link *link, const struct cpmsync_tls_config *config)
{
    struct cpmsync_connector inner = {&inner_connector_ops, link};
    return cpmsync_connector_tls(&link->connector, &inner, config);
}

static void server_start(struct link *link)
{
    memset(&link->up, 0, sizeof(link->up));
    memset(&link->down, 0, sizeof(link->down));
    support_tls_server_init(
        &link->server, &link->up, &link->down, link->certificate, link->tickets, &link->world->random);
    link->server_open = 1;
}

static int client_open(struct link *link, int64_t now)
{
    return link->connector.ops->open(link->connector.self, now, &link->transport);
}

/* A fresh connection, still to shake hands. */
static void reconnect(struct link *link, int64_t now)
{
    server_start(link);
    assert_int_equal(client_open(link, now), 0);
}

static void connect_with(struct link *link, const struct cpmsync_tls_config *config)
{
    assert_int_equal(connector_make(link, config), 0);
    reconnect(link, 0);
}

static void disconnect(struct link *link)
{
    link->transport.ops->close(link->transport.self);
    link->transport.self = NULL;
    if (link->server_open)
        support_tls_server_clear(&link->server);
    link->server_open = 0;
    assert_int_equal(link->inner_open, 0);
}

static void connector_drop(struct link *link)
{
    int frees = link->inner_frees;
    cpmsync_connector_free(&link->connector);
    assert_int_equal(link->inner_frees, frees + 1);
}

static void link_free(struct link *link)
{
    if (link->transport.self)
        disconnect(link);
    connector_drop(link);
    test_free(link);
}

static int step(struct link *link, int64_t now)
{
    return link->transport.ops->step(link->transport.self, now);
}

/* Both sides by turns until the client is through, or nothing moves any more. */
static int shake(struct link *link, int64_t now)
{
    for (int quiet = 0; quiet < 3;) {
        int64_t before = link->up.total + link->down.total;
        size_t waiting = link->up.len + link->down.len;
        int result = step(link, now);
        if (result < 0)
            return result;
        int server = support_tls_server_step(&link->server);
        if (result && server == 1)
            return 1;
        quiet = before == link->up.total + link->down.total && waiting == link->up.len + link->down.len ? quiet + 1 : 0;
    }
    return 0;
}

static struct cpmsync_transport_info info_of(struct link *link)
{
    struct cpmsync_transport_info info = {.size = sizeof(info)};
    link->transport.ops->info(link->transport.self, &info);
    return info;
}

static int64_t receive(struct link *link, void *data, size_t size)
{
    return link->transport.ops->recv(link->transport.self, data, size);
}

static int64_t transmit(struct link *link, const void *data, size_t size)
{
    return link->transport.ops->send(link->transport.self, data, size);
}

/* Text goes both ways; TLS 1.3's tickets ride along. */
static void assert_talks(struct link *link)
{
    char octets[16];
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"* OK", 4), 4);
    assert_int_equal(receive(link, octets, sizeof(octets)), 4);
    assert_memory_equal(octets, "* OK", 4);
    assert_int_equal(receive(link, octets, sizeof(octets)), 0);
    assert_int_equal(transmit(link, "a NOOP", 6), 6);
    assert_int_equal(mbedtls_ssl_read(&link->server.ssl, (unsigned char *)octets, sizeof(octets)), 6);
    assert_memory_equal(octets, "a NOOP", 6);
}

/* What comes of connecting to `host` where the server has `certificate`. */
static int outcome(void **state, const char *host, size_t certificate, uint32_t *flags)
{
    struct link *link = link_new(state);
    link->certificate = (struct support_certificate *)(void *)((char *)link->world + certificate);
    struct cpmsync_tls_config config = config_for(link, host);
    connect_with(link, &config);
    int result = shake(link, 0);
    struct cpmsync_transport_info info = info_of(link);
    if (flags)
        *flags = info.x509_flags;
    assert_int_equal(info.secure, result == 1);
    if (result < 0) {
        assert_int_not_equal(info.backend_code, 0);
        assert_int_equal(step(link, 1), result);
        assert_int_equal(receive(link, &info, 1), result);
        assert_int_equal(transmit(link, "x", 1), result);
    }
    link_free(link);
    return result;
}

#define CERTIFICATE(name) offsetof(struct world, name)

/* ---------------------------------------------------------------- who is trusted */

static void test_a_good_chain_for_the_right_host_is_secure(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    struct cpmsync_transport_info info = info_of(link);
    assert_int_equal(info.secure, 1);
    assert_int_equal(info.resumed, 0);
    assert_int_equal(info.early, cpmsync_tls_is_1_3(&link->server.ssl));
    assert_int_equal(strncmp(info.detail, "TLSv1.", 6), 0);
    assert_int_equal(info.x509_flags, 0);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), CPMSYNC_NEVER);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), CPMSYNC_ERR_STATE);
    assert_talks(link);
    link_free(link);
}

static void test_s_05_names_match_without_case_and_wildcards_leftmost_only(void **state)
{
    assert_int_equal(outcome(state, "Mss.ExAmPlE", CERTIFICATE(server), NULL), 1);
    assert_int_equal(outcome(state, "mss.example.", CERTIFICATE(server), NULL), 1);
    assert_int_equal(outcome(state, "a.wild.example", CERTIFICATE(server), NULL), 1);
    assert_int_equal(outcome(state, "a.b.wild.example", CERTIFICATE(server), NULL), CPMSYNC_ERR_TLS_HOST);
    assert_int_equal(outcome(state, "wild.example", CERTIFICATE(server), NULL), CPMSYNC_ERR_TLS_HOST);
    assert_int_equal(outcome(state, "xmss.example", CERTIFICATE(server), NULL), CPMSYNC_ERR_TLS_HOST);
}

static void test_pf_116_wrong_host(void **state)
{
    uint32_t flags;
    assert_int_equal(outcome(state, "evil.example", CERTIFICATE(server), &flags), CPMSYNC_ERR_TLS_HOST);
    assert_int_equal(flags, MBEDTLS_X509_BADCERT_CN_MISMATCH);
}

static void test_pf_116_common_name_does_not_count(void **state)
{
    assert_int_equal(outcome(state, "mss.example", CERTIFICATE(common_name), NULL), CPMSYNC_ERR_TLS_HOST);
}

static void test_pf_116_expired(void **state)
{
    uint32_t flags;
    assert_int_equal(outcome(state, "mss.example", CERTIFICATE(expired), &flags), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(flags, MBEDTLS_X509_BADCERT_EXPIRED);
    assert_int_equal(outcome(state, "evil.example", CERTIFICATE(expired), &flags), CPMSYNC_ERR_TLS_CERT);
}

static void test_pf_116_self_signed_and_unknown_authority(void **state)
{
    uint32_t flags;
    assert_int_equal(outcome(state, "mss.example", CERTIFICATE(self_signed), &flags), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(flags, MBEDTLS_X509_BADCERT_NOT_TRUSTED);

    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.ca_data = (const uint8_t *)link->world->other_ca.pem;
    config.ca_data_len = link->world->other_ca.pem_len;
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    assert_true(info_of(link).x509_flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
    link_free(link);
}

static void test_pf_116_an_address_matches_iPAddress_and_is_no_server_name(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "127.0.0.1");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    assert_string_equal(link->server.sni, "");
    link_free(link);
    assert_int_equal(outcome(state, "127.0.0.2", CERTIFICATE(server), NULL), CPMSYNC_ERR_TLS_HOST);
    assert_int_equal(outcome(state, "::1", CERTIFICATE(server), NULL), CPMSYNC_ERR_TLS_HOST);
}

static void test_pf_116_the_name_is_sent_as_server_name(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example.");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    assert_string_equal(link->server.sni, "mss.example");
    link_free(link);
}

static void test_unreadable_trust_shows_when_it_is_needed(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.ca_data = (const uint8_t *)"no certificate";
    config.ca_data_len = 15;
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), CPMSYNC_ERR_TLS_TRUST);
    assert_int_not_equal(info_of(link).backend_code, 4711);
    link_free(link);
}

#if MBEDTLS_VERSION_NUMBER < 0x03000000
static void test_a_server_of_tls_1_1_is_refused(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    mbedtls_ssl_conf_max_version(&link->server.conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_2);
    assert_int_equal(shake(link, 0), CPMSYNC_ERR_TLS);
    link_free(link);
}
#endif

/* ---------------------------------------------------------------- how it ends */

static void test_what_is_no_tls_is_a_tls_error(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    assert_int_equal(step(link, 0), 0);
    support_pipe_write(&link->down, "* OK [CAPABILITY IMAP4rev1] ready\r\n", 35);
    assert_int_equal(step(link, 0), CPMSYNC_ERR_TLS);
    assert_true(info_of(link).backend_code < 0);
    link_free(link);
}

/* Wherever the server's side of the handshake is cut. */
static void test_an_end_in_the_handshake_is_closed(void **state)
{
    size_t cut = 0;
    for (int result = 0; result != 1; cut += 53) {
        struct link *link = link_new(state);
        struct cpmsync_tls_config config = config_for(link, "mss.example");
        connect_with(link, &config);
        link->down.room = SUPPORT_PIPE_MAX;
        do {
            result = step(link, 0);
            (void)support_tls_server_step(&link->server);
            if ((size_t)link->down.total >= cut && !link->down.closed) {
                size_t over = (size_t)link->down.total - cut;
                link->down.len -= over < link->down.len ? over : link->down.len;
                link->down.closed = 1;
            }
        } while (!result);
        if (result != 1)
            assert_int_equal(result, CPMSYNC_ERR_CLOSED);
        link_free(link);
    }
    assert_true(cut > 500);
}

static void test_close_notify_and_a_bare_end_are_closed(void **state)
{
    for (int bare = 0; bare < 2; bare++) {
        char octets[8];
        struct link *link = link_new(state);
        struct cpmsync_tls_config config = config_for(link, "mss.example");
        connect_with(link, &config);
        assert_int_equal(shake(link, 0), 1);
        assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"bye", 3), 3);
        if (!bare)
            assert_int_equal(mbedtls_ssl_close_notify(&link->server.ssl), 0);
        link->down.closed = bare;
        assert_int_equal(receive(link, octets, sizeof(octets)), 3);
        assert_int_equal(receive(link, octets, sizeof(octets)), CPMSYNC_ERR_CLOSED);
        assert_int_equal(step(link, 0), CPMSYNC_ERR_CLOSED);
        assert_int_equal(info_of(link).secure, 0);
        link_free(link);
    }
}

static void test_closing_says_so_to_the_server(void **state)
{
    unsigned char octet;
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    link->transport.ops->close(link->transport.self);
    link->transport.self = NULL;
    assert_int_equal(mbedtls_ssl_read(&link->server.ssl, &octet, 1), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    support_tls_server_clear(&link->server);
    link_free(link);
}

static void test_a_broken_record_is_a_tls_error(void **state)
{
    char octets[8];
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    link->down.len = 0;
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"hello", 5), 5);
    link->down.octets[link->down.start + link->down.len - 1] ^= 1;
    assert_int_equal(receive(link, octets, sizeof(octets)), CPMSYNC_ERR_TLS);
    assert_true(info_of(link).backend_code < 0);
    link_free(link);
}

static void test_empty_records_are_no_end(void **state)
{
    char octets[8];
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, NULL, 0), 0);
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, NULL, 0), 0);
    assert_int_equal(receive(link, octets, sizeof(octets)), 0);
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"hello", 5), 5);
    assert_int_equal(receive(link, octets, sizeof(octets)), 5);
    link_free(link);
}

static void test_a_handshake_ends_at_its_time_limit(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.handshake_timeout_ms = 5000;
    link->inner_steps = 2;
    connect_with(link, &config);
    assert_int_equal(step(link, 1000), 0);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), 77); /* the transport below is not ready */
    link->inner_steps = 0;
    assert_int_equal(step(link, 2000), 0);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), 7000);
    assert_int_equal(step(link, 6999), 0);
    assert_int_equal(step(link, 7000), CPMSYNC_ERR_TIMEOUT);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), CPMSYNC_NEVER);
    link_free(link);
}

/* ---------------------------------------------------------------- STARTTLS */

static void test_starttls_begins_in_clear_and_checks_the_same(void **state)
{
    char octets[8];
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.starttls = 1;
    link->inner_steps = 1;
    connect_with(link, &config);
    assert_int_equal(step(link, 0), 0);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), CPMSYNC_ERR_STATE);
    assert_int_equal(step(link, 0), 1);
    assert_int_equal(info_of(link).secure, 0);
    support_pipe_write(&link->down, "* OK", 4);
    assert_int_equal(receive(link, octets, sizeof(octets)), 4);
    assert_int_equal(transmit(link, "a STARTTLS\r\n", 12), 12);
    assert_memory_equal(link->up.octets, "a STARTTLS\r\n", 12);
    link->up.len = 0;

    assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
    assert_int_equal(receive(link, octets, sizeof(octets)), 0);
    assert_int_equal(transmit(link, "x", 1), 0);
    assert_int_equal(shake(link, 0), 1);
    assert_int_equal(info_of(link).secure, 1);
    assert_int_equal(info_of(link).early, 0);
    assert_talks(link);
    link_free(link);
}

static void test_pf_116_starttls_refuses_a_wrong_host_too(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "evil.example");
    config.starttls = 1;
    connect_with(link, &config);
    assert_int_equal(step(link, 0), 1);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
    assert_int_equal(shake(link, 0), CPMSYNC_ERR_TLS_HOST);
    link_free(link);
}

static void test_pf_112_starttls_answered_with_no_tls_is_an_error(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.starttls = 1;
    connect_with(link, &config);
    assert_int_equal(step(link, 0), 1);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
    assert_int_equal(step(link, 0), 0);
    support_pipe_write(&link->down, "a BAD no\r\n", 10);
    assert_int_equal(step(link, 0), CPMSYNC_ERR_TLS);
    assert_int_equal(transmit(link, "a LOGIN u p\r\n", 13), CPMSYNC_ERR_TLS);
    link_free(link);
}

/* ---------------------------------------------------------------- octets */

static void test_pf_87_what_tls_holds_is_pending(void **state)
{
    char octets[40];
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    assert_int_equal(
        mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"0123456789012345678901234567890123456789", 40),
        40);
    assert_int_equal(receive(link, octets, 0), 0);
    assert_int_equal(receive(link, octets, 10), 10);
    assert_int_equal(link->transport.ops->pending(link->transport.self), 30);
    assert_int_equal(receive(link, octets, 40), 30);
    assert_int_equal(link->transport.ops->pending(link->transport.self), 0);
    link_free(link);
}

static void test_an_octet_at_a_time_is_enough(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    link->up.chunk = link->down.chunk = 1;
    link->up.room = 7;
    assert_int_equal(shake(link, 0), 1);
    link->up.room = 0;
    assert_talks(link);
    link_free(link);
}

/* What was taken arrives once and in order, although the caller comes with other data each time. */
static void test_pf_87_octets_taken_while_the_net_is_full_are_sent_later(void **state)
{
    struct cpmsync_pollfd fd;
    unsigned char octets[64];
    uint8_t next = 0, expected = 0;
    int blocked = 0;
    size_t received = 0;
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    assert_int_equal(shake(link, 0), 1);
    link->up.room = 20;
    while (received < 2000) {
        uint8_t data[50];
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = (uint8_t)(next + i);
        int64_t n = transmit(link, data, sizeof(data));
        assert_true(n >= 0);
        next = (uint8_t)(next + n);
        assert_int_equal(link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_READ, &fd, 1), 1);
        if (!n) {
            assert_int_equal(fd.events, CPMSYNC_POLL_READ | CPMSYNC_POLL_WRITE);
            blocked++;
        }
        int got = mbedtls_ssl_read(&link->server.ssl, octets, sizeof(octets));
        for (int i = 0; i < got; i++)
            assert_int_equal(octets[i], expected++);
        received += got > 0 ? (size_t)got : 0;
    }
    assert_true(blocked > 10);

    /* The last of it needs no further send: step does it. */
    link->up.room = 0;
    assert_int_equal(step(link, 0), 1);
    for (int got; (got = mbedtls_ssl_read(&link->server.ssl, octets, sizeof(octets))) > 0;)
        for (int i = 0; i < got; i++)
            assert_int_equal(octets[i], expected++);
    assert_int_equal(expected, next);
    assert_int_equal(link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_READ, &fd, 1), 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_READ);
    link_free(link);
}

static void test_a_handshake_waits_for_what_it_needs(void **state)
{
    struct cpmsync_pollfd fd;
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    connect_with(link, &config);
    link->up.room = 10;
    assert_int_equal(step(link, 0), 0);
    link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_READ, &fd, 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_WRITE);
    link->up.room = 0;
    assert_int_equal(step(link, 0), 0);
    link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_WRITE, &fd, 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_READ);
    link_free(link);
}

/* ---------------------------------------------------------------- resumption */

/* Connects, talks, disconnects; whether the session was resumed. */
static int visit(struct link *link, int64_t now)
{
    char octet;
    reconnect(link, now);
    assert_int_equal(shake(link, now), 1);
    assert_talks(link);
    assert_int_equal(receive(link, &octet, 1), 0);
    struct cpmsync_transport_info info = info_of(link);
    assert_int_equal(info.early, info.resumed || cpmsync_tls_is_1_3(&link->server.ssl));
    disconnect(link);
    return info.resumed;
}

static void test_r_26_the_second_connection_is_resumed_for_a_day(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 1000), 0);
    assert_int_equal(visit(link, 2000), 1);
    assert_int_equal(visit(link, 86400999), 1);
    /* A resumed session checks no certificate, so it does not prolong the day. */
    assert_int_equal(visit(link, 86401000), 0);
    assert_int_equal(visit(link, 86402000), 1);
    link_free(link);
}

static void test_a_server_that_forgot_gets_a_full_handshake(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 0), 0);
    link->tickets = NULL;
    assert_int_equal(visit(link, 0), 0);
    /* Nothing of the declined session is left to trip over. */
    link->tickets = &link->world->tickets;
    assert_int_equal(visit(link, 0), 0);
    assert_int_equal(visit(link, 0), 1);
    /* A full handshake is checked as any. */
    link->tickets = NULL;
    link->certificate = &link->world->self_signed;
    reconnect(link, 0);
    assert_int_equal(shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    link_free(link);
}

static void test_resumption_can_be_forbidden(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.session_load = hook_load;
    config.session_save = hook_save;
    config.no_resumption = 1;
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 0), 0);
    assert_int_equal(link->saves, 0);
    assert_int_equal(visit(link, 0), 0);
    link_free(link);
}

static struct cpmsync_tls_config config_with_hooks(struct link *link, const char *host)
{
    struct cpmsync_tls_config config = config_for(link, host);
    config.session_load = hook_load;
    config.session_save = hook_save;
    config.wall_time = hook_wall;
    return config;
}

static void test_r_26_a_kept_session_survives_the_connector_and_ages(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_with_hooks(link, "mss.example");
    link->wall = 1700000000;
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 0), 0);
    assert_true(link->saves >= 1);
    connector_drop(link);
    assert_int_equal(connector_make(link, &config), 0);
    link->wall += 86399;
    assert_int_equal(visit(link, 5), 1);
    link->wall += 1;
    assert_int_equal(visit(link, 6), 0);
    link->wall = 0; /* not known */
    assert_int_equal(visit(link, 7), 1);
    link_free(link);
}

static void test_r_26_a_session_is_offered_for_the_same_host_trust_and_mode_only(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config first = config_with_hooks(link, "mss.example");
    struct cpmsync_tls_config others[3] = {first, first, first};
    assert_int_equal(connector_make(link, &first), 0);
    assert_int_equal(visit(link, 0), 0);
    assert_int_equal(visit(link, 0), 1);
    connector_drop(link);
    size_t len = link->kept_len;
    uint8_t kept[CPMSYNC_TLS_SESSION_MAX];
    memcpy(kept, link->kept, len);

    char both[4096];
    int both_len = snprintf(both, sizeof(both), "%s%s", link->world->ca.pem, link->world->other_ca.pem);
    others[0].host = "a.wild.example";
    others[1].ca_data = (const uint8_t *)both;
    others[1].ca_data_len = (size_t)both_len + 1;
    others[2].starttls = 1;
    for (int i = 0; i < 3; i++) {
        memcpy(link->kept, kept, len);
        link->kept_len = len;
        assert_int_equal(connector_make(link, &others[i]), 0);
        reconnect(link, 0);
        assert_true(step(link, 0) >= 0);
        if (others[i].starttls)
            assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
        assert_int_equal(shake(link, 0), 1);
        assert_int_equal(info_of(link).resumed, 0);
        disconnect(link);
        connector_drop(link);
    }
    assert_int_equal(connector_make(link, &first), 0);
    link_free(link);
}

/*
 * The kept session is bound to trust that cannot be parsed: the handshake goes through only because nobody parses it.
 * When the server wants a full one after all, it is parsed, and fails.
 */
static void test_r_27_trust_is_not_parsed_when_a_session_is_resumed(void **state)
{
    static const char junk[] = "no certificate";
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_with_hooks(link, "mss.example");
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 0), 0);
    connector_drop(link);

    struct cpmsync_tls_trust trust = {NULL, (const uint8_t *)junk, sizeof(junk)};
    assert_int_equal(cpmsync_tls_trust_digest(&trust, "mss.example", 0, link->kept + 4), 0);
    config.ca_data = trust.ca_data;
    config.ca_data_len = trust.ca_data_len;
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 0), 1);
    link->tickets = NULL;
    reconnect(link, 0);
    assert_int_equal(shake(link, 0), CPMSYNC_ERR_TLS_TRUST);
    link_free(link);
}

static void test_a_session_the_server_chokes_on_is_forgotten(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_with_hooks(link, "mss.example");
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 0), 0);
    assert_int_equal(link->forgets, 0);
    reconnect(link, 0);
    assert_int_equal(step(link, 0), 0);
    support_pipe_write(&link->down, "\x15\3\3\0\2\2\x28", 7); /* alert: handshake_failure */
    assert_int_equal(step(link, 0), CPMSYNC_ERR_TLS);
    assert_int_equal(link->forgets, 1);
    disconnect(link);
    assert_int_equal(visit(link, 0), 0);
    link_free(link);
}

static void test_damaged_kept_octets_mean_a_full_handshake(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_with_hooks(link, "mss.example");
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(visit(link, 0), 0);
    size_t len = link->kept_len;
    assert_true(len > 60);
    link->kept_len = 50;
    assert_int_equal(visit(link, 0), 0);
    link->kept[0] ^= 1;
    assert_int_equal(visit(link, 0), 0);
    link_free(link);
}

static void test_starttls_resumes_but_is_never_early(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.starttls = 1;
    assert_int_equal(connector_make(link, &config), 0);
    for (int round = 0; round < 2; round++) {
        reconnect(link, 0);
        assert_int_equal(step(link, 0), 1);
        assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
        assert_int_equal(shake(link, 0), 1);
        assert_talks(link);
        assert_int_equal(info_of(link).resumed, round);
        assert_int_equal(info_of(link).early, 0);
        disconnect(link);
    }
    link_free(link);
}

/* ---------------------------------------------------------------- configuration and memory */

static void test_wrong_configurations_are_refused_and_free_the_inner_connector(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config good = config_for(link, "mss.example");
    struct cpmsync_tls_config wrong[6] = {good, good, good, good, good, good};
    char long_host[300];
    memset(long_host, 'a', sizeof(long_host));
    long_host[299] = '\0';
    wrong[0].size--;
    wrong[1].host = NULL;
    wrong[2].host = "";
    wrong[3].ca_data_len = 0;
    wrong[4].handshake_timeout_ms = -2;
    wrong[5].host = long_host;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(connector_make(link, &wrong[i]), CPMSYNC_ERR_INVALID_ARGUMENT);
        assert_int_equal(link->inner_frees, i + 1);
    }
    assert_int_equal(connector_make(link, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(connector_make(link, &good), 0);
    link_free(link);
}

static void test_waking_goes_to_the_connector_below(void **state)
{
    struct cpmsync_pollfd fd;
    struct link *link = link_new(state);
    struct cpmsync_connector mute = {&mute_connector_ops, link};
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    assert_int_equal(connector_make(link, &config), 0);
    assert_int_equal(link->connector.ops->pollfds(link->connector.self, &fd, 1), 1);
    assert_int_equal(fd.fd, 6);
    assert_int_equal(link->connector.ops->wake(link->connector.self), 0);
    assert_int_equal(link->wakes, 1);
    link->connector.ops->woken(link->connector.self);
    assert_int_equal(link->wakes, 0);
    connector_drop(link);

    assert_int_equal(cpmsync_connector_tls(&link->connector, &mute, &config), 0);
    assert_int_equal(link->connector.ops->pollfds(link->connector.self, &fd, 1), 0);
    assert_int_equal(link->connector.ops->wake(link->connector.self), CPMSYNC_ERR_UNSUPPORTED);
    link->connector.ops->woken(link->connector.self);
    link_free(link);
}

#if defined(CPMSYNC_TLS_PSA_UNGUARDED)
static void test_r_28_unguarded_psa_needs_the_promise(void **state)
{
    struct link *link = link_new(state);
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    config.single_thread = 0;
    assert_int_equal(connector_make(link, &config), CPMSYNC_ERR_STATE);
    config.single_thread = 1;
    assert_int_equal(connector_make(link, &config), 0);
    link_free(link);
}
#endif

/* Every allocation of ours fails once, over two connections; what only serves resumption may fail unnoticed. */
static void test_every_failing_allocation_is_survived(void **state)
{
    struct support_allocator allocator;
    uint64_t n;
    support_allocator_init(&allocator);
    for (n = 1;; n++) {
        struct link *link = link_new(state);
        struct cpmsync_tls_config config = config_for(link, "mss.example");
        config.allocator = &allocator.mem;
        support_allocator_fail_at(&allocator, n);
        int error = connector_make(link, &config);
        for (int round = 0; round < 2 && !error; round++) {
            server_start(link);
            error = client_open(link, 0);
            if (!error) {
                assert_int_equal(shake(link, 0), 1);
                disconnect(link);
            } else {
                support_tls_server_clear(&link->server);
            }
        }
        if (error)
            assert_int_equal(error, CPMSYNC_ERR_NOMEM);
        if (link->connector.ops)
            cpmsync_connector_free(&link->connector);
        assert_int_equal(link->inner_frees, 1);
        assert_int_equal(allocator.live_blocks, 0);
        test_free(link);
        if (!allocator.failures)
            break;
    }
    assert_true(n >= 6);
}

#if defined(CPMSYNC_WITH_SOCKETS)
static int hook_socket(void *ctx)
{
    return *(int *)ctx;
}

/* TLS over TCP's socket: what the kernel is between. */
static void test_tls_over_a_socket(void **state)
{
    int ends[2];
    struct link *link = link_new(state);
    struct cpmsync_connector tcp;
    struct cpmsync_tcp_config tcp_config = {.size = sizeof(tcp_config)};
    struct cpmsync_tls_config config = config_for(link, "mss.example");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    tcp_config.hook_ctx = &ends[0];
    tcp_config.socket = hook_socket;
    assert_int_equal(cpmsync_connector_tcp(&tcp, &tcp_config), 0);
    assert_int_equal(cpmsync_connector_tls(&link->connector, &tcp, &config), 0);
    assert_null(tcp.ops);
    server_start(link);
    assert_int_equal(client_open(link, 0), 0);
    int result = 0, server = 0;
    while (!result || !server) {
        result = step(link, 0);
        assert_true(result >= 0);
        ssize_t n = read(ends[1], link->up.octets, SUPPORT_PIPE_MAX);
        link->up.start = 0;
        link->up.len = n > 0 ? (size_t)n : 0;
        server = support_tls_server_step(&link->server);
        assert_true(server >= 0);
        assert_int_equal(write(ends[1], link->down.octets + link->down.start, link->down.len), (ssize_t)link->down.len);
        link->down.len = 0;
    }
    assert_int_equal(info_of(link).secure, 1);
    close(ends[1]);
    char octet;
    while (!(result = (int)receive(link, &octet, 1)))
        continue;
    assert_int_equal(result, CPMSYNC_ERR_CLOSED);
    link->transport.ops->close(link->transport.self);
    cpmsync_connector_free(&link->connector);
    support_tls_server_clear(&link->server);
    test_free(link);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_chain_for_the_right_host_is_secure),
        cmocka_unit_test(test_s_05_names_match_without_case_and_wildcards_leftmost_only),
        cmocka_unit_test(test_pf_116_wrong_host),
        cmocka_unit_test(test_pf_116_common_name_does_not_count),
        cmocka_unit_test(test_pf_116_expired),
        cmocka_unit_test(test_pf_116_self_signed_and_unknown_authority),
        cmocka_unit_test(test_pf_116_an_address_matches_iPAddress_and_is_no_server_name),
        cmocka_unit_test(test_pf_116_the_name_is_sent_as_server_name),
        cmocka_unit_test(test_unreadable_trust_shows_when_it_is_needed),
#if MBEDTLS_VERSION_NUMBER < 0x03000000
        cmocka_unit_test(test_a_server_of_tls_1_1_is_refused),
#endif
        cmocka_unit_test(test_what_is_no_tls_is_a_tls_error),
        cmocka_unit_test(test_an_end_in_the_handshake_is_closed),
        cmocka_unit_test(test_close_notify_and_a_bare_end_are_closed),
        cmocka_unit_test(test_closing_says_so_to_the_server),
        cmocka_unit_test(test_a_broken_record_is_a_tls_error),
        cmocka_unit_test(test_empty_records_are_no_end),
        cmocka_unit_test(test_a_handshake_ends_at_its_time_limit),
        cmocka_unit_test(test_starttls_begins_in_clear_and_checks_the_same),
        cmocka_unit_test(test_pf_116_starttls_refuses_a_wrong_host_too),
        cmocka_unit_test(test_pf_112_starttls_answered_with_no_tls_is_an_error),
        cmocka_unit_test(test_pf_87_what_tls_holds_is_pending),
        cmocka_unit_test(test_an_octet_at_a_time_is_enough),
        cmocka_unit_test(test_pf_87_octets_taken_while_the_net_is_full_are_sent_later),
        cmocka_unit_test(test_a_handshake_waits_for_what_it_needs),
        cmocka_unit_test(test_r_26_the_second_connection_is_resumed_for_a_day),
        cmocka_unit_test(test_a_server_that_forgot_gets_a_full_handshake),
        cmocka_unit_test(test_resumption_can_be_forbidden),
        cmocka_unit_test(test_r_26_a_kept_session_survives_the_connector_and_ages),
        cmocka_unit_test(test_r_26_a_session_is_offered_for_the_same_host_trust_and_mode_only),
        cmocka_unit_test(test_r_27_trust_is_not_parsed_when_a_session_is_resumed),
        cmocka_unit_test(test_a_session_the_server_chokes_on_is_forgotten),
        cmocka_unit_test(test_damaged_kept_octets_mean_a_full_handshake),
        cmocka_unit_test(test_starttls_resumes_but_is_never_early),
        cmocka_unit_test(test_wrong_configurations_are_refused_and_free_the_inner_connector),
        cmocka_unit_test(test_waking_goes_to_the_connector_below),
#if defined(CPMSYNC_TLS_PSA_UNGUARDED)
        cmocka_unit_test(test_r_28_unguarded_psa_needs_the_promise),
#endif
        cmocka_unit_test(test_every_failing_allocation_is_survived),
#if defined(CPMSYNC_WITH_SOCKETS)
        cmocka_unit_test(test_tls_over_a_socket),
#endif
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
