/* SPDX-License-Identifier: MIT */
#include "mock_utf7.h"

#include "mock_parser.h"

#include <cpmsync/error.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Takes a character off the front of valid UTF-8. */
static uint32_t take_character(struct cpmsync_slice *text)
{
    uint8_t c = text->data[0];
    size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, i;
    uint32_t code = len == 1 ? c : c & (0x7fU >> len);
    for (i = 1; i < len; i++)
        code = code << 6 | (text->data[i] & 0x3fU);
    *text = cpmsync_mock_behind(*text, len);
    return code;
}

static bool is_forbidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

/* The bits of UTF-16 that are still to become a digit. */
struct shift {
    bool in;
    uint32_t bits;
    unsigned count;
};

static int put_unit(struct shift *shift, uint32_t unit, struct cpmsync_buf *out)
{
    int error = shift->in ? 0 : cpmsync_buf_add_char(out, '&');
    shift->in = true;
    shift->bits = shift->bits << 16 | unit;
    shift->count += 16;
    while (shift->count >= 6 && !error) {
        shift->count -= 6;
        error = cpmsync_buf_add_char(out, DIGITS[shift->bits >> shift->count & 0x3f]);
    }
    shift->bits &= (1U << shift->count) - 1;
    return error;
}

static int end_shift(struct shift *shift, struct cpmsync_buf *out)
{
    int error = 0;
    if (shift->in && shift->count)
        error = cpmsync_buf_add_char(out, DIGITS[shift->bits << (6 - shift->count) & 0x3f]);
    if (shift->in && !error)
        error = cpmsync_buf_add_char(out, '-');
    memset(shift, 0, sizeof *shift);
    return error;
}

static int put_character(struct shift *shift, uint32_t code, struct cpmsync_buf *out)
{
    if (code >= 0x10000) {
        int error = put_unit(shift, 0xd800 + ((code - 0x10000) >> 10), out);
        return error ? error : put_unit(shift, 0xdc00 + ((code - 0x10000) & 0x3ff), out);
    }
    if (code > 0x7e)
        return put_unit(shift, code, out);
    int error = end_shift(shift, out);
    error = error ? error : cpmsync_buf_add_char(out, (char)code);
    return error || code != '&' ? error : cpmsync_buf_add_char(out, '-');
}

int cpmsync_mock_to_utf7(struct cpmsync_slice utf8, struct cpmsync_buf *out)
{
    struct shift shift = {false, 0, 0};
    int error = cpmsync_mock_is_utf8(utf8) ? 0 : CPMSYNC_ERR_INVALID_ARGUMENT;
    while (utf8.len && !error) {
        uint32_t code = take_character(&utf8);
        error = is_forbidden(code) ? CPMSYNC_ERR_INVALID_ARGUMENT : put_character(&shift, code, out);
    }
    return error ? error : end_shift(&shift, out);
}

static int put_utf8(uint32_t code, struct cpmsync_buf *out)
{
    uint8_t octets[4];
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4, i;
    static const uint8_t LEADS[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (i = len; i-- > 1; code >>= 6)
        octets[i] = (uint8_t)(0x80 | (code & 0x3f));
    octets[0] = (uint8_t)(LEADS[len] | code);
    return cpmsync_buf_add(out, octets, len);
}

/* The digits between "&" and "-" as UTF-8; surrogates come in pairs. */
static int decode_run(struct cpmsync_slice digits, struct cpmsync_buf *out)
{
    uint32_t bits = 0, high = 0;
    unsigned count = 0;
    size_t i;
    int error = 0;
    for (i = 0; i < digits.len && !error; i++) {
        const char *digit = digits.data[i] ? strchr(DIGITS, digits.data[i]) : NULL;
        if (!digit)
            return CPMSYNC_ERR_INVALID_ARGUMENT;
        bits = (bits << 6 | (uint32_t)(digit - DIGITS)) & 0x3fffff;
        count += 6;
        if (count < 16)
            continue;
        count -= 16;
        uint32_t unit = bits >> count & 0xffff;
        bool low = unit >= 0xdc00 && unit < 0xe000;
        if (low != (high != 0))
            return CPMSYNC_ERR_INVALID_ARGUMENT;
        if (low)
            error = put_utf8(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00), out);
        else if (unit < 0xd800 || unit >= 0xe000)
            error = put_utf8(unit, out);
        high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
    }
    return error ? error : high ? CPMSYNC_ERR_INVALID_ARGUMENT : 0;
}

static int decode(struct cpmsync_slice utf7, struct cpmsync_buf *out)
{
    int error = 0;
    while (utf7.len && !error) {
        const uint8_t *end = utf7.data[0] == '&' ? (const uint8_t *)memchr(utf7.data, '-', utf7.len) : utf7.data;
        if (!end)
            return CPMSYNC_ERR_INVALID_ARGUMENT;
        if (end == utf7.data)
            error = cpmsync_buf_add_char(out, (char)utf7.data[0]);
        else if (end == utf7.data + 1)
            error = cpmsync_buf_add_char(out, '&');
        else
            error = decode_run(cpmsync_slice_of(utf7.data + 1, (size_t)(end - utf7.data) - 1), out);
        size_t used = (size_t)(end - utf7.data) + 1;
        utf7 = cpmsync_mock_behind(utf7, used);
    }
    return error;
}

int cpmsync_mock_from_utf7(struct cpmsync_slice utf7, struct cpmsync_buf *out)
{
    struct cpmsync_buf again;
    size_t before = out->len;
    cpmsync_buf_init(&again, out->mem, SIZE_MAX / 2);
    int error = decode(utf7, out);
    if (!error)
        error = cpmsync_mock_to_utf7(cpmsync_mock_behind(cpmsync_buf_slice(out), before), &again);
    /* Two spellings of one name would be two mailboxes with one name. */
    if (!error && !cpmsync_slice_eq(cpmsync_buf_slice(&again), utf7))
        error = CPMSYNC_ERR_INVALID_ARGUMENT;
    cpmsync_buf_clear(&again);
    if (error)
        cpmsync_buf_truncate(out, before);
    return error;
}
