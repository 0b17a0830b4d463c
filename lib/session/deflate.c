/* SPDX-License-Identifier: MIT */
#include "session/deflate.h"

#include <cpmsync/error.h>

#include <zlib.h>

/*
 * Negative: raw. What the server's window is cannot be known, so the inflater's is the largest (40 KB in all). The other way
 * it is ours to choose. Commands repeat the one before them: a window of 1 KiB finds that as well as one of 32, and with
 * little room for hashes the compressor takes 14 KB instead of 268. [M] 10,788 octets of SELECT, UID FETCH and UNSELECT
 * become 1,822; at 9 bits 2,257, at 12 bits 2,003, at 15 bits with memory level 8 1,970.
 */
enum { WINDOW_BITS_IN = -15, WINDOW_BITS_OUT = -10, MEMORY_LEVEL = 3 };

enum { PORTION = 1 << 30 }; /* what zlib's own lengths are sure to hold */

struct cpmsync_deflate {
    const struct cpmsync_allocator *mem;
    z_stream inflater, deflater;
    bool ended;   /* the other side's stream */
    bool flushed; /* ours, up to its last octet */
    uint8_t plain[CPMSYNC_DEFLATE_PIECE];
    uint8_t wire[CPMSYNC_DEFLATE_PIECE];
};

/* ---- life */

static voidpf allocate(voidpf mem, uInt count, uInt size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return cpmsync_mem_zalloc(mem, (size_t)count * size);
}

static void release(voidpf mem, voidpf block)
{
    cpmsync_mem_free(mem, block);
}

static void prepare(z_stream *stream, const struct cpmsync_allocator *mem)
{
    stream->zalloc = allocate;
    stream->zfree = release;
    stream->opaque = (voidpf)(uintptr_t)mem;
}

static int error_of(int code)
{
    if (code == Z_OK)
        return 0;
    return code == Z_MEM_ERROR ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_UNSUPPORTED; /* another version of zlib */
}

int cpmsync_deflate_new(struct cpmsync_deflate **out, const struct cpmsync_allocator *mem)
{
    struct cpmsync_deflate *streams = cpmsync_mem_zalloc(mem, sizeof *streams);

    *out = NULL;
    if (!streams)
        return CPMSYNC_ERR_NOMEM;
    streams->mem = mem;
    streams->flushed = true;
    prepare(&streams->inflater, mem);
    prepare(&streams->deflater, mem);
    int error = error_of(inflateInit2(&streams->inflater, WINDOW_BITS_IN));
    if (!error)
        error = error_of(deflateInit2(
            &streams->deflater, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS_OUT, MEMORY_LEVEL, Z_DEFAULT_STRATEGY));
    if (error) {
        cpmsync_deflate_free(streams);
        return error;
    }
    *out = streams;
    return 0;
}

void cpmsync_deflate_free(struct cpmsync_deflate *streams)
{
    if (!streams)
        return;
    /* Each is harmless on a stream that was not begun. */
    inflateEnd(&streams->inflater);
    deflateEnd(&streams->deflater);
    cpmsync_mem_free(streams->mem, streams);
}

/* ---- pieces */

/* Lends the stream the octets' first portion. */
static void lend(z_stream *stream, struct cpmsync_slice octets)
{
    stream->next_in = (Bytef *)(uintptr_t)octets.data;
    stream->avail_in = octets.len < PORTION ? (uInt)octets.len : PORTION;
}

/* Takes off what it has used. */
static void take_off(const z_stream *stream, struct cpmsync_slice *octets)
{
    size_t used = (octets->len < PORTION ? octets->len : PORTION) - stream->avail_in;

    if (used)
        *octets = cpmsync_slice_of(octets->data + used, octets->len - used);
}

int cpmsync_deflate_in(struct cpmsync_deflate *streams, struct cpmsync_slice *input, struct cpmsync_slice *piece)
{
    z_stream *stream = &streams->inflater;
    int code = Z_OK;

    *piece = cpmsync_slice_of(NULL, 0);
    if (streams->ended)
        return input->len ? CPMSYNC_ERR_COMPRESSION : 0;
    stream->next_out = streams->plain;
    stream->avail_out = CPMSYNC_DEFLATE_PIECE;
    do {
        lend(stream, *input);
        code = inflate(stream, Z_SYNC_FLUSH);
        take_off(stream, input);
    } while (code == Z_OK && stream->avail_out && input->len);
    streams->ended = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR)
        return CPMSYNC_ERR_NOMEM;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) /* the last: there was nothing to do */
        return CPMSYNC_ERR_COMPRESSION;
    *piece = cpmsync_slice_of(streams->plain, CPMSYNC_DEFLATE_PIECE - stream->avail_out);
    return piece->len == 0 && streams->ended && input->len ? CPMSYNC_ERR_COMPRESSION : 0;
}

void cpmsync_deflate_out(struct cpmsync_deflate *streams, struct cpmsync_slice *plain, struct cpmsync_slice *piece)
{
    z_stream *stream = &streams->deflater;

    stream->next_out = streams->wire;
    stream->avail_out = CPMSYNC_DEFLATE_PIECE;
    /* A flush that finds nothing new would add an empty block. */
    while (stream->avail_out && (plain->len || !streams->flushed)) {
        lend(stream, *plain);
        int code = deflate(stream, plain->len > PORTION ? Z_NO_FLUSH : Z_SYNC_FLUSH);
        take_off(stream, plain);
        streams->flushed = plain->len == 0 && stream->avail_out != 0;
        if (code != Z_OK)
            break; /* its memory is there: nothing was left to do */
    }
    *piece = cpmsync_slice_of(streams->wire, CPMSYNC_DEFLATE_PIECE - stream->avail_out);
}
