/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "operation/view.h"
#include "support/failing_allocator.h"
#include "support/failing_store.h"

struct heard {
    char text[512];
    size_t len;
    int stop_at; /* this call of any callback returns 7 */
    int calls;
};

static void say(struct heard *heard, const char *text)
{
    size_t len = strlen(text);

    assert_true(heard->len + len < sizeof heard->text);
    memcpy(heard->text + heard->len, text, len + 1);
    heard->len += len;
}

static int hear_mailbox(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct heard *heard = ctx;
    char line[128];

    assert_int_equal(info->size, sizeof *info);
    snprintf(line, sizeof line, "%s %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu32 "|", info->name, info->uidvalidity,
        info->uidnext, info->highestmodseq, info->messages);
    say(heard, line);
    return ++heard->calls == heard->stop_at ? 7 : 0;
}

static int hear_message(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count)
{
    struct heard *heard = ctx;
    char line[64];

    snprintf(line, sizeof line, "%" PRIu32 " %" PRIu64, uid, modseq);
    say(heard, line);
    for (size_t i = 0; i < flag_count; i++) {
        say(heard, " ");
        say(heard, flags[i]);
    }
    say(heard, "|");
    return ++heard->calls == heard->stop_at ? 7 : 0;
}

static void put_mailbox(const struct cpmsync_store *store, const char *name, uint32_t messages)
{
    struct cpmsync_store_mailbox record = {0};

    record.size = sizeof record;
    record.name = (const uint8_t *)name;
    record.name_len = strlen(name);
    record.uidvalidity = 42;
    record.uidnext = 11;
    record.highestmodseq = 99;
    record.messages = messages;
    assert_int_equal(store->ops->mailbox_put(store->self, &record), 0);
}

static void open_store(struct support_store *failing)
{
    const struct cpmsync_store *store = &failing->store;
    const uint32_t uid[] = {2, 5, 9}, flagset[] = {1, 0, 1};
    const uint64_t modseq[] = {20, 0, 30};

    assert_int_equal(support_store_open(failing, NULL), 0);
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    put_mailbox(store, "INBOX", 3);
    put_mailbox(store, "Archive", 0);
    assert_int_equal(
        store->ops->flagset_put(store->self, (const uint8_t *)"INBOX", 5, 1, (const uint8_t *)"\\Seen a", 7), 0);
    assert_int_equal(store->ops->rows_put(store->self, (const uint8_t *)"INBOX", 5, uid, modseq, flagset, 3), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
}

static const char INBOX[] = "INBOX 42 11 99 3|2 20 \\Seen a|5 0|9 30 \\Seen a|";

static void test_every_mailbox_is_told_by_name(void **state)
{
    struct support_store failing;
    struct heard heard = {0};

    (void)state;
    open_store(&failing);
    assert_int_equal(cpmsync_view_mailboxes(&failing.store, NULL, hear_mailbox, &heard), 0);
    assert_string_equal(heard.text, "Archive 42 11 99 0|INBOX 42 11 99 3|");
    support_store_close(&failing);
}

static void test_one_mailbox_is_told_with_its_messages(void **state)
{
    struct support_store failing;
    struct heard heard = {0};

    (void)state;
    open_store(&failing);
    assert_int_equal(cpmsync_view_messages(&failing.store, NULL, "INBOX", hear_mailbox, hear_message, &heard), 0);
    assert_string_equal(heard.text, INBOX);
    support_store_close(&failing);
}

/* As sync/descriptor.h has them: a size; a size and a Subject. */
static void put_descriptors(struct support_store *failing, bool damaged)
{
    static const uint8_t size[] = {1, 1, 44}, subject[] = {1, 5, 45, 1, 12, 'x', 0}, none[] = {0};
    const struct cpmsync_store *store = &failing->store;
    const uint8_t *name = (const uint8_t *)"INBOX";

    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->descriptor_put(store->self, name, 5, 2, size, sizeof size), 0);
    assert_int_equal(store->ops->descriptor_put(store->self, name, 5, 9, subject, sizeof subject), 0);
    if (damaged)
        assert_int_equal(store->ops->descriptor_put(store->self, name, 5, 5, none, sizeof none), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
}

static int hear_descriptor(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    struct heard *heard = ctx;
    char line[128];

    assert_int_equal(descriptor->size, sizeof *descriptor);
    snprintf(line, sizeof line, "%" PRIu32 " %u %" PRIu64 " %s %s|", uid, descriptor->parts, descriptor->message_size,
        descriptor->field_count ? descriptor->names[0] : "", descriptor->field_count ? descriptor->values[0] : "");
    say(heard, line);
    return ++heard->calls == heard->stop_at ? 7 : 0;
}

static int see_descriptors(struct support_store *failing, const char *mailbox, uint32_t first, uint32_t last,
    int stop_at, const char *expected)
{
    struct heard heard = {.stop_at = stop_at};
    int result = cpmsync_view_descriptors(&failing->store, NULL, mailbox, first, last, hear_descriptor, &heard);

    assert_string_equal(heard.text, expected);
    return result;
}

static void test_descriptors_are_told_by_uid(void **state)
{
    struct support_store failing;

    (void)state;
    open_store(&failing);
    put_descriptors(&failing, false);
    assert_int_equal(see_descriptors(&failing, "INBOX", 1, UINT32_MAX, 0, "2 1 44  |9 5 45 Subject x|"), 0);
    assert_int_equal(see_descriptors(&failing, "inbox", 3, 9, 0, "9 5 45 Subject x|"), 0);
    assert_int_equal(see_descriptors(&failing, "INBOX", 3, 8, 0, ""), 0);
    assert_int_equal(see_descriptors(&failing, "Archive", 1, 8, 0, ""), 0);
    assert_int_equal(see_descriptors(&failing, "INBOX", 1, 9, 1, "2 1 44  |"), 7);
    assert_int_equal(see_descriptors(&failing, "nothing", 1, 9, 0, ""), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(see_descriptors(&failing, NULL, 1, 9, 0, ""), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(see_descriptors(&failing, "INBOX", 0, 9, 0, ""), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(see_descriptors(&failing, "INBOX", 9, 8, 0, ""), CPMSYNC_ERR_INVALID_ARGUMENT);
    put_descriptors(&failing, true);
    assert_int_equal(see_descriptors(&failing, "INBOX", 1, 9, 0, "2 1 44  |"), CPMSYNC_ERR_STORE_CORRUPT);
    support_store_close(&failing);
}

static void test_m_01_inbox_in_any_case_is_the_one_inbox(void **state)
{
    struct support_store failing;
    struct heard heard = {0};

    (void)state;
    open_store(&failing);
    assert_int_equal(cpmsync_view_messages(&failing.store, NULL, "inBox", hear_mailbox, NULL, &heard), 0);
    assert_string_equal(heard.text, "INBOX 42 11 99 3|");
    assert_int_equal(
        cpmsync_view_messages(&failing.store, NULL, "archive", hear_mailbox, NULL, &heard), CPMSYNC_ERR_NOT_FOUND);
    support_store_close(&failing);
}

static void test_either_callback_may_be_missing(void **state)
{
    struct support_store failing;
    struct heard heard = {0};

    (void)state;
    open_store(&failing);
    assert_int_equal(cpmsync_view_messages(&failing.store, NULL, "INBOX", NULL, NULL, NULL), 0);
    assert_int_equal(cpmsync_view_messages(&failing.store, NULL, "INBOX", NULL, hear_message, &heard), 0);
    assert_string_equal(heard.text, "2 20 \\Seen a|5 0|9 30 \\Seen a|");
    support_store_close(&failing);
}

static void test_a_verdict_stops_and_is_returned(void **state)
{
    struct support_store failing;

    (void)state;
    open_store(&failing);
    for (int stop_at = 1; stop_at <= 4; stop_at++) {
        struct heard heard = {0};
        heard.stop_at = stop_at;
        assert_int_equal(cpmsync_view_messages(&failing.store, NULL, "INBOX", hear_mailbox, hear_message, &heard), 7);
        assert_int_equal(heard.calls, stop_at);
    }
    struct heard heard = {0};
    heard.stop_at = 1;
    assert_int_equal(cpmsync_view_mailboxes(&failing.store, NULL, hear_mailbox, &heard), 7);
    assert_string_equal(heard.text, "Archive 42 11 99 0|");
    support_store_close(&failing);
}

static void test_wrong_calls_are_refused(void **state)
{
    const struct cpmsync_store none = {NULL, NULL};
    struct support_store failing;
    struct heard heard = {0};

    (void)state;
    open_store(&failing);
    assert_int_equal(cpmsync_view_mailboxes(NULL, NULL, hear_mailbox, &heard), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_view_mailboxes(&none, NULL, hear_mailbox, &heard), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_view_mailboxes(&failing.store, NULL, NULL, &heard), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(
        cpmsync_view_messages(&failing.store, NULL, NULL, NULL, NULL, &heard), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_view_messages(&none, NULL, "INBOX", NULL, NULL, &heard), CPMSYNC_ERR_INVALID_ARGUMENT);
    support_store_close(&failing);
}

static void test_a_row_without_its_flag_set_is_corruption(void **state)
{
    struct support_store failing;
    struct heard heard = {0};

    (void)state;
    open_store(&failing);
    failing.store.ops->begin(failing.store.self, CPMSYNC_STORE_CACHE);
    failing.store.ops->flagset_remove(failing.store.self, (const uint8_t *)"INBOX", 5, 1);
    failing.store.ops->commit(failing.store.self);
    assert_int_equal(
        cpmsync_view_messages(&failing.store, NULL, "INBOX", NULL, hear_message, &heard), CPMSYNC_ERR_STORE_CORRUPT);
    assert_string_equal(heard.text, "");
    support_store_close(&failing);
}

static void test_errors_of_store_and_memory_are_returned_without_a_leak(void **state)
{
    struct support_allocator allocator;
    struct support_store failing;
    uint64_t tried = 0;

    (void)state;
    open_store(&failing);
    support_allocator_init(&allocator);
    for (uint64_t n = 1; n < 100; n++) {
        struct heard heard = {0};
        support_allocator_fail_at(&allocator, n);
        int error = cpmsync_view_messages(&failing.store, &allocator.mem, "INBOX", hear_mailbox, hear_message, &heard);
        assert_int_equal(allocator.live_blocks, 0);
        assert_true(error == 0 || error == CPMSYNC_ERR_NOMEM);
        if (error == 0)
            assert_string_equal(heard.text, INBOX);
        if (allocator.failures == 0)
            break;
        tried++;
    }
    assert_in_range(tried, 4, 98);
    support_allocator_fail_at(&allocator, 0);
    for (uint64_t n = 1; n <= 3; n++) {
        struct heard heard = {0};
        support_store_fail_at(&failing, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
        assert_int_equal(
            cpmsync_view_messages(&failing.store, &allocator.mem, "INBOX", hear_mailbox, hear_message, &heard),
            CPMSYNC_ERR_STORE);
        assert_int_equal(allocator.live_blocks, 0);
    }
    support_store_close(&failing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_mailbox_is_told_by_name),
        cmocka_unit_test(test_one_mailbox_is_told_with_its_messages),
        cmocka_unit_test(test_descriptors_are_told_by_uid),
        cmocka_unit_test(test_m_01_inbox_in_any_case_is_the_one_inbox),
        cmocka_unit_test(test_either_callback_may_be_missing),
        cmocka_unit_test(test_a_verdict_stops_and_is_returned),
        cmocka_unit_test(test_wrong_calls_are_refused),
        cmocka_unit_test(test_a_row_without_its_flag_set_is_corruption),
        cmocka_unit_test(test_errors_of_store_and_memory_are_returned_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
