/* SPDX-License-Identifier: MIT */
/*
 * The resynchronisations on one session, in the order of their SELECTs (R4): each begins behind the UNSELECT or [CLOSED] that
 * ends the one before it. Mailbox data belong to the first that is not over.
 */
#ifndef CPMSYNC_SYNC_CHAIN_H
#define CPMSYNC_SYNC_CHAIN_H

#include "sync/resync.h"

struct cpmsync_visit;

struct cpmsync_chain {
    const struct cpmsync_allocator *mem;
    struct cpmsync_session *session;
    struct cpmsync_server_facts *facts;
    const struct cpmsync_store *store;
    struct cpmsync_cache_limits limits;
    const struct cpmsync_header_list *fields; /* of descriptors; lent; NULL: none are kept */
    void *ctx;
    /* As in cpmsync_batch_upward. */
    int (*event)(void *ctx, const struct cpmsync_event *event);
    /* The visit that stays is in sync, for the first time; see CPMSYNC_VISIT_STAYS. May be NULL. */
    void (*synced)(void *ctx);

    enum cpmsync_selected selected;
    struct cpmsync_visit *first, *last;
    size_t count;
    struct cpmsync_batch_counts counts; /* of the visits that are over */
};

/* What a visit of a mailbox came to; `unfinished` as in cpmsync_resync_unfinished. May add visits. */
typedef void (*cpmsync_visited_fn)(void *ctx, const struct cpmsync_err *err, bool unfinished);

/* Whether a mailbox may be selected behind one that is not over: else one at a time. */
bool cpmsync_chain_may_follow(const struct cpmsync_chain *chain);

enum cpmsync_visit_how {
    CPMSYNC_VISIT_CHAINED = 1, /* others may be added behind it before it is over, so that it may end unfinished */
    CPMSYNC_VISIT_REFILL = 2,  /* it depends on no answer of those before it: it was only held back (R5) */
    CPMSYNC_VISIT_STAYS = 4    /* the last one: it goes on applying what the server tells, until cpmsync_chain_leave */
};

/*
 * Synchronises the mailbox `name` (UTF-8) behind those there are; `hint` may be NULL. `visited` is called once, never from
 * inside this call. 0, or an error of cpmsync_resync_new: then it is not called.
 */
int cpmsync_chain_visit(struct cpmsync_chain *chain, struct cpmsync_slice name, const struct cpmsync_status_hint *hint,
    unsigned how, cpmsync_visited_fn visited, void *ctx);

/* The newest visit there is, is a mailbox's first: as cpmsync_resync_is_first. */
bool cpmsync_chain_is_first(const struct cpmsync_chain *chain);

/* What the session calls upward with. */
void cpmsync_chain_data(struct cpmsync_chain *chain, const struct cpmsync_response *response);
void cpmsync_chain_lost(struct cpmsync_chain *chain, int error);

/* As the functions of cpmsync_resync of these names, of the visit that stays; without one, nothing. */
void cpmsync_chain_rest(struct cpmsync_chain *chain);
void cpmsync_chain_tagged(struct cpmsync_chain *chain, const struct cpmsync_response *tagged);
void cpmsync_chain_leave(struct cpmsync_chain *chain);
bool cpmsync_chain_rests(const struct cpmsync_chain *chain);
bool cpmsync_chain_slides(const struct cpmsync_chain *chain);

/* As cpmsync_resync_unselected, of the first visit if there is one. */
void cpmsync_chain_unselected(struct cpmsync_chain *chain);

/* Stops all visits, as cpmsync_resync_stop. */
void cpmsync_chain_stop(struct cpmsync_chain *chain, int error);

/* The session is gone: visits that are left are freed without a call. */
void cpmsync_chain_clear(struct cpmsync_chain *chain);

/* What committed batches changed so far. */
void cpmsync_chain_counts(const struct cpmsync_chain *chain, struct cpmsync_batch_counts *counts);

#endif
