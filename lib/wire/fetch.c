/* SPDX-License-Identifier: MIT */
#include "wire/fetch.h"

#include <cpmsync/error.h>

#include "wire/lex.h"

/* The name of an item: atom, with its section and the origin of a partial one. */
struct item {
    struct cpmsync_slice name;
    bool has_section;
    struct cpmsync_slice section;
    bool has_origin;
    uint64_t origin;
};

static bool ends_value(struct cpmsync_slice rest)
{
    return rest.len == 0 || rest.data[0] == ' ' || rest.data[0] == ')';
}

/* name ["[" section "]"] ["<" number ">"] */
static bool lex_item_name(struct cpmsync_slice *text, struct item *item)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_slice atom;

    memset(item, 0, sizeof(*item));
    if (!cpmsync_lex_atom(&rest, &atom))
        return false;
    item->name = atom;
    if (atom.len > 1) {
        const uint8_t *bracket = memchr(atom.data, '[', atom.len);

        if (bracket) {
            item->name.len = (size_t)(bracket - atom.data);
            rest = cpmsync_slice_of(bracket, text->len - item->name.len);
            item->has_section = cpmsync_lex_section(&rest, &item->section);
            if (!item->has_section)
                return false;
        }
    }
    if (item->has_section && cpmsync_lex_char(&rest, '<')) {
        item->has_origin = cpmsync_lex_number(&rest, INT64_MAX, &item->origin);
        if (!item->has_origin || !cpmsync_lex_char(&rest, '>'))
            return false;
    }
    *text = rest;
    return true;
}

static bool is_section(const struct item *item)
{
    if (item->has_section)
        return cpmsync_slice_is(item->name, "BODY") || cpmsync_slice_is(item->name, "BINARY");
    return item->name.len >= 6 && (item->name.data[0] | 0x20) == 'r' &&
           (cpmsync_slice_is(item->name, "RFC822") || cpmsync_slice_is(item->name, "RFC822.HEADER") ||
               cpmsync_slice_is(item->name, "RFC822.TEXT"));
}

/* nstring / literal8 */
static bool lex_octets(struct cpmsync_slice *text, struct cpmsync_fetch_section *section)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_lex_literal literal;
    struct cpmsync_string string;

    if (cpmsync_lex_literal(&rest, &literal)) {
        section->external = literal.external;
        section->size = literal.size;
        section->value = literal.octets;
    } else {
        if (!cpmsync_lex_string(&rest, true, &string) || string.form == CPMSYNC_STRING_ATOM)
            return false;
        section->nil = string.form == CPMSYNC_STRING_NIL;
        section->quoted = string.form == CPMSYNC_STRING_QUOTED;
        section->value = string.octets;
        section->size = string.octets.len;
    }
    *text = rest;
    return true;
}

/* A value whose loss would not be told from damage: refuses, and tells too deep a nesting apart. */
static int skip_value(struct cpmsync_slice *text, unsigned depth, struct cpmsync_slice *value)
{
    if (cpmsync_lex_value(text, depth, value))
        return 0;
    return cpmsync_lex_value(text, UINT32_MAX, value) ? CPMSYNC_ERR_LIMIT : CPMSYNC_ERR_PROTOCOL;
}

/* uniqueid = nz-number; a 0 is no error of the response (PF-58) */
static int parse_uid(struct cpmsync_slice *text, struct cpmsync_fetch *fetch)
{
    uint64_t number;

    if (!cpmsync_lex_number(text, UINT32_MAX, &number) || !ends_value(*text))
        return CPMSYNC_ERR_PROTOCOL;
    if (number) {
        fetch->uid = (uint32_t)number;
        fetch->items |= CPMSYNC_FETCH_UID;
    } else {
        fetch->items |= CPMSYNC_FETCH_UID_ZERO;
    }
    return 0;
}

static int parse_flags(struct cpmsync_slice *text, struct cpmsync_fetch *fetch)
{
    if (!cpmsync_lex_flags(text, false, &fetch->flags))
        return CPMSYNC_ERR_PROTOCOL;
    fetch->items |= CPMSYNC_FETCH_FLAGS;
    return 0;
}

/* "(" permsg-modsequence ")"; a value that is none is ignored, not the response (PF-27) */
static int parse_modseq(struct cpmsync_slice *text, unsigned depth, struct cpmsync_fetch *fetch)
{
    struct cpmsync_slice value;
    struct cpmsync_slice rest;
    uint64_t number;
    int error = skip_value(text, depth, &value);

    if (error)
        return error;
    (void)cpmsync_lex_char(&value, '(');
    (void)cpmsync_lex_space(&value);
    rest = value;
    if (cpmsync_lex_number(&rest, INT64_MAX, &number) && number && ends_value(rest)) {
        fetch->modseq = number;
        fetch->items |= CPMSYNC_FETCH_MODSEQ;
    }
    return 0;
}

static int parse_size(struct cpmsync_slice *text, unsigned depth, struct cpmsync_fetch *fetch)
{
    struct cpmsync_slice value;
    int error = skip_value(text, depth, &value);

    if (!error && cpmsync_slice_number(value, INT64_MAX, &fetch->size))
        fetch->items |= CPMSYNC_FETCH_SIZE;
    return error;
}

static int parse_date(struct cpmsync_slice *text, struct cpmsync_fetch *fetch)
{
    struct cpmsync_string string;

    if (!cpmsync_lex_string(text, true, &string))
        return CPMSYNC_ERR_PROTOCOL;
    if (string.form != CPMSYNC_STRING_NIL) {
        fetch->internaldate = string.octets;
        fetch->items |= CPMSYNC_FETCH_INTERNALDATE;
    }
    return 0;
}

/* A value kept whole if it is a list. */
static int parse_structure(
    struct cpmsync_slice *text, unsigned depth, struct cpmsync_slice *value, unsigned *items, unsigned item)
{
    struct cpmsync_slice any;
    int error = skip_value(text, depth, &any);

    if (!error && any.data[0] == '(') {
        *value = any;
        *items |= item;
    }
    return error;
}

static int parse_unknown(struct cpmsync_slice *text, unsigned depth, struct cpmsync_fetch *fetch)
{
    struct cpmsync_slice value;

    fetch->items |= CPMSYNC_FETCH_UNKNOWN;
    return skip_value(text, depth, &value);
}

static int parse_section(struct cpmsync_slice *text, const uint8_t *at, struct cpmsync_fetch *fetch)
{
    struct cpmsync_fetch_section section;

    if (!lex_octets(text, &section))
        return CPMSYNC_ERR_PROTOCOL;
    if (!(fetch->items & CPMSYNC_FETCH_SECTION))
        fetch->sections.data = at;
    fetch->items |= CPMSYNC_FETCH_SECTION;
    return 0;
}

static int parse_item(struct cpmsync_slice *text, unsigned depth, struct cpmsync_fetch *fetch)
{
    const uint8_t *at = text->data;
    struct item item;

    if (!lex_item_name(text, &item))
        return CPMSYNC_ERR_PROTOCOL;
    (void)cpmsync_lex_space(text);
    if (is_section(&item))
        return parse_section(text, at, fetch);
    if (item.has_section)
        return parse_unknown(text, depth, fetch);
    if (cpmsync_slice_is(item.name, "UID"))
        return parse_uid(text, fetch);
    if (cpmsync_slice_is(item.name, "FLAGS"))
        return parse_flags(text, fetch);
    if (cpmsync_slice_is(item.name, "MODSEQ"))
        return parse_modseq(text, depth, fetch);
    if (cpmsync_slice_is(item.name, "INTERNALDATE"))
        return parse_date(text, fetch);
    if (cpmsync_slice_is(item.name, "RFC822.SIZE"))
        return parse_size(text, depth, fetch);
    if (cpmsync_slice_is(item.name, "ENVELOPE"))
        return parse_structure(text, depth, &fetch->envelope, &fetch->items, CPMSYNC_FETCH_ENVELOPE);
    if (cpmsync_slice_is(item.name, "BODYSTRUCTURE") || cpmsync_slice_is(item.name, "BODY"))
        return parse_structure(text, depth, &fetch->bodystructure, &fetch->items, CPMSYNC_FETCH_BODYSTRUCTURE);
    return parse_unknown(text, depth, fetch);
}

/* Where the digits from `at` on end; 0 if the number is 0 or above max. */
static size_t quick_number(struct cpmsync_slice text, size_t at, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    size_t begin = at;

    for (; at < text.len && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        value = value * 10 + (uint64_t)(text.data[at] - '0');
    if (at - begin > 19 || value == 0 || value > max) /* 19 digits fit 64 bits */
        return 0;
    *number = value;
    return at;
}

/* Octets of flags without a quoted one, up to their ")". */
static size_t quick_flags(struct cpmsync_slice text, size_t at)
{
    for (; at < text.len; at++) {
        uint8_t c = text.data[at];

        if (c == ')')
            return at;
        if (c < ' ' || c == '(' || c == '"')
            return 0;
    }
    return 0;
}

static bool begins(struct cpmsync_slice text, const char *word, size_t len)
{
    return text.len > len && memcmp(text.data, word, len) == 0;
}

/*
 * The three items that a synchronisation reads for every message, as servers write them: a third of the general way's
 * time (bench_parse). Whatever looks different is left to that. Returns the length, 0 if it took nothing.
 */
static size_t quick_item(struct cpmsync_slice text, struct cpmsync_fetch *fetch)
{
    uint64_t number;
    size_t end;

    if (begins(text, "UID ", 4)) {
        end = quick_number(text, 4, UINT32_MAX, &number);
        if (end == 0 || end == text.len || (text.data[end] != ' ' && text.data[end] != ')'))
            return 0;
        fetch->uid = (uint32_t)number;
        fetch->items |= CPMSYNC_FETCH_UID;
        return end;
    }
    if (begins(text, "FLAGS (", 7)) {
        end = quick_flags(text, 7);
        if (end == 0)
            return 0;
        fetch->flags = cpmsync_slice_of(text.data + 7, end - 7);
        fetch->items |= CPMSYNC_FETCH_FLAGS;
        return end + 1;
    }
    if (begins(text, "MODSEQ (", 8)) {
        end = quick_number(text, 8, INT64_MAX, &number);
        if (end == 0 || end == text.len || text.data[end] != ')')
            return 0;
        fetch->modseq = number;
        fetch->items |= CPMSYNC_FETCH_MODSEQ;
        return end + 1;
    }
    return 0;
}

int cpmsync_fetch_parse(struct cpmsync_slice text, unsigned depth, struct cpmsync_fetch *fetch)
{
    int error;

    memset(fetch, 0, sizeof(*fetch));
    if (!cpmsync_lex_char(&text, '('))
        return CPMSYNC_ERR_PROTOCOL;
    if (depth == 0)
        return CPMSYNC_ERR_LIMIT;
    for (;;) {
        const uint8_t *end = text.data;
        size_t quick;

        (void)cpmsync_lex_space(&text);
        if (cpmsync_lex_char(&text, ')')) {
            if (fetch->items & CPMSYNC_FETCH_SECTION)
                fetch->sections.len = (size_t)(end - fetch->sections.data);
            break;
        }
        quick = quick_item(text, fetch);
        if (quick) {
            text = cpmsync_slice_of(text.data + quick, text.len - quick);
            continue;
        }
        error = parse_item(&text, depth - 1, fetch);
        if (error)
            return error;
    }
    (void)cpmsync_lex_space(&text);
    return text.len ? CPMSYNC_ERR_PROTOCOL : 0;
}

/* The list was parsed before: the values are sound and not too deep. */
static bool skip_item(struct cpmsync_slice *text, const struct item *item)
{
    struct cpmsync_slice value;

    if (!item->has_section && cpmsync_slice_is(item->name, "FLAGS"))
        return cpmsync_lex_flags(text, false, &value);
    return cpmsync_lex_value(text, UINT32_MAX, &value);
}

int cpmsync_fetch_section(struct cpmsync_slice *sections, struct cpmsync_fetch_section *section)
{
    struct item item;

    for (;;) {
        (void)cpmsync_lex_space(sections);
        if (!lex_item_name(sections, &item))
            return 0;
        (void)cpmsync_lex_space(sections);
        if (is_section(&item))
            break;
        if (!skip_item(sections, &item))
            return 0;
    }
    memset(section, 0, sizeof(*section));
    section->name = item.name;
    section->section = item.section;
    section->has_origin = item.has_origin;
    section->origin = item.origin;
    return lex_octets(sections, section) ? 1 : 0;
}
