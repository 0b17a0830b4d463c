/* SPDX-License-Identifier: MIT */
/*
 * The lexer: small steps over a complete unit. Each takes what it reads from the front of *text and returns true, or
 * returns false and leaves *text as it was. Tolerant in what deployed servers do: 8-bit octets in atoms and quoted strings,
 * several spaces for one, a space before a closing parenthesis.
 */
#ifndef CPMSYNC_WIRE_LEX_H
#define CPMSYNC_WIRE_LEX_H

#include "wire/response.h"

bool cpmsync_lex_char(struct cpmsync_slice *text, char c);
bool cpmsync_lex_space(struct cpmsync_slice *text); /* one SP or more */
/* atom: runs to SP, parentheses, quotes, '{', controls; ']' and '[' belong to it. */
bool cpmsync_lex_atom(struct cpmsync_slice *text, struct cpmsync_slice *atom);
bool cpmsync_lex_number(struct cpmsync_slice *text, uint64_t max, uint64_t *number);
/* string / nstring / astring. A NIL atom has the form NIL when `nil` is true, else it is an atom (G-06). */
bool cpmsync_lex_string(struct cpmsync_slice *text, bool nil, struct cpmsync_string *string);
/* A flag or keyword in a list: skips SP, ends at ')' or the end. */
bool cpmsync_lex_flag(struct cpmsync_slice *text, struct cpmsync_slice *flag);
/* The next of several items separated by SP (capabilities, SEARCH numbers). */
bool cpmsync_lex_item(struct cpmsync_slice *text, struct cpmsync_slice *item);
/* Any value: atom with brackets, string, literal, or a balanced list, without recursion, at most `depth` deep. */
bool cpmsync_lex_value(struct cpmsync_slice *text, unsigned depth, struct cpmsync_slice *value);

/* Writes the octets of a string into `out` (at most `max`), escapes resolved; returns the length, or SIZE_MAX if it does
 * not fit. NIL is 0 octets. */
size_t cpmsync_string_copy(const struct cpmsync_string *string, uint8_t *out, size_t max);

#endif
