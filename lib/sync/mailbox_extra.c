/* SPDX-License-Identifier: MIT */
#include "sync/mailbox_extra.h"

#include <cpmsync/error.h>

/* Version, then of each value: tag, length in two octets (high one first), octets. */
enum { VERSION = 1, HEAD = 3, VALUE_MAX = 65535 };

static bool next(struct cpmsync_slice *rest, unsigned *tag, struct cpmsync_slice *value)
{
    if (rest->len < HEAD)
        return false;
    size_t len = (size_t)rest->data[1] << 8 | rest->data[2];
    if (rest->len - HEAD < len)
        return false;
    *tag = rest->data[0];
    *value = cpmsync_slice_of(rest->data + HEAD, len);
    *rest = cpmsync_slice_of(rest->data + HEAD + len, rest->len - HEAD - len);
    return true;
}

/* The values behind the version; none if they cannot be read. */
static struct cpmsync_slice values_of(struct cpmsync_slice extra)
{
    struct cpmsync_slice none = cpmsync_slice_of(NULL, 0);
    struct cpmsync_slice value;
    unsigned tag;

    if (extra.len == 0 || extra.data[0] != VERSION)
        return none;
    struct cpmsync_slice values = cpmsync_slice_of(extra.data + 1, extra.len - 1);
    struct cpmsync_slice rest = values;
    while (next(&rest, &tag, &value))
        ;
    return rest.len ? none : values;
}

bool cpmsync_extra_get(struct cpmsync_slice extra, unsigned tag, struct cpmsync_slice *value)
{
    struct cpmsync_slice rest = values_of(extra);
    unsigned at;

    while (next(&rest, &at, value))
        if (at == tag)
            return true;
    return false;
}

static int add(struct cpmsync_buf *extra, unsigned tag, struct cpmsync_slice value)
{
    uint8_t head[HEAD] = {(uint8_t)tag, (uint8_t)(value.len >> 8), (uint8_t)(value.len & 0xff)};
    int error = cpmsync_buf_add(extra, head, sizeof head);

    return error ? error : cpmsync_buf_add_slice(extra, value);
}

int cpmsync_extra_set(struct cpmsync_buf *extra, unsigned tag, struct cpmsync_slice value)
{
    struct cpmsync_slice rest = values_of(cpmsync_buf_slice(extra));
    struct cpmsync_slice old;
    struct cpmsync_buf made;
    unsigned at;
    bool had = cpmsync_extra_get(cpmsync_buf_slice(extra), tag, &old);

    if (value.len > VALUE_MAX)
        return CPMSYNC_ERR_LIMIT;
    if (had ? cpmsync_slice_eq(old, value) : value.len == 0)
        return 0;
    cpmsync_buf_init(&made, extra->mem, extra->max);
    int error = cpmsync_buf_add_char(&made, VERSION);
    while (!error && next(&rest, &at, &old))
        if (at != tag)
            error = add(&made, at, old);
    if (!error && value.len)
        error = add(&made, tag, value);
    if (error) {
        cpmsync_buf_clear(&made);
        return error;
    }
    cpmsync_buf_clear(extra);
    *extra = made;
    return 1;
}
