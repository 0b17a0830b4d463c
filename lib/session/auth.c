/* SPDX-License-Identifier: MIT */
#include "session/auth.h"

#include "base/err.h"
#include "session/base64.h"
#include "session/state.h"

static bool can(const struct cpmsync_session *session, const char *name)
{
    return cpmsync_capability_can(&session->capability, name);
}

/* ---- choosing */

static bool offered(const struct cpmsync_session *session, enum cpmsync_sasl_mechanism mechanism)
{
    switch (mechanism) {
    case CPMSYNC_SASL_PLAIN:
        return can(session, "AUTH=PLAIN");
    case CPMSYNC_SASL_SCRAM_SHA_1:
        return session->config.crypto && can(session, "AUTH=SCRAM-SHA-1");
    case CPMSYNC_SASL_SCRAM_SHA_256:
        return session->config.crypto && can(session, "AUTH=SCRAM-SHA-256");
    case CPMSYNC_SASL_NONE:
        break;
    }
    return false;
}

/* LOGIN cannot carry another identity. LOGINDISABLED counts even if the app disabled it (S-06). */
static bool login_possible(const struct cpmsync_session *session)
{
    const char *authzid = session->login.authzid;

    return !cpmsync_capability_lists(&session->capability, "LOGINDISABLED") && !(authzid && *authzid);
}

static enum cpmsync_login_method choose_forced(
    const struct cpmsync_session *session, enum cpmsync_sasl_mechanism *mechanism)
{
    struct cpmsync_slice wanted = cpmsync_slice_str(session->config.mechanism);

    if (cpmsync_slice_is(wanted, "LOGIN"))
        return login_possible(session) ? CPMSYNC_LOGIN_COMMAND : CPMSYNC_LOGIN_NONE;
    for (int i = CPMSYNC_SASL_PLAIN; i <= CPMSYNC_SASL_SCRAM_SHA_256; i++) {
        *mechanism = (enum cpmsync_sasl_mechanism)i;
        if (cpmsync_slice_is(wanted, cpmsync_sasl_name(*mechanism)) && offered(session, *mechanism))
            return CPMSYNC_LOGIN_SASL;
    }
    return CPMSYNC_LOGIN_NONE;
}

/*
 * Under TLS what costs the fewest flights (R1): PLAIN with its message in the command, LOGIN, PLAIN; SCRAM where nothing
 * else is offered. In clear text SCRAM first, since it shows the password to nobody.
 */
static enum cpmsync_login_method choose(const struct cpmsync_session *session, enum cpmsync_sasl_mechanism *mechanism)
{
    static const enum cpmsync_sasl_mechanism scrams[] = {CPMSYNC_SASL_SCRAM_SHA_256, CPMSYNC_SASL_SCRAM_SHA_1};
    bool plain = offered(session, CPMSYNC_SASL_PLAIN);

    if (session->config.mechanism)
        return choose_forced(session, mechanism);
    *mechanism = CPMSYNC_SASL_PLAIN;
    if (session->secure && plain && can(session, "SASL-IR"))
        return CPMSYNC_LOGIN_SASL;
    if (session->secure && login_possible(session))
        return CPMSYNC_LOGIN_COMMAND;
    if (session->secure && plain)
        return CPMSYNC_LOGIN_SASL;
    for (size_t i = 0; i < sizeof(scrams) / sizeof(*scrams); i++) {
        *mechanism = scrams[i];
        if (offered(session, *mechanism))
            return CPMSYNC_LOGIN_SASL;
    }
    *mechanism = CPMSYNC_SASL_PLAIN;
    if (plain)
        return CPMSYNC_LOGIN_SASL;
    return login_possible(session) ? CPMSYNC_LOGIN_COMMAND : CPMSYNC_LOGIN_NONE;
}

/* ---- the exchange */

/* `*` ends it; the tagged BAD that follows is the expected end (S-10), and no OK can mend it. */
static void cancel(struct cpmsync_session *session, int error)
{
    int rc;

    if (error == CPMSYNC_ERR_NOMEM) {
        cpmsync_state_fail(session, error);
        return;
    }
    session->login.failure = error;
    cpmsync_sasl_clear(&session->login.sasl);
    rc = cpmsync_pipeline_line(&session->pipeline, CPMSYNC_SLICE("*"), false);
    if (rc)
        cpmsync_state_fail(session, rc);
}

/* Sends what a step of the exchange gave, rc and all. */
static void answer(struct cpmsync_session *session, int rc, const struct cpmsync_buf *message)
{
    struct cpmsync_buf text;

    if (rc > 0) /* hashing goes on in tick */
        return;
    cpmsync_buf_init(&text, session->config.mem, (size_t)CPMSYNC_SASL_MESSAGE_MAX * 2);
    text.secret = true;
    if (rc == 0)
        rc = cpmsync_base64_encode(&text, cpmsync_buf_slice(message));
    if (rc == 0)
        rc = cpmsync_pipeline_line(&session->pipeline, cpmsync_buf_slice(&text), true);
    cpmsync_buf_clear(&text);
    if (rc)
        cancel(session, rc);
}

static void init_message(const struct cpmsync_session *session, struct cpmsync_buf *message)
{
    cpmsync_buf_init(message, session->config.mem, CPMSYNC_SASL_MESSAGE_MAX);
    message->secret = true;
}

static void on_challenge(struct cpmsync_session_command *command, struct cpmsync_slice text)
{
    struct cpmsync_session *session = ((struct cpmsync_login *)command)->session;
    struct cpmsync_buf challenge, message;
    int rc;

    if (session->login.failure)
        return;
    if (session->assumed) {
        /* It takes the next line for an answer, and with it the rest of the burst. */
        cpmsync_state_swallowed(session);
        return;
    }
    init_message(session, &challenge);
    init_message(session, &message);
    rc = cpmsync_base64_decode(&challenge, text);
    if (rc == CPMSYNC_ERR_LIMIT)
        rc = CPMSYNC_ERR_PROTOCOL;
    if (rc == 0)
        rc = cpmsync_sasl_step(&session->login.sasl, cpmsync_buf_slice(&challenge), &message);
    answer(session, rc, &message);
    cpmsync_buf_clear(&challenge);
    cpmsync_buf_clear(&message);
}

uint32_t cpmsync_auth_work(struct cpmsync_session *session, uint32_t rounds)
{
    struct cpmsync_buf message;
    uint32_t done = 0;
    int rc;

    if (!cpmsync_auth_busy(session))
        return 0;
    init_message(session, &message);
    rc = cpmsync_sasl_work(&session->login.sasl, rounds, &done, &message);
    answer(session, rc, &message);
    cpmsync_buf_clear(&message);
    return done;
}

bool cpmsync_auth_busy(const struct cpmsync_session *session)
{
    return session->state == CPMSYNC_SESSION_LOGIN && session->login.method == CPMSYNC_LOGIN_SASL &&
           cpmsync_sasl_busy(&session->login.sasl);
}

/* ---- the commands */

static void send_login(struct cpmsync_session *session, cpmsync_auth_done done)
{
    struct cpmsync_login *login = &session->login;

    if (!*login->user || !*login->password) {
        cpmsync_state_fail(session, CPMSYNC_ERR_AUTH_CREDENTIALS);
        return;
    }
    cpmsync_login_prepare(session, &login->command, "LOGIN", done);
    cpmsync_command_secret(&login->command.text, cpmsync_slice_str(login->user));
    cpmsync_command_secret(&login->command.text, cpmsync_slice_str(login->password));
    cpmsync_login_submit(session, &login->command);
}

/* The first message goes into the command where SASL-IR is offered, else behind the empty challenge (S-11, S-12). */
static int add_initial(struct cpmsync_session *session)
{
    struct cpmsync_login *login = &session->login;
    struct cpmsync_buf message, text;
    int rc;

    init_message(session, &message);
    init_message(session, &text);
    text.max = (size_t)CPMSYNC_SASL_MESSAGE_MAX * 2;
    rc = cpmsync_sasl_step(&login->sasl, cpmsync_slice_of(NULL, 0), &message);
    if (rc == 0)
        rc = cpmsync_base64_encode(&text, cpmsync_buf_slice(&message));
    if (rc == 0)
        cpmsync_command_base64(&login->command.text, cpmsync_buf_slice(&text));
    cpmsync_buf_clear(&message);
    cpmsync_buf_clear(&text);
    return rc;
}

static void send_authenticate(
    struct cpmsync_session *session, enum cpmsync_sasl_mechanism mechanism, bool followed, cpmsync_auth_done done)
{
    struct cpmsync_login *login = &session->login;
    struct cpmsync_sasl_credentials credentials = {login->user, login->password, login->authzid};
    int rc = cpmsync_sasl_init(&login->sasl, session->config.mem, session->config.crypto, mechanism, &credentials,
        session->config.scram_iterations_max);

    cpmsync_login_prepare(session, &login->command, "AUTHENTICATE", done);
    /* PLAIN is complete with its initial response, so no line behind it can be taken for an answer. */
    if (!followed || mechanism != CPMSYNC_SASL_PLAIN || !can(session, "SASL-IR"))
        login->command.rules = CPMSYNC_COMMAND_ALONE;
    else
        login->command.rules = CPMSYNC_COMMAND_APART; /* Cyrus 3.6 loses what stands in the same TLS record */
    login->command.continuation = on_challenge;
    cpmsync_command_atom(&login->command.text, cpmsync_sasl_name(mechanism));
    if (rc == 0 && can(session, "SASL-IR"))
        rc = add_initial(session);
    if (rc) {
        cpmsync_state_fail(session, rc);
        return;
    }
    login->exchange = true;
    cpmsync_login_submit(session, &login->command);
}

void cpmsync_auth_start(struct cpmsync_session *session, bool followed, cpmsync_auth_done done)
{
    struct cpmsync_login *login = &session->login;
    enum cpmsync_sasl_mechanism mechanism = CPMSYNC_SASL_NONE;

    login->method = choose(session, &mechanism);
    if (login->method == CPMSYNC_LOGIN_COMMAND)
        send_login(session, done);
    else if (login->method == CPMSYNC_LOGIN_SASL)
        send_authenticate(session, mechanism, followed, done);
    else
        cpmsync_state_fail(session, CPMSYNC_ERR_AUTH_MECHANISM);
}

/* Neither name nor password needs a literal the server must agree to first. */
static bool login_in_one_go(const struct cpmsync_session *session)
{
    const struct cpmsync_login *login = &session->login;
    struct cpmsync_command command;

    if (!*login->user || !*login->password)
        return false;
    cpmsync_command_init(&command, session->config.mem, session->config.output_max, cpmsync_session_literals(session));
    cpmsync_command_begin(&command, "LOGIN");
    cpmsync_command_secret(&command, cpmsync_slice_str(login->user));
    cpmsync_command_secret(&command, cpmsync_slice_str(login->password));
    bool whole = cpmsync_command_end(&command) == 0 && command.break_count == 0;
    cpmsync_command_clear(&command);
    return whole;
}

bool cpmsync_auth_in_one_go(const struct cpmsync_session *session)
{
    enum cpmsync_sasl_mechanism mechanism = CPMSYNC_SASL_NONE;
    enum cpmsync_login_method method = choose(session, &mechanism);

    if (method == CPMSYNC_LOGIN_SASL)
        return mechanism == CPMSYNC_SASL_PLAIN && can(session, "SASL-IR");
    return method == CPMSYNC_LOGIN_COMMAND && login_in_one_go(session);
}

/* What a refusal means; trouble of the server says nothing about the password (PF-83, RFC 5530). */
int cpmsync_auth_error_of(const struct cpmsync_response *tagged)
{
    if (tagged->condition == CPMSYNC_CONDITION_BAD)
        return CPMSYNC_ERR_BAD;
    switch (tagged->code.type) {
    case CPMSYNC_CODE_UNAVAILABLE:
    case CPMSYNC_CODE_SERVERBUG:
    case CPMSYNC_CODE_CORRUPTION:
        return CPMSYNC_ERR_AUTH_UNAVAILABLE;
    case CPMSYNC_CODE_INUSE:
        return CPMSYNC_ERR_IN_USE;
    case CPMSYNC_CODE_LIMIT:
        return CPMSYNC_ERR_SERVER_LIMIT;
    case CPMSYNC_CODE_PRIVACYREQUIRED:
        return CPMSYNC_ERR_TLS_REQUIRED;
    default:
        return CPMSYNC_ERR_AUTH;
    }
}

bool cpmsync_auth_proved(const struct cpmsync_session *session)
{
    return session->login.method == CPMSYNC_LOGIN_COMMAND || cpmsync_sasl_complete(&session->login.sasl);
}
