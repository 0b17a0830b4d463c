/* SPDX-License-Identifier: MIT */
/*
 * Synchronising without being asked each time: what starts it, what holds it back.
 *
 * In CPM the client starts every synchronisation: because the user asks, a timer ends, the handset comes online, something
 * changed locally, or a push arrived (push.h). Given a policy, the client synchronises by itself when one of these triggers
 * comes, unless the policy and the network the app tells of hold it back. Without a policy it never starts anything.
 *
 * The rules:
 *  - A trigger synchronises the whole account; one that names a mailbox only that mailbox. Triggers that wait together are one
 *    run, of the one mailbox if all name the same, else of the account.
 *  - One run at a time. Triggers that come during a run are one more run behind it.
 *  - Held back, triggers are kept, and fire once when nothing holds them back any more. Nothing wakes the app meanwhile.
 *  - Runs keep a distance, from the end of one to the begin of the next.
 *  - The user is never held back and never waits. While the policy holds back the rest, only what the user asked for runs.
 *  - A run that failed is repeated after a pause if that makes sense (cpmsync_error_advice is NOW or BACK_OFF): after
 *    `distance_ms` or 30 seconds, whichever is more, then twice that, at most an hour. Coming online begins with the first pause
 *    again, and new triggers do not wait for one.
 *  - If the login was refused, nothing runs by itself until the user asks or a policy is set: a wrong password is not tried again
 *    and again. If the server's identity was, until the network changes, too: it may have been another network's server.
 *  - A trigger, but the user, that names a mailbox the server does not know is one more run, of the account: a push is a hint.
 *
 * All calls here only note what they are told, and are legal inside callbacks. What becomes possible is done by the next
 * cpmsync_client_step or cpmsync_conn_tick, for which CPMSYNC_WANT_NOW asks; what is due later is part of
 * cpmsync_client_expiry. What happens is told as CPMSYNC_EVENT_SYNC.
 */
#ifndef CPMSYNC_TRIGGER_H
#define CPMSYNC_TRIGGER_H

#include <cpmsync/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cpmsync_client;

/* What starts a run. Bits: several may have started the same one. */
enum cpmsync_trigger_kind {
    CPMSYNC_TRIGGER_TIMER = 1,  /* the policy's timer ended; or one of the app's own */
    CPMSYNC_TRIGGER_ONLINE = 2, /* the handset came online (cpmsync_client_network tells it), or changed networks */
    CPMSYNC_TRIGGER_LOCAL = 4,  /* something changed here that the server does not know */
    CPMSYNC_TRIGGER_PUSH = 8,   /* the server says that something changed there */
    CPMSYNC_TRIGGER_USER = 16   /* the user asks */
};

/* When nothing runs but what the user asks for. Bits. */
enum cpmsync_suppress {
    CPMSYNC_SUPPRESS_ALL = 1,     /* ever */
    CPMSYNC_SUPPRESS_METERED = 2, /* while the network is metered */
    CPMSYNC_SUPPRESS_ROAMING = 4  /* while the handset roams */
};

struct cpmsync_sync_policy {
    size_t size;

    /* The timer, from the end of one run of the account to the begin of the next, and from when the policy was set. 0 (the
     * default) and CPMSYNC_OFF: there is none. */
    int64_t interval_ms;

    /* The least time between the end of a run and the begin of the next. 0: 30,000. CPMSYNC_OFF: none. */
    int64_t distance_ms;

    /* Likewise for a run that only ONLINE starts, in place of distance_ms. 0: as distance_ms. CPMSYNC_OFF: none. */
    int64_t online_distance_ms;

    unsigned suppress; /* enum cpmsync_suppress; 0: nothing */
    unsigned off;      /* enum cpmsync_trigger_kind: these are ignored; all but USER may be. 0: none is */
};

/*
 * Sets the policy, or with NULL takes it away: what waits is forgotten, a run goes on. A new policy begins with a new timer;
 * triggers that wait go on waiting under its rules.
 * Coming online before there is a policy starts nothing.
 * Returns 0, or CPMSYNC_ERR_INVALID_ARGUMENT: a time below CPMSYNC_OFF, an unknown bit, USER among those that are off.
 */
CPMSYNC_API int cpmsync_client_policy(struct cpmsync_client *client, const struct cpmsync_sync_policy *policy);

/* The network as the app sees it. Bits; 0: there is none. */
enum cpmsync_network { CPMSYNC_NETWORK_ONLINE = 1, CPMSYNC_NETWORK_METERED = 2, CPMSYNC_NETWORK_ROAMING = 4 };

/*
 * Tells the network; to be called at every change. Being online after being offline, or told for the first time, is the trigger
 * ONLINE (every reconnect synchronises, for pushes may be lost: N-15). Until it is told, the network is taken to be there and to
 * be neither metered nor roaming. What is told is kept without a policy, too.
 * Returns 0, or CPMSYNC_ERR_INVALID_ARGUMENT for an unknown bit, or METERED or ROAMING without ONLINE.
 */
CPMSYNC_API int cpmsync_client_network(struct cpmsync_client *client, unsigned network);

/*
 * The handset moved to another network of the same kind. As any change told by cpmsync_client_network that leaves it online, it
 * makes connections doubtful: one that waits for an answer is over if nothing is heard for five seconds, one that idles is tried
 * with DONE at once. A connection that is to be made again is made now. Without a network (0) connections are over at once, and
 * the watch connects again when there is one. Returns 0, or CPMSYNC_ERR_INVALID_ARGUMENT for NULL.
 */
CPMSYNC_API int cpmsync_client_network_changed(struct cpmsync_client *client);

/*
 * Something happened that may call for a synchronisation: `trigger` is one of enum cpmsync_trigger_kind, `mailbox` (UTF-8;
 * copied) the mailbox it is about, or NULL for the account. A name of more than 255 octets counts as the account.
 * Returns 0, also if the policy ignores it; CPMSYNC_ERR_STATE without a policy; CPMSYNC_ERR_INVALID_ARGUMENT for another
 * trigger or an empty name.
 */
CPMSYNC_API int cpmsync_client_trigger(
    struct cpmsync_client *client, enum cpmsync_trigger_kind trigger, const char *mailbox);

/* ---------------------------------------------------------------- what CPMSYNC_EVENT_SYNC tells */

enum cpmsync_sync_phase {
    CPMSYNC_SYNC_HELD =
        1, /* `triggers` wait, `held` says why, `until` how long; told once for the same triggers and reason */
    CPMSYNC_SYNC_BEGAN, /* the run began for `triggers`; `operation` can be cancelled, and is then not repeated */
    CPMSYNC_SYNC_ENDED  /* it ended with `error` */
};

enum cpmsync_held {
    CPMSYNC_HELD_NOT = 0,
    CPMSYNC_HELD_OFFLINE, /* there is no network */
    CPMSYNC_HELD_POLICY,  /* CPMSYNC_SUPPRESS_ALL */
    CPMSYNC_HELD_METERED, /* CPMSYNC_SUPPRESS_METERED, and it is */
    CPMSYNC_HELD_ROAMING, /* CPMSYNC_SUPPRESS_ROAMING, and it does */
    CPMSYNC_HELD_REFUSED, /* the server refused the login, or could not be trusted */
    CPMSYNC_HELD_DISTANCE /* the last run is too near, or failed; until `until` */
};

/* ---------------------------------------------------------------- provisioning */

/*
 * The values of the characteristic MessageStore that GSMA RCC.07 provisions and that say when to synchronise, as text, as they
 * stand in the configuration document. NULL, or text that is empty: not provisioned. Zero is a value of its own.
 *
 * The text of RCC.07 was not at hand; names, unit and the meaning of 0 are those of public RCS stacks. The other values of the
 * characteristic do not say when to synchronise and are the app's own to use: Url, AuthProt, UserName and UserPwd say where and
 * as whom, AuthArchive, SMSStore and MMSStore what may be stored. EventRpting says that flag changes may be reported outside of
 * IMAP: an app that does so chooses whether CPMSYNC_TRIGGER_LOCAL is off.
 */
struct cpmsync_provisioning {
    size_t size;
    const char *sync_timer; /* SyncTimer: seconds of the timer. "0": no timer; other triggers stay */
    const char
        *data_connection_sync_timer; /* DataConnectionSyncTimer: the least seconds between the end of a run and one that
                                               coming online starts. "0": none, each change of the connection starts one */
};

/*
 * Changes those members of `policy` (a valid one, for example zero but for its size) that are provisioned: interval_ms is
 * SyncTimer, CPMSYNC_OFF for 0; online_distance_ms is DataConnectionSyncTimer, CPMSYNC_OFF for 0.
 * Returns 0, or CPMSYNC_ERR_INVALID_ARGUMENT with the policy unchanged: a struct has a wrong size, or a value is not a decimal
 * number (blanks around it are borne), or too large to be kept in milliseconds.
 */
CPMSYNC_API int cpmsync_policy_from_provisioning(
    struct cpmsync_sync_policy *policy, const struct cpmsync_provisioning *values);

#ifdef __cplusplus
}
#endif
#endif
