/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing_store.h"
#include "support/rule_sweep.h"

/* Some rules repeat one call hundreds of times: of these many, one in so many is tried. */
enum { EACH = 64, STRIDE = 41 };

struct outcome {
    int error;
    uint64_t calls;
    uint64_t refused;
};

static struct outcome check(const struct cpmsync_check_rule *rule, uint64_t fail_at, uint64_t lie_at)
{
    struct support_store failing;
    struct outcome outcome;

    assert_int_equal(support_store_open(&failing, NULL), 0);
    support_store_fail_at(&failing, SUPPORT_STORE_ANY, fail_at, CPMSYNC_ERR_STORE_FULL);
    failing.lie_at = lie_at;
    outcome.error = rule->check(&failing.store);
    outcome.calls = failing.calls[SUPPORT_STORE_ANY];
    outcome.refused = failing.refused;
    support_store_close(&failing);
    return outcome;
}

static void sweep_rule(const struct cpmsync_check_rule *rule)
{
    struct outcome right = check(rule, 0, 0);

    assert_int_equal(right.error, 0);
    for (uint64_t n = 1; n <= right.calls; n += n < EACH ? 1 : STRIDE) {
        struct outcome failed = check(rule, n, 0);

        if (failed.error == 0 && (failed.calls != right.calls || failed.refused != right.refused - 1))
            fail_msg("%s: call %u of %u failed, which was not noticed", rule->name, (unsigned)n, (unsigned)right.calls);
    }
    for (uint64_t n = 1; n <= right.refused; n++)
        if (check(rule, 0, n).error == 0)
            fail_msg("%s: refusal %u was none, which was not noticed", rule->name, (unsigned)n);
}

void rule_sweep(const struct cpmsync_check_rule *rules)
{
    for (; rules->name != NULL; rules++)
        sweep_rule(rules);
}
