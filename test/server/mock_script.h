/* SPDX-License-Identifier: MIT */
/* Steps that act on the store at given moments (cpmsync/mock.h describes the language). */
#ifndef CPMSYNC_MOCK_SCRIPT_H
#define CPMSYNC_MOCK_SCRIPT_H

#include "base/buf.h"

struct cpmsync_mock;

enum mock_moment { MOCK_AT_ONCE, MOCK_AT_CONNECT, MOCK_BEFORE_COMMAND, MOCK_AFTER_COMMAND };

struct mock_step {
    enum mock_moment moment;
    uint64_t count;   /* how often the moment still has to come; 0: it came */
    char command[32]; /* "*", "FETCH" or "UID FETCH" */
    unsigned line;
    int error;  /* it fired, and failed */
    char *user; /* NULL: the first */
    char *action;
};

struct mock_script {
    struct mock_step *steps;
    size_t count;
};

void cpmsync_mock_script_clear(struct mock_script *script, const struct cpmsync_allocator *mem);

/* The moment has come: fires what waited for it. `command` is "SELECT", ..., empty for connections; `uid` for its UID form. */
void cpmsync_mock_moment(struct cpmsync_mock *mock, enum mock_moment moment, struct cpmsync_slice command, bool uid);

#endif
