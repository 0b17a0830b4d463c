/* SPDX-License-Identifier: MIT */
#include "cli_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct cli_url url;
static char reason[160];

static void assert_parses(const char *text)
{
    assert_int_equal(cli_url_parse(&url, text, reason, sizeof reason), 0);
}

static void assert_refused(const char *text, const char *because)
{
    assert_int_equal(cli_url_parse(&url, text, reason, sizeof reason), -1);
    assert_non_null(strstr(reason, because));
}

static void test_imaps_is_tls_from_the_start_on_port_993(void **state)
{
    (void)state;
    assert_parses("imaps://alice@Mail.Example.COM/");
    assert_int_equal(url.implicit_tls, 1);
    assert_int_equal(url.port, 993);
    assert_string_equal(url.user, "alice");
    assert_string_equal(url.host, "mail.example.com");
}

static void test_imap_is_starttls_on_port_143(void **state)
{
    (void)state;
    assert_parses("imap://alice@mail.example.com");
    assert_int_equal(url.implicit_tls, 0);
    assert_int_equal(url.port, 143);
}

static void test_the_port_is_taken(void **state)
{
    (void)state;
    assert_parses("imaps://a@h:65535/");
    assert_int_equal(url.port, 65535);
    assert_refused("imaps://a@h:65536", "1 to 65535");
    assert_refused("imaps://a@h:0", "1 to 65535");
    assert_refused("imaps://a@h:", "1 to 65535");
    assert_refused("imaps://a@h:99x", "no number");
    assert_refused("imaps://a@h:99999999999999999999", "1 to 65535");
}

static void test_an_ipv6_address_stands_in_brackets(void **state)
{
    char text[640];
    (void)state;
    assert_parses("imaps://a@[2001:DB8::1]:1993/");
    assert_string_equal(url.host, "2001:db8::1");
    assert_int_equal(url.port, 1993);
    cli_url_address(&url, text, sizeof text);
    assert_string_equal(text, "[2001:db8::1]:1993");
    assert_parses("imaps://a@[::1]");
    assert_int_equal(url.port, 993);
    assert_refused("imaps://a@[::1", "]");
    assert_refused("imaps://a@[::1]x", "between");
    assert_refused("imaps://a@::1", "no host");
}

static void test_the_user_is_decoded(void **state)
{
    char text[640];
    (void)state;
    assert_parses("imaps://%2b4915%31@example.com/");
    assert_string_equal(url.user, "+49151");
    assert_parses("imaps://sip%3Aalice%40home@example.com:1/");
    assert_string_equal(url.user, "sip:alice@home");
    cli_url_account(&url, text, sizeof text);
    assert_string_equal(text, "sip:alice@home@example.com:1");
    assert_parses("imaps://alice@home@example.com/");
    assert_string_equal(url.user, "alice@home");
}

static void test_a_broken_escape_in_the_user_is_refused(void **state)
{
    (void)state;
    assert_refused("imaps://al%4@h", "%-escape");
    assert_refused("imaps://al%@h", "%-escape");
    assert_refused("imaps://al%4g@h", "%-escape");
    assert_refused("imaps://al%00ice@h", "%-escape");
}

static void test_no_user_is_possible_but_not_an_empty_one(void **state)
{
    (void)state;
    assert_parses("imaps://example.com");
    assert_string_equal(url.user, "");
    assert_refused("imaps://@example.com", "empty");
}

static void test_a_password_in_the_url_is_refused(void **state)
{
    (void)state;
    assert_refused("imaps://alice:secret@h", "--password-file");
    assert_null(strstr(reason, "secret"));
}

static void test_other_schemes_paths_and_hosts_are_refused(void **state)
{
    (void)state;
    assert_refused("http://a@h", "imaps://");
    assert_refused("IMAPS", "imaps://");
    assert_refused("imaps://a@h/INBOX", "arguments");
    assert_refused("imaps://a@h?x", "arguments");
    assert_refused("imaps://a@", "no host");
    assert_refused("imaps://a@h h", "character");
    assert_refused("imaps://a@h\r\n", "character");
}

static void test_what_does_not_fit_is_refused(void **state)
{
    char text[700];
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "imaps://", 8);
    text[300] = '\0';
    assert_refused(text, "too long");
    text[290] = '@';
    assert_refused(text, "too long");
}

static void test_loopback_is_localhost_127_and_ipv6_1(void **state)
{
    static const char *const yes[] = {"imap://localhost", "imap://127.0.0.1", "imap://127.255.3.4:5", "imap://[::1]"};
    static const char *const no[] = {"imap://127.0.0.1.example.com", "imap://localhost.example.com", "imap://128.0.0.1",
        "imap://127.0.0.999", "imap://[::2]", "imap://127.1", "imap://[::ffff:127.0.0.1]"};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        assert_parses(yes[i]);
        assert_true(cli_url_is_loopback(&url));
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (cli_url_parse(&url, no[i], reason, sizeof reason) == 0)
            assert_false(cli_url_is_loopback(&url));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_imaps_is_tls_from_the_start_on_port_993),
        cmocka_unit_test(test_imap_is_starttls_on_port_143),
        cmocka_unit_test(test_the_port_is_taken),
        cmocka_unit_test(test_an_ipv6_address_stands_in_brackets),
        cmocka_unit_test(test_the_user_is_decoded),
        cmocka_unit_test(test_a_broken_escape_in_the_user_is_refused),
        cmocka_unit_test(test_no_user_is_possible_but_not_an_empty_one),
        cmocka_unit_test(test_a_password_in_the_url_is_refused),
        cmocka_unit_test(test_other_schemes_paths_and_hosts_are_refused),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_loopback_is_localhost_127_and_ipv6_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
