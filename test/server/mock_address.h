/* SPDX-License-Identifier: MIT */
/* address-list of RFC 5322 3.4, with what 4.4 adds, as ENVELOPE shows it (RFC 3501 7.4.2). */
#ifndef CPMSYNC_MOCK_ADDRESS_H
#define CPMSYNC_MOCK_ADDRESS_H

#include "mock_session.h"

/* "(" 1*address ")", or NIL for a list without any. `list` is unfolded. */
void cpmsync_mock_put_addresses(struct mock_conn *conn, struct cpmsync_slice list);

#endif
