/* SPDX-License-Identifier: MIT */
#include "wire/response.h"

#include <cpmsync/error.h>

#include "base/uidset.h"
#include "wire/lex.h"

static struct cpmsync_slice without_end_spaces(struct cpmsync_slice text)
{
    while (text.len && text.data[text.len - 1] == ' ')
        text.len--;
    return text;
}

static enum cpmsync_condition condition_of(struct cpmsync_slice name)
{
    static const char *const names[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
    int i;

    for (i = 0; i < 5; i++) {
        if (cpmsync_slice_is(name, names[i]))
            return (enum cpmsync_condition)(CPMSYNC_CONDITION_OK + i);
    }
    return (enum cpmsync_condition)0;
}

/* resp-text = ["[" resp-text-code "]" SP] text */
static int parse_text(struct cpmsync_slice text, struct cpmsync_response *response)
{
    (void)cpmsync_lex_space(&text);
    response->text = text;
    if (text.len && text.data[0] == '[')
        cpmsync_code_parse(&response->text, response->more, &response->code);
    return 0;
}

/* response-tagged = tag SP resp-cond-state CRLF */
static int parse_tagged(struct cpmsync_slice text, struct cpmsync_response *response)
{
    struct cpmsync_slice name;

    if (!cpmsync_lex_atom(&text, &response->tag) || !cpmsync_lex_space(&text) || !cpmsync_lex_atom(&text, &name))
        return CPMSYNC_ERR_PROTOCOL;
    response->condition = condition_of(name);
    if (response->condition < CPMSYNC_CONDITION_OK || response->condition > CPMSYNC_CONDITION_BAD)
        return CPMSYNC_ERR_PROTOCOL;
    response->type = CPMSYNC_RESPONSE_STATUS;
    response->name = name;
    return parse_text(text, response);
}

static int parse_items(struct cpmsync_slice text, struct cpmsync_response *response)
{
    response->items = without_end_spaces(text);
    return 0;
}

/* "FLAGS" SP flag-list */
static int parse_flags(struct cpmsync_slice text, struct cpmsync_response *response)
{
    if (!cpmsync_lex_flags(&text, response->more, &response->items))
        return CPMSYNC_ERR_PROTOCOL;
    (void)cpmsync_lex_space(&text);
    return text.len ? CPMSYNC_ERR_PROTOCOL : 0;
}

/* "VANISHED" [SP "(EARLIER)"] SP known-uids */
static int parse_vanished(struct cpmsync_slice text, struct cpmsync_response *response)
{
    struct cpmsync_slice word;
    struct cpmsync_range range;
    int result;

    if (cpmsync_lex_char(&text, '(')) {
        (void)cpmsync_lex_space(&text);
        if (!cpmsync_lex_atom(&text, &word) || !cpmsync_slice_is(word, "EARLIER"))
            return CPMSYNC_ERR_PROTOCOL;
        (void)cpmsync_lex_space(&text);
        if (!cpmsync_lex_char(&text, ')'))
            return CPMSYNC_ERR_PROTOCOL;
        response->earlier = true;
        (void)cpmsync_lex_space(&text);
    }
    response->items = without_end_spaces(text);
    text = response->items;
    if (text.len == 0)
        return CPMSYNC_ERR_PROTOCOL;
    do
        result = cpmsync_uidset_parse_next(&text, &range);
    while (result > 0);
    return result;
}

/* "(MODSEQ" SP mod-sequence-value ")"; a value that is none is ignored (PF-27) */
static bool lex_search_modseq(struct cpmsync_slice *text, uint64_t *modseq)
{
    struct cpmsync_slice rest = *text;
    struct cpmsync_slice word;

    if (!cpmsync_lex_char(&rest, '('))
        return false;
    (void)cpmsync_lex_space(&rest);
    if (!cpmsync_lex_atom(&rest, &word) || !cpmsync_slice_is(word, "MODSEQ") || !cpmsync_lex_space(&rest) ||
        !cpmsync_lex_atom(&rest, &word))
        return false;
    (void)cpmsync_slice_number(word, INT64_MAX, modseq);
    (void)cpmsync_lex_space(&rest);
    if (!cpmsync_lex_char(&rest, ')'))
        return false;
    *text = rest;
    return true;
}

/* "SEARCH" [1*(SP nz-number) [SP "(MODSEQ" ...]] */
static int parse_search(struct cpmsync_slice text, struct cpmsync_response *response)
{
    const uint8_t *begin = text.data;
    uint64_t number;

    while (cpmsync_lex_number(&text, UINT32_MAX, &number)) {
        if (number == 0 || (text.len && text.data[0] != ' ' && text.data[0] != '('))
            return CPMSYNC_ERR_PROTOCOL;
        (void)cpmsync_lex_space(&text);
    }
    response->items = without_end_spaces(cpmsync_slice_of(begin, (size_t)(text.data - begin)));
    if (text.len && !lex_search_modseq(&text, &response->modseq))
        return CPMSYNC_ERR_PROTOCOL;
    (void)cpmsync_lex_space(&text);
    return text.len ? CPMSYNC_ERR_PROTOCOL : 0;
}

/* "ESEARCH" [SP "(" "TAG" SP tag-string ")"] [SP "UID"] *(SP search-return-data) */
static int parse_esearch(struct cpmsync_slice text, struct cpmsync_response *response)
{
    struct cpmsync_slice word;
    struct cpmsync_slice rest;
    struct cpmsync_string tag;

    if (cpmsync_lex_char(&text, '(')) {
        (void)cpmsync_lex_space(&text);
        if (!cpmsync_lex_atom(&text, &word) || !cpmsync_slice_is(word, "TAG") || !cpmsync_lex_space(&text) ||
            !cpmsync_lex_string(&text, false, &tag))
            return CPMSYNC_ERR_PROTOCOL;
        (void)cpmsync_lex_space(&text);
        if (!cpmsync_lex_char(&text, ')'))
            return CPMSYNC_ERR_PROTOCOL;
        response->tag_correlator = tag.octets;
        (void)cpmsync_lex_space(&text);
    }
    rest = text;
    if (cpmsync_lex_atom(&rest, &word) && cpmsync_slice_is(word, "UID")) {
        response->uid = true;
        (void)cpmsync_lex_space(&rest);
        text = rest;
    }
    return parse_items(text, response);
}

/* DQUOTE QUOTED-CHAR DQUOTE / nil */
static bool lex_delimiter(struct cpmsync_slice *text, int *delimiter)
{
    struct cpmsync_string string;
    uint8_t octet = 0;

    if (!cpmsync_lex_string(text, true, &string))
        return false;
    *delimiter = cpmsync_string_copy(&string, &octet, 1) == 1 ? octet : -1;
    return true;
}

/* mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended] */
static int parse_list(struct cpmsync_slice text, struct cpmsync_response *response)
{
    struct cpmsync_list *list = &response->list;

    list->delimiter = -1;
    if (!cpmsync_lex_flags(&text, false, &list->attributes))
        return CPMSYNC_ERR_PROTOCOL;
    (void)cpmsync_lex_space(&text);
    if (!lex_delimiter(&text, &list->delimiter) || !cpmsync_lex_space(&text) ||
        !cpmsync_lex_string(&text, false, &list->name))
        return CPMSYNC_ERR_PROTOCOL;
    (void)cpmsync_lex_space(&text);
    list->extended = without_end_spaces(text);
    return text.len && text.data[0] != '(' ? CPMSYNC_ERR_PROTOCOL : 0;
}

/* "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")", each an astring and a value; "OLDNAME" SP "(" mailbox ")" */
bool cpmsync_list_oldname(const struct cpmsync_list *list, struct cpmsync_string *oldname)
{
    struct cpmsync_slice text = list->extended;
    struct cpmsync_string tag;
    struct cpmsync_slice value;

    if (!cpmsync_lex_char(&text, '('))
        return false;
    for (;;) {
        (void)cpmsync_lex_space(&text);
        if (!cpmsync_lex_string(&text, false, &tag) || !cpmsync_lex_space(&text) ||
            !cpmsync_lex_value(&text, CPMSYNC_DEPTH_MAX, &value))
            return false;
        if (!cpmsync_slice_is(tag.octets, "OLDNAME"))
            continue;
        (void)cpmsync_lex_char(&value, '(');
        (void)cpmsync_lex_space(&value);
        return cpmsync_lex_string(&value, false, oldname);
    }
}

bool cpmsync_objectid_is(struct cpmsync_slice octets)
{
    for (size_t i = 0; i < octets.len; i++) {
        uint8_t c = octets.data[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return octets.len >= 1 && octets.len <= CPMSYNC_OBJECTID_MAX;
}

struct status_item {
    const char *name;
    enum cpmsync_status_items item;
    uint64_t max;
};

static const struct status_item status_items[] = {
    {"MESSAGES", CPMSYNC_STATUS_MESSAGES, UINT32_MAX},
    {"RECENT", CPMSYNC_STATUS_RECENT, UINT32_MAX},
    {"UIDNEXT", CPMSYNC_STATUS_UIDNEXT, UINT32_MAX},
    {"UIDVALIDITY", CPMSYNC_STATUS_UIDVALIDITY, UINT32_MAX},
    {"UNSEEN", CPMSYNC_STATUS_UNSEEN, UINT32_MAX},
    {"HIGHESTMODSEQ", CPMSYNC_STATUS_HIGHESTMODSEQ, UINT64_MAX},
    {"SIZE", CPMSYNC_STATUS_SIZE, INT64_MAX},
};

static void store_status_item(struct cpmsync_mailbox_status *status, enum cpmsync_status_items item, uint64_t number)
{
    status->items |= item;
    switch (item) {
    case CPMSYNC_STATUS_MESSAGES:
        status->messages = (uint32_t)number;
        break;
    case CPMSYNC_STATUS_RECENT:
        status->recent = (uint32_t)number;
        break;
    case CPMSYNC_STATUS_UIDNEXT:
        status->uidnext = (uint32_t)number;
        break;
    case CPMSYNC_STATUS_UIDVALIDITY:
        status->uidvalidity = (uint32_t)number;
        break;
    case CPMSYNC_STATUS_UNSEEN:
        status->unseen = (uint32_t)number;
        break;
    case CPMSYNC_STATUS_HIGHESTMODSEQ:
        status->highestmodseq = number;
        break;
    case CPMSYNC_STATUS_SIZE:
        status->size = number;
        break;
    case CPMSYNC_STATUS_MAILBOXID:
        break;
    }
}

/* "MAILBOXID" SP "(" objectid ")"; what is none is ignored */
static void take_mailboxid(struct cpmsync_slice value, struct cpmsync_mailbox_status *status)
{
    if (value.len < 2 || value.data[0] != '(')
        return;
    value = without_end_spaces(cpmsync_slice_of(value.data + 1, value.len - 2));
    (void)cpmsync_lex_space(&value);
    if (!cpmsync_objectid_is(value))
        return;
    status->items |= CPMSYNC_STATUS_MAILBOXID;
    status->mailboxid = value;
}

/* status-att SP number; an unknown item with any value is skipped (G-23) */
static int parse_status_item(struct cpmsync_slice *text, struct cpmsync_mailbox_status *status)
{
    struct cpmsync_slice name;
    struct cpmsync_slice value;
    uint64_t number;
    size_t i;

    if (!cpmsync_lex_atom(text, &name) || !cpmsync_lex_space(text) ||
        !cpmsync_lex_value(text, CPMSYNC_DEPTH_MAX, &value))
        return CPMSYNC_ERR_PROTOCOL;
    if (cpmsync_slice_is(name, "MAILBOXID"))
        take_mailboxid(value, status);
    for (i = 0; i < sizeof(status_items) / sizeof(status_items[0]); i++) {
        if (!cpmsync_slice_is(name, status_items[i].name))
            continue;
        if (!cpmsync_slice_number(value, status_items[i].max, &number))
            return CPMSYNC_ERR_PROTOCOL;
        store_status_item(status, status_items[i].item, number);
    }
    return 0;
}

/* "STATUS" SP mailbox SP "(" [status-att-list] ")" */
static int parse_mailbox_status(struct cpmsync_slice text, struct cpmsync_response *response)
{
    int error;

    if (!cpmsync_lex_string(&text, false, &response->status.name))
        return CPMSYNC_ERR_PROTOCOL;
    (void)cpmsync_lex_space(&text);
    if (!cpmsync_lex_char(&text, '('))
        return CPMSYNC_ERR_PROTOCOL;
    for (;;) {
        (void)cpmsync_lex_space(&text);
        if (cpmsync_lex_char(&text, ')'))
            break;
        error = parse_status_item(&text, &response->status);
        if (error)
            return error;
    }
    (void)cpmsync_lex_space(&text);
    return text.len ? CPMSYNC_ERR_PROTOCOL : 0;
}

struct known_response {
    const char *name;
    enum cpmsync_response_type type;
    int (*parse)(struct cpmsync_slice text, struct cpmsync_response *response);
};

static const struct known_response known_responses[] = {
    {"OK", CPMSYNC_RESPONSE_STATUS, parse_text},
    {"NO", CPMSYNC_RESPONSE_STATUS, parse_text},
    {"BAD", CPMSYNC_RESPONSE_STATUS, parse_text},
    {"BYE", CPMSYNC_RESPONSE_STATUS, parse_text},
    {"PREAUTH", CPMSYNC_RESPONSE_STATUS, parse_text},
    {"CAPABILITY", CPMSYNC_RESPONSE_CAPABILITY, parse_items},
    {"ENABLED", CPMSYNC_RESPONSE_ENABLED, parse_items},
    {"FLAGS", CPMSYNC_RESPONSE_FLAGS, parse_flags},
    {"VANISHED", CPMSYNC_RESPONSE_VANISHED, parse_vanished},
    {"SEARCH", CPMSYNC_RESPONSE_SEARCH, parse_search},
    {"ESEARCH", CPMSYNC_RESPONSE_ESEARCH, parse_esearch},
    {"LIST", CPMSYNC_RESPONSE_LIST, parse_list},
    {"LSUB", CPMSYNC_RESPONSE_LSUB, parse_list},
    {"STATUS", CPMSYNC_RESPONSE_MAILBOX_STATUS, parse_mailbox_status},
    {"NAMESPACE", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"ID", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"ACL", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"LISTRIGHTS", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"MYRIGHTS", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"QUOTA", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"QUOTAROOT", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"METADATA", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"ANNOTATION", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"SORT", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"THREAD", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"GENURLAUTH", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"URLFETCH", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"LANGUAGE", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"COMPARATOR", CPMSYNC_RESPONSE_OTHER, parse_items},
    {"CONVERSION", CPMSYNC_RESPONSE_OTHER, parse_items},
};

static int parse_nothing(struct cpmsync_slice text, struct cpmsync_response *response)
{
    (void)response;
    return text.len ? CPMSYNC_ERR_PROTOCOL : 0;
}

static int parse_fetch(struct cpmsync_slice text, struct cpmsync_response *response)
{
    return cpmsync_fetch_parse(text, CPMSYNC_DEPTH_MAX, &response->fetch);
}

static const struct known_response numbered_responses[] = {
    {"FETCH", CPMSYNC_RESPONSE_FETCH, parse_fetch},
    {"EXISTS", CPMSYNC_RESPONSE_EXISTS, parse_nothing},
    {"EXPUNGE", CPMSYNC_RESPONSE_EXPUNGE, parse_nothing},
    {"RECENT", CPMSYNC_RESPONSE_RECENT, parse_nothing},
};

static const struct known_response *find_response(
    struct cpmsync_slice name, const struct known_response *responses, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (cpmsync_slice_is(name, responses[i].name))
            return &responses[i];
    }
    return NULL;
}

/* message-data and mailbox-data that begin with a number */
static int parse_numbered(struct cpmsync_slice first, struct cpmsync_slice text, struct cpmsync_response *response)
{
    const struct known_response *known;
    struct cpmsync_slice name;
    uint64_t number;

    (void)cpmsync_lex_space(&text);
    response->name = first;
    if (!cpmsync_lex_atom(&text, &name))
        return 0;
    known = find_response(name, numbered_responses, sizeof(numbered_responses) / sizeof(numbered_responses[0]));
    response->name = name;
    if (!known)
        return 0;
    response->type = known->type;
    if (!cpmsync_slice_number(first, UINT32_MAX, &number))
        return CPMSYNC_ERR_PROTOCOL;
    response->number = (uint32_t)number;
    (void)cpmsync_lex_space(&text);
    return known->parse(text, response);
}

static int parse_untagged(struct cpmsync_slice text, struct cpmsync_response *response)
{
    const struct known_response *known;
    struct cpmsync_slice name;

    if (!cpmsync_lex_atom(&text, &name))
        return CPMSYNC_ERR_PROTOCOL;
    if ((name.data[0] >= '0' && name.data[0] <= '9') || name.data[0] == '-')
        return parse_numbered(name, text, response);
    response->name = name;
    known = find_response(name, known_responses, sizeof(known_responses) / sizeof(known_responses[0]));
    if (!known)
        return 0;
    response->type = known->type;
    response->condition = condition_of(name);
    (void)cpmsync_lex_space(&text);
    return known->parse(text, response);
}

/* "* 12 FETCH (", nearly every response of a synchronisation; false leaves it to parse_untagged (bench_parse). */
static bool lex_fetch_head(struct cpmsync_slice *unit, uint32_t *number)
{
    static const char name[] = " FETCH (";
    size_t at = 2;
    uint32_t value = 0;

    if (unit->len < 4 || unit->data[0] != '*' || unit->data[1] != ' ')
        return false;
    for (; at < unit->len && unit->data[at] >= '0' && unit->data[at] <= '9'; at++)
        value = value * 10 + (uint32_t)(unit->data[at] - '0');
    if (at == 2 || at > 11 || unit->len - at < 8 || memcmp(unit->data + at, name, 8) != 0) /* 9 digits fit */
        return false;
    *number = value;
    *unit = cpmsync_slice_of(unit->data + at + 7, unit->len - at - 7);
    return true;
}

int cpmsync_response_parse(struct cpmsync_slice unit, bool more, bool continued, struct cpmsync_response *response)
{
    memset(response, 0, sizeof(*response));
    response->more = more;
    response->continued = continued;
    if (lex_fetch_head(&unit, &response->number)) {
        response->type = CPMSYNC_RESPONSE_FETCH;
        response->name = cpmsync_slice_of(unit.data - 6, 5);
        return parse_fetch(unit, response);
    }
    if (cpmsync_lex_char(&unit, '+')) {
        response->type = CPMSYNC_RESPONSE_CONTINUATION;
        return parse_text(unit, response);
    }
    if (unit.len > 1 && unit.data[0] == '*' && unit.data[1] == ' ') {
        (void)cpmsync_lex_char(&unit, '*');
        (void)cpmsync_lex_space(&unit);
        return parse_untagged(unit, response);
    }
    return parse_tagged(unit, response);
}
