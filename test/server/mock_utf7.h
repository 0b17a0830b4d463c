/* SPDX-License-Identifier: MIT */
/* Mailbox names in modified UTF-7 (RFC 3501 5.1.3), which the store keeps, and in UTF-8. */
#ifndef CPMSYNC_MOCK_UTF7_H
#define CPMSYNC_MOCK_UTF7_H

#include "base/buf.h"

/* Appends. CPMSYNC_ERR_INVALID_ARGUMENT for what is not UTF-8, or has control characters or line separators in it
 * (RFC 6855 3). */
int cpmsync_mock_to_utf7(struct cpmsync_slice utf8, struct cpmsync_buf *out);

/* Appends. CPMSYNC_ERR_INVALID_ARGUMENT, and nothing appended, for what is not modified UTF-7 in its only form. */
int cpmsync_mock_from_utf7(struct cpmsync_slice utf7, struct cpmsync_buf *out);

#endif
