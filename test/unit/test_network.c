/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/network.h"
#include "support/client_script.h"

#define NO_MESSAGES "* 0 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 1] x\n* OK [HIGHESTMODSEQ 1] x\n"

/* INBOX is watched: the IDLE in flight is C5, and its `+` came. */
static void open_watch(struct support_script *script)
{
    support_script_init(script);
    script->config.command_timeout_ms = 60000;
    support_script_open(script);
    assert_int_equal(cpmsync_client_network(script->client, CPMSYNC_NETWORK_ONLINE), 0);
    assert_true(cpmsync_client_watch(script->client, "INBOX", NULL, NULL) > 0);
    support_script_ready(script, "ENABLE CONDSTORE QRESYNC UNSELECT IDLE", "QRESYNC");
    support_script_sent(script, "C3 SELECT INBOX\nC4 UID FETCH 1:200 (FLAGS MODSEQ)\nC5 IDLE");
    support_script_server(script, NO_MESSAGES "C3 OK x\nC4 OK x\n+ x");
}

static void tick(struct support_script *script, int64_t ms)
{
    script->now += ms;
    assert_int_equal(cpmsync_conn_tick(script->client, script->now, 0), 0);
}

/* Nobody waits for an answer that cannot come, and nobody is woken to try where nothing can be had. */
static void test_without_a_network_connections_are_over_and_none_is_made(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    assert_int_equal(cpmsync_client_network(script.client, 0), 0);
    assert_int_equal(cpmsync_conn_want(script.client, 0) & CPMSYNC_WANT_NOW, CPMSYNC_WANT_NOW);
    tick(&script, 0);
    support_script_closed(&script);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    assert_int_equal(cpmsync_client_expiry(script.client), CPMSYNC_NEVER);
    tick(&script, (int64_t)24 * 3600 * 1000);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    assert_int_equal(cpmsync_client_network(script.client, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED), 0);
    tick(&script, 0);
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT); /* at once: no pause */
    support_script_close(&script);
}

static void test_i_05_on_another_network_an_idle_connection_is_tried(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    assert_int_equal(cpmsync_client_network_changed(script.client), 0);
    tick(&script, 0);
    support_script_sent(&script, "DONE\nC6 IDLE");
    assert_int_equal(cpmsync_client_expiry(script.client), script.now + 5000);
    tick(&script, 4999);
    support_script_server(&script, "C5 OK x\n+ x");
    tick(&script, 100000);
    support_script_sent(&script, ""); /* it lives */
    assert_int_equal(cpmsync_client_network(script.client, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED), 0);
    tick(&script, 0);
    support_script_sent(&script, "DONE\nC7 IDLE");
    tick(&script, 5000);
    support_script_closed(&script);
    support_script_close(&script);
}

static void test_what_is_told_twice_is_nothing_new(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    assert_int_equal(cpmsync_client_network(script.client, CPMSYNC_NETWORK_ONLINE), 0);
    assert_false(cpmsync_network_due(script.client));
    assert_int_equal(cpmsync_client_network(script.client, CPMSYNC_NETWORK_METERED), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_false(cpmsync_network_due(script.client));
    assert_int_equal(cpmsync_client_network(NULL, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_network_changed(NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    support_script_close(&script);
}

static void test_another_network_is_another_try(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    support_script_eof(&script);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    assert_int_equal(cpmsync_client_network_changed(script.client), 0);
    tick(&script, 0);
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT);
    support_script_close(&script);
}

/* Until it is told the network is taken to be there (trigger.h). */
static void test_no_network_is_news_the_first_time_too(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    support_script_login(&script);
    support_script_ready(&script, "UNSELECT", NULL);
    assert_int_equal(cpmsync_client_network(script.client, 0), 0);
    tick(&script, 0);
    support_script_closed(&script);
    support_script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_network_connections_are_over_and_none_is_made),
        cmocka_unit_test(test_i_05_on_another_network_an_idle_connection_is_tried),
        cmocka_unit_test(test_what_is_told_twice_is_nothing_new),
        cmocka_unit_test(test_another_network_is_another_try),
        cmocka_unit_test(test_no_network_is_news_the_first_time_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
