/* SPDX-License-Identifier: MIT */
/* SELECT and EXAMINE with CONDSTORE and QRESYNC, and the ways out of the selected state (RFC 3501 6.3.1, 6.4; 7162). */
#include "mock_acl.h"
#include "mock_annotate.h"
#include "mock_session.h"

struct select_arguments {
    struct cpmsync_slice name;
    bool condstore;
    bool annotate;
    bool qresync;
    uint32_t uidvalidity;
    uint64_t modseq;
    bool has_known;
    struct mock_set known;
    bool has_match;
    struct mock_set match_numbers;
    struct mock_set match_uids;
};

/* seq-match-data = "(" known-sequence-set SP known-uid-set ")", both ascending and of one size */
static bool read_match(struct mock_parser *p, struct select_arguments *a)
{
    a->has_match = true;
    return cpmsync_mock_read_char(p, '(') && cpmsync_mock_read_set(p, &a->match_numbers) && cpmsync_mock_read_sp(p) &&
           cpmsync_mock_read_set(p, &a->match_uids) && cpmsync_mock_read_char(p, ')') &&
           cpmsync_mock_set_ascends(&a->match_numbers) && cpmsync_mock_set_ascends(&a->match_uids) &&
           cpmsync_mock_set_size(&a->match_numbers) == cpmsync_mock_set_size(&a->match_uids);
}

/* "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")" */
static bool read_qresync(struct mock_parser *p, struct select_arguments *a)
{
    a->qresync = true;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '(') ||
        !cpmsync_mock_read_nz_number(p, &a->uidvalidity) || !cpmsync_mock_read_sp(p) ||
        !cpmsync_mock_read_modseq(p, false, &a->modseq))
        return false;
    if (cpmsync_mock_read_sp(p)) {
        if (!cpmsync_mock_peek(p, '(')) {
            a->has_known = true;
            if (!cpmsync_mock_read_set(p, &a->known) || cpmsync_mock_set_has_star(&a->known))
                return false;
            cpmsync_mock_set_resolve(&a->known, 0);
            if (cpmsync_mock_read_sp(p) && !read_match(p, a))
                return false;
        } else if (!read_match(p, a))
            return false;
    }
    return cpmsync_mock_read_char(p, ')');
}

/* select-params = SP "(" select-param *(SP select-param) ")" */
static bool read_arguments(struct mock_conn *conn, struct mock_parser *p, struct select_arguments *a)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_mailbox(conn, p, &a->name))
        return false;
    if (cpmsync_mock_read_end(p))
        return true;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '('))
        return false;
    do {
        if (!a->condstore && cpmsync_mock_read_word(p, "CONDSTORE") &&
            (cpmsync_mock_offers(conn, "CONDSTORE") || cpmsync_mock_offers(conn, "QRESYNC")))
            a->condstore = true;
        else if (!a->annotate && cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1") &&
                 cpmsync_mock_read_word(p, "ANNOTATE"))
            a->annotate = true;
        else if (a->qresync || !cpmsync_mock_read_word(p, "QRESYNC") || !read_qresync(p, a))
            return false;
    } while (cpmsync_mock_read_sp(p));
    conn->uid_required = a->has_match && conn->uidonly; /* its sample is of message numbers */
    if (conn->uid_required)
        return false;
    /* RFC 7162 3.2.5: QRESYNC only behind a positive ENABLED */
    return cpmsync_mock_read_char(p, ')') && cpmsync_mock_read_end(p) && (!a->qresync || conn->qresync);
}

/* The highest UID up to which the client's sample proves that it knows of every expunge (RFC 7162 3.2.5.2). */
static uint32_t matched_up_to(const struct mock_mailbox *mailbox, const struct select_arguments *a)
{
    size_t number_range = 0, uid_range = 0;
    uint32_t number = 0, uid = 0, matched = 0;
    if (!a->has_match)
        return 0;
    for (;;) {
        if (number == 0)
            number = a->match_numbers.ranges[number_range].first;
        if (uid == 0)
            uid = a->match_uids.ranges[uid_range].first;
        if (number > mailbox->count)
            return matched;
        if (mailbox->messages[number - 1].uid == uid)
            matched = uid;
        if (number++ == a->match_numbers.ranges[number_range].last) {
            number = 0;
            if (++number_range == a->match_numbers.count)
                return matched;
        }
        if (uid++ == a->match_uids.ranges[uid_range].last) {
            uid = 0;
            if (++uid_range == a->match_uids.count)
                return matched;
        }
    }
}

/* RFC 9051 6.3.2: LIST, with the name as it was given where that is not how it is spelled. */
static void put_listed(struct mock_conn *conn, struct cpmsync_slice given)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    struct cpmsync_buf name;
    cpmsync_buf_init(&name, conn->mock->mem, 65536);
    if (cpmsync_mock_add_name(conn, mailbox->owner, mailbox->name, &name) != 0)
        conn->broken = true;
    cpmsync_mock_put_list(
        conn, cpmsync_buf_slice(&name), mailbox, cpmsync_mock_offers(conn, "SPECIAL-USE") ? MOCK_LIST_USES : 0u);
    if (!cpmsync_slice_eq(cpmsync_buf_slice(&name), given)) {
        cpmsync_mock_putf(conn, " (\"OLDNAME\" (");
        cpmsync_mock_put_mailbox(conn, given);
        cpmsync_mock_putf(conn, "))");
    }
    cpmsync_mock_putf(conn, "\r\n");
    cpmsync_buf_clear(&name);
}

static void put_first_unseen(struct mock_conn *conn)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    size_t i;
    for (i = 0; i < mailbox->count && !conn->uidonly; i++)
        if (!cpmsync_mock_flag_is_set(&mailbox->messages[i].flags, MOCK_SEEN)) {
            cpmsync_mock_putf(conn, "* OK [UNSEEN %zu] First unseen\r\n", i + 1);
            return;
        }
}

static void put_mailbox_data(struct mock_conn *conn, struct cpmsync_slice given)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    cpmsync_mock_put_flag_names(conn);
    cpmsync_mock_put_sizes(conn);
    cpmsync_mock_putf(conn, "* OK [UIDVALIDITY %lu] UIDs valid\r\n", (unsigned long)mailbox->uidvalidity);
    if (conn->mock->faults.uid_not_sticky)
        cpmsync_mock_putf(conn, "* NO [UIDNOTSTICKY] UIDs do not last\r\n");
    if (cpmsync_mock_offers(conn, "URLAUTH"))
        cpmsync_mock_putf(conn, "* OK [URLMECH INTERNAL] URLs can be authorised\r\n");
    cpmsync_mock_putf(conn, "* OK [UIDNEXT %lu] Predicted next UID\r\n", (unsigned long)mailbox->uidnext);
    if (cpmsync_mock_is_rev2(conn))
        put_listed(conn, given);
    else
        put_first_unseen(conn);
    cpmsync_mock_put_annotation_support(conn);
    if (cpmsync_mock_offers(conn, "OBJECTID"))
        cpmsync_mock_putf(conn, "* OK [MAILBOXID (F%llu)] Its identifier\r\n", (unsigned long long)mailbox->id);
    if (!cpmsync_mock_offers(conn, "CONDSTORE") && !cpmsync_mock_offers(conn, "QRESYNC"))
        return;
    if (mailbox->nomodseq)
        cpmsync_mock_putf(conn, "* OK [NOMODSEQ] No persistent mod-sequences\r\n");
    else
        cpmsync_mock_putf(conn, "* OK [HIGHESTMODSEQ %llu] Highest\r\n", (unsigned long long)mailbox->highestmodseq);
}

static void put_resync(struct mock_conn *conn, struct select_arguments *a)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    if (!a->qresync || mailbox->nomodseq || a->uidvalidity != mailbox->uidvalidity || conn->mock->faults.stale_resync)
        return;
    if (!a->has_known && mailbox->uidnext > 1 && !cpmsync_mock_set_append(&a->known, 1, mailbox->uidnext - 1))
        conn->broken = true;
    cpmsync_mock_put_vanished_earlier(conn, &a->known, a->modseq, matched_up_to(mailbox, a));
    cpmsync_mock_put_changes(conn, &a->known, conn->mock->faults.qresync_flood ? 0 : a->modseq);
}

static void leave(struct mock_conn *conn)
{
    if (conn->state != MOCK_SELECTED)
        return;
    cpmsync_mock_close(conn);
    if ((cpmsync_mock_offers(conn, "CONDSTORE") || cpmsync_mock_offers(conn, "QRESYNC") ||
            cpmsync_mock_is_rev2(conn)) &&
        !conn->mock->faults.no_closed)
        cpmsync_mock_putf(conn, "* OK [CLOSED] Previous mailbox closed\r\n");
}

static void select_mailbox(struct mock_conn *conn, struct select_arguments *a, bool examine)
{
    struct cpmsync_mock *mock = conn->mock;
    if (cpmsync_mock_is_due(&mock->faults.select_bad, mock->selects)) {
        cpmsync_mock_bad(conn, "Not this one");
        return;
    }
    leave(conn);
    if (cpmsync_mock_is_due(&mock->faults.select_no, mock->selects)) {
        cpmsync_mock_no(conn, "[UNAVAILABLE] Not now");
        return;
    }
    cpmsync_mock_misbehave_select(conn, a->name);
    struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, a->name, MOCK_RIGHT_R, "[NONEXISTENT] No such mailbox");
    if (!mailbox)
        return;
    if (mailbox->noselect) {
        cpmsync_mock_no(conn, "[CANNOT] Not selectable");
        return;
    }
    conn->condstore |= a->condstore;
    bool writes = !examine && (cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHTS_WRITE);
    if (!cpmsync_mock_open(conn, mailbox, !writes)) {
        cpmsync_mock_close(conn);
        cpmsync_mock_refuse(conn, CPMSYNC_ERR_NOMEM);
        return;
    }
    conn->examined = examine;
    conn->tells_annotations = a->annotate;
    put_mailbox_data(conn, a->name);
    put_resync(conn, a);
    cpmsync_mock_ok(conn, examine  ? "[READ-ONLY] EXAMINE completed"
                          : writes ? "[READ-WRITE] SELECT completed"
                                   : "[READ-ONLY] SELECT completed");
}

static bool select_or_examine(struct mock_conn *conn, struct mock_parser *p, bool examine)
{
    struct select_arguments a;
    memset(&a, 0, sizeof a);
    cpmsync_mock_set_init(&a.known, conn->mock->mem);
    cpmsync_mock_set_init(&a.match_numbers, conn->mock->mem);
    cpmsync_mock_set_init(&a.match_uids, conn->mock->mem);
    bool valid = read_arguments(conn, p, &a);
    if (valid)
        select_mailbox(conn, &a, examine);
    cpmsync_mock_set_clear(&a.known);
    cpmsync_mock_set_clear(&a.match_numbers);
    cpmsync_mock_set_clear(&a.match_uids);
    return valid;
}

bool cpmsync_mock_cmd_select(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    return select_or_examine(conn, p, false);
}

bool cpmsync_mock_cmd_examine(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    return select_or_examine(conn, p, true);
}

bool cpmsync_mock_cmd_check(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_ok(conn, "CHECK completed");
    return true;
}

bool cpmsync_mock_cmd_unselect(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_close(conn);
    cpmsync_mock_ok(conn, "UNSELECT completed");
    return true;
}

static bool goes_deleted(const void *ctx, const struct mock_message *message)
{
    (void)ctx;
    return cpmsync_mock_flag_is_set(&message->flags, MOCK_DELETED);
}

/* Expunges in silence; never HIGHESTMODSEQ (RFC 7162 3.2.8), which RFC 5162 3.4 demanded. */
bool cpmsync_mock_cmd_close(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    size_t count = 0;
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    if (!conn->read_only && (cpmsync_mock_rights(conn, conn->mailbox) & MOCK_RIGHT_E))
        cpmsync_mock_remove(&conn->mock->store, conn->mailbox, goes_deleted, NULL, &count);
    uint64_t highest = conn->mailbox->nomodseq ? 0 : conn->mailbox->highestmodseq;
    cpmsync_mock_close(conn);
    if (conn->mock->faults.rfc5162 && conn->qresync && highest) {
        cpmsync_mock_tag(conn);
        cpmsync_mock_putf(conn, "OK [HIGHESTMODSEQ %llu] CLOSE completed\r\n", (unsigned long long)highest);
    } else
        cpmsync_mock_ok(conn, "CLOSE completed");
    return true;
}
