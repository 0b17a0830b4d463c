/* SPDX-License-Identifier: MIT */
/* Response codes: what stands in brackets in a status response (RFC 3501 7.1, 4315, 5530, 7162, ...). */
#ifndef CPMSYNC_WIRE_CODE_H
#define CPMSYNC_WIRE_CODE_H

#include "base/slice.h"

enum cpmsync_code_type {
    CPMSYNC_CODE_NONE, /* no brackets */
    CPMSYNC_CODE_UNKNOWN,
    CPMSYNC_CODE_ALERT,
    CPMSYNC_CODE_ALREADYEXISTS,
    CPMSYNC_CODE_APPENDUID, /* args */
    CPMSYNC_CODE_AUTHENTICATIONFAILED,
    CPMSYNC_CODE_AUTHORIZATIONFAILED,
    CPMSYNC_CODE_BADCHARSET, /* args: astrings inside parentheses */
    CPMSYNC_CODE_CANNOT,
    CPMSYNC_CODE_CAPABILITY, /* args: atoms */
    CPMSYNC_CODE_CLIENTBUG,
    CPMSYNC_CODE_CLOSED,
    CPMSYNC_CODE_CONTACTADMIN,
    CPMSYNC_CODE_COPYUID, /* args */
    CPMSYNC_CODE_CORRUPTION,
    CPMSYNC_CODE_EXPIRED,
    CPMSYNC_CODE_EXPUNGEISSUED,
    CPMSYNC_CODE_HIGHESTMODSEQ, /* number; 0 and values above 2^63-1 as they are (PF-27); not a number: UNKNOWN */
    CPMSYNC_CODE_INUSE,
    CPMSYNC_CODE_LIMIT,
    CPMSYNC_CODE_MAILBOXID, /* args: the identifier inside parentheses (RFC 8474 4.1) */
    CPMSYNC_CODE_MODIFIED,  /* args: set */
    CPMSYNC_CODE_NOMODSEQ,
    CPMSYNC_CODE_NONEXISTENT,
    CPMSYNC_CODE_NOPERM,
    CPMSYNC_CODE_NOTIFICATIONOVERFLOW,
    CPMSYNC_CODE_OVERQUOTA,
    CPMSYNC_CODE_PARSE,
    CPMSYNC_CODE_PERMANENTFLAGS, /* args: flags inside parentheses */
    CPMSYNC_CODE_PRIVACYREQUIRED,
    CPMSYNC_CODE_READ_ONLY,
    CPMSYNC_CODE_READ_WRITE,
    CPMSYNC_CODE_SERVERBUG,
    CPMSYNC_CODE_TOOBIG,
    CPMSYNC_CODE_TRYCREATE,
    CPMSYNC_CODE_UIDNEXT, /* number */
    CPMSYNC_CODE_UIDNOTSTICKY,
    CPMSYNC_CODE_UIDVALIDITY, /* number; 0 or above 32 bits: UNKNOWN (PF-45) */
    CPMSYNC_CODE_UNAVAILABLE,
    CPMSYNC_CODE_UNSEEN /* number */
};

struct cpmsync_code {
    enum cpmsync_code_type type;
    struct cpmsync_slice name;
    struct cpmsync_slice args; /* behind the name and its SP, to the closing bracket; for lists what is inside () */
    uint64_t number;
};

/*
 * Parses resp-text-code at the start of *text, which begins with '['; *text becomes the human text behind "] ". A known
 * code with lists or strings is read by its own grammar, an unknown one runs to the first ']' (G-12). `more`: the code
 * is a piece and may lack its end. Damaged codes are UNKNOWN: the status counts in any case (G-11). Never fails.
 */
void cpmsync_code_parse(struct cpmsync_slice *text, bool more, struct cpmsync_code *code);

#endif
