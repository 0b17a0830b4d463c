/* SPDX-License-Identifier: MIT */
/*
 * A random history: a mock server, two clients with stores of their own, another phone that talks IMAP by hand, and what
 * happens to the server behind all of them; and a reference that says what the mailboxes must hold. Seed and step number decide what a step does, so a history can be played again
 * without some of its steps.
 */
#ifndef CPMSYNC_TEST_HISTORY_H
#define CPMSYNC_TEST_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTORY_STEPS = 120, HISTORY_WHY_MAX = 1024 };

struct history_counts {
    uint64_t operations;       /* changes of the server, cuts and restarts; not the synchronisations */
    uint64_t synchronisations; /* all */
    uint64_t accounts;         /* of these: of the whole account; */
    uint64_t silent;           /* and of these: with nothing to do */
    uint64_t alone;            /* mailboxes that failed, with all others in sync */
    uint64_t failed;           /* of these: while the server changed, or the link was cut */
    uint64_t compared;         /* quiet moments: store, mirror, server and reference were equal */
    uint64_t renamed;          /* a mailbox had another name, and its cache moved */
    uint64_t missing;          /* a mailbox was gone, was told so, and its cache was kept */
    uint64_t cuts, kills, refusals, store_failures;
};

struct history_plan {
    uint64_t seed;
    bool skip[HISTORY_STEPS]; /* these steps are left out */
    bool verbose;             /* each step, and the conversation, on stdout */
};

/* Plays it. The step that failed, with `why` filled; -1 when everything held. Adds to *counts. */
int history_play(const struct history_plan *plan, struct history_counts *counts, char *why);

#endif
