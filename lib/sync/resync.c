/* SPDX-License-Identifier: MIT */
#include "sync/resync.h"

#include "sync/fill.h"
#include "sync/request.h"
#include "wire/mailbox_name.h"

struct cpmsync_resync {
    struct cpmsync_resync_config config;
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_apply apply;
    struct cpmsync_buf wire_name;

    struct cpmsync_requests requests;
    struct cpmsync_fill fill;

    enum cpmsync_rung rung; /* what the SELECT in flight, or last answered, used */
    bool selected;          /* the last SELECT was OK */
    uint64_t old_modseq;    /* the cursor before it, kept until the count was right (R14) */
    uint64_t select_modseq; /* SELECT's HIGHESTMODSEQ */
    bool pass_due;
    bool changes_due;    /* flags changed since the cursor are to be asked for (CONDSTORE) */
    uint32_t old_last;   /* the highest UID that was covered before it */
    bool searched;       /* which messages are left was asked, in this round */
    bool mod_sequences;  /* ask for MODSEQ */
    uint64_t next_first; /* where the next range of new messages begins */
    bool held_back;      /* ranges were not asked for, for lack of room only */
    bool filling;        /* descriptors that lack are being asked for */
    bool undescribed;    /* the server does not know them: none are asked for any more */
    uint32_t plain_last; /* new messages up to here are asked for without descriptors, which were refused */
    bool behind;         /* at its start another mailbox was about to be selected */
    unsigned rounds;
    unsigned passes;
    bool unfinished;
    bool in_sync; /* it stays, and was found to be right since the last that was asked */
    bool told;    /* synced was called */
    struct cpmsync_err err;
    bool failed;
    unsigned held; /* we are inside something that goes on by itself: no go_on, and stop only leaves its error */
    unsigned late_tails;
    uint32_t late_first; /* where the last one began */
};

static void go_on(struct cpmsync_resync *resync);

/* ---- failing */

/* The first failure counts; what is in flight is waited for and ignored. */
static void fail(struct cpmsync_resync *resync, int error, const struct cpmsync_response *tagged)
{
    if (resync->failed)
        return;
    resync->failed = true;
    if (tagged)
        cpmsync_err_server(&resync->err, error, tagged->code.name, tagged->text, true);
    else
        cpmsync_err_set(&resync->err, error);
    cpmsync_batch_abort(&resync->apply.batch);
    resync->held++;
    cpmsync_requests_withdraw(&resync->requests);
    resync->held--;
}

/* Whether the batch is still good; its error becomes ours. */
static bool good(struct cpmsync_resync *resync)
{
    int error = resync->apply.batch.error;

    if (error)
        fail(resync, error, NULL);
    return !resync->failed;
}

static bool commit(struct cpmsync_resync *resync)
{
    int error = good(resync) ? cpmsync_batch_commit(&resync->apply.batch) : 0;

    if (error)
        fail(resync, error, NULL);
    return !resync->failed;
}

/* ---- requests */

/* An error of submitting ends the resynchronisation. */
static bool sent(struct cpmsync_resync *resync, int error)
{
    if (error)
        fail(resync, error, NULL);
    return !error;
}

static bool ask(struct cpmsync_resync *resync, enum cpmsync_request_kind kind, uint32_t first, uint32_t last)
{
    int error = kind == CPMSYNC_REQUEST_TAIL ? cpmsync_uidset_add(&resync->apply.asked, first, last) : 0;

    unsigned how =
        (resync->mod_sequences ? CPMSYNC_REQUEST_MODSEQ : 0) | (resync->held_back ? CPMSYNC_REQUEST_REFILL : 0);

    if (kind == CPMSYNC_REQUEST_TAIL && !resync->undescribed && first > resync->plain_last)
        how |= CPMSYNC_REQUEST_DESCRIBED;
    if (!error)
        error = cpmsync_request_fetch(&resync->requests, kind, first, last, how);
    return sent(resync, error);
}

/* New messages from next_first to `last`, in ranges, as far as there is room; the mailbox has so many messages. */
static void ask_ranges(struct cpmsync_resync *resync, uint32_t last, uint32_t messages)
{
    size_t cached = cpmsync_columns_count(resync->mailbox->cache.columns);
    uint32_t missing = messages > cached ? messages - (uint32_t)cached : 0;

    while (!resync->failed && resync->next_first <= last && cpmsync_requests_room(&resync->requests)) {
        uint32_t first = (uint32_t)resync->next_first;
        uint32_t lowest = cpmsync_requests_lowest(&resync->requests, first); /* what is missing lies from there on */
        uint32_t width = cpmsync_plan_range(last - lowest + 1, missing);
        uint32_t end = last - first < width ? last : first + width - 1;
        if (ask(resync, CPMSYNC_REQUEST_TAIL, first, end))
            resync->next_first = (uint64_t)end + 1;
    }
    resync->held_back = resync->next_first <= last;
}

/* ---- a round: SELECT and the first range of new messages in one flight */

/* The new messages that are likely there. */
static void ask_ahead(struct cpmsync_resync *resync)
{
    const struct cpmsync_status_hint *hint = &resync->config.hint;
    const struct cpmsync_cache *cache = &resync->mailbox->cache;
    uint32_t first = cpmsync_cache_uidnext(cache);
    bool hinted = hint->uidnext && resync->rounds == 1;

    resync->next_first = first;
    if (!first || (hinted && cache->uidvalidity && cache->uidvalidity != hint->uidvalidity))
        return;
    if (hinted) {
        ask_ranges(resync, hint->uidnext - 1, hint->messages);
    } else {
        uint32_t last = first > UINT32_MAX - (CPMSYNC_RESYNC_RANGE - 1) ? UINT32_MAX : first + CPMSYNC_RESYNC_RANGE - 1;
        if (ask(resync, CPMSYNC_REQUEST_TAIL, first, last))
            resync->next_first = (uint64_t)last + 1;
    }
}

static void start_round(struct cpmsync_resync *resync)
{
    struct cpmsync_session *session = resync->config.session;
    struct cpmsync_cache *cache = &resync->mailbox->cache;
    enum cpmsync_boundary boundary = CPMSYNC_BOUNDARY_NONE;

    if (++resync->rounds > CPMSYNC_RESYNC_ROUNDS) {
        fail(resync, CPMSYNC_ERR_UNVERIFIED, NULL);
        return;
    }
    resync->behind = !resync->config.turn(resync->config.ctx);
    if (*resync->config.selected != CPMSYNC_SELECTED_NO || resync->behind)
        boundary = cpmsync_session_can(session, "UNSELECT") ? CPMSYNC_BOUNDARY_UNSELECT : CPMSYNC_BOUNDARY_CLOSED;
    resync->rung = cpmsync_plan_rung(session, resync->config.facts, resync->mailbox);
    resync->mod_sequences = cpmsync_plan_mod_sequences(session, resync->config.facts) &&
                            !(resync->mailbox->bits & CPMSYNC_MAILBOX_NOMODSEQ);
    resync->selected = false;
    resync->pass_due = false;
    resync->changes_due = false;
    resync->searched = false;
    resync->filling = false;
    cpmsync_fill_restart(&resync->fill);
    resync->old_last = cpmsync_uidset_last(&cache->covered);
    resync->old_modseq = cache->highestmodseq;
    cpmsync_apply_select(&resync->apply, boundary);
    if (boundary == CPMSYNC_BOUNDARY_UNSELECT &&
        (resync->behind || *resync->config.selected != CPMSYNC_SELECTED_ENDING))
        sent(resync, cpmsync_request_unselect(&resync->requests));
    if (!resync->failed)
        sent(resync, cpmsync_request_select(
                         &resync->requests, cpmsync_buf_slice(&resync->wire_name), resync->rung, resync->mailbox));
    resync->held_back = false;
    if (!resync->failed)
        ask_ahead(resync);
}

static void unselect_done(struct cpmsync_resync *resync, int error, const struct cpmsync_response *tagged)
{
    bool nothing_was = tagged && error && resync->behind && *resync->config.selected == CPMSYNC_SELECTED_NO;

    if (nothing_was)
        error = 0; /* the SELECT ahead of it was refused */
    if (tagged && !error)
        *resync->config.selected = CPMSYNC_SELECTED_NO;
    if (error)
        fail(resync, error, tagged);
    else if (!resync->failed)
        cpmsync_apply_unselected(&resync->apply);
}

void cpmsync_resync_unselected(struct cpmsync_resync *resync)
{
    if (!resync->failed)
        cpmsync_apply_unselected(&resync->apply);
}

/* The rows are all messages there are, so the n-th is message n. */
static bool numbered(const struct cpmsync_resync *resync)
{
    const struct cpmsync_uidset *covered = &resync->mailbox->cache.covered;

    return resync->apply.exists_known && !resync->apply.uncounted && covered->count == 1 &&
           covered->ranges[0].first == 1;
}

/* What changed was told. An OK to the parameter proves nothing where ENABLED did not list QRESYNC (E-02, P-07). */
static bool qresync_answered(const struct cpmsync_resync *resync)
{
    return resync->rung == CPMSYNC_RUNG_QRESYNC &&
           cpmsync_session_enabled(resync->config.session, "QRESYNC") == CPMSYNC_ENABLED_YES;
}

/* Without QRESYNC: what changed since the cursor can be asked for, and what is gone be found out. */
static bool can_ask_changes(const struct cpmsync_resync *resync)
{
    return resync->select_modseq != 0 && resync->mailbox->cache.highestmodseq != 0;
}

/* Messages came and no mod-sequence rose (PF-9): what else changed without one, nobody knows. */
static bool moved_silently(const struct cpmsync_resync *resync)
{
    const struct cpmsync_apply *apply = &resync->apply;
    const struct cpmsync_cache *cache = &resync->mailbox->cache;

    return (resync->mailbox->bits & CPMSYNC_MAILBOX_VERIFIED) && !apply->batch.open && cache->highestmodseq &&
           resync->select_modseq == cache->highestmodseq && apply->uidnext_known &&
           apply->uidnext > cpmsync_cache_uidnext(cache);
}

/* SELECT's answer is complete and applied: cursors, and what is left to do. */
static void selected(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;
    struct cpmsync_cache *cache = &resync->mailbox->cache;
    bool covered = cache->covered.count != 0;
    bool use_modseqs = cpmsync_plan_mod_sequences(resync->config.session, resync->config.facts);

    if (!good(resync))
        return;
    if (apply->uidvalidity == 0 || apply->not_sticky) {
        fail(resync, CPMSYNC_ERR_NO_UIDS, NULL);
        return;
    }
    if (!apply->exists_known)
        apply->suspect = true; /* RFC 3501 6.3.1 demands EXISTS; nothing can be counted (R12) */
    if (apply->nomodseq || !use_modseqs)
        apply->code_modseq = 0; /* none, or not to be used */
    resync->select_modseq = apply->code_modseq;
    apply->next_modseq = apply->code_modseq;
    apply->code_modseq = 0;
    apply->max_modseq = 0;
    resync->mod_sequences = resync->select_modseq != 0;
    if (resync->mod_sequences)
        resync->next_first = cpmsync_requests_void_plain(&resync->requests, resync->next_first);
    bool silent = moved_silently(resync);
    if (qresync_answered(resync))
        cpmsync_apply_doubt(apply);
    unsigned bits = apply->nomodseq ? CPMSYNC_MAILBOX_NOMODSEQ : 0;
    if (!use_modseqs)
        apply->nomodseq = true; /* no fact about the mailbox, but its rows have none now */
    if (!apply->batch.open && resync->select_modseq == cache->highestmodseq)
        bits |= resync->mailbox->bits & CPMSYNC_MAILBOX_VERIFIED; /* nothing changed since */
    cpmsync_batch_bits(&apply->batch, bits);

    bool all = apply->uidnext_known && apply->uidnext == cpmsync_cache_uidnext(cache);
    bool rise = covered && qresync_answered(resync) && resync->select_modseq > cache->highestmodseq;
    if (rise && !apply->told_vanished && apply->told_modseq != resync->select_modseq)
        apply->rise = resync->select_modseq;
    apply->told_vanished = false; /* it explains no later rise */
    bool doubtful = apply->suspect || apply->rise || (all && !cpmsync_apply_counts(apply));
    bool rewound = resync->select_modseq < cache->highestmodseq || silent ||
                   (apply->uidnext_known && covered && apply->uidnext < cpmsync_cache_uidnext(cache));
    if (rewound && covered) {
        cpmsync_batch_cursor(&apply->batch, 0); /* void at once (R14, Q-53, PF-9) */
        resync->old_modseq = 0;
        resync->pass_due = true;
    } else if (!covered || qresync_answered(resync)) {
        if (!covered || !doubtful) /* else the quiet point decides, and the store keeps the old one until then (R14) */
            cpmsync_batch_cursor(&apply->batch, resync->select_modseq);
    } else if (can_ask_changes(resync)) {
        resync->changes_due = resync->select_modseq > cache->highestmodseq;
    } else {
        resync->pass_due = true;
    }
    if (all && !resync->changes_due && !doubtful && !resync->pass_due && numbered(resync))
        cpmsync_batch_bits(&apply->batch, resync->mailbox->bits | CPMSYNC_MAILBOX_VERIFIED);
    if (!apply->uidnext_known)
        apply->tail_due = true; /* C-12 */
    apply->numbered = !resync->pass_due && !resync->changes_due && !doubtful;
    if (apply->mailboxid_len)
        cpmsync_batch_extra(
            &apply->batch, CPMSYNC_EXTRA_MAILBOXID, cpmsync_slice_of(apply->mailboxid, apply->mailboxid_len));
    commit(resync);
}

static void select_done(struct cpmsync_resync *resync, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_apply *apply = &resync->apply;
    bool was_reset = false;

    resync->requests.refill = false;
    if (tagged && tagged->condition == CPMSYNC_CONDITION_OK) {
        *resync->config.selected = CPMSYNC_SELECTED_YES;
        if (!resync->failed) {
            cpmsync_apply_code(apply, &tagged->code);
            was_reset = apply->regenerated;
            apply->selecting = false;
            resync->selected = true;
            selected(resync);
        }
    } else if (tagged && tagged->condition == CPMSYNC_CONDITION_NO) {
        *resync->config.selected = CPMSYNC_SELECTED_NO; /* C-07 */
    }
    if (was_reset) {
        cpmsync_requests_void(&resync->requests);
        resync->next_first = 1;
    }
    if (error) {
        cpmsync_requests_void(&resync->requests);
        if (error == CPMSYNC_ERR_BAD && !resync->failed && cpmsync_plan_lower(resync->config.facts, resync->rung))
            cpmsync_apply_refused(apply); /* asked for once more, a rung lower */
        else
            fail(resync, error == CPMSYNC_ERR_NO ? CPMSYNC_ERR_NO_MAILBOX : error, tagged);
    }
}

/* ---- new messages, and the full pass */

/* The last UID worth asking for, 0 if none. */
static uint32_t last_wanted(const struct cpmsync_resync *resync)
{
    const struct cpmsync_apply *apply = &resync->apply;

    return apply->uidnext_known ? apply->uidnext - 1 : 0;
}

/* The quiet point (R12): nothing is in flight, nothing left to ask. The batch that ends here takes the cursor along. */
static void settle(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;
    bool quiet = resync->requests.in_flight == 0 && !resync->pass_due && !resync->changes_due && !apply->tail_due &&
                 resync->next_first > last_wanted(resync);

    if (!quiet || apply->suspect || apply->rise || !cpmsync_apply_counts(apply))
        return;
    if (apply->next_modseq && !apply->nomodseq)
        cpmsync_batch_cursor(&apply->batch, apply->next_modseq);
    if (numbered(resync))
        cpmsync_batch_bits(&apply->batch, resync->mailbox->bits | CPMSYNC_MAILBOX_VERIFIED);
}

static void tail_done(struct cpmsync_resync *resync, const struct cpmsync_request *range)
{
    struct cpmsync_apply *apply = &resync->apply;
    uint32_t highest = cpmsync_cache_highest(&resync->mailbox->cache, range->first, range->last);

    if (apply->batch.open)
        cpmsync_batch_bits(&apply->batch, resync->mailbox->bits & ~(unsigned)CPMSYNC_MAILBOX_VERIFIED);
    /* Never past what is known to have been told (R15). */
    if (apply->uidnext_known && apply->uidnext - 1 > highest)
        highest = apply->uidnext - 1;
    cpmsync_batch_cover(&apply->batch, range->first, highest < range->last ? highest : range->last);
}

static void pass_done(struct cpmsync_resync *resync)
{
    if (cpmsync_apply_passed(&resync->apply) != 1)
        return;
    if (!resync->apply.suspect)
        cpmsync_batch_cursor(&resync->apply.batch, resync->select_modseq);
    resync->next_first = (uint64_t)cpmsync_uidset_last(&resync->mailbox->cache.covered) + 1;
}

/* Cached messages lack descriptors that can be asked for. */
static bool fill_due(struct cpmsync_resync *resync)
{
    if (!resync->config.fields || resync->undescribed || cpmsync_batch_settle(&resync->apply.batch))
        return false;
    return cpmsync_fill_due(&resync->fill);
}

/* What is said to be lacking is not cached. */
static void forget_lacking(struct cpmsync_resync *resync)
{
    if (resync->mailbox->lacking.count && !resync->undescribed && !fill_due(resync))
        cpmsync_batch_give_up(&resync->apply.batch, 1, UINT32_MAX);
}

static void ask_fills(struct cpmsync_resync *resync)
{
    unsigned how = resync->filling ? CPMSYNC_REQUEST_REFILL : 0;
    struct cpmsync_uidset set;

    cpmsync_uidset_init(&set, resync->config.mem, CPMSYNC_RESYNC_RANGE);
    while (!resync->failed && cpmsync_requests_room(&resync->requests) && fill_due(resync)) {
        cpmsync_uidset_empty(&set);
        int error = cpmsync_fill_next(&resync->fill, &set);
        sent(resync, error ? error : cpmsync_request_fill(&resync->requests, &set, how));
    }
    cpmsync_uidset_clear(&set);
    resync->filling = fill_due(resync);
}

/* Some of the messages are gone meanwhile, or cannot be read (U-13): the others are to be had, and flags can be told of all. BAD
 * is of a server that does not know what was asked for. True if that is how it goes on. */
static bool goes_on_plainly(struct cpmsync_resync *resync, const struct cpmsync_request *range, int error)
{
    if (!range->described || (error != CPMSYNC_ERR_NO && error != CPMSYNC_ERR_BAD))
        return false;
    resync->undescribed = resync->undescribed || error == CPMSYNC_ERR_BAD;
    resync->filling = false;
    if (range->kind == CPMSYNC_REQUEST_FILL) {
        if (error == CPMSYNC_ERR_NO)
            cpmsync_fill_refused(&resync->fill, &resync->apply.batch, range->first, range->last);
        return true;
    }
    uint32_t last = last_wanted(resync);
    bool late = range->first > last;
    if (late)
        last = range->last;
    if (last > resync->plain_last)
        resync->plain_last = last;
    if (!late && range->first < resync->next_first)
        resync->next_first = range->first;
    resync->apply.tail_due = resync->apply.tail_due || late;
    return true;
}

static void answered(struct cpmsync_resync *resync, const struct cpmsync_request *range)
{
    switch (range->kind) {
    case CPMSYNC_REQUEST_TAIL:
        tail_done(resync, range);
        break;
    case CPMSYNC_REQUEST_PASS:
        pass_done(resync);
        break;
    case CPMSYNC_REQUEST_CHANGES:
        resync->apply.rise = 0;
        resync->changes_due = false;
        break;
    case CPMSYNC_REQUEST_SEARCH:
        cpmsync_apply_searched(&resync->apply, range->last);
        break;
    case CPMSYNC_REQUEST_FILL:
        cpmsync_fill_answered(&resync->fill, &resync->apply.batch, range->first, range->last);
        break;
    case CPMSYNC_REQUEST_UNSELECT:
    case CPMSYNC_REQUEST_SELECT:
        break;
    }
    settle(resync);
    if (resync->requests.in_flight == 0)
        forget_lacking(resync);
    commit(resync);
}

static void range_done(struct cpmsync_resync *resync, const struct cpmsync_request *range, int error,
    const struct cpmsync_response *tagged)
{
    bool ours = !resync->failed && resync->selected && !range->voided && !resync->apply.other_uidvalidity;
    bool extra = range->kind == CPMSYNC_REQUEST_CHANGES || range->kind == CPMSYNC_REQUEST_SEARCH;

    if (!ours) {
        if (error && !tagged)
            fail(resync, error, NULL);
        return;
    }
    if (!error && cpmsync_slice_is(tagged->code.name, "MESSAGELIMIT"))
        error = CPMSYNC_ERR_SERVER_LIMIT; /* only part of it was answered (PG-06) */
    if (error == CPMSYNC_ERR_BAD && range->modseq && !resync->mod_sequences) {
        resync->next_first = range->first; /* asked for MODSEQ before NOMODSEQ was known */
    } else if (goes_on_plainly(resync, range, error)) {
        commit(resync);
    } else if (error == CPMSYNC_ERR_BAD && extra) {
        resync->changes_due = false;
        resync->pass_due = true;
    } else if (error) {
        fail(resync, error, tagged);
    } else {
        cpmsync_apply_code(&resync->apply, &tagged->code);
        cpmsync_apply_tagged(&resync->apply);
        answered(resync, range);
    }
}

static void request_done(
    void *ctx, const struct cpmsync_request *request, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_resync *resync = ctx;

    resync->held++;
    if (tagged && !resync->config.turn(resync->config.ctx))
        resync->config.overtaken(resync->config.ctx);
    if (request->kind == CPMSYNC_REQUEST_UNSELECT)
        unselect_done(resync, error, tagged);
    else if (request->kind == CPMSYNC_REQUEST_SELECT)
        select_done(resync, error, tagged);
    else
        range_done(resync, request, error, tagged);
    resync->held--;
    go_on(resync);
}

static void message_found(void *ctx, uint32_t first, uint32_t last)
{
    struct cpmsync_resync *resync = ctx;

    if (!resync->failed)
        cpmsync_apply_found(&resync->apply, first, last);
}

/* ---- what next */

/* New messages may have come since SELECT: UIDs above all we know. */
static void submit_late_tail(struct cpmsync_resync *resync)
{
    uint32_t first = cpmsync_cache_uidnext(&resync->mailbox->cache);

    resync->apply.tail_due = false;
    if (resync->config.stays && first > resync->late_first)
        resync->late_tails = 0; /* a steady stream of messages is no contradiction */
    resync->late_first = first;
    if (++resync->late_tails > CPMSYNC_RESYNC_LATE_TAILS)
        fail(resync, CPMSYNC_ERR_UNVERIFIED, NULL);
    else if (first)
        ask(resync, CPMSYNC_REQUEST_TAIL, first, UINT32_MAX);
}

/* What changed since the cursor: without QRESYNC, or because nothing the server told explains that something did
 * (R13, PF-13). */
static void submit_changes(struct cpmsync_resync *resync)
{
    sent(resync,
        cpmsync_request_changes(&resync->requests, resync->old_last, resync->old_modseq, qresync_answered(resync)));
}

/* Without QRESYNC nobody says what is gone: where the count does not prove that nothing is, the rest is searched for. */
static bool search_due(const struct cpmsync_resync *resync)
{
    const struct cpmsync_apply *apply = &resync->apply;
    bool unproven = !apply->exists_known || apply->uncounted || !cpmsync_apply_counts(apply);

    return !qresync_answered(resync) && resync->passes == 0 && !resync->searched && !apply->suspect && unproven &&
           resync->mailbox->cache.covered.count != 0;
}

static void submit_search(struct cpmsync_resync *resync)
{
    uint32_t last = cpmsync_uidset_last(&resync->mailbox->cache.covered);

    resync->searched = true;
    cpmsync_apply_search(&resync->apply);
    sent(resync, cpmsync_request_search(&resync->requests, last));
}

static void submit_pass(struct cpmsync_resync *resync)
{
    resync->pass_due = false;
    resync->changes_due = false;
    if (++resync->passes > CPMSYNC_RESYNC_PASSES) {
        fail(resync, CPMSYNC_ERR_UNVERIFIED, NULL);
        return;
    }
    cpmsync_apply_pass(&resync->apply);
    if (good(resync))
        ask(resync, CPMSYNC_REQUEST_PASS, 1, UINT32_MAX);
}

/* Cache and server contradict each other: the old cursor again, until a full pass has told (R14). */
static void distrust(struct cpmsync_resync *resync)
{
    cpmsync_batch_cursor(&resync->apply.batch, resync->old_modseq);
    if (commit(resync))
        resync->pass_due = true;
    if (resync->passes == 0)
        cpmsync_plan_failed(resync->config.facts, resync->rung);
}

/* Everything asked for was answered (R12). True when nothing is left. */
static bool verified(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;

    if (apply->suspect || !cpmsync_apply_counts(apply)) {
        distrust(resync);
        return false;
    }
    if (resync->passes == 0)
        cpmsync_plan_held(resync->config.facts, resync->rung);
    settle(resync);
    forget_lacking(resync);
    return commit(resync);
}

/* It stays: what comes from here on begins anew, with the cursor as it is (R14). */
static void stay(struct cpmsync_resync *resync)
{
    const struct cpmsync_cache *cache = &resync->mailbox->cache;

    resync->in_sync = true;
    resync->apply.numbered = resync->apply.numbered || numbered(resync);
    resync->rounds = 0;
    resync->passes = 0;
    resync->late_tails = 0;
    resync->searched = false;
    resync->plain_last = 0;
    resync->filling = false;
    cpmsync_fill_restart(&resync->fill);
    resync->old_last = cpmsync_uidset_last(&cache->covered);
    resync->old_modseq = cache->highestmodseq;
    resync->select_modseq = cache->highestmodseq;
}

static void finish(struct cpmsync_resync *resync)
{
    resync->config.done(resync->config.ctx, &resync->err);
}

/* Chained: what is left to do would be said to another mailbox. True when there is something. */
static bool unfinished(struct cpmsync_resync *resync)
{
    const struct cpmsync_apply *apply = &resync->apply;

    if (!resync->config.chained)
        return false;
    bool asked_all = resync->selected && !apply->other_uidvalidity && !resync->pass_due && !resync->changes_due &&
                     !apply->tail_due && resync->next_first > last_wanted(resync) && !apply->rise &&
                     !search_due(resync) && !fill_due(resync);
    bool wrong = apply->suspect || (asked_all && !cpmsync_apply_counts(apply));

    if (asked_all && !wrong)
        return false;
    if (wrong)
        distrust(resync);
    else
        commit(resync);
    resync->unfinished = !resync->failed;
    return resync->unfinished;
}

/* Sends what is possible now. True when it is over. */
static bool advance(struct cpmsync_resync *resync)
{
    struct cpmsync_apply *apply = &resync->apply;

    resync->in_sync = false;
    while (!resync->failed && !cpmsync_requests_busy(&resync->requests, CPMSYNC_REQUEST_SELECT)) {
        if (!good(resync) || (resync->config.chained && resync->requests.in_flight))
            break;
        if (unfinished(resync))
            return true;
        if (!resync->selected || apply->other_uidvalidity) {
            if (resync->requests.in_flight)
                return false;
            start_round(resync);
            continue;
        }
        if (!resync->pass_due)
            ask_ranges(resync, last_wanted(resync), apply->exists);
        if (resync->filling && !resync->pass_due)
            ask_fills(resync);
        if (resync->failed || resync->requests.in_flight)
            break;
        if (resync->pass_due) {
            submit_pass(resync);
        } else if (apply->tail_due) {
            submit_late_tail(resync);
        } else if (resync->changes_due || (apply->rise && !apply->suspect && cpmsync_apply_counts(apply))) {
            submit_changes(resync);
        } else if (search_due(resync)) {
            submit_search(resync);
        } else if (!apply->suspect && cpmsync_apply_counts(apply) && fill_due(resync)) {
            ask_fills(resync);
        } else if (verified(resync)) {
            if (!resync->config.stays)
                return true;
            stay(resync);
            break;
        }
        if (resync->requests.in_flight)
            break;
    }
    return !good(resync) && resync->requests.in_flight == 0;
}

static void go_on(struct cpmsync_resync *resync)
{
    if (resync->held)
        return;
    resync->held++;
    bool over = advance(resync);
    resync->held--;
    if (over) {
        finish(resync);
    } else if (resync->in_sync && !resync->told) {
        resync->told = true;
        resync->config.synced(resync->config.ctx);
    }
}

/* ---- the entry points */

/* The cache's key is what the server's own spelling of the name would give (R10, M-01). */
static int open_key(struct cpmsync_resync *resync)
{
    const struct cpmsync_resync_config *config = &resync->config;
    struct cpmsync_buf key;

    cpmsync_buf_init(&key, config->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = cpmsync_mailbox_name_decode(
        cpmsync_buf_slice(&resync->wire_name), cpmsync_session_utf8_names(config->session), &key);
    if (!error)
        error = cpmsync_open_mailbox_new(
            &resync->mailbox, config->mem, config->store, &config->limits, config->fields, cpmsync_buf_slice(&key));
    cpmsync_buf_clear(&key);
    return error;
}

int cpmsync_resync_new(
    struct cpmsync_resync **out, const struct cpmsync_resync_config *config, struct cpmsync_slice name)
{
    struct cpmsync_batch_upward up = {config->ctx, config->event};

    *out = NULL;
    struct cpmsync_resync *resync = cpmsync_mem_zalloc(config->mem, sizeof *resync);
    if (!resync)
        return CPMSYNC_ERR_NOMEM;
    resync->config = *config;
    resync->requests.mem = config->mem;
    resync->requests.session = config->session;
    resync->requests.ctx = resync;
    resync->requests.refill = config->refill;
    resync->requests.done = request_done;
    resync->requests.found = message_found;
    resync->requests.fields = config->fields;
    cpmsync_buf_init(&resync->wire_name, config->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = cpmsync_mailbox_name_encode(name, cpmsync_session_utf8_names(config->session), &resync->wire_name);
    if (!error)
        error = open_key(resync);
    if (!error) {
        cpmsync_fill_init(&resync->fill, resync->mailbox);
        error = cpmsync_apply_init(&resync->apply, resync->mailbox, &up);
    }
    if (error) {
        cpmsync_resync_free(resync);
        return error;
    }
    resync->held++;
    start_round(resync);
    resync->held--;
    if (resync->failed && resync->requests.in_flight == 0) {
        error = resync->err.error;
        cpmsync_resync_free(resync);
        return error;
    }
    *out = resync;
    return 0;
}

void cpmsync_resync_free(struct cpmsync_resync *resync)
{
    if (!resync)
        return;
    if (resync->apply.mailbox)
        cpmsync_apply_clear(&resync->apply);
    if (resync->fill.mailbox)
        cpmsync_fill_clear(&resync->fill);
    cpmsync_open_mailbox_free(resync->mailbox);
    cpmsync_buf_clear(&resync->wire_name);
    cpmsync_mem_free(resync->config.mem, resync);
}

void cpmsync_resync_data(struct cpmsync_resync *resync, const struct cpmsync_response *response)
{
    if (resync->failed)
        return;
    resync->held++;
    cpmsync_apply_data(&resync->apply, response);
    resync->held--;
    if (!good(resync))
        go_on(resync);
}

void cpmsync_resync_lost(struct cpmsync_resync *resync, int error)
{
    if (error == CPMSYNC_ERR_NOMEM)
        cpmsync_resync_stop(resync, error);
    else
        resync->apply.suspect = true;
}

void cpmsync_resync_stop(struct cpmsync_resync *resync, int error)
{
    if (resync->held) {
        /* From inside one of its own callbacks: the batch that called it is not to be pulled away from under it. */
        if (!resync->apply.batch.error)
            resync->apply.batch.error = error;
        return;
    }
    fail(resync, error, NULL);
    go_on(resync);
}

void cpmsync_resync_rest(struct cpmsync_resync *resync)
{
    if (resync->config.stays && resync->requests.in_flight == 0)
        go_on(resync);
}

void cpmsync_resync_tagged(struct cpmsync_resync *resync, const struct cpmsync_response *tagged)
{
    if (!resync->config.stays || resync->failed || !resync->selected)
        return;
    cpmsync_apply_code(&resync->apply, &tagged->code);
    cpmsync_apply_tagged(&resync->apply);
}

void cpmsync_resync_leave(struct cpmsync_resync *resync)
{
    if (!resync->config.stays)
        return;
    resync->config.stays = false;
    resync->config.chained = true;
    go_on(resync);
}

bool cpmsync_resync_rests(const struct cpmsync_resync *resync)
{
    return resync->in_sync;
}

bool cpmsync_resync_slides(const struct cpmsync_resync *resync)
{
    return resync->requests.in_flight != 0 && (resync->held_back || resync->filling);
}

bool cpmsync_resync_unfinished(const struct cpmsync_resync *resync)
{
    return resync->unfinished;
}

bool cpmsync_resync_is_first(const struct cpmsync_resync *resync)
{
    return resync->mailbox->cache.covered.count == 0;
}

const struct cpmsync_batch_counts *cpmsync_resync_counts(const struct cpmsync_resync *resync)
{
    return &resync->apply.batch.counts;
}
