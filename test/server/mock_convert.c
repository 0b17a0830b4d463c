/* SPDX-License-Identifier: MIT */
#include "mock_convert.h"

#include "mock_charset.h"
#include "mock_decode.h"
#include "mock_html.h"
#include "mock_image.h"
#include "mock_mime.h"
#include "mock_sasl.h"

#include <cpmsync/error.h>
#include <stdio.h>

#define CHARSET "charset"
#define REPLACEMENT "unknown-character-replacement"

static const char *const TEXT_NAMES[] = {CHARSET, REPLACEMENT, NULL};
static const char *const IMAGE_NAMES[] = {"pix-x", "pix-y", NULL};

static const struct {
    const char *from;
    const char *to;
    bool image;
} CONVERSIONS[] = {
    {"text/plain", "text/plain", false},
    {"text/html", "text/plain", false},
    {"image/gif", "image/gif", true},
    {"image/gif", "image/jpeg", true},
    {"image/gif", "image/png", true},
    {"image/jpeg", "image/gif", true},
    {"image/jpeg", "image/jpeg", true},
    {"image/jpeg", "image/png", true},
    {"image/png", "image/gif", true},
    {"image/png", "image/jpeg", true},
    {"image/png", "image/png", true},
};

bool cpmsync_mock_conversion(size_t index, const char **from, const char **to, const char *const **names)
{
    if (index >= sizeof CONVERSIONS / sizeof *CONVERSIONS || (CONVERSIONS[index].image && !cpmsync_mock_has_images()))
        return false; /* the images are last */
    *from = CONVERSIONS[index].from;
    *to = CONVERSIONS[index].to;
    *names = CONVERSIONS[index].image ? IMAGE_NAMES : TEXT_NAMES;
    return true;
}

/* restricted-name (RFC 6838 4.2) */
static bool is_type_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$&-^_.+", c));
}

bool cpmsync_mock_read_media_type(struct cpmsync_slice text, bool wild, char *type)
{
    size_t slashes = 0, i;
    if (text.len == 0 || text.len >= MOCK_TYPE_MAX)
        return false;
    for (i = 0; i < text.len; i++) {
        uint8_t c = text.data[i] >= 'A' && text.data[i] <= 'Z' ? text.data[i] | 0x20 : text.data[i];
        bool star = wild && c == '*' && i + 1 == text.len && (i == 0 || text.data[i - 1] == '/');
        slashes += c == '/';
        if (!star && c != '/' && !is_type_char(c))
            return false;
        type[i] = (char)c;
    }
    type[i] = 0;
    bool any = wild && text.len == 1 && type[0] == '*';
    return any || (slashes == 1 && type[0] != '/' && type[i - 1] != '/');
}

struct cpmsync_slice cpmsync_mock_parameter(const struct mock_conversion_request *request, const char *name)
{
    size_t i;
    for (i = 0; i < request->count; i++)
        if (cpmsync_slice_is(request->parameters[i].name, name))
            return request->parameters[i].value;
    return cpmsync_slice_of(NULL, 0);
}

bool cpmsync_mock_understands(const char *const *names, const struct mock_conversion_request *request, bool *bad)
{
    bool all = true;
    size_t i, j;
    for (i = 0; i < request->count; i++) {
        for (j = 0; names[j] && !cpmsync_slice_is(request->parameters[i].name, names[j]); j++)
            ;
        bad[i] = !names[j];
        all = all && !bad[i];
    }
    return all;
}

static enum mock_conversion_verdict fail(struct mock_converted *converted, int error, const char *why)
{
    converted->why = why;
    return error == CPMSYNC_ERR_NOMEM ? MOCK_CONVERSION_NOMEM : MOCK_CONVERSION_BAD;
}

static enum mock_conversion_verdict blame(
    const struct mock_conversion_request *request, struct mock_converted *converted, const char *name, const char *why)
{
    size_t i;
    for (i = 0; i < request->count; i++)
        converted->bad[i] = cpmsync_slice_is(request->parameters[i].name, name);
    return fail(converted, 0, why);
}

void cpmsync_mock_convert_types(const struct mock_conversion_request *request, struct cpmsync_slice header,
    const struct cpmsync_allocator *mem, struct mock_converted *converted)
{
    struct cpmsync_buf field;
    struct cpmsync_slice type, subtype, rest;
    char text[MOCK_TYPE_MAX] = "text/plain";
    cpmsync_buf_init(&field, mem, 65536);
    if (cpmsync_mock_field(header, "Content-Type", &field)) {
        cpmsync_mock_media_type(cpmsync_buf_slice(&field), &type, &subtype, &rest);
        if (type.len && subtype.len && type.len + subtype.len < sizeof text - 1)
            snprintf(text, sizeof text, "%.*s/%.*s", (int)type.len, (const char *)type.data, (int)subtype.len,
                (const char *)subtype.data);
    }
    cpmsync_buf_clear(&field);
    if (!cpmsync_mock_read_media_type(cpmsync_slice_str(text), false, converted->source))
        strcpy(converted->source, "application/octet-stream");
    if (request->target.data)
        cpmsync_mock_read_media_type(request->target, false, converted->target);
    else
        strcpy(converted->target, strncmp(converted->source, "image/", 6) == 0 ? "image/jpeg" : "text/plain");
}

/* ---- text ---- */

/* The part's text as UTF-8. */
static int read_text(
    const char *source, struct cpmsync_slice header, struct cpmsync_slice body, struct cpmsync_buf *utf8)
{
    struct cpmsync_buf octets, field;
    struct cpmsync_slice type, subtype, rest, name, value, charset = {NULL, 0};
    bool html = strcmp(source, "text/html") == 0;
    cpmsync_buf_init(&octets, utf8->mem, SIZE_MAX / 2);
    cpmsync_buf_init(&field, utf8->mem, 65536);
    cpmsync_mock_field(header, "Content-Type", &field);
    cpmsync_mock_media_type(cpmsync_buf_slice(&field), &type, &subtype, &rest);
    while (cpmsync_mock_next_parameter(&rest, &name, &value))
        if (cpmsync_slice_is(name, CHARSET))
            charset = value;
    int error = cpmsync_mock_decode_body(header, body, &octets);
    if (!error && !html)
        error = cpmsync_mock_to_utf8(charset, cpmsync_buf_slice(&octets), utf8);
    else if (!error) {
        struct cpmsync_buf page;
        cpmsync_buf_init(&page, utf8->mem, SIZE_MAX / 2);
        error = cpmsync_mock_to_utf8(charset, cpmsync_buf_slice(&octets), &page);
        error = error ? error : cpmsync_mock_html_to_text(cpmsync_buf_slice(&page), utf8);
        cpmsync_buf_clear(&page);
    }
    cpmsync_buf_clear(&field);
    cpmsync_buf_clear(&octets);
    return error;
}

/* MISSING without a charset; BAD for one that is not known, or a replacement that is not in it. */
static enum mock_conversion_verdict check_charset(
    const struct mock_conversion_request *request, struct mock_converted *converted)
{
    struct cpmsync_slice charset = cpmsync_mock_parameter(request, CHARSET);
    struct cpmsync_slice replacement = cpmsync_mock_parameter(request, REPLACEMENT);
    struct cpmsync_buf unused;
    if (!charset.data) {
        converted->why = "CHARSET must be specified for text conversions";
        return MOCK_CONVERSION_MISSING;
    }
    if (!cpmsync_mock_knows_charset(charset))
        return blame(request, converted, CHARSET, "Not a charset that is known");
    cpmsync_buf_init(&unused, converted->octets.mem, SIZE_MAX / 2);
    int error = cpmsync_mock_is_utf8(replacement)
                    ? cpmsync_mock_from_utf8(charset, cpmsync_slice_of(NULL, 0), replacement, &unused)
                    : CPMSYNC_ERR_INVALID_ARGUMENT;
    cpmsync_buf_clear(&unused);
    if (error == CPMSYNC_ERR_NOMEM)
        return MOCK_CONVERSION_NOMEM;
    return error ? blame(request, converted, REPLACEMENT, "The replacement is not in this charset")
                 : MOCK_CONVERSION_OK;
}

static enum mock_conversion_verdict convert_text(const struct mock_conversion_request *request,
    struct cpmsync_slice header, struct cpmsync_slice body, struct mock_converted *converted)
{
    enum mock_conversion_verdict verdict = check_charset(request, converted);
    struct cpmsync_buf utf8;
    if (verdict != MOCK_CONVERSION_OK)
        return verdict;
    converted->charset = cpmsync_mock_parameter(request, CHARSET);
    cpmsync_buf_init(&utf8, converted->octets.mem, SIZE_MAX / 2);
    int error = read_text(converted->source, header, body, &utf8);
    if (error)
        verdict = fail(converted, error, "The source cannot be read");
    else {
        error = cpmsync_mock_from_utf8(converted->charset, cpmsync_mock_parameter(request, REPLACEMENT),
            cpmsync_buf_slice(&utf8), &converted->octets);
        if (error == CPMSYNC_ERR_NOMEM)
            verdict = MOCK_CONVERSION_NOMEM;
        else if (error)
            verdict = blame(request, converted, CHARSET, "The source has characters that are not in this charset");
    }
    cpmsync_buf_clear(&utf8);
    return verdict;
}

/* ---- images ---- */

static bool read_side(const struct mock_conversion_request *request, const char *name, uint32_t *side)
{
    struct cpmsync_slice text = cpmsync_mock_parameter(request, name);
    uint64_t number = 0;
    if (text.data && (!cpmsync_slice_number(text, 8192, &number) || number == 0))
        return false;
    *side = (uint32_t)number;
    return true;
}

static enum mock_conversion_verdict convert_image(const struct mock_conversion_request *request,
    struct cpmsync_slice header, struct cpmsync_slice body, struct mock_converted *converted)
{
    uint32_t width, height;
    struct cpmsync_buf octets;
    if (!read_side(request, "pix-x", &width))
        return blame(request, converted, "pix-x", "Not a width");
    if (!read_side(request, "pix-y", &height))
        return blame(request, converted, "pix-y", "Not a height");
    cpmsync_buf_init(&octets, converted->octets.mem, SIZE_MAX / 2);
    int error = cpmsync_mock_decode_body(header, body, &octets);
    error = error ? error
                  : cpmsync_mock_image_convert(converted->source, converted->target, width, height,
                        cpmsync_buf_slice(&octets), &converted->octets);
    cpmsync_buf_clear(&octets);
    return error ? fail(converted, error, "The picture cannot be read or made") : MOCK_CONVERSION_OK;
}

enum mock_conversion_verdict cpmsync_mock_convert_part(const struct mock_conversion_request *request,
    struct cpmsync_slice header, struct cpmsync_slice body, struct mock_converted *converted)
{
    const char *from, *to;
    const char *const *names;
    size_t i;
    cpmsync_mock_convert_types(request, header, converted->octets.mem, converted);
    for (i = 0; cpmsync_mock_conversion(i, &from, &to, &names); i++) {
        if (strcmp(from, converted->source) != 0 || strcmp(to, converted->target) != 0)
            continue;
        if (!cpmsync_mock_understands(names, request, converted->bad))
            return fail(converted, 0, "These parameters mean nothing to this conversion");
        return CONVERSIONS[i].image ? convert_image(request, header, body, converted)
                                    : convert_text(request, header, body, converted);
    }
    return fail(converted, 0, "There is no such conversion");
}

/* ---- headers ---- */

/* encoded-words of at most 75 octets, each of whole characters (RFC 2047 2) */
static int put_words(const struct mock_conversion_request *request, struct cpmsync_slice utf8, struct cpmsync_buf *out)
{
    struct cpmsync_slice charset = cpmsync_mock_parameter(request, CHARSET);
    const char *before = "=?";
    int error = 0;
    while (utf8.len && !error) {
        size_t len = utf8.len < 12 ? utf8.len : 12;
        struct cpmsync_buf part;
        while (len < utf8.len && (utf8.data[len] & 0xc0) == 0x80)
            len--;
        cpmsync_buf_init(&part, out->mem, 65536);
        error = cpmsync_mock_from_utf8(
            charset, cpmsync_mock_parameter(request, REPLACEMENT), cpmsync_slice_of(utf8.data, len), &part);
        error = error ? error : cpmsync_buf_add_str(out, before);
        error = error ? error : cpmsync_buf_add_slice(out, charset);
        error = error ? error : cpmsync_buf_add_str(out, "?B?");
        if (!error && !cpmsync_mock_base64_encode(cpmsync_buf_slice(&part), out))
            error = CPMSYNC_ERR_NOMEM;
        error = error ? error : cpmsync_buf_add_str(out, "?=");
        cpmsync_buf_clear(&part);
        before = "\r\n =?";
        utf8 = cpmsync_mock_behind(utf8, len);
    }
    return error;
}

/* Words that cannot be read stay as they are. */
static int recode_words(
    const struct mock_conversion_request *request, struct cpmsync_slice header, struct cpmsync_buf *out)
{
    struct cpmsync_buf utf8;
    int error = 0;
    cpmsync_buf_init(&utf8, out->mem, SIZE_MAX / 2);
    while (header.len && !error) {
        cpmsync_buf_truncate(&utf8, 0);
        if (cpmsync_mock_take_words(&header, &utf8, &error))
            error = error ? error : put_words(request, cpmsync_buf_slice(&utf8), out);
        else if (!error) {
            error = cpmsync_buf_add_char(out, (char)header.data[0]);
            header = cpmsync_slice_of(header.data + 1, header.len - 1);
        }
    }
    cpmsync_buf_clear(&utf8);
    return error;
}

enum mock_conversion_verdict cpmsync_mock_convert_header(
    const struct mock_conversion_request *request, struct cpmsync_slice header, struct mock_converted *converted)
{
    enum mock_conversion_verdict verdict = check_charset(request, converted);
    if (!cpmsync_mock_understands(TEXT_NAMES, request, converted->bad))
        return fail(converted, 0, "These parameters mean nothing to a header");
    if (verdict != MOCK_CONVERSION_OK)
        return verdict;
    int error = recode_words(request, header, &converted->octets);
    if (error == CPMSYNC_ERR_NOMEM)
        return MOCK_CONVERSION_NOMEM;
    return error ? blame(request, converted, CHARSET, "The source has characters that are not in this charset")
                 : MOCK_CONVERSION_OK;
}
