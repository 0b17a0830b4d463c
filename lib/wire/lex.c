/* SPDX-License-Identifier: MIT */
#include "wire/lex.h"

static void advance(struct cpmsync_slice *text, size_t len)
{
    text->data += len;
    text->len -= len;
}

static bool is_special(uint8_t c)
{
    return c <= ' ' || c == '(' || c == ')' || c == '"' || c == '{' || c == 0x7f;
}

/* Takes the octets before `len` off the text. */
static bool lex_run(struct cpmsync_slice *text, size_t len, struct cpmsync_slice *run)
{
    if (len == 0)
        return false;
    *run = cpmsync_slice_of(text->data, len);
    advance(text, len);
    return true;
}

bool cpmsync_lex_atom(struct cpmsync_slice *text, struct cpmsync_slice *atom)
{
    size_t len = 0;

    while (len < text->len && !is_special(text->data[len]))
        len++;
    return lex_run(text, len, atom);
}

bool cpmsync_lex_number(struct cpmsync_slice *text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    size_t len = 0;

    for (; len < text->len && text->data[len] >= '0' && text->data[len] <= '9'; len++) {
        uint64_t digit = (uint64_t)(text->data[len] - '0');

        if (value > max / 10 || digit > max - value * 10)
            return false;
        value = value * 10 + digit;
    }
    if (len == 0)
        return false;
    *number = value;
    advance(text, len);
    return true;
}

bool cpmsync_lex_literal(struct cpmsync_slice *text, struct cpmsync_lex_literal *literal)
{
    struct cpmsync_slice rest = *text;

    (void)cpmsync_lex_char(&rest, '~');
    if (!cpmsync_lex_char(&rest, '{') || !cpmsync_lex_number(&rest, INT64_MAX, &literal->size))
        return false;
    literal->external = cpmsync_lex_char(&rest, '-');
    literal->octets = cpmsync_slice_of(rest.data, 0);
    if (!cpmsync_lex_char(&rest, '}'))
        return false;
    if (!literal->external) {
        (void)cpmsync_lex_char(&rest, '\r');
        if (!cpmsync_lex_char(&rest, '\n') || literal->size > rest.len)
            return false;
        literal->octets = cpmsync_slice_of(rest.data, (size_t)literal->size);
        advance(&rest, (size_t)literal->size);
    }
    *text = rest;
    return true;
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE; what is between the quotes, escapes still inside. */
static bool lex_quoted(struct cpmsync_slice *text, struct cpmsync_slice *octets)
{
    size_t at;

    for (at = 1; at < text->len && text->data[at] != '"'; at++) {
        uint8_t c = text->data[at];

        if (c == '\\' && ++at == text->len)
            return false;
        if (c == '\r' || c == '\n' || c == '\0')
            return false;
    }
    if (at >= text->len)
        return false;
    *octets = cpmsync_slice_of(text->data + 1, at - 1);
    advance(text, at + 1);
    return true;
}

static bool is_literal(struct cpmsync_slice text)
{
    return text.len && (text.data[0] == '{' || (text.len > 1 && text.data[0] == '~' && text.data[1] == '{'));
}

bool cpmsync_lex_string(struct cpmsync_slice *text, bool nil, struct cpmsync_string *string)
{
    struct cpmsync_lex_literal literal;

    if (text->len && text->data[0] == '"') {
        string->form = CPMSYNC_STRING_QUOTED;
        return lex_quoted(text, &string->octets);
    }
    if (is_literal(*text)) {
        if (!cpmsync_lex_literal(text, &literal))
            return false;
        string->form = CPMSYNC_STRING_LITERAL;
        string->octets = literal.octets;
        return true;
    }
    if (!cpmsync_lex_atom(text, &string->octets))
        return false;
    string->form = CPMSYNC_STRING_ATOM;
    if (nil && cpmsync_slice_is(string->octets, "NIL")) {
        string->form = CPMSYNC_STRING_NIL;
        string->octets.len = 0;
    }
    return true;
}

bool cpmsync_lex_flag(struct cpmsync_slice *text, struct cpmsync_slice *flag)
{
    struct cpmsync_slice rest = *text;
    size_t len = 0;

    (void)cpmsync_lex_space(&rest);
    if (rest.len && rest.data[0] == '"') {
        if (!lex_quoted(&rest, flag))
            return false;
        *text = rest;
        return true;
    }
    while (len < rest.len && rest.data[len] > ' ' && rest.data[len] != ')' && rest.data[len] != '(')
        len++;
    if (!lex_run(&rest, len, flag))
        return false;
    *text = rest;
    return true;
}

bool cpmsync_lex_flags(struct cpmsync_slice *text, bool more, struct cpmsync_slice *flags)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_slice flag;
    const uint8_t *begin;

    if (!cpmsync_lex_char(&rest, '(')) {
        if (!cpmsync_lex_atom(&rest, &flag) || !cpmsync_slice_is(flag, "NIL"))
            return false;
        *flags = cpmsync_slice_of(flag.data, 0);
        *text = rest;
        return true;
    }
    begin = rest.data;
    while (cpmsync_lex_flag(&rest, &flag))
        ;
    (void)cpmsync_lex_space(&rest);
    *flags = cpmsync_slice_of(begin, (size_t)(rest.data - begin));
    if (!cpmsync_lex_char(&rest, ')') && !(more && rest.len == 0))
        return false;
    *text = rest;
    return true;
}

bool cpmsync_lex_item(struct cpmsync_slice *text, struct cpmsync_slice *item)
{
    struct cpmsync_slice rest = *text;
    size_t len = 0;

    (void)cpmsync_lex_space(&rest);
    while (len < rest.len && rest.data[len] > ' ')
        len++;
    if (!lex_run(&rest, len, item))
        return false;
    *text = rest;
    return true;
}

/* A balanced list. Brackets need no care here: what is in them is balanced too. */
static bool lex_list(struct cpmsync_slice *text, unsigned depth, struct cpmsync_slice *list)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_string string;
    unsigned level = 0;

    do {
        if (cpmsync_lex_space(&rest))
            continue;
        if (cpmsync_lex_char(&rest, '(')) {
            if (++level > depth)
                return false;
        } else if (cpmsync_lex_char(&rest, ')')) {
            level--;
        } else if (!cpmsync_lex_string(&rest, false, &string)) {
            return false;
        }
    } while (level > 0);
    *list = cpmsync_slice_of(text->data, text->len - rest.len);
    *text = rest;
    return true;
}

bool cpmsync_lex_section(struct cpmsync_slice *text, struct cpmsync_slice *section)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_slice names;
    const uint8_t *begin;

    if (!cpmsync_lex_char(&rest, '['))
        return false;
    begin = rest.data;
    while (rest.len && rest.data[0] != ']' && !is_special(rest.data[0]))
        advance(&rest, 1);
    (void)cpmsync_lex_space(&rest);
    if (rest.len && rest.data[0] == '(' && !lex_list(&rest, 1, &names))
        return false;
    *section = cpmsync_slice_of(begin, (size_t)(rest.data - begin));
    if (!cpmsync_lex_char(&rest, ']'))
        return false;
    *text = rest;
    return true;
}

/* "BODY[HEADER.FIELDS (From)]" is one atom, "foo[bar" too. */
static bool lex_bracketed_atom(struct cpmsync_slice *text, struct cpmsync_slice *value)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_slice part;
    const uint8_t *bracket;

    if (!cpmsync_lex_atom(&rest, &part))
        return false;
    bracket = memchr(part.data, '[', part.len);
    if (bracket && !memchr(part.data, ']', part.len)) {
        struct cpmsync_slice behind = cpmsync_slice_of(bracket, text->len - (size_t)(bracket - text->data));

        if (cpmsync_lex_section(&behind, &part)) {
            (void)cpmsync_lex_atom(&behind, &part);
            rest = behind;
        }
    }
    *value = cpmsync_slice_of(text->data, text->len - rest.len);
    *text = rest;
    return true;
}

bool cpmsync_lex_value(struct cpmsync_slice *text, unsigned depth, struct cpmsync_slice *value)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_string string;

    if (text->len && text->data[0] == '(')
        return lex_list(text, depth, value);
    if (!is_literal(*text) && (text->len == 0 || text->data[0] != '"'))
        return lex_bracketed_atom(text, value);
    if (!cpmsync_lex_string(&rest, false, &string))
        return false;
    *value = cpmsync_slice_of(text->data, text->len - rest.len);
    *text = rest;
    return true;
}

size_t cpmsync_string_copy(const struct cpmsync_string *string, uint8_t *out, size_t max)
{
    size_t len = 0;
    size_t i;

    if (string->form == CPMSYNC_STRING_NIL)
        return 0;
    for (i = 0; i < string->octets.len; i++) {
        if (string->form == CPMSYNC_STRING_QUOTED && string->octets.data[i] == '\\' && i + 1 < string->octets.len)
            i++;
        if (len == max)
            return SIZE_MAX;
        out[len++] = string->octets.data[i];
    }
    return len;
}
