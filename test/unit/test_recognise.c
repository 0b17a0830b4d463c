/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "sync/recognise.h"

struct bench {
    struct support_allocator allocator;
    struct support_store store;
    struct cpmsync_roster roster;
    struct cpmsync_renames renames;
};

static void open_bench(struct bench *bench)
{
    support_allocator_init(&bench->allocator);
    cpmsync_roster_init(&bench->roster, &bench->allocator.mem, 100);
    cpmsync_renames_init(&bench->renames, &bench->allocator.mem);
    assert_int_equal(support_store_open(&bench->store, NULL), 0);
}

static void close_bench(struct bench *bench)
{
    cpmsync_renames_clear(&bench->renames);
    cpmsync_roster_clear(&bench->roster);
    support_store_close(&bench->store);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

static int server(struct bench *bench, const char *format, ...)
{
    struct cpmsync_response response;
    char line[300];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_int_equal(cpmsync_response_parse(cpmsync_slice_str(line), false, false, &response), 0);
    return cpmsync_roster_data(&bench->roster, &response);
}

/* LIST and STATUS of a mailbox with this UIDVALIDITY and, if it is not empty, this identifier. */
static void listed(struct bench *bench, const char *name, unsigned uidvalidity, const char *id)
{
    server(bench, "* LIST () \"/\" %s", name);
    server(bench, "* STATUS %s (UIDVALIDITY %u UIDNEXT 5 MESSAGES 4%s%s%s)", name, uidvalidity,
        *id ? " MAILBOXID (" : "", id, *id ? ")" : "");
}

static void cached(struct bench *bench, const char *name, uint32_t uidvalidity, const char *id)
{
    const struct cpmsync_store *store = &bench->store.inner;
    struct cpmsync_store_mailbox record = {.size = sizeof record, .name = (const uint8_t *)name};
    struct cpmsync_buf extra;

    cpmsync_buf_init(&extra, NULL, CPMSYNC_EXTRA_MAX);
    assert_true(cpmsync_extra_set(&extra, CPMSYNC_EXTRA_MAILBOXID, cpmsync_slice_str(id)) >= 0);
    record.name_len = strlen(name);
    record.uidvalidity = uidvalidity;
    record.uidnext = 1;
    record.extra = cpmsync_buf_data(&extra);
    record.extra_len = extra.len;
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->mailbox_put(store->self, &record), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
    cpmsync_buf_clear(&extra);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* "a>b c>d ", ascending. */
static void assert_renamed(struct bench *bench, const char *text)
{
    char lines[16][64];
    char found[512] = "";

    assert_int_equal(cpmsync_roster_sort(&bench->roster), 0);
    assert_int_equal(cpmsync_recognise(&bench->roster, &bench->store.store, cpmsync_slice_str(""), &bench->renames), 0);
    assert_in_range(bench->renames.count, 0, 16);
    for (size_t i = 0; i < bench->renames.count; i++)
        snprintf(lines[i], sizeof lines[i], "%s>%s ", bench->renames.steps[i].from, bench->renames.steps[i].to);
    qsort(lines, bench->renames.count, sizeof lines[0], by_text);
    for (size_t i = 0; i < bench->renames.count; i++)
        strcat(found, lines[i]);
    assert_string_equal(found, text);
    close_bench(bench);
}

static void test_o_03_a_mailbox_is_known_by_its_id(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "a", 42, "F1");
    cached(&bench, "a/x", 43, "F2");
    cached(&bench, "stays", 42, "F3");
    cached(&bench, "gone", 42, "F4");
    cached(&bench, "noid", 42, "");
    cached(&bench, "never", 0, "F7");
    listed(&bench, "b", 42, "F1");
    listed(&bench, "b/x", 43, "F2");
    listed(&bench, "stays", 42, "F3");
    listed(&bench, "new", 42, "F5");
    listed(&bench, "other", 42, "f4"); /* case counts */
    listed(&bench, "seventh", 0, "F7");
    assert_renamed(&bench, "a/x>b/x a>b ");
}

static void test_o_03_names_are_swapped_and_taken_over(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "a", 42, "F1");
    cached(&bench, "b", 42, "F2");
    cached(&bench, "c", 42, "F3");
    cached(&bench, "d", 42, "F4");
    listed(&bench, "a", 42, "F2");
    listed(&bench, "b", 42, "F1");
    listed(&bench, "d", 42, "F3"); /* what was d is deleted */
    assert_renamed(&bench, "a>b b>a c>d ");
}

static void test_o_06_another_uidvalidity_is_another_mailbox(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "a", 42, "F1");
    cached(&bench, "c", 42, "F2");
    cached(&bench, "e", 42, "F3");
    listed(&bench, "b", 43, "F1");
    server(&bench, "* LIST () \"/\" d");
    server(&bench, "* STATUS d (MAILBOXID (F2))"); /* nothing is said of it */
    server(&bench, "* LIST (\\Noselect) \"/\" f");
    server(&bench, "* STATUS f (UIDVALIDITY 42 MAILBOXID (F3))");
    assert_renamed(&bench, "");
}

static void test_o_05_contradictory_ids_count_for_nothing(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "a", 42, "F1"); /* two have it */
    cached(&bench, "c", 42, "F2"); /* two had it: one of them is it */
    cached(&bench, "d", 42, "F2");
    cached(&bench, "s", 42, "F3"); /* it is where it was, and this one had it too */
    cached(&bench, "t", 42, "F3");
    listed(&bench, "x", 42, "F1");
    listed(&bench, "y", 42, "F1");
    listed(&bench, "z", 42, "F2");
    listed(&bench, "s", 42, "F3");
    assert_renamed(&bench, "c>z ");
}

static void test_n_10_oldname_and_the_mailboxes_below(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "a", 42, "");
    cached(&bench, "a/x", 43, "");
    cached(&bench, "a/x/y", 44, "");
    cached(&bench, "a/gone", 44, "");
    cached(&bench, "ab", 42, "");
    cached(&bench, "other", 42, "");
    server(&bench, "* LIST () \"/\" b (\"OLDNAME\" (a))");
    server(&bench, "* STATUS b (UIDVALIDITY 42 UIDNEXT 5 MESSAGES 4)");
    listed(&bench, "b/x", 43, "");
    listed(&bench, "b/x/y", 44, "");
    server(&bench, "* LIST () \"/\" c (\"OLDNAME\" (other))");
    server(&bench, "* STATUS c (UIDVALIDITY 43 UIDNEXT 5 MESSAGES 4)"); /* it is another one */
    assert_renamed(&bench, "a/x/y>b/x/y a/x>b/x a>b ");
}

static void test_n_10_inbox_and_what_is_still_there_stay(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "INBOX", 42, "");
    cached(&bench, "a", 42, "");
    cached(&bench, "c", 42, "");
    server(&bench, "* LIST () \"/\" Old (\"OLDNAME\" (inbox))");
    server(&bench, "* STATUS Old (UIDVALIDITY 42 UIDNEXT 5 MESSAGES 4)");
    server(&bench, "* LIST () \"/\" b (\"OLDNAME\" (a))");
    server(&bench, "* STATUS b (UIDVALIDITY 42 UIDNEXT 5 MESSAGES 4)");
    listed(&bench, "a", 42, "");
    server(&bench, "* LIST () \"/\" d (\"OLDNAME\" (c))");
    server(&bench, "* STATUS d (UIDVALIDITY 42 UIDNEXT 5 MESSAGES 4)");
    listed(&bench, "c", 77, ""); /* a new one */
    assert_renamed(&bench, "c>d ");
}

static void test_o_05_an_id_contradicts_oldname(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "a", 42, "F1");
    server(&bench, "* LIST () \"/\" b (\"OLDNAME\" (a))");
    server(&bench, "* STATUS b (UIDVALIDITY 42 UIDNEXT 5 MESSAGES 4 MAILBOXID (F2))");
    assert_renamed(&bench, "");
}

/* UIDVALIDITY alone proves nothing (Cyrus makes them from the clock). */
static void test_uidvalidity_alone_is_no_rename(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "a", 42, "");
    listed(&bench, "b", 42, "");
    assert_renamed(&bench, "");
}

/* "b d ": those to be asked. */
static void assert_doubts(struct bench *bench, const char *text)
{
    char found[256] = "";
    size_t count, marked = 0;

    assert_int_equal(cpmsync_roster_sort(&bench->roster), 0);
    assert_int_equal(cpmsync_recognise_doubts(&bench->roster, &bench->store.store, &count), 0);
    for (size_t i = 0; i < bench->roster.count; i++) {
        if (!bench->roster.entries[i].doubtful)
            continue;
        strcat(strcat(found, bench->roster.entries[i].key), " ");
        marked++;
    }
    assert_string_equal(found, text);
    assert_int_equal(count, marked);
    close_bench(bench);
}

/* Only of what may be something else is the identifier asked for, so that nothing is asked where nothing was renamed. */
static void test_o_03_identifiers_are_asked_for_where_there_is_a_doubt(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cached(&bench, "gone", 42, "F1");
    cached(&bench, "gone2", 42, "F2");
    cached(&bench, "deleted", 44, "F3");
    cached(&bench, "noid", 45, "");
    cached(&bench, "other", 46, "F5");
    cached(&bench, "same", 47, "F6");
    listed(&bench, "b", 42, "");
    listed(&bench, "c", 42, "");
    listed(&bench, "d", 45, "");
    listed(&bench, "e", 46, "");
    listed(&bench, "other", 48, "");
    listed(&bench, "same", 47, "");
    listed(&bench, "twin", 47, ""); /* Cyrus makes UIDVALIDITYs from the clock */
    server(&bench, "* LIST () \"/\" nostatus");
    server(&bench, "* LIST (\\Noselect) \"/\" closed");
    server(&bench, "* STATUS closed (UIDVALIDITY 42)");
    assert_doubts(&bench, "b c e ");
    open_bench(&bench);
    cached(&bench, "gone", 42, "F1");
    assert_doubts(&bench, "");
}

static void test_every_allocation_and_store_call_fails_in_turn(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        bool whole = false;
        for (uint64_t n = 1; !whole; n++) {
            struct bench bench;
            open_bench(&bench);
            cached(&bench, "a", 42, "");
            cached(&bench, "a/x", 42, "");
            cached(&bench, "c", 42, "F3");
            server(&bench, "* LIST () \"/\" b (\"OLDNAME\" (a))");
            server(&bench, "* STATUS b (UIDVALIDITY 42 UIDNEXT 5 MESSAGES 4)");
            listed(&bench, "b/x", 42, "");
            listed(&bench, "d", 42, "F3");
            assert_int_equal(cpmsync_roster_sort(&bench.roster), 0);
            if (kind == 0)
                support_allocator_fail_at(&bench.allocator, n);
            else
                support_store_fail_at(&bench.store, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
            size_t count;
            int error = cpmsync_recognise_doubts(&bench.roster, &bench.store.store, &count);
            if (!error)
                error = cpmsync_recognise(&bench.roster, &bench.store.store, cpmsync_slice_str(""), &bench.renames);
            whole = kind == 0 ? bench.allocator.failures == 0 : bench.store.failures == 0;
            assert_int_equal(error, whole ? 0 : kind == 0 ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_STORE);
            assert_true(!whole || bench.renames.count == 3);
            close_bench(&bench);
            assert_in_range(n, 1, 40);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_o_03_a_mailbox_is_known_by_its_id),
        cmocka_unit_test(test_o_03_names_are_swapped_and_taken_over),
        cmocka_unit_test(test_o_06_another_uidvalidity_is_another_mailbox),
        cmocka_unit_test(test_o_05_contradictory_ids_count_for_nothing),
        cmocka_unit_test(test_n_10_oldname_and_the_mailboxes_below),
        cmocka_unit_test(test_n_10_inbox_and_what_is_still_there_stay),
        cmocka_unit_test(test_o_05_an_id_contradicts_oldname),
        cmocka_unit_test(test_uidvalidity_alone_is_no_rename),
        cmocka_unit_test(test_o_03_identifiers_are_asked_for_where_there_is_a_doubt),
        cmocka_unit_test(test_every_allocation_and_store_call_fails_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
