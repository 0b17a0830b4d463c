/* SPDX-License-Identifier: MIT */
#include "mock_annotation.h"

#include <cpmsync/error.h>

static struct mock_annotation *find(
    const struct mock_annotations *annotations, struct cpmsync_slice name, const struct mock_user *user)
{
    size_t i;
    for (i = 0; i < annotations->count; i++)
        if (annotations->all[i].user == user && cpmsync_slice_eq(annotations->all[i].name, name))
            return &annotations->all[i];
    return NULL;
}

const struct mock_annotation *cpmsync_mock_annotation_of(
    const struct mock_annotations *annotations, struct cpmsync_slice name, const struct mock_user *user)
{
    const struct mock_annotation *found = find(annotations, name, user);
    return found && found->value.data ? found : NULL;
}

bool cpmsync_mock_sees_annotation(const struct mock_annotation *annotation, const struct mock_user *user)
{
    return !annotation->user || annotation->user == user;
}

size_t cpmsync_mock_annotation_count(const struct mock_annotations *annotations, const struct mock_user *user)
{
    size_t count = 0, i;
    for (i = 0; i < annotations->count; i++)
        count += annotations->all[i].value.data && cpmsync_mock_sees_annotation(&annotations->all[i], user);
    return count;
}

static struct mock_annotation *add(const struct cpmsync_allocator *mem, struct mock_annotations *annotations,
    struct cpmsync_slice name, const struct mock_user *user)
{
    struct mock_annotation *all =
        (struct mock_annotation *)cpmsync_mem_resize(mem, annotations->all, annotations->count + 1, sizeof *all);
    if (!all)
        return NULL;
    annotations->all = all;
    struct mock_annotation *annotation = &all[annotations->count];
    memset(annotation, 0, sizeof *annotation);
    annotation->user = user;
    annotation->name = cpmsync_mock_own(mem, name);
    if (!annotation->name.data)
        return NULL;
    annotations->count++;
    return annotation;
}

int cpmsync_mock_annotation_set(const struct cpmsync_allocator *mem, struct mock_annotations *annotations,
    struct cpmsync_slice name, const struct mock_user *user, struct cpmsync_slice value, uint64_t modseq)
{
    struct mock_annotation *annotation = find(annotations, name, user);
    struct cpmsync_slice own = {NULL, 0};
    if (value.data) {
        own = cpmsync_mock_own(mem, value);
        if (!own.data)
            return CPMSYNC_ERR_NOMEM;
    }
    if (!annotation && value.data)
        annotation = add(mem, annotations, name, user);
    if (!annotation) {
        cpmsync_mock_disown(mem, &own);
        return value.data ? CPMSYNC_ERR_NOMEM : 0;
    }
    cpmsync_mock_disown(mem, &annotation->value);
    annotation->value = own;
    annotation->modseq = modseq;
    return 0;
}

int cpmsync_mock_annotations_copy(const struct cpmsync_allocator *mem, struct mock_message *to,
    const struct mock_annotations *from, const struct mock_user *user, bool shared)
{
    size_t i;
    int error = 0;
    for (i = 0; i < from->count && !error; i++) {
        const struct mock_annotation *annotation = &from->all[i];
        if (annotation->value.data && (annotation->user ? !user || annotation->user == user : shared))
            error = cpmsync_mock_annotation_set(
                mem, &to->annotations, annotation->name, annotation->user, annotation->value, to->modseq);
    }
    return error;
}

void cpmsync_mock_annotations_clear(const struct cpmsync_allocator *mem, struct mock_annotations *annotations)
{
    size_t i;
    for (i = 0; i < annotations->count; i++) {
        cpmsync_mock_disown(mem, &annotations->all[i].name);
        cpmsync_mock_disown(mem, &annotations->all[i].value);
    }
    cpmsync_mem_free(mem, annotations->all);
    annotations->all = NULL;
    annotations->count = 0;
}
