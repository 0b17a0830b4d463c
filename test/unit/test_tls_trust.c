/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* mkstemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/tls_peer.h"
#include "transport/address.h"
#include "transport/tls_trust.h"

struct fixture {
    struct support_random random;
    struct support_certificate ca;
};

static int setup(void **state)
{
    static struct fixture fixture;
    struct support_certificate_spec spec = {.common_name = "Test CA", .is_ca = 1};
    support_random_init(&fixture.random);
    support_certificate_make(&fixture.ca, &spec, NULL, &fixture.random);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    support_certificate_clear(&fixture->ca);
    support_random_clear(&fixture->random);
    return 0;
}

/* ---------------------------------------------------------------- host */

static uint32_t check(struct fixture *fixture, const struct support_certificate_spec *spec, const char *host)
{
    struct support_certificate certificate;
    struct cpmsync_address address;
    int is_address = cpmsync_address_parse(host, &address, NULL);
    support_certificate_make(&certificate, spec, &fixture->ca, &fixture->random);
    uint32_t flags = cpmsync_tls_trust_check_host(&certificate.crt, is_address ? &address : NULL);
    support_certificate_clear(&certificate);
    return flags;
}

static void test_an_address_is_looked_for_among_the_addresses_only(void **state)
{
    static const uint8_t v4[4] = {192, 0, 2, 1};
    static const uint8_t v6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
    struct support_certificate_spec with_v4 = {
        .common_name = "x", .dns = {"mss.example"}, .address = v4, .address_len = 4};
    struct support_certificate_spec with_v6 = {.common_name = "x", .address = v6, .address_len = 16};
    struct support_certificate_spec as_name = {.common_name = "192.0.2.1", .dns = {"192.0.2.1"}};
    struct support_certificate_spec as_common_name = {.common_name = "192.0.2.1"};
    struct fixture *fixture = *state;
    assert_int_equal(check(fixture, &with_v4, "192.0.2.1"), 0);
    assert_int_equal(check(fixture, &with_v4, "192.0.2.2"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(check(fixture, &with_v4, "2001:db8::1"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(check(fixture, &with_v6, "2001:0DB8:0::1"), 0);
    assert_int_equal(check(fixture, &with_v6, "2001:db8::1%3"), 0);
    assert_int_equal(check(fixture, &with_v6, "2001:db8::2"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(check(fixture, &as_name, "192.0.2.1"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(check(fixture, &as_common_name, "192.0.2.1"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
}

/* Which name it is, mbedTLS has compared; what is left is that there was one to compare. */
static void test_a_name_needs_a_certificate_with_names(void **state)
{
    static const uint8_t v4[4] = {192, 0, 2, 1};
    struct support_certificate_spec named = {.common_name = "x", .dns = {"mss.example"}};
    struct support_certificate_spec common = {.common_name = "mss.example"};
    struct support_certificate_spec addressed = {.common_name = "mss.example", .address = v4, .address_len = 4};
    struct fixture *fixture = *state;
    assert_int_equal(check(fixture, &named, "mss.example"), 0);
    assert_int_equal(check(fixture, &common, "mss.example"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(check(fixture, &addressed, "mss.example"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
}

/* ---------------------------------------------------------------- anchors */

static int load(const struct cpmsync_tls_trust *trust, size_t *count)
{
    mbedtls_x509_crt chain;
    int code;
    mbedtls_x509_crt_init(&chain);
    int error = cpmsync_tls_trust_load(trust, &chain, &code);
    *count = 0;
    for (const mbedtls_x509_crt *crt = &chain; crt && crt->raw.p; crt = crt->next)
        (*count)++;
    if (error == CPMSYNC_ERR_TLS_TRUST && !trust->ca_file)
        assert_int_not_equal(code, 0);
    mbedtls_x509_crt_free(&chain);
    return error;
}

static void write_file(char *path, const char *text, size_t len)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void test_r_27_pem_and_der_and_files_are_read_together(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "cpmsync-trust-XXXXXX";
    struct cpmsync_tls_trust trust = {.ca_data = (const uint8_t *)fixture->ca.pem, .ca_data_len = fixture->ca.pem_len};
    size_t count;
    assert_int_equal(load(&trust, &count), 0);
    assert_int_equal(count, 1);
    trust.ca_data = fixture->ca.crt.raw.p;
    trust.ca_data_len = fixture->ca.crt.raw.len;
    assert_int_equal(load(&trust, &count), 0);
    assert_int_equal(count, 1);
    write_file(path, fixture->ca.pem, fixture->ca.pem_len - 1);
    trust.ca_file = path;
    assert_int_equal(load(&trust, &count), 0);
    assert_int_equal(count, 2);
    unlink(path);
    assert_int_equal(load(&trust, &count), CPMSYNC_ERR_TLS_TRUST);
}

static void test_a_bundle_with_one_unreadable_certificate_still_counts(void **state)
{
    struct fixture *fixture = *state;
    static const char junk[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    char bundle[4096];
    int len = snprintf(bundle, sizeof(bundle), "%s%s", junk, fixture->ca.pem);
    struct cpmsync_tls_trust trust = {.ca_data = (const uint8_t *)bundle, .ca_data_len = (size_t)len + 1};
    size_t count;
    assert_int_equal(load(&trust, &count), 0);
    assert_int_equal(count, 1);
}

static void test_unreadable_anchors_are_a_trust_error(void **state)
{
    static const uint8_t junk[] = "no certificate";
    struct cpmsync_tls_trust trust = {.ca_data = junk, .ca_data_len = sizeof(junk)};
    struct cpmsync_tls_trust missing = {.ca_file = "/nonexistent/ca.pem"};
    size_t count;
    (void)state;
    assert_int_equal(load(&trust, &count), CPMSYNC_ERR_TLS_TRUST);
    assert_int_equal(load(&missing, &count), CPMSYNC_ERR_TLS_TRUST);
}

/* ---------------------------------------------------------------- pins */

static void test_r_27_a_pin_is_the_digest_of_the_public_key_alone(void **state)
{
    struct fixture *fixture = *state;
    struct support_certificate again;
    struct support_certificate_spec spec = {.common_name = "Another name", .dns = {"mss.example"}};
    uint8_t pins[2][CPMSYNC_TLS_PIN_LEN] = {{0}};
    struct cpmsync_tls_trust trust = {.pins = (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])pins, .pin_count = 2};
    support_certificate_make(&again, &spec, &fixture->ca, &fixture->random);
    support_certificate_pin(&fixture->ca, pins[1]);
    assert_int_equal(cpmsync_tls_trust_is_pinned(&trust, &fixture->ca.crt), 1);
    assert_int_equal(cpmsync_tls_trust_is_pinned(&trust, &again.crt), 0);
    support_certificate_pin(&again, pins[0]);
    assert_int_equal(cpmsync_tls_trust_is_pinned(&trust, &again.crt), 1);
    pins[1][31] ^= 1;
    assert_int_equal(cpmsync_tls_trust_is_pinned(&trust, &fixture->ca.crt), 0);
    trust.pin_count = 0;
    assert_int_equal(cpmsync_tls_trust_is_pinned(&trust, &again.crt), 0);
    support_certificate_clear(&again);
}

/* ---------------------------------------------------------------- digest */

enum { DIGESTS = 13 };

static void test_r_26_a_digest_changes_with_everything_it_is_bound_to(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "cpmsync-trust-XXXXXX";
    uint8_t digests[DIGESTS][CPMSYNC_TLS_DIGEST_LEN], again[CPMSYNC_TLS_DIGEST_LEN];
    struct cpmsync_tls_trust data = {.ca_data = (const uint8_t *)fixture->ca.pem, .ca_data_len = fixture->ca.pem_len};
    struct cpmsync_tls_trust shorter = {
        .ca_data = (const uint8_t *)fixture->ca.pem, .ca_data_len = fixture->ca.pem_len - 1};
    struct cpmsync_tls_binding plain = {.host = "mss.example", .account = ""};
    struct cpmsync_tls_binding starttls = {.host = "mss.example", .account = "", .starttls = 1};
    struct cpmsync_tls_binding other_host = {.host = "mss.exampl", .account = ""};
    struct cpmsync_tls_binding port = {.host = "mss.example", .account = "", .port = 1};
    struct cpmsync_tls_binding alice = {.host = "mss.example", .account = "alice"};
    struct cpmsync_tls_binding split = {.host = "mss.examplea", .account = "lice"};
    static const uint8_t pins[2][CPMSYNC_TLS_PIN_LEN] = {{1}, {2}};
    struct cpmsync_tls_trust one_pin = data, two_pins = data;
    one_pin.pins = two_pins.pins = pins;
    one_pin.pin_count = 1;
    two_pins.pin_count = 2;
    write_file(path, "old", 3);
    struct cpmsync_tls_trust file = {.ca_file = path};
    struct cpmsync_tls_trust both = {
        .ca_file = path, .ca_data = (const uint8_t *)fixture->ca.pem, .ca_data_len = fixture->ca.pem_len};
    assert_int_equal(cpmsync_tls_trust_digest(&data, &plain, digests[0]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&data, &plain, again), 0);
    assert_memory_equal(digests[0], again, sizeof(again));
    assert_int_equal(cpmsync_tls_trust_digest(&data, &starttls, digests[1]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&data, &other_host, digests[2]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&shorter, &plain, digests[3]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&file, &plain, digests[4]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&both, &plain, digests[5]), 0);
    FILE *grown = fopen(path, "ab");
    assert_non_null(grown);
    assert_int_equal(fputs("new", grown) < 0, 0);
    fclose(grown);
    assert_int_equal(cpmsync_tls_trust_digest(&file, &plain, digests[6]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&both, &plain, digests[7]), 0);
    unlink(path);
    assert_int_equal(cpmsync_tls_trust_digest(&file, &plain, again), CPMSYNC_ERR_TLS_TRUST);
    assert_int_equal(cpmsync_tls_trust_digest(&data, &port, digests[8]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&data, &alice, digests[9]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&data, &split, digests[10]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&one_pin, &plain, digests[11]), 0);
    assert_int_equal(cpmsync_tls_trust_digest(&two_pins, &plain, digests[12]), 0);
    for (size_t i = 0; i < DIGESTS; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(digests[i], digests[k], CPMSYNC_TLS_DIGEST_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_is_looked_for_among_the_addresses_only),
        cmocka_unit_test(test_a_name_needs_a_certificate_with_names),
        cmocka_unit_test(test_r_27_pem_and_der_and_files_are_read_together),
        cmocka_unit_test(test_a_bundle_with_one_unreadable_certificate_still_counts),
        cmocka_unit_test(test_unreadable_anchors_are_a_trust_error),
        cmocka_unit_test(test_r_27_a_pin_is_the_digest_of_the_public_key_alone),
        cmocka_unit_test(test_r_26_a_digest_changes_with_everything_it_is_bound_to),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
