/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#include <cpmsync/client.h>

static const int64_t SILENCE_LEAST_MS = 2000;

#define MOVE(state) (1u << CPMSYNC_SESSION_##state)

static const struct {
    const char *name;
    unsigned next; /* the moves allowed */
} states[] = {
    [CPMSYNC_SESSION_GREETING] = {"greeting",
        MOVE(CAPABILITY) | MOVE(STARTTLS) | MOVE(LOGIN) | MOVE(CAPABILITY_AFTER) | MOVE(READY) | MOVE(FAILED)},
    [CPMSYNC_SESSION_CAPABILITY] = {"capability", MOVE(STARTTLS) | MOVE(LOGIN) | MOVE(FAILED)},
    [CPMSYNC_SESSION_STARTTLS] = {"starttls", MOVE(HANDSHAKE) | MOVE(FAILED)},
    [CPMSYNC_SESSION_HANDSHAKE] = {"handshake", MOVE(CAPABILITY) | MOVE(FAILED)},
    [CPMSYNC_SESSION_LOGIN] = {"login", MOVE(CAPABILITY_AFTER) | MOVE(READY) | MOVE(FAILED)},
    [CPMSYNC_SESSION_CAPABILITY_AFTER] = {"capability after login", MOVE(READY) | MOVE(FAILED)},
    [CPMSYNC_SESSION_READY] = {"ready", MOVE(LOGOUT) | MOVE(FAILED)},
    [CPMSYNC_SESSION_LOGOUT] = {"logout", MOVE(FAILED)},
    [CPMSYNC_SESSION_FAILED] = {"failed", 0},
};

const char *cpmsync_state_name(enum cpmsync_session_state state)
{
    return states[state].name;
}

bool cpmsync_state_may(enum cpmsync_session_state from, enum cpmsync_session_state to)
{
    return (states[from].next & 1u << to) != 0;
}

void cpmsync_state_set(struct cpmsync_session *session, enum cpmsync_session_state to)
{
    enum cpmsync_session_state from = session->state;

    if (!cpmsync_state_may(from, to)) {
        if (from == CPMSYNC_SESSION_FAILED)
            return;
        cpmsync_err_set(&session->err, CPMSYNC_ERR_STATE);
        to = CPMSYNC_SESSION_FAILED;
    }
    session->state = to;
    if (to == CPMSYNC_SESSION_FAILED) {
        cpmsync_log(&session->config.log, CPMSYNC_LOG_INFO, "session: %s to %s: %s", states[from].name, states[to].name,
            cpmsync_error_text(session->err.error));
        if (!session->freeing)
            cpmsync_compress_ended(session);
        cpmsync_pipeline_end(&session->pipeline, session->err.error ? session->err.error : CPMSYNC_ERR_CLOSED);
        cpmsync_login_clear(&session->login);
    } else {
        cpmsync_log(&session->config.log, CPMSYNC_LOG_DEBUG, "session: %s to %s", states[from].name, states[to].name);
    }
    if (!session->freeing)
        session->config.up.state(session->config.up.ctx, from, to);
}

void cpmsync_state_fail(struct cpmsync_session *session, int error)
{
    if (session->state == CPMSYNC_SESSION_FAILED)
        return;
    cpmsync_err_set(&session->err, error);
    cpmsync_state_set(session, CPMSYNC_SESSION_FAILED);
}

void cpmsync_state_fail_words(struct cpmsync_session *session, int error, const struct cpmsync_response *status)
{
    if (session->state == CPMSYNC_SESSION_FAILED)
        return;
    if (status)
        cpmsync_err_server(&session->err, error, status->code.name, status->text, cpmsync_state_trusted(session));
    else
        cpmsync_err_set(&session->err, error);
    cpmsync_state_set(session, CPMSYNC_SESSION_FAILED);
}

void cpmsync_state_fail_bye(struct cpmsync_session *session)
{
    if (session->state == CPMSYNC_SESSION_FAILED)
        return;
    session->err = session->bye;
    cpmsync_state_set(session, CPMSYNC_SESSION_FAILED);
}

void cpmsync_state_await_burst(struct cpmsync_session *session)
{
    int64_t rtt = session->now > session->login_sent ? session->now - session->login_sent : 0;
    int64_t wait = rtt > SILENCE_LEAST_MS / 3 ? rtt * 3 : SILENCE_LEAST_MS;

    session->silent_at = session->now > CPMSYNC_NEVER - wait ? CPMSYNC_NEVER : session->now + wait;
}

void cpmsync_state_swallowed(struct cpmsync_session *session)
{
    session->config.facts->no_burst = true;
    session->swallowed = true;
    cpmsync_state_fail(session, CPMSYNC_ERR_TIMEOUT);
}

bool cpmsync_state_trusted(const struct cpmsync_session *session)
{
    return session->secure && session->logged_in;
}

static int error_of_code(enum cpmsync_code_type code)
{
    switch (code) {
    case CPMSYNC_CODE_NONEXISTENT:
        return CPMSYNC_ERR_NO_MAILBOX;
    case CPMSYNC_CODE_NOPERM:
        return CPMSYNC_ERR_PERMISSION;
    case CPMSYNC_CODE_INUSE:
        return CPMSYNC_ERR_IN_USE;
    case CPMSYNC_CODE_LIMIT:
    case CPMSYNC_CODE_OVERQUOTA:
    case CPMSYNC_CODE_TOOBIG:
        return CPMSYNC_ERR_SERVER_LIMIT;
    case CPMSYNC_CODE_UNAVAILABLE:
    case CPMSYNC_CODE_SERVERBUG:
    case CPMSYNC_CODE_CORRUPTION:
        return CPMSYNC_ERR_SERVER_TRYAGAIN;
    default:
        return 0;
    }
}

int cpmsync_state_error_of(const struct cpmsync_response *tagged)
{
    int error = error_of_code(tagged->code.type);

    if (tagged->condition == CPMSYNC_CONDITION_OK)
        return 0;
    /* The command was at fault, whatever else is said; only its size explains a BAD (7888 4). */
    if (tagged->condition == CPMSYNC_CONDITION_BAD)
        return tagged->code.type == CPMSYNC_CODE_TOOBIG ? CPMSYNC_ERR_SERVER_LIMIT : CPMSYNC_ERR_BAD;
    return error ? error : CPMSYNC_ERR_NO;
}
