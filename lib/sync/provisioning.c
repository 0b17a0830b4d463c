/* SPDX-License-Identifier: MIT */
/* What RCC.07 provisions, as a policy. */
#include <cpmsync/trigger.h>

#include "base/sized.h"
#include "base/slice.h"

static bool is_blank(uint8_t octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

/* Seconds as text to milliseconds as the policy has them; leaves *ms alone if nothing is provisioned. */
static int read_timer(const char *text, int64_t *ms)
{
    struct cpmsync_slice digits = cpmsync_slice_of(text, text ? strlen(text) : 0);
    uint64_t seconds;

    while (digits.len && is_blank(digits.data[0])) {
        digits.data++;
        digits.len--;
    }
    while (digits.len && is_blank(digits.data[digits.len - 1]))
        digits.len--;
    if (digits.len == 0)
        return 0;
    if (!cpmsync_slice_number(digits, INT64_MAX / 1000, &seconds))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    *ms = seconds ? (int64_t)seconds * 1000 : CPMSYNC_OFF;
    return 0;
}

int cpmsync_policy_from_provisioning(struct cpmsync_sync_policy *policy, const struct cpmsync_provisioning *values)
{
    struct cpmsync_sync_policy changed;
    struct cpmsync_provisioning known;

    if (cpmsync_sized_read(&changed, sizeof changed, policy) || cpmsync_sized_read(&known, sizeof known, values))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (read_timer(known.sync_timer, &changed.interval_ms) ||
        read_timer(known.data_connection_sync_timer, &changed.online_distance_ms))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    policy->interval_ms = changed.interval_ms;
    policy->online_distance_ms = changed.online_distance_ms;
    return 0;
}
