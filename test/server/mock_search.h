/* SPDX-License-Identifier: MIT */
/* What SEARCH looks for: read from a command, then asked of one message after the other. */
#ifndef CPMSYNC_MOCK_SEARCH_H
#define CPMSYNC_MOCK_SEARCH_H

#include "mock_session.h"

enum { MOCK_SEARCH_DEPTH = 50 };

/* What waits for its operands: the whole, a parenthesis, NOT or OR. */
struct mock_open_key {
    int op;
    size_t operands;
};

#define MOCK_BAD_CHARSET "[BADCHARSET (US-ASCII UTF-8)] Not a charset I know"

struct mock_node;

struct mock_search {
    struct mock_node *nodes;
    size_t count;
    struct mock_open_key stack[MOCK_SEARCH_DEPTH];
    size_t depth;
    bool utf8;        /* its strings are UTF-8 */
    bool bad_charset; /* or of a charset that is not known */
    bool has_modseq;
    bool has_numbers; /* message numbers among the keys */
};

/* ["CHARSET" SP astring SP] search-key *(SP search-key), up to the end. Into a search that is all zero; clear it in any
 * case. */
bool cpmsync_mock_search_read(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search);
/* charset SP search-key *(SP search-key), as SORT has them */
bool cpmsync_mock_search_read_with_charset(struct mock_conn *conn, struct mock_parser *p, struct mock_search *search);
void cpmsync_mock_search_clear(struct mock_conn *conn, struct mock_search *search);

bool cpmsync_mock_search_matches(
    struct mock_conn *conn, const struct mock_search *search, size_t index, const struct mock_message *message);

#endif
