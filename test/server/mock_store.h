/* SPDX-License-Identifier: MIT */
/* The mock's store: users, their mailboxes, the messages in them, and what was expunged. Knows no connection. */
#ifndef CPMSYNC_MOCK_STORE_H
#define CPMSYNC_MOCK_STORE_H

#include "mock_use.h"

/* The octets of a message, shared by its copies. */
struct mock_body {
    size_t references;
    uint64_t id; /* EMAILID; 0 until it is in a mailbox */
    size_t len;
    uint8_t data[];
};

enum { MOCK_SEEN, MOCK_ANSWERED, MOCK_FLAGGED, MOCK_DELETED, MOCK_DRAFT, MOCK_SYSTEM_FLAGS };

/* A set of a mailbox's flag names; 128 of them, as many servers have. */
enum { MOCK_FLAGS_MAX = 128 };
struct mock_flags {
    uint64_t bits[MOCK_FLAGS_MAX / 64];
};

struct mock_user;

struct mock_annotation {
    struct cpmsync_slice name;
    struct cpmsync_slice value;   /* data NULL: it was removed */
    const struct mock_user *user; /* whose private one it is; NULL: shared */
    uint64_t modseq;              /* of its last change */
};

struct mock_annotations {
    struct mock_annotation *all;
    size_t count;
};

struct mock_message {
    uint64_t modseq;
    struct mock_flags flags;
    int64_t date;  /* internal date, seconds since 1970 */
    int64_t saved; /* when it came into this mailbox, by the server's clock */
    struct mock_annotations annotations;
    struct mock_body *body;
    uint32_t uid;
    int zone; /* minutes */
};

struct mock_expunged {
    uint64_t modseq;
    uint32_t uid;
};

struct mock_acl_entry {
    struct cpmsync_slice identifier;
    unsigned rights;
};

struct mock_entry {
    struct cpmsync_slice name;
    struct cpmsync_slice value;
    const struct mock_user *user; /* whose private entry it is; NULL: shared */
};

struct mock_metadata {
    struct mock_entry *entries;
    size_t count;
};

/* What happened in a mailbox since somebody looked: a set of bits. */
enum { MOCK_NEWS_MESSAGE = 1, MOCK_NEWS_EXPUNGE = 2, MOCK_NEWS_FLAGS = 4, MOCK_NEWS_UIDVALIDITY = 8 };

enum { MOCK_ACCESS_KEY = 16 };

struct mock_mailbox {
    size_t references; /* its user's and those of the connections that selected it */
    bool gone;         /* deleted, or replaced under a new UIDVALIDITY */
    bool noselect;
    bool nomodseq;
    bool remote; /* on another server: \Noselect here */
    mock_use_set uses;
    uint64_t id; /* MAILBOXID */
    struct cpmsync_slice name;
    struct mock_user *owner;
    unsigned owner_rights;      /* MOCK_RIGHT_* of mock_acl.h */
    struct mock_acl_entry *acl; /* what others have */
    size_t acl_count;
    struct mock_metadata metadata;
    bool has_access_key; /* of URLAUTH, for its owner's URLs */
    uint8_t access_key[MOCK_ACCESS_KEY];
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint32_t first_recent; /* lowest UID no connection has seen as recent */
    uint64_t highestmodseq;
    uint64_t changes; /* counts every change, for connections to notice */
    unsigned news;    /* MOCK_NEWS_* */
    struct mock_message *messages;
    size_t count;
    size_t capacity;
    struct cpmsync_slice flag_names[MOCK_FLAGS_MAX];
    size_t flag_count;
    struct mock_expunged *log; /* ascending mod-sequences */
    size_t log_count;
    size_t log_capacity;
    size_t log_max;
    uint64_t log_floor; /* mod-sequence of the youngest expunge forgotten; 0 if none */
};

/* Limits of a user's quota root (RFC 9208 5). */
enum { MOCK_QUOTA_STORAGE, MOCK_QUOTA_MESSAGE, MOCK_QUOTA_MAILBOX, MOCK_QUOTA_RESOURCES };
struct mock_quota {
    bool limited;
    int64_t limit;
};

struct mock_user {
    struct cpmsync_slice name;
    struct cpmsync_slice password;
    struct cpmsync_slice token;      /* of OAUTHBEARER; data NULL: none */
    bool participating;              /* a CPM Participating Function: may act for the others */
    struct mock_mailbox **mailboxes; /* in order of their names, bytewise */
    size_t mailbox_count;
    size_t mailbox_capacity;
    struct cpmsync_slice *subscriptions;
    size_t subscription_count;
    struct mock_quota quota[MOCK_QUOTA_RESOURCES];
};

/* What happened to the names. */
struct mock_tree_change {
    enum mock_tree_event { MOCK_TREE_CREATED, MOCK_TREE_DELETED, MOCK_TREE_RENAMED, MOCK_TREE_SUBSCRIPTION } event;
    struct mock_user *user;             /* the owner of the mailbox, or who subscribed */
    const struct mock_mailbox *mailbox; /* as it is now, or was; NULL for a subscription */
    struct cpmsync_slice name;          /* the new one */
    struct cpmsync_slice old;           /* of what was renamed */
};
typedef void mock_tree_watch(void *ctx, const struct mock_tree_change *change);

struct mock_store {
    const struct cpmsync_allocator *mem;
    struct mock_user **users;
    size_t user_count;
    struct mock_metadata metadata; /* the server's own */
    uint32_t next_uidvalidity;
    uint64_t last_id; /* of all mailboxes and messages */
    int64_t clock;
    size_t log_max;
    char delimiter;
    mock_tree_watch *watch; /* is told of each change of the names once it is done; NULL is nobody */
    void *watch_ctx;
    bool quiet_expunges; /* they raise no mod-sequence (RFC 4551) */
};

/* ---- users and mailboxes (mock_store.c) ---- */

void cpmsync_mock_store_init(struct mock_store *store, const struct cpmsync_allocator *mem);
void cpmsync_mock_store_clear(struct mock_store *store);

/* An owned copy of octets; data is NULL without memory. */
struct cpmsync_slice cpmsync_mock_own(const struct cpmsync_allocator *mem, struct cpmsync_slice slice);
void cpmsync_mock_disown(const struct cpmsync_allocator *mem, struct cpmsync_slice *slice);

int cpmsync_mock_store_add_user(struct mock_store *store, struct cpmsync_slice name, struct cpmsync_slice password);
struct mock_user *cpmsync_mock_store_user(const struct mock_store *store, struct cpmsync_slice name);

/* INBOX in any case is INBOX. */
struct mock_mailbox *cpmsync_mock_find(const struct mock_user *user, struct cpmsync_slice name);
bool cpmsync_mock_is_inbox(struct cpmsync_slice name);

/* Whether a mailbox of this name can be. */
bool cpmsync_mock_is_possible(const struct mock_store *store, struct cpmsync_slice name);
/* With its missing parents. CPMSYNC_ERR_STATE if it exists, _INVALID_ARGUMENT for a name that cannot be. */
int cpmsync_mock_create(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name);
/* The same, octets above 127 too. */
int cpmsync_mock_create_odd(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name);
/* A mailbox with children stays as \Noselect. CPMSYNC_ERR_NOT_FOUND; _STATE for INBOX and for \Noselect with children. */
int cpmsync_mock_delete(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name);
/* With its children; INBOX gives its messages away and stays. */
int cpmsync_mock_rename(
    struct mock_store *store, struct mock_user *user, struct cpmsync_slice from, struct cpmsync_slice to);
bool cpmsync_mock_is_below(const struct mock_store *store, struct cpmsync_slice child, struct cpmsync_slice parent);
bool cpmsync_mock_has_children(const struct mock_store *store, const struct mock_user *user, struct cpmsync_slice name);

int cpmsync_mock_subscribe(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name);
bool cpmsync_mock_unsubscribe(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name);
bool cpmsync_mock_subscribed(const struct mock_user *user, struct cpmsync_slice name);

/* Puts a mailbox of a new UIDVALIDITY and new UIDs in the place of this one, which is gone. */
int cpmsync_mock_replace(struct mock_store *store, struct mock_user *user, struct mock_mailbox *mailbox);

void cpmsync_mock_mailbox_release(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox);

/* ---- messages (mock_mailbox.c) ---- */

struct mock_mailbox *cpmsync_mock_mailbox_new(struct mock_store *store, struct cpmsync_slice name);
void cpmsync_mock_mailbox_free(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox);

struct mock_body *cpmsync_mock_body_new(const struct cpmsync_allocator *mem, const void *data, size_t len);
void cpmsync_mock_body_release(const struct cpmsync_allocator *mem, struct mock_body *body);

/* Index of the first message whose UID is at least `uid`. */
size_t cpmsync_mock_lower(const struct mock_mailbox *mailbox, uint32_t uid);
struct mock_message *cpmsync_mock_message_of(const struct mock_mailbox *mailbox, uint32_t uid); /* NULL if none */

/* The mod-sequence of the change that begins now: one above all there are. */
uint64_t cpmsync_mock_bump(struct mock_mailbox *mailbox);

/* Adds a message with a reference of its own to `body`, under the next UID and mod-sequence `modseq`. */
int cpmsync_mock_add(struct mock_store *store, struct mock_mailbox *mailbox, struct mock_body *body,
    const struct mock_flags *flags, int64_t date, int zone, uint64_t modseq, uint32_t *uid);

/* Takes back everything that was added to the mailbox since the mark, as if it had never been there. */
struct mock_mark {
    size_t count;
    size_t flag_count;
    uint32_t uidnext;
    uint64_t highestmodseq;
    uint64_t changes;
    unsigned news;
};
struct mock_mark cpmsync_mock_mark(const struct mock_mailbox *mailbox);
void cpmsync_mock_roll_back(
    const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, const struct mock_mark *mark);

/* Removes the messages for which `goes` is true, under one new mod-sequence if there are any: all of
 * them or, without memory, none. Adds to *count. */
typedef bool mock_goes(const void *ctx, const struct mock_message *message);
int cpmsync_mock_remove(
    struct mock_store *store, struct mock_mailbox *mailbox, mock_goes *goes, const void *ctx, size_t *count);
bool cpmsync_mock_goes_all(const void *ctx, const struct mock_message *message);
bool cpmsync_mock_goes_in_set(const void *ctx, const struct mock_message *message); /* ctx: resolved struct mock_set */
/* Forgets the log. */
void cpmsync_mock_forget(struct mock_mailbox *mailbox);

/* The index of a flag's name, which is added to the mailbox if need be. Negative: _LIMIT, _NOMEM. */
int cpmsync_mock_flag_index(
    const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, struct cpmsync_slice name);
int cpmsync_mock_flags_of(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox,
    const struct mock_flag_list *list, struct mock_flags *flags);
/* The same flags under the indices of another mailbox. */
int cpmsync_mock_flags_translate(const struct cpmsync_allocator *mem, const struct mock_mailbox *from,
    struct mock_mailbox *to, const struct mock_flags *flags, struct mock_flags *result);

static inline bool cpmsync_mock_flag_is_set(const struct mock_flags *flags, unsigned index)
{
    return (flags->bits[index / 64] >> (index % 64)) & 1;
}

static inline void cpmsync_mock_flag_set(struct mock_flags *flags, unsigned index)
{
    flags->bits[index / 64] |= UINT64_C(1) << (index % 64);
}

/* change: '+' adds, '-' removes, 0 replaces. Sets the message's mod-sequence to *modseq if its flags changed, taking a
 * new one when *modseq is 0. Whether they changed. */
bool cpmsync_mock_change_flags(struct mock_mailbox *mailbox, struct mock_message *message, char change,
    const struct mock_flags *flags, uint64_t *modseq);

#endif
