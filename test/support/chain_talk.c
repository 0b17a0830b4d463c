/* SPDX-License-Identifier: MIT */
#include "support/chain_talk.h"

#include <string.h>

void support_chain_open(struct cpmsync_chain *chain, struct support_talk *talk, const char *capabilities,
    const struct cpmsync_store *store, void *ctx, int (*event)(void *ctx, const struct cpmsync_event *event))
{
    support_talk_open(talk, true);
    support_talk_login(talk, capabilities);
    support_talk_client(talk, "C2 ENABLE QRESYNC\r\n");
    support_talk_server(talk, "* ENABLED QRESYNC\r\nC2 OK x\r\n");
    memset(chain, 0, sizeof *chain);
    chain->mem = &talk->allocator.mem;
    chain->session = talk->session;
    chain->facts = &talk->facts;
    chain->store = store;
    chain->limits = (struct cpmsync_cache_limits){5000, 100, 10000, 5000};
    chain->ctx = ctx;
    chain->event = event;
}
