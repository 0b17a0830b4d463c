/* SPDX-License-Identifier: MIT */
/*
 * The client: one account on one CPM Message Storage Server.
 *
 * Three faces, one engine (design 3). Use one of the first two; do not mix them on one client.
 *   Bytes: the app moves bytes: cpmsync_conn_* calls. No I/O happens inside.
 *   Step:  the app gives a connector (transport.h) and calls cpmsync_client_step from its own loop.
 *   Glue:  examples/loop_poll.c, loop_epoll.c, loop_uv.c, loop_glib.c: a page each on the step face.
 *
 * Threads: one thread at a time per client; only cpmsync_client_wake may be called from another.
 * Callbacks run inside the app's own calls and may call anything here: submit, cancel, free; freeing the client inside
 * one of its callbacks is deferred to the end of the outermost call, after which the pointer is dead.
 */
#ifndef CPMSYNC_CLIENT_H
#define CPMSYNC_CLIENT_H

#include <cpmsync/crypto.h>
#include <cpmsync/error.h>
#include <cpmsync/store.h>
#include <cpmsync/transport.h>
#include <cpmsync/trigger.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cpmsync_client;

/* ---------------------------------------------------------------- descriptors */

/* What the server told of the message: a member of the descriptor is void where its bit is not set. */
enum cpmsync_descriptor_parts {
    CPMSYNC_DESCRIPTOR_SIZE = 1,         /* message_size */
    CPMSYNC_DESCRIPTOR_INTERNALDATE = 2, /* internaldate */
    CPMSYNC_DESCRIPTOR_HEADER = 4 /* names, values, field_count: fields that are not among them are not in the header */
};

/*
 * What a list of messages needs of one, and what pairs it with a message that came another way, without its body. It never
 * changes as long as the UID means this message.
 *
 * Fields are in no order, each once: where the header has several of a name the first one counts. Names are spelled as the
 * configuration does. Values are unfolded (RFC 5322 2.2.3) and without blanks around them, else as they stand in the header:
 * RFC 2047 words are not decoded, octets above 127 may be UTF-8 or not; NUL became SP.
 */
struct cpmsync_descriptor {
    size_t size;
    unsigned parts;        /* CPMSYNC_DESCRIPTOR_* */
    int truncated;         /* fields were longer together than `literal_max`: they are not here */
    uint64_t message_size; /* RFC822.SIZE in octets */
    int64_t internaldate;  /* seconds since 1970-01-01 00:00 UTC */
    const char *const *names;
    const char *const *values;
    size_t field_count;
};

/* ---------------------------------------------------------------- events */

enum cpmsync_event_type {
    /*
     * What follows is about `mailbox` with this UIDVALIDITY. The app drops what it holds of the mailbox outside
     * `ranges` (the covered UIDs), and all of it if that has another UIDVALIDITY. First event of a mailbox after the
     * client was made and after an aborted batch (R17). If that batch had told messages, or one that took messages away was
     * lost, everything that is cached is told behind it, and that there is nothing else.
     */
    CPMSYNC_EVENT_BEGIN = 1,
    /*
     * UID `uid` has the flags `flags` (all of them) and the mod-sequence `modseq` (0: none). New or changed. With `descriptor`
     * where that is news, too; NULL says nothing of it: what was told of this UID before stands.
     */
    CPMSYNC_EVENT_MESSAGE,
    /* The messages in `ranges` are gone; UIDs the app never heard of may be among them. */
    CPMSYNC_EVENT_VANISHED,
    /* All UIDs of the mailbox are void: UIDVALIDITY changed to `uidvalidity` (V-02, Q-48). A BEGIN follows. */
    CPMSYNC_EVENT_RESET,
    /* The batch is complete; it is about to be committed with `uidnext` and `highestmodseq` as the cursors, or, where messages
     * are gone, just was. */
    CPMSYNC_EVENT_BATCH,
    /* The server wants the user to read `text` (C-10). `trusted` is 0 if it came before TLS or login (W-08). */
    CPMSYNC_EVENT_ALERT,
    /* The connection `conn` is now in `state`. CLOSED: `error` says why (0: as asked), and `text` what the server said of it. */
    CPMSYNC_EVENT_STATE,
    /*
     * Of cpmsync_client_sync_account. `mailbox`, which is cached, cannot be synchronised any more. `text` NULL: the server does
     * not list it: it was deleted, or renamed in a way that cannot be followed, or the right to see it was taken away. Else
     * `text` is the attribute it is listed with: "\NonExistent" (it is only what others are below of), "\Noselect" or
     * "\NoAccess" (RFC 5258 3, RFC 5465 5.9). The cache is kept, and this is told each time until cpmsync_client_forget; but
     * not of the mailbox named as `first`, which is tried all the same: FAILED is told then.
     */
    CPMSYNC_EVENT_MAILBOX_MISSING,
    /* Likewise: `mailbox` could not be brought up to date, `error` says why; the others go on. */
    CPMSYNC_EVENT_MAILBOX_FAILED,
    /* Likewise, when its deadline came: `mailbox` differs, or did when LIST was answered, and is not up to date. */
    CPMSYNC_EVENT_MAILBOX_LEFT,
    /* `mailbox`, which is watched, is in sync, and the server tells its changes from here on; again each time others went
     * ahead of it. */
    CPMSYNC_EVENT_LIVE,
    /* A synchronisation that the client starts by itself (trigger.h): `sync` says whether it began, ended or is held back;
     * `triggers`; `mailbox`, NULL for the account; `operation`, `error`, `held`, `until` as is said there. */
    CPMSYNC_EVENT_SYNC,
    /*
     * What was cached as `old_mailbox`, with `uidvalidity`, is now cached as `mailbox`: another client renamed it. Known by its
     * MAILBOXID (RFC 8474) or by the server's word (OLDNAME, RFC 9051 6.3.9.7). The app does the same: what it holds as
     * `mailbox` is void, what it holds as `old_mailbox` gets that name, or is void if it has another UIDVALIDITY; if it holds no
     * `old_mailbox` it has done so before. Told ahead of everything else of either name, and again after a process was killed
     * meanwhile. Mailboxes below it are told each for itself. Where mailboxes changed names in a circle, one of them is told
     * with a name for the moment, which begins with the octet 7F, and again with the one it keeps. A refusal ends the operation
     * with CPMSYNC_ERR_ABORTED, and it is told again ahead of the next one.
     */
    CPMSYNC_EVENT_MAILBOX_RENAMED
};

enum cpmsync_conn_state {
    CPMSYNC_CONN_CLOSED,
    CPMSYNC_CONN_CONNECTING,
    CPMSYNC_CONN_LOGIN,
    CPMSYNC_CONN_READY,
    CPMSYNC_CONN_LOGOUT
};

/* Which members are set is said at the type; the others are zero. Pointers live as long as the callback. */
struct cpmsync_event {
    size_t size;
    enum cpmsync_event_type type;
    const char *mailbox; /* UTF-8 where the name is valid mUTF-7, else as on the wire (R10) */
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint64_t highestmodseq;
    uint32_t uid;
    uint64_t modseq;
    const char *const *flags;
    size_t flag_count;
    const struct cpmsync_range *ranges;
    size_t range_count;
    const char *text;
    int trusted;
    uint32_t conn;
    enum cpmsync_conn_state state;
    int error;
    enum cpmsync_sync_phase sync;
    unsigned triggers; /* enum cpmsync_trigger_kind */
    enum cpmsync_held held;
    int64_t until;     /* CPMSYNC_NEVER: as long as that lasts */
    int64_t operation; /* 0: it could not be queued */
    const char *old_mailbox;
    const struct cpmsync_descriptor *descriptor;
};

/* ---------------------------------------------------------------- configuration */

enum cpmsync_security {
    CPMSYNC_TLS_IMPLICIT = 0, /* the transport is secure when it opens (port 993) */
    CPMSYNC_TLS_STARTTLS,     /* it becomes secure by STARTTLS, which is required */
    CPMSYNC_TLS_NONE          /* clear text; for tests on loopback only */
};

/*
 * How much leaves on the guess that the server is the one it was (R1, R2). The guess is the capabilities of the last
 * connection under TLS, kept in the store, and is only acted upon if the last login was accepted.
 */
enum cpmsync_early {
    CPMSYNC_EARLY_ALLOWED =
        0,                  /* the first flight, credentials included, before the greeting where CPMSYNC_CONN_EARLY */
    CPMSYNC_EARLY_GREETING, /* behind the greeting; login, ENABLE and the first SELECT in one flight */
    CPMSYNC_EARLY_NEVER     /* every answer of a login is awaited */
};

/*
 * COMPRESS=DEFLATE (RFC 4978), where the server offers it and the build has zlib (CPMSYNC_WITH_ZLIB). It is asked for behind
 * the first flight, which costs no round trip, and takes 62 KiB of memory until the connection ends. A server that refuses
 * it with BAD, or does it wrong, is remembered and not asked again.
 *
 * It pays where more follows: in the synchronisation of an account, in that of a mailbox nothing is known of yet, in the
 * second and each further one on a connection, and where a mailbox is watched. A mailbox that is known and only synchronised
 * is up to date with the first flight.
 */
enum cpmsync_compress {
    CPMSYNC_COMPRESS_AUTO = 0, /* where it pays */
    CPMSYNC_COMPRESS_NEVER
};

enum cpmsync_log_level { CPMSYNC_LOG_ERROR = 1, CPMSYNC_LOG_WARNING, CPMSYNC_LOG_INFO, CPMSYNC_LOG_DEBUG };

struct cpmsync_client_config {
    size_t size;
    const struct cpmsync_allocator *allocator; /* NULL: malloc */
    struct cpmsync_store *store;               /* borrowed; NULL: a memory store of the client's own */
    struct cpmsync_crypto *crypto;             /* borrowed; NULL: no SCRAM */
    enum cpmsync_security security;
    const char *mechanism;       /* NULL: the best one both sides allow; "LOGIN" is the command */
    const char *const *disabled; /* capabilities to ignore; CONDSTORE takes QRESYNC along */
    size_t disabled_count;
    enum cpmsync_early early;

    /* Limits; 0 is the default, past one the call or mailbox fails with CPMSYNC_ERR_LIMIT. */
    int64_t response_max;       /* octets of one response held at once; 65,536, at least 1,024 */
    int64_t literal_max;        /* octets of a literal kept inside a response; 16,384; longer ones are streamed past */
    int64_t output_max;         /* octets of queued output; 1,048,576, at least 1,024 */
    int64_t messages_max;       /* messages cached in one mailbox; 1,000,000 */
    int64_t mailboxes_max;      /* mailboxes of the account; 100,000 */
    int64_t flagsets_max;       /* distinct flag sets in one mailbox; 65,536 */
    int64_t flagset_octets_max; /* octets of all flag sets of one mailbox; 4,194,304 */
    int64_t operations_max;     /* operations submitted and not complete; 1,024 */
    int64_t scram_iterations_max; /* 1,000,000 (R28) */

    int64_t command_timeout_ms; /* connect, greeting, or a command with nothing heard for so long; 0: 60,000 */

    /*
     * Of cpmsync_client_watch. An idle connection is used once in `idle_ms` (0: 29 minutes, RFC 2177 3; CPMSYNC_OFF: never):
     * what lies between may forget a connection earlier, and one that is dead is found then, command_timeout_ms later. A
     * connection that failed is made again not before about retry_least_ms (0: 2,000), twice that the next time, and so on up
     * to retry_most_ms (0: 900,000; CPMSYNC_OFF: without end); between half and all of it, at random where there is a crypto.
     */
    int64_t idle_ms;
    int64_t retry_least_ms;
    int64_t retry_most_ms;
    /*
     * Of cpmsync_client_watch_account with NOTIFY: servers lose events, so the whole list is compared again, when the connection is
     * used the next time after so long (0: 6 hours; CPMSYNC_OFF: never). Each new connection begins with it anyway.
     */
    int64_t survey_ms;
    /* Seconds since 1970, first argument `ctx`, so that a process that ended in between waits for the rest of the pause, which is
     * kept in the store. NULL, or 0: not known; then each process begins anew. */
    int64_t (*wall_time)(void *ctx);

    void *ctx; /* first argument of every callback */

    /* Events. Returning non-zero for a mailbox event refuses the batch: nothing of it is stored, and the operation ends
     * with CPMSYNC_ERR_ABORTED. Ignored for ALERT, STATE and SYNC. May be NULL. */
    int (*event)(void *ctx, struct cpmsync_client *client, const struct cpmsync_event *event);

    /* Login needs credentials: answer with cpmsync_client_credentials, inside the callback or later. Required. */
    void (*credentials)(void *ctx, struct cpmsync_client *client, uint32_t conn);

    /* One line without newline; holds no names, numbers of subscribers, or content (design 10). May be NULL. */
    void (*log)(void *ctx, enum cpmsync_log_level level, const char *text);

    /* Every octet of the conversation, secrets replaced by "<secret>", as it is before it is compressed and after it was
     * decompressed. `sent` is 1 for ours. May be NULL. */
    void (*trace)(void *ctx, uint32_t conn, int sent, const uint8_t *data, size_t len);

    enum cpmsync_compress compress;

    /*
     * Descriptors of messages. 0: each cached message has one at the end of a synchronisation, unless the server does not
     * answer with it; new messages are told with theirs, ones cached without, or with other fields, get them by and by.
     * CPMSYNC_OFF: none are asked for or told; those in the store stay as they are, and are asked for anew when this is 0
     * again.
     */
    int64_t descriptors;

    /*
     * The header fields of a descriptor: at most 32 names of at most 64 octets, each a field name of RFC 5322 (printable ASCII
     * without colon), in any case of letters; else CPMSYNC_ERR_INVALID_ARGUMENT. With `header_fields` and a count of 0 a
     * descriptor is size and date alone. NULL: what identifies a CPM object, and what a list shows of it: Message-ID,
     * IMDN-Message-ID, Conversation-ID, Contribution-ID, InReplyTo-Contribution-ID, Message-Correlator, Message-Context,
     * Message-Direction, From, To, Date, Subject, Content-Type.
     */
    const char *const *header_fields;
    size_t header_field_count;
};

/* ---------------------------------------------------------------- life */

/* Returns 0 and a client; CPMSYNC_ERR_INVALID_ARGUMENT, _NOMEM. Everything pointed to by config, but store, crypto and
 * allocator, is copied. */
CPMSYNC_API int cpmsync_client_new(struct cpmsync_client **client, const struct cpmsync_client_config *config);

/* Completes every operation with CPMSYNC_ERR_CANCELLED, closes the transports, frees. NULL is ignored. */
CPMSYNC_API void cpmsync_client_free(struct cpmsync_client *client);

/* Answers the credentials callback. `error` not 0 (then the rest is ignored): there are none, login fails with
 * CPMSYNC_ERR_AUTH_CREDENTIALS. Strings are copied and wiped after use. `authzid` may be NULL. */
CPMSYNC_API int cpmsync_client_credentials(struct cpmsync_client *client, uint32_t conn, int error, const char *user,
    const char *password, const char *authzid);

/* ---------------------------------------------------------------- operations */

/*
 * Each operation completes exactly once: with fault->error 0 or what failed. `done` may run inside the submit call only
 * if the client is being freed. Submit calls return an id (1 or more), or an error: then done is not called.
 */
typedef void (*cpmsync_done_fn)(
    void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_fault *fault);

/* Connects and logs in if that is not done. */
CPMSYNC_API int64_t cpmsync_client_login(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx);

/* Brings the cache of `mailbox` (UTF-8) up to date: SELECT (QRESYNC), new messages, both cursors (design 4, 5). */
CPMSYNC_API int64_t cpmsync_client_sync(
    struct cpmsync_client *client, const char *mailbox, cpmsync_done_fn done, void *ctx);

/*
 * Brings the whole account up to date: LIST with STATUS tells which mailboxes differ from the cache, and only these are
 * selected (design 4). On a server with LIST-STATUS and QRESYNC that is one flight to learn and one to fetch, however many
 * they are; on others it takes more. `first` (UTF-8, may be NULL) is the mailbox the user looks at: it is synchronised ahead
 * of all others. Complete with error 0 when every mailbox is in sync; else with the first error of one, and
 * CPMSYNC_EVENT_MAILBOX_FAILED names each.
 */
CPMSYNC_API int64_t cpmsync_client_sync_account(
    struct cpmsync_client *client, const char *first, cpmsync_done_fn done, void *ctx);

/*
 * Stays connected and keeps `mailbox` (UTF-8) in sync: brings it up to date, then applies what the server tells, as it tells it
 * (IDLE, RFC 2177; without it a NOOP every idle_ms). Other operations go ahead of it on the same connection, and it goes on
 * behind them. A connection that fails is made again, later each time; operations that ran on it have failed.
 * It stands until it is cancelled, LOGOUT is submitted (complete with error 0), or an error comes that trying again does not
 * help: credentials, trust, the mailbox, the store. One at a time: CPMSYNC_ERR_STATE while another stands.
 */
CPMSYNC_API int64_t cpmsync_client_watch(
    struct cpmsync_client *client, const char *mailbox, cpmsync_done_fn done, void *ctx);

/*
 * The same of the whole account: brings it up to date (cpmsync_client_sync_account), then `first` (NULL: INBOX) stays selected.
 * On a server with NOTIFY (RFC 5465) the other mailboxes are watched, too, and visited when they changed; on others they wait
 * for cpmsync_client_sync_account, at the app's pace. A mailbox that cannot be synchronised is told as FAILED and ends nothing.
 */
CPMSYNC_API int64_t cpmsync_client_watch_account(
    struct cpmsync_client *client, const char *first, cpmsync_done_fn done, void *ctx);

enum cpmsync_list_flags {
    CPMSYNC_LIST_NOT_SELECTABLE = 1, /* \Noselect, \NonExistent: it is only what others are below of */
    CPMSYNC_LIST_SUBSCRIBED = 2,
    CPMSYNC_LIST_SUBSCRIPTION_UNKNOWN = 4, /* the server refused to tell */
    CPMSYNC_LIST_CHILDREN = 8,             /* mailboxes are below it, or were; neither this nor the next: not known */
    CPMSYNC_LIST_NO_CHILDREN = 16
};

/* A mailbox as the server lists it. */
struct cpmsync_list_info {
    size_t size;
    const char *mailbox;           /* UTF-8 where the name is valid mUTF-7, else as on the wire (R10) */
    int delimiter;                 /* of the hierarchy, an octet; 0: the mailbox is in none */
    const char *const *attributes; /* all of them as the server spells them, "\HasChildren"; unknown ones too */
    size_t attribute_count;
    const char *const *uses; /* of these, the special uses (RFC 6154): "\Drafts", "\Sent", ... */
    size_t use_count;
    unsigned flags; /* enum cpmsync_list_flags */
};
typedef void (*cpmsync_list_fn)(
    void *ctx, struct cpmsync_client *client, int64_t operation, const struct cpmsync_list_info *info);

/*
 * The server's mailboxes whose names match `pattern` (UTF-8; `*` stands for anything, `%` for anything but the delimiter; NULL
 * is "*"): `fn` is called with each as it comes, then `done`. What was told before an error is not all there is. Nothing is
 * cached. Once a connection the namespaces are asked for as well, see cpmsync_client_namespaces. CPMSYNC_ERR_INVALID_ARGUMENT
 * without fn or for a pattern with CR or LF in it. Legal in callbacks.
 */
CPMSYNC_API int64_t cpmsync_client_list(
    struct cpmsync_client *client, const char *pattern, cpmsync_list_fn fn, cpmsync_done_fn done, void *ctx);

/* Whose mailboxes a namespace has (RFC 2342 3). */
enum cpmsync_namespace_kind { CPMSYNC_NAMESPACE_PERSONAL, CPMSYNC_NAMESPACE_OTHER_USERS, CPMSYNC_NAMESPACE_SHARED };

struct cpmsync_namespace_info {
    size_t size;
    enum cpmsync_namespace_kind kind;
    const char *prefix; /* UTF-8; its names begin with it, the delimiter included: "", "INBOX.", "#shared/" */
    int delimiter;      /* an octet; 0: its names have no hierarchy */
};
/* A non-zero return stops. */
typedef int (*cpmsync_namespace_fn)(void *ctx, const struct cpmsync_namespace_info *info);

/*
 * The namespaces the server told at the last cpmsync_client_list, in its order; a new mailbox's name begins with the prefix of
 * one, as a rule the first personal one. On a server without NAMESPACE it is the personal one with the prefix "" and the
 * delimiter of LIST. No network; fn must not call the client. 0, what fn returned, or CPMSYNC_ERR_NOT_FOUND if none were told.
 */
CPMSYNC_API int cpmsync_client_namespaces(const struct cpmsync_client *client, cpmsync_namespace_fn fn, void *ctx);

/*
 * Takes a mailbox out of the cache, messages and all: what was told as MISSING, or is not wanted any more. The server's is left
 * alone; where it is still listed the next cpmsync_client_sync_account fetches it anew. Done when what was submitted before is
 * complete; needs no connection. CPMSYNC_ERR_NOT_FOUND if it is not cached. No event is told. Legal in callbacks.
 */
CPMSYNC_API int64_t cpmsync_client_forget(
    struct cpmsync_client *client, const char *mailbox, cpmsync_done_fn done, void *ctx);

/* LOGOUT after what was submitted before; complete when the connection is closed. */
CPMSYNC_API int64_t cpmsync_client_logout(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx);

/*
 * The second connection (R11), 1, for what moves much beside the first: messages stored and bodies fetched. Operations that need it
 * open it; an app may open it ahead of them, so that they need not wait, and close it when nothing needs it any more. Both have
 * operations of their own: what fails on one leaves the other alone. LOGOUT ends the first only.
 */
CPMSYNC_API int64_t cpmsync_client_bulk_open(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx);
CPMSYNC_API int64_t cpmsync_client_bulk_close(struct cpmsync_client *client, cpmsync_done_fn done, void *ctx);

/*
 * The operation is to be over at `at` (absolute, as `now` elsewhere; CPMSYNC_NEVER: when it is): if it is not, it completes with
 * CPMSYNC_ERR_DEADLINE then, at the next call that knows the time. What was complete is committed and stays; mailboxes that a
 * synchronisation of the account left are named by CPMSYNC_EVENT_MAILBOX_LEFT, if it came as far as to know them. Answers that
 * are still due are waited for before another operation begins. Returns 0, CPMSYNC_ERR_NOT_FOUND if it is complete.
 */
CPMSYNC_API int cpmsync_client_deadline(struct cpmsync_client *client, int64_t operation, int64_t at);

/*
 * Nothing new is begun from now on, until cpmsync_client_resume: operations wait, the watch rests. Returns the milliseconds after
 * which, at most, no answer is due any more, so that suspending the process leaves nothing half done: 0, it is safe now. The
 * connection stays; whether it outlived the sleep is found when its time is up. Ask again when the time has passed, or any call
 * moved octets. CPMSYNC_ERR_INVALID_ARGUMENT.
 */
CPMSYNC_API int64_t cpmsync_client_quiesce(struct cpmsync_client *client, int64_t now);
CPMSYNC_API void cpmsync_client_resume(struct cpmsync_client *client);

/* Cancels: it completes with CPMSYNC_ERR_CANCELLED, or as it ends anyway if that cannot be stopped. 0, or
 * CPMSYNC_ERR_NOT_FOUND if it is complete. */
CPMSYNC_API int cpmsync_client_cancel(struct cpmsync_client *client, int64_t operation);

/* ---------------------------------------------------------------- the step face */

enum cpmsync_want {
    CPMSYNC_WANT_READ = 1,
    CPMSYNC_WANT_WRITE = 2,
    CPMSYNC_WANT_NOW = 4,      /* call step at once: bytes are buffered, or work was left by the budget */
    CPMSYNC_WANT_CONNECT = 8,  /* bytes face: open a transport */
    CPMSYNC_WANT_CLOSE = 16,   /* bytes face: close the transport, then call cpmsync_conn_closed */
    CPMSYNC_WANT_STARTTLS = 32 /* bytes face: start TLS, then call cpmsync_conn_secured */
};

/* Takes over `connector` (freed with the client). Call once, before the first step. */
CPMSYNC_API int cpmsync_client_connector(struct cpmsync_client *client, struct cpmsync_connector *connector);

/* Moves bytes and timers until everything would block or `budget` (an octet moved is 1, with 16 it may be decompressed to;
 * each further one of these is 1; a hash round 64; 0: no limit) is spent. Never blocks on the network. Returns 0; errors
 * reach operations and events, not this return, except CPMSYNC_ERR_STATE when called from inside a callback or without a
 * connector. */
CPMSYNC_API int cpmsync_client_step(struct cpmsync_client *client, int64_t now, int64_t budget);

/* CPMSYNC_WANT_* of all connections. 0: nothing to do until the next submit. */
CPMSYNC_API unsigned cpmsync_client_want(const struct cpmsync_client *client);

/* The descriptors to watch; returns how many there are, which may be above `max`. */
CPMSYNC_API size_t cpmsync_client_pollfds(struct cpmsync_client *client, struct cpmsync_pollfd *fds, size_t max);

/* Absolute time of the next deadline, CPMSYNC_NEVER if none. Both faces. */
CPMSYNC_API int64_t cpmsync_client_expiry(const struct cpmsync_client *client);

/* Makes a poll on pollfds return, from any thread. CPMSYNC_ERR_UNSUPPORTED without SOCKETS. */
CPMSYNC_API int cpmsync_client_wake(struct cpmsync_client *client);

/* ---------------------------------------------------------------- the bytes face */

enum cpmsync_conn_flags {
    CPMSYNC_CONN_SECURE = 1, /* the transport is encrypted and the peer authenticated */
    CPMSYNC_CONN_EARLY = 2,  /* the greeting is still a round trip away: the first flight may go ahead of it (R2) */
    CPMSYNC_CONN_RESUMED = 4 /* the TLS session was resumed; counted in the stats */
};

/* The connections that exist: 0 and, when needed, 1. */
enum { CPMSYNC_CONN_COUNT = 2 };

CPMSYNC_API unsigned cpmsync_conn_want(const struct cpmsync_client *client, uint32_t conn);

/* The transport asked for by WANT_CONNECT is open. */
CPMSYNC_API int cpmsync_conn_opened(struct cpmsync_client *client, uint32_t conn, int64_t now, unsigned flags);

/* TLS asked for by WANT_STARTTLS is established. */
CPMSYNC_API int cpmsync_conn_secured(struct cpmsync_client *client, uint32_t conn, int64_t now);

/* Received octets. All of them are consumed, also on error. Returns 0, or CPMSYNC_ERR_STATE (not open, or called from
 * inside a callback). */
CPMSYNC_API int cpmsync_conn_feed(
    struct cpmsync_client *client, uint32_t conn, int64_t now, const uint8_t *data, size_t len);

/* What is to be sent: returns the length and points *data at it; valid until the next call on the client. */
CPMSYNC_API size_t cpmsync_conn_output(struct cpmsync_client *client, uint32_t conn, const uint8_t **data);

/* The first `len` octets of it were sent. */
CPMSYNC_API int cpmsync_conn_ack(struct cpmsync_client *client, uint32_t conn, int64_t now, size_t len);

/* The transport is closed, or could not be opened. `fault` (may be NULL: closed as asked, or by the peer) says why. */
CPMSYNC_API int cpmsync_conn_closed(
    struct cpmsync_client *client, uint32_t conn, int64_t now, const struct cpmsync_fault *fault);

/* Handles deadlines and sliced work that are due. Returns 0. */
CPMSYNC_API int cpmsync_conn_tick(struct cpmsync_client *client, int64_t now, int64_t budget);

/* ---------------------------------------------------------------- the local view (no network) */

struct cpmsync_mailbox_info {
    size_t size;
    const char *name;
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint64_t highestmodseq;
    uint32_t messages;
};
typedef int (*cpmsync_mailbox_fn)(void *ctx, const struct cpmsync_mailbox_info *info);
typedef int (*cpmsync_message_fn)(
    void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t flag_count);

/* Every cached mailbox, by name. A non-zero return of fn stops and is returned. fn must not call the client. */
CPMSYNC_API int cpmsync_view_mailboxes(
    const struct cpmsync_store *store, const struct cpmsync_allocator *allocator, cpmsync_mailbox_fn fn, void *ctx);

/* One mailbox: its info, then its messages, ascending UID. Either callback may be NULL. CPMSYNC_ERR_NOT_FOUND. */
CPMSYNC_API int cpmsync_view_messages(const struct cpmsync_store *store, const struct cpmsync_allocator *allocator,
    const char *mailbox, cpmsync_mailbox_fn info, cpmsync_message_fn fn, void *ctx);

typedef int (*cpmsync_descriptor_fn)(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor);

/* The descriptors of the mailbox with first <= UID <= last, ascending UID, of the messages that have one. A non-zero return of fn
 * stops and is returned; the descriptor lives as long as the call, and fn must not use the store. CPMSYNC_ERR_NOT_FOUND,
 * _INVALID_ARGUMENT for a first of 0 or above last. */
CPMSYNC_API int cpmsync_view_descriptors(const struct cpmsync_store *store, const struct cpmsync_allocator *allocator,
    const char *mailbox, uint32_t first, uint32_t last, cpmsync_descriptor_fn fn, void *ctx);

/* ---------------------------------------------------------------- facts */

/* What the server offered last (after login if there was one), separated by spaces; "" if unknown. Lives until the next
 * call that moves bytes. */
CPMSYNC_API const char *cpmsync_client_capabilities(const struct cpmsync_client *client);
/* What ENABLED listed on the connection, or on the last one if it is closed, likewise. A login does not wait for it: it
 * is complete after the first sync or the logout. */
CPMSYNC_API const char *cpmsync_client_enabled(const struct cpmsync_client *client);

struct cpmsync_stats {
    size_t size;
    uint64_t bytes_in, bytes_out; /* IMAP octets as they pass above TLS: compressed where COMPRESS is in use */
    uint64_t flights;             /* design 4 */
    uint64_t commands;
    uint64_t connects;
    uint64_t tls_resumed;
    uint64_t messages_added, flags_changed, vanished;
};
CPMSYNC_API void cpmsync_client_stats(const struct cpmsync_client *client, struct cpmsync_stats *stats);

/* The version of the library, "MAJOR.MINOR.PATCH". */
CPMSYNC_API const char *cpmsync_version(void);

#ifdef __cplusplus
}
#endif
#endif
