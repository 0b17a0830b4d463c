/* SPDX-License-Identifier: MIT */
/*
 * An IMAP client that has nothing in common with the library but mbedTLS: it blocks, it waits for every answer, and its
 * reading of the grammar is its own. The peer tests change mailboxes and learn the server's truth with it.
 * Everything that goes wrong ends the program: a test whose other client fails has failed.
 */
#ifndef PEER_CLIENT_H
#define PEER_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct peer_client;

struct peer_account {
    const char *host; /* what the certificate must be for, and where to connect */
    const char *port;
    const char *ca_file;
    const char *user;
    const char *password;
};

/* Fills *account from PEER_HOST, PEER_PORT, PEER_CA, PEER_USER, PEER_PASSWORD; exits if one is missing. */
void peer_account_from_environment(struct peer_account *account);

/* Connects with TLS and logs in. */
struct peer_client *peer_client_open(const struct peer_account *account);

/* Its commands go to stderr from here on, with the time as loop_poll_now has it. */
void peer_client_trace(struct peer_client *client);

/* Logs out, closes, frees. */
void peer_client_close(struct peer_client *client);

/* An untagged response, without "* " and the line's end, NUL-terminated. */
typedef void (*peer_line_fn)(void *ctx, const char *line);

/*
 * Sends a command (printf-like, without tag) and reads up to its tagged answer; `fn` (may be NULL) sees the untagged
 * ones. Returns 1 for OK, 0 for NO; BAD exits.
 */
int peer_client_try(struct peer_client *client, peer_line_fn fn, void *ctx, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, but NO exits as well. */
void peer_client_do(struct peer_client *client, peer_line_fn fn, void *ctx, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* APPENDs one message; `flags` is "" or "(\\Seen x)". */
void peer_client_append(
    struct peer_client *client, const char *mailbox, const char *flags, const char *message, size_t len);

/* printf to stderr, exit 1. */
void peer_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
