/* SPDX-License-Identifier: MIT */
/* A client on poll(2), for programs that have nothing else to wait for. */
#ifndef CPMSYNC_EXAMPLES_LOOP_POLL_H
#define CPMSYNC_EXAMPLES_LOOP_POLL_H

#include <cpmsync/client.h>

/*
 * Steps the client until one of its callbacks has set *done, or nothing is left to wait for: 0. 1 with errno if poll
 * failed, a negative cpmsync error if step did.
 */
int loop_poll_run(struct cpmsync_client *client, const int *done);

/* Its parts, for a loop that has something else to wait for: now, step, wait. */

enum { LOOP_POLL_BUDGET = 262144 };

/* Milliseconds of a clock that counts suspended time. */
int64_t loop_poll_now(void);

/* Milliseconds until something is due; -1: only a descriptor can tell. */
int loop_poll_timeout(const struct cpmsync_client *client);

enum loop_poll_ready {
    LOOP_POLL_CLIENT, /* step it */
    LOOP_POLL_FD,     /* `fd` can be read; the client perhaps, too */
    LOOP_POLL_IDLE,   /* nothing would ever end the wait */
    LOOP_POLL_FAILED  /* errno */
};

/* Waits for what the client wants, and for `fd` to be readable if it is not -1. */
enum loop_poll_ready loop_poll_wait(struct cpmsync_client *client, int fd);

#endif
