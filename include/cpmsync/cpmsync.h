/* SPDX-License-Identifier: MIT */
/* Everything: the Message Storage Client of OMA CPM. Start reading at client.h. */
#ifndef CPMSYNC_CPMSYNC_H
#define CPMSYNC_CPMSYNC_H

#include <cpmsync/client.h>
#include <cpmsync/crypto.h>
#include <cpmsync/error.h>
#include <cpmsync/push.h>
#include <cpmsync/store.h>
#include <cpmsync/transport.h>
#include <cpmsync/trigger.h>
#include <cpmsync/types.h>

#endif
