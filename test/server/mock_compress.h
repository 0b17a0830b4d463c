/* SPDX-License-Identifier: MIT */
/* COMPRESS=DEFLATE (RFC 4978): what stands between a connection's commands and answers and the octets of the wire. */
#ifndef CPMSYNC_MOCK_COMPRESS_H
#define CPMSYNC_MOCK_COMPRESS_H

#include "base/buf.h"

struct mock_conn;
struct mock_compress;

/* Whether the mock was built with zlib. Without it nothing below is ever called. */
bool cpmsync_mock_can_compress(void);

/* The answers up to `plain` octets go out as they are, all behind them compressed; what is in the input is compressed
 * already. */
void cpmsync_mock_compress_begin(struct mock_conn *conn, size_t plain);
void cpmsync_mock_compress_end(struct mock_conn *conn);

/* Adds what the octets inflate to to the input: 0, CPMSYNC_ERR_LIMIT, _NOMEM, or _CLOSED where they are not DEFLATE. */
int cpmsync_mock_inflate(struct mock_conn *conn, const void *data, size_t len);

/* Compresses the answers there are, flushed so that the client can read all of them (RFC 4978 3). */
void cpmsync_mock_deflate(struct mock_conn *conn);

/* What waits for the client. */
struct cpmsync_buf *cpmsync_mock_wire(struct mock_compress *compress);

#endif
