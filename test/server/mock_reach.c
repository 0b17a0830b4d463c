/* SPDX-License-Identifier: MIT */
/*
 * From a name as a user writes it to a mailbox the user may use. With ACL the mailboxes of the others stand below
 * "Other Users" and their owner's name; without it everybody is alone.
 */
#include "mock_acl.h"
#include "mock_session.h"
#include "mock_utf7.h"

#define OTHERS "Other Users"

/* Takes "prefix" and the delimiter off the front of a name. */
static bool take_prefix(const struct mock_conn *conn, struct cpmsync_slice prefix, struct cpmsync_slice *name)
{
    if (name->len <= prefix.len || memcmp(name->data, prefix.data, prefix.len) != 0 ||
        name->data[prefix.len] != (uint8_t)conn->mock->store.delimiter)
        return false;
    *name = cpmsync_slice_of(name->data + prefix.len + 1, name->len - prefix.len - 1);
    return true;
}

bool cpmsync_mock_address(
    const struct mock_conn *conn, struct cpmsync_slice name, struct mock_user **owner, struct cpmsync_slice *inner)
{
    const struct mock_store *store = &conn->mock->store;
    size_t i;
    *owner = conn->user;
    *inner = name;
    if (!cpmsync_mock_offers(conn, "ACL"))
        return true;
    if (!take_prefix(conn, CPMSYNC_SLICE(OTHERS), inner))
        return !cpmsync_slice_eq(name, CPMSYNC_SLICE(OTHERS));
    for (i = 0; i < store->user_count; i++)
        if (take_prefix(conn, store->users[i]->name, inner)) {
            *owner = store->users[i];
            return inner->len > 0;
        }
    return false;
}

struct mock_mailbox *cpmsync_mock_named(const struct mock_conn *conn, struct cpmsync_slice name)
{
    struct mock_user *owner;
    struct cpmsync_slice inner;
    return cpmsync_mock_address(conn, name, &owner, &inner) ? cpmsync_mock_find(owner, inner) : NULL;
}

unsigned cpmsync_mock_rights(const struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    if (cpmsync_mock_offers(conn, "ACL"))
        return cpmsync_mock_rights_of(mailbox, conn->user);
    return mailbox->owner == conn->user ? MOCK_RIGHTS_ALL : 0;
}

struct mock_mailbox *cpmsync_mock_reach(
    struct mock_conn *conn, struct cpmsync_slice name, unsigned wanted, const char *absent)
{
    struct mock_mailbox *mailbox = cpmsync_mock_named(conn, name);
    unsigned rights = mailbox ? cpmsync_mock_rights(conn, mailbox) : 0;
    if (mailbox && (rights & wanted) == wanted)
        return mailbox;
    cpmsync_mock_no(conn, rights & MOCK_RIGHT_L ? "[NOPERM] You may not" : absent);
    return NULL;
}

struct mock_mailbox *cpmsync_mock_target(struct mock_conn *conn, struct cpmsync_slice name)
{
    bool possible = cpmsync_mock_is_possible(&conn->mock->store, name);
    struct mock_mailbox *mailbox = cpmsync_mock_reach(
        conn, name, MOCK_RIGHT_I, possible ? "[TRYCREATE] No such mailbox" : "[CANNOT] No mailbox can have this name");
    if (!mailbox || !mailbox->noselect)
        return mailbox;
    cpmsync_mock_no(conn, "[TRYCREATE] No such mailbox");
    return NULL;
}

bool cpmsync_mock_may_create(
    struct mock_conn *conn, struct cpmsync_slice name, struct mock_user **owner, struct cpmsync_slice *inner)
{
    const struct mock_mailbox *parent = NULL;
    if (!cpmsync_mock_address(conn, name, owner, inner)) {
        cpmsync_mock_refuse(conn, CPMSYNC_ERR_INVALID_ARGUMENT);
        return false;
    }
    struct cpmsync_slice above = *inner;
    while (!parent && above.len > 1)
        if (above.data[--above.len] == (uint8_t)conn->mock->store.delimiter && above.len + 1 < inner->len)
            parent = cpmsync_mock_find(*owner, above);
    unsigned rights = parent ? cpmsync_mock_rights(conn, parent) : *owner == conn->user ? MOCK_RIGHTS_ALL : 0;
    if (rights & MOCK_RIGHT_K)
        return true;
    cpmsync_mock_no(conn, rights & MOCK_RIGHT_L ? "[NOPERM] You may not" : "[CANNOT] Not with this name");
    return false;
}

/* ---- names as a user sees them ---- */

static bool is_plain(const struct mock_conn *conn, struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < name.len; i++)
        if (name.data[i] < 0x20 || name.data[i] > 0x7e || strchr("&*%", name.data[i]) ||
            name.data[i] == (uint8_t)conn->mock->store.delimiter)
            return false;
    return true;
}

int cpmsync_mock_add_name(
    const struct mock_conn *conn, const struct mock_user *owner, struct cpmsync_slice inner, struct cpmsync_buf *out)
{
    char delimiter = conn->mock->store.delimiter;
    int error = 0;
    if (owner != conn->user) {
        error = cpmsync_buf_add_str(out, OTHERS);
        error = error ? error : cpmsync_buf_add_char(out, delimiter);
        error = error ? error : cpmsync_buf_add_slice(out, owner->name);
        error = error ? error : cpmsync_buf_add_char(out, delimiter);
    }
    return error ? error : cpmsync_buf_add_slice(out, inner);
}

static int add_name(const struct mock_conn *conn, const struct mock_mailbox *mailbox, struct cpmsync_buf *out)
{
    return cpmsync_mock_add_name(conn, mailbox->owner, mailbox->name, out);
}

int cpmsync_mock_spell(const struct mock_conn *conn, struct cpmsync_slice name, struct cpmsync_buf *out)
{
    int error = cpmsync_mock_speaks_utf8(conn) ? cpmsync_mock_from_utf7(name, out) : CPMSYNC_ERR_INVALID_ARGUMENT;
    return error == CPMSYNC_ERR_INVALID_ARGUMENT ? cpmsync_buf_add_slice(out, name) : error;
}

void cpmsync_mock_put_mailbox(struct mock_conn *conn, struct cpmsync_slice name)
{
    struct cpmsync_buf spelled;
    cpmsync_buf_init(&spelled, conn->mock->mem, 65536);
    if (cpmsync_mock_spell(conn, name, &spelled) != 0)
        conn->broken = true;
    else
        cpmsync_mock_put_astring(conn, spelled.len ? cpmsync_buf_slice(&spelled) : CPMSYNC_SLICE(""));
    cpmsync_buf_clear(&spelled);
}

static bool has_8bit(struct cpmsync_slice text)
{
    size_t i;
    for (i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return true;
    return false;
}

/* Once enabled every name is UTF-8; before, a quoted one with other octets than ASCII can be nothing else. A name that
 * cannot be stays as it is, and no mailbox has it. */
bool cpmsync_mock_read_mailbox(struct mock_conn *conn, struct mock_parser *p, struct cpmsync_slice *name)
{
    bool quoted = cpmsync_mock_peek(p, '"');
    struct cpmsync_slice *kept = conn->kept[0].data ? &conn->kept[1] : &conn->kept[0];
    struct cpmsync_buf stored;
    if (!cpmsync_mock_read_astring(p, name))
        return false;
    if (!cpmsync_mock_speaks_utf8(conn) && !(quoted && has_8bit(*name)))
        return true;
    cpmsync_buf_init(&stored, conn->mock->mem, 65536);
    int error = cpmsync_mock_to_utf7(*name, &stored);
    cpmsync_mock_disown(conn->mock->mem, kept);
    if (!error)
        *kept = cpmsync_mock_own(conn->mock->mem, cpmsync_buf_slice(&stored));
    if (error == CPMSYNC_ERR_NOMEM || (!error && !kept->data))
        conn->broken = true;
    else if (!error)
        *name = *kept;
    cpmsync_buf_clear(&stored);
    return true;
}

void cpmsync_mock_forget_names(struct mock_conn *conn)
{
    cpmsync_mock_disown(conn->mock->mem, &conn->kept[0]);
    cpmsync_mock_disown(conn->mock->mem, &conn->kept[1]);
}

void cpmsync_mock_put_name(struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    struct cpmsync_buf name;
    cpmsync_buf_init(&name, conn->mock->mem, 65536);
    if (add_name(conn, mailbox, &name) != 0)
        conn->broken = true;
    else
        cpmsync_mock_put_mailbox(conn, cpmsync_buf_slice(&name));
    cpmsync_buf_clear(&name);
}

bool cpmsync_mock_shows_children(const struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    const struct mock_user *owner = mailbox->owner;
    size_t i;
    if (!cpmsync_mock_has_children(&conn->mock->store, owner, mailbox->name))
        return false;
    for (i = 0; i < owner->mailbox_count; i++) {
        struct cpmsync_slice name = owner->mailboxes[i]->name;
        if (take_prefix(conn, mailbox->name, &name) && (cpmsync_mock_rights(conn, owner->mailboxes[i]) & MOCK_RIGHT_L))
            return true;
    }
    return false;
}

struct listing {
    mock_listed *each;
    void *ctx;
    struct cpmsync_buf name;
    struct cpmsync_buf earlier; /* the name before */
};

/* The levels above a name that are no mailbox the user may see, each once: names come in order. */
static void list_levels(struct mock_conn *conn, struct listing *listing)
{
    struct cpmsync_slice name = cpmsync_buf_slice(&listing->name), before = cpmsync_buf_slice(&listing->earlier);
    size_t len;
    for (len = 1; len < name.len; len++) {
        struct cpmsync_slice level = cpmsync_slice_of(name.data, len);
        if (name.data[len] != (uint8_t)conn->mock->store.delimiter ||
            (before.len > len && memcmp(before.data, name.data, len + 1) == 0))
            continue;
        const struct mock_mailbox *mailbox = cpmsync_mock_named(conn, level);
        if (!mailbox || !(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_L))
            listing->each(listing->ctx, conn, level, NULL);
    }
}

static void list_user(struct mock_conn *conn, const struct mock_user *owner, struct listing *listing)
{
    size_t i;
    for (i = 0; i < owner->mailbox_count && !conn->broken; i++) {
        const struct mock_mailbox *mailbox = owner->mailboxes[i];
        if (!(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_L))
            continue;
        cpmsync_buf_truncate(&listing->name, 0);
        if (add_name(conn, mailbox, &listing->name) != 0)
            conn->broken = true;
        list_levels(conn, listing);
        listing->each(listing->ctx, conn, cpmsync_buf_slice(&listing->name), mailbox);
        cpmsync_buf_truncate(&listing->earlier, 0);
        if (cpmsync_buf_add_slice(&listing->earlier, cpmsync_buf_slice(&listing->name)) != 0)
            conn->broken = true;
    }
}

void cpmsync_mock_for_each_listed(struct mock_conn *conn, mock_listed *each, void *ctx)
{
    const struct mock_store *store = &conn->mock->store;
    struct listing listing = {each, ctx, {0}, {0}};
    size_t i;
    cpmsync_buf_init(&listing.name, store->mem, 65536);
    cpmsync_buf_init(&listing.earlier, store->mem, 65536);
    list_user(conn, conn->user, &listing);
    for (i = 0; i < store->user_count && cpmsync_mock_offers(conn, "ACL"); i++)
        if (store->users[i] != conn->user && is_plain(conn, store->users[i]->name))
            list_user(conn, store->users[i], &listing);
    cpmsync_buf_clear(&listing.name);
    cpmsync_buf_clear(&listing.earlier);
}

/* ---- NAMESPACE (RFC 2342) ---- */

bool cpmsync_mock_cmd_namespace(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    char delimiter = conn->mock->store.delimiter;
    const char *escape = delimiter == '\\' ? "\\" : "";
    (void)uid;
    if (!cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_putf(conn, "* NAMESPACE ((\"\" \"%s%c\")) ", escape, delimiter);
    if (cpmsync_mock_offers(conn, "ACL"))
        cpmsync_mock_putf(conn, "((\"" OTHERS "%s%c\" \"%s%c\")) NIL\r\n", escape, delimiter, escape, delimiter);
    else
        cpmsync_mock_putf(conn, "NIL NIL\r\n");
    cpmsync_mock_ok(conn, "NAMESPACE completed");
    return true;
}
