/* SPDX-License-Identifier: MIT */
#include "support/mirror.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *block)
{
    if (!block)
        abort(); /* the test itself is out of memory */
    return block;
}

static char *join(const char *const *flags, size_t count)
{
    size_t len = 1;

    for (size_t i = 0; i < count; i++)
        len += strlen(flags[i]) + 1;
    char *text = must(calloc(1, len));
    for (size_t i = 0; i < count; i++) {
        if (i)
            strcat(text, " ");
        strcat(text, flags[i]);
    }
    return text;
}

/* The octets behind *text, which grows. */
static void append(char **text, size_t *len, const char *octets)
{
    size_t more = strlen(octets);

    *text = must(realloc(*text, *len + more + 1));
    memcpy(*text + *len, octets, more + 1);
    *len += more;
}

char *support_descriptor_text(const struct cpmsync_descriptor *descriptor)
{
    char *text = NULL;
    size_t len = 0;
    char number[32];

    snprintf(number, sizeof number, "{%" PRIu64, descriptor->message_size);
    append(&text, &len, descriptor->parts & CPMSYNC_DESCRIPTOR_SIZE ? number : "{-");
    snprintf(number, sizeof number, " %" PRId64, descriptor->internaldate);
    append(&text, &len, descriptor->parts & CPMSYNC_DESCRIPTOR_INTERNALDATE ? number : " -");
    append(&text, &len, descriptor->truncated ? " truncated" : "");
    append(&text, &len, descriptor->parts & CPMSYNC_DESCRIPTOR_HEADER ? "" : " -");
    for (size_t i = 0; i < descriptor->field_count; i++) {
        append(&text, &len, i ? "|" : " ");
        append(&text, &len, descriptor->names[i]);
        append(&text, &len, "=");
        append(&text, &len, descriptor->values[i]);
    }
    append(&text, &len, "}");
    return text;
}

static void free_row(struct support_mirror_row *row)
{
    free(row->flags);
    free(row->descriptor);
}

void support_mirror_init(struct support_mirror *mirror, const char *mailbox)
{
    memset(mirror, 0, sizeof *mirror);
    mirror->mailbox = must(malloc(strlen(mailbox) + 1));
    strcpy(mirror->mailbox, mailbox);
    mirror->due = true;
}

static void empty(struct support_mirror *mirror)
{
    for (size_t i = 0; i < mirror->count; i++)
        free_row(&mirror->rows[i]);
    mirror->count = 0;
}

void support_mirror_clear(struct support_mirror *mirror)
{
    empty(mirror);
    free(mirror->rows);
    free(mirror->mailbox);
    memset(mirror, 0, sizeof *mirror);
}

void support_mirror_restart(struct support_mirror *mirror)
{
    mirror->due = true;
}

static bool among(const struct cpmsync_event *event, uint32_t uid)
{
    for (size_t i = 0; i < event->range_count; i++)
        if (event->ranges[i].first <= uid && uid <= event->ranges[i].last)
            return true;
    return false;
}

/* Drops the rows whose being in the event's ranges is `inside`. */
static void drop(struct support_mirror *mirror, const struct cpmsync_event *event, bool inside)
{
    size_t kept = 0;

    for (size_t i = 0; i < mirror->count; i++) {
        if (among(event, mirror->rows[i].uid) == inside)
            free_row(&mirror->rows[i]);
        else
            mirror->rows[kept++] = mirror->rows[i];
    }
    mirror->count = kept;
}

static void put(struct support_mirror *mirror, const struct cpmsync_event *event)
{
    size_t at = mirror->count;

    while (at && mirror->rows[at - 1].uid >= event->uid)
        at--;
    if (at < mirror->count && mirror->rows[at].uid == event->uid) {
        free(mirror->rows[at].flags);
    } else {
        if (mirror->count == mirror->capacity) {
            mirror->capacity = mirror->capacity ? 2 * mirror->capacity : 64;
            mirror->rows = must(realloc(mirror->rows, mirror->capacity * sizeof *mirror->rows));
        }
        memmove(mirror->rows + at + 1, mirror->rows + at, (mirror->count - at) * sizeof *mirror->rows);
        mirror->count++;
        mirror->rows[at].descriptor = NULL;
    }
    if (event->descriptor) {
        free(mirror->rows[at].descriptor);
        mirror->rows[at].descriptor = support_descriptor_text(event->descriptor);
    }
    mirror->rows[at].uid = event->uid;
    mirror->rows[at].modseq = event->modseq;
    mirror->rows[at].flags = join(event->flags, event->flag_count);
}

static void complain(struct support_mirror *mirror, const char *what, uint32_t number)
{
    if (!mirror->wrong[0])
        snprintf(mirror->wrong, sizeof mirror->wrong, "%s (%" PRIu32 ")", what, number);
}

static void check_ranges(struct support_mirror *mirror, const struct cpmsync_event *event)
{
    for (size_t i = 0; i < event->range_count; i++)
        if (event->ranges[i].first == 0 || event->ranges[i].first > event->ranges[i].last)
            complain(mirror, "a range out of order", event->ranges[i].first);
}

void support_mirror_event(struct support_mirror *mirror, const struct cpmsync_event *event)
{
    if (event->size != sizeof *event)
        complain(mirror, "an event of another size", (uint32_t)event->size);
    bool of_the_account = event->type >= CPMSYNC_EVENT_MAILBOX_MISSING;
    if (!event->mailbox || strcmp(event->mailbox, mirror->mailbox) != 0 || of_the_account)
        return;
    check_ranges(mirror, event);
    if (event->type == CPMSYNC_EVENT_RESET) {
        empty(mirror);
        mirror->uidvalidity = event->uidvalidity;
        mirror->due = true;
        return;
    }
    if (event->type == CPMSYNC_EVENT_BEGIN) {
        if (mirror->uidvalidity != event->uidvalidity)
            empty(mirror);
        drop(mirror, event, false);
        mirror->uidvalidity = event->uidvalidity;
        mirror->due = false;
        return;
    }
    if (mirror->due)
        complain(mirror, "no BEGIN before event", (uint32_t)event->type);
    if (mirror->uidvalidity != event->uidvalidity)
        complain(mirror, "another UIDVALIDITY without RESET", event->uidvalidity);
    switch (event->type) {
    case CPMSYNC_EVENT_MESSAGE:
        if (event->uid == 0)
            complain(mirror, "a message without UID", 0);
        put(mirror, event);
        break;
    case CPMSYNC_EVENT_VANISHED:
        drop(mirror, event, true);
        break;
    case CPMSYNC_EVENT_BATCH:
        mirror->uidnext = event->uidnext;
        mirror->highestmodseq = event->highestmodseq;
        mirror->batches++;
        break;
    default:
        break;
    }
}

static struct support_mirror *named(
    struct support_mirror *mirrors, size_t count, struct support_mirror *aside, const char *name)
{
    if (name[0] == '\177')
        return aside;
    for (size_t i = 0; i < count; i++)
        if (strcmp(mirrors[i].mailbox, name) == 0)
            return &mirrors[i];
    return NULL;
}

void support_mirror_renamed(
    struct support_mirror *mirrors, size_t count, struct support_mirror *aside, const struct cpmsync_event *event)
{
    struct support_mirror *from = named(mirrors, count, aside, event->old_mailbox);
    struct support_mirror *to = named(mirrors, count, aside, event->mailbox);

    if (!from || from->uidvalidity == 0)
        return;
    if (to && from->uidvalidity == event->uidvalidity) {
        struct support_mirror moved = *from;
        empty(to);
        moved.mailbox = to->mailbox;
        moved.uids_only = moved.uids_only || to->uids_only;
        memcpy(moved.wrong, to->wrong, sizeof moved.wrong);
        moved.due = true;
        from->rows = to->rows;
        from->capacity = to->capacity;
        *to = moved;
        from->count = 0;
    } else {
        empty(from);
    }
    from->uidvalidity = 0;
    from->due = true;
}

/* ---- comparing */

struct comparison {
    const struct support_mirror *mirror;
    size_t next;
    size_t described;
    char *why;
    size_t why_size;
};

static int compare_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct comparison *comparison = ctx;
    const struct support_mirror *mirror = comparison->mirror;

    if (info->uidvalidity == mirror->uidvalidity && info->messages == mirror->count)
        return 0;
    snprintf(comparison->why, comparison->why_size,
        "store: UIDVALIDITY %" PRIu32 ", %" PRIu32 " messages; mirror: %" PRIu32 ", %zu", info->uidvalidity,
        info->messages, mirror->uidvalidity, mirror->count);
    return 1;
}

static int compare_row(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count)
{
    struct comparison *comparison = ctx;
    const struct support_mirror *mirror = comparison->mirror;
    const struct support_mirror_row none = {0, 0, (char *)(uintptr_t) "(none)", NULL};
    const struct support_mirror_row *row = comparison->next < mirror->count ? &mirror->rows[comparison->next++] : &none;
    char *text = join(flags, flag_count);
    bool same = row->uid == uid && (mirror->uids_only || (row->modseq == modseq && strcmp(row->flags, text) == 0));

    if (!same)
        snprintf(comparison->why, comparison->why_size,
            "store: %" PRIu32 " %" PRIu64 " (%s); mirror: %" PRIu32 " %" PRIu64 " (%s)", uid, modseq, text, row->uid,
            row->modseq, row->flags);
    free(text);
    return !same;
}

static int compare_descriptor(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    struct comparison *comparison = ctx;
    const struct support_mirror *mirror = comparison->mirror;
    char *text = support_descriptor_text(descriptor);
    const char *told = NULL;

    for (size_t low = 0, high = mirror->count; low < high && !told;) {
        size_t middle = low + (high - low) / 2;
        if (mirror->rows[middle].uid == uid)
            told = mirror->rows[middle].descriptor ? mirror->rows[middle].descriptor : "(none)";
        else if (mirror->rows[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    bool same = told && strcmp(text, told) == 0;
    if (!same)
        snprintf(comparison->why, comparison->why_size, "store: %" PRIu32 " %s; mirror: %s", uid, text,
            told ? told : "no such message");
    comparison->described++;
    free(text);
    return !same;
}

static int compare_descriptors(struct comparison *comparison, const struct cpmsync_store *store)
{
    const struct support_mirror *mirror = comparison->mirror;
    size_t told = 0;

    for (size_t i = 0; i < mirror->count; i++)
        told += mirror->rows[i].descriptor != NULL;
    int result = cpmsync_view_descriptors(store, NULL, mirror->mailbox, 1, UINT32_MAX, compare_descriptor, comparison);
    if (result == 0 && told != comparison->described) {
        snprintf(
            comparison->why, comparison->why_size, "store: %zu descriptors; mirror: %zu", comparison->described, told);
        result = 1;
    }
    return result;
}

bool support_mirror_equals(
    const struct support_mirror *mirror, const struct cpmsync_store *store, char *why, size_t why_size)
{
    struct comparison comparison = {mirror, 0, 0, why, why_size};

    if (mirror->wrong[0]) {
        snprintf(why, why_size, "%s", mirror->wrong);
        return false;
    }
    int result = cpmsync_view_messages(store, NULL, mirror->mailbox, compare_info, compare_row, &comparison);
    if (result == CPMSYNC_ERR_NOT_FOUND && mirror->count == 0)
        return true;
    if (result == 0 && !mirror->uids_only)
        result = compare_descriptors(&comparison, store);
    if (result < 0)
        snprintf(why, why_size, "the store cannot be read: %s", cpmsync_error_name(result));
    return result == 0;
}
