/* SPDX-License-Identifier: MIT */
#include "sync/batch.h"

enum {
    GONE_RANGES = 1024,  /* kept until they are told; if there are more, all that is not cached is told as gone */
    VANISHED_RANGES = 64 /* in one event */
};

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
    cpmsync_uidset_init(&batch->gone, mailbox->mem, GONE_RANGES);
    cpmsync_described_init(&batch->described, mailbox);
}

void cpmsync_batch_clear(struct cpmsync_batch *batch)
{
    if (batch->open)
        store_of(batch)->ops->rollback(store_of(batch)->self);
    cpmsync_uidset_clear(&batch->held_put);
    cpmsync_uidset_clear(&batch->gone);
    cpmsync_flag_names_clear(&batch->flags);
    cpmsync_described_clear(&batch->described);
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

static int retell(struct cpmsync_batch *batch);

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
    if (tell(batch, &event) || !batch->mailbox->retell_due)
        return batch->error;
    batch->mailbox->retell_due = false;
    return retell(batch);
}

static int tell_message(
    struct cpmsync_batch *batch, const struct cpmsync_row *row, const struct cpmsync_descriptor *descriptor)
{
    struct cpmsync_event event;

    if (tell_begin(batch))
        return batch->error;
    if (fail(batch, cpmsync_flag_names_cut(&batch->flags, batch->mailbox->cache.flagsets, row->flagset)))
        return batch->error;
    memset(&event, 0, sizeof event);
    event.type = CPMSYNC_EVENT_MESSAGE;
    event.uid = row->uid;
    event.modseq = row->modseq;
    event.flags = batch->flags.names;
    event.flag_count = batch->flags.count;
    event.descriptor = descriptor;
    batch->told = true;
    return tell(batch, &event);
}

/* With its descriptor, which the store has if anybody. */
static int tell_whole(struct cpmsync_batch *batch, const struct cpmsync_row *row)
{
    const struct cpmsync_descriptor *descriptor = NULL;

    if (batch->error || tell_begin(batch))
        return batch->error; /* it may use the same room */
    if (batch->mailbox->fields && fail(batch, cpmsync_described_read(&batch->described, row->uid, &descriptor)))
        return batch->error;
    return tell_message(batch, row, descriptor);
}

/* ---- telling what is not there */

struct absence {
    struct cpmsync_batch *batch;
    bool rows;     /* the rows in between are told, too */
    uint32_t next; /* all below was told; 0: all there are */
    struct cpmsync_range ranges[VANISHED_RANGES];
    size_t count;
};

static int tell_vanished(struct absence *absence)
{
    struct cpmsync_batch *batch = absence->batch;
    struct cpmsync_event event;

    if (batch->error || absence->count == 0 || tell_begin(batch))
        return batch->error;
    memset(&event, 0, sizeof event);
    event.type = CPMSYNC_EVENT_VANISHED;
    event.ranges = absence->ranges;
    event.range_count = absence->count;
    absence->count = 0;
    return tell(batch, &event);
}

static void add_absent(struct absence *absence, uint32_t first, uint32_t last)
{
    struct cpmsync_range range = {first, last};

    if (first == 0 || first > last)
        return;
    if (absence->count == VANISHED_RANGES)
        tell_vanished(absence);
    absence->ranges[absence->count++] = range;
}

static int pass_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct absence *absence = ctx;
    struct cpmsync_batch *batch = absence->batch;

    for (size_t i = 0; i < count && !batch->error; i++) {
        struct cpmsync_row row = {uid[i], flagset[i], modseq[i]};
        add_absent(absence, absence->next, uid[i] - 1);
        absence->next = uid[i] + 1;
        if (absence->rows)
            tell_whole(batch, &row);
    }
    return batch->error;
}

/* What is not cached from `first` to `last` is gone; with `rows`, what is there is told as well. */
static void tell_range(struct absence *absence, uint32_t first, uint32_t last)
{
    absence->next = first;
    cpmsync_columns_walk(absence->batch->mailbox->cache.columns, first, last, pass_rows, absence);
    add_absent(absence, absence->next, last);
}

static int tell_gone(struct cpmsync_batch *batch)
{
    struct absence absence;

    memset(&absence, 0, sizeof absence);
    absence.batch = batch;
    if (cpmsync_uidset_settle(&batch->gone)) {
        cpmsync_uidset_empty(&batch->gone);
        tell_range(&absence, 1, UINT32_MAX);
    }
    for (size_t i = 0; i < batch->gone.count && !batch->error; i++)
        tell_range(&absence, batch->gone.ranges[i].first, batch->gone.ranges[i].last);
    cpmsync_uidset_empty(&batch->gone);
    return tell_vanished(&absence);
}

/* All that is cached, and that there is nothing else. */
static int retell(struct cpmsync_batch *batch)
{
    struct absence absence;

    cpmsync_uidset_empty(&batch->gone); /* it is among the rest */
    memset(&absence, 0, sizeof absence);
    absence.batch = batch;
    absence.rows = true;
    tell_range(&absence, 1, UINT32_MAX);
    return tell_vanished(&absence);
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
        if (batch->held_described)
            tell_whole(batch, &row);
        else
            tell_message(batch, &row, NULL);
    }
    return batch->error;
}

static void drop_held(struct cpmsync_batch *batch)
{
    batch->held = false;
    batch->held_described = false;
    cpmsync_uidset_clear(&batch->held_put);
}

int cpmsync_batch_release(struct cpmsync_batch *batch)
{
    struct cpmsync_columns *columns = batch->mailbox->cache.columns;

    if (!batch->held)
        return batch->error;
    batch->held = false;
    fail(batch, cpmsync_uidset_settle(&batch->held_put));
    for (size_t i = 0; i < batch->held_put.count && !batch->error; i++)
        cpmsync_columns_walk(columns, batch->held_put.ranges[i].first, batch->held_put.ranges[i].last, tell_row, batch);
    drop_held(batch);
    return batch->error;
}

/* ---- what happens */

/*
 * The mark says that the app may have been told to give up what the store holds, or the reverse. Who opens the mailbox with
 * it, after a kill too, tells the app all there is (R17).
 */
static int mark(struct cpmsync_batch *batch, bool marked, enum cpmsync_store_durability durability)
{
    struct cpmsync_open_mailbox *mailbox = batch->mailbox;
    const struct cpmsync_store *store = store_of(batch);

    if (batch->error || !mailbox->stored)
        return batch->error;
    mailbox->marked = marked;
    if (fail(batch, store->ops->begin(store->self, durability)))
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

    /* What the batch has open meant the old UIDs. The app will drop the old generation, which the store keeps if the batch is
     * lost; its UIDVALIDITY may come back (a mailbox renamed away and back). */
    if (batch->error || cpmsync_batch_abort(batch) || mark(batch, true, CPMSYNC_STORE_DURABLE))
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
    cpmsync_buf_truncate(&mailbox->extra, 0);
    mailbox->marked = false;
    mailbox->retell_due = false;
    mailbox->begin_due = true;
    cpmsync_uidset_empty(&mailbox->lacking);
    batch->changed = true;
    cpmsync_flag_names_forget(&batch->flags);
    if (batch->open && fail(batch, cpmsync_open_mailbox_put(mailbox)))
        return batch->error;
    batch->reset_due = known;
    return 0;
}

int cpmsync_batch_put(struct cpmsync_batch *batch, const struct cpmsync_cache_news *news)
{
    struct cpmsync_cache *cache = &batch->mailbox->cache;
    const struct cpmsync_descriptor *descriptor = batch->mailbox->fields ? news->descriptor : NULL;
    struct cpmsync_cache_change change;

    if (begin(batch))
        return batch->error;
    int done = cpmsync_cache_put(cache, news, &change);
    if (done < 0)
        return fail(batch, done);
    if (done == 0)
        return 0;
    if ((news->has_flags || news->has_modseq) && keep(batch, &change))
        return batch->error;
    batch->pending.added += change.added;
    batch->pending.flags_changed += change.flags_changed;
    if (change.added && cpmsync_uidset_contains(&cache->covered, news->uid))
        batch->contradicts = batch->all_due = true; /* UIDs do not come back: it may be a lie */
    bool now = !batch->all_due && !batch->held;
    if (now && tell_begin(batch))
        return batch->error; /* ahead of the descriptor: it may use the same room */
    if (batch->mailbox->fields && fail(batch, cpmsync_described_keep(&batch->described, news->uid, change.added,
                                                  batch->pending.vanished != 0, &descriptor)))
        return batch->error;
    if (batch->all_due)
        return 1; /* told behind the commit, with all the others */
    batch->held_described = batch->held_described || (batch->held && descriptor);
    if (batch->held)
        fail(batch, cpmsync_uidset_gather(&batch->held_put, news->uid, news->uid));
    else
        tell_message(batch, &change.row, descriptor);
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

static void keep_gone(struct cpmsync_batch *batch, const struct cpmsync_range *ranges, size_t count)
{
    for (size_t i = 0; i < count && !batch->error; i++) {
        int error = cpmsync_uidset_gather(&batch->gone, ranges[i].first, ranges[i].last);
        if (error == CPMSYNC_ERR_LIMIT) {
            cpmsync_uidset_empty(&batch->gone);
            error = cpmsync_uidset_gather(&batch->gone, 1, UINT32_MAX);
        }
        fail(batch, error);
    }
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
    batch->contradicts = batch->contradicts || cached;
    if (removed)
        *removed = cached;
    if (announce)
        keep_gone(batch, ranges, count);
    else
        keep_gone(batch, gone.ranges, gone.count);
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

int cpmsync_batch_settle(struct cpmsync_batch *batch)
{
    return batch->error ? batch->error : fail(batch, cpmsync_described_settle(&batch->described));
}

int cpmsync_batch_give_up(struct cpmsync_batch *batch, uint32_t first, uint32_t last)
{
    if (cpmsync_batch_settle(batch) || batch->mailbox->lacking.count == 0)
        return batch->error;
    batch->changed = true;
    return fail(batch, cpmsync_uidset_remove(&batch->mailbox->lacking, first, last));
}

int cpmsync_batch_bits(struct cpmsync_batch *batch, unsigned bits)
{
    if (batch->error || batch->mailbox->bits == bits)
        return batch->error;
    batch->mailbox->bits = bits;
    batch->changed = true;
    return 0;
}

int cpmsync_batch_extra(struct cpmsync_batch *batch, unsigned tag, struct cpmsync_slice value)
{
    if (batch->error)
        return batch->error;
    int done = cpmsync_extra_set(&batch->mailbox->extra, tag, value);
    if (done < 0)
        return fail(batch, done);
    batch->changed = batch->changed || done;
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

/* Behind the commit, under the mark: what contradicts what the app was told before. */
static int tell_contradictions(struct cpmsync_batch *batch, bool all)
{
    if (tell_begin(batch) || (all ? retell(batch) : tell_gone(batch)) || tell_batch(batch))
        return batch->error;
    /* Where it stays, the same is told again: nothing is lost. */
    if (mark(batch, false, CPMSYNC_STORE_CACHE)) {
        batch->error = 0;
        batch->mailbox->marked = true;
    }
    return 0;
}

static void committed(struct cpmsync_batch *batch)
{
    batch->counts.added += batch->pending.added;
    batch->counts.flags_changed += batch->pending.flags_changed;
    batch->counts.vanished += batch->pending.vanished;
    memset(&batch->pending, 0, sizeof batch->pending);
    batch->open = false;
    batch->changed = false;
    batch->told = false;
    batch->contradicts = false;
    batch->all_due = false;
}

int cpmsync_batch_commit(struct cpmsync_batch *batch)
{
    const struct cpmsync_store *store = store_of(batch);
    bool late = batch->contradicts;
    bool all = batch->all_due;

    if (!batch->changed && !batch->mailbox->begin_due && !batch->error)
        return 0;
    if (!batch->changed && !batch->mailbox->marked && !batch->error && !tell_batch(batch))
        return 0;
    if (begin(batch) || flush(batch) || cpmsync_batch_settle(batch))
        return cpmsync_batch_abort(batch);
    if (!late && (tell_gone(batch) || tell_batch(batch)))
        return cpmsync_batch_abort(batch);
    batch->mailbox->marked = late;
    if (fail(batch, cpmsync_open_mailbox_put(batch->mailbox)) || fail(batch, store->ops->commit(store->self)))
        return cpmsync_batch_abort(batch);
    committed(batch);
    if (late && tell_contradictions(batch, all))
        return cpmsync_batch_abort(batch);
    batch->told = false;
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
    batch->contradicts = false;
    batch->all_due = false;
    batch->error = 0;
    batch->rows = 0;
    cpmsync_flag_names_forget(&batch->flags);
    drop_held(batch);
    cpmsync_uidset_clear(&batch->gone);
    cpmsync_described_forget(&batch->described);
    memset(&batch->pending, 0, sizeof batch->pending);
    if (!dirty)
        return 0;
    /* Without what the store holds a next batch would write over it: it stays failed until abort can read it. */
    batch->error = cpmsync_open_mailbox_reload(batch->mailbox);
    if (!batch->error) {
        batch->mailbox->retell_due = batch->mailbox->retell_due || batch->told;
        batch->told = false;
    }
    return error ? error : batch->error;
}
