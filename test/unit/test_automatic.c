/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <cpmsync/push.h>

#include "client/automatic.h"
#include "support/client_script.h"

static const char *const QRESYNC = "ENABLE CONDSTORE QRESYNC UNSELECT LIST-EXTENDED LIST-STATUS";

static void set_policy(struct support_script *script, struct cpmsync_sync_policy policy)
{
    policy.size = sizeof policy;
    assert_int_equal(cpmsync_client_policy(script->client, &policy), 0);
}

static void open_script(struct support_script *script, struct cpmsync_sync_policy policy)
{
    support_script_init(script);
    support_script_open(script);
    set_policy(script, policy);
}

/* What an app's loop does when the client asks for it: now, or at the deadline. */
static void tick(struct support_script *script)
{
    assert_true(cpmsync_conn_want(script->client, 0) & CPMSYNC_WANT_NOW);
    assert_int_equal(cpmsync_conn_tick(script->client, script->now, 0), 0);
}

static void wait_for_deadline(struct support_script *script)
{
    int64_t expiry = cpmsync_client_expiry(script->client);

    assert_true(expiry != CPMSYNC_NEVER && expiry > script->now);
    assert_false(cpmsync_conn_want(script->client, 0) & CPMSYNC_WANT_NOW);
    script->now = expiry;
    assert_int_equal(cpmsync_conn_tick(script->client, script->now, 0), 0);
}

static void push(struct support_script *script, const char *payload)
{
    struct cpmsync_push_hint hint = {.size = sizeof hint};

    assert_int_equal(cpmsync_push_parse((const uint8_t *)payload, strlen(payload), &hint), 0);
    assert_int_equal(cpmsync_client_push(script->client, &hint), 0);
}

/* ---- */

static void test_without_a_policy_the_client_starts_nothing(void **state)
{
    struct support_script script;
    struct cpmsync_push_hint hint = {.size = sizeof hint};

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    assert_int_equal(cpmsync_client_network(script.client, CPMSYNC_NETWORK_ONLINE), 0);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_USER, NULL), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_client_push(script.client, &hint), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_client_want(script.client), 0);
    assert_true(cpmsync_client_expiry(script.client) == CPMSYNC_NEVER);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_heard(&script, "");
    set_policy(&script, (struct cpmsync_sync_policy){.interval_ms = 1000});
    tick(&script);
    assert_int_equal(cpmsync_client_expiry(script.client), script.now + 1000);
    assert_int_equal(cpmsync_client_policy(script.client, NULL), 0);
    assert_true(cpmsync_client_expiry(script.client) == CPMSYNC_NEVER);
    script.now += 5000;
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    assert_int_equal(cpmsync_client_want(script.client), 0);
    support_script_heard(&script, "");
    support_script_close(&script);
}

static void test_wrong_calls_return_an_error(void **state)
{
    struct support_script script;
    struct cpmsync_sync_policy policy = {.size = sizeof policy - 1};
    struct cpmsync_push_hint hint = {.size = 1};

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){0});
    assert_int_equal(cpmsync_client_policy(NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_policy(script.client, &policy), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_network(NULL, 0), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_network(script.client, 64), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_trigger(NULL, CPMSYNC_TRIGGER_USER, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(
        cpmsync_client_trigger(script.client, (enum cpmsync_trigger_kind)3, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(
        cpmsync_client_trigger(script.client, (enum cpmsync_trigger_kind)0, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, ""), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_push(script.client, &hint), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_push(script.client, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    hint.size = sizeof hint;
    memset(hint.mailbox, 'x', sizeof hint.mailbox); /* no end */
    assert_int_equal(cpmsync_client_push(script.client, &hint), CPMSYNC_ERR_INVALID_ARGUMENT);
    tick(&script);
    support_script_heard(&script, "");
    support_script_close(&script);
}

static void test_n_13_a_push_for_one_mailbox_synchronises_it(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){0});
    support_script_cache(&script);
    push(&script, "<emn mailbox=\"imap://fred@store.example/INBOX;UIDVALIDITY=7/;UID=3\"/>");
    tick(&script);
    support_script_heard(&script, "began push: INBOX|");
    support_script_ready(&script, QRESYNC, "QRESYNC");
    /* UIDVALIDITY 7 was the push's idea: the cache's is asked about, and nothing else. */
    support_script_sent(&script, "C3 SELECT INBOX (QRESYNC (42 100 1:10))\nC4 UID FETCH 11:210 (FLAGS MODSEQ)");
    support_script_server(&script,
        "* 6 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 12] x\n* OK [HIGHESTMODSEQ 110] x\n"
        "C3 OK [READ-WRITE] x\n* 6 FETCH (UID 11 FLAGS () MODSEQ (110))\nC4 OK x");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|+11|batch 12 110|ended push: INBOX CPMSYNC_OK|");
    tick(&script);
    assert_int_equal(script.client->operations, 0);
    support_script_close(&script);
}

static void test_metered_suppression_holds_and_fires_at_once_when_it_ends(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.suppress = CPMSYNC_SUPPRESS_METERED});
    assert_int_equal(cpmsync_client_network(script.client, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED), 0);
    tick(&script);
    support_script_heard(&script, "held online: metered|");
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, "INBOX"), 0);
    tick(&script);
    support_script_heard(&script, "held online push: metered|");
    assert_true(cpmsync_client_expiry(script.client) == CPMSYNC_NEVER); /* nobody is woken */
    assert_int_equal(cpmsync_client_want(script.client), 0);
    script.now += 86400000;
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_heard(&script, "");
    assert_int_equal(cpmsync_client_network(script.client, CPMSYNC_NETWORK_ONLINE), 0);
    tick(&script);
    support_script_heard(&script, "began online push: *|");
    support_script_ready(&script, QRESYNC, "QRESYNC");
    support_script_server(&script, "* LIST () \"/\" INBOX\n"
                                   "* STATUS INBOX (UIDVALIDITY 42 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 7)\nC3 OK x");
    script.sent_len = 0;
    support_script_server(&script, "* 0 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 1] x\n* OK [HIGHESTMODSEQ 7] x\n"
                                   "C4 OK [READ-WRITE] x\nC5 OK x\nC6 OK x");
    assert_non_null(strstr(script.heard, "|ended online push: * CPMSYNC_OK|"));
    script.heard_len = 0;
    support_script_close(&script);
}

static void test_the_user_is_not_held_back(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.suppress = CPMSYNC_SUPPRESS_ALL});
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_LOCAL, NULL), 0);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_USER, "INBOX"), 0);
    tick(&script);
    support_script_heard(&script, "began user: INBOX|");
    support_script_eof(&script);
    support_script_heard(&script, "ended user: INBOX CPMSYNC_ERR_CONNECT|");
    tick(&script);
    support_script_heard(&script, "held local: policy|");
    assert_int_equal(cpmsync_client_want(script.client), 0);
    support_script_close(&script);
}

static void test_the_timer_is_a_deadline_and_a_lost_link_another(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.interval_ms = 7200000});
    tick(&script);
    assert_int_equal(cpmsync_client_expiry(script.client), script.now + 7200000);
    wait_for_deadline(&script);
    support_script_heard(&script, "began timer: *|");
    support_script_connect(&script);
    support_script_eof(&script);
    support_script_heard(&script, "ended timer: * CPMSYNC_ERR_CLOSED|");
    tick(&script);
    support_script_heard(&script, "held timer: distance until 7231000|");
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    wait_for_deadline(&script);
    assert_int_equal(script.now, 7231000);
    support_script_heard(&script, "began timer: *|");
    support_script_close(&script);
}

static void test_nothing_begins_between_quiesce_and_resume(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.interval_ms = 3600000});
    tick(&script);
    assert_int_equal(cpmsync_client_quiesce(script.client, script.now), 0);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, "INBOX"), 0);
    assert_int_equal(cpmsync_client_want(script.client), 0);
    assert_true(cpmsync_client_expiry(script.client) == CPMSYNC_NEVER);
    script.now += 7200000; /* asleep */
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_heard(&script, "");
    cpmsync_client_resume(script.client);
    tick(&script);
    support_script_heard(&script, "began timer push: *|");
    support_script_close(&script);
}

static void test_triggers_during_a_run_are_one_run_behind_it(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.distance_ms = CPMSYNC_OFF});
    support_script_cache(&script);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, "INBOX"), 0);
    tick(&script);
    support_script_ready(&script, QRESYNC, "QRESYNC");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, "INBOX"), 0);
        tick(&script);
    }
    support_script_server(&script,
        "* 5 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 11] x\n* OK [HIGHESTMODSEQ 100] x\n"
        "C3 OK [READ-WRITE] x\nC4 OK x");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|ended push: INBOX CPMSYNC_OK|");
    script.sent_len = 0;
    tick(&script);
    support_script_heard(&script, "began push: INBOX|");
    support_script_sent(&script,
        "C5 UNSELECT\nC6 SELECT INBOX (QRESYNC (42 100 1:10 (2,4:5 4,8,10)))\nC7 UID FETCH 11:210 (FLAGS MODSEQ)");
    support_script_close(&script);
}

static void test_n_14_what_the_cache_has_reached_is_no_trigger(void **state)
{
    static const char *const known[] = {
        "{\"event\":\"FlagsSet\",\"uri\":\"imap://h/INBOX;UIDVALIDITY=42/;UID=5\",\"modseq\":100}",
        "{\"event\":\"MessageExpunge\",\"mailboxID\":\"imap://h/inbox;UIDVALIDITY=42\",\"modseq\":1}",
        "{\"event\":\"Login\",\"user\":\"fred\"}", "{\"event\":\"Logout\"}",
        "{\"event\":\"QuotaExceed\",\"uri\":\"imap://h/INBOX\"}", "{\"event\":\"QuotaWithin\"}",
        "{\"event\":\"QuotaChange\"}"};
    static const char *const news[] = {"{\"uri\":\"imap://h/INBOX;UIDVALIDITY=42\",\"modseq\":101}",
        "{\"uri\":\"imap://h/INBOX;UIDVALIDITY=43\",\"modseq\":1}", "{\"uri\":\"imap://h/INBOX\",\"modseq\":1}",
        "{\"uri\":\"imap://h/INBOX;UIDVALIDITY=42/;UID=11\",\"modseq\":100}",
        "{\"uri\":\"imap://h/INBOX;UIDVALIDITY=42\"}", "{\"uri\":\"imap://h/other;UIDVALIDITY=42\",\"modseq\":1}", "{}",
        "{\"event\":\"MailboxDelete\",\"uri\":\"imap://h/INBOX;UIDVALIDITY=42\",\"modseq\":1}"};
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.suppress = CPMSYNC_SUPPRESS_ALL});
    support_script_cache(&script);
    tick(&script);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        push(&script, known[i]);
        assert_int_equal(cpmsync_client_want(script.client), 0);
    }
    for (size_t i = 0; i < sizeof news / sizeof news[0]; i++) {
        push(&script, news[i]);
        tick(&script);
    }
    support_script_heard(&script, "held push: policy|");
    assert_true(script.client->trigger.fresh.all);
    support_script_close(&script);
}

static void test_n_14_a_cache_that_is_not_whole_has_reached_nothing(void **state)
{
    static const struct cpmsync_range holes[] = {{1, 5}, {8, 10}}, tail[] = {{2, 10}};
    struct support_script script;
    struct cpmsync_store_mailbox record = {.size = sizeof record};

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.suppress = CPMSYNC_SUPPRESS_ALL});
    support_script_cache(&script);
    tick(&script);
    const struct cpmsync_store *store = &script.failing.store;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store->ops->mailbox_get(store->self, (const uint8_t *)"INBOX", 5, &record), 0);
        record.name = (const uint8_t *)"INBOX";
        record.covered = i == 1 ? tail : holes;
        record.covered_count = i == 0 ? 2 : i == 1 ? 1 : 0;
        assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
        assert_int_equal(store->ops->mailbox_put(store->self, &record), 0);
        assert_int_equal(store->ops->commit(store->self), 0);
        push(&script, "{\"uri\":\"imap://h/INBOX;UIDVALIDITY=42\",\"modseq\":1}");
        tick(&script);
    }
    support_script_heard(&script, "held push: policy|");
    script.mirror.due = true; /* the app was told of none of this */
    support_script_close(&script);
}

static void test_n_14_a_store_that_fails_knows_nothing(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){.suppress = CPMSYNC_SUPPRESS_ALL});
    support_script_cache(&script);
    tick(&script);
    support_store_fail_at(&script.failing, SUPPORT_STORE_MAILBOX_GET, 1, CPMSYNC_ERR_STORE);
    push(&script, "{\"uri\":\"imap://h/INBOX;UIDVALIDITY=42\",\"modseq\":1}");
    assert_int_equal(script.failing.failures, 1);
    tick(&script);
    support_script_heard(&script, "held push: policy|");
    support_script_close(&script);
}

static void test_a_run_does_not_begin_on_a_connection_that_just_ended(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){0});
    support_script_login(&script);
    support_script_connect(&script);
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, NULL), 0);
    script.now += 60000; /* no greeting came */
    tick(&script);
    support_script_heard(&script, "done 1 CPMSYNC_ERR_TIMEOUT|");
    support_script_closed(&script);
    tick(&script);
    support_script_heard(&script, "began push: *|");
    assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT);
    support_script_close(&script);
}

static void test_a_run_that_cannot_be_queued_is_tried_again(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){0});
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, "INBOX"), 0);
    support_allocator_fail_from(&script.allocator, 1);
    tick(&script);
    support_allocator_fail_at(&script.allocator, 0);
    support_script_heard(&script, "began push: INBOX|ended push: INBOX CPMSYNC_ERR_NOMEM|");
    tick(&script);
    support_script_heard(&script, "held push: distance until 31000|");
    wait_for_deadline(&script);
    support_script_heard(&script, "began push: INBOX|");
    support_script_close(&script);
}

/* ---- inside callbacks */

static int64_t began;

static int cancel_what_began(struct support_script *script, const struct cpmsync_event *event)
{
    if (event->type == CPMSYNC_EVENT_SYNC && event->sync == CPMSYNC_SYNC_BEGAN) {
        began = event->operation;
        assert_int_equal(cpmsync_client_cancel(script->client, event->operation), 0);
    }
    if (event->type == CPMSYNC_EVENT_SYNC && event->sync == CPMSYNC_SYNC_ENDED)
        assert_int_equal(event->operation, began);
    return 0;
}

static void test_a_run_that_the_app_cancels_is_not_repeated(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){0});
    script.on_event = cancel_what_began;
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, NULL), 0);
    tick(&script);
    support_script_heard(&script, "began push: *|ended push: * CPMSYNC_ERR_CANCELLED|");
    tick(&script);
    assert_int_equal(cpmsync_client_want(script.client), 0);
    assert_true(cpmsync_client_expiry(script.client) == CPMSYNC_NEVER);
    support_script_close(&script);
}

static int do_everything(struct support_script *script, const struct cpmsync_event *event)
{
    struct cpmsync_sync_policy policy = {.size = sizeof policy, .suppress = CPMSYNC_SUPPRESS_ALL};
    struct cpmsync_push_hint hint = {.size = sizeof hint, .mailbox = "INBOX", .uidvalidity = 42, .modseq = 1};

    if (event->type == CPMSYNC_EVENT_STATE)
        return 0;
    assert_int_equal(cpmsync_client_policy(script->client, NULL), 0);
    assert_int_equal(cpmsync_client_policy(script->client, &policy), 0);
    assert_int_equal(cpmsync_client_network(script->client, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED), 0);
    assert_int_equal(cpmsync_client_trigger(script->client, CPMSYNC_TRIGGER_LOCAL, "INBOX"), 0);
    assert_int_equal(cpmsync_client_push(script->client, &hint), 0); /* in a callback the store is not asked */
    assert_true(script->client->trigger.fresh.triggers & CPMSYNC_TRIGGER_PUSH);
    return 0;
}

static void test_every_call_is_legal_inside_callbacks(void **state)
{
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){0});
    support_script_cache(&script);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, "INBOX"), 0);
    script.on_event = do_everything;
    tick(&script);
    support_script_ready(&script, QRESYNC, "QRESYNC");
    support_script_server(&script,
        "* 5 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 11] x\n* OK [HIGHESTMODSEQ 100] x\n"
        "C3 OK [READ-WRITE] x\nC4 OK x");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|ended push: INBOX CPMSYNC_OK|");
    tick(&script);
    support_script_heard(&script, "held local push: policy|");
    script.on_event = NULL;
    support_script_close(&script);
}

static enum cpmsync_sync_phase free_at;

static int free_the_client(struct support_script *script, const struct cpmsync_event *event)
{
    if (event->type == CPMSYNC_EVENT_SYNC && event->sync == free_at)
        cpmsync_client_free(script->client);
    return 0;
}

static void test_free_from_inside_each_event(void **state)
{
    (void)state;
    for (int phase = CPMSYNC_SYNC_HELD; phase <= CPMSYNC_SYNC_ENDED; phase++) {
        struct support_script script;
        open_script(
            &script, (struct cpmsync_sync_policy){.suppress = phase == CPMSYNC_SYNC_HELD ? CPMSYNC_SUPPRESS_ALL : 0});
        script.on_event = free_the_client;
        free_at = (enum cpmsync_sync_phase)phase;
        assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_PUSH, NULL), 0);
        tick(&script);
        if (phase == CPMSYNC_SYNC_ENDED)
            support_script_eof(&script);
        script.client = NULL;
        assert_int_equal(script.allocator.live_blocks, 0);
        support_script_close(&script);
    }
}

/* ---- the step face */

struct nowhere {
    unsigned opens;
};

static int nowhere_open(void *self, int64_t now, struct cpmsync_transport *transport)
{
    struct nowhere *nowhere = self;

    (void)now;
    (void)transport;
    nowhere->opens++;
    return CPMSYNC_ERR_CONNECT;
}

static void nowhere_free(void *self)
{
    (void)self;
}

static void test_step_runs_what_is_due(void **state)
{
    static const struct cpmsync_connector_ops ops = {.size = sizeof ops, .open = nowhere_open, .free = nowhere_free};
    struct nowhere nowhere = {0};
    struct cpmsync_connector connector = {&ops, &nowhere};
    struct support_script script;

    (void)state;
    open_script(&script, (struct cpmsync_sync_policy){0});
    assert_int_equal(cpmsync_client_connector(script.client, &connector), 0);
    assert_int_equal(cpmsync_client_step(script.client, script.now, 0), 0);
    assert_int_equal(nowhere.opens, 0);
    assert_int_equal(cpmsync_client_trigger(script.client, CPMSYNC_TRIGGER_LOCAL, "INBOX"), 0);
    assert_int_equal(cpmsync_client_want(script.client), CPMSYNC_WANT_NOW);
    assert_int_equal(cpmsync_client_step(script.client, script.now, 0), 0);
    support_script_heard(
        &script, "began local: INBOX|ended local: INBOX CPMSYNC_ERR_CONNECT|held local: distance until 31000|");
    assert_int_equal(nowhere.opens, 1);
    assert_int_equal(cpmsync_client_want(script.client), 0);
    assert_int_equal(cpmsync_client_expiry(script.client), 31000);
    assert_int_equal(cpmsync_client_step(script.client, 30999, 0), 0);
    assert_int_equal(nowhere.opens, 1);
    assert_int_equal(cpmsync_client_step(script.client, 31000, 0), 0);
    assert_int_equal(nowhere.opens, 2);
    assert_int_equal(cpmsync_client_expiry(script.client), 91000);
    support_script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_policy_the_client_starts_nothing),
        cmocka_unit_test(test_wrong_calls_return_an_error),
        cmocka_unit_test(test_n_13_a_push_for_one_mailbox_synchronises_it),
        cmocka_unit_test(test_metered_suppression_holds_and_fires_at_once_when_it_ends),
        cmocka_unit_test(test_the_user_is_not_held_back),
        cmocka_unit_test(test_the_timer_is_a_deadline_and_a_lost_link_another),
        cmocka_unit_test(test_nothing_begins_between_quiesce_and_resume),
        cmocka_unit_test(test_triggers_during_a_run_are_one_run_behind_it),
        cmocka_unit_test(test_n_14_what_the_cache_has_reached_is_no_trigger),
        cmocka_unit_test(test_n_14_a_cache_that_is_not_whole_has_reached_nothing),
        cmocka_unit_test(test_n_14_a_store_that_fails_knows_nothing),
        cmocka_unit_test(test_a_run_does_not_begin_on_a_connection_that_just_ended),
        cmocka_unit_test(test_a_run_that_cannot_be_queued_is_tried_again),
        cmocka_unit_test(test_a_run_that_the_app_cancels_is_not_repeated),
        cmocka_unit_test(test_every_call_is_legal_inside_callbacks),
        cmocka_unit_test(test_free_from_inside_each_event),
        cmocka_unit_test(test_step_runs_what_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
