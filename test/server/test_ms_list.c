/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>

static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    cpmsync_mock_mailbox_create(talk->mock, NULL, "Foo/Bar");
    cpmsync_mock_mailbox_create(talk->mock, NULL, "Foo/Baz");
    cpmsync_mock_mailbox_create(talk->mock, NULL, "Moo");
    *state = talk;
    return 0;
}

static void subscribe(struct talk *talk, const char *mailbox)
{
    assert_int_equal(cpmsync_mock_subscription(talk->mock, NULL, mailbox, 1), 0);
}

static void test_ms_30_only_what_is_offered_is_understood(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1";
    struct talk *talk = talk_new(&config);
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a LIST () \"\" *\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a LIST \"\" (*)\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a LIST \"\" * RETURN ()\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a LIST \"\" * RETURN (STATUS (MESSAGES))\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a LIST (SPECIAL-USE) \"\" *\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a STATUS INBOX (SIZE)\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a STATUS INBOX (MAILBOXID)\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a CREATE x (USE (\\Sent))\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a CREATE x\n", "a OK CREATE completed\n");
    talk_expect_no(talk, conn, "a SELECT x\n", "MAILBOXID");
    talk_expect(talk, conn, "a FETCH 1 EMAILID\n", "a BAD Wrong arguments\n");
    talk_expect(talk, conn, "a SEARCH EMAILID M1\n", "a BAD Wrong arguments\n");
    talk_free(talk);
}

static void test_ms_30_the_grammar_of_extended_list(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    const char *wrong[] = {"(RECURSIVEMATCH) \"\" *", "(REMOTE RECURSIVEMATCH) \"\" *", "(FOO) \"\" *",
        "(SUBSCRIBED ) \"\" *", "(SUBSCRIBED)\"\" *", "\"\" ()", "\"\" (* )", "\"\" * RETURN", "\"\" * RETURN (FOO)",
        "\"\" * RETURN (STATUS)", "\"\" * RETURN (STATUS ())", "\"\" * RETURN (STATUS (FOO))", "\"\" * (CHILDREN)",
        "\"\" * RETURN (REMOTE)", "(RECURSIVEMATCH SPECIAL-USE) \"\" *"};
    char line[200];
    size_t i;
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(line, sizeof line, "a LIST %s\n", wrong[i]);
        talk_expect(talk, conn, line, "a BAD Wrong arguments\n");
    }
    talk_expect(talk, conn, "b LIST (SUBSCRIBED SUBSCRIBED REMOTE) \"\" * RETURN (SUBSCRIBED CHILDREN CHILDREN)\n",
        "b OK LIST completed\n");
    /* Only the plain command asks for the delimiter with "". */
    talk_expect(talk, conn, "c LIST \"\" \"\"\n", "* LIST (\\Noselect) \"/\" \"\"\nc OK LIST completed\n");
    talk_expect(talk, conn, "c LIST () \"\" \"\"\n", "c OK LIST completed\n");
    talk_expect(talk, conn, "c LIST \"\" (\"\" Moo)\n", "* LIST (\\HasNoChildren) \"/\" Moo\nc OK LIST completed\n");
}

static void test_ms_30_several_patterns_give_each_name_once(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a LIST \"\" (inbox F% Foo/B* *z)\n",
        "* LIST (\\HasChildren) \"/\" Foo\n* LIST (\\HasNoChildren) \"/\" Foo/Bar\n"
        "* LIST (\\HasNoChildren) \"/\" Foo/Baz\n* LIST (\\HasNoChildren) \"/\" INBOX\na OK LIST completed\n");
    talk_expect(talk, conn, "b LIST Foo/ (%r %z)\n",
        "* LIST (\\HasNoChildren) \"/\" Foo/Bar\n* LIST (\\HasNoChildren) \"/\" Foo/Baz\nb OK LIST completed\n");
}

static void test_ms_30_subscribed_names_need_not_exist(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    subscribe(talk, "Foo/Bar");
    subscribe(talk, "Foo/Peach");
    subscribe(talk, "Moo");
    talk_expect(talk, conn, "a LIST (SUBSCRIBED) \"\" *\n",
        "* LIST (\\Subscribed \\HasNoChildren) \"/\" Foo/Bar\n"
        "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" Foo/Peach\n"
        "* LIST (\\Subscribed \\HasNoChildren) \"/\" Moo\na OK LIST completed\n");
    talk_expect(talk, conn, "b LIST () \"\" Foo/* RETURN (SUBSCRIBED)\n",
        "* LIST (\\Subscribed \\HasNoChildren) \"/\" Foo/Bar\n* LIST (\\HasNoChildren) \"/\" Foo/Baz\n"
        "b OK LIST completed\n");
    assert_int_equal(cpmsync_mock_subscription(talk->mock, NULL, "Foo/Bar", 0), 0);
    talk_expect_no(talk, conn, "c LIST (SUBSCRIBED) \"\" *\n", "Foo/Bar");
}

/* RFC 5258 5, example 8. */
static void test_ms_30_childinfo_says_that_there_is_more_below(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %\n", "a OK LIST completed\n");
    subscribe(talk, "Foo/Baz");
    talk_expect(talk, conn, "b LIST (SUBSCRIBED) \"\" %\n", "b OK LIST completed\n");
    talk_expect(talk, conn, "c LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %\n",
        "* LIST (\\HasChildren) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\nc OK LIST completed\n");
    /* Not where a child is listed itself; always where the parent is listed for its own sake. */
    talk_expect(talk, conn, "d LIST (SUBSCRIBED RECURSIVEMATCH) \"\" *\n",
        "* LIST (\\Subscribed \\HasNoChildren) \"/\" Foo/Baz\nd OK LIST completed\n");
    subscribe(talk, "Foo");
    talk_expect(talk, conn, "e LIST (SUBSCRIBED RECURSIVEMATCH) \"\" *\n",
        "* LIST (\\Subscribed \\HasChildren) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"
        "* LIST (\\Subscribed \\HasNoChildren) \"/\" Foo/Baz\ne OK LIST completed\n");
    subscribe(talk, "Gone/Child");
    talk_expect(talk, conn, "f LIST (RECURSIVEMATCH SUBSCRIBED) \"\" G%\n",
        "* LIST (\\NonExistent \\HasNoChildren) \"/\" Gone (\"CHILDINFO\" (\"SUBSCRIBED\"))\nf OK LIST completed\n");
}

static void test_ms_30_remote_mailboxes_are_listed_for_who_asks(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    assert_int_equal(cpmsync_mock_remote(talk->mock, NULL, "Moo", 1), 0);
    subscribe(talk, "Moo");
    talk_expect_no(talk, conn, "a LIST \"\" *\n", "Moo");
    talk_expect_no(talk, conn, "a LSUB \"\" *\n", "Moo");
    talk_expect_no(talk, conn, "a LIST (SUBSCRIBED) \"\" *\n", "Moo");
    talk_expect(talk, conn, "a LIST (REMOTE) \"\" M* RETURN (STATUS (MESSAGES))\n",
        "* LIST (\\Noselect \\Remote \\HasNoChildren) \"/\" Moo\na OK LIST completed\n");
    talk_expect(talk, conn, "a LIST (REMOTE SUBSCRIBED RECURSIVEMATCH) \"\" M*\n",
        "* LIST (\\Noselect \\Subscribed \\Remote \\HasNoChildren) \"/\" Moo\na OK LIST completed\n");
    talk_expect_has(talk, conn, "a SELECT Moo\n", "a NO ");
}

static void test_ms_30_list_returns_status(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_deliver(talk, 2);
    assert_int_equal(cpmsync_mock_deliver(talk->mock, NULL, "Foo", "\\Seen", 0, "0123456789", 10), 1);
    assert_int_equal(cpmsync_mock_mailbox_delete(talk->mock, NULL, "Foo"), 0);
    talk_expect(talk, conn, "a LIST \"\" % RETURN (CHILDREN STATUS (MESSAGES UIDNEXT HIGHESTMODSEQ SIZE UNSEEN))\n",
        "* LIST (\\Noselect \\HasChildren) \"/\" Foo\n* LIST (\\HasNoChildren) \"/\" INBOX\n"
        "* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UNSEEN 2 HIGHESTMODSEQ 3 SIZE 94)\n* LIST (\\HasNoChildren) \"/\" Moo\n"
        "* STATUS Moo (MESSAGES 0 UIDNEXT 1 UNSEEN 0 HIGHESTMODSEQ 1 SIZE 0)\na OK LIST completed\n");
    /* Not for what is listed for its children's sake only (RFC 5819 3). */
    subscribe(talk, "Foo/Bar");
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, NULL, "Foo"), 0);
    talk_expect(talk, conn, "b LIST (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (STATUS (MESSAGES))\n",
        "* LIST (\\HasChildren) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\nb OK LIST completed\n");
    talk_expect(talk, conn, "c LIST (SUBSCRIBED) \"\" * RETURN (STATUS (MESSAGES))\n",
        "* LIST (\\Subscribed \\HasNoChildren) \"/\" Foo/Bar\n* STATUS Foo/Bar (MESSAGES 0)\nc OK LIST completed\n");
}

/* What the others own: only who may read has a STATUS, and a level that is no mailbox is so called. */
static void test_ms_30_mailboxes_of_others(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "bob", "bob"), 0);
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, "bob", "Seen"), 0);
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, "bob", "Read"), 0);
    assert_int_equal(cpmsync_mock_special_use(talk->mock, "bob", "Read", "\\Sent"), 0);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "bob", "Seen", "test", "l"), 0);
    assert_int_equal(cpmsync_mock_acl(talk->mock, "bob", "Read", "test", "lr"), 0);
    int conn = talk_login(talk, false);
    talk_expect(talk, conn, "a LIST \"\" (O% O%/%/%) RETURN (SPECIAL-USE STATUS (MESSAGES))\n",
        "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users\"\n"
        "* LIST (\\HasNoChildren) \"/\" \"Other Users/bob/Read\"\n* STATUS \"Other Users/bob/Read\" (MESSAGES 0)\n"
        "* LIST (\\Noselect \\HasNoChildren) \"/\" \"Other Users/bob/Seen\"\na OK LIST completed\n");
    talk_expect(talk, conn, "b LIST \"\" O%\n",
        "* LIST (\\Noselect \\HasChildren) \"/\" \"Other Users\"\nb OK LIST completed\n");
    subscribe(talk, "Other Users/bob/Read");
    talk_expect(talk, conn, "c LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %\n",
        "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"
        "c OK LIST completed\n");
    talk_expect_has(talk, conn, "d CREATE \"Other Users/bob/Read/x\" (USE (\\Sent))\n", "d NO [NOPERM]");
    assert_int_equal(cpmsync_mock_acl(talk->mock, "bob", "Read", "test", "+k"), 0);
    talk_expect_has(talk, conn, "e CREATE \"Other Users/bob/Read/x\" (USE (\\Sent))\n", "e NO [USEATTR]");
}

static void test_ms_30_highestmodseq_in_list_enables_condstore(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_deliver(talk, 1);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "b LIST \"\" Moo RETURN (STATUS (HIGHESTMODSEQ))\n", "* OK [HIGHESTMODSEQ 2]");
    assert_int_equal(cpmsync_mock_flag(talk->mock, NULL, "INBOX", "1", "+\\Seen"), 0);
    talk_expect_has(talk, conn, "c NOOP\n", "MODSEQ (3)");
    assert_int_equal(cpmsync_mock_nomodseq(talk->mock, NULL, "Moo", 1), 0);
    talk_expect_has(talk, conn, "d LIST \"\" Moo RETURN (STATUS (HIGHESTMODSEQ))\n", "(HIGHESTMODSEQ 0)");
}

static void test_ms_30_special_uses(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a CREATE Mine (USE (\\drafts \\Sent))\n", "a OK [MAILBOXID (F");
    talk_expect(talk, conn, "b CREATE Every (USE (\\All))\n", "b NO [USEATTR] No mailbox of this use here\n");
    talk_expect(talk, conn, "b CREATE Every (USE (\\Sent \\Odd))\n", "b NO [USEATTR] No mailbox of this use here\n");
    talk_expect(talk, conn, "b LIST \"\" Every\n", "b OK LIST completed\n");
    talk_expect_has(talk, conn, "c CREATE Plain (USE ())\n", "c OK ");
    talk_expect(talk, conn, "d CREATE x (USE \\Sent)\n", "d BAD Wrong arguments\n");
    talk_expect(talk, conn, "d CREATE x (USE (Sent))\n", "d BAD Wrong arguments\n");
    talk_expect(talk, conn, "d CREATE x (FOO)\n", "d BAD Wrong arguments\n");
    talk_expect(talk, conn, "d CREATE x ()\n", "d BAD Wrong arguments\n");
    assert_int_equal(cpmsync_mock_special_use(talk->mock, NULL, "Moo", "\\All \\Sent"), 0);
    assert_int_equal(cpmsync_mock_special_use(talk->mock, NULL, "Moo", "\\Odd"), CPMSYNC_ERR_INVALID_ARGUMENT);
    talk_expect(talk, conn, "e LIST (SPECIAL-USE) \"\" *\n",
        "* LIST (\\Drafts \\Sent \\HasNoChildren) \"/\" Mine\n* LIST (\\All \\Sent \\HasNoChildren) \"/\" Moo\n"
        "e OK LIST completed\n");
    talk_expect(talk, conn, "f LIST \"\" M* RETURN (SPECIAL-USE)\n",
        "* LIST (\\Drafts \\Sent \\HasNoChildren) \"/\" Mine\n* LIST (\\All \\Sent \\HasNoChildren) \"/\" Moo\n"
        "f OK LIST completed\n");
    talk_expect(
        talk, conn, "g LIST \"\" Moo RETURN (CHILDREN)\n", "* LIST (\\HasNoChildren) \"/\" Moo\ng OK LIST completed\n");
    talk_expect_has(talk, conn, "h RENAME Moo Other\n", "h OK ");
    talk_expect_has(talk, conn, "i LIST \"\" Other\n", "* LIST (\\All \\Sent \\HasNoChildren) \"/\" Other\n");
}

/* What stands behind `before` up to the parenthesis that closes it. */
static void cut_id(const struct talk *talk, const char *before, char *id, size_t size)
{
    const char *at = strstr(talk->answer, before);
    assert_non_null(at);
    at += strlen(before);
    size_t len = strcspn(at, ")");
    assert_true(len > 0 && len < size);
    memcpy(id, at, len);
    id[len] = 0;
}

static void test_ms_34_a_mailbox_keeps_its_id_when_it_is_renamed(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char first[64], other[64];
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a CREATE a/b/\n", "a OK [MAILBOXID (");
    cut_id(talk, "[MAILBOXID (", first, sizeof first);
    talk_expect_has(talk, conn, "b STATUS a/b (MAILBOXID)\n", first);
    talk_expect_has(talk, conn, "c RENAME a z\n", "c OK ");
    talk_expect_has(talk, conn, "d SELECT z/b\n", "d OK ");
    cut_id(talk, "* OK [MAILBOXID (", other, sizeof other);
    assert_string_equal(first, other);
    talk_expect_has(talk, conn, "e CREATE a/b\n", "e OK [MAILBOXID (");
    cut_id(talk, "[MAILBOXID (", other, sizeof other);
    assert_string_not_equal(first, other);
    talk_expect_has(talk, conn, "f STATUS INBOX (MAILBOXID)\n", "(MAILBOXID (");
    cut_id(talk, "(MAILBOXID (", first, sizeof first);
    strcat(first, ")");
    /* INBOX stays and gives its messages to a new mailbox. */
    talk_expect_has(talk, conn, "g RENAME INBOX Old\n", "g OK ");
    talk_expect_has(talk, conn, "h STATUS INBOX (MAILBOXID)\n", first);
    talk_expect_no(talk, conn, "i LIST \"\" Old RETURN (STATUS (MAILBOXID))\n", first);
}

static void test_ms_34_a_message_keeps_its_id_when_it_is_copied(void **state)
{
    struct talk *talk = (struct talk *)*state;
    char first[64], second[64], line[200];
    int conn = talk_login(talk, false);
    talk_deliver(talk, 2);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_expect_has(talk, conn, "b FETCH 1 (EMAILID THREADID)\n", " THREADID NIL)\n");
    cut_id(talk, "EMAILID (", first, sizeof first);
    talk_expect_has(talk, conn, "b UID FETCH 2 EMAILID\n", "EMAILID (");
    cut_id(talk, "EMAILID (", second, sizeof second);
    assert_string_not_equal(first, second);
    talk_expect_has(talk, conn, "c COPY 1 Moo\n", "c OK ");
    talk_expect_has(talk, conn, "d MOVE 2 Moo\n", "d OK ");
    talk_expect_has(talk, conn, "e SELECT Moo\n", "e OK ");
    snprintf(
        line, sizeof line, "* 1 FETCH (EMAILID (%s))\n* 2 FETCH (EMAILID (%s))\nf OK FETCH completed\n", first, second);
    talk_expect(talk, conn, "f FETCH 1:2 EMAILID\n", line);
    snprintf(line, sizeof line, "g SEARCH EMAILID %s\n", second);
    talk_expect(talk, conn, line, "* SEARCH 2\ng OK SEARCH completed\n");
    talk_expect(talk, conn, "h SEARCH THREADID T1\n", "* SEARCH\nh OK SEARCH completed\n");
    talk_expect(talk, conn, "i SEARCH EMAILID a.b\n", "i BAD Wrong arguments\n");
}

static void test_ms_56_status_of_the_selected_mailbox_is_frozen(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false);
    talk_fault(talk, "status-frozen");
    talk_deliver(talk, 1);
    talk_expect_has(talk, conn, "a SELECT INBOX\n", "a OK ");
    talk_deliver(talk, 2);
    talk_expect_has(
        talk, conn, "b LIST \"\" INBOX RETURN (STATUS (MESSAGES UIDNEXT))\n", "INBOX (MESSAGES 1 UIDNEXT 2)\n");
    talk_fault(talk, "status-frozen=off");
    talk_expect_has(talk, conn, "c STATUS INBOX (MESSAGES UIDNEXT)\n", "INBOX (MESSAGES 3 UIDNEXT 4)\n");
    talk_fault(talk, "status-frozen");
    talk_expect_has(talk, conn, "c UNSELECT\n", "c OK ");
    talk_expect_has(
        talk, conn, "d LIST \"\" INBOX RETURN (STATUS (MESSAGES UIDNEXT))\n", "INBOX (MESSAGES 3 UIDNEXT 4)\n");
}

static void test_ms_56_a_status_line_is_missing(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login(talk, false), round;
    talk_fault(talk, "status-missing=2");
    for (round = 0; round < 2; round++)
        talk_expect(talk, conn, "a LIST \"\" % RETURN (STATUS (MESSAGES))\n",
            "* LIST (\\HasChildren) \"/\" Foo\n* STATUS Foo (MESSAGES 0)\n* LIST (\\HasNoChildren) \"/\" INBOX\n"
            "* LIST (\\HasNoChildren) \"/\" Moo\n* STATUS Moo (MESSAGES 0)\na OK LIST completed\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ms_30_only_what_is_offered_is_understood),
        cmocka_unit_test_setup_teardown(test_ms_30_the_grammar_of_extended_list, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_several_patterns_give_each_name_once, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_subscribed_names_need_not_exist, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_childinfo_says_that_there_is_more_below, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_remote_mailboxes_are_listed_for_who_asks, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_list_returns_status, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_mailboxes_of_others, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_highestmodseq_in_list_enables_condstore, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_30_special_uses, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_34_a_mailbox_keeps_its_id_when_it_is_renamed, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_34_a_message_keeps_its_id_when_it_is_copied, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_56_status_of_the_selected_mailbox_is_frozen, setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_56_a_status_line_is_missing, setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
