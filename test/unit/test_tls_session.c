/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "transport/tls_session.h"

/* Sessions of real handshakes are written and offered in test_tls.c; here is what can be had without one. */

static size_t make(uint8_t *out, int64_t checked)
{
    memcpy(out, "CST1", 4);
    memset(out + 4, 'd', CPMSYNC_TLS_DIGEST_LEN);
    for (int i = 0; i < 8; i++)
        out[36 + i] = (uint8_t)((uint64_t)checked >> (56 - 8 * i));
    out[44] = 'x';
    return 45;
}

static void test_facts_are_read_back(void **state)
{
    uint8_t octets[64], digest[CPMSYNC_TLS_DIGEST_LEN];
    struct cpmsync_tls_session_facts facts;
    (void)state;
    memset(digest, 'd', sizeof(digest));
    assert_int_equal(cpmsync_tls_session_facts(octets, make(octets, 1700000000), &facts), 0);
    assert_int_equal(facts.checked, 1700000000);
    assert_memory_equal(facts.digest, digest, sizeof(digest));
}

static void test_octets_of_others_are_not_a_session(void **state)
{
    uint8_t octets[64];
    struct cpmsync_tls_session_facts facts;
    size_t len = make(octets, 1);
    (void)state;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(cpmsync_tls_session_facts(octets, cut, &facts), CPMSYNC_ERR_NOT_FOUND);
    octets[3] = '2';
    assert_int_equal(cpmsync_tls_session_facts(octets, len, &facts), CPMSYNC_ERR_NOT_FOUND);
    len = make(octets, -1);
    assert_int_equal(cpmsync_tls_session_facts(octets, len, &facts), CPMSYNC_ERR_NOT_FOUND);
}

static void test_a_session_is_valid_for_its_binding_and_a_day(void **state)
{
    uint8_t octets[64], digest[CPMSYNC_TLS_DIGEST_LEN];
    struct cpmsync_tls_session_facts facts;
    (void)state;
    memset(digest, 'd', sizeof(digest));
    assert_int_equal(cpmsync_tls_session_facts(octets, make(octets, 1000), &facts), 0);
    assert_true(cpmsync_tls_session_is_valid(&facts, digest, 1000));
    assert_true(cpmsync_tls_session_is_valid(&facts, digest, 1000 + 86399));
    assert_false(cpmsync_tls_session_is_valid(&facts, digest, 1000 + 86400));
    assert_false(cpmsync_tls_session_is_valid(&facts, digest, 999));
    assert_true(cpmsync_tls_session_is_valid(&facts, digest, 0));
    digest[31] = 'e';
    assert_false(cpmsync_tls_session_is_valid(&facts, digest, 1000));
}

static void test_what_mbedtls_cannot_read_is_not_offered(void **state)
{
    uint8_t octets[64];
    mbedtls_ssl_context ssl;
    (void)state;
    mbedtls_ssl_init(&ssl);
    assert_int_equal(cpmsync_tls_session_offer(&ssl, octets, make(octets, 1)), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_tls_session_offer(&ssl, octets, 10), CPMSYNC_ERR_NOT_FOUND);
    mbedtls_ssl_free(&ssl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_are_read_back),
        cmocka_unit_test(test_octets_of_others_are_not_a_session),
        cmocka_unit_test(test_a_session_is_valid_for_its_binding_and_a_day),
        cmocka_unit_test(test_what_mbedtls_cannot_read_is_not_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
