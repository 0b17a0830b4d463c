/* SPDX-License-Identifier: MIT */
/*
 * Which cached messages lack their descriptor, as it stands in the record of a mailbox (mailbox_extra.h): a version, the digest of the
 * fields that are asked for, and ranges. A record without it, or with another digest, is of a mailbox where all lack theirs.
 */
#ifndef CPMSYNC_SYNC_LACKING_H
#define CPMSYNC_SYNC_LACKING_H

#include <cpmsync/store.h>

#include "base/uidset.h"
#include "wire/header.h"

/* Many ranges are written as fewer that hold them: the record is written with every commit, and asking twice does no harm. */
enum { CPMSYNC_LACKING_RANGES = 256, CPMSYNC_LACKING_OCTETS_MAX = 16 + CPMSYNC_LACKING_RANGES * 10 };

/* Replaces *lacking by what the record says. 0 or CPMSYNC_ERR_NOMEM. */
int cpmsync_lacking_read(struct cpmsync_uidset *lacking, const struct cpmsync_store_mailbox *record,
    const struct cpmsync_header_list *fields);

/* Replaces what `extra` says; with `fields` NULL it says nothing. 0, CPMSYNC_ERR_LIMIT or CPMSYNC_ERR_NOMEM. */
int cpmsync_lacking_write(
    const struct cpmsync_uidset *lacking, const struct cpmsync_header_list *fields, struct cpmsync_buf *extra);

/* A message of the record lacks its descriptor, or may. */
bool cpmsync_lacking_any(const struct cpmsync_store_mailbox *record, const struct cpmsync_header_list *fields);

#endif
