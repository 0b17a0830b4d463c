/* SPDX-License-Identifier: MIT */
/* Text from one charset to another, by the C library's iconv. */
#ifndef CPMSYNC_MOCK_CHARSET_H
#define CPMSYNC_MOCK_CHARSET_H

#include "base/buf.h"

bool cpmsync_mock_knows_charset(struct cpmsync_slice name);

/*
 * Appends `text`, which is UTF-8, in another charset. A character that is not there becomes `replacement` (UTF-8 too), or
 * is CPMSYNC_ERR_INVALID_ARGUMENT where that has no data. CPMSYNC_ERR_UNSUPPORTED for a charset that is not known.
 */
int cpmsync_mock_from_utf8(
    struct cpmsync_slice charset, struct cpmsync_slice replacement, struct cpmsync_slice text, struct cpmsync_buf *out);

/* Appends text of a charset as UTF-8. CPMSYNC_ERR_UNSUPPORTED for one that is not known, and for what is not of it. */
int cpmsync_mock_charset_to_utf8(struct cpmsync_slice charset, struct cpmsync_slice text, struct cpmsync_buf *out);

#endif
