/* SPDX-License-Identifier: MIT */
/* What changes the tree of mailboxes and the subscriptions (RFC 3501 6.3.3 to 6.3.7; 6154, 8474). */
#include "mock_acl.h"
#include "mock_quota.h"
#include "mock_session.h"

#define ABSENT "[NONEXISTENT] No such mailbox"
#define NO_USE "[USEATTR] No mailbox of this use here"

static bool read_name(struct mock_conn *conn, struct mock_parser *p, struct cpmsync_slice *name)
{
    return cpmsync_mock_read_sp(p) && cpmsync_mock_read_mailbox(conn, p, name);
}

static bool read_only_name(struct mock_conn *conn, struct mock_parser *p, struct cpmsync_slice *name)
{
    return read_name(conn, p, name) && cpmsync_mock_read_end(p);
}

static void answer(struct mock_conn *conn, int error, const char *text)
{
    if (error)
        cpmsync_mock_refuse(conn, error);
    else
        cpmsync_mock_ok(conn, text);
}

/* "USE" SP "(" [use-attr *(SP use-attr)] ")"; *known is false for a use that cannot be had here */
static bool read_use(struct mock_conn *conn, struct mock_parser *p, mock_use_set *uses, bool *known)
{
    if (!cpmsync_mock_read_word(p, "USE") || !cpmsync_mock_offers(conn, "CREATE-SPECIAL-USE") ||
        !cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '('))
        return false;
    if (cpmsync_mock_read_char(p, ')'))
        return true;
    do {
        struct cpmsync_slice name;
        mock_use_set use;
        if (!cpmsync_mock_peek(p, '\\') || !cpmsync_mock_read_flag(p, &name))
            return false;
        if (!cpmsync_mock_read_uses(name, &use) || (use & ~(mock_use_set)MOCK_USES_TO_CREATE))
            *known = false;
        else
            *uses |= use;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

static void create(struct mock_conn *conn, struct cpmsync_slice name, mock_use_set uses)
{
    struct mock_user *owner;
    if (!cpmsync_mock_may_create(conn, name, &owner, &name))
        return;
    if (uses && owner != conn->user) {
        cpmsync_mock_no(conn, NO_USE);
        return;
    }
    struct mock_growth growth = {0, 0, 1};
    if (cpmsync_mock_exceeds_quota(conn, owner, &growth)) {
        cpmsync_mock_no(conn, "[OVERQUOTA] No more mailboxes");
        return;
    }
    int error = cpmsync_mock_create(&conn->mock->store, owner, name);
    if (error) {
        cpmsync_mock_refuse(conn, error);
        return;
    }
    if (name.len > 1 && name.data[name.len - 1] == (uint8_t)conn->mock->store.delimiter)
        name.len--;
    struct mock_mailbox *mailbox = cpmsync_mock_find(owner, name);
    mailbox->uses = uses;
    cpmsync_mock_tell(conn, true);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "OK ");
    if (cpmsync_mock_offers(conn, "OBJECTID"))
        cpmsync_mock_putf(conn, "[MAILBOXID (F%llu)] ", (unsigned long long)mailbox->id);
    cpmsync_mock_putf(conn, "CREATE completed\r\n");
}

/* create = "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]; there is one parameter, USE */
bool cpmsync_mock_cmd_create(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    mock_use_set uses = 0;
    bool known = true;
    (void)uid;
    if (!read_name(conn, p, &name))
        return false;
    if (cpmsync_mock_read_sp(p) &&
        (!cpmsync_mock_read_char(p, '(') || !read_use(conn, p, &uses, &known) || !cpmsync_mock_read_char(p, ')')))
        return false;
    if (!cpmsync_mock_read_end(p))
        return false;
    if (known)
        create(conn, name, uses);
    else
        cpmsync_mock_no(conn, NO_USE);
    return true;
}

bool cpmsync_mock_cmd_delete(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, inner;
    struct mock_user *owner;
    (void)uid;
    if (!read_only_name(conn, p, &name))
        return false;
    struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_X, ABSENT);
    if (!mailbox || !cpmsync_mock_address(conn, name, &owner, &inner))
        return true;
    if (cpmsync_mock_is_inbox(inner)) {
        cpmsync_mock_no(conn, "[CANNOT] INBOX stays");
        return true;
    }
    if (mailbox->noselect && cpmsync_mock_has_children(&conn->mock->store, owner, inner)) {
        cpmsync_mock_no(conn, "[HASCHILDREN] There are mailboxes below it");
        return true;
    }
    if (conn->state == MOCK_SELECTED && conn->mailbox == mailbox)
        cpmsync_mock_close(conn); /* its own client need not be told that it is gone */
    answer(conn, cpmsync_mock_delete(&conn->mock->store, owner, inner), "DELETE completed");
    return true;
}

bool cpmsync_mock_cmd_rename(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice from, to, inner_from, inner_to;
    struct mock_user *owner, *to_owner;
    (void)uid;
    if (!read_name(conn, p, &from) || !read_only_name(conn, p, &to))
        return false;
    if (!cpmsync_mock_reach(conn, from, MOCK_RIGHT_X, ABSENT) ||
        !cpmsync_mock_address(conn, from, &owner, &inner_from) ||
        !cpmsync_mock_may_create(conn, to, &to_owner, &inner_to))
        return true;
    if (owner != to_owner)
        cpmsync_mock_no(conn, "[CANNOT] Not from one user to another");
    else
        answer(conn, cpmsync_mock_rename(&conn->mock->store, owner, inner_from, inner_to), "RENAME completed");
    return true;
}

bool cpmsync_mock_cmd_subscribe(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    (void)uid;
    if (!read_only_name(conn, p, &name))
        return false;
    if (cpmsync_mock_reach(conn, name, MOCK_RIGHT_L, ABSENT))
        answer(conn, cpmsync_mock_subscribe(&conn->mock->store, conn->user, name), "SUBSCRIBE completed");
    return true;
}

bool cpmsync_mock_cmd_unsubscribe(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    (void)uid;
    if (!read_only_name(conn, p, &name))
        return false;
    bool was = cpmsync_mock_unsubscribe(&conn->mock->store, conn->user, name);
    answer(conn, was ? 0 : CPMSYNC_ERR_NOT_FOUND, "UNSUBSCRIBE completed");
    return true;
}
