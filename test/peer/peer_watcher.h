/* SPDX-License-Identifier: MIT */
/*
 * An app of the library that watches: its store on disk, mirrors of the mailboxes made of events alone, a link that can be
 * cut, and the real clock. What should not happen ends the program.
 */
#ifndef PEER_WATCHER_H
#define PEER_WATCHER_H

#include "peer_cut.h"
#include "peer_link.h"
#include "peer_truth.h"

#include <cpmsync/client.h>

enum { PEER_WATCHER_DISABLED = 4 };

struct peer_mailbox {
    char *name; /* UTF-8 */
    struct peer_truth mirror;
};

struct peer_watcher {
    /* What the caller fills. */
    struct peer_account account;
    const char *mailbox; /* UTF-8: the one that is watched, or stays selected */
    int whole;           /* the account is watched */
    const char *store_path;
    const char *disabled[PEER_WATCHER_DISABLED];
    size_t disabled_count;
    int64_t idle_ms, timeout_ms, retry_least_ms, retry_most_ms, survey_ms;
    struct peer_link *link;
    struct peer_cut cut;
    int traces; /* the conversation goes to stderr */

    struct cpmsync_store store;
    struct cpmsync_crypto crypto;
    struct cpmsync_client *client;
    struct peer_mailbox *mailboxes;
    size_t mailbox_count;
    int64_t watch;  /* its operation; 0: none stands */
    int error;      /* how the last one ended */
    int is_live;    /* LIVE was told on the connection there is */
    int why_closed; /* the last connection */
    unsigned connects;
    unsigned lives, failed, missing, syncs, surveys;
};

/* Opens the store, which may be there already, and makes the client, which watches from then on. */
void peer_watcher_open(struct peer_watcher *watcher);
/* Store and mirrors stay. */
void peer_watcher_close(struct peer_watcher *watcher);
void peer_watcher_clear(struct peer_watcher *watcher);

/* Watches again, when the last watch has ended. */
void peer_watcher_again(struct peer_watcher *watcher);
/* Another operation, ahead of the watch: the connection may fail under it. */
void peer_watcher_sync(struct peer_watcher *watcher, const char *mailbox);

/* Moves what can be moved; waits until something can be, `fd` can be read, or the clock says `until`. */
void peer_watcher_turn(struct peer_watcher *watcher, int fd, int64_t until);

/* Whether mod-sequences are used. */
int peer_watcher_is_plain(const struct peer_watcher *watcher);

/*
 * Whether cache and mirror equal the server's words; what differs is on stderr unless `quietly`. Of the mailbox that is
 * selected all the time the cursors may be behind: not everything tells of them, and they are safe.
 */
int peer_watcher_equals(struct peer_watcher *watcher, const char *mailbox, const struct peer_truth *truth, int quietly);

#endif
