/* SPDX-License-Identifier: MIT */
/* PREVIEW (RFC 8970): the first words of a message. */
#ifndef CPMSYNC_MOCK_PREVIEW_H
#define CPMSYNC_MOCK_PREVIEW_H

#include "mock_mime.h"

/* Appends at most 200 characters of the first text part, as UTF-8 on one line; nothing where there is no text. */
int cpmsync_mock_preview(const struct mock_parts *parts, struct cpmsync_buf *out);

#endif
