/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/check_mailboxes.h"
#include "support/rule_sweep.h"
#include "support/store_mutant.h"

#include <string.h>

#define REAL store_mutant_real()

static int begin_nested(void *self, enum cpmsync_store_durability durability)
{
    int error = REAL->begin(self, durability);
    return error == CPMSYNC_ERR_STATE ? 0 : error;
}

static void nested(struct cpmsync_store_ops *ops)
{
    ops->begin = begin_nested;
}

static int commit_always(void *self)
{
    (void)REAL->commit(self);
    return 0;
}

static void stray_commit(struct cpmsync_store_ops *ops)
{
    ops->commit = commit_always;
}

static int put_outside(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    int error = REAL->mailbox_put(self, mailbox);

    if (error != CPMSYNC_ERR_STATE)
        return error;
    (void)REAL->begin(self, CPMSYNC_STORE_CACHE);
    error = REAL->mailbox_put(self, mailbox);
    (void)REAL->commit(self);
    return error;
}

static void writes_outside(struct cpmsync_store_ops *ops)
{
    ops->mailbox_put = put_outside;
}

static int put_without_extra(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    struct cpmsync_store_mailbox less = *mailbox;

    less.extra_len = less.extra_len > 1 ? 1 : less.extra_len;
    return REAL->mailbox_put(self, &less);
}

static void forgets_extra(struct cpmsync_store_ops *ops)
{
    ops->mailbox_put = put_without_extra;
}

static int put_afresh(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    int error = REAL->mailbox_remove(self, mailbox->name, mailbox->name_len);
    return error ? error : REAL->mailbox_put(self, mailbox);
}

static void replaces_whole(struct cpmsync_store_ops *ops)
{
    ops->mailbox_put = put_afresh;
}

/* Takes bit 5 of letters away, as a normalising store would. */
static size_t fold(uint8_t folded[4096], const uint8_t *name, size_t len)
{
    for (size_t i = 0; i < len && i < 4096; i++)
        folded[i] = name[i] == 'a' ? 'A' : name[i];
    return len < 4096 ? len : 4096;
}

static int put_folded(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    struct cpmsync_store_mailbox same = *mailbox;
    uint8_t name[4096];

    same.name_len = fold(name, mailbox->name, mailbox->name_len);
    same.name = name;
    return REAL->mailbox_put(self, &same);
}

static int get_folded(void *self, const uint8_t *name, size_t len, struct cpmsync_store_mailbox *mailbox)
{
    uint8_t folded[4096];

    len = fold(folded, name, len);
    return REAL->mailbox_get(self, folded, len, mailbox);
}

static int rows_folded(void *self, const uint8_t *name, size_t len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    uint8_t folded[4096];

    len = fold(folded, name, len);
    return REAL->rows_put(self, folded, len, uid, modseq, flagset, count);
}

static void folds_names(struct cpmsync_store_ops *ops)
{
    ops->mailbox_put = put_folded;
    ops->mailbox_get = get_folded;
    ops->rows_put = rows_folded;
}

static int put_short_name(void *self, const struct cpmsync_store_mailbox *mailbox)
{
    return mailbox->name_len > 255 ? CPMSYNC_ERR_STORE : REAL->mailbox_put(self, mailbox);
}

static void short_names(struct cpmsync_store_ops *ops)
{
    ops->mailbox_put = put_short_name;
}

struct pair {
    cpmsync_store_mailbox_fn fn;
    void *ctx;
    struct cpmsync_store_mailbox held;
    int holds;
};

static int swap_pair(void *ctx, const struct cpmsync_store_mailbox *mailbox)
{
    struct pair *pair = ctx;
    int verdict;

    if (!pair->holds) {
        pair->held = *mailbox;
        pair->holds = 1;
        return 0;
    }
    pair->holds = 0;
    verdict = pair->fn(pair->ctx, mailbox);
    return verdict ? verdict : pair->fn(pair->ctx, &pair->held);
}

static int each_unordered(void *self, cpmsync_store_mailbox_fn fn, void *ctx)
{
    struct pair pair = {fn, ctx, {0}, 0};
    int verdict = REAL->mailbox_each(self, swap_pair, &pair);
    return !verdict && pair.holds ? fn(ctx, &pair.held) : verdict;
}

static void unordered(struct cpmsync_store_ops *ops)
{
    ops->mailbox_each = each_unordered;
}

static int each_to_the_end(void *self, cpmsync_store_mailbox_fn fn, void *ctx)
{
    int verdict = REAL->mailbox_each(self, fn, ctx);
    return verdict > 1 ? 0 : verdict;
}

static void ignores_stop(struct cpmsync_store_ops *ops)
{
    ops->mailbox_each = each_to_the_end;
}

static int drop_entry(
    void *ctx, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    (void)mailbox, (void)mailbox_len, (void)octets, (void)len;
    *(uint64_t *)ctx = id;
    return 1;
}

static int remove_with_journal(void *self, const uint8_t *name, size_t len)
{
    int error = REAL->mailbox_remove(self, name, len);
    uint64_t id;

    while (!error && REAL->journal_each(self, name, len, drop_entry, &id) == 1)
        error = REAL->journal_remove(self, id);
    return error;
}

static void removes_journal(struct cpmsync_store_ops *ops)
{
    ops->mailbox_remove = remove_with_journal;
}

static int remove_strict(void *self, const uint8_t *name, size_t len)
{
    struct cpmsync_store_mailbox mailbox = {0};
    int error;

    mailbox.size = sizeof mailbox;
    error = REAL->mailbox_get(self, name, len, &mailbox);
    return error ? error : REAL->mailbox_remove(self, name, len);
}

static void missing_is_an_error(struct cpmsync_store_ops *ops)
{
    ops->mailbox_remove = remove_strict;
}

static int rename_and_remove(void *self, const uint8_t *name, size_t len, const uint8_t *to, size_t to_len,
    void (*after)(void *self, const uint8_t *to, size_t to_len))
{
    int error = REAL->mailbox_rename(self, name, len, to, to_len);

    if (!error && memcmp(to, "Friends", 7) != 0)
        after(self, to, to_len);
    return error;
}

static void drop_flagset(void *self, const uint8_t *to, size_t to_len)
{
    (void)REAL->flagset_remove(self, to, to_len, 4);
}

static int rename_without_flagset(void *self, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    return rename_and_remove(self, from, from_len, to, to_len, drop_flagset);
}

static void rename_forgets_flagsets(struct cpmsync_store_ops *ops)
{
    ops->mailbox_rename = rename_without_flagset;
}

static void drop_descriptor(void *self, const uint8_t *to, size_t to_len)
{
    const struct cpmsync_range range = {2, 2};
    const uint32_t uid = 2;
    const uint64_t modseq = 20;
    const uint32_t set = 4;

    (void)REAL->rows_remove(self, to, to_len, &range, 1);
    (void)REAL->rows_put(self, to, to_len, &uid, &modseq, &set, 1);
}

static int rename_without_descriptor(void *self, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    return rename_and_remove(self, from, from_len, to, to_len, drop_descriptor);
}

static void rename_forgets_descriptors(struct cpmsync_store_ops *ops)
{
    ops->mailbox_rename = rename_without_descriptor;
}

static void return_entry(void *self, const uint8_t *to, size_t to_len)
{
    (void)to, (void)to_len;
    (void)REAL->journal_put(self, 1, (const uint8_t *)"INBOX", 5, (const uint8_t *)"entry", 5);
}

static int rename_without_entry(void *self, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    return rename_and_remove(self, from, from_len, to, to_len, return_entry);
}

static void rename_forgets_journal(struct cpmsync_store_ops *ops)
{
    ops->mailbox_rename = rename_without_entry;
}

static int rename_by_removal(void *self, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len)
{
    int error = REAL->mailbox_remove(self, to, to_len);
    return error ? error : REAL->mailbox_rename(self, from, from_len, to, to_len);
}

static void rename_removes_first(struct cpmsync_store_ops *ops)
{
    ops->mailbox_rename = rename_by_removal;
}

struct planted {
    store_mutant_fn mutate;
    const char *rule;
};

static void test_each_planted_defect_is_found_by_its_rule(void **state)
{
    static const struct planted planted[] = {
        {nested, "begin inside a transaction is refused"},
        {stray_commit, "commit without a transaction is refused"},
        {writes_outside, "a write outside a transaction is refused"},
        {forgets_extra, "mailbox_get shows every field that was put"},
        {replaces_whole, "mailbox_put keeps rows, flag sets and descriptors"},
        {folds_names, "mailbox names of any octets are distinct"},
        {short_names, "mailbox names have up to 4096 octets"},
        {unordered, "mailbox_each is in ascending order of names"},
        {ignores_stop, "mailbox_each stops at a non-zero return"},
        {removes_journal, "mailbox_remove leaves the journal entries"},
        {missing_is_an_error, "mailbox_remove of a missing mailbox is no error"},
        {rename_forgets_flagsets, "mailbox_rename moves the flag sets"},
        {rename_forgets_descriptors, "mailbox_rename moves the descriptors"},
        {rename_forgets_journal, "mailbox_rename moves the journal entries"},
        {rename_removes_first, "mailbox_rename of a missing mailbox is NOT_FOUND"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
        const char *rule;

        assert_true(store_mutant_check(planted[i].mutate, NULL, &rule) < 0);
        assert_string_equal(rule, planted[i].rule);
    }
}

/* What mailbox_get shows wrong: the field of this number, where it is not empty or where it is. */
static unsigned spoiled;

static int get_spoiled(void *self, const uint8_t *name, size_t len, struct cpmsync_store_mailbox *mailbox)
{
    static const struct cpmsync_range other[3];
    int error = REAL->mailbox_get(self, name, len, mailbox);

    if (error || (spoiled & 1) == (mailbox->uidvalidity == UINT32_MAX))
        return error;
    switch (spoiled / 2) {
    case 0:
        mailbox->size--;
        break;
    case 1:
        mailbox->uidvalidity ^= 1;
        break;
    case 2:
        mailbox->uidnext ^= 2;
        break;
    case 3:
        mailbox->highestmodseq ^= UINT64_C(1) << 62;
        break;
    case 4:
        mailbox->messages ^= 0x40000000;
        break;
    case 5:
        mailbox->flags ^= 0x80000000;
        break;
    case 6:
        mailbox->name_len--;
        break;
    case 7:
        mailbox->covered_count ^= 1;
        break;
    case 8:
        mailbox->covered = other;
        break;
    case 9:
        mailbox->extra_len ^= 1;
        break;
    }
    return 0;
}

static void spoils_a_field(struct cpmsync_store_ops *ops)
{
    ops->mailbox_get = get_spoiled;
}

static void test_each_field_that_is_shown_wrong_is_noticed(void **state)
{
    const char *rule;

    (void)state;
    for (spoiled = 0; spoiled < 20; spoiled++)
        if (spoiled != 1 && spoiled != 17) /* the size is looked at once; no ranges are no ranges wherever they lie */
            assert_int_equal(store_mutant_check(spoils_a_field, NULL, &rule), CPMSYNC_ERR_STORE);
}

static void test_each_failing_call_and_each_missing_refusal_is_noticed(void **state)
{
    (void)state;
    rule_sweep(cpmsync_check_mailboxes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_planted_defect_is_found_by_its_rule),
        cmocka_unit_test(test_each_field_that_is_shown_wrong_is_noticed),
        cmocka_unit_test(test_each_failing_call_and_each_missing_refusal_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
