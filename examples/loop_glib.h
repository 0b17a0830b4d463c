/* SPDX-License-Identifier: MIT */
/* A client among the other sources of a program on GLib's main loop. */
#ifndef CPMSYNC_EXAMPLES_LOOP_GLIB_H
#define CPMSYNC_EXAMPLES_LOOP_GLIB_H

#include <cpmsync/client.h>
#include <glib.h>

/*
 * A source that steps the client when it is due, attached to `context` (NULL: the default one). g_source_destroy and
 * g_source_unref end it; the client may be freed then. A step that fails destroys it.
 */
GSource *loop_glib_attach(struct cpmsync_client *client, GMainContext *context);

/* Call whenever something was submitted. */
void loop_glib_step(GSource *source);

/* Whether anything would ever end its wait. */
int loop_glib_waits(GSource *source);

/* For programs that have nothing else to wait for: as loop_poll_run. */
int loop_glib_run(struct cpmsync_client *client, const int *done);

#endif
