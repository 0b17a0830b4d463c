/* SPDX-License-Identifier: MIT */
/* The contract checker's rules on transactions and mailboxes. */
#ifndef CPMSYNC_STORE_CHECK_MAILBOXES_H
#define CPMSYNC_STORE_CHECK_MAILBOXES_H

#include "store/check_rules.h"

/* Ends with a NULL name. */
extern const struct cpmsync_check_rule cpmsync_check_mailboxes[];

#endif
