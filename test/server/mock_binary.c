/* SPDX-License-Identifier: MIT */
#include "mock_binary.h"

#include "mock_decode.h"

static void put_literal8(struct mock_conn *conn, struct cpmsync_slice octets)
{
    cpmsync_mock_putf(conn, "~{%zu}\r\n", octets.len);
    cpmsync_mock_put_slice(conn, octets);
}

static bool has_nul(struct cpmsync_slice octets)
{
    return octets.len && memchr(octets.data, 0, octets.len);
}

/* The decoded octets of the part; the whole message has no encoding of its own. */
static int decode(const struct mock_section *section, struct cpmsync_slice message, const struct mock_part *part,
    struct cpmsync_buf *out)
{
    return section->number_count ? cpmsync_mock_decode_body(part->header, part->body, out)
                                 : cpmsync_buf_add_slice(out, message);
}

bool cpmsync_mock_can_decode(const struct mock_section *section, const struct mock_parts *parts)
{
    const struct mock_part *part = section->number_count ? cpmsync_mock_find_part(parts, section) : NULL;
    return !part || cpmsync_mock_encoding_of(part->header, parts->mem) != MOCK_UNKNOWN_ENCODING;
}

void cpmsync_mock_put_binary(struct mock_conn *conn, const struct mock_section *section, bool size,
    struct cpmsync_slice message, const struct mock_parts *parts)
{
    const struct mock_part *part = section->number_count ? cpmsync_mock_find_part(parts, section) : NULL;
    struct cpmsync_buf decoded;
    cpmsync_mock_put_spec(conn, section);
    if (section->number_count && !part) {
        cpmsync_mock_putf(conn, size ? " 0" : " NIL");
        return;
    }
    cpmsync_buf_init(&decoded, conn->mock->mem, message.len + 1);
    conn->broken |= decode(section, message, part, &decoded) != 0;
    if (size)
        cpmsync_mock_putf(conn, " %zu", decoded.len);
    else {
        struct cpmsync_slice octets = cpmsync_mock_cut(section, cpmsync_buf_slice(&decoded));
        cpmsync_mock_putf(conn, " ");
        if (has_nul(octets))
            put_literal8(conn, octets);
        else
            cpmsync_mock_put_string(conn, octets.len ? octets : CPMSYNC_SLICE(""));
    }
    cpmsync_buf_clear(&decoded);
}

/* ---- what came as literal8 ---- */

/* The header with base64 for its encoding, the field added where there is none. */
static int add_header(struct cpmsync_slice header, struct cpmsync_buf *out)
{
    static const char ENCODING[] = "Content-Transfer-Encoding: base64\r\n";
    struct cpmsync_slice name, field;
    int error = cpmsync_buf_add_str(out, ENCODING);
    while (!error && cpmsync_mock_next_field(&header, &name, &field))
        if (!cpmsync_slice_is(name, "Content-Transfer-Encoding"))
            error = cpmsync_buf_add_slice(out, field);
    return error ? error : cpmsync_buf_add_str(out, "\r\n");
}

/* Lines of 76 characters. */
static int add_base64(struct cpmsync_slice body, struct cpmsync_buf *out)
{
    size_t at;
    int error = 0;
    for (at = 0; at < body.len && !error; at += 57) {
        size_t len = body.len - at < 57 ? body.len - at : 57;
        if (at)
            error = cpmsync_buf_add_str(out, "\r\n");
        if (!error && !cpmsync_mock_base64_encode(cpmsync_slice_of(body.data + at, len), out))
            error = CPMSYNC_ERR_NOMEM;
    }
    return error;
}

/* The leaf that begins next behind `at`; NULL if none does. */
static const struct mock_part *next_leaf(const struct mock_parts *parts, const uint8_t *at)
{
    const struct mock_part *next = NULL;
    size_t i;
    for (i = 0; i < parts->count; i++) {
        const struct mock_part *part = &parts->parts[i];
        if (part->child_count || !has_nul(part->body) || part->header.data < at ||
            cpmsync_mock_encoding_of(part->header, parts->mem) != MOCK_IDENTITY)
            continue;
        if (!next || part->header.data < next->header.data)
            next = part;
    }
    return next;
}

int cpmsync_mock_encode_binary(struct cpmsync_slice message, struct cpmsync_buf *out)
{
    struct mock_parts parts;
    const struct mock_part *leaf;
    const uint8_t *at = message.data, *end = cpmsync_mock_end_of(message);
    int error = 0;
    if (!cpmsync_mock_parts_of(&parts, out->mem, message))
        return CPMSYNC_ERR_NOMEM;
    while (!error && (leaf = next_leaf(&parts, at)) != NULL) {
        error = cpmsync_buf_add(out, at, (size_t)(leaf->header.data - at));
        error = error ? error : add_header(leaf->header, out);
        error = error ? error : add_base64(leaf->body, out);
        at = cpmsync_mock_end_of(leaf->body);
    }
    error = error ? error : cpmsync_buf_add(out, at, (size_t)(end - at));
    cpmsync_mock_parts_clear(&parts);
    if (!error && has_nul(cpmsync_buf_slice(out)))
        error = CPMSYNC_ERR_UNSUPPORTED;
    return error;
}
