/* SPDX-License-Identifier: MIT */
#include "peer_cut.h"

#include "peer_client.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 64, TAG_SIZE = 16, TAGS = 64, CHUNK_SIZE = 4096 };

struct line {
    char text[LINE_SIZE]; /* its first octets */
    size_t len;
};

struct tag {
    char text[TAG_SIZE];
    enum peer_phase phase; /* that its answer ends */
};

struct peer_cut_connection {
    struct peer_cut *cut;
    struct cpmsync_transport inner;
    enum peer_phase phase;
    uint32_t sent, given; /* octets in this phase */
    struct line up, down;
    struct tag tags[TAGS]; /* of commands whose answer ends a phase; a ring */
    size_t tag_next;
    uint8_t chunk[CHUNK_SIZE]; /* received, not yet given to the client */
    size_t begin, end;
    int dropped, held;
};

struct connector {
    struct peer_cut *cut;
    struct cpmsync_connector inner;
};

/* ------------------------------------------------------------------ the conversation */

static void enter(struct peer_cut_connection *connection, enum peer_phase phase)
{
    connection->phase = phase;
    connection->sent = connection->given = 0;
}

/* Adds an octet; 1 if the line is complete. */
static int line_add(struct line *line, char octet)
{
    if (octet == '\n') {
        line->text[line->len] = '\0';
        line->len = 0;
        return 1;
    }
    if (line->len < LINE_SIZE - 1)
        line->text[line->len++] = octet;
    return 0;
}

static int has_verb(const char *behind_tag, const char *verb)
{
    size_t len = strlen(verb);
    return strncmp(behind_tag, verb, len) == 0 && behind_tag[len] == ' ';
}

static void on_sent_line(struct peer_cut_connection *connection)
{
    const char *space = strchr(connection->up.text, ' ');
    struct tag *tag = &connection->tags[connection->tag_next % TAGS];
    if (space == NULL || (size_t)(space - connection->up.text) >= TAG_SIZE)
        return;
    if (has_verb(space + 1, "LOGIN") || has_verb(space + 1, "AUTHENTICATE"))
        tag->phase = PEER_PHASE_LOGIN;
    else if (has_verb(space + 1, "SELECT"))
        tag->phase = PEER_PHASE_SELECT;
    else
        return;
    memset(tag->text, 0, sizeof tag->text);
    memcpy(tag->text, connection->up.text, (size_t)(space - connection->up.text));
    connection->tag_next++;
}

static void on_given_line(struct peer_cut_connection *connection)
{
    const char *space = strchr(connection->down.text, ' ');
    if (space == NULL)
        return;
    size_t len = (size_t)(space - connection->down.text);
    for (size_t i = 0; i < TAGS; i++) {
        struct tag *tag = &connection->tags[i];
        if (strlen(tag->text) != len || memcmp(tag->text, connection->down.text, len) != 0)
            continue;
        tag->text[0] = '\0';
        enter(connection, tag->phase == PEER_PHASE_LOGIN ? PEER_PHASE_SELECT : PEER_PHASE_FETCH);
        return;
    }
}

/* ------------------------------------------------------------------ plans */

static int is_due(const struct peer_cut_connection *connection, const struct peer_cut_plan *plan, int sent)
{
    if (!plan->armed || connection->dropped)
        return 0;
    if (connection->phase != plan->phase)
        return connection->phase > plan->phase;
    return plan->sent ? sent && connection->sent >= plan->octets : connection->given >= plan->octets;
}

static void reach(struct peer_cut_connection *connection, int sent)
{
    for (size_t i = 0; i < PEER_CUT_PLANS; i++) {
        struct peer_cut_plan *plan = &connection->cut->plans[i];
        if (!is_due(connection, plan, sent))
            continue;
        plan->armed = 0;
        plan->reached(connection->cut->ctx, connection->phase);
    }
}

/* ------------------------------------------------------------------ the transport */

static int cut_step(void *self, int64_t now)
{
    struct peer_cut_connection *connection = self;
    return connection->inner.ops->step(connection->inner.self, now);
}

/* Whatever comes, the client does not get it. */
static int64_t recv_end(struct peer_cut_connection *connection)
{
    int64_t got;
    connection->begin = connection->end = 0;
    do
        got = connection->inner.ops->recv(connection->inner.self, connection->chunk, CHUNK_SIZE);
    while (got > 0);
    return got;
}

static int64_t cut_recv(void *self, void *data, size_t size)
{
    struct peer_cut_connection *connection = self;
    uint8_t *out = data;
    size_t len = 0;
    if (connection->dropped)
        return recv_end(connection);
    if (connection->held)
        return 0;
    if (connection->begin == connection->end) {
        int64_t got = connection->inner.ops->recv(connection->inner.self, connection->chunk, CHUNK_SIZE);
        if (got <= 0)
            return got;
        connection->begin = 0;
        connection->end = (size_t)got;
    }
    while (len < size && connection->begin < connection->end) {
        reach(connection, 0);
        if (connection->dropped)
            return len > 0 ? (int64_t)len : recv_end(connection);
        if (connection->held)
            break;
        out[len] = connection->chunk[connection->begin++];
        connection->given++;
        if (line_add(&connection->down, (char)out[len++]))
            on_given_line(connection);
    }
    return (int64_t)len;
}

static int64_t cut_send(void *self, const void *data, size_t size)
{
    struct peer_cut_connection *connection = self;
    const char *octets = data;
    for (size_t i = 0; i < PEER_CUT_PLANS; i++) {
        const struct peer_cut_plan *plan = &connection->cut->plans[i];
        if (plan->armed && plan->sent && plan->phase == connection->phase && plan->octets > connection->sent &&
            plan->octets - connection->sent < size)
            size = plan->octets - connection->sent;
    }
    int64_t sent = connection->inner.ops->send(connection->inner.self, data, size);
    for (int64_t i = 0; i < sent; i++)
        if (line_add(&connection->up, octets[i]))
            on_sent_line(connection);
    if (sent > 0) {
        connection->sent += (uint32_t)sent;
        reach(connection, 1);
    }
    return sent;
}

static int64_t cut_expiry(void *self)
{
    struct peer_cut_connection *connection = self;
    return connection->inner.ops->expiry(connection->inner.self);
}

static size_t cut_pollfds(void *self, unsigned want, struct cpmsync_pollfd *fds, size_t max)
{
    struct peer_cut_connection *connection = self;
    return connection->inner.ops->pollfds(connection->inner.self, want, fds, max);
}

static size_t cut_pending(void *self)
{
    struct peer_cut_connection *connection = self;
    if (connection->held)
        return 0;
    return connection->end - connection->begin + connection->inner.ops->pending(connection->inner.self);
}

static int cut_starttls(void *self)
{
    struct peer_cut_connection *connection = self;
    return connection->inner.ops->starttls(connection->inner.self);
}

static void cut_info(void *self, struct cpmsync_transport_info *info)
{
    struct peer_cut_connection *connection = self;
    connection->inner.ops->info(connection->inner.self, info);
}

static void cut_close(void *self)
{
    struct peer_cut_connection *connection = self;
    connection->inner.ops->close(connection->inner.self);
    if (connection->cut->newest == connection)
        connection->cut->newest = NULL;
    free(connection);
}

static const struct cpmsync_transport_ops transport_ops = {
    .size = sizeof transport_ops,
    .step = cut_step,
    .recv = cut_recv,
    .send = cut_send,
    .expiry = cut_expiry,
    .pollfds = cut_pollfds,
    .pending = cut_pending,
    .starttls = cut_starttls,
    .info = cut_info,
    .close = cut_close,
};

/* ------------------------------------------------------------------ the connector */

static int connector_open(void *self, int64_t now, struct cpmsync_transport *transport)
{
    struct connector *connector = self;
    struct peer_cut_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        peer_die("out of memory");
    int error = connector->inner.ops->open(connector->inner.self, now, &connection->inner);
    if (error) {
        free(connection);
        return error;
    }
    connection->cut = connector->cut;
    connector->cut->newest = connection;
    transport->ops = &transport_ops;
    transport->self = connection;
    return 0;
}

static size_t connector_pollfds(void *self, struct cpmsync_pollfd *fds, size_t max)
{
    struct connector *connector = self;
    return connector->inner.ops->pollfds ? connector->inner.ops->pollfds(connector->inner.self, fds, max) : 0;
}

static void connector_free(void *self)
{
    struct connector *connector = self;
    cpmsync_connector_free(&connector->inner);
    free(connector);
}

static const struct cpmsync_connector_ops connector_ops = {
    .size = sizeof connector_ops,
    .open = connector_open,
    .pollfds = connector_pollfds,
    .free = connector_free,
};

void peer_cut_connector(struct peer_cut *cut, struct cpmsync_connector *connector, struct cpmsync_connector *inner)
{
    struct connector *self = calloc(1, sizeof *self);
    if (self == NULL)
        peer_die("out of memory");
    self->cut = cut;
    self->inner = *inner;
    memset(inner, 0, sizeof *inner);
    connector->ops = &connector_ops;
    connector->self = self;
}

void peer_cut_again(struct peer_cut *cut)
{
    if (cut->newest != NULL && cut->newest->phase == PEER_PHASE_FETCH)
        enter(cut->newest, PEER_PHASE_SELECT);
}

void peer_cut_drop(struct peer_cut *cut)
{
    if (cut->newest != NULL)
        cut->newest->dropped = 1;
}

void peer_cut_from_here(const struct peer_cut *cut, struct peer_cut_plan *plan, int sent, uint32_t octets)
{
    const struct peer_cut_connection *newest = cut->newest;
    plan->armed = 1;
    plan->sent = sent;
    plan->phase = newest != NULL ? newest->phase : PEER_PHASE_LOGIN;
    plan->octets = newest == NULL ? octets : octets + (sent ? newest->sent : newest->given);
}

void peer_cut_hold(struct peer_cut *cut)
{
    if (cut->newest != NULL)
        cut->newest->held = 1;
}

void peer_cut_go_on(struct peer_cut *cut)
{
    if (cut->newest != NULL)
        cut->newest->held = 0;
}
