/* SPDX-License-Identifier: MIT */
#include "mock_acl.h"
#include "mock_session.h"

void cpmsync_mock_notify_clear(const struct cpmsync_allocator *mem, struct mock_notify *notify)
{
    size_t i, j;
    for (i = 0; i < notify->watch_count; i++) {
        for (j = 0; j < notify->watches[i].name_count; j++)
            cpmsync_mock_disown(mem, &notify->watches[i].names[j]);
        cpmsync_mem_free(mem, notify->watches[i].names);
    }
    cpmsync_mem_free(mem, notify->watches);
    cpmsync_mock_disown(mem, &notify->atts);
    memset(notify, 0, sizeof *notify);
}

bool cpmsync_mock_wants(const struct mock_conn *conn, unsigned events)
{
    return !conn->notify.used || (conn->notify.selected & events) == events;
}

bool cpmsync_mock_is_live(const struct mock_conn *conn)
{
    return conn->notify.selected && !conn->mock->faults.notify_idle_only;
}

bool cpmsync_mock_may_notify(struct mock_conn *conn)
{
    struct cpmsync_mock *mock = conn->mock;
    if (!cpmsync_mock_is_due(&mock->faults.notify_overflow, ++mock->notifications))
        return true;
    cpmsync_mock_notify_clear(mock->mem, &conn->notify);
    conn->notify.used = true;
    cpmsync_mock_putf(conn, "* OK [NOTIFICATIONOVERFLOW] Too much to tell\r\n");
    return false;
}

/* ---- who watches what ---- */

static bool covers(const struct mock_conn *conn, const struct mock_watch *watch, const struct mock_user *owner,
    struct cpmsync_slice name)
{
    size_t i;
    switch (watch->kind) {
    case MOCK_INBOXES: /* where mail is delivered unless somebody says otherwise */
        return owner == conn->user && cpmsync_mock_is_inbox(name);
    case MOCK_PERSONAL:
        return owner == conn->user;
    case MOCK_SUBSCRIBED:
        return cpmsync_mock_subscribed(conn->user, name);
    case MOCK_SUBTREE:
    case MOCK_MAILBOXES:
        for (i = 0; i < watch->name_count; i++)
            if (cpmsync_slice_eq(watch->names[i], name) ||
                (watch->kind == MOCK_SUBTREE && cpmsync_mock_is_below(&conn->mock->store, name, watch->names[i])))
                return true;
        break;
    }
    return false;
}

unsigned cpmsync_mock_events_of(const struct mock_conn *conn, const struct mock_user *owner, struct cpmsync_slice name)
{
    unsigned events = 0;
    size_t i;
    for (i = 0; i < conn->notify.watch_count; i++)
        if (covers(conn, &conn->notify.watches[i], owner, name))
            events |= conn->notify.watches[i].events;
    return events;
}

static bool listens(const struct mock_conn *conn)
{
    return conn != conn->mock->actor && conn->notify.watch_count && conn->state != MOCK_LOGOUT && !conn->silenced &&
           !conn->broken;
}

/* ---- messages ---- */

/* RFC 5465 5.1 to 5.3 */
static mock_status_set items_of(const struct mock_conn *conn, unsigned events, unsigned news)
{
    mock_status_set items = 0;
    if ((events & MOCK_MESSAGE_NEW) && (news & MOCK_NEWS_MESSAGE))
        items |= 1u << MOCK_STATUS_MESSAGES | 1u << MOCK_STATUS_UIDNEXT;
    if ((events & MOCK_MESSAGE_EXPUNGE) && (news & MOCK_NEWS_EXPUNGE))
        items |= 1u << MOCK_STATUS_MESSAGES | 1u << MOCK_STATUS_UIDNEXT;
    if ((events & MOCK_FLAG_CHANGE) && (news & MOCK_NEWS_FLAGS) && conn->condstore)
        items |= 1u << MOCK_STATUS_UIDVALIDITY;
    if (news & MOCK_NEWS_UIDVALIDITY)
        items |= 1u << MOCK_STATUS_UIDVALIDITY | 1u << MOCK_STATUS_MESSAGES | 1u << MOCK_STATUS_UIDNEXT;
    if (items && (events & MOCK_FLAG_CHANGE))
        items |= 1u << MOCK_STATUS_UIDVALIDITY;
    if (items && conn->condstore)
        items |= 1u << MOCK_STATUS_HIGHESTMODSEQ;
    return items;
}

static void notify_messages(struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    struct cpmsync_buf name;
    if (!listens(conn) || conn->mailbox == mailbox || mailbox->noselect ||
        !(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_R) || !(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_L))
        return;
    cpmsync_buf_init(&name, conn->mock->mem, 65536);
    if (cpmsync_mock_add_name(conn, mailbox->owner, mailbox->name, &name) != 0)
        conn->broken = true;
    unsigned events = cpmsync_mock_events_of(conn, mailbox->owner, cpmsync_buf_slice(&name)) & MOCK_MESSAGE_EVENTS;
    cpmsync_buf_clear(&name);
    mock_status_set items = events ? items_of(conn, events, mailbox->news) : 0;
    if (items && cpmsync_mock_may_notify(conn))
        cpmsync_mock_put_status(conn, mailbox, items);
}

void cpmsync_mock_notify_messages(struct cpmsync_mock *mock)
{
    struct mock_conn *conn;
    size_t i, j;
    for (i = 0; i < mock->store.user_count; i++)
        for (j = 0; j < mock->store.users[i]->mailbox_count; j++) {
            struct mock_mailbox *mailbox = mock->store.users[i]->mailboxes[j];
            for (conn = mailbox->news ? mock->conns : NULL; conn; conn = conn->next)
                notify_messages(conn, mailbox);
            mailbox->news = 0;
        }
}

/* ---- names ---- */

/* mailbox is NULL where there is none any more; `old` is the former name, if data is not NULL. */
static void put_name(struct mock_conn *conn, struct cpmsync_slice name, const struct mock_mailbox *mailbox,
    unsigned shows, struct cpmsync_slice old)
{
    if (!cpmsync_mock_may_notify(conn))
        return;
    cpmsync_mock_put_list(conn, name, mailbox, shows | MOCK_LIST_SUBSCRIBED | MOCK_LIST_USES);
    if (old.data) {
        cpmsync_mock_putf(conn, " (\"OLDNAME\" (");
        cpmsync_mock_put_mailbox(conn, old);
        cpmsync_mock_putf(conn, "))");
    }
    cpmsync_mock_putf(conn, "\r\n");
}

/* The direct parent of a mailbox that came or went is affected, too (RFC 5465 5.4). */
static void put_parent(struct mock_conn *conn, const struct mock_user *owner, struct cpmsync_slice name)
{
    const struct cpmsync_slice none = {NULL, 0};
    while (name.len && name.data[name.len - 1] != (uint8_t)conn->mock->store.delimiter)
        name.len--;
    if (name.len < 2)
        return;
    name.len--;
    const struct mock_mailbox *parent = cpmsync_mock_named(conn, name);
    if (parent && (cpmsync_mock_rights(conn, parent) & MOCK_RIGHT_L) &&
        (cpmsync_mock_events_of(conn, owner, name) & MOCK_MAILBOX_NAME))
        put_name(conn, name, parent, 0, none);
}

static void notify_tree(
    struct mock_conn *conn, const struct mock_tree_change *change, struct cpmsync_slice name, struct cpmsync_slice old)
{
    unsigned events = cpmsync_mock_events_of(conn, change->user, name) |
                      (old.data ? cpmsync_mock_events_of(conn, change->user, old) : 0);
    if (!(events & MOCK_MAILBOX_NAME) || !(cpmsync_mock_rights(conn, change->mailbox) & MOCK_RIGHT_L))
        return;
    put_name(conn, name, change->mailbox->gone ? NULL : change->mailbox, 0, old);
    if (change->event != MOCK_TREE_RENAMED)
        put_parent(conn, change->user, name);
}

/* SUBSCRIBED follows the list: what has just left it counts once more. */
static void notify_subscription(struct mock_conn *conn, struct cpmsync_slice name)
{
    const struct mock_mailbox *mailbox = cpmsync_mock_named(conn, name);
    const struct mock_user *owner = mailbox ? mailbox->owner : conn->user;
    const struct cpmsync_slice none = {NULL, 0};
    unsigned events = cpmsync_mock_events_of(conn, owner, name);
    size_t i;
    for (i = 0; i < conn->notify.watch_count; i++)
        if (conn->notify.watches[i].kind == MOCK_SUBSCRIBED)
            events |= conn->notify.watches[i].events;
    if (mailbox && !(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_L))
        mailbox = NULL;
    if (events & MOCK_SUBSCRIPTION_CHANGE)
        put_name(conn, name, mailbox, 0, none);
}

void cpmsync_mock_notify_tree(void *ctx, const struct mock_tree_change *change)
{
    struct cpmsync_mock *mock = (struct cpmsync_mock *)ctx;
    struct mock_conn *conn;
    struct cpmsync_buf name, old;
    for (conn = mock->conns; conn; conn = conn->next) {
        if (!listens(conn))
            continue;
        if (change->event == MOCK_TREE_SUBSCRIPTION) {
            if (conn->user == change->user)
                notify_subscription(conn, change->name);
            continue;
        }
        cpmsync_buf_init(&name, mock->mem, 65536);
        cpmsync_buf_init(&old, mock->mem, 65536);
        if (cpmsync_mock_add_name(conn, change->user, change->name, &name) != 0 ||
            (change->old.data && cpmsync_mock_add_name(conn, change->user, change->old, &old) != 0))
            conn->broken = true;
        notify_tree(conn, change, cpmsync_buf_slice(&name),
            change->old.data ? cpmsync_buf_slice(&old) : cpmsync_slice_of(NULL, 0));
        cpmsync_buf_clear(&name);
        cpmsync_buf_clear(&old);
    }
}

/* ---- metadata and rights ---- */

bool cpmsync_mock_wants_metadata(const struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    struct cpmsync_buf name;
    unsigned events = 0;
    size_t i;
    if (!listens(conn))
        return false;
    if (!mailbox) {
        for (i = 0; i < conn->notify.watch_count; i++)
            events |= conn->notify.watches[i].events;
        return (events & MOCK_SERVER_METADATA_CHANGE) != 0;
    }
    cpmsync_buf_init(&name, conn->mock->mem, 65536);
    if (cpmsync_mock_add_name(conn, mailbox->owner, mailbox->name, &name) == 0)
        events = cpmsync_mock_events_of(conn, mailbox->owner, cpmsync_buf_slice(&name));
    cpmsync_buf_clear(&name);
    return (events & MOCK_MAILBOX_METADATA_CHANGE) != 0;
}

void cpmsync_mock_before_rights(struct cpmsync_mock *mock, const struct mock_mailbox *mailbox)
{
    struct mock_conn *conn;
    for (conn = mock->conns; conn; conn = conn->next)
        conn->could_list = conn->user && (cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_L);
}

/* Who asked for names hears of one that came or went; who asked for other events, of one without access and with it. */
static void notify_rights(struct mock_conn *conn, const struct mock_mailbox *mailbox, struct cpmsync_slice name)
{
    const struct cpmsync_slice none = {NULL, 0};
    bool can_list = cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_L;
    unsigned events = cpmsync_mock_events_of(conn, mailbox->owner, name);
    if (!events || can_list == conn->could_list)
        return;
    if (can_list)
        put_name(conn, name, mailbox, 0, none);
    else
        put_name(conn, name, NULL, events & MOCK_MAILBOX_NAME ? 0u : (unsigned)MOCK_LIST_NO_ACCESS, none);
}

void cpmsync_mock_notify_rights(struct cpmsync_mock *mock, const struct mock_mailbox *mailbox)
{
    struct mock_conn *conn;
    struct cpmsync_buf name;
    for (conn = mock->conns; conn; conn = conn->next) {
        if (!listens(conn))
            continue;
        cpmsync_buf_init(&name, mock->mem, 65536);
        if (cpmsync_mock_add_name(conn, mailbox->owner, mailbox->name, &name) != 0)
            conn->broken = true;
        notify_rights(conn, mailbox, cpmsync_buf_slice(&name));
        cpmsync_buf_clear(&name);
    }
}
