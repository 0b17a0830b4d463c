/* SPDX-License-Identifier: MIT */
#include "sync/fill.h"

enum { WIDTH = 200, NARROWER = 8, RANGES = 64 /* in a command */ };

void cpmsync_fill_init(struct cpmsync_fill *fill, struct cpmsync_open_mailbox *mailbox)
{
    memset(fill, 0, sizeof *fill);
    fill->mailbox = mailbox;
    cpmsync_uidset_init(&fill->tried, mailbox->mem, mailbox->cache.limits.ranges_max);
    cpmsync_fill_restart(fill);
}

void cpmsync_fill_clear(struct cpmsync_fill *fill)
{
    cpmsync_uidset_clear(&fill->tried);
}

void cpmsync_fill_restart(struct cpmsync_fill *fill)
{
    cpmsync_uidset_clear(&fill->tried);
    fill->next = 1;
    fill->width = WIDTH;
}

/* The first cached message from `uid` on, 0 if there is none. */
static uint32_t cached_from(const struct cpmsync_fill *fill, uint32_t uid)
{
    const struct cpmsync_columns *columns = fill->mailbox->cache.columns;
    struct cpmsync_row row;
    size_t below = uid ? cpmsync_columns_rank(columns, uid - 1) : 0;

    return cpmsync_columns_at(columns, below + 1, &row) ? row.uid : 0;
}

/* The first message from `from` on that is to be asked for, 0 if there is none. */
static uint32_t due_from(const struct cpmsync_fill *fill, uint64_t from)
{
    const struct cpmsync_uidset *lacking = &fill->mailbox->lacking;

    if (from > UINT32_MAX)
        return 0;
    for (size_t i = cpmsync_uidset_find(lacking, (uint32_t)from); i < lacking->count; i++) {
        const struct cpmsync_range *range = &lacking->ranges[i];
        uint64_t uid = from > range->first ? from : range->first;
        while (uid && uid <= range->last) {
            uid = cached_from(fill, (uint32_t)uid);
            if (uid && uid <= range->last && !cpmsync_uidset_contains(&fill->tried, (uint32_t)uid))
                return (uint32_t)uid;
            uid += uid != 0;
        }
    }
    return 0;
}

bool cpmsync_fill_due(const struct cpmsync_fill *fill)
{
    return due_from(fill, fill->next) || due_from(fill, 1);
}

/* Neighbours are one range, whatever UIDs lie between them: those have no message. */
int cpmsync_fill_next(struct cpmsync_fill *fill, struct cpmsync_uidset *set)
{
    uint32_t uid = due_from(fill, fill->next);
    uint32_t before = 0; /* the neighbour below `uid`, if that was taken */
    int error = 0;

    if (!uid)
        uid = due_from(fill, 1);
    for (uint32_t taken = 0; uid && taken < fill->width && !error; taken++) {
        uint32_t first = before ? before + 1 : uid;
        if (!before && set->count == RANGES)
            break;
        error = cpmsync_uidset_add(set, first, uid);
        fill->next = (uint64_t)uid + 1;
        uint32_t neighbour = uid == UINT32_MAX ? 0 : cached_from(fill, uid + 1);
        uint32_t next = due_from(fill, fill->next);
        before = next == neighbour ? uid : 0;
        uid = next;
    }
    return error ? error : cpmsync_uidset_add_set(&fill->tried, set);
}

/* Of what was tried from first to last: gives it up, or forgets that it was tried. */
static int end_range(struct cpmsync_fill *fill, struct cpmsync_batch *batch, uint32_t first, uint32_t last, bool forget)
{
    int error = 0;

    for (size_t i = 0; i < fill->tried.count && !forget && !error; i++) {
        const struct cpmsync_range *range = &fill->tried.ranges[i];
        uint32_t from = range->first > first ? range->first : first;
        uint32_t to = range->last < last ? range->last : last;
        if (from <= to)
            error = cpmsync_batch_give_up(batch, from, to);
    }
    if (forget)
        error = cpmsync_uidset_remove(&fill->tried, first, last);
    return error;
}

int cpmsync_fill_answered(struct cpmsync_fill *fill, struct cpmsync_batch *batch, uint32_t first, uint32_t last)
{
    fill->width = fill->width * 2 < WIDTH ? fill->width * 2 : WIDTH;
    return end_range(fill, batch, first, last, false);
}

/* Messages of the range that are cached and lack their descriptors, as far as it matters: none, one, or two. */
static unsigned left(const struct cpmsync_fill *fill, uint32_t first, uint32_t last)
{
    const struct cpmsync_uidset *lacking = &fill->mailbox->lacking;
    unsigned count = 0;

    for (uint64_t uid = first; count < 2 && uid <= last; uid++) {
        uid = cached_from(fill, (uint32_t)uid);
        if (!uid || uid > last)
            break;
        count += cpmsync_uidset_contains(lacking, (uint32_t)uid);
    }
    return count;
}

int cpmsync_fill_refused(struct cpmsync_fill *fill, struct cpmsync_batch *batch, uint32_t first, uint32_t last)
{
    int error = cpmsync_batch_settle(batch);

    if (error)
        return error;
    if (left(fill, first, last) < 2)
        return end_range(fill, batch, first, last, false);
    fill->width = fill->width / NARROWER ? fill->width / NARROWER : 1;
    fill->next = 1;
    return end_range(fill, batch, first, last, true);
}
