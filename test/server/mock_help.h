/* SPDX-License-Identifier: MIT */
/* cpm-mockserver --help, and the part of it that is about one fault. */
#ifndef CPMSYNC_MOCK_HELP_H
#define CPMSYNC_MOCK_HELP_H

#include <stdio.h>

void cpmsync_mock_help(FILE *out);

/* How the fault of this name ("NAME" or "NAME=VALUE") is given; nothing for an unknown one. */
void cpmsync_mock_help_fault(FILE *out, const char *fault);

#endif
