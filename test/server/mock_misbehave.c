/* SPDX-License-Identifier: MIT */
/* What the faults do to commands: everything that needs the view of a connection. */
#include "mock_session.h"

void cpmsync_mock_count(struct mock_conn *conn)
{
    struct cpmsync_mock *mock = conn->mock;
    bool fetch = cpmsync_slice_is(conn->verb, "FETCH");
    mock->selects += cpmsync_slice_is(conn->verb, "SELECT") || cpmsync_slice_is(conn->verb, "EXAMINE");
    mock->uid_fetches += conn->by_uid && fetch;
    mock->fetches += !conn->by_uid && fetch;
    mock->uid_changes += conn->by_uid && (fetch || cpmsync_slice_is(conn->verb, "STORE"));
}

bool cpmsync_mock_is_due(uint64_t *fault, uint64_t count)
{
    if (*fault == 0 || count < *fault)
        return false;
    *fault = 0;
    return true;
}

static void remove_uid(struct mock_conn *conn, uint32_t uid)
{
    struct mock_set set;
    size_t count = 0;
    cpmsync_mock_set_init(&set, conn->mock->mem);
    if (!cpmsync_mock_set_append(&set, uid, uid) ||
        cpmsync_mock_remove(&conn->mock->store, conn->mailbox, cpmsync_mock_goes_in_set, &set, &count) != 0)
        conn->broken = true;
    cpmsync_mock_set_clear(&set);
}

static uint32_t add_message(struct mock_conn *conn)
{
    struct cpmsync_mock *mock = conn->mock;
    struct mock_body *body = cpmsync_mock_body_new(mock->mem, "x", 1);
    struct mock_flags none;
    uint32_t uid = 0;
    memset(&none, 0, sizeof none);
    if (!body || cpmsync_mock_add(&mock->store, conn->mailbox, body, &none, mock->store.clock++, 0,
                     cpmsync_mock_bump(conn->mailbox), &uid) != 0)
        conn->broken = true;
    cpmsync_mock_body_release(mock->mem, body);
    return uid;
}

void cpmsync_mock_misbehave_inside(struct mock_conn *conn)
{
    struct cpmsync_mock *mock = conn->mock;
    bool fetch = cpmsync_slice_is(conn->verb, "FETCH"), store = cpmsync_slice_is(conn->verb, "STORE"), due = false;
    if (conn->mailbox->count == 0)
        return;
    if (conn->by_uid && (fetch || store))
        due = cpmsync_mock_is_due(&mock->faults.expunge_inside, mock->uid_changes);
    else if (!conn->by_uid && fetch)
        due = cpmsync_mock_is_due(&mock->faults.expunge_in_fetch, mock->fetches);
    if (!due)
        return;
    remove_uid(conn, conn->mailbox->messages[0].uid);
    cpmsync_mock_tell_expunges(conn);
}

void cpmsync_mock_misbehave_vanished(struct mock_conn *conn, uint32_t highest)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    struct mock_set missing;
    uint32_t next = 1;
    size_t i;
    cpmsync_mock_set_init(&missing, conn->mock->mem);
    for (i = 0; i <= mailbox->count && next <= highest; i++) {
        uint32_t uid = i < mailbox->count ? mailbox->messages[i].uid : UINT32_MAX;
        uint32_t last = uid > highest ? highest : uid - 1;
        if (next <= last && !cpmsync_mock_set_append(&missing, next, last))
            conn->broken = true;
        next = uid == UINT32_MAX ? UINT32_MAX : uid + 1;
    }
    cpmsync_mock_putf(conn, "* VANISHED ");
    cpmsync_mock_put_set(conn, &missing);
    cpmsync_mock_putf(conn, "\r\n");
    cpmsync_mock_set_clear(&missing);
}

static void arrive_and_vanish(struct mock_conn *conn)
{
    uint32_t oldest = conn->mailbox->count ? conn->mailbox->messages[0].uid : 0;
    uint32_t first = add_message(conn);
    add_message(conn);
    cpmsync_mock_tell(conn, false);
    remove_uid(conn, first);
    if (oldest)
        remove_uid(conn, oldest);
    cpmsync_mock_tell_expunges(conn);
}

static void put_highest(struct mock_conn *conn, uint64_t modseq)
{
    if (cpmsync_mock_tells_modseq(conn))
        cpmsync_mock_putf(conn, "* OK [HIGHESTMODSEQ %llu] So far\r\n", (unsigned long long)modseq);
}

void cpmsync_mock_misbehave_at_end(struct mock_conn *conn)
{
    struct mock_faults *faults = &conn->mock->faults;
    uint64_t count = conn->mock->uid_fetches;
    if (!conn->by_uid)
        return;
    if (cpmsync_mock_is_due(&faults->arrive_vanish, count))
        arrive_and_vanish(conn);
    if (conn->view_count && cpmsync_mock_is_due(&faults->exists_lower, count))
        cpmsync_mock_putf(conn, "* %zu EXISTS\r\n", conn->view_count - 1);
    if (cpmsync_mock_is_due(&faults->expunge_above, count))
        cpmsync_mock_putf(conn, "* %zu EXPUNGE\r\n", conn->view_count + 1);
    if (cpmsync_mock_is_due(&faults->fetch_above, count))
        cpmsync_mock_putf(conn, "* %zu FETCH (FLAGS (\\Flagged))\r\n", conn->view_count + 1);
    if (faults->hold_vanished)
        put_highest(conn, cpmsync_mock_told_modseq(conn));
    else if (faults->modseq_ahead)
        put_highest(conn, conn->mailbox->highestmodseq);
}

void cpmsync_mock_misbehave_idle(struct mock_conn *conn)
{
    if (!conn->mock->faults.modseq_ahead || conn->modseq_ahead == conn->mailbox->highestmodseq)
        return;
    conn->modseq_ahead = conn->mailbox->highestmodseq;
    put_highest(conn, conn->modseq_ahead);
}

void cpmsync_mock_misbehave_select(struct mock_conn *conn, struct cpmsync_slice name)
{
    struct cpmsync_mock *mock = conn->mock;
    struct mock_mailbox *mailbox = cpmsync_mock_named(conn, name);
    if (!mailbox || mailbox->noselect)
        return;
    bool unused = mailbox->references == 1;
    if (cpmsync_mock_is_due(&mock->faults.uidvalidity_at, mock->selects) || (mock->faults.uid_not_sticky && unused)) {
        if (cpmsync_mock_replace(&mock->store, mailbox->owner, mailbox) != 0)
            conn->broken = true;
        mailbox = cpmsync_mock_named(conn, name);
    }
    if (cpmsync_mock_is_due(&mock->faults.nomodseq_at, mock->selects))
        mailbox->nomodseq = true;
    if (mock->faults.modseq_64 && mailbox->highestmodseq <= INT64_MAX)
        mailbox->highestmodseq += (uint64_t)INT64_MAX + 1;
}
