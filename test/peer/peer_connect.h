/* SPDX-License-Identifier: MIT */
/* How the apps of the peer tests reach the server and their store. */
#ifndef PEER_CONNECT_H
#define PEER_CONNECT_H

#include "peer_client.h"
#include "peer_cut.h"
#include "peer_link.h"

#include <cpmsync/client.h>

enum { PEER_CONNECT_FDS = 8 };

/* TCP and TLS to the server itself; or, where `link` is not NULL, through it, with `cut` in between. `timeout_ms` is for each of
 * connecting and the handshake; 0: as the library has it. */
void peer_connect(struct cpmsync_connector *connector, const struct peer_account *account, struct peer_link *link,
    struct peer_cut *cut, int64_t timeout_ms);

/* What the client watches: at most PEER_CONNECT_FDS; returns how many. */
size_t peer_connect_pollfds(struct cpmsync_client *client, struct pollfd *pollers);

/* Removes a store. */
void peer_connect_forget(const char *store_path);

#endif
