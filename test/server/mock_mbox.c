/* SPDX-License-Identifier: MIT */
/*
 * An mbox file (RFC 4155): a message begins at a line "From ADDRESS DATE" that is the first or follows an empty one. Of the
 * variants this is mboxrd: a line of ">" and "From " has one ">" less in the message. What mail programs keep of a message's
 * state in its header becomes flags, and is no part of the message.
 */
#include "mock_load.h"

#include "mock_parser.h"

#include <stdio.h>

enum { FLAGS_MAX_OCTETS = 1024 };

struct message {
    struct cpmsync_buf octets;
    char flags[FLAGS_MAX_OCTETS];
    int64_t date;
    unsigned line; /* of the file, where its From_ line is; 0: there was none yet */
    size_t header; /* octets of the header with its empty line; 0: that has not come */
    bool skips;    /* the header field that goes on is left out */
    bool internal; /* what UW's programs put into a file for themselves */
};

static bool begins(struct cpmsync_slice line, const char *text)
{
    size_t len = strlen(text);
    return line.len >= len && memcmp(line.data, text, len) == 0;
}

static bool is_empty_line(struct cpmsync_slice line)
{
    return line.data[0] == '\n' || (line.len == 2 && line.data[0] == '\r' && line.data[1] == '\n');
}

/* "Thu Jan  1 00:00:00 2026" somewhere behind the address; 0 if it is not there. */
static int64_t read_date(struct cpmsync_slice line)
{
    char text[256], month_name[4];
    unsigned day, hour, minute, second, month, year;
    const char *at = text;
    size_t len = line.len < sizeof text ? line.len : sizeof text - 1;
    memcpy(text, line.data, len);
    text[len] = 0;
    while ((at = strchr(at, ' ')) != NULL) {
        at++;
        if (sscanf(at, "%*3[A-Za-z] %3[A-Za-z] %2u %2u:%2u:%2u %4u", month_name, &day, &hour, &minute, &second,
                &year) != 6 ||
            day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 || year < 1970)
            continue;
        for (month = 1; month <= 12; month++)
            if (strncmp(cpmsync_mock_month(month), month_name, 3) == 0)
                return cpmsync_mock_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    }
    return 0;
}

static int add_flag(struct message *message, const char *flag, size_t len)
{
    size_t used = strlen(message->flags);
    if (used + len + 2 > sizeof message->flags)
        return CPMSYNC_ERR_LIMIT;
    memcpy(message->flags + used, flag, len);
    memcpy(message->flags + used + len, " ", 2);
    return 0;
}

/* The letters of Status and X-Status; "O" (old) is none. */
static int add_letters(struct message *message, struct cpmsync_slice value)
{
    static const struct {
        char letter;
        const char *flag;
    } LETTERS[] = {{'R', "\\Seen"}, {'A', "\\Answered"}, {'F', "\\Flagged"}, {'D', "\\Deleted"}, {'T', "\\Draft"}};
    size_t i;
    int error = 0;
    for (i = 0; i < sizeof LETTERS / sizeof *LETTERS && !error; i++)
        if (value.len && memchr(value.data, LETTERS[i].letter, value.len))
            error = add_flag(message, LETTERS[i].flag, strlen(LETTERS[i].flag));
    return error;
}

static int add_keywords(struct message *message, struct cpmsync_slice value)
{
    size_t at = 0, end;
    int error = 0;
    while (at < value.len && !error) {
        for (end = at; end < value.len && !strchr(" \t\r\n", value.data[end]); end++)
            ;
        if (end > at)
            error = add_flag(message, (const char *)value.data + at, end - at);
        at = end + 1;
    }
    return error;
}

/* A line of the header: what is about the message's state is taken out. */
static int meet_header_line(struct message *message, struct cpmsync_slice line)
{
    static const char *const STATE[] = {"Status", "X-Status", "X-Keywords", "X-UID", "X-IMAP", "X-IMAPbase"};
    const uint8_t *colon = (const uint8_t *)memchr(line.data, ':', line.len);
    struct cpmsync_slice name = cpmsync_slice_of(line.data, colon ? (size_t)(colon - line.data) : 0);
    struct cpmsync_slice value =
        cpmsync_slice_of(line.data + name.len + (colon != NULL), line.len - name.len - (colon != NULL));
    size_t i;
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return message->skips ? 0 : cpmsync_buf_add_slice(&message->octets, line);
    message->skips = false;
    for (i = 0; i < sizeof STATE / sizeof *STATE; i++)
        message->skips |= cpmsync_slice_is(name, STATE[i]);
    if (cpmsync_slice_is(name, "X-IMAP"))
        message->internal = true;
    if (cpmsync_slice_is(name, "Status") || cpmsync_slice_is(name, "X-Status"))
        return add_letters(message, value);
    if (cpmsync_slice_is(name, "X-Keywords"))
        return add_keywords(message, value);
    return message->skips ? 0 : cpmsync_buf_add_slice(&message->octets, line);
}

static int meet_line(struct message *message, struct cpmsync_slice line)
{
    size_t quotes = 0;
    if (!message->header && !is_empty_line(line))
        return meet_header_line(message, line);
    if (!message->header)
        message->header = message->octets.len + line.len;
    while (quotes < line.len && line.data[quotes] == '>')
        quotes++;
    if (quotes && begins(cpmsync_slice_of(line.data + quotes, line.len - quotes), "From "))
        line = cpmsync_slice_of(line.data + 1, line.len - 1);
    return cpmsync_buf_add_slice(&message->octets, line);
}

static void begin(struct message *message, struct cpmsync_slice from_line, unsigned number)
{
    cpmsync_buf_truncate(&message->octets, 0);
    message->flags[0] = 0;
    message->date = read_date(from_line);
    message->line = number;
    message->header = 0;
    message->skips = message->internal = false;
}

/* The empty line before the next From_ line belongs to the file's format. */
static int end(struct message *message, struct mock_load *load, const char *path, size_t last_line)
{
    char where[4200];
    if (message->line == 0 || message->internal)
        return 0;
    if (message->header && message->octets.len >= message->header + last_line)
        cpmsync_buf_truncate(&message->octets, message->octets.len - last_line);
    snprintf(where, sizeof where, "%s:%u", path, message->line);
    return cpmsync_mock_load_message(
        load, where, "INBOX", message->flags, message->date, cpmsync_buf_slice(&message->octets));
}

int cpmsync_mock_load_mbox(struct mock_load *load, const char *path)
{
    struct cpmsync_buf file;
    struct message message;
    size_t empty = 1; /* octets of the line before, if it is empty */
    unsigned number = 0;
    memset(&message, 0, sizeof message);
    cpmsync_buf_init(&message.octets, load->mock->mem, SIZE_MAX / 2);
    int error = cpmsync_mock_load_file(load, path, &file);
    struct cpmsync_slice rest = cpmsync_buf_slice(&file);
    while (rest.len && !error) {
        struct cpmsync_slice line = cpmsync_mock_next_line(&rest);
        number++;
        if (empty && begins(line, "From ")) {
            error = end(&message, load, path, empty);
            begin(&message, line, number);
        } else if (message.line) {
            error = meet_line(&message, line);
            error = error
                        ? cpmsync_mock_explain(load->mock, error, "%s:%u: %s", path, number, cpmsync_error_text(error))
                        : 0;
        } else if (!is_empty_line(line))
            error = cpmsync_mock_explain(
                load->mock, CPMSYNC_ERR_INVALID_ARGUMENT, "%s is no mbox: it does not begin with \"From \"", path);
        empty = is_empty_line(line) ? line.len : 0;
    }
    if (!error)
        error = end(&message, load, path, empty);
    cpmsync_buf_clear(&message.octets);
    cpmsync_buf_clear(&file);
    return error;
}
