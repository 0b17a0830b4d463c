/* SPDX-License-Identifier: MIT */
/* The base subject: what is left of a Subject without "Re:", "[list]", "(fwd)" and the like (RFC 5256 2.1). */
#ifndef CPMSYNC_MOCK_SUBJECT_H
#define CPMSYNC_MOCK_SUBJECT_H

#include "base/slice.h"

/* Of a subject that is decoded and has no blanks but single spaces; a part of it. */
struct cpmsync_slice cpmsync_mock_base_subject(struct cpmsync_slice subject);

#endif
