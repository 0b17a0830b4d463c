/* SPDX-License-Identifier: MIT */
/*
 * Golden transcripts: text that says what the server says, what the client sends and what the app hears. A transcript is
 * played against the bytes face with nothing else in between, so that sweeps can play it again with the stream split,
 * allocations failing or the link cut.
 *
 * A line a step:
 *   # ...                       a comment; the first ones say what is shown, and from where
 *   test NAME                   the name of the cmocka test: a conformance id or a pitfall comes first
 *   config KEY VALUE            security tls|starttls|none, mech, disable (repeatable), user, password, credentials
 *                               none|later, random HEX (SCRAM's nonce), iterations-max, response-max, timeout, refuse
 *                               EVENT (the app's callback refuses events of this type; also in mid-play)
 *                               early allowed|greeting (else each answer of a login is awaited), idle MS, retry MS,
 *                               survey MS, descriptors on (else the app wants none), field NAME (repeatable; else the identity
 *                               headers), literal-max
 *   cache MAILBOX UV CURSOR COVERED [BITS [MAILBOXID]]   a mailbox in the store before the start (BITS: enum
 *                               cpmsync_mailbox_bits); then lines "row UID MODSEQ FLAG ..."
 *   login | sync MAILBOX | account [MAILBOX] | watch MAILBOX | watchall MAILBOX | logout | cancel     an operation is submitted
 *                               (account, watchall: all mailboxes, this one ahead); cancel takes the last one back
 *   credentials                 the app answers, with "config credentials later"
 *   S: text                     the server says the line and CRLF
 *   S+ text                     the server says exactly these octets, without CRLF
 *   C: text                     the client has sent this line, next in order. `~` at the end: any text may follow
 *   C+ text                     the client has sent exactly these octets, without CRLF (a literal's)
 *   E: text                     the app has heard this event, next in order
 *   D: ERROR [CODE] text        an operation completed, next in order: "D: OK", "D: CPMSYNC_ERR_NO_MAILBOX no such one"
 *   starttls                    the client asks for STARTTLS, and TLS is established
 *   eof                         the link ends
 *   closed                      the client asked to close the transport, which is done
 *   tick MS                     time passes
 *   check MAILBOX UV UIDNEXT CURSOR    the store holds this; then lines "row UID MODSEQ FLAG ..." for all its rows
 *   check MAILBOX none          the store holds no such mailbox
 *   server MAILBOX UV UIDNEXT CURSOR   the server's state at the end, with rows; what a fresh synchronisation must give.
 *                               If the last synchronisation was OK the store must be equal to it, the cursor at most.
 *                               Each transcript has one, of each mailbox that is in the store; of a server that lies it is
 *                               what another client would have seen
 *   server MAILBOX none         the server has no such mailbox at the end, by this name, and the store has none then either
 *   message MAILBOX UID DATE TEXT   that message on the server has this INTERNALDATE, in seconds since 1970, and these octets
 *   lies                        the server takes away what is there: if the power goes between the app's being told and the
 *                               next flush, an app that kept it all and the store may differ for good
 *
 * A descriptor that is told with a message, or stored with a row of check or server, stands behind its flags: "{SIZE DATE
 * NAME=VALUE|NAME=VALUE}", "-" for a part that did not come, "truncated" behind the date. "{?}" in a row of server: there may be
 * one or not, which depends on where the transcript was cut.
 *
 * In every text \xHH is an octet, any other backslash itself. Mailbox names with a space cannot be written.
 *
 * Steps from one S: up to the next step of another kind are one block of octets: it may be split anywhere, and what the
 * client sends and the app hears is compared behind it (but with a watch batch events are only compared where it is not split:
 * what came so far is one). At the end nothing the client sent or the app heard is left over, and
 * every operation has completed exactly once.
 */
#ifndef CPMSYNC_TEST_GOLDEN_H
#define CPMSYNC_TEST_GOLDEN_H

#include <stdbool.h>

#include <cpmsync/cpmsync.h>

enum { GOLDEN_NAME_MAX = 128, GOLDEN_WHY_MAX = 1024 };

struct golden; /* a parsed transcript */

/* NULL with `why` filled if it cannot be read. */
struct golden *golden_read(const char *path, char why[GOLDEN_WHY_MAX]);
void golden_free(struct golden *golden);

const char *golden_name(const struct golden *golden);
bool golden_lies(const struct golden *golden);
/* Octets the server says in all: the positions at which the stream can be split. */
size_t golden_octets(const struct golden *golden);

/* Fills a store with the mailboxes of the transcript's "cache" steps. */
bool golden_fill(const struct golden *golden, const struct cpmsync_store *store);

struct golden_play {
    const struct cpmsync_allocator *allocator; /* of the client; NULL: malloc */
    struct cpmsync_store *store;               /* filled already; NULL: a memory store of its own */
    const struct cpmsync_store *checked;       /* where "check" and "server" look; NULL: in that store */
    size_t split_at;                           /* the stream is fed in two pieces here; 0: block by block */
    bool octets;                               /* one octet at a time */

    /* For sweeps, where something fails in the middle: as soon as it did, nothing is compared, the script is followed as
     * long as the client does, and then the link ends for good. Operations must complete exactly once all the same, and
     * before the client is freed. */
    const uint64_t *failures; /* not 0: it has failed; NULL: nothing fails */
    bool cut;                 /* the link ends for good when the server has said cut_at octets */
    size_t cut_at;
    void (*event)(void *ctx, const struct cpmsync_event *event); /* sees all the app hears; may be NULL */
    /* After a failure the same client goes on: every operation is complete, the link is closed, the app refuses nothing and
     * has credentials. May be NULL; not called if there is no client. */
    void (*again)(void *ctx, struct cpmsync_client *client, int64_t now);

    void (*log)(void *ctx, enum cpmsync_log_level level, const char *text); /* the client's; these two may be NULL */
    void (*trace)(void *ctx, int sent, const uint8_t *data, size_t len);
    void *ctx;
};

/* Plays it. True, or false with `why` saying which line was not met. */
bool golden_play(const struct golden *golden, const struct golden_play *play, char why[GOLDEN_WHY_MAX]);

#endif
