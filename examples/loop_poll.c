/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* CLOCK_BOOTTIME */
#include "loop_poll.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

/* The wake descriptor, and two connections that try up to sixteen addresses each. */
enum { FDS_MAX = 40 };

#if !defined(CLOCK_BOOTTIME)
#define CLOCK_BOOTTIME CLOCK_MONOTONIC /* good enough where nothing suspends */
#endif

int64_t loop_poll_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int loop_poll_timeout(const struct cpmsync_client *client)
{
    int64_t expiry = cpmsync_client_expiry(client);
    if (cpmsync_client_want(client) & CPMSYNC_WANT_NOW)
        return 0;
    if (expiry == CPMSYNC_NEVER)
        return -1;
    int64_t left = expiry - loop_poll_now();
    if (left < 0)
        return 0;
    return left < INT_MAX ? (int)left : INT_MAX;
}

static nfds_t fill(struct cpmsync_client *client, struct pollfd *pollers)
{
    struct cpmsync_pollfd fds[FDS_MAX];
    size_t count = cpmsync_client_pollfds(client, fds, FDS_MAX);
    if (count > FDS_MAX)
        count = FDS_MAX;
    for (size_t i = 0; i < count; i++) {
        pollers[i].fd = fds[i].fd;
        pollers[i].events = (short)((fds[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) |
                                    (fds[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0));
        pollers[i].revents = 0;
    }
    return (nfds_t)count;
}

enum loop_poll_ready loop_poll_wait(struct cpmsync_client *client, int fd)
{
    struct pollfd pollers[FDS_MAX + 1];
    nfds_t count = fill(client, pollers);
    int timeout = loop_poll_timeout(client);
    if (!count && timeout < 0)
        return LOOP_POLL_IDLE;
    pollers[count].fd = fd; /* poll passes over -1 */
    pollers[count].events = POLLIN;
    pollers[count].revents = 0;
    if (poll(pollers, count + 1, timeout) < 0 && errno != EINTR)
        return LOOP_POLL_FAILED;
    return pollers[count].revents ? LOOP_POLL_FD : LOOP_POLL_CLIENT;
}

int loop_poll_run(struct cpmsync_client *client, const int *done)
{
    for (;;) {
        int error = cpmsync_client_step(client, loop_poll_now(), LOOP_POLL_BUDGET);
        if (error || *done)
            return error;
        switch (loop_poll_wait(client, -1)) {
        case LOOP_POLL_IDLE:
            return 0;
        case LOOP_POLL_FAILED:
            return 1;
        case LOOP_POLL_CLIENT:
        case LOOP_POLL_FD:
            break;
        }
    }
}
