/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>

#define BOTH "MessageNew MessageExpunge"
#define ALL_THREE "MessageNew MessageExpunge FlagChange"

static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    cpmsync_mock_mailbox_create(talk->mock, NULL, "a/b");
    cpmsync_mock_mailbox_create(talk->mock, NULL, "z");
    *state = talk;
    return 0;
}

static void deliver(struct talk *talk, const char *mailbox)
{
    assert_true(cpmsync_mock_deliver(talk->mock, NULL, mailbox, NULL, 0, "Subject: x\r\n\r\ny", 15) > 0);
}

static void heard(struct talk *talk, int conn, const char *answer)
{
    assert_string_equal(talk_hear(talk, conn), answer);
}

static void heard_nothing(struct talk *talk, int conn)
{
    heard(talk, conn, "");
}

static void set(struct talk *talk, int conn, const char *groups)
{
    char line[500];
    snprintf(line, sizeof line, "n NOTIFY SET %s\n", groups);
    talk_expect(talk, conn, line, "n OK NOTIFY completed\n");
}

static int selected(struct talk *talk, bool qresync)
{
    int conn = talk_login(talk, qresync);
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    return conn;
}

/* ---- the command ---- */

static void test_ms_27_events_depend_on_each_other(void **state)
{
    struct talk *talk = (struct talk *)*state;
    const char *wrong[] = {"(selected (MessageNew))", "(selected (MessageExpunge))", "(personal (FlagChange))",
        "(personal (" BOTH ") (FlagChange))", "(selected (FlagChange MessageNew))", "(selected (MailboxName))",
        "(selected (" BOTH ")) (selected-delayed (" BOTH "))", "(personal (MessageNew (FLAGS) MessageExpunge))",
        "(selected (MessageNew (FOO) MessageExpunge))", "(selected (MessageNew () MessageExpunge))",
        "(selected " BOTH ")", "(selected ())", "(selected)", "selected (" BOTH ")", "(everybody (" BOTH "))",
        "(subtree (" BOTH "))", "(subtree () (" BOTH "))", "(mailboxes (a b)(" BOTH "))", "(personal (" BOTH ")) ",
        "(personal (" BOTH " ))"};
    char line[300];
    size_t i;
    int conn = talk_login(talk, false);
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(line, sizeof line, "n NOTIFY SET %s\n", wrong[i]);
        talk_expect(talk, conn, line, "n BAD Wrong arguments\n");
    }
    talk_expect(talk, conn, "n NOTIFY NONE (personal NONE)\n", "n BAD Wrong arguments\n");
    talk_expect(talk, conn, "n NOTIFY SET\n", "n BAD Wrong arguments\n");
    talk_expect(talk, conn, "n NOTIFY\n", "n BAD Wrong arguments\n");
    talk_expect(talk, conn,
        "n notify set (selected-delayed (messagenew (uid flags body.peek[header.fields (from)]) messageexpunge "
        "flagchange)) (inboxes (mailboxname)) (subscribed NONE) (subtree (a z) (" BOTH ")) (mailboxes q NONE)\n",
        "n OK NOTIFY completed\n");
    talk_expect(talk, conn, "n NOTIFY NONE\n", "n OK NOTIFY completed\n");
}

static void test_ms_27_an_event_that_is_not_supported_is_answered_with_those_that_are(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    set(talk, conn, "(personal (MailboxName))");
    talk_expect_has(talk, conn, "n NOTIFY SET (personal (" BOTH " Moonrise))\n",
        "n NO [BADEVENT (MessageNew MessageExpunge FlagChange ");
    assert_true(talk_has(talk, " MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)] "));
    /* The set before it is still there. */
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "new"), 0);
    heard(talk, conn, "* LIST (\\HasNoChildren) \"/\" new\n");
    talk_fault(talk, "notify-few");
    talk_expect(talk, conn, "n NOTIFY SET (personal (MailboxName))\n",
        "n NO [BADEVENT (MessageNew MessageExpunge FlagChange)] Not all of these events\n");
    set(talk, conn, "(personal (" ALL_THREE "))");
}

static void test_ms_27_the_status_indicator_tells_where_all_mailboxes_stand(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_status status;
    char expected[500];
    int conn = selected(talk, true);
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    deliver(talk, "a/b");
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "a/b", &status), 0);
    snprintf(expected, sizeof expected,
        "* STATUS a/b (MESSAGES 1 UIDNEXT 2 UIDVALIDITY %lu HIGHESTMODSEQ 2)\nn OK NOTIFY completed\n",
        (unsigned long)status.uidvalidity);
    talk_expect(talk, conn, "n NOTIFY SET STATUS (selected (" BOTH ")) (mailboxes (INBOX a/b none) (" ALL_THREE "))\n",
        expected);
    talk_expect(talk, conn, "n NOTIFY SET STATUS (personal (MailboxName))\n", "n OK NOTIFY completed\n");
    talk_expect_has(talk, conn, "n NOTIFY SET STATUS (personal (" BOTH "))\n", "* STATUS z (MESSAGES 0");
    assert_false(talk_has(talk, "INBOX"));
    int plain = talk_login(talk, false);
    talk_expect_has(
        talk, plain, "n NOTIFY SET STATUS (inboxes (" BOTH "))\n", "* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY");
    assert_false(talk_has(talk, "HIGHESTMODSEQ"));
    talk_expect_has(talk, plain, "n NOTIFY SET STATUS (inboxes (" ALL_THREE "))\n", "HIGHESTMODSEQ");
}

static void test_ms_27_set_is_a_noop_too(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn;
    talk_deliver(talk, 2);
    conn = selected(talk, true);
    deliver(talk, "INBOX");
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1"), 1);
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2", "+\\Seen"), 0);
    heard_nothing(talk, conn);
    talk_expect(talk, conn, "n NOTIFY SET (personal (MailboxName))\n",
        "* VANISHED 1\n* 2 EXISTS\n* 2 RECENT\n* 1 FETCH (UID 2 FLAGS (\\Seen \\Recent) MODSEQ (6))\n"
        "n OK NOTIFY completed\n");
    /* Nobody asked for the selected mailbox: nothing of it is told, until somebody does. */
    deliver(talk, "INBOX");
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2", "-\\Seen"), 0);
    talk_expect(talk, conn, "o NOOP\n", "o OK NOOP completed\n");
    talk_expect(talk, conn, "n NOTIFY SET (selected NONE)\n",
        "* 3 EXISTS\n* 3 RECENT\n* 1 FETCH (UID 2 FLAGS (\\Recent) MODSEQ (8))\nn OK NOTIFY completed\n");
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "2"), 1);
    talk_expect(talk, conn, "o NOOP\n", "o OK NOOP completed\n");
    talk_expect(talk, conn, "n NOTIFY SET (selected (" BOTH "))\n", "* VANISHED 2\nn OK NOTIFY completed\n");
}

/* ---- the selected mailbox ---- */

static void test_ms_27_selected_tells_at_once(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn, other;
    talk_deliver(talk, 2);
    conn = selected(talk, false);
    other = selected(talk, false);
    set(talk, conn, "(selected (MessageNew (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))");
    deliver(talk, "INBOX");
    heard(talk, conn,
        "* 3 EXISTS\n* 3 RECENT\n* 3 FETCH (UID 3 FLAGS (\\Recent) BODY[HEADER.FIELDS (SUBJECT)] {14}\n"
        "Subject: x\n\n)\n");
    talk_expect_has(talk, other, "a STORE 2 +FLAGS (\\Seen)\n", "a OK ");
    heard(talk, conn, "* 2 FETCH (FLAGS (\\Seen \\Recent))\n");
    talk_expect_has(talk, other, "b STORE 1 +FLAGS.SILENT (\\Deleted)\n", "b OK ");
    heard(talk, conn, "* 1 FETCH (FLAGS (\\Deleted \\Recent))\n");
    talk_expect_has(talk, other, "c EXPUNGE\n", "c OK ");
    heard(talk, conn, "* 1 EXPUNGE\n");
    heard_nothing(talk, other);
    /* What it does itself it knows. */
    talk_expect_has(talk, conn, "d APPEND INBOX {1+}\nx\n", "* 3 EXISTS\n* 3 RECENT\nd OK ");
    assert_false(talk_has(talk, "FETCH"));
    talk_expect(talk, conn, "e UID STORE 2 FLAGS.SILENT ()\n", "e OK STORE completed\n");
}

static void test_ms_47_with_selected_expunges_come_with_no_command_in_progress(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int plain, qresync;
    talk_deliver(talk, 3);
    plain = selected(talk, false);
    qresync = selected(talk, true);
    set(talk, plain, "(selected (" BOTH "))");
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1"), 1);
    heard(talk, plain, "* 1 EXPUNGE\n");
    heard_nothing(talk, qresync);
    talk_expect(talk, qresync, "n NOTIFY SET (selected (" BOTH "))\n", "* VANISHED 1\nn OK NOTIFY completed\n");
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "3"), 1);
    heard(talk, plain, "* 2 EXPUNGE\n");
    heard(talk, qresync, "* VANISHED 3\n");
}

static void test_ms_27_selected_delayed_keeps_the_numbers(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn;
    talk_deliver(talk, 3);
    conn = selected(talk, false);
    set(talk, conn, "(selected-delayed (MessageNew (UID) MessageExpunge FlagChange))");
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1"), 1);
    heard_nothing(talk, conn);
    deliver(talk, "INBOX");
    heard(talk, conn, "* 4 EXISTS\n* 4 RECENT\n* 4 FETCH (UID 4)\n");
    talk_expect(talk, conn, "a FETCH 2 UID\n", "* 2 FETCH (UID 2)\na OK FETCH completed\n");
    talk_expect(talk, conn, "b NOOP\n", "* 1 EXPUNGE\nb OK NOOP completed\n");
}

static void test_ms_27_selected_is_whatever_is_selected(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    set(talk, conn, "(selected (" BOTH ")) (personal (" BOTH "))");
    deliver(talk, "z");
    heard(talk, conn, "* STATUS z (MESSAGES 1 UIDNEXT 2)\n");
    talk_expect_has(talk, conn, "s SELECT z\n", "* 1 EXISTS\n");
    deliver(talk, "z");
    heard(talk, conn, "* 2 EXISTS\n* 2 RECENT\n");
    talk_expect_has(talk, conn, "s SELECT INBOX\n", "s OK ");
    deliver(talk, "z");
    heard(talk, conn, "* STATUS z (MESSAGES 3 UIDNEXT 4)\n");
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Seen"), 0);
    heard_nothing(talk, conn);
}

static void test_ms_27_none_is_silence_but_for_what_a_command_does(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn;
    talk_deliver(talk, 3);
    conn = selected(talk, true);
    talk_expect(talk, conn, "n NOTIFY NONE\n", "n OK NOTIFY completed\n");
    deliver(talk, "INBOX");
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "2", "+$new"), 0);
    talk_expect(talk, conn, "i IDLE\n", "+ idling\n");
    deliver(talk, "INBOX");
    heard_nothing(talk, conn);
    talk_expect(talk, conn, "DONE\n", "i OK IDLE ends\n");
    talk_expect(talk, conn, "a UID STORE 1 +FLAGS.SILENT (\\Deleted)\n",
        "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $new)\n"
        "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $new \\*)] Flags permitted\n"
        "* 1 FETCH (UID 1 MODSEQ (8))\na OK STORE completed\n");
    /* A HIGHESTMODSEQ that covered what was not told would lose it. */
    talk_expect(talk, conn, "b EXPUNGE\n", "* VANISHED 1\nb OK [HIGHESTMODSEQ 4] EXPUNGE completed\n");
}

static void test_ms_28_idle_tells_what_notify_asks_for(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn;
    talk_deliver(talk, 2);
    conn = selected(talk, false);
    set(talk, conn, "(selected-delayed (" BOTH ")) (mailboxes z (" BOTH "))");
    talk_expect(talk, conn, "i IDLE\n", "+ idling\n");
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Seen"), 0);
    heard_nothing(talk, conn);
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "1"), 1);
    heard(talk, conn, "* 1 EXPUNGE\n");
    deliver(talk, "z");
    heard(talk, conn, "* STATUS z (MESSAGES 1 UIDNEXT 2)\n");
    deliver(talk, "a/b");
    heard_nothing(talk, conn);
    talk_expect(talk, conn, "DONE\n", "i OK IDLE ends\n");
}

static void test_ms_27_a_server_may_tell_the_selected_mailbox_in_idle_only(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = selected(talk, false);
    talk_fault(talk, "notify-idle-only");
    set(talk, conn, "(selected (MessageNew (UID) MessageExpunge)) (personal (" BOTH "))");
    deliver(talk, "INBOX");
    heard_nothing(talk, conn);
    deliver(talk, "z");
    heard(talk, conn, "* STATUS z (MESSAGES 1 UIDNEXT 2)\n");
    talk_expect(talk, conn, "i IDLE\n", "+ idling\n* 1 EXISTS\n* 1 RECENT\n* 1 FETCH (UID 1)\n");
    talk_expect(talk, conn, "DONE\n", "i OK IDLE ends\n");
    deliver(talk, "INBOX");
    talk_expect(talk, conn, "a NOOP\n", "* 2 EXISTS\n* 2 RECENT\n* 2 FETCH (UID 2)\na OK NOOP completed\n");
}

static void test_ms_57_in_idle_highestmodseq_comes_without_its_changes(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = selected(talk, true);
    talk_fault(talk, "modseq-ahead");
    talk_expect(talk, conn, "n NOTIFY NONE\n", "n OK NOTIFY completed\n");
    talk_expect(talk, conn, "i IDLE\n", "+ idling\n");
    deliver(talk, "INBOX");
    heard(talk, conn, "* OK [HIGHESTMODSEQ 2] So far\n");
    talk_expect(talk, conn, "DONE\n", "i OK IDLE ends\n");
}

/* ---- other mailboxes ---- */

static void test_ms_27_messages_of_other_mailboxes_are_told_by_status(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char expected[200];
    struct cpmsync_mock_status status;
    int plain = talk_login(talk, false), qresync = talk_login(talk, true), doer = talk_login(talk, false);
    set(talk, plain, "(subtree a (" ALL_THREE "))");
    set(talk, qresync, "(personal (" ALL_THREE "))");
    set(talk, doer, "(personal (" ALL_THREE "))");
    memset(&status, 0, sizeof status);
    status.size = sizeof status;
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "a/b", &status), 0);
    talk_expect_no(talk, doer, "a APPEND a/b {1+}\nx\n", "STATUS");
    heard_nothing(talk, doer);
    snprintf(expected, sizeof expected, "* STATUS a/b (MESSAGES 1 UIDNEXT 2 UIDVALIDITY %lu)\n",
        (unsigned long)status.uidvalidity);
    heard(talk, plain, expected);
    snprintf(expected, sizeof expected, "* STATUS a/b (MESSAGES 1 UIDNEXT 2 UIDVALIDITY %lu HIGHESTMODSEQ 2)\n",
        (unsigned long)status.uidvalidity);
    heard(talk, qresync, expected);
    /* Without mod-sequences a change of flags would be told by nothing. */
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "a/b", "1", "+\\Seen"), 0);
    heard_nothing(talk, plain);
    snprintf(expected, sizeof expected, "* STATUS a/b (UIDVALIDITY %lu HIGHESTMODSEQ 3)\n",
        (unsigned long)status.uidvalidity);
    heard(talk, qresync, expected);
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "a/b", "1"), 1);
    talk_hear(talk, plain);
    assert_true(talk_has(talk, "* STATUS a/b (MESSAGES 0 UIDNEXT 2"));
    deliver(talk, "z");
    heard_nothing(talk, plain);
    talk_hear(talk, qresync);
    assert_true(talk_has(talk, "* STATUS z (MESSAGES 1"));
    assert_int_equal(cpmsync_mock_uidvalidity_change(talk->mock, NULL, "a/b"), 0);
    assert_int_equal(cpmsync_mock_mailbox_status(talk->mock, NULL, "a/b", &status), 0);
    snprintf(expected, sizeof expected, "UIDVALIDITY %lu", (unsigned long)status.uidvalidity);
    talk_hear(talk, plain);
    assert_true(talk_has(talk, expected));
}

static void test_ms_27_which_mailboxes(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    set(talk, conn, "(inboxes (" BOTH "))");
    deliver(talk, "z");
    heard_nothing(talk, conn);
    deliver(talk, "INBOX");
    heard(talk, conn, "* STATUS INBOX (MESSAGES 1 UIDNEXT 2)\n");
    set(talk, conn, "(subscribed (" BOTH "))");
    deliver(talk, "z");
    heard_nothing(talk, conn);
    assert_int_equal(cpmsync_mock_subscription(talk->mock, NULL, "z", 1), 0);
    deliver(talk, "z");
    heard(talk, conn, "* STATUS z (MESSAGES 3 UIDNEXT 4)\n");
    set(talk, conn, "(mailboxes (a inbox) (" BOTH "))");
    deliver(talk, "a/b");
    heard_nothing(talk, conn);
    deliver(talk, "INBOX");
    heard(talk, conn, "* STATUS INBOX (MESSAGES 2 UIDNEXT 3)\n");
    /* Several groups add up; wildcards are names. */
    set(talk, conn, "(mailboxes \"%\" (" BOTH ")) (mailboxes a (" BOTH ")) (subtree a (MailboxName))");
    deliver(talk, "z");
    deliver(talk, "a/b");
    heard_nothing(talk, conn);
    deliver(talk, "a");
    heard(talk, conn, "* STATUS a (MESSAGES 1 UIDNEXT 2)\n");
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "a/b/c"), 0);
    heard(talk, conn, "* LIST (\\HasNoChildren) \"/\" a/b/c\n* LIST (\\HasChildren) \"/\" a/b\n");
}

static void test_ms_27_names_that_come_and_go(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), doer = talk_login(talk, false);
    set(talk, conn, "(personal (MailboxName))");
    set(talk, doer, "(personal (MailboxName))");
    talk_expect_no(talk, doer, "a CREATE a/new\n", "LIST");
    heard(talk, conn, "* LIST (\\HasNoChildren) \"/\" a/new\n* LIST (\\HasChildren) \"/\" a\n");
    talk_expect_has(talk, doer, "b RENAME a q/r\n", "b OK ");
    heard(talk, conn, "* LIST (\\HasNoChildren) \"/\" q\n* LIST (\\HasChildren) \"/\" q/r (\"OLDNAME\" (a))\n");
    talk_expect_has(talk, doer, "c DELETE q/r/b\n", "c OK ");
    heard(talk, conn, "* LIST (\\NonExistent \\HasNoChildren) \"/\" q/r/b\n* LIST (\\HasChildren) \"/\" q/r\n");
    talk_expect_has(talk, doer, "d DELETE q/r\n", "d OK ");
    heard(talk, conn, "* LIST (\\Noselect \\HasChildren) \"/\" q/r\n* LIST (\\HasChildren) \"/\" q\n");
    /* INBOX stays: no event of it. */
    talk_expect_has(talk, doer, "e RENAME INBOX old\n", "e OK ");
    heard(talk, conn, "* LIST (\\HasNoChildren) \"/\" old (\"OLDNAME\" (INBOX))\n");
    talk_expect_has(talk, doer, "f CREATE q/r\n", "f OK ");
    heard(talk, conn, "* LIST (\\HasChildren) \"/\" q/r\n* LIST (\\HasChildren) \"/\" q\n");
}

static void test_ms_27_subscriptions(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), doer = talk_login(talk, false);
    set(talk, conn, "(subscribed (SubscriptionChange))");
    talk_expect_has(talk, doer, "a SUBSCRIBE a\n", "a OK ");
    heard(talk, conn, "* LIST (\\Subscribed \\HasChildren) \"/\" a\n");
    talk_expect_has(talk, doer, "b UNSUBSCRIBE a\n", "b OK ");
    heard(talk, conn, "* LIST (\\HasChildren) \"/\" a\n");
    assert_int_equal(cpmsync_mock_subscription(talk->mock, NULL, "gone", 1), 0);
    heard(talk, conn, "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" gone\n");
    set(talk, conn, "(mailboxes z (SubscriptionChange))");
    talk_expect_has(talk, doer, "c SUBSCRIBE a\n", "c OK ");
    heard_nothing(talk, conn);
}

static void test_ms_27_metadata(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), doer = talk_login(talk, false);
    set(talk, conn, "(mailboxes a (MailboxMetadataChange))");
    talk_expect_has(talk, doer, "a SETMETADATA a (/shared/comment \"x\")\n", "a OK ");
    heard(talk, conn, "* METADATA a /shared/comment\n");
    talk_expect_has(talk, doer, "b SETMETADATA z (/shared/comment \"x\")\n", "b OK ");
    talk_expect_has(talk, doer, "c SETMETADATA \"\" (/shared/vendor/x/y \"x\")\n", "c OK ");
    heard_nothing(talk, conn);
    set(talk, conn, "(mailboxes none (ServerMetadataChange))");
    talk_expect_has(talk, doer, "d SETMETADATA \"\" (/shared/vendor/x/y NIL)\n", "d OK ");
    heard(talk, conn, "* METADATA \"\" /shared/vendor/x/y\n");
}

static void test_ms_27_rights(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), names = talk_login(talk, false);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "bob", "bob"), 0);
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, "bob", "m"), 0);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "bob", "m", "test", "l"), 0);
    talk_expect(talk, conn, "n NOTIFY SET STATUS (mailboxes \"Other Users/bob/m\" (" BOTH "))\n",
        "* LIST (\\NoAccess \\HasNoChildren) \"/\" \"Other Users/bob/m\"\nn OK NOTIFY completed\n");
    talk_expect_has(talk, names, "n NOTIFY SET (subtree \"Other Users\" (MailboxName))\n", "n OK ");
    assert_true(cpmsync_mock_deliver(talk->mock, "bob", "m", NULL, 0, "x", 1) > 0);
    heard_nothing(talk, conn);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "bob", "m", "test", "lr"), 0);
    assert_true(cpmsync_mock_deliver(talk->mock, "bob", "m", NULL, 0, "x", 1) > 0);
    heard(talk, conn, "* STATUS \"Other Users/bob/m\" (MESSAGES 2 UIDNEXT 3)\n");
    assert_int_equal(cpmsync_mock_acl(talk->mock, "bob", "m", "test", ""), 0);
    heard(talk, conn, "* LIST (\\NoAccess \\HasNoChildren) \"/\" \"Other Users/bob/m\"\n");
    heard(talk, names, "* LIST (\\NonExistent \\HasNoChildren) \"/\" \"Other Users/bob/m\"\n");
    assert_true(cpmsync_mock_deliver(talk->mock, "bob", "m", NULL, 0, "x", 1) > 0);
    heard_nothing(talk, conn);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "bob", "m", "test", "lr"), 0);
    heard(talk, conn, "* LIST (\\HasNoChildren) \"/\" \"Other Users/bob/m\"\n");
    heard(talk, names, "* LIST (\\HasNoChildren) \"/\" \"Other Users/bob/m\"\n");
}

/* ---- too much ---- */

static void test_ms_47_an_overflow_ends_all_notifications(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = selected(talk, false);
    set(talk, conn, "(selected (" BOTH ")) (personal (" BOTH "))");
    talk_fault(talk, "notify-overflow=3");
    deliver(talk, "z");
    heard(talk, conn, "* STATUS z (MESSAGES 1 UIDNEXT 2)\n");
    deliver(talk, "INBOX");
    heard(talk, conn, "* 1 EXISTS\n* 1 RECENT\n");
    deliver(talk, "z");
    heard(talk, conn, "* OK [NOTIFICATIONOVERFLOW] Too much to tell\n");
    deliver(talk, "z");
    deliver(talk, "INBOX");
    heard_nothing(talk, conn);
    talk_expect(talk, conn, "a NOOP\n", "a OK NOOP completed\n");
    talk_fault(talk, "notify-refuse");
    talk_expect(talk, conn, "n NOTIFY SET (selected (" BOTH "))\n", "n NO [NOTIFICATIONOVERFLOW] Too much to watch\n");
    talk_fault(talk, "notify-refuse=off");
    talk_expect(talk, conn, "n NOTIFY SET (selected (" BOTH "))\n", "* 2 EXISTS\n* 2 RECENT\nn OK NOTIFY completed\n");
}

static void test_ms_27_without_the_capability_there_is_no_such_command(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 IDLE";
    struct talk *talk = talk_new(&config);
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "n NOTIFY NONE\n", "n BAD Unknown command\n");
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ms_27_events_depend_on_each_other, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_27_an_event_that_is_not_supported_is_answered_with_those_that_are, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_27_the_status_indicator_tells_where_all_mailboxes_stand, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_set_is_a_noop_too, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_selected_tells_at_once, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_47_with_selected_expunges_come_with_no_command_in_progress, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_selected_delayed_keeps_the_numbers, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_selected_is_whatever_is_selected, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_none_is_silence_but_for_what_a_command_does, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_28_idle_tells_what_notify_asks_for, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_27_a_server_may_tell_the_selected_mailbox_in_idle_only, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_57_in_idle_highestmodseq_comes_without_its_changes, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_ms_27_messages_of_other_mailboxes_are_told_by_status, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_which_mailboxes, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_names_that_come_and_go, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_subscriptions, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_metadata, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_27_rights, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_47_an_overflow_ends_all_notifications, setup, talk_teardown),
        cmocka_unit_test(test_ms_27_without_the_capability_there_is_no_such_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
