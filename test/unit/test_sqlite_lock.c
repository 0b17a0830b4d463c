/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cpmsync/error.h>

#include "store/sqlite_lock.h"
#include "support/scratch_dir.h"

static char directory[32];
static char path[64];

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

static unsigned mode_of(const char *name)
{
    struct stat status;

    assert_int_equal(stat(name, &status), 0);
    return status.st_mode & 0777U;
}

static void test_a_second_writer_of_the_same_process_is_refused(void **state)
{
    int first;
    int second;

    (void)state;
    assert_int_equal(cpmsync_sqlite_lock(NULL, path, &first), 0);
    assert_int_equal(cpmsync_sqlite_lock(NULL, path, &second), CPMSYNC_ERR_STORE_LOCKED);
    assert_int_equal(second, -1);
    /* The refused one closed the file, which would end a lock of the process. */
    assert_int_equal(cpmsync_sqlite_lock(NULL, path, &second), CPMSYNC_ERR_STORE_LOCKED);
    cpmsync_sqlite_unlock(first);
    assert_int_equal(cpmsync_sqlite_lock(NULL, path, &second), 0);
    cpmsync_sqlite_unlock(second);
    cpmsync_sqlite_unlock(-1);
}

static void test_the_lock_dies_with_its_process(void **state)
{
    int ready[2];
    int end[2];
    int status;
    int fd;
    char octet;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    child = fork();
    if (child == 0) {
        (void)close(end[1]);
        octet = cpmsync_sqlite_lock(NULL, path, &fd) == 0;
        (void)!write(ready[1], &octet, 1);
        (void)!read(end[0], &octet, 1); /* waits to be killed, or for the end of a test that failed */
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    assert_int_equal(octet, 1);
    assert_int_equal(cpmsync_sqlite_lock(NULL, path, &fd), CPMSYNC_ERR_STORE_LOCKED);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(cpmsync_sqlite_lock(NULL, path, &fd), 0);
    cpmsync_sqlite_unlock(fd);
    (void)close(ready[0]);
    (void)close(ready[1]);
    (void)close(end[0]);
    (void)close(end[1]);
}

static void test_files_are_for_their_owner_only(void **state)
{
    char lock[80];
    mode_t mask = umask(0);
    int fd;

    (void)state;
    (void)snprintf(lock, sizeof lock, "%s.lock", path);
    assert_int_equal(cpmsync_sqlite_lock(NULL, path, &fd), 0);
    assert_int_equal(cpmsync_sqlite_create(path), 0);
    assert_int_equal(cpmsync_sqlite_create(path), 0);
    (void)umask(mask);
    assert_int_equal(mode_of(lock), 0600);
    assert_int_equal(mode_of(path), 0600);
    cpmsync_sqlite_unlock(fd);
}

static void test_a_missing_directory_is_an_error(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(cpmsync_sqlite_lock(NULL, "no such directory/store", &fd), CPMSYNC_ERR_STORE);
    assert_int_equal(cpmsync_sqlite_create("no such directory/store"), CPMSYNC_ERR_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_second_writer_of_the_same_process_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_lock_dies_with_its_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_are_for_their_owner_only, set_up, tear_down),
        cmocka_unit_test(test_a_missing_directory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
