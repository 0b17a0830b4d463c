/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "operation/forget.h"
#include "support/failing_store.h"

static void put(const struct cpmsync_store *store, const char *name)
{
    struct cpmsync_store_mailbox record = {.size = sizeof record, .name = (const uint8_t *)name};

    record.name_len = strlen(name);
    record.uidvalidity = 42;
    record.uidnext = 1;
    assert_int_equal(store->ops->begin(store->self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(store->ops->mailbox_put(store->self, &record), 0);
    assert_int_equal(store->ops->commit(store->self), 0);
}

static int get(const struct cpmsync_store *store, const char *name)
{
    struct cpmsync_store_mailbox record = {.size = sizeof record};

    return store->ops->mailbox_get(store->self, (const uint8_t *)name, strlen(name), &record);
}

static void test_a_mailbox_is_forgotten_by_any_spelling_of_its_name(void **state)
{
    struct support_store store;

    (void)state;
    assert_int_equal(support_store_open(&store, NULL), 0);
    put(&store.inner, "INBOX");
    put(&store.inner, "R\xc3\xa4t");
    put(&store.inner, "&AEE-");
    put(&store.inner, "R&D");
    put(&store.inner, "kept");
    assert_int_equal(cpmsync_forget(&store.store, NULL, "inbox"), 0);
    assert_int_equal(cpmsync_forget(&store.store, NULL, "R\xc3\xa4t"), 0);
    assert_int_equal(cpmsync_forget(&store.store, NULL, "&AEE-"), 0);
    assert_int_equal(cpmsync_forget(&store.store, NULL, "R&D"), 0);
    assert_int_equal(get(&store.inner, "INBOX"), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(get(&store.inner, "R\xc3\xa4t"), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(get(&store.inner, "&AEE-"), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(get(&store.inner, "R&D"), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(get(&store.inner, "kept"), 0);
    assert_int_equal(cpmsync_forget(&store.store, NULL, "R&D"), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(cpmsync_forget(&store.store, NULL, "a\nb"), CPMSYNC_ERR_INVALID_ARGUMENT);
    support_store_close(&store);
}

static void test_every_call_of_the_store_fails_in_turn(void **state)
{
    struct support_store store;
    int error = -1;

    (void)state;
    assert_int_equal(support_store_open(&store, NULL), 0);
    put(&store.inner, "a");
    for (uint64_t n = 1; error; n++) {
        support_store_fail_at(&store, SUPPORT_STORE_ANY, n, CPMSYNC_ERR_STORE);
        error = cpmsync_forget(&store.store, NULL, "a");
        assert_int_equal(error, store.failures ? CPMSYNC_ERR_STORE : 0);
        assert_int_equal(get(&store.inner, "a"), error ? 0 : CPMSYNC_ERR_NOT_FOUND);
        assert_in_range(n, 1, 5);
    }
    assert_int_equal(store.abuses, 0);
    support_store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mailbox_is_forgotten_by_any_spelling_of_its_name),
        cmocka_unit_test(test_every_call_of_the_store_fails_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
