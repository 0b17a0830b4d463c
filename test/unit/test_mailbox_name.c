/* SPDX-License-Identifier: MIT */
#include "wire/mailbox_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <cpmsync/error.h>

static struct cpmsync_buf out;

static int setup(void **state)
{
    (void)state;
    cpmsync_buf_init(&out, NULL, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cpmsync_buf_clear(&out);
    return 0;
}

static void check(const char *from, const char *to)
{
    struct cpmsync_slice got = cpmsync_buf_slice(&out);

    if (!cpmsync_slice_eq(got, cpmsync_slice_str(to)))
        fail_msg("%s: \"%.*s\" is not \"%s\"", from, (int)got.len, (const char *)got.data, to);
    cpmsync_buf_truncate(&out, 0);
}

static void check_key(const char *wire, const char *key)
{
    assert_int_equal(cpmsync_mailbox_name_decode(cpmsync_slice_str(wire), false, &out), 0);
    check(wire, key);
}

static void check_wire(const char *key, const char *wire)
{
    assert_int_equal(cpmsync_mailbox_name_encode(cpmsync_slice_str(key), false, &out), 0);
    check(key, wire);
}

static void check_both(const char *key, const char *wire)
{
    check_key(wire, key);
    check_wire(key, wire);
}

static void test_m_01_inbox_in_any_case(void **state)
{
    (void)state;
    check_both("INBOX", "INBOX");
    check_key("iNbOx", "INBOX");
    check_wire("Inbox", "INBOX");
    check_both("Inbox/a", "Inbox/a");
    assert_int_equal(cpmsync_mailbox_name_decode(CPMSYNC_SLICE("inbox"), true, &out), 0);
    check("inbox", "INBOX");
}

static void test_m_02_and_m_03_modified_utf7(void **state)
{
    (void)state;
    check_both(
        "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
    check_both("Tom & Jerry", "Tom &- Jerry");
    check_both("&", "&-");
    check_both("&&", "&-&-");
    check_both("\xc3\xa9", "&AOk-");
    check_both("\xc3\xa9&", "&AOk-&-");
    check_both("\xc3\xa9-", "&AOk--");
    check_both("\xc3\xa9\xc3\xa8", "&AOkA6A-");
    check_both("\xf0\x9f\x98\x80", "&2D3eAA-");
    check_both("a\tb", "a&AAk-b");
    check_both("a b\"\\%*", "a b\"\\%*");
}

static void test_m_04_odd_names_go_back_as_they_came(void **state)
{
    static const char *const names[] = {
        "&AEE-",           /* encoded ASCII */
        "&2D0-",           /* lone surrogate */
        "&3gA-",           /* the other half */
        "&2D3YPQ-",        /* two first halves */
        "&AOk-&AOg-",      /* two runs where one is due */
        "&AAA-",           /* NUL */
        "a&AA0-b",         /* CR */
        "caf\xe9",         /* Latin-1 */
        "\xc0\xaf",        /* overlong */
        "\xed\xa0\x80",    /* a surrogate in UTF-8 */
        "\xf4\x90\x80\x80" /* above U+10FFFF */
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check_both(names[i], names[i]);
}

static void test_pf_108_broken_names_are_their_own_key(void **state)
{
    static const char *const names[] = {"&", "a&b", "&AOk", "&AO-", "&AOl*-", "&A-", "&AOkA-", "&AOl-"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check_key(names[i], names[i]);
    check_key("\xc3\xa9", "\xc3\xa9"); /* M-05: 8-bit names are shown as they are */
}

/* Equal in some normal form, to some eye or on some file system: each is a mailbox of its own. */
static void test_pf_127_names_that_look_alike_have_keys_of_their_own(void **state)
{
    static const char *const names[] = {"A", "a", "&AEE-", "&AGE-", "A/", "/A", "A//b", "A/b", "a/b", "A.b", "A/./b",
        "A/../A", "INBOX/a", "inbox/a", " A", "A ", "&AMQ-", "A&AwE-", "A&Awg-", "\xc4", "&IQI-", "&ADIAMg-", "22"};
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    struct cpmsync_buf keys[NAMES];
    size_t i, k;

    (void)state;
    for (i = 0; i < NAMES; i++) {
        cpmsync_buf_init(&keys[i], NULL, CPMSYNC_MAILBOX_NAME_MAX);
        assert_int_equal(cpmsync_mailbox_name_decode(cpmsync_slice_str(names[i]), false, &keys[i]), 0);
        assert_int_equal(cpmsync_mailbox_name_encode(cpmsync_buf_slice(&keys[i]), false, &out), 0);
        check(names[i], names[i]);
        for (k = 0; k < i; k++)
            if (cpmsync_slice_eq(cpmsync_buf_slice(&keys[i]), cpmsync_buf_slice(&keys[k])))
                fail_msg("%s and %s have one key", names[i], names[k]);
    }
    for (i = 0; i < NAMES; i++)
        cpmsync_buf_clear(&keys[i]);
}

static void test_r_10_utf8_on_the_wire(void **state)
{
    (void)state;
    assert_int_equal(cpmsync_mailbox_name_decode(CPMSYNC_SLICE("\xc3\xa9 & &AOk-"), true, &out), 0);
    check("utf8", "\xc3\xa9 & &AOk-");
    assert_int_equal(cpmsync_mailbox_name_encode(CPMSYNC_SLICE("\xc3\xa9 & &AOk-"), true, &out), 0);
    check("utf8", "\xc3\xa9 & &AOk-");
}

static void test_names_that_cannot_be_sent(void **state)
{
    static char long_name[CPMSYNC_MAILBOX_NAME_MAX + 1];

    (void)state;
    memset(long_name, 'a', sizeof(long_name));
    assert_int_equal(cpmsync_mailbox_name_encode(CPMSYNC_SLICE(""), false, &out), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mailbox_name_encode(CPMSYNC_SLICE("a\0b"), false, &out), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mailbox_name_encode(CPMSYNC_SLICE("a\r"), false, &out), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mailbox_name_encode(CPMSYNC_SLICE("a\n"), true, &out), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(
        cpmsync_mailbox_name_encode(cpmsync_slice_of(long_name, sizeof(long_name)), false, &out), CPMSYNC_ERR_LIMIT);
    assert_int_equal(
        cpmsync_mailbox_name_decode(cpmsync_slice_of(long_name, sizeof(long_name)), false, &out), CPMSYNC_ERR_LIMIT);
    assert_int_equal(out.len, 0);
}

static void test_a_full_buffer_is_left_as_it_was(void **state)
{
    struct cpmsync_buf small;

    (void)state;
    cpmsync_buf_init(&small, NULL, 4);
    assert_int_equal(cpmsync_buf_add_str(&small, "x"), 0);
    assert_int_equal(cpmsync_mailbox_name_encode(CPMSYNC_SLICE("a\xc3\xa9"), false, &small), CPMSYNC_ERR_LIMIT);
    assert_int_equal(small.len, 1);
    assert_int_equal(cpmsync_mailbox_name_decode(CPMSYNC_SLICE("aa&AOk-"), false, &small), CPMSYNC_ERR_LIMIT);
    assert_int_equal(small.len, 1);
    cpmsync_buf_clear(&small);
}

static size_t random_utf8(char *text, size_t characters)
{
    static const char *const some[] = {"a", "-", "&", ",", "+", "/", " ", "\xc2\x80", "\xc3\xa9", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\x7f",
        "\t"};
    size_t len = 0;

    while (characters--) {
        const char *c = some[(size_t)rand() % (sizeof(some) / sizeof(some[0]))];

        memcpy(text + len, c, strlen(c));
        len += strlen(c);
    }
    return len;
}

static void test_every_utf8_name_round_trips(void **state)
{
    unsigned round;

    (void)state;
    srand(7);
    for (round = 0; round < 20000; round++) {
        char text[64];
        uint8_t wire[256];
        size_t len = random_utf8(text, 1 + (size_t)rand() % 12);
        size_t wire_len;
        size_t i;

        assert_int_equal(cpmsync_mailbox_name_encode(cpmsync_slice_of(text, len), false, &out), 0);
        wire_len = out.len;
        assert_true(wire_len <= sizeof(wire));
        memcpy(wire, cpmsync_buf_data(&out), wire_len);
        for (i = 0; i < wire_len; i++)
            assert_true(wire[i] >= 0x20 && wire[i] <= 0x7e);
        cpmsync_buf_truncate(&out, 0);
        assert_int_equal(cpmsync_mailbox_name_decode(cpmsync_slice_of(wire, wire_len), false, &out), 0);
        if (!cpmsync_slice_eq(cpmsync_buf_slice(&out), cpmsync_slice_of(text, len)))
            fail_msg("%.*s", (int)wire_len, (const char *)wire);
        cpmsync_buf_truncate(&out, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_m_01_inbox_in_any_case, setup, teardown),
        cmocka_unit_test_setup_teardown(test_m_02_and_m_03_modified_utf7, setup, teardown),
        cmocka_unit_test_setup_teardown(test_m_04_odd_names_go_back_as_they_came, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pf_108_broken_names_are_their_own_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pf_127_names_that_look_alike_have_keys_of_their_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_r_10_utf8_on_the_wire, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_that_cannot_be_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_buffer_is_left_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_utf8_name_round_trips, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
