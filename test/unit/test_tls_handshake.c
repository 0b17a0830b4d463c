/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support/tls_link.h"

/* What comes of connecting to `host` where the server has `certificate`. */
static int outcome(void **state, const char *host, size_t certificate, uint32_t *flags)
{
    struct tls_link *link = tls_link_new(state);
    link->certificate = (struct support_certificate *)(void *)((char *)link->world + certificate);
    struct cpmsync_tls_config config = tls_link_config(link, host);
    tls_link_connect(link, &config);
    int result = tls_link_shake(link, 0);
    struct cpmsync_transport_info info = tls_link_info(link);
    if (flags)
        *flags = info.x509_flags;
    assert_int_equal(info.secure, result == 1);
    if (result < 0) {
        assert_int_not_equal(info.backend_code, 0);
        assert_int_equal(tls_link_step(link, 1), result);
        assert_int_equal(tls_link_recv(link, &info, 1), result);
        assert_int_equal(tls_link_send(link, "x", 1), result);
    }
    tls_link_free(link);
    return result;
}

#define CERTIFICATE(name) offsetof(struct tls_world, name)

static void test_a_good_chain_for_the_right_host_is_secure(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    struct cpmsync_transport_info info = tls_link_info(link);
    assert_int_equal(info.secure, 1);
    assert_int_equal(info.resumed, 0);
    assert_int_equal(info.early, cpmsync_tls_is_1_3(&link->server.ssl));
    assert_int_equal(strncmp(info.detail, "TLSv1.", 6), 0);
    assert_int_equal(info.x509_flags, 0);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), CPMSYNC_NEVER);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), CPMSYNC_ERR_STATE);
    tls_link_talk(link);
    tls_link_free(link);
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

    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.ca_data = (const uint8_t *)link->world->other_ca.pem;
    config.ca_data_len = link->world->other_ca.pem_len;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    assert_true(tls_link_info(link).x509_flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
    tls_link_free(link);
}

static void test_pf_116_an_address_matches_iPAddress_and_is_no_server_name(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "127.0.0.1");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    assert_string_equal(link->server.sni, "");
    tls_link_free(link);
    assert_int_equal(outcome(state, "127.0.0.2", CERTIFICATE(server), NULL), CPMSYNC_ERR_TLS_HOST);
    assert_int_equal(outcome(state, "::1", CERTIFICATE(server), NULL), CPMSYNC_ERR_TLS_HOST);
}

static void test_pf_116_the_name_is_sent_as_server_name(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example.");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), 1);
    assert_string_equal(link->server.sni, "mss.example");
    tls_link_free(link);
}

/* ---------------------------------------------------------------- pins */

/* What comes of connecting to `host` with this one pin. */
static int outcome_with_pin(
    struct tls_link *link, struct cpmsync_tls_config *config, struct support_certificate *pinned, uint32_t *flags)
{
    uint8_t pins[2][CPMSYNC_TLS_PIN_LEN] = {{0}}; /* the first is nobody's */
    support_certificate_pin(pinned, pins[1]);
    config->pins = (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])pins;
    config->pin_count = 2;
    tls_link_connect(link, config);
    int result = tls_link_shake(link, 0);
    *flags = tls_link_info(link).x509_flags;
    tls_link_disconnect(link);
    tls_link_drop(link);
    config->pins = NULL;
    config->pin_count = 0;
    return result;
}

static void test_r_27_one_pinned_key_anywhere_in_the_chain_is_needed(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct tls_world *world = link->world;
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    struct support_certificate middle, leaf;
    struct support_certificate_spec middle_spec = {.common_name = "Middle", .is_ca = 1};
    struct support_certificate_spec leaf_spec = {.common_name = "mss", .dns = {"mss.example"}};
    uint32_t flags;
    support_certificate_make(&middle, &middle_spec, &world->ca, &world->random);
    support_certificate_make(&leaf, &leaf_spec, &middle, &world->random);
    support_certificate_append(&leaf, &middle);
    link->certificate = &leaf;
    assert_int_equal(outcome_with_pin(link, &config, &leaf, &flags), 1);
    assert_int_equal(outcome_with_pin(link, &config, &middle, &flags), 1);
    assert_int_equal(outcome_with_pin(link, &config, &world->ca, &flags), 1);
    assert_int_equal(outcome_with_pin(link, &config, &world->server, &flags), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(flags, MBEDTLS_X509_BADCERT_OTHER);
    support_certificate_clear(&leaf);
    support_certificate_clear(&middle);
    assert_int_equal(tls_link_make(link, &config), 0);
    tls_link_free(link);
}

static void test_r_27_a_pin_replaces_neither_anchor_nor_name(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct tls_world *world = link->world;
    struct cpmsync_tls_config config = tls_link_config(link, "evil.example");
    uint32_t flags;
    assert_int_equal(outcome_with_pin(link, &config, &world->server, &flags), CPMSYNC_ERR_TLS_HOST);
    config = tls_link_config(link, "mss.example");
    config.ca_data = (const uint8_t *)world->other_ca.pem;
    config.ca_data_len = world->other_ca.pem_len;
    assert_int_equal(outcome_with_pin(link, &config, &world->server, &flags), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(flags, MBEDTLS_X509_BADCERT_NOT_TRUSTED);
    /* With no anchors named the system's bundle is asked, which does not know our authority. */
    config.ca_data = NULL;
    config.ca_data_len = 0;
    assert_true(outcome_with_pin(link, &config, &world->server, &flags) < 0);
    /* A certificate that nobody signed is its own anchor. */
    link->certificate = &world->self_signed;
    config.ca_data = (const uint8_t *)world->self_signed.pem;
    config.ca_data_len = world->self_signed.pem_len;
    assert_int_equal(outcome_with_pin(link, &config, &world->self_signed, &flags), 1);
    assert_int_equal(tls_link_make(link, &config), 0);
    tls_link_free(link);
}

/* The other authority bears the same name, so its certificate looks like one of the chain. */
static void test_r_27_a_pinned_certificate_that_signed_nothing_does_not_count(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct tls_world *world = link->world;
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    struct support_certificate leaf;
    struct support_certificate_spec spec = {.common_name = "mss", .dns = {"mss.example"}};
    uint32_t flags;
    support_certificate_make(&leaf, &spec, &world->ca, &world->random);
    support_certificate_append(&leaf, &world->other_ca);
    link->certificate = &leaf;
    assert_int_equal(outcome_with_pin(link, &config, &world->other_ca, &flags), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(flags, MBEDTLS_X509_BADCERT_OTHER);
    config.ca_data = (const uint8_t *)world->self_signed.pem;
    config.ca_data_len = world->self_signed.pem_len;
    assert_int_equal(outcome_with_pin(link, &config, &world->other_ca, &flags), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(flags, MBEDTLS_X509_BADCERT_NOT_TRUSTED | MBEDTLS_X509_BADCERT_OTHER);
    support_certificate_clear(&leaf);
    assert_int_equal(tls_link_make(link, &config), 0);
    tls_link_free(link);
}

static void test_unreadable_trust_shows_when_it_is_needed(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.ca_data = (const uint8_t *)"no certificate";
    config.ca_data_len = 15;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_TRUST);
    assert_int_not_equal(tls_link_info(link).backend_code, 4711);
    tls_link_free(link);
}

#if MBEDTLS_VERSION_NUMBER < 0x03000000
static void test_a_server_of_tls_1_1_is_refused(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    mbedtls_ssl_conf_max_version(&link->server.conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_2);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS);
    tls_link_free(link);
}
#endif

static void test_what_is_no_tls_is_a_tls_error(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_step(link, 0), 0);
    support_pipe_write(&link->down, "* OK [CAPABILITY IMAP4rev1] ready\r\n", 35);
    assert_int_equal(tls_link_step(link, 0), CPMSYNC_ERR_TLS);
    assert_true(tls_link_info(link).backend_code < 0);
    tls_link_free(link);
}

/* Wherever the server's side of the handshake is cut. */
static void test_an_end_in_the_handshake_is_closed(void **state)
{
    size_t cut = 0;
    for (int result = 0; result != 1; cut += 53) {
        struct tls_link *link = tls_link_new(state);
        struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
        tls_link_connect(link, &config);
        link->down.room = SUPPORT_PIPE_MAX;
        do {
            result = tls_link_step(link, 0);
            (void)support_tls_server_step(&link->server);
            if ((size_t)link->down.total >= cut && !link->down.closed) {
                size_t over = (size_t)link->down.total - cut;
                link->down.len -= over < link->down.len ? over : link->down.len;
                link->down.closed = 1;
            }
        } while (!result);
        if (result != 1)
            assert_int_equal(result, CPMSYNC_ERR_CLOSED);
        tls_link_free(link);
    }
    assert_true(cut > 500);
}

static void test_a_handshake_ends_at_its_time_limit(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.handshake_timeout_ms = 5000;
    link->inner_steps = 2;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_step(link, 1000), 0);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), 77); /* the transport below is not ready */
    link->inner_steps = 0;
    assert_int_equal(tls_link_step(link, 2000), 0);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), 7000);
    assert_int_equal(tls_link_step(link, 6999), 0);
    assert_int_equal(tls_link_step(link, 7000), CPMSYNC_ERR_TIMEOUT);
    assert_int_equal(link->transport.ops->expiry(link->transport.self), CPMSYNC_NEVER);
    tls_link_free(link);
}

static void test_starttls_begins_in_clear_and_checks_the_same(void **state)
{
    char octets[8];
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.starttls = 1;
    link->inner_steps = 1;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_step(link, 0), 0);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), CPMSYNC_ERR_STATE);
    assert_int_equal(tls_link_step(link, 0), 1);
    assert_int_equal(tls_link_info(link).secure, 0);
    support_pipe_write(&link->down, "* OK", 4);
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 4);
    assert_int_equal(tls_link_send(link, "a STARTTLS\r\n", 12), 12);
    assert_memory_equal(link->up.octets, "a STARTTLS\r\n", 12);
    link->up.len = 0;

    assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
    assert_int_equal(tls_link_recv(link, octets, sizeof(octets)), 0);
    assert_int_equal(tls_link_send(link, "x", 1), 0);
    assert_int_equal(tls_link_shake(link, 0), 1);
    assert_int_equal(tls_link_info(link).secure, 1);
    assert_int_equal(tls_link_info(link).early, 0);
    tls_link_talk(link);
    tls_link_free(link);
}

static void test_pf_116_starttls_refuses_a_wrong_host_too(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "evil.example");
    config.starttls = 1;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_step(link, 0), 1);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_HOST);
    tls_link_free(link);
}

static void test_pf_112_starttls_answered_with_no_tls_is_an_error(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.starttls = 1;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_step(link, 0), 1);
    assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
    assert_int_equal(tls_link_step(link, 0), 0);
    support_pipe_write(&link->down, "a BAD no\r\n", 10);
    assert_int_equal(tls_link_step(link, 0), CPMSYNC_ERR_TLS);
    assert_int_equal(tls_link_send(link, "a LOGIN u p\r\n", 13), CPMSYNC_ERR_TLS);
    tls_link_free(link);
}

static void test_a_handshake_waits_for_what_it_needs(void **state)
{
    struct cpmsync_pollfd fd;
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    tls_link_connect(link, &config);
    link->up.room = 10;
    assert_int_equal(tls_link_step(link, 0), 0);
    link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_READ, &fd, 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_WRITE);
    link->up.room = 0;
    assert_int_equal(tls_link_step(link, 0), 0);
    link->transport.ops->pollfds(link->transport.self, CPMSYNC_POLL_WRITE, &fd, 1);
    assert_int_equal(fd.events, CPMSYNC_POLL_READ);
    tls_link_free(link);
}

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
        cmocka_unit_test(test_r_27_one_pinned_key_anywhere_in_the_chain_is_needed),
        cmocka_unit_test(test_r_27_a_pin_replaces_neither_anchor_nor_name),
        cmocka_unit_test(test_r_27_a_pinned_certificate_that_signed_nothing_does_not_count),
        cmocka_unit_test(test_unreadable_trust_shows_when_it_is_needed),
#if MBEDTLS_VERSION_NUMBER < 0x03000000
        cmocka_unit_test(test_a_server_of_tls_1_1_is_refused),
#endif
        cmocka_unit_test(test_what_is_no_tls_is_a_tls_error),
        cmocka_unit_test(test_an_end_in_the_handshake_is_closed),
        cmocka_unit_test(test_a_handshake_ends_at_its_time_limit),
        cmocka_unit_test(test_starttls_begins_in_clear_and_checks_the_same),
        cmocka_unit_test(test_pf_116_starttls_refuses_a_wrong_host_too),
        cmocka_unit_test(test_pf_112_starttls_answered_with_no_tls_is_an_error),
        cmocka_unit_test(test_a_handshake_waits_for_what_it_needs),
    };
    return cmocka_run_group_tests(tests, tls_world_setup, tls_world_teardown);
}
