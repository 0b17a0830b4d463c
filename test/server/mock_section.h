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

/* "[...]<origin> literal", or NIL where there is no such part. `parts` may be NULL for a section without numbers. */
void cpmsync_mock_put_section(struct mock_conn *conn, const struct mock_section *section, struct cpmsync_slice message,
    const struct mock_parts *parts);

#endif
