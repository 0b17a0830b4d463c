/* SPDX-License-Identifier: MIT */
/* LIST and LSUB (RFC 3501 6.3.8, 6.3.9), extended (5258), with STATUS (5819) and special uses (6154). */
#include "mock_acl.h"
#include "mock_session.h"

#include <stdlib.h>

enum { PATTERNS_MAX = 64 };
enum { SELECT_SUBSCRIBED = 1, SELECT_REMOTE = 2, SELECT_RECURSIVE = 4, SELECT_USE = 8 };
enum { RETURN_SUBSCRIBED = 1, RETURN_CHILDREN = 2, RETURN_USE = 4, RETURN_STATUS = 8 };

struct option {
    const char *name;
    const char *capability;
    unsigned bit;
};

static const struct option SELECT_OPTIONS[] = {{"SUBSCRIBED", "LIST-EXTENDED", SELECT_SUBSCRIBED},
    {"REMOTE", "LIST-EXTENDED", SELECT_REMOTE}, {"RECURSIVEMATCH", "LIST-EXTENDED", SELECT_RECURSIVE},
    {"SPECIAL-USE", "SPECIAL-USE", SELECT_USE}};

static const struct option RETURN_OPTIONS[] = {{"SUBSCRIBED", "LIST-EXTENDED", RETURN_SUBSCRIBED},
    {"CHILDREN", "LIST-EXTENDED", RETURN_CHILDREN}, {"SPECIAL-USE", "SPECIAL-USE", RETURN_USE},
    {"STATUS", "LIST-STATUS", RETURN_STATUS}};

/* A name that may be listed. */
struct entry {
    struct cpmsync_slice name;
    struct cpmsync_slice spelled;       /* as the client knows it, and matches it */
    const struct mock_mailbox *mailbox; /* NULL where it is none, or none the user may list */
    bool level;                         /* it is none, and there are some below it */
};

struct list {
    bool extended;
    bool several; /* patterns in parentheses */
    unsigned select;
    unsigned returns;
    mock_status_set items;
    size_t status_lines;
    size_t pattern_count;
    size_t ends[PATTERNS_MAX]; /* of each pattern in `canonical`, the reference before it */
    bool empty[PATTERNS_MAX];
    struct cpmsync_buf canonical;
    struct entry *entries; /* each name once */
    size_t entry_count;
    size_t entry_capacity;
};

/* INBOX matches in any case. */
static bool matches_mailbox(struct cpmsync_slice pattern, struct cpmsync_slice name, uint8_t delimiter)
{
    return cpmsync_mock_matches(pattern, name, delimiter) ||
           (cpmsync_mock_is_inbox(name) && cpmsync_mock_is_inbox(pattern));
}

static void put_delimiter_and_name(struct mock_conn *conn, struct cpmsync_slice name)
{
    char delimiter = conn->mock->store.delimiter;
    cpmsync_mock_putf(conn, "\"%s%c\" ", delimiter == '\\' ? "\\" : "", delimiter);
    cpmsync_mock_put_mailbox(conn, name);
}

/* ---- arguments ---- */

static struct cpmsync_slice pattern_at(const struct list *list, size_t index)
{
    size_t start = index ? list->ends[index - 1] : 0;
    return cpmsync_mock_behind(cpmsync_slice_of(cpmsync_buf_slice(&list->canonical).data, list->ends[index]), start);
}

static bool add_pattern(struct list *list, struct cpmsync_slice reference, struct cpmsync_slice pattern)
{
    if (list->pattern_count == PATTERNS_MAX || cpmsync_buf_add_slice(&list->canonical, reference) != 0 ||
        cpmsync_buf_add_slice(&list->canonical, pattern) != 0)
        return false;
    list->empty[list->pattern_count] = pattern.len == 0;
    list->ends[list->pattern_count++] = list->canonical.len;
    return true;
}

static bool read_pattern(struct mock_parser *p, struct list *list, struct cpmsync_slice reference)
{
    struct cpmsync_slice pattern;
    return cpmsync_mock_read_list_mailbox(p, &pattern) && add_pattern(list, reference, pattern);
}

static bool read_option(struct mock_conn *conn, struct mock_parser *p, const struct option *options, size_t count,
    unsigned *chosen, unsigned *bit)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if (!cpmsync_mock_read_word(p, options[i].name))
            continue;
        *bit = options[i].bit;
        *chosen |= *bit;
        return cpmsync_mock_offers(conn, options[i].capability);
    }
    return false;
}

/* "(" [list-select-opt *(SP list-select-opt)] ")"; RECURSIVEMATCH modifies a base option, of which SUBSCRIBED is the only */
static bool read_select_options(struct mock_conn *conn, struct mock_parser *p, struct list *list)
{
    unsigned bit;
    list->extended = true;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    if (cpmsync_mock_read_char(p, ')'))
        return true;
    do
        if (!read_option(conn, p, SELECT_OPTIONS, sizeof SELECT_OPTIONS / sizeof *SELECT_OPTIONS, &list->select, &bit))
            return false;
    while (cpmsync_mock_read_sp(p));
    if ((list->select & SELECT_RECURSIVE) && !(list->select & SELECT_SUBSCRIBED))
        return false;
    return cpmsync_mock_read_char(p, ')');
}

/* "RETURN" SP "(" [return-option *(SP return-option)] ")" */
static bool read_return_options(struct mock_conn *conn, struct mock_parser *p, struct list *list)
{
    unsigned bit;
    list->extended = true;
    if (!cpmsync_mock_read_word(p, "RETURN") || !cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '('))
        return false;
    if (cpmsync_mock_read_char(p, ')'))
        return true;
    do {
        if (!read_option(conn, p, RETURN_OPTIONS, sizeof RETURN_OPTIONS / sizeof *RETURN_OPTIONS, &list->returns, &bit))
            return false;
        if (bit == RETURN_STATUS &&
            (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_status_items(conn, p, &list->items)))
            return false;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")" */
static bool read_patterns(struct mock_parser *p, struct list *list, struct cpmsync_slice reference)
{
    if (!cpmsync_mock_read_char(p, '('))
        return read_pattern(p, list, reference);
    list->extended = list->several = true;
    do
        if (!read_pattern(p, list, reference))
            return false;
    while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* IMAP4rev2 brings the extended syntax, several patterns not (RFC 9051 C). */
static bool may_be_read(const struct mock_conn *conn, const struct list *list)
{
    bool advertised = cpmsync_mock_advertises(conn, "LIST-EXTENDED") || cpmsync_mock_advertises(conn, "LIST-STATUS") ||
                      cpmsync_mock_advertises(conn, "SPECIAL-USE");
    return advertised || !list->extended || (cpmsync_mock_is_rev2(conn) && !list->several);
}

/* list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts] */
static bool read_list(struct mock_conn *conn, struct mock_parser *p, struct list *list)
{
    struct cpmsync_slice reference;
    if (!cpmsync_mock_read_sp(p))
        return false;
    if (cpmsync_mock_peek(p, '(') && (!read_select_options(conn, p, list) || !cpmsync_mock_read_sp(p)))
        return false;
    if (!cpmsync_mock_read_astring(p, &reference) || !cpmsync_mock_read_sp(p) || !read_patterns(p, list, reference))
        return false;
    if (cpmsync_mock_read_sp(p) && !read_return_options(conn, p, list))
        return false;
    return cpmsync_mock_read_end(p) && may_be_read(conn, list);
}

/* ---- which names ---- */

/* By name, and of the same names what is known to be there first. */
static int by_name(const void *a, const void *b)
{
    const struct entry *x = (const struct entry *)a, *y = (const struct entry *)b;
    int order = cpmsync_slice_cmp(x->name, y->name);
    if (order)
        return order;
    return (y->mailbox || y->level) - (x->mailbox || x->level);
}

static void entry_clear(struct mock_conn *conn, struct entry *entry)
{
    cpmsync_mock_disown(conn->mock->mem, &entry->name);
    cpmsync_mock_disown(conn->mock->mem, &entry->spelled);
}

static void add_entry(struct mock_conn *conn, struct list *list, struct cpmsync_slice name,
    const struct mock_mailbox *mailbox, bool level)
{
    if (list->entry_count == list->entry_capacity) {
        size_t grown = list->entry_capacity ? list->entry_capacity * 2 : 16;
        struct entry *entries =
            (struct entry *)cpmsync_mem_resize(conn->mock->mem, list->entries, grown, sizeof *entries);
        if (!entries) {
            conn->broken = true;
            return;
        }
        list->entries = entries;
        list->entry_capacity = grown;
    }
    struct entry entry = {cpmsync_mock_own(conn->mock->mem, name), {NULL, 0}, mailbox, level};
    struct cpmsync_buf spelled;
    cpmsync_buf_init(&spelled, conn->mock->mem, 65536);
    if (cpmsync_mock_spell(conn, name, &spelled) == 0)
        entry.spelled = cpmsync_mock_own(conn->mock->mem, cpmsync_buf_slice(&spelled));
    cpmsync_buf_clear(&spelled);
    if (entry.name.data && entry.spelled.data)
        list->entries[list->entry_count++] = entry;
    else {
        entry_clear(conn, &entry);
        conn->broken = true;
    }
}

static void add_listed(void *ctx, struct mock_conn *conn, struct cpmsync_slice name, const struct mock_mailbox *mailbox)
{
    add_entry(conn, (struct list *)ctx, name, mailbox, !mailbox);
}

/* Every mailbox; every subscription too where they count, and what they are below: it may not exist. */
static void collect(struct mock_conn *conn, struct list *list)
{
    const struct mock_user *user = conn->user;
    size_t kept = 0, i, len;
    cpmsync_mock_for_each_listed(conn, add_listed, list);
    if (!(list->select & SELECT_SUBSCRIBED))
        return;
    for (i = 0; i < user->subscription_count; i++) {
        struct cpmsync_slice name = user->subscriptions[i];
        for (len = 1; len <= name.len; len++)
            if (len == name.len || name.data[len] == (uint8_t)conn->mock->store.delimiter)
                add_entry(conn, list, cpmsync_slice_of(name.data, len), NULL, false);
    }
    if (list->entry_count)
        qsort(list->entries, list->entry_count, sizeof *list->entries, by_name);
    for (i = 0; i < list->entry_count; i++)
        if (kept == 0 || !cpmsync_slice_eq(list->entries[kept - 1].name, list->entries[i].name))
            list->entries[kept++] = list->entries[i];
        else
            entry_clear(conn, &list->entries[i]);
    list->entry_count = kept;
}

/* A level that is no mailbox is listed where a `%` at the end asks for it (RFC 3501 6.3.8). */
static bool matches_any(const struct mock_conn *conn, const struct list *list, struct cpmsync_slice name, bool as_level)
{
    size_t i;
    for (i = 0; i < list->pattern_count; i++) {
        struct cpmsync_slice pattern = pattern_at(list, i);
        if (!list->empty[i] && (!as_level || pattern.data[pattern.len - 1] == '%') &&
            matches_mailbox(pattern, name, (uint8_t)conn->mock->store.delimiter))
            return true;
    }
    return false;
}

/* Special uses are their owner's own. */
static bool has_use(const struct mock_conn *conn, const struct mock_mailbox *mailbox)
{
    return mailbox && mailbox->owner == conn->user && mailbox->uses;
}

/* The selection criteria, RECURSIVEMATCH aside. */
static bool satisfies(const struct mock_conn *conn, const struct list *list, const struct entry *entry)
{
    if (entry->mailbox && entry->mailbox->remote && !(list->select & SELECT_REMOTE))
        return false;
    if ((list->select & SELECT_USE) && !has_use(conn, entry->mailbox))
        return false;
    if (list->select & SELECT_SUBSCRIBED)
        return cpmsync_mock_subscribed(conn->user, entry->name);
    return entry->mailbox || (entry->level && matches_any(conn, list, entry->spelled, true));
}

/* RFC 5258 3.5: whether a name below satisfies the criteria, and, with `hidden`, is not listed itself. */
static bool has_descendant(
    const struct mock_conn *conn, const struct list *list, struct cpmsync_slice name, bool hidden)
{
    size_t i;
    for (i = 0; i < list->entry_count; i++)
        if (cpmsync_mock_is_below(&conn->mock->store, list->entries[i].name, name) &&
            satisfies(conn, list, &list->entries[i]) &&
            !(hidden && matches_any(conn, list, list->entries[i].spelled, false)))
            return true;
    return false;
}

/* ---- the answer ---- */

static const char *existence(const struct mock_conn *conn, const struct mock_mailbox *mailbox, unsigned shows)
{
    if (shows & MOCK_LIST_NO_ACCESS)
        return "\\NoAccess ";
    if (!mailbox)
        return shows & MOCK_LIST_PLAIN ? "\\Noselect " : "\\NonExistent ";
    if (mailbox->noselect)
        return "\\Noselect ";
    return (shows & MOCK_LIST_READABLE) && !(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_R) ? "\\Noselect " : "";
}

void cpmsync_mock_put_list(
    struct mock_conn *conn, struct cpmsync_slice name, const struct mock_mailbox *mailbox, unsigned shows)
{
    bool children = mailbox ? cpmsync_mock_shows_children(conn, mailbox) : (shows & MOCK_LIST_LEVEL) != 0;
    unsigned use;
    cpmsync_mock_putf(conn, "* LIST (%s", existence(conn, mailbox, shows));
    if ((shows & MOCK_LIST_SUBSCRIBED) && cpmsync_mock_subscribed(conn->user, name))
        cpmsync_mock_putf(conn, "\\Subscribed ");
    if (mailbox && mailbox->remote)
        cpmsync_mock_putf(conn, "\\Remote ");
    for (use = 0; (shows & MOCK_LIST_USES) && has_use(conn, mailbox) && use < MOCK_USES; use++)
        if (mailbox->uses >> use & 1)
            cpmsync_mock_putf(conn, "%s ", cpmsync_mock_use_name((enum mock_use)use));
    cpmsync_mock_putf(conn, "%s) ", children ? "\\HasChildren" : "\\HasNoChildren");
    put_delimiter_and_name(conn, name);
}

static unsigned shown(const struct mock_conn *conn, const struct list *list)
{
    unsigned shows = list->extended ? 0 : MOCK_LIST_PLAIN;
    if ((list->select & SELECT_SUBSCRIBED) || (list->returns & RETURN_SUBSCRIBED))
        shows |= MOCK_LIST_SUBSCRIBED;
    if ((list->select & SELECT_USE) || (list->returns & RETURN_USE) ||
        (!list->extended && cpmsync_mock_offers(conn, "SPECIAL-USE")))
        shows |= MOCK_LIST_USES;
    if (list->returns & RETURN_STATUS)
        shows |= MOCK_LIST_READABLE;
    return shows;
}

/* Only what can be selected and meets the criteria itself has one (RFC 5819 2). */
static void put_status(struct mock_conn *conn, struct list *list, const struct mock_mailbox *mailbox)
{
    if (!(list->returns & RETURN_STATUS) || !mailbox || mailbox->noselect ||
        !(cpmsync_mock_rights(conn, mailbox) & MOCK_RIGHT_R))
        return;
    if (++list->status_lines != conn->mock->faults.status_missing)
        cpmsync_mock_put_status(conn, mailbox, list->items);
}

static void put_entry(struct mock_conn *conn, struct list *list, const struct entry *entry)
{
    bool recursive = list->select & SELECT_RECURSIVE;
    bool meets = satisfies(conn, list, entry);
    if (!meets && !(recursive && has_descendant(conn, list, entry->name, true)))
        return;
    cpmsync_mock_put_list(conn, entry->name, entry->mailbox, shown(conn, list) | (entry->level ? MOCK_LIST_LEVEL : 0u));
    if (recursive && has_descendant(conn, list, entry->name, false))
        cpmsync_mock_putf(conn, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
    cpmsync_mock_putf(conn, "\r\n");
    if (meets)
        put_status(conn, list, entry->mailbox);
}

static void put_entries(struct mock_conn *conn, struct list *list)
{
    size_t i;
    collect(conn, list);
    for (i = 0; i < list->entry_count && !conn->broken; i++)
        if (matches_any(conn, list, list->entries[i].spelled, false))
            put_entry(conn, list, &list->entries[i]);
    cpmsync_mock_ok(conn, "LIST completed");
}

static void list_init(struct mock_conn *conn, struct list *list)
{
    memset(list, 0, sizeof *list);
    cpmsync_buf_init(&list->canonical, conn->mock->mem, 65536);
}

static void list_clear(struct mock_conn *conn, struct list *list)
{
    size_t i;
    for (i = 0; i < list->entry_count; i++)
        entry_clear(conn, &list->entries[i]);
    cpmsync_mem_free(conn->mock->mem, list->entries);
    cpmsync_buf_clear(&list->canonical);
}

bool cpmsync_mock_cmd_list(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct list list;
    (void)uid;
    list_init(conn, &list);
    bool valid = read_list(conn, p, &list);
    if (valid && (list.items >> MOCK_STATUS_HIGHESTMODSEQ & 1))
        cpmsync_mock_enable_condstore(conn);
    if (valid && !list.extended && list.empty[0]) {
        char delimiter = conn->mock->store.delimiter;
        cpmsync_mock_putf(conn, "* LIST (\\Noselect) \"%s%c\" \"\"\r\n", delimiter == '\\' ? "\\" : "", delimiter);
        cpmsync_mock_ok(conn, "LIST completed");
    } else if (valid)
        put_entries(conn, &list);
    list_clear(conn, &list);
    return valid;
}

/* ---- LSUB ---- */

static bool matches_spelled(struct mock_conn *conn, struct cpmsync_slice pattern, struct cpmsync_slice name)
{
    struct cpmsync_buf spelled;
    cpmsync_buf_init(&spelled, conn->mock->mem, 65536);
    if (cpmsync_mock_spell(conn, name, &spelled) != 0)
        conn->broken = true;
    bool found = matches_mailbox(pattern, cpmsync_buf_slice(&spelled), (uint8_t)conn->mock->store.delimiter);
    cpmsync_buf_clear(&spelled);
    return found;
}

/* With `%` at the end a subscribed child shows its parent as \Noselect (RFC 3501 6.3.9). */
static void put_subscribed_parents(
    struct mock_conn *conn, struct cpmsync_slice pattern, size_t index, uint8_t delimiter)
{
    struct cpmsync_slice name = conn->user->subscriptions[index];
    size_t len, earlier;
    for (len = 1; len < name.len; len++) {
        struct cpmsync_slice parent = cpmsync_slice_of(name.data, len);
        if (name.data[len] != delimiter || !matches_spelled(conn, pattern, parent) ||
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
        cpmsync_mock_putf(conn, "\r\n");
    }
}

/* What is on another server is not listed (RFC 2193). */
static bool is_remote(const struct mock_conn *conn, struct cpmsync_slice name)
{
    const struct mock_mailbox *mailbox = cpmsync_mock_named(conn, name);
    return mailbox && mailbox->remote;
}

bool cpmsync_mock_cmd_lsub(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct list list;
    struct cpmsync_slice reference, pattern = {NULL, 0};
    uint8_t delimiter = (uint8_t)conn->mock->store.delimiter;
    size_t i;
    (void)uid;
    list_init(conn, &list);
    bool valid = cpmsync_mock_read_sp(p) && cpmsync_mock_read_astring(p, &reference) && cpmsync_mock_read_sp(p) &&
                 read_pattern(p, &list, reference) && cpmsync_mock_read_end(p);
    if (valid)
        pattern = pattern_at(&list, 0);
    for (i = 0; valid && i < conn->user->subscription_count; i++) {
        struct cpmsync_slice name = conn->user->subscriptions[i];
        if (is_remote(conn, name))
            continue;
        if (matches_spelled(conn, pattern, name)) {
            cpmsync_mock_putf(conn, "* LSUB () ");
            put_delimiter_and_name(conn, name);
            cpmsync_mock_putf(conn, "\r\n");
        } else if (pattern.len && pattern.data[pattern.len - 1] == '%')
            put_subscribed_parents(conn, pattern, i, delimiter);
    }
    if (valid)
        cpmsync_mock_ok(conn, "LSUB completed");
    list_clear(conn, &list);
    return valid;
}
