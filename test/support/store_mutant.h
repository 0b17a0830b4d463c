/* SPDX-License-Identifier: MIT */
/* A memory store with one defect planted, to see the contract checker find it. */
#ifndef CPMSYNC_TEST_STORE_MUTANT_H
#define CPMSYNC_TEST_STORE_MUTANT_H

#include <cpmsync/store.h>

/* Replaces functions of *ops, which begins as the memory store's. */
typedef void (*store_mutant_fn)(struct cpmsync_store_ops *ops);

/* The memory store's own functions; their first argument is that of the mutant. */
const struct cpmsync_store_ops *store_mutant_real(void);

/* Runs the checker on the mutant; its verdict, and the rule it named ("" for none). */
int store_mutant_check(store_mutant_fn mutate, const struct cpmsync_store_check_config *config, const char **rule);

#endif
