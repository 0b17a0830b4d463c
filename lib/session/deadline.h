/* SPDX-License-Identifier: MIT */
/*
 * How long silence is borne. The clock runs while an answer is due, from the last sign of life: an octet received, or an
 * octet of ours that the transport took. It starts with the first `now` that is shown after an answer became due, since
 * the time before may be as old as the last call.
 */
#ifndef CPMSYNC_SESSION_DEADLINE_H
#define CPMSYNC_SESSION_DEADLINE_H

#include <cpmsync/types.h>

#include <stdbool.h>

struct cpmsync_deadline {
    int64_t timeout_ms; /* CPMSYNC_NEVER: none */
    int64_t at;         /* CPMSYNC_NEVER while it does not run */
    bool due;
    int64_t suspect_ms; /* in place of timeout_ms, where it is less, until something is heard; CPMSYNC_NEVER */
};

void cpmsync_deadline_init(struct cpmsync_deadline *deadline, int64_t timeout_ms);
/* Shows it the time and whether an answer is due. `alive`: a sign of life came with it. True when it is over. */
bool cpmsync_deadline_check(struct cpmsync_deadline *deadline, int64_t now, bool due, bool alive);
/* The peer may be gone: silence is borne no longer than this, from `now`; until something is heard (then CPMSYNC_NEVER is set). */
void cpmsync_deadline_suspect(struct cpmsync_deadline *deadline, int64_t now, int64_t suspect_ms);
/* When to check again: CPMSYNC_NEVER while nothing is due; `now` if the clock has not started yet. */
int64_t cpmsync_deadline_expiry(const struct cpmsync_deadline *deadline, int64_t now, bool due);

#endif
