/* SPDX-License-Identifier: MIT */
#include "session/login.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "session/auth.h"
#include "session/state.h"

static void on_capability(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);

static struct cpmsync_session *session_of(struct cpmsync_session_command *command)
{
    /* `command` is the first member of struct cpmsync_login. */
    return ((struct cpmsync_login *)command)->session;
}

static bool can(const struct cpmsync_session *session, const char *name)
{
    return cpmsync_capability_can(&session->capability, name);
}

/* ---- life */

void cpmsync_login_init(struct cpmsync_login *login, struct cpmsync_session *session)
{
    memset(login, 0, sizeof(*login));
    login->session = session;
}

static void free_secret(const struct cpmsync_allocator *mem, char **text)
{
    if (*text)
        cpmsync_mem_wipe(*text, strlen(*text));
    cpmsync_mem_free(mem, *text);
    *text = NULL;
}

static void wipe(struct cpmsync_login *login)
{
    const struct cpmsync_allocator *mem = login->session->config.mem;

    free_secret(mem, &login->user);
    free_secret(mem, &login->password);
    free_secret(mem, &login->authzid);
    cpmsync_sasl_clear(&login->sasl);
}

void cpmsync_login_clear(struct cpmsync_login *login)
{
    wipe(login);
    cpmsync_command_clear(&login->command.text);
    cpmsync_command_clear(&login->enable.text);
    cpmsync_command_clear(&login->refresh.text);
}

/* ---- commands of our own */

void cpmsync_login_prepare(struct cpmsync_session *session, struct cpmsync_session_command *command, const char *name,
    void (*done)(struct cpmsync_session_command *, int, const struct cpmsync_response *))
{
    cpmsync_command_clear(&command->text);
    memset(command, 0, sizeof(*command));
    cpmsync_command_init(&command->text, session->config.mem, session->config.output_max,
        cpmsync_capability_literals(&session->capability));
    cpmsync_command_begin(&command->text, name);
    command->done = done;
}

void cpmsync_login_submit(struct cpmsync_session *session, struct cpmsync_session_command *command)
{
    int rc = cpmsync_pipeline_submit(&session->pipeline, command);

    if (rc)
        cpmsync_state_fail(session, rc);
}

/* Keeps a list with the account; without memory the old one stays, it is a guess in any case. True if it changed. */
static bool remember(struct cpmsync_session *session, char **fact)
{
    const char *listed = cpmsync_capability_listed(&session->capability);
    char *copy;

    if (!session->secure || (*fact && strcmp(*fact, listed) == 0))
        return false;
    copy = cpmsync_mem_copy(session->config.facts->mem, listed, strlen(listed));
    if (!copy)
        return false;
    cpmsync_mem_free(session->config.facts->mem, *fact);
    *fact = copy;
    return true;
}

void cpmsync_login_remember(struct cpmsync_session *session)
{
    struct cpmsync_server_facts *facts = session->config.facts;
    bool known = facts->after_login != NULL;

    /* Another list is another server, or another version: it gets a new chance. */
    if (remember(session, &facts->after_login) && known) {
        facts->no_qresync = false;
        facts->qresync_failures = 0;
        facts->no_condstore = false;
        facts->condstore_failures = 0;
        facts->no_compress = false;
        facts->compress_failures = 0;
    }
}

/* ---- READY */

static void on_enable(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_login *login = (struct cpmsync_login *)((char *)command - offsetof(struct cpmsync_login, enable));
    struct cpmsync_session *session = login->session;

    login->enable_open = false;
    if (!tagged)
        return;
    if (error)
        cpmsync_log(&session->config.log, CPMSYNC_LOG_WARNING, "session: ENABLE: %s", cpmsync_error_text(error));
    /* E-02: only ENABLED counts. */
    if (strcmp(login->asked, "QRESYNC") == 0 && cpmsync_session_enabled(session, "QRESYNC") != CPMSYNC_ENABLED_YES)
        session->config.facts->no_qresync = true;
}

int cpmsync_login_enabled(struct cpmsync_session *session, const struct cpmsync_response *response)
{
    struct cpmsync_slice items = response->items;
    struct cpmsync_slice word;
    int rc = 0;

    if (!session->login.enable_open)
        return 0;
    while (rc == 0 && cpmsync_capability_next(&items, &word)) {
        size_t space = session->enabled.len ? 1 : 0;
        uint8_t *to;

        if (word.len + space + 1 > session->enabled.max - session->enabled.len)
            break;
        rc = cpmsync_buf_reserve(&session->enabled, word.len + space + 1, &to);
        if (rc)
            break;
        if (space)
            *to++ = ' ';
        memcpy(to, word.data, word.len);
        to[word.len] = '\0';
        cpmsync_buf_grown(&session->enabled, word.len + space);
    }
    if (rc == 0 && !response->more)
        session->login.enable_told = true;
    return rc;
}

/* ENABLE leaves with whatever is submitted when the app hears of READY (P-06). */
static void enter_ready(struct cpmsync_session *session)
{
    struct cpmsync_login *login = &session->login;

    wipe(login);
    if (can(session, "ENABLE")) {
        if (can(session, "QRESYNC") && !session->config.facts->no_qresync)
            login->asked = "QRESYNC";
        else if (can(session, "CONDSTORE") && !session->config.facts->no_condstore)
            login->asked = "CONDSTORE";
    }
    if (login->asked) {
        login->enable_open = true;
        cpmsync_login_prepare(session, &login->enable, "ENABLE", on_enable);
        cpmsync_command_atom(&login->enable.text, login->asked);
        cpmsync_login_submit(session, &login->enable);
    }
    cpmsync_state_set(session, CPMSYNC_SESSION_READY);
}

static void enter_logged_in(struct cpmsync_session *session)
{
    session->logged_in = true;
    cpmsync_login_remember(session);
    enter_ready(session);
}

/* ---- CAPABILITY_AFTER */

static void on_capability_after(
    struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_session *session = session_of(command);

    if (!tagged)
        return;
    if (error || !session->login.fresh)
        cpmsync_state_fail_words(session, CPMSYNC_ERR_CAPABILITY, tagged);
    else
        enter_logged_in(session);
}

static void enter_capability_after(struct cpmsync_session *session)
{
    session->logged_in = true;
    wipe(&session->login);
    session->login.fresh = false;
    cpmsync_login_prepare(session, &session->login.command, "CAPABILITY", on_capability_after);
    cpmsync_login_submit(session, &session->login.command);
    cpmsync_state_set(session, CPMSYNC_SESSION_CAPABILITY_AFTER);
}

/* ---- LOGIN */

static void on_refused(struct cpmsync_session *session, const struct cpmsync_response *tagged)
{
    int error = cpmsync_auth_error_of(tagged);

    if (error == CPMSYNC_ERR_AUTH)
        session->config.facts->last_login_ok = false;
    cpmsync_state_fail_words(session, error, tagged);
}

static void on_refreshed(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    (void)command, (void)error, (void)tagged; /* the list itself took effect where it stood */
}

/* The login that other commands followed is accepted: what the server can do is checked against the guess. */
static void confirm(struct cpmsync_session *session)
{
    session->logged_in = true;
    cpmsync_state_await_burst(session);
    if (session->login.fresh) {
        cpmsync_login_remember(session);
        return;
    }
    cpmsync_login_prepare(session, &session->login.refresh, "CAPABILITY", on_refreshed);
    cpmsync_login_submit(session, &session->login.refresh);
}

static void on_login(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_session *session = session_of(command);
    struct cpmsync_login *login = &session->login;

    /* A refusal told inside the exchange, and the NO that ends it, are one: its words are kept. */
    bool refused = login->failure == CPMSYNC_ERR_AUTH && error && tagged && tagged->condition == CPMSYNC_CONDITION_NO;

    login->exchange = false;
    if (!tagged)
        return;
    if (login->failure && !refused) {
        cpmsync_state_fail(session, login->failure);
    } else if (error && session->assumed && session->logged_in) {
        return; /* PREAUTH greeted us: the login that had left already is one too many */
    } else if (error) {
        on_refused(session, tagged);
    } else if (!login->proved && !cpmsync_auth_proved(session)) {
        /* S-15: an OK that came before the server proved itself, or before we said anything. */
        cpmsync_state_fail(session, CPMSYNC_ERR_AUTH_SERVER);
    } else {
        session->config.facts->last_login_ok = true;
        if (session->assumed)
            confirm(session);
        else if (login->fresh)
            enter_logged_in(session);
        else
            enter_capability_after(session);
    }
}

/* A server we know, whose last login went well (R1). */
static bool guess_allowed(const struct cpmsync_session *session)
{
    const struct cpmsync_server_facts *facts = session->config.facts;

    return session->secure && session->config.early != CPMSYNC_EARLY_NEVER && facts->before_login &&
           facts->after_login && facts->last_login_ok && !facts->no_burst;
}

/* The list a fact holds takes the place of the server's own. */
static bool guess_capability(struct cpmsync_session *session, const char *fact)
{
    int rc = cpmsync_capability_take(&session->capability, cpmsync_slice_str(fact), false, false);

    if (rc < 0)
        cpmsync_state_fail(session, rc);
    return rc > 0;
}

/*
 * The login is on its way and can draw no challenge (P-08): what follows it leaves with it, on the guess that the server
 * can do what it could. READY comes before its answer, but nothing counts as said by the server until then.
 */
static void go_ahead(struct cpmsync_session *session)
{
    struct cpmsync_login *login = &session->login;
    bool whole = login->command.text.break_count == 0 && !(login->command.rules & CPMSYNC_COMMAND_ALONE);

    if (session->state == CPMSYNC_SESSION_FAILED || !guess_allowed(session) || !whole || !cpmsync_auth_proved(session))
        return;
    if (!guess_capability(session, session->config.facts->after_login))
        return;
    session->assumed = true;
    session->burst = true;
    login->proved = true;
    enter_ready(session);
}

static void start(struct cpmsync_session *session)
{
    session->login.fresh = false;
    if (session->login.error) {
        cpmsync_state_fail(session, CPMSYNC_ERR_AUTH_CREDENTIALS);
        return;
    }
    session->login_sent = session->now;
    cpmsync_auth_start(session, guess_allowed(session), on_login);
    go_ahead(session);
}

/* Before the greeting (R2): only what needs no answer, and only if the guess allows it. */
static void start_early(struct cpmsync_session *session)
{
    if (session->config.early != CPMSYNC_EARLY_ALLOWED || session->login.error || !guess_allowed(session) ||
        !guess_capability(session, session->config.facts->before_login))
        return;
    if (!cpmsync_auth_in_one_go(session)) {
        cpmsync_capability_clear(&session->capability);
        return;
    }
    cpmsync_state_set(session, CPMSYNC_SESSION_LOGIN);
    start(session);
}

static void enter_login(struct cpmsync_session *session)
{
    remember(session, &session->config.facts->before_login);
    cpmsync_state_set(session, CPMSYNC_SESSION_LOGIN);
    if (session->state == CPMSYNC_SESSION_LOGIN && session->login.answered &&
        session->login.method == CPMSYNC_LOGIN_NONE)
        start(session);
}

static int copy_secret(struct cpmsync_session *session, char **to, const char *text)
{
    *to = cpmsync_mem_copy(session->config.mem, text, strlen(text));
    return *to ? 0 : CPMSYNC_ERR_NOMEM;
}

void cpmsync_login_credentials(
    struct cpmsync_session *session, int error, const char *user, const char *password, const char *authzid)
{
    struct cpmsync_login *login = &session->login;
    int rc = 0;

    if (login->answered || session->logged_in || session->state > CPMSYNC_SESSION_LOGIN)
        return;
    login->answered = true;
    login->error = error;
    if (!error && (!user || !password))
        login->error = CPMSYNC_ERR_AUTH_CREDENTIALS;
    if (!login->error)
        rc = copy_secret(session, &login->user, user);
    if (!login->error && rc == 0)
        rc = copy_secret(session, &login->password, password);
    if (!login->error && rc == 0 && authzid)
        rc = copy_secret(session, &login->authzid, authzid);
    if (rc)
        cpmsync_state_fail(session, rc);
    else if (session->state == CPMSYNC_SESSION_LOGIN)
        start(session);
    else if (session->state == CPMSYNC_SESSION_GREETING)
        start_early(session);
}

bool cpmsync_login_waits_for_app(const struct cpmsync_session *session)
{
    return session->state == CPMSYNC_SESSION_LOGIN && session->login.method == CPMSYNC_LOGIN_NONE;
}

/* ---- STARTTLS */

static void on_starttls(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_session *session = session_of(command);

    if (!tagged)
        return;
    if (error)
        cpmsync_state_fail_words(session, CPMSYNC_ERR_TLS_REQUIRED, tagged);
    else
        cpmsync_state_set(session, CPMSYNC_SESSION_HANDSHAKE);
}

static void enter_starttls(struct cpmsync_session *session)
{
    if (!can(session, "STARTTLS")) {
        cpmsync_state_fail(session, CPMSYNC_ERR_TLS_REQUIRED);
        return;
    }
    cpmsync_login_prepare(session, &session->login.command, "STARTTLS", on_starttls);
    session->login.command.rules = CPMSYNC_COMMAND_ALONE;
    cpmsync_login_submit(session, &session->login.command);
    cpmsync_state_set(session, CPMSYNC_SESSION_STARTTLS);
}

/* ---- GREETING, CAPABILITY */

/* Capabilities are known. */
static void go_on(struct cpmsync_session *session)
{
    if (!session->secure && session->config.security == CPMSYNC_TLS_STARTTLS)
        enter_starttls(session);
    else
        enter_login(session);
}

static void on_capability(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_session *session = session_of(command);

    if (!tagged)
        return;
    if (error || !session->capability.known)
        cpmsync_state_fail_words(session, CPMSYNC_ERR_CAPABILITY, tagged);
    else
        go_on(session);
}

static void enter_capability(struct cpmsync_session *session)
{
    cpmsync_login_prepare(session, &session->login.command, "CAPABILITY", on_capability);
    cpmsync_login_submit(session, &session->login.command);
    cpmsync_state_set(session, CPMSYNC_SESSION_CAPABILITY);
}

void cpmsync_login_greeting(struct cpmsync_session *session, const struct cpmsync_response *greeting)
{
    bool preauth = greeting->condition == CPMSYNC_CONDITION_PREAUTH;
    enum cpmsync_security security = session->config.security;

    /* C-02: nothing can be secured any more behind PREAUTH. */
    if (!session->secure && (security == CPMSYNC_TLS_IMPLICIT || (preauth && security != CPMSYNC_TLS_NONE)))
        cpmsync_state_fail_words(session, CPMSYNC_ERR_TLS_REQUIRED, greeting);
    else if (preauth && session->capability.known)
        enter_logged_in(session);
    else if (preauth)
        enter_capability_after(session);
    else if (session->capability.known)
        go_on(session);
    else if (guess_allowed(session) && guess_capability(session, session->config.facts->before_login))
        go_on(session);
    else if (session->state != CPMSYNC_SESSION_FAILED)
        enter_capability(session);
}

void cpmsync_login_late_greeting(struct cpmsync_session *session, const struct cpmsync_response *greeting)
{
    struct cpmsync_server_facts *facts = session->config.facts;
    struct cpmsync_slice listed = greeting->code.args;

    if (greeting->condition == CPMSYNC_CONDITION_PREAUTH)
        confirm(session);
    if (greeting->code.type != CPMSYNC_CODE_CAPABILITY || session->state == CPMSYNC_SESSION_FAILED ||
        cpmsync_slice_eq(listed, cpmsync_slice_str(facts->before_login)))
        return;
    /* Another list than the one we acted upon: the next connection acts upon this one. */
    char *copy = cpmsync_mem_copy(facts->mem, listed.data, listed.len);
    if (!copy)
        return;
    cpmsync_mem_free(facts->mem, facts->before_login);
    facts->before_login = copy;
}

void cpmsync_login_secured(struct cpmsync_session *session)
{
    session->secure = true;
    /* S-02: what was said in clear may be anybody's. */
    cpmsync_capability_clear(&session->capability);
    enter_capability(session);
}
