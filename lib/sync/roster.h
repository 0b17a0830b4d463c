/* SPDX-License-Identifier: MIT */
/*
 * The mailboxes of the account as LIST and STATUS told of them, and what the store holds, side by side (R8): which of them
 * differ. Values of STATUS are hints, never cursors.
 */
#ifndef CPMSYNC_SYNC_ROSTER_H
#define CPMSYNC_SYNC_ROSTER_H

#include <cpmsync/store.h>

#include "sync/resync.h"
#include "wire/response.h"

/* What is to be done about a mailbox. */
enum cpmsync_roster_state {
    CPMSYNC_ROSTER_CLOSED,    /* it cannot be selected: \Noselect, \NonExistent, \NoAccess */
    CPMSYNC_ROSTER_UNCHANGED, /* the cache is what STATUS says, all of it, and no descriptor lacks */
    CPMSYNC_ROSTER_DIFFERS,
    CPMSYNC_ROSTER_MISSING /* stored, and LIST did not name it */
};

struct cpmsync_roster_entry {
    char *key; /* UTF-8, NUL-terminated; the cache's key (R10) */
    size_t len;
    size_t place;       /* in which it was told, until it is sorted */
    bool listed;        /* a LIST line came, and the last did not say that it cannot be selected */
    const char *closed; /* it said so: the attribute; static */
    char *mailboxid;    /* RFC 8474 4; may be NULL */
    char *oldname;      /* the key of the OLDNAME that LIST told; may be NULL */
    unsigned items;     /* enum cpmsync_status_items: which of these came */
    uint32_t uidvalidity, uidnext, messages;
    uint64_t highestmodseq;
    enum cpmsync_roster_state state;
    bool again;    /* to be visited alone; the account's own */
    bool stored;   /* the store has it */
    bool resumed;  /* the store has a cursor of it: changes can be asked for */
    bool doubtful; /* it may be what a cached mailbox of another name is now: its MAILBOXID would tell */
    bool claimed;  /* it is what a cached mailbox of another name is now; */
    bool settled;  /* or the one of its own name, for sure */
};

struct cpmsync_roster {
    const struct cpmsync_allocator *mem;
    struct cpmsync_roster_entry *entries;
    size_t count, capacity;
    size_t max;                               /* mailboxes */
    int delimiter;                            /* as LIST told it last; 0: none */
    bool utf8;                                /* set by the owner: names come as cpmsync_session_utf8_names says */
    bool sorted;                              /* no more are added */
    int error;                                /* sticky */
    const struct cpmsync_header_list *fields; /* of descriptors; lent; NULL: none are kept */
};

void cpmsync_roster_init(struct cpmsync_roster *roster, const struct cpmsync_allocator *mem, size_t max);
void cpmsync_roster_clear(struct cpmsync_roster *roster);

/* Takes an untagged LIST or STATUS; others are ignored. 0, CPMSYNC_ERR_LIMIT for too many mailboxes, CPMSYNC_ERR_NOMEM. */
int cpmsync_roster_data(struct cpmsync_roster *roster, const struct cpmsync_response *response);

/* LIST ended: entries in ascending order of their keys, one a mailbox. STATUS may still be told. 0, CPMSYNC_ERR_LIMIT. */
int cpmsync_roster_sort(struct cpmsync_roster *roster);

/* A mailbox that need not have been listed. 0 or CPMSYNC_ERR_NOMEM. Before compare, which brings it into its place. */
int cpmsync_roster_add(struct cpmsync_roster *roster, struct cpmsync_slice key);

/* Whether OLDNAMEs were told; and they are moved from one roster, in which nothing else is of use then, to another one. 0,
 * CPMSYNC_ERR_NOMEM. */
bool cpmsync_roster_has_oldnames(const struct cpmsync_roster *roster);
int cpmsync_roster_take_oldnames(struct cpmsync_roster *roster, struct cpmsync_roster *from);

/* All was told. Mailboxes that are stored and were not listed become entries. 0, CPMSYNC_ERR_NOMEM, the store's error. */
int cpmsync_roster_compare(struct cpmsync_roster *roster, const struct cpmsync_store *store);

/* The same of mailboxes that were told of one by one, after sort: a closed one that is stored is missing (N-10, N-11); of what
 * was not told nothing is known. */
int cpmsync_roster_compare_told(struct cpmsync_roster *roster, const struct cpmsync_store *store);

/* After sort; NULL if there is none. */
struct cpmsync_roster_entry *cpmsync_roster_find(const struct cpmsync_roster *roster, struct cpmsync_slice key);

/* The MAILBOXID in a record; empty if there is none. */
struct cpmsync_slice cpmsync_roster_id_of(const struct cpmsync_store_mailbox *record);

/* What STATUS said, for asking ahead: all zero if it did not say enough. */
void cpmsync_roster_hint(const struct cpmsync_roster_entry *entry, struct cpmsync_status_hint *hint);

#endif
