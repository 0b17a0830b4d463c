/* SPDX-License-Identifier: MIT */
/*
 * Header blocks (RFC 5322 2.2), and the list of fields that is asked for. Tolerant in: bare LF, no empty line at the end,
 * lines that are no field, blanks ahead of the colon, any octet in a value.
 */
#ifndef CPMSYNC_WIRE_HEADER_H
#define CPMSYNC_WIRE_HEADER_H

#include "base/buf.h"

enum { CPMSYNC_HEADER_FIELDS_MAX = 32, CPMSYNC_HEADER_NAME_MAX = 64 };

/* The field names that are asked for. */
struct cpmsync_header_list {
    const struct cpmsync_allocator *mem;
    const char **names; /* one block, the texts behind the pointers */
    size_t count;
    uint64_t digest; /* of the names, letters of either case alike */
};

/* NULL: the CPM identity headers. 0; CPMSYNC_ERR_INVALID_ARGUMENT for more than CPMSYNC_HEADER_FIELDS_MAX names, or one that is
 * no field name (RFC 5322 3.6.8) or too long; CPMSYNC_ERR_NOMEM. The list is then as clear leaves it. */
int cpmsync_header_list_init(
    struct cpmsync_header_list *list, const struct cpmsync_allocator *mem, const char *const *names, size_t count);
void cpmsync_header_list_clear(struct cpmsync_header_list *list);

/* Where the field is in the list, `count` if nowhere. */
size_t cpmsync_header_list_find(const struct cpmsync_header_list *list, struct cpmsync_slice name);

/* The CPM identity headers, by number from 0; NULL behind the last. The numbers are stored: none is ever given to another. */
const char *cpmsync_header_identity(size_t number);

/* The next field of *block, which is advanced; `body` is what stands behind the colon, still folded. False at the end. */
bool cpmsync_header_next(struct cpmsync_slice *block, struct cpmsync_slice *name, struct cpmsync_slice *body);

/* Appends the body unfolded (RFC 5322 2.2.3), without blanks around it, and a NUL; octets that would end a string or a line,
 * NUL and a lone CR, become SP. 0, or an error of buf. */
int cpmsync_header_unfold(struct cpmsync_slice body, struct cpmsync_buf *text);

#endif
