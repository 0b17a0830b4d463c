/* SPDX-License-Identifier: MIT */
/* A directory of its own for a test, below the working directory. */
#ifndef CPMSYNC_TEST_SCRATCH_DIR_H
#define CPMSYNC_TEST_SCRATCH_DIR_H

#include <stddef.h>

/* Makes it; its name is in `path`. 0 or -1. */
int scratch_dir_make(char *path, size_t size);
/* Removes it and the files in it (no directories). */
void scratch_dir_remove(const char *path);

#endif
