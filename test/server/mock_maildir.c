/* SPDX-License-Identifier: MIT */
/*
 * A Maildir++ tree: messages in `cur` and `new`, and a directory ".A.B" beside them for the mailbox A/B. Flags are the
 * letters behind ":2," of a file's name; the time the name begins with is the INTERNALDATE, and the order that of the times.
 * What servers keep beside (dovecot-uidlist, dovecot-keywords, subscriptions, ...) is not read: UIDs are given from 1 on.
 */
#define _POSIX_C_SOURCE 200809L
#include "mock_load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_MAX_OCTETS = 4096 };
/* The last second of the year 9999: what is above is no time. */
static const unsigned long long TIME_MAX = 253402300799ULL;

struct file {
    char *path;
    const char *name; /* in it */
    unsigned long long time;
};

struct directory {
    struct mock_load *load;
    struct file *files;
    size_t count;
};

/* "A/B" into a path; false if it is too long, explained. */
static bool put_path(struct mock_load *load, char *path, const char *directory, const char *name)
{
    int len = snprintf(path, PATH_MAX_OCTETS, "%s/%s", directory, name);
    if (len >= 0 && len < PATH_MAX_OCTETS)
        return true;
    cpmsync_mock_explain(load->mock, CPMSYNC_ERR_LIMIT, "%s: too long a name", directory);
    return false;
}

/* By time, then as octets: the same everywhere, whatever the locale. */
static int by_time(const void *a, const void *b)
{
    const struct file *left = (const struct file *)a, *right = (const struct file *)b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return strcmp(left->name, right->name);
}

static int add_file(struct directory *directory, const char *path)
{
    const struct cpmsync_allocator *mem = directory->load->mock->mem;
    struct file *files =
        (struct file *)cpmsync_mem_resize(mem, directory->files, directory->count + 1, sizeof *directory->files);
    if (!files)
        return CPMSYNC_ERR_NOMEM;
    directory->files = files;
    struct file *file = &files[directory->count];
    file->path = cpmsync_mem_copy(mem, path, strlen(path));
    if (!file->path)
        return CPMSYNC_ERR_NOMEM;
    file->name = strrchr(file->path, '/') + 1;
    file->time = strtoull(file->name, NULL, 10);
    file->time = file->time <= TIME_MAX ? file->time : 0;
    directory->count++;
    return 0;
}

/* Every entry of a directory that `each` wants; a directory that is not there has none. */
static int for_each_entry(
    struct mock_load *load, const char *path, int (*each)(void *ctx, const char *path, const char *name), void *ctx)
{
    char entry_path[PATH_MAX_OCTETS];
    const struct dirent *entry;
    DIR *dir = opendir(path);
    int error = 0;
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return cpmsync_mock_explain(load->mock, CPMSYNC_ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    while (!error && (entry = readdir(dir)) != NULL)
        error =
            put_path(load, entry_path, path, entry->d_name) ? each(ctx, entry_path, entry->d_name) : CPMSYNC_ERR_LIMIT;
    closedir(dir);
    return error;
}

static int meet_file(void *ctx, const char *path, const char *name)
{
    return name[0] == '.' ? 0 : add_file((struct directory *)ctx, path);
}

/* "1700000000.x:2,FS" */
static void read_flags(const char *name, char *flags)
{
    static const struct {
        char letter;
        const char *flag;
    } LETTERS[] = {{'D', "\\Draft "}, {'F', "\\Flagged "}, {'P', "$Forwarded "}, {'R', "\\Answered "}, {'S', "\\Seen "},
        {'T', "\\Deleted "}};
    const char *info = strrchr(name, ':');
    size_t i;
    *flags = 0;
    if (!info || strncmp(info, ":2,", 3) != 0)
        return;
    for (i = 0; i < sizeof LETTERS / sizeof *LETTERS; i++)
        if (strchr(info + 3, LETTERS[i].letter))
            strcat(flags, LETTERS[i].flag);
}

static int load_file(struct mock_load *load, const struct file *file, const char *mailbox)
{
    struct cpmsync_buf octets;
    char flags[80];
    read_flags(file->name, flags);
    int error = cpmsync_mock_load_file(load, file->path, &octets);
    if (!error)
        error = cpmsync_mock_load_message(
            load, file->path, mailbox, flags, (int64_t)file->time, cpmsync_buf_slice(&octets));
    cpmsync_buf_clear(&octets);
    return error;
}

static int load_mailbox(struct mock_load *load, const char *path, const char *mailbox)
{
    static const char *const PLACES[] = {"cur", "new"};
    struct directory directory = {load, NULL, 0};
    char place[PATH_MAX_OCTETS];
    size_t i;
    int error = cpmsync_mock_mailbox_create(load->mock, load->user, mailbox);
    if (error && error != CPMSYNC_ERR_STATE)
        return cpmsync_mock_explain(load->mock, error, "%s: %s is no name for a mailbox", path, mailbox);
    error = 0;
    for (i = 0; i < 2 && !error; i++)
        error = put_path(load, place, path, PLACES[i]) ? for_each_entry(load, place, meet_file, &directory)
                                                       : CPMSYNC_ERR_LIMIT;
    if (directory.count)
        qsort(directory.files, directory.count, sizeof *directory.files, by_time);
    for (i = 0; i < directory.count; i++) {
        error = error ? error : load_file(load, &directory.files[i], mailbox);
        cpmsync_mem_free(load->mock->mem, directory.files[i].path);
    }
    cpmsync_mem_free(load->mock->mem, directory.files);
    return error;
}

/* Whether it is a Maildir. One of the two may be missing: no archive of files keeps an empty directory. */
static bool is_maildir(struct mock_load *load, const char *path)
{
    char place[PATH_MAX_OCTETS];
    struct stat info;
    return (put_path(load, place, path, "cur") && stat(place, &info) == 0 && S_ISDIR(info.st_mode)) ||
           (put_path(load, place, path, "new") && stat(place, &info) == 0 && S_ISDIR(info.st_mode));
}

static int meet_folder(void *ctx, const char *path, const char *name)
{
    struct directory *directory = (struct directory *)ctx;
    bool is_folder = name[0] == '.' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    return is_folder && is_maildir(directory->load, path) ? add_file(directory, path) : 0;
}

/* ".A.B" is A/B. */
static int load_folder(struct mock_load *load, const struct file *folder)
{
    char mailbox[1024], *dot;
    int len = snprintf(mailbox, sizeof mailbox, "%s", folder->name + 1);
    if (len < 0 || (size_t)len >= sizeof mailbox)
        return cpmsync_mock_explain(load->mock, CPMSYNC_ERR_LIMIT, "%s: too long a name", folder->path);
    for (dot = mailbox; (dot = strchr(dot, '.')) != NULL; dot++)
        *dot = load->mock->store.delimiter;
    return load_mailbox(load, folder->path, mailbox);
}

int cpmsync_mock_load_maildir(struct mock_load *load, const char *path)
{
    struct directory folders = {load, NULL, 0};
    size_t i;
    int error = for_each_entry(load, path, meet_folder, &folders);
    if (!error && folders.count == 0 && !is_maildir(load, path))
        error = cpmsync_mock_explain(
            load->mock, CPMSYNC_ERR_INVALID_ARGUMENT, "%s is no Maildir: it has neither cur nor new", path);
    error = error ? error : load_mailbox(load, path, "INBOX");
    if (folders.count)
        qsort(folders.files, folders.count, sizeof *folders.files, by_time);
    for (i = 0; i < folders.count; i++) {
        error = error ? error : load_folder(load, &folders.files[i]);
        cpmsync_mem_free(load->mock->mem, folders.files[i].path);
    }
    cpmsync_mem_free(load->mock->mem, folders.files);
    return error;
}
