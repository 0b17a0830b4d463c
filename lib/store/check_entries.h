/* SPDX-License-Identifier: MIT */
/* The contract checker's rules on journal entries and values. */
#ifndef CPMSYNC_STORE_CHECK_ENTRIES_H
#define CPMSYNC_STORE_CHECK_ENTRIES_H

#include "store/check_rules.h"

/* Ends with a NULL name. */
extern const struct cpmsync_check_rule cpmsync_check_entries[];

#endif
