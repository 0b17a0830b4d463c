/* SPDX-License-Identifier: MIT */
/* A client with a policy and the mock server, for days: what runs by itself, how often the app is woken, what the cache holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cpmsync/cpmsync.h>
#include <cpmsync/mock.h>
#include <stdio.h>
#include <string.h>

#include "support/mock_link.h"

static const int64_t MINUTE = 60000, HOUR = 3600000, DAY = 86400000;
static const char *const BOXES[] = {"INBOX", "Default/+33600", "Default/42"};
enum { BOX_COUNT = 3 };

struct days {
    struct cpmsync_mock *mock;
    struct support_link link;
    unsigned began, ended, held;
    char last[300]; /* what was told last */
    bool failed;    /* a run did */
};

static void on_sync(void *ctx, const struct cpmsync_event *event)
{
    struct days *days = ctx;
    const char *mailbox = event->mailbox ? event->mailbox : "*";

    days->began += event->sync == CPMSYNC_SYNC_BEGAN;
    days->ended += event->sync == CPMSYNC_SYNC_ENDED;
    days->held += event->sync == CPMSYNC_SYNC_HELD;
    days->failed = days->failed || event->error != 0;
    if (event->sync == CPMSYNC_SYNC_HELD)
        snprintf(days->last, sizeof days->last, "held %u: %d", event->triggers, (int)event->held);
    else
        snprintf(days->last, sizeof days->last, "%s %u: %s", event->sync == CPMSYNC_SYNC_BEGAN ? "began" : "ended",
            event->triggers, mailbox);
}

static void deliver(struct days *days, size_t box)
{
    assert_true(cpmsync_mock_deliver(days->mock, NULL, BOXES[box], NULL, 0, "x", 1) > 0);
}

static void set_policy(struct days *days, struct cpmsync_sync_policy policy)
{
    policy.size = sizeof policy;
    assert_int_equal(cpmsync_client_policy(days->link.client, &policy), 0);
}

static void network(struct days *days, unsigned flags)
{
    assert_int_equal(cpmsync_client_network(days->link.client, flags), 0);
}

static void begin(struct days *days, struct cpmsync_sync_policy policy)
{
    struct cpmsync_mock_config config = {.size = sizeof config};

    memset(days, 0, sizeof *days);
    days->mock = cpmsync_mock_new(&config);
    assert_non_null(days->mock);
    assert_int_equal(cpmsync_mock_user_add(days->mock, "fred", "secret"), 0);
    for (size_t i = 1; i < BOX_COUNT; i++)
        assert_int_equal(cpmsync_mock_mailbox_create(days->mock, NULL, BOXES[i]), 0);
    for (size_t i = 0; i < BOX_COUNT; i++)
        deliver(days, i);
    assert_true(support_link_init(&days->link, days->mock, BOXES, BOX_COUNT));
    days->link.ctx = days;
    days->link.sync = on_sync;
    assert_int_equal(cpmsync_client_new(&days->link.client, &days->link.config), 0);
    set_policy(days, policy);
}

static void end(struct days *days)
{
    support_link_clear(&days->link);
    cpmsync_mock_free(days->mock);
}

static void run_for(struct days *days, int64_t ms)
{
    assert_true(support_link_run(&days->link, days->link.now + ms));
    assert_int_equal(days->began, days->ended);
    assert_false(days->failed);
}

static bool is_current(struct days *days, size_t box)
{
    char why[300];

    return support_link_equals(&days->link, BOXES[box], true, why, sizeof why);
}

static void test_thirty_days_of_a_timer(void **state)
{
    static struct days days;

    (void)state;
    begin(&days, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    network(&days, CPMSYNC_NETWORK_ONLINE);
    run_for(&days, 0);
    assert_int_equal(days.began, 1); /* coming online */
    for (size_t i = 0; i < 720; i++) {
        deliver(&days, i % BOX_COUNT);
        run_for(&days, HOUR);
        assert_int_equal(days.began, i + 2);
        assert_int_equal(days.link.wakes, i + 1); /* an hour, a wake-up, a run */
        for (size_t box = 0; box < BOX_COUNT; box++)
            assert_true(is_current(&days, box));
    }
    assert_int_equal(days.held, 0);
    assert_int_equal(days.link.connects, 1);
    end(&days);
}

static void test_a_push_synchronises_its_mailbox_and_no_other(void **state)
{
    static struct days days;
    struct cpmsync_push_hint hint = {.size = sizeof hint};
    static const char payload[] = "{\"event\":\"MessageNew\",\"uri\":\"imap://fred@h/Default/%2B33600\"}";

    (void)state;
    begin(&days, (struct cpmsync_sync_policy){0});
    network(&days, CPMSYNC_NETWORK_ONLINE);
    run_for(&days, HOUR);
    deliver(&days, 1);
    deliver(&days, 2);
    assert_int_equal(cpmsync_push_parse((const uint8_t *)payload, sizeof payload - 1, &hint), 0);
    assert_int_equal(cpmsync_client_push(days.link.client, &hint), 0);
    run_for(&days, HOUR);
    assert_string_equal(days.last, "ended 8: Default/+33600");
    assert_true(is_current(&days, 1));
    assert_false(is_current(&days, 2));
    assert_int_equal(days.link.wakes, 0);
    end(&days);
}

static void test_n_16_a_push_for_what_is_not_there_synchronises_the_account(void **state)
{
    static struct days days;

    (void)state;
    begin(&days, (struct cpmsync_sync_policy){0});
    assert_int_equal(cpmsync_client_trigger(days.link.client, CPMSYNC_TRIGGER_PUSH, "nowhere"), 0);
    assert_true(support_link_run(&days.link, days.link.now + DAY));
    assert_true(days.failed); /* SELECT was refused, once */
    days.failed = false;
    assert_int_equal(days.began, 2);
    assert_string_equal(days.last, "ended 8: *");
    for (size_t box = 0; box < BOX_COUNT; box++)
        assert_true(is_current(&days, box));
    end(&days);
}

/* Thirty days abroad and at home: metered by day with nobody woken, at once current in the evening. */
static void test_thirty_metered_days(void **state)
{
    static struct days days;

    (void)state;
    begin(&days, (struct cpmsync_sync_policy){.interval_ms = HOUR, .suppress = CPMSYNC_SUPPRESS_METERED});
    network(&days, CPMSYNC_NETWORK_ONLINE);
    run_for(&days, MINUTE);
    for (unsigned day = 0; day < 30; day++) {
        network(&days, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED);
        unsigned began = days.began, wakes = days.link.wakes;
        for (size_t hour = 0; hour < 16; hour++) {
            deliver(&days, hour % BOX_COUNT);
            assert_int_equal(
                cpmsync_client_trigger(days.link.client, CPMSYNC_TRIGGER_PUSH, BOXES[hour % BOX_COUNT]), 0);
            run_for(&days, HOUR);
        }
        assert_int_equal(days.began, began);
        assert_int_equal(days.link.wakes, wakes);
        assert_false(is_current(&days, 0));
        network(&days, CPMSYNC_NETWORK_ONLINE);
        run_for(&days, 0);
        assert_int_equal(days.began, began + 1);
        for (size_t box = 0; box < BOX_COUNT; box++)
            assert_true(is_current(&days, box));
        run_for(&days, 8 * HOUR); /* the timer by night */
        assert_int_equal(days.began, began + 9);
        assert_int_equal(days.link.wakes, wakes + 8);
    }
    end(&days);
}

static void test_a_link_that_breaks_is_tried_again_until_it_holds(void **state)
{
    static struct days days;

    (void)state;
    begin(&days, (struct cpmsync_sync_policy){0});
    for (int64_t cut = 1; cut < 2000; cut += 97) {
        deliver(&days, (size_t)cut % BOX_COUNT);
        support_link_cut(&days.link);
        days.link.cut_in = cut;
        assert_int_equal(cpmsync_client_trigger(days.link.client, CPMSYNC_TRIGGER_PUSH, NULL), 0);
        assert_true(support_link_run(&days.link, days.link.now + HOUR));
        days.link.cut_in = -1;
        for (size_t box = 0; box < BOX_COUNT; box++)
            assert_true(is_current(&days, box));
    }
    assert_true(days.failed);
    assert_true(days.link.wakes >= 5);
    end(&days);
}

static void on_watch_done(
    void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    (void)client;
    (void)operation;
    *(int *)ctx = fault->error;
}

static void test_a_watched_mailbox_and_pushes_for_the_others(void **state)
{
    static struct days days;
    int error = 0;

    (void)state;
    begin(&days, (struct cpmsync_sync_policy){0});
    days.link.may_lag = true; /* what is told live has no HIGHESTMODSEQ */
    network(&days, CPMSYNC_NETWORK_ONLINE);
    assert_true(cpmsync_client_watch(days.link.client, BOXES[0], on_watch_done, &error) > 0);
    for (size_t i = 0; i < 100; i++) {
        size_t other = 1 + i % 2;
        run_for(&days, HOUR);
        deliver(&days, 0);
        deliver(&days, other);
        run_for(&days, MINUTE);
        assert_true(is_current(&days, 0)); /* the server told it */
        assert_false(is_current(&days, other));
        assert_int_equal(cpmsync_client_trigger(days.link.client, CPMSYNC_TRIGGER_PUSH, BOXES[other]), 0);
        run_for(&days, MINUTE);
        assert_true(is_current(&days, other));
    }
    assert_int_equal(days.began, 101);
    assert_int_equal(days.link.connects, 1);
    assert_int_equal(error, 0);
    end(&days);
    assert_int_equal(error, CPMSYNC_ERR_CANCELLED); /* it stood until then */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thirty_days_of_a_timer),
        cmocka_unit_test(test_a_push_synchronises_its_mailbox_and_no_other),
        cmocka_unit_test(test_n_16_a_push_for_what_is_not_there_synchronises_the_account),
        cmocka_unit_test(test_thirty_metered_days),
        cmocka_unit_test(test_a_watched_mailbox_and_pushes_for_the_others),
        cmocka_unit_test(test_a_link_that_breaks_is_tried_again_until_it_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
