/* SPDX-License-Identifier: MIT */
/* What to ask of this server for this mailbox: the rung of the ladder, SELECT's parameter, the width of ranges. */
#ifndef CPMSYNC_SYNC_PLAN_H
#define CPMSYNC_SYNC_PLAN_H

#include "session/session.h"
#include "sync/open_mailbox.h"

/* How SELECT opens a mailbox (D-24). */
enum cpmsync_rung {
    CPMSYNC_RUNG_QRESYNC,   /* SELECT m (QRESYNC (...)): flags and expunges since the cursor */
    CPMSYNC_RUNG_CONDSTORE, /* SELECT m (CONDSTORE): mod-sequences, and a full pass for what is cached */
    CPMSYNC_RUNG_PLAIN      /* SELECT m; with QRESYNC enabled mod-sequences come all the same */
};

/* Whether it is enabled, or its ENABLE in flight (P-07), and was not found wanting; whether mod-sequences are to be used. */
bool cpmsync_plan_qresync(const struct cpmsync_session *session, const struct cpmsync_server_facts *facts);
bool cpmsync_plan_mod_sequences(const struct cpmsync_session *session, const struct cpmsync_server_facts *facts);

/*
 * QRESYNC needs it enabled (or its ENABLE in flight, P-07), a UIDVALIDITY, a cursor and covered UIDs (Q-07, Q-14, R7).
 */
enum cpmsync_rung cpmsync_plan_rung(const struct cpmsync_session *session, const struct cpmsync_server_facts *facts,
    const struct cpmsync_open_mailbox *mailbox);

/* SELECT drew BAD on this rung: remembers it. False if there is no lower one. */
bool cpmsync_plan_lower(struct cpmsync_server_facts *facts, enum cpmsync_rung rung);

/* What the server told on this rung turned out wrong, for the CPMSYNC_PLAN_FAILURES-th time running: the server is used a
 * rung lower (R14). Or it held. */
enum { CPMSYNC_PLAN_FAILURES = 3 };
void cpmsync_plan_failed(struct cpmsync_server_facts *facts, enum cpmsync_rung rung);
void cpmsync_plan_held(struct cpmsync_server_facts *facts, enum cpmsync_rung rung);

/* Writes SELECT's parameter for the rung, if any: known-uids are the covered UIDs, left out where they would make the line
 * too long; sequence-match data only of a verified mailbox (R7, Q-19, Q-20). */
void cpmsync_plan_select_parameter(
    struct cpmsync_command *command, enum cpmsync_rung rung, const struct cpmsync_open_mailbox *mailbox);

/* The width of the next range when `missing` messages lie in `span` UIDs: about CPMSYNC_RESYNC_RANGE messages, however
 * sparse they are. */
uint32_t cpmsync_plan_range(uint32_t span, uint32_t missing);

#endif
