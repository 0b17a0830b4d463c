/* SPDX-License-Identifier: MIT */
/*
 * The contract checker. Three parts: the rules that need no kill, each on an empty store; each kind of write against
 * transactions, kill and power loss; and what a power loss leaves of many commits.
 */
#include <cpmsync/store.h>

#include "base/sized.h"
#include "store/check_entries.h"
#include "store/check_mailboxes.h"
#include "store/check_messages.h"
#include "store/check_scene.h"
#include "store/store_args.h"
#include "store/store_probe.h"

#include <string.h>

#define TRY CPMSYNC_CHECK_TRY
#define EXPECT CPMSYNC_CHECK_EXPECT
#define COUNT CPMSYNC_CHECK_COUNT

struct check {
    struct cpmsync_store *store;
    const struct cpmsync_store_check_config *config;
    const char *rule;
};

static const struct cpmsync_slice names[] = {
    {(const uint8_t *)"Friends", 7}, {(const uint8_t *)"Friends/a", 9}, {(const uint8_t *)"Work", 4}};
static const char *const keys[] = {"facts", "facts2", "new"};

enum { WALK_STOPPED = 1, POWER_ROUNDS = 20 };

/* --- an empty store ----------------------------------------------------------------------------------------------- */

struct first_name {
    uint8_t octets[CPMSYNC_STORE_NAME_MAX];
    size_t len;
};

static int take_name(void *ctx, const struct cpmsync_store_mailbox *mailbox)
{
    struct first_name *first = ctx;

    if (mailbox->name_len > sizeof first->octets)
        return CPMSYNC_ERR_STORE;
    memcpy(first->octets, mailbox->name, mailbox->name_len);
    first->len = mailbox->name_len;
    return WALK_STOPPED;
}

static int take_id(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    uint64_t *first = ctx;

    (void)mailbox, (void)mailbox_len, (void)octets, (void)len;
    *first = id;
    return WALK_STOPPED;
}

static int wipe_mailboxes(const struct cpmsync_store *store)
{
    struct first_name first;

    for (;;) {
        int found = store->ops->mailbox_each(store->self, take_name, &first);
        if (found != WALK_STOPPED)
            return found;
        TRY(store->ops->mailbox_remove(store->self, first.octets, first.len));
    }
}

static int wipe_journal(const struct cpmsync_store *store)
{
    uint64_t id;

    for (;;) {
        int found = store->ops->journal_each(store->self, NULL, 0, take_id, &id);
        if (found != WALK_STOPPED)
            return found;
        TRY(store->ops->journal_remove(store->self, id));
    }
}

static int wipe(const struct cpmsync_store *store)
{
    static const char *const used[] = {"facts", "facts2", "new", "key", "ke", "key2", "none"};

    store->ops->rollback(store->self);
    TRY(store->ops->begin(store->self, CPMSYNC_STORE_CACHE));
    TRY(wipe_mailboxes(store));
    TRY(wipe_journal(store));
    for (size_t i = 0; i < COUNT(used); i++)
        TRY(store->ops->value_remove(store->self, used[i]));
    return store->ops->commit(store->self);
}

/* --- each kind of write ------------------------------------------------------------------------------------------- */

static int put_mailbox(const struct cpmsync_store *store, struct cpmsync_slice name, uint32_t uidvalidity)
{
    static const struct cpmsync_range covered[] = {{1, 9}, {20, 30}};
    struct cpmsync_store_mailbox mailbox = {0};

    mailbox.size = sizeof mailbox;
    mailbox.name = name.data;
    mailbox.name_len = name.len;
    mailbox.uidvalidity = uidvalidity;
    mailbox.uidnext = 31;
    mailbox.highestmodseq = 900;
    mailbox.covered = covered;
    mailbox.covered_count = COUNT(covered);
    mailbox.messages = 4;
    mailbox.extra = name.data;
    mailbox.extra_len = name.len;
    return store->ops->mailbox_put(store->self, &mailbox);
}

static int put_rows(const struct cpmsync_store *store, struct cpmsync_slice name, uint32_t step, uint64_t modseq)
{
    uint32_t uid[] = {step, 2 * step, 3 * step, 4 * step};
    uint64_t modseqs[] = {modseq, modseq, modseq + 1, modseq};
    uint32_t set[] = {1, 2, 1, 2};

    return store->ops->rows_put(store->self, name.data, name.len, uid, modseqs, set, COUNT(uid));
}

static int put_scene(const struct cpmsync_store *store)
{
    const uint8_t *text = (const uint8_t *)"some octets";

    TRY(store->ops->begin(store->self, CPMSYNC_STORE_CACHE));
    for (uint32_t i = 0; i < 2; i++) {
        struct cpmsync_slice name = names[i];

        TRY(put_mailbox(store, name, 7 + i));
        TRY(put_rows(store, name, 3, 100));
        for (uint32_t id = 1; id <= 2; id++)
            TRY(store->ops->flagset_put(store->self, name.data, name.len, id, text, id));
        for (uint32_t uid = 3; uid <= 9; uid += 3)
            TRY(store->ops->descriptor_put(store->self, name.data, name.len, uid, text, uid));
        TRY(store->ops->journal_put(store->self, i + 1, name.data, name.len, text, 4));
        TRY(store->ops->value_put(store->self, keys[i], text, 5));
    }
    return store->ops->commit(store->self);
}

#define OPS(call, ...) store->ops->call(store->self, __VA_ARGS__)
#define FIRST names[0].data, names[0].len
#define SECOND names[1].data, names[1].len
#define THIRD names[2].data, names[2].len
#define NEW (const uint8_t *)"new", 3

static int mailbox_insert(const struct cpmsync_store *store)
{
    return put_mailbox(store, names[2], 9);
}

static int mailbox_replace(const struct cpmsync_store *store)
{
    return put_mailbox(store, names[0], 10);
}

static int mailbox_remove(const struct cpmsync_store *store)
{
    return OPS(mailbox_remove, FIRST);
}

static int mailbox_rename(const struct cpmsync_store *store)
{
    return OPS(mailbox_rename, FIRST, THIRD);
}

static int mailbox_rename_over(const struct cpmsync_store *store)
{
    return OPS(mailbox_rename, FIRST, SECOND);
}

static int rows_insert(const struct cpmsync_store *store)
{
    return put_rows(store, names[0], 2, 200);
}

static int rows_replace(const struct cpmsync_store *store)
{
    return put_rows(store, names[0], 3, 300);
}

static int rows_remove(const struct cpmsync_store *store)
{
    static const struct cpmsync_range ranges[] = {{1, 3}, {7, 10}};
    return OPS(rows_remove, FIRST, ranges, COUNT(ranges));
}

static int flagset_insert(const struct cpmsync_store *store)
{
    return OPS(flagset_put, FIRST, 3, NEW);
}

static int flagset_replace(const struct cpmsync_store *store)
{
    return OPS(flagset_put, FIRST, 1, NEW);
}

static int flagset_remove(const struct cpmsync_store *store)
{
    return OPS(flagset_remove, FIRST, 2);
}

static int descriptor_insert(const struct cpmsync_store *store)
{
    return OPS(descriptor_put, FIRST, 12, NEW);
}

static int descriptor_replace(const struct cpmsync_store *store)
{
    return OPS(descriptor_put, FIRST, 6, NEW);
}

static int journal_insert(const struct cpmsync_store *store)
{
    return OPS(journal_put, UINT64_C(0x123456789a), FIRST, NEW);
}

static int journal_replace(const struct cpmsync_store *store)
{
    return OPS(journal_put, 1, FIRST, NEW);
}

static int journal_remove(const struct cpmsync_store *store)
{
    return OPS(journal_remove, 1);
}

static int value_insert(const struct cpmsync_store *store)
{
    return OPS(value_put, "new", NEW);
}

static int value_replace(const struct cpmsync_store *store)
{
    return OPS(value_put, "facts", NEW);
}

static int value_remove(const struct cpmsync_store *store)
{
    return OPS(value_remove, "facts");
}

enum write_rule { VISIBLE, UNDONE, COMMITTED, KILLED_BEFORE, KILLED_AFTER, POWER_LOST, WRITE_RULES };

struct write_kind {
    int (*write)(const struct cpmsync_store *store);
    const char *rule[WRITE_RULES];
};

#define KIND(what, function)                                                                                           \
    {                                                                                                                  \
        function,                                                                                                      \
        {                                                                                                              \
            what " is visible inside its transaction", what " is undone by rollback", what " is kept by commit",       \
                what " is gone after a kill before commit", what " is there after a kill behind commit",               \
                what " is there after a power loss behind a durable commit"                                            \
        }                                                                                                              \
    }

static const struct write_kind write_kinds[] = {
    KIND("mailbox_put of a new mailbox", mailbox_insert),
    KIND("mailbox_put of a known mailbox", mailbox_replace),
    KIND("mailbox_remove", mailbox_remove),
    KIND("mailbox_rename", mailbox_rename),
    KIND("mailbox_rename over a mailbox", mailbox_rename_over),
    KIND("rows_put of new rows", rows_insert),
    KIND("rows_put of known rows", rows_replace),
    KIND("rows_remove", rows_remove),
    KIND("flagset_put of a new id", flagset_insert),
    KIND("flagset_put of a known id", flagset_replace),
    KIND("flagset_remove", flagset_remove),
    KIND("descriptor_put of a new UID", descriptor_insert),
    KIND("descriptor_put of a known UID", descriptor_replace),
    KIND("journal_put of a new id", journal_insert),
    KIND("journal_put of a known id", journal_replace),
    KIND("journal_remove", journal_remove),
    KIND("value_put of a new key", value_insert),
    KIND("value_put of a known key", value_replace),
    KIND("value_remove", value_remove),
};

static int take_digest(const struct check *check, uint64_t *digest)
{
    struct cpmsync_store_probe probe = {check->store, names, COUNT(names), keys, COUNT(keys)};
    return cpmsync_store_probe_digest(&probe, digest);
}

static int expect_digest(const struct check *check, uint64_t expected)
{
    uint64_t digest;

    TRY(take_digest(check, &digest));
    EXPECT(digest == expected);
    return 0;
}

/* Begins a transaction on the scene and writes; *before and *after are what the store held and shows now. */
static int write_on_scene(struct check *check, const struct write_kind *kind, enum cpmsync_store_durability durability,
    uint64_t *before, uint64_t *after)
{
    const struct cpmsync_store *store = check->store;

    TRY(wipe(store));
    TRY(put_scene(store));
    TRY(take_digest(check, before));
    TRY(store->ops->begin(store->self, durability));
    TRY(kind->write(store));
    return take_digest(check, after);
}

static int check_in_process(struct check *check, const struct write_kind *kind)
{
    const struct cpmsync_store *store = check->store;
    uint64_t before;
    uint64_t after;

    check->rule = kind->rule[VISIBLE];
    TRY(write_on_scene(check, kind, CPMSYNC_STORE_CACHE, &before, &after));
    EXPECT(before != after);
    check->rule = kind->rule[UNDONE];
    store->ops->rollback(store->self);
    TRY(expect_digest(check, before));
    check->rule = kind->rule[COMMITTED];
    TRY(write_on_scene(check, kind, CPMSYNC_STORE_DURABLE, &before, &after));
    TRY(store->ops->commit(store->self));
    return expect_digest(check, after);
}

static int check_kill(struct check *check, const struct write_kind *kind)
{
    uint64_t before;
    uint64_t after;

    check->rule = kind->rule[KILLED_BEFORE];
    TRY(write_on_scene(check, kind, CPMSYNC_STORE_CACHE, &before, &after));
    TRY(check->config->reopen(check->config->ctx, check->store));
    TRY(expect_digest(check, before));
    check->rule = kind->rule[KILLED_AFTER];
    TRY(write_on_scene(check, kind, CPMSYNC_STORE_CACHE, &before, &after));
    TRY(check->store->ops->commit(check->store->self));
    TRY(check->config->reopen(check->config->ctx, check->store));
    return expect_digest(check, after);
}

static int check_power(struct check *check, const struct write_kind *kind)
{
    uint64_t before;
    uint64_t after;

    check->rule = kind->rule[POWER_LOST];
    TRY(write_on_scene(check, kind, CPMSYNC_STORE_DURABLE, &before, &after));
    TRY(check->store->ops->commit(check->store->self));
    TRY(check->config->power_loss(check->config->ctx, check->store));
    return expect_digest(check, after);
}

static int check_writes(struct check *check)
{
    for (size_t i = 0; i < COUNT(write_kinds); i++) {
        TRY(check_in_process(check, &write_kinds[i]));
        if (check->config->reopen != NULL)
            TRY(check_kill(check, &write_kinds[i]));
        if (check->config->power_loss != NULL)
            TRY(check_power(check, &write_kinds[i]));
    }
    return 0;
}

/* --- many commits and a power loss -------------------------------------------------------------------------------- */

/* Commits that say the same number in a record, its rows and a value. */
static int write_number(const struct check *check, uint32_t number, enum cpmsync_store_durability durability)
{
    const struct cpmsync_store *store = check->store;
    uint8_t octets[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

    TRY(store->ops->begin(store->self, durability));
    TRY(put_mailbox(store, names[0], number + 1));
    TRY(put_rows(store, names[0], 5, number));
    TRY(OPS(value_put, "facts", octets, sizeof octets));
    if (durability == CPMSYNC_STORE_DURABLE)
        TRY(OPS(journal_put, number + 1, FIRST, octets, sizeof octets));
    return store->ops->commit(store->self);
}

struct numbers {
    uint32_t value;
    uint32_t rows;
    uint64_t last_entry;
    uint32_t entries;
};

static int read_value(void *ctx, const uint8_t *octets, size_t len)
{
    struct numbers *numbers = ctx;

    if (len != 4)
        return CPMSYNC_ERR_STORE;
    numbers->value =
        (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | (uint32_t)octets[3];
    return 0;
}

static int read_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct numbers *numbers = ctx;

    (void)flagset;
    for (size_t i = 0; i < count; i++)
        if (uid[i] == 5)
            numbers->rows = (uint32_t)modseq[i];
    return 0;
}

static int read_entry(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    struct numbers *numbers = ctx;

    (void)mailbox, (void)mailbox_len, (void)octets, (void)len;
    numbers->last_entry = id;
    numbers->entries++;
    return 0;
}

/* One of the numbers `least` to `most` is there, whole (PF-37). */
static int expect_number(const struct check *check, uint32_t least, uint32_t most)
{
    const struct cpmsync_store *store = check->store;
    struct numbers numbers = {0};
    struct cpmsync_store_mailbox mailbox = {0};

    mailbox.size = sizeof mailbox;
    TRY(store->ops->mailbox_get(store->self, FIRST, &mailbox));
    numbers.value = mailbox.uidvalidity - 1;
    EXPECT(numbers.value >= least && numbers.value <= most);
    least = numbers.value;
    TRY(OPS(value_get, "facts", read_value, &numbers));
    TRY(OPS(rows_load, FIRST, read_rows, &numbers));
    EXPECT(numbers.value == least && numbers.rows == least);
    return 0;
}

static int check_lost_cache(struct check *check)
{
    uint32_t least = 1;

    check->rule = "a cache commit is there whole or not at all after a power loss";
    TRY(wipe(check->store));
    TRY(write_number(check, least, CPMSYNC_STORE_DURABLE));
    for (uint32_t round = 1; round <= POWER_ROUNDS; round++) {
        uint32_t number = round * 10;
        struct cpmsync_store_mailbox mailbox = {0};

        for (uint32_t i = 0; i < 3; i++)
            TRY(write_number(check, number + i, CPMSYNC_STORE_CACHE));
        TRY(check->config->power_loss(check->config->ctx, check->store));
        TRY(expect_number(check, least, number + 2));
        mailbox.size = sizeof mailbox;
        TRY(check->store->ops->mailbox_get(check->store->self, FIRST, &mailbox));
        least = mailbox.uidvalidity - 1;
    }
    return 0;
}

static int check_lost_journal(struct check *check)
{
    const struct cpmsync_store *store = check->store;

    check->rule = "journal entries survive a power loss once their commit returned";
    TRY(wipe(store));
    for (uint32_t round = 1; round <= POWER_ROUNDS; round++) {
        struct numbers numbers = {0};

        TRY(write_number(check, round, CPMSYNC_STORE_CACHE));
        TRY(write_number(check, round, CPMSYNC_STORE_DURABLE));
        TRY(check->config->power_loss(check->config->ctx, check->store));
        TRY(expect_number(check, round, round));
        TRY(OPS(journal_each, NULL, 0, read_entry, &numbers));
        EXPECT(numbers.entries == round && numbers.last_entry == round + 1);
    }
    return 0;
}

static int check_many_kills(struct check *check)
{
    check->rule = "the last commit is what is there after a kill";
    TRY(wipe(check->store));
    for (uint32_t round = 1; round <= POWER_ROUNDS; round++) {
        TRY(write_number(check, round, CPMSYNC_STORE_CACHE));
        TRY(check->config->reopen(check->config->ctx, check->store));
        TRY(expect_number(check, round, round));
    }
    return 0;
}

static int check_rules(struct check *check, const struct cpmsync_check_rule *rule)
{
    for (; rule->name != NULL; rule++) {
        check->rule = rule->name;
        TRY(wipe(check->store));
        TRY(rule->check(check->store));
    }
    return 0;
}

static int check_all(struct check *check)
{
    TRY(check_rules(check, cpmsync_check_mailboxes));
    TRY(check_rules(check, cpmsync_check_messages));
    TRY(check_rules(check, cpmsync_check_entries));
    TRY(check_writes(check));
    if (check->config->reopen != NULL)
        TRY(check_many_kills(check));
    if (check->config->power_loss != NULL) {
        TRY(check_lost_journal(check));
        TRY(check_lost_cache(check));
    }
    check->rule = "everything can be removed again";
    return wipe(check->store);
}

int cpmsync_store_check(struct cpmsync_store *store, const struct cpmsync_store_check_config *config, const char **rule)
{
    struct cpmsync_store_check_config known = {0};
    struct check check = {store, &known, NULL};
    int error;

    if (rule != NULL)
        *rule = NULL;
    if (store == NULL || store->ops == NULL || store->ops->size < sizeof *store->ops)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (config != NULL && cpmsync_sized_read(&known, sizeof known, config))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    error = check_all(&check);
    if (error && store->ops != NULL)
        store->ops->rollback(store->self);
    if (error && rule != NULL)
        *rule = check.rule;
    return error < 0 || error == 0 ? error : CPMSYNC_ERR_STORE;
}
