/* SPDX-License-Identifier: MIT */
#include "sweep/sweep.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/golden_text.h"

bool sweep_fail(struct sweep *sweep, const char *format, ...)
{
    va_list list;

    if (sweep->why[0])
        return false;
    va_start(list, format);
    vsnprintf(sweep->why, sizeof sweep->why, format, list);
    va_end(list);
    return false;
}

void sweep_hear(void *ctx, const struct cpmsync_event *event)
{
    struct sweep *sweep = ctx;

    if (event->type == CPMSYNC_EVENT_MAILBOX_RENAMED && !(sweep->dead && *sweep->dead))
        support_mirror_renamed(sweep->mirrors, sweep->mailbox_count, &sweep->aside, event);
    for (size_t i = 0; i < sweep->mailbox_count && !(sweep->dead && *sweep->dead); i++)
        if (event->type != CPMSYNC_EVENT_STATE && event->type != CPMSYNC_EVENT_ALERT)
            support_mirror_event(&sweep->mirrors[i], event);
}

/* ---- the mirror of an app that knows what the store holds at the start */

static int learn_mailbox(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct support_mirror *mirror = ctx;
    struct cpmsync_event event;

    memset(&event, 0, sizeof event);
    event.size = sizeof event;
    event.type = CPMSYNC_EVENT_BEGIN;
    event.mailbox = mirror->mailbox;
    event.uidvalidity = info->uidvalidity;
    support_mirror_event(mirror, &event);
    return 0;
}

static int learn_message(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    struct support_mirror *mirror = ctx;
    struct cpmsync_event event;

    memset(&event, 0, sizeof event);
    event.size = sizeof event;
    event.type = CPMSYNC_EVENT_MESSAGE;
    event.mailbox = mirror->mailbox;
    event.uidvalidity = mirror->uidvalidity;
    event.uid = uid;
    event.modseq = modseq;
    event.flags = flags;
    event.flag_count = count;
    support_mirror_event(mirror, &event);
    return 0;
}

static bool add_mailbox(struct sweep *sweep, size_t at)
{
    const char *text = sweep->golden->steps[at].text;
    char mailbox[GOLDEN_MAILBOX_MAX];

    if (sweep->mailbox_count == SWEEP_MAILBOXES_MAX)
        return sweep_fail(sweep, "too many mailboxes");
    snprintf(mailbox, sizeof mailbox, "%.*s", (int)strcspn(text, " "), text);
    struct support_mirror *mirror = &sweep->mirrors[sweep->mailbox_count];
    sweep->nowhere[sweep->mailbox_count] = strcmp(text + strcspn(text, " "), " none") == 0;
    sweep->servers[sweep->mailbox_count++] = at;
    support_mirror_init(mirror, mailbox);
    int error = cpmsync_view_messages(&sweep->store.inner, NULL, mailbox, learn_mailbox, learn_message, mirror);
    if (error && error != CPMSYNC_ERR_NOT_FOUND)
        return sweep_fail(sweep, "the store cannot be read: %s", cpmsync_error_name(error));
    support_mirror_restart(mirror);
    return true;
}

void sweep_init(struct sweep *sweep, const struct golden *golden)
{
    memset(sweep, 0, sizeof *sweep);
    sweep->golden = golden;
    support_allocator_init(&sweep->allocator);
}

bool sweep_fill(struct sweep *sweep)
{
    const struct golden *golden = sweep->golden;

    if (!golden_fill(golden, &sweep->store.inner))
        return sweep_fail(sweep, "the store cannot be filled");
    for (size_t at = 0; at < golden->count; at++)
        if (golden->steps[at].type == GOLDEN_SERVER && !add_mailbox(sweep, at))
            return false;
    return true;
}

bool sweep_open(struct sweep *sweep, const struct golden *golden)
{
    sweep_init(sweep, golden);
    if (support_store_open(&sweep->store, &sweep->allocator.mem))
        return sweep_fail(sweep, "no store");
    return sweep_fill(sweep);
}

bool sweep_play(struct sweep *sweep, struct golden_play *how)
{
    char why[GOLDEN_WHY_MAX];

    how->allocator = &sweep->allocator.mem;
    how->store = &sweep->store.store;
    how->checked = &sweep->store.inner;
    if (!how->event) {
        how->event = sweep_hear;
        how->ctx = sweep;
    }
    return golden_play(sweep->golden, how, why) || sweep_fail(sweep, "%s", why);
}

/* ---- behind the failure */

static int add_name(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct golden_text *names = ctx;

    golden_text_add(names, info->name, strlen(info->name) + 1);
    return 0;
}

static bool is_readable(struct sweep *sweep)
{
    struct golden_text names = {0};
    int error = cpmsync_view_mailboxes(&sweep->store.inner, NULL, add_name, &names);

    for (size_t at = 0; at < names.len && !error; at += strlen(names.data + at) + 1)
        error = cpmsync_view_messages(&sweep->store.inner, NULL, names.data + at, NULL, NULL, NULL);
    free(names.data);
    return !error || sweep_fail(sweep, "the store cannot be read: %s", cpmsync_error_name(error));
}

bool sweep_calm(struct sweep *sweep)
{
    support_allocator_fail_at(&sweep->allocator, 0);
    support_store_fail_at(&sweep->store, SUPPORT_STORE_ANY, 0, 0);
    if (sweep->store.abuses || sweep->store.open)
        return sweep_fail(sweep, "%u calls of the store that the contract forbids%s", sweep->store.abuses,
            sweep->store.open ? ", and a transaction is open" : "");
    return is_readable(sweep);
}

/* What is stored of a mailbox that the server has no more: nobody synchronises it, so what was told and lost stays. */
static bool is_left_behind(struct sweep *sweep, size_t index)
{
    const char *mailbox = sweep->mirrors[index].mailbox;

    return sweep->nowhere[index] && !cpmsync_view_messages(&sweep->store.inner, NULL, mailbox, NULL, NULL, NULL);
}

bool sweep_equal_mirrors(struct sweep *sweep)
{
    char why[512];

    for (size_t i = 0; i < sweep->mailbox_count && !sweep->unmirrored; i++)
        if (!is_left_behind(sweep, i) &&
            !support_mirror_equals(&sweep->mirrors[i], &sweep->store.inner, why, sizeof why))
            return sweep_fail(sweep, "the mirror of %s: %s", sweep->mirrors[i].mailbox, why);
    return true;
}

bool sweep_recover(struct sweep *sweep)
{
    if (!sweep_calm(sweep))
        return false;
    for (size_t i = 0; i < sweep->mailbox_count; i++)
        support_mirror_restart(&sweep->mirrors[i]);
    return sweep_fresh_sync(sweep) && sweep_equal_mirrors(sweep);
}

bool sweep_go_on(struct sweep *sweep, struct cpmsync_client *client, int64_t now)
{
    sweep->went_on = true;
    return sweep_calm(sweep) && sweep_same_client_sync(sweep, client, now) && sweep_equal_mirrors(sweep);
}

bool sweep_close(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->mailbox_count; i++)
        support_mirror_clear(&sweep->mirrors[i]);
    support_mirror_clear(&sweep->aside);
    support_store_close(&sweep->store);
    return sweep->allocator.live_blocks == 0 ||
           sweep_fail(sweep, "%zu blocks were not freed", sweep->allocator.live_blocks);
}
