/* SPDX-License-Identifier: MIT */
/* What is kept with the account beside its mailboxes, as named values of the store: the facts about its server, and when to
 * connect again. */
#ifndef CPMSYNC_CLIENT_SAVED_FACTS_H
#define CPMSYNC_CLIENT_SAVED_FACTS_H

#include "client/conduct.h"

/* Reads them; what cannot be read is unknown. CPMSYNC_ERR_NOMEM only. */
int cpmsync_saved_facts_load(struct cpmsync_client *client);

/* Writes them if they are not what is stored; a failure costs round trips of the next connection and is only logged. */
void cpmsync_saved_facts_save(struct cpmsync_client *client);

/* Reads until when connecting is put off, if the app tells the time of day. */
void cpmsync_saved_pause_load(struct cpmsync_client *client);

/* Writes client->backoff, or that there is nothing to wait for. */
void cpmsync_saved_pause_save(struct cpmsync_client *client);

/* The first time the app says what `now` is: what is left of the pause, in its terms. */
void cpmsync_saved_pause_begin(struct cpmsync_client *client);

#endif
