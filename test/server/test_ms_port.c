/* SPDX-License-Identifier: MIT */
/* The mock on a port of its own: in the test's loop, on a thread, and what cannot be opened. */
#define _POSIX_C_SOURCE 200809L
#include "mock_talk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct cpmsync_mock_port_config port_config(void)
{
    struct cpmsync_mock_port_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    return config;
}

static int dial(const struct cpmsync_mock_port *port)
{
    struct sockaddr_in address;
    struct timeval patience = {20, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)cpmsync_mock_port_number(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Blocks until it was heard. */
static void hear(int fd, const char *part)
{
    char heard[4000] = "";
    size_t len = 0;
    while (!strstr(heard, part)) {
        ssize_t got = recv(fd, heard + len, sizeof heard - 1 - len, 0);
        if (got <= 0)
            fail_msg("%s was not heard but %s", part, heard);
        len += (size_t)got;
        heard[len] = 0;
    }
}

static bool is_readable(int fd)
{
    struct pollfd wanted = {fd, POLLIN, 0};
    return poll(&wanted, 1, 0) == 1;
}

/* One round of the test's loop, which waits for `fd`, too. */
static void turn(struct cpmsync_mock_port *port, int fd)
{
    struct cpmsync_pollfd wanted[8];
    struct pollfd fds[9];
    size_t count = cpmsync_mock_port_pollfds(port, wanted, 8), i;
    assert_true(count <= 8);
    for (i = 0; i < count; i++) {
        fds[i].fd = wanted[i].fd;
        fds[i].events = (short)((wanted[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) |
                                (wanted[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0));
    }
    fds[count].fd = fd;
    fds[count].events = POLLIN;
    assert_true(poll(fds, (nfds_t)count + 1, 20000) > 0);
    cpmsync_mock_port_step(port);
}

static void turn_until_heard(struct cpmsync_mock_port *port, int fd, const char *part)
{
    while (!is_readable(fd))
        turn(port, fd);
    hear(fd, part);
}

static void test_a_port_in_the_tests_own_loop(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_port_config config = port_config();
    struct cpmsync_mock_port *port = NULL;
    char expected[40];
    assert_int_equal(cpmsync_mock_port_open(&port, talk->mock, &config), 0);
    snprintf(expected, sizeof expected, "127.0.0.1:%u", cpmsync_mock_port_number(port));
    assert_string_equal(cpmsync_mock_port_address(port), expected);
    assert_int_equal(cpmsync_mock_port_pollfds(port, NULL, 0), 2);
    assert_int_equal(cpmsync_mock_port_timeout(port), -1);
    int fd = dial(port);
    turn_until_heard(port, fd, "ready\r\n");
    say(fd, "a LOGIN test test\r\n");
    turn_until_heard(port, fd, "a OK ");
    say(fd, "b SELECT INBOX\r\nc IDLE\r\n");
    turn_until_heard(port, fd, "+ ");
    /* What the test does to the store is news that the next round carries. */
    talk_deliver(talk, 1);
    turn_until_heard(port, fd, "* 1 EXISTS\r\n");
    assert_int_equal(cpmsync_mock_port_pollfds(port, NULL, 0), 3);
    close(fd);
    while (cpmsync_mock_port_pollfds(port, NULL, 0) == 3)
        turn(port, -1);
    cpmsync_mock_port_close(port);
}

/* ---- on a thread ---- */

static void lock(void *ctx)
{
    pthread_mutex_lock((pthread_mutex_t *)ctx);
}

static void unlock(void *ctx)
{
    pthread_mutex_unlock((pthread_mutex_t *)ctx);
}

static void *serve(void *port)
{
    return cpmsync_mock_port_serve((struct cpmsync_mock_port *)port) == 0 ? port : NULL;
}

static void test_a_port_on_a_thread_while_the_test_changes_the_store(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_port_config config = port_config();
    struct cpmsync_mock_port *port = NULL;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    void *result = NULL;
    int round;
    config.lock = lock;
    config.unlock = unlock;
    config.lock_ctx = &mutex;
    assert_int_equal(cpmsync_mock_port_open(&port, talk->mock, &config), 0);
    for (round = 1; round <= 2; round++) { /* a port that was stopped can be served again */
        char exists[40];
        assert_int_equal(pthread_create(&thread, NULL, serve, port), 0);
        int fd = dial(port);
        say(fd, "a LOGIN test test\r\nb SELECT INBOX\r\nc IDLE\r\n");
        hear(fd, "\r\n+ ");
        pthread_mutex_lock(&mutex);
        talk_deliver(talk, 1);
        pthread_mutex_unlock(&mutex);
        cpmsync_mock_port_wake(port);
        snprintf(exists, sizeof exists, "* %d EXISTS\r\n", round);
        hear(fd, exists);
        cpmsync_mock_port_stop(port);
        assert_int_equal(pthread_join(thread, &result), 0);
        assert_ptr_equal(result, port);
        close(fd);
    }
    cpmsync_mock_port_close(port);
}

static void test_a_stop_before_serving_ends_it_at_once(void **state)
{
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_port_config config = port_config();
    struct cpmsync_mock_port *port = NULL;
    assert_int_equal(cpmsync_mock_port_open(&port, talk->mock, &config), 0);
    cpmsync_mock_port_stop(port);
    cpmsync_mock_port_stop(port);
    assert_int_equal(cpmsync_mock_port_serve(port), 0);
    cpmsync_mock_port_close(port);
}

/* ---- what cannot be opened ---- */

static void expect_refused(
    struct talk *talk, const struct cpmsync_mock_port_config *config, int error, const char *word)
{
    struct cpmsync_mock_port *port = NULL;
    assert_int_equal(cpmsync_mock_port_open(&port, talk->mock, config), error);
    assert_null(port);
    if (!strstr(cpmsync_mock_why(talk->mock), word))
        fail_msg("%s is not in %s", word, cpmsync_mock_why(talk->mock));
}

static void test_ports_that_cannot_be_opened_say_why(void **state)
{
    static const char *const WRONG[] = {"127.0.0.1", ":1", "localhost:x", "nowhere.invalid:1"};
    struct talk *talk = (struct talk *)*state;
    struct cpmsync_mock_port_config config = port_config();
    struct cpmsync_mock_port *port = NULL;
    size_t i;
    for (i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        config.listen = WRONG[i];
        expect_refused(talk, &config, CPMSYNC_ERR_INVALID_ARGUMENT, WRONG[i]);
    }
    config.listen = NULL;
    config.cert_file = "/nonexistent/server.pem";
    expect_refused(talk, &config, CPMSYNC_ERR_INVALID_ARGUMENT, "certificate and key");
    config.key_file = "/nonexistent/server.key";
    expect_refused(talk, &config, CPMSYNC_ERR_TLS, "/nonexistent/server.pem");
    config = port_config();
    config.lock = lock;
    assert_int_equal(cpmsync_mock_port_open(&port, talk->mock, &config), CPMSYNC_ERR_INVALID_ARGUMENT);
    config = port_config();
    config.size--;
    assert_int_equal(cpmsync_mock_port_open(&port, talk->mock, &config), CPMSYNC_ERR_INVALID_ARGUMENT);
    /* where another listens */
    config = port_config();
    assert_int_equal(cpmsync_mock_port_open(&port, talk->mock, &config), 0);
    assert_string_equal(cpmsync_mock_why(talk->mock), "");
    config.listen = cpmsync_mock_port_address(port);
    expect_refused(talk, &config, CPMSYNC_ERR_CONNECT, config.listen);
    cpmsync_mock_port_close(port);
    cpmsync_mock_port_close(NULL);
}

static void test_starttls_wants_a_certificate(void **state)
{
    struct cpmsync_mock_config config;
    struct cpmsync_mock_port_config without = port_config();
    (void)state;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.starttls = 1;
    struct talk *talk = talk_new(&config);
    expect_refused(talk, &without, CPMSYNC_ERR_INVALID_ARGUMENT, "STARTTLS");
    talk_free(talk);
}

static void test_certificates_that_cannot_be_made_say_why(void **state)
{
    struct talk *talk = (struct talk *)*state;
    assert_int_equal(cpmsync_mock_certificates(talk->mock, "certificates", "a,b", NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(cpmsync_mock_why(talk->mock), "a,b"));
    assert_int_equal(cpmsync_mock_certificates(talk->mock, "/nonexistent/x", "localhost", NULL), CPMSYNC_ERR_STORE);
    assert_non_null(strstr(cpmsync_mock_why(talk->mock), "/nonexistent/x: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_port_in_the_tests_own_loop, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(
            test_a_port_on_a_thread_while_the_test_changes_the_store, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_a_stop_before_serving_ends_it_at_once, talk_setup, talk_teardown),
        cmocka_unit_test_setup_teardown(test_ports_that_cannot_be_opened_say_why, talk_setup, talk_teardown),
        cmocka_unit_test(test_starttls_wants_a_certificate),
        cmocka_unit_test_setup_teardown(test_certificates_that_cannot_be_made_say_why, talk_setup, talk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
