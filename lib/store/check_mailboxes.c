/* SPDX-License-Identifier: MIT */
#include "store/check_mailboxes.h"

#include "base/mem.h"
#include "store/check_scene.h"

#include <string.h>

#define TRY CPMSYNC_CHECK_TRY
#define EXPECT CPMSYNC_CHECK_EXPECT
#define NAME CPMSYNC_CHECK_NAME
#define COUNT CPMSYNC_CHECK_COUNT
#define INBOX cpmsync_check_inbox
#define OTHER cpmsync_check_other
#define NOWHERE cpmsync_check_nowhere

enum { WRONG = 4711, LONG_NAME = 4096 };

static int nested_begin(struct cpmsync_store *store)
{
    TRY(cpmsync_check_begin(store));
    EXPECT(cpmsync_check_begin(store) < 0);
    store->ops->rollback(store->self);
    TRY(cpmsync_check_begin(store));
    return cpmsync_check_commit(store);
}

static int stray_commit(struct cpmsync_store *store)
{
    EXPECT(cpmsync_check_commit(store) < 0);
    return 0;
}

static int stray_rollback(struct cpmsync_store *store)
{
    TRY(cpmsync_check_fill(store, INBOX, 1));
    store->ops->rollback(store->self);
    TRY(cpmsync_check_expect_uidvalidity(store, INBOX, 1));
    return cpmsync_check_expect_content(store, INBOX);
}

static int stray_write(struct cpmsync_store *store)
{
    static const struct cpmsync_range all = {1, UINT32_MAX};
    struct cpmsync_slice text = CPMSYNC_SLICE("text");

    TRY(cpmsync_check_fill(store, INBOX, 1));
    EXPECT(cpmsync_check_put_mailbox(store, INBOX, 2) < 0);
    EXPECT(store->ops->mailbox_remove(store->self, NAME(INBOX)) < 0);
    EXPECT(store->ops->mailbox_rename(store->self, NAME(INBOX), NAME(OTHER)) < 0);
    EXPECT(cpmsync_check_put_row(store, INBOX, 1, 1, 1) < 0);
    EXPECT(store->ops->rows_remove(store->self, NAME(INBOX), &all, 1) < 0);
    EXPECT(cpmsync_check_put_flagset(store, INBOX, 1, text) < 0);
    EXPECT(store->ops->flagset_remove(store->self, NAME(INBOX), 4) < 0);
    EXPECT(cpmsync_check_put_descriptor(store, INBOX, 1, text) < 0);
    EXPECT(cpmsync_check_put_entry(store, 1, INBOX, text) < 0);
    EXPECT(store->ops->journal_remove(store->self, 1) < 0);
    EXPECT(cpmsync_check_put_value(store, "key", text) < 0);
    EXPECT(store->ops->value_remove(store->self, "key") < 0);
    TRY(cpmsync_check_expect_uidvalidity(store, INBOX, 1));
    return cpmsync_check_expect_content(store, INBOX);
}

static int rolled_back_put_remove(struct cpmsync_store *store)
{
    static const struct cpmsync_range range = {3, 5};

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_row(store, INBOX, 3, 1, 1));
    TRY(store->ops->rows_remove(store->self, NAME(INBOX), &range, 1));
    TRY(cpmsync_check_put_row(store, INBOX, 4, 1, 1));
    TRY(store->ops->flagset_remove(store->self, NAME(INBOX), 4));
    TRY(cpmsync_check_put_flagset(store, INBOX, 4, CPMSYNC_SLICE("again")));
    TRY(store->ops->mailbox_remove(store->self, NAME(INBOX)));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 2));
    TRY(cpmsync_check_put_row(store, INBOX, 2, 1, 1));
    TRY(cpmsync_check_put_descriptor(store, INBOX, 2, CPMSYNC_SLICE("again")));
    TRY(store->ops->mailbox_remove(store->self, NAME(INBOX)));
    store->ops->rollback(store->self);
    TRY(cpmsync_check_expect_uidvalidity(store, INBOX, 1));
    return cpmsync_check_expect_content(store, INBOX);
}

static int after_rollback(struct cpmsync_store *store)
{
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    store->ops->rollback(store->self);
    TRY(cpmsync_check_fill(store, INBOX, 2));
    TRY(cpmsync_check_expect_uidvalidity(store, INBOX, 2));
    return cpmsync_check_expect_content(store, INBOX);
}

static int mailbox_fields(struct cpmsync_store *store)
{
    static const struct cpmsync_range covered[] = {{1, 1}, {3, 70000}, {UINT32_MAX, UINT32_MAX}};
    struct cpmsync_store_mailbox put = {0};
    struct cpmsync_store_mailbox got;

    put.size = sizeof put;
    put.name = INBOX.data;
    put.name_len = INBOX.len;
    put.uidvalidity = UINT32_MAX;
    put.uidnext = UINT32_MAX;
    put.highestmodseq = INT64_MAX;
    put.covered = covered;
    put.covered_count = COUNT(covered);
    put.messages = UINT32_MAX - 1;
    put.flags = 0x80000001U;
    put.extra = (const uint8_t *)"e\0x";
    put.extra_len = 3;
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_put(store->self, &put));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_get_mailbox(store, INBOX, &got));
    EXPECT(got.size == sizeof got && got.uidvalidity == put.uidvalidity && got.uidnext == put.uidnext);
    EXPECT(got.highestmodseq == put.highestmodseq && got.messages == put.messages && got.flags == put.flags);
    EXPECT(cpmsync_slice_eq(cpmsync_slice_of(got.name, got.name_len), INBOX));
    EXPECT(cpmsync_slice_eq(cpmsync_slice_of(got.extra, got.extra_len), cpmsync_slice_of(put.extra, put.extra_len)));
    EXPECT(got.covered_count == COUNT(covered) && memcmp(got.covered, covered, sizeof covered) == 0);
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 0));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_get_mailbox(store, INBOX, &got));
    EXPECT(got.uidvalidity == 0 && got.uidnext == 1 && got.highestmodseq == 0 && got.messages == 0);
    EXPECT(got.flags == 0 && got.covered_count == 0 && got.extra_len == 0);
    return 0;
}

static int mailbox_missing(struct cpmsync_store *store)
{
    struct cpmsync_store_mailbox mailbox;

    EXPECT(cpmsync_check_get_mailbox(store, INBOX, &mailbox) == CPMSYNC_ERR_NOT_FOUND);
    TRY(cpmsync_check_fill(store, INBOX, 1));
    EXPECT(cpmsync_check_get_mailbox(store, NOWHERE, &mailbox) == CPMSYNC_ERR_NOT_FOUND);
    EXPECT(cpmsync_check_get_mailbox(store, OTHER, &mailbox) == CPMSYNC_ERR_NOT_FOUND);
    EXPECT(cpmsync_check_get_mailbox(store, CPMSYNC_SLICE("inbox"), &mailbox) == CPMSYNC_ERR_NOT_FOUND);
    return 0;
}

static int mailbox_replaced(struct cpmsync_store *store)
{
    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 2));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_expect_uidvalidity(store, INBOX, 2));
    return cpmsync_check_expect_content(store, INBOX);
}

/* Ascending octets, a prefix first; two of them are one letter in two normal forms. */
static const struct cpmsync_slice any_names[] = {
    {(const uint8_t *)"\x01\n", 2},
    {(const uint8_t *)"%s*_", 4},
    {(const uint8_t *)"../..", 5},
    {(const uint8_t *)"/", 1},
    {(const uint8_t *)"A", 1},
    {(const uint8_t *)"A/b", 3},
    {(const uint8_t *)"a", 1},
    {(const uint8_t *)"a'b\"", 4},
    {(const uint8_t *)"e\xcc\x81", 3},
    {(const uint8_t *)"\x80", 1},
    {(const uint8_t *)"\xc3\xa9", 2},
    {(const uint8_t *)"\xff\xfe", 2},
};

static int put_any_names(struct cpmsync_store *store)
{
    TRY(cpmsync_check_begin(store));
    for (size_t i = COUNT(any_names); i-- > 0;) {
        uint32_t number = (uint32_t)i + 1;

        TRY(cpmsync_check_put_mailbox(store, any_names[i], number));
        TRY(cpmsync_check_put_row(store, any_names[i], number, number, number));
        TRY(cpmsync_check_put_entry(store, number, any_names[i], any_names[i]));
    }
    return cpmsync_check_commit(store);
}

static int mailbox_names(struct cpmsync_store *store)
{
    TRY(put_any_names(store));
    for (size_t i = 0; i < COUNT(any_names); i++) {
        uint32_t number = (uint32_t)i + 1;
        struct cpmsync_store_probe_item journal = cpmsync_check_entry(number, any_names[i], any_names[i]);

        TRY(cpmsync_check_expect_uidvalidity(store, any_names[i], number));
        TRY(cpmsync_check_expect_row(store, any_names[i], number, number, number));
        TRY(cpmsync_store_probe_journal(store, &any_names[i], &journal, 1));
    }
    return 0;
}

static int mailbox_long_name(struct cpmsync_store *store)
{
    uint8_t *octets = cpmsync_mem_alloc(NULL, LONG_NAME);
    struct cpmsync_slice name = {octets, LONG_NAME};
    struct cpmsync_slice prefix = {octets, LONG_NAME - 1};
    int error;

    if (octets == NULL)
        return CPMSYNC_ERR_NOMEM;
    memset(octets, 'n', LONG_NAME);
    error = cpmsync_check_fill(store, name, 1);
    if (!error)
        error = cpmsync_check_fill(store, prefix, 2);
    if (!error)
        error = cpmsync_check_expect_uidvalidity(store, name, 1);
    if (!error)
        error = cpmsync_check_expect_uidvalidity(store, prefix, 2);
    if (!error)
        error = cpmsync_check_expect_content(store, name);
    cpmsync_mem_free(NULL, octets);
    return error;
}

struct name_walk {
    size_t seen;
    size_t stop; /* after so many */
    bool wrong;
};

static int see_name(void *ctx, const struct cpmsync_store_mailbox *mailbox)
{
    struct name_walk *walk = ctx;
    struct cpmsync_slice name = {mailbox->name, mailbox->name_len};

    if (walk->seen >= COUNT(any_names) || !cpmsync_slice_eq(name, any_names[walk->seen]) ||
        mailbox->uidvalidity != walk->seen + 1 || mailbox->size != sizeof *mailbox)
        walk->wrong = true;
    return ++walk->seen == walk->stop ? WRONG : 0;
}

static int mailbox_order(struct cpmsync_store *store)
{
    struct name_walk walk = {0, 0, false};

    TRY(put_any_names(store));
    TRY(store->ops->mailbox_each(store->self, see_name, &walk));
    EXPECT(!walk.wrong && walk.seen == COUNT(any_names));
    return 0;
}

static int mailbox_stop(struct cpmsync_store *store)
{
    struct name_walk walk = {0, 3, false};

    TRY(put_any_names(store));
    EXPECT(store->ops->mailbox_each(store->self, see_name, &walk) == WRONG);
    EXPECT(walk.seen == 3);
    return 0;
}

static int mailbox_removed(struct cpmsync_store *store)
{
    struct cpmsync_store_mailbox mailbox;

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_fill(store, OTHER, 2));
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_remove(store->self, NAME(INBOX)));
    TRY(cpmsync_check_commit(store));
    EXPECT(cpmsync_check_get_mailbox(store, INBOX, &mailbox) == CPMSYNC_ERR_NOT_FOUND);
    TRY(cpmsync_check_expect_no_content(store, INBOX));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 3));
    TRY(cpmsync_check_commit(store));
    return cpmsync_check_expect_no_content(store, INBOX);
}

static int mailbox_removed_alone(struct cpmsync_store *store)
{
    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_fill(store, OTHER, 2));
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_remove(store->self, NAME(INBOX)));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_expect_uidvalidity(store, OTHER, 2));
    return cpmsync_check_expect_content(store, OTHER);
}

static int mailbox_removed_journal(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item journal = cpmsync_check_entry(1, INBOX, CPMSYNC_SLICE("entry"));

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_remove(store->self, NAME(INBOX)));
    TRY(cpmsync_check_commit(store));
    return cpmsync_store_probe_journal(store, &INBOX, &journal, 1);
}

static int mailbox_remove_missing(struct cpmsync_store *store)
{
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_remove(store->self, NAME(INBOX)));
    return cpmsync_check_commit(store);
}

static int rename_inbox(struct cpmsync_store *store)
{
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_rename(store->self, NAME(INBOX), NAME(OTHER)));
    return cpmsync_check_commit(store);
}

static int renamed_record(struct cpmsync_store *store)
{
    struct cpmsync_store_mailbox mailbox;

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(rename_inbox(store));
    EXPECT(cpmsync_check_get_mailbox(store, INBOX, &mailbox) == CPMSYNC_ERR_NOT_FOUND);
    return cpmsync_check_expect_uidvalidity(store, OTHER, 1);
}

static int renamed_rows(struct cpmsync_store *store)
{
    static const uint32_t uid[] = {2, 4, 6};

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(rename_inbox(store));
    TRY(cpmsync_check_expect_no_rows(store, INBOX));
    return cpmsync_check_expect_uids(store, OTHER, uid, COUNT(uid));
}

static int renamed_flagsets(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item set = cpmsync_check_item(4, CPMSYNC_SLICE("\\Seen"));

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(rename_inbox(store));
    TRY(cpmsync_store_probe_flagsets(store, INBOX, NULL, 0));
    return cpmsync_store_probe_flagsets(store, OTHER, &set, 1);
}

static int renamed_descriptors(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item descriptors[2] = {
        cpmsync_check_item(2, CPMSYNC_SLICE("two")), cpmsync_check_item(6, CPMSYNC_SLICE("six"))};

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(rename_inbox(store));
    TRY(cpmsync_store_probe_descriptors(store, INBOX, 1, UINT32_MAX, NULL, 0));
    return cpmsync_store_probe_descriptors(store, OTHER, 1, UINT32_MAX, descriptors, 2);
}

static int renamed_journal(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item moved = cpmsync_check_entry(1, OTHER, CPMSYNC_SLICE("entry"));
    struct cpmsync_store_probe_item stays = cpmsync_check_entry(9, NOWHERE, CPMSYNC_SLICE("stays"));

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_entry(store, 9, NOWHERE, CPMSYNC_SLICE("stays")));
    TRY(cpmsync_check_commit(store));
    TRY(rename_inbox(store));
    TRY(cpmsync_store_probe_journal(store, &INBOX, NULL, 0));
    TRY(cpmsync_store_probe_journal(store, &OTHER, &moved, 1));
    return cpmsync_store_probe_journal(store, &NOWHERE, &stays, 1);
}

static int rename_over(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item journal[2] = {
        cpmsync_check_entry(1, OTHER, CPMSYNC_SLICE("entry")), cpmsync_check_entry(2, OTHER, CPMSYNC_SLICE("entry"))};

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_fill(store, OTHER, 2));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_row(store, OTHER, 3, 1, 1));
    TRY(cpmsync_check_put_flagset(store, OTHER, 9, CPMSYNC_SLICE("old")));
    TRY(cpmsync_check_put_descriptor(store, OTHER, 3, CPMSYNC_SLICE("old")));
    TRY(cpmsync_check_commit(store));
    TRY(rename_inbox(store));
    TRY(cpmsync_check_expect_uidvalidity(store, OTHER, 1));
    TRY(cpmsync_check_expect_content(store, OTHER));
    return cpmsync_store_probe_journal(store, &OTHER, journal, 2);
}

static int rename_missing(struct cpmsync_store *store)
{
    int error;

    TRY(cpmsync_check_fill(store, OTHER, 2));
    TRY(cpmsync_check_begin(store));
    error = store->ops->mailbox_rename(store->self, NAME(INBOX), NAME(OTHER));
    EXPECT(error == CPMSYNC_ERR_NOT_FOUND);
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_expect_uidvalidity(store, OTHER, 2));
    return cpmsync_check_expect_content(store, OTHER);
}

static int rename_to_itself(struct cpmsync_store *store)
{
    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_rename(store->self, NAME(INBOX), NAME(INBOX)));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_expect_uidvalidity(store, INBOX, 1));
    return cpmsync_check_expect_content(store, INBOX);
}

const struct cpmsync_check_rule cpmsync_check_mailboxes[] = {
    {"begin inside a transaction is refused", nested_begin},
    {"commit without a transaction is refused", stray_commit},
    {"rollback without a transaction does nothing", stray_rollback},
    {"a write outside a transaction is refused", stray_write},
    {"rollback undoes what was put and removed in turn", rolled_back_put_remove},
    {"the store works on after a rollback", after_rollback},
    {"mailbox_get shows every field that was put", mailbox_fields},
    {"mailbox_get of a missing mailbox is NOT_FOUND", mailbox_missing},
    {"mailbox_put keeps rows, flag sets and descriptors", mailbox_replaced},
    {"mailbox names of any octets are distinct", mailbox_names},
    {"mailbox names have up to 4096 octets", mailbox_long_name},
    {"mailbox_each is in ascending order of names", mailbox_order},
    {"mailbox_each stops at a non-zero return", mailbox_stop},
    {"mailbox_remove takes rows, flag sets and descriptors along", mailbox_removed},
    {"mailbox_remove touches no other mailbox", mailbox_removed_alone},
    {"mailbox_remove leaves the journal entries", mailbox_removed_journal},
    {"mailbox_remove of a missing mailbox is no error", mailbox_remove_missing},
    {"mailbox_rename moves the record", renamed_record},
    {"mailbox_rename moves the rows", renamed_rows},
    {"mailbox_rename moves the flag sets", renamed_flagsets},
    {"mailbox_rename moves the descriptors", renamed_descriptors},
    {"mailbox_rename moves the journal entries", renamed_journal},
    {"mailbox_rename removes what was at the new name", rename_over},
    {"mailbox_rename of a missing mailbox is NOT_FOUND", rename_missing},
    {"mailbox_rename to its own name changes nothing", rename_to_itself},
    {NULL, NULL},
};
