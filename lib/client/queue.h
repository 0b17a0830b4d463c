/* SPDX-License-Identifier: MIT */
/* The operations of a client: submitted, waiting in order, standing (the watch), complete exactly once. */
#ifndef CPMSYNC_CLIENT_QUEUE_H
#define CPMSYNC_CLIENT_QUEUE_H

#include "client/conduct.h"

/* Queues for this connection, or lets a watch stand; returns the id or an error. `mailbox` may be NULL. */
int64_t cpmsync_queue_submit(
    struct cpmsync_conn *conn, enum cpmsync_operation_kind kind, const char *mailbox, cpmsync_done_fn done, void *ctx);

/* The next one of a connection, which there is, taken out; and put back as if it had not been. */
struct cpmsync_operation *cpmsync_queue_pop(struct cpmsync_conn *conn);
void cpmsync_queue_push_back(struct cpmsync_conn *conn, struct cpmsync_operation *operation);

/* One that waits or stands, taken out; NULL if it is none of these. */
struct cpmsync_operation *cpmsync_queue_take(struct cpmsync_client *client, int64_t id);

/* One that waits, stands or runs; NULL if it is complete. */
struct cpmsync_operation *cpmsync_queue_find(struct cpmsync_client *client, int64_t id);

/* Ends one that was taken out: `done` is called, and it is freed. */
void cpmsync_queue_complete(
    struct cpmsync_client *client, struct cpmsync_operation *operation, const struct cpmsync_err *err);
/* Ends those that wait for the connection now; what callbacks submit meanwhile stays. They may also cancel what comes next. */
void cpmsync_queue_complete_all(struct cpmsync_conn *conn, const struct cpmsync_err *err);

/* The next deadline of all; CPMSYNC_NEVER. */
int64_t cpmsync_queue_deadline(const struct cpmsync_client *client);
/* One that waits or stands and is past its deadline, taken out; NULL if there is none. */
struct cpmsync_operation *cpmsync_queue_take_late(struct cpmsync_client *client);

#endif
