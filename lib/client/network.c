/* SPDX-License-Identifier: MIT */
#include "client/network.h"

bool cpmsync_network_is_lost(const struct cpmsync_client *client)
{
    return client->trigger.network_told && client->trigger.network == 0;
}

bool cpmsync_network_due(const struct cpmsync_client *client)
{
    return client->network_lost || client->network_changed;
}

/* A pause is for servers that cannot be had: another network is another try. */
static void forget_pause(struct cpmsync_client *client)
{
    client->pause_until = 0;
    cpmsync_backoff_reset(&client->backoff);
}

void cpmsync_network_tick(struct cpmsync_client *client)
{
    bool lost = client->network_lost;
    bool changed = client->network_changed;

    client->network_lost = client->network_changed = false;
    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++) {
        struct cpmsync_conn *conn = &client->conns[i];
        if (conn->phase != CPMSYNC_PHASE_OPEN || !conn->session)
            continue;
        if (lost)
            cpmsync_session_fail(conn->session, CPMSYNC_ERR_CLOSED);
        else if (changed)
            cpmsync_session_suspect(conn->session, client->now);
    }
}

/* ---- the app's calls */

int cpmsync_client_network(struct cpmsync_client *client, unsigned network)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    bool was_lost = cpmsync_network_is_lost(client);
    bool another = client->trigger.network_told ? client->trigger.network != network : network == 0;
    int error = cpmsync_trigger_network(&client->trigger, network);
    if (error || !another)
        return error;
    if (network == 0)
        client->network_lost = true;
    else
        client->network_changed = true;
    if (was_lost)
        forget_pause(client);
    return 0;
}

int cpmsync_client_network_changed(struct cpmsync_client *client)
{
    if (!client)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    client->network_changed = true;
    forget_pause(client);
    return 0;
}
