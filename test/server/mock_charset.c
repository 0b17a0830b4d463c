/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "mock_charset.h"

#include "mock_slice.h"

#include <cpmsync/error.h>
#include <errno.h>
#include <iconv.h>

enum { CHARSET_MAX = 40, CHUNK = 1024 };

/* Names without "/": behind it glibc has options of its own. */
static bool open_converter(struct cpmsync_slice from, struct cpmsync_slice to, iconv_t *converter)
{
    char names[2][CHARSET_MAX + 1];
    const struct cpmsync_slice both[] = {from, to};
    size_t i;
    for (i = 0; i < 2; i++) {
        if (both[i].len == 0 || both[i].len > CHARSET_MAX || memchr(both[i].data, '/', both[i].len) ||
            memchr(both[i].data, 0, both[i].len))
            return false;
        memcpy(names[i], both[i].data, both[i].len);
        names[i][both[i].len] = 0;
    }
    *converter = iconv_open(names[1], names[0]);
    return *converter != (iconv_t)-1;
}

bool cpmsync_mock_knows_charset(struct cpmsync_slice name)
{
    iconv_t converter;
    bool known = open_converter(CPMSYNC_SLICE("UTF-8"), name, &converter);
    if (known)
        iconv_close(converter);
    return known;
}

/* Converts up to the first character that cannot be; *text begins there then. `text` NULL ends the whole. */
static int convert_run(iconv_t converter, struct cpmsync_slice *text, struct cpmsync_buf *out)
{
    char *in = text ? (char *)(uintptr_t)text->data : NULL;
    size_t left = text ? text->len : 0;
    for (;;) {
        char chunk[CHUNK], *to = chunk;
        size_t room = sizeof chunk;
        size_t result = iconv(converter, text ? &in : NULL, text ? &left : NULL, &to, &room);
        int code = result == (size_t)-1 ? errno : 0, error = cpmsync_buf_add(out, chunk, sizeof chunk - room);
        if (error)
            return error;
        if (code == E2BIG)
            continue;
        if (text)
            *text = cpmsync_slice_of(in, left);
        return code ? CPMSYNC_ERR_INVALID_ARGUMENT : 0;
    }
}

/* The character at the front, which is UTF-8. */
static size_t character(struct cpmsync_slice text)
{
    size_t len = 1;
    while (len < text.len && (text.data[len] & 0xc0) == 0x80)
        len++;
    return len;
}

static int replace(
    iconv_t converter, struct cpmsync_slice replacement, struct cpmsync_slice *text, struct cpmsync_buf *out)
{
    size_t skip = character(*text);
    if (!replacement.data)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    *text = cpmsync_mock_behind(*text, skip);
    return convert_run(converter, &replacement, out);
}

int cpmsync_mock_from_utf8(
    struct cpmsync_slice charset, struct cpmsync_slice replacement, struct cpmsync_slice text, struct cpmsync_buf *out)
{
    iconv_t converter;
    int error = 0;
    if (!open_converter(CPMSYNC_SLICE("UTF-8"), charset, &converter))
        return CPMSYNC_ERR_UNSUPPORTED;
    while (text.len && !error) {
        error = convert_run(converter, &text, out);
        if (error == CPMSYNC_ERR_INVALID_ARGUMENT)
            error = replace(converter, replacement, &text, out);
    }
    error = error ? error : convert_run(converter, NULL, out);
    iconv_close(converter);
    return error;
}

int cpmsync_mock_charset_to_utf8(struct cpmsync_slice charset, struct cpmsync_slice text, struct cpmsync_buf *out)
{
    size_t before = out->len;
    iconv_t converter;
    if (!open_converter(charset, CPMSYNC_SLICE("UTF-8"), &converter))
        return CPMSYNC_ERR_UNSUPPORTED;
    int error = convert_run(converter, &text, out);
    error = error ? error : convert_run(converter, NULL, out);
    iconv_close(converter);
    if (error)
        cpmsync_buf_truncate(out, before);
    return error == CPMSYNC_ERR_INVALID_ARGUMENT ? CPMSYNC_ERR_UNSUPPORTED : error;
}
