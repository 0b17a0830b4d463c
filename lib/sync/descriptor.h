/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: read from a FETCH, and as the octets a store keeps.
 *
 * The octets: a version, a bit for each part (enum cpmsync_descriptor_parts, and "truncated"), then those parts that there are:
 * the size as a number, the date as one in zigzag, and the number of fields, each a name and a value with a NUL behind it; an
 * identity header's name is its number + 1, any other's 0 and the text. Numbers are in groups of seven bits, the low ones first.
 */
#ifndef CPMSYNC_SYNC_DESCRIPTOR_H
#define CPMSYNC_SYNC_DESCRIPTOR_H

#include <cpmsync/client.h>

#include "wire/fetch.h"
#include "wire/header.h"

/* A descriptor, and the room for what it points at. */
struct cpmsync_description {
    struct cpmsync_descriptor is;
    const char *names[CPMSYNC_HEADER_FIELDS_MAX];
    const char *values[CPMSYNC_HEADER_FIELDS_MAX];
};

/* Octets of one at most: a response has no more, and a field's name is short. */
enum { CPMSYNC_DESCRIPTOR_OCTETS_MAX = 33554432 };

/* An empty one. */
void cpmsync_descriptor_begin(struct cpmsync_description *description);

/* What the FETCH says of the fields in the list. 1; 0 if it says nothing of a descriptor, CPMSYNC_ERR_NOMEM. The strings are in
 * `text`, which it empties first. NIL is no header (U-13). */
int cpmsync_descriptor_read(struct cpmsync_description *description, struct cpmsync_buf *text,
    const struct cpmsync_header_list *fields, const struct cpmsync_fetch *fetch);

/* Nothing of what was asked for is missing. */
bool cpmsync_descriptor_is_whole(const struct cpmsync_descriptor *descriptor, const struct cpmsync_header_list *fields);

/* Takes from `other`, which must outlive it, the parts that are missing. */
void cpmsync_descriptor_complete(struct cpmsync_description *description, const struct cpmsync_descriptor *other);

/* Appends the octets. 0, or an error of buf. */
int cpmsync_descriptor_encode(const struct cpmsync_descriptor *descriptor, struct cpmsync_buf *octets);

/* False for what this version did not write. It points into the octets. */
bool cpmsync_descriptor_decode(struct cpmsync_description *description, struct cpmsync_slice octets);

/* ---- numbers as they stand in stored octets */

int cpmsync_descriptor_put_number(struct cpmsync_buf *octets, uint64_t number);
bool cpmsync_descriptor_get_number(struct cpmsync_slice *octets, uint64_t *number);

#endif
