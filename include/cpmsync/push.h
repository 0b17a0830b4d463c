/* SPDX-License-Identifier: MIT */
/*
 * What a push says: the payload of a message store notification, read as a hint.
 *
 * A push comes to the app outside of IMAP, from anyone, late, twice, out of order or never. It says at most that something
 * changed, and perhaps where. Nothing is ever deleted, fetched or connected to because of it but by a synchronisation with the
 * configured server (RFC 5551; N-13 to N-16).
 *
 * These forms are read, told apart by their first octets:
 *   EMN    OMA E-Mail Notification 1.0 as XML (text/vnd.wap.emn+xml): <emn mailbox="..." timestamp="..."/>
 *   WBXML  the same in binary (application/vnd.wap.emn+wbxml)
 *   JSON   an object with the parameters of RFC 5423 by name (event, uri, mailboxID, user, uidset, uidnext, modseq, timestamp),
 *          as Cyrus's notification daemon writes it. RFC 5423 names events and parameters and prescribes no form of its own,
 *          and RFC 5551 no payload but what such a notification carries.
 * Mailboxes are named by IMAP URLs (RFC 5092), accounts also by "mailat:" (EMN). What else is in a payload is passed over.
 */
#ifndef CPMSYNC_PUSH_H
#define CPMSYNC_PUSH_H

#include <cpmsync/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cpmsync_client;

/* RFC 5423 4. */
enum cpmsync_push_event {
    CPMSYNC_PUSH_UNKNOWN = 0, /* none was named (EMN names none), or one that is not in the list: something changed */
    CPMSYNC_PUSH_MESSAGE_APPEND,
    CPMSYNC_PUSH_MESSAGE_EXPIRE,
    CPMSYNC_PUSH_MESSAGE_EXPUNGE,
    CPMSYNC_PUSH_MESSAGE_NEW,
    CPMSYNC_PUSH_QUOTA_EXCEED,
    CPMSYNC_PUSH_QUOTA_WITHIN,
    CPMSYNC_PUSH_QUOTA_CHANGE,
    CPMSYNC_PUSH_MESSAGE_READ,
    CPMSYNC_PUSH_MESSAGE_TRASH,
    CPMSYNC_PUSH_FLAGS_SET,
    CPMSYNC_PUSH_FLAGS_CLEAR,
    CPMSYNC_PUSH_LOGIN,
    CPMSYNC_PUSH_LOGOUT,
    CPMSYNC_PUSH_MAILBOX_CREATE,
    CPMSYNC_PUSH_MAILBOX_DELETE,
    CPMSYNC_PUSH_MAILBOX_RENAME,
    CPMSYNC_PUSH_MAILBOX_SUBSCRIBE,
    CPMSYNC_PUSH_MAILBOX_UNSUBSCRIBE
};

/* Octets, the NUL included. What would not fit is left out whole, for a part of a name is another name. */
enum { CPMSYNC_PUSH_MAILBOX_MAX = 256, CPMSYNC_PUSH_USER_MAX = 256, CPMSYNC_PUSH_HOST_MAX = 256 };

/* "" and 0: not said. */
struct cpmsync_push_hint {
    size_t size; /* set by the caller */
    enum cpmsync_push_event event;
    char mailbox[CPMSYNC_PUSH_MAILBOX_MAX]; /* UTF-8 */
    char user[CPMSYNC_PUSH_USER_MAX];       /* whose; for choosing among clients, never for a login */
    char host[CPMSYNC_PUSH_HOST_MAX];       /* likewise; never to connect to */
    uint32_t uidvalidity;
    uint32_t uid; /* of the message it is about; 0 also if there are several */
    uint32_t uidnext;
    uint64_t modseq;
    int64_t time_ms; /* when it was made: milliseconds since 1970, UTC */
};

/*
 * Reads a payload. Needs no memory; takes time in proportion to `len`; any octets are borne.
 * Returns 0 with *hint filled, perhaps with nothing but zeros: still a push. CPMSYNC_ERR_UNSUPPORTED if it is none of the forms
 * above (or an EMN in WBXML that ends too early), CPMSYNC_ERR_INVALID_ARGUMENT for NULL or a wrong size.
 */
CPMSYNC_API int cpmsync_push_parse(const uint8_t *octets, size_t len, struct cpmsync_push_hint *hint);

/*
 * Gives a hint to the client whose account it is about: the trigger PUSH (trigger.h), for the mailbox, or the account if it names
 * none or is about mailboxes coming and going. Not a trigger: a login, a logout, a quota, and a mod-sequence that the cache
 * of that mailbox has reached already (N-14). Only notes it, and is legal inside callbacks.
 * Returns 0, CPMSYNC_ERR_STATE without a policy, CPMSYNC_ERR_INVALID_ARGUMENT.
 */
CPMSYNC_API int cpmsync_client_push(struct cpmsync_client *client, const struct cpmsync_push_hint *hint);

#ifdef __cplusplus
}
#endif
#endif
