/* SPDX-License-Identifier: MIT */
/* cpm-mockserver's trace: "[1] C: a NOOP", "[1] S: a OK ...", and "[1] -- connected over TLS" of what is not said. */
#ifndef CPMSYNC_MOCK_TRACE_H
#define CPMSYNC_MOCK_TRACE_H

#include <stddef.h>
#include <stdio.h>

struct mock_trace {
    FILE *file;
    int conn; /* whose line is not at its end */
    int direction;
    int in_line;
};

/* The callbacks of the engine and of its port; `ctx` is the trace. */
void cpmsync_mock_trace_octets(void *ctx, int conn, int direction, const void *data, size_t len);
void cpmsync_mock_trace_event(void *ctx, int conn, const char *text);

#endif
