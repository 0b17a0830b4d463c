/* SPDX-License-Identifier: MIT */
#include "cli_password.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

void cli_password_wipe(char password[CLI_PASSWORD_MAX])
{
    volatile char *at = password;
    for (size_t i = 0; i < CLI_PASSWORD_MAX; i++)
        at[i] = '\0';
}

/* Reads a line without its end. 0, or -1 if there is none or it does not fit. */
static int read_line(char password[CLI_PASSWORD_MAX], FILE *in)
{
    if (fgets(password, CLI_PASSWORD_MAX, in) == NULL)
        return -1;
    size_t len = strlen(password);
    if (len + 1 == CLI_PASSWORD_MAX && password[len - 1] != '\n')
        return -1;
    if (len > 0 && password[len - 1] == '\n')
        password[--len] = '\0';
    if (len > 0 && password[len - 1] == '\r')
        password[--len] = '\0';
    return 0;
}

static int from_file(char password[CLI_PASSWORD_MAX], const char *path, char *error, size_t error_size)
{
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        snprintf(error, error_size, "--password-file %s: %s; check its name", path, strerror(errno));
        return -1;
    }
    setvbuf(in, NULL, _IONBF, 0); /* no second copy in a buffer */
    int result = read_line(password, in);
    fclose(in);
    if (result != 0)
        snprintf(error, error_size, "--password-file %s: its first line is missing or too long; mend it", path);
    return result;
}

static int from_terminal(char password[CLI_PASSWORD_MAX], const char *prompt, char *error, size_t error_size)
{
    struct termios saved, silent;
    FILE *terminal = fopen("/dev/tty", "r+");
    int result = -1;
    if (terminal != NULL && tcgetattr(fileno(terminal), &saved) == 0) {
        setvbuf(terminal, NULL, _IONBF, 0);
        silent = saved;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
        fprintf(terminal, "%s", prompt);
        result = read_line(password, terminal);
        tcsetattr(fileno(terminal), TCSAFLUSH, &saved);
        fputc('\n', terminal);
    }
    if (terminal != NULL)
        fclose(terminal);
    if (result != 0)
        snprintf(error, error_size, "no password, and no terminal to ask at; use --password-file or CPMSYNC_PASSWORD");
    return result;
}

int cli_password_get(
    char password[CLI_PASSWORD_MAX], const char *file, const char *prompt, char *error, size_t error_size)
{
    const char *variable = getenv("CPMSYNC_PASSWORD");
    if (file != NULL)
        return from_file(password, file, error, error_size);
    if (variable == NULL)
        return from_terminal(password, prompt, error, error_size);
    if (strlen(variable) >= CLI_PASSWORD_MAX) {
        snprintf(error, error_size, "CPMSYNC_PASSWORD: it is too long; the limit is %d octets", CLI_PASSWORD_MAX - 1);
        return -1;
    }
    strcpy(password, variable);
    return 0;
}
