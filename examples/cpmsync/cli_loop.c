/* SPDX-License-Identifier: MIT */
#include "cli_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 32, STEP_BUDGET = 1 << 20 };

/* The handler can reach nothing else. */
static int signal_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    char octet = (char)number;
    int saved = errno;
    /* A full pipe has been written to already. */
    ssize_t ignored = write(signal_pipe[1], &octet, 1);
    (void)ignored;
    errno = saved;
}

int64_t cli_loop_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int cli_loop_catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    if (pipe(signal_pipe) != 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC) != 0 || fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK) != 0)
            return -1;
    return sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ? -1 : 0;
}

/* The time until `expiry` as poll takes it. */
static int timeout_until(int64_t expiry, int64_t now)
{
    if (expiry == CPMSYNC_NEVER)
        return -1;
    if (expiry <= now)
        return 0;
    return expiry - now > INT_MAX ? INT_MAX : (int)(expiry - now);
}

/* Waits for what the client wants. 1 if a signal came, 0 if not, -1 if there is nothing to wait for. */
static int wait_for_something(struct cpmsync_client *client)
{
    struct cpmsync_pollfd wanted[FDS_MAX];
    struct pollfd fds[FDS_MAX + 1];
    unsigned want = cpmsync_client_want(client);
    size_t count = cpmsync_client_pollfds(client, wanted, FDS_MAX);
    int64_t expiry = cpmsync_client_expiry(client);
    if (count > FDS_MAX)
        count = FDS_MAX;
    if (count == 0 && expiry == CPMSYNC_NEVER && (want & CPMSYNC_WANT_NOW) == 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        fds[i].fd = wanted[i].fd;
        fds[i].events = (short)((wanted[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) |
                                (wanted[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0));
    }
    fds[count].fd = signal_pipe[0];
    fds[count].events = POLLIN;
    fds[count].revents = 0;
    int timeout = want & CPMSYNC_WANT_NOW ? 0 : timeout_until(expiry, cli_loop_now());
    return poll(fds, (nfds_t)count + 1, timeout) > 0 && fds[count].revents != 0;
}

enum cli_status cli_loop_run(struct cli_account *account)
{
    while (account->pending > 0) {
        int error = cpmsync_client_step(account->client, cli_loop_now(), STEP_BUDGET);
        if (error != 0) {
            cli_account_fail_code(account, error, 0, "step");
            break;
        }
        if (account->pending == 0)
            break;
        int signalled = wait_for_something(account->client);
        if (signalled == 0)
            continue;
        if (account->status == CLI_STATUS_DONE)
            account->status = CLI_STATUS_REFUSED;
        fprintf(stderr, "cpmsync: %s\n",
            signalled > 0 ? "interrupted: what was complete is kept; run it again for the rest"
                          : "stopped: the client has nothing left to wait for; run it again with --trace");
        break;
    }
    cli_account_end(account);
    return account->status;
}
