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

/* The rows are told first, the descriptors behind them: each is put into its line. */
struct reading {
    struct golden_text *text;
    const struct golden *golden;
    size_t at; /* the step with the rows that are wanted */
};

static int add_row(void *ctx, uint32_t uid, uint64_t modseq, const char *const *flags, size_t count)
{
    struct reading *reading = ctx;

    golden_text_format(reading->text, "row %" PRIu32 " %" PRIu64, uid, modseq);
    golden_text_flags(reading->text, flags, count);
    golden_text_add(reading->text, "\n", 1);
    return 0;
}

static int add_head(void *ctx, const struct cpmsync_mailbox_info *info)
{
    return add_info(((struct reading *)ctx)->text, info);
}

/* Behind the row of this UID. */
static void insert(struct golden_text *text, uint32_t uid, const char *words)
{
    char row[32];
    struct golden_text all = {0};

    snprintf(row, sizeof row, "\nrow %" PRIu32 " ", uid);
    char *found = strstr(text->data, row);
    if (!found) {
        golden_text_format(text, "a descriptor of no message: %" PRIu32 "%s\n", uid, words);
        return;
    }
    size_t before = (size_t)(found - text->data) + 1 + strcspn(found + 1, "\n");
    golden_text_add(&all, text->data, before);
    golden_text_add(&all, words, strlen(words));
    golden_text_add(&all, text->data + before, text->len - before);
    free(text->data);
    *text = all;
}

static int add_descriptor(void *ctx, uint32_t uid, const struct cpmsync_descriptor *descriptor)
{
    struct reading *reading = ctx;
    struct golden_text words = {0};

    if (golden_store_is_open(reading->golden, reading->at, uid))
        return 0;
    golden_text_descriptor(&words, descriptor);
    insert(reading->text, uid, words.data);
    free(words.data);
    return 0;
}

bool golden_store_is_open(const struct golden *golden, size_t at, uint32_t uid)
{
    for (size_t i = at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++) {
        const struct golden_step *row = &golden->steps[i];
        if (strtoul(row->text, NULL, 10) == uid)
            return row->len > 4 && strcmp(row->text + row->len - 4, " {?}") == 0;
    }
    return false;
}

/* The "row" steps behind step `at`, as lines. */
static void add_expected_rows(const struct golden *golden, size_t at, struct golden_text *text)
{
    for (size_t i = at + 1; i < golden->count && golden->steps[i].type == GOLDEN_ROW; i++) {
        const struct golden_step *row = &golden->steps[i];
        bool open = golden_store_is_open(golden, at, (uint32_t)strtoul(row->text, NULL, 10));
        golden_text_add(text, "row ", 4);
        golden_text_add(text, row->text, row->len - (open ? 4 : 0));
        golden_text_add(text, "\n", 1);
    }
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
    struct reading reading = {have, golden, at};
    int error = cpmsync_view_messages(store, NULL, mailbox, add_head, add_row, &reading);
    if (!error)
        error = cpmsync_view_descriptors(store, NULL, mailbox, 1, UINT32_MAX, add_descriptor, &reading);
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
