/* SPDX-License-Identifier: MIT */
/* Transcripts of whole synchronisations are in test/golden; here is what goes wrong, and what apps do from inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/client_script.h"
#include "sync/resync.h"

#define QRESYNC "ENABLE CONDSTORE QRESYNC UNSELECT"

/* INBOX is in the store; it is being synchronised, and the first flight has left. */
static void begin(struct support_script *script, const char *capabilities, const char *enabled)
{
    support_script_init(script);
    support_script_cache(script);
    support_script_open(script);
    support_script_sync(script, "INBOX");
    support_script_ready(script, capabilities, enabled);
}

static void begin_qresync(struct support_script *script)
{
    begin(script, QRESYNC, "QRESYNC");
    support_script_sent(script, "C3 SELECT INBOX (QRESYNC (42 100 1:10))\nC4 UID FETCH 11:210 (FLAGS MODSEQ)");
}

/* SELECT's answer with nothing changed, but for these. */
static void select_answer(struct support_script *script, const char *tag, int exists, int uidnext, int highest)
{
    char lines[512];

    snprintf(lines, sizeof lines,
        "* FLAGS (\\Seen)\n* %d EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT %d] x\n* OK [HIGHESTMODSEQ %d] x\n"
        "%s OK [READ-WRITE] selected",
        exists, uidnext, highest, tag);
    support_script_server(script, lines);
}

static void test_nothing_changed_is_one_flight(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    select_answer(&script, "C3", 5, 11, 100);
    support_script_server(&script, "C4 OK fetched");
    support_script_sent(&script, "");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|done 1 CPMSYNC_OK|");
    support_script_close(&script);
}

/* ---- what the app does from inside */

static enum cpmsync_event_type when;
static int (*deed)(struct support_script *script);
static int64_t victim = 1;

static int do_deed(struct support_script *script, const struct cpmsync_event *event)
{
    return event->type == when ? deed(script) : 0;
}

static int cancel_it(struct support_script *script)
{
    assert_int_equal(cpmsync_client_cancel(script->client, victim), 0);
    return 0;
}

static int free_it(struct support_script *script)
{
    cpmsync_client_free(script->client);
    return 0;
}

static int submit_another(struct support_script *script)
{
    if (script->done[2] == 0 && script->asked < 2) {
        script->asked = 2;
        assert_int_equal(support_script_sync(script, "INBOX"), 2);
    }
    return 0;
}

static int look_around(struct support_script *script)
{
    struct cpmsync_stats stats = {0};

    stats.size = sizeof stats;
    cpmsync_client_stats(script->client, &stats);
    (void)cpmsync_client_want(script->client);
    (void)cpmsync_client_expiry(script->client);
    (void)cpmsync_client_capabilities(script->client);
    (void)cpmsync_client_enabled(script->client);
    assert_int_equal(cpmsync_conn_tick(script->client, script->now, 0), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_client_step(script->client, script->now, 0), CPMSYNC_ERR_STATE);
    return 0;
}

static int refuse_it(struct support_script *script)
{
    (void)script;
    return 1;
}

static const enum cpmsync_event_type TYPES[] = {CPMSYNC_EVENT_BEGIN, CPMSYNC_EVENT_MESSAGE, CPMSYNC_EVENT_VANISHED,
    CPMSYNC_EVENT_BATCH, CPMSYNC_EVENT_ALERT, CPMSYNC_EVENT_RESET};

/* A synchronisation with every event in it, RESET at a second SELECT. What is met early is left out by `lenient`. */
static void play_everything(struct support_script *script)
{
    begin_qresync(script);
    script->lenient = true;
    script->on_event = do_deed;
    support_script_server(script, "* FLAGS (\\Seen)\n* 4 EXISTS\n* VANISHED (EARLIER) 2,4:5\n"
                                  "* 1 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (110))\n"
                                  "* OK [UIDVALIDITY 42] x\n* 2 FETCH (UID 10 FLAGS (a) MODSEQ (111))\n"
                                  "* OK [UIDNEXT 13] x\n* OK [HIGHESTMODSEQ 120] x\nC3 OK [ALERT] mind the gap\n"
                                  "* 3 FETCH (UID 11 FLAGS () MODSEQ (112))\n* 4 FETCH (UID 12 FLAGS () MODSEQ (113))\n"
                                  "C4 OK fetched");
}

static void again(struct support_script *script)
{
    script->on_event = NULL;
    support_script_restart(script);
    script->lenient = false;
    support_script_open(script);
    support_script_sync(script, "INBOX");
    support_script_connect(script);
    script->lenient = true;
    support_script_server(script, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\n"
                                  "C1 OK [CAPABILITY IMAP4rev1 " QRESYNC "] x\n* ENABLED QRESYNC\nC2 OK x");
    support_script_server(script, "* FLAGS (\\Seen)\n* 4 EXISTS\n* OK [UIDVALIDITY 42] x\n* VANISHED (EARLIER) 2,4:5\n"
                                  "* 1 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (110))\n"
                                  "* 2 FETCH (UID 10 FLAGS (a) MODSEQ (111))\n* OK [UIDNEXT 13] x\n"
                                  "* OK [HIGHESTMODSEQ 120] x\nC3 OK x\n"
                                  "* 3 FETCH (UID 11 FLAGS () MODSEQ (112))\n* 4 FETCH (UID 12 FLAGS () MODSEQ (113))\n"
                                  "C4 OK fetched");
    assert_int_equal(script->done[1], 1);
    assert_int_equal(script->errors[1], 0);
    assert_int_equal(script->mirror.count, 4);
}

static void test_pf_130_cancel_from_inside_every_event(void **state)
{
    (void)state;
    deed = cancel_it;
    for (size_t i = 0; i < 5; i++) {
        struct support_script script;
        when = TYPES[i];
        play_everything(&script);
        assert_int_equal(script.done[1], 1);
        assert_int_equal(script.errors[1], CPMSYNC_ERR_CANCELLED);
        again(&script);
        support_script_close(&script);
    }
}

static void test_pf_130_free_from_inside_every_event(void **state)
{
    (void)state;
    deed = free_it;
    for (size_t i = 0; i < 5; i++) {
        struct support_script script;
        when = TYPES[i];
        begin_qresync(&script);
        script.on_event = do_deed;
        /* One call: behind it the client is no more. */
        const char text[] = "* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* VANISHED (EARLIER) 2,4\r\n"
                            "* 1 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (110))\r\n* OK [UIDVALIDITY 42] x\r\n"
                            "* 2 FETCH (UID 10 FLAGS (a) MODSEQ (111))\r\n* OK [UIDNEXT 11] x\r\n"
                            "* OK [HIGHESTMODSEQ 120] x\r\nC3 OK [ALERT] mind the gap\r\nC4 OK fetched\r\n";
        cpmsync_conn_feed(script.client, 0, script.now, (const uint8_t *)text, sizeof text - 1);
        script.client = NULL;
        assert_int_equal(script.done[1], 1);
        assert_int_equal(script.errors[1], CPMSYNC_ERR_CANCELLED);
        assert_int_equal(script.allocator.live_blocks, 0);
        again(&script);
        support_script_close(&script);
    }
}

static void test_pf_130_refuse_every_event(void **state)
{
    (void)state;
    deed = refuse_it;
    for (size_t i = 0; i < 4; i++) {
        struct support_script script;
        when = TYPES[i];
        play_everything(&script);
        assert_int_equal(script.done[1], 1);
        assert_int_equal(script.errors[1], CPMSYNC_ERR_ABORTED);
        again(&script);
        support_script_close(&script);
    }
}

static void test_pf_130_look_around_from_inside_every_event(void **state)
{
    (void)state;
    deed = look_around;
    for (size_t i = 0; i < 5; i++) {
        struct support_script script;
        when = TYPES[i];
        play_everything(&script);
        assert_int_equal(script.errors[1], 0);
        assert_int_equal(script.done[1], 1);
        support_script_close(&script);
    }
}

static void test_pf_130_submit_from_inside_every_event(void **state)
{
    (void)state;
    deed = submit_another;
    for (size_t i = 0; i < 5; i++) {
        struct support_script script;
        when = TYPES[i];
        play_everything(&script);
        assert_int_equal(script.done[1], 1);
        assert_int_equal(script.errors[1], 0);
        script.lenient = false;
        script.sent_len = 0;
        support_script_server(&script, "* OK nothing");
        assert_int_equal(script.done[2], 0); /* it waits for its own answers */
        support_script_close(&script);
        assert_int_equal(script.done[2], 1);
    }
}

static void test_cancel_before_anything_was_answered(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    assert_int_equal(cpmsync_client_cancel(script.client, 1), 0);
    assert_int_equal(script.done[1], 0); /* its commands are on the way */
    select_answer(&script, "C3", 5, 11, 100);
    support_script_server(&script, "C4 OK fetched");
    support_script_heard(&script, "done 1 CPMSYNC_ERR_CANCELLED|");
    assert_int_equal(cpmsync_client_cancel(script.client, 1), CPMSYNC_ERR_NOT_FOUND);
    /* The session goes on, INBOX is selected. */
    support_script_sync(&script, "INBOX");
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    support_script_sent(
        &script, "C5 UNSELECT\nC6 SELECT INBOX (QRESYNC (42 100 1:10))\nC7 UID FETCH 11:210 (FLAGS MODSEQ)");
    support_script_server(&script, "C5 OK x");
    select_answer(&script, "C6", 5, 11, 100);
    support_script_server(&script, "C7 OK x");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|done 2 CPMSYNC_OK|");
    support_script_close(&script);
}

/* A server that speaks of the mailbox before the SELECT has left. */
static void test_cancel_from_inside_before_anything_was_sent(void **state)
{
    struct support_script script;
    const char text[] = "* 5 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* 1 FETCH (UID 8 FLAGS (b) MODSEQ (110))\r\n"
                        "* 2 FETCH (UID 10 FLAGS (b) MODSEQ (111))\r\n";

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    support_script_open(&script);
    support_script_login(&script);
    support_script_ready(&script, "UNSELECT", NULL);
    support_script_sync(&script, "INBOX");
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    script.on_event = do_deed;
    when = CPMSYNC_EVENT_BEGIN;
    deed = cancel_it;
    victim = 2;
    assert_int_equal(cpmsync_conn_feed(script.client, 0, script.now, (const uint8_t *)text, sizeof text - 1), 0);
    victim = 1;
    script.on_event = NULL;
    support_script_sent(&script, "C2 SELECT INBOX\nC3 UID FETCH 11:210 (FLAGS)");
    support_script_server(&script, "C2 OK x\nC3 OK x");
    support_script_heard(&script, "begin 42 1:10|done 2 CPMSYNC_ERR_CANCELLED|");
    support_script_close(&script);
}

/* ---- servers */

static void test_e_02_an_ok_to_qresync_proves_nothing_without_enabled(void **state)
{
    struct support_script script;

    (void)state;
    begin(&script, QRESYNC, NULL);
    support_script_sent(&script, "C3 SELECT INBOX (QRESYNC (42 100 1:10))\nC4 UID FETCH 11:210 (FLAGS MODSEQ)");
    support_script_server(&script, "* ENABLED CONDSTORE\nC2 OK x");
    select_answer(&script, "C3", 5, 11, 120);
    support_script_server(&script, "C4 OK x");
    support_script_sent(&script, "C5 UID FETCH 1:10 (FLAGS) (CHANGEDSINCE 100)");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|"); /* the cursor has not moved */
    support_script_server(&script, "* 1 FETCH (UID 2 FLAGS () MODSEQ (120))\nC5 OK x");
    support_script_heard(&script, "+2|batch 11 120|done 1 CPMSYNC_OK|");
    support_script_close(&script);
}

static void test_pf_36_a_server_that_shows_nothing_empties_no_cache(void **state)
{
    struct support_script script;

    (void)state;
    begin(&script, "CONDSTORE UNSELECT", NULL);
    support_script_sent(&script, "C2 SELECT INBOX (CONDSTORE)\nC3 UID FETCH 11:210 (FLAGS MODSEQ)");
    select_answer(&script, "C2", 4, 11, 120);
    support_script_server(&script, "C3 OK x");
    support_script_sent(&script, "C4 UID FETCH 1:10 (FLAGS) (CHANGEDSINCE 100)");
    support_script_server(&script, "C4 OK nothing to see");
    support_script_sent(&script, "C5 UID SEARCH UID 1:10");
    support_script_server(&script, "* SEARCH\nC5 OK nothing to see");
    for (int pass = 0; pass < CPMSYNC_RESYNC_PASSES; pass++) {
        char line[64];
        snprintf(line, sizeof line, "C%d UID FETCH 1:4294967295 (FLAGS MODSEQ)", 6 + pass);
        support_script_sent(&script, line);
        snprintf(line, sizeof line, "C%d OK nothing to see", 6 + pass);
        support_script_server(&script, line);
    }
    support_script_sent(&script, "");
    assert_int_equal(script.errors[1], CPMSYNC_ERR_UNVERIFIED);
    assert_int_equal(script.done[1], 1);
    script.heard[script.heard_len] = '\0';
    assert_null(strstr(script.heard, "gone"));
    support_script_close(&script);
}

static void test_pf_8_a_count_that_stays_wrong_ends_unverified(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    select_answer(&script, "C3", 4, 11, 120);
    support_script_server(&script, "C4 OK x");
    for (int pass = 0; pass < CPMSYNC_RESYNC_PASSES; pass++) {
        char line[64];
        snprintf(line, sizeof line, "C%d UID FETCH 1:4294967295 (FLAGS MODSEQ)", 5 + pass);
        support_script_sent(&script, line);
        support_script_server(&script,
            "* 1 FETCH (UID 2 FLAGS () MODSEQ (120))\n* 2 FETCH (UID 4 FLAGS () MODSEQ (60))\n"
            "* 3 FETCH (UID 5 FLAGS () MODSEQ (70))\n"
            "* 4 FETCH (UID 8 FLAGS (\\Flagged) MODSEQ (80))\n"
            "* 4 FETCH (UID 10 FLAGS () MODSEQ (90))");
        snprintf(line, sizeof line, "C%d OK x", 5 + pass);
        support_script_server(&script, line);
    }
    assert_int_equal(script.errors[1], CPMSYNC_ERR_UNVERIFIED);
    assert_int_equal(script.mirror.highestmodseq, 100); /* R14: the old cursor is kept */
    support_script_close(&script);
}

static void test_a_server_whose_mailbox_always_grows_ends_unverified(void **state)
{
    struct support_script script;
    int tag = 4;

    (void)state;
    begin_qresync(&script);
    select_answer(&script, "C3", 5, 11, 100);
    for (int n = 6; n < 100 && script.done[1] == 0; n++) {
        char lines[64];
        snprintf(lines, sizeof lines, "* %d EXISTS\nC%d OK x", n, tag++);
        support_script_server(&script, lines);
    }
    assert_int_equal(script.errors[1], CPMSYNC_ERR_UNVERIFIED);
    assert_in_range(tag, 5, 40);
    support_script_close(&script);
}

static void test_v_02_a_uidvalidity_that_always_changes_ends_unverified(void **state)
{
    struct support_script script;
    int tag = 3;

    (void)state;
    begin_qresync(&script);
    for (int n = 0; n < 40 && script.done[1] == 0; n++) {
        char lines[256];
        /* Every command in flight is answered, each SELECT with another UIDVALIDITY. */
        script.sent[script.sent_len] = '\0';
        script.sent_len = 0;
        snprintf(lines, sizeof lines,
            "* 0 EXISTS\n* OK [UIDVALIDITY %d] x\n* OK [UIDNEXT 1] x\nC%d OK x\n* OK [UIDVALIDITY %d] y", 1000 + n, tag,
            2000 + n);
        support_script_server(&script, lines);
        tag++;
    }
    assert_int_equal(script.done[1], 1);
    assert_true(script.errors[1] == CPMSYNC_ERR_UNVERIFIED || script.errors[1] == CPMSYNC_ERR_NO_UIDS);
    support_script_close(&script);
}

static void test_c_12_no_uidvalidity_no_cache(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(&script, "* 5 EXISTS\n* OK [UIDNEXT 11] x\nC3 OK x\nC4 OK x");
    support_script_heard(&script, "done 1 CPMSYNC_ERR_NO_UIDS|");
    support_script_close(&script);
}

static void test_v_08_uidnotsticky_no_cache(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(&script, "* NO [UIDNOTSTICKY] x");
    select_answer(&script, "C3", 5, 11, 100);
    support_script_server(&script, "C4 OK x");
    support_script_heard(&script, "done 1 CPMSYNC_ERR_NO_UIDS|");
    support_script_close(&script);
}

static void test_c_12_without_uidnext_the_tail_is_looked_for(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(
        &script, "* 6 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [HIGHESTMODSEQ 100] x\nC3 OK x\nC4 OK nothing here");
    support_script_sent(&script, "C5 UID FETCH 11:4294967295 (FLAGS MODSEQ)");
    support_script_server(&script, "* 6 FETCH (UID 4000000000 FLAGS () MODSEQ (99))\nC5 OK x");
    support_script_heard(&script, "begin 42 1:10|batch 11 100|+4000000000|batch 4000000001 100|done 1 CPMSYNC_OK|");
    support_script_close(&script);
}

static void test_sparse_uids_up_to_the_last_there_can_be(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(&script, "* 6 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 4294967295] x\n"
                                   "* OK [HIGHESTMODSEQ 100] x\nC3 OK x\nC4 OK x");
    support_script_sent(&script, "C5 UID FETCH 211:4294967294 (FLAGS MODSEQ)");
    support_script_server(&script, "* 6 FETCH (UID 4294967294 FLAGS () MODSEQ (99))\nC5 OK x");
    assert_int_equal(script.errors[1], 0);
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.mirror.uidnext, UINT32_MAX);
    support_script_close(&script);
}

static void test_v_07_uid_4294967295_is_fetched_and_nothing_behind_it(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(&script, "* 5 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 4294967295] x\n"
                                   "* OK [HIGHESTMODSEQ 100] x\nC3 OK x\nC4 OK x\n* 6 EXISTS\nC5 OK x");
    script.sent_len = 0;
    support_script_server(&script, "* 6 FETCH (UID 4294967295 FLAGS () MODSEQ (101))\nC6 OK x");
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.errors[1], 0);
    assert_int_equal(script.mirror.uidnext, 0);
    /* And once more, with nothing to ask behind it. */
    support_script_sync(&script, "INBOX");
    assert_int_equal(cpmsync_conn_tick(script.client, script.now, 0), 0);
    script.sent[script.sent_len] = '\0';
    const uint8_t *data;
    assert_true(cpmsync_conn_output(script.client, 0, &data) > 0);
    assert_int_equal(cpmsync_client_cancel(script.client, 2), 0);
    support_script_close(&script);
}

static void test_r_04_refusals_of_every_command(void **state)
{
    const char *const answers[] = {"NO [NONEXISTENT] gone", "NO no", "NO [NOPERM] no", "NO [INUSE] x"};
    const int errors[] = {CPMSYNC_ERR_NO_MAILBOX, CPMSYNC_ERR_NO_MAILBOX, CPMSYNC_ERR_PERMISSION, CPMSYNC_ERR_IN_USE};

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct support_script script;
        char line[64];
        begin_qresync(&script);
        snprintf(line, sizeof line, "C3 %s", answers[i]);
        support_script_server(&script, line);
        assert_int_equal(script.done[1], 0);
        support_script_server(&script, "C4 BAD nothing selected");
        assert_int_equal(script.done[1], 1);
        assert_int_equal(script.errors[1], errors[i]);
        /* C-07: nothing is selected. */
        support_script_sync(&script, "INBOX");
        cpmsync_conn_tick(script.client, script.now, 0);
        support_script_sent(&script, "C5 SELECT INBOX (QRESYNC (42 100 1:10))\nC6 UID FETCH 11:210 (FLAGS MODSEQ)");
        support_script_close(&script);
    }
}

static void test_pf_31_a_refused_fetch_moves_nothing(void **state)
{
    const char *const answers[] = {"C4 NO [SERVERBUG] later", "C4 BAD what", "C4 OK [MESSAGELIMIT 2 11] that is all"};
    const int errors[] = {CPMSYNC_ERR_SERVER_TRYAGAIN, CPMSYNC_ERR_BAD, CPMSYNC_ERR_SERVER_LIMIT};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct support_script script;
        begin_qresync(&script);
        select_answer(&script, "C3", 7, 13, 120);
        support_script_server(&script, "* 6 FETCH (UID 11 FLAGS () MODSEQ (120))");
        support_script_server(&script, answers[i]);
        assert_int_equal(script.done[1], 1);
        assert_int_equal(script.errors[1], errors[i]);
        assert_int_equal(script.mirror.uidnext, 11);
        support_script_close(&script);
    }
}

static void test_q_22_bad_to_every_rung_ends_bad(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(&script, "C3 BAD no\nC4 BAD nothing selected");
    support_script_sent(&script, "C5 SELECT INBOX (CONDSTORE)\nC6 UID FETCH 11:210 (FLAGS MODSEQ)");
    support_script_server(&script, "C5 BAD no\nC6 BAD nothing selected");
    support_script_sent(&script, "C7 SELECT INBOX\nC8 UID FETCH 11:210 (FLAGS MODSEQ)");
    support_script_server(&script, "C7 BAD no\nC8 BAD nothing selected");
    support_script_sent(&script, "");
    support_script_heard(&script, "done 1 CPMSYNC_ERR_BAD|");
    support_script_close(&script);
}

static void test_q_22_the_cache_cannot_be_read_back_after_bad(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(&script, "* 5 EXISTS\n* OK [UIDVALIDITY 42] x\n* 1 FETCH (UID 2 FLAGS (x) MODSEQ (110))");
    support_store_fail_at(&script.failing, SUPPORT_STORE_ROWS_LOAD, 1, CPMSYNC_ERR_STORE);
    support_script_server(&script, "C3 BAD no\nC4 BAD nothing selected");
    support_script_sent(&script, "");
    assert_int_equal(script.errors[1], CPMSYNC_ERR_STORE);
    assert_int_equal(script.done[1], 1);
    support_script_close(&script);
}

static void test_past_the_limit_of_messages_the_old_cursor_is_kept(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    script.config.messages_max = 6;
    support_script_open(&script);
    support_script_sync(&script, "INBOX");
    support_script_ready(&script, QRESYNC, "QRESYNC");
    support_script_server(&script, "* 7 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 13] x\n"
                                   "* OK [HIGHESTMODSEQ 120] x\n* 1 FETCH (UID 1 FLAGS () MODSEQ (120))\n"
                                   "* 2 FETCH (UID 3 FLAGS () MODSEQ (120))\nC3 OK x\nC4 OK x");
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.errors[1], CPMSYNC_ERR_LIMIT);
    assert_int_equal(script.mirror.highestmodseq, 0);
    support_script_restart(&script);
    script.config.messages_max = 0;
    script.sent_len = 0;
    support_script_open(&script);
    support_script_sync(&script, "INBOX");
    support_script_ready(&script, QRESYNC, "QRESYNC");
    support_script_sent(&script, "C3 SELECT INBOX (QRESYNC (42 100 1:10))\nC4 UID FETCH 11:210 (FLAGS MODSEQ)");
    support_script_close(&script);
}

static void test_past_the_limit_of_flag_sets_the_mailbox_says_so(void **state)
{
    struct support_script script;

    (void)state;
    support_script_init(&script);
    support_script_cache(&script);
    script.config.flagsets_max = 3;
    support_script_open(&script);
    support_script_sync(&script, "INBOX");
    support_script_ready(&script, QRESYNC, "QRESYNC");
    support_script_server(&script, "* 5 EXISTS\n* OK [UIDVALIDITY 42] x\n* OK [UIDNEXT 11] x\n"
                                   "* OK [HIGHESTMODSEQ 120] x\n* 1 FETCH (UID 2 FLAGS (a) MODSEQ (120))\n"
                                   "* 2 FETCH (UID 4 FLAGS (b) MODSEQ (120))\nC3 OK x\nC4 OK x");
    assert_int_equal(script.errors[1], CPMSYNC_ERR_LIMIT);
    assert_int_equal(script.done[1], 1);
    support_script_close(&script);
}

static void test_a_damaged_fetch_makes_the_mailbox_suspect(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    support_script_server(&script, "* 1 FETCH (UID 2 FLAGS (\\Seen MODSEQ");
    select_answer(&script, "C3", 5, 11, 120);
    support_script_server(&script, "C4 OK x");
    support_script_sent(&script, "C5 UID FETCH 1:4294967295 (FLAGS MODSEQ)");
    support_script_close(&script);
}

static void test_r_14_a_damaged_answer_keeps_the_cursor_through_a_cut(void **state)
{
    static const char *const LOST[] = {
        "* 1 FETCH (UID 2 FLAGS (\\Seen MODSEQ",
        "* 9 EXPUNGE",
        "* 4 EXISTS\n* 3 EXISTS",
    };

    (void)state;
    for (size_t i = 0; i < sizeof LOST / sizeof LOST[0]; i++) {
        struct support_script script;
        begin_qresync(&script);
        support_script_server(&script, "* 5 EXISTS");
        support_script_server(&script, LOST[i]);
        select_answer(&script, "C3", 5, 11, 120);
        support_script_eof(&script);
        assert_int_equal(script.done[1], 1);
        script.sent_len = 0;
        support_script_sync(&script, "INBOX");
        support_script_ready(&script, QRESYNC, "QRESYNC");
        assert_non_null(strstr(script.sent, "SELECT INBOX (QRESYNC (42 100 1:10"));
        support_script_close(&script);
    }
}

static void test_d_16_ranges_out_of_order_heal_after_a_cut(void **state)
{
    struct support_script script;

    (void)state;
    begin_qresync(&script);
    select_answer(&script, "C3", 7, 1000, 100);
    script.sent_len = 0;
    /* The later range is answered first, then the link ends: 11:210 is missing, 211 on is covered. */
    support_script_server(&script, "* 7 FETCH (UID 999 FLAGS () MODSEQ (90))\nC5 OK x");
    assert_int_equal(script.mirror.uidnext, 1000);
    support_script_eof(&script);
    assert_int_equal(script.done[1], 1);
    support_script_sync(&script, "INBOX");
    support_script_ready(&script, QRESYNC, "QRESYNC");
    support_script_sent(
        &script, "C3 SELECT INBOX (QRESYNC (42 100 1:10,211:999))\nC4 UID FETCH 1000:1199 (FLAGS MODSEQ)");
    select_answer(&script, "C3", 7, 1000, 100);
    support_script_server(&script, "C4 OK x");
    support_script_sent(&script, "C5 UID FETCH 1:4294967295 (FLAGS MODSEQ)");
    support_script_server(&script, "* 1 FETCH (UID 2 FLAGS () MODSEQ (50))\n* 2 FETCH (UID 4 FLAGS () MODSEQ (60))\n"
                                   "* 3 FETCH (UID 5 FLAGS () MODSEQ (70))\n* 4 FETCH (UID 8 FLAGS () MODSEQ (80))\n"
                                   "* 5 FETCH (UID 10 FLAGS () MODSEQ (90))\n* 6 FETCH (UID 50 FLAGS () MODSEQ (90))\n"
                                   "* 7 FETCH (UID 999 FLAGS () MODSEQ (90))\nC5 OK x");
    assert_int_equal(script.done[2], 1);
    assert_int_equal(script.errors[2], 0);
    assert_int_equal(script.mirror.count, 7);
    support_script_close(&script);
}

static void test_m_01_a_name_that_can_be_none(void **state)
{
    struct support_script script;
    char name[8000];

    (void)state;
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    support_script_init(&script);
    support_script_open(&script);
    support_script_sync(&script, name);
    support_script_ready(&script, QRESYNC, "QRESYNC");
    support_script_sent(&script, "");
    assert_int_equal(script.done[1], 1);
    assert_int_equal(script.errors[1], CPMSYNC_ERR_LIMIT);
    support_script_close(&script);
}

/* ---- whatever fails, the next synchronisation is right */

static void test_d_25_the_link_is_cut_behind_every_line(void **state)
{
    const char *const lines[] = {"* FLAGS (\\Seen)", "* 4 EXISTS", "* VANISHED (EARLIER) 2,4:5",
        "* OK [UIDVALIDITY 42] x", "* 1 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (110))", "* OK [UIDNEXT 13] x",
        "* OK [HIGHESTMODSEQ 120] x", "C3 OK x", "* 3 FETCH (UID 11 FLAGS () MODSEQ (112))", "C4 OK x"};
    const size_t count = sizeof lines / sizeof lines[0];

    (void)state;
    for (size_t cut = 0; cut <= count; cut++) {
        struct support_script script;
        begin_qresync(&script);
        for (size_t i = 0; i < cut; i++)
            support_script_server(&script, lines[i]);
        support_script_eof(&script);
        assert_int_equal(script.done[1], 1);
        again(&script);
        support_script_close(&script);
    }
}

static void test_d_25_every_allocation_fails_in_turn(void **state)
{
    uint64_t tried = 0;

    (void)state;
    deed = NULL;
    when = 0;
    for (bool whole = false; !whole; tried++) {
        struct support_script script;
        begin_qresync(&script);
        script.lenient = true;
        support_allocator_fail_at(&script.allocator, tried + 1);
        support_script_server(&script, "* FLAGS (\\Seen)\n* 4 EXISTS\n* VANISHED (EARLIER) 2,4:5\n"
                                       "* OK [UIDVALIDITY 42] x\n* 1 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (110))\n"
                                       "* 2 FETCH (UID 10 FLAGS (a) MODSEQ (111))\n* OK [UIDNEXT 13] x\n"
                                       "* OK [HIGHESTMODSEQ 120] x\nC3 OK x\n"
                                       "* 3 FETCH (UID 11 FLAGS () MODSEQ (112))\n"
                                       "* 4 FETCH (UID 12 FLAGS () MODSEQ (113))\nC4 OK x");
        whole = script.allocator.failures == 0;
        support_allocator_fail_at(&script.allocator, 0);
        again(&script);
        support_script_close(&script);
    }
    assert_in_range(tried, 5, 500);
}

static void test_d_25_every_store_call_fails_in_turn(void **state)
{
    uint64_t tried = 0;
    int forgiven = 0;

    (void)state;
    for (bool whole = false; !whole; tried++) {
        struct support_script script;
        begin_qresync(&script);
        script.lenient = true;
        support_store_fail_at(&script.failing, SUPPORT_STORE_ANY, tried + 1, CPMSYNC_ERR_STORE_FULL);
        support_script_server(&script, "* FLAGS (\\Seen)\n* 4 EXISTS\n* VANISHED (EARLIER) 2,4:5\n"
                                       "* OK [UIDVALIDITY 42] x\n* 1 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (110))\n"
                                       "* 2 FETCH (UID 10 FLAGS (a) MODSEQ (111))\n* OK [UIDNEXT 13] x\n"
                                       "* OK [HIGHESTMODSEQ 120] x\nC3 OK x\n"
                                       "* 3 FETCH (UID 11 FLAGS () MODSEQ (112))\n"
                                       "* 4 FETCH (UID 12 FLAGS () MODSEQ (113))\nC4 OK x");
        whole = script.failing.failures == 0;
        assert_int_equal(script.done[1], 1);
        if (script.errors[1] == 0)
            forgiven += !whole;
        else
            assert_int_equal(script.errors[1], CPMSYNC_ERR_STORE_FULL);
        support_store_fail_at(&script.failing, SUPPORT_STORE_ANY, 0, 0);
        again(&script);
        support_script_close(&script);
    }
    assert_in_range(tried, 5, 100);
    assert_int_equal(forgiven, 6); /* begin, put, commit: of taking the mark away, and of the facts about the server */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changed_is_one_flight),
        cmocka_unit_test(test_pf_130_cancel_from_inside_every_event),
        cmocka_unit_test(test_pf_130_free_from_inside_every_event),
        cmocka_unit_test(test_pf_130_refuse_every_event),
        cmocka_unit_test(test_pf_130_look_around_from_inside_every_event),
        cmocka_unit_test(test_pf_130_submit_from_inside_every_event),
        cmocka_unit_test(test_cancel_before_anything_was_answered),
        cmocka_unit_test(test_cancel_from_inside_before_anything_was_sent),
        cmocka_unit_test(test_e_02_an_ok_to_qresync_proves_nothing_without_enabled),
        cmocka_unit_test(test_pf_36_a_server_that_shows_nothing_empties_no_cache),
        cmocka_unit_test(test_pf_8_a_count_that_stays_wrong_ends_unverified),
        cmocka_unit_test(test_a_server_whose_mailbox_always_grows_ends_unverified),
        cmocka_unit_test(test_v_02_a_uidvalidity_that_always_changes_ends_unverified),
        cmocka_unit_test(test_c_12_no_uidvalidity_no_cache),
        cmocka_unit_test(test_v_08_uidnotsticky_no_cache),
        cmocka_unit_test(test_c_12_without_uidnext_the_tail_is_looked_for),
        cmocka_unit_test(test_sparse_uids_up_to_the_last_there_can_be),
        cmocka_unit_test(test_v_07_uid_4294967295_is_fetched_and_nothing_behind_it),
        cmocka_unit_test(test_r_04_refusals_of_every_command),
        cmocka_unit_test(test_pf_31_a_refused_fetch_moves_nothing),
        cmocka_unit_test(test_q_22_bad_to_every_rung_ends_bad),
        cmocka_unit_test(test_q_22_the_cache_cannot_be_read_back_after_bad),
        cmocka_unit_test(test_past_the_limit_of_messages_the_old_cursor_is_kept),
        cmocka_unit_test(test_past_the_limit_of_flag_sets_the_mailbox_says_so),
        cmocka_unit_test(test_a_damaged_fetch_makes_the_mailbox_suspect),
        cmocka_unit_test(test_r_14_a_damaged_answer_keeps_the_cursor_through_a_cut),
        cmocka_unit_test(test_d_16_ranges_out_of_order_heal_after_a_cut),
        cmocka_unit_test(test_m_01_a_name_that_can_be_none),
        cmocka_unit_test(test_d_25_the_link_is_cut_behind_every_line),
        cmocka_unit_test(test_d_25_every_allocation_fails_in_turn),
        cmocka_unit_test(test_d_25_every_store_call_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
