/* SPDX-License-Identifier: MIT */
#include "store/check_scene.h"

#define TRY CPMSYNC_CHECK_TRY
#define EXPECT CPMSYNC_CHECK_EXPECT
#define NAME CPMSYNC_CHECK_NAME
#define COUNT CPMSYNC_CHECK_COUNT

const struct cpmsync_slice cpmsync_check_inbox = {(const uint8_t *)"INBOX", 5};
const struct cpmsync_slice cpmsync_check_other = {(const uint8_t *)"INBOX2", 6};
const struct cpmsync_slice cpmsync_check_nowhere = {(const uint8_t *)"INBO", 4};

int cpmsync_check_begin(struct cpmsync_store *store)
{
    return store->ops->begin(store->self, CPMSYNC_STORE_CACHE);
}

int cpmsync_check_commit(struct cpmsync_store *store)
{
    return store->ops->commit(store->self);
}

int cpmsync_check_put_mailbox(struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uidvalidity)
{
    struct cpmsync_store_mailbox mailbox = {0};

    mailbox.size = sizeof mailbox;
    mailbox.name = name.data;
    mailbox.name_len = name.len;
    mailbox.uidvalidity = uidvalidity;
    mailbox.uidnext = 1;
    return store->ops->mailbox_put(store->self, &mailbox);
}

int cpmsync_check_get_mailbox(
    struct cpmsync_store *store, struct cpmsync_slice name, struct cpmsync_store_mailbox *mailbox)
{
    static const struct cpmsync_store_mailbox empty;

    *mailbox = empty;
    mailbox->size = sizeof *mailbox;
    return store->ops->mailbox_get(store->self, NAME(name), mailbox);
}

int cpmsync_check_expect_uidvalidity(struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uidvalidity)
{
    struct cpmsync_store_mailbox mailbox;

    TRY(cpmsync_check_get_mailbox(store, name, &mailbox));
    EXPECT(mailbox.uidvalidity == uidvalidity);
    EXPECT(cpmsync_slice_eq(cpmsync_slice_of(mailbox.name, mailbox.name_len), name));
    return 0;
}

int cpmsync_check_put_row(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uid, uint64_t modseq, uint32_t set)
{
    return store->ops->rows_put(store->self, NAME(name), &uid, &modseq, &set, 1);
}

int cpmsync_check_expect_row(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uid, uint64_t modseq, uint32_t set)
{
    return cpmsync_store_probe_rows(store, name, &uid, &modseq, &set, 1);
}

int cpmsync_check_expect_no_rows(struct cpmsync_store *store, struct cpmsync_slice name)
{
    return cpmsync_store_probe_rows(store, name, NULL, NULL, NULL, 0);
}

int cpmsync_check_put_uids(struct cpmsync_store *store, struct cpmsync_slice name, const uint32_t *uid, size_t count)
{
    uint64_t modseq[16];
    uint32_t set[16];

    EXPECT(count <= COUNT(set));
    for (size_t i = 0; i < count; i++) {
        modseq[i] = uid[i] * UINT64_C(10);
        set[i] = uid[i] * 2;
    }
    return store->ops->rows_put(store->self, NAME(name), uid, modseq, set, count);
}

int cpmsync_check_expect_uids(struct cpmsync_store *store, struct cpmsync_slice name, const uint32_t *uid, size_t count)
{
    uint64_t modseq[16];
    uint32_t set[16];

    EXPECT(count <= COUNT(set));
    for (size_t i = 0; i < count; i++) {
        modseq[i] = uid[i] * UINT64_C(10);
        set[i] = uid[i] * 2;
    }
    return cpmsync_store_probe_rows(store, name, uid, modseq, set, count);
}

int cpmsync_check_put_flagset(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t id, struct cpmsync_slice text)
{
    return store->ops->flagset_put(store->self, NAME(name), id, text.data, text.len);
}

int cpmsync_check_put_descriptor(
    struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uid, struct cpmsync_slice text)
{
    return store->ops->descriptor_put(store->self, NAME(name), uid, text.data, text.len);
}

int cpmsync_check_put_entry(
    struct cpmsync_store *store, uint64_t id, struct cpmsync_slice name, struct cpmsync_slice text)
{
    return store->ops->journal_put(store->self, id, NAME(name), text.data, text.len);
}

int cpmsync_check_put_value(struct cpmsync_store *store, const char *key, struct cpmsync_slice text)
{
    return store->ops->value_put(store->self, key, text.data, text.len);
}

struct cpmsync_store_probe_item cpmsync_check_item(uint64_t key, struct cpmsync_slice octets)
{
    struct cpmsync_store_probe_item made = {key, {NULL, 0}, octets};
    return made;
}

struct cpmsync_store_probe_item cpmsync_check_entry(
    uint64_t key, struct cpmsync_slice mailbox, struct cpmsync_slice octets)
{
    struct cpmsync_store_probe_item made = {key, mailbox, octets};
    return made;
}

int cpmsync_check_fill(struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uidvalidity)
{
    static const uint32_t uid[] = {2, 4, 6};

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, name, uidvalidity));
    TRY(cpmsync_check_put_uids(store, name, uid, COUNT(uid)));
    TRY(cpmsync_check_put_flagset(store, name, 4, CPMSYNC_SLICE("\\Seen")));
    TRY(cpmsync_check_put_descriptor(store, name, 2, CPMSYNC_SLICE("two")));
    TRY(cpmsync_check_put_descriptor(store, name, 6, CPMSYNC_SLICE("six")));
    TRY(cpmsync_check_put_entry(store, uidvalidity, name, CPMSYNC_SLICE("entry")));
    return cpmsync_check_commit(store);
}

int cpmsync_check_expect_content(struct cpmsync_store *store, struct cpmsync_slice name)
{
    static const uint32_t uid[] = {2, 4, 6};
    struct cpmsync_store_probe_item set = cpmsync_check_item(4, CPMSYNC_SLICE("\\Seen"));
    struct cpmsync_store_probe_item descriptors[2] = {
        cpmsync_check_item(2, CPMSYNC_SLICE("two")), cpmsync_check_item(6, CPMSYNC_SLICE("six"))};

    TRY(cpmsync_check_expect_uids(store, name, uid, COUNT(uid)));
    TRY(cpmsync_store_probe_flagsets(store, name, &set, 1));
    return cpmsync_store_probe_descriptors(store, name, 1, UINT32_MAX, descriptors, 2);
}

int cpmsync_check_expect_no_content(struct cpmsync_store *store, struct cpmsync_slice name)
{
    TRY(cpmsync_check_expect_no_rows(store, name));
    TRY(cpmsync_store_probe_flagsets(store, name, NULL, 0));
    return cpmsync_store_probe_descriptors(store, name, 1, UINT32_MAX, NULL, 0);
}
