/* SPDX-License-Identifier: MIT */
/*
 * The sweeps: every golden transcript is played again and again, and each time something else fails in the middle: an
 * allocation, a call of the store, the link. Behind each failure nothing leaks and every operation has completed exactly
 * once (golden_play sees to that); then a new client synchronises the same store with the mock server, which holds what
 * the transcript's "server" block says: the store must become equal to it, and so must the mirror that was built from
 * events alone, before and behind the failure.
 */
#ifndef CPMSYNC_TEST_SWEEP_H
#define CPMSYNC_TEST_SWEEP_H

#include "golden/golden_parse.h"
#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "support/mirror.h"

enum { SWEEP_MAILBOXES_MAX = 8, SWEEP_WHY_MAX = 4096 };

/* What is set up for each failure, and taken down behind it. */
struct sweep {
    const struct golden *golden;
    struct support_allocator allocator; /* of the clients and of the store */
    struct support_store store;
    size_t servers[SWEEP_MAILBOXES_MAX]; /* the "server" steps */
    bool nowhere[SWEEP_MAILBOXES_MAX];   /* the server has no mailbox of this name */
    struct support_mirror mirrors[SWEEP_MAILBOXES_MAX];
    struct support_mirror aside; /* of a mailbox between two names */
    size_t mailbox_count;
    bool went_on;         /* sweep_go_on was called */
    bool unmirrored;      /* the mirrors are not compared */
    const uint64_t *dead; /* not 0: the process is gone, the app hears nothing more; may be NULL */
    char why[SWEEP_WHY_MAX];
};

/* The store as the transcript has it at the start; nothing fails yet. These five: false with `why` filled. */
bool sweep_open(struct sweep *sweep, const struct golden *golden);
/* Its two halves: no store yet; the store in sweep->store.inner is filled, and the mirrors know what it holds. */
void sweep_init(struct sweep *sweep, const struct golden *golden);
bool sweep_fill(struct sweep *sweep);
/* Plays. `how` says where the link is cut; what else fails was set in `allocator` or `store`. */
bool sweep_play(struct sweep *sweep, struct golden_play *how);
/* Nothing fails any more: the fresh synchronisation and what must hold behind it. */
bool sweep_recover(struct sweep *sweep);
/* The same with the client that lived through the failure, which all operations of the transcript are behind. */
bool sweep_go_on(struct sweep *sweep, struct cpmsync_client *client, int64_t now);
/* Parts of these: nothing fails any more, and the store can be read; the mirrors equal the store. */
bool sweep_calm(struct sweep *sweep);
bool sweep_equal_mirrors(struct sweep *sweep);
/* Everything is given back. */
bool sweep_close(struct sweep *sweep);

/* Writes why into the sweep; returns false. */
bool sweep_fail(struct sweep *sweep, const char *format, ...);

/* A new client synchronises every mailbox of `servers` with a mock server that holds what those steps say; then the store
 * is compared with what the server holds. */
bool sweep_fresh_sync(struct sweep *sweep);
/* The client that lived through the failure does the same. */
bool sweep_same_client_sync(struct sweep *sweep, struct cpmsync_client *client, int64_t now);
/* A new client does it twice on one connection, if that lives. Something may fail between the two calls of `first`, which
 * are in front of the first time and behind it. */
bool sweep_sync_twice(struct sweep *sweep, void (*first)(void *ctx, bool over), void *ctx);
/* The app of these clients hears this. */
void sweep_hear(void *ctx, const struct cpmsync_event *event);

/* How much a transcript gave to a sweep. */
struct sweep_count {
    size_t tried;
    size_t there;
};

/* Runs `test` on every transcript of the command line, each a cmocka test by its name; state is the transcript. The last
 * line says `what` was tried, of all there are, and how often a store was compared with the server. */
int sweep_main(int argc, char **argv, const char *what, void (*test)(void **state));
/* A mailbox of a store was compared with the server, and is equal to it. */
void sweep_compared(void);
/* Fails unless all there are were tried; prints and adds. */
void sweep_counted(const struct golden *golden, size_t tried, size_t there);

#endif
