/* SPDX-License-Identifier: MIT */
#include "mock_talk.h"

#include <stdlib.h>
#include <zlib.h>

enum { TEXT_MAX = 65536 };

/* The client's side of one connection that compresses. */
struct side {
    struct talk *talk;
    int conn;
    z_stream inflater;
    z_stream deflater;
    char answer[TEXT_MAX];
    size_t octets; /* on the wire, of the last answer */
    int code;      /* of the last inflate */
};

static struct side *side_new(struct talk *talk, int conn)
{
    struct side *side = (struct side *)calloc(1, sizeof *side);
    assert_non_null(side);
    side->talk = talk;
    side->conn = conn;
    assert_int_equal(inflateInit2(&side->inflater, -15), Z_OK);
    assert_int_equal(deflateInit2(&side->deflater, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    return side;
}

static void side_free(struct side *side)
{
    inflateEnd(&side->inflater);
    deflateEnd(&side->deflater);
    free(side);
}

/* Everything the server has to say now, CR removed. */
static const char *hear(struct side *side)
{
    char text[TEXT_MAX];
    const void *data;
    size_t len, i, at = 0;
    side->octets = 0;
    side->inflater.next_out = (Bytef *)text;
    side->inflater.avail_out = TEXT_MAX;
    side->code = Z_OK;
    while ((len = cpmsync_mock_output(side->talk->mock, side->conn, &data)) > 0) {
        side->inflater.next_in = (Bytef *)(uintptr_t)data;
        side->inflater.avail_in = (uInt)len;
        side->code = inflate(&side->inflater, Z_SYNC_FLUSH);
        cpmsync_mock_ack(side->talk->mock, side->conn, len);
        side->octets += len;
    }
    for (i = 0; i < TEXT_MAX - side->inflater.avail_out; i++)
        if (text[i] != '\r')
            side->answer[at++] = text[i];
    side->answer[at] = 0;
    return side->answer;
}

static void pack(struct side *side, const char *text, size_t piece)
{
    unsigned char packed[TEXT_MAX];
    size_t at, len;
    side->deflater.next_in = (Bytef *)(uintptr_t)text;
    side->deflater.avail_in = (uInt)strlen(text);
    side->deflater.next_out = packed;
    side->deflater.avail_out = TEXT_MAX;
    assert_int_equal(deflate(&side->deflater, Z_SYNC_FLUSH), Z_OK);
    len = TEXT_MAX - side->deflater.avail_out;
    for (at = 0; at < len; at += piece)
        assert_int_equal(
            cpmsync_mock_feed(side->talk->mock, side->conn, packed + at, len - at < piece ? len - at : piece), 0);
}

static void expect(struct side *side, const char *text, const char *answer)
{
    pack(side, text, TEXT_MAX);
    assert_string_equal(hear(side), answer);
}

static struct side *compressed(struct talk *talk, bool qresync)
{
    int conn = talk_login(talk, qresync);
    talk_expect(talk, conn, "z COMPRESS DEFLATE\n", "z OK DEFLATE active\n");
    return side_new(talk, conn);
}

static void test_ms_32_behind_its_ok_everything_is_compressed(void **state)
{
    struct talk *talk = (struct talk *)*state;
    size_t i;
    talk_deliver(talk, 100);
    struct side *side = compressed(talk, true);
    expect(side, "a NOOP\r\n", "a OK NOOP completed\n");
    pack(side, "b SELECT INBOX\r\n", TEXT_MAX);
    assert_non_null(strstr(hear(side), "b OK [READ-WRITE]"));
    pack(side, "c UID FETCH 1:* (FLAGS)\r\nd NOOP\r\n", 1);
    assert_non_null(strstr(hear(side), "* 100 FETCH (UID 100 FLAGS (\\Recent))\nc OK FETCH completed\nd OK "));
    assert_true(strlen(side->answer) > 4 * side->octets);
    /* Every answer is flushed: none waits in the compressor for the next. */
    for (i = 0; i < 20; i++)
        expect(side, "e NOOP\r\n", "e OK NOOP completed\n");
    expect(side, "f IDLE\r\n", "+ idling\n");
    assert_int_equal(cpmsync_mock_expunge(talk->mock, NULL, "INBOX", "5"), 1);
    assert_string_equal(hear(side), "* VANISHED 5\n");
    assert_int_equal(cpmsync_mock_output(talk->mock, side->conn, (const void **)&i), 0);
    pack(side, "DONE\r\ng LOGOUT\r\n", TEXT_MAX);
    assert_non_null(strstr(hear(side), "g OK LOGOUT completed\n"));
    side_free(side);
}

static void test_ms_32_it_is_active_once(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct side *side = compressed(talk, false);
    expect(side, "y COMPRESS DEFLATE\r\n", "y NO [COMPRESSIONACTIVE] DEFLATE is active already\n");
    expect(side, "x NOOP\r\n", "x OK NOOP completed\n");
    side_free(side);
}

static void test_ms_32_no_and_bad_compress_nothing(void **state)
{
    struct talk *talk = (struct talk *)*state;
    int conn = talk_connect(talk, true);
    talk_expect(talk, conn, "a COMPRESS DEFLATE\n", "a BAD Not in this state\n");
    talk_expect_has(talk, conn, "b LOGIN test test\n", "COMPRESS=DEFLATE");
    talk_expect(talk, conn, "c COMPRESS LZW\n", "c BAD Wrong arguments\n");
    talk_expect(talk, conn, "c COMPRESS\n", "c BAD Wrong arguments\n");
    talk_fault(talk, "compression-active");
    talk_expect(talk, conn, "d COMPRESS DEFLATE\n", "d NO [COMPRESSIONACTIVE] DEFLATE is active already\n");
    talk_expect(talk, conn, "e NOOP\n", "e OK NOOP completed\n");
}

static void test_ms_32_order_with_starttls_and_preauth(void **state)
{
    struct cpmsync_mock_config config;
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.starttls = 1;
    struct talk *talk = talk_new(&config);
    int conn = talk_connect(talk, false);
    talk_expect_has(talk, conn, "a STARTTLS\n", "a OK ");
    cpmsync_mock_secured(talk->mock, conn);
    talk_expect_has(talk, conn, "b LOGIN test test\n", "b OK ");
    talk_expect(talk, conn, "c COMPRESS DEFLATE\n", "c OK DEFLATE active\n");
    struct side *side = side_new(talk, conn);
    expect(side, "d STARTTLS\r\n", "d BAD Not in this state\n");
    side_free(side);
    talk_fault(talk, "preauth");
    conn = talk_connect(talk, true);
    talk_expect(talk, conn, "e COMPRESS DEFLATE\n", "e OK DEFLATE active\n");
    side = side_new(talk, conn);
    expect(side, "f NOOP\r\n", "f OK NOOP completed\n");
    side_free(side);
    talk_free(talk);
}

static void test_ms_32_a_literal_is_waited_for_through_the_compression(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct side *side = compressed(talk, false);
    expect(side, "a APPEND INBOX {5}\r\n", "+ Ready for the literal\n");
    pack(side, "abcde\r\n", 1);
    assert_non_null(strstr(hear(side), "a OK [APPENDUID "));
    side_free(side);
}

static void test_ms_32_what_is_not_deflate_ends_the_connection(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct side *side = compressed(talk, false);
    assert_int_equal(cpmsync_mock_feed(talk->mock, side->conn, "a NOOP\r\n", 8), CPMSYNC_ERR_CLOSED);
    assert_string_equal(hear(side), "* BYE Not DEFLATE\n");
    assert_true(cpmsync_mock_closed(talk->mock, side->conn));
    side_free(side);
    /* The same behind the command in one write: the client has to wait for the OK. */
    int conn = talk_login(talk, false);
    talk_expect_has(talk, conn, "a COMPRESS DEFLATE\nb NOOP\n", "a OK DEFLATE active\n");
    assert_true(cpmsync_mock_closed(talk->mock, conn));
}

static void test_ms_45_compressed_octets_stand_behind_the_ok(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char OK[] = "z OK DEFLATE active\r\n";
    const void *data;
    int conn = talk_login(talk, false);
    talk_fault(talk, "compress-coalesce");
    assert_int_equal(cpmsync_mock_feed(talk->mock, conn, "z COMPRESS DEFLATE\r\n", 20), 0);
    size_t len = cpmsync_mock_output(talk->mock, conn, &data);
    assert_true(len > sizeof OK);
    assert_memory_equal(data, OK, sizeof OK - 1);
    cpmsync_mock_ack(talk->mock, conn, sizeof OK - 1);
    struct side *side = side_new(talk, conn);
    assert_string_equal(hear(side), "* OK Compressed from here on\n");
    expect(side, "a NOOP\r\n", "a OK NOOP completed\n");
    side_free(side);
}

static void test_ms_45_what_stands_behind_the_ok_is_not_deflate(void **state)
{
    struct talk *talk = (struct talk *)*state;
    static const char OK[] = "z OK DEFLATE active\r\n";
    const void *data;
    int conn = talk_login(talk, false);
    talk_fault(talk, "compress-corrupt");
    assert_int_equal(cpmsync_mock_feed(talk->mock, conn, "z COMPRESS DEFLATE\r\n", 20), 0);
    assert_true(cpmsync_mock_output(talk->mock, conn, &data) > sizeof OK);
    assert_memory_equal(data, OK, sizeof OK - 1);
    cpmsync_mock_ack(talk->mock, conn, sizeof OK - 1);
    struct side *side = side_new(talk, conn);
    hear(side);
    assert_int_equal(side->code, Z_DATA_ERROR);
    side_free(side);
}

struct seen {
    char text[2][1000];
};

static void see(void *ctx, int conn, int direction, const void *data, size_t len)
{
    struct seen *seen = (struct seen *)ctx;
    size_t before = strlen(seen->text[direction]);
    (void)conn;
    assert_true(before + len < sizeof seen->text[direction]);
    memcpy(seen->text[direction] + before, data, len);
}

static void test_the_trace_sees_what_is_said(void **state)
{
    struct cpmsync_mock_config config;
    struct seen seen;
    (void)state;
    memset(&config, 0, sizeof config);
    memset(&seen, 0, sizeof seen);
    config.size = sizeof config;
    config.capabilities = "IMAP4rev1 COMPRESS=DEFLATE";
    config.trace = see;
    config.trace_ctx = &seen;
    struct talk *talk = talk_new(&config);
    struct side *side = compressed(talk, false);
    expect(side, "a NOOP\r\n", "a OK NOOP completed\n");
    assert_string_equal(
        seen.text[CPMSYNC_MOCK_FROM_CLIENT], "login LOGIN test test\r\nz COMPRESS DEFLATE\r\na NOOP\r\n");
    assert_non_null(strstr(seen.text[CPMSYNC_MOCK_TO_CLIENT], "z OK DEFLATE active\r\na OK NOOP completed\r\n"));
    side_free(side);
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ms_32_behind_its_ok_everything_is_compressed, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_32_it_is_active_once, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_32_no_and_bad_compress_nothing, talk_setup, talk_teardown),
        cmocka_unit_test(test_ms_32_order_with_starttls_and_preauth),
        cmocka_unit_test_setup_teardown(
            test_ms_32_a_literal_is_waited_for_through_the_compression, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_32_what_is_not_deflate_ends_the_connection, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_45_compressed_octets_stand_behind_the_ok, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ms_45_what_stands_behind_the_ok_is_not_deflate, talk_setup, talk_teardown),
        cmocka_unit_test(test_the_trace_sees_what_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
