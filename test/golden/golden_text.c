/* SPDX-License-Identifier: MIT */
#include "golden/golden_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/mirror.h"

void golden_text_add(struct golden_text *text, const void *data, size_t len)
{
    if (text->len + len + 1 > text->capacity) {
        text->capacity = (text->len + len + 1) * 2;
        text->data = realloc(text->data, text->capacity);
        if (!text->data)
            exit(2);
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void golden_text_format(struct golden_text *text, const char *format, ...)
{
    char line[4096];
    va_list list;

    va_start(list, format);
    int len = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    golden_text_add(text, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

void golden_text_flags(struct golden_text *text, const char *const *flags, size_t count)
{
    for (size_t i = 0; i < count; i++)
        golden_text_format(text, " %s", flags[i]);
}

void golden_text_descriptor(struct golden_text *text, const struct cpmsync_descriptor *descriptor)
{
    if (!descriptor)
        return;
    char *octets = support_descriptor_text(descriptor);
    golden_text_add(text, " ", 1);
    golden_text_add(text, octets, strlen(octets));
    free(octets);
}

static void add_ranges(struct golden_text *text, const struct cpmsync_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first == ranges[i].last)
            golden_text_format(text, "%s%" PRIu32, i ? "," : "", ranges[i].first);
        else
            golden_text_format(text, "%s%" PRIu32 ":%" PRIu32, i ? "," : "", ranges[i].first, ranges[i].last);
    }
}

const char *golden_event_name(enum cpmsync_event_type type)
{
    switch (type) {
    case CPMSYNC_EVENT_BEGIN:
        return "begin";
    case CPMSYNC_EVENT_MESSAGE:
        return "message";
    case CPMSYNC_EVENT_VANISHED:
        return "vanished";
    case CPMSYNC_EVENT_RESET:
        return "reset";
    case CPMSYNC_EVENT_BATCH:
        return "batch";
    case CPMSYNC_EVENT_ALERT:
        return "alert";
    case CPMSYNC_EVENT_STATE:
        return "state";
    case CPMSYNC_EVENT_MAILBOX_MISSING:
        return "missing";
    case CPMSYNC_EVENT_MAILBOX_FAILED:
        return "failed";
    case CPMSYNC_EVENT_MAILBOX_LEFT:
        return "left";
    case CPMSYNC_EVENT_LIVE:
        return "live";
    case CPMSYNC_EVENT_SYNC:
        return "sync";
    case CPMSYNC_EVENT_MAILBOX_RENAMED:
        return "renamed";
    }
    return "?";
}

void golden_text_event(struct golden_text *text, const struct cpmsync_event *event)
{
    golden_text_format(text, "E: %s", golden_event_name(event->type));
    switch (event->type) {
    case CPMSYNC_EVENT_BEGIN:
        golden_text_format(text, " %s %" PRIu32 " (", event->mailbox, event->uidvalidity);
        add_ranges(text, event->ranges, event->range_count);
        golden_text_add(text, ")", 1);
        break;
    case CPMSYNC_EVENT_MESSAGE:
        golden_text_format(text, " %s %" PRIu32 " %" PRIu64, event->mailbox, event->uid, event->modseq);
        golden_text_flags(text, event->flags, event->flag_count);
        golden_text_descriptor(text, event->descriptor);
        break;
    case CPMSYNC_EVENT_VANISHED:
        golden_text_format(text, " %s ", event->mailbox);
        add_ranges(text, event->ranges, event->range_count);
        break;
    case CPMSYNC_EVENT_RESET:
        golden_text_format(text, " %s %" PRIu32, event->mailbox, event->uidvalidity);
        break;
    case CPMSYNC_EVENT_BATCH:
        golden_text_format(
            text, " %s uidnext %" PRIu32 " cursor %" PRIu64, event->mailbox, event->uidnext, event->highestmodseq);
        break;
    case CPMSYNC_EVENT_ALERT:
        golden_text_format(text, " %s %s", event->trusted ? "trusted" : "untrusted", event->text);
        break;
    case CPMSYNC_EVENT_STATE:
    case CPMSYNC_EVENT_SYNC: /* a transcript has no policy */
        break;
    case CPMSYNC_EVENT_MAILBOX_MISSING:
        golden_text_format(text, " %s%s%s", event->mailbox, event->text ? " " : "", event->text ? event->text : "");
        break;
    case CPMSYNC_EVENT_MAILBOX_LEFT:
    case CPMSYNC_EVENT_LIVE:
        golden_text_format(text, " %s", event->mailbox);
        break;
    case CPMSYNC_EVENT_MAILBOX_FAILED:
        golden_text_format(text, " %s %s", event->mailbox, cpmsync_error_name(event->error));
        break;
    case CPMSYNC_EVENT_MAILBOX_RENAMED:
        golden_text_format(text, " %s %s %" PRIu32, event->old_mailbox, event->mailbox, event->uidvalidity);
        break;
    }
    golden_text_add(text, "\n", 1);
}
