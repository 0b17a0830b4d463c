/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cpmsync/transport.h>

static int open_never(void *self, int64_t now, struct cpmsync_transport *transport)
{
    (void)self;
    (void)now;
    (void)transport;
    return CPMSYNC_ERR_UNSUPPORTED;
}

static void count_free(void *self)
{
    (*(int *)self)++;
}

static const struct cpmsync_connector_ops ops = {
    sizeof(struct cpmsync_connector_ops), open_never, NULL, NULL, NULL, count_free};

static void test_a_connector_is_freed_once_and_cleared(void **state)
{
    int frees = 0;
    struct cpmsync_connector connector = {&ops, &frees};
    (void)state;
    cpmsync_connector_free(&connector);
    assert_int_equal(frees, 1);
    assert_null(connector.ops);
    cpmsync_connector_free(&connector);
    cpmsync_connector_free(NULL);
    assert_int_equal(frees, 1);
}

static void test_what_this_build_leaves_out_says_so(void **state)
{
    (void)state;
#if !defined(CPMSYNC_WITH_SOCKETS)
    struct cpmsync_connector tcp;
    struct cpmsync_tcp_config tcp_config = {.size = sizeof(tcp_config)};
    assert_int_equal(cpmsync_connector_tcp(&tcp, &tcp_config), CPMSYNC_ERR_UNSUPPORTED);
#endif
#if !defined(CPMSYNC_WITH_TLS)
    int frees = 0;
    struct cpmsync_connector tls, inner = {&ops, &frees};
    struct cpmsync_tls_config tls_config = {.size = sizeof(tls_config)};
    assert_int_equal(cpmsync_connector_tls(&tls, &inner, &tls_config), CPMSYNC_ERR_UNSUPPORTED);
    assert_int_equal(frees, 1);
    assert_int_equal(cpmsync_tls_trust_answer(NULL, 1, CPMSYNC_TLS_TRUST), CPMSYNC_ERR_UNSUPPORTED);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connector_is_freed_once_and_cleared),
        cmocka_unit_test(test_what_this_build_leaves_out_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
