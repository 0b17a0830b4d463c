/* SPDX-License-Identifier: MIT */
/*
 * A client on the bytes face, its store and its app, and the link to a mock server in the same process. The link carries
 * the octets as its owner wants: in portions, with the server's mailboxes changing between them, cut anywhere.
 */
#ifndef CPMSYNC_TEST_MOCK_LINK_H
#define CPMSYNC_TEST_MOCK_LINK_H

#include <stdbool.h>

#include <cpmsync/client.h>

#include "support/failing_store.h"
#include "support/mirror.h"

struct cpmsync_mock;

enum { SUPPORT_LINK_MAILBOXES_MAX = 24, SUPPORT_LINK_DISABLED_MAX = 4 };

struct support_link {
    struct cpmsync_mock *mock;  /* borrowed; its first user is fred:secret */
    struct support_store store; /* over a memory store */
    struct cpmsync_client *client;
    struct cpmsync_client_config config; /* of the next client */
    const char *disabled[SUPPORT_LINK_DISABLED_MAX];
    struct support_mirror mirrors[SUPPORT_LINK_MAILBOXES_MAX];
    size_t mirror_count;
    struct support_mirror aside; /* of a mailbox between two names */
    unsigned open_flags;         /* CPMSYNC_CONN_* */
    int conn;                    /* the mock's number; 0: not connected */
    int64_t now;

    /* What the owner does to the link. `portion` (may be NULL: all) says how much of `len` octets goes at once, at least
     * one, and may change the server before they do. */
    size_t (*portion)(void *ctx, size_t len);
    void (*sync)(void *ctx, const struct cpmsync_event *event); /* hears CPMSYNC_EVENT_SYNC; may be NULL */
    void *ctx;
    int64_t cut_out; /* octets to the server until the link is cut; -1: never. The same to the client. */
    int64_t cut_in;

    /* What else happens in the next synchronisation; -1: it does not. */
    int64_t kill_in;   /* so many moves of octets, and the client is freed as it is and made anew on the same store */
    int64_t refuse_in; /* so many mailbox events, and the app refuses one */
    bool refuse_deaf;  /* without having taken it in */
    struct support_mirror *refused; /* it did, of this mailbox: nothing more may be told of it */

    /* The last synchronisation of the account, by mirror. */
    bool missing[SUPPORT_LINK_MAILBOXES_MAX];  /* told as missing */
    int failed[SUPPORT_LINK_MAILBOXES_MAX];    /* told as failed, with what; else 0 */
    size_t begins[SUPPORT_LINK_MAILBOXES_MAX]; /* BEGINs of any synchronisation */
    size_t renamed;                            /* RENAMEDs of any synchronisation */
    bool refused_rename;                       /* the last one refused one */

    bool may_lag; /* compared: the cursor may be lower than the server's */

    bool account; /* the last synchronisation: is of the account */
    bool done;    /* the last synchronisation: is complete, with what */
    int error;
    char words[160];
    unsigned connects;
    unsigned wakes;  /* deadlines of the client that support_link_run waited for */
    char wrong[160]; /* the first thing the library must not do; "" if there is none */
};

/* A link with an empty memory store and the mirrors of these mailboxes; no client yet. false without memory. */
bool support_link_init(
    struct support_link *link, struct cpmsync_mock *mock, const char *const *mailboxes, size_t count);
void support_link_clear(struct support_link *link);

/* The client is freed, its connection is gone, and another begins on the same store with `config`. */
bool support_link_restart(struct support_link *link);
/* The peer closes. */
void support_link_cut(struct support_link *link);

/* Synchronises one mailbox. Its error, or 1 if it never completed. */
int support_link_sync(struct support_link *link, const char *mailbox);

/* Likewise the account; `first` may be NULL. */
int support_link_sync_account(struct support_link *link, const char *first);

/* The app's loop, for what the client does by itself: moves what there is to move, and waits for its deadlines up to `until`,
 * which is then. false if a deadline does not go away. */
bool support_link_run(struct support_link *link, int64_t until);

/* What the store holds of the mailbox is what the server holds, with descriptors if there are to be any, and the mirror is what the
 * store holds. `modseqs` false:
 * the client knows of no mod-sequences, all are 0. `why` says what differs. */
bool support_link_equals(struct support_link *link, const char *mailbox, bool modseqs, char *why, size_t why_size);
/* The mirror is what the store holds, and nothing was done that must not be. */
bool support_link_mirrored(struct support_link *link, const char *mailbox, char *why, size_t why_size);
/* What the store holds of it, as text; the caller frees it. "" if there is no such mailbox. */
char *support_link_rows(struct support_link *link, const char *mailbox);
/* UIDVALIDITY and cursor in the store; 0 if there is no such mailbox. */
uint64_t support_link_cursor(struct support_link *link, const char *mailbox, uint32_t *uidvalidity);

#endif
