/* SPDX-License-Identifier: MIT */
/* OMA E-Mail Notification 1.0: <emn mailbox="..." timestamp="..."/> in XML and in WBXML. */
#ifndef CPMSYNC_SYNC_PUSH_EMN_H
#define CPMSYNC_SYNC_PUSH_EMN_H

#include "sync/push_value.h"

/* 0, or CPMSYNC_ERR_UNSUPPORTED: the root element is not emn, or it is cut. */
int cpmsync_push_emn_xml(struct cpmsync_push_hint *hint, struct cpmsync_slice text);
/* Likewise; the document type is EMN 1.0 or not known. */
int cpmsync_push_emn_wbxml(struct cpmsync_push_hint *hint, struct cpmsync_slice octets);

#endif
