/* SPDX-License-Identifier: MIT */
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <cpmsync/error.h>

#include "support/failing_allocator.h"

enum { LOG_MAX = 1 << 20 };

/* What a framer said, as text: "U unit", "M piece with more", "c" in front of what is continued, "L total prefix|octets",
 * "O beginning", "E error". Octets of one literal stand together however they came. */
struct log {
    struct cpmsync_buf text;
    bool in_literal;
};

static void add(struct log *log, const char *text)
{
    assert_int_equal(cpmsync_buf_add_str(&log->text, text), 0);
}

static void add_slice(struct log *log, struct cpmsync_slice slice)
{
    assert_int_equal(cpmsync_buf_add_slice(&log->text, slice), 0);
}

static void log_literal(struct log *log, const struct cpmsync_frame_out *out)
{
    if (!log->in_literal) {
        assert_int_equal(out->literal_offset, 0);
        add(log, "L ");
        assert_int_equal(cpmsync_buf_add_number(&log->text, out->literal_total), 0);
        add(log, " ");
        add_slice(log, out->prefix);
        add(log, "|");
    }
    add_slice(log, out->unit);
    log->in_literal = out->more;
    assert_int_equal(out->literal_offset + out->unit.len == out->literal_total, !out->more);
    if (!out->more)
        add(log, "\n");
}

static void log_out(struct log *log, const struct cpmsync_frame_out *out)
{
    if (out->type == CPMSYNC_FRAME_LITERAL) {
        log_literal(log, out);
        return;
    }
    if (out->continued)
        add(log, "c");
    add(log, out->type == CPMSYNC_FRAME_OVERSIZE ? "O " : out->more ? "M " : "U ");
    add_slice(log, out->unit);
    add(log, "\n");
}

/* Feeds one part from a block of exactly its size, so that reading past it shows. */
static int feed(struct cpmsync_frame *frame, struct log *log, const char *data, size_t len)
{
    uint8_t *block = calloc(1, len + (len == 0));
    struct cpmsync_slice input = cpmsync_slice_of(block, len);
    struct cpmsync_frame_out out;
    int error;

    assert_non_null(block);
    memcpy(block, data, len);
    for (;;) {
        error = cpmsync_frame_next(frame, &input, &out);
        if (error || out.type == CPMSYNC_FRAME_NEED)
            break;
        log_out(log, &out);
    }
    if (error) {
        char line[32];

        snprintf(line, sizeof(line), "E %s\n", error == CPMSYNC_ERR_PROTOCOL ? "protocol" : "other");
        add(log, line);
        assert_int_equal(cpmsync_frame_next(frame, &input, &out), error);
    } else {
        assert_int_equal(input.len, 0);
    }
    free(block);
    return error;
}

struct split {
    size_t first;
    size_t second;
    size_t every; /* 0: the two above */
};

static char *run_split(const char *data, size_t len, size_t max, size_t literal_max, struct split split)
{
    struct support_allocator allocator;
    struct cpmsync_frame frame;
    struct log log = {0};
    size_t at = 0;
    char *text;

    support_allocator_init(&allocator);
    cpmsync_buf_init(&log.text, NULL, LOG_MAX);
    cpmsync_frame_init(&frame, &allocator.mem, max, literal_max);
    while (at < len) {
        size_t end = at < split.first ? split.first : at < split.second ? split.second : len;

        if (split.every)
            end = len - at < split.every ? len : at + split.every;
        if (feed(&frame, &log, data + at, end - at))
            break;
        at = end;
    }
    cpmsync_frame_clear(&frame);
    assert_int_equal(allocator.live_blocks, 0);
    assert_true(allocator.peak_octets <= 3 * (max + 80)); /* the moving allocator holds two blocks while it grows */
    text = cpmsync_mem_copy(NULL, log.text.block, log.text.len);
    assert_non_null(text);
    cpmsync_buf_clear(&log.text);
    return text;
}

static void check(
    const char *data, size_t len, size_t max, size_t literal_max, struct split split, const char *expected)
{
    char *text = run_split(data, len, max, literal_max, split);

    assert_string_equal(text, expected);
    free(text);
}

/* The expected log, whole, octet by octet, and at every split into two. */
static void expect_octets(const char *data, size_t len, size_t max, size_t literal_max, const char *expected)
{
    struct split whole = {0, 0, 0};
    struct split octets = {0, 0, 1};
    size_t i;

    check(data, len, max, literal_max, whole, expected);
    check(data, len, max, literal_max, octets, expected);
    for (i = 1; i < len; i++) {
        struct split two = {i, i, 0};

        check(data, len, max, literal_max, two, expected);
    }
}

static void expect(const char *data, size_t max, size_t literal_max, const char *expected)
{
    expect_octets(data, strlen(data), max, literal_max, expected);
}

static void test_lines_are_units_without_their_end(void **state)
{
    (void)state;
    expect("* OK hello\r\n+ \r\nA1 NO\n\r\n", 1024, 100, "U * OK hello\nU + \nU A1 NO\nU \n");
}

static void test_g_05_a_literal_is_taken_by_count(void **state)
{
    (void)state;
    expect("* 1 FETCH (BODY[] {12}\r\nA1 OK\r\n\")*\r\n {0}\r\n)\r\nA1 OK done\r\n", 1024, 100,
        "U * 1 FETCH (BODY[] {12}\r\nA1 OK\r\n\")*\r\n {0}\r\n)\nU A1 OK done\n");
    expect("* X {3+}\r\nabc\r\n", 1024, 100, "E protocol\n");
}

static void test_pf_90_and_pf_91_literal8_with_nul(void **state)
{
    static const char data[] = "* 1 FETCH (BINARY[1] ~{4}\r\n\0\r\n\")\r\n* 2 EXISTS\r\n";
    struct cpmsync_frame frame;
    struct cpmsync_frame_out out;
    size_t from;

    (void)state;
    for (from = 0; from < 30; from++) { /* the log is text: this one looks itself */
        struct cpmsync_slice first = cpmsync_slice_of(data, from);
        struct cpmsync_slice input = cpmsync_slice_of(data + from, sizeof(data) - 1 - from);

        cpmsync_frame_init(&frame, NULL, 1024, 100);
        assert_int_equal(cpmsync_frame_next(&frame, &first, &out), 0);
        assert_int_equal(out.type, CPMSYNC_FRAME_NEED);
        assert_int_equal(cpmsync_frame_next(&frame, &input, &out), 0);
        assert_int_equal(out.unit.len, 32);
        assert_memory_equal(out.unit.data, data, 32);
        assert_int_equal(cpmsync_frame_next(&frame, &input, &out), 0);
        assert_int_equal(out.unit.len, 10);
        cpmsync_frame_clear(&frame);
    }
    expect("* 1 FETCH (BINARY[1] ~{4}\r\n)\r\nx)\r\n", 1024, 3,
        "L 4 * 1 FETCH (BINARY[1] |)\r\nx\nU * 1 FETCH (BINARY[1] {4-})\n");
}

static void test_pf_88_no_literal_in_text_or_quotes(void **state)
{
    (void)state;
    expect("* OK see {10}\r\n* BYE\r\n", 1024, 100, "U * OK see {10}\nU * BYE\n");
    expect("A1 NO [ALERT] {3}\r\n* BYE\r\n", 1024, 100, "U A1 NO [ALERT] {3}\nU * BYE\n");
    expect("+ {3}\r\n* BYE\r\n", 1024, 100, "U + {3}\nU * BYE\n");
    expect("* LIST () \"/\" \"a {50}\"\r\n* BYE\r\n", 1024, 100, "U * LIST () \"/\" \"a {50}\"\nU * BYE\n");
    expect("* OK [X 5\" \\] {3}\r\n* BYE\r\n", 1024, 100, "U * OK [X 5\" \\] {3}\nU * BYE\n");
    expect("* OK [X {3}\r\na]b] {1}\r\n* BYE\r\n", 1024, 100, "U * OK [X {3}\r\na]b] {1}\nU * BYE\n");
    expect("A1 NO [BADCHARSET (\"a]\" {1}\r\nb)] {1}\r\n* BYE\r\n", 1024, 100,
        "U A1 NO [BADCHARSET (\"a]\" {1}\r\nb)] {1}\nU * BYE\n");
}

static void test_a_quote_open_before_a_literal_is_refused(void **state)
{
    (void)state;
    expect("* 1 FETCH (ENVELOPE (\"a\\\" {3}\r\n", 1024, 100, "E protocol\n");
    expect("* 1 FETCH (ENVELOPE (\"a\\\"\" {3}\r\nabc))\r\n", 1024, 100,
        "U * 1 FETCH (ENVELOPE (\"a\\\"\" {3}\r\nabc))\n");
}

static void test_pf_89_literals_anywhere(void **state)
{
    (void)state;
    expect("* STATUS {3}\r\na b (MESSAGES 1)\r\n* LIST () \"/\" {1}\r\nx\r\n", 1024, 100,
        "U * STATUS {3}\r\na b (MESSAGES 1)\nU * LIST () \"/\" {1}\r\nx\n");
    expect("* XUNKNOWN {2}\r\n\r\n {1}\r\n)\r\n", 1024, 100, "U * XUNKNOWN {2}\r\n\r\n {1}\r\n)\n");
}

static void test_pf_119_sizes(void **state)
{
    (void)state;
    expect("* X {18446744073709551616}\r\n", 1024, 100, "E protocol\n");
    expect("* X {9223372036854775808}\r\n", 1024, 100, "E protocol\n");
    expect("* X {9223372036854775807}\r\nabc", 1024, 100, "L 9223372036854775807 * X |abc");
    expect("* X {4294967296}\r\nabc", 1024, 100, "L 4294967296 * X |abc");
    expect("* X {-1}\r\n* X {}\r\n* X {1.0}\r\n* BYE\r\n", 1024, 100, "U * X {-1}\nU * X {}\nU * X {1.0}\nU * BYE\n");
    expect("* X {0003}\r\nabc\r\n", 1024, 100, "U * X {0003}\r\nabc\n");
}

static void test_g_26_a_long_literal_is_streamed(void **state)
{
    (void)state;
    expect("* 1 FETCH (BODY[] {11}\r\nhello world UID 7 BODY[1] ~{4}\r\n)\r\nx)\r\n* BYE\r\n", 1024, 3,
        "L 11 * 1 FETCH (BODY[] |hello world\n"
        "L 4 * 1 FETCH (BODY[] {11-} UID 7 BODY[1] |)\r\nx\n"
        "U * 1 FETCH (BODY[] {11-} UID 7 BODY[1] {4-})\nU * BYE\n");
    /* one that would not leave room for the rest of the response is streamed whatever literal_max says */
    expect("* 1 FETCH (BODY[] {40}\r\n0123456789012345678901234567890123456789)\r\n", 70, 1000,
        "L 40 * 1 FETCH (BODY[] |0123456789012345678901234567890123456789\nU * 1 FETCH (BODY[] {40-})\n");
}

static void test_a_too_long_response_is_skipped_with_its_literals(void **state)
{
    (void)state;
    expect(
        "* 1 FETCH (X aaaaaaaaaaaaaaaaaaa \"{3}\" {5}\r\n* BYE {14}\r\nA1 OK {3}\r\n\r\n) {0}\r\n)\r\n* 2 EXISTS\r\n",
        20, 5, "O * 1 FETCH (X aaaaaaa\nU * 2 EXISTS\n");
    expect("* 1 FETCH (X {2}\r\nabaaaaaaaaaa {4}\r\n* 3 )\r\n* 2 EXISTS\r\n", 24, 1,
        "L 2 * 1 FETCH (X |ab\nO * 1 FETCH (X {2-}aaaaaaa\nU * 2 EXISTS\n");
    expect("A1 OK aaaaaaaaaaaaaaaaaaaaaaaaaaaa {3}\r\n* 2 EXISTS\r\n", 20, 5, "O A1 OK aaaaaaaaaaaaaa\nU * 2 EXISTS\n");
    expect("* X aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa {3+}\r\n", 20, 5, "O * X aaaaaaaaaaaaaaaa\nE protocol\n");
    expect("* X aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r \r\n", 20, 5, "O * X aaaaaaaaaaaaaaaa\nE protocol\n");
}

static void test_the_limit_counts_without_the_line_end(void **state)
{
    (void)state;
    expect("* X 456789\r\n* X 456789\n", 10, 5, "U * X 456789\nU * X 456789\n");
    expect("* X 4567890\r\n* X 4567890\n* BYE\r\n", 10, 5, "O * X 456789\nO * X 456789\nU * BYE\n");
    expect("* X 4567890\rx", 10, 5, "O * X 456789\nE protocol\n");
    expect("* X 456789\rx", 10, 5, "E protocol\n");
    expect("* X {0}\r\n\r\n* X a {0}\r\n)\r\n* BYE\r\n", 9, 5, "U * X {0}\r\n\nO * X a {0}\nU * BYE\n");
}

static void test_vanished_comes_in_pieces(void **state)
{
    (void)state;
    expect("* VANISHED (EARLIER) 1:2,33,4444,5:6,7\r\n", 40, 5, "U * VANISHED (EARLIER) 1:2,33,4444,5:6,7\n");
    expect("* VANISHED (EARLIER) 1:2,33,4444,5:6,7890123456,1:1,1\r\n* BYE\r\n", 42, 5,
        "M * VANISHED (EARLIER) 1:2,33,4444,5:6\ncU * VANISHED (EARLIER) 7890123456,1:1,1\nU * BYE\n");
}

static void test_lists_are_cut_between_words(void **state)
{
    (void)state;
    expect("* SEARCH 11 22 33 44 (MODSEQ 917)\r\n", 22, 5, "M * SEARCH 11 22 33 44\ncU * SEARCH (MODSEQ 917)\n");
    expect("* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n", 30, 5,
        "M * CAPABILITY IMAP4rev1\ncU * CAPABILITY AUTH=PLAIN IDLE\n");
    expect("* ENABLED CONDSTORE QRESYNC\r\n", 20, 5, "M * ENABLED CONDSTORE\ncU * ENABLED QRESYNC\n");
    expect("* FLAGS (\\Seen \"a b\" foo bar)\r\n", 19, 5,
        "M * FLAGS (\\Seen\ncM * FLAGS (\"a b\" foo\ncU * FLAGS (bar)\n");
    expect("* OK [PERMANENTFLAGS (a b]b c d e \\*)] x\r\n", 44, 5, "U * OK [PERMANENTFLAGS (a b]b c d e \\*)] x\n");
    expect("* OK [PERMANENTFLAGS (aaaaa b]b ccc ddd eee fff gg \\*)] x\r\n", 46, 5,
        "M * OK [PERMANENTFLAGS (aaaaa b]b ccc ddd eee\ncU * OK [PERMANENTFLAGS (fff gg \\*)] x\n");
    expect("A1 OK [CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE] done\r\n", 40, 5,
        "M A1 OK [CAPABILITY IMAP4rev1 AUTH=PLAIN\ncU A1 OK [CAPABILITY IDLE] done\n");
}

static void test_esearch_repeats_the_name_of_a_cut_set(void **state)
{
    (void)state;
    expect("* ESEARCH (TAG \"A1\") UID MIN 1 ALL 1:5,7,9:10,200,3000000:3 MODSEQ 5\r\n", 58, 5,
        "M * ESEARCH (TAG \"A1\") UID MIN 1 ALL 1:5,7,9:10,200\ncU * ESEARCH (TAG \"A1\") UID ALL 3000000:3 MODSEQ "
        "5\n");
    expect("* ESEARCH (TAG \"A1\") UID MIN 1 MAX 99999 COUNT 7 X (a,b c)\r\n", 52, 5,
        "M * ESEARCH (TAG \"A1\") UID MIN 1 MAX 99999 COUNT 7\ncU * ESEARCH (TAG \"A1\") UID X (a,b c)\n");
}

static void test_an_element_too_long_ends_the_list(void **state)
{
    (void)state;
    expect("* FLAGS (a aaaaaaaaaaaaaaaaaaaaaaaaaaaaa b)\r\n* BYE\r\n", 20, 5,
        "M * FLAGS (a\ncO * FLAGS (aaaaaaaaaaa\nU * BYE\n");
    expect("A1 OK [CAPABILITY A B] a long text follows here\r\n* BYE\r\n", 40, 5,
        "O A1 OK [CAPABILITY A B] a long text follo\nU * BYE\n");
}

static void test_pf_92_nul_and_bare_cr(void **state)
{
    static const char nul[] = "* 1 EXISTS\r\n* O\0K\r\n";

    (void)state;
    expect_octets(nul, sizeof(nul) - 1, 1024, 5, "U * 1 EXISTS\nE protocol\n");
    expect("* OK a\rb\r\n", 1024, 5, "E protocol\n");
    expect("* OK a\r\r\n", 1024, 5, "E protocol\n");
    expect("* X {1}\r\r\n", 1024, 5, "E protocol\n");
    expect("* X {1}\r\n\r\n* BYE\r\n", 1024, 5, "U * X {1}\r\n\r\nU * BYE\n");
}

static void test_a_whole_unit_is_a_slice_of_the_input(void **state)
{
    static const char data[] = "* 1 FETCH (BODY[] {3}\r\nabc)\r\n* 2 EXISTS\r\n";
    struct cpmsync_slice input = cpmsync_slice_str(data);
    struct cpmsync_frame frame;
    struct cpmsync_frame_out out;

    (void)state;
    cpmsync_frame_init(&frame, NULL, 1024, 100);
    assert_int_equal(cpmsync_frame_next(&frame, &input, &out), 0);
    assert_ptr_equal(out.unit.data, data);
    assert_int_equal(cpmsync_frame_next(&frame, &input, &out), 0);
    assert_ptr_equal(out.unit.data, data + 29);
    assert_null(frame.buf.block);
    cpmsync_frame_clear(&frame);
}

static void test_s_03_held_octets_are_told(void **state)
{
    static const char *const parts[] = {"* OK\r", "\n", "* 1 FETCH (X {9}\r\n", "123456789", ")\r\n"};
    static const size_t held[] = {5, 0, 13, 17, 0};
    struct cpmsync_frame frame;
    struct log log = {0};
    size_t i;

    (void)state;
    cpmsync_buf_init(&log.text, NULL, LOG_MAX);
    cpmsync_frame_init(&frame, NULL, 1024, 3);
    for (i = 0; i < 5; i++) {
        assert_int_equal(feed(&frame, &log, parts[i], strlen(parts[i])), 0);
        assert_int_equal(cpmsync_frame_held(&frame), held[i]);
    }
    cpmsync_frame_clear(&frame);
    cpmsync_buf_clear(&log.text);
}

/* The elements of all pieces together are the list, whatever its size. */
static void check_long_list(const char *head, char separator, size_t count)
{
    struct cpmsync_buf text;
    struct cpmsync_buf joined;
    struct cpmsync_slice input;
    struct cpmsync_frame frame;
    struct cpmsync_frame_out out;
    size_t pieces = 0;
    size_t i;

    cpmsync_buf_init(&text, NULL, 1 << 26);
    cpmsync_buf_init(&joined, NULL, 1 << 26);
    assert_int_equal(cpmsync_buf_add_str(&text, head), 0);
    for (i = 0; i < count; i++) {
        if (i)
            assert_int_equal(cpmsync_buf_add_char(&text, separator), 0);
        assert_int_equal(cpmsync_buf_add_number(&text, i * 7919 % 1000003 + 1), 0);
    }
    assert_int_equal(cpmsync_buf_add_str(&text, "\r\n"), 0);
    input = cpmsync_buf_slice(&text);
    cpmsync_frame_init(&frame, NULL, 1024, 100);
    do {
        assert_int_equal(cpmsync_frame_next(&frame, &input, &out), 0);
        assert_int_equal(out.type, CPMSYNC_FRAME_UNIT);
        assert_true(out.unit.len <= 1024 && out.unit.len > strlen(head));
        assert_memory_equal(out.unit.data, head, strlen(head));
        assert_int_not_equal(out.unit.data[out.unit.len - 1], ',');
        assert_int_equal(cpmsync_buf_add(&joined, out.unit.data + (pieces ? strlen(head) : 0),
                             out.unit.len - (pieces ? strlen(head) : 0)),
            0);
        assert_int_equal(cpmsync_buf_add_str(&joined, out.more ? (separator == ',' ? "," : " ") : "\r\n"), 0);
        assert_int_equal(out.continued, pieces > 0);
        pieces++;
    } while (out.more);
    assert_int_equal(input.len, 0);
    assert_true(cpmsync_slice_eq(cpmsync_buf_slice(&joined), cpmsync_buf_slice(&text)));
    assert_true(pieces > text.len / 1024 && pieces < text.len / 900);
    cpmsync_frame_clear(&frame);
    cpmsync_buf_clear(&text);
    cpmsync_buf_clear(&joined);
}

static void test_pf_122_a_million_elements_in_a_kilobyte(void **state)
{
    (void)state;
    check_long_list("* VANISHED (EARLIER) ", ',', 1000000);
    check_long_list("* SEARCH ", ' ', 300000);
    check_long_list("* ESEARCH (TAG \"A1\") UID ALL ", ',', 300000);
    check_long_list("* FLAGS (", ' ', 10000);
}

/* G-25, PF-109: random streams made of what matters give the same at random splits. */
static void test_g_25_random_streams_at_random_splits(void **state)
{
    static const char *const bits[] = {"\r\n", "\r\n", "\r\n", "{3}\r\n", "~{12}\r\n", "{0}\r\n", "\"", "\\", "[", "]",
        "(", ")", " ", ",", "* ", "OK ", "A1 ", "+ ", "FETCH", "VANISHED ", "FLAGS (", "SEARCH ", "1", "22", "\n", "}",
        "ESEARCH ", "CAPABILITY ", "BADCHARSET ", "{40}\r\n", "UID ", "MIN "};
    static const size_t limits[] = {8, 16, 24, 40, 1000};
    unsigned round;

    (void)state;
    srand(4711);
    for (round = 0; round < 6000; round++) {
        struct split split = {0, 0, 0};
        char data[400];
        size_t max = limits[rand() % 5];
        size_t len;
        char *expected;
        char *text;
        int i;

        data[0] = '\0';
        for (i = 0; i < 40; i++)
            strcat(data, bits[(size_t)rand() % (sizeof(bits) / sizeof(bits[0]))]);
        len = strlen(data);
        expected = run_split(data, len, max, 10, split);
        for (i = 0; i < 6; i++) {
            split.first = (size_t)rand() % len;
            split.second = split.first + (size_t)rand() % (len - split.first);
            split.every = i < 3 ? 0 : (size_t)i - 2;
            text = run_split(data, len, max, 10, split);
            assert_string_equal(text, expected);
            free(text);
        }
        free(expected);
    }
}

static void test_no_memory_is_an_error_and_leaks_nothing(void **state)
{
    static const char data[] =
        "* VANISHED 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30";
    struct support_allocator allocator;
    struct cpmsync_frame_out out;
    uint64_t n;
    int error;

    (void)state;
    support_allocator_init(&allocator);
    for (n = 1;; n++) {
        struct cpmsync_frame frame;
        struct cpmsync_slice input = CPMSYNC_SLICE(data);

        support_allocator_fail_at(&allocator, n);
        cpmsync_frame_init(&frame, &allocator.mem, 1024, 100);
        do {
            struct cpmsync_slice part = cpmsync_slice_of(input.data, 1);

            error = cpmsync_frame_next(&frame, &part, &out);
            input.data++;
            input.len--;
        } while (!error && input.len);
        cpmsync_frame_clear(&frame);
        assert_int_equal(allocator.live_blocks, 0);
        if (allocator.failures == 0)
            break;
        assert_int_equal(error, CPMSYNC_ERR_NOMEM);
    }
    assert_int_equal(error, 0);
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_units_without_their_end),
        cmocka_unit_test(test_g_05_a_literal_is_taken_by_count),
        cmocka_unit_test(test_pf_90_and_pf_91_literal8_with_nul),
        cmocka_unit_test(test_pf_88_no_literal_in_text_or_quotes),
        cmocka_unit_test(test_a_quote_open_before_a_literal_is_refused),
        cmocka_unit_test(test_pf_89_literals_anywhere),
        cmocka_unit_test(test_pf_119_sizes),
        cmocka_unit_test(test_g_26_a_long_literal_is_streamed),
        cmocka_unit_test(test_a_too_long_response_is_skipped_with_its_literals),
        cmocka_unit_test(test_the_limit_counts_without_the_line_end),
        cmocka_unit_test(test_vanished_comes_in_pieces),
        cmocka_unit_test(test_lists_are_cut_between_words),
        cmocka_unit_test(test_esearch_repeats_the_name_of_a_cut_set),
        cmocka_unit_test(test_an_element_too_long_ends_the_list),
        cmocka_unit_test(test_pf_92_nul_and_bare_cr),
        cmocka_unit_test(test_a_whole_unit_is_a_slice_of_the_input),
        cmocka_unit_test(test_s_03_held_octets_are_told),
        cmocka_unit_test(test_pf_122_a_million_elements_in_a_kilobyte),
        cmocka_unit_test(test_g_25_random_streams_at_random_splits),
        cmocka_unit_test(test_no_memory_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
