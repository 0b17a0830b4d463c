/* SPDX-License-Identifier: MIT */
#ifndef CLI_PASSWORD_H
#define CLI_PASSWORD_H

#include <stddef.h>

enum { CLI_PASSWORD_MAX = 1024 };

/*
 * The first line of `file` if that is not NULL, else the variable CPMSYNC_PASSWORD, else what the terminal answers to
 * `prompt`, without echo. Returns 0, or -1 with the reason in `error`.
 */
int cli_password_get(
    char password[CLI_PASSWORD_MAX], const char *file, const char *prompt, char *error, size_t error_size);

/* Overwrites it, in a way the compiler does not leave out. */
void cli_password_wipe(char password[CLI_PASSWORD_MAX]);

#endif
