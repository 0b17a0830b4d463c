/* SPDX-License-Identifier: MIT */
#include "mock_acl.h"
#include "mock_annotation.h"
#include "mock_metadata.h"

#include <cpmsync/error.h>

static const char *const SYSTEM_FLAGS[MOCK_SYSTEM_FLAGS] = {
    "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"};

struct mock_mailbox *cpmsync_mock_mailbox_new(struct mock_store *store, struct cpmsync_slice name)
{
    struct mock_mailbox *mailbox = (struct mock_mailbox *)cpmsync_mem_zalloc(store->mem, sizeof *mailbox);
    size_t i;
    if (!mailbox)
        return NULL;
    mailbox->references = 1;
    mailbox->uidnext = 1;
    mailbox->first_recent = 1;
    mailbox->highestmodseq = 1;
    mailbox->changes = 1;
    mailbox->log_max = store->log_max;
    mailbox->uidvalidity = store->next_uidvalidity++;
    mailbox->id = ++store->last_id;
    mailbox->name = cpmsync_mock_own(store->mem, name);
    for (i = 0; i < MOCK_SYSTEM_FLAGS; i++) {
        mailbox->flag_names[i] = cpmsync_mock_own(store->mem, cpmsync_slice_str(SYSTEM_FLAGS[i]));
        mailbox->flag_count++;
        if (!mailbox->flag_names[i].data)
            break;
    }
    if (!mailbox->name.data || i < MOCK_SYSTEM_FLAGS) {
        cpmsync_mock_mailbox_free(store->mem, mailbox);
        return NULL;
    }
    return mailbox;
}

static void message_clear(const struct cpmsync_allocator *mem, struct mock_message *message)
{
    cpmsync_mock_body_release(mem, message->body);
    cpmsync_mock_annotations_clear(mem, &message->annotations);
}

void cpmsync_mock_mailbox_free(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox)
{
    size_t i;
    if (!mailbox)
        return;
    for (i = 0; i < mailbox->count; i++)
        message_clear(mem, &mailbox->messages[i]);
    for (i = 0; i < mailbox->flag_count; i++)
        cpmsync_mock_disown(mem, &mailbox->flag_names[i]);
    cpmsync_mem_free(mem, mailbox->messages);
    cpmsync_mem_free(mem, mailbox->log);
    cpmsync_mock_acl_clear(mem, mailbox);
    cpmsync_mock_metadata_clear(mem, &mailbox->metadata);
    cpmsync_mock_disown(mem, &mailbox->name);
    cpmsync_mem_free(mem, mailbox);
}

struct mock_body *cpmsync_mock_body_new(const struct cpmsync_allocator *mem, const void *data, size_t len)
{
    struct mock_body *body = (struct mock_body *)cpmsync_mem_alloc(mem, sizeof *body + len);
    if (!body)
        return NULL;
    body->references = 1;
    body->id = 0;
    body->len = len;
    if (len)
        memcpy(body->data, data, len);
    return body;
}

void cpmsync_mock_body_release(const struct cpmsync_allocator *mem, struct mock_body *body)
{
    if (body && --body->references == 0)
        cpmsync_mem_free(mem, body);
}

size_t cpmsync_mock_lower(const struct mock_mailbox *mailbox, uint32_t uid)
{
    size_t low = 0, high = mailbox->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mailbox->messages[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct mock_message *cpmsync_mock_message_of(const struct mock_mailbox *mailbox, uint32_t uid)
{
    size_t index = cpmsync_mock_lower(mailbox, uid);
    return index < mailbox->count && mailbox->messages[index].uid == uid ? &mailbox->messages[index] : NULL;
}

uint64_t cpmsync_mock_bump(struct mock_mailbox *mailbox)
{
    return ++mailbox->highestmodseq;
}

static int reserve(const struct cpmsync_allocator *mem, void **block, size_t *capacity, size_t count, size_t element)
{
    if (count < *capacity)
        return 0;
    size_t grown = *capacity ? *capacity * 2 : 16;
    void *moved = cpmsync_mem_resize(mem, *block, grown, element);
    if (!moved)
        return CPMSYNC_ERR_NOMEM;
    *block = moved;
    *capacity = grown;
    return 0;
}

int cpmsync_mock_add(struct mock_store *store, struct mock_mailbox *mailbox, struct mock_body *body,
    const struct mock_flags *flags, int64_t date, int zone, uint64_t modseq, uint32_t *uid)
{
    void *block = mailbox->messages;
    if (mailbox->uidnext == UINT32_MAX)
        return CPMSYNC_ERR_LIMIT;
    int error = reserve(store->mem, &block, &mailbox->capacity, mailbox->count, sizeof *mailbox->messages);
    mailbox->messages = (struct mock_message *)block;
    if (error)
        return error;
    struct mock_message *message = &mailbox->messages[mailbox->count++];
    memset(message, 0, sizeof *message);
    message->uid = mailbox->uidnext++;
    message->modseq = modseq;
    message->flags = *flags;
    message->date = date;
    message->saved = store->clock;
    message->zone = zone;
    message->body = body;
    body->references++;
    if (body->id == 0)
        body->id = ++store->last_id;
    mailbox->changes++;
    mailbox->news |= MOCK_NEWS_MESSAGE;
    *uid = message->uid;
    return 0;
}

struct mock_mark cpmsync_mock_mark(const struct mock_mailbox *mailbox)
{
    struct mock_mark mark = {
        mailbox->count, mailbox->flag_count, mailbox->uidnext, mailbox->highestmodseq, mailbox->changes, mailbox->news};
    return mark;
}

void cpmsync_mock_roll_back(
    const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, const struct mock_mark *mark)
{
    while (mailbox->count > mark->count)
        message_clear(mem, &mailbox->messages[--mailbox->count]);
    while (mailbox->flag_count > mark->flag_count)
        cpmsync_mock_disown(mem, &mailbox->flag_names[--mailbox->flag_count]);
    mailbox->uidnext = mark->uidnext;
    mailbox->highestmodseq = mark->highestmodseq;
    mailbox->changes = mark->changes;
    mailbox->news = mark->news;
}

/* Room in the log for `more` expunges. */
static int reserve_log(struct mock_store *store, struct mock_mailbox *mailbox, size_t more)
{
    size_t wanted = mailbox->log_count + more;
    int error = 0;
    wanted = wanted < mailbox->log_max ? wanted : mailbox->log_max;
    while (!error && mailbox->log_capacity < wanted) {
        void *block = mailbox->log;
        error = reserve(store->mem, &block, &mailbox->log_capacity, mailbox->log_capacity, sizeof *mailbox->log);
        mailbox->log = (struct mock_expunged *)block;
    }
    return error;
}

static void remember(struct mock_mailbox *mailbox, uint32_t uid, uint64_t modseq)
{
    if (mailbox->log_max == 0) {
        mailbox->log_floor = modseq;
        return;
    }
    if (mailbox->log_count == mailbox->log_max) {
        /* One command's expunges share a mod-sequence: half of them would be no answer, so the floor covers all. */
        mailbox->log_floor = mailbox->log[0].modseq;
        mailbox->log_count--;
        memmove(mailbox->log, mailbox->log + 1, mailbox->log_count * sizeof *mailbox->log);
    }
    mailbox->log[mailbox->log_count].uid = uid;
    mailbox->log[mailbox->log_count].modseq = modseq;
    mailbox->log_count++;
}

bool cpmsync_mock_goes_all(const void *ctx, const struct mock_message *message)
{
    (void)ctx;
    (void)message;
    return true;
}

bool cpmsync_mock_goes_in_set(const void *ctx, const struct mock_message *message)
{
    return cpmsync_mock_set_contains((const struct mock_set *)ctx, message->uid);
}

int cpmsync_mock_remove(
    struct mock_store *store, struct mock_mailbox *mailbox, mock_goes *goes, const void *ctx, size_t *count)
{
    size_t going = 0, kept = 0, i;
    for (i = 0; i < mailbox->count; i++)
        going += goes(ctx, &mailbox->messages[i]);
    if (going == 0)
        return 0;
    int error = reserve_log(store, mailbox, going);
    if (error)
        return error;
    uint64_t modseq = store->quiet_expunges ? mailbox->highestmodseq : cpmsync_mock_bump(mailbox);
    for (i = 0; i < mailbox->count; i++) {
        struct mock_message *message = &mailbox->messages[i];
        if (!goes(ctx, message)) {
            mailbox->messages[kept++] = *message;
            continue;
        }
        remember(mailbox, message->uid, modseq);
        message_clear(store->mem, message);
    }
    mailbox->count = kept;
    mailbox->changes += going;
    mailbox->news |= MOCK_NEWS_EXPUNGE;
    *count += going;
    return 0;
}

void cpmsync_mock_forget(struct mock_mailbox *mailbox)
{
    if (mailbox->log_count)
        mailbox->log_floor = mailbox->log[mailbox->log_count - 1].modseq;
    mailbox->log_count = 0;
}

int cpmsync_mock_flag_index(
    const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < mailbox->flag_count; i++)
        if (cpmsync_slice_ieq(mailbox->flag_names[i], name))
            return (int)i;
    if (mailbox->flag_count == MOCK_FLAGS_MAX)
        return CPMSYNC_ERR_LIMIT;
    struct cpmsync_slice own = cpmsync_mock_own(mem, name);
    if (!own.data)
        return CPMSYNC_ERR_NOMEM;
    mailbox->flag_names[mailbox->flag_count++] = own;
    return (int)i;
}

int cpmsync_mock_flags_of(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox,
    const struct mock_flag_list *list, struct mock_flags *flags)
{
    size_t i;
    memset(flags, 0, sizeof *flags);
    for (i = 0; i < list->count; i++) {
        int index = cpmsync_mock_flag_index(mem, mailbox, list->flags[i]);
        if (index < 0)
            return index;
        cpmsync_mock_flag_set(flags, (unsigned)index);
    }
    return 0;
}

int cpmsync_mock_flags_translate(const struct cpmsync_allocator *mem, const struct mock_mailbox *from,
    struct mock_mailbox *to, const struct mock_flags *flags, struct mock_flags *result)
{
    unsigned i;
    memset(result, 0, sizeof *result);
    for (i = 0; i < from->flag_count; i++) {
        if (!cpmsync_mock_flag_is_set(flags, i))
            continue;
        int index = cpmsync_mock_flag_index(mem, to, from->flag_names[i]);
        if (index < 0)
            return index;
        cpmsync_mock_flag_set(result, (unsigned)index);
    }
    return 0;
}

bool cpmsync_mock_change_flags(struct mock_mailbox *mailbox, struct mock_message *message, char change,
    const struct mock_flags *flags, uint64_t *modseq)
{
    bool changed = false;
    size_t i;
    for (i = 0; i < MOCK_FLAGS_MAX / 64; i++) {
        uint64_t old = message->flags.bits[i], bits = flags->bits[i];
        bits = change == '+' ? old | bits : change == '-' ? old & ~bits : bits;
        changed |= bits != old;
        message->flags.bits[i] = bits;
    }
    if (!changed)
        return false;
    if (*modseq == 0)
        *modseq = cpmsync_mock_bump(mailbox);
    message->modseq = *modseq;
    mailbox->changes++;
    mailbox->news |= MOCK_NEWS_FLAGS;
    return true;
}
