/* SPDX-License-Identifier: MIT */
/* The store behind the clients' backs: what a test, a script or another client's phone does to it. */
#include "mock_acl.h"
#include "mock_metadata.h"
#include "mock_quota.h"
#include "mock_session.h"

#include <stdio.h>
#include <stdlib.h>

static struct mock_user *user_of(const struct cpmsync_mock *mock, const char *user)
{
    if (user)
        return cpmsync_mock_store_user(&mock->store, cpmsync_slice_str(user));
    return mock->store.user_count ? mock->store.users[0] : NULL;
}

static struct mock_mailbox *mailbox_of(const struct cpmsync_mock *mock, const char *user, const char *mailbox)
{
    struct mock_user *owner = user_of(mock, user);
    return owner && mailbox ? cpmsync_mock_find(owner, cpmsync_slice_str(mailbox)) : NULL;
}

int cpmsync_mock_user_add(struct cpmsync_mock *mock, const char *user, const char *password)
{
    if (!user || !password)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    return cpmsync_mock_store_add_user(&mock->store, cpmsync_slice_str(user), cpmsync_slice_str(password));
}

int cpmsync_mock_user_token(struct cpmsync_mock *mock, const char *name, const char *token)
{
    struct mock_user *user = user_of(mock, name);
    if (!user)
        return CPMSYNC_ERR_NOT_FOUND;
    cpmsync_mock_disown(mock->mem, &user->token);
    if (token)
        user->token = cpmsync_mock_own(mock->mem, cpmsync_slice_str(token));
    return token && !user->token.data ? CPMSYNC_ERR_NOMEM : 0;
}

int cpmsync_mock_user_participating(struct cpmsync_mock *mock, const char *name, int on)
{
    struct mock_user *user = user_of(mock, name);
    if (!user)
        return CPMSYNC_ERR_NOT_FOUND;
    user->participating = on != 0;
    return 0;
}

int cpmsync_mock_mailbox_create(struct cpmsync_mock *mock, const char *user, const char *mailbox)
{
    struct mock_user *owner = user_of(mock, user);
    if (!owner)
        return CPMSYNC_ERR_NOT_FOUND;
    return cpmsync_mock_create_odd(&mock->store, owner, cpmsync_slice_str(mailbox));
}

int cpmsync_mock_mailbox_delete(struct cpmsync_mock *mock, const char *user, const char *mailbox)
{
    struct mock_user *owner = user_of(mock, user);
    int error = owner ? cpmsync_mock_delete(&mock->store, owner, cpmsync_slice_str(mailbox)) : CPMSYNC_ERR_NOT_FOUND;
    cpmsync_mock_push(mock);
    return error;
}

int cpmsync_mock_mailbox_rename(struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *to)
{
    struct mock_user *owner = user_of(mock, user);
    if (!owner)
        return CPMSYNC_ERR_NOT_FOUND;
    int error = cpmsync_mock_rename(&mock->store, owner, cpmsync_slice_str(mailbox), cpmsync_slice_str(to));
    cpmsync_mock_push(mock);
    return error;
}

int cpmsync_mock_subscription(struct cpmsync_mock *mock, const char *user, const char *mailbox, int on)
{
    struct mock_user *owner = user_of(mock, user);
    int error = 0;
    if (!owner || !mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    if (on)
        error = cpmsync_mock_subscribe(&mock->store, owner, cpmsync_slice_str(mailbox));
    else
        cpmsync_mock_unsubscribe(&mock->store, owner, cpmsync_slice_str(mailbox));
    return error;
}

int cpmsync_mock_special_use(struct cpmsync_mock *mock, const char *user, const char *name, const char *uses)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    mock_use_set set;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    if (!uses || !cpmsync_mock_read_uses(cpmsync_slice_str(uses), &set))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    mailbox->uses = set;
    return 0;
}

int cpmsync_mock_remote(struct cpmsync_mock *mock, const char *user, const char *name, int on)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    mailbox->remote = mailbox->noselect = on != 0;
    return 0;
}

int64_t cpmsync_mock_deliver(struct cpmsync_mock *mock, const char *user, const char *name, const char *flag_text,
    int64_t internaldate, const void *data, size_t len)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    struct mock_flag_list list;
    struct mock_flags flags;
    uint32_t uid = 0;
    if (!mailbox || mailbox->noselect)
        return CPMSYNC_ERR_NOT_FOUND;
    if (!cpmsync_mock_split_flags(cpmsync_slice_str(flag_text ? flag_text : ""), &list))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_mock_flags_of(mock->mem, mailbox, &list, &flags);
    if (error)
        return error;
    struct mock_body *body = cpmsync_mock_body_new(mock->mem, data, len);
    if (!body)
        return CPMSYNC_ERR_NOMEM;
    error = cpmsync_mock_add(&mock->store, mailbox, body, &flags, internaldate ? internaldate : mock->store.clock++, 0,
        cpmsync_mock_bump(mailbox), &uid);
    cpmsync_mock_body_release(mock->mem, body);
    cpmsync_mock_push(mock);
    return error ? error : (int64_t)uid;
}

static bool read_uids(const struct mock_mailbox *mailbox, struct mock_set *set, const char *uids)
{
    if (!uids || !cpmsync_mock_set_parse(set, cpmsync_slice_str(uids)))
        return false;
    cpmsync_mock_set_resolve(set, mailbox->count ? mailbox->messages[mailbox->count - 1].uid : 0);
    return true;
}

static int change(struct cpmsync_mock *mock, struct mock_mailbox *mailbox, const struct mock_set *set, const char *text)
{
    char kind = *text == '+' || *text == '-' ? *text++ : 0;
    struct mock_flag_list list;
    struct mock_flags flags;
    uint64_t modseq = 0;
    size_t i, j;
    if (!cpmsync_mock_split_flags(cpmsync_slice_str(text), &list))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_mock_flags_of(mock->mem, mailbox, &list, &flags);
    for (i = 0; i < set->count && !error; i++)
        for (j = cpmsync_mock_lower(mailbox, set->ranges[i].first);
             j < mailbox->count && mailbox->messages[j].uid <= set->ranges[i].last; j++)
            cpmsync_mock_change_flags(mailbox, &mailbox->messages[j], kind, &flags, &modseq);
    return error;
}

int cpmsync_mock_flag(struct cpmsync_mock *mock, const char *user, const char *name, const char *uids, const char *text)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    struct mock_set set;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    cpmsync_mock_set_init(&set, mock->mem);
    int error =
        text && read_uids(mailbox, &set, uids) ? change(mock, mailbox, &set, text) : CPMSYNC_ERR_INVALID_ARGUMENT;
    cpmsync_mock_set_clear(&set);
    cpmsync_mock_push(mock);
    return error;
}

int cpmsync_mock_expunge(struct cpmsync_mock *mock, const char *user, const char *name, const char *uids)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    struct mock_set set;
    size_t count = 0;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    cpmsync_mock_set_init(&set, mock->mem);
    int error = read_uids(mailbox, &set, uids)
                    ? cpmsync_mock_remove(&mock->store, mailbox, cpmsync_mock_goes_in_set, &set, &count)
                    : CPMSYNC_ERR_INVALID_ARGUMENT;
    cpmsync_mock_set_clear(&set);
    cpmsync_mock_push(mock);
    return error ? error : (int)count;
}

int cpmsync_mock_uidvalidity_change(struct cpmsync_mock *mock, const char *user, const char *name)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    int error = cpmsync_mock_replace(&mock->store, user_of(mock, user), mailbox);
    cpmsync_mock_push(mock);
    return error;
}

int cpmsync_mock_drop_expunge_log(struct cpmsync_mock *mock, const char *user, const char *name)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    cpmsync_mock_forget(mailbox);
    return 0;
}

int cpmsync_mock_nomodseq(struct cpmsync_mock *mock, const char *user, const char *name, int on)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    mailbox->nomodseq = on != 0;
    return 0;
}

int cpmsync_mock_quota(struct cpmsync_mock *mock, const char *name, const char *resource, int64_t limit)
{
    struct mock_user *user = user_of(mock, name);
    int index = resource ? cpmsync_mock_quota_resource(cpmsync_slice_str(resource)) : -1;
    if (!user)
        return CPMSYNC_ERR_NOT_FOUND;
    if (index < 0 || limit < CPMSYNC_OFF)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    user->quota[index].limited = limit != CPMSYNC_OFF;
    user->quota[index].limit = limit;
    return 0;
}

int cpmsync_mock_raise_modseq(struct cpmsync_mock *mock, const char *user, const char *name, uint64_t modseq)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    if (mailbox->highestmodseq < modseq)
        mailbox->highestmodseq = modseq;
    return 0;
}

int cpmsync_mock_acl(
    struct cpmsync_mock *mock, const char *user, const char *name, const char *identifier, const char *rights)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    struct mock_rights_change change;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    if (!identifier || !*identifier || !rights ||
        !cpmsync_mock_read_rights(cpmsync_slice_str(rights), MOCK_RIGHTS_ALL, &change))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    cpmsync_mock_before_rights(mock, mailbox);
    int error = cpmsync_mock_acl_change(mock->mem, mailbox, cpmsync_slice_str(identifier), &change);
    cpmsync_mock_notify_rights(mock, mailbox);
    cpmsync_mock_push(mock);
    return error;
}

int cpmsync_mock_annotate(
    struct cpmsync_mock *mock, const char *user, const char *name, const char *entry, const void *value, size_t len)
{
    struct mock_user *owner = user_of(mock, user);
    struct mock_mailbox *mailbox = name && *name ? mailbox_of(mock, user, name) : NULL;
    struct cpmsync_slice entry_name = cpmsync_slice_str(entry ? entry : "");
    if (!owner || (name && *name && !mailbox))
        return CPMSYNC_ERR_NOT_FOUND;
    if (!cpmsync_mock_is_entry_name(entry_name, false))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_mock_entry_set(mock->mem, mailbox ? &mailbox->metadata : &mock->store.metadata, entry_name,
        owner, cpmsync_slice_of(value, len));
    if (!error)
        cpmsync_mock_announce_entry(mock, NULL, mailbox, entry_name, owner);
    cpmsync_mock_push(mock);
    return error;
}

int cpmsync_mock_mailbox_status(
    struct cpmsync_mock *mock, const char *user, const char *name, struct cpmsync_mock_status *status)
{
    const struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    if (!status || status->size != sizeof *status)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    status->uidvalidity = mailbox->uidvalidity;
    status->uidnext = mailbox->uidnext;
    status->messages = (uint32_t)mailbox->count;
    status->highestmodseq = mailbox->nomodseq ? 0 : mailbox->highestmodseq;
    return 0;
}

int cpmsync_mock_place_message(struct cpmsync_mock *mock, const char *user, const char *name, uint32_t uid,
    uint64_t modseq, const char *flag_text, int64_t internaldate, const void *data, size_t len)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    struct mock_flag_list list;
    struct mock_flags flags;
    if (!mailbox || mailbox->noselect)
        return CPMSYNC_ERR_NOT_FOUND;
    if (uid < mailbox->uidnext || uid == UINT32_MAX ||
        !cpmsync_mock_split_flags(cpmsync_slice_str(flag_text ? flag_text : ""), &list))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    int error = cpmsync_mock_flags_of(mock->mem, mailbox, &list, &flags);
    if (error)
        return error;
    struct mock_body *body = cpmsync_mock_body_new(mock->mem, data, len);
    if (!body)
        return CPMSYNC_ERR_NOMEM;
    if (!internaldate)
        internaldate = mock->store.clock++;
    uint32_t uidnext = mailbox->uidnext;
    mailbox->uidnext = uid;
    error = cpmsync_mock_add(&mock->store, mailbox, body, &flags, internaldate, 0, modseq, &uid);
    if (error)
        mailbox->uidnext = uidnext;
    else if (mailbox->highestmodseq < modseq)
        mailbox->highestmodseq = modseq;
    cpmsync_mock_body_release(mock->mem, body);
    cpmsync_mock_push(mock);
    return error;
}

int cpmsync_mock_place(
    struct cpmsync_mock *mock, const char *user, const char *name, uint32_t uid, uint64_t modseq, const char *flags)
{
    return cpmsync_mock_place_message(mock, user, name, uid, modseq, flags, 0, "", 0);
}

int cpmsync_mock_state(
    struct cpmsync_mock *mock, const char *user, const char *name, const struct cpmsync_mock_status *status)
{
    struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    if (!status || status->size != sizeof *status || status->uidvalidity == 0 || status->uidnext == 0)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (mailbox->count && status->uidnext <= mailbox->messages[mailbox->count - 1].uid)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    mailbox->uidvalidity = status->uidvalidity;
    mailbox->uidnext = status->uidnext;
    mailbox->nomodseq = status->highestmodseq == 0;
    if (status->highestmodseq)
        mailbox->highestmodseq = status->highestmodseq;
    mailbox->log_count = 0;
    mailbox->log_floor = mailbox->highestmodseq;
    return 0;
}

static int by_octets(const void *a, const void *b)
{
    return cpmsync_slice_cmp(*(const struct cpmsync_slice *)a, *(const struct cpmsync_slice *)b);
}

static int add_line(const struct mock_mailbox *mailbox, const struct mock_message *message, struct cpmsync_buf *out)
{
    struct cpmsync_slice names[MOCK_FLAGS_MAX];
    size_t count = 0, i;
    unsigned flag;
    for (flag = 0; flag < mailbox->flag_count; flag++)
        if (cpmsync_mock_flag_is_set(&message->flags, flag))
            names[count++] = mailbox->flag_names[flag];
    if (count)
        qsort(names, count, sizeof *names, by_octets);
    int error = cpmsync_buf_add_number(out, message->uid);
    error = error ? error : cpmsync_buf_add_char(out, ' ');
    error = error ? error : cpmsync_buf_add_number(out, mailbox->nomodseq ? 0 : message->modseq);
    error = error ? error : cpmsync_buf_add_str(out, " (");
    for (i = 0; i < count && !error; i++) {
        error = i ? cpmsync_buf_add_char(out, ' ') : 0;
        error = error ? error : cpmsync_buf_add_slice(out, names[i]);
    }
    return error ? error : cpmsync_buf_add_str(out, ")\n");
}

int64_t cpmsync_mock_dump(struct cpmsync_mock *mock, const char *user, const char *name, char *text, size_t size)
{
    const struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    struct cpmsync_buf out;
    char head[160];
    size_t i;
    if (!mailbox)
        return CPMSYNC_ERR_NOT_FOUND;
    cpmsync_buf_init(&out, mock->mem, SIZE_MAX / 2);
    snprintf(head, sizeof head, "uidvalidity %lu uidnext %lu highestmodseq %llu messages %zu\n",
        (unsigned long)mailbox->uidvalidity, (unsigned long)mailbox->uidnext,
        (unsigned long long)(mailbox->nomodseq ? 0 : mailbox->highestmodseq), mailbox->count);
    int error = cpmsync_buf_add_str(&out, head);
    for (i = 0; i < mailbox->count && !error; i++)
        error = add_line(mailbox, &mailbox->messages[i], &out);
    int64_t len = error ? error : (int64_t)out.len;
    if (!error && size) {
        size_t copied = out.len < size - 1 ? out.len : size - 1;
        memcpy(text, cpmsync_buf_data(&out), copied);
        text[copied] = 0;
    }
    cpmsync_buf_clear(&out);
    return len;
}

int64_t cpmsync_mock_message(
    struct cpmsync_mock *mock, const char *user, const char *name, uint32_t uid, const void **data)
{
    const struct mock_mailbox *mailbox = mailbox_of(mock, user, name);
    const struct mock_message *message = mailbox ? cpmsync_mock_message_of(mailbox, uid) : NULL;
    if (!message)
        return CPMSYNC_ERR_NOT_FOUND;
    *data = message->body->data;
    return (int64_t)message->body->len;
}

int cpmsync_mock_fault(struct cpmsync_mock *mock, const char *fault)
{
    if (!fault || !cpmsync_mock_faults_set(&mock->faults, cpmsync_slice_str(fault)))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    mock->store.quiet_expunges = mock->faults.rfc4551;
    return 0;
}
