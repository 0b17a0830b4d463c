/* SPDX-License-Identifier: MIT */
/* section of BODY[section] (RFC 3501 9): which octets of a message it names, and how it is written. */
#ifndef CPMSYNC_MOCK_SECTION_H
#define CPMSYNC_MOCK_SECTION_H

#include "mock_mime.h"
#include "mock_session.h"

enum mock_section_text {
    MOCK_SECTION_ALL,
    MOCK_SECTION_HEADER,
    MOCK_SECTION_FIELDS,
    MOCK_SECTION_FIELDS_NOT,
    MOCK_SECTION_TEXT,
    MOCK_SECTION_MIME
};

enum { MOCK_SECTION_NUMBERS = 2 * MOCK_DEPTH_MAX, MOCK_SECTION_NAMES = 64 };

struct mock_section {
    uint32_t numbers[MOCK_SECTION_NUMBERS];
    size_t number_count;
    enum mock_section_text text;
    struct cpmsync_slice names[MOCK_SECTION_NAMES];
    size_t name_count;
    bool partial;
    uint32_t origin;
    uint32_t length;
};

/* "[" ... "]" ["<" number "." nz-number ">"] */
bool cpmsync_mock_read_section(struct mock_parser *p, struct mock_section *section);

/* section-binary of BINARY (RFC 3516 7): numbers only; with a partial where one is allowed */
bool cpmsync_mock_read_section_binary(struct mock_parser *p, bool partial, struct mock_section *section);

/* The part the numbers name; NULL if there is none. */
const struct mock_part *cpmsync_mock_find_part(const struct mock_parts *parts, const struct mock_section *section);

/* What the section names, before its partial cuts; header fields that are chosen are put together in *filtered.
 * CPMSYNC_ERR_NOT_FOUND, _NOMEM. `parts` may be NULL for a section without numbers. */
int cpmsync_mock_section_octets(const struct mock_section *section, struct cpmsync_slice message,
    const struct mock_parts *parts, struct cpmsync_buf *filtered, struct cpmsync_slice *octets);
struct cpmsync_slice cpmsync_mock_cut(const struct mock_section *section, struct cpmsync_slice octets);

/* "[...]<origin>" */
void cpmsync_mock_put_spec(struct mock_conn *conn, const struct mock_section *section);
/* The same with its octets as a literal, or NIL where there is no such part. */
void cpmsync_mock_put_section(struct mock_conn *conn, const struct mock_section *section, struct cpmsync_slice message,
    const struct mock_parts *parts);

#endif
