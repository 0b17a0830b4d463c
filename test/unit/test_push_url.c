/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sync/push_url.h"

static void read_url(struct cpmsync_push_hint *hint, const char *url)
{
    memset(hint, 0, sizeof *hint);
    cpmsync_push_url(hint, cpmsync_slice_str(url));
}

static void test_n_13_a_message_is_named_by_an_imap_url(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    read_url(&hint, "imap://fred@store.example:993/Default/%2B33600;UIDVALIDITY=385759045/;UID=20/;SECTION=1.2?x");
    assert_string_equal(hint.user, "fred");
    assert_string_equal(hint.host, "store.example");
    assert_string_equal(hint.mailbox, "Default/+33600");
    assert_int_equal(hint.uidvalidity, 385759045);
    assert_int_equal(hint.uid, 20);
    /* As Cyrus writes it: an '@' in the user's name as it is. */
    read_url(&hint, "imap://john.doe@example.org@kolab34.example.org/Calendar;UIDVALIDITY=1424960274/;UID=3");
    assert_string_equal(hint.user, "john.doe@example.org");
    assert_string_equal(hint.host, "kolab34.example.org");
    assert_string_equal(hint.mailbox, "Calendar");
    assert_int_equal(hint.uid, 3);
}

static void test_parts_may_be_missing(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    read_url(&hint, "IMAP://h");
    assert_string_equal(hint.host, "h");
    assert_string_equal(hint.user, "");
    assert_string_equal(hint.mailbox, "");
    read_url(&hint, "imaps://u;AUTH=PLAIN@[::1]:143/");
    assert_string_equal(hint.user, "u");
    assert_string_equal(hint.host, "[::1]");
    assert_string_equal(hint.mailbox, "");
    read_url(&hint, "imap://;AUTH=*@h/gr%C3%BCn/");
    assert_string_equal(hint.user, "");
    assert_string_equal(hint.mailbox, "gr\xc3\xbcn");
    read_url(&hint, "imap:///INBOX/;UID=7");
    assert_string_equal(hint.host, "");
    assert_string_equal(hint.mailbox, "INBOX");
    assert_int_equal(hint.uid, 7);
    read_url(&hint, "mailat:fred@example.org?subject=x");
    assert_string_equal(hint.user, "fred");
    assert_string_equal(hint.host, "example.org");
    assert_string_equal(hint.mailbox, "");
}

static void test_r_05_what_is_escaped_is_a_part_of_the_name(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    read_url(&hint, "imap://h/a%3Bb%3fc%20d%2Fe%25;uidvalidity=1");
    assert_string_equal(hint.mailbox, "a;b?c d/e%");
    assert_int_equal(hint.uidvalidity, 1);
}

static void test_other_schemes_say_nothing(void **state)
{
    static const char *const others[] = {
        "", "imap:", "imap:/", "imap:INBOX", "pop://u@h/INBOX", "http://h/INBOX;UID=1", "/INBOX", "imap", "mailto:u@h"};
    struct cpmsync_push_hint hint, nothing;

    (void)state;
    memset(&nothing, 0, sizeof nothing);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        read_url(&hint, others[i]);
        assert_memory_equal(&hint, &nothing, sizeof hint);
    }
}

static void test_a_part_that_is_wrong_says_nothing_and_the_others_count(void **state)
{
    static const char *const names[] = {"a%", "a%4", "a%zz", "a%00b", "a%0d%0aC1%20LOGOUT", "%7f"};
    struct cpmsync_push_hint hint;
    char url[400];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        strcpy(url, "imap://u@h/");
        strcat(url, names[i]);
        strcat(url, ";UIDVALIDITY=5");
        read_url(&hint, url);
        assert_string_equal(hint.mailbox, "");
        assert_string_equal(hint.host, "h");
        assert_int_equal(hint.uidvalidity, 5);
    }
    read_url(&hint, "imap://h/m;UIDVALIDITY=4294967296/;UID=-1");
    assert_string_equal(hint.mailbox, "m");
    assert_int_equal(hint.uidvalidity, 0);
    assert_int_equal(hint.uid, 0);
    memset(url, 'm', sizeof url);
    memcpy(url, "imap://h/", 9);
    url[9 + CPMSYNC_PUSH_MAILBOX_MAX] = '\0';
    read_url(&hint, url);
    assert_string_equal(hint.mailbox, "");
    url[9 + CPMSYNC_PUSH_MAILBOX_MAX - 1] = '\0';
    read_url(&hint, url);
    assert_int_equal(strlen(hint.mailbox), CPMSYNC_PUSH_MAILBOX_MAX - 1);
}

static void test_what_is_said_already_stays(void **state)
{
    struct cpmsync_push_hint hint;

    (void)state;
    read_url(&hint, "imap://u@h/a;UIDVALIDITY=1/;UID=2");
    cpmsync_push_url(&hint, CPMSYNC_SLICE("imap://v@i/b;UIDVALIDITY=3/;UID=4"));
    assert_string_equal(hint.user, "u");
    assert_string_equal(hint.host, "h");
    assert_string_equal(hint.mailbox, "a");
    assert_int_equal(hint.uidvalidity, 1);
    assert_int_equal(hint.uid, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_n_13_a_message_is_named_by_an_imap_url),
        cmocka_unit_test(test_parts_may_be_missing),
        cmocka_unit_test(test_r_05_what_is_escaped_is_a_part_of_the_name),
        cmocka_unit_test(test_other_schemes_say_nothing),
        cmocka_unit_test(test_a_part_that_is_wrong_says_nothing_and_the_others_count),
        cmocka_unit_test(test_what_is_said_already_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
