/* SPDX-License-Identifier: MIT */
/* What is known about a server from earlier connections: plain data, lent by the client to each session (design 2, R1). */
#ifndef CPMSYNC_SESSION_SERVER_FACTS_H
#define CPMSYNC_SESSION_SERVER_FACTS_H

#include "base/buf.h"

struct cpmsync_server_facts {
    const struct cpmsync_allocator *mem;
    char *before_login; /* capabilities under TLS before login, separated by SP; NULL: unknown */
    char *after_login;
    bool last_login_ok;
    bool no_qresync;           /* ENABLED did not list it, or SELECT (QRESYNC) drew BAD */
    unsigned qresync_failures; /* synchronisations running in which what it told was wrong (R14) */
    bool no_condstore;         /* SELECT (CONDSTORE) drew BAD, or the same as above for it: */
    unsigned condstore_failures;
    bool no_list_status; /* LIST ... RETURN (STATUS ...) drew BAD */
    bool proven;      /* a whole account was synchronised in a chain: the window of commands is of octets only (R5) */
    bool no_burst;    /* what was sent behind a login was swallowed: each answer is awaited (R3) */
    bool no_compress; /* COMPRESS drew BAD, or what came behind its OK could not be read (RFC 4978) */
    unsigned compress_failures; /* connections in a row that ended with nothing heard behind COMPRESS */
};

void cpmsync_server_facts_init(struct cpmsync_server_facts *facts, const struct cpmsync_allocator *mem);
void cpmsync_server_facts_clear(struct cpmsync_server_facts *facts);

/* To and from the octets the store keeps as a named value. Unknown or damaged octets are an empty set of facts. */
int cpmsync_server_facts_save(const struct cpmsync_server_facts *facts, struct cpmsync_buf *out);
int cpmsync_server_facts_load(struct cpmsync_server_facts *facts, struct cpmsync_slice octets);

#endif
