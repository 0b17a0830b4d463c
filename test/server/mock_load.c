/* SPDX-License-Identifier: MIT */
/* Fills the store: made-up messages, an mbox file, a Maildir++ tree. */
#define _POSIX_C_SOURCE 200809L
#include "mock_session.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int cpmsync_mock_generate(
    struct cpmsync_mock *mock, const char *user, const char *mailbox, uint32_t count, size_t octets)
{
    static const char *const FLAGS[] = {"", "\\Seen", "\\Seen \\Answered", "\\Flagged", "\\Seen $Forwarded", "\\Seen"};
    /* What a careless parser takes for answers. */
    static const char BAIT[] = "* 1 EXPUNGE\r\nA0001 OK FETCH completed\r\n+ go ahead\r\n* BYE {3}\r\n";
    struct cpmsync_buf message;
    char head[400];
    uint32_t i;
    int error = 0;
    cpmsync_buf_init(&message, mock->mem, SIZE_MAX / 2);
    for (i = 0; i < count && !error; i++) {
        uint64_t id = cpmsync_mock_random(mock);
        int len = snprintf(head, sizeof head,
            "From: Alice <alice%u@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: Message %lu\r\n"
            "Message-ID: <%016llx@example.org>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n",
            (unsigned)(id % 10), (unsigned long)i + 1, (unsigned long long)id);
        error = cpmsync_buf_add(&message, head, (size_t)len);
        do
            error = error ? error : cpmsync_buf_add(&message, BAIT, sizeof BAIT - 1);
        while (!error && message.len < octets);
        int64_t uid = error ? error
                            : cpmsync_mock_deliver(
                                  mock, user, mailbox, FLAGS[id / 16 % 6], 0, cpmsync_buf_data(&message), message.len);
        error = uid < 0 ? (int)uid : 0;
        cpmsync_buf_truncate(&message, 0);
    }
    cpmsync_buf_clear(&message);
    return error;
}

static int read_file(struct cpmsync_mock *mock, const char *path, struct cpmsync_buf *out)
{
    FILE *file = fopen(path, "rb");
    char chunk[16384];
    size_t len;
    int error = file ? 0 : CPMSYNC_ERR_NOT_FOUND;
    cpmsync_buf_init(out, mock->mem, SIZE_MAX / 2);
    while (!error && (len = fread(chunk, 1, sizeof chunk, file)) > 0)
        error = cpmsync_buf_add(out, chunk, len);
    if (file && ferror(file))
        error = CPMSYNC_ERR_NOT_FOUND;
    if (file)
        fclose(file);
    if (error)
        cpmsync_buf_clear(out);
    return error;
}

/* On the wire lines end in CRLF. */
static int add_crlf(struct cpmsync_buf *out, const uint8_t *data, size_t len)
{
    size_t i;
    int error = 0;
    for (i = 0; i < len && !error; i++) {
        if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
            error = cpmsync_buf_add_char(out, '\r');
        error = error ? error : cpmsync_buf_add(out, data + i, 1);
    }
    return error;
}

static int deliver_file(struct cpmsync_mock *mock, const char *user, const char *mailbox, const char *flags,
    const uint8_t *data, size_t len)
{
    struct cpmsync_buf message;
    cpmsync_buf_init(&message, mock->mem, SIZE_MAX / 2);
    int error = add_crlf(&message, data, len);
    int64_t uid =
        error ? error : cpmsync_mock_deliver(mock, user, mailbox, flags, 0, cpmsync_buf_data(&message), message.len);
    cpmsync_buf_clear(&message);
    return uid < 0 ? (int)uid : 0;
}

static int64_t load_mbox(struct cpmsync_mock *mock, const char *user, const char *path)
{
    struct cpmsync_buf file;
    int64_t count = 0;
    size_t start = SIZE_MAX, at = 0;
    int error = read_file(mock, path, &file);
    if (error)
        return error;
    const uint8_t *data = cpmsync_buf_data(&file);
    while (at <= file.len && !error) {
        const uint8_t *lf = at < file.len ? (const uint8_t *)memchr(data + at, '\n', file.len - at) : NULL;
        bool from = file.len - at >= 5 && memcmp(data + at, "From ", 5) == 0;
        if ((from || at == file.len) && start != SIZE_MAX) {
            /* The empty line before the next one belongs to the file's format. */
            size_t end = at > start + 1 && data[at - 1] == '\n' && data[at - 2] == '\n' ? at - 1 : at;
            error = deliver_file(mock, user, "INBOX", NULL, data + start, end - start);
            count++;
        }
        if (at == file.len)
            break;
        at = lf ? (size_t)(lf - data) + 1 : file.len;
        if (from)
            start = at;
    }
    cpmsync_buf_clear(&file);
    return error ? error : start == SIZE_MAX ? CPMSYNC_ERR_NOT_FOUND : count;
}

/* ":2,FS" of a Maildir file name */
static void flags_of_name(const char *name, char *flags, size_t size)
{
    static const struct {
        char letter;
        const char *flag;
    } LETTERS[] = {{'D', "\\Draft "}, {'F', "\\Flagged "}, {'R', "\\Answered "}, {'S', "\\Seen "}, {'T', "\\Deleted "}};
    const char *info = strstr(name, ":2,");
    size_t i;
    *flags = 0;
    for (i = 0; info && i < sizeof LETTERS / sizeof *LETTERS; i++)
        if (strchr(info + 3, LETTERS[i].letter) && strlen(flags) + strlen(LETTERS[i].flag) < size)
            strcat(flags, LETTERS[i].flag);
}

static int skip_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int64_t load_directory(struct cpmsync_mock *mock, const char *user, const char *path, const char *mailbox)
{
    struct dirent **entries = NULL;
    int64_t count = 0;
    int found = scandir(path, &entries, skip_dots, alphasort), i, error = 0;
    for (i = 0; i < found; i++) {
        char file[4096], flags[64];
        struct cpmsync_buf data;
        int len = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        flags_of_name(entries[i]->d_name, flags, sizeof flags);
        free(entries[i]);
        if (error || len < 0 || (size_t)len >= sizeof file)
            continue;
        error = read_file(mock, file, &data);
        if (error)
            continue;
        error = deliver_file(mock, user, mailbox, flags, cpmsync_buf_data(&data), data.len);
        cpmsync_buf_clear(&data);
        count++;
    }
    free(entries);
    return error ? error : count;
}

static int64_t load_maildir(struct cpmsync_mock *mock, const char *user, const char *path, const char *mailbox)
{
    static const char *const PLACES[] = {"cur", "new"};
    int64_t count = 0;
    size_t i;
    int error = cpmsync_mock_mailbox_create(mock, user, mailbox);
    if (error && error != CPMSYNC_ERR_STATE)
        return error;
    for (i = 0; i < 2; i++) {
        char place[4096];
        int len = snprintf(place, sizeof place, "%s/%s", path, PLACES[i]);
        if (len < 0 || (size_t)len >= sizeof place)
            return CPMSYNC_ERR_LIMIT;
        int64_t loaded = load_directory(mock, user, place, mailbox);
        if (loaded < 0)
            return loaded;
        count += loaded;
    }
    return count;
}

/* ".A.B" beside cur and new is the mailbox A/B. */
static int is_folder(const struct dirent *entry)
{
    return entry->d_name[0] == '.' && entry->d_name[1] != 0 && strcmp(entry->d_name, "..") != 0;
}

static int64_t load_tree(struct cpmsync_mock *mock, const char *user, const char *path)
{
    struct dirent **entries = NULL;
    int64_t count = load_maildir(mock, user, path, "INBOX");
    int found = count < 0 ? 0 : scandir(path, &entries, is_folder, alphasort), i;
    for (i = 0; i < found; i++) {
        char folder[4096], mailbox[1024], *dot;
        int len = snprintf(folder, sizeof folder, "%s/%s", path, entries[i]->d_name);
        int name_len = snprintf(mailbox, sizeof mailbox, "%s", entries[i]->d_name + 1);
        free(entries[i]);
        if (count < 0 || len < 0 || (size_t)len >= sizeof folder || name_len < 0 || (size_t)name_len >= sizeof mailbox)
            continue;
        while ((dot = strchr(mailbox, '.')) != NULL)
            *dot = mock->store.delimiter;
        int64_t loaded = load_maildir(mock, user, folder, mailbox);
        count = loaded < 0 ? loaded : count + loaded;
    }
    free(entries);
    return count;
}

int64_t cpmsync_mock_load(struct cpmsync_mock *mock, const char *user, const char *path)
{
    struct stat info;
    if (!path || stat(path, &info) != 0)
        return CPMSYNC_ERR_NOT_FOUND;
    return S_ISDIR(info.st_mode) ? load_tree(mock, user, path) : load_mbox(mock, user, path);
}
