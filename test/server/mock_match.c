/* SPDX-License-Identifier: MIT */
/* Whether a message is one that SEARCH looks for (RFC 3501 6.4.4). */
#include "mock_annotate.h"
#include "mock_decode.h"
#include "mock_key.h"
#include "mock_mime.h"

#include <stdio.h>

/* A field's value, unfolded, as it is written and with its encoded words read. */
static bool value_matches(struct mock_conn *conn, struct cpmsync_slice value, struct cpmsync_slice wanted)
{
    struct cpmsync_buf unfolded, decoded;
    size_t i;
    int error = 0;
    cpmsync_buf_init(&unfolded, conn->mock->mem, value.len + 1);
    cpmsync_buf_init(&decoded, conn->mock->mem, 2 * value.len + 1);
    for (i = 0; i < value.len && !error; i++)
        if (value.data[i] != '\r' && value.data[i] != '\n')
            error = cpmsync_buf_add_char(&unfolded, (char)value.data[i]);
    if (!error)
        error = cpmsync_mock_decode_words(cpmsync_buf_slice(&unfolded), &decoded);
    bool found = !error && (cpmsync_mock_contains(cpmsync_buf_slice(&unfolded), wanted) ||
                               cpmsync_mock_contains(cpmsync_buf_slice(&decoded), wanted));
    conn->broken |= error == CPMSYNC_ERR_NOMEM;
    cpmsync_buf_clear(&unfolded);
    cpmsync_buf_clear(&decoded);
    return found;
}

/* Any field, where `wanted_name` is empty. */
static bool header_matches(
    struct mock_conn *conn, struct cpmsync_slice header, struct cpmsync_slice wanted_name, struct cpmsync_slice wanted)
{
    struct cpmsync_slice name, field;
    while (cpmsync_mock_next_field(&header, &name, &field)) {
        if (wanted_name.len && !cpmsync_slice_ieq(name, wanted_name))
            continue;
        const uint8_t *colon = (const uint8_t *)memchr(field.data, ':', field.len);
        size_t skip = colon && wanted_name.len ? (size_t)(colon - field.data) + 1 : 0;
        if (value_matches(conn, cpmsync_mock_behind(field, skip), wanted))
            return true;
    }
    return false;
}

static bool text_part_matches(struct mock_conn *conn, const struct mock_part *part, struct cpmsync_slice wanted)
{
    struct cpmsync_buf text;
    cpmsync_buf_init(&text, conn->mock->mem, 2 * part->body.len + 1);
    conn->broken |= cpmsync_mock_decode_text(part->header, part->body, &text) == CPMSYNC_ERR_NOMEM;
    bool found = cpmsync_mock_contains(cpmsync_buf_slice(&text), wanted);
    cpmsync_buf_clear(&text);
    return found;
}

/* The body as it is written, or a text part of it once decoded, or a header inside it. */
static bool body_matches(
    struct mock_conn *conn, struct cpmsync_slice message, struct cpmsync_slice body, struct cpmsync_slice wanted)
{
    struct mock_parts parts;
    bool found = cpmsync_mock_contains(body, wanted);
    size_t i;
    if (found)
        return true;
    if (!cpmsync_mock_parts_of(&parts, conn->mock->mem, message)) {
        conn->broken = true;
        return false;
    }
    for (i = 0; i < parts.count && !found; i++) {
        if (i > 0)
            found = header_matches(conn, parts.parts[i].header, cpmsync_slice_of(NULL, 0), wanted);
        if (parts.parts[i].kind == MOCK_TEXT)
            found |= text_part_matches(conn, &parts.parts[i], wanted);
    }
    cpmsync_mock_parts_clear(&parts);
    return found;
}

static int64_t day_of(int64_t seconds)
{
    return seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
}

/* The day of the Date field; the internal one where it cannot be read. */
static int64_t sent_day(const struct cpmsync_allocator *mem, struct cpmsync_slice header, int64_t otherwise)
{
    struct cpmsync_buf value;
    int64_t days = otherwise;
    size_t i;
    cpmsync_buf_init(&value, mem, 65536);
    if (cpmsync_mock_field(header, "Date", &value)) {
        uint8_t *data = cpmsync_buf_data(&value);
        uint8_t *comma = value.len ? (uint8_t *)memchr(data, ',', value.len) : NULL;
        struct mock_parser p = cpmsync_mock_parser_of(cpmsync_buf_slice(&value));
        p.at = comma ? comma + 1 : p.at;
        while (cpmsync_mock_read_sp(&p))
            ;
        /* "1 Jan 2024" is a date of SEARCH once its blanks are hyphens. */
        for (i = 0; p.at + i < p.end && i < 7; i++)
            if (p.at[i] == ' ')
                p.at[i] = '-';
        if (!cpmsync_mock_read_date(&p, &days))
            days = otherwise;
    }
    cpmsync_buf_clear(&value);
    return days;
}

static int keyword_index(const struct mock_mailbox *mailbox, struct cpmsync_slice name)
{
    size_t i;
    for (i = MOCK_SYSTEM_FLAGS; i < mailbox->flag_count; i++)
        if (cpmsync_slice_ieq(mailbox->flag_names[i], name))
            return (int)i;
    return -1;
}

static bool has_id(const struct mock_message *message, struct cpmsync_slice wanted)
{
    char id[32];
    int len = snprintf(id, sizeof id, "M%llu", (unsigned long long)message->body->id);
    return cpmsync_slice_eq(wanted, cpmsync_slice_of(id, (size_t)len));
}

static bool test_date(struct mock_conn *conn, const struct mock_node *node, const struct mock_message *message,
    struct cpmsync_slice header)
{
    int64_t internal = day_of(message->date + (int64_t)message->zone * 60);
    switch (node->op) {
    case MOCK_KEY_BEFORE:
        return internal < node->number;
    case MOCK_KEY_ON:
        return internal == node->number;
    case MOCK_KEY_SINCE:
        return internal >= node->number;
    case MOCK_KEY_SAVED_BEFORE:
        return day_of(message->saved) < node->number;
    case MOCK_KEY_SAVED_ON:
        return day_of(message->saved) == node->number;
    case MOCK_KEY_SAVED_SINCE:
        return day_of(message->saved) >= node->number;
    case MOCK_KEY_SENT_BEFORE:
        return sent_day(conn->mock->mem, header, internal) < node->number;
    case MOCK_KEY_SENT_ON:
        return sent_day(conn->mock->mem, header, internal) == node->number;
    default:
        return sent_day(conn->mock->mem, header, internal) >= node->number;
    }
}

static bool test(struct mock_conn *conn, const struct mock_node *node, size_t index, const struct mock_message *message)
{
    struct cpmsync_slice octets = cpmsync_slice_of(message->body->data, message->body->len), header, body;
    bool recent = conn->view[index].recent;
    int keyword =
        node->op == MOCK_KEY_KEYWORD || node->op == MOCK_KEY_NO_KEYWORD ? keyword_index(conn->mailbox, node->text) : -1;
    cpmsync_mock_split(octets, &header, &body);
    switch (node->op) {
    case MOCK_KEY_FLAG:
        return cpmsync_mock_flag_is_set(&message->flags, (unsigned)node->number);
    case MOCK_KEY_NO_FLAG:
        return !cpmsync_mock_flag_is_set(&message->flags, (unsigned)node->number);
    case MOCK_KEY_KEYWORD:
        return keyword >= 0 && cpmsync_mock_flag_is_set(&message->flags, (unsigned)keyword);
    case MOCK_KEY_NO_KEYWORD:
        return keyword < 0 || !cpmsync_mock_flag_is_set(&message->flags, (unsigned)keyword);
    case MOCK_KEY_RECENT:
        return recent;
    case MOCK_KEY_NEW:
        return recent && !cpmsync_mock_flag_is_set(&message->flags, MOCK_SEEN);
    case MOCK_KEY_OLD:
        return !recent;
    case MOCK_KEY_NUMBERS:
        return cpmsync_mock_set_contains(&node->set, (uint32_t)(index + 1));
    case MOCK_KEY_UIDS:
        return cpmsync_mock_set_contains(&node->set, message->uid);
    case MOCK_KEY_LARGER:
        return octets.len > (uint64_t)node->number;
    case MOCK_KEY_SMALLER:
        return octets.len < (uint64_t)node->number;
    case MOCK_KEY_HEADER:
        return header_matches(conn, header, node->name, node->text);
    case MOCK_KEY_BODY_TEXT:
        return body_matches(conn, octets, body, node->text);
    case MOCK_KEY_ALL_TEXT:
        return header_matches(conn, header, cpmsync_slice_of(NULL, 0), node->text) ||
               body_matches(conn, octets, body, node->text);
    case MOCK_KEY_MODSEQ:
        return message->modseq >= (uint64_t)node->number;
    case MOCK_KEY_EMAILID:
        return has_id(message, node->text);
    case MOCK_KEY_THREADID:
        return false;
    case MOCK_KEY_ANNOTATION:
        return cpmsync_mock_annotation_matches(conn, message, node->name, (unsigned)node->number, node->text);
    case MOCK_KEY_ALWAYS:
        return true;
    default:
        return test_date(conn, node, message, header);
    }
}

bool cpmsync_mock_search_matches(
    struct mock_conn *conn, const struct mock_search *search, size_t index, const struct mock_message *message)
{
    bool stack[MOCK_KEYS_MAX];
    size_t depth = 0, i;
    for (i = 0; i < search->count; i++) {
        const struct mock_node *node = &search->nodes[i];
        if (node->op == MOCK_KEY_NOT)
            stack[depth - 1] = !stack[depth - 1];
        else if (node->op == MOCK_KEY_AND || node->op == MOCK_KEY_OR) {
            depth--;
            stack[depth - 1] =
                node->op == MOCK_KEY_AND ? stack[depth - 1] && stack[depth] : stack[depth - 1] || stack[depth];
        } else
            stack[depth++] = test(conn, node, index, message);
    }
    return stack[0];
}
