/* SPDX-License-Identifier: MIT */
/* The steps of a transcript, as read from its file. */
#ifndef CPMSYNC_TEST_GOLDEN_PARSE_H
#define CPMSYNC_TEST_GOLDEN_PARSE_H

#include "golden/golden.h"

enum golden_step_type {
    GOLDEN_CONFIG,
    GOLDEN_CACHE,
    GOLDEN_ROW,
    GOLDEN_LOGIN,
    GOLDEN_SYNC,
    GOLDEN_ACCOUNT,
    GOLDEN_ACCOUNT_FIRST,
    GOLDEN_WATCH,
    GOLDEN_WATCH_ACCOUNT,
    GOLDEN_LOGOUT,
    GOLDEN_CANCEL,
    GOLDEN_CREDENTIALS,
    GOLDEN_SERVER_SAYS,
    GOLDEN_CLIENT_LINE,
    GOLDEN_CLIENT_OCTETS,
    GOLDEN_EVENT,
    GOLDEN_DONE,
    GOLDEN_STARTTLS,
    GOLDEN_EOF,
    GOLDEN_CLOSED,
    GOLDEN_TICK,
    GOLDEN_CHECK,
    GOLDEN_SERVER,
    GOLDEN_MESSAGE
};

struct golden_step {
    enum golden_step_type type;
    unsigned line;
    char *text; /* what stands behind the keyword; \xHH resolved, NUL behind */
    size_t len;
};

struct golden {
    char name[GOLDEN_NAME_MAX];
    bool lies;
    bool watches;
    char path[512];
    struct golden_step *steps;
    size_t count;
};

enum { GOLDEN_MAILBOX_MAX = 2048 };

/* The value of the configuration's `key`, the n-th from 0; NULL behind the last. */
const char *golden_config(const struct golden *golden, const char *key, size_t n);

/* What the transcript says of the app's descriptors; `fields` has room for 32 names. */
void golden_config_descriptors(const struct golden *golden, struct cpmsync_client_config *config, const char **fields);

/* Octets from hexadecimal digits; how many, 0 if it is none or does not fit. */
size_t golden_hex(const char *text, uint8_t *octets, size_t max);

#endif
