/* SPDX-License-Identifier: MIT */
/*
 * The `extra` octets of a mailbox's record: a version and a list of tagged values, each at most once. Tags that are not known
 * here are kept as they are, so that what a later version added is not lost.
 */
#ifndef CPMSYNC_SYNC_MAILBOX_EXTRA_H
#define CPMSYNC_SYNC_MAILBOX_EXTRA_H

#include "base/buf.h"

enum { CPMSYNC_EXTRA_MAX = 65536 };

/* A tag means the same for ever. 1 to 255. */
enum cpmsync_extra_tag {
    CPMSYNC_EXTRA_MAILBOXID = 1, /* RFC 8474 4: the identifier, which a mailbox keeps when it is renamed */
    CPMSYNC_EXTRA_LACKING = 2    /* lacking.h */
};

/* The value of a tag, inside `extra`. False if there is none, or the octets are of another version or damaged. */
bool cpmsync_extra_get(struct cpmsync_slice extra, unsigned tag, struct cpmsync_slice *value);

/*
 * Sets the value of a tag in `extra`, whose max is CPMSYNC_EXTRA_MAX; an empty value takes the tag away. Octets of another
 * version, or damaged ones, are given up: what they say can be learnt again. 1 if that changed anything, 0 if it was set
 * already; CPMSYNC_ERR_LIMIT, CPMSYNC_ERR_NOMEM: `extra` is as it was.
 */
int cpmsync_extra_set(struct cpmsync_buf *extra, unsigned tag, struct cpmsync_slice value);

#endif
