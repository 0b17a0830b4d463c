/* SPDX-License-Identifier: MIT */
/*
 * The mock's own grammar (RFC 3501 section 9), strict: what the grammar does not allow is refused. A reader walks over
 * one complete command, literals included, whose octets it may change (quoted strings are unescaped in place).
 * Every function reads one rule; false means the command is BAD.
 */
#ifndef CPMSYNC_MOCK_PARSER_H
#define CPMSYNC_MOCK_PARSER_H

#include "mock_set.h"
#include "mock_slice.h"

struct mock_parser {
    uint8_t *at;
    uint8_t *end; /* the final CRLF is not included */
    bool utf8;    /* quoted strings may hold it (RFC 6855 3) */
};

enum { MOCK_FLAG_LIST_MAX = 128 };

struct mock_flag_list {
    struct cpmsync_slice flags[MOCK_FLAG_LIST_MAX];
    size_t count;
};

/* Over text that no reader will change. */
static inline struct mock_parser cpmsync_mock_parser_of(struct cpmsync_slice text)
{
    struct mock_parser p = {(uint8_t *)(uintptr_t)text.data, (uint8_t *)(uintptr_t)cpmsync_mock_end_of(text), false};
    return p;
}

bool cpmsync_mock_read_end(const struct mock_parser *p);
bool cpmsync_mock_read_char(struct mock_parser *p, char c);
bool cpmsync_mock_read_sp(struct mock_parser *p);
bool cpmsync_mock_peek(const struct mock_parser *p, char c);

/* `word` without regard to case, if a delimiter (or the end) follows; the position stays otherwise. */
bool cpmsync_mock_read_word(struct mock_parser *p, const char *word);

bool cpmsync_mock_read_tag(struct mock_parser *p, struct cpmsync_slice *tag);
bool cpmsync_mock_read_atom(struct mock_parser *p, struct cpmsync_slice *atom);
bool cpmsync_mock_read_string(struct mock_parser *p, struct cpmsync_slice *string);
bool cpmsync_mock_read_nstring(struct mock_parser *p, struct cpmsync_slice *string);  /* NIL: data is NULL */
bool cpmsync_mock_read_literal8(struct mock_parser *p, struct cpmsync_slice *string); /* NUL may be in it */
bool cpmsync_mock_read_astring(struct mock_parser *p, struct cpmsync_slice *string);
bool cpmsync_mock_read_list_mailbox(struct mock_parser *p, struct cpmsync_slice *pattern);
bool cpmsync_mock_read_number(struct mock_parser *p, uint64_t max, uint64_t *number);
bool cpmsync_mock_read_nz_number(struct mock_parser *p, uint32_t *number);
/* mod-sequence-value, or -valzer with `zero` */
bool cpmsync_mock_read_modseq(struct mock_parser *p, bool zero, uint64_t *modseq);
/* The set is as parsed; the caller resolves it. */
bool cpmsync_mock_read_set(struct mock_parser *p, struct mock_set *set);
bool cpmsync_mock_read_flag(struct mock_parser *p, struct cpmsync_slice *flag);
bool cpmsync_mock_read_flag_list(struct mock_parser *p, struct mock_flag_list *list); /* with its parentheses */
/* DQUOTE date-day-fixed "-" month "-" year SP time SP zone DQUOTE, in seconds since 1970 and minutes of zone */
bool cpmsync_mock_read_date_time(struct mock_parser *p, int64_t *seconds, int *zone);
/* date of SEARCH: days since 1970 */
bool cpmsync_mock_read_date(struct mock_parser *p, int64_t *days);

/* Days since 1970 of a date of the Gregorian calendar, and back. */
int64_t cpmsync_mock_days(int64_t year, unsigned month, unsigned day);
void cpmsync_mock_date(int64_t days, int64_t *year, unsigned *month, unsigned *day);
const char *cpmsync_mock_month(unsigned month); /* "Jan" for 1 */

/* `*` matches anything, `%` anything but the delimiter. Goes back to the last wildcard only, so it is never exponential:
 * a `%` that fails falls back to the `*` before it. */
bool cpmsync_mock_matches(struct cpmsync_slice pattern, struct cpmsync_slice name, uint8_t delimiter);

/* Whether the text is in it, ASCII letters in any case. */
bool cpmsync_mock_contains(struct cpmsync_slice text, struct cpmsync_slice wanted);

/* Whether octets are UTF-8 (RFC 3629). */
bool cpmsync_mock_is_utf8(struct cpmsync_slice text);

/* A whole text as blank-separated flags. */
bool cpmsync_mock_split_flags(struct cpmsync_slice text, struct mock_flag_list *list);

#endif
