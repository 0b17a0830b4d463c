/* SPDX-License-Identifier: MIT */
/* A growing buffer that names its cap: octets are appended at the end and consumed at the front. */
#ifndef CPMSYNC_BASE_BUF_H
#define CPMSYNC_BASE_BUF_H

#include "base/mem.h"
#include "base/slice.h"

struct cpmsync_buf {
    const struct cpmsync_allocator *mem;
    uint8_t *block;
    size_t start; /* first octet held */
    size_t len;   /* octets held */
    size_t capacity;
    size_t max;  /* len never exceeds it */
    bool secret; /* what is dropped or moved is wiped */
};

void cpmsync_buf_init(struct cpmsync_buf *buf, const struct cpmsync_allocator *mem, size_t max);
/* Frees the block (wiped if secret); the buffer is empty and usable afterwards. */
void cpmsync_buf_clear(struct cpmsync_buf *buf);

static inline uint8_t *cpmsync_buf_data(const struct cpmsync_buf *buf)
{
    return buf->block ? buf->block + buf->start : NULL;
}

static inline struct cpmsync_slice cpmsync_buf_slice(const struct cpmsync_buf *buf)
{
    return cpmsync_slice_of(buf->len ? buf->block + buf->start : NULL, buf->len);
}

/* Appends. 0; CPMSYNC_ERR_LIMIT past max, CPMSYNC_ERR_NOMEM: the buffer is as before. */
int cpmsync_buf_add(struct cpmsync_buf *buf, const void *data, size_t len);
int cpmsync_buf_add_slice(struct cpmsync_buf *buf, struct cpmsync_slice slice);
int cpmsync_buf_add_str(struct cpmsync_buf *buf, const char *text);
int cpmsync_buf_add_char(struct cpmsync_buf *buf, char c);
int cpmsync_buf_add_number(struct cpmsync_buf *buf, uint64_t number);

/* Room for `len` more octets: *out points at it; grow `len` by what was written with cpmsync_buf_grown. */
int cpmsync_buf_reserve(struct cpmsync_buf *buf, size_t len, uint8_t **out);
void cpmsync_buf_grown(struct cpmsync_buf *buf, size_t len);

/* Drops `len` (at most all) octets at the front. */
void cpmsync_buf_consume(struct cpmsync_buf *buf, size_t len);
/* Drops everything behind the first `len` octets. */
void cpmsync_buf_truncate(struct cpmsync_buf *buf, size_t len);

#endif
