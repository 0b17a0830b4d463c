/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/session_talk.h"
#include "sync/request.h"

static const struct cpmsync_cache_limits LIMITS = {5000, 100, 10000, 5000};

struct bench {
    struct support_talk talk;
    struct cpmsync_requests requests;
    char heard[512];
};

static void on_done(void *ctx, const struct cpmsync_request *request, int error, const struct cpmsync_response *tagged)
{
    struct bench *bench = ctx;
    size_t len = strlen(bench->heard);

    assert_false(request->busy);
    snprintf(bench->heard + len, sizeof bench->heard - len, "%d %u:%u %s%s|", (int)request->kind, request->first,
        request->last, cpmsync_error_name(error), tagged ? "" : " unanswered");
}

static void on_found(void *ctx, uint32_t first, uint32_t last)
{
    struct bench *bench = ctx;
    size_t len = strlen(bench->heard);

    snprintf(bench->heard + len, sizeof bench->heard - len, "found %u:%u|", first, last);
}

/* Logged in on a server with these capabilities, none of which is enabled. */
static void open_bench(struct bench *bench, const char *capabilities)
{
    memset(bench, 0, sizeof *bench);
    support_talk_init(&bench->talk);
    support_talk_open(&bench->talk, true);
    support_talk_login(&bench->talk, capabilities);
    bench->requests.mem = &bench->talk.allocator.mem;
    bench->requests.session = bench->talk.session;
    bench->requests.ctx = bench;
    bench->requests.done = on_done;
    bench->requests.found = on_found;
}

static void test_the_text_of_each_request(void **state)
{
    struct bench bench;
    struct cpmsync_store store;
    struct cpmsync_open_mailbox *mailbox;

    (void)state;
    open_bench(&bench, "IMAP4rev1 UNSELECT");
    assert_int_equal(cpmsync_store_memory_open(&store, NULL), 0);
    assert_int_equal(cpmsync_open_mailbox_new(&mailbox, NULL, &store, &LIMITS, NULL, CPMSYNC_SLICE("a b")), 0);
    assert_int_equal(cpmsync_request_unselect(&bench.requests), 0);
    support_talk_client(&bench.talk, "C2 UNSELECT\r\n");
    assert_int_equal(cpmsync_request_select(&bench.requests, CPMSYNC_SLICE("a b"), CPMSYNC_RUNG_CONDSTORE, mailbox), 0);
    support_talk_client(&bench.talk, "C3 SELECT \"a b\" (CONDSTORE)\r\n");
    assert_int_equal(cpmsync_request_fetch(&bench.requests, CPMSYNC_REQUEST_TAIL, 5, 9, CPMSYNC_REQUEST_MODSEQ), 0);
    support_talk_client(&bench.talk, "C4 UID FETCH 5:9 (FLAGS MODSEQ)\r\n");
    assert_int_equal(cpmsync_request_fetch(&bench.requests, CPMSYNC_REQUEST_PASS, 1, UINT32_MAX, 0), 0);
    support_talk_client(&bench.talk, "C5 UID FETCH 1:4294967295 (FLAGS)\r\n");
    assert_int_equal(cpmsync_request_search(&bench.requests, 9), 0);
    support_talk_client(&bench.talk, "C6 UID SEARCH UID 1:9\r\n");
    assert_int_equal(bench.requests.in_flight, 5);
    assert_true(cpmsync_requests_busy(&bench.requests, CPMSYNC_REQUEST_SELECT));
    support_talk_server(&bench.talk, "C2 OK x\r\nC3 NO x\r\nC4 BAD x\r\n");
    assert_string_equal(bench.heard, "0 0:0 CPMSYNC_OK|1 0:0 CPMSYNC_ERR_NO|2 5:9 CPMSYNC_ERR_BAD|");
    assert_false(cpmsync_requests_busy(&bench.requests, CPMSYNC_REQUEST_SELECT));
    support_talk_server(&bench.talk, "C5 OK x\r\nC6 OK x\r\n");
    assert_int_equal(bench.requests.in_flight, 0);
    cpmsync_open_mailbox_free(mailbox);
    cpmsync_store_close(&store);
    support_talk_close(&bench.talk);
}

static void test_q_32_vanished_only_with_changedsince(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 CONDSTORE");
    assert_int_equal(cpmsync_request_changes(&bench.requests, 10, INT64_MAX, true), 0);
    support_talk_client(&bench.talk, "C2 UID FETCH 1:10 (FLAGS) (CHANGEDSINCE 9223372036854775807 VANISHED)\r\n");
    assert_int_equal(cpmsync_request_changes(&bench.requests, 10, 7, false), 0);
    support_talk_client(&bench.talk, "C3 UID FETCH 1:10 (FLAGS) (CHANGEDSINCE 7)\r\n");
    support_talk_server(&bench.talk, "C2 OK x\r\nC3 OK x\r\n");
    support_talk_close(&bench.talk);
}

static void test_d_16_descriptors_are_asked_for_with_ranges_and_by_themselves(void **state)
{
    static const char *const names[] = {"From", "Subject"};
    struct cpmsync_header_list fields;
    struct cpmsync_uidset set;
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 CONDSTORE");
    assert_int_equal(cpmsync_header_list_init(&fields, NULL, names, 2), 0);
    cpmsync_uidset_init(&set, NULL, 10);
    assert_int_equal(cpmsync_uidset_add(&set, 3, 5), 0);
    assert_int_equal(cpmsync_uidset_add(&set, 9, 9), 0);
    unsigned how = CPMSYNC_REQUEST_MODSEQ | CPMSYNC_REQUEST_DESCRIBED;
    assert_int_equal(cpmsync_request_fetch(&bench.requests, CPMSYNC_REQUEST_TAIL, 5, 9, how), 0);
    support_talk_client(&bench.talk, "C2 UID FETCH 5:9 (FLAGS MODSEQ)\r\n"); /* there are none */
    assert_false(bench.requests.slots[0].described);
    bench.requests.fields = &fields;
    assert_int_equal(cpmsync_request_fetch(&bench.requests, CPMSYNC_REQUEST_TAIL, 5, 9, how), 0);
    support_talk_client(&bench.talk, "C3 UID FETCH 5:9 (FLAGS MODSEQ RFC822.SIZE INTERNALDATE "
                                     "BODY.PEEK[HEADER.FIELDS (From Subject)])\r\n");
    assert_true(bench.requests.slots[1].described);
    assert_int_equal(cpmsync_request_fill(&bench.requests, &set, CPMSYNC_REQUEST_REFILL), 0);
    support_talk_client(
        &bench.talk, "C4 UID FETCH 3:5,9 (RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (From Subject)])\r\n");
    fields.count = 0;
    assert_int_equal(cpmsync_request_fill(&bench.requests, &set, 0), 0);
    support_talk_client(&bench.talk, "C5 UID FETCH 3:5,9 (RFC822.SIZE INTERNALDATE)\r\n");
    support_talk_server(&bench.talk, "C2 OK x\r\nC3 OK x\r\nC4 OK x\r\nC5 OK x\r\n");
    assert_string_equal(bench.heard, "2 5:9 CPMSYNC_OK|2 5:9 CPMSYNC_OK|6 3:9 CPMSYNC_OK|6 3:9 CPMSYNC_OK|");
    cpmsync_uidset_clear(&set);
    cpmsync_header_list_clear(&fields);
    support_talk_close(&bench.talk);
}

static void test_q_38_search_may_end_in_a_mod_sequence(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    assert_int_equal(cpmsync_request_search(&bench.requests, 9), 0);
    support_talk_client(&bench.talk, "C2 UID SEARCH UID 1:9\r\n");
    support_talk_server(&bench.talk, "* SEARCH 4 2\r\n* SEARCH 9 (MODSEQ 7)\r\nC2 OK x\r\n");
    assert_string_equal(bench.heard, "found 4:4|found 2:2|found 9:9|5 1:9 CPMSYNC_OK|");
    support_talk_close(&bench.talk);
}

static void test_ox_01_esearch_tells_a_set_behind_all(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1 ESEARCH");
    assert_int_equal(cpmsync_request_search(&bench.requests, 9), 0);
    support_talk_client(&bench.talk, "C2 UID SEARCH RETURN (ALL) UID 1:9\r\n");
    support_talk_server(&bench.talk, "* ESEARCH (TAG \"C1\") UID ALL 1:9\r\n"
                                     "* ESEARCH (TAG \"C2\") UID COUNT 3 ALL 7,1:2 MODSEQ 5\r\nC2 OK x\r\n");
    assert_string_equal(bench.heard, "found 7:7|found 1:2|5 1:9 CPMSYNC_OK|");
    support_talk_close(&bench.talk);
}

static void test_ranges_in_flight_are_bounded_and_can_be_voided(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench, "IMAP4rev1");
    for (uint32_t i = 0; i < CPMSYNC_REQUEST_RANGES; i++) {
        assert_true(cpmsync_requests_room(&bench.requests));
        assert_int_equal(cpmsync_request_fetch(&bench.requests, CPMSYNC_REQUEST_TAIL, 100 + i, 100 + i,
                             (i % 2 ? CPMSYNC_REQUEST_MODSEQ : 0) | CPMSYNC_REQUEST_REFILL),
            0);
    }
    assert_false(cpmsync_requests_room(&bench.requests));
    assert_int_equal(cpmsync_requests_lowest(&bench.requests, 1000), 100);
    assert_int_equal(cpmsync_requests_lowest(&bench.requests, 50), 50);
    assert_int_equal(cpmsync_requests_void_plain(&bench.requests, 1000), 100);
    assert_int_equal(cpmsync_requests_lowest(&bench.requests, 1000), 101); /* asked for with MODSEQ */
    cpmsync_requests_void(&bench.requests);
    assert_int_equal(cpmsync_requests_lowest(&bench.requests, 1000), 1000);
    cpmsync_requests_withdraw(&bench.requests); /* all are sent: they go on */
    cpmsync_session_fail(bench.talk.session, CPMSYNC_ERR_CLOSED);
    assert_int_equal(bench.requests.in_flight, 0);
    assert_non_null(strstr(bench.heard, "2 107:107 CPMSYNC_ERR_CLOSED unanswered|"));
    support_talk_close(&bench.talk);
}

static void test_without_memory_nothing_is_in_flight(void **state)
{
    struct bench bench;
    bool sent = false;

    (void)state;
    for (uint64_t n = 1; !sent; n++) {
        open_bench(&bench, "IMAP4rev1 ESEARCH");
        support_allocator_fail_at(&bench.talk.allocator, n);
        int error = cpmsync_request_search(&bench.requests, 9);
        sent = bench.talk.allocator.failures == 0;
        assert_int_equal(error, sent ? 0 : CPMSYNC_ERR_NOMEM);
        assert_int_equal(bench.requests.in_flight, sent ? 1 : 0);
        support_allocator_fail_at(&bench.talk.allocator, 0);
        support_talk_close(&bench.talk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_text_of_each_request),
        cmocka_unit_test(test_q_32_vanished_only_with_changedsince),
        cmocka_unit_test(test_d_16_descriptors_are_asked_for_with_ranges_and_by_themselves),
        cmocka_unit_test(test_q_38_search_may_end_in_a_mod_sequence),
        cmocka_unit_test(test_ox_01_esearch_tells_a_set_behind_all),
        cmocka_unit_test(test_ranges_in_flight_are_bounded_and_can_be_voided),
        cmocka_unit_test(test_without_memory_nothing_is_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
