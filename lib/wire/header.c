/* SPDX-License-Identifier: MIT */
#include "wire/header.h"

#include <cpmsync/error.h>

/* What pairs a message with the one the handset has (cpm-facts 1.3, design 8), and what a list of messages shows. Numbers are
 * stored: new ones are added at the end. */
static const char *const IDENTITY[] = {"Message-ID", "IMDN-Message-ID", "Conversation-ID", "Contribution-ID",
    "InReplyTo-Contribution-ID", "Message-Correlator", "Message-Context", "Message-Direction", "From", "To", "Date",
    "Subject", "Content-Type"};
enum { IDENTITIES = sizeof IDENTITY / sizeof IDENTITY[0] };

const char *cpmsync_header_identity(size_t number)
{
    return number < IDENTITIES ? IDENTITY[number] : NULL;
}

/* ---- the list */

/* field-name = 1*ftext, printable octets other than ":" */
static bool is_field_name(struct cpmsync_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] <= ' ' || name.data[i] >= 0x7f || name.data[i] == ':')
            return false;
    return name.len > 0;
}

/* FNV-1a: it tells lists apart that apps really have; nobody gains by making two collide. */
static uint64_t digest_of(const struct cpmsync_header_list *list)
{
    uint64_t digest = 14695981039346656037u;

    for (size_t i = 0; i < list->count; i++) {
        for (const char *at = list->names[i];; at++) {
            uint8_t c = (uint8_t)*at;
            digest = (digest ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * 1099511628211u;
            if (!c)
                break;
        }
    }
    return digest;
}

int cpmsync_header_list_init(
    struct cpmsync_header_list *list, const struct cpmsync_allocator *mem, const char *const *names, size_t count)
{
    size_t len = 0;

    memset(list, 0, sizeof *list);
    list->mem = mem;
    if (!names) {
        names = IDENTITY;
        count = IDENTITIES;
    }
    if (count > CPMSYNC_HEADER_FIELDS_MAX)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        struct cpmsync_slice name = cpmsync_slice_of(names[i], names[i] ? strlen(names[i]) : 0);
        if (!is_field_name(name) || name.len > CPMSYNC_HEADER_NAME_MAX)
            return CPMSYNC_ERR_INVALID_ARGUMENT;
        len += name.len + 1;
    }
    list->names = cpmsync_mem_alloc(mem, (count + 1) * sizeof *list->names + len);
    if (!list->names)
        return CPMSYNC_ERR_NOMEM;
    char *text = (char *)(list->names + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(names[i]) + 1;
        list->names[i] = memcpy(text, names[i], size);
        text += size;
    }
    list->count = count;
    list->digest = digest_of(list);
    return 0;
}

void cpmsync_header_list_clear(struct cpmsync_header_list *list)
{
    cpmsync_mem_free(list->mem, list->names);
    list->names = NULL;
    list->count = 0;
}

size_t cpmsync_header_list_find(const struct cpmsync_header_list *list, struct cpmsync_slice name)
{
    size_t at = 0;

    while (at < list->count && !cpmsync_slice_is(name, list->names[at]))
        at++;
    return at;
}

/* ---- blocks */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* A line, without its end. */
static struct cpmsync_slice take_line(struct cpmsync_slice *block)
{
    const uint8_t *found = memchr(block->data, '\n', block->len);
    size_t used = found ? (size_t)(found - block->data) + 1 : block->len;
    size_t len = found ? used - 1 : used;
    struct cpmsync_slice line = cpmsync_slice_of(block->data, len);

    if (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    block->data += used;
    block->len -= used;
    return line;
}

/* field = field-name *WSP ":" unstructured */
static bool cut_name(struct cpmsync_slice *line, struct cpmsync_slice *name)
{
    const uint8_t *colon = line->len ? memchr(line->data, ':', line->len) : NULL;
    size_t used = colon ? (size_t)(colon - line->data) + 1 : 0;

    if (!colon)
        return false;
    *name = cpmsync_slice_of(line->data, used - 1);
    while (name->len && is_blank(name->data[name->len - 1]))
        name->len--;
    line->data += used;
    line->len -= used;
    return is_field_name(*name);
}

bool cpmsync_header_next(struct cpmsync_slice *block, struct cpmsync_slice *name, struct cpmsync_slice *body)
{
    while (block->len) {
        struct cpmsync_slice line = take_line(block);

        if (line.len == 0) { /* what follows is no header any more */
            block->len = 0;
            return false;
        }
        bool is_field = cut_name(&line, name);
        const uint8_t *end = line.data + line.len;
        while (block->len && is_blank(block->data[0])) {
            struct cpmsync_slice more = take_line(block);
            end = more.data + more.len;
        }
        *body = cpmsync_slice_of(line.data, (size_t)(end - line.data));
        if (is_field)
            return true;
    }
    return false;
}

int cpmsync_header_unfold(struct cpmsync_slice body, struct cpmsync_buf *text)
{
    uint8_t *out;
    size_t len = 0;
    int error = cpmsync_buf_reserve(text, body.len + 1, &out);

    if (error)
        return error;
    for (size_t i = 0; i < body.len; i++) {
        uint8_t c = body.data[i];

        if (c == '\n' || (c == '\r' && i + 1 < body.len && body.data[i + 1] == '\n'))
            continue;
        if (c == '\0' || c == '\r')
            c = ' ';
        if (len || !is_blank(c))
            out[len++] = c;
    }
    while (len && is_blank(out[len - 1]))
        len--;
    out[len++] = '\0';
    cpmsync_buf_grown(text, len);
    return 0;
}
