/* SPDX-License-Identifier: MIT */
#include "mock_quota.h"

#include "mock_acl.h"

#define ROOT "#user/"

static const char *const NAMES[MOCK_QUOTA_RESOURCES] = {"STORAGE", "MESSAGE", "MAILBOX"};

int cpmsync_mock_quota_resource(struct cpmsync_slice name)
{
    int i;
    for (i = 0; i < MOCK_QUOTA_RESOURCES; i++)
        if (cpmsync_slice_is(name, NAMES[i]))
            return i;
    return -1;
}

/* STORAGE in octets. */
static void count_usage(const struct mock_user *user, int64_t *usage)
{
    size_t i, j;
    memset(usage, 0, MOCK_QUOTA_RESOURCES * sizeof *usage);
    for (i = 0; i < user->mailbox_count; i++) {
        const struct mock_mailbox *mailbox = user->mailboxes[i];
        usage[MOCK_QUOTA_MAILBOX] += !mailbox->noselect;
        usage[MOCK_QUOTA_MESSAGE] += (int64_t)mailbox->count;
        for (j = 0; j < mailbox->count; j++)
            usage[MOCK_QUOTA_STORAGE] += (int64_t)mailbox->messages[j].body->len;
    }
}

/* In units of 1024 octets (RFC 9208 5.1). */
static int64_t in_units(int64_t octets)
{
    return (octets + 1023) / 1024;
}

static bool exceeds(const struct mock_user *owner, const struct mock_growth *growth)
{
    const int64_t grows[MOCK_QUOTA_RESOURCES] = {growth->octets, growth->messages, growth->mailboxes};
    int64_t usage[MOCK_QUOTA_RESOURCES];
    int i;
    count_usage(owner, usage);
    for (i = 0; i < MOCK_QUOTA_RESOURCES; i++) {
        int64_t after = usage[i] + grows[i];
        after = i == MOCK_QUOTA_STORAGE ? in_units(after) : after;
        if (owner->quota[i].limited && grows[i] > 0 && after > owner->quota[i].limit)
            return true;
    }
    return false;
}

bool cpmsync_mock_exceeds_quota(struct mock_conn *conn, const struct mock_user *owner, const struct mock_growth *growth)
{
    if (!cpmsync_mock_offers(conn, "QUOTA") || !exceeds(owner, growth))
        return false;
    if (!conn->mock->faults.quota_soft)
        return true;
    cpmsync_mock_putf(conn, "* NO [OVERQUOTA] More than is wise\r\n");
    return false;
}

/* ---- commands ---- */

static void put_root(struct mock_conn *conn, const struct mock_user *user)
{
    struct cpmsync_buf name;
    cpmsync_buf_init(&name, conn->mock->mem, 65536);
    if (cpmsync_buf_add_str(&name, ROOT) != 0 || cpmsync_buf_add_slice(&name, user->name) != 0)
        conn->broken = true;
    cpmsync_mock_put_string(conn, cpmsync_buf_slice(&name));
    cpmsync_buf_clear(&name);
}

/* "* QUOTA" SP root SP "(" [resource SP usage SP limit ...] ")" */
static void put_quota(struct mock_conn *conn, const struct mock_user *user)
{
    int64_t usage[MOCK_QUOTA_RESOURCES];
    const char *space = "";
    int i;
    count_usage(user, usage);
    cpmsync_mock_putf(conn, "* QUOTA ");
    put_root(conn, user);
    cpmsync_mock_putf(conn, " (");
    for (i = 0; i < MOCK_QUOTA_RESOURCES; i++)
        if (user->quota[i].limited) {
            cpmsync_mock_putf(conn, "%s%s %lld %lld", space, NAMES[i],
                (long long)(i == MOCK_QUOTA_STORAGE ? in_units(usage[i]) : usage[i]), (long long)user->quota[i].limit);
            space = " ";
        }
    cpmsync_mock_putf(conn, ")\r\n");
}

/* The root of the user who is logged in; that of others is not shown. */
static bool is_own_root(const struct mock_conn *conn, struct cpmsync_slice root)
{
    size_t prefix = sizeof ROOT - 1;
    return root.len >= prefix && memcmp(root.data, ROOT, prefix) == 0 &&
           cpmsync_slice_eq(cpmsync_slice_of(root.data + prefix, root.len - prefix), conn->user->name);
}

static void refuse_root(struct mock_conn *conn)
{
    cpmsync_mock_no(conn, "[NONEXISTENT] No such quota root");
}

/* getquota = "GETQUOTA" SP quota-root-name */
bool cpmsync_mock_cmd_getquota(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice root;
    (void)uid;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &root) || !cpmsync_mock_read_end(p))
        return false;
    if (!is_own_root(conn, root)) {
        refuse_root(conn);
        return true;
    }
    put_quota(conn, conn->user);
    cpmsync_mock_ok(conn, "GETQUOTA completed");
    return true;
}

/* getquotaroot = "GETQUOTAROOT" SP mailbox; it need not exist yet (RFC 9208 4.1.2) */
bool cpmsync_mock_cmd_getquotaroot(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, inner;
    struct mock_user *owner;
    (void)uid;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_mailbox(conn, p, &name) || !cpmsync_mock_read_end(p))
        return false;
    const struct mock_mailbox *mailbox = cpmsync_mock_named(conn, name);
    bool may = cpmsync_mock_address(conn, name, &owner, &inner) &&
               (owner == conn->user || (mailbox && (cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_R)));
    if (!may) {
        cpmsync_mock_no(conn, "[NOPERM] You may not");
        return true;
    }
    cpmsync_mock_putf(conn, "* QUOTAROOT ");
    cpmsync_mock_put_mailbox(conn, name);
    cpmsync_mock_putf(conn, " ");
    put_root(conn, owner);
    cpmsync_mock_putf(conn, "\r\n");
    put_quota(conn, owner);
    cpmsync_mock_ok(conn, "GETQUOTAROOT completed");
    return true;
}

/* "(" [resource-name SP resource-limit *(SP ...)] ")"; *known is false for a resource there is not */
static bool read_limits(struct mock_parser *p, struct mock_quota *quota, bool *known)
{
    struct cpmsync_slice name;
    uint64_t limit;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    if (cpmsync_mock_read_char(p, ')'))
        return true;
    do {
        if (!cpmsync_mock_read_atom(p, &name) || !cpmsync_mock_read_sp(p) ||
            !cpmsync_mock_read_number(p, INT64_MAX, &limit))
            return false;
        int resource = cpmsync_mock_quota_resource(name);
        *known &= resource >= 0;
        if (resource >= 0) {
            quota[resource].limited = true;
            quota[resource].limit = (int64_t)limit;
        }
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* With RFC 9208's resources SETQUOTA wants a capability of its own; RFC 2087 knew none. */
static bool may_set(const struct mock_conn *conn)
{
    static const char *const RESOURCES[] = {"QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE", "QUOTA=RES-MAILBOX"};
    size_t i;
    for (i = 0; i < MOCK_QUOTA_RESOURCES; i++)
        if (cpmsync_mock_offers(conn, RESOURCES[i]))
            return cpmsync_mock_offers(conn, "QUOTASET");
    return true;
}

/* setquota = "SETQUOTA" SP quota-root-name SP setquota-list; limits that are not listed go */
bool cpmsync_mock_cmd_setquota(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct mock_quota quota[MOCK_QUOTA_RESOURCES];
    struct cpmsync_slice root;
    bool known = true;
    (void)uid;
    memset(quota, 0, sizeof quota);
    if (!may_set(conn) || !cpmsync_mock_read_sp(p) || !cpmsync_mock_read_astring(p, &root) ||
        !cpmsync_mock_read_sp(p) || !read_limits(p, quota, &known) || !cpmsync_mock_read_end(p))
        return false;
    if (!is_own_root(conn, root))
        refuse_root(conn);
    else if (!known)
        cpmsync_mock_no(conn, "[CANNOT] Not a resource there is");
    else {
        memcpy(conn->user->quota, quota, sizeof quota);
        put_quota(conn, conn->user);
        cpmsync_mock_ok(conn, "SETQUOTA completed");
    }
    return true;
}
