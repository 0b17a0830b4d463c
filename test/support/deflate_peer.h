/* SPDX-License-Identifier: MIT */
/* The other side of a conversation that is compressed (RFC 4978): zlib as servers use it, with its largest window both ways,
 * and nothing of the library's own. Uses cmocka's assertions. */
#ifndef CPMSYNC_TEST_DEFLATE_PEER_H
#define CPMSYNC_TEST_DEFLATE_PEER_H

#include <stddef.h>
#include <stdint.h>

struct support_deflate;

struct support_deflate *support_deflate_new(void);
void support_deflate_free(struct support_deflate *peer);

/* What `len` octets become, up to a sync flush: how many octets were written to `wire`, which must hold them. */
size_t support_deflate_pack(struct support_deflate *peer, const void *plain, size_t len, uint8_t *wire, size_t size);
/* The same, and the stream ends. */
size_t support_deflate_finish(struct support_deflate *peer, const void *plain, size_t len, uint8_t *wire, size_t size);
/* What octets from the wire stand for, NUL behind it: how many were written to `plain`, which must hold them. */
size_t support_deflate_unpack(struct support_deflate *peer, const void *wire, size_t len, char *plain, size_t size);

#endif
