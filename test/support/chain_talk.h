/* SPDX-License-Identifier: MIT */
/* A chain of visits on the session of a scripted conversation. */
#ifndef CPMSYNC_TEST_CHAIN_TALK_H
#define CPMSYNC_TEST_CHAIN_TALK_H

#include "support/session_talk.h"
#include "sync/chain.h"

/* Opens the session of `talk`, logged in to these capabilities and with QRESYNC enabled, and makes the chain one on it. The
 * caller gives the chain its mailbox data. */
void support_chain_open(struct cpmsync_chain *chain, struct support_talk *talk, const char *capabilities,
    const struct cpmsync_store *store, void *ctx, int (*event)(void *ctx, const struct cpmsync_event *event));

#endif
