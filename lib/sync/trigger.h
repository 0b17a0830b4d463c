/* SPDX-License-Identifier: MIT */
/*
 * When an automatic synchronisation is due, and why not yet. A state machine without I/O, memory or clock of its own: arrivals
 * are noted without a time, decide is shown the time and says what is to be done. The rules are those of cpmsync/trigger.h.
 *
 * The times it keeps move along when the clock goes back, so that what has passed stays passed. When it goes forward, what
 * became due meanwhile is one run.
 */
#ifndef CPMSYNC_SYNC_TRIGGER_H
#define CPMSYNC_SYNC_TRIGGER_H

#include <cpmsync/trigger.h>

#include <stdbool.h>

#include "base/slice.h"

enum {
    CPMSYNC_TRIGGER_NAME_MAX = 256, /* octets of a mailbox's name, the NUL included */
    CPMSYNC_TRIGGER_DISTANCE_MS = 30000,
    CPMSYNC_TRIGGER_RETRY_MS = 30000,
    CPMSYNC_TRIGGER_RETRY_MAX_MS = 3600000
};

/* What is to be synchronised, and what for. */
struct cpmsync_trigger_want {
    unsigned triggers;                      /* enum cpmsync_trigger_kind; 0: nothing */
    bool all;                               /* the account; else `mailbox` */
    char mailbox[CPMSYNC_TRIGGER_NAME_MAX]; /* "" or the one that was named; with `all`, the first */
};

struct cpmsync_trigger {
    bool active;                                 /* there is a policy */
    int64_t interval, distance, online_distance; /* CPMSYNC_NEVER: no timer; 0: no distance */
    unsigned suppress, off;
    unsigned network;
    bool network_told;

    int64_t now; /* that was shown last */
    bool shown;
    bool armed; /* the timer runs, until timer_at */
    int64_t timer_at;
    bool ended; /* a run did, at ended_at; `stamp`: at a time that is not known yet */
    bool stamp;
    int64_t ended_at;
    unsigned failures; /* in a row */
    int refused;       /* the error that forbids to try again; 0: none */

    struct cpmsync_trigger_want user;    /* asked for by the user */
    struct cpmsync_trigger_want fresh;   /* came since the last run began */
    struct cpmsync_trigger_want retry;   /* was tried and failed */
    struct cpmsync_trigger_want current; /* runs, or ran last */
    bool running;

    bool waiting;                /* something came that decide has not seen */
    int64_t next;                /* CPMSYNC_NEVER, or when to decide again */
    enum cpmsync_held told_held; /* and told_triggers: what was told last */
    unsigned told_triggers;
};

struct cpmsync_trigger_decision {
    bool due;          /* cpmsync_trigger_began is to be called now */
    bool tell;         /* that `triggers` are held back: it was not told yet */
    unsigned triggers; /* that wait and are not the user's */
    enum cpmsync_held held;
    int64_t until; /* CPMSYNC_NEVER: as long as `held` lasts */
};

void cpmsync_trigger_init(struct cpmsync_trigger *trigger);

/* These four as the calls of the client (cpmsync/trigger.h). arrive: an empty name is the account; false without a policy. */
int cpmsync_trigger_policy(struct cpmsync_trigger *trigger, const struct cpmsync_sync_policy *policy);
int cpmsync_trigger_network(struct cpmsync_trigger *trigger, unsigned network);
bool cpmsync_trigger_arrive(
    struct cpmsync_trigger *trigger, enum cpmsync_trigger_kind kind, struct cpmsync_slice mailbox);

/* Decide has something to see at once; when it is to be called again at the latest, CPMSYNC_NEVER for never. */
bool cpmsync_trigger_waiting(const struct cpmsync_trigger *trigger);
int64_t cpmsync_trigger_next(const struct cpmsync_trigger *trigger);

void cpmsync_trigger_decide(struct cpmsync_trigger *trigger, int64_t now, struct cpmsync_trigger_decision *decision);

/* Right behind a decision that is due: returns what runs, valid until the next run begins. It ended, with an error or 0. */
const struct cpmsync_trigger_want *cpmsync_trigger_began(struct cpmsync_trigger *trigger);
void cpmsync_trigger_ended(struct cpmsync_trigger *trigger, int error);

#endif
