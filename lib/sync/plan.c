/* SPDX-License-Identifier: MIT */
#include "sync/plan.h"

#include "sync/resync.h"

enum {
    KNOWN_RANGES = 200, /* at most 22 octets each */
    MATCH_PAIRS = 11    /* likewise: 256 octets at most (R7) */
};

bool cpmsync_plan_qresync(const struct cpmsync_session *session, const struct cpmsync_server_facts *facts)
{
    return !facts->no_qresync && cpmsync_session_enabled(session, "QRESYNC") != CPMSYNC_ENABLED_NO;
}

bool cpmsync_plan_mod_sequences(const struct cpmsync_session *session, const struct cpmsync_server_facts *facts)
{
    /* SELECT's parameter that is refused does not count: FETCH MODSEQ enables as well. */
    return cpmsync_session_can(session, "CONDSTORE") &&
           (facts->condstore_failures < CPMSYNC_PLAN_FAILURES || cpmsync_plan_qresync(session, facts));
}

enum cpmsync_rung cpmsync_plan_rung(const struct cpmsync_session *session, const struct cpmsync_server_facts *facts,
    const struct cpmsync_open_mailbox *mailbox)
{
    const struct cpmsync_cache *cache = &mailbox->cache;

    if (cpmsync_plan_qresync(session, facts)) {
        if (cache->uidvalidity && cache->highestmodseq && cache->covered.count)
            return CPMSYNC_RUNG_QRESYNC;
        return CPMSYNC_RUNG_PLAIN;
    }
    if (cpmsync_session_can(session, "CONDSTORE") && !facts->no_condstore)
        return CPMSYNC_RUNG_CONDSTORE;
    return CPMSYNC_RUNG_PLAIN;
}

bool cpmsync_plan_lower(struct cpmsync_server_facts *facts, enum cpmsync_rung rung)
{
    switch (rung) {
    case CPMSYNC_RUNG_QRESYNC:
        facts->no_qresync = true;
        return true;
    case CPMSYNC_RUNG_CONDSTORE:
        facts->no_condstore = true;
        return true;
    case CPMSYNC_RUNG_PLAIN:
        break;
    }
    return false;
}

void cpmsync_plan_failed(struct cpmsync_server_facts *facts, enum cpmsync_rung rung)
{
    if (rung == CPMSYNC_RUNG_QRESYNC && ++facts->qresync_failures >= CPMSYNC_PLAN_FAILURES)
        facts->no_qresync = true;
    if (rung == CPMSYNC_RUNG_CONDSTORE && ++facts->condstore_failures >= CPMSYNC_PLAN_FAILURES)
        facts->no_condstore = true;
}

void cpmsync_plan_held(struct cpmsync_server_facts *facts, enum cpmsync_rung rung)
{
    if (rung == CPMSYNC_RUNG_QRESYNC)
        facts->qresync_failures = 0;
    if (rung == CPMSYNC_RUNG_CONDSTORE)
        facts->condstore_failures = 0;
}

/*
 * Message numbers and UIDs that belonged together at the cursor (RFC 7162 3.2.5.2), for servers that forgot which messages
 * were expunged: the last messages, ever farther apart, since most changes are at the end.
 */
static void sequence_match(struct cpmsync_command *command, const struct cpmsync_cache *cache)
{
    size_t count = cpmsync_columns_count(cache->columns);
    struct cpmsync_uidset numbers;
    struct cpmsync_uidset uids;
    struct cpmsync_row row;
    int error = 0;

    cpmsync_uidset_init(&numbers, cache->mem, MATCH_PAIRS);
    cpmsync_uidset_init(&uids, cache->mem, MATCH_PAIRS);
    for (unsigned pair = MATCH_PAIRS; pair-- > 0 && !error;) {
        size_t back = ((size_t)1 << pair) - 1;
        if (back >= count || !cpmsync_columns_at(cache->columns, count - back, &row))
            continue;
        error = cpmsync_uidset_add(&numbers, (uint32_t)(count - back), (uint32_t)(count - back));
        if (!error)
            error = cpmsync_uidset_add(&uids, row.uid, row.uid);
    }
    if (!error && numbers.count) {
        cpmsync_command_open(command);
        cpmsync_command_set(command, &numbers);
        cpmsync_command_set(command, &uids);
        cpmsync_command_close(command);
    }
    cpmsync_uidset_clear(&numbers);
    cpmsync_uidset_clear(&uids);
}

void cpmsync_plan_select_parameter(
    struct cpmsync_command *command, enum cpmsync_rung rung, const struct cpmsync_open_mailbox *mailbox)
{
    const struct cpmsync_cache *cache = &mailbox->cache;

    if (rung == CPMSYNC_RUNG_PLAIN)
        return;
    cpmsync_command_open(command);
    if (rung == CPMSYNC_RUNG_CONDSTORE) {
        cpmsync_command_atom(command, "CONDSTORE");
    } else {
        cpmsync_command_atom(command, "QRESYNC");
        cpmsync_command_open(command);
        cpmsync_command_number(command, cache->uidvalidity);
        cpmsync_command_number(command, cache->highestmodseq);
        /* Too many ranges for one line are left out, which means all UIDs below UIDNEXT. Naming fewer would
         * move the cursor past changes of the others. */
        if (cache->covered.count <= KNOWN_RANGES) {
            cpmsync_command_set(command, &cache->covered);
            if (mailbox->bits & CPMSYNC_MAILBOX_VERIFIED)
                sequence_match(command, cache);
        }
        cpmsync_command_close(command);
    }
    cpmsync_command_close(command);
}

uint32_t cpmsync_plan_range(uint32_t span, uint32_t missing)
{
    if (missing <= CPMSYNC_RESYNC_RANGE)
        return span;
    uint64_t width = (uint64_t)span * CPMSYNC_RESYNC_RANGE / missing;
    return width < CPMSYNC_RESYNC_RANGE ? CPMSYNC_RESYNC_RANGE : (uint32_t)width;
}
