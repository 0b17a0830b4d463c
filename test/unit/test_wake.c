/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>

#include "transport/wake.h"

static int readable(const struct cpmsync_wake *wake)
{
    struct pollfd poller = {cpmsync_wake_fd(wake), POLLIN, 0};
    return poll(&poller, 1, 0);
}

static void test_a_signal_makes_it_readable_until_drained(void **state)
{
    struct cpmsync_wake wake;
    (void)state;
    assert_int_equal(cpmsync_wake_open(&wake), 0);
    assert_int_equal(readable(&wake), 0);
    cpmsync_wake_signal(&wake);
    cpmsync_wake_signal(&wake);
    assert_int_equal(readable(&wake), 1);
    cpmsync_wake_drain(&wake);
    assert_int_equal(readable(&wake), 0);
    cpmsync_wake_drain(&wake);
    cpmsync_wake_close(&wake);
}

static void test_more_signals_than_a_pipe_holds_block_nobody(void **state)
{
    struct cpmsync_wake wake;
    (void)state;
    assert_int_equal(cpmsync_wake_open(&wake), 0);
    for (int i = 0; i < 100000; i++)
        cpmsync_wake_signal(&wake);
    assert_int_equal(readable(&wake), 1);
    cpmsync_wake_drain(&wake);
    assert_int_equal(readable(&wake), 0);
    cpmsync_wake_close(&wake);
}

static void test_descriptors_do_not_block_and_close_on_exec(void **state)
{
    struct cpmsync_wake wake;
    (void)state;
    assert_int_equal(cpmsync_wake_open(&wake), 0);
    assert_true(fcntl(wake.reader, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(wake.writer, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(wake.reader, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(wake.writer, F_GETFD) & FD_CLOEXEC);
    cpmsync_wake_close(&wake);
    cpmsync_wake_close(&wake);
    assert_int_equal(cpmsync_wake_fd(&wake), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signal_makes_it_readable_until_drained),
        cmocka_unit_test(test_more_signals_than_a_pipe_holds_block_nobody),
        cmocka_unit_test(test_descriptors_do_not_block_and_close_on_exec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
