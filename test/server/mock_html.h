/* SPDX-License-Identifier: MIT */
/* What a reader sees of HTML, as plain text. */
#ifndef CPMSYNC_MOCK_HTML_H
#define CPMSYNC_MOCK_HTML_H

#include "base/buf.h"

/* Both are UTF-8; lines end in CRLF. Appends. 0 or an error of the buffer. */
int cpmsync_mock_html_to_text(struct cpmsync_slice html, struct cpmsync_buf *out);

#endif
