/* SPDX-License-Identifier: MIT */
/* MESSAGELIMIT and SAVELIMIT (RFC 9738): how many messages a command may touch. The faults of these names set them. */
#ifndef CPMSYNC_MOCK_LIMIT_H
#define CPMSYNC_MOCK_LIMIT_H

#include "mock_session.h"

/* Leaves the highest messages of a command's resolved set, as many as the limit allows. */
void cpmsync_mock_limit(struct mock_conn *conn, struct mock_set *set, bool uids);

/* Tagged OK, with the code where the command was limited: [MESSAGELIMIT n uid]. */
void cpmsync_mock_ok_limited(struct mock_conn *conn, const char *text);
/* The code in an untagged NO, where the tagged answer has another. */
void cpmsync_mock_tell_limit(struct mock_conn *conn);

/* Whether so many new messages are too many for one command; it is answered NO then. */
bool cpmsync_mock_exceeds_limit(struct mock_conn *conn, uint64_t count);

#endif
