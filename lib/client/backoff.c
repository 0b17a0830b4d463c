/* SPDX-License-Identifier: MIT */
#include "client/backoff.h"

enum { DOUBLINGS_MAX = 40 };

void cpmsync_backoff_init(struct cpmsync_backoff *backoff, int64_t least_ms, int64_t most_ms)
{
    backoff->least_ms = least_ms;
    backoff->most_ms = most_ms;
    cpmsync_backoff_reset(backoff);
}

void cpmsync_backoff_failed(struct cpmsync_backoff *backoff, int64_t now, uint32_t random)
{
    int64_t delay = backoff->least_ms;

    if (backoff->before && now - backoff->worked_at < backoff->least_ms)
        backoff->failures = backoff->before;
    backoff->before = 0;
    for (uint32_t i = 0; i < backoff->failures && i < DOUBLINGS_MAX && delay < backoff->most_ms; i++)
        delay = delay > INT64_MAX / 2 ? INT64_MAX : 2 * delay;
    if (delay > backoff->most_ms)
        delay = backoff->most_ms;
    if (backoff->failures < UINT32_MAX)
        backoff->failures++;
    int64_t half = delay / 2;
    delay -= half;
    delay += half > INT64_MAX >> 16 ? half : half * (int64_t)(random & 0xffff) / 0xffff;
    backoff->retry_at = now > INT64_MAX - delay ? CPMSYNC_NEVER : now + delay;
}

void cpmsync_backoff_worked(struct cpmsync_backoff *backoff, int64_t now)
{
    uint32_t before = backoff->failures;

    if (before == 0)
        return;
    cpmsync_backoff_reset(backoff);
    backoff->before = before;
    backoff->worked_at = now;
}

void cpmsync_backoff_reset(struct cpmsync_backoff *backoff)
{
    backoff->before = 0;
    backoff->worked_at = 0;
    backoff->failures = 0;
    backoff->retry_at = INT64_MIN;
}
