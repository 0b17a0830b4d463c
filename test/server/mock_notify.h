/* SPDX-License-Identifier: MIT */
/*
 * NOTIFY (RFC 5465): which events of which mailboxes a connection wants to hear of. The selected mailbox's go the way of
 * all changes (mock_view.c), which asks `wants` first; the others are told here, as they happen.
 */
#ifndef CPMSYNC_MOCK_NOTIFY_H
#define CPMSYNC_MOCK_NOTIFY_H

#include "mock_store.h"

struct mock_conn;
struct cpmsync_mock;

enum {
    MOCK_MESSAGE_NEW = 1 << 0,
    MOCK_MESSAGE_EXPUNGE = 1 << 1,
    MOCK_FLAG_CHANGE = 1 << 2,
    MOCK_ANNOTATION_CHANGE = 1 << 3,
    MOCK_MAILBOX_NAME = 1 << 4,
    MOCK_SUBSCRIPTION_CHANGE = 1 << 5,
    MOCK_MAILBOX_METADATA_CHANGE = 1 << 6,
    MOCK_SERVER_METADATA_CHANGE = 1 << 7,
    MOCK_MESSAGE_EVENTS = MOCK_MESSAGE_NEW | MOCK_MESSAGE_EXPUNGE | MOCK_FLAG_CHANGE | MOCK_ANNOTATION_CHANGE
};

/* filter-mailboxes-other */
enum mock_watched { MOCK_INBOXES, MOCK_PERSONAL, MOCK_SUBSCRIBED, MOCK_SUBTREE, MOCK_MAILBOXES };

struct mock_watch {
    enum mock_watched kind;
    unsigned events;
    struct cpmsync_slice *names; /* of SUBTREE and MAILBOXES */
    size_t name_count;
};

struct mock_notify {
    bool used;                 /* the command was given: only what it names is told */
    unsigned selected;         /* events of the selected mailbox */
    bool delayed;              /* SELECTED-DELAYED */
    struct cpmsync_slice atts; /* "(...)" of its MessageNew; data is NULL for none */
    struct mock_watch *watches;
    size_t watch_count;
};

void cpmsync_mock_notify_clear(const struct cpmsync_allocator *mem, struct mock_notify *notify);

/* Whether all of these events of the selected mailbox are told. */
bool cpmsync_mock_wants(const struct mock_conn *conn, unsigned events);
/* Whether they are told while no command is in progress. */
bool cpmsync_mock_is_live(const struct mock_conn *conn);

/* The events wanted of a mailbox that is not selected; the name is as this user knows it. */
unsigned cpmsync_mock_events_of(const struct mock_conn *conn, const struct mock_user *owner, struct cpmsync_slice name);

/* A notification is to be sent. Where it is one too many, and NOTIFICATIONOVERFLOW was told instead: false. */
bool cpmsync_mock_may_notify(struct mock_conn *conn);

/* Tells what happened to messages of mailboxes that are not selected, but not to who did it. */
void cpmsync_mock_notify_messages(struct cpmsync_mock *mock);

/* A mock_tree_watch; ctx is the server. */
void cpmsync_mock_notify_tree(void *ctx, const struct mock_tree_change *change);

/* Whether changes of metadata, of this mailbox or of the server where it is NULL, are told as they happen. */
bool cpmsync_mock_wants_metadata(const struct mock_conn *conn, const struct mock_mailbox *mailbox);

/* The rights of a mailbox are about to change, and have changed: a right "l" given is a mailbox created. */
void cpmsync_mock_before_rights(struct cpmsync_mock *mock, const struct mock_mailbox *mailbox);
void cpmsync_mock_notify_rights(struct cpmsync_mock *mock, const struct mock_mailbox *mailbox);

#endif
