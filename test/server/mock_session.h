/* SPDX-License-Identifier: MIT */
/*
 * One connection: what it selected, what it was told of it, and what it said so far. The engine (mock_server.c) frames
 * commands, the session (mock_session.c) dispatches them, mock_view.c tells what other connections did.
 */
#ifndef CPMSYNC_MOCK_SESSION_H
#define CPMSYNC_MOCK_SESSION_H

#include <cpmsync/mock.h>
#include "mock_compress.h"
#include "mock_fault.h"
#include "mock_notify.h"
#include "mock_sasl.h"
#include "mock_script.h"
#include "mock_status.h"
#include "mock_store.h"

enum mock_state {
    MOCK_NOT_AUTHENTICATED, /* Next: AUTHENTICATED on a login, LOGOUT */
    MOCK_AUTHENTICATED,     /* Next: SELECTED on SELECT or EXAMINE, LOGOUT */
    MOCK_SELECTED,          /* Next: SELECTED, AUTHENTICATED on CLOSE, UNSELECT or a failed SELECT, LOGOUT */
    MOCK_LOGOUT             /* the end: output is delivered, nothing is read */
};

/* What follows the current command line. */
enum mock_continuation { MOCK_LINE_IS_COMMAND, MOCK_LINE_IS_SASL, MOCK_LINE_ENDS_IDLE };

/* A message as the client knows it: number is the place in the view. */
struct mock_seen {
    uint64_t told; /* mod-sequence of the flags the client was told */
    uint32_t uid;
    bool recent;
};

struct mock_conn {
    int id;
    struct cpmsync_mock *mock;
    struct mock_conn *next;
    enum mock_state state;
    enum mock_continuation continuation;
    bool secure;
    bool wants_starttls;
    bool broken;   /* lack of memory: what was said is incomplete, so nothing more is */
    bool silenced; /* by a fault: executes nothing, answers nothing */

    struct cpmsync_buf in;
    size_t scanned;        /* octets of `in` the framer has seen */
    size_t line;           /* where the line begins that it is in */
    uint64_t literal_left; /* octets of a literal still to come */
    uint64_t literal_come; /* and of this one that have come */
    uint64_t swallow;      /* octets of a refused non-synchronising literal still to be thrown away */
    bool refused;          /* the command's rest is thrown away; it was answered */
    struct cpmsync_buf out;
    size_t traced;                  /* octets of `out` the trace has seen */
    struct mock_compress *compress; /* NULL: what goes over the wire is `in` and `out` themselves */
    size_t compress_from;           /* where in `out` compression is to begin; 0: it is not */

    char tag[128];
    size_t tag_len;
    size_t tagged_at;          /* length of `out` where the last tagged answer begins */
    bool by_uid;               /* it is a UID command */
    bool uid_required;         /* it is BAD for a message number (RFC 9586) */
    uint32_t limited_to;       /* lowest UID it touched, where MESSAGELIMIT kept it from more; 0: it did not */
    bool expunges;             /* the command in progress allows EXPUNGE and VANISHED */
    struct cpmsync_slice verb; /* its name, in static storage */
    struct mock_channel channel;
    struct mock_sasl sasl;
    struct mock_user *user;
    bool condstore;      /* a CONDSTORE enabling command was given */
    bool qresync;        /* ENABLE QRESYNC */
    bool uidonly;        /* ENABLE UIDONLY: no message numbers any more */
    bool utf8;           /* ENABLE UTF8=ACCEPT: names and quoted strings are UTF-8 */
    bool rev2;           /* ENABLE IMAP4rev2 */
    bool tells_metadata; /* ENABLE METADATA */
    bool tells_server_metadata;
    struct mock_notify notify;
    bool could_list;              /* the mailbox whose rights are changing */
    uint64_t modseq_ahead;        /* the last told by the fault of that name */
    struct cpmsync_slice kept[2]; /* names of the command, as the store has them */
    struct cpmsync_buf news;      /* lines to be told before the next tagged answer */

    struct mock_mailbox *mailbox;
    struct mock_status_values opened_with; /* its STATUS when it was selected */
    bool read_only;
    bool examined;
    bool tells_annotations; /* it was selected with ANNOTATE */
    unsigned rights_told;   /* of those over flags, as PERMANENTFLAGS told them */
    struct mock_seen *view;
    size_t view_count;
    size_t view_capacity;
    uint64_t view_changes; /* the mailbox's count of changes when the view was last brought up to date */
    uint64_t view_modseq;  /* its HIGHESTMODSEQ then */
    size_t flags_told;     /* how many of its flag names the client knows */
    struct mock_set saved; /* UIDs of the saved search result, "$" */
};

struct cpmsync_mock {
    const struct cpmsync_allocator *mem;
    struct mock_conn *actor; /* whose command runs, for the others to be told; NULL for what nobody here did */
    uint64_t notifications;  /* of NOTIFY, over all connections */
    struct mock_store store;
    struct mock_conn *conns;
    int last_conn;
    uint64_t random; /* state of the generator */
    uint64_t commands;
    uint64_t selects;                  /* of these: SELECT and EXAMINE, */
    uint64_t uid_fetches;              /* UID FETCH, */
    uint64_t uid_changes;              /* UID FETCH and UID STORE, */
    uint64_t fetches;                  /* FETCH by message numbers */
    uint64_t progress_told;            /* lines of INPROGRESS */
    struct cpmsync_slice capabilities; /* data NULL: everything */
    bool starttls;
    bool require_tls;
    uint64_t max_literal;
    unsigned scram_iterations;
    struct mock_faults faults;
    struct mock_script script;
    void (*trace)(void *ctx, int conn, int direction, const void *data, size_t len);
    void *trace_ctx;
    char why[512]; /* of the last call that failed and had something to say */
};

/* Keeps why a call fails, for cpmsync_mock_why. Returns the error. */
#ifdef __GNUC__
__attribute__((format(printf, 3, 4)))
#endif
int cpmsync_mock_explain(struct cpmsync_mock *mock, int error, const char *format, ...);

uint64_t cpmsync_mock_random(struct cpmsync_mock *mock);

/* ---- output (mock_output.c) ---- */

void cpmsync_mock_put(struct mock_conn *conn, const void *data, size_t len);
void cpmsync_mock_put_slice(struct mock_conn *conn, struct cpmsync_slice slice);
#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
void cpmsync_mock_putf(struct mock_conn *conn, const char *format, ...); /* at most 1000 octets */
void cpmsync_mock_put_string(struct mock_conn *conn, struct cpmsync_slice string);   /* quoted or literal */
void cpmsync_mock_put_nstring(struct mock_conn *conn, struct cpmsync_slice string);  /* data NULL: NIL */
void cpmsync_mock_put_nstring8(struct mock_conn *conn, struct cpmsync_slice string); /* with NUL a literal8 */
void cpmsync_mock_put_literal(struct mock_conn *conn, struct cpmsync_slice string);
void cpmsync_mock_put_astring(struct mock_conn *conn, struct cpmsync_slice string);
void cpmsync_mock_put_set(struct mock_conn *conn, const struct mock_set *set);
void cpmsync_mock_put_flags(struct mock_conn *conn, const struct mock_flags *flags, bool recent); /* "(...)" */
void cpmsync_mock_put_flag_names(struct mock_conn *conn);   /* FLAGS and PERMANENTFLAGS; the client knows them now */
void cpmsync_mock_put_capabilities(struct mock_conn *conn); /* "CAPABILITY IMAP4rev1 ..." */

/* The tagged answer, behind what is to be told now; text is what stands behind "OK ", response code included. */
void cpmsync_mock_ok(struct mock_conn *conn, const char *text);
void cpmsync_mock_no(struct mock_conn *conn, const char *text);
void cpmsync_mock_bad(struct mock_conn *conn, const char *text);
void cpmsync_mock_tag(struct mock_conn *conn); /* begins a tagged answer: "TAG " */

/* Untagged BYE with this text; the connection ends. */
void cpmsync_mock_bye(struct mock_conn *conn, const char *text);

/* Whether a capability is told on this connection, as it is now. */
bool cpmsync_mock_advertises(const struct mock_conn *conn, const char *capability);
/* Whether what it stands for is there: it is advertised, or folded into IMAP4rev2, which is in force (RFC 9051 E.2).
 * "IMAP4rev1" is what IMAP4rev2 took out: it is there as long as that is not in force. */
bool cpmsync_mock_offers(const struct mock_conn *conn, const char *capability);
/* Enabled, or the only revision there is. */
bool cpmsync_mock_is_rev2(const struct mock_conn *conn);
/* UTF8=ACCEPT, or UTF8=ONLY. */
bool cpmsync_mock_supports_utf8(const struct mock_conn *conn);
/* Names and quoted strings are UTF-8: by UTF8=ACCEPT or by IMAP4rev2. */
bool cpmsync_mock_speaks_utf8(const struct mock_conn *conn);

/* ---- dispatch (mock_session.c) ---- */

/* Whether there is a command of this name, with `uid` behind "UID", offered or not. */
bool cpmsync_mock_is_command(struct cpmsync_slice name, bool uid);
void cpmsync_mock_greet(struct mock_conn *conn);
/* A complete command, with the octets of its literals, without the last CRLF. */
void cpmsync_mock_execute(struct mock_conn *conn, uint8_t *command, size_t len);
/* A line that continues one. */
void cpmsync_mock_continue(struct mock_conn *conn, struct cpmsync_slice line);
/* One of an AUTHENTICATE exchange (mock_cmd_auth.c). */
void cpmsync_mock_authenticate_line(struct mock_conn *conn, struct cpmsync_slice line);
/* Whether the literal may come: 0, or an answer was given and the rest of the command is to be thrown away. */
bool cpmsync_mock_admits_literal(struct mock_conn *conn, struct cpmsync_slice command, uint64_t len, bool sync);
void cpmsync_mock_login(struct mock_conn *conn, struct mock_user *user, const char *text);
/* Back to how a connection begins. */
void cpmsync_mock_logout(struct mock_conn *conn);

/* ---- the selected mailbox (mock_view.c) ---- */

/* Makes this mailbox the selected one, with a fresh view. false without memory. */
bool cpmsync_mock_open(struct mock_conn *conn, struct mock_mailbox *mailbox, bool read_only);
void cpmsync_mock_close(struct mock_conn *conn);

/* Tells what happened since the client was last told: expunges only if they are allowed now (RFC 3501 7.4.1). */
void cpmsync_mock_tell(struct mock_conn *conn, bool expunges);

/* EXISTS and RECENT. */
void cpmsync_mock_put_sizes(struct mock_conn *conn);

/* EXPUNGE or VANISHED only: takes out of the view what is no longer in the mailbox. */
void cpmsync_mock_tell_expunges(struct mock_conn *conn);

/* Pushes to those that idle. */
void cpmsync_mock_push(struct cpmsync_mock *mock);

/* The client's number of a UID, 0 if it knows none. */
uint32_t cpmsync_mock_number_of(const struct mock_conn *conn, uint32_t uid);
uint32_t cpmsync_mock_highest_uid(const struct mock_conn *conn);

/* The mailbox's HIGHESTMODSEQ as it may be told: below every expunge held back (MS-23). */
uint64_t cpmsync_mock_told_modseq(const struct mock_conn *conn);

/* A CONDSTORE enabling command; the first one with a mailbox selected tells HIGHESTMODSEQ. */
void cpmsync_mock_enable_condstore(struct mock_conn *conn);

/* Whether the selected mailbox is there no more, or not for this user: BYE was said then. */
bool cpmsync_mock_lost(struct mock_conn *conn);

/* Whether MODSEQ, and UID, go into FETCH answers nobody asked for. */
bool cpmsync_mock_tells_modseq(const struct mock_conn *conn);
bool cpmsync_mock_tells_uid(const struct mock_conn *conn);

/* "* n FETCH (", or "* uid UIDFETCH (" with UIDONLY. */
void cpmsync_mock_begin_fetch(struct mock_conn *conn, size_t index);

/* "* n FETCH (UID u FLAGS (...) MODSEQ (m))" of a flag change. */
void cpmsync_mock_put_flag_change(struct mock_conn *conn, size_t index, const struct mock_message *message, bool uid);

/* A set of numbers or UIDs made a set of places in the view: calls `each` for every message of it the client knows, in
 * order. message is NULL where it was expunged since. Numbers were checked before. */
typedef void mock_each(void *ctx, struct mock_conn *conn, size_t index, struct mock_message *message);
void cpmsync_mock_for_each(struct mock_conn *conn, const struct mock_set *set, bool uids, mock_each *each, void *ctx);

/* sequence-set of a command, "$" too where SEARCHRES is offered. */
bool cpmsync_mock_read_message_set(struct mock_conn *conn, struct mock_parser *p, struct mock_set *set);

/* Resolves a set of a command: false if a number is above EXISTS. */
bool cpmsync_mock_resolve(struct mock_conn *conn, struct mock_set *set, bool uids);

/* ---- names and rights (mock_reach.c) ---- */

/* Whose store a name leads to, and the name there; false if it leads nowhere. */
bool cpmsync_mock_address(
    const struct mock_conn *conn, struct cpmsync_slice name, struct mock_user **owner, struct cpmsync_slice *inner);
/* The mailbox of this name, whatever the rights; NULL if there is none. */
struct mock_mailbox *cpmsync_mock_named(const struct mock_conn *conn, struct cpmsync_slice name);
/* MOCK_RIGHT_* of mock_acl.h that this user has. */
unsigned cpmsync_mock_rights(const struct mock_conn *conn, const struct mock_mailbox *mailbox);
/* The mailbox of this name if the user has all the rights wanted; else NULL, and NO was answered: with the text `absent`
 * where there is none, and also where the user may not know of it (RFC 4314 6). */
struct mock_mailbox *cpmsync_mock_reach(
    struct mock_conn *conn, struct cpmsync_slice name, unsigned wanted, const char *absent);
/* Whether the user may create a mailbox of this name: else NO was answered. */
bool cpmsync_mock_may_create(
    struct mock_conn *conn, struct cpmsync_slice name, struct mock_user **owner, struct cpmsync_slice *inner);

/* Adds the name, of a mailbox of `owner`, as this user knows it. */
int cpmsync_mock_add_name(
    const struct mock_conn *conn, const struct mock_user *owner, struct cpmsync_slice inner, struct cpmsync_buf *out);
/* mailbox: *name is as the store has it, modified UTF-7, valid until the command is done (RFC 6855 3). Two are kept. */
bool cpmsync_mock_read_mailbox(struct mock_conn *conn, struct mock_parser *p, struct cpmsync_slice *name);
void cpmsync_mock_forget_names(struct mock_conn *conn);
/* Appends a name of the store as the client spells it. */
int cpmsync_mock_spell(const struct mock_conn *conn, struct cpmsync_slice name, struct cpmsync_buf *out);
/* The same as an astring. */
void cpmsync_mock_put_mailbox(struct mock_conn *conn, struct cpmsync_slice name);

/* The name as this user knows it. */
void cpmsync_mock_put_name(struct mock_conn *conn, const struct mock_mailbox *mailbox);
void cpmsync_mock_put_myrights(struct mock_conn *conn, const struct mock_mailbox *mailbox);
/* Whether there are mailboxes below it the user may list. */
bool cpmsync_mock_shows_children(const struct mock_conn *conn, const struct mock_mailbox *mailbox);
/* Every mailbox the user may list, the user's own first. A level of a name that is none (or none the user may list) comes
 * before what is below it, with mailbox NULL. */
typedef void mock_listed(
    void *ctx, struct mock_conn *conn, struct cpmsync_slice name, const struct mock_mailbox *mailbox);
void cpmsync_mock_for_each_listed(struct mock_conn *conn, mock_listed *each, void *ctx);

/* An entry was set, a private one by `user`: those who asked to be told are, except for one (mock_cmd_metadata.c). */
void cpmsync_mock_announce_entry(struct cpmsync_mock *mock, const struct mock_conn *but,
    const struct mock_mailbox *mailbox, struct cpmsync_slice name, const struct mock_user *user);

/* ---- misbehaviour (mock_misbehave.c) ---- */

/* A command begins: it is counted. */
void cpmsync_mock_count(struct mock_conn *conn);
/* Behind a line of its answer. */
void cpmsync_mock_misbehave_inside(struct mock_conn *conn);
/* Behind a VANISHED whose highest UID this was. */
void cpmsync_mock_misbehave_vanished(struct mock_conn *conn, uint32_t highest);
/* Before the tagged answer of a FETCH. */
void cpmsync_mock_misbehave_at_end(struct mock_conn *conn);
/* There is something to be told in IDLE. */
void cpmsync_mock_misbehave_idle(struct mock_conn *conn);
/* Before a SELECT looks at its mailbox. */
void cpmsync_mock_misbehave_select(struct mock_conn *conn, struct cpmsync_slice name);
/* Whether this moment of a fault, whose number this is, has come; it comes once. */
bool cpmsync_mock_is_due(uint64_t *fault, uint64_t count);

/* ---- commands ---- */

/* A command reads its arguments from `p` and answers: every path ends in exactly one tagged answer, except for those that
 * wait for a continuation. `uid` for the UID form. Returns false if the grammar does not allow it. */
typedef bool mock_command(struct mock_conn *conn, struct mock_parser *p, bool uid);

mock_command cpmsync_mock_cmd_capability, cpmsync_mock_cmd_noop, cpmsync_mock_cmd_logout, cpmsync_mock_cmd_starttls;
mock_command cpmsync_mock_cmd_login, cpmsync_mock_cmd_authenticate, cpmsync_mock_cmd_enable, cpmsync_mock_cmd_id;
mock_command cpmsync_mock_cmd_setacl, cpmsync_mock_cmd_deleteacl, cpmsync_mock_cmd_getacl, cpmsync_mock_cmd_listrights;
mock_command cpmsync_mock_cmd_convert, cpmsync_mock_cmd_conversions;
mock_command cpmsync_mock_cmd_myrights, cpmsync_mock_cmd_getmetadata, cpmsync_mock_cmd_setmetadata;
mock_command cpmsync_mock_cmd_idle, cpmsync_mock_cmd_namespace, cpmsync_mock_cmd_notify, cpmsync_mock_cmd_compress;
mock_command cpmsync_mock_cmd_select, cpmsync_mock_cmd_examine, cpmsync_mock_cmd_close, cpmsync_mock_cmd_unselect;
mock_command cpmsync_mock_cmd_check;
mock_command cpmsync_mock_cmd_fetch, cpmsync_mock_cmd_store, cpmsync_mock_cmd_search, cpmsync_mock_cmd_sort;
mock_command cpmsync_mock_cmd_expunge, cpmsync_mock_cmd_uid_expunge, cpmsync_mock_cmd_copy, cpmsync_mock_cmd_move;
mock_command cpmsync_mock_cmd_append, cpmsync_mock_cmd_replace;
mock_command cpmsync_mock_cmd_getquota, cpmsync_mock_cmd_getquotaroot, cpmsync_mock_cmd_setquota;
mock_command cpmsync_mock_cmd_resetkey, cpmsync_mock_cmd_genurlauth, cpmsync_mock_cmd_urlfetch;
mock_command cpmsync_mock_cmd_list, cpmsync_mock_cmd_lsub, cpmsync_mock_cmd_status, cpmsync_mock_cmd_create;
mock_command cpmsync_mock_cmd_delete, cpmsync_mock_cmd_rename, cpmsync_mock_cmd_subscribe, cpmsync_mock_cmd_unsubscribe;

/* "* VANISHED (EARLIER) ..." of what went since `modseq`, of the UIDs in `known` (resolved) above `matched`. */
void cpmsync_mock_put_vanished_earlier(
    struct mock_conn *conn, const struct mock_set *known, uint64_t modseq, uint32_t matched);
/* "(" fetch-att *(SP fetch-att) ")" of NOTIFY, and such FETCHes of the messages from a place in the view on
 * (mock_cmd_fetch.c). */
bool cpmsync_mock_read_fetch_atts(struct mock_conn *conn, struct mock_parser *p);
void cpmsync_mock_put_fetch_atts(struct mock_conn *conn, struct cpmsync_slice atts, size_t first);

/* The FETCHes of what changed since (mock_resync.c). */
void cpmsync_mock_put_changes(struct mock_conn *conn, const struct mock_set *known, uint64_t modseq);

/* The mailbox APPEND, COPY and MOVE put messages into. NULL: answered, with TRYCREATE where a CREATE would help
 * (RFC 3501 6.3.11). */
struct mock_mailbox *cpmsync_mock_target(struct mock_conn *conn, struct cpmsync_slice name);
/* Tagged OK behind the expunges of this command, with HIGHESTMODSEQ under QRESYNC if any messages went. */
void cpmsync_mock_answer_expunge(struct mock_conn *conn, size_t count, const char *text);
/* Whether APPENDUID and COPYUID are told. */
bool cpmsync_mock_tells_new_uids(const struct mock_conn *conn);
/* "* LIST (attributes) delimiter name", without its CRLF (mock_cmd_list.c). mailbox is NULL where the name is none. */
enum {
    MOCK_LIST_SUBSCRIBED = 1,
    MOCK_LIST_USES = 2,
    MOCK_LIST_LEVEL = 4,     /* there are mailboxes below the name */
    MOCK_LIST_PLAIN = 8,     /* in the words of RFC 3501 */
    MOCK_LIST_READABLE = 16, /* \Noselect also where the user may not read (RFC 5819 2) */
    MOCK_LIST_NO_ACCESS = 32 /* \NoAccess (RFC 5465 3.1): nothing else is said of it */
};
void cpmsync_mock_put_list(
    struct mock_conn *conn, struct cpmsync_slice name, const struct mock_mailbox *mailbox, unsigned shows);

/* The answer for an error of the store. */
void cpmsync_mock_refuse(struct mock_conn *conn, int error);

#endif
