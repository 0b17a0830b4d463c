/* SPDX-License-Identifier: MIT */
#include "operation/view.h"

#include "cache/flag_names.h"
#include "sync/descriptor.h"

struct view {
    const struct cpmsync_allocator *mem;
    cpmsync_mailbox_fn info;
    cpmsync_message_fn message;
    void *ctx;
    char *name; /* of the mailbox being told */
    struct cpmsync_flagsets *flagsets;
    struct cpmsync_flag_names flags;
};

static int tell_mailbox(void *ctx, const struct cpmsync_store_mailbox *record)
{
    struct view *view = ctx;
    struct cpmsync_mailbox_info info;

    cpmsync_mem_free(view->mem, view->name);
    view->name = cpmsync_mem_copy(view->mem, record->name, record->name_len);
    if (!view->name)
        return CPMSYNC_ERR_NOMEM;
    if (!view->info)
        return 0;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    info.name = view->name;
    info.uidvalidity = record->uidvalidity;
    info.uidnext = record->uidnext;
    info.highestmodseq = record->highestmodseq;
    info.messages = record->messages;
    return view->info(view->ctx, &info);
}

static int load_flagset(void *ctx, uint32_t id, const uint8_t *octets, size_t len)
{
    struct view *view = ctx;
    return cpmsync_flagsets_restore(view->flagsets, id, cpmsync_slice_of(octets, len));
}

static int tell_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct view *view = ctx;

    for (size_t i = 0; i < count; i++) {
        if (!cpmsync_flagsets_known(view->flagsets, flagset[i]))
            return CPMSYNC_ERR_STORE_CORRUPT;
        int error = cpmsync_flag_names_cut(&view->flags, view->flagsets, flagset[i]);
        if (!error)
            error = view->message(view->ctx, uid[i], modseq[i], view->flags.names, view->flags.count);
        if (error)
            return error;
    }
    return 0;
}

static void view_clear(struct view *view)
{
    cpmsync_mem_free(view->mem, view->name);
    cpmsync_flagsets_free(view->flagsets);
    cpmsync_flag_names_clear(&view->flags);
}

static void view_init(struct view *view, const struct cpmsync_allocator *mem)
{
    memset(view, 0, sizeof *view);
    view->mem = mem;
    cpmsync_flag_names_init(&view->flags, mem);
}

int cpmsync_view_mailboxes(
    const struct cpmsync_store *store, const struct cpmsync_allocator *allocator, cpmsync_mailbox_fn fn, void *ctx)
{
    struct view view;

    if (!store || !store->ops || !fn)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    view_init(&view, allocator);
    view.info = fn;
    view.ctx = ctx;
    int result = store->ops->mailbox_each(store->self, tell_mailbox, &view);
    view_clear(&view);
    return result;
}

static struct cpmsync_slice key_of(const char *mailbox)
{
    struct cpmsync_slice key = cpmsync_slice_str(mailbox);

    return cpmsync_slice_is(key, "INBOX") ? CPMSYNC_SLICE("INBOX") : key;
}

static int view_mailbox(struct view *view, const struct cpmsync_store *store, const char *mailbox)
{
    struct cpmsync_slice key = key_of(mailbox);
    struct cpmsync_store_mailbox record;

    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    int result = store->ops->mailbox_get(store->self, key.data, key.len, &record);
    if (!result)
        result = tell_mailbox(view, &record);
    if (result || !view->message)
        return result;
    view->flagsets = cpmsync_flagsets_new(view->mem, UINT32_MAX - 1, SIZE_MAX / 2);
    if (!view->flagsets)
        return CPMSYNC_ERR_NOMEM;
    result = store->ops->flagset_each(store->self, key.data, key.len, load_flagset, view);
    return result ? result : store->ops->rows_load(store->self, key.data, key.len, tell_rows, view);
}

int cpmsync_view_messages(const struct cpmsync_store *store, const struct cpmsync_allocator *allocator,
    const char *mailbox, cpmsync_mailbox_fn info, cpmsync_message_fn fn, void *ctx)
{
    struct view view;

    if (!store || !store->ops || !mailbox)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    view_init(&view, allocator);
    view.info = info;
    view.message = fn;
    view.ctx = ctx;
    int result = view_mailbox(&view, store, mailbox);
    view_clear(&view);
    return result;
}

struct descriptor_view {
    cpmsync_descriptor_fn fn;
    void *ctx;
};

static int tell_descriptor(void *ctx, uint32_t uid, const uint8_t *octets, size_t len)
{
    const struct descriptor_view *view = ctx;
    struct cpmsync_description description;

    if (!cpmsync_descriptor_decode(&description, cpmsync_slice_of(octets, len)))
        return CPMSYNC_ERR_STORE_CORRUPT;
    return view->fn(view->ctx, uid, &description.is);
}

int cpmsync_view_descriptors(const struct cpmsync_store *store, const struct cpmsync_allocator *allocator,
    const char *mailbox, uint32_t first, uint32_t last, cpmsync_descriptor_fn fn, void *ctx)
{
    struct descriptor_view view = {fn, ctx};
    struct cpmsync_store_mailbox record;

    (void)allocator; /* nothing is copied */
    if (!store || !store->ops || !mailbox || !fn || first == 0 || first > last)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct cpmsync_slice key = key_of(mailbox);
    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    int result = store->ops->mailbox_get(store->self, key.data, key.len, &record);
    return result ? result
                  : store->ops->descriptor_each(store->self, key.data, key.len, first, last, tell_descriptor, &view);
}
