/* SPDX-License-Identifier: MIT */
/*
 * The standing wish to be told of every change as it happens: kept apart from the operations, which go first. Where a
 * connection has nothing else to do the account is synchronised, if it is watched, and then the watched mailbox is visited and
 * stays (sync/live). What NOTIFY tells of others is visited in between (sync/notify). Where there is no connection one is made,
 * later and later while that fails (client/backoff).
 */
#ifndef CPMSYNC_CLIENT_WATCH_H
#define CPMSYNC_CLIENT_WATCH_H

#include "client/conduct.h"

/* It stands; submitted once, see cpmsync_queue_submit. Takes `operation` over. */
void cpmsync_watch_begin(struct cpmsync_client *client, struct cpmsync_operation *operation);

/* It stands no longer; NULL if there is none, or another. The caller completes it. */
struct cpmsync_operation *cpmsync_watch_take(struct cpmsync_client *client, int64_t id);

/* The mailbox has another name now: it is watched by that. */
void cpmsync_watch_renamed(struct cpmsync_client *client, const char *from, const char *to);

/* A connection should be made for it now. */
bool cpmsync_watch_wants_connection(const struct cpmsync_client *client);

/* The connection, which is ready, has something to do for it: begins, or leaves because an operation waits or the wish
 * changed. False: nothing to do. */
bool cpmsync_watch_due(const struct cpmsync_conn *conn);
void cpmsync_watch_go_on(struct cpmsync_conn *conn);

/* Whether the visit of the watched mailbox is under way: operations wait for its end. */
bool cpmsync_watch_is_on(const struct cpmsync_conn *conn);

/* The mailbox that stays is the one wished for. */
bool cpmsync_watch_is_wished(const struct cpmsync_conn *conn);

/* What came was dispatched; nothing more is said now. */
void cpmsync_watch_rest(struct cpmsync_conn *conn);
void cpmsync_watch_idle(struct cpmsync_conn *conn);
void cpmsync_watch_tick(struct cpmsync_conn *conn);

/* A session begins; is gone. */
void cpmsync_watch_session(struct cpmsync_conn *conn);
void cpmsync_watch_session_over(struct cpmsync_conn *conn);
/* What it tells beside mailbox data. */
void cpmsync_watch_data(struct cpmsync_conn *conn, const struct cpmsync_response *response);
/* The connection failed, or was ended by the server: tried again later, or the wish, which is returned, fails with it. */
struct cpmsync_operation *cpmsync_watch_failed(struct cpmsync_client *client, const struct cpmsync_err *err);

/* Absolute time at which it has something to do; CPMSYNC_NEVER. */
int64_t cpmsync_watch_expiry(const struct cpmsync_client *client);

#endif
