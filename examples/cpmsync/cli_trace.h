/* SPDX-License-Identifier: MIT */
/* The conversation as lines: "0> " sent, "0< " received, with the number of the connection. */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cli_trace {
    FILE *out; /* NULL: no trace */
    int started;
    int sent;
    uint32_t conn;
};

/* `path` "-" is stderr; a file is made readable to its owner alone. Returns 0, or -1 with errno. */
int cli_trace_open(struct cli_trace *trace, const char *path);

/* Octets of the conversation; those that do not print become \xNN. */
void cli_trace_add(struct cli_trace *trace, uint32_t conn, int sent, const uint8_t *data, size_t len);

void cli_trace_close(struct cli_trace *trace);

#endif
