/* SPDX-License-Identifier: MIT */
#include "session/session.h"

#include "session/auth.h"
#include "session/dispatch.h"
#include "session/state.h"

enum { ENABLED_OCTETS_MAX = 4096, HASH_ROUND_COST = 64 };

/* ---- life */

int cpmsync_session_new(
    struct cpmsync_session **session, const struct cpmsync_session_config *config, int64_t now, bool secure)
{
    struct cpmsync_session *s = cpmsync_mem_zalloc(config->mem, sizeof(*s));

    *session = s;
    if (!s)
        return CPMSYNC_ERR_NOMEM;
    s->config = *config;
    s->state = CPMSYNC_SESSION_GREETING;
    s->now = now;
    s->secure = secure;
    cpmsync_frame_init(&s->frame, config->mem, config->response_max, config->literal_max);
    cpmsync_pipeline_init(&s->pipeline, config->mem, config->output_max);
    if (config->facts->proven)
        s->pipeline.commands_max = SIZE_MAX;
    s->pipeline.ctx = config->up.ctx;
    s->pipeline.trace = config->up.trace;
    cpmsync_capability_init(&s->capability, config->mem, config->disabled, config->disabled_count);
    cpmsync_buf_init(&s->enabled, config->mem, ENABLED_OCTETS_MAX);
    cpmsync_login_init(&s->login, s);
    cpmsync_compress_init(s);
    s->silent_at = CPMSYNC_NEVER;
    cpmsync_deadline_init(&s->deadline, config->timeout_ms);
    cpmsync_deadline_check(&s->deadline, now, true, true);
    s->config.up.credentials(s->config.up.ctx);
    return 0;
}

void cpmsync_session_free(struct cpmsync_session *session)
{
    const struct cpmsync_allocator *mem;

    if (!session)
        return;
    mem = session->config.mem;
    session->freeing = true;
    cpmsync_state_fail(session, CPMSYNC_ERR_CANCELLED);
    cpmsync_login_clear(&session->login);
    cpmsync_compress_clear(session);
    cpmsync_command_clear(&session->logout.text);
    cpmsync_buf_clear(&session->enabled);
    cpmsync_capability_clear(&session->capability);
    cpmsync_pipeline_clear(&session->pipeline);
    cpmsync_frame_clear(&session->frame);
    cpmsync_mem_free(mem, session);
}

enum cpmsync_session_state cpmsync_session_state(const struct cpmsync_session *session)
{
    return session->state;
}

const struct cpmsync_err *cpmsync_session_error(const struct cpmsync_session *session)
{
    return &session->err;
}

/* ---- deadlines */

/* Whether the server owes us something. */
static bool answer_due(const struct cpmsync_session *session)
{
    switch (session->state) {
    case CPMSYNC_SESSION_LOGIN:
        return !cpmsync_login_waits_for_app(session) && !cpmsync_auth_busy(session);
    case CPMSYNC_SESSION_READY:
        return session->pipeline.first != NULL && (session->bye.error || !cpmsync_session_idles(session));
    case CPMSYNC_SESSION_FAILED:
        return false;
    default:
        return true;
    }
}

static void time_out(struct cpmsync_session *session)
{
    if (cpmsync_dispatch_logged_out(session))
        cpmsync_state_fail(session, CPMSYNC_OK);
    else if (session->bye.error)
        cpmsync_state_fail_bye(session);
    else if (session->burst && session->logged_in)
        cpmsync_state_swallowed(session);
    else
        cpmsync_state_fail(session, CPMSYNC_ERR_TIMEOUT);
}

static void check_deadline(struct cpmsync_session *session, int64_t now, bool alive)
{
    session->now = now;
    if (session->silent_at <= now && session->state == CPMSYNC_SESSION_READY && !alive)
        cpmsync_state_swallowed(session);
    if (cpmsync_deadline_check(&session->deadline, now, answer_due(session), alive))
        time_out(session);
}

static void pump(struct cpmsync_session *session)
{
    int rc = session->state == CPMSYNC_SESSION_FAILED ? 0 : cpmsync_pipeline_pump(&session->pipeline);

    if (rc)
        cpmsync_state_fail(session, rc);
}

/* ---- bytes */

/* What came was read. */
static void after_input(struct cpmsync_session *session, int64_t now)
{
    if (session->logged_in && (cpmsync_compress_quiet(session) || cpmsync_session_idles(session))) {
        session->burst = false;
        session->silent_at = CPMSYNC_NEVER;
    }
    pump(session);
    check_deadline(session, now, true);
}

void cpmsync_session_feed(struct cpmsync_session *session, int64_t now, const uint8_t *data, size_t len)
{
    if (session->state == CPMSYNC_SESSION_FAILED || len == 0)
        return;
    session->bytes_in += len;
    cpmsync_deadline_suspect(&session->deadline, now, CPMSYNC_NEVER);
    cpmsync_pipeline_heard(&session->pipeline);
    session->now = now;
    cpmsync_compress_feed(session, cpmsync_slice_of(data, len));
    after_input(session, now);
}

bool cpmsync_session_full(const struct cpmsync_session *session)
{
    return cpmsync_compress_busy(session);
}

size_t cpmsync_session_output(struct cpmsync_session *session, const uint8_t **data)
{
    return cpmsync_compress_output(session, data);
}

void cpmsync_session_ack(struct cpmsync_session *session, int64_t now, size_t len)
{
    check_deadline(session, now, false);
    if (session->state == CPMSYNC_SESSION_FAILED || len == 0)
        return;
    session->bytes_out += cpmsync_compress_ack(session, len);
    pump(session);
    check_deadline(session, now, true);
}

void cpmsync_session_secured(struct cpmsync_session *session, int64_t now)
{
    if (session->state != CPMSYNC_SESSION_HANDSHAKE)
        return;
    cpmsync_login_secured(session);
    check_deadline(session, now, true);
}

void cpmsync_session_closed(struct cpmsync_session *session, const struct cpmsync_err *err)
{
    bool lost = err->error && cpmsync_error_class(err->error) != CPMSYNC_CLASS_NETWORK;

    if (cpmsync_compress_work(session, 0))
        after_input(session, session->now); /* what came is not lost with the link */
    if (session->state == CPMSYNC_SESSION_FAILED)
        return;
    if (!lost && cpmsync_dispatch_logged_out(session)) {
        cpmsync_state_fail(session, CPMSYNC_OK);
    } else if (!lost && session->bye.error) {
        cpmsync_state_fail_bye(session);
    } else if (err->error) {
        session->err = *err;
        cpmsync_state_set(session, CPMSYNC_SESSION_FAILED);
    } else {
        cpmsync_state_fail(session, CPMSYNC_ERR_CLOSED);
    }
}

int64_t cpmsync_session_tick(struct cpmsync_session *session, int64_t now, int64_t budget)
{
    if (cpmsync_compress_busy(session)) {
        int64_t cost = cpmsync_compress_work(session, budget);

        after_input(session, now);
        if (budget > 0)
            budget = budget > cost ? budget - cost : 0;
    }
    check_deadline(session, now, false);
    if (cpmsync_auth_busy(session)) {
        int64_t most = budget > 0 && budget / HASH_ROUND_COST < UINT32_MAX ? budget / HASH_ROUND_COST : UINT32_MAX;
        /* One round at least, or a small budget would never get anywhere. */
        int64_t cost = HASH_ROUND_COST * (int64_t)cpmsync_auth_work(session, most ? (uint32_t)most : 1);

        if (budget > 0)
            budget = budget > cost ? budget - cost : 0;
        check_deadline(session, now, false);
    }
    pump(session);
    return budget;
}

int64_t cpmsync_session_expiry(const struct cpmsync_session *session)
{
    int64_t expiry = cpmsync_deadline_expiry(&session->deadline, session->now, answer_due(session));

    if (session->state == CPMSYNC_SESSION_READY && session->silent_at < expiry)
        return session->silent_at;
    return expiry;
}

bool cpmsync_session_busy(const struct cpmsync_session *session)
{
    return cpmsync_auth_busy(session) || cpmsync_compress_busy(session);
}

/* ---- login and commands */

void cpmsync_session_credentials(
    struct cpmsync_session *session, int error, const char *user, const char *password, const char *authzid)
{
    cpmsync_login_credentials(session, error, user, password, authzid);
}

int cpmsync_session_submit(struct cpmsync_session *session, struct cpmsync_session_command *command)
{
    if (session->state != CPMSYNC_SESSION_READY)
        return CPMSYNC_ERR_STATE;
    if (session->bye.error)
        return CPMSYNC_ERR_BYE;
    return cpmsync_pipeline_submit(&session->pipeline, command);
}

int cpmsync_session_withdraw(struct cpmsync_session *session, struct cpmsync_session_command *command)
{
    if (!cpmsync_pipeline_withdraw(&session->pipeline, command))
        return CPMSYNC_ERR_STATE;
    command->done(command, CPMSYNC_ERR_CANCELLED, NULL);
    /* It may have held up others. Without memory they go at the next call that moves bytes. */
    if (session->state != CPMSYNC_SESSION_FAILED)
        (void)cpmsync_pipeline_pump(&session->pipeline);
    return 0;
}

void cpmsync_session_end_idle(struct cpmsync_session *session)
{
    cpmsync_pipeline_end_idle(&session->pipeline);
    pump(session);
}

bool cpmsync_session_idles(const struct cpmsync_session *session)
{
    return session->pipeline.idle && session->pipeline.idling && session->pipeline.in_flight == 1;
}

void cpmsync_session_suspect(struct cpmsync_session *session, int64_t now)
{
    if (session->state == CPMSYNC_SESSION_FAILED)
        return;
    cpmsync_session_end_idle(session);
    check_deadline(session, now, false);
    cpmsync_deadline_suspect(&session->deadline, now, CPMSYNC_SUSPECT_MS);
}

void cpmsync_session_compress(struct cpmsync_session *session)
{
    cpmsync_compress_ask(session);
}

static void on_logout(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_session *session =
        (struct cpmsync_session *)((char *)command - offsetof(struct cpmsync_session, logout));

    if (tagged)
        cpmsync_state_fail_words(session, error, error ? tagged : NULL);
}

int cpmsync_session_logout(struct cpmsync_session *session)
{
    struct cpmsync_session_command *command = &session->logout;
    int rc;

    if (session->state != CPMSYNC_SESSION_READY)
        return CPMSYNC_ERR_STATE;
    if (session->bye.error)
        return CPMSYNC_ERR_BYE;
    cpmsync_command_clear(&command->text);
    cpmsync_command_init(
        &command->text, session->config.mem, session->config.output_max, cpmsync_session_literals(session));
    cpmsync_command_begin(&command->text, "LOGOUT");
    command->rules = CPMSYNC_COMMAND_ENDS;
    command->done = on_logout;
    rc = cpmsync_pipeline_submit(&session->pipeline, command);
    if (rc == 0)
        cpmsync_state_set(session, CPMSYNC_SESSION_LOGOUT);
    return rc;
}

void cpmsync_session_fail(struct cpmsync_session *session, int error)
{
    if (error == CPMSYNC_ERR_BYE && session->bye.error)
        cpmsync_state_fail_bye(session);
    else
        cpmsync_state_fail(session, error);
}

bool cpmsync_session_logged_in(const struct cpmsync_session *session)
{
    return session->logged_in;
}

bool cpmsync_session_swallowed(const struct cpmsync_session *session)
{
    return session->swallowed;
}

bool cpmsync_session_quiet(const struct cpmsync_session *session)
{
    return session->pipeline.first == NULL;
}

/* ---- what the server can do */

bool cpmsync_session_can(const struct cpmsync_session *session, const char *capability)
{
    return cpmsync_capability_can(&session->capability, capability);
}

enum cpmsync_enabled cpmsync_session_enabled(const struct cpmsync_session *session, const char *extension)
{
    const struct cpmsync_login *login = &session->login;
    struct cpmsync_slice enabled = cpmsync_buf_slice(&session->enabled);
    struct cpmsync_slice wanted = cpmsync_slice_str(extension);
    bool condstore = cpmsync_slice_is(wanted, "CONDSTORE");

    /* E-05: QRESYNC brings CONDSTORE along, listed or not. */
    if (cpmsync_capability_among(enabled, extension) || (condstore && cpmsync_capability_among(enabled, "QRESYNC")))
        return CPMSYNC_ENABLED_YES;
    if (login->enable_open && !login->enable_told && (condstore || cpmsync_slice_is(wanted, login->asked)))
        return CPMSYNC_ENABLED_PENDING;
    return CPMSYNC_ENABLED_NO;
}

enum cpmsync_literals cpmsync_session_literals(const struct cpmsync_session *session)
{
    return cpmsync_capability_literals(&session->capability);
}

bool cpmsync_session_utf8_names(const struct cpmsync_session *session)
{
    return cpmsync_capability_lists(&session->capability, "IMAP4rev2") &&
           !cpmsync_capability_lists(&session->capability, "IMAP4rev1");
}

const char *cpmsync_session_capabilities(const struct cpmsync_session *session)
{
    return cpmsync_capability_allowed(&session->capability);
}

const char *cpmsync_session_enabled_list(const struct cpmsync_session *session)
{
    return session->enabled.len ? (const char *)cpmsync_buf_data(&session->enabled) : "";
}

void cpmsync_session_counts(const struct cpmsync_session *session, struct cpmsync_session_counts *counts)
{
    counts->bytes_in = session->bytes_in;
    counts->bytes_out = session->bytes_out;
    counts->commands = session->pipeline.tags;
    counts->flights = session->pipeline.flights;
}
