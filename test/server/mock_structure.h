/* SPDX-License-Identifier: MIT */
/* ENVELOPE, BODY and BODYSTRUCTURE (RFC 3501 7.4.2), written from the parts of a message. */
#ifndef CPMSYNC_MOCK_STRUCTURE_H
#define CPMSYNC_MOCK_STRUCTURE_H

#include "mock_mime.h"
#include "mock_session.h"

void cpmsync_mock_put_envelope(struct mock_conn *conn, struct cpmsync_slice header);

/* Of the whole message; with extension data for BODYSTRUCTURE. */
void cpmsync_mock_put_structure(struct mock_conn *conn, const struct mock_parts *parts, bool extended);

#endif
