/* SPDX-License-Identifier: MIT */
/* A client among the other handles of a program on libuv. */
#ifndef CPMSYNC_EXAMPLES_LOOP_UV_H
#define CPMSYNC_EXAMPLES_LOOP_UV_H

#include <cpmsync/client.h>
#include <uv.h>

/* The wake descriptor, and two connections that try up to sixteen addresses each. */
enum { LOOP_UV_MAX = 40 };

struct loop_uv {
    struct cpmsync_client *client;
    uv_loop_t *loop; /* the program's own */
    uv_timer_t *timer;
    uv_poll_t *polls[LOOP_UV_MAX];
    size_t count;
    int timeout; /* milliseconds until something is due, -1: only a descriptor can tell */
    int error;   /* of libuv or the client, negative; nothing happens any more */
};

/* 0, or UV_ENOMEM. The struct stays where it is until clear. */
int loop_uv_init(struct loop_uv *loop, struct cpmsync_client *client, uv_loop_t *uv);

/* Call once, and whenever something was submitted: steps the client, and lets libuv call it when it is due. */
void loop_uv_step(struct loop_uv *loop);

/* Stops watching: the client may be freed then. What libuv still holds is freed by its loop's next turn. */
void loop_uv_clear(struct loop_uv *loop);

/* For programs that have nothing else to wait for: as loop_poll_run, on a loop of its own. */
int loop_uv_run(struct cpmsync_client *client, const int *done);

#endif
