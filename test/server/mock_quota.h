/* SPDX-License-Identifier: MIT */
/* Quota (RFC 9208, and RFC 2087's names): one root a user, "#user/NAME", for all of the user's mailboxes. */
#ifndef CPMSYNC_MOCK_QUOTA_H
#define CPMSYNC_MOCK_QUOTA_H

#include "mock_session.h"

/* What comes, or with what goes at the same time, less. */
struct mock_growth {
    int64_t octets;
    int64_t messages;
    int64_t mailboxes;
};

/* Whether it would exceed a limit of this user. A limit that is soft is told and not kept: false. */
bool cpmsync_mock_exceeds_quota(
    struct mock_conn *conn, const struct mock_user *owner, const struct mock_growth *growth);

/* "STORAGE", "MESSAGE", "MAILBOX"; a negative number for none of them. */
int cpmsync_mock_quota_resource(struct cpmsync_slice name);

#endif
