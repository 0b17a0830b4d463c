/* SPDX-License-Identifier: MIT */
#include "session/deadline.h"

void cpmsync_deadline_init(struct cpmsync_deadline *deadline, int64_t timeout_ms)
{
    deadline->timeout_ms = timeout_ms;
    deadline->at = CPMSYNC_NEVER;
    deadline->due = false;
}

bool cpmsync_deadline_check(struct cpmsync_deadline *deadline, int64_t now, bool due, bool alive)
{
    bool started = due && deadline->due;

    deadline->due = due;
    if (!due || deadline->timeout_ms == CPMSYNC_NEVER) {
        deadline->at = CPMSYNC_NEVER;
        return false;
    }
    if (started && !alive)
        return now >= deadline->at;
    deadline->at = now > INT64_MAX - deadline->timeout_ms ? CPMSYNC_NEVER : now + deadline->timeout_ms;
    return false;
}

int64_t cpmsync_deadline_expiry(const struct cpmsync_deadline *deadline, int64_t now, bool due)
{
    if (!due || deadline->timeout_ms == CPMSYNC_NEVER)
        return CPMSYNC_NEVER;
    return deadline->due ? deadline->at : now;
}
