/* SPDX-License-Identifier: MIT */
/*
 * A conversation with a session as a script: what the server says, what the client must send, what the upper layer hears.
 * Uses cmocka's assertions.
 *
 * The upper layer's view is one text, events separated by '|': "login", "ready" (states), "alert words", "alert! words"
 * (trusted), "EXISTS 3", "FETCH 3", "[UIDNEXT]" (mailbox data), "lost CPMSYNC_ERR_PROTOCOL", "data LIST", "+ text",
 * "NOOP OK", "NOOP CPMSYNC_ERR_NO" (a command completed).
 */
#ifndef CPMSYNC_TEST_SESSION_TALK_H
#define CPMSYNC_TEST_SESSION_TALK_H

#include "session/session.h"
#include "support/failing_allocator.h"
#include "support/plain_crypto.h"

enum { SUPPORT_TALK_TEXT_MAX = 16384, SUPPORT_TALK_COMMANDS_MAX = 64 };

struct support_talk;

struct support_talk_command {
    struct cpmsync_session_command command; /* first: it is cast */
    struct support_talk *talk;
    const char *name;
    /* Runs at the end of `done`, which has released the command already. */
    void (*then)(struct support_talk *talk);
};

struct support_talk {
    struct support_allocator allocator;
    struct support_crypto crypto;
    struct cpmsync_server_facts facts;
    struct cpmsync_session_config config;
    struct cpmsync_session *session;
    int64_t now;
    const char *user, *password, *authzid;
    bool silent;  /* the app does not answer `credentials` */
    bool lenient; /* once the session is FAILED the script does nothing more */
    size_t split; /* the server's octets are cut here (counted over the whole script); 1 when `dribble` */
    bool dribble; /* one octet at a time */
    size_t said;  /* octets of the server so far */
    unsigned asked, running;
    char heard[SUPPORT_TALK_TEXT_MAX];
    char traced[SUPPORT_TALK_TEXT_MAX];
    void (*on_state)(struct support_talk *talk, enum cpmsync_session_state to);
    void (*on_mailbox)(struct support_talk *talk, const struct cpmsync_response *response);
};

/* TLS from the start, user "user", password "pencil"; change the config before open. */
void support_talk_init(struct support_talk *talk);
void support_talk_open(struct support_talk *talk, bool secure);
/* Frees the session, clears facts, and checks that nothing is left. */
void support_talk_close(struct support_talk *talk);

void support_talk_server(struct support_talk *talk, const char *text);
void support_talk_octets(struct support_talk *talk, const uint8_t *data, size_t left);
/* Exactly this is due to be sent; it is sent. */
void support_talk_client(struct support_talk *talk, const char *text);
/* Exactly this was heard since the last call. */
void support_talk_heard(struct support_talk *talk, const char *text);
/* It is over, with this error. */
void support_talk_failed(struct support_talk *talk, int error);

/* Greeting with capabilities, AUTHENTICATE PLAIN, and an OK with `capabilities`; nothing of it is left in `heard`. */
void support_talk_login(struct support_talk *talk, const char *capabilities);

/* Submits `name` (letters and SP), with `literal` as its argument unless that is NULL. The result is written to heard. */
struct support_talk_command *support_talk_make(struct support_talk *talk, const char *name, const char *literal);
struct support_talk_command *support_talk_submit(
    struct support_talk *talk, const char *name, unsigned rules, const char *literal);

/*
 * Runs a script whole, octet by octet, and cut at every octet; then with every allocation failing in turn, where the
 * session must end with CPMSYNC_ERR_NOMEM or as ever, without a leak. `script` opens and closes; init was done.
 */
void support_talk_sweep(void (*script)(struct support_talk *talk));

#endif
