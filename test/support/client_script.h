/* SPDX-License-Identifier: MIT */
/*
 * A client on the bytes face, its app and its server as a script: what the server says, what the client must send, what
 * the app hears. Uses cmocka's assertions. The app mirrors INBOX; after every committed batch, and at the end, its mirror
 * must equal the store.
 *
 * What the app hears is one text, items separated by '|': "begin 42 1:10", "+5" (message 5), "gone 3:4", "reset 43",
 * "batch 11 100" (uidnext, cursor), "alert words", "state ready", "done 3 CPMSYNC_OK" (an operation by its id); of what
 * the client does by itself "held push local: metered", "held push: distance until 5000", "began push: INBOX", "ended push: *
 * CPMSYNC_OK" (* is the account).
 */
#ifndef CPMSYNC_TEST_CLIENT_SCRIPT_H
#define CPMSYNC_TEST_CLIENT_SCRIPT_H

#include <stdbool.h>

#include <cpmsync/client.h>

#include "support/failing_allocator.h"
#include "support/failing_store.h"
#include "support/mirror.h"

enum { SUPPORT_SCRIPT_TEXT_MAX = 16384, SUPPORT_SCRIPT_OPERATIONS_MAX = 64 };

struct support_script {
    struct support_allocator allocator; /* the client's; the store has its own */
    struct support_store failing;
    struct cpmsync_client_config config;
    struct cpmsync_client *client; /* NULL once it was freed */
    struct support_mirror mirror;
    int64_t now;
    bool silent;  /* the app does not answer `credentials` */
    bool lenient; /* sent() and server() do nothing once the connection is over: for sweeps */
    bool states;  /* STATE events are heard too */
    unsigned asked;
    char heard[SUPPORT_SCRIPT_TEXT_MAX];
    size_t heard_len;
    char sent[SUPPORT_SCRIPT_TEXT_MAX]; /* not yet compared */
    size_t sent_len;
    unsigned done[SUPPORT_SCRIPT_OPERATIONS_MAX]; /* how often each operation completed */
    int errors[SUPPORT_SCRIPT_OPERATIONS_MAX];    /* and with what */
    /* The app's own ideas; may be NULL. on_event's result is the verdict. */
    int (*on_event)(struct support_script *script, const struct cpmsync_event *event);
    void (*on_done)(struct support_script *script, int64_t operation, int error);
};

/* Config with secure transport, the failing store and the allocator; change it before open. */
void support_script_init(struct support_script *script);
/* Makes the client. */
void support_script_open(struct support_script *script);
/* Frees client and store; checks completions (each at most once), the mirror, leaks, the store's contract. */
void support_script_close(struct support_script *script);
/* Frees the client only: the next open begins again on the same store, with the app's mirror. */
void support_script_restart(struct support_script *script);

/* The app puts a mailbox into the store: UIDVALIDITY 42, 1:10 covered, messages 2 4 5 8 10, cursor 100. */
void support_script_cache(struct support_script *script);

/* Submit; `done` is heard. */
int64_t support_script_sync(struct support_script *script, const char *mailbox);
int64_t support_script_login(struct support_script *script);
int64_t support_script_logout(struct support_script *script);

/* The transport opens (WANT_CONNECT must be there); ends. */
void support_script_connect(struct support_script *script);
void support_script_eof(struct support_script *script);
/* The client asks to close, which is done. */
void support_script_closed(struct support_script *script);

/* The server says these lines, separated by '\n'; CRLF is added to each. */
void support_script_server(struct support_script *script, const char *lines);
/* The client has sent exactly these lines since the last call, separated by '\n'. */
void support_script_sent(struct support_script *script, const char *lines);
/* The app has heard exactly this since the last call. */
void support_script_heard(struct support_script *script, const char *text);

/* Connects and logs in: C1, and with QRESYNC among the capabilities C2 is ENABLE, answered by `enabled` (NULL: it does not
 * come yet). What was sent and heard up to then is dropped, a command behind ENABLE is left. */
void support_script_ready(struct support_script *script, const char *capabilities, const char *enabled);

#endif
