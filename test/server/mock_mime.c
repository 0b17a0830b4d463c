/* SPDX-License-Identifier: MIT */
#include "mock_mime.h"

#include "mock_slice.h"

static struct cpmsync_slice between(const uint8_t *start, const uint8_t *end)
{
    return cpmsync_slice_of(start, (size_t)(end - start));
}

/* Takes a line, its LF included, off the front. */
static bool next_line(struct cpmsync_slice *text, struct cpmsync_slice *line)
{
    if (text->len == 0)
        return false;
    const uint8_t *lf = (const uint8_t *)memchr(text->data, '\n', text->len);
    size_t len = lf ? (size_t)(lf - text->data) + 1 : text->len;
    *line = cpmsync_slice_of(text->data, len);
    *text = cpmsync_mock_behind(*text, len);
    return true;
}

static bool is_empty_line(struct cpmsync_slice line)
{
    return (line.len == 1 && line.data[0] == '\n') || (line.len == 2 && memcmp(line.data, "\r\n", 2) == 0);
}

void cpmsync_mock_split(struct cpmsync_slice message, struct cpmsync_slice *header, struct cpmsync_slice *body)
{
    struct cpmsync_slice rest = message, line;
    while (next_line(&rest, &line))
        if (is_empty_line(line))
            break;
    *header = cpmsync_slice_of(message.data, message.len - rest.len);
    *body = rest;
}

bool cpmsync_mock_next_field(struct cpmsync_slice *header, struct cpmsync_slice *name, struct cpmsync_slice *field)
{
    struct cpmsync_slice line, start = *header;
    if (!next_line(header, &line) || is_empty_line(line))
        return false;
    while (header->len && (header->data[0] == ' ' || header->data[0] == '\t'))
        next_line(header, &line);
    *field = cpmsync_slice_of(start.data, start.len - header->len);
    const uint8_t *colon = (const uint8_t *)memchr(field->data, ':', field->len);
    *name = cpmsync_slice_of(field->data, colon ? (size_t)(colon - field->data) : 0);
    while (name->len && (name->data[name->len - 1] == ' ' || name->data[name->len - 1] == '\t'))
        name->len--;
    return true;
}

bool cpmsync_mock_field(struct cpmsync_slice header, const char *wanted, struct cpmsync_buf *out)
{
    struct cpmsync_slice name, field;
    size_t i, before = out->len;
    while (cpmsync_mock_next_field(&header, &name, &field)) {
        if (!cpmsync_slice_is(name, wanted))
            continue;
        const uint8_t *colon = (const uint8_t *)memchr(field.data, ':', field.len);
        for (i = (size_t)(colon - field.data) + 1; i < field.len; i++) {
            uint8_t c = field.data[i];
            bool blank = c == ' ' || c == '\t';
            if (c == '\r' || c == '\n' || c == 0 || (blank && out->len == before))
                continue;
            if (cpmsync_buf_add_char(out, (char)(c == '\t' ? ' ' : c)) != 0)
                return false;
        }
        while (out->len > before && cpmsync_buf_data(out)[out->len - 1] == ' ')
            cpmsync_buf_truncate(out, out->len - 1);
        return true;
    }
    return false;
}

static bool is_token_char(uint8_t c)
{
    return c > 0x20 && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static struct cpmsync_slice take_token(struct cpmsync_slice *text)
{
    size_t len = 0;
    while (len < text->len && is_token_char(text->data[len]))
        len++;
    struct cpmsync_slice token = cpmsync_slice_of(text->data, len);
    *text = cpmsync_mock_behind(*text, len);
    return token;
}

/* CFWS: blanks and comments, which nest (RFC 2045 5.1 allows them between tokens) */
static void skip_blanks(struct cpmsync_slice *text)
{
    size_t at = 0;
    unsigned depth = 0;
    for (; at < text->len; at++) {
        uint8_t c = text->data[at];
        if (c == '(')
            depth++;
        else if (depth && c == ')')
            depth--;
        else if (depth && c == '\\')
            at++;
        else if (!depth && c != ' ')
            break;
    }
    at = at < text->len ? at : text->len;
    *text = cpmsync_mock_behind(*text, at);
}

static bool take(struct cpmsync_slice *text, char c)
{
    skip_blanks(text);
    if (text->len == 0 || text->data[0] != (uint8_t)c)
        return false;
    *text = cpmsync_slice_of(text->data + 1, text->len - 1);
    return true;
}

void cpmsync_mock_media_type(
    struct cpmsync_slice value, struct cpmsync_slice *type, struct cpmsync_slice *subtype, struct cpmsync_slice *rest)
{
    skip_blanks(&value);
    *type = take_token(&value);
    *subtype = cpmsync_slice_of(NULL, 0);
    if (take(&value, '/')) {
        skip_blanks(&value);
        *subtype = take_token(&value);
    }
    *rest = value;
}

bool cpmsync_mock_next_parameter(struct cpmsync_slice *rest, struct cpmsync_slice *name, struct cpmsync_slice *value)
{
    size_t len = 0;
    if (!take(rest, ';'))
        return false;
    skip_blanks(rest);
    *name = take_token(rest);
    if (name->len == 0 || !take(rest, '='))
        return false;
    if (!take(rest, '"')) {
        *value = take_token(rest);
        return value->len > 0;
    }
    while (len < rest->len && rest->data[len] != '"')
        len += rest->data[len] == '\\' && len + 1 < rest->len ? 2 : 1;
    *value = cpmsync_slice_of(rest->data, len);
    *rest = cpmsync_mock_behind(*rest, len);
    return take(rest, '"');
}

bool cpmsync_mock_next_in_list(struct cpmsync_slice *rest, struct cpmsync_slice *member)
{
    size_t len = 0;
    do
        skip_blanks(rest);
    while (rest->len && rest->data[0] == ',' && take(rest, ','));
    while (len < rest->len && !strchr(",( ", rest->data[len]))
        len++;
    *member = cpmsync_slice_of(rest->data, len);
    *rest = cpmsync_mock_behind(*rest, len);
    return len > 0;
}

static bool add_part(struct mock_parts *parts, struct cpmsync_slice entity, unsigned depth)
{
    if (parts->count == parts->capacity) {
        size_t capacity = parts->capacity ? parts->capacity * 2 : 8;
        struct mock_part *grown =
            (struct mock_part *)cpmsync_mem_resize(parts->mem, parts->parts, capacity, sizeof *grown);
        if (!grown)
            return false;
        parts->parts = grown;
        parts->capacity = capacity;
    }
    struct mock_part *part = &parts->parts[parts->count++];
    memset(part, 0, sizeof *part);
    part->depth = depth;
    cpmsync_mock_split(entity, &part->header, &part->body);
    return true;
}

/* "--" boundary ["--"] and blanks */
static bool is_delimiter(struct cpmsync_slice line, struct cpmsync_slice boundary, bool *last)
{
    if (line.len < boundary.len + 2 || memcmp(line.data, "--", 2) != 0 ||
        memcmp(line.data + 2, boundary.data, boundary.len) != 0)
        return false;
    struct cpmsync_slice rest = cpmsync_slice_of(line.data + 2 + boundary.len, line.len - 2 - boundary.len);
    *last = rest.len >= 2 && memcmp(rest.data, "--", 2) == 0;
    return *last || rest.len == 0 || strchr(" \t\r\n", rest.data[0]);
}

/* The line break before a delimiter belongs to the delimiter. */
static struct cpmsync_slice body_part(const uint8_t *start, const uint8_t *end)
{
    if (end > start && end[-1] == '\n')
        end--;
    if (end > start && end[-1] == '\r')
        end--;
    return between(start, end);
}

static bool add_children(struct mock_parts *parts, size_t index, struct cpmsync_slice boundary)
{
    struct cpmsync_slice rest = parts->parts[index].body, line;
    unsigned depth = parts->parts[index].depth + 1;
    const uint8_t *start = NULL;
    bool last = false;
    parts->parts[index].first_child = parts->count;
    while (!last && next_line(&rest, &line)) {
        if (!is_delimiter(line, boundary, &last))
            continue;
        if (start && !add_part(parts, body_part(start, line.data), depth))
            return false;
        start = rest.data;
    }
    if (start && !last && !add_part(parts, between(start, rest.data), depth))
        return false;
    parts->parts[index].child_count = parts->count - parts->parts[index].first_child;
    return true;
}

static bool add_message(struct mock_parts *parts, size_t index)
{
    struct mock_part *part = &parts->parts[index];
    part->kind = MOCK_MESSAGE;
    part->first_child = parts->count;
    part->child_count = 1;
    return add_part(parts, part->body, part->depth + 1);
}

/* Children of a multipart, and what they are without a type. */
static bool add_multipart(
    struct mock_parts *parts, size_t index, struct cpmsync_slice boundary, struct cpmsync_slice subtype)
{
    size_t i;
    if (!add_children(parts, index, boundary))
        return false;
    if (parts->parts[index].child_count)
        parts->parts[index].kind = MOCK_MULTIPART;
    for (i = parts->parts[index].first_child; i < parts->count; i++)
        parts->parts[i].in_digest = cpmsync_slice_is(subtype, "digest");
    return true;
}

/* Finds out what the part is, and puts what it contains behind the others. */
static bool open_part(struct mock_parts *parts, size_t index)
{
    struct mock_part *part = &parts->parts[index];
    struct cpmsync_buf value;
    struct cpmsync_slice type, subtype, rest, name, parameter, boundary = {NULL, 0};
    bool ok = true, may_nest = part->depth < MOCK_DEPTH_MAX && parts->count < MOCK_PARTS_MAX;
    cpmsync_buf_init(&value, parts->mem, 65536);
    if (!cpmsync_mock_field(part->header, "Content-Type", &value)) {
        part->kind = MOCK_TEXT;
        if (part->in_digest && may_nest)
            ok = add_message(parts, index);
    } else {
        cpmsync_mock_media_type(cpmsync_buf_slice(&value), &type, &subtype, &rest);
        while (cpmsync_mock_next_parameter(&rest, &name, &parameter))
            if (cpmsync_slice_is(name, "boundary"))
                boundary = parameter;
        part->kind = cpmsync_slice_is(type, "text") || type.len == 0 ? MOCK_TEXT : MOCK_LEAF;
        if (may_nest && cpmsync_slice_is(type, "multipart") && boundary.len)
            ok = add_multipart(parts, index, boundary, subtype);
        else if (may_nest && cpmsync_slice_is(type, "message") && cpmsync_slice_is(subtype, "rfc822"))
            ok = add_message(parts, index);
    }
    cpmsync_buf_clear(&value);
    return ok;
}

bool cpmsync_mock_parts_of(struct mock_parts *parts, const struct cpmsync_allocator *mem, struct cpmsync_slice message)
{
    size_t i;
    memset(parts, 0, sizeof *parts);
    parts->mem = mem;
    bool ok = add_part(parts, message, 0);
    for (i = 0; ok && i < parts->count; i++)
        ok = open_part(parts, i);
    if (!ok)
        cpmsync_mock_parts_clear(parts);
    return ok;
}

void cpmsync_mock_parts_clear(struct mock_parts *parts)
{
    cpmsync_mem_free(parts->mem, parts->parts);
    memset(parts, 0, sizeof *parts);
}
