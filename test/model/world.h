/* SPDX-License-Identifier: MIT */
/* The world of a history: the server, what happens to it, and the references that say what it must hold. */
#ifndef CPMSYNC_TEST_WORLD_H
#define CPMSYNC_TEST_WORLD_H

#include "model/history.h"
#include "model/reference.h"
#include "support/mock_link.h"

enum {
    WORLD_CLIENTS = 2,
    WORLD_BOXES = 2,  /* that are synchronised one at a time: INBOX, and one that comes and goes */
    WORLD_AWAY = 2,   /* the name it has meanwhile */
    WORLD_NOBODY = 3, /* a mailbox that never is */
    WORLD_PARENT = 4, /* of all Chats */
    WORLD_MANY = 5,   /* from here on: in some histories; at first not the last WORLD_FAMILY */
    WORLD_FAMILY = 4, /* a mailbox and those below it, which move together: from here on, and where they move to */
    WORLD_NAMES = 18, /* of mailboxes of the account */
    WORLD_REFERENCES = 3 + WORLD_NAMES - WORLD_PARENT,
    WORLD_FLAGS = 6
};

extern const char *const WORLD_BOX_NAMES[WORLD_NAMES];
extern const char *const WORLD_FLAG_NAMES[WORLD_FLAGS]; /* their number is their bit in a reference */

struct world {
    const struct history_plan *plan;
    struct history_counts *counts;
    char *why;
    uint64_t random;
    struct cpmsync_mock *mock;
    bool mod_sequences; /* the server has them, */
    bool ids;           /* and identifiers of mailboxes */
    struct support_link links[WORLD_CLIENTS];
    /* Of the two mailboxes, of what has the second one's name meanwhile, and of the many. */
    struct reference references[WORLD_REFERENCES];
    bool many;
    int places[WORLD_NAMES]; /* from WORLD_PARENT on: the reference of the mailbox of this name, -1: there is none */
    int phone;               /* the other phone's connection, 0: none */
    struct reference *phone_box; /* what it has selected */
    unsigned phone_tags;
    bool renamed;    /* the second mailbox is away; */
    bool replaced;   /* another one has its name meanwhile */
    bool liar;       /* the server may say what is not true */
    unsigned noise;  /* so many changes may still happen while octets move, */
    unsigned rarely; /* one in so many portions; */
    bool wild;       /* and mailboxes may come and go, and be refused */
    unsigned chunk;
};

/* 0 to n-1 by chance; n is not 0. */
unsigned world_below(struct world *w, unsigned n);
/* A history goes by its seed, each step of it by its number too. */
void world_seed(struct world *w, uint64_t seed);

void world_note(const struct world *w, const char *format, ...); /* if the history is told */
bool world_wrong(struct world *w, const char *format, ...);      /* fills `why`; false */

/* What the mailbox of this name must hold; NULL if there is none. */
struct reference *world_reference(struct world *w, const char *box);

/* One change that may also happen while octets move. */
void world_change(struct world *w);
/* Likewise while the account is synchronised: a mailbox comes or goes, or the next SELECT is refused. */
void world_wild_change(struct world *w);
void world_refuse_select(struct world *w, bool on);
/* The second mailbox goes away; another one may take its name; it comes back as it was, UIDVALIDITY and all. */
void world_rename(struct world *w);
/* Another client moves, swaps, deletes or creates some of the many mailboxes. */
void world_reorder(struct world *w);
/* The server behaves in another way from now on; what it says is true, unless it is a liar. False if it cannot. */
bool world_misbehave(struct world *w);

#endif
