/* SPDX-License-Identifier: MIT */
#include "session/dispatch.h"

#include "base/err.h"
#include "session/state.h"
#include "wire/lex.h"

static bool failed(const struct cpmsync_session *session)
{
    return session->state == CPMSYNC_SESSION_FAILED;
}

/* After login: mailbox data and the data of commands count. */
static bool open_for_data(const struct cpmsync_session *session)
{
    return session->logged_in && (session->state == CPMSYNC_SESSION_READY || session->state == CPMSYNC_SESSION_LOGOUT);
}

/* A server can say such things without end, and must not fill the app's log with them (PF-120). */
static bool noise(struct cpmsync_session *session)
{
    if (session->noise == CPMSYNC_NOISE_MAX)
        return true;
    session->noise++;
    return false;
}

/* ---- the trace of what comes */

static void trace_run(struct cpmsync_session *session, const uint8_t *data, size_t len)
{
    if (len)
        session->config.up.trace(session->config.up.ctx, 0, data, len);
}

/* Every octet; but in a login's `+` lines what stands behind "+ " is one word. */
static void trace(struct cpmsync_session *session, struct cpmsync_slice octets)
{
    size_t from = 0;

    if (!session->config.up.trace)
        return;
    for (size_t i = 0; i < octets.len; i++) {
        uint8_t c = octets.data[i];

        if (!session->traced_line)
            session->traced_secret = session->login.exchange && c == '+';
        else if (session->traced_secret && c != '\r' && c != '\n' && (c != ' ' || session->traced_word)) {
            trace_run(session, octets.data + from, i - from);
            from = i + 1;
            if (!session->traced_word)
                trace_run(session, (const uint8_t *)"<secret>", 8);
            session->traced_word = true;
        }
        session->traced_line = c != '\n';
        if (c == '\n')
            session->traced_secret = session->traced_word = false;
    }
    trace_run(session, octets.data + from, octets.len - from);
}

/* ---- what every status response may carry */

static void take_capability(struct cpmsync_session *session, struct cpmsync_slice items, bool more, bool continued)
{
    int rc = cpmsync_capability_take(&session->capability, items, more, continued);

    if (rc < 0) {
        cpmsync_state_fail(session, rc);
    } else if (rc > 0) {
        session->login.fresh = true;
        if (!cpmsync_capability_is_imap(&session->capability))
            cpmsync_state_fail(session, CPMSYNC_ERR_CAPABILITY);
        else if (open_for_data(session))
            cpmsync_login_remember(session);
    }
}

static void take_code(struct cpmsync_session *session, const struct cpmsync_response *status)
{
    if (status->code.type == CPMSYNC_CODE_ALERT && !status->continued)
        session->config.up.alert(session->config.up.ctx, status->text, cpmsync_state_trusted(session));
    else if (status->code.type == CPMSYNC_CODE_CAPABILITY &&
             (status->condition == CPMSYNC_CONDITION_OK || status->condition == CPMSYNC_CONDITION_PREAUTH))
        take_capability(session, status->code.args, status->more, status->continued);
}

/* ---- BYE */

bool cpmsync_dispatch_logged_out(const struct cpmsync_session *session)
{
    return session->state == CPMSYNC_SESSION_LOGOUT && session->bye.error &&
           (!session->pipeline.first || session->pipeline.first == &session->logout);
}

/* Nothing is due any more behind BYE. */
static void end_if_over(struct cpmsync_session *session)
{
    if (failed(session) || !session->bye.error || session->pipeline.in_flight)
        return;
    if (cpmsync_dispatch_logged_out(session))
        cpmsync_state_fail(session, CPMSYNC_OK);
    else
        cpmsync_state_fail_bye(session);
}

/* C-03: what is in flight may still be answered; nothing more is begun. */
static void on_bye(struct cpmsync_session *session, const struct cpmsync_response *bye)
{
    if (!session->bye.error)
        cpmsync_err_server(&session->bye, CPMSYNC_ERR_BYE, bye->code.name, bye->text, cpmsync_state_trusted(session));
    session->pipeline.stopped = true;
    end_if_over(session);
}

/* ---- status responses */

static void on_greeting(struct cpmsync_session *session, const struct cpmsync_response *greeting)
{
    bool known = greeting->condition == CPMSYNC_CONDITION_OK || greeting->condition == CPMSYNC_CONDITION_PREAUTH ||
                 greeting->condition == CPMSYNC_CONDITION_BYE;

    if (greeting->type != CPMSYNC_RESPONSE_STATUS || greeting->tag.len || !known) {
        cpmsync_state_fail(session, CPMSYNC_ERR_PROTOCOL);
        return;
    }
    if (!session->assumed)
        take_code(session, greeting);
    if (failed(session) || greeting->more)
        return;
    session->greeted = true;
    if (greeting->condition == CPMSYNC_CONDITION_BYE)
        on_bye(session, greeting);
    else if (session->assumed)
        cpmsync_login_late_greeting(session, greeting);
    else
        cpmsync_login_greeting(session, greeting);
}

static void on_strange_tag(struct cpmsync_session *session)
{
    cpmsync_log(&session->config.log, CPMSYNC_LOG_WARNING, "session: an answer to no command in flight");
    if (++session->strange_tags > CPMSYNC_STRANGE_TAGS_MAX)
        cpmsync_state_fail(session, CPMSYNC_ERR_PROTOCOL);
}

/* The server took what followed the login for something else (R3; Cyrus 3.6). */
static bool is_second_answer_to_login(const struct cpmsync_session *session, const struct cpmsync_response *tagged)
{
    return session->burst && tagged->condition == CPMSYNC_CONDITION_BAD &&
           cpmsync_slice_eq(tagged->tag, cpmsync_slice_str(session->login.command.tag));
}

static void complete(
    struct cpmsync_session *session, struct cpmsync_session_command *command, const struct cpmsync_response *tagged)
{
    int error = cpmsync_state_error_of(tagged);
    int rc;

    /* L-03: only a refusal may come before the whole command is there. */
    if (error == 0 && cpmsync_pipeline_unfinished(command)) {
        cpmsync_state_fail(session, CPMSYNC_ERR_PROTOCOL);
        return;
    }
    if (error)
        cpmsync_err_server(&session->err, error, tagged->code.name, tagged->text, cpmsync_state_trusted(session));
    rc = cpmsync_pipeline_complete(&session->pipeline, command, error, tagged);
    if (rc)
        cpmsync_state_fail(session, rc);
}

static void on_tagged(struct cpmsync_session *session, const struct cpmsync_response *tagged)
{
    struct cpmsync_session_command *command = NULL;
    enum cpmsync_pipeline_tag whose = cpmsync_pipeline_find(&session->pipeline, tagged->tag, &command);

    if (whose == CPMSYNC_TAG_NEVER_SENT) {
        cpmsync_state_fail(session, CPMSYNC_ERR_PROTOCOL);
        return;
    }
    if (whose == CPMSYNC_TAG_FINISHED) {
        if (!tagged->more && is_second_answer_to_login(session, tagged))
            cpmsync_state_swallowed(session);
        else if (!tagged->more)
            on_strange_tag(session);
        return;
    }
    take_code(session, tagged);
    if (failed(session) || tagged->more)
        return;
    complete(session, command, tagged);
    end_if_over(session);
}

static bool is_mailbox_code(enum cpmsync_code_type type)
{
    switch (type) {
    case CPMSYNC_CODE_UIDVALIDITY:
    case CPMSYNC_CODE_UIDNEXT:
    case CPMSYNC_CODE_HIGHESTMODSEQ:
    case CPMSYNC_CODE_NOMODSEQ:
    case CPMSYNC_CODE_PERMANENTFLAGS:
    case CPMSYNC_CODE_CLOSED:
    case CPMSYNC_CODE_READ_ONLY:
    case CPMSYNC_CODE_READ_WRITE:
    case CPMSYNC_CODE_UIDNOTSTICKY:
    case CPMSYNC_CODE_UNSEEN:
    case CPMSYNC_CODE_MAILBOXID:
        return true;
    default:
        return false;
    }
}

static void give_data(struct cpmsync_session *session, const struct cpmsync_response *response)
{
    struct cpmsync_session_command *taker = cpmsync_pipeline_taker(&session->pipeline);

    if (!open_for_data(session))
        return;
    if (taker)
        taker->data(taker, response);
    session->config.up.other_data(session->config.up.ctx, response);
}

static void on_untagged_status(struct cpmsync_session *session, const struct cpmsync_response *status)
{
    enum cpmsync_code_type code = status->code.type;

    take_code(session, status);
    if (failed(session))
        return;
    if (status->condition == CPMSYNC_CONDITION_BYE) {
        if (!status->more)
            on_bye(session, status);
        return;
    }
    /* G-17: neither NO nor BAD completes anything. */
    if ((status->condition == CPMSYNC_CONDITION_BAD || status->condition == CPMSYNC_CONDITION_NO) && !noise(session))
        cpmsync_log(&session->config.log, CPMSYNC_LOG_WARNING, "session: an untagged %s",
            status->condition == CPMSYNC_CONDITION_NO ? "NO" : "BAD");
    if (!open_for_data(session) || status->condition == CPMSYNC_CONDITION_BAD)
        return;
    if (is_mailbox_code(code))
        session->config.up.mailbox_data(session->config.up.ctx, status);
    else if (code != CPMSYNC_CODE_NONE && code != CPMSYNC_CODE_ALERT && code != CPMSYNC_CODE_CAPABILITY)
        give_data(session, status);
}

/* ---- what cannot be read */

/* The word that says what an untagged response is: "* 3 FETCH (", "* VANISHED 1". Empty if there is none. */
static struct cpmsync_slice word_of(struct cpmsync_slice unit, bool *numbered)
{
    struct cpmsync_slice word = cpmsync_slice_of(NULL, 0);
    uint64_t number;

    *numbered = false;
    if (!cpmsync_lex_char(&unit, '*') || !cpmsync_lex_space(&unit) || !cpmsync_lex_item(&unit, &word))
        return cpmsync_slice_of(NULL, 0);
    if (cpmsync_slice_number(word, UINT64_MAX, &number)) {
        *numbered = true;
        if (!cpmsync_lex_space(&unit) || !cpmsync_lex_item(&unit, &word))
            return cpmsync_slice_of(NULL, 0);
    }
    return word;
}

static bool is_mailbox_word(struct cpmsync_slice word, bool numbered)
{
    if (numbered)
        return true;
    return cpmsync_slice_is(word, "FLAGS") || cpmsync_slice_is(word, "VANISHED") || cpmsync_slice_is(word, "SEARCH") ||
           cpmsync_slice_is(word, "ESEARCH") || cpmsync_slice_is(word, "FETCH") || cpmsync_slice_is(word, "EXISTS") ||
           cpmsync_slice_is(word, "EXPUNGE");
}

/* PF-76: BYE with a tag is no success, and nothing follows it. */
static bool on_tagged_bye(struct cpmsync_session *session, struct cpmsync_slice unit)
{
    struct cpmsync_response bye;
    struct cpmsync_slice word;

    memset(&bye, 0, sizeof(bye));
    if (!cpmsync_lex_item(&unit, &word) || cpmsync_slice_is(word, "*") || !cpmsync_lex_space(&unit) ||
        !cpmsync_lex_item(&unit, &word) || !cpmsync_slice_is(word, "BYE"))
        return false;
    (void)cpmsync_lex_space(&unit);
    if (unit.len && unit.data[0] == '[')
        cpmsync_code_parse(&unit, false, &bye.code);
    bye.text = unit;
    on_bye(session, &bye);
    if (!failed(session))
        cpmsync_state_fail_bye(session);
    return true;
}

/* Framing is intact: what was lost is one response. One of a mailbox is told; a tagged one ends the connection. */
static void on_damaged(struct cpmsync_session *session, struct cpmsync_slice unit, int error)
{
    bool numbered;
    struct cpmsync_slice word = word_of(unit, &numbered);

    if (session->greeted && on_tagged_bye(session, unit))
        return;
    if (!session->greeted || (unit.len && unit.data[0] != '*' && unit.data[0] != '+')) {
        cpmsync_state_fail(session, error);
        return;
    }
    cpmsync_log(
        &session->config.log, CPMSYNC_LOG_WARNING, "session: a response is lost: %s", cpmsync_error_text(error));
    if (++session->damaged > CPMSYNC_DAMAGED_MAX)
        cpmsync_state_fail(session, error);
    else if (open_for_data(session) && is_mailbox_word(word, numbered))
        session->config.up.mailbox_lost(session->config.up.ctx, error);
}

/* ---- dispatch */

static void on_response(struct cpmsync_session *session, const struct cpmsync_response *response)
{
    int rc;

    switch (response->type) {
    case CPMSYNC_RESPONSE_STATUS:
        if (response->tag.len)
            on_tagged(session, response);
        else
            on_untagged_status(session, response);
        return;
    case CPMSYNC_RESPONSE_CONTINUATION:
        if (!cpmsync_pipeline_continuation(&session->pipeline, response->text) && !noise(session))
            cpmsync_log(&session->config.log, CPMSYNC_LOG_DEBUG, "session: a continuation nobody waited for");
        return;
    case CPMSYNC_RESPONSE_CAPABILITY:
        take_capability(session, response->items, response->more, response->continued);
        return;
    case CPMSYNC_RESPONSE_ENABLED:
        rc = cpmsync_login_enabled(session, response);
        if (rc)
            cpmsync_state_fail(session, rc);
        return;
    case CPMSYNC_RESPONSE_FLAGS:
    case CPMSYNC_RESPONSE_EXISTS:
    case CPMSYNC_RESPONSE_RECENT:
    case CPMSYNC_RESPONSE_EXPUNGE:
    case CPMSYNC_RESPONSE_FETCH:
    case CPMSYNC_RESPONSE_VANISHED:
        if (open_for_data(session))
            session->config.up.mailbox_data(session->config.up.ctx, response);
        return;
    case CPMSYNC_RESPONSE_SEARCH:
    case CPMSYNC_RESPONSE_ESEARCH:
    case CPMSYNC_RESPONSE_LIST:
    case CPMSYNC_RESPONSE_LSUB:
    case CPMSYNC_RESPONSE_MAILBOX_STATUS:
    case CPMSYNC_RESPONSE_OTHER:
        give_data(session, response);
        return;
    case CPMSYNC_RESPONSE_UNKNOWN:
        return;
    }
}

static void on_unit(struct cpmsync_session *session, const struct cpmsync_frame_out *out)
{
    struct cpmsync_response response;
    int rc = cpmsync_response_parse(out->unit, out->more, out->continued, &response);

    if (session->logged_in)
        session->silent_at = CPMSYNC_NEVER; /* what followed the login is answered */
    cpmsync_compress_heard(session);
    if (rc)
        on_damaged(session, out->unit, rc);
    else if (!session->greeted)
        on_greeting(session, &response);
    else
        on_response(session, &response);
}

struct cpmsync_slice cpmsync_dispatch(struct cpmsync_session *session, struct cpmsync_slice input)
{
    bool compressed = session->compress.active;
    struct cpmsync_frame_out out;

    while (!failed(session) && session->compress.active == compressed) {
        struct cpmsync_slice before = input;
        int rc;

        if (session->state == CPMSYNC_SESSION_HANDSHAKE) {
            if (input.len || cpmsync_frame_held(&session->frame))
                cpmsync_state_fail(session, CPMSYNC_ERR_TLS_INJECTED);
            break;
        }
        rc = cpmsync_frame_next(&session->frame, &input, &out);
        trace(session, cpmsync_slice_of(before.data, before.len - input.len));
        if (rc)
            cpmsync_state_fail(session, rc);
        else if (out.type == CPMSYNC_FRAME_NEED)
            break;
        else if (out.type == CPMSYNC_FRAME_UNIT)
            on_unit(session, &out);
        else if (out.type == CPMSYNC_FRAME_OVERSIZE)
            on_damaged(session, out.unit, CPMSYNC_ERR_LIMIT);
    }
    return session->compress.active == compressed ? cpmsync_slice_of(NULL, 0) : input;
}
