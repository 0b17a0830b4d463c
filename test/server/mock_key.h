/* SPDX-License-Identifier: MIT */
/* A program of SEARCH keys in postfix order: mock_search.c compiles it, mock_match.c runs it. */
#ifndef CPMSYNC_MOCK_KEY_H
#define CPMSYNC_MOCK_KEY_H

#include "mock_search.h"

enum mock_key {
    MOCK_KEY_ALWAYS,
    MOCK_KEY_FLAG,
    MOCK_KEY_NO_FLAG,
    MOCK_KEY_RECENT,
    MOCK_KEY_NEW,
    MOCK_KEY_OLD,
    MOCK_KEY_NUMBERS,
    MOCK_KEY_UIDS,
    MOCK_KEY_LARGER,
    MOCK_KEY_SMALLER,
    MOCK_KEY_BEFORE,
    MOCK_KEY_ON,
    MOCK_KEY_SINCE,
    MOCK_KEY_SENT_BEFORE,
    MOCK_KEY_SENT_ON,
    MOCK_KEY_SENT_SINCE,
    MOCK_KEY_SAVED_BEFORE,
    MOCK_KEY_SAVED_ON,
    MOCK_KEY_SAVED_SINCE,
    MOCK_KEY_HEADER,
    MOCK_KEY_BODY_TEXT,
    MOCK_KEY_ALL_TEXT,
    MOCK_KEY_KEYWORD,
    MOCK_KEY_NO_KEYWORD,
    MOCK_KEY_MODSEQ,
    MOCK_KEY_EMAILID,
    MOCK_KEY_THREADID,
    MOCK_KEY_ANNOTATION,
    MOCK_KEY_AND,
    MOCK_KEY_OR,
    MOCK_KEY_NOT
};

struct mock_node {
    enum mock_key op;
    int64_t number;
    struct cpmsync_slice name;
    struct cpmsync_slice text;
    struct mock_set set;
};

enum { MOCK_KEYS_MAX = 500 };

#endif
