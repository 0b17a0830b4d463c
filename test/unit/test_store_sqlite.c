/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cpmsync/store.h>

#include "store/store_probe.h"
#include "support/failing_allocator.h"
#include "support/failing_sqlite.h"
#include "support/powerloss_vfs.h"
#include "support/scratch_dir.h"

#define INBOX (const uint8_t *)"INBOX", 5

static char directory[32];
static char path[64];
static const char *vfs; /* NULL: real files */

static int set_up(void **state)
{
    (void)state;
    if (scratch_dir_make(directory, sizeof directory) != 0)
        return -1;
    (void)snprintf(path, sizeof path, "%s/store", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_dir_remove(directory);
    return 0;
}

static int open_as(struct cpmsync_store *store, const char *account, int read_only)
{
    struct cpmsync_store_sqlite_config config = {0};

    config.size = sizeof config;
    config.path = path;
    config.account = account;
    config.read_only = read_only;
    config.vfs = vfs;
    return cpmsync_store_sqlite_open(store, &config, NULL);
}

static int open_writer(struct cpmsync_store *store)
{
    return open_as(store, "me@host:993", 0);
}

static int write_rows(struct cpmsync_store *store, uint32_t first, uint32_t count)
{
    struct cpmsync_store_mailbox mailbox = {0};
    uint64_t modseq = first;
    int error;

    mailbox.size = sizeof mailbox;
    mailbox.name = (const uint8_t *)"INBOX";
    mailbox.name_len = 5;
    mailbox.messages = first + count - 1;
    error = store->ops->mailbox_put(store->self, &mailbox);
    for (uint32_t uid = first; !error && uid < first + count; uid++)
        error = store->ops->rows_put(store->self, INBOX, &uid, &modseq, &uid, 1);
    return error;
}

static int commit_rows(struct cpmsync_store *store, uint32_t first, uint32_t count)
{
    int error = store->ops->begin(store->self, CPMSYNC_STORE_CACHE);

    if (!error)
        error = write_rows(store, first, count);
    return error ? error : store->ops->commit(store->self);
}

static int count_rows(void *ctx, const uint32_t *uid, const uint64_t *modseq, const uint32_t *flagset, size_t count)
{
    (void)uid, (void)modseq, (void)flagset;
    *(uint32_t *)ctx += (uint32_t)count;
    return 0;
}

/* The number of rows, -1 if the record has another. */
static int rows_of(const struct cpmsync_store *store)
{
    struct cpmsync_store_mailbox mailbox = {0};
    uint32_t rows = 0;

    mailbox.size = sizeof mailbox;
    if (store->ops->rows_load(store->self, INBOX, count_rows, &rows) != 0)
        return -1;
    if (store->ops->mailbox_get(store->self, INBOX, &mailbox) != 0)
        return rows ? -1 : 0;
    return mailbox.messages == rows ? (int)rows : -1;
}

static void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

static void test_the_sqlite_store_keeps_the_contract_on_real_files(void **state)
{
    struct cpmsync_store store;
    const char *rule;

    (void)state;
    assert_int_equal(open_writer(&store), 0);
    if (cpmsync_store_check(&store, NULL, &rule) != 0)
        fail_msg("broken: %s", rule);
    cpmsync_store_close(&store);
}

static void test_what_was_committed_is_there_after_close_and_open(void **state)
{
    struct cpmsync_store store;

    (void)state;
    assert_int_equal(open_writer(&store), 0);
    assert_int_equal(commit_rows(&store, 1, 300), 0);
    assert_int_equal(store.ops->begin(store.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(write_rows(&store, 301, 5), 0);
    cpmsync_store_close(&store);
    assert_int_equal(open_writer(&store), 0);
    assert_int_equal(rows_of(&store), 300);
    cpmsync_store_close(&store);
}

static void test_all_files_are_for_their_owner_only(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    mode_t mask = umask(0);
    struct cpmsync_store store;

    (void)state;
    assert_int_equal(open_writer(&store), 0);
    (void)umask(mask);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct stat status;
        char name[80];

        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 0777U, 0600);
    }
    cpmsync_store_close(&store);
}

static void test_a_store_belongs_to_one_account(void **state)
{
    struct cpmsync_store store;

    (void)state;
    assert_int_equal(open_as(&store, NULL, 0), CPMSYNC_ERR_INVALID_ARGUMENT); /* whose would it be? */
    assert_int_equal(open_writer(&store), 0);
    cpmsync_store_close(&store);
    assert_int_equal(open_as(&store, "you@host:993", 0), CPMSYNC_ERR_STORE_ACCOUNT);
    assert_int_equal(open_as(&store, "you@host:993", 1), CPMSYNC_ERR_STORE_ACCOUNT);
    assert_int_equal(open_as(&store, NULL, 1), 0);
    cpmsync_store_close(&store);
    assert_int_equal(open_writer(&store), 0); /* the refused ones hold no lock */
    cpmsync_store_close(&store);
}

static void test_a_newer_schema_is_refused(void **state)
{
    struct cpmsync_store store;

    (void)state;
    assert_int_equal(open_writer(&store), 0);
    cpmsync_store_close(&store);
    run_sql("PRAGMA user_version = 2");
    assert_int_equal(open_writer(&store), CPMSYNC_ERR_STORE_NEWER);
    assert_int_equal(open_as(&store, NULL, 1), CPMSYNC_ERR_STORE_NEWER);
}

static void test_what_is_no_store_of_ours_is_corrupt_and_left_alone(void **state)
{
    struct cpmsync_store_sqlite_config config = {0};
    struct cpmsync_store store;
    char text[64] = "";
    int code;
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        (void)fputs("this is no database at all; ", file);
    (void)fclose(file);
    config.size = sizeof config;
    config.path = path;
    config.account = "me";
    assert_int_equal(cpmsync_store_sqlite_open(&store, &config, &code), CPMSYNC_ERR_STORE_CORRUPT);
    assert_int_equal(code, SQLITE_NOTADB);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, 28, file));
    (void)fclose(file);
    assert_string_equal(text, "this is no database at all;");
    assert_int_equal(unlink(path), 0);
    run_sql("CREATE TABLE theirs (a)");
    assert_int_equal(open_writer(&store), CPMSYNC_ERR_STORE_CORRUPT);
}

static void test_a_reader_needs_a_store(void **state)
{
    struct cpmsync_store store;

    (void)state;
    assert_int_equal(open_as(&store, NULL, 1), CPMSYNC_ERR_NOT_FOUND);
    assert_int_equal(access(path, F_OK), -1);
    run_sql("");
    assert_int_equal(open_as(&store, NULL, 1), CPMSYNC_ERR_NOT_FOUND);
}

static void test_a_wrong_configuration_is_refused(void **state)
{
    struct cpmsync_store_sqlite_config config = {0};
    struct cpmsync_store store;

    (void)state;
    config.path = path;
    config.account = "me";
    assert_int_equal(cpmsync_store_sqlite_open(&store, &config, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_store_sqlite_open(&store, NULL, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
    config.size = sizeof config;
    config.path = "";
    assert_int_equal(cpmsync_store_sqlite_open(&store, &config, NULL), CPMSYNC_ERR_INVALID_ARGUMENT);
}

static void test_a_second_writer_is_refused_until_the_first_suspends(void **state)
{
    struct cpmsync_store first;
    struct cpmsync_store second;

    (void)state;
    assert_int_equal(open_writer(&first), 0);
    assert_int_equal(commit_rows(&first, 1, 1), 0);
    assert_int_equal(open_writer(&second), CPMSYNC_ERR_STORE_LOCKED);
    assert_int_equal(first.ops->begin(first.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(cpmsync_store_sqlite_suspend(&first), CPMSYNC_ERR_STATE);
    first.ops->rollback(first.self);
    assert_int_equal(cpmsync_store_sqlite_resume(&first), CPMSYNC_ERR_STATE);
    assert_int_equal(cpmsync_store_sqlite_suspend(&first), 0);
    assert_int_equal(first.ops->begin(first.self, CPMSYNC_STORE_CACHE), CPMSYNC_ERR_STATE);
    assert_int_equal(rows_of(&first), 1);
    assert_int_equal(open_writer(&second), 0);
    assert_int_equal(commit_rows(&second, 2, 1), 0);
    assert_int_equal(cpmsync_store_sqlite_resume(&first), CPMSYNC_ERR_STORE_LOCKED);
    cpmsync_store_close(&second);
    assert_int_equal(cpmsync_store_sqlite_resume(&first), 0);
    assert_int_equal(rows_of(&first), 2);
    assert_int_equal(commit_rows(&first, 3, 1), 0);
    assert_int_equal(rows_of(&first), 3);
    cpmsync_store_close(&first);
}

static void test_resume_sees_a_newer_schema(void **state)
{
    struct cpmsync_store store;
    struct cpmsync_store memory;

    (void)state;
    assert_int_equal(open_writer(&store), 0);
    assert_int_equal(cpmsync_store_sqlite_suspend(&store), 0);
    run_sql("PRAGMA user_version = 2");
    assert_int_equal(cpmsync_store_sqlite_resume(&store), CPMSYNC_ERR_STORE_NEWER);
    run_sql("PRAGMA user_version = 1");
    assert_int_equal(cpmsync_store_sqlite_resume(&store), 0);
    cpmsync_store_close(&store);
    assert_int_equal(cpmsync_store_memory_open(&memory, NULL), 0);
    assert_int_equal(cpmsync_store_sqlite_suspend(&memory), CPMSYNC_ERR_INVALID_ARGUMENT);
    assert_int_equal(cpmsync_store_sqlite_resume(&memory), CPMSYNC_ERR_INVALID_ARGUMENT);
    cpmsync_store_close(&memory);
}

/* A reader in a process of its own: for each octet it gets, it answers with the rows it sees, 255 if they are wrong. */
static pid_t start_reader(int to[2], int from[2])
{
    pid_t child;

    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    child = fork();
    if (child == 0) {
        struct cpmsync_store store = {0};
        uint8_t octet;

        (void)close(to[1]);
        while (read(to[0], &octet, 1) == 1) {
            int rows = store.ops == NULL && open_as(&store, NULL, 1) != 0 ? -1 : rows_of(&store);

            octet = (uint8_t)rows;
            if (write(from[1], &octet, 1) != 1)
                break;
        }
        cpmsync_store_close(&store);
        _exit(0);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    return child;
}

static int ask_reader(const int to[2], const int from[2])
{
    uint8_t octet = 0;

    assert_int_equal(write(to[1], &octet, 1), 1);
    assert_int_equal(read(from[0], &octet, 1), 1);
    return octet;
}

static void test_a_reader_in_another_process_sees_what_is_committed(void **state)
{
    struct cpmsync_store store;
    int to[2];
    int from[2];
    int status;
    pid_t child;

    (void)state;
    child = start_reader(to, from);
    assert_true(child > 0);
    assert_int_equal(open_writer(&store), 0);
    assert_int_equal(ask_reader(to, from), 0);
    assert_int_equal(commit_rows(&store, 1, 10), 0);
    assert_int_equal(ask_reader(to, from), 10);
    assert_int_equal(store.ops->begin(store.self, CPMSYNC_STORE_DURABLE), 0);
    assert_int_equal(write_rows(&store, 11, 90), 0);
    assert_int_equal(ask_reader(to, from), 10);
    assert_int_equal(store.ops->commit(store.self), 0);
    assert_int_equal(ask_reader(to, from), 100);
    cpmsync_store_close(&store);
    assert_int_equal(ask_reader(to, from), 100);
    (void)close(to[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(from[0]);
}

static void test_a_reader_writes_nothing_and_begins_a_view(void **state)
{
    struct cpmsync_store writer;
    struct cpmsync_store reader;

    (void)state;
    assert_int_equal(open_writer(&writer), 0);
    assert_int_equal(commit_rows(&writer, 1, 1), 0);
    assert_int_equal(open_as(&reader, "me@host:993", 1), 0);
    assert_int_equal(reader.ops->begin(reader.self, CPMSYNC_STORE_CACHE), 0);
    assert_int_equal(rows_of(&reader), 1);
    assert_int_equal(commit_rows(&writer, 2, 1), 0);
    assert_int_equal(rows_of(&reader), 1);
    assert_int_equal(write_rows(&reader, 3, 1), CPMSYNC_ERR_STATE);
    reader.ops->rollback(reader.self);
    assert_int_equal(rows_of(&reader), 2);
    assert_int_equal(cpmsync_store_sqlite_suspend(&reader), CPMSYNC_ERR_INVALID_ARGUMENT);
    cpmsync_store_close(&reader);
    cpmsync_store_close(&writer);
}

/* Commits batches of 40 rows and says so, until it is killed. */
static pid_t start_writer(int from[2])
{
    pid_t child;

    assert_int_equal(pipe(from), 0);
    child = fork();
    if (child == 0) {
        struct cpmsync_store store;
        int rows;

        (void)close(from[0]); /* when the test is gone, so is this process */
        rows = open_writer(&store) == 0 ? rows_of(&store) : -1;
        for (uint32_t first = (uint32_t)rows + 1; rows >= 0; first += 40)
            if (commit_rows(&store, first, 40) != 0 || write(from[1], "", 1) != 1)
                break;
        _exit(1);
    }
    (void)close(from[1]);
    return child;
}

static void test_pf_37_a_killed_writer_leaves_old_or_new(void **state)
{
    uint32_t seed = 11;
    int least = 0;

    (void)state;
    for (int round = 0; round < 8; round++) {
        struct cpmsync_store store;
        int from[2];
        int status;
        int rows;
        char octet;
        pid_t child = start_writer(from);

        assert_true(child > 0);
        seed = seed * 1664525U + 1013904223U;
        for (uint32_t commits = (seed >> 16) % 40 + 1; commits > 0; commits--, least += 40)
            assert_int_equal(read(from[0], &octet, 1), 1);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        (void)close(from[0]);
        assert_int_equal(open_writer(&store), 0); /* the lock died with its process */
        rows = rows_of(&store);
        assert_true(rows >= least);
        assert_int_equal(rows % 40, 0);
        cpmsync_store_close(&store);
        least = rows;
    }
}

static void test_each_failed_allocation_of_an_opening_leaks_nothing(void **state)
{
    struct support_allocator allocator;
    struct cpmsync_store_sqlite_config config = {0};
    struct cpmsync_store store;
    int error = -1;

    (void)state;
    support_allocator_init(&allocator);
    config.size = sizeof config;
    config.allocator = &allocator.mem;
    config.path = path;
    config.account = "me@host:993";
    for (uint64_t n = 1; error; n++) {
        support_allocator_fail_at(&allocator, n);
        error = cpmsync_store_sqlite_open(&store, &config, NULL);
        assert_int_equal(error, allocator.failures ? CPMSYNC_ERR_NOMEM : 0);
        assert_true(error == 0 || allocator.live_blocks == 0);
        assert_true(n < 20);
    }
    error = -1;
    for (uint64_t n = 1; error; n++) {
        support_allocator_fail_at(&allocator, n);
        error = commit_rows(&store, 1, 100);
        assert_int_equal(error, allocator.failures ? CPMSYNC_ERR_NOMEM : 0);
        store.ops->rollback(store.self);
        support_allocator_fail_at(&allocator, 0);
        assert_int_equal(rows_of(&store), error ? 0 : 100);
        assert_true(n < 50);
    }
    cpmsync_store_close(&store);
    assert_int_equal(allocator.live_blocks, 0);
}

static unsigned count_files(const char *where)
{
    unsigned files = 0;
    DIR *dir = opendir(where);

    assert_non_null(dir);
    while (readdir(dir))
        files++;
    (void)closedir(dir);
    return files;
}

static int count_mailbox(void *ctx, const struct cpmsync_store_mailbox *mailbox)
{
    (void)mailbox;
    ++*(unsigned *)ctx;
    return 0;
}

/* A mailbox's name is part of neither a path nor a statement. */
static void test_pf_126_no_name_becomes_a_file(void **state)
{
    static char longest[1001];
    const char *const names[] = {"../../x", "/", "/etc/passwd", ".", "..", "~", "a/b/../../../c", "nul", "%", "_",
        "\x01\x1b[2J\x7f", "x'); DROP TABLE mailbox; --", "\"", "\xff\xfe", "-rf", longest};
    enum { NAMES = sizeof names / sizeof names[0] };
    struct cpmsync_store store;
    unsigned inside, seen = 0;

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    assert_int_equal(chdir(directory), 0); /* other tests make files where this one began */
    (void)strcpy(path, "store");
    assert_int_equal(open_writer(&store), 0);
    assert_int_equal(commit_rows(&store, 1, 1), 0);
    inside = count_files(".");
    for (uint32_t i = 0; i < NAMES; i++) {
        struct cpmsync_store_mailbox mailbox = {0};

        mailbox.size = sizeof mailbox;
        mailbox.name = (const uint8_t *)names[i];
        mailbox.name_len = strlen(names[i]);
        mailbox.uidvalidity = i + 1;
        assert_int_equal(store.ops->begin(store.self, CPMSYNC_STORE_CACHE), 0);
        assert_int_equal(store.ops->mailbox_put(store.self, &mailbox), 0);
        assert_int_equal(store.ops->commit(store.self), 0);
    }
    cpmsync_store_close(&store);
    assert_int_equal(open_writer(&store), 0);
    for (uint32_t i = 0; i < NAMES; i++) {
        struct cpmsync_store_mailbox mailbox = {0};

        mailbox.size = sizeof mailbox;
        assert_int_equal(store.ops->mailbox_get(store.self, (const uint8_t *)names[i], strlen(names[i]), &mailbox), 0);
        assert_int_equal(mailbox.uidvalidity, i + 1);
    }
    assert_int_equal(store.ops->mailbox_each(store.self, count_mailbox, &seen), 0);
    assert_int_equal(seen, NAMES + 1);
    assert_int_equal(rows_of(&store), 1);
    assert_int_equal(count_files("."), inside);
    cpmsync_store_close(&store);
    assert_int_equal(chdir(".."), 0);
}

#define ROOM (const uint8_t *)"ROOM", 4
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        int error_ = (call);                                                                                           \
        if (error_)                                                                                                    \
            return error_;                                                                                             \
    } while (0)

/* A mailbox with enough in its log that what change_all writes is folded into chunks. */
static int write_before(struct cpmsync_store *store)
{
    const uint8_t *octets = (const uint8_t *)"before";

    TRY(commit_rows(store, 1, 4500)); /* are folded; the next ones are not yet */
    TRY(commit_rows(store, 1, 3000));
    TRY(store->ops->begin(store->self, CPMSYNC_STORE_DURABLE));
    for (uint32_t number = 1; number <= 3; number++) {
        TRY(store->ops->flagset_put(store->self, INBOX, number, octets, number));
        TRY(store->ops->descriptor_put(store->self, INBOX, number * 1000, octets, number));
        TRY(store->ops->journal_put(store->self, number, INBOX, octets, number));
    }
    TRY(store->ops->value_put(store->self, "key", octets, 6));
    TRY(store->ops->value_put(store->self, "gone", octets, 4));
    return store->ops->commit(store->self);
}

static int change_all(struct cpmsync_store *store)
{
    static const struct cpmsync_range ranges[] = {{50, 99}, {1500, 1999}};
    const struct cpmsync_store_ops *ops = store->ops;
    const uint8_t *octets = (const uint8_t *)"after";

    TRY(ops->begin(store->self, CPMSYNC_STORE_DURABLE));
    TRY(write_rows(store, 2001, 1400));
    TRY(ops->rows_remove(store->self, INBOX, ranges, 2));
    TRY(ops->flagset_put(store->self, INBOX, 9, octets, 5));
    TRY(ops->flagset_remove(store->self, INBOX, 2));
    TRY(ops->descriptor_put(store->self, INBOX, 7, octets, 5));
    TRY(ops->journal_put(store->self, 9, ROOM, octets, 5));
    TRY(ops->journal_remove(store->self, 2));
    TRY(ops->value_put(store->self, "key", octets, 5));
    TRY(ops->value_remove(store->self, "gone"));
    TRY(ops->mailbox_rename(store->self, INBOX, ROOM));
    TRY(write_rows(store, 1, 3));
    TRY(ops->mailbox_remove(store->self, INBOX));
    return ops->commit(store->self);
}

static int take_digest(struct cpmsync_store *store, uint64_t *digest)
{
    static const struct cpmsync_slice names[] = {{INBOX}, {ROOM}};
    static const char *const keys[] = {"key", "gone"};
    struct cpmsync_store_probe probe = {store, names, 2, keys, 2};
    struct cpmsync_store_mailbox mailbox = {0};
    struct cpmsync_store_probe_item items[] = {{1, {INBOX}, {(const uint8_t *)"b", 1}}};
    int error = cpmsync_store_probe_journal(store, &names[0], items, 1);

    mailbox.size = sizeof mailbox;
    if (error != CPMSYNC_ERR_STORE) /* of another mailbox, or more of them */
        TRY(error);
    error = store->ops->mailbox_get(store->self, ROOM, &mailbox);
    if (error != CPMSYNC_ERR_NOT_FOUND)
        TRY(error);
    return cpmsync_store_probe_digest(&probe, digest);
}

static int open_change_read(struct cpmsync_store *store, uint64_t *digest)
{
    TRY(open_writer(store));
    TRY(take_digest(store, digest));
    TRY(change_all(store));
    return take_digest(store, digest);
}

/* Whatever SQLite has no memory for, it is said, and what was there before is there still, or what came after. */
static void test_each_failed_allocation_of_sqlite_is_said_and_loses_nothing(void **state)
{
    struct powerloss_disk *full = powerloss_new("full", 4096);
    struct powerloss_disk *disk = powerloss_new("memory", 4096);
    struct cpmsync_store store = {0};
    uint64_t before, after, now;
    int failed = 1;

    (void)state;
    assert_true(full && disk);
    vfs = "full";
    assert_int_equal(open_writer(&store), 0);
    assert_int_equal(write_before(&store), 0);
    assert_int_equal(take_digest(&store, &before), 0);
    cpmsync_store_close(&store);
    powerloss_copy(disk, full);
    vfs = "memory";
    assert_int_equal(open_change_read(&store, &after), 0);
    cpmsync_store_close(&store);
    for (uint64_t n = 1; failed; n++) {
        int error;

        powerloss_copy(disk, full);
        failing_sqlite_fail_at(n);
        error = open_change_read(&store, &now);
        failed = failing_sqlite_failed();
        failing_sqlite_fail_at(0);
        if (error && (!failed || error != CPMSYNC_ERR_NOMEM))
            fail_msg("allocation %u: %s", (unsigned)n, cpmsync_error_name(error));
        if (store.ops)
            store.ops->rollback(store.self);
        else
            assert_int_equal(open_writer(&store), 0);
        assert_int_equal(take_digest(&store, &now), 0);
        assert_true(now == after || (error && now == before));
        cpmsync_store_close(&store);
    }
    vfs = NULL;
    powerloss_free(full);
    powerloss_free(disk);
}

static void test_200_changes_cost_few_pages(void **state)
{
    enum { ROWS = 20000 };
    struct powerloss_disk *disk = powerloss_new("cost", 4096);
    struct cpmsync_store_sqlite_config config = {0};
    struct cpmsync_store store;
    uint64_t written;

    (void)state;
    assert_non_null(disk);
    config.size = sizeof config;
    config.path = path;
    config.account = "me";
    config.vfs = "cost";
    assert_int_equal(cpmsync_store_sqlite_open(&store, &config, NULL), 0);
    for (uint32_t first = 1; first < ROWS; first += 200)
        assert_int_equal(commit_rows(&store, first, 200), 0);
    assert_int_equal(rows_of(&store), ROWS);
    written = powerloss_written(disk);
    for (unsigned batch = 0; batch < 40; batch++) {
        assert_int_equal(store.ops->begin(store.self, CPMSYNC_STORE_CACHE), 0);
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t uid = (batch * 7919 + i * 97) % ROWS + 1;
            uint64_t modseq = batch;

            assert_int_equal(store.ops->rows_put(store.self, INBOX, &uid, &modseq, &uid, 1), 0);
        }
        assert_int_equal(store.ops->commit(store.self), 0);
    }
    /* Folding and moving the log into the file included. */
    written = (powerloss_written(disk) - written) / 4096 / 40;
    print_message("200 scattered changes: %u pages\n", (unsigned)written);
    assert_true(written < 24);
    assert_int_equal(rows_of(&store), ROWS);
    cpmsync_store_close(&store);
    powerloss_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_sqlite_store_keeps_the_contract_on_real_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_committed_is_there_after_close_and_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_files_are_for_their_owner_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_store_belongs_to_one_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_newer_schema_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_store_of_ours_is_corrupt_and_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_needs_a_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_wrong_configuration_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_second_writer_is_refused_until_the_first_suspends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_resume_sees_a_newer_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_in_another_process_sees_what_is_committed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_writes_nothing_and_begins_a_view, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pf_37_a_killed_writer_leaves_old_or_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_failed_allocation_of_an_opening_leaks_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pf_126_no_name_becomes_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_each_failed_allocation_of_sqlite_is_said_and_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_200_changes_cost_few_pages, set_up, tear_down),
    };
    return failing_sqlite_install() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
