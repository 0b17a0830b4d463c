/* SPDX-License-Identifier: MIT */
/*
 * The synchronisation of the whole account on one session (design 4): what differs is learnt in the first flight by LIST with
 * STATUS, and brought up to date in the next by visits in a chain (R4, R5). A visit that needs more than its flight ends
 * unfinished, and the mailbox is visited again alone. Only LIST's OK proves that a mailbox is missing (R8). One that has another
 * name now is renamed in the store before anything is visited on the plan (recognise.h, rename.h).
 */
#ifndef CPMSYNC_SYNC_ACCOUNT_H
#define CPMSYNC_SYNC_ACCOUNT_H

#include "sync/chain.h"
#include "sync/roster.h"

enum {
    CPMSYNC_ACCOUNT_VISITS = 64,  /* mailboxes open at once */
    CPMSYNC_ACCOUNT_STATUSES = 64 /* STATUS commands at once, where LIST brings none */
};

struct cpmsync_account;

struct cpmsync_account_config {
    const struct cpmsync_allocator *mem;
    struct cpmsync_chain *chain; /* lent, of the session */
    size_t mailboxes_max;
    struct cpmsync_roster
        *told; /* not NULL: these only, compared already, are visited, once cpmsync_account_go is called;
                                    the entries are moved */
    struct cpmsync_roster *hints; /* not NULL: what NOTIFY told of; the OLDNAMEs in it count as if LIST had told them */
    void *ctx;
    /* MISSING, FAILED and RENAMED; what the visits tell leaves by the chain. A non-zero verdict is ignored, but of RENAMED. */
    int (*event)(void *ctx, const struct cpmsync_event *event);
    /* It ended: every mailbox is in sync with err->error 0, or the first error of one. Called once, never from inside
     * cpmsync_account_new, and not when the session failed; the account may be freed inside. */
    void (*done)(void *ctx, const struct cpmsync_err *err);
};

/* Submits the first flight. `first` (UTF-8; may be empty) is the mailbox to be visited ahead of all others. 0,
 * CPMSYNC_ERR_NOMEM, CPMSYNC_ERR_STATE if the session takes no commands, or an error of cpmsync_resync_new for `first`. */
int cpmsync_account_new(
    struct cpmsync_account **account, const struct cpmsync_account_config *config, struct cpmsync_slice first);

/* Begins with what was told; done may be called inside. */
void cpmsync_account_go(struct cpmsync_account *account);

/* LIST or STATUS is in flight: untagged ones are, or may be, the answer. */
bool cpmsync_account_asks(const struct cpmsync_account *account);

/* LIST was answered, and which mailboxes differ is known. */
bool cpmsync_account_learnt(const struct cpmsync_account *account);

/* Only when none of its commands is in flight: after done, or after the session was freed. */
void cpmsync_account_free(struct cpmsync_account *account);

/* Stops it, as cpmsync_resync_stop: done follows with `error`. */
void cpmsync_account_stop(struct cpmsync_account *account, int error);

#endif
