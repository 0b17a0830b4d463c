/* SPDX-License-Identifier: MIT */
/* A client of the stress: one connection at a time, commands in flight, a view, and caches for QRESYNC. */
#ifndef STRESS_CLIENT_H
#define STRESS_CLIENT_H

#include "stress_view.h"

#include <cpmsync/mock.h>

enum { STRESS_BOXES = 3, STRESS_CLIENTS = 7, STRESS_QUEUE = 6 };

struct stress_text {
    char *data;
    size_t len, capacity;
};

enum stress_kind {
    STRESS_OTHER, /* expunges may be told */
    STRESS_FETCH,
    STRESS_STORE,
    STRESS_SEARCH,
    STRESS_REMOVAL, /* the targets go: MOVE, EXPUNGE, UID EXPUNGE */
    STRESS_SELECT,
    STRESS_LEAVE, /* CLOSE, UNSELECT */
    STRESS_IDLE,
    STRESS_NOTIFY,
    STRESS_LOGOUT
};

struct stress_command {
    enum stress_kind kind;
    unsigned tag;
    size_t end;       /* where in what is to be sent it ends */
    bool uid;         /* the UID form */
    bool may_fail;    /* NO is a possible answer */
    bool wants;       /* FETCH: the targets' flags */
    bool if_deleted;  /* REMOVAL: of the targets those that are \Deleted */
    bool conditional; /* STORE: UNCHANGEDSINCE `since` */
    uint64_t since;
    bool silent;    /* STORE: what is stored is not told */
    char change;    /* STORE: '+', '-' or 0 */
    unsigned flags; /* STORE, SEARCH */
    int box;        /* SELECT */
    bool examine;   /* SELECT */
    bool resumes;   /* SELECT: with QRESYNC, and `resumed` */
    bool exact;     /* SELECT: the known UIDs are exactly those of `resumed` */
    bool writes;    /* puts messages into some mailbox */
    bool watches;   /* NOTIFY: behind it the other mailboxes' arrivals and expunges are told, */
    bool live;      /* NOTIFY: behind it things are told at any time, */
    bool delayed;   /* but expunges, */
    bool limited;   /* or not told at all */
};

/* What STATUS told of a mailbox that is not selected, if nothing since makes it old. */
struct stress_watch {
    bool told;
    uint32_t messages, uidnext;
};

struct stress_client {
    struct stress *stress;
    int conn; /* 0: none */
    bool owner;
    int box; /* the selected one, -1 for none */
    bool examined;
    bool idles;
    bool live, delayed, limited;
    bool can_notify;
    bool late;  /* may begin CONDSTORE by a command that is none of its own */
    bool wakes; /* IDLE is to end */
    struct stress_view view;
    struct stress_view caches[STRESS_BOXES];
    struct stress_view resumed; /* what is left of a cache during SELECT */
    struct stress_command queue[STRESS_QUEUE];
    size_t queued;
    unsigned last_tag;
    struct stress_text out;
    size_t sent;
    size_t hold; /* what is behind it waits for "+"; 0: nothing */
    struct stress_text in;
    bool watches;
    struct stress_watch watched[STRESS_BOXES];
    struct cpmsync_mock_status status; /* of the last STATUS */
    uint32_t *found;                   /* of SEARCH */
    size_t found_count, found_capacity;
};

struct stress {
    struct cpmsync_mock *mock;
    uint64_t random;
    bool nomodseq; /* box 2 is without mod-sequences */
    struct stress_client clients[STRESS_CLIENTS];
    uint64_t commands, connections, resumptions, comparisons, watched, responses;
};

extern const char *const stress_boxes[STRESS_BOXES];

unsigned stress_below(struct stress *stress, unsigned limit);

void stress_put(struct stress_text *text, const void *data, size_t len);
#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
void stress_putf(struct stress_text *text, const char *format, ...);

/* One step: send some, read some, or begin a command. What goes wrong stands in the view. */
void stress_client_step(struct stress_client *client);
/* Sends and reads until nothing is left; IDLE goes on. */
void stress_client_drain(struct stress_client *client);
/* Ends IDLE, asks for everything to be told and for what is unknown. */
void stress_client_wake(struct stress_client *client);
void stress_client_settle(struct stress_client *client);
/* Asks for the STATUS of a mailbox, when nothing is in flight; false if there is no answer. */
bool stress_client_status(struct stress_client *client, int box);
void stress_client_free(struct stress_client *client);

/* What came from the server (stress_reply.c). */
void stress_client_read(struct stress_client *client);
/* Puts some command, or this one, into the queue, which has room (stress_command.c). */
void stress_client_begin(struct stress_client *client);
void stress_client_ask_status(struct stress_client *client, int box);
void stress_client_ask(struct stress_client *client, enum stress_kind kind, const char *text);

/* What STATUS told is old. */
void stress_client_unwatch(struct stress_client *client);
/* The selected mailbox's view is kept for a SELECT (QRESYNC), where it is complete. */
void stress_client_keep(struct stress_client *client);

#endif
