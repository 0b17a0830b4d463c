/* SPDX-License-Identifier: MIT */
#include "stress_client.h"

#include <stdlib.h>
#include <string.h>

static const char EVERYTHING[] = "NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange))";

void stress_client_keep(struct stress_client *client)
{
    const struct stress_view *view = &client->view;
    if (client->box >= 0 && view->qresync && !view->nomodseq && view->highestmodseq && stress_view_is_complete(view))
        stress_view_copy(&client->caches[client->box], view);
}

void stress_client_unwatch(struct stress_client *client)
{
    memset(client->watched, 0, sizeof client->watched);
}

/* A new connection, of a kind that is drawn. */
static void connect_client(struct stress_client *client)
{
    struct stress *stress = client->stress;
    unsigned kind = stress_below(stress, 7);
    bool qresync = kind == 2 || kind == 3 || kind == 5, uidonly = kind >= 5;
    client->conn = cpmsync_mock_connect(stress->mock, 1);
    if (client->conn < 0)
        abort();
    stress->connections++;
    client->out.len = client->in.len = client->sent = client->hold = 0;
    client->queued = 0;
    client->box = -1;
    client->idles = client->live = client->delayed = client->limited = client->wakes = client->watches = false;
    stress_client_unwatch(client);
    client->can_notify = stress_below(stress, 2) == 0;
    client->late = kind == 0;
    stress_view_empty(&client->view);
    client->view.qresync = qresync;
    client->view.uidonly = uidonly;
    client->view.rev2 = stress_below(stress, 4) == 0;
    client->view.condstore = qresync || kind == 1;
    stress_client_ask(client, STRESS_OTHER, client->owner ? "LOGIN alice alice" : "LOGIN bob bob");
    if (client->view.rev2)
        stress_client_ask(client, STRESS_OTHER, "ENABLE IMAP4rev2");
    if (kind == 1)
        stress_client_ask(client, STRESS_OTHER, "ENABLE CONDSTORE");
    if (qresync)
        stress_client_ask(client, STRESS_OTHER, "ENABLE QRESYNC");
    if (uidonly)
        stress_client_ask(client, STRESS_OTHER, "ENABLE UIDONLY");
}

/* Only what is told between commands is a state to come back to. */
static void lost(struct stress_client *client)
{
    if (client->queued == 0)
        stress_client_keep(client);
    cpmsync_mock_disconnect(client->stress->mock, client->conn);
    client->conn = 0;
    client->box = -1;
}

static size_t sendable(const struct stress_client *client)
{
    size_t limit = client->hold ? client->hold : client->out.len;
    return client->idles && !client->wakes ? 0 : limit - client->sent;
}

static void send_some(struct stress_client *client, size_t len)
{
    const char *data = client->out.data + client->sent;
    client->sent += len;
    cpmsync_mock_feed(client->stress->mock, client->conn, data, len);
}

static size_t readable(struct stress_client *client)
{
    const void *data;
    return cpmsync_mock_output(client->stress->mock, client->conn, &data);
}

static void read_some(struct stress_client *client, size_t len)
{
    const void *data;
    if (cpmsync_mock_output(client->stress->mock, client->conn, &data) < len)
        abort();
    stress_put(&client->in, data, len);
    cpmsync_mock_ack(client->stress->mock, client->conn, len);
    stress_client_read(client);
    if (!client->idles)
        client->wakes = false;
}

void stress_client_step(struct stress_client *client)
{
    struct stress *stress = client->stress;
    unsigned portion = stress_below(stress, 3) ? 100000 : 1 + stress_below(stress, 40);
    if (!client->conn) {
        connect_client(client);
        return;
    }
    size_t in = readable(client), out = sendable(client);
    if (in == 0 && cpmsync_mock_closed(stress->mock, client->conn))
        lost(client);
    else if (client->idles && stress_below(stress, 20) == 0)
        client->wakes = true;
    else if (out && stress_below(stress, 2))
        send_some(client, out < portion ? out : portion);
    else if (in && stress_below(stress, 3))
        read_some(client, in < portion ? in : portion);
    else if (stress_below(stress, 400) == 0)
        lost(client);
    else if (client->queued == 0 ||
             (client->queued < STRESS_QUEUE && !client->hold && stress_below(stress, 4) == 0 && !client->idles &&
                 (client->queue[client->queued - 1].kind == STRESS_OTHER ||
                     client->queue[client->queued - 1].kind == STRESS_STORE)))
        stress_client_begin(client);
}

void stress_client_drain(struct stress_client *client)
{
    while (client->conn && !client->view.wrong[0]) {
        size_t in = readable(client), out = sendable(client);
        if (in)
            read_some(client, in);
        else if (cpmsync_mock_closed(client->stress->mock, client->conn))
            lost(client);
        else if (out)
            send_some(client, out);
        else
            break;
    }
}

static void ask(struct stress_client *client, enum stress_kind kind, const char *text)
{
    if (!client->conn || client->view.wrong[0])
        return;
    stress_client_ask(client, kind, text);
    stress_client_drain(client);
}

void stress_client_wake(struct stress_client *client)
{
    client->wakes = true;
    stress_client_drain(client);
}

void stress_client_settle(struct stress_client *client)
{
    stress_client_wake(client);
    if (client->limited) {
        ask(client, STRESS_OTHER, EVERYTHING);
        client->watches = false;
        client->live = true;
        client->limited = client->delayed = false;
    }
    ask(client, STRESS_OTHER, "NOOP");
    if (client->box < 0 || stress_view_is_complete(&client->view))
        return;
    ask(client, STRESS_FETCH,
        client->view.condstore && !client->view.nomodseq ? "UID FETCH 1:4294967295 (FLAGS MODSEQ)"
                                                         : "UID FETCH 1:4294967295 FLAGS");
}

bool stress_client_status(struct stress_client *client, int box)
{
    memset(&client->status, 0, sizeof client->status);
    if (!client->conn || client->view.wrong[0])
        return false;
    stress_client_ask_status(client, box);
    stress_client_drain(client);
    return client->status.size > 0;
}

void stress_client_free(struct stress_client *client)
{
    size_t i;
    for (i = 0; i < STRESS_BOXES; i++)
        stress_view_free(&client->caches[i]);
    stress_view_free(&client->view);
    stress_view_free(&client->resumed);
    free(client->out.data);
    free(client->in.data);
    free(client->found);
}
