/* SPDX-License-Identifier: MIT */
#include "sync/batch.h"

static const struct cpmsync_store *store_of(const struct cpmsync_batch *batch)
{
    return batch->mailbox->store;
}

static const uint8_t *name_of(const struct cpmsync_batch *batch)
{
    return (const uint8_t *)batch->mailbox->name;
}

static int fail(struct cpmsync_batch *batch, int error)
{
    if (error && !batch->error)
        batch->error = error;
    return batch->error;
}

void cpmsync_batch_init(
    struct cpmsync_batch *batch, struct cpmsync_open_mailbox *mailbox, const struct cpmsync_batch_upward *up)
{
    memset(batch, 0, sizeof *batch);
    batch->mailbox = mailbox;
    batch->up = *up;
    cpmsync_flag_names_init(&batch->flags, mailbox->mem);
    cpmsync_uidset_init(&batch->held_put, mailbox->mem, mailbox->cache.limits.ranges_max);
    cpmsync_uidset_init(&batch->held_gone, mailbox->mem, mailbox->cache.limits.ranges_max);
}

void cpmsync_batch_clear(struct cpmsync_batch *batch)
{
    if (batch->open)
        store_of(batch)->ops->rollback(store_of(batch)->self);
    cpmsync_uidset_clear(&batch->held_put);
    cpmsync_uidset_clear(&batch->held_gone);
    cpmsync_flag_names_clear(&batch->flags);
    batch->open = false;
}

/* ---- events */

static int tell(struct cpmsync_batch *batch, struct cpmsync_event *event)
{
    event->size = sizeof *event;
    event->mailbox = batch->mailbox->name;
    event->uidvalidity = batch->mailbox->cache.uidvalidity;
    if (batch->up.event(batch->up.ctx, event))
        fail(batch, CPMSYNC_ERR_ABORTED);
    return batch->error; /* the app may also have stopped it from inside */
}

static int tell_begin(struct cpmsync_batch *batch)
{
    struct cpmsync_event event;

    if (!batch->mailbox->begin_due || batch->error)
        return batch->error;
    memset(&event, 0, sizeof event);
    if (batch->reset_due) {
        batch->reset_due = false;
        event.type = CPMSYNC_EVENT_RESET;
        if (tell(batch, &event))
            return batch->error;
        memset(&event, 0, sizeof event);
    }
    event.type = CPMSYNC_EVENT_BEGIN;
    event.ranges = batch->mailbox->cache.covered.ranges;
    event.range_count = batch->mailbox->cache.covered.count;
    batch->mailbox->begin_due = false;
    return tell(batch, &event);
}

static int tell_message(struct cpmsync_batch *batch, const struct cpmsync_row *row)
{
    struct cpmsync_event event;
    int error = cpmsync_flag_names_cut(&batch->flags, batch->mailbox->cache.flagsets, row->flagset);

    if (error)
        return fail(batch, error);
    if (tell_begin(batch))
        return batch->error;
    memset(&event, 0, sizeof event);
    event.type = CPMSYNC_EVENT_MESSAGE;
    event.uid = row->uid;
    event.modseq = row->modseq;
    event.flags = batch->flags.names;
    event.flag_count = batch->flags.count;
    return tell(batch, &event);
}

static int tell_vanished(struct cpmsync_batch *batch, const struct cpmsync_range *ranges, size_t count)
{
    struct cpmsync_event event;

    if (count == 0)
        return 0;
    if (tell_begin(batch))
        return batch->error;
    memset(&event, 0, sizeof event);
    event.type = CPMSYNC_EVENT_VANISHED;
    event.ranges = ranges;
    event.range_count = count;
    return tell(batch, &event);
}

/* ---- the store */

static int begin(struct cpmsync_batch *batch)
{
    if (batch->error || batch->open)
        return batch->error;
    int error = store_of(batch)->ops->begin(store_of(batch)->self, CPMSYNC_STORE_CACHE);
    if (error)
        return fail(batch, error);
    batch->open = true;
    batch->changed = true;
    /* Rows need their mailbox's record. */
    if (!batch->mailbox->stored)
        return fail(batch, cpmsync_open_mailbox_put(batch->mailbox));
    return 0;
}

static int flush(struct cpmsync_batch *batch)
{
    if (batch->error || batch->rows == 0)
        return batch->error;
    int error = store_of(batch)->ops->rows_put(store_of(batch)->self, name_of(batch), batch->mailbox->name_len,
        batch->uid, batch->modseq, batch->flagset, batch->rows);
    batch->rows = 0;
    return fail(batch, error);
}

static int keep(struct cpmsync_batch *batch, const struct cpmsync_cache_change *change)
{
    if (begin(batch))
        return batch->error;
    if (change->set_added) {
        struct cpmsync_slice text = cpmsync_flagsets_text(batch->mailbox->cache.flagsets, change->row.flagset);
        int error = store_of(batch)->ops->flagset_put(
            store_of(batch)->self, name_of(batch), batch->mailbox->name_len, change->row.flagset, text.data, text.len);
        if (error)
            return fail(batch, error);
    }
    bool ascends = batch->rows == 0 || change->row.uid > batch->uid[batch->rows - 1];
    if ((!ascends || batch->rows == CPMSYNC_BATCH_ROWS) && flush(batch))
        return batch->error;
    batch->uid[batch->rows] = change->row.uid;
    batch->modseq[batch->rows] = change->row.modseq;
    batch->flagset[batch->rows] = change->row.flagset;
    batch->rows++;
    return 0;
}

/* ---- holding events back */

void cpmsync_batch_hold(struct cpmsync_batch *batch)
{
    batch->held = true;
}

static int tell_row(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct cpmsync_batch *batch = ctx;

    for (size_t i = 0; i < count && !batch->error; i++) {
        struct cpmsync_row row = {uid[i], flagset[i], modseq[i]};
        tell_message(batch, &row);
    }
    return batch->error;
}

static void drop_held(struct cpmsync_batch *batch)
{
    batch->held = false;
    cpmsync_uidset_clear(&batch->held_put);
    cpmsync_uidset_clear(&batch->held_gone);
}

int cpmsync_batch_release(struct cpmsync_batch *batch)
{
    struct cpmsync_columns *columns = batch->mailbox->cache.columns;

    if (!batch->held)
        return batch->error;
    batch->held = false;
    fail(batch, cpmsync_uidset_settle(&batch->held_gone));
    fail(batch, cpmsync_uidset_settle(&batch->held_put));
    if (!batch->error)
        tell_vanished(batch, batch->held_gone.ranges, batch->held_gone.count);
    for (size_t i = 0; i < batch->held_put.count && !batch->error; i++)
        cpmsync_columns_walk(columns, batch->held_put.ranges[i].first, batch->held_put.ranges[i].last, tell_row, batch);
    drop_held(batch);
    return batch->error;
}

/* ---- what happens */

/*
 * The app is about to drop the old generation, which the store keeps if the batch is lost. Should the old UIDVALIDITY then
 * come back (a mailbox renamed away and back), the app must hear of all its messages again. So before the app hears
 * anything, and whatever is killed or loses power later, the old generation has no cursor: without one everything is told
 * (R17). What the batch has open meant the old UIDs.
 */
static int void_cursor(struct cpmsync_batch *batch)
{
    struct cpmsync_open_mailbox *mailbox = batch->mailbox;
    const struct cpmsync_store *store = store_of(batch);

    if (cpmsync_batch_abort(batch))
        return batch->error;
    if (!mailbox->stored || mailbox->cache.highestmodseq == 0)
        return 0;
    mailbox->cache.highestmodseq = 0;
    if (fail(batch, store->ops->begin(store->self, CPMSYNC_STORE_DURABLE)))
        return batch->error;
    if (fail(batch, cpmsync_open_mailbox_put(mailbox))) {
        store->ops->rollback(store->self);
        return batch->error;
    }
    return fail(batch, store->ops->commit(store->self));
}

int cpmsync_batch_reset(struct cpmsync_batch *batch, uint32_t uidvalidity)
{
    struct cpmsync_open_mailbox *mailbox = batch->mailbox;

    if (batch->error || void_cursor(batch))
        return batch->error;
    bool known = mailbox->cache.uidvalidity != 0;
    if (mailbox->stored) {
        if (begin(batch))
            return batch->error;
        int error = store_of(batch)->ops->mailbox_remove(store_of(batch)->self, name_of(batch), mailbox->name_len);
        if (error)
            return fail(batch, error);
        mailbox->stored = false;
    }
    int error = cpmsync_cache_reset(&mailbox->cache);
    if (error)
        return fail(batch, error);
    mailbox->cache.uidvalidity = uidvalidity;
    mailbox->bits = 0;
    mailbox->begin_due = true;
    batch->changed = true;
    cpmsync_flag_names_forget(&batch->flags);
    if (batch->open && fail(batch, cpmsync_open_mailbox_put(mailbox)))
        return batch->error;
    batch->reset_due = known;
    return 0;
}

int cpmsync_batch_put(struct cpmsync_batch *batch, const struct cpmsync_cache_news *news)
{
    struct cpmsync_cache_change change;

    if (begin(batch))
        return batch->error;
    int done = cpmsync_cache_put(&batch->mailbox->cache, news, &change);
    if (done < 0)
        return fail(batch, done);
    if (done == 0)
        return 0;
    if (keep(batch, &change))
        return batch->error;
    batch->pending.added += change.added;
    batch->pending.flags_changed += change.flags_changed;
    if (batch->held)
        fail(batch, cpmsync_uidset_gather(&batch->held_put, news->uid, news->uid));
    else
        tell_message(batch, &change.row);
    return batch->error ? batch->error : 1;
}

static size_t vanish_range(struct cpmsync_batch *batch, const struct cpmsync_range *range, struct cpmsync_uidset *gone)
{
    int error = 0;
    size_t count = cpmsync_columns_remove(batch->mailbox->cache.columns, range->first, range->last, gone, &error);

    if (!error && count)
        error = store_of(batch)->ops->rows_remove(
            store_of(batch)->self, name_of(batch), batch->mailbox->name_len, range, 1);
    fail(batch, error);
    return count;
}

static void hold_vanished(struct cpmsync_batch *batch, const struct cpmsync_range *ranges, size_t count)
{
    for (size_t i = 0; i < count && !batch->error; i++)
        fail(batch, cpmsync_uidset_gather(&batch->held_gone, ranges[i].first, ranges[i].last));
}

int cpmsync_batch_vanish(
    struct cpmsync_batch *batch, const struct cpmsync_range *ranges, size_t count, bool announce, size_t *removed)
{
    struct cpmsync_uidset gone;
    size_t cached = 0;

    if (removed)
        *removed = 0;
    if (begin(batch) || flush(batch))
        return batch->error;
    cpmsync_uidset_init(&gone, batch->mailbox->mem, batch->mailbox->cache.limits.ranges_max);
    for (size_t i = 0; i < count && !batch->error; i++)
        cached += vanish_range(batch, &ranges[i], announce ? NULL : &gone);
    batch->pending.vanished += cached;
    if (removed)
        *removed = cached;
    if (!announce) {
        ranges = gone.ranges;
        count = gone.count;
    }
    if (batch->held)
        hold_vanished(batch, ranges, count);
    else if (!batch->error)
        tell_vanished(batch, ranges, count);
    cpmsync_uidset_clear(&gone);
    return batch->error;
}

int cpmsync_batch_cover(struct cpmsync_batch *batch, uint32_t first, uint32_t last)
{
    if (batch->error || last < first)
        return batch->error;
    for (size_t i = 0; i < batch->mailbox->cache.covered.count; i++)
        if (batch->mailbox->cache.covered.ranges[i].first <= first &&
            last <= batch->mailbox->cache.covered.ranges[i].last)
            return 0;
    /* BEGIN names what was covered before: what the app heard of in a batch that was lost may be gone since. */
    if (tell_begin(batch))
        return batch->error;
    batch->changed = true;
    return fail(batch, cpmsync_uidset_add(&batch->mailbox->cache.covered, first, last));
}

int cpmsync_batch_uncover(struct cpmsync_batch *batch, uint32_t first)
{
    struct cpmsync_uidset *covered = &batch->mailbox->cache.covered;

    if (batch->error || cpmsync_uidset_last(covered) < first || tell_begin(batch))
        return batch->error;
    batch->changed = true;
    return fail(batch, cpmsync_uidset_remove(covered, first, UINT32_MAX));
}

int cpmsync_batch_cursor(struct cpmsync_batch *batch, uint64_t highestmodseq)
{
    if (batch->error || batch->mailbox->cache.highestmodseq == highestmodseq)
        return batch->error;
    batch->mailbox->cache.highestmodseq = highestmodseq;
    batch->changed = true;
    return 0;
}

int cpmsync_batch_bits(struct cpmsync_batch *batch, unsigned bits)
{
    if (batch->error || batch->mailbox->bits == bits)
        return batch->error;
    batch->mailbox->bits = bits;
    batch->changed = true;
    return 0;
}

static int tell_batch(struct cpmsync_batch *batch)
{
    struct cpmsync_event event;

    if (tell_begin(batch))
        return batch->error;
    memset(&event, 0, sizeof event);
    event.type = CPMSYNC_EVENT_BATCH;
    event.uidnext = cpmsync_cache_uidnext(&batch->mailbox->cache);
    event.highestmodseq = batch->mailbox->cache.highestmodseq;
    return tell(batch, &event);
}

int cpmsync_batch_commit(struct cpmsync_batch *batch)
{
    if (!batch->changed && !batch->mailbox->begin_due && !batch->error)
        return 0;
    if (!batch->changed && !batch->error && !tell_batch(batch))
        return 0;
    if (begin(batch) || flush(batch) || fail(batch, cpmsync_open_mailbox_put(batch->mailbox)) || tell_batch(batch))
        return cpmsync_batch_abort(batch);
    batch->open = false;
    int error = store_of(batch)->ops->commit(store_of(batch)->self);
    if (error) {
        fail(batch, error);
        return cpmsync_batch_abort(batch);
    }
    batch->counts.added += batch->pending.added;
    batch->counts.flags_changed += batch->pending.flags_changed;
    batch->counts.vanished += batch->pending.vanished;
    memset(&batch->pending, 0, sizeof batch->pending);
    batch->changed = false;
    return 0;
}

int cpmsync_batch_abort(struct cpmsync_batch *batch)
{
    int error = batch->error;
    bool dirty = batch->open || batch->changed || error;

    if (batch->open)
        store_of(batch)->ops->rollback(store_of(batch)->self);
    batch->open = false;
    batch->changed = false;
    batch->reset_due = false;
    batch->error = 0;
    batch->rows = 0;
    cpmsync_flag_names_forget(&batch->flags);
    drop_held(batch);
    memset(&batch->pending, 0, sizeof batch->pending);
    if (!dirty)
        return 0;
    /* Without what the store holds a next batch would write over it: it stays failed until abort can read it. */
    batch->error = cpmsync_open_mailbox_reload(batch->mailbox);
    return error ? error : batch->error;
}
