/* SPDX-License-Identifier: MIT */
/* What people use cpm-mockserver for, through the program: loaded mail, scripts, a Participating Function, determinism. */
#define _POSIX_C_SOURCE 200809L
#include "mock_program.h"

#include <cpmsync/mock.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- loading ---- */

static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_maildir(const char *path)
{
    static const char *const PLACES[] = {"", "/cur", "/new", "/tmp"};
    char place[200];
    size_t i;
    for (i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        snprintf(place, sizeof place, "%s%s", path, PLACES[i]);
        make_directory(place);
    }
}

static void remove_tree(const char *path)
{
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", path);
    assert_int_equal(system(command), 0);
}

/* Logs in as the default user. */
static void log_in(struct program_talk *talk, const struct program *program)
{
    program_talk_start(talk, program);
    program_say(talk, "a LOGIN test test\n", "a OK ");
}

static void make_tree(void)
{
    remove_tree("tree");
    make_maildir("tree");
    make_maildir("tree/.Sent");
    make_maildir("tree/.Sent.Sub");
    make_maildir("tree/.Empty");
    make_maildir("tree/.Entw&APw-rfe");
    make_directory("tree/.no-folder");
    program_write("tree/dovecot-uidlist", "3 V1700000000 N100 G0123\n42 :1700000200.M1P2.host,S=20\n");
    program_write("tree/subscriptions", "Sent\n");
    program_write("tree/.no-folder/file", "not mail\n");
    program_write("tree/.Sent/maildirfolder", "");
    program_write("tree/tmp/1700000000.half", "Subject: half\n");
    program_write("tree/cur/1700000300.M1P2.host,S=9,W=9:2,FSa", "Subject: third\n\nbare LF\n");
    program_write("tree/cur/1700000100.M1P2.host:2,DRST", "Subject: first\r\n\r\nCRLF\r\n");
    program_write("tree/new/1700000200.M1P2.host", "Subject: second\n\n");
    program_write("tree/cur/1700000400.M1P2.host:1,S", "Subject: experimental\n\nno flags\n");
    program_write("tree/cur/1700000500.M1P2.host:2,P", "Subject: passed\n\n");
    program_write("tree/.Sent.Sub/cur/5.x:2,S", "Subject: below\n\n");
}

static void test_a_maildir_tree_is_loaded(void **state)
{
    static const char *const ARGUMENTS[] = {"--load", "tree", NULL};
    struct program program;
    struct program_talk talk;
    (void)state;
    make_tree();
    program_start(&program, ARGUMENTS);
    log_in(&talk, &program);
    program_say(&talk, "b LIST \"\" *\n", "b OK ");
    program_expect(&talk, " Empty\n");
    program_expect(&talk, " Sent\n");
    program_expect(&talk, " Sent/Sub\n");
    program_expect(&talk, " Entw&APw-rfe\n");
    program_expect_no(&talk, "no-folder");
    program_say(&talk, "c SELECT INBOX\nd FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])\n", "d OK ");
    program_expect(&talk, "* 5 EXISTS\n");
    program_expect(&talk, "* 1 FETCH (UID 1 FLAGS (\\Seen \\Answered \\Deleted \\Draft \\Recent) INTERNALDATE "
                          "\"14-Nov-2023 22:15:00 +0000\" BODY[] {24}\nSubject: first\n\nCRLF\n)\n");
    program_expect(
        &talk, "* 2 FETCH (UID 2 FLAGS (\\Recent) INTERNALDATE \"14-Nov-2023 22:16:40 +0000\" BODY[] {19}\n");
    program_expect(&talk, "* 3 FETCH (UID 3 FLAGS (\\Seen \\Flagged \\Recent) INTERNALDATE "
                          "\"14-Nov-2023 22:18:20 +0000\" BODY[] {27}\nSubject: third\n\nbare LF\n)\n");
    program_expect(&talk, "* 4 FETCH (UID 4 FLAGS (\\Recent) ");
    program_expect(&talk, "* 5 FETCH (UID 5 FLAGS ($Forwarded \\Recent) ");
    program_say(&talk, "e SELECT Sent/Sub\n", "e OK ");
    program_expect(&talk, "* 1 EXISTS\n");
    program_say(&talk, "f SELECT Sent\n", "f OK ");
    program_expect(&talk, "* 0 EXISTS\n");
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    remove_tree("tree");
}

static void test_an_mbox_is_loaded(void **state)
{
    static const char *const ARGUMENTS[] = {"--load", "inbox.mbox", NULL};
    struct program program;
    struct program_talk talk;
    (void)state;
    program_write("inbox.mbox",
        "From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n"
        "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\ninternal\n\n"
        "From alice@example.org Fri Jan  2 03:04:05 2026\n"
        "Subject: one\nStatus: RO\nX-Status: AF\nX-Keywords: $Work\n later\nX-UID: 7\n\n"
        ">From me\n>>From you\n>not\nFrom here it is no new message\n\n"
        "From bob Thu Jan  1 00:00:00 2026 +0100\n"
        "Subject: two\nX-Status: DT\n\n\n"
        "From nobody\nSubject: three\nStatus: O\n\nlast line without an end");
    program_start(&program, ARGUMENTS);
    log_in(&talk, &program);
    program_say(&talk, "c SELECT INBOX\nd FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])\n", "d OK ");
    program_expect(&talk, "* 3 EXISTS\n");
    program_expect(&talk, "* 1 FETCH (FLAGS (\\Seen \\Answered \\Flagged $Work \\Recent) INTERNALDATE "
                          "\" 2-Jan-2026 03:04:05 +0000\" BODY[] {74}\nSubject: one\n\n"
                          "From me\n>From you\n>not\nFrom here it is no new message\n)\n");
    program_expect(&talk, "* 2 FETCH (FLAGS (\\Deleted \\Draft \\Recent) INTERNALDATE "
                          "\" 1-Jan-2026 00:00:00 +0000\" BODY[] {16}\nSubject: two\n\n)\n");
    program_expect(&talk, "* 3 FETCH (FLAGS (\\Recent) INTERNALDATE \"14-Nov-2023 22:13:20 +0000\" BODY[] {42}\n");
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    unlink("inbox.mbox");
}

static void test_what_cannot_be_loaded_is_named(void **state)
{
    static const char *const ABSENT[] = {"--load", "absent", NULL};
    static const char *const TREE[] = {"--load", "tree", NULL};
    static const char *const FILE[] = {"--load", "file", NULL};
    (void)state;
    program_expect_refusal(ABSENT, 1, "absent: No such file");
    remove_tree("tree");
    make_directory("tree");
    program_expect_refusal(TREE, 1, "tree is no Maildir");
    make_maildir("tree/.A..B");
    program_expect_refusal(TREE, 1, "tree/.A..B: A//B is no name for a mailbox");
    remove_tree("tree");
    make_maildir("tree");
    make_directory("tree/cur/1.x:2,S");
    program_expect_refusal(TREE, 1, "tree/cur/1.x:2,S: Is a directory");
    remove_tree("tree");
    program_write("file", "Subject: no mbox\n\n");
    program_expect_refusal(FILE, 1, "file is no mbox");
    program_write("file", "\nFrom a\nSubject: x\nX-Keywords: a\\b\n\n");
    program_expect_refusal(FILE, 1, "file:2 cannot be delivered");
    unlink("file");
}

static void test_an_empty_mbox_is_an_empty_mailbox(void **state)
{
    static const char *const ARGUMENTS[] = {"--load", "empty", NULL};
    struct program program;
    struct program_talk talk;
    (void)state;
    program_write("empty", "");
    program_start(&program, ARGUMENTS);
    log_in(&talk, &program);
    program_say(&talk, "b SELECT INBOX\n", "b OK ");
    program_expect(&talk, "* 0 EXISTS\n");
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    unlink("empty");
}

/* ---- the CPM Participating Function ---- */

static void test_a_participating_function_deposits_into_a_users_store(void **state)
{
    static const char *const ARGUMENTS[] = {
        "--user", "alice:secret", "--user", "pf:pfsecret", "--user", "bob:b", "--participating", "pf", NULL};
    struct program program;
    struct program_talk alice, pf;
    (void)state;
    program_start(&program, ARGUMENTS);
    program_talk_start(&alice, &program);
    program_say(&alice, "a LOGIN alice secret\nb SELECT INBOX\nc IDLE\n", "+ ");
    program_talk_start(&pf, &program);
    /* alice NUL pf NUL pfsecret */
    program_say(&pf, "a AUTHENTICATE PLAIN YWxpY2UAcGYAcGZzZWNyZXQ=\n", "a OK ");
    program_say(&pf, "b APPEND INBOX (\\Flagged) {18+}\nSubject: hello\n\n\n", "b OK [APPENDUID ");
    program_hear(&alice, "* 1 EXISTS\n");
    program_say(&alice, "DONE\nd FETCH 1 (FLAGS BODY.PEEK[])\n", "d OK ");
    program_expect(&alice, "FLAGS (\\Flagged");
    program_expect(&alice, "Subject: hello\n");
    /* and hears what the user does there */
    program_say(&pf, "c SELECT INBOX\nd IDLE\n", "+ ");
    program_say(&alice, "e STORE 1 +FLAGS (\\Seen)\n", "e OK ");
    program_hear(&pf, "* 1 FETCH (FLAGS (\\Seen \\Flagged");
    program_talk_end(&pf);
    program_talk_end(&alice);
    assert_int_equal(program_end(&program, true), 0);
}

static void test_a_wrong_authorization_identity_is_refused(void **state)
{
    /* nobody NUL pf NUL pfsecret; alice NUL bob NUL b; alice NUL pf NUL wrong; pf NUL alice NUL secret */
    static const char *const WRONG[] = {
        "bm9ib2R5AHBmAHBmc2VjcmV0", "YWxpY2UAYm9iAGI=", "YWxpY2UAcGYAd3Jvbmc=", "cGYAYWxpY2UAc2VjcmV0"};
    static const char *const ARGUMENTS[] = {
        "--user", "alice:secret", "--user", "pf:pfsecret", "--user", "bob:b", "--participating", "pf", NULL};
    static const char *const NOBODY[] = {"--participating", "nobody", NULL};
    struct program program;
    struct program_talk talk;
    char line[100];
    size_t i;
    (void)state;
    program_start(&program, ARGUMENTS);
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        program_talk_start(&talk, &program);
        snprintf(line, sizeof line, "a AUTHENTICATE PLAIN %s\n", WRONG[i]);
        program_say(&talk, line, "a NO ");
        program_talk_end(&talk);
    }
    /* bob NUL bob NUL b: itself */
    program_talk_start(&talk, &program);
    program_say(&talk, "a AUTHENTICATE PLAIN Ym9iAGJvYgBi\n", "a OK ");
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    program_expect_refusal(NOBODY, 2, "nobody is no --user");
}

/* ---- scripts ---- */

static void test_a_script_changes_the_store_at_its_moments(void **state)
{
    static const char *const ARGUMENTS[] = {"--script", "steps", "--script", "more", NULL};
    struct program program;
    struct program_talk talk;
    (void)state;
    program_write("steps", "generate INBOX 4\n"
                           "create Old\n"
                           "at-connect 1 deliver INBOX 2 \\Flagged\n"
                           "after 1 SELECT flag INBOX 1 +$changed\n"
                           "before 1 UID FETCH expunge INBOX 2\n"
                           "after 1 NOOP rename Old \"New name\"\n"
                           "after 2 NOOP expunge INBOX 3:4\n"
                           "after 2 NOOP drop-log INBOX\n"
                           "after 3 NOOP uidvalidity INBOX\n");
    program_write("more", "conversations Default 3 2\n");
    program_start(&program, ARGUMENTS);
    log_in(&talk, &program);
    program_say(&talk, "b ENABLE QRESYNC\nc SELECT INBOX\n", "c OK ");
    program_expect(&talk, "* 6 EXISTS\n");
    program_expect(&talk, "[UIDVALIDITY ");
    const char *uidvalidity = strstr(talk.answer, "[UIDVALIDITY ") + 13;
    char select[100], old[40];
    int digits = (int)strspn(uidvalidity, "0123456789");
    snprintf(select, sizeof select, "j SELECT INBOX (QRESYNC (%.*s 8 1:6))\n", digits, uidvalidity);
    snprintf(old, sizeof old, "[UIDVALIDITY %.*s]", digits, uidvalidity);
    program_say(&talk, "d FETCH 1 FLAGS\n", "d OK ");
    program_expect(&talk, "$changed");
    program_say(&talk, "e UID FETCH 1:* FLAGS\n", "e OK ");
    program_expect(&talk, "* VANISHED 2\n");
    program_say(&talk, "f NOOP\ng LIST \"\" New*\n", "g OK ");
    program_expect(&talk, "\"New name\"");
    program_say(&talk, "h NOOP\ni UNSELECT\n", "i OK ");
    /* the log is gone: every UID that is missing, and 2, which went long ago, too */
    program_say(&talk, select, "j OK ");
    program_expect(&talk, "* VANISHED (EARLIER) 2:4\n");
    program_say(&talk, "k NOOP\n", "k OK ");
    program_say(&talk, "l NOOP\n", "* BYE ");
    program_talk_end(&talk);
    log_in(&talk, &program);
    program_say(&talk, "b SELECT INBOX\n", "b OK ");
    program_expect(&talk, "* 3 EXISTS\n");
    program_expect_no(&talk, old);
    program_say(&talk, "c LIST \"\" Default/*\n", "c OK ");
    program_expect(&talk, "* LIST (\\HasNoChildren");
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    unlink("steps");
    unlink("more");
}

static void test_steps_that_did_not_fire_are_named(void **state)
{
    static const char *const ARGUMENTS[] = {"--script", "steps", "--trace", "trace", NULL};
    static const char *const WRONG[] = {"--script", "wrong", NULL};
    struct program program;
    (void)state;
    program_write("steps", "after 2 SELECT deliver INBOX\n");
    program_start(&program, ARGUMENTS);
    assert_int_equal(program_end(&program, true), 1);
    unlink("steps");
    unlink("trace");
    program_write("wrong", "deliver INBOX\nafter 1 SELCT deliver INBOX\n");
    program_expect_refusal(WRONG, 1, "wrong, line 2: after: ");
    program_write("wrong", "deliver nowhere\n");
    program_expect_refusal(WRONG, 1, "wrong, line 1: deliver: no such user or mailbox");
    unlink("wrong");
}

/* ---- determinism ---- */

/* One conversation with a server of this seed; its trace, which the caller frees. */
static char *trace_of(const char *seed, size_t *len)
{
    const char *const arguments[] = {"--seed", seed, "--script", "steps", "--trace", "trace", NULL};
    struct program program;
    struct program_talk talk;
    program_start(&program, arguments);
    log_in(&talk, &program);
    program_say(&talk,
        "b ENABLE QRESYNC\nc SELECT INBOX\nd FETCH 1:* (UID FLAGS INTERNALDATE MODSEQ EMAILID BODY.PEEK[])\n", "d OK ");
    program_say(&talk, "e APPEND INBOX {3}\n", "+ ");
    program_say(&talk, "xyz\nf LIST \"\" *\ng NOOP\n", "g OK ");
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    char *trace = program_read("trace", len);
    unlink("trace");
    return trace;
}

static void test_the_same_seed_and_script_give_the_same_octets(void **state)
{
    size_t len, again_len, other_len;
    (void)state;
    program_write("steps", "generate INBOX 5 500\nconversations Default 3 2\nafter 1 SELECT deliver INBOX\n");
    char *trace = trace_of("7", &len), *again = trace_of("7", &again_len), *other = trace_of("8", &other_len);
    assert_true(len > 2000);
    assert_int_equal(again_len, len);
    assert_memory_equal(again, trace, len);
    assert_false(other_len == len && memcmp(other, trace, len) == 0);
    free(trace);
    free(again);
    free(other);
    unlink("steps");
}

/* ---- faults ---- */

static void test_help_has_every_fault_and_all_of_them_go_together(void **state)
{
    enum { MOST = 120 };
    char values[MOST][64];
    const char *arguments[2 * MOST + 3] = {"--script", "steps"}, *name, *proves, *text;
    struct program program;
    size_t count = 0;
    (void)state;
    program_write("steps", "at-connect 1 fault literals=off\n");
    assert_int_equal(system(CPMSYNC_MOCKSERVER " --help >help"), 0);
    char *help = program_read("help", NULL);
    for (; cpmsync_mock_fault_list(count, &name, &proves, &text) == 0; count++) {
        char expected[200];
        assert_true(count < MOST);
        snprintf(expected, sizeof expected, "\n  %s", name);
        if (!strstr(help, expected) || !strstr(help, proves))
            fail_msg("%s is not in the help", name);
        const char *value = strcmp(name, "cut") == 0 ? "=tagged:1000000:bye" : strstr(text, "=N") ? "=1000000" : "";
        snprintf(values[count], sizeof values[count], "%s%s", name, value);
        arguments[2 + 2 * count] = "--fault";
        arguments[3 + 2 * count] = values[count];
    }
    arguments[2 + 2 * count] = NULL;
    assert_true(count > 60);
    program_start(&program, arguments);
    struct program_talk *talk = (struct program_talk *)calloc(1, sizeof *talk);
    assert_non_null(talk);
    talk->fd = program_dial(&program);
    program_hear(talk, "* BYE"); /* one of them */
    program_talk_end(talk);
    assert_int_equal(program_end(&program, true), 0);
    free(talk);
    free(help);
    unlink("help");
    unlink("steps");
}

static void test_a_fault_that_is_given_wrongly_is_explained(void **state)
{
    static const char *const WRONG[] = {"--fault", "cut=3", NULL};
    (void)state;
    program_expect_refusal(WRONG, 2, "cut=before|after|tagged|answered:N[:bye]");
}

/* ---- the trace ---- */

static void test_the_trace_tells_what_was_said_and_what_became_of_connections(void **state)
{
    static const char *const ARGUMENTS[] = {"--trace", "trace", NULL};
    struct program program;
    struct program_talk talk;
    (void)state;
    program_start(&program, ARGUMENTS);
    log_in(&talk, &program);
    program_say(&talk, "b LOGOUT\n", "b OK ");
    program_talk_end(&talk);
    program_talk_start(&talk, &program);
    program_talk_end(&talk);
    log_in(&talk, &program); /* until then the server knows that the second is gone */
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    char *trace = program_read("trace", NULL);
    static const char *const LINES[] = {"[1] -- connected in clear\n[1] S: * OK ",
        "\n[1] C: a LOGIN test test\n[1] S: a OK ", "\n[1] C: b LOGOUT\n[1] S: * BYE ",
        "\n[1] -- closed by the server\n", "\n[2] -- connected in clear\n", "\n[2] -- closed by the client\n"};
    size_t i;
    for (i = 0; i < sizeof LINES / sizeof *LINES; i++)
        if (!strstr(trace, LINES[i]))
            fail_msg("%s is not in %s", LINES[i], trace);
    free(trace);
    unlink("trace");
}

static void test_the_trace_tells_why_a_handshake_failed(void **state)
{
    static const char *const ARGUMENTS[] = {"--trace", "trace", "--tls-auto", "program-tls", NULL};
    struct program program;
    char octets[100];
    (void)state;
    program_start(&program, ARGUMENTS);
    int fd = program_dial(&program);
    assert_int_equal(send(fd, "a LOGIN in clear\r\n", 18, 0), 18);
    while (recv(fd, octets, sizeof octets, 0) > 0)
        ;
    close(fd);
    assert_int_equal(program_end(&program, true), 0);
    char *trace = program_read("trace", NULL);
    if (!strstr(trace, "[-] -- the TLS handshake failed: SSL - "))
        fail_msg("%s", trace);
    free(trace);
    unlink("trace");
    remove_tree("program-tls");
}

static void test_a_script_switches_faults_too(void **state)
{
    static const char *const ARGUMENTS[] = {"--script", "steps", NULL};
    struct program program;
    struct program_talk talk;
    (void)state;
    program_write("steps", "after 1 SELECT fault coalesce\nafter 2 SELECT fault select-no=4\n");
    program_start(&program, ARGUMENTS);
    log_in(&talk, &program);
    program_say(&talk, "b SELECT INBOX\n", "b OK ");
    program_say(&talk, "c SELECT INBOX\n", "c OK ");
    program_say(&talk, "d SELECT INBOX\n", "d OK ");
    program_say(&talk, "e SELECT INBOX\n", "e NO ");
    program_talk_end(&talk);
    assert_int_equal(program_end(&program, true), 0);
    unlink("steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_maildir_tree_is_loaded),
        cmocka_unit_test(test_an_mbox_is_loaded),
        cmocka_unit_test(test_what_cannot_be_loaded_is_named),
        cmocka_unit_test(test_an_empty_mbox_is_an_empty_mailbox),
        cmocka_unit_test(test_a_participating_function_deposits_into_a_users_store),
        cmocka_unit_test(test_a_wrong_authorization_identity_is_refused),
        cmocka_unit_test(test_a_script_changes_the_store_at_its_moments),
        cmocka_unit_test(test_steps_that_did_not_fire_are_named),
        cmocka_unit_test(test_the_same_seed_and_script_give_the_same_octets),
        cmocka_unit_test(test_help_has_every_fault_and_all_of_them_go_together),
        cmocka_unit_test(test_a_fault_that_is_given_wrongly_is_explained),
        cmocka_unit_test(test_the_trace_tells_what_was_said_and_what_became_of_connections),
        cmocka_unit_test(test_the_trace_tells_why_a_handshake_failed),
        cmocka_unit_test(test_a_script_switches_faults_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
