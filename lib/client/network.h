/* SPDX-License-Identifier: MIT */
/* What the app says of the network, and what that means to connections: lost, they are over; changed, they are doubtful. */
#ifndef CPMSYNC_CLIENT_NETWORK_H
#define CPMSYNC_CLIENT_NETWORK_H

#include "client/conduct.h"

/* There is no network, as the app said last. */
bool cpmsync_network_is_lost(const struct cpmsync_client *client);

/* What was said is to be acted upon; acts. */
bool cpmsync_network_due(const struct cpmsync_client *client);
void cpmsync_network_tick(struct cpmsync_client *client);

#endif
