/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "mock_load.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int cpmsync_mock_load_file(struct mock_load *load, const char *path, struct cpmsync_buf *out)
{
    FILE *file = fopen(path, "rb");
    char chunk[16384];
    size_t len;
    int error = 0;
    cpmsync_buf_init(out, load->mock->mem, SIZE_MAX / 2);
    while (file && !error && (len = fread(chunk, 1, sizeof chunk, file)) > 0)
        error = cpmsync_buf_add(out, chunk, len);
    if (!file || (!error && ferror(file)))
        error = cpmsync_mock_explain(load->mock, CPMSYNC_ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    if (file)
        fclose(file);
    return error;
}

struct cpmsync_slice cpmsync_mock_next_line(struct cpmsync_slice *text)
{
    const uint8_t *lf = text->len ? (const uint8_t *)memchr(text->data, '\n', text->len) : NULL;
    size_t len = lf ? (size_t)(lf - text->data) + 1 : text->len;
    struct cpmsync_slice line = cpmsync_slice_of(text->data, len);
    *text = cpmsync_slice_of(text->data + len, text->len - len);
    return line;
}

/* On the wire lines end in CRLF. */
static int add_crlf(struct cpmsync_buf *out, struct cpmsync_slice text)
{
    int error = 0;
    while (text.len && !error) {
        struct cpmsync_slice line = cpmsync_mock_next_line(&text);
        bool bare = line.data[line.len - 1] == '\n' && (line.len == 1 || line.data[line.len - 2] != '\r');
        error = cpmsync_buf_add(out, line.data, line.len - bare);
        if (bare && !error)
            error = cpmsync_buf_add(out, "\r\n", 2);
    }
    return error;
}

int cpmsync_mock_load_message(struct mock_load *load, const char *where, const char *mailbox, const char *flags,
    int64_t date, struct cpmsync_slice octets)
{
    struct cpmsync_buf message;
    cpmsync_buf_init(&message, load->mock->mem, SIZE_MAX / 2);
    int64_t uid = add_crlf(&message, octets);
    if (!uid)
        uid =
            cpmsync_mock_deliver(load->mock, load->user, mailbox, flags, date, cpmsync_buf_data(&message), message.len);
    cpmsync_buf_clear(&message);
    if (uid < 0)
        return cpmsync_mock_explain(
            load->mock, (int)uid, "%s cannot be delivered: %s", where, cpmsync_error_text((int)uid));
    load->count++;
    return 0;
}

int64_t cpmsync_mock_load(struct cpmsync_mock *mock, const char *user, const char *path)
{
    struct mock_load load = {mock, user, 0};
    struct stat info;
    cpmsync_mock_explain(mock, 0, "%s", "");
    if (!path)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (stat(path, &info) != 0)
        return cpmsync_mock_explain(mock, CPMSYNC_ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    int error = S_ISDIR(info.st_mode) ? cpmsync_mock_load_maildir(&load, path) : cpmsync_mock_load_mbox(&load, path);
    return error ? error : load.count;
}
