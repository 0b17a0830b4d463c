/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cpmsync/error.h>

#include "base/buf.h"
#include "support/failing_allocator.h"

static void assert_holds(const struct cpmsync_buf *buf, const char *text)
{
    assert_true(cpmsync_slice_eq(cpmsync_buf_slice(buf), cpmsync_slice_str(text)));
}

static void test_what_is_added_comes_out_in_order(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_buf_init(&buf, &allocator.mem, 1000);
    assert_int_equal(cpmsync_buf_slice(&buf).len, 0);
    assert_null(cpmsync_buf_data(&buf));
    assert_int_equal(cpmsync_buf_add(&buf, "ab", 2), 0);
    assert_int_equal(cpmsync_buf_add(&buf, NULL, 0), 0);
    assert_int_equal(cpmsync_buf_add_char(&buf, ' '), 0);
    assert_int_equal(cpmsync_buf_add_number(&buf, 0), 0);
    assert_int_equal(cpmsync_buf_add_str(&buf, " "), 0);
    assert_int_equal(cpmsync_buf_add_number(&buf, UINT64_MAX), 0);
    assert_int_equal(cpmsync_buf_add_slice(&buf, CPMSYNC_SLICE("!")), 0);
    assert_holds(&buf, "ab 0 18446744073709551615!");
    cpmsync_buf_consume(&buf, 5);
    cpmsync_buf_truncate(&buf, 3);
    assert_holds(&buf, "184");
    cpmsync_buf_truncate(&buf, 9);
    assert_holds(&buf, "184");
    cpmsync_buf_consume(&buf, 9);
    assert_holds(&buf, "");
    cpmsync_buf_clear(&buf);
    assert_int_equal(allocator.live_blocks, 0);
    assert_int_equal(cpmsync_buf_add_str(&buf, "again"), 0);
    assert_holds(&buf, "again");
    cpmsync_buf_clear(&buf);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_the_cap_is_never_exceeded(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;
    uint8_t *out;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_buf_init(&buf, &allocator.mem, 10);
    assert_int_equal(cpmsync_buf_add_str(&buf, "0123456789"), 0);
    assert_int_equal(cpmsync_buf_add_char(&buf, 'x'), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_buf_reserve(&buf, SIZE_MAX, &out), CPMSYNC_ERR_LIMIT);
    assert_holds(&buf, "0123456789");
    assert_true(allocator.peak_octets <= 10);
    cpmsync_buf_consume(&buf, 4);
    assert_int_equal(cpmsync_buf_add_str(&buf, "abcd"), 0);
    assert_int_equal(cpmsync_buf_add_str(&buf, "e"), CPMSYNC_ERR_LIMIT);
    assert_holds(&buf, "456789abcd");
    assert_true(allocator.peak_octets <= 10);
    cpmsync_buf_clear(&buf);

    cpmsync_buf_init(&buf, &allocator.mem, 0);
    assert_int_equal(cpmsync_buf_add_char(&buf, 'x'), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_buf_add(&buf, "", 0), 0);
    cpmsync_buf_clear(&buf);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_without_memory_the_buffer_is_as_before(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;
    uint8_t more[500];
    int secret;

    (void)state;
    memset(more, 'm', sizeof(more));
    for (secret = 0; secret < 2; secret++) {
        support_allocator_init(&allocator);
        cpmsync_buf_init(&buf, &allocator.mem, 10000);
        buf.secret = secret != 0;
        support_allocator_fail_at(&allocator, 1);
        assert_int_equal(cpmsync_buf_add_str(&buf, "first"), CPMSYNC_ERR_NOMEM);
        assert_holds(&buf, "");
        assert_int_equal(cpmsync_buf_add_str(&buf, "first"), 0);
        cpmsync_buf_consume(&buf, 2);
        support_allocator_fail_at(&allocator, 1);
        assert_int_equal(cpmsync_buf_add(&buf, more, sizeof(more)), CPMSYNC_ERR_NOMEM);
        assert_holds(&buf, "rst");
        assert_int_equal(cpmsync_buf_add(&buf, more, sizeof(more)), 0);
        assert_int_equal(buf.len, 3 + sizeof(more));
        assert_memory_equal(cpmsync_buf_data(&buf), "rst", 3);
        assert_memory_equal(cpmsync_buf_data(&buf) + 3, more, sizeof(more));
        cpmsync_buf_clear(&buf);
        assert_int_equal(allocator.live_blocks, 0);
    }
}

static void test_reserved_room_is_filled_in_place(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;
    uint8_t *out;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_buf_init(&buf, &allocator.mem, 1000);
    assert_int_equal(cpmsync_buf_add_str(&buf, "a"), 0);
    assert_int_equal(cpmsync_buf_reserve(&buf, 300, &out), 0);
    memset(out, 'b', 300);
    assert_holds(&buf, "a");
    cpmsync_buf_grown(&buf, 2);
    assert_holds(&buf, "abb");
    cpmsync_buf_clear(&buf);
    assert_int_equal(allocator.live_blocks, 0);
}

/* A long-lived stream: much more passes through than is held, and the block stays small. */
static void test_a_stream_passes_through_a_small_block(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;
    uint8_t in = 0, expected = 0;
    unsigned round;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_buf_init(&buf, &allocator.mem, 100000);
    for (round = 0; round < 3000; round++) {
        unsigned add = 1 + round % 37, take = 1 + (round * 7) % 41, i;

        for (i = 0; i < add; i++)
            assert_int_equal(cpmsync_buf_add_char(&buf, (char)in++), 0);
        for (i = 0; i < take && buf.len; i++) {
            assert_int_equal(*cpmsync_buf_data(&buf), expected);
            expected++;
            cpmsync_buf_consume(&buf, 1);
        }
    }
    assert_true(allocator.peak_octets <= 4096);
    cpmsync_buf_clear(&buf);
    assert_int_equal(allocator.live_blocks, 0);
}

/* True if `text` stands anywhere in the block, in use or not. */
static int block_shows(const struct cpmsync_buf *buf, const char *text)
{
    size_t len = strlen(text), i;

    for (i = 0; i + len <= buf->capacity; i++) {
        if (memcmp(buf->block + i, text, len) == 0)
            return 1;
    }
    return 0;
}

static void test_a_secret_leaves_no_copy_in_the_block(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_buf_init(&buf, &allocator.mem, 64);
    buf.secret = true;
    assert_int_equal(cpmsync_buf_add_str(&buf, "0123456789012345678901234567890password-of-juliet"), 0);
    cpmsync_buf_consume(&buf, 31);
    assert_true(block_shows(&buf, "password"));
    /* moves the rest to the front: the old place must not keep its end */
    assert_int_equal(cpmsync_buf_add_str(&buf, "0123456789012345"), 0);
    assert_true(block_shows(&buf, "password-of-juliet0"));
    cpmsync_buf_truncate(&buf, 18);
    cpmsync_buf_consume(&buf, 8);
    assert_false(block_shows(&buf, "password"));
    assert_holds(&buf, "-of-juliet");
    cpmsync_buf_consume(&buf, 10);
    assert_false(block_shows(&buf, "juliet"));
    cpmsync_buf_clear(&buf);
    assert_int_equal(allocator.live_blocks, 0);
}

static void test_moving_a_secret_wipes_where_it_was(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;
    uint8_t zeros[64] = {0};
    uint8_t *out;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_buf_init(&buf, &allocator.mem, 64);
    buf.secret = true;
    assert_int_equal(cpmsync_buf_reserve(&buf, 64, &out), 0);
    memset(out, 'x', 60);
    memcpy(out + 54, "secret", 6);
    cpmsync_buf_grown(&buf, 60);
    cpmsync_buf_consume(&buf, 54);
    assert_int_equal(cpmsync_buf_reserve(&buf, 10, &out), 0);
    assert_holds(&buf, "secret");
    assert_ptr_equal(cpmsync_buf_data(&buf), buf.block);
    assert_memory_equal(buf.block + 6, zeros, 54);
    cpmsync_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_added_comes_out_in_order),
        cmocka_unit_test(test_the_cap_is_never_exceeded),
        cmocka_unit_test(test_without_memory_the_buffer_is_as_before),
        cmocka_unit_test(test_reserved_room_is_filled_in_place),
        cmocka_unit_test(test_a_stream_passes_through_a_small_block),
        cmocka_unit_test(test_a_secret_leaves_no_copy_in_the_block),
        cmocka_unit_test(test_moving_a_secret_wipes_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
