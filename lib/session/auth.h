/* SPDX-License-Identifier: MIT */
/*
 * The login command itself: which mechanism, the exchange with its challenges, and what a refusal means (RFC 3501 6.2.2,
 * 6.2.3; 4959; 5530). It works on the session's struct cpmsync_login, with the app's answer in it.
 */
#ifndef CPMSYNC_SESSION_AUTH_H
#define CPMSYNC_SESSION_AUTH_H

#include "session/login.h"

typedef void (*cpmsync_auth_done)(
    struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);

/* Chooses and sends LOGIN or AUTHENTICATE, or fails the session: CPMSYNC_ERR_AUTH_MECHANISM, _AUTH_CREDENTIALS, ...
 * `followed`: other commands may leave behind one that can draw no challenge (P-08). */
void cpmsync_auth_start(struct cpmsync_session *session, bool followed, cpmsync_auth_done done);
/* By the capabilities known, login is one command that needs no further octet of ours. */
bool cpmsync_auth_in_one_go(const struct cpmsync_session *session);
/* Hashing: `rounds` at most; returns how many were made. */
uint32_t cpmsync_auth_work(struct cpmsync_session *session, uint32_t rounds);
bool cpmsync_auth_busy(const struct cpmsync_session *session);

/* An OK may be believed: everything was said, and the server proved itself where the mechanism has it do so (S-15). */
bool cpmsync_auth_proved(const struct cpmsync_session *session);
/* The error of NO and BAD to a login. */
int cpmsync_auth_error_of(const struct cpmsync_response *tagged);

#endif
