/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "sync/lacking.h"
#include "sync/roster.h"

struct bench {
    struct support_allocator allocator;
    struct cpmsync_roster roster;
    struct cpmsync_store store;
};

static void open_bench(struct bench *bench, size_t max)
{
    support_allocator_init(&bench->allocator);
    cpmsync_roster_init(&bench->roster, &bench->allocator.mem, max);
    assert_int_equal(cpmsync_store_memory_open(&bench->store, NULL), 0);
}

static void close_bench(struct bench *bench)
{
    cpmsync_roster_clear(&bench->roster);
    cpmsync_store_close(&bench->store);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

static int server(struct bench *bench, const char *line)
{
    struct cpmsync_response response;

    assert_int_equal(cpmsync_response_parse(cpmsync_slice_str(line), false, false, &response), 0);
    return cpmsync_roster_data(&bench->roster, &response);
}

/* Covered from 1 to uidnext - 1. */
static void stored(struct bench *bench, const char *name, uint32_t uidnext, uint64_t cursor, uint32_t messages)
{
    const struct cpmsync_store_ops *ops = bench->store.ops;
    struct cpmsync_store_mailbox record = {0};
    struct cpmsync_range covered = {1, uidnext - 1};

    record.size = sizeof record;
    record.name = (const uint8_t *)name;
    record.name_len = strlen(name);
    record.uidvalidity = 42;
    record.uidnext = uidnext;
    record.highestmodseq = cursor;
    record.messages = messages;
    record.covered = &covered;
    record.covered_count = uidnext > 1;
    assert_int_equal(ops->begin(bench->store.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(ops->mailbox_put(bench->store.self, &record), 0);
    assert_int_equal(ops->commit(bench->store.self), 0);
}

/* "A+ B= C- D." : differs, unchanged, missing, closed */
static void assert_compared(struct bench *bench, const char *text)
{
    const char signs[] = {'.', '=', '+', '-'};
    char found[512] = "";

    assert_int_equal(cpmsync_roster_sort(&bench->roster), 0);
    assert_int_equal(cpmsync_roster_compare(&bench->roster, &bench->store), 0);
    for (size_t i = 0; i < bench->roster.count; i++) {
        const struct cpmsync_roster_entry *entry = &bench->roster.entries[i];
        size_t len = strlen(found);
        snprintf(found + len, sizeof found - len, "%s%s%c", i ? " " : "", entry->key, signs[entry->state]);
    }
    assert_string_equal(found, text);
}

static void test_y_06_only_what_is_equal_and_covered_is_unchanged(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 100);
    stored(&bench, "equal", 11, 100, 5);
    stored(&bench, "empty", 1, 100, 0);
    stored(&bench, "modseq", 11, 99, 5);
    stored(&bench, "uidnext", 10, 100, 5);
    stored(&bench, "messages", 11, 100, 6);
    stored(&bench, "uidvalidity", 11, 100, 5);
    stored(&bench, "nocursor", 11, 0, 5);
    stored(&bench, "nostatus", 11, 100, 5);
    stored(&bench, "parts", 11, 100, 5);
    const char *const names[] = {"equal", "modseq", "uidnext", "messages", "nocursor", "parts", "new"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[160];
        snprintf(line, sizeof line, "* LIST () \"/\" %s", names[i]);
        assert_int_equal(server(&bench, line), 0);
        snprintf(line, sizeof line, "* STATUS %s (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5 HIGHESTMODSEQ %d)", names[i],
            strcmp(names[i], "nocursor") == 0 ? 0 : 100);
        assert_int_equal(server(&bench, line), 0);
    }
    server(&bench, "* LIST () \"/\" uidvalidity");
    server(&bench, "* STATUS uidvalidity (UIDVALIDITY 43 UIDNEXT 11 MESSAGES 5 HIGHESTMODSEQ 100)");
    server(&bench, "* LIST () \"/\" empty");
    server(&bench, "* STATUS empty (UIDVALIDITY 42 UIDNEXT 1 MESSAGES 0 HIGHESTMODSEQ 100)");
    server(&bench, "* LIST () \"/\" nostatus");
    struct cpmsync_store_mailbox parts = {.size = sizeof parts, .name = (const uint8_t *)"parts", .name_len = 5};
    struct cpmsync_range covered[] = {{1, 4}, {8, 10}};
    parts.uidvalidity = 42;
    parts.uidnext = 11;
    parts.highestmodseq = 100;
    parts.messages = 5;
    parts.covered = covered;
    parts.covered_count = 2;
    bench.store.ops->begin(bench.store.self, CPMSYNC_STORE_CACHE);
    assert_int_equal(bench.store.ops->mailbox_put(bench.store.self, &parts), 0);
    bench.store.ops->commit(bench.store.self);
    assert_compared(&bench, "empty= equal= messages+ modseq+ new+ nocursor+ nostatus+ parts+ uidnext+ uidvalidity+");
    close_bench(&bench);
}

/* R17: what the app may have heard of must be told again, whatever STATUS says. */
static void test_r_17_a_marked_mailbox_is_visited(void **state)
{
    struct bench bench;
    struct cpmsync_range covered = {1, 10};
    struct cpmsync_store_mailbox record = {.size = sizeof record, .name = (const uint8_t *)"m", .name_len = 1};

    (void)state;
    open_bench(&bench, 100);
    record.uidvalidity = 42;
    record.uidnext = 11;
    record.highestmodseq = 100;
    record.messages = 5;
    record.covered = &covered;
    record.covered_count = 1;
    record.flags = CPMSYNC_MAILBOX_MARKED;
    bench.store.ops->begin(bench.store.self, CPMSYNC_STORE_CACHE);
    assert_int_equal(bench.store.ops->mailbox_put(bench.store.self, &record), 0);
    bench.store.ops->commit(bench.store.self);
    server(&bench, "* LIST () \"/\" m");
    server(&bench, "* STATUS m (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5 HIGHESTMODSEQ 100)");
    assert_compared(&bench, "m+");
    close_bench(&bench);
}

/* What lacks is asked for although nothing changed (D-20: once). */
static void test_a_mailbox_that_lacks_descriptors_is_visited(void **state)
{
    struct cpmsync_store_mailbox record = {.size = sizeof record, .name = (const uint8_t *)"c", .name_len = 1};
    struct cpmsync_range covered = {1, 10};
    struct cpmsync_header_list fields;
    struct cpmsync_uidset none;
    struct cpmsync_buf extra;
    struct bench bench;

    (void)state;
    open_bench(&bench, 100);
    assert_int_equal(cpmsync_header_list_init(&fields, NULL, NULL, 0), 0);
    cpmsync_uidset_init(&none, NULL, 1);
    cpmsync_buf_init(&extra, NULL, CPMSYNC_LACKING_OCTETS_MAX);
    assert_int_equal(cpmsync_lacking_write(&none, &fields, &extra), 0);
    bench.roster.fields = &fields;
    stored(&bench, "a", 11, 100, 5);
    stored(&bench, "b", 11, 100, 0);
    record.uidvalidity = 42;
    record.uidnext = 11;
    record.highestmodseq = 100;
    record.messages = 5;
    record.covered = &covered;
    record.covered_count = 1;
    record.extra = cpmsync_buf_data(&extra);
    record.extra_len = extra.len;
    bench.store.ops->begin(bench.store.self, CPMSYNC_STORE_CACHE);
    assert_int_equal(bench.store.ops->mailbox_put(bench.store.self, &record), 0);
    bench.store.ops->commit(bench.store.self);
    server(&bench, "* LIST () \"/\" a");
    server(&bench, "* LIST () \"/\" b");
    server(&bench, "* LIST () \"/\" c");
    server(&bench, "* STATUS a (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5 HIGHESTMODSEQ 100)");
    server(&bench, "* STATUS b (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 0 HIGHESTMODSEQ 100)");
    server(&bench, "* STATUS c (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5 HIGHESTMODSEQ 100)");
    assert_compared(&bench, "a+ b= c=");
    cpmsync_buf_clear(&extra);
    cpmsync_header_list_clear(&fields);
    close_bench(&bench);
}

static void test_y_04_what_cannot_be_selected_is_closed(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 100);
    stored(&bench, "gone", 11, 100, 5);
    server(&bench, "* LIST (\\HasChildren \\NOSELECT) \"/\" a");
    server(&bench, "* LIST (\\NonExistent) \"/\" b");
    server(&bench, "* LIST (\\NoAccess) \"/\" c");
    server(&bench, "* LIST (\\HasNoChildren) \"/\" d");
    assert_compared(&bench, "a. b. c. d+ gone-");
    close_bench(&bench);
}

/* STATUS lines come behind all of LIST, or a mailbox is named twice, or a name is a literal. */
static void test_m_01_what_is_told_apart_is_united(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, 100);
    stored(&bench, "a", 11, 100, 5);
    stored(&bench, "R\xc3\xa4t", 11, 100, 5);
    server(&bench, "* LIST () \"/\" {1}\r\nb");
    server(&bench, "* LIST () \"/\" \"a\"");
    server(&bench, "* LIST () \"/\" R&AOQ-t");
    server(&bench, "* LIST () \"/\" inbox");
    server(&bench, "* LIST () \"/\" INBOX");
    server(&bench, "* STATUS a (UIDVALIDITY 42 UIDNEXT 11)");
    server(&bench, "* STATUS b (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5 HIGHESTMODSEQ 100)");
    server(&bench, "* STATUS a (MESSAGES 5 HIGHESTMODSEQ 100)");
    server(&bench, "* STATUS \"R&AOQ-t\" (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5 HIGHESTMODSEQ 100)");
    assert_compared(&bench, "INBOX+ R\xc3\xa4t= a= b+");
    close_bench(&bench);
}

static void test_status_behind_the_list_finds_its_mailbox(void **state)
{
    struct bench bench;
    struct cpmsync_status_hint hint;

    (void)state;
    open_bench(&bench, 100);
    server(&bench, "* LIST () \"/\" b");
    server(&bench, "* LIST () \"/\" a");
    assert_int_equal(cpmsync_roster_sort(&bench.roster), 0);
    assert_int_equal(server(&bench, "* STATUS b (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5)"), 0);
    assert_int_equal(server(&bench, "* STATUS unknown (UIDVALIDITY 42 UIDNEXT 11 MESSAGES 5)"), 0);
    assert_int_equal(bench.roster.count, 2);
    cpmsync_roster_hint(&bench.roster.entries[1], &hint);
    assert_int_equal(hint.uidvalidity, 42);
    assert_int_equal(hint.uidnext, 11);
    assert_int_equal(hint.messages, 5);
    cpmsync_roster_hint(&bench.roster.entries[0], &hint);
    assert_int_equal(hint.uidnext, 0);
    close_bench(&bench);
}

static void test_too_many_mailboxes_are_an_error(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct bench bench;
        open_bench(&bench, 10);
        for (int i = 0; i < 10 + over; i++) {
            char line[64];
            snprintf(line, sizeof line, "* LIST () \"/\" m%d", i);
            server(&bench, line);
        }
        assert_int_equal(cpmsync_roster_sort(&bench.roster), over ? CPMSYNC_ERR_LIMIT : 0);
        close_bench(&bench);
    }
    struct bench bench;
    open_bench(&bench, 10);
    int error = 0, i = 0;
    for (; i < 1000 && !error; i++) {
        char line[64];
        snprintf(line, sizeof line, "* LIST () \"/\" m%d", i);
        error = server(&bench, line);
    }
    assert_int_equal(error, CPMSYNC_ERR_LIMIT);
    assert_in_range(i, 11, 21); /* not held until memory is gone */
    close_bench(&bench);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    bool whole = false;

    (void)state;
    for (uint64_t n = 1; !whole; n++) {
        struct bench bench;
        open_bench(&bench, 100);
        stored(&bench, "gone", 11, 100, 5);
        support_allocator_fail_at(&bench.allocator, n);
        int error = server(&bench, "* LIST () \"/\" a");
        int second = server(&bench, "* STATUS b (UIDNEXT 1)");
        if (!error)
            error = second;
        if (!error)
            error = cpmsync_roster_sort(&bench.roster);
        if (!error)
            error = cpmsync_roster_compare(&bench.roster, &bench.store);
        whole = bench.allocator.failures == 0;
        assert_int_equal(error, whole ? 0 : CPMSYNC_ERR_NOMEM);
        close_bench(&bench);
        assert_in_range(n, 1, 20);
    }
}

static void test_names_beyond_reason_are_passed_over(void **state)
{
    static char line[6000];
    struct bench bench;

    (void)state;
    open_bench(&bench, 100);
    memset(line, 'x', sizeof line);
    memcpy(line, "* LIST () \"/\" ", 14);
    line[5000] = '\0';
    assert_int_equal(server(&bench, line), 0);
    assert_int_equal(server(&bench, "* LIST () \"/\" \"\""), 0);
    assert_int_equal(bench.roster.count, 0);
    assert_compared(&bench, "");
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_y_06_only_what_is_equal_and_covered_is_unchanged),
        cmocka_unit_test(test_r_17_a_marked_mailbox_is_visited),
        cmocka_unit_test(test_a_mailbox_that_lacks_descriptors_is_visited),
        cmocka_unit_test(test_y_04_what_cannot_be_selected_is_closed),
        cmocka_unit_test(test_m_01_what_is_told_apart_is_united),
        cmocka_unit_test(test_status_behind_the_list_finds_its_mailbox),
        cmocka_unit_test(test_too_many_mailboxes_are_an_error),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
        cmocka_unit_test(test_names_beyond_reason_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
