/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cpmsync/transport.h>

#include "support/failing_allocator.h"

enum { PATIENCE_MS = 20000 };

/* ---------------------------------------------------------------- fixtures */

/* Sockets on loopback, and what the hooks were asked. */
struct net {
    int listener;
    uint16_t port;
    const struct cpmsync_address *answers;
    int answer_count;
    int asked;
    int prepared;
    unsigned skipped_octet; /* prepare refuses the address that ends in it */
    int socket;
    struct cpmsync_connector connector;
    struct cpmsync_transport transport;
};

static int listen_on(uint32_t address, uint16_t *port)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&in, 0, sizeof(in));
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(address);
    in.sin_port = htons(*port);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static int hook_addresses(void *ctx, const char *host, uint16_t port, struct cpmsync_address *addresses, size_t max)
{
    struct net *net = ctx;
    net->asked++;
    assert_string_equal(host, "mss.example");
    assert_int_equal(port, net->port);
    for (int i = 0; i < net->answer_count; i++) {
        assert_true((size_t)i < max);
        addresses[i] = net->answers[i];
    }
    return net->answer_count;
}

static int hook_prepare(void *ctx, int fd, const struct cpmsync_address *address)
{
    struct net *net = ctx;
    net->prepared++;
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    return address->octets[3] == net->skipped_octet;
}

static int hook_socket(void *ctx)
{
    return ((struct net *)ctx)->socket;
}

static struct cpmsync_tcp_config config_for(struct net *net, const char *host)
{
    struct cpmsync_tcp_config config = {.size = sizeof(config)};
    config.host = host;
    config.port = net->port;
    config.hook_ctx = net;
    return config;
}

static void net_open(struct net *net, const struct cpmsync_tcp_config *config)
{
    assert_int_equal(cpmsync_connector_tcp(&net->connector, config), 0);
    assert_int_equal(net->connector.ops->open(net->connector.self, 0, &net->transport), 0);
}

static void net_close(struct net *net)
{
    net->transport.ops->close(net->transport.self);
    cpmsync_connector_free(&net->connector);
    if (net->listener >= 0)
        close(net->listener);
}

static int step(struct net *net, int64_t now)
{
    return net->transport.ops->step(net->transport.self, now);
}

/* Waits as an event loop would, without time going on. */
static void wait_once(struct net *net)
{
    struct cpmsync_pollfd fds[16];
    struct pollfd pollers[16];
    size_t count = net->transport.ops->pollfds(net->transport.self, CPMSYNC_POLL_READ, fds, 16);
    assert_in_range(count, 1, 16);
    for (size_t i = 0; i < count; i++) {
        pollers[i].fd = fds[i].fd;
        pollers[i].events = (short)((fds[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) |
                                    (fds[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0));
    }
    assert_true(poll(pollers, (nfds_t)count, PATIENCE_MS) > 0);
}

static int step_until_done(struct net *net, int64_t now)
{
    int result;
    while (!(result = step(net, now)))
        wait_once(net);
    return result;
}

static int backend_code(struct net *net)
{
    struct cpmsync_transport_info info = {.size = sizeof(info)};
    net->transport.ops->info(net->transport.self, &info);
    assert_int_equal(info.size, sizeof(info));
    assert_false(info.secure || info.early || info.resumed);
    assert_string_equal(info.detail, "");
    return info.backend_code;
}

static struct cpmsync_address v4(unsigned a, unsigned b, unsigned c, unsigned d)
{
    struct cpmsync_address address = {4, {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}, 0, 0};
    return address;
}

/* A port on loopback that nobody listens on. */
static uint16_t dead_port(void)
{
    uint16_t port = 0;
    close(listen_on(INADDR_LOOPBACK, &port));
    return port;
}

/* An address that takes connections in but never answers: a listener whose queue is full. */
struct tarpit {
    int listener;
    int clients[8];
    size_t count;
    uint16_t port;
};

static void tarpit_open(struct tarpit *tarpit, uint32_t address, uint16_t port)
{
    struct sockaddr_in in;
    tarpit->port = port;
    tarpit->listener = listen_on(address, &tarpit->port);
    assert_int_equal(listen(tarpit->listener, 0), 0);
    memset(&in, 0, sizeof(in));
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(address);
    in.sin_port = htons(tarpit->port);
    for (tarpit->count = 0; tarpit->count < 8; tarpit->count++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(fd >= 0);
        (void)!connect(fd, (struct sockaddr *)&in, sizeof(in));
        tarpit->clients[tarpit->count] = fd;
    }
}

static void tarpit_close(struct tarpit *tarpit)
{
    for (size_t i = 0; i < tarpit->count; i++)
        close(tarpit->clients[i]);
    close(tarpit->listener);
}

/* ---------------------------------------------------------------- connecting */

static void test_a_number_connects_without_resolver_or_hook(void **state)
{
    struct net net = {0};
    (void)state;
    net.listener = listen_on(INADDR_LOOPBACK, &net.port);
    struct cpmsync_tcp_config config = config_for(&net, "127.0.0.1");
    config.addresses = hook_addresses;
    net_open(&net, &config);
    assert_int_equal(step_until_done(&net, 0), 1);
    assert_int_equal(net.asked, 0);
    assert_int_equal(step(&net, 1000000), 1);
    assert_int_equal(net.transport.ops->expiry(net.transport.self), CPMSYNC_NEVER);
    assert_int_equal(net.transport.ops->starttls(net.transport.self), CPMSYNC_ERR_UNSUPPORTED);
    net_close(&net);
}

static void test_the_hook_resolves_and_its_port_counts(void **state)
{
    struct cpmsync_address answer = v4(127, 0, 0, 1);
    struct net net = {0};
    (void)state;
    net.listener = listen_on(INADDR_LOOPBACK, &answer.port);
    net.port = 9; /* what the configuration says, for answers without port */
    net.answers = &answer;
    net.answer_count = 1;
    struct cpmsync_tcp_config config = config_for(&net, "mss.example");
    config.addresses = hook_addresses;
    config.prepare = hook_prepare;
    net_open(&net, &config);
    assert_int_equal(step_until_done(&net, 0), 1);
    assert_int_equal(net.asked, 1);
    assert_int_equal(net.prepared, 1);
    net_close(&net);
}

static void test_a_hook_without_answer_is_a_resolve_error(void **state)
{
    struct net net = {.listener = -1, .port = 1};
    (void)state;
    struct cpmsync_tcp_config config = config_for(&net, "mss.example");
    config.addresses = hook_addresses;
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), CPMSYNC_ERR_RESOLVE);
    assert_int_equal(step(&net, 1), CPMSYNC_ERR_RESOLVE);
    char octet;
    assert_int_equal(net.transport.ops->recv(net.transport.self, &octet, 1), CPMSYNC_ERR_RESOLVE);
    net_close(&net);
}

static void test_a_refused_connection_keeps_its_errno(void **state)
{
    struct net net = {.listener = -1, .port = dead_port()};
    (void)state;
    struct cpmsync_tcp_config config = config_for(&net, "127.0.0.1");
    net_open(&net, &config);
    assert_int_equal(step_until_done(&net, 0), CPMSYNC_ERR_CONNECT);
    assert_int_equal(backend_code(&net), ECONNREFUSED);
    net_close(&net);
}

static void test_after_a_refusal_the_next_address_is_tried_at_once(void **state)
{
    struct cpmsync_address answers[2] = {v4(127, 0, 0, 1), v4(127, 0, 0, 1)};
    struct net net = {0};
    (void)state;
    answers[0].port = dead_port();
    net.listener = listen_on(INADDR_LOOPBACK, &net.port);
    net.answers = answers;
    net.answer_count = 2;
    struct cpmsync_tcp_config config = config_for(&net, "mss.example");
    config.addresses = hook_addresses;
    net_open(&net, &config);
    assert_int_equal(step_until_done(&net, 0), 1);
    assert_int_equal(backend_code(&net), 0);
    net_close(&net);
}

static void test_prepare_can_skip_an_address(void **state)
{
    struct cpmsync_address answers[2] = {v4(127, 0, 0, 7), v4(127, 0, 0, 1)};
    struct net net = {0};
    (void)state;
    net.listener = listen_on(INADDR_LOOPBACK, &net.port);
    net.answers = answers;
    net.answer_count = 2;
    net.skipped_octet = 7;
    struct cpmsync_tcp_config config = config_for(&net, "mss.example");
    config.addresses = hook_addresses;
    config.prepare = hook_prepare;
    net_open(&net, &config);
    assert_int_equal(step_until_done(&net, 0), 1);
    assert_int_equal(net.prepared, 2);
    net_close(&net);
}

static void test_prepare_refusing_all_is_a_connect_error(void **state)
{
    struct net net = {.listener = -1, .port = 1};
    (void)state;
    net.skipped_octet = 1;
    struct cpmsync_tcp_config config = config_for(&net, "127.0.0.1");
    config.prepare = hook_prepare;
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), CPMSYNC_ERR_CONNECT);
    net_close(&net);
}

/* RFC 8305 5: the first address hangs, the second gets its turn after the head start, both are in flight. */
static void test_a_hanging_address_loses_after_its_head_start(void **state)
{
    struct tarpit tarpit;
    struct cpmsync_address answers[2] = {v4(127, 0, 0, 1), v4(127, 0, 0, 1)};
    struct cpmsync_pollfd fds[4];
    struct net net = {0};
    (void)state;
    tarpit_open(&tarpit, INADDR_LOOPBACK, 0);
    net.listener = listen_on(INADDR_LOOPBACK, &net.port);
    answers[0].port = tarpit.port;
    net.answers = answers;
    net.answer_count = 2;
    struct cpmsync_tcp_config config = config_for(&net, "mss.example");
    config.addresses = hook_addresses;
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), 0);
    assert_int_equal(net.transport.ops->pollfds(net.transport.self, 0, fds, 4), 1);
    assert_int_equal(fds[0].events, CPMSYNC_POLL_WRITE);
    assert_int_equal(net.transport.ops->expiry(net.transport.self), 250);
    assert_int_equal(step(&net, 249), 0);
    assert_int_equal(net.transport.ops->pollfds(net.transport.self, 0, fds, 4), 1);
    int loser = fds[0].fd;

    int result = step(&net, 250);
    if (!result) {
        assert_int_equal(net.transport.ops->pollfds(net.transport.self, 0, fds, 1), 2);
        result = step_until_done(&net, 251);
    }
    assert_int_equal(result, 1);
    assert_int_equal(fcntl(loser, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
    net_close(&net);
    tarpit_close(&tarpit);
}

static void test_connecting_ends_at_its_time_limit(void **state)
{
    struct tarpit tarpit;
    struct net net = {0};
    (void)state;
    tarpit_open(&tarpit, INADDR_LOOPBACK, 0);
    net.listener = -1;
    net.port = tarpit.port;
    struct cpmsync_tcp_config config = config_for(&net, "127.0.0.1");
    config.connect_timeout_ms = 5000;
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), 0);
    assert_int_equal(net.transport.ops->expiry(net.transport.self), 5000);
    assert_int_equal(step(&net, 4999), 0);
    assert_int_equal(step(&net, 5000), CPMSYNC_ERR_TIMEOUT);
    net_close(&net);

    config.connect_timeout_ms = CPMSYNC_OFF;
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), 0);
    assert_int_equal(net.transport.ops->expiry(net.transport.self), CPMSYNC_NEVER);
    assert_int_equal(step(&net, INT64_MAX - 1), 0);
    net_close(&net);
    tarpit_close(&tarpit);
}

#if defined(CPMSYNC_WITH_RESOLVER)
static void test_a_name_goes_to_the_resolver_whose_wake_is_watched(void **state)
{
    struct cpmsync_pollfd fd = {-1, 0};
    struct net net = {0};
    (void)state;
    net.listener = listen_on(INADDR_LOOPBACK, &net.port);
    struct cpmsync_tcp_config config = config_for(&net, "localhost");
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), 0);
    assert_int_equal(net.transport.ops->pollfds(net.transport.self, 0, &fd, 1), 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_READ);
    assert_int_equal(step_until_done(&net, 0), 1);
    net_close(&net);
}

static void test_closing_while_a_name_is_looked_up_is_harmless(void **state)
{
    struct net net = {.listener = -1, .port = 1};
    (void)state;
    struct cpmsync_tcp_config config = config_for(&net, "localhost");
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), 0);
    net_close(&net);
}
#else
static void test_a_name_without_resolver_and_hook_is_a_resolve_error(void **state)
{
    struct net net = {.listener = -1, .port = 1};
    (void)state;
    struct cpmsync_tcp_config config = config_for(&net, "localhost");
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), CPMSYNC_ERR_RESOLVE);
    net_close(&net);
}
#endif

/* ---------------------------------------------------------------- octets */

static void open_on_socketpair(struct net *net, int *peer)
{
    int ends[2];
    struct cpmsync_tcp_config config = config_for(net, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    net->listener = -1;
    net->socket = ends[0];
    *peer = ends[1];
    config.socket = hook_socket;
    net_open(net, &config);
    assert_int_equal(step(net, 0), 1);
    assert_true(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(ends[0], F_GETFD) & FD_CLOEXEC);
}

static int64_t receive(struct net *net, void *data, size_t size)
{
    return net->transport.ops->recv(net->transport.self, data, size);
}

static void test_octets_go_both_ways_and_an_end_is_no_zero(void **state)
{
    struct net net = {0};
    char octets[16];
    int peer;
    (void)state;
    open_on_socketpair(&net, &peer);
    assert_int_equal(receive(&net, octets, sizeof(octets)), 0);
    assert_int_equal(net.transport.ops->send(net.transport.self, "hello", 5), 5);
    assert_int_equal(read(peer, octets, sizeof(octets)), 5);
    assert_memory_equal(octets, "hello", 5);
    assert_int_equal(write(peer, "a\0b", 3), 3);
    assert_int_equal(receive(&net, octets, 0), 0);
    assert_int_equal(receive(&net, octets, 2), 2);
    assert_int_equal(receive(&net, octets, 2), 1);
    assert_int_equal(net.transport.ops->pending(net.transport.self), 0);
    close(peer);
    assert_int_equal(receive(&net, octets, 2), CPMSYNC_ERR_CLOSED);
    assert_int_equal(backend_code(&net), 0);
    assert_int_equal(step(&net, 0), CPMSYNC_ERR_CLOSED);
    net_close(&net);
}

static void test_sending_stops_when_the_kernel_is_full_and_to_a_gone_peer_raises_no_signal(void **state)
{
    static const char octets[65536];
    struct cpmsync_pollfd fd;
    struct net net = {0};
    int64_t sent;
    int peer;
    (void)state;
    open_on_socketpair(&net, &peer);
    do
        sent = net.transport.ops->send(net.transport.self, octets, sizeof(octets));
    while (sent > 0);
    assert_int_equal(sent, 0);
    assert_int_equal(net.transport.ops->pollfds(net.transport.self, CPMSYNC_POLL_WRITE, &fd, 1), 1);
    assert_int_equal(fd.fd, net.socket);
    assert_int_equal(fd.events, CPMSYNC_POLL_WRITE);
    assert_int_equal(net.transport.ops->pollfds(net.transport.self, 0, &fd, 1), 0);
    close(peer);
    assert_int_equal(net.transport.ops->send(net.transport.self, octets, 1), CPMSYNC_ERR_CLOSED);
    assert_int_equal(backend_code(&net), EPIPE);
    net_close(&net);
}

static void test_nagle_is_off(void **state)
{
    struct cpmsync_pollfd fd;
    struct net net = {0};
    int on = 0;
    socklen_t len = sizeof(on);
    (void)state;
    net.listener = listen_on(INADDR_LOOPBACK, &net.port);
    struct cpmsync_tcp_config config = config_for(&net, "127.0.0.1");
    net_open(&net, &config);
    assert_int_equal(step_until_done(&net, 0), 1);
    assert_int_equal(net.transport.ops->pollfds(net.transport.self, CPMSYNC_POLL_READ, &fd, 1), 1);
    assert_int_equal(getsockopt(fd.fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    assert_int_not_equal(on, 0);
    net_close(&net);
}

static void test_a_hook_that_brings_no_socket_is_a_connect_error(void **state)
{
    struct net net = {0};
    (void)state;
    net.listener = -1;
    net.socket = -1;
    struct cpmsync_tcp_config config = config_for(&net, NULL);
    config.socket = hook_socket;
    net_open(&net, &config);
    assert_int_equal(step(&net, 0), CPMSYNC_ERR_CONNECT);
    net_close(&net);
}

static void test_a_wake_is_seen_among_the_descriptors_until_taken_back(void **state)
{
    struct cpmsync_pollfd fd = {-1, 0};
    struct cpmsync_tcp_config config = {.size = sizeof(config), .host = "127.0.0.1", .port = 1};
    struct cpmsync_connector connector;
    (void)state;
    assert_int_equal(cpmsync_connector_tcp(&connector, &config), 0);
    assert_int_equal(connector.ops->pollfds(connector.self, NULL, 0), 1);
    assert_int_equal(connector.ops->pollfds(connector.self, &fd, 1), 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_READ);
    struct pollfd poller = {fd.fd, POLLIN, 0};
    assert_int_equal(poll(&poller, 1, 0), 0);
    assert_int_equal(connector.ops->wake(connector.self), 0);
    assert_int_equal(poll(&poller, 1, 0), 1);
    connector.ops->woken(connector.self);
    assert_int_equal(poll(&poller, 1, 0), 0);
    cpmsync_connector_free(&connector);
    assert_int_equal(fcntl(fd.fd, F_GETFD), -1);
}

/* ---------------------------------------------------------------- configuration and memory */

static void test_wrong_configurations_are_refused(void **state)
{
    struct {
        struct cpmsync_tcp_config known;
        char later[8];
    } newer = {{.size = sizeof(newer), .host = "mss.example", .port = 993}, {0}};
    struct cpmsync_tcp_config config = {.size = sizeof(config), .host = "mss.example", .port = 993};
    struct cpmsync_connector connector;
    (void)state;
    assert_int_equal(cpmsync_connector_tcp(&connector, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_connector_tcp(NULL, &config), CPMSYNC_ERR_INVALID_ARGUMENT);
    config.size--;
    assert_int_equal(cpmsync_connector_tcp(&connector, &config), CPMSYNC_ERR_INVALID_ARGUMENT);
    config.size++;
    config.port = 0;
    assert_int_equal(cpmsync_connector_tcp(&connector, &config), CPMSYNC_ERR_INVALID_ARGUMENT);
    config.port = 993;
    config.host = "";
    assert_int_equal(cpmsync_connector_tcp(&connector, &config), CPMSYNC_ERR_INVALID_ARGUMENT);
    config.host = "mss.example";
    config.head_start_ms = -1;
    assert_int_equal(cpmsync_connector_tcp(&connector, &config), CPMSYNC_ERR_INVALID_ARGUMENT);

    assert_int_equal(cpmsync_connector_tcp(&connector, &newer.known), 0);
    cpmsync_connector_free(&connector);
    newer.later[7] = 1;
    assert_int_equal(cpmsync_connector_tcp(&connector, &newer.known), CPMSYNC_ERR_INVALID_ARGUMENT);
}

static void test_every_failing_allocation_is_survived(void **state)
{
    struct support_allocator allocator;
    struct net net = {0};
    uint64_t n;
    (void)state;
    support_allocator_init(&allocator);
    net.listener = listen_on(INADDR_LOOPBACK, &net.port);
    struct cpmsync_tcp_config config = config_for(&net, "127.0.0.1");
    config.allocator = &allocator.mem;
    for (n = 1;; n++) {
        support_allocator_fail_at(&allocator, n);
        int error = cpmsync_connector_tcp(&net.connector, &config);
        if (!error) {
            error = net.connector.ops->open(net.connector.self, 0, &net.transport);
            if (!error) {
                assert_int_equal(step_until_done(&net, 0), 1);
                net.transport.ops->close(net.transport.self);
            }
            cpmsync_connector_free(&net.connector);
        }
        assert_int_equal(allocator.live_blocks, 0);
        if (!allocator.failures)
            break;
        assert_int_equal(error, CPMSYNC_ERR_NOMEM);
    }
    assert_int_equal(n, 4);
    close(net.listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_number_connects_without_resolver_or_hook),
        cmocka_unit_test(test_the_hook_resolves_and_its_port_counts),
        cmocka_unit_test(test_a_hook_without_answer_is_a_resolve_error),
        cmocka_unit_test(test_a_refused_connection_keeps_its_errno),
        cmocka_unit_test(test_after_a_refusal_the_next_address_is_tried_at_once),
        cmocka_unit_test(test_prepare_can_skip_an_address),
        cmocka_unit_test(test_prepare_refusing_all_is_a_connect_error),
        cmocka_unit_test(test_a_hanging_address_loses_after_its_head_start),
        cmocka_unit_test(test_connecting_ends_at_its_time_limit),
#if defined(CPMSYNC_WITH_RESOLVER)
        cmocka_unit_test(test_a_name_goes_to_the_resolver_whose_wake_is_watched),
        cmocka_unit_test(test_closing_while_a_name_is_looked_up_is_harmless),
#else
        cmocka_unit_test(test_a_name_without_resolver_and_hook_is_a_resolve_error),
#endif
        cmocka_unit_test(test_octets_go_both_ways_and_an_end_is_no_zero),
        cmocka_unit_test(test_sending_stops_when_the_kernel_is_full_and_to_a_gone_peer_raises_no_signal),
        cmocka_unit_test(test_nagle_is_off),
        cmocka_unit_test(test_a_hook_that_brings_no_socket_is_a_connect_error),
        cmocka_unit_test(test_a_wake_is_seen_among_the_descriptors_until_taken_back),
        cmocka_unit_test(test_wrong_configurations_are_refused),
        cmocka_unit_test(test_every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
