/* SPDX-License-Identifier: MIT */
#include "mock_structure.h"

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

/* What stands between two separators of an address list: a phrase, then "<local@host>", or "local@host". */
struct address {
    struct cpmsync_slice phrase;
    struct cpmsync_slice local;
    struct cpmsync_slice host;
};

static struct cpmsync_slice trim(struct cpmsync_slice text)
{
    while (text.len && text.data[0] == ' ')
        text = cpmsync_slice_of(text.data + 1, text.len - 1);
    while (text.len && text.data[text.len - 1] == ' ')
        text.len--;
    if (text.len > 1 && text.data[0] == '"' && text.data[text.len - 1] == '"')
        text = cpmsync_slice_of(text.data + 1, text.len - 2);
    return text;
}

static struct cpmsync_slice part_of(const uint8_t *start, const uint8_t *end)
{
    return trim(cpmsync_slice_of(start, (size_t)(end - start)));
}

static void read_address(struct cpmsync_slice text, struct address *address)
{
    const uint8_t *end = text.data + text.len, *at;
    const uint8_t *open = text.len ? (const uint8_t *)memchr(text.data, '<', text.len) : NULL;
    memset(address, 0, sizeof *address);
    if (open) {
        const uint8_t *close = (const uint8_t *)memchr(open, '>', (size_t)(end - open));
        address->phrase = part_of(text.data, open);
        text = part_of(open + 1, close ? close : end);
        end = text.data + text.len;
    }
    for (at = end; at > text.data && at[-1] != '@'; at--)
        ;
    if (at == text.data) {
        address->local = trim(text);
        return;
    }
    address->local = part_of(text.data, at - 1);
    address->host = part_of(at, end);
}

static void put_nonempty(struct mock_conn *conn, struct cpmsync_slice text)
{
    cpmsync_mock_put_nstring(conn, text.len ? text : cpmsync_slice_of(NULL, 0));
}

static void put_address(struct mock_conn *conn, struct cpmsync_slice text, bool *first)
{
    struct address address;
    text = trim(text);
    if (text.len == 0)
        return;
    read_address(text, &address);
    cpmsync_mock_putf(conn, *first ? "((" : "(");
    *first = false;
    put_nonempty(conn, address.phrase);
    cpmsync_mock_putf(conn, " NIL ");
    put_nonempty(conn, address.local);
    cpmsync_mock_putf(conn, " ");
    cpmsync_mock_put_string(conn, address.host.data ? address.host : CPMSYNC_SLICE("MISSING_DOMAIN"));
    cpmsync_mock_putf(conn, ")");
}

static void put_group(struct mock_conn *conn, struct cpmsync_slice name, bool *first)
{
    cpmsync_mock_putf(conn, *first ? "((NIL NIL " : "(NIL NIL ");
    *first = false;
    put_nonempty(conn, trim(name));
    cpmsync_mock_putf(conn, " NIL)");
}

/* Cuts at commas, and at the colon and semicolon of groups, outside quotes and angle brackets. */
static void put_address_list(struct mock_conn *conn, struct cpmsync_slice list)
{
    bool quoted = false, bracketed = false, first = true;
    size_t start = 0, i;
    for (i = 0; i <= list.len; i++) {
        uint8_t c = i < list.len ? list.data[i] : ',';
        if (i < list.len && c == '\\' && quoted)
            i++;
        else if (c == '"' && i < list.len)
            quoted = !quoted;
        else if (!quoted && c == '<')
            bracketed = true;
        else if (!quoted && c == '>')
            bracketed = false;
        if (i < list.len && (quoted || bracketed || (c != ',' && c != ':' && c != ';')))
            continue;
        struct cpmsync_slice text = cpmsync_slice_of(list.data + start, (i < list.len ? i : list.len) - start);
        if (c == ':')
            put_group(conn, text, &first);
        else
            put_address(conn, text, &first);
        if (c == ';')
            put_group(conn, cpmsync_slice_of(NULL, 0), &first);
        start = i + 1 < list.len ? i + 1 : list.len;
    }
    cpmsync_mock_putf(conn, first ? "NIL" : ")");
}

static void put_addresses(struct mock_conn *conn, struct cpmsync_slice header, const char *name, const char *otherwise)
{
    struct cpmsync_buf value;
    cpmsync_buf_init(&value, conn->mock->mem, FIELD_MAX);
    if (!cpmsync_mock_field(header, name, &value) || value.len == 0)
        cpmsync_mock_field(header, otherwise, &value);
    put_address_list(conn, cpmsync_buf_slice(&value));
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

static void put_parameters(struct mock_conn *conn, struct cpmsync_slice rest, const char *otherwise)
{
    struct cpmsync_slice name, value;
    bool first = true;
    while (cpmsync_mock_next_parameter(&rest, &name, &value)) {
        cpmsync_mock_putf(conn, first ? "(" : " ");
        first = false;
        cpmsync_mock_put_string(conn, name);
        cpmsync_mock_putf(conn, " ");
        cpmsync_mock_put_string(conn, value);
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
        type = CPMSYNC_SLICE("TEXT");
        subtype = CPMSYNC_SLICE("PLAIN");
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
        put_field(conn, part->header, "Content-Language", "NIL");
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
