/* SPDX-License-Identifier: MIT */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* pipe2 */
#elif !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "transport/wake.h"

#include <errno.h>
#include <unistd.h>

#include "transport/fd.h"

static int open_pipe(int ends[2])
{
#if defined(__linux__)
    return pipe2(ends, O_NONBLOCK | O_CLOEXEC);
#else
    if (pipe(ends) < 0)
        return -1;
    if (!cpmsync_fd_prepare(ends[0]) && !cpmsync_fd_prepare(ends[1]))
        return 0;
    close(ends[0]);
    close(ends[1]);
    return -1;
#endif
}

int cpmsync_wake_open(struct cpmsync_wake *wake)
{
    int ends[2];
    wake->reader = wake->writer = -1;
    if (open_pipe(ends) < 0)
        return CPMSYNC_ERR_NOMEM;
    wake->reader = ends[0];
    wake->writer = ends[1];
    return 0;
}

int cpmsync_wake_fd(const struct cpmsync_wake *wake)
{
    return wake->reader;
}

void cpmsync_wake_signal(const struct cpmsync_wake *wake)
{
    int saved = errno; /* a signal handler's caller looks at it */
    ssize_t n;
    /* A full pipe is readable already. */
    do
        n = write(wake->writer, "", 1);
    while (n < 0 && errno == EINTR);
    errno = saved;
}

void cpmsync_wake_drain(const struct cpmsync_wake *wake)
{
    char octets[64];
    ssize_t n;
    do
        n = read(wake->reader, octets, sizeof(octets));
    while (n == (ssize_t)sizeof(octets) || (n < 0 && errno == EINTR));
}

void cpmsync_wake_close(struct cpmsync_wake *wake)
{
    if (wake->reader >= 0)
        close(wake->reader);
    if (wake->writer >= 0)
        close(wake->writer);
    wake->reader = wake->writer = -1;
}
