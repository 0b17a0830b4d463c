/* SPDX-License-Identifier: MIT */
#include "mock_structure.h"

#include "mock_address.h"

enum { FIELD_MAX = 65536 };

/* ---- envelope ---- */

/* A field as nstring; `otherwise` where it is missing. */
static void put_field(struct mock_conn *conn, struct cpmsync_slice header, const char *name, const char *otherwise)
{
    struct cpmsync_buf value;
    cpmsync_buf_init(&value, conn->mock->mem, FIELD_MAX);
    if (cpmsync_mock_field(header, name, &value))
        cpmsync_mock_put_string(conn, value.len ? cpmsync_buf_slice(&value) : CPMSYNC_SLICE(""));
    else
        cpmsync_mock_put(conn, otherwise, strlen(otherwise));
    cpmsync_buf_clear(&value);
}

/* A field of addresses; another one where it is missing or empty. */
static void put_addresses(struct mock_conn *conn, struct cpmsync_slice header, const char *name, const char *otherwise)
{
    struct cpmsync_buf value;
    cpmsync_buf_init(&value, conn->mock->mem, FIELD_MAX);
    if (!cpmsync_mock_field(header, name, &value) || value.len == 0)
        cpmsync_mock_field(header, otherwise, &value);
    cpmsync_mock_put_addresses(conn, cpmsync_buf_slice(&value));
    cpmsync_buf_clear(&value);
}

void cpmsync_mock_put_envelope(struct mock_conn *conn, struct cpmsync_slice header)
{
    static const char *const LISTS[][2] = {
        {"From", ""}, {"Sender", "From"}, {"Reply-To", "From"}, {"To", ""}, {"Cc", ""}, {"Bcc", ""}};
    size_t i;
    cpmsync_mock_putf(conn, "(");
    put_field(conn, header, "Date", "NIL");
    cpmsync_mock_putf(conn, " ");
    put_field(conn, header, "Subject", "NIL");
    for (i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        cpmsync_mock_putf(conn, " ");
        put_addresses(conn, header, LISTS[i][0], LISTS[i][1]);
    }
    cpmsync_mock_putf(conn, " ");
    put_field(conn, header, "In-Reply-To", "NIL");
    cpmsync_mock_putf(conn, " ");
    put_field(conn, header, "Message-ID", "NIL");
    cpmsync_mock_putf(conn, ")");
}

/* ---- body structure ---- */

/* A parameter's value, in which quoted pairs may stand. */
static void put_value(struct mock_conn *conn, struct cpmsync_slice value)
{
    struct cpmsync_buf plain;
    size_t i;
    cpmsync_buf_init(&plain, conn->mock->mem, FIELD_MAX);
    for (i = 0; i < value.len; i++) {
        if (value.data[i] == '\\' && i + 1 < value.len)
            i++;
        if (cpmsync_buf_add_char(&plain, (char)value.data[i]) != 0)
            conn->broken = true;
    }
    cpmsync_mock_put_string(conn, plain.len ? cpmsync_buf_slice(&plain) : CPMSYNC_SLICE(""));
    cpmsync_buf_clear(&plain);
}

static void put_parameters(struct mock_conn *conn, struct cpmsync_slice rest, const char *otherwise)
{
    struct cpmsync_slice name, value;
    bool first = true;
    while (cpmsync_mock_next_parameter(&rest, &name, &value)) {
        cpmsync_mock_putf(conn, first ? "(" : " ");
        first = false;
        cpmsync_mock_put_string(conn, name);
        cpmsync_mock_putf(conn, " ");
        put_value(conn, value);
    }
    cpmsync_mock_putf(conn, "%s", first ? otherwise : ")");
}

/* media type, or the default one, up to the parameters; a multipart has its subtype only */
static void put_type(struct mock_conn *conn, const struct mock_part *part, bool extended)
{
    struct cpmsync_buf value;
    struct cpmsync_slice type, subtype, rest;
    cpmsync_buf_init(&value, conn->mock->mem, FIELD_MAX);
    bool given = cpmsync_mock_field(part->header, "Content-Type", &value);
    cpmsync_mock_media_type(cpmsync_buf_slice(&value), &type, &subtype, &rest);
    if (!given || type.len == 0 || subtype.len == 0) {
        type = part->kind == MOCK_MESSAGE ? CPMSYNC_SLICE("MESSAGE") : CPMSYNC_SLICE("TEXT");
        subtype = part->kind == MOCK_MESSAGE ? CPMSYNC_SLICE("RFC822") : CPMSYNC_SLICE("PLAIN");
    }
    if (part->kind != MOCK_MULTIPART) {
        cpmsync_mock_put_string(conn, type);
        cpmsync_mock_putf(conn, " ");
    }
    cpmsync_mock_put_string(conn, subtype);
    if (part->kind != MOCK_MULTIPART || extended) {
        cpmsync_mock_putf(conn, " ");
        put_parameters(conn, rest, part->kind == MOCK_TEXT ? "(\"CHARSET\" \"US-ASCII\")" : "NIL");
    }
    cpmsync_buf_clear(&value);
}

static void put_disposition(struct mock_conn *conn, struct cpmsync_slice header)
{
    struct cpmsync_buf value;
    struct cpmsync_slice kind, none, rest;
    cpmsync_buf_init(&value, conn->mock->mem, FIELD_MAX);
    cpmsync_mock_field(header, "Content-Disposition", &value);
    cpmsync_mock_media_type(cpmsync_buf_slice(&value), &kind, &none, &rest);
    if (kind.len) {
        cpmsync_mock_putf(conn, "(");
        cpmsync_mock_put_string(conn, kind);
        cpmsync_mock_putf(conn, " ");
        put_parameters(conn, rest, "NIL");
        cpmsync_mock_putf(conn, ")");
    } else
        cpmsync_mock_putf(conn, "NIL");
    cpmsync_buf_clear(&value);
}

/* body-fld-lang = nstring / "(" string *(SP string) ")": one tag is a string, several are a list */
static void put_languages(struct mock_conn *conn, struct cpmsync_slice header)
{
    struct cpmsync_buf value;
    struct cpmsync_slice tag;
    bool first = true;
    cpmsync_buf_init(&value, conn->mock->mem, FIELD_MAX);
    cpmsync_mock_field(header, "Content-Language", &value);
    struct cpmsync_slice rest = cpmsync_buf_slice(&value);
    bool list = rest.len && memchr(rest.data, ',', rest.len);
    while (cpmsync_mock_next_in_list(&rest, &tag)) {
        cpmsync_mock_putf(conn, "%s", first ? (list ? "(" : "") : " ");
        cpmsync_mock_put_string(conn, tag);
        first = false;
    }
    cpmsync_mock_putf(conn, "%s", first ? "NIL" : list ? ")" : "");
    cpmsync_buf_clear(&value);
}

static size_t count_lines(struct cpmsync_slice text)
{
    size_t lines = 0, i;
    for (i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines + (text.len && text.data[text.len - 1] != '\n');
}

/* What stands before the children of a part, and all of a part that has none. */
static void begin_part(
    struct mock_conn *conn, const struct mock_parts *parts, const struct mock_part *part, bool extended)
{
    cpmsync_mock_putf(conn, "(");
    if (part->kind == MOCK_MULTIPART)
        return;
    put_type(conn, part, extended);
    cpmsync_mock_putf(conn, " ");
    put_field(conn, part->header, "Content-ID", "NIL");
    cpmsync_mock_putf(conn, " ");
    put_field(conn, part->header, "Content-Description", "NIL");
    cpmsync_mock_putf(conn, " ");
    put_field(conn, part->header, "Content-Transfer-Encoding", "\"7BIT\"");
    cpmsync_mock_putf(conn, " %zu", part->body.len);
    if (part->kind == MOCK_TEXT)
        cpmsync_mock_putf(conn, " %zu", count_lines(part->body));
    if (part->kind == MOCK_MESSAGE) {
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_envelope(conn, parts->parts[part->first_child].header);
        cpmsync_mock_putf(conn, " ");
    }
}

static void end_part(struct mock_conn *conn, const struct mock_part *part, bool extended)
{
    if (part->kind == MOCK_MULTIPART) {
        cpmsync_mock_putf(conn, " ");
        put_type(conn, part, extended);
    } else {
        if (part->kind == MOCK_MESSAGE)
            cpmsync_mock_putf(conn, " %zu", count_lines(part->body));
        if (extended) {
            cpmsync_mock_putf(conn, " ");
            put_field(conn, part->header, "Content-MD5", "NIL");
        }
    }
    if (extended) {
        cpmsync_mock_putf(conn, " ");
        put_disposition(conn, part->header);
        cpmsync_mock_putf(conn, " ");
        put_languages(conn, part->header);
        cpmsync_mock_putf(conn, " ");
        put_field(conn, part->header, "Content-Location", "NIL");
    }
    cpmsync_mock_putf(conn, ")");
}

void cpmsync_mock_put_structure(struct mock_conn *conn, const struct mock_parts *parts, bool extended)
{
    struct {
        size_t part, next;
    } stack[MOCK_DEPTH_MAX + 2];
    size_t depth = 1;
    stack[0].part = stack[0].next = 0;
    begin_part(conn, parts, &parts->parts[0], extended);
    while (depth) {
        const struct mock_part *part = &parts->parts[stack[depth - 1].part];
        if (stack[depth - 1].next == part->child_count) {
            end_part(conn, part, extended);
            depth--;
            continue;
        }
        stack[depth].part = part->first_child + stack[depth - 1].next++;
        stack[depth].next = 0;
        begin_part(conn, parts, &parts->parts[stack[depth].part], extended);
        depth++;
    }
}
