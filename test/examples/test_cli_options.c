/* SPDX-License-Identifier: MIT */
#include "cli_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { WORDS_MAX = 80 };

static struct cli_options options;
static char reason[400];
static char line[2048];
static char *words[WORDS_MAX];

/* Parses a command line whose words are separated by one space; "''" is an empty word. */
static int parse(const char *text)
{
    int count = 0;
    char *rest = NULL;
    assert_true(strlen(text) < sizeof line);
    strcpy(line, text);
    words[count++] = (char[]){"cpmsync"};
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < WORDS_MAX);
        words[count++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    reason[0] = '\0';
    return cli_options_parse(&options, count, words, reason, sizeof reason);
}

static void assert_refused(const char *text, const char *expected)
{
    assert_int_equal(parse(text), -1);
    if (strncmp(reason, expected, strlen(expected)) != 0)
        assert_string_equal(reason, expected);
    assert_null(strchr(reason, '\n'));
}

static void test_sync_takes_mailboxes_and_all_options(void **state)
{
    (void)state;
    assert_int_equal(parse("--url imaps://alice@h:7/ --store s.db --ca ca.pem --password-file p --mech SCRAM-SHA-1 "
                           "--disable QRESYNC --disable=MOVE --json --trace - --stats --timeout 5 sync INBOX Sent"),
        0);
    assert_int_equal(options.command, CLI_SYNC);
    assert_string_equal(options.url.user, "alice");
    assert_int_equal(options.url.port, 7);
    assert_string_equal(options.store, "s.db");
    assert_string_equal(options.ca, "ca.pem");
    assert_string_equal(options.password_file, "p");
    assert_string_equal(options.mechanism, "SCRAM-SHA-1");
    assert_int_equal(options.disabled_count, 2);
    assert_string_equal(options.disabled[0], "QRESYNC");
    assert_string_equal(options.disabled[1], "MOVE");
    assert_true(options.json && options.stats);
    assert_string_equal(options.trace, "-");
    assert_int_equal(options.timeout_ms, 5000);
    assert_int_equal(options.argument_count, 2);
    assert_string_equal(options.arguments[0], "INBOX");
    assert_string_equal(options.arguments[1], "Sent");
}

static void test_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse("--url imaps://alice@h capabilities"), 0);
    assert_int_equal(options.command, CLI_CAPABILITIES);
    assert_int_equal(options.timeout_ms, 60000);
    assert_null(options.store);
    assert_null(options.mechanism);
    assert_int_equal(options.plaintext, 0);
}

static void test_list_takes_a_pattern_or_none(void **state)
{
    (void)state;
    assert_int_equal(parse("--url imaps://alice@h list"), 0);
    assert_int_equal(options.command, CLI_LIST);
    assert_int_equal(options.argument_count, 0);
    assert_int_equal(parse("--url imaps://alice@h list Chats/%"), 0);
    assert_string_equal(options.arguments[0], "Chats/%");
    assert_refused("--url imaps://alice@h list a b", "list: takes one PATTERN at most; see cpmsync --help");
    assert_refused("list", "list: --url is missing");
}

static void test_options_end_at_the_command(void **state)
{
    (void)state;
    assert_int_equal(parse("--url imaps://a@h sync --json -- -x"), 0);
    assert_int_equal(options.json, 0);
    assert_int_equal(options.argument_count, 3);
    assert_int_equal(parse("--store s -- dump --json"), 0);
    assert_string_equal(options.arguments[0], "--json");
}

static void test_what_is_not_there_yet_is_refused_by_name(void **state)
{
    static const char *const later[] = {"fetch", "structure", "append", "flag", "copy", "move", "delete", "search",
        "create", "remove", "subscribe", "unsubscribe", "rename", "acl", "metadata", "annotation", "convert", "url",
        "object", "journal"};
    char text[80], expected[80];
    (void)state;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        snprintf(text, sizeof text, "--url imaps://a@h %s INBOX", later[i]);
        snprintf(expected, sizeof expected, "%s: not in this version", later[i]);
        assert_refused(text, expected);
    }
    assert_refused("--offline sync INBOX", "--offline: not in this version");
    assert_refused("--mech XOAUTH2 sync INBOX", "--mech XOAUTH2: not in this version");
}

static void test_what_does_not_exist_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no command");
    assert_refused("frobnicate", "frobnicate: no such command");
    assert_refused("--frob sync INBOX", "--frob: no such option");
    assert_refused("--js sync INBOX", "--js: no such option");
    assert_refused("--jsonx sync INBOX", "--jsonx: no such option");
    assert_refused("--mech plain sync INBOX", "--mech plain: no such mechanism");
}

static void test_values_are_checked(void **state)
{
    (void)state;
    assert_refused("--store", "--store: its value is missing");
    assert_refused("--store '' dump INBOX", "--store: its value is empty");
    assert_refused("--json=yes dump INBOX", "--json: takes no value");
    assert_refused("--timeout 0 dump INBOX", "--timeout 0: not in 1 to 86400");
    assert_refused("--timeout 1.5 dump INBOX", "--timeout 1.5: not a number");
    assert_refused("--timeout 99999999999999999999999 dump INBOX", "--timeout 99999999999999999999999: not in 1 to");
    assert_refused("--url http://h dump INBOX", "--url: it does not begin with");
}

static void test_arguments_are_counted(void **state)
{
    (void)state;
    assert_refused("--store s dump", "dump: takes one MAILBOX");
    assert_refused("--store s dump A B", "dump: takes one MAILBOX");
    assert_refused("--store s mailboxes A", "mailboxes: takes no argument");
    assert_refused("--url imaps://a@h capabilities A", "capabilities: takes no argument");
}

static void test_what_a_command_needs_is_asked_for(void **state)
{
    (void)state;
    assert_refused("sync INBOX", "sync: --url is missing");
    assert_refused("--url imaps://h sync INBOX", "--url: it names no user");
    assert_refused("dump INBOX", "dump: --store is missing");
    assert_int_equal(parse("--store s mailboxes"), 0);
}

static void test_plaintext_is_for_imap_on_this_machine(void **state)
{
    (void)state;
    assert_int_equal(parse("--plaintext --url imap://a@127.0.0.1 sync INBOX"), 0);
    assert_refused("--plaintext --url imap://a@example.com sync INBOX", "--plaintext: only for this machine");
    assert_refused("--plaintext --url imaps://a@localhost sync INBOX", "--plaintext: not with imaps://");
}

static void test_more_disable_than_there_is_room_for_is_refused(void **state)
{
    char text[1200] = "";
    (void)state;
    for (int i = 0; i < CLI_DISABLED_MAX + 1; i++)
        strcat(text, "--disable=X ");
    assert_refused(text, "--disable: more than 32 times");
}

static void test_help_and_version_need_no_command(void **state)
{
    (void)state;
    assert_int_equal(parse("--help"), 0);
    assert_int_equal(options.command, CLI_HELP);
    assert_int_equal(parse("--version"), 0);
    assert_int_equal(options.command, CLI_VERSION);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sync_takes_mailboxes_and_all_options),
        cmocka_unit_test(test_the_defaults),
        cmocka_unit_test(test_list_takes_a_pattern_or_none),
        cmocka_unit_test(test_options_end_at_the_command),
        cmocka_unit_test(test_what_is_not_there_yet_is_refused_by_name),
        cmocka_unit_test(test_what_does_not_exist_is_refused),
        cmocka_unit_test(test_values_are_checked),
        cmocka_unit_test(test_arguments_are_counted),
        cmocka_unit_test(test_what_a_command_needs_is_asked_for),
        cmocka_unit_test(test_plaintext_is_for_imap_on_this_machine),
        cmocka_unit_test(test_more_disable_than_there_is_room_for_is_refused),
        cmocka_unit_test(test_help_and_version_need_no_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
