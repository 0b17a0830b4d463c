/* SPDX-License-Identifier: MIT */
/* The synchronisations that the client starts by itself: what is due is submitted like the app's own (cpmsync/trigger.h). */
#ifndef CPMSYNC_CLIENT_AUTOMATIC_H
#define CPMSYNC_CLIENT_AUTOMATIC_H

#include "client/conduct.h"

/* Time passed: submits what is due, tells what is held back. Between enter and leave. */
void cpmsync_automatic_tick(struct cpmsync_client *client, int64_t now);

/* It is to be called at once; when at the latest. Not while nothing new is to begin (cpmsync_client_quiesce). */
bool cpmsync_automatic_due(const struct cpmsync_client *client);
int64_t cpmsync_automatic_expiry(const struct cpmsync_client *client);

#endif
