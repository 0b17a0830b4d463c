/* SPDX-License-Identifier: MIT */
#include "mock_acl.h"
#include "mock_session.h"

#define ABSENT "[NONEXISTENT] No such mailbox"

/* An item, and what has to be offered for it. HIGHESTMODSEQ comes with CONDSTORE or QRESYNC,
 * DELETED with IMAP4rev2 too. */
static const struct {
    const char *name;
    const char *capability;
} ITEMS[MOCK_STATUS_ITEMS] = {
    {"MESSAGES", NULL},
    {"RECENT", "IMAP4rev1"},
    {"UIDNEXT", NULL},
    {"UIDVALIDITY", NULL},
    {"UNSEEN", NULL},
    {"HIGHESTMODSEQ", "CONDSTORE"},
    {"SIZE", "STATUS=SIZE"},
    {"MAILBOXID", "OBJECTID"},
    {"DELETED", "QUOTA=RES-MESSAGE"},
    {"DELETED-STORAGE", "QUOTA=RES-STORAGE"},
    {"APPENDLIMIT", "APPENDLIMIT"},
};

static bool is_offered(const struct mock_conn *conn, unsigned item)
{
    const char *capability = ITEMS[item].capability;
    return !capability || cpmsync_mock_offers(conn, capability) ||
           (item == MOCK_STATUS_HIGHESTMODSEQ && cpmsync_mock_offers(conn, "QRESYNC")) ||
           (item == MOCK_STATUS_DELETED && cpmsync_mock_is_rev2(conn));
}

bool cpmsync_mock_read_status_items(struct mock_conn *conn, struct mock_parser *p, mock_status_set *items)
{
    unsigned i;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    do {
        for (i = 0; i < MOCK_STATUS_ITEMS; i++)
            if (cpmsync_mock_read_word(p, ITEMS[i].name))
                break;
        if (i == MOCK_STATUS_ITEMS || !is_offered(conn, i))
            return false;
        *items |= 1u << i;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

void cpmsync_mock_status_values(const struct mock_mailbox *mailbox, struct mock_status_values *values)
{
    size_t i;
    memset(values, 0, sizeof *values);
    values->of[MOCK_STATUS_MESSAGES] = mailbox->count;
    values->of[MOCK_STATUS_UIDNEXT] = mailbox->uidnext;
    values->of[MOCK_STATUS_UIDVALIDITY] = mailbox->uidvalidity;
    values->of[MOCK_STATUS_HIGHESTMODSEQ] = mailbox->nomodseq ? 0 : mailbox->highestmodseq;
    values->of[MOCK_STATUS_MAILBOXID] = mailbox->id;
    for (i = 0; i < mailbox->count; i++) {
        const struct mock_message *message = &mailbox->messages[i];
        values->of[MOCK_STATUS_RECENT] += message->uid >= mailbox->first_recent;
        values->of[MOCK_STATUS_UNSEEN] += !cpmsync_mock_flag_is_set(&message->flags, MOCK_SEEN);
        values->of[MOCK_STATUS_SIZE] += message->body->len;
        if (cpmsync_mock_flag_is_set(&message->flags, MOCK_DELETED)) {
            values->of[MOCK_STATUS_DELETED]++;
            values->of[MOCK_STATUS_DELETED_STORAGE] += message->body->len;
        }
    }
    values->of[MOCK_STATUS_DELETED_STORAGE] = (values->of[MOCK_STATUS_DELETED_STORAGE] + 1023) / 1024;
}

void cpmsync_mock_put_status(struct mock_conn *conn, const struct mock_mailbox *mailbox, mock_status_set items)
{
    struct mock_status_values values;
    const char *space = "";
    unsigned i;
    if (conn->mock->faults.status_frozen && conn->mailbox == mailbox)
        values = conn->opened_with;
    else
        cpmsync_mock_status_values(mailbox, &values);
    values.of[MOCK_STATUS_APPENDLIMIT] = conn->mock->max_literal;
    cpmsync_mock_putf(conn, "* STATUS ");
    cpmsync_mock_put_name(conn, mailbox);
    cpmsync_mock_putf(conn, " (");
    for (i = 0; i < MOCK_STATUS_ITEMS; i++) {
        if (!(items >> i & 1))
            continue;
        cpmsync_mock_putf(conn, i == MOCK_STATUS_MAILBOXID ? "%s%s (F%llu)" : "%s%s %llu", space, ITEMS[i].name,
            (unsigned long long)values.of[i]);
        space = " ";
    }
    cpmsync_mock_putf(conn, ")\r\n");
}

bool cpmsync_mock_cmd_status(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    mock_status_set items = 0;
    (void)uid;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_mailbox(conn, p, &name) || !cpmsync_mock_read_sp(p) ||
        !cpmsync_mock_read_status_items(conn, p, &items) || !cpmsync_mock_read_end(p))
        return false;
    if (items >> MOCK_STATUS_HIGHESTMODSEQ & 1)
        cpmsync_mock_enable_condstore(conn);
    const struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_R, ABSENT);
    if (!mailbox)
        return true;
    if (mailbox->noselect) {
        cpmsync_mock_no(conn, ABSENT);
        return true;
    }
    cpmsync_mock_put_status(conn, mailbox, items);
    cpmsync_mock_ok(conn, "STATUS completed");
    return true;
}
