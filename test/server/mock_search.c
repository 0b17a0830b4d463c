/* SPDX-License-Identifier: MIT */
/* The keys of SEARCH (RFC 3501 6.4.4, 7162 3.1.5, 8514 4.3), compiled to a program in postfix order. */
#include "mock_search.h"

#include "mock_annotate.h"
#include "mock_decode.h"
#include "mock_mime.h"

#include <stdio.h>

enum op {
    ALWAYS,
    FLAG,
    NO_FLAG,
    RECENT,
    NEW,
    OLD,
    NUMBERS,
    UIDS,
    LARGER,
    SMALLER,
    BEFORE,
    ON,
    SINCE,
    SENT_BEFORE,
    SENT_ON,
    SENT_SINCE,
    SAVED_BEFORE,
    SAVED_ON,
    SAVED_SINCE,
    HEADER,
    BODY_TEXT,
    ALL_TEXT,
    KEYWORD,
    NO_KEYWORD,
    MODSEQ,
    EMAILID,
    THREADID,
    ANNOTATION,
    AND,
    OR,
    NOT
};

struct mock_node {
    enum op op;
    int64_t number;
    struct cpmsync_slice name;
    struct cpmsync_slice text;
    struct mock_set set;
};

enum { NODES_MAX = 500 };

static struct mock_node *emit(struct mock_search *search, enum op op)
{
    if (search->count == NODES_MAX)
        return NULL;
    struct mock_node *node = &search->nodes[search->count++];
    memset(node, 0, sizeof *node);
    node->op = op;
    return node;
}

enum shape { PLAIN, STRING, NAMED, NUMBER, DATE, ATOM, OBJECT };

static const struct {
    const char *name;
    enum op op;
    enum shape shape;
    int number;
    const char *header;
    const char *capability;
} KEYS[] = {
    {"ALL", ALWAYS, PLAIN, 0, NULL, NULL},
    {"ANSWERED", FLAG, PLAIN, MOCK_ANSWERED, NULL, NULL},
    {"DELETED", FLAG, PLAIN, MOCK_DELETED, NULL, NULL},
    {"DRAFT", FLAG, PLAIN, MOCK_DRAFT, NULL, NULL},
    {"FLAGGED", FLAG, PLAIN, MOCK_FLAGGED, NULL, NULL},
    {"SEEN", FLAG, PLAIN, MOCK_SEEN, NULL, NULL},
    {"UNANSWERED", NO_FLAG, PLAIN, MOCK_ANSWERED, NULL, NULL},
    {"UNDELETED", NO_FLAG, PLAIN, MOCK_DELETED, NULL, NULL},
    {"UNDRAFT", NO_FLAG, PLAIN, MOCK_DRAFT, NULL, NULL},
    {"UNFLAGGED", NO_FLAG, PLAIN, MOCK_FLAGGED, NULL, NULL},
    {"UNSEEN", NO_FLAG, PLAIN, MOCK_SEEN, NULL, NULL},
    {"RECENT", RECENT, PLAIN, 0, NULL, "IMAP4rev1"},
    {"NEW", NEW, PLAIN, 0, NULL, "IMAP4rev1"},
    {"OLD", OLD, PLAIN, 0, NULL, "IMAP4rev1"},
    {"BCC", HEADER, STRING, 0, "Bcc", NULL},
    {"CC", HEADER, STRING, 0, "Cc", NULL},
    {"FROM", HEADER, STRING, 0, "From", NULL},
    {"SUBJECT", HEADER, STRING, 0, "Subject", NULL},
    {"TO", HEADER, STRING, 0, "To", NULL},
    {"BODY", BODY_TEXT, STRING, 0, NULL, NULL},
    {"TEXT", ALL_TEXT, STRING, 0, NULL, NULL},
    {"HEADER", HEADER, NAMED, 0, NULL, NULL},
    {"LARGER", LARGER, NUMBER, 0, NULL, NULL},
    {"SMALLER", SMALLER, NUMBER, 0, NULL, NULL},
    {"BEFORE", BEFORE, DATE, 0, NULL, NULL},
    {"ON", ON, DATE, 0, NULL, NULL},
    {"SINCE", SINCE, DATE, 0, NULL, NULL},
    {"SENTBEFORE", SENT_BEFORE, DATE, 0, NULL, NULL},
    {"SENTON", SENT_ON, DATE, 0, NULL, NULL},
    {"SENTSINCE", SENT_SINCE, DATE, 0, NULL, NULL},
    {"KEYWORD", KEYWORD, ATOM, 0, NULL, NULL},
    {"UNKEYWORD", NO_KEYWORD, ATOM, 0, NULL, NULL},
    {"SAVEDBEFORE", SAVED_BEFORE, DATE, 0, NULL, "SAVEDATE"},
    {"SAVEDON", SAVED_ON, DATE, 0, NULL, "SAVEDATE"},
    {"SAVEDSINCE", SAVED_SINCE, DATE, 0, NULL, "SAVEDATE"},
    {"SAVEDATESUPPORTED", ALWAYS, PLAIN, 0, NULL, "SAVEDATE"},
    {"EMAILID", EMAILID, OBJECT, 0, NULL, "OBJECTID"},
    {"THREADID", THREADID, OBJECT, 0, NULL, "OBJECTID"},
};

/* Without CHARSET UTF-8 a string is US-ASCII (RFC 3501 6.4.4). */
static bool is_of_charset(const struct mock_search *search, struct cpmsync_slice text)
{
    size_t i;
    if (search->utf8)
        return cpmsync_mock_is_utf8(text);
    for (i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return search->bad_charset;
    return true;
}

/* objectid = 1*255(ALPHA / DIGIT / "_" / "-") */
static bool read_object(struct mock_parser *p, struct cpmsync_slice *id)
{
    size_t i;
    if (!cpmsync_mock_read_atom(p, id) || id->len > 255)
        return false;
    for (i = 0; i < id->len; i++) {
        uint8_t c = id->data[i], lower = c | 0x20;
        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return true;
}

static bool read_shape(
    struct mock_parser *p, const struct mock_search *search, enum shape shape, struct mock_node *node)
{
    uint64_t number;
    if (shape == PLAIN)
        return true;
    if (!cpmsync_mock_read_sp(p))
        return false;
    switch (shape) {
    case NAMED:
        if (!cpmsync_mock_read_astring(p, &node->name) || !cpmsync_mock_read_sp(p))
            return false;
        /* fall through */
    case STRING:
        return cpmsync_mock_read_astring(p, &node->text) && is_of_charset(search, node->text);
    case NUMBER:
        if (!cpmsync_mock_read_number(p, UINT32_MAX, &number))
            return false;
        node->number = (int64_t)number;
        return true;
    case DATE:
        return cpmsync_mock_read_date(p, &node->number);
    case ATOM:
        return cpmsync_mock_read_atom(p, &node->text);
    case OBJECT:
        return read_object(p, &node->text);
    case PLAIN:
        break;
    }
    return false;
}

static bool read_set_node(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search, enum op op)
{
    struct mock_node *node = emit(search, op);
    if (!node)
        return false;
    cpmsync_mock_set_init(&node->set, conn->mock->mem);
    if (!cpmsync_mock_read_message_set(conn, p, &node->set))
        return false;
    if (node->set.is_saved)
        node->op = op = UIDS;
    search->has_numbers |= op == NUMBERS;
    return cpmsync_mock_resolve(conn, &node->set, op == UIDS);
}

/* "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer; there are no mod-sequences per entry here */
static bool read_modseq_node(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    struct mock_node *node = emit(search, MODSEQ);
    struct cpmsync_slice entry;
    uint64_t modseq;
    if (!node || !cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_peek(p, '"')) {
        if (!cpmsync_mock_read_string(p, &entry) || entry.len < 8 || memcmp(entry.data, "/flags/", 7) != 0 ||
            !cpmsync_mock_read_sp(p))
            return false;
        if (!cpmsync_mock_read_word(p, "priv") && !cpmsync_mock_read_word(p, "shared") &&
            !cpmsync_mock_read_word(p, "all"))
            return false;
        if (!cpmsync_mock_read_sp(p))
            return false;
    }
    if (!cpmsync_mock_read_modseq(p, true, &modseq))
        return false;
    node->number = (int64_t)modseq;
    search->has_modseq = true;
    return !conn->mailbox->nomodseq && (cpmsync_mock_offers(conn, "CONDSTORE") || cpmsync_mock_offers(conn, "QRESYNC"));
}

/* A key that needs no other key. */
static bool read_operand(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    size_t i;
    for (i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if ((KEYS[i].capability && !cpmsync_mock_offers(conn, KEYS[i].capability)) ||
            !cpmsync_mock_read_word(p, KEYS[i].name))
            continue;
        struct mock_node *node = emit(search, KEYS[i].op);
        if (!node)
            return false;
        node->number = KEYS[i].number;
        if (KEYS[i].header)
            node->name = cpmsync_slice_str(KEYS[i].header);
        return read_shape(p, search, KEYS[i].shape, node);
    }
    if (cpmsync_mock_read_word(p, "UID"))
        return cpmsync_mock_read_sp(p) && read_set_node(conn, p, search, UIDS);
    if (cpmsync_mock_read_word(p, "MODSEQ"))
        return read_modseq_node(conn, p, search);
    if (cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1") && cpmsync_mock_read_word(p, "ANNOTATION")) {
        struct mock_node *node = emit(search, ANNOTATION);
        unsigned scopes = 0;
        if (!node || !cpmsync_mock_read_sp(p) ||
            !cpmsync_mock_read_annotation_key(p, &node->name, &scopes, &node->text))
            return false;
        node->number = scopes;
        return true;
    }
    return read_set_node(conn, p, search, NUMBERS);
}

static bool push(struct mock_search *search, enum op op)
{
    if (search->depth == MOCK_SEARCH_DEPTH)
        return false;
    search->stack[search->depth].op = (int)op;
    search->stack[search->depth++].operands = 0;
    return true;
}

/* An operand is complete: so may be what waited for it. */
static bool complete(struct mock_search *search)
{
    for (;;) {
        struct mock_open_key *top = &search->stack[search->depth - 1];
        top->operands++;
        if (top->op == (int)AND)
            return top->operands == 1 || emit(search, AND) != NULL;
        if (top->op == (int)OR && top->operands == 1)
            return true;
        if (!emit(search, (enum op)top->op))
            return false;
        search->depth--;
    }
}

/* search-key *(SP search-key), with "(" ")", NOT and OR kept on a stack */
static bool read_keys(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    push(search, AND);
    for (;;) {
        if (cpmsync_mock_read_char(p, '(')) {
            if (!push(search, AND))
                return false;
            continue;
        }
        bool is_not = cpmsync_mock_read_word(p, "NOT"), is_or = !is_not && cpmsync_mock_read_word(p, "OR");
        if (is_not || is_or) {
            if (!push(search, is_not ? NOT : OR) || !cpmsync_mock_read_sp(p))
                return false;
            continue;
        }
        if (!read_operand(conn, p, search) || !complete(search))
            return false;
        while (cpmsync_mock_peek(p, ')')) {
            if (search->depth < 2 || search->stack[search->depth - 1].op != (int)AND)
                return false;
            p->at++;
            search->depth--;
            if (!complete(search))
                return false;
        }
        if (cpmsync_mock_read_end(p))
            return search->depth == 1;
        if (!cpmsync_mock_read_sp(p))
            return false;
    }
}

bool cpmsync_mock_search_read(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    struct cpmsync_slice charset;
    search->nodes = (struct mock_node *)cpmsync_mem_alloc(conn->mock->mem, NODES_MAX * sizeof *search->nodes);
    if (!search->nodes)
        return false;
    search->utf8 = cpmsync_mock_speaks_utf8(conn);
    if (cpmsync_mock_read_word(p, "CHARSET")) {
        if (conn->utf8) /* RFC 6855 3 */
            return false;
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &charset) || !cpmsync_mock_read_sp(p))
            return false;
        search->utf8 = cpmsync_slice_is(charset, "UTF-8");
        search->bad_charset = !search->utf8 && !cpmsync_slice_is(charset, "US-ASCII");
    }
    return read_keys(conn, p, search);
}

void cpmsync_mock_search_clear(struct mock_conn *conn, struct mock_search *search)
{
    size_t i;
    for (i = 0; i < search->count; i++)
        if (search->nodes[i].op == NUMBERS || search->nodes[i].op == UIDS)
            cpmsync_mock_set_clear(&search->nodes[i].set);
    cpmsync_mem_free(conn->mock->mem, search->nodes);
}

/* ---- evaluation ---- */

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
    case BEFORE:
        return internal < node->number;
    case ON:
        return internal == node->number;
    case SINCE:
        return internal >= node->number;
    case SAVED_BEFORE:
        return day_of(message->saved) < node->number;
    case SAVED_ON:
        return day_of(message->saved) == node->number;
    case SAVED_SINCE:
        return day_of(message->saved) >= node->number;
    case SENT_BEFORE:
        return sent_day(conn->mock->mem, header, internal) < node->number;
    case SENT_ON:
        return sent_day(conn->mock->mem, header, internal) == node->number;
    default:
        return sent_day(conn->mock->mem, header, internal) >= node->number;
    }
}

static bool test(struct mock_conn *conn, const struct mock_node *node, size_t index, const struct mock_message *message)
{
    struct cpmsync_slice octets = cpmsync_slice_of(message->body->data, message->body->len), header, body;
    bool recent = conn->view[index].recent;
    int keyword = node->op == KEYWORD || node->op == NO_KEYWORD ? keyword_index(conn->mailbox, node->text) : -1;
    cpmsync_mock_split(octets, &header, &body);
    switch (node->op) {
    case FLAG:
        return cpmsync_mock_flag_is_set(&message->flags, (unsigned)node->number);
    case NO_FLAG:
        return !cpmsync_mock_flag_is_set(&message->flags, (unsigned)node->number);
    case KEYWORD:
        return keyword >= 0 && cpmsync_mock_flag_is_set(&message->flags, (unsigned)keyword);
    case NO_KEYWORD:
        return keyword < 0 || !cpmsync_mock_flag_is_set(&message->flags, (unsigned)keyword);
    case RECENT:
        return recent;
    case NEW:
        return recent && !cpmsync_mock_flag_is_set(&message->flags, MOCK_SEEN);
    case OLD:
        return !recent;
    case NUMBERS:
        return cpmsync_mock_set_contains(&node->set, (uint32_t)(index + 1));
    case UIDS:
        return cpmsync_mock_set_contains(&node->set, message->uid);
    case LARGER:
        return octets.len > (uint64_t)node->number;
    case SMALLER:
        return octets.len < (uint64_t)node->number;
    case HEADER:
        return header_matches(conn, header, node->name, node->text);
    case BODY_TEXT:
        return body_matches(conn, octets, body, node->text);
    case ALL_TEXT:
        return header_matches(conn, header, cpmsync_slice_of(NULL, 0), node->text) ||
               body_matches(conn, octets, body, node->text);
    case MODSEQ:
        return message->modseq >= (uint64_t)node->number;
    case EMAILID:
        return has_id(message, node->text);
    case THREADID:
        return false;
    case ANNOTATION:
        return cpmsync_mock_annotation_matches(conn, message, node->name, (unsigned)node->number, node->text);
    case ALWAYS:
        return true;
    default:
        return test_date(conn, node, message, header);
    }
}

bool cpmsync_mock_search_matches(
    struct mock_conn *conn, const struct mock_search *search, size_t index, const struct mock_message *message)
{
    bool stack[NODES_MAX];
    size_t depth = 0, i;
    for (i = 0; i < search->count; i++) {
        const struct mock_node *node = &search->nodes[i];
        if (node->op == NOT)
            stack[depth - 1] = !stack[depth - 1];
        else if (node->op == AND || node->op == OR) {
            depth--;
            stack[depth - 1] = node->op == AND ? stack[depth - 1] && stack[depth] : stack[depth - 1] || stack[depth];
        } else
            stack[depth++] = test(conn, node, index, message);
    }
    return stack[0];
}
