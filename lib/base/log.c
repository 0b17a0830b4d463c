/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void cpmsync_log(const struct cpmsync_log *log, int level, const char *format, ...)
{
    char line[CPMSYNC_LOG_LINE_MAX];
    va_list args;
    int len;
    char *c;

    if (!log || !log->line)
        return;
    va_start(args, format);
    len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (len < 0)
        return;
    /* A log line stays one line, whatever was put into it. */
    for (c = line; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    log->line(log->ctx, level, line);
}
