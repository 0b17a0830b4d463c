/* SPDX-License-Identifier: MIT */
#include "golden/golden_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/mailbox_extra.h"
#include "wire/response.h"

static int add_info(void *ctx, const struct cpmsync_mailbox_info *info)
{
    struct golden_text *text = ctx;
    golden_text_format(text, "%s %" PRIu32 " %" PRIu32 " %" PRIu64 "\n", info->name, info->uidvalidity, info->uidnext,
        info->highestmodseq);
    return 0;
}

static int add_row(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    struct golden_text *text = ctx;
    golden_text_format(text, "row %" PRIu32 " %" PRIu64, uid, modseq);
    golden_text_flags(text, flags, count);
    golden_text_add(text, "\n", 1);
    return 0;
}

/* The "row" steps behind step `at`, as lines. */
static void add_expected_rows(const struct golden *golden, size_t at, struct golden_text *text)
{
    for (size_t i = at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++)
        golden_text_format(text, "row %s\n", golden->steps[i].text);
}

void golden_store_read(const struct cpmsync_store *store, const struct golden *golden, size_t at,
    struct golden_text *have, struct golden_text *want)
{
    const struct golden_step *step = &golden->steps[at];
    size_t len = strcspn(step->text, " ");
    char mailbox[GOLDEN_MAILBOX_MAX];

    if (len >= sizeof mailbox)
        len = sizeof mailbox - 1;
    memcpy(mailbox, step->text, len);
    mailbox[len] = '\0';
    int error = cpmsync_view_messages(store, NULL, mailbox, add_info, add_row, have);
    if (error)
        golden_text_format(have, "%s none\n", mailbox);
    golden_text_format(want, "%s\n", step->text);
    add_expected_rows(golden, at, want);
}

static bool parse_ranges(const char *text, struct cpmsync_range *ranges, size_t max, size_t *count)
{
    *count = 0;
    while (*text && *text != '-') {
        char *end;
        unsigned long first = strtoul(text, &end, 10);
        unsigned long last = first;
        if (*end == ':')
            last = strtoul(end + 1, &end, 10);
        if (*count == max || first == 0 || last < first)
            return false;
        ranges[*count].first = (uint32_t)first;
        ranges[(*count)++].last = (uint32_t)last;
        text = *end == ',' ? end + 1 : end;
        if (end != text && *end != ',')
            return false;
    }
    return true;
}

/* One of the rows; equal flags share the set of the first row that has them. */
static bool fill_row(const struct cpmsync_store *store, const struct cpmsync_store_mailbox *record,
    const struct golden_step *rows, uint32_t row)
{
    uint32_t uid;
    uint64_t modseq;
    uint32_t id = 0;
    int used = 0;

    sscanf(rows[row].text, "%" SCNu32 " %" SCNu64 "%n", &uid, &modseq, &used);
    const char *flags = rows[row].text + used;
    if (*flags == ' ') {
        for (id = 1; id <= row; id++) {
            const char *other = strchr(strchr(rows[id - 1].text, ' ') + 1, ' ');
            if (other && strcmp(other, flags) == 0)
                break;
        }
        flags++;
        if (id == row + 1 && store->ops->flagset_put(store->self, record->name, record->name_len, id,
                                 (const uint8_t *)flags, strlen(flags)))
            return false;
    }
    return !store->ops->rows_put(store->self, record->name, record->name_len, &uid, &modseq, &id, 1);
}

bool golden_store_fill(const struct cpmsync_store *store, const struct golden *golden, size_t at)
{
    const struct golden_step *step = &golden->steps[at];
    struct cpmsync_store_mailbox record;
    struct cpmsync_range ranges[64];
    char covered[1024] = "-", mailboxid[CPMSYNC_OBJECTID_MAX + 1] = "";
    struct cpmsync_buf extra;
    size_t count;

    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    record.name = (const uint8_t *)step->text;
    record.name_len = strcspn(step->text, " ");
    int got = sscanf(step->text + record.name_len, "%" SCNu32 " %" SCNu64 " %1023s %" SCNu32 " %255s",
        &record.uidvalidity, &record.highestmodseq, covered, &record.flags, mailboxid);
    if (got < 3 || !parse_ranges(covered, ranges, 64, &count))
        return false;
    record.covered = ranges;
    record.covered_count = count;
    record.uidnext = count ? ranges[count - 1].last + 1 : 1;
    for (size_t i = at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++)
        record.messages++;
    cpmsync_buf_init(&extra, NULL, CPMSYNC_EXTRA_MAX);
    bool good = cpmsync_extra_set(&extra, CPMSYNC_EXTRA_MAILBOXID, cpmsync_slice_str(mailboxid)) >= 0;
    record.extra = cpmsync_buf_data(&extra);
    record.extra_len = extra.len;
    good =
        good && !store->ops->begin(store->self, CPMSYNC_STORE_CACHE) && !store->ops->mailbox_put(store->self, &record);
    cpmsync_buf_clear(&extra);
    for (uint32_t i = 0; i < record.messages && good; i++)
        good = fill_row(store, &record, golden->steps + at + 1, i);
    return good && !store->ops->commit(store->self);
}
