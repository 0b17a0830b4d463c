/* SPDX-License-Identifier: MIT */
#include "mock_item.h"

bool cpmsync_mock_items_new(const struct cpmsync_allocator *mem, struct mock_items *items)
{
    items->count = 0;
    items->at = (struct mock_item *)cpmsync_mem_zalloc(mem, MOCK_ITEMS_MAX * sizeof *items->at);
    return items->at != NULL;
}

void cpmsync_mock_items_free(const struct cpmsync_allocator *mem, struct mock_items *items)
{
    cpmsync_mem_free(mem, items->at);
}

bool cpmsync_mock_items_have(const struct mock_items *items, enum mock_item_kind kind)
{
    size_t i;
    for (i = 0; i < items->count; i++)
        if (items->at[i].kind == kind)
            return true;
    return false;
}

static struct mock_item *add_item(struct mock_items *items, enum mock_item_kind kind)
{
    if (items->count == MOCK_ITEMS_MAX)
        return NULL;
    struct mock_item *item = &items->at[items->count++];
    memset(item, 0, sizeof *item);
    item->kind = kind;
    return item;
}

static bool read_body(struct mock_parser *p, struct mock_items *items, bool peek)
{
    struct mock_item *item = add_item(items, MOCK_ITEM_SECTION);
    if (!item || !cpmsync_mock_read_section(p, &item->section))
        return false;
    item->peek = peek;
    return true;
}

static bool read_binary(struct mock_parser *p, struct mock_items *items, bool size, bool peek)
{
    struct mock_item *item = add_item(items, size ? MOCK_ITEM_BINARY_SIZE : MOCK_ITEM_BINARY);
    if (!item || !cpmsync_mock_read_section_binary(p, !size, &item->section))
        return false;
    item->peek = peek;
    return true;
}

/* "PREVIEW" [SP "(" "LAZY" ")"]; a parenthesis may also be that of the modifiers */
static bool read_preview(struct mock_parser *p, struct mock_items *items)
{
    struct mock_item *item = add_item(items, MOCK_ITEM_PREVIEW);
    struct mock_parser before = *p;
    if (!item)
        return false;
    item->lazy = cpmsync_mock_read_sp(p) && cpmsync_mock_read_char(p, '(') && cpmsync_mock_read_word(p, "LAZY") &&
                 cpmsync_mock_read_char(p, ')');
    if (!item->lazy)
        *p = before;
    return true;
}

static bool read_item(struct mock_conn *conn, struct mock_parser *p, struct mock_items *items)
{
    static const struct {
        const char *name;
        enum mock_item_kind kind;
        const char *capability;
    } NAMES[] = {{"UID", MOCK_ITEM_UID, NULL}, {"FLAGS", MOCK_ITEM_FLAGS, NULL}, {"MODSEQ", MOCK_ITEM_MODSEQ, NULL},
        {"INTERNALDATE", MOCK_ITEM_INTERNALDATE, NULL}, {"RFC822.SIZE", MOCK_ITEM_SIZE, NULL},
        {"ENVELOPE", MOCK_ITEM_ENVELOPE, NULL}, {"BODYSTRUCTURE", MOCK_ITEM_BODYSTRUCTURE, NULL},
        {"RFC822", MOCK_ITEM_RFC822, "IMAP4rev1"}, {"RFC822.HEADER", MOCK_ITEM_HEADER, "IMAP4rev1"},
        {"RFC822.TEXT", MOCK_ITEM_TEXT, "IMAP4rev1"}, {"SAVEDATE", MOCK_ITEM_SAVEDATE, "SAVEDATE"},
        {"EMAILID", MOCK_ITEM_EMAILID, "OBJECTID"}, {"THREADID", MOCK_ITEM_THREADID, "OBJECTID"}};
    size_t i;
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if ((!NAMES[i].capability || cpmsync_mock_offers(conn, NAMES[i].capability)) &&
            cpmsync_mock_read_word(p, NAMES[i].name))
            return add_item(items, NAMES[i].kind) != NULL;
    if (cpmsync_mock_offers(conn, "BINARY")) {
        bool size = cpmsync_mock_read_word(p, "BINARY.SIZE"), peek = !size && cpmsync_mock_read_word(p, "BINARY.PEEK");
        if (size || peek || cpmsync_mock_read_word(p, "BINARY"))
            return read_binary(p, items, size, peek);
    }
    if (cpmsync_mock_offers(conn, "PREVIEW") && cpmsync_mock_read_word(p, "PREVIEW"))
        return read_preview(p, items);
    if (cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1") && cpmsync_mock_read_word(p, "ANNOTATION")) {
        struct mock_item *item = add_item(items, MOCK_ITEM_ANNOTATION);
        return item && cpmsync_mock_read_annotation_query(p, &item->annotations);
    }
    if (cpmsync_mock_read_word(p, "BODY.PEEK"))
        return read_body(p, items, true);
    if (!cpmsync_mock_read_word(p, "BODY"))
        return false;
    return cpmsync_mock_peek(p, '[') ? read_body(p, items, false) : add_item(items, MOCK_ITEM_BODY) != NULL;
}

static bool read_macro(struct mock_parser *p, struct mock_items *items)
{
    static const enum mock_item_kind FULL[] = {
        MOCK_ITEM_FLAGS, MOCK_ITEM_INTERNALDATE, MOCK_ITEM_SIZE, MOCK_ITEM_ENVELOPE, MOCK_ITEM_BODY};
    size_t count = cpmsync_mock_read_word(p, "FAST")   ? 3
                   : cpmsync_mock_read_word(p, "ALL")  ? 4
                   : cpmsync_mock_read_word(p, "FULL") ? 5
                                                       : 0;
    size_t i;
    for (i = 0; i < count; i++)
        add_item(items, FULL[i]);
    return count > 0;
}

bool cpmsync_mock_read_items(struct mock_conn *conn, struct mock_parser *p, struct mock_items *items)
{
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    do
        if (!read_item(conn, p, items))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

bool cpmsync_mock_read_items_or_macro(struct mock_conn *conn, struct mock_parser *p, struct mock_items *items)
{
    if (cpmsync_mock_peek(p, '('))
        return cpmsync_mock_read_items(conn, p, items);
    return read_macro(p, items) || read_item(conn, p, items);
}
