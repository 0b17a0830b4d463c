/* SPDX-License-Identifier: MIT */
/* The messages of APPEND and REPLACE: read from the command, then stored all together or not at all (RFC 3502, 4469). */
#ifndef CPMSYNC_MOCK_APPEND_H
#define CPMSYNC_MOCK_APPEND_H

#include "mock_annotate.h"
#include "mock_session.h"

struct mock_new_message {
    struct mock_flag_list list;
    bool dated;
    int64_t date;
    int zone;
    bool binary;                 /* it came as literal8 */
    bool utf8;                   /* as UTF8 (...) */
    struct cpmsync_slice octets; /* where it is one literal */
    struct cpmsync_buf parts;    /* where it is put together */
    bool is_catenated;
    struct mock_annotation_values annotations;
};

struct mock_append {
    struct mock_new_message *messages;
    size_t count;
    struct cpmsync_slice bad_url; /* the first that names nothing */
};

/* 1*append-message, or one of them, up to the end. Into an append that is all zero; clear it in any case. */
bool cpmsync_mock_read_append(struct mock_conn *conn, struct mock_parser *p, bool many, struct mock_append *append);
void cpmsync_mock_append_clear(const struct cpmsync_allocator *mem, struct mock_append *append);

/*
 * Adds the messages to the mailbox; their UIDs are appended to *uids. `freed` octets, and messages, are about to leave the
 * user's quota. false: nothing was added, and the command is answered NO.
 */
struct mock_freed {
    uint64_t octets;
    uint64_t messages;
};
bool cpmsync_mock_append_all(struct mock_conn *conn, struct mock_mailbox *mailbox, struct mock_append *append,
    const struct mock_freed *freed, struct mock_set *uids);

/* "[APPENDUID n set] ", or nothing. */
void cpmsync_mock_put_appenduid(
    struct mock_conn *conn, const struct mock_mailbox *mailbox, const struct mock_set *uids);

#endif
