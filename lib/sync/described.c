/* SPDX-License-Identifier: MIT */
#include "sync/described.h"

static size_t count_of(const struct cpmsync_uidset *set)
{
    return set->count + set->loose;
}

void cpmsync_described_init(struct cpmsync_described *described, struct cpmsync_open_mailbox *mailbox)
{
    size_t ranges_max = mailbox->cache.limits.ranges_max;

    memset(described, 0, sizeof *described);
    described->mailbox = mailbox;
    cpmsync_uidset_init(&described->lacks, mailbox->mem, ranges_max);
    cpmsync_uidset_init(&described->whole, mailbox->mem, ranges_max);
    cpmsync_buf_init(&described->old_octets, mailbox->mem, CPMSYNC_DESCRIPTOR_OCTETS_MAX);
    cpmsync_buf_init(&described->new_octets, mailbox->mem, CPMSYNC_DESCRIPTOR_OCTETS_MAX);
}

void cpmsync_described_clear(struct cpmsync_described *described)
{
    cpmsync_described_forget(described);
    cpmsync_buf_clear(&described->old_octets);
    cpmsync_buf_clear(&described->new_octets);
}

void cpmsync_described_forget(struct cpmsync_described *described)
{
    cpmsync_uidset_clear(&described->lacks);
    cpmsync_uidset_clear(&described->whole);
    described->came_back = false;
}

/* ---- the store */

static int copy_octets(void *ctx, uint32_t uid, const uint8_t *octets, size_t len)
{
    (void)uid;
    return cpmsync_buf_add(ctx, octets, len);
}

static int read(struct cpmsync_described *described, uint32_t uid, struct cpmsync_description *description, bool *there)
{
    const struct cpmsync_open_mailbox *mailbox = described->mailbox;
    const struct cpmsync_store *store = mailbox->store;

    cpmsync_buf_truncate(&described->old_octets, 0);
    int error = store->ops->descriptor_each(
        store->self, (const uint8_t *)mailbox->name, mailbox->name_len, uid, uid, copy_octets, &described->old_octets);
    *there = !error && cpmsync_descriptor_decode(description, cpmsync_buf_slice(&described->old_octets));
    return error;
}

int cpmsync_described_read(
    struct cpmsync_described *described, uint32_t uid, const struct cpmsync_descriptor **descriptor)
{
    bool there;
    int error = read(described, uid, &described->description, &there);

    *descriptor = there ? &described->description.is : NULL;
    return error;
}

static int put(struct cpmsync_described *described, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    const struct cpmsync_open_mailbox *mailbox = described->mailbox;
    const struct cpmsync_store *store = mailbox->store;
    struct cpmsync_buf *octets = &described->new_octets;

    cpmsync_buf_truncate(octets, 0);
    int error = cpmsync_descriptor_encode(descriptor, octets);
    return error ? error
                 : store->ops->descriptor_put(store->self, (const uint8_t *)mailbox->name, mailbox->name_len, uid,
                       cpmsync_buf_data(octets), octets->len);
}

/* ---- what comes */

/* Parts may come one by one (G-20): *descriptor becomes all there are. */
static int add_known_parts(
    struct cpmsync_described *described, uint32_t uid, bool added, const struct cpmsync_descriptor **descriptor)
{
    struct cpmsync_description before;
    bool there = false;
    int error = added ? 0 : read(described, uid, &before, &there);

    if (error)
        return error;
    cpmsync_descriptor_begin(&described->description);
    cpmsync_descriptor_complete(&described->description, *descriptor);
    if (there)
        cpmsync_descriptor_complete(&described->description, &before.is);
    *descriptor = &described->description.is;
    return 0;
}

static int lacks(struct cpmsync_described *described, uint32_t uid, bool some_gone)
{
    described->came_back = described->came_back || some_gone;
    return cpmsync_uidset_gather(&described->lacks, uid, uid);
}

int cpmsync_described_keep(struct cpmsync_described *described, uint32_t uid, bool added, bool some_gone,
    const struct cpmsync_descriptor **descriptor)
{
    const struct cpmsync_header_list *fields = described->mailbox->fields;
    int error = 0;

    if (!*descriptor)
        return added ? lacks(described, uid, some_gone) : 0;
    if (!cpmsync_descriptor_is_whole(*descriptor, fields))
        error = add_known_parts(described, uid, added, descriptor);
    if (!error)
        error = put(described, uid, *descriptor);
    if (error)
        return error;
    if (!cpmsync_descriptor_is_whole(*descriptor, fields))
        return added ? lacks(described, uid, some_gone) : 0;
    if (described->mailbox->lacking.count == 0 && count_of(&described->lacks) == 0)
        return 0;
    return cpmsync_uidset_gather(&described->whole, uid, uid);
}

int cpmsync_described_settle(struct cpmsync_described *described)
{
    struct cpmsync_uidset *lacking = &described->mailbox->lacking;

    if (count_of(&described->lacks) + count_of(&described->whole) == 0)
        return 0;
    int error = cpmsync_uidset_settle(&described->lacks);
    if (!error)
        error = cpmsync_uidset_settle(&described->whole);
    if (!error && described->came_back) /* which was first is not known: once more is asked for, then */
        error = cpmsync_uidset_remove_set(lacking, &described->whole);
    if (!error)
        error = cpmsync_uidset_add_set(lacking, &described->lacks);
    if (!error && !described->came_back)
        error = cpmsync_uidset_remove_set(lacking, &described->whole);
    if (error == CPMSYNC_ERR_LIMIT) { /* too many ranges: all may lack theirs */
        cpmsync_uidset_empty(lacking);
        error = cpmsync_uidset_add(lacking, 1, UINT32_MAX);
    }
    cpmsync_uidset_empty(&described->lacks);
    cpmsync_uidset_empty(&described->whole);
    described->came_back = false;
    return error;
}
