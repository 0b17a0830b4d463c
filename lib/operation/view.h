/* SPDX-License-Identifier: MIT */
/* The local view: what the store holds, without network (cpmsync_view_* of cpmsync/client.h). */
#ifndef CPMSYNC_OPERATION_VIEW_H
#define CPMSYNC_OPERATION_VIEW_H

#include <cpmsync/client.h>

#endif
