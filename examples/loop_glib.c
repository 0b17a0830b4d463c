/* SPDX-License-Identifier: MIT */
#include "loop_glib.h"

#include "loop_poll.h" /* its clock counts suspended time */

enum { FDS_MAX = 40 };

struct source {
    GSource source; /* the first member */
    struct cpmsync_client *client;
    gpointer tags[FDS_MAX];
    size_t count;
    int error;
};

/* In the terms of g_source_set_ready_time. */
static gint64 ready_time_of(const struct cpmsync_client *client)
{
    int timeout = loop_poll_timeout(client);
    return timeout <= 0 ? timeout : g_get_monotonic_time() + (gint64)timeout * 1000;
}

static GIOCondition condition_of(unsigned events)
{
    unsigned condition =
        (events & CPMSYNC_POLL_READ ? (unsigned)G_IO_IN : 0u) | (events & CPMSYNC_POLL_WRITE ? (unsigned)G_IO_OUT : 0u);
    return (GIOCondition)condition;
}

/* Ahead of the step, which may close a descriptor. */
static void forget(struct source *source)
{
    for (size_t i = 0; i < source->count; i++)
        g_source_remove_unix_fd(&source->source, source->tags[i]);
    source->count = 0;
}

static gboolean dispatch(GSource *base, GSourceFunc callback, gpointer data)
{
    struct source *source = (struct source *)base;
    struct cpmsync_pollfd fds[FDS_MAX];
    (void)callback;
    (void)data;
    forget(source);
    source->error = cpmsync_client_step(source->client, loop_poll_now(), LOOP_POLL_BUDGET);
    if (source->error != 0)
        return G_SOURCE_REMOVE;
    size_t count = cpmsync_client_pollfds(source->client, fds, FDS_MAX);
    for (size_t i = 0; i < count && i < FDS_MAX; i++)
        source->tags[source->count++] = g_source_add_unix_fd(base, fds[i].fd, condition_of(fds[i].events));
    g_source_set_ready_time(base, ready_time_of(source->client));
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs FUNCTIONS = {NULL, NULL, dispatch, NULL, NULL, NULL};

GSource *loop_glib_attach(struct cpmsync_client *client, GMainContext *context)
{
    GSource *base = g_source_new(&FUNCTIONS, sizeof(struct source));
    struct source *source = (struct source *)base;
    source->client = client;
    source->count = 0;
    source->error = 0;
    g_source_set_ready_time(base, 0);
    g_source_attach(base, context);
    return base;
}

void loop_glib_step(GSource *source)
{
    g_source_set_ready_time(source, 0);
}

int loop_glib_waits(GSource *source)
{
    return ((struct source *)source)->count != 0 || g_source_get_ready_time(source) >= 0;
}

int loop_glib_run(struct cpmsync_client *client, const int *done)
{
    GMainContext *context = g_main_context_new();
    GSource *source = loop_glib_attach(client, context);
    while (!*done && !g_source_is_destroyed(source) && loop_glib_waits(source))
        g_main_context_iteration(context, TRUE);
    int error = ((struct source *)source)->error;
    g_source_destroy(source);
    g_source_unref(source);
    g_main_context_unref(context);
    return error;
}
