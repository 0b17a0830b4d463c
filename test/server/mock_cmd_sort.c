/* SPDX-License-Identifier: MIT */
/* SORT and UID SORT (RFC 5256 3, 7162 3.1.9, 5257 4.9). */
#include "mock_address.h"
#include "mock_annotate.h"
#include "mock_decode.h"
#include "mock_mime.h"
#include "mock_progress.h"
#include "mock_search.h"
#include "mock_subject.h"

#include <stdio.h>
#include <stdlib.h>

enum criterion { ANNOTATION, ARRIVAL, CC, DATE, FROM, SIZE, SUBJECT, TO, CRITERIA };
enum { CRITERIA_MAX = 16 };

static const struct {
    const char *name;
    const char *field; /* whose first address counts */
} NAMES[CRITERIA] = {{"ANNOTATION", NULL}, {"ARRIVAL", NULL}, {"CC", "Cc"}, {"DATE", NULL}, {"FROM", "From"},
    {"SIZE", NULL}, {"SUBJECT", NULL}, {"TO", "To"}};

/* A number for ARRIVAL, DATE and SIZE, a borrowed text for ANNOTATION, else an owned one. */
struct value {
    int64_t number;
    struct cpmsync_slice text;
};

struct sort {
    bool uid;
    enum criterion criteria[CRITERIA_MAX];
    bool reverse[CRITERIA_MAX];
    struct cpmsync_slice entries[CRITERIA_MAX]; /* of ANNOTATION */
    unsigned scopes[CRITERIA_MAX];
    size_t criteria_count;
    struct mock_search keys;
    struct row *rows;
    size_t row_count;
    uint64_t modseq; /* highest of all that is found */
};

struct row {
    const struct sort *sort;
    size_t index; /* in the view */
    uint32_t uid;
    struct value values[CRITERIA_MAX];
};

/* sort-criteria = "(" sort-criterion *(SP sort-criterion) ")", each with "REVERSE" SP before it or without */
static bool read_criteria(struct mock_conn *conn, struct mock_parser *p, struct sort *sort)
{
    unsigned i;
    if (!cpmsync_mock_read_char(p, '('))
        return false;
    do {
        if (sort->criteria_count == CRITERIA_MAX)
            return false;
        bool reverse = cpmsync_mock_read_word(p, "REVERSE");
        if (reverse && !cpmsync_mock_read_sp(p))
            return false;
        for (i = 0; i < CRITERIA; i++)
            if (cpmsync_mock_read_word(p, NAMES[i].name))
                break;
        if (i == CRITERIA)
            return false;
        if (i == ANNOTATION && (!cpmsync_mock_offers(conn, "ANNOTATE-EXPERIMENT-1") || !cpmsync_mock_read_sp(p) ||
                                   !cpmsync_mock_read_annotation_criterion(
                                       p, &sort->entries[sort->criteria_count], &sort->scopes[sort->criteria_count])))
            return false;
        sort->reverse[sort->criteria_count] = reverse;
        sort->criteria[sort->criteria_count++] = (enum criterion)i;
    } while (cpmsync_mock_read_sp(p));
    return cpmsync_mock_read_char(p, ')');
}

/* ---- what is compared ---- */

static unsigned month_of(const char *name)
{
    unsigned month;
    for (month = 12; month > 0; month--)
        if (cpmsync_slice_ieq(cpmsync_slice_str(name), cpmsync_slice_of(cpmsync_mock_month(month), 3)))
            break;
    return month;
}

/* "+0100" in seconds; 0 for what is none. */
static int64_t zone_of(const char *zone)
{
    unsigned hours, minutes;
    if ((zone[0] != '+' && zone[0] != '-') || sscanf(zone + 1, "%2u%2u", &hours, &minutes) != 2)
        return 0;
    return ((int64_t)hours * 60 + minutes) * (zone[0] == '-' ? -60 : 60);
}

/* The time of a Date field in UTC; `internal` where there is no date in it. The text ends in NUL. */
static int64_t sent_at(const char *text, int64_t internal)
{
    const char *comma = strchr(text, ',');
    char name[4], zone[6] = "";
    unsigned day, year, hour, minute, second = 0;
    int used = 0;
    if (sscanf(comma ? comma + 1 : text, " %2u %3[A-Za-z] %4u %n", &day, name, &year, &used) != 3 || day < 1 ||
        day > 31 || month_of(name) == 0)
        return internal;
    int64_t midnight = cpmsync_mock_days((int64_t)year, month_of(name), day) * 86400;
    const char *time = (comma ? comma + 1 : text) + used;
    if (used == 0 || sscanf(time, "%2u:%2u%n", &hour, &minute, &used) != 2 || hour > 23 || minute > 59)
        return midnight;
    time += used;
    if (sscanf(time, ":%2u%n", &second, &used) == 1)
        time += used;
    if (sscanf(time, " %5s", zone) != 1)
        zone[0] = 0;
    return midnight + (int64_t)hour * 3600 + (int64_t)minute * 60 + second - zone_of(zone);
}

/* Whatever is blank becomes one space. */
static void squeeze(struct cpmsync_buf *text)
{
    uint8_t *data = cpmsync_buf_data(text);
    size_t kept = 0, i;
    for (i = 0; i < text->len; i++) {
        uint8_t c = data[i] == '\t' || data[i] == '\r' || data[i] == '\n' ? ' ' : data[i];
        if (c != ' ' || kept == 0 || data[kept - 1] != ' ')
            data[kept++] = c;
    }
    cpmsync_buf_truncate(text, kept);
}

/* The base subject of a field's value. */
static int add_subject(struct cpmsync_slice value, struct cpmsync_buf *out)
{
    struct cpmsync_buf decoded;
    cpmsync_buf_init(&decoded, out->mem, SIZE_MAX / 2);
    int error = cpmsync_mock_decode_words(value, &decoded);
    if (!error) {
        squeeze(&decoded);
        error = cpmsync_buf_add_slice(out, cpmsync_mock_base_subject(cpmsync_buf_slice(&decoded)));
    }
    cpmsync_buf_clear(&decoded);
    return error;
}

/* The text of a criterion; empty without the field. */
static int add_text(
    struct mock_conn *conn, enum criterion criterion, struct cpmsync_slice header, struct cpmsync_buf *out)
{
    struct cpmsync_buf value;
    int error = 0;
    cpmsync_buf_init(&value, out->mem, SIZE_MAX / 2);
    bool found = cpmsync_mock_field(header, criterion == SUBJECT ? "Subject" : NAMES[criterion].field, &value);
    if (found && criterion == SUBJECT)
        error = add_subject(cpmsync_buf_slice(&value), out);
    else if (found)
        cpmsync_mock_first_mailbox(conn, cpmsync_buf_slice(&value), out);
    cpmsync_buf_clear(&value);
    return error;
}

static int64_t date_of(struct mock_conn *conn, struct cpmsync_slice header, int64_t internal)
{
    struct cpmsync_buf value;
    int64_t date = internal;
    cpmsync_buf_init(&value, conn->mock->mem, SIZE_MAX / 2);
    if (cpmsync_mock_field(header, "Date", &value)) {
        if (cpmsync_buf_add_char(&value, 0) != 0)
            conn->broken = true;
        else
            date = sent_at((const char *)cpmsync_buf_data(&value), internal);
    }
    cpmsync_buf_clear(&value);
    return date;
}

static void compute(struct mock_conn *conn, enum criterion criterion, const struct mock_message *message,
    struct cpmsync_slice header, struct value *value)
{
    struct cpmsync_buf text;
    if (criterion == ARRIVAL)
        value->number = message->date;
    else if (criterion == SIZE)
        value->number = (int64_t)message->body->len;
    else if (criterion == DATE)
        value->number = date_of(conn, header, message->date);
    else {
        cpmsync_buf_init(&text, conn->mock->mem, SIZE_MAX / 2);
        int error = add_text(conn, criterion, header, &text);
        if (!error && text.len)
            value->text = cpmsync_mock_own(conn->mock->mem, cpmsync_buf_slice(&text));
        if (error || (text.len && !value->text.data))
            conn->broken = true;
        cpmsync_buf_clear(&text);
    }
}

static int compare(const void *left, const void *right)
{
    const struct row *a = (const struct row *)left, *b = (const struct row *)right;
    const struct sort *sort = a->sort;
    size_t i;
    for (i = 0; i < sort->criteria_count; i++) {
        const struct value *x = &a->values[i], *y = &b->values[i];
        int order = x->number != y->number ? (x->number < y->number ? -1 : 1) : cpmsync_slice_icmp(x->text, y->text);
        if (order)
            return sort->reverse[i] ? -order : order;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

/* ---- the command ---- */

static void take(struct mock_conn *conn, struct sort *sort, size_t index, const struct mock_message *message)
{
    struct row *row = &sort->rows[sort->row_count++];
    struct cpmsync_slice header, body;
    size_t i;
    memset(row, 0, sizeof *row);
    row->sort = sort;
    row->index = index;
    row->uid = message->uid;
    cpmsync_mock_split(cpmsync_slice_of(message->body->data, message->body->len), &header, &body);
    for (i = 0; i < sort->criteria_count; i++) {
        if (sort->criteria[i] == ANNOTATION)
            row->values[i].text = cpmsync_mock_annotation_sorted_by(conn, message, sort->entries[i], sort->scopes[i]);
        else
            compute(conn, sort->criteria[i], message, header, &row->values[i]);
    }
    sort->modseq = message->modseq > sort->modseq ? message->modseq : sort->modseq;
}

static void find(struct mock_conn *conn, struct sort *sort)
{
    size_t i;
    for (i = 0; i < conn->view_count; i++) {
        const struct mock_message *message = cpmsync_mock_message_of(conn->mailbox, conn->view[i].uid);
        cpmsync_mock_tell_progress(conn, i, conn->view_count);
        if (message && cpmsync_mock_search_matches(conn, &sort->keys, i, message))
            take(conn, sort, i, message);
    }
    if (sort->row_count)
        qsort(sort->rows, sort->row_count, sizeof *sort->rows, compare);
}

static void clear_rows(struct mock_conn *conn, struct sort *sort)
{
    size_t i, j;
    for (i = 0; i < sort->row_count; i++)
        for (j = 0; j < sort->criteria_count; j++)
            if (sort->criteria[j] != ANNOTATION)
                cpmsync_mock_disown(conn->mock->mem, &sort->rows[i].values[j].text);
    cpmsync_mem_free(conn->mock->mem, sort->rows);
}

static void run(struct mock_conn *conn, struct sort *sort)
{
    size_t i;
    if (sort->keys.has_modseq)
        cpmsync_mock_enable_condstore(conn);
    if (sort->keys.has_numbers)
        conn->expunges = false;
    sort->rows = (struct row *)cpmsync_mem_zalloc(conn->mock->mem, (conn->view_count + 1) * sizeof *sort->rows);
    if (!sort->rows) {
        cpmsync_mock_refuse(conn, CPMSYNC_ERR_NOMEM);
        return;
    }
    find(conn, sort);
    cpmsync_mock_putf(conn, "* SORT");
    for (i = 0; i < sort->row_count; i++)
        cpmsync_mock_putf(conn, " %zu", sort->uid ? (size_t)sort->rows[i].uid : sort->rows[i].index + 1);
    if (sort->keys.has_modseq && sort->modseq)
        cpmsync_mock_putf(conn, " (MODSEQ %llu)", (unsigned long long)sort->modseq);
    cpmsync_mock_putf(conn, "\r\n");
    clear_rows(conn, sort);
    cpmsync_mock_ok(conn, "SORT completed");
}

/* sort = ["UID" SP] "SORT" SP sort-criteria SP search-criteria, with search-criteria = charset 1*(SP search-key) */
bool cpmsync_mock_cmd_sort(struct mock_conn *conn, struct mock_parser *p, bool uid)
{
    struct sort sort;
    memset(&sort, 0, sizeof sort);
    sort.uid = uid;
    bool valid = cpmsync_mock_read_sp(p) && read_criteria(conn, p, &sort) && cpmsync_mock_read_sp(p) &&
                 cpmsync_mock_search_read_with_charset(conn, p, &sort.keys);
    if (valid && sort.keys.bad_charset)
        cpmsync_mock_no(conn, MOCK_BAD_CHARSET);
    else if (valid)
        run(conn, &sort);
    cpmsync_mock_search_clear(conn, &sort.keys);
    return valid;
}
