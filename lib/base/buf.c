/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <cpmsync/error.h>

enum { FIRST_BLOCK = 64 };

void cpmsync_buf_init(struct cpmsync_buf *buf, const struct cpmsync_allocator *mem, size_t max)
{
    memset(buf, 0, sizeof(*buf));
    buf->mem = mem;
    buf->max = max;
}

void cpmsync_buf_clear(struct cpmsync_buf *buf)
{
    if (buf->secret && buf->block)
        cpmsync_mem_wipe(buf->block, buf->capacity);
    cpmsync_mem_free(buf->mem, buf->block);
    buf->block = NULL;
    buf->start = 0;
    buf->len = 0;
    buf->capacity = 0;
}

static void move_to_front(struct cpmsync_buf *buf)
{
    size_t start = buf->start;

    if (start == 0)
        return;
    memmove(buf->block, buf->block + start, buf->len);
    if (buf->secret) {
        size_t stale = buf->len < start ? buf->len : start;

        cpmsync_mem_wipe(buf->block + start + buf->len - stale, stale);
    }
    buf->start = 0;
}

static int grow(struct cpmsync_buf *buf, size_t need)
{
    size_t capacity = buf->capacity > buf->max / 2 ? buf->max : buf->capacity * 2;
    uint8_t *block;

    if (capacity < FIRST_BLOCK)
        capacity = FIRST_BLOCK < buf->max ? FIRST_BLOCK : buf->max;
    if (capacity < need)
        capacity = need;
    move_to_front(buf);
    if (!buf->secret) {
        block = cpmsync_mem_resize(buf->mem, buf->block, capacity, 1);
        if (!block)
            return CPMSYNC_ERR_NOMEM;
    } else { /* realloc would leave a copy behind */
        block = cpmsync_mem_alloc(buf->mem, capacity);
        if (!block)
            return CPMSYNC_ERR_NOMEM;
        if (buf->len)
            memcpy(block, buf->block, buf->len);
        if (buf->block)
            cpmsync_mem_wipe(buf->block, buf->capacity);
        cpmsync_mem_free(buf->mem, buf->block);
    }
    buf->block = block;
    buf->capacity = capacity;
    return 0;
}

int cpmsync_buf_reserve(struct cpmsync_buf *buf, size_t len, uint8_t **out)
{
    size_t need;
    int error;

    if (len > buf->max - buf->len)
        return CPMSYNC_ERR_LIMIT;
    need = buf->len + len;
    if (need > buf->capacity - buf->start) {
        /* Moving is free of charge once as much was consumed as is left; else a larger block pays for it. */
        if (need <= buf->capacity && (buf->start >= buf->len || buf->capacity == buf->max)) {
            move_to_front(buf);
        } else {
            error = grow(buf, need);
            if (error && need > buf->capacity)
                return error;
        }
    }
    *out = buf->block ? buf->block + buf->start + buf->len : NULL;
    return 0;
}

void cpmsync_buf_grown(struct cpmsync_buf *buf, size_t len)
{
    buf->len += len;
}

int cpmsync_buf_add(struct cpmsync_buf *buf, const void *data, size_t len)
{
    uint8_t *out;
    int error;

    if (len == 0)
        return 0;
    error = cpmsync_buf_reserve(buf, len, &out);
    if (error)
        return error;
    if (out) /* it is: len is not 0 */
        memcpy(out, data, len);
    buf->len += len;
    return 0;
}

int cpmsync_buf_add_slice(struct cpmsync_buf *buf, struct cpmsync_slice slice)
{
    return cpmsync_buf_add(buf, slice.data, slice.len);
}

int cpmsync_buf_add_str(struct cpmsync_buf *buf, const char *text)
{
    return cpmsync_buf_add(buf, text, strlen(text));
}

int cpmsync_buf_add_char(struct cpmsync_buf *buf, char c)
{
    return cpmsync_buf_add(buf, &c, 1);
}

int cpmsync_buf_add_number(struct cpmsync_buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return cpmsync_buf_add(buf, digits + at, sizeof(digits) - at);
}

void cpmsync_buf_consume(struct cpmsync_buf *buf, size_t len)
{
    if (len > buf->len)
        len = buf->len;
    if (buf->secret && len)
        cpmsync_mem_wipe(buf->block + buf->start, len);
    buf->len -= len;
    buf->start = buf->len ? buf->start + len : 0;
}

void cpmsync_buf_truncate(struct cpmsync_buf *buf, size_t len)
{
    if (len >= buf->len)
        return;
    if (buf->secret)
        cpmsync_mem_wipe(buf->block + buf->start + len, buf->len - len);
    buf->len = len;
    if (len == 0)
        buf->start = 0;
}
