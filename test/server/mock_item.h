/* SPDX-License-Identifier: MIT */
/* What FETCH asks for of each message (RFC 3501 6.4.5; 3516, 5257, 7162, 8474, 8514, 8970). */
#ifndef CPMSYNC_MOCK_ITEM_H
#define CPMSYNC_MOCK_ITEM_H

#include "mock_annotate.h"
#include "mock_section.h"
#include "mock_session.h"

enum mock_item_kind {
    MOCK_ITEM_UID,
    MOCK_ITEM_FLAGS,
    MOCK_ITEM_MODSEQ,
    MOCK_ITEM_INTERNALDATE,
    MOCK_ITEM_SAVEDATE,
    MOCK_ITEM_SIZE,
    MOCK_ITEM_ENVELOPE,
    MOCK_ITEM_BODY,
    MOCK_ITEM_BODYSTRUCTURE,
    MOCK_ITEM_SECTION,
    MOCK_ITEM_BINARY,
    MOCK_ITEM_BINARY_SIZE,
    MOCK_ITEM_PREVIEW,
    MOCK_ITEM_RFC822,
    MOCK_ITEM_HEADER,
    MOCK_ITEM_TEXT,
    MOCK_ITEM_EMAILID,
    MOCK_ITEM_THREADID,
    MOCK_ITEM_ANNOTATION
};

struct mock_item {
    enum mock_item_kind kind;
    bool peek;
    bool lazy;
    struct mock_section section;
    struct mock_annotation_query annotations;
};

enum { MOCK_ITEMS_MAX = 32 };

struct mock_items {
    struct mock_item *at;
    size_t count;
};

/* Room for as many as may be; false without memory. Free it in any case. */
bool cpmsync_mock_items_new(const struct cpmsync_allocator *mem, struct mock_items *items);
void cpmsync_mock_items_free(const struct cpmsync_allocator *mem, struct mock_items *items);

bool cpmsync_mock_items_have(const struct mock_items *items, enum mock_item_kind kind);

/* "(" fetch-att *(SP fetch-att) ")" */
bool cpmsync_mock_read_items(struct mock_conn *conn, struct mock_parser *p, struct mock_items *items);
/* The same, or "ALL" / "FULL" / "FAST" / fetch-att. */
bool cpmsync_mock_read_items_or_macro(struct mock_conn *conn, struct mock_parser *p, struct mock_items *items);

#endif
