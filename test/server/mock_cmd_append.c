/* SPDX-License-Identifier: MIT */
/* APPEND and REPLACE (RFC 3501 6.3.11, 3502, 3516, 4315, 4469, 8508). */
#include "mock_acl.h"
#include "mock_append.h"

static void run_append(struct mock_conn *conn, struct cpmsync_slice name, struct mock_append *append)
{
    struct mock_set uids;
    struct mock_freed none = {0, 0};
    struct mock_mailbox *mailbox = cpmsync_mock_target(conn, name);
    if (!mailbox)
        return;
    cpmsync_mock_set_init(&uids, conn->mock->mem);
    if (cpmsync_mock_append_all(conn, mailbox, append, &none, &uids)) {
        cpmsync_mock_tell(conn, true);
        cpmsync_mock_tag(conn);
        cpmsync_mock_putf(conn, "OK ");
        cpmsync_mock_put_appenduid(conn, mailbox, &uids);
        cpmsync_mock_putf(conn, "APPEND completed\r\n");
    }
    cpmsync_mock_set_clear(&uids);
}

/* append = "APPEND" SP mailbox 1*append-message */
bool cpmsync_mock_cmd_append(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct mock_append append;
    struct cpmsync_slice name;
    (void)uid;
    memset(&append, 0, sizeof append);
    bool valid = cpmsync_mock_read_sp(p) && cpmsync_mock_read_mailbox(conn, p, &name) &&
                 cpmsync_mock_read_append(conn, p, cpmsync_mock_offers(conn, "MULTIAPPEND"), &append);
    if (valid)
        run_append(conn, name, &append);
    cpmsync_mock_append_clear(conn->mock->mem, &append);
    return valid;
}

static bool goes_uid(const void *ctx, const struct mock_message *message)
{
    return message->uid == *(const uint32_t *)ctx;
}

/* The new message is there and the old one goes, or neither. */
static void replace(struct mock_conn *conn, uint32_t old, struct mock_mailbox *target, struct mock_append *append)
{
    const struct mock_message *message = cpmsync_mock_message_of(conn->mailbox, old);
    struct mock_freed freed = {0, 0};
    struct mock_mark mark = cpmsync_mock_mark(target);
    struct mock_set uids;
    size_t count = 0;
    if (target->owner == conn->mailbox->owner) {
        freed.octets = message->body->len;
        freed.messages = 1;
    }
    cpmsync_mock_set_init(&uids, conn->mock->mem);
    if (cpmsync_mock_append_all(conn, target, append, &freed, &uids)) {
        int error = cpmsync_mock_remove(&conn->mock->store, conn->mailbox, goes_uid, &old, &count);
        if (error) {
            cpmsync_mock_roll_back(conn->mock->mem, target, &mark);
            cpmsync_mock_refuse(conn, error);
        } else {
            cpmsync_mock_putf(conn, "* OK ");
            cpmsync_mock_put_appenduid(conn, target, &uids);
            cpmsync_mock_putf(conn, "Replacement message ready\r\n");
            cpmsync_mock_answer_expunge(conn, count, "REPLACE completed");
        }
    }
    cpmsync_mock_set_clear(&uids);
}

static void run_replace(
    struct mock_conn *conn, uint32_t number, bool uid, struct cpmsync_slice name, struct mock_append *append)
{
    static const unsigned REMOVES = MOCK_RIGHT_T | MOCK_RIGHT_E; /* RFC 8508 4.1 */
    struct mock_mailbox *target = cpmsync_mock_target(conn, name);
    uint32_t old = uid ? number : conn->view[number - 1].uid;
    if (!target)
        return;
    if (conn->read_only)
        cpmsync_mock_no(conn, "[CANNOT] The mailbox is open for reading");
    else if ((cpmsync_mock_rights(conn, conn->mailbox) & REMOVES) != REMOVES)
        cpmsync_mock_no(conn, "[NOPERM] You may not");
    else if (!cpmsync_mock_number_of(conn, old))
        cpmsync_mock_no(conn, "[CANNOT] No such message");
    else if (!cpmsync_mock_message_of(conn->mailbox, old))
        cpmsync_mock_no(conn, "[EXPUNGEISSUED] The message is gone");
    else
        replace(conn, old, target, append);
}

/* replace = "REPLACE" SP seq-number SP mailbox append-message, with a UID behind "UID"; "*" is the last message */
bool cpmsync_mock_cmd_replace(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct mock_append append;
    struct cpmsync_slice name;
    uint32_t number = 0;
    memset(&append, 0, sizeof append);
    bool valid = cpmsync_mock_read_sp(p);
    if (valid && cpmsync_mock_peek(p, '*') && conn->uidonly)
        conn->uid_required = true;
    else if (valid && cpmsync_mock_read_char(p, '*'))
        number = uid ? cpmsync_mock_highest_uid(conn) : (uint32_t)conn->view_count;
    else
        valid = valid && cpmsync_mock_read_nz_number(p, &number);
    valid = valid && (uid || (number > 0 && number <= conn->view_count)) && cpmsync_mock_read_sp(p) &&
            cpmsync_mock_read_mailbox(conn, p, &name) && cpmsync_mock_read_append(conn, p, false, &append);
    if (valid)
        run_replace(conn, number, uid, name, &append);
    cpmsync_mock_append_clear(conn->mock->mem, &append);
    return valid;
}
