/* SPDX-License-Identifier: MIT */
#include "stress_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const stress_flag_names[STRESS_FLAGS] = {
    "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$one", "$Forwarded", "three"};

void stress_view_wrong(struct stress_view *view, const char *format, ...)
{
    va_list arguments;
    if (view->wrong[0])
        return;
    va_start(arguments, format);
    vsnprintf(view->wrong, sizeof view->wrong, format, arguments);
    va_end(arguments);
}

void stress_view_empty(struct stress_view *view)
{
    view->nomodseq = false;
    view->uidvalidity = view->uidnext = 0;
    view->highestmodseq = 0;
    view->exists = view->count = 0;
}

void stress_view_free(struct stress_view *view)
{
    free(view->messages);
    memset(view, 0, sizeof *view);
}

static void reserve(struct stress_view *view, size_t count)
{
    if (count <= view->capacity)
        return;
    view->capacity = 2 * count + 16;
    view->messages = (struct stress_message *)realloc(view->messages, view->capacity * sizeof *view->messages);
    if (!view->messages)
        abort();
}

static void insert_at(struct stress_view *view, size_t place, uint32_t uid)
{
    reserve(view, view->count + 1);
    memmove(view->messages + place + 1, view->messages + place, (view->count - place) * sizeof *view->messages);
    memset(view->messages + place, 0, sizeof *view->messages);
    view->messages[place].uid = uid;
    view->count++;
}

static void remove_at(struct stress_view *view, size_t place)
{
    view->count--;
    memmove(view->messages + place, view->messages + place + 1, (view->count - place) * sizeof *view->messages);
}

void stress_view_exists(struct stress_view *view, size_t exists)
{
    if (exists < view->exists)
        stress_view_wrong(view, "MS-04: EXISTS falls from %zu to %zu", view->exists, exists);
    view->exists = exists;
    while (!view->uidonly && view->count < exists)
        insert_at(view, view->count, 0);
}

void stress_view_expunge(struct stress_view *view, size_t number)
{
    if (view->uidonly || (view->qresync && !view->nomodseq))
        stress_view_wrong(view, "MS-21: EXPUNGE where VANISHED is due");
    else if (number == 0 || number > view->count)
        stress_view_wrong(view, "EXPUNGE of %zu, of %zu", number, view->count);
    else {
        remove_at(view, number - 1);
        view->exists--;
    }
}

/* Where this UID is or would be: behind the last that is known to be lower. */
static size_t place_of(const struct stress_view *view, uint32_t uid)
{
    size_t i;
    for (i = view->count; i > 0; i--)
        if (view->messages[i - 1].uid && view->messages[i - 1].uid < uid)
            return i;
    return 0;
}

struct stress_message *stress_view_find(const struct stress_view *view, uint32_t uid)
{
    size_t i;
    for (i = place_of(view, uid); i < view->count; i++)
        if (view->messages[i].uid)
            return view->messages[i].uid == uid ? view->messages + i : NULL;
    return NULL;
}

/* One of those without UID from here on goes, and nobody knows which. */
static void forget_run(struct stress_view *view, size_t place)
{
    for (; place < view->count && !view->messages[place].uid; place++)
        memset(view->messages + place, 0, sizeof *view->messages);
}

void stress_view_vanished(void *ctx, uint32_t first, uint32_t last)
{
    struct stress_view *view = (struct stress_view *)ctx;
    uint64_t uid;
    if (!view->uidonly && (!view->qresync || view->nomodseq)) {
        stress_view_wrong(view, "VANISHED where EXPUNGE is due");
        return;
    }
    for (uid = first; uid <= last && !view->wrong[0]; uid++) {
        struct stress_message *message = stress_view_find(view, (uint32_t)uid);
        size_t place = message ? (size_t)(message - view->messages) : place_of(view, (uint32_t)uid);
        bool unknown = !message && place < view->count && !view->messages[place].uid;
        if (unknown)
            forget_run(view, place);
        if (message || unknown)
            remove_at(view, place);
        else if (!view->uidonly || view->count == view->exists)
            stress_view_wrong(view, "MS-21: VANISHED of UID %lu, which was not there", (unsigned long)uid);
        if (view->exists)
            view->exists--;
    }
}

static struct stress_message *fetched(struct stress_view *view, const struct stress_fetch *fetch)
{
    struct stress_message *message = NULL;
    size_t place;
    if (!view->uidonly) {
        if (fetch->number == 0 || fetch->number > view->count)
            stress_view_wrong(view, "FETCH of %lu, of %zu", (unsigned long)fetch->number, view->count);
        else
            message = view->messages + fetch->number - 1;
        return message;
    }
    message = stress_view_find(view, fetch->number);
    if (message)
        return message;
    if (view->count == view->exists) {
        stress_view_wrong(view, "UIDFETCH of %lu, which is one more than there are", (unsigned long)fetch->number);
        return NULL;
    }
    place = place_of(view, fetch->number);
    insert_at(view, place, fetch->number);
    return view->messages + place;
}

/* Its neighbours' UIDs leave room for this one. */
static bool fits(const struct stress_view *view, const struct stress_message *message, uint32_t uid)
{
    size_t place = (size_t)(message - view->messages), i;
    for (i = place; i > 0; i--)
        if (view->messages[i - 1].uid)
            break;
    if (i > 0 && uid <= view->messages[i - 1].uid)
        return false;
    for (i = place + 1; i < view->count; i++)
        if (view->messages[i].uid)
            return uid < view->messages[i].uid;
    return true;
}

void stress_view_fetch(struct stress_view *view, const struct stress_fetch *fetch)
{
    struct stress_message *message = fetched(view, fetch);
    if (!message)
        return;
    if (fetch->has_uid) {
        if (message->uid ? message->uid != fetch->uid : !fits(view, message, fetch->uid)) {
            stress_view_wrong(view, "FETCH of number %lu: UID %lu, which was %lu", (unsigned long)fetch->number,
                (unsigned long)fetch->uid, (unsigned long)message->uid);
            return;
        }
        message->uid = fetch->uid;
    }
    if (fetch->has_modseq) {
        if (fetch->modseq < message->modseq)
            stress_view_wrong(view, "MS-13: the mod-sequence of number %lu falls from %llu to %llu",
                (unsigned long)fetch->number, (unsigned long long)message->modseq, (unsigned long long)fetch->modseq);
        message->modseq = fetch->modseq;
    }
    if (fetch->has_flags) {
        message->flags = fetch->flags & STRESS_ALL_FLAGS;
        message->known = message->heard = true;
    }
}

void stress_view_highest(struct stress_view *view, uint64_t modseq)
{
    if (modseq < view->highestmodseq)
        stress_view_wrong(view, "HIGHESTMODSEQ falls from %llu to %llu", (unsigned long long)view->highestmodseq,
            (unsigned long long)modseq);
    view->highestmodseq = modseq;
}

bool stress_view_is_complete(const struct stress_view *view)
{
    size_t i;
    for (i = 0; i < view->count; i++)
        if (!view->messages[i].uid || !view->messages[i].known)
            return false;
    return view->count == view->exists;
}

void stress_view_copy(struct stress_view *to, const struct stress_view *from)
{
    to->nomodseq = from->nomodseq;
    to->uidvalidity = from->uidvalidity;
    to->uidnext = from->uidnext;
    to->highestmodseq = from->highestmodseq;
    to->exists = from->exists;
    reserve(to, from->count);
    if (from->count)
        memcpy(to->messages, from->messages, from->count * sizeof *from->messages);
    to->count = from->count;
}

void stress_view_forget(void *ctx, uint32_t first, uint32_t last)
{
    struct stress_view *view = (struct stress_view *)ctx;
    size_t i, kept = 0;
    for (i = 0; i < view->count; i++)
        if (view->messages[i].uid < first || view->messages[i].uid > last)
            view->messages[kept++] = view->messages[i];
    view->count = kept;
}

/* One that was known: what was told of its number since is newer. */
static void resume_one(struct stress_view *view, size_t place, const struct stress_message *known)
{
    struct stress_message *message = view->uidonly ? stress_view_find(view, known->uid) : view->messages + place;
    if (!message) {
        insert_at(view, place_of(view, known->uid), known->uid);
        message = stress_view_find(view, known->uid);
    }
    if (message->uid && message->uid != known->uid)
        stress_view_wrong(view, "Q-24: number %zu is UID %lu, and was told as %lu", place + 1,
            (unsigned long)known->uid, (unsigned long)message->uid);
    message->uid = known->uid;
    if (message->modseq < known->modseq)
        message->modseq = known->modseq;
    if (!message->known)
        message->flags = known->flags;
    message->known = true;
}

void stress_view_resume(struct stress_view *view, const struct stress_view *known)
{
    size_t i;
    if (known->count > view->exists) {
        stress_view_wrong(
            view, "MS-19: %zu messages are left of those that were known, and %zu exist", known->count, view->exists);
        return;
    }
    for (i = 0; i < known->count; i++)
        resume_one(view, i, known->messages + i);
}

bool stress_read_flags(const char *text, size_t len, unsigned *flags)
{
    size_t start = 1, end, i;
    *flags = 0;
    if (len < 2 || text[0] != '(' || text[len - 1] != ')')
        return false;
    while (start < len - 1) {
        for (end = start; end < len - 1 && text[end] != ' '; end++)
            ;
        for (i = 0; i < STRESS_FLAGS; i++)
            if (strlen(stress_flag_names[i]) == end - start &&
                strncmp(text + start, stress_flag_names[i], end - start) == 0)
                break;
        if (i < STRESS_FLAGS)
            *flags |= 1u << i;
        else if (end - start == 7 && strncmp(text + start, "\\Recent", 7) == 0)
            *flags |= STRESS_RECENT;
        else
            return false;
        start = end + 1;
    }
    return true;
}

bool stress_read_set(const char *text, size_t len, stress_each *each, void *ctx)
{
    const char *at = text, *end = text + len;
    while (at < end) {
        char *stop;
        unsigned long first = strtoul(at, &stop, 10), last = first;
        if (stop == at || first == 0)
            return false;
        if (*stop == ':') {
            at = stop + 1;
            last = strtoul(at, &stop, 10);
            if (stop == at || last < first)
                return false;
        }
        each(ctx, (uint32_t)first, (uint32_t)last);
        at = stop;
        if (at < end && *at++ != ',')
            return false;
    }
    return len > 0;
}
