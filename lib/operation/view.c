/* SPDX-License-Identifier: MIT */
#include "operation/view.h"

#include "base/buf.h"
#include "cache/flagset.h"

struct view {
    const struct cpmsync_allocator *mem;
    cpmsync_mailbox_fn info;
    cpmsync_message_fn message;
    void *ctx;
    char *name; /* of the mailbox being told */
    struct cpmsync_flagsets *flagsets;
    struct cpmsync_buf text; /* the flags of set `id`, cut into strings */
    const char **flags;
    size_t flag_count;
    size_t flag_capacity;
    uint32_t id;
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

static int add_flag(struct view *view, const char *flag)
{
    if (view->flag_count == view->flag_capacity) {
        size_t capacity = view->flag_capacity ? view->flag_capacity * 2 : 16;
        const char **flags = cpmsync_mem_resize(view->mem, view->flags, capacity, sizeof *flags);
        if (!flags)
            return CPMSYNC_ERR_NOMEM;
        view->flags = flags;
        view->flag_capacity = capacity;
    }
    view->flags[view->flag_count++] = flag;
    return 0;
}

static int cut_flags(struct view *view, uint32_t id)
{
    if (view->id == id)
        return 0;
    view->id = UINT32_MAX;
    view->flag_count = 0;
    cpmsync_buf_truncate(&view->text, 0);
    int error = cpmsync_buf_add_slice(&view->text, cpmsync_flagsets_text(view->flagsets, id));
    if (!error)
        error = cpmsync_buf_add_char(&view->text, ' ');
    if (error)
        return error;
    char *at = (char *)cpmsync_buf_data(&view->text);
    char *end = at + view->text.len;
    while (at < end && *at != ' ') {
        char *space = memchr(at, ' ', (size_t)(end - at));
        *space = '\0';
        error = add_flag(view, at);
        if (error)
            return error;
        at = space + 1;
    }
    view->id = id;
    return 0;
}

static int tell_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct view *view = ctx;

    for (size_t i = 0; i < count; i++) {
        int error = cut_flags(view, flagset[i]);
        if (!error)
            error = view->message(view->ctx, uid[i], modseq[i], view->flags, view->flag_count);
        if (error)
            return error;
    }
    return 0;
}

static void view_clear(struct view *view)
{
    cpmsync_mem_free(view->mem, view->name);
    cpmsync_flagsets_free(view->flagsets);
    cpmsync_buf_clear(&view->text);
    cpmsync_mem_free(view->mem, view->flags);
}

static void view_init(struct view *view, const struct cpmsync_allocator *mem)
{
    memset(view, 0, sizeof *view);
    view->mem = mem;
    view->id = UINT32_MAX;
    cpmsync_buf_init(&view->text, mem, SIZE_MAX / 2);
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

static int view_mailbox(struct view *view, const struct cpmsync_store *store, const char *mailbox)
{
    struct cpmsync_slice key = cpmsync_slice_str(mailbox);
    struct cpmsync_store_mailbox record;

    if (cpmsync_slice_is(key, "INBOX"))
        key = CPMSYNC_SLICE("INBOX");
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
