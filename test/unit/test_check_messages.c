/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/check_messages.h"
#include "support/rule_sweep.h"
#include "support/store_mutant.h"

#include <string.h>

#define REAL store_mutant_real()

static int put_anywhere(void *self, const uint8_t *name, size_t len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    int error = REAL->rows_put(self, name, len, uid, modseq, flagset, count);
    return error == CPMSYNC_ERR_NOT_FOUND ? 0 : error;
}

static void no_record_needed(struct cpmsync_store_ops *ops)
{
    ops->rows_put = put_anywhere;
}

struct rows_walk {
    cpmsync_store_rows_fn fn;
    void *ctx;
};

static int backward(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    struct rows_walk *walk = ctx;

    for (size_t i = count; i-- > 0;) {
        int verdict = walk->fn(walk->ctx, uid + i, modseq + i, flagset + i, 1);
        if (verdict)
            return verdict;
    }
    return 0;
}

static int load_backward(void *self, const uint8_t *name, size_t len, cpmsync_store_rows_fn fn, void *ctx)
{
    struct rows_walk walk = {fn, ctx};
    return REAL->rows_load(self, name, len, backward, &walk);
}

/* Only long runs, so that simpler rules do not see it. */
static int load_unordered(void *self, const uint8_t *name, size_t len, cpmsync_store_rows_fn fn, void *ctx)
{
    return len == 5 ? load_backward(self, name, len, fn, ctx) : REAL->rows_load(self, name, len, fn, ctx);
}

static int put_one_ordered(void *self, const uint8_t *name, size_t len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    if (count == 1 && *modseq == 41)
        return 0;
    return REAL->rows_put(self, name, len, uid, modseq, flagset, count);
}

static void keeps_first(struct cpmsync_store_ops *ops)
{
    ops->rows_put = put_one_ordered;
}

static int put_signed(void *self, const uint8_t *name, size_t len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    return count > 0 && uid[count - 1] > INT32_MAX ? CPMSYNC_ERR_STORE
                                                   : REAL->rows_put(self, name, len, uid, modseq, flagset, count);
}

static void signed_uids(struct cpmsync_store_ops *ops)
{
    ops->rows_put = put_signed;
}

static int remove_but_last(
    void *self, const uint8_t *name, size_t len, const struct cpmsync_range *ranges, size_t count)
{
    struct cpmsync_range range = *ranges;

    if (count != 1 || range.last != UINT32_MAX)
        return REAL->rows_remove(self, name, len, ranges, count);
    range.last--;
    return REAL->rows_remove(self, name, len, &range, 1);
}

static void misses_last_uid(struct cpmsync_store_ops *ops)
{
    ops->rows_remove = remove_but_last;
}

static int remove_one_more(
    void *self, const uint8_t *name, size_t len, const struct cpmsync_range *ranges, size_t count)
{
    struct cpmsync_range range;

    for (size_t i = 0; i < count; i++) {
        int error;

        range = ranges[i];
        range.last += range.last == 19;
        error = REAL->rows_remove(self, name, len, &range, 1);
        if (error)
            return error;
    }
    return 0;
}

static void range_too_long(struct cpmsync_store_ops *ops)
{
    ops->rows_remove = remove_one_more;
}

static int save_descriptor(void *ctx, uint32_t uid, const uint8_t *octets, size_t len)
{
    uint8_t *saved = ctx;

    (void)uid;
    saved[0] = (uint8_t)len;
    memcpy(saved + 1, octets, len < 20 ? len : 20);
    return 0;
}

static int remove_rows_only(
    void *self, const uint8_t *name, size_t len, const struct cpmsync_range *ranges, size_t count)
{
    uint8_t saved[32] = {0};
    int error = REAL->descriptor_each(self, name, len, 2, 2, save_descriptor, saved);

    if (!error)
        error = REAL->rows_remove(self, name, len, ranges, count);
    if (!error && saved[0] == 3 && ranges[0].last == 5)
        error = REAL->descriptor_put(self, name, len, 2, saved + 1, saved[0]);
    return error;
}

static void keeps_descriptors(struct cpmsync_store_ops *ops)
{
    ops->rows_remove = remove_rows_only;
}

static int load_an_empty_piece(void *self, const uint8_t *name, size_t len, cpmsync_store_rows_fn fn, void *ctx)
{
    int verdict = REAL->rows_load(self, name, len, fn, ctx);
    return verdict ? verdict : fn(ctx, NULL, NULL, NULL, 0);
}

static void shows_an_empty_piece(struct cpmsync_store_ops *ops)
{
    ops->rows_load = load_an_empty_piece;
}

static int load_to_the_end(void *self, const uint8_t *name, size_t len, cpmsync_store_rows_fn fn, void *ctx)
{
    int verdict = REAL->rows_load(self, name, len, fn, ctx);
    return verdict > 0 ? 0 : verdict;
}

static void rows_ignore_stop(struct cpmsync_store_ops *ops)
{
    ops->rows_load = load_to_the_end;
}

static void unordered_rows(struct cpmsync_store_ops *ops)
{
    ops->rows_load = load_unordered;
}

static int put_few(void *self, const uint8_t *name, size_t len, const uint32_t *uid, const uint64_t *modseq,
    const uint32_t *flagset, size_t count)
{
    return REAL->rows_put(self, name, len, uid, modseq, flagset, count > 199 ? 199 : count);
}

static void batch_cut(struct cpmsync_store_ops *ops)
{
    ops->rows_put = put_few;
}

static int flagset_put_once(
    void *self, const uint8_t *name, size_t len, uint32_t id, const uint8_t *octets, size_t octets_len)
{
    return octets_len == 0 ? 0 : REAL->flagset_put(self, name, len, id, octets, octets_len);
}

static void no_empty_flagset(struct cpmsync_store_ops *ops)
{
    ops->flagset_put = flagset_put_once;
}

static int each_from_next(void *self, const uint8_t *name, size_t len, uint32_t first, uint32_t last,
    cpmsync_store_descriptor_fn fn, void *ctx)
{
    return REAL->descriptor_each(self, name, len, first, last == 5 ? 6 : last, fn, ctx);
}

static void bounds_too_wide(struct cpmsync_store_ops *ops)
{
    ops->descriptor_each = each_from_next;
}

static int descriptor_cut(
    void *self, const uint8_t *name, size_t len, uint32_t uid, const uint8_t *octets, size_t octets_len)
{
    if (uid == 70000 && octets_len > 1)
        octets_len = 1; /* ends at the first NUL */
    return REAL->descriptor_put(self, name, len, uid, octets, octets_len);
}

static void descriptor_is_text(struct cpmsync_store_ops *ops)
{
    ops->descriptor_put = descriptor_cut;
}

struct planted {
    store_mutant_fn mutate;
    const char *rule;
};

static void test_each_planted_defect_is_found_by_its_rule(void **state)
{
    static const struct planted planted[] = {
        {no_record_needed, "rows_put without a record is NOT_FOUND"},
        {keeps_first, "rows_put replaces rows of the same UID"},
        {signed_uids, "rows keep the extremes of their numbers"},
        {misses_last_uid, "rows_remove of 1..4294967295 leaves nothing"},
        {range_too_long, "rows_remove takes its ranges exactly"},
        {keeps_descriptors, "rows_remove takes the descriptors along"},
        {shows_an_empty_piece, "rows_load without rows calls nothing"},
        {rows_ignore_stop, "rows_load stops at a non-zero return"},
        {batch_cut, "5,000 rows come back as they were put"},
        {no_empty_flagset, "flag sets are kept by id, in ascending order"},
        {descriptor_is_text, "descriptors are kept by UID, in ascending order"},
        {bounds_too_wide, "descriptor_each keeps to its bounds"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
        const char *rule;

        assert_true(store_mutant_check(planted[i].mutate, NULL, &rule) < 0);
        assert_string_equal(rule, planted[i].rule);
    }
}

static void test_rows_out_of_order_are_found(void **state)
{
    const char *rule;

    (void)state;
    assert_int_equal(store_mutant_check(unordered_rows, NULL, &rule), CPMSYNC_ERR_STORE);
    assert_string_not_equal(rule, "");
}

static void test_each_failing_call_and_each_missing_refusal_is_noticed(void **state)
{
    (void)state;
    rule_sweep(cpmsync_check_messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_planted_defect_is_found_by_its_rule),
        cmocka_unit_test(test_rows_out_of_order_are_found),
        cmocka_unit_test(test_each_failing_call_and_each_missing_refusal_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
