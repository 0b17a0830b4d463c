/* SPDX-License-Identifier: MIT */
/* Text that grows, and events written as lines of it. */
#ifndef CPMSYNC_TEST_GOLDEN_TEXT_H
#define CPMSYNC_TEST_GOLDEN_TEXT_H

#include <cpmsync/cpmsync.h>

struct golden_text {
    char *data; /* NUL behind; NULL: empty */
    size_t len;
    size_t capacity;
    size_t taken; /* compared so far */
};

/* Without memory the test program ends. */
void golden_text_add(struct golden_text *text, const void *data, size_t len);
void golden_text_format(struct golden_text *text, const char *format, ...);
void golden_text_flags(struct golden_text *text, const char *const *flags, size_t count);

/* " {...}" as a transcript writes it; nothing for NULL. */
void golden_text_descriptor(struct golden_text *text, const struct cpmsync_descriptor *descriptor);

/* "begin", "message", ...: what a transcript calls events of this type. */
const char *golden_event_name(enum cpmsync_event_type type);
/* "E: vanished INBOX 3,6:7" and LF. */
void golden_text_event(struct golden_text *text, const struct cpmsync_event *event);

#endif
