/* SPDX-License-Identifier: MIT */
/* Access control lists (RFC 4314): who may do what with a mailbox. Knows no connection. */
#ifndef CPMSYNC_MOCK_ACL_H
#define CPMSYNC_MOCK_ACL_H

#include "mock_store.h"

enum {
    MOCK_RIGHT_L = 1 << 0,
    MOCK_RIGHT_R = 1 << 1,
    MOCK_RIGHT_S = 1 << 2,
    MOCK_RIGHT_W = 1 << 3,
    MOCK_RIGHT_I = 1 << 4,
    MOCK_RIGHT_P = 1 << 5,
    MOCK_RIGHT_K = 1 << 6,
    MOCK_RIGHT_X = 1 << 7,
    MOCK_RIGHT_T = 1 << 8,
    MOCK_RIGHT_E = 1 << 9,
    MOCK_RIGHT_A = 1 << 10,
    MOCK_RIGHT_N = 1 << 11, /* shared annotations (RFC 5257 4.10) */
    MOCK_RIGHTS_ALL = (1 << 12) - 1,
    MOCK_RIGHTS_OWNER = MOCK_RIGHT_L | MOCK_RIGHT_A,  /* the owner cannot lose them */
    MOCK_RIGHTS_CREATE = MOCK_RIGHT_K | MOCK_RIGHT_X, /* members of the virtual right "c" (RFC 4314 2.1.1) */
    MOCK_RIGHTS_DELETE = MOCK_RIGHT_T | MOCK_RIGHT_E, /* and of "d" */
    MOCK_RIGHTS_FLAGS = MOCK_RIGHT_S | MOCK_RIGHT_W | MOCK_RIGHT_T,
    MOCK_RIGHTS_WRITE =
        MOCK_RIGHT_I | MOCK_RIGHT_E | MOCK_RIGHT_N | MOCK_RIGHTS_FLAGS, /* any of them: READ-WRITE (5.2) */
    MOCK_RIGHTS_ANNOTATE = MOCK_RIGHT_R | MOCK_RIGHT_S | MOCK_RIGHT_W | MOCK_RIGHT_I | MOCK_RIGHT_P, /* RFC 5464 3.3 */
    MOCK_RIGHTS_KNOW = MOCK_RIGHT_L | MOCK_RIGHT_R | MOCK_RIGHT_I | MOCK_RIGHT_K | MOCK_RIGHT_X | MOCK_RIGHT_A
};

/* "lrs", "+d", "-w" */
struct mock_rights_change {
    char kind; /* '+', '-', 0 */
    unsigned rights;
};

/* false for a right that is not among those known; the virtual ones always are. */
bool cpmsync_mock_read_rights(struct cpmsync_slice text, unsigned known, struct mock_rights_change *change);

/* Writes the rights with their virtual ones; `text` has room for MOCK_RIGHTS_TEXT octets. */
enum { MOCK_RIGHTS_TEXT = 16 };
void cpmsync_mock_write_rights(unsigned rights, unsigned known, char *text);

/* Changes the entry of an identifier; one that ends without rights goes. CPMSYNC_ERR_NOMEM. */
int cpmsync_mock_acl_change(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox,
    struct cpmsync_slice identifier, const struct mock_rights_change *change);

/* A new mailbox begins with the list of its parent, or with everything for its owner where `parent` is NULL. */
int cpmsync_mock_acl_inherit(
    const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, const struct mock_mailbox *parent);
void cpmsync_mock_acl_clear(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox);

/* What a user may do: the union of the entries for the user and for anyone, less the negative ones. */
unsigned cpmsync_mock_rights_of(const struct mock_mailbox *mailbox, const struct mock_user *user);

/* Takes the flags out of a list that these rights do not allow to change. Whether none was left of some. */
bool cpmsync_mock_permit_flags(struct mock_flag_list *list, unsigned rights);
/* The flags these rights do not allow to change become those of `old`. */
void cpmsync_mock_keep_flags(struct mock_flags *flags, const struct mock_flags *old, unsigned rights);

#endif
