/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "support/scratch_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int scratch_dir_make(char *path, size_t size)
{
    static const char name[] = "scratch-XXXXXX";

    if (size < sizeof name)
        return -1;
    memcpy(path, name, sizeof name);
    return mkdtemp(path) != NULL ? 0 : -1;
}

void scratch_dir_remove(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char name[512];
        int len = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.' && len > 0 && (size_t)len < sizeof name)
            (void)unlink(name);
    }
    if (directory != NULL)
        (void)closedir(directory);
    (void)rmdir(path);
}
