/* SPDX-License-Identifier: MIT */
/* The step face: moves bytes between transports and the bytes face, of which it uses public calls only (design 3). */
#ifndef CPMSYNC_CLIENT_STEP_H
#define CPMSYNC_CLIENT_STEP_H

#include "client/conduct.h"

enum { CPMSYNC_STEP_CHUNK = 16384 };

#endif
