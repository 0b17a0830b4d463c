/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "operation/list.h"
#include "support/session_talk.h"

#define RETURN " RETURN (SUBSCRIBED CHILDREN)\r\n"
#define RETURN_USES " RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)\r\n"

struct bench {
    struct support_talk talk; /* the first member */
    struct cpmsync_listing *listing;
    unsigned done;
    int error;
    bool stop; /* at the first line */
    char heard[2048];
};

static void hear(struct bench *bench, const char *format, ...)
{
    size_t len = strlen(bench->heard);
    va_list args;

    va_start(args, format);
    vsnprintf(bench->heard + len, sizeof bench->heard - len, format, args);
    va_end(args);
}

/* "name / SU \\HasChildren \\Sent (\\Sent)|": delimiter; N not selectable, S subscribed, U not known, C children, c none */
static void on_listed(void *ctx, const struct cpmsync_list_info *info)
{
    struct bench *bench = ctx;
    const char letters[] = "NSUCc";

    assert_int_equal(info->size, sizeof *info);
    hear(bench, "%s %c ", info->mailbox, info->delimiter ? info->delimiter : '-');
    for (unsigned i = 0; i < 5; i++)
        if (info->flags >> i & 1)
            hear(bench, "%c", letters[i]);
    for (size_t i = 0; i < info->attribute_count; i++)
        hear(bench, " %s", info->attributes[i]);
    for (size_t i = 0; i < info->use_count; i++)
        hear(bench, " (%s)", info->uses[i]);
    hear(bench, "|");
    if (bench->stop)
        cpmsync_listing_stop(bench->listing, CPMSYNC_ERR_CANCELLED);
    bench->stop = false;
}

static void on_namespaces(void *ctx, struct cpmsync_namespace_list *list)
{
    struct bench *bench = ctx;

    for (size_t i = 0; i < list->count; i++)
        hear(bench, "[%d \"%s\" %c]", (int)list->items[i].kind, list->items[i].prefix,
            list->items[i].delimiter ? list->items[i].delimiter : '-');
}

static void on_done(void *ctx, const struct cpmsync_err *err)
{
    struct bench *bench = ctx;

    bench->done++;
    bench->error = err->error;
    cpmsync_listing_free(bench->listing);
    bench->listing = NULL;
}

static void open_bench(struct bench *bench, const char *capabilities)
{
    memset(bench, 0, sizeof *bench);
    support_talk_init(&bench->talk);
    support_talk_open(&bench->talk, true);
    support_talk_login(&bench->talk, capabilities);
}

static int start(struct bench *bench, const char *pattern, bool namespaces)
{
    struct cpmsync_listing_config config = {0};

    config.mem = &bench->talk.allocator.mem;
    config.session = bench->talk.session;
    config.subscriptions_max = 10;
    config.ask_namespaces = namespaces;
    config.ctx = bench;
    config.listed = on_listed;
    config.namespaces = on_namespaces;
    config.done = on_done;
    return cpmsync_listing_new(&bench->listing, &config, cpmsync_slice_str(pattern));
}

static void close_bench(struct bench *bench)
{
    cpmsync_session_free(bench->talk.session);
    bench->talk.session = NULL;
    cpmsync_listing_free(bench->listing);
    support_talk_close(&bench->talk);
}

static void assert_done(struct bench *bench, int error, const char *heard)
{
    assert_int_equal(bench->done, 1);
    assert_int_equal(bench->error, error);
    assert_string_equal(bench->heard, heard);
    close_bench(bench);
}

static void test_y_01_all_in_one_flight_with_list_extended(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 LIST-EXTENDED SPECIAL-USE NAMESPACE");
    assert_int_equal(start(&bench, "*", true), 0);
    support_talk_client(&bench.talk, "C2 NAMESPACE\r\nC3 LIST \"\" \"*\"" RETURN_USES);
    support_talk_server(&bench.talk, "* NAMESPACE ((\"INBOX.\" \".\")) ((\"~\" \"/\")) NIL\r\nC2 OK x\r\n"
                                     "* LIST (\\HasNoChildren \\Subscribed) \".\" INBOX\r\n"
                                     "* LIST (\\HasChildren \\Drafts \\X-Odd \\sent) \".\" INBOX.R&AOQ-t\r\n"
                                     "* LIST () NIL {3}\r\na b (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\nC3 OK x\r\n");
    assert_done(&bench, 0,
        "[0 \"INBOX.\" .][1 \"~\" /]INBOX . Sc \\HasNoChildren \\Subscribed|"
        "INBOX.R\xc3\xa4t . C \\HasChildren \\Drafts \\X-Odd \\sent (\\Drafts) (\\sent)|a b - |");
}

static void test_y_04_what_attributes_imply(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 LIST-EXTENDED");
    assert_int_equal(start(&bench, "%", false), 0);
    support_talk_client(&bench.talk, "C2 LIST \"\" \"%\"" RETURN);
    support_talk_server(&bench.talk, "* LIST (\\NonExistent) \"/\" a\r\n* LIST (\\NOSELECT \\Noinferiors) \"/\" b\r\n"
                                     "* LIST (\\Marked) \"/\" \"\"\r\nC2 OK x\r\n");
    assert_done(&bench, 0, "a / N \\NonExistent|b / Nc \\NOSELECT \\Noinferiors|");
}

/* Without LIST-EXTENDED, LSUB says what is subscribed to; without NAMESPACE the delimiter is asked for (Y-02). */
static void test_y_02_old_servers_are_asked_in_the_old_way(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    assert_int_equal(start(&bench, "*", true), 0);
    support_talk_client(&bench.talk, "C2 LIST \"\" \"\"\r\nC3 LSUB \"\" \"*\"\r\n");
    support_talk_server(&bench.talk, "* LIST (\\Noselect) \"/\" \"\"\r\nC2 OK x\r\n* LSUB () \"/\" z\r\n"
                                     "* LSUB (\\Noselect) \"/\" \"inbox\"\r\nC3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 LIST \"\" \"*\"\r\n");
    support_talk_server(&bench.talk, "* LIST () \"/\" INBOX\r\n* LIST () \"/\" a\r\n* LIST () \"/\" z\r\nC4 OK x\r\n");
    assert_done(&bench, 0, "[0 \"\" /]INBOX / S|a / |z / S|");
}

static void test_refusals(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 NAMESPACE");
    assert_int_equal(start(&bench, "*", true), 0);
    support_talk_client(&bench.talk, "C2 NAMESPACE\r\nC3 LSUB \"\" \"*\"\r\n");
    support_talk_server(&bench.talk, "C2 BAD x\r\nC3 NO x\r\n");
    support_talk_client(&bench.talk, "C4 LIST \"\" \"*\"\r\n");
    support_talk_server(&bench.talk, "* LIST () \"/\" a\r\nC4 NO not now\r\n");
    assert_done(&bench, CPMSYNC_ERR_NO, "a / U|");
}

static void test_pf_065_a_server_that_does_not_know_what_it_offers(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 LIST-EXTENDED");
    assert_int_equal(start(&bench, "*", false), 0);
    support_talk_client(&bench.talk, "C2 LIST \"\" \"*\"" RETURN);
    support_talk_server(&bench.talk, "C2 BAD x\r\n");
    support_talk_client(&bench.talk, "C3 LSUB \"\" \"*\"\r\n");
    support_talk_server(&bench.talk, "* LSUB () \"/\" a\r\nC3 OK x\r\n");
    support_talk_client(&bench.talk, "C4 LIST \"\" \"*\"\r\n");
    support_talk_server(&bench.talk, "* LIST () \"/\" a\r\nC4 BAD x\r\n");
    assert_done(&bench, CPMSYNC_ERR_BAD, "a / S|");
}

/* M-02, M-07: modified UTF-7, but on a server that speaks IMAP4rev2 only. */
static void test_w_05_patterns_and_names_are_spelled_as_the_server_does(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 IMAP4rev2 LIST-EXTENDED");
    assert_int_equal(start(&bench, "R\xc3\xa4&*", false), 0);
    support_talk_client(&bench.talk, "C2 LIST \"\" \"R&AOQ-&-*\"" RETURN);
    support_talk_server(&bench.talk, "* LIST () \"/\" R&AOQ-&-D\r\nC2 OK x\r\n");
    assert_done(&bench, 0, "R\xc3\xa4&D / |");
    open_bench(&bench, "IMAP4rev2");
    assert_int_equal(start(&bench, "R\xc3\xa4&*", false), 0);
    support_talk_client(&bench.talk, "C2 LIST \"\" {5+}\r\nR\xc3\xa4&*" RETURN);
    support_talk_server(&bench.talk, "* LIST () \"/\" \"R\xc3\xa4&D\"\r\nC2 OK x\r\n");
    assert_done(&bench, 0, "R\xc3\xa4&D / |");
}

static void test_too_many_subscriptions_are_an_error(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    assert_int_equal(start(&bench, "*", false), 0);
    support_talk_client(&bench.talk, "C2 LSUB \"\" \"*\"\r\n");
    for (int i = 0; i < 11; i++) {
        char line[64];
        snprintf(line, sizeof line, "* LSUB () \"/\" m%d\r\n", i);
        support_talk_server(&bench.talk, line);
    }
    support_talk_server(&bench.talk, "C2 OK x\r\n");
    assert_done(&bench, CPMSYNC_ERR_LIMIT, "");
}

static void test_stopping_from_inside(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 LIST-EXTENDED");
    bench.stop = true;
    assert_int_equal(start(&bench, "*", false), 0);
    support_talk_client(&bench.talk, "C2 LIST \"\" \"*\"" RETURN);
    support_talk_server(&bench.talk, "* LIST () \"/\" a\r\n* LIST () \"/\" b\r\n");
    assert_int_equal(bench.done, 0);
    support_talk_server(&bench.talk, "C2 OK x\r\n");
    assert_done(&bench, CPMSYNC_ERR_CANCELLED, "a / |");
}

/* More than there is room for. */
static void test_attributes_without_end(void **state)
{
    struct bench bench;
    char line[8192] = "* LIST (";

    (void)state;
    open_bench(&bench, "IMAP4rev1 LIST-EXTENDED");
    assert_int_equal(start(&bench, "*", false), 0);
    support_talk_client(&bench.talk, "C2 LIST \"\" \"*\"" RETURN);
    for (int i = 0; i < 500; i++)
        strcat(line, "\\X ");
    strcat(line, ") \"/\" a\r\n* LIST (\\");
    size_t len = strlen(line);
    memset(line + len, 'y', 3000);
    strcpy(line + len + 3000, " \\Sent) \"/\" b\r\nC2 OK x\r\n");
    support_talk_server(&bench.talk, line);
    assert_int_equal(bench.done, 1);
    const char *second = strstr(bench.heard, "|b / ");
    assert_non_null(second);
    assert_string_equal(second, "|b /  \\Sent (\\Sent)|");
    assert_int_equal(second - bench.heard, 4 + 64 * 3);
    close_bench(&bench);
}

/* Whatever is due is sent. */
static void send_all(struct bench *bench)
{
    const uint8_t *data;
    size_t len;

    while ((len = cpmsync_session_output(bench->talk.session, &data)) > 0)
        cpmsync_session_ack(bench->talk.session, bench->talk.now, len);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    bool whole = false;

    (void)state;
    for (uint64_t n = 1; !whole; n++) {
        struct bench bench;
        open_bench(&bench, "IMAP4rev1 NAMESPACE");
        bench.talk.lenient = true;
        support_allocator_fail_at(&bench.talk.allocator, n);
        int error = start(&bench, "*", true);
        if (!error) {
            send_all(&bench);
            support_talk_server(&bench.talk, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nC2 OK x\r\n* LSUB () \"/\" a\r\n");
            support_talk_server(&bench.talk, "C3 OK x\r\n");
            send_all(&bench);
            if (!bench.done)
                support_talk_server(&bench.talk, "* LIST () \"/\" a\r\nC4 OK x\r\n");
            error = bench.done ? bench.error : CPMSYNC_ERR_NOMEM; /* the session failed */
            assert_true(bench.done || cpmsync_session_state(bench.talk.session) == CPMSYNC_SESSION_FAILED);
        }
        whole = bench.talk.allocator.failures == 0;
        support_allocator_fail_at(&bench.talk.allocator, 0);
        assert_int_equal(error, whole ? 0 : CPMSYNC_ERR_NOMEM);
        close_bench(&bench);
        assert_in_range(n, 1, 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_y_01_all_in_one_flight_with_list_extended),
        cmocka_unit_test(test_y_04_what_attributes_imply),
        cmocka_unit_test(test_y_02_old_servers_are_asked_in_the_old_way),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_pf_065_a_server_that_does_not_know_what_it_offers),
        cmocka_unit_test(test_w_05_patterns_and_names_are_spelled_as_the_server_does),
        cmocka_unit_test(test_too_many_subscriptions_are_an_error),
        cmocka_unit_test(test_stopping_from_inside),
        cmocka_unit_test(test_attributes_without_end),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
