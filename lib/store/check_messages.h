/* SPDX-License-Identifier: MIT */
/* The contract checker's rules on rows, flag sets and descriptors. */
#ifndef CPMSYNC_STORE_CHECK_MESSAGES_H
#define CPMSYNC_STORE_CHECK_MESSAGES_H

#include "store/check_rules.h"

/* Ends with a NULL name. */
extern const struct cpmsync_check_rule cpmsync_check_messages[];

#endif
