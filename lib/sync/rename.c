/* SPDX-License-Identifier: MIT */
#include "sync/rename.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

/* The steps in their order, and how many of them need not be told any more. */
static const char STEPS_KEY[] = "renames";
static const char HEARD_KEY[] = "renames_heard";

enum { STEPS_MAX = 1 << 28, HEARD_MAX = 16, NAMES_TRIED = 1000 };

void cpmsync_renames_init(struct cpmsync_renames *renames, const struct cpmsync_allocator *mem)
{
    memset(renames, 0, sizeof *renames);
    renames->mem = mem;
}

static void clear_step(const struct cpmsync_renames *renames, struct cpmsync_rename *step)
{
    cpmsync_mem_free(renames->mem, step->from);
    cpmsync_mem_free(renames->mem, step->to);
}

void cpmsync_renames_clear(struct cpmsync_renames *renames)
{
    for (size_t i = 0; i < renames->count; i++)
        clear_step(renames, &renames->steps[i]);
    cpmsync_mem_free(renames->mem, renames->steps);
    cpmsync_renames_init(renames, renames->mem);
}

int cpmsync_renames_add(
    struct cpmsync_renames *renames, struct cpmsync_slice from, struct cpmsync_slice to, uint32_t uidvalidity)
{
    if (renames->count == renames->capacity) {
        size_t capacity = renames->capacity ? 2 * renames->capacity : 8;
        struct cpmsync_rename *steps = cpmsync_mem_resize(renames->mem, renames->steps, capacity, sizeof *steps);
        if (!steps)
            return CPMSYNC_ERR_NOMEM;
        renames->steps = steps;
        renames->capacity = capacity;
    }
    struct cpmsync_rename *step = &renames->steps[renames->count];
    memset(step, 0, sizeof *step);
    step->from = cpmsync_mem_copy(renames->mem, from.data, from.len);
    step->to = cpmsync_mem_copy(renames->mem, to.data, to.len);
    step->uidvalidity = uidvalidity;
    if (!step->from || !step->to) {
        clear_step(renames, step);
        return CPMSYNC_ERR_NOMEM;
    }
    renames->count++;
    return 0;
}

void cpmsync_renames_remove(struct cpmsync_renames *renames, size_t at)
{
    clear_step(renames, &renames->steps[at]);
    renames->steps[at] = renames->steps[--renames->count];
}

bool cpmsync_renames_from(const struct cpmsync_renames *renames, const char *name)
{
    for (size_t i = 0; i < renames->count; i++)
        if (strcmp(renames->steps[i].from, name) == 0)
            return true;
    return false;
}

bool cpmsync_renames_to(const struct cpmsync_renames *renames, const char *name)
{
    for (size_t i = 0; i < renames->count; i++)
        if (strcmp(renames->steps[i].to, name) == 0)
            return true;
    return false;
}

/* ---- the order */

static int by_from(const void *a, const void *b)
{
    return strcmp(((const struct cpmsync_rename *)a)->from, ((const struct cpmsync_rename *)b)->from);
}

/* The step whose mailbox has the new name of this one, or the number of steps. */
static size_t in_the_way(const struct cpmsync_renames *renames, size_t at)
{
    struct cpmsync_rename wanted = {renames->steps[at].to, NULL, 0, false};
    const struct cpmsync_rename *found =
        bsearch(&wanted, renames->steps, renames->count, sizeof wanted, by_from); /* there is one step at least */

    return found ? (size_t)(found - renames->steps) : renames->count;
}

/* A name that is nobody's: no server can be expected to have it, and the store has not. */
static int free_name(
    const struct cpmsync_renames *renames, const struct cpmsync_store *store, unsigned *last, char name[16])
{
    struct cpmsync_store_mailbox record;

    for (unsigned tried = 0; tried < NAMES_TRIED; tried++) {
        memset(&record, 0, sizeof record);
        record.size = sizeof record;
        int len = snprintf(name, 16, "\177%u", ++*last);
        int error = store->ops->mailbox_get(store->self, (const uint8_t *)name, (size_t)len, &record);
        if (error && error != CPMSYNC_ERR_NOT_FOUND)
            return error;
        if (error && !cpmsync_renames_from(renames, name) && !cpmsync_renames_to(renames, name))
            return 0;
    }
    return CPMSYNC_ERR_LIMIT;
}

struct ordering {
    struct cpmsync_renames *given; /* by `from` */
    struct cpmsync_renames *ordered;
    const struct cpmsync_store *store;
    size_t *path; /* a mailbox, what has its new name, what has that one's, ... */
    bool *placed; /* by number of the given */
    unsigned last_name;
};

static int place(struct ordering *ordering, const char *from, const char *to, uint32_t uidvalidity, bool behind)
{
    int error = cpmsync_renames_add(ordering->ordered, cpmsync_slice_str(from), cpmsync_slice_str(to), uidvalidity);

    if (!error)
        ordering->ordered->steps[ordering->ordered->count - 1].behind = behind;
    return error;
}

/* What goes first on the way from step `at` is what nobody is in the way of; in a circle, the first one makes way. */
static int place_path(struct ordering *ordering, size_t at)
{
    const struct cpmsync_renames *given = ordering->given;
    const struct cpmsync_rename *first = &given->steps[at];
    char aside[16] = "";
    size_t length = 0;
    int error = 0;

    if (ordering->placed[at])
        return 0;
    for (; at < given->count && !ordering->placed[at]; at = in_the_way(given, at)) {
        ordering->placed[at] = true;
        ordering->path[length++] = at;
    }
    bool circle = at < given->count && &given->steps[at] == first;
    bool behind = at < given->count; /* somebody is in the way of the last one, and is placed already */
    if (circle)
        error = free_name(given, ordering->store, &ordering->last_name, aside);
    if (circle && !error)
        error = place(ordering, first->from, aside, first->uidvalidity, false);
    for (; length > (circle ? 1 : 0) && !error; behind = true) {
        const struct cpmsync_rename *step = &given->steps[ordering->path[--length]];
        error = place(ordering, step->from, step->to, step->uidvalidity, behind);
    }
    if (circle && !error)
        error = place(ordering, aside, first->to, first->uidvalidity, true);
    return error;
}

static int put_in_order(struct cpmsync_renames *renames, const struct cpmsync_store *store)
{
    struct cpmsync_renames ordered;
    struct ordering ordering = {renames, &ordered, store, NULL, NULL, 0};
    int error = 0;

    cpmsync_renames_init(&ordered, renames->mem);
    qsort(renames->steps, renames->count, sizeof *renames->steps, by_from);
    ordering.path = cpmsync_mem_resize(renames->mem, NULL, renames->count, sizeof *ordering.path);
    ordering.placed = cpmsync_mem_zalloc(renames->mem, renames->count * sizeof *ordering.placed);
    if (!ordering.path || !ordering.placed)
        error = CPMSYNC_ERR_NOMEM;
    for (size_t i = 0; i < renames->count && !error; i++)
        error = place_path(&ordering, i);
    cpmsync_mem_free(renames->mem, ordering.path);
    cpmsync_mem_free(renames->mem, ordering.placed);
    if (error) {
        cpmsync_renames_clear(&ordered);
        return error;
    }
    cpmsync_renames_clear(renames);
    *renames = ordered;
    return 0;
}

/* ---- what is written down: of each step "from" NUL "to" NUL "uidvalidity" NUL "behind" NUL */

static int write_number(struct cpmsync_buf *out, uint64_t number)
{
    int error = cpmsync_buf_add_number(out, number);

    return error ? error : cpmsync_buf_add_char(out, '\0');
}

static int write_steps(const struct cpmsync_renames *renames, struct cpmsync_buf *out)
{
    int error = 0;

    for (size_t i = 0; i < renames->count && !error; i++) {
        const struct cpmsync_rename *step = &renames->steps[i];
        error = cpmsync_buf_add(out, step->from, strlen(step->from) + 1);
        if (!error)
            error = cpmsync_buf_add(out, step->to, strlen(step->to) + 1);
        if (!error)
            error = write_number(out, step->uidvalidity);
        if (!error)
            error = write_number(out, step->behind);
    }
    return error;
}

static bool read_text(struct cpmsync_slice *rest, struct cpmsync_slice *text)
{
    const uint8_t *end = rest->len ? memchr(rest->data, '\0', rest->len) : NULL;

    if (!end)
        return false;
    *text = cpmsync_slice_of(rest->data, (size_t)(end - rest->data));
    *rest = cpmsync_slice_of(end + 1, rest->len - text->len - 1);
    return true;
}

/* The next step; its names live in `rest`. */
static bool read_step(struct cpmsync_slice *rest, struct cpmsync_event *event, bool *behind)
{
    struct cpmsync_slice from, to, uidvalidity, flag;
    uint64_t number = 0, is_behind = 0;

    if (!read_text(rest, &from) || !read_text(rest, &to) || !read_text(rest, &uidvalidity) || !read_text(rest, &flag) ||
        !cpmsync_slice_number(uidvalidity, UINT32_MAX, &number) || !cpmsync_slice_number(flag, 1, &is_behind))
        return false;
    memset(event, 0, sizeof *event);
    event->size = sizeof *event;
    event->type = CPMSYNC_EVENT_MAILBOX_RENAMED;
    event->mailbox = (const char *)to.data;
    event->old_mailbox = (const char *)from.data;
    event->uidvalidity = (uint32_t)number;
    *behind = is_behind != 0;
    return true;
}

/* ---- the store */

static int end(const struct cpmsync_store *store, int error)
{
    if (error)
        store->ops->rollback(store->self);
    return error ? error : store->ops->commit(store->self);
}

static int rename_all(const struct cpmsync_renames *renames, const struct cpmsync_store *store)
{
    int error = 0;

    for (size_t i = 0; i < renames->count && !error; i++) {
        const struct cpmsync_rename *step = &renames->steps[i];
        error = store->ops->mailbox_rename(
            store->self, (const uint8_t *)step->from, strlen(step->from), (const uint8_t *)step->to, strlen(step->to));
    }
    return error;
}

int cpmsync_renames_store(struct cpmsync_renames *renames, const struct cpmsync_store *store)
{
    struct cpmsync_buf steps;

    if (renames->count == 0)
        return 0;
    cpmsync_buf_init(&steps, renames->mem, STEPS_MAX);
    int error = put_in_order(renames, store);
    if (!error)
        error = write_steps(renames, &steps);
    if (!error)
        error = store->ops->begin(store->self, CPMSYNC_STORE_DURABLE);
    if (!error) {
        error = rename_all(renames, store);
        if (!error)
            error = store->ops->value_put(store->self, STEPS_KEY, cpmsync_buf_data(&steps), steps.len);
        error = end(store, error);
    }
    cpmsync_buf_clear(&steps);
    return error;
}

/* So many were heard, or all. */
static int strike_out(const struct cpmsync_store *store, const struct cpmsync_allocator *mem, size_t heard, bool all)
{
    struct cpmsync_buf number;

    cpmsync_buf_init(&number, mem, HEARD_MAX);
    int error = cpmsync_buf_add_number(&number, heard);
    if (!error)
        error = store->ops->begin(store->self, CPMSYNC_STORE_DURABLE);
    if (!error) {
        if (all) {
            error = store->ops->value_remove(store->self, STEPS_KEY);
            if (!error)
                error = store->ops->value_remove(store->self, HEARD_KEY);
        } else {
            error = store->ops->value_put(store->self, HEARD_KEY, cpmsync_buf_data(&number), number.len);
        }
        error = end(store, error);
    }
    cpmsync_buf_clear(&number);
    return error;
}

static int copy_value(void *ctx, const uint8_t *octets, size_t len)
{
    return cpmsync_buf_add(ctx, octets, len);
}

/* Empty if there is none. */
static int read_value(const struct cpmsync_store *store, const char *key, struct cpmsync_buf *octets)
{
    int error = store->ops->value_get(store->self, key, copy_value, octets);

    return error == CPMSYNC_ERR_NOT_FOUND ? 0 : error;
}

struct telling {
    const struct cpmsync_store *store;
    const struct cpmsync_allocator *mem;
    int (*event)(void *ctx, const struct cpmsync_event *event);
    void *ctx;
};

static int tell_steps(const struct telling *telling, struct cpmsync_slice rest, uint64_t heard)
{
    struct cpmsync_event event;
    bool behind;

    for (size_t at = 0; rest.len; at++) {
        if (!read_step(&rest, &event, &behind)) {
            strike_out(telling->store, telling->mem, 0, true); /* nor can it be read the next time */
            return CPMSYNC_ERR_STORE_CORRUPT;
        }
        if (at < heard)
            continue;
        int error = behind && at > heard ? strike_out(telling->store, telling->mem, at, false) : 0;
        if (error)
            return error;
        if (telling->event(telling->ctx, &event))
            return CPMSYNC_ERR_ABORTED;
    }
    return strike_out(telling->store, telling->mem, 0, true);
}

int cpmsync_renames_tell(const struct cpmsync_store *store, const struct cpmsync_allocator *mem,
    int (*event)(void *ctx, const struct cpmsync_event *event), void *ctx)
{
    const struct telling telling = {store, mem, event, ctx};
    struct cpmsync_buf steps, number;
    uint64_t heard = 0;

    cpmsync_buf_init(&steps, mem, STEPS_MAX);
    cpmsync_buf_init(&number, mem, HEARD_MAX);
    int error = read_value(store, STEPS_KEY, &steps);
    if (!error && steps.len)
        error = read_value(store, HEARD_KEY, &number);
    if (!error && number.len)
        cpmsync_slice_number(cpmsync_buf_slice(&number), UINT32_MAX, &heard);
    if (!error && steps.len)
        error = tell_steps(&telling, cpmsync_buf_slice(&steps), heard);
    cpmsync_buf_clear(&steps);
    cpmsync_buf_clear(&number);
    return error;
}
