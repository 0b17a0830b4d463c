/* SPDX-License-Identifier: MIT */
/*
 * One typed response from one unit of the framer (RFC 3501 7 and 9, 5161, 7162). Slices point into the unit.
 */
#ifndef CPMSYNC_WIRE_RESPONSE_H
#define CPMSYNC_WIRE_RESPONSE_H

#include "wire/code.h"
#include "wire/fetch.h"

enum cpmsync_response_type {
    CPMSYNC_RESPONSE_UNKNOWN,        /* skipped whole (G-14); `name` says which */
    CPMSYNC_RESPONSE_CONTINUATION,   /* `+`; text */
    CPMSYNC_RESPONSE_STATUS,         /* tagged if `tag` is not empty */
    CPMSYNC_RESPONSE_CAPABILITY,     /* items: atoms */
    CPMSYNC_RESPONSE_ENABLED,        /* items: atoms, maybe none */
    CPMSYNC_RESPONSE_FLAGS,          /* items: flags */
    CPMSYNC_RESPONSE_EXISTS,         /* number */
    CPMSYNC_RESPONSE_RECENT,         /* number */
    CPMSYNC_RESPONSE_EXPUNGE,        /* number */
    CPMSYNC_RESPONSE_FETCH,          /* number, fetch */
    CPMSYNC_RESPONSE_VANISHED,       /* earlier, items: set, walk with cpmsync_uidset_parse_next; checked */
    CPMSYNC_RESPONSE_SEARCH,         /* items: numbers separated by SP; modseq */
    CPMSYNC_RESPONSE_ESEARCH,        /* tag_correlator, uid, items: the return data, raw */
    CPMSYNC_RESPONSE_LIST,           /* list */
    CPMSYNC_RESPONSE_LSUB,           /* list */
    CPMSYNC_RESPONSE_MAILBOX_STATUS, /* status */
    CPMSYNC_RESPONSE_OTHER /* known by name, left to its command: `name`, `items` is the rest, raw. NAMESPACE, ID,
                                      ACL, LISTRIGHTS, MYRIGHTS, QUOTA, QUOTAROOT, METADATA, SORT, THREAD, ... */
};

enum cpmsync_condition {
    CPMSYNC_CONDITION_OK = 1,
    CPMSYNC_CONDITION_NO,
    CPMSYNC_CONDITION_BAD,
    CPMSYNC_CONDITION_BYE,    /* untagged */
    CPMSYNC_CONDITION_PREAUTH /* untagged */
};

/* A string value as it stands: an atom, a quoted string (escapes still inside) or a literal. */
struct cpmsync_string {
    enum { CPMSYNC_STRING_NIL, CPMSYNC_STRING_ATOM, CPMSYNC_STRING_QUOTED, CPMSYNC_STRING_LITERAL } form;
    struct cpmsync_slice octets;
};

struct cpmsync_list {
    struct cpmsync_slice attributes; /* inside the parentheses */
    int delimiter;                   /* an octet, or -1 for NIL */
    struct cpmsync_string name;      /* never NIL: NIL here is a name (G-06) */
    struct cpmsync_slice extended;   /* extended data behind the name, raw */
};

/* The OLDNAME among the extended data, the name the mailbox had before (RFC 9051 6.3.9.7). False if there is none. */
bool cpmsync_list_oldname(const struct cpmsync_list *list, struct cpmsync_string *oldname);

enum cpmsync_status_items {
    CPMSYNC_STATUS_MESSAGES = 1,
    CPMSYNC_STATUS_RECENT = 2,
    CPMSYNC_STATUS_UIDNEXT = 4,
    CPMSYNC_STATUS_UIDVALIDITY = 8,
    CPMSYNC_STATUS_UNSEEN = 16,
    CPMSYNC_STATUS_HIGHESTMODSEQ = 32,
    CPMSYNC_STATUS_SIZE = 64,
    CPMSYNC_STATUS_MAILBOXID = 128
};

struct cpmsync_mailbox_status {
    struct cpmsync_string name;
    unsigned items;
    uint32_t messages, recent, uidnext, uidvalidity, unseen;
    uint64_t highestmodseq, size;
    struct cpmsync_slice mailboxid;
};

struct cpmsync_response {
    enum cpmsync_response_type type;
    bool more;      /* a piece: further ones follow */
    bool continued; /* a piece that is not the first */

    struct cpmsync_slice tag; /* STATUS */
    enum cpmsync_condition condition;
    struct cpmsync_code code;
    struct cpmsync_slice text; /* STATUS, CONTINUATION; may be empty (G-16) */

    struct cpmsync_slice name;
    uint32_t number;
    bool earlier;
    bool uid;
    uint64_t modseq;
    struct cpmsync_slice tag_correlator;
    struct cpmsync_slice items;
    struct cpmsync_fetch fetch;
    struct cpmsync_list list;
    struct cpmsync_mailbox_status status;
};

enum { CPMSYNC_DEPTH_MAX = 64 };

/* An identifier of RFC 8474 7: 1 to 255 of A-Z a-z 0-9 _ -, opaque, in which case counts (O-01). */
enum { CPMSYNC_OBJECTID_MAX = 255 };
bool cpmsync_objectid_is(struct cpmsync_slice octets);

/*
 * Parses a unit. Returns 0; CPMSYNC_ERR_PROTOCOL if the line is damaged in a way that loses its meaning. An untagged
 * response whose own grammar is damaged yields this error too, with `type` and `name` set as far as known: framing is
 * intact, and the caller decides whether the mailbox is still to be trusted. CPMSYNC_ERR_LIMIT for depth.
 */
int cpmsync_response_parse(struct cpmsync_slice unit, bool more, bool continued, struct cpmsync_response *response);

#endif
