/* SPDX-License-Identifier: MIT */
/* INPROGRESS (RFC 9585): a command that works through many messages says how far it is, where the fault of that name wants it. */
#ifndef CPMSYNC_MOCK_PROGRESS_H
#define CPMSYNC_MOCK_PROGRESS_H

#include "mock_session.h"

/* `done` messages of `goal` are done. */
void cpmsync_mock_tell_progress(struct mock_conn *conn, size_t done, size_t goal);

/* As cpmsync_mock_for_each, with progress told on the way. */
void cpmsync_mock_work_through(
    struct mock_conn *conn, const struct mock_set *set, bool uids, mock_each *each, void *ctx);

#endif
