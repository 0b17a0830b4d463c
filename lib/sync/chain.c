/* SPDX-License-Identifier: MIT */
#include "sync/chain.h"

struct cpmsync_visit {
    struct cpmsync_visit *next;
    struct cpmsync_chain *chain;
    struct cpmsync_resync *resync;
    cpmsync_visited_fn visited;
    void *ctx;
};

static void take_out(struct cpmsync_chain *chain, struct cpmsync_visit *visit)
{
    struct cpmsync_visit *before = NULL;

    for (struct cpmsync_visit *at = chain->first; at != visit; at = at->next)
        before = at;
    if (before)
        before->next = visit->next;
    else
        chain->first = visit->next;
    if (chain->last == visit)
        chain->last = before;
    chain->count--;
}

static void add_counts(struct cpmsync_batch_counts *sum, const struct cpmsync_resync *resync)
{
    const struct cpmsync_batch_counts *counts;

    if (!resync)
        return;
    counts = cpmsync_resync_counts(resync);
    sum->added += counts->added;
    sum->flags_changed += counts->flags_changed;
    sum->vanished += counts->vanished;
}

static void drop(struct cpmsync_chain *chain, struct cpmsync_visit *visit)
{
    take_out(chain, visit);
    add_counts(&chain->counts, visit->resync);
    cpmsync_resync_free(visit->resync);
    cpmsync_mem_free(chain->mem, visit);
}

/* ---- what a resynchronisation calls upward with */

static int on_event(void *ctx, const struct cpmsync_event *event)
{
    struct cpmsync_chain *chain = ((struct cpmsync_visit *)ctx)->chain;

    return chain->event(chain->ctx, event);
}

static bool on_turn(void *ctx)
{
    const struct cpmsync_visit *visit = ctx;

    return visit->chain->first == visit;
}

/* What mailbox data are about is not known any more: nothing of them is to be committed. */
static void on_overtaken(void *ctx)
{
    cpmsync_chain_stop(((struct cpmsync_visit *)ctx)->chain, CPMSYNC_ERR_PROTOCOL);
}

static void on_synced(void *ctx)
{
    struct cpmsync_chain *chain = ((struct cpmsync_visit *)ctx)->chain;

    if (chain->synced)
        chain->synced(chain->ctx);
}

static void on_done(void *ctx, const struct cpmsync_err *err)
{
    struct cpmsync_visit *visit = ctx;
    cpmsync_visited_fn visited = visit->visited;
    void *visited_ctx = visit->ctx;
    struct cpmsync_err copy = *err;
    bool unfinished = cpmsync_resync_unfinished(visit->resync);

    drop(visit->chain, visit);
    visited(visited_ctx, &copy, unfinished);
}

/* ---- visits */

bool cpmsync_chain_may_follow(const struct cpmsync_chain *chain)
{
    return cpmsync_session_can(chain->session, "UNSELECT") ||
           cpmsync_session_enabled(chain->session, "QRESYNC") != CPMSYNC_ENABLED_NO;
}

int cpmsync_chain_visit(struct cpmsync_chain *chain, struct cpmsync_slice name, const struct cpmsync_status_hint *hint,
    unsigned how, cpmsync_visited_fn visited, void *ctx)
{
    struct cpmsync_resync_config config;
    struct cpmsync_visit *visit = cpmsync_mem_zalloc(chain->mem, sizeof *visit);

    if (!visit)
        return CPMSYNC_ERR_NOMEM;
    visit->chain = chain;
    visit->visited = visited;
    visit->ctx = ctx;
    if (chain->last)
        chain->last->next = visit;
    else
        chain->first = visit;
    chain->last = visit;
    chain->count++;
    memset(&config, 0, sizeof config);
    config.mem = chain->mem;
    config.session = chain->session;
    config.facts = chain->facts;
    config.store = chain->store;
    config.limits = chain->limits;
    config.fields = chain->fields;
    config.selected = &chain->selected;
    if (hint)
        config.hint = *hint;
    config.chained = (how & CPMSYNC_VISIT_CHAINED) != 0;
    config.stays = (how & CPMSYNC_VISIT_STAYS) != 0;
    config.refill = (how & CPMSYNC_VISIT_REFILL) != 0;
    config.ctx = visit;
    config.event = on_event;
    config.turn = on_turn;
    config.overtaken = on_overtaken;
    config.synced = on_synced;
    config.done = on_done;
    int error = cpmsync_resync_new(&visit->resync, &config, name);
    if (error)
        drop(chain, visit);
    return error;
}

bool cpmsync_chain_is_first(const struct cpmsync_chain *chain)
{
    return chain->last && cpmsync_resync_is_first(chain->last->resync);
}

void cpmsync_chain_data(struct cpmsync_chain *chain, const struct cpmsync_response *response)
{
    if (chain->first)
        cpmsync_resync_data(chain->first->resync, response);
}

void cpmsync_chain_lost(struct cpmsync_chain *chain, int error)
{
    if (chain->first)
        cpmsync_resync_lost(chain->first->resync, error);
}

void cpmsync_chain_rest(struct cpmsync_chain *chain)
{
    if (chain->first)
        cpmsync_resync_rest(chain->first->resync);
}

void cpmsync_chain_tagged(struct cpmsync_chain *chain, const struct cpmsync_response *tagged)
{
    if (chain->first)
        cpmsync_resync_tagged(chain->first->resync, tagged);
}

/* It is the last one there is, if there is one. */
void cpmsync_chain_leave(struct cpmsync_chain *chain)
{
    if (chain->last)
        cpmsync_resync_leave(chain->last->resync);
}

bool cpmsync_chain_rests(const struct cpmsync_chain *chain)
{
    return chain->first && cpmsync_resync_rests(chain->first->resync);
}

bool cpmsync_chain_slides(const struct cpmsync_chain *chain)
{
    return chain->first && cpmsync_resync_slides(chain->first->resync);
}

void cpmsync_chain_unselected(struct cpmsync_chain *chain)
{
    if (chain->first)
        cpmsync_resync_unselected(chain->first->resync);
}

void cpmsync_chain_stop(struct cpmsync_chain *chain, int error)
{
    struct cpmsync_visit *next;

    /* The last one first: its end leaves the others in place, and stopping one may end it at once. */
    for (size_t i = chain->count; i-- > 0;) {
        next = chain->first;
        for (size_t j = 0; next && j < i; j++)
            next = next->next;
        if (next)
            cpmsync_resync_stop(next->resync, error);
    }
}

void cpmsync_chain_clear(struct cpmsync_chain *chain)
{
    while (chain->first)
        drop(chain, chain->first);
}

void cpmsync_chain_counts(const struct cpmsync_chain *chain, struct cpmsync_batch_counts *counts)
{
    *counts = chain->counts;
    for (const struct cpmsync_visit *at = chain->first; at; at = at->next)
        add_counts(counts, at->resync);
}
