/* SPDX-License-Identifier: MIT */
#include "cli_loop.h"

#include "loop_poll.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static void stop(struct cli_account *account, const char *why)
{
    if (account->status == CLI_STATUS_DONE)
        account->status = CLI_STATUS_REFUSED;
    fprintf(stderr, "cpmsync: %s\n", why);
}

/* The signal was for the command. */
static int was_asked_to_go_on(struct cli_account *account)
{
    char octet;
    ssize_t ignored = read(signal_pipe[0], &octet, 1);
    (void)ignored;
    return account->interrupt(account->interrupt_ctx) == 0;
}

/* 0 to go on. */
static int wait_for_something(struct cli_account *account)
{
    switch (loop_poll_wait(account->client, signal_pipe[0])) {
    case LOOP_POLL_CLIENT:
        return 0;
    case LOOP_POLL_FD:
        if (account->interrupt != NULL && was_asked_to_go_on(account))
            return 0;
        stop(account, "interrupted: what was complete is kept; run it again for the rest");
        break;
    case LOOP_POLL_IDLE:
        stop(account, "stopped: the client has nothing left to wait for; run it again with --trace");
        break;
    case LOOP_POLL_FAILED:
        stop(account, "stopped: poll failed; run it again");
        break;
    }
    return -1;
}

enum cli_status cli_loop_run(struct cli_account *account)
{
    while (account->pending > 0) {
        int error = cpmsync_client_step(account->client, loop_poll_now(), LOOP_POLL_BUDGET);
        if (error != 0)
            cli_account_fail_code(account, error, 0, "step");
        if (error != 0 || (account->pending > 0 && wait_for_something(account) != 0))
            break;
    }
    cli_account_end(account);
    return account->status;
}
