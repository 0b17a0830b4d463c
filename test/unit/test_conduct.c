/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "client/conduct.h"
#include "support/client_script.h"

static void open_script(struct support_script *script)
{
    support_script_init(script);
    script->states = true;
    support_script_open(script);
}

static void test_operations_run_in_order_on_one_connection(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    assert_int_equal(support_script_login(&script), 1);
    assert_int_equal(support_script_sync(&script, "a"), 2);
    assert_int_equal(support_script_sync(&script, "b"), 3);
    assert_int_equal(support_script_logout(&script), 4);
    assert_int_equal(support_script_login(&script), 5);
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_sent(&script, "C2 SELECT a\nC3 UID FETCH 1:200 (FLAGS)");
    support_script_server(&script, "* 0 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 1] x\nC2 OK x\nC3 OK x");
    support_script_sent(&script, "C4 UNSELECT\nC5 SELECT b\nC6 UID FETCH 1:200 (FLAGS)");
    support_script_server(&script, "C4 OK x\n* 0 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 1] x\nC5 OK x\nC6 OK x");
    support_script_sent(&script, "C7 LOGOUT");
    script.heard_len = 0;
    support_script_server(&script, "* BYE see you\nC7 OK x");
    support_script_heard(&script, "");
    support_script_closed(&script);
    support_script_heard(&script, "state closed|done 4 CPMSYNC_OK|state connecting|");
    assert_int_equal(script.done[3], 1);
    assert_int_equal(script.done[5], 0);
    support_script_connect(&script); /* what was submitted behind LOGOUT has a connection of its own */
    support_script_close(&script);
    assert_int_equal(script.done[5], 1);
}

static void test_c_05_a_close_behind_bye_ends_logout_well(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_login(&script);
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_logout(&script);
    cpmsync_conn_tick(script.client, script.now, 0);
    script.heard_len = 0;
    support_script_sent(&script, "C2 LOGOUT");
    support_script_server(&script, "* BYE see you");
    support_script_eof(&script);
    assert_int_equal(script.done[2], 1);
    assert_int_equal(script.errors[2], 0);
    support_script_close(&script);
}

static void test_a_logout_that_needs_no_connection(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_logout(&script);
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_NOW);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_heard(&script, "done 1 CPMSYNC_OK|");
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    support_script_close(&script);
}

static void test_a_logout_without_memory_ends(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_login(&script);
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_logout(&script);
    support_allocator_fail_from(&script.allocator, 1);
    cpmsync_conn_tick(script.client, script.now, 0);
    support_allocator_fail_at(&script.allocator, 0);
    assert_int_equal(script.done[2], 1);
    assert_int_equal(script.errors[2], CPMSYNC_ERR_NOMEM);
    support_script_logout(&script);
    cpmsync_conn_tick(script.client, script.now, 0);
    support_script_sent(&script, "C2 LOGOUT");
    support_script_close(&script);
}

static void test_d_11_a_connection_that_cannot_be_had_ends_all_that_waits(void **state)
{
    struct support_script script;
    struct cpmsync_fault fault = {0};

    (void)state;
    open_script(&script);
    support_script_sync(&script, "a");
    support_script_sync(&script, "b");
    fault.size = sizeof fault;
    fault.error = CPMSYNC_ERR_RESOLVE;
    assert_int_equal(cpmsync_conn_closed(script.client, 0, script.now, &fault), 0);
    support_script_heard(&script, "done 1 CPMSYNC_ERR_RESOLVE|done 2 CPMSYNC_ERR_RESOLVE|");
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    support_script_sync(&script, "a");
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT); /* the next submit tries again */
    support_script_eof(&script);
    support_script_heard(&script, "done 3 CPMSYNC_ERR_CONNECT|");
    support_script_close(&script);
}

static void test_d_11_a_lost_link_ends_what_runs_and_what_waits(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_sync(&script, "a");
    support_script_sync(&script, "b");
    support_script_ready(&script, "UNSELECT", NULL);
    script.heard_len = 0;
    support_script_eof(&script);
    support_script_heard(&script, "done 1 CPMSYNC_ERR_CLOSED|done 2 CPMSYNC_ERR_CLOSED|state closed|");
    support_script_close(&script);
}

static void test_c_03_the_words_of_bye_are_the_error(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_sync(&script, "a");
    support_script_ready(&script, "UNSELECT", NULL);
    script.heard_len = 0;
    support_script_server(&script, "* BYE maintenance");
    support_script_eof(&script);
    support_script_heard(&script, "done 1 CPMSYNC_ERR_BYE|state closed|");
    support_script_close(&script);
}

static void test_pf_140_a_refused_login_is_one_error(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_sync(&script, "a");
    support_script_sync(&script, "b");
    support_script_connect(&script);
    support_script_server(&script, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x");
    support_script_sent(&script, "C1 AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0");
    support_script_server(&script, "C1 NO [AUTHENTICATIONFAILED] who");
    assert_int_equal(script.errors[1], CPMSYNC_ERR_AUTH);
    assert_int_equal(script.errors[2], CPMSYNC_ERR_AUTH);
    assert_int_equal(script.asked, 1);
    support_script_closed(&script);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    support_script_close(&script);
}

static void test_credentials_may_come_late_or_never(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    script.silent = true;
    support_script_sync(&script, "a");
    support_script_connect(&script);
    support_script_server(&script, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x");
    support_script_sent(&script, "");
    assert_int_equal(script.asked, 1);
    assert_int_equal(cpmsync_client_credentials(script.client, 0, 0, "fred", "secret", NULL), 0);
    support_script_sent(&script, "C1 AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0");
    support_script_eof(&script);
    assert_int_equal(script.done[1], 1);
    support_script_sync(&script, "a");
    support_script_connect(&script);
    support_script_server(&script, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x");
    assert_int_equal(cpmsync_client_credentials(script.client, 0, 1, NULL, NULL, NULL), 0);
    assert_int_equal(script.done[2], 1);
    assert_int_equal(script.errors[2], CPMSYNC_ERR_AUTH_CREDENTIALS);
    support_script_closed(&script);
    /* Too late: no session waits. */
    assert_int_equal(cpmsync_client_credentials(script.client, 0, 0, "fred", "secret", NULL), CPMSYNC_ERR_STATE);
    support_script_close(&script);
}

static void test_a_queued_operation_is_cancelled_at_once(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    for (int i = 0; i < 4; i++)
        support_script_sync(&script, "a");
    assert_int_equal(cpmsync_client_cancel(script.client, 2), 0);
    assert_int_equal(cpmsync_client_cancel(script.client, 4), 0);
    assert_int_equal(cpmsync_client_cancel(script.client, 1), 0);
    assert_int_equal(cpmsync_client_cancel(script.client, 2), CPMSYNC_ERR_NOT_FOUND);
    support_script_heard(&script, "done 2 CPMSYNC_ERR_CANCELLED|state connecting|done 4 CPMSYNC_ERR_CANCELLED|"
                                  "done 1 CPMSYNC_ERR_CANCELLED|");
    assert_int_equal(support_script_sync(&script, "b"), 5);
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_sent(&script, "C2 SELECT a\nC3 UID FETCH 1:200 (FLAGS)");
    support_script_close(&script);
    assert_int_equal(script.done[3], 1);
    assert_int_equal(script.done[5], 1);
}

/* ---- from inside `done` */

static void cancel_the_next(struct support_script *script, int64_t operation, int error)
{
    (void)error;
    if (operation == 1) {
        assert_int_equal(cpmsync_client_cancel(script->client, 3), 0);
        assert_int_equal(script->done[3], 1);
        assert_int_equal(cpmsync_client_cancel(script->client, 1), CPMSYNC_ERR_NOT_FOUND);
    }
}

static void test_cancel_while_a_failure_is_being_told(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    script.on_done = cancel_the_next;
    support_script_sync(&script, "a");
    support_script_sync(&script, "b");
    support_script_sync(&script, "c");
    support_script_eof(&script);
    support_script_heard(
        &script, "done 1 CPMSYNC_ERR_CONNECT|done 3 CPMSYNC_ERR_CANCELLED|done 2 CPMSYNC_ERR_CONNECT|");
    support_script_close(&script);
}

static void submit_again(struct support_script *script, int64_t operation, int error)
{
    (void)error;
    if (operation < 3)
        support_script_sync(script, "again");
}

static void test_submit_while_a_failure_is_being_told(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    script.on_done = submit_again;
    support_script_sync(&script, "a");
    support_script_eof(&script);
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.done[2], 0); /* it waits for a connection of its own */
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT);
    script.on_done = NULL;
    support_script_close(&script);
    assert_int_equal(script.done[2], 1);
}

static void submit_when_freed(struct support_script *script, int64_t operation, int error)
{
    (void)operation;
    assert_int_equal(error, CPMSYNC_ERR_CANCELLED);
    assert_int_equal(support_script_sync(script, "again"), CPMSYNC_ERR_STATE);
    (void)cpmsync_client_want(script->client);
    (void)cpmsync_client_expiry(script->client);
    cpmsync_client_free(script->client);
}

static void test_free_ends_everything_once_whatever_its_callbacks_do(void **state)
{
    (void)state;
    for (int stage = 0; stage < 4; stage++) {
        struct support_script script;
        open_script(&script);
        for (int i = 0; i < 3; i++)
            support_script_sync(&script, "INBOX");
        if (stage == 1)
            support_script_connect(&script);
        if (stage >= 2)
            support_script_ready(&script, "UNSELECT", NULL);
        if (stage == 3)
            support_script_server(&script, "* 1 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 2] x\nC2 OK x\n"
                                           "* 1 FETCH (UID 1 FLAGS ())");
        script.on_done = submit_when_freed;
        support_script_close(&script);
        for (int i = 1; i <= 3; i++)
            assert_int_equal(script.done[i], 1);
    }
}

static void free_in_done(struct support_script *script, int64_t operation, int error)
{
    (void)error;
    if (operation == 1)
        cpmsync_client_free(script->client);
}

static void test_free_from_inside_done(void **state)
{
    (void)state;
    for (int stage = 0; stage < 4; stage++) {
        struct support_script script;
        open_script(&script);
        support_script_sync(&script, "INBOX");
        support_script_sync(&script, "INBOX");
        script.on_done = free_in_done;
        if (stage == 1)
            support_script_connect(&script);
        if (stage >= 2)
            support_script_ready(&script, "UNSELECT", NULL);
        if (stage == 3) {
            const char text[] = "C2 NO no\r\nC3 BAD no\r\n* OK more\r\n";
            assert_int_equal(
                cpmsync_conn_feed(script.client, 0, script.now, (const uint8_t *)text, sizeof text - 1), 0);
        } else {
            assert_int_equal(cpmsync_conn_closed(script.client, 0, script.now, NULL), 0);
        }
        script.client = NULL;
        assert_int_equal(script.done[1], 1);
        assert_int_equal(script.done[2], 1);
        assert_int_equal(script.errors[2], CPMSYNC_ERR_CANCELLED);
        assert_int_equal(script.allocator.live_blocks, 0);
        support_script_close(&script);
    }
}

static int look_around(struct support_script *script, const struct cpmsync_event *event)
{
    const uint8_t *data;

    (void)event;
    (void)cpmsync_client_want(script->client);
    (void)cpmsync_conn_want(script->client, 0);
    (void)cpmsync_client_expiry(script->client);
    (void)cpmsync_conn_output(script->client, 0, &data);
    (void)cpmsync_client_capabilities(script->client);
    assert_int_equal(cpmsync_conn_tick(script->client, 0, 0), CPMSYNC_ERR_STATE);
    return 0;
}

static void look_around_too(struct support_script *script, int64_t operation, int error)
{
    (void)operation;
    (void)error;
    look_around(script, NULL);
}

static void test_look_around_from_inside_every_callback(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    script.on_event = look_around;
    script.on_done = look_around_too;
    support_script_sync(&script, "a");
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_sync(&script, "b");
    support_script_eof(&script);
    support_script_sync(&script, "c");
    support_script_eof(&script);
    support_script_close(&script);
    assert_int_equal(script.done[3], 1);
}

static void test_a_session_without_memory_ends_what_waits(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_sync(&script, "a");
    support_allocator_fail_from(&script.allocator, 1);
    assert_int_equal(cpmsync_conn_opened(script.client, 0, script.now, CPMSYNC_CONN_SECURE), 0);
    support_allocator_fail_at(&script.allocator, 0);
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.errors[1], CPMSYNC_ERR_NOMEM);
    support_script_closed(&script);
    support_script_close(&script);
}

static void test_a_silent_server_is_given_up(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_sync(&script, "a");
    support_script_ready(&script, "UNSELECT", NULL);
    int64_t expiry = cpmsync_client_expiry(script.client);
    assert_int_equal(expiry, script.now + 60000);
    cpmsync_conn_tick(script.client, expiry - 1, 0);
    assert_int_equal(script.done[1], 0);
    cpmsync_conn_tick(script.client, expiry, 0);
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.errors[1], CPMSYNC_ERR_TIMEOUT);
    support_script_closed(&script);
    support_script_close(&script);
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    (void)client, (void)fault;
    ((struct support_script *)ctx)->done[operation]++;
}

#define NO_MESSAGES "* 0 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 1] x\n* OK [HIGHESTMODSEQ 1] x\n"

/* Nothing new begins, and the time until nothing is half done is told. */
static void test_quiesce_tells_when_it_is_safe_to_sleep(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.config.command_timeout_ms = 30000;
    support_script_open(&script);
    assert_int_equal(cpmsync_client_quiesce(script.client, script.now), 0);
    int64_t watch = cpmsync_client_watch(script.client, "INBOX", on_done, &script);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    cpmsync_client_resume(script.client);
    support_script_ready(&script, "ENABLE CONDSTORE QRESYNC UNSELECT IDLE", "QRESYNC");
    support_script_sent(&script, "C3 SELECT INBOX\nC4 UID FETCH 1:200 (FLAGS MODSEQ)\nC5 IDLE");
    assert_int_equal(cpmsync_client_quiesce(script.client, script.now + 1000), 29000);
    script.now += 1000;
    support_script_server(&script, NO_MESSAGES "C3 OK x\nC4 OK x\n+ x");
    assert_int_equal(cpmsync_client_quiesce(script.client, script.now), 0); /* idling, and nothing half done */
    int64_t sync = support_script_sync(&script, "other");
    script.now += (int64_t)24 * 3600 * 1000;
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_sent(&script, "");
    assert_int_equal(script.done[sync], 0);
    cpmsync_client_resume(script.client);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_sent(&script, "DONE\nC6 UNSELECT\nC7 SELECT other\nC8 UID FETCH 1:200 (FLAGS MODSEQ)");
    assert_int_equal(script.done[watch], 0);
    assert_int_equal(cpmsync_client_quiesce(NULL, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    support_script_close(&script);
}

static int see_closed(struct support_script *script, const struct cpmsync_event *event)
{
    if (event->type != CPMSYNC_EVENT_STATE || event->state != CPMSYNC_CONN_CLOSED)
        return 0;
    assert_int_equal(event->error, CPMSYNC_ERR_BYE);
    assert_string_equal(event->text, "going down");
    assert_true(event->trusted);
    script->silent = true;
    return 0;
}

static void test_c_03_why_a_connection_closed_is_told(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    script.on_event = see_closed;
    support_script_open(&script);
    cpmsync_client_watch(script.client, "INBOX", on_done, &script);
    support_script_ready(&script, "ENABLE CONDSTORE QRESYNC UNSELECT IDLE", "QRESYNC");
    support_script_server(&script, "* BYE [UNAVAILABLE] going down");
    support_script_eof(&script);
    assert_true(script.silent);
    support_script_close(&script);
}

/* ---- the second connection */

static void say(struct support_script *script, uint32_t conn, const char *text)
{
    assert_int_equal(cpmsync_conn_feed(script->client, conn, script->now, (const uint8_t *)text, strlen(text)), 0);
}

static void sent_on(struct support_script *script, uint32_t conn, const char *text)
{
    const uint8_t *data;
    size_t len = cpmsync_conn_output(script->client, conn, &data);

    assert_int_equal(len, strlen(text));
    assert_memory_equal(data, text, len);
    assert_int_equal(cpmsync_conn_ack(script->client, conn, script->now, len), 0);
}

/* The second is logged in, the first does not know. */
static int64_t open_second(struct support_script *script)
{
    support_script_init(script);
    support_script_open(script);
    int64_t id = cpmsync_client_bulk_open(script->client, on_done, script);
    assert_int_equal(cpmsync_conn_want(script->client, 0), 0);
    assert_int_equal(cpmsync_conn_want(script->client, 1), CPMSYNC_WANT_CONNECT);
    assert_int_equal(cpmsync_conn_opened(script->client, 1, script->now, CPMSYNC_CONN_SECURE), 0);
    say(script, 1, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n");
    sent_on(script, 1, "C1 AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0\r\n");
    say(script, 1, "C1 OK [CAPABILITY IMAP4rev1 UNSELECT] x\r\n");
    assert_int_equal(script->done[id], 1);
    assert_int_equal(cpmsync_conn_want(script->client, 0), 0);
    return id;
}

static void test_r11_the_second_connection_opens_and_closes_on_request(void **state)
{
    struct support_script script;

    (void)state;
    open_second(&script);
    int64_t id = cpmsync_client_bulk_close(script.client, on_done, &script);
    assert_int_equal(cpmsync_conn_want(script.client, 1) & CPMSYNC_WANT_NOW, CPMSYNC_WANT_NOW);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    sent_on(&script, 1, "C2 LOGOUT\r\n");
    say(&script, 1, "* BYE x\r\nC2 OK x\r\n");
    assert_int_equal(cpmsync_conn_want(script.client, 1), CPMSYNC_WANT_CLOSE);
    assert_int_equal(cpmsync_conn_closed(script.client, 1, script.now, NULL), 0);
    assert_int_equal(script.done[id], 1);
    assert_int_equal(cpmsync_conn_want(script.client, 1), 0);
    support_script_close(&script);
}

static void test_r11_what_fails_on_one_leaves_the_other_alone(void **state)
{
    struct support_script script;

    (void)state;
    open_second(&script);
    int64_t sync = support_script_sync(&script, "INBOX");
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_sent(&script, "C2 SELECT INBOX\nC3 UID FETCH 1:200 (FLAGS)");
    assert_int_equal(cpmsync_conn_closed(script.client, 1, script.now, NULL), 0);
    assert_int_equal(script.done[sync], 0);
    int64_t again = cpmsync_client_bulk_open(script.client, on_done, &script);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    assert_int_equal(cpmsync_conn_want(script.client, 1), CPMSYNC_WANT_CONNECT);
    support_script_eof(&script);
    assert_int_equal(script.done[sync], 1);
    assert_int_equal(script.done[again], 0);
    support_script_close(&script);
    assert_int_equal(script.done[again], 1);
}

/* Its time is up when the transport is not closed yet: no answer is due that others would have to wait for. */
static void test_a_deadline_of_a_logout_leaves_the_next_connection_free(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script);
    support_script_login(&script);
    support_script_ready(&script, "UNSELECT", NULL);
    int64_t logout = support_script_logout(&script);
    assert_int_equal(cpmsync_client_deadline(script.client, logout, script.now + 10), 0);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_sent(&script, "C2 LOGOUT");
    support_script_server(&script, "* BYE x\nC2 OK x");
    script.now += 10;
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    assert_int_equal(script.errors[logout], CPMSYNC_ERR_DEADLINE);
    support_script_closed(&script);
    int64_t login = support_script_login(&script);
    support_script_ready(&script, "UNSELECT", NULL);
    assert_int_equal(script.done[login], 1);
    support_script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_run_in_order_on_one_connection),
        cmocka_unit_test(test_c_05_a_close_behind_bye_ends_logout_well),
        cmocka_unit_test(test_a_logout_that_needs_no_connection),
        cmocka_unit_test(test_a_logout_without_memory_ends),
        cmocka_unit_test(test_d_11_a_connection_that_cannot_be_had_ends_all_that_waits),
        cmocka_unit_test(test_d_11_a_lost_link_ends_what_runs_and_what_waits),
        cmocka_unit_test(test_c_03_the_words_of_bye_are_the_error),
        cmocka_unit_test(test_pf_140_a_refused_login_is_one_error),
        cmocka_unit_test(test_credentials_may_come_late_or_never),
        cmocka_unit_test(test_a_queued_operation_is_cancelled_at_once),
        cmocka_unit_test(test_cancel_while_a_failure_is_being_told),
        cmocka_unit_test(test_submit_while_a_failure_is_being_told),
        cmocka_unit_test(test_free_ends_everything_once_whatever_its_callbacks_do),
        cmocka_unit_test(test_free_from_inside_done),
        cmocka_unit_test(test_look_around_from_inside_every_callback),
        cmocka_unit_test(test_a_session_without_memory_ends_what_waits),
        cmocka_unit_test(test_a_silent_server_is_given_up),
        cmocka_unit_test(test_quiesce_tells_when_it_is_safe_to_sleep),
        cmocka_unit_test(test_c_03_why_a_connection_closed_is_told),
        cmocka_unit_test(test_r11_the_second_connection_opens_and_closes_on_request),
        cmocka_unit_test(test_r11_what_fails_on_one_leaves_the_other_alone),
        cmocka_unit_test(test_a_deadline_of_a_logout_leaves_the_next_connection_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
