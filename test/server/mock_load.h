/* SPDX-License-Identifier: MIT */
/* What the two forms of mail on disk have in common: files, lines, and delivery with an explanation of what fails. */
#ifndef CPMSYNC_MOCK_LOAD_H
#define CPMSYNC_MOCK_LOAD_H

#include "mock_session.h"

/* Where something is loaded to, and how many messages were so far. */
struct mock_load {
    struct cpmsync_mock *mock;
    const char *user;
    int64_t count;
};

/* A whole file. Explained if it fails; clear it in any case. */
int cpmsync_mock_load_file(struct mock_load *load, const char *path, struct cpmsync_buf *out);

/* Delivers, with line ends made CRLF. `date` is in seconds since 1970, 0: none is known. `where` is the message's place on
 * the disk, for what fails. */
int cpmsync_mock_load_message(struct mock_load *load, const char *where, const char *mailbox, const char *flags,
    int64_t date, struct cpmsync_slice octets);

/* The next line of `text`, its LF included, which is taken off; empty at the end. */
struct cpmsync_slice cpmsync_mock_next_line(struct cpmsync_slice *text);

int cpmsync_mock_load_mbox(struct mock_load *load, const char *path);
int cpmsync_mock_load_maildir(struct mock_load *load, const char *path);

#endif
