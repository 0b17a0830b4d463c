/* SPDX-License-Identifier: MIT */
/*
 * What comes: octets into responses, and each response to whom it concerns (RFC 3501 2.2.2, 7). Any response is taken at any
 * time (G-01); before login only capabilities, status and alerts have an effect (PF-114).
 */
#ifndef CPMSYNC_SESSION_DISPATCH_H
#define CPMSYNC_SESSION_DISPATCH_H

#include "session/session.h"

enum { CPMSYNC_DAMAGED_MAX = 100, CPMSYNC_STRANGE_TAGS_MAX = 10, CPMSYNC_NOISE_MAX = 100 };

/* Returns what stands behind COMPRESS's OK, which is compressed (Z-02); else nothing. */
struct cpmsync_slice cpmsync_dispatch(struct cpmsync_session *session, struct cpmsync_slice input);
/* The connection ends as asked: BYE came, and nothing but LOGOUT is open (C-05). */
bool cpmsync_dispatch_logged_out(const struct cpmsync_session *session);

#endif
