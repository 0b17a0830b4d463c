/* SPDX-License-Identifier: MIT */
/* FETCH and UID FETCH with CHANGEDSINCE and VANISHED (RFC 3501 6.4.5, 7162 3.1.4, 3.2.6). */
#include "mock_acl.h"
#include "mock_binary.h"
#include "mock_item.h"
#include "mock_limit.h"
#include "mock_partial.h"
#include "mock_preview.h"
#include "mock_progress.h"
#include "mock_structure.h"

#include <stdio.h>

struct fetch {
    bool uid;
    struct mock_set set;
    struct mock_items items;
    bool has_since;
    uint64_t since;
    bool vanished;
    bool partial; /* of the messages the set names, before CHANGEDSINCE chooses (RFC 9394 3.4) */
    struct mock_partial range;
    bool sets_seen;
    uint64_t modseq; /* of the \Seen this command sets; 0 until it sets one */
    bool missing;    /* a message was expunged by somebody else */
    bool no_such_part;
    bool unknown_cte; /* or could not be decoded */
};

/* fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value / "VANISHED" / "PARTIAL" SP partial-range */
static bool read_modifiers(struct mock_conn *conn, struct mock_parser *p, struct fetch *fetch)
{
    if (cpmsync_mock_read_end(p))
        return true;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '('))
        return false;
    do {
        if (!fetch->has_since && cpmsync_mock_read_word(p, "CHANGEDSINCE")) {
            fetch->has_since = true;
            if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_modseq(p, false, &fetch->since))
                return false;
        } else if (!fetch->vanished && cpmsync_mock_read_word(p, "VANISHED"))
            fetch->vanished = true;
        else if (!fetch->partial && fetch->uid && cpmsync_mock_offers(conn, "PARTIAL") &&
                 cpmsync_mock_read_word(p, "PARTIAL")) {
            fetch->partial = true;
            if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_partial(p, &fetch->range))
                return false;
        } else
            return false;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')') && cpmsync_mock_read_end(p);
}

static bool read_arguments(struct mock_conn *conn, struct mock_parser *p, struct fetch *fetch)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_message_set(conn, p, &fetch->set) || !cpmsync_mock_read_sp(p))
        return false;
    return cpmsync_mock_read_items_or_macro(conn, p, &fetch->items) && read_modifiers(conn, p, fetch);
}

/* What the grammar allows and the state does not; all of it is BAD (RFC 7162 3.1.2.2, 3.2.6). */
static bool is_allowed(struct mock_conn *conn, const struct fetch *fetch)
{
    bool modseq = fetch->has_since || cpmsync_mock_items_have(&fetch->items, MOCK_ITEM_MODSEQ);
    if (modseq &&
        (conn->mailbox->nomodseq || (!cpmsync_mock_offers(conn, "CONDSTORE") && !cpmsync_mock_offers(conn, "QRESYNC"))))
        return false;
    return !fetch->vanished || (fetch->uid && fetch->has_since && conn->qresync);
}

static void put_date(struct mock_conn *conn, const char *name, int64_t seconds, int zone)
{
    int64_t local = seconds + (int64_t)zone * 60, days = local / 86400, year;
    unsigned month, day, minutes = (unsigned)(zone < 0 ? -zone : zone);
    int64_t second = local % 86400;
    if (second < 0) {
        second += 86400;
        days--;
    }
    cpmsync_mock_date(days, &year, &month, &day);
    cpmsync_mock_putf(conn, "%s \"%2u-%.3s-%04d %02d:%02d:%02d %c%02u%02u\"", name, day, cpmsync_mock_month(month),
        (int)year, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60), zone < 0 ? '-' : '+',
        minutes / 60, minutes % 60);
}

static void put_preview(struct mock_conn *conn, const struct mock_item *item, const struct mock_parts *parts)
{
    struct cpmsync_buf text;
    cpmsync_mock_putf(conn, "PREVIEW ");
    if (item->lazy && conn->mock->faults.preview_lazy) {
        cpmsync_mock_putf(conn, "NIL");
        return;
    }
    cpmsync_buf_init(&text, conn->mock->mem, 65536);
    conn->broken |= cpmsync_mock_preview(parts, &text) != 0;
    cpmsync_mock_put_string(conn, text.len ? cpmsync_buf_slice(&text) : CPMSYNC_SLICE(""));
    cpmsync_buf_clear(&text);
}

static void put_item(struct mock_conn *conn, const struct mock_item *item, size_t index,
    const struct mock_message *message, const struct mock_parts *parts)
{
    struct cpmsync_slice octets = cpmsync_slice_of(message->body->data, message->body->len), header, body;
    cpmsync_mock_split(octets, &header, &body);
    switch (item->kind) {
    case MOCK_ITEM_UID:
        cpmsync_mock_putf(conn, "UID %lu", (unsigned long)message->uid);
        break;
    case MOCK_ITEM_FLAGS:
        cpmsync_mock_putf(conn, "FLAGS ");
        cpmsync_mock_put_flags(conn, &message->flags, conn->view[index].recent);
        break;
    case MOCK_ITEM_MODSEQ:
        cpmsync_mock_putf(conn, "MODSEQ (%llu)", (unsigned long long)message->modseq);
        break;
    case MOCK_ITEM_INTERNALDATE:
        put_date(conn, "INTERNALDATE", message->date, message->zone);
        break;
    case MOCK_ITEM_SAVEDATE:
        put_date(conn, "SAVEDATE", message->saved, 0);
        break;
    case MOCK_ITEM_SIZE:
        cpmsync_mock_putf(conn, "RFC822.SIZE %zu", octets.len);
        break;
    case MOCK_ITEM_ENVELOPE:
        cpmsync_mock_putf(conn, "ENVELOPE ");
        cpmsync_mock_put_envelope(conn, header);
        break;
    case MOCK_ITEM_EMAILID:
        cpmsync_mock_putf(conn, "EMAILID (M%llu)", (unsigned long long)message->body->id);
        break;
    case MOCK_ITEM_THREADID:
        cpmsync_mock_putf(conn, "THREADID NIL"); /* there are no threads here */
        break;
    case MOCK_ITEM_ANNOTATION:
        cpmsync_mock_put_annotations(conn, &item->annotations, message);
        break;
    case MOCK_ITEM_BODY:
    case MOCK_ITEM_BODYSTRUCTURE:
        cpmsync_mock_putf(conn, item->kind == MOCK_ITEM_BODY ? "BODY " : "BODYSTRUCTURE ");
        cpmsync_mock_put_structure(conn, parts, item->kind == MOCK_ITEM_BODYSTRUCTURE);
        break;
    case MOCK_ITEM_SECTION:
        cpmsync_mock_putf(conn, "BODY");
        cpmsync_mock_put_section(conn, &item->section, octets, parts);
        break;
    case MOCK_ITEM_BINARY:
    case MOCK_ITEM_BINARY_SIZE:
        cpmsync_mock_putf(conn, item->kind == MOCK_ITEM_BINARY ? "BINARY" : "BINARY.SIZE");
        cpmsync_mock_put_binary(conn, &item->section, item->kind == MOCK_ITEM_BINARY_SIZE, octets, parts);
        break;
    case MOCK_ITEM_PREVIEW:
        put_preview(conn, item, parts);
        break;
    case MOCK_ITEM_RFC822:
    case MOCK_ITEM_HEADER:
    case MOCK_ITEM_TEXT:
        cpmsync_mock_putf(conn, item->kind == MOCK_ITEM_RFC822   ? "RFC822 "
                                : item->kind == MOCK_ITEM_HEADER ? "RFC822.HEADER "
                                                                 : "RFC822.TEXT ");
        cpmsync_mock_put_literal(conn, item->kind == MOCK_ITEM_RFC822   ? octets
                                       : item->kind == MOCK_ITEM_HEADER ? header
                                                                        : body);
        break;
    }
}

static bool needs_parts(const struct mock_item *item)
{
    return item->kind == MOCK_ITEM_BODY || item->kind == MOCK_ITEM_BODYSTRUCTURE || item->kind == MOCK_ITEM_PREVIEW ||
           ((item->kind == MOCK_ITEM_SECTION || item->kind == MOCK_ITEM_BINARY ||
                item->kind == MOCK_ITEM_BINARY_SIZE) &&
               item->section.number_count);
}

/* Sets \Seen where the items do; then FLAGS, and what CONDSTORE wants, go with them. */
static bool see(struct mock_conn *conn, struct fetch *fetch, struct mock_message *message)
{
    struct mock_flags seen;
    if (!fetch->sets_seen || conn->read_only)
        return false;
    memset(&seen, 0, sizeof seen);
    cpmsync_mock_flag_set(&seen, MOCK_SEEN);
    return cpmsync_mock_change_flags(conn->mailbox, message, '+', &seen, &fetch->modseq);
}

static void put_extra(
    struct mock_conn *conn, enum mock_item_kind kind, size_t index, const struct mock_message *message)
{
    struct mock_item item;
    memset(&item, 0, sizeof item);
    item.kind = kind;
    put_item(conn, &item, index, message, NULL);
    cpmsync_mock_putf(conn, " ");
}

/* The parts of the message, if an item wants them. false without memory. */
static bool find_parts(
    struct mock_conn *conn, const struct fetch *fetch, const struct mock_message *message, struct mock_parts *parts)
{
    size_t i;
    memset(parts, 0, sizeof *parts);
    for (i = 0; i < fetch->items.count; i++)
        if (needs_parts(&fetch->items.at[i]))
            return cpmsync_mock_parts_of(
                parts, conn->mock->mem, cpmsync_slice_of(message->body->data, message->body->len));
    return true;
}

static bool can_decode(const struct mock_conn *conn, const struct fetch *fetch, const struct mock_parts *parts)
{
    size_t i;
    for (i = 0; i < fetch->items.count; i++) {
        const struct mock_item *item = &fetch->items.at[i];
        if ((item->kind == MOCK_ITEM_BINARY || item->kind == MOCK_ITEM_BINARY_SIZE) &&
            (conn->mock->faults.unknown_cte || !cpmsync_mock_can_decode(&item->section, parts)))
            return false;
    }
    return true;
}

static void put_fetch(struct mock_conn *conn, struct fetch *fetch, size_t index, struct mock_message *message,
    const struct mock_parts *parts)
{
    bool seen = see(conn, fetch, message);
    bool modseq = fetch->has_since || (seen && cpmsync_mock_tells_modseq(conn));
    bool extra = false, said = false;
    size_t i, before = conn->out.len;
    cpmsync_mock_begin_fetch(conn, index);
    size_t opened = conn->out.len;
    if (!conn->uidonly && (fetch->uid || (seen && cpmsync_mock_tells_uid(conn))) &&
        !cpmsync_mock_items_have(&fetch->items, MOCK_ITEM_UID))
        put_extra(conn, MOCK_ITEM_UID, index, message);
    if (seen && !cpmsync_mock_items_have(&fetch->items, MOCK_ITEM_FLAGS))
        put_extra(conn, MOCK_ITEM_FLAGS, index, message);
    if (modseq && !cpmsync_mock_items_have(&fetch->items, MOCK_ITEM_MODSEQ))
        put_extra(conn, MOCK_ITEM_MODSEQ, index, message);
    extra = conn->out.len > opened;
    for (i = 0; i < fetch->items.count; i++) {
        const struct mock_item *item = &fetch->items.at[i];
        /* Wildcards that match nothing have nothing to say. */
        if (item->kind == MOCK_ITEM_ANNOTATION &&
            !cpmsync_mock_annotation_query_finds(conn, &item->annotations, message))
            continue;
        if (said)
            cpmsync_mock_putf(conn, " ");
        said = true;
        put_item(conn, item, index, message, parts);
    }
    if (!said && !extra) {
        cpmsync_buf_truncate(&conn->out, before);
        return;
    }
    if (!said)
        cpmsync_buf_truncate(&conn->out, conn->out.len - 1);
    cpmsync_mock_putf(conn, ")\r\n");
    if ((seen || cpmsync_mock_items_have(&fetch->items, MOCK_ITEM_FLAGS)) &&
        (modseq || cpmsync_mock_items_have(&fetch->items, MOCK_ITEM_MODSEQ) || !cpmsync_mock_tells_modseq(conn)))
        conn->view[index].told = message->modseq;
}

static void fetch_one(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct fetch *fetch = (struct fetch *)ctx;
    struct mock_parts parts;
    if (!message) {
        fetch->missing = true;
        return;
    }
    if (fetch->has_since && message->modseq <= fetch->since)
        return;
    if (!find_parts(conn, fetch, message, &parts))
        conn->broken = true;
    else if (can_decode(conn, fetch, &parts))
        put_fetch(conn, fetch, index, message, &parts);
    else
        fetch->unknown_cte = true;
    cpmsync_mock_parts_clear(&parts);
}

static void add_present(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    (void)index;
    if (message && !cpmsync_mock_set_append((struct mock_set *)ctx, message->uid, message->uid))
        conn->broken = true;
}

/* Looks whether the parts that entries name are there, before anything is said (RFC 5257 3.2.1). */
static void look_for_parts(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    struct fetch *fetch = (struct fetch *)ctx;
    size_t i;
    (void)index;
    for (i = 0; i < fetch->items.count && message; i++)
        if (fetch->items.at[i].kind == MOCK_ITEM_ANNOTATION &&
            !cpmsync_mock_annotation_query_fits(conn, &fetch->items.at[i].annotations, message))
            fetch->no_such_part = true;
}

/* The UIDs PARTIAL leaves of the set. */
static void cut_out(struct mock_conn *conn, struct fetch *fetch)
{
    struct mock_set present;
    cpmsync_mock_set_init(&present, conn->mock->mem);
    cpmsync_mock_for_each(conn, &fetch->set, true, add_present, &present);
    cpmsync_mock_set_clear(&fetch->set);
    if (!cpmsync_mock_partial_of(&fetch->range, &present, &fetch->set))
        conn->broken = true;
    cpmsync_mock_set_clear(&present);
}

static void run(struct mock_conn *conn, struct fetch *fetch)
{
    size_t i;
    for (i = 0; i < fetch->items.count; i++) {
        const struct mock_item *item = &fetch->items.at[i];
        fetch->sets_seen |= ((item->kind == MOCK_ITEM_SECTION || item->kind == MOCK_ITEM_BINARY) && !item->peek) ||
                            item->kind == MOCK_ITEM_RFC822 || item->kind == MOCK_ITEM_TEXT;
    }
    fetch->sets_seen &= (cpmsync_mock_rights(conn, conn->mailbox) & MOCK_RIGHT_S) != 0;
    if (conn->mailbox->flag_count > conn->flags_told)
        cpmsync_mock_put_flag_names(conn);
    if (cpmsync_mock_items_have(&fetch->items, MOCK_ITEM_ANNOTATION))
        cpmsync_mock_for_each(conn, &fetch->set, fetch->uid, look_for_parts, fetch);
    if (fetch->no_such_part) {
        cpmsync_mock_bad(conn, "An entry names a part that is not there");
        return;
    }
    if (fetch->vanished) {
        /* What the client still counts is told as such first: EARLIER never moves a number. */
        cpmsync_mock_tell_expunges(conn);
        cpmsync_mock_put_vanished_earlier(conn, &fetch->set, fetch->since, 0);
    }
    if (fetch->partial)
        cut_out(conn, fetch);
    cpmsync_mock_limit(conn, &fetch->set, fetch->uid);
    cpmsync_mock_work_through(conn, &fetch->set, fetch->uid, fetch_one, fetch);
    cpmsync_mock_misbehave_at_end(conn);
    if (fetch->unknown_cte)
        cpmsync_mock_no(conn, "[UNKNOWN-CTE] Not an encoding I know");
    else if (fetch->missing && !fetch->uid)
        cpmsync_mock_no(conn, "[EXPUNGEISSUED] Some messages are gone");
    else
        cpmsync_mock_ok_limited(conn, "FETCH completed");
}

bool cpmsync_mock_cmd_fetch(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct fetch fetch;
    memset(&fetch, 0, sizeof fetch);
    fetch.uid = uid;
    cpmsync_mock_set_init(&fetch.set, conn->mock->mem);
    bool valid = cpmsync_mock_items_new(conn->mock->mem, &fetch.items) && read_arguments(conn, p, &fetch) &&
                 is_allowed(conn, &fetch) && cpmsync_mock_resolve(conn, &fetch.set, uid);
    if (valid) {
        if (fetch.has_since || cpmsync_mock_items_have(&fetch.items, MOCK_ITEM_MODSEQ))
            cpmsync_mock_enable_condstore(conn);
        run(conn, &fetch);
    }
    cpmsync_mock_items_free(conn->mock->mem, &fetch.items);
    cpmsync_mock_set_clear(&fetch.set);
    return valid;
}

/* ---- for NOTIFY ---- */

bool cpmsync_mock_read_fetch_atts(struct mock_conn *conn, struct mock_parser *p)
{
    struct mock_items items;
    bool valid = cpmsync_mock_items_new(conn->mock->mem, &items) && cpmsync_mock_read_items(conn, p, &items);
    cpmsync_mock_items_free(conn->mock->mem, &items);
    return valid;
}

void cpmsync_mock_put_fetch_atts(struct mock_conn *conn, struct cpmsync_slice atts, size_t first)
{
    struct fetch fetch;
    size_t i;
    memset(&fetch, 0, sizeof fetch);
    fetch.uid = cpmsync_mock_tells_uid(conn);
    fetch.has_since = cpmsync_mock_tells_modseq(conn);
    bool has_room = cpmsync_mock_items_new(conn->mock->mem, &fetch.items);
    struct cpmsync_slice text = cpmsync_mock_own(conn->mock->mem, atts);
    struct mock_parser p = cpmsync_mock_parser_of(text);
    if (!has_room || !text.data || !cpmsync_mock_read_items(conn, &p, &fetch.items))
        conn->broken = true;
    for (i = first; i < conn->view_count && !conn->broken && is_allowed(conn, &fetch); i++)
        fetch_one(&fetch, conn, i, cpmsync_mock_message_of(conn->mailbox, conn->view[i].uid));
    cpmsync_mock_disown(conn->mock->mem, &text);
    cpmsync_mock_items_free(conn->mock->mem, &fetch.items);
}
