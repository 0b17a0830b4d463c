/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/check_entries.h"
#include "support/rule_sweep.h"
#include "support/store_mutant.h"

#include <string.h>

#define REAL store_mutant_real()

static int put_32_bits(
    void *self, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    return REAL->journal_put(self, id > UINT32_MAX ? (uint32_t)id | 8 : id, mailbox, mailbox_len, octets, len);
}

static void short_ids(struct cpmsync_store_ops *ops)
{
    ops->journal_put = put_32_bits;
}

static int each_of_all(void *self, const uint8_t *mailbox, size_t mailbox_len, cpmsync_store_journal_fn fn, void *ctx)
{
    return REAL->journal_each(self, mailbox_len ? mailbox : NULL, mailbox_len, fn, ctx);
}

static void empty_name_is_all(struct cpmsync_store_ops *ops)
{
    ops->journal_each = each_of_all;
}

static int put_known_not(
    void *self, uint64_t id, const uint8_t *mailbox, size_t mailbox_len, const uint8_t *octets, size_t len)
{
    if (len == 3 && memcmp(octets, "new", 3) == 0)
        return 0; /* the entry is known already */
    return REAL->journal_put(self, id, mailbox, mailbox_len, octets, len);
}

static void never_replaces(struct cpmsync_store_ops *ops)
{
    ops->journal_put = put_known_not;
}

static int each_ignoring(void *self, const uint8_t *mailbox, size_t mailbox_len, cpmsync_store_journal_fn fn, void *ctx)
{
    int verdict = REAL->journal_each(self, mailbox, mailbox_len, fn, ctx);
    return verdict > 1 ? 0 : verdict;
}

static void journal_ignores_stop(struct cpmsync_store_ops *ops)
{
    ops->journal_each = each_ignoring;
}

static int get_missing(void *self, const char *key, cpmsync_store_value_fn fn, void *ctx)
{
    int error = REAL->value_get(self, key, fn, ctx);
    return error == CPMSYNC_ERR_NOT_FOUND ? fn(ctx, NULL, 0) : error;
}

static void missing_is_empty(struct cpmsync_store_ops *ops)
{
    ops->value_get = get_missing;
}

static int put_small(void *self, const char *key, const uint8_t *octets, size_t len)
{
    return REAL->value_put(self, key, octets, len > 65535 ? 65535 : len);
}

static void values_are_cut(struct cpmsync_store_ops *ops)
{
    ops->value_put = put_small;
}

struct planted {
    store_mutant_fn mutate;
    const char *rule;
};

static void test_each_planted_defect_is_found_by_its_rule(void **state)
{
    static const struct planted planted[] = {
        {short_ids, "journal entries are in ascending order of 64-bit ids"},
        {empty_name_is_all, "journal_each shows one mailbox's entries, or all"},
        {never_replaces, "journal_put replaces, journal_remove removes"},
        {journal_ignores_stop, "journal_each stops at a non-zero return"},
        {missing_is_empty, "values are kept by key"},
        {values_are_cut, "octets of a megabyte are kept"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
        const char *rule;

        assert_true(store_mutant_check(planted[i].mutate, NULL, &rule) < 0);
        assert_string_equal(rule, planted[i].rule);
    }
}

static void test_each_failing_call_and_each_missing_refusal_is_noticed(void **state)
{
    (void)state;
    rule_sweep(cpmsync_check_entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_planted_defect_is_found_by_its_rule),
        cmocka_unit_test(test_each_failing_call_and_each_missing_refusal_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
