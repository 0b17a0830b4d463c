/* SPDX-License-Identifier: MIT */
/* Another client that changes several mailboxes in a process of its own, straight on the server, a step at a time. */
#ifndef PEER_CHANGER_H
#define PEER_CHANGER_H

#include "peer_client.h"

struct peer_changer;

struct peer_changer_plan {
    const char *const *mailboxes; /* as on the wire; the first is changed as often as all others */
    size_t mailbox_count;
    int makes_anew; /* the first one is deleted and made anew now and then; others are by names that were there before */
    int hurries;    /* some are deleted as soon as they are made; else not before two seconds have passed */
    uint64_t seed;
    int traces; /* its commands go to stderr */
};

/* What is there of these mailboxes goes; they are made, with some messages in each. The process ends with this one. */
struct peer_changer *peer_changer_new(const struct peer_account *account, const struct peer_changer_plan *plan);
void peer_changer_free(struct peer_changer *changer);

/* Begins a step: some changes in a mailbox, a copy to another, a mailbox that comes or goes. */
void peer_changer_step(struct peer_changer *changer);
/* Readable when it is done. */
int peer_changer_fd(const struct peer_changer *changer);
/* Waits for it if it must, and returns how many changes it made. */
uint32_t peer_changer_done(struct peer_changer *changer);

#endif
