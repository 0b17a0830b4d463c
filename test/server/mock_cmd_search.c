/* SPDX-License-Identifier: MIT */
/* SEARCH and UID SEARCH, with what they return (RFC 3501 6.4.4, 4731, 5182, 7162 3.1.5, 9394 3.1). */
#include "mock_limit.h"
#include "mock_partial.h"
#include "mock_progress.h"
#include "mock_search.h"

struct results {
    bool esearch; /* RETURN was given */
    bool min;
    bool max;
    bool all;
    bool count;
    bool save;
    bool partial;
    struct mock_partial range;
};

struct search {
    bool uid;
    struct mock_search keys;
    struct results results;
    struct mock_set found; /* numbers, or UIDs */
    struct mock_set uids;
    uint64_t modseq; /* highest of all that is found, of the first and of the last */
    uint64_t first_modseq;
    uint64_t last_modseq;
};

static bool read_option(struct mock_conn *conn, struct mock_parser *p, struct results *results)
{
    static const char *const NAMES[] = {"MIN", "MAX", "ALL", "COUNT"};
    bool *const wanted[] = {&results->min, &results->max, &results->all, &results->count};
    size_t i;
    for (i = 0; i < 4; i++)
        if (!*wanted[i] && cpmsync_mock_read_word(p, NAMES[i]))
            return *wanted[i] = true;
    if (!results->save && cpmsync_mock_offers(conn, "SEARCHRES") && cpmsync_mock_read_word(p, "SAVE"))
        return results->save = true;
    if (results->partial || !cpmsync_mock_offers(conn, "PARTIAL") || !cpmsync_mock_read_word(p, "PARTIAL"))
        return false;
    results->partial = true;
    return cpmsync_mock_read_sp(p) && cpmsync_mock_read_partial(p, &results->range);
}

/* In IMAP4rev2 every SEARCH returns something (RFC 9051 6.4.4). */
static bool returns_all(const struct mock_conn *conn, struct results *results)
{
    results->esearch = results->all = cpmsync_mock_is_rev2(conn);
    return true;
}

/* search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" */
static bool read_return(struct mock_conn *conn, struct mock_parser *p, struct results *results)
{
    if (!cpmsync_mock_offers(conn, "ESEARCH") || !cpmsync_mock_read_word(p, "RETURN"))
        return returns_all(conn, results);
    results->esearch = true;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_char(p, '('))
        return false;
    if (!cpmsync_mock_peek(p, ')')) {
        do
            if (!read_option(conn, p, results))
                return false;
        while (cpmsync_mock_read_sp(p));
    } else
        results->all = true;
    return cpmsync_mock_read_char(p, ')') && cpmsync_mock_read_sp(p) && !(results->partial && results->all);
}

/* The message at this place, if it is one that is looked for. */
static const struct mock_message *match(struct mock_conn *conn, const struct search *search, size_t index)
{
    const struct mock_message *message = cpmsync_mock_message_of(conn->mailbox, conn->view[index].uid);
    return message && cpmsync_mock_search_matches(conn, &search->keys, index, message) ? message : NULL;
}

/* Where to begin, so that no more is found than MESSAGELIMIT allows: the lower ones are left out. */
static size_t first_of(struct mock_conn *conn, const struct search *search)
{
    uint64_t limit = conn->mock->faults.message_limit, matched = 0;
    size_t first = 0, i;
    if (!cpmsync_mock_offers(conn, "MESSAGELIMIT"))
        return 0;
    for (i = conn->view_count; i > 0; i--) {
        if (!match(conn, search, i - 1))
            continue;
        if (matched++ == limit) {
            conn->limited_to = conn->view[first].uid;
            return first;
        }
        first = i - 1;
    }
    return 0;
}

static void find(struct mock_conn *conn, struct search *search)
{
    size_t first = first_of(conn, search), i;
    for (i = first; i < conn->view_count; i++) {
        cpmsync_mock_tell_progress(conn, i - first, conn->view_count - first);
        const struct mock_message *message = match(conn, search, i);
        if (!message)
            continue;
        uint32_t name = search->uid ? message->uid : (uint32_t)(i + 1);
        if (!search->uids.count)
            search->first_modseq = message->modseq;
        search->last_modseq = message->modseq;
        search->modseq = message->modseq > search->modseq ? message->modseq : search->modseq;
        if (!cpmsync_mock_set_append(&search->found, name, name) ||
            !cpmsync_mock_set_append(&search->uids, message->uid, message->uid))
            conn->broken = true;
    }
}

static void put_search(struct mock_conn *conn, const struct search *search)
{
    size_t i;
    cpmsync_mock_putf(conn, "* SEARCH");
    for (i = 0; i < search->found.count; i++) {
        uint64_t number = search->found.ranges[i].first;
        for (; number <= search->found.ranges[i].last; number++)
            cpmsync_mock_putf(conn, " %llu", (unsigned long long)number);
    }
    if (search->keys.has_modseq && search->modseq)
        cpmsync_mock_putf(conn, " (MODSEQ %llu)", (unsigned long long)search->modseq);
    cpmsync_mock_putf(conn, "\r\n");
}

/* Of what is told: of all, unless only MIN, or MAX, or both were asked for (RFC 4731 3.2). */
static uint64_t modseq_of(const struct search *search)
{
    const struct results *results = &search->results;
    uint64_t modseq = 0;
    if (results->all || results->count || results->partial || (!results->min && !results->max))
        return search->modseq;
    if (results->min)
        modseq = search->first_modseq;
    if (results->max && search->last_modseq > modseq)
        modseq = search->last_modseq;
    return modseq;
}

/* `found` without the ranges that stand outside the results PARTIAL asked for. */
static void cut_out(
    struct mock_conn *conn, const struct search *search, const struct mock_set *whole, struct mock_set *set)
{
    if (!cpmsync_mock_partial_of(&search->results.range, whole, set))
        conn->broken = true;
}

static void put_partial(struct mock_conn *conn, const struct search *search)
{
    const struct mock_partial *range = &search->results.range;
    const char *minus = range->from_end ? "-" : "";
    struct mock_set part;
    cpmsync_mock_set_init(&part, conn->mock->mem);
    cut_out(conn, search, &search->found, &part);
    cpmsync_mock_putf(
        conn, " PARTIAL (%s%lu:%s%lu ", minus, (unsigned long)range->first, minus, (unsigned long)range->last);
    if (part.count)
        cpmsync_mock_put_set(conn, &part);
    else
        cpmsync_mock_putf(conn, "NIL");
    cpmsync_mock_putf(conn, ")");
    cpmsync_mock_set_clear(&part);
}

/* "*" SP "ESEARCH" [SP "(" "TAG" SP string ")"] [SP "UID"] *(SP search-return-data) */
static void put_esearch(struct mock_conn *conn, const struct search *search)
{
    const struct results *results = &search->results;
    const struct mock_set *found = &search->found;
    uint64_t modseq = modseq_of(search);
    if (!results->min && !results->max && !results->all && !results->count && !results->partial)
        return; /* SAVE alone is answered by nothing (RFC 5182 2.1) */
    cpmsync_mock_putf(conn, "* ESEARCH (TAG ");
    cpmsync_mock_put_string(conn, cpmsync_slice_of(conn->tag, conn->tag_len));
    cpmsync_mock_putf(conn, ")%s", search->uid ? " UID" : "");
    if (results->min && found->count)
        cpmsync_mock_putf(conn, " MIN %lu", (unsigned long)found->ranges[0].first);
    if (results->max && found->count)
        cpmsync_mock_putf(conn, " MAX %lu", (unsigned long)cpmsync_mock_set_highest(found));
    if (results->all && found->count) {
        cpmsync_mock_putf(conn, " ALL ");
        cpmsync_mock_put_set(conn, found);
    }
    if (results->partial)
        put_partial(conn, search);
    if (results->count)
        cpmsync_mock_putf(conn, " COUNT %llu", (unsigned long long)cpmsync_mock_set_size(found));
    if (search->keys.has_modseq && modseq)
        cpmsync_mock_putf(conn, " MODSEQ %llu", (unsigned long long)modseq);
    cpmsync_mock_putf(conn, "\r\n");
}

static bool add_uid(struct mock_set *set, uint32_t uid)
{
    return cpmsync_mock_set_append(set, uid, uid);
}

/* "$": all that was found, unless less was asked for (RFC 5182 2.4, 9394 3.2). */
static void save(struct mock_conn *conn, struct search *search)
{
    const struct results *results = &search->results;
    struct mock_set *saved = &conn->saved, *uids = &search->uids;
    cpmsync_mock_set_clear(saved);
    if (results->all || results->count || (!results->min && !results->max && !results->partial)) {
        struct mock_set empty = *saved;
        *saved = *uids;
        *uids = empty;
        return;
    }
    if (results->partial)
        cut_out(conn, search, uids, saved);
    if ((results->min && uids->count && !add_uid(saved, uids->ranges[0].first)) ||
        (results->max && uids->count && !add_uid(saved, cpmsync_mock_set_highest(uids))))
        conn->broken = true;
    cpmsync_mock_set_resolve(saved, 0);
}

static void run(struct mock_conn *conn, struct search *search)
{
    if (search->keys.has_modseq)
        cpmsync_mock_enable_condstore(conn);
    if (search->keys.has_numbers)
        conn->expunges = false; /* RFC 7162 3.2.10.2: numbers in the criteria */
    find(conn, search);
    if (search->results.esearch)
        put_esearch(conn, search);
    else
        put_search(conn, search);
    if (search->results.save)
        save(conn, search);
    cpmsync_mock_ok_limited(conn, "SEARCH completed");
}

/* A SEARCH that fails leaves an empty result behind if it was to be saved (RFC 5182 2.1). */
static void refuse(struct mock_conn *conn, const struct search *search, const char *text)
{
    if (search->results.save)
        cpmsync_mock_set_clear(&conn->saved);
    cpmsync_mock_no(conn, text);
}

bool cpmsync_mock_cmd_search(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct search search;
    memset(&search, 0, sizeof search);
    search.uid = uid;
    cpmsync_mock_set_init(&search.found, conn->mock->mem);
    cpmsync_mock_set_init(&search.uids, conn->mock->mem);
    bool valid = cpmsync_mock_read_sp(p) && read_return(conn, p, &search.results) &&
                 cpmsync_mock_search_read(conn, p, &search.keys);
    if (valid && search.keys.bad_charset)
        refuse(conn, &search, MOCK_BAD_CHARSET);
    else if (valid && search.results.save && conn->mock->faults.not_saved)
        refuse(conn, &search, "[NOTSAVED] No room for a result");
    else if (valid)
        run(conn, &search);
    cpmsync_mock_search_clear(conn, &search.keys);
    cpmsync_mock_set_clear(&search.found);
    cpmsync_mock_set_clear(&search.uids);
    return valid;
}
