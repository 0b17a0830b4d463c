/* SPDX-License-Identifier: MIT */
#include "sync/roster.h"

#include <stdlib.h>

#include "sync/lacking.h"
#include "wire/lex.h"
#include "wire/mailbox_name.h"

void cpmsync_roster_init(struct cpmsync_roster *roster, const struct cpmsync_allocator *mem, size_t max)
{
    memset(roster, 0, sizeof *roster);
    roster->mem = mem;
    roster->max = max;
}

static void clear_entry(struct cpmsync_roster *roster, struct cpmsync_roster_entry *entry)
{
    cpmsync_mem_free(roster->mem, entry->key);
    cpmsync_mem_free(roster->mem, entry->mailboxid);
    cpmsync_mem_free(roster->mem, entry->oldname);
}

void cpmsync_roster_clear(struct cpmsync_roster *roster)
{
    for (size_t i = 0; i < roster->count; i++)
        clear_entry(roster, &roster->entries[i]);
    cpmsync_mem_free(roster->mem, roster->entries);
    bool utf8 = roster->utf8;
    cpmsync_roster_init(roster, roster->mem, roster->max);
    roster->utf8 = utf8;
}

/* ---- what is told */

static struct cpmsync_slice key_of(const struct cpmsync_roster_entry *entry)
{
    return cpmsync_slice_of(entry->key, entry->len);
}

static struct cpmsync_roster_entry *add(struct cpmsync_roster *roster, struct cpmsync_slice key)
{
    if (roster->count == roster->capacity) {
        size_t capacity = roster->capacity ? 2 * roster->capacity : 64;
        struct cpmsync_roster_entry *entries =
            cpmsync_mem_resize(roster->mem, roster->entries, capacity, sizeof *entries);
        if (!entries) {
            roster->error = CPMSYNC_ERR_NOMEM;
            return NULL;
        }
        roster->entries = entries;
        roster->capacity = capacity;
    }
    struct cpmsync_roster_entry *entry = &roster->entries[roster->count];
    memset(entry, 0, sizeof *entry);
    entry->key = cpmsync_mem_copy(roster->mem, key.data, key.len);
    entry->len = key.len;
    entry->place = roster->count;
    if (!entry->key)
        roster->error = CPMSYNC_ERR_NOMEM;
    else
        roster->count++;
    return entry->key ? entry : NULL;
}

/* CPMSYNC_ERR_INVALID_ARGUMENT for a name that can be none of ours. */
static int key_of_wire(const struct cpmsync_roster *roster, const struct cpmsync_string *name, struct cpmsync_buf *key)
{
    uint8_t octets[CPMSYNC_MAILBOX_NAME_MAX];
    size_t len = cpmsync_string_copy(name, octets, sizeof octets);

    if (len == SIZE_MAX || len == 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_mailbox_name_decode(cpmsync_slice_of(octets, len), roster->utf8, key);
}

/* The entry of a name on the wire: the last one where it is the same, since a STATUS follows its LIST (RFC 5819 2); else a
 * new one, which sort unites with its like. NULL with `error` set, or for a name too long to be one of ours. */
static struct cpmsync_roster_entry *named(struct cpmsync_roster *roster, const struct cpmsync_string *name)
{
    struct cpmsync_roster_entry *entry = roster->count ? &roster->entries[roster->count - 1] : NULL;
    struct cpmsync_buf key;

    cpmsync_buf_init(&key, roster->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = key_of_wire(roster, name, &key);
    if (error == CPMSYNC_ERR_INVALID_ARGUMENT)
        return NULL;
    if (error)
        entry = NULL;
    else if (roster->sorted)
        entry = cpmsync_roster_find(roster, cpmsync_buf_slice(&key));
    else if (!entry || !cpmsync_slice_eq(key_of(entry), cpmsync_buf_slice(&key)))
        entry = roster->count < 2 * roster->max ? add(roster, cpmsync_buf_slice(&key)) : NULL;
    if (error == CPMSYNC_ERR_NOMEM)
        roster->error = error;
    else if (!error && !entry && !roster->error && !roster->sorted)
        roster->error = CPMSYNC_ERR_LIMIT;
    cpmsync_buf_clear(&key);
    return entry;
}

/* The attribute that says that it cannot be selected, the one that says most; NULL if there is none (Y-04). */
static const char *closed_by(struct cpmsync_slice attributes)
{
    static const char *const CLOSED[] = {"\\NonExistent", "\\NoAccess", "\\Noselect"};
    size_t found = sizeof CLOSED / sizeof CLOSED[0];
    struct cpmsync_slice attribute;

    while (cpmsync_lex_item(&attributes, &attribute))
        for (size_t i = 0; i < found; i++)
            if (cpmsync_slice_is(attribute, CLOSED[i]))
                found = i;
    return found < sizeof CLOSED / sizeof CLOSED[0] ? CLOSED[found] : NULL;
}

/* Takes over `text`; NULL is ignored. */
static void replace(struct cpmsync_roster *roster, char **place, char *text)
{
    if (!text)
        return;
    cpmsync_mem_free(roster->mem, *place);
    *place = text;
}

static void copy(struct cpmsync_roster *roster, char **place, struct cpmsync_slice octets)
{
    char *text = cpmsync_mem_copy(roster->mem, octets.data, octets.len);

    if (!text)
        roster->error = CPMSYNC_ERR_NOMEM;
    replace(roster, place, text);
}

static void take_list(
    struct cpmsync_roster *roster, struct cpmsync_roster_entry *entry, const struct cpmsync_list *list)
{
    const char *closed = closed_by(list->attributes);
    struct cpmsync_string oldname;
    struct cpmsync_buf key;

    entry->closed = closed;
    entry->listed = !closed;
    if (list->delimiter > 0)
        roster->delimiter = list->delimiter;
    if (!cpmsync_list_oldname(list, &oldname))
        return;
    cpmsync_buf_init(&key, roster->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = key_of_wire(roster, &oldname, &key);
    if (error == CPMSYNC_ERR_NOMEM)
        roster->error = error;
    else if (!error)
        copy(roster, &entry->oldname, cpmsync_buf_slice(&key));
    cpmsync_buf_clear(&key);
}

static void take_status(
    struct cpmsync_roster *roster, struct cpmsync_roster_entry *entry, const struct cpmsync_mailbox_status *status)
{
    if (status->items & CPMSYNC_STATUS_MAILBOXID)
        copy(roster, &entry->mailboxid, status->mailboxid);
    entry->items |= status->items;
    if (status->items & CPMSYNC_STATUS_UIDVALIDITY)
        entry->uidvalidity = status->uidvalidity;
    if (status->items & CPMSYNC_STATUS_UIDNEXT)
        entry->uidnext = status->uidnext;
    if (status->items & CPMSYNC_STATUS_MESSAGES)
        entry->messages = status->messages;
    if (status->items & CPMSYNC_STATUS_HIGHESTMODSEQ)
        entry->highestmodseq = status->highestmodseq;
}

int cpmsync_roster_data(struct cpmsync_roster *roster, const struct cpmsync_response *response)
{
    bool list = response->type == CPMSYNC_RESPONSE_LIST;

    if (roster->error || (!list && response->type != CPMSYNC_RESPONSE_MAILBOX_STATUS))
        return roster->error;
    struct cpmsync_roster_entry *entry = named(roster, list ? &response->list.name : &response->status.name);
    if (!entry)
        return roster->error;
    if (list)
        take_list(roster, entry, &response->list);
    else
        take_status(roster, entry, &response->status);
    return roster->error;
}

/* ---- side by side */

static int order(const void *a, const void *b)
{
    const struct cpmsync_roster_entry *one = a;
    const struct cpmsync_roster_entry *other = b;
    size_t len = one->len < other->len ? one->len : other->len;
    int differ = memcmp(one->key, other->key, len);

    return differ ? differ : (one->len > other->len) - (one->len < other->len);
}

/* Of one mailbox what was told later behind: qsort need not keep it there. */
static int order_told(const void *a, const void *b)
{
    const struct cpmsync_roster_entry *one = a;
    const struct cpmsync_roster_entry *other = b;
    int differ = order(a, b);

    return differ ? differ : (one->place > other->place) - (one->place < other->place);
}

/* `more` was told of the same mailbox, later. */
static void unite(struct cpmsync_roster *roster, struct cpmsync_roster_entry *entry, struct cpmsync_roster_entry *more)
{
    struct cpmsync_mailbox_status status;

    memset(&status, 0, sizeof status);
    status.items = more->items & ~(unsigned)CPMSYNC_STATUS_MAILBOXID;
    status.uidvalidity = more->uidvalidity;
    status.uidnext = more->uidnext;
    status.messages = more->messages;
    status.highestmodseq = more->highestmodseq;
    take_status(roster, entry, &status);
    replace(roster, &entry->mailboxid, more->mailboxid);
    replace(roster, &entry->oldname, more->oldname);
    if (more->listed || more->closed) {
        entry->listed = more->listed;
        entry->closed = more->closed;
    }
    cpmsync_mem_free(roster->mem, more->key);
}

static void sort(struct cpmsync_roster *roster)
{
    size_t kept = 0;

    roster->sorted = true;
    if (roster->error || roster->count == 0)
        return;
    qsort(roster->entries, roster->count, sizeof *roster->entries, order_told);
    for (size_t i = 1; i < roster->count; i++) {
        struct cpmsync_roster_entry *entry = &roster->entries[i];
        if (order(&roster->entries[kept], entry) == 0) {
            unite(roster, &roster->entries[kept], entry);
        } else {
            roster->entries[++kept] = *entry;
        }
    }
    roster->count = kept + 1;
}

int cpmsync_roster_sort(struct cpmsync_roster *roster)
{
    sort(roster);
    if (!roster->error && roster->count > roster->max)
        roster->error = CPMSYNC_ERR_LIMIT;
    return roster->error;
}

int cpmsync_roster_add(struct cpmsync_roster *roster, struct cpmsync_slice key)
{
    if (!roster->error)
        add(roster, key);
    return roster->error;
}

bool cpmsync_roster_has_oldnames(const struct cpmsync_roster *roster)
{
    for (size_t i = 0; i < roster->count; i++)
        if (roster->entries[i].oldname)
            return true;
    return false;
}

int cpmsync_roster_take_oldnames(struct cpmsync_roster *roster, struct cpmsync_roster *from)
{
    for (size_t i = 0; i < from->count && !roster->error; i++) {
        struct cpmsync_roster_entry *told = &from->entries[i];
        struct cpmsync_roster_entry *entry = told->oldname ? add(roster, key_of(told)) : NULL;
        if (!entry)
            continue;
        entry->oldname = told->oldname;
        told->oldname = NULL;
    }
    return roster->error;
}

struct cpmsync_roster_entry *cpmsync_roster_find(const struct cpmsync_roster *roster, struct cpmsync_slice key)
{
    struct cpmsync_roster_entry wanted;

    memset(&wanted, 0, sizeof wanted);
    wanted.key = (char *)(uintptr_t)key.data;
    wanted.len = key.len;
    return roster->count && key.len ? bsearch(&wanted, roster->entries, roster->count, sizeof wanted, order) : NULL;
}

/* Every UID below uidnext was fetched. */
static bool covers_all(const struct cpmsync_store_mailbox *record)
{
    if (record->covered_count == 0)
        return false;
    return record->covered_count == 1 && record->covered[0].first == 1 &&
           record->covered[0].last == record->uidnext - 1;
}

static bool is_unchanged(const struct cpmsync_roster_entry *entry, const struct cpmsync_store_mailbox *record)
{
    unsigned all =
        CPMSYNC_STATUS_UIDVALIDITY | CPMSYNC_STATUS_UIDNEXT | CPMSYNC_STATUS_MESSAGES | CPMSYNC_STATUS_HIGHESTMODSEQ;

    return (entry->items & all) == all && record->uidvalidity && record->uidvalidity == entry->uidvalidity &&
           record->highestmodseq && record->highestmodseq == entry->highestmodseq &&
           record->uidnext == entry->uidnext && record->messages == entry->messages &&
           (covers_all(record) || (entry->uidnext == 1 && entry->messages == 0)) &&
           !(record->flags & CPMSYNC_MAILBOX_MARKED);
}

struct cpmsync_slice cpmsync_roster_id_of(const struct cpmsync_store_mailbox *record)
{
    struct cpmsync_slice id = cpmsync_slice_of(NULL, 0);

    (void)cpmsync_extra_get(cpmsync_slice_of(record->extra, record->extra_len), CPMSYNC_EXTRA_MAILBOXID, &id);
    return id;
}

static int compare(void *ctx, const struct cpmsync_store_mailbox *record)
{
    struct cpmsync_roster *roster = ctx;
    struct cpmsync_slice key = cpmsync_slice_of(record->name, record->name_len);
    struct cpmsync_roster_entry *entry = cpmsync_roster_find(roster, key);

    if (!entry)
        return 0;
    entry->stored = record->uidvalidity != 0;
    entry->resumed = record->highestmodseq && record->covered_count;
    bool lacks = roster->fields && cpmsync_lacking_any(record, roster->fields);
    if (entry->state == CPMSYNC_ROSTER_DIFFERS && !lacks && is_unchanged(entry, record))
        entry->state = CPMSYNC_ROSTER_UNCHANGED;
    return 0;
}

/* Of what is stored: entries of all, so that what was not listed is among them. */
static int add_stored(void *ctx, const struct cpmsync_store_mailbox *record)
{
    struct cpmsync_roster *roster = ctx;

    if (record->uidvalidity)
        add(roster, cpmsync_slice_of(record->name, record->name_len));
    return roster->error;
}

int cpmsync_roster_compare(struct cpmsync_roster *roster, const struct cpmsync_store *store)
{
    if (roster->error)
        return roster->error;
    int error = store->ops->mailbox_each(store->self, add_stored, roster);
    if (!error)
        sort(roster);
    for (size_t i = 0; !error && i < roster->count; i++) {
        struct cpmsync_roster_entry *entry = &roster->entries[i];
        entry->state = entry->closed   ? CPMSYNC_ROSTER_CLOSED
                       : entry->listed ? CPMSYNC_ROSTER_DIFFERS
                                       : CPMSYNC_ROSTER_MISSING;
    }
    if (!error)
        error = store->ops->mailbox_each(store->self, compare, roster);
    roster->error = error;
    return error;
}

int cpmsync_roster_compare_told(struct cpmsync_roster *roster, const struct cpmsync_store *store)
{
    for (size_t i = 0; i < roster->count; i++)
        roster->entries[i].state = roster->entries[i].closed ? CPMSYNC_ROSTER_CLOSED : CPMSYNC_ROSTER_DIFFERS;
    if (!roster->error)
        roster->error = store->ops->mailbox_each(store->self, compare, roster);
    for (size_t i = 0; i < roster->count; i++)
        if (roster->entries[i].closed && roster->entries[i].stored)
            roster->entries[i].state = CPMSYNC_ROSTER_MISSING;
    return roster->error;
}

void cpmsync_roster_hint(const struct cpmsync_roster_entry *entry, struct cpmsync_status_hint *hint)
{
    unsigned needed = CPMSYNC_STATUS_UIDVALIDITY | CPMSYNC_STATUS_UIDNEXT | CPMSYNC_STATUS_MESSAGES;

    memset(hint, 0, sizeof *hint);
    if ((entry->items & needed) != needed)
        return;
    hint->uidvalidity = entry->uidvalidity;
    hint->uidnext = entry->uidnext;
    hint->messages = entry->messages;
}
