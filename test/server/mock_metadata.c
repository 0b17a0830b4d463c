/* SPDX-License-Identifier: MIT */
#include "mock_metadata.h"

#include <cpmsync/error.h>

static bool begins(struct cpmsync_slice name, const char *prefix)
{
    size_t len = strlen(prefix);
    return name.len >= len && cpmsync_slice_is(cpmsync_slice_of(name.data, len), prefix) &&
           (name.len == len || name.data[len] == '/');
}

bool cpmsync_mock_is_private(struct cpmsync_slice name)
{
    return begins(name, "/private");
}

/* Components at least: 2, and 4 in a vendor's namespace (RFC 5464 3.2). */
bool cpmsync_mock_is_entry_name(struct cpmsync_slice name, bool base)
{
    size_t components = 0, i;
    bool vendor = begins(name, "/private/vendor") || begins(name, "/shared/vendor");
    if (name.len > MOCK_ENTRY_NAME_MAX || (!begins(name, "/private") && !begins(name, "/shared")) ||
        name.data[name.len - 1] == '/')
        return false;
    for (i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (c < 0x20 || c > 0x7e || c == '*' || c == '%' || (c == '/' && i > 0 && name.data[i - 1] == '/'))
            return false;
        components += c == '/';
    }
    return base || components >= (vendor ? 4U : 2U);
}

bool cpmsync_mock_is_entry_below(struct cpmsync_slice name, struct cpmsync_slice base, unsigned depth)
{
    unsigned levels = 0;
    size_t i;
    if (name.len < base.len || !cpmsync_slice_ieq(cpmsync_slice_of(name.data, base.len), base) ||
        (name.len > base.len && name.data[base.len] != '/'))
        return false;
    for (i = base.len; i < name.len; i++)
        levels += name.data[i] == '/';
    return levels <= depth;
}

bool cpmsync_mock_sees_entry(const struct mock_entry *entry, const struct mock_user *user)
{
    return !entry->user || entry->user == user;
}

static size_t place_of(const struct mock_metadata *metadata, struct cpmsync_slice name, const struct mock_user *user)
{
    size_t i;
    for (i = 0; i < metadata->count; i++)
        if (cpmsync_slice_ieq(metadata->entries[i].name, name) && cpmsync_mock_sees_entry(&metadata->entries[i], user))
            break;
    return i;
}

const struct mock_entry *cpmsync_mock_entry_of(
    const struct mock_metadata *metadata, struct cpmsync_slice name, const struct mock_user *user)
{
    size_t place = place_of(metadata, name, user);
    return place < metadata->count ? &metadata->entries[place] : NULL;
}

size_t cpmsync_mock_entries_of(const struct mock_metadata *metadata, const struct mock_user *user)
{
    size_t count = 0, i;
    for (i = 0; i < metadata->count; i++)
        count += cpmsync_mock_sees_entry(&metadata->entries[i], user);
    return count;
}

static void remove_entry(const struct cpmsync_allocator *mem, struct mock_metadata *metadata, size_t place)
{
    struct mock_entry *entry = &metadata->entries[place];
    cpmsync_mock_disown(mem, &entry->name);
    cpmsync_mock_disown(mem, &entry->value);
    memmove(entry, entry + 1, (--metadata->count - place) * sizeof *entry);
}

static int add_entry(const struct cpmsync_allocator *mem, struct mock_metadata *metadata, struct cpmsync_slice name,
    const struct mock_user *user, struct cpmsync_slice value)
{
    struct mock_entry *entries =
        (struct mock_entry *)cpmsync_mem_resize(mem, metadata->entries, metadata->count + 1, sizeof *entries);
    if (!entries)
        return CPMSYNC_ERR_NOMEM;
    metadata->entries = entries;
    struct mock_entry *entry = &entries[metadata->count++];
    entry->user = cpmsync_mock_is_private(name) ? user : NULL;
    entry->name = cpmsync_mock_own(mem, name);
    entry->value = cpmsync_mock_own(mem, value);
    if (entry->name.data && entry->value.data)
        return 0;
    remove_entry(mem, metadata, metadata->count - 1);
    return CPMSYNC_ERR_NOMEM;
}

int cpmsync_mock_entry_set(const struct cpmsync_allocator *mem, struct mock_metadata *metadata,
    struct cpmsync_slice name, const struct mock_user *user, struct cpmsync_slice value)
{
    size_t place = place_of(metadata, name, user);
    bool found = place < metadata->count;
    if (!value.data) {
        if (found)
            remove_entry(mem, metadata, place);
        return 0;
    }
    if (!found)
        return add_entry(mem, metadata, name, user, value);
    struct cpmsync_slice own = cpmsync_mock_own(mem, value);
    if (!own.data)
        return CPMSYNC_ERR_NOMEM;
    cpmsync_mock_disown(mem, &metadata->entries[place].value);
    metadata->entries[place].value = own;
    return 0;
}

int cpmsync_mock_metadata_copy(
    const struct cpmsync_allocator *mem, struct mock_metadata *to, const struct mock_metadata *from)
{
    size_t i;
    int error = 0;
    for (i = 0; i < from->count && !error; i++)
        error = add_entry(mem, to, from->entries[i].name, from->entries[i].user, from->entries[i].value);
    if (error)
        cpmsync_mock_metadata_clear(mem, to);
    return error;
}

void cpmsync_mock_metadata_clear(const struct cpmsync_allocator *mem, struct mock_metadata *metadata)
{
    while (metadata->count)
        remove_entry(mem, metadata, metadata->count - 1);
    cpmsync_mem_free(mem, metadata->entries);
    metadata->entries = NULL;
}
