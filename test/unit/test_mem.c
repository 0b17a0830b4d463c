/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "support/failing_allocator.h"

static void test_no_octets_yield_no_block(void **state)
{
    struct support_allocator allocator;

    (void)state;
    support_allocator_init(&allocator);
    assert_null(cpmsync_mem_alloc(&allocator.mem, 0));
    assert_null(cpmsync_mem_zalloc(&allocator.mem, 0));
    assert_null(cpmsync_mem_resize(&allocator.mem, NULL, 0, 8));
    assert_null(cpmsync_mem_resize(&allocator.mem, NULL, 8, 0));
    assert_int_equal(allocator.calls, 0);
    cpmsync_mem_free(&allocator.mem, NULL);
}

static void test_a_product_that_overflows_yields_no_block(void **state)
{
    struct support_allocator allocator;
    char *block;

    (void)state;
    support_allocator_init(&allocator);
    block = cpmsync_mem_copy(&allocator.mem, "abc", 3);
    assert_non_null(block);
    assert_null(cpmsync_mem_resize(&allocator.mem, block, SIZE_MAX / 8 + 1, 8));
    assert_null(cpmsync_mem_resize(&allocator.mem, block, SIZE_MAX, SIZE_MAX));
    assert_null(cpmsync_mem_copy(&allocator.mem, "", SIZE_MAX));
    assert_int_equal(allocator.calls, 1);
    assert_string_equal(block, "abc");
    cpmsync_mem_free(&allocator.mem, block);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_a_failed_resize_keeps_the_block(void **state)
{
    struct support_allocator allocator;
    char *block, *larger;

    (void)state;
    support_allocator_init(&allocator);
    block = cpmsync_mem_copy(&allocator.mem, "a\0c", 3);
    assert_non_null(block);
    assert_int_equal(allocator.live_octets, 4);
    support_allocator_fail_at(&allocator, 1);
    assert_null(cpmsync_mem_resize(&allocator.mem, block, 100, 2));
    assert_int_equal(allocator.failures, 1);
    assert_memory_equal(block, "a\0c", 4);
    larger = cpmsync_mem_resize(&allocator.mem, block, 100, 2);
    assert_non_null(larger);
    assert_memory_equal(larger, "a\0c", 4);
    assert_int_equal(allocator.live_octets, 200);
    cpmsync_mem_free(&allocator.mem, larger);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_without_an_allocator_malloc_serves(void **state)
{
    uint8_t zeros[16] = {0};
    uint8_t *block;

    (void)state;
    block = cpmsync_mem_zalloc(NULL, sizeof(zeros));
    assert_non_null(block);
    assert_memory_equal(block, zeros, sizeof(zeros));
    block = cpmsync_mem_resize(NULL, block, 4, 64);
    assert_non_null(block);
    assert_memory_equal(block, zeros, sizeof(zeros));
    cpmsync_mem_free(NULL, block);
}

static void test_zalloc_clears_what_the_allocator_left(void **state)
{
    struct support_allocator allocator;
    uint8_t zeros[64] = {0};
    void *block;

    (void)state;
    support_allocator_init(&allocator);
    block = cpmsync_mem_zalloc(&allocator.mem, sizeof(zeros));
    assert_non_null(block);
    assert_memory_equal(block, zeros, sizeof(zeros));
    cpmsync_mem_free(&allocator.mem, block);
}

static void test_wipe_overwrites_exactly_its_octets(void **state)
{
    char secret[] = "xsecretx";

    (void)state;
    cpmsync_mem_wipe(secret + 1, 6);
    assert_memory_equal(secret, "x\0\0\0\0\0\0x", 8);
    cpmsync_mem_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_octets_yield_no_block),
        cmocka_unit_test(test_a_product_that_overflows_yields_no_block),
        cmocka_unit_test(test_a_failed_resize_keeps_the_block),
        cmocka_unit_test(test_without_an_allocator_malloc_serves),
        cmocka_unit_test(test_zalloc_clears_what_the_allocator_left),
        cmocka_unit_test(test_wipe_overwrites_exactly_its_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
