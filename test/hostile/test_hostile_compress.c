/* SPDX-License-Identifier: MIT */
/* A server that compresses, and means no good, or does it wrong (Z-06). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "session/compress.h"
#include "support/compress_talk.h"

static struct support_wire wire;

static uint64_t traced;

static void count_trace(void *ctx, int sent, const uint8_t *data, size_t len)
{
    (void)ctx, (void)data;
    traced += sent ? 0 : len;
}

/* A session that compresses, and a quarter of a million octets for it as `len` on the wire. */
static size_t with_bomb(struct support_talk *talk)
{
    size_t len;

    support_talk_init(talk);
    talk->config.up.trace = count_trace;
    support_wire_compressed(&wire, talk);
    memcpy(wire.plain, "* 9 EXISTS ", 11);
    memset(wire.plain + 11, 'x', SUPPORT_WIRE_MAX - 11);
    len = support_deflate_pack(wire.peer, wire.plain, SUPPORT_WIRE_MAX, wire.octets, SUPPORT_WIRE_MAX);
    assert_in_range(len, 200, 500);
    traced = 0;
    return len;
}

static void test_z_06_a_bomb_is_inflated_a_little_at_a_time(void **state)
{
    struct support_talk talk;
    size_t len = with_bomb(&talk), before = talk.allocator.live_octets;
    uint64_t at;

    (void)state;
    support_talk_octets(&talk, wire.octets, len);
    assert_in_range(traced, 1, CPMSYNC_COMPRESS_RATIO * len + CPMSYNC_DEFLATE_PIECE);
    while (traced < SUPPORT_WIRE_MAX) {
        assert_true(cpmsync_session_full(talk.session) && cpmsync_session_busy(talk.session));
        at = traced;
        int64_t left = cpmsync_session_tick(talk.session, talk.now, 10000);
        assert_in_range(traced - at, 1, 9999 + CPMSYNC_DEFLATE_PIECE);
        assert_int_equal(left, traced - at < 10000 ? 10000 - (int64_t)(traced - at) : 0);
    }
    cpmsync_session_tick(talk.session, talk.now, 1);
    assert_false(cpmsync_session_full(talk.session) || cpmsync_session_busy(talk.session));
    /* A line without an end is held up to its limit; then the inflater's window. */
    assert_true(talk.allocator.peak_octets - before < 2 * 4096 + 2 * 32768);
    support_wire_server(&wire, &talk, "\r\n* 3 EXISTS\r\n");
    support_talk_heard(&talk, "lost CPMSYNC_ERR_LIMIT|EXISTS 3");
    support_wire_close(&wire, &talk);
}

static void ask(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    (void)ctx;
    assert_int_equal(cpmsync_client_credentials(client, conn, 0, "fred", "secret", NULL), 0);
}

static void say_plain(struct cpmsync_client *client, const char *text)
{
    const uint8_t *data;
    size_t len;

    while ((len = cpmsync_conn_output(client, 0, &data)) > 0)
        assert_int_equal(cpmsync_conn_ack(client, 0, 1000, len), 0);
    assert_int_equal(cpmsync_conn_feed(client, 0, 1000, (const uint8_t *)text, strlen(text)), 0);
}

/* PF-86: what waits is work to be done at once, and nothing more is read before it is done. */
static void test_z_06_an_app_is_told_that_octets_wait(void **state)
{
    struct cpmsync_client_config config = {0};
    struct cpmsync_client *client;
    const uint8_t *data;
    unsigned turns = 0;

    (void)state;
    config.size = sizeof config;
    config.early = CPMSYNC_EARLY_NEVER;
    config.credentials = ask;
    assert_int_equal(cpmsync_client_new(&client, &config), 0);
    assert_true(cpmsync_client_sync_account(client, NULL, NULL, NULL) > 0);
    assert_int_equal(cpmsync_conn_opened(client, 0, 1000, CPMSYNC_CONN_SECURE), 0);
    say_plain(client, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
    say_plain(client, "C1 OK [CAPABILITY IMAP4rev1 LIST-STATUS COMPRESS=DEFLATE] in\r\n");
    say_plain(client, "C3 OK\r\n");
    assert_int_equal(cpmsync_conn_want(client, 0), CPMSYNC_WANT_READ);

    support_wire_open(&wire);
    memset(wire.plain, 'x', SUPPORT_WIRE_MAX);
    memcpy(wire.plain, "* OK ", 5);
    size_t len = support_deflate_pack(wire.peer, wire.plain, SUPPORT_WIRE_MAX, wire.octets, SUPPORT_WIRE_MAX);
    assert_int_equal(cpmsync_conn_feed(client, 0, 1000, wire.octets, len), 0);
    for (; cpmsync_conn_want(client, 0) == CPMSYNC_WANT_NOW; turns++)
        assert_int_equal(cpmsync_conn_tick(client, 1000, 10000), 0);
    assert_in_range(turns, 15, 40);
    assert_int_equal(cpmsync_conn_want(client, 0), CPMSYNC_WANT_READ);
    /* The account's second flight is due while octets wait: both are told. */
    len = support_deflate_pack(wire.peer, "\r\nC2 NO\r\n", 9, wire.octets, SUPPORT_WIRE_MAX);
    len += support_deflate_pack(wire.peer, wire.plain, SUPPORT_WIRE_MAX, wire.octets + len, SUPPORT_WIRE_MAX - len);
    assert_true(cpmsync_client_sync(client, "INBOX", NULL, NULL) > 0);
    assert_int_equal(cpmsync_conn_feed(client, 0, 1000, wire.octets, len), 0);
    assert_int_equal(cpmsync_conn_want(client, 0), CPMSYNC_WANT_NOW | CPMSYNC_WANT_WRITE);
    assert_true(cpmsync_conn_output(client, 0, &data) > 0);
    cpmsync_client_free(client);
    support_deflate_free(wire.peer);
}

/* An app that feeds all the same: memory stays within its limit. */
static void test_z_06_what_waits_is_bounded(void **state)
{
    struct support_talk talk;
    size_t len = with_bomb(&talk), before = talk.allocator.live_octets, total = 0;

    (void)state;
    for (size_t i = 0; i < 1000; i++, total += len) {
        memcpy(wire.plain, "yyyyyyyyyyy", 11);
        support_talk_octets(&talk, wire.octets, len);
        len = support_deflate_pack(wire.peer, wire.plain, SUPPORT_WIRE_MAX, wire.octets, SUPPORT_WIRE_MAX);
    }
    assert_true(total > 2 * CPMSYNC_COMPRESS_HELD_MAX);
    assert_true(traced > 500 * (uint64_t)SUPPORT_WIRE_MAX);
    assert_true(talk.allocator.peak_octets - before < 3 * CPMSYNC_COMPRESS_HELD_MAX + 2 * 4096 + 2 * 32768);
    cpmsync_session_tick(talk.session, talk.now, 0);
    assert_int_equal(traced, 1000 * (uint64_t)SUPPORT_WIRE_MAX);
    support_wire_close(&wire, &talk);
}

static void test_what_waits_is_read_when_the_link_is_gone(void **state)
{
    struct support_talk talk;
    struct cpmsync_err err;
    size_t len = with_bomb(&talk);

    (void)state;
    support_talk_submit(&talk, "NOOP", 0, NULL);
    support_wire_client(&wire, &talk, "C4 NOOP\r\n");
    support_talk_octets(&talk, wire.octets, len);
    support_wire_server(&wire, &talk, "\r\nC4 OK\r\n");
    support_talk_heard(&talk, "lost CPMSYNC_ERR_LIMIT");
    cpmsync_err_clear(&err);
    cpmsync_session_closed(talk.session, &err);
    support_talk_heard(&talk, "NOOP OK|failed");
    support_talk_failed(&talk, CPMSYNC_ERR_CLOSED);
    support_wire_close(&wire, &talk);
}

/* A deadline that passes while octets wait is none: the server has spoken. */
static void test_what_waits_counts_as_heard(void **state)
{
    struct support_talk talk;
    size_t len = with_bomb(&talk);

    (void)state;
    support_talk_submit(&talk, "NOOP", 0, NULL);
    support_wire_client(&wire, &talk, "C4 NOOP\r\n");
    support_talk_octets(&talk, wire.octets, len);
    support_wire_server(&wire, &talk, "\r\nC4 OK\r\n");
    assert_true(cpmsync_session_full(talk.session));
    talk.now += 1000000;
    cpmsync_session_tick(talk.session, talk.now, 0);
    support_talk_heard(&talk, "lost CPMSYNC_ERR_LIMIT|NOOP OK");
    assert_int_equal(cpmsync_session_state(talk.session), CPMSYNC_SESSION_READY);
    support_wire_close(&wire, &talk);
}

/* ---- a server that breaks */

static void test_z_06_a_corrupt_stream_ends_the_connection(void **state)
{
    struct support_talk talk;

    (void)state;
    for (int heard_before = 0; heard_before < 2; heard_before++) {
        support_talk_init(&talk);
        support_wire_compressed(&wire, &talk);
        support_talk_submit(&talk, "NOOP", 0, NULL);
        support_wire_client(&wire, &talk, "C4 NOOP\r\n");
        if (heard_before)
            support_wire_server(&wire, &talk, "* 3 EXISTS\r\n");
        talk.heard[0] = '\0';
        support_talk_server(&talk, "\xff\xff not DEFLATE");
        support_talk_heard(&talk, "NOOP CPMSYNC_ERR_OUTCOME_UNKNOWN|failed");
        support_talk_failed(&talk, CPMSYNC_ERR_COMPRESSION);
        assert_false(cpmsync_session_full(talk.session) || cpmsync_session_busy(talk.session));
        assert_true(talk.facts.no_compress);
        support_wire_close(&wire, &talk);
    }
}

enum how { CUT, LATE, GARBAGE, HEARD, HEARD_LATE, IDLE, CANCELLED, LOGGED_OUT, CONTENT };

/* A connection that compresses and ends like this, on the same facts as the one before. */
static void ends(struct support_talk *talk, enum how how, bool answered)
{
    struct cpmsync_server_facts facts = talk->facts;
    struct cpmsync_err err;

    support_talk_init(talk);
    facts.mem = talk->facts.mem;
    facts.before_login = facts.after_login = NULL;
    talk->facts = facts;
    support_wire_open(&wire);
    support_wire_asked(talk);
    support_talk_server(talk, answered ? "C2 OK\r\nC3 OK\r\n" : how == IDLE ? "" : "C2 OK\r\n");
    if (how == LOGGED_OUT)
        assert_int_equal(cpmsync_session_logout(talk->session), 0);
    else if (how != IDLE && how != CONTENT)
        support_talk_submit(talk, "CHECK", 0, NULL);
    if (answered && how != IDLE)
        support_wire_client(&wire, talk, how == LOGGED_OUT ? "C4 LOGOUT\r\n" : "C4 CHECK\r\n");
    if (how == HEARD || how == HEARD_LATE)
        support_wire_server(&wire, talk, "* 3 EXISTS\r\n");
    if (how == GARBAGE)
        support_wire_server(&wire, talk, "plain\rgarbage");
    if (how == LATE || how == HEARD_LATE)
        cpmsync_session_tick(talk->session, talk->now + 60000, 0);
    if (how == CANCELLED)
        cpmsync_session_fail(talk->session, CPMSYNC_ERR_CANCELLED);
    cpmsync_err_clear(&err);
    cpmsync_session_closed(talk->session, &err);
    assert_int_equal(cpmsync_session_state(talk->session), CPMSYNC_SESSION_FAILED);
    facts = talk->facts;
    talk->heard[0] = '\0';
    support_wire_close(&wire, talk);
    talk->facts.no_compress = facts.no_compress;
    talk->facts.compress_failures = facts.compress_failures;
}

static void test_a_server_that_is_silent_behind_compress_twice_is_not_asked_again(void **state)
{
    static const enum how silent[] = {CUT, LATE, GARBAGE};
    struct support_talk talk;

    (void)state;
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        memset(&talk, 0, sizeof talk);
        ends(&talk, silent[i], true);
        assert_false(talk.facts.no_compress);
        ends(&talk, silent[i], true);
        assert_true(talk.facts.no_compress);
    }
    /* It never answered COMPRESS. */
    memset(&talk, 0, sizeof talk);
    ends(&talk, LATE, false);
    assert_false(talk.facts.no_compress);
    ends(&talk, CUT, false);
    assert_true(talk.facts.no_compress);
}

static void test_a_link_that_is_cut_is_not_the_servers_fault(void **state)
{
    static const enum how others[] = {HEARD, HEARD_LATE, IDLE, CANCELLED, LOGGED_OUT};
    struct support_talk talk;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        memset(&talk, 0, sizeof talk);
        ends(&talk, CUT, true);
        assert_int_equal(talk.facts.compress_failures, 1);
        ends(&talk, others[i], true);
        assert_int_equal(talk.facts.compress_failures, others[i] != HEARD && others[i] != HEARD_LATE);
        assert_false(talk.facts.no_compress);
    }
    /* What was sent ahead of COMPRESS was not answered either. */
    memset(&talk, 0, sizeof talk);
    ends(&talk, IDLE, false);
    assert_int_equal(talk.facts.compress_failures, 0);
    /* The app had all it wanted, and closed. */
    ends(&talk, CONTENT, false);
    assert_int_equal(talk.facts.compress_failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_z_06_a_bomb_is_inflated_a_little_at_a_time),
        cmocka_unit_test(test_z_06_an_app_is_told_that_octets_wait),
        cmocka_unit_test(test_z_06_what_waits_is_bounded),
        cmocka_unit_test(test_what_waits_is_read_when_the_link_is_gone),
        cmocka_unit_test(test_what_waits_counts_as_heard),
        cmocka_unit_test(test_z_06_a_corrupt_stream_ends_the_connection),
        cmocka_unit_test(test_a_server_that_is_silent_behind_compress_twice_is_not_asked_again),
        cmocka_unit_test(test_a_link_that_is_cut_is_not_the_servers_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
