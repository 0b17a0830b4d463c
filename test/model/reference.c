/* SPDX-License-Identifier: MIT */
#include "model/reference.h"

#include <stdlib.h>
#include <string.h>

struct span {
    unsigned long first, last;
};

static struct span span_of(const char *set)
{
    char *end;
    unsigned long a = strtoul(set, &end, 10), b = *end == ':' ? strtoul(end + 1, NULL, 10) : a;
    struct span span = {a < b ? a : b, a < b ? b : a};

    return span;
}

static bool is_in(struct span span, uint32_t uid)
{
    return span.first <= uid && uid <= span.last;
}

void reference_init(struct reference *box)
{
    memset(box, 0, sizeof *box);
    box->uidnext = 1;
}

void reference_clear(struct reference *box)
{
    free(box->messages);
    memset(box, 0, sizeof *box);
}

void reference_deliver(struct reference *box, unsigned flags)
{
    if (box->count == box->capacity) {
        box->capacity = box->capacity ? 2 * box->capacity : 64;
        box->messages = realloc(box->messages, box->capacity * sizeof *box->messages);
        if (!box->messages)
            abort(); /* the test itself is out of memory */
    }
    box->messages[box->count].uid = box->uidnext++;
    box->messages[box->count++].flags = flags;
}

void reference_flag(struct reference *box, const char *set, char change, unsigned flags)
{
    struct span span = span_of(set);

    for (size_t i = 0; i < box->count; i++) {
        unsigned *held = &box->messages[i].flags;
        if (is_in(span, box->messages[i].uid))
            *held = change == '+' ? *held | flags : change == '-' ? *held & ~flags : flags;
    }
}

void reference_expunge(struct reference *box, const char *set, unsigned flags)
{
    struct span span = span_of(set);
    size_t kept = 0;

    for (size_t i = 0; i < box->count; i++)
        if (!is_in(span, box->messages[i].uid) || (flags && !(box->messages[i].flags & flags)))
            box->messages[kept++] = box->messages[i];
    box->count = kept;
}

void reference_copy(const struct reference *from, const char *set, struct reference *to)
{
    struct span span = span_of(set);
    size_t count = from->count; /* `to` may be `from` */

    for (size_t i = 0; i < count; i++)
        if (is_in(span, from->messages[i].uid))
            reference_deliver(to, from->messages[i].flags);
}

void reference_move(struct reference *from, const char *set, struct reference *to)
{
    struct span span = span_of(set);
    uint32_t next = from->uidnext;
    size_t kept = 0;

    reference_copy(from, set, to);
    for (size_t i = 0; i < from->count; i++)
        if (!is_in(span, from->messages[i].uid) || from->messages[i].uid >= next)
            from->messages[kept++] = from->messages[i];
    from->count = kept;
}

void reference_renumber(struct reference *box)
{
    for (size_t i = 0; i < box->count; i++)
        box->messages[i].uid = (uint32_t)i + 1;
    box->uidnext = (uint32_t)box->count + 1;
}
