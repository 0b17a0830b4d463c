/* SPDX-License-Identifier: MIT */
#include "sync/recognise.h"

#include <stdlib.h>

#include "wire/mailbox_name.h"

/* A listed mailbox by its identifier, or by the name it had. */
struct mark {
    struct cpmsync_slice text;
    struct cpmsync_roster_entry *entry;
};

struct marks {
    struct mark *marks;
    size_t count;
};

struct search {
    struct cpmsync_roster *roster;
    struct cpmsync_slice fresh;
    struct cpmsync_renames *renames;
    struct marks ids;
    struct marks oldnames;
};

static bool is_there(const struct cpmsync_roster_entry *entry)
{
    return entry && entry->listed && !entry->closed;
}

static int order(const void *a, const void *b)
{
    return cpmsync_slice_cmp(((const struct mark *)a)->text, ((const struct mark *)b)->text);
}

/* Of the mailboxes that can be selected. `oldname`: by the names they had, else by identifiers. */
static int collect(const struct cpmsync_roster *roster, bool oldname, struct marks *marks)
{
    size_t kept = 0;

    for (size_t i = 0; i < roster->count; i++)
        marks->count += (oldname ? roster->entries[i].oldname : roster->entries[i].mailboxid) != NULL;
    if (marks->count == 0)
        return 0;
    marks->marks = cpmsync_mem_resize(roster->mem, NULL, marks->count, sizeof *marks->marks);
    if (!marks->marks)
        return CPMSYNC_ERR_NOMEM;
    for (size_t i = 0; i < roster->count; i++) {
        struct cpmsync_roster_entry *entry = &roster->entries[i];
        const char *text = oldname ? entry->oldname : entry->mailboxid;
        if (!text || !is_there(entry))
            continue;
        marks->marks[kept].text = cpmsync_slice_str(text);
        marks->marks[kept++].entry = entry;
    }
    marks->count = kept;
    qsort(marks->marks, kept, sizeof *marks->marks, order);
    return 0;
}

static bool is_same(const struct marks *marks, size_t a, size_t b)
{
    return b < marks->count && cpmsync_slice_eq(marks->marks[a].text, marks->marks[b].text);
}

/* NULL if there is none, or more than one. */
static struct cpmsync_roster_entry *find(const struct marks *marks, struct cpmsync_slice text)
{
    struct mark wanted = {text, NULL};
    const struct mark *found = marks->count ? bsearch(&wanted, marks->marks, marks->count, sizeof wanted, order) : NULL;

    if (!found || text.len == 0)
        return NULL;
    size_t at = (size_t)(found - marks->marks);
    bool alone = !is_same(marks, at, at + 1) && (at == 0 || !is_same(marks, at, at - 1));
    return alone ? found->entry : NULL;
}

static bool has_uidvalidity(const struct cpmsync_roster_entry *entry, uint32_t uidvalidity)
{
    return (entry->items & CPMSYNC_STATUS_UIDVALIDITY) && entry->uidvalidity == uidvalidity;
}

/* INBOX stays when it is renamed (RFC 3501 6.3.5), and so does what is still there as it was. */
static bool may_have_gone(const struct cpmsync_store_mailbox *record, const struct cpmsync_roster_entry *home)
{
    struct cpmsync_slice name = cpmsync_slice_of(record->name, record->name_len);

    if (cpmsync_slice_is(name, "INBOX"))
        return false;
    return !is_there(home) || ((home->items & CPMSYNC_STATUS_UIDVALIDITY) && home->uidvalidity != record->uidvalidity);
}

/* ---- doubts */

struct doubts {
    struct cpmsync_roster *roster;
    struct cpmsync_roster_entry **entries; /* what is there, by UIDVALIDITY */
    size_t count;
    size_t found;
};

static int by_uidvalidity(const void *a, const void *b)
{
    uint32_t one = (*(struct cpmsync_roster_entry *const *)a)->uidvalidity;
    uint32_t other = (*(struct cpmsync_roster_entry *const *)b)->uidvalidity;

    return (one > other) - (one < other);
}

/* Those of this UIDVALIDITY, of another name. */
static void doubt(struct doubts *doubts, uint32_t uidvalidity, const struct cpmsync_roster_entry *home)
{
    size_t low = 0, high = doubts->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (doubts->entries[middle]->uidvalidity < uidvalidity)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < doubts->count && doubts->entries[low]->uidvalidity == uidvalidity; low++) {
        struct cpmsync_roster_entry *entry = doubts->entries[low];
        doubts->found += entry != home && !entry->doubtful;
        entry->doubtful = entry->doubtful || entry != home;
    }
}

static int find_doubts(void *ctx, const struct cpmsync_store_mailbox *record)
{
    struct doubts *doubts = ctx;
    struct cpmsync_slice name = cpmsync_slice_of(record->name, record->name_len);
    struct cpmsync_roster_entry *home = cpmsync_roster_find(doubts->roster, name);

    if (record->uidvalidity && may_have_gone(record, home) && cpmsync_roster_id_of(record).len)
        doubt(doubts, record->uidvalidity, home);
    return 0;
}

int cpmsync_recognise_doubts(struct cpmsync_roster *roster, const struct cpmsync_store *store, size_t *count)
{
    struct doubts doubts = {roster, NULL, 0, 0};

    *count = 0;
    if (roster->count == 0)
        return 0;
    doubts.entries = cpmsync_mem_resize(roster->mem, NULL, roster->count, sizeof *doubts.entries);
    if (!doubts.entries)
        return CPMSYNC_ERR_NOMEM;
    for (size_t i = 0; i < roster->count; i++) {
        struct cpmsync_roster_entry *entry = &roster->entries[i];
        if (is_there(entry) && (entry->items & CPMSYNC_STATUS_UIDVALIDITY))
            doubts.entries[doubts.count++] = entry;
    }
    qsort(doubts.entries, doubts.count, sizeof *doubts.entries, by_uidvalidity);
    int error = store->ops->mailbox_each(store->self, find_doubts, &doubts);
    cpmsync_mem_free(roster->mem, doubts.entries);
    *count = doubts.found;
    return error;
}

/* ---- names */

/* What is listed below `above` as `rest` says, which begins with the delimiter. */
static struct cpmsync_roster_entry *find_below(
    const struct search *search, const struct cpmsync_roster_entry *above, struct cpmsync_slice rest, int *error)
{
    struct cpmsync_roster_entry *found = NULL;
    struct cpmsync_buf name;

    cpmsync_buf_init(&name, search->roster->mem, CPMSYNC_MAILBOX_NAME_MAX);
    int added = cpmsync_buf_add(&name, above->key, above->len);
    if (!added)
        added = cpmsync_buf_add_slice(&name, rest);
    if (!added)
        found = cpmsync_roster_find(search->roster, cpmsync_buf_slice(&name));
    if (added == CPMSYNC_ERR_NOMEM)
        *error = added;
    cpmsync_buf_clear(&name);
    return found;
}

/* The mailbox that had this name, or is below one that had the beginning of it: no word of it alone need come (N-10). */
static struct cpmsync_roster_entry *find_by_oldname(const struct search *search, struct cpmsync_slice name, int *error)
{
    struct cpmsync_roster_entry *found = find(&search->oldnames, name);

    for (size_t len = name.len; !found && len-- > 1 && !*error && search->roster->delimiter;) {
        if (name.data[len] != (uint8_t)search->roster->delimiter)
            continue;
        struct cpmsync_roster_entry *above = find(&search->oldnames, cpmsync_slice_of(name.data, len));
        if (above)
            found = find_below(search, above, cpmsync_slice_of(name.data + len, name.len - len), error);
    }
    return found;
}

static int recognise(void *ctx, const struct cpmsync_store_mailbox *record)
{
    struct search *search = ctx;
    struct cpmsync_slice name = cpmsync_slice_of(record->name, record->name_len);
    struct cpmsync_roster_entry *home = cpmsync_roster_find(search->roster, name);
    struct cpmsync_slice id = cpmsync_roster_id_of(record);
    struct cpmsync_roster_entry *found = find(&search->ids, id);
    int error = 0;

    if (!record->uidvalidity)
        return 0;
    if (!found && search->oldnames.count && may_have_gone(record, home)) {
        found = find_by_oldname(search, name, &error);
        if (found && id.len && found->mailboxid)
            found = NULL; /* it is another one by its identifier */
    }
    if (found && found == home && has_uidvalidity(home, record->uidvalidity))
        home->settled = !cpmsync_slice_eq(name, search->fresh);
    if (error || !is_there(found) || found == home || found->claimed || !has_uidvalidity(found, record->uidvalidity))
        return error;
    found->claimed = true;
    return cpmsync_renames_add(search->renames, name, cpmsync_slice_of(found->key, found->len), record->uidvalidity);
}

/* What is cached under its own name already needs no other cache. */
static void drop_settled(const struct search *search)
{
    for (size_t i = search->renames->count; i-- > 0;) {
        struct cpmsync_slice to = cpmsync_slice_str(search->renames->steps[i].to);
        if (cpmsync_roster_find(search->roster, to)->settled) /* it was found there */
            cpmsync_renames_remove(search->renames, i);
    }
}

int cpmsync_recognise(struct cpmsync_roster *roster, const struct cpmsync_store *store, struct cpmsync_slice fresh,
    struct cpmsync_renames *renames)
{
    struct search search = {roster, fresh, renames, {NULL, 0}, {NULL, 0}};
    int error = collect(roster, false, &search.ids);

    for (size_t i = 0; i < roster->count; i++)
        roster->entries[i].claimed = roster->entries[i].settled = false;
    if (!error)
        error = collect(roster, true, &search.oldnames);
    if (!error && (search.ids.count || search.oldnames.count))
        error = store->ops->mailbox_each(store->self, recognise, &search);
    if (!error)
        drop_settled(&search);
    cpmsync_mem_free(roster->mem, search.ids.marks);
    cpmsync_mem_free(roster->mem, search.oldnames.marks);
    return error;
}
