/* SPDX-License-Identifier: MIT */
#include "mock_acl.h"
#include "mock_annotation.h"
#include "mock_metadata.h"

#include <cpmsync/error.h>

/* 14 November 2023 22:13:20 UTC: where the clock stands is of no matter, that it always stands there is. */
enum { CLOCK_START = 1700000000 };
enum { NAME_MAX_OCTETS = 1000, DEFAULT_LOG_MAX = 1000000 };

void cpmsync_mock_store_init(struct mock_store *store, const struct cpmsync_allocator *mem)
{
    memset(store, 0, sizeof *store);
    store->mem = mem;
    store->next_uidvalidity = CLOCK_START;
    store->clock = CLOCK_START;
    store->log_max = DEFAULT_LOG_MAX;
    store->delimiter = '/';
}

struct cpmsync_slice cpmsync_mock_own(const struct cpmsync_allocator *mem, struct cpmsync_slice slice)
{
    return cpmsync_slice_of(cpmsync_mem_copy(mem, slice.data, slice.len), slice.len);
}

void cpmsync_mock_disown(const struct cpmsync_allocator *mem, struct cpmsync_slice *slice)
{
    cpmsync_mem_free(mem, (void *)(uintptr_t)slice->data);
    *slice = cpmsync_slice_of(NULL, 0);
}

void cpmsync_mock_mailbox_release(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox)
{
    if (mailbox && --mailbox->references == 0)
        cpmsync_mock_mailbox_free(mem, mailbox);
}

static void user_free(const struct cpmsync_allocator *mem, struct mock_user *user)
{
    size_t i;
    for (i = 0; i < user->mailbox_count; i++)
        cpmsync_mock_mailbox_release(mem, user->mailboxes[i]);
    for (i = 0; i < user->subscription_count; i++)
        cpmsync_mock_disown(mem, &user->subscriptions[i]);
    cpmsync_mem_free(mem, user->mailboxes);
    cpmsync_mem_free(mem, user->subscriptions);
    cpmsync_mock_disown(mem, &user->name);
    cpmsync_mock_disown(mem, &user->password);
    cpmsync_mock_disown(mem, &user->token);
    cpmsync_mem_free(mem, user);
}

void cpmsync_mock_store_clear(struct mock_store *store)
{
    size_t i;
    for (i = 0; i < store->user_count; i++)
        user_free(store->mem, store->users[i]);
    cpmsync_mem_free(store->mem, store->users);
    cpmsync_mock_metadata_clear(store->mem, &store->metadata);
    store->users = NULL;
    store->user_count = 0;
}

struct mock_user *cpmsync_mock_store_user(const struct mock_store *store, struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < store->user_count; i++)
        if (cpmsync_slice_eq(store->users[i]->name, name))
            return store->users[i];
    return NULL;
}

int cpmsync_mock_store_add_user(struct mock_store *store, struct cpmsync_slice name, struct cpmsync_slice password)
{
    if (cpmsync_mock_store_user(store, name))
        return CPMSYNC_ERR_STATE;
    struct mock_user **users =
        (struct mock_user **)cpmsync_mem_resize(store->mem, store->users, store->user_count + 1, sizeof *users);
    if (!users)
        return CPMSYNC_ERR_NOMEM;
    store->users = users;
    struct mock_user *user = (struct mock_user *)cpmsync_mem_zalloc(store->mem, sizeof *user);
    if (!user)
        return CPMSYNC_ERR_NOMEM;
    user->name = cpmsync_mock_own(store->mem, name);
    user->password = cpmsync_mock_own(store->mem, password);
    int error = user->name.data && user->password.data ? 0 : CPMSYNC_ERR_NOMEM;
    if (!error)
        error = cpmsync_mock_create(store, user, CPMSYNC_SLICE("INBOX"));
    if (error) {
        user_free(store->mem, user);
        return error;
    }
    users[store->user_count++] = user;
    return 0;
}

bool cpmsync_mock_is_inbox(struct cpmsync_slice name)
{
    return cpmsync_slice_is(name, "INBOX");
}

/* Where the name is, or would be. */
static size_t place_of(const struct mock_user *user, struct cpmsync_slice name, bool *found)
{
    size_t low = 0, high = user->mailbox_count;
    if (cpmsync_mock_is_inbox(name))
        name = CPMSYNC_SLICE("INBOX");
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cpmsync_slice_cmp(user->mailboxes[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < user->mailbox_count && cpmsync_slice_eq(user->mailboxes[low]->name, name);
    return low;
}

struct mock_mailbox *cpmsync_mock_find(const struct mock_user *user, struct cpmsync_slice name)
{
    bool found;
    size_t place = place_of(user, name, &found);
    return found ? user->mailboxes[place] : NULL;
}

static int insert(struct mock_store *store, struct mock_user *user, struct mock_mailbox *mailbox)
{
    bool found;
    if (user->mailbox_count == user->mailbox_capacity) {
        size_t capacity = user->mailbox_capacity ? user->mailbox_capacity * 2 : 8;
        struct mock_mailbox **mailboxes =
            (struct mock_mailbox **)cpmsync_mem_resize(store->mem, user->mailboxes, capacity, sizeof *mailboxes);
        if (!mailboxes)
            return CPMSYNC_ERR_NOMEM;
        user->mailboxes = mailboxes;
        user->mailbox_capacity = capacity;
    }
    size_t place = place_of(user, mailbox->name, &found);
    memmove(user->mailboxes + place + 1, user->mailboxes + place,
        (user->mailbox_count - place) * sizeof(struct mock_mailbox *));
    user->mailboxes[place] = mailbox;
    user->mailbox_count++;
    return 0;
}

static void take_out(struct mock_user *user, struct mock_mailbox *mailbox)
{
    bool found;
    size_t place = place_of(user, mailbox->name, &found);
    if (!found)
        return;
    user->mailbox_count--;
    memmove(user->mailboxes + place, user->mailboxes + place + 1,
        (user->mailbox_count - place) * sizeof(struct mock_mailbox *));
}

/* The nearest mailbox above a name. */
static const struct mock_mailbox *parent_of(
    const struct mock_store *store, const struct mock_user *user, struct cpmsync_slice name)
{
    const struct mock_mailbox *parent = NULL;
    while (!parent && name.len > 1)
        if (name.data[--name.len] == (uint8_t)store->delimiter)
            parent = cpmsync_mock_find(user, name);
    return parent;
}

static void tell_watch(const struct mock_store *store, enum mock_tree_event event, struct mock_user *user,
    const struct mock_mailbox *mailbox, struct cpmsync_slice name, struct cpmsync_slice old)
{
    struct mock_tree_change change = {event, user, mailbox, name, old};
    if (store->watch)
        store->watch(store->watch_ctx, &change);
}

static void tell_mailbox(const struct mock_store *store, enum mock_tree_event event, const struct mock_mailbox *mailbox)
{
    tell_watch(store, event, mailbox->owner, mailbox, mailbox->name, cpmsync_slice_of(NULL, 0));
}

static int make_one(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    struct mock_mailbox *mailbox = cpmsync_mock_mailbox_new(store, name);
    if (!mailbox)
        return CPMSYNC_ERR_NOMEM;
    mailbox->owner = user;
    int error = cpmsync_mock_acl_inherit(store->mem, mailbox, parent_of(store, user, name));
    error = error ? error : insert(store, user, mailbox);
    if (error)
        cpmsync_mock_mailbox_free(store->mem, mailbox);
    return error;
}

static int create_one(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    int error = make_one(store, user, name);
    if (!error)
        tell_mailbox(store, MOCK_TREE_CREATED, cpmsync_mock_find(user, name));
    return error;
}

/* What is missing above a name. */
static int create_parents(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    size_t i;
    int error = 0;
    for (i = 1; i < name.len && !error; i++) {
        struct cpmsync_slice parent = cpmsync_slice_of(name.data, i);
        if (name.data[i] == (uint8_t)store->delimiter && !cpmsync_mock_find(user, parent))
            error = create_one(store, user, parent);
    }
    return error;
}

bool cpmsync_mock_is_possible(const struct mock_store *store, struct cpmsync_slice name)
{
    size_t i;
    if (name.len == 0 || name.len > NAME_MAX_OCTETS || name.data[0] == (uint8_t)store->delimiter)
        return false;
    for (i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (c < 0x20 || c == 0x7f || c == '*' || c == '%')
            return false;
        if (c == (uint8_t)store->delimiter && (i + 1 == name.len || name.data[i + 1] == c))
            return false;
    }
    return true;
}

static bool is_ascii(struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < name.len; i++)
        if (name.data[i] > 0x7f)
            return false;
    return true;
}

int cpmsync_mock_create(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    return is_ascii(name) ? cpmsync_mock_create_odd(store, user, name) : CPMSYNC_ERR_INVALID_ARGUMENT;
}

int cpmsync_mock_create_odd(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    if (name.len > 1 && name.data[name.len - 1] == (uint8_t)store->delimiter)
        name.len--;
    if (cpmsync_mock_is_inbox(name))
        name = CPMSYNC_SLICE("INBOX");
    if (!cpmsync_mock_is_possible(store, name))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    struct mock_mailbox *there = cpmsync_mock_find(user, name);
    if (there && !there->noselect)
        return CPMSYNC_ERR_STATE;
    int error = there ? cpmsync_mock_replace(store, user, there) : create_parents(store, user, name);
    if (there && !error)
        tell_mailbox(store, MOCK_TREE_CREATED, cpmsync_mock_find(user, name));
    return there || error ? error : create_one(store, user, name);
}

bool cpmsync_mock_is_below(const struct mock_store *store, struct cpmsync_slice child, struct cpmsync_slice parent)
{
    return child.len > parent.len && memcmp(child.data, parent.data, parent.len) == 0 &&
           child.data[parent.len] == (uint8_t)store->delimiter;
}

bool cpmsync_mock_has_children(const struct mock_store *store, const struct mock_user *user, struct cpmsync_slice name)
{
    bool found;
    size_t i;
    for (i = place_of(user, name, &found); i < user->mailbox_count; i++) {
        struct cpmsync_slice other = user->mailboxes[i]->name;
        if (cpmsync_mock_is_below(store, other, name))
            return true;
        if (other.len < name.len || memcmp(other.data, name.data, name.len) != 0)
            return false;
    }
    return false;
}

int cpmsync_mock_delete(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    struct mock_mailbox *mailbox = cpmsync_mock_find(user, name);
    size_t count = 0;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    bool parent = cpmsync_mock_has_children(store, user, mailbox->name);
    if (cpmsync_mock_is_inbox(name) || (parent && mailbox->noselect))
        return CPMSYNC_ERR_STATE;
    if (parent) {
        int error = cpmsync_mock_replace(store, user, mailbox);
        if (error)
            return error;
        mailbox = cpmsync_mock_find(user, name);
        mailbox->noselect = true;
        cpmsync_mock_acl_inherit(store->mem, mailbox, NULL);
        cpmsync_mock_metadata_clear(store->mem, &mailbox->metadata);
        mailbox->uses = 0;
        error = cpmsync_mock_remove(store, mailbox, cpmsync_mock_goes_all, NULL, &count);
        tell_mailbox(store, MOCK_TREE_DELETED, mailbox);
        return error;
    }
    take_out(user, mailbox);
    mailbox->gone = true;
    tell_mailbox(store, MOCK_TREE_DELETED, mailbox);
    cpmsync_mock_mailbox_release(store->mem, mailbox);
    return 0;
}

/* Everybody's, to the message that was added last. */
static int copy_annotations(struct mock_store *store, struct mock_mailbox *to, const struct mock_message *message)
{
    return cpmsync_mock_annotations_copy(store->mem, &to->messages[to->count - 1], &message->annotations, NULL, true);
}

int cpmsync_mock_replace(struct mock_store *store, struct mock_user *user, struct mock_mailbox *old)
{
    struct mock_mailbox *mailbox = cpmsync_mock_mailbox_new(store, old->name);
    uint64_t modseq = 1;
    size_t i;
    bool found;
    int error = mailbox ? cpmsync_mock_acl_inherit(store->mem, mailbox, old) : CPMSYNC_ERR_NOMEM;
    for (i = 0; i < old->count && !error; i++) {
        const struct mock_message *message = &old->messages[i];
        struct mock_flags flags;
        uint32_t uid;
        error = cpmsync_mock_flags_translate(store->mem, old, mailbox, &message->flags, &flags);
        if (!error)
            error = cpmsync_mock_add(store, mailbox, message->body, &flags, message->date, message->zone, modseq, &uid);
        if (!error)
            error = copy_annotations(store, mailbox, message);
    }
    if (error) {
        cpmsync_mock_mailbox_free(store->mem, mailbox);
        return error;
    }
    mailbox->nomodseq = old->nomodseq;
    mailbox->metadata = old->metadata;
    memset(&old->metadata, 0, sizeof old->metadata);
    mailbox->owner = user;
    mailbox->uses = old->uses;
    mailbox->news = MOCK_NEWS_UIDVALIDITY;
    user->mailboxes[place_of(user, old->name, &found)] = mailbox;
    old->gone = true;
    cpmsync_mock_mailbox_release(store->mem, old);
    return 0;
}

/* RFC 3501 6.3.5: INBOX's messages move, INBOX stays. */
static int rename_inbox(struct mock_store *store, struct mock_user *user, struct cpmsync_slice to)
{
    int error = create_parents(store, user, to);
    error = error ? error : make_one(store, user, to);
    if (error)
        return error;
    struct mock_mailbox *inbox = cpmsync_mock_find(user, CPMSYNC_SLICE("INBOX"));
    struct mock_mailbox *target = cpmsync_mock_find(user, to);
    uint64_t arrived = cpmsync_mock_bump(target);
    size_t count = 0, i;
    error = cpmsync_mock_metadata_copy(store->mem, &target->metadata, &inbox->metadata);
    for (i = 0; i < inbox->count && !error; i++) {
        struct mock_message *message = &inbox->messages[i];
        struct mock_flags flags;
        uint32_t uid;
        error = cpmsync_mock_flags_translate(store->mem, inbox, target, &message->flags, &flags);
        if (!error)
            error = cpmsync_mock_add(store, target, message->body, &flags, message->date, message->zone, arrived, &uid);
        if (!error)
            error = copy_annotations(store, target, message);
    }
    error = error ? error : cpmsync_mock_remove(store, inbox, cpmsync_mock_goes_all, NULL, &count);
    tell_watch(store, MOCK_TREE_RENAMED, user, target, target->name, inbox->name);
    return error;
}

static int rename_one(struct mock_store *store, struct mock_user *user, struct mock_mailbox *mailbox, size_t prefix,
    struct cpmsync_slice to)
{
    struct cpmsync_buf name;
    cpmsync_buf_init(&name, store->mem, 2 * NAME_MAX_OCTETS);
    int error = cpmsync_buf_add_slice(&name, to);
    if (!error)
        error = cpmsync_buf_add(&name, mailbox->name.data + prefix, mailbox->name.len - prefix);
    struct cpmsync_slice own = {NULL, 0};
    if (!error) {
        own = cpmsync_mock_own(store->mem, cpmsync_buf_slice(&name));
        error = own.data ? 0 : CPMSYNC_ERR_NOMEM;
    }
    cpmsync_buf_clear(&name);
    if (error)
        return error;
    take_out(user, mailbox);
    cpmsync_mock_disown(store->mem, &mailbox->name);
    mailbox->name = own;
    return insert(store, user, mailbox); /* there is room: one was taken out */
}

/* The next mailbox below `from`, NULL if none is left: renaming takes them away one by one. */
static struct mock_mailbox *next_child(
    const struct mock_store *store, const struct mock_user *user, struct cpmsync_slice from)
{
    size_t i;
    for (i = 0; i < user->mailbox_count; i++)
        if (cpmsync_mock_is_below(store, user->mailboxes[i]->name, from))
            return user->mailboxes[i];
    return NULL;
}

int cpmsync_mock_rename(
    struct mock_store *store, struct mock_user *user, struct cpmsync_slice from, struct cpmsync_slice to)
{
    struct mock_mailbox *mailbox = cpmsync_mock_find(user, from), *child;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    if (!cpmsync_mock_is_possible(store, to) || !is_ascii(to))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (cpmsync_mock_find(user, to) || cpmsync_mock_is_below(store, to, from))
        return CPMSYNC_ERR_STATE;
    if (cpmsync_mock_is_inbox(from))
        return rename_inbox(store, user, to);
    int error = create_parents(store, user, to);
    error = error ? error : rename_one(store, user, mailbox, mailbox->name.len, to);
    while (!error && (child = next_child(store, user, from)) != NULL)
        error = rename_one(store, user, child, from.len, to);
    if (!error)
        tell_watch(store, MOCK_TREE_RENAMED, user, mailbox, mailbox->name, from);
    return error;
}

bool cpmsync_mock_subscribed(const struct mock_user *user, struct cpmsync_slice name)
{
    size_t i;
    for (i = 0; i < user->subscription_count; i++)
        if (cpmsync_slice_eq(user->subscriptions[i], name))
            return true;
    return false;
}

int cpmsync_mock_subscribe(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    if (cpmsync_mock_is_inbox(name))
        name = CPMSYNC_SLICE("INBOX");
    if (cpmsync_mock_subscribed(user, name))
        return 0;
    struct cpmsync_slice *names = (struct cpmsync_slice *)cpmsync_mem_resize(
        store->mem, user->subscriptions, user->subscription_count + 1, sizeof *names);
    if (!names)
        return CPMSYNC_ERR_NOMEM;
    user->subscriptions = names;
    names[user->subscription_count] = cpmsync_mock_own(store->mem, name);
    if (!names[user->subscription_count].data)
        return CPMSYNC_ERR_NOMEM;
    user->subscription_count++;
    tell_watch(store, MOCK_TREE_SUBSCRIPTION, user, NULL, name, cpmsync_slice_of(NULL, 0));
    return 0;
}

bool cpmsync_mock_unsubscribe(struct mock_store *store, struct mock_user *user, struct cpmsync_slice name)
{
    size_t i;
    if (cpmsync_mock_is_inbox(name))
        name = CPMSYNC_SLICE("INBOX");
    for (i = 0; i < user->subscription_count; i++) {
        if (!cpmsync_slice_eq(user->subscriptions[i], name))
            continue;
        cpmsync_mock_disown(store->mem, &user->subscriptions[i]);
        user->subscriptions[i] = user->subscriptions[--user->subscription_count];
        tell_watch(store, MOCK_TREE_SUBSCRIPTION, user, NULL, name, cpmsync_slice_of(NULL, 0));
        return true;
    }
    return false;
}
