/* SPDX-License-Identifier: MIT */
/* A JSON object whose members are the parameters of RFC 5423 by name. */
#ifndef CPMSYNC_SYNC_PUSH_JSON_H
#define CPMSYNC_SYNC_PUSH_JSON_H

#include "sync/push_value.h"

/* Octets of strings and numbers are judged, not the grammar between them: what is cut or odd ends the reading, and what was read
 * before counts. 0, or CPMSYNC_ERR_UNSUPPORTED if it does not begin as an object. */
int cpmsync_push_json(struct cpmsync_push_hint *hint, struct cpmsync_slice text);

#endif
