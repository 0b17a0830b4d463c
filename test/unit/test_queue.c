/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "client/queue.h"
#include "support/client_script.h"

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct support_script *script = ctx;

    (void)client;
    script->done[operation]++;
    script->errors[operation] = fault->error;
}

static void tick(struct support_script *script, int64_t ms)
{
    script->now += ms;
    assert_int_equal(cpmsync_conn_tick(script->client, script->now, 0), 0);
}

#define NO_MESSAGES "* 0 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 1] x\n* OK [HIGHESTMODSEQ 1] x\n"
#define LISTED(name)                                                                                                   \
    "* LIST () \"/\" " name "\n* STATUS " name " (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1 HIGHESTMODSEQ 1)\n"

/* What is complete stays, what is left is named; what is still answered is nobody's, and then the next one begins. */
static void test_what_a_deadline_leaves_of_the_account_is_named(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    assert_int_equal(cpmsync_client_sync_account(script.client, NULL, on_done, &script), 1);
    assert_int_equal(cpmsync_client_deadline(script.client, 1, script.now + 5000), 0);
    assert_int_equal(cpmsync_client_expiry(script.client), script.now + 5000);
    support_script_ready(&script, "ENABLE CONDSTORE QRESYNC UNSELECT LIST-STATUS", "QRESYNC");
    support_script_sent(&script, "C3 LIST \"\" \"*\" RETURN (STATUS (UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ))");
    support_script_server(&script, LISTED("a") LISTED("b") LISTED("c") "C3 OK x");
    support_script_sent(&script, "C4 SELECT a\nC5 UNSELECT\nC6 SELECT b\nC7 UNSELECT\nC8 SELECT c");
    support_script_server(&script, NO_MESSAGES "C4 OK x\nC5 OK x");
    script.heard_len = 0;
    tick(&script, 4999);
    support_script_heard(&script, "");
    int64_t next = support_script_sync(&script, "d");
    tick(&script, 1);
    support_script_heard(&script, "left b|left c|");
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.errors[1], CPMSYNC_ERR_DEADLINE);
    support_script_sent(&script, "");
    support_script_server(&script, NO_MESSAGES "C6 OK x\nC7 OK x\n" NO_MESSAGES "C8 OK x");
    support_script_heard(&script, "");
    support_script_sent(&script, "C9 UNSELECT\nC10 SELECT d\nC11 UID FETCH 1:200 (FLAGS MODSEQ)");
    support_script_server(&script, "C9 OK x\n" NO_MESSAGES "C10 OK x\nC11 OK x");
    assert_int_equal(script.done[next], 1);
    assert_int_equal(script.errors[next], 0);
    assert_int_equal(cpmsync_client_deadline(script.client, next, 0), CPMSYNC_ERR_NOT_FOUND);
    support_script_close(&script);
}

static void test_a_deadline_ends_what_waits_and_what_stands(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    int64_t watch = cpmsync_client_watch(script.client, "INBOX", on_done, &script);
    int64_t sync = support_script_sync(&script, "INBOX");
    assert_int_equal(cpmsync_client_deadline(script.client, watch, script.now + 10), 0);
    assert_int_equal(cpmsync_client_deadline(script.client, sync, script.now + 20), 0);
    support_script_connect(&script);
    tick(&script, 10);
    assert_int_equal(script.errors[watch], CPMSYNC_ERR_DEADLINE);
    assert_int_equal(script.done[sync], 0);
    tick(&script, 10);
    assert_int_equal(script.done[sync], 1);
    assert_int_equal(script.errors[sync], CPMSYNC_ERR_DEADLINE);
    assert_int_equal(cpmsync_client_deadline(script.client, 99, 0), CPMSYNC_ERR_NOT_FOUND);
    support_script_close(&script);
}

static void test_one_that_runs_is_found_and_not_taken(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    int64_t runs = support_script_sync(&script, "INBOX");
    int64_t waits = support_script_sync(&script, "other");
    int64_t stands = cpmsync_client_watch(script.client, "INBOX", on_done, &script);
    support_script_ready(&script, "UNSELECT", NULL);
    assert_int_equal(cpmsync_queue_find(script.client, runs)->id, runs);
    assert_null(cpmsync_queue_take(script.client, runs));
    assert_int_equal(cpmsync_queue_find(script.client, waits)->id, waits);
    assert_int_equal(cpmsync_queue_find(script.client, stands)->id, stands);
    struct cpmsync_operation *taken = cpmsync_queue_take(script.client, stands);
    assert_int_equal(taken->id, stands);
    assert_null(cpmsync_queue_find(script.client, stands));
    struct cpmsync_err err = {0};
    cpmsync_queue_complete(script.client, taken, &err);
    assert_int_equal(script.done[stands], 1);
    support_script_close(&script);
}

static void test_what_is_put_back_is_the_next_one(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    int64_t first = support_script_sync(&script, "a");
    int64_t second = support_script_sync(&script, "b");
    struct cpmsync_operation *popped = cpmsync_queue_pop(&script.client->conns[0]);
    struct cpmsync_operation *other = cpmsync_queue_pop(&script.client->conns[0]);
    assert_int_equal(popped->id, first);
    assert_int_equal(other->id, second);
    assert_null(script.client->conns[0].first);
    cpmsync_queue_push_back(&script.client->conns[0], other);
    cpmsync_queue_push_back(&script.client->conns[0], popped);
    assert_int_equal(cpmsync_queue_pop(&script.client->conns[0])->id, first);
    cpmsync_queue_push_back(&script.client->conns[0], popped);
    support_script_close(&script);
    assert_int_equal(script.done[first], 1);
    assert_int_equal(script.done[second], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_deadline_leaves_of_the_account_is_named),
        cmocka_unit_test(test_a_deadline_ends_what_waits_and_what_stands),
        cmocka_unit_test(test_one_that_runs_is_found_and_not_taken),
        cmocka_unit_test(test_what_is_put_back_is_the_next_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
