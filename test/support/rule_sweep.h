/* SPDX-License-Identifier: MIT */
/* The contract checker's rules on a store whose n-th call fails, and on one that keeps its n-th refusal secret. */
#ifndef CPMSYNC_TEST_RULE_SWEEP_H
#define CPMSYNC_TEST_RULE_SWEEP_H

#include "store/check_rules.h"

/* Fails the test unless each rule notices each of them; a call that fails where the contract wants a refusal is none. */
void rule_sweep(const struct cpmsync_check_rule *rules);

#endif
