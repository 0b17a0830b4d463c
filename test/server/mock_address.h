/* SPDX-License-Identifier: MIT */
/* address-list of RFC 5322 3.4, with what 4.4 adds, as ENVELOPE shows it (RFC 3501 7.4.2). */
#ifndef CPMSYNC_MOCK_ADDRESS_H
#define CPMSYNC_MOCK_ADDRESS_H

#include "mock_session.h"

/* "(" 1*address ")", or NIL for a list without any. `list` is unfolded. */
void cpmsync_mock_put_addresses(struct mock_conn *conn, struct cpmsync_slice list);

/* Appends what ENVELOPE shows as the mailbox of the first address: its local part, or the name of a group. Nothing for a
 * list without any. */
void cpmsync_mock_first_mailbox(struct mock_conn *conn, struct cpmsync_slice list, struct cpmsync_buf *out);

#endif
