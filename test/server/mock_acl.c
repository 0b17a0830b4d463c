/* SPDX-License-Identifier: MIT */
#include "mock_acl.h"

#include <cpmsync/error.h>

static const char LETTERS[] = "lrswipkxtean";

static unsigned right_of(char letter, unsigned known)
{
    const char *place = letter ? strchr(LETTERS, letter) : NULL;
    if (letter == 'c')
        return MOCK_RIGHTS_CREATE;
    if (letter == 'd')
        return MOCK_RIGHTS_DELETE;
    return place ? known & 1U << (place - LETTERS) : 0;
}

bool cpmsync_mock_read_rights(struct cpmsync_slice text, unsigned known, struct mock_rights_change *change)
{
    size_t i = 0;
    change->kind = text.len && (text.data[0] == '+' || text.data[0] == '-') ? (char)text.data[i++] : 0;
    change->rights = 0;
    for (; i < text.len; i++) {
        unsigned right = right_of((char)text.data[i], known);
        if (!right)
            return false;
        change->rights |= right;
    }
    return true;
}

void cpmsync_mock_write_rights(unsigned rights, unsigned known, char *text)
{
    size_t i;
    for (i = 0; LETTERS[i]; i++)
        if (rights & right_of(LETTERS[i], known))
            *text++ = LETTERS[i];
    if (rights & MOCK_RIGHTS_CREATE)
        *text++ = 'c';
    if (rights & MOCK_RIGHTS_DELETE)
        *text++ = 'd';
    *text = 0;
}

static unsigned changed(unsigned rights, const struct mock_rights_change *change)
{
    return change->kind == '+'   ? rights | change->rights
           : change->kind == '-' ? rights & ~change->rights
                                 : change->rights;
}

static size_t place_of(const struct mock_mailbox *mailbox, struct cpmsync_slice identifier)
{
    size_t i;
    for (i = 0; i < mailbox->acl_count; i++)
        if (cpmsync_slice_eq(mailbox->acl[i].identifier, identifier))
            break;
    return i;
}

static int add_entry(
    const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, struct cpmsync_slice identifier, unsigned rights)
{
    struct mock_acl_entry *entries =
        (struct mock_acl_entry *)cpmsync_mem_resize(mem, mailbox->acl, mailbox->acl_count + 1, sizeof *entries);
    if (!entries)
        return CPMSYNC_ERR_NOMEM;
    mailbox->acl = entries;
    entries += mailbox->acl_count;
    entries->rights = rights;
    entries->identifier = cpmsync_mock_own(mem, identifier);
    if (!entries->identifier.data)
        return CPMSYNC_ERR_NOMEM;
    mailbox->acl_count++;
    return 0;
}

static void remove_entry(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, size_t place)
{
    cpmsync_mock_disown(mem, &mailbox->acl[place].identifier);
    memmove(mailbox->acl + place, mailbox->acl + place + 1, (--mailbox->acl_count - place) * sizeof *mailbox->acl);
}

int cpmsync_mock_acl_change(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox,
    struct cpmsync_slice identifier, const struct mock_rights_change *change)
{
    if (mailbox->owner && cpmsync_slice_eq(identifier, mailbox->owner->name)) {
        mailbox->owner_rights = changed(mailbox->owner_rights, change) | MOCK_RIGHTS_OWNER;
        return 0;
    }
    size_t place = place_of(mailbox, identifier);
    bool found = place < mailbox->acl_count;
    unsigned rights = changed(found ? mailbox->acl[place].rights : 0, change);
    if (!found)
        return rights ? add_entry(mem, mailbox, identifier, rights) : 0;
    mailbox->acl[place].rights = rights;
    if (!rights)
        remove_entry(mem, mailbox, place);
    return 0;
}

int cpmsync_mock_acl_inherit(
    const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox, const struct mock_mailbox *parent)
{
    size_t i;
    int error = 0;
    cpmsync_mock_acl_clear(mem, mailbox);
    mailbox->owner_rights = parent ? parent->owner_rights : MOCK_RIGHTS_ALL;
    for (i = 0; parent && i < parent->acl_count && !error; i++)
        error = add_entry(mem, mailbox, parent->acl[i].identifier, parent->acl[i].rights);
    return error;
}

void cpmsync_mock_acl_clear(const struct cpmsync_allocator *mem, struct mock_mailbox *mailbox)
{
    while (mailbox->acl_count)
        remove_entry(mem, mailbox, mailbox->acl_count - 1);
    cpmsync_mem_free(mem, mailbox->acl);
    mailbox->acl = NULL;
}

unsigned cpmsync_mock_rights_of(const struct mock_mailbox *mailbox, const struct mock_user *user)
{
    bool owner = mailbox->owner == user;
    unsigned granted = owner ? mailbox->owner_rights : 0, denied = 0;
    size_t i;
    for (i = 0; i < mailbox->acl_count; i++) {
        struct cpmsync_slice name = mailbox->acl[i].identifier;
        bool negative = name.data[0] == '-';
        if (negative)
            name = cpmsync_slice_of(name.data + 1, name.len - 1);
        if (!cpmsync_slice_eq(name, user->name) && !cpmsync_slice_eq(name, CPMSYNC_SLICE("anyone")))
            continue;
        *(negative ? &denied : &granted) |= mailbox->acl[i].rights;
    }
    return (granted & ~denied) | (owner ? MOCK_RIGHTS_OWNER : 0);
}

static unsigned right_for(struct cpmsync_slice flag)
{
    return cpmsync_slice_is(flag, "\\Seen")      ? MOCK_RIGHT_S
           : cpmsync_slice_is(flag, "\\Deleted") ? MOCK_RIGHT_T
                                                 : MOCK_RIGHT_W;
}

bool cpmsync_mock_permit_flags(struct mock_flag_list *list, unsigned rights)
{
    size_t kept = 0, i;
    bool some = list->count > 0;
    for (i = 0; i < list->count; i++)
        if (rights & right_for(list->flags[i]))
            list->flags[kept++] = list->flags[i];
    list->count = kept;
    return some && kept == 0;
}

void cpmsync_mock_keep_flags(struct mock_flags *flags, const struct mock_flags *old, unsigned rights)
{
    struct mock_flags kept;
    size_t i;
    memset(&kept, rights & MOCK_RIGHT_W ? 0 : 0xff, sizeof kept);
    kept.bits[0] &= ~(UINT64_C(1) << MOCK_SEEN | UINT64_C(1) << MOCK_DELETED);
    if (!(rights & MOCK_RIGHT_S))
        cpmsync_mock_flag_set(&kept, MOCK_SEEN);
    if (!(rights & MOCK_RIGHT_T))
        cpmsync_mock_flag_set(&kept, MOCK_DELETED);
    for (i = 0; i < MOCK_FLAGS_MAX / 64; i++)
        flags->bits[i] = (flags->bits[i] & ~kept.bits[i]) | (old->bits[i] & kept.bits[i]);
}
