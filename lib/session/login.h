/* SPDX-License-Identifier: MIT */
/*
 * From the greeting to READY: capabilities, STARTTLS, the choice of the mechanism, login, capabilities after it, ENABLE
 * (RFC 3501 6.1, 6.2; 4959; 5161).
 */
#ifndef CPMSYNC_SESSION_LOGIN_H
#define CPMSYNC_SESSION_LOGIN_H

#include "session/sasl.h"
#include "session/session.h"

enum cpmsync_login_method { CPMSYNC_LOGIN_NONE, CPMSYNC_LOGIN_COMMAND, CPMSYNC_LOGIN_SASL };

struct cpmsync_login {
    struct cpmsync_session_command command; /* the one that is in flight before READY */
    struct cpmsync_session_command enable;
    struct cpmsync_session *session;
    struct cpmsync_sasl sasl;
    enum cpmsync_login_method method;
    bool answered;                          /* the app answered `credentials`: with `error`, or with the strings */
    bool fresh;                             /* capabilities came since login began */
    bool exchange;                          /* lines with `+` and their answers are secret */
    int error;                              /* of the app's answer */
    int failure;                            /* why the exchange was cancelled */
    const char *asked;                      /* what ENABLE asks for; NULL */
    bool enable_open;                       /* ENABLE is in flight */
    bool enable_told;                       /* ENABLED came */
    bool proved;                            /* the mechanism was satisfied when the guess went on without its answer */
    struct cpmsync_session_command refresh; /* CAPABILITY behind a login on the guess */
    char *user, *password, *authzid;
};

void cpmsync_login_init(struct cpmsync_login *login, struct cpmsync_session *session);
/* Wipes and frees. */
void cpmsync_login_clear(struct cpmsync_login *login);

/* The app's answer. */
void cpmsync_login_credentials(
    struct cpmsync_session *session, int error, const char *user, const char *password, const char *authzid);
/* The greeting, OK or PREAUTH; its capabilities are taken already. */
void cpmsync_login_greeting(struct cpmsync_session *session, const struct cpmsync_response *greeting);
/* The greeting of a session whose first flight has left already (R2). */
void cpmsync_login_late_greeting(struct cpmsync_session *session, const struct cpmsync_response *greeting);
/* TLS was established. */
void cpmsync_login_secured(struct cpmsync_session *session);
/* A command of the session's own: cleared, with its name; then its arguments; then sent, or the session fails. */
void cpmsync_login_prepare(struct cpmsync_session *session, struct cpmsync_session_command *command, const char *name,
    void (*done)(struct cpmsync_session_command *, int, const struct cpmsync_response *));
void cpmsync_login_submit(struct cpmsync_session *session, struct cpmsync_session_command *command);
/* A list came after login: kept with the account. */
void cpmsync_login_remember(struct cpmsync_session *session);
/* ENABLED, or a piece of it. 0, CPMSYNC_ERR_NOMEM. */
int cpmsync_login_enabled(struct cpmsync_session *session, const struct cpmsync_response *response);

/* LOGIN: the app's answer is awaited, not the server's. */
bool cpmsync_login_waits_for_app(const struct cpmsync_session *session);

#endif
