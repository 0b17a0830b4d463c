/* SPDX-License-Identifier: MIT */
#include "cli_fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static char line[600];

static const char *line_of(struct cpmsync_fault fault)
{
    fault.size = sizeof fault;
    if (fault.server_text == NULL)
        fault.server_text = "";
    cli_fault_line(line, sizeof line, &fault, "connection to h:993", "login of alice at h:993", "sync of INBOX");
    return line;
}

static void assert_begins(const char *text, const char *expected)
{
    if (strncmp(text, expected, strlen(expected)) != 0)
        assert_string_equal(text, expected);
}

static void assert_has(const char *text, const char *expected)
{
    if (strstr(text, expected) == NULL)
        assert_string_equal(text, expected);
}

static void test_the_exit_status_follows_the_class(void **state)
{
    (void)state;
    assert_int_equal(cli_fault_status(0), 0);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_NO_MAILBOX), 1);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_LIMIT), 1);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_NOT_FOUND), 1);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_INVALID_ARGUMENT), 2);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_AUTH), 3);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_AUTH_SERVER), 3);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_CONNECT), 4);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_TIMEOUT), 4);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_TLS_HOST), 4);
    assert_int_equal(cli_fault_status(CPMSYNC_ERR_STORE_LOCKED), 5);
}

static void test_what_failed_follows_the_class(void **state)
{
    (void)state;
    assert_begins(line_of((struct cpmsync_fault){.error = CPMSYNC_ERR_CLOSED}), "connection to h:993: ");
    assert_begins(line_of((struct cpmsync_fault){.error = CPMSYNC_ERR_TLS}), "connection to h:993: ");
    assert_begins(line_of((struct cpmsync_fault){.error = CPMSYNC_ERR_AUTH}), "login of alice at h:993: ");
    assert_begins(line_of((struct cpmsync_fault){.error = CPMSYNC_ERR_NO_MAILBOX}), "sync of INBOX: ");
}

static void test_a_refused_connection_names_errno(void **state)
{
    struct cpmsync_fault fault = {.error = CPMSYNC_ERR_CONNECT, .backend_code = ECONNREFUSED};
    (void)state;
    assert_has(line_of(fault), strerror(ECONNREFUSED));
    assert_has(line, "; check host and port");
}

static void test_a_refused_certificate_says_why(void **state)
{
    struct cpmsync_fault fault = {.error = CPMSYNC_ERR_TLS_CERT, .x509_flags = 0x0009, .backend_code = -0x2700};
    (void)state;
    assert_has(line_of(fault), "(it is expired, not signed by a trusted authority); ");
    assert_has(line, "--ca");
    assert_null(strstr(line, "mbedTLS"));
}

static void test_a_failed_handshake_names_the_code(void **state)
{
    struct cpmsync_fault fault = {.error = CPMSYNC_ERR_TLS, .backend_code = -0x7780};
    (void)state;
    assert_has(line_of(fault), "(mbedTLS -0x7780)");
}

static void test_w_08_words_from_before_login_are_marked_and_sanitised(void **state)
{
    struct cpmsync_fault fault = {.error = CPMSYNC_ERR_AUTH, .server_text = "no\x1b[31m\nway"};
    (void)state;
    assert_has(line_of(fault), "(the server says, unverified: \"no?[31m?way\")");
    fault.server_text_trusted = 1;
    assert_has(line_of(fault), "(the server says: \"no?[31m?way\")");
}

static void test_every_error_is_one_line_that_ends_in_advice(void **state)
{
    (void)state;
    for (int error = -130; error < 0; error++) {
        line_of((struct cpmsync_fault){.error = error, .backend_code = 5, .x509_flags = 0xffffffff});
        assert_null(strchr(line, '\n'));
        assert_non_null(strstr(line, "; "));
    }
}

static void test_long_words_are_cut_not_overrun(void **state)
{
    char words[4000], small[40];
    struct cpmsync_fault fault = {.size = sizeof fault, .error = CPMSYNC_ERR_BYE, .server_text = words};
    (void)state;
    memset(words, 'x', sizeof words);
    words[sizeof words - 1] = '\0';
    cli_fault_line(small, sizeof small, &fault, "connection", "login", "sync");
    assert_true(strlen(small) < sizeof small);
    line_of(fault);
    assert_non_null(strstr(line, "; "));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_exit_status_follows_the_class),
        cmocka_unit_test(test_what_failed_follows_the_class),
        cmocka_unit_test(test_a_refused_connection_names_errno),
        cmocka_unit_test(test_a_refused_certificate_says_why),
        cmocka_unit_test(test_a_failed_handshake_names_the_code),
        cmocka_unit_test(test_w_08_words_from_before_login_are_marked_and_sanitised),
        cmocka_unit_test(test_every_error_is_one_line_that_ends_in_advice),
        cmocka_unit_test(test_long_words_are_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
