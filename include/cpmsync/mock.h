/* SPDX-License-Identifier: MIT */
/*
 * The mock Message Storage Server of OMA CPM: a real IMAP server over one store in memory, for the tests of apps. It is a
 * component of its own, `mockserver`, and needs nothing of the client library:
 *
 *     find_package(cpmsync 0.1 REQUIRED COMPONENTS mockserver)           cc test.c $(pkg-config --cflags --libs \
 *     target_link_libraries(test PRIVATE cpmsync::mockserver)                   cpmsync-mockserver) -o test
 *
 * (`pkg-config --static` when it was built static.) The program cpm-mockserver is this library behind options; its --help
 * tells the same with fewer words and lists every fault.
 *
 * Three ways to run it in a test:
 *
 * 1. The bytes face does no I/O. The test carries the octets itself, and needs no socket, no thread and no clock:
 *
 *     struct cpmsync_mock_config config = {.size = sizeof config};
 *     struct cpmsync_mock *mock = cpmsync_mock_new(&config);
 *     cpmsync_mock_user_add(mock, "alice", "secret");
 *     int conn = cpmsync_mock_connect(mock, 1);
 *     cpmsync_mock_feed(mock, conn, "a LOGIN alice secret\r\n", 22);
 *     len = cpmsync_mock_output(mock, conn, &data);                      the greeting and "a OK ..."
 *     cpmsync_mock_ack(mock, conn, len);
 *     cpmsync_mock_free(mock);
 *
 * 2. A port on TCP, with TLS or without, in the test's own poll loop:
 *
 *     struct cpmsync_mock_port_config port_config = {.size = sizeof port_config};
 *     struct cpmsync_mock_port *port;
 *     if (cpmsync_mock_port_open(&port, mock, &port_config) != 0)
 *         fail(cpmsync_mock_why(mock));
 *     connect the app to 127.0.0.1 and cpmsync_mock_port_number(port);
 *     for (;;) {
 *         count = cpmsync_mock_port_pollfds(port, fds, max);             the app's own descriptors beside them
 *         poll(..., cpmsync_mock_port_timeout(port));
 *         cpmsync_mock_port_step(port);
 *     }
 *
 * 3. The same port on a thread of its own, for an app whose calls block: the thread calls cpmsync_mock_port_serve, the test
 *    ends it by cpmsync_mock_port_stop and joins it. To touch the store meanwhile, give the port's configuration a lock,
 *    hold it around the calls, and cpmsync_mock_port_wake afterwards, so that clients that idle hear of it.
 *
 * It is deterministic: the same seed and the same calls give the same bytes, but for what TLS makes of them. Several users
 * and connections at once; what one connection changes the others see by the rules of RFC 3501 and RFC 7162.
 *
 * Threads. A server, with its ports, belongs to one thread at a time; only cpmsync_mock_port_wake and _stop may be called
 * from elsewhere. Servers are independent of each other.
 *
 * Ownership. Everything handed in is copied. What is handed out says how long it is valid. A NULL server or port may be
 * freed and closed, and given to no other call.
 *
 * Errors. Functions that can fail return 0 (or what they say) and a negative `enum cpmsync_error` otherwise:
 * CPMSYNC_ERR_NOT_FOUND for a user, mailbox, message or connection that is not there, _STATE for a name that is there
 * already, _INVALID_ARGUMENT for what the documented grammar does not allow, _NOMEM. Those that read files or scripts, or
 * open ports, leave words in cpmsync_mock_why. cpmsync_error_text (error.h) is in this library, too.
 *
 * Conventions. A user NULL is the first user added. Mailbox names are as on the wire (modified UTF-7), their levels divided
 * by the configured delimiter, '/' unless changed. UIDs are texts such as "1,3:5,9:*". Sizes are in octets.
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
    const struct cpmsync_allocator *allocator; /* must outlive the server; NULL is malloc. TLS uses malloc anyway */
    uint64_t seed;                             /* UIDVALIDITYs, nonces and salts derive from it */
    const char *capabilities; /* advertise exactly these (blank-separated); what is not advertised does not work either;
                                 NULL is everything there is */
    int starttls;             /* offer STARTTLS on connections that are not secure */
    int require_tls;          /* LOGINDISABLED, and no AUTH=, on connections that are not secure */
    int64_t expunge_log;      /* expunges a mailbox remembers; 0 is 1,000,000, CPMSYNC_OFF none */
    int64_t max_literal;      /* octets; 0 is 64 MiB */
    int64_t scram_iterations; /* 0 is 4096 */
    char delimiter;           /* of the mailbox hierarchy; 0 is '/' */
    /* The trace: sees every octet that goes in and out, passwords included, as it is fed and as it is first shown by
     * `output`; what is compressed on the wire (COMPRESS) is seen as it is without. `direction` is CPMSYNC_MOCK_FROM_CLIENT
     * or _TO_CLIENT; a call may end within a line. It may call nothing of this server. May be NULL. */
    void (*trace)(void *ctx, int conn, int direction, const void *data, size_t len);
    void *trace_ctx;
};

/* A server without users. NULL for a wrong configuration or lack of memory. The caller frees it, behind its ports. */
CPMSYNC_API struct cpmsync_mock *cpmsync_mock_new(const struct cpmsync_mock_config *config);
CPMSYNC_API void cpmsync_mock_free(struct cpmsync_mock *mock);

/* Why the last call of cpmsync_mock_load, _script, _certificates or _port_open failed: which file or word, and the system's
 * own words. "" if there is nothing to add to the error. Valid until the next of these calls. */
CPMSYNC_API const char *cpmsync_mock_why(const struct cpmsync_mock *mock);

/* ---- connections: the bytes face ---- */

/* A client connected, over TLS already if `secure`. Returns the connection's number (1, 2, ...) or an error; the greeting
 * is in its output. */
CPMSYNC_API int cpmsync_mock_connect(struct cpmsync_mock *mock, int secure);

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
CPMSYNC_API int cpmsync_mock_connect_over(struct cpmsync_mock *mock, const struct cpmsync_mock_channel *channel);

/*
 * Octets came from the client. Complete commands are executed in order, as long as less than 1 MiB of output waits;
 * the rest when output is acknowledged. CPMSYNC_ERR_CLOSED once the server has closed, _NOMEM, _NOT_FOUND.
 */
CPMSYNC_API int cpmsync_mock_feed(struct cpmsync_mock *mock, int conn, const void *data, size_t len);

/* What waits for the client: *data is valid until the next call. Returns how many octets. */
CPMSYNC_API size_t cpmsync_mock_output(struct cpmsync_mock *mock, int conn, const void **data);

/* `len` octets of the output went out. May execute further commands. */
CPMSYNC_API void cpmsync_mock_ack(struct cpmsync_mock *mock, int conn, size_t len);

/* 1 when STARTTLS was answered OK: once the output is empty, shake hands and call `secured`. What was fed behind the
 * command is gone (RFC 3501 6.2.1); nothing may be fed in between. */
CPMSYNC_API int cpmsync_mock_wants_starttls(struct cpmsync_mock *mock, int conn);
CPMSYNC_API void cpmsync_mock_secured(struct cpmsync_mock *mock, int conn);
/* The same over a TLS that is known. */
CPMSYNC_API int cpmsync_mock_secured_over(
    struct cpmsync_mock *mock, int conn, const struct cpmsync_mock_channel *channel);

/* 1 when the connection is to be closed as soon as its output is empty, or there is no such connection. */
CPMSYNC_API int cpmsync_mock_closed(struct cpmsync_mock *mock, int conn);

/* The connection is gone; its number is not used again. */
CPMSYNC_API void cpmsync_mock_disconnect(struct cpmsync_mock *mock, int conn);

/* ---- ports: the same on TCP and TLS ---- */

struct cpmsync_mock_port;

struct cpmsync_mock_port_config {
    size_t size;
    const char *listen;    /* "ADDRESS:PORT" or "[ADDRESS]:PORT", numeric; NULL is "127.0.0.1:0", any free port */
    const char *cert_file; /* PEM; NULL: no TLS */
    const char *key_file;
    const char
        *client_ca_file; /* ask for certificates of this CA; their common name is who AUTH=EXTERNAL is. May be NULL */
    /* What cpmsync_mock_port_serve holds while it touches the server, which is always but while it polls. Both or neither */
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);
    void *lock_ctx;
    /* What becomes of connections, in words, for a trace: "connected over TLS", "the TLS handshake failed: ...", "closed by the
     * client". `conn` is 0 where there is none yet. It may call nothing of this server. May be NULL. */
    void (*event)(void *ctx, int conn, const char *text);
    void *event_ctx;
};

/*
 * Listens. With a certificate connections begin with TLS, or in clear where the server's own configuration says `starttls`.
 * Several ports may serve one server. CPMSYNC_ERR_INVALID_ARGUMENT for an address that is none, or a certificate without
 * key; _CONNECT if it cannot be listened there; _TLS if the certificate cannot be read or used; _NOMEM.
 */
CPMSYNC_API int cpmsync_mock_port_open(
    struct cpmsync_mock_port **port, struct cpmsync_mock *mock, const struct cpmsync_mock_port_config *config);
/* Ends its connections. Before cpmsync_mock_free, and not while it is served. */
CPMSYNC_API void cpmsync_mock_port_close(struct cpmsync_mock_port *port);

/* The port it listens on, and the address with it: "127.0.0.1:40143", "[::1]:40143"; valid until it is closed. */
CPMSYNC_API unsigned cpmsync_mock_port_number(const struct cpmsync_mock_port *port);
CPMSYNC_API const char *cpmsync_mock_port_address(const struct cpmsync_mock_port *port);

/* The descriptors to watch, at most `max` of them. Returns how many there are, which may be above `max`. Ask again before
 * each poll: they change with the connections, and with what was done to the store. */
CPMSYNC_API size_t cpmsync_mock_port_pollfds(
    const struct cpmsync_mock_port *port, struct cpmsync_pollfd *fds, size_t max);
/* Milliseconds after which a step is due although no descriptor is ready; -1: none is. */
CPMSYNC_API int cpmsync_mock_port_timeout(const struct cpmsync_mock_port *port);
/* Accepts, reads, executes, writes, as far as that does not block. */
CPMSYNC_API void cpmsync_mock_port_step(struct cpmsync_mock_port *port);

/* Polls and steps until it is stopped. 0, CPMSYNC_ERR_NOMEM, or _CONNECT if polling fails. */
CPMSYNC_API int cpmsync_mock_port_serve(struct cpmsync_mock_port *port);
/* Makes the poll return. From any thread, and in a signal's handler. */
CPMSYNC_API void cpmsync_mock_port_wake(struct cpmsync_mock_port *port);
/* Ends the serving that goes on, or else the next one at once. From any thread, and in a signal's handler. */
CPMSYNC_API void cpmsync_mock_port_stop(struct cpmsync_mock_port *port);

/*
 * Makes a CA nobody else trusts, a certificate of it for `host`, localhost, 127.0.0.1 and ::1, and one for a client whose
 * name is `user` (NULL: "client"). The directory, which is made if it is missing, has ca.pem (what an app has to trust),
 * server.pem and server.key (what a port is given), client.pem and client.key (for AUTH=EXTERNAL, with ca.pem as the port's
 * client_ca_file) afterwards. They are new each time, and valid from 2020 to 2049. CPMSYNC_ERR_INVALID_ARGUMENT for a host
 * of more than 100 octets or with ",=+" in it, _STORE if writing fails, _LIMIT, _TLS, _NOMEM.
 */
CPMSYNC_API int cpmsync_mock_certificates(
    struct cpmsync_mock *mock, const char *directory, const char *host, const char *user);

/* ---- the store, behind the clients' backs ---- */

/* A user with an empty INBOX. */
CPMSYNC_API int cpmsync_mock_user_add(struct cpmsync_mock *mock, const char *user, const char *password);

/* The token OAUTHBEARER takes for this user; NULL: none. */
CPMSYNC_API int cpmsync_mock_user_token(struct cpmsync_mock *mock, const char *user, const char *token);

/*
 * Whether the user is a CPM Participating Function. It may log in for any other, with that user as SASL's authorization
 * identity (PLAIN: USER NUL NAME NUL PASSWORD; also SCRAM, OAUTHBEARER and EXTERNAL), and is that user then: what it APPENDs
 * is in the user's mailbox, and the user's other connections hear of it. Who is none is refused any authorization identity
 * but its own name.
 */
CPMSYNC_API int cpmsync_mock_user_participating(struct cpmsync_mock *mock, const char *user, int on);

/* The name may hold octets above 127, as old servers' names do; CREATE takes no such name. */
CPMSYNC_API int cpmsync_mock_mailbox_create(struct cpmsync_mock *mock, const char *user, const char *mailbox);
/* Connections that have it selected get BYE. */
CPMSYNC_API int cpmsync_mock_mailbox_delete(struct cpmsync_mock *mock, const char *user, const char *mailbox);
CPMSYNC_API int cpmsync_mock_mailbox_rename(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *to);

/* A name need not be a mailbox's to be subscribed to. */
CPMSYNC_API int cpmsync_mock_subscription(struct cpmsync_mock *mock, const char *user, const char *mailbox, int on);

/* Its special uses (RFC 6154), such as "\\Sent \\Drafts"; "" for none. */
CPMSYNC_API int cpmsync_mock_special_use(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *uses);

/* Whether the mailbox is on another server: \Noselect, and listed by LIST (REMOTE) only. */
CPMSYNC_API int cpmsync_mock_remote(struct cpmsync_mock *mock, const char *user, const char *mailbox, int on);

/*
 * A message arrives. `flags` is a blank-separated list or NULL. `internaldate` is in seconds since 1970, 0 is the
 * server's clock, which starts at a fixed date and moves a second with each arrival. Returns the UID or an error.
 */
CPMSYNC_API int64_t cpmsync_mock_deliver(struct cpmsync_mock *mock, const char *user, const char *mailbox,
    const char *flags, int64_t internaldate, const void *data, size_t len);

/* `count` made-up messages of about `octets` (0: some hundred) each, with lines in them that look like answers. */
CPMSYNC_API int cpmsync_mock_generate(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t count, size_t octets);

/*
 * `count` CPM conversations: a mailbox each below `parent` (for example "Default"), named by its Conversation-ID, with
 * `messages` chat messages (message/cpim) in it.
 */
CPMSYNC_API int cpmsync_mock_generate_conversations(
    struct cpmsync_mock *mock, const char *user, const char *parent, uint32_t count, uint32_t messages);

/* `change` is "+\\Seen $x" (adds), "-\\Seen" (removes) or "\\Seen" (replaces). One mod-sequence for all of them, and
 * none if nothing changes. Absent UIDs are ignored. */
CPMSYNC_API int cpmsync_mock_flag(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *uids, const char *change);

/* Absent UIDs are ignored. Returns how many went, or an error. */
CPMSYNC_API int cpmsync_mock_expunge(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *uids);

/* A new, greater UIDVALIDITY, and the messages numbered from 1 again. Connections that have it selected get BYE. */
CPMSYNC_API int cpmsync_mock_uidvalidity_change(struct cpmsync_mock *mock, const char *user, const char *mailbox);

/* Forgets which messages were expunged. */
CPMSYNC_API int cpmsync_mock_drop_expunge_log(struct cpmsync_mock *mock, const char *user, const char *mailbox);

/* Whether the mailbox has no persistent mod-sequences (NOMODSEQ). */
CPMSYNC_API int cpmsync_mock_nomodseq(struct cpmsync_mock *mock, const char *user, const char *mailbox, int on);

/* A limit of the user's quota root: "STORAGE" in units of 1024 octets, "MESSAGE" or "MAILBOX"; CPMSYNC_OFF: none. What
 * arrives behind the clients' backs is not held up by it. */
CPMSYNC_API int cpmsync_mock_quota(struct cpmsync_mock *mock, const char *user, const char *resource, int64_t limit);

/* Raises the mailbox's HIGHESTMODSEQ to at least `modseq`, as if much had happened. */
CPMSYNC_API int cpmsync_mock_raise_modseq(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint64_t modseq);

/* As SETACL does: `rights` is "lrs" (replaces), "+i" or "-w"; the identifier is a user, "anyone", or one of them behind a
 * dash. The others find a user's mailboxes as "Other Users/USER/MAILBOX". */
CPMSYNC_API int cpmsync_mock_acl(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *identifier, const char *rights);

/* Sets an entry such as "/shared/comment" of a mailbox, or of the server where `mailbox` is NULL; a private one is the
 * user's. `value` NULL removes it. */
CPMSYNC_API int cpmsync_mock_annotate(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *entry, const void *value, size_t len);

struct cpmsync_mock_status {
    size_t size;
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint32_t messages;
    uint64_t highestmodseq; /* 0 for a NOMODSEQ mailbox */
};
CPMSYNC_API int cpmsync_mock_mailbox_status(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, struct cpmsync_mock_status *status);

/*
 * A mailbox as it was elsewhere. `place` adds a message of exactly this UID, which is at least the mailbox's UIDNEXT, and
 * mod-sequence, without an octet in it; `place_message` one with these octets, and an `internaldate` as `deliver` has it; `state` then sets UIDVALIDITY, a UIDNEXT above all UIDs, and HIGHESTMODSEQ (0: NOMODSEQ), which may be a
 * lie; `messages` is not looked at. What was expunged on the way there is not known: a client whose cursor is lower is told
 * of every UID that is missing. CPMSYNC_ERR_INVALID_ARGUMENT for what cannot be.
 */
CPMSYNC_API int cpmsync_mock_place(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t uid, uint64_t modseq, const char *flags);
CPMSYNC_API int cpmsync_mock_place_message(struct cpmsync_mock *mock, const char *user, const char *mailbox,
    uint32_t uid, uint64_t modseq, const char *flags, int64_t internaldate, const void *data, size_t len);
CPMSYNC_API int cpmsync_mock_state(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, const struct cpmsync_mock_status *status);

/*
 * The mailbox as text, as `cpmsync dump` prints it: "uidvalidity N uidnext N highestmodseq N messages N", then a line
 * "UID MODSEQ (FLAG FLAG ...)" a message, ascending, flags sorted bytewise, without \Recent. Writes at most `size` octets
 * with a NUL at the end and returns how many there are without it, or an error.
 */
CPMSYNC_API int64_t cpmsync_mock_dump(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, char *text, size_t size);

/* The octets of a message, valid until the store changes. Returns how many, or an error. */
CPMSYNC_API int64_t cpmsync_mock_message(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t uid, const void **data);

/*
 * Loads mail from the disk into the user's store. Returns the number of messages.
 *
 * A directory is a Maildir++ tree: `cur` and `new` are INBOX, a directory ".A.B" with a cur or new in it is the mailbox A/B,
 * whose name is on the disk as it is on the wire; other directories are skipped. Flags are the letters behind ":2," of a
 * file's name (D \Draft, F \Flagged, P $Forwarded, R \Answered, S \Seen, T \Deleted), INTERNALDATE is the time the name
 * begins with, and UIDs are given in the order of these times. What servers keep beside is not read: dovecot-uidlist,
 * dovecot-keywords, subscriptions.
 *
 * A file is an mbox, and goes to INBOX. A message begins at a "From " line that is the first or follows an empty one, whose
 * date is the INTERNALDATE; ">From " in a message loses one ">". Status, X-Status and X-Keywords become flags; these, X-UID,
 * X-IMAP and X-IMAPbase are no part of the message.
 *
 * CPMSYNC_ERR_NOT_FOUND for what cannot be read, _INVALID_ARGUMENT for a directory or file that is neither, a name that is
 * none for a mailbox and a keyword that is none, _LIMIT, _NOMEM; cpmsync_mock_why names the file. What was loaded before
 * stays.
 */
CPMSYNC_API int64_t cpmsync_mock_load(struct cpmsync_mock *mock, const char *user, const char *path);

/* ---- misbehaviour and scripts ---- */

/* Switches a fault on, "NAME" or "NAME=VALUE", or off, "NAME=off". CPMSYNC_ERR_INVALID_ARGUMENT for an unknown name or value. */
CPMSYNC_API int cpmsync_mock_fault(struct cpmsync_mock *mock, const char *fault);

/* The faults there are: 0 and the name, its conformance line and what it does; CPMSYNC_ERR_NOT_FOUND behind the last. */
CPMSYNC_API int cpmsync_mock_fault_list(size_t index, const char **name, const char **proves, const char **text);

/*
 * Adds a script: a line a step, "[MOMENT] ACTION", '#' starts a comment. Without a moment the action happens now.
 *   moments   at-connect N | before N COMMAND | after N COMMAND      the N-th of that name, over all connections
 *   actions   deliver MAILBOX [COUNT] [FLAG...]    flag MAILBOX UIDS +FLAG|-FLAG...    expunge MAILBOX UIDS
 *             create MAILBOX   delete MAILBOX   rename MAILBOX TO   uidvalidity MAILBOX   drop-log MAILBOX
 *             nomodseq MAILBOX   raise-modseq MAILBOX N   acl MAILBOX IDENTIFIER RIGHTS   subscribe MAILBOX
 *             unsubscribe MAILBOX   special-use MAILBOX [USE...]   quota RESOURCE N   fault NAME[=VALUE]
 *             generate MAILBOX COUNT [OCTETS]   conversations PARENT COUNT [MESSAGES]      make the mailboxes, too
 *             user NAME (for the steps below it)
 * `before` acts when the command has arrived, `after` when its tagged answer is written. COMMAND is a name such as SELECT;
 * "*" is any, FETCH is also UID FETCH, and so are STORE, COPY, MOVE, SEARCH and EXPUNGE. A name with blanks in it is written
 * in double quotes. CPMSYNC_ERR_INVALID_ARGUMENT with *line (may be NULL) the wrong line, or one that could not be done at
 * once; cpmsync_mock_why has it in words. The steps before it are done or wait.
 */
CPMSYNC_API int cpmsync_mock_script(struct cpmsync_mock *mock, const char *text, size_t len, unsigned *line);

/* Steps that have not fired, or failed when they did: a test ends with none. *line (may be NULL) is the first one's. */
CPMSYNC_API size_t cpmsync_mock_script_unfired(const struct cpmsync_mock *mock, unsigned *line);

/* One of them in words, "line 3: ...: never fired, 1 too few", cut to fit in `size` octets with a NUL at the end. 0, or
 * CPMSYNC_ERR_NOT_FOUND behind the last. */
CPMSYNC_API int cpmsync_mock_script_report(const struct cpmsync_mock *mock, size_t index, char *text, size_t size);

/* Commands executed so far, over all connections. */
CPMSYNC_API uint64_t cpmsync_mock_commands(const struct cpmsync_mock *mock);

#ifdef __cplusplus
}
#endif
#endif
