/* SPDX-License-Identifier: MIT */
#include "wire/mailbox_name.h"

#include <cpmsync/error.h>

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* What octets are when read as modified UTF-7. */
enum reading {
    READ_CANONICAL, /* what an encoder writes for some UTF-8 */
    READ_ODD,       /* well-formed, but no encoder writes it: encoded ASCII, a lone surrogate, a null shift */
    READ_MALFORMED
};

/* The bits of a shifted run, collected to UTF-16 units and these to characters. */
struct run {
    uint32_t bits;
    unsigned bit_count;
    uint32_t high; /* surrogate waiting for its other half */
    bool odd;
};

static bool is_printable(uint32_t c)
{
    return c >= 0x20 && c <= 0x7e;
}

static size_t put_utf8(uint32_t c, uint8_t *out)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* The next character of UTF-8, 0 if there is none that is valid (overlong, surrogate, NUL). */
static size_t next_utf8(struct cpmsync_slice text, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text.data[0];
    size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    size_t i;

    if (len == 0 || len > text.len)
        return 0;
    *c = len == 1 ? first : (uint32_t)(first & (0x7f >> len));
    for (i = 1; i < len; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (uint32_t)(text.data[i] & 0x3f);
    }
    if (*c == 0 || *c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
        return 0;
    return len;
}

static bool is_utf8(struct cpmsync_slice text)
{
    uint32_t c;

    while (text.len) {
        size_t len = next_utf8(text, &c);

        if (len == 0)
            return false;
        text.data += len;
        text.len -= len;
    }
    return true;
}

static int put_character(struct run *run, uint32_t c, struct cpmsync_buf *out)
{
    uint8_t octets[4];

    /* An encoder leaves printable ASCII as it is; NUL, CR and LF can be part of no key. */
    if (is_printable(c) || c == 0 || c == '\r' || c == '\n')
        run->odd = true;
    return out ? cpmsync_buf_add(out, octets, put_utf8(c, octets)) : 0;
}

static int put_unit(struct run *run, uint32_t unit, struct cpmsync_buf *out)
{
    uint32_t high = run->high;

    run->high = 0;
    if (unit >= 0xdc00 && unit <= 0xdfff && high)
        return put_character(run, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00), out);
    if (high)
        run->odd = true;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        run->high = unit;
        return 0;
    }
    if (unit >= 0xdc00 && unit <= 0xdfff) {
        run->odd = true;
        return 0;
    }
    return put_character(run, unit, out);
}

/* Decodes "BASE64-" behind a "&". */
static int decode_run(struct cpmsync_slice *wire, struct cpmsync_buf *out, enum reading *reading)
{
    struct run run = {0, 0, 0, false};
    size_t i;
    int error;

    for (i = 0; i < wire->len && wire->data[i] != '-'; i++) {
        const char *digit = wire->data[i] ? strchr(base64, wire->data[i]) : NULL;

        if (!digit)
            break;
        run.bits = run.bits << 6 | (uint32_t)(digit - base64);
        run.bit_count += 6;
        if (run.bit_count < 16)
            continue;
        run.bit_count -= 16;
        error = put_unit(&run, run.bits >> run.bit_count & 0xffff, out);
        if (error)
            return error;
        run.bits &= (1U << run.bit_count) - 1;
    }
    if (i == wire->len || wire->data[i] != '-' || run.bit_count >= 6 || run.bits) {
        *reading = READ_MALFORMED;
        return 0;
    }
    if (run.odd || run.high)
        *reading = READ_ODD;
    wire->data += i + 1;
    wire->len -= i + 1;
    return 0;
}

/* Reads mUTF-7; what it says goes to `out` (none if NULL). */
static int decode_mutf7(struct cpmsync_slice wire, struct cpmsync_buf *out, enum reading *reading)
{
    bool odd = false;
    bool after_run = false;
    int error = 0;

    *reading = READ_CANONICAL;
    while (wire.len && !error && *reading != READ_MALFORMED) {
        uint8_t c = wire.data[0];

        wire.data++;
        wire.len--;
        if (!is_printable(c)) {
            *reading = READ_MALFORMED;
        } else if (c != '&' || (wire.len && wire.data[0] == '-')) {
            if (c == '&') {
                wire.data++;
                wire.len--;
            }
            after_run = false;
            error = out ? cpmsync_buf_add(out, &c, 1) : 0;
        } else {
            odd = odd || after_run; /* two runs in a row: an encoder writes one */
            after_run = true;
            error = decode_run(&wire, out, reading);
            odd = odd || *reading == READ_ODD;
        }
    }
    if (*reading != READ_MALFORMED)
        *reading = odd ? READ_ODD : READ_CANONICAL;
    return error;
}

static void put_bits(struct run *run, struct cpmsync_buf *out, int *error)
{
    while (run->bit_count >= 6 && !*error) {
        run->bit_count -= 6;
        *error = cpmsync_buf_add_char(out, base64[run->bits >> run->bit_count & 0x3f]);
        run->bits &= (1U << run->bit_count) - 1;
    }
}

static void encode_unit(struct run *run, uint32_t unit, struct cpmsync_buf *out, int *error)
{
    run->bits = run->bits << 16 | unit;
    run->bit_count += 16;
    put_bits(run, out, error);
}

/* Encodes the characters up to the next printable ASCII one as "&BASE64-". */
static int encode_run(struct cpmsync_slice *key, struct cpmsync_buf *wire)
{
    struct run run = {0, 0, 0, false};
    int error = cpmsync_buf_add_char(wire, '&');
    uint32_t c = 0;
    size_t len;

    for (; key->len && !is_printable(key->data[0]) && !error; key->data += len, key->len -= len) {
        len = next_utf8(*key, &c);
        if (c >= 0x10000) {
            encode_unit(&run, 0xd800 + ((c - 0x10000) >> 10), wire, &error);
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        encode_unit(&run, c, wire, &error);
    }
    if (run.bit_count) {
        run.bits <<= 6 - run.bit_count;
        run.bit_count = 6;
        put_bits(&run, wire, &error);
    }
    return error ? error : cpmsync_buf_add_char(wire, '-');
}

/* Valid UTF-8 only. */
static int encode_mutf7(struct cpmsync_slice key, struct cpmsync_buf *wire)
{
    int error = 0;

    while (key.len && !error) {
        if (!is_printable(key.data[0])) {
            error = encode_run(&key, wire);
            continue;
        }
        error = cpmsync_buf_add_char(wire, (char)key.data[0]);
        if (!error && key.data[0] == '&')
            error = cpmsync_buf_add_char(wire, '-');
        key.data++;
        key.len--;
    }
    return error;
}

/* A key that came from the wire as it was and goes back like that (M-04). */
static bool stands_for_itself(struct cpmsync_slice key)
{
    enum reading reading;

    (void)decode_mutf7(key, NULL, &reading);
    return reading == READ_ODD || !is_utf8(key);
}

int cpmsync_mailbox_name_decode(struct cpmsync_slice wire, bool utf8, struct cpmsync_buf *key)
{
    size_t before = key->len;
    enum reading reading = READ_MALFORMED;
    int error;

    if (wire.len > CPMSYNC_MAILBOX_NAME_MAX)
        return CPMSYNC_ERR_LIMIT;
    if (cpmsync_slice_is(wire, "INBOX"))
        return cpmsync_buf_add_str(key, "INBOX");
    if (!utf8) {
        error = decode_mutf7(wire, key, &reading);
        if (error || reading == READ_CANONICAL) {
            if (error)
                cpmsync_buf_truncate(key, before);
            return error;
        }
        cpmsync_buf_truncate(key, before);
    }
    return cpmsync_buf_add_slice(key, wire);
}

int cpmsync_mailbox_name_encode(struct cpmsync_slice key, bool utf8, struct cpmsync_buf *wire)
{
    size_t before = wire->len;
    int error;
    size_t i;

    if (key.len == 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (key.len > CPMSYNC_MAILBOX_NAME_MAX)
        return CPMSYNC_ERR_LIMIT;
    for (i = 0; i < key.len; i++) {
        if (key.data[i] == '\0' || key.data[i] == '\r' || key.data[i] == '\n')
            return CPMSYNC_ERR_INVALID_ARGUMENT;
    }
    if (cpmsync_slice_is(key, "INBOX"))
        error = cpmsync_buf_add_str(wire, "INBOX");
    else if (utf8 || stands_for_itself(key))
        error = cpmsync_buf_add_slice(wire, key);
    else
        error = encode_mutf7(key, wire);
    if (error)
        cpmsync_buf_truncate(wire, before);
    return error;
}
