/* SPDX-License-Identifier: MIT */
#include "sync/trigger.h"

static const unsigned KINDS = CPMSYNC_TRIGGER_TIMER | CPMSYNC_TRIGGER_ONLINE | CPMSYNC_TRIGGER_LOCAL |
                              CPMSYNC_TRIGGER_PUSH | CPMSYNC_TRIGGER_USER;
static const unsigned SUPPRESSIONS = CPMSYNC_SUPPRESS_ALL | CPMSYNC_SUPPRESS_METERED | CPMSYNC_SUPPRESS_ROAMING;
static const unsigned NETWORKS = CPMSYNC_NETWORK_ONLINE | CPMSYNC_NETWORK_METERED | CPMSYNC_NETWORK_ROAMING;

/* ---- times that do not wrap */

static int64_t later(int64_t at, int64_t by)
{
    return at > CPMSYNC_NEVER - by ? CPMSYNC_NEVER : at + by;
}

/* at - (from - to), where from > to. */
static int64_t earlier(int64_t at, int64_t from, int64_t to)
{
    uint64_t by = (uint64_t)from - (uint64_t)to;

    return by > INT64_MAX || at < INT64_MIN + (int64_t)by ? INT64_MIN : at - (int64_t)by;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void show(struct cpmsync_trigger *trigger, int64_t now)
{
    if (trigger->shown && now < trigger->now) {
        trigger->timer_at = earlier(trigger->timer_at, trigger->now, now);
        trigger->ended_at = earlier(trigger->ended_at, trigger->now, now);
    }
    trigger->shown = true;
    trigger->now = now;
}

/* ---- what is wanted */

static void want_clear(struct cpmsync_trigger_want *want)
{
    memset(want, 0, sizeof *want);
}

static void want_all(struct cpmsync_trigger_want *want, unsigned triggers)
{
    want->triggers |= triggers;
    want->all = true;
}

static void want_mailbox(struct cpmsync_trigger_want *want, unsigned triggers, struct cpmsync_slice mailbox)
{
    bool named = want->mailbox[0] != '\0';

    if (named && !cpmsync_slice_eq(cpmsync_slice_str(want->mailbox), mailbox))
        want->all = true;
    if (!named) {
        memcpy(want->mailbox, mailbox.data, mailbox.len);
        want->mailbox[mailbox.len] = '\0';
    }
    want->triggers |= triggers;
}

/* Moves what is in `from`. */
static void want_merge(struct cpmsync_trigger_want *want, struct cpmsync_trigger_want *from)
{
    if (from->mailbox[0])
        want_mailbox(want, from->triggers, cpmsync_slice_str(from->mailbox));
    if (from->all)
        want_all(want, from->triggers);
    want_clear(from);
}

static void want_ignore(struct cpmsync_trigger_want *want, unsigned triggers)
{
    want->triggers &= ~triggers;
    if (!want->triggers)
        want_clear(want);
}

/* ---- what is told */

void cpmsync_trigger_init(struct cpmsync_trigger *trigger)
{
    memset(trigger, 0, sizeof *trigger);
    trigger->next = CPMSYNC_NEVER;
}

static bool is_time(int64_t ms)
{
    return ms >= CPMSYNC_OFF;
}

static int64_t distance_of(int64_t ms, int64_t standard)
{
    return ms == 0 ? standard : ms == CPMSYNC_OFF ? 0 : ms;
}

int cpmsync_trigger_policy(struct cpmsync_trigger *trigger, const struct cpmsync_sync_policy *policy)
{
    if (policy &&
        (!is_time(policy->interval_ms) || !is_time(policy->distance_ms) || !is_time(policy->online_distance_ms) ||
            (policy->suppress & ~SUPPRESSIONS) || (policy->off & ~(KINDS & ~(unsigned)CPMSYNC_TRIGGER_USER))))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    trigger->active = policy != NULL;
    trigger->armed = false;
    trigger->refused = 0;
    trigger->waiting = trigger->active;
    trigger->next = CPMSYNC_NEVER;
    trigger->told_held = CPMSYNC_HELD_NOT;
    if (!policy) {
        want_clear(&trigger->user);
        want_clear(&trigger->fresh);
        want_clear(&trigger->retry);
        trigger->failures = 0;
        return 0;
    }
    bool timer = policy->interval_ms > 0 && !(policy->off & CPMSYNC_TRIGGER_TIMER);
    trigger->interval = timer ? policy->interval_ms : CPMSYNC_NEVER;
    trigger->distance = distance_of(policy->distance_ms, CPMSYNC_TRIGGER_DISTANCE_MS);
    trigger->online_distance = distance_of(policy->online_distance_ms, trigger->distance);
    trigger->suppress = policy->suppress;
    trigger->off = policy->off;
    want_ignore(&trigger->fresh, policy->off);
    want_ignore(&trigger->retry, policy->off);
    return 0;
}

bool cpmsync_trigger_arrive(
    struct cpmsync_trigger *trigger, enum cpmsync_trigger_kind kind, struct cpmsync_slice mailbox)
{
    struct cpmsync_trigger_want *want = kind == CPMSYNC_TRIGGER_USER ? &trigger->user : &trigger->fresh;

    if (!trigger->active)
        return false;
    if (trigger->off & (unsigned)kind)
        return true;
    if (kind == CPMSYNC_TRIGGER_USER)
        trigger->refused = 0;
    if (mailbox.len == 0 || mailbox.len >= sizeof want->mailbox)
        want_all(want, (unsigned)kind);
    else
        want_mailbox(want, (unsigned)kind, mailbox);
    trigger->waiting = true;
    return true;
}

int cpmsync_trigger_network(struct cpmsync_trigger *trigger, unsigned network)
{
    bool was_online = trigger->network_told && (trigger->network & CPMSYNC_NETWORK_ONLINE);
    bool changed = !trigger->network_told || trigger->network != network;

    if ((network & ~NETWORKS) || (network && !(network & CPMSYNC_NETWORK_ONLINE)))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    trigger->network_told = true;
    trigger->network = network;
    if (!changed || !trigger->active)
        return 0;
    trigger->waiting = true;
    if (cpmsync_error_class(trigger->refused) == CPMSYNC_CLASS_TLS)
        trigger->refused = 0;
    if (was_online || !network)
        return 0;
    trigger->failures = 0;
    cpmsync_trigger_arrive(trigger, CPMSYNC_TRIGGER_ONLINE, cpmsync_slice_of(NULL, 0));
    return 0;
}

/* ---- what is to be done */

static enum cpmsync_held holds(const struct cpmsync_trigger *trigger)
{
    unsigned network = trigger->network_told ? trigger->network : (unsigned)CPMSYNC_NETWORK_ONLINE;

    if (!(network & CPMSYNC_NETWORK_ONLINE))
        return CPMSYNC_HELD_OFFLINE;
    if (trigger->suppress & CPMSYNC_SUPPRESS_ALL)
        return CPMSYNC_HELD_POLICY;
    if ((trigger->suppress & CPMSYNC_SUPPRESS_METERED) && (network & CPMSYNC_NETWORK_METERED))
        return CPMSYNC_HELD_METERED;
    if ((trigger->suppress & CPMSYNC_SUPPRESS_ROAMING) && (network & CPMSYNC_NETWORK_ROAMING))
        return CPMSYNC_HELD_ROAMING;
    return trigger->refused ? CPMSYNC_HELD_REFUSED : CPMSYNC_HELD_NOT;
}

/* A run is to come that covers what the timer would start. */
static bool covers_timer(const struct cpmsync_trigger *trigger)
{
    return trigger->running || trigger->fresh.all || trigger->retry.all;
}

static void run_timer(struct cpmsync_trigger *trigger)
{
    if (trigger->armed && trigger->now >= trigger->timer_at) {
        trigger->armed = false;
        want_all(&trigger->fresh, CPMSYNC_TRIGGER_TIMER);
    }
    if (!trigger->armed && trigger->interval != CPMSYNC_NEVER && !covers_timer(trigger)) {
        trigger->armed = true;
        trigger->timer_at = later(trigger->now, trigger->interval);
    }
}

/* When what came since may run. */
static int64_t fresh_at(const struct cpmsync_trigger *trigger)
{
    int64_t distance = trigger->distance;

    if (!trigger->fresh.triggers)
        return CPMSYNC_NEVER;
    if (!trigger->ended)
        return trigger->now;
    if (trigger->fresh.triggers == CPMSYNC_TRIGGER_ONLINE)
        distance = trigger->online_distance;
    else if (trigger->fresh.triggers & CPMSYNC_TRIGGER_ONLINE)
        distance = sooner(distance, trigger->online_distance);
    return later(trigger->ended_at, distance);
}

/* When the timer, if it goes on, starts a run. */
static int64_t timer_run_at(const struct cpmsync_trigger *trigger)
{
    int64_t least = later(trigger->ended_at, trigger->distance);

    if (!trigger->armed)
        return CPMSYNC_NEVER;
    return trigger->ended && least > trigger->timer_at ? least : trigger->timer_at;
}

/* When what failed may be tried again. */
static int64_t retry_at(const struct cpmsync_trigger *trigger)
{
    int64_t pause = trigger->distance > CPMSYNC_TRIGGER_RETRY_MS ? trigger->distance : CPMSYNC_TRIGGER_RETRY_MS;

    if (!trigger->retry.triggers)
        return CPMSYNC_NEVER;
    for (unsigned i = 1; i < trigger->failures && pause < CPMSYNC_TRIGGER_RETRY_MAX_MS; i++)
        pause = sooner(2 * pause, CPMSYNC_TRIGGER_RETRY_MAX_MS);
    return later(trigger->ended_at, pause);
}

static void decide_held(struct cpmsync_trigger *trigger, struct cpmsync_trigger_decision *decision)
{
    decision->tell =
        decision->triggers && (decision->held != trigger->told_held || decision->triggers != trigger->told_triggers);
    trigger->told_held = decision->triggers ? decision->held : CPMSYNC_HELD_NOT;
    trigger->told_triggers = decision->triggers;
    trigger->next = decision->until;
}

void cpmsync_trigger_decide(struct cpmsync_trigger *trigger, int64_t now, struct cpmsync_trigger_decision *decision)
{
    memset(decision, 0, sizeof *decision);
    decision->until = CPMSYNC_NEVER;
    show(trigger, now);
    if (trigger->stamp)
        trigger->ended_at = now;
    trigger->stamp = false;
    trigger->waiting = false;
    trigger->next = CPMSYNC_NEVER;
    if (!trigger->active)
        return;
    run_timer(trigger);
    if (trigger->running)
        return;
    decision->triggers = trigger->fresh.triggers | trigger->retry.triggers;
    decision->due = trigger->user.triggers != 0;
    decision->held = holds(trigger);
    if (decision->due)
        return;
    if (decision->held) {
        decide_held(trigger, decision);
        return;
    }
    int64_t at = sooner(fresh_at(trigger), retry_at(trigger));
    if (!decision->triggers) {
        trigger->next = timer_run_at(trigger);
        return;
    }
    if (now >= at) {
        decision->due = true;
        return;
    }
    decision->held = CPMSYNC_HELD_DISTANCE;
    decision->until = sooner(at, timer_run_at(trigger));
    decide_held(trigger, decision);
}

bool cpmsync_trigger_waiting(const struct cpmsync_trigger *trigger)
{
    return trigger->active && trigger->waiting;
}

int64_t cpmsync_trigger_next(const struct cpmsync_trigger *trigger)
{
    if (!trigger->active)
        return CPMSYNC_NEVER;
    return trigger->waiting ? trigger->now : trigger->next;
}

/* ---- runs */

const struct cpmsync_trigger_want *cpmsync_trigger_began(struct cpmsync_trigger *trigger)
{
    want_clear(&trigger->current);
    want_merge(&trigger->current, &trigger->user);
    if (!holds(trigger)) {
        want_merge(&trigger->current, &trigger->fresh);
        want_merge(&trigger->current, &trigger->retry);
    }
    trigger->running = true;
    trigger->told_held = CPMSYNC_HELD_NOT;
    if (trigger->current.all)
        trigger->armed = false;
    return &trigger->current;
}

static void failed(struct cpmsync_trigger *trigger, int error)
{
    struct cpmsync_trigger_want again = trigger->current;
    enum cpmsync_advice advice = cpmsync_error_advice(error);
    enum cpmsync_error_class class_ = cpmsync_error_class(error);

    want_ignore(&again, CPMSYNC_TRIGGER_USER); /* who is told, and asks again or does not */
    if (!trigger->active || error == CPMSYNC_ERR_CANCELLED)
        return;
    if (error == CPMSYNC_ERR_NO_MAILBOX && again.mailbox[0]) {
        if (again.triggers)
            want_all(&trigger->fresh, again.triggers);
        return;
    }
    if (advice == CPMSYNC_ADVICE_NOW || advice == CPMSYNC_ADVICE_BACK_OFF) {
        want_merge(&trigger->retry, &again);
        trigger->failures += trigger->failures < UINT16_MAX;
        return;
    }
    trigger->failures = 0;
    if (class_ == CPMSYNC_CLASS_AUTH || class_ == CPMSYNC_CLASS_TLS) {
        trigger->refused = error;
        want_merge(&trigger->retry, &again);
    }
}

void cpmsync_trigger_ended(struct cpmsync_trigger *trigger, int error)
{
    trigger->running = false;
    trigger->ended = true;
    trigger->stamp = true;
    trigger->waiting = true;
    if (error)
        failed(trigger, error);
    else
        trigger->failures = 0;
}
