/* SPDX-License-Identifier: MIT */
/* Errors as one line: what failed, why, what to do. */
#ifndef CLI_FAULT_H
#define CLI_FAULT_H

#include <cpmsync/error.h>

enum cli_status {
    CLI_STATUS_DONE = 0,
    CLI_STATUS_REFUSED = 1, /* the server refused, or the result is incomplete */
    CLI_STATUS_USAGE = 2,
    CLI_STATUS_LOGIN = 3,
    CLI_STATUS_NETWORK = 4,
    CLI_STATUS_STORE = 5
};

enum cli_status cli_fault_status(int error);

/*
 * "WHAT: WHY; WHAT TO DO" without a newline. What failed is `connection`, `login` or `command`, by the error's class:
 * for instance "connection to host:993", "login of alice at host:993", "sync of INBOX".
 */
void cli_fault_line(char *line, size_t size, const struct cpmsync_fault *fault, const char *connection,
    const char *login, const char *command);

#endif
