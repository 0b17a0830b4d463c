/* SPDX-License-Identifier: MIT */
#include "flight_count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct flight_count count;

/* The client sends a TLS record of `len` octets, in pieces of `piece`. */
static void record(unsigned char type, size_t len, size_t piece)
{
    unsigned char data[600] = {type, 3, 3, (unsigned char)(len >> 8), (unsigned char)len};
    memset(data + 5, 22, len); /* what looks like a record's type is none inside of one */
    for (size_t at = 0; at < len + 5; at += piece)
        flight_count_up(&count, data + at, len + 5 - at < piece ? len + 5 - at : piece);
}

static void text(const char *line)
{
    flight_count_up(&count, (const unsigned char *)line, strlen(line));
}

static int reset(void **state)
{
    (void)state;
    memset(&count, 0, sizeof count);
    return 0;
}

static void test_clear_text_is_counted_by_bursts_after_answers(void **state)
{
    (void)state;
    flight_count_down(&count, 20); /* greeting */
    text("1 LOGIN a b\r\n");
    text("2 ENABLE QRESYNC\r\n");
    flight_count_down(&count, 10);
    flight_count_down(&count, 10);
    text("3 SELECT INBOX\r\n");
    assert_int_equal(count.flights, 2);
    assert_int_equal(count.handshakes, 0);
    assert_int_equal(count.up_octets, 13 + 18 + 16);
    assert_int_equal(count.down_octets, 40);
}

static void handshake(size_t piece)
{
    record(22, 300, piece); /* ClientHello */
    flight_count_down(&count, 900);
    record(22, 70, piece); /* ClientKeyExchange */
    record(20, 1, piece);
    record(22, 40, piece); /* Finished */
    flight_count_down(&count, 200);
}

static void test_the_handshake_is_counted_apart(void **state)
{
    (void)state;
    handshake(600);
    assert_int_equal(count.handshakes, 2);
    record(23, 50, 600);
    record(23, 500, 600);
    assert_int_equal(count.flights, 1);
    flight_count_down(&count, 100);
    record(23, 30, 600);
    record(21, 26, 600); /* close_notify */
    assert_int_equal(count.flights, 2);
    assert_int_equal(count.handshakes, 2);
}

static void test_commands_right_behind_finished_are_a_flight_of_their_own(void **state)
{
    (void)state;
    record(22, 300, 600);
    flight_count_down(&count, 150);
    record(20, 1, 600);
    record(22, 40, 600); /* resumed: the client's Finished is the last */
    record(23, 50, 600);
    assert_int_equal(count.handshakes, 2);
    assert_int_equal(count.flights, 1);
    flight_count_down(&count, 50);
    record(23, 50, 600);
    assert_int_equal(count.flights, 2);
}

static void test_records_may_come_in_any_pieces(void **state)
{
    (void)state;
    handshake(1);
    assert_int_equal(count.handshakes, 2);
    record(23, 259, 1);
    record(23, 20, 7);
    assert_int_equal(count.flights, 1);
    assert_int_equal(count.handshakes, 2);
}

static void test_an_alert_is_no_flight(void **state)
{
    (void)state;
    handshake(600);
    record(21, 2, 600);
    assert_int_equal(count.flights, 0);
    assert_int_equal(count.handshakes, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_clear_text_is_counted_by_bursts_after_answers, reset),
        cmocka_unit_test_setup(test_the_handshake_is_counted_apart, reset),
        cmocka_unit_test_setup(test_commands_right_behind_finished_are_a_flight_of_their_own, reset),
        cmocka_unit_test_setup(test_records_may_come_in_any_pieces, reset),
        cmocka_unit_test_setup(test_an_alert_is_no_flight, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
