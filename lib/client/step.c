/* SPDX-License-Identifier: MIT */
#include "client/step.h"

#include "client/automatic.h"
#include "client/queue.h"
#include "client/watch.h"

struct link {
    struct cpmsync_transport transport; /* ops NULL: none */
    bool ready;                         /* bytes can be exchanged */
    bool securing;                      /* STARTTLS was asked for */
};

struct cpmsync_step {
    struct cpmsync_connector connector;
    struct link links[CPMSYNC_CONN_COUNT];
    bool left; /* the budget ended before the work did */
    uint8_t chunk[CPMSYNC_STEP_CHUNK];
};

/* One call's progress. */
struct turn {
    struct cpmsync_client *client;
    int64_t now;
    int64_t budget; /* what is left; meaningless if unlimited */
    bool unlimited;
    bool moved;
    bool connected[CPMSYNC_CONN_COUNT];
};

static bool spent(const struct turn *turn)
{
    return !turn->unlimited && turn->budget <= 0;
}

static size_t chunk(const struct turn *turn, size_t most)
{
    return turn->unlimited || (uint64_t)turn->budget > most ? most : (size_t)turn->budget;
}

static void spend(struct turn *turn, int64_t octets)
{
    turn->moved = true;
    if (!turn->unlimited)
        turn->budget -= octets;
}

static void drop(struct link *link)
{
    if (link->transport.ops)
        link->transport.ops->close(link->transport.self);
    memset(link, 0, sizeof *link);
}

/* The transport is over: its own words go along. */
static void lost(struct turn *turn, uint32_t conn, int error)
{
    struct link *link = &turn->client->step->links[conn];
    struct cpmsync_transport_info info;
    struct cpmsync_err err;
    struct cpmsync_fault fault;

    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    if (link->transport.ops)
        link->transport.ops->info(link->transport.self, &info);
    cpmsync_err_clear(&err);
    cpmsync_err_set(&err, error);
    err.x509_flags = info.x509_flags;
    err.backend_code = info.backend_code;
    cpmsync_err_fault(&err, &fault);
    drop(link);
    turn->moved = true;
    cpmsync_conn_closed(turn->client, conn, turn->now, &fault);
}

static void connect_link(struct turn *turn, uint32_t conn)
{
    struct cpmsync_step *step = turn->client->step;
    struct link *link = &step->links[conn];

    if (link->transport.ops || turn->connected[conn])
        return; /* once a step: an app that tries again when connecting failed must not keep us */
    turn->connected[conn] = true;
    int error = step->connector.ops->open(step->connector.self, turn->now, &link->transport);
    turn->moved = true;
    if (error) {
        memset(link, 0, sizeof *link);
        lost(turn, conn, error);
    }
}

static void progress(struct turn *turn, uint32_t conn)
{
    struct link *link = &turn->client->step->links[conn];
    struct cpmsync_transport_info info;

    if (!link->transport.ops)
        return;
    int done = link->transport.ops->step(link->transport.self, turn->now);
    if (done < 0) {
        lost(turn, conn, done);
        return;
    }
    if (link->ready || done == 0)
        return;
    link->ready = true;
    turn->moved = true;
    if (link->securing) {
        cpmsync_conn_secured(turn->client, conn, turn->now);
        return;
    }
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    link->transport.ops->info(link->transport.self, &info);
    unsigned flags = (info.secure ? CPMSYNC_CONN_SECURE : 0) | (info.early ? CPMSYNC_CONN_EARLY : 0) |
                     (info.resumed ? CPMSYNC_CONN_RESUMED : 0);
    cpmsync_conn_opened(turn->client, conn, turn->now, flags);
}

static void start_tls(struct turn *turn, uint32_t conn)
{
    struct link *link = &turn->client->step->links[conn];

    if (!link->ready || link->securing)
        return;
    int error = link->transport.ops->starttls(link->transport.self);
    turn->moved = true;
    if (error) {
        lost(turn, conn, error);
        return;
    }
    link->securing = true;
    link->ready = false;
}

static void send_some(struct turn *turn, uint32_t conn)
{
    struct link *link = &turn->client->step->links[conn];
    const uint8_t *data;
    size_t len = cpmsync_conn_output(turn->client, conn, &data);

    if (!link->ready || len == 0 || spent(turn))
        return;
    int64_t sent = link->transport.ops->send(link->transport.self, data, chunk(turn, len));
    if (sent < 0) {
        lost(turn, conn, (int)sent);
    } else if (sent > 0) {
        spend(turn, sent);
        cpmsync_conn_ack(turn->client, conn, turn->now, (size_t)sent);
    }
}

static void recv_some(struct turn *turn, uint32_t conn)
{
    struct cpmsync_step *step = turn->client->step;
    struct link *link = &step->links[conn];

    if (!link->ready || spent(turn) || !(cpmsync_conn_want(turn->client, conn) & CPMSYNC_WANT_READ))
        return;
    int64_t got = link->transport.ops->recv(link->transport.self, step->chunk, chunk(turn, sizeof step->chunk));
    if (got < 0) {
        lost(turn, conn, (int)got);
    } else if (got > 0) {
        spend(turn, got);
        cpmsync_conn_feed(turn->client, conn, turn->now, step->chunk, (size_t)got);
    }
}

static void turn_conn(struct turn *turn, uint32_t conn)
{
    unsigned want = cpmsync_conn_want(turn->client, conn);

    if (want & CPMSYNC_WANT_CONNECT)
        connect_link(turn, conn);
    if (want & CPMSYNC_WANT_CLOSE) {
        drop(&turn->client->step->links[conn]);
        turn->moved = true;
        cpmsync_conn_closed(turn->client, conn, turn->now, NULL);
        return;
    }
    if (want & CPMSYNC_WANT_STARTTLS)
        start_tls(turn, conn);
    progress(turn, conn);
    send_some(turn, conn);
    recv_some(turn, conn);
}

int cpmsync_client_step(struct cpmsync_client *client, int64_t now, int64_t budget)
{
    if (!client || budget < 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!client->step || client->depth || client->pins)
        return CPMSYNC_ERR_STATE;
    struct turn turn = {client, now, budget, budget == 0, false, {false}};
    struct cpmsync_connector *connector = &client->step->connector;
    if (connector->ops->woken)
        connector->ops->woken(connector->self);
    /* Freeing the client in a callback waits for the end of this loop. */
    client->pins++;
    do {
        turn.moved = false;
        /* Sliced work gets one share of the budget, however many octets move. */
        if (turn.unlimited || turn.budget == budget)
            cpmsync_conn_tick(client, now, turn.unlimited ? 0 : turn.budget);
        for (uint32_t conn = 0; conn < CPMSYNC_CONN_COUNT && !client->dying; conn++)
            turn_conn(&turn, conn);
    } while (turn.moved && !spent(&turn) && !client->dying);
    client->step->left = turn.moved;
    client->pins--;
    if (client->dying)
        cpmsync_client_destroy(client);
    return 0;
}

int cpmsync_client_connector(struct cpmsync_client *client, struct cpmsync_connector *connector)
{
    if (!client || !connector || !connector->ops)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (client->step)
        return CPMSYNC_ERR_STATE;
    client->step = cpmsync_mem_zalloc(client->mem, sizeof *client->step);
    if (!client->step)
        return CPMSYNC_ERR_NOMEM;
    client->step->connector = *connector;
    memset(connector, 0, sizeof *connector);
    return 0;
}

void cpmsync_step_free(struct cpmsync_client *client)
{
    if (!client->step)
        return;
    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++)
        drop(&client->step->links[i]);
    cpmsync_connector_free(&client->step->connector);
    cpmsync_mem_wipe(client->step->chunk, sizeof client->step->chunk);
    cpmsync_mem_free(client->mem, client->step);
    client->step = NULL;
}

unsigned cpmsync_client_want(const struct cpmsync_client *client)
{
    unsigned all = 0;

    if (!client)
        return 0;
    for (uint32_t conn = 0; conn < CPMSYNC_CONN_COUNT; conn++) {
        const struct link *link = client->step ? &client->step->links[conn] : NULL;
        unsigned want = cpmsync_conn_want(client, conn);
        bool connecting = link && link->transport.ops && !link->ready;
        /* What the app of the bytes face would do, step does at once. */
        if (!connecting && (want & (CPMSYNC_WANT_CONNECT | CPMSYNC_WANT_CLOSE | CPMSYNC_WANT_STARTTLS)))
            all |= CPMSYNC_WANT_NOW;
        if (connecting)
            all |= CPMSYNC_WANT_READ;
        if (link && link->ready && link->transport.ops->pending(link->transport.self))
            all |= CPMSYNC_WANT_NOW;
        all |= want & (CPMSYNC_WANT_READ | CPMSYNC_WANT_WRITE | CPMSYNC_WANT_NOW);
    }
    if (client->step && client->step->left)
        all |= CPMSYNC_WANT_NOW;
    return all;
}

static unsigned poll_for(unsigned want)
{
    return (want & CPMSYNC_WANT_READ ? CPMSYNC_POLL_READ : 0) | (want & CPMSYNC_WANT_WRITE ? CPMSYNC_POLL_WRITE : 0);
}

size_t cpmsync_client_pollfds(struct cpmsync_client *client, struct cpmsync_pollfd *fds, size_t max)
{
    size_t count = 0;

    if (!client || !client->step)
        return 0;
    const struct cpmsync_connector *connector = &client->step->connector;
    if (connector->ops->pollfds)
        count = connector->ops->pollfds(connector->self, fds, max);
    for (uint32_t conn = 0; conn < CPMSYNC_CONN_COUNT; conn++) {
        struct link *link = &client->step->links[conn];
        size_t room = count < max ? max - count : 0;
        if (link->transport.ops)
            count += link->transport.ops->pollfds(
                link->transport.self, poll_for(cpmsync_conn_want(client, conn)), room ? fds + count : NULL, room);
    }
    return count;
}

int64_t cpmsync_client_expiry(const struct cpmsync_client *client)
{
    int64_t first = CPMSYNC_NEVER;

    if (!client)
        return first;
    int64_t deadline = cpmsync_queue_deadline(client);
    first = cpmsync_watch_expiry(client);
    first = deadline < first ? deadline : first;
    int64_t automatic = cpmsync_automatic_expiry(client);
    first = automatic < first ? automatic : first;
    for (uint32_t conn = 0; conn < CPMSYNC_CONN_COUNT; conn++) {
        const struct cpmsync_conn *at = &client->conns[conn];
        if (at->phase == CPMSYNC_PHASE_OPEN && at->session) {
            int64_t expiry = cpmsync_session_expiry(at->session);
            first = expiry < first ? expiry : first;
        }
        if (client->step && client->step->links[conn].transport.ops) {
            const struct cpmsync_transport *transport = &client->step->links[conn].transport;
            int64_t expiry = transport->ops->expiry(transport->self);
            first = expiry < first ? expiry : first;
        }
    }
    return first;
}

int cpmsync_client_wake(struct cpmsync_client *client)
{
    if (!client || !client->step || !client->step->connector.ops->wake)
        return CPMSYNC_ERR_UNSUPPORTED;
    return client->step->connector.ops->wake(client->step->connector.self);
}
