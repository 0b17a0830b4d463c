/* SPDX-License-Identifier: MIT */
/* What the command writes beside the store, and the allocator that counts. */
#include "cli_memory.h"
#include "cli_password.h"
#include "cli_session_file.h"
#include "cli_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[64];
static char path[128];

static const char *in_directory(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "test_cli_files.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"s.tls", "trace", "password"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(in_directory(names[i]));
    return rmdir(directory); /* fails if anything else was left there */
}

static mode_t mode_of(const char *file)
{
    struct stat status;
    assert_int_equal(stat(file, &status), 0);
    return status.st_mode & 07777;
}

static void read_all(const char *file, char *text, size_t size)
{
    FILE *in = fopen(file, "r");
    assert_non_null(in);
    text[fread(text, 1, size - 1, in)] = '\0';
    fclose(in);
}

static void test_a_tls_session_is_kept_for_its_owner_alone(void **state)
{
    struct cli_session_file file;
    uint8_t data[16];
    (void)state;
    assert_int_equal(cli_session_file_init(&file, in_directory("s")), 0);
    assert_int_equal(cli_session_file_load(&file, data, sizeof data), 0);
    assert_int_equal(cli_session_file_save(&file, (const uint8_t *)"first", 5), 0);
    assert_int_equal(cli_session_file_save(&file, (const uint8_t *)"second", 6), 0);
    assert_int_equal(mode_of(in_directory("s.tls")), 0600);
    assert_int_equal(cli_session_file_load(&file, data, sizeof data), 6);
    assert_memory_equal(data, "second", 6);
    assert_int_equal(cli_session_file_load(&file, data, 3), 3);
    assert_int_equal(cli_session_file_save(&file, NULL, 0), 0);
    assert_int_equal(access(in_directory("s.tls"), F_OK), -1);
    cli_session_file_clear(&file);
}

static void test_a_tls_session_others_can_read_is_not_used(void **state)
{
    struct cli_session_file file;
    uint8_t data[16];
    (void)state;
    assert_int_equal(cli_session_file_init(&file, in_directory("s")), 0);
    assert_int_equal(cli_session_file_save(&file, (const uint8_t *)"secret", 6), 0);
    assert_int_equal(chmod(in_directory("s.tls"), 0640), 0);
    assert_int_equal(cli_session_file_load(&file, data, sizeof data), 0);
    cli_session_file_clear(&file);
}

static void test_a_trace_tells_who_said_what_and_hides_no_octet(void **state)
{
    struct cli_trace trace;
    char text[256];
    (void)state;
    assert_int_equal(cli_trace_open(&trace, in_directory("trace")), 0);
    cli_trace_add(&trace, 0, 0, (const uint8_t *)"* OK h", 6);
    cli_trace_add(&trace, 0, 0, (const uint8_t *)"i\r\n* x\x1b\r\n", 9);
    cli_trace_add(&trace, 0, 1, (const uint8_t *)"1 NOOP\r\n2 ", 10);
    cli_trace_add(&trace, 1, 0, (const uint8_t *)"\xc3\r\n", 3);
    cli_trace_close(&trace);
    assert_int_equal(mode_of(in_directory("trace")), 0600);
    read_all(in_directory("trace"), text, sizeof text);
    assert_string_equal(text, "0< * OK hi\n0< * x\\x1b\n0> 1 NOOP\n0> 2 \n1< \\xc3\n");
}

static void test_the_password_is_the_first_line(void **state)
{
    char password[CLI_PASSWORD_MAX], error[300];
    (void)state;
    FILE *out = fopen(in_directory("password"), "w");
    assert_non_null(out);
    fputs(" p@ss \r\nsecond\n", out);
    fclose(out);
    assert_int_equal(cli_password_get(password, in_directory("password"), "", error, sizeof error), 0);
    assert_string_equal(password, " p@ss ");
    cli_password_wipe(password);
    assert_int_equal(password[1], 0);
    assert_int_equal(cli_password_get(password, in_directory("none"), "", error, sizeof error), -1);
    assert_non_null(strstr(error, "--password-file"));
}

static void test_the_password_comes_from_the_variable_without_a_file(void **state)
{
    char password[CLI_PASSWORD_MAX], error[300];
    (void)state;
    setenv("CPMSYNC_PASSWORD", "from the variable", 1);
    assert_int_equal(cli_password_get(password, NULL, "", error, sizeof error), 0);
    assert_string_equal(password, "from the variable");
    unsetenv("CPMSYNC_PASSWORD");
}

static void test_the_allocator_knows_its_high_water(void **state)
{
    struct cli_memory memory;
    (void)state;
    cli_memory_init(&memory);
    const struct cpmsync_allocator *a = &memory.allocator;
    char *first = a->reallocate(a->ctx, NULL, 100);
    char *second = a->reallocate(a->ctx, NULL, 50);
    assert_non_null(first);
    assert_non_null(second);
    memset(first, 'x', 100);
    first = a->reallocate(a->ctx, first, 300);
    assert_int_equal(first[99], 'x');
    a->release(a->ctx, first);
    a->release(a->ctx, NULL);
    second = a->reallocate(a->ctx, second, 10);
    assert_int_equal(memory.in_use, 10);
    assert_int_equal(memory.peak, 350);
    a->release(a->ctx, second);
    assert_int_equal(memory.in_use, 0);
    assert_null(a->reallocate(a->ctx, NULL, SIZE_MAX - 4));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_tls_session_is_kept_for_its_owner_alone, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(
            test_a_tls_session_others_can_read_is_not_used, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(
            test_a_trace_tells_who_said_what_and_hides_no_octet, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_the_password_is_the_first_line, make_directory, remove_directory),
        cmocka_unit_test(test_the_password_comes_from_the_variable_without_a_file),
        cmocka_unit_test(test_the_allocator_knows_its_high_water),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
