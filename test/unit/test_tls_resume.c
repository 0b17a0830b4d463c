/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/tls_link.h"

static void test_r_26_the_second_connection_is_resumed_for_a_day(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 1000), 0);
    assert_int_equal(tls_link_visit(link, 2000), 1);
    assert_int_equal(tls_link_visit(link, 86400999), 1);
    /* A resumed session checks no certificate, so it does not prolong the day. */
    assert_int_equal(tls_link_visit(link, 86401000), 0);
    assert_int_equal(tls_link_visit(link, 86402000), 1);
    tls_link_free(link);
}

static void test_a_server_that_forgot_gets_a_full_handshake(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    link->tickets = NULL;
    assert_int_equal(tls_link_visit(link, 0), 0);
    /* Nothing of the declined session is left to trip over. */
    link->tickets = &link->world->tickets;
    assert_int_equal(tls_link_visit(link, 0), 0);
    assert_int_equal(tls_link_visit(link, 0), 1);
    /* A full handshake is checked as any. */
    link->tickets = NULL;
    link->certificate = &link->world->self_signed;
    tls_link_reconnect(link, 0);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    tls_link_free(link);
}

static void test_resumption_can_be_forbidden(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.session_load = tls_link_load;
    config.session_save = tls_link_save;
    config.no_resumption = 1;
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    assert_int_equal(link->saves, 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    tls_link_free(link);
}

static void test_r_26_a_kept_session_survives_the_connector_and_ages(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    link->wall = 1700000000;
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    assert_true(link->saves >= 1);
    tls_link_drop(link);
    assert_int_equal(tls_link_make(link, &config), 0);
    link->wall += 86399;
    assert_int_equal(tls_link_visit(link, 5), 1);
    link->wall += 1;
    assert_int_equal(tls_link_visit(link, 6), 0);
    link->wall = 0; /* not known */
    assert_int_equal(tls_link_visit(link, 7), 1);
    tls_link_free(link);
}

static void test_r_26_a_session_is_offered_only_under_what_it_was_made_under(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config first = tls_link_config_with_hooks(link, "mss.example");
    struct cpmsync_tls_config others[8];
    first.port = 993;
    first.account = "alice";
    for (int i = 0; i < 8; i++)
        others[i] = first;
    assert_int_equal(tls_link_make(link, &first), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    assert_int_equal(tls_link_visit(link, 0), 1);
    tls_link_drop(link);
    size_t len = link->kept_len;
    uint8_t kept[CPMSYNC_TLS_SESSION_MAX];
    memcpy(kept, link->kept, len);

    char both[4096];
    int both_len = snprintf(both, sizeof(both), "%s%s", link->world->ca.pem, link->world->other_ca.pem);
    others[0].host = "a.wild.example";
    others[1].ca_data = (const uint8_t *)both;
    others[1].ca_data_len = (size_t)both_len + 1;
    others[2].starttls = 1;
    others[3].port = 143;
    others[4].account = "bob";
    others[5].account = "";
    others[6].account = "alice@mss.example";
    uint8_t pin[1][CPMSYNC_TLS_PIN_LEN];
    support_certificate_pin(&link->world->ca, pin[0]);
    others[7].pins = (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])pin;
    others[7].pin_count = 1;
    for (int i = 0; i < 8; i++) {
        memcpy(link->kept, kept, len);
        link->kept_len = len;
        assert_int_equal(tls_link_make(link, &others[i]), 0);
        link->forgets = 0;
        tls_link_reconnect(link, 0);
        assert_true(tls_link_step(link, 0) >= 0);
        if (others[i].starttls)
            assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
        assert_int_equal(tls_link_shake(link, 0), 1);
        assert_int_equal(tls_link_info(link).resumed, 0);
        assert_int_equal(link->forgets, 1);
        tls_link_disconnect(link);
        tls_link_drop(link);
    }
    assert_int_equal(tls_link_make(link, &first), 0);
    tls_link_free(link);
}

/* What the server shows has not changed: only whom we trust has. */
static void test_r_26_a_session_of_a_minute_ago_does_not_hide_a_wrong_authority(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    link->wall = 1700000000;
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    assert_int_equal(tls_link_visit(link, 1), 1);
    tls_link_drop(link);

    config.ca_data = (const uint8_t *)link->world->other_ca.pem;
    config.ca_data_len = link->world->other_ca.pem_len;
    link->wall += 60;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 60001), CPMSYNC_ERR_TLS_CERT);
    assert_true(tls_link_info(link).x509_flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
    assert_int_equal(link->kept_len, 0);
    tls_link_free(link);
}

static void test_r_26_a_session_made_under_pins_is_not_offered_without_them(void **state)
{
    uint8_t pins[2][CPMSYNC_TLS_PIN_LEN];
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    support_certificate_pin(&link->world->ca, pins[0]);
    memset(pins[1], 0, sizeof(pins[1]));
    config.pins = (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])pins;
    for (size_t count = 1; count <= 2; count++) {
        config.pin_count = count;
        assert_int_equal(tls_link_make(link, &config), 0);
        assert_int_equal(tls_link_visit(link, 0), 0);
        assert_int_equal(tls_link_visit(link, 0), 1);
        tls_link_drop(link);
    }
    /* Now only the pin nobody has. */
    config.pins = (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])(pins + 1);
    config.pin_count = 1;
    tls_link_connect(link, &config);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_CERT);
    assert_int_equal(tls_link_info(link).x509_flags, MBEDTLS_X509_BADCERT_OTHER);
    tls_link_disconnect(link);
    tls_link_drop(link);
    config.pins = NULL;
    config.pin_count = 0;
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    tls_link_free(link);
}

/*
 * The kept session is bound to trust that cannot be parsed: the handshake goes through only because nobody parses it.
 * When the server wants a full one after all, it is parsed, and fails.
 */
static void test_r_27_trust_is_not_parsed_when_a_session_is_resumed(void **state)
{
    static const char junk[] = "no certificate";
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    tls_link_drop(link);

    struct cpmsync_tls_trust trust = {.ca_data = (const uint8_t *)junk, .ca_data_len = sizeof(junk)};
    struct cpmsync_tls_binding binding = {.host = "mss.example", .account = ""};
    assert_int_equal(cpmsync_tls_trust_digest(&trust, &binding, link->kept + 4), 0);
    config.ca_data = trust.ca_data;
    config.ca_data_len = trust.ca_data_len;
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 1);
    link->tickets = NULL;
    tls_link_reconnect(link, 0);
    assert_int_equal(tls_link_shake(link, 0), CPMSYNC_ERR_TLS_TRUST);
    tls_link_free(link);
}

static void test_a_session_the_server_chokes_on_is_forgotten(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    assert_int_equal(link->forgets, 0);
    tls_link_reconnect(link, 0);
    assert_int_equal(tls_link_step(link, 0), 0);
    support_pipe_write(&link->down, "\x15\3\3\0\2\2\x28", 7); /* alert: handshake_failure */
    assert_int_equal(tls_link_step(link, 0), CPMSYNC_ERR_TLS);
    assert_int_equal(link->forgets, 1);
    tls_link_disconnect(link);
    assert_int_equal(tls_link_visit(link, 0), 0);
    tls_link_free(link);
}

static void test_damaged_kept_octets_mean_a_full_handshake(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config_with_hooks(link, "mss.example");
    assert_int_equal(tls_link_make(link, &config), 0);
    assert_int_equal(tls_link_visit(link, 0), 0);
    size_t len = link->kept_len;
    assert_true(len > 60);
    link->kept_len = 50;
    assert_int_equal(tls_link_visit(link, 0), 0);
    link->kept[0] ^= 1;
    assert_int_equal(tls_link_visit(link, 0), 0);
    tls_link_free(link);
}

static void test_starttls_resumes_but_is_never_early(void **state)
{
    struct tls_link *link = tls_link_new(state);
    struct cpmsync_tls_config config = tls_link_config(link, "mss.example");
    config.starttls = 1;
    assert_int_equal(tls_link_make(link, &config), 0);
    for (int round = 0; round < 2; round++) {
        tls_link_reconnect(link, 0);
        assert_int_equal(tls_link_step(link, 0), 1);
        assert_int_equal(link->transport.ops->starttls(link->transport.self), 0);
        assert_int_equal(tls_link_shake(link, 0), 1);
        tls_link_talk(link);
        assert_int_equal(tls_link_info(link).resumed, round);
        assert_int_equal(tls_link_info(link).early, 0);
        tls_link_disconnect(link);
    }
    tls_link_free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r_26_the_second_connection_is_resumed_for_a_day),
        cmocka_unit_test(test_a_server_that_forgot_gets_a_full_handshake),
        cmocka_unit_test(test_resumption_can_be_forbidden),
        cmocka_unit_test(test_r_26_a_kept_session_survives_the_connector_and_ages),
        cmocka_unit_test(test_r_26_a_session_is_offered_only_under_what_it_was_made_under),
        cmocka_unit_test(test_r_26_a_session_of_a_minute_ago_does_not_hide_a_wrong_authority),
        cmocka_unit_test(test_r_26_a_session_made_under_pins_is_not_offered_without_them),
        cmocka_unit_test(test_r_27_trust_is_not_parsed_when_a_session_is_resumed),
        cmocka_unit_test(test_a_session_the_server_chokes_on_is_forgotten),
        cmocka_unit_test(test_damaged_kept_octets_mean_a_full_handshake),
        cmocka_unit_test(test_starttls_resumes_but_is_never_early),
    };
    return cmocka_run_group_tests(tests, tls_world_setup, tls_world_teardown);
}
