/* SPDX-License-Identifier: MIT */
/*
 * Being told of changes as they happen: IDLE behind everything that was asked (RFC 2177), again and again, so that the server
 * and what lies between keep the connection, and so that a dead one is found (I-04, I-05). The next command submitted on the
 * session ends it; DONE, commands and the next IDLE leave in one burst. Where there is no IDLE, NOOP asks as often (I-01).
 */
#ifndef CPMSYNC_SYNC_LIVE_H
#define CPMSYNC_SYNC_LIVE_H

#include "sync/chain.h"

enum { CPMSYNC_LIVE_CUT_SHORT_MAX = 3 }; /* so many IDLEs in a row that the server ended, and it has none */

struct cpmsync_live_command {
    struct cpmsync_session_command command; /* the first member */
    struct cpmsync_live *live;
    bool busy;
};

struct cpmsync_live {
    struct cpmsync_chain *chain; /* lent */
    int64_t refresh_ms;          /* CPMSYNC_NEVER: never */
    int64_t refresh_at;
    struct cpmsync_live_command commands[2]; /* one may wait for its answer while the next is sent */
    bool no_idle;                            /* it was refused */
    unsigned cut_short;
};

void cpmsync_live_init(struct cpmsync_live *live, struct cpmsync_chain *chain, int64_t refresh_ms);

/* Nothing else is to be asked now: idles, if it does not yet. 0, CPMSYNC_ERR_NOMEM or an error of the session. */
int cpmsync_live_idle(struct cpmsync_live *live, int64_t now);

/* Time passed: ends an IDLE that lasted long enough; idle begins the next one. 0 or an error as above. */
int cpmsync_live_tick(struct cpmsync_live *live, int64_t now);

/* When tick is due; CPMSYNC_NEVER. */
int64_t cpmsync_live_expiry(const struct cpmsync_live *live);

#endif
