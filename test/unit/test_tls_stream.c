/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support/tls_link.h"

static void test_close_notify_and_a_bare_end_are_closed(void **state)
{
    for (int bare = 0; bare < 2; bare++) {
        char octets[8];
        struct tls_link *link = tls_link_new(state);
        struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
        tls_link_connect(link, &config);
        assert_int_equal(tls_link_shake(link, 0), 1);
        assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"bye", 3), 3);
        if (!bare)
            assert_int_equal(mbedtls_ssl_close_notify(&link->server.ssl), 0);
        link->down.closed = bare;
        assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 3);
        assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), CPMSYNC_ERR_CLOSED);
        assert_int_equal(tls_link_step(link, 0), CPMSYNC_ERR_CLOSED);
        assert_int_equal(tls_link_info(link).secure, 0);
        tls_link_free(link);
    }
}

static void test_closing_says_so_to_the_server(void **state)
{
    unsigned char octet;
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    link->transport.ops->close(link->transport.self);
    link->transport.self = NULL;
    assert_int_equal(mbedtls_ssl_read(&link->server.ssl, &octet, 1), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    support_tls_server_clear(&link->server);
    tls_link_free(link);
}

static void test_a_broken_record_is_a_tls_error(void **state)
{
    char octets[8];
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    link->down.len = 0;
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"hello", 5), 5);
    link->down.octets[link->down.start + link->down.len - 1] ^= 1;
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), CPMSYNC_ERR_TLS);
    assert_true(tls_link_info(link).backend_code < 0);
    tls_link_free(link);
}

static void test_empty_records_are_no_end(void **state)
{
    char octets[8];
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, NULL, 0), 0);
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, NULL, 0), 0);
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 0);
    assert_int_equal(mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"hello", 5), 5);
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 5);
    tls_link_free(link);
}

static void test_pf_87_what_tls_holds_is_pending(void **state)
{
    char octets[40];
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    assert_int_equal(
        mbedtls_ssl_write(&link->server.ssl, (const unsigned char *)"0123456789012345678901234567890123456789", 40),
        40);
    assert_int_equal(tls_link_recv(link, octets, 0), 0);
    assert_int_equal(tls_link_recv(link, octets, 10), 10);
    assert_int_equal(link->transport.ops->pending(link->transport.self), 30);
    assert_int_equal(tls_link_recv(link, octets, 40), 30);
    assert_int_equal(link->transport.ops->pending(link->transport.self), 0);
    tls_link_free(link);
}

static void test_an_octet_at_a_time_is_enough(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    link->up.chunk = link->down.chunk = 1;
    link->up.room = 7;
    assert_int_equal(tls_link_shake(link, 0), 1);
    link->up.room = 0;
    tls_link_talk(link);
    tls_link_free(link);
}

/* What was taken arrives once and in order, although the caller comes with other data each time. */
static void test_pf_87_octets_taken_while_the_net_is_full_are_sent_later(void **state)
{
    struct cpmsync_pollfd fd;
    unsigned char octets[64];
    uint8_t next = 0, expected = 0;
    int blocked = 0;
    size_t received = 0;
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    link->up.room = 20;
    while (received < 2000) {
        uint8_t data[50];
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = (uint8_t)(next + i);
        int64_t n = tls_link_send(link, data, sizeof(data));
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
    assert_int_equal(tls_link_step(link, 0), 1);
    for (int got; (got = mbedtls_ssl_read(&link->server.ssl, octets, sizeof(octets))) > 0;)
        for (int i = 0; i < got; i++)
            assert_int_equal(octets[i], expected++);
    assert_int_equal(expected, next);
    assert_int_equal(link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_READ, &fd, 1), 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_READ);
    tls_link_free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_notify_and_a_bare_end_are_closed),
        cmocka_unit_test(test_closing_says_so_to_the_server),
        cmocka_unit_test(test_a_broken_record_is_a_tls_error),
        cmocka_unit_test(test_empty_records_are_no_end),
        cmocka_unit_test(test_pf_87_what_tls_holds_is_pending),
        cmocka_unit_test(test_an_octet_at_a_time_is_enough),
        cmocka_unit_test(test_pf_87_octets_taken_while_the_net_is_full_are_sent_later),
    };
    return cmocka_run_group_tests(tests, tls_world_setup, tls_world_teardown);
}
