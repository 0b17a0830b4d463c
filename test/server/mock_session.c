/* SPDX-License-Identifier: MIT */
#include "mock_session.h"

#define UID_REQUIRED "[UIDREQUIRED] Message numbers are off"

enum { IN_CLEAR = 1 << MOCK_NOT_AUTHENTICATED, IN_AUTH = 1 << MOCK_AUTHENTICATED, IN_BOX = 1 << MOCK_SELECTED };
enum { LOGGED_IN = IN_AUTH | IN_BOX, ANYWHERE = IN_CLEAR | LOGGED_IN };

/* Where a command is allowed, which capability brings it, and whether expunges may be told during it. */
struct verb {
    const char *name;
    unsigned states;
    bool uid;
    bool expunges;
    const char *capability;
    mock_command *run;
};

static const struct verb VERBS[] = {
    {"CAPABILITY", ANYWHERE, false, true, NULL, cpmsync_mock_cmd_capability},
    {"NOOP", ANYWHERE, false, true, NULL, cpmsync_mock_cmd_noop},
    {"LOGOUT", ANYWHERE, false, true, NULL, cpmsync_mock_cmd_logout},
    {"ID", ANYWHERE, false, true, "ID", cpmsync_mock_cmd_id},
    {"STARTTLS", IN_CLEAR, false, true, "STARTTLS", cpmsync_mock_cmd_starttls},
    {"LOGIN", IN_CLEAR, false, true, NULL, cpmsync_mock_cmd_login},
    {"AUTHENTICATE", IN_CLEAR, false, true, NULL, cpmsync_mock_cmd_authenticate},
    {"ENABLE", IN_AUTH, false, true, "ENABLE", cpmsync_mock_cmd_enable},
    {"SELECT", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_select},
    {"EXAMINE", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_examine},
    {"CREATE", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_create},
    {"DELETE", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_delete},
    {"RENAME", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_rename},
    {"SUBSCRIBE", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_subscribe},
    {"UNSUBSCRIBE", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_unsubscribe},
    {"LIST", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_list},
    {"LSUB", LOGGED_IN, false, true, "IMAP4rev1", cpmsync_mock_cmd_lsub},
    {"STATUS", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_status},
    {"APPEND", LOGGED_IN, false, true, NULL, cpmsync_mock_cmd_append},
    {"REPLACE", IN_BOX, false, true, "REPLACE", cpmsync_mock_cmd_replace},
    {"REPLACE", IN_BOX, true, true, "REPLACE", cpmsync_mock_cmd_replace},
    {"GETQUOTA", LOGGED_IN, false, true, "QUOTA", cpmsync_mock_cmd_getquota},
    {"GETQUOTAROOT", LOGGED_IN, false, true, "QUOTA", cpmsync_mock_cmd_getquotaroot},
    {"SETQUOTA", LOGGED_IN, false, true, "QUOTA", cpmsync_mock_cmd_setquota},
    {"RESETKEY", LOGGED_IN, false, true, "URLAUTH", cpmsync_mock_cmd_resetkey},
    {"GENURLAUTH", LOGGED_IN, false, true, "URLAUTH", cpmsync_mock_cmd_genurlauth},
    {"URLFETCH", LOGGED_IN, false, true, "URLAUTH", cpmsync_mock_cmd_urlfetch},
    {"NAMESPACE", LOGGED_IN, false, true, "NAMESPACE", cpmsync_mock_cmd_namespace},
    {"CONVERSIONS", LOGGED_IN, false, true, "CONVERT", cpmsync_mock_cmd_conversions},
    {"CONVERT", IN_BOX, false, false, "CONVERT", cpmsync_mock_cmd_convert},
    {"CONVERT", IN_BOX, true, true, "CONVERT", cpmsync_mock_cmd_convert},
    {"GETMETADATA", LOGGED_IN, false, true, "METADATA", cpmsync_mock_cmd_getmetadata},
    {"SETMETADATA", LOGGED_IN, false, true, "METADATA", cpmsync_mock_cmd_setmetadata},
    {"GETMETADATA", LOGGED_IN, false, true, "METADATA-SERVER", cpmsync_mock_cmd_getmetadata},
    {"SETMETADATA", LOGGED_IN, false, true, "METADATA-SERVER", cpmsync_mock_cmd_setmetadata},
    {"SETACL", LOGGED_IN, false, true, "ACL", cpmsync_mock_cmd_setacl},
    {"DELETEACL", LOGGED_IN, false, true, "ACL", cpmsync_mock_cmd_deleteacl},
    {"GETACL", LOGGED_IN, false, true, "ACL", cpmsync_mock_cmd_getacl},
    {"LISTRIGHTS", LOGGED_IN, false, true, "ACL", cpmsync_mock_cmd_listrights},
    {"MYRIGHTS", LOGGED_IN, false, true, "ACL", cpmsync_mock_cmd_myrights},
    {"IDLE", LOGGED_IN, false, true, "IDLE", cpmsync_mock_cmd_idle},
    {"COMPRESS", LOGGED_IN, false, true, "COMPRESS=DEFLATE", cpmsync_mock_cmd_compress},
    {"NOTIFY", LOGGED_IN, false, true, "NOTIFY", cpmsync_mock_cmd_notify},
    {"CHECK", IN_BOX, false, true, "IMAP4rev1", cpmsync_mock_cmd_check},
    {"CLOSE", IN_BOX, false, true, NULL, cpmsync_mock_cmd_close},
    {"UNSELECT", IN_BOX, false, true, "UNSELECT", cpmsync_mock_cmd_unselect},
    {"EXPUNGE", IN_BOX, false, true, NULL, cpmsync_mock_cmd_expunge},
    {"FETCH", IN_BOX, false, false, NULL, cpmsync_mock_cmd_fetch},
    {"STORE", IN_BOX, false, false, NULL, cpmsync_mock_cmd_store},
    {"SEARCH", IN_BOX, false, false, NULL, cpmsync_mock_cmd_search},
    {"SORT", IN_BOX, false, false, "SORT", cpmsync_mock_cmd_sort},
    {"COPY", IN_BOX, false, true, NULL, cpmsync_mock_cmd_copy},
    {"MOVE", IN_BOX, false, true, "MOVE", cpmsync_mock_cmd_move},
    {"FETCH", IN_BOX, true, true, NULL, cpmsync_mock_cmd_fetch},
    {"STORE", IN_BOX, true, true, NULL, cpmsync_mock_cmd_store},
    {"SEARCH", IN_BOX, true, true, NULL, cpmsync_mock_cmd_search},
    {"SORT", IN_BOX, true, true, "SORT", cpmsync_mock_cmd_sort},
    {"COPY", IN_BOX, true, true, NULL, cpmsync_mock_cmd_copy},
    {"MOVE", IN_BOX, true, true, "MOVE", cpmsync_mock_cmd_move},
    {"EXPUNGE", IN_BOX, true, true, "UIDPLUS", cpmsync_mock_cmd_uid_expunge},
};

bool cpmsync_mock_is_command(struct cpmsync_slice name, bool uid)
{
    size_t i;
    for (i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
        if ((VERBS[i].uid || !uid) && cpmsync_slice_is(name, VERBS[i].name))
            return true;
    return false;
}

/* Where several capabilities bring a command, the one that is offered. */
static const struct verb *find_verb(const struct mock_conn *conn, struct cpmsync_slice name, bool uid)
{
    const struct verb *found = NULL;
    size_t i;
    for (i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
        if (VERBS[i].uid == uid && cpmsync_slice_is(name, VERBS[i].name)) {
            found = &VERBS[i];
            if (!found->capability || cpmsync_mock_offers(conn, found->capability))
                return found;
        }
    return found;
}

void cpmsync_mock_greet(struct mock_conn *conn)
{
    const struct mock_faults *faults = &conn->mock->faults;
    if (faults->bye_greeting) {
        cpmsync_mock_bye(conn, "[UNAVAILABLE] Not now");
        return;
    }
    if (faults->preauth && conn->mock->store.user_count) {
        conn->user = conn->mock->store.users[0];
        conn->state = MOCK_AUTHENTICATED;
    }
    cpmsync_mock_putf(conn, "* %s ", conn->state == MOCK_AUTHENTICATED ? "PREAUTH" : "OK");
    if (!faults->no_capability_code) {
        cpmsync_mock_put(conn, "[", 1);
        cpmsync_mock_put_capabilities(conn);
        cpmsync_mock_put(conn, "] ", 2);
    }
    cpmsync_mock_putf(conn, "cpm-mockserver ready\r\n");
}

void cpmsync_mock_login(struct mock_conn *conn, struct mock_user *user, const char *text)
{
    conn->user = user;
    conn->state = MOCK_AUTHENTICATED;
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "OK ");
    if (!conn->mock->faults.no_capability_code) {
        cpmsync_mock_put(conn, "[", 1);
        cpmsync_mock_put_capabilities(conn);
        cpmsync_mock_put(conn, "] ", 2);
    }
    cpmsync_mock_putf(conn, "%s\r\n", text);
    if (conn->mock->faults.swallow_after_login)
        conn->silenced = true;
}

void cpmsync_mock_logout(struct mock_conn *conn)
{
    cpmsync_mock_forget_names(conn);
    conn->utf8 = conn->rev2 = false;
    cpmsync_mock_close(conn);
    cpmsync_mock_sasl_clear(&conn->sasl);
    conn->user = NULL;
    conn->condstore = conn->qresync = conn->uidonly = conn->tells_metadata = conn->tells_server_metadata = false;
    cpmsync_buf_clear(&conn->news);
    cpmsync_mock_notify_clear(conn->mock->mem, &conn->notify);
    conn->continuation = MOCK_LINE_IS_COMMAND;
}

/* Reads the name of a command; a command that is wrong here is answered, and NULL. */
static const struct verb *read_verb(struct mock_conn *conn, struct mock_parser *p)
{
    struct cpmsync_slice name;
    bool uid = false;
    if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_atom(p, &name)) {
        cpmsync_mock_bad(conn, "A command is missing");
        return NULL;
    }
    if (cpmsync_slice_is(name, "UID")) {
        uid = true;
        if (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_atom(p, &name)) {
            cpmsync_mock_bad(conn, "UID of what");
            return NULL;
        }
    }
    const struct verb *verb = find_verb(conn, name, uid);
    if (!verb ||
        (verb->capability && (verb->states >> conn->state & 1) && !cpmsync_mock_offers(conn, verb->capability))) {
        cpmsync_mock_bad(conn, "Unknown command");
        return NULL;
    }
    if (conn->uidonly && !uid && find_verb(conn, name, true) && !cpmsync_slice_is(name, "EXPUNGE")) {
        cpmsync_mock_bad(conn, UID_REQUIRED);
        return NULL;
    }
    if (!(verb->states >> conn->state & 1)) {
        cpmsync_mock_bad(conn, "Not in this state");
        return NULL;
    }
    return verb;
}

/* What a cut leaves of the answer; the connection ends. */
static void cut(struct mock_conn *conn, enum mock_cut where, size_t out_before)
{
    if (where == MOCK_CUT_AFTER)
        cpmsync_buf_truncate(&conn->out, out_before);
    if (where == MOCK_CUT_TAGGED && conn->tagged_at >= out_before)
        cpmsync_buf_truncate(&conn->out, conn->tagged_at);
    if (conn->mock->faults.cut_bye)
        cpmsync_mock_putf(conn, "* BYE Cut\r\n");
    conn->state = MOCK_LOGOUT;
    conn->mock->faults.cut = MOCK_CUT_NONE;
}

/* The command has its tagged answer. */
static void finish(struct mock_conn *conn, size_t out_before)
{
    struct cpmsync_mock *mock = conn->mock;
    if (conn->continuation != MOCK_LINE_IS_COMMAND)
        return;
    cpmsync_mock_moment(mock, MOCK_AFTER_COMMAND, conn->verb, conn->by_uid);
    if (mock->faults.cut > MOCK_CUT_BEFORE && mock->commands >= mock->faults.cut_at)
        cut(conn, mock->faults.cut, out_before);
    if (mock->faults.silent_after && mock->commands >= mock->faults.silent_after)
        conn->silenced = true;
    cpmsync_mock_push(mock);
}

/* The others are told what this connection did, before anything else happens. */
static void run(struct mock_conn *conn, const struct verb *verb, struct mock_parser *p)
{
    conn->mock->actor = conn;
    conn->uid_required = false;
    conn->limited_to = 0;
    if (!verb->run(conn, p, verb->uid))
        cpmsync_mock_bad(conn, conn->uid_required ? UID_REQUIRED : "Wrong arguments");
    cpmsync_mock_notify_messages(conn->mock);
    conn->mock->actor = NULL;
}

/* RFC 6855 6: everything with a mailbox in it might require UTF-8. */
static bool wants_utf8(const struct mock_conn *conn, const struct verb *verb)
{
    return !conn->utf8 && (verb->states & IN_BOX) && !(verb->states & IN_CLEAR) &&
           cpmsync_mock_offers(conn, "UTF8=ONLY");
}

void cpmsync_mock_execute(struct mock_conn *conn, uint8_t *command, size_t len)
{
    struct cpmsync_mock *mock = conn->mock;
    struct mock_parser p = {command, command + len, false};
    struct cpmsync_slice tag;
    size_t out_before = conn->out.len;
    if (!cpmsync_mock_read_tag(&p, &tag) || tag.len >= sizeof conn->tag) {
        cpmsync_mock_putf(conn, "* BAD No tag\r\n");
        return;
    }
    memcpy(conn->tag, tag.data, tag.len);
    conn->tag_len = tag.len;
    mock->commands++;
    if (mock->faults.cut == MOCK_CUT_BEFORE && mock->commands >= mock->faults.cut_at) {
        cut(conn, MOCK_CUT_BEFORE, out_before);
        return;
    }
    if (cpmsync_mock_lost(conn))
        return;
    const struct verb *verb = read_verb(conn, &p);
    conn->verb = cpmsync_slice_str(verb ? verb->name : "?");
    conn->by_uid = verb && verb->uid;
    if (verb && wants_utf8(conn, verb))
        cpmsync_mock_no(conn, "[CANNOT] ENABLE UTF8=ACCEPT comes first");
    else if (verb) {
        /* not in LOGIN, where it is not offered yet */
        p.utf8 = cpmsync_mock_supports_utf8(conn) || cpmsync_mock_speaks_utf8(conn);
        conn->expunges = verb->expunges;
        cpmsync_mock_count(conn);
        cpmsync_mock_moment(mock, MOCK_BEFORE_COMMAND, conn->verb, conn->by_uid);
        run(conn, verb, &p);
    }
    cpmsync_mock_forget_names(conn);
    finish(conn, out_before);
}

void cpmsync_mock_continue(struct mock_conn *conn, struct cpmsync_slice line)
{
    size_t out_before = conn->out.len;
    enum mock_continuation kind = conn->continuation;
    if (kind == MOCK_LINE_ENDS_IDLE) {
        conn->continuation = MOCK_LINE_IS_COMMAND;
        conn->expunges = true;
        if (cpmsync_slice_is(line, "DONE"))
            cpmsync_mock_ok(conn, "IDLE ends");
        else
            cpmsync_mock_bad(conn, "DONE was expected");
    } else
        cpmsync_mock_authenticate_line(conn, line);
    finish(conn, out_before);
}

/* APPEND, REPLACE or UID REPLACE */
static bool is_message_verb(struct mock_parser *p, struct cpmsync_slice name)
{
    if (cpmsync_slice_is(name, "UID") && (!cpmsync_mock_read_sp(p) || !cpmsync_mock_read_atom(p, &name)))
        return false;
    return cpmsync_slice_is(name, "APPEND") || cpmsync_slice_is(name, "REPLACE");
}

/* A command that waits for a literal is not executed yet, but its refusal can be known (RFC 3501 7.5, MS-11). */
bool cpmsync_mock_admits_literal(struct mock_conn *conn, struct cpmsync_slice command, uint64_t len, bool sync)
{
    struct mock_parser p = cpmsync_mock_parser_of(command);
    const struct mock_faults *faults = &conn->mock->faults;
    struct cpmsync_slice tag, name;
    const char *refusal = NULL;
    bool append = false;
    if (!cpmsync_mock_read_tag(&p, &tag) || tag.len >= sizeof conn->tag) {
        cpmsync_mock_putf(conn, "* BAD No tag\r\n");
        return false;
    }
    memcpy(conn->tag, tag.data, tag.len);
    conn->tag_len = tag.len;
    if (cpmsync_mock_read_sp(&p) && cpmsync_mock_read_atom(&p, &name))
        append = is_message_verb(&p, name) && conn->user;
    if (!sync && !cpmsync_mock_offers(conn, "LITERAL+") && !cpmsync_mock_offers(conn, "LITERAL-"))
        refusal = "BAD Non-synchronising literals are not offered";
    else if (!sync && !cpmsync_mock_offers(conn, "LITERAL+") && len > 4096)
        refusal = "BAD [TOOBIG] More than 4096 octets";
    else if (append && len > conn->mock->max_literal)
        refusal = "NO [TOOBIG] Larger than a message may be";
    else if (!append && (len > conn->mock->max_literal || len > 65536))
        refusal = "BAD [TOOBIG] Larger than an argument may be";
    else if (append && faults->literal_toobig)
        refusal = "NO [TOOBIG] Larger than a message may be";
    else if (sync && faults->literal_refuse)
        refusal = "NO [LIMIT] No literal now";
    if (!refusal)
        return true;
    cpmsync_mock_tag(conn);
    cpmsync_mock_putf(conn, "%s\r\n", refusal);
    return false;
}
