/* SPDX-License-Identifier: MIT */
/* The NOTIFY command (RFC 5465 3.1, 8). */
#include "mock_acl.h"
#include "mock_session.h"

static const struct {
    const char *name;
    unsigned event;
    const char *capability; /* that brings it; NULL: it is always there */
} EVENTS[] = {
    {"MessageNew", MOCK_MESSAGE_NEW, NULL},
    {"MessageExpunge", MOCK_MESSAGE_EXPUNGE, NULL},
    {"FlagChange", MOCK_FLAG_CHANGE, NULL},
    {"AnnotationChange", MOCK_ANNOTATION_CHANGE, "ANNOTATE-EXPERIMENT-1"},
    {"MailboxName", MOCK_MAILBOX_NAME, NULL},
    {"SubscriptionChange", MOCK_SUBSCRIPTION_CHANGE, NULL},
    {"MailboxMetadataChange", MOCK_MAILBOX_METADATA_CHANGE, "METADATA"},
    {"ServerMetadataChange", MOCK_SERVER_METADATA_CHANGE, "METADATA-SERVER"},
};
enum { EVENT_COUNT = sizeof EVENTS / sizeof *EVENTS, EVENTS_FEW = 3 };

/* What a NOTIFY SET asks for, while it is read. */
struct request {
    struct mock_notify notify;
    bool status;
    bool has_selected;
    bool unsupported; /* one of the events is */
};

/* METADATA is all of METADATA-SERVER. */
static bool is_supported(const struct mock_conn *conn, size_t index)
{
    const char *capability = EVENTS[index].capability;
    if (conn->mock->faults.notify_few && index >= EVENTS_FEW)
        return false;
    return !capability || cpmsync_mock_offers(conn, capability) ||
           (EVENTS[index].event == MOCK_SERVER_METADATA_CHANGE && cpmsync_mock_offers(conn, "METADATA"));
}

/* ---- grammar ---- */

/* "MessageNew" [SP "(" fetch-att *(SP fetch-att) ")"], for the selected mailbox */
static bool read_atts(struct mock_conn *conn, struct mock_parser *p, struct request *request, bool selected)
{
    struct mock_parser ahead = *p;
    if (!cpmsync_mock_read_sp(&ahead) || !cpmsync_mock_peek(&ahead, '('))
        return true;
    const uint8_t *start = ahead.at;
    size_t len = (size_t)(ahead.end - ahead.at);
    if (!selected || request->notify.atts.data)
        return false;
    /* Reading unescapes in place, and they are read again for every message: of a copy. */
    request->notify.atts = cpmsync_mock_own(conn->mock->mem, cpmsync_slice_of(start, len));
    if (!request->notify.atts.data || !cpmsync_mock_read_fetch_atts(conn, &ahead))
        return false;
    request->notify.atts.len = (size_t)(ahead.at - start);
    *p = ahead;
    return true;
}

static bool read_event(
    struct mock_conn *conn, struct mock_parser *p, struct request *request, bool selected, unsigned *events)
{
    struct cpmsync_slice name;
    size_t i;
    for (i = 0; i < EVENT_COUNT; i++) {
        if (!cpmsync_mock_read_word(p, EVENTS[i].name))
            continue;
        request->unsupported |= !is_supported(conn, i);
        *events |= EVENTS[i].event;
        return EVENTS[i].event != MOCK_MESSAGE_NEW || read_atts(conn, p, request, selected);
    }
    request->unsupported = true;
    return cpmsync_mock_read_atom(p, &name);
}

/* MessageNew and MessageExpunge go together, and what is about flags and annotations wants both (RFC 5465 5). */
static bool go_together(unsigned events)
{
    unsigned both = MOCK_MESSAGE_NEW | MOCK_MESSAGE_EXPUNGE;
    return (events & both) == both || !(events & MOCK_MESSAGE_EVENTS);
}

/* events = ( "(" event *(SP event) ")" ) / "NONE" */
static bool read_events(
    struct mock_conn *conn, struct mock_parser *p, struct request *request, bool selected, unsigned *events)
{
    *events = 0;
    if (cpmsync_mock_read_word(p, "NONE"))
        return true;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    do
        if (!read_event(conn, p, request, selected, events))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')') && go_together(*events) &&
           !(selected && (*events & ~(unsigned)MOCK_MESSAGE_EVENTS));
}

static bool read_name(struct mock_conn *conn, struct mock_parser *p, struct mock_watch *watch)
{
    const struct cpmsync_allocator *mem = conn->mock->mem;
    struct cpmsync_slice name;
    if (!cpmsync_mock_read_mailbox(conn, p, &name))
        return false;
    if (cpmsync_mock_is_inbox(name))
        name = CPMSYNC_SLICE("INBOX");
    struct cpmsync_slice *names =
        (struct cpmsync_slice *)cpmsync_mem_resize(mem, watch->names, watch->name_count + 1, sizeof *names);
    if (!names)
        return false;
    watch->names = names;
    names[watch->name_count] = cpmsync_mock_own(mem, name);
    return names[watch->name_count++].data != NULL;
}

/* one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")" */
static bool read_names(struct mock_conn *conn, struct mock_parser *p, struct mock_watch *watch)
{
    if (!cpmsync_mock_read_sp(p))
        return false;
    if (!cpmsync_mock_read_char(p, '('))
        return read_name(conn, p, watch);
    do
        if (!read_name(conn, p, watch))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

static struct mock_watch *add_watch(struct mock_conn *conn, struct mock_notify *notify)
{
    struct mock_watch *watches = (struct mock_watch *)cpmsync_mem_resize(
        conn->mock->mem, notify->watches, notify->watch_count + 1, sizeof *watches);
    if (!watches)
        return NULL;
    notify->watches = watches;
    memset(&watches[notify->watch_count], 0, sizeof *watches);
    return &watches[notify->watch_count++];
}

static bool read_other(struct mock_conn *conn, struct mock_parser *p, struct request *request)
{
    static const char *const KINDS[] = {"INBOXES", "PERSONAL", "SUBSCRIBED", "SUBTREE", "MAILBOXES"};
    struct mock_watch *watch = add_watch(conn, &request->notify);
    size_t i;
    for (i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (cpmsync_mock_read_word(p, KINDS[i]))
            break;
    if (!watch || i == sizeof KINDS / sizeof *KINDS)
        return false;
    watch->kind = (enum mock_watched)i;
    if (i >= MOCK_SUBTREE && !read_names(conn, p, watch))
        return false;
    return cpmsync_mock_read_sp(p) && read_events(conn, p, request, false, &watch->events);
}

/* event-group = "(" filter-mailboxes SP events ")"; one for the selected mailbox at most */
static bool read_group(struct mock_conn *conn, struct mock_parser *p, struct request *request)
{
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    bool delayed = cpmsync_mock_read_word(p, "SELECTED-DELAYED");
    if (delayed || cpmsync_mock_read_word(p, "SELECTED")) {
        if (request->has_selected)
            return false;
        request->has_selected = true;
        request->notify.delayed = delayed;
        if (!cpmsync_mock_read_sp(p) || !read_events(conn, p, request, true, &request->notify.selected))
            return false;
    } else if (!read_other(conn, p, request))
        return false;
    return cpmsync_mock_read_char(p, ')');
}

/* notify-set = "SET" [SP "STATUS"] SP event-group *(SP event-group) */
static bool read_set(struct mock_conn *conn, struct mock_parser *p, struct request *request)
{
    if (!cpmsync_mock_read_sp(p))
        return false;
    request->status = cpmsync_mock_read_word(p, "STATUS");
    if (request->status && !cpmsync_mock_read_sp(p))
        return false;
    do
        if (!read_group(conn, p, request))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_end(p);
}

/* ---- what it does ---- */

static void refuse_events(struct mock_conn *conn)
{
    const char *space = "";
    size_t i;
    cpmsync_mock_tell(conn, true);
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "NO [BADEVENT (");
    for (i = 0; i < EVENT_COUNT; i++)
        if (is_supported(conn, i)) {
            cpmsync_mock_putf(conn, "%s%s", space, EVENTS[i].name);
            space = " ";
        }
    cpmsync_mock_putf(conn, ")] Not all of these events\r\n");
}

/* RFC 5465 3.1: what the STATUS response has to contain. */
static mock_status_set items_of(const struct mock_conn *conn, unsigned events)
{
    bool modseqs = cpmsync_mock_offers(conn, "CONDSTORE") || cpmsync_mock_offers(conn, "QRESYNC");
    mock_status_set items = 1u << MOCK_STATUS_MESSAGES | 1u << MOCK_STATUS_UIDNEXT | 1u << MOCK_STATUS_UIDVALIDITY;
    if (modseqs && (conn->condstore || (events & (MOCK_FLAG_CHANGE | MOCK_ANNOTATION_CHANGE))))
        items |= 1u << MOCK_STATUS_HIGHESTMODSEQ;
    return items;
}

/* What the new set covers: where there is no access to, it is said so; elsewhere the STATUS, if wanted. */
static void put_covered(
    void *ctx, struct mock_conn *conn, struct cpmsync_slice name, const struct mock_mailbox *mailbox)
{
    const struct request *request = (const struct request *)ctx;
    unsigned events = mailbox ? cpmsync_mock_events_of(conn, mailbox->owner, name) : 0;
    if (!events || mailbox->noselect)
        return;
    if (!(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_R)) {
        cpmsync_mock_put_list(conn, name, mailbox, MOCK_LIST_NO_ACCESS);
        cpmsync_mock_putf(conn, "\r\n");
    } else if (request->status && (events & MOCK_MESSAGE_EVENTS) && conn->mailbox != mailbox)
        cpmsync_mock_put_status(conn, mailbox, items_of(conn, events));
}

/* An implicit NOOP: what happened so far is told as if nobody had asked for events. */
static void install(struct mock_conn *conn, struct request *request)
{
    conn->view_changes = 0;
    cpmsync_mock_notify_clear(conn->mock->mem, &conn->notify);
    cpmsync_mock_tell(conn, true);
    conn->notify = request->notify;
    conn->notify.used = true;
    memset(&request->notify, 0, sizeof request->notify);
    cpmsync_mock_for_each_listed(conn, put_covered, request);
    cpmsync_mock_ok(conn, "NOTIFY completed");
}

static bool notify_set(struct mock_conn *conn, struct mock_parser *p)
{
    struct request request;
    memset(&request, 0, sizeof request);
    bool valid = read_set(conn, p, &request);
    if (valid && request.unsupported)
        refuse_events(conn);
    else if (valid && conn->mock->faults.notify_refuse)
        cpmsync_mock_no(conn, "[NOTIFICATIONOVERFLOW] Too much to watch");
    else if (valid)
        install(conn, &request);
    cpmsync_mock_notify_clear(conn->mock->mem, &request.notify);
    return valid;
}

/* notify = "NOTIFY" SP (notify-set / "NONE") */
bool cpmsync_mock_cmd_notify(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    (void)uid;
    if (!cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_read_word(p, "SET"))
        return notify_set(conn, p);
    if (!cpmsync_mock_read_word(p, "NONE") || !cpmsync_mock_read_end(p))
        return false;
    cpmsync_mock_notify_clear(conn->mock->mem, &conn->notify);
    conn->notify.used = true;
    cpmsync_mock_ok(conn, "NOTIFY completed");
    return true;
}
