/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#if defined(CPMSYNC_WITH_SOCKETS)
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include "support/failing_allocator.h"
#include "support/tls_link.h"

static void test_wrong_configurations_are_refused_and_free_the_inner_connector(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config good = tls_link_config(link, "mss.example");
    struct cpmsync_tls_config wrong[9] = {good, good, good, good, good, good, good, good, good};
    static const uint8_t pins[CPMSYNC_TLS_PINS_MAX + 1][CPMSYNC_TLS_PIN_LEN];
    char long_host[300];
    memset(long_host, 'a', sizeof(long_host));
    long_host[299] = '\0';
    wrong[0].size--;
    wrong[1].host = NULL;
    wrong[2].host = "";
    wrong[3].ca_data_len = 0;
    wrong[4].handshake_timeout_ms = -2;
    wrong[5].host = long_host;
    wrong[6].pin_count = 1;
    wrong[7].pins = pins;
    wrong[8].pins = pins;
    wrong[8].pin_count = CPMSYNC_TLS_PINS_MAX + 1;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(tls_link_make(link, &wrong[i]), CPMSYNC_ERR_INVALID_ARGUMENT);
        assert_int_equal(link->inner_frees, i + 1);
    }
    assert_int_equal(tls_link_make(link, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(tls_link_make(link, &good), 0);
    tls_link_free(link);
}

static void test_waking_goes_to_the_connector_below(void **state)
{
    struct cpmsync_pollfd fd;
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_connector mute = {&tls_link_mute_ops, link};
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(link->connector.ops->pollfds(link->connector.self, &fd, 1), 1);
    assert_int_equal(fd.fd, 6);
    assert_int_equal(link->connector.ops->wake(link->connector.self), 0);
    assert_int_equal(link->wakes, 1);
    link->connector.ops->woken(link->connector.self);
    assert_int_equal(link->wakes, 0);
    tls_link_drop(link);

    assert_int_equal(cpmsync_connector_tls(&link->connector, &mute, &config), 0);
    assert_int_equal(link->connector.ops->pollfds(link->connector.self, &fd, 1), 0);
    assert_int_equal(link->connector.ops->wake(link->connector.self), CPMSYNC_ERR_UNSUPPORTED);
    link->connector.ops->woken(link->connector.self);
    tls_link_free(link);
}

/* In which of the two worlds we are is mbedTLS's configuration's to say. */
static void test_r_28_only_unguarded_psa_needs_the_promise(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.single_thread = 0;
#if defined(CPMSYNC_TLS_PSA_UNGUARDED)
    assert_int_equal(tls_link_make(link, &config), CPMSYNC_ERR_STATE);
    assert_int_equal(link->inner_frees, 1);
    config.single_thread = 1;
#endif
    assert_int_equal(tls_link_make(link, &config), 0);
    tls_link_free(link);
}

/* Every allocation of ours fails once, over two connections; what only serves resumption may fail unnoticed. */
static void test_every_failing_allocation_is_survived(void **state)
{
    struct support_allocator allocator;
    uint64_t n;
    uint8_t pin[1][CPMSYNC_TLS_PIN_LEN];
    support_certificate_pin(&((struct tls_world *)*state)->server, pin[0]);
    support_allocator_init(&allocator);
    for (n = 1;; n++) {
        struct tls_link *link = tls_link_new(state);
        struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
        config.allocator = &allocator.mem;
        config.account = "alice";
        config.pins = (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])pin;
        config.pin_count = 1;
        support_allocator_fail_at(&allocator, n);
        int error = tls_link_make(link, &config);
        for (int round = 0; round < 2 && !error; round++) {
            tls_link_server(link);
            error = tls_link_open(link, 0);
            if (!error) {
                assert_int_equal(tls_link_shake(link, 0), 1);
                tls_link_disconnect(link);
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
    assert_true(n >= 8);
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
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_connector tcp;
    struct cpmsync_tcp_config tcp_config = {.size = sizeof(tcp_config)};
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    tcp_config.hook_ctx = &ends[0];
    tcp_config.socket = hook_socket;
    assert_int_equal(cpmsync_connector_tcp(&tcp, &tcp_config), 0);
    assert_int_equal(cpmsync_connector_tls(&link->connector, &tcp, &config), 0);
    assert_null(tcp.ops);
    tls_link_server(link);
    assert_int_equal(tls_link_open(link, 0), 0);
    int result = 0, server = 0;
    while (!result || !server) {
        result = tls_link_step(link, 0);
        assert_true(result >= 0);
        ssize_t n = read(ends[1], link->up.octets, SUPPORT_PIPE_MAX);
        link->up.start = 0;
        link->up.len = n > 0 ? (size_t)n : 0;
        server = support_tls_server_step(&link->server);
        assert_true(server >= 0);
        assert_int_equal(write(ends[1], link->down.octets + link->down.start, link->down.len), (ssize_t)link->down.len);
        link->down.len = 0;
    }
    assert_int_equal(tls_link_info(link).secure, 1);
    close(ends[1]);
    char octet;
    while (!(result = (int)tls_link_recv(link, &octet, 1)))
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
        cmocka_unit_test(test_wrong_configurations_are_refused_and_free_the_inner_connector),
        cmocka_unit_test(test_waking_goes_to_the_connector_below),
        cmocka_unit_test(test_r_28_only_unguarded_psa_needs_the_promise),
        cmocka_unit_test(test_every_failing_allocation_is_survived),
#if defined(CPMSYNC_WITH_SOCKETS)
        cmocka_unit_test(test_tls_over_a_socket),
#endif
    };
    return cmocka_run_group_tests(tests, tls_world_setup, tls_world_teardown);
}
