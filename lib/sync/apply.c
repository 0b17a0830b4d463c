/* SPDX-License-Identifier: MIT */
#include "sync/apply.h"

static const uint64_t MODSEQ_MAX = INT64_MAX;
enum { VANISHED_RANGES = 64 }; /* in one event */

int cpmsync_apply_init(
    struct cpmsync_apply *apply, struct cpmsync_open_mailbox *mailbox, const struct cpmsync_batch_upward *up)
{
    size_t ranges_max = mailbox->cache.limits.ranges_max;

    memset(apply, 0, sizeof *apply);
    apply->mailbox = mailbox;
    cpmsync_batch_init(&apply->batch, mailbox, up);
    cpmsync_uidset_init(&apply->asked, mailbox->mem, ranges_max);
    cpmsync_uidset_init(&apply->seen, mailbox->mem, ranges_max);
    cpmsync_buf_init(&apply->header_text, mailbox->mem, CPMSYNC_DESCRIPTOR_OCTETS_MAX);
    return 0;
}

void cpmsync_apply_clear(struct cpmsync_apply *apply)
{
    cpmsync_batch_clear(&apply->batch);
    cpmsync_uidset_clear(&apply->asked);
    cpmsync_uidset_clear(&apply->seen);
    cpmsync_buf_clear(&apply->header_text);
}

/* Nothing is known yet of what SELECT says. */
static void forget(struct cpmsync_apply *apply)
{
    apply->exists_known = false;
    apply->exists = 0;
    apply->uncounted = false;
    apply->numbered = apply->mailbox->cache.covered.count == 0;
    apply->uidvalidity = 0;
    apply->regenerated = false;
    apply->uidnext_known = false;
    apply->mailboxid_len = 0;
    apply->nomodseq = false;
    apply->not_sticky = false;
    apply->next_modseq = 0;
    apply->code_modseq = 0;
    apply->max_modseq = 0;
    apply->told_modseq = 0;
    apply->told_vanished = false;
    apply->rise = 0;
    apply->tail_due = false;
    apply->suspect = false;
}

void cpmsync_apply_select(struct cpmsync_apply *apply, enum cpmsync_boundary boundary)
{
    cpmsync_uidset_empty(&apply->asked);
    apply->seeing = false;
    apply->boundary = boundary;
    apply->ours = boundary == CPMSYNC_BOUNDARY_NONE;
    apply->selecting = true;
    apply->other_uidvalidity = false;
    forget(apply);
    cpmsync_batch_hold(&apply->batch);
}

static void abort_batch(struct cpmsync_apply *apply)
{
    int error = cpmsync_batch_abort(&apply->batch);

    if (!apply->batch.error)
        apply->batch.error = error;
}

void cpmsync_apply_refused(struct cpmsync_apply *apply)
{
    abort_batch(apply);
    apply->boundary = CPMSYNC_BOUNDARY_NONE;
    apply->ours = false;
}

void cpmsync_apply_unselected(struct cpmsync_apply *apply)
{
    apply->ours = true;
}

/* ---- counts and message numbers */

static void on_exists(struct cpmsync_apply *apply, uint32_t number)
{
    if (apply->exists_known && !apply->uncounted && number < apply->exists)
        apply->suspect = true; /* U-02 */
    if (apply->exists_known && !apply->selecting && (number > apply->exists || apply->uncounted))
        apply->tail_due = true;
    if (apply->exists_known && number > apply->exists)
        apply->arrived += number - apply->exists;
    apply->uncounted = false;
    apply->exists_known = true;
    apply->exists = number;
}

static uint32_t uid_of(const struct cpmsync_apply *apply, uint32_t number)
{
    return apply->numbered ? cpmsync_cache_uid_of(&apply->mailbox->cache, number) : 0;
}

static void on_expunge(struct cpmsync_apply *apply, uint32_t number)
{
    if (number == 0 || !apply->exists_known || number > apply->exists) {
        apply->suspect = true; /* U-06, PF-53 */
        return;
    }
    uint32_t uid = uid_of(apply, number);
    apply->exists--;
    if (uid) {
        struct cpmsync_range range = {uid, uid};
        cpmsync_batch_vanish(&apply->batch, &range, 1, true, NULL);
    }
}

static void vanish(struct cpmsync_apply *apply, const struct cpmsync_range *ranges, size_t count, bool earlier)
{
    uint32_t covered = cpmsync_uidset_last(&apply->mailbox->cache.covered);
    size_t removed;

    apply->told_vanished = true;
    apply->rise = 0;
    if (cpmsync_batch_vanish(&apply->batch, ranges, count, true, &removed) || earlier)
        return; /* EARLIER never changes EXISTS */
    if (removed > apply->exists)
        apply->suspect = true;
    else
        apply->exists -= (uint32_t)removed;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].last > covered) {
            /* Announced and not fetched, or never there: only fetching tells (Q-29, PF-4, PF-5). */
            apply->uncounted = true;
            apply->tail_due = true;
        }
    }
}

static void on_vanished(struct cpmsync_apply *apply, const struct cpmsync_response *response)
{
    struct cpmsync_slice set = response->items;
    struct cpmsync_range ranges[VANISHED_RANGES];
    size_t count = 0;

    while (cpmsync_uidset_parse_next(&set, &ranges[count]) == 1) {
        if (++count == VANISHED_RANGES) {
            vanish(apply, ranges, count, response->earlier);
            count = 0;
        }
    }
    if (count)
        vanish(apply, ranges, count, response->earlier);
}

/* ---- messages */

static bool wanted(const struct cpmsync_apply *apply, uint32_t uid)
{
    return cpmsync_uidset_contains(&apply->mailbox->cache.covered, uid) || cpmsync_uidset_contains(&apply->asked, uid);
}

/* The message is above all rows that were fetched. */
static bool is_new(const struct cpmsync_apply *apply, uint32_t number)
{
    const struct cpmsync_cache *cache = &apply->mailbox->cache;

    return apply->numbered && cache->covered.count <= 1 &&
           number > cpmsync_columns_rank(cache->columns, cpmsync_uidset_last(&cache->covered));
}

/* Not part of a synchronisation that is under way: only such mod-sequences lift the cursor. */
static bool unsolicited(const struct cpmsync_apply *apply, uint32_t uid)
{
    return !apply->seeing && cpmsync_uidset_contains(&apply->mailbox->cache.covered, uid);
}

/* What it says of the message's descriptor, NULL if nothing; a message number is no name for what stays for ever. */
static const struct cpmsync_descriptor *described(struct cpmsync_apply *apply, const struct cpmsync_fetch *fetch)
{
    const struct cpmsync_header_list *fields = apply->mailbox->fields;

    if (!fields || !(fetch->items & CPMSYNC_FETCH_UID))
        return NULL;
    int result = cpmsync_descriptor_read(&apply->description, &apply->header_text, fields, fetch);
    if (result < 0 && !apply->batch.error)
        apply->batch.error = result;
    return result == 1 ? &apply->description.is : NULL;
}

static void on_fetch(struct cpmsync_apply *apply, uint32_t number, const struct cpmsync_fetch *fetch)
{
    struct cpmsync_cache_news news;

    memset(&news, 0, sizeof news);
    news.descriptor = described(apply, fetch);
    news.has_flags = (fetch->items & CPMSYNC_FETCH_FLAGS) != 0;
    news.flags = fetch->flags;
    news.has_modseq = apply->nomodseq ? news.has_flags : (fetch->items & CPMSYNC_FETCH_MODSEQ) != 0;
    news.modseq = news.has_modseq && !apply->nomodseq ? fetch->modseq : 0; /* what there was is void */
    if ((fetch->items & CPMSYNC_FETCH_MODSEQ) && fetch->modseq > apply->told_modseq)
        apply->told_modseq = fetch->modseq;
    if ((fetch->items & CPMSYNC_FETCH_MODSEQ) && fetch->modseq == apply->rise)
        apply->rise = 0;
    if (number == 0 || (apply->exists_known && number > apply->exists))
        apply->tail_due = true; /* U-10, PF-54, PF-55: believed by UID only */
    bool of_state = news.has_flags || news.has_modseq;
    if ((!of_state && !news.descriptor) || (fetch->items & CPMSYNC_FETCH_UID_ZERO))
        return;
    news.uid = fetch->items & CPMSYNC_FETCH_UID ? fetch->uid : uid_of(apply, number);
    if (news.uid == 0 && !is_new(apply, number))
        apply->suspect = true; /* U-09, PF-57: something changed, nobody knows of what */
    if (news.uid == 0 || !wanted(apply, news.uid)) {
        apply->tail_due = apply->tail_due || of_state;
        return;
    }
    if (news.has_modseq && news.modseq > apply->max_modseq && unsolicited(apply, news.uid))
        apply->max_modseq = news.modseq;
    if (cpmsync_batch_put(&apply->batch, &news) == 0 && of_state)
        apply->suspect = true; /* a mod-sequence of a covered message we do not have */
    if (apply->seeing && news.has_flags && !apply->batch.error)
        apply->batch.error = cpmsync_uidset_gather(&apply->seen, news.uid, news.uid);
}

/* ---- codes */

static void on_uidvalidity(struct cpmsync_apply *apply, uint32_t uidvalidity)
{
    if (!apply->selecting) {
        if (uidvalidity != apply->mailbox->cache.uidvalidity)
            apply->other_uidvalidity = true;
        return;
    }
    apply->uidvalidity = uidvalidity;
    if (uidvalidity == apply->mailbox->cache.uidvalidity) {
        cpmsync_batch_release(&apply->batch);
    } else {
        /* A range asked for behind the SELECT began above what was covered: under new UIDs it means nothing. */
        if (apply->mailbox->cache.covered.count) {
            cpmsync_uidset_empty(&apply->asked);
            apply->regenerated = true;
        }
        apply->numbered = true;
        cpmsync_batch_reset(&apply->batch, uidvalidity);
    }
}

static void on_closed(struct cpmsync_apply *apply)
{
    if (!apply->selecting || apply->boundary != CPMSYNC_BOUNDARY_CLOSED)
        return; /* */
    apply->boundary = CPMSYNC_BOUNDARY_NONE;
    if (apply->ours) {
        /* What was taken for ours was the old mailbox's. */
        abort_batch(apply);
        forget(apply);
        cpmsync_batch_hold(&apply->batch);
    }
    apply->ours = true;
}

void cpmsync_apply_code(struct cpmsync_apply *apply, const struct cpmsync_code *code)
{
    if (code->type == CPMSYNC_CODE_CLOSED)
        on_closed(apply);
    if (!apply->ours)
        return;
    switch (code->type) {
    case CPMSYNC_CODE_UIDVALIDITY:
        on_uidvalidity(apply, (uint32_t)code->number);
        break;
    case CPMSYNC_CODE_UIDNEXT:
        if (code->number >= 1 && code->number <= UINT32_MAX) {
            apply->uidnext_known = true;
            apply->uidnext = (uint32_t)code->number;
        }
        break;
    case CPMSYNC_CODE_HIGHESTMODSEQ:
        /* 0 means none for now (PF-11); above 63 bits no cursor can be kept. */
        if (code->number >= 1 && code->number <= MODSEQ_MAX)
            apply->code_modseq = code->number;
        else if (apply->selecting)
            apply->nomodseq = true;
        break;
    case CPMSYNC_CODE_NOMODSEQ:
        apply->nomodseq = true;
        break;
    case CPMSYNC_CODE_UIDNOTSTICKY:
        apply->not_sticky = true;
        break;
    case CPMSYNC_CODE_MAILBOXID:
        if (cpmsync_objectid_is(code->args)) {
            memcpy(apply->mailboxid, code->args.data, code->args.len);
            apply->mailboxid_len = code->args.len;
        }
        break;
    default:
        break;
    }
}

/* Until [CLOSED] or UIDVALIDITY came, EXISTS and FLAGS may have been the old mailbox's own: whose messages are told of, nobody
 * knows (PF-49, PF-50). */
static bool is_of_doubtful_origin(const struct cpmsync_apply *apply, enum cpmsync_response_type type)
{
    bool of_messages =
        type == CPMSYNC_RESPONSE_FETCH || type == CPMSYNC_RESPONSE_EXPUNGE || type == CPMSYNC_RESPONSE_VANISHED;

    return apply->selecting && apply->boundary == CPMSYNC_BOUNDARY_CLOSED && apply->uidvalidity == 0 && of_messages;
}

void cpmsync_apply_data(struct cpmsync_apply *apply, const struct cpmsync_response *response)
{
    bool begins = response->type == CPMSYNC_RESPONSE_FLAGS || response->type == CPMSYNC_RESPONSE_EXISTS;

    if (begins && apply->boundary == CPMSYNC_BOUNDARY_CLOSED)
        apply->ours = true;
    if (response->type == CPMSYNC_RESPONSE_STATUS) {
        cpmsync_apply_code(apply, &response->code);
        return;
    }
    /* Under other UIDs nothing means what it says (V-02). */
    if (!apply->ours || apply->other_uidvalidity)
        return;
    if (is_of_doubtful_origin(apply, response->type)) {
        apply->suspect = true;
        return;
    }
    switch (response->type) {
    case CPMSYNC_RESPONSE_EXISTS:
        on_exists(apply, response->number);
        break;
    case CPMSYNC_RESPONSE_EXPUNGE:
        on_expunge(apply, response->number);
        break;
    case CPMSYNC_RESPONSE_VANISHED:
        on_vanished(apply, response);
        break;
    case CPMSYNC_RESPONSE_FETCH:
        on_fetch(apply, response->number, &response->fetch);
        break;
    default:
        break;
    }
}

/*
 * What it covers was told, not only its number (R13): else the next synchronisation asks from the old one. Where SELECT had
 * none there is nothing to compare with, and all messages are asked for.
 */
static bool is_explained(const struct cpmsync_apply *apply, uint64_t modseq)
{
    return apply->next_modseq == 0 || modseq <= apply->next_modseq || modseq <= apply->told_modseq ||
           apply->told_vanished;
}

void cpmsync_apply_tagged(struct cpmsync_apply *apply)
{
    if (apply->code_modseq && is_explained(apply, apply->code_modseq)) {
        if (apply->code_modseq > apply->next_modseq)
            apply->told_vanished = false;        /* it explains no later rise */
        apply->next_modseq = apply->code_modseq; /* even when lower */
    } else if (apply->max_modseq > apply->next_modseq && apply->next_modseq) {
        apply->next_modseq = apply->max_modseq;
    }
    apply->code_modseq = 0;
    apply->max_modseq = 0;
}

/* ---- the full pass */

void cpmsync_apply_pass(struct cpmsync_apply *apply)
{
    cpmsync_uidset_empty(&apply->seen);
    apply->seeing = true;
    apply->numbered = false;
    apply->arrived = 0;
    apply->rise = 0; /* whatever it was, the pass shows it */
    apply->suspect = false;
    apply->tail_due = false;
    apply->uncounted = false;
    if (cpmsync_uidset_add(&apply->asked, 1, UINT32_MAX))
        apply->batch.error = CPMSYNC_ERR_NOMEM;
}

static void vanish_unseen(struct cpmsync_apply *apply, uint32_t first, uint32_t last)
{
    struct cpmsync_range range = {first, last};

    if (first <= last && !apply->batch.error)
        cpmsync_batch_vanish(&apply->batch, &range, 1, false, NULL);
}

/* What was seen is a set from here on. */
static bool settled(struct cpmsync_apply *apply)
{
    if (!apply->batch.error)
        apply->batch.error = cpmsync_uidset_settle(&apply->seen);
    return !apply->batch.error;
}

static bool shown_all(const struct cpmsync_apply *apply)
{
    if (!apply->exists_known || apply->uncounted)
        return true;
    return cpmsync_uidset_size(&apply->seen) + apply->arrived >= apply->exists;
}

int cpmsync_apply_passed(struct cpmsync_apply *apply)
{
    uint32_t highest;
    uint32_t next = 1;

    apply->seeing = false;
    if (!settled(apply))
        return apply->batch.error;
    highest = cpmsync_uidset_last(&apply->seen);
    if (!shown_all(apply)) {
        apply->suspect = true;
        return apply->batch.error;
    }
    for (size_t i = 0; i < apply->seen.count; i++) {
        vanish_unseen(apply, next, apply->seen.ranges[i].first - 1);
        next = apply->seen.ranges[i].last + 1;
    }
    if (highest != UINT32_MAX)
        vanish_unseen(apply, next, UINT32_MAX);
    if (apply->uidnext_known && apply->uidnext - 1 > highest)
        highest = apply->uidnext - 1;
    cpmsync_batch_cover(&apply->batch, 1, highest);
    if (highest != UINT32_MAX)
        cpmsync_batch_uncover(&apply->batch, highest + 1); /* UIDNEXT may have gone back (PF-47) */
    cpmsync_uidset_clear(&apply->seen);
    apply->numbered = true;
    return apply->batch.error ? apply->batch.error : 1;
}

void cpmsync_apply_search(struct cpmsync_apply *apply)
{
    cpmsync_uidset_empty(&apply->seen);
    apply->numbered = false;
    apply->arrived = 0;
}

void cpmsync_apply_found(struct cpmsync_apply *apply, uint32_t first, uint32_t last)
{
    if (!apply->batch.error)
        apply->batch.error = cpmsync_uidset_gather(&apply->seen, first, last);
}

int cpmsync_apply_searched(struct cpmsync_apply *apply, uint32_t last)
{
    uint32_t next = 1;

    if (!settled(apply))
        return apply->batch.error;
    if (!shown_all(apply)) {
        apply->suspect = true;
        return apply->batch.error;
    }
    for (size_t i = 0; i < apply->seen.count && next <= last; i++) {
        uint32_t before = apply->seen.ranges[i].first - 1;
        vanish_unseen(apply, next, before < last ? before : last);
        next = apply->seen.ranges[i].last + 1;
        if (next == 0)
            break;
    }
    if (next)
        vanish_unseen(apply, next, last);
    cpmsync_uidset_clear(&apply->seen);
    return apply->batch.error;
}

/*
 * SELECT's answer took away more than EXISTS and UIDNEXT allow: some of it is false (PF-7), and the app need not hear of it.
 */
void cpmsync_apply_doubt(struct cpmsync_apply *apply)
{
    const struct cpmsync_cache *cache = &apply->mailbox->cache;
    uint32_t next = cpmsync_cache_uidnext(cache);
    uint64_t left = cpmsync_columns_count(cache->columns);
    uint64_t gone = apply->batch.pending.vanished;

    if (!apply->exists_known || !apply->uidnext_known || apply->uidnext < next || next == 0)
        return;
    left += apply->uidnext - next; /* or as many new ones */
    if (left >= apply->exists || left + gone < apply->exists)
        return;
    abort_batch(apply);
    apply->suspect = true;
}

bool cpmsync_apply_counts(const struct cpmsync_apply *apply)
{
    if (!apply->exists_known || apply->uncounted)
        return true;
    return cpmsync_columns_count(apply->mailbox->cache.columns) == apply->exists;
}
