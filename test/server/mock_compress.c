/* SPDX-License-Identifier: MIT */
#include "mock_session.h"

#ifdef CPMSYNC_MOCK_WITH_ZLIB
#include <zlib.h>

enum { WINDOW_BITS = -15, MEMORY_LEVEL = 8, CHUNK = 4096 };

struct mock_compress {
    z_stream inflater;
    z_stream deflater;
    struct cpmsync_buf wire;
};

bool cpmsync_mock_can_compress(void)
{
    return true;
}

static voidpf allocate(voidpf mem, uInt count, uInt size)
{
    return cpmsync_mem_zalloc((const struct cpmsync_allocator *)mem, (size_t)count * size);
}

static void release(voidpf mem, voidpf block)
{
    cpmsync_mem_free((const struct cpmsync_allocator *)mem, block);
}

static void stream_init(z_stream *stream, const struct cpmsync_allocator *mem)
{
    memset(stream, 0, sizeof *stream);
    stream->zalloc = allocate;
    stream->zfree = release;
    stream->opaque = (voidpf)(uintptr_t)mem;
}

struct cpmsync_buf *cpmsync_mock_wire(struct mock_compress *compress)
{
    return &compress->wire;
}

int cpmsync_mock_inflate(struct mock_conn *conn, const void *data, size_t len)
{
    z_stream *stream = &conn->compress->inflater;
    uint8_t chunk[CHUNK];
    int error = 0, code = Z_OK;
    stream->next_in = (Bytef *)(uintptr_t)data;
    stream->avail_in = (uInt)len;
    do {
        stream->next_out = chunk;
        stream->avail_out = CHUNK;
        code = inflate(stream, Z_SYNC_FLUSH);
        error = cpmsync_buf_add(&conn->in, chunk, CHUNK - stream->avail_out);
    } while (!error && code == Z_OK && (stream->avail_in || stream->avail_out == 0));
    if (error)
        return error;
    return code == Z_OK || code == Z_BUF_ERROR ? 0 : code == Z_MEM_ERROR ? CPMSYNC_ERR_NOMEM : CPMSYNC_ERR_CLOSED;
}

void cpmsync_mock_deflate(struct mock_conn *conn)
{
    struct mock_compress *compress = conn->compress;
    z_stream *stream = &compress->deflater;
    uint8_t chunk[CHUNK];
    if (conn->out.len == 0 || conn->broken)
        return;
    stream->next_in = cpmsync_buf_data(&conn->out);
    stream->avail_in = (uInt)conn->out.len;
    do {
        stream->next_out = chunk;
        stream->avail_out = CHUNK;
        if (deflate(stream, Z_SYNC_FLUSH) == Z_STREAM_ERROR ||
            cpmsync_buf_add(&compress->wire, chunk, CHUNK - stream->avail_out) != 0)
            conn->broken = true;
    } while (!conn->broken && stream->avail_out == 0);
    cpmsync_buf_truncate(&conn->out, 0);
}

void cpmsync_mock_compress_begin(struct mock_conn *conn, size_t plain)
{
    const struct cpmsync_allocator *mem = conn->mock->mem;
    struct mock_compress *compress = (struct mock_compress *)cpmsync_mem_zalloc(mem, sizeof *compress);
    struct cpmsync_buf rest = conn->in;
    if (!compress) {
        conn->broken = true;
        return;
    }
    conn->compress = compress;
    cpmsync_buf_init(&compress->wire, mem, SIZE_MAX / 2);
    stream_init(&compress->inflater, mem);
    stream_init(&compress->deflater, mem);
    if (inflateInit2(&compress->inflater, WINDOW_BITS) != Z_OK ||
        deflateInit2(&compress->deflater, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
            Z_DEFAULT_STRATEGY) != Z_OK ||
        cpmsync_buf_add(&compress->wire, cpmsync_buf_data(&conn->out), plain) != 0)
        conn->broken = true;
    cpmsync_buf_consume(&conn->out, plain);
    if (conn->mock->faults.compress_corrupt && cpmsync_buf_add_str(&compress->wire, "\xff\xff not DEFLATE") != 0)
        conn->broken = true;
    cpmsync_buf_init(&conn->in, mem, rest.max);
    if (!conn->broken && cpmsync_mock_inflate(conn, cpmsync_buf_data(&rest), rest.len) != 0)
        cpmsync_mock_bye(conn, "Not DEFLATE");
    cpmsync_buf_clear(&rest);
}

void cpmsync_mock_compress_end(struct mock_conn *conn)
{
    struct mock_compress *compress = conn->compress;
    if (!compress)
        return;
    inflateEnd(&compress->inflater);
    deflateEnd(&compress->deflater);
    cpmsync_buf_clear(&compress->wire);
    cpmsync_mem_free(conn->mock->mem, compress);
    conn->compress = NULL;
}

#else

bool cpmsync_mock_can_compress(void)
{
    return false;
}

struct cpmsync_buf *cpmsync_mock_wire(struct mock_compress *compress)
{
    (void)compress;
    return NULL;
}

int cpmsync_mock_inflate(struct mock_conn *conn, const void *data, size_t len)
{
    (void)conn, (void)data, (void)len;
    return 0;
}

void cpmsync_mock_deflate(struct mock_conn *conn)
{
    (void)conn;
}

void cpmsync_mock_compress_begin(struct mock_conn *conn, size_t plain)
{
    (void)conn, (void)plain;
}

void cpmsync_mock_compress_end(struct mock_conn *conn)
{
    (void)conn;
}

#endif

/* compress = "COMPRESS" SP "DEFLATE" */
bool cpmsync_mock_cmd_compress(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_word(p, "DEFLATE") || !cpmsync_mock_read_end(p))
        return false;
    if (conn->compress || conn->mock->faults.compression_active) {
        cpmsync_mock_no(conn, "[COMPRESSIONACTIVE] DEFLATE is active already");
        return true;
    }
    cpmsync_mock_ok(conn, "DEFLATE active");
    conn->compress_from = conn->out.len;
    return true;
}
