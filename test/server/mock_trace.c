/* SPDX-License-Identifier: MIT */
#include "mock_trace.h"

#include <cpmsync/mock.h>

#include <string.h>

static void end_line(struct mock_trace *trace)
{
    if (trace->in_line)
        fputc('\n', trace->file);
    trace->in_line = 0;
}

/* A line goes on only in the same direction of the same connection. */
void cpmsync_mock_trace_octets(void *ctx, int conn, int direction, const void *data, size_t len)
{
    struct mock_trace *trace = (struct mock_trace *)ctx;
    const char *at = (const char *)data, *end = at + len;
    if (trace->conn != conn || trace->direction != direction)
        end_line(trace);
    while (at < end) {
        if (!trace->in_line)
            fprintf(trace->file, "[%d] %s ", conn, direction == CPMSYNC_MOCK_FROM_CLIENT ? "C:" : "S:");
        const char *lf = (const char *)memchr(at, '\n', (size_t)(end - at));
        const char *line_end = lf ? lf + 1 : end;
        for (; at < line_end; at++)
            if (*at != '\r')
                fputc(*at, trace->file);
        trace->in_line = !lf;
    }
    trace->conn = conn;
    trace->direction = direction;
    fflush(trace->file);
}

void cpmsync_mock_trace_event(void *ctx, int conn, const char *text)
{
    struct mock_trace *trace = (struct mock_trace *)ctx;
    end_line(trace);
    if (conn)
        fprintf(trace->file, "[%d] -- %s\n", conn, text);
    else
        fprintf(trace->file, "[-] -- %s\n", text);
    fflush(trace->file);
}
