/* SPDX-License-Identifier: MIT */
#include "peer_connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void check(int error, const char *what)
{
    if (error < 0)
        peer_die("%s: %s", what, cpmsync_error_text(error));
}

void peer_connect(struct cpmsync_connector *connector, const struct peer_account *account, struct peer_link *link,
    struct peer_cut *cut, int64_t timeout_ms)
{
    struct cpmsync_tcp_config tcp = {.size = sizeof tcp};
    struct cpmsync_tls_config tls = {.size = sizeof tls};
    struct cpmsync_connector inner;
    tcp.host = link != NULL ? "127.0.0.1" : account->host;
    tcp.port = link != NULL ? peer_link_port(link) : (uint16_t)atoi(account->port);
    tls.host = account->host;
    tls.ca_file = account->ca_file;
    tls.single_thread = 1;
    tcp.connect_timeout_ms = tls.handshake_timeout_ms = timeout_ms;
    check(cpmsync_connector_tcp(&inner, &tcp), "TCP");
    check(cpmsync_connector_tls(connector, &inner, &tls), "TLS");
    if (link != NULL) {
        inner = *connector;
        peer_cut_connector(cut, connector, &inner);
    }
}

size_t peer_connect_pollfds(struct cpmsync_client *client, struct pollfd *pollers)
{
    struct cpmsync_pollfd fds[PEER_CONNECT_FDS];
    size_t count = cpmsync_client_pollfds(client, fds, PEER_CONNECT_FDS);
    if (count > PEER_CONNECT_FDS)
        peer_die("the client watches %zu descriptors", count);
    for (size_t i = 0; i < count; i++) {
        int events =
            (fds[i].events & CPMSYNC_POLL_READ ? POLLIN : 0) | (fds[i].events & CPMSYNC_POLL_WRITE ? POLLOUT : 0);
        pollers[i] = (struct pollfd){fds[i].fd, (short)events, 0};
    }
    return count;
}

void peer_connect_forget(const char *store_path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[1024];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(name, sizeof name, "%s%s", store_path, suffixes[i]);
        unlink(name);
    }
}
