/* SPDX-License-Identifier: MIT */
#include "cache/flag_names.h"

#include <cpmsync/error.h>

void cpmsync_flag_names_init(struct cpmsync_flag_names *names, const struct cpmsync_allocator *mem)
{
    memset(names, 0, sizeof *names);
    names->mem = mem;
}

void cpmsync_flag_names_clear(struct cpmsync_flag_names *names)
{
    cpmsync_mem_free(names->mem, names->names);
    cpmsync_mem_free(names->mem, names->text);
    cpmsync_flag_names_init(names, names->mem);
}

void cpmsync_flag_names_forget(struct cpmsync_flag_names *names)
{
    names->set = false;
    names->count = 0;
}

static int reserve(struct cpmsync_flag_names *names, size_t count)
{
    if (count <= names->capacity)
        return 0;
    const char **more = cpmsync_mem_resize(names->mem, names->names, count, sizeof *more);
    if (!more)
        return CPMSYNC_ERR_NOMEM;
    names->names = more;
    names->capacity = count;
    return 0;
}

int cpmsync_flag_names_cut(struct cpmsync_flag_names *names, const struct cpmsync_flagsets *sets, uint32_t id)
{
    struct cpmsync_slice text = cpmsync_flagsets_text(sets, id);

    if (names->set && names->id == id)
        return 0;
    cpmsync_flag_names_forget(names);
    char *copy = cpmsync_mem_copy(names->mem, text.data, text.len);
    if (!copy)
        return CPMSYNC_ERR_NOMEM;
    cpmsync_mem_free(names->mem, names->text);
    names->text = copy;
    size_t count = text.len != 0;
    for (size_t i = 0; i < text.len; i++)
        count += copy[i] == ' ';
    int error = reserve(names, count);
    if (error)
        return error;
    for (char *at = copy; names->count < count; at++) {
        names->names[names->count++] = at;
        at += strcspn(at, " ");
        *at = '\0';
    }
    names->set = true;
    names->id = id;
    return 0;
}
