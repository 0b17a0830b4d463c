/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "client/saved_facts.h"
#include "support/client_script.h"

static void test_facts_outlive_the_client(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    assert_string_equal(cpmsync_client_capabilities(script.client), "");
    script.client->facts.no_qresync = true;
    cpmsync_saved_facts_save(script.client);
    assert_int_equal(script.failing.commits, 1);
    support_script_restart(&script);
    support_script_open(&script);
    assert_true(script.client->facts.no_qresync);
    assert_false(script.client->facts.no_condstore);
    support_script_close(&script);
}

static void test_r_01_what_a_server_offered_is_remembered(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    support_script_login(&script);
    support_script_ready(&script, "XCOLOUR", NULL);
    support_script_eof(&script);
    support_script_restart(&script);
    support_script_open(&script);
    assert_non_null(strstr(cpmsync_client_capabilities(script.client), "XCOLOUR"));
    support_script_close(&script);
}

/* A process that is killed sees no end of a connection. */
static void test_r_01_facts_are_saved_with_the_first_operation(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    support_script_login(&script);
    support_script_ready(&script, "XCOLOUR", NULL);
    unsigned commits = (unsigned)script.failing.commits;
    assert_true(commits > 0);
    cpmsync_saved_facts_save(script.client);
    assert_int_equal(script.failing.commits, commits); /* nothing new */
    support_script_eof(&script);
    assert_int_equal(script.failing.commits, commits);
    support_script_close(&script);
}

static void log_line(void *ctx, enum cpmsync_log_level level, const char *text)
{
    (void)ctx;
    assert_int_equal(level, CPMSYNC_LOG_WARNING);
    assert_non_null(strstr(text, "server facts not saved"));
    function_called();
}

static void test_facts_that_cannot_be_written_are_only_logged(void **state)
{
    const enum support_store_op ops[] = {SUPPORT_STORE_BEGIN, SUPPORT_STORE_VALUE_PUT, SUPPORT_STORE_COMMIT};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct support_script script;
        support_script_init(&script);
        script.config.log = log_line;
        support_script_open(&script);
        script.client->facts.no_qresync = true;
        support_store_fail_at(&script.failing, ops[i], 1, CPMSYNC_ERR_STORE_FULL);
        expect_function_call(log_line);
        cpmsync_saved_facts_save(script.client);
        assert_int_equal(script.failing.commits, 0);
        cpmsync_saved_facts_save(script.client);
        assert_int_equal(script.failing.commits, 1);
        support_script_close(&script);
    }
}

static void test_facts_that_cannot_be_read_are_unknown(void **state)
{
    struct support_script script;
    const struct cpmsync_store *store = &script.failing.store;

    (void)state;
    support_script_init(&script);
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->value_put(store->self, "server_facts", (const uint8_t *)"\xff\0nonsense", 10), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
    support_script_open(&script);
    assert_string_equal(cpmsync_client_capabilities(script.client), "");
    support_script_restart(&script);
    support_store_fail_at(&script.failing, SUPPORT_STORE_VALUE_GET, 1, CPMSYNC_ERR_STORE);
    support_script_open(&script);
    support_script_restart(&script);
    support_store_fail_at(&script.failing, SUPPORT_STORE_VALUE_GET, 1, CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_client_new(&script.client, &script.config), CPMSYNC_ERR_NOMEM);
    assert_null(script.client);
    support_script_close(&script);
}

static int64_t today;

static int64_t tell_day(void *ctx)
{
    (void)ctx;
    return today;
}

static void watch_in_vain(struct support_script *script)
{
    assert_true(cpmsync_client_watch(script->client, "INBOX", NULL, NULL) > 0);
    assert_int_equal(cpmsync_conn_tick(script->client, script->now, 0), 0);
}

/* Design 8: a process that ends waits no less than one that lives. */
static void test_a_pause_outlives_the_process(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.config.wall_time = tell_day;
    script.config.retry_least_ms = 100000;
    today = 1800000000;
    support_script_open(&script);
    watch_in_vain(&script);
    assert_int_equal(cpmsync_conn_closed(script.client, 0, script.now, NULL), 0);
    int64_t pause = cpmsync_client_expiry(script.client) - script.now;
    assert_in_range(pause, 50000, 100000);
    support_script_restart(&script);
    today += 20;
    script.now = 5; /* another clock */
    support_script_open(&script);
    assert_true(cpmsync_client_watch(script.client, "INBOX", NULL, NULL) > 0);
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_NOW);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    int64_t left = cpmsync_client_expiry(script.client) - script.now;
    assert_in_range(left, pause - 20000, pause - 20000 + 1000);
    script.now += left;
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT);
    assert_int_equal(cpmsync_conn_closed(script.client, 0, script.now, NULL), 0);
    assert_in_range(cpmsync_client_expiry(script.client) - script.now, 100000, 200000); /* the second in a row */
    support_script_close(&script);
}

static void test_a_clock_that_was_set_back_puts_off_no_longer_than_the_longest_pause(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.config.wall_time = tell_day;
    script.config.retry_most_ms = 60000;
    today = 1800000000;
    support_script_open(&script);
    watch_in_vain(&script);
    assert_int_equal(cpmsync_conn_closed(script.client, 0, script.now, NULL), 0);
    support_script_restart(&script);
    today = 1000;
    support_script_open(&script);
    watch_in_vain(&script);
    assert_int_equal(cpmsync_client_expiry(script.client) - script.now, 60000);
    support_script_close(&script);
}

static void test_what_works_forgets_the_pause(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.config.wall_time = tell_day;
    today = 1800000000;
    support_script_open(&script);
    watch_in_vain(&script);
    assert_int_equal(cpmsync_conn_closed(script.client, 0, script.now, NULL), 0);
    script.now = cpmsync_client_expiry(script.client);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_ready(&script, "UNSELECT IDLE", NULL);
    support_script_server(&script, "* 0 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 1] x\nC2 OK x\nC3 OK x\n+ x");
    support_script_restart(&script);
    support_script_open(&script);
    watch_in_vain(&script);
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT);
    support_script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_outlive_the_client),
        cmocka_unit_test(test_r_01_what_a_server_offered_is_remembered),
        cmocka_unit_test(test_r_01_facts_are_saved_with_the_first_operation),
        cmocka_unit_test(test_facts_that_cannot_be_written_are_only_logged),
        cmocka_unit_test(test_facts_that_cannot_be_read_are_unknown),
        cmocka_unit_test(test_a_pause_outlives_the_process),
        cmocka_unit_test(test_a_clock_that_was_set_back_puts_off_no_longer_than_the_longest_pause),
        cmocka_unit_test(test_what_works_forgets_the_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
