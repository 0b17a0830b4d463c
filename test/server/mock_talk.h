/* SPDX-License-Identifier: MIT */
/* How tests talk to the mock in-process: say this, expect that. Lines are written with LF and sent with CRLF. */
#ifndef CPMSYNC_MOCK_TALK_H
#define CPMSYNC_MOCK_TALK_H

#include <cpmsync/mock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct talk {
    struct cpmsync_mock *mock;
    char answer[1 << 18]; /* the last one, CR removed */
};

/* A server with the user test:test. `config` may be NULL. */
struct talk *talk_new(const struct cpmsync_mock_config *config);
void talk_free(struct talk *talk);
/* Of a test that needs no more than that; setup is talk_new(NULL). */
int talk_setup(void **state);
int talk_teardown(void **state);

/* Sends text, LF made CRLF, and returns everything the server has to say. */
const char *talk_say(struct talk *talk, int conn, const char *text);
/* The same octet for octet. */
const char *talk_send(struct talk *talk, int conn, const void *data, size_t len);
/* Only listens. */
const char *talk_hear(struct talk *talk, int conn);

/* A new connection; its greeting is the answer. */
int talk_connect(struct talk *talk, bool secure);
/* A new connection, logged in over TLS, with QRESYNC enabled if wanted. */
int talk_login(struct talk *talk, bool qresync);
/* The same as another user, whose password is the name. */
int talk_login_as(struct talk *talk, const char *user);

/* The answer is exactly this; it holds this; it does not. */
void talk_expect(struct talk *talk, int conn, const char *text, const char *answer);
void talk_expect_has(struct talk *talk, int conn, const char *text, const char *part);
void talk_expect_no(struct talk *talk, int conn, const char *text, const char *part);

/* What of the last answer. */
bool talk_has(const struct talk *talk, const char *part);
/* Both are there, and in this order. */
bool talk_has_order(const struct talk *talk, const char *first, const char *second);

/* Of the user test. */
struct cpmsync_mock_status talk_status(struct talk *talk, const char *mailbox);
void talk_fault(struct talk *talk, const char *fault);

/* `count` small messages in INBOX. */
void talk_deliver(struct talk *talk, unsigned count);

#endif
