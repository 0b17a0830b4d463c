/* SPDX-License-Identifier: MIT */
#include "store/store_args.h"

#include <string.h>

bool cpmsync_store_valid_entry_name(const uint8_t *name, size_t len)
{
    if (len == 0)
        return true;
    return name != NULL && len <= CPMSYNC_STORE_NAME_MAX && memchr(name, 0, len) == NULL;
}

bool cpmsync_store_valid_name(const uint8_t *name, size_t len)
{
    return len > 0 && cpmsync_store_valid_entry_name(name, len);
}

bool cpmsync_store_valid_mailbox(const struct cpmsync_store_mailbox *mailbox)
{
    return mailbox->size >= sizeof *mailbox && cpmsync_store_valid_name(mailbox->name, mailbox->name_len) &&
           cpmsync_store_valid_ranges(mailbox->covered, mailbox->covered_count) &&
           (mailbox->extra_len == 0 || mailbox->extra != NULL);
}

bool cpmsync_store_valid_uids(const uint32_t *uid, size_t count)
{
    uint32_t last = 0;

    for (size_t i = 0; i < count; i++) {
        if (uid[i] <= last)
            return false;
        last = uid[i];
    }
    return true;
}

bool cpmsync_store_valid_ranges(const struct cpmsync_range *ranges, size_t count)
{
    uint32_t last = 0;

    if (count > 0 && ranges == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first <= last || ranges[i].last < ranges[i].first)
            return false;
        last = ranges[i].last;
    }
    return true;
}
