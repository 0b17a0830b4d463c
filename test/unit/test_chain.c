/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/chain_talk.h"

/* Mailboxes a, b, c: UIDVALIDITY 42, UIDs 1:2 covered and there, cursor 100. */
struct bench {
    struct support_talk talk;
    struct cpmsync_store store;
    struct cpmsync_chain chain;
    char heard[1024];
};

static void hear(struct bench *bench, const char *text)
{
    size_t len = strlen(bench->heard);

    snprintf(bench->heard + len, sizeof bench->heard - len, "%s|", text);
}

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    char text[64];

    if (event->type == CPMSYNC_EVENT_MESSAGE)
        snprintf(text, sizeof text, "%s %u", event->mailbox, event->uid);
    else if (event->type == CPMSYNC_EVENT_VANISHED)
        snprintf(text, sizeof text, "%s gone %u", event->mailbox, event->ranges[0].first);
    else
        return 0;
    hear(ctx, text);
    return 0;
}

static void on_mailbox(struct support_talk *talk, const struct cpmsync_response *response)
{
    struct bench *bench = (struct bench *)talk; /* its first member */

    cpmsync_chain_data(&bench->chain, response);
}

static void on_visited(void *ctx, const struct cpmsync_err *err, bool unfinished)
{
    char text[64];

    snprintf(text, sizeof text, "%s%s", cpmsync_error_name(err->error), unfinished ? " unfinished" : "");
    hear(ctx, text);
}

static void put_mailbox(struct bench *bench, const char *name)
{
    static const uint32_t uid[] = {1, 2};
    static const uint64_t modseq[] = {50, 60};
    static const uint32_t flagset[] = {0, 0};
    struct cpmsync_range covered = {1, 2};
    struct cpmsync_store_mailbox mailbox = {0};
    const struct cpmsync_store_ops *ops = bench->store.ops;
    const uint8_t *key = (const uint8_t *)name;

    mailbox.size = sizeof mailbox;
    mailbox.name = key;
    mailbox.name_len = strlen(name);
    mailbox.uidvalidity = 42;
    mailbox.uidnext = 3;
    mailbox.highestmodseq = 100;
    mailbox.covered = &covered;
    mailbox.covered_count = 1;
    mailbox.messages = 2;
    assert_int_equal(ops->begin(bench->store.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(ops->mailbox_put(bench->store.self, &mailbox), 0);
    assert_int_equal(ops->rows_put(bench->store.self, key, strlen(name), uid, modseq, flagset, 2), 0);
    assert_int_equal(ops->commit(bench->store.self), 0);
}

static void open_bench(struct bench *bench, const char *capabilities)
{
    memset(bench, 0, sizeof *bench);
    support_talk_init(&bench->talk);
    assert_int_equal(cpmsync_store_memory_open(&bench->store, NULL), 0);
    put_mailbox(bench, "a");
    put_mailbox(bench, "b");
    put_mailbox(bench, "c");
    support_chain_open(&bench->chain, &bench->talk, capabilities, &bench->store, bench, on_event);
    bench->talk.on_mailbox = on_mailbox;
}

static void close_bench(struct bench *bench)
{
    cpmsync_session_free(bench->talk.session);
    bench->talk.session = NULL;
    cpmsync_chain_clear(&bench->chain);
    cpmsync_store_close(&bench->store);
    support_talk_close(&bench->talk);
}

static void heard(struct bench *bench, const char *text)
{
    assert_string_equal(bench->heard, text);
    bench->heard[0] = '\0';
}

/* uidnext is what STATUS said; the mailbox has one message less than that. */
static void visit(struct bench *bench, const char *name, uint32_t uidnext)
{
    struct cpmsync_status_hint hint = {42, uidnext, uidnext - 1};

    assert_int_equal(
        cpmsync_chain_visit(&bench->chain, cpmsync_slice_str(name), &hint, CPMSYNC_VISIT_CHAINED, on_visited, bench),
        0);
}

#define SELECTED "* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 3] x\r\n* OK [HIGHESTMODSEQ 101] x\r\n"
#define SELECT_OF(tag, name) tag " SELECT " name " (QRESYNC (42 100 1:2))\r\n"

/* Everything leaves at once; what is told belongs to the mailbox whose turn it is; nothing new is not asked for (D-20). */
static void test_r4_three_mailboxes_in_one_flight(void **state)
{
    struct bench bench;
    struct cpmsync_batch_counts counts;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT");
    visit(&bench, "a", 3);
    visit(&bench, "b", 4);
    visit(&bench, "c", 3);
    support_talk_client(&bench.talk,
        SELECT_OF("C3", "a") "C4 UNSELECT\r\n" SELECT_OF("C5", "b") "C6 UID FETCH 3 (FLAGS MODSEQ)\r\n"
                                                                    "C7 UNSELECT\r\n" SELECT_OF("C8", "c"));
    support_talk_server(
        &bench.talk, "* 2 EXISTS\r\n" SELECTED "* 1 FETCH (UID 1 FLAGS (x) MODSEQ (101))\r\nC3 OK x\r\n");
    heard(&bench, "a 1|CPMSYNC_OK|");
    support_talk_server(&bench.talk, "* 1 FETCH (UID 2 FLAGS (late) MODSEQ (102))\r\nC4 OK x\r\n");
    support_talk_server(&bench.talk, "* 3 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 4] x\r\n"
                                     "* OK [HIGHESTMODSEQ 101] x\r\n* 3 FETCH (UID 3 FLAGS () MODSEQ (101))\r\n"
                                     "C5 OK x\r\n* 3 FETCH (UID 3 FLAGS () MODSEQ (101))\r\nC6 OK x\r\n");
    heard(&bench, "b 3|b 3|CPMSYNC_OK|");
    support_talk_server(&bench.talk, "C7 OK x\r\n* 1 EXISTS\r\n* VANISHED (EARLIER) 2\r\n" SELECTED "C8 OK x\r\n");
    heard(&bench, "c gone 2|CPMSYNC_OK|");
    cpmsync_chain_counts(&bench.chain, &counts);
    assert_int_equal(counts.added, 1);
    assert_int_equal(counts.flags_changed, 1);
    assert_int_equal(counts.vanished, 1);
    close_bench(&bench);
}

/* A refused SELECT leaves nothing selected, so that UNSELECT is refused too: neither harms the next one. */
static void test_r4_a_refused_select_ends_only_its_own(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT");
    visit(&bench, "a", 3);
    visit(&bench, "b", 3);
    support_talk_client(&bench.talk, SELECT_OF("C3", "a") "C4 UNSELECT\r\n" SELECT_OF("C5", "b"));
    support_talk_server(&bench.talk, "C3 NO x\r\n");
    heard(&bench, "CPMSYNC_ERR_NO_MAILBOX|");
    support_talk_server(&bench.talk,
        "C4 BAD nothing is\r\n* 2 EXISTS\r\n" SELECTED "* 1 FETCH (UID 1 FLAGS (x) MODSEQ (101))\r\nC5 OK x\r\n");
    heard(&bench, "b 1|CPMSYNC_OK|");
    close_bench(&bench);
}

/* P-11, Q-51: without UNSELECT the boundary is [CLOSED]. */
static void test_r4_closed_is_the_boundary_without_unselect(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC");
    assert_true(cpmsync_chain_may_follow(&bench.chain));
    visit(&bench, "a", 3);
    visit(&bench, "b", 3);
    support_talk_client(&bench.talk, SELECT_OF("C3", "a") SELECT_OF("C4", "b"));
    support_talk_server(
        &bench.talk, "* 2 EXISTS\r\n" SELECTED "* 1 FETCH (UID 1 FLAGS (x) MODSEQ (101))\r\nC3 OK x\r\n");
    support_talk_server(&bench.talk,
        "* 1 FETCH (UID 1 FLAGS (still-a) MODSEQ (102))\r\n* OK [CLOSED] x\r\n* 1 EXISTS\r\n"
        "* VANISHED (EARLIER) 1\r\n" SELECTED "C4 OK x\r\n");
    heard(&bench, "a 1|CPMSYNC_OK|b gone 1|CPMSYNC_OK|");
    close_bench(&bench);
}

/* What would have to be asked of a would be asked of b: it ends, keeps its old cursor, and is asked again for itself. */
static void test_r4_what_is_left_of_a_chained_one_waits(void **state)
{
    struct bench bench;
    struct cpmsync_store_mailbox record = {0};

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT");
    visit(&bench, "a", 3);
    visit(&bench, "b", 3);
    support_talk_client(&bench.talk, SELECT_OF("C3", "a") "C4 UNSELECT\r\n" SELECT_OF("C5", "b"));
    support_talk_server(&bench.talk, "* 1 EXISTS\r\n" SELECTED "C3 OK x\r\n");
    heard(&bench, "CPMSYNC_OK unfinished|");
    support_talk_client(&bench.talk, "");
    record.size = sizeof record;
    assert_int_equal(bench.store.ops->mailbox_get(bench.store.self, (const uint8_t *)"a", 1, &record), 0);
    assert_int_equal(record.highestmodseq, 100);
    support_talk_server(&bench.talk, "C4 OK x\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 3] x\r\n"
                                     "* OK [HIGHESTMODSEQ 100] x\r\nC5 OK x\r\n");
    heard(&bench, "CPMSYNC_OK|");
    assert_int_equal(cpmsync_chain_visit(&bench.chain, cpmsync_slice_str("a"), NULL, 0, on_visited, &bench), 0);
    support_talk_client(&bench.talk, "C6 UNSELECT\r\n" SELECT_OF("C7", "a") "C8 UID FETCH 3:202 (FLAGS MODSEQ)\r\n");
    support_talk_server(&bench.talk, "C6 OK x\r\n* 1 EXISTS\r\n" SELECTED "C7 OK x\r\nC8 OK x\r\n");
    support_talk_client(&bench.talk, "C9 UID FETCH 1:4294967295 (FLAGS MODSEQ)\r\n");
    close_bench(&bench);
    heard(&bench, "CPMSYNC_ERR_OUTCOME_UNKNOWN|");
}

/* A server that answers for b while a is not answered has lost the order that says what its data are about. */
static void test_r4_an_answer_out_of_turn_ends_all(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT");
    visit(&bench, "a", 3);
    visit(&bench, "b", 3);
    support_talk_client(&bench.talk, SELECT_OF("C3", "a") "C4 UNSELECT\r\n" SELECT_OF("C5", "b"));
    support_talk_server(
        &bench.talk, "C4 OK x\r\n* 2 EXISTS\r\n" SELECTED "* 1 FETCH (UID 1 FLAGS (x) MODSEQ (101))\r\n");
    heard(&bench, "");
    support_talk_server(&bench.talk, "C3 OK x\r\nC5 OK x\r\n");
    heard(&bench, "CPMSYNC_ERR_PROTOCOL|CPMSYNC_ERR_PROTOCOL|");
    close_bench(&bench);
}

static void test_stopping_ends_all_and_sends_nothing_more(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT");
    visit(&bench, "a", 3);
    support_talk_client(&bench.talk, SELECT_OF("C3", "a"));
    visit(&bench, "b", 3);
    cpmsync_chain_stop(&bench.chain, CPMSYNC_ERR_CANCELLED);
    support_talk_client(&bench.talk, "C4 UNSELECT\r\n" SELECT_OF("C5", "b"));
    support_talk_server(&bench.talk, "C3 OK x\r\nC4 OK x\r\nC5 OK x\r\n");
    heard(&bench, "CPMSYNC_ERR_CANCELLED|CPMSYNC_ERR_CANCELLED|");
    close_bench(&bench);
}

static void test_nothing_is_left_when_memory_fails(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 200; n++) {
        struct bench bench;
        int error;

        open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC UNSELECT");
        support_allocator_fail_at(&bench.talk.allocator, n);
        error =
            cpmsync_chain_visit(&bench.chain, cpmsync_slice_str("a"), NULL, CPMSYNC_VISIT_CHAINED, on_visited, &bench);
        bool tried = bench.talk.allocator.failures != 0;
        close_bench(&bench);
        if (!error && !tried)
            return;
        assert_true(error == 0 || error == CPMSYNC_ERR_NOMEM);
    }
    fail_msg("memory never sufficed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r4_three_mailboxes_in_one_flight),
        cmocka_unit_test(test_r4_a_refused_select_ends_only_its_own),
        cmocka_unit_test(test_r4_closed_is_the_boundary_without_unselect),
        cmocka_unit_test(test_r4_what_is_left_of_a_chained_one_waits),
        cmocka_unit_test(test_r4_an_answer_out_of_turn_ends_all),
        cmocka_unit_test(test_stopping_ends_all_and_sends_nothing_more),
        cmocka_unit_test(test_nothing_is_left_when_memory_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
