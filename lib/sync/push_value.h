/* SPDX-License-Identifier: MIT */
/* What the forms of a push have in common: text that is put together piece by piece, and what the values of it mean. */
#ifndef CPMSYNC_SYNC_PUSH_VALUE_H
#define CPMSYNC_SYNC_PUSH_VALUE_H

#include <cpmsync/push.h>

#include <stdbool.h>

#include "base/slice.h"

/* Octets of a value that is looked at; of a longer one nothing is. An IMAP URL with every octet of the names escaped fits. */
enum { CPMSYNC_PUSH_TEXT_MAX = 2560 };

struct cpmsync_push_text {
    size_t len;
    bool too_long;
    uint8_t octets[CPMSYNC_PUSH_TEXT_MAX];
};

void cpmsync_push_text_add(struct cpmsync_push_text *text, const void *octets, size_t len);
/* As UTF-8. What is no character (0, a surrogate, above 10FFFF) spoils the text. */
void cpmsync_push_text_add_character(struct cpmsync_push_text *text, uint32_t character);
/* Empty if it was too long or is spoilt. */
struct cpmsync_slice cpmsync_push_text_slice(const struct cpmsync_push_text *text);

/* Copies a name and its NUL; one that does not fit, or with control characters in it, is left out: *to is "". */
void cpmsync_push_name(char *to, size_t size, struct cpmsync_slice name);

/* The worth of a hexadecimal digit of either case, 16 for another octet. */
unsigned cpmsync_push_digit(uint8_t octet);

/* RFC 3339's date-time (a blank may stand for T) as milliseconds since 1970, from year 1 on; false if it is none. */
bool cpmsync_push_time(struct cpmsync_slice text, int64_t *ms);

#endif
