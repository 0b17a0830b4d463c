/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cpmsync/crypto.h>

static void count_free(void *self)
{
    (*(int *)self)++;
}

static void test_an_object_is_freed_once_and_cleared(void **state)
{
    static const struct cpmsync_crypto_ops ops = {.size = sizeof(ops), .free = count_free};
    int frees = 0;
    struct cpmsync_crypto crypto = {&ops, &frees};
    (void)state;
    cpmsync_crypto_free(&crypto);
    assert_int_equal(frees, 1);
    assert_null(crypto.ops);
    cpmsync_crypto_free(&crypto);
    cpmsync_crypto_free(NULL);
    assert_int_equal(frees, 1);
}

static void test_a_build_without_tls_says_so(void **state)
{
    struct cpmsync_crypto crypto;
    (void)state;
#if defined(CPMSYNC_WITH_TLS)
    assert_int_equal(cpmsync_crypto_mbedtls(&crypto, NULL), 0);
    cpmsync_crypto_free(&crypto);
#else
    assert_int_equal(cpmsync_crypto_mbedtls(&crypto, NULL), CPMSYNC_ERR_UNSUPPORTED);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_is_freed_once_and_cleared),
        cmocka_unit_test(test_a_build_without_tls_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
