/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/chain_talk.h"
#include "sync/live.h"

/* A session that is logged in, with nothing selected; C3 is the next command. */
struct bench {
    struct support_talk talk;
    struct cpmsync_store store;
    struct cpmsync_chain chain;
    struct cpmsync_live live;
};

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    (void)ctx, (void)event;
    return 0;
}

static void open_bench(struct bench *bench, const char *capabilities, int64_t refresh_ms)
{
    memset(bench, 0, sizeof *bench);
    support_talk_init(&bench->talk);
    assert_int_equal(cpmsync_store_memory_open(&bench->store, NULL), 0);
    support_chain_open(&bench->chain, &bench->talk, capabilities, &bench->store, bench, on_event);
    cpmsync_live_init(&bench->live, &bench->chain, refresh_ms);
}

static void close_bench(struct bench *bench)
{
    cpmsync_session_free(bench->talk.session);
    bench->talk.session = NULL;
    assert_false(bench->live.commands[0].busy || bench->live.commands[1].busy);
    cpmsync_chain_clear(&bench->chain);
    cpmsync_store_close(&bench->store);
    support_talk_close(&bench->talk);
}

static void idle(struct bench *bench, int64_t now)
{
    assert_int_equal(cpmsync_live_idle(&bench->live, now), 0);
}

static void test_i_04_idle_is_sent_again_when_it_is_old(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE", 1000);
    idle(&bench, 5000);
    idle(&bench, 5001);
    support_talk_client(&bench.talk, "C3 IDLE\r\n");
    assert_int_equal(cpmsync_live_expiry(&bench.live), 6000);
    support_talk_server(&bench.talk, "+ x\r\n");
    assert_true(cpmsync_session_idles(bench.talk.session));
    assert_int_equal(cpmsync_session_expiry(bench.talk.session), CPMSYNC_NEVER); /* the server owes nothing */
    assert_int_equal(cpmsync_live_tick(&bench.live, 5999), 0);
    support_talk_client(&bench.talk, "");
    assert_int_equal(cpmsync_live_tick(&bench.live, 6000), 0);
    idle(&bench, 6000);
    support_talk_client(&bench.talk, "DONE\r\nC4 IDLE\r\n");
    assert_int_equal(cpmsync_live_expiry(&bench.live), 7000);
    assert_true(cpmsync_session_expiry(bench.talk.session) != CPMSYNC_NEVER); /* now it does */
    support_talk_server(&bench.talk, "C3 OK x\r\n+ x\r\n");
    assert_int_equal(cpmsync_session_expiry(bench.talk.session), CPMSYNC_NEVER);
    close_bench(&bench);
}

/* Where one thing is said at a time the next IDLE waits for the answer to DONE, perhaps for longer than it may last. */
static void test_i_04_an_idle_that_could_not_be_sent_in_time_is_ended_all_the_same(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE", 1000);
    bench.talk.facts.no_burst = true;
    idle(&bench, 5000);
    support_talk_client(&bench.talk, "C3 IDLE\r\n");
    support_talk_server(&bench.talk, "+ x\r\n");
    assert_int_equal(cpmsync_live_tick(&bench.live, 6000), 0);
    idle(&bench, 6000);
    support_talk_client(&bench.talk, "DONE\r\n");
    assert_int_equal(cpmsync_live_tick(&bench.live, 7000), 0);
    support_talk_server(&bench.talk, "C3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 IDLE\r\n");
    support_talk_server(&bench.talk, "+ x\r\n");
    assert_int_equal(cpmsync_live_expiry(&bench.live), 8000);
    assert_int_equal(cpmsync_live_tick(&bench.live, 8000), 0);
    idle(&bench, 8000);
    support_talk_client(&bench.talk, "DONE\r\n");
    support_talk_server(&bench.talk, "C4 OK x\r\n");
    support_talk_client(&bench.talk, "C5 IDLE\r\n");
    close_bench(&bench);
}

static void test_i_04_never_means_never(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE", CPMSYNC_NEVER);
    idle(&bench, 5000);
    assert_int_equal(cpmsync_live_expiry(&bench.live), CPMSYNC_NEVER);
    close_bench(&bench);
}

static void test_i_01_without_idle_noop_asks_as_often(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC", 1000);
    idle(&bench, 5000);
    support_talk_client(&bench.talk, "");
    assert_int_equal(cpmsync_live_expiry(&bench.live), 6000);
    assert_int_equal(cpmsync_live_tick(&bench.live, 6000), 0);
    idle(&bench, 6000);
    support_talk_client(&bench.talk, "C3 NOOP\r\n");
    assert_int_equal(cpmsync_live_expiry(&bench.live), 7000);
    support_talk_server(&bench.talk, "C3 OK x\r\n");
    close_bench(&bench);
}

/* A server that ends each IDLE at once would be asked without end. */
static void test_i_01_a_server_that_ends_every_idle_has_none(void **state)
{
    static const char *const SENT[] = {"C3 IDLE\r\n", "C4 IDLE\r\n", "C5 IDLE\r\n"};
    static const char *const ENDED[] = {"+ x\r\nC3 OK x\r\n", "+ x\r\nC4 OK x\r\n", "C5 OK x\r\n"};
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE", 1000);
    for (size_t i = 0; i < 3; i++) {
        idle(&bench, 5000);
        support_talk_client(&bench.talk, SENT[i]);
        support_talk_server(&bench.talk, ENDED[i]);
    }
    idle(&bench, 5000);
    support_talk_client(&bench.talk, "");
    close_bench(&bench);
}

/* Two that wait for their answers are enough. */
static void test_no_third_idle_before_the_first_is_answered(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE", 1000);
    idle(&bench, 1000);
    support_talk_client(&bench.talk, "C3 IDLE\r\n");
    support_talk_server(&bench.talk, "+ x\r\n");
    cpmsync_session_end_idle(bench.talk.session);
    idle(&bench, 1000);
    support_talk_client(&bench.talk, "DONE\r\nC4 IDLE\r\n");
    support_talk_server(&bench.talk, "+ x\r\n"); /* of the second, and the first not answered */
    cpmsync_session_end_idle(bench.talk.session);
    idle(&bench, 1000);
    support_talk_client(&bench.talk, "DONE\r\n");
    support_talk_server(&bench.talk, "C3 OK x\r\n");
    idle(&bench, 1000);
    support_talk_client(&bench.talk, "C5 IDLE\r\n");
    close_bench(&bench);
}

static void other_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    (void)error, (void)tagged;
    cpmsync_command_clear(&command->text);
}

/* Behind others for longer than that: its own time begins then, and has an end. */
static void test_i_04_an_idle_that_had_to_wait_is_sent_again_too(void **state)
{
    struct cpmsync_session_command other;
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE", 1000);
    memset(&other, 0, sizeof other);
    other.rules = CPMSYNC_COMMAND_ALONE;
    other.done = other_done;
    cpmsync_command_init(&other.text, NULL, 64, CPMSYNC_LITERALS_SYNC);
    cpmsync_command_begin(&other.text, "NOOP");
    assert_int_equal(cpmsync_session_submit(bench.talk.session, &other), 0);
    idle(&bench, 5000);
    support_talk_client(&bench.talk, "C3 NOOP\r\n");
    assert_int_equal(cpmsync_live_tick(&bench.live, 6000), 0);
    idle(&bench, 6000);
    support_talk_server(&bench.talk, "C3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 IDLE\r\n");
    support_talk_server(&bench.talk, "+ x\r\n");
    assert_int_equal(cpmsync_live_expiry(&bench.live), 7000);
    assert_int_equal(cpmsync_live_tick(&bench.live, 7000), 0);
    idle(&bench, 7000);
    support_talk_client(&bench.talk, "DONE\r\nC5 IDLE\r\n");
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_i_04_idle_is_sent_again_when_it_is_old),
        cmocka_unit_test(test_i_04_an_idle_that_could_not_be_sent_in_time_is_ended_all_the_same),
        cmocka_unit_test(test_i_04_never_means_never),
        cmocka_unit_test(test_i_01_without_idle_noop_asks_as_often),
        cmocka_unit_test(test_i_01_a_server_that_ends_every_idle_has_none),
        cmocka_unit_test(test_no_third_idle_before_the_first_is_answered),
        cmocka_unit_test(test_i_04_an_idle_that_had_to_wait_is_sent_again_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
