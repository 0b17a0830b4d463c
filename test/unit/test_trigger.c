/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sync/trigger.h"

static const int64_t SECOND = 1000, MINUTE = 60000, HOUR = 3600000, DAY = 86400000;

/* ---- a handset: its clock, its loop, the runs it made */

enum { RUNS_MAX = 20000 };

struct handset {
    struct cpmsync_trigger trigger;
    int64_t now;
    int64_t run_ms;   /* how long a run takes */
    int64_t run_ends; /* CPMSYNC_NEVER: none runs */
    int error;        /* of the next runs */
    size_t wakes;     /* the loop woke because of trigger_next */
    size_t held;      /* told */
    size_t runs;
    int64_t began[RUNS_MAX];
    unsigned triggers[RUNS_MAX];
    bool all;     /* the last run */
    char what[8]; /* likewise */
    struct cpmsync_trigger_decision last;
};

static void set_policy(struct handset *handset, struct cpmsync_sync_policy policy)
{
    policy.size = sizeof policy;
    assert_int_equal(cpmsync_trigger_policy(&handset->trigger, &policy), 0);
}

static void start(struct handset *handset, struct cpmsync_sync_policy policy)
{
    memset(handset, 0, sizeof *handset);
    cpmsync_trigger_init(&handset->trigger);
    handset->now = DAY;
    handset->run_ms = 1;
    handset->run_ends = CPMSYNC_NEVER;
    set_policy(handset, policy);
}

/* What a step does. */
static void step(struct handset *handset)
{
    if (handset->now >= handset->run_ends) {
        handset->run_ends = CPMSYNC_NEVER;
        cpmsync_trigger_ended(&handset->trigger, handset->error);
    }
    cpmsync_trigger_decide(&handset->trigger, handset->now, &handset->last);
    assert_false(cpmsync_trigger_waiting(&handset->trigger));
    handset->held += handset->last.tell;
    if (!handset->last.due)
        return;
    const struct cpmsync_trigger_want *want = cpmsync_trigger_began(&handset->trigger);
    assert_true(handset->runs < RUNS_MAX);
    assert_true(handset->run_ends == CPMSYNC_NEVER); /* one at a time */
    assert_true(want->triggers != 0 && (want->all || want->mailbox[0]));
    handset->began[handset->runs] = handset->now;
    handset->triggers[handset->runs++] = want->triggers;
    handset->all = want->all;
    assert_true(strlen(want->mailbox) < sizeof handset->what);
    strcpy(handset->what, want->mailbox);
    handset->run_ends = handset->now + handset->run_ms;
}

/* Sleeps until then, woken as is asked for. */
static void sleep_until(struct handset *handset, int64_t until)
{
    for (;;) {
        int64_t next = cpmsync_trigger_next(&handset->trigger);
        int64_t at = next < handset->run_ends ? next : handset->run_ends;
        if (at > until)
            break;
        handset->wakes += next <= handset->run_ends && next > handset->now;
        handset->now = at > handset->now ? at : handset->now;
        step(handset);
    }
    handset->now = until;
}

static void arrive(struct handset *handset, enum cpmsync_trigger_kind kind, const char *mailbox)
{
    assert_true(cpmsync_trigger_arrive(&handset->trigger, kind, cpmsync_slice_str(mailbox)));
    step(handset);
}

static void network(struct handset *handset, unsigned flags)
{
    assert_int_equal(cpmsync_trigger_network(&handset->trigger, flags), 0);
    if (cpmsync_trigger_waiting(&handset->trigger))
        step(handset);
}

/* ---- thirty days */

static void test_thirty_days_of_a_timer_wake_as_often_as_the_policy_says(void **state)
{
    static struct handset handset;
    size_t expected = 1 + (size_t)((30 * DAY - HOUR) / (HOUR + 5 * SECOND));

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    handset.run_ms = 5 * SECOND;
    step(&handset);
    sleep_until(&handset, handset.now + 30 * DAY);
    assert_int_equal(handset.runs, expected);
    assert_int_equal(handset.wakes, expected);
    assert_int_equal(handset.held, 0);
    assert_true(handset.all);
    for (size_t i = 0; i < handset.runs; i++) {
        assert_int_equal(handset.triggers[i], CPMSYNC_TRIGGER_TIMER);
        assert_true(handset.began[i] == DAY + HOUR + (int64_t)i * (HOUR + 5 * SECOND));
    }
}

static void test_thirty_suppressed_days_wake_nobody_and_fire_once_at_their_end(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR, .suppress = CPMSYNC_SUPPRESS_ALL});
    step(&handset);
    for (int i = 0; i < 720; i++) {
        sleep_until(&handset, handset.now + HOUR);
        arrive(&handset, CPMSYNC_TRIGGER_PUSH, "INBOX");
        arrive(&handset, CPMSYNC_TRIGGER_LOCAL, "");
    }
    assert_int_equal(handset.runs, 0);
    assert_int_equal(handset.wakes, 0);
    assert_int_equal(handset.last.held, CPMSYNC_HELD_POLICY);
    assert_true(cpmsync_trigger_next(&handset.trigger) == CPMSYNC_NEVER);
    set_policy(&handset, (struct cpmsync_sync_policy){0});
    step(&handset);
    assert_int_equal(handset.runs, 1);
    assert_int_equal(handset.triggers[0], CPMSYNC_TRIGGER_TIMER | CPMSYNC_TRIGGER_PUSH | CPMSYNC_TRIGGER_LOCAL);
    sleep_until(&handset, handset.now + 30 * DAY);
    assert_int_equal(handset.runs, 1);
    assert_int_equal(handset.wakes, 0);
}

/* By day the network is metered, by night it is not: eight hours, a run each quarter of an hour, in all of which is a push. */
static void test_thirty_days_of_metered_days_and_nights_at_home(void **state)
{
    static struct handset handset;
    const size_t a_night = 32;

    (void)state;
    start(
        &handset, (struct cpmsync_sync_policy){
                      .distance_ms = 15 * MINUTE, .suppress = CPMSYNC_SUPPRESS_METERED, .off = CPMSYNC_TRIGGER_ONLINE});
    handset.run_ms = SECOND;
    network(&handset, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED);
    for (size_t day = 0; day < 30; day++) {
        for (int tens = 0; tens < 144; tens++) {
            size_t before = handset.runs;
            if (tens == 16 * 6) { /* the day begins at six */
                network(&handset, CPMSYNC_NETWORK_ONLINE);
                assert_int_equal(handset.runs, before + 1); /* at once */
                assert_true(handset.began[before] == handset.now);
            }
            arrive(&handset, CPMSYNC_TRIGGER_PUSH, "INBOX");
            sleep_until(&handset, handset.now + 10 * MINUTE);
        }
        network(&handset, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED);
        assert_int_equal(handset.runs, (day + 1) * a_night);
        assert_int_equal(handset.wakes, (day + 1) * (a_night - 1)); /* the network's change woke for the first */
        assert_string_equal(handset.what, "INBOX");
        assert_false(handset.all);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Something happens about every twenty minutes. */
static void happen(struct handset *handset, uint32_t *seed)
{
    static const unsigned networks[] = {0, CPMSYNC_NETWORK_ONLINE, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED,
        CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_ROAMING};
    static const int errors[] = {0, 0, 0, CPMSYNC_ERR_CLOSED, CPMSYNC_ERR_PERMISSION, CPMSYNC_ERR_NO_MAILBOX,
        CPMSYNC_ERR_TLS_CERT, CPMSYNC_ERR_AUTH};
    uint32_t what = next_random(seed) % 16;

    if (what < 4)
        network(handset, networks[what]);
    else if (what < 9)
        arrive(handset, (enum cpmsync_trigger_kind)(1 << (what - 4)), next_random(seed) % 2 ? "a" : "");
    else if (what < 12)
        arrive(handset, CPMSYNC_TRIGGER_PUSH, what == 9 ? "a" : "b");
    else
        handset->error = errors[next_random(seed) % 8];
}

/* Woken only when it asks for it, a handset makes the runs it would make if it looked every second. */
static void test_thirty_days_of_anything_need_no_other_wakes(void **state)
{
    static struct handset sleeper, watcher;
    struct cpmsync_sync_policy policy = {
        .interval_ms = 2 * HOUR, .online_distance_ms = 2 * MINUTE, .suppress = CPMSYNC_SUPPRESS_ROAMING};
    uint32_t seed = 7, same;

    (void)state;
    start(&sleeper, policy);
    start(&watcher, policy);
    sleeper.run_ms = watcher.run_ms = 7 * SECOND;
    step(&sleeper);
    step(&watcher);
    while (sleeper.now < 31 * DAY) {
        int64_t until = sleeper.now + (1 + next_random(&seed) % 2400) * SECOND;
        sleep_until(&sleeper, until);
        for (; watcher.now < until; watcher.now += SECOND)
            step(&watcher);
        same = seed;
        happen(&sleeper, &seed);
        step(&watcher); /* what is due by now came first */
        happen(&watcher, &same);
        assert_int_equal(sleeper.runs, watcher.runs);
    }
    assert_true(sleeper.runs > 500);
    assert_memory_equal(sleeper.began, watcher.began, sleeper.runs * sizeof sleeper.began[0]);
    assert_memory_equal(sleeper.triggers, watcher.triggers, sleeper.runs * sizeof sleeper.triggers[0]);
    assert_true(sleeper.wakes <= 2 * sleeper.runs);
}

/* ---- what starts a run */

static void test_without_a_policy_nothing_is_taken(void **state)
{
    struct cpmsync_trigger trigger;
    struct cpmsync_trigger_decision decision;

    (void)state;
    cpmsync_trigger_init(&trigger);
    assert_false(cpmsync_trigger_arrive(&trigger, CPMSYNC_TRIGGER_USER, CPMSYNC_SLICE("")));
    assert_int_equal(cpmsync_trigger_network(&trigger, CPMSYNC_NETWORK_ONLINE), 0);
    assert_false(cpmsync_trigger_waiting(&trigger));
    assert_true(cpmsync_trigger_next(&trigger) == CPMSYNC_NEVER);
    cpmsync_trigger_decide(&trigger, 5, &decision);
    assert_false(decision.due || decision.tell);
}

static void test_wrong_policies_and_networks_are_refused(void **state)
{
    static struct handset handset;
    struct cpmsync_sync_policy policy = {.size = sizeof policy};

    (void)state;
    start(&handset, policy);
#define REFUSED(member, value)                                                                                         \
    do {                                                                                                               \
        struct cpmsync_sync_policy wrong = policy;                                                                     \
        wrong.member = value;                                                                                          \
        assert_int_equal(cpmsync_trigger_policy(&handset.trigger, &wrong), CPMSYNC_ERR_INVALID_ARGUMENT);              \
    } while (0)
    REFUSED(interval_ms, -2);
    REFUSED(distance_ms, -2);
    REFUSED(online_distance_ms, INT64_MIN);
    REFUSED(suppress, 8);
    REFUSED(off, CPMSYNC_TRIGGER_USER);
    REFUSED(off, 32);
#undef REFUSED
    assert_int_equal(cpmsync_trigger_network(&handset.trigger, 8), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_trigger_network(&handset.trigger, CPMSYNC_NETWORK_ROAMING), CPMSYNC_ERR_INVALID_ARGUMENT);
    step(&handset);
    assert_int_equal(handset.runs, 0);
}

static void test_n_15_coming_online_synchronises(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.distance_ms = CPMSYNC_OFF});
    network(&handset, CPMSYNC_NETWORK_ONLINE); /* told for the first time */
    assert_int_equal(handset.runs, 1);
    assert_int_equal(handset.triggers[0], CPMSYNC_TRIGGER_ONLINE);
    sleep_until(&handset, handset.now + HOUR);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    network(&handset, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED); /* another network */
    network(&handset, 0);
    assert_int_equal(handset.runs, 1);
    network(&handset, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_ROAMING);
    assert_int_equal(handset.runs, 2);
}

static void test_what_waits_together_is_one_run(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    network(&handset, 0);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    arrive(&handset, CPMSYNC_TRIGGER_LOCAL, "a");
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, 1); /* of the account, since it came online; "a" first */
    assert_true(handset.all);
    assert_string_equal(handset.what, "a");
    sleep_until(&handset, handset.now + HOUR);
    network(&handset, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED);
    set_policy(&handset, (struct cpmsync_sync_policy){.suppress = CPMSYNC_SUPPRESS_METERED});
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    arrive(&handset, CPMSYNC_TRIGGER_LOCAL, "a");
    assert_int_equal(handset.runs, 1);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, 2);
    assert_false(handset.all);
    assert_string_equal(handset.what, "a");
    assert_int_equal(handset.triggers[1], CPMSYNC_TRIGGER_PUSH | CPMSYNC_TRIGGER_LOCAL);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "b");
    sleep_until(&handset, handset.now + HOUR);
    assert_int_equal(handset.runs, 3);
    assert_true(handset.all);
}

static void test_a_name_that_is_too_long_is_the_account(void **state)
{
    static struct handset handset;
    char name[CPMSYNC_TRIGGER_NAME_MAX + 1];

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    memset(name, 'x', sizeof name);
    assert_true(cpmsync_trigger_arrive(
        &handset.trigger, CPMSYNC_TRIGGER_PUSH, cpmsync_slice_of(name, CPMSYNC_TRIGGER_NAME_MAX - 1)));
    assert_false(handset.trigger.fresh.all);
    assert_int_equal(strlen(handset.trigger.fresh.mailbox), CPMSYNC_TRIGGER_NAME_MAX - 1);
    assert_true(cpmsync_trigger_arrive(
        &handset.trigger, CPMSYNC_TRIGGER_PUSH, cpmsync_slice_of(name, CPMSYNC_TRIGGER_NAME_MAX)));
    assert_true(handset.trigger.fresh.all);
}

static void test_triggers_during_a_run_are_one_run_behind_it(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.distance_ms = CPMSYNC_OFF});
    handset.run_ms = MINUTE;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    for (int i = 0; i < 10; i++) {
        sleep_until(&handset, handset.now + SECOND);
        arrive(&handset, CPMSYNC_TRIGGER_PUSH, "b");
        arrive(&handset, CPMSYNC_TRIGGER_USER, "b");
    }
    assert_int_equal(handset.runs, 1);
    sleep_until(&handset, handset.now + HOUR);
    assert_int_equal(handset.runs, 2);
    assert_string_equal(handset.what, "b");
    assert_true(handset.began[1] == handset.began[0] + MINUTE);
}

static void test_a_trigger_that_is_off_is_ignored(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset,
        (struct cpmsync_sync_policy){.interval_ms = HOUR, .off = CPMSYNC_TRIGGER_PUSH | CPMSYNC_TRIGGER_TIMER});
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, 0);
    arrive(&handset, CPMSYNC_TRIGGER_LOCAL, "a");
    assert_int_equal(handset.runs, 1);
    arrive(&handset, CPMSYNC_TRIGGER_LOCAL, "a"); /* waits, and is no more wanted */
    set_policy(&handset, (struct cpmsync_sync_policy){.off = CPMSYNC_TRIGGER_LOCAL});
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, 1);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    assert_int_equal(handset.runs, 2);
}

static void test_a_timer_of_the_apps_own(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = CPMSYNC_OFF});
    step(&handset);
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, 0);
    arrive(&handset, CPMSYNC_TRIGGER_TIMER, "");
    assert_int_equal(handset.runs, 1);
}

static void test_a_run_of_the_account_begins_the_timer_anew(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    step(&handset);
    sleep_until(&handset, DAY + 50 * MINUTE);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "");
    sleep_until(&handset, DAY + 100 * MINUTE);
    assert_int_equal(handset.runs, 1);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a"); /* one of a mailbox does not */
    sleep_until(&handset, DAY + 111 * MINUTE);
    assert_int_equal(handset.runs, 3);
    assert_true(handset.began[2] == handset.began[0] + handset.run_ms + HOUR);
}

/* ---- what holds it back */

static void test_runs_keep_a_distance(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    handset.run_ms = SECOND;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    assert_int_equal(handset.runs, 1);
    sleep_until(&handset, handset.now + 2 * SECOND);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    assert_int_equal(handset.last.held, CPMSYNC_HELD_DISTANCE);
    assert_true(handset.last.tell);
    assert_int_equal(handset.last.until, DAY + SECOND + CPMSYNC_TRIGGER_DISTANCE_MS);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    assert_false(handset.last.tell); /* once */
    arrive(&handset, CPMSYNC_TRIGGER_LOCAL, "a");
    assert_true(handset.last.tell);
    sleep_until(&handset, handset.now + HOUR);
    assert_int_equal(handset.runs, 2);
    assert_int_equal(handset.wakes, 1);
    assert_true(handset.began[1] == DAY + SECOND + CPMSYNC_TRIGGER_DISTANCE_MS);
}

static void test_coming_online_has_a_distance_of_its_own(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.online_distance_ms = 10 * MINUTE});
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    sleep_until(&handset, DAY + MINUTE);
    network(&handset, 0);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, 1);
    assert_int_equal(handset.last.until, DAY + 10 * MINUTE + 1);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a"); /* has the usual one, and takes the other along */
    assert_int_equal(handset.runs, 2);
    assert_int_equal(handset.triggers[1], CPMSYNC_TRIGGER_PUSH | CPMSYNC_TRIGGER_ONLINE);
    set_policy(&handset, (struct cpmsync_sync_policy){.online_distance_ms = CPMSYNC_OFF});
    sleep_until(&handset, handset.now + 2);
    network(&handset, 0);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, 3);
}

static void test_each_reason_holds_back_and_is_told(void **state)
{
    static const struct {
        unsigned suppress, network;
        enum cpmsync_held held;
    } cases[] = {{0, 0, CPMSYNC_HELD_OFFLINE}, {CPMSYNC_SUPPRESS_ALL, CPMSYNC_NETWORK_ONLINE, CPMSYNC_HELD_POLICY},
        {CPMSYNC_SUPPRESS_METERED | CPMSYNC_SUPPRESS_ROAMING, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED,
            CPMSYNC_HELD_METERED},
        {CPMSYNC_SUPPRESS_METERED | CPMSYNC_SUPPRESS_ROAMING, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_ROAMING,
            CPMSYNC_HELD_ROAMING},
        {CPMSYNC_SUPPRESS_METERED, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_ROAMING, CPMSYNC_HELD_NOT},
        {CPMSYNC_SUPPRESS_ROAMING, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED, CPMSYNC_HELD_NOT}};
    static struct handset handset;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(&handset, (struct cpmsync_sync_policy){
                            .suppress = cases[i].suppress, .off = CPMSYNC_TRIGGER_ONLINE, .distance_ms = CPMSYNC_OFF});
        network(&handset, cases[i].network);
        assert_int_equal(handset.held, 0); /* nothing waits */
        arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
        assert_int_equal(handset.last.held, cases[i].held);
        assert_int_equal(handset.runs, cases[i].held == CPMSYNC_HELD_NOT);
        assert_int_equal(handset.held, cases[i].held != CPMSYNC_HELD_NOT);
        assert_true(handset.last.until == CPMSYNC_NEVER);
        arrive(&handset, CPMSYNC_TRIGGER_USER, "b"); /* never held back; takes nothing along that is */
        assert_int_equal(
            handset.triggers[0], cases[i].held == CPMSYNC_HELD_NOT ? CPMSYNC_TRIGGER_PUSH : CPMSYNC_TRIGGER_USER);
        assert_int_equal(handset.runs, 1);
        sleep_until(&handset, handset.now + HOUR);
        assert_int_equal(handset.runs, cases[i].held == CPMSYNC_HELD_NOT ? 2 : 1);
        assert_int_equal(handset.wakes, 0);
        assert_string_equal(handset.what, "b");
        if (cases[i].held == CPMSYNC_HELD_NOT)
            continue;
        assert_int_equal(handset.held, 2); /* again behind the run */
        set_policy(&handset, (struct cpmsync_sync_policy){.off = CPMSYNC_TRIGGER_ONLINE});
        network(&handset, CPMSYNC_NETWORK_ONLINE);
        step(&handset);
        assert_int_equal(handset.runs, 2);
        assert_string_equal(handset.what, "a");
    }
}

static void test_the_user_does_not_wait_for_the_distance(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.distance_ms = HOUR});
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + SECOND);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    assert_int_equal(handset.runs, 1);
    arrive(&handset, CPMSYNC_TRIGGER_USER, "b");
    assert_int_equal(handset.runs, 2); /* and takes along what does */
    assert_true(handset.all);
    sleep_until(&handset, handset.now + SECOND);
    for (int i = 0; i < 5; i++) {
        arrive(&handset, CPMSYNC_TRIGGER_USER, "b");
        sleep_until(&handset, handset.now + SECOND);
    }
    assert_int_equal(handset.runs, 7);
}

/* ---- runs that fail */

static void test_what_failed_is_repeated_with_growing_pauses(void **state)
{
    static const int64_t pauses[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    handset.error = CPMSYNC_ERR_CONNECT;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + 5 * HOUR);
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++)
        assert_true(handset.began[i + 1] == handset.began[i] + handset.run_ms + pauses[i] * SECOND);
    assert_int_equal(handset.wakes, handset.runs - 1);
    assert_string_equal(handset.what, "a");
    assert_false(handset.all);
    handset.error = 0;
    sleep_until(&handset, handset.now + DAY);
    size_t runs = handset.runs;
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, runs);
    handset.error = CPMSYNC_ERR_CONNECT; /* from the beginning */
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + MINUTE);
    assert_int_equal(handset.runs, runs + 2);
}

static void test_new_triggers_and_the_network_do_not_wait_for_a_pause(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    sleep_until(&handset, handset.now + HOUR);
    handset.error = CPMSYNC_ERR_TIMEOUT;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + 2 * HOUR);
    size_t runs = handset.runs;
    sleep_until(&handset, handset.began[runs - 1] + 10 * MINUTE);
    assert_int_equal(handset.runs, runs);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "b");
    assert_int_equal(handset.runs, runs + 1);
    assert_true(handset.all);
    sleep_until(&handset, handset.now + 10 * MINUTE);
    network(&handset, 0);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, runs + 2);
    sleep_until(&handset, handset.now + MINUTE); /* the first pause again */
    assert_int_equal(handset.runs, runs + 3);
}

static void test_the_network_ends_a_pause_even_if_coming_online_is_no_trigger(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.off = CPMSYNC_TRIGGER_ONLINE});
    handset.error = CPMSYNC_ERR_CONNECT;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + 2 * HOUR);
    size_t runs = handset.runs;
    sleep_until(&handset, handset.began[runs - 1] + 10 * MINUTE);
    network(&handset, 0);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, runs + 1);
    assert_string_equal(handset.what, "a");
    network(&handset, 0);
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, runs + 1);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, runs + 2);
}

static void test_the_timer_does_not_shorten_the_pauses(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = 2 * MINUTE});
    handset.error = CPMSYNC_ERR_CONNECT;
    step(&handset);
    sleep_until(&handset, handset.now + DAY);
    assert_in_range(handset.runs, 25, 35); /* one an hour */
    handset.error = 0;
    sleep_until(&handset, handset.now + HOUR);
    size_t runs = handset.runs;
    sleep_until(&handset, handset.now + HOUR);
    assert_in_range(handset.runs - runs, 29, 30);
}

static void test_what_cannot_be_helped_is_not_repeated(void **state)
{
    static const int errors[] = {CPMSYNC_ERR_ABORTED, CPMSYNC_ERR_STORE_FULL, CPMSYNC_ERR_PERMISSION,
        CPMSYNC_ERR_CANCELLED, CPMSYNC_ERR_BAD, CPMSYNC_ERR_LIMIT};
    static struct handset handset;

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        start(&handset, (struct cpmsync_sync_policy){0});
        handset.error = errors[i];
        arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
        sleep_until(&handset, handset.now + DAY);
        assert_int_equal(handset.runs, 1);
        arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
        assert_int_equal(handset.runs, 2);
    }
}

static void test_the_users_own_run_is_not_repeated(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    handset.error = CPMSYNC_ERR_CONNECT;
    arrive(&handset, CPMSYNC_TRIGGER_USER, "a");
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, 1);
    handset.error = CPMSYNC_ERR_NO_MAILBOX;
    arrive(&handset, CPMSYNC_TRIGGER_USER, "a");
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, 2);
}

static void test_pf_140_a_refused_login_is_not_tried_again(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    handset.error = CPMSYNC_ERR_AUTH;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + DAY);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "b");
    network(&handset, 0);
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    assert_int_equal(handset.runs, 1);
    assert_int_equal(handset.last.held, CPMSYNC_HELD_REFUSED);
    assert_int_equal(handset.wakes, 0);
    handset.error = 0;
    arrive(&handset, CPMSYNC_TRIGGER_USER, "");
    assert_int_equal(handset.runs, 2); /* takes along what waited */
    assert_int_equal(handset.triggers[1] & CPMSYNC_TRIGGER_PUSH, CPMSYNC_TRIGGER_PUSH);
    sleep_until(&handset, handset.now + 2 * HOUR);
    assert_int_equal(handset.runs, 3);
    handset.error = CPMSYNC_ERR_AUTH;
    sleep_until(&handset, handset.now + 2 * HOUR);
    assert_int_equal(handset.runs, 4);
    set_policy(&handset, (struct cpmsync_sync_policy){0}); /* the app has a new password */
    step(&handset);
    assert_int_equal(handset.runs, 5);
}

static void test_a_server_that_cannot_be_trusted_may_be_another_networks(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    network(&handset, CPMSYNC_NETWORK_ONLINE);
    sleep_until(&handset, handset.now + HOUR);
    handset.error = CPMSYNC_ERR_TLS_CERT;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, 2);
    assert_int_equal(handset.last.held, CPMSYNC_HELD_REFUSED);
    network(&handset, CPMSYNC_NETWORK_ONLINE); /* no change */
    assert_int_equal(handset.runs, 2);
    network(&handset, CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED);
    assert_int_equal(handset.runs, 3);
}

static void test_n_16_a_mailbox_that_is_not_there_is_a_run_of_the_account(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){0});
    handset.error = CPMSYNC_ERR_NO_MAILBOX;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "no");
    assert_false(handset.all);
    sleep_until(&handset, handset.now + DAY);
    assert_int_equal(handset.runs, 2); /* and no more, though it ended alike */
    assert_true(handset.all);
    assert_string_equal(handset.what, "");
}

/* ---- policies that change, clocks that jump */

static void test_a_policy_that_is_taken_away_forgets_what_waits(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    handset.run_ms = MINUTE;
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    arrive(&handset, CPMSYNC_TRIGGER_USER, "b");
    assert_int_equal(cpmsync_trigger_policy(&handset.trigger, NULL), 0);
    assert_true(cpmsync_trigger_next(&handset.trigger) == CPMSYNC_NEVER);
    sleep_until(&handset, handset.now + DAY); /* the run ends meanwhile */
    assert_int_equal(handset.runs, 1);
    set_policy(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    int64_t set = handset.now;
    sleep_until(&handset, handset.now + DAY / 2);
    assert_in_range(handset.runs, 2, 13);
    assert_true(handset.began[1] == set + HOUR);
}

static void test_a_clock_that_goes_back_keeps_what_has_passed(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    step(&handset);
    sleep_until(&handset, DAY + 40 * MINUTE);
    step(&handset);
    handset.now = MINUTE; /* nearly a day back */
    step(&handset);
    assert_true(cpmsync_trigger_next(&handset.trigger) == 21 * MINUTE);
    sleep_until(&handset, 21 * MINUTE);
    assert_int_equal(handset.runs, 1);
    sleep_until(&handset, handset.now + 10 * SECOND);
    arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
    assert_int_equal(handset.runs, 1);
    handset.now = -HOUR;
    step(&handset);
    sleep_until(&handset, handset.now + 21 * SECOND);
    assert_int_equal(handset.runs, 2); /* ten of thirty seconds had passed */
}

static void test_a_clock_that_goes_forward_is_one_run(void **state)
{
    static struct handset handset;

    (void)state;
    start(&handset, (struct cpmsync_sync_policy){.interval_ms = HOUR});
    step(&handset);
    handset.now += 365 * DAY;
    step(&handset);
    assert_int_equal(handset.runs, 1);
    sleep_until(&handset, handset.now + HOUR);
    assert_int_equal(handset.runs, 1);
    sleep_until(&handset, handset.now + MINUTE);
    assert_int_equal(handset.runs, 2);
}

static void test_times_do_not_wrap(void **state)
{
    static struct handset handset;
    const int64_t clocks[] = {INT64_MIN, -1, 0, INT64_MAX - 1, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        start(&handset, (struct cpmsync_sync_policy){
                            .interval_ms = INT64_MAX - 1, .distance_ms = INT64_MAX, .online_distance_ms = INT64_MAX});
        handset.now = clocks[i];
        handset.run_ms = 0;
        handset.error = CPMSYNC_ERR_CONNECT;
        arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
        step(&handset);
        arrive(&handset, CPMSYNC_TRIGGER_PUSH, "a");
        int64_t next = cpmsync_trigger_next(&handset.trigger);
        assert_true(next > handset.now || handset.now == INT64_MAX);
        for (size_t j = 0; j < sizeof clocks / sizeof clocks[0]; j++) {
            handset.now = clocks[j];
            step(&handset);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thirty_days_of_a_timer_wake_as_often_as_the_policy_says),
        cmocka_unit_test(test_thirty_suppressed_days_wake_nobody_and_fire_once_at_their_end),
        cmocka_unit_test(test_thirty_days_of_metered_days_and_nights_at_home),
        cmocka_unit_test(test_thirty_days_of_anything_need_no_other_wakes),
        cmocka_unit_test(test_without_a_policy_nothing_is_taken),
        cmocka_unit_test(test_wrong_policies_and_networks_are_refused),
        cmocka_unit_test(test_n_15_coming_online_synchronises),
        cmocka_unit_test(test_what_waits_together_is_one_run),
        cmocka_unit_test(test_a_name_that_is_too_long_is_the_account),
        cmocka_unit_test(test_triggers_during_a_run_are_one_run_behind_it),
        cmocka_unit_test(test_a_trigger_that_is_off_is_ignored),
        cmocka_unit_test(test_a_timer_of_the_apps_own),
        cmocka_unit_test(test_a_run_of_the_account_begins_the_timer_anew),
        cmocka_unit_test(test_runs_keep_a_distance),
        cmocka_unit_test(test_coming_online_has_a_distance_of_its_own),
        cmocka_unit_test(test_each_reason_holds_back_and_is_told),
        cmocka_unit_test(test_the_user_does_not_wait_for_the_distance),
        cmocka_unit_test(test_what_failed_is_repeated_with_growing_pauses),
        cmocka_unit_test(test_new_triggers_and_the_network_do_not_wait_for_a_pause),
        cmocka_unit_test(test_the_network_ends_a_pause_even_if_coming_online_is_no_trigger),
        cmocka_unit_test(test_the_timer_does_not_shorten_the_pauses),
        cmocka_unit_test(test_what_cannot_be_helped_is_not_repeated),
        cmocka_unit_test(test_the_users_own_run_is_not_repeated),
        cmocka_unit_test(test_pf_140_a_refused_login_is_not_tried_again),
        cmocka_unit_test(test_a_server_that_cannot_be_trusted_may_be_another_networks),
        cmocka_unit_test(test_n_16_a_mailbox_that_is_not_there_is_a_run_of_the_account),
        cmocka_unit_test(test_a_policy_that_is_taken_away_forgets_what_waits),
        cmocka_unit_test(test_a_clock_that_goes_back_keeps_what_has_passed),
        cmocka_unit_test(test_a_clock_that_goes_forward_is_one_run),
        cmocka_unit_test(test_times_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
