/* SPDX-License-Identifier: MIT */
#include "session/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/failing_allocator.h"

/* A pipeline and what its commands heard: "NOOP OK|". */
struct fixture {
    struct support_allocator allocator;
    struct cpmsync_pipeline pipeline;
    char heard[2048];
    char traced[4096];
};

struct probe {
    struct cpmsync_session_command command;
    struct fixture *fixture;
    const char *name;
};

static void on_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct probe *probe = (struct probe *)command;
    size_t len = strlen(probe->fixture->heard);

    (void)tagged;
    snprintf(probe->fixture->heard + len, sizeof(probe->fixture->heard) - len, "%s %s|", probe->name,
        error ? cpmsync_error_name(error) : "OK");
    cpmsync_command_clear(&command->text);
    free(probe);
}

static void on_trace(void *ctx, int sent, const uint8_t *data, size_t len)
{
    struct fixture *fixture = ctx;
    size_t at = strlen(fixture->traced);

    assert_int_equal(sent, 1);
    assert_true(at + len < sizeof(fixture->traced));
    memcpy(fixture->traced + at, data, len);
    fixture->traced[at + len] = '\0';
}

static void set_up(struct fixture *f, size_t output_max)
{
    memset(f, 0, sizeof(*f));
    support_allocator_init(&f->allocator);
    cpmsync_pipeline_init(&f->pipeline, &f->allocator.mem, output_max);
    f->pipeline.ctx = f;
    f->pipeline.trace = on_trace;
}

static void tear_down(struct fixture *f)
{
    cpmsync_pipeline_end(&f->pipeline, CPMSYNC_ERR_CLOSED);
    cpmsync_pipeline_clear(&f->pipeline);
    assert_int_equal(f->allocator.live_blocks, 0);
}

static struct probe *make(struct fixture *f, const char *name, unsigned rules)
{
    struct probe *probe = calloc(1, sizeof(*probe));

    assert_non_null(probe);
    probe->fixture = f;
    probe->name = name;
    probe->command.rules = rules;
    probe->command.done = on_done;
    cpmsync_command_init(&probe->command.text, &f->allocator.mem, 100000, CPMSYNC_LITERALS_SYNC);
    cpmsync_command_begin(&probe->command.text, name);
    return probe;
}

static struct cpmsync_session_command *submit(struct fixture *f, const char *name, unsigned rules)
{
    struct probe *probe = make(f, name, rules);

    assert_int_equal(cpmsync_pipeline_submit(&f->pipeline, &probe->command), 0);
    return &probe->command;
}

/* "NAME" with strings that go as literals, for their octet above 127. */
static struct cpmsync_session_command *submit_literals(
    struct fixture *f, const char *name, const char *a, const char *b)
{
    struct probe *probe = make(f, name, 0);

    cpmsync_command_string(&probe->command.text, cpmsync_slice_str(a));
    if (b)
        cpmsync_command_string(&probe->command.text, cpmsync_slice_str(b));
    assert_int_equal(cpmsync_pipeline_submit(&f->pipeline, &probe->command), 0);
    return &probe->command;
}

/* Exactly this is due; it is sent. */
static void sent(struct fixture *f, const char *text)
{
    const uint8_t *data;
    size_t len = cpmsync_pipeline_output(&f->pipeline, &data);

    assert_int_equal(len, strlen(text));
    if (len)
        assert_memory_equal(data, text, len);
    cpmsync_pipeline_ack(&f->pipeline, len);
    assert_int_equal(cpmsync_pipeline_pump(&f->pipeline), 0);
}

static void finish(struct fixture *f, struct cpmsync_session_command *command, int error)
{
    assert_int_equal(cpmsync_pipeline_complete(&f->pipeline, command, error, NULL), 0);
    assert_int_equal(cpmsync_pipeline_pump(&f->pipeline), 0);
}

static void more(struct fixture *f)
{
    assert_true(cpmsync_pipeline_continuation(&f->pipeline, CPMSYNC_SLICE("")));
    assert_int_equal(cpmsync_pipeline_pump(&f->pipeline), 0);
}

static void heard(struct fixture *f, const char *text)
{
    assert_string_equal(f->heard, text);
    f->heard[0] = '\0';
}

static void test_p_01_commands_leave_together_and_completions_overtake(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *one, *two;

    (void)state;
    set_up(&f, 1000);
    one = submit(&f, "NOOP", 0);
    two = submit(&f, "CHECK", 0);
    sent(&f, "C1 NOOP\r\nC2 CHECK\r\n");
    finish(&f, two, 0);
    finish(&f, one, CPMSYNC_ERR_NO);
    heard(&f, "CHECK OK|NOOP CPMSYNC_ERR_NO|");
    assert_null(f.pipeline.first);
    assert_null(f.pipeline.last);
    tear_down(&f);
}

static void test_g_02_tags_are_fresh(void **state)
{
    struct fixture f;
    char text[32];

    (void)state;
    set_up(&f, 1000);
    for (unsigned i = 1; i <= 120; i++) {
        struct cpmsync_session_command *command = submit(&f, "NOOP", 0);

        snprintf(text, sizeof(text), "C%u NOOP\r\n", i);
        sent(&f, text);
        finish(&f, command, 0);
        f.heard[0] = '\0';
    }
    tear_down(&f);
}

static void test_pf_118_whose_tag_it_is(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *one, *found = NULL;

    (void)state;
    set_up(&f, 1000);
    one = submit(&f, "NOOP", 0);
    assert_int_equal(cpmsync_pipeline_find(&f.pipeline, CPMSYNC_SLICE("C1"), &found), CPMSYNC_TAG_NEVER_SENT);
    sent(&f, "C1 NOOP\r\n");
    assert_int_equal(cpmsync_pipeline_find(&f.pipeline, CPMSYNC_SLICE("C1"), &found), CPMSYNC_TAG_IN_FLIGHT);
    assert_ptr_equal(found, one);
    assert_int_equal(cpmsync_pipeline_find(&f.pipeline, CPMSYNC_SLICE("C2"), &found), CPMSYNC_TAG_NEVER_SENT);
    assert_int_equal(cpmsync_pipeline_find(&f.pipeline, CPMSYNC_SLICE("C01"), &found), CPMSYNC_TAG_FINISHED);
    assert_int_equal(cpmsync_pipeline_find(&f.pipeline, CPMSYNC_SLICE("c1"), &found), CPMSYNC_TAG_FINISHED);
    assert_int_equal(cpmsync_pipeline_find(&f.pipeline, CPMSYNC_SLICE("x"), &found), CPMSYNC_TAG_FINISHED);
    finish(&f, one, 0);
    assert_int_equal(cpmsync_pipeline_find(&f.pipeline, CPMSYNC_SLICE("C1"), &found), CPMSYNC_TAG_FINISHED);
    tear_down(&f);
}

static void test_pf_139_the_window_slides(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *first = NULL;
    const uint8_t *data;
    size_t len;

    (void)state;
    set_up(&f, 100000);
    for (int i = 0; i < CPMSYNC_PIPELINE_COMMANDS + 2; i++) {
        struct cpmsync_session_command *command = submit(&f, "NOOP", 0);

        if (i == 0)
            first = command;
    }
    assert_int_equal(f.pipeline.in_flight, CPMSYNC_PIPELINE_COMMANDS);
    len = cpmsync_pipeline_output(&f.pipeline, &data);
    cpmsync_pipeline_ack(&f.pipeline, len);
    finish(&f, first, 0);
    sent(&f, "C26 NOOP\r\n");
    tear_down(&f);
}

static void test_p_10_nothing_is_sent_behind_a_command_that_stands_alone(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *alone;

    (void)state;
    set_up(&f, 1000);
    submit(&f, "NOOP", 0);
    alone = submit(&f, "IDLE", CPMSYNC_COMMAND_ALONE);
    submit(&f, "CHECK", 0);
    sent(&f, "C1 NOOP\r\nC2 IDLE\r\n");
    finish(&f, alone, 0);
    sent(&f, "C3 CHECK\r\n");
    tear_down(&f);
}

static void test_p_12_changes_wait_until_no_select_is_in_flight(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *select;

    (void)state;
    set_up(&f, 1000);
    select = submit(&f, "SELECT", CPMSYNC_COMMAND_SELECT);
    submit(&f, "UID FETCH", 0);
    submit(&f, "UID STORE", CPMSYNC_COMMAND_CHANGES);
    submit(&f, "UID FETCH", 0);
    sent(&f, "C1 SELECT\r\nC2 UID FETCH\r\n");
    finish(&f, select, 0);
    sent(&f, "C3 UID STORE\r\nC4 UID FETCH\r\n");
    tear_down(&f);
}

static void test_l_01_a_literal_waits_for_its_continuation(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *command;

    (void)state;
    set_up(&f, 1000);
    command = submit_literals(&f, "APPEND", "\xc3\xa9", "\xc3\xa8!");
    submit(&f, "NOOP", 0);
    sent(&f, "C1 APPEND {2}\r\n");
    sent(&f, "");
    assert_true(cpmsync_pipeline_unfinished(command));
    more(&f);
    sent(&f, "\xc3\xa9 {3}\r\n");
    more(&f);
    /* L-04: the next command begins behind it, not within. */
    sent(&f, "\xc3\xa8!\r\nC2 NOOP\r\n");
    assert_false(cpmsync_pipeline_unfinished(command));
    assert_false(cpmsync_pipeline_continuation(&f.pipeline, CPMSYNC_SLICE("")));
    tear_down(&f);
}

static void test_pf_79_a_continuation_before_the_literal_was_announced_lets_nothing_go(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, 20);
    submit_literals(&f, "UID STORE AND MORE OF IT", "\xc3\xa9", NULL);
    assert_false(cpmsync_pipeline_continuation(&f.pipeline, CPMSYNC_SLICE("")));
    sent(&f, "C1 UID STORE AND M");
    assert_false(cpmsync_pipeline_continuation(&f.pipeline, CPMSYNC_SLICE("")));
    sent(&f, "ORE OF IT {2}\r\n");
    sent(&f, "");
    more(&f);
    sent(&f, "\xc3\xa9\r\n");
    tear_down(&f);
}

static void test_l_03_a_refused_literal_is_not_sent(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *command;

    (void)state;
    set_up(&f, 1000);
    command = submit_literals(&f, "APPEND", "\xc3\xa9", NULL);
    submit(&f, "NOOP", 0);
    sent(&f, "C1 APPEND {2}\r\n");
    finish(&f, command, CPMSYNC_ERR_NO);
    heard(&f, "APPEND CPMSYNC_ERR_NO|");
    sent(&f, "C2 NOOP\r\n");
    tear_down(&f);
}

static void test_a_literal_that_has_begun_is_sent_to_its_end(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *command;
    const uint8_t *data;
    size_t len;

    (void)state;
    set_up(&f, 24);
    command = submit_literals(&f, "APPEND", "\xc3\xa9 0123456789 0123456789", NULL);
    submit(&f, "NOOP", 0);
    sent(&f, "C1 APPEND {24}\r\n");
    assert_true(cpmsync_pipeline_continuation(&f.pipeline, CPMSYNC_SLICE("")));
    assert_int_equal(cpmsync_pipeline_pump(&f.pipeline), 0);
    assert_int_equal(cpmsync_pipeline_output(&f.pipeline, &data), 22);
    finish(&f, command, CPMSYNC_ERR_NO);
    len = cpmsync_pipeline_output(&f.pipeline, &data);
    assert_int_equal(len, 26);
    assert_memory_equal(data, "\xc3\xa9 0123456789 0123456789\r\n", 26);
    cpmsync_pipeline_ack(&f.pipeline, len);
    assert_int_equal(cpmsync_pipeline_pump(&f.pipeline), 0);
    sent(&f, "C2 NOOP\r\n");
    tear_down(&f);
}

static void test_output_stays_within_its_cap_and_loses_nothing(void **state)
{
    struct fixture f;
    char text[2000], all[2100];
    size_t at = 0;
    const uint8_t *data;
    size_t len;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[0] = '\xc3';
    text[1999] = '\0';
    set_up(&f, 100);
    submit_literals(&f, "APPEND", text, NULL);
    submit(&f, "NOOP", 0);
    sent(&f, "C1 APPEND {1999}\r\n");
    more(&f);
    while ((len = cpmsync_pipeline_output(&f.pipeline, &data)) > 0) {
        size_t some = len > 7 ? 7 : len;

        assert_true(len <= 100);
        memcpy(all + at, data, some);
        at += some;
        cpmsync_pipeline_ack(&f.pipeline, some);
        assert_int_equal(cpmsync_pipeline_pump(&f.pipeline), 0);
    }
    assert_int_equal(at, 1999 + 2 + 9);
    assert_memory_equal(all, text, 1999);
    assert_memory_equal(all + 1999, "\r\nC2 NOOP\r\n", 11);
    tear_down(&f);
}

static void test_withdrawing_what_is_unsent_and_what_is_sent(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *alone, *queued, *last;

    (void)state;
    set_up(&f, 1000);
    alone = submit(&f, "IDLE", CPMSYNC_COMMAND_ALONE);
    queued = submit(&f, "NOOP", 0);
    last = submit(&f, "CHECK", 0);
    assert_false(cpmsync_pipeline_withdraw(&f.pipeline, alone));
    assert_true(cpmsync_pipeline_withdraw(&f.pipeline, last));
    on_done(last, CPMSYNC_ERR_CANCELLED, NULL);
    assert_ptr_equal(f.pipeline.last, queued);
    assert_true(cpmsync_pipeline_withdraw(&f.pipeline, queued));
    on_done(queued, CPMSYNC_ERR_CANCELLED, NULL);
    sent(&f, "C1 IDLE\r\n");
    heard(&f, "CHECK CPMSYNC_ERR_CANCELLED|NOOP CPMSYNC_ERR_CANCELLED|");
    tear_down(&f);
}

static void test_c_04_the_end_tells_what_may_have_been_sent(void **state)
{
    struct fixture f;
    const uint8_t *data;

    (void)state;
    set_up(&f, 1000);
    submit(&f, "NOOP", 0);
    (void)cpmsync_pipeline_output(&f.pipeline, &data);
    submit(&f, "IDLE", CPMSYNC_COMMAND_ALONE);
    submit(&f, "CHECK", 0);
    cpmsync_pipeline_end(&f.pipeline, CPMSYNC_ERR_CLOSED);
    heard(&f, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|IDLE CPMSYNC_ERR_CLOSED|CHECK CPMSYNC_ERR_CLOSED|");
    assert_int_equal(cpmsync_pipeline_output(&f.pipeline, &data), 0);
    tear_down(&f);
}

static void test_flights_count_bursts_behind_something_heard(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, 1000);
    submit(&f, "NOOP", 0);
    sent(&f, "C1 NOOP\r\n");
    assert_int_equal(f.pipeline.flights, 1);
    submit(&f, "CHECK", 0);
    sent(&f, "C2 CHECK\r\n");
    assert_int_equal(f.pipeline.flights, 1);
    cpmsync_pipeline_heard(&f.pipeline);
    submit(&f, "NOOP", 0);
    sent(&f, "C3 NOOP\r\n");
    assert_int_equal(f.pipeline.flights, 2);
    cpmsync_pipeline_heard(&f.pipeline);
    submit(&f, "LOGOUT", CPMSYNC_COMMAND_ENDS);
    sent(&f, "C4 LOGOUT\r\n");
    assert_int_equal(f.pipeline.flights, 2);
    tear_down(&f);
}

/* R5: what a window held back was decided earlier, and depends on nothing that came since. */
static void test_r5_a_refilled_window_is_no_flight(void **state)
{
    struct cpmsync_session_command *commands[CPMSYNC_PIPELINE_COMMANDS + 1];
    struct fixture f;
    const uint8_t *data;

    (void)state;
    set_up(&f, 100000);
    for (int i = 0; i < CPMSYNC_PIPELINE_COMMANDS + 1; i++)
        commands[i] = submit(&f, "NOOP", 0);
    cpmsync_pipeline_ack(&f.pipeline, cpmsync_pipeline_output(&f.pipeline, &data));
    assert_int_equal(f.pipeline.flights, 1);
    cpmsync_pipeline_heard(&f.pipeline);
    finish(&f, commands[0], 0);
    sent(&f, "C26 NOOP\r\n");
    assert_int_equal(f.pipeline.flights, 1);
    finish(&f, commands[1], 0);
    submit(&f, "CHECK", CPMSYNC_COMMAND_REFILL);
    sent(&f, "C27 CHECK\r\n");
    assert_int_equal(f.pipeline.flights, 1);
    finish(&f, commands[2], 0);
    submit(&f, "CHECK", 0);
    sent(&f, "C28 CHECK\r\n");
    assert_int_equal(f.pipeline.flights, 2);
    tear_down(&f);
}

/* R5: a server that bore a whole synchronisation may owe answers to 64 KiB. */
static void test_r5_a_proven_server_has_a_window_of_octets(void **state)
{
    static char name[1021]; /* "C123 ", it, CRLF: a little more than 1,024 octets */
    struct fixture f;

    (void)state;
    memset(name, 'X', sizeof(name) - 1);
    set_up(&f, 1000000);
    f.pipeline.trace = NULL;
    f.pipeline.commands_max = SIZE_MAX;
    for (int i = 0; i < 70; i++)
        submit(&f, name, 0);
    assert_int_equal(f.pipeline.in_flight, 64);
    tear_down(&f);
}

static void test_pf_129_secrets_do_not_reach_the_trace(void **state)
{
    struct fixture f;
    struct probe *probe;

    (void)state;
    set_up(&f, 30);
    probe = make(&f, "LOGIN", 0);
    cpmsync_command_secret(&probe->command.text, CPMSYNC_SLICE("somebody-with-a-long-name"));
    cpmsync_command_secret(&probe->command.text, CPMSYNC_SLICE("p\xc3\xa9ncil"));
    assert_int_equal(cpmsync_pipeline_submit(&f.pipeline, &probe->command), 0);
    sent(&f, "C1 LOGIN somebody-with-a-lon");
    sent(&f, "g-name {7}\r\n");
    more(&f);
    sent(&f, "p\xc3\xa9ncil\r\n");
    assert_int_equal(cpmsync_pipeline_line(&f.pipeline, CPMSYNC_SLICE("AAAA"), true), 0);
    assert_int_equal(cpmsync_pipeline_line(&f.pipeline, CPMSYNC_SLICE("*"), false), 0);
    sent(&f, "AAAA\r\n*\r\n");
    assert_string_equal(f.traced, "C1 LOGIN <secret>\r\n<secret>\r\n*\r\n");
    tear_down(&f);
}

static void test_without_memory_a_command_is_queued_whole_or_not_at_all(void **state)
{
    struct fixture f;
    const uint8_t *data;

    (void)state;
    for (uint64_t n = 1; n < 5; n++) {
        struct probe *probe;
        int rc;

        set_up(&f, 1000);
        probe = make(&f, "NOOP", 0);
        support_allocator_fail_at(&f.allocator, n);
        rc = cpmsync_pipeline_submit(&f.pipeline, &probe->command);
        assert_int_equal(rc, n == 1 ? CPMSYNC_ERR_NOMEM : 0);
        if (rc) {
            assert_null(f.pipeline.first);
            assert_int_equal(cpmsync_pipeline_output(&f.pipeline, &data), 0);
            on_done(&probe->command, rc, NULL);
        } else {
            sent(&f, "C1 NOOP\r\n");
        }
        tear_down(&f);
    }
}

static void test_a_text_with_an_error_is_not_queued(void **state)
{
    struct fixture f;
    struct probe *probe;

    (void)state;
    set_up(&f, 1000);
    probe = make(&f, "SELECT", 0);
    cpmsync_command_atom(&probe->command.text, "no atom");
    assert_int_equal(cpmsync_pipeline_submit(&f.pipeline, &probe->command), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_null(f.pipeline.first);
    on_done(&probe->command, CPMSYNC_ERR_INVALID_ARGUMENT, NULL);
    tear_down(&f);
}

/* RFC 2177: nothing may be sent before `+`; DONE goes with what waits behind it, and the next IDLE with them. */
static void test_i_03_done_commands_and_the_next_idle_leave_in_one_burst(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *idle, *fetch;

    (void)state;
    set_up(&f, 1000);
    idle = submit(&f, "IDLE", CPMSYNC_COMMAND_IDLE);
    sent(&f, "C1 IDLE\r\n");
    fetch = submit(&f, "FETCH", 0);
    sent(&f, "");
    submit(&f, "IDLE", CPMSYNC_COMMAND_IDLE);
    cpmsync_pipeline_heard(&f.pipeline);
    more(&f);
    sent(&f, "DONE\r\nC2 FETCH\r\nC3 IDLE\r\n");
    assert_int_equal(idle->rules & CPMSYNC_COMMAND_IDLE, 0);
    assert_int_equal(f.pipeline.flights, 2);
    finish(&f, idle, 0);
    finish(&f, fetch, 0);
    more(&f);
    sent(&f, "");
    assert_false(cpmsync_pipeline_continuation(&f.pipeline, CPMSYNC_SLICE("")));
    tear_down(&f);
    heard(&f, "IDLE OK|FETCH OK|IDLE CPMSYNC_ERR_OUTCOME_UNKNOWN|");
}

static void test_i_01_done_waits_for_the_continuation(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *idle;

    (void)state;
    set_up(&f, 1000);
    idle = submit(&f, "IDLE", CPMSYNC_COMMAND_IDLE);
    assert_false(cpmsync_pipeline_continuation(&f.pipeline, CPMSYNC_SLICE(""))); /* it was not sent yet */
    sent(&f, "C1 IDLE\r\n");
    cpmsync_pipeline_end_idle(&f.pipeline);
    assert_int_equal(cpmsync_pipeline_pump(&f.pipeline), 0);
    sent(&f, "");
    more(&f);
    sent(&f, "DONE\r\n");
    finish(&f, idle, 0);
    submit(&f, "NOOP", 0);
    sent(&f, "C2 NOOP\r\n");
    tear_down(&f);
}

/* Refused, or ended by the server: what waited goes on without DONE. */
static void test_i_01_an_idle_that_is_refused_holds_up_nothing(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *idle;

    (void)state;
    set_up(&f, 1000);
    idle = submit(&f, "IDLE", CPMSYNC_COMMAND_IDLE);
    sent(&f, "C1 IDLE\r\n");
    submit(&f, "NOOP", 0);
    finish(&f, idle, CPMSYNC_ERR_BAD);
    sent(&f, "C2 NOOP\r\n");
    heard(&f, "IDLE CPMSYNC_ERR_BAD|");
    tear_down(&f);
}

static void test_i_03_an_idle_that_is_not_sent_yet_lets_others_pass(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *login;

    (void)state;
    set_up(&f, 1000);
    login = submit(&f, "LOGIN", CPMSYNC_COMMAND_ALONE);
    submit(&f, "IDLE", CPMSYNC_COMMAND_IDLE);
    submit(&f, "NOOP", 0);
    submit(&f, "CHECK", 0);
    sent(&f, "C1 LOGIN\r\n");
    finish(&f, login, 0);
    sent(&f, "C2 NOOP\r\nC3 CHECK\r\nC4 IDLE\r\n");
    tear_down(&f);
}

/* On a server that swallows what comes unasked IDLE stands alone: its answer is awaited (R3). */
static void test_r3_behind_an_idle_that_stands_alone_its_answer_is_awaited(void **state)
{
    struct fixture f;
    struct cpmsync_session_command *idle;

    (void)state;
    set_up(&f, 1000);
    idle = submit(&f, "IDLE", CPMSYNC_COMMAND_IDLE | CPMSYNC_COMMAND_ALONE);
    sent(&f, "C1 IDLE\r\n");
    submit(&f, "NOOP", 0);
    more(&f);
    sent(&f, "DONE\r\n");
    finish(&f, idle, 0);
    sent(&f, "C2 NOOP\r\n");
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p_01_commands_leave_together_and_completions_overtake),
        cmocka_unit_test(test_g_02_tags_are_fresh),
        cmocka_unit_test(test_pf_118_whose_tag_it_is),
        cmocka_unit_test(test_pf_139_the_window_slides),
        cmocka_unit_test(test_p_10_nothing_is_sent_behind_a_command_that_stands_alone),
        cmocka_unit_test(test_p_12_changes_wait_until_no_select_is_in_flight),
        cmocka_unit_test(test_l_01_a_literal_waits_for_its_continuation),
        cmocka_unit_test(test_pf_79_a_continuation_before_the_literal_was_announced_lets_nothing_go),
        cmocka_unit_test(test_l_03_a_refused_literal_is_not_sent),
        cmocka_unit_test(test_a_literal_that_has_begun_is_sent_to_its_end),
        cmocka_unit_test(test_output_stays_within_its_cap_and_loses_nothing),
        cmocka_unit_test(test_withdrawing_what_is_unsent_and_what_is_sent),
        cmocka_unit_test(test_c_04_the_end_tells_what_may_have_been_sent),
        cmocka_unit_test(test_flights_count_bursts_behind_something_heard),
        cmocka_unit_test(test_r5_a_refilled_window_is_no_flight),
        cmocka_unit_test(test_r5_a_proven_server_has_a_window_of_octets),
        cmocka_unit_test(test_pf_129_secrets_do_not_reach_the_trace),
        cmocka_unit_test(test_without_memory_a_command_is_queued_whole_or_not_at_all),
        cmocka_unit_test(test_a_text_with_an_error_is_not_queued),
        cmocka_unit_test(test_i_03_done_commands_and_the_next_idle_leave_in_one_burst),
        cmocka_unit_test(test_i_01_done_waits_for_the_continuation),
        cmocka_unit_test(test_i_01_an_idle_that_is_refused_holds_up_nothing),
        cmocka_unit_test(test_i_03_an_idle_that_is_not_sent_yet_lets_others_pass),
        cmocka_unit_test(test_r3_behind_an_idle_that_stands_alone_its_answer_is_awaited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
