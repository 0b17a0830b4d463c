/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <cpmsync/crypto.h>

#include "support/failing_allocator.h"

static int setup(void **state)
{
    static struct cpmsync_crypto crypto;
    *state = &crypto;
    return cpmsync_crypto_mbedtls(&crypto, NULL);
}

static int teardown(void **state)
{
    cpmsync_crypto_free(*state);
    return 0;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned value = 0;
        for (size_t k = 0; k < 2; k++) {
            char c = hex[2 * i + k];
            value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[i] = (uint8_t)value;
    }
    return len;
}

static void assert_hex(const uint8_t *octets, const char *hex)
{
    uint8_t expected[64];
    size_t len = from_hex(hex, expected);
    assert_memory_equal(octets, expected, len);
}

static void assert_hash(
    struct cpmsync_crypto *crypto, enum cpmsync_hash hash, const void *data, size_t len, const char *hex)
{
    uint8_t out[CPMSYNC_HASH_MAX];
    assert_int_equal(crypto->ops->hash(crypto->self, hash, data, len, out), 0);
    assert_hex(out, hex);
}

static void test_hashes_of_fips_180(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    assert_hash(crypto, CPMSYNC_HASH_SHA1, "abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_hash(crypto, CPMSYNC_HASH_SHA1, "", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_hash(
        crypto, CPMSYNC_HASH_SHA256, "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash(crypto, CPMSYNC_HASH_SHA256, "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void assert_hmac(struct cpmsync_crypto *crypto, enum cpmsync_hash hash, const void *key, size_t key_len,
    const void *data, size_t len, const char *hex)
{
    uint8_t out[CPMSYNC_HASH_MAX];
    assert_int_equal(crypto->ops->hmac(crypto->self, hash, key, key_len, data, len, out), 0);
    assert_hex(out, hex);
}

static void test_hmac_sha256_of_rfc_4231(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    uint8_t key[131], data[50];
    memset(key, 0x0b, 20);
    assert_hmac(crypto, CPMSYNC_HASH_SHA256, key, 20, "Hi There", 8,
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac(crypto, CPMSYNC_HASH_SHA256, "Jefe", 4, "what do ya want for nothing?", 28,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    memset(data, 0xdd, sizeof(data));
    assert_hmac(crypto, CPMSYNC_HASH_SHA256, key, 20, data, sizeof(data),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    assert_hmac(crypto, CPMSYNC_HASH_SHA256, key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_hmac(
        crypto, CPMSYNC_HASH_SHA256, "", 0, "", 0, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_hmac_sha1_of_rfc_2202(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    uint8_t key[80];
    memset(key, 0x0b, 20);
    assert_hmac(crypto, CPMSYNC_HASH_SHA1, key, 20, "Hi There", 8, "b617318655057264e28bc0b6fb378c8ef146be00");
    assert_hmac(crypto, CPMSYNC_HASH_SHA1, "Jefe", 4, "what do ya want for nothing?", 28,
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    memset(key, 0xaa, sizeof(key));
    assert_hmac(crypto, CPMSYNC_HASH_SHA1, key, 80, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
        "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

static void test_hmac_may_write_over_its_data(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    uint8_t octets[CPMSYNC_HASH_MAX] = "what do ya want for nothing?";
    assert_int_equal(
        crypto->ops->hmac(crypto->self, CPMSYNC_HASH_SHA256, (const uint8_t *)"Jefe", 4, octets, 28, octets), 0);
    assert_hex(octets, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/*
 * SaltedPassword := Hi(password, salt, i) (RFC 5802 2.2): U1 by hmac, the rest in the slices asked for.
 */
static void salted_password(struct cpmsync_crypto *crypto, enum cpmsync_hash hash, const char *password,
    const char *salt_hex, uint32_t iterations, uint32_t slice, uint8_t *sum)
{
    uint8_t salt[64], u[CPMSYNC_HASH_MAX];
    const uint8_t *key = (const uint8_t *)password;
    size_t len = from_hex(salt_hex, salt);
    memcpy(salt + len, "\0\0\0\1", 4);
    assert_int_equal(crypto->ops->hmac(crypto->self, hash, key, strlen(password), salt, len + 4, u), 0);
    memcpy(sum, u, sizeof(u));
    for (uint32_t left = iterations - 1; left;) {
        uint32_t rounds = left < slice ? left : slice;
        assert_int_equal(crypto->ops->hmac_rounds(crypto->self, hash, key, strlen(password), rounds, u, sum), 0);
        left -= rounds;
    }
}

/* "p=" of the client's final message: ClientKey XOR HMAC(H(ClientKey), AuthMessage). */
static void assert_proof(struct cpmsync_crypto *crypto, enum cpmsync_hash hash, size_t hash_len, const uint8_t *salted,
    const char *auth_message, const char *proof_hex)
{
    uint8_t client_key[CPMSYNC_HASH_MAX], stored_key[CPMSYNC_HASH_MAX], signature[CPMSYNC_HASH_MAX];
    assert_int_equal(
        crypto->ops->hmac(crypto->self, hash, salted, hash_len, (const uint8_t *)"Client Key", 10, client_key), 0);
    assert_int_equal(crypto->ops->hash(crypto->self, hash, client_key, hash_len, stored_key), 0);
    assert_int_equal(crypto->ops->hmac(crypto->self, hash, stored_key, hash_len, (const uint8_t *)auth_message,
                         strlen(auth_message), signature),
        0);
    for (size_t i = 0; i < hash_len; i++)
        signature[i] ^= client_key[i];
    assert_hex(signature, proof_hex);
}

static void test_scram_sha1_of_rfc_5802(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    uint8_t salted[CPMSYNC_HASH_MAX];
    /* salt QSXCR+Q6sek8bf92, proof v0X8v3Bz2T0CJGbJQyF0X+HI4Ts= */
    salted_password(crypto, CPMSYNC_HASH_SHA1, "pencil", "4125c247e43ab1e93c6dff76", 4096, 4096, salted);
    assert_hex(salted, "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d");
    assert_proof(crypto, CPMSYNC_HASH_SHA1, 20, salted,
        "n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
        "bf45fcbf7073d93d022466c94321745fe1c8e13b");
}

static void test_scram_sha256_of_rfc_7677(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    uint8_t salted[CPMSYNC_HASH_MAX], sliced[CPMSYNC_HASH_MAX];
    /* salt W22ZaJ0SNY7soEsUEjb6gQ==, proof dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ= */
    salted_password(crypto, CPMSYNC_HASH_SHA256, "pencil", "5b6d99689d12358eeca04b141236fa81", 4096, 4096, salted);
    assert_proof(crypto, CPMSYNC_HASH_SHA256, 32, salted,
        "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "747cdb65aa56224e2352137e52d7bdcad6a0f738df30782caa69a2cfb0277554");
    salted_password(crypto, CPMSYNC_HASH_SHA256, "pencil", "5b6d99689d12358eeca04b141236fa81", 4096, 100, sliced);
    assert_memory_equal(salted, sliced, sizeof(salted));
}

static void test_random_octets_differ_and_may_be_many(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    uint8_t a[5000] = {0}, b[5000] = {0};
    assert_int_equal(crypto->ops->random(crypto->self, a, sizeof(a)), 0);
    assert_int_equal(crypto->ops->random(crypto->self, b, sizeof(b)), 0);
    assert_int_equal(crypto->ops->random(crypto->self, a, 0), 0);
    assert_memory_not_equal(a, b, 32);
    assert_memory_not_equal(a + sizeof(a) - 32, b + sizeof(b) - 32, 32);
    assert_memory_not_equal(a, a + sizeof(a) - 32, 32);
}

static void test_an_unknown_hash_is_unsupported(void **state)
{
    struct cpmsync_crypto *crypto = *state;
    uint8_t out[CPMSYNC_HASH_MAX] = {0};
    enum cpmsync_hash unknown = (enum cpmsync_hash)9;
    assert_int_equal(crypto->ops->hash(crypto->self, unknown, out, 1, out), CPMSYNC_ERR_UNSUPPORTED);
    assert_int_equal(crypto->ops->hmac(crypto->self, unknown, out, 1, out, 1, out), CPMSYNC_ERR_UNSUPPORTED);
    assert_int_equal(crypto->ops->hmac_rounds(crypto->self, unknown, out, 1, 1, out, out), CPMSYNC_ERR_UNSUPPORTED);
}

static void test_no_memory_is_told(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_crypto crypto;
    (void)state;
    support_allocator_init(&allocator);
    support_allocator_fail_at(&allocator, 1);
    assert_int_equal(cpmsync_crypto_mbedtls(&crypto, &allocator.mem), CPMSYNC_ERR_NOMEM);
    support_allocator_fail_at(&allocator, 0);
    assert_int_equal(cpmsync_crypto_mbedtls(&crypto, &allocator.mem), 0);
    cpmsync_crypto_free(&crypto);
    assert_int_equal(allocator.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_of_fips_180),
        cmocka_unit_test(test_hmac_sha256_of_rfc_4231),
        cmocka_unit_test(test_hmac_sha1_of_rfc_2202),
        cmocka_unit_test(test_hmac_may_write_over_its_data),
        cmocka_unit_test(test_scram_sha1_of_rfc_5802),
        cmocka_unit_test(test_scram_sha256_of_rfc_7677),
        cmocka_unit_test(test_random_octets_differ_and_may_be_many),
        cmocka_unit_test(test_an_unknown_hash_is_unsupported),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
