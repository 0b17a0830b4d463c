/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "transport/address.h"

static struct cpmsync_address parsed(const char *text)
{
    struct cpmsync_address address;
    if (!cpmsync_address_parse(text, &address, NULL))
        fail_msg("%s is an address", text);
    return address;
}

static void assert_v6(const char *text, const char *octets)
{
    struct cpmsync_address address = parsed(text);
    assert_int_equal(address.family, 6);
    assert_memory_equal(address.octets, octets, 16);
}

static void test_v4_is_four_decimal_octets(void **state)
{
    struct cpmsync_address address = parsed("192.0.2.255");
    (void)state;
    assert_int_equal(address.family, 4);
    assert_memory_equal(address.octets, "\xc0\x00\x02\xff", 4);
    assert_int_equal(cpmsync_address_octets(&address), 4);
}

static void test_v6_in_every_spelling(void **state)
{
    (void)state;
    assert_v6("::", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_v6("::1", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
    assert_v6("1::", "\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_v6("2001:DB8::a:b", "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\x0a\0\x0b");
    assert_v6("1:2:3:4:5:6:7:8", "\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\x08");
    assert_v6("1:2:3:4:5:6:7::", "\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\0");
    assert_v6("::ffff:192.0.2.1", "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1");
    assert_v6("1:2:3:4:5:6:192.0.2.1", "\0\1\0\2\0\3\0\4\0\5\0\6\xc0\0\2\1");
}

static void test_zone_is_told_and_its_number_taken(void **state)
{
    struct cpmsync_address address;
    const char *zone;
    (void)state;
    assert_true(cpmsync_address_parse("fe80::1%eth0", &address, &zone));
    assert_string_equal(zone, "eth0");
    assert_int_equal(address.scope_id, 0);
    assert_true(cpmsync_address_parse("fe80::1%7", &address, &zone));
    assert_int_equal(address.scope_id, 7);
    assert_true(cpmsync_address_parse("fe80::1", &address, &zone));
    assert_null(zone);
}

static void test_names_and_near_misses_are_no_addresses(void **state)
{
    static const char *const texts[] = {"", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4.",
        "1..3.4", "1.2.3.4%1", ":", ":1", "1:", "1::2::3", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::", "12345::", "g::", "[::1]", "::1%", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5",
        "1.2.3.4:5", "99999999999.1.1.1", "imap.example.org"};
    struct cpmsync_address address;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (cpmsync_address_parse(texts[i], &address, NULL))
            fail_msg("%s is no address", texts[i]);
}

static void assert_order(const char *before, const char *after)
{
    struct cpmsync_address addresses[8];
    size_t count = strlen(before) / 2;
    memset(addresses, 0, sizeof(addresses));
    for (size_t i = 0; i < count; i++) {
        addresses[i].family = before[2 * i] == '4' ? 4 : 6;
        addresses[i].octets[0] = (uint8_t)before[2 * i + 1];
    }
    cpmsync_address_alternate(addresses, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(addresses[i].family, after[2 * i] - '0');
        assert_int_equal(addresses[i].octets[0], after[2 * i + 1]);
    }
}

static void test_families_alternate_and_order_is_kept_otherwise(void **state)
{
    (void)state;
    assert_order("", "");
    assert_order("6a", "6a");
    assert_order("6a6b6c4a4b", "6a4a6b4b6c");
    assert_order("4a4b6a", "4a6a4b");
    assert_order("4a4b4c", "4a4b4c");
    assert_order("4a6a6b6c4b", "4a6a4b6b6c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v4_is_four_decimal_octets),
        cmocka_unit_test(test_v6_in_every_spelling),
        cmocka_unit_test(test_zone_is_told_and_its_number_taken),
        cmocka_unit_test(test_names_and_near_misses_are_no_addresses),
        cmocka_unit_test(test_families_alternate_and_order_is_kept_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
