/* SPDX-License-Identifier: MIT */
#include "session/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "session/state.h"
#include "support/session_talk.h"

#define CAN "IMAP4rev1 COMPRESS=DEFLATE"

static void begin(struct support_talk *talk, const char *capabilities)
{
    support_talk_open(talk, true);
    support_talk_login(talk, capabilities);
    support_talk_heard(talk, "");
}

/* ---- whether it is asked for */

static void asks_for_nothing(struct support_talk *talk, const char *capabilities)
{
    begin(talk, capabilities);
    cpmsync_session_compress(talk->session);
    assert_true(cpmsync_session_quiet(talk->session));
    support_talk_submit(talk, "NOOP", 0, NULL);
    support_talk_client(talk, "C2 NOOP\r\n");
    support_talk_server(talk, "C2 OK\r\n");
    support_talk_close(talk);
}

static void test_it_is_not_asked_for_where_it_cannot_be(void **state)
{
    static const char *const disabled[] = {"compress=deflate"};
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    asks_for_nothing(&talk, "IMAP4rev1 COMPRESS=LZ4");
    support_talk_init(&talk);
    talk.config.disabled = disabled;
    talk.config.disabled_count = 1;
    asks_for_nothing(&talk, CAN);
    support_talk_init(&talk);
    talk.facts.no_compress = true;
    asks_for_nothing(&talk, CAN);
#if !defined(CPMSYNC_WITH_ZLIB)
    support_talk_init(&talk);
    asks_for_nothing(&talk, CAN);
#endif
}

#if defined(CPMSYNC_WITH_ZLIB)
#include "support/compress_talk.h"

static struct support_wire wire;

static void test_z_01_nothing_is_sent_between_compress_and_its_result(void **state)
{
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    support_wire_open(&wire);
    support_wire_asked(&talk);
    support_talk_submit(&talk, "CHECK", 0, NULL);
    support_talk_client(&talk, "");
    support_talk_server(&talk, "C2 OK\r\n* 3 EXISTS\r\n");
    support_talk_submit(&talk, "LIST", 0, NULL);
    support_talk_client(&talk, "");
    support_talk_server(&talk, "C3 OK active\r\n");
    support_wire_client(&wire, &talk, "C4 CHECK\r\nC5 LIST\r\n");
    support_wire_server(&wire, &talk, "C4 OK\r\n* LIST () \"/\" INBOX\r\nC5 OK\r\n");
    support_talk_heard(&talk, "NOOP OK|EXISTS 3|CHECK OK|data LIST|LIST OK");
    /* Once a session. */
    cpmsync_session_compress(talk.session);
    support_wire_client(&wire, &talk, "");
    support_wire_close(&wire, &talk);
}

/* Dovecot answers COMPRESS while a FETCH ahead of it is still running: what is left of that comes compressed. */
static void test_z_02_compress_may_be_answered_first(void **state)
{
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    support_wire_open(&wire);
    support_wire_asked(&talk);
    support_talk_server(&talk, "* 1 EXISTS\r\nC3 OK Begin compression\r\n");
    support_wire_server(&wire, &talk, "* 2 EXISTS\r\nC2 OK\r\n");
    support_talk_heard(&talk, "EXISTS 1|EXISTS 2|NOOP OK");
    support_talk_submit(&talk, "CHECK", 0, NULL);
    support_wire_client(&wire, &talk, "C4 CHECK\r\n");
    support_wire_server(&wire, &talk, "C4 OK\r\n");
    support_talk_heard(&talk, "CHECK OK");
    support_wire_close(&wire, &talk);
}

static void refused(const char *answer, bool remembered)
{
    struct support_talk talk;

    support_talk_init(&talk);
    support_wire_asked(&talk);
    support_talk_submit(&talk, "CHECK", 0, NULL);
    support_talk_server(&talk, "C2 OK\r\n");
    support_talk_server(&talk, answer);
    support_talk_client(&talk, "C4 CHECK\r\n");
    support_talk_server(&talk, "* 3 EXISTS\r\nC4 OK\r\n");
    support_talk_heard(&talk, "NOOP OK|EXISTS 3|CHECK OK");
    assert_int_equal(talk.facts.no_compress, remembered);
    cpmsync_session_compress(talk.session);
    support_talk_client(&talk, "");
    support_talk_close(&talk);
}

static void test_z_01_on_no_and_bad_nothing_is_compressed(void **state)
{
    (void)state;
    refused("C3 NO not now\r\n", false);
    refused("C3 BAD what\r\n", true);
}

static void test_z_05_compression_active_is_no_error(void **state)
{
    (void)state;
    refused("C3 NO [COMPRESSIONACTIVE] DEFLATE active via TLS\r\n", false);
}

/* The answer may be here before the transport has said that COMPRESS is gone. */
static void test_z_01_what_had_left_plain_stays_so(void **state)
{
    struct support_talk talk;
    const uint8_t *data;

    (void)state;
    for (size_t gone = 0; gone < 30; gone++) {
        support_talk_init(&talk);
        support_wire_open(&wire);
        begin(&talk, CAN);
        support_talk_submit(&talk, "NOOP", 0, NULL);
        cpmsync_session_compress(talk.session);
        support_talk_submit(&talk, "CHECK", CPMSYNC_COMMAND_APART, NULL);
        assert_int_equal(cpmsync_session_output(talk.session, &data), 30);
        cpmsync_session_ack(talk.session, talk.now, gone);
        support_talk_server(&talk, "C2 OK\r\nC3 OK active\r\n");
        support_talk_client(&talk, &"C2 NOOP\r\nC3 COMPRESS DEFLATE\r\n"[gone]);
        support_wire_client(&wire, &talk, "C4 CHECK\r\n");
        support_wire_server(&wire, &talk, "C4 OK\r\n");
        support_talk_heard(&talk, "NOOP OK|CHECK OK");
        support_wire_close(&wire, &talk);
    }
}

/* Wherever what comes is cut: before, in and behind the OK, which compressed octets follow in the same portion. */
static void script(struct support_talk *talk)
{
    const uint8_t *data;
    size_t len;

    support_wire_open(&wire);
    support_talk_open(talk, true);
    support_talk_server(talk, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
    support_talk_client(talk, "C1 AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\n");
    support_talk_server(talk, "C1 OK [CAPABILITY " CAN "] in\r\n");
    if (talk->session && cpmsync_session_state(talk->session) == CPMSYNC_SESSION_READY)
        cpmsync_session_compress(talk->session);
    len = talk->session ? cpmsync_session_output(talk->session, &data) : 0;
    /* Without memory it is not asked for. */
    bool is_asked = len == 21;
    if (is_asked)
        support_talk_client(talk, "C2 COMPRESS DEFLATE\r\n");
    support_talk_submit(talk, "CHECK", 0, NULL);
    if (is_asked) {
        memcpy(wire.octets, "C2 OK active\r\n", 14);
        /* It cannot answer what was not sent: it says something unasked. */
        len = 14 + support_deflate_pack(wire.peer, "* 1 EXISTS\r\n", 12, wire.octets + 14, SUPPORT_WIRE_MAX - 14);
        support_talk_octets(talk, wire.octets, len);
        support_wire_client(&wire, talk, "C3 CHECK\r\n");
        support_wire_server(&wire, talk, "* 2 EXISTS\r\nC3 OK\r\n* 3 EXISTS\r\n");
        support_talk_heard(talk, "login|ready|EXISTS 1|EXISTS 2|CHECK OK|EXISTS 3");
    } else {
        assert_true(talk->lenient);
        support_talk_client(talk, "C2 CHECK\r\n");
        support_talk_server(talk, "C2 OK\r\n");
    }
    support_wire_close(&wire, talk);
}

static void test_z_02_octets_behind_the_ok_are_compressed_wherever_they_are_cut(void **state)
{
    (void)state;
    support_talk_sweep(script);
}

static void test_z_03_compression_comes_before_tls(void **state)
{
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    talk.config.security = CPMSYNC_TLS_STARTTLS;
    support_talk_open(&talk, false);
    support_talk_server(&talk, "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN COMPRESS=DEFLATE] hello\r\n");
    support_talk_client(&talk, "C1 STARTTLS\r\n");
    support_talk_server(&talk, "C1 OK\r\n");
    cpmsync_session_secured(talk.session, talk.now);
    support_talk_client(&talk, "C2 CAPABILITY\r\n");
    support_talk_server(&talk, "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nC2 OK\r\n");
    support_talk_client(&talk, "C3 AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\n");
    support_talk_server(&talk, "C3 OK [CAPABILITY " CAN "] in\r\n");
    cpmsync_session_compress(talk.session);
    support_talk_client(&talk, "C4 COMPRESS DEFLATE\r\n");
    support_talk_server(&talk, "C4 OK\r\n");
    /* What goes into TLS, and what comes out of it, is compressed. */
    support_wire_open(&wire);
    support_talk_submit(&talk, "NOOP", 0, NULL);
    support_wire_client(&wire, &talk, "C5 NOOP\r\n");
    support_wire_server(&wire, &talk, "C5 OK\r\n");
    support_wire_close(&wire, &talk);
}

static void test_z_04_no_command_waits_in_the_compressor(void **state)
{
    struct support_talk talk;
    char burst[SUPPORT_WIRE_MAX / 2] = "", line[64];
    size_t octets;

    (void)state;
    support_talk_init(&talk);
    support_wire_compressed(&wire, &talk);
    for (int i = 4; i < 14; i++) {
        support_talk_submit(&talk, "NOOP", 0, NULL);
        snprintf(line, sizeof line, "C%d NOOP\r\n", i);
        support_wire_client(&wire, &talk, line);
        snprintf(line, sizeof line, "C%d OK\r\n", i);
        support_wire_server(&wire, &talk, line);
    }
    /* A burst is one flush: far less than a marker of five octets to a command. */
    for (int i = 14; i < 34; i++) {
        support_talk_submit(&talk, "NOOP", 0, NULL);
        snprintf(line, sizeof line, "C%d NOOP\r\n", i);
        strcat(burst, line);
    }
    octets = support_wire_client(&wire, &talk, burst);
    assert_in_range(octets, 5, 80);
    support_wire_close(&wire, &talk);
}

/* DONE is no command, and leaves compressed with the one that brings it along. */
static void test_idle_goes_on_compressed(void **state)
{
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    support_wire_compressed(&wire, &talk);
    support_talk_submit(&talk, "IDLE", CPMSYNC_COMMAND_IDLE, NULL)->command.continuation = NULL; /* the session's own */
    support_wire_client(&wire, &talk, "C4 IDLE\r\n");
    support_wire_server(&wire, &talk, "+ idling\r\n* 4 EXISTS\r\n");
    support_talk_submit(&talk, "NOOP", 0, NULL);
    support_wire_client(&wire, &talk, "DONE\r\nC5 NOOP\r\n");
    support_wire_server(&wire, &talk, "C4 OK\r\nC5 OK\r\n");
    support_talk_heard(&talk, "EXISTS 4|IDLE OK|NOOP OK");
    support_wire_close(&wire, &talk);
}

/* Commands of many pieces, taken away an octet at a time while more is submitted. */
static void test_what_leaves_is_counted_as_it_leaves(void **state)
{
    struct support_talk talk;
    struct cpmsync_session_counts before, counts;
    char literal[12001];
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof literal - 1; i++) {
        seed = seed * 1103515245 + 12345;
        literal[i] = (char)('0' + (seed >> 16) % 64);
    }
    literal[sizeof literal - 1] = '\0';
    for (size_t most = 1; most < 10000; most = most * 8 + 1) {
        const uint8_t *data;
        size_t len, at = 0, octets = 0;

        support_talk_init(&talk);
        support_wire_open(&wire);
        begin(&talk, CAN " LITERAL+");
        cpmsync_session_compress(talk.session);
        support_talk_client(&talk, "C2 COMPRESS DEFLATE\r\n");
        support_talk_server(&talk, "C2 OK\r\n");
        cpmsync_session_counts(talk.session, &before);
        support_talk_submit(&talk, "APPEND", 0, literal);
        while ((len = cpmsync_session_output(talk.session, &data)) > 0) {
            len = len < most ? len : most;
            at += support_deflate_unpack(wire.peer, data, len, wire.plain + at, SUPPORT_WIRE_MAX - at);
            cpmsync_session_counts(talk.session, &counts);
            assert_int_equal(counts.flights, before.flights); /* counted when it is all gone */
            cpmsync_session_ack(talk.session, talk.now, len);
            octets += len;
            if (at > 6000 && counts.commands == before.commands + 1)
                support_talk_submit(&talk, "NOOP", 0, NULL);
        }
        assert_memory_equal(wire.plain, "C3 APPEND {12000+}\r\n", 20);
        assert_memory_equal(wire.plain + 20, literal, 12000);
        assert_string_equal(wire.plain + 12020, "\r\nC4 NOOP\r\n");
        cpmsync_session_counts(talk.session, &counts);
        assert_int_equal(counts.bytes_out, before.bytes_out + octets);
        assert_int_equal(counts.flights, before.flights + 1);
        len = support_deflate_pack(wire.peer, "C3 OK\r\nC4 OK\r\n", 14, wire.octets, SUPPORT_WIRE_MAX);
        support_talk_octets(&talk, wire.octets, len);
        cpmsync_session_counts(talk.session, &counts);
        assert_int_equal(counts.bytes_in, before.bytes_in + len);
        support_talk_heard(&talk, "APPEND OK|NOOP OK");
        support_wire_close(&wire, &talk);
    }
}

static void test_the_trace_shows_the_plain_conversation(void **state)
{
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    support_wire_compressed(&wire, &talk);
    talk.traced[0] = '\0';
    support_talk_submit(&talk, "NOOP", 0, NULL);
    support_wire_client(&wire, &talk, "C4 NOOP\r\n");
    support_wire_server(&wire, &talk, "* 3 EXISTS\r\nC4 OK\r\n");
    assert_string_equal(talk.traced, "C4 NOOP\r\n* 3 EXISTS\r\nC4 OK\r\n");
    support_wire_close(&wire, &talk);
}

/* ---- more than it should be */

static void test_another_list_of_capabilities_is_a_new_chance(void **state)
{
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    begin(&talk, CAN);
    talk.facts.no_compress = true;
    talk.facts.compress_failures = 1;
    support_talk_server(&talk, "* CAPABILITY " CAN " UIDPLUS\r\n");
    assert_false(talk.facts.no_compress || talk.facts.compress_failures);
    support_talk_close(&talk);
}

/* The login is refused that COMPRESS left with: its BAD says nothing (R1). */
static void test_fallout_of_a_refused_login_is_not_remembered(void **state)
{
    struct support_talk talk;

    (void)state;
    support_talk_init(&talk);
    talk.facts.before_login = cpmsync_mem_copy(talk.facts.mem, "IMAP4rev1 SASL-IR AUTH=PLAIN", 28);
    talk.facts.after_login = cpmsync_mem_copy(talk.facts.mem, CAN, strlen(CAN));
    talk.facts.last_login_ok = true;
    talk.config.early = CPMSYNC_EARLY_GREETING;
    support_talk_open(&talk, true);
    support_talk_server(&talk, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
    support_talk_heard(&talk, "login|ready");
    cpmsync_session_compress(talk.session);
    support_talk_client(&talk, "C1 AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\n");
    support_talk_client(&talk, "C2 COMPRESS DEFLATE\r\n");
    support_talk_server(&talk, "C1 NO wrong\r\nC2 BAD log in first\r\n");
    support_talk_failed(&talk, CPMSYNC_ERR_AUTH);
    assert_false(talk.facts.no_compress);
    support_talk_close(&talk);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_not_asked_for_where_it_cannot_be),
#if defined(CPMSYNC_WITH_ZLIB)
        cmocka_unit_test(test_z_01_nothing_is_sent_between_compress_and_its_result),
        cmocka_unit_test(test_z_01_on_no_and_bad_nothing_is_compressed),
        cmocka_unit_test(test_z_01_what_had_left_plain_stays_so),
        cmocka_unit_test(test_z_02_octets_behind_the_ok_are_compressed_wherever_they_are_cut),
        cmocka_unit_test(test_z_02_compress_may_be_answered_first),
        cmocka_unit_test(test_z_03_compression_comes_before_tls),
        cmocka_unit_test(test_z_04_no_command_waits_in_the_compressor),
        cmocka_unit_test(test_z_05_compression_active_is_no_error),
        cmocka_unit_test(test_idle_goes_on_compressed),
        cmocka_unit_test(test_what_leaves_is_counted_as_it_leaves),
        cmocka_unit_test(test_the_trace_shows_the_plain_conversation),
        cmocka_unit_test(test_another_list_of_capabilities_is_a_new_chance),
        cmocka_unit_test(test_fallout_of_a_refused_login_is_not_remembered),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
