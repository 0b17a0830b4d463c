/* SPDX-License-Identifier: MIT */
/*
 * An app of the library, as the peer tests have it: one mailbox, a store on disk, and a mirror made of events alone. What
 * should not happen ends the program.
 */
#ifndef PEER_APP_H
#define PEER_APP_H

#include "peer_cut.h"
#include "peer_link.h"
#include "peer_truth.h"

#include <cpmsync/client.h>

enum { PEER_APP_LINE_SIZE = 512 };

struct peer_app {
    /* What the caller fills. */
    struct peer_account account;
    const char *mailbox; /* UTF-8 */
    const char *store_path;
    const char *disabled;   /* a capability, or NULL */
    struct peer_link *link; /* what it connects through; NULL: to the server itself */
    struct peer_cut cut;    /* with a link: of the connections through it */

    struct cpmsync_store store;
    struct cpmsync_crypto crypto;
    struct cpmsync_client *client;
    struct peer_truth mirror;
    int64_t now; /* with a link: stands still unless that is silent */
    int leaves;  /* with a link: not 0 ends an operation at once */
    int done;
    int error; /* of the last operation */
    char words[200];
    char line[PEER_APP_LINE_SIZE]; /* the command that is being sent: its first octets */
    size_t line_len;
    unsigned qresync_selects, condstore_selects, plain_selects;
    unsigned wasted_cursors; /* so many were plain although there was a cursor */
    unsigned deadlines;      /* so often only the clock could go on */
};

/* Opens the store, which may be there already, and makes the client. */
void peer_app_open(struct peer_app *app);
/* The store stays. */
void peer_app_close(struct peer_app *app);
/* Store and mirror are gone, too, as when an app is installed anew. Not while it is open. */
void peer_app_forget(struct peer_app *app);

/* Tries to synchronise the mailbox: app->error says how it ended. */
void peer_app_sync(struct peer_app *app);
void peer_app_log_out(struct peer_app *app);

/* Whether the step of the ladder is the one without mod-sequences. */
int peer_app_is_plain(const struct peer_app *app);
/* Whether cache and mirror equal the server as `other` sees it; what differs is on stderr. */
int peer_app_equals(struct peer_app *app, struct peer_client *other, const char *mailbox_on_the_wire);
/* Every SELECT was on the step to be tried; none fell from it. */
void peer_app_check_ladder(const struct peer_app *app);

#endif
