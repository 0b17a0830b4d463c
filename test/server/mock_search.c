/* SPDX-License-Identifier: MIT */
/* The keys of SEARCH (RFC 3501 6.4.4, 7162 3.1.5, 8514 4.3), compiled to a program in postfix order. */
#include "mock_annotate.h"
#include "mock_key.h"

static struct mock_node *emit(struct mock_search *search, enum mock_key op)
{
    if (search->count == MOCK_KEYS_MAX)
        return NULL;
    struct mock_node *node = &search->nodes[search->count++];
    memset(node, 0, sizeof *node);
    node->op = op;
    return node;
}

enum shape { PLAIN, STRING, NAMED, NUMBER, DATE, ATOM, OBJECT };

static const struct {
    const char *name;
    enum mock_key op;
    enum shape shape;
    int number;
    const char *header;
    const char *capability;
} KEYS[] = {
    {"ALL", MOCK_KEY_ALWAYS, PLAIN, 0, NULL, NULL},
    {"ANSWERED", MOCK_KEY_FLAG, PLAIN, MOCK_ANSWERED, NULL, NULL},
    {"DELETED", MOCK_KEY_FLAG, PLAIN, MOCK_DELETED, NULL, NULL},
    {"DRAFT", MOCK_KEY_FLAG, PLAIN, MOCK_DRAFT, NULL, NULL},
    {"FLAGGED", MOCK_KEY_FLAG, PLAIN, MOCK_FLAGGED, NULL, NULL},
    {"SEEN", MOCK_KEY_FLAG, PLAIN, MOCK_SEEN, NULL, NULL},
    {"UNANSWERED", MOCK_KEY_NO_FLAG, PLAIN, MOCK_ANSWERED, NULL, NULL},
    {"UNDELETED", MOCK_KEY_NO_FLAG, PLAIN, MOCK_DELETED, NULL, NULL},
    {"UNDRAFT", MOCK_KEY_NO_FLAG, PLAIN, MOCK_DRAFT, NULL, NULL},
    {"UNFLAGGED", MOCK_KEY_NO_FLAG, PLAIN, MOCK_FLAGGED, NULL, NULL},
    {"UNSEEN", MOCK_KEY_NO_FLAG, PLAIN, MOCK_SEEN, NULL, NULL},
    {"RECENT", MOCK_KEY_RECENT, PLAIN, 0, NULL, "IMAP4rev1"},
    {"NEW", MOCK_KEY_NEW, PLAIN, 0, NULL, "IMAP4rev1"},
    {"OLD", MOCK_KEY_OLD, PLAIN, 0, NULL, "IMAP4rev1"},
    {"BCC", MOCK_KEY_HEADER, STRING, 0, "Bcc", NULL},
    {"CC", MOCK_KEY_HEADER, STRING, 0, "Cc", NULL},
    {"FROM", MOCK_KEY_HEADER, STRING, 0, "From", NULL},
    {"SUBJECT", MOCK_KEY_HEADER, STRING, 0, "Subject", NULL},
    {"TO", MOCK_KEY_HEADER, STRING, 0, "To", NULL},
    {"BODY", MOCK_KEY_BODY_TEXT, STRING, 0, NULL, NULL},
    {"TEXT", MOCK_KEY_ALL_TEXT, STRING, 0, NULL, NULL},
    {"HEADER", MOCK_KEY_HEADER, NAMED, 0, NULL, NULL},
    {"LARGER", MOCK_KEY_LARGER, NUMBER, 0, NULL, NULL},
    {"SMALLER", MOCK_KEY_SMALLER, NUMBER, 0, NULL, NULL},
    {"BEFORE", MOCK_KEY_BEFORE, DATE, 0, NULL, NULL},
    {"ON", MOCK_KEY_ON, DATE, 0, NULL, NULL},
    {"SINCE", MOCK_KEY_SINCE, DATE, 0, NULL, NULL},
    {"SENTBEFORE", MOCK_KEY_SENT_BEFORE, DATE, 0, NULL, NULL},
    {"SENTON", MOCK_KEY_SENT_ON, DATE, 0, NULL, NULL},
    {"SENTSINCE", MOCK_KEY_SENT_SINCE, DATE, 0, NULL, NULL},
    {"KEYWORD", MOCK_KEY_KEYWORD, ATOM, 0, NULL, NULL},
    {"UNKEYWORD", MOCK_KEY_NO_KEYWORD, ATOM, 0, NULL, NULL},
    {"SAVEDBEFORE", MOCK_KEY_SAVED_BEFORE, DATE, 0, NULL, "SAVEDATE"},
    {"SAVEDON", MOCK_KEY_SAVED_ON, DATE, 0, NULL, "SAVEDATE"},
    {"SAVEDSINCE", MOCK_KEY_SAVED_SINCE, DATE, 0, NULL, "SAVEDATE"},
    {"SAVEDATESUPPORTED", MOCK_KEY_ALWAYS, PLAIN, 0, NULL, "SAVEDATE"},
    {"EMAILID", MOCK_KEY_EMAILID, OBJECT, 0, NULL, "OBJECTID"},
    {"THREADID", MOCK_KEY_THREADID, OBJECT, 0, NULL, "OBJECTID"},
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

static bool read_set_node(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search, enum mock_key op)
{
    struct mock_node *node = emit(search, op);
    if (!node)
        return false;
    cpmsync_mock_set_init(&node->set, conn->mock->mem);
    if (!cpmsync_mock_read_message_set(conn, p, &node->set))
        return false;
    if (node->set.is_saved)
        node->op = op = MOCK_KEY_UIDS;
    search->has_numbers |= op == MOCK_KEY_NUMBERS;
    return cpmsync_mock_resolve(conn, &node->set, op == MOCK_KEY_UIDS);
}

/* "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer; there are no mod-sequences per entry here */
static bool read_modseq_node(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    struct mock_node *node = emit(search, MOCK_KEY_MODSEQ);
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
        return cpmsync_mock_read_sp(p) && read_set_node(conn, p, search, MOCK_KEY_UIDS);
    if (cpmsync_mock_read_word(p, "MODSEQ"))
        return read_modseq_node(conn, p, search);
    if (cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1") && cpmsync_mock_read_word(p, "ANNOTATION")) {
        struct mock_node *node = emit(search, MOCK_KEY_ANNOTATION);
        unsigned scopes = 0;
        if (!node || !cpmsync_mock_read_sp(p) ||
            !cpmsync_mock_read_annotation_key(p, &node->name, &scopes, &node->text))
            return false;
        node->number = scopes;
        return true;
    }
    return read_set_node(conn, p, search, MOCK_KEY_NUMBERS);
}

static bool push(struct mock_search *search, enum mock_key op)
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
        if (top->op == (int)MOCK_KEY_AND)
            return top->operands == 1 || emit(search, MOCK_KEY_AND) != NULL;
        if (top->op == (int)MOCK_KEY_OR && top->operands == 1)
            return true;
        if (!emit(search, (enum mock_key)top->op))
            return false;
        search->depth--;
    }
}

/* search-key *(SP search-key), with "(" ")", NOT and OR kept on a stack */
static bool read_keys(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    push(search, MOCK_KEY_AND);
    for (;;) {
        if (cpmsync_mock_read_char(p, '(')) {
            if (!push(search, MOCK_KEY_AND))
                return false;
            continue;
        }
        bool is_not = cpmsync_mock_read_word(p, "NOT"), is_or = !is_not && cpmsync_mock_read_word(p, "OR");
        if (is_not || is_or) {
            if (!push(search, is_not ? MOCK_KEY_NOT : MOCK_KEY_OR) || !cpmsync_mock_read_sp(p))
                return false;
            continue;
        }
        if (!read_operand(conn, p, search) || !complete(search))
            return false;
        while (cpmsync_mock_peek(p, ')')) {
            if (search->depth < 2 || search->stack[search->depth - 1].op != (int)MOCK_KEY_AND)
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

static bool make_room(struct mock_conn *conn, struct mock_search *search)
{
    search->nodes = (struct mock_node *)cpmsync_mem_alloc(conn->mock->mem, MOCK_KEYS_MAX * sizeof *search->nodes);
    return search->nodes != NULL;
}

/* charset SP */
static bool read_charset(struct mock_parser *p, struct mock_search *search)
{
    struct cpmsync_slice charset;
    if (!cpmsync_mock_read_astring(p, &charset) || !cpmsync_mock_read_sp(p))
        return false;
    search->utf8 = cpmsync_slice_is(charset, "UTF-8");
    search->bad_charset = !search->utf8 && !cpmsync_slice_is(charset, "US-ASCII");
    return true;
}

bool cpmsync_mock_search_read(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    if (!make_room(conn, search))
        return false;
    search->utf8 = cpmsync_mock_speaks_utf8(conn);
    if (cpmsync_mock_read_word(p, "CHARSET")) {
        if (conn->utf8) /* RFC 6855 3 */
            return false;
        if (!cpmsync_mock_read_sp(p) || !read_charset(p, search))
            return false;
    }
    return read_keys(conn, p, search);
}

bool cpmsync_mock_search_read_with_charset(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search)
{
    return make_room(conn, search) && read_charset(p, search) && read_keys(conn, p, search);
}

void cpmsync_mock_search_clear(struct mock_conn *conn, struct mock_search *search)
{
    size_t i;
    for (i = 0; i < search->count; i++)
        if (search->nodes[i].op == MOCK_KEY_NUMBERS || search->nodes[i].op == MOCK_KEY_UIDS)
            cpmsync_mock_set_clear(&search->nodes[i].set);
    cpmsync_mem_free(conn->mock->mem, search->nodes);
}
