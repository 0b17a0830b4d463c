/* SPDX-License-Identifier: MIT */
/*
 * Raw DEFLATE (RFC 1951) both ways over zlib (CPMSYNC_WITH_ZLIB), a piece at a time: what a piece holds is bounded, however
 * much an octet of the other side stands for. It knows nothing of IMAP.
 */
#ifndef CPMSYNC_SESSION_DEFLATE_H
#define CPMSYNC_SESSION_DEFLATE_H

#include "base/buf.h"

enum { CPMSYNC_DEFLATE_PIECE = 4096 };

struct cpmsync_deflate;

/* 0; CPMSYNC_ERR_NOMEM; CPMSYNC_ERR_UNSUPPORTED without zlib. All memory but the inflater's window (32 KiB, when the first
 * octets come) is taken here. */
int cpmsync_deflate_new(struct cpmsync_deflate **streams, const struct cpmsync_allocator *mem);
void cpmsync_deflate_free(struct cpmsync_deflate *streams);

/*
 * What comes: the next piece that octets of *input, which is advanced, stand for. Call until it is empty; then all input is
 * used. It lives until the next call. 0; CPMSYNC_ERR_COMPRESSION: this is not DEFLATE, or stands behind its end, which alone
 * is no error (PF-86); CPMSYNC_ERR_NOMEM. After an error nothing more comes.
 */
int cpmsync_deflate_in(struct cpmsync_deflate *streams, struct cpmsync_slice *input, struct cpmsync_slice *piece);

/*
 * What leaves: the next piece of what stands for *plain, which is advanced. Call until it is empty; then all of `plain` has
 * come out, and the other side can read its last octet (RFC 4978 4). It lives until the next call.
 */
void cpmsync_deflate_out(struct cpmsync_deflate *streams, struct cpmsync_slice *plain, struct cpmsync_slice *piece);

#endif
