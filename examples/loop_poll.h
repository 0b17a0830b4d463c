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

#endif
