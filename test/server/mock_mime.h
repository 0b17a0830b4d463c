/* SPDX-License-Identifier: MIT */
/* The parts of a message (RFC 2045, 2046), found in its octets when somebody asks. */
#ifndef CPMSYNC_MOCK_MIME_H
#define CPMSYNC_MOCK_MIME_H

#include "base/buf.h"

enum { MOCK_DEPTH_MAX = 32, MOCK_PARTS_MAX = 1000 };

enum mock_part_kind { MOCK_LEAF, MOCK_TEXT, MOCK_MULTIPART, MOCK_MESSAGE };

/* Slices of the message. Children of a part lie together; a MESSAGE has one, the message in it. */
struct mock_part {
    enum mock_part_kind kind;
    struct cpmsync_slice header; /* with the empty line behind it */
    struct cpmsync_slice body;
    size_t first_child;
    size_t child_count;
    unsigned depth;
    bool in_digest; /* without a type it is a message (RFC 2046 5.1.5) */
};

struct mock_parts {
    const struct cpmsync_allocator *mem;
    struct mock_part *parts; /* the first is the message itself */
    size_t count;
    size_t capacity;
};

/* false without memory; broken structure is no error, it ends in leaves. */
bool cpmsync_mock_parts_of(struct mock_parts *parts, const struct cpmsync_allocator *mem, struct cpmsync_slice message);
void cpmsync_mock_parts_clear(struct mock_parts *parts);

/* Header and body of a message; the header keeps its empty line. */
void cpmsync_mock_split(struct cpmsync_slice message, struct cpmsync_slice *header, struct cpmsync_slice *body);

/* The next field of *header: its name and the whole of it, CRLF included, folded. false at the end. */
bool cpmsync_mock_next_field(struct cpmsync_slice *header, struct cpmsync_slice *name, struct cpmsync_slice *field);

/* The first field of this name, unfolded and without blanks around it, appended to *out; false if there is none. */
bool cpmsync_mock_field(struct cpmsync_slice header, const char *name, struct cpmsync_buf *out);

/* type "/" subtype and parameters, one by one. Empty texts for what is missing. */
void cpmsync_mock_media_type(
    struct cpmsync_slice value, struct cpmsync_slice *type, struct cpmsync_slice *subtype, struct cpmsync_slice *rest);
/* A quoted value is given without its quotes, quoted pairs still in it. */
bool cpmsync_mock_next_parameter(struct cpmsync_slice *rest, struct cpmsync_slice *name, struct cpmsync_slice *value);

/* The next member of a comma-separated list, without blanks and comments around it; false at the end. */
bool cpmsync_mock_next_in_list(struct cpmsync_slice *rest, struct cpmsync_slice *member);

#endif
