/* SPDX-License-Identifier: MIT */
/* The URLs by which a push names a mailbox, a message or an account. */
#ifndef CPMSYNC_SYNC_PUSH_URL_H
#define CPMSYNC_SYNC_PUSH_URL_H

#include "sync/push_value.h"

/*
 * Reads "imap://user@host/mailbox;UIDVALIDITY=1/;UID=2" (RFC 5092; "imaps:" as well) or "mailat:user@host" (OMA EMN) into what
 * of the hint is not said yet. Another scheme says nothing. A part that is wrong says nothing, and the others count.
 */
void cpmsync_push_url(struct cpmsync_push_hint *hint, struct cpmsync_slice url);

#endif
