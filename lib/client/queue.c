/* SPDX-License-Identifier: MIT */
#include "client/queue.h"

#include "client/watch.h"

void cpmsync_queue_complete(
    struct cpmsync_client *client, struct cpmsync_operation *operation, const struct cpmsync_err *err)
{
    struct cpmsync_err cancelled;
    struct cpmsync_fault fault;

    if (client->dying) {
        cpmsync_err_clear(&cancelled);
        cpmsync_err_set(&cancelled, CPMSYNC_ERR_CANCELLED);
        err = &cancelled;
    }
    cpmsync_err_fault(err, &fault);
    client->operations--;
    if (operation->done)
        operation->done(operation->ctx, client, operation->id, &fault);
    cpmsync_mem_free(client->mem, operation->mailbox);
    cpmsync_mem_free(client->mem, operation);
}

struct cpmsync_operation *cpmsync_queue_pop(struct cpmsync_conn *conn)
{
    struct cpmsync_operation *operation = conn->first;

    conn->first = operation->next;
    if (!conn->first)
        conn->last = NULL;
    operation->next = NULL;
    return operation;
}

void cpmsync_queue_complete_all(struct cpmsync_conn *conn, const struct cpmsync_err *err)
{
    int64_t last = conn->client->next_id;

    while (conn->first && conn->first->id <= last)
        cpmsync_queue_complete(conn->client, cpmsync_queue_pop(conn), err);
}

void cpmsync_queue_push_back(struct cpmsync_conn *conn, struct cpmsync_operation *operation)
{
    operation->next = conn->first;
    conn->first = operation;
    if (!conn->last)
        conn->last = operation;
}

int64_t cpmsync_queue_submit(
    struct cpmsync_conn *conn, enum cpmsync_operation_kind kind, const char *mailbox, cpmsync_done_fn done, void *ctx)
{
    struct cpmsync_client *client = conn->client;
    bool stands = kind == CPMSYNC_OPERATION_WATCH || kind == CPMSYNC_OPERATION_WATCH_ACCOUNT;

    if (client->dying || (stands && client->watch))
        return CPMSYNC_ERR_STATE;
    if (client->operations >= (uint64_t)client->config.operations_max)
        return CPMSYNC_ERR_LIMIT;
    struct cpmsync_operation *operation = cpmsync_mem_zalloc(client->mem, sizeof *operation);
    if (!operation)
        return CPMSYNC_ERR_NOMEM;
    if (mailbox) {
        if (cpmsync_slice_is(cpmsync_slice_str(mailbox), "INBOX"))
            mailbox = "INBOX"; /* as the cache's key has it (M-01): names are compared */
        operation->mailbox = cpmsync_mem_copy(client->mem, mailbox, strlen(mailbox));
        if (!operation->mailbox) {
            cpmsync_mem_free(client->mem, operation);
            return CPMSYNC_ERR_NOMEM;
        }
    }
    operation->id = ++client->next_id;
    operation->kind = kind;
    operation->done = done;
    operation->ctx = ctx;
    operation->deadline = CPMSYNC_NEVER;
    client->operations++;
    if (stands) {
        cpmsync_watch_begin(client, operation);
        return operation->id;
    }
    if (conn->last)
        conn->last->next = operation;
    else
        conn->first = operation;
    conn->last = operation;
    return operation->id;
}

static struct cpmsync_operation *take_waiting(struct cpmsync_conn *conn, int64_t id)
{
    struct cpmsync_operation *before = NULL;
    struct cpmsync_operation *operation = conn->first;

    while (operation && operation->id != id) {
        before = operation;
        operation = operation->next;
    }
    if (!operation)
        return NULL;
    if (before)
        before->next = operation->next;
    else
        conn->first = operation->next;
    if (conn->last == operation)
        conn->last = before;
    return operation;
}

struct cpmsync_operation *cpmsync_queue_take(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *operation = NULL;

    for (size_t i = 0; !operation && i < CPMSYNC_CONN_COUNT; i++)
        operation = take_waiting(&client->conns[i], id);
    return operation ? operation : cpmsync_watch_take(client, id);
}

/* One of this connection that waits or runs. */
static struct cpmsync_operation *find_on(struct cpmsync_conn *conn, int64_t id)
{
    struct cpmsync_operation *operation = conn->first;

    while (operation && operation->id != id)
        operation = operation->next;
    if (!operation && conn->running && conn->running->id == id)
        operation = conn->running;
    return operation;
}

struct cpmsync_operation *cpmsync_queue_find(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *operation = client->watch && client->watch->id == id ? client->watch : NULL;

    for (size_t i = 0; !operation && i < CPMSYNC_CONN_COUNT; i++)
        operation = find_on(&client->conns[i], id);
    return operation;
}

static int64_t earlier(int64_t deadline, const struct cpmsync_operation *operation)
{
    return operation && operation->deadline < deadline ? operation->deadline : deadline;
}

int64_t cpmsync_queue_deadline(const struct cpmsync_client *client)
{
    int64_t deadline = earlier(CPMSYNC_NEVER, client->watch);

    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++) {
        deadline = earlier(deadline, client->conns[i].running);
        for (const struct cpmsync_operation *at = client->conns[i].first; at; at = at->next)
            deadline = earlier(deadline, at);
    }
    return deadline;
}

struct cpmsync_operation *cpmsync_queue_take_late(struct cpmsync_client *client)
{
    if (client->watch && client->now >= client->watch->deadline)
        return cpmsync_watch_take(client, client->watch->id);
    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++)
        for (const struct cpmsync_operation *at = client->conns[i].first; at; at = at->next)
            if (client->now >= at->deadline)
                return cpmsync_queue_take(client, at->id);
    return NULL;
}
