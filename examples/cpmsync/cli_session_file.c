/* SPDX-License-Identifier: MIT */
#include "cli_session_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int cli_session_file_init(struct cli_session_file *file, const char *store)
{
    size_t len = strlen(store) + sizeof ".tls";
    file->path = malloc(len);
    if (file->path == NULL)
        return -1;
    snprintf(file->path, len, "%s.tls", store);
    return 0;
}

void cli_session_file_clear(struct cli_session_file *file)
{
    free(file->path);
    file->path = NULL;
}

/* A resumed session skips the certificate's checks: it must be ours alone. */
static int is_ours_alone(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    return status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

int64_t cli_session_file_load(void *ctx, uint8_t *data, size_t max)
{
    const struct cli_session_file *file = ctx;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    size_t used = 0;
    ssize_t got = 0;
    if (is_ours_alone(fd))
        while (used < max && (got = read(fd, data + used, max - used)) > 0)
            used += (size_t)got;
    close(fd);
    return got < 0 ? 0 : (int64_t)used;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, data, len);
        if (written < 0)
            return -1;
        data += written;
        len -= (size_t)written;
    }
    return 0;
}

int cli_session_file_save(void *ctx, const uint8_t *data, size_t len)
{
    const struct cli_session_file *file = ctx;
    if (len == 0)
        return unlink(file->path);
    /* Written beside it and moved, so that a reader never sees half of one. */
    size_t size = strlen(file->path) + sizeof ".XXXXXX";
    char *fresh = malloc(size);
    if (fresh == NULL)
        return -1;
    snprintf(fresh, size, "%s.XXXXXX", file->path);
    int fd = mkstemp(fresh); /* mode 0600 */
    int result = -1;
    if (fd >= 0) {
        result = write_all(fd, data, len);
        if (close(fd) != 0)
            result = -1;
        if (result == 0)
            result = rename(fresh, file->path);
        if (result != 0)
            unlink(fresh);
    }
    free(fresh);
    return result;
}

int64_t cli_session_file_time(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}
