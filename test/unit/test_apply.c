/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "sync/apply.h"

static const struct cpmsync_cache_limits LIMITS = {100, 100, 10000, 100};

/* A mailbox with 1:10 covered, messages 2 4 5 8 10, UIDVALIDITY 42, cursor 100; what the app hears as a text. */
struct bench {
    struct support_allocator allocator;
    struct support_store failing;
    struct cpmsync_open_mailbox *mailbox;
    struct cpmsync_apply apply;
    char heard[1024];
    size_t heard_len;
};

static int hear(void *ctx, const struct cpmsync_event *event)
{
    struct bench *bench = ctx;
    char line[64];
    int len = 0;

    if (event->type == CPMSYNC_EVENT_MESSAGE)
        len = snprintf(line, sizeof line, "%" PRIu32 " %" PRIu64 " %s|", event->uid, event->modseq,
            event->flag_count ? event->flags[0] : "-");
    else if (event->type == CPMSYNC_EVENT_VANISHED)
        len = snprintf(line, sizeof line, "gone %" PRIu32 ":%" PRIu32 "%s|", event->ranges[0].first,
            event->ranges[0].last, event->range_count > 1 ? " .." : "");
    else if (event->type == CPMSYNC_EVENT_RESET)
        len = snprintf(line, sizeof line, "reset %" PRIu32 "|", event->uidvalidity);
    assert_true(bench->heard_len + (size_t)len < sizeof bench->heard);
    memcpy(bench->heard + bench->heard_len, line, (size_t)len);
    bench->heard_len += (size_t)len;
    return 0;
}

static void assert_heard(struct bench *bench, const char *text)
{
    bench->heard[bench->heard_len] = '\0';
    assert_string_equal(bench->heard, text);
    bench->heard_len = 0;
}

static void put(struct bench *bench, uint32_t uid, const char *flags, uint64_t modseq)
{
    struct cpmsync_cache_news news = {uid, true, cpmsync_slice_str(flags), true, modseq, NULL};

    assert_int_equal(cpmsync_batch_put(&bench->apply.batch, &news), 1);
}

static void open_empty(struct bench *bench)
{
    const struct cpmsync_batch_upward up = {bench, hear};

    memset(bench, 0, sizeof *bench);
    support_allocator_init(&bench->allocator);
    assert_int_equal(support_store_open(&bench->failing, NULL), 0);
    assert_int_equal(cpmsync_open_mailbox_new(&bench->mailbox, &bench->allocator.mem, &bench->failing.store, &LIMITS,
                         NULL, CPMSYNC_SLICE("INBOX")),
        0);
    assert_int_equal(cpmsync_apply_init(&bench->apply, bench->mailbox, &up), 0);
}

static void open_bench(struct bench *bench)
{
    open_empty(bench);
    cpmsync_batch_reset(&bench->apply.batch, 42);
    put(bench, 2, "\\Seen", 50);
    put(bench, 4, "", 60);
    put(bench, 5, "", 70);
    put(bench, 8, "\\Flagged", 80);
    put(bench, 10, "", 90);
    cpmsync_batch_cover(&bench->apply.batch, 1, 10);
    cpmsync_batch_cursor(&bench->apply.batch, 100);
    assert_int_equal(cpmsync_batch_commit(&bench->apply.batch), 0);
    bench->heard_len = 0;
}

static void close_bench(struct bench *bench)
{
    cpmsync_apply_clear(&bench->apply);
    cpmsync_open_mailbox_free(bench->mailbox);
    assert_int_equal(bench->failing.abuses, 0);
    support_store_close(&bench->failing);
    assert_int_equal(bench->allocator.live_blocks, 0);
}

static void server(struct bench *bench, const char *line)
{
    struct cpmsync_response response;

    assert_int_equal(cpmsync_response_parse(cpmsync_slice_str(line), false, false, &response), 0);
    cpmsync_apply_data(&bench->apply, &response);
}

/* SELECT is answered: 5 messages, everything as it is in the cache. */
static void open_selected(struct bench *bench)
{
    open_bench(bench);
    cpmsync_apply_select(&bench->apply, CPMSYNC_BOUNDARY_NONE);
    server(bench, "* 5 EXISTS");
    server(bench, "* OK [UIDVALIDITY 42] x");
    server(bench, "* OK [UIDNEXT 11] x");
    bench->apply.selecting = false;
    bench->apply.numbered = true;
}

static bool cached(const struct bench *bench, uint32_t uid)
{
    struct cpmsync_row row;

    return cpmsync_columns_get(bench->mailbox->cache.columns, uid, &row);
}

/* What is gone is told at the end of the batch. */
static void assert_heard_at_the_end(struct bench *bench, const char *text)
{
    assert_int_equal(cpmsync_batch_commit(&bench->apply.batch), 0);
    assert_heard(bench, text);
}

static size_t count(const struct bench *bench)
{
    return cpmsync_columns_count(bench->mailbox->cache.columns);
}

static void test_u_03_expunge_shifts_the_numbers_behind_it(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 2 EXPUNGE");
    server(&bench, "* 2 EXPUNGE");
    server(&bench, "* 3 EXPUNGE");
    assert_heard_at_the_end(&bench, "gone 4:5 ..|");
    assert_int_equal(bench.apply.exists, 2);
    assert_true(cpmsync_apply_counts(&bench.apply));
    assert_false(bench.apply.suspect);
    close_bench(&bench);
}

static void test_u_06_expunge_of_no_message_is_not_applied(void **state)
{
    const char *const lines[] = {"* 0 EXPUNGE", "* 6 EXPUNGE", "* 4294967295 EXPUNGE"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct cpmsync_response response;
        struct bench bench;
        open_selected(&bench);
        /* A zero may be refused by the parser already. */
        if (cpmsync_response_parse(cpmsync_slice_str(lines[i]), false, false, &response) == 0) {
            cpmsync_apply_data(&bench.apply, &response);
            assert_true(bench.apply.suspect);
        }
        assert_int_equal(count(&bench), 5);
        assert_int_equal(bench.apply.exists, 5);
        close_bench(&bench);
    }
}

static void test_q_39_before_expunges_are_known_a_number_names_nothing(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    bench.apply.numbered = false; /* CONDSTORE: a message may have gone while we were away */
    server(&bench, "* 4 EXISTS");
    server(&bench, "* 3 EXPUNGE");
    server(&bench, "* 1 FETCH (FLAGS (\\Deleted) MODSEQ (300))");
    assert_heard(&bench, "");
    assert_int_equal(count(&bench), 5);
    assert_true(bench.apply.suspect);
    close_bench(&bench);
}

static void test_u_09_a_fetch_without_uid_goes_by_its_number(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 3 FETCH (FLAGS (\\Deleted))");
    assert_heard(&bench, "5 70 \\Deleted|");
    server(&bench, "* 1 EXPUNGE");
    server(&bench, "* 3 FETCH (FLAGS (\\Draft))");
    assert_heard_at_the_end(&bench, "8 80 \\Draft|gone 2:2|");
    assert_false(bench.apply.suspect);
    close_bench(&bench);
}

static void test_pf_57_a_fetch_without_uid_in_a_map_with_a_hole_is_not_guessed(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    cpmsync_uidset_add(&bench.mailbox->cache.covered, 30, 40);
    server(&bench, "* 9 EXISTS");
    server(&bench, "* 7 FETCH (FLAGS (\\Deleted))");
    assert_heard(&bench, "");
    assert_true(bench.apply.suspect);
    close_bench(&bench);
}

static void test_pf_54_a_fetch_above_exists_is_believed_by_uid_only(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 6 FETCH (FLAGS (\\Deleted))");
    assert_heard(&bench, "");
    assert_true(bench.apply.tail_due);
    assert_false(bench.apply.suspect); /* a new message: fetching the tail tells */
    server(&bench, "* 919 FETCH (UID 8 FLAGS (\\Deleted))");
    assert_heard(&bench, "8 80 \\Deleted|");
    close_bench(&bench);
}

static void test_u_05_a_fetch_with_uid_is_resolved_by_it(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 1 EXPUNGE");
    server(&bench, "* 5 FETCH (UID 10 FLAGS (a) MODSEQ (101))");
    assert_heard_at_the_end(&bench, "10 101 a|gone 2:2|");
    close_bench(&bench);
}

static void test_a_fetch_of_what_was_not_asked_for_waits_for_the_tail(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 6 EXISTS");
    bench.apply.tail_due = false;
    server(&bench, "* 6 FETCH (UID 11 FLAGS ())");
    assert_heard(&bench, "");
    assert_true(bench.apply.tail_due);
    assert_false(cached(&bench, 11));
    cpmsync_uidset_add(&bench.apply.asked, 11, 210);
    server(&bench, "* 6 FETCH (UID 11 FLAGS ())");
    assert_heard(&bench, "11 0 -|");
    close_bench(&bench);
}

static void test_u_02_a_lower_exists_is_suspect(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 4 EXISTS");
    assert_true(bench.apply.suspect);
    assert_false(cpmsync_apply_counts(&bench.apply));
    close_bench(&bench);
}

static void test_u_01_a_higher_exists_asks_for_the_tail(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 5 EXISTS");
    assert_false(bench.apply.tail_due);
    server(&bench, "* 7 EXISTS");
    assert_true(bench.apply.tail_due);
    close_bench(&bench);
}

static void test_q_24_vanished_earlier_keeps_exists(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 3 EXISTS");
    bench.apply.suspect = false;
    server(&bench, "* VANISHED (EARLIER) 1:3,9:20,8");
    assert_heard_at_the_end(&bench, "gone 1:3 ..|");
    assert_int_equal(bench.apply.exists, 3);
    assert_int_equal(count(&bench), 2);
    assert_false(bench.apply.tail_due);
    close_bench(&bench);
}

static void test_pf_7_more_vanished_than_exists_allows_is_not_told(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_NONE);
    server(&bench, "* VANISHED (EARLIER) 4:5");
    server(&bench, "* 4 EXISTS");
    server(&bench, "* OK [UIDVALIDITY 42] x");
    server(&bench, "* OK [UIDNEXT 11] x");
    cpmsync_apply_doubt(&bench.apply);
    assert_true(bench.apply.suspect);
    assert_int_equal(count(&bench), 5);
    assert_heard_at_the_end(&bench, "");
    /* one more new message, and both may be gone */
    bench.apply.suspect = false;
    server(&bench, "* OK [UIDNEXT 12] x");
    server(&bench, "* VANISHED (EARLIER) 1:3,5");
    cpmsync_apply_doubt(&bench.apply);
    assert_false(bench.apply.suspect);
    assert_int_equal(count(&bench), 3);
    assert_heard_at_the_end(&bench, "gone 1:3 ..|");
    close_bench(&bench);
}

static void test_q_26_vanished_lowers_exists_by_what_was_there(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* VANISHED 4:5,5,6,4");
    assert_int_equal(bench.apply.exists, 3);
    assert_true(cpmsync_apply_counts(&bench.apply));
    assert_false(bench.apply.uncounted);
    close_bench(&bench);
}

static void test_pf_5_vanished_above_everything_known_is_settled_by_fetching(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* VANISHED 12:20");
    assert_int_equal(bench.apply.exists, 5);
    assert_true(bench.apply.uncounted);
    assert_true(bench.apply.tail_due);
    assert_true(cpmsync_apply_counts(&bench.apply)); /* unknown is not wrong */
    bench.apply.tail_due = false;
    server(&bench, "* 5 EXISTS");
    assert_false(bench.apply.uncounted);
    assert_true(bench.apply.tail_due); /* one may have come for the one that went */
    close_bench(&bench);
}

static void test_q_33_vanished_of_every_uid(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* VANISHED 1:4294967295");
    assert_heard_at_the_end(&bench, "gone 1:4294967295|");
    assert_int_equal(bench.apply.exists, 0);
    assert_int_equal(count(&bench), 0);
    close_bench(&bench);
}

static void test_many_ranges_in_one_vanished(void **state)
{
    struct bench bench;
    char line[1024] = "* VANISHED 1";
    size_t len = strlen(line);

    (void)state;
    open_selected(&bench);
    for (int uid = 3; uid < 400; uid += 2)
        len += (size_t)snprintf(line + len, sizeof line - len, ",%d", uid);
    server(&bench, line);
    assert_false(cached(&bench, 5));
    assert_int_equal(bench.apply.exists, 4);
    assert_int_equal(bench.apply.batch.error, 0);
    close_bench(&bench);
}

static void test_pf_53_more_vanished_than_there_were_does_not_wrap(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 1 EXISTS");
    bench.apply.suspect = false;
    server(&bench, "* VANISHED 2:8");
    assert_int_equal(bench.apply.exists, 1);
    assert_true(bench.apply.suspect);
    close_bench(&bench);
}

static void test_a_modseq_of_a_covered_message_we_do_not_have_is_suspect(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 2 FETCH (UID 3 MODSEQ (150))");
    assert_true(bench.apply.suspect);
    assert_int_equal(count(&bench), 5);
    close_bench(&bench);
}

static void test_q_44_the_code_counts_even_when_lower(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    bench.apply.next_modseq = 100;
    server(&bench, "* 2 FETCH (UID 4 FLAGS (x) MODSEQ (150))");
    assert_int_equal(bench.apply.next_modseq, 100); /* not before a tagged response */
    cpmsync_apply_tagged(&bench.apply);
    assert_int_equal(bench.apply.next_modseq, 150); /* */
    server(&bench, "* 2 FETCH (UID 4 FLAGS () MODSEQ (160))");
    server(&bench, "* OK [HIGHESTMODSEQ 99] delayed");
    cpmsync_apply_tagged(&bench.apply);
    assert_int_equal(bench.apply.next_modseq, 99);
    cpmsync_apply_tagged(&bench.apply);
    assert_int_equal(bench.apply.next_modseq, 99); /* what was seen before counts no more */
    close_bench(&bench);
}

static void test_q_43_what_was_asked_for_does_not_lift_the_cursor(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    bench.apply.next_modseq = 100;
    cpmsync_uidset_add(&bench.apply.asked, 11, 210);
    server(&bench, "* 6 EXISTS");
    server(&bench, "* 6 FETCH (UID 11 FLAGS () MODSEQ (150))");
    cpmsync_apply_tagged(&bench.apply);
    assert_int_equal(bench.apply.next_modseq, 100); /* 101..149 may be changes that nobody told yet */
    close_bench(&bench);
}

static void test_q_08_a_modseq_above_63_bits_is_no_cursor(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_NONE);
    server(&bench, "* OK [HIGHESTMODSEQ 9223372036854775808] x");
    assert_true(bench.apply.nomodseq);
    assert_int_equal(bench.apply.code_modseq, 0);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_NONE);
    assert_false(bench.apply.nomodseq);
    server(&bench, "* OK [HIGHESTMODSEQ 9223372036854775807] x");
    assert_int_equal(bench.apply.code_modseq, INT64_MAX); /* */
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_NONE);
    server(&bench, "* OK [HIGHESTMODSEQ 0] x");
    assert_true(bench.apply.nomodseq); /* PF-11 */
    close_bench(&bench);
}

static void test_q_10_nomodseq_hides_the_modseq_of_messages(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* OK [NOMODSEQ] x");
    server(&bench, "* 2 FETCH (UID 4 FLAGS (x) MODSEQ (150))");
    assert_heard(&bench, "4 0 x|"); /* nor does it keep what it had */
    close_bench(&bench);
}

static void test_q_15_nothing_is_told_before_the_uidvalidity(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_NONE);
    server(&bench, "* VANISHED (EARLIER) 2");
    server(&bench, "* 2 FETCH (UID 5 FLAGS (x) MODSEQ (150))");
    assert_heard(&bench, "");
    server(&bench, "* OK [UIDVALIDITY 42] x");
    assert_heard(&bench, "5 150 x|");
    assert_heard_at_the_end(&bench, "gone 2:2|");
    close_bench(&bench);
}

static void test_v_02_another_uidvalidity_at_select_resets(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_NONE);
    cpmsync_uidset_add(&bench.apply.asked, 11, 210);
    server(&bench, "* 2 FETCH (UID 5 FLAGS (x) MODSEQ (150))");
    server(&bench, "* OK [UIDVALIDITY 7] x");
    assert_heard(&bench, ""); /* a SELECT that is cut must not empty what the app holds */
    assert_int_equal(count(&bench), 0);
    assert_int_equal(bench.apply.asked.count, 0);
    assert_true(bench.apply.regenerated);
    assert_int_equal(bench.mailbox->cache.highestmodseq, 0); /* */
    assert_int_equal(cpmsync_batch_commit(&bench.apply.batch), 0);
    assert_heard(&bench, "reset 7|");
    close_bench(&bench);
}

static void test_v_02_another_uidvalidity_in_mid_session_stops_everything(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* OK [UIDVALIDITY 42] the same");
    assert_false(bench.apply.other_uidvalidity);
    server(&bench, "* OK [UIDVALIDITY 43] PF-44");
    assert_true(bench.apply.other_uidvalidity);
    server(&bench, "* 1 EXPUNGE");
    server(&bench, "* 1 FETCH (UID 4 FLAGS (x))");
    server(&bench, "* VANISHED 1:10");
    assert_heard(&bench, "");
    assert_int_equal(count(&bench), 5);
    close_bench(&bench);
}

static void test_q_51_data_before_closed_are_the_old_mailboxs(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_CLOSED);
    server(&bench, "* 3 FETCH (UID 4 FLAGS (old))"); /* PF-49 */
    server(&bench, "* VANISHED 1:10");
    server(&bench, "* OK [HIGHESTMODSEQ 999] old");
    server(&bench, "* OK [CLOSED] x");
    server(&bench, "* 5 EXISTS");
    server(&bench, "* OK [UIDVALIDITY 42] x");
    server(&bench, "* 3 FETCH (UID 5 FLAGS (new))");
    assert_heard(&bench, "5 70 new|");
    assert_int_equal(count(&bench), 5);
    assert_int_equal(bench.apply.code_modseq, 0);
    close_bench(&bench);
}

static void test_q_51_what_was_taken_for_ours_before_closed_is_given_back(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_CLOSED);
    server(&bench, "* 900 EXISTS"); /* of the old mailbox */
    server(&bench, "* 2 FETCH (UID 4 FLAGS (old) MODSEQ (500))");
    server(&bench, "* VANISHED 1:5,2000");
    server(&bench, "* OK [HIGHESTMODSEQ 999] old");
    server(&bench, "* OK [CLOSED] x");
    assert_false(bench.apply.exists_known);
    assert_false(bench.apply.uncounted);
    assert_false(bench.apply.suspect);
    assert_int_equal(count(&bench), 5);
    server(&bench, "* 5 EXISTS");
    server(&bench, "* OK [UIDVALIDITY 42] x");
    assert_heard(&bench, "");
    server(&bench, "* OK [CLOSED] once more");
    server(&bench, "* 3 FETCH (UID 5 FLAGS (new) MODSEQ (101))");
    assert_heard(&bench, "5 101 new|");
    close_bench(&bench);
}

static void test_q_52_without_closed_flags_or_exists_are_the_boundary(void **state)
{
    const char *const lines[] = {"* FLAGS (\\Seen)", "* 5 EXISTS"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench bench;
        open_bench(&bench);
        cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_CLOSED);
        server(&bench, "* 3 FETCH (UID 4 FLAGS (old))");
        server(&bench, lines[i]);
        server(&bench, "* OK [UIDVALIDITY 42] x");
        server(&bench, "* 3 FETCH (UID 5 FLAGS (new))");
        assert_heard(&bench, "5 70 new|");
        close_bench(&bench);
    }
}

static void test_q_51_the_old_mailbox_cannot_be_read_back(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_CLOSED);
    server(&bench, "* 900 EXISTS");
    server(&bench, "* OK [UIDVALIDITY 42] x");
    server(&bench, "* 2 FETCH (UID 4 FLAGS (old) MODSEQ (500))");
    support_store_fail_at(&bench.failing, SUPPORT_STORE_ROWS_LOAD, 1, CPMSYNC_ERR_STORE);
    server(&bench, "* OK [CLOSED] x");
    assert_int_equal(bench.apply.batch.error, CPMSYNC_ERR_STORE);
    close_bench(&bench);
}

static void test_p_11_unselect_is_a_boundary_of_its_own(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_UNSELECT);
    server(&bench, "* 900 EXISTS");
    server(&bench, "* OK [CLOSED] x");
    server(&bench, "* 2 FETCH (UID 4 FLAGS (old))");
    assert_false(bench.apply.exists_known);
    cpmsync_apply_unselected(&bench.apply);
    server(&bench, "* 5 EXISTS");
    server(&bench, "* OK [UIDVALIDITY 42] x");
    server(&bench, "* 2 FETCH (UID 4 FLAGS (new))");
    assert_heard(&bench, "4 60 new|");
    close_bench(&bench);
}

static void test_p_11_behind_a_refused_select_nothing_is_ours(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_CLOSED);
    cpmsync_uidset_add(&bench.apply.asked, 11, 210);
    server(&bench, "* 6 EXISTS");
    server(&bench, "* 6 FETCH (UID 11 FLAGS (old))");
    cpmsync_apply_refused(&bench.apply);
    server(&bench, "* 7 EXISTS"); /* the old mailbox is still selected: our UID FETCH runs there */
    server(&bench, "* 7 FETCH (UID 12 FLAGS (old))");
    server(&bench, "* OK [CLOSED] late");
    server(&bench, "* 7 FETCH (UID 13 FLAGS (old))");
    assert_int_equal(count(&bench), 5);
    assert_heard(&bench, "");
    assert_false(bench.apply.batch.open);
    close_bench(&bench);
}

static void test_d_17_a_full_pass_removes_what_it_did_not_show(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 3 EXISTS");
    cpmsync_apply_pass(&bench.apply);
    server(&bench, "* 1 FETCH (UID 4 FLAGS ())");
    server(&bench, "* 2 FETCH (UID 8 FLAGS (\\Flagged))");
    server(&bench, "* 3 FETCH (UID 15 FLAGS ())");
    bench.heard_len = 0;
    assert_int_equal(cpmsync_apply_passed(&bench.apply), 1);
    assert_heard_at_the_end(&bench, "gone 2:2 ..|");
    assert_int_equal(count(&bench), 3);
    assert_int_equal(cpmsync_uidset_last(&bench.mailbox->cache.covered), 15);
    assert_true(cpmsync_apply_counts(&bench.apply));
    assert_false(bench.apply.suspect);
    close_bench(&bench);
}

static void test_pf_36_a_pass_that_shows_too_little_removes_nothing(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    cpmsync_apply_pass(&bench.apply);
    server(&bench, "* 1 FETCH (UID 2 FLAGS ())");
    server(&bench, "* 2 FETCH (UID 4 MODSEQ (5))"); /* no flags: it was not shown */
    assert_int_equal(cpmsync_apply_passed(&bench.apply), 0);
    assert_int_equal(count(&bench), 5);
    assert_true(bench.apply.suspect);
    close_bench(&bench);
}

static void test_a_pass_need_not_show_what_came_or_went_meanwhile(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    cpmsync_apply_pass(&bench.apply);
    server(&bench, "* 1 FETCH (UID 2 FLAGS ())");
    server(&bench, "* 2 FETCH (UID 4 FLAGS ())");
    server(&bench, "* VANISHED 5");
    server(&bench, "* 7 EXISTS"); /* three more */
    server(&bench, "* 3 FETCH (UID 8 FLAGS ())");
    server(&bench, "* 4 FETCH (UID 10 FLAGS ())");
    assert_int_equal(cpmsync_apply_passed(&bench.apply), 1);
    assert_int_equal(count(&bench), 4);
    assert_true(bench.apply.tail_due);
    close_bench(&bench);
}

static void test_v_07_a_pass_up_to_the_last_uid_there_can_be(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    server(&bench, "* 2 EXISTS");
    cpmsync_apply_pass(&bench.apply);
    server(&bench, "* 1 FETCH (UID 1 FLAGS ())");
    server(&bench, "* 2 FETCH (UID 4294967295 FLAGS ())");
    assert_int_equal(cpmsync_apply_passed(&bench.apply), 1);
    assert_int_equal(count(&bench), 2);
    assert_true(cached(&bench, UINT32_MAX));
    assert_int_equal(cpmsync_cache_uidnext(&bench.mailbox->cache), 0);
    close_bench(&bench);
}

static void test_numbers_of_a_first_synchronisation_wait_for_its_ranges(void **state)
{
    struct bench bench;

    (void)state;
    open_empty(&bench);
    cpmsync_apply_select(&bench.apply, CPMSYNC_BOUNDARY_NONE);
    cpmsync_uidset_add(&bench.apply.asked, 1, 200);
    server(&bench, "* 3 EXISTS");
    server(&bench, "* OK [UIDVALIDITY 42] x");
    server(&bench, "* 2 FETCH (FLAGS (a))");
    assert_false(bench.apply.suspect);
    assert_true(bench.apply.tail_due);
    server(&bench, "* 1 FETCH (UID 5 FLAGS (a))");
    assert_heard(&bench, "5 0 a|");
    close_bench(&bench);
}

/* Watched for hours: a VANISHED of long ago is no reason for a rise that nothing told. */
static void test_r_13_what_vanished_explains_one_rise(void **state)
{
    struct bench bench;

    (void)state;
    open_selected(&bench);
    bench.apply.next_modseq = 100;
    server(&bench, "* VANISHED 2");
    cpmsync_apply_tagged(&bench.apply); /* without a code: it is still to come */
    server(&bench, "* OK [HIGHESTMODSEQ 104] x");
    cpmsync_apply_tagged(&bench.apply);
    assert_int_equal(bench.apply.next_modseq, 104);
    server(&bench, "* OK [HIGHESTMODSEQ 150] x");
    cpmsync_apply_tagged(&bench.apply);
    assert_int_equal(bench.apply.next_modseq, 104);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u_03_expunge_shifts_the_numbers_behind_it),
        cmocka_unit_test(test_u_06_expunge_of_no_message_is_not_applied),
        cmocka_unit_test(test_q_39_before_expunges_are_known_a_number_names_nothing),
        cmocka_unit_test(test_u_09_a_fetch_without_uid_goes_by_its_number),
        cmocka_unit_test(test_pf_57_a_fetch_without_uid_in_a_map_with_a_hole_is_not_guessed),
        cmocka_unit_test(test_pf_54_a_fetch_above_exists_is_believed_by_uid_only),
        cmocka_unit_test(test_u_05_a_fetch_with_uid_is_resolved_by_it),
        cmocka_unit_test(test_a_fetch_of_what_was_not_asked_for_waits_for_the_tail),
        cmocka_unit_test(test_u_02_a_lower_exists_is_suspect),
        cmocka_unit_test(test_u_01_a_higher_exists_asks_for_the_tail),
        cmocka_unit_test(test_q_24_vanished_earlier_keeps_exists),
        cmocka_unit_test(test_pf_7_more_vanished_than_exists_allows_is_not_told),
        cmocka_unit_test(test_q_26_vanished_lowers_exists_by_what_was_there),
        cmocka_unit_test(test_pf_5_vanished_above_everything_known_is_settled_by_fetching),
        cmocka_unit_test(test_q_33_vanished_of_every_uid),
        cmocka_unit_test(test_many_ranges_in_one_vanished),
        cmocka_unit_test(test_pf_53_more_vanished_than_there_were_does_not_wrap),
        cmocka_unit_test(test_a_modseq_of_a_covered_message_we_do_not_have_is_suspect),
        cmocka_unit_test(test_q_44_the_code_counts_even_when_lower),
        cmocka_unit_test(test_q_43_what_was_asked_for_does_not_lift_the_cursor),
        cmocka_unit_test(test_q_08_a_modseq_above_63_bits_is_no_cursor),
        cmocka_unit_test(test_q_10_nomodseq_hides_the_modseq_of_messages),
        cmocka_unit_test(test_q_15_nothing_is_told_before_the_uidvalidity),
        cmocka_unit_test(test_v_02_another_uidvalidity_at_select_resets),
        cmocka_unit_test(test_v_02_another_uidvalidity_in_mid_session_stops_everything),
        cmocka_unit_test(test_q_51_data_before_closed_are_the_old_mailboxs),
        cmocka_unit_test(test_q_51_what_was_taken_for_ours_before_closed_is_given_back),
        cmocka_unit_test(test_q_52_without_closed_flags_or_exists_are_the_boundary),
        cmocka_unit_test(test_q_51_the_old_mailbox_cannot_be_read_back),
        cmocka_unit_test(test_p_11_unselect_is_a_boundary_of_its_own),
        cmocka_unit_test(test_p_11_behind_a_refused_select_nothing_is_ours),
        cmocka_unit_test(test_d_17_a_full_pass_removes_what_it_did_not_show),
        cmocka_unit_test(test_pf_36_a_pass_that_shows_too_little_removes_nothing),
        cmocka_unit_test(test_a_pass_need_not_show_what_came_or_went_meanwhile),
        cmocka_unit_test(test_v_07_a_pass_up_to_the_last_uid_there_can_be),
        cmocka_unit_test(test_numbers_of_a_first_synchronisation_wait_for_its_ranges),
        cmocka_unit_test(test_r_13_what_vanished_explains_one_rise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
