/* SPDX-License-Identifier: MIT */
#include "mock_acl.h"
#include "mock_annotate.h"
#include "mock_session.h"

static bool append_seen(struct mock_conn *conn, const struct mock_message *message, bool recent)
{
    if (conn->view_count == conn->view_capacity) {
        size_t capacity = conn->view_capacity ? conn->view_capacity * 2 : conn->mailbox->count + 16;
        struct mock_seen *view =
            (struct mock_seen *)cpmsync_mem_resize(conn->mock->mem, conn->view, capacity, sizeof *view);
        if (!view)
            return false;
        conn->view = view;
        conn->view_capacity = capacity;
    }
    struct mock_seen *seen = &conn->view[conn->view_count++];
    seen->uid = message->uid;
    seen->told = message->modseq;
    seen->recent = recent;
    return true;
}

uint32_t cpmsync_mock_highest_uid(const struct mock_conn *conn)
{
    return conn->view_count ? conn->view[conn->view_count - 1].uid : 0;
}

/* Takes in what arrived since; a message is recent for the first connection that may change the mailbox. */
static bool take_arrivals(struct mock_conn *conn)
{
    struct mock_mailbox *mailbox = conn->mailbox;
    uint32_t highest = cpmsync_mock_highest_uid(conn);
    size_t i = highest == UINT32_MAX ? mailbox->count : cpmsync_mock_lower(mailbox, highest + 1);
    for (; i < mailbox->count; i++)
        if (!append_seen(conn, &mailbox->messages[i], mailbox->messages[i].uid >= mailbox->first_recent))
            return false;
    if (!conn->read_only)
        mailbox->first_recent = mailbox->uidnext;
    return true;
}

bool cpmsync_mock_open(struct mock_conn *conn, struct mock_mailbox *mailbox, bool read_only)
{
    conn->mailbox = mailbox;
    mailbox->references++;
    conn->read_only = read_only;
    conn->state = MOCK_SELECTED;
    conn->view_changes = mailbox->changes;
    conn->view_modseq = mailbox->highestmodseq;
    cpmsync_mock_status_values(mailbox, &conn->opened_with);
    return take_arrivals(conn);
}

void cpmsync_mock_close(struct mock_conn *conn)
{
    cpmsync_mock_mailbox_release(conn->mock->mem, conn->mailbox);
    conn->mailbox = NULL;
    cpmsync_mem_free(conn->mock->mem, conn->view);
    conn->view = NULL;
    conn->view_count = conn->view_capacity = 0;
    cpmsync_mock_set_clear(&conn->saved);
    if (conn->state == MOCK_SELECTED)
        conn->state = MOCK_AUTHENTICATED;
}

bool cpmsync_mock_lost(struct mock_conn *conn)
{
    if (conn->state != MOCK_SELECTED)
        return false;
    if (conn->mailbox->gone)
        cpmsync_mock_bye(conn, "The selected mailbox is gone");
    else if (!(cpmsync_mock_rights(conn, conn->mailbox) & MOCK_RIGHT_R))
        cpmsync_mock_bye(conn, "The selected mailbox is not yours to read any more");
    return conn->state == MOCK_LOGOUT;
}

bool cpmsync_mock_tells_modseq(const struct mock_conn *conn)
{
    return conn->condstore && !conn->mailbox->nomodseq;
}

/* RFC 7162 3.2.4: a server that can QRESYNC adds the UID as soon as CONDSTORE is enabled; RFC 9051 7.5.2: always. */
bool cpmsync_mock_tells_uid(const struct mock_conn *conn)
{
    return (conn->condstore && cpmsync_mock_offers(conn, "QRESYNC")) || cpmsync_mock_is_rev2(conn);
}

/* RFC 4315 3: never for a mailbox whose UIDs do not last. */
bool cpmsync_mock_tells_new_uids(const struct mock_conn *conn)
{
    return cpmsync_mock_offers(conn, "UIDPLUS") && !conn->mock->faults.uid_not_sticky;
}

void cpmsync_mock_begin_fetch(struct mock_conn *conn, size_t index)
{
    if (conn->uidonly)
        cpmsync_mock_putf(conn, "* %lu UIDFETCH (", (unsigned long)conn->view[index].uid);
    else
        cpmsync_mock_putf(conn, "* %zu FETCH (", index + 1);
}

void cpmsync_mock_put_flag_change(struct mock_conn *conn, size_t index, const struct mock_message *message, bool uid)
{
    struct mock_seen *seen = &conn->view[index];
    cpmsync_mock_begin_fetch(conn, index);
    if (uid && !conn->uidonly)
        cpmsync_mock_putf(conn, "UID %lu ", (unsigned long)message->uid);
    cpmsync_mock_put(conn, "FLAGS ", 6);
    cpmsync_mock_put_flags(conn, &message->flags, seen->recent);
    if (conn->tells_annotations)
        cpmsync_mock_put_annotation_news(conn, message, seen->told);
    if (cpmsync_mock_tells_modseq(conn))
        cpmsync_mock_putf(conn, " MODSEQ (%llu)", (unsigned long long)message->modseq);
    cpmsync_mock_put(conn, ")\r\n", 3);
    seen->told = message->modseq;
}

static void put_vanished(struct mock_conn *conn, const struct mock_set *vanished)
{
    if (vanished->count == 0)
        return;
    cpmsync_mock_put(conn, "* VANISHED ", 11);
    cpmsync_mock_put_set(conn, vanished);
    cpmsync_mock_put(conn, "\r\n", 2);
    if (conn->mock->faults.vanished_again)
        cpmsync_mock_misbehave_vanished(conn, cpmsync_mock_set_highest(vanished));
}

void cpmsync_mock_tell_expunges(struct mock_conn *conn)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    bool by_uid = conn->uidonly || (conn->qresync && !mailbox->nomodseq && !conn->mock->faults.rfc5162);
    struct mock_set vanished;
    size_t kept = 0, i, j = 0;
    cpmsync_mock_set_init(&vanished, conn->mock->mem);
    for (i = 0; i < conn->view_count; i++) {
        struct mock_seen seen = conn->view[i];
        while (j < mailbox->count && mailbox->messages[j].uid < seen.uid)
            j++;
        if (j < mailbox->count && mailbox->messages[j].uid == seen.uid)
            conn->view[kept++] = seen;
        else if (!by_uid)
            cpmsync_mock_putf(conn, "* %zu EXPUNGE\r\n", kept + 1);
        else if (!cpmsync_mock_set_append(&vanished, seen.uid, seen.uid))
            conn->broken = true;
    }
    conn->view_count = kept;
    put_vanished(conn, &vanished);
    cpmsync_mock_set_clear(&vanished);
}

/* It put them there itself: it knows them. */
static bool is_own_arrival(const struct mock_conn *conn)
{
    static const char *const VERBS[] = {"APPEND", "COPY", "MOVE", "REPLACE"};
    size_t i;
    for (i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
        if (conn->mock->actor == conn && cpmsync_slice_is(conn->verb, VERBS[i]))
            return true;
    return false;
}

void cpmsync_mock_put_sizes(struct mock_conn *conn)
{
    size_t recent = 0, i;
    for (i = 0; i < conn->view_count; i++)
        recent += conn->view[i].recent;
    cpmsync_mock_putf(conn, "* %zu EXISTS\r\n", conn->view_count);
    if (!cpmsync_mock_is_rev2(conn))
        cpmsync_mock_putf(conn, "* %zu RECENT\r\n", recent);
}

static void tell_arrivals(struct mock_conn *conn)
{
    size_t before = conn->view_count;
    if (!take_arrivals(conn))
        conn->broken = true;
    if (conn->view_count == before)
        return;
    cpmsync_mock_put_sizes(conn);
    if (conn->notify.atts.data && !is_own_arrival(conn))
        cpmsync_mock_put_fetch_atts(conn, conn->notify.atts, before);
}

/* Returns whether the mailbox lacks messages the client still knows. */
static bool tell_flags(struct mock_conn *conn)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    bool missing = false;
    size_t i, j = 0;
    for (i = 0; i < conn->view_count; i++) {
        while (j < mailbox->count && mailbox->messages[j].uid < conn->view[i].uid)
            j++;
        if (j == mailbox->count || mailbox->messages[j].uid != conn->view[i].uid)
            missing = true;
        else if (mailbox->messages[j].modseq > conn->view[i].told)
            cpmsync_mock_put_flag_change(conn, i, &mailbox->messages[j], cpmsync_mock_tells_uid(conn));
    }
    return missing;
}

/* What a command expunges it tells, whoever wants to hear of such events. */
static bool is_own_expunge(const struct mock_conn *conn)
{
    return conn->mock->actor == conn &&
           (cpmsync_slice_is(conn->verb, "EXPUNGE") || cpmsync_slice_is(conn->verb, "MOVE"));
}

void cpmsync_mock_tell(struct mock_conn *conn, bool expunges)
{
    struct mock_mailbox *mailbox = conn->mailbox;
    cpmsync_mock_put_slice(conn, cpmsync_buf_slice(&conn->news));
    cpmsync_buf_truncate(&conn->news, 0);
    if (conn->state != MOCK_SELECTED)
        return;
    if (cpmsync_mock_wants(conn, MOCK_FLAG_CHANGE) &&
        (mailbox->flag_count > conn->flags_told ||
            (cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHTS_FLAGS) != conn->rights_told))
        cpmsync_mock_put_flag_names(conn);
    if (conn->view_changes == mailbox->changes || conn->mock->faults.modseq_ahead)
        return;
    if (expunges && (cpmsync_mock_wants(conn, MOCK_MESSAGE_EXPUNGE) || is_own_expunge(conn)))
        cpmsync_mock_tell_expunges(conn);
    if (cpmsync_mock_wants(conn, MOCK_MESSAGE_NEW))
        tell_arrivals(conn);
    if (cpmsync_mock_wants(conn, MOCK_FLAG_CHANGE) && !tell_flags(conn)) {
        conn->view_changes = mailbox->changes;
        conn->view_modseq = mailbox->highestmodseq;
    }
}

uint64_t cpmsync_mock_told_modseq(const struct mock_conn *conn)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    size_t i;
    if (conn->view_changes == mailbox->changes)
        return mailbox->highestmodseq;
    if (!cpmsync_mock_wants(conn, MOCK_MESSAGE_NEW | MOCK_MESSAGE_EXPUNGE | MOCK_FLAG_CHANGE))
        return conn->view_modseq;
    for (i = 0; i < conn->view_count; i++)
        if (!cpmsync_mock_message_of(mailbox, conn->view[i].uid))
            return conn->view_modseq;
    return mailbox->highestmodseq;
}

static void push(struct mock_conn *conn, bool idles)
{
    bool news = conn->state == MOCK_SELECTED && conn->view_changes != conn->mailbox->changes;
    if (cpmsync_mock_lost(conn))
        return;
    if (idles && news)
        cpmsync_mock_misbehave_idle(conn);
    if (!conn->notify.used || !news || cpmsync_mock_may_notify(conn))
        cpmsync_mock_tell(conn, idles || !conn->notify.delayed);
}

void cpmsync_mock_push(struct cpmsync_mock *mock)
{
    struct mock_conn *conn;
    cpmsync_mock_notify_messages(mock);
    for (conn = mock->conns; conn; conn = conn->next) {
        bool idles = conn->continuation == MOCK_LINE_ENDS_IDLE;
        if (!conn->silenced && conn->state != MOCK_LOGOUT && (idles || cpmsync_mock_is_live(conn)))
            push(conn, idles);
    }
}

void cpmsync_mock_enable_condstore(struct mock_conn *conn)
{
    if (conn->condstore)
        return;
    conn->condstore = true;
    if (conn->state == MOCK_SELECTED && !conn->mailbox->nomodseq)
        cpmsync_mock_putf(
            conn, "* OK [HIGHESTMODSEQ %llu] From now on\r\n", (unsigned long long)cpmsync_mock_told_modseq(conn));
}

/* Index of the first message the client knows whose UID is at least `uid`. */
static size_t lower(const struct mock_conn *conn, uint32_t uid)
{
    size_t low = 0, high = conn->view_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (conn->view[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t cpmsync_mock_number_of(const struct mock_conn *conn, uint32_t uid)
{
    size_t index = lower(conn, uid);
    return index < conn->view_count && conn->view[index].uid == uid ? (uint32_t)(index + 1) : 0;
}

bool cpmsync_mock_read_message_set(struct mock_conn *conn, struct mock_parser *p, struct mock_set *set)
{
    if (cpmsync_mock_peek(p, '$') && cpmsync_mock_offers(conn, "SEARCHRES")) {
        p->at++;
        set->is_saved = true;
        return true;
    }
    return cpmsync_mock_read_set(p, set);
}

/* What is left of the saved result. */
static bool resolve_saved(struct mock_conn *conn, struct mock_set *set, bool uids)
{
    size_t i, index;
    for (i = 0; i < conn->saved.count; i++)
        for (index = lower(conn, conn->saved.ranges[i].first);
             index < conn->view_count && conn->view[index].uid <= conn->saved.ranges[i].last; index++) {
            uint32_t name = uids ? conn->view[index].uid : (uint32_t)(index + 1);
            if (!cpmsync_mock_set_append(set, name, name))
                return false;
        }
    return true;
}

bool cpmsync_mock_resolve(struct mock_conn *conn, struct mock_set *set, bool uids)
{
    size_t i;
    if (set->is_saved)
        return resolve_saved(conn, set, uids);
    if (conn->uidonly && (!uids || cpmsync_mock_set_has_star(set))) {
        conn->uid_required = true;
        return false;
    }
    if (uids) {
        cpmsync_mock_set_resolve(set, cpmsync_mock_highest_uid(conn));
        return true;
    }
    for (i = 0; i < set->count; i++)
        if (set->ranges[i].first > conn->view_count || set->ranges[i].last > conn->view_count)
            return false;
    if (conn->view_count == 0)
        return false;
    cpmsync_mock_set_resolve(set, (uint32_t)conn->view_count);
    return true;
}

void cpmsync_mock_for_each(struct mock_conn *conn, const struct mock_set *set, bool uids, mock_each *each, void *ctx)
{
    size_t before = conn->view_count, i, index;
    for (i = 0; i < set->count; i++) {
        struct mock_range range = set->ranges[i];
        size_t gone = before - conn->view_count; /* numbers are as they were when the command came */
        for (index = uids ? lower(conn, range.first) : range.first - 1 - gone; index < conn->view_count; index++) {
            if (uids ? conn->view[index].uid > range.last : index + (before - conn->view_count) >= range.last)
                break;
            uint32_t uid = conn->view[index].uid;
            size_t out_before = conn->out.len;
            each(ctx, conn, index, cpmsync_mock_message_of(conn->mailbox, uid));
            if (conn->out.len > out_before) {
                cpmsync_mock_misbehave_inside(conn);
                index = lower(conn, uid + 1) - 1; /* where it is now */
            }
        }
    }
}
