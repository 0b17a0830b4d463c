/* SPDX-License-Identifier: MIT */
#include "support/deflate_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

#include <zlib.h>

struct support_deflate {
    z_stream deflater, inflater;
};

struct support_deflate *support_deflate_new(void)
{
    struct support_deflate *peer = calloc(1, sizeof *peer);

    assert_non_null(peer);
    assert_int_equal(inflateInit2(&peer->inflater, -15), Z_OK);
    assert_int_equal(deflateInit2(&peer->deflater, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    return peer;
}

void support_deflate_free(struct support_deflate *peer)
{
    inflateEnd(&peer->inflater);
    deflateEnd(&peer->deflater);
    free(peer);
}

static size_t pack(
    struct support_deflate *peer, const void *plain, size_t len, uint8_t *wire, size_t size, int flush, int expected)
{
    z_stream *stream = &peer->deflater;

    stream->next_in = (Bytef *)(uintptr_t)plain;
    stream->avail_in = (uInt)len;
    stream->next_out = wire;
    stream->avail_out = (uInt)size;
    assert_int_equal(deflate(stream, flush), expected);
    assert_int_equal(stream->avail_in, 0);
    assert_int_not_equal(stream->avail_out, 0);
    return size - stream->avail_out;
}

size_t support_deflate_pack(struct support_deflate *peer, const void *plain, size_t len, uint8_t *wire, size_t size)
{
    return pack(peer, plain, len, wire, size, Z_SYNC_FLUSH, Z_OK);
}

size_t support_deflate_finish(struct support_deflate *peer, const void *plain, size_t len, uint8_t *wire, size_t size)
{
    return pack(peer, plain, len, wire, size, Z_FINISH, Z_STREAM_END);
}

size_t support_deflate_unpack(struct support_deflate *peer, const void *wire, size_t len, char *plain, size_t size)
{
    z_stream *stream = &peer->inflater;

    stream->next_in = (Bytef *)(uintptr_t)wire;
    stream->avail_in = (uInt)len;
    stream->next_out = (Bytef *)plain;
    stream->avail_out = (uInt)size - 1;
    if (len)
        assert_int_equal(inflate(stream, Z_SYNC_FLUSH), Z_OK);
    assert_int_equal(stream->avail_in, 0);
    plain[size - 1 - stream->avail_out] = '\0';
    return size - 1 - stream->avail_out;
}
