/* SPDX-License-Identifier: MIT */
/* Base64 as SASL uses it in IMAP (RFC 3501 9 base64, RFC 4648 4). */
#ifndef CPMSYNC_SESSION_BASE64_H
#define CPMSYNC_SESSION_BASE64_H

#include "base/buf.h"

/* Appends the text of `octets` to `out`. 0 or an error of buf; `out` is as before on error. */
int cpmsync_base64_encode(struct cpmsync_buf *out, struct cpmsync_slice octets);

/*
 * Appends the octets of `text`. Strict: groups of four, '=' at the end only, unused bits zero, nothing else. 0,
 * CPMSYNC_ERR_PROTOCOL, or an error of buf; `out` is as before on error.
 */
int cpmsync_base64_decode(struct cpmsync_buf *out, struct cpmsync_slice text);

#endif
