/* SPDX-License-Identifier: MIT */
/* INTERNALDATE, "17-Jul-1996 02:44:25 -0700" (RFC 3501 9, date-time), as a point of time. */
#ifndef CPMSYNC_WIRE_DATE_H
#define CPMSYNC_WIRE_DATE_H

#include "base/slice.h"

/*
 * *seconds since 1970-01-01 00:00:00 UTC, negative before it. The day may have one digit, with or without a blank ahead of it
 * (G-18); a second 60 is the first of the next minute. False, with *seconds as it was, for what names no day or time there is.
 */
bool cpmsync_date_parse(struct cpmsync_slice text, int64_t *seconds);

#endif
