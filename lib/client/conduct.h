/* SPDX-License-Identifier: MIT */
/*
 * Conducts the work: opens connections when operations need one, starts the operations in order, ends them exactly once
 * (design 2, 3). The struct of the client lives here; client.c is its public face.
 */
#ifndef CPMSYNC_CLIENT_CONDUCT_H
#define CPMSYNC_CLIENT_CONDUCT_H

#include <cpmsync/client.h>

#include "client/backoff.h"
#include "operation/list.h"
#include "session/session.h"
#include "sync/account.h"
#include "sync/live.h"
#include "sync/notify.h"
#include "sync/rename.h"
#include "sync/trigger.h"

enum cpmsync_operation_kind {
    CPMSYNC_OPERATION_LOGIN,
    CPMSYNC_OPERATION_SYNC,
    CPMSYNC_OPERATION_SYNC_ACCOUNT,
    CPMSYNC_OPERATION_LIST,
    CPMSYNC_OPERATION_FORGET, /* needs no connection */
    CPMSYNC_OPERATION_WATCH,  /* never queued: it stands; of the whole account: */
    CPMSYNC_OPERATION_WATCH_ACCOUNT,
    CPMSYNC_OPERATION_LOGOUT
};

struct cpmsync_operation {
    struct cpmsync_operation *next;
    int64_t id;
    enum cpmsync_operation_kind kind;
    char *mailbox; /* SYNC, WATCH, WATCH_ACCOUNT, FORGET; SYNC_ACCOUNT: the first one, may be NULL; LIST: the pattern */
    cpmsync_list_fn listed; /* LIST */
    int64_t deadline;
    cpmsync_done_fn done;
    void *ctx;
};

enum cpmsync_watch_phase {
    CPMSYNC_WATCH_NOTHING, /* Next: ACCOUNT, STAYING */
    CPMSYNC_WATCH_ACCOUNT, /* the account is synchronised, by LIST or as NOTIFY told. Next: NOTHING */
    CPMSYNC_WATCH_STAYING  /* the watched mailbox is selected. Next: NOTHING */
};

/* What a connection does for the watch; watch.c's own. */
struct cpmsync_watching {
    enum cpmsync_watch_phase phase;
    int64_t id;        /* of the watch it is for */
    bool leaving;      /* it was told to end */
    bool surveyed;     /* the account was synchronised by LIST on this session */
    int64_t survey_at; /* it is to be again: NOTIFY is not believed for ever */
    bool revisit;      /* `told` is to be visited */
    struct cpmsync_roster told;
    struct cpmsync_notify notify;
    struct cpmsync_live live;
};

enum cpmsync_conn_phase {
    CPMSYNC_PHASE_NONE,   /* no transport. Next: WANTED when an operation needs one */
    CPMSYNC_PHASE_WANTED, /* the app is asked for one. Next: OPEN, NONE when it failed */
    CPMSYNC_PHASE_OPEN,   /* a session runs. Next: CLOSING when it ended, NONE when the transport did */
    CPMSYNC_PHASE_CLOSING /* the app is asked to close. Next: NONE */
};

struct cpmsync_conn {
    struct cpmsync_client *client;
    uint32_t index;
    enum cpmsync_conn_phase phase;
    enum cpmsync_conn_state told; /* last state the app heard */
    struct cpmsync_session *session;
    struct cpmsync_chain chain;             /* of the session */
    struct cpmsync_account *account;        /* of the running SYNC_ACCOUNT, or of the watch */
    struct cpmsync_operation *first, *last; /* submitted for it, not started */
    struct cpmsync_listing *listing;        /* of the running LIST */
    bool namespaces_told;                   /* in this session */
    struct cpmsync_operation *running;
    bool draining; /* what ran was given up; answers to it are still due */
    struct cpmsync_watching watching;
    bool synchronised;      /* something was, or is, on this session */
    struct cpmsync_err end; /* why the session ended, until the transport is closed */
};

struct cpmsync_step; /* the step face's own, step.c */

struct cpmsync_client {
    struct cpmsync_client_config config; /* strings and lists are our copies */
    const struct cpmsync_allocator *mem;
    struct cpmsync_store store;
    bool own_store;
    struct cpmsync_log log;
    struct cpmsync_cache_limits limits;
    struct cpmsync_header_list fields; /* of descriptors */
    struct cpmsync_server_facts facts;
    struct cpmsync_buf saved_facts; /* as they are in the store */
    struct cpmsync_conn conns[CPMSYNC_CONN_COUNT];
    struct cpmsync_operation *watch; /* the one that stands */
    struct cpmsync_backoff backoff;
    int64_t pause_until;                /* seconds since 1970, from the store; 0: none, or known by backoff */
    bool pause_saved;                   /* the store has one */
    bool network_lost, network_changed; /* the app said so, and nothing was done about it yet */
    int64_t now;                        /* as the app last said */
    bool quiet;                         /* nothing new is begun */
    bool resumed;                       /* it was quiet, and what waited was not begun yet */
    size_t operations;                  /* not complete */
    int64_t next_id;
    struct cpmsync_stats stats;     /* of ended sessions */
    char *enabled;                  /* of the first connection's last session; may be NULL */
    struct cpmsync_trigger trigger; /* of what the client does by itself: automatic.c */
    struct cpmsync_namespace_list namespaces;
    struct cpmsync_step *step;
    unsigned depth; /* of calls: callbacks run at 1 and more */
    unsigned pins;  /* of the step face: free waits for it too */
    bool dying;     /* free was called */
};

/*
 * Every call that may run callbacks is between enter and leave. enter: CPMSYNC_ERR_STATE from inside a callback. leave
 * does what became possible, then frees the client if that was asked for meanwhile.
 */
int cpmsync_conduct_enter(struct cpmsync_client *client);
void cpmsync_conduct_leave(struct cpmsync_client *client);

int cpmsync_conduct_init(struct cpmsync_client *client);
/* Ends every operation with CPMSYNC_ERR_CANCELLED and every session. */
void cpmsync_conduct_clear(struct cpmsync_client *client);

int cpmsync_conduct_cancel(struct cpmsync_client *client, int64_t id);

/* Ends what is past its deadline. */
void cpmsync_conduct_deadlines(struct cpmsync_client *client);

/* Milliseconds until no answer is due any more, at most; CPMSYNC_NEVER where nothing limits it. */
int64_t cpmsync_conduct_busy_for(const struct cpmsync_client *client);

/* What every synchronisation of the account on this connection has in common; `done` and `told` are left to be filled. */
void cpmsync_conduct_account_config(struct cpmsync_conn *conn, struct cpmsync_account_config *config);
/* What was renamed in the store, and the app has not heard of, goes ahead of everything else of a mailbox (sync/rename.h). */
int cpmsync_conduct_tell_renames(struct cpmsync_conn *conn);

/* The transport opened, or ended (`err` says why; error 0: closed as asked or by the peer). */
int cpmsync_conduct_opened(struct cpmsync_conn *conn, int64_t now, unsigned flags);
void cpmsync_conduct_closed(struct cpmsync_conn *conn, const struct cpmsync_err *err);

/* Adds what the session of the connection, which has one, moved and changed so far. */
void cpmsync_conduct_add_stats(const struct cpmsync_conn *conn, struct cpmsync_stats *stats);

/* A connection is needed, and there is none. */
bool cpmsync_conduct_wants_connection(const struct cpmsync_conn *conn);

/* What has begun on the session sent all that needs no answer: COMPRESS stands behind it, if that pays (client.h). */
void cpmsync_conduct_compress(struct cpmsync_conn *conn);

/* What is next needs none, and nothing else is under way: the next tick ends it. */
bool cpmsync_conduct_done_offline(const struct cpmsync_conn *conn);

/* There is something leave would do: an operation can start, a connection is needed. */
bool cpmsync_conduct_due(const struct cpmsync_conn *conn);

/* Ends and frees everything; client.c. */
void cpmsync_client_destroy(struct cpmsync_client *client);

/* Frees the step face's part; step.c. */
void cpmsync_step_free(struct cpmsync_client *client);

#endif
