/* SPDX-License-Identifier: MIT */
/*
 * Which cached mailboxes have other names now: what LIST and STATUS told beside what is stored. A mailbox is recognised by its
 * MAILBOXID (RFC 8474; asked for where there is a doubt, and alone: Cyrus 3.6 answers STATUS with others beside it with octets of
 * anything), or by the OLDNAME of it or of a mailbox above it (RFC 9051 6.3.9.7), and has the UIDVALIDITY it had in
 * any case (O-03, O-06, N-10). What is ambiguous or contradictory counts for nothing (O-05).
 */
#ifndef CPMSYNC_SYNC_RECOGNISE_H
#define CPMSYNC_SYNC_RECOGNISE_H

#include "sync/rename.h"
#include "sync/roster.h"

/*
 * Marks the entries of which the MAILBOXID is to be asked for: a cached mailbox that has one is gone, or its name has another
 * UIDVALIDITY, and this one has the UIDVALIDITY it had. *count is how many they are. LIST and STATUS have ended, the roster is
 * sorted. 0, CPMSYNC_ERR_NOMEM, the store's error.
 */
int cpmsync_recognise_doubts(struct cpmsync_roster *roster, const struct cpmsync_store *store, size_t *count);

/*
 * Adds them to `renames`. What is cached as `fresh` (may be empty) is so for a moment only,
 * and gives way to the cache it had by another name. 0, CPMSYNC_ERR_NOMEM, the store's error.
 */
int cpmsync_recognise(struct cpmsync_roster *roster, const struct cpmsync_store *store, struct cpmsync_slice fresh,
    struct cpmsync_renames *renames);

#endif
