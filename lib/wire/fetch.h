/* SPDX-License-Identifier: MIT */
/* The msg-att list of a FETCH response (RFC 3501 7.4.2, 7162 7): items in any order, unknown ones skipped whole. */
#ifndef CPMSYNC_WIRE_FETCH_H
#define CPMSYNC_WIRE_FETCH_H

#include "base/slice.h"

enum cpmsync_fetch_items {
    CPMSYNC_FETCH_UID = 1,
    CPMSYNC_FETCH_FLAGS = 2,
    CPMSYNC_FETCH_MODSEQ = 4,
    CPMSYNC_FETCH_INTERNALDATE = 8,
    CPMSYNC_FETCH_SIZE = 16,
    CPMSYNC_FETCH_ENVELOPE = 32,
    CPMSYNC_FETCH_BODYSTRUCTURE = 64, /* BODYSTRUCTURE or BODY without a section */
    CPMSYNC_FETCH_SECTION = 128,      /* at least one BODY[..], RFC822, RFC822.HEADER, RFC822.TEXT, BINARY[..] */
    CPMSYNC_FETCH_UNKNOWN = 256,
    CPMSYNC_FETCH_UID_ZERO = 512 /* the UID that no message has: the number before FETCH names none either (PF-58) */
};

struct cpmsync_fetch {
    unsigned items; /* which members are set. UID 0 and MODSEQ 0, negative or above 2^63-1 are not (PF-27, PF-58) */
    uint32_t uid;
    uint64_t modseq;
    uint64_t size;
    struct cpmsync_slice flags;         /* inside the parentheses, checked: walk with cpmsync_lex_flag */
    struct cpmsync_slice internaldate;  /* inside the quotes */
    struct cpmsync_slice envelope;      /* with parentheses, balanced */
    struct cpmsync_slice bodystructure; /* likewise */
    struct cpmsync_slice sections;      /* from the first section item on: walk with cpmsync_fetch_section */
};

/* A BODY[..], BINARY[..] or RFC822.. item. */
struct cpmsync_fetch_section {
    struct cpmsync_slice name;    /* "BODY", "BINARY", "RFC822", "RFC822.HEADER", ... */
    struct cpmsync_slice section; /* inside the brackets */
    bool has_origin;
    uint64_t origin;
    bool nil;
    bool external; /* the octets were streamed; `value` is empty, `size` is theirs */
    uint64_t size;
    bool quoted; /* value still has its backslashes */
    struct cpmsync_slice value;
};

/*
 * Parses `text` = "(item SP item ...)". `depth` is the deepest nesting of parentheses allowed (G-09, PF-121).
 * Returns 0, CPMSYNC_ERR_PROTOCOL, or CPMSYNC_ERR_LIMIT for depth.
 */
int cpmsync_fetch_parse(struct cpmsync_slice text, unsigned depth, struct cpmsync_fetch *fetch);

/* The next section item of *sections, which is advanced. 1, or 0 at the end. */
int cpmsync_fetch_section(struct cpmsync_slice *sections, struct cpmsync_fetch_section *section);

#endif
