/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>
#include <stdlib.h>

static void test_ms_43_dribble_gives_one_octet_at_a_time(void **state)
{
    struct talk *talk = (struct talk *)*state;
    const void *data;
    size_t writes = 0;
    talk_fault(talk, "dribble");
    int conn = talk_connect(talk, true);
    cpmsync_mock_feed(talk->mock, conn, "a NOOP\r\n", 8);
    while (cpmsync_mock_output(talk->mock, conn, &data) > 0) {
        assert_int_equal(cpmsync_mock_output(talk->mock, conn, &data), 1);
        cpmsync_mock_ack(talk->mock, conn, 1);
        writes++;
    }
    assert_int_equal(writes, strlen("a OK NOOP completed\r\n"));
}

static void test_ms_43_pipelined_answers_come_in_one_piece(void **state)
{
    struct talk *talk = (struct talk *)*state;
    const void *data;
    int conn = talk_connect(talk, true);
    static const char BURST[] = "a LOGIN test test\r\nb SELECT INBOX\r\nc LOGOUT\r\n";
    cpmsync_mock_feed(talk->mock, conn, BURST, sizeof BURST - 1);
    size_t len = cpmsync_mock_output(talk->mock, conn, &data);
    assert_memory_equal((const char *)data + len - 23, "c OK LOGOUT completed\r\n", 23);
}

static void test_ms_43_literals_that_look_like_answers_and_huge_ones(void **state)
{
    static const char BAIT[] = "Subject: x\r\n\r\nb OK FETCH completed\r\n* 1 EXPUNGE\r\n+ \r\n";
    struct talk *talk = (struct talk *)*state;
    const void *data;
    size_t size = 5000000;
    char *huge = (char *)malloc(size), head[60];
    assert_non_null(huge);
    memset(huge, 'x', size);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, BAIT, sizeof BAIT - 1), 1);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "INBOX", NULL, 0, huge, size), 2);
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a EXAMINE INBOX\n", "a OK ");
    talk_expect(talk, conn, "b FETCH 1 BODY[]\n",
        "* 1 FETCH (BODY[] {53}\nSubject: x\n\nb OK FETCH completed\n* 1 EXPUNGE\n+ \n)\nb OK FETCH completed\n");
    cpmsync_mock_feed(talk->mock, conn, "c FETCH 2 BODY[]\r\n", 18);
    size_t len = cpmsync_mock_output(talk->mock, conn, &data);
    int head_len = snprintf(head, sizeof head, "* 2 FETCH (BODY[] {%zu}\r\n", size);
    assert_true(len > size + (size_t)head_len);
    assert_memory_equal(data, head, (size_t)head_len);
    assert_memory_equal((const char *)data + head_len, huge, size);
    free(huge);
}

static void test_ms_43_every_string_a_literal(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "literals");
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a LIST \"\" *\n", "* LIST (\\HasNoChildren) \"/\" {5}\nINBOX\n");
}

static void test_more_than_a_mebibyte_of_output_stops_execution_until_it_is_taken(void **state)
{
    struct talk *talk = (struct talk *)*state;
    const void *data;
    size_t len;
    assert_int_equal(cpmsync_mock_generate(talk->mock, NULL, "INBOX", 1, 1500000), 0);
    int conn = talk_login(talk, false);
    talk_say(talk, conn, "a EXAMINE INBOX\n");
    static const char BURST[] = "b FETCH 1 BODY[]\r\nc APPEND INBOX {1+}\r\nx\r\n";
    cpmsync_mock_feed(talk->mock, conn, BURST, sizeof BURST - 1);
    uint64_t before = cpmsync_mock_commands(talk->mock);
    len = cpmsync_mock_output(talk->mock, conn, &data);
    assert_true(len > 1500000);
    cpmsync_mock_ack(talk->mock, conn, len);
    assert_int_equal(cpmsync_mock_commands(talk->mock), before + 1);
    assert_non_null(strstr(talk_hear(talk, conn), "c OK "));
}

/* A conversation of five commands, cut at the n-th of the whole server. */
static int cut_at(struct talk *talk, const char *where, unsigned n, bool bye, char *heard, size_t size)
{
    static const char *const COMMANDS[] = {"a LOGIN test test\n", "b SELECT INBOX\n", "c APPEND INBOX {3+}\nabc\n",
        "d STORE 1 +FLAGS (\\Seen)\n", "e LOGOUT\n"};
    char fault[60];
    size_t i, len = 0;
    snprintf(fault, sizeof fault, "cut=%s:%llu%s", where, (unsigned long long)cpmsync_mock_commands(talk->mock) + n,
        bye ? ":bye" : "");
    assert_int_equal(cpmsync_mock_fault(talk->mock, fault), 0);
    int conn = talk_connect(talk, true);
    for (i = 0; i < 5 && !cpmsync_mock_closed(talk->mock, conn); i++) {
        talk_say(talk, conn, COMMANDS[i]);
        assert_true(len + strlen(talk->answer) < size);
        memcpy(heard + len, talk->answer, strlen(talk->answer) + 1);
        len += strlen(talk->answer);
    }
    assert_true(cpmsync_mock_closed(talk->mock, conn));
    cpmsync_mock_disconnect(talk->mock, conn);
    return (int)i;
}

static uint32_t messages(struct talk *talk)
{
    struct cpmsync_mock_status status;
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "INBOX", &status), 0);
    return status.messages;
}

static void test_ms_44_cuts_before_and_after_every_command(void **state)
{
    static const char *const WHERE[] = {"before", "after", "tagged", "answered"};
    (void)state;
    unsigned where, n, bye;
    for (where = 0; where < 4; where++)
        for (n = 1; n <= 5; n++)
            for (bye = 0; bye < 2; bye++) {
                struct talk *talk = talk_new(NULL);
                char heard[4000], tagged[8];
                talk_deliver(talk, 1);
                assert_int_equal(cut_at(talk, WHERE[where], n, bye, heard, sizeof heard), (int)n);
                snprintf(tagged, sizeof tagged, "%c OK ", 'a' + (int)n - 1);
                assert_int_equal(strstr(heard, tagged) != NULL, where == 3);
                assert_int_equal(strstr(heard, "* BYE Cut\n") != NULL, bye);
                /* the APPEND is the third: it happened unless the cut came before it */
                assert_int_equal(messages(talk), n > 3 || (n == 3 && where > 0) ? 2 : 1);
                assert_int_equal(n == 4 && strstr(heard, "* 1 FETCH (FLAGS (\\Seen") != NULL, n == 4 && where >= 2);
                /* it fires once */
                int conn = talk_login(talk, false);
                talk_expect_has(talk, conn, "x SELECT INBOX\n", "x OK ");
                talk_free(talk);
            }
}

static void test_ms_51_select_without_its_changes(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char line[100];
    struct cpmsync_mock_status status;
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    talk_deliver(talk, 2);
    cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1");
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "INBOX", &status), 0);
    snprintf(line, sizeof line, "a SELECT INBOX (QRESYNC (%lu 1))\n", (unsigned long)status.uidvalidity);
    int conn = talk_login(talk, true);
    talk_expect_has(talk, conn, line, "VANISHED");
    talk_fault(talk, "stale-resync");
    talk_expect_no(talk, conn, line, "VANISHED");
    assert_true(talk_has(talk, "[HIGHESTMODSEQ 4]"));
    assert_false(talk_has(talk, "FETCH"));
}

static void test_ms_54_everything_behind_the_login_is_swallowed(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "swallow-after-login");
    int conn = talk_connect(talk, true);
    talk_expect_has(talk, conn, "a LOGIN test test\nb NOOP\n", "a OK ");
    assert_false(talk_has(talk, "b "));
    assert_string_equal(talk_say(talk, conn, "c NOOP\n"), "");
    assert_false(cpmsync_mock_closed(talk->mock, conn));
}

static void test_ms_59_greetings(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "preauth");
    int conn = talk_connect(talk, true);
    assert_true(talk_has(talk, "* PREAUTH [CAPABILITY "));
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_fault(talk, "bye-greeting");
    conn = talk_connect(talk, true);
    assert_string_equal(talk->answer, "* BYE [UNAVAILABLE] Not now\n");
    assert_true(cpmsync_mock_closed(talk->mock, conn));
    talk_fault(talk, "bye-greeting=off");
    talk_fault(talk, "preauth=off");
    talk_fault(talk, "logindisabled");
    conn = talk_connect(talk, true);
    assert_true(talk_has(talk, " LOGINDISABLED"));
    talk_expect_has(talk, conn, "a LOGIN test test\nb SELECT INBOX\n", "b BAD ");
    assert_false(talk_has(talk, "a OK "));
}

static void test_a_server_that_falls_silent(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "silent=2");
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a NOOP\nb NOOP\nc NOOP\n", "a OK NOOP completed\nb OK NOOP completed\n");
    talk_expect(talk, conn, "d NOOP\n", "");
}

static void test_ms_45_injected_behind_starttls(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.starttls = 1;
    struct talk *talk = talk_new(&config);
    talk_fault(talk, "starttls-inject");
    int conn = talk_connect(talk, false);
    talk_expect(talk, conn, "a STARTTLS\n", "a OK Begin TLS negotiation now\n* CAPABILITY IMAP4rev1 INJECTED\n");
    talk_fault(talk, "starttls-refuse");
    conn = talk_connect(talk, false);
    talk_expect(talk, conn, "a STARTTLS\n", "a NO [UNAVAILABLE] No TLS now\n");
    assert_false(cpmsync_mock_wants_starttls(talk->mock, conn));
    talk_free(talk);
}

static void test_every_fault_is_listed_and_unknown_ones_are_refused(void **state)
{
    struct talk *talk = (struct talk *)*state;
    const char *name, *proves, *text;
    size_t i;
    for (i = 0; cpmsync_mock_fault_list(i, &name, &proves, &text) == 0; i++)
        assert_true(*name && *proves && *text);
    assert_true(i > 20);
    assert_int_equal(cpmsync_mock_fault(talk->mock, "nonsense"), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_fault(talk->mock, "dribble=1"), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_fault(talk->mock, "cut"), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_fault(talk->mock, "cut=before:0"), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_fault(talk->mock, "cut=never:1"), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_fault(talk->mock, "silent=x"), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_mock_fault(talk->mock, "silent=0"), CPMSYNC_ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ms_43_dribble_gives_one_octet_at_a_time, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_43_pipelined_answers_come_in_one_piece, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_43_literals_that_look_like_answers_and_huge_ones, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_43_every_string_a_literal, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_more_than_a_mebibyte_of_output_stops_execution_until_it_is_taken, talk_setup, talk_teardown),
        cmocka_unit_test(test_ms_44_cuts_before_and_after_every_command),
        cmocka_unit_test(test_ms_45_injected_behind_starttls),
        cmocka_unit_test_setup_teardown(test_ms_51_select_without_its_changes, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_54_everything_behind_the_login_is_swallowed, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_59_greetings, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_falls_silent, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_every_fault_is_listed_and_unknown_ones_are_refused, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
