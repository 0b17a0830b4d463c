/* SPDX-License-Identifier: MIT */
/*
 * NOTIFY (RFC 5465): the server tells of every mailbox of the account, not only of the selected one. What it tells of the
 * others is a hint (N-07): gathered here until somebody asks which of them differ from the store.
 */
#ifndef CPMSYNC_SYNC_NOTIFY_H
#define CPMSYNC_SYNC_NOTIFY_H

#include "sync/roster.h"

enum cpmsync_notify_state {
    CPMSYNC_NOTIFY_OFF,    /* Next: ASKED */
    CPMSYNC_NOTIFY_ASKED,  /* Next: ON, REFUSED, OFF when it overflowed */
    CPMSYNC_NOTIFY_ON,     /* Next: OFF when it overflowed, REFUSED when it did nothing else */
    CPMSYNC_NOTIFY_REFUSED /* not asked for again on this session */
};

struct cpmsync_notify {
    struct cpmsync_session_command command; /* the first member */
    const struct cpmsync_allocator *mem;
    struct cpmsync_session *session;
    enum cpmsync_notify_state state;
    bool busy;
    bool of_use;      /* it told of something since it was asked for */
    unsigned in_vain; /* overflows in a row that were all it told */
    bool overflow;    /* anything may have changed: the account is to be synchronised again */
    size_t mailboxes_max;
    struct cpmsync_roster told;
};

void cpmsync_notify_init(struct cpmsync_notify *notify, const struct cpmsync_allocator *mem,
    struct cpmsync_session *session, size_t mailboxes_max);
/* Only when its command is not in flight. */
void cpmsync_notify_clear(struct cpmsync_notify *notify);

/* NOTIFY SET, if the server has it and was not asked yet. 0, CPMSYNC_ERR_NOMEM or an error of the session. */
int cpmsync_notify_set(struct cpmsync_notify *notify);

/* Untagged data that no command of ours asked for. */
void cpmsync_notify_data(struct cpmsync_notify *notify, const struct cpmsync_response *response);

/*
 * Which of the mailboxes told of differ from the store, but for `selected` (may be NULL), of which the server tells all: their
 * entries are moved into `roster`, which is not initialised, and 1 is returned. 0: none; or an error of the store, _NOMEM.
 */
int cpmsync_notify_take(struct cpmsync_notify *notify, const struct cpmsync_store *store, const char *selected,
    struct cpmsync_roster *roster);

#endif
