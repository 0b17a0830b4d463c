/* SPDX-License-Identifier: MIT */
/*
 * Mailbox names: on the wire modified UTF-7 (RFC 3501 5.1.3), or UTF-8 where that was enabled; for the app and as the key
 * of the cache UTF-8 where the wire name is valid mUTF-7 and encodes back to the same octets, else the octets as they came
 * (R10, M-04). Any case of INBOX is "INBOX" (M-01).
 */
#ifndef CPMSYNC_WIRE_MAILBOX_NAME_H
#define CPMSYNC_WIRE_MAILBOX_NAME_H

#include "base/buf.h"

enum { CPMSYNC_MAILBOX_NAME_MAX = 4096 };

/* Appends the key of a wire name. 0, CPMSYNC_ERR_LIMIT, CPMSYNC_ERR_NOMEM. */
int cpmsync_mailbox_name_decode(struct cpmsync_slice wire, bool utf8, struct cpmsync_buf *key);

/* Appends the wire name of a key. A key that is not valid UTF-8, or that decode would not give back, goes as it is. So does
 * one that reads as mUTF-7 but is not what an encoder writes ("&AEE-", a lone surrogate): a server's odd name, and hardly
 * one a user typed. What no rule can tell apart, "R&D" from a user and a server's bare "R&D", is taken for the user's.
 * CPMSYNC_ERR_INVALID_ARGUMENT for an empty key (except as LIST reference, which has no key) or one with NUL, CR, LF. */
int cpmsync_mailbox_name_encode(struct cpmsync_slice key, bool utf8, struct cpmsync_buf *wire);

#endif
