/* SPDX-License-Identifier: MIT */
/* A client of the library made from the command line: store, transports, password, trace. */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include "cli_fault.h"
#include "cli_memory.h"
#include "cli_options.h"
#include "cli_password.h"
#include "cli_session_file.h"
#include "cli_trace.h"

#include <cpmsync/client.h>

struct cli_account {
    const struct cli_options *options;
    struct cli_memory memory;
    struct cpmsync_store store;
    struct cpmsync_crypto crypto;
    struct cpmsync_client *client;
    struct cli_session_file session_file;
    struct cli_trace trace;
    char password[CLI_PASSWORD_MAX];
    char connection[320]; /* "connection to host:993" */
    char login[600];      /* "login of alice at host:993" */

    /* The command's: operations that are not complete, and what becomes of them. */
    size_t pending;
    enum cli_status status; /* the first failure's */
    char last_error[1024];  /* so that one cause is told once */
    int (*event)(void *ctx, const struct cpmsync_event *event);
    void *event_ctx;
    int (*interrupt)(void *ctx); /* at SIGINT, SIGTERM: 0 if it goes on for now; NULL: it does not */
    void *interrupt_ctx;
    struct cpmsync_stats stats; /* from the end of the client on */
};

/* Everything for commands that need the server. Prints the error and returns its status. */
enum cli_status cli_account_open(struct cli_account *account, const struct cli_options *options);

/* Only the store, to read. */
enum cli_status cli_account_open_store(struct cli_account *account, const struct cli_options *options);

/* Prints an operation's error, unless it is the same as the last one, and keeps its status. */
void cli_account_fail(struct cli_account *account, const struct cpmsync_fault *fault, const char *command);
void cli_account_fail_code(struct cli_account *account, int error, int backend_code, const char *command);

/* Counts an operation that was submitted; one that could not be (a negative number) fails. */
void cli_account_submitted(struct cli_account *account, int64_t operation, const char *command);

/* Takes the client's figures and frees it: what is still pending completes as cancelled. The store stays open. */
void cli_account_end(struct cli_account *account);

/* Prints what --stats asks for, once the client has ended. */
void cli_account_stats(const struct cli_account *account, int64_t milliseconds);

void cli_account_close(struct cli_account *account);

#endif
