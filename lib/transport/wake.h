/* SPDX-License-Identifier: MIT */
/* A descriptor that becomes readable when another thread says so: a pipe to ourselves (CPMSYNC_WITH_SOCKETS). */
#ifndef CPMSYNC_TRANSPORT_WAKE_H
#define CPMSYNC_TRANSPORT_WAKE_H

#include <cpmsync/error.h>

struct cpmsync_wake {
    int reader;
    int writer;
};

/* 0, or CPMSYNC_ERR_NOMEM when the process or system has no descriptors left: nothing to close then. */
int cpmsync_wake_open(struct cpmsync_wake *wake);

/* The descriptor to watch for reading. */
int cpmsync_wake_fd(const struct cpmsync_wake *wake);

/* Makes it readable until drained. From any thread and from signal handlers; repeating it is harmless. */
void cpmsync_wake_signal(const struct cpmsync_wake *wake);

void cpmsync_wake_drain(const struct cpmsync_wake *wake);

/* A wake that is closed already, or filled with -1, is left alone. */
void cpmsync_wake_close(struct cpmsync_wake *wake);

#endif
