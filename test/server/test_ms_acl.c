/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdio.h>

/* The users test and other; mailboxes of test. */
static int setup(void **state)
{
    struct talk *talk = talk_new(NULL);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "other"), 0);
    *state = talk;
    return 0;
}

static void grant(struct talk *talk, const char *mailbox, const char *rights)
{
    assert_int_equal(cpmsync_mock_acl(talk->mock, "test", mailbox, "other", rights), 0);
}

static void create(struct talk *talk, const char *mailbox)
{
    assert_int_equal(cpmsync_mock_mailbox_create(talk->mock, "test", mailbox), 0);
}

static void expect_dump(struct talk *talk, const char *mailbox, const char *lines)
{
    char text[2000];
    assert_true(cpmsync_mock_dump(talk->mock, "test", mailbox, text, sizeof text) > 0);
    assert_string_equal(strchr(text, '\n') + 1, lines);
}

/* ---- the commands ---- */

static void test_ms_24_capability_names_the_new_rights(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "test");
    talk_expect_has(talk, conn, "a CAPABILITY\n", " ACL RIGHTS=texk");
    talk_fault(talk, "rfc2086");
    talk_expect_no(talk, conn, "a CAPABILITY\n", "RIGHTS=");
    assert_true(talk_has(talk, " ACL"));
}

static void test_ms_24_setacl_replaces_adds_and_removes(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "test");
    talk_expect(talk, conn, "a GETACL inbox\n", "* ACL INBOX test lrswipkxteancd\na OK GETACL completed\n");
    talk_expect(talk, conn, "a SETACL INBOX other lrs\n", "a OK SETACL completed\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other lrs\n");
    talk_expect(talk, conn, "a SETACL INBOX other +iw\n", "a OK SETACL completed\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other lrswi\n");
    talk_expect(talk, conn, "a SETACL INBOX other -rl\n", "a OK SETACL completed\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other swi\n");
    talk_expect(talk, conn, "a SETACL INBOX other \"\"\n", "a OK SETACL completed\n");
    talk_expect_no(talk, conn, "a GETACL INBOX\n", "other");
    talk_expect(talk, conn, "a SETACL INBOX other p\nb DELETEACL INBOX other\nc GETACL INBOX\n",
        "a OK SETACL completed\nb OK DELETEACL completed\n* ACL INBOX test lrswipkxteancd\nc OK GETACL completed\n");
    talk_expect(talk, conn, "a DELETEACL INBOX other\n", "a OK DELETEACL completed\n");
}

static void test_ms_24_virtual_rights_are_taken_and_returned(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "test");
    talk_say(talk, conn, "a SETACL INBOX other lc\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other lkxc\n");
    talk_say(talk, conn, "a SETACL INBOX other ld\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other lted\n");
    talk_say(talk, conn, "a SETACL INBOX other lk\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other lkc\n");
    talk_say(talk, conn, "a SETACL INBOX other +t\n");
    int their = talk_login_as(talk, "other");
    talk_expect(talk, their, "a MYRIGHTS \"Other Users/test/INBOX\"\n",
        "* MYRIGHTS \"Other Users/test/INBOX\" lktcd\na OK MYRIGHTS completed\n");
    talk_say(talk, conn, "a SETACL INBOX other -cd\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other l\n");
}

static void test_ms_24_an_unknown_right_is_bad(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "test");
    talk_expect_has(talk, conn, "a SETACL INBOX other lrQs\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX other lrqs\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX other lr0\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX other l+r\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX other\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX \"\" l\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX \"-\" l\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX {2+}\n\xc3(\x20l\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX {2+}\na\x01 l\n", "a BAD ");
    talk_expect_no(talk, conn, "a GETACL INBOX\n", "other");
}

static void test_ms_24_identifiers_return_as_sent(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "test");
    talk_say(talk, conn, "a SETACL INBOX $Team l\na SETACL INBOX \"a b\" r\na SETACL INBOX {3+}\n\xc3\xa9x s\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " $Team l \"a b\" r {3}\n\xc3\xa9x s\n");
    talk_expect(talk, conn, "a LISTRIGHTS INBOX OTHER\n",
        "* LISTRIGHTS INBOX OTHER \"\" l r s w i p k x t e c d a n\na OK LISTRIGHTS completed\n");
    talk_expect(talk, conn, "a LISTRIGHTS INBOX test\n",
        "* LISTRIGHTS INBOX test la r s w i p k x t e c d n\na OK LISTRIGHTS completed\n");
    talk_expect_has(talk, conn, "a LISTRIGHTS INBOX \"-anyone\"\n", "* LISTRIGHTS INBOX -anyone \"\" l r ");
}

static void test_ms_24_anyone_and_negative_rights(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "test"), their = talk_login_as(talk, "other");
    talk_say(talk, conn, "a SETACL INBOX anyone lrw\na SETACL INBOX other s\n");
    talk_expect_has(talk, their, "a MYRIGHTS \"Other Users/test/INBOX\"\n", " lrsw\n");
    talk_say(talk, conn, "a SETACL INBOX -other ws\n");
    talk_expect_has(talk, their, "a MYRIGHTS \"Other Users/test/INBOX\"\n", " lr\n");
    talk_say(talk, conn, "a DELETEACL INBOX other\n");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " anyone lrw -other sw\n");
    talk_say(talk, conn, "a DELETEACL INBOX -other\na SETACL INBOX -anyone r\n");
    talk_expect_has(talk, their, "a MYRIGHTS \"Other Users/test/INBOX\"\n", " lw\n");
    talk_fault(talk, "no-negative-rights");
    talk_expect(talk, conn, "a SETACL INBOX -other l\n", "a NO [CANNOT] No negative rights\n");
}

static void test_ms_24_the_owner_keeps_l_and_a(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "test");
    talk_say(talk, conn, "a SETACL INBOX test \"\"\n");
    talk_expect(talk, conn, "a GETACL INBOX\n", "* ACL INBOX test la\na OK GETACL completed\n");
    talk_say(talk, conn, "a SETACL INBOX -test a\n");
    talk_expect_has(talk, conn, "a MYRIGHTS INBOX\n", " la\n");
}

static void test_ms_24_a_server_of_rfc_2086(void **state)
{
    struct talk *talk = (struct talk *)*state;
    talk_fault(talk, "rfc2086");
    int conn = talk_login_as(talk, "test");
    talk_expect(talk, conn, "a MYRIGHTS INBOX\n", "* MYRIGHTS INBOX lrswipacd\na OK MYRIGHTS completed\n");
    talk_expect_has(talk, conn, "a SETACL INBOX other lk\n", "a BAD ");
    talk_expect_has(talk, conn, "a SETACL INBOX other lrcd\n", "a OK ");
    talk_expect_has(talk, conn, "a GETACL INBOX\n", " other lrcd\n");
    talk_expect_has(talk, conn, "a LISTRIGHTS INBOX other\n", "* LISTRIGHTS INBOX other \"\" l r s w i p c d a\n");
    int their = talk_login_as(talk, "other");
    talk_expect_has(talk, their, "a CREATE \"Other Users/test/INBOX/x\"\n", "a OK ");
    talk_expect_has(talk, their, "a DELETE \"Other Users/test/INBOX/x\"\n", "a OK ");
}

static void test_ms_24_without_acl_everybody_is_alone(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 NAMESPACE";
    struct talk *talk = talk_new(&config);
    assert_int_equal(cpmsync_mock_user_add(talk->mock, "other", "other"), 0);
    grant(talk, "INBOX", "lrswi");
    int conn = talk_login_as(talk, "other");
    talk_expect_has(talk, conn, "a MYRIGHTS INBOX\n", "a BAD ");
    talk_expect(talk, conn, "a NAMESPACE\n", "* NAMESPACE ((\"\" \"/\")) NIL NIL\na OK NAMESPACE completed\n");
    talk_expect_no(talk, conn, "a LIST \"\" *\n", "test");
    talk_expect_has(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n", "a NO [NONEXISTENT]");
    talk_expect_has(talk, conn, "a CREATE \"Other Users/test/x\"\n", "a OK ");
    talk_free(talk);
}

/* ---- the table of section 4, row by row ---- */

static void test_ms_24_list_wants_l(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    create(talk, "a/b/c");
    create(talk, "d");
    talk_expect(talk, conn, "a NAMESPACE\n",
        "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\na OK NAMESPACE completed\n");
    talk_expect(talk, conn, "a LIST \"\" *\n", "* LIST (\\HasNoChildren) \"/\" INBOX\na OK LIST completed\n");
    talk_expect_no(talk, conn, "a LIST \"\" %\n", "Other");
    grant(talk, "a", "rswipkxtea");
    grant(talk, "a/b", "l");
    grant(talk, "d", "r");
    talk_expect(talk, conn, "a LIST \"\" *\n",
        "* LIST (\\HasNoChildren) \"/\" INBOX\n"
        "* LIST (\\HasNoChildren) \"/\" \"Other Users/test/a/b\"\na OK LIST completed\n");
    talk_expect(talk, conn, "a LIST \"Other Users/test/\" %\n",
        "* LIST (\\Noselect \\HasChildren) \"/\" \"Other Users/test/a\"\na OK LIST completed\n");
    talk_expect_has(talk, conn, "a LIST \"\" %\n", "* LIST (\\Noselect \\HasChildren) \"/\" \"Other Users\"\n");
    grant(talk, "a/b/c", "l");
    talk_expect_has(talk, conn, "a LIST \"\" *b\n", "* LIST (\\HasChildren) \"/\" \"Other Users/test/a/b\"\n");
    talk_expect(talk, conn, "a LIST \"Other Users/test/\" %/%\n",
        "* LIST (\\HasChildren) \"/\" \"Other Users/test/a/b\"\na OK LIST completed\n");
}

static void test_ms_24_subscribe_wants_l_unsubscribe_and_lsub_nothing(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    create(talk, "x");
    grant(talk, "x", "rswipkxtea");
    talk_expect(talk, conn, "a SUBSCRIBE \"Other Users/test/x\"\n", "a NO [NONEXISTENT] No such mailbox\n");
    grant(talk, "x", "l");
    talk_expect_has(talk, conn, "a SUBSCRIBE \"Other Users/test/x\"\n", "a OK ");
    grant(talk, "x", "-l");
    talk_expect_has(talk, conn, "a LSUB \"\" *\n", "* LSUB () \"/\" \"Other Users/test/x\"\n");
    talk_expect_has(talk, conn, "a UNSUBSCRIBE \"Other Users/test/x\"\n", "a OK ");
}

static void test_ms_24_create_wants_k_on_the_parent_and_inherits(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    create(talk, "x");
    grant(talk, "x", "lrswipxtea");
    talk_expect(talk, conn, "a CREATE \"Other Users/test/x/y\"\n", "a NO [NOPERM] You may not\n");
    talk_expect(talk, conn, "a CREATE \"Other Users/test/y\"\n", "a NO [CANNOT] Not with this name\n");
    talk_expect(talk, conn, "a CREATE \"Other Users/nobody/y\"\n", "a NO [CANNOT] Not with this name\n");
    talk_expect(talk, conn, "a CREATE \"Other Users\"\n", "a NO [CANNOT] Not with this name\n");
    grant(talk, "x", "k");
    talk_expect_has(talk, conn, "a CREATE \"Other Users/test/x/y/z/\"\n", "a OK [MAILBOXID ");
    talk_expect_has(talk, conn, "a CREATE \"Other Users/test/x/y/z\"\n", "a NO [ALREADYEXISTS]");
    talk_expect_has(talk, conn, "a MYRIGHTS \"Other Users/test/x/y/z\"\n", " kc\n");
    int own = talk_login_as(talk, "test");
    talk_expect_has(talk, own, "a GETACL x/y/z\n", "* ACL x/y/z test lrswipkxteancd other kc\n");
    talk_say(talk, own, "a SETACL x test lrswi\n");
    talk_expect_has(talk, own, "a CREATE x/w\n", "a NO [NOPERM]");
    talk_expect_has(talk, own, "a CREATE w\n", "a OK ");
}

static void test_ms_24_delete_wants_x_and_takes_the_list_along(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    create(talk, "x/y");
    grant(talk, "x", "lrswipktea");
    grant(talk, "x/y", "x");
    talk_expect(talk, conn, "a DELETE \"Other Users/test/x\"\n", "a NO [NOPERM] You may not\n");
    grant(talk, "x", "+x");
    talk_expect(talk, conn, "a DELETE \"Other Users/test/x\"\n", "a OK DELETE completed\n");
    int own = talk_login_as(talk, "test");
    talk_expect_has(talk, own, "a LIST \"\" x\n", "\\Noselect");
    talk_expect(talk, own, "a GETACL x\n", "* ACL x test lrswipkxteancd\na OK GETACL completed\n");
    talk_expect(talk, conn, "a DELETE \"Other Users/test/x/y\"\n", "a OK DELETE completed\n");
    talk_expect_has(talk, own, "a CREATE x/y\n", "a OK ");
    talk_expect_no(talk, own, "a GETACL x/y\n", "other");
}

static void test_ms_24_rename_wants_x_on_the_old_and_k_on_the_new_parent(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    create(talk, "a/b/c");
    create(talk, "d");
    grant(talk, "a/b/c", "lk");
    grant(talk, "d", "lk");
    talk_expect(
        talk, conn, "a RENAME \"Other Users/test/a/b/c\" \"Other Users/test/d/e\"\n", "a NO [NOPERM] You may not\n");
    grant(talk, "a/b/c", "lx");
    grant(talk, "d", "lx");
    talk_expect(
        talk, conn, "a RENAME \"Other Users/test/a/b/c\" \"Other Users/test/d/e\"\n", "a NO [NOPERM] You may not\n");
    talk_expect(
        talk, conn, "a RENAME \"Other Users/test/a/b/c\" mine\n", "a NO [CANNOT] Not from one user to another\n");
    grant(talk, "d", "k");
    talk_expect(
        talk, conn, "a RENAME \"Other Users/test/a/b/c\" \"Other Users/test/d/e\"\n", "a OK RENAME completed\n");
    talk_expect_has(talk, conn, "a MYRIGHTS \"Other Users/test/d/e\"\n", " lxc\n");
}

static void test_ms_24_select_examine_and_status_want_r(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    grant(talk, "INBOX", "lswipkxtea");
    talk_expect(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n", "a NO [NOPERM] You may not\n");
    talk_expect(talk, conn, "a EXAMINE \"Other Users/test/INBOX\"\n", "a NO [NOPERM] You may not\n");
    talk_expect(talk, conn, "a STATUS \"Other Users/test/INBOX\" (MESSAGES)\n", "a NO [NOPERM] You may not\n");
    grant(talk, "INBOX", "r");
    talk_expect_has(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n", "a OK ");
    talk_expect_has(talk, conn, "a EXAMINE \"Other Users/test/inbox\"\n", "a OK ");
    talk_expect(talk, conn, "a STATUS \"Other Users/test/inbox\" (MESSAGES)\n",
        "* STATUS \"Other Users/test/INBOX\" (MESSAGES 0)\na OK STATUS completed\n");
}

static void test_ms_24_the_acl_commands_want_a(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    static const char *const COMMANDS[] = {"a SETACL \"Other Users/test/INBOX\" x l\n",
        "a DELETEACL \"Other Users/test/INBOX\" x\n", "a GETACL \"Other Users/test/INBOX\"\n",
        "a LISTRIGHTS \"Other Users/test/INBOX\" x\n"};
    size_t i;
    for (i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        grant(talk, "INBOX", "lrswipkxte");
        talk_expect(talk, conn, COMMANDS[i], "a NO [NOPERM] You may not\n");
        grant(talk, "INBOX", "a");
        talk_expect_has(talk, conn, COMMANDS[i], "a OK ");
    }
}

static void test_ms_24_myrights_wants_any_of_lrikxa(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    static const char ENOUGH[] = "lrikxa";
    char rights[2] = "";
    size_t i;
    grant(talk, "INBOX", "swpte");
    talk_expect(talk, conn, "a MYRIGHTS \"Other Users/test/INBOX\"\n", "a NO [NONEXISTENT] No such mailbox\n");
    for (i = 0; ENOUGH[i]; i++) {
        rights[0] = ENOUGH[i];
        grant(talk, "INBOX", rights);
        talk_expect_has(talk, conn, "a MYRIGHTS \"Other Users/test/INBOX\"\n", "a OK ");
    }
}

static void test_ms_24_append_wants_i_and_keeps_the_flags_one_may_set(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    static const char APPEND[] = "a APPEND \"Other Users/test/INBOX\" (\\Seen \\Deleted \\Flagged $x) {5+}\nhello\n";
    grant(talk, "INBOX", "lrswpkxtea");
    talk_expect(talk, conn, APPEND, "a NO [NOPERM] You may not\n");
    grant(talk, "INBOX", "i");
    talk_expect_has(talk, conn, APPEND, "a OK [APPENDUID ");
    grant(talk, "INBOX", "is");
    talk_expect_has(talk, conn, APPEND, "a OK ");
    grant(talk, "INBOX", "it");
    talk_expect_has(talk, conn, APPEND, "a OK ");
    grant(talk, "INBOX", "iw");
    talk_expect_has(talk, conn, APPEND, "a OK ");
    expect_dump(talk, "INBOX", "1 2 ()\n2 3 (\\Seen)\n3 4 (\\Deleted)\n4 5 ($x \\Flagged)\n");
}

static void test_ms_24_copy_wants_i_and_keeps_the_flags_one_may_set(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    static const char COPY[] = "a COPY 1:3 \"Other Users/test/INBOX\"\n";
    static const char *const FLAGS[] = {"\\Draft \\Deleted", "\\Answered", "$Forwarded \\Seen"};
    size_t i;
    for (i = 0; i < 3; i++)
        assert_true(cpmsync_mock_deliver(talk->mock, "other", "INBOX", FLAGS[i], 0, "x", 1) > 0);
    talk_say(talk, conn, "a SELECT INBOX\n");
    grant(talk, "INBOX", "lrswpkxtea");
    talk_expect(talk, conn, COPY, "a NO [NOPERM] You may not\n");
    grant(talk, "INBOX", "rwis");
    talk_expect_has(talk, conn, COPY, "a OK ");
    grant(talk, "INBOX", "rsti");
    talk_expect_has(talk, conn, COPY, "a OK ");
    expect_dump(talk, "INBOX",
        "1 2 (\\Draft)\n2 2 (\\Answered)\n3 2 ($Forwarded \\Seen)\n4 3 (\\Deleted)\n5 3 ()\n6 3 (\\Seen)\n");
}

static void test_ms_24_move_wants_t_and_e_where_it_takes_from(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    talk_deliver(talk, 1);
    grant(talk, "INBOX", "lre");
    talk_say(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n");
    talk_expect(talk, conn, "a MOVE 1 INBOX\n", "a NO [NOPERM] You may not\n");
    grant(talk, "INBOX", "lrt");
    talk_expect_has(talk, conn, "a MOVE 1 INBOX\n", "a NO [NOPERM] You may not\n");
    grant(talk, "INBOX", "lrte");
    talk_expect_has(talk, conn, "a MOVE 1 INBOX\n", "a OK ");
}

static void test_ms_24_expunge_wants_e_and_close_is_ok_without(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    talk_deliver(talk, 2);
    assert_int_equal(cpmsync_mock_flag(talk->mock, "test", "INBOX", "1:2", "+\\Deleted"), 0);
    grant(talk, "INBOX", "lrswipkxta");
    talk_say(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n");
    talk_expect(talk, conn, "a EXPUNGE\n", "a NO [NOPERM] You may not\n");
    talk_expect(talk, conn, "a UID EXPUNGE 1\n", "a NO [NOPERM] You may not\n");
    talk_expect(talk, conn, "a CLOSE\n", "a OK CLOSE completed\n");
    expect_dump(talk, "INBOX", "1 4 (\\Deleted)\n2 4 (\\Deleted)\n");
    grant(talk, "INBOX", "re");
    talk_say(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n");
    talk_expect_has(talk, conn, "a UID EXPUNGE 1\n", "a OK ");
    talk_expect(talk, conn, "a CLOSE\n", "a OK CLOSE completed\n");
    expect_dump(talk, "INBOX", "");
}

static void test_ms_24_fetch_sets_seen_only_with_s(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    talk_deliver(talk, 1);
    grant(talk, "INBOX", "lrwipkxtea");
    talk_say(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n");
    talk_expect_no(talk, conn, "a FETCH 1 BODY[TEXT]\n", "FLAGS");
    expect_dump(talk, "INBOX", "1 2 ()\n");
    grant(talk, "INBOX", "rs");
    talk_expect_has(talk, conn, "a FETCH 1 BODY[TEXT]\n", "FLAGS (\\Seen");
    expect_dump(talk, "INBOX", "1 3 (\\Seen)\n");
}

static void test_ms_24_store_wants_s_t_or_w_and_a_part_is_ok(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    talk_deliver(talk, 1);
    grant(talk, "INBOX", "lripkxea");
    talk_say(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n");
    talk_expect_has(talk, conn, "a STORE 1 +FLAGS (\\Seen \\Deleted \\Flagged)\n", "a NO [NOPERM]");
    talk_expect_has(talk, conn, "a STORE 1 FLAGS (\\Seen)\n", "a NO [NOPERM]");
    grant(talk, "INBOX", "rs");
    talk_expect_has(talk, conn, "a STORE 1 +FLAGS (\\Deleted $new)\n", "a NO [NOPERM]");
    talk_expect_has(talk, conn, "a STORE 1 +FLAGS (\\Seen \\Deleted $new)\n", "FETCH (FLAGS (\\Seen \\Recent))\na OK ");
    grant(talk, "INBOX", "rt");
    talk_expect_has(talk, conn, "a STORE 1 +FLAGS (\\Deleted \\Flagged)\n", "a OK ");
    talk_expect_has(talk, conn, "a STORE 1 -FLAGS (\\Seen)\n", "a NO [NOPERM]");
    grant(talk, "INBOX", "rw");
    talk_expect_has(talk, conn, "a STORE 1 +FLAGS (\\Answered $new \\Seen)\n", "a OK ");
    expect_dump(talk, "INBOX", "1 5 ($new \\Answered \\Deleted \\Seen)\n");
    talk_expect_has(talk, conn, "a STORE 1 FLAGS (\\Flagged)\n", "a OK ");
    expect_dump(talk, "INBOX", "1 6 (\\Deleted \\Flagged \\Seen)\n");
}

/* ---- MS-25 ---- */

static void test_ms_25_permanentflags_reflect_the_rights(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other"), own = talk_login_as(talk, "test");
    grant(talk, "INBOX", "lrs");
    talk_expect_has(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n", "[PERMANENTFLAGS (\\Seen)]");
    assert_true(talk_has(talk, "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)\n"));
    talk_say(talk, own, "a SETACL INBOX other +w\n");
    talk_expect(talk, conn, "a NOOP\n",
        "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)\n"
        "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Draft \\*)] Flags permitted\na OK NOOP completed\n");
    talk_expect(talk, conn, "a NOOP\n", "a OK NOOP completed\n");
    talk_say(talk, conn, "i IDLE\n");
    talk_say(talk, own, "a SETACL INBOX other lrt\n");
    assert_non_null(strstr(talk_hear(talk, conn), "[PERMANENTFLAGS (\\Deleted)]"));
}

static void test_ms_25_read_only_without_a_right_to_write(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    static const char WRITES[] = "swite";
    char rights[4] = "lr";
    size_t i;
    grant(talk, "INBOX", "lrpkxa");
    talk_expect_has(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n", "a OK [READ-ONLY] SELECT completed\n");
    assert_true(talk_has(talk, "[PERMANENTFLAGS ()]"));
    for (i = 0; WRITES[i]; i++) {
        rights[2] = WRITES[i];
        grant(talk, "INBOX", rights);
        talk_expect_has(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n", "a OK [READ-WRITE] ");
        talk_expect_has(talk, conn, "a EXAMINE \"Other Users/test/INBOX\"\n", "a OK [READ-ONLY] ");
    }
}

/* A mailbox one may not look up answers as one that is not there. */
static void test_ms_25_no_existence_leaks_without_l(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other");
    static const char *const COMMANDS[] = {"a SELECT %s\n", "a EXAMINE %s\n", "a STATUS %s (MESSAGES)\n",
        "a DELETE %s\n", "a RENAME %s \"x y\"\n", "a SUBSCRIBE %s\n", "a SETACL %s u l\n", "a DELETEACL %s u\n",
        "a GETACL %s\n", "a LISTRIGHTS %s u\n", "a MYRIGHTS %s\n", "a LIST \"\" %s\n", "a COPY 1 %s\n", "a MOVE 1 %s\n",
        "a APPEND %s {1+}\nx\n", "a CREATE %s/x\n"};
    static const char *const NAMES[] = {
        "\"Other Users/test/INBOX\"", "\"Other Users/test/NEVER\"", "\"Other Users/nobody/x\""};
    char line[100], answer[100];
    size_t i, j;
    assert_true(cpmsync_mock_deliver(talk->mock, "other", "INBOX", NULL, 0, "x", 1) > 0);
    for (i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        for (j = 0; j < 3; j++) {
            talk_say(talk, conn, "a SELECT INBOX\n");
            snprintf(line, sizeof line, COMMANDS[i], NAMES[j]);
            talk_say(talk, conn, line);
            const char *tagged = strstr(talk->answer, "a ");
            assert_non_null(tagged);
            assert_true(strlen(tagged) < sizeof answer);
            if (j == 0)
                memcpy(answer, tagged, strlen(tagged) + 1);
            else
                assert_string_equal(tagged, answer);
        }
}

static void test_ms_25_who_may_not_read_any_more_is_told_bye(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other"), idle = talk_login_as(talk, "other"), own = talk_login_as(talk, "test");
    grant(talk, "INBOX", "lrs");
    talk_say(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n");
    talk_say(talk, idle, "a SELECT \"Other Users/test/INBOX\"\nb IDLE\n");
    talk_say(talk, own, "a DELETEACL INBOX other\n");
    assert_int_equal(strncmp(talk_hear(talk, idle), "* BYE ", 6), 0);
    talk_expect_has(talk, conn, "a NOOP\n", "* BYE ");
}

static void test_ms_24_two_users_see_each_other_in_a_shared_mailbox(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_login_as(talk, "other"), own = talk_login_as(talk, "test");
    talk_deliver(talk, 2);
    grant(talk, "INBOX", "lrste");
    talk_say(talk, conn, "a SELECT \"Other Users/test/INBOX\"\n");
    talk_say(talk, own, "a SELECT INBOX\n");
    talk_say(talk, conn, "a STORE 1 +FLAGS (\\Deleted)\n");
    talk_expect_has(talk, own, "a NOOP\n", "* 1 FETCH (FLAGS (\\Deleted");
    talk_say(talk, conn, "a EXPUNGE\n");
    talk_expect_has(talk, own, "a NOOP\n", "* 1 EXPUNGE\n");
    assert_int_equal(cpmsync_mock_script(talk->mock, "acl INBOX other lr\n", 19, NULL), 0);
    talk_expect_has(talk, conn, "a MYRIGHTS \"Other Users/test/INBOX\"\n", " lr\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, talk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ms_24_capability_names_the_new_rights),
        TEST(test_ms_24_setacl_replaces_adds_and_removes),
        TEST(test_ms_24_virtual_rights_are_taken_and_returned),
        TEST(test_ms_24_an_unknown_right_is_bad),
        TEST(test_ms_24_identifiers_return_as_sent),
        TEST(test_ms_24_anyone_and_negative_rights),
        TEST(test_ms_24_the_owner_keeps_l_and_a),
        TEST(test_ms_24_a_server_of_rfc_2086),
        TEST(test_ms_24_without_acl_everybody_is_alone),
        TEST(test_ms_24_list_wants_l),
        TEST(test_ms_24_subscribe_wants_l_unsubscribe_and_lsub_nothing),
        TEST(test_ms_24_create_wants_k_on_the_parent_and_inherits),
        TEST(test_ms_24_delete_wants_x_and_takes_the_list_along),
        TEST(test_ms_24_rename_wants_x_on_the_old_and_k_on_the_new_parent),
        TEST(test_ms_24_select_examine_and_status_want_r),
        TEST(test_ms_24_the_acl_commands_want_a),
        TEST(test_ms_24_myrights_wants_any_of_lrikxa),
        TEST(test_ms_24_append_wants_i_and_keeps_the_flags_one_may_set),
        TEST(test_ms_24_copy_wants_i_and_keeps_the_flags_one_may_set),
        TEST(test_ms_24_move_wants_t_and_e_where_it_takes_from),
        TEST(test_ms_24_expunge_wants_e_and_close_is_ok_without),
        TEST(test_ms_24_fetch_sets_seen_only_with_s),
        TEST(test_ms_24_store_wants_s_t_or_w_and_a_part_is_ok),
        TEST(test_ms_24_two_users_see_each_other_in_a_shared_mailbox),
        TEST(test_ms_25_permanentflags_reflect_the_rights),
        TEST(test_ms_25_read_only_without_a_right_to_write),
        TEST(test_ms_25_no_existence_leaks_without_l),
        TEST(test_ms_25_who_may_not_read_any_more_is_told_bye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
