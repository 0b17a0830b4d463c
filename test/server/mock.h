/* SPDX-License-Identifier: MIT */
/*
 * The mock Message Storage Server: a real IMAP server over one store in memory, for tests. This face does no I/O: the
 * caller carries the bytes, so a test needs no socket, no thread and no clock. cpm-mockserver is this face on TCP and TLS.
 *
 * It is deterministic: the same seed and the same calls give the same bytes. Several users and connections at once; what
 * one connection changes the others see by the rules of RFC 3501 and RFC 7162. Everything belongs to one thread.
 *
 * Functions that can fail return 0 (or what they say) and a negative `enum cpmsync_error` otherwise. A user NULL is the
 * first user added. Mailbox names are as on the wire (modified UTF-7). Sets are texts such as "1,3:5".
 */
#ifndef CPMSYNC_MOCK_H
#define CPMSYNC_MOCK_H

#include <cpmsync/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cpmsync_mock;

enum { CPMSYNC_MOCK_FROM_CLIENT = 0, CPMSYNC_MOCK_TO_CLIENT = 1 };

struct cpmsync_mock_config {
    size_t size;
    const struct cpmsync_allocator *allocator; /* must outlive the server; NULL is malloc */
    uint64_t seed;                             /* UIDVALIDITYs, nonces and salts derive from it */
    const char *capabilities; /* advertise exactly these (blank-separated); what is not advertised does not work either;
                                 NULL is everything there is */
    int starttls;             /* offer STARTTLS on connections that are not secure */
    int require_tls;          /* LOGINDISABLED, and no AUTH=, on connections that are not secure */
    int64_t expunge_log;      /* expunges a mailbox remembers; 0 is 1,000,000, CPMSYNC_OFF none */
    int64_t max_literal;      /* octets; 0 is 64 MiB */
    int64_t scram_iterations; /* 0 is 4096 */
    char delimiter;           /* of the mailbox hierarchy; 0 is '/' */
    /* Sees every octet that goes in and out, as it is fed and as it is first shown by `output`; what is compressed on
     * the wire (COMPRESS) is seen as it is without. May be NULL. */
    void (*trace)(void *ctx, int conn, int direction, const void *data, size_t len);
    void *trace_ctx;
};

/* A server without users. NULL for a wrong configuration or lack of memory. */
struct cpmsync_mock *cpmsync_mock_new(const struct cpmsync_mock_config *config);
void cpmsync_mock_free(struct cpmsync_mock *mock);

/* ---- connections ---- */

/* A client connected, over TLS already if `secure`. Returns the connection's number (1, 2, ...) or an error; the greeting
 * is in its output. */
int cpmsync_mock_connect(struct cpmsync_mock *mock, int secure);

/* What the I/O layer knows of a connection's TLS; what it does not is NULL, and what needs it is not offered then. */
struct cpmsync_mock_channel {
    size_t size;
    const char *client; /* the name in the client's certificate: EXTERNAL */
    /* Channel bindings for SCRAM-SHA-*-PLUS: tls-server-end-point, tls-unique (RFC 5929), tls-exporter (RFC 9266) */
    const void *server_end_point;
    size_t server_end_point_len;
    const void *unique;
    size_t unique_len;
    const void *exporter;
    size_t exporter_len;
};

/* The same over a TLS that is known; everything is copied. */
int cpmsync_mock_connect_over(struct cpmsync_mock *mock, const struct cpmsync_mock_channel *channel);

/*
 * Octets came from the client. Complete commands are executed in order, as long as less than 1 MiB of output waits;
 * the rest when output is acknowledged. CPMSYNC_ERR_CLOSED once the server has closed, _NOMEM, _NOT_FOUND.
 */
int cpmsync_mock_feed(struct cpmsync_mock *mock, int conn, const void *data, size_t len);

/* What waits for the client: *data is valid until the next call. Returns how many octets. */
size_t cpmsync_mock_output(struct cpmsync_mock *mock, int conn, const void **data);

/* `len` octets of the output went out. May execute further commands. */
void cpmsync_mock_ack(struct cpmsync_mock *mock, int conn, size_t len);

/* 1 when STARTTLS was answered OK: once the output is empty, shake hands and call `secured`. What was fed behind the
 * command is gone (RFC 3501 6.2.1); nothing may be fed in between. */
int cpmsync_mock_wants_starttls(struct cpmsync_mock *mock, int conn);
void cpmsync_mock_secured(struct cpmsync_mock *mock, int conn);
/* The same over a TLS that is known. */
int cpmsync_mock_secured_over(struct cpmsync_mock *mock, int conn, const struct cpmsync_mock_channel *channel);

/* 1 when the connection is to be closed as soon as its output is empty, or there is no such connection. */
int cpmsync_mock_closed(struct cpmsync_mock *mock, int conn);

/* The connection is gone; its number is not used again. */
void cpmsync_mock_disconnect(struct cpmsync_mock *mock, int conn);

/* ---- the store, behind the clients' backs ---- */

/* A user with an empty INBOX. */
int cpmsync_mock_user_add(struct cpmsync_mock *mock, const char *user, const char *password);

/* The token OAUTHBEARER takes for this user; NULL: none. */
int cpmsync_mock_user_token(struct cpmsync_mock *mock, const char *user, const char *token);

/* Whether the user is a CPM Participating Function, which may log in for any other (SASL's authorization identity). */
int cpmsync_mock_user_participating(struct cpmsync_mock *mock, const char *user, int on);

/* The name may hold octets above 127, as old servers' names do; CREATE takes no such name. */
int cpmsync_mock_mailbox_create(struct cpmsync_mock *mock, const char *user, const char *mailbox);
/* Connections that have it selected get BYE. */
int cpmsync_mock_mailbox_delete(struct cpmsync_mock *mock, const char *user, const char *mailbox);
int cpmsync_mock_mailbox_rename(struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *to);

/* A name need not be a mailbox's to be subscribed to. */
int cpmsync_mock_subscription(struct cpmsync_mock *mock, const char *user, const char *mailbox, int on);

/* Its special uses (RFC 6154), such as "\\Sent \\Drafts"; "" for none. */
int cpmsync_mock_special_use(struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *uses);

/* Whether the mailbox is on another server: \Noselect, and listed by LIST (REMOTE) only. */
int cpmsync_mock_remote(struct cpmsync_mock *mock, const char *user, const char *mailbox, int on);

/*
 * A message arrives. `flags` is a blank-separated list or NULL. `internaldate` is in seconds since 1970, 0 is the
 * server's clock, which starts at a fixed date and moves a second with each arrival. Returns the UID or an error.
 */
int64_t cpmsync_mock_deliver(struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *flags,
    int64_t internaldate, const void *data, size_t len);

/* `count` made-up messages of about `octets` (0: some hundred) each, with lines in them that look like answers. */
int cpmsync_mock_generate(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t count, size_t octets);

/* `change` is "+\\Seen $x" (adds), "-\\Seen" (removes) or "\\Seen" (replaces). One mod-sequence for all of them, and
 * none if nothing changes. Absent UIDs are ignored. */
int cpmsync_mock_flag(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *uids, const char *change);

/* Absent UIDs are ignored. Returns how many went, or an error. */
int cpmsync_mock_expunge(struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *uids);

/* A new, greater UIDVALIDITY, and the messages numbered from 1 again. Connections that have it selected get BYE. */
int cpmsync_mock_uidvalidity_change(struct cpmsync_mock *mock, const char *user, const char *mailbox);

/* Forgets which messages were expunged. */
int cpmsync_mock_drop_expunge_log(struct cpmsync_mock *mock, const char *user, const char *mailbox);

/* Whether the mailbox has no persistent mod-sequences (NOMODSEQ). */
int cpmsync_mock_nomodseq(struct cpmsync_mock *mock, const char *user, const char *mailbox, int on);

/* A limit of the user's quota root: "STORAGE" in units of 1024 octets, "MESSAGE" or "MAILBOX"; CPMSYNC_OFF: none. What
 * arrives behind the clients' backs is not held up by it. */
int cpmsync_mock_quota(struct cpmsync_mock *mock, const char *user, const char *resource, int64_t limit);

/* Raises the mailbox's HIGHESTMODSEQ to at least `modseq`, as if much had happened. */
int cpmsync_mock_raise_modseq(struct cpmsync_mock *mock, const char *user, const char *mailbox, uint64_t modseq);

/* As SETACL does: `rights` is "lrs" (replaces), "+i" or "-w"; the identifier is a user, "anyone", or one of them behind a
 * dash. The others find a user's mailboxes as "Other Users/USER/MAILBOX". */
int cpmsync_mock_acl(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *identifier, const char *rights);

/* Sets an entry such as "/shared/comment" of a mailbox, or of the server where `mailbox` is NULL; a private one is the
 * user's. `value` NULL removes it. */
int cpmsync_mock_annotate(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *entry, const void *value, size_t len);

struct cpmsync_mock_status {
    size_t size;
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint32_t messages;
    uint64_t highestmodseq; /* 0 for a NOMODSEQ mailbox */
};
int cpmsync_mock_status(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, struct cpmsync_mock_status *status);

/*
 * A mailbox as it was elsewhere. `place` adds a message of exactly this UID, which is at least the mailbox's UIDNEXT, and
 * mod-sequence; `state` then sets UIDVALIDITY, a UIDNEXT above all UIDs, and HIGHESTMODSEQ (0: NOMODSEQ), which may be a
 * lie; `messages` is not looked at. What was expunged on the way there is not known: a client whose cursor is lower is told
 * of every UID that is missing. CPMSYNC_ERR_INVALID_ARGUMENT for what cannot be.
 */
int cpmsync_mock_place(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t uid, uint64_t modseq, const char *flags);
int cpmsync_mock_state(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const struct cpmsync_mock_status *status);

/*
 * The mailbox as text, as `cpmsync dump` prints it: "uidvalidity N uidnext N highestmodseq N messages N", then a line
 * "UID MODSEQ (FLAG FLAG ...)" a message, ascending, flags sorted bytewise, without \Recent. Writes at most `size` octets
 * with a NUL at the end and returns how many there are without it, or an error.
 */
int64_t cpmsync_mock_dump(struct cpmsync_mock *mock, const char *user, const char *mailbox, char *text, size_t size);

/* The octets of a message, valid until the store changes. Returns how many, or an error. */
int64_t cpmsync_mock_message(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t uid, const void **data);

/* Loads a Maildir++ tree or an mbox file into the user's store; the mbox goes to INBOX. Returns the number of messages. */
int64_t cpmsync_mock_load(struct cpmsync_mock *mock, const char *user, const char *path);

/* ---- misbehaviour and scripts ---- */

/* Switches a fault on, "NAME" or "NAME=VALUE", or off, "NAME=off". CPMSYNC_ERR_INVALID_ARGUMENT for an unknown name or value. */
int cpmsync_mock_fault(struct cpmsync_mock *mock, const char *fault);

/* The faults there are: 0 and the name, its conformance line and what it does; CPMSYNC_ERR_NOT_FOUND behind the last. */
int cpmsync_mock_fault_list(size_t index, const char **name, const char **proves, const char **text);

/*
 * Adds a script: a line a step, "[MOMENT] ACTION", '#' starts a comment. Without a moment the action happens now.
 *   moments   at-connect N | before N COMMAND | after N COMMAND      the N-th of that name, over all connections
 *   actions   deliver MAILBOX [COUNT] [FLAG...]    flag MAILBOX UIDS +FLAG|-FLAG...    expunge MAILBOX UIDS
 *             create MAILBOX   delete MAILBOX   rename MAILBOX TO   uidvalidity MAILBOX   drop-log MAILBOX
 *             nomodseq MAILBOX   raise-modseq MAILBOX N   acl MAILBOX IDENTIFIER RIGHTS   subscribe MAILBOX
 *             unsubscribe MAILBOX   special-use MAILBOX [USE...]   quota RESOURCE N   fault NAME[=VALUE]
 *             user NAME (for the steps below it)
 * `before` acts when the command has arrived, `after` when its tagged answer is written. CPMSYNC_ERR_INVALID_ARGUMENT
 * with *line the wrong line.
 */
int cpmsync_mock_script(struct cpmsync_mock *mock, const char *text, size_t len, unsigned *line);

/* Steps that have not fired, or failed when they did. *line (may be NULL) is the first one's. */
size_t cpmsync_mock_script_unfired(const struct cpmsync_mock *mock, unsigned *line);

/* Commands executed so far, over all connections. */
uint64_t cpmsync_mock_commands(const struct cpmsync_mock *mock);

#ifdef __cplusplus
}
#endif
#endif
