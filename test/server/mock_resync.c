/* SPDX-License-Identifier: MIT */
/* VANISHED (EARLIER) and the changes behind it (RFC 7162 3.2.5.1, 3.2.6). */
#include "mock_session.h"

#include <stdlib.h>

/* Every UID of the set, above `matched` and below UIDNEXT, that is not in the mailbox. */
static bool add_absent(
    struct mock_set *vanished, const struct mock_mailbox *mailbox, const struct mock_set *known, uint32_t matched)
{
    size_t i;
    for (i = 0; i < known->count; i++) {
        uint32_t first = known->ranges[i].first, last = known->ranges[i].last;
        if (last >= mailbox->uidnext)
            last = mailbox->uidnext - 1;
        if (first <= matched)
            first = matched + 1;
        size_t next = cpmsync_mock_lower(mailbox, first);
        while (first <= last) {
            uint32_t present = next < mailbox->count ? mailbox->messages[next].uid : mailbox->uidnext;
            uint32_t stop = present > last ? last : present - 1;
            if (stop >= first && !cpmsync_mock_set_append(vanished, first, stop))
                return false;
            if (present >= last)
                break;
            first = present + 1;
            next++;
        }
    }
    return true;
}

/* The UIDs of the set, above `matched`, that the log knows to have gone since `modseq`. */
static bool add_logged(struct mock_set *vanished, const struct mock_mailbox *mailbox, const struct mock_set *known,
    uint64_t modseq, uint32_t matched)
{
    size_t i;
    for (i = mailbox->log_count; i > 0 && mailbox->log[i - 1].modseq > modseq; i--) {
        uint32_t uid = mailbox->log[i - 1].uid;
        if (uid > matched && cpmsync_mock_set_contains(known, uid) && !cpmsync_mock_set_append(vanished, uid, uid))
            return false;
    }
    cpmsync_mock_set_resolve(vanished, 0);
    return true;
}

/* The first message of the set. */
static bool add_present(struct mock_set *vanished, const struct mock_mailbox *mailbox, const struct mock_set *known)
{
    size_t i;
    for (i = 0; i < mailbox->count; i++)
        if (cpmsync_mock_set_contains(known, mailbox->messages[i].uid)) {
            uint32_t uid = mailbox->messages[i].uid;
            bool ok = cpmsync_mock_set_append(vanished, uid, uid);
            cpmsync_mock_set_resolve(vanished, 0);
            return ok;
        }
    return true;
}

static void put_earlier(struct mock_conn *conn, const struct mock_set *vanished)
{
    if (vanished->count == 0)
        return;
    cpmsync_mock_put(conn, "* VANISHED (EARLIER) ", 21);
    cpmsync_mock_put_set(conn, vanished);
    cpmsync_mock_put(conn, "\r\n", 2);
}

void cpmsync_mock_put_vanished_earlier(
    struct mock_conn *conn, const struct mock_set *known, uint64_t modseq, uint32_t matched)
{
    const struct mock_mailbox *mailbox = conn->mailbox;
    const struct mock_faults *faults = &conn->mock->faults;
    struct mock_set vanished;
    cpmsync_mock_set_init(&vanished, conn->mock->mem);
    bool ok = modseq < mailbox->log_floor ? add_absent(&vanished, mailbox, known, matched)
                                          : add_logged(&vanished, mailbox, known, modseq, matched);
    if (ok && faults->vanished_lies)
        ok = add_present(&vanished, mailbox, known);
    if (!ok)
        conn->broken = true;
    put_earlier(conn, &vanished);
    cpmsync_mock_set_clear(&vanished);
    if (faults->rfc5162) {
        cpmsync_mock_set_init(&vanished, conn->mock->mem);
        if (!add_absent(&vanished, mailbox, known, 0))
            conn->broken = true;
        put_earlier(conn, &vanished);
        cpmsync_mock_set_clear(&vanished);
    }
}

static void put_change(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message)
{
    if (message && message->modseq > *(const uint64_t *)ctx)
        cpmsync_mock_put_flag_change(conn, index, message, true);
}

void cpmsync_mock_put_changes(struct mock_conn *conn, const struct mock_set *known, uint64_t modseq)
{
    cpmsync_mock_for_each(conn, known, true, put_change, &modseq);
}
