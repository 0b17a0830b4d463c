/* SPDX-License-Identifier: MIT */
/* Conversions of body parts and headers (RFC 5259), away from any connection. */
#ifndef CPMSYNC_MOCK_CONVERT_H
#define CPMSYNC_MOCK_CONVERT_H

#include "base/buf.h"

enum { MOCK_PARAMETERS_MAX = 16, MOCK_TYPE_MAX = 128 };

struct mock_parameter {
    struct cpmsync_slice name;
    struct cpmsync_slice value;
};

struct mock_conversion_request {
    struct cpmsync_slice target; /* without data: the default conversion */
    struct mock_parameter parameters[MOCK_PARAMETERS_MAX];
    size_t count;
};

enum mock_conversion_verdict {
    MOCK_CONVERSION_OK,
    MOCK_CONVERSION_BAD,     /* BADPARAMETERS, of those marked bad */
    MOCK_CONVERSION_MISSING, /* MISSINGPARAMETERS: charset */
    MOCK_CONVERSION_NOMEM
};

struct mock_converted {
    char source[MOCK_TYPE_MAX];
    char target[MOCK_TYPE_MAX];
    struct cpmsync_slice charset; /* of text; data NULL for others */
    struct cpmsync_buf octets;
    const char *why; /* it failed */
    bool bad[MOCK_PARAMETERS_MAX];
};

/* Whether a text is "type/subtype", in small letters then; or with `wild` also "type/ *" and "*" (without the blank). */
bool cpmsync_mock_read_media_type(struct cpmsync_slice text, bool wild, char *type);

/* The conversions there are, one by one: false behind the last. `names` ends in NULL. */
bool cpmsync_mock_conversion(size_t index, const char **from, const char **to, const char *const **names);
/* Whether all parameters of the request mean something to it; those that do not are marked. */
bool cpmsync_mock_understands(const char *const *names, const struct mock_conversion_request *request, bool *bad);

/* Source and target of a part with this header; the target is the one chosen for the default conversion. */
void cpmsync_mock_convert_types(const struct mock_conversion_request *request, struct cpmsync_slice header,
    const struct cpmsync_allocator *mem, struct mock_converted *converted);

/* A part. Into a struct that is all zero but for octets, which are initialised. */
enum mock_conversion_verdict cpmsync_mock_convert_part(const struct mock_conversion_request *request,
    struct cpmsync_slice header, struct cpmsync_slice body, struct mock_converted *converted);

/* A header's encoded words in the charset the request names. */
enum mock_conversion_verdict cpmsync_mock_convert_header(
    const struct mock_conversion_request *request, struct cpmsync_slice header, struct mock_converted *converted);

struct cpmsync_slice cpmsync_mock_parameter(const struct mock_conversion_request *request, const char *name);

#endif
