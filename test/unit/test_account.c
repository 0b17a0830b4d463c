/* SPDX-License-Identifier: MIT */
/* What the golden transcripts r_08_* do not show: refusals, stopping, no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/chain_talk.h"
#include "sync/account.h"

#define ITEMS "(UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ)"
#define LIST_STATUS "LIST \"\" \"*\" RETURN (STATUS " ITEMS ")\r\n"
#define SELECTED "* 0 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 1] x\r\n* OK [HIGHESTMODSEQ 7] x\r\n"

struct bench {
    struct support_talk talk; /* the first member */
    struct cpmsync_store store;
    struct cpmsync_chain chain;
    struct cpmsync_account *account;
    unsigned done;
    int error;
    char heard[512];
    bool cancels; /* the app does, as it hears what is left */
};

static void on_mailbox(struct support_talk *talk, const struct cpmsync_response *response)
{
    cpmsync_chain_data(&((struct bench *)talk)->chain, response);
}

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    struct bench *bench = ctx;
    size_t len = strlen(bench->heard);

    if (event->type == CPMSYNC_EVENT_MAILBOX_LEFT && bench->cancels)
        cpmsync_account_stop(bench->account, CPMSYNC_ERR_CANCELLED);
    if (event->type == CPMSYNC_EVENT_MAILBOX_FAILED)
        snprintf(bench->heard + len, sizeof bench->heard - len, "failed %s %s|", event->mailbox,
            cpmsync_error_name(event->error));
    else if (event->type == CPMSYNC_EVENT_BATCH)
        snprintf(bench->heard + len, sizeof bench->heard - len, "batch %s|", event->mailbox);
    return 0;
}

static void on_done(void *ctx, const struct cpmsync_err *err)
{
    struct bench *bench = ctx;

    bench->done++;
    bench->error = err->error;
    cpmsync_account_free(bench->account);
    bench->account = NULL;
}

static void open_bench(struct bench *bench, const char *capabilities)
{
    memset(bench, 0, sizeof *bench);
    support_talk_init(&bench->talk);
    assert_int_equal(cpmsync_store_memory_open(&bench->store, NULL), 0);
    support_chain_open(&bench->chain, &bench->talk, capabilities, &bench->store, bench, on_event);
    bench->talk.on_mailbox = on_mailbox;
}

static int start(struct bench *bench, const char *first)
{
    struct cpmsync_account_config config = {0};

    config.mem = bench->chain.mem;
    config.chain = &bench->chain;
    config.mailboxes_max = 100;
    config.ctx = bench;
    config.event = on_event;
    config.done = on_done;
    return cpmsync_account_new(&bench->account, &config, cpmsync_slice_str(first));
}

static void close_bench(struct bench *bench)
{
    cpmsync_session_free(bench->talk.session);
    bench->talk.session = NULL;
    cpmsync_chain_clear(&bench->chain);
    cpmsync_account_free(bench->account);
    cpmsync_store_close(&bench->store);
    support_talk_close(&bench->talk);
}

static void assert_done(struct bench *bench, int error, const char *heard)
{
    assert_int_equal(bench->done, 1);
    assert_int_equal(bench->error, error);
    assert_string_equal(bench->heard, heard);
}

static const char *const FULL = "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT LIST-EXTENDED LIST-STATUS";

/* Only LIST's OK proves anything. */
static void test_r_08_a_refused_list_ends_it(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, FULL);
    assert_int_equal(start(&bench, ""), 0);
    support_talk_client(&bench.talk, "C3 " LIST_STATUS);
    support_talk_server(&bench.talk, "* LIST () \"/\" a\r\nC3 NO not today\r\n");
    assert_done(&bench, CPMSYNC_ERR_NO, "");
    close_bench(&bench);
}

static void test_y_06_a_refused_status_is_visited(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT");
    assert_int_equal(start(&bench, ""), 0);
    support_talk_client(&bench.talk, "C3 LIST \"\" \"*\"\r\n");
    support_talk_server(&bench.talk, "* LIST () \"/\" a\r\n* LIST () \"/\" b\r\nC3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 STATUS a " ITEMS "\r\nC5 STATUS b " ITEMS "\r\n");
    support_talk_server(&bench.talk, "C4 NO x\r\nC5 NO x\r\n");
    support_talk_client(&bench.talk, "C6 SELECT a\r\nC7 UID FETCH 1:200 (FLAGS MODSEQ)\r\n");
    support_talk_server(&bench.talk, SELECTED "C6 OK x\r\nC7 OK x\r\n");
    support_talk_client(&bench.talk, "C8 UNSELECT\r\nC9 SELECT b\r\nC10 UID FETCH 1:200 (FLAGS MODSEQ)\r\n");
    support_talk_server(&bench.talk, "C8 OK x\r\n" SELECTED "C9 OK x\r\nC10 OK x\r\n");
    assert_done(&bench, 0, "batch a|batch b|");
    close_bench(&bench);
}

/* STATUS would not say what others see of the mailbox that is selected. */
static void test_r_08_nothing_is_selected_while_status_is_asked(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, FULL);
    bench.chain.selected = CPMSYNC_SELECTED_YES;
    assert_int_equal(start(&bench, ""), 0);
    support_talk_client(&bench.talk, "C3 UNSELECT\r\nC4 " LIST_STATUS);
    support_talk_server(&bench.talk, "C3 OK x\r\n");
    assert_int_equal(bench.chain.selected, CPMSYNC_SELECTED_NO);
    support_talk_server(&bench.talk, "C4 OK x\r\n");
    assert_done(&bench, 0, "");
    close_bench(&bench);
}

static void test_stopping_waits_for_what_is_in_flight(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, FULL);
    assert_int_equal(start(&bench, ""), 0);
    support_talk_client(&bench.talk, "C3 " LIST_STATUS);
    cpmsync_account_stop(bench.account, CPMSYNC_ERR_CANCELLED);
    assert_int_equal(bench.done, 0);
    support_talk_server(&bench.talk, "* LIST () \"/\" a\r\nC3 OK x\r\n");
    assert_done(&bench, CPMSYNC_ERR_CANCELLED, "");
    close_bench(&bench);
}

static void test_stopping_the_visits(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, FULL);
    assert_int_equal(start(&bench, ""), 0);
    support_talk_client(&bench.talk, "C3 " LIST_STATUS);
    support_talk_server(&bench.talk,
        "* LIST () \"/\" a\r\n* STATUS a (UIDVALIDITY 42 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 7)\r\n"
        "* LIST () \"/\" b\r\n* STATUS b (UIDVALIDITY 42 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 7)\r\n"
        "C3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 SELECT a\r\nC5 UNSELECT\r\nC6 SELECT b\r\n");
    cpmsync_account_stop(bench.account, CPMSYNC_ERR_CANCELLED);
    support_talk_server(&bench.talk, SELECTED "C4 OK x\r\nC5 OK x\r\n" SELECTED "C6 OK x\r\n");
    assert_done(&bench, CPMSYNC_ERR_CANCELLED, "");
    close_bench(&bench);
}

/* The mailbox on the screen has a name that cannot be one: the others are synchronised all the same. */
static void test_a_first_mailbox_that_cannot_be_fails_alone(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, FULL);
    assert_int_equal(start(&bench, "a\rb"), 0);
    support_talk_client(&bench.talk, "C3 " LIST_STATUS);
    support_talk_server(&bench.talk,
        "* LIST () \"/\" a\r\n* STATUS a (UIDVALIDITY 42 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 7)\r\nC3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 SELECT a\r\n");
    support_talk_server(&bench.talk, SELECTED "C4 OK x\r\n");
    assert_done(&bench, CPMSYNC_ERR_INVALID_ARGUMENT, "failed a\rb CPMSYNC_ERR_INVALID_ARGUMENT|batch a|");
    close_bench(&bench);
}

/* A BAD nobody can explain: the next connection sends less at once. */
static void test_r_05_a_server_that_does_not_bear_it_is_not_proven(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, FULL);
    bench.talk.facts.proven = true;
    assert_int_equal(start(&bench, ""), 0);
    support_talk_client(&bench.talk, "C3 " LIST_STATUS);
    support_talk_server(&bench.talk,
        "* LIST () \"/\" a\r\n* STATUS a (UIDVALIDITY 42 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 7)\r\nC3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 SELECT a\r\n");
    support_talk_server(&bench.talk, "C4 BAD x\r\n");
    assert_done(&bench, CPMSYNC_ERR_BAD, "failed a CPMSYNC_ERR_BAD|");
    assert_false(bench.talk.facts.proven);
    close_bench(&bench);
}

/* More mailboxes than are open at once: none is forgotten, and what was held back begins no flight. */
static void test_r_05_the_window_slides(void **state)
{
    enum { MAILBOXES = CPMSYNC_ACCOUNT_VISITS + 20 };
    struct bench bench;
    struct cpmsync_session_counts counts;
    char line[160];
    unsigned tag = 4;

    (void)state;
    open_bench(&bench, FULL);
    assert_int_equal(start(&bench, ""), 0);
    support_talk_client(&bench.talk, "C3 " LIST_STATUS);
    for (int i = 0; i < MAILBOXES; i++) {
        snprintf(line, sizeof line,
            "* LIST () \"/\" m%03d\r\n* STATUS m%03d (UIDVALIDITY 42 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 7)\r\n", i, i);
        bench.talk.traced[0] = '\0';
        support_talk_server(&bench.talk, line);
    }
    cpmsync_session_counts(bench.talk.session, &counts);
    uint64_t flights = counts.flights;
    support_talk_server(&bench.talk, "C3 OK x\r\n");
    for (int i = 0; i < MAILBOXES; i++) {
        const uint8_t *output;
        size_t len = cpmsync_session_output(bench.talk.session, &output);
        cpmsync_session_ack(bench.talk.session, bench.talk.now, len);
        bench.heard[0] = '\0';
        if (i) {
            snprintf(line, sizeof line, "C%u OK x\r\n", tag++);
            support_talk_server(&bench.talk, line);
        }
        snprintf(line, sizeof line, SELECTED "C%u OK x\r\n", tag++);
        support_talk_server(&bench.talk, line);
        bench.talk.traced[0] = '\0';
        snprintf(line, sizeof line, "batch m%03d|", i);
        assert_string_equal(bench.heard, line);
    }
    assert_int_equal(bench.done, 1);
    assert_int_equal(bench.error, 0);
    cpmsync_session_counts(bench.talk.session, &counts);
    assert_int_equal(counts.flights, flights + 1);
    assert_true(bench.talk.facts.proven);
    close_bench(&bench);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    bool whole = false;

    (void)state;
    for (uint64_t n = 1; !whole; n++) {
        struct bench bench;
        open_bench(&bench, FULL);
        bench.talk.lenient = true;
        support_allocator_fail_at(&bench.talk.allocator, n);
        int error = start(&bench, "a");
        if (!error) {
            const uint8_t *output;
            size_t len = cpmsync_session_output(bench.talk.session, &output);
            cpmsync_session_ack(bench.talk.session, bench.talk.now, len);
            support_talk_server(&bench.talk, "* LIST () \"/\" a\r\n* LIST () \"/\" b\r\nC3 OK x\r\n");
            support_talk_server(&bench.talk, "C4 NO x\r\nC5 BAD x\r\nC6 NO x\r\nC7 BAD x\r\n");
        }
        whole = bench.talk.allocator.failures == 0;
        support_allocator_fail_at(&bench.talk.allocator, 0);
        assert_true(bench.done <= 1);
        close_bench(&bench);
        assert_in_range(n, 1, 200);
    }
}

static void other_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    (void)error, (void)tagged;
    cpmsync_command_clear(&command->text);
}

/* Nothing of it was sent yet, so that the second would end it inside the first. */
static void test_stopped_again_by_who_hears_what_is_left(void **state)
{
    struct cpmsync_session_command other;
    struct bench bench;

    (void)state;
    open_bench(&bench, FULL);
    memset(&other, 0, sizeof other);
    other.rules = CPMSYNC_COMMAND_ALONE;
    other.done = other_done;
    cpmsync_command_init(&other.text, NULL, 64, CPMSYNC_LITERALS_SYNC);
    cpmsync_command_begin(&other.text, "NOOP");
    assert_int_equal(cpmsync_session_submit(bench.talk.session, &other), 0);
    assert_int_equal(start(&bench, "a"), 0);
    bench.cancels = true;
    cpmsync_account_stop(bench.account, CPMSYNC_ERR_DEADLINE);
    assert_done(&bench, CPMSYNC_ERR_DEADLINE, "");
    support_talk_client(&bench.talk, "C3 NOOP\r\n");
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r_08_a_refused_list_ends_it),
        cmocka_unit_test(test_y_06_a_refused_status_is_visited),
        cmocka_unit_test(test_r_08_nothing_is_selected_while_status_is_asked),
        cmocka_unit_test(test_stopping_waits_for_what_is_in_flight),
        cmocka_unit_test(test_stopping_the_visits),
        cmocka_unit_test(test_a_first_mailbox_that_cannot_be_fails_alone),
        cmocka_unit_test(test_r_05_a_server_that_does_not_bear_it_is_not_proven),
        cmocka_unit_test(test_r_05_the_window_slides),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
        cmocka_unit_test(test_stopped_again_by_who_hears_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
