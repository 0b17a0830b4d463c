/* SPDX-License-Identifier: MIT */
#include "session/server_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/err.h"
#include "support/failing_allocator.h"

static char *copy(const char *text)
{
    return cpmsync_mem_copy(NULL, text, strlen(text));
}

static void assert_empty(const struct cpmsync_server_facts *facts)
{
    assert_null(facts->before_login);
    assert_null(facts->after_login);
    assert_false(facts->last_login_ok || facts->no_qresync || facts->no_condstore || facts->no_burst ||
                 facts->no_list_status || facts->proven || facts->no_compress);
}

static void test_facts_survive_being_saved(void **state)
{
    struct cpmsync_server_facts facts, loaded;
    struct cpmsync_buf buf;

    (void)state;
    cpmsync_buf_init(&buf, NULL, 1000);
    cpmsync_server_facts_init(&facts, NULL);
    cpmsync_server_facts_init(&loaded, NULL);
    facts.before_login = copy("IMAP4rev1 AUTH=PLAIN");
    facts.after_login = copy("");
    facts.last_login_ok = true;
    facts.no_condstore = true;
    facts.no_burst = true;
    facts.no_list_status = true;
    facts.proven = true;
    facts.qresync_failures = 2;
    facts.condstore_failures = 1;
    facts.no_compress = true;
    facts.compress_failures = 1;
    assert_int_equal(cpmsync_server_facts_save(&facts, &buf), 0);
    loaded.no_qresync = true;
    assert_int_equal(cpmsync_server_facts_load(&loaded, cpmsync_buf_slice(&buf)), 0);
    assert_int_equal(loaded.qresync_failures, 2);
    assert_int_equal(loaded.condstore_failures, 1);
    assert_int_equal(loaded.compress_failures, 1);
    assert_string_equal(loaded.before_login, "IMAP4rev1 AUTH=PLAIN");
    assert_string_equal(loaded.after_login, "");
    assert_true(loaded.last_login_ok && loaded.no_condstore && loaded.no_burst && !loaded.no_qresync &&
                loaded.no_list_status && loaded.proven && loaded.no_compress);
    cpmsync_server_facts_clear(&facts);
    cpmsync_server_facts_clear(&loaded);
    cpmsync_buf_clear(&buf);
}

static void test_damaged_octets_are_an_empty_set_of_facts(void **state)
{
    static const char *const damaged[] = {"", "x", "cpmsync server facts 1", "cpmsync server facts 2\nno-qresync\n",
        "cpmsync server facts 1\nno-qresync", "cpmsync server facts 1\nno-qresync\nsomething\n",
        "cpmsync server facts 1\nno-qresync\nbefore-login a\tb\n",
        "cpmsync server facts 1\nno-qresync\nbefore-login a\nbefore-login b\n",
        "cpmsync server facts 1\nno-qresync\n\n"};
    struct cpmsync_server_facts facts;

    (void)state;
    cpmsync_server_facts_init(&facts, NULL);
    for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
        assert_int_equal(cpmsync_server_facts_load(&facts, cpmsync_slice_str(damaged[i])), 0);
        assert_empty(&facts);
    }
    assert_int_equal(cpmsync_server_facts_load(&facts, CPMSYNC_SLICE("cpmsync server facts 1\nno-qresync\n")), 0);
    assert_true(facts.no_qresync);
    cpmsync_server_facts_clear(&facts);
}

static void test_without_memory_nothing_is_left_behind(void **state)
{
    static const char text[] = "cpmsync server facts 1\nbefore-login a\nafter-login b\n";
    struct support_allocator allocator;
    struct cpmsync_server_facts facts;
    struct cpmsync_buf buf;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_server_facts_init(&facts, &allocator.mem);
    for (uint64_t n = 1; n <= 2; n++) {
        support_allocator_fail_at(&allocator, n);
        assert_int_equal(cpmsync_server_facts_load(&facts, cpmsync_slice_str(text)), CPMSYNC_ERR_NOMEM);
        assert_empty(&facts);
    }
    support_allocator_fail_at(&allocator, 0);
    assert_int_equal(cpmsync_server_facts_load(&facts, cpmsync_slice_str(text)), 0);
    cpmsync_buf_init(&buf, &allocator.mem, 30);
    assert_int_equal(cpmsync_server_facts_save(&facts, &buf), CPMSYNC_ERR_LIMIT);
    assert_int_equal(buf.len, 0);
    cpmsync_buf_clear(&buf);
    cpmsync_server_facts_clear(&facts);
    assert_int_equal(allocator.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_survive_being_saved),
        cmocka_unit_test(test_damaged_octets_are_an_empty_set_of_facts),
        cmocka_unit_test(test_without_memory_nothing_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
