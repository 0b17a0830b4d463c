/* SPDX-License-Identifier: MIT */
/* Content transfer encodings, charsets and encoded words undone (RFC 2045 6, 2047). */
#ifndef CPMSYNC_MOCK_DECODE_H
#define CPMSYNC_MOCK_DECODE_H

#include "base/buf.h"

/* The errors are negative `enum cpmsync_error`; *out is appended to. */

enum mock_encoding { MOCK_IDENTITY, MOCK_BASE64, MOCK_QUOTED_PRINTABLE, MOCK_UNKNOWN_ENCODING };
enum mock_encoding cpmsync_mock_encoding_of(struct cpmsync_slice header, const struct cpmsync_allocator *mem);

/* A body under the encoding its header names; CPMSYNC_ERR_UNSUPPORTED for one that is not known. */
int cpmsync_mock_decode_body(struct cpmsync_slice header, struct cpmsync_slice body, struct cpmsync_buf *out);

/* The value of a hexadecimal digit, -1 if it is none. */
int cpmsync_mock_hex(uint8_t digit);

/* Text as UTF-8, which it is taken for without a charset. CPMSYNC_ERR_UNSUPPORTED for a charset that is not known, and for
 * what is not of it. */
int cpmsync_mock_to_utf8(struct cpmsync_slice charset, struct cpmsync_slice text, struct cpmsync_buf *out);

/* The encoded words at the front, with the blanks between them, taken off *text and appended as UTF-8. false for none that
 * can be read, or an *error. */
bool cpmsync_mock_take_words(struct cpmsync_slice *text, struct cpmsync_buf *out, int *error);

/* A header field's value with its encoded words made UTF-8; words that cannot be read stay as they are. */
int cpmsync_mock_decode_words(struct cpmsync_slice value, struct cpmsync_buf *out);

/* The decoded body of a text part as UTF-8, as far as it can be read. */
int cpmsync_mock_decode_text(struct cpmsync_slice header, struct cpmsync_slice body, struct cpmsync_buf *out);

#endif
