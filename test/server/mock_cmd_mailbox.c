/* SPDX-License-Identifier: MIT */
/* LIST, LSUB, STATUS and what changes the tree of mailboxes (RFC 3501 6.3.3 to 6.3.10). */
#include "mock_acl.h"
#include "mock_session.h"

#define ABSENT "[NONEXISTENT] No such mailbox"

static bool read_name(struct mock_parser *p, struct cpmsync_slice *name)
{
    return cpmsync_mock_read_sp(p) && cpmsync_mock_read_astring(p, name);
}

static bool read_only_name(struct mock_parser *p, struct cpmsync_slice *name)
{
    return read_name(p, name) && cpmsync_mock_read_end(p);
}

static void answer(struct mock_conn *conn, int error, const char *text)
{
    if (error)
        cpmsync_mock_refuse(conn, error);
    else
        cpmsync_mock_ok(conn, text);
}

bool cpmsync_mock_cmd_create(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, inner;
    struct mock_user *owner;
    (void)uid;
    if (!read_only_name(p, &name))
        return false;
    if (cpmsync_mock_may_create(conn, name, &owner, &inner))
        answer(conn, cpmsync_mock_create(&conn->mock->store, owner, inner), "CREATE completed");
    return true;
}

bool cpmsync_mock_cmd_delete(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name, inner;
    struct mock_user *owner;
    (void)uid;
    if (!read_only_name(p, &name))
        return false;
    struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_X, ABSENT);
    if (!mailbox || !cpmsync_mock_address(conn, name, &owner, &inner))
        return true;
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
    if (!read_name(p, &from) || !read_only_name(p, &to))
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
    if (!read_only_name(p, &name))
        return false;
    if (cpmsync_mock_reach(conn, name, MOCK_RIGHT_L, ABSENT))
        answer(conn, cpmsync_mock_subscribe(&conn->mock->store, conn->user, name), "SUBSCRIBE completed");
    return true;
}

bool cpmsync_mock_cmd_unsubscribe(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    (void)uid;
    if (!read_only_name(p, &name))
        return false;
    bool was = cpmsync_mock_unsubscribe(&conn->mock->store, conn->user, name);
    answer(conn, was ? 0 : CPMSYNC_ERR_NOT_FOUND, "UNSUBSCRIBE completed");
    return true;
}

/* ---- LIST and LSUB ---- */

/* `*` matches anything, `%` anything but the delimiter. Goes back to the last wildcard only, so it is never exponential:
 * a `%` that fails falls back to the `*` before it. */
static bool matches(struct cpmsync_slice pattern, struct cpmsync_slice name, uint8_t delimiter)
{
    size_t p = 0, n = 0, star = SIZE_MAX, star_at = 0, percent = SIZE_MAX, percent_at = 0;
    while (n < name.len || p < pattern.len) {
        uint8_t c = p < pattern.len ? pattern.data[p] : 0;
        if (c == '*') {
            star = ++p;
            star_at = n;
            percent = SIZE_MAX;
        } else if (c == '%') {
            percent = ++p;
            percent_at = n;
        } else if (p < pattern.len && n < name.len && c == name.data[n]) {
            p++;
            n++;
        } else if (percent != SIZE_MAX && percent_at < name.len && name.data[percent_at] != delimiter) {
            p = percent;
            n = ++percent_at;
        } else if (star != SIZE_MAX && star_at < name.len) {
            p = star;
            n = ++star_at;
            percent = SIZE_MAX;
        } else
            return false;
    }
    return true;
}

/* INBOX matches in any case. */
static bool matches_mailbox(struct cpmsync_slice pattern, struct cpmsync_slice name, uint8_t delimiter)
{
    return matches(pattern, name, delimiter) || (cpmsync_mock_is_inbox(name) && cpmsync_mock_is_inbox(pattern));
}

static void put_delimiter_and_name(struct mock_conn *conn, struct cpmsync_slice name)
{
    char delimiter = conn->mock->store.delimiter;
    cpmsync_mock_putf(conn, "\"%s%c\" ", delimiter == '\\' ? "\\" : "", delimiter);
    cpmsync_mock_put_astring(conn, name);
    cpmsync_mock_putf(conn, "\r\n");
}

struct list {
    struct cpmsync_slice reference;
    struct cpmsync_slice pattern;
    struct cpmsync_buf whole; /* reference and pattern */
};

static bool read_list(struct mock_conn *conn, struct mock_parser *p, struct list *list)
{
    cpmsync_buf_init(&list->whole, conn->mock->mem, 65536);
    return cpmsync_mock_read_sp(p) && cpmsync_mock_read_astring(p, &list->reference) && cpmsync_mock_read_sp(p) &&
           cpmsync_mock_read_list_mailbox(p, &list->pattern) && cpmsync_mock_read_end(p) &&
           cpmsync_buf_add_slice(&list->whole, list->reference) == 0 &&
           cpmsync_buf_add_slice(&list->whole, list->pattern) == 0;
}

/* A level that is no mailbox shows where a `%` at the end asks for it (RFC 3501 6.3.8). */
static void put_list(void *ctx, struct mock_conn *conn, struct cpmsync_slice name, const struct mock_mailbox *mailbox)
{
    const struct list *list = (const struct list *)ctx;
    bool children = !mailbox || cpmsync_mock_shows_children(conn, mailbox);
    if ((!mailbox && list->pattern.data[list->pattern.len - 1] != '%') ||
        !matches_mailbox(cpmsync_buf_slice(&list->whole), name, (uint8_t)conn->mock->store.delimiter))
        return;
    cpmsync_mock_putf(conn, "* LIST (%s%s) ", !mailbox || mailbox->noselect ? "\\Noselect " : "",
        children ? "\\HasChildren" : "\\HasNoChildren");
    put_delimiter_and_name(conn, name);
}

bool cpmsync_mock_cmd_list(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct list list;
    uint8_t delimiter = (uint8_t)conn->mock->store.delimiter;
    (void)uid;
    bool valid = read_list(conn, p, &list);
    if (valid && list.pattern.len == 0) {
        cpmsync_mock_putf(conn, "* LIST (\\Noselect) ");
        cpmsync_mock_putf(conn, "\"%s%c\" \"\"\r\n", delimiter == '\\' ? "\\" : "", delimiter);
    }
    if (valid && list.pattern.len)
        cpmsync_mock_for_each_listed(conn, put_list, &list);
    if (valid)
        cpmsync_mock_ok(conn, "LIST completed");
    cpmsync_buf_clear(&list.whole);
    return valid;
}

/* With `%` at the end a subscribed child shows its parent as \Noselect (RFC 3501 6.3.9). */
static void put_subscribed_parents(
    struct mock_conn *conn, struct cpmsync_slice pattern, size_t index, uint8_t delimiter)
{
    struct cpmsync_slice name = conn->user->subscriptions[index];
    size_t len, earlier;
    for (len = 1; len < name.len; len++) {
        struct cpmsync_slice parent = cpmsync_slice_of(name.data, len);
        if (name.data[len] != delimiter || !matches(pattern, parent, delimiter) ||
            cpmsync_mock_subscribed(conn->user, parent))
            continue;
        for (earlier = 0; earlier < index; earlier++) {
            struct cpmsync_slice other = conn->user->subscriptions[earlier];
            if (other.len > len && memcmp(other.data, name.data, len + 1) == 0)
                break;
        }
        if (earlier < index)
            continue;
        cpmsync_mock_putf(conn, "* LSUB (\\Noselect) ");
        put_delimiter_and_name(conn, parent);
    }
}

bool cpmsync_mock_cmd_lsub(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct list list;
    uint8_t delimiter = (uint8_t)conn->mock->store.delimiter;
    size_t i;
    (void)uid;
    bool valid = read_list(conn, p, &list);
    struct cpmsync_slice pattern = cpmsync_buf_slice(&list.whole);
    for (i = 0; valid && i < conn->user->subscription_count; i++) {
        if (matches_mailbox(pattern, conn->user->subscriptions[i], delimiter)) {
            cpmsync_mock_putf(conn, "* LSUB () ");
            put_delimiter_and_name(conn, conn->user->subscriptions[i]);
        } else if (list.pattern.len && list.pattern.data[list.pattern.len - 1] == '%')
            put_subscribed_parents(conn, pattern, i, delimiter);
    }
    if (valid)
        cpmsync_mock_ok(conn, "LSUB completed");
    cpmsync_buf_clear(&list.whole);
    return valid;
}

/* ---- STATUS ---- */

static const char *const STATUS_ITEMS[] = {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ"};
enum { STATUS_ITEM_COUNT = sizeof STATUS_ITEMS / sizeof *STATUS_ITEMS, STATUS_HIGHESTMODSEQ = 5 };

/* "(" status-att *(SP status-att) ")" */
static bool read_status_items(struct mock_conn *conn, struct mock_parser *p, bool *wanted)
{
    size_t i;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    do {
        for (i = 0; i < STATUS_ITEM_COUNT; i++)
            if (cpmsync_mock_read_word(p, STATUS_ITEMS[i]))
                break;
        if (i == STATUS_ITEM_COUNT)
            return false;
        wanted[i] = true;
    } while (cpmsync_mock_read_sp(p));
    if (wanted[STATUS_HIGHESTMODSEQ] && !cpmsync_mock_offers(conn, "CONDSTORE") &&
        !cpmsync_mock_offers(conn, "QRESYNC"))
        return false;
    return cpmsync_mock_read_char(p, ')');
}

static void put_status(struct mock_conn *conn, const struct mock_mailbox *mailbox, const bool *wanted)
{
    uint64_t values[STATUS_ITEM_COUNT] = {
        mailbox->count, 0, mailbox->uidnext, mailbox->uidvalidity, 0, mailbox->nomodseq ? 0 : mailbox->highestmodseq};
    const char *space = "";
    size_t i;
    for (i = 0; i < mailbox->count; i++) {
        values[1] += mailbox->messages[i].uid >= mailbox->first_recent;
        values[4] += !cpmsync_mock_flag_is_set(&mailbox->messages[i].flags, MOCK_SEEN);
    }
    cpmsync_mock_putf(conn, "* STATUS ");
    cpmsync_mock_put_name(conn, mailbox);
    cpmsync_mock_putf(conn, " (");
    for (i = 0; i < STATUS_ITEM_COUNT; i++)
        if (wanted[i]) {
            cpmsync_mock_putf(conn, "%s%s %llu", space, STATUS_ITEMS[i], (unsigned long long)values[i]);
            space = " ";
        }
    cpmsync_mock_putf(conn, ")\r\n");
}

bool cpmsync_mock_cmd_status(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct cpmsync_slice name;
    bool wanted[STATUS_ITEM_COUNT] = {false};
    (void)uid;
    if (!read_name(p, &name) || !cpmsync_mock_read_sp(p) || !read_status_items(conn, p, wanted) ||
        !cpmsync_mock_read_end(p))
        return false;
    if (wanted[STATUS_HIGHESTMODSEQ])
        cpmsync_mock_enable_condstore(conn);
    const struct mock_mailbox *mailbox = cpmsync_mock_reach(conn, name, MOCK_RIGHT_R, ABSENT);
    if (!mailbox)
        return true;
    if (mailbox->noselect) {
        cpmsync_mock_no(conn, ABSENT);
        return true;
    }
    put_status(conn, mailbox, wanted);
    cpmsync_mock_ok(conn, "STATUS completed");
    return true;
}
