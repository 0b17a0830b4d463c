/* SPDX-License-Identifier: MIT */
/* The log: short lines without names, numbers of subscribers, or content (design 10). */
#ifndef CPMSYNC_BASE_LOG_H
#define CPMSYNC_BASE_LOG_H

enum { CPMSYNC_LOG_LINE_MAX = 256 };

struct cpmsync_log {
    void *ctx;
    void (*line)(void *ctx, int level, const char *text); /* may be NULL */
};

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void cpmsync_log(const struct cpmsync_log *log, int level, const char *format, ...);

#endif
