/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "client/watch.h"
#include "support/client_script.h"

#define OFFERED "ENABLE CONDSTORE QRESYNC UNSELECT IDLE"
#define SELECTED "* 5 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 11] x\n* OK [HIGHESTMODSEQ 100] x\n"
#define MINUTE ((int64_t)60 * 1000)

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct support_script *script = ctx;

    (void)client;
    script->done[operation]++;
    script->errors[operation] = fault->error;
}

static int64_t watch(struct support_script *script, const char *mailbox)
{
    return cpmsync_client_watch(script->client, mailbox, on_done, script);
}

/* INBOX is watched: the IDLE in flight is C5, and its `+` came. */
static int64_t open_watch(struct support_script *script)
{
    support_script_init(script);
    support_script_cache(script);
    support_script_open(script);
    int64_t id = watch(script, "INBOX");
    assert_true(id > 0);
    support_script_ready(script, OFFERED, "QRESYNC");
    support_script_sent(script, "C3 SELECT INBOX (QRESYNC (42 100 1:10))\nC4 UID FETCH 11:210 (FLAGS MODSEQ)\nC5 IDLE");
    support_script_server(script, SELECTED "C3 OK x\nC4 OK x\n+ x");
    support_script_heard(script, "begin 42 1:10|batch 11 100|live INBOX|");
    return id;
}

static void tick(struct support_script *script, int64_t ms)
{
    script->now += ms;
    assert_int_equal(cpmsync_conn_tick(script->client, script->now, 0), 0);
}

/* A synchronisation ends the IDLE, and the watch goes on behind it. */
static void test_an_operation_goes_ahead_and_the_watch_goes_on(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    int64_t sync = support_script_sync(&script, "other");
    tick(&script, 0);
    support_script_sent(&script, "DONE\nC6 UNSELECT\nC7 SELECT other\nC8 UID FETCH 1:200 (FLAGS MODSEQ)");
    support_script_server(&script, "* VANISHED 2\nC5 OK x\nC6 OK x"); /* told to nobody: SELECT will tell it again */
    support_script_server(&script, "* 0 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 1] x\n* OK [HIGHESTMODSEQ 1] x\n"
                                   "C7 OK x\nC8 OK x");
    assert_int_equal(script.done[sync], 1);
    assert_int_equal(script.errors[sync], 0);
    script.heard_len = 0;
    support_script_sent(&script,
        "C9 UNSELECT\nC10 SELECT INBOX (QRESYNC (42 100 1:10 (2,4:5 4,8,10)))\nC11 UID FETCH 11:210 (FLAGS "
        "MODSEQ)\nC12 IDLE");
    support_script_server(&script, "C9 OK x\n* 4 EXISTS\n* VANISHED (EARLIER) 2\n* OK [UIDVALIDITY 42] x\n"
                                   "* OK [UIDNEXT 11] x\n* OK [HIGHESTMODSEQ 101] x\nC10 OK x\nC11 OK x\n+ x");
    support_script_heard(&script, "begin 42 1:10|gone 2:2|batch 11 101|live INBOX|");
    support_script_close(&script);
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.errors[1], CPMSYNC_ERR_CANCELLED);
}

static void test_one_watch_at_a_time_and_another_behind_it(void **state)
{
    struct support_script script;

    (void)state;
    int64_t first = open_watch(&script);
    assert_int_equal(watch(&script, "other"), CPMSYNC_ERR_STATE);
    assert_int_equal(watch(&script, ""), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_client_cancel(script.client, first), 0);
    assert_int_equal(script.errors[first], CPMSYNC_ERR_CANCELLED);
    assert_true(watch(&script, "other") > 0);
    tick(&script, 0);
    support_script_sent(&script, "DONE\nC6 UNSELECT\nC7 SELECT other\nC8 UID FETCH 1:200 (FLAGS MODSEQ)\nC9 IDLE");
    support_script_close(&script);
}

/* It is tried again, later each time; and an app that has nothing else to do is woken for that only. */
static void test_design_8_a_lost_connection_is_made_again_later_each_time(void **state)
{
    struct support_script script;

    (void)state;
    int64_t id = open_watch(&script);
    support_script_eof(&script);
    for (int64_t least = 1000, most = 2000; least < 450000; least *= 2, most *= 2) {
        int64_t expiry = cpmsync_client_expiry(script.client);
        assert_in_range(expiry - script.now, least, most);
        assert_int_equal(cpmsync_client_want(script.client), 0);
        tick(&script, expiry - script.now - 1);
        assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
        tick(&script, 1);
        assert_int_equal(cpmsync_conn_want(script.client, 0), CPMSYNC_WANT_CONNECT);
        assert_int_equal(cpmsync_conn_closed(script.client, 0, script.now, NULL), 0); /* it cannot be made */
    }
    assert_int_equal(script.done[id], 0);
    assert_in_range(cpmsync_client_expiry(script.client) - script.now, 450000, 900000);
    support_script_close(&script);
    assert_int_equal(script.done[id], 1);
}

/* What trying again does not help ends it: the app hears why. */
static void test_a_refused_login_ends_the_watch(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    int64_t id = watch(&script, "INBOX");
    support_script_connect(&script);
    support_script_server(&script, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x");
    script.sent_len = 0;
    support_script_server(&script, "C1 NO [AUTHENTICATIONFAILED] x");
    assert_int_equal(script.done[id], 1);
    assert_int_equal(script.errors[id], CPMSYNC_ERR_AUTH);
    support_script_closed(&script);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    assert_int_equal(cpmsync_client_expiry(script.client), CPMSYNC_NEVER);
    support_script_close(&script);
}

static void test_a_mailbox_that_is_not_there_ends_the_watch(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    int64_t id = watch(&script, "gone");
    support_script_ready(&script, OFFERED, "QRESYNC");
    support_script_sent(&script, "C3 SELECT gone\nC4 UID FETCH 1:200 (FLAGS MODSEQ)\nC5 IDLE");
    support_script_server(&script, "C3 NO [NONEXISTENT] x\nC4 BAD x");
    assert_int_equal(script.done[id], 1);
    assert_int_equal(script.errors[id], CPMSYNC_ERR_NO_MAILBOX);
    support_script_server(&script, "+ x");
    support_script_close(&script);
}

static void test_a_logout_ends_the_watch_well(void **state)
{
    struct support_script script;

    (void)state;
    int64_t id = open_watch(&script);
    int64_t logout = support_script_logout(&script);
    tick(&script, 0);
    assert_int_equal(script.done[id], 1);
    assert_int_equal(script.errors[id], 0);
    support_script_sent(&script, "DONE\nC6 LOGOUT");
    support_script_server(&script, "C5 OK x\n* BYE x\nC6 OK x");
    support_script_closed(&script);
    assert_int_equal(script.done[logout], 1);
    assert_int_equal(cpmsync_conn_want(script.client, 0), 0);
    support_script_close(&script);
}

/* Thirty days: IDLE is sent again, the server chats, and the app is not bothered once. */
static void test_still_here_wakes_nobody_in_thirty_simulated_days(void **state)
{
    struct support_script script;
    int64_t end;
    unsigned tags = 6, wakes = 0;
    char line[64];

    (void)state;
    open_watch(&script);
    end = script.now + 30 * 24 * 60 * MINUTE;
    for (int64_t chat = script.now; script.now < end;) {
        int64_t expiry = cpmsync_client_expiry(script.client);
        for (chat += 2 * MINUTE; chat < expiry; chat += 2 * MINUTE) {
            script.now = chat;
            support_script_server(&script, "* OK Still here");
        }
        script.now = expiry;
        wakes++;
        tick(&script, 0);
        snprintf(line, sizeof line, "DONE\nC%u IDLE", tags);
        support_script_sent(&script, line);
        snprintf(line, sizeof line, "C%u OK x\n+ x", tags - 1);
        support_script_server(&script, line);
        tags++;
    }
    support_script_heard(&script, "");
    assert_int_equal(wakes, (30 * 24 * 60 + 28) / 29); /* one in 29 minutes */
    support_script_close(&script);
}

/* On the second connection the client sends this, and the server says that. */
static void second(struct support_script *script, const char *sent, const char *said)
{
    const uint8_t *data;
    size_t len = cpmsync_conn_output(script->client, 1, &data);

    assert_int_equal(len, strlen(sent));
    if (len)
        assert_memory_equal(data, sent, len);
    assert_int_equal(cpmsync_conn_ack(script->client, 1, script->now, len), 0);
    assert_int_equal(cpmsync_conn_feed(script->client, 1, script->now, (const uint8_t *)said, strlen(said)), 0);
}

/* Never one mailbox selected on both. */
static void test_r11_the_second_connection_watches_nothing(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    assert_true(cpmsync_client_bulk_open(script.client, on_done, &script) > 0);
    assert_int_equal(cpmsync_conn_opened(script.client, 1, script.now, CPMSYNC_CONN_SECURE), 0);
    second(&script, "", "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n");
    second(&script, "C1 AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0\r\n", "C1 OK [CAPABILITY IMAP4rev1 " OFFERED "] x\r\n");
    second(&script, "C2 ENABLE QRESYNC\r\n", "* ENABLED QRESYNC\r\nC2 OK x\r\n");
    second(&script, "", "* OK Still here\r\n");
    support_script_close(&script);
}

/* The server goes while more was to be asked: connect again, later. */
static void test_c_03_a_bye_that_ends_a_visit_is_no_end_of_the_watch(void **state)
{
    struct support_script script;

    (void)state;
    int64_t id = open_watch(&script);
    support_script_server(&script, "* 6 EXISTS");
    support_script_sent(&script, "DONE\nC6 UID FETCH 11:4294967295 (FLAGS MODSEQ)\nC7 IDLE");
    support_script_server(&script, "C5 OK x\n* 7 EXISTS\n* BYE going down\nC6 OK x");
    assert_int_equal(script.done[id], 0);
    support_script_closed(&script);
    assert_int_equal(script.done[id], 0);
    assert_in_range(cpmsync_client_expiry(script.client) - script.now, 1000, 2000);
    support_script_close(&script);
}

static void test_c_03_an_operation_behind_a_bye_is_no_end_of_the_watch(void **state)
{
    struct support_script script;

    (void)state;
    int64_t id = open_watch(&script);
    support_script_server(&script, "* BYE going down");
    int64_t sync = support_script_sync(&script, "INBOX");
    tick(&script, 0);
    assert_int_equal(script.errors[sync], CPMSYNC_ERR_BYE);
    assert_int_equal(script.done[id], 0);
    support_script_closed(&script);
    assert_in_range(cpmsync_client_expiry(script.client) - script.now, 1000, 2000);
    support_script_close(&script);
}

static void test_a_mailbox_that_cannot_be_had_now_is_tried_again(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    int64_t id = watch(&script, "INBOX");
    support_script_ready(&script, OFFERED, "QRESYNC");
    support_script_sent(&script, "C3 SELECT INBOX\nC4 UID FETCH 1:200 (FLAGS MODSEQ)\nC5 IDLE");
    support_script_server(&script, "C3 NO [UNAVAILABLE] x\nC4 BAD x");
    assert_int_equal(script.done[id], 0);
    support_script_closed(&script);
    assert_in_range(cpmsync_client_expiry(script.client) - script.now, 1000, 2000);
    support_script_close(&script);
}

/* Nothing is begun, so that nothing is due; behind it the IDLE that was not begun is. */
static void test_a_quiet_watch_wakes_nobody_and_idles_when_resumed(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    assert_int_equal(cpmsync_client_quiesce(script.client, script.now), 0);
    tick(&script, 30 * MINUTE);
    assert_int_equal(cpmsync_client_expiry(script.client), CPMSYNC_NEVER);
    support_script_server(&script, "C5 OK x");
    support_script_sent(&script, "");
    assert_int_equal(cpmsync_client_want(script.client), CPMSYNC_WANT_READ);
    cpmsync_client_resume(script.client);
    assert_int_equal(cpmsync_client_want(script.client) & CPMSYNC_WANT_NOW, CPMSYNC_WANT_NOW);
    tick(&script, 0);
    support_script_sent(&script, "C6 NOOP\nC7 IDLE");
    assert_int_equal(cpmsync_client_want(script.client), CPMSYNC_WANT_READ);
    support_script_close(&script);
}

/* CONDSTORE, and changes that had to be asked for first: when the count is right, number 3 is the third message. */
static void test_u_09_messages_have_numbers_while_they_are_all_known(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    support_script_open(&script);
    assert_true(watch(&script, "INBOX") > 0);
    support_script_ready(&script, "ENABLE CONDSTORE UNSELECT IDLE", "CONDSTORE");
    support_script_sent(&script, "C3 SELECT INBOX (CONDSTORE)\nC4 UID FETCH 11:210 (FLAGS MODSEQ)\nC5 IDLE");
    support_script_server(&script, "* 5 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 11] x\n"
                                   "* OK [HIGHESTMODSEQ 101] x\nC3 OK x\nC4 OK x\n+ x");
    support_script_sent(&script, "DONE\nC6 UID FETCH 1:10 (FLAGS) (CHANGEDSINCE 100)\nC7 IDLE");
    support_script_server(&script, "C5 OK x\n* 1 FETCH (UID 2 FLAGS () MODSEQ (101))\nC6 OK x\n+ x");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|+2|batch 11 101|live INBOX|");
    support_script_server(&script, "* 3 FETCH (FLAGS (\\Seen) MODSEQ (102))");
    support_script_heard(&script, "+5|batch 11 101|");
    support_script_server(&script, "* 1 EXPUNGE");
    support_script_heard(&script, "gone 2:2|batch 11 101|");
    support_script_sent(&script, "");
    support_script_close(&script);
}

/* A mailbox that is being filled: with each answer more have come. */
static void test_many_messages_in_a_row_are_no_end_of_the_watch(void **state)
{
    struct support_script script;
    unsigned tag = 6;
    char lines[256];

    (void)state;
    int64_t id = open_watch(&script);
    support_script_server(&script, "* 6 EXISTS\nC5 OK x");
    for (unsigned i = 0; i < 40; i++, tag += 2) {
        snprintf(
            lines, sizeof lines, "DONE\nC%u UID FETCH %u:4294967295 (FLAGS MODSEQ)\nC%u IDLE", tag, 11 + i, tag + 1);
        support_script_sent(&script, lines);
        snprintf(lines, sizeof lines, "* %u FETCH (UID %u FLAGS () MODSEQ (%u))\n* %u EXISTS\nC%u OK x\n+ x\nC%u OK x",
            6 + i, 11 + i, 101 + i, 7 + i, tag, tag + 1);
        support_script_server(&script, lines);
        assert_int_equal(script.done[id], 0);
    }
    support_script_close(&script);
}

/* The link is dead where the end should have come. */
static void test_c_03_a_bye_to_an_idle_is_not_waited_for_for_ever(void **state)
{
    struct support_script script;

    (void)state;
    int64_t id = open_watch(&script);
    support_script_server(&script, "* BYE going down");
    assert_int_equal(cpmsync_client_expiry(script.client), script.now + MINUTE);
    tick(&script, MINUTE);
    assert_int_equal(script.done[id], 0);
    support_script_closed(&script);
    support_script_close(&script);
}

static void on_listed(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_list_info *info)
{
    (void)ctx, (void)client, (void)operation, (void)info;
}

/* What an operation asked for tells of no change: nothing is visited. */
static void test_a_list_of_the_app_is_no_news_of_the_mailboxes(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    support_script_open(&script);
    assert_true(cpmsync_client_watch_account(script.client, "INBOX", on_done, &script) > 0);
    support_script_ready(&script, OFFERED " LIST-EXTENDED LIST-STATUS NAMESPACE NOTIFY", "QRESYNC");
    script.sent_len = 0;
    support_script_server(&script,
        "C3 OK x\n* LIST () \"/\" INBOX\n* LIST () \"/\" a\n"
        "* STATUS a (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 HIGHESTMODSEQ 1)\nC4 OK x\n" SELECTED "C5 OK x\nC6 OK x");
    support_script_sent(&script, "C7 UNSELECT\nC8 SELECT a");
    support_script_server(&script, "C7 OK x\n* 0 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 1] x\n"
                                   "* OK [HIGHESTMODSEQ 1] x\nC8 OK x");
    script.sent_len = 0;
    support_script_server(&script, "C9 OK x\n" SELECTED "C10 OK x\nC11 OK x\n+ x");
    assert_true(cpmsync_client_list(script.client, NULL, on_listed, on_done, &script) > 0);
    tick(&script, 0);
    support_script_sent(&script, "DONE\nC13 NAMESPACE\nC14 LIST \"\" \"*\" RETURN (SUBSCRIBED CHILDREN)");
    support_script_server(&script, "C12 OK x\n* NAMESPACE NIL NIL NIL\nC13 OK x\n* LIST () \"/\" INBOX\n"
                                   "* LIST () \"/\" a\nC14 OK x");
    script.sent_len = 0; /* back to INBOX */
    support_script_server(&script, "C15 OK x\n" SELECTED "C16 OK x\nC17 OK x\n+ x");
    support_script_sent(&script, "");
    support_script_server(&script, "* LIST () \"/\" new");
    support_script_sent(&script, "DONE\nC19 UNSELECT\nC20 SELECT new\nC21 UID FETCH 1:200 (FLAGS MODSEQ)");
    support_script_close(&script);
}

/* IDLE is a barrier: it waits until no range is held back any more. */
static void test_r_05_the_ranges_of_a_watched_mailbox_slide(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    assert_true(watch(&script, "INBOX") > 0);
    support_script_ready(&script, OFFERED, "QRESYNC");
    support_script_sent(&script, "C3 SELECT INBOX\nC4 UID FETCH 1:200 (FLAGS MODSEQ)\nC5 IDLE");
    support_script_server(&script, "* 2000 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 2001] x\n"
                                   "* OK [HIGHESTMODSEQ 100] x\nC3 OK x\nC4 OK x\n+ x");
    support_script_sent(&script, "DONE\nC6 UID FETCH 201:400 (FLAGS MODSEQ)\nC7 UID FETCH 401:600 (FLAGS MODSEQ)\n"
                                 "C8 UID FETCH 601:800 (FLAGS MODSEQ)\nC9 UID FETCH 801:1000 (FLAGS MODSEQ)\n"
                                 "C10 UID FETCH 1001:1200 (FLAGS MODSEQ)\nC11 UID FETCH 1201:1400 (FLAGS MODSEQ)\n"
                                 "C12 UID FETCH 1401:1600 (FLAGS MODSEQ)\nC13 UID FETCH 1601:1800 (FLAGS MODSEQ)");
    support_script_server(&script, "C5 OK x\nC6 OK x");
    support_script_sent(&script, "C14 UID FETCH 1801:2000 (FLAGS MODSEQ)\nC15 IDLE");
    support_script_close(&script);
}

static int watch_another(struct support_script *script, const struct cpmsync_event *event)
{
    if (event->type != CPMSYNC_EVENT_BATCH)
        return 0;
    script->on_event = NULL;
    assert_int_equal(cpmsync_client_cancel(script->client, 1), 0);
    assert_true(watch(script, "other") > 0);
    return 0;
}

/* The first one's mailbox is in sync just then. */
static void test_a_watch_that_took_the_place_of_another_is_not_live_yet(void **state)
{
    static const char ANSWER[] = "* 0 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 1] x\r\n"
                                 "* OK [HIGHESTMODSEQ 1] x\r\nC3 OK x\r\nC4 OK x\r\n";
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_open(&script);
    assert_int_equal(watch(&script, "INBOX"), 1);
    support_script_ready(&script, OFFERED, "QRESYNC");
    script.on_event = watch_another;
    assert_int_equal(cpmsync_conn_feed(script.client, 0, script.now, (const uint8_t *)ANSWER, sizeof ANSWER - 1), 0);
    support_script_heard(&script, "begin 42|batch 1 1|");
    support_script_close(&script);
}

/* In sync each time, and lost at once: that is no success. */
static void test_design_8_a_server_that_ends_each_idle_with_the_link_is_given_time(void **state)
{
    struct support_script script;

    (void)state;
    open_watch(&script);
    support_script_eof(&script);
    for (int64_t least = 1000, most = 2000; least < 100000; least *= 2, most *= 2) {
        int64_t expiry = cpmsync_client_expiry(script.client);
        assert_in_range(expiry - script.now, least, most);
        tick(&script, expiry - script.now);
        support_script_ready(&script, OFFERED, "QRESYNC");
        script.heard_len = script.sent_len = 0;
        support_script_server(&script, SELECTED "C3 OK x\nC4 OK x\n+ x");
        support_script_heard(&script, "begin 42 1:10|batch 11 100|live INBOX|");
        support_script_eof(&script);
    }
    support_script_close(&script);
}

static void test_m_01_the_inbox_has_one_name(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    support_script_open(&script);
    assert_true(watch(&script, "Inbox") > 0);
    support_script_ready(&script, OFFERED, "QRESYNC");
    script.sent_len = 0;
    support_script_server(&script, SELECTED "C3 OK x\nC4 OK x\n+ x");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|live INBOX|");
    support_script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_operation_goes_ahead_and_the_watch_goes_on),
        cmocka_unit_test(test_one_watch_at_a_time_and_another_behind_it),
        cmocka_unit_test(test_design_8_a_lost_connection_is_made_again_later_each_time),
        cmocka_unit_test(test_a_refused_login_ends_the_watch),
        cmocka_unit_test(test_a_mailbox_that_is_not_there_ends_the_watch),
        cmocka_unit_test(test_a_logout_ends_the_watch_well),
        cmocka_unit_test(test_still_here_wakes_nobody_in_thirty_simulated_days),
        cmocka_unit_test(test_r11_the_second_connection_watches_nothing),
        cmocka_unit_test(test_c_03_a_bye_that_ends_a_visit_is_no_end_of_the_watch),
        cmocka_unit_test(test_a_mailbox_that_cannot_be_had_now_is_tried_again),
        cmocka_unit_test(test_c_03_an_operation_behind_a_bye_is_no_end_of_the_watch),
        cmocka_unit_test(test_a_quiet_watch_wakes_nobody_and_idles_when_resumed),
        cmocka_unit_test(test_u_09_messages_have_numbers_while_they_are_all_known),
        cmocka_unit_test(test_many_messages_in_a_row_are_no_end_of_the_watch),
        cmocka_unit_test(test_c_03_a_bye_to_an_idle_is_not_waited_for_for_ever),
        cmocka_unit_test(test_a_list_of_the_app_is_no_news_of_the_mailboxes),
        cmocka_unit_test(test_r_05_the_ranges_of_a_watched_mailbox_slide),
        cmocka_unit_test(test_a_watch_that_took_the_place_of_another_is_not_live_yet),
        cmocka_unit_test(test_design_8_a_server_that_ends_each_idle_with_the_link_is_given_time),
        cmocka_unit_test(test_m_01_the_inbox_has_one_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
