/* SPDX-License-Identifier: MIT */
/* What is kept with the account beside its mailboxes: the facts about its server, as a named value of the store. */
#ifndef CPMSYNC_CLIENT_SAVED_FACTS_H
#define CPMSYNC_CLIENT_SAVED_FACTS_H

#include "client/conduct.h"

/* Reads them; what cannot be read is unknown. CPMSYNC_ERR_NOMEM only. */
int cpmsync_saved_facts_load(struct cpmsync_client *client);

/* Writes them if they are not what is stored; a failure costs round trips of the next connection and is only logged. */
void cpmsync_saved_facts_save(struct cpmsync_client *client);

#endif
