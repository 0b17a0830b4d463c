/* SPDX-License-Identifier: MIT */
/*
 * The lexer: small steps over a complete unit. Each takes what it reads from the front of *text and returns true, or
 * returns false and leaves *text as it was. Tolerant in what deployed servers do: 8-bit octets in atoms and quoted strings,
 * several spaces for one, a space before a closing parenthesis.
 */
#ifndef CPMSYNC_WIRE_LEX_H
#define CPMSYNC_WIRE_LEX_H

#include "wire/response.h"

static inline bool cpmsync_lex_char(struct cpmsync_slice *text, char c)
{
    if (text->len == 0 || text->data[0] != (uint8_t)c)
        return false;
    text->data++;
    text->len--;
    return true;
}

/* One SP or more. */
static inline bool cpmsync_lex_space(struct cpmsync_slice *text)
{
    bool found = false;

    while (cpmsync_lex_char(text, ' '))
        found = true;
    return found;
}

/* atom: runs to SP, parentheses, quotes, '{', controls; ']' and '[' belong to it. */
bool cpmsync_lex_atom(struct cpmsync_slice *text, struct cpmsync_slice *atom);
bool cpmsync_lex_number(struct cpmsync_slice *text, uint64_t max, uint64_t *number);

/* "{n}" CRLF octets or "~{n}" CRLF octets, or the framer's "{n-}" for n octets that were streamed past. */
struct cpmsync_lex_literal {
    bool external;
    uint64_t size;
    struct cpmsync_slice octets; /* none if external */
};
bool cpmsync_lex_literal(struct cpmsync_slice *text, struct cpmsync_lex_literal *literal);

/* string / nstring / astring. A NIL atom has the form NIL when `nil` is true, else it is an atom (G-06). */
bool cpmsync_lex_string(struct cpmsync_slice *text, bool nil, struct cpmsync_string *string);
/* A flag or keyword in a list: skips SP, false at ')' or the end. Tolerant of a quoted flag, which is given unquoted. */
bool cpmsync_lex_flag(struct cpmsync_slice *text, struct cpmsync_slice *flag);
/* "(" flags ")", or NIL for an empty list: what is inside. `more`: a piece, which may end before the ")". */
bool cpmsync_lex_flags(struct cpmsync_slice *text, bool more, struct cpmsync_slice *flags);
/* The next of several items separated by SP (capabilities, SEARCH numbers). */
bool cpmsync_lex_item(struct cpmsync_slice *text, struct cpmsync_slice *item);
/* "[" section "]", with a list of header names in it or not: what is inside (RFC 3501 9, section). */
bool cpmsync_lex_section(struct cpmsync_slice *text, struct cpmsync_slice *section);
/* Any value: atom with brackets, string, literal, or a balanced list, without recursion, at most `depth` deep. */
bool cpmsync_lex_value(struct cpmsync_slice *text, unsigned depth, struct cpmsync_slice *value);

/* Writes the octets of a string into `out` (at most `max`), escapes resolved; returns the length, or SIZE_MAX if it does
 * not fit. NIL is 0 octets. */
size_t cpmsync_string_copy(const struct cpmsync_string *string, uint8_t *out, size_t max);

#endif
