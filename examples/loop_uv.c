/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* uv.h */
#include "loop_uv.h"

#include "loop_poll.h" /* its clock counts suspended time */

#include <stdlib.h>

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void on_timer(uv_timer_t *timer)
{
    loop_uv_step(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    loop_uv_step(poll->data);
}

/* Ahead of the step, which may close a descriptor, and open another one of its number. */
static void forget(struct loop_uv *loop)
{
    for (size_t i = 0; i < loop->count; i++)
        uv_close((uv_handle_t *)loop->polls[i], free_handle);
    loop->count = 0;
    if (loop->timer != NULL)
        uv_timer_stop(loop->timer);
}

static int watch(struct loop_uv *loop, const struct cpmsync_pollfd *fd)
{
    uv_poll_t *poll = calloc(1, sizeof *poll);
    if (poll == NULL)
        return UV_ENOMEM;
    int error = uv_poll_init(loop->loop, poll, fd->fd);
    if (error != 0) {
        free(poll);
        return error;
    }
    poll->data = loop;
    loop->polls[loop->count++] = poll;
    return uv_poll_start(poll,
        (fd->events & CPMSYNC_POLL_READ ? UV_READABLE : 0) | (fd->events & CPMSYNC_POLL_WRITE ? UV_WRITABLE : 0),
        on_poll);
}

int loop_uv_init(struct loop_uv *loop, struct cpmsync_client *client, uv_loop_t *uv)
{
    loop->client = client;
    loop->loop = uv;
    loop->count = 0;
    loop->timeout = -1;
    loop->error = 0;
    loop->timer = calloc(1, sizeof *loop->timer);
    if (loop->timer == NULL)
        return UV_ENOMEM;
    uv_timer_init(uv, loop->timer);
    loop->timer->data = loop;
    return 0;
}

void loop_uv_step(struct loop_uv *loop)
{
    struct cpmsync_pollfd fds[LOOP_UV_MAX];
    forget(loop);
    if (loop->error == 0)
        loop->error = cpmsync_client_step(loop->client, loop_poll_now(), LOOP_POLL_BUDGET);
    if (loop->error != 0)
        return;
    size_t count = cpmsync_client_pollfds(loop->client, fds, LOOP_UV_MAX);
    for (size_t i = 0; i < count && i < LOOP_UV_MAX && loop->error == 0; i++)
        loop->error = watch(loop, &fds[i]);
    loop->timeout = loop_poll_timeout(loop->client);
    if (loop->timeout >= 0 && loop->error == 0)
        loop->error = uv_timer_start(loop->timer, on_timer, (uint64_t)loop->timeout, 0);
}

void loop_uv_clear(struct loop_uv *loop)
{
    forget(loop);
    uv_close((uv_handle_t *)loop->timer, free_handle);
    loop->timer = NULL;
}

int loop_uv_run(struct cpmsync_client *client, const int *done)
{
    struct loop_uv loop;
    uv_loop_t uv;
    if (uv_loop_init(&uv) != 0)
        return 1;
    int error = loop_uv_init(&loop, client, &uv);
    if (error == 0) {
        loop_uv_step(&loop);
        while (loop.error == 0 && !*done && (loop.count != 0 || loop.timeout >= 0))
            uv_run(&uv, UV_RUN_ONCE);
        error = loop.error;
        loop_uv_clear(&loop);
    }
    uv_run(&uv, UV_RUN_DEFAULT); /* closes the handles */
    uv_loop_close(&uv);
    return error;
}
