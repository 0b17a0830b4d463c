/* SPDX-License-Identifier: MIT */
/* APPEND (RFC 3501 6.3.11, 4315). */
#include "mock_acl.h"
#include "mock_session.h"

struct append {
    struct cpmsync_slice name;
    struct mock_flag_list list;
    bool dated;
    int64_t date;
    int zone;
    struct cpmsync_slice message;
};

/* append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal */
static bool read_append(struct mock_parser *p, struct append *a)
{
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &a->name) || !cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_peek(p, '(') && (!cpmsync_mock_read_flag_list(p, &a->list) || !cpmsync_mock_read_sp(p)))
        return false;
    if (cpmsync_mock_peek(p, '"')) {
        a->dated = true;
        if (!cpmsync_mock_read_date_time(p, &a->date, &a->zone) || !cpmsync_mock_read_sp(p))
            return false;
    }
    return cpmsync_mock_peek(p, '{') && cpmsync_mock_read_string(p, &a->message) && cpmsync_mock_read_end(p);
}

static int store_message(struct mock_conn *conn, struct mock_mailbox *mailbox, const struct append *a, uint32_t *uid)
{
    struct mock_store *store = &conn->mock->store;
    struct mock_flags flags;
    int error = cpmsync_mock_flags_of(store->mem, mailbox, &a->list, &flags);
    if (error)
        return error;
    struct mock_body *body = cpmsync_mock_body_new(store->mem, a->message.data, a->message.len);
    if (!body)
        return CPMSYNC_ERR_NOMEM;
    int64_t date = a->dated ? a->date : store->clock++;
    error = cpmsync_mock_add(store, mailbox, body, &flags, date, a->zone, cpmsync_mock_bump(mailbox), uid);
    cpmsync_mock_body_release(store->mem, body);
    return error;
}

bool cpmsync_mock_cmd_append(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct append a;
    uint32_t new_uid = 0;
    (void)uid;
    memset(&a, 0, sizeof a);
    if (!read_append(p, &a))
        return false;
    struct mock_mailbox *mailbox = cpmsync_mock_target(conn, a.name);
    if (!mailbox)
        return true;
    if (a.message.len == 0) {
        cpmsync_mock_no(conn, "[CANNOT] An empty message");
        return true;
    }
    cpmsync_mock_permit_flags(&a.list, cpmsync_mock_rights(conn, mailbox));
    struct mock_mark mark = cpmsync_mock_mark(mailbox);
    int error = store_message(conn, mailbox, &a, &new_uid);
    if (error) {
        cpmsync_mock_roll_back(conn->mock->mem, mailbox, &mark);
        cpmsync_mock_refuse(conn, error);
        return true;
    }
    cpmsync_mock_tell(conn, true);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "OK ");
    if (cpmsync_mock_tells_new_uids(conn))
        cpmsync_mock_putf(conn, "[APPENDUID %lu %lu] ", (unsigned long)mailbox->uidvalidity, (unsigned long)new_uid);
    cpmsync_mock_putf(conn, "APPEND completed\r\n");
    return true;
}
