/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "transport/resolve.h"

enum { PATIENCE_MS = 20000 };

/* A name server that answers when told to, and says when it has. */
struct server {
    int go[2];
    int gone[2];
    int answer;
};

static void server_open(struct server *server, int answer)
{
    assert_int_equal(pipe(server->go), 0);
    assert_int_equal(pipe(server->gone), 0);
    server->answer = answer;
}

static void server_close(struct server *server)
{
    for (int i = 0; i < 2; i++) {
        close(server->go[i]);
        close(server->gone[i]);
    }
}

static int lookup_slowly(void *ctx, const char *host, struct cpmsync_address *addresses, size_t max, int *code)
{
    struct server *server = ctx;
    char octet;
    if (read(server->go[0], &octet, 1) != 1 || strcmp(host, "slow.example") || max != CPMSYNC_RESOLVE_MAX)
        return CPMSYNC_ERR_RESOLVE;
    memset(addresses, 0, sizeof(*addresses));
    addresses->family = 4;
    addresses->octets[3] = 7;
    *code = server->answer < 0 ? -42 : 0;
    int answer = server->answer;
    if (write(server->gone[1], "", 1) != 1)
        return CPMSYNC_ERR_RESOLVE;
    return answer;
}

static void wait_for(int fd)
{
    struct pollfd poller = {fd, POLLIN, 0};
    assert_int_equal(poll(&poller, 1, PATIENCE_MS), 1);
}

static void test_an_answer_wakes_the_loop_and_is_handed_over(void **state)
{
    struct cpmsync_address addresses[CPMSYNC_RESOLVE_MAX];
    struct cpmsync_resolve *resolve;
    struct server server;
    int code;
    (void)state;
    server_open(&server, 1);
    assert_int_equal(cpmsync_resolve_start(&resolve, "slow.example", lookup_slowly, &server), 0);
    assert_int_equal(cpmsync_resolve_result(resolve, addresses, &code), 0);
    assert_int_equal(write(server.go[1], "", 1), 1);
    wait_for(cpmsync_resolve_fd(resolve));
    assert_int_equal(cpmsync_resolve_result(resolve, addresses, &code), 1);
    assert_int_equal(code, 0);
    assert_int_equal(addresses[0].family, 4);
    assert_int_equal(addresses[0].octets[3], 7);
    cpmsync_resolve_free(resolve);
    server_close(&server);
}

static void test_a_failure_keeps_the_code(void **state)
{
    struct cpmsync_address addresses[CPMSYNC_RESOLVE_MAX];
    struct cpmsync_resolve *resolve;
    struct server server;
    int code;
    (void)state;
    server_open(&server, CPMSYNC_ERR_RESOLVE);
    assert_int_equal(cpmsync_resolve_start(&resolve, "slow.example", lookup_slowly, &server), 0);
    assert_int_equal(write(server.go[1], "", 1), 1);
    wait_for(cpmsync_resolve_fd(resolve));
    assert_int_equal(cpmsync_resolve_result(resolve, addresses, &code), CPMSYNC_ERR_RESOLVE);
    assert_int_equal(code, -42);
    cpmsync_resolve_free(resolve);
    server_close(&server);
}

static void test_no_answer_at_all_is_a_failure(void **state)
{
    struct cpmsync_address addresses[CPMSYNC_RESOLVE_MAX];
    struct cpmsync_resolve *resolve;
    struct server server;
    int code;
    (void)state;
    server_open(&server, 0);
    assert_int_equal(cpmsync_resolve_start(&resolve, "slow.example", lookup_slowly, &server), 0);
    assert_int_equal(write(server.go[1], "", 1), 1);
    wait_for(cpmsync_resolve_fd(resolve));
    assert_int_equal(cpmsync_resolve_result(resolve, addresses, &code), CPMSYNC_ERR_RESOLVE);
    cpmsync_resolve_free(resolve);
    server_close(&server);
}

/* The sanitizers watch what the abandoned thread touches, and what it leaves. */
static void test_giving_up_a_hanging_lookup_waits_for_nobody(void **state)
{
    struct cpmsync_resolve *resolve;
    struct server server;
    (void)state;
    server_open(&server, 1);
    assert_int_equal(cpmsync_resolve_start(&resolve, "slow.example", lookup_slowly, &server), 0);
    cpmsync_resolve_free(resolve);
    assert_int_equal(write(server.go[1], "", 1), 1);
    wait_for(server.gone[0]);
    server_close(&server);
    cpmsync_resolve_free(NULL);
}

static void test_localhost_has_a_loopback_address(void **state)
{
    struct cpmsync_address addresses[CPMSYNC_RESOLVE_MAX];
    struct cpmsync_resolve *resolve;
    int code;
    (void)state;
    assert_int_equal(cpmsync_resolve_start(&resolve, "localhost", NULL, NULL), 0);
    wait_for(cpmsync_resolve_fd(resolve));
    int count = cpmsync_resolve_result(resolve, addresses, &code);
    assert_true(count >= 1);
    int found = 0;
    for (int i = 0; i < count; i++)
        found |= addresses[i].family == 4 ? addresses[i].octets[0] == 127 : addresses[i].octets[15] == 1;
    assert_true(found);
    cpmsync_resolve_free(resolve);
}

static void test_a_name_that_cannot_exist_is_told_with_its_code(void **state)
{
    char label[80];
    struct cpmsync_address addresses[CPMSYNC_RESOLVE_MAX];
    struct cpmsync_resolve *resolve;
    int code;
    (void)state;
    /* A label above 63 octets: no resolver asks the network for it. */
    memset(label, 'x', sizeof(label));
    label[79] = '\0';
    assert_int_equal(cpmsync_resolve_start(&resolve, label, NULL, NULL), 0);
    wait_for(cpmsync_resolve_fd(resolve));
    assert_int_equal(cpmsync_resolve_result(resolve, addresses, &code), CPMSYNC_ERR_RESOLVE);
    assert_int_not_equal(code, 0);
    cpmsync_resolve_free(resolve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_wakes_the_loop_and_is_handed_over),
        cmocka_unit_test(test_a_failure_keeps_the_code),
        cmocka_unit_test(test_no_answer_at_all_is_a_failure),
        cmocka_unit_test(test_giving_up_a_hanging_lookup_waits_for_nobody),
        cmocka_unit_test(test_localhost_has_a_loopback_address),
        cmocka_unit_test(test_a_name_that_cannot_exist_is_told_with_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
