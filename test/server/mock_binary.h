/* SPDX-License-Identifier: MIT */
/* BINARY (RFC 3516): parts without their transfer encoding, and binary messages made such that BODY can show them. */
#ifndef CPMSYNC_MOCK_BINARY_H
#define CPMSYNC_MOCK_BINARY_H

#include "mock_section.h"

/* Whether the section's transfer encoding is known. */
bool cpmsync_mock_can_decode(const struct mock_section *section, const struct mock_parts *parts);

/* "[1.2]<0> nstring / literal8", or the decoded size; NIL and 0 where there is no such part. */
void cpmsync_mock_put_binary(struct mock_conn *conn, const struct mock_section *section, bool size,
    struct cpmsync_slice message, const struct mock_parts *parts);

/* Writes a message whose parts with NUL in them are base64. CPMSYNC_ERR_UNSUPPORTED where NUL stands elsewhere. */
int cpmsync_mock_encode_binary(struct cpmsync_slice message, struct cpmsync_buf *out);

#endif
