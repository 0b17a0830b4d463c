/* SPDX-License-Identifier: MIT */
/* ANNOTATE (RFC 5257): ANNOTATION in FETCH, STORE, APPEND and SEARCH. */
#ifndef CPMSYNC_MOCK_ANNOTATE_H
#define CPMSYNC_MOCK_ANNOTATE_H

#include "mock_session.h"

/* ".priv" and ".shared" of an attribute; neither suffix is both. */
enum { MOCK_PRIV = 1, MOCK_SHARED = 2 };

enum { MOCK_QUERY_ENTRIES = 16, MOCK_QUERY_ATTRIBUTES = 8 };

struct mock_annotation_query {
    struct cpmsync_slice entries[MOCK_QUERY_ENTRIES]; /* with "*" and "%" */
    size_t entry_count;
    struct {
        bool size; /* else the value */
        unsigned scopes;
    } attributes[MOCK_QUERY_ATTRIBUTES];
    size_t attribute_count;
};

/* SP "(" entries SP attribs ")" */
bool cpmsync_mock_read_annotation_query(struct mock_parser *p, struct mock_annotation_query *query);
/* Whether the entries name parts the message has (RFC 5257 3.2.1). */
bool cpmsync_mock_annotation_query_fits(
    struct mock_conn *conn, const struct mock_annotation_query *query, const struct mock_message *message);
/* Whether there is anything to say, which there is not where wildcards match nothing. */
bool cpmsync_mock_annotation_query_finds(
    const struct mock_conn *conn, const struct mock_annotation_query *query, const struct mock_message *message);
/* "ANNOTATION (...)" */
void cpmsync_mock_put_annotations(
    struct mock_conn *conn, const struct mock_annotation_query *query, const struct mock_message *message);

/* " ANNOTATION (entry ...)" of what others changed since the client was told; nothing if nothing did. */
void cpmsync_mock_put_annotation_news(struct mock_conn *conn, const struct mock_message *message, uint64_t told);
/* "* OK [ANNOTATIONS ...]" of a SELECT. */
void cpmsync_mock_put_annotation_support(struct mock_conn *conn);

struct mock_annotation_value {
    struct cpmsync_slice name;
    unsigned scope;
    struct cpmsync_slice value; /* data NULL: NIL */
};

struct mock_annotation_values {
    struct mock_annotation_value *all;
    size_t count;
};

/* att-annotate = "ANNOTATION" SP "(" entry-att *(SP entry-att) ")", from the SP on. Into values that are all zero; clear
 * them in any case. */
bool cpmsync_mock_read_annotation_values(
    struct mock_conn *conn, struct mock_parser *p, struct mock_annotation_values *values);
void cpmsync_mock_annotation_values_clear(const struct cpmsync_allocator *mem, struct mock_annotation_values *values);

/* Why they may not be stored in this mailbox, or with this message; NULL: they may. */
const char *cpmsync_mock_annotation_refusal(
    const struct mock_conn *conn, const struct mock_mailbox *mailbox, const struct mock_annotation_values *values);
const char *cpmsync_mock_annotation_excess(
    const struct mock_conn *conn, const struct mock_message *message, const struct mock_annotation_values *values);
bool cpmsync_mock_annotation_values_fit(
    struct mock_conn *conn, const struct mock_message *message, const struct mock_annotation_values *values);

/* Stores them; as cpmsync_mock_change_flags for mod-sequences. CPMSYNC_ERR_NOMEM, some stored. */
int cpmsync_mock_annotate_message(struct mock_conn *conn, struct mock_mailbox *mailbox, struct mock_message *message,
    const struct mock_annotation_values *values, uint64_t *modseq);

/* entry-match SP att-search SP value of SEARCH; `scopes` for att-search. */
bool cpmsync_mock_read_annotation_key(
    struct mock_parser *p, struct cpmsync_slice *entry, unsigned *scopes, struct cpmsync_slice *value);
/* Whether the message has such a value; NIL: that it has none. */
bool cpmsync_mock_annotation_matches(const struct mock_conn *conn, const struct mock_message *message,
    struct cpmsync_slice entry, unsigned scopes, struct cpmsync_slice value);

/* entry SP att of SORT (RFC 5257 4.9); `scope` is one. And the message's value; empty if it has none. */
bool cpmsync_mock_read_annotation_criterion(struct mock_parser *p, struct cpmsync_slice *entry, unsigned *scope);
struct cpmsync_slice cpmsync_mock_annotation_sorted_by(
    const struct mock_conn *conn, const struct mock_message *message, struct cpmsync_slice entry, unsigned scope);

#endif
