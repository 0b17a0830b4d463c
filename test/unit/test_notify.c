/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/chain_talk.h"
#include "sync/notify.h"
#include "wire/response.h"

#define SET                                                                                                            \
    "NOTIFY SET (selected (MessageNew MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge FlagChange "    \
    "MailboxName))\r\n"

/* Mailbox a is stored: UIDVALIDITY 42, 1:2 covered and there, cursor 100. C3 is the next command. */
struct bench {
    struct support_talk talk;
    struct cpmsync_store store;
    struct cpmsync_chain chain;
    struct cpmsync_notify notify;
};

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    (void)ctx, (void)event;
    return 0;
}

static void put_mailbox(struct bench *bench)
{
    struct cpmsync_range covered = {1, 2};
    struct cpmsync_store_mailbox mailbox = {0};
    const struct cpmsync_store_ops *ops = bench->store.ops;

    mailbox.size = sizeof mailbox;
    mailbox.name = (const uint8_t *)"a";
    mailbox.name_len = 1;
    mailbox.uidvalidity = 42;
    mailbox.uidnext = 3;
    mailbox.highestmodseq = 100;
    mailbox.covered = &covered;
    mailbox.covered_count = 1;
    mailbox.messages = 2;
    assert_int_equal(ops->begin(bench->store.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(ops->mailbox_put(bench->store.self, &mailbox), 0);
    assert_int_equal(ops->commit(bench->store.self), 0);
}

static void open_bench(struct bench *bench, const char *capabilities, size_t mailboxes_max)
{
    memset(bench, 0, sizeof *bench);
    support_talk_init(&bench->talk);
    assert_int_equal(cpmsync_store_memory_open(&bench->store, NULL), 0);
    put_mailbox(bench);
    support_chain_open(&bench->chain, &bench->talk, capabilities, &bench->store, bench, on_event);
    cpmsync_notify_init(&bench->notify, &bench->talk.allocator.mem, bench->talk.session, mailboxes_max);
}

static void close_bench(struct bench *bench)
{
    cpmsync_session_free(bench->talk.session);
    bench->talk.session = NULL;
    assert_false(bench->notify.busy);
    cpmsync_notify_clear(&bench->notify);
    cpmsync_store_close(&bench->store);
    support_talk_close(&bench->talk);
}

static void tell(struct bench *bench, const char *line)
{
    struct cpmsync_response response;

    assert_int_equal(cpmsync_response_parse(cpmsync_slice_str(line), false, false, &response), 0);
    cpmsync_notify_data(&bench->notify, &response);
}

/* NOTIFY is set. */
static void open_set(struct bench *bench, size_t mailboxes_max)
{
    open_bench(bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC NOTIFY", mailboxes_max);
    assert_int_equal(cpmsync_notify_set(&bench->notify), 0);
    support_talk_client(&bench->talk, "C3 " SET);
    support_talk_server(&bench->talk, "C3 OK x\r\n");
    assert_int_equal(bench->notify.state, CPMSYNC_NOTIFY_ON);
}

static void test_n_01_n_02_what_is_asked_for(void **state)
{
    struct bench bench;

    (void)state;
    open_set(&bench, 10);
    assert_int_equal(cpmsync_notify_set(&bench.notify), 0); /* it is */
    support_talk_client(&bench.talk, "");
    close_bench(&bench);
}

static void test_a_server_without_notify_is_not_asked(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC", 10);
    assert_int_equal(cpmsync_notify_set(&bench.notify), 0);
    support_talk_client(&bench.talk, "");
    tell(&bench, "* STATUS a (MESSAGES 3)");
    assert_int_equal(bench.notify.told.count, 0);
    close_bench(&bench);
}

static void test_a_refused_notify_is_not_asked_for_again(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ENABLE CONDSTORE QRESYNC NOTIFY", 10);
    assert_int_equal(cpmsync_notify_set(&bench.notify), 0);
    support_talk_client(&bench.talk, "C3 " SET);
    support_talk_server(&bench.talk, "C3 NO [NOTIFICATIONOVERFLOW] x\r\n");
    assert_int_equal(bench.notify.state, CPMSYNC_NOTIFY_REFUSED);
    assert_false(bench.notify.overflow); /* as tagged NO it only refuses (N-08) */
    assert_int_equal(cpmsync_notify_set(&bench.notify), 0);
    support_talk_client(&bench.talk, "");
    close_bench(&bench);
}

static void test_n_07_only_what_differs_is_taken(void **state)
{
    struct bench bench;
    struct cpmsync_roster roster;

    (void)state;
    open_set(&bench, 10);
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, "sel", &roster), 0);
    tell(&bench, "* STATUS a (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 42 HIGHESTMODSEQ 100)");
    tell(&bench, "* STATUS sel (MESSAGES 9 UIDNEXT 10 UIDVALIDITY 1 HIGHESTMODSEQ 7)");
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, "sel", &roster), 0);
    assert_int_equal(bench.notify.told.count, 0);
    tell(&bench, "* STATUS a (UIDVALIDITY 42 HIGHESTMODSEQ 101)");
    tell(&bench, "* LIST () \"/\" new");
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, "sel", &roster), 1);
    assert_int_equal(roster.count, 2);
    assert_int_equal(cpmsync_roster_find(&roster, CPMSYNC_SLICE("a"))->state, CPMSYNC_ROSTER_DIFFERS);
    assert_int_equal(cpmsync_roster_find(&roster, CPMSYNC_SLICE("new"))->state, CPMSYNC_ROSTER_DIFFERS);
    cpmsync_roster_clear(&roster);
    close_bench(&bench);
}

static void test_n_10_n_11_a_stored_mailbox_that_is_gone_or_closed_is_missing(void **state)
{
    struct bench bench;
    struct cpmsync_roster roster;

    (void)state;
    open_set(&bench, 10);
    tell(&bench, "* LIST (\\NonExistent) \"/\" never-cached");
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, NULL, &roster), 0);
    tell(&bench, "* LIST (\\NoAccess) \"/\" a");
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, NULL, &roster), 1);
    assert_int_equal(roster.entries[0].state, CPMSYNC_ROSTER_MISSING);
    cpmsync_roster_clear(&roster);
    close_bench(&bench);
}

static void test_n_08_an_overflow_takes_all_back(void **state)
{
    struct bench bench;
    struct cpmsync_roster roster;

    (void)state;
    open_set(&bench, 10);
    tell(&bench, "* STATUS a (HIGHESTMODSEQ 101)");
    tell(&bench, "* OK [NOTIFICATIONOVERFLOW] x");
    assert_true(bench.notify.overflow);
    assert_int_equal(bench.notify.state, CPMSYNC_NOTIFY_OFF);
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, NULL, &roster), 0);
    assert_int_equal(cpmsync_notify_set(&bench.notify), 0);
    support_talk_client(&bench.talk, "C4 " SET);
    close_bench(&bench);
}

/* More than may be kept is as if all had been told of. */
static void test_more_mailboxes_than_the_limit_are_an_overflow(void **state)
{
    struct bench bench;

    (void)state;
    open_set(&bench, 1);
    tell(&bench, "* STATUS a (HIGHESTMODSEQ 101)");
    tell(&bench, "* STATUS b (HIGHESTMODSEQ 101)");
    assert_false(bench.notify.overflow);
    tell(&bench, "* STATUS c (HIGHESTMODSEQ 101)");
    assert_true(bench.notify.overflow);
    assert_int_equal(bench.notify.told.count, 0);
    close_bench(&bench);
}

/* Deleted and made again, or out of reach for a while. */
static void test_n_11_what_is_told_last_of_a_mailbox_counts(void **state)
{
    struct cpmsync_roster roster;
    struct bench bench;

    (void)state;
    open_set(&bench, 10);
    tell(&bench, "* LIST (\\NonExistent) \"/\" a");
    tell(&bench, "* LIST () \"/\" b");
    tell(&bench, "* LIST () \"/\" a");
    tell(&bench, "* LIST (\\NoAccess) \"/\" b");
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, NULL, &roster), 1);
    assert_int_equal(roster.count, 2);
    assert_int_equal(roster.entries[0].state, CPMSYNC_ROSTER_DIFFERS);
    assert_int_equal(roster.entries[1].state, CPMSYNC_ROSTER_CLOSED);
    cpmsync_roster_clear(&roster);
    close_bench(&bench);
}

/* Else the account would be looked at again and again, without a pause. */
static void test_n_08_a_server_that_only_overflows_is_not_asked_again(void **state)
{
    static const char *const SET_AGAIN[] = {"C4 " SET, "C5 " SET, "C6 " SET, ""};
    static const char *const DONE[] = {"C4 OK x\r\n", "C5 OK x\r\n", "C6 OK x\r\n"};
    struct bench bench;

    (void)state;
    open_set(&bench, 10);
    tell(&bench, "* STATUS a (HIGHESTMODSEQ 101)"); /* it was of use */
    tell(&bench, "* OK [NOTIFICATIONOVERFLOW] x");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(cpmsync_notify_set(&bench.notify), 0);
        support_talk_client(&bench.talk, SET_AGAIN[i]);
        if (i == 3)
            break;
        support_talk_server(&bench.talk, DONE[i]);
        tell(&bench, "* OK [NOTIFICATIONOVERFLOW] x");
        assert_true(bench.notify.overflow);
    }
    close_bench(&bench);
}

static void test_w_07_names_come_as_the_session_spells_them(void **state)
{
    struct cpmsync_roster roster;
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev2 ENABLE CONDSTORE QRESYNC NOTIFY", 10);
    assert_true(cpmsync_session_utf8_names(bench.talk.session));
    assert_int_equal(cpmsync_notify_set(&bench.notify), 0);
    tell(&bench, "* STATUS \"A&-B\" (MESSAGES 3)");
    assert_int_equal(cpmsync_notify_take(&bench.notify, &bench.store, NULL, &roster), 1);
    assert_string_equal(roster.entries[0].key, "A&-B");
    cpmsync_roster_clear(&roster);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_n_01_n_02_what_is_asked_for),
        cmocka_unit_test(test_a_server_without_notify_is_not_asked),
        cmocka_unit_test(test_a_refused_notify_is_not_asked_for_again),
        cmocka_unit_test(test_n_07_only_what_differs_is_taken),
        cmocka_unit_test(test_n_10_n_11_a_stored_mailbox_that_is_gone_or_closed_is_missing),
        cmocka_unit_test(test_n_08_an_overflow_takes_all_back),
        cmocka_unit_test(test_more_mailboxes_than_the_limit_are_an_overflow),
        cmocka_unit_test(test_n_11_what_is_told_last_of_a_mailbox_counts),
        cmocka_unit_test(test_n_08_a_server_that_only_overflows_is_not_asked_again),
        cmocka_unit_test(test_w_07_names_come_as_the_session_spells_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
