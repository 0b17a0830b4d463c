/* SPDX-License-Identifier: MIT */
/* SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314 3). */
#include "mock_acl.h"
#include "mock_session.h"

#define ABSENT "[NONEXISTENT] No such mailbox"

/* The rights of RFC 2086, 4314 and 5257 that there are. */
static unsigned known_rights(const struct mock_conn *conn)
{
    bool modern = cpmsync_mock_offers(conn, "RIGHTS=texk") || cpmsync_mock_offers(conn, "RIGHTS=texkn");
    unsigned unknown = modern ? 0 : MOCK_RIGHTS_CREATE | MOCK_RIGHTS_DELETE;
    if (!modern || !cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1"))
        unknown |= MOCK_RIGHT_N;
    return MOCK_RIGHTS_ALL & ~unknown;
}

static bool read_name(struct mock_conn *conn, struct mock_parser *p, struct cpmsync_slice *name)
{
    return cpmsync_mock_read_sp(p) && cpmsync_mock_read_mailbox(conn, p, name);
}

static bool read_text(struct mock_parser *p, struct cpmsync_slice *name)
{
    return cpmsync_mock_read_sp(p) && cpmsync_mock_read_astring(p, name);
}

/* identifier = astring: UTF-8 without control characters, not empty once a dash is taken off (RFC 4314 3) */
static bool read_identifier(struct mock_parser *p, struct cpmsync_slice *identifier)
{
    size_t i;
    if (!read_text(p, identifier) || !cpmsync_mock_is_utf8(*identifier))
        return false;
    for (i = 0; i < identifier->len; i++)
        if (identifier->data[i] < 0x20 || identifier->data[i] == 0x7f)
            return false;
    return identifier->len > (identifier->len && identifier->data[0] == '-' ? 1U : 0U);
}

static void put_rights(struct mock_conn *conn, unsigned rights)
{
    char text[MOCK_RIGHTS_TEXT];
    cpmsync_mock_write_rights(rights, known_rights(conn), text);
    cpmsync_mock_put_astring(conn, cpmsync_slice_str(text));
}

static void change(struct mock_conn *conn, struct cpmsync_slice name, struct cpmsync_slice identifier,
    const struct mock_rights_change *rights, const char *text)
{
    struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_A, ABSENT);
    if (!mailbox)
        return;
    if (identifier.data[0] == '-' && conn->mock->faults.no_negative_rights) {
        cpmsync_mock_no(conn, "[CANNOT] No negative rights");
        return;
    }
    cpmsync_mock_before_rights(conn->mock, mailbox);
    int error = cpmsync_mock_acl_change(conn->mock->mem, mailbox, identifier, rights);
    cpmsync_mock_notify_rights(conn->mock, mailbox);
    if (error)
        cpmsync_mock_refuse(conn, error);
    else
        cpmsync_mock_ok(conn, text);
}

/* setacl = "SETACL" SP mailbox SP identifier SP mod-rights */
bool cpmsync_mock_cmd_setacl(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, identifier, text;
    struct mock_rights_change rights;
    (void)uid;
    if (!read_name(conn, p, &name) || !read_identifier(p, &identifier) || !read_text(p, &text) ||
        !cpmsync_mock_read_end(p) || !cpmsync_mock_read_rights(text, known_rights(conn), &rights))
        return false;
    change(conn, name, identifier, &rights, "SETACL completed");
    return true;
}

bool cpmsync_mock_cmd_deleteacl(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    static const struct mock_rights_change NONE = {0, 0};
    struct cpmsync_slice name, identifier;
    (void)uid;
    if (!read_name(conn, p, &name) || !read_identifier(p, &identifier) || !cpmsync_mock_read_end(p))
        return false;
    change(conn, name, identifier, &NONE, "DELETEACL completed");
    return true;
}

static void put_entry(struct mock_conn *conn, struct cpmsync_slice identifier, unsigned rights)
{
    cpmsync_mock_put(conn, " ", 1);
    cpmsync_mock_put_astring(conn, identifier);
    cpmsync_mock_put(conn, " ", 1);
    put_rights(conn, rights);
}

bool cpmsync_mock_cmd_getacl(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    size_t i;
    (void)uid;
    if (!read_name(conn, p, &name) || !cpmsync_mock_read_end(p))
        return false;
    const struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_A, ABSENT);
    if (!mailbox)
        return true;
    cpmsync_mock_putf(conn, "* ACL ");
    cpmsync_mock_put_name(conn, mailbox);
    put_entry(conn, mailbox->owner->name, mailbox->owner_rights);
    for (i = 0; i < mailbox->acl_count; i++)
        put_entry(conn, mailbox->acl[i].identifier, mailbox->acl[i].rights);
    cpmsync_mock_putf(conn, "\r\n");
    cpmsync_mock_ok(conn, "GETACL completed");
    return true;
}

/* No rights are tied; the virtual ones stand by themselves (RFC 4314 2.1.1). */
bool cpmsync_mock_cmd_listrights(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, identifier;
    (void)uid;
    if (!read_name(conn, p, &name) || !read_identifier(p, &identifier) || !cpmsync_mock_read_end(p))
        return false;
    const struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_A, ABSENT);
    if (!mailbox)
        return true;
    unsigned known = known_rights(conn);
    bool owner = cpmsync_slice_eq(identifier, mailbox->owner->name);
    cpmsync_mock_putf(conn, "* LISTRIGHTS ");
    cpmsync_mock_put_name(conn, mailbox);
    cpmsync_mock_put(conn, " ", 1);
    cpmsync_mock_put_astring(conn, identifier);
    cpmsync_mock_putf(conn, owner ? " la" : " \"\" l");
    cpmsync_mock_putf(conn, " r s w i p%s c d%s%s\r\n", known & MOCK_RIGHT_K ? " k x t e" : "", owner ? "" : " a",
        known & MOCK_RIGHT_N ? " n" : "");
    cpmsync_mock_ok(conn, "LISTRIGHTS completed");
    return true;
}

bool cpmsync_mock_cmd_myrights(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    (void)uid;
    if (!read_name(conn, p, &name) || !cpmsync_mock_read_end(p))
        return false;
    const struct mock_mailbox *mailbox = cpmsync_mock_named(conn, name);
    unsigned rights = mailbox ? cpmsync_mock_rights(conn, mailbox) : 0;
    if (!(rights & MOCK_RIGHTS_KNOW)) {
        cpmsync_mock_no(conn, ABSENT);
        return true;
    }
    cpmsync_mock_put_myrights(conn, mailbox);
    cpmsync_mock_ok(conn, "MYRIGHTS completed");
    return true;
}

void cpmsync_mock_put_myrights(struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    cpmsync_mock_putf(conn, "* MYRIGHTS ");
    cpmsync_mock_put_name(conn, mailbox);
    cpmsync_mock_put(conn, " ", 1);
    put_rights(conn, cpmsync_mock_rights(conn, mailbox));
    cpmsync_mock_putf(conn, "\r\n");
}
