/* SPDX-License-Identifier: MIT */
/* Annotations of messages (RFC 5257): values by entry name, one shared by all and one of each user. */
#ifndef CPMSYNC_MOCK_ANNOTATION_H
#define CPMSYNC_MOCK_ANNOTATION_H

#include "mock_store.h"

/* The value of exactly this user, or the shared one for NULL; NULL if there is none, or it was removed. */
const struct mock_annotation *cpmsync_mock_annotation_of(
    const struct mock_annotations *annotations, struct cpmsync_slice name, const struct mock_user *user);

/* How many values the user sees. */
size_t cpmsync_mock_annotation_count(const struct mock_annotations *annotations, const struct mock_user *user);
bool cpmsync_mock_sees_annotation(const struct mock_annotation *annotation, const struct mock_user *user);

/* A value without data removes; what was removed is remembered, for those who are still to be told. CPMSYNC_ERR_NOMEM. */
int cpmsync_mock_annotation_set(const struct cpmsync_allocator *mem, struct mock_annotations *annotations,
    struct cpmsync_slice name, const struct mock_user *user, struct cpmsync_slice value, uint64_t modseq);

/* Adds copies to a message that has none: of the shared ones if `shared`, and of this user's; of everybody's for NULL. */
int cpmsync_mock_annotations_copy(const struct cpmsync_allocator *mem, struct mock_message *to,
    const struct mock_annotations *from, const struct mock_user *user, bool shared);
void cpmsync_mock_annotations_clear(const struct cpmsync_allocator *mem, struct mock_annotations *annotations);

#endif
