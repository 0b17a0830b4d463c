/* SPDX-License-Identifier: MIT */
#include "operation/forget.h"

#include "wire/mailbox_name.h"

static int remove_mailbox(const struct cpmsync_store *store, struct cpmsync_slice key)
{
    struct cpmsync_store_mailbox record;

    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    int error = store->ops->mailbox_get(store->self, key.data, key.len, &record);
    if (!error)
        error = store->ops->begin(store->self, CPMSYNC_STORE_CACHE);
    if (error)
        return error;
    error = store->ops->mailbox_remove(store->self, key.data, key.len);
    if (error) {
        store->ops->rollback(store->self);
        return error;
    }
    return store->ops->commit(store->self);
}

int cpmsync_forget(const struct cpmsync_store *store, const struct cpmsync_allocator *mem, const char *name)
{
    struct cpmsync_buf wire, key;

    cpmsync_buf_init(&wire, mem, CPMSYNC_MAILBOX_NAME_MAX);
    cpmsync_buf_init(&key, mem, CPMSYNC_MAILBOX_NAME_MAX);
    /* The key is what the server's own spelling of the name would give (R10, M-01). */
    int error = cpmsync_mailbox_name_encode(cpmsync_slice_str(name), false, &wire);
    if (!error)
        error = cpmsync_mailbox_name_decode(cpmsync_buf_slice(&wire), false, &key);
    if (!error)
        error = remove_mailbox(store, cpmsync_buf_slice(&key));
    cpmsync_buf_clear(&wire);
    cpmsync_buf_clear(&key);
    return error;
}
