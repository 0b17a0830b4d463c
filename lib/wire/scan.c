/* SPDX-License-Identifier: MIT */
#include "wire/scan.h"

/* Where in a response the octets stand: literals may stand in all but TEXT. */
enum { IN_DATA, IN_CODE, IN_CODE_WITH_STRINGS, IN_TEXT };

/* How much of "{n}" was just read. */
enum { TAIL_NONE, TAIL_OPEN, TAIL_DIGITS, TAIL_PLUS, TAIL_END, TAIL_PLUS_END };

/* What kind of list, by how it is cut. */
enum list { LIST_NONE, LIST_SET, LIST_WORDS, LIST_PARENTHESES, LIST_BRACKETS, LIST_ESEARCH };

struct head {
    int where;
    size_t where_at; /* where a scan for literals starts */
    enum list list;
    size_t elements; /* where the elements of the list begin */
};

static size_t skip_spaces(struct cpmsync_slice line, size_t at)
{
    while (at < line.len && line.data[at] == ' ')
        at++;
    return at;
}

static struct cpmsync_slice word(struct cpmsync_slice line, size_t at)
{
    size_t end = at;

    while (end < line.len && line.data[end] != ' ' && line.data[end] != '(' && line.data[end] != ']')
        end++;
    return cpmsync_slice_of(line.data + at, end - at);
}

static bool is_one_of(struct cpmsync_slice name, const char *const *names)
{
    for (; *names; names++) {
        if (cpmsync_slice_is(name, *names))
            return true;
    }
    return false;
}

/* Behind a balanced pair of parentheses without others in it, and the SP that follows; `at` where there is none. */
static size_t skip_parentheses(struct cpmsync_slice line, size_t at)
{
    size_t i;
    bool quoted = false;

    if (at >= line.len || line.data[at] != '(')
        return at;
    for (i = at; i < line.len; i++) {
        if (line.data[i] == '"')
            quoted = !quoted;
        else if (line.data[i] == ')' && !quoted)
            return skip_spaces(line, i + 1);
    }
    return at;
}

static void list_in_parentheses(struct head *head, struct cpmsync_slice line, size_t at)
{
    if (at < line.len && line.data[at] == '(') {
        head->list = LIST_PARENTHESES;
        head->elements = at + 1;
    }
}

/* resp-text = ["[" resp-text-code "]" SP] text */
static void read_text(struct head *head, struct cpmsync_slice line, size_t at)
{
    static const char *const with_strings[] = {"BADCHARSET", "METADATA", "URLMECH", NULL};
    struct cpmsync_slice name;

    head->where = IN_TEXT;
    head->where_at = at;
    if (at >= line.len || line.data[at] != '[')
        return;
    name = word(line, at + 1);
    head->where = is_one_of(name, with_strings) ? IN_CODE_WITH_STRINGS : IN_CODE;
    head->where_at = at + 1;
    at = skip_spaces(line, at + 1 + name.len);
    if (cpmsync_slice_is(name, "CAPABILITY")) {
        head->list = LIST_BRACKETS;
        head->elements = at;
    } else if (cpmsync_slice_is(name, "PERMANENTFLAGS")) {
        list_in_parentheses(head, line, at);
    }
}

static void read_untagged(struct head *head, struct cpmsync_slice line, size_t at)
{
    static const char *const status[] = {"OK", "NO", "BAD", "BYE", "PREAUTH", NULL};
    static const char *const words[] = {"SEARCH", "CAPABILITY", "ENABLED", NULL};
    struct cpmsync_slice name = word(line, at);

    at = skip_spaces(line, at + name.len);
    if (is_one_of(name, status)) {
        read_text(head, line, at);
    } else if (is_one_of(name, words)) {
        head->list = LIST_WORDS;
        head->elements = at;
    } else if (cpmsync_slice_is(name, "VANISHED")) {
        head->list = LIST_SET;
        head->elements = skip_parentheses(line, at);
    } else if (cpmsync_slice_is(name, "FLAGS")) {
        list_in_parentheses(head, line, at);
    } else if (cpmsync_slice_is(name, "ESEARCH")) {
        at = skip_parentheses(line, at);
        name = word(line, at);
        head->list = LIST_ESEARCH;
        head->elements = cpmsync_slice_is(name, "UID") ? skip_spaces(line, at + name.len) : at;
    }
}

static struct head read_head(struct cpmsync_slice line)
{
    struct head head = {IN_DATA, 0, LIST_NONE, 0};
    struct cpmsync_slice tag = word(line, 0);

    if (line.len && line.data[0] == '+') {
        read_text(&head, line, skip_spaces(line, 1));
    } else if (cpmsync_slice_is(tag, "*")) {
        read_untagged(&head, line, skip_spaces(line, 1));
    } else {
        size_t at = skip_spaces(line, tag.len);

        read_text(&head, line, skip_spaces(line, at + word(line, at).len));
    }
    return head;
}

size_t cpmsync_scan_begin(struct cpmsync_scan *scan, struct cpmsync_slice line)
{
    struct head head = read_head(line);

    scan->where = head.where;
    cpmsync_scan_resume(scan);
    return head.where_at;
}

void cpmsync_scan_resume(struct cpmsync_scan *scan)
{
    scan->tail = TAIL_NONE;
    scan->quoted = false;
    scan->escaped = false;
}

static void count_digit(struct cpmsync_scan *scan, uint64_t digit)
{
    if (scan->number > (INT64_MAX - digit) / 10)
        scan->overflow = true;
    else
        scan->number = scan->number * 10 + digit;
}

static void feed_tail(struct cpmsync_scan *scan, uint8_t c)
{
    int tail = scan->tail;

    scan->tail = TAIL_NONE;
    if (c == '{') {
        scan->tail = TAIL_OPEN;
        scan->number = 0;
        scan->overflow = false;
    } else if (tail == TAIL_OPEN || tail == TAIL_DIGITS) {
        if (c >= '0' && c <= '9') {
            scan->tail = TAIL_DIGITS;
            count_digit(scan, (uint64_t)(c - '0'));
        } else if (tail == TAIL_DIGITS && c == '+') {
            scan->tail = TAIL_PLUS;
        } else if (tail == TAIL_DIGITS && c == '}') {
            scan->tail = TAIL_END;
        }
    } else if (tail == TAIL_PLUS && c == '}') {
        scan->tail = TAIL_PLUS_END;
    }
}

/* An unknown code has no strings: its quotes are text, and its first "]" ends it (G-12). */
static void feed_place(struct cpmsync_scan *scan, uint8_t c)
{
    if (scan->quoted) {
        if (scan->escaped)
            scan->escaped = false;
        else if (c == '\\')
            scan->escaped = true;
        else if (c == '"')
            scan->quoted = false;
    } else if (c == '"' && scan->where != IN_CODE) {
        scan->quoted = true;
    } else if (c == ']' && scan->where != IN_DATA) {
        scan->where = IN_TEXT;
        scan->tail = TAIL_NONE;
    }
}

void cpmsync_scan_feed(struct cpmsync_scan *scan, const uint8_t *data, size_t len)
{
    size_t i;

    for (i = 0; i < len && scan->where != IN_TEXT; i++) {
        if (data[i] == '\r') /* the line end's, the framer checked that */
            continue;
        if (scan->tail != TAIL_NONE || data[i] == '{')
            feed_tail(scan, data[i]);
        feed_place(scan, data[i]);
    }
}

enum cpmsync_scan_literal cpmsync_scan_end(const struct cpmsync_scan *scan, uint64_t *octets)
{
    if (scan->tail != TAIL_END && scan->tail != TAIL_PLUS_END)
        return CPMSYNC_SCAN_NO_LITERAL;
    /* A quote that does not close on its line: nobody can tell what the octets behind it are. Guessing wrong would read
     * a message's text as responses. */
    if (scan->quoted || scan->tail == TAIL_PLUS_END || scan->overflow)
        return CPMSYNC_SCAN_BAD_LITERAL;
    *octets = scan->number;
    return CPMSYNC_SCAN_LITERAL;
}

static void cut_at(struct cpmsync_scan_cut *cut, size_t at)
{
    cut->end = at;
    cut->next = at + 1;
    cut->keep_len = 0;
}

static void cut_set(struct cpmsync_slice line, size_t max, struct cpmsync_scan_cut *cut)
{
    size_t i;

    for (i = max; i > cut->head && !cut->next; i--) {
        if (line.data[i] == ',')
            cut_at(cut, i);
    }
}

/* Elements separated by SP up to `closer`, if there is one; what stands in (MODSEQ n) or in quotes stays together. */
static void cut_words(struct cpmsync_slice line, size_t max, uint8_t closer, struct cpmsync_scan_cut *cut)
{
    bool quoted = false;
    bool inside = false;
    size_t i;

    for (i = cut->head; i <= max; i++) {
        uint8_t c = line.data[i];

        if (c == '"' && closer == ')')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (closer && c == closer) {
            cut->next = 0;
            return;
        } else if (c == '(' || c == ')')
            inside = c == '(';
        else if (c == ' ' && !inside)
            cut_at(cut, i);
    }
}

/* search-return-data: name SP value, ...; a cut inside a set repeats the name. */
static void cut_esearch(struct cpmsync_slice line, size_t max, struct cpmsync_scan_cut *cut)
{
    size_t name = cut->head;
    size_t value = 0; /* 0: inside a name */
    unsigned depth = 0;
    bool quoted = false;
    size_t i;

    for (i = cut->head; i <= max; i++) {
        uint8_t c = line.data[i];

        if (c == '"') {
            quoted = !quoted;
        } else if (quoted) {
            continue;
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth -= depth > 0;
        } else if (depth == 0 && c == ',' && value && cut->head + (value - name) <= max / 2) {
            cut_at(cut, i);
            cut->keep = name;
            cut->keep_len = value - name;
        } else if (depth == 0 && c == ' ') {
            if (!value && i > name) {
                value = i + 1;
            } else if (value && i > value) {
                cut_at(cut, i);
                name = i + 1;
                value = 0;
            } else if (value) {
                value++;
            } else {
                name++;
            }
        }
    }
}

bool cpmsync_scan_cut(struct cpmsync_slice line, size_t max, struct cpmsync_scan_cut *cut)
{
    struct head head = read_head(line);

    memset(cut, 0, sizeof(*cut));
    cut->head = head.elements;
    if (head.elements > max / 2) /* each piece repeats the head: it must not be most of the work */
        return false;
    switch (head.list) {
    case LIST_NONE:
        return false;
    case LIST_SET:
        cut_set(line, max, cut);
        break;
    case LIST_WORDS:
        cut_words(line, max, 0, cut);
        break;
    case LIST_PARENTHESES:
        cut_words(line, max, ')', cut);
        break;
    case LIST_BRACKETS:
        cut_words(line, max, ']', cut);
        break;
    case LIST_ESEARCH:
        cut_esearch(line, max, cut);
        break;
    }
    return cut->next != 0;
}
