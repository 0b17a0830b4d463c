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

struct cpmsync_operation *cpmsync_queue_pop(struct cpmsync_client *client)
{
    struct cpmsync_operation *operation = client->first;

    client->first = operation->next;
    if (!client->first)
        client->last = NULL;
    operation->next = NULL;
    return operation;
}

void cpmsync_queue_complete_all(struct cpmsync_client *client, const struct cpmsync_err *err)
{
    int64_t last = client->next_id;

    while (client->first && client->first->id <= last)
        cpmsync_queue_complete(client, cpmsync_queue_pop(client), err);
}

void cpmsync_queue_push_back(struct cpmsync_client *client, struct cpmsync_operation *operation)
{
    operation->next = client->first;
    client->first = operation;
    if (!client->last)
        client->last = operation;
}

int64_t cpmsync_queue_submit(struct cpmsync_client *client, enum cpmsync_operation_kind kind, const char *mailbox,
    cpmsync_done_fn done, void *ctx)
{
    bool stands = kind == CPMSYNC_OPERATION_WATCH || kind == CPMSYNC_OPERATION_WATCH_ACCOUNT;

    if (client->dying || (stands && client->watch))
        return CPMSYNC_ERR_STATE;
    if (client->config.operations_max != CPMSYNC_OFF && client->operations >= (uint64_t)client->config.operations_max)
        return CPMSYNC_ERR_LIMIT;
    struct cpmsync_operation *operation = cpmsync_mem_zalloc(client->mem, sizeof *operation);
    if (!operation)
        return CPMSYNC_ERR_NOMEM;
    if (mailbox) {
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
    if (client->last)
        client->last->next = operation;
    else
        client->first = operation;
    client->last = operation;
    return operation->id;
}

static struct cpmsync_operation *take_waiting(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *before = NULL;
    struct cpmsync_operation *operation = client->first;

    while (operation && operation->id != id) {
        before = operation;
        operation = operation->next;
    }
    if (!operation)
        return NULL;
    if (before)
        before->next = operation->next;
    else
        client->first = operation->next;
    if (client->last == operation)
        client->last = before;
    return operation;
}

struct cpmsync_operation *cpmsync_queue_take(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *operation = take_waiting(client, id);

    return operation ? operation : cpmsync_watch_take(client, id);
}

struct cpmsync_operation *cpmsync_queue_find(struct cpmsync_client *client, int64_t id)
{
    struct cpmsync_operation *operation = client->first;

    while (operation && operation->id != id)
        operation = operation->next;
    if (!operation && client->watch && client->watch->id == id)
        operation = client->watch;
    for (size_t i = 0; !operation && i < CPMSYNC_CONN_COUNT; i++)
        if (client->conns[i].running && client->conns[i].running->id == id)
            operation = client->conns[i].running;
    return operation;
}

int64_t cpmsync_queue_deadline(const struct cpmsync_client *client)
{
    int64_t first = client->watch ? client->watch->deadline : CPMSYNC_NEVER;

    for (const struct cpmsync_operation *at = client->first; at; at = at->next)
        first = at->deadline < first ? at->deadline : first;
    for (size_t i = 0; i < CPMSYNC_CONN_COUNT; i++)
        if (client->conns[i].running && client->conns[i].running->deadline < first)
            first = client->conns[i].running->deadline;
    return first;
}

struct cpmsync_operation *cpmsync_queue_take_late(struct cpmsync_client *client)
{
    struct cpmsync_operation *late = client->first;

    while (late && client->now < late->deadline)
        late = late->next;
    if (!late && client->watch && client->now >= client->watch->deadline)
        late = client->watch;
    return late ? cpmsync_queue_take(client, late->id) : NULL;
}
