/* SPDX-License-Identifier: MIT */
#include "support/tls_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const uint8_t loopback[4] = {127, 0, 0, 1};

int tls_world_setup(void **state)
{
    static struct tls_world world;
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

int tls_world_teardown(void **state)
{
    struct tls_world *world = *state;
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
    struct tls_link *link = self;
    (void)now;
    if (!link->inner_steps)
        return 1;
    link->inner_steps--;
    return 0;
}

static int64_t inner_recv(void *self, void *data, size_t size)
{
    int64_t n = support_pipe_read(&((struct tls_link *)self)->down, data, size);
    return n < 0 ? CPMSYNC_ERR_CLOSED : n;
}

static int64_t inner_send(void *self, const void *data, size_t size)
{
    struct tls_link *link = self;
    return link->up.closed ? CPMSYNC_ERR_CLOSED : (int64_t)support_pipe_write(&link->up, data, size);
}

static int64_t inner_expiry(void *self)
{
    return ((struct tls_link *)self)->inner_steps ? 77 : CPMSYNC_NEVER;
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
    struct tls_link *link = self;
    link->inner_open--;
    link->up.closed = 1;
}

static const struct cpmsync_transport_ops inner_ops = {sizeof(inner_ops), inner_step, inner_recv, inner_send,
    inner_expiry, inner_pollfds, inner_pending, inner_starttls, inner_info, inner_close};

static int inner_connect(void *self, int64_t now, struct cpmsync_transport *transport)
{
    struct tls_link *link = self;
    (void)now;
    link->inner_open++;
    transport->ops = &inner_ops;
    transport->self = link;
    return 0;
}

static void inner_free(void *self)
{
    ((struct tls_link *)self)->inner_frees++;
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
    ((struct tls_link *)self)->wakes++;
    return 0;
}

static void inner_woken(void *self)
{
    ((struct tls_link *)self)->wakes--;
}

static const struct cpmsync_connector_ops inner_connector_ops = {
    sizeof(inner_connector_ops), inner_connect, inner_wake_pollfds, inner_wake, inner_woken, inner_free};

const struct cpmsync_connector_ops tls_link_mute_ops = {
    .size = sizeof(tls_link_mute_ops), .open = inner_connect, .free = inner_free};

int64_t tls_link_load(void *ctx, uint8_t *data, size_t max)
{
    struct tls_link *link = ctx;
    assert_true(link->kept_len <= max);
    memcpy(data, link->kept, link->kept_len);
    return (int64_t)link->kept_len;
}

int tls_link_save(void *ctx, const uint8_t *data, size_t len)
{
    struct tls_link *link = ctx;
    assert_true(len <= sizeof(link->kept));
    if (len)
        memcpy(link->kept, data, len);
    link->kept_len = len;
    *(len ? &link->saves : &link->forgets) += 1;
    return 0;
}

int64_t tls_link_wall(void *ctx)
{
    return ((struct tls_link *)ctx)->wall;
}

/* ---------------------------------------------------------------- client and server */

struct tls_link *tls_link_new(void **state)
{
    struct tls_link *link = test_calloc(1, sizeof(*link));
    link->world = *state;
    link->certificate = &link->world->server;
    link->tickets = &link->world->tickets;
    return link;
}

struct cpmsync_tls_config tls_link_config(struct tls_link *link, const char *host)
{
    struct cpmsync_tls_config config = {.size = sizeof(config)};
    config.host = host;
    config.ca_data = (const uint8_t *)link->world->ca.pem;
    config.ca_data_len = link->world->ca.pem_len;
    config.session_ctx = link;
    config.single_thread = 1;
    return config;
}

int tls_link_make(struct tls_link *link, const struct cpmsync_tls_config *config)
{
    struct cpmsync_connector inner = {&inner_connector_ops, link};
    return cpmsync_connector_tls(&link->connector, &inner, config);
}

void tls_link_server(struct tls_link *link)
{
    memset(&link->up, 0, sizeof(link->up));
    memset(&link->down, 0, sizeof(link->down));
    support_tls_server_init(
        &link->server, &link->up, &link->down, link->certificate, link->tickets, &link->world->random);
    link->server_open = 1;
}

int tls_link_open(struct tls_link *link, int64_t now)
{
    return link->connector.ops->open(link->connector.self, now, &link->transport);
}

/* A fresh connection, still to shake hands. */
void tls_link_reconnect(struct tls_link *link, int64_t now)
{
    tls_link_server(link);
    assert_int_equal(tls_link_open(link, now), 0);
}

void tls_link_connect(struct tls_link *link, const struct cpmsync_tls_config *config)
{
    assert_int_equal(tls_link_make(link, config), 0);
    tls_link_reconnect(link, 0);
}

void tls_link_disconnect(struct tls_link *link)
{
    link->transport.ops->close(link->transport.self);
    link->transport.self = NULL;
    if (link->server_open)
        support_tls_server_clear(&link->server);
    link->server_open = 0;
    assert_int_equal(link->inner_open, 0);
}

void tls_link_drop(struct tls_link *link)
{
    int frees = link->inner_frees;
    cpmsync_connector_free(&link->connector);
    assert_int_equal(link->inner_frees, frees + 1);
}

void tls_link_free(struct tls_link *link)
{
    if (link->transport.self)
        tls_link_disconnect(link);
    tls_link_drop(link);
    test_free(link);
}

int tls_link_step(struct tls_link *link, int64_t now)
{
    return link->transport.ops->step(link->transport.self, now);
}

/* Both sides by turns until the client is through, or nothing moves any more. */
int tls_link_shake(struct tls_link *link, int64_t now)
{
    for (int quiet = 0; quiet < 3;) {
        int64_t before = link->up.total + link->down.total;
        size_t waiting = link->up.len + link->down.len;
        int result = tls_link_step(link, now);
        if (result < 0)
            return result;
        int server = support_tls_server_step(&link->server);
        if (result && server == 1)
            return 1;
        quiet = before == link->up.total + link->down.total && waiting == link->up.len + link->down.len ? quiet + 1 : 0;
    }
    return 0;
}

struct cpmsync_transport_info tls_link_info(struct tls_link *link)
{
    struct cpmsync_transport_info info = {.size = sizeof(info)};
    link->transport.ops->info(link->transport.self, &info);
    return info;
}

int64_t tls_link_recv(struct tls_link *link, void *data, size_t size)
{
    return link->transport.ops->recv(link->transport.self, data, size);
}

int64_t tls_link_send(struct tls_link *link, const void *data, size_t size)
{
    return link->transport.ops->send(link->transport.self, data, size);
}

/* Text goes both ways; TLS 1.3's tickets ride along. */
void tls_link_talk(struct tls_link *link)
{
    char octets[16];
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"* OK", 4), 4);
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 4);
    assert_memory_equal(octets, "* OK", 4);
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 0);
    assert_int_equal(tls_link_send(link, "a NOOP", 6), 6);
    assert_int_equal(mbedtls_ssl_read(&link->server.ssl, (unsigned char *)octets, sizeof(octets)), 6);
    assert_memory_equal(octets, "a NOOP", 6);
}

/* Connects, talks, disconnects; whether the session was resumed. */
int tls_link_visit(struct tls_link *link, int64_t now)
{
    char octet;
    tls_link_reconnect(link, now);
    assert_int_equal(tls_link_shake(link, now), 1);
    tls_link_talk(link);
    assert_int_equal(tls_link_recv(link, &octet, 1), 0);
    struct cpmsync_transport_info info = tls_link_info(link);
    assert_int_equal(info.early, info.resumed || cpmsync_tls_is_1_3(&link->server.ssl));
    tls_link_disconnect(link);
    return info.resumed;
}

struct cpmsync_tls_config tls_link_config_with_hooks(struct tls_link *link, const char *host)
{
    struct cpmsync_tls_config config = tls_link_config(link, host);
    config.session_load = tls_link_load;
    config.session_save = tls_link_save;
    config.wall_time = tls_link_wall;
    return config;
}
