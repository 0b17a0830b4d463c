/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli_url.h"

#include <stdio.h>

enum cli_command {
    CLI_NONE,
    CLI_SYNC,
    CLI_MAILBOXES,
    CLI_DUMP,
    CLI_LIST,
    CLI_CAPABILITIES,
    CLI_WATCH,
    CLI_HELP,
    CLI_VERSION
};

enum { CLI_DISABLED_MAX = 32 };

struct cli_options {
    int has_url;
    struct cli_url url;
    const char *store;
    const char *ca;
    int plaintext;
    const char *password_file;
    const char *mechanism;
    const char *disabled[CLI_DISABLED_MAX];
    size_t disabled_count;
    int no_early;
    int json;
    const char *trace;
    int stats;
    int64_t timeout_ms;

    enum cli_command command;
    const char *command_name;
    char **arguments;
    int argument_count;
};

/* Returns 0, or -1 with the reason, one line, in `error`. What it points at is argv's. */
int cli_options_parse(struct cli_options *options, int argc, char **argv, char *error, size_t error_size);

void cli_options_help(FILE *out);

#endif
