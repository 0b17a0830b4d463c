/* SPDX-License-Identifier: MIT */
/* The inside of a session, its states and their moves, and how it ends. For the files of this directory only. */
#ifndef CPMSYNC_SESSION_STATE_H
#define CPMSYNC_SESSION_STATE_H

#include "session/capability.h"
#include "session/compress.h"
#include "session/deadline.h"
#include "session/login.h"
#include "session/pipeline.h"
#include "session/session.h"
#include "wire/frame.h"

struct cpmsync_session {
    struct cpmsync_session_config config;
    enum cpmsync_session_state state;
    int64_t now;
    bool secure;    /* encrypted, and the peer authenticated */
    bool greeted;   /* the greeting came */
    bool assumed;   /* what follows the login was sent on the guess (R1) */
    bool burst;     /* ... and is not answered whole yet */
    bool swallowed; /* ... and will not be (R3) */
    bool logged_in; /* the server said so */
    bool freeing;
    struct cpmsync_frame frame;
    struct cpmsync_pipeline pipeline;
    struct cpmsync_capability capability;
    struct cpmsync_login login;
    struct cpmsync_compression compress;
    struct cpmsync_deadline deadline;
    int64_t login_sent;         /* when the login left that other commands followed */
    int64_t silent_at;          /* when silence behind its answer means that they were swallowed; NEVER */
    struct cpmsync_buf enabled; /* what ENABLED listed, separated by SP, NUL behind it */
    struct cpmsync_session_command logout;
    struct cpmsync_err err;
    struct cpmsync_err bye; /* error 0: no BYE came */
    unsigned damaged;       /* responses that could not be read */
    unsigned strange_tags;  /* tagged responses to no command in flight */
    unsigned noise;         /* log lines about what is legal and means nothing */
    bool traced_line;       /* trace of what comes: not at the beginning of a line */
    bool traced_secret;     /* ... in a line with `+` of a login */
    bool traced_word;       /* ... and its secret was replaced already */
    uint64_t bytes_in;      /* as they came, and as they left: compressed */
    uint64_t bytes_out;
};

const char *cpmsync_state_name(enum cpmsync_session_state state);
/* Whether `to` may follow `from`. */
bool cpmsync_state_may(enum cpmsync_session_state from, enum cpmsync_session_state to);
/* Moves, logs, and tells the app. A move that is not allowed ends the session with CPMSYNC_ERR_STATE. FAILED: everything
 * left is completed with session->err first. */
void cpmsync_state_set(struct cpmsync_session *session, enum cpmsync_session_state to);

/* Ends the session; the first error stays. */
void cpmsync_state_fail(struct cpmsync_session *session, int error);
/* The same with the server's words; `status` may be NULL. */
void cpmsync_state_fail_words(struct cpmsync_session *session, int error, const struct cpmsync_response *status);
/* The same with what BYE said. */
void cpmsync_state_fail_bye(struct cpmsync_session *session);

/* The login that other commands followed was answered: something of them must be heard soon (R3). */
void cpmsync_state_await_burst(struct cpmsync_session *session);
/* It was not: kept with the account, and the session ends with CPMSYNC_ERR_TIMEOUT. */
void cpmsync_state_swallowed(struct cpmsync_session *session);

/* Whether what the server says now is worth more than anybody's words (W-08). */
bool cpmsync_state_trusted(const struct cpmsync_session *session);
/* What a tagged response means to a command: 0, or the error of NO and BAD (C-22). */
int cpmsync_state_error_of(const struct cpmsync_response *tagged);

#endif
