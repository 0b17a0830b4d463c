/* SPDX-License-Identifier: MIT */
#include "session/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/err.h"
#include "support/failing_allocator.h"

static const struct {
    const char *octets, *text;
} vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"}};

static void test_vectors_of_rfc_4648_in_both_directions(void **state)
{
    struct cpmsync_buf buf;

    (void)state;
    cpmsync_buf_init(&buf, NULL, 100);
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        struct cpmsync_slice octets = cpmsync_slice_str(vectors[i].octets);
        struct cpmsync_slice text = cpmsync_slice_str(vectors[i].text);

        cpmsync_buf_truncate(&buf, 0);
        assert_int_equal(cpmsync_base64_encode(&buf, octets), 0);
        assert_true(cpmsync_slice_eq(cpmsync_buf_slice(&buf), text));
        cpmsync_buf_truncate(&buf, 0);
        assert_int_equal(cpmsync_base64_decode(&buf, text), 0);
        assert_true(cpmsync_slice_eq(cpmsync_buf_slice(&buf), octets));
    }
    cpmsync_buf_clear(&buf);
}

static void test_every_octet_survives(void **state)
{
    struct cpmsync_buf text, octets;
    uint8_t all[256];

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)(255 - i);
    cpmsync_buf_init(&text, NULL, 400);
    cpmsync_buf_init(&octets, NULL, 256);
    assert_int_equal(cpmsync_base64_encode(&text, cpmsync_slice_of(all, 256)), 0);
    assert_int_equal(cpmsync_base64_decode(&octets, cpmsync_buf_slice(&text)), 0);
    assert_int_equal(octets.len, 256);
    assert_memory_equal(cpmsync_buf_data(&octets), all, 256);
    cpmsync_buf_clear(&text);
    cpmsync_buf_clear(&octets);
}

static void test_s_10_what_is_no_base64_is_refused(void **state)
{
    static const char *const wrong[] = {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zm9v\r\n", " Zm9", "Zm9v ",
        "Zm-v", "Zm_v", "Zh==", "Zm9=", "=m9v", "Zm=v", "Zm8=Zm8="};
    struct cpmsync_buf buf;

    (void)state;
    cpmsync_buf_init(&buf, NULL, 100);
    assert_int_equal(cpmsync_buf_add_char(&buf, 'x'), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_int_equal(cpmsync_base64_decode(&buf, cpmsync_slice_str(wrong[i])), CPMSYNC_ERR_PROTOCOL);
        assert_int_equal(buf.len, 1);
    }
    cpmsync_buf_clear(&buf);
}

static void test_a_full_buffer_and_no_memory_leave_it_as_it_was(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_buf buf;

    (void)state;
    support_allocator_init(&allocator);
    cpmsync_buf_init(&buf, &allocator.mem, 5);
    assert_int_equal(cpmsync_base64_encode(&buf, CPMSYNC_SLICE("foob")), CPMSYNC_ERR_LIMIT);
    assert_int_equal(cpmsync_base64_decode(&buf, CPMSYNC_SLICE("Zm9vYmFy")), CPMSYNC_ERR_LIMIT);
    assert_int_equal(buf.len, 0);
    cpmsync_buf_clear(&buf);
    support_allocator_fail_from(&allocator, 1);
    assert_int_equal(cpmsync_base64_encode(&buf, CPMSYNC_SLICE("foo")), CPMSYNC_ERR_NOMEM);
    assert_int_equal(cpmsync_base64_decode(&buf, CPMSYNC_SLICE("Zm9v")), CPMSYNC_ERR_NOMEM);
    cpmsync_buf_clear(&buf);
    assert_int_equal(allocator.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_of_rfc_4648_in_both_directions),
        cmocka_unit_test(test_every_octet_survives),
        cmocka_unit_test(test_s_10_what_is_no_base64_is_refused),
        cmocka_unit_test(test_a_full_buffer_and_no_memory_leave_it_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
