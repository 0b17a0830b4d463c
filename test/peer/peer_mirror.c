/* SPDX-License-Identifier: MIT */
#include "peer_mirror.h"

#include <string.h>

/* Drops what is outside of `ranges`. */
static void keep(struct peer_truth *mirror, const struct cpmsync_range *ranges, size_t count)
{
    uint32_t next = 1;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first > next)
            peer_truth_remove(mirror, next, ranges[i].first - 1);
        if (ranges[i].last == UINT32_MAX)
            return;
        next = ranges[i].last + 1;
    }
    peer_truth_remove(mirror, next, UINT32_MAX);
}

static void describe(struct peer_truth *truth, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    const unsigned whole = CPMSYNC_DESCRIPTOR_SIZE | CPMSYNC_DESCRIPTOR_INTERNALDATE | CPMSYNC_DESCRIPTOR_HEADER;
    const char *message_id = "";
    for (size_t i = 0; i < descriptor->field_count; i++)
        if (strcmp(descriptor->names[i], "Message-ID") == 0)
            message_id = descriptor->values[i];
    if (descriptor->parts == whole)
        peer_truth_describe(truth, uid, descriptor->message_size, descriptor->internaldate, message_id);
}

void peer_mirror_apply(struct peer_truth *mirror, const struct cpmsync_event *event)
{
    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
        if (event->uidvalidity != mirror->uidvalidity)
            peer_truth_clear(mirror);
        mirror->uidvalidity = event->uidvalidity;
        keep(mirror, event->ranges, event->range_count);
        break;
    case CPMSYNC_EVENT_RESET:
        peer_truth_clear(mirror);
        break;
    case CPMSYNC_EVENT_MESSAGE:
        peer_truth_put(mirror, event->uid, event->modseq, event->flags, event->flag_count);
        if (event->descriptor != NULL)
            describe(mirror, event->uid, event->descriptor);
        break;
    case CPMSYNC_EVENT_VANISHED:
        for (size_t i = 0; i < event->range_count; i++)
            peer_truth_remove(mirror, event->ranges[i].first, event->ranges[i].last);
        break;
    case CPMSYNC_EVENT_BATCH:
        mirror->uidnext = event->uidnext;
        mirror->highestmodseq = event->highestmodseq;
        break;
    default: /* of no mailbox's content */
        break;
    }
}

static int on_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct peer_truth *cache = ctx;
    cache->uidvalidity = info->uidvalidity;
    cache->uidnext = info->uidnext;
    cache->highestmodseq = info->highestmodseq;
    return 0;
}

static int on_message(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count)
{
    peer_truth_put(ctx, uid, modseq, flags, flag_count);
    return 0;
}

static int on_descriptor(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    if (!peer_truth_has(ctx, uid))
        return PEER_MIRROR_IN_BETWEEN;
    describe(ctx, uid, descriptor);
    return 0;
}

int peer_mirror_view(struct peer_truth *cache, const struct cpmsync_store *store, const char *mailbox)
{
    memset(cache, 0, sizeof *cache);
    int error = cpmsync_view_messages(store, NULL, mailbox, on_info, on_message, cache);
    return error ? error : cpmsync_view_descriptors(store, NULL, mailbox, 1, UINT32_MAX, on_descriptor, cache);
}
