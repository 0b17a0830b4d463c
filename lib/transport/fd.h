/* SPDX-License-Identifier: MIT */
/* What every descriptor of ours gets: non-blocking and close-on-exec (CPMSYNC_WITH_SOCKETS). */
#ifndef CPMSYNC_TRANSPORT_FD_H
#define CPMSYNC_TRANSPORT_FD_H

#include <fcntl.h>

/* 0, or -1 with errno. */
static inline int cpmsync_fd_prepare(int fd)
{
    int status = fcntl(fd, F_GETFL);
    int flags = fcntl(fd, F_GETFD);
    if (status < 0 || flags < 0)
        return -1;
    if (!(status & O_NONBLOCK) && fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0)
        return -1;
    if (!(flags & FD_CLOEXEC) && fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
        return -1;
    return 0;
}

#endif
