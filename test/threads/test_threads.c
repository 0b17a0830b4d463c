/* SPDX-License-Identifier: MIT */
/*
 * Two clients on two threads, each with its own store and its own connections over TLS to one mock server, and each woken by
 * a thread of its own. The names are resolved, so there are threads of the library's, too. Under ThreadSanitizer nothing
 * they do may be a race. The two share no lock here, which would order what must not need an order; SQLite has such locks,
 * so there is a test without it.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cpmsync/cpmsync.h>

#include "loop_poll.h"

enum { THREADS = 2, ROUNDS = 5, MESSAGES = 60 };

struct worker {
    pthread_t thread;
    pthread_t waker;
    unsigned port;
    bool in_memory;
    char path[32];
    pthread_mutex_t lock; /* of the two below */
    struct cpmsync_client *client;
    bool over;
    size_t messages;
    int done;
    unsigned good; /* rounds that ended well */
};

static pid_t server;
static unsigned server_port;

static int start_server(void **state)
{
    char *argv[] = {(char *)(uintptr_t)CPMSYNC_MOCKSERVER, (char *)(uintptr_t) "--tls-auto",
        (char *)(uintptr_t) "threads-tls", (char *)(uintptr_t) "--generate", (char *)(uintptr_t) "INBOX=60", NULL};
    char line[100] = "";
    size_t len = 0;
    int ends[2];

    (void)state;
    if (pipe(ends) != 0 || (server = fork()) < 0)
        return -1;
    if (server == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    while (len + 1 < sizeof line && !strchr(line, '\n') && read(ends[0], line + len, 1) == 1)
        line[++len] = '\0';
    close(ends[0]);
    return sscanf(line, "listening on 127.0.0.1:%u", &server_port) == 1 ? 0 : -1;
}

static int stop_server(void **state)
{
    int status;

    (void)state;
    kill(server, SIGTERM);
    return waitpid(server, &status, 0) == server && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* ---- a client; assertions are the main thread's alone */

static int on_event(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event)
{
    struct worker *worker = ctx;

    (void)client;
    worker->messages += event->type == CPMSYNC_EVENT_MESSAGE;
    return 0;
}

static void on_credentials(void *ctx, struct cpmsync_client *client, uint32_t conn)
{
    (void)ctx;
    (void)cpmsync_client_credentials(client, conn, 0, "test", "test", NULL);
}

static void on_done(void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault)
{
    struct worker *worker = ctx;

    (void)client;
    (void)operation;
    worker->done = fault->error ? -1 : 1;
}

static bool run(struct worker *worker, int64_t id)
{
    worker->done = 0;
    return id > 0 && loop_poll_run(worker->client, &worker->done) == 0 && worker->done == 1;
}

static void lend(struct worker *worker, struct cpmsync_client *client)
{
    pthread_mutex_lock(&worker->lock);
    worker->client = client;
    pthread_mutex_unlock(&worker->lock);
}

/* Makes a client, synchronises and logs out. */
static bool synchronise(struct worker *worker, struct cpmsync_store *store)
{
    struct cpmsync_tcp_config tcp_config = {.size = sizeof tcp_config, .host = "localhost"};
    struct cpmsync_tls_config tls_config = {
        .size = sizeof tls_config, .host = "localhost", .ca_file = "threads-tls/ca.pem"};
    struct cpmsync_client_config config = {
        .size = sizeof config, .store = store, .ctx = worker, .event = on_event, .credentials = on_credentials};
    struct cpmsync_connector tcp, tls;
    struct cpmsync_client *client = NULL;

    tcp_config.port = (uint16_t)worker->port;
    if (cpmsync_client_new(&client, &config) || cpmsync_connector_tcp(&tcp, &tcp_config) ||
        cpmsync_connector_tls(&tls, &tcp, &tls_config) || cpmsync_client_connector(client, &tls))
        return false;
    lend(worker, client);
    bool good = run(worker, cpmsync_client_sync(client, "INBOX", on_done, worker)) &&
                run(worker, cpmsync_client_logout(client, on_done, worker));
    lend(worker, NULL);
    cpmsync_client_free(client);
    return good;
}

static bool open_store(const struct worker *worker, struct cpmsync_store *store)
{
    struct cpmsync_store_sqlite_config config = {
        .size = sizeof config, .path = worker->path, .account = "test@localhost:993"};

    if (worker->in_memory)
        return cpmsync_store_memory_open(store, NULL) == 0;
    return cpmsync_store_sqlite_open(store, &config, NULL) == 0;
}

static void *work(void *ctx)
{
    struct worker *worker = ctx;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct cpmsync_store store;
        if (!open_store(worker, &store))
            break;
        worker->good += synchronise(worker, &store);
        cpmsync_store_close(&store);
    }
    pthread_mutex_lock(&worker->lock);
    worker->over = true;
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

static void *wake(void *ctx)
{
    struct worker *worker = ctx;
    bool over = false;

    while (!over) {
        pthread_mutex_lock(&worker->lock);
        if (worker->client)
            (void)cpmsync_client_wake(worker->client);
        over = worker->over;
        pthread_mutex_unlock(&worker->lock);
        sched_yield();
    }
    return NULL;
}

/* ---- */

static void remove_store(const struct worker *worker)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char path[48];

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", worker->path, ends[i]);
        (void)unlink(path);
    }
}

static void run_workers(bool in_memory)
{
    struct worker workers[THREADS];

    memset(workers, 0, sizeof workers);
    for (size_t i = 0; i < THREADS; i++) {
        struct worker *worker = &workers[i];
        worker->port = server_port;
        worker->in_memory = in_memory;
        snprintf(worker->path, sizeof worker->path, "threads-%zu.db", i);
        remove_store(worker);
        assert_int_equal(pthread_mutex_init(&worker->lock, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        assert_int_equal(pthread_create(&workers[i].waker, NULL, wake, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(pthread_join(workers[i].waker, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        remove_store(&workers[i]);
        assert_int_equal(workers[i].good, ROUNDS);
        /* Told once where the other rounds begin from the store. */
        assert_int_equal(workers[i].messages, in_memory ? ROUNDS * MESSAGES : MESSAGES);
        pthread_mutex_destroy(&workers[i].lock);
    }
}

static void test_two_clients_on_two_threads_share_nothing(void **state)
{
    (void)state;
    run_workers(true);
}

static void test_two_sqlite_stores_on_two_threads_share_nothing(void **state)
{
    (void)state;
    run_workers(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_clients_on_two_threads_share_nothing),
        cmocka_unit_test(test_two_sqlite_stores_on_two_threads_share_nothing),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
