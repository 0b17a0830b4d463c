/* SPDX-License-Identifier: MIT */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* F_OFD_SETLK */
#endif
#include "store/sqlite_lock.h"

#include <cpmsync/error.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? CPMSYNC_ERR_STORE_FULL : CPMSYNC_ERR_STORE;
}

static int open_file(const char *path, int flags)
{
    int fd;

    do
        fd = open(path, flags | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Locks of the open file, not of the process: a plain fcntl lock would not keep two stores of one process apart, and
 * would be lost when the other one closes the file. */
static int try_lock(int fd)
{
#if defined(F_OFD_SETLK)
    struct flock lock;

    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return fcntl(fd, F_OFD_SETLK, &lock);
#else
    return flock(fd, LOCK_EX | LOCK_NB);
#endif
}

int cpmsync_sqlite_lock(const struct cpmsync_allocator *mem, const char *path, int *fd)
{
    static const char suffix[] = ".lock";
    size_t len = strlen(path);
    char *name = cpmsync_mem_alloc(mem, len + sizeof suffix);
    int error = 0;

    *fd = -1;
    if (name == NULL)
        return CPMSYNC_ERR_NOMEM;
    memcpy(name, path, len);
    memcpy(name + len, suffix, sizeof suffix);
    *fd = open_file(name, O_RDWR);
    cpmsync_mem_free(mem, name);
    if (*fd < 0)
        return open_error();
    if (try_lock(*fd) != 0) {
        error = errno == EACCES || errno == EAGAIN ? CPMSYNC_ERR_STORE_LOCKED : CPMSYNC_ERR_STORE;
        (void)close(*fd);
        *fd = -1;
    }
    return error;
}

void cpmsync_sqlite_unlock(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

int cpmsync_sqlite_create(const char *path)
{
    int fd = open_file(path, O_RDWR | O_EXCL);

    if (fd < 0)
        return errno == EEXIST ? 0 : open_error();
    (void)close(fd);
    return 0;
}
