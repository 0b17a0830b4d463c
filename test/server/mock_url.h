/* SPDX-License-Identifier: MIT */
/* IMAP URLs of messages and their parts (RFC 5092, 4467), and the octets they name. */
#ifndef CPMSYNC_MOCK_URL_H
#define CPMSYNC_MOCK_URL_H

#include "mock_session.h"

struct mock_url {
    struct cpmsync_buf storage;   /* of the decoded texts below */
    bool has_server;              /* "imap://" and a server; user is empty if it names none */
    struct cpmsync_slice user;    /* decoded */
    struct cpmsync_slice mailbox; /* decoded; empty: the selected one */
    uint32_t uidvalidity;         /* 0: not given */
    uint32_t uid;
    struct cpmsync_slice section; /* "[...]" */
    bool partial;
    uint32_t origin;
    uint64_t length; /* UINT64_MAX: to the end */
    bool has_expire;
    int64_t expire;              /* seconds since 1970 */
    struct cpmsync_slice access; /* "submit+fred", decoded; empty: no URLAUTH */
    struct cpmsync_slice rump;   /* the URL up to there, as it was given */
    struct cpmsync_slice mechanism;
    struct cpmsync_slice token;
};

/* 0; CPMSYNC_ERR_INVALID_ARGUMENT for what is no URL of a message or a part; _NOMEM. Clear it in any case. */
int cpmsync_mock_url_parse(struct mock_url *url, const struct cpmsync_allocator *mem, struct cpmsync_slice text);
void cpmsync_mock_url_clear(struct mock_url *url);

/* Appends the octets an URL names in a mailbox. CPMSYNC_ERR_NOT_FOUND. */
int cpmsync_mock_url_octets(
    struct mock_conn *conn, const struct mock_url *url, const struct mock_mailbox *mailbox, struct cpmsync_buf *out);

/* The same of a relative URL, for the user who is logged in and the mailbox that is selected (RFC 4469 3). */
int cpmsync_mock_url_here(struct mock_conn *conn, struct cpmsync_slice text, struct cpmsync_buf *out);

#endif
