/* SPDX-License-Identifier: MIT */
#include "mock_decode.h"

#include "mock_charset.h"
#include "mock_mime.h"
#include "mock_parser.h"

#include <cpmsync/error.h>

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* What is no base64 digit is ignored (RFC 2045 6.8). */
static int decode_base64(struct cpmsync_slice text, struct cpmsync_buf *out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t i;
    int error = 0;
    for (i = 0; i < text.len && text.data[i] != '=' && !error; i++) {
        int value = value_of(text.data[i]);
        if (value < 0)
            continue;
        bits = (bits << 6) | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            error = cpmsync_buf_add_char(out, (char)(uint8_t)(bits >> count));
        }
    }
    return error;
}

int cpmsync_mock_hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "=" and two digits, or a soft line break, or an octet. Underscores are blanks in encoded words only. */
static int decode_quoted_printable(struct cpmsync_slice text, bool word, struct cpmsync_buf *out)
{
    size_t i = 0;
    int error = 0;
    while (i < text.len && !error) {
        uint8_t c = text.data[i];
        int high = c == '=' && i + 2 < text.len ? cpmsync_mock_hex(text.data[i + 1]) : -1;
        int low = high >= 0 ? cpmsync_mock_hex(text.data[i + 2]) : -1;
        if (low >= 0) {
            error = cpmsync_buf_add_char(out, (char)(uint8_t)(high * 16 + low));
            i += 3;
        } else if (c == '=' && i + 1 < text.len && text.data[i + 1] == '\n')
            i += 2;
        else if (c == '=' && i + 2 < text.len && text.data[i + 1] == '\r' && text.data[i + 2] == '\n')
            i += 3;
        else {
            error = cpmsync_buf_add_char(out, (char)(word && c == '_' ? ' ' : c));
            i++;
        }
    }
    return error;
}

enum mock_encoding cpmsync_mock_encoding_of(struct cpmsync_slice header, const struct cpmsync_allocator *mem)
{
    static const struct {
        const char *name;
        enum mock_encoding encoding;
    } NAMES[] = {{"7bit", MOCK_IDENTITY}, {"8bit", MOCK_IDENTITY}, {"binary", MOCK_IDENTITY}, {"base64", MOCK_BASE64},
        {"quoted-printable", MOCK_QUOTED_PRINTABLE}};
    struct cpmsync_buf field;
    struct cpmsync_slice name, none, rest;
    enum mock_encoding encoding = MOCK_UNKNOWN_ENCODING;
    size_t i;
    cpmsync_buf_init(&field, mem, 65536);
    cpmsync_mock_field(header, "Content-Transfer-Encoding", &field);
    cpmsync_mock_media_type(cpmsync_buf_slice(&field), &name, &none, &rest);
    if (field.len == 0)
        encoding = MOCK_IDENTITY;
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (cpmsync_slice_is(name, NAMES[i].name))
            encoding = NAMES[i].encoding;
    cpmsync_buf_clear(&field);
    return encoding;
}

int cpmsync_mock_decode_body(struct cpmsync_slice header, struct cpmsync_slice body, struct cpmsync_buf *out)
{
    switch (cpmsync_mock_encoding_of(header, out->mem)) {
    case MOCK_IDENTITY:
        return cpmsync_buf_add_slice(out, body);
    case MOCK_BASE64:
        return decode_base64(body, out);
    case MOCK_QUOTED_PRINTABLE:
        return decode_quoted_printable(body, false, out);
    case MOCK_UNKNOWN_ENCODING:
        break;
    }
    return CPMSYNC_ERR_UNSUPPORTED;
}

int cpmsync_mock_to_utf8(struct cpmsync_slice charset, struct cpmsync_slice text, struct cpmsync_buf *out)
{
    if (charset.len == 0 || cpmsync_slice_is(charset, "US-ASCII") || cpmsync_slice_is(charset, "UTF-8"))
        return cpmsync_mock_is_utf8(text) ? cpmsync_buf_add_slice(out, text) : CPMSYNC_ERR_UNSUPPORTED;
    return cpmsync_mock_charset_to_utf8(charset, text, out);
}

/* Takes octets up to `end` off the front; false if it does not occur. */
static bool take_until(struct cpmsync_slice *text, char end, struct cpmsync_slice *taken)
{
    const uint8_t *at = text->len ? (const uint8_t *)memchr(text->data, end, text->len) : NULL;
    if (!at)
        return false;
    *taken = cpmsync_slice_of(text->data, (size_t)(at - text->data));
    *text = cpmsync_slice_of(at + 1, text->len - taken->len - 1);
    return true;
}

/* encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=": whether there is one at the front */
static bool take_word(struct cpmsync_slice *text, struct cpmsync_buf *out, int *error)
{
    struct cpmsync_slice rest, charset, encoding, encoded, language;
    struct cpmsync_buf octets;
    if (text->len < 2 || memcmp(text->data, "=?", 2) != 0)
        return false;
    rest = cpmsync_slice_of(text->data + 2, text->len - 2);
    if (!take_until(&rest, '?', &charset) || !take_until(&rest, '?', &encoding) || !take_until(&rest, '?', &encoded) ||
        rest.len == 0 || rest.data[0] != '=')
        return false;
    language = charset;
    take_until(&language, '*', &charset);
    bool base64 = cpmsync_slice_is(encoding, "B");
    if (!base64 && !cpmsync_slice_is(encoding, "Q"))
        return false;
    cpmsync_buf_init(&octets, out->mem, encoded.len + 1);
    *error = base64 ? decode_base64(encoded, &octets) : decode_quoted_printable(encoded, true, &octets);
    if (!*error)
        *error = cpmsync_mock_to_utf8(charset, cpmsync_buf_slice(&octets), out);
    cpmsync_buf_clear(&octets);
    if (*error == CPMSYNC_ERR_UNSUPPORTED) {
        *error = 0;
        return false;
    }
    *text = cpmsync_slice_of(rest.data + 1, rest.len - 1);
    return true;
}

static size_t blanks(struct cpmsync_slice text)
{
    size_t count = 0;
    while (count < text.len && strchr(" \t\r\n", text.data[count]) && text.data[count])
        count++;
    return count;
}

bool cpmsync_mock_take_words(struct cpmsync_slice *text, struct cpmsync_buf *out, int *error)
{
    bool taken = take_word(text, out, error);
    while (taken && !*error) {
        /* Blanks between two words are no part of the text. */
        size_t skip = blanks(*text);
        struct cpmsync_slice next = cpmsync_mock_behind(*text, skip);
        if (!skip || !take_word(&next, out, error))
            break;
        *text = next;
    }
    return taken;
}

int cpmsync_mock_decode_words(struct cpmsync_slice value, struct cpmsync_buf *out)
{
    int error = 0;
    while (value.len && !error) {
        if (cpmsync_mock_take_words(&value, out, &error))
            continue;
        if (error)
            break;
        error = cpmsync_buf_add_char(out, (char)value.data[0]);
        value = cpmsync_slice_of(value.data + 1, value.len - 1);
    }
    return error;
}

int cpmsync_mock_decode_text(struct cpmsync_slice header, struct cpmsync_slice body, struct cpmsync_buf *out)
{
    struct cpmsync_buf field, octets;
    struct cpmsync_slice type, subtype, rest, name, value, charset = {NULL, 0};
    cpmsync_buf_init(&field, out->mem, 65536);
    cpmsync_buf_init(&octets, out->mem, body.len + 1);
    cpmsync_mock_field(header, "Content-Type", &field);
    cpmsync_mock_media_type(cpmsync_buf_slice(&field), &type, &subtype, &rest);
    while (cpmsync_mock_next_parameter(&rest, &name, &value))
        if (cpmsync_slice_is(name, "charset"))
            charset = value;
    int error = cpmsync_mock_decode_body(header, body, &octets);
    if (!error)
        error = cpmsync_mock_to_utf8(charset, cpmsync_buf_slice(&octets), out);
    cpmsync_buf_clear(&octets);
    cpmsync_buf_clear(&field);
    return error == CPMSYNC_ERR_UNSUPPORTED ? 0 : error;
}
