/* SPDX-License-Identifier: MIT */
#include "session/deadline.h"

void cpmsync_deadline_init(struct cpmsync_deadline *deadline, int64_t timeout_ms)
{
    deadline->timeout_ms = timeout_ms;
    deadline->at = CPMSYNC_NEVER;
    deadline->due = false;
    deadline->suspect_ms = CPMSYNC_NEVER;
}

static int64_t patience(const struct cpmsync_deadline *deadline)
{
    return deadline->suspect_ms < deadline->timeout_ms ? deadline->suspect_ms : deadline->timeout_ms;
}

static int64_t later(int64_t now, int64_t ms)
{
    return now > INT64_MAX - ms ? CPMSYNC_NEVER : now + ms;
}

bool cpmsync_deadline_check(struct cpmsync_deadline *deadline, int64_t now, bool due, bool alive)
{
    bool started = due && deadline->due;

    deadline->due = due;
    if (!due || patience(deadline) == CPMSYNC_NEVER) {
        deadline->at = CPMSYNC_NEVER;
        return false;
    }
    if (started && !alive)
        return now >= deadline->at;
    deadline->at = later(now, patience(deadline));
    return false;
}

void cpmsync_deadline_suspect(struct cpmsync_deadline *deadline, int64_t now, int64_t suspect_ms)
{
    deadline->suspect_ms = suspect_ms;
    if (deadline->due && patience(deadline) != CPMSYNC_NEVER && later(now, patience(deadline)) < deadline->at)
        deadline->at = later(now, patience(deadline));
}

int64_t cpmsync_deadline_expiry(const struct cpmsync_deadline *deadline, int64_t now, bool due)
{
    if (!due || patience(deadline) == CPMSYNC_NEVER)
        return CPMSYNC_NEVER;
    return deadline->due ? deadline->at : now;
}
