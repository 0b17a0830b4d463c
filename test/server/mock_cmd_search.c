/* SPDX-License-Identifier: MIT */
/* SEARCH and UID SEARCH (RFC 3501 6.4.4, 7162 3.1.5): the keys are compiled to a program in postfix order. */
#include "mock_mime.h"
#include "mock_session.h"

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
    HEADER,
    BODY_TEXT,
    ALL_TEXT,
    KEYWORD,
    NO_KEYWORD,
    MODSEQ,
    AND,
    OR,
    NOT
};

struct node {
    enum op op;
    int64_t number;
    struct cpmsync_slice name;
    struct cpmsync_slice text;
    struct mock_set set;
};

enum { NODES_MAX = 500, DEPTH_MAX = 50 };

/* What waits for its operands: the whole, a parenthesis, NOT or OR. */
struct open {
    enum op op; /* AND for the whole and parentheses */
    size_t operands;
};

struct search {
    bool uid;
    struct node *nodes;
    size_t count;
    struct open stack[DEPTH_MAX];
    size_t depth;
    bool has_modseq;
    bool has_numbers;
    bool bad_charset;
};

static struct node *emit(struct search *search, enum op op)
{
    if (search->count == NODES_MAX)
        return NULL;
    struct node *node = &search->nodes[search->count++];
    memset(node, 0, sizeof *node);
    node->op = op;
    return node;
}

enum shape { PLAIN, STRING, NAMED, NUMBER, DATE, ATOM };

static const struct {
    const char *name;
    enum op op;
    enum shape shape;
    int number;
    const char *header;
} KEYS[] = {
    {"ALL", ALWAYS, PLAIN, 0, NULL},
    {"ANSWERED", FLAG, PLAIN, MOCK_ANSWERED, NULL},
    {"DELETED", FLAG, PLAIN, MOCK_DELETED, NULL},
    {"DRAFT", FLAG, PLAIN, MOCK_DRAFT, NULL},
    {"FLAGGED", FLAG, PLAIN, MOCK_FLAGGED, NULL},
    {"SEEN", FLAG, PLAIN, MOCK_SEEN, NULL},
    {"UNANSWERED", NO_FLAG, PLAIN, MOCK_ANSWERED, NULL},
    {"UNDELETED", NO_FLAG, PLAIN, MOCK_DELETED, NULL},
    {"UNDRAFT", NO_FLAG, PLAIN, MOCK_DRAFT, NULL},
    {"UNFLAGGED", NO_FLAG, PLAIN, MOCK_FLAGGED, NULL},
    {"UNSEEN", NO_FLAG, PLAIN, MOCK_SEEN, NULL},
    {"RECENT", RECENT, PLAIN, 0, NULL},
    {"NEW", NEW, PLAIN, 0, NULL},
    {"OLD", OLD, PLAIN, 0, NULL},
    {"BCC", HEADER, STRING, 0, "Bcc"},
    {"CC", HEADER, STRING, 0, "Cc"},
    {"FROM", HEADER, STRING, 0, "From"},
    {"SUBJECT", HEADER, STRING, 0, "Subject"},
    {"TO", HEADER, STRING, 0, "To"},
    {"BODY", BODY_TEXT, STRING, 0, NULL},
    {"TEXT", ALL_TEXT, STRING, 0, NULL},
    {"HEADER", HEADER, NAMED, 0, NULL},
    {"LARGER", LARGER, NUMBER, 0, NULL},
    {"SMALLER", SMALLER, NUMBER, 0, NULL},
    {"BEFORE", BEFORE, DATE, 0, NULL},
    {"ON", ON, DATE, 0, NULL},
    {"SINCE", SINCE, DATE, 0, NULL},
    {"SENTBEFORE", SENT_BEFORE, DATE, 0, NULL},
    {"SENTON", SENT_ON, DATE, 0, NULL},
    {"SENTSINCE", SENT_SINCE, DATE, 0, NULL},
    {"KEYWORD", KEYWORD, ATOM, 0, NULL},
    {"UNKEYWORD", NO_KEYWORD, ATOM, 0, NULL},
};

static bool read_shape(struct mock_parser *p, enum shape shape, struct node *node)
{
    uint64_t number;
    switch (shape) {
    case PLAIN:
        return true;
    case STRING:
        return cpmsync_mock_read_sp(p) && cpmsync_mock_read_astring(p, &node->text);
    case NAMED:
        return cpmsync_mock_read_sp(p) && cpmsync_mock_read_astring(p, &node->name) && cpmsync_mock_read_sp(p) &&
               cpmsync_mock_read_astring(p, &node->text);
    case NUMBER:
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_number(p, UINT32_MAX, &number))
            return false;
        node->number = (int64_t)number;
        return true;
    case DATE:
        return cpmsync_mock_read_sp(p) && cpmsync_mock_read_date(p, &node->number);
    case ATOM:
        return cpmsync_mock_read_sp(p) && cpmsync_mock_read_atom(p, &node->text);
    }
    return false;
}

static bool read_set_node(struct mock_conn *conn, struct mock_parser *p, struct search *search, enum op op)
{
    struct node *node = emit(search, op);
    if (!node)
        return false;
    cpmsync_mock_set_init(&node->set, conn->mock->mem);
    search->has_numbers |= op == NUMBERS;
    return cpmsync_mock_read_set(p, &node->set) && cpmsync_mock_resolve(conn, &node->set, op == UIDS);
}

/* "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer; there are no mod-sequences per entry here */
static bool read_modseq_node(struct mock_conn *conn, struct mock_parser *p, struct search *search)
{
    struct node *node = emit(search, MODSEQ);
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
static bool read_operand(struct mock_conn *conn, struct mock_parser *p, struct search *search)
{
    size_t i;
    for (i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if (!cpmsync_mock_read_word(p, KEYS[i].name))
            continue;
        struct node *node = emit(search, KEYS[i].op);
        if (!node)
            return false;
        node->number = KEYS[i].number;
        if (KEYS[i].header)
            node->name = cpmsync_slice_str(KEYS[i].header);
        return read_shape(p, KEYS[i].shape, node);
    }
    if (cpmsync_mock_read_word(p, "UID"))
        return cpmsync_mock_read_sp(p) && read_set_node(conn, p, search, UIDS);
    if (cpmsync_mock_read_word(p, "MODSEQ"))
        return read_modseq_node(conn, p, search);
    return read_set_node(conn, p, search, NUMBERS);
}

static bool push(struct search *search, enum op op)
{
    if (search->depth == DEPTH_MAX)
        return false;
    search->stack[search->depth].op = op;
    search->stack[search->depth++].operands = 0;
    return true;
}

/* An operand is complete: so may be what waited for it. */
static bool complete(struct search *search)
{
    for (;;) {
        struct open *top = &search->stack[search->depth - 1];
        top->operands++;
        if (top->op == AND)
            return top->operands == 1 || emit(search, AND) != NULL;
        if (top->op == OR && top->operands == 1)
            return true;
        if (!emit(search, top->op))
            return false;
        search->depth--;
    }
}

/* search-key *(SP search-key), with "(" ")", NOT and OR kept on a stack */
static bool read_keys(struct mock_conn *conn, struct mock_parser *p, struct search *search)
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
            if (search->depth < 2 || search->stack[search->depth - 1].op != AND)
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

static bool read_search(struct mock_conn *conn, struct mock_parser *p, struct search *search)
{
    struct cpmsync_slice charset;
    if (!cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_read_word(p, "CHARSET")) {
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &charset) || !cpmsync_mock_read_sp(p))
            return false;
        search->bad_charset = !cpmsync_slice_is(charset, "US-ASCII") && !cpmsync_slice_is(charset, "UTF-8");
    }
    return read_keys(conn, p, search);
}

/* ---- evaluation ---- */

static bool contains(struct cpmsync_slice text, struct cpmsync_slice wanted)
{
    size_t i;
    for (i = 0; i + wanted.len <= text.len; i++)
        if (cpmsync_slice_ieq(cpmsync_slice_of(text.data + i, wanted.len), wanted))
            return true;
    return false;
}

static bool header_matches(struct cpmsync_slice header, const struct node *node)
{
    struct cpmsync_slice name, field;
    while (cpmsync_mock_next_field(&header, &name, &field))
        if (cpmsync_slice_ieq(name, node->name) &&
            contains(cpmsync_slice_of(field.data + name.len + 1, field.len - name.len - 1), node->text))
            return true;
    return false;
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
        struct mock_parser p = {comma ? comma + 1 : data, data + value.len};
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

static bool test_date(const struct mock_conn *conn, const struct node *node, const struct mock_message *message,
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
    case SENT_BEFORE:
        return sent_day(conn->mock->mem, header, internal) < node->number;
    case SENT_ON:
        return sent_day(conn->mock->mem, header, internal) == node->number;
    default:
        return sent_day(conn->mock->mem, header, internal) >= node->number;
    }
}

static bool test(
    const struct mock_conn *conn, const struct node *node, size_t index, const struct mock_message *message)
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
        return header_matches(header, node);
    case BODY_TEXT:
        return contains(body, node->text);
    case ALL_TEXT:
        return contains(octets, node->text);
    case MODSEQ:
        return message->modseq >= (uint64_t)node->number;
    case ALWAYS:
        return true;
    default:
        return test_date(conn, node, message, header);
    }
}

static bool evaluate(
    const struct mock_conn *conn, const struct search *search, size_t index, const struct mock_message *message)
{
    bool stack[NODES_MAX];
    size_t depth = 0, i;
    for (i = 0; i < search->count; i++) {
        const struct node *node = &search->nodes[i];
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

static void run(struct mock_conn *conn, const struct search *search)
{
    uint64_t highest = 0;
    size_t i;
    if (search->has_modseq)
        cpmsync_mock_enable_condstore(conn);
    if (search->has_numbers)
        conn->expunges = false; /* RFC 7162 3.2.10.2: numbers in the criteria */
    cpmsync_mock_putf(conn, "* SEARCH");
    for (i = 0; i < conn->view_count; i++) {
        const struct mock_message *message = cpmsync_mock_message_of(conn->mailbox, conn->view[i].uid);
        if (!message || !evaluate(conn, search, i, message))
            continue;
        cpmsync_mock_putf(conn, " %lu", (unsigned long)(search->uid ? message->uid : i + 1));
        highest = message->modseq > highest ? message->modseq : highest;
    }
    if (search->has_modseq && highest)
        cpmsync_mock_putf(conn, " (MODSEQ %llu)", (unsigned long long)highest);
    cpmsync_mock_putf(conn, "\r\n");
    cpmsync_mock_ok(conn, "SEARCH completed");
}

bool cpmsync_mock_cmd_search(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct search search;
    size_t i;
    memset(&search, 0, sizeof search);
    search.uid = uid;
    search.nodes = (struct node *)cpmsync_mem_alloc(conn->mock->mem, NODES_MAX * sizeof *search.nodes);
    bool valid = search.nodes && read_search(conn, p, &search);
    if (valid && search.bad_charset)
        cpmsync_mock_no(conn, "[BADCHARSET (US-ASCII UTF-8)] Not a charset I know");
    else if (valid)
        run(conn, &search);
    for (i = 0; i < search.count; i++)
        if (search.nodes[i].op == NUMBERS || search.nodes[i].op == UIDS)
            cpmsync_mock_set_clear(&search.nodes[i].set);
    cpmsync_mem_free(conn->mock->mem, search.nodes);
    return valid;
}
