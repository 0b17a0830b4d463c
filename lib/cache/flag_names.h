/* SPDX-License-Identifier: MIT */
/* A flag set as an array of strings, the form apps see. Messages in a row mostly share theirs: the last set is kept. */
#ifndef CPMSYNC_CACHE_FLAG_NAMES_H
#define CPMSYNC_CACHE_FLAG_NAMES_H

#include "cache/flagset.h"

struct cpmsync_flag_names {
    const struct cpmsync_allocator *mem;
    const char **names; /* `count` strings, valid until the next call */
    size_t count;
    size_t capacity;
    char *text;
    bool set; /* `id` is what the names are */
    uint32_t id;
};

void cpmsync_flag_names_init(struct cpmsync_flag_names *names, const struct cpmsync_allocator *mem);
void cpmsync_flag_names_clear(struct cpmsync_flag_names *names);

/* The sets changed: what id means is to be asked again. */
void cpmsync_flag_names_forget(struct cpmsync_flag_names *names);

/* Fills names and count. 0 or CPMSYNC_ERR_NOMEM. */
int cpmsync_flag_names_cut(struct cpmsync_flag_names *names, const struct cpmsync_flagsets *sets, uint32_t id);

#endif
