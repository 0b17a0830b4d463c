/* SPDX-License-Identifier: MIT */
#include "session/sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/err.h"
#include "support/failing_allocator.h"
#include "support/plain_crypto.h"

/* "fyko+d2lbbFgONRv9qkxdawL", the client's nonce of RFC 5802 5 */
static const uint8_t nonce[18] = {
    0x7f, 0x29, 0x28, 0xf9, 0xdd, 0xa5, 0x6d, 0xb1, 0x60, 0x38, 0xd4, 0x6f, 0xf6, 0xa9, 0x31, 0x75, 0xac, 0x0b};

#define FIRST "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
#define SERVER_FIRST "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
#define FINAL "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
#define SERVER_FINAL "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="

struct exchange {
    struct support_allocator allocator;
    struct support_crypto crypto;
    struct cpmsync_sasl sasl;
    struct cpmsync_buf out;
};

static int begin_as(struct exchange *x, enum cpmsync_sasl_mechanism mechanism, const char *user, const char *password,
    const char *authzid)
{
    struct cpmsync_sasl_credentials credentials = {user, password, authzid};

    support_crypto_init(&x->crypto);
    memcpy(x->crypto.random, nonce, sizeof(nonce));
    cpmsync_buf_init(&x->out, NULL, CPMSYNC_SASL_MESSAGE_MAX);
    return cpmsync_sasl_init(&x->sasl, &x->allocator.mem, &x->crypto.crypto, mechanism, &credentials, 10000);
}

static void begin(struct exchange *x, enum cpmsync_sasl_mechanism mechanism)
{
    support_allocator_init(&x->allocator);
    assert_int_equal(begin_as(x, mechanism, "user", "pencil", NULL), 0);
}

static void end(struct exchange *x)
{
    cpmsync_sasl_clear(&x->sasl);
    cpmsync_buf_clear(&x->out);
    assert_int_equal(x->allocator.live_blocks, 0);
}

static int step(struct exchange *x, const char *challenge)
{
    cpmsync_buf_truncate(&x->out, 0);
    return cpmsync_sasl_step(&x->sasl, cpmsync_slice_str(challenge), &x->out);
}

static int work(struct exchange *x, uint32_t rounds)
{
    uint32_t done;

    return cpmsync_sasl_work(&x->sasl, rounds, &done, &x->out);
}

static void assert_out(const struct exchange *x, const char *text)
{
    assert_int_equal(x->out.len, strlen(text));
    if (x->out.len)
        assert_memory_equal(cpmsync_buf_data(&x->out), text, strlen(text));
}

static void test_s_13_plain(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, CPMSYNC_SASL_PLAIN);
    assert_false(cpmsync_sasl_complete(&x.sasl));
    assert_int_equal(step(&x, ""), 0);
    assert_int_equal(x.out.len, 12);
    assert_memory_equal(cpmsync_buf_data(&x.out), "\0user\0pencil", 12);
    assert_true(cpmsync_sasl_complete(&x.sasl));
    assert_int_equal(step(&x, ""), CPMSYNC_ERR_PROTOCOL);
    end(&x);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_PLAIN, "user", "pencil", "boss"), 0);
    assert_int_equal(step(&x, ""), 0);
    assert_memory_equal(cpmsync_buf_data(&x.out), "boss\0user\0pencil", 16);
    end(&x);
}

static void test_s_12_a_client_first_mechanism_wants_an_empty_challenge(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, CPMSYNC_SASL_PLAIN);
    assert_int_equal(step(&x, "hello"), CPMSYNC_ERR_PROTOCOL);
    assert_out(&x, "");
    assert_false(cpmsync_sasl_complete(&x.sasl));
    end(&x);
}

static void test_s_16_the_example_of_rfc_5802(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
    assert_int_equal(step(&x, ""), 0);
    assert_out(&x, FIRST);
    assert_int_equal(step(&x, SERVER_FIRST), 1);
    assert_true(cpmsync_sasl_busy(&x.sasl));
    assert_int_equal(work(&x, UINT32_MAX), 0);
    assert_out(&x, FINAL);
    assert_false(cpmsync_sasl_busy(&x.sasl));
    assert_false(cpmsync_sasl_complete(&x.sasl));
    assert_int_equal(step(&x, SERVER_FINAL), 0);
    assert_out(&x, "");
    assert_true(cpmsync_sasl_complete(&x.sasl));
    end(&x);
}

static void test_scram_sha_256(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, CPMSYNC_SASL_SCRAM_SHA_256);
    assert_int_equal(step(&x, ""), 0);
    assert_int_equal(
        step(&x, "r=fyko+d2lbbFgONRv9qkxdawL%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), 1);
    assert_int_equal(work(&x, UINT32_MAX), 0);
    assert_out(&x, "c=biws,r=fyko+d2lbbFgONRv9qkxdawL%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                   "p=2FUSN0pPcS7P8hBhsxBJOiUDbRoW4KVNGZT0LxVnSek=");
    assert_int_equal(step(&x, "v=zJZjsVp2g+W9jd01vgbsshippfH1sM0tLdBvs+e3DF4="), 0);
    assert_true(cpmsync_sasl_complete(&x.sasl));
    end(&x);
}

static void test_names_are_escaped_and_one_iteration_is_enough(void **state)
{
    struct exchange x;

    (void)state;
    support_allocator_init(&x.allocator);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_SCRAM_SHA_256, "us=er,", "pencil", "boss"), 0);
    assert_int_equal(step(&x, ""), 0);
    assert_out(&x, "n,a=boss,n=us=3Der=2C,r=fyko+d2lbbFgONRv9qkxdawL");
    assert_int_equal(step(&x, "r=fyko+d2lbbFgONRv9qkxdawLx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1"), 1);
    assert_int_equal(work(&x, 1), 0);
    assert_out(&x, "c=bixhPWJvc3Ms,r=fyko+d2lbbFgONRv9qkxdawLx,p=RX3ZFsNHVHFrNqphqmmYIAlp8fDBtuGeiHjRkZuO4xE=");
    assert_int_equal(step(&x, "v=A/ieG1joaKLPz1n48Ms8fdtCIqvJky9MgzCGDcvJPy4=,x=y"), 0);
    end(&x);
}

static void test_r28_hashing_is_sliced(void **state)
{
    struct exchange x;
    uint32_t done;
    int slices = 0;

    (void)state;
    begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
    assert_int_equal(step(&x, ""), 0);
    assert_int_equal(step(&x, SERVER_FIRST), 1);
    assert_int_equal(x.crypto.rounds, 0);
    while (cpmsync_sasl_work(&x.sasl, 1000, &done, &x.out) == 1) {
        assert_int_equal(done, 1000);
        assert_int_equal(x.crypto.rounds, 1000 * ++slices);
        assert_int_equal(x.out.len, 0);
    }
    assert_int_equal(done, 95);
    assert_out(&x, FINAL);
    end(&x);
}

static void test_s_14_a_nonce_that_does_not_begin_with_ours_is_refused(void **state)
{
    static const char *const wrong[] = {"r=Fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096", "r=,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko,s=QSXCR+Q6sek8bf92,i=4096"};
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
        assert_int_equal(step(&x, ""), 0);
        assert_int_equal(step(&x, wrong[i]), CPMSYNC_ERR_AUTH_SERVER);
        assert_false(cpmsync_sasl_busy(&x.sasl));
        assert_int_equal(step(&x, SERVER_FIRST), CPMSYNC_ERR_PROTOCOL);
        end(&x);
    }
}

static void test_r28_too_many_iterations_are_refused_before_hashing(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
    assert_int_equal(step(&x, ""), 0);
    assert_int_equal(step(&x, "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXCR+Q6sek8bf92,i=10001"), CPMSYNC_ERR_AUTH_ITERATIONS);
    end(&x);
    begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
    assert_int_equal(step(&x, ""), 0);
    assert_int_equal(
        step(&x, "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXCR+Q6sek8bf92,i=4294967297"), CPMSYNC_ERR_AUTH_ITERATIONS);
    assert_int_equal(x.crypto.rounds, 0);
    end(&x);
}

/* One limit is the challenge's own, the other that of what is made of it. Neither is the app's. */
static void test_pf_120_a_nonce_too_long_to_be_answered_is_the_servers_fault(void **state)
{
    static const size_t lengths[] = {40000, CPMSYNC_SASL_MESSAGE_MAX - 64, CPMSYNC_SASL_MESSAGE_MAX + 64};
    static char challenge[CPMSYNC_SASL_MESSAGE_MAX + 128];
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        int rc;

        memset(challenge, 'x', lengths[i]);
        memcpy(challenge, "r=fyko+d2lbbFgONRv9qkxdawL", 26);
        strcpy(challenge + lengths[i], ",s=QSXCR+Q6sek8bf92,i=1");
        begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
        assert_int_equal(step(&x, ""), 0);
        rc = step(&x, challenge);
        if (rc == 1)
            rc = work(&x, 1);
        assert_int_equal(rc, CPMSYNC_ERR_PROTOCOL);
        assert_false(cpmsync_sasl_busy(&x.sasl));
        end(&x);
    }
}

static void test_names_too_long_for_a_message_are_no_credentials(void **state)
{
    static char name[40001];
    struct exchange x;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    support_allocator_init(&x.allocator);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_SCRAM_SHA_1, name, "pencil", name), 0);
    assert_int_equal(step(&x, ""), CPMSYNC_ERR_AUTH_CREDENTIALS);
    end(&x);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_PLAIN, name, name, NULL), CPMSYNC_ERR_AUTH_CREDENTIALS);
    end(&x);
}

static void test_messages_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {"", "r", "r=", "x=y", "m=must,r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXC,i=1",
        "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXC", "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXC,i=0",
        "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXC,i=-1",
        "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXC,i=", "r=fyko+d2lbbFgONRv9qkxdawLx,s=!,i=1",
        "r=fyko+d2lbbFgONRv9qkxdawLx,s=,i=1", "r=fyko+d2lbbFgONRv9qkxdawLx,i=1,s=QSXC",
        "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXC,i=99999999999999999999"};
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
        assert_int_equal(step(&x, ""), 0);
        assert_int_equal(step(&x, wrong[i]), CPMSYNC_ERR_PROTOCOL);
        end(&x);
    }
}

static void test_s_15_a_wrong_signature_never_completes(void **state)
{
    static const struct {
        const char *message;
        int error;
    } wrong[] = {{"v=rmF9pqV8S7suAoZWja4dJRkFsKR=", CPMSYNC_ERR_AUTH_SERVER},
        {"v=qmF9pqV8S7suAoZWja4dJRkFsKQ=", CPMSYNC_ERR_AUTH_SERVER}, {"v=", CPMSYNC_ERR_AUTH_SERVER},
        {"v=rmF9", CPMSYNC_ERR_AUTH_SERVER}, {"", CPMSYNC_ERR_PROTOCOL}, {"e=invalid-proof", CPMSYNC_ERR_AUTH},
        {"v=zJZjsVp2g+W9jd01vgbsshippfH1sM0tLdBvs+e3DF4=", CPMSYNC_ERR_AUTH_SERVER}};
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
        assert_int_equal(step(&x, ""), 0);
        assert_int_equal(step(&x, SERVER_FIRST), 1);
        assert_int_equal(work(&x, UINT32_MAX), 0);
        assert_int_equal(step(&x, wrong[i].message), wrong[i].error);
        assert_false(cpmsync_sasl_complete(&x.sasl));
        assert_int_equal(step(&x, SERVER_FINAL), CPMSYNC_ERR_PROTOCOL);
        assert_false(cpmsync_sasl_complete(&x.sasl));
        end(&x);
    }
}

static void test_credentials_that_cannot_be_sent_are_refused(void **state)
{
    struct exchange x;

    (void)state;
    support_allocator_init(&x.allocator);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_PLAIN, "", "pencil", NULL), CPMSYNC_ERR_AUTH_CREDENTIALS);
    end(&x);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_SCRAM_SHA_1, "user", "", NULL), CPMSYNC_ERR_AUTH_CREDENTIALS);
    end(&x);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_SCRAM_SHA_1, "us\x7f", "pencil", NULL), CPMSYNC_ERR_AUTH_CREDENTIALS);
    end(&x);
    assert_int_equal(begin_as(&x, CPMSYNC_SASL_SCRAM_SHA_256, "us\xc3\xa9r", "p\xc3\xa9", NULL), 0);
    assert_int_equal(step(&x, ""), 0);
    assert_out(&x, "n,,n=us\xc3\xa9r,r=fyko+d2lbbFgONRv9qkxdawL");
    end(&x);
}

static int whole_exchange(struct exchange *x)
{
    int rc = begin_as(x, CPMSYNC_SASL_SCRAM_SHA_1, "user", "pencil", "boss");

    if (rc == 0)
        rc = step(x, "");
    if (rc == 0)
        rc = step(x, "r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXCR+Q6sek8bf92,i=2");
    if (rc == 1)
        rc = work(x, 5);
    if (rc == 0)
        rc = step(x, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
    end(x);
    return rc;
}

static void test_each_failing_allocation_is_survived(void **state)
{
    struct exchange x;
    int rc = CPMSYNC_ERR_NOMEM;

    (void)state;
    support_allocator_init(&x.allocator);
    for (uint64_t n = 1; rc == CPMSYNC_ERR_NOMEM; n++) {
        support_allocator_fail_at(&x.allocator, n);
        rc = whole_exchange(&x);
        assert_int_equal(rc, x.allocator.failures ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_AUTH_SERVER);
    }
}

static void test_an_error_of_crypto_ends_it(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, CPMSYNC_SASL_SCRAM_SHA_1);
    assert_int_equal(step(&x, ""), 0);
    assert_int_equal(step(&x, SERVER_FIRST), 1);
    x.crypto.error = CPMSYNC_ERR_TLS;
    assert_int_equal(work(&x, 10), CPMSYNC_ERR_TLS);
    assert_false(cpmsync_sasl_busy(&x.sasl));
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s_13_plain),
        cmocka_unit_test(test_s_12_a_client_first_mechanism_wants_an_empty_challenge),
        cmocka_unit_test(test_s_16_the_example_of_rfc_5802),
        cmocka_unit_test(test_scram_sha_256),
        cmocka_unit_test(test_names_are_escaped_and_one_iteration_is_enough),
        cmocka_unit_test(test_r28_hashing_is_sliced),
        cmocka_unit_test(test_s_14_a_nonce_that_does_not_begin_with_ours_is_refused),
        cmocka_unit_test(test_r28_too_many_iterations_are_refused_before_hashing),
        cmocka_unit_test(test_pf_120_a_nonce_too_long_to_be_answered_is_the_servers_fault),
        cmocka_unit_test(test_names_too_long_for_a_message_are_no_credentials),
        cmocka_unit_test(test_messages_that_are_none_are_refused),
        cmocka_unit_test(test_s_15_a_wrong_signature_never_completes),
        cmocka_unit_test(test_credentials_that_cannot_be_sent_are_refused),
        cmocka_unit_test(test_each_failing_allocation_is_survived),
        cmocka_unit_test(test_an_error_of_crypto_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
