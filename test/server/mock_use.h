/* SPDX-License-Identifier: MIT */
/* Special uses of mailboxes (RFC 6154, 8457). */
#ifndef CPMSYNC_MOCK_USE_H
#define CPMSYNC_MOCK_USE_H

#include "mock_parser.h"

enum mock_use {
    MOCK_USE_ALL,
    MOCK_USE_ARCHIVE,
    MOCK_USE_DRAFTS,
    MOCK_USE_FLAGGED,
    MOCK_USE_IMPORTANT,
    MOCK_USE_JUNK,
    MOCK_USE_SENT,
    MOCK_USE_TRASH,
    MOCK_USES
};

/* A set of uses: bit i is use i. */
typedef unsigned mock_use_set;

/* Those a client may give to a mailbox: the others would be views of other mailboxes. */
enum {
    MOCK_USES_TO_CREATE =
        1 << MOCK_USE_ARCHIVE | 1 << MOCK_USE_DRAFTS | 1 << MOCK_USE_JUNK | 1 << MOCK_USE_SENT | 1 << MOCK_USE_TRASH
};

const char *cpmsync_mock_use_name(enum mock_use use); /* "\\All" */

/* "\Sent \Drafts", in any order and case. false for an unknown use. */
bool cpmsync_mock_read_uses(struct cpmsync_slice text, mock_use_set *uses);

#endif
