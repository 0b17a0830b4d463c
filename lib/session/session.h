/* SPDX-License-Identifier: MIT */
/*
 * One IMAP connection: greeting, TLS, login, capabilities, ENABLE, commands in flight, deadlines. It knows no socket and no
 * cache. A session lives from a connection's opening to its end; a reconnect makes a new one.
 *
 * Upward it calls the functions of its config. They may submit and withdraw commands; they may not free the session.
 */
#ifndef CPMSYNC_SESSION_SESSION_H
#define CPMSYNC_SESSION_SESSION_H

#include <cpmsync/client.h>

#include "base/err.h"
#include "base/log.h"
#include "session/server_facts.h"
#include "wire/command.h"
#include "wire/response.h"

struct cpmsync_session;

enum cpmsync_session_state {
    CPMSYNC_SESSION_GREETING,         /* waits for the greeting. Next: CAPABILITY, STARTTLS, LOGIN; on PREAUTH
                                         CAPABILITY_AFTER, READY; FAILED */
    CPMSYNC_SESSION_CAPABILITY,       /* asked for capabilities before login. Next: STARTTLS, LOGIN, FAILED */
    CPMSYNC_SESSION_STARTTLS,         /* STARTTLS sent. Next: HANDSHAKE on OK, FAILED */
    CPMSYNC_SESSION_HANDSHAKE,        /* the caller starts TLS. Next: CAPABILITY when secured, FAILED */
    CPMSYNC_SESSION_LOGIN,            /* credentials asked for, login sent. Next: CAPABILITY_AFTER, READY, FAILED */
    CPMSYNC_SESSION_CAPABILITY_AFTER, /* asked again after login. Next: READY, FAILED */
    CPMSYNC_SESSION_READY,            /* commands may be submitted. Next: LOGOUT, FAILED */
    CPMSYNC_SESSION_LOGOUT,           /* LOGOUT sent. Next: FAILED (with CPMSYNC_OK when it ended as asked) */
    CPMSYNC_SESSION_FAILED            /* over: the caller closes the transport and frees the session */
};

/* How a command may stand beside others in flight (group P of the conformance list). */
enum cpmsync_command_rules {
    CPMSYNC_COMMAND_ALONE = 1,   /* nothing is sent behind it until it completes (STARTTLS, challenges: P-10) */
    CPMSYNC_COMMAND_SELECT = 2,  /* selects or unselects: no CHANGES behind it (P-12) */
    CPMSYNC_COMMAND_CHANGES = 4, /* changes messages: waits until no SELECT is in flight */
    CPMSYNC_COMMAND_ENDS = 8,    /* LOGOUT: nothing is submitted behind it */
    CPMSYNC_COMMAND_APART =
        16, /* what follows it is not shown by the same output(), so that it comes in its own record */
    CPMSYNC_COMMAND_REFILL = 32, /* depends on no answer, was only held back by a window: begins no flight (R5) */
    CPMSYNC_COMMAND_IDLE = 64 /* IDLE: nothing is sent behind it but DONE, which the next command brings along (I-03).
                                    Behind DONE the bit is gone */
};

/*
 * A command: a member of the submitter's own struct, which must live until `done` ran. The submitter writes `text`
 * (without tag) and fills the functions; the rest is the session's. `done` runs exactly once for a submitted command.
 */
struct cpmsync_session_command {
    struct cpmsync_command text;
    unsigned rules;

    /* Untagged data that belongs to this command and is not mailbox data (LIST, SEARCH, STATUS, ...); NULL: ignored. */
    void (*data)(struct cpmsync_session_command *command, const struct cpmsync_response *response);
    /* A `+` that no literal waited for. NULL: a stray `+` is ignored (PF-79). */
    void (*continuation)(struct cpmsync_session_command *command, struct cpmsync_slice text);
    /*
     * error: 0 for OK; the mapped error of NO and BAD (CPMSYNC_ERR_NO, _BAD, _PERMISSION, ...); CPMSYNC_ERR_CANCELLED
     * if withdrawn unsent; if the connection ended: CPMSYNC_ERR_OUTCOME_UNKNOWN if an octet of it was sent, else what
     * ended it. `tagged` is NULL without a tagged response. May submit, and may free the command.
     */
    void (*done)(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);

    /* the session's own */
    struct cpmsync_session_command *next;
    char tag[16];
    int phase;
    uint32_t epoch;    /* it depends on what came up to this one */
    uint64_t start;    /* octets given to output before it */
    size_t sent;       /* octets of text given to output */
    size_t next_break; /* index of the next `+` to wait for */
};

/* Functions of whoever makes the session. All required but trace. */
struct cpmsync_session_upward {
    void *ctx;
    /* Login needs credentials: cpmsync_session_credentials, now or later. Called at most once, as early as possible. */
    void (*credentials)(void *ctx);
    /* The state changed. */
    void (*state)(void *ctx, enum cpmsync_session_state from, enum cpmsync_session_state to);
    /*
     * Untagged mailbox data after login, in order of arrival: EXISTS, RECENT, EXPUNGE, FLAGS, FETCH, VANISHED, ENABLED is
     * not among them; and untagged status with a mailbox code (UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ, NOMODSEQ,
     * PERMANENTFLAGS, CLOSED, READ-ONLY, READ-WRITE, UIDNOTSTICKY, UNSEEN, MAILBOXID). Tagged status goes to the command's done.
     */
    void (*mailbox_data)(void *ctx, const struct cpmsync_response *response);
    /* A response of mailbox data was damaged or too long: something about the selected mailbox is lost. */
    void (*mailbox_lost)(void *ctx, int error);
    /* Other untagged data after login, whether a command in flight took it or not: a STATUS or LIST may also be there by
     * NOTIFY (RFC 5465). */
    void (*other_data)(void *ctx, const struct cpmsync_response *response);
    /* [ALERT] text; trusted is false before TLS or login (W-08). */
    void (*alert)(void *ctx, struct cpmsync_slice text, bool trusted);
    void (*trace)(void *ctx, int sent, const uint8_t *data, size_t len);
};

struct cpmsync_session_config {
    const struct cpmsync_allocator *mem;
    struct cpmsync_crypto *crypto; /* NULL: no SCRAM */
    struct cpmsync_log log;
    enum cpmsync_security security;
    const char *mechanism;
    const char *const *disabled;
    size_t disabled_count;
    size_t response_max, literal_max, output_max;
    uint32_t scram_iterations_max;
    int64_t timeout_ms;                 /* CPMSYNC_NEVER: none */
    struct cpmsync_server_facts *facts; /* lent; read as the guess, updated by what the server says */
    enum cpmsync_early early;           /* what may leave on the guess; ALLOWED only where the transport allows it */
    struct cpmsync_session_upward up;
};

/* 0 and a session in GREETING; CPMSYNC_ERR_NOMEM. `secure`: the transport is encrypted and authenticated. */
int cpmsync_session_new(
    struct cpmsync_session **session, const struct cpmsync_session_config *config, int64_t now, bool secure);
/* Completes what is left (as at the connection's end) and frees. */
void cpmsync_session_free(struct cpmsync_session *session);

enum cpmsync_session_state cpmsync_session_state(const struct cpmsync_session *session);
/* Why it is FAILED; error 0 after a clean LOGOUT. Before that: the last refusal of a command, with the server's words. */
const struct cpmsync_err *cpmsync_session_error(const struct cpmsync_session *session);

/* ---- bytes. Errors are states, not returns. */
void cpmsync_session_feed(struct cpmsync_session *session, int64_t now, const uint8_t *data, size_t len);
size_t cpmsync_session_output(struct cpmsync_session *session, const uint8_t **data);
void cpmsync_session_ack(struct cpmsync_session *session, int64_t now, size_t len);
/* TLS was established (HANDSHAKE). */
void cpmsync_session_secured(struct cpmsync_session *session, int64_t now);
/* The transport ended: FAILED with `err` (CPMSYNC_OK there becomes CPMSYNC_ERR_CLOSED, or BYE's words if it came). */
void cpmsync_session_closed(struct cpmsync_session *session, const struct cpmsync_err *err);
/* Deadlines, and sliced work (a hash round is 64 of `budget`, 0: no limit). Returns what is left of the budget. */
int64_t cpmsync_session_tick(struct cpmsync_session *session, int64_t now, int64_t budget);
int64_t cpmsync_session_expiry(const struct cpmsync_session *session);
bool cpmsync_session_busy(const struct cpmsync_session *session); /* tick has sliced work left */
/* It was fed more than it has inflated: it is busy, and nothing more is to be received before it is not. */
bool cpmsync_session_full(const struct cpmsync_session *session);

/* ---- login */
void cpmsync_session_credentials(
    struct cpmsync_session *session, int error, const char *user, const char *password, const char *authzid);

/* ---- commands; in READY only, else CPMSYNC_ERR_STATE; CPMSYNC_ERR_BYE once the server said BYE, CPMSYNC_ERR_NOMEM,
 * or the text's own error. On error `done` is not called. */
int cpmsync_session_submit(struct cpmsync_session *session, struct cpmsync_session_command *command);
/* An unsent command completes with CPMSYNC_ERR_CANCELLED at once, 0 is returned; a sent one goes on: CPMSYNC_ERR_STATE. */
int cpmsync_session_withdraw(struct cpmsync_session *session, struct cpmsync_session_command *command);
/* Ends the IDLE in flight by DONE, as a command submitted behind it would; as soon as its `+` came (I-01). */
void cpmsync_session_end_idle(struct cpmsync_session *session);
/* An IDLE is in flight, its `+` came, and no DONE was sent: the server owes no answer. */
bool cpmsync_session_idles(const struct cpmsync_session *session);
/* What carries it may be gone: an IDLE is ended, and if nothing is heard in CPMSYNC_SUSPECT_MS of an answer that is due, it
 * FAILED with CPMSYNC_ERR_TIMEOUT. */
enum { CPMSYNC_SUSPECT_MS = 5000 };
void cpmsync_session_suspect(struct cpmsync_session *session, int64_t now);
/*
 * COMPRESS behind everything submitted, in READY, once a session, if the server can and is not known to fail (RFC 4978);
 * else, and without memory or zlib, nothing. What is submitted behind it leaves compressed when it is answered OK, and plain
 * after NO or BAD; nothing leaves before (Z-01). So it is asked for when what needs no answer was submitted.
 */
void cpmsync_session_compress(struct cpmsync_session *session);
/* LOGOUT behind everything submitted; the session then ends FAILED with error 0. */
int cpmsync_session_logout(struct cpmsync_session *session);
/* Ends it at once: FAILED with this error. */
void cpmsync_session_fail(struct cpmsync_session *session, int error);
/* No command in flight or queued. */
bool cpmsync_session_quiet(const struct cpmsync_session *session);
/* READY is entered with the login sent, not answered, when the server is a known one (R1); then this is false until it is. */
bool cpmsync_session_logged_in(const struct cpmsync_session *session);
/* It FAILED since everything behind the login was swallowed (R3): the same may be tried again at once, and will wait. */
bool cpmsync_session_swallowed(const struct cpmsync_session *session);

/* ---- what the server can do; disabled ones never count */
bool cpmsync_session_can(const struct cpmsync_session *session, const char *capability);
enum cpmsync_enabled { CPMSYNC_ENABLED_NO, CPMSYNC_ENABLED_PENDING, CPMSYNC_ENABLED_YES };
/* READY is entered with ENABLE sent, not answered (P-06, P-07): QRESYNC is PENDING until ENABLED or its OK came. */
enum cpmsync_enabled cpmsync_session_enabled(const struct cpmsync_session *session, const char *extension);
enum cpmsync_literals cpmsync_session_literals(const struct cpmsync_session *session);
/* Mailbox names are UTF-8 on the wire, not modified UTF-7: the server is an IMAP4rev2 one only, which no ENABLE need say (RFC 9051
 * A, W-05). UTF8=ACCEPT and, beside IMAP4rev1, IMAP4rev2 are never enabled (R10). */
bool cpmsync_session_utf8_names(const struct cpmsync_session *session);
/* Space-separated; live until the next call that moves bytes. */
const char *cpmsync_session_capabilities(const struct cpmsync_session *session);
const char *cpmsync_session_enabled_list(const struct cpmsync_session *session);

/* ---- counters: octets as the transport has them, commands, and flights (design 4) of this connection */
struct cpmsync_session_counts {
    uint64_t bytes_in, bytes_out, commands, flights;
};
void cpmsync_session_counts(const struct cpmsync_session *session, struct cpmsync_session_counts *counts);

#endif
