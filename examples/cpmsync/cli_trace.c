/* SPDX-License-Identifier: MIT */
#include "cli_trace.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_trace_open(struct cli_trace *trace, const char *path)
{
    memset(trace, 0, sizeof *trace);
    if (strcmp(path, "-") == 0) {
        trace->out = stderr;
        return 0;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (fchmod(fd, 0600) != 0 || (trace->out = fdopen(fd, "w")) == NULL) {
        close(fd);
        return -1;
    }
    return 0;
}

void cli_trace_add(struct cli_trace *trace, uint32_t conn, int sent, const uint8_t *data, size_t len)
{
    if (trace->out == NULL)
        return;
    if (trace->started && (trace->sent != sent || trace->conn != conn)) {
        fputc('\n', trace->out);
        trace->started = 0;
    }
    trace->sent = sent;
    trace->conn = conn;
    for (size_t i = 0; i < len; i++) {
        if (!trace->started)
            fprintf(trace->out, "%u%c ", (unsigned)conn, sent ? '>' : '<');
        trace->started = data[i] != '\n';
        if (data[i] == '\n' || (data[i] >= 0x20 && data[i] < 0x7f))
            fputc(data[i], trace->out);
        else if (data[i] != '\r')
            fprintf(trace->out, "\\x%02x", data[i]);
    }
    fflush(trace->out);
}

void cli_trace_close(struct cli_trace *trace)
{
    if (trace->out != NULL && trace->started)
        fputc('\n', trace->out);
    if (trace->out != NULL && trace->out != stderr)
        fclose(trace->out);
    trace->out = NULL;
}
