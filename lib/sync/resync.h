/* SPDX-License-Identifier: MIT */
/*
 * The resynchronisation of one mailbox on one session (design 4): SELECT (QRESYNC ...) with the first range of new
 * messages behind it in the same flight, the other ranges in a sliding window, a check that the count is right (R12),
 * and a full pass where it is not or where the server cannot tell changes.
 */
#ifndef CPMSYNC_SYNC_RESYNC_H
#define CPMSYNC_SYNC_RESYNC_H

#include "session/session.h"
#include "sync/apply.h"

enum {
    CPMSYNC_RESYNC_RANGE = 200,    /* messages in a range */
    CPMSYNC_RESYNC_ROUNDS = 4,     /* SELECTs of the mailbox before it is given up */
    CPMSYNC_RESYNC_PASSES = 3,     /* full passes (R14) */
    CPMSYNC_RESYNC_LATE_TAILS = 16 /* looks for messages that came meanwhile */
};

/* What is selected on the session; survives from one resynchronisation to the next. */
enum cpmsync_selected {
    CPMSYNC_SELECTED_NO,
    CPMSYNC_SELECTED_YES,
    CPMSYNC_SELECTED_ENDING /* an UNSELECT that belongs to no resynchronisation is in flight */
};

struct cpmsync_resync;

/* What STATUS said of the mailbox a moment ago: enough to ask ahead, never a cursor (R8, Q-49). uidnext 0: nothing. */
struct cpmsync_status_hint {
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint32_t messages;
};

struct cpmsync_resync_config {
    const struct cpmsync_allocator *mem;
    struct cpmsync_session *session;
    struct cpmsync_server_facts *facts;
    const struct cpmsync_store *store;
    struct cpmsync_cache_limits limits;
    const struct cpmsync_header_list *fields; /* of descriptors; lent; NULL: none are kept */
    enum cpmsync_selected *selected;          /* lent */
    struct cpmsync_status_hint hint;
    bool chained; /* another mailbox will be selected behind our first flight: what is left to do then ends it (R4) */
    bool stays;   /* it does not end in sync: what the server tells then is applied, until leave (IDLE, NOTIFY) */
    bool refill;  /* the first flight depends on no answer that is not here for long, see CPMSYNC_COMMAND_REFILL */
    void *ctx;
    /* As in cpmsync_batch_upward. */
    int (*event)(void *ctx, const struct cpmsync_event *event);
    /* Whether no other mailbox's commands go ahead of ours any more. */
    bool (*turn)(void *ctx);
    /* The server answered ours before it was our turn. */
    void (*overtaken)(void *ctx);
    /* With `stays`: it is in sync, for the first time. Nothing of it is in flight. */
    void (*synced)(void *ctx);
    /* It ended: in sync with err->error 0 (or see cpmsync_resync_unfinished), or why not. Called once, never from inside
     * cpmsync_resync_new; the resync may be freed inside. */
    void (*done)(void *ctx, const struct cpmsync_err *err);
};

/*
 * Reads the mailbox `name` (UTF-8) from the store and submits the first flight. 0; CPMSYNC_ERR_INVALID_ARGUMENT for a name that
 * can be none, CPMSYNC_ERR_NOMEM, the store's error, CPMSYNC_ERR_STATE if the session takes no commands.
 */
int cpmsync_resync_new(
    struct cpmsync_resync **resync, const struct cpmsync_resync_config *config, struct cpmsync_slice name);

/* Only when none of its commands is in flight: after done, or after the session was freed. */
void cpmsync_resync_free(struct cpmsync_resync *resync);

/* Chained, and more would have had to be asked: what was told is committed, a resynchronisation not chained goes on. */
bool cpmsync_resync_unfinished(const struct cpmsync_resync *resync);

/* None of its messages is known yet: its first flight is not its last. */
bool cpmsync_resync_is_first(const struct cpmsync_resync *resync);

/* What the session calls upward with while this mailbox is being synchronised. */
void cpmsync_resync_data(struct cpmsync_resync *resync, const struct cpmsync_response *response);
void cpmsync_resync_lost(struct cpmsync_resync *resync, int error);

/* The UNSELECT of CPMSYNC_SELECTED_ENDING was answered OK. */
void cpmsync_resync_unselected(struct cpmsync_resync *resync);

/* Stops it: the open batch is aborted, unsent commands are withdrawn, done follows with `error` when the sent ones were
 * answered, perhaps inside this call. From inside an event it takes effect when that event's call returns. */
void cpmsync_resync_stop(struct cpmsync_resync *resync, int error);

/* One that stays: what was told up to here is a batch, and what it calls for is asked. Outside of the session's calls. */
void cpmsync_resync_rest(struct cpmsync_resync *resync);
/* The tagged response of a command that is not ours, while it stays: mod-sequences told up to it count. */
void cpmsync_resync_tagged(struct cpmsync_resync *resync, const struct cpmsync_response *tagged);
/* It stays no longer: done follows, perhaps inside this call, as of a chained one (cpmsync_resync_unfinished). */
void cpmsync_resync_leave(struct cpmsync_resync *resync);
/* It stays, is in sync and has nothing in flight. */
bool cpmsync_resync_rests(const struct cpmsync_resync *resync);
/* More is asked with each answer, as there is room: an IDLE in between would be a barrier (R5). */
bool cpmsync_resync_slides(const struct cpmsync_resync *resync);

/* What its committed batches changed so far. */
const struct cpmsync_batch_counts *cpmsync_resync_counts(const struct cpmsync_resync *resync);

#endif
