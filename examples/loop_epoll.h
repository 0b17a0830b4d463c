/* SPDX-License-Identifier: MIT */
/* A client among the other descriptors of a program on epoll(7). */
#ifndef CPMSYNC_EXAMPLES_LOOP_EPOLL_H
#define CPMSYNC_EXAMPLES_LOOP_EPOLL_H

#include <cpmsync/client.h>

/* The wake descriptor, and two connections that try up to sixteen addresses each. */
enum { LOOP_EPOLL_MAX = 40 };

struct loop_epoll {
    struct cpmsync_client *client;
    int epoll; /* the program's own */
    int watched[LOOP_EPOLL_MAX];
    size_t watched_count;
};

void loop_epoll_init(struct loop_epoll *loop, struct cpmsync_client *client, int epoll);

/*
 * Call when a watched descriptor is ready, the timeout is over, or something was submitted: steps the client, watches
 * what it wants watched, and sets *timeout to the milliseconds epoll_wait may sleep (-1: until a descriptor is ready).
 * Events of the client carry its descriptor in data.fd. 0, 1 with errno if epoll failed, or a negative cpmsync error of step.
 */
int loop_epoll_step(struct loop_epoll *loop, int *timeout);

/* Stops watching: the client may be freed then. */
void loop_epoll_clear(struct loop_epoll *loop);

/* For programs that have nothing else to wait for: as loop_poll_run. */
int loop_epoll_run(struct cpmsync_client *client, const int *done);

#endif
