/* SPDX-License-Identifier: MIT */
/*
 * Follows a client's conversation from between it and TLS, and says when a planned octet of it is reached: nothing behind
 * that octet has then been seen by the client, whatever TLS records the server put it in. What happens then is the
 * planner's; after peer_cut_drop the client gets nothing of this connection any more but how it ends.
 */
#ifndef PEER_CUT_H
#define PEER_CUT_H

#include <cpmsync/transport.h>

/* How far a connection has come, by the answers that the client was given. */
enum peer_phase {
    PEER_PHASE_LOGIN,  /* Next: SELECT when LOGIN or AUTHENTICATE was answered */
    PEER_PHASE_SELECT, /* Next: FETCH when SELECT was answered */
    PEER_PHASE_FETCH,  /* Next: SELECT when another SELECT is sent */
    PEER_PHASE_COUNT
};

struct peer_cut_plan {
    int armed;
    enum peer_phase phase;
    int sent;        /* octets the client sent count, else those it was given */
    uint32_t octets; /* since the phase began. Where it ends earlier, its end is the moment */
    void (*reached)(void *ctx, enum peer_phase phase);
};

enum { PEER_CUT_PLANS = 2 };

struct peer_cut {
    void *ctx;                                  /* of the plans */
    struct peer_cut_plan plans[PEER_CUT_PLANS]; /* each is unarmed when it is reached */
    struct peer_cut_connection *newest;         /* NULL if it is closed */
};

/* Fills *connector with one that opens what `inner`, which it takes over, does. `cut` must outlive it. */
void peer_cut_connector(struct peer_cut *cut, struct cpmsync_connector *connector, struct cpmsync_connector *inner);

/* A new SELECT is what comes next, if the client is logged in. */
void peer_cut_again(struct peer_cut *cut);

void peer_cut_drop(struct peer_cut *cut);

/* Plans a moment so many octets from here, on the connection that there is, or else on the next. */
void peer_cut_from_here(const struct peer_cut *cut, struct peer_cut_plan *plan, int sent, uint32_t octets);

/* Gives the client of the newest connection nothing, until it is to go on. */
void peer_cut_hold(struct peer_cut *cut);
void peer_cut_go_on(struct peer_cut *cut);

#endif
