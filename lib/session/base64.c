/* SPDX-License-Identifier: MIT */
#include "session/base64.h"

#include "base/err.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int cpmsync_base64_encode(struct cpmsync_buf *out, struct cpmsync_slice octets)
{
    size_t groups = octets.len / 3 + (octets.len % 3 != 0);
    uint8_t *to;
    int rc;

    if (groups == 0)
        return 0;
    if (groups > SIZE_MAX / 4)
        return CPMSYNC_ERR_LIMIT;
    rc = cpmsync_buf_reserve(out, groups * 4, &to);
    if (rc)
        return rc;
    for (size_t i = 0; i < octets.len; i += 3, to += 4) {
        size_t left = octets.len - i;
        uint32_t bits = (uint32_t)octets.data[i] << 16;

        if (left > 1)
            bits |= (uint32_t)octets.data[i + 1] << 8;
        if (left > 2)
            bits |= octets.data[i + 2];
        to[0] = (uint8_t)alphabet[bits >> 18];
        to[1] = (uint8_t)alphabet[bits >> 12 & 63];
        to[2] = (uint8_t)(left > 1 ? alphabet[bits >> 6 & 63] : '=');
        to[3] = (uint8_t)(left > 2 ? alphabet[bits & 63] : '=');
    }
    cpmsync_buf_grown(out, groups * 4);
    return 0;
}

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* One group of four with `pad` '=' at its end; -1 if it is none. */
static int decode_group(const uint8_t *text, unsigned pad, uint8_t *out)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < 4; i++) {
        int value = i < 4 - pad ? value_of(text[i]) : 0;

        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
    }
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
    /* One encoding for one value: the bits padding leaves over are zero. */
    if ((pad >= 1 && out[2] != 0) || (pad == 2 && out[1] != 0))
        return -1;
    return 0;
}

int cpmsync_base64_decode(struct cpmsync_buf *out, struct cpmsync_slice text)
{
    size_t before = out->len;
    uint8_t octets[3];
    int rc = 0;

    if (text.len % 4 != 0)
        return CPMSYNC_ERR_PROTOCOL;
    for (size_t i = 0; i < text.len && rc == 0; i += 4) {
        unsigned pad = 0;

        if (i + 4 == text.len && text.data[i + 3] == '=')
            pad = text.data[i + 2] == '=' ? 2 : 1;
        if (decode_group(text.data + i, pad, octets) < 0)
            rc = CPMSYNC_ERR_PROTOCOL;
        else
            rc = cpmsync_buf_add(out, octets, 3 - pad);
    }
    if (rc)
        cpmsync_buf_truncate(out, before);
    cpmsync_mem_wipe(octets, sizeof(octets));
    return rc;
}
