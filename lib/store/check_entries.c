/* SPDX-License-Identifier: MIT */
#include "store/check_entries.h"

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

enum { WRONG = 4711, LARGE = 1 << 20 };

static int journal_order(struct cpmsync_store *store)
{
    static const uint64_t id[] = {1, 2, UINT64_C(0x100000000), INT64_MAX, UINT64_C(0x8000000000000000), UINT64_MAX};
    struct cpmsync_store_probe_item entries[COUNT(id)];

    TRY(cpmsync_check_begin(store));
    for (size_t i = COUNT(id); i-- > 0;) {
        entries[i] = cpmsync_check_entry(id[i], INBOX, i % 2 ? CPMSYNC_SLICE("") : CPMSYNC_SLICE("a\0b"));
        TRY(cpmsync_check_put_entry(store, id[i], INBOX, entries[i].octets));
    }
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_store_probe_journal(store, &INBOX, entries, COUNT(id)));
    return cpmsync_store_probe_journal(store, NULL, entries, COUNT(id));
}

static int journal_filter(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item all[4] = {cpmsync_check_entry(1, OTHER, CPMSYNC_SLICE("1")),
        cpmsync_check_entry(2, INBOX, CPMSYNC_SLICE("2")),
        cpmsync_check_entry(3, CPMSYNC_SLICE(""), CPMSYNC_SLICE("3")),
        cpmsync_check_entry(4, INBOX, CPMSYNC_SLICE("4"))};
    struct cpmsync_store_probe_item inbox_only[2] = {all[1], all[3]};

    TRY(cpmsync_check_begin(store));
    for (size_t i = 0; i < COUNT(all); i++)
        TRY(cpmsync_check_put_entry(store, all[i].key, all[i].mailbox, all[i].octets));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_store_probe_journal(store, NULL, all, COUNT(all)));
    TRY(cpmsync_store_probe_journal(store, &NOWHERE, NULL, 0));
    TRY(cpmsync_store_probe_journal(store, &all[2].mailbox, &all[2], 1));
    return cpmsync_store_probe_journal(store, &INBOX, inbox_only, 2);
}

static int journal_replaced(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item left = cpmsync_check_entry(1, OTHER, CPMSYNC_SLICE("new"));

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_entry(store, 1, INBOX, CPMSYNC_SLICE("old")));
    TRY(cpmsync_check_put_entry(store, 2, INBOX, CPMSYNC_SLICE("gone")));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_entry(store, 1, OTHER, CPMSYNC_SLICE("new")));
    TRY(store->ops->journal_remove(store->self, 2));
    TRY(store->ops->journal_remove(store->self, 3));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_store_probe_journal(store, &INBOX, NULL, 0));
    return cpmsync_store_probe_journal(store, NULL, &left, 1);
}

static int stop_entry(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    size_t *calls = ctx;

    (void)id, (void)mailbox, (void)mailbox_len, (void)octets, (void)len;
    return ++*calls == 2 ? WRONG : 0;
}

static int journal_stop(struct cpmsync_store *store)
{
    size_t calls = 0;

    TRY(cpmsync_check_begin(store));
    for (uint64_t id = 1; id <= 3; id++)
        TRY(cpmsync_check_put_entry(store, id, INBOX, CPMSYNC_SLICE("entry")));
    TRY(cpmsync_check_commit(store));
    EXPECT(store->ops->journal_each(store->self, NULL, 0, stop_entry, &calls) == WRONG);
    EXPECT(calls == 2);
    calls = 0;
    EXPECT(store->ops->journal_each(store->self, NAME(INBOX), stop_entry, &calls) == WRONG);
    EXPECT(calls == 2);
    return 0;
}

static int stop_value(void *ctx, const uint8_t *octets, size_t len)
{
    (void)ctx, (void)octets, (void)len;
    return WRONG;
}

static int values_kept(struct cpmsync_store *store)
{
    struct cpmsync_slice empty = {NULL, 0};

    EXPECT(cpmsync_store_probe_value(store, "key", empty) == CPMSYNC_ERR_NOT_FOUND);
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_value(store, "key", CPMSYNC_SLICE("old")));
    TRY(cpmsync_check_put_value(store, "ke", CPMSYNC_SLICE("\0y")));
    TRY(cpmsync_check_put_value(store, "key2", empty));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_value(store, "key", CPMSYNC_SLICE("new")));
    TRY(store->ops->value_remove(store->self, "none"));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_store_probe_value(store, "key", CPMSYNC_SLICE("new")));
    TRY(cpmsync_store_probe_value(store, "ke", CPMSYNC_SLICE("\0y")));
    TRY(cpmsync_store_probe_value(store, "key2", empty));
    EXPECT(store->ops->value_get(store->self, "key", stop_value, NULL) == WRONG);
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->value_remove(store->self, "key"));
    TRY(cpmsync_check_commit(store));
    EXPECT(cpmsync_store_probe_value(store, "key", CPMSYNC_SLICE("new")) == CPMSYNC_ERR_NOT_FOUND);
    return cpmsync_store_probe_value(store, "ke", CPMSYNC_SLICE("\0y"));
}

static int large_octets_of(struct cpmsync_store *store, struct cpmsync_slice large)
{
    struct cpmsync_store_probe_item descriptor = cpmsync_check_item(1, large);
    struct cpmsync_store_probe_item journal = cpmsync_check_entry(1, INBOX, large);
    struct cpmsync_store_mailbox mailbox = {0};

    mailbox.size = sizeof mailbox;
    mailbox.name = INBOX.data;
    mailbox.name_len = INBOX.len;
    mailbox.extra = large.data;
    mailbox.extra_len = large.len;
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->mailbox_put(store->self, &mailbox));
    TRY(cpmsync_check_put_flagset(store, INBOX, 1, large));
    TRY(cpmsync_check_put_descriptor(store, INBOX, 1, large));
    TRY(cpmsync_check_put_entry(store, 1, INBOX, large));
    TRY(cpmsync_check_put_value(store, "key", large));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_get_mailbox(store, INBOX, &mailbox));
    EXPECT(cpmsync_slice_eq(cpmsync_slice_of(mailbox.extra, mailbox.extra_len), large));
    TRY(cpmsync_store_probe_flagsets(store, INBOX, &descriptor, 1));
    TRY(cpmsync_store_probe_descriptors(store, INBOX, 1, 1, &descriptor, 1));
    TRY(cpmsync_store_probe_journal(store, &INBOX, &journal, 1));
    return cpmsync_store_probe_value(store, "key", large);
}

static int large_octets(struct cpmsync_store *store)
{
    uint8_t *octets = cpmsync_mem_alloc(NULL, LARGE);
    int error;

    if (octets == NULL)
        return CPMSYNC_ERR_NOMEM;
    for (size_t i = 0; i < LARGE; i++)
        octets[i] = (uint8_t)(i * 31 >> 3);
    error = large_octets_of(store, cpmsync_slice_of(octets, LARGE));
    cpmsync_mem_free(NULL, octets);
    return error;
}

const struct cpmsync_check_rule cpmsync_check_entries[] = {
    {"journal entries are in ascending order of 64-bit ids", journal_order},
    {"journal_each shows one mailbox's entries, or all", journal_filter},
    {"journal_put replaces, journal_remove removes", journal_replaced},
    {"journal_each stops at a non-zero return", journal_stop},
    {"values are kept by key", values_kept},
    {"octets of a megabyte are kept", large_octets},
    {NULL, NULL},
};
