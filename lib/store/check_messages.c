/* SPDX-License-Identifier: MIT */
#include "store/check_messages.h"

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

enum { WRONG = 4711, MANY_ROWS = 5000, MANY_BATCH = 200 };

static int rows_without_record(struct cpmsync_store *store)
{
    int error;

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    error = cpmsync_check_put_row(store, OTHER, 1, 1, 1);
    EXPECT(error == CPMSYNC_ERR_NOT_FOUND);
    TRY(cpmsync_check_commit(store));
    return cpmsync_check_expect_no_rows(store, OTHER);
}

static int rows_order(struct cpmsync_store *store)
{
    static const uint32_t high[] = {100, 101, 200};
    static const uint32_t low[] = {1, 50, 99};
    static const uint32_t between[] = {2, 60, 150, 300};
    static const uint32_t all[] = {1, 2, 50, 60, 99, 100, 101, 150, 200, 300};

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    TRY(cpmsync_check_put_uids(store, INBOX, high, COUNT(high)));
    TRY(cpmsync_check_put_uids(store, INBOX, low, COUNT(low)));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_uids(store, INBOX, between, COUNT(between)));
    TRY(cpmsync_check_expect_uids(store, INBOX, all, COUNT(all)));
    TRY(cpmsync_check_commit(store));
    return cpmsync_check_expect_uids(store, INBOX, all, COUNT(all));
}

static int rows_replaced(struct cpmsync_store *store)
{
    static const uint32_t uid[] = {2, 4, 6};
    static const uint64_t modseq[] = {20, 41, 60};
    static const uint32_t set[] = {4, 9, 12};

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_row(store, INBOX, 4, 40, 8));
    TRY(cpmsync_check_put_row(store, INBOX, 4, 41, 9));
    TRY(cpmsync_check_commit(store));
    return cpmsync_store_probe_rows(store, INBOX, uid, modseq, set, COUNT(uid));
}

static int rows_extremes(struct cpmsync_store *store)
{
    static const uint32_t uid[] = {1, 0x80000000U, UINT32_MAX};
    static const uint64_t modseq[] = {INT64_MAX, 0, UINT64_MAX};
    static const uint32_t set[] = {UINT32_MAX, 0x80000000U, 0};

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    TRY(store->ops->rows_put(store->self, NAME(INBOX), uid, modseq, set, COUNT(uid)));
    TRY(cpmsync_check_commit(store));
    return cpmsync_store_probe_rows(store, INBOX, uid, modseq, set, COUNT(uid));
}

static int rows_remove_all(struct cpmsync_store *store)
{
    static const struct cpmsync_range all = {1, UINT32_MAX};

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_row(store, INBOX, UINT32_MAX, 1, 1));
    TRY(store->ops->rows_remove(store->self, NAME(INBOX), &all, 1));
    TRY(cpmsync_check_expect_no_rows(store, INBOX));
    TRY(cpmsync_check_put_row(store, INBOX, 4, 1, 1));
    TRY(cpmsync_check_commit(store));
    return cpmsync_check_expect_row(store, INBOX, 4, 1, 1);
}

static int rows_remove_exact(struct cpmsync_store *store)
{
    static const uint32_t uid[] = {1, 2, 3, 5, 7, 8, 9, 20, 30, UINT32_MAX};
    static const struct cpmsync_range ranges[] = {{2, 2}, {4, 4}, {6, 8}, {10, 19}, {21, 40}};
    static const uint32_t left[] = {1, 3, 5, 9, 20, UINT32_MAX};

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    TRY(cpmsync_check_put_mailbox(store, OTHER, 1));
    TRY(cpmsync_check_put_uids(store, INBOX, uid, COUNT(uid)));
    TRY(cpmsync_check_put_uids(store, OTHER, uid, COUNT(uid)));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->rows_remove(store->self, NAME(INBOX), ranges, COUNT(ranges)));
    TRY(cpmsync_check_expect_uids(store, INBOX, left, COUNT(left)));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_expect_uids(store, INBOX, left, COUNT(left)));
    return cpmsync_check_expect_uids(store, OTHER, uid, COUNT(uid));
}

static int rows_remove_descriptors(struct cpmsync_store *store)
{
    static const struct cpmsync_range range = {2, 5};
    struct cpmsync_store_probe_item left = cpmsync_check_item(6, CPMSYNC_SLICE("six"));

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->rows_remove(store->self, NAME(INBOX), &range, 1));
    TRY(cpmsync_check_commit(store));
    return cpmsync_store_probe_descriptors(store, INBOX, 1, UINT32_MAX, &left, 1);
}

static int stop_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    size_t *calls = ctx;

    (void)uid, (void)modseq, (void)flagset, (void)count;
    ++*calls;
    return WRONG;
}

static int rows_none(struct cpmsync_store *store)
{
    size_t calls = 0;

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    TRY(store->ops->rows_put(store->self, NAME(INBOX), NULL, NULL, NULL, 0));
    TRY(cpmsync_check_commit(store));
    TRY(store->ops->rows_load(store->self, NAME(INBOX), stop_rows, &calls));
    TRY(store->ops->rows_load(store->self, NAME(OTHER), stop_rows, &calls));
    EXPECT(calls == 0);
    return 0;
}

static int rows_stop(struct cpmsync_store *store)
{
    size_t calls = 0;

    TRY(cpmsync_check_fill(store, INBOX, 1));
    EXPECT(store->ops->rows_load(store->self, NAME(INBOX), stop_rows, &calls) == WRONG);
    EXPECT(calls == 1);
    return 0;
}

struct many {
    uint32_t uid[MANY_ROWS];
    uint64_t modseq[MANY_ROWS];
    uint32_t set[MANY_ROWS];
};

/* The newest rows first, in batches; then every 7th changes, one by one; then a range goes. */
static int rows_many_of(struct cpmsync_store *store, struct many *many)
{
    static const struct cpmsync_range range = {1, 3000};
    size_t gone = 0;

    for (uint32_t i = 0; i < MANY_ROWS; i++) {
        many->uid[i] = 3 * i + 1;
        many->modseq[i] = i % 13;
        many->set[i] = i % 5;
    }
    for (size_t at = MANY_ROWS; at > 0;) {
        at -= MANY_BATCH;
        TRY(cpmsync_check_begin(store));
        TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
        TRY(store->ops->rows_put(
            store->self, NAME(INBOX), many->uid + at, many->modseq + at, many->set + at, MANY_BATCH));
        TRY(cpmsync_check_commit(store));
    }
    TRY(cpmsync_store_probe_rows(store, INBOX, many->uid, many->modseq, many->set, MANY_ROWS));
    TRY(cpmsync_check_begin(store));
    for (size_t i = 0; i < MANY_ROWS; i += 7) {
        many->modseq[i] = 1000 + i;
        many->set[i] = 77;
        TRY(cpmsync_check_put_row(store, INBOX, many->uid[i], many->modseq[i], many->set[i]));
    }
    TRY(cpmsync_store_probe_rows(store, INBOX, many->uid, many->modseq, many->set, MANY_ROWS));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_begin(store));
    TRY(store->ops->rows_remove(store->self, NAME(INBOX), &range, 1));
    TRY(cpmsync_check_commit(store));
    while (many->uid[gone] <= range.last)
        gone++;
    return cpmsync_store_probe_rows(
        store, INBOX, many->uid + gone, many->modseq + gone, many->set + gone, MANY_ROWS - gone);
}

static int rows_many(struct cpmsync_store *store)
{
    struct many *many = cpmsync_mem_alloc(NULL, sizeof *many);
    int error = many ? rows_many_of(store, many) : CPMSYNC_ERR_NOMEM;

    cpmsync_mem_free(NULL, many);
    return error;
}

static int flagsets_kept(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item sets[4] = {cpmsync_check_item(0, CPMSYNC_SLICE("")),
        cpmsync_check_item(2, CPMSYNC_SLICE("new")), cpmsync_check_item(300, CPMSYNC_SLICE("\0 x")),
        cpmsync_check_item(UINT32_MAX, CPMSYNC_SLICE("last"))};

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    TRY(cpmsync_check_put_mailbox(store, OTHER, 1));
    TRY(cpmsync_check_put_flagset(store, INBOX, 300, sets[2].octets));
    TRY(cpmsync_check_put_flagset(store, INBOX, 2, CPMSYNC_SLICE("old")));
    TRY(cpmsync_check_put_flagset(store, INBOX, 3, CPMSYNC_SLICE("gone")));
    TRY(cpmsync_check_put_flagset(store, OTHER, 2, CPMSYNC_SLICE("other")));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_flagset(store, INBOX, UINT32_MAX, sets[3].octets));
    TRY(cpmsync_check_put_flagset(store, INBOX, 0, sets[0].octets));
    TRY(cpmsync_check_put_flagset(store, INBOX, 2, sets[1].octets));
    TRY(store->ops->flagset_remove(store->self, NAME(INBOX), 3));
    TRY(store->ops->flagset_remove(store->self, NAME(INBOX), 99));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_store_probe_flagsets(store, NOWHERE, NULL, 0));
    return cpmsync_store_probe_flagsets(store, INBOX, sets, COUNT(sets));
}

static int stop_number(void *ctx, uint32_t number, const uint8_t *octets, size_t len)
{
    size_t *calls = ctx;

    (void)number, (void)octets, (void)len;
    return ++*calls == 2 ? WRONG : 0;
}

static int flagsets_stop(struct cpmsync_store *store)
{
    size_t calls = 0;

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    for (uint32_t id = 1; id <= 3; id++)
        TRY(cpmsync_check_put_flagset(store, INBOX, id, CPMSYNC_SLICE("set")));
    TRY(cpmsync_check_commit(store));
    EXPECT(store->ops->flagset_each(store->self, NAME(INBOX), stop_number, &calls) == WRONG);
    EXPECT(calls == 2);
    return 0;
}

static int descriptors_kept(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item all[4] = {cpmsync_check_item(1, CPMSYNC_SLICE("")),
        cpmsync_check_item(5, CPMSYNC_SLICE("new")), cpmsync_check_item(70000, CPMSYNC_SLICE("\0x")),
        cpmsync_check_item(UINT32_MAX, CPMSYNC_SLICE("last"))};

    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_mailbox(store, INBOX, 1));
    TRY(cpmsync_check_put_mailbox(store, OTHER, 1));
    TRY(cpmsync_check_put_descriptor(store, INBOX, UINT32_MAX, all[3].octets));
    TRY(cpmsync_check_put_descriptor(store, INBOX, 5, CPMSYNC_SLICE("old")));
    TRY(cpmsync_check_put_descriptor(store, OTHER, 5, CPMSYNC_SLICE("other")));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_descriptor(store, INBOX, 70000, all[2].octets));
    TRY(cpmsync_check_put_descriptor(store, INBOX, 1, all[0].octets));
    TRY(cpmsync_check_put_descriptor(store, INBOX, 5, all[1].octets));
    TRY(cpmsync_check_commit(store));
    TRY(cpmsync_store_probe_descriptors(store, NOWHERE, 1, UINT32_MAX, NULL, 0));
    return cpmsync_store_probe_descriptors(store, INBOX, 1, UINT32_MAX, all, COUNT(all));
}

static int descriptors_bounds(struct cpmsync_store *store)
{
    struct cpmsync_store_probe_item two = cpmsync_check_item(2, CPMSYNC_SLICE("two"));
    struct cpmsync_store_probe_item six = cpmsync_check_item(6, CPMSYNC_SLICE("six"));

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_store_probe_descriptors(store, INBOX, 2, 5, &two, 1));
    TRY(cpmsync_store_probe_descriptors(store, INBOX, 3, 6, &six, 1));
    TRY(cpmsync_store_probe_descriptors(store, INBOX, 6, 6, &six, 1));
    TRY(cpmsync_store_probe_descriptors(store, INBOX, 3, 5, NULL, 0));
    return cpmsync_store_probe_descriptors(store, INBOX, 7, UINT32_MAX, NULL, 0);
}

static int descriptors_stop(struct cpmsync_store *store)
{
    size_t calls = 0;

    TRY(cpmsync_check_fill(store, INBOX, 1));
    TRY(cpmsync_check_begin(store));
    TRY(cpmsync_check_put_descriptor(store, INBOX, 9, CPMSYNC_SLICE("nine")));
    TRY(cpmsync_check_commit(store));
    EXPECT(store->ops->descriptor_each(store->self, NAME(INBOX), 1, 9, stop_number, &calls) == WRONG);
    EXPECT(calls == 2);
    return 0;
}

const struct cpmsync_check_rule cpmsync_check_messages[] = {
    {"rows_put without a record is NOT_FOUND", rows_without_record},
    {"rows_load is in ascending order of UIDs", rows_order},
    {"rows_put replaces rows of the same UID", rows_replaced},
    {"rows keep the extremes of their numbers", rows_extremes},
    {"rows_remove of 1..4294967295 leaves nothing", rows_remove_all},
    {"rows_remove takes its ranges exactly", rows_remove_exact},
    {"rows_remove takes the descriptors along", rows_remove_descriptors},
    {"rows_load without rows calls nothing", rows_none},
    {"rows_load stops at a non-zero return", rows_stop},
    {"5,000 rows come back as they were put", rows_many},
    {"flag sets are kept by id, in ascending order", flagsets_kept},
    {"flagset_each stops at a non-zero return", flagsets_stop},
    {"descriptors are kept by UID, in ascending order", descriptors_kept},
    {"descriptor_each keeps to its bounds", descriptors_bounds},
    {"descriptor_each stops at a non-zero return", descriptors_stop},
    {NULL, NULL},
};
