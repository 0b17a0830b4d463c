/* SPDX-License-Identifier: MIT */
#include "loop_epoll.h"

#include "loop_poll.h" /* its clock counts suspended time */

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A descriptor that was closed left the epoll set by itself, and a new one may have got its number: so each is set again
 * each time, and added where the kernel does not know it. */
static int watch(int epoll, const struct cpmsync_pollfd *fd)
{
    struct epoll_event event = {0};
    event.events = (fd->events & CPMSYNC_POLL_READ ? EPOLLIN : 0u) | (fd->events & CPMSYNC_POLL_WRITE ? EPOLLOUT : 0u);
    event.data.fd = fd->fd;
    if (!epoll_ctl(epoll, EPOLL_CTL_MOD, fd->fd, &event))
        return 0;
    return errno == ENOENT ? epoll_ctl(epoll, EPOLL_CTL_ADD, fd->fd, &event) : -1;
}

static int contains(const struct cpmsync_pollfd *fds, size_t count, int fd)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i].fd == fd)
            return 1;
    return 0;
}

/* Watches exactly these; what is watched no longer may be closed already. */
static int watch_all(struct loop_epoll *loop, const struct cpmsync_pollfd *fds, size_t count)
{
    for (size_t i = 0; i < loop->watched_count; i++)
        if (!contains(fds, count, loop->watched[i]))
            (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->watched[i], NULL);
    loop->watched_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (watch(loop->epoll, &fds[i]) < 0)
            return 1;
        loop->watched[loop->watched_count++] = fds[i].fd;
    }
    return 0;
}

void loop_epoll_init(struct loop_epoll *loop, struct cpmsync_client *client, int epoll)
{
    loop->client = client;
    loop->epoll = epoll;
    loop->watched_count = 0;
}

int loop_epoll_step(struct loop_epoll *loop, int *timeout)
{
    struct cpmsync_pollfd fds[LOOP_EPOLL_MAX];
    int error = cpmsync_client_step(loop->client, loop_poll_now(), LOOP_POLL_BUDGET);
    if (error)
        return error;
    size_t count = cpmsync_client_pollfds(loop->client, fds, LOOP_EPOLL_MAX);
    *timeout = loop_poll_timeout(loop->client);
    return watch_all(loop, fds, count < LOOP_EPOLL_MAX ? count : LOOP_EPOLL_MAX);
}

void loop_epoll_clear(struct loop_epoll *loop)
{
    (void)watch_all(loop, NULL, 0);
}

int loop_epoll_run(struct cpmsync_client *client, const int *done)
{
    struct loop_epoll loop;
    struct epoll_event events[LOOP_EPOLL_MAX];
    int timeout;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return 1;
    loop_epoll_init(&loop, client, epoll);
    int result = loop_epoll_step(&loop, &timeout);
    while (!result && !*done && (loop.watched_count || timeout >= 0)) {
        if (epoll_wait(epoll, events, LOOP_EPOLL_MAX, timeout) < 0 && errno != EINTR)
            result = 1;
        else
            result = loop_epoll_step(&loop, &timeout);
    }
    close(epoll);
    return result;
}
