/* SPDX-License-Identifier: MIT */
/* The items of STATUS, as a command names them and as an answer gives them (RFC 3501 6.3.10; 7162, 7889, 8438, 8474, 9208). */
#ifndef CPMSYNC_MOCK_STATUS_H
#define CPMSYNC_MOCK_STATUS_H

#include "mock_parser.h"

struct mock_conn;
struct mock_mailbox;

enum mock_status_item {
    MOCK_STATUS_MESSAGES,
    MOCK_STATUS_RECENT,
    MOCK_STATUS_UIDNEXT,
    MOCK_STATUS_UIDVALIDITY,
    MOCK_STATUS_UNSEEN,
    MOCK_STATUS_HIGHESTMODSEQ,
    MOCK_STATUS_SIZE,
    MOCK_STATUS_MAILBOXID,
    MOCK_STATUS_DELETED,
    MOCK_STATUS_DELETED_STORAGE,
    MOCK_STATUS_APPENDLIMIT,
    MOCK_STATUS_ITEMS
};

/* A set of items: bit i is item i. */
typedef unsigned mock_status_set;

struct mock_status_values {
    uint64_t of[MOCK_STATUS_ITEMS];
};

void cpmsync_mock_status_values(const struct mock_mailbox *mailbox, struct mock_status_values *values);

/* "(" status-att *(SP status-att) ")"; items nobody offers are BAD */
bool cpmsync_mock_read_status_items(struct mock_conn *conn, struct mock_parser *p, mock_status_set *items);

/* "* STATUS mailbox (...)" */
void cpmsync_mock_put_status(struct mock_conn *conn, const struct mock_mailbox *mailbox, mock_status_set items);

#endif
