/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/undo_map.h"
#include "support/failing_allocator.h"

static struct support_allocator allocator;
static struct cpmsync_undo_map map;

static int set_up(void **state)
{
    (void)state;
    support_allocator_init(&allocator);
    cpmsync_undo_map_init(&map, &allocator.mem);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cpmsync_undo_map_clear(&map);
    return allocator.live_blocks ? -1 : 0;
}

static void put(const char *key, char value)
{
    struct cpmsync_undo_node *node = cpmsync_undo_map_make(&map, key, strlen(key), 1);

    assert_non_null(node);
    node->value[0] = (uint8_t)value;
    cpmsync_undo_map_put(&map, node);
}

static void drop(const char *key)
{
    struct cpmsync_undo_node *node = cpmsync_undo_map_find(&map, key, strlen(key));

    assert_non_null(node);
    cpmsync_undo_map_remove(&map, node);
}

/* "key=value key=value" in the order of the walk. */
static void assert_content(const char *expected)
{
    char text[256] = "";

    for (struct cpmsync_undo_node *node = map.head[0]; node != NULL; node = node->next[0]) {
        size_t len = strlen(text);

        assert_true(len + node->key_len + 4 < sizeof text);
        if (len)
            text[len++] = ' ';
        memcpy(text + len, node->key, node->key_len);
        text[len + node->key_len] = '=';
        text[len + node->key_len + 1] = (char)node->value[0];
        text[len + node->key_len + 2] = 0;
    }
    assert_string_equal(text, expected);
}

static void test_keys_are_walked_in_ascending_order_a_prefix_first(void **state)
{
    (void)state;
    put("b", '1');
    put("ab", '2');
    put("\xff", '3');
    put("a", '4');
    put("abc", '5');
    assert_content("a=4 ab=2 abc=5 b=1 \xff=3");
}

static void test_floor_and_ceiling_find_the_neighbours(void **state)
{
    (void)state;
    put("b", '1');
    put("d", '2');
    assert_null(cpmsync_undo_map_floor(&map, "a", 1));
    assert_int_equal(cpmsync_undo_map_floor(&map, "b", 1)->value[0], '1');
    assert_int_equal(cpmsync_undo_map_floor(&map, "c", 1)->value[0], '1');
    assert_int_equal(cpmsync_undo_map_floor(&map, "e", 1)->value[0], '2');
    assert_int_equal(cpmsync_undo_map_ceiling(&map, "", 0)->value[0], '1');
    assert_int_equal(cpmsync_undo_map_ceiling(&map, "b", 1)->value[0], '1');
    assert_int_equal(cpmsync_undo_map_ceiling(&map, "ba", 2)->value[0], '2');
    assert_null(cpmsync_undo_map_ceiling(&map, "da", 2));
    assert_null(cpmsync_undo_map_find(&map, "c", 1));
}

static void test_rollback_restores_whatever_was_done_to_a_key(void **state)
{
    (void)state;
    put("replaced", '1');
    put("removed", '1');
    put("twice", '1');
    put("again", '1');
    cpmsync_undo_map_commit(&map);
    put("replaced", '2');
    put("replaced", '3');
    drop("removed");
    put("twice", '2');
    drop("twice");
    put("twice", '3');
    put("twice", '4');
    drop("twice");
    drop("again");
    put("again", '2');
    put("new", '1');
    put("new and gone", '1');
    drop("new and gone");
    assert_content("again=2 new=1 replaced=3");
    cpmsync_undo_map_rollback(&map);
    assert_content("again=1 removed=1 replaced=1 twice=1");
}

static void test_commit_keeps_the_changes_and_frees_what_they_replaced(void **state)
{
    size_t blocks;

    (void)state;
    put("a", '1');
    put("b", '1');
    cpmsync_undo_map_commit(&map);
    blocks = allocator.live_blocks;
    put("a", '2');
    drop("b");
    put("c", '1');
    cpmsync_undo_map_commit(&map);
    assert_int_equal(allocator.live_blocks, blocks);
    cpmsync_undo_map_rollback(&map);
    assert_content("a=2 c=1");
}

static void test_rollback_allocates_nothing(void **state)
{
    uint64_t calls;

    (void)state;
    put("a", '1');
    cpmsync_undo_map_commit(&map);
    put("a", '2');
    put("b", '2');
    drop("a");
    calls = allocator.calls;
    cpmsync_undo_map_rollback(&map);
    assert_int_equal(allocator.calls, calls);
    assert_content("a=1");
}

static void test_make_without_memory_changes_nothing(void **state)
{
    (void)state;
    put("a", '1');
    support_allocator_fail_at(&allocator, 1);
    assert_null(cpmsync_undo_map_make(&map, "b", 1, 1));
    assert_null(cpmsync_undo_map_make(&map, "b", 1, SIZE_MAX - 8));
    assert_content("a=1");
}

static void test_a_node_is_fresh_until_its_transaction_ends(void **state)
{
    (void)state;
    put("a", '1');
    assert_true(cpmsync_undo_map_fresh(map.head[0]));
    cpmsync_undo_map_commit(&map);
    assert_false(cpmsync_undo_map_fresh(map.head[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_are_walked_in_ascending_order_a_prefix_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_floor_and_ceiling_find_the_neighbours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rollback_restores_whatever_was_done_to_a_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_commit_keeps_the_changes_and_frees_what_they_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rollback_allocates_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_make_without_memory_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_node_is_fresh_until_its_transaction_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
